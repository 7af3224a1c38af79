"""GET EVENT STATUS NOTIFICATION: what happened to the drive since last asked (MMC-5 6.7)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit, OpenIntEnum, need, padded


class EventClass(enum.IntEnum):
    """Notification classes (MMC-5 6.7); the bit in the request is ``1 << class``."""

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


class MediaEvent(OpenIntEnum):
    """Events of the media class (MMC-5 6.7)."""

    NO_CHANGE = 0
    EJECT_REQUEST = 1
    """The eject button was pressed while the tray is locked."""
    NEW_MEDIA = 2
    MEDIA_REMOVAL = 3
    MEDIA_CHANGED = 4
    """A changer wants to load another disc."""
    BACKGROUND_FORMAT_COMPLETED = 5
    BACKGROUND_FORMAT_RESTARTED = 6


class OperationalChange(OpenIntEnum):
    """Codes of an operational change (MMC-5 6.7)."""

    NO_CHANGE = 0
    FEATURE_CHANGE = 1
    ADDED_OR_REMOVED = 2
    RESET = 3
    FIRMWARE_CHANGED = 4
    INQUIRY_CHANGED = 5


class PowerStatus(OpenIntEnum):
    """Power status (MMC-5 6.7)."""

    ACTIVE = 1
    IDLE = 2
    STANDBY = 3
    SLEEP = 4


@attrs.frozen
class EventStatus:
    """The answer to GET EVENT STATUS NOTIFICATION: at most one event (MMC-5 6.7).

    Args:
        event_class: Notification class, 1 to 6, or 0 where the drive has none of the classes asked for.
        supported_classes: Bit mask of the classes that the drive has.
        event: Event code of the class, 0 for none (:class:`MediaEvent` for media).
        status: Second byte: of media events the status (bit 1 a disc is there, bit 0 the tray is open), of
            power events the power status, of busy events the busy status.
        parameter: Third and fourth byte: start and end slot, operational change code, or busy time in 100 ms.
    """

    event_class: int
    supported_classes: int = 0
    event: int = 0
    status: int = 0
    parameter: int = 0

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: No header of 4 bytes, or an event that is cut off.
        """
        size = int.from_bytes(need(data, 4, "event status")[0:2], "big")
        none_available, event_class, supported = data[2] & 0x80, data[2] & 7, data[3]
        if none_available or size < 6 or event_class == 0:
            return cls(0 if none_available else event_class, supported)
        if len(data) < 8:
            raise RemoteProtocolError(
                f"The drive announced an event of class {event_class} and sent {len(data)} of its 8 bytes"
            )
        return cls(
            event_class, supported, data[4] & 0xF, data[5], int.from_bytes(padded(data[6:8], 2), "big")
        )

    def to_bytes(self) -> bytes:
        """Encode the answer: 8 bytes, or 4 with no event available."""
        if self.event_class == 0:
            return bytes([0, 2, 0x80, self.supported_classes])
        head = bytes([0, 6, self.event_class, self.supported_classes])
        return head + bytes([self.event & 0xF, self.status]) + self.parameter.to_bytes(2, "big")

    @property
    def media_event(self) -> MediaEvent | None:
        """The media event, or None where this is another class's."""
        return MediaEvent(self.event) if self.event_class == EventClass.MEDIA else None

    @property
    def tray_open(self) -> bool | None:
        """Whether the tray is open, or None where this is another class's."""
        return bool(self.status & 1) if self.event_class == EventClass.MEDIA else None

    @property
    def media_present(self) -> bool | None:
        """Whether a disc is there, or None where this is another class's."""
        return bool(self.status & 2) if self.event_class == EventClass.MEDIA else None

    @property
    def busy_s(self) -> float | None:
        """How long the drive expects to be busy, in seconds, or None where this is another class's."""
        return self.parameter / 10 if self.event_class == EventClass.DEVICE_BUSY else None
