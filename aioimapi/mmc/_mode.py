"""MODE SENSE (10) and MODE SELECT (10) and the header of their parameter lists (SPC-4 6.13, 6.11, 7.5)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit, Bits, Field


class PageControl(enum.IntEnum):
    """Which values of a mode page to give (SPC-4 6.12.1.2)."""

    CURRENT = 0
    CHANGEABLE = 1
    DEFAULT = 2
    SAVED = 3


@attrs.frozen
class ModeSense10(Command):
    """Ask for a mode page.

    Args:
        page_code: The page; 3Fh for all.
        allocation_length: Bytes to take.
        page_control: Current values, a mask of what may be changed, defaults, or saved ones.
        subpage_code: 0, or FFh for all.
        disable_block_descriptors: DBD; optical drives have none either way.
        long_lba: LLBAA.
    """

    name: ClassVar[str] = "MODE SENSE (10)"
    opcode: ClassVar[int] = 0x5A
    direction: ClassVar[Direction] = Direction.IN

    page_code: Annotated[int, Bits(2, 5, 0)]
    allocation_length: Annotated[int, U16(7)] = 4096
    page_control: Annotated[PageControl, Bits(2, 7, 6)] = PageControl.CURRENT
    subpage_code: Annotated[int, U8(3)] = 0
    disable_block_descriptors: Annotated[bool, Bit(1, 3)] = True
    long_lba: Annotated[bool, Bit(1, 4)] = False

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ModeSelect10(Command):
    """Set mode pages; the parameter list is header and pages.

    Args:
        parameter_list_length: Bytes that follow.
        page_format: PF, always set for pages of SPC form.
        save_pages: SP: keep over a power cycle.
    """

    name: ClassVar[str] = "MODE SELECT (10)"
    opcode: ClassVar[int] = 0x55
    direction: ClassVar[Direction] = Direction.OUT
    ignored: ClassVar[tuple[Field, ...]] = ()

    parameter_list_length: Annotated[int, U16(7)]
    page_format: Annotated[bool, Bit(1, 4)] = True
    save_pages: Annotated[bool, Bit(1, 0)] = False

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length
