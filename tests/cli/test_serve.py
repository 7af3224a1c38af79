"""``virtual serve``: names, addresses, secrets, and the end by a signal."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from aioimapi.cli._serve import name_targets

from .command import Run, start


def test_targets_are_named_by_their_discs() -> None:
    named = name_targets(
        (
            "disc.bdr",
            "virtual:Other Disc.iso?media=bd-r",
            "sub/disc.bdr",
            "/dev/sr0",
            "virtual:?serial=1",
            "odd?%.bdr",
        )
    )
    prefix = "iqn.2026-11.local.aioimapi:"
    assert named == {
        f"{prefix}disc.bdr": "virtual:disc.bdr",
        f"{prefix}other-disc.iso": "virtual:Other Disc.iso?media=bd-r",
        f"{prefix}disc.bdr-2": "virtual:sub/disc.bdr",
        f"{prefix}sr0": "/dev/sr0",
        f"{prefix}disc": "virtual:?serial=1",
        f"{prefix}odd-3f-25.bdr": "virtual:odd%3F%25.bdr",
    }


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_it_serves_until_a_signal(tmp_path: Path, loop: str) -> None:
    url = f"virtual:{tmp_path}/disc?media=bd-r&sectors=4096"
    with start("virtual", "serve", url, "--port", "0", "--json", "--loop", loop) as server:
        assert server.stdout is not None
        target = json.loads(server.stdout.readline())
        assert target["event"] == "target"
        assert (target["name"], target["drive"]) == ("iqn.2026-11.local.aioimapi:disc", url)
        with socket.create_connection((target["host"], target["port"])):
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=20)
    assert server.returncode == 143
    assert json.loads(out.splitlines()[-1])["error"]["type"] == "Stopped"
    assert "termination signal" in err


def test_other_addresses_are_refused_without_chap(run: Run, work: Path) -> None:
    ended = run("virtual", "serve", "virtual:disc?media=bd-r", "--host", "0.0.0.0", "--port", "0")
    assert ended.code == 3
    assert "CHAP" in ended.err


def test_a_missing_disc_is_refused(run: Run, work: Path) -> None:
    ended = run("virtual", "serve", "missing.bdr", "--port", "0")
    assert ended.code == 3
    assert "missing.bdr" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        ["--user", "alice"],
        ["--secret-file", "secret"],
        ["--own-name", "me", "--own-secret-file", "secret"],
        ["--user", "alice", "--secret-file", "short"],
        ["--user", "alice", "--secret-file", "missing"],
        ["--user", "alice", "--secret-file", "secret", "--own-name", "me", "--own-secret-file", "secret"],
    ],
)
def test_names_and_secrets_belong_together(run: Run, work: Path, options: list[str]) -> None:
    (work / "secret").write_text("long enough to be one\n")
    (work / "short").write_text("short\n")
    ended = run("virtual", "serve", "virtual:disc?media=bd-r", *options)
    assert ended.code == 2
    assert "long enough" not in ended.err
