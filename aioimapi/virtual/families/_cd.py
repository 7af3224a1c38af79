"""CD-R: track at once and packets, addresses also as MSF, ATIP (MMC-6 4.2, 7.5)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import ReadTocPmaAtip, ReserveTrack, TocFormat
from aioimapi.units import MSF_OFFSET
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import MULTI_SESSION, multi_session, write_type
from aioimapi.virtual.discs._cd import CdDisc
from aioimapi.virtual.discs._cd_traits import CD_MIN_TRACK, CD_PACKET_LINK, CD_RUN_OUT
from aioimapi.virtual.discs._state import DiscState, DiscStatus, SessionState, Track
from aioimapi.virtual.families._family import Family, Feature, msf
from aioimapi.virtual.files._medium import VirtualMedium

WRITE_TAO: Final = 1
"""Write type track at once of mode page 05h (MMC-6 7.5.3.2)."""


class CdFamily(Family):
    """CD-R."""

    profiles: ClassVar[tuple[int, ...]] = (0x09, 0x08)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001E: (2, bytes(4)),
        0x0021: (3, bytes((1, 0, 1, 1, 7, 0, 0, 0))),
        0x002D: (2, b"\x40\0\x01\x00"),
    }
    shortest_track: ClassVar[int] = CD_MIN_TRACK

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """CD read; while it can be written, incremental streaming and track at once."""
        if disc.status is DiscStatus.COMPLETE:
            return {0x001E: self.offers[0x001E]}
        return self.offers

    # --- writing and closing ------------------------------------------------------------------------

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """End a packet, and in track-at-once mode the track (MMC-6 4.2.3.8, 6.43.3)."""
        disc = medium.state
        assert isinstance(disc, CdDisc)
        track = disc.tracks[number - 1]
        if write_type(drive) != WRITE_TAO and disc.free_sectors(track) > CD_PACKET_LINK:
            disc.end_packet(track)
        else:
            disc.close_track(number)
        medium.save()

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return whether the Multi-session field of page 05h ends the disc with the session."""
        return multi_session(drive) != MULTI_SESSION

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
        if len(medium.state.tracks) >= 99 and not medium.state.finalized:
            raise CheckConditionError(5, 0x72, 5)
        super().reserve(drive, medium, command)

    def check_write_parameters(self, drive: DriveState, page: bytes, at: int) -> None:
        """Take data tracks, packets and track at once."""
        super().check_write_parameters(drive, page, at)
        if page[2] & 0x0F not in (0, 1):
            raise invalid_parameter(at + 2, 3)
        if page[3] >> 6 in (1, 2):
            raise invalid_parameter(at + 3, 7)
        if page[3] & 0x0F not in (4, 5, 6, 7):
            raise invalid_parameter(at + 3, 3)  # an audio track
        if page[4] & 0x0F != 8:
            raise invalid_parameter(at + 4, 3)

    # --- what it says -------------------------------------------------------------------------------

    def session_limits(self, disc: DiscState) -> tuple[bytes, bytes]:
        """Return lead-in and last lead-out as MSF; FF:FF:FF once the disc is closed."""
        if disc.status is DiscStatus.COMPLETE:
            return b"\xff" * 4, b"\xff" * 4
        first = disc.session_tracks(disc.sessions)
        start = first[0].start if first else 0
        # The lead-in takes a minute before the pregap; the first one lies in front of address 0, in the 97th minute.
        lead_in = msf(start - 4_500 - MSF_OFFSET) if disc.sessions > 1 else bytes((0, 97, 34, 23))
        return lead_in, msf(disc.sectors)

    def track_information(self, disc: DiscState, number: int) -> bytes:
        """Return the track information block: 36 bytes, with neither a packet size nor a last recorded address."""
        track = disc.tracks[number - 1]
        open_ = self.is_open(disc, track)
        return (
            struct.pack(
                ">HBBxBBBIIIIII",
                34,
                number & 0xFF,
                track.session & 0xFF,
                self.track_mode(disc, track),
                self.track_flags(disc, track),
                0x01 if open_ else 0,
                track.start,
                track.next_lba if open_ else 0,
                disc.free_sectors(track),
                0,
                disc.track_end(track) - track.start - (CD_RUN_OUT if track.end is None else 0),
                0,
            )
            + bytes((number >> 8, track.session >> 8))
            + bytes(2)
        )

    def track_mode(self, disc: DiscState, track: Track) -> int:
        """Return data, recorded uninterrupted or in packets."""
        return 5 if track.packet else 4

    def toc_entry(self, disc: DiscState, number: int, lba: int, *, msf_form: bool) -> bytes:
        """Return one descriptor of the plain TOC: a data track."""
        return bytes((0, 0x14, number & 0xFF, 0)) + (msf(lba) if msf_form else lba.to_bytes(4, "big"))

    def toc(self, disc: DiscState, command: ReadTocPmaAtip) -> bytes:
        """Return TOC, session information, full TOC or ATIP."""
        if command.format_ is TocFormat.ATIP:
            return _atip(disc)
        if command.format_ is TocFormat.FULL_TOC and self.listed_tracks(disc):
            return _full_toc(disc, command.number)
        if command.format_ not in (TocFormat.TOC, TocFormat.SESSION_INFO):
            raise invalid_field(2, 3)
        return super().toc(disc, command)


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
