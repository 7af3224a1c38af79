"""What a DVD-ROM is: full, and never written by a drive."""

from __future__ import annotations

import attrs

from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, FormatState, Track


@attrs.define
class DvdRomDisc(DiscState):
    """The state of a DVD-ROM: one session with one track over all sectors."""

    @classmethod
    def blank(cls, kind: MediumKind, sectors: int | None = None) -> DiscState:
        """Return a pressed disc of ``sectors``, by default of one full layer."""
        size = kind.traits.sectors if sectors is None else sectors
        track = Track(1, 0, size, size, closed=True)
        return cls(kind, size, size, [track], finalized=True, format_state=FormatState.COMPLETE)

    def format_as_sold(self) -> None:
        """Leave it: there is nothing to format."""
