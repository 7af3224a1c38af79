"""A transport of its own making: what the base class does for it."""

from __future__ import annotations

import pytest

from aioimapi.errors import DriveNotFoundError
from aioimapi.mmc import Command, TestUnitReady, Write10
from aioimapi.transport import Buffer, Reply, Transport, open_transport

pytestmark = pytest.mark.anyio


class Remote(Transport):
    """Truly asynchronous: it needs no thread."""

    name, max_transfer_bytes = "remote:1", 65536

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.closed = False

    async def execute(self, command: Command, buffer: Buffer | None = None) -> Reply:
        self.commands.append(command)
        return Reply(2) if command == Write10(1, 0) else Reply(0)

    async def aclose(self) -> None:
        self.closed = True


async def test_bursts_come_for_free() -> None:
    async with Remote() as transport:
        replies = await transport.execute_burst([(Write10(lba, 0), None) for lba in range(3)])
        assert [reply.good for reply in replies] == [True, False]
        assert transport.commands == [Write10(0, 0), Write10(1, 0)]
        assert (await transport.execute(TestUnitReady())).good
        assert transport.take_lost_outcomes() == ()
        await transport.look_again()
    assert transport.closed


async def test_other_systems_are_told_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    with pytest.raises(DriveNotFoundError, match=r"plan9.*virtual drives can"):
        await open_transport("/dev/sdC0")
