"""Kills the iSCSI server at random moments of burns and looks at what is left; runs inside the lab.

``iscsi_kills.py FOLDER COUNT``: FOLDER holds ``image.iso``. For each kill there is a fresh disc behind the same target,
so that the kernel's session finds a server again. A program burns the image and tells of every command that was
answered; the server is killed (``kill -9``) when a random number of sectors is on the disc, closing included. What the
burner saw acknowledged, and what the disc then says and holds, is printed as one JSON line for each kill.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import anyio

import aioimapi.cli._burn  # here, so that every burner finds them loaded
import aioimapi.recorder
import aioimapi.rig  # noqa: F401
from aioimapi import cli, iscsi
from aioimapi.virtual import VirtualMedium

TARGET = "iqn.2026-11.com.example:killed"
PORT = 3260
SECTOR = 2048
MEDIA = ("dvd+r", "bd-r", "bd-r", "dvd+r")
STATES = Path("/sys/class/iscsi_session")

CDRSKIN_WRITE = re.compile(
    r"^WRITE\(10\)\n2a 00 ((?:[0-9a-f]{2} ){8})\n +\d+ us +\[ *\d+ \]\n\n(?!-)", re.MULTILINE
)
OURS_WRITE = re.compile(r"WRITE \(10\) \[2a 00 ((?:[0-9a-f]{2} ?){8})\] status 00h")


def child(work: Callable[[], int]) -> int:
    """Run a function in a process of its own; the imports are paid for already."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = work()
    except BaseException:  # noqa: BLE001 - it is told, and the process ends
        traceback.print_exc()
    finally:
        os._exit(code or 0)


def start_server(url: str) -> int:
    """Start a server in a process of its own and wait until it listens."""
    reading, writing = os.pipe()

    async def serve() -> None:
        async with iscsi.serve({TARGET: url}, port=PORT):
            os.write(writing, b"!")
            await anyio.sleep_forever()

    def work() -> int:
        anyio.run(serve)
        return 0

    pid = child(work)
    os.close(writing)
    assert os.read(reading, 1), "the server has not come up"
    os.close(reading)
    return pid


def start_burner(number: int, image: Path, log: Path) -> int:
    """Start a program that burns and tells of every answer: cdrskin, or ours, in turn."""

    def work() -> int:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        if number % 2:
            os.execvp("cdrskin", ["cdrskin", "dev=/dev/sr0", "-V", "-multi", "-nopad", str(image)])
        sys.argv = ["aioimapi", "burn", str(image), "--drive", "/dev/sr0", "--verify", "none", "-v"]
        cli.main()
        return 0

    return child(work)


def wait_for_session() -> None:
    """Wait until the kernel's session has found the server again, and the drive is ready."""
    for _ in range(900):
        states = [(path / "state").read_text().strip() for path in STATES.iterdir()]
        if states == ["LOGGED_IN"]:
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"the session does not come back: {states}")
    for _ in range(100):
        if subprocess.run(["sg_turs", "/dev/sg0"], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError("the drive does not become ready")


def written(state: Path) -> int:
    """How far the disc's only track has come, as its sidecar begins; 0 where that says something else."""
    with open(state, "rb") as file:
        found = re.match(rb'\{"progress": "00001:(\d{10})', file.read(40))
    return int(found.group(1)) if found else 0


def acknowledged(log: str) -> int:
    """The sector behind the last WRITE of which the burner saw the answer."""
    last = 0
    for found in [*CDRSKIN_WRITE.finditer(log), *OURS_WRITE.finditer(log)]:
        rest = bytes.fromhex(found.group(1).replace(" ", ""))
        last = max(last, int.from_bytes(rest[0:4], "big") + int.from_bytes(rest[5:7], "big"))
    return last


def look(path: Path, image: bytes, acked: int) -> dict[str, object]:
    """Open the disc again and compare what it says with what it holds."""
    with VirtualMedium.open(str(path)) as medium:
        track = medium.state.tracks[0]
        end = min(track.next_lba, len(image) // SECTOR)
        buffer = bytearray(end * SECTOR)
        medium.read_into(0, memoryview(buffer))
        return {
            "says": track.next_lba,
            "closed": track.closed,
            "acknowledged": acked,
            "true": track.next_lba >= acked and buffer == image[: end * SECTOR],
        }


def run(folder: Path, count: int) -> None:
    """Kill so many servers."""
    image = (folder / "image.iso").read_bytes()
    sectors = len(image) // SECTOR
    chance = random.Random("kills")
    for number in range(count):
        media = MEDIA[number % len(MEDIA)]
        path, log = folder / f"disc-{number}", folder / f"log-{number}"
        server = start_server(f"virtual:{path}?media={media}&sectors={sectors * 2}&serial=KILL{number}")
        if number == 0:
            subprocess.run(["attach", str(PORT)], check=True)
        wait_for_session()
        burner = start_burner(number, folder / "image.iso", log)
        goal = chance.randrange(0, sectors + sectors // 8)
        ended = (0, 0)
        deadline = time.monotonic() + 60
        while (
            written(path.with_name(path.name + ".state")) < min(goal, sectors) and time.monotonic() < deadline
        ):
            ended = os.waitpid(burner, os.WNOHANG)
            if ended[0]:
                break
            time.sleep(chance.random() * 0.004)
        if goal > sectors:  # somewhere in flushing and closing
            time.sleep(chance.random() * 0.3)
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        if not ended[0]:
            os.kill(burner, signal.SIGKILL)
            os.waitpid(burner, 0)
        told = look(path, image, acknowledged(log.read_text(errors="replace")))
        sys.stdout.write(json.dumps({"kill": number, "media": media, "goal": goal, **told}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
