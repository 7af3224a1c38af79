"""What every command has: its descriptor block in both directions, its data phase and its time limit."""

from __future__ import annotations

import enum
from abc import ABC
from collections.abc import Callable
from typing import ClassVar, Final, Self

import attrs

from aioimapi.errors import InvalidFieldError, LocalProtocolError, UnknownOpcodeError
from aioimapi.mmc._fields import Field, Layout, layout_of

SHORT_S: Final = 30.0
"""Time limit in seconds of commands that only ask, or that only start something (IMMED)."""

READ_S: Final = 60.0
"""Time limit in seconds of READ: drives give a bad spot up after some ten seconds; Linux' sr allows 30."""

WRITE_S: Final = 200.0
"""Time limit in seconds of WRITE. The first may hold a calibration and a lead-in, and some drives block where they
could answer 2/04/08. When it runs out the operating system resets the drive in the middle of the burn, which costs the
disc, where waiting costs a minute: libburn allows as much.
"""

LONG_S: Final = 3_600.0
"""Time limit in seconds of flushing and closing without IMMED: a slow lead-out takes half an hour."""

FORMAT_S: Final = 4 * 3_600.0
"""Time limit in seconds of whole-disc blanking and formatting without IMMED: certification takes hours."""


class Direction(enum.Enum):
    """Which way a command's data goes; with ``transfer_length`` 0 there is none, whatever it says here."""

    NONE = "none"
    IN = "in"
    """From the drive."""
    OUT = "out"
    """To the drive."""


class Status(enum.IntEnum):
    """Status byte of a command (SAM-5 5.3.1)."""

    GOOD = 0x00
    CHECK_CONDITION = 0x02
    CONDITION_MET = 0x04
    BUSY = 0x08
    RESERVATION_CONFLICT = 0x18
    TASK_SET_FULL = 0x28
    ACA_ACTIVE = 0x30
    TASK_ABORTED = 0x40


_CDB_SIZES: Final = (6, 10, 10, 0, 16, 12, 0, 0)
"""CDB length by the group code, bits 7 to 5 of the operation code (SPC-4)."""


def cdb_size(opcode: int) -> int:
    """Return the length in bytes of a CDB with that ``opcode``, or 0 for variable and vendor groups."""
    return _CDB_SIZES[opcode >> 5]


@attrs.frozen
class Command(ABC):
    """One SCSI command; subclasses are frozen values whose attributes are the fields of the CDB.

    Attributes:
        name: The command's name as the standard has it.
        opcode: The first byte of the CDB.
        direction: Which way the data goes.
        ignored: Fields that are obsolete or vendor specific: sent as zero, accepted with any value.
    """

    name: ClassVar[str]
    opcode: ClassVar[int]
    direction: ClassVar[Direction] = Direction.NONE
    ignored: ClassVar[tuple[Field, ...]] = ()

    @property
    def timeout_s(self) -> float:
        """How long a real drive may take, in seconds, with a generous margin."""
        return SHORT_S

    @property
    def transfer_length(self) -> int:
        """Bytes of the data phase that the CDB announces; 0 where there is none."""
        return 0

    @classmethod
    def layout(cls) -> Layout:
        """Return the CDB's field table."""
        return layout_of(cls, cdb_size(cls.opcode))

    def to_cdb(self) -> bytes:
        """Encode the command descriptor block.

        Returns:
            6, 10, 12 or 16 bytes, by the operation code.

        Raises:
            LocalProtocolError: A value does not fit its field.
        """
        table = self.layout()
        return (table.pack(self) | self.opcode << 8 * (table.size - 1)).to_bytes(table.size, "big")

    @classmethod
    def from_cdb(cls, cdb: bytes | memoryview) -> Self:
        """Decode a command descriptor block, as a target does.

        Bytes after the CDB's length are ignored (transports pad to 16). The obsolete logical unit number
        (bits 7 to 5 of byte 1), obsolete fields, and the vendor and link bits of the control byte are
        accepted with any value.

        Raises:
            InvalidFieldError: A reserved bit is set or a value is not defined; ``byte`` and ``bit`` say
            where. LocalProtocolError: The block is too short or is another command's.
        """
        table = cls.layout()
        if len(cdb) < table.size or cdb[0] != cls.opcode:
            raise LocalProtocolError(f"{bytes(cdb).hex(' ')} is no CDB of {cls.name} ({table.size} bytes)")
        number = int.from_bytes(cdb[: table.size], "big")
        reserved = number & _must_be_zero(cls)
        if reserved:
            byte, bit = table.first_bit(reserved)
            raise InvalidFieldError(
                f"{cls.name}: reserved bit {bit} of byte {byte} is set", byte=byte, bit=bit
            )
        build: Callable[..., Self] = cls
        return build(*table.unpack(number))


_masks: dict[type[Command], int] = {}

_CONTROL_RESERVED: Final = 0x3C
"""Control byte: NACA (auto contingent allegiance is not for optical drives) and reserved bits (SAM-5 5.2)."""


def _must_be_zero(cls: type[Command]) -> int:
    """Return the bits of the CDB that neither hold a field nor are ignored."""
    mask = _masks.get(cls)
    if mask is None:
        table = cls.layout()
        allowed = table.used | 0xFF << 8 * (table.size - 1) | 0xFF ^ _CONTROL_RESERVED
        for field in (Field(1, 7, 3), *cls.ignored):
            allowed |= table.mask(field)
        mask = _masks[cls] = ~allowed & ((1 << 8 * table.size) - 1)
    return mask


class Registry:
    """Commands by operation code."""

    def __init__(self, commands: tuple[type[Command], ...]) -> None:
        self._by_opcode = {command.opcode: command for command in commands}
        if len(self._by_opcode) != len(commands):
            raise ValueError("two commands share an operation code")

    def find(self, opcode: int) -> type[Command] | None:
        """Return the command of that operation code, or None."""
        return self._by_opcode.get(opcode)

    def parse(self, cdb: bytes | memoryview) -> Command:
        """Decode a CDB of any known command.

        Raises:
            UnknownOpcodeError: No command has that operation code, or the CDB is empty.
            InvalidFieldError: As :meth:`Command.from_cdb`; a CDB that ends early points at its last byte.
        """
        command = self._by_opcode.get(cdb[0]) if len(cdb) else None
        if command is None:
            opcode = cdb[0] if len(cdb) else None
            shown = "an empty CDB" if opcode is None else f"operation code {opcode:02X}h"
            raise UnknownOpcodeError(f"No command is known for {shown}", opcode=opcode)
        if len(cdb) < cdb_size(command.opcode):
            raise InvalidFieldError(f"{command.name}: the CDB ends after {len(cdb)} bytes", byte=len(cdb) - 1)
        return command.from_cdb(cdb)
