"""REQUEST SENSE and sense data: why a command failed (SPC-3 4.5)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Required, Self, TypedDict

import attrs

from aioimapi.errors import InvalidFieldError, RemoteProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, Bit, OpenIntEnum, need, padded
from aioimapi.mmc._sense_codes import sense_text


@attrs.frozen
class RequestSense(Command):
    """Ask for the sense data of the last failure, or for the progress of a long operation.

    Args:
        allocation_length: Bytes to take, 0 to 255.
        descriptor_format: Ask for format 72h instead of 70h.
    """

    name: ClassVar[str] = "REQUEST SENSE"
    opcode: ClassVar[int] = 0x03
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U8(4)] = 252
    descriptor_format: Annotated[bool, Bit(1, 0)] = False

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


class SenseKey(OpenIntEnum):
    """Sense keys (SPC-3 4.5.6)."""

    NO_SENSE = 0x0
    RECOVERED_ERROR = 0x1
    NOT_READY = 0x2
    MEDIUM_ERROR = 0x3
    HARDWARE_ERROR = 0x4
    ILLEGAL_REQUEST = 0x5
    UNIT_ATTENTION = 0x6
    DATA_PROTECT = 0x7
    BLANK_CHECK = 0x8
    VENDOR_SPECIFIC = 0x9
    COPY_ABORTED = 0xA
    ABORTED_COMMAND = 0xB
    RESERVED = 0xC
    VOLUME_OVERFLOW = 0xD
    MISCOMPARE = 0xE
    COMPLETED = 0xF


@attrs.frozen
class FieldPointer:
    """What an ILLEGAL REQUEST complains about (SPC-3 4.5.2.4).

    Args:
        byte: Offset of the field's first byte.
        bit: The field's most significant bit there, or None where the field is whole bytes.
        in_cdb: True: in the CDB; False: in the parameter list.
    """

    byte: int
    bit: int | None = None
    in_cdb: bool = True

    def __str__(self) -> str:
        where = "CDB" if self.in_cdb else "parameter list"
        return (
            f"byte {self.byte} of the {where}"
            if self.bit is None
            else f"bit {self.bit} of {where} byte {self.byte}"
        )


_FIXED: Final = (0x70, 0x71)
_DESCRIPTOR: Final = (0x72, 0x73)


@attrs.frozen
class SenseData:
    """Sense data of either format (SPC-3 4.5): what went wrong, how far an operation is.

    Args:
        key: The sense key.
        asc: Additional sense code.
        ascq: Its qualifier.
        information: INFORMATION field, usually the LBA in question, or None where it is not valid.
        deferred: The error belongs to an earlier command that had ended with GOOD.
        sense_key_specific: The 15 bits after SKSV and its three bytes, or None where they are not valid.
        command_specific: COMMAND SPECIFIC INFORMATION.
        filemark: FILEMARK, tapes only.
        end_of_medium: EOM.
        incorrect_length: ILI: the sector is of another size than asked for.
        field_replaceable_unit: FRU, the vendor's own.
        descriptor_format: It came, and is sent, in format 72h/73h.
    """

    key: SenseKey
    asc: int = 0
    ascq: int = 0
    information: int | None = None
    deferred: bool = False
    sense_key_specific: bytes | None = None
    command_specific: int = 0
    filemark: bool = False
    end_of_medium: bool = False
    incorrect_length: bool = False
    field_replaceable_unit: int = 0
    descriptor_format: bool = False

    @classmethod
    def of(cls, key: int, asc: int, ascq: int, *, information: int | None = None) -> Self:
        """Build sense data from the three numbers by which everybody knows it."""
        return cls(SenseKey(key), asc, ascq, information=information)

    @classmethod
    def invalid_field(cls, error: InvalidFieldError, *, in_cdb: bool = True) -> Self:
        """Build what a target answers to a field it does not accept: 5/24/00 or 5/26/00 with a field pointer."""
        bit = 0 if error.bit is None else 8 | error.bit
        specific = bytes([0x80 | in_cdb << 6 | bit]) + error.byte.to_bytes(2, "big")
        return cls(SenseKey.ILLEGAL_REQUEST, 0x24 if in_cdb else 0x26, 0, sense_key_specific=specific)

    @classmethod
    def with_progress(cls, key: int, asc: int, ascq: int, progress: float) -> Self:
        """Build sense data with a progress indication; ``progress`` is 0.0 to 1.0 (SPC-3 4.5.2.4.4)."""
        count = min(max(int(progress * 65536), 0), 65535)
        return cls(SenseKey(key), asc, ascq, sense_key_specific=b"\x80" + count.to_bytes(2, "big"))

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode sense data of either format; what was cut off counts as not there.

        Raises:
            RemoteProtocolError: No sense data (fewer than 3 bytes), or a response code that SPC does not
            have.
        """
        code = need(data, 3, "sense data")[0] & 0x7F
        if code in _DESCRIPTOR:
            return cls(**_parse_descriptors(bytes(data)), deferred=code == 0x73, descriptor_format=True)
        if code in _FIXED:
            return cls._parse_fixed(bytes(data), deferred=code == 0x71)
        raise RemoteProtocolError(
            f"Sense data with response code {code:02X}h; SPC has 70h to 73h: {bytes(data).hex(' ')}"
        )

    @classmethod
    def _parse_fixed(cls, data: bytes, *, deferred: bool) -> Self:
        # ADDITIONAL SENSE LENGTH ends what is valid; some bridges leave it 0 and send the code all the same.
        size = 8 + data[7] if len(data) > 7 and data[7] else len(data)
        data = padded(data[:size], 18)
        return cls(
            key=SenseKey(data[2] & 0xF),
            asc=data[12],
            ascq=data[13],
            information=int.from_bytes(data[3:7], "big") if data[0] & 0x80 else None,
            deferred=deferred,
            sense_key_specific=data[15:18] if data[15] & 0x80 else None,
            command_specific=int.from_bytes(data[8:12], "big"),
            filemark=bool(data[2] & 0x80),
            end_of_medium=bool(data[2] & 0x40),
            incorrect_length=bool(data[2] & 0x20),
            field_replaceable_unit=data[14],
        )

    def to_bytes(self) -> bytes:
        """Encode the sense data: 18 bytes in the fixed format, 8 and the descriptors needed in the other.

        An INFORMATION value past 32 bits does not fit the fixed format and is left out there (SPC-3 4.5.3).
        """
        if self.descriptor_format:
            return self._descriptor_bytes()
        fits = self.information is not None and self.information < 1 << 32
        body = bytearray(18)
        body[0] = fits << 7 | (0x71 if self.deferred else 0x70)
        body[2] = self.filemark << 7 | self.end_of_medium << 6 | self.incorrect_length << 5 | self.key & 0xF
        if self.information is not None and fits:
            body[3:7] = self.information.to_bytes(4, "big")
        body[7] = 10
        body[8:12] = (self.command_specific & 0xFFFFFFFF).to_bytes(4, "big")
        body[12:15] = bytes([self.asc, self.ascq, self.field_replaceable_unit])
        if self.sense_key_specific is not None:
            body[15:18] = self.sense_key_specific
        return bytes(body)

    def _descriptor_bytes(self) -> bytes:
        parts = b""
        if self.information is not None:
            parts += bytes([0, 10, 0x80, 0]) + self.information.to_bytes(8, "big")
        if self.command_specific:
            parts += bytes([1, 10, 0, 0]) + self.command_specific.to_bytes(8, "big")
        if self.sense_key_specific is not None:
            parts += bytes([2, 6, 0, 0]) + self.sense_key_specific + b"\0"
        if self.field_replaceable_unit:
            parts += bytes([3, 2, 0, self.field_replaceable_unit])
        if self.filemark or self.end_of_medium or self.incorrect_length:
            flags = self.filemark << 7 | self.end_of_medium << 6 | self.incorrect_length << 5
            parts += bytes([4, 2, 0, flags])
        code = 0x73 if self.deferred else 0x72
        return bytes([code, self.key & 0xF, self.asc, self.ascq, 0, 0, 0, len(parts)]) + parts

    @property
    def triple(self) -> tuple[int, int, int]:
        """Key, code and qualifier as plain numbers."""
        return int(self.key), self.asc, self.ascq

    @property
    def progress(self) -> float | None:
        """How far the operation is, 0.0 to below 1.0, where the drive says so (keys 0 and 2 only)."""
        if self.sense_key_specific is None or self.key not in (SenseKey.NO_SENSE, SenseKey.NOT_READY):
            return None
        return int.from_bytes(self.sense_key_specific[1:3], "big") / 65536

    @property
    def field_pointer(self) -> FieldPointer | None:
        """What an ILLEGAL REQUEST complains about, where the drive says so."""
        if self.sense_key_specific is None or self.key is not SenseKey.ILLEGAL_REQUEST:
            return None
        flags = self.sense_key_specific[0]
        byte = int.from_bytes(self.sense_key_specific[1:3], "big")
        return FieldPointer(byte, flags & 7 if flags & 8 else None, in_cdb=bool(flags & 0x40))

    @property
    def retries(self) -> int | None:
        """How often the drive tried, where it says so (keys 1, 3 and 4)."""
        if self.sense_key_specific is None or self.key not in (1, 3, 4):
            return None
        return int.from_bytes(self.sense_key_specific[1:3], "big")

    @property
    def code(self) -> str:
        """The three numbers as everybody writes them: ``3/0C/00``."""
        return f"{self.key:X}/{self.asc:02X}/{self.ascq:02X}"

    @property
    def text(self) -> str:
        """What code and qualifier mean."""
        return sense_text(self.asc, self.ascq)

    def describe(self) -> str:
        """Return one line for people: ``MEDIUM ERROR, write error (3/0C/00)``."""
        key = self.key.name.replace("_", " ")
        late = "deferred " if self.deferred else ""
        detail = f"{late}{key}, {self.text} ({self.code})"
        pointer = self.field_pointer
        if pointer is not None:
            detail += f", {pointer}"
        progress = self.progress
        return detail if progress is None else f"{detail}, {progress:.0%} done"

    def __str__(self) -> str:
        return self.describe()


class _Parts(TypedDict, total=False):
    key: Required[SenseKey]
    asc: Required[int]
    ascq: Required[int]
    information: int
    command_specific: int
    sense_key_specific: bytes
    field_replaceable_unit: int
    filemark: bool
    end_of_medium: bool
    incorrect_length: bool


def _parse_descriptors(data: bytes) -> _Parts:
    """Decode format 72h/73h into the arguments of :class:`SenseData` (SPC-3 4.5.2)."""
    head = padded(data, 8)
    parts = _Parts(key=SenseKey(head[1] & 0xF), asc=head[2], ascq=head[3])
    at, end = 8, min(len(data), 8 + head[7])
    while at + 2 <= end:
        kind, size = data[at], data[at + 1] + 2
        piece = padded(data[at : min(at + size, end)], 12)
        if kind == 0 and piece[2] & 0x80:
            parts["information"] = int.from_bytes(piece[4:12], "big")
        elif kind == 1:
            parts["command_specific"] = int.from_bytes(piece[4:12], "big")
        elif kind == 2 and piece[4] & 0x80:
            parts["sense_key_specific"] = piece[4:7]
        elif kind == 3:
            parts["field_replaceable_unit"] = piece[3]
        elif kind == 4:
            parts["filemark"], parts["end_of_medium"] = bool(piece[3] & 0x80), bool(piece[3] & 0x40)
            parts["incorrect_length"] = bool(piece[3] & 0x20)
        elif kind == 5:
            parts["incorrect_length"] = bool(piece[3] & 0x20)
        at += size
    return parts
