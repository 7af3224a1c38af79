"""DVD+R, DVD+R DL and DVD+RW (MMC-6 4.3.6, 4.3.7; ECMA-349, ECMA-364 and ECMA-337)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import CloseTrackSession, ReadDiscStructure, SendDiscStructure
from aioimapi.units import SECTOR_SIZE, round_up
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, Busy, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual.discs._dvd_plus import DvdPlusRDualDisc, DvdPlusRwDisc
from aioimapi.virtual.discs._state import DiscState, FormatState, Track
from aioimapi.virtual.families import _dvd_structures as structures
from aioimapi.virtual.families._dvd import COMMON, DVD_READ, PHYSICAL, TRY_OUT, DvdFamily, StructureFormat
from aioimapi.virtual.families._family import Feature, FormatChoice, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

ADIP: Final = 0x11
LAYER_BOUNDARY: Final = 0x20
CONTROL_BLOCKS: Final = 0x30

DISC_CONTROL_BLOCKS: Final[Feature] = (0, b"")
"""Feature 010Ah: the drive reads disc control blocks; these discs have none that a host could ask for."""

_ALL_BLOCKS: Final = 0xFFFFFFFF
_CONTROL_BLOCK_SIZE: Final = 32_768

_BOUNDARY_SET: Final = 0x80


def _block_list(drive: DriveState, disc: DiscState) -> bytes:
    """Return the list of disc control blocks: its own content descriptor, and no other (MMC-6 6.22.3.2.22)."""
    return _ALL_BLOCKS.to_bytes(4, "big")


def _physical(drive: DriveState, disc: DiscState) -> bytes:
    return structures.plus_physical(disc, disc.layer_0 if isinstance(disc, DvdPlusRDualDisc) else 0)


class DvdPlusFamily(DvdFamily):
    """What DVD+R and DVD+RW share."""

    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **COMMON,
        PHYSICAL: StructureFormat(2048, _physical),
        ADIP: StructureFormat(256, _physical),
        CONTROL_BLOCKS: StructureFormat(_CONTROL_BLOCK_SIZE, _block_list),
    }

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return one structure, or their list; of disc control blocks only the list."""
        if command.format_ == CONTROL_BLOCKS and command.address != _ALL_BLOCKS:
            raise invalid_field(2)
        return super().structure(drive, disc, command)


class DvdPlusRFamily(DvdPlusFamily):
    """DVD+R."""

    profiles: ClassVar[tuple[int, ...]] = (0x1B, 0x10)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001F: DVD_READ,
        0x002B: (0, b"\x01\0\0\0"),
        0x010A: DISC_CONTROL_BLOCKS,
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, DVD+R, disc control blocks."""
        return self.offers

    def track_mode(self, disc: DiscState, track: Track) -> int:
        """Return what drives show of a DVD+R: data, incremental, copy permitted."""
        return 7

    def track_flags(self, disc: DiscState, track: Track) -> int:
        """Return RT, Blank, Packet and the data mode; RT also of a track that is closed (MMC-6 6.27.3.8)."""
        return super().track_flags(disc, track) | (0x80 if track.closed else 0)


def _dual(disc: DiscState) -> DvdPlusRDualDisc:
    assert isinstance(disc, DvdPlusRDualDisc)
    return disc


def _layer_boundary(drive: DriveState, disc: DiscState) -> bytes:
    """Return format 20h: whether the end of layer 0 is fixed, and where it is (MMC-6 6.22.3.2.18)."""
    dual = _dual(disc)
    fixed = bool(dual.layer_0_set) or not _layer_can_be_set(dual)
    return bytes((_BOUNDARY_SET if fixed else 0, 0, 0, 0)) + dual.layer_0.to_bytes(4, "big")


def _layer_can_be_set(disc: DvdPlusRDualDisc) -> bool:
    """Return whether layer 0 can still be made shorter: while only the first session may be open."""
    return disc.sessions == 1 and not disc.finalized and disc.tracks[-1].next_lba < disc.layer_0


class DvdPlusRDualFamily(DvdPlusRFamily):
    """DVD+R DL."""

    profiles: ClassVar[tuple[int, ...]] = (0x2B,)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001F: DVD_READ,
        0x003B: (0, b"\x01\0\0\0"),
        0x010A: DISC_CONTROL_BLOCKS,
    }
    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **DvdPlusFamily.formats,
        LAYER_BOUNDARY: StructureFormat(8, _layer_boundary, sendable=True),
    }

    def take_structure(
        self, drive: DriveState, medium: VirtualMedium, command: SendDiscStructure, body: bytes
    ) -> None:
        """Set the end of layer 0, once, before it was reached (MMC-6 6.36.2.9)."""
        disc = _dual(medium.state)
        if command.format_ != LAYER_BOUNDARY:
            raise invalid_field(7)
        if len(body) < 8:
            raise CheckConditionError(5, 0x1A, 0)
        if disc.layer_0_set or not _layer_can_be_set(disc):
            raise sequence_error()
        sectors = int.from_bytes(body[4:8], "big")
        used = max(track.next_lba if track.end is None else track.end for track in disc.tracks)
        if sectors % disc.kind.traits.unit or not max(1, used) <= sectors <= disc.layer_0:
            raise invalid_parameter(8)
        disc.set_layer_0(sectors)
        medium.save()


class DvdPlusRwFamily(DvdPlusFamily):
    """DVD+RW."""

    profiles: ClassVar[tuple[int, ...]] = (0x1A, 0x10)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001F: DVD_READ,
        0x0020: (1, struct.pack(">IIHBB", 0, 2048, 16, 1, 0)),
        0x0023: (1, b"\x0f\0\0\0\x01\0\0\0"),
        0x002A: (1, b"\x01\0\0\0"),
        0x010A: DISC_CONTROL_BLOCKS,
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, random write, format, DVD+RW, disc control blocks."""
        return {**self.offers, 0x0020: (1, struct.pack(">IIHBB", max(0, disc.sectors - 1), 2048, 16, 1, 0))}

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Write; while the format is not complete, note how far."""
        medium.put(lba, data)
        disc = medium.state
        if disc.format_state is not FormatState.COMPLETE:
            assert isinstance(disc, DvdPlusRwDisc)
            disc.written_to = max(disc.written_to, round_up(lba + count, disc.kind.traits.unit))

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Stop the background format, where it runs, and write a lead-out behind what is formatted (MMC-6 6.3.3.4)."""
        drive.settle_background_format()
        running, drive.background_format = drive.background_format, None
        disc = medium.state
        if disc.format_state is not FormatState.IN_PROGRESS:
            return
        disc.suspend_format(running.progress(drive.now) if running is not None else 0.0)
        medium.save()
        drive.spend(drive.physics.close_s, immed=command.immed)

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """The full format, in the background."""
        return [(disc.raw_sectors, 0x26, 0)]

    def format_capacity(self, disc: DiscState) -> tuple[int, int]:
        """Return the size, or of a disc whose format rests where its lead-out is."""
        if disc.format_state is FormatState.SUSPENDED and isinstance(disc, DvdPlusRwDisc):
            return disc.ready_to, 2
        return super().format_capacity(disc)

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Begin the background format, or go on with it; it runs beside reading and writing (MMC-6 6.5.4.2.14).

        The size that the host asks for means nothing: FFFFFFFFh, the whole disc or 0 with the restart flag.
        """
        disc = medium.state
        assert isinstance(disc, DvdPlusRwDisc)
        self.check_format_type(disc, parameters)
        restart = bool(parameters[11] & 0x01)
        sectors = int.from_bytes(parameters[4:8], "big")
        if sectors not in (disc.raw_sectors, 0xFFFFFFFF) and not (restart and sectors == 0):
            raise invalid_parameter(4)
        if restart and disc.format_state is FormatState.UNFORMATTED:
            raise sequence_error()
        if parameters[1] & TRY_OUT or (restart and disc.format_state >= FormatState.IN_PROGRESS):
            return  # it would work, or runs, or is done
        if not restart:
            disc.formatted_to = disc.written_to = 0
        seconds = disc.raw_sectors * SECTOR_SIZE / drive.write_rate if drive.physics.enabled else 0.0
        disc.format(disc.raw_sectors, FormatState.IN_PROGRESS if seconds else FormatState.COMPLETE)
        if restart:
            medium.save()
        else:
            medium.wipe()
        drive.background_format = None
        if seconds:
            start = drive.now - seconds * disc.formatted_to / disc.raw_sectors
            drive.background_format = Busy(FORMAT_IN_PROGRESS, start, start + seconds)
