"""READ DISC STRUCTURE: what the disc itself says of itself (MMC-5 6.23)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U24, U32, Bit, Bits, OpenIntEnum, Structure, need, text


class StructureMedia(enum.IntEnum):
    """Media type of READ DISC STRUCTURE: what the format codes mean."""

    DVD = 0
    BD = 1


@attrs.frozen
class ReadDiscStructure(Command):
    """Ask for a structure of the disc's lead-in, by format code.

    Args:
        format_: Format code, see :class:`DvdStructure` and :class:`BdStructure`.
        media: Which family's format codes.
        address: Format specific; usually 0.
        layer: Layer number.
        allocation_length: Bytes to take; 2,052 for most.
        agid: Authentication grant, for copy protection.
    """

    name: ClassVar[str] = "READ DISC STRUCTURE"
    opcode: ClassVar[int] = 0xAD
    direction: ClassVar[Direction] = Direction.IN

    format_: Annotated[int, U8(7)] = 0
    media: Annotated[StructureMedia, Bits(1, 3, 0)] = StructureMedia.DVD
    address: Annotated[int, U32(2)] = 0
    layer: Annotated[int, U8(6)] = 0
    allocation_length: Annotated[int, U16(8)] = 2052
    agid: Annotated[int, Bits(10, 7, 6)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


class DvdStructure(OpenIntEnum):
    """Format codes for DVD (MMC-5 6.23)."""

    PHYSICAL = 0x00
    COPYRIGHT = 0x01
    DISC_KEY = 0x02
    BURST_CUTTING_AREA = 0x03
    MANUFACTURER = 0x04
    DVD_RAM_DEFINITION = 0x08
    DVD_RAM_MEDIUM_STATUS = 0x09
    DVD_RAM_SPARE_AREA = 0x0A
    BORDER_OUT_RMD = 0x0C
    RMD = 0x0D
    PRE_RECORDED_LEAD_IN = 0x0E
    UNIQUE_DISC_ID = 0x0F
    PHYSICAL_IN_GROOVE = 0x10
    ADIP = 0x11
    LAYER_BOUNDARY = 0x20
    CAPABILITY_LIST = 0xFF


class BdStructure(OpenIntEnum):
    """Format codes for BD (MMC-5 6.23)."""

    DISC_INFORMATION = 0x00
    BURST_CUTTING_AREA = 0x03
    DISC_DEFINITION = 0x08
    CARTRIDGE_STATUS = 0x09
    SPARE_AREA = 0x0A
    RAW_DEFECT_LIST = 0x12
    PAC = 0x30


@attrs.frozen
class DiscStructure:
    """Any answer to READ DISC STRUCTURE: the header is taken off, ``data`` is what the format code says."""

    data: bytes

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Take the header off.

        Raises:
            RemoteProtocolError: No header of 4 bytes.
        """
        size = int.from_bytes(need(data, 4, "disc structure")[0:2], "big")
        return cls(bytes(data[4 : 2 + size]))

    def to_bytes(self) -> bytes:
        """Put the header in front."""
        return (len(self.data) + 2).to_bytes(2, "big") + bytes(2) + self.data


@attrs.frozen
class DvdPhysicalFormat(Structure):
    """The first 17 bytes of DVD formats 00h and 10h (MMC-5 6.23). Sector numbers are physical (03_0000h first).

    Args:
        book_type: 0 DVD-ROM, 1 DVD-RAM, 2 DVD-R, 3 DVD-RW, 9 DVD+RW, Ah DVD+R, Dh DVD+RW DL, Eh DVD+R DL.
        part_version: Version of the book.
        disc_size: 0 is 120 mm, 1 is 80 mm.
        maximum_rate: 0 2.52, 1 5.04, 2 10.08 Mbit/s, Fh not specified.
        layers: Number of layers minus 1.
        opposite_track_path: OTP, else PTP.
        layer_type: Bit 0 embossed, bit 1 recordable, bit 2 rewritable.
        linear_density: Code.
        track_density: Code.
        first_sector: First physical sector of the data area.
        last_sector: Last physical sector of the data area.
        last_sector_layer_0: Last physical sector of layer 0 of a disc with opposite track path.
        burst_cutting_area: A BCA exists.
    """

    SIZE: ClassVar[int | None] = 17

    book_type: Annotated[int, Bits(0, 7, 4)]
    part_version: Annotated[int, Bits(0, 3, 0)] = 0
    disc_size: Annotated[int, Bits(1, 7, 4)] = 0
    maximum_rate: Annotated[int, Bits(1, 3, 0)] = 0xF
    layers: Annotated[int, Bits(2, 6, 5)] = 0
    opposite_track_path: Annotated[bool, Bit(2, 4)] = False
    layer_type: Annotated[int, Bits(2, 3, 0)] = 0
    linear_density: Annotated[int, Bits(3, 7, 4)] = 0
    track_density: Annotated[int, Bits(3, 3, 0)] = 0
    first_sector: Annotated[int, U24(5)] = 0x030000
    last_sector: Annotated[int, U24(9)] = 0
    last_sector_layer_0: Annotated[int, U24(13)] = 0
    burst_cutting_area: Annotated[bool, Bit(16, 7)] = False


@attrs.frozen
class DvdCopyright(Structure):
    """DVD format 01h: copy protection and regions (MMC-5 6.23)."""

    SIZE: ClassVar[int | None] = 4

    protection: Annotated[int, U8(0)] = 0
    regions: Annotated[int, U8(1)] = 0


@attrs.frozen
class BdDiscInformationUnit:
    """One unit of BD format 00h (112 bytes): kept raw, with what names the disc.

    Args:
        data: The unit as it came.
    """

    data: bytes

    @property
    def disc_type(self) -> str:
        """``BDO`` BD-ROM, ``BDR`` BD-R, ``BDW`` BD-RE."""
        return text(self.data[8:11])

    @property
    def manufacturer(self) -> str:
        """Disc manufacturer ID, six characters."""
        return text(self.data[100:106])

    @property
    def media_type(self) -> str:
        """Media type ID, three characters."""
        return text(self.data[106:109])


@attrs.frozen
class BdDiscInformation:
    """BD format 00h: the disc information units."""

    units: tuple[BdDiscInformationUnit, ...]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode what follows the header; only units that begin with ``DI`` and came whole.

        Args:
            data: :attr:`DiscStructure.data`.
        """
        pieces = (bytes(data[at : at + 112]) for at in range(0, len(data) - 111, 112))
        return cls(tuple(BdDiscInformationUnit(piece) for piece in pieces if piece[0:2] == b"DI"))

    def to_bytes(self) -> bytes:
        """Encode the units, without the header of the answer."""
        return b"".join(unit.data for unit in self.units)
