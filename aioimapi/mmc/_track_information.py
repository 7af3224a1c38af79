"""READ TRACK INFORMATION and RESERVE TRACK (MMC-6 6.27, 6.31)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U16, U32, Bit, Bits, Bytes


class TrackAddressType(enum.IntEnum):
    """What the address of READ TRACK INFORMATION is (MMC-6 6.27.2.3)."""

    LBA = 0
    TRACK = 1
    """A track number; FFh is the invisible (incomplete) track, 0 the lead-in on CD."""
    SESSION = 2


@attrs.frozen
class ReadTrackInformation(Command):
    """Ask for one track: where it lies, what is free in it, where the next write goes.

    Args:
        address_type: Whether ``address`` is an LBA, a track or a session number.
        address: That number.
        open_: Ask for the first open track at or after ``address``.
        allocation_length: Bytes to take; 48 is the whole answer.
    """

    name: ClassVar[str] = "READ TRACK INFORMATION"
    opcode: ClassVar[int] = 0x52
    direction: ClassVar[Direction] = Direction.IN

    address_type: Annotated[TrackAddressType, Bits(1, 1, 0)]
    address: Annotated[int, U32(2)]
    open_: Annotated[bool, Bit(1, 2)] = False
    allocation_length: Annotated[int, U16(7)] = 48

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ReserveTrack(Command):
    """Reserve a track of known size, or split one at an address.

    Build it by :meth:`of_size` or :meth:`at_address`.

    Args:
        parameter: Reservation parameter, bytes 2 to 8 of the CDB.
        by_address: ARSV: the parameter is an address and not a size.
        remap: RMZ: DVD+R DL and BD-R, reserved elsewhere.
    """

    name: ClassVar[str] = "RESERVE TRACK"
    opcode: ClassVar[int] = 0x53

    parameter: Annotated[int, Bytes(2, 7)]
    by_address: Annotated[bool, Bit(1, 1)] = False
    remap: Annotated[bool, Bit(1, 0)] = False

    @classmethod
    def of_size(cls, sectors: int) -> Self:
        """Reserve ``sectors`` sectors from the next writable address (bytes 5 to 8)."""
        if not 0 < sectors < 1 << 32:
            raise LocalProtocolError(
                f"RESERVE TRACK: {sectors} sectors; 1 to {(1 << 32) - 1} can be reserved"
            )
        return cls(sectors)

    @classmethod
    def at_address(cls, lba: int) -> Self:
        """Let the open track end before ``lba`` (bytes 2 to 5)."""
        if not 0 <= lba < 1 << 32:
            raise LocalProtocolError(f"RESERVE TRACK: {lba} is no logical block address")
        return cls(lba << 24, by_address=True)

    @property
    def sectors(self) -> int | None:
        """Size to reserve, or None where an address was given."""
        return None if self.by_address else self.parameter & 0xFFFFFFFF

    @property
    def lba(self) -> int | None:
        """Address to split at, or None where a size was given."""
        return self.parameter >> 24 if self.by_address else None

    @property
    def timeout_s(self) -> float:
        """The drive may write the reservation to the disc."""
        return 200.0
