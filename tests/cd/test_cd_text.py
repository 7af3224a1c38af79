"""CD-Text against packs that others published, and against broken ones."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import cd
from aioimapi.cd import TextKind
from aioimapi.errors import LocalProtocolError

# Packs of Sony's example disc and of another one, from libburn's description of the format.
PUBLISHED = bytes.fromhex(
    "88 00 23 00 01 0e 00 3f 02 12 00 00 00 00 00 00 12 00 88 01 24 00 00 02 00 04 0b 19 08 02 32 0b 2f 3e 67 2d"
    "88 0d 27 00 35 18 19 39 03 19 00 00 00 00 00 00 ea af 89 01 28 00 01 04 00 00 00 00 02 29 30 02 34 3a f3 0c"
    "89 06 29 00 02 04 00 00 00 00 17 0e 19 17 1d 3c 73 92 89 07 2a 00 03 04 00 00 00 00 1c 1e 27 1c 2a 1e 72 20"
    "89 0d 2b 00 04 04 00 00 00 00 37 0d 1a 37 1f 32 0b 62"
)
SIZES = bytes.fromhex(
    "8f 00 2a 00 01 01 03 00 06 05 04 05 07 06 01 02 48 65 8f 01 2b 00 00 00 00 00 00 00 06 03 2c 00 00 00 c0 20"
    "8f 02 2c 00 00 00 00 00 09 00 00 00 00 00 00 00 11 45"
)

TEXTS: dict[tuple[int, int], str] = {
    (TextKind.TITLE, 0): "Joyful Nights",
    (TextKind.TITLE, 1): "Song of Joy",
    (TextKind.TITLE, 2): "Humpty Dumpty",
    (TextKind.TITLE, 3): "Mee Owwww",
    (TextKind.PERFORMER, 0): "United Cat Orchestra",
    (TextKind.PERFORMER, 1): "Félix and The Purrs",
    (TextKind.PERFORMER, 3): "Mia Kitten",
    (TextKind.DISC_ID, 0): "1234567890",
    (TextKind.GENRE, 0): "Feline classic music",
    (TextKind.CLOSED, 0): "for the company",
    (TextKind.CODES, 0): "1234567890123",
    (TextKind.CODES, 1): "XYBLG1101234",
}


def test_published_packs() -> None:
    packs, bad = cd.split_packs(PUBLISHED + bytes(18))
    assert bad == 0
    assert [(pack.kind, pack.track, pack.sequence) for pack in packs] == [
        (0x88, 0, 35), (0x88, 1, 36), (0x88, 13, 39), (0x89, 1, 40), (0x89, 6, 41), (0x89, 7, 42), (0x89, 13, 43),
    ]  # fmt: skip
    assert b"".join(pack.to_bytes() for pack in packs) == PUBLISHED
    block = cd.CdText.parse(SIZES).blocks[0]
    assert (block.charset, block.first_track, block.tracks, block.language, block.copyright) == (
        cd.Charset.ASCII,
        1,
        3,
        9,
        0,
    )
    assert cd.LANGUAGES[block.language] == "English"
    binary = cd.CdText.parse(PUBLISHED).blocks[0].binary
    assert [(kind, element) for kind, element, _ in binary] == [(pack.kind, pack.track) for pack in packs]


# What libburn 1.5.4 (burn_cdtext_from_session) makes of the example sheet in its description of CD-Text and of a second
# block: German, ASCII, titles only.
LIBBURN = base64.b64decode(
    "gAAAAEpveWZ1bCBOaWdodPD3gAABDHMAU29uZyBvZiBKb0McgAECCnkASHVtcHR5IER1bUP5gAIDCnB0eQBNZWUgT3d3dyRygAME"
    "CHcAAAAAAAAAAAAAAG6vgQAFAFVuaXRlZCBDYXQgTzAsgQAGDHJjaGVzdHJhAEZlbHb3gQEHA2l4IGFuZCBUaGUgUO4PgQEID3Vy"
    "cnMAQ2F0d2Fsa2oUgQIJByBCZWF1dGllcwBNaZcEgQMKAmEgS2l0dGVuAAAAALLDggALAFZhcmlvdXMgU29uZ3q4ggAMDHdyaXRl"
    "cnMARnJpZbkNggENBGRyaWNoIFNjaGlsbOEcggEOD2VyAE1vdGhlciBHb8YKggIPCW9zZQBNaWEgS2l0dGD/ggMQCGVuAAAAAAAA"
    "AAAAAJn7gwARAFZhcmlvdXMgQ29tcCXggwASDG9zZXJzAEx1ZHdpZ+KigwETBiB2YW4gQmVldGhvdqE4gwEUD2VuAHVua25vd24A"
    "TdXlgwMVAWlhIEtpdHRlbgAAABUqhAAWAFRvbSBDYXQAVG9tIHsjhAEXBENhdAAJAE1pYSBLab+ShAMYBnR0ZW4AAAAAAAAAAFcK"
    "hQAZAEZvciBhbGwgb3VyIB9YhQAaDGZhbnMARnJpdHogYZ4MhQEbB25kIExvdWllIG9uY6TQhQEcD2Ugd2VyZSBwdW5rcwGhhQEd"
    "DwBQbHVjayB0aGUgZ9BFhQIeC29vc2UAAAAAAAAAAFSdhgAfADEyMzQ1Njc4OTAAAB6YhwAgAAAFRmVsaW5lIGNsYSPAhwAhCnNz"
    "aWMgbXVzaWMAAL4zjQAiAFRoaXMgaXMgbm90ICrIjQAjDHRvIGJlIHNob3duINxPjQAkD2J5IENEIHBsYXllctPfjQAlD3MAAAAA"
    "AAAAAAAAAJWLjgAmADEyMzQ1Njc4OTAxMuSajgAnDDMAWFlCTEcxMTAxMraPjgEoCjM0AFhZQkxHMTEwMAvgjgIpCTAwNQBYWUJM"
    "RzExMEPsjgMqCDAwMDYAAAAAAAAAAOsPjwArAAABAwAFBgYFAwYBAmE3jwEsAAAAAAAABAUDLQsAADlFjwItAAAAAAAJCAAAAAAA"
    "APmJgAAAEFp3ZWl0ZSBTcHJhYxwugAABHGhlIG1pdCBlaW5lbTnQgAACHyBsYWVuZ2VyZW4gTjgtgAADH2FtZW4ARWlucwBFaWme"
    "gAIEEm4gTmFtZSBkZXIgcyU6gAIFHmVociB2aWVsIG1laCh7gAIGH3IgYWxzIGZ1ZW5mesaagAIHH2VobiBaZWljaGVuIOlUgAII"
    "H2hhdAB4AAAAAAAAAMQWjwAJEAEBAwAJAAAAAAAAADvQjwEKEAAAAAAAAAADLQsAADuejwILEAAAAAAJCAAAAAAAAHmV"
)
CATS = [
    ("Joyful Nights", "Song of Joy", "Humpty Dumpty", "Mee Owwww"),
    ("United Cat Orchestra", "Felix and The Purrs", "Catwalk Beauties", "Mia Kitten"),
    ("Various Songwriters", "Friedrich Schiller", "Mother Goose", "Mia Kitten"),
    ("Various Composers", "Ludwig van Beethoven", "unknown", "Mia Kitten"),
    ("Tom Cat", "Tom Cat", "Tom Cat", "Mia Kitten"),
    ("For all our fans", "Fritz and Louie once were punks", "Pluck the goose", ""),
]
ZWEI = (
    "Zweite Sprache mit einem laengeren Namen",
    "Eins",
    "Ein Name der sehr viel mehr als fuenfzehn Zeichen hat",
    "x",
)


def test_packs_as_another_program_makes_them() -> None:
    texts = {
        (0x80 + kind, track): text for kind, row in enumerate(CATS) for track, text in enumerate(row) if text
    }
    texts |= {
        (TextKind.DISC_ID, 0): "1234567890",
        (TextKind.GENRE, 0): "Feline classic music",
        (TextKind.CLOSED, 0): "This is not to be shown by CD players",
        (TextKind.CODES, 0): "1234567890123",
        (TextKind.CODES, 1): "XYBLG1101234",
        (TextKind.CODES, 2): "XYBLG1100005",
        (TextKind.CODES, 3): "XYBLG1100006",
    }
    german: dict[tuple[int, int], str] = {(TextKind.TITLE, track): text for track, text in enumerate(ZWEI)}
    meant = cd.CdText(
        {
            0: cd.TextBlock(texts, 3, genre=5),
            1: cd.TextBlock(german, 3, language=8, charset=cd.Charset.ASCII),
        }
    )
    assert cd.CdText.parse(LIBBURN) == meant
    assert meant.to_bytes(repeat=True) == LIBBURN
    assert cd.CdText.parse(meant.to_bytes()) == meant


def test_a_disc_both_ways() -> None:
    text = cd.CdText({0: cd.TextBlock(TEXTS, 3, genre=5, copyright=3, binary=((0x88, 0, bytes(range(12))),))})
    data = text.to_bytes()
    assert cd.CdText.parse(data) == text
    block = cd.CdText.parse(data).blocks[0]
    assert (block.get(TextKind.TITLE, 2), block.get(TextKind.PERFORMER, 2)) == ("Humpty Dumpty", None)
    # Numbers count on through all kinds; the sizes count the packs of each kind.
    packs, _ = cd.split_packs(data)
    assert [pack.sequence for pack in packs] == list(range(len(packs)))
    sizes = b"".join(pack.payload for pack in packs[-3:])
    assert sizes[20] == len(packs) - 1
    assert sum(sizes[4:20]) == len(packs)
    # A text that goes on into the next pack says how much lies behind.
    assert [(pack.track, pack.position) for pack in packs if pack.kind == TextKind.TITLE] == [
        (0, 0), (0, 12), (1, 10), (2, 10), (3, 8),
    ]  # fmt: skip


def test_languages_and_japanese() -> None:
    japanese: dict[tuple[int, int], str] = {
        (TextKind.TITLE, 0): "あいう",
        (TextKind.TITLE, 1): "漢字",
        (TextKind.DISC_ID, 0): "X",
    }
    text = cd.CdText(
        {
            0: cd.TextBlock(TEXTS, 3, language=8),
            1: cd.TextBlock(japanese, 3, language=0x69, charset=cd.Charset.MS_JIS),
        }
    )
    packs, _ = cd.split_packs(text.to_bytes())
    assert [pack.double_byte for pack in packs if pack.block == 1 and pack.kind == TextKind.TITLE] == [
        True
    ] * 2
    found = cd.CdText.parse(text.to_bytes())
    assert [block.language for block in found.blocks.values()] == [8, 0x69]
    assert found.blocks[1].texts == japanese
    # Letters of one byte become wide ones; what has none is told.
    wide = cd.TextBlock({(TextKind.TITLE, 0): "AB c"}, 0, charset=cd.Charset.MS_JIS)
    assert (
        cd.CdText.parse(cd.CdText({0: wide}).to_bytes()).blocks[0].get(TextKind.TITLE)
        == "\uff21\uff22\u3000\uff43"
    )


def test_repeated_texts() -> None:
    # 99 tracks with the same long name need the sign for "as before".
    names: dict[tuple[int, int], str] = {
        (TextKind.PERFORMER, track): "The Same Long Band Name" for track in range(1, 100)
    }
    titles: dict[tuple[int, int], str] = {
        (TextKind.TITLE, track): f"Song number {track}" for track in range(1, 100)
    }
    data = cd.CdText({0: cd.TextBlock(names | titles, 99)}).to_bytes()
    assert len(data) // 18 <= 256
    assert cd.CdText.parse(data).blocks[0].texts == names | titles


def test_what_cannot_be_said() -> None:
    for block, why in (
        (cd.TextBlock({(TextKind.TITLE, 0): "漢字"}, 1), "character set"),
        (cd.TextBlock({(TextKind.TITLE, 0): "ä"}, 1, charset=cd.Charset.ASCII), "character set"),
        (cd.TextBlock({(TextKind.TITLE, 0): "a\0b"}, 1), "zero"),
        (
            cd.TextBlock({(TextKind.TITLE, track): "x" * 150 + str(track) for track in range(99)}, 98),
            "at most 256",
        ),
    ):
        with pytest.raises(LocalProtocolError, match=why):
            cd.CdText({0: block}).to_bytes()
    with pytest.raises(LocalProtocolError, match="blocks 0 to 7"):
        cd.CdText({8: cd.TextBlock(TEXTS, 3)}).to_bytes()
    with pytest.raises(LocalProtocolError):
        cd.TextPack(0x80, 0, 0, 0, 0, b"short").to_bytes()
    with pytest.raises(LocalProtocolError):
        cd.TextPack(0x80, 0, 0, 9, 0, bytes(12)).to_bytes()


def test_missing_and_broken_packs_cost_only_their_texts() -> None:
    whole = cd.CdText({0: cd.TextBlock(TEXTS, 3)})
    data = bytearray(whole.to_bytes())
    data[18 * 1 + 5] ^= 1  # the second pack: the disc's title ends in it, the first track's begins
    found = cd.CdText.parse(data)
    lost = {(TextKind.TITLE, 0), (TextKind.TITLE, 1)}
    assert found.damaged >= 1
    assert found.blocks[0].texts == {place: text for place, text in TEXTS.items() if place not in lost}
    # Without the sizes all texts stay.
    assert cd.CdText.parse(whole.to_bytes()[: -3 * 18]).blocks[0].texts == TEXTS
    assert cd.CdText.parse(b"").blocks == {}


@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 20))
def test_no_packs_break_a_reader(noise: bytes, at: int, drop: int) -> None:
    good = cd.CdText({0: cd.TextBlock(TEXTS, 3, genre=5)}).to_bytes()
    mixed = good[:at] + noise + good[at + len(noise) :]
    for data in (noise, mixed, good[: 18 * drop] + good[18 * drop + 18 :]):
        found = cd.CdText.parse(data)
        with contextlib.suppress(LocalProtocolError):
            found.to_bytes()


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(range(0x80, 0x86)), st.integers(0, 5)),
        st.text(
            st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"),
            min_size=1,
            max_size=40,
        ),
        max_size=20,
    ),
    st.integers(0, 255),
)
def test_any_texts_survive_the_way_there_and_back(texts: dict[tuple[int, int], str], language: int) -> None:
    text = cd.CdText({0: cd.TextBlock(texts, 5, language=language)})
    assert cd.CdText.parse(text.to_bytes()) == text


def test_packs_in_a_lead_in() -> None:
    data = cd.CdText({0: cd.TextBlock(TEXTS, 3)}).to_bytes()
    count = len(data) // 18
    assert count % 4, "so that repetitions begin at every place of a sector"
    sectors = cd.lead_in_symbols(data, 20)
    assert all(len(sector) == 96 and max(sector) < 64 for sector in sectors)
    raw = [
        cd.with_pq(sector, cd.Q.toc(0, 0xA0, b"\1\0\0", at).to_bytes(), p=False)
        for at, sector in enumerate(sectors)
    ]
    # Read from the middle on, with a damaged sector: what was missed comes again.
    found = cd.packs_in([*raw[3:6], bytes(96), *raw[7:]])
    assert b"".join(pack.to_bytes() for pack in found) == data
    assert cd.bytes_of(cd.symbols_of(data)) == data
    assert cd.symbols_of(b"\xfc\x0f\xc1") == bytes((0x3F, 0x00, 0x3F, 0x01))
    for wrong in (b"", bytes(17)):
        with pytest.raises(LocalProtocolError):
            cd.lead_in_symbols(wrong, 1)
    with pytest.raises(LocalProtocolError):
        cd.symbols_of(b"1234")
    with pytest.raises(LocalProtocolError):
        cd.bytes_of(b"12345")
