"""The error detection code of CD-ROM sectors (ECMA-130 14.3): a CRC of 32 bits.

Its polynomial is (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1). Going through a sector byte by byte is slow in
Python, so the sector becomes one big number and is reduced in halves: the polynomial divides some of four
terms (x^8184 + x^24 + x^8 + 1 and others), and with those the first half of a sector folds onto its rest by
three shifts. What is left after some folds goes through a table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

EDC_SIZE: Final = 4
"""Bytes of the code."""

_POLYNOMIAL: Final = 0x1_8001_801B
_REFLECTED: Final = 0xD801_8001
"""The polynomial without its highest term, in the order of the bits on the disc (least significant first)."""

MULTIPLES: Final = (
    (8184, 24, 8),
    (4092, 12, 4),
    (2046, 6, 2),
    (1022, 30, 14),
    (508, 28, 4),
    (254, 14, 2),
)
"""Exponents of multiples of the polynomial, each with + 1: every one folds nearly half of its length."""


def _byte_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_REFLECTED if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE: Final = _byte_table()


@lru_cache(maxsize=16)
def _folds(size: int) -> tuple[tuple[int, int, int, int, int], ...]:
    """Return the folds for a message of ``size`` bytes: mask, width, three shifts."""
    width = 8 * size + 8 * EDC_SIZE
    plan = []
    for top, high, low in MULTIPLES:
        while True:
            # As many bits as neither land on themselves nor behind the end, in whole bytes.
            fold = min(top - high, width - top) & ~7
            if fold < 64:
                break
            plan.append(((1 << fold) - 1, fold, top - high - fold, top - low - fold, top - fold))
            width -= fold
    return tuple(plan)


def edc(data: bytes | bytearray | memoryview) -> int:
    """Return the error detection code of ``data``; on the disc it follows in little-endian order.

    Mode 1: bytes 0 to 2063 of the sector. Form 1: bytes 16 to 2071. Form 2: bytes 16 to 2347.
    """
    size = len(data)
    rest = int.from_bytes(data, "little")
    for mask, fold, first, second, third in _folds(size):
        head = rest & mask
        rest = rest >> fold ^ head << first ^ head << second ^ head << third
        size -= fold // 8
    table = _TABLE
    code = 0
    # The register begins empty, so the bits that the folds left behind the message come in at its end.
    tail = rest >> 8 * size
    for value in (rest & (1 << 8 * size) - 1).to_bytes(size, "little"):
        code = code >> 8 ^ table[(code ^ value) & 0xFF]
    return code ^ tail
