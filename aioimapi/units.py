"""Sector sizes, speeds and addresses: the only place for 2048, 2352 and 150.

Layer 0: imports nothing of the package.
"""

from __future__ import annotations

from typing import Final

SECTOR_SIZE: Final = 2048
"""Bytes of user data in one logical block of a data disc (ECMA-119 6.1.2, MMC-6 data block type 8)."""

RAW_SECTOR_SIZE: Final = 2352
"""Bytes of one CD frame without subchannel (Red Book, ECMA-130)."""

FRAMES_PER_SECOND: Final = 75
"""CD frames, and so sectors, in a second at 1x."""

MSF_OFFSET: Final = 150
"""Logical block address 0 is MSF 00:02:00: two seconds of pregap lie before it."""

CD_1X_KBPS: Final = 150
"""1x for CD data in units of 1,024 bytes a second: 75 sectors of 2,048 bytes."""

SPEED_1X_BYTES: Final = {"CD": 153_600, "DVD": 1_385_000, "BD": 4_495_625}
"""Bytes a second at 1x for each family of media (Mode 1 CD data; DVD; Blu-ray)."""


def sectors(size_bytes: int) -> int:
    """Return how many whole sectors hold ``size_bytes`` bytes."""
    return -(-size_bytes // SECTOR_SIZE)


def round_up(value: int, unit: int) -> int:
    """Return the smallest multiple of ``unit`` that is not below ``value``."""
    return -(-value // unit) * unit


def msf_frames(minute: int, second: int, frame: int) -> int:
    """Return the sectors from time 00:00:00 to a time; of the program area, that is its address plus 150."""
    return (minute * 60 + second) * FRAMES_PER_SECOND + frame


def frames_msf(frames: int) -> tuple[int, int, int]:
    """Return minute, second and frame of a time given in sectors, 0 or more."""
    minute, rest = divmod(frames, 60 * FRAMES_PER_SECOND)
    return minute, *divmod(rest, FRAMES_PER_SECOND)
