"""The Linux transport without a drive: the header's layout, what the kernel's answers become, words for refusals."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aioimapi.errors import (
    CommandTimeoutError,
    DriveAccessError,
    DriveBusyError,
    DriveError,
    DriveLostError,
    DriveNotFoundError,
    LocalProtocolError,
)
from aioimapi.mmc import Inquiry, TestUnitReady, Write10
from aioimapi.transport import _access, _linux
from aioimapi.transport import _sg_io as sg
from aioimapi.transport._linux import LinuxTransport
from aioimapi.transport._sysfs import scan

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform != "linux", reason="SG_IO is Linux'")]


def test_the_header_is_laid_out_as_the_kernel_has_it() -> None:
    """Offsets of struct sg_io_hdr on LP64, as the SCSI generic HOWTO and the kernel's header give them."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("the offsets below are those of 64-bit systems")
    expected = {
        "dxfer_len": 12,
        "dxferp": 16,
        "cmdp": 24,
        "sbp": 32,
        "timeout": 40,
        "usr_ptr": 56,
        "status": 64,
        "sb_len_wr": 67,
        "host_status": 68,
        "driver_status": 70,
        "resid": 72,
        "info": 80,
    }
    assert {name: getattr(sg.SgIoHeader, name).offset for name in expected} == expected
    assert ctypes.sizeof(sg.SgIoHeader) == 88


def test_the_header_is_as_the_c_library_has_it(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None or not Path("/usr/include/scsi/sg.h").exists():
        pytest.skip("no C compiler or no header on this machine")
    names = [name for name, *_ in sg.SgIoHeader._fields_]
    lines = "".join(f'printf("%zu ", offsetof(sg_io_hdr_t, {name}));' for name in names)
    (tmp_path / "offsets.c").write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <scsi/sg.h>\n"
        f'int main(void) {{ {lines} printf("%zu %x", sizeof(sg_io_hdr_t), SG_IO); }}'
    )
    subprocess.run([compiler, "offsets.c", "-o", "offsets"], cwd=tmp_path, check=True)
    printed = subprocess.run(
        [tmp_path / "offsets"], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = [getattr(sg.SgIoHeader, name).offset for name in names]
    assert printed == [*map(str, ours), str(ctypes.sizeof(sg.SgIoHeader)), f"{sg.SG_IO:x}"]


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_the_address_of_a_buffer_is_where_its_bytes_are(kind: type[bytes | bytearray]) -> None:
    data = kind(b"0123456789")
    with sg.address_of(memoryview(data)[3:7]) as address:
        assert ctypes.string_at(address, 4) == b"3456"


def test_a_buffer_is_held_while_its_address_is_used() -> None:
    with mmap.mmap(-1, 4096) as area:
        view = memoryview(area)
        with sg.address_of(view) as address:
            assert address % mmap.PAGESIZE == 0
            with pytest.raises(BufferError):
                view.release()
        view.release()


class Kernel:
    """Stands for the ioctl: notes the header, fills in an answer."""

    def __init__(self, **answer: int | bytes) -> None:
        self.answer = answer
        self.cdb = b""
        self.sent = b""
        self.header: dict[str, int] = {}

    def ioctl(self, fd: int, operation: int, header: sg.SgIoHeader) -> int:
        assert operation == 0x2285
        self.header = {name: getattr(header, name) for name, *_ in header._fields_}
        self.cdb = ctypes.string_at(header.cmdp, header.cmd_len)
        if header.dxfer_direction == -2:
            self.sent = ctypes.string_at(header.dxferp, header.dxfer_len)
        for name, value in self.answer.items():
            if name == "sense":
                assert isinstance(value, bytes)
                ctypes.memmove(header.sbp, value, len(value))
                header.sb_len_wr = len(value)
            elif name == "errno":
                raise OSError(value, os.strerror(int(value)))
            elif name == "data":
                assert isinstance(value, bytes)
                ctypes.memmove(header.dxferp, value, len(value))
            else:
                setattr(header, name, value)
        return 0


@pytest.fixture
def transport() -> LinuxTransport:
    transport = LinuxTransport("/dev/sr7")
    transport._handles = _linux._Handles(99, None, 65536)
    return transport


def patched(monkeypatch: pytest.MonkeyPatch, **answer: int | bytes) -> Kernel:
    kernel = Kernel(**answer)
    monkeypatch.setattr("fcntl.ioctl", kernel.ioctl)
    return kernel


def test_a_write_is_handed_over_in_place(transport: LinuxTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = patched(monkeypatch)
    payload = bytes(range(256)) * 16
    assert transport._execute(Write10(0x12345, 2), memoryview(payload)).good
    assert kernel.cdb == bytes.fromhex("2A 00 00 01 23 45 00 00 02 00")
    assert kernel.sent == payload
    assert kernel.header["interface_id"] == ord("S")
    assert kernel.header["dxfer_len"] == 4096
    assert kernel.header["timeout"] == Write10(0, 1).timeout_s * 1000
    assert kernel.header["mx_sb_len"] == 252


def test_a_short_answer_tells_its_residual(
    transport: LinuxTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = patched(monkeypatch, data=b"\x05\x80", resid=60)
    buffer = bytearray(96)
    reply = transport._execute(Inquiry(96), memoryview(buffer))
    assert (reply.status, reply.residual, bytes(buffer[:2])) == (0, 60, b"\x05\x80")
    assert kernel.header["dxfer_direction"] == -3


def test_sense_is_an_answer(transport: LinuxTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = patched(monkeypatch, status=2, driver_status=8, sense=bytes.fromhex("70 00 02 00 00 00 00 0A"))
    reply = transport._execute(TestUnitReady(), None)
    assert (reply.status, reply.sense) == (2, bytes.fromhex("70 00 02 00 00 00 00 0A"))
    assert kernel.header["dxfer_direction"] == -1


def test_sense_without_a_status_is_a_check_condition(
    transport: LinuxTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch, status=0, driver_status=8, sense=b"\x70\x00\x06")
    assert transport._execute(TestUnitReady(), None).status == 2


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"host_status": 3}, CommandTimeoutError, r"TEST UNIT READY on /dev/sr7: no answer in 30 s"),
        ({"driver_status": 6}, CommandTimeoutError, "no answer"),
        ({"host_status": 1}, DriveLostError, "DID_NO_CONNECT"),
        ({"host_status": 7}, DriveLostError, "DID_ERROR"),
        ({"host_status": 0x55}, DriveLostError, "0x55"),
        ({"errno": errno.ENODEV}, DriveLostError, "No such device; the drive is gone"),
        ({"errno": errno.ENXIO}, DriveLostError, "the drive is gone"),
        ({"errno": errno.EPERM}, DriveAccessError, "CAP_SYS_RAWIO"),
        ({"errno": errno.ENOMEM}, LocalProtocolError, "refuses 0 bytes"),
    ],
)
def test_what_is_no_answer_is_a_typed_error(
    transport: LinuxTransport,
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, int],
    error: type[Exception],
    words: str,
) -> None:
    patched(monkeypatch, **answer)
    with pytest.raises(error, match=words):
        transport._execute(TestUnitReady(), None)


async def test_a_missing_node_is_named_with_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_access, "list_targets", lambda: scan("/nowhere"))
    with pytest.raises(DriveNotFoundError, match=r"there is no /dev/sr99; this system has no optical drive"):
        await LinuxTransport.open("/dev/sr99")


async def test_what_is_no_optical_drive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.iso").write_bytes(b"")
    with pytest.raises(DriveNotFoundError, match="/dev/null is not an optical drive"):
        await LinuxTransport.open("/dev/null")
    with pytest.raises(DriveNotFoundError, match=r"a virtual drive is written virtual:/.*/file\.iso"):
        await LinuxTransport.open(str(tmp_path / "file.iso"))


def fake_node(monkeypatch: pytest.MonkeyPatch, *, gid: int, mode: int, groups: list[int]) -> None:
    status = os.stat_result((stat.S_IFCHR | mode, 0, 0, 1, 0, gid, 0, 0, 0, 0))
    monkeypatch.setattr("os.stat", lambda path: status)
    monkeypatch.setattr("os.getgroups", lambda: groups)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    monkeypatch.setattr(_access, "_group_name", {24: "cdrom", 0: "root"}.__getitem__)
    monkeypatch.setattr(_access, "_user_name", {0: "root", 1000: "ada"}.__getitem__)


def refused(code: int, node: str = "/dev/sg1") -> DriveError:
    return _access.open_error(OSError(code, os.strerror(code)), node, "/dev/sr0")


def test_a_refusal_names_node_owner_mode_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(monkeypatch, gid=24, mode=0o660, groups=[1000])
    error = refused(errno.EACCES)
    assert isinstance(error, DriveAccessError)
    assert error.drive == "/dev/sr0"
    assert str(error) == (
        "/dev/sg1: permission denied; it belongs to root:cdrom with mode crw-rw----. "
        "Join the group (sudo usermod -aG cdrom ada) and log in again"
    )


def test_a_refusal_without_a_group_to_join_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(monkeypatch, gid=0, mode=0o600, groups=[1000])
    assert "crw-------. Give a group access to it by a udev rule" in str(refused(errno.EPERM))


def test_a_refusal_to_a_member_of_the_group_points_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(monkeypatch, gid=24, mode=0o660, groups=[24])
    assert "a container or a security policy forbids it" in str(refused(errno.EACCES))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.ENOENT, DriveNotFoundError, "there is no /dev/sg1"),
        (errno.EBUSY, DriveBusyError, "/dev/sg1 is in use"),
        (errno.ENXIO, DriveLostError, "no drive answers behind it"),
        (errno.ENODEV, DriveLostError, "no drive answers behind it"),
        (errno.EMFILE, DriveNotFoundError, "cannot be opened: Too many open files"),
    ],
)
def test_each_refusal_has_its_type(code: int, kind: type[DriveError], words: str) -> None:
    error = refused(code)
    assert isinstance(error, kind)
    assert words in str(error)


def test_a_busy_drive_names_its_mount_and_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = os.makedev(11, 0)
    status = os.stat_result((stat.S_IFBLK | 0o660, 0, 0, 1, 0, 24, 0, 0, 0, 0))
    monkeypatch.setattr("os.stat", lambda path: Device(status, device))
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text(
        "26 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "77 26 11:0 / /media/my\\040disc ro,relatime - iso9660 /dev/sr0 ro\n"
    )
    (tmp_path / "4711/fd").mkdir(parents=True)
    (tmp_path / "4711/fd/3").symlink_to("/dev/sr0")
    (tmp_path / "4711/comm").write_text("growisofs\n")
    (tmp_path / "4712/fd").mkdir(parents=True)
    (tmp_path / "4712/fd/0").symlink_to("/dev/null")
    assert _access.holders("/dev/sr0", str(tmp_path)) == [
        "it is mounted on /media/my disc",
        "process 4711 (growisofs) has it open",
    ]


class Device:
    """A stat result with a device number, which os.stat_result cannot be given portably."""

    def __init__(self, status: os.stat_result, number: int) -> None:
        self.st_mode, self.st_gid, self.st_uid = status.st_mode, status.st_gid, status.st_uid
        self.st_rdev = number
