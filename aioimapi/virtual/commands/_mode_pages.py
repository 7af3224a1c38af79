"""MODE SENSE and MODE SELECT of 6 and 10 bytes (SPC-4 6.13 to 6.16, 7.5; MMC-6 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aioimapi.mmc import ModeSelect6, ModeSelect10, ModeSense6, ModeSense10, PageControl
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._quirks import Quirk
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import WRITE_PARAMETERS
from aioimapi.virtual.commands._pages import CAPABILITIES, PAGES, capabilities, default_page
from aioimapi.virtual.families._registry import family_of

ALL_PAGES: Final = 0x3F

_HEADER_6: Final = 4
_HEADER_10: Final = 8


def _content(drive: DriveState, code: int, control: PageControl) -> bytes:
    if code == CAPABILITIES:
        page = capabilities(drive)
        return page if control is not PageControl.CHANGEABLE else page[:2] + bytes(len(page) - 2)
    fixed = default_page(drive, code)
    if control is PageControl.CHANGEABLE:
        return fixed.changeable
    return fixed.default if control is PageControl.DEFAULT else drive.page(code, fixed.default)


def mode_sense(drive: DriveState, command: ModeSense6 | ModeSense10, data: memoryview) -> bytes:
    """MODE SENSE (6) and (10): one page, or all; no block descriptors."""
    if command.page_control is PageControl.SAVED:
        raise CheckConditionError(5, 0x39, 0)  # saving parameters not supported
    codes = sorted((*PAGES, CAPABILITIES))
    if Quirk.NO_PAGE_2A in drive.quirks:
        codes.remove(CAPABILITIES)
    if command.subpage_code not in (0, 0xFF):
        raise invalid_field(3)
    if command.page_code != ALL_PAGES:
        if command.page_code not in codes:
            raise invalid_field(2, 5)
        codes = [command.page_code]
    pages = b"".join(_content(drive, code, command.page_control) for code in codes)
    protected = (drive.medium is not None and drive.medium.readonly) or drive.software_protected
    # WP of the device-specific parameter, as block devices have it (SBC-3 6.4.1) and hosts look for it.
    if isinstance(command, ModeSense6):
        return bytes((min(0xFF, _HEADER_6 - 1 + len(pages)), 0, protected << 7, 0)) + pages
    head = (_HEADER_10 - 2 + len(pages)).to_bytes(2, "big") + bytes((0, protected << 7, 0, 0, 0, 0))
    return head + pages


def mode_select(drive: DriveState, command: ModeSelect6 | ModeSelect10, data: memoryview) -> None:
    """MODE SELECT (6) and (10): all pages of the list are good, or none is taken."""
    if not command.page_format:
        raise invalid_field(1, 4)
    if command.save_pages:
        raise invalid_field(1, 0)
    size = command.parameter_list_length
    if not size:
        return
    body = bytes(data[:size])
    short = isinstance(command, ModeSelect6)
    at = _HEADER_6 if short else _HEADER_10
    if len(body) < size or size < at:
        raise CheckConditionError(5, 0x1A, 0)  # parameter list length error
    at += body[3] if short else int.from_bytes(body[6:8], "big")
    taken: dict[int, bytes] = {}
    while at < size:
        code = body[at] & 0x3F
        if code not in PAGES:
            raise invalid_parameter(at, 5)
        length = len(default_page(drive, code).default)
        if at + 1 >= size or at + length > size:
            raise CheckConditionError(5, 0x1A, 0)
        if body[at + 1] != length - 2:
            raise invalid_parameter(at + 1)
        taken[code] = _checked(drive, code, body[at : at + length], at)
        at += length
    drive.pages.update(taken)
    if WRITE_PARAMETERS in taken and drive.disc is not None:
        family_of(drive.disc).write_parameters_changed(drive)


def _checked(drive: DriveState, code: int, page: bytes, at: int) -> bytes:
    """Return the page with what cannot be changed left as it is, or end the command."""
    fixed = default_page(drive, code)
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
