"""The two files of a disc: what they hold, who may open them, and what survives which accident."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.errors import DriveAccessError, DriveBusyError, MediumDamagedError, VirtualMediumError
from aioimapi.virtual import MediumKind, VirtualMedium, VirtualTarget, open_virtual_target

from .host import Host, pattern

BURN = """
import sys
from aioimapi.virtual import open_virtual_target
target = open_virtual_target(sys.argv[1])
data = bytearray(65536)
lba = int(sys.argv[2])
while True:
    for at in range(0, 65536, 2048):
        data[at : at + 8] = (lba + 1 + at // 2048).to_bytes(8, "big")
    reply = target.handle(b"\\x2a\\0" + lba.to_bytes(4, "big") + b"\\0\\0\\x20\\0", memoryview(data), 0.0)
    assert reply.status == 0, reply
    lba += 32
    sys.stdout.write(f"{lba}\\n")
    sys.stdout.flush()
"""


def host_of(medium: VirtualMedium) -> Host:
    return Host(VirtualTarget(medium, attention=False))


@pytest.mark.parametrize("kind", ["bd-r", "dvd+r", "cd-r"])
def test_kill_in_the_middle_of_a_burn(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disc.img"
    url = f"virtual:{path}?media={kind.replace('+', '%2B')}&attention=no"
    start = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", BURN, url, str(start)], stdout=subprocess.PIPE, text=True
        ) as burn:
            assert burn.stdout is not None
            acknowledged = [int(burn.stdout.readline()) for _ in range(50)]
            with pytest.raises(DriveBusyError):
                VirtualMedium.open(path)
            burn.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in burn.stdout.read().split()]
        host = host_of(VirtualMedium.open(path))
        disc, track = host.disc(), host.track(1)
        assert (disc.status, disc.last_session, disc.sessions) == (1, 1, 1)
        assert track.nwa is not None
        # What was acknowledged is there; at most one WRITE more, whose answer was not yet out.
        assert acknowledged[-1] <= track.nwa <= acknowledged[-1] + 32
        last = host.read(track.nwa - 1, 1)
        assert last[:8] == track.nwa.to_bytes(8, "big")
        start = track.nwa
        host.target.close()
    host = host_of(VirtualMedium.open(path))
    host.write(start, 32)
    host.sync()
    host.target.close()


CLOSE = """
import sys
from aioimapi.virtual import open_virtual_target
target = open_virtual_target(sys.argv[1])
data, lba, sessions = memoryview(bytes(65536)), 0, 0
while True:
    target.handle(b"\\x2a\\0" + lba.to_bytes(4, "big") + b"\\0\\0\\x20\\0", data, 0.0)
    reply = target.handle(bytes.fromhex("5b000200000000000000"), None, 0.0)
    assert reply.status == 0, reply
    lba, sessions = lba + 32, sessions + 1
    sys.stdout.write(f"{sessions}\\n")
    sys.stdout.flush()
"""


def test_kill_while_sessions_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "disc.img"
    url = f"virtual:{path}?media=bd-r&attention=no"
    for round_ in range(6):
        for left in tmp_path.iterdir():
            left.unlink()
        with subprocess.Popen([sys.executable, "-c", CLOSE, url], stdout=subprocess.PIPE, text=True) as burn:
            assert burn.stdout is not None
            burn.stdout.readline()
            time.sleep(0.003 * round_)
            burn.send_signal(signal.SIGKILL)
            told = burn.stdout.read().split()
        host = host_of(VirtualMedium.open(path))
        done = int(told[-1]) if told else 1
        disc = host.disc()
        assert done + 1 <= disc.sessions <= done + 2
        assert host.track(done).size == 32
        assert host.track(done).nwa is None
        host.target.close()


def test_each_write_moves_ten_bytes_of_the_sidecar(tmp_path: Path) -> None:
    path = tmp_path / "disc.img"
    sidecar = tmp_path / "disc.img.state"
    host = host_of(VirtualMedium.create(path, "bd-r"))
    host.write(0, 32)
    before, inode = sidecar.read_bytes(), sidecar.stat().st_ino
    host.write(32, 7)
    after = sidecar.read_bytes()
    assert sidecar.stat().st_ino == inode
    changed = [at for at in range(len(after)) if before[at] != after[at]]
    assert after[:33] == b'{"progress": "00001:0000000039:42'  # 100 and 39, modulo 97
    assert set(changed) <= {29, 31, 32}  # 32 became 39, and the check digits with it
    assert json.loads(after)["kind"] == "bd-r"
    host.close(2)
    assert sidecar.stat().st_ino != inode
    assert not (tmp_path / "disc.img.state.new").exists()
    host.target.close()


def test_the_file_holds_the_plain_sectors(tmp_path: Path) -> None:
    path = tmp_path / "disc.img"
    host = host_of(VirtualMedium.create(path, MediumKind.DVD_PLUS_R))
    host.write(0, 35)
    host.close(5)
    host.target.close()
    assert path.read_bytes() == pattern(0, 35) + bytes(13 * 2048)


def test_a_disc_takes_no_more_room_than_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "disc.img"
    host = host_of(VirtualMedium.create(path, "bd-re", formatted=True))
    host.write(11_826_175, 1)
    assert path.stat().st_size == 11_826_176 * 2048
    assert path.stat().st_blocks * 512 < 1 << 20
    host.target.close()


def test_one_drive_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "disc.img"
    medium = VirtualMedium.create(path, "bd-r")
    for readonly in (False, True):
        with pytest.raises(DriveBusyError) as caught:
            VirtualMedium.open(path, readonly=readonly)
        assert caught.value.drive == str(path)
    medium.close()
    assert medium.closed
    medium.close()
    with (
        VirtualMedium.open(path, readonly=True),
        VirtualMedium.open(path, readonly=True),
        pytest.raises(DriveBusyError),
    ):
        VirtualMedium.open(path)
    VirtualMedium.open(path).close()


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    path = tmp_path / "disc.img"
    VirtualMedium.create(path, "bd-r").close()
    with pytest.raises(VirtualMediumError):
        VirtualMedium.create(path, "bd-r")
    (tmp_path / "disc.img.state").write_text("{}")
    with pytest.raises(VirtualMediumError):
        VirtualMedium.open(path)
    (tmp_path / "disc.img.state").unlink()
    with pytest.raises(VirtualMediumError):
        VirtualMedium.open(path)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def burned(tmp_path: Path) -> Path:
    path = tmp_path / "disc.img"
    host = host_of(VirtualMedium.create(path, "bd-r", sectors=4_096))
    host.write(0, 64)
    host.close(2)
    host.write(64, 5)
    host.target.close()
    return path


def resealed(body: bytes) -> bytes:
    """A sidecar whose checksum is right, whatever it says: what a program writes, not what an accident leaves."""
    head, static = body.split(b'", "format"', 1)
    static = b'"format"' + static
    return head[:-8] + b"%08x" % zlib.crc32(static) + b'", ' + static


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda body: b"", "not JSON"),
        (lambda body: body[:100], "not JSON"),
        (lambda body: b'{"a": 1}', "not written by a virtual drive"),
        (lambda body: b"[]", "not written by a virtual drive"),
        (lambda body: body.replace(b'"version": 2', b'"version": 3'), "version 3"),
        (lambda body: body.replace(b'"version": 2', b'"version": true'), "version True"),
        (lambda body: body.replace(b'"kind": "bd-r"', b'"kind": "cd-r"'), "checksum"),
        (lambda body: body.replace(b'"sessions": 2', b'"sessions": 3'), "checksum"),
        (lambda body: body.replace(b"0000000069", b"0000000079"), "check digits"),
        (lambda body: body.replace(b"00002:", b"00001:"), "check digits"),
        (lambda body: body.replace(b'"progress": ', b'"progress":  '), "progress field"),
        (lambda body: body.replace(b"0000000069", b"00000xyz69"), "progress field"),
        (lambda body: resealed(body.replace(b'"kind": "bd-r"', b'"kind": "tape"')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"sessions": 2', b'"sessions": 1')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"end": 64', b'"end": 63')), "makes no sense"),
        (lambda body: body.replace(b"00002:0000000069:75", b"00002:0000000063:69"), "makes no sense"),
        (lambda body: body.replace(b"00002:0000000069:75", b"00009:0000000069:96"), "makes no sense"),
        (lambda body: body.replace(b"00002:0000000069:75", b"00002:0000009999:14"), "makes no sense"),
        (lambda body: resealed(body.replace(b'"tracks": [', b'"tracks": [3, ')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"sectors": 4096', b'"sectors": -1')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"sectors": 4096', b'"sectors": true')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"gaps": []', b'"gaps": [[1, 2]]')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"end": 64', b'"end": null')), "makes no sense"),
        (lambda body: resealed(body.replace(b'"faults": []', b'"faults": ["x"]')), "makes no sense"),
        (lambda body: b"[" * 100_000, "not JSON"),
    ],
)
def test_a_damaged_sidecar_is_refused_and_left_alone(burned: Path, damage: object, words: str) -> None:
    sidecar = burned.with_name("disc.img.state")
    assert sidecar.read_bytes()[:33] == b'{"progress": "00002:0000000069:75'
    assert callable(damage)
    broken = damage(sidecar.read_bytes())
    assert isinstance(broken, bytes)
    assert broken != sidecar.read_bytes()
    sidecar.write_bytes(broken)
    data = burned.read_bytes()
    with pytest.raises(VirtualMediumError, match=words) as caught:
        VirtualMedium.open(burned)
    assert isinstance(caught.value, MediumDamagedError) or words.startswith("version")
    assert sidecar.read_bytes() == broken
    assert burned.read_bytes() == data


def test_a_file_that_was_cut_is_refused(burned: Path) -> None:
    os.truncate(burned, 68 * 2048)
    with pytest.raises(VirtualMediumError, match="cut"):
        VirtualMedium.open(burned)


def test_a_left_over_of_a_killed_save_does_no_harm(burned: Path) -> None:
    burned.with_name("disc.img.state.new").write_bytes(b'{"progress": "0000')
    host = host_of(VirtualMedium.open(burned))
    assert host.track(2).nwa == 69
    host.close(2)
    host.target.close()
    assert not burned.with_name("disc.img.state.new").exists()


def test_what_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(VirtualMediumError, match="bd-re"):
        VirtualMedium.create(tmp_path / "a", "hd-dvd-r")
    with pytest.raises(VirtualMediumError, match="1024"):
        VirtualMedium.create(tmp_path / "a", "bd-r", sectors=10)
    with pytest.raises(VirtualMediumError, match="folder"):
        VirtualMedium.create(tmp_path / "no" / "a", "bd-r")
    with pytest.raises(VirtualMediumError, match="folder"):
        VirtualMedium.create(tmp_path, "bd-r")
    (tmp_path / "image.iso").write_bytes(b"precious")
    with pytest.raises(VirtualMediumError, match="nothing was changed"):
        VirtualMedium.create(tmp_path / "image.iso", "bd-r")
    with pytest.raises(VirtualMediumError, match="sidecar"):
        VirtualMedium.open(tmp_path / "image.iso")
    with pytest.raises(VirtualMediumError, match="media=KIND"):
        VirtualMedium.open(tmp_path / "none")
    assert (tmp_path / "image.iso").read_bytes() == b"precious"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["image.iso"]


def test_a_full_host_disk_is_a_write_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(open_virtual_target(f"virtual:{tmp_path / 'disc.img'}?media=bd-r&attention=no"))
    host.write(0, 32)
    real = os.pwrite

    def full(handle: int, data: bytes, offset: int) -> int:
        if len(data) > 10:
            raise OSError(28, "No space left on device")
        return real(handle, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        refusal = host.refused(mmc.Write10(32, 32), pattern(32, 32))
    assert (refusal.code, refusal.information) == ("3/0C/00", 32)
    assert host.track(1).nwa == 32
    host.write(32, 32)
    host.target.close()


def test_short_writes_of_the_host_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(open_virtual_target(f"virtual:{tmp_path / 'disc.img'}?media=bd-r&attention=no"))
    real = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda handle, data, offset: real(handle, data[:3_000], offset))
        host.write(0, 8)
    assert host.read(0, 8) == pattern(0, 8)
    host.target.close()


def test_a_failing_host_disk_is_told_as_the_drives_own(
    drive_at: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> int:
        raise OSError(5, "Input/output error")

    drive_at.write(0, 32)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fails)
        patch.setattr(os, "preadv", fails)
        assert drive_at.write_refused(32, 1) == "4/44/00"
        assert drive_at.read_refused(3, 1) == "3/11/00"
    drive_at.write(32, 1)


@pytest.fixture
def drive_at(tmp_path: Path) -> Iterator[Host]:
    host = Host(open_virtual_target(f"virtual:{tmp_path / 'disc.img'}?media=bd-r&attention=no"))
    yield host
    host.target.close()


@pytest.mark.parametrize("suffix", [".img", ".state"])
def test_no_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """As root no mode keeps us out, so the refusal comes from a patched open."""
    path = tmp_path / "disc.img"
    VirtualMedium.create(path, "bd-r").close()
    real = os.open

    def refuse(name: str, flags: int, mode: int = 0o777) -> int:
        if name.endswith(suffix) and flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return real(name, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(DriveAccessError, match="owner or mode"):
            VirtualMedium.open(path)
    VirtualMedium.open(path).close()
