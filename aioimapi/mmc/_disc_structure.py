"""READ DISC STRUCTURE: what the disc itself says of itself (MMC-6 6.22)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bits


class StructureMedia(enum.IntEnum):
    """Media type of READ DISC STRUCTURE: what the format codes mean."""

    DVD = 0
    BD = 1


@attrs.frozen
class ReadDiscStructure(Command):
    """Ask for a structure of the disc's lead-in, by format code.

    Args:
        format_: Format code, see :class:`DvdStructure` and :class:`BdStructure`.
        media: Which family's format codes.
        address: Format specific; usually 0.
        layer: Layer number.
        allocation_length: Bytes to take; 2,052 for most.
        agid: Authentication grant, for copy protection.
    """

    name: ClassVar[str] = "READ DISC STRUCTURE"
    opcode: ClassVar[int] = 0xAD
    direction: ClassVar[Direction] = Direction.IN

    format_: Annotated[int, U8(7)] = 0
    media: Annotated[StructureMedia, Bits(1, 3, 0)] = StructureMedia.DVD
    address: Annotated[int, U32(2)] = 0
    layer: Annotated[int, U8(6)] = 0
    allocation_length: Annotated[int, U16(8)] = 2052
    agid: Annotated[int, Bits(10, 7, 6)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
