"""Our Linux transport and driver on a real kernel's sr and sg; runs inside the lab.

``drive_checks.py tgt /dev/srN``: on a drive that others wrote, with a blank DVD+R in it, which is burned.
``drive_checks.py debug``: on the kernel's own fake drive (the scsi_debug module, peripheral type 5), which
can be slow, silent, and taken away. Each check prints ``ok NAME``; the first that fails ends the run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import anyio
import attrs
import pytest

from aioimapi.drive import Drive, MediaFlags, ReadyState, list_drives, open_drive
from aioimapi.errors import (
    CommandTimeoutError,
    DriveAccessError,
    DriveBusyError,
    DriveLostError,
    DriveNotFoundError,
    IllegalRequestError,
    NoDiscError,
)
from aioimapi.mmc import CloseFunction, DiscStatus, Profile, TestUnitReady
from aioimapi.testing import check_transport
from aioimapi.transport import TargetDescription, Transport, _linux, list_targets, open_transport
from aioimapi.transport._linux import LinuxTransport, find_pair

LOOPS = ("asyncio", "trio")
SCSI_DEBUG = Path("/sys/bus/pseudo/drivers/scsi_debug")
MEBIBYTE = 1 << 20


# --- a drive that others wrote ----------------------------------------------------------------------


async def nodes_are_paired(device: str) -> None:
    (target,) = [target for target in list_targets() if target.name == device]
    assert target.generic_node is not None
    assert target.vendor == "IET"
    for name in (device, target.generic_node):
        async with await open_transport(name) as transport:
            assert isinstance(transport, LinuxTransport)
            assert transport._handles is not None
            used = os.readlink(f"/proc/self/fd/{transport._handles.fd}")
            assert used == target.generic_node, used
            assert transport._handles.guard_fd is not None
            assert os.readlink(f"/proc/self/fd/{transport._handles.guard_fd}") == device


async def every_way_in_passes(device: str) -> None:
    (target,) = [target for target in list_targets() if target.name == device]
    await check_transport(lambda: open_transport(device))
    await check_transport(lambda: open_transport(target.generic_node or ""))

    # Without the sg driver, the block device carries the commands.
    def without_sg(target: str) -> TargetDescription:
        return attrs.evolve(find_pair(target), generic_node=None)

    async def by_block_device() -> Transport:
        with mock.patch.object(_linux, "find_pair", without_sg):
            transport = await LinuxTransport.open(device)
        assert transport._handles is not None
        assert os.readlink(f"/proc/self/fd/{transport._handles.fd}") == device
        return transport

    await check_transport(by_block_device)


async def a_busy_drive_is_refused(device: str) -> None:
    async with open_drive(device):
        with pytest.raises(DriveBusyError, match=r"\(this process\) has it open"):
            await open_transport(device)
        async with open_drive(device, exclusive=False) as second:
            assert (await second.inquiry()).vendor == "IET"
        assert [drive.problem for drive in await list_drives() if drive.name == device] == [""]
        mounted = await anyio.run_process(["mount", "-t", "iso9660", device, "/mnt"], check=False)
        assert mounted.returncode, "a drive that is ours was mounted"


async def a_stranger_is_told_the_way_in(device: str) -> None:
    with (
        stranger(),
        pytest.raises(DriveAccessError, match="permission denied; it belongs to root:root with mode "),
    ):
        await open_transport(device)


async def rights_are_as_wide_as_the_node_s(device: str) -> None:
    nodes = [path for target in list_targets() for path in (target.block_node, target.generic_node) if path]
    for mode, may_write in ((0o604, False), (0o606, True)):
        for node in nodes:
            os.chmod(node, mode)
        try:
            with stranger():
                await use_rights(device, may_write)
        finally:
            for node in nodes:
                os.chmod(node, 0o600)


async def use_rights(device: str, may_write: bool) -> None:
    async with open_drive(device) as drive:
        assert (await drive.media_state()).free_sectors
        if may_write:
            await drive.set_speed(3_324)
            return
        with pytest.raises(DriveAccessError, match="reading only, and this command writes"):
            await drive.write_burst(0, bytes(2048))


@contextmanager
def stranger() -> Iterator[None]:
    """Be a user who is in no group of root's."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(1000)
    os.seteuid(1000)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


async def what_is_no_drive_is_refused(device: str) -> None:
    for path in ("/dev/sr77", "/dev/null", "/etc/hostname"):
        with pytest.raises(DriveNotFoundError, match=f"drives of this system: {device}"):
            await open_transport(path)


async def a_disc_is_burned_and_read(device: str) -> None:
    pattern = os.urandom(MEBIBYTE)
    async with open_drive(device) as drive:
        blank = await drive.media_state()
        assert (blank.profile, blank.free_sectors) == (Profile.DVD_PLUS_R, 2_295_104)
        assert blank.flags == MediaFlags.BLANK
        assert [speed.write_kbps for speed in blank.write_speeds] == [3_324]
        await burn(drive, pattern)
        closed = await drive.media_state()
        # tgt's disc turns into a DVD-ROM by CLOSE TRACK.
        assert closed.profile is Profile.DVD_ROM, closed
        assert closed.disc_status is DiscStatus.COMPLETE
        assert closed.capacity_sectors == 8 * 512
        buffer = bytearray(MEBIBYTE)
        for number in range(8):
            await drive.read_into(number * 512, buffer)
            assert buffer == pattern, number
        await drive.reload()
    with open(device, "rb") as disc:  # the kernel's own way, through its block device
        for _ in range(8):
            assert disc.read(MEBIBYTE) == pattern
        assert disc.read(1) == b""
    assert can_be_claimed(device)


async def burn(drive: Drive, pattern: bytes) -> None:
    async with drive.hold_disc():
        assert not await drive.power_calibration()
        for number in range(8):
            await drive.write_burst(number * 512, pattern)
        await drive.synchronize_cache()
        await drive.close_track_session(CloseFunction.TRACK, 1)
    assert drive.statistics().sectors_written == 8 * 512


def can_be_claimed(device: str) -> bool:
    """Whether the block device was let go: nobody else could claim it otherwise."""
    os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK))
    return True


async def the_tray_opens_and_closes(device: str) -> None:
    async with open_drive(device) as drive:
        await drive.eject()
        assert (await drive.readiness()).state in (ReadyState.NO_DISC, ReadyState.TRAY_OPEN)
        with pytest.raises(NoDiscError):
            await drive.wait_ready()
        await drive.load()
        assert (await drive.readiness()).state is ReadyState.READY


TGT: tuple[Callable[[str], Awaitable[None]], ...] = (
    nodes_are_paired,
    every_way_in_passes,
    a_busy_drive_is_refused,
    a_stranger_is_told_the_way_in,
    rights_are_as_wide_as_the_node_s,
    what_is_no_drive_is_refused,
)
"""Checks that change no disc: run on both event loops."""

TGT_ONCE: tuple[Callable[[str], Awaitable[None]], ...] = (
    a_disc_is_burned_and_read,
    the_tray_opens_and_closes,
)
"""Checks that use the disc up."""


# --- the kernel's fake drive ------------------------------------------------------------------------


@attrs.frozen
class Impatient(TestUnitReady):
    """TEST UNIT READY with a short time limit."""

    @property
    def timeout_s(self) -> float:
        return 1.0


def setting(name: str, value: int) -> None:
    (SCSI_DEBUG / name).write_text(str(value))


def commands_sent(device: str) -> int:
    """How many commands the kernel has sent to the drive."""
    return int((Path("/sys/class/block") / Path(device).name / "device/iorequest_cnt").read_text(), 16)


async def a_signal_repeats_no_command(device: str) -> None:
    """A signal in SG_IO's wait makes the kernel start the ioctl again: the drive would get a WRITE twice."""
    caught: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    signal.siginterrupt(signal.SIGUSR1, False)
    async with open_drive(device) as drive:
        setting("delay", 60)
        before = commands_sent(device)
        timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1))
        timer.start()
        await drive.execute(TestUnitReady())
        timer.join()
        assert commands_sent(device) - before == 1
        setting("delay", 1)
    assert caught == [signal.SIGUSR1]


async def the_kernel_leaves_a_drive_alone_that_is_ours(device: str) -> None:
    polls = Path("/sys/class/block") / Path(device).name / "events_poll_msecs"
    polls.write_text("50")
    try:
        before = commands_sent(device)
        await anyio.sleep(0.5)
        assert commands_sent(device) - before > 3
        async with open_drive(device):
            await anyio.sleep(0.1)
            before = commands_sent(device)
            await anyio.sleep(0.5)
            assert commands_sent(device) == before, "the kernel polls a drive in use"
    finally:
        polls.write_text("-1")


async def a_silent_drive_is_given_up(device: str) -> None:
    async with open_drive(device) as drive:
        setting("every_nth", 1)
        setting("opts", 4)
        began = time.monotonic()
        with pytest.raises(CommandTimeoutError, match="no answer in 1 s") as caught:
            await drive.execute(Impatient())
        assert caught.value.timeout_s == 1.0
        assert 0.9 < time.monotonic() - began < 20
        setting("opts", 0)
        setting("every_nth", 0)
        await drive.execute(TestUnitReady())
        # What the fake drive does not know is refused, not lost.
        with pytest.raises(IllegalRequestError):
            await drive.disc_information()


async def a_cancel_waits_for_the_command_in_flight(device: str) -> None:
    async with open_drive(device) as drive:
        setting("delay", 40)
        before = commands_sent(device)
        began = time.monotonic()
        with anyio.move_on_after(0.05):
            await drive.execute(TestUnitReady())
        assert time.monotonic() - began > 0.3
        assert drive.statistics().commands == 1
        assert commands_sent(device) - before == 1
        setting("delay", 1)


async def an_unplugged_drive_is_lost(device: str) -> None:
    folder = Path(f"/sys/class/block/{Path(device).name}/device").resolve()
    async with open_drive(device) as drive:
        await drive.execute(TestUnitReady())
        (folder / "delete").write_text("1")
        for _ in range(2):
            with pytest.raises(DriveLostError, match="the drive is gone"):
                await drive.execute(TestUnitReady())
    with pytest.raises(DriveNotFoundError, match="there is no"):
        await open_transport(device)


DEBUG: tuple[Callable[[str], Awaitable[None]], ...] = (
    a_signal_repeats_no_command,
    the_kernel_leaves_a_drive_alone_that_is_ours,
    a_silent_drive_is_given_up,
    a_cancel_waits_for_the_command_in_flight,
)


def load_scsi_debug() -> str:
    """Load the kernel's fake drive and return its block device."""
    before = {target.name for target in list_targets()}
    module = f"/usr/lib/uml/modules/{os.uname().release}/kernel/drivers/scsi/scsi_debug.ko"
    subprocess.run(["insmod", module, "ptype=5", "sector_size=2048", "removable=1"], check=True)
    for _ in range(100):
        found = [
            target.name for target in list_targets() if target.name not in before and target.generic_node
        ]
        if found and Path(found[0]).exists():
            return found[0]
        time.sleep(0.05)
    raise AssertionError("scsi_debug brought no drive")


def run(check: Callable[[str], Awaitable[None]], device: str, loop: str) -> None:
    """Run one check on one event loop."""
    anyio.run(check, device, backend=loop)
    sys.stdout.write(f"ok {check.__name__} [{loop}]\n")
    sys.stdout.flush()


def main(mode: str, device: str = "") -> None:
    """Run the checks of one mode."""
    if mode == "debug":
        device = load_scsi_debug()
    for check in TGT if mode == "tgt" else DEBUG:
        for loop in LOOPS:
            run(check, device, loop)
    if mode == "tgt":
        for check, loop in zip(TGT_ONCE, LOOPS, strict=True):
            run(check, device, loop)
    else:
        run(an_unplugged_drive_is_lost, device, LOOPS[0])
    sys.stdout.write("all well\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
