"""Task management, resets, and drives that hang or go."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from aioimapi import iscsi
from aioimapi.iscsi import _connection
from aioimapi.mmc import Command
from aioimapi.transport import Buffer, Reply, Transport

from .conftest import TARGET, until_sessions
from .initiator import NAME, TEST_UNIT_READY, Initiator, connect, logged_in, read_10, write_10

pytestmark = pytest.mark.anyio

BLOCK = 2048
OTHER = b"\x00\x02\x3d\x00\x00\x09"
ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET, LUN_RESET, WARM_RESET, COLD_RESET, REASSIGN = range(
    1, 9
)


async def start_write(host: Initiator, lba: int = 0) -> tuple[int, int]:
    """Send a WRITE with its data; return its tag and its number."""
    tag, number = host.next_tag(), host.number
    header = host.command_header(write_10(lba, 1), tag=tag, writes=True, length=BLOCK)
    await host.send(header, b"w" * BLOCK)
    return tag, number


async def until_ready(host: Initiator) -> None:
    """Take the unit attentions of a reset: the session's, and the drive's own where its hang had begun."""
    for _ in range(3):
        ready = await host.read(TEST_UNIT_READY, 0)
        if not ready.status:
            return
        assert ready.key == (6, 0x29, 0)
    pytest.fail("the drive tells of a reset again and again")


async def test_abort_of_what_waits_for_its_data(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        tag, number = host.next_tag(), host.number
        await host.send(host.command_header(write_10(0, 1), tag=tag, writes=True, length=BLOCK))
        transfer = (await host.receive()).word(20)
        later = host.next_tag()
        await host.send(host.command_header(TEST_UNIT_READY, tag=later))
        assert await host.task_management(ABORT_TASK, task=tag, task_number=number) == 0
        assert (await host.result(later)).status == 0  # what waited behind it goes on
        # Its data, under way already, is dropped without a word.
        await host.data_out(tag, transfer, b"w" * BLOCK, 0, BLOCK)
        assert (await host.read(read_10(0, 1), BLOCK)).data.count(b"w") == 0


@pytest.mark.parametrize("function", [ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, LUN_RESET, WARM_RESET])
async def test_a_command_that_hangs_is_not_answered_until_it_is_aborted(disc: str, function: int) -> None:
    url = disc + "&fault=hang@write:1"
    async with iscsi.serve({TARGET: url}, port=0) as server, logged_in(server.port, TARGET) as host:
        tag, number = await start_write(host)
        later = host.next_tag()
        await host.send(host.command_header(TEST_UNIT_READY, tag=later))
        await host.ping()
        answer = anyio.Event()
        with anyio.move_on_after(0.05):
            await host.receive()
            answer.set()
        assert not answer.is_set()
        assert await host.task_management(function, task=tag, task_number=number) == 0
        if function == ABORT_TASK:
            hung = await host.result(later)
            assert (hung.status, hung.key) == (2, (6, 0x29, 0))
        elif function in {LUN_RESET, WARM_RESET}:
            assert (await host.read(TEST_UNIT_READY, 0)).key == (6, 0x29, 0)
            assert (await host.read(TEST_UNIT_READY, 0)).key == (6, 0x29, 0)  # the drive's own
        else:
            assert (await host.read(TEST_UNIT_READY, 0)).key == (6, 0x29, 0)
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_hang_that_nobody_aborts_ends_with_the_drives_time_limit(disc: str) -> None:
    url = disc + "&fault=hang@write:1&time_scale=0.0001"
    async with iscsi.serve({TARGET: url}, port=0) as server, logged_in(server.port, TARGET) as host:
        late = await host.write(write_10(0, 1), bytes(BLOCK))
        assert (late.status, late.key) == (2, (4, 0x08, 0x01))


async def test_a_reset_clears_the_commands_of_all_sessions_and_tells_them(disc: str) -> None:
    url = disc + "&fault=hang@write:1"
    async with (
        iscsi.serve({TARGET: url}, port=0) as server,
        logged_in(server.port, TARGET) as one,
        logged_in(server.port, TARGET, isid=OTHER) as two,
    ):
        await start_write(one)
        await one.ping()
        await two.send(two.command_header(TEST_UNIT_READY, tag=77))  # waits behind it
        assert await two.task_management(LUN_RESET) == 0
        for host in (one, two):
            assert (await host.read(TEST_UNIT_READY, 0)).key == (6, 0x29, 0)
            await until_ready(host)


async def test_clearing_the_task_set_tells_the_others(disc: str) -> None:
    async with (
        iscsi.serve({TARGET: disc}, port=0) as server,
        logged_in(server.port, TARGET) as one,
        logged_in(server.port, TARGET, isid=OTHER) as two,
    ):
        assert await one.task_management(CLEAR_TASK_SET) == 0
        assert (await one.read(TEST_UNIT_READY, 0)).status == 0
        assert (await two.read(TEST_UNIT_READY, 0)).key == (6, 0x2F, 0)
        assert (await two.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_cold_reset_ends_every_session_of_the_target_and_of_no_other(
    disc: str, tmp_path: Path
) -> None:
    other = TARGET + "2"
    targets = {TARGET: disc, other: f"virtual:{tmp_path}/other?media=dvd+r&sectors=4096&attention=no"}
    async with (
        iscsi.serve(targets, port=0) as server,
        logged_in(server.port, TARGET) as one,
        logged_in(server.port, TARGET, isid=OTHER) as two,
        logged_in(server.port, other) as stranger,
    ):
        assert await one.task_management(COLD_RESET) == 0
        assert await one.is_dropped()
        assert await two.is_dropped()
        assert (await stranger.read(TEST_UNIT_READY, 0)).status == 0
        await until_sessions(server, 1)


async def test_functions_that_are_refused(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        assert await host.task_management(ABORT_TASK, task=99, task_number=host.number - 1) == 1
        assert await host.task_management(LUN_RESET, lun=1) == 2
        assert await host.task_management(REASSIGN) == 4
        assert await host.task_management(CLEAR_ACA) == 5
        assert await host.task_management(99) == 5


async def test_an_abort_that_overtakes_its_command(disc: str) -> None:
    """The command has not come: it counts as come, and when it comes it is not run (RFC 7143 11.6.1)."""
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        number = host.number
        assert await host.task_management(ABORT_TASK, task=99, task_number=number) == 0
        await host.send(host.command_header(TEST_UNIT_READY, tag=99, number=number))
        host.number += 1
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_drive_that_is_unplugged_takes_its_target_away(disc: str) -> None:
    url = disc + "&fault=unplug@write:2"
    async with iscsi.serve({TARGET: url}, port=0) as server:
        async with (
            logged_in(server.port, TARGET) as one,
            logged_in(server.port, TARGET, isid=OTHER) as two,
        ):
            assert (await one.write(write_10(0, 1), bytes(BLOCK))).status == 0
            await start_write(one)
            assert await one.is_dropped()
            assert await two.is_dropped()
        assert server.targets == ()
        async with connect(server.port) as host:
            keys = {"InitiatorName": NAME, "TargetName": TARGET, "AuthMethod": "None"}
            answer = await host.login_step(keys, stage=0, next_stage=1)
            assert answer.word(36) >> 16 == 0x0204  # target removed
        async with logged_in(server.port) as host:
            assert (await host.text({"SendTargets": "All"})).targets == []


async def test_one_sessions_hang_is_not_another_targets(disc: str, tmp_path: Path) -> None:
    other = TARGET + "2"
    targets = {
        TARGET: disc + "&fault=hang@write:1",
        other: f"virtual:{tmp_path}/other?media=dvd+r&sectors=4096&attention=no",
    }
    async with (
        iscsi.serve(targets, port=0) as server,
        logged_in(server.port, TARGET) as stuck,
        logged_in(server.port, other) as free,
    ):
        await start_write(stuck)
        await stuck.ping()
        for _ in range(10):
            assert (await free.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_session_that_is_lost_in_a_hang_frees_the_drive(disc: str) -> None:
    url = disc + "&fault=hang@write:1"
    async with iscsi.serve({TARGET: url}, port=0) as server:
        async with logged_in(server.port, TARGET) as stuck:
            await start_write(stuck)
            await stuck.ping()
        async with logged_in(server.port, TARGET, isid=OTHER) as host:
            with anyio.fail_after(5):
                await until_ready(host)


async def test_head_of_queue_goes_before_what_waits(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.send(host.command_header(write_10(0, 1), tag=1, writes=True, length=BLOCK))
        transfer = await host.receive()
        await host.send(host.command_header(TEST_UNIT_READY, tag=2))
        await host.send(host.command_header(TEST_UNIT_READY, tag=3, attribute=3))
        assert (await host.receive()).tag == 3
        await host.data_out(1, transfer.word(20), bytes(BLOCK), 0, BLOCK)
        assert [(await host.receive()).tag for _ in range(2)] == [1, 2]


class Deaf(Transport):
    """A real drive in one respect: a command that it has begun cannot be taken back, whoever is cancelled."""

    def __init__(self) -> None:
        self.name = "deaf"
        self.max_transfer_bytes = 64 * 1024
        self.begun = anyio.Event()
        self.wakes = anyio.Event()

    async def execute(self, command: Command, buffer: Buffer | None = None) -> Reply:
        if command.to_cdb()[0] == 0x1B:
            self.begun.set()
            with anyio.CancelScope(shield=True):
                await self.wakes.wait()
        return Reply(0)

    async def aclose(self) -> None:
        pass


async def test_a_real_drive_that_hangs_holds_up_neither_the_abort_nor_the_end_of_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_connection, "ABORT_S", 0.05)
    drive = Deaf()
    async with iscsi.serve({TARGET: drive}, port=0) as server:
        async with logged_in(server.port, TARGET) as host:
            await host.send(host.command_header(bytes((0x1B, 0, 0, 0, 2, 0)), tag=9))
            await drive.begun.wait()
            assert await host.task_management(ABORT_TASK, task=9, task_number=1) == 255
            assert (await host.ping(b"alive")).data == b"alive"
            await host.send(bytes((0x1C, 0x80)) + bytes(46))  # breaks the protocol
            assert await host.is_dropped(within_s=2)
        drive.wakes.set()
        async with logged_in(server.port, TARGET) as host:
            assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_reset_unlocks_the_tray(disc: str) -> None:
    prevent, eject = bytes((0x1E, 0, 0, 0, 1, 0)), bytes((0x1B, 0, 0, 0, 2, 0))
    async with (
        iscsi.serve({TARGET: disc}, port=0) as server,
        logged_in(server.port, TARGET) as one,
        logged_in(server.port, TARGET, isid=OTHER) as two,
    ):
        assert (await one.read(prevent, 0)).status == 0
        assert (await two.read(eject, 0)).key == (5, 0x53, 2)
        assert await two.task_management(LUN_RESET) == 0
        await until_ready(two)
        assert (await two.read(eject, 0)).status == 0
