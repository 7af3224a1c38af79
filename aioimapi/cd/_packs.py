"""R to W: packs of 24 symbols of 6 bits, their parity and their interleave (IEC 60908 annex on subcode R to W).

A sector carries four packs. In a pack, symbols 0 and 1 are mode and instruction, 2 and 3 protect those (Q parity), 4
to 19 are data, 20 to 23 protect all (P parity). On the disc the symbols of a pack are exchanged and spread over
eight packs. Text in the lead-in (mode 4) is neither protected nor spread: its packs check themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from aioimapi.errors import LocalProtocolError

PACK_SYMBOLS: Final = 24
"""Symbols of a pack, each in a byte of its own here."""

PACKS_IN_SECTOR: Final = 4

_DELAYS: Final = 8

_PLACE: Final = tuple(
    {1: 18, 18: 1, 2: 5, 5: 2, 3: 23, 23: 3}.get(symbol, symbol) for symbol in range(PACK_SYMBOLS)
)
"""Where in its pack each symbol goes before the spreading."""


def _powers() -> tuple[tuple[int, ...], dict[int, int]]:
    """Return powers and logarithms of GF(64) over x^6 + x + 1."""
    powers, value = [], 1
    for _ in range(63):
        powers.append(value)
        value = value << 1 ^ (0x43 if value & 0x20 else 0)
    return tuple(powers), {power: at for at, power in enumerate(powers)}


_POWER, _LOG = _powers()


def _times(left: int, right: int) -> int:
    return _POWER[(_LOG[left] + _LOG[right]) % 63] if left and right else 0


def _generator(roots: int) -> tuple[int, ...]:
    """Return (x - 1)(x - a)(x - a^2)... with the highest power first."""
    found = [1]
    for root in range(roots):
        shifted = [*found, 0]
        for at, value in enumerate(found):
            shifted[at + 1] ^= _times(value, _POWER[root])
        found = shifted
    return tuple(found)


def _parity(symbols: Sequence[int], generator: tuple[int, ...]) -> int:
    """Return the rest of the division, one byte for each symbol."""
    count = len(generator) - 1
    rest = [0] * count
    for symbol in symbols:
        lead = symbol ^ rest[0]
        rest = [
            following ^ _times(lead, factor)
            for following, factor in zip([*rest[1:], 0], generator[1:], strict=True)
        ]
    return int.from_bytes(bytes(rest), "big")


@cache
def _tables(size: int, roots: int) -> tuple[tuple[int, ...], ...]:
    """Return the parity of each value in each place; that of several symbols is the sum of theirs.

    Made on first use: most discs have nothing in R to W.
    """
    generator = _generator(roots)
    tables = []
    for at in range(size):
        ones = _parity((1,) + (0,) * (size - 1 - at), generator).to_bytes(roots, "big")
        tables.append(
            tuple(
                int.from_bytes(bytes([_times(value, factor) for factor in ones]), "big")
                for value in range(64)
            )
        )
    return tuple(tables)


def _sum(symbols: bytes, table: tuple[tuple[int, ...], ...]) -> int:
    parity = 0
    for symbol, values in zip(symbols, table, strict=True):
        parity ^= values[symbol]
    return parity


def protected(pack: bytes | bytearray | memoryview) -> bytes:
    """Return a pack with its parity: symbols 2, 3 and 20 to 23 are computed, the others stay.

    Raises:
        LocalProtocolError: It has not 24 symbols of 6 bits.
    """
    symbols = bytes(pack)
    if len(symbols) != PACK_SYMBOLS or max(symbols) > 0x3F:
        raise LocalProtocolError("A pack has 24 symbols of 6 bits")
    front = symbols[:2] + _sum(symbols[:2], _tables(2, 2)).to_bytes(2, "big") + symbols[4:20]
    return front + _sum(front, _tables(20, 4)).to_bytes(4, "big")


def pack_ok(pack: bytes | bytearray | memoryview) -> bool:
    """Return whether the parity of a pack is right."""
    return protected(pack) == bytes(pack)


_EMPTY: Final = bytes(PACK_SYMBOLS)
_R_TO_W: Final = bytes(value & 0x3F for value in range(256))
_P_AND_Q: Final = bytes(value & 0xC0 for value in range(256))


def _packs_of(symbols: bytes | bytearray | memoryview) -> bytes:
    """Return the 96 symbols of a sector, or refuse what is none."""
    if len(symbols) != PACK_SYMBOLS * PACKS_IN_SECTOR:
        raise LocalProtocolError(f"The packs of a sector have 96 symbols, not {len(symbols)}")
    return bytes(symbols)


class PackInterleaver:
    """Spreads packs over the sectors of a track: symbols come up to seven packs late, so it has a memory.

    It begins with empty packs, as a track does. Empty packs cost next to nothing.
    """

    def __init__(self) -> None:
        self._past = [_EMPTY] * _DELAYS
        self._idle = _DELAYS

    def sector(self, packs: bytes | bytearray | memoryview, *, protect: bool = True) -> bytes:
        """Return the 96 symbols that lie on the disc where four packs are given.

        Args:
            packs: 96 symbols; bits 7 and 6 of each (P and Q) go through, in the order of the disc.
            protect: Compute the parity; else it is taken as given.

        Raises:
            LocalProtocolError: There are not 96 symbols.
        """
        given = _packs_of(packs)
        own = given.translate(_R_TO_W)
        if self._idle >= _DELAYS and not any(own):
            return given
        found = bytearray()
        for first in range(0, len(own), PACK_SYMBOLS):
            pack = own[first : first + PACK_SYMBOLS]
            self._idle = 0 if any(pack) else self._idle + 1
            pack = protected(pack) if protect and not self._idle else pack
            past = self._past = [pack, *self._past[:-1]]
            spread = bytearray(PACK_SYMBOLS)
            for symbol, place in enumerate(_PLACE):
                spread[place] = past[place % _DELAYS][symbol]
            found += spread
        others = int.from_bytes(given.translate(_P_AND_Q), "big")
        return (int.from_bytes(found, "big") | others).to_bytes(len(given), "big")


class PackDeinterleaver:
    """Collects packs from the sectors of a track: they come out seven packs late."""

    def __init__(self) -> None:
        self._past = [_EMPTY] * _DELAYS

    def sector(self, symbols: bytes | bytearray | memoryview) -> bytes:
        """Return the four packs that end with the 96 symbols of a sector: those that began seven packs before.

        Raises:
            LocalProtocolError: There are not 96 symbols.
        """
        own = _packs_of(symbols).translate(_R_TO_W)
        found = bytearray()
        for first in range(0, len(own), PACK_SYMBOLS):
            past = self._past = [own[first : first + PACK_SYMBOLS], *self._past[:-1]]
            found += bytes([past[_DELAYS - 1 - place % _DELAYS][place] for place in _PLACE])
        return bytes(found)
