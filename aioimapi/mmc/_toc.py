"""READ TOC/PMA/ATIP and its answers (MMC-6 6.25)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit, Bits, Field


class TocFormat(enum.IntEnum):
    """Format of READ TOC/PMA/ATIP (MMC-6 6.25.2.3)."""

    TOC = 0
    SESSION_INFO = 1
    FULL_TOC = 2
    PMA = 3
    ATIP = 4
    CD_TEXT = 5


@attrs.frozen
class ReadTocPmaAtip(Command):
    """Ask for the table of contents or one of its relatives.

    Args:
        format_: Which answer.
        number: First track (format 0) or session (format 2) to list.
        msf: Addresses as minutes, seconds, frames.
        allocation_length: Bytes to take; 804 is a TOC with 99 tracks.
    """

    name: ClassVar[str] = "READ TOC/PMA/ATIP"
    opcode: ClassVar[int] = 0x43
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = ()

    format_: Annotated[TocFormat, Bits(2, 3, 0)] = TocFormat.TOC
    number: Annotated[int, U8(6)] = 0
    msf: Annotated[bool, Bit(1, 1)] = False
    allocation_length: Annotated[int, U16(7)] = 804

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
