"""How fast a disc turns under the laser, by sector: CLV, zoned CLV, partial and full CAV.

One law gives them all. A motor that turns as fast as it may reads and writes faster the further out the laser is
(constant angular velocity); a speed that is chosen below that holds from wherever the motor reaches it (constant
linear velocity from there on, so CLV, P-CAV or CAV, by how high the speed is). Zoned discs take it in steps.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable
from typing import Final

_INNER_MM: Final = {"CD": 25.0, "DVD": 24.0, "BD": 24.0}
_OUTER_MM: Final = 58.0
"""Where the data zone of a disc of 120 mm begins and ends (Red Book; ECMA-267 10.6; BD white paper 2.1)."""

CAV_KBPS: Final = {"CD": 8_467, "DVD": 22_160, "BD": 53_946}
"""Speed at the rim of a disc that turns at some 10,000 revolutions a minute: 48x, 16x, 12x."""

_ZONES: Final = 8
_PIECES: Final = 64


class Curve(enum.Enum):
    """How the speed goes over the disc."""

    FLAT = "flat"
    """The speed that was chosen, everywhere (CLV)."""
    REAL = "real"
    """As far as the motor goes: CLV, P-CAV or CAV, by the speed that was chosen."""
    ZONED = "zclv"
    """The same in steps: each of eight zones at the speed of its inner edge."""


def radius(lba: int, sectors: int, family: str, layers: int = 1) -> float:
    """Return where a sector lies, from the inner radius to 1.0 at the rim; layers are run through to and fro."""
    size = max(1, -(-sectors // max(1, layers)))
    layer, at = divmod(max(0, min(lba, sectors)), size)
    share = at / size
    if layer % 2:
        share = 1.0 - share  # opposite track path
    inner = _INNER_MM[family] / _OUTER_MM
    return math.sqrt(inner * inner + min(1.0, share) * (1.0 - inner * inner))


def speed_at(
    curve: Curve, lba: int, *, sectors: int, family: str, layers: int, chosen_kbps: float, rim_kbps: float
) -> float:
    """Return the speed at a sector, in 1,000 bytes a second.

    Args:
        curve: How it goes.
        lba: The sector.
        sectors: Size of the disc.
        family: ``CD``, ``DVD`` or ``BD``.
        layers: Layers of the disc.
        chosen_kbps: The speed that the host or the drive chose.
        rim_kbps: What the motor reaches at the rim.
    """
    if curve is Curve.FLAT:
        return chosen_kbps
    place = radius(lba, sectors, family, layers)
    if curve is Curve.ZONED:
        inner = _INNER_MM[family] / _OUTER_MM
        step = (1.0 - inner) / _ZONES
        place = inner + step * min(_ZONES - 1, int((place - inner) / step))
    return min(chosen_kbps, rim_kbps * place)


def pieces(
    curve: Curve, *, sectors: int, family: str, layers: int, chosen_kbps: float, rim_kbps: float
) -> list[tuple[int, int, int, int]]:
    """Return the curve as a drive tells it: (first LBA, speed there, last LBA, speed there), without gaps.

    Speeds are in 1,000 bytes a second. Pieces along which nothing changes its direction are one.
    """
    last = max(0, sectors - 1)

    def at(lba: int) -> int:
        return round(
            speed_at(
                curve,
                lba,
                sectors=sectors,
                family=family,
                layers=layers,
                chosen_kbps=chosen_kbps,
                rim_kbps=rim_kbps,
            )
        )

    if curve is Curve.FLAT or not last:
        return [(0, at(0), last, at(last))]
    edges = sorted({last * n // _PIECES for n in range(_PIECES + 1)})
    if curve is Curve.ZONED:
        starts = [
            0,
            *(_change(at, start, end) for start, end in itertools.pairwise(edges) if at(start) != at(end)),
        ]
        ends = [*(start - 1 for start in starts[1:]), last]
        return [(start, at(start), end, at(start)) for start, end in zip(starts, ends, strict=True)]
    found: list[tuple[int, int, int, int]] = []
    for start, end in itertools.pairwise(edges):
        first = start if not found else start + 1
        here, there = at(first), at(end)
        if found:
            begin, slow, _, fast = found[-1]
            if (fast == slow) == (there == here) and (there >= here) == (fast >= slow):
                found[-1] = (begin, slow, end, there)
                continue
        found.append((first, here, end, there))
    return found


def _change(at: Callable[[int], int], low: int, high: int) -> int:
    """Return the first sector after ``low`` whose speed is another one; that of ``high`` is."""
    before = at(low)
    while high - low > 1:
        middle = (low + high) // 2
        if at(middle) == before:
            low = middle
        else:
            high = middle
    return high
