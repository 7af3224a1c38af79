"""What is recorded on a CD: sessions with their catalogue numbers and texts, tracks with their modes and indexes.

Tracks that are written at once or in packets end in run-out blocks, packets in links, and none is shorter than four
seconds. Tracks of a session that is written as a whole join each other without any.
"""

from __future__ import annotations

import bisect
import enum
from typing import Any, ClassVar, Self

import attrs

from aioimapi.virtual.discs._cd_traits import (
    CD_FIXED_PACKET,
    CD_LINK,
    CD_MIN_TRACK,
    CD_PACKET_LINK,
    CD_PREGAP,
    CD_RUN_OUT,
)
from aioimapi.virtual.discs._state import (
    DiscState,
    DiscStatus,
    FormatState,
    SessionState,
    Track,
    sector_number,
)

MAX_TRACKS = 99
"""Tracks that a CD can number."""

MAX_TEXT_BYTES = 8 * 256 * 18
"""CD-Text of eight languages with 256 packs each."""


class CdForm(enum.Enum):
    """What the sectors of a track are."""

    AUDIO = "audio"
    MODE_1 = "mode 1"
    MODE_2 = "mode 2"
    """Without forms: 2,336 bytes of data."""
    FORM_1 = "mode 2 form 1"
    FORMS = "mode 2 forms 1 and 2"
    """The subheader of each sector says which."""

    @property
    def data(self) -> bool:
        """Whether it is data."""
        return self is not CdForm.AUDIO

    @property
    def mode(self) -> int:
        """The data mode that READ TRACK INFORMATION tells: Fh is unknown, of audio (MMC-6 6.27.3.12)."""
        return {CdForm.AUDIO: 0x0F, CdForm.MODE_1: 1}.get(self, 2)


@attrs.define
class CdTrack(Track):
    """A track of a CD.

    Attributes:
        form: What its sectors are.
        raw: Its sectors lie in the raw file, all 2,352 bytes and the subchannel; else as user data in the medium file.
        own_subchannel: The host wrote the subchannel; else the drive made it up.
        control: Control nibble of Q: bit 2 data, bit 1 copy permitted, bit 0 pre-emphasis, bit 3 four channels.
        whole: It was written with its whole session: there are no links and run-out blocks, and pregaps can be read.
        pregap: Sectors in front of it that count as its index 0.
        indexes: Where its index 2 and the following begin.
        isrc: Its recording code, 12 characters, or empty.
        subheader: Subheader that all its sectors have, of form 1: 8 bytes; empty where there is none.
    """

    form: CdForm = CdForm.MODE_1
    raw: bool = False
    own_subchannel: bool = False
    control: int = 4
    whole: bool = False
    pregap: int = CD_PREGAP
    indexes: list[int] = attrs.field(factory=list)
    isrc: str = ""
    subheader: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """Return it as the sidecar has it."""
        return {
            **super().to_json(),
            "form": self.form.value,
            "raw": self.raw,
            "own_subchannel": self.own_subchannel,
            "control": self.control,
            "whole": self.whole,
            "pregap": self.pregap,
            "indexes": self.indexes,
            "isrc": self.isrc,
            "subheader": self.subheader.hex(),
        }

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> Self:
        """Return the track that :meth:`to_json` made ``item`` of; sidecars of version 1 have data tracks only.

        Raises:
            ValueError, LookupError, TypeError: It was not made by it.
        """
        track = super().from_json(item)
        if "form" in item:
            track.form = CdForm(item["form"])
            track.raw = bool(item["raw"])
            track.own_subchannel = bool(item["own_subchannel"])
            track.control = sector_number(item["control"]) & 0x0F
            track.whole = bool(item["whole"])
            track.pregap = sector_number(item["pregap"])
            track.indexes = [sector_number(lba) for lba in item["indexes"]]
            track.isrc = _text(item["isrc"], 12)
            track.subheader = bytes.fromhex(item["subheader"])
        return track


class NextSession(enum.Enum):
    """What a session's lead-in says of a next one: its B0h entry (MMC-6 7.5.3.5)."""

    NONE = "none"
    """No B0h entry: the disc has one session, or this is its last."""
    FORBIDDEN = "forbidden"
    """A B0h entry of FF:FF:FF."""
    ALLOWED = "allowed"


@attrs.define
class CdSession:
    """What a session's lead-in says beside its tracks.

    Attributes:
        disc_type: 00h CD-DA or CD-ROM, 10h CD-I, 20h CD-ROM XA.
        catalog: Media catalogue number, 13 digits, or empty.
        text: CD-Text, whole packs of 18 bytes.
        following: Whether another session may follow.
    """

    disc_type: int = 0
    catalog: str = ""
    text: bytes = b""
    following: NextSession = NextSession.NONE

    def to_json(self) -> dict[str, Any]:
        """Return it as the sidecar has it."""
        return {
            "disc_type": self.disc_type,
            "catalog": self.catalog,
            "text": self.text.hex(),
            "following": self.following.value,
        }

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> Self:
        """Return the session that :meth:`to_json` made ``item`` of.

        Raises:
            ValueError, LookupError, TypeError: It was not made by it.
        """
        text = bytes.fromhex(item["text"])
        if len(text) % 18 or len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"CD-Text of {len(text)} bytes")
        return cls(
            sector_number(item["disc_type"]) & 0xFF,
            _text(item["catalog"], 13),
            text,
            NextSession(item["following"]),
        )


def _text(value: object, size: int) -> str:
    if not isinstance(value, str) or not value.isascii() or len(value) not in (0, size):
        raise ValueError(f"{value!r} has not {size} characters")
    return value


class CdArea(enum.Enum):
    """What a stretch of sectors is."""

    TRACK = "track"
    PREGAP = "pregap"
    """Index 0 of a track, where it can be read."""
    LINK = "link"
    """Run-out, link and run-in blocks: those in front of a pregap, too, where data was not written with its session."""
    BLANK = "blank"
    OUTSIDE = "outside"
    """Lead-in and lead-out."""


@attrs.define
class CdDisc(DiscState):
    """The recording state of a CD.

    Attributes:
        leads: What the lead-ins say, by session.
        laid_out: The last session is being written as a whole.
        job: What the drive knows of that while it does it; gone with its power or the disc's removal.
    """

    track_type: ClassVar[type[Track]] = CdTrack

    leads: list[CdSession] = attrs.field(factory=list)
    laid_out: bool = False
    job: Any = attrs.field(default=None, eq=False)

    # --- the sidecar --------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return the lead-ins."""
        return {"leads": [lead.to_json() for lead in self.leads], "laid_out": self.laid_out}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take the lead-ins; of a sidecar of version 1, whose sessions had no facts, those that fit.

        Raises:
            ValueError, LookupError, TypeError: These are none.
        """
        if facts:
            self.leads = [CdSession.from_json(item) for item in facts["leads"]]
            self.laid_out = bool(facts["laid_out"])
            return
        closed = self.sessions if self.finalized else self.sessions - 1
        self.leads = [CdSession(following=NextSession.ALLOWED) for _ in range(closed)]
        if self.finalized and self.leads:
            self.leads[-1].following = NextSession.FORBIDDEN

    @property
    def file_sectors(self) -> int:
        """Sectors that the medium file must have: what was recorded of tracks that lie in it."""
        if not self.sequential:
            return 0
        return max((track.next_lba for track in self.cd_tracks if not track.raw), default=0)

    def check(self) -> None:
        """Refuse states that no sequence of commands leads to.

        Raises:
            ValueError: This is one.
        """
        super().check()
        if len(self.leads) > self.sessions:
            raise ValueError(f"{len(self.leads)} lead-ins of {self.sessions} sessions")

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def cd_tracks(self) -> list[CdTrack]:
        """The tracks, as what they are."""
        return self.tracks  # type: ignore[return-value]

    @property
    def sequential(self) -> bool:
        """Whether it is recorded in sequence: not once it is formatted for packets that can be overwritten."""
        return not self.formatted

    @property
    def packet_sectors(self) -> int:
        """User sectors where the disc is formatted to fixed packets of 32, each with its links."""
        return self.raw_sectors // (CD_FIXED_PACKET + CD_PACKET_LINK) * CD_FIXED_PACKET

    def lead(self, session: int) -> CdSession:
        """Return what the lead-in of a session says, or will say; it is kept from now on."""
        while len(self.leads) < session:
            self.leads.append(CdSession())
        return self.leads[session - 1]

    @property
    def limit(self) -> int:
        """First sector that no track can use for user data: a track's run-out must have room."""
        return self.sectors - CD_RUN_OUT

    @property
    def damaged(self) -> bool:
        """Whether the last session was begun as a whole and cannot be finished any more."""
        return self.laid_out and self.job is None

    @property
    def session_state(self) -> SessionState:
        """State of the last session: damaged, too."""
        if self.laid_out:
            return SessionState.DAMAGED if self.job is None else SessionState.INCOMPLETE
        return super().session_state

    @property
    def status(self) -> DiscStatus:
        """Disc status: no longer blank once a session is laid out."""
        return DiscStatus.APPENDABLE if self.laid_out else super().status

    @property
    def complete_sessions(self) -> int:
        """How many sessions are closed."""
        return self.sessions if self.finalized or not self.sequential else self.sessions - 1

    @property
    def plain(self) -> bool:
        """Whether all tracks are data that lies in the medium file."""
        return not any(track.raw for track in self.cd_tracks)

    @property
    def being_written(self) -> int | None:
        """The number of the track that a session that is written as a whole has come to, or None."""
        if self.job is None or not self.laid_out:
            return None
        inside = [n for n, t in enumerate(self.tracks, 1) if t.session == self.sessions]
        return max((n for n in inside if self.tracks[n - 1].start <= self.job.next_lba), default=inside[0])

    @property
    def next_start(self) -> int:
        """Where the program area of the open session begins."""
        first = self.session_tracks(self.sessions)
        return first[0].start if first else self.sectors

    def area(self, lba: int) -> tuple[CdArea, int, int]:
        """Return what lies at ``lba``.

        Returns:
            What it is, the number of the track that it belongs to (0 outside), and the first sector after it
            that may be something else.
        """
        tracks = self.cd_tracks
        number = bisect.bisect_right(tracks, lba, key=lambda track: track.start - track.pregap)
        if not number:
            return CdArea.OUTSIDE, 0, tracks[0].start - tracks[0].pregap if tracks else self.sectors
        track = tracks[number - 1]
        end = self.track_end(track)
        if lba < track.start:
            if track.blank and not track.whole:
                return CdArea.BLANK, number, track.start
            linked = track.start - track.pregap + CD_LINK
            if not track.whole and track.form.data and lba < linked:
                return CdArea.LINK, number, linked
            return CdArea.PREGAP, number, track.start
        if lba >= end:
            following = tracks[number].start - tracks[number].pregap if number < len(tracks) else 1 << 31
            return CdArea.OUTSIDE, 0, following
        if lba >= track.next_lba:
            return CdArea.BLANK, number, end
        gap = self.in_gap(lba, track.next_lba - lba)
        if gap == lba:
            return (
                CdArea.LINK,
                number,
                min(track.next_lba, next(f + c for f, c in self.gaps if f <= lba < f + c)),
            )
        return CdArea.TRACK, number, track.next_lba if gap is None else gap

    # --- what commands do to it ---------------------------------------------------------------------

    def end_packet(self, track: Track) -> None:
        """Close a CD packet: run-out, link and run-in blocks follow, which nothing can read."""
        self.gaps.append((track.next_lba, CD_PACKET_LINK))
        track.next_lba += CD_PACKET_LINK
        track.packet = True

    def end_track(self, track: Track) -> None:
        """End a track: at least four seconds, and run-out blocks."""
        if self.gaps and self.gaps[-1] == (track.next_lba - CD_PACKET_LINK, CD_PACKET_LINK):
            self.gaps.pop()  # the last packet's link: its first blocks become the track's run-out
            track.next_lba -= CD_PACKET_LINK
        short = CD_MIN_TRACK - (track.next_lba - track.start)
        if short > 0:
            track.next_lba = min(track.next_lba + short, self.limit)
        if track.end is None:
            if not isinstance(track, CdTrack) or track.form.data:
                self.gaps.append((track.next_lba, CD_RUN_OUT))  # of audio it is silence, and can be read
            track.next_lba += CD_RUN_OUT
            track.end = track.next_lba
        else:
            track.next_lba = track.end

    def unloaded(self) -> None:
        """Forget the cue sheet: a session that is being written as a whole cannot be finished any more."""
        self.job = None

    def lay_out(self, tracks: list[CdTrack], lead: CdSession) -> None:
        """Make the open session, which is empty, one that is written as a whole: all its tracks are known."""
        self.tracks = [track for track in self.tracks if track.session != self.sessions]
        self.tracks.extend(tracks)
        self.lead(self.sessions)
        self.leads[self.sessions - 1] = lead
        self.laid_out = True

    def close_track(self, number: int) -> None:
        """Close an open track; one of a session that is being written as a whole ends that, and the session is lost."""
        if self.laid_out:
            self.job = None
            return
        super().close_track(number)

    def close_session(self, *, finalize: bool) -> None:
        """Close the open session; where the disc ends with it, its lead-in says so."""
        self.laid_out, self.job = False, None
        lead = self.lead(self.sessions)
        super().close_session(finalize=finalize)
        if self.finalized and lead.following is NextSession.ALLOWED:
            lead.following = NextSession.FORBIDDEN

    def finalize_empty(self) -> None:
        """Let the empty session vanish, and nothing follow the last one."""
        super().finalize_empty()
        self.leads = self.leads[: self.sessions]
        self.lead(self.sessions).following = NextSession.FORBIDDEN

    def mend(self) -> None:
        """Keep what was recorded of a session that cannot be finished, so that it can be closed."""
        start = self.next_start
        self.laid_out, self.job = False, None
        self.tracks = [track for track in self.tracks if track.session < self.sessions or not track.blank]
        kept = self.session_tracks(self.sessions)
        if not kept:
            self.tracks.append(self.new_track(self.sessions, start))
            return
        kept[-1].end = max(kept[-1].next_lba, kept[-1].start + CD_MIN_TRACK)
        for track in kept:
            track.next_lba = self.track_end(track)
            track.closed = True

    def _append_incomplete(self, start: int) -> None:
        if len(self.tracks) < MAX_TRACKS:
            super()._append_incomplete(start)

    def format_packets(self, sectors: int) -> None:
        """Make the disc one session with one track of fixed packets, all of it recorded with zeros."""
        self.erase_all()
        self.format(sectors, FormatState.COMPLETE)
        track = self.cd_tracks[0]
        track.next_lba, track.packet, track.whole = sectors, True, True
        self.lead(1)

    def erase_all(self) -> None:
        """Make the disc blank again."""
        fresh = type(self).blank(self.kind, self.raw_sectors)
        for field in attrs.fields(type(self)):
            setattr(self, field.name, getattr(fresh, field.name))
