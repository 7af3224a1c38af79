"""MODE SENSE (6) and MODE SELECT (6): what Linux's sr and older programs send (SPC-4 6.13, 6.15).

MMC has the forms of 10 bytes only; nearly all drives know these, too, since hosts on other transports than
ATAPI begin with them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, Bit, Bits
from aioimapi.mmc._mode import PageControl


@attrs.frozen
class ModeSense6(Command):
    """Ask for a mode page; the parameter list has a header of 4 bytes.

    Args:
        page_code: The page; 3Fh for all.
        allocation_length: Bytes to take, up to 255.
        page_control: Current values, a mask of what may be changed, defaults, or saved ones.
        subpage_code: 0, or FFh for all.
        disable_block_descriptors: DBD; optical drives have none either way.
    """

    name: ClassVar[str] = "MODE SENSE (6)"
    opcode: ClassVar[int] = 0x1A
    direction: ClassVar[Direction] = Direction.IN

    page_code: Annotated[int, Bits(2, 5, 0)]
    allocation_length: Annotated[int, U8(4)] = 252
    page_control: Annotated[PageControl, Bits(2, 7, 6)] = PageControl.CURRENT
    subpage_code: Annotated[int, U8(3)] = 0
    disable_block_descriptors: Annotated[bool, Bit(1, 3)] = True

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ModeSelect6(Command):
    """Set mode pages; the parameter list is a header of 4 bytes and pages.

    Args:
        parameter_list_length: Bytes that follow.
        page_format: PF, always set for pages of SPC form.
        save_pages: SP: keep over a power cycle.
    """

    name: ClassVar[str] = "MODE SELECT (6)"
    opcode: ClassVar[int] = 0x15
    direction: ClassVar[Direction] = Direction.OUT

    parameter_list_length: Annotated[int, U8(4)]
    page_format: Annotated[bool, Bit(1, 4)] = True
    save_pages: Annotated[bool, Bit(1, 0)] = False

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length
