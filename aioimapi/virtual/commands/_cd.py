"""Commands that only CDs have: cue sheets, sectors in parts, subchannel, headers (MMC-6 6.15 to 6.19, 6.36)."""

from __future__ import annotations

from typing import Final

from aioimapi.cd import SectorMode
from aioimapi.mmc import (
    ReadCd,
    ReadCdMsf,
    ReadHeader,
    ReadSubChannel,
    SectorType,
    SendCueSheet,
    SubChannelFormat,
)
from aioimapi.units import MSF_OFFSET
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual._wear import Condition
from aioimapi.virtual._write_parameters import multi_session, write_parameters, write_type
from aioimapi.virtual.commands._audio import audio_status
from aioimapi.virtual.discs._cd import CdArea, CdDisc, CdSession, NextSession
from aioimapi.virtual.families._cd import FOLLOWING, MAX_CUE_SHEET, WRITE_SAO, need_empty_session
from aioimapi.virtual.families._cd_q import control_at, place_in
from aioimapi.virtual.families._cd_read import Wanted, check_area, illegal_mode, read_cd_sectors, sectors
from aioimapi.virtual.families._cd_sao import plan_session
from aioimapi.virtual.families._family import msf, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

_CUE_LINE: Final = 8
_ERROR_BITS: Final = 294
_ADR_POSITION: Final = 0x10


def need_cd(drive: DriveState) -> tuple[VirtualMedium, CdDisc]:
    """Return the loaded disc where it is a CD, or end the command with 5/64/00: an incompatible medium."""
    medium = drive.need_medium()
    if not isinstance(medium.state, CdDisc):
        raise CheckConditionError(5, 0x64, 0)
    return medium, medium.state


def send_cue_sheet(drive: DriveState, command: SendCueSheet, data: memoryview) -> None:
    """SEND CUE SHEET: keep the layout of the session that is to be written at once."""
    drive.need_writable()
    _, disc = need_cd(drive)
    if command.size % _CUE_LINE or not 0 < command.size <= MAX_CUE_SHEET:
        raise invalid_field(6)
    if len(data) < command.size:
        raise CheckConditionError(0xB, 0x4B, 0)
    if not disc.kind.traits.write_kbps or not disc.sequential:
        raise CheckConditionError(5, 0x30, 5)
    if write_type(drive) != WRITE_SAO:
        raise sequence_error()
    need_empty_session(disc)
    page = write_parameters(drive)
    catalog = page[17:30].decode("ascii", "replace") if page[16] & 0x80 else ""
    lead = CdSession(page[8], catalog if catalog.isdigit() else "", b"", FOLLOWING[multi_session(drive)])
    if disc.sessions == 1 and lead.following is NextSession.FORBIDDEN:
        lead.following = NextSession.NONE  # a disc of one session has no entry that could say so
    disc.job = plan_session(disc, bytes(data[: command.size]), lead)


# --- READ CD ------------------------------------------------------------------------------------------


def read_cd(drive: DriveState, command: ReadCd, data: memoryview) -> bytes:
    """READ CD."""
    return _read(drive, command, command.lba, command.sectors)


def read_cd_msf(drive: DriveState, command: ReadCdMsf, data: memoryview) -> bytes:
    """READ CD MSF."""
    for at, packed in ((3, command.start), (6, command.end)):
        if packed >> 8 & 0xFF > 59 or packed & 0xFF > 74:
            raise invalid_field(at)
    minute, second, frame = command.start >> 16, command.start >> 8 & 0xFF, command.start & 0xFF
    start = (minute * 60 + second) * 75 + frame - MSF_OFFSET
    if command.sectors < 0:
        raise invalid_field(6)
    return _read(drive, command, start, command.sectors)


def _read(drive: DriveState, command: ReadCd | ReadCdMsf, lba: int, count: int) -> bytes:
    medium, disc = need_cd(drive)
    wanted = Wanted(command.sector_type, command.main_channel, command.c2, command.sub_channel)
    kinds = tuple(SectorType)[1:] if wanted.type_ is SectorType.ANY else (wanted.type_,)
    if all(wanted.main.range_in(kind) is None for kind in kinds):
        raise invalid_field(9)
    if not count:
        return b""
    errors = None
    if drive.wear is not None:
        errors = _Errors(drive, disc)
    try:
        answer = read_cd_sectors(medium, lba, count, wanted, errors)
    except OSError as error:
        note = f"{medium.path} cannot be read: {error.strerror}"
        raise CheckConditionError(3, 0x11, 0, information=lba & 0xFFFFFFFF, note=note) from error
    if drive.physics.enabled:
        drive.duration_s += drive.travel_seconds(lba) + drive.reading_seconds(max(0, lba), count)
    drive.last_lba = lba + count
    return answer


class _Errors:
    """What a worn disc does to whole sectors: data that cannot be corrected ends the command, audio is marked."""

    def __init__(self, drive: DriveState, disc: CdDisc) -> None:
        self.drive = drive
        self.disc = disc

    def __call__(self, lba: int) -> bytes:
        """Return the C2 error bits of a sector, or end the command."""
        wear, disc = self.drive.wear, self.disc
        if wear is None or lba < 0:
            return bytes(_ERROR_BITS)
        condition, _ = wear.worst(lba, 1, disc.kind.traits.family, disc.sectors, 1)
        if condition is not Condition.BAD:
            return bytes(_ERROR_BITS)
        number = disc.area(lba)[1]
        if number and disc.cd_tracks[number - 1].form.data:
            raise CheckConditionError(3, 0x11, 5, information=lba)  # L-EC uncorrectable error
        # One byte in sixteen, not the same ones in each sector.
        return bytes(0x80 if (lba + at) % 2 else 0x00 for at in range(_ERROR_BITS))


# --- READ SUB-CHANNEL, READ HEADER --------------------------------------------------------------------


def read_sub_channel(drive: DriveState, command: ReadSubChannel, data: memoryview) -> bytes:
    """READ SUB-CHANNEL: position, catalogue number, recording codes (MMC-3 6.1.18)."""
    _, disc = need_cd(drive)
    status = audio_status(drive)  # moves the head on
    body = b""
    if command.sub_q:
        if command.format_ is SubChannelFormat.CURRENT_POSITION:
            body = _position(drive, disc, msf_form=command.msf)
        elif command.format_ is SubChannelFormat.CATALOG_NUMBER:
            catalog = next((lead.catalog for lead in disc.leads if lead.catalog), "")
            body = bytes((2, 0, 0, 0)) + _code(catalog, 15)
        elif command.format_ is SubChannelFormat.ISRC:
            if not 1 <= command.track <= len(disc.tracks):
                raise invalid_field(6)
            track = disc.cd_tracks[command.track - 1]
            body = bytes((3, _ADR_POSITION | track.control, command.track, 0)) + _code(track.isrc, 15)
        else:
            raise invalid_field(3)
    return bytes((0, status)) + len(body).to_bytes(2, "big") + body


def _code(text: str, size: int) -> bytes:
    """Return a valid bit, the characters and zeros, 16 bytes."""
    return (b"\x80" if text else b"\0") + text.encode("ascii").ljust(size, b"\0")


def _position(drive: DriveState, disc: CdDisc, *, msf_form: bool) -> bytes:
    """Return where the head is: track, index, absolute and relative place."""
    lba = max(-MSF_OFFSET, drive.last_lba - 1) if drive.last_lba else 0
    area, number, _ = disc.area(lba)
    if area is CdArea.OUTSIDE or area is CdArea.BLANK:
        lba, number = disc.tracks[0].start, 1
    track = disc.cd_tracks[number - 1]
    index, relative = place_in(track, lba)
    head = bytes((1, _ADR_POSITION | control_at(track), number, index))
    if msf_form:
        return head + msf(lba) + msf(relative - MSF_OFFSET)
    if not index:
        relative = -relative - 1
    return head + lba.to_bytes(4, "big", signed=True) + relative.to_bytes(4, "big", signed=True)


def read_header(drive: DriveState, command: ReadHeader, data: memoryview) -> bytes:
    """READ HEADER: mode and address of a data sector."""
    medium, disc = need_cd(drive)
    check_area(disc, command.lba, 1, data=True)
    number = disc.area(command.lba)[1]
    mode, _ = sectors(medium, disc, number, command.lba, 1)[0]
    if mode is SectorMode.AUDIO:
        raise illegal_mode(command.lba)
    drive.last_lba = command.lba + 1
    place = msf(command.lba) if command.msf else command.lba.to_bytes(4, "big", signed=True)
    return bytes((mode.number or 0, 0, 0, 0)) + place
