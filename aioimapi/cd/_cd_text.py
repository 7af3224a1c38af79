"""CD-Text: titles and names of a disc and its tracks, in up to eight languages (MMC-3 annex J, IEC 61866).

A block of packs is a language. In it each kind of text is one stream: the disc's text, then each track's, each ended by
a zero, cut into pieces of 12 bytes.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Self

import attrs

from aioimapi.cd._text_packs import PAYLOAD_SIZE, TextKind, TextPack, split_packs
from aioimapi.errors import LocalProtocolError

MAX_BLOCKS: Final = 8
MAX_PACKS: Final = 256
"""Packs of a block: their number has one byte."""

TEXT_KINDS: Final = frozenset(range(TextKind.TITLE, TextKind.DISC_ID))
"""Kinds in the block's own character set, of the disc and of each track."""

_DISC_ONLY: Final = frozenset((TextKind.DISC_ID, TextKind.GENRE, TextKind.CLOSED))
_BINARY: Final = frozenset((TextKind.TOC, TextKind.TOC_2, 0x8A, 0x8B, 0x8C))
_SAME: Final = "\t"
"""Stands for the text of the track before."""


class Charset(enum.IntEnum):
    """How a block's texts are coded."""

    ISO_8859_1 = 0x00
    ASCII = 0x01
    MS_JIS = 0x80
    """Two bytes for every character."""


LANGUAGES: Final[Mapping[int, str]] = {
    0x00: "", 0x01: "Albanian", 0x02: "Breton", 0x03: "Catalan", 0x04: "Croatian", 0x05: "Welsh", 0x06: "Czech",
    0x07: "Danish", 0x08: "German", 0x09: "English", 0x0A: "Spanish", 0x0B: "Esperanto", 0x0C: "Estonian",
    0x0D: "Basque", 0x0E: "Faroese", 0x0F: "French", 0x10: "Frisian", 0x11: "Irish", 0x12: "Gaelic",
    0x13: "Galician", 0x14: "Icelandic", 0x15: "Italian", 0x16: "Lappish", 0x17: "Latin", 0x18: "Latvian",
    0x19: "Luxembourgish", 0x1A: "Lithuanian", 0x1B: "Hungarian", 0x1C: "Maltese", 0x1D: "Dutch",
    0x1E: "Norwegian", 0x1F: "Occitan", 0x20: "Polish", 0x21: "Portuguese", 0x22: "Romanian", 0x23: "Romansh",
    0x24: "Serbian", 0x25: "Slovak", 0x26: "Slovenian", 0x27: "Finnish", 0x28: "Swedish", 0x29: "Turkish",
    0x2A: "Flemish", 0x2B: "Walloon", 0x49: "Ukrainian", 0x56: "Russian", 0x65: "Korean", 0x69: "Japanese",
    0x70: "Greek", 0x75: "Chinese", 0x77: "Bulgarian", 0x7E: "Arabic",
}  # fmt: skip
"""Names of the commoner language codes (EBU Tech 3264 appendix 3)."""


@attrs.frozen
class TextBlock:
    """The texts of a disc in one language.

    Args:
        texts: By kind and track (0: the disc). Kinds 80h to 85h and 8Eh may have tracks; 86h, 87h and 8Dh are of the
            disc only.
        tracks: Number of the last track.
        first_track: Number of the first track.
        language: Code, see :data:`LANGUAGES`; 9 is English.
        charset: How kinds 80h to 85h are coded on the disc.
        genre: Number of the genre; 0 where there is none.
        copyright: Byte 3 of the size information: 3 says copyrighted.
        binary: Payloads of 12 bytes of other kinds, with their element numbers: (kind, element, payload).
    """

    texts: Mapping[tuple[int, int], str]
    tracks: int
    first_track: int = 1
    language: int = 9
    charset: Charset = Charset.ISO_8859_1
    genre: int = 0
    copyright: int = 0
    binary: tuple[tuple[int, int, bytes], ...] = ()

    def get(self, kind: int, track: int = 0) -> str | None:
        """Return a text, or None where the block has none."""
        return self.texts.get((kind, track))


@attrs.frozen
class CdText:
    """All texts of a disc.

    Args:
        blocks: By block number, usually only 0.
        damaged: Packs that were left out on reading, because their check was wrong or a pack before was missing.
    """

    blocks: Mapping[int, TextBlock]
    damaged: int = 0

    @classmethod
    def parse(cls, data: bytes | bytearray | memoryview) -> Self:
        """Read an array of packs, as READ TOC format 5 gives behind its header and as ``.cdt`` files hold.

        What can be read is read: a text whose packs are missing is missing, the others stay.
        """
        packs, bad = split_packs(data)
        return cls.of_packs(packs, bad)

    @classmethod
    def of_packs(cls, packs: Iterable[TextPack], damaged: int = 0) -> Self:
        """Read packs that are in their order."""
        by_block: dict[int, list[TextPack]] = {}
        for pack in packs:
            by_block.setdefault(pack.block, []).append(pack)
        sizes = {number: _sizes(found) for number, found in by_block.items()}
        blocks = {}
        for number, found in sorted(by_block.items()):
            reader = _BlockReader(found, sizes[number] or next((s for s in sizes.values() if s), b""))
            blocks[number] = reader.read(number)
            damaged += reader.broken
        return cls(blocks, damaged)

    def to_bytes(self, *, repeat: bool = False) -> bytes:
        """Return the array of packs, without READ TOC's header.

        Args:
            repeat: Write a tabulator for a text that is the one of the track before. Not all players know it; it is
                used anyway where a block would not fit.

        Raises:
            LocalProtocolError: A text cannot be coded, a block has more than 256 packs, or there are more than eight
                blocks.
        """
        if not all(0 <= number < MAX_BLOCKS for number in self.blocks):
            raise LocalProtocolError("CD-Text has blocks 0 to 7")
        streams = {
            number: _packed(block, number, repeat=repeat) for number, block in sorted(self.blocks.items())
        }
        last = bytearray(MAX_BLOCKS)
        languages = bytearray(MAX_BLOCKS)
        for number, packs in streams.items():
            last[number] = len(packs) + 2
            languages[number] = self.blocks[number].language
        found = []
        for number, packs in streams.items():
            block = self.blocks[number]
            counts = bytearray(16)
            for pack in packs:
                counts[pack.kind - TextKind.TITLE] += 1
            counts[15] = 3
            sizes = bytes((block.charset, block.first_track, block.tracks, block.copyright))
            sizes += bytes(counts + last + languages)
            for part in range(3):
                payload = sizes[PAYLOAD_SIZE * part : PAYLOAD_SIZE * (part + 1)]
                packs.append(TextPack(TextKind.SIZE, part, len(packs), number, 0, payload))
            found += packs
        return b"".join([pack.to_bytes() for pack in found])


def _sizes(packs: Iterable[TextPack]) -> bytes:
    """Return the 36 bytes of size information, or none where a part of it is missing."""
    parts = {pack.track: pack.payload for pack in packs if pack.kind == TextKind.SIZE}
    return b"".join(parts[part] for part in range(3)) if parts.keys() >= {0, 1, 2} else b""


def _charset(code: int) -> Charset:
    """Return the character set of that code; what is not defined counts as the commonest."""
    return Charset(code) if code in frozenset(Charset) else Charset.ISO_8859_1


def _is_japanese(kind: int, charset: int) -> bool:
    return kind in TEXT_KINDS and charset == Charset.MS_JIS


class _BlockReader:
    """Reads the packs of one language."""

    def __init__(self, packs: list[TextPack], sizes: bytes) -> None:
        self._packs = packs
        self._sizes = sizes
        self._charset = sizes[0] if sizes else 0
        self._texts: dict[tuple[int, int], str] = {}
        self._genre = 0
        self.broken = 0

    def read(self, number: int) -> TextBlock:
        """Return the block."""
        kinds: dict[int, list[TextPack]] = {}
        for pack in self._packs:
            kinds.setdefault(pack.kind, []).append(pack)
        binary = []
        for kind, packs in kinds.items():
            if kind in _BINARY:
                binary += [(kind, pack.track, pack.payload) for pack in packs]
            elif kind != TextKind.SIZE:
                self._read_kind(kind, packs)
        tracks = [track for _, track in self._texts]
        sizes = self._sizes
        known = sizes or bytes(36)
        return TextBlock(
            self._texts,
            known[2] if sizes else max(tracks, default=0),
            known[1] if sizes else 1,
            known[28 + number],
            _charset(self._charset),
            self._genre,
            known[3],
            tuple(binary),
        )

    def _read_kind(self, kind: int, packs: list[TextPack]) -> None:
        rest = b""
        track = 0
        before: TextPack | None = None
        for pack in packs:
            payload = pack.payload
            if kind == TextKind.GENRE:
                payload = self._genre_text(payload, first=before is None)
            broken = before is None or pack.sequence != (before.sequence + 1) % MAX_PACKS
            if broken:
                self.broken += bool(rest)
                rest = b""
            # The pack itself says whose text it begins with; what it continues without a beginning is left out.
            continues = broken and pack.position > 0
            if not rest:
                track = pack.track
            rest, track = self._read_payload(kind, pack, rest + payload, track, skip=continues)
            before = pack

    def _genre_text(self, payload: bytes, *, first: bool) -> bytes:
        number = int.from_bytes(payload[:2], "big")
        if first:
            self._genre = number
        # Some writers repeat the number in each pack.
        return payload[2:] if first or number == self._genre else payload

    def _read_payload(
        self, kind: int, pack: TextPack, data: bytes, track: int, *, skip: bool
    ) -> tuple[bytes, int]:
        """Take the texts that end in ``data``; return what is left, and its track."""
        step = 2 if pack.double_byte else 1
        at = begin = 0
        while at + step <= len(data):
            if any(data[at : at + step]):
                at += step
                continue
            if not skip:
                # The pack's own bit says how wide its letters are, whatever the size information says.
                self._keep(kind, track, data[begin:at].decode("cp932" if step == 2 else "latin-1", "replace"))
            skip = False
            track += 1
            at += step
            begin = at
        # A text that is to be left out goes on: what is left of it is left out with it.
        return (b"" if skip else data[begin:]), track

    def _keep(self, kind: int, track: int, text: str) -> None:
        if text in (_SAME, _SAME * 2):
            text = self._texts.get((kind, track - 1), "")
        if text and track <= 99 and (track == 0 or kind not in _DISC_ONLY):
            self._texts.setdefault((kind, track), text)


def _encode(text: str, kind: int, charset: Charset) -> bytes:
    """Return the bytes of a text with the zero that ends it."""
    if "\0" in text:
        raise LocalProtocolError(f"CD-Text: {text!r} holds a zero, which ends a text")
    try:
        if _is_japanese(kind, charset):
            return b"".join([_wide(letter) for letter in text]) + b"\0\0"
        latin = (
            charset is not Charset.ASCII if kind in TEXT_KINDS else kind in (TextKind.CLOSED, TextKind.CODES)
        )
        return text.encode("latin-1" if latin else "ascii") + b"\0"
    except UnicodeEncodeError:
        raise LocalProtocolError(
            f"CD-Text: {text!r} (kind {kind:02X}h) has letters that its character set has not"
        ) from None


def _wide(letter: str) -> bytes:
    """Return a character in two bytes; those of one byte have wide forms."""
    raw = letter.encode("cp932")
    if len(raw) == 1:
        code = ord(letter)
        wide = chr(code + 0xFEE0) if 0x21 <= code <= 0x7E else "\u3000" if letter == " " else letter
        raw = (
            unicodedata.normalize("NFKC", letter).encode("cp932") if wide == letter else wide.encode("cp932")
        )
    if len(raw) != 2:
        raise LocalProtocolError(f"CD-Text: {letter!r} has no form of two bytes in MS-JIS")
    return raw


def _packed(block: TextBlock, number: int, *, repeat: bool) -> list[TextPack]:
    """Return the packs of a block without its size information."""
    packs = _build(block, number, repeat=repeat)
    if len(packs) + 3 > MAX_PACKS:
        packs = _build(block, number, repeat=True)
    if len(packs) + 3 > MAX_PACKS:
        raise LocalProtocolError(
            f"CD-Text: block {number} needs {len(packs) + 3} packs, a block has at most {MAX_PACKS}; shorten its texts"
        )
    return packs


def _build(block: TextBlock, number: int, *, repeat: bool) -> list[TextPack]:
    packs: list[TextPack] = []
    kinds = {kind for kind, _ in block.texts} | {kind for kind, _, _ in block.binary}
    if block.genre:
        kinds.add(TextKind.GENRE)
    for kind in sorted(kinds):
        if kind in _BINARY:
            for of_kind, element, payload in block.binary:
                if of_kind == kind:
                    packs.append(TextPack(kind, element, len(packs) % MAX_PACKS, number, 0, payload))
            continue
        double = _is_japanese(kind, block.charset)
        texts = _texts_of(block, kind, repeat=repeat)
        for track, position, payload in _pieces(
            texts, 2 if double else 1, 2 if kind == TextKind.GENRE else 0
        ):
            packs.append(TextPack(kind, track, len(packs) % MAX_PACKS, number, position, payload, double))
    return packs


def _texts_of(block: TextBlock, kind: int, *, repeat: bool) -> list[tuple[int, bytes]]:
    """Return the texts of a kind as they follow each other: those that are missing are empty."""
    prefix = block.genre.to_bytes(2, "big") if kind == TextKind.GENRE else b""
    found = [(0, prefix + _encode(block.texts.get((kind, 0), ""), kind, block.charset))]
    if kind in _DISC_ONLY:
        return found
    same = b"\t\t\0\0" if _is_japanese(kind, block.charset) else b"\t\0"
    before = None
    for track in range(block.first_track, block.tracks + 1):
        text = _encode(block.texts.get((kind, track), ""), kind, block.charset)
        found.append((track, same if repeat and text == before and len(text) > len(same) else text))
        before = text
    return found


def _pieces(texts: Iterable[tuple[int, bytes]], step: int, prefix: int) -> list[tuple[int, int, bytes]]:
    """Cut texts into payloads: track and position of the first character, and 12 bytes.

    ``prefix`` bytes in front of a text are no characters.
    """
    pieces: list[tuple[int, int, bytes]] = []
    piece = b""
    head = (0, 0)
    for track, text in texts:
        at = 0
        while at < len(text):
            if not piece:
                head = (track, min(15, max(0, at - prefix) // step))
            taken = text[at : at + PAYLOAD_SIZE - len(piece)]
            piece += taken
            at += len(taken)
            if len(piece) == PAYLOAD_SIZE:
                pieces.append((*head, piece))
                piece = b""
    if piece:
        pieces.append((*head, piece.ljust(PAYLOAD_SIZE, b"\0")))
    return pieces
