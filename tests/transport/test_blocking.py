"""The thread of a transport: no overlap, no lost outcome, no hang, whatever happens to the callers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import anyio
import pytest

from aioimapi.errors import (
    CommandTimeoutError,
    DriveClosedError,
    DriveLostError,
    LocalProtocolError,
)
from aioimapi.mmc import Command, Inquiry, Read10, SynchronizeCache10, TestUnitReady, Write10
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply

pytestmark = pytest.mark.anyio

GOOD = Reply(0)


def good(command: Command, data: memoryview | None) -> Reply:
    return GOOD


class Gate:
    """A drive that keeps a command until told to let it go."""

    def __init__(self, held: type[Command]) -> None:
        self.held = held
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, command: Command, data: memoryview | None) -> Reply:
        if isinstance(command, self.held):
            self.entered.set()
            assert self.go.wait(10)
        return GOOD

    async def wait_entered(self) -> None:
        await eventually(self.entered.is_set)


async def release_after_cancel(go: threading.Event) -> None:
    """Let the held command go once the cancellation has reached every task."""
    try:
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
        go.set()


async def test_data_goes_both_ways_in_place() -> None:
    seen = []

    def answer(command: Command, data: memoryview | None) -> Reply:
        assert data is not None
        if isinstance(command, Write10):
            seen.append((bytes(data), data.readonly))
        else:
            data[:5] = b"hello"
        return Reply(0, residual=len(data) - 5)

    async with ScriptedTransport(answer) as transport:
        await transport.execute(Write10(0, 1), b"x" * 2048)
        buffer = bytearray(64)
        reply = await transport.execute(Inquiry(36), buffer)
    assert seen == [(b"x" * 2048, True)]
    assert (reply.residual, bytes(buffer[:6])) == (31, b"hello\0")
    assert reply.duration_s > 0


@pytest.mark.parametrize(
    ("command", "buffer", "words"),
    [
        (Write10(0, 2), b"x" * 2048, "moves 4,096 bytes; its buffer holds 2,048"),
        (Write10(0, 2), None, "was given no buffer"),
        (Read10(0, 1), b"x" * 2048, "read-only buffer"),
    ],
)
async def test_unsuitable_buffers_are_refused_before_anything_is_sent(
    command: Command, buffer: bytes | None, words: str
) -> None:
    async with ScriptedTransport(good) as transport:
        with pytest.raises(LocalProtocolError, match=words):
            await transport.execute(command, buffer)
        assert transport.commands == []


async def test_a_burst_stops_after_the_first_answer_that_is_not_good() -> None:
    def answer(command: Command, data: memoryview | None) -> Reply:
        return Reply(2, b"\x70\0\x03") if command == Write10(32, 16) else GOOD

    burst = [(Write10(lba, 16), bytes(16 * 2048)) for lba in (0, 16, 32, 48, 64)]
    async with ScriptedTransport(answer) as transport:
        replies = await transport.execute_burst(burst)
        assert [reply.status for reply in replies] == [0, 0, 2]
        assert len(transport.commands) == 3
        assert transport.take_lost_outcomes() == ()


async def test_commands_of_many_tasks_queue() -> None:
    def slow(command: Command, data: memoryview | None) -> Reply:
        time.sleep(0.0005)
        return GOOD

    async with ScriptedTransport(slow) as transport:
        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(transport.execute, Write10(number, 0))
        assert len(transport.commands) == 40
        assert transport.overlaps == 0


async def test_a_cancelled_command_is_waited_for_and_its_outcome_kept() -> None:
    gate = Gate(Write10)
    async with ScriptedTransport(gate) as transport:
        async with anyio.create_task_group() as group:
            group.start_soon(transport.execute, Write10(7, 0))
            group.start_soon(release_after_cancel, gate.go)
            await gate.wait_entered()
            group.cancel_scope.cancel()
        assert gate.go.is_set()
        (outcome,) = transport.take_lost_outcomes()
        assert outcome.command == Write10(7, 0)
        assert outcome.reply is not None
        assert outcome.reply.good
        assert transport.take_lost_outcomes() == ()


async def test_a_cancelled_burst_sends_no_further_command() -> None:
    gate = Gate(Write10)
    async with ScriptedTransport(gate) as transport:
        async with anyio.create_task_group() as group:
            group.start_soon(transport.execute_burst, [(Write10(lba, 0), None) for lba in range(5)])
            group.start_soon(release_after_cancel, gate.go)
            await gate.wait_entered()
            group.cancel_scope.cancel()
        assert transport.commands == [Write10(0, 0)]
        assert [outcome.command for outcome in transport.take_lost_outcomes()] == [Write10(0, 0)]


async def test_a_command_that_waits_for_its_turn_is_withdrawn_when_cancelled() -> None:
    gate = Gate(Write10)
    async with ScriptedTransport(gate) as transport, anyio.create_task_group() as group:
        group.start_soon(transport.execute, Write10(0, 0))
        await gate.wait_entered()
        with anyio.move_on_after(0.005) as scope:
            await transport.execute(SynchronizeCache10())
        assert scope.cancelled_caught
        gate.go.set()
        await transport.execute(TestUnitReady())
        assert transport.commands == [Write10(0, 0), TestUnitReady()]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_native_cancellation_lets_no_command_overlap_and_loses_nothing() -> None:
    gate = Gate(Write10)
    async with ScriptedTransport(gate) as transport:
        limit = asyncio.timeout(None)

        async def limited() -> Reply:
            async with limit:
                return await transport.execute(Write10(0, 0))

        task = asyncio.create_task(limited())
        await gate.wait_entered()
        limit.reschedule(0)
        await asyncio.sleep(0.01)
        assert limit.expired()
        assert not task.done()
        gate.go.set()
        with pytest.raises(TimeoutError):
            await task
        await transport.execute(SynchronizeCache10())
        assert transport.commands == [Write10(0, 0), SynchronizeCache10()]
        assert transport.overlaps == 0
        assert [outcome.command for outcome in transport.take_lost_outcomes()] == [Write10(0, 0)]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_second_native_cancellation_leaves_but_the_next_command_still_waits() -> None:
    gate = Gate(Write10)
    async with ScriptedTransport(gate) as transport:
        task = asyncio.create_task(transport.execute(Write10(0, 0)))
        await gate.wait_entered()
        task.cancel()
        await asyncio.sleep(0.005)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert transport.take_lost_outcomes() == ()  # still in flight
        threading.Timer(0.02, gate.go.set).start()
        await transport.execute(SynchronizeCache10())
        assert gate.go.is_set()
        assert transport.overlaps == 0
        assert [outcome.command for outcome in transport.take_lost_outcomes()] == [Write10(0, 0)]


@pytest.mark.parametrize(
    "error",
    [DriveLostError("gone", drive="d"), CommandTimeoutError("late", drive="d", command="x", timeout_s=1)],
)
async def test_an_error_inside_a_burst_keeps_what_was_done_before(error: Exception) -> None:
    def answer(command: Command, data: memoryview | None) -> Reply:
        if command == Write10(2, 0):
            raise error
        return GOOD

    async with ScriptedTransport(answer) as transport:
        with pytest.raises(type(error)):
            await transport.execute_burst([(Write10(lba, 0), None) for lba in range(5)])
        lost = transport.take_lost_outcomes()
        assert [(outcome.reply, outcome.error) for outcome in lost[2:]] == [(None, error)]
        assert [outcome.reply is not None for outcome in lost] == [True, True, False]


async def test_buffers_are_free_after_an_error() -> None:
    def answer(command: Command, data: memoryview | None) -> Reply:
        raise DriveLostError("gone")

    buffer = bytearray(2048)
    async with ScriptedTransport(answer) as transport:
        with pytest.raises(DriveLostError) as caught:
            await transport.execute(Read10(0, 1), buffer)
        assert caught.value.__traceback__ is not None
        buffer.clear()  # a BufferError where somebody still holds it


async def test_a_caller_that_is_thrown_away_leaves_quietly() -> None:
    """As the coroutines of an event loop that was closed under them."""
    async with ScriptedTransport(good) as transport:
        caller = transport.execute(Write10(0, 0))
        caller.send(None)
        caller.close()
        await transport.execute(TestUnitReady())
        assert transport.overlaps == 0


async def test_closing_is_final_and_may_be_repeated() -> None:
    transport = ScriptedTransport(good)
    await transport.execute(TestUnitReady())
    await transport.aclose()
    await transport.aclose()
    assert transport.closed == 1
    with pytest.raises(DriveClosedError, match="scripted:drive was closed"):
        await transport.execute(TestUnitReady())


async def test_closing_works_inside_a_cancelled_scope() -> None:
    transport = ScriptedTransport(good)
    await transport.execute(TestUnitReady())
    with anyio.CancelScope() as scope:
        scope.cancel()
        await transport.aclose()
    assert transport.closed == 1


async def test_closing_leaves_a_hung_command_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioimapi.transport._blocking.CLOSE_WAIT_S", 0.01)
    gate = Gate(Write10)
    transport = ScriptedTransport(gate)
    async with anyio.create_task_group() as group:
        group.start_soon(expect_closed, transport)
        await gate.wait_entered()
        await transport.aclose()
        assert transport.closed == 0
        gate.go.set()
        await eventually(lambda: transport.closed == 1)
    assert transport.commands == [Write10(0, 0)]


async def expect_closed(transport: ScriptedTransport) -> None:
    """A burst that is in flight when the transport is closed ends at the next command."""
    with pytest.raises(DriveClosedError):
        await transport.execute_burst([(Write10(0, 0), None), (Write10(1, 0), None)])


async def eventually(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not condition():  # noqa: ASYNC110 - another thread makes it true
            await anyio.sleep(0.001)


HUNG = """
import sys, threading, anyio
from aioimapi.mmc import TestUnitReady
from aioimapi.testing import ScriptedTransport

async def main():
    transport = ScriptedTransport(lambda command, data: threading.Event().wait() or None)
    if sys.argv[1] == "asyncio":
        import asyncio
        task = asyncio.create_task(transport.execute(TestUnitReady()))
        for _ in range(2):
            await asyncio.sleep(0.02)
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print("left")
    else:  # trio waits for a command in flight; what hangs here is the closing of the device
        transport._close = threading.Event().wait
        await transport.aclose()
        print("left")

anyio.run(main, backend=sys.argv[1])
"""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
async def test_a_hung_command_does_not_hold_up_the_end_of_the_process(backend: str) -> None:
    with anyio.fail_after(20):
        ended = await anyio.run_process(
            [sys.executable, "-W", "error", "-c", HUNG, backend], check=False, stderr=subprocess.PIPE
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"left\n", b"")
