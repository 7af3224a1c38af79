"""READ DISC INFORMATION and its answers (MMC-6 6.21)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U16, Bits


class DiscInformationType(enum.IntEnum):
    """Data type of READ DISC INFORMATION (MMC-6 6.21.2.2)."""

    STANDARD = 0
    TRACK_RESOURCES = 1
    POW_RESOURCES = 2


@attrs.frozen
class ReadDiscInformation(Command):
    """Ask for the disc's state, its sessions and tracks.

    Args:
        allocation_length: Bytes to take; 34 is the standard answer without OPC tables.
        data_type: Which of the three answers.
    """

    name: ClassVar[str] = "READ DISC INFORMATION"
    opcode: ClassVar[int] = 0x51
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U16(7)] = 34
    data_type: Annotated[DiscInformationType, Bits(1, 2, 0)] = DiscInformationType.STANDARD

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
