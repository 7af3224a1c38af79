"""What only a process of its own can show: signals, a terminal, closed pipes, start-up."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from .command import Run, start

pytestmark = pytest.mark.timeout(60)

# A drive of real speed, 27 MB/s, with a small buffer, that needs no time to flush and close.
SLOW = "virtual:disc?media=bd-r&physics=on&buffer_kib=256&sync_s=0&close_s=0"


@pytest.fixture
def big(work: Path) -> Path:
    """A source that a drive of real speed needs some seconds for."""
    (work / "photos" / "big").write_bytes(os.urandom(1 << 20) * 64)
    return work


def stop_while(
    process: subprocess.Popen[str], phase: str, number: signal.Signals = signal.SIGINT
) -> list[str]:
    """Send a signal once a phase is half way in, and return the lines of standard output."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        news = json.loads(line)
        if news.get("phase") == phase and news["done"] > 0:
            process.send_signal(number)
            break
    rest, _ = process.communicate(timeout=40)
    return [*lines, *rest.splitlines()]


@pytest.mark.parametrize("phase", ["writing data", "verifying"])
def test_ctrl_c_stops_a_burn_and_tells_what_the_disc_is(big: Path, run: Run, loop: str, phase: str) -> None:
    process = start("burn", "photos", "--drive", SLOW, "--json", "--loop", loop)
    result = json.loads(stop_while(process, phase)[-1])
    assert process.returncode == 130
    assert result["exit_code"] == 130
    assert result["error"]["type"] == "Stopped"
    (outcome,) = result["result"]["drives"]
    report = outcome["report"]
    assert report["disc_state"] == "appendable"
    assert report["written"] is (phase == "verifying")
    assert report["verified"] is None
    if phase == "writing data":
        assert 0 < report["sectors_taken"] < report["sectors"]
    assert run("media", "virtual:disc").code == 0  # the drive was given back


def test_ctrl_c_as_a_person_reads_it(big: Path) -> None:
    process = start("burn", "photos", "--drive", SLOW)
    assert process.stderr is not None
    for line in process.stderr:
        if "writing data" in line:
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=40)
    assert process.returncode == 130
    assert "aioimapi: stopped by Ctrl-C" in err
    assert re.search(r"^Written +no, the drive took ", out, re.MULTILINE)
    assert re.search(r"^Closed +no, the disc is ", out, re.MULTILINE)
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_stop_it_in_the_same_way(
    big: Path, loop: str, number: signal.Signals, code: int
) -> None:
    process = start("burn", "photos", "--drive", SLOW, "--json", "--loop", loop)
    result = json.loads(stop_while(process, "writing data", number)[-1])
    assert process.returncode == result["exit_code"] == code
    (outcome,) = result["result"]["drives"]
    assert outcome["exit_code"] == code
    assert outcome["error"] == {
        "type": "Stopped",
        "message": "stopped before it was done; the disc is appendable",
    }


def test_a_burn_under_nohup_goes_on(work: Path, run: Run) -> None:
    (work / "photos" / "big").write_bytes(bytes(8 << 20))
    process = start(
        "burn",
        "photos",
        "--drive",
        SLOW,
        "--json",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    stop_while(process, "writing data", signal.SIGHUP)
    assert process.returncode == 0


def test_a_terminal_that_goes_away_stops_a_burn_in_order(big: Path, run: Run) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "aioimapi", "burn", "photos", "--drive", SLOW],
        stdout=terminal,
        stderr=terminal,
        stdin=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"},
    )
    os.close(terminal)
    shown = b""
    while b"MB/s" not in shown:
        shown += os.read(controller, 65536)
    os.close(controller)  # the kernel sends SIGHUP, and every write fails from now on
    assert process.wait(timeout=40) == 129
    facts = run("media", "virtual:disc", "--json").result["result"]
    assert facts["unfinished_sectors"] is None or facts["unfinished_sectors"] > 0


def test_ctrl_c_leaves_no_image(work: Path, loop: str) -> None:
    with (work / "photos" / "endless").open("wb") as endless:
        endless.truncate(200 << 30)  # sparse: minutes of zeros
    process = subprocess.Popen(
        [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-", "--loop", loop],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(1 << 20)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 130
    assert b"stopped by Ctrl-C" in err
    assert sorted(os.listdir(work)) == ["notes.txt", "photos"]


def test_a_kill_leaves_a_disc_that_tells_the_truth(big: Path, run: Run) -> None:
    process = start("burn", "photos", "--drive", SLOW, "--json")
    stop_while(process, "writing data", signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    facts = run("media", "virtual:disc", "--json").result["result"]
    assert facts["blank"] is False
    assert facts["free_sectors"] < facts["capacity_sectors"]
    again = run("burn", "notes.txt", "--drive", "virtual:disc")
    assert again.code == 3
    assert "aioimapi: error: virtual:disc: " in again.err


def test_bars_on_a_terminal(work: Path, loop: str) -> None:
    (work / "photos" / "big").write_bytes(os.urandom(1 << 20) * 8)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "aioimapi",
            "burn",
            "photos",
            f"--drive={SLOW}",
            "--drive=virtual:two?media=bd-r",
            "--loop",
            loop,
        ],
        stdout=terminal,
        stderr=terminal,
        stdin=terminal,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "30"},
    )
    os.close(terminal)
    shown = read_all(controller)
    assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "━" in text
    assert re.search(r"virtual:disc +writing data .*\d+%", text)
    assert re.search(r"virtual:two +completed +.*100%", text)
    assert "100%" in text
    assert "MB/s" in text
    assert len(re.findall(r"Verified +yes, full", text)) == 2
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") > 0  # the cursor is shown again


def read_all(controller: int) -> str:
    """Read a terminal until the other side has closed it."""
    parts = []
    while select.select([controller], [], [], 30)[0]:
        try:
            part = os.read(controller, 65536)
        except OSError:  # Linux says EIO where the last process has closed the terminal
            break
        if not part:
            break
        parts.append(part)
    os.close(controller)
    return b"".join(parts).decode()


def test_an_image_is_not_written_to_a_terminal(work: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-"], stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = read_all(controller)
    assert process.wait(timeout=30) == 2
    assert "would write the image to the terminal" in shown


def test_a_listing_whose_reader_leaves(work: Path, run: Run) -> None:
    for number in range(3000):
        (work / "photos" / f"a rather long name of a file, number {number}").touch()
    assert run("image", "photos", "-o", "photos.iso").code == 0
    process = start("ls", "photos.iso")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=30)
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.returncode == 141
    assert err == ""


@pytest.mark.parametrize(
    "arguments", [["image", "photos", "-o", "-"], ["ls", "photos.iso"], ["plan", "photos", "--json"]]
)
def test_a_closed_standard_output_is_told(work: Path, run: Run, arguments: list[str]) -> None:
    run("image", "photos", "-o", "photos.iso")
    ended = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "aioimapi", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("aioimapi: error: standard output is closed")
    assert len(ended.stderr.splitlines()) == 1


def test_no_file_becomes_a_standard_stream_by_chance(work: Path) -> None:
    shell = '"$@" <&- 2>&- >told'
    subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "aioimapi", "image", "photos", "-o", "photos.iso"],
        check=True,
        timeout=30,
    )
    assert (work / "photos.iso").stat().st_size % 2048 == 0
    assert "photos.iso" in (work / "told").read_text()


@pytest.mark.parametrize("option", ["--json", "-v"])
def test_a_full_standard_output_is_told(work: Path, run: Run, option: str) -> None:
    run("image", "photos", "-o", "photos.iso")
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "aioimapi", "ls", "photos.iso", option],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "aioimapi: error: standard output: no room left"


def test_a_burn_goes_on_when_nobody_reads_its_news(work: Path, run: Run) -> None:
    (work / "photos" / "big").write_bytes(bytes(8 << 20))
    process = start("burn", "photos", "--drive", SLOW, "--json")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=40) == 0
    assert "error" not in err
    assert run("ls", "virtual:disc").code == 0


def test_a_stop_without_a_drive_speaks_of_none(work: Path) -> None:
    with (work / "photos" / "endless").open("wb") as endless:
        endless.truncate(200 << 30)
    process = subprocess.Popen(
        [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(1 << 20)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=40)
    assert b"aioimapi: stopping\n" in err
    assert b"drive" not in err


def test_what_is_not_needed_is_not_loaded(work: Path) -> None:
    """Start-up stays quick by what it leaves out; milliseconds would tell of the machine."""
    code = "import sys; from aioimapi.cli._main import run; run(['image', 'photos', '-oo.iso']); print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = ended.stdout.splitlines()[-1].split()
    assert "aioimapi.image" in loaded
    rooms = ("recorder", "drive", "mmc", "virtual", "transport", "rig", "fs.read")
    heavy = ("rich", "trio", *(f"aioimapi.{room}" for room in rooms))
    assert [name for name in loaded if name in heavy] == []
