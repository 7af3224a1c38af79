"""READ TRACK INFORMATION and RESERVE TRACK (MMC-5 6.27, 6.31)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bit, Bits, Bytes, OpenIntEnum, Structure


class TrackAddressType(enum.IntEnum):
    """What the address of READ TRACK INFORMATION is (MMC-5 6.27)."""

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


class DataMode(OpenIntEnum):
    """Data mode of a track (MMC-5 6.27)."""

    UNKNOWN_OR_NONE = 0
    MODE_1 = 1
    """Mode 1, and every track of DVD and BD."""
    MODE_2 = 2
    NOT_RECORDED = 0xF


@attrs.frozen
class TrackInformation(Structure):
    """The answer to READ TRACK INFORMATION (MMC-5 6.27). Addresses and sizes are in sectors.

    Args:
        track: Logical track number, from 1.
        session: Session number, from 1.
        track_mode: Control nibble: 4 data, 5 data incremental, 0 audio; 7 on DVD+R, BD-R and others.
        blank: Nothing is written in the track; with ``packet`` the invisible track can take packets.
        packet: Incremental (packet) writing.
        fixed_packet: Packets are of ``packet_size``.
        reserved: The track was reserved.
        data_mode: See :class:`DataMode`.
        nwa_valid: ``next_writable_lba`` means something.
        lra_valid: ``last_recorded_lba`` means something.
        start_lba: First sector of the track.
        next_writable_lba: Where the next WRITE goes.
        free_sectors: How many more the track can take.
        packet_size: Sectors of a packet, or the write unit: 16 on DVD, 32 on BD.
        size_sectors: Sectors of the track, the free ones included.
        last_recorded_lba: Last sector that was written.
        damaged: The track was not closed properly.
        copy: SCMS: a copy.
        layer_jump_status: LJRS.
        read_compatibility_lba: RCL.
        next_layer_jump_lba: Layer jump recording.
        last_layer_jump_lba: Layer jump recording.
    """

    SIZE: ClassVar[int | None] = 48
    # MMC-1 answers end after the track size.
    MINIMUM: ClassVar[int | None] = 28

    track: Annotated[int, U8(32), U8(2)] = 1
    session: Annotated[int, U8(33), U8(3)] = 1
    track_mode: Annotated[int, Bits(5, 3, 0)] = 4
    blank: Annotated[bool, Bit(6, 6)] = False
    packet: Annotated[bool, Bit(6, 5)] = False
    fixed_packet: Annotated[bool, Bit(6, 4)] = False
    reserved: Annotated[bool, Bit(6, 7)] = False
    data_mode: Annotated[DataMode, Bits(6, 3, 0)] = DataMode.MODE_1
    nwa_valid: Annotated[bool, Bit(7, 0)] = False
    lra_valid: Annotated[bool, Bit(7, 1)] = False
    start_lba: Annotated[int, U32(8)] = 0
    next_writable_lba: Annotated[int, U32(12)] = 0
    free_sectors: Annotated[int, U32(16)] = 0
    packet_size: Annotated[int, U32(20)] = 0
    size_sectors: Annotated[int, U32(24)] = 0
    last_recorded_lba: Annotated[int, U32(28)] = 0
    damaged: Annotated[bool, Bit(5, 5)] = False
    copy: Annotated[bool, Bit(5, 4)] = False
    layer_jump_status: Annotated[int, Bits(5, 7, 6)] = 0
    read_compatibility_lba: Annotated[int, U32(36)] = 0
    next_layer_jump_lba: Annotated[int, U32(40)] = 0
    last_layer_jump_lba: Annotated[int, U32(44)] = 0

    def to_bytes(self) -> bytes:
        """Encode the answer with its length field."""
        body = super().to_bytes()
        return (len(body) - 2).to_bytes(2, "big") + body[2:]
