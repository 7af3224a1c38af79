"""READ CAPACITY and READ BUFFER CAPACITY (MMC-6)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U16, U32, Bit, Field, Structure
from aioimapi.units import SECTOR_SIZE


@attrs.frozen
class ReadCapacity(Command):
    """Ask for the last readable sector's address and the sector size."""

    name: ClassVar[str] = "READ CAPACITY"
    opcode: ClassVar[int] = 0x25
    direction: ClassVar[Direction] = Direction.IN
    # RelAdr, the address and PMI came from disks and are obsolete.
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 0), U32(2), Bit(8, 0))

    @property
    def transfer_length(self) -> int:
        """Always 8."""
        return 8


@attrs.frozen
class CapacityData(Structure):
    """The answer to READ CAPACITY.

    Args:
        last_lba: Address of the last readable sector. On blank media drives say 0, on some also FFFFFFFFh.
        block_size: Bytes of a sector; 2,048 on all data discs.
    """

    last_lba: Annotated[int, U32(0)]
    block_size: Annotated[int, U32(4)] = SECTOR_SIZE

    @property
    def sectors(self) -> int:
        """Number of readable sectors."""
        return self.last_lba + 1


@attrs.frozen
class ReadBufferCapacity(Command):
    """Ask how full the drive's write buffer is.

    Args:
        block: Answer in sectors and not in bytes.
        allocation_length: Bytes to take; 12 is the whole answer.
    """

    name: ClassVar[str] = "READ BUFFER CAPACITY"
    opcode: ClassVar[int] = 0x5C
    direction: ClassVar[Direction] = Direction.IN

    block: Annotated[bool, Bit(1, 0)] = False
    allocation_length: Annotated[int, U16(7)] = 12

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class BufferCapacity(Structure):
    """The answer to READ BUFFER CAPACITY (MMC-6).

    Args:
        length: Size of the buffer in bytes; 0 in the form by blocks, which does not tell it.
        available: Free part of the buffer, in bytes, or in sectors where ``block`` is set.
        block: Which of the two forms this is.
        data_length: Bytes that follow the first two; 10.
    """

    length: Annotated[int, U32(4)]
    available: Annotated[int, U32(8)]
    block: Annotated[bool, Bit(3, 0)] = False
    data_length: Annotated[int, U16(0)] = 10

    @classmethod
    def of(cls, length: int, available: int, *, block: bool = False) -> Self:
        """Build the answer in the form asked for; ``length`` and ``available`` are bytes."""
        return cls(0, available // SECTOR_SIZE, block=True) if block else cls(length, available)

    @property
    def available_bytes(self) -> int:
        """Free part of the buffer in bytes, whichever form it came in."""
        return self.available * SECTOR_SIZE if self.block else self.available
