"""What is recorded on a DVD-R, DVD-RW or DVD-R DL: bordered sessions, one disc at once, and restricted overwrite.

MMC-6 4.3.4 and 4.3.5; ECMA-359 for DVD-R, ECMA-338 for DVD-RW. A DVD-RW has two lives, of which FORMAT UNIT and BLANK
lead from one into the other::

    sequential, blank ──FORMAT UNIT 00h, 10h──────────> overwrite, each border closed
       ^    ^                                              │ 11h, 12h            ^
       │    └── BLANK ─────────────────────────────────────┤                     │
       │                                                   v 13h, 14h            │
       └──────── FORMAT UNIT 15h ──> overwrite, last border in the intermediate state ──CLOSE SESSION
"""

from __future__ import annotations

from typing import Any

import attrs

from aioimapi.units import round_up
from aioimapi.virtual.discs._state import DiscState, DiscStatus, FormatState, SessionState, Track


@attrs.define
class DvdMinusDisc(DiscState):
    """The recording state of a DVD-R, and of what is recorded as one.

    Attributes:
        at_once: The disc was reserved to be recorded at once (DAO), from its first to its last sector.
    """

    at_once: bool = False

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        return {"at_once": self.at_once}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back."""
        self.at_once = bool(facts.get("at_once", False))

    def check(self) -> None:
        """Refuse a recording at once that has no end."""
        super().check()
        if self.at_once and self.tracks[0].end is None:
            raise ValueError("reserved to be recorded at once, without a size")

    @property
    def packet_recording(self) -> bool:
        """Tracks are recorded in packets (incrementally), unless the disc is recorded at once."""
        return True

    def reserve_at_once(self, count: int) -> None:
        """Reserve the whole recording of a blank disc, ``count`` sectors exactly: no track can follow."""
        track = self.tracks[0]
        track.reserved, track.packet, track.end = True, False, count
        self.at_once = True


@attrs.define
class DvdMinusRwDisc(DvdMinusDisc):
    """The recording state of a DVD-RW.

    Attributes:
        minimal: It was blanked the quick way, after which it can be recorded at once only.
        overwrite: It is formatted for restricted overwrite.
        intermediate: In that mode: the last border is being recorded in sequence and not closed yet.
    """

    minimal: bool = False
    overwrite: bool = False
    intermediate: bool = False

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        return super().facts() | {
            "minimal": self.minimal,
            "overwrite": self.overwrite,
            "intermediate": self.intermediate,
        }

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back."""
        super().take_facts(facts)
        self.minimal = bool(facts.get("minimal", False))
        self.overwrite = bool(facts.get("overwrite", False))
        self.intermediate = bool(facts.get("intermediate", False))

    def check(self) -> None:
        """Refuse borders that the disc cannot have."""
        super().check()
        if self.intermediate != (self.overwrite and self.tracks[-1].end is None):
            raise ValueError("a last border that is open and not in the intermediate state, or the reverse")
        if self.overwrite and (
            self.finalized or len({track.session for track in self.tracks}) != self.sessions
        ):
            raise ValueError(f"{len(self.tracks)} borders in {self.sessions} sessions")

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def sequential(self) -> bool:
        """Whether it is recorded in sequence; else it is in restricted overwrite mode."""
        return not self.overwrite

    @property
    def packet_recording(self) -> bool:
        """A disc that was blanked the quick way takes no packets."""
        return not self.minimal

    @property
    def session_state(self) -> SessionState:
        """State of the last session: incomplete while its border is in the intermediate state."""
        if self.overwrite:
            return SessionState.INCOMPLETE if self.intermediate else SessionState.COMPLETE
        return super().session_state

    @property
    def status(self) -> DiscStatus:
        """Disc status: a formatted disc is complete, with a border in the intermediate state appendable."""
        if self.overwrite:
            return DiscStatus.APPENDABLE if self.intermediate else DiscStatus.COMPLETE
        return super().status

    @property
    def usable_end(self) -> int:
        """In restricted overwrite mode: the first sector that is neither formatted nor recorded."""
        return self.tracks[-1].next_lba

    def readable_end(self) -> int:
        """Return the first sector past what is formatted or recorded."""
        return self.usable_end if self.overwrite else super().readable_end()

    def free_sectors(self, track: Track) -> int:
        """Return what a track can still take; of a formatted one only in the intermediate state."""
        if self.overwrite and track.end is not None:
            return 0
        return super().free_sectors(track)

    # --- what commands do to it ---------------------------------------------------------------------

    def erase(self, *, minimal: bool) -> None:
        """Blank it: sequential again, for packets only where that was not done the quick way."""
        self.overwrite = self.intermediate = self.at_once = self.finalized = False
        self.minimal = minimal
        self.format_state = FormatState.UNFORMATTED
        self.sessions = 1
        self.tracks = [self.new_track(1, 0)]

    def format_full(self, sectors: int) -> None:
        """Format it for restricted overwrite: one border over ``sectors``, closed."""
        self._begin_overwrite()
        self.tracks = [Track(1, 0, sectors, sectors, closed=True, packet=True)]

    def format_quick(self, sectors: int) -> None:
        """Format ``sectors`` of one border, which is then in the intermediate state."""
        self._begin_overwrite()
        self.intermediate = True
        self.tracks = [Track(1, 0, sectors, None, packet=True)]

    def _begin_overwrite(self) -> None:
        self.erase(minimal=False)
        self.overwrite = True
        self.format_state = FormatState.COMPLETE

    def grow(self, sectors: int, *, quick: bool) -> None:
        """Let the last border grow by ``sectors``; the quick way it is in the intermediate state then."""
        track = self.tracks[-1]
        track.next_lba += sectors
        track.end = track.next_lba
        if quick:
            self._reopen(track)

    def add_border(self, sectors: int, *, quick: bool) -> None:
        """Begin a new border of ``sectors`` behind the last one."""
        start = self.next_border
        self.sessions += 1
        track = Track(self.sessions, start, start + sectors, start + sectors, closed=True, packet=True)
        self.tracks.append(track)
        if quick:
            self._reopen(track)

    def _reopen(self, track: Track) -> None:
        track.end, track.closed, self.intermediate = None, False, True

    @property
    def next_border(self) -> int:
        """Where the next border of a formatted disc can begin."""
        traits = self.kind.traits
        gap = traits.first_session_gap if self.sessions == 1 else traits.session_gap
        return round_up(self.usable_end + gap, traits.unit)

    def close_border(self) -> None:
        """Bring the last border out of the intermediate state: what was recorded can be overwritten from now on."""
        track = self.tracks[-1]
        track.end, track.closed, self.intermediate = track.next_lba, True, False

    def format_as_sold(self) -> None:
        """Give a new disc its full format."""
        self.format_full(self.raw_sectors)
