"""The subchannel of CDs: channels P to W, 96 bits each a sector (IEC 60908 17, ECMA-130 22).

On the host's side the 96 bytes of "raw P-W" have one bit of each channel: P in bit 7 to W in bit 0. Q tells where on
the disc a sector lies; R to W are free for packs of 24 symbols of 6 bits: graphics, or text in the lead-in.
"""

from __future__ import annotations

import binascii
import enum
from typing import Final, Self

import attrs

from aioimapi.cd._msf import bcd, bcd_time, from_bcd, from_bcd_time, lba_time, time_lba
from aioimapi.errors import LocalProtocolError

SUB_CHANNEL_SIZE: Final = 96
"""Bytes of all channels of a sector."""

CHANNEL_SIZE: Final = 12
"""Bytes of one channel of a sector."""

FORMATTED_Q_SIZE: Final = 16
"""Bytes of Q as READ CD gives it and block type "raw with P and Q" takes it."""


def _spread() -> tuple[int, ...]:
    """Return, for each byte of a channel, its 8 bits in bit 0 of 8 bytes."""
    return tuple(sum((value >> 7 - at & 1) << 8 * (7 - at) for at in range(8)) for value in range(256))


_SPREAD: Final = _spread()
_ONES: Final = int.from_bytes(b"\x01" * 8, "big")
_GATHER: Final = 0x0102_0408_1020_4080


def _widened(channel: bytes | bytearray | memoryview) -> int:
    """Return a channel's 96 bits as bit 0 of 96 bytes."""
    number = 0
    for value in channel:
        number = number << 64 | _SPREAD[value]
    return number


def interleave(channels: bytes | bytearray | memoryview) -> bytes:
    """Return raw P-W (96 bytes, a bit of each channel in each) from eight channels of 12 bytes, P first.

    Raises:
        LocalProtocolError: There are not 96 bytes.
    """
    if len(channels) != SUB_CHANNEL_SIZE:
        raise LocalProtocolError(f"Eight channels have 96 bytes, not {len(channels)}")
    number = 0
    for at in range(8):
        number |= _widened(channels[CHANNEL_SIZE * at : CHANNEL_SIZE * (at + 1)]) << 7 - at
    return number.to_bytes(SUB_CHANNEL_SIZE, "big")


def deinterleave(raw: bytes | bytearray | memoryview) -> bytes:
    """Return eight channels of 12 bytes, P first, from raw P-W.

    Raises:
        LocalProtocolError: There are not 96 bytes.
    """
    return b"".join([channel(raw, at) for at in range(8)])


def channel(raw: bytes | bytearray | memoryview, number: int) -> bytes:
    """Return the 12 bytes of one channel of raw P-W: 0 is P, 1 is Q, 7 is W.

    Raises:
        LocalProtocolError: There are not 96 bytes.
    """
    if len(raw) != SUB_CHANNEL_SIZE:
        raise LocalProtocolError(f"Raw subchannel has 96 bytes, not {len(raw)}")
    bits = int.from_bytes(raw, "big") >> 7 - number
    found = bytearray(CHANNEL_SIZE)
    for at in range(CHANNEL_SIZE - 1, -1, -1):
        found[at] = (bits & _ONES) * _GATHER >> 56 & 0xFF
        bits >>= 64
    return bytes(found)


_NOT_PQ: Final = int.from_bytes(b"\x3f" * SUB_CHANNEL_SIZE, "big")


def with_pq(raw: bytes | bytearray | memoryview, q: bytes, *, p: bool) -> bytes:
    """Return raw P-W with another P and Q; R to W stay (all zeros where ``raw`` is empty).

    Args:
        raw: 96 bytes, or none.
        q: 12 bytes.
        p: The bit that P has throughout the sector.
    """
    number = int.from_bytes(raw, "big") & _NOT_PQ | _widened(q) << 6
    if p:
        number |= int.from_bytes(b"\x80" * SUB_CHANNEL_SIZE, "big")
    return number.to_bytes(SUB_CHANNEL_SIZE, "big")


def crc16(data: bytes | bytearray | memoryview) -> bytes:
    """Return the check bytes of Q and of CD-Text packs: x^16 + x^12 + x^5 + 1, inverted (IEC 60908 17.5.1)."""
    return (binascii.crc_hqx(data, 0) ^ 0xFFFF).to_bytes(2, "big")


class QMode(enum.IntEnum):
    """ADR: what a block of Q tells."""

    POSITION = 1
    """Place on the disc; in the lead-in, an entry of the table of contents."""
    CATALOG = 2
    """Media catalogue number."""
    ISRC = 3
    """Recording code of the track."""
    SESSION = 5
    """In the lead-in: where the next session may begin, and what a player skips."""


_DATA_SIZE: Final = 9
_LEAD_OUT: Final = 0xAA


@attrs.frozen
class Q:
    """A block of the Q channel. Made by :meth:`position`, :meth:`toc`, :meth:`catalog`, :meth:`isrc`, :meth:`parse`.

    Args:
        control: Control nibble: bit 2 data, bit 1 copy permitted, bit 0 pre-emphasis, bit 3 four channels.
        adr: What it tells, see :class:`QMode`.
        data: The 9 bytes behind that, as on the disc.
    """

    control: int
    adr: int
    data: bytes

    @classmethod
    def position(cls, control: int, track: int, index: int, relative: int, lba: int) -> Self:
        """Return the block of a sector in the program area or the lead-out.

        Args:
            control: Control nibble.
            track: 1 to 99, or AAh for the lead-out.
            index: 0 to 99; 1 in the lead-out.
            relative: Sectors since the track began; in a pregap sectors until then.
            lba: The sector's address.
        """
        number = track if track == _LEAD_OUT else bcd(track)
        times = bcd_time(relative) + b"\0" + lba_time(lba)
        return cls(control, QMode.POSITION, bytes((number, bcd(index))) + times)

    @classmethod
    def toc(
        cls,
        control: int,
        point: int,
        pointer: bytes,
        time: int = 0,
        *,
        adr: int = QMode.POSITION,
        zero: int = 0,
    ) -> Self:
        """Return an entry of the table of contents, which a lead-in repeats.

        Args:
            control: Control nibble.
            point: The byte as it is: tracks in decimal digits, A0h and so on.
            pointer: PMIN, PSEC, PFRAME as they are: for a track :func:`lba_time` of its start.
            time: Sectors since the lead-in began, or, backwards, its address.
            adr: 1; 5 for B0h and others.
            zero: The byte between both times.
        """
        return cls(control, adr, bytes((0, point)) + bcd_time(time) + bytes((zero,)) + pointer)

    @classmethod
    def catalog(cls, number: str, lba: int, control: int = 0) -> Self:
        """Return a block with the media catalogue number of 13 digits.

        Raises:
            LocalProtocolError: It has not 13 digits.
        """
        if len(number) != 13 or not (number.isascii() and number.isdigit()):
            raise LocalProtocolError(f"Media catalogue number {number!r} has not 13 digits")
        return cls(control, QMode.CATALOG, bytes.fromhex(number + "000") + lba_time(lba)[2:])

    @classmethod
    def isrc(cls, code: str, lba: int, control: int = 0) -> Self:
        """Return a block with a recording code: 5 letters and digits, 7 digits.

        Raises:
            LocalProtocolError: It is none.
        """
        if (
            len(code) != 12
            or not set(code[:5]) <= _LETTER_OF.keys()
            or not (code.isascii() and code[5:].isdigit())
        ):
            raise LocalProtocolError(f"ISRC {code!r}: it has 5 capital letters and digits, and 7 digits")
        number = 0
        for letter in code[:5]:
            number = number << 6 | _LETTER_OF[letter]
        digits = int(code[5:], 16)
        body = (number << 34 | digits << 4).to_bytes(8, "big")
        return cls(control, QMode.ISRC, body + lba_time(lba)[2:])

    @classmethod
    def parse(cls, data: bytes | bytearray | memoryview) -> Self | None:
        """Return the block of 12 bytes (or more: 16 are formatted Q), or None where its check bytes are wrong.

        Raises:
            LocalProtocolError: There are fewer than 12 bytes.
        """
        block = bytes(data[:CHANNEL_SIZE])
        if len(block) < CHANNEL_SIZE:
            raise LocalProtocolError(f"A block of Q has 12 bytes, not {len(block)}")
        return cls.of(block) if crc16(block[:10]) == block[10:] else None

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """Return the block of the first 10 bytes of ``data``, whatever its check bytes are."""
        return cls(data[0] >> 4, data[0] & 0x0F, bytes(data[1:10]))

    def to_bytes(self) -> bytes:
        """Return the 12 bytes with their check bytes."""
        block = bytes((self.control << 4 | self.adr,)) + self.data
        return block + crc16(block)

    def formatted(self, *, p: bool = False) -> bytes:
        """Return the 16 bytes of formatted Q: the block, three zeros, and P in bit 7 of the last."""
        return self.to_bytes() + bytes((0, 0, 0, p << 7))

    @property
    def is_data(self) -> bool:
        """Whether the control nibble says data."""
        return bool(self.control & 4)

    @property
    def track(self) -> int | None:
        """Track number in binary: 0 the lead-in, AAh the lead-out; None where it is no number."""
        return _LEAD_OUT if self.data[0] == _LEAD_OUT else from_bcd(self.data[0])

    @property
    def index(self) -> int | None:
        """Index in binary, or None where it is no number; in the lead-in see :attr:`point`."""
        return from_bcd(self.data[1])

    @property
    def point(self) -> int:
        """In the lead-in: the byte that tells what the entry is about."""
        return self.data[1]

    @property
    def pointer(self) -> bytes:
        """In the lead-in: PMIN, PSEC and PFRAME as they are."""
        return self.data[6:9]

    @property
    def relative(self) -> int | None:
        """Sectors from the track's start, or to it in a pregap; None where the bytes are no time."""
        return from_bcd_time(self.data[2:5])

    @property
    def lba(self) -> int | None:
        """The sector's address in the program area; in the lead-in what the pointer tells; None where no time."""
        return time_lba(self.data[6:9])

    @property
    def catalog_number(self) -> str | None:
        """The media catalogue number, where ``adr`` is 2 and it is one."""
        digits = self.data.hex()[:13]
        return digits if self.adr == QMode.CATALOG and digits.isdigit() else None

    @property
    def track_isrc(self) -> str | None:
        """The recording code, where ``adr`` is 3 and it is one."""
        digits = self.data.hex()[8:15]
        number = int.from_bytes(self.data[:4], "big") >> 2
        letters = [_LETTERS.get(number >> shift & 0x3F) for shift in range(24, -1, -6)]
        if self.adr != QMode.ISRC or not digits.isdigit() or None in letters:
            return None
        return "".join(letter for letter in letters if letter) + digits


_LETTERS: Final = {value: str(value) for value in range(10)} | {
    0x11 + at: letter for at, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
"""The 6-bit characters of an ISRC (IEC 60908 17.5.3)."""

_LETTER_OF: Final = {letter: value for value, letter in _LETTERS.items()}
