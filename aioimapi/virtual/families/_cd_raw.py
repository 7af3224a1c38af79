"""Raw writing: the host sends lead-in, program and lead-out, subchannel and all; the drive only moves on (MMC-6 4.2.4).

What the disc holds the drive learns as any other would: from the table of contents in the lead-in's Q channel.
"""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.cd import (
    SYNC,
    PackInterleaver,
    Q,
    QMode,
    channel,
    from_bcd,
    lba_time,
    scramble,
    time_lba,
    with_pq,
)
from aioimapi.units import RAW_SECTOR_SIZE
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError
from aioimapi.virtual.discs._cd import CdDisc, CdForm, CdSession, CdTrack, NextSession
from aioimapi.virtual.discs._cd_traits import CD_FIRST_LEAD_IN_LBA, CD_LEAD_IN, CD_PREGAP
from aioimapi.virtual.families._cd_blocks import RAW_BLOCK_SIZES, user_data_of
from aioimapi.virtual.families._cd_sao import finish_session, write_user_data
from aioimapi.virtual.families._cd_text import TextCollector
from aioimapi.virtual.files._medium import VirtualMedium

_WITH_PQ: Final = 1
_WITH_PACKS: Final = 2
_FIRST: Final = 0xA0
_LEAD_OUT: Final = 0xA2
_NEXT: Final = 0xB0
_DATA: Final = 4
_XA: Final = 0x20


@attrs.define
class RawJob:
    """A session that is being written raw.

    Attributes:
        block_type: Data block type of mode page 05h: 1, 2 or 3.
        session: Its number.
        first: Number of its first track.
        start: Where its program area begins.
        lead_in: Where its lead-in begins.
        next_lba: Where the next WRITE goes.
        toc: What the lead-in has told so far: control nibble, pointer and disc type by point.
        following: What its B0h entry says.
        text: The CD-Text of the lead-in.
        tracks: Its tracks, once the lead-in is over.
        lead: What the lead-in says beside them.
        end: Where the lead-out begins, once that is known.
    """

    block_type: int
    session: int
    first: int
    start: int
    lead_in: int
    next_lba: int
    toc: dict[int, tuple[int, bytes]] = attrs.field(factory=dict)
    following: NextSession = NextSession.NONE
    text: TextCollector = attrs.field(factory=TextCollector)
    packs: PackInterleaver = attrs.field(factory=PackInterleaver)
    tracks: list[CdTrack] = attrs.field(factory=list)
    lead: CdSession = attrs.field(factory=CdSession)
    end: int | None = None
    begun: bool = False

    @classmethod
    def begin(cls, disc: CdDisc, block_type: int) -> RawJob:
        """Return the job for a disc whose last session is empty."""
        first = len(disc.tracks) - len(disc.session_tracks(disc.sessions)) + 1
        start = disc.next_start
        lead_in = CD_FIRST_LEAD_IN_LBA if disc.sessions == 1 else start - CD_PREGAP - CD_LEAD_IN
        return cls(block_type, disc.sessions, first, start, lead_in, lead_in)

    def write_bytes(self, lba: int, count: int) -> int:
        """Return how many bytes a WRITE brings."""
        return RAW_BLOCK_SIZES[self.block_type] * count

    def accept(self, lba: int, count: int) -> int:
        """Return the number of the first track, which stands for the session, or end the command."""
        begins = not self.begun and self.lead_in <= lba < self.start - CD_PREGAP
        if lba != self.next_lba and not begins:
            raise CheckConditionError(5, 0x21, 2)  # invalid address for write
        return self.first

    # --- writing ------------------------------------------------------------------------------------

    def write(self, medium: VirtualMedium, lba: int, count: int, data: memoryview) -> None:
        """Put an accepted WRITE onto the disc."""
        self.begun = True
        size = RAW_BLOCK_SIZES[self.block_type]
        program = self.start - CD_PREGAP
        run: list[bytes] = []
        for at in range(count):
            block = data[at * size : (at + 1) * size]
            sub = self._subchannel(block[RAW_SECTOR_SIZE:], spread=lba + at >= program)
            if lba + at < program:
                self._lead_in_sector(sub)
                continue
            if self.end is None:
                self._lay_out(medium)
            if self.end is not None and lba + at < self.end:
                if run and any(track.start == lba + at for track in self.tracks):
                    self._store(medium, lba + at - len(run), run)
                    run = []
                run.append(self._sector(lba + at, bytes(block[:RAW_SECTOR_SIZE]), sub) + sub)
            elif run:
                self._store(medium, lba + at - len(run), run)
                run = []
        if run:
            self._store(medium, lba + count - len(run), run)
        self.next_lba = lba + count

    def _subchannel(self, sub: memoryview, *, spread: bool) -> bytes:
        """Return the channels P to W as they lie on the disc; CD-Text in the lead-in is not spread."""
        if self.block_type == _WITH_PQ:
            # The check bytes are the drive's: some programs send zeros for them.
            return with_pq(b"", Q.of(sub).to_bytes(), p=bool(sub[15] & 0x80))
        return self.packs.sector(sub) if spread and self.block_type == _WITH_PACKS else bytes(sub)

    def _lead_in_sector(self, sub: bytes) -> None:
        self.text.take(sub)
        q = Q.parse(channel(sub, 1))
        if q is None or q.track != 0:
            return
        if q.adr == QMode.POSITION:
            self.toc.setdefault(q.point, (q.control, q.pointer))
        elif q.adr == QMode.SESSION and q.point == _NEXT:
            told = q.data[2:5]
            self.following = NextSession.FORBIDDEN if told == b"\xff\xff\xff" else NextSession.ALLOWED

    def _lay_out(self, medium: VirtualMedium) -> None:
        """Make of the lead-in's table of contents the tracks of the session."""
        disc = medium.state
        assert isinstance(disc, CdDisc)
        places: list[tuple[int, int, int]] = []
        for point, (control, pointer) in self.toc.items():
            number, lba = from_bcd(point), time_lba(pointer)
            if number and lba is not None:
                places.append((number, lba, control))
        places.sort()
        out = self.toc.get(_LEAD_OUT)
        end = None if out is None else time_lba(out[1])
        if not self._fits(disc, places, end):
            raise CheckConditionError(3, 0x72, 1)  # session fixation error writing lead-in
        assert end is not None
        head = self.toc.get(_FIRST)
        self.lead = CdSession(0 if head is None else head[1][1], following=self.following)
        ends = [lba for _, lba, _ in places[1:]] + [end]
        self.tracks = [
            CdTrack(
                self.session,
                lba,
                lba,
                after,
                form=CdForm.MODE_1 if control & _DATA else CdForm.AUDIO,
                raw=True,
                own_subchannel=True,
                control=control,
                whole=True,
                pregap=CD_PREGAP if number == self.first else 0,
            )
            for (number, lba, control), after in zip(places, ends, strict=True)
        ]
        self.tracks[0].pregap = self.tracks[0].start - (self.start - CD_PREGAP)
        self.end = end
        disc.lay_out(self.tracks, self.lead)
        medium.save()

    def _fits(self, disc: CdDisc, places: list[tuple[int, int, int]], end: int | None) -> bool:
        """Return whether a table of contents can be that of the session."""
        if not places or end is None or end > disc.sectors:
            return False
        starts = [lba for _, lba, _ in places]
        numbers = [number for number, _, _ in places]
        return (
            starts == sorted(set(starts))
            and numbers == list(range(self.first, self.first + len(numbers)))
            and starts[0] >= self.start
            and starts[-1] < end
        )

    def _sector(self, lba: int, main: bytes, sub: bytes) -> bytes:
        """Note what a sector of the program area tells, and return its main channel as hosts read it."""
        number = self._track_at(lba)
        track = self.tracks[number]
        q = Q.parse(channel(sub, 1))
        if q is not None:
            self._note(q, lba)
        if track.form is CdForm.AUDIO and lba >= track.start:
            return main
        if main.startswith(SYNC):
            if main[12:15] != lba_time(lba):  # on the disc data is scrambled, and hosts are to send it so
                main = scramble(main)
            if lba == track.start:
                self._recognise(track, main)
        return main

    def _track_at(self, lba: int) -> int:
        """Return the place in the list of the track whose start lies behind ``lba`` last, 0 in front of all."""
        number = 0
        for at, track in enumerate(self.tracks):
            if track.start - track.pregap > lba:
                break
            number = at
        return number

    def _recognise(self, track: CdTrack, main: bytes) -> None:
        if main[15] == 2:
            forms = self.lead.disc_type == _XA or main[16:20] == main[20:24]
            track.form = CdForm.FORMS if forms else CdForm.MODE_2

    def _note(self, q: Q, lba: int) -> None:
        """Learn pregaps, indexes and numbers from Q."""
        if q.adr == QMode.CATALOG:
            self.lead.catalog = self.lead.catalog or q.catalog_number or ""
            return
        at = self._track_at(lba)
        if q.adr == QMode.ISRC:
            self.tracks[at].isrc = self.tracks[at].isrc or q.track_isrc or ""
            return
        number, index = q.track, q.index
        if q.adr != QMode.POSITION or number is None or index is None:
            return
        place = number - self.first
        if not 0 <= place < len(self.tracks):
            return
        track = self.tracks[place]
        if index == 0 and lba < track.start and not track.pregap and place:
            track.pregap = track.start - lba
            before = self.tracks[place - 1]
            before.end = lba
        elif index == 2 + len(track.indexes) and lba > track.start:
            track.indexes.append(lba)

    def _store(self, medium: VirtualMedium, lba: int, run: list[bytes]) -> None:
        """Put sectors that lie side by side onto the disc; none of them but the first begins a track."""
        number = self._track_at(lba)
        track = self.tracks[number]
        if track.form.data:
            user = [user_data_of(sector) if sector.startswith(SYNC) else None for sector in run]
            write_user_data(medium, lba, user)
        data = b"".join(run)
        end = lba + len(run)
        inside = min(end, track.end or end)
        if lba < track.start:
            medium.put_raw(lba, data)
        elif inside == end:
            medium.record_raw(self.first + number, lba, data)
        else:  # the next track's pregap has begun within
            medium.put_raw(lba, data)
            medium.record(self.first + number, inside, b"", 0)

    def flush(self, drive: DriveState, medium: VirtualMedium) -> None:
        """Close the session once its lead-out has begun; before that nothing is to be done."""
        if self.end is not None and self.next_lba > self.end:
            finish_session(drive, medium, self.lead, self.text.packs())
