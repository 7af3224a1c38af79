"""The virtual drive as a transport: its data, its time, its faults."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from aioimapi.errors import CommandTimeoutError, DriveBusyError, DriveLostError, VirtualMediumError
from aioimapi.mmc import Inquiry, TestUnitReady, Write10
from aioimapi.transport import Transport, open_transport

pytestmark = pytest.mark.anyio


async def open_disc(folder: Path, options: str = "") -> Transport:
    url = f"virtual:{folder / 'disc'}?media=bd-r&sectors=65536&attention=0{options}"
    return await open_transport(url)


async def test_it_answers_like_any_other(tmp_path: Path) -> None:
    async with await open_disc(tmp_path) as transport:
        buffer = bytearray(96)
        reply = await transport.execute(Inquiry(96), buffer)
        assert reply.good
        assert len(buffer) - reply.residual >= 36
        assert buffer[0] & 0x1F == 5
        assert (await transport.execute(TestUnitReady())).good
        assert (await transport.execute(Write10(0, 32), bytes(65536))).residual == 0


async def test_two_drives_cannot_have_one_disc(tmp_path: Path) -> None:
    async with await open_disc(tmp_path):
        with pytest.raises(DriveBusyError):
            await open_disc(tmp_path)
    async with await open_disc(tmp_path) as transport:
        assert (await transport.execute(TestUnitReady())).good


async def test_a_bad_option_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(VirtualMediumError, match="colour"):
        await open_disc(tmp_path, "&colour=blue")
    assert os.listdir(tmp_path) == []


async def test_an_unplugged_drive_is_lost(tmp_path: Path) -> None:
    async with await open_disc(tmp_path, "&fault=unplug@write:2") as transport:
        burst = [(Write10(lba, 1), bytes(2048)) for lba in range(3)]
        with pytest.raises(DriveLostError, match=r"WRITE \(10\) on virtual:.*unplugged"):
            await transport.execute_burst(burst)
        outcomes = transport.take_lost_outcomes()
        assert [outcome.reply is not None for outcome in outcomes] == [True, False]
        with pytest.raises(DriveLostError):
            await transport.execute(TestUnitReady())


async def test_a_hang_lasts_as_long_as_the_command_may(tmp_path: Path) -> None:
    async with await open_disc(tmp_path, "&fault=hang@tur:1&time_scale=0.0005") as transport:
        began = anyio.current_time()
        with pytest.raises(CommandTimeoutError) as caught:
            await transport.execute(TestUnitReady())
        assert anyio.current_time() - began >= 30 * 0.0005
        assert caught.value.command == "TEST UNIT READY"


async def test_a_hang_can_be_cancelled_and_the_drive_is_free_again(tmp_path: Path) -> None:
    async with await open_disc(tmp_path, "&fault=hang@tur:1") as transport:
        with anyio.move_on_after(0.02) as scope:
            await transport.execute(TestUnitReady())
        assert scope.cancelled_caught
        with anyio.fail_after(5):
            await transport.execute(TestUnitReady())


async def test_the_time_that_writing_takes_passes(tmp_path: Path) -> None:
    # 1x of a BD is 4.5 MB/s: 512 KiB through a buffer of 64 KiB take some 100 ms of the drive's time.
    options = "&physics=1x&buffer_kib=64&when_full=wait&time_scale=0.5"
    async with await open_disc(tmp_path, options) as transport:
        began = anyio.current_time()
        replies = await transport.execute_burst(
            [(Write10(lba, 32), bytes(65536)) for lba in range(0, 256, 32)]
        )
        assert all(reply.good for reply in replies)
        drive_time = sum(reply.duration_s for reply in replies)
        assert 0 < drive_time < 0.2
        assert anyio.current_time() - began >= drive_time * 0.5 * 0.9


async def test_what_has_no_answer_yet_can_be_asked_for(tmp_path: Path) -> None:
    async with await open_disc(tmp_path, "&fault=hang@write:2&time_scale=0.0005") as transport:
        assert transport.in_flight() is None

        async def write() -> None:
            with pytest.raises(CommandTimeoutError):
                await transport.execute_burst([(Write10(lba, 1), bytes(2048)) for lba in range(3)])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            with anyio.fail_after(5):
                while (waiting := transport.in_flight()) is None or waiting.command != Write10(1, 1):  # noqa: ASYNC110
                    await anyio.sleep(0.001)
            await anyio.sleep(0.01)
            longer = transport.in_flight()
            assert longer is not None
            assert longer.command == waiting.command
            assert waiting.seconds + 0.01 <= longer.seconds < longer.limit_s
            assert longer.limit_s == pytest.approx(200 * 0.0005)
        assert transport.in_flight() is None


async def test_long_transfers_are_cut_into_large_pieces_for_it_alone(tmp_path: Path) -> None:
    assert Transport.preferred_transfer_bytes == 64 * 1024
    async with await open_disc(tmp_path) as transport:
        assert transport.preferred_transfer_bytes == transport.max_transfer_bytes == 512 * 1024
