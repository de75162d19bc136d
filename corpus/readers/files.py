"""Bytes and lines of source files, within limits and without ever guessing silently.

A whole file, or one line of a file of lines, may be 64 MiB: the longest real document (a thesis, a
pharmacopoeia) stays far below, and a 500 MB file on a single line must not fill a worker's memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

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


def read_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
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
    """Lines as bytes, ended by LF or CRLF, also mixed in one file."""
    with path.open("rb") as stream:
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
    return content.decode("latin-1").translate(_CP1252)
