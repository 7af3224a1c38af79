"""A quality scan of a virtual disc: the figures that scanning programs show of a real one.

No drive tells these by a command that all know, so there is none here either: ask from Python.
"""

from __future__ import annotations

from typing import Any

import attrs

from aioimapi.virtual._wear import SCALES, Wear
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.files._medium import VirtualMedium

_GREAT = 0.3
"""Up to this share of the limit everywhere a disc is excellent."""


@attrs.frozen
class QualitySample:
    """What one block of a disc shows.

    Attributes:
        lba: Its first sector.
        errors: What the first code corrects: C1 a second, PI of 8 ECC blocks, LDC of a cluster.
        left_over: What is left for the second code: C2, PO, BIS. 0 on a good disc.
    """

    lba: int
    errors: float
    left_over: float


@attrs.frozen
class DiscQuality:
    """The result of a quality scan.

    Attributes:
        names: What the two figures are called on this family of discs.
        limit: First figure up to which the family's standard calls a disc good.
        lost: First figure from which on a block cannot be read.
        samples: What was looked at, in order; empty where nothing is recorded.
    """

    names: tuple[str, str]
    limit: float
    lost: float
    samples: tuple[QualitySample, ...] = ()

    @property
    def average(self) -> float:
        """Average of the first figure."""
        return sum(s.errors for s in self.samples) / len(self.samples) if self.samples else 0.0

    @property
    def worst(self) -> QualitySample | None:
        """The sample with the highest first figure, or None."""
        return max(self.samples, key=lambda sample: sample.errors, default=None)

    @property
    def unreadable(self) -> int:
        """How many samples cannot be read."""
        return sum(1 for sample in self.samples if sample.errors >= self.lost)

    @property
    def verdict(self) -> str:
        """``empty``, ``excellent``, ``good``, ``worn`` (copy it soon) or ``bad`` (parts are lost)."""
        worst = self.worst
        if worst is None:
            return "empty"
        if worst.errors >= self.lost:
            return "bad"
        if worst.errors > self.limit:
            return "worn"
        return "excellent" if worst.errors <= _GREAT * self.limit else "good"

    def facts(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        worst = self.worst
        return {
            "verdict": self.verdict,
            "names": list(self.names),
            "limit": self.limit,
            "average": round(self.average, 2),
            "worst": None if worst is None else worst.errors,
            "worst_lba": None if worst is None else worst.lba,
            "samples": len(self.samples),
            "unreadable": self.unreadable,
        }

    def lines(self) -> tuple[str, ...]:
        """Return the result in words, a line for each fact."""
        worst = self.worst
        if worst is None:
            return ("Quality: nothing is recorded",)
        first, second = self.names
        total = sum(sample.left_over for sample in self.samples)
        return (
            f"Quality: {self.verdict}",
            f"{first}: {self.average:.1f} on average, {worst.errors:.1f} at most (LBA {worst.lba:,}); "
            f"good up to {self.limit:g}",
            f"{second}: {total:.1f} in {len(self.samples):,} samples, {self.unreadable:,} of them unreadable",
        )


def scan_quality(
    disc: VirtualMedium | DiscState, wear: Wear | None = None, *, samples: int = 256
) -> DiscQuality:
    """Scan a disc, as quality scanning programs do with a real one.

    Args:
        disc: The disc, or its state.
        wear: What it has gone through; None for a fresh burn. The same seed gives the same figures.
        samples: How many blocks to look at, spread evenly over what is recorded.
    """
    state = disc.state if isinstance(disc, VirtualMedium) else disc
    traits = state.kind.traits
    scale = SCALES[traits.family]
    recorded = (
        max((track.next_lba for track in state.tracks), default=0)
        if state.sequential
        else state.readable_end()
    )
    found: tuple[QualitySample, ...] = ()
    if recorded:
        figures = (Wear() if wear is None else wear).figures(
            traits.family, state.sectors, recorded=recorded, layers=traits.layers, samples=max(1, samples)
        )
        found = tuple(QualitySample(*figure) for figure in figures)
    return DiscQuality(scale.names, scale.limit, scale.lost, found)
