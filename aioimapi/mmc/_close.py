"""CLOSE TRACK SESSION and SEND OPC INFORMATION (MMC-6 6.3, 6.35)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import LONG_S, SHORT_S, Command, Direction
from aioimapi.mmc._fields import U16, Bit, Bits, Field


class CloseFunction(enum.IntEnum):
    """Close function (MMC-6 6.3.2.3); what each does depends on the disc, see :func:`close_meaning`."""

    STOP_FORMAT = 0
    TRACK = 1
    SESSION = 2
    FUNCTION_3 = 3
    FUNCTION_4 = 4
    FINALIZE_MINIMUM_RADIUS = 5
    FINALIZE = 6
    FUNCTION_7 = 7


@attrs.frozen
class CloseTrackSession(Command):
    """Close a track, the session, or the disc.

    Args:
        function: What to close.
        number: Logical track number, for a track.
        immed: Return at once; TEST UNIT READY answers 2/04/xx until it is done.
    """

    name: ClassVar[str] = "CLOSE TRACK SESSION"
    opcode: ClassVar[int] = 0x5B
    ignored: ClassVar[tuple[Field, ...]] = ()

    function: Annotated[CloseFunction, Bits(2, 2, 0)]
    number: Annotated[int, U16(4)] = 0
    immed: Annotated[bool, Bit(1, 0)] = False

    @property
    def timeout_s(self) -> float:
        """A lead-out fills a disc up to its minimum radius."""
        return SHORT_S if self.immed else LONG_S


@attrs.frozen
class SendOpcInformation(Command):
    """Let the drive calibrate its laser on this disc now, or hand it values.

    Args:
        do_opc: Calibrate; needs no parameter list.
        parameter_list_length: Bytes of OPC tables that follow; 0 with ``do_opc``.
        exclude_0: DVD-R DL: leave layer 0 out.
        exclude_1: Leave layer 1 out.
    """

    name: ClassVar[str] = "SEND OPC INFORMATION"
    opcode: ClassVar[int] = 0x54
    direction: ClassVar[Direction] = Direction.OUT

    do_opc: Annotated[bool, Bit(1, 0)] = True
    parameter_list_length: Annotated[int, U16(7)] = 0
    exclude_0: Annotated[bool, Bit(1, 1)] = False
    exclude_1: Annotated[bool, Bit(1, 2)] = False

    @property
    def timeout_s(self) -> float:
        """Calibration takes up to a minute on some drives."""
        return 200.0

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length
