"""READ DISC STRUCTURE: what the disc says of itself (MMC-6 6.22; ECMA-349 and ECMA-337 for DVD+R and DVD+RW)."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import ReadDiscStructure, StructureMedia
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._kinds import MediumKind
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual._state import DiscState

_FIRST_PSN: Final = 0x030000
"""Physical sector number of logical block 0 on a DVD."""

_FIRST_ADDRESS_UNIT: Final = 131_072
_LAST_ADDRESS_UNIT: Final = 1_658_494
"""Address units of the data zone of a BD of 25 GB, as single-layer discs carry them."""

_PHYSICAL: Final = 0x00
_COPYRIGHT: Final = 0x01
_ADIP: Final = 0x11
_LIST: Final = 0xFF
_DVD_SIZES: Final = {_PHYSICAL: 2048, _COPYRIGHT: 4, _ADIP: 256}
_BD_SIZES: Final = {_PHYSICAL: 4096}


def read_disc_structure(drive: DriveState, command: ReadDiscStructure, data: memoryview) -> bytes:
    """READ DISC STRUCTURE: formats 00h, 01h, 11h and FFh for DVD+R and DVD+RW, 00h and FFh for BD."""
    disc = drive.need_disc()
    media = {"DVD": StructureMedia.DVD, "BD": StructureMedia.BD}.get(disc.kind.traits.family)
    if command.media is not media:
        raise invalid_field(1, 3)
    if command.layer:
        raise invalid_field(6)
    sizes = _DVD_SIZES if media is StructureMedia.DVD else _BD_SIZES
    if command.format_ == _LIST:
        body = b"".join(struct.pack(">BBH", code, 0x40, size + 4) for code, size in sizes.items())
    elif command.format_ not in sizes:
        raise invalid_field(7)
    elif media is StructureMedia.BD:
        body = _disc_information(disc)
    elif command.format_ == _COPYRIGHT:
        body = bytes(4)
    else:
        body = _physical_format(disc)
    if command.format_ in sizes:
        body = body.ljust(sizes[command.format_], b"\0")
    return struct.pack(">Hxx", len(body) + 2) + body


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
