"""TOC files (``.toc``), the format of cdrdao: read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from aioimapi.cd._sheet import (
    MAX_FILES,
    MAX_INDEX,
    MAX_SECTORS,
    MAX_TRACKS,
    TEXT_ITEMS,
    DiscKind,
    Place,
    Sheet,
    SheetFile,
    SheetForm,
    SheetSubchannel,
    SheetTrack,
    Stretch,
    Texts,
    catalog_number,
    decode_sheet,
    file_name,
    frames,
    msf,
    recording_code,
    shown,
)
from aioimapi.errors import SheetError

_SAMPLE: Final = 4
_SAMPLES: Final = 588
_MAX_BYTES: Final = MAX_SECTORS * 2_448
_MAX_BINARY: Final = 256 * 12
_OF_DISC: Final = frozenset({"DISC_ID", "GENRE", "TOC_INFO1", "TOC_INFO2", "SIZE_INFO"})
_ENCODINGS: Final = frozenset({"ENCODING_ISO_8859_1", "ENCODING_ASCII", "ENCODING_MS_JIS", "ENCODING_KOREAN"})
_FORMS: Final = {form.value: form for form in SheetForm}
_FLAGS: Final = {"COPY": "copy_permitted", "PRE_EMPHASIS": "pre_emphasis"}
_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r\f\ufeff]+)|(?P<comment>//[^\n]*)|(?P<end>\n)
      |"(?P<string>(?:[^"\\\n]|\\[^\n])*)"
      |(?P<msf>[0-9]+:[0-9]+:[0-9]+)|(?P<number>[0-9]+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)|(?P<sign>[{}:,\#])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\([0-7]{3}|.)")


def parse_toc_file(data: bytes, path: str = "") -> Sheet:
    """Return what a TOC file says.

    Args:
        data: The file's bytes.
        path: Its name, for messages.

    Raises:
        SheetError: It breaks the format; the message has the line.
    """
    try:
        return _Parser(_tokens(decode_sheet(data))).sheet()
    except SheetError as error:
        raise error.at(path) from None


@attrs.frozen
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "a string has no end" if text[at] == '"' else f"{shown(text[at])} has no meaning here"
            raise SheetError(what, line=line)
        kind = match.lastgroup or ""
        if kind == "end":
            line += 1
        elif kind not in ("blank", "comment"):
            found.append(_Token(kind, match[kind], line))
        at = match.end()
    found.append(_Token("over", "", line))
    return found


@attrs.define
class _Track:
    """A track that is being read."""

    number: int
    form: SheetForm
    subchannel: SheetSubchannel
    line: int
    stretches: list[Stretch] = attrs.field(factory=list)
    start: Place | None = None
    indexes: list[int] = attrs.field(factory=list)
    flags: dict[str, bool] = attrs.field(factory=dict)
    isrc: str = ""
    texts: dict[int, Texts] = attrs.field(factory=dict)

    @property
    def block_size(self) -> int:
        return self.form.block_size + self.subchannel.size

    def closed(self) -> SheetTrack:
        """Return it as a value."""
        start = self.start or Place()
        return SheetTrack(
            self.number,
            self.form,
            tuple(self.stretches),
            start,
            tuple(Place(start.stretch, start.sectors + after) for after in self.indexes),
            subchannel=self.subchannel,
            isrc=self.isrc,
            texts=self.texts,
            line=self.line,
            **self.flags,
        )


class _Parser:
    """Takes a file token by token."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._files: dict[SheetFile, SheetFile] = {}

    # --- tokens -------------------------------------------------------------------------------------

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _try(self, *texts: str) -> _Token | None:
        """Take the next token if it is one of these words or signs."""
        if self._next.kind in ("word", "sign") and self._next.text in texts:
            return self._take()
        return None

    def _sign(self, text: str) -> None:
        token = self._take()
        if token.kind != "sign" or token.text != text:
            raise self._wrong(token, f"{text!r} is missing")

    def _string(self) -> str:
        token = self._take()
        if token.kind != "string":
            raise self._wrong(token, "a string in quotation marks is missing")
        return _ESCAPE.sub(lambda m: chr(int(m[1], 8) & 0xFF) if len(m[1]) == 3 else m[1], token.text)

    def _number(self, largest: int = _MAX_BYTES) -> int:
        token = self._take()
        if token.kind != "number":
            raise self._wrong(token, "a number is missing")
        if len(token.text) > 12 or int(token.text) > largest:
            raise SheetError(f"{shown(token.text)} is more than {largest:,}", line=token.line)
        return int(token.text)

    def _time(self) -> int:
        token = self._take()
        if token.kind != "msf":
            raise self._wrong(token, "a time mm:ss:ff is missing")
        return frames(token.text, token.line)

    def _length(self, per_sector: int, unit: int) -> int:
        """Return a length in bytes: a time, or a number of ``unit`` bytes."""
        if self._next.kind == "msf":
            return self._time() * per_sector
        return self._number(_MAX_BYTES // unit) * unit

    @staticmethod
    def _wrong(token: _Token, what: str) -> SheetError:
        there = "the file ends" if token.kind == "over" else f"{shown(token.text)} stands there"
        return SheetError(f"{what}; {there}", line=token.line)

    # --- the file -----------------------------------------------------------------------------------

    def sheet(self) -> Sheet:
        """Return all of it."""
        kind, catalog = None, ""
        languages: dict[int, int] = {}
        texts: dict[int, Texts] = {}
        while token := self._try("CATALOG", *(kind.value for kind in DiscKind), "CD_TEXT"):
            if token.text == "CATALOG":
                catalog = catalog_number(self._string(), token.line)
            elif token.text == "CD_TEXT":
                languages, texts = self._texts(of_disc=True)
            else:
                kind = DiscKind(token.text)
        tracks: list[SheetTrack] = []
        while token := self._try("TRACK"):
            if len(tracks) == MAX_TRACKS:
                raise SheetError(f"there are more than {MAX_TRACKS} tracks", line=token.line)
            tracks.append(self._track(len(tracks) + 1, token.line))
        if self._next.kind != "over" or not tracks:
            raise self._wrong(self._next, "a TRACK is missing")
        return Sheet(tuple(tracks), kind, catalog, languages, texts)

    def _track(self, number: int, line: int) -> SheetTrack:
        token = self._take()
        if token.text not in _FORMS or token.kind != "word":
            raise self._wrong(token, f"a track's mode is missing ({', '.join(_FORMS)})")
        track = _Track(number, _FORMS[token.text], self._subchannel(), line)
        self._head(track)
        self._body(track)
        if not track.stretches:
            raise SheetError(f"track {number} has no data", line=line)
        while token_ := self._try("INDEX"):
            at = self._time()
            if not at or (track.indexes and at <= track.indexes[-1]):
                raise SheetError("an index lies at or before the one before it", line=token_.line)
            track.indexes.append(at)
            if len(track.indexes) >= MAX_INDEX:
                raise SheetError(
                    f"track {number} has more than {MAX_INDEX - 1} INDEX lines", line=token_.line
                )
        return track.closed()

    def _subchannel(self) -> SheetSubchannel:
        token = self._try("RW", "RW_RAW")
        return SheetSubchannel(token.text) if token else SheetSubchannel.NONE

    def _head(self, track: _Track) -> None:
        """Take what stands between TRACK and the data."""
        while token := self._try(
            "ISRC", "NO", *_FLAGS, "TWO_CHANNEL_AUDIO", "FOUR_CHANNEL_AUDIO", "CD_TEXT", "PREGAP"
        ):
            if token.text == "ISRC":
                track.isrc = recording_code(self._string(), token.line)
            elif token.text == "NO":
                flag = self._take()
                if flag.text not in _FLAGS:
                    raise self._wrong(flag, "NO needs COPY or PRE_EMPHASIS")
                track.flags[_FLAGS[flag.text]] = False
            elif token.text in _FLAGS:
                track.flags[_FLAGS[token.text]] = True
            elif token.text == "CD_TEXT":
                track.texts = self._texts(of_disc=False)[1]
            elif token.text == "PREGAP":
                self._pregap(track, token.line)
            else:
                track.flags["four_channel"] = token.text == "FOUR_CHANNEL_AUDIO"

    def _pregap(self, track: _Track, line: int) -> None:
        length = self._time()
        if not length or track.start is not None:
            raise SheetError("PREGAP needs a length, and stands once", line=line)
        track.stretches.append(Stretch(None, 0, length * track.block_size, line))
        track.start = Place(1)

    def _body(self, track: _Track) -> None:
        """Take the statements that say what is in the track."""
        while token := self._try("FILE", "AUDIOFILE", "DATAFILE", "FIFO", "SILENCE", "ZERO", "START", "END"):
            if token.text == "START":
                if track.start is not None:
                    raise SheetError("the track's start is there already", line=token.line)
                given = self._next.kind == "msf"
                track.start = Place(0, self._time()) if given else Place(len(track.stretches))
            elif token.text == "END":
                raise SheetError("END is not supported: give the post-gap a ZERO or SILENCE", line=token.line)
            elif token.text == "FIFO":
                raise SheetError("a FIFO cannot be read twice; make it a file first", line=token.line)
            elif token.text in ("SILENCE", "ZERO"):
                track.stretches.append(self._zeros(track, token))
            elif token.text == "DATAFILE":
                track.stretches.append(self._data_file(track, token.line))
            else:
                track.stretches.append(self._audio_file(track, token))

    def _zeros(self, track: _Track, token: _Token) -> Stretch:
        block, unit = track.block_size, 1
        if token.text == "ZERO":
            if self._next.text in _FORMS and self._next.kind == "word":
                mode = _FORMS[self._take().text]
                block = mode.block_size + self._subchannel().size
        else:
            _only_plain_audio(track, token)
            unit = _SAMPLE
        size = self._length(block, unit)
        if not size:
            raise SheetError(f"{token.text} has no length", line=token.line)
        if block != track.block_size:
            size = -(-size // block) * track.block_size
        return Stretch(None, 0, size, token.line)

    def _audio_file(self, track: _Track, token: _Token) -> Stretch:
        _only_plain_audio(track, token)
        name = file_name(self._string(), token.line)
        swapped = self._try("SWAP") is not None
        offset = self._offset()
        per_sector = _SAMPLES * _SAMPLE
        offset += self._length(per_sector, _SAMPLE)
        size = self._length(per_sector, _SAMPLE) if self._next.kind in ("msf", "number") else 0
        wave = name.lower().endswith(".wav")
        return Stretch(self._file(name, token.line, wave, wave is swapped), offset, size or None, token.line)

    def _data_file(self, track: _Track, line: int) -> Stretch:
        name = file_name(self._string(), line)
        offset = self._offset()
        size = self._length(track.block_size, 1) if self._next.kind in ("msf", "number") else 0
        return Stretch(self._file(name, line, False, track.form.audio), offset, size or None, line)

    def _offset(self) -> int:
        return self._number() if self._try("#") else 0

    def _file(self, name: str, line: int, wave: bool, big_endian: bool) -> SheetFile:
        file = SheetFile(name, wave, big_endian, line)
        if len(self._files) >= MAX_FILES and file not in self._files:
            raise SheetError(f"it names more than {MAX_FILES:,} files", line=line)
        return self._files.setdefault(file, file)

    # --- CD-Text ------------------------------------------------------------------------------------

    def _texts(self, *, of_disc: bool) -> tuple[dict[int, int], dict[int, Texts]]:
        languages: dict[int, int] = {}
        texts: dict[int, Texts] = {}
        self._sign("{")
        if of_disc and self._try("LANGUAGE_MAP"):
            self._sign("{")
            while not self._try("}"):
                number = self._number(7)
                self._sign(":")
                languages[number] = 9 if self._try("EN") else self._number(255)
        while self._try("LANGUAGE"):
            number = self._number(7)
            self._sign("{")
            texts[number] = {**texts.get(number, {}), **self._language(of_disc=of_disc)}
        self._sign("}")
        return languages, texts

    def _language(self, *, of_disc: bool) -> dict[str, str | bytes]:
        items: dict[str, str | bytes] = {}
        while not self._try("}"):
            token = self._take()
            if token.text in _ENCODINGS:
                continue
            if token.text not in TEXT_ITEMS or token.kind != "word":
                raise self._wrong(token, f"an item of CD-Text is missing ({', '.join(TEXT_ITEMS)})")
            if not of_disc and token.text in _OF_DISC:
                raise SheetError(f"{token.text} belongs to the disc, not to a track", line=token.line)
            items[token.text] = self._binary() if self._try("{") else self._string()
        return items

    def _binary(self) -> bytes:
        values = bytearray()
        while not self._try("}"):
            if values:
                self._sign(",")
            values.append(self._number(255))
            if len(values) > _MAX_BINARY:
                raise SheetError(f"more than {_MAX_BINARY:,} bytes of CD-Text", line=self._next.line)
        return bytes(values)


def _only_plain_audio(track: _Track, token: _Token) -> None:
    if not track.form.audio or track.subchannel is not SheetSubchannel.NONE:
        raise SheetError(
            f"{token.text} is for audio tracks without subchannel data; take DATAFILE or ZERO",
            line=token.line,
        )


# --- writing ------------------------------------------------------------------------------------------


def format_toc_file(sheet: Sheet) -> str:
    """Return a TOC file's text.

    Raises:
        SheetError: The format has no words for it: several sessions, or an index that lies before the start.
    """
    lines = [sheet.disc_kind.value, ""]
    if sheet.catalog:
        lines += [f"CATALOG {_quoted(sheet.catalog)}", ""]
    if sheet.texts or sheet.languages:
        lines.append("CD_TEXT {")
        lines.append("  LANGUAGE_MAP {")
        lines += [f"    {number} : {code}" for number, code in sorted((sheet.languages or {0: 9}).items())]
        lines.append("  }")
        lines += [*_text_lines(sheet.texts), "}", ""]
    for track in sheet.tracks:
        lines += [*_track_lines(track), ""]
    return "\n".join(lines)


def _track_lines(track: SheetTrack) -> list[str]:
    if track.session != 1:
        raise SheetError("a TOC file has one session; write each session into one of its own, or a cue sheet")
    lines = [f"// Track {track.number}", f"TRACK {track.form.value} {track.subchannel.value}".rstrip()]
    lines.append("COPY" if track.copy_permitted else "NO COPY")
    if track.form.audio:
        lines.append("PRE_EMPHASIS" if track.pre_emphasis else "NO PRE_EMPHASIS")
        lines.append("FOUR_CHANNEL_AUDIO" if track.four_channel else "TWO_CHANNEL_AUDIO")
    if track.isrc:
        lines.append(f"ISRC {_quoted(track.isrc)}")
    if track.texts:
        lines += ["CD_TEXT {", *_text_lines(track.texts), "}"]
    for at, stretch in enumerate(track.stretches):
        if track.start == Place(at) and at:
            lines.append("START")
        lines.append(_stretch_line(track, stretch))
    if track.start.sectors:
        if track.start.stretch:
            raise SheetError(f"the start of track {track.number} lies within a later file")
        lines.append(f"START {msf(track.start.sectors)}")
    for place in track.indexes:
        if place.stretch != track.start.stretch or place.sectors <= track.start.sectors:
            raise SheetError(f"an index of track {track.number} lies in another file than its start")
        lines.append(f"INDEX {msf(place.sectors - track.start.sectors)}")
    return lines


def _stretch_line(track: SheetTrack, stretch: Stretch) -> str:
    size = stretch.size
    plain_audio = track.form.audio and track.subchannel is SheetSubchannel.NONE
    if stretch.file is None:
        return f"{'SILENCE' if plain_audio else 'ZERO'} {_length(track, size or 0)}"
    if plain_audio:
        swap = " SWAP" if stretch.file.wave is stretch.file.big_endian else ""
        begin = _length(track, stretch.offset) if stretch.offset % _SAMPLE == 0 else f"#{stretch.offset} 0"
        return f"FILE {_quoted(stretch.file.name)}{swap} {begin}" + (
            "" if size is None else f" {_length(track, size)}"
        )
    offset = f" #{stretch.offset}" if stretch.offset else ""
    return f"DATAFILE {_quoted(stretch.file.name)}{offset}" + (
        "" if size is None else f" {_length(track, size)}"
    )


def _length(track: SheetTrack, size: int) -> str:
    """Return bytes as a time where they are whole sectors, else in the unit of the track's kind."""
    sectors, rest = divmod(size, track.block_size)
    if not rest:
        return msf(sectors)
    return str(size // _SAMPLE if track.form.audio else size)


def _text_lines(texts: Mapping[int, Texts]) -> list[str]:
    lines: list[str] = []
    for number, items in sorted(texts.items()):
        lines.append(f"  LANGUAGE {number} {{")
        for item, value in items.items():
            if isinstance(value, bytes):
                lines.append(f"    {item} {{ {', '.join(map(str, value))} }}")
            else:
                lines.append(f"    {item} {_quoted(value)}")
        lines.append("  }")
    return lines


def _quoted(text: str) -> str:
    """Return a string in quotation marks; what is no ASCII becomes an octal number, as cdrdao writes it."""
    signs = []
    for sign in text:
        if sign in '"\\':
            signs.append("\\" + sign if sign == '"' else "\\134")
        elif sign.isascii() and sign.isprintable():
            signs.append(sign)
        elif ord(sign) < 256:
            signs.append(f"\\{ord(sign):03o}")
        else:
            signs.append(sign)
    return f'"{"".join(signs)}"'
