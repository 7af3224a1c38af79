"""The small pieces of the command line: numbers, tables, exit codes, displays."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from aioimapi import errors
from aioimapi.cli import _text
from aioimapi.cli._exit import MEANINGS, ExitCode, code_for, code_for_several
from aioimapi.cli._progress import JsonDisplay, PlainDisplay, Tick, describe, label
from aioimapi.cli._words import WORDS, in_our_words
from aioimapi.errors import printable
from aioimapi.recorder import Silence


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (2048, "2.0 kB"), (25_025_314_816, "25.0 GB"), (3e15, "3,000.0 TB")],
)
def test_sizes_are_decimal(count: int, text: str) -> None:
    assert _text.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (187, "3:07 min"), (3729, "1:02:09 h")]
)
def test_time_spans(seconds: float, text: str) -> None:
    assert _text.duration(seconds) == text


def test_plurals() -> None:
    assert [_text.plural(n, "directory") for n in (0, 1, 2000)] == [
        "0 directories",
        "1 directory",
        "2,000 directories",
    ]
    assert _text.plural(2, "file") == "2 files"


def test_columns_line_up() -> None:
    assert _text.table(["A", "LONG"], [["xyz", "1"], ["x", ""]]) == "A    LONG\nxyz  1\nx"
    assert _text.facts([("a", "1"), ("long", "2"), ("none", "")]) == "a     1\nlong  2"


def test_names_from_an_image_cannot_drive_the_terminal() -> None:
    assert printable("ok é 写") == "ok é 写"
    assert printable("a\x1b[2Jb\n\udc80\ud800") == r"a\x1b[2Jb\n\x80\ud800"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NoDiscError("x"), ExitCode.REFUSED),
        (errors.DiscTooSmallError("x", needed=2, free=1), ExitCode.REFUSED),
        (errors.SourceError("x"), ExitCode.REFUSED),
        (errors.SourceInsideOutputError("x"), ExitCode.REFUSED),
        (errors.UnknownUrlError("x"), ExitCode.REFUSED),
        (errors.DriveAccessError("x"), ExitCode.REFUSED),
        (errors.DriveBusyError("x"), ExitCode.REFUSED),
        (errors.SourceChangedError("x"), ExitCode.FAILED),
        (errors.RecordingError("x"), ExitCode.FAILED),
        (errors.DriveLostError("x"), ExitCode.FAILED),
        (errors.ImageFormatError("x"), ExitCode.FAILED),
        (errors.OutputFullError("x"), ExitCode.FAILED),
        (errors.VerificationError("x"), ExitCode.NOT_PROVEN),
        (OSError(5, "x"), ExitCode.FAILED),
    ],
)
def test_exit_code_of_an_error(error: BaseException, code: ExitCode) -> None:
    assert code_for(error) is code


def test_exit_codes_of_several_drives() -> None:
    done, failed, refused = ExitCode.DONE, ExitCode.FAILED, ExitCode.REFUSED
    assert code_for_several([done, done]) is done
    assert code_for_several([done, failed]) is ExitCode.SOME_FAILED
    assert code_for_several([refused, refused]) is refused
    assert code_for_several([refused, failed]) is failed
    assert set(MEANINGS) == set(ExitCode)


def test_a_tick_as_text() -> None:
    tick = Tick("sr0", "writing", 512, 1024, bytes_per_second=31e6, drive_buffer=0.97, remaining_s=2.2)
    assert describe(tick) == "writing 50 %, 1.0 MB of 2.1 MB, 31.0 MB/s, buffer 97%, 2 s left"
    assert describe(Tick("sr0", "calibrating", 0, 0)) == "calibrating"


def test_json_ticks_are_lines_of_their_own() -> None:
    stream = io.StringIO()
    with JsonDisplay(stream.write) as display:
        display.update(Tick("sr0", "writing", 1, 2))
        display.update(Tick("sr0", "writing", 2, 2))
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["name"], first["done"], second["done"]) == ("progress", "sr0", 1, 2)


def test_plain_lines_come_at_phases_then_seldom(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    display = PlainDisplay()
    for step in range(1001):  # 100 s of one drive, a tick every tenth of a second
        now = 100.0 + step / 10
        display.update(Tick("a", "writing", step, 1000))
        if step == 500:
            display.update(Tick("b", "writing", 0, 1000))  # another drive has a rhythm of its own
    display.update(Tick("a", "verifying", 0, 1000))
    lines = capsys.readouterr().err.splitlines()
    of_a = [line for line in lines if line.startswith("a: writing")]
    assert len(of_a) == 21
    assert of_a[1].startswith("a: writing 5 %")
    assert sum(line.startswith("b:") for line in lines) == 1
    assert lines[-1].startswith("a: verifying 0 %")


def test_plain_lines_go_on_when_little_happens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    display = PlainDisplay()
    for second in range(61):
        now = float(second)
        display.update(Tick("a", "writing", second // 30, 1000))
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_way_out_that_only_programs_have_is_left_out() -> None:
    from aioimapi.recorder import _checks

    said = Path(_checks.__file__).read_text(encoding="utf-8")
    assert ", or an image made for LBA {" in said
    assert in_our_words("use a blank disc, or an image made for LBA 1760") == (
        "use a blank disc; this version adds no sessions"
    )


def test_a_silent_drive_is_told_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    display = PlainDisplay()
    name = "virtual:disc?media=bd-r&fault=hang@write:9"
    display.update(Tick(name, "writing", 5, 1000))
    for second in range(5, 40):
        now = float(second)
        display.update(Tick(name, "writing", 5, 1000, silence=Silence("WRITE (10)", 5, now, 60.0)))
    now = 41.0
    display.update(Tick(name, "writing", 6, 1000))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == (
        "virtual:disc: writing: no answer from the drive for 5 s (WRITE (10) at LBA 5), giving up at 60 s"
    )
    assert len(lines) == 1 + 4 + 1  # at 0, at 5, 15, 25, 35, and when it has found itself again


def test_silence_is_in_the_json() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream.write)
    display.update(Tick("sr0", "writing", 1, 2, silence=Silence("WRITE (10)", 1, 7.0, 60.0)))
    news = json.loads(stream.getvalue())
    assert news["silence"] == {"command": "WRITE (10)", "lba": 1, "seconds": 7.0, "limit_s": 60.0}


def test_a_label_keeps_the_file_and_leaves_the_options() -> None:
    assert label("virtual:shelf/disc.bdr?media=bd-r&fault=hang@write:1") == "virtual:shelf/disc.bdr"
    assert label("/dev/sr0") == "/dev/sr0"
    assert label("/dev/what?") == "/dev/what?"


@pytest.mark.parametrize("theirs", [theirs for theirs, _ in WORDS])
def test_words_that_are_replaced_are_words_of_the_library(theirs: str) -> None:
    library = Path(errors.__file__).parent
    sources = (path for path in library.rglob("*.py") if "cli" not in path.parts)
    assert any(theirs in path.read_text(encoding="utf-8") for path in sources)
    assert in_our_words(f"a file; do it {theirs}, or not") != f"a file; do it {theirs}, or not"
