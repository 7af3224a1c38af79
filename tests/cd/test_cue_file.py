"""Cue sheets: what programs in the wild write, what is said of wrong ones, and the way back to text."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi.cd._cue_file import format_cue_file, parse_cue_file
from aioimapi.cd._sheet import DiscKind, LaidTrack, Sheet, SheetFile, SheetForm, SheetSubchannel, lay_out
from aioimapi.errors import SheetError

ONE_BIN = b"""REM GENRE Rock
CATALOG 0724385356926
TITLE "Whole \xc3\x84lbum"
PERFORMER "Somebody"
FILE "album.bin" BINARY
  TRACK 01 AUDIO
    TITLE "First"
    FLAGS DCP PRE
    ISRC USEM39600078
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:10:00
    INDEX 01 00:12:00
    INDEX 02 00:15:00
  TRACK 03 AUDIO
    PREGAP 00:02:00
    INDEX 01 00:20:00
    POSTGAP 00:01:00
"""


def sizes(**files: int):  # type: ignore[no-untyped-def]
    return lambda file: files[file.name.partition(".")[0]]


def places(laid: tuple[LaidTrack, ...]) -> list[tuple[int, int, int]]:
    return [(track.first, track.start, track.end) for track in laid]


def test_an_album_in_one_file() -> None:
    sheet = parse_cue_file(ONE_BIN)
    assert sheet.catalog == "0724385356926"
    assert sheet.disc_kind is DiscKind.CD_DA
    assert sheet.texts == {0: {"TITLE": "Whole Älbum", "PERFORMER": "Somebody"}}
    assert sheet.remarks == ("GENRE Rock",)
    first = sheet.tracks[0]
    assert (first.copy_permitted, first.pre_emphasis, first.four_channel) == (True, True, False)
    assert first.isrc == "USEM39600078"
    assert first.texts == {0: {"TITLE": "First"}}
    laid = lay_out(sheet, sizes(album=30 * 75 * 2352))
    # Track 3's pregap is not in the file, so that all behind it lies two seconds later on the disc.
    assert places(laid) == [(0, 0, 750), (750, 900, 1500), (1500, 1650, 2475)]
    assert laid[1].indexes == (1125,)
    assert [(s.offset, size) for s, size in laid[1].pieces] == [(750 * 2352, 750 * 2352)]
    assert [(s.file is None, size) for s, size in laid[2].pieces] == [
        (True, 150 * 2352),
        (False, 750 * 2352),
        (True, 75 * 2352),
    ]


def test_tracks_of_different_modes_in_one_file() -> None:
    sheet = parse_cue_file(
        b"FILE game.bin BINARY\r\nTRACK 01 MODE1/2352\r\nINDEX 01 00:00:00\r\n"
        b"TRACK 02 MODE1/2048\r\nINDEX 01 00:10:00\r\nTRACK 03 AUDIO\r\nINDEX 00 00:20:00\r\nINDEX 01 00:22:00\r\n"
    )
    assert sheet.disc_kind is DiscKind.CD_ROM
    laid = lay_out(sheet, sizes(game=750 * 2352 + 750 * 2048 + 600 * 2352))
    assert places(laid) == [(0, 0, 750), (750, 750, 1500), (1500, 1650, 2100)]
    assert laid[2].pieces[0][0].offset == 750 * 2352 + 750 * 2048


def test_a_file_for_each_track_with_gaps_at_the_ends() -> None:
    """Exact Audio Copy's sheets that no other program calls conforming: index 0 in one file, index 1 in the next."""
    sheet = parse_cue_file(
        b'FILE "1.wav" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 00 00:08:00\n'
        b'FILE "2.wav" WAVE\n    INDEX 01 00:00:00\n    INDEX 02 00:04:00\n'
    )
    laid = lay_out(sheet, lambda file: {"1.wav": 750, "2.wav": 600}[file.name] * 2352)
    assert places(laid) == [(0, 0, 600), (600, 750, 1350)]
    assert laid[1].indexes == (1050,)
    assert [file.wave for file in sheet.files] == [True, True]


def test_hidden_audio_before_the_first_track() -> None:
    sheet = parse_cue_file(b"FILE a.bin MOTOROLA\nTRACK 01 AUDIO\nINDEX 00 00:00:00\nINDEX 01 00:30:00\n")
    laid = lay_out(sheet, sizes(a=60 * 75 * 2352))
    assert places(laid) == [(0, 2250, 4500)]
    assert sheet.files == (SheetFile("a.bin", big_endian=True),)


def test_sessions_in_remarks() -> None:
    sheet = parse_cue_file(
        b"REM SESSION 01\nFILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 02\n"
        b"FILE b.bin BINARY\nTRACK 02 MODE2/2352\nINDEX 01 00:00:00\nREM SESSION 03\nFILE c.bin BINARY\n"
        b"TRACK 03 MODE2/2352\nINDEX 00 00:00:00\nINDEX 01 00:02:00\n"
    )
    assert sheet.disc_kind is DiscKind.CD_ROM_XA
    laid = lay_out(sheet, lambda file: 1_000 * 2352)
    assert places(laid) == [(0, 0, 1_000), (12_400, 12_400, 13_400), (20_150, 20_300, 21_150)]


@pytest.mark.parametrize(
    ("mode", "form", "subchannel"),
    [
        ("CDG", SheetForm.AUDIO, SheetSubchannel.RW_RAW),
        ("MODE2/2336", SheetForm.MODE2, SheetSubchannel.NONE),
        ("CDI/2352", SheetForm.MODE2_RAW, SheetSubchannel.NONE),
        ("mode1/2448", SheetForm.MODE1_RAW, SheetSubchannel.RW_RAW),
    ],
)
def test_modes(mode: str, form: SheetForm, subchannel: SheetSubchannel) -> None:
    track = parse_cue_file(f"file a binary\ntrack 1 {mode}\nindex 1 0:0:0".encode()).tracks[0]
    assert (track.form, track.subchannel) == (form, subchannel)
    assert track.block_size == form.block_size + (96 if subchannel is not SheetSubchannel.NONE else 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding: str) -> None:
    text = 'TITLE "Große Öde"\nFILE "ü.bin" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n'
    sheet = parse_cue_file(text.encode(encoding))
    assert sheet.texts[0]["TITLE"] == "Große Öde"
    assert sheet.files[0].name == "ü.bin"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "no TRACK"),
        ("FROB 1", 1, "no command"),
        ("CATALOG 12", 1, "thirteen digits"),
        ("\nCATALOG 0724385356926\nCATALOG 0724385356926", 3, "twice"),
        ('FILE "a.mp3" MP3', 1, "WAVE or BINARY first"),
        ('FILE "a.bin BINARY', 1, "closing quotation mark"),
        ("FILE a.bin", 1, "name and a kind"),
        ("FILE a.bin BINARY\nFILE b.bin BINARY", 2, "nothing is taken"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nTRACK 02 AUDIO", 2, "no INDEX 01"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 00 00:00:00", 2, "no INDEX 01"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 02 00:00:00", 3, "out of order"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:75", 3, "mm:ss:ff"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:60:00", 3, "mm:ss:ff"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:02:00", 3, "not 00:00:00"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nINDEX 03 00:09:00", 4, "needs 2"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nPREGAP 00:02:00", 4, "before"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nPOSTGAP 00:02:00", 3, "behind"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nISRC 12", 3, "ISRC"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nFLAGS LOUD", 3, "no flag"),
        ("FILE a.bin BINARY\nTRACK 01 MODE3", 2, "no mode"),
        ("FILE a.bin BINARY\nTRACK 00 AUDIO", 2, "1 to 99"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 03 AUDIO", 4, "follow"),
        ("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 03", 4, "follow"),
        ("TRACK 01 AUDIO\nINDEX 01 00:00:00", 2, "FILE before"),
        ("INDEX 01 00:00:00", 1, "TRACK"),
        (
            "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:00:00",
            5,
            "no sectors",
        ),
        ("REM \0", 1, "binary data"),
    ],
)
def test_wrong_sheets_are_told_with_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SheetError, match=words) as caught:
        parse_cue_file(text.encode(), "x.cue")
    assert caught.value.path == "x.cue"
    assert caught.value.line == line or not line
    if line:
        assert str(caught.value).startswith(f"x.cue:{line}: ")


def test_files_that_are_too_short() -> None:
    sheet = parse_cue_file(ONE_BIN)
    with pytest.raises(SheetError, match="needed") as caught:
        lay_out(sheet, sizes(album=100))
    assert caught.value.line == 10
    with pytest.raises(SheetError, match="begins behind them"):
        lay_out(sheet, sizes(album=1500 * 2352))
    late = parse_cue_file(b"FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nINDEX 02 00:09:00\n")
    with pytest.raises(SheetError, match="index 2"):
        lay_out(late, sizes(a=75 * 2352))
    with pytest.raises(SheetError, match="no CD has so many"):
        lay_out(late, sizes(a=500_000 * 2352))


def test_a_sheet_that_is_no_sheet() -> None:
    with pytest.raises(SheetError, match="no sheet"):
        parse_cue_file(b"\n" * (2 << 20))


def test_the_way_to_text_and_back() -> None:
    for data in (
        ONE_BIN,
        b"FILE game.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:20:00\n"
        b"INDEX 01 00:22:00\n",
        b'CDTEXTFILE "x.cdt"\nREM SESSION 01\nFILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 02\n'
        b"FILE b.bin BINARY\nTRACK 02 MODE2/2352\nINDEX 01 00:00:00\n",
        b'FILE "1.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:08:00\n'
        b'FILE "2.wav" WAVE\nINDEX 01 00:00:00\nINDEX 02 00:04:00\n',
        b"FILE a.bin MOTOROLA\nTRACK 01 CDG\nINDEX 00 00:00:00\nINDEX 01 00:30:00\n",
    ):
        sheet = parse_cue_file(data)
        text = format_cue_file(sheet)
        assert parse_cue_file(text.encode()) == sheet
        assert text.endswith("\r\n")


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with suppress(SheetError):
        parse_cue_file(data)


WORDS = st.sampled_from(
    [
        "FILE a.bin BINARY",
        "FILE b.wav WAVE",
        "TRACK 01 AUDIO",
        "TRACK 02 MODE1/2048",
        "TRACK 03 MODE2/2352",
        "INDEX 00 00:00:00",
        "INDEX 01 00:00:00",
        "INDEX 01 00:04:00",
        "INDEX 02 00:08:00",
        "PREGAP 00:02:00",
        "POSTGAP 00:02:00",
        "REM SESSION 02",
        'TITLE "x"',
        "FLAGS DCP",
    ]
)


@given(st.lists(WORDS, max_size=14))
def test_any_order_of_lines_is_a_sheet_or_refused(lines: list[str]) -> None:
    try:
        sheet: Sheet = parse_cue_file("\n".join(lines).encode())
        laid = lay_out(sheet, lambda file: 3_000 * 2352)
    except SheetError:
        return
    assert all(track.first <= track.start < track.end for track in laid)
    try:
        again = parse_cue_file(format_cue_file(sheet).encode())
    except SheetError:
        return
    assert lay_out(again, lambda file: 3_000 * 2352) == laid
