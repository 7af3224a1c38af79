"""What the disc is and holds: READ DISC / TRACK INFORMATION, READ TOC/PMA/ATIP, READ CAPACITY, READ FORMAT CAPACITIES.

The answers are laid out by the families from the standard's tables and not with the codec's own encoders, so that
where the codec misreads a table, driver and drive disagree and a test says so.
"""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import (
    DiscInformationType,
    ReadCapacity,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
)
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._registry import family_of

_LARGEST: Final = 0x7FFFFFFF
_COMPLETE: Final = 0x0E
"""Last session complete, disc complete."""


def read_disc_information(drive: DriveState, command: ReadDiscInformation, data: memoryview) -> bytes:
    """READ DISC INFORMATION (MMC-6 6.21)."""
    disc = drive.need_disc()
    answer = family_of(disc).disc_information(drive, disc, command)
    if drive.posing and command.data_type is DiscInformationType.STANDARD:
        return _as_finished(disc, answer)
    return answer


def _recorded(disc: DiscState) -> int:
    """Return how many tracks hold something: those that a disc that poses as finished has."""
    return sum(1 for track in disc.tracks if not track.blank)


def _as_finished(disc: DiscState, answer: bytes) -> bytes:
    """Return disc information that says the disc is complete and ends with its last recorded track."""
    last = max(1, _recorded(disc))
    session = disc.tracks[last - 1].session
    first = next(number for number, track in enumerate(disc.tracks, 1) if track.session == session)
    head = bytes((answer[2] & 0x10 | _COMPLETE, answer[3], session & 0xFF, first & 0xFF, last & 0xFF))
    return answer[:2] + head + answer[7:9] + bytes((session >> 8, first >> 8, last >> 8)) + answer[12:]


def read_track_information(drive: DriveState, command: ReadTrackInformation, data: memoryview) -> bytes:
    """READ TRACK INFORMATION (MMC-6 6.27)."""
    disc = drive.need_disc()
    family = family_of(disc)
    number = family.asked_track(disc, command)
    if command.open_:
        number = next((n for n in range(number, len(disc.tracks) + 1) if not disc.tracks[n - 1].closed), 0)
        if not number:
            raise invalid_field(2)
    answer = family.describe_track(drive, disc, number)
    if not drive.posing:
        return answer
    if number > _recorded(disc):
        raise invalid_field(2)
    # No next writable address, nothing free.
    return answer[:7] + bytes((answer[7] & ~0x01,)) + answer[8:12] + bytes(8) + answer[20:]


def read_toc(drive: DriveState, command: ReadTocPmaAtip, data: memoryview) -> bytes:
    """READ TOC/PMA/ATIP (MMC-6 6.25)."""
    disc = drive.need_disc()
    return family_of(disc).toc(disc, command)


def read_capacity(drive: DriveState, command: ReadCapacity, data: memoryview) -> bytes:
    """READ CAPACITY: the last sector of the last complete session; 0 where there is none (MMC-6 6.24)."""
    disc = drive.need_disc()
    end = disc.readable_end()
    if drive.posing:
        end = max((track.next_lba for track in disc.tracks if not track.blank), default=0)
    return struct.pack(">II", max(0, end - 1), SECTOR_SIZE)


def read_format_capacities(drive: DriveState, command: ReadFormatCapacities, data: memoryview) -> bytes:
    """READ FORMAT CAPACITIES (MMC-6 6.23)."""
    disc = drive.disc
    if disc is None:
        return struct.pack(">3xBII", 8, _LARGEST, 3 << 24 | SECTOR_SIZE)
    family = family_of(disc)
    size, state = family.format_capacity(disc)
    body = struct.pack(">II", size, state << 24 | SECTOR_SIZE)
    for sectors, kind, parameter in family.format_choices(disc):
        body += struct.pack(">II", sectors, kind << 26 | parameter)
    return struct.pack(">3xB", len(body)) + body
