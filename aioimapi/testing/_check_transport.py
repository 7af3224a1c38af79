"""What every transport must do, as checks that a drive backend's own tests can run."""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import anyio

from aioimapi.errors import DriveClosedError, LocalProtocolError
from aioimapi.mmc import (
    Command,
    Inquiry,
    ModeSelect10,
    RawCommand,
    Read10,
    SenseData,
    SenseKey,
    TestUnitReady,
    Write10,
)
from aioimapi.transport import Buffer, Outcome, Reply, Transport
from aioimapi.units import SECTOR_SIZE

TransportOpener: TypeAlias = Callable[[], Awaitable[Transport]]
"""Opens the transport under test; called once for each check, and closed before the next."""

_UNTOUCHED = 0xA5
_TASKS = 20


_NO_SUCH_COMMAND: Final = RawCommand(bytes((0x02, 0, 0, 0, 0, 0)))
"""Operation code 02h is reserved in every command set, so that every drive refuses it."""


async def check_transport(opener: TransportOpener) -> None:
    """Check a transport against the contract of :class:`aioimapi.transport.Transport`.

    Run it on both event loops, with any drive behind the transport, with a disc in it or without. Nothing on
    a disc is changed: the commands are INQUIRY, TEST UNIT READY, an empty MODE SELECT, and one that no drive knows.

    Args:
        opener: Opens a fresh transport to the same drive.

    Raises:
        AssertionError: The transport breaks the contract; the message says how.
        DriveError: It cannot be opened, or the drive is gone.

    Cancellation:
        The transport that is being checked is closed.
    """
    for check in _CHECKS:
        transport = await opener()
        try:
            await _take_attentions(transport)
            await check(transport)
        finally:
            await transport.aclose()


async def _take_attentions(transport: Transport) -> None:
    """Let a drive tell what happened before we came."""
    for _ in range(4):
        await transport.execute(TestUnitReady())


async def _inquire(transport: Transport, length: int = 36) -> bytes:
    """Send an INQUIRY, check the answer's form, and return what came."""
    buffer = bytearray([_UNTOUCHED] * 64)
    reply = await transport.execute(Inquiry(length), buffer)
    assert isinstance(reply, Reply), f"execute() returned {reply!r}, not a Reply"
    assert reply.good, f"INQUIRY was answered with status {reply.status:02X}h"
    assert reply.sense == b"", "a command that ended with GOOD came with sense data"
    assert 0 <= reply.residual <= length, f"a residual of {reply.residual} from {length} bytes"
    assert reply.duration_s >= 0, "a command took negative time"
    assert all(byte == _UNTOUCHED for byte in buffer[length:]), "data came past the announced length"
    came = length - reply.residual
    assert came > 0, "INQUIRY brought no data, or the residual is wrong"
    assert buffer[0] & 0x1F == 5, (
        f"INQUIRY's data begins with {buffer[:8].hex(' ')}: that is no optical drive"
    )
    return bytes(buffer[:came])


async def _tells_its_name_and_limit(transport: Transport) -> None:
    assert isinstance(transport.name, str), "name is no string"
    assert transport.name, "the transport has no name"
    limit = transport.max_transfer_bytes
    assert limit >= SECTOR_SIZE, f"max_transfer_bytes is {limit}; one sector must fit"
    assert limit % SECTOR_SIZE == 0, f"max_transfer_bytes is {limit}; it must be of whole sectors"


async def _brings_data(transport: Transport) -> None:
    whole = await _inquire(transport)
    assert len(whole) == 36, f"{len(whole)} bytes of INQUIRY data came, not 36"
    assert await _inquire(transport, 5) == whole[:5], "a shorter INQUIRY brought other data"


async def _gives_a_refusal_as_an_answer(transport: Transport) -> None:
    reply = await transport.execute(_NO_SUCH_COMMAND)
    assert reply.status == 2, (
        f"an unknown command was answered with status {reply.status:02X}h, not CHECK CONDITION"
    )
    sense = SenseData.parse(reply.sense)
    assert sense.key is SenseKey.ILLEGAL_REQUEST, f"an unknown command was answered with {sense.describe()}"
    await _inquire(transport)


async def _takes_any_buffer(transport: Transport) -> None:
    area = mmap.mmap(-1, mmap.PAGESIZE)
    whole = await _inquire(transport)
    with memoryview(area) as view, view[100:136] as part:
        assert (await transport.execute(Inquiry(36), part)).good
        assert bytes(part) == whole, "data for a slice of a buffer went elsewhere"
    area.close()  # a BufferError where the transport still holds the buffer
    outs: tuple[Buffer, ...] = (bytes(8), bytearray(8), memoryview(bytes(8)))
    for out in outs:  # an empty MODE SELECT: a header and no page; whether the drive likes it does not matter
        assert isinstance(await transport.execute(ModeSelect10(8), out), Reply)


async def _refuses_unsuitable_buffers(transport: Transport) -> None:
    unsuitable: tuple[tuple[Command, Buffer | None, str], ...] = (
        (Write10(0, 1), None, "a WRITE without data"),
        (Write10(0, 2), bytes(SECTOR_SIZE), "a WRITE with too little data"),
        (Read10(0, 1), bytes(SECTOR_SIZE), "a READ into a read-only buffer"),
        (Inquiry(36), bytearray(35), "an INQUIRY into too small a buffer"),
    )
    for command, buffer, what in unsuitable:
        try:
            await transport.execute(command, buffer)
        except LocalProtocolError:
            continue
        raise AssertionError(f"{what} was not refused with LocalProtocolError")
    await _inquire(transport)


async def _stops_a_burst_at_a_refusal(transport: Transport) -> None:
    first, last = bytearray(36), bytearray([_UNTOUCHED] * 36)
    replies = await transport.execute_burst(
        [(Inquiry(36), first), (_NO_SUCH_COMMAND, None), (Inquiry(36), last)]
    )
    told = [reply.status for reply in replies]
    assert told == [0, 2], f"a burst of GOOD, CHECK CONDITION and one more returned the states {told}"
    assert all(byte == _UNTOUCHED for byte in last), "a burst went on after a refusal"
    assert await transport.execute_burst([]) == [], "an empty burst returned answers"


async def _serves_many_tasks(transport: Transport) -> None:
    answers: list[bytes] = []

    async def ask() -> None:
        answers.append(await _inquire(transport))

    async with anyio.create_task_group() as group:
        for _ in range(_TASKS):
            group.start_soon(ask)
    assert len(answers) == _TASKS
    assert len(set(answers)) == 1, "tasks that asked at the same time got different answers"


async def _survives_cancellation(transport: Transport) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await transport.execute(TestUnitReady())
    assert scope.cancelled_caught, "execute() in a cancelled scope returned: it never lets the event loop run"
    for delay in range(8):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(_inquire, transport)
            await anyio.sleep(delay * 0.0001)
            group.cancel_scope.cancel()
        await _inquire(transport)
    _check_lost(transport)


async def _survives_native_cancellation(transport: Transport) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # another event loop: it knows no cancellation beside scopes
        return
    for delay in range(8):
        task = asyncio.create_task(_inquire(transport))
        await asyncio.sleep(delay * 0.0001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None, (
            f"a cancelled INQUIRY raised {task.exception()!r}"
        )
        await _inquire(transport)
    _check_lost(transport)


def _check_lost(transport: Transport) -> None:
    for outcome in transport.take_lost_outcomes():
        assert isinstance(outcome, Outcome), f"take_lost_outcomes() gave {outcome!r}"
        assert (outcome.reply is None) != (outcome.error is None), (
            f"{outcome!r} has not one of reply and error"
        )
    assert transport.take_lost_outcomes() == (), "take_lost_outcomes() gave the same outcomes twice"


async def _closes_for_good(transport: Transport) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await transport.aclose()
    await transport.aclose()
    try:
        await transport.execute(TestUnitReady())
    except DriveClosedError:
        return
    raise AssertionError("a command after aclose() did not raise DriveClosedError")


_CHECKS: tuple[Callable[[Transport], Awaitable[None]], ...] = (
    _tells_its_name_and_limit,
    _brings_data,
    _gives_a_refusal_as_an_answer,
    _takes_any_buffer,
    _refuses_unsuitable_buffers,
    _stops_a_burst_at_a_refusal,
    _serves_many_tasks,
    _survives_cancellation,
    _survives_native_cancellation,
    _closes_for_good,
    # Closing let go of the drive: it can be opened again.
    _brings_data,
)
