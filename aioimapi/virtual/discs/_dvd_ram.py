"""What a DVD-RAM is: overwritten in place, formatted as it is sold, with spares (MMC-6 4.3.8; ECMA-330)."""

from __future__ import annotations

import attrs

from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, DiscStatus, FormatState


@attrs.define
class DvdRamDisc(DiscState):
    """The state of a DVD-RAM; ``raw_sectors`` is what it holds without supplementary spares."""

    @classmethod
    def blank(cls, kind: MediumKind, sectors: int | None = None) -> DiscState:
        """Return a new disc, which has its default format."""
        state = super().blank(kind, sectors)
        state.format(state.default_format_sectors, FormatState.COMPLETE)
        return state

    @property
    def status(self) -> DiscStatus:
        """Disc status: none of the states of recorded discs (MMC-6 6.21.3.1.4)."""
        return DiscStatus.OTHER

    @property
    def supplementary_spares(self) -> int:
        """Sectors of the supplementary spare area."""
        return self.raw_sectors - self.sectors
