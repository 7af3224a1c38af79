"""CD-Text as it comes with a lead-in: packs of 18 bytes, four in the channels R to W of each sector (MMC-3 annex J)."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.cd import crc16
from aioimapi.virtual.discs._cd import MAX_TEXT_BYTES

PACK_SIZE: Final = 18
_SYMBOLS: Final = 24
_TYPES: Final = range(0x80, 0x90)
_SIX_BITS: Final = bytes(value & 0x3F for value in range(256))


def symbols_to_bytes(symbols: bytes | memoryview) -> bytes:
    """Return what symbols of six bits each, in the low bits of bytes, hold: three bytes of four symbols."""
    number = 0
    for value in symbols:
        number = number << 6 | value & 0x3F
    return number.to_bytes(len(symbols) * 6 // 8, "big")


@attrs.define
class TextCollector:
    """Gathers the packs of a lead-in, where they come over and over again.

    Attributes:
        seen: The packs so far, in the order in which they came first.
    """

    seen: dict[bytes, None] = attrs.field(factory=dict)
    _known: set[bytes] = attrs.field(factory=set)

    def take(self, data: bytes | memoryview) -> None:
        """Take the channels P to W of whole sectors."""
        for at in range(0, len(data) - _SYMBOLS + 1, _SYMBOLS):
            symbols = bytes(data[at : at + _SYMBOLS]).translate(_SIX_BITS)
            if symbols in self._known or len(self._known) * PACK_SIZE >= MAX_TEXT_BYTES:
                continue
            self._known.add(symbols)
            pack = symbols_to_bytes(symbols)
            if pack[0] in _TYPES and crc16(pack[:16]) == pack[16:]:
                self.seen[pack] = None

    def packs(self) -> bytes:
        """Return the packs, by block and in the order of their numbers."""
        packs = sorted(self.seen, key=_place)
        return b"".join(packs)


def _place(pack: bytes) -> tuple[int, int]:
    """Return block and number of a pack."""
    return pack[3] >> 4 & 7, pack[2]
