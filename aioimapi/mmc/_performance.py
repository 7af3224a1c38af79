"""GET PERFORMANCE, SET STREAMING and SET CD SPEED: how fast (MMC-6 6.8, 6.39, 6.37)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final

import attrs

from aioimapi.mmc._command import SHORT_S, Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bits, Field

MAXIMUM_SPEED: Final = 0xFFFF
"""SET CD SPEED: as fast as the drive can (MMC-6 6.37.2.3)."""


class PerformanceType(enum.IntEnum):
    """Type of GET PERFORMANCE (MMC-6 6.8.2.6)."""

    PERFORMANCE = 0x00
    UNUSABLE_AREA = 0x01
    DEFECT_STATUS = 0x02
    WRITE_SPEED = 0x03
    DEFECTIVE_BLOCKS = 0x04
    DEFECTIVE_BLOCK_CACHE = 0x05


_DESCRIPTOR_SIZES: Final = {
    PerformanceType.PERFORMANCE: 16,
    PerformanceType.UNUSABLE_AREA: 8,
    PerformanceType.DEFECT_STATUS: 2048,
    PerformanceType.WRITE_SPEED: 16,
    PerformanceType.DEFECTIVE_BLOCKS: 8,
    PerformanceType.DEFECTIVE_BLOCK_CACHE: 8,
}


@attrs.frozen
class GetPerformance(Command):
    """Ask for speeds.

    Args:
        type_: Which answer; :attr:`PerformanceType.WRITE_SPEED` lists what the drive offers for this disc.
        data_type: Type 00h: 10h asks for nominal performance, bit 2 for writing, bits 1 and 0 leave values
            out.
        start_lba: Type 00h: from where on the disc.
        max_descriptors: How many descriptors to take.
    """

    name: ClassVar[str] = "GET PERFORMANCE"
    opcode: ClassVar[int] = 0xAC
    direction: ClassVar[Direction] = Direction.IN

    type_: Annotated[PerformanceType, U8(10)] = PerformanceType.WRITE_SPEED
    data_type: Annotated[int, Bits(1, 4, 0)] = 0
    start_lba: Annotated[int, U32(2)] = 0
    max_descriptors: Annotated[int, U16(8)] = 32

    @property
    def transfer_length(self) -> int:
        """The header of 8 bytes and the descriptors asked for."""
        return 8 + _DESCRIPTOR_SIZES[self.type_] * self.max_descriptors


@attrs.frozen
class SetStreaming(Command):
    """Set reading and writing speed over a range of the disc; the parameter list is 28 bytes.

    Args:
        parameter_list_length: Bytes that follow.
        type_: 0 for performance, 5 for the defective block cache.
    """

    name: ClassVar[str] = "SET STREAMING"
    opcode: ClassVar[int] = 0xB6
    direction: ClassVar[Direction] = Direction.OUT

    parameter_list_length: Annotated[int, U16(9)] = 28
    type_: Annotated[int, U8(8)] = 0

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length

    @property
    def timeout_s(self) -> float:
        """Drives spin down or up before they answer."""
        return 2 * SHORT_S


@attrs.frozen
class SetCdSpeed(Command):
    """Set the speeds of a CD, in units of 1,000 bytes a second; many drives obey it for DVD, too.

    Args:
        read_kbps: Reading speed, or :data:`MAXIMUM_SPEED`.
        write_kbps: Writing speed, or :data:`MAXIMUM_SPEED`.
        rotation: 0 constant linear velocity and otherwise the drive's default, 1 pure constant angular
            velocity.
    """

    name: ClassVar[str] = "SET CD SPEED"
    opcode: ClassVar[int] = 0xBB
    # Bytes 6 to 10 are reserved in MMC-6; early drafts had DVD speeds there.
    ignored: ClassVar[tuple[Field, ...]] = ()

    read_kbps: Annotated[int, U16(2)] = MAXIMUM_SPEED
    write_kbps: Annotated[int, U16(4)] = MAXIMUM_SPEED
    rotation: Annotated[int, Bits(1, 1, 0)] = 0

    @property
    def timeout_s(self) -> float:
        """Drives spin down or up before they answer."""
        return 2 * SHORT_S
