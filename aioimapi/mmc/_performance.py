"""GET PERFORMANCE, SET STREAMING and SET CD SPEED: how fast (MMC-5 6.8, 6.39, 6.37)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self

import attrs

from aioimapi.mmc._command import SHORT_S, Command, Direction
from aioimapi.mmc._fields import U8, U16, U32, Bit, Bits, Structure, chunked, need

MAXIMUM_SPEED: Final = 0xFFFF
"""SET CD SPEED: as fast as the drive can (MMC-5 6.37)."""


class PerformanceType(enum.IntEnum):
    """Type of GET PERFORMANCE (MMC-5 6.8)."""

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

    read_kbps: Annotated[int, U16(2)] = MAXIMUM_SPEED
    write_kbps: Annotated[int, U16(4)] = MAXIMUM_SPEED
    rotation: Annotated[int, Bits(1, 1, 0)] = 0

    @property
    def timeout_s(self) -> float:
        """Drives spin down or up before they answer."""
        return 2 * SHORT_S


class RotationControl(enum.IntEnum):
    """WRC: how the disc turns (MMC-5 6.8)."""

    CLV_OR_ZONED = 0
    PURE_CAV = 1
    RESERVED_2 = 2
    RESERVED_3 = 3


@attrs.frozen
class WriteSpeedDescriptor(Structure):
    """One speed that the drive offers for this disc (GET PERFORMANCE type 03h, MMC-5 6.8).

    Args:
        write_kbps: Writing speed in units of 1,000 bytes a second (of user data).
        read_kbps: Reading speed that goes with it.
        end_lba: Last address that the disc has; the capacity of a blank one.
        rotation: Constant linear velocity or one of its kin, or pure CAV.
        exact: The speed holds over the whole disc.
        mrw: The speed suits a mix of reading and writing.
        restore_defaults: Reserved in answers; kept so that it survives a round trip.
    """

    SIZE: ClassVar[int | None] = 16

    write_kbps: Annotated[int, U32(12)]
    read_kbps: Annotated[int, U32(8)] = 0
    end_lba: Annotated[int, U32(4)] = 0
    rotation: Annotated[RotationControl, Bits(0, 4, 3)] = RotationControl.CLV_OR_ZONED
    restore_defaults: Annotated[bool, Bit(0, 2)] = False
    exact: Annotated[bool, Bit(0, 1)] = False
    mrw: Annotated[bool, Bit(0, 0)] = False


@attrs.frozen
class PerformanceDescriptor(Structure):
    """Nominal performance over a range (GET PERFORMANCE type 00h, MMC-5 6.8).

    Args:
        start_lba: First address of the range.
        start_kbps: Speed there, in units of 1,000 bytes a second.
        end_lba: Last address of the range.
        end_kbps: Speed there.
    """

    start_lba: Annotated[int, U32(0)]
    start_kbps: Annotated[int, U32(4)]
    end_lba: Annotated[int, U32(8)]
    end_kbps: Annotated[int, U32(12)]


def _pieces(data: bytes | memoryview) -> list[bytes]:
    """Return the descriptors of 16 bytes; the length field counts the 4 bytes after itself, too."""
    size = int.from_bytes(need(data, 8, "performance data")[0:4], "big")
    return list(chunked(data[8 : 4 + size], 16))


@attrs.frozen
class WriteSpeeds:
    """The answer to GET PERFORMANCE type 03h."""

    descriptors: tuple[WriteSpeedDescriptor, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer, as far as it came.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        return cls(tuple(WriteSpeedDescriptor.parse(piece) for piece in _pieces(data)))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        body = b"".join(descriptor.to_bytes() for descriptor in self.descriptors)
        return (len(body) + 4).to_bytes(4, "big") + bytes(4) + body


@attrs.frozen
class Performance:
    """The answer to GET PERFORMANCE type 00h.

    Args:
        descriptors: Ranges with nominal speeds, or exceptions from them.
        write: The speeds are for writing.
        exceptions: The descriptors are exceptions.
    """

    descriptors: tuple[PerformanceDescriptor, ...] = ()
    write: bool = False
    exceptions: bool = False

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer, as far as it came.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        pieces = _pieces(data)
        return cls(
            tuple(PerformanceDescriptor.parse(piece) for piece in pieces),
            write=bool(data[4] & 2),
            exceptions=bool(data[4] & 1),
        )

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        body = b"".join(descriptor.to_bytes() for descriptor in self.descriptors)
        return (len(body) + 4).to_bytes(4, "big") + bytes([self.write << 1 | self.exceptions, 0, 0, 0]) + body


@attrs.frozen
class StreamingDescriptor(Structure):
    """The parameter list of SET STREAMING: sizes are moved in given times (MMC-5 6.39).

    A speed of x thousand bytes a second is a size of x in a time of 1,000 milliseconds; :meth:`at_speed`
    builds that.

    Args:
        start_lba: First address that it holds for.
        end_lba: Last address.
        read_size: Thousands of bytes read in ``read_time_ms``.
        read_time_ms: See above.
        write_size: Thousands of bytes written in ``write_time_ms``.
        write_time_ms: See above.
        rotation: As in the write speed descriptors.
        restore_defaults: RDD: forget the settings; the rest is then ignored.
        exact: Refuse rather than round.
        random_access: RA: optimize for random access.
    """

    SIZE: ClassVar[int | None] = 28

    start_lba: Annotated[int, U32(4)] = 0
    end_lba: Annotated[int, U32(8)] = 0
    read_size: Annotated[int, U32(12)] = 0
    read_time_ms: Annotated[int, U32(16)] = 1000
    write_size: Annotated[int, U32(20)] = 0
    write_time_ms: Annotated[int, U32(24)] = 1000
    rotation: Annotated[RotationControl, Bits(0, 4, 3)] = RotationControl.CLV_OR_ZONED
    restore_defaults: Annotated[bool, Bit(0, 2)] = False
    exact: Annotated[bool, Bit(0, 1)] = False
    random_access: Annotated[bool, Bit(0, 0)] = False

    @classmethod
    def at_speed(cls, descriptor: WriteSpeedDescriptor) -> Self:
        """Build the request for a speed that the drive offered."""
        return cls(
            end_lba=descriptor.end_lba,
            read_size=descriptor.read_kbps or descriptor.write_kbps,
            write_size=descriptor.write_kbps,
            rotation=descriptor.rotation,
        )

    @property
    def write_kbps(self) -> int:
        """Writing speed in units of 1,000 bytes a second; 0 where no time is given."""
        return self.write_size * 1000 // self.write_time_ms if self.write_time_ms else 0

    @property
    def read_kbps(self) -> int:
        """Reading speed in units of 1,000 bytes a second; 0 where no time is given."""
        return self.read_size * 1000 // self.read_time_ms if self.read_time_ms else 0
