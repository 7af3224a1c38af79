"""READ DISC STRUCTURE of BDs: disc information, definition, cartridge, spares, defect list (MMC-6 6.22.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from aioimapi.mmc import BdStructure, ReadDiscStructure, StructureMedia
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual.discs._bd import BdDisc, BdRDisc, BdReDisc, BdRomDisc
from aioimapi.virtual.discs._bd_traits import CLUSTER

_LIST: Final = 0xFF
_READABLE: Final = 0x40
_UNIT: Final = 112
_DISC_INFORMATION_SIZE: Final = 4_096
_SECTOR: Final = 2_048
_MOST_LIST_SECTORS: Final = 31
"""Sectors of a defect list that fit behind the header into an allocation length of 16 bits."""

_INNER_CLUSTERS: Final = 4_096
"""Clusters of the first spare area, which lies in front of the first user sector."""


def bd_structure(disc: BdDisc, command: ReadDiscStructure) -> bytes:
    """Return the structure that the command asks for, header included, or end it."""
    if command.media is not StructureMedia.BD:
        raise invalid_field(1, 3)
    if command.layer:
        raise invalid_field(6)  # reserved for BD: structures of all layers come together
    found = _structures(disc)
    if command.format_ == _LIST:
        body = b"".join(
            struct.pack(">BBH", code, _READABLE, len(make(disc, 0)) + 4) for code, make in found.items()
        )
    elif command.format_ not in found:
        raise invalid_field(7)
    else:
        body = found[command.format_](disc, command.address)
    return struct.pack(">Hxx", len(body) + 2) + body


_Maker = Callable[[BdDisc, int], bytes]


def _structures(disc: BdDisc) -> dict[int, _Maker]:
    """Return what can be read of the disc: of its management area nothing before it is formatted or written."""
    found: dict[int, _Maker] = {BdStructure.DISC_INFORMATION: _disc_information}
    if isinstance(disc, BdRomDisc):
        return found
    managed = disc.formatted or (isinstance(disc, BdRDisc) and not disc.tracks[0].blank)
    if managed:
        found[BdStructure.DISC_DEFINITION] = _definition
    found[BdStructure.CARTRIDGE_STATUS] = _cartridge
    if managed and disc.spare_clusters:
        found[BdStructure.SPARE_AREA] = _spare_area
        found[BdStructure.RAW_DEFECT_LIST] = _defect_list
    found[BdStructure.PAC] = _access_controls
    return found


# --- 00h: disc information ----------------------------------------------------------------------------


def _disc_information(disc: BdDisc, address: int) -> bytes:
    """Return one unit for each layer and each write speed, as on real discs; padded to their 4,096 bytes."""
    count = len(disc.layers.address_units)
    speeds = 1 if isinstance(disc, BdRomDisc) else len(disc.kind.traits.write_kbps)
    units = [
        _unit(disc, layer, sequence, count * speeds)
        for sequence, layer in enumerate(layer for _ in range(speeds) for layer in range(count))
    ]
    return b"".join(units).ljust(_DISC_INFORMATION_SIZE, b"\0")


def _unit(disc: BdDisc, layer: int, sequence: int, units: int) -> bytes:
    """Return one unit; those of a BDXL have one byte more and another place for the addresses."""
    extended = disc.layers.extended
    traits = disc.kind.traits
    name, kind = {BdRDisc: (b"BDR", 2), BdReDisc: (b"BDW", 4)}.get(type(disc), (b"BDO", 1))
    first, last = disc.layers.address_units[layer]
    body = bytearray(_UNIT)
    body[:7] = b"DI" + bytes((4 if extended else 1, units << 3 | layer, 0, sequence, 99 if extended else 98))
    body[8:11] = name
    body[11] = 0x12 if extended else 0x01  # 120 mm; BDXL: class 1 of version 2
    body[12] = len(disc.layers.address_units) << 4 | kind
    body[13] = 0x04 if extended else 0x01  # channel bit length: 33.4 or 32 GB, 25 GB a layer
    body[16] = 0x01  # burst cutting area present
    at = 19 if extended else 24
    struct.pack_into(">II", body, at, first, last)
    body[100:106] = traits.manufacturer.encode().ljust(6, b"\0")
    body[106:109] = traits.media_type.encode().ljust(3, b"\0")
    body[111] = 1
    return bytes(body)


# --- 08h: disc definition structure -------------------------------------------------------------------


def _definition(disc: BdDisc, address: int) -> bytes:
    """Return the sector that says where user data lie and how large the spare areas are."""
    inner, outer = _areas(disc)
    body = bytearray(_SECTOR)
    body[:2] = b"DS"
    struct.pack_into(">I", body, 4, disc.updates if isinstance(disc, BdRDisc) else 1)
    struct.pack_into(">I", body, 16, disc.layers.address_units[0][0] << 3)
    struct.pack_into(">II", body, 32, physical_sector(disc, 0), disc.sectors - 1)
    struct.pack_into(">III", body, 40, inner, outer, 0)
    body[52] = 0 if disc.free_spares or not disc.spare_clusters else 0x03  # both spare areas full
    if isinstance(disc, BdRDisc):
        body[53] = 0x02 if disc.pow else 0x00  # recorded in sequence, with or without pseudo-overwrite
    return bytes(body)


def _areas(disc: BdDisc) -> tuple[int, int]:
    """Return the clusters of the first inner spare area, and of all others."""
    inner = min(_INNER_CLUSTERS, disc.spare_clusters)
    return inner, disc.spare_clusters - inner


def physical_sector(disc: BdDisc, lba: int) -> int:
    """Return the physical sector number of a user sector: behind the inner spare area, layer after layer."""
    units = disc.layers.address_units
    per_layer = disc.layers.sectors // len(units)
    layer, rest = divmod(lba + _areas(disc)[0] * CLUSTER, per_layer)
    return (units[min(layer, len(units) - 1)][0] << 3) + rest


# --- 09h, 0Ah, 30h: cartridge, spares, access controls ------------------------------------------------


def _cartridge(disc: BdDisc, address: int) -> bytes:
    """Return that there is no cartridge, and no write protection by one."""
    return bytes(4)


def _spare_area(disc: BdDisc, address: int) -> bytes:
    """Return the free and all spare blocks, in sectors."""
    return struct.pack(">4xII", disc.free_spares * CLUSTER, disc.usable_spares * CLUSTER)


def _access_controls(disc: BdDisc, address: int) -> bytes:
    """Return no physical access control: none is on the disc."""
    return b""


# --- 12h: raw defect list -----------------------------------------------------------------------------


def _defect_list(disc: BdDisc, address: int) -> bytes:
    """Return the defect list from sector ``address`` of it on: header, entries by address, end mark."""
    entries = sorted(
        (physical_sector(disc, cluster * CLUSTER), _spare_place(disc, order))
        for order, cluster in enumerate(disc.replaced)
    )
    count = len(entries)
    updates = disc.updates if isinstance(disc, BdRDisc) else 1
    header = b"DL\0\0" + struct.pack(">I4xIIII", updates, count, count, 0, disc.free_spares)
    body = header.ljust(64, b"\0") + b"".join(struct.pack(">II", *entry) for entry in entries)
    body += b"\xff\xff\xff\xff" + struct.pack(">I", updates)
    sectors = -(-len(body) // _SECTOR)
    if address >= sectors:
        raise invalid_field(2)
    body = body.ljust(sectors * _SECTOR, b"\0")
    return body[address * _SECTOR : (address + _MOST_LIST_SECTORS) * _SECTOR]


def _spare_place(disc: BdDisc, order: int) -> int:
    """Return the physical sector number of the n-th spare cluster: inner ones first, from their end inwards."""
    inner, _ = _areas(disc)
    first = disc.layers.address_units[0][0] << 3
    if order < inner:
        return first + (inner - 1 - order) * CLUSTER
    return physical_sector(disc, disc.sectors) + (order - inner) * CLUSTER
