"""READ DISC STRUCTURE and SEND DISC STRUCTURE: what the disc says of itself, and is told (MMC-6 6.22, 6.36)."""

from __future__ import annotations

from aioimapi.mmc import ReadDiscStructure, SendDiscStructure
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError
from aioimapi.virtual.families._registry import family_of


def read_disc_structure(drive: DriveState, command: ReadDiscStructure, data: memoryview) -> bytes:
    """READ DISC STRUCTURE: the formats that the disc's family has."""
    disc = drive.need_disc()
    return family_of(disc).structure(drive, disc, command)


def send_disc_structure(drive: DriveState, command: SendDiscStructure, data: memoryview) -> None:
    """SEND DISC STRUCTURE: a header with the length of what follows it, then what the family knows."""
    medium = drive.need_writable()
    size = command.parameter_list_length
    body = bytes(data[:size])
    if size < 4 or len(body) < size or int.from_bytes(body[:2], "big") + 2 > size:
        raise CheckConditionError(5, 0x1A, 0)  # parameter list length error
    family_of(medium.state).take_structure(drive, medium, command, body[4:])
