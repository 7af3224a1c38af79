"""READ SUB-CHANNEL and its answers: position of the play, catalogue number, recording codes (MMC-6 6.25)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit, OpenIntEnum, need, padded, text


class SubChannelFormat(enum.IntEnum):
    """What READ SUB-CHANNEL asks for, where its SubQ bit is set."""

    NONE = 0
    CURRENT_POSITION = 1
    CATALOG_NUMBER = 2
    ISRC = 3


class AudioStatus(OpenIntEnum):
    """What the drive's audio output does (MMC-6 6.25)."""

    NOT_SUPPORTED = 0x00
    PLAYING = 0x11
    PAUSED = 0x12
    COMPLETED = 0x13
    ERROR = 0x14
    NONE = 0x15


@attrs.frozen
class ReadSubChannel(Command):
    """Ask for Q subchannel facts.

    Args:
        format_: Which.
        track: The track whose code is asked for (ISRC).
        msf: Addresses as minute, second, frame.
        sub_q: Give the facts; without it the answer is the audio status only.
        allocation_length: Bytes to take; the answers have 4, 16 or 24.
    """

    name: ClassVar[str] = "READ SUB-CHANNEL"
    opcode: ClassVar[int] = 0x42
    direction: ClassVar[Direction] = Direction.IN

    format_: Annotated[SubChannelFormat, U8(3)] = SubChannelFormat.CURRENT_POSITION
    track: Annotated[int, U8(6)] = 0
    msf: Annotated[bool, Bit(1, 1)] = False
    sub_q: Annotated[bool, Bit(2, 6)] = True
    allocation_length: Annotated[int, U16(7)] = 24

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


def _answer(status: int, body: bytes = b"") -> bytes:
    return bytes((0, status)) + len(body).to_bytes(2, "big") + body


@attrs.frozen
class SubChannelHeader:
    """The answer without SubQ: only what the audio output does."""

    audio_status: AudioStatus = AudioStatus.NONE

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 4 bytes.
        """
        return cls(AudioStatus(need(data, 4, "subchannel data")[1]))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        return _answer(self.audio_status)


@attrs.frozen
class CurrentPosition:
    """Where the head is.

    Args:
        track: Track number.
        index: Index in it.
        absolute: Logical block address, or packed ``00 MM SS FF`` where that was asked for.
        relative: Sectors since the track began (negative in its pregap), or packed likewise.
        control: Control nibble.
        adr: 1.
        audio_status: What the audio output does.
    """

    track: int
    index: int
    absolute: int
    relative: int
    control: int = 0
    adr: int = 1
    audio_status: AudioStatus = AudioStatus.NONE

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 16 bytes.
        """
        need(data, 16, "current position")
        return cls(
            data[6],
            data[7],
            int.from_bytes(data[8:12], "big", signed=True),
            int.from_bytes(data[12:16], "big", signed=True),
            data[5] & 0x0F,
            data[5] >> 4,
            AudioStatus(data[1]),
        )

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        head = bytes((1, self.adr << 4 | self.control, self.track, self.index))
        places = self.absolute.to_bytes(4, "big", signed=True) + self.relative.to_bytes(4, "big", signed=True)
        return _answer(self.audio_status, head + places)


_CODE_ANSWER: Final = 24


def _code(value: str | None, size: int) -> bytes:
    if value is None:
        return bytes(1 + size)
    if len(value) != size or not value.isascii():
        raise LocalProtocolError(f"{value!r} has not {size} ASCII characters")
    return b"\x80" + value.encode("ascii")


@attrs.frozen
class CatalogNumber:
    """The media catalogue number (UPC, EAN).

    Args:
        number: 13 digits, or None where the disc has none.
        frame: Frame in which it was found (AFRAME).
        audio_status: What the audio output does.
    """

    number: str | None
    frame: int = 0
    audio_status: AudioStatus = AudioStatus.NONE

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 9 bytes.
        """
        need(data, 9, "media catalogue number")
        whole = padded(data, _CODE_ANSWER)
        return cls(text(whole[9:22]) if whole[8] & 0x80 else None, whole[23], AudioStatus(whole[1]))

    def to_bytes(self) -> bytes:
        """Encode the answer.

        Raises:
            LocalProtocolError: The number has not 13 characters.
        """
        return _answer(self.audio_status, b"\x02\0\0\0" + _code(self.number, 13) + bytes((0, self.frame)))


@attrs.frozen
class TrackIsrc:
    """The recording code of a track (ISO 3901).

    Args:
        track: Track number.
        code: 12 characters, or None where the track has none.
        frame: Frame in which it was found (AFRAME).
        control: Control nibble.
        adr: 3 where drives tell it.
        audio_status: What the audio output does.
    """

    track: int
    code: str | None
    frame: int = 0
    control: int = 0
    adr: int = 3
    audio_status: AudioStatus = AudioStatus.NONE

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 9 bytes.
        """
        need(data, 9, "ISRC")
        whole = padded(data, _CODE_ANSWER)
        code = text(whole[9:21]) if whole[8] & 0x80 else None
        return cls(whole[6], code, whole[22], whole[5] & 0x0F, whole[5] >> 4, AudioStatus(whole[1]))

    def to_bytes(self) -> bytes:
        """Encode the answer.

        Raises:
            LocalProtocolError: The code has not 12 characters.
        """
        head = bytes((3, self.adr << 4 | self.control, self.track, 0))
        return _answer(self.audio_status, head + _code(self.code, 12) + bytes((0, self.frame, 0)))
