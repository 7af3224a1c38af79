"""What is recorded on a virtual disc: sessions, tracks, next writable addresses, and how commands change them.

Pure bookkeeping, no files. A write-once disc begins as one empty session with one *incomplete* track that reaches
to the end of the disc (MMC-6 4.3.6 for DVD+R, 4.5.3.5 for BD-R SRM, 4.2.4 for CD-R). Then::

    blank ──first WRITE──> session open ──close session──> appendable ──WRITE──> session open ...
                                │                              │
                                └────────── finalize ──────────┴──────────> closed, for good

A rewritable disc has one session with one track, and a formatting state instead.
"""

from __future__ import annotations

import bisect
import enum

import attrs

from aioimapi.units import round_up
from aioimapi.virtual._kinds import CD_MIN_TRACK, CD_PACKET_LINK, CD_RUN_OUT, MediumKind


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
        state.tracks = [Track(1, 0, 0, packet=state.packet_recording)]
        return state

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def write_once(self) -> bool:
        """Whether a sector can be recorded once only."""
        return self.kind.traits.write_once

    @property
    def packet_recording(self) -> bool:
        """Whether drives show this kind's tracks with the Packet bit: real ones do on BD-R, and not on DVD+R."""
        return self.kind is MediumKind.BD_R

    @property
    def formatted(self) -> bool:
        """Whether a rewritable disc can be written."""
        return self.format_state is not FormatState.UNFORMATTED

    @property
    def limit(self) -> int:
        """First sector that no track can use for user data."""
        return self.sectors - (CD_RUN_OUT if self.kind.traits.cd else 0)

    @property
    def session_state(self) -> SessionState:
        """State of the last session."""
        if not self.write_once:
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
        if not self.write_once:
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
        if not self.write_once:
            return self.sectors if self.formatted else 0
        closed = [self.track_end(t) for t in self.tracks if t.session <= self.complete_sessions]
        return max(closed, default=0)

    def lead_out(self, session: int) -> int:
        """Return where the lead-out of a complete session begins."""
        return max((self.track_end(t) for t in self.session_tracks(session)), default=0)

    def incomplete_track(self) -> int | None:
        """Return the number of the incomplete track, or None where there is none."""
        if self.write_once and self.tracks and self.tracks[-1].end is None and not self.tracks[-1].closed:
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

    def reserve(self, count: int) -> None:
        """Split the incomplete track: its first ``count`` sectors, rounded up, become a reserved track."""
        track = self.tracks[-1]
        size = round_up(count, self.kind.traits.unit)
        track.reserved = True
        track.end = track.start + size
        self._append_incomplete(track.end + self.kind.traits.track_gap)

    def end_packet(self, track: Track) -> None:
        """Close a CD packet: run-out, link and run-in blocks follow, which nothing can read."""
        self.gaps.append((track.next_lba, CD_PACKET_LINK))
        track.next_lba += CD_PACKET_LINK
        track.packet = True

    def close_track(self, number: int) -> None:
        """Close an open track that holds data: pad it, end it, and open the next incomplete one behind it."""
        track = self.tracks[number - 1]
        traits = self.kind.traits
        incomplete = track.end is None
        if traits.cd:
            self._end_cd_track(track)
        else:
            end = round_up(track.next_lba, traits.unit) if incomplete else self.track_end(track)
            track.next_lba = track.end = min(end, self.sectors)
        track.closed = True
        if incomplete:
            self._append_incomplete(self.track_end(track) + traits.track_gap)

    def _end_cd_track(self, track: Track) -> None:
        if self.gaps and self.gaps[-1] == (track.next_lba - CD_PACKET_LINK, CD_PACKET_LINK):
            self.gaps.pop()  # the last packet's link: its first blocks become the track's run-out
            track.next_lba -= CD_PACKET_LINK
        short = CD_MIN_TRACK - (track.next_lba - track.start)
        if short > 0:
            track.next_lba = min(track.next_lba + short, self.limit)
        if track.end is None:
            self.gaps.append((track.next_lba, CD_RUN_OUT))
            track.next_lba += CD_RUN_OUT
            track.end = track.next_lba
        else:
            track.next_lba = track.end

    def close_session(self, *, finalize: bool) -> None:
        """Close the open session; with ``finalize`` the disc too, else an empty session follows."""
        for number, track in enumerate(self.tracks, 1):
            if not track.closed and not (track.blank and not track.reserved):
                self.close_track(number)
        if self.tracks and self.tracks[-1].blank:
            self.tracks.pop()
        self._merge_fragments()
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

    def _merge_fragments(self) -> None:
        """A DVD+R session's fragments are one logical track once the session is closed (MMC-6 4.3.6.2)."""
        fragments = self.session_tracks(self.sessions)
        if self.kind is not MediumKind.DVD_PLUS_R or len(fragments) < 2:
            return
        first, last = fragments[0], fragments[-1]
        end = self.track_end(last)
        self.tracks = [track for track in self.tracks if track.session != self.sessions]
        self.tracks.append(Track(self.sessions, first.start, end, end, closed=True, packet=first.packet))

    def _append_incomplete(self, start: int) -> None:
        if start < self.limit:
            self.tracks.append(Track(self.sessions, start, start, packet=self.packet_recording))

    def format(self, sectors: int, state: FormatState) -> None:
        """Format a rewritable disc, or give a blank BD-R its spares: one track over ``sectors``."""
        self.sectors = sectors
        self.format_state = state
