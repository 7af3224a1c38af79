"""FORMAT UNIT, READ FORMAT CAPACITIES and BLANK (MMC-5 6.5, 6.24, 6.2)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self

import attrs

from aioimapi.errors import InvalidFieldError
from aioimapi.mmc._command import FORMAT_S, SHORT_S, Command, Direction
from aioimapi.mmc._fields import U8, U16, U24, U32, Bit, Bits, Field, OpenIntEnum, Structure, chunked, need
from aioimapi.units import SECTOR_SIZE


class BlankingType(enum.IntEnum):
    """What BLANK erases (MMC-5 6.2)."""

    DISC = 0
    MINIMAL = 1
    TRACK = 2
    UNRESERVE_TRACK = 3
    TRACK_TAIL = 4
    UNCLOSE_LAST_SESSION = 5
    LAST_SESSION = 6


@attrs.frozen
class Blank(Command):
    """Erase a CD-RW or DVD-RW.

    Args:
        blanking_type: The whole disc, or only what makes it look blank.
        immed: Return at once; TEST UNIT READY answers 2/04/xx with progress until it is done.
        address: Start address or track number, for the types that need one.
    """

    name: ClassVar[str] = "BLANK"
    opcode: ClassVar[int] = 0xA1

    blanking_type: Annotated[BlankingType, Bits(1, 2, 0)]
    immed: Annotated[bool, Bit(1, 4)] = True
    address: Annotated[int, U32(2)] = 0

    @property
    def timeout_s(self) -> float:
        """A full blank at 1x takes more than an hour."""
        return SHORT_S if self.immed else FORMAT_S


@attrs.frozen
class FormatUnit(Command):
    """Format a rewritable disc or a BD-R; the parameter list is a header and one descriptor, 12 bytes.

    Args:
        format_data: FmtData: a parameter list follows; MMC needs it.
        format_code: 1 in MMC.
        complete_list: CmpList; 0 in MMC.
        protection: FMTPINFO; 0 in MMC.
        long_list: LongList; 0 in MMC.
    """

    name: ClassVar[str] = "FORMAT UNIT"
    opcode: ClassVar[int] = 0x04
    direction: ClassVar[Direction] = Direction.OUT
    # Vendor byte and the obsolete interleave value.
    ignored: ClassVar[tuple[Field, ...]] = (U8(2), U16(3))

    format_data: Annotated[bool, Bit(1, 4)] = True
    format_code: Annotated[int, Bits(1, 2, 0)] = 1
    complete_list: Annotated[bool, Bit(1, 3)] = False
    protection: Annotated[int, Bits(1, 7, 6)] = 0
    long_list: Annotated[bool, Bit(1, 5)] = False

    @property
    def timeout_s(self) -> float:
        """Whether it returns at once stands in the parameter list, so the limit is the long one."""
        return FORMAT_S

    @property
    def transfer_length(self) -> int:
        """12 with a parameter list, else 0. The CDB itself does not say."""
        return 12 if self.format_data else 0


@attrs.frozen
class ReadFormatCapacities(Command):
    """Ask which formats the disc can take and what size each gives.

    Args:
        allocation_length: Bytes to take.
    """

    name: ClassVar[str] = "READ FORMAT CAPACITIES"
    opcode: ClassVar[int] = 0x23
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U16(7)] = 4 + 8 * 31

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


class FormatType(OpenIntEnum):
    """Format types (MMC-5 6.5.4.2)."""

    FULL = 0x00
    SPARE_EXPANSION = 0x01
    ZONE_REFORMAT = 0x04
    ZONE = 0x05
    PACKET_OR_DVD_RW_FULL = 0x10
    GROW_SESSION = 0x11
    ADD_SESSION = 0x12
    QUICK_GROW_SESSION = 0x13
    QUICK_ADD_SESSION = 0x14
    QUICK = 0x15
    SPARING = 0x20
    MRW = 0x24
    DVD_PLUS_RW = 0x26
    BD_RE_WITH_SPARE = 0x30
    BD_RE_WITHOUT_SPARE = 0x31
    BD_R_WITH_SPARE = 0x32


class CapacityType(OpenIntEnum):
    """Descriptor types of READ FORMAT CAPACITIES' first descriptor (MMC-5 6.24.3.2)."""

    RESERVED = 0
    UNFORMATTED = 1
    """Or blank; the size is what formatting could give at most."""
    FORMATTED = 2
    """The size is what the disc has now."""
    NO_MEDIA = 3
    """No disc, or of an unknown kind; the size is the most that the drive can handle."""


@attrs.frozen
class FormatDescriptor(Structure):
    """One format that a disc can take (MMC-5 6.24.3.3); FORMAT UNIT's parameter list ends with one, too.

    Args:
        sectors: What the format gives, or the track's size for formats that make one.
        type_: The format type.
        parameter: Type dependent: sector size, spare area size, packet size.
        subtype: Format sub-type, BD only: which kind of certification.
    """

    sectors: Annotated[int, U32(0)]
    type_: Annotated[FormatType, Bits(4, 7, 2)]
    parameter: Annotated[int, U24(5)] = 0
    subtype: Annotated[int, Bits(4, 1, 0)] = 0


@attrs.frozen
class _CurrentCapacity(Structure):
    sectors: Annotated[int, U32(0)]
    kind: Annotated[CapacityType, Bits(4, 1, 0)]
    block_size: Annotated[int, U24(5)]


@attrs.frozen
class FormatCapacities:
    """The answer to READ FORMAT CAPACITIES (MMC-5 6.24.3).

    Args:
        sectors: Current or maximum capacity.
        kind: Which of the two it is.
        block_size: Bytes of a sector.
        formats: The formats that the disc can take.
    """

    sectors: int
    kind: CapacityType
    block_size: int = SECTOR_SIZE
    formats: tuple[FormatDescriptor, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer, as far as it came.

        Raises:
            RemoteProtocolError: No header and first descriptor (12 bytes).
        """
        need(data, 12, "format capacities")
        first = _CurrentCapacity.parse(data[4:12])
        rest = data[12 : max(12, 4 + data[3])]
        formats = tuple(FormatDescriptor.parse(piece) for piece in chunked(rest, 8))
        return cls(first.sectors, first.kind, first.block_size, formats)

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        body = _CurrentCapacity(self.sectors, self.kind, self.block_size).to_bytes()
        body += b"".join(format_.to_bytes() for format_ in self.formats)
        return bytes([0, 0, 0, len(body)]) + body

    def find(self, type_: FormatType) -> FormatDescriptor | None:
        """Return the first format of that type, or None."""
        return next((format_ for format_ in self.formats if format_.type_ == type_), None)


FORMAT_PARAMETER_LENGTH: Final = 12
"""Bytes of FORMAT UNIT's parameter list: a header of 4 and one descriptor."""


@attrs.frozen
class FormatParameters(Structure):
    """FORMAT UNIT's parameter list (MMC-5 6.5.3).

    Args:
        sectors: Size to format, from the descriptor that the disc offered.
        type_: Format type.
        parameter: Type dependent parameter.
        subtype: Format sub-type.
        immed: Return at once; TEST UNIT READY answers 2/04/04 with progress until it is done.
        options_valid: FOV: the next flags mean something.
        disable_primary: DPRY.
        disable_certification: DCRT.
        stop_format: STPF.
        try_out: Only say whether it would work.
        vendor_specific: VS.
        descriptor_length: 8.
    """

    SIZE: ClassVar[int | None] = FORMAT_PARAMETER_LENGTH

    sectors: Annotated[int, U32(4)]
    type_: Annotated[FormatType, Bits(8, 7, 2)]
    parameter: Annotated[int, U24(9)] = 0
    subtype: Annotated[int, Bits(8, 1, 0)] = 0
    immed: Annotated[bool, Bit(1, 1)] = True
    options_valid: Annotated[bool, Bit(1, 7)] = False
    disable_primary: Annotated[bool, Bit(1, 6)] = False
    disable_certification: Annotated[bool, Bit(1, 5)] = False
    stop_format: Annotated[bool, Bit(1, 4)] = False
    try_out: Annotated[bool, Bit(1, 2)] = False
    vendor_specific: Annotated[bool, Bit(1, 0)] = False
    descriptor_length: Annotated[int, U16(2)] = 8

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the list, as a target does.

        Raises:
            RemoteProtocolError: Fewer than 12 bytes.
            InvalidFieldError: The descriptor's length is not 8 (a target's 5/26/00).
        """
        found = super().parse(data)
        if found.descriptor_length != 8:
            message = f"FORMAT UNIT: a format descriptor of {found.descriptor_length} bytes; it has 8"
            raise InvalidFieldError(message, byte=2)
        return found

    @classmethod
    def of(cls, descriptor: FormatDescriptor, *, immed: bool = True) -> Self:
        """Build the list for a format that the disc offered."""
        return cls(
            descriptor.sectors, descriptor.type_, descriptor.parameter, descriptor.subtype, immed=immed
        )
