"""MECHANISM STATUS: tray, changer slots, what the laser is at (MMC-6)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U24, Bit, Bits, OpenIntEnum, Structure


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


class MechanismState(OpenIntEnum):
    """What the laser is at (MMC-6)."""

    IDLE = 0
    PLAYING = 1
    SCANNING = 2
    ACTIVE = 3
    """With an initiator: reading, writing and the like."""
    UNKNOWN = 7


@attrs.frozen
class MechanismStatusData(Structure):
    """The header of the answer to MECHANISM STATUS (MMC-6); a changer's slot table is left out.

    Args:
        fault: The changer failed.
        changer_state: 0 ready, 1 loading, 2 unloading, 3 initializing.
        slot: Current slot.
        state: What the laser is at.
        door_open: The tray is open.
        current_lba: Where the laser is, 24 bits; mostly 0.
        slots: Slots that the changer has.
        slot_table_length: Bytes of slot tables that follow.
    """

    SIZE: ClassVar[int | None] = 8

    fault: Annotated[bool, Bit(0, 7)] = False
    changer_state: Annotated[int, Bits(0, 6, 5)] = 0
    slot: Annotated[int, Bits(1, 2, 0), Bits(0, 4, 0)] = 0
    state: Annotated[MechanismState, Bits(1, 7, 5)] = MechanismState.IDLE
    door_open: Annotated[bool, Bit(1, 4)] = False
    current_lba: Annotated[int, U24(2)] = 0
    slots: Annotated[int, U8(5)] = 0
    slot_table_length: Annotated[int, U16(6)] = 0
