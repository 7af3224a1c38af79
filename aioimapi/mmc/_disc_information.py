"""READ DISC INFORMATION and its answers (MMC-5 6.22)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bit, Bits, Bytes, Field, OpenIntEnum, Structure, chunked


class DiscInformationType(enum.IntEnum):
    """Data type of READ DISC INFORMATION (MMC-5 6.22)."""

    STANDARD = 0
    TRACK_RESOURCES = 1
    POW_RESOURCES = 2


@attrs.frozen
class ReadDiscInformation(Command):
    """Ask for the disc's state, its sessions and tracks.

    Args:
        allocation_length: Bytes to take; 34 is the standard answer without OPC tables.
        data_type: Which of the three answers.
    """

    name: ClassVar[str] = "READ DISC INFORMATION"
    opcode: ClassVar[int] = 0x51
    direction: ClassVar[Direction] = Direction.IN
    # Reserved, and set by dvd+rw-mediainfo; drives take it.
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 4),)

    allocation_length: Annotated[int, U16(7)] = 34
    data_type: Annotated[DiscInformationType, Bits(1, 2, 0)] = DiscInformationType.STANDARD

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


class DiscStatus(OpenIntEnum):
    """State of the disc (MMC-5 6.22)."""

    BLANK = 0
    INCOMPLETE = 1
    """Appendable: the last session is open or a further one may begin."""
    COMPLETE = 2
    """Finalized; rewritable media may still be blanked."""
    OTHER = 3
    """Random access media: DVD-RAM, DVD+RW, BD-RE, as far as they are not one of the others."""


class SessionState(OpenIntEnum):
    """State of the last session (MMC-5 6.22)."""

    EMPTY = 0
    INCOMPLETE = 1
    DAMAGED = 2
    """Reserved, or damaged border on DVD."""
    COMPLETE = 3


class BackgroundFormat(OpenIntEnum):
    """State of a background format (MMC-5 6.22)."""

    NONE = 0
    STOPPED = 1
    RUNNING = 2
    COMPLETE = 3


class DiscType(OpenIntEnum):
    """CD disc type from the lead-in (MMC-5 6.22)."""

    CD_DA_OR_ROM = 0x00
    CD_I = 0x10
    CD_XA = 0x20
    UNDEFINED = 0xFF


@attrs.frozen
class OpcTable(Structure):
    """One optimum power calibration table: a speed in units of 1,000 bytes a second, and the drive's own values."""

    speed_kbps: Annotated[int, U16(0)]
    values_: Annotated[int, Bytes(2, 6)]


@attrs.frozen
class DiscInformation(Structure):
    """The standard answer to READ DISC INFORMATION (MMC-5 6.22).

    Track and session numbers begin with 1. ``bar_code``, ``disc_identification`` and ``application_code``
    mean something only where their valid flag is set; addresses of lead-in and lead-out are MSF on CD and
    LBA elsewhere.
    """

    SIZE: ClassVar[int | None] = 34
    # MMC-1 drives end before the bar code; everything up to the track numbers is what the state is made of.
    MINIMUM: ClassVar[int | None] = 12

    disc_status: Annotated[DiscStatus, Bits(2, 1, 0)] = DiscStatus.BLANK
    last_session_state: Annotated[SessionState, Bits(2, 3, 2)] = SessionState.EMPTY
    erasable: Annotated[bool, Bit(2, 4)] = False
    first_track: Annotated[int, U8(3)] = 1
    sessions: Annotated[int, U8(9), U8(4)] = 1
    first_track_in_last_session: Annotated[int, U8(10), U8(5)] = 1
    last_track_in_last_session: Annotated[int, U8(11), U8(6)] = 1
    background_format: Annotated[BackgroundFormat, Bits(7, 1, 0)] = BackgroundFormat.NONE
    dirty: Annotated[bool, Bit(7, 2)] = False
    unrestricted_use: Annotated[bool, Bit(7, 5)] = True
    disc_identification_valid: Annotated[bool, Bit(7, 7)] = False
    bar_code_valid: Annotated[bool, Bit(7, 6)] = False
    application_code_valid: Annotated[bool, Bit(7, 4)] = False
    disc_type: Annotated[DiscType, U8(8)] = DiscType.CD_DA_OR_ROM
    disc_identification: Annotated[int, U32(12)] = 0
    last_lead_in_start: Annotated[int, U32(16)] = 0
    last_possible_lead_out: Annotated[int, U32(20)] = 0
    bar_code: Annotated[int, Bytes(24, 8)] = 0
    application_code: Annotated[int, U8(32)] = 0
    opc_tables: tuple[OpcTable, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer; OPC tables as far as they came.

        Raises:
            RemoteProtocolError: Fewer than 12 bytes, or another data type's answer.
        """
        values = cls.values(data)
        _check_type(data, DiscInformationType.STANDARD)
        count = data[33] if len(data) > 33 else 0
        tables = tuple(OpcTable.parse(piece) for piece in chunked(data[34 : 34 + 8 * count], 8))
        build: Callable[..., Self] = cls
        return build(*values, opc_tables=tables)

    def to_bytes(self) -> bytes:
        """Encode the answer with its length field."""
        body = bytearray(super().to_bytes())
        body[33] = len(self.opc_tables)
        body += b"".join(table.to_bytes() for table in self.opc_tables)
        body[0:2] = (len(body) - 2).to_bytes(2, "big")
        return bytes(body)

    @property
    def appendable(self) -> bool:
        """Whether the disc is begun and can take more."""
        return self.disc_status is DiscStatus.INCOMPLETE


def _check_type(data: bytes | memoryview, wanted: DiscInformationType) -> None:
    found = data[2] >> 5
    if found != wanted:
        raise RemoteProtocolError(
            f"READ DISC INFORMATION was answered with data type {found}, but type {int(wanted)} was asked for"
        )


@attrs.frozen
class TrackResources(Structure):
    """READ DISC INFORMATION, data type 1: how many tracks the disc can have and has (MMC-5 6.22)."""

    SIZE: ClassVar[int | None] = 12

    maximum_tracks: Annotated[int, U16(4)]
    assigned_tracks: Annotated[int, U16(6)]
    maximum_appendable_tracks: Annotated[int, U16(8)]
    current_appendable_tracks: Annotated[int, U16(10)]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 12 bytes, or another data type's answer.
        """
        values = cls.values(data)
        _check_type(data, DiscInformationType.TRACK_RESOURCES)
        return cls(*values)

    def to_bytes(self) -> bytes:
        """Encode the answer with its length field and data type."""
        body = bytearray(super().to_bytes())
        body[0:3] = bytes([0, 10, DiscInformationType.TRACK_RESOURCES << 5])
        return bytes(body)


@attrs.frozen
class PowResources(Structure):
    """READ DISC INFORMATION, data type 2: what pseudo-overwriting has left on a BD-R (MMC-5 6.22)."""

    SIZE: ClassVar[int | None] = 16

    remaining_replacements: Annotated[int, U32(4)]
    remaining_map_entries: Annotated[int, U32(8)]
    remaining_updates: Annotated[int, U32(12)]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 16 bytes, or another data type's answer.
        """
        values = cls.values(data)
        _check_type(data, DiscInformationType.POW_RESOURCES)
        return cls(*values)

    def to_bytes(self) -> bytes:
        """Encode the answer with its length field and data type."""
        body = bytearray(super().to_bytes())
        body[0:3] = bytes([0, 14, DiscInformationType.POW_RESOURCES << 5])
        return bytes(body)
