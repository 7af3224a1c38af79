"""Images that other programs made, kept as their recorded sectors, and plain ways to read them in tests."""

from __future__ import annotations

import json
import lzma
import random
import struct
from pathlib import Path
from typing import Any, TypeVar

from aioimapi.errors import ImageFormatError, MediumError
from aioimapi.fs.read import Detected, Entry, ImageContext, Parser, WalkGuard, detect
from aioimapi.image import Hasher, SectorReader, SectorSource

_T = TypeVar("_T")
DATA = Path(__file__).parent / "data" / "read"
NAMES = tuple(sorted(path.name.removesuffix(".sectors.xz") for path in DATA.glob("*.sectors.xz")))


class Sectors(SectorSource):
    """A source of sectors in memory; what is not there is zeros.

    Attributes:
        content: Sectors by number.
        bad: Sectors that cannot be read.
        reads: (first, count) of each read.
    """

    def __init__(self, count: int, content: dict[int, bytes]) -> None:
        self._count = count
        self.content = content
        self.bad: set[int] = set()
        self.reads: list[tuple[int, int]] = []

    @classmethod
    def of(cls, data: bytes) -> Sectors:
        return cls(len(data) // 2048, {n: data[n * 2048 : n * 2048 + 2048] for n in range(len(data) // 2048)})

    @property
    def sector_count(self) -> int:
        return self._count

    def reader(self) -> SectorReader:
        return _Reader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        return ()

    def get(self, first: int, count: int) -> bytes:
        if first < 0 or count <= 0 or first + count > self._count:
            raise ImageFormatError("outside the image", lba=first)
        self.reads.append((first, count))
        if self.bad and self.bad.intersection(range(first, first + count)):
            raise MediumError("unrecovered read error", lba=first)
        zeros = bytes(2048)
        return b"".join(self.content.get(n, zeros) for n in range(first, first + count))

    def patch(self, sector: int, offset: int, data: bytes) -> None:
        old = bytearray(self.content.get(sector, bytes(2048)))
        old[offset : offset + len(data)] = data
        self.content[sector] = bytes(old)


class _Reader(SectorReader):
    def __init__(self, source: Sectors) -> None:
        self._source = source

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        self._source.check_range(first, len(buffer))
        buffer[:] = self._source.get(first, len(buffer) // 2048)

    async def aclose(self) -> None:
        pass


def pack(path: Path, image: Path) -> None:
    """Keep the sectors of an image that are not zeros."""
    records = []
    size = image.stat().st_size
    with image.open("rb") as file:
        for number in range(size // 2048):
            sector = file.read(2048)
            if any(sector):
                records.append(struct.pack("<I", number) + sector)
    path.write_bytes(lzma.compress(struct.pack("<I", size // 2048) + b"".join(records), preset=9))


def load(name: str) -> Sectors:
    """Return a golden image."""
    data = lzma.decompress((DATA / f"{name}.sectors.xz").read_bytes())
    (count,) = struct.unpack_from("<I", data)
    content = {}
    for position in range(4, len(data), 2052):
        (number,) = struct.unpack_from("<I", data, position)
        content[number] = data[position + 4 : position + 2052]
    return Sectors(count, content)


def manifest(name: str) -> dict[str, Any]:
    """Return what was put into a golden image: by path, its kind, size, mode, mtime_ns, target and digest."""
    result: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return result


def run(parser: Parser[_T], source: Sectors, guard: WalkGuard | None = None) -> _T:
    """Drive a parser on a source in memory."""
    try:
        request = next(parser)
        while True:
            if guard is not None:
                guard.spend(request)
            try:
                data = source.get(request.first, request.count)
            except (ImageFormatError, MediumError) as error:
                request = parser.throw(error)
            else:
                request = parser.send(data)
    except StopIteration as stop:
        result: _T = stop.value
        return result


def opened(source: Sectors, kind: str = "auto", session_start: int = 0) -> tuple[Detected, ImageContext]:
    """Open a file system of a source."""
    context = ImageContext(source.sector_count, session_start)
    return run(detect(context, kind), source), context


def tree(source: Sectors, kind: str = "auto") -> dict[str, Entry]:
    """Return all entries of a source by path."""
    found, context = opened(source, kind)
    guard = WalkGuard(context)
    stack = [(found.file_system.root, 0)]
    result: dict[str, Entry] = {}
    while stack:
        directory, depth = stack.pop()
        if not guard.admits(directory, depth):
            continue
        for entry in run(found.file_system.children(directory), source, guard):
            result[entry.path] = entry
            if entry.is_directory:
                stack.append((entry, depth + 1))
    return result


def content(source: Sectors, entry: Entry) -> bytes:
    """Return a file's bytes."""
    parts = []
    skip = entry.offset
    for lba, size in entry.extents:
        parts.append(
            bytes(size) if lba < 0 else source.get(lba, -(-(size + skip) // 2048))[skip : skip + size]
        )
        skip = 0
    return b"".join(parts)


def mutate(source: Sectors, chance: random.Random) -> None:
    """Damage an image in some places."""
    sectors = sorted(source.content)
    for _ in range(chance.choice((1, 3, 10, 50))):
        sector, offset = chance.choice(sectors), chance.randrange(2048)
        kind = chance.randrange(5)
        if kind == 0:
            piece = chance.randbytes(1)
        elif kind == 1:
            piece = chance.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
        elif kind == 2:
            piece = chance.choice(sectors).to_bytes(4, "little")
        elif kind == 3:
            piece = source.content[chance.choice(sectors)][: chance.choice((16, 64, 2048))]
            offset = 0
        else:
            piece = chance.randbytes(chance.randrange(1, 64))
        source.patch(sector, offset, piece[: 2048 - offset])
