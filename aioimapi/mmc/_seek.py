"""Where the laser goes by itself: SEEK (10), SET READ AHEAD, and WRITE AND VERIFY (10) (MMC-6 6.34, 6.38, 6.46)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import LONG_S, Command, Direction
from aioimapi.mmc._fields import U16, U32, Bit, Bits, Field
from aioimapi.units import SECTOR_SIZE


@attrs.frozen
class Seek10(Command):
    """Move the laser to a sector and return; a hint, which nothing has to follow.

    Args:
        lba: The sector.
    """

    name: ClassVar[str] = "SEEK (10)"
    opcode: ClassVar[int] = 0x2B
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 0),)

    lba: Annotated[int, U32(2)]


@attrs.frozen
class SetReadAhead(Command):
    """Tell the drive to read on at another place once it has come to the trigger.

    Args:
        trigger_lba: When this sector is read ...
        read_ahead_lba: ... go on from here.
    """

    name: ClassVar[str] = "SET READ AHEAD"
    opcode: ClassVar[int] = 0xA7

    trigger_lba: Annotated[int, U32(2)]
    read_ahead_lba: Annotated[int, U32(6)]


@attrs.frozen
class WriteAndVerify10(Command):
    """Write sectors and have the drive read them back, on rewritable media and on BD-R.

    Args:
        lba: First logical block address.
        sectors: How many sectors of 2,048 bytes.
        compare: BYTCHK: compare byte by byte; without it the drive checks that they can be read.
    """

    name: ClassVar[str] = "WRITE AND VERIFY (10)"
    opcode: ClassVar[int] = 0x2E
    direction: ClassVar[Direction] = Direction.OUT
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 4), Bit(1, 0), Bits(6, 4, 0))

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U16(7)]
    compare: Annotated[bool, Bit(1, 1)] = False

    @property
    def timeout_s(self) -> float:
        """The drive empties its buffer, reads back, and may replace bad sectors."""
        return LONG_S

    @property
    def transfer_length(self) -> int:
        """Sectors of 2,048 bytes."""
        return self.sectors * SECTOR_SIZE
