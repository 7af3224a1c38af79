"""CLOSE TRACK SESSION, RESERVE TRACK, FORMAT UNIT, BLANK and SEND OPC INFORMATION (MMC-6 6.3, 6.31, 6.5, 6.35)."""

from __future__ import annotations

import contextlib

from aioimapi.mmc import Blank, CloseTrackSession, FormatUnit, ReserveTrack, SendOpcInformation
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._quirks import Quirk
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.families._registry import family_of


def close_track_session(drive: DriveState, command: CloseTrackSession, data: memoryview) -> None:
    """CLOSE TRACK SESSION: each kind of disc has its own functions, all others are 5/24/00."""
    medium = drive.need_writable()
    disc = medium.state
    if command.function not in disc.kind.traits.close_functions:
        raise invalid_field(2, 2)
    if drive.posing:
        with contextlib.suppress(CheckConditionError):  # who poses as closed says yes to all further closing
            family_of(disc).close(drive, medium, command)
        return
    family_of(disc).close(drive, medium, command)
    drive.seen_anew()
    drive.posing = disc.sequential and Quirk.ROM_AFTER_CLOSE in drive.quirks


def reserve_track(drive: DriveState, command: ReserveTrack, data: memoryview) -> None:
    """RESERVE TRACK: splits the blank incomplete track of a disc that is recorded in sequence."""
    medium = drive.need_writable()
    family_of(medium.state).reserve(drive, medium, command)


def format_unit(drive: DriveState, command: FormatUnit, data: memoryview) -> None:
    """FORMAT UNIT: format code 1 with one format descriptor (MMC-6 6.5)."""
    medium = drive.need_writable()
    if not command.format_data:
        raise invalid_field(1, 4)
    if command.format_code != 1:
        raise invalid_field(1, 2)
    parameters = bytes(data[:12])
    if len(parameters) < 12 or int.from_bytes(parameters[2:4], "big") != 8:
        raise CheckConditionError(5, 0x1A, 0)
    family_of(medium.state).format(drive, medium, parameters)
    drive.seen_anew()


def blank(drive: DriveState, command: Blank, data: memoryview) -> None:
    """BLANK."""
    medium = drive.need_writable()
    family_of(medium.state).blank(drive, medium, command)
    drive.seen_anew()


def send_opc_information(drive: DriveState, command: SendOpcInformation, data: memoryview) -> None:
    """SEND OPC INFORMATION: calibrate; OPC tables are taken and forgotten."""
    medium = drive.need_writable()
    if not command.do_opc and not command.parameter_list_length:
        raise invalid_field(1, 0)
    if command.parameter_list_length % 8:
        raise invalid_field(7)
    if medium.state.finalized and not medium.state.kind.traits.erasable:
        raise CheckConditionError(5, 0x30, 5)
    if command.do_opc:
        drive.calibrated = True
        drive.spend(drive.physics.opc_s)
