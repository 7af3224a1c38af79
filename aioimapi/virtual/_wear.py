"""Scratches, bad spots and age: which sectors of a disc are hard to read, and what a quality scan finds.

Everything follows from a seed: the same disc is bad in the same places at each look. The figures are those that
scanning programs show, on the scales that the standards have: C1 and C2 errors of 75 sectors of a CD, PI errors of
8 ECC blocks and uncorrected (PO) rows of one of a DVD, LDC and BIS errors of a BD cluster. Blocks are 75, 16 and 32
sectors. What a block has grows with age, with the number of rewrites and toward the rim.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Iterator
from typing import Final

import attrs

from aioimapi.errors import VirtualMediumError
from aioimapi.virtual._curves import radius

Range = tuple[int, int]
"""First sector and first sector after the last."""


class Condition(enum.IntEnum):
    """How a sector can be read."""

    GOOD = 0
    WEAK = 1
    """After some retries (recovered)."""
    BAD = 2
    """Not at all (3/11/05)."""


@attrs.frozen
class Scale:
    """What is counted on a family of discs.

    Attributes:
        block: Sectors of what is counted over.
        names: What is corrected at first, and what is left for the second code.
        usual: First figure of a fresh disc of a good maker, on average.
        limit: First figure up to which the standard calls a disc good.
        weak: From here on a block needs retries.
        lost: From here on it cannot be read.
    """

    block: int
    names: tuple[str, str]
    usual: float
    limit: float
    weak: float
    lost: float


SCALES: Final = {
    # Red Book: C1 block error rate up to 220 a second.
    "CD": Scale(75, ("C1", "C2"), 4.0, 220, 400, 1_200),
    # ECMA-267 13.3: at most 280 PI errors in eight consecutive ECC blocks.
    "DVD": Scale(16, ("PI", "PO"), 6.0, 280, 560, 1_660),
    # BD: 13 LDC errors of a cluster's each 304 code words are the usual bound for a good burn.
    "BD": Scale(32, ("LDC", "BIS"), 0.35, 13, 40, 120),
}
"""By family."""


@attrs.frozen
class Wear:
    """What a disc has gone through.

    Attributes:
        seed: Which disc it is.
        bad: Ranges of sectors that cannot be read.
        weak: Ranges that are read after retries.
        age_years: How old the burn is; dyes hold some ten to thirty years.
        rewrites: How often a rewritable disc was written; they take a thousand times.
        scratches: Radial scratches: each hits a short stretch of blocks on one ring.
    """

    seed: int = 0
    bad: tuple[Range, ...] = ()
    weak: tuple[Range, ...] = ()
    age_years: float = 0.0
    rewrites: int = 0
    scratches: int = 0

    def __attrs_post_init__(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            VirtualMediumError: A value is out of range.
        """
        if not 0 <= self.age_years <= 1_000 or self.rewrites < 0 or not 0 <= self.scratches <= 1_000:
            raise VirtualMediumError("wear: age 0 to 1,000 years, rewrites from 0, scratches 0 to 1,000")
        for first, end in (*self.bad, *self.weak):
            if not 0 <= first < end:
                raise VirtualMediumError(f"wear: sectors {first} to {end - 1} are no range")

    def __bool__(self) -> bool:
        """Whether it makes anything worse than new."""
        return bool(self.bad or self.weak or self.age_years or self.rewrites or self.scratches)

    @property
    def spread(self) -> bool:
        """Whether it is all over the disc, not only in given ranges."""
        return bool(self.age_years or self.rewrites or self.scratches)

    @classmethod
    def parse(cls, text: str, onto: Wear | None = None) -> Wear:
        """Return the wear that the text form stands for, added to ``onto``.

        The forms are ``bad:N``, ``bad:N-M``, ``weak:N-M``, ``age:YEARS``, ``rewrites:N``, ``scratches:N`` and
        ``seed:N``; several are joined by commas.

        Raises:
            VirtualMediumError: The text is none of them.
        """
        wear = Wear() if onto is None else onto
        for part in text.split(","):
            wear = _added(wear, part.strip().lower(), text)
        return wear

    # --- sectors ------------------------------------------------------------------------------------

    def worst(
        self, lba: int, count: int, family: str, sectors: int, layers: int = 1
    ) -> tuple[Condition, int]:
        """Return how bad the worst of some sectors is, and the first that is so bad.

        Args:
            lba: First sector.
            count: How many.
            family: ``CD``, ``DVD`` or ``BD``.
            sectors: Size of the disc.
            layers: Layers of the disc.
        """
        end = lba + count
        at = _first_hit(self.bad, lba, end)
        found = [] if at is None else [(Condition.BAD, at)]
        at = _first_hit(self.weak, lba, end)
        if at is not None:
            found.append((Condition.WEAK, at))
        if self.spread:
            size = SCALES[family].block
            for block in range(lba // size, (end - 1) // size + 1):
                condition = self._of_block(block, family, sectors, layers)
                if condition:
                    found.append((condition, max(lba, block * size)))
        return max(found, key=lambda item: (item[0], -item[1]), default=(Condition.GOOD, lba))

    def made_bad(self, lba: int) -> bool:
        """Return whether a sector is bad since the disc was made, and not by age, rewriting or scratches."""
        return _first_hit(self.bad, lba, lba + 1) is not None

    def _of_block(self, block: int, family: str, sectors: int, layers: int) -> Condition:
        scale = SCALES[family]
        errors = self._errors(block, family, sectors, layers)
        if errors >= scale.lost:
            return Condition.BAD
        return Condition.WEAK if errors >= scale.weak else Condition.GOOD

    def _errors(self, block: int, family: str, sectors: int, layers: int) -> float:
        """Return the first figure of a block."""
        scale = SCALES[family]
        place = radius(min(sectors, block * scale.block), sectors, family, layers)
        level = scale.usual * (1.0 + 2.0 * place**6)
        level *= 1.0 + (self.age_years / 12.0) ** 2 + (self.rewrites / 500.0) ** 2
        # Errors of neighbours are alike: a slow wave over the disc, and chance on top of it.
        chance = self._chance(block, 0)
        wave = self._chance(block // 256, 1)
        errors = level * (0.5 + wave) * math.exp(1.6 * (chance - 0.5))
        for number in range(self.scratches):
            hit = int(self._chance(number, 2) * max(1, sectors)) // scale.block
            reach = 1 + int(self._chance(number, 3) * 3)
            if abs(block - hit) < reach:
                errors += scale.lost * (0.4 + self._chance(number, 4))
        return errors

    def _chance(self, number: int, kind: int) -> float:
        """Return a number from 0 to 1 that follows from the seed, as good as random (SplitMix64)."""
        mask = (1 << 64) - 1
        value = (
            number * 0x9E3779B97F4A7C15 + self.seed * 0xD1B54A32D192ED03 + kind * 0x8CB92BA72F3D8DD7
        ) & mask
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & mask
        value = (value ^ value >> 27) * 0x94D049BB133111EB & mask
        return (value ^ value >> 31) / 2.0**64

    # --- the scan -----------------------------------------------------------------------------------

    def figures(
        self, family: str, sectors: int, *, recorded: int, layers: int = 1, samples: int = 256
    ) -> Iterator[tuple[int, float, float]]:
        """Yield (sector, first figure, second figure) of blocks spread evenly over what is recorded.

        The second figure is what the first code leaves over: 0 on a good disc.
        """
        scale = SCALES[family]
        blocks = max(1, -(-recorded // scale.block))
        for number in sorted(
            {blocks * at // samples for at in range(samples)} if samples < blocks else range(blocks)
        ):
            lba = number * scale.block
            errors = self._errors(number, family, sectors, layers)
            end = min(recorded, lba + scale.block)
            if _first_hit(self.bad, lba, end) is not None:
                errors = max(errors, scale.lost)
            elif _first_hit(self.weak, lba, end) is not None:
                errors = max(errors, scale.weak)
            left = max(0.0, errors - scale.limit) / scale.limit * 4
            yield lba, round(errors, 2), round(left, 2)


_FORM: Final = re.compile(
    r"(?P<name>bad|weak|age|rewrites|scratches|seed):(?P<low>[0-9]+(?:\.[0-9]+)?)(?:-(?P<high>[0-9]+))?"
)
_COUNTS: Final = ("rewrites", "scratches", "seed")


def _added(wear: Wear, part: str, whole: str) -> Wear:
    match = _FORM.fullmatch(part)
    ranged = match is not None and match["name"] in ("bad", "weak")
    fraction = match is not None and "." in match["low"]
    if match is None or (match["high"] and not ranged) or (fraction and match["name"] != "age"):
        raise VirtualMediumError(
            f"wear={whole}: not understood. The forms are bad:N-M, weak:N-M, age:YEARS, rewrites:N, scratches:N,"
            " seed:N, joined by commas"
        )
    name = match["name"]
    if name == "age":
        return attrs.evolve(wear, age_years=float(match["low"]))
    low = int(match["low"])
    if name in _COUNTS:
        return attrs.evolve(wear, **{name: low})  # type: ignore[arg-type]
    found = (low, int(match["high"] or low) + 1)
    if name == "bad":
        return attrs.evolve(wear, bad=(*wear.bad, found))
    return attrs.evolve(wear, weak=(*wear.weak, found))


def _first_hit(ranges: tuple[Range, ...], lba: int, end: int) -> int | None:
    hits = [max(lba, first) for first, last in ranges if first < end and last > lba]
    return min(hits, default=None)
