"""FORMAT UNIT, READ FORMAT CAPACITIES and BLANK (MMC-6 6.5, 6.23, 6.2)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import FORMAT_S, SHORT_S, Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bit, Bits, Field


class BlankingType(enum.IntEnum):
    """What BLANK erases (MMC-6 6.2.2.3)."""

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
    ignored: ClassVar[tuple[Field, ...]] = ()

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
