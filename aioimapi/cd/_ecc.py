"""The error correction code of CD-ROM sectors (ECMA-130 14.5 and annex A): P and Q parity.

The 2,340 bytes behind the synchronisation are two interleaved planes of bytes in GF(256). Bytes 0 to 2063 are 24
rows of 86; P adds two rows, so that each column is a code word of 26. Then the 26 rows of 43 pairs are read along
diagonals for Q: 26 code words of 43, which get two bytes each.

Code words lie side by side in one big number here, one byte each, and a step of the computation works on all of
them at once; with several sectors the number is longer and the steps are as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

ECC_DATA_SIZE: Final = 2_064
"""Bytes that the code protects: header, user data, EDC and zeros."""

ECC_SIZE: Final = 276
"""Bytes of parity: 172 of P and 104 of Q."""

_ROW: Final = 86
_P_ROWS: Final = 24
_Q_ROWS: Final = 26
_Q_STEPS: Final = 43
_FEEDBACK: Final = 0x1D
"""x^8 + x^4 + x^3 + x^2 + 1 without its highest term."""


def _thirds() -> bytes:
    """Return the table that divides by x + 1: the last step of solving for two parity bytes."""
    table = bytearray(256)
    for value in range(256):
        double = value << 1 ^ (0x100 | _FEEDBACK if value & 0x80 else 0)
        table[double ^ value] = value
    return bytes(table)


_THIRDS: Final = _thirds()


@lru_cache(maxsize=256)
def _masks(size: int) -> tuple[int, int]:
    """Return 7Fh and 01h in each of ``size`` bytes."""
    return int.from_bytes(b"\x7f" * size, "little"), int.from_bytes(b"\x01" * size, "little")


@lru_cache(maxsize=256)
def _turns(groups: int) -> tuple[int, int]:
    """Return the masks that turn each group of 26 bytes by one byte: the first 25, and the lowest."""
    group = b"\xff" * (_Q_ROWS - 1) + b"\0"
    lowest = b"\xff" + bytes(_Q_ROWS - 1)
    return int.from_bytes(group * groups, "little"), int.from_bytes(lowest * groups, "little")


def _solve(weighted: int, plain: int, size: int) -> tuple[bytes, bytes]:
    """Return both parity bytes of code words whose weighted and plain sums are known.

    The parity makes both sums of the whole word zero: p0 + p1 = plain, and 2 p0 + p1 = weighted.
    """
    first = (weighted ^ plain).to_bytes(size, "little").translate(_THIRDS)
    second = (int.from_bytes(first, "little") ^ plain).to_bytes(size, "little")
    return first, second


def _p_parity(blocks: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the two rows of P, of all blocks one after the other."""
    size = _ROW * len(blocks)
    low, ones = _masks(size)
    weighted = plain = 0
    for at in range(0, ECC_DATA_SIZE, _ROW):
        row = int.from_bytes(b"".join([block[at : at + _ROW] for block in blocks]), "little")
        weighted ^= row
        plain ^= row
        weighted = (weighted & low) << 1 ^ (weighted >> 7 & ones) * _FEEDBACK
    weighted = (weighted & low) << 1 ^ (weighted >> 7 & ones) * _FEEDBACK
    return _solve(weighted, plain, size)


def _q_parity(whole: bytes, count: int) -> tuple[bytes, bytes]:
    """Return the two bytes of Q's code words: first of the even plane, then of the odd one, block by block.

    ``whole`` has 26 rows of 86 bytes for each block. The word on diagonal d takes from column c the pair in row
    c + d; so the sums are kept by row and turned by one row from column to column.
    """
    size = 2 * _Q_ROWS * count
    low, ones = _masks(size)
    others, lowest = _turns(2 * count)
    weighted = plain = 0
    back = 8 * (_Q_ROWS - 1)
    for at in range(0, _ROW, 2):
        weighted = (weighted & others) << 8 | weighted >> back & lowest
        plain = (plain & others) << 8 | plain >> back & lowest
        column = int.from_bytes(whole[at::_ROW] + whole[at + 1 :: _ROW], "little")
        weighted ^= column
        plain ^= column
        weighted = (weighted & low) << 1 ^ (weighted >> 7 & ones) * _FEEDBACK
    weighted = (weighted & low) << 1 ^ (weighted >> 7 & ones) * _FEEDBACK
    return _solve(weighted, plain, size)


# After the last column the sums of diagonal d stand in row d + 42, modulo 26.
_Q_TURN: Final = (_Q_STEPS - 1) % _Q_ROWS


def _q_bytes(even: bytes, odd: bytes) -> bytes:
    """Return one byte of each code word in the order of the disc, from the two planes as the rows lie."""
    found = bytearray(2 * _Q_ROWS)
    found[::2] = even[_Q_TURN:] + even[:_Q_TURN]
    found[1::2] = odd[_Q_TURN:] + odd[:_Q_TURN]
    return bytes(found)


def ecc(blocks: Sequence[bytes]) -> list[bytes]:
    """Return the 276 bytes of parity of each block of 2,064 bytes: header, user data, EDC, zeros.

    In mode 2, form 1, the header counts as four zeros (the address may change without new parity).
    """
    count = len(blocks)
    first, second = _p_parity(blocks)
    rows = [first[_ROW * at : _ROW * (at + 1)] + second[_ROW * at : _ROW * (at + 1)] for at in range(count)]
    whole = b"".join([part for pair in zip(blocks, rows, strict=True) for part in pair])
    planes = _q_parity(whole, count)
    odd_from = _Q_ROWS * count
    parity = []
    for at, p_rows in enumerate(rows):
        even = slice(_Q_ROWS * at, _Q_ROWS * (at + 1))
        odd = slice(odd_from + even.start, odd_from + even.stop)
        parity.append(p_rows + b"".join([_q_bytes(plane[even], plane[odd]) for plane in planes]))
    return parity
