"""What a recorder takes: an image to be planned, any source of sectors, or the path of an .iso file."""

from __future__ import annotations

import os
from typing import Final, Protocol, TypeAlias, runtime_checkable

from anyio import CapacityLimiter, to_thread

from aioimapi.image import SectorSource
from aioimapi.image._isofile import IsoFile
from aioimapi.units import SECTOR_SIZE

MIN_BURST: Final = 32
"""Sectors of the smallest burst: 64 KiB, one BD cluster, two DVD ECC blocks."""

MAX_BURST: Final = 2048
"""Sectors of the largest burst: 4 MiB, so that the trips to the threads (0.3 ms with all wake-ups) weigh little beside
it: a tenth of the processor time less than with 2 MiB, in writing and in verifying.
"""

BURSTS: Final = 128
"""Bursts that even a short image is written in, so that its progress can be followed."""

BURST_S: Final = 0.4
"""Seconds that a burst may take at the drive's speed: it is the step of progress and of cancelling."""


@runtime_checkable
class Plannable(Protocol):
    """An image whose sectors are known after planning, such as :class:`aioimapi.image.FileSystemImage`."""

    async def plan(self) -> SectorSource:
        """Return the sectors.

        Cancellation:
            Nothing is lost; may be repeated.
        """


@runtime_checkable
class PlacedSource(Protocol):
    """A source whose own addresses are right only at one place of a disc: an image made for a later session."""

    @property
    def start_lba(self) -> int:
        """The LBA of its first sector."""


Source: TypeAlias = SectorSource | Plannable | str | os.PathLike[str]
"""What can be written or compared: sectors, an image to be planned, or the path of an .iso file."""


async def open_source(source: Source) -> SectorSource:
    """Return the sectors of whatever a caller passed.

    Raises:
        ImageError: The file cannot be opened, or the image cannot be planned.
        ImageTruncatedError: The file is shorter than its volume; ``IsoFile(path, partial=True)`` takes it all the same.
        TypeError: The object is nothing that holds sectors.

    Cancellation:
        As the planning; may be repeated.
    """
    if isinstance(source, str | os.PathLike):
        source = await to_thread.run_sync(IsoFile, source, limiter=CapacityLimiter(1))
    if isinstance(source, IsoFile):
        source.require_whole()
    if isinstance(source, SectorSource):
        return source
    if isinstance(source, Plannable):
        return await source.plan()
    raise TypeError(f"{type(source).__name__} is no image, no source of sectors and no path")


def start_of(source: SectorSource) -> int:
    """Return the LBA for which a source was made: 0, unless it says otherwise."""
    return source.start_lba if isinstance(source, PlacedSource) else 0


def burst_sectors(sectors: int, bytes_per_second: float | None = None) -> int:
    """Return how many sectors one burst has: a power of two from 32 to 2,048.

    Args:
        sectors: Size of the image; a short one gets small bursts.
        bytes_per_second: The drive's speed, where it is known; a slow one gets small bursts.
    """
    most = min(sectors // BURSTS, MAX_BURST)
    if bytes_per_second is not None:
        most = min(most, int(bytes_per_second * BURST_S) // SECTOR_SIZE)
    return max(MIN_BURST, 1 << max(most, 1).bit_length() - 1)


__all__ = ("PlacedSource", "Plannable", "Source", "burst_sectors", "open_source", "start_of")
