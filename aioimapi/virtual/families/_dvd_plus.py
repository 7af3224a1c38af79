"""DVD+R and DVD+RW (MMC-6 4.3.6, 4.3.7; ECMA-349 and ECMA-337)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import CloseTrackSession, ReadDiscStructure, StructureMedia
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, Busy, DriveState
from aioimapi.virtual._reply import invalid_field, invalid_parameter
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, FormatState, Track
from aioimapi.virtual.families._family import Family, Feature, FormatChoice, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

_FIRST_PSN: Final = 0x030000
"""Physical sector number of logical block 0 on a DVD."""

_PHYSICAL: Final = 0x00
_COPYRIGHT: Final = 0x01
_ADIP: Final = 0x11
_LIST: Final = 0xFF
_SIZES: Final = {_PHYSICAL: 2048, _COPYRIGHT: 4, _ADIP: 256}


class DvdPlusFamily(Family):
    """What DVD+R and DVD+RW share."""

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return formats 00h, 01h, 11h and FFh."""
        if command.media is not StructureMedia.DVD:
            raise invalid_field(1, 3)
        if command.layer:
            raise invalid_field(6)
        if command.format_ == _LIST:
            body = b"".join(struct.pack(">BBH", code, 0x40, size + 4) for code, size in _SIZES.items())
        elif command.format_ not in _SIZES:
            raise invalid_field(7)
        else:
            body = bytes(4) if command.format_ == _COPYRIGHT else _physical_format(disc)
            body = body.ljust(_SIZES[command.format_], b"\0")
        return struct.pack(">Hxx", len(body) + 2) + body


class DvdPlusRFamily(DvdPlusFamily):
    """DVD+R."""

    profiles: ClassVar[tuple[int, ...]] = (0x1B, 0x10)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001F: (2, bytes(4)),
        0x002B: (0, b"\x01\0\0\0"),
        0x010A: (0, bytes(4)),
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, DVD+R, disc control blocks."""
        return self.offers

    def track_mode(self, disc: DiscState, track: Track) -> int:
        """Return what drives show of a DVD+R: data, incremental, copy permitted."""
        return 7


class DvdPlusRwFamily(DvdPlusFamily):
    """DVD+RW."""

    profiles: ClassVar[tuple[int, ...]] = (0x1A, 0x10)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x001F: (2, bytes(4)),
        0x0020: (1, struct.pack(">IIHBB", 0, 2048, 16, 1, 0)),
        0x0023: (1, b"\x0f\0\0\0\x01\0\0\0"),
        0x002A: (1, b"\x01\0\0\0"),
        0x010A: (0, bytes(4)),
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, random write, format, DVD+RW, disc control blocks."""
        return {**self.offers, 0x0020: (1, struct.pack(">IIHBB", max(0, disc.sectors - 1), 2048, 16, 1, 0))}

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Stop the background format (MMC-6 6.3.3.4): what CLOSE TRACK SESSION is for on this disc."""
        drive.settle_background_format()
        drive.background_format = None
        if medium.state.format_state is FormatState.IN_PROGRESS:
            medium.state.format_state = FormatState.SUSPENDED
            medium.save()

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """The full format, in the background."""
        return [(disc.raw_sectors, 0x26, 0)]

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Start the background format; it runs beside reading and writing, whatever IMMED says (MMC-6 6.5.4.2.14)."""
        disc = medium.state
        self.check_format_type(disc, parameters)
        restart = bool(parameters[11] & 0x01)
        if int.from_bytes(parameters[4:8], "big") not in (disc.raw_sectors, 0xFFFFFFFF):
            raise invalid_parameter(4)
        if restart and disc.format_state is FormatState.UNFORMATTED:
            raise sequence_error()
        if restart and disc.format_state is FormatState.COMPLETE:
            return
        seconds = 0.0
        if drive.physics.enabled:
            seconds = disc.raw_sectors * SECTOR_SIZE / drive.write_rate
        disc.format(disc.raw_sectors, FormatState.IN_PROGRESS if seconds else FormatState.COMPLETE)
        medium.save()
        if seconds:
            drive.background_format = Busy(FORMAT_IN_PROGRESS, drive.now, drive.now + seconds)


def _physical_format(disc: DiscState) -> bytes:
    """Return the physical format information that DVD+R and DVD+RW keep in their ADIP."""
    traits = disc.kind.traits
    book = 0xA1 if disc.kind is MediumKind.DVD_PLUS_R else 0x92
    end = _FIRST_PSN + traits.sectors - 1
    body = bytearray(32)
    body[:4] = bytes((book, 0x0F, 0x02, 0x00))  # 120 mm, no stated rate, one layer, recordable; 0.74 um
    body[4:8] = _FIRST_PSN.to_bytes(4, "big")
    body[8:12] = end.to_bytes(4, "big")
    body[19:27] = traits.manufacturer.encode().ljust(8, b"\0")
    body[27:30] = traits.media_type.encode().ljust(3, b"\0")
    body[30] = 1
    return bytes(body)
