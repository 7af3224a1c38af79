"""Opening device nodes: which one carries the commands, which keeps others away, and what each refusal leads to."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from aioimapi.errors import DriveAccessError, DriveBusyError, DriveError, DriveLostError
from aioimapi.mmc import Write10
from aioimapi.transport import TargetDescription, _linux
from aioimapi.transport._linux import LinuxTransport

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform != "linux", reason="SG_IO is Linux'")]

SR, SG = "/dev/sr7", "/dev/sg8"
PAIR = TargetDescription(SR, SR, SG, max_transfer_bytes=122_880)
ACCESS = {os.O_RDONLY: "r", os.O_RDWR: "rw"}


class Nodes:
    """Stands for the kernel's open and close: refuses what it was told to refuse."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pair: TargetDescription = PAIR) -> None:
        self.refusals: dict[tuple[str, str], int] = {}
        self.opened: list[str] = []
        self.open_now: dict[int, str] = {}
        monkeypatch.setattr(_linux, "find_pair", lambda target: pair)
        monkeypatch.setattr(_linux.os, "open", self.open)  # type: ignore[attr-defined]
        monkeypatch.setattr(_linux.os, "close", self.open_now.pop)  # type: ignore[attr-defined]

    def open(self, path: str, flags: int) -> int:
        assert flags & os.O_NONBLOCK, "without it, opening waits for a disc"
        assert flags & os.O_CLOEXEC
        access = ACCESS[flags & os.O_ACCMODE]
        code = self.refusals.get((path, access)) or self.refusals.get((path, "any"))
        if code:
            raise OSError(code, os.strerror(code), path)
        self.opened.append(f"{path} {access}{' excl' if flags & os.O_EXCL else ''}")
        number = 1000 + len(self.opened)
        self.open_now[number] = path
        return number

    def refuse(self, path: str, code: int, access: str = "any") -> None:
        self.refusals[path, access] = code


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    return Nodes(monkeypatch)


async def test_sg_carries_commands_and_sr_keeps_others_away(nodes: Nodes) -> None:
    transport = await LinuxTransport.open(SR)
    assert nodes.opened == ["/dev/sr7 rw excl", "/dev/sg8 rw"]
    assert transport.max_transfer_bytes == 122_880  # 120 KiB: what usb-storage allows
    await transport.aclose()
    assert nodes.open_now == {}


async def test_nothing_is_claimed_without_need(nodes: Nodes) -> None:
    await (await LinuxTransport.open(SR, exclusive=False)).aclose()
    assert nodes.opened == ["/dev/sg8 rw"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.ENOENT])
async def test_sr_serves_where_sg_cannot(nodes: Nodes, code: int) -> None:
    nodes.refuse(SG, code)
    await (await LinuxTransport.open(SR)).aclose()
    assert nodes.opened == ["/dev/sr7 rw excl", "/dev/sr7 rw"]


async def test_reading_rights_do_to_claim_and_to_read(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes.refuse(SR, errno.EACCES, "rw")
    await (await LinuxTransport.open(SR)).aclose()
    assert nodes.opened == ["/dev/sr7 r excl", "/dev/sg8 rw"]
    nodes.refuse(SG, errno.EACCES, "rw")
    transport = await LinuxTransport.open(SR)
    assert nodes.opened[2:] == ["/dev/sr7 r excl", "/dev/sg8 r"]

    def forbid(fd: int, operation: int, header: object) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("fcntl.ioctl", forbid)
    with pytest.raises(
        DriveAccessError, match=r"for reading only, and this command writes\. /dev/sg8: permission"
    ):
        await transport.execute(Write10(0, 1), bytes(2048))
    await transport.aclose()


async def test_no_rights_at_all_are_told_of_the_first_node(nodes: Nodes) -> None:
    nodes.refuse(SR, errno.EACCES)
    nodes.refuse(SG, errno.EACCES)
    with pytest.raises(DriveAccessError, match="/dev/sg8: permission denied"):
        await LinuxTransport.open(SR)


async def test_where_sr_may_not_be_opened_sg_is_claimed(nodes: Nodes) -> None:
    nodes.refuse(SR, errno.EACCES)
    await (await LinuxTransport.open(SG)).aclose()
    assert nodes.opened == ["/dev/sg8 rw excl"]


async def test_a_drive_without_the_sr_driver_is_claimed_by_sg(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(monkeypatch, TargetDescription(SG, None, SG))
    transport = await LinuxTransport.open(SG)
    assert nodes.opened == ["/dev/sg8 rw excl"]
    assert transport.max_transfer_bytes == 65_536  # the kernel told no limit
    await transport.look_again()
    await transport.aclose()


@pytest.mark.parametrize(
    ("node", "code", "kind"),
    [
        (SR, errno.EBUSY, DriveBusyError),
        (SG, errno.EBUSY, DriveBusyError),
        (SG, errno.ENXIO, DriveLostError),
        (SR, errno.ENODEV, DriveLostError),
    ],
)
async def test_refusals_are_typed_and_leave_nothing_open(
    nodes: Nodes, node: str, code: int, kind: type[DriveError]
) -> None:
    nodes.refuse(node, code)
    with pytest.raises(kind, match=node) as caught:
        await LinuxTransport.open(SR)
    assert caught.value.drive == SR
    assert nodes.open_now == {}


async def test_the_kernel_is_made_to_look_at_the_disc(nodes: Nodes) -> None:
    transport = await LinuxTransport.open(SR)
    await transport.look_again()
    assert nodes.opened[2:] == ["/dev/sr7 r"]
    nodes.refuse(SR, errno.ENOMEDIUM)
    await transport.look_again()
    await transport.aclose()
    assert nodes.open_now == {}
