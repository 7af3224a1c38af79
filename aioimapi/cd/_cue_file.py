"""Cue sheets as files (``.cue``): the format of CDRWIN, with what later programs added to it.

Read are CATALOG, CDTEXTFILE, FILE, FLAGS, INDEX, ISRC, PERFORMER, POSTGAP, PREGAP, REM, SONGWRITER, TITLE, TRACK; the
other texts of CD-Text; ``REM SESSION nn``; and files that change within a track, as Exact Audio Copy writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs

from aioimapi.cd._sheet import (
    MAX_FILES,
    MAX_INDEX,
    MAX_TRACKS,
    TEXT_ITEMS,
    Place,
    Sheet,
    SheetFile,
    SheetForm,
    SheetSubchannel,
    SheetTrack,
    Stretch,
    catalog_number,
    decode_sheet,
    file_name,
    frames,
    msf,
    numbered,
    recording_code,
    shown,
)
from aioimapi.errors import SheetError

_FORMS: Final = {
    "AUDIO": (SheetForm.AUDIO, SheetSubchannel.NONE),
    "CDG": (SheetForm.AUDIO, SheetSubchannel.RW_RAW),
    "MODE1/2048": (SheetForm.MODE1, SheetSubchannel.NONE),
    "MODE1/2352": (SheetForm.MODE1_RAW, SheetSubchannel.NONE),
    "MODE1/2448": (SheetForm.MODE1_RAW, SheetSubchannel.RW_RAW),
    "MODE2/2048": (SheetForm.MODE2_FORM1, SheetSubchannel.NONE),
    "MODE2/2324": (SheetForm.MODE2_FORM2, SheetSubchannel.NONE),
    "MODE2/2336": (SheetForm.MODE2, SheetSubchannel.NONE),
    "MODE2/2352": (SheetForm.MODE2_RAW, SheetSubchannel.NONE),
    "MODE2/2448": (SheetForm.MODE2_RAW, SheetSubchannel.RW_RAW),
    "CDI/2336": (SheetForm.MODE2, SheetSubchannel.NONE),
    "CDI/2352": (SheetForm.MODE2_RAW, SheetSubchannel.NONE),
}
_NAMES: Final = {
    (SheetForm.AUDIO, SheetSubchannel.NONE): "AUDIO",
    (SheetForm.AUDIO, SheetSubchannel.RW_RAW): "CDG",
    (SheetForm.MODE1, SheetSubchannel.NONE): "MODE1/2048",
    (SheetForm.MODE1_RAW, SheetSubchannel.NONE): "MODE1/2352",
    (SheetForm.MODE1_RAW, SheetSubchannel.RW_RAW): "MODE1/2448",
    (SheetForm.MODE2, SheetSubchannel.NONE): "MODE2/2336",
    (SheetForm.MODE2_FORM1, SheetSubchannel.NONE): "MODE2/2048",
    (SheetForm.MODE2_FORM2, SheetSubchannel.NONE): "MODE2/2324",
    (SheetForm.MODE2_FORM_MIX, SheetSubchannel.NONE): "MODE2/2336",
    (SheetForm.MODE2_RAW, SheetSubchannel.NONE): "MODE2/2352",
    (SheetForm.MODE2_RAW, SheetSubchannel.RW_RAW): "MODE2/2448",
}
_KINDS: Final = frozenset({"BINARY", "MOTOROLA", "WAVE"})
_TEXTS: Final = frozenset(TEXT_ITEMS) - {"ISRC", "SIZE_INFO", "TOC_INFO1", "TOC_INFO2"}
_FLAGS: Final = {"DCP": "copy_permitted", "PRE": "pre_emphasis", "4CH": "four_channel", "SCMS": "scms"}
MAX_REMARKS: Final = 1_000


def parse_cue_file(data: bytes, path: str = "") -> Sheet:
    """Return what a cue sheet says.

    Args:
        data: The file's bytes.
        path: Its name, for messages.

    Raises:
        SheetError: It breaks the format; the message has the line.
    """
    reader = _Reader()
    try:
        for number, line in numbered(decode_sheet(data)):
            reader.take(line.strip(), number)
        return reader.sheet()
    except SheetError as error:
        raise error.at(path) from None


@attrs.define
class _Track:
    """A track that is being read; its last stretch is open until the next track begins."""

    number: int
    form: SheetForm
    subchannel: SheetSubchannel
    session: int
    line: int
    stretches: list[Stretch] = attrs.field(factory=list)
    last_index: int | None = None
    start: Place | None = None
    indexes: list[Place] = attrs.field(factory=list)
    flags: dict[str, bool] = attrs.field(factory=dict)
    isrc: str = ""
    texts: dict[str, str | bytes] = attrs.field(factory=dict)
    postgap: int | None = None
    pregap: int | None = None

    @property
    def block_size(self) -> int:
        return self.form.block_size + self.subchannel.size

    def closed(self) -> SheetTrack:
        """Return it as a value.

        Raises:
            SheetError: It has no index 1.
        """
        if self.start is None:
            raise SheetError(f"track {self.number} has no INDEX 01", line=self.line)
        return SheetTrack(
            self.number,
            self.form,
            tuple(self.stretches),
            self.start,
            tuple(self.indexes),
            self.session,
            self.subchannel,
            isrc=self.isrc,
            texts={0: self.texts} if self.texts else {},
            line=self.line,
            **self.flags,
        )


@attrs.define
class _OpenFile:
    """The file that indexes are counted in: where its last stretch began, in its sectors and in bytes."""

    file: SheetFile
    sector: int = 0
    byte: int = 0
    owner: _Track | None = None


class _Reader:
    """Takes a sheet line by line."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._file: _OpenFile | None = None
        self._files: dict[str, SheetFile] = {}
        self._catalog = ""
        self._text_file = ""
        self._texts: dict[str, str | bytes] = {}
        self._session = 1
        self._remarks: list[str] = []
        self._commands: dict[str, Callable[[str, int], None]] = {
            "REM": self._rem,
            "CATALOG": self._take_catalog,
            "CDTEXTFILE": self._take_text_file,
            "FILE": self._take_file,
            "TRACK": self._take_track,
            "FLAGS": self._take_flags,
            "ISRC": self._take_isrc,
            "INDEX": self._take_index,
            "PREGAP": self._take_pregap,
            "POSTGAP": self._take_postgap,
        }

    def take(self, line: str, number: int) -> None:
        """Take one line."""
        if not line:
            return
        word, *after = line.split(None, 1)
        word, rest = word.upper(), "".join(after)
        if word in _TEXTS:
            self._take_text(word, rest, number)
            return
        command = self._commands.get(word)
        if command is None:
            raise SheetError(f"{shown(word)} is no command of a cue sheet", line=number)
        command(rest, number)

    def sheet(self) -> Sheet:
        """Return all of it.

        Raises:
            SheetError: There is no track.
        """
        if not self._tracks:
            raise SheetError("it has no TRACK")
        self._finish_track()
        return Sheet(
            tuple(track.closed() for track in self._tracks),
            catalog=self._catalog,
            languages={0: 9} if self._texts or any(t.texts for t in self._tracks) else {},
            texts={0: self._texts} if self._texts else {},
            text_file=self._text_file,
            remarks=tuple(self._remarks),
        )

    # --- commands of the disc -----------------------------------------------------------------------

    def _rem(self, rest: str, line: int) -> None:
        session = re.fullmatch(r"SESSION\s+([0-9]{1,2})", rest, re.IGNORECASE)
        if session is None:
            if len(self._remarks) < MAX_REMARKS and rest.isprintable():
                self._remarks.append(rest)
            return
        number = int(session[1])
        first = number == 1 and not self._tracks
        if not first and (number != self._session + 1 or not self._tracks):
            raise SheetError(f"session {number} does not follow session {self._session}", line=line)
        self._session = number

    def _take_catalog(self, rest: str, line: int) -> None:
        if self._catalog:
            raise SheetError("CATALOG is given twice", line=line)
        self._catalog = catalog_number(_string(rest, line), line)

    def _take_text_file(self, rest: str, line: int) -> None:
        self._text_file = file_name(_string(rest, line), line)

    def _take_text(self, item: str, rest: str, line: int) -> None:
        texts = self._tracks[-1].texts if self._tracks else self._texts
        text = _string(rest, line, may_be_bare=True)
        if len(text) > 4_096:
            raise SheetError(f"the {item} has {len(text):,} characters", line=line)
        texts[item] = "".join(c for c in text if c.isprintable())

    def _take_file(self, rest: str, line: int) -> None:
        *words, kind = rest.rsplit(None, 1) or [""]
        if not words:
            raise SheetError('FILE needs a name and a kind: FILE "NAME" BINARY', line=line)
        kind = kind.upper()
        if kind not in _KINDS:
            raise SheetError(
                f"files of the kind {shown(kind)} cannot be read; make it WAVE or BINARY first", line=line
            )
        name = file_name(_string(words[0], line), line)
        file = SheetFile(name, kind == "WAVE", kind == "MOTOROLA", line)
        known = self._files.setdefault(name, file)
        if known != file:
            raise SheetError(f"{shown(name)} is of another kind in line {known.line}", line=line)
        if len(self._files) > MAX_FILES:
            raise SheetError(f"it names more than {MAX_FILES:,} files", line=line)
        self._finish_file(line)
        self._file = _OpenFile(known)

    def _finish_file(self, line: int) -> None:
        if self._file is not None and self._file.owner is None:
            raise SheetError(f"nothing is taken from {shown(self._file.file.name)}", line=line)

    # --- commands of a track ------------------------------------------------------------------------

    def _take_track(self, rest: str, line: int) -> None:
        match = re.fullmatch(r"([0-9]{1,3})\s+(\S+)", rest)
        if match is None:
            raise SheetError("TRACK needs a number and a mode: TRACK 01 AUDIO", line=line)
        number, mode = int(match[1]), match[2].upper()
        if mode not in _FORMS:
            raise SheetError(f"there is no mode {shown(mode)}; there are {', '.join(_FORMS)}", line=line)
        if not 1 <= number <= MAX_TRACKS:
            raise SheetError(f"{number} is no track number: they go from 1 to {MAX_TRACKS}", line=line)
        if self._tracks and number != self._tracks[-1].number + 1:
            raise SheetError(f"track {number} does not follow track {self._tracks[-1].number}", line=line)
        self._finish_track()
        form, subchannel = _FORMS[mode]
        self._tracks.append(_Track(number, form, subchannel, self._session, line))

    def _track(self, command: str, line: int) -> _Track:
        if not self._tracks:
            raise SheetError(f"{command} belongs behind a TRACK", line=line)
        return self._tracks[-1]

    def _take_flags(self, rest: str, line: int) -> None:
        track = self._track("FLAGS", line)
        for flag in rest.upper().split():
            if flag in _FLAGS:
                track.flags[_FLAGS[flag]] = True
            elif flag != "DATA":
                raise SheetError(f"{shown(flag)} is no flag; there are {', '.join(_FLAGS)}", line=line)

    def _take_isrc(self, rest: str, line: int) -> None:
        self._track("ISRC", line).isrc = recording_code(_string(rest, line), line)

    def _take_pregap(self, rest: str, line: int) -> None:
        track = self._track("PREGAP", line)
        if track.last_index is not None or track.pregap is not None:
            raise SheetError("PREGAP belongs before the track's first INDEX, once", line=line)
        track.pregap = frames(rest, line)
        if track.pregap:
            track.stretches.append(Stretch(None, 0, track.pregap * track.block_size, line))

    def _take_postgap(self, rest: str, line: int) -> None:
        track = self._track("POSTGAP", line)
        if track.start is None or track.postgap is not None:
            raise SheetError("POSTGAP belongs behind the track's INDEX lines, once", line=line)
        track.postgap = frames(rest, line)

    def _take_index(self, rest: str, line: int) -> None:
        track = self._track("INDEX", line)
        match = re.fullmatch(r"([0-9]{1,2})\s+(\S+)", rest)
        if match is None:
            raise SheetError("INDEX needs a number and a time: INDEX 01 00:00:00", line=line)
        number, at = int(match[1]), frames(match[2], line)
        expected = (0, 1) if track.last_index is None else (track.last_index + 1,)
        if number not in expected or number > MAX_INDEX:
            raise SheetError(
                f"index {number} is out of order: track {track.number} needs {expected[-1]} here", line=line
            )
        if track.postgap is not None:
            raise SheetError("INDEX belongs before POSTGAP", line=line)
        place = self._place(track, at, line)
        track.last_index = number
        if number == 1:
            track.start = place
        elif number:
            track.indexes.append(place)

    def _place(self, track: _Track, at: int, line: int) -> Place:
        """Return where in the track an index of the current file is; open a stretch where it is the first one."""
        here = self._file
        if here is None:
            raise SheetError("INDEX needs a FILE before it", line=line)
        if at < here.sector:
            raise SheetError(
                f"{msf(at)} lies before the index before it in {shown(here.file.name)}", line=line
            )
        if here.owner is not track:
            if here.owner is None and at:
                raise SheetError(
                    f"the first index in {shown(here.file.name)} is not 00:00:00; what lies before it has no track",
                    line=line,
                )
            self._end_stretch(at, line)
            track.stretches.append(Stretch(here.file, here.byte, None, line))
            here.owner = track
        return Place(len(track.stretches) - 1, at - here.sector)

    def _end_stretch(self, at: int, line: int) -> None:
        """End the stretch of the track before at a sector of the current file."""
        here = self._file
        assert here is not None
        owner = here.owner
        if owner is None:
            return
        size = (at - here.sector) * owner.block_size
        if not size:
            raise SheetError(f"track {owner.number} has no sectors in {shown(here.file.name)}", line=line)
        place = max(i for i, s in enumerate(owner.stretches) if s.file is here.file and s.size is None)
        owner.stretches[place] = attrs.evolve(owner.stretches[place], size=size)
        here.sector, here.byte = at, here.byte + size

    def _finish_track(self) -> None:
        """Put a track's post-gap behind what is there; its open stretch is ended by the next one."""
        if not self._tracks:
            return
        track = self._tracks[-1]
        if track.start is None:
            raise SheetError(f"track {track.number} has no INDEX 01", line=track.line)
        if track.postgap:
            track.stretches.append(Stretch(None, 0, track.postgap * track.block_size, track.line))


def _string(rest: str, line: int, *, may_be_bare: bool = False) -> str:
    """Return a command's one argument, with or without quotation marks."""
    match = re.fullmatch(r'"([^"]*)"', rest)
    if match:
        return match[1]
    if rest.startswith('"') and not may_be_bare:
        raise SheetError(f"{shown(rest)} has no closing quotation mark", line=line)
    return rest.strip('"')


# --- writing ------------------------------------------------------------------------------------------


def format_cue_file(sheet: Sheet) -> str:
    """Return a cue sheet's text, with the line ends of the system that it comes from.

    Raises:
        SheetError: The format has no words for it: silence within a track, a start within a file, several languages.
    """
    lines = [f"REM {remark}" for remark in sheet.remarks]
    if sheet.catalog:
        lines.append(f"CATALOG {sheet.catalog}")
    if sheet.text_file:
        lines.append(f"CDTEXTFILE {_quoted(sheet.text_file)}")
    lines += _text_lines(sheet.texts.get(0, {}), "")
    writer = _Writer(lines)
    for track in sheet.tracks:
        writer.put(track)
    return "\r\n".join([*lines, ""])


class _Writer:
    """Writes tracks, and knows which file they are in and how far."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._file: SheetFile | None = None
        self._sector = 0
        self._byte = 0
        self._session = 1

    def put(self, track: SheetTrack) -> None:
        """Write a track."""
        if (track.form, track.subchannel) not in _NAMES:
            raise _no_words(track, f"{track.form.value} with {track.subchannel.value} subchannel data")
        stretches = list(track.stretches)
        pregap = stretches.pop(0) if stretches and stretches[0].file is None else None
        postgap = stretches.pop() if stretches and stretches[-1].file is None else None
        if not stretches:
            raise _no_words(track, "no file")
        if track.session != self._session:
            self._lines.append(f"REM SESSION {track.session:02}")
            self._session = track.session
        positions = self._positions(track, stretches, 1 if pregap else 0)
        first = stretches[0].file
        if first != self._file:
            self._open(track, stretches[0])
        self._lines.append(f"  TRACK {track.number:02} {_NAMES[track.form, track.subchannel]}")
        self._lines += _text_lines(track.texts.get(0, {}), "    ")
        flags = [name for name, field in _FLAGS.items() if getattr(track, field)]
        if flags:
            self._lines.append(f"    FLAGS {' '.join(flags)}")
        if track.isrc:
            self._lines.append(f"    ISRC {track.isrc}")
        if pregap is not None:
            self._lines.append(f"    PREGAP {msf((pregap.size or 0) // track.block_size)}")
        self._indexes(track, stretches, positions)
        if postgap is not None:
            self._lines.append(f"    POSTGAP {msf((postgap.size or 0) // track.block_size)}")

    def _positions(
        self, track: SheetTrack, stretches: list[Stretch], before: int
    ) -> list[tuple[int, int, int]]:
        """Return (index, stretch, sector in it) of all indexes, index 0 included where there is one."""
        found = [
            (number, place.stretch - before, place.sectors)
            for number, place in enumerate((track.start, *track.indexes), 1)
        ]
        if any(not 0 <= stretch < len(stretches) for _, stretch, _ in found):
            raise _no_words(track, "an index within a gap")
        return found if found[0][1:] == (0, 0) else [(0, 0, 0), *found]

    def _open(self, track: SheetTrack, stretch: Stretch) -> None:
        assert stretch.file is not None
        if stretch.offset:
            raise _no_words(track, f"a start within {stretch.file.name}")
        kind = "WAVE" if stretch.file.wave else "MOTOROLA" if stretch.file.big_endian else "BINARY"
        self._lines.append(f"FILE {_quoted(stretch.file.name)} {kind}")
        self._file, self._sector, self._byte = stretch.file, 0, 0

    def _indexes(
        self, track: SheetTrack, stretches: list[Stretch], positions: list[tuple[int, int, int]]
    ) -> None:
        for at, stretch in enumerate(stretches):
            if stretch.file is None:
                raise _no_words(track, "silence within the track")
            if at:
                self._open(track, stretch)
            elif stretch.offset != self._byte:
                raise _no_words(track, f"a gap in {stretch.file.name}")
            self._lines += [
                f"    INDEX {number:02} {msf(self._sector + sector)}"
                for number, where, sector in positions
                if where == at
            ]
            if stretch.size is None:
                self._byte = -1  # nothing can follow in this file
            else:
                if stretch.size % track.block_size:
                    raise _no_words(track, "a part of a sector")
                self._sector += stretch.size // track.block_size
                self._byte += stretch.size


def _text_lines(texts: object, indent: str) -> list[str]:
    assert isinstance(texts, dict)
    return [
        f"{indent}{item} {_quoted(text)}"
        for item, text in texts.items()
        if item in _TEXTS and isinstance(text, str) and text
    ]


def _quoted(text: str) -> str:
    """Return a string in quotation marks; the format has no way to write one within."""
    return '"' + "".join(c if c.isprintable() else " " for c in text).replace('"', "'") + '"'


def _no_words(track: SheetTrack, what: str) -> SheetError:
    return SheetError(
        f"track {track.number} has {what}, which a cue sheet cannot say; write a TOC file", line=track.line
    )
