"""Virtual drives for the tests, with a log of every command and a way to strike in the middle of one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import sniffio
import trio

from aioimapi.drive import Drive
from aioimapi.recorder import Recorder
from aioimapi.transport._virtual import VirtualTransport
from aioimapi.virtual import TargetReply, VirtualMedium

KINDS = ("dvd+r", "dvd+rw", "bd-r", "bd-re", "cd-r")
WRITE, FORMAT = 0x2A, 0x04


def url(path: Path, kind: str, *faults: str, sectors: int = 32_000, more: str = "") -> str:
    """A drive with a small disc (a CD needs room for its long lead-outs), whose waits take no time."""
    options = [f"media={kind}", f"sectors={sectors}", "time_scale=0", *(f"fault={fault}" for fault in faults)]
    return f"virtual:{path}?" + "&".join(options) + more


class Log:
    """What the target saw; checks that no command begins before the one before it has ended."""

    def __init__(self) -> None:
        self.cdbs: list[bytes] = []
        self.overlaps = 0
        self.strike_at = -1
        self.strike: Callable[[], None] = lambda: None
        self._open = False

    def __call__(
        self, event: Literal["begin", "end"], cdb: bytes, reply: TargetReply | None, now: float
    ) -> None:
        if event == "end":
            self._open = False
            return
        self.overlaps += self._open
        self._open = True
        self.cdbs.append(cdb)
        if len(self.cdbs) - 1 == self.strike_at:
            self.strike()

    def opcodes(self) -> list[int]:
        return [cdb[0] for cdb in self.cdbs]


def loop_runner() -> Callable[[Callable[[], object]], None]:
    """Return a function that runs another one in this event loop, from a thread, and waits until it has run.

    A few rounds of the loop pass before it returns, so that a cancel has reached its task by then.
    """
    schedule: Callable[[Callable[[], object]], object]
    if sniffio.current_async_library() == "trio":
        schedule = trio.lowlevel.current_trio_token().run_sync_soon
    else:
        schedule = asyncio.get_running_loop().call_soon_threadsafe

    def run(function: Callable[[], object]) -> None:
        for step in (function, lambda: None, lambda: None):
            done = threading.Event()

            def call(step: Callable[[], object] = step, done: threading.Event = done) -> None:
                try:
                    step()
                finally:
                    done.set()

            schedule(call)
            done.wait(5)

    return run


@asynccontextmanager
async def virtual_recorder(
    target: str, log: Log | None = None
) -> AsyncIterator[tuple[Recorder, VirtualTransport]]:
    """A recorder on a virtual drive, and the transport, whose target tells whether the tray is locked."""
    transport = await VirtualTransport.open(target, log=log)
    drive = Drive(transport)
    try:
        yield Recorder(drive), transport
    finally:
        await drive.aclose()


def locked(transport: VirtualTransport) -> bool:
    target = transport._target
    return target is not None and target.locked


def told_state(path: Path) -> str:
    """What the disc in the file is, by its own word."""
    medium = VirtualMedium.open(str(path), readonly=True)
    try:
        state = medium.state
        if not state.sequential:
            return "appendable" if state.formatted else "blank"
        return {0: "blank", 1: "appendable", 2: "closed"}[int(state.status)]
    finally:
        medium.close()


def forget_disc(path: Path) -> None:
    """Remove the disc and what lies beside it."""
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
