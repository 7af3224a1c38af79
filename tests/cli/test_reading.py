"""Reading discs that are blank or broken off, and images with what is made on request only."""

from __future__ import annotations

import os
from pathlib import Path

import golden
import pytest

from .command import Run
from .test_burn import error_line


@pytest.mark.parametrize("media", ["bd-r", "bd-re", "cd-r"])
def test_a_blank_disc_is_refused(run: Run, work: Path, media: str) -> None:
    assert run("virtual", "new", "disc", "--media", media).code == 0
    (work / "photos.iso").write_bytes(bytes(2048 * 20))
    for command in (
        ["read", "virtual:disc", "-o", "out.iso"],
        ["ls", "virtual:disc"],
        ["extract", "virtual:disc", "-o", "out"],
        ["verify", "virtual:disc", "photos.iso"],
    ):
        ended = run(*command)
        assert ended.code == 3, command
        assert "blank" in error_line(ended)
    assert not (work / "out.iso").exists()


def test_a_broken_off_burn_is_told_and_rescued(run: Run, work: Path) -> None:
    (work / "big").write_bytes(os.urandom(4 << 20))
    assert run("image", "big", "-o", "big.iso").code == 0
    assert run("burn", "big.iso", "--drive", "virtual:disc?media=bd-r&fault=unplug@write:20").code != 0
    told = run("media", "virtual:disc")
    assert told.code == 0
    assert "broken off" in told.out
    assert "use a blank disc" in told.out
    sectors = run("media", "virtual:disc", "--json").result["result"]["unfinished_sectors"]
    assert 100 < sectors < 2000
    ended = run("read", "virtual:disc", "-o", "rescued.iso")
    assert ended.code == 0
    assert "was not finished" in ended.err
    rescued = (work / "rescued.iso").read_bytes()
    assert len(rescued) == sectors * 2048
    assert rescued == (work / "big.iso").read_bytes()[: len(rescued)]
    listed = run("ls", "virtual:disc")
    assert listed.code == 0
    assert "/big" in listed.out
    assert "was not finished" in listed.err
    ended = run("burn", "big.iso", "--drive", "virtual:disc")
    assert ended.code == 3
    assert "broken off" in error_line(ended)


def test_what_is_made_on_request_only_is_a_note_and_no_failure(run: Run, work: Path) -> None:
    source = golden.load("xorriso")
    (work / "devices.iso").write_bytes(source.get(0, source.sector_count))
    ended = run("extract", "devices.iso", "-o", "out")
    assert ended.code == 0
    assert "3 entries were left out: devices, FIFOs and sockets are made only on request" in ended.err
    facts = run("extract", "devices.iso", "-o", "again", "--json").result["result"]
    assert (facts["skipped"], facts["left_out"]) == (3, 3)


def test_hard_links_are_counted_beside_files(run: Run, work: Path) -> None:
    os.link(work / "photos" / "index.txt", work / "photos" / "twin.txt")
    assert run("image", "photos", "-o", "photos.iso").code == 0
    ended = run("extract", "photos.iso", "-o", "out")
    assert ended.code == 0
    assert "3 files, 1 folder, 1 symlink, 1 hard link" in ended.out
    assert (work / "out" / "index.txt").samefile(work / "out" / "twin.txt")


def test_an_image_file_that_is_cut_short_is_refused(run: Run, work: Path) -> None:
    assert run("image", "photos", "-o", "photos.iso").code == 0
    assert run("burn", "photos.iso", "--drive", "virtual:good?media=bd-r").code == 0
    size = (work / "photos.iso").stat().st_size
    os.truncate(work / "photos.iso", 2048 * 100)
    for command in (
        ["burn", "photos.iso", "--drive", "virtual:disc?media=bd-r"],
        ["verify", "virtual:good", "photos.iso"],
    ):
        ended = run(*command)
        assert ended.code == 3
        assert "photos.iso is cut short" in error_line(ended)
        assert f"truncate -s {size}" in error_line(ended)


def test_a_file_that_is_no_image_is_burned_with_a_word(run: Run, work: Path) -> None:
    (work / "noise.iso").write_bytes(os.urandom(2048 * 300))
    ended = run("burn", "noise.iso", "--drive", "virtual:disc?media=bd-r")
    assert ended.code == 0
    assert "noise.iso holds no volume" in ended.out
    ended = run("verify", "virtual:disc", "noise.iso")
    assert ended.code == 0
    assert "noise.iso holds no volume" in ended.out
