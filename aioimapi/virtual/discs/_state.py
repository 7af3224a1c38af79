"""What is recorded on a virtual disc: sessions, tracks, next writable addresses, and how commands change them.

Pure bookkeeping, no files. :class:`DiscState` is what all discs share; each family has its own subclass beside it,
found by :mod:`aioimapi.virtual.discs._registry`. A disc that is recorded in sequence begins as one empty session
with one *incomplete* track that reaches to the end of the disc (MMC-6 4.3.6 for DVD+R, 4.5.3.5 for BD-R SRM, 4.2.4
for CD-R). Then::

    blank ──first WRITE──> session open ──close session──> appendable ──WRITE──> session open ...
                                │                              │
                                └────────── finalize ──────────┴──────────> closed, for good

A disc that is overwritten has one session with one track, and a formatting state instead.
"""

from __future__ import annotations

import bisect
import enum
from typing import Any, ClassVar, Self

import attrs

from aioimapi.units import round_up
from aioimapi.virtual.discs._kinds import MediumKind


class FormatState(enum.IntEnum):
    """Background format status as READ DISC INFORMATION has it (MMC-6 6.21.3.1.13); of rewritable discs only."""

    UNFORMATTED = 0
    SUSPENDED = 1
    IN_PROGRESS = 2
    COMPLETE = 3


class SessionState(enum.IntEnum):
    """State of the last session (MMC-6 6.21.3.1.3)."""

    EMPTY = 0
    INCOMPLETE = 1
    DAMAGED = 2
    COMPLETE = 3


class DiscStatus(enum.IntEnum):
    """Disc status (MMC-6 6.21.3.1.4)."""

    BLANK = 0
    APPENDABLE = 1
    COMPLETE = 2
    OTHER = 3


@attrs.define
class Track:
    """A logical track; its number is its place in the list, counted from 1.

    Attributes:
        session: The session that it belongs to, from 1.
        start: Its first sector.
        next_lba: Its next writable address; everything from ``start`` up to it is recorded (or linking blocks).
        end: First sector after it, or None for the incomplete track, which reaches to the end of the disc.
        closed: No more writes.
        reserved: Made by RESERVE TRACK.
        packet: Recorded incrementally (MMC-6's Packet bit).
    """

    session: int
    start: int
    next_lba: int
    end: int | None = None
    closed: bool = False
    reserved: bool = False
    packet: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing was recorded in it."""
        return self.next_lba == self.start and not self.closed

    def to_json(self) -> dict[str, Any]:
        """Return it as the sidecar has it; a family's own facts follow the common ones."""
        return {
            "session": self.session,
            "start": self.start,
            "next_lba": self.next_lba,
            "end": self.end,
            "closed": self.closed,
            "reserved": self.reserved,
            "packet": self.packet,
        }

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> Self:
        """Return the track that :meth:`to_json` made ``item`` of.

        Raises:
            ValueError, LookupError, TypeError: It was not made by it.
        """
        return cls(
            session=sector_number(item["session"]),
            start=sector_number(item["start"]),
            next_lba=sector_number(item["next_lba"]),
            end=None if item["end"] is None else sector_number(item["end"]),
            closed=bool(item["closed"]),
            reserved=bool(item["reserved"]),
            packet=bool(item["packet"]),
        )


def sector_number(value: object) -> int:
    """Return ``value`` where it can be a sector number.

    Raises:
        ValueError: It cannot.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError(f"{value!r} is no sector number")
    return value


@attrs.define
class DiscState:
    """The whole recording state of one disc.

    Attributes:
        kind: The kind of medium.
        sectors: User sectors of the disc as it is now (formatting with spares makes it smaller).
        raw_sectors: User sectors without any spares.
        tracks: All tracks in order; the last may be the incomplete one.
        sessions: Number of sessions, an open or empty one included.
        finalized: Nothing can be added any more.
        format_state: Of rewritable discs; a BD-R with spares has COMPLETE.
        gaps: Recorded but unreadable stretches (CD run-out and packet links) as (first, count), ascending.
    """

    track_type: ClassVar[type[Track]] = Track
    """The class of its tracks, where a family has facts of its own about them."""

    kind: MediumKind
    sectors: int
    raw_sectors: int
    tracks: list[Track] = attrs.field(factory=list)
    sessions: int = 1
    finalized: bool = False
    format_state: FormatState = FormatState.UNFORMATTED
    gaps: list[tuple[int, int]] = attrs.field(factory=list)

    @classmethod
    def blank(cls, kind: MediumKind, sectors: int | None = None) -> DiscState:
        """Return a disc as it comes out of its wrapper, of ``sectors`` or of its kind's real size."""
        size = kind.traits.sectors if sectors is None else sectors
        state = cls(kind, size, size)
        state.tracks = [state.new_track(1, 0)]
        return state

    def new_track(self, session: int, start: int) -> Track:
        """Return an empty track of this kind of disc."""
        return self.track_type(session, start, start, packet=self.packet_recording)

    # --- the sidecar --------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return what only this family of discs has, as JSON."""
        return {}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take what :meth:`facts` returned; an empty one, of an older sidecar, leaves the defaults.

        Raises:
            ValueError, LookupError, TypeError: It was not returned by it.
        """

    def check(self) -> None:
        """Refuse states that no sequence of commands leads to and that the target would trip over.

        Raises:
            ValueError: This is one; the message says what is wrong.
        """
        largest = max(self.kind.traits.sectors, self.kind.traits.largest_sectors)
        if not 0 < self.sectors <= self.raw_sectors <= largest:
            raise ValueError(f"{self.sectors} of {self.raw_sectors} sectors, where {largest} are the most")
        if not self.tracks:
            raise ValueError("no track")
        if self.limit <= 0:
            raise ValueError(f"{self.sectors} sectors, which leave no room")
        used = {track.session for track in self.tracks}
        last_too = self.finalized or not self.sequential
        if len(used - {self.sessions}) != self.sessions - 1 or (last_too and self.sessions not in used):
            raise ValueError(f"{self.sessions} sessions, and one of them has no track")
        after = 0
        for number, track in enumerate(self.tracks, 1):
            end = self.track_end(track)
            if not after <= track.start <= track.next_lba <= end <= self.raw_sectors:
                raise ValueError(f"track {number} from {track.start} to {end}, next {track.next_lba}")
            if track.end is None and number != len(self.tracks):
                raise ValueError(f"track {number} has no end")
            if not 1 <= track.session <= self.sessions:
                raise ValueError(f"track {number} in session {track.session} of {self.sessions}")
            if track.session < self.sessions and not track.closed:
                raise ValueError(f"track {number} is open, and its session is not the last one")
            after = end
        if self.gaps and not self.kind.traits.cd:
            raise ValueError("gaps on a disc that has none")

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def sequential(self) -> bool:
        """Whether it is recorded in sequence now, from next writable addresses on; formatting changes some discs."""
        return self.kind.traits.sequential

    @property
    def packet_recording(self) -> bool:
        """Whether drives show a new track of this kind with the Packet bit."""
        return False

    @property
    def formatted(self) -> bool:
        """Whether a rewritable disc can be written."""
        return self.format_state is not FormatState.UNFORMATTED

    @property
    def limit(self) -> int:
        """First sector that no track can use for user data."""
        return self.sectors

    @property
    def session_state(self) -> SessionState:
        """State of the last session."""
        if not self.sequential:
            return SessionState.COMPLETE if self.formatted else SessionState.EMPTY
        if self.finalized:
            return SessionState.COMPLETE
        last = self.session_tracks(self.sessions)
        return (
            SessionState.EMPTY if all(t.blank and not t.reserved for t in last) else SessionState.INCOMPLETE
        )

    @property
    def status(self) -> DiscStatus:
        """Disc status."""
        if not self.sequential:
            return DiscStatus.COMPLETE if self.formatted else DiscStatus.BLANK
        if self.finalized:
            return DiscStatus.COMPLETE
        if self.sessions == 1 and self.session_state is SessionState.EMPTY and not self.formatted:
            return DiscStatus.BLANK
        return DiscStatus.APPENDABLE

    @property
    def complete_sessions(self) -> int:
        """How many sessions are closed."""
        return self.sessions if self.session_state is SessionState.COMPLETE else self.sessions - 1

    @property
    def file_sectors(self) -> int:
        """Sectors that the medium file must have for what was recorded."""
        return max((track.next_lba for track in self.tracks), default=0) if self.sequential else 0

    def session_tracks(self, session: int) -> list[Track]:
        """Return the tracks of one session."""
        return [track for track in self.tracks if track.session == session]

    def track_end(self, track: Track) -> int:
        """Return the first sector after a track."""
        return self.sectors if track.end is None else track.end

    def free_sectors(self, track: Track) -> int:
        """Return how many sectors the track can still take."""
        if track.closed:
            return 0
        return max(0, (self.limit if track.end is None else track.end) - track.next_lba)

    def readable_end(self) -> int:
        """Return the first sector past the last complete session: READ CAPACITY's answer plus one, or 0."""
        if not self.sequential:
            return self.sectors if self.formatted else 0
        closed = [self.track_end(t) for t in self.tracks if t.session <= self.complete_sessions]
        return max(closed, default=0)

    def lead_out(self, session: int) -> int:
        """Return where the lead-out of a complete session begins."""
        return max((self.track_end(t) for t in self.session_tracks(session)), default=0)

    def incomplete_track(self) -> int | None:
        """Return the number of the incomplete track, or None where there is none."""
        if self.sequential and self.tracks and self.tracks[-1].end is None and not self.tracks[-1].closed:
            return len(self.tracks)
        return None

    def track_of(self, lba: int) -> int | None:
        """Return the number of the track that holds ``lba``, or None."""
        at = bisect.bisect_right(self.tracks, lba, key=lambda track: track.start)
        return at if at and lba < self.track_end(self.tracks[at - 1]) else None

    def writable_track(self, lba: int) -> int | None:
        """Return the number of the open track whose next writable address is ``lba``, or None."""
        for number, track in enumerate(self.tracks, 1):
            if track.next_lba == lba and not track.closed and self.free_sectors(track):
                return number
        return None

    def in_gap(self, lba: int, count: int) -> int | None:
        """Return the first sector of the range that lies in a linking area, or None."""
        at = bisect.bisect_right(self.gaps, (lba, 1 << 40))
        if at and sum(self.gaps[at - 1]) > lba:
            return lba
        return self.gaps[at][0] if at < len(self.gaps) and self.gaps[at][0] < lba + count else None

    # --- what commands do to it ---------------------------------------------------------------------

    def unloaded(self) -> None:
        """Forget what only the drive knew of it: it was ejected."""

    def reserve(self, count: int) -> None:
        """Split the incomplete track: its first ``count`` sectors, rounded up, become a reserved track."""
        track = self.tracks[-1]
        size = round_up(count, self.kind.traits.unit)
        track.reserved = True
        track.end = track.start + size
        self._append_incomplete(track.end + self.kind.traits.track_gap)

    def close_track(self, number: int) -> None:
        """Close an open track that holds data: pad it, end it, and open the next incomplete one behind it."""
        track = self.tracks[number - 1]
        traits = self.kind.traits
        incomplete = track.end is None
        self.end_track(track)
        track.closed = True
        if incomplete:
            self._append_incomplete(self.track_end(track) + traits.track_gap)

    def end_track(self, track: Track) -> None:
        """Set the end of a track that is being closed, padding its last write unit."""
        unit = self.kind.traits.unit
        end = round_up(track.next_lba, unit) if track.end is None else self.track_end(track)
        track.next_lba = track.end = min(end, self.sectors)

    def close_session(self, *, finalize: bool) -> None:
        """Close the open session; with ``finalize`` the disc too, else an empty session follows."""
        for number, track in enumerate(self.tracks, 1):
            if not track.closed and not (track.blank and not track.reserved):
                self.close_track(number)
        if self.tracks and self.tracks[-1].blank:
            self.tracks.pop()
        self.end_session()
        end = self.lead_out(self.sessions)
        traits = self.kind.traits
        gap = traits.first_session_gap if self.sessions == 1 else traits.session_gap
        start = round_up(end + gap, traits.unit)
        if finalize or start >= self.limit or self.sessions >= traits.max_sessions:
            self.finalized = True
            return
        self.sessions += 1
        self._append_incomplete(start)

    def finalize_empty(self) -> None:
        """Finalize an appendable disc whose last session is empty: that session vanishes."""
        self.tracks.pop()
        self.sessions -= 1
        self.finalized = True

    def end_session(self) -> None:
        """Do what else closing the open session does; its tracks are closed already."""

    def _append_incomplete(self, start: int) -> None:
        if start < self.limit:
            self.tracks.append(self.new_track(self.sessions, start))

    @property
    def default_format_sectors(self) -> int:
        """Sectors that the default format leaves: of a BD all but the usual spares, or their share of a test's disc."""
        traits = self.kind.traits
        if traits.formatted_sectors == traits.sectors:
            return self.raw_sectors
        if self.raw_sectors == traits.sectors:
            return traits.formatted_sectors
        share = self.raw_sectors * traits.formatted_sectors // traits.sectors
        return share // traits.unit * traits.unit

    def format_as_sold(self) -> None:
        """Give a new rewritable disc its default format, as if it came from the factory that way."""
        if not self.sequential:
            self.format(self.default_format_sectors, FormatState.COMPLETE)

    def format(self, sectors: int, state: FormatState) -> None:
        """Format a rewritable disc, or give a blank BD-R its spares: one track over ``sectors``."""
        self.sectors = sectors
        self.format_state = state

    def suspend_format(self, done: float) -> None:
        """Let the background format rest, of which so much is ``done``, 0 to 1."""
        self.format_state = FormatState.SUSPENDED
