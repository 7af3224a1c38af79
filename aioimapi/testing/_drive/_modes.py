"""Mode pages: read in every way, set and read back (SPC-4 6.8, 6.10, MMC-6 7)."""

from __future__ import annotations

from typing import Final

from aioimapi.mmc import ModeSelect10, ModeSense10, PageControl
from aioimapi.testing._drive._probe import INVALID_PARAMETER, Check, NotApplicableError, Probe

_SENSE: Final = "SPC-4 6.10"
_SELECT: Final = "SPC-4 6.8"
_PAGES: Final = "MMC-6 7"
_HEADER: Final = 8
_ALL: Final = 0x3F
_SAVING_UNSUPPORTED: Final = (5, 0x39, 0)
_LENGTH_ERROR: Final = (5, 0x1A, 0)

_Pages = dict[int, bytes]


async def _read(p: Probe, page: int, control: PageControl = PageControl.CURRENT) -> _Pages | None:
    """Return the pages by their codes, each with its two bytes of code and length; None where refused."""
    answer = await p.send(ModeSense10(page, page_control=control))
    if not answer.good:
        return None
    data = answer.data
    if not p.expect(
        len(data) >= _HEADER, f"MODE SENSE of page {page:02X}h brought {len(data)} bytes", _SENSE, answer
    ):
        return None
    length = int.from_bytes(data[:2], "big") + 2
    data = p.measure(data, length, "MODE SENSE (10)", _SENSE)
    at = _HEADER + int.from_bytes(data[6:8], "big")
    pages: _Pages = {}
    while at + 2 <= len(data):
        size = 2 + data[at + 1]
        if at + size > len(data):
            p.fault(f"page {data[at] & 0x3F:02X}h ends after the data", answer, _SENSE)
            break
        pages[data[at] & 0x3F] = data[at : at + size]
        at += size
    return pages


async def mode_sense(p: Probe) -> None:
    """Each page comes alone as it comes in the list, and its four kinds of values have one form."""
    every = await _read(p, _ALL)
    if every is None:
        p.fault("MODE SENSE (10) of all pages (3Fh) was refused", clause=_SENSE)
        return
    for code, page in every.items():
        alone = await _read(p, code)
        if alone is None:
            p.fault(f"page {code:02X}h is in the list and refused alone", clause=_SENSE)
        elif alone != {code: page}:
            p.fault(f"page {code:02X}h alone differs from the list", clause=_SENSE)
        for control in (PageControl.CHANGEABLE, PageControl.DEFAULT):
            other = await _read(p, code, control)
            if other is None or {key: len(value) for key, value in other.items()} != {code: len(page)}:
                p.deviation(
                    f"page {code:02X}h has no {control.name.lower()} values of its length", clause=_SENSE
                )
    missing = next(code for code in range(0x3E, 0, -1) if code not in every)
    await p.refused(
        ModeSense10(missing),
        f"MODE SENSE of page {missing:02X}h, which is not listed",
        at=(2,),
        clause=_SENSE,
    )
    saved = await p.send(ModeSense10(_ALL, page_control=PageControl.SAVED))
    if not saved.good and saved.triple != _SAVING_UNSUPPORTED:
        p.deviation(
            f"MODE SENSE of saved values was answered with {saved.describe()}, not 5/39/00", saved, _SENSE
        )
    if 0x2A not in every and 0x01 not in every:
        p.deviation("neither page 01h nor page 2Ah is there; MMC-6 has both for every drive", clause=_PAGES)


async def _select(p: Probe, page: bytes) -> bool:
    parameters = bytes(_HEADER) + bytes((page[0] & 0x3F,)) + page[1:]
    answer = await p.send(ModeSelect10(len(parameters)), parameters)
    return answer.good


async def mode_select(p: Probe) -> None:
    """A page goes back as it came; a bit that can be changed is changed and put back; one that cannot is refused."""
    pages = {code: page for code in (0x01, 0x05) if (page := (await _read(p, code) or {}).get(code))}
    if not pages:
        raise NotApplicableError("no page 01h or 05h to set")
    for code, page in pages.items():
        mask = (await _read(p, code, PageControl.CHANGEABLE) or {}).get(code, bytes(len(page)))
        if not await _select(p, page):
            p.fault(f"page {code:02X}h was refused with the values that the drive has", clause=_SELECT)
            continue
        p.expect(
            (await _read(p, code) or {}).get(code) == page, f"page {code:02X}h is another after that", _SELECT
        )
        await _change_a_bit(p, code, page, mask)
        await _change_what_is_fixed(p, code, page, mask)
    await _wrong_lists(p, pages)


_CHANGES: Final = {0x01: ((3, 0x01), (2, 0x20)), 0x05: ((2, 0x40), (3, 0x40), (2, 0x10))}
"""Page -> bytes and bits that a host can turn over for a moment: retries; underrun protection, sessions, test write."""


async def _change_a_bit(p: Probe, code: int, page: bytes, mask: bytes) -> None:
    """Turn one bit over that can be changed, and back; what the disc that is in forbids is passed over."""
    tried = [(byte, bit) for byte, bit in _CHANGES[code] if byte < len(mask) and mask[byte] & bit]
    for byte, bit in tried:
        other = bytearray(page)
        other[byte] ^= bit
        if await _select(p, bytes(other)):
            found = (await _read(p, code) or {}).get(code, b"")
            p.expect(
                found[2:] == bytes(other[2:]),
                f"page {code:02X}h: a value that was set does not read back",
                _SELECT,
            )
            p.expect(
                await _select(p, page), f"page {code:02X}h: the old values were refused afterwards", _SELECT
            )
            return
    if tried:
        p.deviation(f"page {code:02X}h: every bit that is said to be changeable was refused", clause=_SELECT)


async def _change_what_is_fixed(p: Probe, code: int, page: bytes, mask: bytes) -> None:
    fixed = next((at for at in range(2, len(mask)) if not mask[at]), None)
    if fixed is None:
        return
    other = bytearray(page)
    other[fixed] ^= 0xFF
    other[0] &= 0x3F
    parameters = bytes(_HEADER) + bytes(other)
    answer = await p.send(ModeSelect10(len(parameters)), parameters)
    if not answer.good:
        return
    found = (await _read(p, code) or {}).get(code, b"")
    if found[2:] == bytes(other[2:]):
        p.deviation(f"page {code:02X}h: byte {fixed} is said to be fixed and was changed", answer, _SELECT)
        await _select(p, page)


async def _wrong_lists(p: Probe, pages: _Pages) -> None:
    """Parameter lists that end in a page, and pages that are not there, change nothing."""
    code, page = next(iter(pages.items()))
    parameters = bytes(_HEADER) + bytes((page[0] & 0x3F,)) + page[1:]
    short = parameters[:-1]
    await p.refused(
        ModeSelect10(len(short)),
        "MODE SELECT with a list that ends within a page",
        codes=(_LENGTH_ERROR, INVALID_PARAMETER),
        clause=_SELECT,
        data=short,
    )
    unknown = bytes(_HEADER) + bytes((0x3E, 2, 0, 0))
    await p.refused(
        ModeSelect10(len(unknown)),
        "MODE SELECT of page 3Eh, which is not there",
        codes=(INVALID_PARAMETER,),
        at=(8,),
        clause=_SELECT,
        data=unknown,
    )
    p.expect(
        (await _read(p, code) or {}).get(code) == page, f"page {code:02X}h changed by a refused list", _SELECT
    )
    empty = await p.send(ModeSelect10(0))
    p.expect(empty.good, "MODE SELECT with an empty list was refused; it is no error", _SELECT, empty)


CHECKS = (
    Check("mode-sense", "MODE SENSE (10): every page, in every way", mode_sense),
    Check("mode-select", "MODE SELECT (10): there and back", mode_select),
)
