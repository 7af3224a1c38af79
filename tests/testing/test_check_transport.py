"""The public checks pass on good transports, and find what is wrong with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from aioimapi.mmc import Command, Inquiry, InquiryData, ModeSelect10, TestUnitReady
from aioimapi.testing import ScriptedTransport, check_transport
from aioimapi.transport import Buffer, Reply, Transport, open_transport

pytestmark = pytest.mark.anyio

IDENTITY = InquiryData(vendor="ACME", product="Writer", revision="1").to_bytes()
REFUSED = Reply(2, bytes.fromhex("70 00 05 00 00 00 00 0A 00 00 00 00 20 00 00 00 00 00"))


def drive(command: Command, data: memoryview | None) -> Reply:
    if isinstance(command, Inquiry) and data is not None:
        size = min(len(data), len(IDENTITY))
        data[:size] = IDENTITY[:size]
        return Reply(0, residual=len(data) - size)
    return Reply(0) if isinstance(command, TestUnitReady | ModeSelect10) else REFUSED


async def test_a_scripted_drive_passes() -> None:
    made: list[ScriptedTransport] = []

    async def opener() -> Transport:
        made.append(ScriptedTransport(drive))
        return made[-1]

    await check_transport(opener)
    assert [transport.overlaps for transport in made] == [0] * len(made)
    assert [transport.closed for transport in made] == [1] * len(made)


@pytest.mark.parametrize("disc", ["?media=bd-r&sectors=4096", "?media=dvd%2Brw&sectors=4096", ""])
async def test_the_virtual_drive_passes(tmp_path: Path, disc: str) -> None:
    path = tmp_path / "disc" if disc else ""
    await check_transport(lambda: open_transport(f"virtual:{path}{disc}"))


class Silent(ScriptedTransport):
    """Shows a failed command as a success."""

    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        reply = super()._execute(command, data)
        return Reply(0, residual=reply.residual)


class Eager(ScriptedTransport):
    """Goes on with a burst after a refusal."""

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        replies: list[Reply] = []
        for item in commands:
            replies += await super().execute_burst([item])
        return replies


class Deaf(ScriptedTransport):
    """Lets no cancellation in."""

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        replies: list[Reply] = []
        with anyio.CancelScope(shield=True):
            replies += await super().execute_burst(commands)
        return replies


class Undead(ScriptedTransport):
    """Works on after it was closed."""

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()


class Greedy(ScriptedTransport):
    """Brings more data than was announced, and forgets the residual."""

    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        return Reply(0, residual=-4) if isinstance(command, Inquiry) else super()._execute(command, data)


class Odd(ScriptedTransport):
    """Has a limit that is not of whole sectors."""

    def __init__(self, answer: Callable[[Command, memoryview | None], Reply]) -> None:
        super().__init__(answer, max_transfer_bytes=65535)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Silent, "not CHECK CONDITION"),
        (Eager, "returned the states"),
        (Deaf, "never lets the event loop run"),
        (Undead, "after aclose"),
        (Greedy, "a residual of -4"),
        (Odd, "whole sectors"),
    ],
)
async def test_a_broken_transport_is_found(kind: Callable[..., ScriptedTransport], words: str) -> None:
    made: list[ScriptedTransport] = []

    async def opener() -> Transport:
        made.append(kind(drive))
        return made[-1]

    with pytest.raises(AssertionError, match=words):
        await check_transport(opener)
    for transport in made:
        await ScriptedTransport.aclose(transport)
