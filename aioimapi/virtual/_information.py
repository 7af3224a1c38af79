"""What the disc is and holds: READ DISC / TRACK INFORMATION, READ TOC/PMA/ATIP, READ CAPACITY, READ FORMAT CAPACITIES.

The answers are laid out here from the standard's tables and not with the codec's own encoders, so that where the
codec misreads a table, driver and drive disagree and a test says so.
"""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import (
    DiscInformationType,
    ReadCapacity,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
    TocFormat,
    TrackAddressType,
)
from aioimapi.units import FRAMES_PER_SECOND, MSF_OFFSET, SECTOR_SIZE
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._kinds import CD_RUN_OUT, MediumKind
from aioimapi.virtual._medium import default_format_sectors
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual._state import DiscState, DiscStatus, Track

INVISIBLE_TRACK: Final = 0xFF
LEAD_OUT: Final = 0xAA
_UNUSED: Final = 0xFFFFFFFF


def msf(lba: int) -> bytes:
    """Return an address as minute, second, frame, behind a zero byte; FF:59:74 where it is too large for that form."""
    frames = lba + MSF_OFFSET
    minute, rest = divmod(frames, 60 * FRAMES_PER_SECOND)
    return bytes((0, minute, *divmod(rest, FRAMES_PER_SECOND))) if minute < 0xFF else b"\x00\xff\x3b\x4a"


# --- READ DISC INFORMATION ----------------------------------------------------------------------------


def read_disc_information(drive: DriveState, command: ReadDiscInformation, data: memoryview) -> bytes:
    """READ DISC INFORMATION (MMC-6 6.21)."""
    disc = drive.need_disc()
    if command.data_type is DiscInformationType.TRACK_RESOURCES:
        traits = disc.kind.traits
        sessions = traits.max_sessions
        return struct.pack(
            ">HBxHHHH", 10, 1 << 5, sessions, len(disc.tracks), sessions, sessions - len(disc.tracks)
        )
    if command.data_type is DiscInformationType.POW_RESOURCES:
        raise invalid_field(1, 2)  # no pseudo-overwrite
    tracks = disc.session_tracks(disc.sessions) or disc.tracks[-1:]
    first = next(n for n, track in enumerate(disc.tracks, 1) if track is tracks[0])
    last = len(disc.tracks)
    lead_in, lead_out = _session_limits(disc)
    return b"".join(
        (
            struct.pack(
                ">HBBBBBBBBBB",
                32,
                (0 if disc.write_once else 0x10) | disc.session_state << 2 | disc.status,
                1,
                disc.sessions & 0xFF,
                first & 0xFF,
                last & 0xFF,
                0x20 | (0 if disc.write_once else disc.format_state),
                0,
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


def _session_limits(disc: DiscState) -> tuple[bytes, bytes]:
    """Return the start of the open session's lead-in and the last possible lead-out (MMC-6 6.21.3.1.16)."""
    if not disc.kind.traits.cd:
        return bytes(4), disc.sectors.to_bytes(4, "big")
    if disc.status is DiscStatus.COMPLETE:
        return b"\xff" * 4, b"\xff" * 4
    first = disc.session_tracks(disc.sessions)
    start = first[0].start if first else 0
    # The lead-in takes a minute before the pregap; the first one lies in front of address 0, in the 97th minute.
    lead_in = msf(start - 4_500 - MSF_OFFSET) if disc.sessions > 1 else bytes((0, 97, 34, 23))
    return lead_in, msf(disc.sectors)


# --- READ TRACK INFORMATION ---------------------------------------------------------------------------


def read_track_information(drive: DriveState, command: ReadTrackInformation, data: memoryview) -> bytes:
    """READ TRACK INFORMATION (MMC-6 6.27)."""
    disc = drive.need_disc()
    number = _asked_track(disc, command)
    if command.open_:
        number = next((n for n in range(number, len(disc.tracks) + 1) if not disc.tracks[n - 1].closed), 0)
        if not number:
            raise invalid_field(2)
    return track_information(disc, number)


def _asked_track(disc: DiscState, command: ReadTrackInformation) -> int:
    address = command.address
    if command.address_type is TrackAddressType.LBA:
        number = disc.track_of(address)
    elif command.address_type is TrackAddressType.SESSION:
        found = (n for n, track in enumerate(disc.tracks, 1) if track.session == address)
        number = next(found, None)
    elif address == INVISIBLE_TRACK and disc.write_once:
        number = disc.incomplete_track()
    else:
        number = address if 1 <= address <= len(disc.tracks) else None
    if number is None:
        raise invalid_field(2)
    return number


def track_information(disc: DiscState, number: int) -> bytes:
    """Return the track information block of one track."""
    track = disc.tracks[number - 1]
    traits = disc.kind.traits
    open_ = disc.write_once and not track.closed and disc.free_sectors(track) > 0
    recorded = disc.write_once and not traits.cd and track.next_lba > track.start
    blank = (track.blank and disc.write_once) or not (disc.write_once or disc.formatted)
    free = disc.free_sectors(track) if disc.write_once else (0 if disc.formatted else disc.sectors)
    block = struct.pack(
        ">HBBxBBBIIIIII",
        34 if traits.cd else 46,
        number & 0xFF,
        track.session & 0xFF,
        _track_mode(disc, track),
        (0x80 if track.reserved else 0) | (0x40 if blank else 0) | (0x20 if track.packet else 0) | 0x01,
        (0x02 if recorded else 0) | (0x01 if open_ else 0),
        track.start,
        track.next_lba if open_ else 0,
        free,
        0 if traits.cd else traits.unit,
        disc.track_end(track) - track.start - (CD_RUN_OUT if traits.cd and track.end is None else 0),
        track.next_lba - 1 if recorded else 0,
    )
    block += bytes((number >> 8, track.session >> 8)) + bytes(2)
    return block if traits.cd else block + bytes(12)


def _track_mode(disc: DiscState, track: Track) -> int:
    """Return the Q subchannel control bits that the track has or would have."""
    if disc.kind is MediumKind.DVD_PLUS_R:
        return 7
    return 5 if disc.kind.traits.cd and track.packet else 4


# --- READ TOC/PMA/ATIP --------------------------------------------------------------------------------


def read_toc(drive: DriveState, command: ReadTocPmaAtip, data: memoryview) -> bytes:
    """READ TOC/PMA/ATIP (MMC-6 6.25); on DVD and BD a TOC is made up from the complete sessions."""
    disc = drive.need_disc()
    cd = disc.kind.traits.cd
    if command.format_ is TocFormat.ATIP and cd:
        return _atip(disc)
    listed = _listed_tracks(disc)
    if not listed:
        raise invalid_field(2, 3)
    if command.format_ is TocFormat.TOC:
        return _toc(disc, listed, command)
    if command.format_ is TocFormat.SESSION_INFO:
        last = disc.complete_sessions
        number = next(n for n in listed if disc.tracks[n - 1].session == last)
        entry = _toc_entry(disc, number, disc.tracks[number - 1].start, msf_form=command.msf)
        return struct.pack(">HBB", 10, 1, last & 0xFF) + entry
    if command.format_ is TocFormat.FULL_TOC and cd:
        return _full_toc(disc, command.number)
    raise invalid_field(2, 3)


def _listed_tracks(disc: DiscState) -> list[int]:
    """Return the numbers of the tracks of complete sessions: what a table of contents lists."""
    if disc.readable_end() == 0:
        return []
    return [n for n, track in enumerate(disc.tracks, 1) if track.session <= disc.complete_sessions]


def _toc_entry(disc: DiscState, number: int, lba: int, *, msf_form: bool) -> bytes:
    control = 0x17 if disc.kind is MediumKind.DVD_PLUS_R else 0x14
    return bytes((0, control, number & 0xFF, 0)) + (msf(lba) if msf_form else lba.to_bytes(4, "big"))


def _toc(disc: DiscState, listed: list[int], command: ReadTocPmaAtip) -> bytes:
    if command.number != LEAD_OUT and command.number > listed[-1]:
        raise invalid_field(6)
    form = command.msf
    entries = [
        _toc_entry(disc, n, disc.tracks[n - 1].start, msf_form=form) for n in listed if n >= command.number
    ]
    entries.append(_toc_entry(disc, LEAD_OUT, disc.readable_end(), msf_form=form))
    body = b"".join(entries[-100:])
    return struct.pack(">HBB", len(body) + 2, listed[0] & 0xFF, listed[-1] & 0xFF) + body


def _full_toc(disc: DiscState, first_session: int) -> bytes:
    entries = []
    sessions = range(1, disc.complete_sessions + 1)
    for session in sessions:
        if session < first_session:
            continue
        numbers = [n for n, track in enumerate(disc.tracks, 1) if track.session == session]
        point = bytes((session, 0x14, 0))
        entries.append(point + bytes((0xA0, 0, 0, 0, 0, numbers[0], 0, 0)))
        entries.append(point + bytes((0xA1, 0, 0, 0, 0, numbers[-1], 0, 0)))
        entries.append(point + bytes((0xA2, 0, 0, 0)) + msf(disc.lead_out(session)))
        entries += [point + bytes((n, 0, 0, 0)) + msf(disc.tracks[n - 1].start) for n in numbers]
        entries.append(_next_session(disc, session))
    body = b"".join(entries)
    return struct.pack(">HBB", len(body) + 2, 1, sessions[-1]) + body


def _next_session(disc: DiscState, session: int) -> bytes:
    """Return the B0h entry: where the next program area can begin, FF:FF:FF after the last (Red Book, mode 5)."""
    following = disc.session_tracks(session + 1)
    start = msf(following[0].start)[1:] if following else b"\xff\xff\xff"
    return bytes((session, 0x54, 0, 0xB0)) + start + b"\x02" + msf(disc.sectors)[1:]


def _atip(disc: DiscState) -> bytes:
    """Return the ATIP of a made-up CD-R: speed, disc type, start of lead-in, last lead-out (MMC-6 6.25.3.6)."""
    body = (
        bytes((0xD4, 0x00, 0xA0, 0x00)) + bytes((97, 34, 23, 0)) + msf(disc.sectors)[1:] + b"\0" + bytes(12)
    )
    return struct.pack(">Hxx", len(body) + 2) + body


# --- sizes --------------------------------------------------------------------------------------------


def read_capacity(drive: DriveState, command: ReadCapacity, data: memoryview) -> bytes:
    """READ CAPACITY: the last sector of the last complete session; 0 where there is none (MMC-6 6.24)."""
    return struct.pack(">II", max(0, drive.need_disc().readable_end() - 1), SECTOR_SIZE)


def format_choices(disc: DiscState) -> list[tuple[int, int, int]]:
    """Return what the disc can be formatted to, as (sectors, format type, type dependent parameter)."""
    if disc.kind is MediumKind.DVD_PLUS_RW:
        return [(disc.raw_sectors, 0x26, 0)]
    if disc.kind not in (MediumKind.BD_R, MediumKind.BD_RE):
        return []
    default = default_format_sectors(disc)
    small = disc.raw_sectors * 5_796_864 // 12_219_392 // 32 * 32
    large = disc.raw_sectors * 12_088_320 // 12_219_392 // 32 * 32
    if disc.kind is MediumKind.BD_R:
        if disc.status is not DiscStatus.BLANK:
            return []
        return [(default, 0x00, 0x3000), (default, 0x32, 0), (small, 0x32, 0), (large, 0x32, 0)]
    most = disc.raw_sectors * 11_564_032 // 12_219_392 // 32 * 32
    return [
        (default, 0x00, 0x3000),
        (default, 0x30, 0x3000),
        (most, 0x30, 0x5000),
        (large, 0x30, 0x1000),
        (disc.raw_sectors, 0x31, 0x800),
    ]


def read_format_capacities(drive: DriveState, command: ReadFormatCapacities, data: memoryview) -> bytes:
    """READ FORMAT CAPACITIES (MMC-6 6.23)."""
    disc = drive.disc
    if disc is None:
        return struct.pack(">3xBII", 8, _UNUSED >> 1, 3 << 24 | SECTOR_SIZE)
    blank = disc.status is DiscStatus.BLANK
    size = disc.raw_sectors if blank else disc.sectors
    body = struct.pack(">II", size, (1 if blank else 2) << 24 | SECTOR_SIZE)
    for sectors, kind, parameter in format_choices(disc):
        body += struct.pack(">II", sectors, kind << 26 | parameter)
    return struct.pack(">3xB", len(body)) + body
