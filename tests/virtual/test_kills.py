"""Killed at any moment: raw sectors, erasing and imports leave a disc that opens and tells the truth."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import DiscStatus, VirtualMedium, check_medium

from .host import pattern

RAW = """
import sys
from aioimapi.virtual import VirtualMedium
from aioimapi.virtual.discs._cd import CdForm
medium = VirtualMedium.create(sys.argv[1], "cd-r")
track = medium.state.tracks[0]
track.form, track.raw, track.control = CdForm.AUDIO, True, 0
lba = 0
while True:
    data = b"".join((lba + at + 1).to_bytes(4, "big") * 612 for at in range(16))
    medium.record_raw(1, lba, data)
    lba += 16
    print(lba, flush=True)
"""

WIPE = """
import sys
from aioimapi.virtual import VirtualMedium
medium = VirtualMedium.create(sys.argv[1], "cd-rw")
blank = type(medium.state).blank(medium.state.kind)
while True:
    medium.record(1, 0, b"x" * 65536, 32)
    medium.put_raw(0, bytes(24480))
    print("written", flush=True)
    medium.state = type(medium.state).blank(medium.state.kind)
    medium.wipe()
    print("blank", flush=True)
"""

IMPORT = """
import sys
from aioimapi.virtual import import_image
print("begin", flush=True)
import_image(sys.argv[2], sys.argv[1], "bd-r", progress=lambda done, total: print(done, flush=True))
"""


def killed(program: str, path: Path, *arguments: str, lines: int, delay: float) -> list[str]:
    """Run a program, kill it some time after it has said so many lines, and return all that it said."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path), *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        return [*told, *process.stdout.read().splitlines()]


@pytest.mark.parametrize("round_", range(3))
def test_kill_while_raw_sectors_are_written(tmp_path: Path, round_: int) -> None:
    path = tmp_path / "disc"
    told = killed(RAW, path, lines=5, delay=0.004 * round_)
    whole = [int(line) for line in told if line.strip().isdigit()]
    assert check_medium(path).sound
    with VirtualMedium.open(path) as medium:
        end = medium.state.tracks[0].next_lba
        assert whole[-1] <= end <= whole[-1] + 16
        buffer = bytearray(end * 2448)
        medium.read_raw_into(0, memoryview(buffer))
        assert all(buffer[at * 2448 : at * 2448 + 4] == (at + 1).to_bytes(4, "big") for at in range(end))


@pytest.mark.parametrize("round_", range(4))
def test_kill_while_a_disc_is_erased(tmp_path: Path, round_: int) -> None:
    path = tmp_path / "disc"
    told = killed(WIPE, path, lines=3 + round_ % 2, delay=0.0023 * round_)
    with VirtualMedium.open(path) as medium:
        blank = medium.state.status is DiscStatus.BLANK
        if blank:
            # Erased, or the WRITE that came next was not acknowledged: then its data may be there already.
            assert path.stat().st_size in (0, 65_536)
        else:
            assert medium.state.tracks[0].next_lba == 32
            buffer = bytearray(65_536)
            medium.read_into(0, memoryview(buffer))
            assert bytes(buffer) == b"x" * 65_536
        if told[-1].strip() == "written":
            assert medium.state.status in (DiscStatus.APPENDABLE, DiscStatus.BLANK)
    assert check_medium(path).sound


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_kill_in_an_import(tmp_path: Path, lines: int) -> None:
    path, image = tmp_path / "disc", tmp_path / "x.iso"
    with image.open("wb") as file:
        for at in range(0, 40_000, 4_000):
            file.write(pattern(at, 4_000))
    killed(IMPORT, path, str(image), lines=lines, delay=0.0)
    try:
        medium = VirtualMedium.open(path)
    except VirtualMediumError:
        assert not path.with_name("disc.state").exists()
        return
    with medium:
        assert medium.state.status in (DiscStatus.BLANK, DiscStatus.COMPLETE)
        if medium.state.status is DiscStatus.COMPLETE:
            buffer = bytearray(2048)
            medium.read_into(39_999, memoryview(buffer))
            assert bytes(buffer) == pattern(39_999, 1)
    assert check_medium(path).sound
