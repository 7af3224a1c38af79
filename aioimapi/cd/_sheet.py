"""What a cue sheet or a TOC file says of a CD: tracks, bytes, indexes, numbers and texts; and where they come to lie.

Pure: a sheet names files, and whoever has them says how long they are. See :mod:`aioimapi.cd._cue_file` and
:mod:`aioimapi.cd._toc_file` for the two ways to write one down.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs

from aioimapi.errors import SheetError
from aioimapi.units import FRAMES_PER_SECOND, RAW_SECTOR_SIZE, SECTOR_SIZE

MAX_SHEET_BYTES: Final = 1 << 20
"""No sheet of 99 tracks with texts in eight languages comes near."""

MAX_TRACKS: Final = 99
MAX_INDEX: Final = 99
MAX_SECTORS: Final = 100 * 60 * FRAMES_PER_SECOND
"""More than a CD can address (Red Book: 99:59:74)."""

MAX_FILES: Final = 1_000
SUBCHANNEL_SIZE: Final = 96
FIRST_SESSION_GAP: Final = 11_400
"""From a first session's lead-out to index 1 of the next: 1:30 lead-out, 1:00 lead-in, 0:02 pregap (MMC-6 4.2.3)."""

SESSION_GAP: Final = 6_900
"""The same after later sessions, whose lead-out has 0:30."""

TEXT_ITEMS: Final[Mapping[str, int]] = {
    "TITLE": 0x80,
    "PERFORMER": 0x81,
    "SONGWRITER": 0x82,
    "COMPOSER": 0x83,
    "ARRANGER": 0x84,
    "MESSAGE": 0x85,
    "DISC_ID": 0x86,
    "GENRE": 0x87,
    "TOC_INFO1": 0x88,
    "TOC_INFO2": 0x89,
    "RESERVED1": 0x8A,
    "RESERVED2": 0x8B,
    "RESERVED3": 0x8C,
    "RESERVED4": 0x8D,
    "UPC_EAN": 0x8E,
    "ISRC": 0x8E,
    "SIZE_INFO": 0x8F,
}
"""The items of CD-Text by the names that TOC files have for them, with their pack types (MMC-3 annex J)."""

Texts = Mapping[str, "str | bytes"]
"""CD-Text items of the disc or of one track, in one language."""


class SheetForm(enum.Enum):
    """How a track's files hold its sectors, by the names that TOC files have for it."""

    AUDIO = "AUDIO"
    MODE1 = "MODE1"
    MODE1_RAW = "MODE1_RAW"
    MODE2 = "MODE2"
    MODE2_FORM1 = "MODE2_FORM1"
    MODE2_FORM2 = "MODE2_FORM2"
    MODE2_FORM_MIX = "MODE2_FORM_MIX"
    MODE2_RAW = "MODE2_RAW"

    @property
    def block_size(self) -> int:
        """Bytes of a sector in the file, without subchannel data."""
        return _BLOCK_SIZES[self]

    @property
    def audio(self) -> bool:
        """Whether it is an audio track."""
        return self is SheetForm.AUDIO


_BLOCK_SIZES: Final = {
    SheetForm.AUDIO: RAW_SECTOR_SIZE,
    SheetForm.MODE1: SECTOR_SIZE,
    SheetForm.MODE1_RAW: RAW_SECTOR_SIZE,
    SheetForm.MODE2: 2336,
    SheetForm.MODE2_FORM1: SECTOR_SIZE,
    SheetForm.MODE2_FORM2: 2324,
    SheetForm.MODE2_FORM_MIX: 2336,
    SheetForm.MODE2_RAW: RAW_SECTOR_SIZE,
}


class SheetSubchannel(enum.Enum):
    """What follows each sector in the file."""

    NONE = ""
    RW = "RW"
    RW_RAW = "RW_RAW"

    @property
    def size(self) -> int:
        """Bytes of it."""
        return SUBCHANNEL_SIZE if self is not SheetSubchannel.NONE else 0


class DiscKind(enum.Enum):
    """What a TOC file says the session is, by its words."""

    CD_DA = "CD_DA"
    CD_ROM = "CD_ROM"
    CD_ROM_XA = "CD_ROM_XA"
    CD_I = "CD_I"


@attrs.frozen
class SheetFile:
    """A file that holds sectors.

    Attributes:
        name: Its name as the sheet has it, relative to the sheet's folder.
        wave: It is a RIFF WAVE file; offsets count from its first sample.
        big_endian: Audio samples in it have their high byte first.
        line: Where the sheet names it first.
    """

    name: str
    wave: bool = False
    big_endian: bool = False
    line: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Stretch:
    """Bytes of a track that lie in one place.

    Attributes:
        file: Where; None for zeros.
        offset: The first byte.
        size: How many; None: to the end of the file.
        line: Where the sheet says so.
    """

    file: SheetFile | None
    offset: int = 0
    size: int | None = None
    line: int = attrs.field(default=0, eq=False)


@attrs.frozen
class Place:
    """A sector of a track: ``sectors`` after the first sector of stretch ``stretch`` (which may be one too far)."""

    stretch: int = 0
    sectors: int = 0


@attrs.frozen
class SheetTrack:
    """A track as a sheet describes it.

    Attributes:
        number: Its number, from 1.
        form: How its files hold its sectors.
        stretches: Its bytes in order, the pregap's first.
        start: Where index 1 is.
        indexes: Where index 2 is, and so on.
        session: The session it is in, from 1.
        subchannel: What follows each sector.
        copy_permitted: The copy bit of its control field.
        pre_emphasis: The pre-emphasis bit.
        four_channel: The four-channel bit.
        scms: The copy bit alternates (Serial Copy Management System).
        isrc: Its International Standard Recording Code, twelve characters; or empty.
        texts: CD-Text by language number.
        line: Where the sheet begins it.
    """

    number: int
    form: SheetForm
    stretches: tuple[Stretch, ...] = ()
    start: Place = Place()
    indexes: tuple[Place, ...] = ()
    session: int = 1
    subchannel: SheetSubchannel = SheetSubchannel.NONE
    copy_permitted: bool = False
    pre_emphasis: bool = False
    four_channel: bool = False
    scms: bool = False
    isrc: str = ""
    texts: Mapping[int, Texts] = attrs.field(factory=dict)
    line: int = attrs.field(default=0, eq=False)

    @property
    def block_size(self) -> int:
        """Bytes of a sector in the file."""
        return self.form.block_size + self.subchannel.size


@attrs.frozen
class Sheet:
    """A cue sheet or TOC file.

    Attributes:
        tracks: The tracks in order.
        kind: What the disc is; None where the sheet leaves that to its tracks.
        catalog: The media catalog number, thirteen digits; or empty.
        languages: Language numbers of CD-Text with the codes of their languages (9 is English).
        texts: The disc's own CD-Text by language number.
        text_file: A file that holds the CD-Text packs as they are; or empty.
        remarks: Comments that were kept, for a cue sheet.
    """

    tracks: tuple[SheetTrack, ...]
    kind: DiscKind | None = None
    catalog: str = ""
    languages: Mapping[int, int] = attrs.field(factory=dict)
    texts: Mapping[int, Texts] = attrs.field(factory=dict)
    text_file: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[SheetFile, ...]:
        """The files that hold its sectors, each once."""
        found = dict.fromkeys(s.file for track in self.tracks for s in track.stretches if s.file is not None)
        return tuple(found)

    @property
    def disc_kind(self) -> DiscKind:
        """What the disc is, from its tracks where the sheet does not say."""
        if self.kind is not None:
            return self.kind
        forms = {track.form for track in self.tracks}
        if forms == {SheetForm.AUDIO}:
            return DiscKind.CD_DA
        return (
            DiscKind.CD_ROM
            if forms <= {SheetForm.AUDIO, SheetForm.MODE1, SheetForm.MODE1_RAW}
            else DiscKind.CD_ROM_XA
        )


@attrs.frozen
class LaidTrack:
    """A track with its place on the disc, in logical block addresses.

    Attributes:
        track: What the sheet says of it.
        first: Its first sector, in its pregap where it has one. Before the first track of a session lie 150
            more, which no sheet holds.
        start: Index 1.
        end: The first sector after it.
        indexes: Index 2 and later ones.
        pieces: Its bytes: each stretch with the bytes that it really has.
    """

    track: SheetTrack
    first: int
    start: int
    end: int
    indexes: tuple[int, ...]
    pieces: tuple[tuple[Stretch, int], ...]


def lay_out(sheet: Sheet, size_of: Callable[[SheetFile], int]) -> tuple[LaidTrack, ...]:
    """Say where on the disc the tracks of a sheet come to lie.

    Sector 0 is the first sector of the first track's first file; a later session's index 1 lies 11,400 or 6,900
    sectors after the lead-out before it.

    Args:
        sheet: The sheet.
        size_of: Says how many bytes a file has; of a WAVE file, how many bytes of samples.

    Raises:
        SheetError: A file is too short for what the sheet says, or an index lies outside its track.
    """
    laid: list[LaidTrack] = []
    at, session = 0, 1
    for track in sheet.tracks:
        if track.session != session:
            at += (FIRST_SESSION_GAP if session == 1 else SESSION_GAP) - _pregap(track, size_of)
            session = track.session
        laid.append(_lay_track(track, at, size_of))
        at = laid[-1].end
        if at > MAX_SECTORS:
            raise SheetError(
                f"track {track.number} ends at sector {at:,}: no CD has so many", line=track.line
            )
    return tuple(laid)


def _lay_track(track: SheetTrack, first: int, size_of: Callable[[SheetFile], int]) -> LaidTrack:
    pieces = tuple((stretch, _size(stretch, size_of)) for stretch in track.stretches)
    total = sum(size for _, size in pieces)
    end = first + -(-total // track.block_size)
    start = first + _sector(track, track.start, pieces)
    indexes = tuple(first + _sector(track, place, pieces) for place in track.indexes)
    if not start < end:
        raise SheetError(
            f"track {track.number} has no sector behind its start: its files hold {end - first:,}",
            line=track.line,
        )
    last = start
    for number, lba in enumerate(indexes, 2):
        if not last < lba < end:
            raise SheetError(
                f"index {number} of track {track.number} does not lie between the one before it and the end",
                line=track.line,
            )
        last = lba
    return LaidTrack(track, first, start, end, indexes, pieces)


def _pregap(track: SheetTrack, size_of: Callable[[SheetFile], int]) -> int:
    pieces = tuple((s, _size(s, size_of)) for s in track.stretches[: track.start.stretch])
    return _sector(track, track.start, pieces)


def _sector(track: SheetTrack, place: Place, pieces: tuple[tuple[Stretch, int], ...]) -> int:
    before = sum(size for _, size in pieces[: place.stretch])
    return -(-before // track.block_size) + place.sectors


def _size(stretch: Stretch, size_of: Callable[[SheetFile], int]) -> int:
    if stretch.file is None:
        return stretch.size or 0
    there = size_of(stretch.file)
    if stretch.size is None:
        size = there - stretch.offset
        if size <= 0:
            raise SheetError(
                f"{stretch.file.name} has {there:,} bytes, and the track begins behind them at {stretch.offset:,}",
                line=stretch.line,
            )
        return size
    if stretch.offset + stretch.size > there:
        raise SheetError(
            f"{stretch.file.name} has {there:,} bytes, and {stretch.offset + stretch.size:,} are needed",
            line=stretch.line,
        )
    return stretch.size


# --- pieces of syntax that both formats share ---------------------------------------------------------


def decode_sheet(data: bytes) -> str:
    """Return a sheet's text: UTF-8, UTF-16 with its mark, or else ISO 8859-1.

    Raises:
        SheetError: It is too large, or holds binary zeros: it is no text.
    """
    if len(data) > MAX_SHEET_BYTES:
        raise SheetError(f"it has {len(data):,} bytes: that is no sheet")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    if "\0" in text:
        raise SheetError(
            "it holds binary data: that is no sheet", line=text.count("\n", 0, text.index("\0")) + 1
        )
    return text


def frames(text: str, line: int) -> int:
    """Return the sectors that ``mm:ss:ff`` stands for.

    Raises:
        SheetError: It is no such time.
    """
    match = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2})", text)
    if match is None or int(match[2]) > 59 or int(match[3]) >= FRAMES_PER_SECOND:
        raise SheetError(
            f"{shown(text)} is no time of the form mm:ss:ff (59 seconds, 74 frames at most)", line=line
        )
    return (int(match[1]) * 60 + int(match[2])) * FRAMES_PER_SECOND + int(match[3])


def msf(sectors: int) -> str:
    """Return a number of sectors as ``mm:ss:ff``."""
    seconds, rest = divmod(sectors, FRAMES_PER_SECOND)
    return f"{seconds // 60:02}:{seconds % 60:02}:{rest:02}"


def catalog_number(text: str, line: int) -> str:
    """Return a media catalog number: thirteen digits.

    Raises:
        SheetError: It is none.
    """
    if not re.fullmatch(r"[0-9]{13}", text):
        raise SheetError(f"{shown(text)} is no catalog number: it has thirteen digits", line=line)
    return text


def recording_code(text: str, line: int) -> str:
    """Return an ISRC without its hyphens.

    Raises:
        SheetError: It is none.
    """
    code = text.replace("-", "").upper()
    if not re.fullmatch(r"[A-Z0-9]{5}[0-9]{7}", code):
        raise SheetError(
            f"{shown(text)} is no ISRC: it has five letters or digits, then seven digits", line=line
        )
    return code


def file_name(text: str, line: int) -> str:
    """Return a file's name.

    Raises:
        SheetError: No file can have that name.
    """
    if not text or len(text) > 4_096 or not text.isprintable():
        raise SheetError(f"{shown(text)} is no name of a file", line=line)
    return text


def leaves_folder(name: str) -> bool:
    """Whether a name leads out of the sheet's folder, here or on Windows."""
    parts = re.split(r"[/\\]", name)
    return name[:1] in ("/", "\\", "~") or ".." in parts or re.match(r"[A-Za-z]:", name) is not None


def shown(text: str) -> str:
    """Return text from a sheet as a message can carry it."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Return a text's lines with their numbers; only real line ends count."""
    return enumerate(re.split(r"\r\n|\n|\r", text), 1)
