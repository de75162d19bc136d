"""Bytes and lines of source files, within limits and without ever guessing silently.

A whole file, or one line of a file of lines, may be 64 MiB: the longest real document (a thesis, a
pharmacopoeia) stays far below, and a 500 MB file on a single line must not fill a worker's memory.
The limit counts what is unpacked: gzip, bzip2 and zstd are known by their first bytes, whatever the
file is called, and a packed file that is cut short is broken, not merely short.
"""

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

MAX_BYTES = 64 * 2**20

# cp1252 leaves five bytes undefined; as browsers do, they stay the control characters of Latin-1.
_CP1252 = {
    byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(ValueError):
    """Why a file cannot be read, in words for the ledger."""


class RawLine(NamedTuple):
    number: int
    content: bytes | None
    """without its line end; None: longer than MAX_BYTES"""


class Line(NamedTuple):
    number: int
    text: str | None
    """None: longer than MAX_BYTES"""


@contextmanager
def open_file(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked; Unreadable where what is packed is broken."""
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        try:
            yield _unpacked(raw, start)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"packed file is broken: {error}") from error
        except OSError as error:
            if error.errno is not None:  # the disk's, not the packer's
                raise
            raise Unreadable(f"packed file is broken: {error}") from error


def _unpacked(raw: IO[bytes], start: bytes) -> IO[bytes]:
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if start.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if start == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(_Zstd(raw), 1 << 17)
    return raw


_PIECE = 256
"""packed bytes at a time: four of them may unpack to a block of 128 KiB, so 8 MiB at most"""


class _Zstd(io.RawIOBase):
    """zstandard's own reader takes a file that is cut short for one that ends there."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame: Any = None
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            self._packed = self._packed or self._raw.read(_PIECE)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("it ends in the middle of a frame")
                return 0
            self._ready = memoryview(self._unpack())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpack(self) -> bytes:
        import zstandard

        if self._frame is None:
            self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        try:
            unpacked: bytes = self._frame.decompress(self._packed)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
        return unpacked


def read_bytes(path: Path) -> bytes:
    with open_file(path) as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES >> 20} MiB")
    return content


def read_text(path: Path) -> str:
    """A file that has to be UTF-8; a byte order mark is dropped, line ends stay."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from error


def read_raw_lines(path: Path) -> Iterator[RawLine]:
    """Lines as bytes, ended by LF or CRLF, also mixed in one file.

    Unreadable comes where a packed file breaks, after the lines before that place.
    """
    with open_file(path) as stream:
        number = 0
        while line := stream.readline(MAX_BYTES + 1):
            number += 1
            if len(line) <= MAX_BYTES:
                yield RawLine(number, line.rstrip(b"\n").removesuffix(b"\r"))
                continue
            while not line.endswith(b"\n") and (line := stream.readline(MAX_BYTES)):
                pass
            yield RawLine(number, None)


def read_lines(path: Path) -> Iterator[Line]:
    """Lines of a file that is UTF-8 or cp1252 and does not say which.

    The majority of its non-ASCII lines decides: one broken line must not turn a UTF-8 file into
    mojibake, and a cp1252 line that happens to be valid UTF-8 (`CAFÉ»`) must not be misread.
    """
    is_utf8 = _is_mostly_utf8(path)
    for number, content in read_raw_lines(path):
        if content is None:
            yield Line(number, None)
            continue
        if number == 1:
            content = content.removeprefix(b"\xef\xbb\xbf")
        yield Line(number, _decode(content, is_utf8))


def _is_mostly_utf8(path: Path) -> bool:
    valid = invalid = 0
    for number, content in read_raw_lines(path):
        if content is None or content.isascii():
            continue
        if number == 1 and content.startswith(_UTF16_MARKS):
            raise Unreadable("UTF-16, expected UTF-8 or cp1252")
        try:
            content.decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            invalid += 1
    return valid >= invalid


def _decode(content: bytes, is_utf8: bool) -> str:
    if is_utf8:
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return as_cp1252(content)


def as_cp1252(content: bytes) -> str:
    return content.decode("latin-1").translate(_CP1252)
