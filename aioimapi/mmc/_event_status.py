"""GET EVENT STATUS NOTIFICATION: what happened to the drive since last asked (MMC-6 6.7)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit


class EventClass(enum.IntEnum):
    """Notification classes (MMC-6 6.7.3.1.3); the bit in the request is ``1 << class``."""

    OPERATIONAL_CHANGE = 1
    POWER_MANAGEMENT = 2
    EXTERNAL_REQUEST = 3
    MEDIA = 4
    MULTI_INITIATOR = 5
    DEVICE_BUSY = 6


@attrs.frozen
class GetEventStatusNotification(Command):
    """Poll for one event of the classes asked for.

    Args:
        classes: Bit mask, ``1 << EventClass.MEDIA`` for media events.
        allocation_length: Bytes to take; 8 is one event.
        polled: Answer at once; drives need not support waiting.
    """

    name: ClassVar[str] = "GET EVENT STATUS NOTIFICATION"
    opcode: ClassVar[int] = 0x4A
    direction: ClassVar[Direction] = Direction.IN

    classes: Annotated[int, U8(4)] = 1 << EventClass.MEDIA
    allocation_length: Annotated[int, U16(7)] = 8
    polled: Annotated[bool, Bit(1, 0)] = True

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
