"""Mode page 05h, write parameters: what the host has set for the next track (MMC-6 7.5)."""

from __future__ import annotations

from typing import Final

from aioimapi.virtual._drive import DriveState

WRITE_PARAMETERS: Final = 0x05

WRITE_PARAMETERS_DEFAULT: Final = bytes(
    {0: WRITE_PARAMETERS, 1: 50, 2: 0x40, 3: 0x05, 4: 0x08, 15: 150}.get(at, 0) for at in range(52)
)
"""Buffer underrun protection on, packet writing, track mode 5, 2,048-byte blocks, two seconds of pause."""

MULTI_SESSION: Final = 3
"""Multi-session field: 00b ends the disc with the session, 11b allows a next one (MMC-6 7.5.3.5)."""


def write_parameters(drive: DriveState) -> bytes:
    """Return the page in force, 52 bytes."""
    return drive.page(WRITE_PARAMETERS, WRITE_PARAMETERS_DEFAULT)


def write_type(drive: DriveState) -> int:
    """Return the write type in force: 0 packet, 1 track at once, 2 session at once (MMC-6 7.5.3.2)."""
    return write_parameters(drive)[2] & 0x0F


def multi_session(drive: DriveState) -> int:
    """Return the Multi-session field in force."""
    return write_parameters(drive)[3] >> 6
