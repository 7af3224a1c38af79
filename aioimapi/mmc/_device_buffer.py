"""READ BUFFER and WRITE BUFFER: the drive's memory, to test the way to it (SPC-4 6.21, 6.49)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import SHORT_S, Command, Direction
from aioimapi.mmc._fields import U8, U24, Bits, Structure


class BufferMode(enum.IntEnum):
    """MODE of READ BUFFER and WRITE BUFFER; 04h to 07h and 0Dh to 0Fh of WRITE BUFFER carry firmware (SPC-4)."""

    HEADER_AND_DATA = 0x00
    """A header of 4 bytes, then data."""
    VENDOR = 0x01
    DATA = 0x02
    DESCRIPTOR = 0x03
    MICROCODE = 0x04
    MICROCODE_SAVE = 0x05
    MICROCODE_OFFSETS = 0x06
    MICROCODE_OFFSETS_SAVE = 0x07
    ECHO = 0x0A
    ECHO_DESCRIPTOR = 0x0B
    MICROCODE_SELECT_ACTIVATE = 0x0D
    MICROCODE_DEFER = 0x0E
    MICROCODE_ACTIVATE = 0x0F


@attrs.frozen
class ReadBuffer(Command):
    """Read the drive's memory or its size.

    Args:
        mode: What to read.
        buffer_id: Which memory, 0 where there is one.
        offset: First byte.
        allocation_length: Bytes to take.
    """

    name: ClassVar[str] = "READ BUFFER"
    opcode: ClassVar[int] = 0x3C
    direction: ClassVar[Direction] = Direction.IN

    mode: Annotated[BufferMode, Bits(1, 4, 0)] = BufferMode.DESCRIPTOR
    buffer_id: Annotated[int, U8(2)] = 0
    offset: Annotated[int, U24(3)] = 0
    allocation_length: Annotated[int, U24(6)] = 4

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class WriteBuffer(Command):
    """Write the drive's memory.

    Args:
        mode: What to write.
        buffer_id: Which memory.
        offset: First byte.
        parameter_list_length: Bytes that follow.
    """

    name: ClassVar[str] = "WRITE BUFFER"
    opcode: ClassVar[int] = 0x3B
    direction: ClassVar[Direction] = Direction.OUT

    mode: Annotated[BufferMode, Bits(1, 4, 0)]
    buffer_id: Annotated[int, U8(2)] = 0
    offset: Annotated[int, U24(3)] = 0
    parameter_list_length: Annotated[int, U24(6)] = 0

    @property
    def timeout_s(self) -> float:
        """New firmware takes a while."""
        return 10 * SHORT_S

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length


@attrs.frozen
class BufferDescriptor(Structure):
    """The answer to READ BUFFER in descriptor mode.

    Args:
        boundary: Offsets are multiples of 2 to the power of this; FFh: only 0 is allowed.
        capacity: Bytes of the memory.
    """

    boundary: Annotated[int, U8(0)]
    capacity: Annotated[int, U24(1)]
