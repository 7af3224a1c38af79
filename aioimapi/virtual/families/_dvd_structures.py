"""The structures that DVDs carry around their data, as READ DISC STRUCTURE hands them out (MMC-6 6.22.3).

Each builder returns what follows the answer's header of four bytes. Sources of the layouts: ECMA-267 (DVD-ROM),
ECMA-330 (DVD-RAM), ECMA-359 (DVD-R), ECMA-338 (DVD-RW), ECMA-349 (DVD+R), ECMA-337 (DVD+RW), ECMA-364 and ECMA-382 (two
layers).
"""

from __future__ import annotations

from typing import Final

from aioimapi.virtual.discs._dvd_minus import DvdMinusDisc, DvdMinusRwDisc
from aioimapi.virtual.discs._dvd_minus_traits import DVD_MINUS_RESERVE
from aioimapi.virtual.discs._dvd_ram import DvdRamDisc
from aioimapi.virtual.discs._dvd_traits import DVD_RAM_PRIMARY_SPARES
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState, DiscStatus

FIRST_PSN: Final = 0x030000
"""Physical sector number of logical block 0 on a DVD."""
RAM_FIRST_PSN: Final = 0x031000
"""The same where the data zone of a DVD-RAM begins."""

RMD_SIZE: Final = 2_048
PRE_RECORDED_SIZE: Final = 40

_EMBOSSED: Final = 0x01
_RECORDABLE: Final = 0x02
_REWRITABLE: Final = 0x04
_OPPOSITE_TRACK_PATH: Final = 0x10
_NO_RATE: Final = 0x0F
_TEN_MBPS: Final = 0x02
_DUAL_DENSITY: Final = 0x10
_RAM_DENSITY: Final = 0x22

_BOOKS: Final = {
    MediumKind.DVD_ROM: (0x01, _TEN_MBPS, _EMBOSSED),
    MediumKind.DVD_RAM: (0x16, _TEN_MBPS, _REWRITABLE),
    MediumKind.DVD_R: (0x25, _TEN_MBPS, _RECORDABLE),
    MediumKind.DVD_RW: (0x32, _TEN_MBPS, _REWRITABLE),
    MediumKind.DVD_R_DL: (0x26, _TEN_MBPS, _RECORDABLE),
    MediumKind.DVD_PLUS_R: (0xA1, _NO_RATE, _RECORDABLE),
    MediumKind.DVD_PLUS_RW: (0x92, _NO_RATE, _RECORDABLE),
    MediumKind.DVD_PLUS_R_DL: (0xE1, _NO_RATE, _RECORDABLE),
}
"""Book type and version, maximum rate, layer type."""


def physical_format(disc: DiscState, last: int, layer_0: int, layers: int = 1) -> bytearray:
    """Return the 17 bytes of physical format information that all DVDs have, in a row of 256 (MMC-6 6.22.3.2.1).

    Args:
        disc: The disc.
        last: Physical number of the last sector.
        layer_0: Sectors of layer 0, of a disc with two.
        layers: Number of layers.
    """
    book, rate, layer_type = _BOOKS[disc.kind]
    first = RAM_FIRST_PSN if disc.kind is MediumKind.DVD_RAM else FIRST_PSN
    body = bytearray(256)
    body[0] = book
    body[1] = rate  # 120 mm
    body[2] = layer_type
    if layers == 2:
        body[2] |= 1 << 5 | _OPPOSITE_TRACK_PATH
        body[3] = _DUAL_DENSITY
        body[12:16] = (FIRST_PSN + layer_0 - 1).to_bytes(4, "big")
    elif disc.kind is MediumKind.DVD_RAM:
        body[3] = _RAM_DENSITY
    body[4:8] = first.to_bytes(4, "big")
    body[8:12] = last.to_bytes(4, "big")
    return body


def plus_physical(disc: DiscState, layer_0: int) -> bytes:
    """Return what DVD+R and DVD+RW keep in their ADIP: the data zone, the maker, the type."""
    traits = disc.kind.traits
    # Layer 1 counts back: its last sector is the complement of the first one.
    last = 0xFFFFFF - FIRST_PSN if traits.layers == 2 else FIRST_PSN + traits.sectors - 1
    body = physical_format(disc, last, layer_0, traits.layers)
    body[19:27] = traits.manufacturer.encode().ljust(8, b"\0")
    body[27:30] = traits.media_type.encode().ljust(3, b"\0")
    body[30] = 1
    return bytes(body)


def rom_physical(disc: DiscState) -> bytes:
    """Return the physical format of a DVD-ROM; a second layer where it has more than one layer's sectors."""
    if disc.sectors <= disc.kind.traits.sectors:
        return bytes(physical_format(disc, FIRST_PSN + disc.sectors - 1, 0))
    layer_0 = -(-disc.sectors // 32) * 16
    last = 0xFFFFFF - (FIRST_PSN + 2 * layer_0 - disc.sectors)
    return bytes(physical_format(disc, last, layer_0, 2))


def ram_physical(disc: DiscState) -> bytes:
    """Return the physical format of a DVD-RAM: its data zone with all spares."""
    return bytes(physical_format(disc, RAM_FIRST_PSN + disc.raw_sectors + DVD_RAM_PRIMARY_SPARES - 1, 0))


# --- DVD-R and DVD-RW -----------------------------------------------------------------------------------


def minus_control_data(disc: DiscState) -> bytes:
    """Return format 10h: what the lead-in of a blank DVD-R or DVD-RW says of its data area, in full."""
    layers = disc.kind.traits.layers
    if layers == 2:
        layer_0 = disc.raw_sectors // 2
        return bytes(physical_format(disc, 0xFFFFFF - FIRST_PSN, layer_0, 2))
    return bytes(physical_format(disc, FIRST_PSN + disc.raw_sectors + DVD_MINUS_RESERVE - 1, 0))


def minus_physical(disc: DiscState) -> bytes:
    """Return format 00h of a DVD-R or DVD-RW: how far the borders that are closed reach, 0 on a blank one."""
    end = disc.readable_end()
    body = physical_format(
        disc, FIRST_PSN + end - 1 if end else 0, disc.raw_sectors // 2, disc.kind.traits.layers
    )
    if end and disc.status is DiscStatus.APPENDABLE:
        body[32:36] = (FIRST_PSN + end).to_bytes(4, "big")
        body[36:40] = (FIRST_PSN + disc.tracks[-1].start).to_bytes(4, "big")
    return bytes(body)


def pre_recorded(disc: DiscState) -> bytes:
    """Return format 0Eh: what is pressed into the land of a DVD-R or DVD-RW, the maker's name for one (ECMA-359 27.3).

    Five fields of eight bytes: number, six bytes of content, parity.
    """
    traits = disc.kind.traits
    last = FIRST_PSN + disc.raw_sectors + DVD_MINUS_RESERVE - 1
    name = traits.manufacturer.encode().ljust(12)
    fields = (
        bytes((0x40, 0xC1)) + (last >> 4).to_bytes(3, "big") + b"\0",
        bytes((0x20, 0x88, 0x88, 0x80, 0, 0)),
        name[:6],
        name[6:12],
        traits.media_type.encode().ljust(6, b"\0")[:6],
    )
    body = b"".join(bytes((number,)) + field + b"\0" for number, field in enumerate(fields, 1))
    return body.ljust(PRE_RECORDED_SIZE, b"\0")


def recording_management(disc: DvdMinusDisc) -> bytes:
    """Return the first field of recording management data: format, disc status, the pre-recorded information."""
    rewritable = isinstance(disc, DvdMinusRwDisc)
    body = bytearray(RMD_SIZE)
    body[1] = 3 if rewritable else 1
    body[2] = _management_status(disc)
    body[22 : 22 + PRE_RECORDED_SIZE] = pre_recorded(disc)
    return bytes(body)


def _management_status(disc: DvdMinusDisc) -> int:
    """Return the disc status of RMD field 0 (ECMA-338 28.3.2.1)."""
    if isinstance(disc, DvdMinusRwDisc) and disc.overwrite:
        return 0x12 if disc.intermediate else 0x10
    if disc.status is DiscStatus.BLANK:
        return 0x00
    if disc.at_once:
        return 0x01
    return 0x04 if disc.finalized else 0x02


def unique_disc_id() -> bytes:
    """Return format 0Fh: a random number and the time of the first write; this drive has neither and says zero."""
    return bytes(4) + b"0" * 14


# --- DVD-RAM --------------------------------------------------------------------------------------------


def disc_definition(disc: DvdRamDisc) -> bytes:
    """Return format 08h: the disc definition structure of a DVD-RAM (ECMA-330 clause 17)."""
    body = bytearray(RMD_SIZE)
    body[0:2] = b"\x0a\x0a"
    body[3] = 0x83  # certified by its maker, formatting done
    body[4:8] = (1).to_bytes(4, "big")
    body[8:10] = (1).to_bytes(2, "big")  # one group over all zones
    body[10:12] = (35).to_bytes(2, "big")
    first = RAM_FIRST_PSN + DVD_RAM_PRIMARY_SPARES
    body[80:84] = RAM_FIRST_PSN.to_bytes(4, "big")
    body[84:88] = (first - 1).to_bytes(4, "big")
    body[88:92] = first.to_bytes(4, "big")
    if disc.supplementary_spares:
        body[92:96] = (first + disc.sectors).to_bytes(4, "big")
        body[96:100] = (first + disc.raw_sectors - 1).to_bytes(4, "big")
    return bytes(body)


def spare_areas(disc: DvdRamDisc) -> bytes:
    """Return format 0Ah: unused primary and supplementary spares, and supplementary ones in all."""
    numbers = (*disc.free_spares, disc.supplementary_spares)
    return b"".join(number.to_bytes(4, "big") for number in numbers)
