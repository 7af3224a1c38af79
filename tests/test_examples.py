"""Every example runs, as its first lines say, and prints what it is there to show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi.virtual import Quirk

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TESTED = {
    "burn_folder.py",
    "duplicate.py",
    "faults.py",
    "list_and_extract.py",
    "make_image.py",
    "own_transport.py",
    "quirks.py",
    "service_with_cancel.py",
    "test_with_fixtures.py",  # by tests/testing/test_pytest_plugin.py
}

Example = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    """Run an example in a folder of its own, with a folder ``photos`` there; warnings are errors there, too."""
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    (photos / "deep" / "largest.jpg").write_bytes(os.urandom(300_000))
    (photos / "Zürich.txt").write_text("a text\n")
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_every_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == TESTED


def test_burn_folder(example: Example) -> None:
    ended = example("burn_folder.py", "photos", "virtual:disc?media=bd-r")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "writing data 100%" in ended.stdout
    assert re.search(r"^Verified +yes, full", ended.stdout, re.MULTILINE)
    again = example("burn_folder.py", "photos", "virtual:disc")
    assert again.returncode == 1
    assert again.stderr.startswith("nothing was written: ")


def test_burn_folder_tells_what_holds_after_a_failure(example: Example) -> None:
    ended = example("burn_folder.py", "photos", "virtual:disc?media=bd-r&fault=3/0c/00@write:3")
    assert ended.returncode == 1
    assert "64 sectors were written, the disc is appendable" in ended.stderr


def test_duplicate_on_eight_drives(example: Example) -> None:
    drives = [f"virtual:{number}?media=bd-r" for number in range(7)]
    ended = example("duplicate.py", "photos", *drives, "virtual:7?media=bd-r&fault=unplug@write:3")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("written and verified") == 7
    assert ended.stdout.endswith("7 of 8 are good\n")


def test_make_image(example: Example, tmp_path: Path) -> None:
    ended = example("make_image.py", "photos", "out.iso")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "/Zürich.txt: " in ended.stdout
    image = (tmp_path / "out.iso").read_bytes()
    assert b"000999\n" in image
    assert b"made by an example\n" in image


def test_list_and_extract(example: Example, tmp_path: Path) -> None:
    assert example("make_image.py", "photos", "out.iso").returncode == 0
    ended = example("list_and_extract.py", "out.iso", "back")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "read 300000 bytes of /deep/largest.jpg" in ended.stdout
    assert (tmp_path / "back" / "data" / "measurements.txt").stat().st_size == 7000
    assert example("burn_folder.py", "photos", "virtual:disc?media=dvd%2Br").returncode == 0
    assert "Zürich.txt" in example("list_and_extract.py", "virtual:disc", "again").stdout


def test_service_runs_to_the_end_or_is_cancelled(example: Example) -> None:
    ended = example("service_with_cancel.py", "photos", "virtual:one?media=bd-r")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "-> client: " in ended.stdout
    assert "Verified" in ended.stdout
    slow = "virtual:two?media=bd-r&physics=on&buffer_kib=64&opc_s=60"
    ended = example("service_with_cancel.py", "photos", slow, "0.05")
    assert (ended.returncode, ended.stderr) == (0, "")
    # How far it came in that time is the machine's business.
    assert re.search(
        r"^stopped; the BD-R sequential recording is (blank|appendable)$", ended.stdout, re.MULTILINE
    )


def test_own_transport_passes_the_checks(example: Example) -> None:
    ended = example("own_transport.py", "virtual:disc?media=bd-r")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the transport keeps the contract" in ended.stdout
    assert "READ DISC INFORMATION: status 00h" in ended.stdout


def test_faults_end_as_they_should(example: Example) -> None:
    ended = example("faults.py")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = dict(line.split(": ", 1) for line in ended.stdout.splitlines())
    assert (
        lines["a write error in the middle"] == "RecordingError, 96 sectors written, the disc is appendable"
    )
    assert lines["a drive that is not ready for a while"].startswith("verified: True")
    assert "the disc is unknown" in lines["a drive that is unplugged"]
    assert lines["a flush that is never answered"].startswith("RecordingError")
    assert lines["a session that cannot be closed"].startswith("RecordingError")
    assert lines["a drive that says GOOD and writes nothing"].startswith("VerificationError")
    assert lines["a sector that goes bad"].startswith("VerificationError")


def test_quirks_end_as_they_should(example: Example) -> None:
    ended = example("quirks.py")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = dict(line.split(": ", 1) for line in ended.stdout.splitlines())
    assert {quirk.value for quirk in Quirk} < set(lines)
    assert lines.pop("yes-man") == "VerificationError, the disc is appendable"
    assert lines.pop("needs-reload") == "verified: True, warnings: 1"
    assert lines.pop("a bad spot") == "VerificationError, the disc is closed"
    assert [lines.pop(f"after {age} years") for age in (0, 40, 80)] == ["excellent", "good", "worn"]
    assert set(lines.values()) == {"verified: True, warnings: 0"}


@pytest.mark.skipif(sys.platform != "linux", reason="the demo is a shell script")
def test_demo(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("aioimapi")
    ended = subprocess.run(
        ["sh", EXAMPLES / "demo.sh", command],
        cwd=EXAMPLES.parent,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0
    assert re.search(r"^Verified +yes, full", ended.stdout, re.MULTILINE)
    assert "/docs/index.md" in ended.stdout
    assert "/README.md" in ended.stdout
    assert os.listdir(tmp_path) == []
