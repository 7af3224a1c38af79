"""What a DVD-RAM is: overwritten in place, formatted as it is sold, with spares (MMC-6 4.3.8; ECMA-330)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs

from aioimapi.virtual.discs._dvd_traits import DVD_RAM_PRIMARY_SPARES
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, DiscStatus, FormatState, sector_number

ECC_BLOCK: Final = 16
_PRIMARY: Final = DVD_RAM_PRIMARY_SPARES // ECC_BLOCK


@attrs.define
class DvdRamDisc(DiscState):
    """The state of a DVD-RAM; ``raw_sectors`` is what it holds without supplementary spares.

    Attributes:
        replaced: Bad ECC blocks that a spare one stands for, by number, in the order of their spares.
        protected: Write protection that a host has put onto the disc.
    """

    replaced: list[int] = attrs.field(factory=list)
    protected: bool = False

    @classmethod
    def blank(cls, kind: MediumKind, sectors: int | None = None) -> DiscState:
        """Return a new disc, which has its default format."""
        state = super().blank(kind, sectors)
        state.format(state.default_format_sectors, FormatState.COMPLETE)
        return state

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        return {"replaced": self.replaced, "protected": self.protected}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back."""
        self.protected = bool(facts.get("protected", False))
        self.replaced = [sector_number(block) for block in facts.get("replaced", [])]
        if len(set(self.replaced)) != len(self.replaced) or len(self.replaced) > self.spare_blocks:
            raise ValueError(f"{len(self.replaced)} blocks replaced by {self.spare_blocks}")

    @property
    def status(self) -> DiscStatus:
        """Disc status: none of the states of recorded discs (MMC-6 6.21.3.1.4)."""
        return DiscStatus.OTHER

    @property
    def supplementary_spares(self) -> int:
        """Sectors of the supplementary spare area."""
        return self.raw_sectors - self.sectors

    @property
    def spare_blocks(self) -> int:
        """Spare ECC blocks of both areas."""
        return _PRIMARY + self.supplementary_spares // ECC_BLOCK

    @property
    def free_spares(self) -> tuple[int, int]:
        """Sectors of the primary and of the supplementary spare area that are not in use; the primary goes first."""
        used = len(self.replaced)
        supplementary = max(0, used - _PRIMARY) * ECC_BLOCK
        return max(0, _PRIMARY - used) * ECC_BLOCK, self.supplementary_spares - supplementary

    def replace(self, block: int) -> bool:
        """Let a spare stand for a bad block; return whether there was one."""
        if len(self.replaced) >= self.spare_blocks:
            return False
        self.replaced.append(block)
        return True

    def bad_blocks(self, bad: Iterable[tuple[int, int]], lba: int, count: int) -> list[int]:
        """Return the blocks of a range of sectors that are bad and that no spare stands for, ascending.

        Args:
            bad: Bad stretches of the disc, as first sector and first one after them.
            lba: First sector of the range.
            count: Its sectors.
        """
        found: set[int] = set()
        for first, after in bad:
            low, high = max(first, lba), min(after, lba + count)
            found.update(range(low // ECC_BLOCK, -(-high // ECC_BLOCK)) if low < high else ())
        return sorted(found.difference(self.replaced))
