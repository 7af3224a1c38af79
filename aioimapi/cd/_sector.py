"""CD sectors of 2,352 bytes: data in, sectors out, and back (ECMA-130 14 and 16, IEC 60908, CD-ROM XA).

A data sector is 12 bytes of synchronisation, a header of 4 (address and mode), and then:

================  ==========================================================================
mode 0            2,336 zeros
mode 1            2,048 user data, 4 EDC, 8 zeros, 276 ECC
mode 2            2,336 user data
mode 2, form 1    8 subheader, 2,048 user data, 4 EDC, 276 ECC (without the header)
mode 2, form 2    8 subheader, 2,324 user data, 4 EDC or zeros
================  ==========================================================================

An audio sector is 2,352 bytes of samples. On the disc data sectors are scrambled; hosts never see that, except
where they read or write a data track as audio.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from functools import cache
from typing import Final

import attrs

from aioimapi.cd._ecc import ECC_DATA_SIZE, ecc
from aioimapi.cd._edc import edc
from aioimapi.cd._msf import lba_time, time_lba
from aioimapi.errors import LocalProtocolError
from aioimapi.units import RAW_SECTOR_SIZE, SECTOR_SIZE

SYNC: Final = b"\0" + b"\xff" * 10 + b"\0"
"""The first 12 bytes of every data sector (ECMA-130 14.1)."""

FORM_2_SIZE: Final = 2_324
"""User bytes of a sector in mode 2, form 2."""

MODE_2_SIZE: Final = 2_336
"""User bytes of a sector in mode 2 without forms; what follows the header in every data sector."""

SUBHEADER_SIZE: Final = 8
"""File, channel, submode and coding, twice (CD-ROM XA)."""

FORM_2_BIT: Final = 0x20
"""The bit of the submode that tells form 2."""

_BATCH: Final = 64
"""Sectors whose parity is computed together: more gain nothing."""


class SectorMode(enum.Enum):
    """What a sector of 2,352 bytes holds."""

    AUDIO = "audio"
    MODE_0 = "mode 0"
    MODE_1 = "mode 1"
    MODE_2 = "mode 2"
    """Without forms."""
    MODE_2_FORM_1 = "mode 2, form 1"
    MODE_2_FORM_2 = "mode 2, form 2"

    @property
    def user_bytes(self) -> int:
        """Bytes of user data."""
        return _USER_BYTES[self]

    @property
    def user_offset(self) -> int:
        """Where in the sector the user data begins."""
        return _USER_OFFSET[self]

    @property
    def number(self) -> int | None:
        """The mode byte of the header; None for audio, which has no header."""
        return _MODE_BYTE[self]


_USER_BYTES: Final = {
    SectorMode.AUDIO: RAW_SECTOR_SIZE,
    SectorMode.MODE_0: MODE_2_SIZE,
    SectorMode.MODE_1: SECTOR_SIZE,
    SectorMode.MODE_2: MODE_2_SIZE,
    SectorMode.MODE_2_FORM_1: SECTOR_SIZE,
    SectorMode.MODE_2_FORM_2: FORM_2_SIZE,
}
_USER_OFFSET: Final = {
    SectorMode.AUDIO: 0,
    SectorMode.MODE_0: 16,
    SectorMode.MODE_1: 16,
    SectorMode.MODE_2: 16,
    SectorMode.MODE_2_FORM_1: 24,
    SectorMode.MODE_2_FORM_2: 24,
}
_MODE_BYTE: Final = {
    SectorMode.AUDIO: None,
    SectorMode.MODE_0: 0,
    SectorMode.MODE_1: 1,
    SectorMode.MODE_2: 2,
    SectorMode.MODE_2_FORM_1: 2,
    SectorMode.MODE_2_FORM_2: 2,
}
_DEFAULT_SUBHEADER: Final = {
    SectorMode.MODE_2_FORM_1: b"\0\0\x08\0",  # data
    SectorMode.MODE_2_FORM_2: b"\0\0\x28\0",  # data, form 2
}


def form_of(subheader: bytes | memoryview) -> SectorMode:
    """Return the form that a subheader (its first 4 bytes suffice) tells."""
    return SectorMode.MODE_2_FORM_2 if subheader[2] & FORM_2_BIT else SectorMode.MODE_2_FORM_1


def _subheader(mode: SectorMode, given: bytes | None) -> bytes:
    four = _DEFAULT_SUBHEADER[mode] if given is None else given
    if len(four) not in (4, SUBHEADER_SIZE):
        raise LocalProtocolError(f"A subheader has 4 bytes, or 8 with its repetition, not {len(four)}")
    if form_of(four) is not mode:
        raise LocalProtocolError(f"Subheader {four.hex(' ')} is not one of {mode.value}")
    return four * 2 if len(four) == 4 else four


def encode_sector(
    mode: SectorMode, lba: int, user_data: bytes | bytearray | memoryview, subheader: bytes | None = None
) -> bytes:
    """Return the 2,352 bytes of a sector, not scrambled.

    Args:
        mode: What it is.
        lba: Its logical block address, which goes into the header; below -150 for a lead-in.
        user_data: As many bytes as ``mode`` has; of form 2 also 2,328, where the last 4 stand for the EDC.
            Mode 0 takes none, or its 2,336 zeros.
        subheader: Of the forms: 4 bytes, or 8 with their repetition; by default those of plain data.

    Raises:
        LocalProtocolError: The user data has another length, or the subheader tells the other form.
    """
    return next(encode_sectors(mode, lba, user_data, subheader))


def encode_sectors(
    mode: SectorMode, lba: int, user_data: bytes | bytearray | memoryview, subheader: bytes | None = None
) -> Iterator[bytes]:
    """Return sectors one after the other, as :func:`encode_sector` does: three times as fast for many.

    Args:
        mode: What they are.
        lba: The first one's logical block address.
        user_data: The user data of all of them, one after the other.
        subheader: The same for all.

    Raises:
        LocalProtocolError: As :func:`encode_sector`; at once, before the first sector.
    """
    data = bytes(user_data)
    size = mode.user_bytes
    if mode is SectorMode.MODE_2_FORM_2 and len(data) == FORM_2_SIZE + 4:
        size += 4
    elif mode is SectorMode.MODE_0 and not data:
        data = bytes(size)
    if not data or len(data) % size:
        raise LocalProtocolError(f"{len(data)} bytes are no sectors of {mode.value} with {size} bytes each")
    head = b""
    if mode in _DEFAULT_SUBHEADER:
        head = _subheader(mode, subheader)
    elif subheader is not None:
        raise LocalProtocolError(f"A sector of {mode.value} has no subheader")
    if mode is SectorMode.MODE_0 and data.count(0) != len(data):
        raise LocalProtocolError("A sector of mode 0 holds zeros only (ECMA-130 14.2)")
    return _encoded(mode, lba, data, size, head)


def _encoded(mode: SectorMode, lba: int, data: bytes, size: int, head: bytes) -> Iterator[bytes]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    if mode is SectorMode.AUDIO:
        yield from pieces
        return
    for first in range(0, len(pieces), _BATCH):
        batch = pieces[first : first + _BATCH]
        number = bytes((mode.number or 0,))
        headers = [lba_time(lba + first + at) + number for at in range(len(batch))]
        if mode is SectorMode.MODE_1:
            yield from _mode_1(headers, batch)
        elif mode is SectorMode.MODE_2_FORM_1:
            yield from _form_1(headers, head, batch)
        else:
            for header, piece in zip(headers, batch, strict=True):
                body = head + piece
                if len(body) == SUBHEADER_SIZE + FORM_2_SIZE:
                    body += edc(body).to_bytes(4, "little")
                yield SYNC + header + body


def _mode_1(headers: list[bytes], batch: list[bytes]) -> Iterator[bytes]:
    blocks = []
    for header, piece in zip(headers, batch, strict=True):
        block = header + piece
        blocks.append(block + edc(SYNC + block).to_bytes(4, "little") + bytes(8))
    for block, parity in zip(blocks, ecc(blocks), strict=True):
        yield SYNC + block + parity


def _form_1(headers: list[bytes], head: bytes, batch: list[bytes]) -> Iterator[bytes]:
    blocks = []
    for piece in batch:
        body = head + piece
        blocks.append(bytes(4) + body + edc(body).to_bytes(4, "little"))
    for header, block, parity in zip(headers, blocks, ecc(blocks), strict=True):
        yield SYNC + header + block[4:] + parity


@attrs.frozen
class Sector:
    """A sector that was taken apart.

    Attributes:
        mode: What it holds.
        user_data: Its user data, as many bytes as the mode has.
        lba: The address that its header tells; None for audio, or where the header holds no time.
        subheader: 8 bytes in the forms of mode 2, else empty.
        edc_ok: Whether the error detection code is right; None where the sector has none (audio, mode 0, mode 2
            without forms, form 2 with zeros in its place).
    """

    mode: SectorMode
    user_data: bytes
    lba: int | None = None
    subheader: bytes = b""
    edc_ok: bool | None = None


def decode_sector(raw: bytes | bytearray | memoryview, *, forms: bool | None = None) -> Sector:
    """Take a sector of 2,352 bytes apart. Nothing is corrected.

    Args:
        raw: The sector, not scrambled.
        forms: Whether mode 2 has forms (the session is CD-ROM XA or CD-I). None: where both copies of the subheader
            are equal and the EDC, or its absence in form 2, fits them.

    Returns:
        What it holds. Without synchronisation, or with a mode above 2, it is audio.

    Raises:
        LocalProtocolError: It has not 2,352 bytes.
    """
    data = bytes(raw)
    if len(data) != RAW_SECTOR_SIZE:
        raise LocalProtocolError(f"A CD sector has 2,352 bytes, not {len(data)}")
    if not data.startswith(SYNC) or data[15] > 2:
        return Sector(SectorMode.AUDIO, data)
    lba = time_lba(data[12:15])
    if data[15] == 0:
        return Sector(SectorMode.MODE_0, data[16:], lba)
    if data[15] == 1:
        return Sector(SectorMode.MODE_1, data[16:2064], lba, b"", _edc_at(data, 0, 2064))
    if forms is not False:
        found = _with_form(data, lba)
        copies = data[16:20] == data[20:24]
        if forms or (copies and found.edc_ok is not False):
            return found
    return Sector(SectorMode.MODE_2, data[16:], lba)


def _edc_at(data: bytes, first: int, end: int) -> bool:
    return edc(data[first:end]) == int.from_bytes(data[end : end + 4], "little")


def _with_form(data: bytes, lba: int | None) -> Sector:
    subheader = data[16:24]
    if form_of(subheader) is SectorMode.MODE_2_FORM_1:
        return Sector(SectorMode.MODE_2_FORM_1, data[24:2072], lba, subheader, _edc_at(data, 16, 2072))
    good = None if data[2348:] == bytes(4) else _edc_at(data, 16, 2348)
    return Sector(SectorMode.MODE_2_FORM_2, data[24:2348], lba, subheader, good)


def ecc_ok(raw: bytes | bytearray | memoryview) -> bool | None:
    """Return whether the parity of a sector is right; None where its mode has none (as its header tells)."""
    data = bytes(raw)
    if len(data) != RAW_SECTOR_SIZE or not data.startswith(SYNC):
        return None
    block = data[12 : 12 + ECC_DATA_SIZE]
    if data[15] == 2 and form_of(data[16:20]) is SectorMode.MODE_2_FORM_1:
        block = bytes(4) + block[4:]
    elif data[15] != 1:
        return None
    return ecc([block])[0] == data[12 + ECC_DATA_SIZE :]


@cache
def _scrambler() -> int:
    """Return what a scrambler puts over the 2,340 bytes behind the synchronisation (ECMA-130 annex B).

    A register of 15 bits with feedback x^15 + x + 1 that begins with 1; least significant bits first.
    """
    register = 1
    stream = bytearray()
    for _ in range(RAW_SECTOR_SIZE - len(SYNC)):
        value = 0
        for bit in range(8):
            value |= (register & 1) << bit
            register = register >> 1 | ((register ^ register >> 1) & 1) << 14
        stream.append(value)
    return int.from_bytes(bytes(len(SYNC)) + stream, "little")


def scramble(raw: bytes | bytearray | memoryview) -> bytes:
    """Return a data sector as it lies on the disc, or one from the disc as hosts see it: both are the same step.

    Raises:
        LocalProtocolError: It has not 2,352 bytes.
    """
    if len(raw) != RAW_SECTOR_SIZE:
        raise LocalProtocolError(f"A CD sector has 2,352 bytes, not {len(raw)}")
    return (int.from_bytes(raw, "little") ^ _scrambler()).to_bytes(RAW_SECTOR_SIZE, "little")
