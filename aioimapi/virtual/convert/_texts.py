"""CD-Text between sheets, which name its items, and discs, which have packs."""

from __future__ import annotations

from typing import Final

from aioimapi.cd import CdText, Charset, TextBlock, TextKind
from aioimapi.cd._sheet import TEXT_ITEMS, Sheet, SheetTrack, Texts
from aioimapi.errors import LocalProtocolError, SheetError

_DISC_NAMES: Final = {
    0x80: "TITLE",
    0x81: "PERFORMER",
    0x82: "SONGWRITER",
    0x83: "COMPOSER",
    0x84: "ARRANGER",
    0x85: "MESSAGE",
    0x86: "DISC_ID",
    0x87: "GENRE",
    0x8E: "UPC_EAN",
}
_INLINE: Final = frozenset({0x80, 0x81, 0x82, 0x83, 0x84, 0x85})
_GENRE: Final = 0x87
_BINARY: Final = {0x88: "TOC_INFO1", 0x89: "TOC_INFO2"}
_PAYLOAD: Final = 12


def text_packs(sheet: Sheet, tracks: list[SheetTrack]) -> bytes:
    """Return the CD-Text of a sheet as packs; empty where it has none.

    Args:
        sheet: The sheet.
        tracks: The tracks of the session whose lead-in it goes into.

    Raises:
        SheetError: A text has letters that CD-Text has not, or there are too many.
    """
    numbers = sorted({*sheet.texts, *(number for track in tracks for number in track.texts)})
    blocks = {}
    for number in numbers:
        block = _block(sheet, tracks, number)
        if block.texts or block.binary:
            blocks[number] = block
    try:
        return CdText(blocks).to_bytes() if blocks else b""
    except LocalProtocolError as error:
        raise SheetError(str(error)) from None


def _block(sheet: Sheet, tracks: list[SheetTrack], number: int) -> TextBlock:
    texts: dict[tuple[int, int], str] = {}
    binary: list[tuple[int, int, bytes]] = []
    genre = 0
    for where, items in [
        (0, sheet.texts.get(number, {})),
        *((place, track.texts.get(number, {})) for place, track in enumerate(tracks, 1)),
    ]:
        for item, value in items.items():
            kind = TEXT_ITEMS[item]
            if kind == _GENRE and isinstance(value, bytes):
                genre = int.from_bytes(value[:2], "big")
                value = value[2:].rstrip(b"\0").decode("latin-1")
            if isinstance(value, bytes):
                if kind in _BINARY and where == 0:
                    binary += [(kind, n, p) for n, p in enumerate(_payloads(value))]
                    continue
                value = value.rstrip(b"\0").decode("latin-1")
            if value and kind != TextKind.SIZE and kind not in _BINARY:
                texts[kind, where] = value
    wide = any(not _latin(text) for (kind, _), text in texts.items() if kind in _INLINE)
    return TextBlock(
        texts,
        len(tracks),
        language=sheet.languages.get(number, 9),
        charset=Charset.MS_JIS if wide else Charset.ISO_8859_1,
        genre=genre,
        binary=tuple(binary),
    )


def _payloads(value: bytes) -> list[bytes]:
    return [value[at : at + _PAYLOAD].ljust(_PAYLOAD, b"\0") for at in range(0, len(value), _PAYLOAD)]


def _latin(text: str) -> bool:
    return all(ord(sign) < 256 for sign in text)


def sheet_texts(
    packs: bytes,
) -> tuple[dict[int, int], dict[int, dict[str, str | bytes]], dict[int, dict[int, Texts]]]:
    """Return what packs say: languages, the disc's texts by language, and the tracks' by track and language."""
    languages: dict[int, int] = {}
    disc: dict[int, dict[str, str | bytes]] = {}
    tracks: dict[int, dict[int, dict[str, str | bytes]]] = {}
    for number, block in CdText.parse(packs).blocks.items():
        languages[number] = block.language
        own = disc.setdefault(number, {})
        for (kind, track), text in sorted(block.texts.items()):
            if kind == _GENRE and block.genre:
                own["GENRE"] = block.genre.to_bytes(2, "big") + text.encode("latin-1", "replace") + b"\0"
            elif track == 0 and kind in _DISC_NAMES:
                own[_DISC_NAMES[kind]] = text
            elif track and kind in _DISC_NAMES:
                name = "ISRC" if kind == TextKind.CODES else _DISC_NAMES[kind]
                tracks.setdefault(track, {}).setdefault(number, {})[name] = text
        if block.genre and "GENRE" not in own:
            own["GENRE"] = block.genre.to_bytes(2, "big")
        for kind, name in _BINARY.items():
            payload = b"".join(data for of_kind, _, data in block.binary if of_kind == kind)
            if payload:
                own[name] = payload
    return languages, disc, {track: dict(items) for track, items in tracks.items()}


def fits_inline(languages: dict[int, int], disc: dict[int, dict[str, str | bytes]]) -> bool:
    """Say whether a cue sheet's own commands can carry all of it: one language, and texts only."""
    if set(languages) - {0}:
        return False
    items = disc.get(0, {})
    return not any(isinstance(value, bytes) for value in items.values()) and languages.get(0, 9) == 9
