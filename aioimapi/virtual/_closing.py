"""CLOSE TRACK SESSION, RESERVE TRACK, FORMAT UNIT, BLANK and SEND OPC INFORMATION (MMC-6 6.3, 6.31, 6.5, 6.35)."""

from __future__ import annotations

from aioimapi.mmc import Blank, CloseFunction, CloseTrackSession, FormatUnit, ReserveTrack, SendOpcInformation
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, Busy, DriveState
from aioimapi.virtual._information import INVISIBLE_TRACK, format_choices
from aioimapi.virtual._kinds import CD_MIN_TRACK, MediumKind
from aioimapi.virtual._medium import VirtualMedium
from aioimapi.virtual._mode_pages import MULTI_SESSION, multi_session, write_type
from aioimapi.virtual._read_write import WRITE_TAO, end_of_writing
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._state import DiscState, DiscStatus, FormatState, SessionState

_SUBTYPES = {0x30: (0, 2, 3), 0x31: (0, 1)}
"""Quick reformat, full and quick certification; without spares, no certification (MMC-6 6.5.4.2.15)."""


def _sequence_error() -> CheckConditionError:
    return CheckConditionError(5, 0x2C, 0)


# --- CLOSE TRACK SESSION ------------------------------------------------------------------------------


def close_track_session(drive: DriveState, command: CloseTrackSession, data: memoryview) -> None:
    """CLOSE TRACK SESSION: each kind of disc has its own functions, all others are 5/24/00."""
    medium = drive.need_writable()
    disc = medium.state
    traits = disc.kind.traits
    if command.function not in traits.close_functions:
        raise invalid_field(2, 2)
    if not disc.write_once:
        _stop_background_format(drive, medium)
        return
    if disc.finalized:
        raise CheckConditionError(5, 0x30, 5)
    seconds = drive.buffer.flush(drive.now, drive.write_rate) if drive.physics.enabled else 0.0
    if drive.unflushed:
        end_of_writing(drive, medium)
    if command.function == CloseFunction.TRACK:
        _close_track(drive, disc, command.number)
        seconds += drive.physics.close_s
    else:
        finalize = command.function in traits.finalizing
        if traits.cd:
            finalize = multi_session(drive) != MULTI_SESSION
        _close_session(disc, finalize=finalize)
        seconds += drive.physics.finalize_s if finalize else drive.physics.close_s
    medium.save()
    drive.spend(seconds, immed=command.immed)


def _close_track(drive: DriveState, disc: DiscState, number: int) -> None:
    if number == INVISIBLE_TRACK and len(disc.tracks) < INVISIBLE_TRACK:
        number = disc.incomplete_track() or len(disc.tracks)
    if not 1 <= number <= len(disc.tracks):
        raise invalid_field(4)
    track = disc.tracks[number - 1]
    if track.closed or (track.blank and not track.reserved):
        # In track-at-once mode the flush has closed the track already, and drives take the command as done.
        if (
            disc.kind.traits.cd
            and write_type(drive) == WRITE_TAO
            and disc.session_state is SessionState.INCOMPLETE
        ):
            return
        raise _sequence_error()
    disc.close_track(number)


def _close_session(disc: DiscState, *, finalize: bool) -> None:
    traits = disc.kind.traits
    if disc.session_state is SessionState.EMPTY:
        if not finalize or disc.status is DiscStatus.BLANK or disc.sessions == 1:
            raise _sequence_error()
        disc.finalize_empty()
        return
    open_ = [
        t for t in disc.session_tracks(disc.sessions) if not t.closed and not (t.blank and not t.reserved)
    ]
    if traits.cd and open_:
        raise CheckConditionError(5, 0x72, 3)  # session fixation error: incomplete track in session
    disc.close_session(finalize=finalize)


def _stop_background_format(drive: DriveState, medium: VirtualMedium) -> None:
    drive.settle_background_format()
    drive.background_format = None
    if medium.state.format_state is FormatState.IN_PROGRESS:
        medium.state.format_state = FormatState.SUSPENDED
        medium.save()


# --- RESERVE TRACK ------------------------------------------------------------------------------------


def reserve_track(drive: DriveState, command: ReserveTrack, data: memoryview) -> None:
    """RESERVE TRACK by size (DVD+R, BD-R, CD-R): splits the blank incomplete track."""
    medium = drive.need_writable()
    disc = medium.state
    traits = disc.kind.traits
    if not disc.write_once:
        raise CheckConditionError(5, 0x64, 0)
    if disc.finalized:
        raise CheckConditionError(5, 0x30, 5)
    if command.remap or command.by_address or command.sectors is None:
        raise invalid_field(1, 1 if command.remap else 0)
    number = disc.incomplete_track()
    open_count = sum(1 for track in disc.session_tracks(disc.sessions) if not track.closed)
    if (
        number is None
        or open_count >= max(2, traits.max_open_tracks)
        or (len(disc.tracks) >= 99 and traits.cd)
    ):
        raise CheckConditionError(5, 0x72, 5)  # no more track reservations allowed
    track = disc.tracks[number - 1]
    if not track.blank:
        raise _sequence_error()
    if traits.cd and command.sectors < CD_MIN_TRACK:
        raise invalid_field(5)
    room = disc.free_sectors(track)
    if not 0 < command.sectors <= room:
        raise invalid_field(5)
    disc.reserve(command.sectors)
    medium.save()


# --- FORMAT UNIT --------------------------------------------------------------------------------------


def format_unit(drive: DriveState, command: FormatUnit, data: memoryview) -> None:
    """FORMAT UNIT for DVD+RW (26h), BD-RE (00h, 30h, 31h) and blank BD-R (00h, 32h)."""
    medium = drive.need_writable()
    disc = medium.state
    if not command.format_data:
        raise invalid_field(1, 4)
    if command.format_code != 1:
        raise invalid_field(1, 2)
    body = bytes(data[:12])
    if len(body) < 12 or int.from_bytes(body[2:4], "big") != 8:
        raise CheckConditionError(5, 0x1A, 0)
    choices = format_choices(disc)
    kind, subtype = body[8] >> 2, body[8] & 0x03
    if kind not in {choice[1] for choice in choices}:
        if not choices:
            raise CheckConditionError(5, 0x30, 6)  # cannot format medium, incompatible medium
        raise invalid_parameter(8, 7)
    immed = bool(body[1] & 0x02)
    sectors = int.from_bytes(body[4:8], "big")
    if disc.kind is MediumKind.DVD_PLUS_RW:
        _format_dvd_plus_rw(drive, medium, sectors, restart=bool(body[11] & 0x01))
        return
    if subtype not in _SUBTYPES.get(kind, (0, 1, 2, 3)):
        raise invalid_parameter(8, 1)
    if disc.kind is MediumKind.BD_R and subtype == 2:
        raise invalid_parameter(8, 1)  # random recording mode
    sizes = [choice[0] for choice in choices if choice[1] == kind]
    if not min(sizes) <= sectors <= max(sizes) or sectors % disc.kind.traits.unit:
        raise invalid_parameter(4)
    disc.format(sectors, FormatState.COMPLETE)
    if not disc.write_once:
        disc.tracks[0].next_lba = 0
    medium.save()
    drive.spend(drive.physics.format_s, immed=immed, ascq=FORMAT_IN_PROGRESS)


def _format_dvd_plus_rw(drive: DriveState, medium: VirtualMedium, sectors: int, *, restart: bool) -> None:
    """Start the background format; it runs beside reading and writing, whatever IMMED says (MMC-6 6.5.4.2.14)."""
    disc = medium.state
    if sectors not in (disc.raw_sectors, 0xFFFFFFFF):
        raise invalid_parameter(4)
    if restart and disc.format_state is FormatState.UNFORMATTED:
        raise _sequence_error()
    if restart and disc.format_state is FormatState.COMPLETE:
        return
    seconds = 0.0
    if drive.physics.enabled:
        seconds = disc.raw_sectors * SECTOR_SIZE / drive.write_rate
    state = FormatState.IN_PROGRESS if seconds else FormatState.COMPLETE
    disc.format(disc.raw_sectors, state)
    medium.save()
    if seconds:
        drive.background_format = Busy(FORMAT_IN_PROGRESS, drive.now, drive.now + seconds)


def blank(drive: DriveState, command: Blank, data: memoryview) -> None:
    """BLANK: for CD-RW and DVD-RW, which this drive does not know; burners answer 5/30/06 for all other discs."""
    drive.need_writable()
    raise CheckConditionError(5, 0x30, 6)


# --- SEND OPC INFORMATION -----------------------------------------------------------------------------


def send_opc_information(drive: DriveState, command: SendOpcInformation, data: memoryview) -> None:
    """SEND OPC INFORMATION: calibrate; OPC tables are taken and forgotten."""
    medium = drive.need_writable()
    if not command.do_opc and not command.parameter_list_length:
        raise invalid_field(1, 0)
    if command.parameter_list_length % 8:
        raise invalid_field(7)
    if medium.state.finalized:
        raise CheckConditionError(5, 0x30, 5)
    if command.do_opc:
        drive.spend(drive.physics.opc_s)
