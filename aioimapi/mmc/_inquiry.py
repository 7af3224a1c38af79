"""INQUIRY and REPORT LUNS: who the drive is (SPC-4 6.6, 7.8, 6.35)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bit, Field


class VitalProductPage(enum.IntEnum):
    """Vital product data pages that we ask for (SPC-4 7.8)."""

    SUPPORTED_PAGES = 0x00
    UNIT_SERIAL_NUMBER = 0x80
    DEVICE_IDENTIFICATION = 0x83


@attrs.frozen
class Inquiry(Command):
    """Ask for standard inquiry data or a vital product data page; works in every state of the drive.

    Args:
        allocation_length: How many bytes of the answer to take.
        vital_product_data: EVPD.
        page_code: The page, with EVPD; must be 0 without (SPC-4 6.6.1).
    """

    name: ClassVar[str] = "INQUIRY"
    opcode: ClassVar[int] = 0x12
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = ()

    allocation_length: Annotated[int, U16(3)] = 96
    vital_product_data: Annotated[bool, Bit(1, 0)] = False
    page_code: Annotated[int, U8(2)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ReportLuns(Command):
    """List the logical units behind a target.

    Args:
        allocation_length: Bytes of the answer to take; at least 16.
        select_report: 0 addressable units, 1 well known ones, 2 both.
    """

    name: ClassVar[str] = "REPORT LUNS"
    opcode: ClassVar[int] = 0xA0
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U32(6)] = 4096
    select_report: Annotated[int, U8(2)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length
