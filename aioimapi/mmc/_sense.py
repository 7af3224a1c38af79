"""REQUEST SENSE and sense data: why a command failed (SPC-4 6.39, 4.5)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, Bit


@attrs.frozen
class RequestSense(Command):
    """Ask for the sense data of the last failure, or for the progress of a long operation.

    Args:
        allocation_length: Bytes to take, 0 to 255.
        descriptor_format: Ask for format 72h instead of 70h.
    """

    name: ClassVar[str] = "REQUEST SENSE"
    opcode: ClassVar[int] = 0x03
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U8(4)] = 252
    descriptor_format: Annotated[bool, Bit(1, 0)] = False

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
