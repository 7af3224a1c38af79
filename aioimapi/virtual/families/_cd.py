"""CD-R, CD-RW and CD-ROM: packets, track at once, session at once, raw; data and audio (MMC-6 4.2, 7.5)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import (
    Blank,
    CloseFunction,
    CloseTrackSession,
    ReadTocPmaAtip,
    ReadTrackInformation,
    ReserveTrack,
    TrackAddressType,
)
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_parameter
from aioimapi.virtual._write_parameters import multi_session, write_parameters, write_type
from aioimapi.virtual.discs._cd import CdDisc, CdTrack, NextSession
from aioimapi.virtual.discs._cd_traits import (
    CD_FIXED_PACKET,
    CD_MIN_TRACK,
    CD_PACKET_LINK,
    CD_PREGAP,
    CD_RUN_OUT,
)
from aioimapi.virtual.discs._state import DiscState, DiscStatus, SessionState, Track
from aioimapi.virtual.families import _cd_answers as answers
from aioimapi.virtual.families._cd_blank import blank
from aioimapi.virtual.families._cd_blocks import DATA_BLOCK_TYPES, RAW_BLOCK_SIZES, raw_of
from aioimapi.virtual.families._cd_q import control_at
from aioimapi.virtual.families._cd_raw import RawJob
from aioimapi.virtual.families._cd_read import check_area, illegal_mode, read_user_data
from aioimapi.virtual.families._cd_sao import SaoJob, write_user_data
from aioimapi.virtual.families._family import (
    INVISIBLE_TRACK,
    LEAD_OUT,
    Family,
    Feature,
    FormatChoice,
    msf,
    sequence_error,
)
from aioimapi.virtual.files._medium import VirtualMedium

WRITE_PACKET: Final = 0
WRITE_TAO: Final = 1
WRITE_SAO: Final = 2
WRITE_RAW: Final = 3
"""Write types of mode page 05h (MMC-6 7.5.3.2)."""

MAX_CUE_SHEET: Final = 8_192
"""Bytes of the largest cue sheet: a thousand lines."""

_DATA: Final = 4
FOLLOWING: Final = {0: NextSession.NONE, 1: NextSession.FORBIDDEN, 3: NextSession.ALLOWED}
"""By the Multi-session field (MMC-6 7.5.3.5)."""

_CD_READ: Final[Feature] = (2, b"\x03\0\0\0")
"""C2 error pointers, CD-Text."""
_INCREMENTAL: Final[Feature] = (3, bytes((0x3F, 0, 1, 1, 7, 0, 0, 0)))
"""Data block types 8 to 13; buffer underruns cost nothing; one link size, 7."""
_TRACK_AT_ONCE: Final[Feature] = (2, b"\x46\0\x3f\x01")
"""Buffer underrun protection, test write, CD-RW; data block types 0 and 8 to 13."""
_MASTERING: Final[Feature] = (0, b"\x7f" + MAX_CUE_SHEET.to_bytes(3, "big"))
"""Buffer underrun protection, session at once, raw also in several sessions, test write, CD-RW, R to W."""
_REWRITABLE: Final[Feature] = (0, b"\0\x0f\0\0")
"""CD-RW of all speeds."""


def cd(disc: DiscState) -> CdDisc:
    """Return a disc as what it is."""
    assert isinstance(disc, CdDisc)
    return disc


def signed(lba: int) -> int:
    """Return an address of a CDB as a number that may be negative."""
    return lba - (1 << 32) if lba >= 1 << 31 else lba


def need_empty_session(disc: CdDisc) -> None:
    """End the command where a session cannot be written as a whole: something was written to it already."""
    if disc.finalized:
        raise CheckConditionError(5, 0x30, 5)
    if disc.session_state is not SessionState.EMPTY:
        raise sequence_error()


class CdFamily(Family):
    """CD-R, and what all CDs share."""

    profiles: ClassVar[tuple[int, ...]] = (0x09,)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001E: _CD_READ,
        0x0021: _INCREMENTAL,
        0x002D: _TRACK_AT_ONCE,
        0x002E: _MASTERING,
    }
    shortest_track: ClassVar[int] = CD_MIN_TRACK

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """CD read; while it can be written, incremental streaming, track at once and mastering."""
        if disc.status is DiscStatus.COMPLETE and not disc.kind.traits.erasable:
            return {0x001E: _CD_READ}
        return self.offers

    # --- writing ------------------------------------------------------------------------------------

    def write_bytes(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Return how many bytes a WRITE brings: the data block type, or the cue sheet, says how large a block is."""
        page = write_parameters(drive)
        kind, block = page[2] & 0x0F, page[4] & 0x0F
        if kind <= WRITE_TAO or not disc.sequential:
            return count * (DATA_BLOCK_TYPES[block].size if block in DATA_BLOCK_TYPES else SECTOR_SIZE)
        if kind == WRITE_RAW:
            return count * RAW_BLOCK_SIZES.get(block, 0)
        job = cd(disc).job
        return job.write_bytes(signed(lba), count) if isinstance(job, SaoJob) else 0

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Return the track that a WRITE goes to, or end the command."""
        kind = write_type(drive)
        if disc.finalized or not disc.sequential:
            return super().accept_write(drive, disc, lba, count)
        state = cd(disc)
        if kind == WRITE_RAW and state.job is None:
            need_empty_session(state)
            state.job = RawJob.begin(state, write_parameters(drive)[4] & 0x0F)
        if kind in (WRITE_SAO, WRITE_RAW):
            if not isinstance(state.job, SaoJob if kind == WRITE_SAO else RawJob):
                raise sequence_error()  # no cue sheet
            number: int = state.job.accept(signed(lba), count)
            return number
        if state.laid_out:
            raise sequence_error()  # the session is being written as a whole
        number = super().accept_write(drive, disc, lba, count)
        track = state.cd_tracks[number - 1]
        if not track.blank and not self._continues(drive, track):
            raise illegal_mode(lba)
        return number

    def _continues(self, drive: DriveState, track: CdTrack) -> bool:
        """Return whether what the host has set goes with what is in the track already."""
        page = write_parameters(drive)
        block = DATA_BLOCK_TYPES.get(page[4] & 0x0F)
        return block is not None and block.form is track.form and track.raw is not block.plain

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Put the sectors of an accepted WRITE onto the disc."""
        disc = medium.state
        if not number:
            super().record(drive, medium, number, lba, count, data)
            return
        job = cd(disc).job
        if job is not None and write_type(drive) in (WRITE_SAO, WRITE_RAW):
            job.write(medium, signed(lba), count, data)
            return
        track = cd(disc).cd_tracks[number - 1]
        if track.blank:
            self._begin_track(drive, cd(disc), track)
            medium.save()
        if not track.raw:
            medium.record(number, lba, data, count)
            return
        block = DATA_BLOCK_TYPES[write_parameters(drive)[4] & 0x0F]
        raw, user = raw_of(block, lba, count, data, subheader=track.subheader)
        write_user_data(medium, lba, user)
        medium.record_raw(number, lba, raw)

    def _begin_track(self, drive: DriveState, disc: CdDisc, track: CdTrack) -> None:
        """Take over what mode page 05h says of the track that is being begun, and of its session."""
        page = write_parameters(drive)
        block = DATA_BLOCK_TYPES[page[4] & 0x0F]
        track.form, track.raw = block.form, not block.plain
        track.control = page[3] & 0x0E | (0 if block.form.data else page[3] & 0x01)
        track.isrc = _ascii(page[32:48], 12)
        given = page[48:52]
        if any(given) and page[4] & 0x0F in (10, 12):
            track.subheader = given * 2
        lead = disc.lead(disc.sessions)
        if track is disc.session_tracks(disc.sessions)[0]:
            lead.disc_type = page[8]
        lead.catalog = _ascii(page[16:32], 13) or lead.catalog

    def stop_writing(self, drive: DriveState, medium: VirtualMedium) -> None:
        """End what was being written: a packet, a track, or a session whose last sector was sent."""
        job = cd(medium.state).job
        if job is None:
            super().stop_writing(drive, medium)
            return
        drive.unflushed = 0
        job.flush(drive, medium)

    def lose_track(self, drive: DriveState, medium: VirtualMedium) -> None:
        """End the track; a session that is written as a whole is damaged, for good."""
        disc = cd(medium.state)
        if disc.job is None:
            super().lose_track(drive, medium)
            return
        drive.unflushed = 0
        disc.job = None
        medium.save()

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """End a packet, and in track-at-once mode the track (MMC-6 4.2.3.8, 6.43.3)."""
        disc = cd(medium.state)
        track = disc.tracks[number - 1]
        if write_type(drive) == WRITE_PACKET and disc.free_sectors(track) > CD_PACKET_LINK:
            disc.end_packet(track)
        else:
            disc.close_track(number)
        medium.save()

    # --- reading ------------------------------------------------------------------------------------

    def check_readable(self, disc: DiscState, lba: int, count: int) -> None:
        """End the command where a sector of the range cannot be read as 2,048 bytes of user data."""
        tracks = cd(disc).cd_tracks
        if len(tracks) == 1 and not tracks[0].raw and not disc.gaps and lba + count <= tracks[0].next_lba:
            return
        if not disc.sequential:
            super().check_readable(disc, lba, count)
            return
        if lba + count > disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        check_area(cd(disc), lba, count, data=True)

    def read(self, medium: VirtualMedium, lba: int, buffer: memoryview) -> None:
        """Fill ``buffer`` with the user data of sectors that can be read."""
        if cd(medium.state).plain:
            medium.read_into(lba, buffer)
        else:
            read_user_data(medium, lba, buffer)

    # --- closing, reserving, erasing ----------------------------------------------------------------

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Close a track, or the session; the Multi-session field of page 05h says whether another may follow."""
        disc = cd(medium.state)
        if not disc.sequential:
            return  # formatted: its session is closed already
        if disc.job is not None:
            self.stop_writing(drive, medium)
            if disc.job is not None:
                raise sequence_error()  # more of the cue sheet is to come
            if disc.session_state is not SessionState.INCOMPLETE:
                return  # the session was closed with its last sector
        if command.function == CloseFunction.SESSION and not disc.finalized:
            if disc.damaged:
                disc.mend()
            if disc.session_state is not SessionState.EMPTY:
                disc.lead(disc.sessions).following = FOLLOWING.get(multi_session(drive), NextSession.NONE)
        super().close(drive, medium, command)
        if command.function == CloseFunction.SESSION:
            drive.end_simulated_session()

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return whether the Multi-session field of page 05h ends the disc with the session."""
        return FOLLOWING.get(multi_session(drive)) is not NextSession.ALLOWED

    def close_finished_track(self, drive: DriveState, disc: DiscState) -> None:
        """Take the command as done in track-at-once mode: there the flush has closed the track already."""
        if write_type(drive) != WRITE_TAO or disc.session_state is not SessionState.INCOMPLETE:
            super().close_finished_track(drive, disc)

    def close_session(self, disc: DiscState, *, finalize: bool) -> None:
        """Close the open session; an open packet track must be closed first."""
        open_ = [
            t for t in disc.session_tracks(disc.sessions) if not t.closed and not (t.blank and not t.reserved)
        ]
        if open_ and disc.session_state is not SessionState.EMPTY:
            raise CheckConditionError(5, 0x72, 3)  # session fixation error: incomplete track in session
        super().close_session(disc, finalize=finalize)

    def reserve(self, drive: DriveState, medium: VirtualMedium, command: ReserveTrack) -> None:
        """Reserve a track: the program memory area has room for 99."""
        disc = cd(medium.state)
        if disc.laid_out:
            raise sequence_error()
        if len(disc.tracks) >= 99 and not disc.finalized:
            raise CheckConditionError(5, 0x72, 5)
        super().reserve(drive, medium, command)

    # --- mode page 05h ------------------------------------------------------------------------------

    def check_write_parameters(self, drive: DriveState, page: bytes, at: int) -> None:
        """Take all write types with the block types that go with them (MMC-6 7.5.3)."""
        kind, mode, block = page[2] & 0x0F, page[3] & 0x0F, page[4] & 0x0F
        if kind not in (WRITE_PACKET, WRITE_TAO, WRITE_SAO, WRITE_RAW):
            raise invalid_parameter(at + 2, 3)
        if page[3] >> 6 not in FOLLOWING:
            raise invalid_parameter(at + 3, 7)
        if block not in DATA_BLOCK_TYPES and block not in RAW_BLOCK_SIZES:
            raise invalid_parameter(at + 4, 3)
        if page[8] not in (0x00, 0x10, 0x20):
            raise invalid_parameter(at + 8, 7)
        if kind == WRITE_SAO:
            return  # the cue sheet says what the blocks are
        if block not in (RAW_BLOCK_SIZES if kind == WRITE_RAW else DATA_BLOCK_TYPES):
            raise invalid_parameter(at + 4, 3)
        if kind == WRITE_RAW:
            return
        if kind == WRITE_PACKET and page[2] & 0x20 and page[5] != CD_PACKET_LINK:
            raise invalid_parameter(at + 5, 7)  # LS_V: the one link size of feature 0021h
        if mode & _DATA and not DATA_BLOCK_TYPES[block].form.data:
            raise invalid_parameter(at + 4, 3)
        if not mode & _DATA and (DATA_BLOCK_TYPES[block].form.data or kind == WRITE_PACKET):
            raise invalid_parameter(at + 3, 3)  # an audio track

    def write_parameters_changed(self, drive: DriveState) -> None:
        """Forget a cue sheet that nothing was written of, where the host has gone over to something else."""
        disc = drive.disc
        if (
            isinstance(disc, CdDisc)
            and disc.job is not None
            and not disc.job.begun
            and write_type(drive) != WRITE_SAO
        ):
            disc.job = None
        super().write_parameters_changed(drive)

    # --- what it says -------------------------------------------------------------------------------

    def session_limits(self, disc: DiscState) -> tuple[bytes, bytes]:
        """Return lead-in and last lead-out as MSF; FF:FF:FF once the disc is closed."""
        return answers.session_limits(cd(disc))

    def disc_type(self, disc: DiscState) -> int:
        """Return what the first lead-in says."""
        return answers.disc_type(cd(disc))

    def asked_track(self, disc: DiscState, command: ReadTrackInformation) -> int:
        """Return the number of the track that READ TRACK INFORMATION asks about; FFh is also one being written."""
        number = cd(disc).being_written
        if command.address_type is TrackAddressType.LBA:
            number = cd(disc).area(signed(command.address))[1] or None  # a pregap belongs to its track
        elif command.address_type is not TrackAddressType.TRACK or command.address != INVISIBLE_TRACK:
            number = None
        return super().asked_track(disc, command) if number is None else number

    def describe_track(self, drive: DriveState, disc: DiscState, number: int) -> bytes:
        """Return the track information block: 36 bytes, with neither a packet size nor a last recorded address."""
        state = cd(disc)
        track = state.cd_tracks[number - 1]
        page = write_parameters(drive)
        mode, form = control_at(track), track.form
        damaged = state.damaged and track.session == state.sessions
        current = state.being_written
        open_ = self.is_open(disc, track) and not damaged if current is None else number == current
        invisible = track.blank and track.end is None
        if invisible:  # what it would be; the default page is that of a data track
            mode = page[3] & 0x0F
            form = DATA_BLOCK_TYPES[page[4] & 0x0F].form if page[4] & 0x0F in DATA_BLOCK_TYPES else form
        flags = (0x80 if track.reserved else 0) | (0x40 if track.blank else 0) | (0x20 if track.packet else 0)
        next_lba = self._next_lba(drive, state, track) if open_ else 0
        fixed = 0 if disc.sequential else CD_FIXED_PACKET
        return (
            struct.pack(
                ">HBBxBBBIIIIII",
                34,
                number & 0xFF,
                track.session & 0xFF,
                (0x20 if damaged else 0) | mode,
                flags | (0x10 if fixed else 0) | form.mode,
                0x01 if open_ else 0,
                track.start,
                next_lba & 0xFFFFFFFF,
                0 if damaged or fixed else disc.free_sectors(track),
                fixed,
                disc.track_end(track) - track.start - (CD_RUN_OUT if track.end is None and not fixed else 0),
                0,
            )
            + bytes((number >> 8, track.session >> 8))
            + bytes(2)
        )

    def _next_lba(self, drive: DriveState, disc: CdDisc, track: CdTrack) -> int:
        """Return the next writable address: a session that is written as a whole begins in front of its program."""
        if disc.being_written is not None:
            next_lba: int = disc.job.next_lba
            return next_lba
        kind = write_type(drive)
        if kind in (WRITE_SAO, WRITE_RAW) and disc.session_state is SessionState.EMPTY:
            if kind == WRITE_RAW:
                return RawJob.begin(disc, 1).lead_in
            # Of a later session drives tell the program itself: cdrskin asks so for what -msinfo gives to mkisofs.
            return track.start if disc.sessions > 1 else track.start - CD_PREGAP
        return track.next_lba

    def track_mode(self, disc: DiscState, track: Track) -> int:
        """Return the control nibble that the lead-in has."""
        return answers.control_of(track) if isinstance(track, CdTrack) else _DATA

    def toc_entry(self, disc: DiscState, number: int, lba: int, *, msf_form: bool) -> bytes:
        """Return one descriptor of the plain TOC; the lead-out goes with the last track in front of it."""
        last = self.listed_tracks(disc)[-1]
        track = cd(disc).cd_tracks[(last if number == LEAD_OUT else number) - 1]
        head = bytes((0, 0x10 | answers.control_of(track), number & 0xFF, 0))
        return head + (msf(lba) if msf_form else lba.to_bytes(4, "big"))

    def toc(self, disc: DiscState, command: ReadTocPmaAtip) -> bytes:
        """Return TOC, session information, full TOC, program memory area, ATIP or CD-Text."""
        answer = answers.toc_answer(cd(disc), command, self.listed_tracks(disc))
        return super().toc(disc, command) if answer is None else answer


class CdRwFamily(CdFamily):
    """CD-RW."""

    profiles: ClassVar[tuple[int, ...]] = (0x0A,)
    offers: ClassVar[Mapping[int, Feature]] = {
        **CdFamily.offers,
        0x0023: (0, bytes(8)),
        0x0026: (0, b""),
        0x0037: _REWRITABLE,
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """All ways of writing, as it can be blanked; restricted overwrite once it is formatted."""
        return {
            code: feature for code, feature in self.offers.items() if code != 0x0026 or not disc.sequential
        }

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """Fixed packets, over the whole disc."""
        size = cd(disc).packet_sectors
        return [(size, 0x00, CD_FIXED_PACKET), (size, 0x10, CD_FIXED_PACKET)]

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Format to fixed packets, which can be overwritten one by one (MMC-6 6.5.4.2.1, 6.5.4.2.8)."""
        disc = cd(medium.state)
        self.check_format_type(disc, parameters)
        sectors = int.from_bytes(parameters[4:8], "big")
        if sectors in (0, 0xFFFFFFFF):
            sectors = disc.packet_sectors
        if sectors > disc.packet_sectors or sectors % CD_FIXED_PACKET:
            raise invalid_parameter(4)
        if int.from_bytes(parameters[9:12], "big") not in (0, CD_FIXED_PACKET, SECTOR_SIZE):
            raise invalid_parameter(9)
        disc.format_packets(sectors)
        medium.wipe()
        drive.unflushed = 0
        drive.spend(drive.physics.format_s, immed=bool(parameters[1] & 0x02), ascq=FORMAT_IN_PROGRESS)

    def blank(self, drive: DriveState, medium: VirtualMedium, command: Blank) -> None:
        """Erase the disc, or a part of it."""
        blank(drive, medium, command)


class CdRomFamily(CdFamily):
    """CD-ROM: pressed."""

    profiles: ClassVar[tuple[int, ...]] = (0x08,)
    offers: ClassVar[Mapping[int, Feature]] = {0x001E: _CD_READ}

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """CD read."""
        return self.offers

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Refuse: it cannot be written."""
        raise CheckConditionError(5, 0x30, 5)

    def check_write_parameters(self, drive: DriveState, page: bytes, at: int) -> None:
        """Take what the host sends: no disc uses it."""


def _ascii(field: bytes, size: int) -> str:
    """Return the text of a field of page 05h whose first bit says that it is valid, or nothing."""
    text = field[1 : 1 + size]
    return text.decode("ascii") if field[0] & 0x80 and text.isascii() and text.isalnum() else ""
