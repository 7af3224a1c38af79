"""TOC files: cdrdao's own words read, what is said of wrong ones, and cdrdao's reading of what we write."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi.cd._cue_file import format_cue_file, parse_cue_file
from aioimapi.cd._sheet import DiscKind, Place, SheetForm, SheetSubchannel, lay_out
from aioimapi.cd._toc_file import format_toc_file, parse_toc_file
from aioimapi.errors import SheetError

CDRDAO = shutil.which("cdrdao")
needs_cdrdao = pytest.mark.skipif(CDRDAO is None, reason="needs cdrdao, a program of others")

FIVE_TRACKS = b"""CD_DA
// several tracks with pregaps
CATALOG "0724385356926"

TRACK AUDIO
ISRC "USEM39600078"
COPY
SILENCE 0:10:0
START 0:5:0

TRACK AUDIO
NO COPY
SILENCE 0:10:0
START 0:2:0

TRACK AUDIO
COPY
PRE_EMPHASIS
FOUR_CHANNEL_AUDIO
SILENCE 0:10:0
START 0:1:30
INDEX 0:4:0
INDEX 0:6:0

TRACK AUDIO
START 0:0:0
SILENCE 0:10:0

TRACK AUDIO
PREGAP 0:2:1
SILENCE 0:4:0
"""

WITH_TEXT = rb"""CD_ROM
CD_TEXT {
  LANGUAGE_MAP {
    0 : EN  // 9
    1: 8
  }
  LANGUAGE 0 {
    TITLE "The \"Title\""
    PERFORMER "Perf\\ormer"
    GENRE { 0, 10, 82, 0 }
    UPC_EAN ""
  }
  LANGUAGE 1 { TITLE "D\374se" }
}
TRACK MODE1
DATAFILE "data" #2048 0:10:0
ZERO 00:02:00
TRACK AUDIO
CD_TEXT { LANGUAGE 0 { TITLE "One" ISRC "US-XX1-98-01234" } }
SILENCE 00:02:00
START
FILE "one.wav" 0
AUDIOFILE "two.raw" SWAP 588 1176
AUDIOFILE "three.raw" #100 1:0:0 0
"""


def test_audio_tracks_as_cdrdao_shows_them() -> None:
    """The numbers are those that ``cdrdao show-toc`` prints for this file."""
    sheet = parse_toc_file(FIVE_TRACKS)
    assert sheet.kind is DiscKind.CD_DA
    assert sheet.catalog == "0724385356926"
    laid = lay_out(sheet, lambda file: 0)
    assert [(track.start, track.end) for track in laid] == [
        (375, 750),
        (900, 1500),
        (1605, 2250),
        (2250, 3000),
        (3151, 3451),
    ]
    assert laid[2].indexes == (1905, 2055)
    assert [track.copy_permitted for track in sheet.tracks] == [True, False, True, False, False]
    assert (sheet.tracks[2].pre_emphasis, sheet.tracks[2].four_channel) == (True, True)


def test_files_data_and_text() -> None:
    sheet = parse_toc_file(WITH_TEXT)
    assert sheet.languages == {0: 9, 1: 8}
    assert sheet.texts[0] == {
        "TITLE": 'The "Title"',
        "PERFORMER": "Perf\\ormer",
        "GENRE": b"\x00\x0aR\x00",
        "UPC_EAN": "",
    }
    assert sheet.texts[1] == {"TITLE": "Düse"}
    data, audio = sheet.tracks
    assert data.form is SheetForm.MODE1
    assert (data.stretches[0].offset, data.stretches[0].size) == (2048, 750 * 2048)
    assert data.stretches[1].file is None
    assert data.stretches[1].size == 150 * 2048
    assert audio.texts[0]["ISRC"] == "US-XX1-98-01234"
    files = [s.file for s in audio.stretches if s.file is not None]
    assert [(f.name, f.wave, f.big_endian) for f in files] == [
        ("one.wav", True, False),
        ("two.raw", False, False),
        ("three.raw", False, True),
    ]
    assert [(s.offset, s.size) for s in audio.stretches[1:]] == [
        (0, None),
        (2352, 4704),
        (100 + 4500 * 2352, None),
    ]
    sizes = {"data": 1 << 30, "one.wav": 2352 * 100 + 1, "two.raw": 1 << 20, "three.raw": 4600 * 2352}
    laid = lay_out(sheet, lambda file: sizes[file.name])
    # 150 of silence, 100 sectors and a byte, 2 sectors, 99 sectors and 2252 bytes: joined, then padded once.
    assert [(t.first, t.start, t.end) for t in laid] == [(0, 0, 900), (900, 1050, 1252)]


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("MODE1", 2048),
        ("MODE1_RAW", 2352),
        ("MODE2", 2336),
        ("MODE2_FORM1", 2048),
        ("MODE2_FORM2", 2324),
        ("MODE2_FORM_MIX", 2336),
        ("MODE2_RAW RW_RAW", 2448),
        ("AUDIO RW", 2448),
    ],
)
def test_block_sizes(mode: str, size: int) -> None:
    track = parse_toc_file(f'TRACK {mode}\nDATAFILE "x" 0:1:0'.encode()).tracks[0]
    assert track.block_size == size
    assert track.stretches[0].size == 75 * size
    assert (track.subchannel is SheetSubchannel.NONE) is (" RW" not in mode)


def test_a_start_in_the_middle_of_a_file() -> None:
    track = parse_toc_file(b'TRACK AUDIO\nFILE "a" 0\nSTART 0:3:0\nINDEX 0:1:0').tracks[0]
    assert track.start == Place(0, 225)
    assert track.indexes == (Place(0, 300),)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "TRACK is missing; the file ends"),
        ("CD_DA\nTRACK\n", 3, "mode is missing"),
        ("TRACK MODE7", 1, "mode is missing"),
        ("TRACK AUDIO", 1, "no data"),
        ('TRACK AUDIO\nFILE "a', 2, "no end"),
        ('TRACK AUDIO\nFILE "a" x', 2, "number is missing"),
        ('TRACK AUDIO\nFILE "a" 99999999999999', 2, "more than"),
        ("TRACK AUDIO\nSILENCE 0:0:75", 2, "mm:ss:ff"),
        ("TRACK AUDIO\nSILENCE 0", 2, "no length"),
        ("TRACK AUDIO\nPREGAP 0:0:0", 2, "needs a length"),
        ("TRACK AUDIO\nPREGAP 0:2:0\nSTART\nSILENCE 0:4:0", 3, "already"),
        ("TRACK AUDIO\nSILENCE 0:9:0\nINDEX 0:0:0", 3, "at or before"),
        ("TRACK AUDIO\nSILENCE 0:9:0\nINDEX 0:4:0\nINDEX 0:4:0", 4, "at or before"),
        ('TRACK MODE1\nFILE "a" 0', 2, "DATAFILE or ZERO"),
        ('TRACK AUDIO RW\nFILE "a" 0', 2, "DATAFILE or ZERO"),
        ('TRACK MODE1\nFIFO "a" 0', 2, "read twice"),
        ("TRACK AUDIO\nNO CHANCE", 2, "COPY or PRE_EMPHASIS"),
        ('CATALOG "1"', 1, "thirteen"),
        ("CD_TEXT { LANGUAGE 8 { } }", 1, "more than 7"),
        ('CD_TEXT { LANGUAGE 0 { TITEL "x" } }', 1, "item of CD-Text"),
        ("CD_TEXT { LANGUAGE 0 { TITLE { 256 } } }", 1, "more than 255"),
        ('TRACK AUDIO CD_TEXT { LANGUAGE 0 { DISC_ID "x" } } SILENCE 0:9:0', 1, "belongs to the disc"),
        ("TRACK AUDIO SILENCE 0:9:0\nCD_DA", 2, "TRACK is missing"),
        ("?", 1, "no meaning"),
        ("TRACK AUDIO SILENCE 0:4:0\n" * 100, 100, "more than 99"),
    ],
)
def test_wrong_files_are_told_with_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SheetError, match=words) as caught:
        parse_toc_file(text.encode(), "x.toc")
    assert (caught.value.path, caught.value.line) == ("x.toc", line)


def test_a_start_behind_the_end() -> None:
    with pytest.raises(SheetError, match="no sector behind its start"):
        lay_out(parse_toc_file(b"TRACK AUDIO\nSILENCE 0:4:0\nSTART 0:4:0"), lambda file: 0)


@pytest.mark.parametrize("data", [FIVE_TRACKS, WITH_TEXT])
def test_the_way_to_text_and_back(data: bytes) -> None:
    sheet = parse_toc_file(data)
    if data is WITH_TEXT:  # an offset and a start are one place, however they are written
        assert "#100" not in format_toc_file(sheet)
    again = parse_toc_file(format_toc_file(sheet).encode())
    assert lay_out(again, lambda file: 1 << 28) == lay_out(sheet, lambda file: 1 << 28)
    assert again == sheet


def test_a_cue_sheet_becomes_a_toc_file_and_back() -> None:
    cue = parse_cue_file(
        b"CATALOG 0724385356926\nFILE a.bin MOTOROLA\nTRACK 01 AUDIO\nFLAGS DCP\nINDEX 01 00:00:00\nTRACK 02 AUDIO\n"
        b"INDEX 00 00:10:00\nINDEX 01 00:12:00\nINDEX 02 00:15:00\n"
    )
    toc = parse_toc_file(format_toc_file(cue).encode())
    size = 30 * 75 * 2352
    assert [(t.first, t.start, t.end, t.indexes) for t in lay_out(toc, lambda file: size)] == [
        (t.first, t.start, t.end, t.indexes) for t in lay_out(cue, lambda file: size)
    ]
    assert lay_out(parse_cue_file(format_cue_file(toc).encode()), lambda file: size)[1].indexes == (1125,)


def test_what_a_cue_sheet_cannot_say() -> None:
    for text in (
        'TRACK AUDIO\nFILE "a" 0 0:5:0\nSILENCE 0:1:0\nFILE "b" 0',
        "TRACK AUDIO\nSILENCE 0:9:0",
        'TRACK AUDIO\nFILE "a" 0:1:0',
        'TRACK MODE1 RW\nDATAFILE "a"',
    ):
        with pytest.raises(SheetError, match="write a TOC file"):
            format_cue_file(parse_toc_file(text.encode()))


# --- cdrdao -------------------------------------------------------------------------------------------


def show_toc(path: Path) -> str:
    assert CDRDAO is not None
    done = subprocess.run(
        [CDRDAO, "show-toc", path.name], cwd=path.parent, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_cdrdao
def test_cdrdao_reads_what_we_write(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(2048 * 760))
    (tmp_path / "one.wav").write_bytes(
        bytes.fromhex(
            "52494646 24160000 57415645 666d7420 10000000 0100 0200 44ac0000 10b10200 0400 1000 64617461 00160000"
        )
        + bytes(2352 * 400)
    )
    sheet = parse_toc_file(
        b'CD_ROM\nCATALOG "0724385356926"\nTRACK MODE1\nDATAFILE "data" #2048 0:10:0\nZERO 00:02:00\n'
        b'TRACK AUDIO\nCOPY\nISRC "USEM39600078"\nSILENCE 00:06:00\nSTART 0:2:0\nINDEX 0:1:0\n'
    )
    (tmp_path / "out.toc").write_text(format_toc_file(sheet))
    shown = show_toc(tmp_path / "out.toc")
    starts = [int(n) for n in re.findall(r"START +[0-9:]+\( *([0-9]+)\)", shown)]
    ends = [int(n) for n in re.findall(r"END +[0-9:]+\( *([0-9]+)\)", shown)]
    laid = lay_out(sheet, lambda file: 2048 * 760)
    assert starts == [track.start for track in laid]
    assert ends == [track.end for track in laid]
    assert "COPY PERMITTED" in shown
    assert "US EM3 96 00078" in shown
    assert "0724385356926" in shown


@needs_cdrdao
def test_cdrdao_reads_our_strings(tmp_path: Path) -> None:
    sheet = parse_toc_file(
        rb'CD_DA CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "a \"b\" \\ \303\234" } } TRACK AUDIO'
        rb' CD_TEXT { LANGUAGE 0 { TITLE "x" } } SILENCE 0:5:0'
    )
    (tmp_path / "text.toc").write_text(format_toc_file(sheet))
    show_toc(tmp_path / "text.toc")


# --- hostile ones -------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with suppress(SheetError):
        parse_toc_file(data)


WORDS = st.sampled_from(
    [
        *(
            "CD_DA",
            "TRACK",
            "AUDIO",
            "MODE1",
            "RW",
            "FILE",
            "DATAFILE",
            '"a.wav"',
            '"b"',
            "#",
            "7",
            "0",
            "0:4:0",
        ),
        *("SILENCE", "ZERO", "PREGAP", "START", "INDEX", "CD_TEXT", "LANGUAGE", "{", "}", "TITLE", ",", ":"),
        *("COPY", "NO", "SWAP", "ISRC", "LANGUAGE_MAP", "EN"),
    ]
)


@given(st.lists(WORDS, max_size=20))
def test_any_order_of_words_is_a_sheet_or_refused(words: list[str]) -> None:
    try:
        sheet = parse_toc_file(" ".join(["TRACK AUDIO SILENCE 0:4:0", *words]).encode())
        laid = lay_out(sheet, lambda file: 3_000 * 2352)
        text = format_toc_file(sheet)
    except SheetError:
        return
    assert lay_out(parse_toc_file(text.encode()), lambda file: 3_000 * 2352) == laid
