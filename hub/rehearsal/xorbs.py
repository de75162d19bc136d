"""Xorbs and shards, the two binary formats of a Xet upload, and putting a file together from them.

A *xorb* is up to 64 MiB of chunks, each behind an 8-byte header:

    version 0 | compressed length, 3 bytes | encoding | length, 3 bytes | data      (little-endian)

with encoding 0 (as is), 1 (an LZ4 frame) or 2 (an LZ4 frame of the bytes regrouped by their
position modulo 4, which suits float32). A *shard* says which chunks of which xorbs make up each
file, and what the file's sha256 is: nothing is kept that does not match its digest.

Hashes are four 64-bit little-endian numbers in hexadecimal: bytes reversed in groups of eight.
"""

import json
import os
import struct
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import lz4.frame

from hub.rehearsal.errors import HubError, bad_request
from hub.rehearsal.objects import LargeFiles, is_sha256

MAX_XORB_BYTES = 80 << 20
MAX_SHARD_BYTES = 80 << 20
MAX_CHUNK_BYTES = 1 << 20  # the clients cut chunks of at most 128 KiB
_CHUNK_HEADER = struct.Struct("<B3sB3s")
_FILE_HEADER = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32sIIII")
_RECORD_BYTES = 48
_SHARD_MAGIC = b"HFRepoMetaData\0"
_END = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30


class Segment(NamedTuple):
    """A run of a file: the chunks `first` up to but not including `stop` of one xorb."""

    xorb: str
    size: int
    first: int
    stop: int


class FileRecipe(NamedTuple):
    """A file of a shard: its sha256 and the segments it consists of."""

    sha256: str
    segments: list[Segment]


class Place(NamedTuple):
    """Where the content of a chunk lies: in a large file, from a byte on."""

    sha256: str
    offset: int
    length: int


class Xorbs:
    """The xorbs received so far: later uploads refer to their chunks.

    A xorb whose every chunk has become part of a large file is replaced by `HASH.places`, which
    says where each chunk is to be found: nothing is stored twice.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "xorbs"
        self._incoming = root / "tmp"
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, xorb: str) -> Path:
        if not is_sha256(xorb):  # not a sha256, but written like one
            raise bad_request("Not a xorb hash")
        return self._folder / xorb[:2] / xorb

    def draft(self) -> tuple[BinaryIO, Path]:
        """An open temporary file for a xorb on its way in."""
        handle, name = tempfile.mkstemp(dir=self._incoming, prefix="xorb-")
        return os.fdopen(handle, "wb"), Path(name)

    def keep(self, draft: Path, xorb: str) -> bool:
        """Check that a received file is a xorb, and rename it into place; True if it is new."""
        _offsets(draft)
        target = self.path(xorb)
        is_new = not target.exists() and _places(_places_path(target)) is None
        if is_new:
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
        return is_new

    def settle(self, places: "dict[str, dict[int, Place]]") -> None:
        """Drop the xorbs of which every chunk now lies in a large file."""
        for xorb, found in places.items():
            path = self.path(xorb)
            if path.exists() and len(found) == _num_chunks(path):
                listed = [found[number] for number in range(len(found))]
                # Not flushed: after a power cut the client is told "not here", and sends it again.
                file, draft = self.draft()
                try:
                    with file:
                        file.write(json.dumps(listed).encode())
                    draft.replace(_places_path(path))
                    path.unlink()
                finally:
                    draft.unlink(missing_ok=True)

    def chunks(self, segment: Segment, large: LargeFiles) -> Iterator[bytes | memoryview]:
        """The decoded chunks of a segment."""
        path = self.path(segment.xorb)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield from self._settled_chunks(segment, large)
            return
        with file:
            offsets = _offsets_of(path, file.fileno())
            _check(segment, len(offsets) - 1)
            for offset, end in zip(
                offsets[segment.first : segment.stop],
                offsets[segment.first + 1 : segment.stop + 1],
                strict=True,
            ):
                yield decode(os.pread(file.fileno(), end - offset, offset))

    def _settled_chunks(self, segment: Segment, large: LargeFiles) -> Iterator[bytes]:
        places = _places(_places_path(self.path(segment.xorb)))
        if places is None:
            raise HubError(404, f"Xorb {segment.xorb} was not uploaded")
        _check(segment, len(places))
        for place in places[segment.first : segment.stop]:
            with large.path(place.sha256).open("rb") as file:
                yield os.pread(file.fileno(), place.length, place.offset)


def _check(segment: Segment, count: int) -> None:
    if not segment.first < segment.stop <= count:
        raise bad_request(f"Xorb {segment.xorb} has no chunk {segment.stop - 1}")


def _places_path(xorb: Path) -> Path:
    return xorb.with_name(f"{xorb.name}.places")


@lru_cache(maxsize=64)
def _known_places(path: Path, _mtime: int) -> list[Place]:
    return [Place(*entry) for entry in json.loads(path.read_bytes())]


def _places(path: Path) -> list[Place] | None:
    try:
        return _known_places(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError):
        return None


def chunk_header(length: int) -> bytes:
    """The header of a chunk that is stored as it is."""
    size = length.to_bytes(3, "little")
    return _CHUNK_HEADER.pack(0, size, 0, size)


def decode(chunk: bytes) -> bytes | memoryview:
    """One chunk's content, from its header and data; 400 if it is not well-formed."""
    _, _, encoding, raw_length = _CHUNK_HEADER.unpack_from(chunk)
    length = int.from_bytes(raw_length, "little")
    data: bytes | memoryview = memoryview(chunk)[_CHUNK_HEADER.size :]
    if encoding in (1, 2):
        try:
            data = lz4.frame.LZ4FrameDecompressor().decompress(data, max_length=length + 1)
        except RuntimeError as error:
            raise bad_request("A chunk is not a valid LZ4 frame") from error
    elif encoding != 0:
        raise bad_request(f"Unknown chunk encoding {encoding}")
    if len(data) != length:
        raise bad_request("A chunk does not have the length that its header says")
    return _ungroup(data) if encoding == 2 else data


def _ungroup(data: bytes | memoryview) -> bytes:
    """Undo the byte grouping: first every byte at position 0 modulo 4, then those at 1, 2, 3."""
    whole = bytearray(len(data))
    start = 0
    for position in range(4):
        stop = start + (len(data) - position + 3) // 4
        whole[position::4] = data[start:stop]
        start = stop
    return bytes(whole)


def _offsets_of(path: Path, handle: int) -> list[int]:
    status = os.fstat(handle)
    return _cached_offsets(path, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _cached_offsets(path: Path, _inode: int, _mtime: int) -> list[int]:
    return _offsets(path)


def _num_chunks(path: Path) -> int:
    status = path.stat()
    return len(_cached_offsets(path, status.st_ino, status.st_mtime_ns)) - 1


def _offsets(path: Path) -> list[int]:
    """Where each chunk of a xorb starts, and where the last one ends; a footer is ignored."""
    size = path.stat().st_size
    offsets = [0]
    with path.open("rb") as file:
        while offsets[-1] < size:
            header = file.read(_CHUNK_HEADER.size)
            if header.startswith(b"XETBLOB"):
                break
            if len(header) < _CHUNK_HEADER.size or header[0] != 0:
                raise bad_request("Not a xorb: bad chunk header")
            stored, length = header[1:4], header[5:8]
            offsets.append(file.seek(int.from_bytes(stored, "little"), os.SEEK_CUR))
            if offsets[-1] > size or int.from_bytes(length, "little") > MAX_CHUNK_BYTES:
                raise bad_request("Not a xorb: a chunk is too long")
    return offsets


def _hexadecimal(raw: bytes) -> str:
    return b"".join(raw[i : i + 8][::-1] for i in range(0, 32, 8)).hex()


def read_shard(data: bytes) -> list[FileRecipe]:
    """The files that a shard describes; the rest of it (the xorbs' chunk lists) is not needed."""
    if not data.startswith(_SHARD_MAGIC):
        raise bad_request("Not a shard")
    files: list[FileRecipe] = []
    position = _RECORD_BYTES
    try:
        while data[position : position + 32] != _END:
            _, flags, count = _FILE_HEADER.unpack_from(data, position)
            position += _RECORD_BYTES
            if position + count * _RECORD_BYTES > len(data) or not flags & _HAS_SHA256:
                raise bad_request("Not a shard: a file without its segments or its sha256")
            segments = []
            for start in range(position, position + count * _RECORD_BYTES, _RECORD_BYTES):
                xorb, _, size, first, stop = _SEGMENT.unpack_from(data, start)
                segments.append(Segment(_hexadecimal(xorb), size, first, stop))
            position += count * _RECORD_BYTES * (2 if flags & _HAS_VERIFICATION else 1)
            sha256 = data[position : position + 32]
            position += _RECORD_BYTES
            files.append(FileRecipe(_hexadecimal(sha256.ljust(32)), segments))
    except struct.error as error:
        raise bad_request("Not a shard: it ends too early") from error
    return files


def rebuild(recipes: list[FileRecipe], xorbs: Xorbs, large: LargeFiles) -> None:
    """Put files together and keep each if its sha256 is right; one that is here stays as it is."""
    places: dict[str, dict[int, Place]] = {}
    for recipe in recipes:
        if large.size(recipe.sha256) is not None:
            continue
        found: list[tuple[str, int, Place]] = []
        with large.receive(recipe.sha256) as incoming:
            for segment in recipe.segments:
                for number, chunk in enumerate(xorbs.chunks(segment, large), segment.first):
                    place = Place(recipe.sha256, incoming.size, len(chunk))
                    found.append((segment.xorb, number, place))
                    incoming.write(chunk)
            incoming.keep()
        for xorb, number, place in found:
            places.setdefault(xorb, {})[number] = place
    xorbs.settle(places)
