"""Times on a CD: minute, second and frame, in decimal digits of four bits as the disc has them (IEC 60908 17.5.1)."""

from __future__ import annotations

from typing import Final

from aioimapi.errors import LocalProtocolError
from aioimapi.units import MSF_OFFSET, frames_msf, msf_frames

LAST_FRAMES: Final = 100 * 60 * 75
"""Sectors in 100 minutes: behind 99:59:74 comes 00:00:00, where a lead-in ends and the program begins."""

_BCD: Final = bytes(tens << 4 | ones for tens in range(10) for ones in range(10))
_BINARY: Final = {value: number for number, value in enumerate(_BCD)}


def bcd(value: int) -> int:
    """Return 0 to 99 as two decimal digits of four bits.

    Raises:
        LocalProtocolError: It is no number from 0 to 99.
    """
    if not 0 <= value <= 99:
        raise LocalProtocolError(f"{value} has no two decimal digits")
    return _BCD[value]


def from_bcd(value: int) -> int | None:
    """Return the number that two decimal digits tell, or None where they are none."""
    return _BINARY.get(value)


def bcd_time(frames: int) -> bytes:
    """Return three bytes: the time of that many sectors, modulo 100 minutes."""
    minute, second, frame = frames_msf(frames % LAST_FRAMES)
    return bytes((_BCD[minute], _BCD[second], _BCD[frame]))


def from_bcd_time(data: bytes | memoryview) -> int | None:
    """Return how many sectors three bytes of time tell, or None where they are no time."""
    minute, second, frame = (_BINARY.get(value) for value in data[:3])
    if minute is None or second is None or frame is None or second > 59 or frame > 74:
        return None
    return msf_frames(minute, second, frame)


def lba_time(lba: int) -> bytes:
    """Return the time of a logical block address; in front of -150 lies the lead-in, which ends at 99:59:74."""
    return bcd_time(lba + MSF_OFFSET)


def time_lba(data: bytes | memoryview, *, lead_in: bool = False) -> int | None:
    """Return the logical block address of three bytes of time, or None where they are no time.

    Args:
        data: Minute, second, frame in decimal digits.
        lead_in: The time is one in front of 00:00:00: the address is below -150.
    """
    frames = from_bcd_time(data)
    if frames is None:
        return None
    return frames - MSF_OFFSET - (LAST_FRAMES if lead_in else 0)
