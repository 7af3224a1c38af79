"""CLOSE TRACK SESSION and SEND OPC INFORMATION (MMC-5 6.3; MMC-6)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final

import attrs

from aioimapi.mmc._command import LONG_S, SHORT_S, Command, Direction
from aioimapi.mmc._fields import U16, Bit, Bits
from aioimapi.mmc._profiles import Profile


class CloseFunction(enum.IntEnum):
    """Close function (MMC-5 6.3); what each does depends on the disc, see :func:`close_meaning`."""

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


class CloseMeaning(enum.Enum):
    """What a close function does to a disc of a given kind."""

    NOT_DEFINED = "not defined"
    STOP_BACKGROUND_FORMAT = "stop the background format"
    CLOSE_TRACK = "close the track"
    CLOSE_SESSION = "close the session; the disc stays appendable"
    CLOSE_SESSION_BY_MODE_PAGE = "close the session; mode page 05h says whether another may follow"
    CLOSE_AND_READABLE = "stop the background format and write what other drives need to read the disc"
    FINALIZE_MINIMUM_RADIUS = "close the disc, with a lead-out at the minimum radius"
    FINALIZE = "close the disc; nothing can follow"


_MINUS: Final = {
    CloseFunction.TRACK: CloseMeaning.CLOSE_TRACK,
    CloseFunction.SESSION: CloseMeaning.CLOSE_SESSION_BY_MODE_PAGE,
}
_DVD_PLUS_R: Final = {
    CloseFunction.TRACK: CloseMeaning.CLOSE_TRACK,
    CloseFunction.SESSION: CloseMeaning.CLOSE_SESSION,
    CloseFunction.FINALIZE_MINIMUM_RADIUS: CloseMeaning.FINALIZE_MINIMUM_RADIUS,
    CloseFunction.FINALIZE: CloseMeaning.FINALIZE,
}
_BD_R: Final = {
    CloseFunction.TRACK: CloseMeaning.CLOSE_TRACK,
    CloseFunction.SESSION: CloseMeaning.CLOSE_SESSION,
    CloseFunction.FINALIZE: CloseMeaning.FINALIZE,
}
_FORMATTED: Final = {
    CloseFunction.SESSION: CloseMeaning.CLOSE_AND_READABLE,
    # Differs from function 2 in how far the lead-out goes.
    CloseFunction.FUNCTION_3: CloseMeaning.CLOSE_AND_READABLE,
}

CLOSE_FUNCTIONS: Final = {
    Profile.CD_R: _MINUS,
    Profile.CD_RW: _MINUS,
    Profile.DVD_R_SEQUENTIAL: _MINUS,
    Profile.DVD_RW_SEQUENTIAL: _MINUS,
    Profile.DVD_R_DL_SEQUENTIAL: _MINUS,
    Profile.DVD_R_DL_LAYER_JUMP: _MINUS,
    Profile.DVD_RW_RESTRICTED_OVERWRITE: _FORMATTED,
    Profile.DVD_PLUS_R: _DVD_PLUS_R,
    # Function 4: the middle zones go out to 30 mm, so that the session straddles both layers.
    Profile.DVD_PLUS_R_DL: {**_DVD_PLUS_R, CloseFunction.FUNCTION_4: CloseMeaning.CLOSE_SESSION},
    Profile.DVD_PLUS_RW: {CloseFunction.STOP_FORMAT: CloseMeaning.STOP_BACKGROUND_FORMAT, **_FORMATTED},
    Profile.DVD_PLUS_RW_DL: {CloseFunction.STOP_FORMAT: CloseMeaning.STOP_BACKGROUND_FORMAT, **_FORMATTED},
    Profile.BD_R_SEQUENTIAL: _BD_R,
}
"""Close functions that each kind of disc has (MMC-5 6.3); kinds that are not here have nothing to close."""


def close_meaning(profile: Profile, function: CloseFunction) -> CloseMeaning:
    """Return what a close function does to a disc of that kind."""
    return CLOSE_FUNCTIONS.get(profile, {}).get(function, CloseMeaning.NOT_DEFINED)
