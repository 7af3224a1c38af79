"""CD-Text packs: 18 bytes with a check, and their way through a lead-in's subchannel (MMC-3 annex J, IEC 61866)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final, Self

import attrs

from aioimapi.cd._packs import PACK_SYMBOLS, PACKS_IN_SECTOR
from aioimapi.cd._sub_channel import SUB_CHANNEL_SIZE, crc16
from aioimapi.errors import LocalProtocolError

TEXT_PACK_SIZE: Final = 18
"""Bytes of a pack: 4 of header, 12 of payload, 2 of check."""

PAYLOAD_SIZE: Final = 12
"""Bytes of text in a pack."""


_LOW: Final = bytes(value & 0x3F for value in range(256))


class TextKind(enum.IntEnum):
    """What a pack tells."""

    TITLE = 0x80
    PERFORMER = 0x81
    SONGWRITER = 0x82
    COMPOSER = 0x83
    ARRANGER = 0x84
    MESSAGE = 0x85
    DISC_ID = 0x86
    GENRE = 0x87
    """A number of two bytes, and text beside it."""
    TOC = 0x88
    TOC_2 = 0x89
    CLOSED = 0x8D
    """For the record company."""
    CODES = 0x8E
    """Of the disc the catalogue number, of tracks their ISRC."""
    SIZE = 0x8F
    """How many packs of each kind there are, and the languages of all blocks."""


@attrs.frozen
class TextPack:
    """A pack.

    Args:
        kind: Its type, 80h to 8Fh: see :class:`TextKind`.
        track: The track of its first character, 0 for the disc; of binary kinds an element number.
        sequence: Its number in the block.
        block: Language block, 0 to 7.
        position: How many characters of the text at its start lie in packs before, 15 for more.
        payload: 12 bytes.
        double_byte: Characters of two bytes.
    """

    kind: int
    track: int
    sequence: int
    block: int
    position: int
    payload: bytes
    double_byte: bool = False

    @classmethod
    def parse(cls, data: bytes | bytearray | memoryview) -> Self | None:
        """Return the pack of 18 bytes, or None where its check is wrong or its type is not 80h to 8Fh.

        Some drives give zeros for the check: those are not taken; the text would be unproven.
        """
        raw = bytes(data[:TEXT_PACK_SIZE])
        if len(raw) < TEXT_PACK_SIZE or raw[0] & 0xF0 != 0x80 or crc16(raw[:16]) != raw[16:]:
            return None
        return cls(
            raw[0], raw[1] & 0x7F, raw[2], raw[3] >> 4 & 7, raw[3] & 0x0F, raw[4:16], bool(raw[3] & 0x80)
        )

    def to_bytes(self) -> bytes:
        """Return the 18 bytes.

        Raises:
            LocalProtocolError: A number does not fit its field, or the payload has not 12 bytes.
        """
        if len(self.payload) != PAYLOAD_SIZE:
            raise LocalProtocolError(f"The payload of a CD-Text pack has 12 bytes, not {len(self.payload)}")
        if not (0 <= self.block < 8 and 0 <= self.position < 16 and 0 <= self.sequence < 256):
            raise LocalProtocolError(f"A CD-Text pack cannot tell this: {self}")
        place = self.double_byte << 7 | self.block << 4 | self.position
        body = bytes((self.kind, self.track, self.sequence, place)) + self.payload
        return body + crc16(body)


def split_packs(data: bytes | bytearray | memoryview) -> tuple[list[TextPack], int]:
    """Return the good packs of an array of packs, and how many pieces of 18 bytes were none.

    Pieces of zeros only do not count: readers fill up with them.
    """
    packs: list[TextPack] = []
    bad = 0
    for at in range(0, len(data) - TEXT_PACK_SIZE + 1, TEXT_PACK_SIZE):
        piece = bytes(data[at : at + TEXT_PACK_SIZE])
        pack = TextPack.parse(piece)
        if pack is not None:
            packs.append(pack)
        elif any(piece):
            bad += 1
    return packs, bad


def symbols_of(data: bytes | bytearray | memoryview) -> bytes:
    """Return bytes as symbols of 6 bits, four of each three bytes.

    Raises:
        LocalProtocolError: Their number is no multiple of three.
    """
    if len(data) % 3:
        raise LocalProtocolError(f"{len(data)} bytes make no whole symbols of 6 bits")
    found = bytearray()
    for at in range(0, len(data), 3):
        number = int.from_bytes(data[at : at + 3], "big")
        found += bytes((number >> 18, number >> 12 & 0x3F, number >> 6 & 0x3F, number & 0x3F))
    return bytes(found)


def bytes_of(symbols: bytes | bytearray | memoryview) -> bytes:
    """Return what symbols of 6 bits hold; bits 7 and 6 (P and Q) do not count.

    Raises:
        LocalProtocolError: Their number is no multiple of four.
    """
    if len(symbols) % 4:
        raise LocalProtocolError(f"{len(symbols)} symbols of 6 bits make no whole bytes")
    low = bytes(symbols).translate(_LOW)
    found = bytearray()
    for at in range(0, len(low), 4):
        number = low[at] << 18 | low[at + 1] << 12 | low[at + 2] << 6 | low[at + 3]
        found += number.to_bytes(3, "big")
    return bytes(found)


def lead_in_symbols(packs: bytes | bytearray | memoryview, sectors: int) -> list[bytes]:
    """Return channels R to W (96 symbols each) of lead-in sectors: the packs over and over, four in a sector.

    Args:
        packs: An array of packs of 18 bytes, at least one.
        sectors: How many sectors.

    Raises:
        LocalProtocolError: It is no array of packs.
    """
    if not packs or len(packs) % TEXT_PACK_SIZE:
        raise LocalProtocolError(f"{len(packs)} bytes are no CD-Text packs of 18 bytes")
    symbols = symbols_of(packs)
    pieces = [symbols[at : at + PACK_SYMBOLS] for at in range(0, len(symbols), PACK_SYMBOLS)]
    count = len(pieces)
    return [
        b"".join([pieces[(PACKS_IN_SECTOR * sector + at) % count] for at in range(PACKS_IN_SECTOR)])
        for sector in range(sectors)
    ]


def packs_in(sectors: Iterable[bytes | bytearray | memoryview]) -> list[TextPack]:
    """Return the CD-Text packs in channels R to W of lead-in sectors, each once, by block and number.

    Args:
        sectors: 96 symbols each, raw P-W or R to W alone; a lead-in repeats its packs, so some minutes of it
            are plenty.
    """
    seen: set[bytes] = set()
    found: dict[tuple[int, int], TextPack] = {}
    for sector in sectors:
        for at in range(0, SUB_CHANNEL_SIZE, PACK_SYMBOLS):
            symbols = bytes(sector[at : at + PACK_SYMBOLS])
            if len(symbols) < PACK_SYMBOLS or symbols in seen:
                continue
            pack = TextPack.parse(bytes_of(symbols))
            if pack is not None:
                seen.add(symbols)
                found.setdefault((pack.block, pack.sequence), pack)
    return [found[place] for place in sorted(found)]
