"""The drive's mode pages: defaults, what can be changed, and page 2Ah, which follows drive and disc (MMC-6 7)."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._quirks import Quirk
from aioimapi.virtual._write_parameters import WRITE_PARAMETERS, WRITE_PARAMETERS_DEFAULT
from aioimapi.virtual.commands._configuration import PROFILES

ERROR_RECOVERY: Final = 0x01
CACHING: Final = 0x08
CD_PARAMETERS: Final = 0x0D
CD_AUDIO: Final = 0x0E
POWER_CONDITION: Final = 0x1A
TIMEOUTS: Final = 0x1D
CAPABILITIES: Final = 0x2A

_SHORT: Final = {CAPABILITIES: 22, ERROR_RECOVERY: 8, CACHING: 4}
"""Pages and their size as drives of MMC-1 times have them: no write speeds beside the current one."""


@attrs.frozen
class Page:
    """A mode page that the drive keeps.

    Attributes:
        default: The page as it is after a reset, header included.
        changeable: A mask of the bits that MODE SELECT may change.
    """

    default: bytes
    changeable: bytes


def _page(code: int, size: int, values: dict[int, int], masks: dict[int, int]) -> Page:
    default, mask = bytearray(size), bytearray(size)
    default[:2] = mask[:2] = bytes((code, size - 2))
    for at, value in values.items():
        default[at] = value
    for at, value in masks.items():
        mask[at] = value
    return Page(bytes(default), bytes(mask))


_WRITE_MASKS: Final = (
    {2: 0x7F, 3: 0xFF, 4: 0x0F, 5: 0xFF, 8: 0xFF, 14: 0xFF, 15: 0xFF}
    | dict.fromkeys(range(10, 14), 0xFF)
    | dict.fromkeys(range(16, 52), 0xFF)
)

PAGES: Final[dict[int, Page]] = {
    # Automatic reallocation of bad sectors while writing; 16 retries of a READ, one of a WRITE.
    ERROR_RECOVERY: _page(ERROR_RECOVERY, 12, {2: 0x80, 3: 16, 8: 1}, {2: 0xF7, 3: 0xFF, 8: 0xFF}),
    WRITE_PARAMETERS: Page(
        WRITE_PARAMETERS_DEFAULT, _page(WRITE_PARAMETERS, 52, {}, _WRITE_MASKS).changeable
    ),
    CACHING: _page(CACHING, 12, {2: 0x04}, {}),
    # 60 seconds of 75 frames, spun down after eight minutes.
    CD_PARAMETERS: _page(CD_PARAMETERS, 8, {3: 0x0D, 5: 60, 7: 75}, {3: 0x0F}),
    # Play commands return at once; left to port 0 and right to port 1, at full volume.
    CD_AUDIO: _page(
        CD_AUDIO,
        16,
        {2: 0x04, 7: 75, 8: 1, 9: 0xFF, 10: 2, 11: 0xFF},
        {2: 0x02, 8: 0x0F, 9: 0xFF, 10: 0x0F, 11: 0xFF},
    ),
    POWER_CONDITION: _page(POWER_CONDITION, 12, {}, {3: 0x03} | dict.fromkeys(range(4, 12), 0xFF)),
    TIMEOUTS: _page(TIMEOUTS, 12, {9: 30, 11: 60}, {4: 0x05, 8: 0xFF, 9: 0xFF, 10: 0xFF, 11: 0xFF}),
}


def default_page(drive: DriveState, code: int) -> Page:
    """Return a page as this drive has it."""
    page = PAGES[code]
    size = _SHORT.get(code, len(page.default)) if Quirk.SHORT_PAGES in drive.quirks else len(page.default)
    if size == len(page.default):
        return page
    head = bytes((code, size - 2))
    return Page(head + page.default[2:size], head + page.changeable[2:size])


def _has(*profiles: int) -> bool:
    return any(profile in PROFILES for profile in profiles)


_READS: Final = (
    0x20 * _has(0x12) | 0x10 * _has(0x11) | 0x08 * _has(0x10) | 0x06 * _has(0x0A) | 0x01 * _has(0x09)
)
"""DVD-RAM, DVD-R, DVD-ROM, fixed packets and CD-RW, CD-R."""

_WRITES: Final = 0x20 * _has(0x12) | 0x14 * _has(0x11) | 0x02 * _has(0x0A) | 0x05 * _has(0x09)
"""DVD-RAM, DVD-R, CD-RW, CD-R; test writing goes with CD-R and DVD-R."""

_FASTEST_CD: Final = 8_467
"""48x: what a drive without a disc tells of its reading speed."""


def capabilities(drive: DriveState) -> bytes:
    """Return page 2Ah, which tells of the drive and, by its speeds, of the disc that is in it (MMC-3 5.5.10)."""
    disc = drive.disc
    speeds = drive.told_write_kbps if disc is not None else ()
    current_write = (drive.told_current_write_kbps if speeds else 0).to_bytes(2, "big")
    body = bytearray(32)
    body[2:4] = bytes((_READS, _WRITES))
    body[4] = 0xF1  # buffer underrun protection, multi-session, mode 2 forms 2 and 1, audio play
    body[5] = 0x77  # UPC, ISRC, C2 pointers, R-W raw, accurate CD-DA streams
    body[6] = 0x29 | 0x02 * drive.locked  # a tray, ejects, can be locked
    body[7] = 0x23  # R-W in the lead-in, mute and volume for each channel
    body[8:10] = _word(drive.traits.read_kbps if disc is not None else _FASTEST_CD)
    body[10:12] = _word(256)  # steps of volume
    body[12:14] = _word(drive.physics.buffer_kib)
    body[14:16] = _word(drive.current_read_kbps if disc is not None else _FASTEST_CD)
    body[18:20] = _word(speeds[0] if speeds else 0)
    body[20:22] = body[28:30] = current_write
    body[22:24] = _word(1)  # copy management revision
    body[27] = disc is not None and drive.is_cav(
        drive.told_current_write_kbps
    )  # rotation control: CLV or pure CAV
    body[30:32] = _word(len(speeds))
    for speed in speeds:
        body += bytes((0, drive.is_cav(speed))) + _word(speed)
    if Quirk.SHORT_PAGES in drive.quirks:
        del body[_SHORT[CAPABILITIES] :]
    body[:2] = bytes((CAPABILITIES, len(body) - 2))
    return bytes(body)


def _word(value: int) -> bytes:
    return min(0xFFFF, value).to_bytes(2, "big")
