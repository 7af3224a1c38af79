"""MECHANISM STATUS: tray, changer slots, what the laser is at (MMC-6 6.10)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U16


@attrs.frozen
class MechanismStatus(Command):
    """Ask for the state of tray and mechanism.

    Args:
        allocation_length: Bytes to take; 8 is the header, without a changer's slots.
    """

    name: ClassVar[str] = "MECHANISM STATUS"
    opcode: ClassVar[int] = 0xBD
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U16(8)] = 8

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
