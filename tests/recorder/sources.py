"""Sources of sectors for the tests: in memory, with a place to fail at."""

from __future__ import annotations

import random

from anyio.lowlevel import checkpoint

from aioimapi.errors import SourceChangedError
from aioimapi.image import Hasher, SectorReader, SectorSource
from aioimapi.units import SECTOR_SIZE


def noise(sectors: int, seed: int = 1) -> bytes:
    """Sectors that all differ, the same at each call."""
    return random.Random(seed).randbytes(sectors * SECTOR_SIZE)


class MemorySource(SectorSource):
    """Sectors in memory: file ``/<n>`` fills the n-th hundred of them."""

    def __init__(self, sectors: int, *, fail_at: int | None = None, start_lba: int = 0) -> None:
        self.data = bytearray(noise(sectors))
        self.fail_at = fail_at
        self.start_lba = start_lba
        self.open_readers = 0
        self.reads = 0

    @property
    def sector_count(self) -> int:
        return len(self.data) // SECTOR_SIZE

    def reader(self) -> SectorReader:
        self.open_readers += 1
        return MemoryReader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        return tuple(f"/{number}" for number in range(first // 100, (first + count - 1) // 100 + 1))


class MemoryReader(SectorReader):
    def __init__(self, source: MemorySource) -> None:
        self.source = source
        self.closed = False

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        await checkpoint()
        source = self.source
        source.check_range(first, len(buffer))
        source.reads += 1
        if source.fail_at is not None and first + len(buffer) // SECTOR_SIZE > source.fail_at:
            raise SourceChangedError("photos/a.jpg shrank", path="photos/a.jpg", expected=2, found=1)
        start = first * SECTOR_SIZE
        buffer[:] = source.data[start : start + len(buffer)]
        if hasher is not None:
            hasher.update(buffer)

    async def aclose(self) -> None:
        if not self.closed:
            self.closed = True
            self.source.open_readers -= 1
