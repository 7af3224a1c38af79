"""Commands about the drive as a whole: ready, load and eject, lock the tray (SPC-4, MMC-6)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import SHORT_S, Command
from aioimapi.mmc._fields import Bit, Bits


@attrs.frozen
class TestUnitReady(Command):
    """Ask whether the drive could read or write now; the answer is the status and, where not, the sense."""

    __test__: ClassVar[bool] = False  # pytest would collect the name

    name: ClassVar[str] = "TEST UNIT READY"
    opcode: ClassVar[int] = 0x00


class PowerCondition(enum.IntEnum):
    """POWER CONDITIONS of START STOP UNIT (MMC-6)."""

    NO_CHANGE = 0
    IDLE = 2
    STANDBY = 3
    SLEEP = 5


@attrs.frozen
class StartStopUnit(Command):
    """Spin up or down, load or eject.

    Args:
        start: With ``load_eject``: load (True) or eject (False); without: spin up or down.
        load_eject: Move the tray.
        immed: Return before it is done.
        power_condition: Any but NO_CHANGE makes the drive ignore ``start`` and ``load_eject``.
        layer_jump: FL: change to the format layer of ``layer`` (hybrid discs).
        layer: Format layer number.
    """

    name: ClassVar[str] = "START STOP UNIT"
    opcode: ClassVar[int] = 0x1B

    start: Annotated[bool, Bit(4, 0)] = True
    load_eject: Annotated[bool, Bit(4, 1)] = False
    immed: Annotated[bool, Bit(1, 0)] = False
    power_condition: Annotated[PowerCondition, Bits(4, 7, 4)] = PowerCondition.NO_CHANGE
    layer_jump: Annotated[bool, Bit(4, 2)] = False
    layer: Annotated[int, Bits(3, 1, 0)] = 0

    @property
    def timeout_s(self) -> float:
        """A changer or a drive that first finishes its cache takes minutes."""
        return SHORT_S if self.immed else 300.0


@attrs.frozen
class PreventAllowMediumRemoval(Command):
    """Lock or unlock the tray.

    Args:
        prevent: True locks.
        persistent: The lock survives a press of the eject button as an event to the host (MMC-6).
    """

    name: ClassVar[str] = "PREVENT ALLOW MEDIUM REMOVAL"
    opcode: ClassVar[int] = 0x1E

    prevent: Annotated[bool, Bit(4, 0)]
    persistent: Annotated[bool, Bit(4, 1)] = False
