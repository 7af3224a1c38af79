"""DVD-R, and what is recorded as one: incrementally or at once, in borders (MMC-6 4.3.4; ECMA-359)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import CloseFunction, CloseTrackSession, ReserveTrack
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import MULTI_SESSION, multi_session, write_type
from aioimapi.virtual.discs._dvd_minus import DvdMinusDisc
from aioimapi.virtual.discs._state import DiscState, DiscStatus, Track
from aioimapi.virtual.families import _dvd_structures as structures
from aioimapi.virtual.families._dvd import COMMON, DVD_READ, PHYSICAL, DvdFamily, StructureFormat
from aioimapi.virtual.families._family import Feature, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

WRITE_INCREMENTAL: Final = 0
WRITE_AT_ONCE: Final = 2
"""Write types of mode page 05h that these discs have (MMC-6 7.5.3.2)."""

INCREMENTAL: Final[Feature] = (3, bytes((1, 0, 1, 1, 16, 0, 0, 0)))
"""Feature 0021h: blocks of 2,048 bytes, buffer underruns cost nothing, one link size of 16 sectors."""
MINUS_WRITE: Final[Feature] = (2, b"\x4e\0\0\0")
"""Feature 002Fh: buffer underrun protection, DVD-R with two layers, test write, DVD-RW."""

RMD_LAST_BORDER: Final = 0x0C
RMD: Final = 0x0D
PRE_RECORDED: Final = 0x0E
UNIQUE_DISC_ID: Final = 0x0F
CONTROL_DATA: Final = 0x10


def minus(disc: DiscState) -> DvdMinusDisc:
    """Return a disc as what it is."""
    assert isinstance(disc, DvdMinusDisc)
    return disc


def _last_border(drive: DriveState, disc: DiscState) -> bytes | None:
    return structures.recording_management(minus(disc)) if disc.readable_end() else None


def _identity(drive: DriveState, disc: DiscState) -> bytes | None:
    return None if disc.status is DiscStatus.BLANK else structures.unique_disc_id()


class DvdMinusFamily(DvdFamily):
    """DVD-R."""

    profiles: ClassVar[tuple[int, ...]] = (0x11,)
    offers: ClassVar[Mapping[int, Feature]] = {0x001F: DVD_READ, 0x0021: INCREMENTAL, 0x002F: MINUS_WRITE}
    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **COMMON,
        PHYSICAL: StructureFormat(2048, lambda drive, disc: structures.minus_physical(disc)),
        RMD_LAST_BORDER: StructureFormat(2048, _last_border),
        RMD: StructureFormat(2048, lambda drive, disc: structures.recording_management(minus(disc))),
        PRE_RECORDED: StructureFormat(
            structures.PRE_RECORDED_SIZE, lambda drive, disc: structures.pre_recorded(disc)
        ),
        UNIQUE_DISC_ID: StructureFormat(18, _identity),
        CONTROL_DATA: StructureFormat(2048, lambda drive, disc: structures.minus_control_data(disc)),
    }
    write_types: ClassVar[tuple[int, ...]] = (WRITE_INCREMENTAL, WRITE_AT_ONCE)

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read; while it can be written, DVD-R write; while it takes packets, incremental streaming."""
        found = {0x001F: DVD_READ}
        if disc.status is not DiscStatus.COMPLETE:
            found[0x002F] = MINUS_WRITE
            if disc.packet_recording and not minus(disc).at_once:
                found[0x0021] = INCREMENTAL
        return found

    # --- writing ------------------------------------------------------------------------------------

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Take a WRITE at a next writable address, in the way that the disc was prepared for."""
        if not disc.finalized:
            kind = write_type(drive)
            if minus(disc).at_once != (kind == WRITE_AT_ONCE):
                if kind == WRITE_AT_ONCE:
                    raise sequence_error()  # at once, and the size was not reserved before
                raise CheckConditionError(5, 0x64, 0)
            if kind == WRITE_INCREMENTAL and not disc.packet_recording:
                raise CheckConditionError(5, 0x64, 0)  # illegal mode for this track: not after a quick blank
        return self._next_writable(disc, lba, count)

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """Fill up the last ECC block; at once, the disc is closed with its last sector (MMC-6 4.3.4.3)."""
        disc = minus(medium.state)
        if not disc.at_once:
            super().end_of_writing(drive, medium, number)
            return
        track = disc.tracks[number - 1]
        if track.next_lba == track.end:
            self._end_at_once(drive, disc)
            medium.save()
            drive.finish_simulation()

    def _end_at_once(self, drive: DriveState, disc: DvdMinusDisc) -> None:
        finalize = self.finalizes(drive, disc, CloseFunction.SESSION)
        disc.close_session(finalize=finalize)
        if not disc.finalized:
            disc.at_once = False  # the next border is another recording

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return whether the Multi-session field of page 05h ends the disc with the session."""
        return multi_session(drive) != MULTI_SESSION

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Close a track or the session; function 3 is for restricted overwrite."""
        if command.function not in (CloseFunction.TRACK, CloseFunction.SESSION):
            raise invalid_field(2, 2)
        disc = medium.state
        sessions = disc.sessions
        super().close(drive, medium, command)
        if disc.finalized or disc.sessions != sessions:
            drive.finish_simulation()

    def close_track(self, drive: DriveState, disc: DiscState, number: int) -> None:
        """Close one track; where the disc is recorded at once, the rest is filled up and the disc closed."""
        super().close_track(drive, disc, number)
        if minus(disc).at_once:
            self._end_at_once(drive, minus(disc))

    def close_session(self, disc: DiscState, *, finalize: bool) -> None:
        """Close the open session."""
        super().close_session(disc, finalize=finalize)
        if not disc.finalized:
            minus(disc).at_once = False

    def reserve(self, drive: DriveState, medium: VirtualMedium, command: ReserveTrack) -> None:
        """Reserve a track, or with the write type "at once" the whole recording of a blank disc."""
        disc = minus(medium.state)
        if write_type(drive) != WRITE_AT_ONCE or not disc.sequential or disc.finalized:
            super().reserve(drive, medium, command)
            return
        if command.remap or command.by_address or command.sectors is None:
            raise invalid_field(1, 1 if command.remap else 0)
        if disc.status is not DiscStatus.BLANK:
            raise sequence_error()
        if not 0 < command.sectors <= disc.free_sectors(disc.tracks[0]):
            raise invalid_field(5)
        disc.reserve_at_once(command.sectors)
        medium.save()

    def check_write_parameters(self, drive: DriveState, page: bytes, at: int) -> None:
        """Take the write types that the disc has, and data blocks of 2,048 bytes (MMC-6 7.5.3)."""
        if page[2] & 0x0F not in self.write_types_of(drive.disc):
            raise invalid_parameter(at + 2, 3)
        if page[3] >> 6 in (1, 2):
            raise invalid_parameter(at + 3, 7)
        if not page[3] & 0x04:
            raise invalid_parameter(at + 3, 3)  # an audio track
        if page[4] & 0x0F != 8:
            raise invalid_parameter(at + 4, 3)
        if page[2] & 0x10 and drive.disc is not None and not drive.disc.sequential:
            raise invalid_parameter(at + 2, 4)  # no test writing in restricted overwrite mode

    def write_types_of(self, disc: DiscState | None) -> tuple[int, ...]:
        """Return the write types that the disc takes as it is now."""
        return self.write_types

    # --- what it says -------------------------------------------------------------------------------

    def track_flags(self, disc: DiscState, track: Track) -> int:
        """Return RT, Blank, Packet and the data mode; a track that is complete counts as reserved no more."""
        return super().track_flags(disc, track) & (0x7F if track.closed else 0xFF)
