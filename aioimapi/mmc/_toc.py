"""READ TOC/PMA/ATIP and its answers (MMC-5 6.26)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, U24, U32, Bit, Bits, OpenIntEnum, Structure, chunked, need
from aioimapi.units import MSF_OFFSET, frames_msf, msf_frames


class TocFormat(enum.IntEnum):
    """Format of READ TOC/PMA/ATIP (MMC-5 6.26)."""

    TOC = 0
    SESSION_INFO = 1
    FULL_TOC = 2
    PMA = 3
    ATIP = 4
    CD_TEXT = 5


@attrs.frozen
class ReadTocPmaAtip(Command):
    """Ask for the table of contents or one of its relatives.

    Args:
        format_: Which answer.
        number: First track (format 0) or session (format 2) to list.
        msf: Addresses as minutes, seconds, frames.
        allocation_length: Bytes to take; 804 is a TOC with 99 tracks.
    """

    name: ClassVar[str] = "READ TOC/PMA/ATIP"
    opcode: ClassVar[int] = 0x43
    direction: ClassVar[Direction] = Direction.IN

    format_: Annotated[TocFormat, Bits(2, 3, 0)] = TocFormat.TOC
    number: Annotated[int, U8(6)] = 0
    msf: Annotated[bool, Bit(1, 1)] = False
    allocation_length: Annotated[int, U16(7)] = 804

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


def _body(data: bytes | memoryview, what: str) -> bytes:
    """Return what follows the header of 4 bytes, as far as it came and as far as the length field says."""
    size = int.from_bytes(need(data, 4, what)[0:2], "big")
    return bytes(data[4 : 2 + size])


def _with_header(first: int, last: int, body: bytes) -> bytes:
    return (len(body) + 2).to_bytes(2, "big") + bytes([first, last]) + body


LEAD_OUT: Final = 0xAA
"""Track number of the lead-out in formats 0 and 1."""

_LEAD_IN_OFFSET: Final = 450_000
"""Sectors in 100 minutes: times in the lead-in end at 99:59:74 and begin again at 00:00:00."""


@attrs.frozen
class TocTrack(Structure):
    """One track of a table of contents.

    Args:
        track: Track number; AAh is the lead-out.
        start: Its first sector; packed MSF (``00 MM SS FF``) where that was asked for.
        control: Control nibble: bit 2 data, bit 0 pre-emphasis or incremental.
        adr: 1 in this list.
    """

    SIZE: ClassVar[int | None] = 8

    track: Annotated[int, U8(2)]
    start: Annotated[int, U32(4)]
    control: Annotated[int, Bits(1, 3, 0)] = 4
    adr: Annotated[int, Bits(1, 7, 4)] = 1

    @property
    def is_data(self) -> bool:
        """Whether it is a data track."""
        return bool(self.control & 4)


@attrs.frozen
class Toc:
    """READ TOC format 0: the tracks and the lead-out (MMC-5 6.26).

    Args:
        first_track: First track number on the disc.
        last_track: Last track number on the disc.
        tracks: The tracks asked for, and the lead-out as the last.
    """

    first_track: int
    last_track: int
    tracks: tuple[TocTrack, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: No header of 4 bytes.
        """
        body = _body(data, "table of contents")
        return cls(data[2], data[3], tuple(TocTrack.parse(piece) for piece in chunked(body, 8)))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        return _with_header(self.first_track, self.last_track, b"".join(t.to_bytes() for t in self.tracks))

    @property
    def lead_out(self) -> int | None:
        """Where the lead-out begins, or None where the list lacks it."""
        return next((track.start for track in self.tracks if track.track == LEAD_OUT), None)


@attrs.frozen
class SessionInfo:
    """READ TOC format 1: where the last session begins (MMC-5 6.26).

    Args:
        first_session: First complete session.
        last_session: Last complete session.
        track: First track of the last complete session.
    """

    first_session: int
    last_session: int
    track: TocTrack

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than 12 bytes.
        """
        need(data, 12, "session information")
        return cls(data[2], data[3], TocTrack.parse(data[4:12]))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        return _with_header(self.first_session, self.last_session, self.track.to_bytes())


class TocPoint(OpenIntEnum):
    """What an entry of the lead-in is about, where it is not a track (MMC-6 6.26, IEC 60908 17.5.1)."""

    FIRST_TRACK = 0xA0
    """``pointer`` is first track, disc type (0, 10h CD-I, 20h XA), 0."""
    LAST_TRACK = 0xA1
    """``pointer`` is last track, 0, 0."""
    LEAD_OUT = 0xA2
    """``pointer`` is where the lead-out begins."""
    NEXT_SESSION = 0xB0
    """ADR 5: ``address`` is where the next session's program may begin, ``pointer`` the last possible lead-out."""
    SKIP_COUNT = 0xB1
    SKIP_TRACKS_1 = 0xB2
    SKIP_TRACKS_2 = 0xB3
    SKIP_TRACKS_3 = 0xB4
    FIRST_LEAD_IN = 0xC0
    """ADR 5, first session: ``address`` is from the disc's ATIP, ``pointer`` where the first lead-in begins."""
    ATIP_COPY = 0xC1


@attrs.frozen
class FullTocEntry(Structure):
    """One entry of the lead-in's Q channel (formats 2 and 3; MMC-5 6.26).

    ``point`` is a track number or one of :class:`TocPoint`; ``address`` and ``pointer`` are packed MSF in binary
    (what the disc has in decimal digits; the disc type of A0h stays as it is). In the PMA (format 3) ``address``
    is where the track ends and ``pointer`` where it begins.
    """

    SIZE: ClassVar[int | None] = 11

    session: Annotated[int, U8(0)]
    point: Annotated[int, U8(3)]
    pointer: Annotated[int, U24(8)]
    control: Annotated[int, Bits(1, 3, 0)] = 4
    adr: Annotated[int, Bits(1, 7, 4)] = 1
    track: Annotated[int, U8(2)] = 0
    address: Annotated[int, U24(4)] = 0
    zero: Annotated[int, U8(7)] = 0


@attrs.frozen
class FullToc:
    """READ TOC format 2, and format 3 (PMA), whose header numbers are reserved.

    Args:
        first_session: First session.
        last_session: Last session.
        entries: As recorded.
    """

    first_session: int
    last_session: int
    entries: tuple[FullTocEntry, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: No header of 4 bytes.
        """
        body = _body(data, "full table of contents")
        return cls(data[2], data[3], tuple(FullTocEntry.parse(piece) for piece in chunked(body, 11)))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        return _with_header(
            self.first_session, self.last_session, b"".join(e.to_bytes() for e in self.entries)
        )


@attrs.frozen
class Atip(Structure):
    """READ TOC format 4: what the groove of a CD-R or CD-RW says (MMC-5 6.26).

    Args:
        target_power: Indicative target writing power.
        reference_speed: CD-RW: 1x, 2x ... code.
        unrestricted_use: URU.
        rewritable: CD-RW.
        subtype: Disc subtype.
        lead_in_start: Packed MSF; with ``last_lead_out`` it names the maker.
        last_lead_out: Last possible start of the lead-out, packed MSF: the capacity.
        a1: Additional values, where ``a1_valid``.
        a2: Additional values, where ``a2_valid``.
        a3: Additional values, where ``a3_valid``.
        a1_valid: See above.
        a2_valid: See above.
        a3_valid: See above.
    """

    SIZE: ClassVar[int | None] = 28
    MINIMUM: ClassVar[int | None] = 16

    last_lead_out: Annotated[int, U24(12)]
    lead_in_start: Annotated[int, U24(8)] = 0
    rewritable: Annotated[bool, Bit(6, 6)] = False
    subtype: Annotated[int, Bits(6, 5, 3)] = 0
    target_power: Annotated[int, Bits(4, 6, 4)] = 0
    reference_speed: Annotated[int, Bits(4, 2, 0)] = 0
    unrestricted_use: Annotated[bool, Bit(5, 6)] = False
    a1_valid: Annotated[bool, Bit(6, 2)] = False
    a2_valid: Annotated[bool, Bit(6, 1)] = False
    a3_valid: Annotated[bool, Bit(6, 0)] = False
    a1: Annotated[int, U24(16)] = 0
    a2: Annotated[int, U24(20)] = 0
    a3: Annotated[int, U24(24)] = 0

    def to_bytes(self) -> bytes:
        """Encode the answer with its length field and the bits that are always set."""
        body = bytearray(super().to_bytes())
        body[0:2] = (len(body) - 2).to_bytes(2, "big")
        body[4] |= 0x80
        body[6] |= 0x80
        return bytes(body)

    @property
    def sectors(self) -> int:
        """Capacity in sectors: the last possible lead-out as a logical block address."""
        return program_lba(self.last_lead_out)


TEXT_PACK_SIZE: Final = 18
"""Bytes of a CD-Text pack."""


@attrs.frozen
class TextPacks:
    """READ TOC format 5: CD-Text as an array of packs (MMC-5 6.26); :mod:`aioimapi.cd` reads them.

    Args:
        packs: Whole packs of 18 bytes.
    """

    packs: bytes = b""

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer; a pack that is cut off is dropped.

        Raises:
            RemoteProtocolError: No header of 4 bytes.
        """
        return cls(b"".join(chunked(_body(data, "CD-Text"), TEXT_PACK_SIZE)))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        return _with_header(0, 0, self.packs)


def program_lba(packed: int) -> int:
    """Return the address of a packed time that is known to lie in the program area or in the lead-out.

    Such a time runs to 99:59:74 on discs of 90 minutes and more, where :func:`msf_to_lba` would take it for
    one in the lead-in.
    """
    return msf_frames(packed >> 16 & 0xFF, packed >> 8 & 0xFF, packed & 0xFF) - MSF_OFFSET


def program_msf(lba: int) -> int:
    """Return the packed time of an address in the program area or the lead-out, -150 to 449,849.

    Raises:
        LocalProtocolError: The address has no such time.
    """
    if not -MSF_OFFSET <= lba <= 449_849:
        raise LocalProtocolError(f"LBA {lba} has no minutes, seconds and frames; -150 to 449849 have")
    minute, second, frame = frames_msf(lba + MSF_OFFSET)
    return minute << 16 | second << 8 | frame


def msf_to_lba(packed: int) -> int:
    """Return the logical block address of packed minutes, seconds, frames (``MM SS FF`` in binary; MMC-6)."""
    lba = program_lba(packed)
    # From 90 minutes on the lead-in before LBA 0 is meant.
    return lba if packed >> 16 & 0xFF < 90 else lba - _LEAD_IN_OFFSET


def lba_to_msf(lba: int) -> int:
    """Return packed minutes, seconds, frames of a logical block address from -45,150 to 404,849 (MMC-6).

    Raises:
        LocalProtocolError: The address has no MSF.
    """
    if not -45_150 <= lba <= 404_849:
        raise LocalProtocolError(f"LBA {lba} has no minutes, seconds and frames; -45150 to 404849 have")
    return program_msf(lba if lba >= -MSF_OFFSET else lba + _LEAD_IN_OFFSET)
