"""Commands that move or check sectors: READ, WRITE, VERIFY, SYNCHRONIZE CACHE (MMC-5 6.15, 6.41, 6.44, 6.45)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import LONG_S, READ_S, SHORT_S, WRITE_S, Command, Direction
from aioimapi.mmc._fields import U16, U32, Bit, Bits, Field
from aioimapi.units import SECTOR_SIZE

_DPO = Bit(1, 4)
_RELATIVE = Bit(1, 0)
_GROUP = Bits(6, 4, 0)


@attrs.frozen
class Read10(Command):
    """Read up to 65,535 sectors.

    Args:
        lba: First logical block address.
        sectors: How many sectors of 2,048 bytes; 0 reads none and is no error.
        fua: Read from the disc, past the drive's cache.
    """

    name: ClassVar[str] = "READ (10)"
    opcode: ClassVar[int] = 0x28
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = (_DPO, _RELATIVE, _GROUP)

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U16(7)]
    fua: Annotated[bool, Bit(1, 3)] = False

    @property
    def timeout_s(self) -> float:
        """Retries of an unreadable spot included."""
        return READ_S

    @property
    def transfer_length(self) -> int:
        """Sectors of 2,048 bytes."""
        return self.sectors * SECTOR_SIZE


@attrs.frozen
class Read12(Command):
    """Read up to 2**32 - 1 sectors; ``streaming`` asks for data in time rather than data at any cost.

    Args:
        lba: First logical block address.
        sectors: How many sectors of 2,048 bytes.
        fua: Read from the disc, past the drive's cache.
        streaming: As set up by SET STREAMING; errors may be passed over.
    """

    name: ClassVar[str] = "READ (12)"
    opcode: ClassVar[int] = 0xA8
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = (_DPO, _RELATIVE, Bits(10, 4, 0))

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U32(6)]
    fua: Annotated[bool, Bit(1, 3)] = False
    streaming: Annotated[bool, Bit(10, 7)] = False

    @property
    def timeout_s(self) -> float:
        """Retries of an unreadable spot included."""
        return READ_S

    @property
    def transfer_length(self) -> int:
        """Sectors of 2,048 bytes."""
        return self.sectors * SECTOR_SIZE


@attrs.frozen
class Write10(Command):
    """Write sectors at ``lba``; on sequential media that must be the next writable address.

    Args:
        lba: First logical block address.
        sectors: How many sectors of 2,048 bytes, 0 to 65,535.
        fua: Return when the data is on the disc and not only in the drive's cache.
        tsr: Timely safe recording (MMC-6).
    """

    name: ClassVar[str] = "WRITE (10)"
    opcode: ClassVar[int] = 0x2A
    direction: ClassVar[Direction] = Direction.OUT
    ignored: ClassVar[tuple[Field, ...]] = (_DPO, _RELATIVE, _GROUP)

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U16(7)]
    fua: Annotated[bool, Bit(1, 3)] = False
    tsr: Annotated[bool, Bit(1, 2)] = False

    @property
    def timeout_s(self) -> float:
        """The first WRITE may begin with a power calibration and a lead-in."""
        return WRITE_S

    @property
    def transfer_length(self) -> int:
        """Sectors of 2,048 bytes."""
        return self.sectors * SECTOR_SIZE


@attrs.frozen
class Write12(Command):
    """Write sectors, as :class:`Write10`; ``streaming`` leaves out the drive's own check on BD and DVD-RAM.

    Args:
        lba: First logical block address.
        sectors: How many sectors of 2,048 bytes.
        fua: Return when the data is on the disc.
        tsr: Timely safe recording.
        streaming: No read-back by the drive (MMC-5 6.45).
        verify_not_required: VNR.
    """

    name: ClassVar[str] = "WRITE (12)"
    opcode: ClassVar[int] = 0xAA
    direction: ClassVar[Direction] = Direction.OUT
    ignored: ClassVar[tuple[Field, ...]] = (_DPO, _RELATIVE, Bits(10, 4, 0))

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U32(6)]
    fua: Annotated[bool, Bit(1, 3)] = False
    tsr: Annotated[bool, Bit(1, 2)] = False
    streaming: Annotated[bool, Bit(10, 7)] = False
    verify_not_required: Annotated[bool, Bit(10, 6)] = False

    @property
    def timeout_s(self) -> float:
        """The first WRITE may begin with a power calibration and a lead-in."""
        return WRITE_S

    @property
    def transfer_length(self) -> int:
        """Sectors of 2,048 bytes."""
        return self.sectors * SECTOR_SIZE


@attrs.frozen
class Verify10(Command):
    """Let the drive check that sectors are readable, without moving them.

    Args:
        lba: First logical block address.
        sectors: How many sectors; 0 checks none.
    """

    name: ClassVar[str] = "VERIFY (10)"
    opcode: ClassVar[int] = 0x2F
    # Byte 6 bit 7 is the obsolete Group 3 time-out of real-time streaming.
    ignored: ClassVar[tuple[Field, ...]] = (_DPO, _RELATIVE, _GROUP, Bit(6, 7))

    lba: Annotated[int, U32(2)]
    sectors: Annotated[int, U16(7)]

    @property
    def timeout_s(self) -> float:
        """65,535 sectors at the slowest speed, with retries."""
        return 600.0


@attrs.frozen
class SynchronizeCache10(Command):
    """Bring everything in the drive's cache onto the disc.

    Args:
        immed: Return at once; TEST UNIT READY answers 2/04/xx until it is done.
        lba: First logical block address; 0 with ``sectors`` 0 means all of it.
        sectors: How many sectors, 0 for all from ``lba`` on.
    """

    name: ClassVar[str] = "SYNCHRONIZE CACHE (10)"
    opcode: ClassVar[int] = 0x35
    ignored: ClassVar[tuple[Field, ...]] = (_RELATIVE, _GROUP)

    immed: Annotated[bool, Bit(1, 1)] = False
    lba: Annotated[int, U32(2)] = 0
    sectors: Annotated[int, U16(7)] = 0

    @property
    def timeout_s(self) -> float:
        """Some drives write a whole session's padding here."""
        return SHORT_S if self.immed else LONG_S
