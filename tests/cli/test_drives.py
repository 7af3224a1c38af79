"""``drives``, ``media``, ``eject``, ``load`` and ``virtual new``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .command import Run

KINDS = {
    "cd-r": ("CD-R", 359_847),
    "dvd+r": ("DVD+R", 2_295_104),
    "dvd+rw": ("DVD+RW", 2_295_104),
    "bd-r": ("BD-R sequential recording", 12_219_392),
    "bd-re": ("BD-RE", None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_virtual_disc_is_blank_and_of_its_kind(run: Run, work: Path, kind: str) -> None:
    made = run("virtual", "new", "disc", "--media", kind)
    assert made.code == 0
    assert made.out.startswith(f"a blank {kind} of ")
    assert (work / "disc").stat().st_blocks == 0  # sparse: a blank disc takes no room
    facts = run("media", "virtual:disc", "--json").result["result"]
    profile, sectors = KINDS[kind]
    assert (facts["profile"], facts["blank"]) == (profile, True)
    assert facts["state"].endswith("blank")
    assert sectors is None or facts["free_sectors"] == sectors


def test_media_as_a_person_reads_it(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "cd-r")
    text = run("media", "virtual:disc").out
    assert "Disc      CD-R, blank, 737.0 MB free" in text
    assert "the next write goes to sector 0" in text
    assert "Speeds    48.0x, 40.0x" in text


def test_a_write_protected_disc_says_so(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    assert run("media", "virtual:disc?readonly", "--json").result["result"]["write_protected"] is True
    assert "BD-R sequential recording, blank, write-protected" in run("media", "virtual:disc?readonly").out


def test_an_existing_disc_is_not_made_anew(run: Run, work: Path) -> None:
    assert run("virtual", "new", "disc", "--media", "bd-r").code == 0
    again = run("virtual", "new", "disc", "--media", "dvd+r")
    assert again.code == 3
    assert "is a virtual disc already" in again.err
    assert "BD-R" in run("media", "virtual:disc").out


def test_another_file_is_not_made_a_disc(run: Run, work: Path) -> None:
    ended = run("virtual", "new", "notes.txt", "--media", "bd-r")
    assert ended.code == 3
    assert (work / "notes.txt").read_text() == "notes\n"
    assert not os.path.exists("notes.txt.state")


def test_drives_lists_what_is_named_and_why_one_cannot_be_asked(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-re")
    ended = run("drives", "virtual:disc", "virtual:", "virtual:nothing")
    assert ended.code == 0
    assert "virtual:disc: AIOIMAPI" in ended.out
    assert "    holds   BD-RE, rewritable, not formatted, blank" in ended.out
    assert "    holds   no disc" in ended.out
    assert "    cannot be asked: There is no virtual disc" in ended.out


def test_drives_as_json(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "dvd+r")
    ended = run("drives", "virtual:disc", "--json")
    drive = ended.result["result"]["drives"][-1]
    assert drive["name"] == "virtual:disc"
    assert "DVD+R" in drive["writes"]
    assert drive["media"]["blank"] is True
    assert [line["name"] for line in ended.lines if line["event"] == "drive"][-1] == "virtual:disc"


def test_eject_and_load(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    assert run("eject", "virtual:disc").out == "virtual:disc: the tray is open\n"
    assert run("load", "virtual:disc?tray_open").out == "virtual:disc?tray_open: a disc is ready\n"
    assert run("eject", "virtual:disc", "--json").result["result"] == {
        "drive": "virtual:disc",
        "tray": "open",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["media", "virtual:"], 3, "there is no disc in the drive; put one in"),
        (["media", "virtual:disc?tray_open"], 3, "tray"),
        (["load", "virtual:"], 3, "no disc"),
        (["media", "ftp:disc"], 3, "no transport for 'ftp' URLs; known are device, virtual"),
        (["media", "virtual:disc?media=vinyl"], 3, "vinyl"),
        (["media", "virtual:disc?speed=9"], 3, "the option 'speed' is unknown"),
        (["media", "/dev/sr99"], 3, "there is no /dev/sr99"),
        (["media", "/dev/null"], 3, "/dev/null is not an optical drive"),
        (["media", "virtual:nothing"], 3, "There is no virtual disc"),
        (["virtual", "new", "x", "--media", "vinyl"], 2, "'vinyl' is not one of"),
        (["virtual", "new", "missing/x", "--media", "bd-r"], 3, "make it first"),
        (["eject"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, work: Path, arguments: list[str], code: int, message: str
) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    ended = run(*arguments)
    assert ended.code == code
    lines = [line for line in ended.err.splitlines() if not line.startswith("Try '")]
    assert len(lines) == 1
    assert lines[0].startswith("aioimapi: error: ")
    assert message in lines[0]
    assert ended.out == ""


def test_v_shows_every_command_and_its_answer(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    ended = run("media", "virtual:disc", "-v")
    assert "virtual:disc READ DISC INFORMATION [51 00 00 00 00 00 00 " in ended.err
    assert "READ DISC" not in run("media", "virtual:disc").err


@pytest.mark.parametrize("name", ["a?b&c%d", "50%25 & more #1", "Düne früh"])
def test_the_drive_that_is_named_is_the_drive_that_was_made(run: Run, work: Path, name: str) -> None:
    made = run("virtual", "new", name, "--media", "bd-r")
    drive = made.out.partition(" is in the drive ")[2].rstrip("\n")
    assert run("media", drive).code == 0
    assert sorted(path for path in os.listdir(work) if path.startswith(name)) == [name, f"{name}.state"]
