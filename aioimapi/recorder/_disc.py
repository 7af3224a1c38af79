"""A disc in a drive as a source of sectors, so that it is read, listed, copied and compared like a file."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread

from aioimapi.drive import Drive, MediaFlags, MediaState
from aioimapi.errors import DiscBlankError
from aioimapi.image import Hasher, SectorReader, SectorSource
from aioimapi.mmc import Profile
from aioimapi.recorder._verify import BlockReader

RUN_OUT_SECTORS = 2
"""Blocks at the end of a track-at-once track that count as part of it and cannot be read (MMC-6 4.2.3.8)."""


class DiscSource(SectorSource):
    """Sectors of the disc that is in a drive, read past the page cache.

    Readers of it share the drive, which takes one command at a time. They raise the drive's own errors
    (:class:`~aioimapi.errors.MediumError` for an unreadable sector), and end with the recorder that they came from.

    Args:
        drive: The drive, held open by its recorder.
        name: What to call the disc in messages.
        start_lba: The disc's address of the source's first sector.
        sectors: How many sectors there are.
        findings: What is wrong with the disc as a whole.
    """

    def __init__(
        self,
        drive: BlockReader,
        name: str,
        *,
        start_lba: int,
        sectors: int,
        findings: tuple[str, ...] = (),
    ) -> None:
        self._findings = findings
        self._drive = drive
        self._name = name
        self._start = start_lba
        self._sectors = sectors

    @property
    def sector_count(self) -> int:
        """How many sectors can be read."""
        return self._sectors

    @property
    def findings(self) -> tuple[str, ...]:
        """Whether the burn of the disc was broken off, in a sentence."""
        return self._findings

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


def unfinished_sectors(media: MediaState) -> int | None:
    """Return how many sectors of a disc with an open session are recorded, or None where no session is open.

    A burn that was broken off leaves its track open, or its session; the capacity that the drive then tells (MMC-6
    6.24, READ CAPACITY) counts whole sessions alone. What was written lies before the track's next writable address.

    Args:
        media: What is in the drive.
    """
    if MediaFlags.NON_EMPTY_SESSION not in media.flags:
        return None
    end = 0
    for track in media.tracks:
        if track.blank:
            continue
        if track.nwa_valid:
            end = max(end, track.next_writable_lba)
        else:
            run_out = RUN_OUT_SECTORS if media.profile in (Profile.CD_R, Profile.CD_RW) else 0
            end = max(end, track.start_lba + track.size_sectors - run_out)
    return end


async def readable_sectors(drive: Drive, media: MediaState) -> tuple[int, tuple[str, ...]]:
    """Return how many sectors can be read, and what is wrong with that.

    Args:
        drive: The drive, ready.
        media: What is in it; not blank.

    Cancellation:
        Nothing is changed; may be repeated.
    """
    recorded = unfinished_sectors(media)
    if recorded is not None:
        finding = (
            f"the burn of this {media.profile_name} was not finished: its session is open, {recorded:,} sectors are "
            "recorded, and what should follow them is missing"
        )
        return recorded, (finding,)
    sectors = (await drive.capacity()).sectors
    if media.profile in (Profile.CD_R, Profile.CD_RW):
        sectors = max(0, sectors - RUN_OUT_SECTORS)
    return sectors, ()


def refuse_blank(media: MediaState, drive: str) -> None:
    """Raise DiscBlankError where nothing is on a disc."""
    if media.blank:
        what = "not formatted, so blank" if media.overwritable and not media.formatted else "blank"
        raise DiscBlankError(
            f"{drive}: the {media.profile_name} is {what}: there is nothing to read",
            drive=drive,
            profile=media.profile_name,
        )


__all__ = ("DiscSource", "readable_sectors", "refuse_blank", "unfinished_sectors")
