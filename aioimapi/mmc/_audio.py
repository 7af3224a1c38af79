"""Audio commands of CD drives and READ HEADER: playing, pausing, where the head is (MMC-6 6.15, MMC-3, SPC-2)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import S32, U8, U16, U24, U32, Bit, Bits, Field, Structure

_RELATIVE = Bit(1, 0)


@attrs.frozen
class PlayAudio10(Command):
    """Play audio through the drive's own outputs.

    Args:
        lba: First logical block address; -1 plays on from where the head is.
        sectors: How many sectors; 0 plays none and is no error.
    """

    name: ClassVar[str] = "PLAY AUDIO (10)"
    opcode: ClassVar[int] = 0x45
    ignored: ClassVar[tuple[Field, ...]] = (_RELATIVE,)

    lba: Annotated[int, S32(2)]
    sectors: Annotated[int, U16(7)]


@attrs.frozen
class PlayAudio12(Command):
    """Play audio: as :class:`PlayAudio10`, with room for a whole disc.

    Args:
        lba: First logical block address; -1 plays on from where the head is.
        sectors: How many sectors.
    """

    name: ClassVar[str] = "PLAY AUDIO (12)"
    opcode: ClassVar[int] = 0xA5
    ignored: ClassVar[tuple[Field, ...]] = (_RELATIVE,)

    lba: Annotated[int, S32(2)]
    sectors: Annotated[int, U32(6)]


@attrs.frozen
class PlayAudioMsf(Command):
    """Play audio between two times.

    Args:
        start: Packed minute, second, frame in binary; FFFFFFh plays on from where the head is.
        end: The sector after the last, likewise. Equal times stop the play and are no error.
    """

    name: ClassVar[str] = "PLAY AUDIO MSF"
    opcode: ClassVar[int] = 0x47

    start: Annotated[int, U24(3)]
    end: Annotated[int, U24(6)]


@attrs.frozen
class PlayAudioTrackIndex(Command):
    """Play audio between two indexes; obsolete since MMC-2, and what old players send.

    Args:
        start_track: First track.
        start_index: Index in it.
        end_track: Last track.
        end_index: Last index in it.
    """

    name: ClassVar[str] = "PLAY AUDIO TRACK INDEX"
    opcode: ClassVar[int] = 0x48

    start_track: Annotated[int, U8(4)]
    start_index: Annotated[int, U8(5)]
    end_track: Annotated[int, U8(7)]
    end_index: Annotated[int, U8(8)]


@attrs.frozen
class PauseResume(Command):
    """Hold the play, or let it go on.

    Args:
        resume: False pauses.
    """

    name: ClassVar[str] = "PAUSE/RESUME"
    opcode: ClassVar[int] = 0x4B

    resume: Annotated[bool, Bit(8, 0)]


@attrs.frozen
class StopPlayScan(Command):
    """End playing or scanning."""

    name: ClassVar[str] = "STOP PLAY/SCAN"
    opcode: ClassVar[int] = 0x4E


@attrs.frozen
class Scan(Command):
    """Play in leaps, forwards or backwards.

    Args:
        address: Where to begin, as ``address_type`` says.
        reverse: Backwards.
        address_type: 0 a logical block address, 1 packed minute, second, frame, 2 a track number.
    """

    name: ClassVar[str] = "SCAN"
    opcode: ClassVar[int] = 0xBA
    ignored: ClassVar[tuple[Field, ...]] = (_RELATIVE,)

    address: Annotated[int, U32(2)]
    reverse: Annotated[bool, Bit(1, 4)] = False
    address_type: Annotated[int, Bits(9, 7, 6)] = 0


@attrs.frozen
class ReadHeader(Command):
    """Ask for the header of a data sector: its mode and its address as recorded (MMC-3).

    Args:
        lba: Logical block address.
        msf: The answer's address as minute, second, frame.
        allocation_length: Bytes to take; the answer has 8.
    """

    name: ClassVar[str] = "READ HEADER"
    opcode: ClassVar[int] = 0x44
    direction: ClassVar[Direction] = Direction.IN

    lba: Annotated[int, S32(2)]
    msf: Annotated[bool, Bit(1, 1)] = False
    allocation_length: Annotated[int, U16(7)] = 8

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class SectorHeader(Structure):
    """Answer of READ HEADER.

    Args:
        mode: 0 zeros, 1 with error correction, 2 without or with forms.
        address: Logical block address, or packed ``00 MM SS FF`` where that was asked for.
    """

    SIZE: ClassVar[int | None] = 8

    mode: Annotated[int, U8(0)]
    address: Annotated[int, U32(4)]
