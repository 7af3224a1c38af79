"""The command as a user runs it, in this process where that is enough."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from aioimapi.cli import _main

from .command import Ended, Run


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], loop: str) -> Run:
    """Run ``aioimapi ARGUMENTS`` here, on the loop of the test."""

    def command(*arguments: str) -> Ended:
        capfd.readouterr()
        code = _main.run([*arguments, "--loop", loop])
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return command


@pytest.fixture(params=["asyncio", "trio"])
def loop(request: pytest.FixtureRequest) -> str:
    """Run each test of a command on both event loops."""
    name: str = request.param
    return name


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with sources: ``photos`` (a few files) and ``notes.txt``."""
    photos = tmp_path / "photos"
    (photos / "2026").mkdir(parents=True)
    (photos / "2026" / "Düne, früh.jpg").write_bytes(b"\xff\xd8" + bytes(range(256)) * 700)
    (photos / "index.txt").write_text("one picture\n")
    (photos / "empty").write_bytes(b"")
    (photos / "latest").symlink_to("2026")
    (tmp_path / "notes.txt").write_text("notes\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photos_of_nobody(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a file and a disc that may not be used, also where the tests run as root: as nobody then."""
    # All modules are loaded before: nobody may not read them either.
    assert run("burn", "photos", "--drive", "virtual:warm-up?media=bd-r").code == 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(work / "photos", root / "photos")
        (root / "photos" / "secret").write_text("x")
        (root / "photos" / "secret").chmod(0)
        for path in (root, *root.rglob("*")):
            os.chown(path, 65534 if os.geteuid() == 0 else -1, -1, follow_symlinks=False)
        assert run("virtual", "new", str(root / "disc"), "--media", "bd-r").code == 0
        for name in ("disc", "disc.state"):
            (root / name).chmod(0o400)
            os.chown(root / name, 0 if os.geteuid() == 0 else -1, -1)
        monkeypatch.chdir(root)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield root
        finally:
            os.seteuid(user)
