"""Session at once: the host sends a cue sheet, then every sector from the first pregap to the lead-out (MMC-6 6.36)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import attrs

from aioimapi.cd import PackInterleaver, with_pq
from aioimapi.errors import InvalidFieldError
from aioimapi.mmc import CueLine, CueSheet
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_parameter
from aioimapi.virtual.discs._cd import CdDisc, CdSession, CdTrack, NextSession
from aioimapi.virtual.discs._cd_traits import CD_FIRST_LEAD_IN_LBA, CD_LEAD_IN, CD_MIN_TRACK, CD_PREGAP
from aioimapi.virtual.families._cd_blocks import DATA_FORMS, BlockType, raw_of
from aioimapi.virtual.families._cd_q import q_of
from aioimapi.virtual.families._cd_text import TextCollector
from aioimapi.virtual.files._medium import VirtualMedium

_LINE: Final = 8
_ADR_PLACE: Final = 1
_TRACK_BYTE: Final = 1
_INDEX_BYTE: Final = 2
_FORM_BYTE: Final = 3
_PLACE_BYTE: Final = 5


@attrs.frozen
class Segment:
    """A row of sectors that one line of the cue sheet stands for.

    Attributes:
        start: First sector.
        end: First sector after it.
        number: Track number; 0 is the lead-in.
        index: 0 is the pregap.
        block: What the host sends of the main channel.
        sub: Bytes of subchannel behind it.
        packs: The subchannel comes as packs, which the drive protects and spreads over the sectors.
    """

    start: int
    end: int
    number: int
    index: int
    block: BlockType
    sub: int
    packs: bool = False

    @property
    def size(self) -> int:
        """Bytes of each block."""
        return self.block.size + self.sub


@attrs.define
class SaoJob:
    """A session that is being written at once.

    Attributes:
        segments: All of it, in order.
        tracks: Its tracks as they will be.
        lead: What its lead-in will say.
        first: Number of its first track.
        begin: Where the pregap of its first track begins.
        end: Where its lead-out begins.
        next_lba: Where the next WRITE goes.
        text: The CD-Text that the host sends with the lead-in.
        packs: What spreads packs over the sectors.
        begun: Whether the host has written anything.
    """

    segments: list[Segment]
    tracks: list[CdTrack]
    lead: CdSession
    first: int
    begin: int
    end: int
    next_lba: int
    text: TextCollector = attrs.field(factory=TextCollector)
    begun: bool = False
    spread: PackInterleaver = attrs.field(factory=PackInterleaver)

    # --- what a WRITE brings ------------------------------------------------------------------------

    def parts(self, lba: int, count: int) -> Iterator[tuple[Segment, int, int]]:
        """Return the pieces of a WRITE, as segment, first sector and how many."""
        at, end = lba, lba + count
        for segment in self.segments:
            if at >= end:
                return
            if segment.start <= at < segment.end:
                size = min(end, segment.end) - at
                yield segment, at, size
                at += size

    def write_bytes(self, lba: int, count: int) -> int:
        """Return how many bytes a WRITE brings."""
        return sum(segment.size * size for segment, _, size in self.parts(lba, count))

    def accept(self, lba: int, count: int) -> int:
        """Return the number of the first track, which stands for the session, or end the command."""
        begins = not self.begun and self.segments[0].start <= lba < self.begin and self.segments[0].size
        if lba != self.next_lba and not begins:
            raise CheckConditionError(5, 0x21, 2)  # invalid address for write
        if lba + count > self.end:
            raise CheckConditionError(5, 0x21, 0)
        return self.first

    # --- writing ------------------------------------------------------------------------------------

    def write(self, medium: VirtualMedium, lba: int, count: int, data: memoryview) -> None:
        """Put an accepted WRITE onto the disc."""
        disc = medium.state
        assert isinstance(disc, CdDisc)
        if not self.begun:
            disc.lay_out(self.tracks, self.lead)
            self.begun = True
            medium.save()
        at = 0
        for segment, first, size in self.parts(lba, count):
            piece = data[at : at + segment.size * size]
            at += len(piece)
            if not segment.number:
                self.text.take(piece)
            elif self.tracks[segment.number - self.first].raw:
                self._write_raw(medium, segment, first, size, piece)
            else:
                _write_plain(medium, segment, first, size, piece)
        self.next_lba = lba + count

    def _write_raw(
        self, medium: VirtualMedium, segment: Segment, lba: int, count: int, data: memoryview
    ) -> None:
        track = self.tracks[segment.number - self.first]
        subs = None
        if segment.sub:
            # P and Q are the drive's, whatever the host sends (MMC-6 6.36.3.15).
            subs = []
            for at in range(count):
                own: bytes | memoryview = data[at * segment.size + segment.block.size :][: segment.sub]
                if segment.packs:
                    own = self.spread.sector(own)
                q, p = q_of(track, segment.number, self.lead, lba + at)
                subs.append(with_pq(own, q, p=p))
        raw, user = raw_of(segment.block, lba, count, data, subs, segment.sub)
        write_user_data(medium, lba, user)
        if segment.index:
            medium.record_raw(segment.number, lba, raw)
        else:
            medium.put_raw(lba, raw)

    def flush(self, drive: DriveState, medium: VirtualMedium) -> None:
        """Close the session once all of it is written; before that nothing is to be done."""
        if self.next_lba == self.end:
            finish_session(drive, medium, self.lead, self.text.packs())


def _write_plain(medium: VirtualMedium, segment: Segment, lba: int, count: int, data: memoryview) -> None:
    user = (
        segment.block.user_data(data)
        if segment.block.plain and data
        else memoryview(bytes(count * SECTOR_SIZE))
    )
    if segment.index:
        medium.record(segment.number, lba, user, count)
    elif lba + count > 0:
        hidden = max(0, -lba)  # sectors in front of the first one have no place in the medium file
        medium.put(lba + hidden, user[hidden * SECTOR_SIZE :])


def write_user_data(medium: VirtualMedium, lba: int, user: list[bytes | None]) -> None:
    """Put what user data whole sectors have into the medium file, too, so that it can be mounted."""
    run: list[bytes] = []
    for at, data in enumerate([*user, None]):
        if data is not None and lba + at >= 0:
            run.append(data)
        elif run:
            medium.put(lba + at - len(run), b"".join(run))
            run = []


def finish_session(drive: DriveState, medium: VirtualMedium, lead: CdSession, text: bytes) -> None:
    """Close a session that was written as a whole, lead-in and lead-out included."""
    disc = medium.state
    assert isinstance(disc, CdDisc)
    lead.text = text
    disc.close_session(finalize=lead.following is not NextSession.ALLOWED)
    medium.save()
    drive.spend(drive.physics.finalize_s)
    drive.end_simulated_session()


# --- the cue sheet ------------------------------------------------------------------------------------


def plan_session(disc: CdDisc, data: bytes, lead: CdSession) -> SaoJob:
    """Make of a cue sheet what is to be done, or end the command with 5/26/00 and where the sheet is wrong.

    Args:
        disc: The disc; its last session is empty.
        data: The cue sheet.
        lead: What mode page 05h says of the session.
    """
    try:
        sheet = CueSheet.parse(data)
    except InvalidFieldError as error:
        raise invalid_parameter(error.byte, error.bit) from None
    places = [at for at in range(0, len(data), _LINE) if data[at] & 0x0F == _ADR_PLACE]
    # Of a later session drives tell either the pregap or the program as its next writable address, and hosts begin
    # there: cdrdao and wodim take it for the pregap, cdrskin for the program.
    begin = sheet.lines[1].lba
    begins = {disc.next_start - CD_PREGAP, disc.next_start if disc.sessions > 1 else -CD_PREGAP}
    start = begin + CD_PREGAP
    first = len(disc.tracks) - len(disc.session_tracks(disc.sessions)) + 1
    lines = sheet.lines
    if lines[1].track != first:
        raise invalid_parameter(places[1] + _TRACK_BYTE)
    if lines[1].index:
        raise invalid_parameter(places[1] + _INDEX_BYTE)
    if begin not in begins or lines[2].lba < start:
        raise invalid_parameter(places[2 if begin in begins else 1] + _PLACE_BYTE)
    if lines[-1].lba > disc.sectors:
        raise invalid_parameter(places[-1] + _PLACE_BYTE)
    for at, line in zip(places, lines, strict=True):
        if line.main_form not in DATA_FORMS or bool(DATA_FORMS[line.main_form].form.data) != line.is_data:
            raise invalid_parameter(at + _FORM_BYTE)
    lead.catalog = sheet.catalog or lead.catalog
    tracks = [_track(disc, sheet, number, places) for number in sheet.tracks]
    lead_in = CD_FIRST_LEAD_IN_LBA if disc.sessions == 1 else min(begins) - CD_LEAD_IN
    segments = [_segment(lines[0], lead_in, begin)]
    segments += [_segment(line, line.lba, after.lba) for line, after in itertools.pairwise(lines[1:])]
    first_write = lead_in if segments[0].size else begin
    return SaoJob(segments, tracks, lead, first, begin, lines[-1].lba, first_write)


def _segment(line: CueLine, start: int, end: int) -> Segment:
    block = DATA_FORMS[line.main_form]
    if not line.track:  # of the lead-in the host can send the subchannel only
        block = attrs.evolve(block, size=0)
    return Segment(start, end, line.track, line.index, block, line.sub_bytes, line.packed_sub_channel)


def _track(disc: CdDisc, sheet: CueSheet, number: int, places: list[int]) -> CdTrack:
    """Return one track as the sheet describes it."""
    lines = [(at, line) for at, line in zip(places, sheet.lines, strict=True) if line.track == number]
    at, begin = next((at, line) for at, line in lines if line.index == 1)
    behind = sheet.lines[sheet.lines.index(lines[-1][1]) + 1]
    end, pregap = behind.lba, begin.lba - lines[0][1].lba
    # Of a track whose end is the pregap of the next one, that counts: programs cut discs up so.
    following = next(line for line in sheet.lines if line.index == 1 and line.track not in range(number + 1))
    if following.lba - begin.lba < CD_MIN_TRACK:
        raise invalid_parameter(at + _PLACE_BYTE)
    block = DATA_FORMS[begin.main_form]
    own = any(line.sub_bytes for _, line in lines)
    return CdTrack(
        disc.sessions,
        begin.lba,
        begin.lba,
        end,
        form=block.form,
        raw=own or not block.plain,
        own_subchannel=own,
        control=begin.control,
        whole=True,
        pregap=pregap,
        indexes=[line.lba for _, line in lines if line.index > 1],
        isrc=sheet.isrc(number) or "",
    )
