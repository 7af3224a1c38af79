"""SEND CUE SHEET and the cue sheet: the layout of a session that is written at once (MMC-6 6.36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Final, Self

import attrs

from aioimapi.errors import InvalidFieldError, LocalProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U24, Bit, Bits, Structure
from aioimapi.mmc._toc import LEAD_OUT, lba_to_msf, program_lba

CUE_LINE_SIZE: Final = 8
"""Bytes of one line."""

# Bytes of the main channel that the host sends for each sector, by the low six bits of the data form, and
# whether the drive takes them as they are. Forms 2 and 3 of each kind are sent but not recorded: the drive
# records zeros.
_MAIN_BYTES: Final = {
    0x00: 2352,
    0x01: 0,
    0x10: 2048,
    0x11: 2352,
    0x12: 2048,
    0x13: 2352,
    0x14: 0,
    0x20: 2336,
    0x21: 2352,
    0x22: 2336,
    0x23: 2352,
    0x24: 0,
    0x30: 2336,
    0x31: 2352,
    0x32: 2336,
    0x33: 2352,
    0x34: 0,
}

_SUB_BYTES: Final = {0: 0, 1: 96, 3: 96}


@attrs.frozen
class SendCueSheet(Command):
    """Tell the drive the layout of the session that will be written at once (write type 2).

    Args:
        size: Bytes of the cue sheet, 8 for each line.
    """

    name: ClassVar[str] = "SEND CUE SHEET"
    opcode: ClassVar[int] = 0x5D
    direction: ClassVar[Direction] = Direction.OUT

    size: Annotated[int, U24(6)]

    @property
    def transfer_length(self) -> int:
        """Bytes of the cue sheet."""
        return self.size


@attrs.frozen
class CueLine(Structure):
    """A line with a place: from there on sectors belong to this track and index and have this form.

    Args:
        track: 0 for the lead-in, 1 to 99, AAh for the lead-out.
        index: 0 is the pregap, 1 the track itself.
        address: Packed minute, second, frame in binary, as :func:`lba_to_msf` gives; of the lead-in it
            says nothing (some programs send 0, others where the lead-in begins).
        data_form: What the host sends for each sector: see :attr:`main_bytes` and :attr:`sub_bytes`.
        control: Control nibble of Q: bit 2 data, bit 1 copy permitted, bit 0 pre-emphasis, bit 3 four channels.
        alternate_copy: SCMS: alternate the copy bit.
        adr: 1.
    """

    SIZE: ClassVar[int | None] = CUE_LINE_SIZE

    track: Annotated[int, U8(1)]
    index: Annotated[int, U8(2)]
    address: Annotated[int, U24(5)]
    data_form: Annotated[int, U8(3)] = 0
    control: Annotated[int, Bits(0, 7, 4)] = 0
    alternate_copy: Annotated[bool, Bit(4, 7)] = False
    adr: Annotated[int, Bits(0, 3, 0)] = 1

    @classmethod
    def at(
        cls,
        track: int,
        index: int,
        lba: int,
        data_form: int = 0,
        control: int = 0,
        *,
        alternate_copy: bool = False,
    ) -> Self:
        """Return a line for a logical block address."""
        return cls(track, index, lba_to_msf(lba), data_form, control, alternate_copy)

    @property
    def lba(self) -> int:
        """The place as a logical block address; meaningless in the line of the lead-in."""
        return program_lba(self.address)

    @property
    def is_data(self) -> bool:
        """Whether the control nibble says data."""
        return bool(self.control & 4)

    @property
    def main_form(self) -> int:
        """The data form of the main channel: 0 audio, 10h mode 1, 20h XA or CD-I, 30h mode 2, each + 0 to 4."""
        return self.data_form & 0x3F

    @property
    def main_bytes(self) -> int:
        """Bytes of the main channel that the host sends for each sector."""
        return _MAIN_BYTES.get(self.main_form, 0)

    @property
    def sub_bytes(self) -> int:
        """Bytes of subchannel that the host sends for each sector."""
        return _SUB_BYTES.get(self.data_form >> 6, 0)

    @property
    def packed_sub_channel(self) -> bool:
        """Whether the subchannel comes as packs (which the drive protects and interleaves), not raw."""
        return self.data_form >> 6 == 3

    @property
    def block_bytes(self) -> int:
        """Bytes of each block of WRITE in this part of the session; 0 where the drive makes the sectors itself."""
        return self.main_bytes + self.sub_bytes

    @property
    def zeros(self) -> bool:
        """Whether the drive records zeros as user data, whatever the host sends."""
        form = self.main_form
        return form == 1 or form & 0x0F in (2, 3, 4)

    @property
    def defined(self) -> bool:
        """Whether the data form is one that MMC defines."""
        return self.main_form in _MAIN_BYTES and self.data_form >> 6 in _SUB_BYTES


@attrs.frozen
class CueIsrc:
    """The recording code of a track: two lines with ADR 3.

    Args:
        track: Track number.
        code: 12 characters.
        control: Control nibble of the lines.
    """

    track: int
    code: str
    control: int = 0

    def to_bytes(self) -> bytes:
        """Encode both lines."""
        code = _ascii(self.code, 12, "ISRC")
        head = bytes((self.control << 4 | 3, self.track))
        return head + code[:6] + head + code[6:]


def _ascii(value: str, size: int, what: str) -> bytes:
    raw = value.encode("ascii", "replace")
    if len(raw) != size or not value.isascii() or not value.isalnum():
        raise LocalProtocolError(f"{what} {value!r}: it has {size} letters and digits")
    return raw


@attrs.frozen
class CueSheet:
    """A cue sheet.

    Args:
        lines: The places in their order: lead-in, tracks with their indexes, lead-out.
        catalog: Media catalogue number, 13 digits, or None.
        isrcs: Codes of tracks.
    """

    lines: tuple[CueLine, ...]
    catalog: str | None = None
    isrcs: tuple[CueIsrc, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode a cue sheet and check that it describes a session.

        Raises:
            InvalidFieldError: It does not; ``byte`` is the offset in ``data`` of the field that is wrong.
        """
        data = bytes(data)
        if len(data) % CUE_LINE_SIZE or len(data) < 3 * CUE_LINE_SIZE:
            raise InvalidFieldError(
                f"A cue sheet of {len(data)} bytes: it has lines of 8 bytes, at least three", byte=len(data)
            )
        lines: list[tuple[int, CueLine]] = []
        isrcs: list[CueIsrc] = []
        catalog: str | None = None
        at = 0
        while at < len(data):
            adr = data[at] & 0x0F
            if adr == 1:
                lines.append((at, CueLine.parse(data[at : at + CUE_LINE_SIZE])))
                at += CUE_LINE_SIZE
                continue
            if adr == 2 and not lines and catalog is None:
                catalog = _catalog(data, at)
            elif adr == 3 and lines:
                isrcs.append(_isrc(data, at))
            else:
                raise InvalidFieldError(f"Cue sheet, byte {at}: ADR {adr} has no place here", byte=at, bit=3)
            at += 2 * CUE_LINE_SIZE
        _check(lines)
        return cls(tuple(line for _, line in lines), catalog, tuple(isrcs))

    def to_bytes(self) -> bytes:
        """Encode the cue sheet.

        Raises:
            LocalProtocolError: A catalogue number or a code has another length than it must have.
        """
        return b"".join(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        if self.catalog is not None:
            number = _ascii(self.catalog, 13, "media catalogue number") + b"\0"
            head = bytes(((self.lines[0].control if self.lines else 0) << 4 | 2,))
            yield head + number[:7] + head + number[7:]
        waiting = {isrc.track: isrc for isrc in self.isrcs}
        for line in self.lines:
            isrc = waiting.pop(line.track, None)
            if isrc is not None:
                yield isrc.to_bytes()
            yield line.to_bytes()

    @property
    def tracks(self) -> tuple[int, ...]:
        """The numbers of the tracks, in their order."""
        return tuple(dict.fromkeys(line.track for line in self.lines if 0 < line.track < 100))

    def isrc(self, track: int) -> str | None:
        """Return the code of a track, or None."""
        return next((isrc.code for isrc in self.isrcs if isrc.track == track), None)

    def line_at(self, lba: int) -> CueLine | None:
        """Return the line that ``lba`` belongs to: the last one that is not behind it, lead-in for what is before.

        None where the address lies in or behind the lead-out.
        """
        found: CueLine | None = None
        for line in self.lines:
            if line.track and line.lba > lba:
                break
            found = line
        return None if found is not None and found.track == LEAD_OUT else found


def _text(data: bytes, at: int, allowed: Iterable[int], what: str) -> str:
    good = frozenset(allowed)
    for offset, value in enumerate(data):
        if value not in good:
            raise InvalidFieldError(
                f"Cue sheet, byte {at + offset}: {value:02X}h in {what}", byte=at + offset
            )
    return data.decode("ascii")


_DIGITS: Final = b"0123456789"
_ALPHANUMERICS: Final = _DIGITS + b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _second(data: bytes, at: int, same: int) -> int:
    """Return the offset of the second of a pair of lines, which repeats the first ``same`` bytes."""
    second = at + CUE_LINE_SIZE
    if second >= len(data) or data[second : second + same] != data[at : at + same]:
        raise InvalidFieldError(f"Cue sheet, byte {at}: the second line of the pair is not there", byte=at)
    return second


def _catalog(data: bytes, at: int) -> str:
    second = _second(data, at, 1)
    what = "the media catalogue number"
    return _text(data[at + 1 : at + 8], at + 1, _DIGITS, what) + _text(
        data[second + 1 : second + 7], second + 1, _DIGITS, what
    )


def _isrc(data: bytes, at: int) -> CueIsrc:
    second = _second(data, at, 2)
    code = _text(data[at + 2 : at + 8], at + 2, _ALPHANUMERICS, "an ISRC") + _text(
        data[second + 2 : second + 8], second + 2, _ALPHANUMERICS, "an ISRC"
    )
    return CueIsrc(data[at + 1], code, data[at] >> 4)


def _check(lines: list[tuple[int, CueLine]]) -> None:
    """Refuse lines that do not describe a session: what drives answer with 5/26/00."""

    def wrong(at: int, why: str) -> InvalidFieldError:
        return InvalidFieldError(f"Cue sheet, byte {at}: {why}", byte=at)

    if len(lines) < 3:
        raise wrong(0, "lead-in, a track and lead-out are the least")
    at, first = lines[0]
    if first.track or first.index:
        raise wrong(at + 1, "the first place is not the lead-in")
    at, last = lines[-1]
    if last.track != LEAD_OUT or last.index != 1:
        raise wrong(at + 1, "the last place is not the lead-out")
    before: CueLine | None = None
    for at, line in lines:
        if not line.defined:
            raise wrong(at + 3, f"data form {line.data_form:02X}h is not defined")
        minute, second, frame = line.address >> 16, line.address >> 8 & 0xFF, line.address & 0xFF
        if minute > 99 or second > 59 or frame > 74:
            raise wrong(at + 5, f"{minute}:{second}:{frame} is no time")
        if before is not None:
            _check_step(before, line, at)
        before = line


def _check_step(before: CueLine, line: CueLine, at: int) -> None:
    def wrong(byte: int, why: str) -> InvalidFieldError:
        return InvalidFieldError(f"Cue sheet, byte {byte}: {why}", byte=byte)

    if line.track == before.track:
        if line.index != before.index + 1:
            raise wrong(at + 2, f"index {line.index} after {before.index} of track {line.track}")
    elif line.track == LEAD_OUT:
        if not before.index:
            raise wrong(at + 1, f"track {before.track} has a pregap only")
    else:
        if not 1 <= line.track <= 99 or (before.track and line.track != before.track + 1):
            raise wrong(at + 1, f"track {line.track} after {before.track}")
        if before.track and not before.index:
            raise wrong(at + 1, f"track {before.track} has a pregap only")
        if line.index > 1:
            raise wrong(at + 2, f"track {line.track} begins with index {line.index}")
    if before.track and line.address < before.address:
        raise wrong(at + 5, "the place lies before the one of the line in front of it")
