"""BD-R (sequential recording) and BD-RE (MMC-6 4.5)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import ReadDiscStructure, StructureMedia
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import invalid_field, invalid_parameter
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, DiscStatus, FormatState
from aioimapi.virtual.families._family import Family, Feature, FormatChoice
from aioimapi.virtual.files._medium import VirtualMedium

_FIRST_ADDRESS_UNIT: Final = 131_072
_LAST_ADDRESS_UNIT: Final = 1_658_494
"""Address units of the data zone of a BD of 25 GB, as single-layer discs carry them."""

_DISC_INFORMATION: Final = 0x00
_LIST: Final = 0xFF
_SIZES: Final = {_DISC_INFORMATION: 4096}

_VERSIONS: Final = b"\xff\xff\xff\xff"
_READ: Final = bytes(4) + _VERSIONS * 3 + bytes(4) + b"\xff\xff" + bytes(6)
"""Feature 0040h: which versions of BD-RE, BD-R and BD-ROM can be read; all of class 0 and 1."""
_WRITE: Final = bytes(4) + _VERSIONS + bytes(4) + _VERSIONS + bytes(4)
"""Feature 0041h: BD-RE and BD-R, no verify-not-required."""
_FORMAT: Final = b"\x0f\0\0\0\x01\0\0\0"


class BdFamily(Family):
    """What BD-R and BD-RE share."""

    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {}
    """Format subtypes that can be asked for, by format type (MMC-6 6.5.4.2.15)."""

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Format at once: the disc has the size that was asked for."""
        disc = medium.state
        self.check_format_type(disc, parameters)
        kind, subtype = parameters[8] >> 2, parameters[8] & 0x03
        if subtype not in self.subtypes.get(kind, (0, 1, 2, 3)):
            raise invalid_parameter(8, 1)
        sectors = int.from_bytes(parameters[4:8], "big")
        sizes = [choice[0] for choice in self.format_choices(disc) if choice[1] == kind]
        if not min(sizes) <= sectors <= max(sizes) or sectors % disc.kind.traits.unit:
            raise invalid_parameter(4)
        disc.format(sectors, FormatState.COMPLETE)
        if not disc.sequential:
            disc.tracks[0].next_lba = 0
        medium.save()
        immed = bool(parameters[1] & 0x02)
        drive.spend(drive.physics.format_s, immed=immed, ascq=FORMAT_IN_PROGRESS)

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return formats 00h and FFh."""
        if command.media is not StructureMedia.BD:
            raise invalid_field(1, 3)
        if command.layer:
            raise invalid_field(6)
        if command.format_ == _LIST:
            body = b"".join(struct.pack(">BBH", code, 0x40, size + 4) for code, size in _SIZES.items())
        elif command.format_ not in _SIZES:
            raise invalid_field(7)
        else:
            body = _disc_information(disc).ljust(_SIZES[command.format_], b"\0")
        return struct.pack(">Hxx", len(body) + 2) + body


class BdRFamily(BdFamily):
    """BD-R in sequential recording mode."""

    profiles: ClassVar[tuple[int, ...]] = (0x41, 0x40)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x0021: (3, bytes((1, 0, 1, 1, 7, 0, 0, 0))),
        0x0023: (1, _FORMAT),
        0x0040: (0, _READ),
        0x0041: (0, _WRITE),
    }
    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {
        0x00: (0, 1, 3),
        0x32: (0, 1, 3),
    }  # 2: random recording

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """BD read; while it can be written, incremental streaming and BD write; while it is blank, format."""
        if disc.status is DiscStatus.COMPLETE:
            return {0x0040: self.offers[0x0040]}
        return {
            code: feature
            for code, feature in self.offers.items()
            if code != 0x0023 or disc.status is DiscStatus.BLANK
        }

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """Spares of three sizes, while it is blank."""
        if disc.status is not DiscStatus.BLANK:
            return []
        default = disc.default_format_sectors
        small, large = (_share(disc, sectors) for sectors in (5_796_864, 12_088_320))
        return [(default, 0x00, 0x3000), (default, 0x32, 0), (small, 0x32, 0), (large, 0x32, 0)]


class BdReFamily(BdFamily):
    """BD-RE."""

    profiles: ClassVar[tuple[int, ...]] = (0x43, 0x40)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x0020: (1, struct.pack(">IIHBB", 0, 2048, 32, 1, 0)),
        0x0023: (1, _FORMAT),
        0x0024: (1, b"\x80\0\0\0"),
        0x0040: (0, _READ),
        0x0041: (0, _WRITE),
    }
    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {0x30: (0, 2, 3), 0x31: (0, 1)}
    """Quick reformat, full and quick certification; without spares, no certification."""

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """BD read and write, random write, format, defect management."""
        return {**self.offers, 0x0020: (1, struct.pack(">IIHBB", max(0, disc.sectors - 1), 2048, 32, 1, 0))}

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """The default, more and fewer spares, and none."""
        default = disc.default_format_sectors
        most, large = (_share(disc, sectors) for sectors in (11_564_032, 12_088_320))
        return [
            (default, 0x00, 0x3000),
            (default, 0x30, 0x3000),
            (most, 0x30, 0x5000),
            (large, 0x30, 0x1000),
            (disc.raw_sectors, 0x31, 0x800),
        ]


def _share(disc: DiscState, sectors: int) -> int:
    """Return what ``sectors`` of a full-size disc are of this one, in whole clusters."""
    return disc.raw_sectors * sectors // disc.kind.traits.sectors // 32 * 32


def _disc_information(disc: DiscState) -> bytes:
    """Return one DI unit of a BD-R or BD-RE disc."""
    traits = disc.kind.traits
    body = bytearray(112)
    body[:8] = b"DI\x01\x0f\x00\x00\x62\x00"
    recordable = disc.kind is MediumKind.BD_R
    body[8:12] = b"BDR\x01" if recordable else b"BDW\x01"  # disc type, 120 mm of version 1
    body[12:14] = bytes((0x12 if recordable else 0x14, 0x01))  # one layer, written once or often; 25 GB
    body[16] = 0x01  # burst cutting area present
    body[24:28] = _FIRST_ADDRESS_UNIT.to_bytes(4, "big")
    body[28:32] = _LAST_ADDRESS_UNIT.to_bytes(4, "big")
    body[100:106] = traits.manufacturer.encode().ljust(6, b"\0")
    body[106:109] = traits.media_type.encode().ljust(3, b"\0")
    body[111] = 1
    return bytes(body)
