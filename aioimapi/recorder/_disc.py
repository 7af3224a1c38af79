"""A disc in a drive as a source of sectors, so that it is read, listed, copied and compared like a file."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread

from aioimapi.image import Hasher, SectorReader, SectorSource
from aioimapi.recorder._verify import BlockReader


class DiscSource(SectorSource):
    """Sectors of the disc that is in a drive, read past the page cache.

    Readers of it share the drive, which takes one command at a time. They raise the drive's own errors
    (:class:`~aioimapi.errors.MediumError` for an unreadable sector), and end with the recorder that they came from.

    Args:
        drive: The drive, held open by its recorder.
        name: What to call the disc in messages.
        start_lba: The disc's address of the source's first sector.
        sectors: How many sectors there are.
    """

    def __init__(self, drive: BlockReader, name: str, *, start_lba: int, sectors: int) -> None:
        self._drive = drive
        self._name = name
        self._start = start_lba
        self._sectors = sectors

    @property
    def sector_count(self) -> int:
        """How many sectors can be read."""
        return self._sectors

    @property
    def start_lba(self) -> int:
        """The disc's address of the first sector."""
        return self._start

    def reader(self) -> SectorReader:
        """Return a reader."""
        return _DiscReader(self, self._drive)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        """Name the range by its addresses: what files are on a disc is only known to who reads its file system."""
        return (f"<{self._name} LBA {self._start + first} to {self._start + first + count - 1}>",)


class _DiscReader(SectorReader):
    def __init__(self, source: DiscSource, drive: BlockReader) -> None:
        self._source = source
        self._drive = drive
        self._limiter = CapacityLimiter(1)

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        self._source.check_range(first, len(buffer))
        await self._drive.read_into(self._source.start_lba + first, buffer)
        if hasher is not None:
            await to_thread.run_sync(hasher.update, buffer, limiter=self._limiter)

    async def aclose(self) -> None:
        """Nothing to let go of: the drive belongs to its recorder."""


__all__ = ("DiscSource",)
