"""REPORT KEY, SEND KEY, SEND DISC STRUCTURE: regions, copy protection, what is written around the data (MMC-6 6.28)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._disc_structure import StructureMedia
from aioimapi.mmc._fields import U8, U16, U32, Bits, OpenIntEnum, Structure


class KeyFormat(OpenIntEnum):
    """Key formats of key class 0, DVD: CSS and CPPM, CPRM, regions (MMC-6 6.28)."""

    AGID_CSS = 0x00
    CHALLENGE = 0x01
    KEY_1 = 0x02
    KEY_2 = 0x03
    TITLE_KEY = 0x04
    AUTHENTICATION_SUCCESS = 0x05
    RPC_STRUCTURE = 0x06
    """SEND KEY: set the drive's region."""
    RPC_STATE = 0x08
    AGID_CPRM = 0x11
    INVALIDATE = 0x3F


@attrs.frozen
class ReportKey(Command):
    """Ask for a key, for a step of an authentication, or for the drive's region.

    Args:
        key_format: What.
        allocation_length: Bytes to take.
        agid: Authentication grant.
        key_class: 0 for DVD, 2 for AACS.
        lba: Title keys: the sector.
        count: Of blocks, for some formats of other classes.
    """

    name: ClassVar[str] = "REPORT KEY"
    opcode: ClassVar[int] = 0xA4
    direction: ClassVar[Direction] = Direction.IN

    key_format: Annotated[KeyFormat, Bits(10, 5, 0)] = KeyFormat.RPC_STATE
    allocation_length: Annotated[int, U16(8)] = 8
    agid: Annotated[int, Bits(10, 7, 6)] = 0
    key_class: Annotated[int, U8(7)] = 0
    lba: Annotated[int, U32(2)] = 0
    count: Annotated[int, U8(6)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class SendKey(Command):
    """Send a key, a step of an authentication, or the drive's new region.

    Args:
        key_format: What.
        parameter_list_length: Bytes that follow.
        agid: Authentication grant.
        key_class: 0 for DVD, 2 for AACS.
    """

    name: ClassVar[str] = "SEND KEY"
    opcode: ClassVar[int] = 0xA3
    direction: ClassVar[Direction] = Direction.OUT

    key_format: Annotated[KeyFormat, Bits(10, 5, 0)]
    parameter_list_length: Annotated[int, U16(8)] = 0
    agid: Annotated[int, Bits(10, 7, 6)] = 0
    key_class: Annotated[int, U8(7)] = 0

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length


class RpcType(enum.IntEnum):
    """How far the drive's region is settled (MMC-6 6.28)."""

    NONE = 0
    SET = 1
    LAST_CHANCE = 2
    PERMANENT = 3


@attrs.frozen
class RpcState(Structure):
    """The answer to REPORT KEY for the region: 8 bytes.

    Args:
        type_: Whether a region was set.
        vendor_resets: How often the vendor can still reset it.
        user_changes: How often it can still be changed.
        region_mask: A bit is 0 for each region whose discs play; FFh before one is set.
        scheme: 1: the drive keeps the region (RPC phase II).
        length: Bytes after itself.
    """

    SIZE: ClassVar[int | None] = 8

    type_: Annotated[RpcType, Bits(4, 7, 6)] = RpcType.NONE
    vendor_resets: Annotated[int, Bits(4, 5, 3)] = 4
    user_changes: Annotated[int, Bits(4, 2, 0)] = 5
    region_mask: Annotated[int, U8(5)] = 0xFF
    scheme: Annotated[int, U8(6)] = 1
    length: Annotated[int, U16(0)] = 6


@attrs.frozen
class SendDiscStructure(Command):
    """Set something that is written around the data: a layer's end, a user key, a timestamp.

    Args:
        format_: Format code, as of READ DISC STRUCTURE.
        parameter_list_length: Bytes that follow: a length of 2 bytes, 2 reserved ones, the structure.
        media: Which family's format codes.
    """

    name: ClassVar[str] = "SEND DISC STRUCTURE"
    opcode: ClassVar[int] = 0xBF
    direction: ClassVar[Direction] = Direction.OUT

    format_: Annotated[int, U8(7)]
    parameter_list_length: Annotated[int, U16(8)] = 0
    media: Annotated[StructureMedia, Bits(1, 3, 0)] = StructureMedia.DVD

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length
