"""READ DISC STRUCTURE: what the disc says of itself (MMC-6 6.22)."""

from __future__ import annotations

from aioimapi.mmc import ReadDiscStructure
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual.families._registry import family_of


def read_disc_structure(drive: DriveState, command: ReadDiscStructure, data: memoryview) -> bytes:
    """READ DISC STRUCTURE: the formats that the disc's family has."""
    disc = drive.need_disc()
    return family_of(disc).structure(drive, disc, command)
