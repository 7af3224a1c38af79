"""A cancel inside each command of a burn: nothing overlaps, the tray is unlocked, what was taken is known."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import anyio
import pytest

from aioimapi.drive import Drive
from aioimapi.errors import CommandTimeoutError, DriveLostError, ImapiError
from aioimapi.mmc import CloseFunction, DiscStatus
from aioimapi.transport._virtual import VirtualTransport
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual import TargetReply

pytestmark = pytest.mark.anyio

BURST = bytes(64 * 2048)
WRITE_10, PREVENT = 0x2A, 0x1E


class Bus:
    """Watches every command on its way in and out of the drive, and holds one of them up."""

    def __init__(self, held: int) -> None:
        self.held = held
        self.began = 0
        self.inside = 0
        self.overlaps = 0
        self.taken = 0
        self.locked = False
        self.entered = threading.Event()
        self.go = threading.Event()

    def log(self, event: Literal["begin", "end"], cdb: bytes, reply: TargetReply | None, now: float) -> None:
        if event == "begin":
            self.inside += 1
            self.overlaps += self.inside > 1
            self.began += 1
            if self.began == self.held:
                self.entered.set()
                assert self.go.wait(10)
            return
        self.inside -= 1
        if reply is None or reply.status or reply.hang or reply.gone:
            return
        if cdb[0] == WRITE_10:
            self.taken += int.from_bytes(cdb[7:9], "big")
        if cdb[0] == PREVENT:
            self.locked = bool(cdb[4] & 1)


async def burn(drive: Drive) -> None:
    await drive.wait_ready()
    await drive.media_state()
    async with drive.hold_disc():
        for number in range(4):
            await drive.write_burst(number * 64, BURST)
        await drive.synchronize_cache()
        await drive.close_track_session(CloseFunction.TRACK, 1)
        await drive.close_track_session(CloseFunction.SESSION)


async def open_held(folder: Path, held: int, options: str = "") -> tuple[Bus, Drive]:
    bus = Bus(held)
    target = f"virtual:{folder / f'disc{held}'}?media=bd-r&sectors=65536&attention=0{options}"
    transport = await VirtualTransport.open(target, log=bus.log)
    transport.preferred_transfer_bytes = 32 * SECTOR_SIZE  # several WRITEs to a burst
    return bus, Drive(transport)


async def cancel_by_scope(drive: Drive, bus: Bus) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(burn, drive)
        await until(bus.entered.is_set)
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.002)  # the cancellation reaches the burn before the drive answers
        bus.go.set()


async def cancel_natively(drive: Drive, bus: Bus) -> None:
    task = asyncio.create_task(burn(drive))
    await until(bus.entered.is_set)
    task.cancel()
    await asyncio.sleep(0.001)
    bus.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_natively_and_again(drive: Drive, bus: Bus) -> None:
    """Somebody who is in a hurry: the second cancel leaves the command behind."""
    task = asyncio.create_task(burn(drive))
    await until(bus.entered.is_set)
    task.cancel()
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.sleep(0.001)
    bus.go.set()
    await asyncio.wait([task])
    assert task.cancelled()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110 - another thread makes it true
            await anyio.sleep(0.0005)


async def count_commands(folder: Path) -> int:
    """Return how many commands an undisturbed burn takes."""
    bus, drive = await open_held(folder, 0)
    await burn(drive)
    await drive.aclose()
    assert bus.taken == 256
    return bus.began


Cancel = Callable[[Drive, Bus], Awaitable[None]]


async def check_every_command(folder: Path, cancel: Cancel) -> None:
    total = await count_commands(folder)
    assert total > 20
    for held in range(1, total + 1):
        bus, drive = await open_held(folder, held)
        try:
            await cancel(drive, bus)
            # The drive is at once usable, knows what it took, and its tray is not locked.
            state = await drive.disc_information()
            assert bus.overlaps == 0, held
            assert drive.statistics().sectors_written == bus.taken, held
            assert state.disc_status in (DiscStatus.BLANK, DiscStatus.INCOMPLETE)
            assert (state.disc_status is DiscStatus.BLANK) == (bus.taken == 0)
        finally:
            await drive.aclose()
        assert not bus.locked, held
        assert bus.overlaps == 0, held


async def test_cancel_inside_each_command(tmp_path: Path) -> None:
    await check_every_command(tmp_path, cancel_by_scope)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_native_cancel_inside_each_command(tmp_path: Path) -> None:
    await check_every_command(tmp_path, cancel_natively)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_two_native_cancels_inside_each_command(tmp_path: Path) -> None:
    await check_every_command(tmp_path, cancel_natively_and_again)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("hang@any:{}", CommandTimeoutError),
        ("unplug@any:{}", DriveLostError),
        ("4/44/00@any:{}", ImapiError),
        ("6/28/00@any:{}", ImapiError),
    ],
)
async def test_a_fault_inside_each_command(tmp_path: Path, fault: str, kind: type[ImapiError]) -> None:
    total = await count_commands(tmp_path)
    failed = 0
    for held in range(1, total + 1):
        bus, drive = await open_held(tmp_path, 0, f"&time_scale=0&fault={fault.format(held)}")
        try:
            await burn(drive)
        except kind:
            failed += 1
        finally:
            assert drive.statistics().sectors_written == bus.taken
            await drive.aclose()
        assert bus.overlaps == 0
        for name in os.listdir(tmp_path):
            os.unlink(tmp_path / name)
    # Optional questions may fail; the commands that matter may not.
    assert failed > 8
