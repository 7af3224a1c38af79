"""How a drive behaves with a disc: what all families share, and what each of them may do otherwise.

The commands check what the standard asks of every disc and leave the rest to the family of the disc at hand. The
defaults here are those of a disc that is recorded in sequence or overwritten in place, as its state says.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final, NoReturn

from aioimapi.mmc import (
    Blank,
    CloseTrackSession,
    DiscInformationType,
    ReadDiscInformation,
    ReadDiscStructure,
    ReadTocPmaAtip,
    ReadTrackInformation,
    ReserveTrack,
    SendDiscStructure,
    TocFormat,
    TrackAddressType,
)
from aioimapi.units import FRAMES_PER_SECOND, MSF_OFFSET, SECTOR_SIZE, round_up
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import write_parameters
from aioimapi.virtual.discs._state import DiscState, DiscStatus, SessionState, Track
from aioimapi.virtual.files._medium import VirtualMedium

INVISIBLE_TRACK: Final = 0xFF
LEAD_OUT: Final = 0xAA

Feature = tuple[int, bytes]
"""Version and payload of a feature."""

FormatChoice = tuple[int, int, int]
"""Sectors, format type, type dependent parameter of READ FORMAT CAPACITIES."""


def msf(lba: int) -> bytes:
    """Return an address as minute, second, frame, behind a zero byte; FF:59:74 where it is too large for that form."""
    frames = lba + MSF_OFFSET
    minute, rest = divmod(frames, 60 * FRAMES_PER_SECOND)
    return bytes((0, minute, *divmod(rest, FRAMES_PER_SECOND))) if minute < 0xFF else b"\x00\xff\x3b\x4a"


def sequence_error() -> CheckConditionError:
    """5/2C/00: the command does not fit what was done before it."""
    return CheckConditionError(5, 0x2C, 0)


class Family:
    """What a drive does with one family of discs; without state, one object for all discs.

    Attributes:
        profiles: The profiles that a drive with this family lists, best first (MMC-6 5.3.1).
        offers: Features that such a drive lists whether or not the disc at hand makes them current, by code.
    """

    profiles: ClassVar[tuple[int, ...]] = ()
    offers: ClassVar[Mapping[int, Feature]] = {}

    # --- GET CONFIGURATION --------------------------------------------------------------------------

    def profile(self, disc: DiscState) -> int:
        """Return the current profile; some discs change it with their state."""
        return disc.kind.traits.profile

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """Return the features that the disc makes current, by code; beside those that every drive has."""
        return {}

    # --- WRITE, READ, SYNCHRONIZE CACHE -------------------------------------------------------------

    def write_bytes(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Return how many bytes a WRITE of so many blocks brings; CDs have blocks of other sizes, too."""
        return count * SECTOR_SIZE

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Return the track that a WRITE goes to, 0 where the disc is overwritten in place, or end the command."""
        if disc.sequential:
            return self._next_writable(disc, lba, count)
        if not disc.formatted:
            raise CheckConditionError(5, 0x30, 0x10)  # medium not formatted
        if lba + count > disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        return 0

    def _next_writable(self, disc: DiscState, lba: int, count: int) -> int:
        if disc.finalized:
            raise CheckConditionError(5, 0x30, 5)  # cannot write medium, incompatible format: it is closed
        if lba >= disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        number = disc.writable_track(lba)
        if number is None:
            raise CheckConditionError(5, 0x21, 2)  # invalid address for write
        track = disc.tracks[number - 1]
        if count > disc.free_sectors(track):
            if track.end is None:
                raise CheckConditionError(5, 0x21, 0)
            raise CheckConditionError(5, 0x63, 0)  # end of user area encountered on this track
        return number

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Put the sectors of an accepted WRITE onto the disc."""
        if number:
            medium.record(number, lba, data, count)
        else:
            medium.put(lba, data)

    def read(self, medium: VirtualMedium, lba: int, buffer: memoryview) -> None:
        """Fill ``buffer`` with the user data of sectors that can be read."""
        medium.read_into(lba, buffer)

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """Do to the open track ``number`` what follows when the laser stops: its last write unit is filled up.

        A DVD+R's ECC block and a BD-R's cluster cannot be written in parts (MMC-6 4.3.6.2, 4.5.3.5).
        """
        disc = medium.state
        track = disc.tracks[number - 1]
        end = min(round_up(track.next_lba, disc.kind.traits.unit), disc.track_end(track))
        if end > track.next_lba:
            medium.skip(number, track.next_lba, end - track.next_lba)

    def check_readable(self, disc: DiscState, lba: int, count: int) -> None:
        """End the command where a sector of the range cannot be read as 2,048 bytes of user data."""
        if lba + count > disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        if not disc.sequential:
            if not disc.formatted:
                raise CheckConditionError(5, 0x30, 0x10)
            return
        if disc.status is DiscStatus.BLANK:
            raise CheckConditionError(
                5, 0x64, 0
            )  # illegal mode for this track: what drives say of a blank disc
        tracks = disc.tracks
        if len(tracks) == 1 and lba + count <= tracks[0].next_lba and not disc.gaps:
            return
        gap = disc.in_gap(lba, count)
        at, end = lba, lba + count
        while at < end:
            number = disc.track_of(at)
            if at == gap or (number is None and at < disc.tracks[-1].start):
                raise CheckConditionError(5, 0x64, 0, information=at)  # linking blocks, lead-out and lead-in
            if number is None or at >= tracks[number - 1].next_lba:
                self._unrecorded(disc, at)
            at = tracks[number - 1].next_lba if gap is None else min(gap, tracks[number - 1].next_lba)

    def _unrecorded(self, disc: DiscState, lba: int) -> NoReturn:
        recorded = max((t.next_lba for t in disc.tracks if not t.blank), default=0)
        if lba >= recorded:
            raise CheckConditionError(5, 0x21, 0)
        raise CheckConditionError(8, 0x00, 0, information=lba)  # blank check

    def is_replaced(self, drive: DriveState, disc: DiscState, lba: int) -> bool:
        """Return whether the drive keeps what belongs on a bad sector elsewhere (feature 0024h)."""
        return 0x0024 in self.features(drive, disc)

    # --- CLOSE TRACK SESSION, RESERVE TRACK, FORMAT UNIT, BLANK -------------------------------------

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Do what CLOSE TRACK SESSION asks of a disc that is recorded in sequence."""
        disc = medium.state
        if not disc.sequential:
            raise invalid_field(2, 2)
        if disc.finalized:
            raise CheckConditionError(5, 0x30, 5)
        seconds = drive.buffer.flush(drive.now, drive.write_rate) if drive.physics.enabled else 0.0
        if drive.unflushed:
            self.stop_writing(drive, medium)
        if command.function == 1:
            self.close_track(drive, disc, command.number)
            seconds += drive.physics.close_s
        else:
            finalize = self.finalizes(drive, disc, command.function)
            self.close_session(disc, finalize=finalize)
            seconds += drive.physics.finalize_s if finalize else drive.physics.close_s
        medium.save()
        drive.spend(seconds, immed=command.immed)

    def stop_writing(self, drive: DriveState, medium: VirtualMedium) -> None:
        """End what was being written, where the track that the drive wrote last is still open."""
        number, drive.unflushed = drive.unflushed, 0
        disc = medium.state
        if 1 <= number <= len(disc.tracks) and not disc.tracks[number - 1].closed:
            self.end_of_writing(drive, medium, number)

    def lose_track(self, drive: DriveState, medium: VirtualMedium) -> None:
        """End the track that was being written where the laser has lost it: a buffer ran empty without protection."""
        number, drive.unflushed = drive.unflushed, 0
        disc = medium.state
        if 1 <= number <= len(disc.tracks) and not disc.tracks[number - 1].closed:
            disc.close_track(number)
            medium.save()

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return whether closing the session by that function ends the disc."""
        return function in disc.kind.traits.finalizing

    def close_track(self, drive: DriveState, disc: DiscState, number: int) -> None:
        """Close one track, or end the command."""
        if number == INVISIBLE_TRACK and len(disc.tracks) < INVISIBLE_TRACK:
            number = disc.incomplete_track() or len(disc.tracks)
        if not 1 <= number <= len(disc.tracks):
            raise invalid_field(4)
        track = disc.tracks[number - 1]
        if track.closed or (track.blank and not track.reserved):
            self.close_finished_track(drive, disc)
            return
        disc.close_track(number)

    def close_finished_track(self, drive: DriveState, disc: DiscState) -> None:
        """Answer CLOSE TRACK for a track that is closed, or that holds nothing."""
        raise sequence_error()

    def close_session(self, disc: DiscState, *, finalize: bool) -> None:
        """Close the open session, or end the command."""
        if disc.session_state is SessionState.EMPTY:
            if not finalize or disc.status is DiscStatus.BLANK or disc.sessions == 1:
                raise sequence_error()
            disc.finalize_empty()
            return
        disc.close_session(finalize=finalize)

    def reserve(self, drive: DriveState, medium: VirtualMedium, command: ReserveTrack) -> None:
        """Do what RESERVE TRACK asks: split the blank incomplete track."""
        disc = medium.state
        if not disc.sequential:
            raise CheckConditionError(5, 0x64, 0)
        if disc.finalized:
            raise CheckConditionError(5, 0x30, 5)
        if command.remap or command.by_address or command.sectors is None:
            raise invalid_field(1, 1 if command.remap else 0)
        number = disc.incomplete_track()
        if number is None or not self.can_reserve(disc):
            raise CheckConditionError(5, 0x72, 5)  # no more track reservations allowed
        track = disc.tracks[number - 1]
        if not track.blank:
            raise sequence_error()
        room = disc.free_sectors(track)
        if not self.shortest_track <= command.sectors <= room:
            raise invalid_field(5)
        disc.reserve(command.sectors)
        medium.save()

    shortest_track: ClassVar[int] = 1
    """Sectors of the shortest track that can be reserved."""

    def can_reserve(self, disc: DiscState) -> bool:
        """Return whether one more track can be reserved."""
        open_count = sum(1 for track in disc.session_tracks(disc.sessions) if not track.closed)
        return open_count < max(2, disc.kind.traits.max_open_tracks)

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """Return what the disc can be formatted to."""
        return []

    def format_capacity(self, disc: DiscState) -> tuple[int, int]:
        """Return what READ FORMAT CAPACITIES says first: sectors, and 1 for unformatted or blank, 2 for formatted."""
        if disc.status is DiscStatus.BLANK:
            return disc.raw_sectors, 1
        return disc.sectors, 2

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Do what FORMAT UNIT asks.

        Args:
            drive: The drive.
            medium: The disc.
            parameters: The whole parameter list: header and one format descriptor, 12 bytes.
        """
        self.check_format_type(medium.state, parameters)

    def check_format_type(self, disc: DiscState, parameters: bytes) -> None:
        """End the command where the disc cannot be formatted, or not to that type."""
        choices = self.format_choices(disc)
        if not choices:
            raise CheckConditionError(5, 0x30, 6)  # cannot format medium, incompatible medium
        if parameters[8] >> 2 not in {choice[1] for choice in choices}:
            raise invalid_parameter(8, 7)

    def blank(self, drive: DriveState, medium: VirtualMedium, command: Blank) -> None:
        """Do what BLANK asks; burners answer 5/30/06 for all discs but CD-RW and DVD-RW."""
        raise CheckConditionError(5, 0x30, 6)

    # --- READ DISC INFORMATION ----------------------------------------------------------------------

    def disc_information(self, drive: DriveState, disc: DiscState, command: ReadDiscInformation) -> bytes:
        """Return the answer to READ DISC INFORMATION (MMC-6 6.21)."""
        if command.data_type is DiscInformationType.TRACK_RESOURCES:
            sessions = disc.kind.traits.max_sessions
            return struct.pack(
                ">HBxHHHH", 10, 1 << 5, sessions, len(disc.tracks), sessions, sessions - len(disc.tracks)
            )
        if command.data_type is DiscInformationType.POW_RESOURCES:
            raise invalid_field(1, 2)  # no pseudo-overwrite
        return self.standard_disc_information(disc)

    def standard_disc_information(self, disc: DiscState) -> bytes:
        """Return the standard disc information (MMC-6 6.21.3.1)."""
        tracks = disc.session_tracks(disc.sessions) or disc.tracks[-1:]
        first = next(n for n, track in enumerate(disc.tracks, 1) if track is tracks[0])
        last = len(disc.tracks)
        lead_in, lead_out = self.session_limits(disc)
        erasable = 0x10 if disc.kind.traits.erasable else 0
        return b"".join(
            (
                struct.pack(
                    ">HBBBBBBBBBB",
                    32,
                    erasable | disc.session_state << 2 | disc.status,
                    1,
                    disc.sessions & 0xFF,
                    first & 0xFF,
                    last & 0xFF,
                    0x20 | self.background_state(disc),
                    self.disc_type(disc),
                    disc.sessions >> 8,
                    first >> 8,
                    last >> 8,
                ),
                bytes(4),
                lead_in,
                lead_out,
                bytes(10),
            )
        )

    def background_state(self, disc: DiscState) -> int:
        """Return the background format status: of discs that are overwritten (MMC-6 6.21.3.1.13)."""
        return 0 if disc.sequential else disc.format_state

    def disc_type(self, disc: DiscState) -> int:
        """Return the disc type: of CDs only (MMC-6 6.21.3.1.14)."""
        return 0

    def session_limits(self, disc: DiscState) -> tuple[bytes, bytes]:
        """Return the start of the open session's lead-in and the last possible lead-out (MMC-6 6.21.3.1.16)."""
        return bytes(4), disc.sectors.to_bytes(4, "big")

    # --- READ TRACK INFORMATION ---------------------------------------------------------------------

    def asked_track(self, disc: DiscState, command: ReadTrackInformation) -> int:
        """Return the number of the track that READ TRACK INFORMATION asks about, or end the command."""
        address = command.address
        if command.address_type is TrackAddressType.LBA:
            number = disc.track_of(address)
        elif command.address_type is TrackAddressType.SESSION:
            found = (n for n, track in enumerate(disc.tracks, 1) if track.session == address)
            number = next(found, None)
        elif address == INVISIBLE_TRACK and disc.sequential:
            number = disc.incomplete_track()
        else:
            number = address if 1 <= address <= len(disc.tracks) else None
        if number is None:
            raise invalid_field(2)
        return number

    def describe_track(self, drive: DriveState, disc: DiscState, number: int) -> bytes:
        """Return the answer to READ TRACK INFORMATION; with CDs the host's settings have a say in it."""
        return self.track_information(disc, number)

    def track_information(self, disc: DiscState, number: int) -> bytes:
        """Return the track information block of one track (MMC-6 6.27)."""
        track = disc.tracks[number - 1]
        unit = disc.kind.traits.unit
        open_ = self.is_open(disc, track)
        recorded = disc.sequential and track.next_lba > track.start
        return (
            struct.pack(
                ">HBBxBBBIIIIII",
                46,
                number & 0xFF,
                track.session & 0xFF,
                self.track_mode(disc, track),
                self.track_flags(disc, track),
                (0x02 if recorded else 0) | (0x01 if open_ else 0),
                track.start,
                track.next_lba if open_ else 0,
                self.free_sectors(disc, track),
                unit,
                disc.track_end(track) - track.start,
                track.next_lba - 1 if recorded else 0,
            )
            + bytes((number >> 8, track.session >> 8))
            + bytes(14)
        )

    def is_open(self, disc: DiscState, track: Track) -> bool:
        """Return whether the track has a next writable address."""
        return disc.sequential and not track.closed and disc.free_sectors(track) > 0

    def track_flags(self, disc: DiscState, track: Track) -> int:
        """Return RT, Blank, Packet and the data mode, 1 (MMC-6 6.27.3.8 to 6.27.3.12)."""
        blank = track.blank if disc.sequential else not disc.formatted
        return (0x80 if track.reserved else 0) | (0x40 if blank else 0) | (0x20 if track.packet else 0) | 0x01

    def free_sectors(self, disc: DiscState, track: Track) -> int:
        """Return what the track information says is free."""
        if disc.sequential:
            return disc.free_sectors(track)
        return 0 if disc.formatted else disc.sectors

    def track_mode(self, disc: DiscState, track: Track) -> int:
        """Return the Q subchannel control bits that the track has or would have."""
        return 4

    # --- READ TOC/PMA/ATIP, READ DISC STRUCTURE -----------------------------------------------------

    def toc(self, disc: DiscState, command: ReadTocPmaAtip) -> bytes:
        """Return the answer to READ TOC/PMA/ATIP (MMC-6 6.25), made up from the complete sessions."""
        listed = self.listed_tracks(disc)
        if not listed:
            raise invalid_field(2, 3)
        if command.format_ is TocFormat.TOC:
            return self._plain_toc(disc, listed, command)
        if command.format_ is TocFormat.SESSION_INFO:
            last = disc.complete_sessions
            number = next(n for n in listed if disc.tracks[n - 1].session == last)
            entry = self.toc_entry(disc, number, disc.tracks[number - 1].start, msf_form=command.msf)
            return struct.pack(">HBB", 10, 1, last & 0xFF) + entry
        raise invalid_field(2, 3)

    def listed_tracks(self, disc: DiscState) -> list[int]:
        """Return the numbers of the tracks of complete sessions: what a table of contents lists."""
        if disc.readable_end() == 0:
            return []
        return [n for n, track in enumerate(disc.tracks, 1) if track.session <= disc.complete_sessions]

    def toc_entry(self, disc: DiscState, number: int, lba: int, *, msf_form: bool) -> bytes:
        """Return one descriptor of the plain TOC."""
        track = disc.tracks[number - 1] if 1 <= number <= len(disc.tracks) else disc.tracks[-1]
        control = 0x10 | self.track_mode(disc, track)
        return bytes((0, control, number & 0xFF, 0)) + (msf(lba) if msf_form else lba.to_bytes(4, "big"))

    def _plain_toc(self, disc: DiscState, listed: list[int], command: ReadTocPmaAtip) -> bytes:
        if command.number != LEAD_OUT and command.number > listed[-1]:
            raise invalid_field(6)
        form = command.msf
        entries = [
            self.toc_entry(disc, n, disc.tracks[n - 1].start, msf_form=form)
            for n in listed
            if n >= command.number
        ]
        entries.append(self.toc_entry(disc, LEAD_OUT, disc.readable_end(), msf_form=form))
        body = b"".join(entries[-100:])
        return struct.pack(">HBB", len(body) + 2, listed[0] & 0xFF, listed[-1] & 0xFF) + body

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return the answer to READ DISC STRUCTURE (MMC-6 6.22), header included; CDs have none."""
        raise invalid_field(1, 3)

    def take_structure(
        self, drive: DriveState, medium: VirtualMedium, command: SendDiscStructure, body: bytes
    ) -> None:
        """Take a structure of SEND DISC STRUCTURE (MMC-6 6.36); ``body`` is what follows its header of four bytes."""
        raise invalid_field(7)

    # --- mode page 05h ------------------------------------------------------------------------------

    def check_write_parameters(self, drive: DriveState, page: bytes, at: int) -> None:
        """End a MODE SELECT whose page 05h the disc does not allow; most do not use it (MMC-6 7.5.2).

        Args:
            drive: The drive.
            page: The page as the host sent it.
            at: Where in the parameter list it begins, for the field pointer.
        """
        if page[2] & 0x10:
            raise invalid_parameter(at + 2, 4)  # no test writing: no feature of the disc offers it

    def write_parameters_changed(self, drive: DriveState) -> None:
        """Do what follows from a page 05h that was taken: test writing begins or ends."""
        drive.simulate(on=bool(write_parameters(drive)[2] & 0x10))
