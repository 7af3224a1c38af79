"""Mode pages 01h, 05h, 08h, 1Ah, 1Dh and 2Ah: MODE SENSE (10) and MODE SELECT (10) (MMC-6 7, SPC-4 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from aioimapi.mmc import ModeSelect10, ModeSense10, PageControl
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import WRITE_PARAMETERS, WRITE_PARAMETERS_DEFAULT
from aioimapi.virtual.families._registry import family_of

ERROR_RECOVERY: Final = 0x01
CACHING: Final = 0x08
POWER_CONDITION: Final = 0x1A
TIMEOUTS: Final = 0x1D
CAPABILITIES: Final = 0x2A
ALL_PAGES: Final = 0x3F

_HEADER: Final = 8


@attrs.frozen
class _Page:
    default: bytes
    changeable: bytes


def _page(code: int, size: int, values: dict[int, int], masks: dict[int, int]) -> _Page:
    default, mask = bytearray(size), bytearray(size)
    default[:2] = mask[:2] = bytes((code, size - 2))
    for at, value in values.items():
        default[at] = value
    for at, value in masks.items():
        mask[at] = value
    return _Page(bytes(default), bytes(mask))


_WRITE_MASKS: Final = (
    {2: 0x6F, 3: 0xFF, 4: 0x0F, 5: 0xFF, 8: 0xFF, 14: 0xFF, 15: 0xFF}
    | dict.fromkeys(range(10, 14), 0xFF)
    | dict.fromkeys(range(16, 52), 0xFF)
)

PAGES: Final[dict[int, _Page]] = {
    ERROR_RECOVERY: _page(ERROR_RECOVERY, 12, {2: 0x80, 3: 16, 8: 1}, {2: 0xF7, 3: 0xFF}),
    WRITE_PARAMETERS: _Page(
        WRITE_PARAMETERS_DEFAULT, _page(WRITE_PARAMETERS, 52, {}, _WRITE_MASKS).changeable
    ),
    CACHING: _page(CACHING, 12, {2: 0x04}, {}),
    POWER_CONDITION: _page(POWER_CONDITION, 12, {}, {}),
    TIMEOUTS: _page(TIMEOUTS, 12, {9: 30, 11: 60}, {4: 0x05, 8: 0xFF, 9: 0xFF, 10: 0xFF, 11: 0xFF}),
}


def _capabilities(drive: DriveState) -> bytes:
    """Return page 2Ah, which tells of the drive and, by its speeds, of the disc that is in it (MMC-6 7.11)."""
    disc = drive.disc
    speeds: tuple[int, ...] = disc.kind.traits.write_kbps if disc is not None else ()
    body = bytearray(32)
    body[2] = 0x09  # reads CD-R and DVD-ROM; the rest of the byte is of media that we do not have
    body[3] = 0x01  # writes CD-R
    body[4] = 0xF1  # buffer underrun protection, multi-session, mode 2 forms, audio play
    body[6] = 0x29 | (0x02 if drive.locked else 0)  # tray, ejects, can be locked
    body[8:10] = (drive.traits.read_kbps if disc is not None else 0).to_bytes(2, "big")
    body[12:14] = min(0xFFFF, drive.physics.buffer_kib).to_bytes(2, "big")
    body[14:16] = (drive.current_read_kbps if disc is not None else 0).to_bytes(2, "big")
    body[18:20] = (speeds[0] if speeds else 0).to_bytes(2, "big")
    current = (drive.current_write_kbps if disc is not None else 0).to_bytes(2, "big")
    body[20:22] = body[28:30] = current
    body[22:24] = (1).to_bytes(2, "big")
    body[30:32] = len(speeds).to_bytes(2, "big")
    for speed in speeds:
        body += b"\0\0" + speed.to_bytes(2, "big")
    body[:2] = bytes((CAPABILITIES, len(body) - 2))
    return bytes(body)


def _content(drive: DriveState, code: int, control: PageControl) -> bytes:
    if code == CAPABILITIES:
        page = _capabilities(drive)
        return page if control is not PageControl.CHANGEABLE else page[:2] + bytes(len(page) - 2)
    fixed = PAGES[code]
    if control is PageControl.CHANGEABLE:
        return fixed.changeable
    return fixed.default if control is PageControl.DEFAULT else drive.page(code, fixed.default)


def mode_sense(drive: DriveState, command: ModeSense10, data: memoryview) -> bytes:
    """MODE SENSE (10)."""
    if command.page_control is PageControl.SAVED:
        raise CheckConditionError(5, 0x39, 0)  # saving parameters not supported
    codes = sorted((*PAGES, CAPABILITIES))
    if command.subpage_code not in (0, 0xFF):
        raise invalid_field(3)
    if command.page_code != ALL_PAGES:
        if command.page_code not in codes:
            raise invalid_field(2, 5)
        codes = [command.page_code]
    pages = b"".join(_content(drive, code, command.page_control) for code in codes)
    protected = drive.medium is not None and drive.medium.readonly
    # WP of the device-specific parameter, as block devices have it (SBC-3 6.4.1) and hosts look for it.
    head = (_HEADER - 2 + len(pages)).to_bytes(2, "big") + bytes([0, protected << 7, 0, 0, 0, 0])
    return head + pages


def mode_select(drive: DriveState, command: ModeSelect10, data: memoryview) -> None:
    """MODE SELECT (10): all pages of the list are good, or none is taken."""
    if not command.page_format:
        raise invalid_field(1, 4)
    if command.save_pages:
        raise invalid_field(1, 0)
    size = command.parameter_list_length
    if not size:
        return
    body = bytes(data[:size])
    if len(body) < size or size < _HEADER:
        raise CheckConditionError(5, 0x1A, 0)  # parameter list length error
    at = _HEADER + int.from_bytes(body[6:8], "big")
    taken: dict[int, bytes] = {}
    while at < size:
        code = body[at] & 0x3F
        if code not in PAGES:
            raise invalid_parameter(at, 5)
        fixed = PAGES[code]
        length = len(fixed.default)
        if at + 1 >= size or at + length > size:
            raise CheckConditionError(5, 0x1A, 0)
        if body[at + 1] != length - 2:
            raise invalid_parameter(at + 1)
        taken[code] = _checked(drive, code, body[at : at + length], at)
        at += length
    drive.pages.update(taken)


def _checked(drive: DriveState, code: int, page: bytes, at: int) -> bytes:
    """Return the page with what cannot be changed left as it is, or end the command."""
    fixed = PAGES[code]
    check = _CHECKS.get(code)
    if check is not None:
        check(drive, page, at)
    old = drive.page(code, fixed.default)
    pairs = zip(page, old, fixed.changeable, strict=True)
    merged = bytes((new & mask) | (was & ~mask & 0xFF) for new, was, mask in pairs)
    return fixed.default[:2] + merged[2:]


def _check_write_parameters(drive: DriveState, page: bytes, at: int) -> None:
    if drive.disc is not None:
        family_of(drive.disc).check_write_parameters(drive, page, at)


_CHECKS: Final[dict[int, Callable[[DriveState, bytes, int], None]]] = {
    WRITE_PARAMETERS: _check_write_parameters
}
