"""GET CONFIGURATION: what the drive can do, with this disc and without (MMC-6 6.6)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U16, Bits


class RequestedType(enum.IntEnum):
    """Which features GET CONFIGURATION returns (MMC-6 6.6.2.2)."""

    ALL = 0
    CURRENT = 1
    ONE = 2


@attrs.frozen
class GetConfiguration(Command):
    """Ask for features and profiles.

    Args:
        requested_type: All, those that are current, or one.
        starting_feature: First feature number, or the one.
        allocation_length: Bytes to take.
    """

    name: ClassVar[str] = "GET CONFIGURATION"
    opcode: ClassVar[int] = 0x46
    direction: ClassVar[Direction] = Direction.IN

    requested_type: Annotated[RequestedType, Bits(1, 1, 0)] = RequestedType.ALL
    starting_feature: Annotated[int, U16(2)] = 0
    allocation_length: Annotated[int, U16(7)] = 0xFFF8

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
