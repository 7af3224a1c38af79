"""Damaged discs: what is said of them, what is saved, and that nothing is thrown away."""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import (
    DiscError,
    DiscTooSmallError,
    DriveBusyError,
    MediumDamagedError,
    VirtualMediumError,
)
from aioimapi.virtual import (
    MediumCheck,
    MediumKind,
    VirtualMedium,
    VirtualTarget,
    check_medium,
    repair_medium,
)
from aioimapi.virtual.discs._registry import blank_disc
from aioimapi.virtual.files._filled import filled_disc, largest
from aioimapi.virtual.files._sidecar import decode, encode

from .host import Host, pattern


def host_of(path: Path) -> Host:
    return Host(VirtualTarget(VirtualMedium.open(path), attention=False))


@pytest.fixture
def burned(tmp_path: Path) -> Path:
    """A BD-R of 4,096 sectors: session 1 has 64, track 2 is open with 5."""
    path = tmp_path / "disc.img"
    medium = VirtualMedium.create(path, "bd-r", sectors=4_096)
    medium.faults = ("hang@sync:3",)
    host = Host(VirtualTarget(medium, attention=False))
    host.write(0, 64)
    host.close(2)
    host.write(64, 5)
    host.target.close()
    return path


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".state")


def damage(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    before = sidecar(path).read_bytes()
    after = change(before)
    assert after != before
    sidecar(path).write_bytes(after)
    return after


def test_a_sound_disc(burned: Path) -> None:
    check = check_medium(burned)
    assert check.sound
    assert not check.repairable
    assert (check.kind, check.version, check.savable, check.notes) == (MediumKind.BD_R, 2, "", ())
    before = sidecar(burned).stat().st_ino
    assert repair_medium(burned).sound
    assert sidecar(burned).stat().st_ino == before
    assert sorted(p.name for p in burned.parent.iterdir()) == ["disc.img", "disc.img.state"]


def test_a_disc_in_a_drive_is_not_looked_at(burned: Path) -> None:
    with VirtualMedium.open(burned):
        with pytest.raises(DriveBusyError):
            check_medium(burned)
        with pytest.raises(DriveBusyError):
            repair_medium(burned)
    with VirtualMedium.open(burned, readonly=True):
        assert check_medium(burned).sound


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body.replace(b"0000000069:", b"0000000070:"), "check digits"),
        (lambda body: body.replace(b"00002:00000000", b"00002:0000x000"), "progress field"),
        (lambda body: body.replace(b'"checksum": "', b'"checksum": "0')[:-1], "progress field"),
        (lambda body: body.replace(b'"reserved": false', b'"reserved":  false'), "checksum"),
    ],
)
def test_the_state_that_a_damaged_sidecar_still_tells_is_kept(
    burned: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    broken = damage(burned, change)
    check = check_medium(burned)
    assert len(check.problems) == 1
    assert words in check.problems[0].text
    assert "up to sector 69" in check.problems[0].remedy
    assert check.repairable
    assert check.kind is MediumKind.BD_R
    with pytest.raises(MediumDamagedError, match="virtual check") as caught:
        VirtualMedium.open(burned)
    assert caught.value.path == str(burned)
    assert caught.value.savable
    repaired = repair_medium(burned)
    assert repaired.backup == f"{burned}.state.bak"
    assert Path(repaired.backup).read_bytes() == broken
    assert check_medium(burned).sound
    host = host_of(burned)
    assert (host.disc().sessions, host.track(2).nwa) == (2, 69)
    assert host.read(0, 64) == pattern(0, 64)
    host.write(69, 3)
    host.target.close()
    with VirtualMedium.open(burned, readonly=True) as medium:
        assert medium.faults == ("hang@sync:3",)


def test_a_sidecar_that_tells_no_more_than_its_kind(burned: Path) -> None:
    damage(burned, lambda body: body[:140])
    check = check_medium(burned)
    assert check.kind is MediumKind.BD_R
    assert check.repairable
    assert "69 sectors" in check.savable
    repair_medium(burned)
    host = host_of(burned)
    assert (host.disc().status, host.disc().sessions) == (2, 1)  # finished: nobody writes over what was there
    assert host.read(0, 64) == pattern(0, 64)
    assert host.read(64, 5) == pattern(64, 5)
    host.target.close()


def test_without_a_sidecar_the_kind_has_to_be_told(burned: Path) -> None:
    sidecar(burned).unlink()
    check = check_medium(burned)
    assert not check.repairable
    assert "--media KIND" in check.problems[0].text
    with pytest.raises(MediumDamagedError, match="cannot be repaired"):
        repair_medium(burned)
    assert not sidecar(burned).exists()
    repaired = repair_medium(burned, kind="dvd+r")
    assert repaired.backup == ""
    host = host_of(burned)
    assert host.read(0, 64) == pattern(0, 64)
    assert host.capacity() == 79
    host.target.close()


@pytest.mark.parametrize("kind", [kind.value for kind in MediumKind])
def test_a_disc_of_any_kind_is_rebuilt(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disc"
    path.write_bytes(pattern(0, 700))
    assert repair_medium(path, kind=kind).kind is MediumKind(kind)
    assert check_medium(path).sound
    host = host_of(path)
    assert host.read(0, 600) == pattern(0, 600)
    assert host.read(600, 100) == pattern(600, 100)
    assert host.disc().status in (2, 3)
    host.target.close()


@pytest.mark.parametrize("kind", ["dvd-rw", "dvd+rw", "bd-r", "cd-r", "dvd-ram"])
def test_a_disc_that_never_was_burned_is_blank_again(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disc.img"
    VirtualMedium.create(path, kind).close()
    Path(f"{path}.state").write_text("garbage")
    found = check_medium(path)
    assert "virtual check" not in found.problems[0].text, "it says what is wrong, not to ask again"
    assert repair_medium(path, kind=kind).backup.endswith(".bak")
    with VirtualMedium.open(path) as medium:
        assert medium.state == blank_disc(MediumKind(kind))


def test_a_file_that_was_cut(burned: Path) -> None:
    os.truncate(burned, 66 * 2048 + 100)
    check = check_medium(burned)
    assert "ends at sector 64" in check.problems[0].remedy  # a cluster has 32 sectors
    assert check.savable == "the first 66 sectors"
    repair_medium(burned)
    assert check_medium(burned).sound
    host = host_of(burned)
    assert host.disc().status == 2
    assert host.capacity() == 63
    assert host.read(0, 64) == pattern(0, 64)
    host.target.close()
    assert burned.stat().st_size == 66 * 2048 + 100


def test_a_file_that_is_gone(burned: Path) -> None:
    burned.unlink()
    check = check_medium(burned)
    assert "missing" in check.problems[0].text
    assert not check.repairable
    with pytest.raises(MediumDamagedError, match="cannot be repaired"):
        repair_medium(burned)
    assert not burned.exists()
    assert "no virtual disc" in check_medium(burned.with_name("other")).problems[0].text


def test_backups_do_not_replace_each_other(burned: Path) -> None:
    first = damage(burned, lambda body: body[:140])
    repair_medium(burned)
    second = damage(burned, lambda body: body[:100])
    assert repair_medium(burned, kind="bd-r").backup == f"{burned}.state.bak1"
    assert Path(f"{burned}.state.bak").read_bytes() == first
    assert Path(f"{burned}.state.bak1").read_bytes() == second


def test_a_newer_version_is_not_repaired(burned: Path) -> None:
    damage(burned, lambda body: body.replace(b'"version": 2', b'"version": 9'))
    assert "version 9" in check_medium(burned).problems[0].text
    with pytest.raises(MediumDamagedError, match="version 9"):
        repair_medium(burned)


def test_too_much_for_the_kind(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    path.touch()
    os.truncate(path, 400_000 * 2048)
    check = check_medium(path, kind="dvd+r")
    assert check.repairable
    os.truncate(path, 500_000 * 2048)
    assert not check_medium(path, kind="cd-r").repairable


def raw_sectors(first: int, count: int) -> bytes:
    return b"".join((at + 1).to_bytes(4, "little") * 588 + bytes(96) for at in range(first, first + count))


def read_cd(host: Host, lba: int) -> bytes:
    buffer = bytearray(2352)
    reply = host.raw(mmc.ReadCd(lba, 1).to_cdb(), buffer)
    assert reply.status == 0
    return bytes(buffer)


@pytest.mark.parametrize("data", [0, 400])
def test_a_cd_of_which_only_the_sectors_are_left(tmp_path: Path, data: int) -> None:
    path = tmp_path / "disc"
    path.write_bytes(pattern(0, data))
    path.with_name("disc.raw").write_bytes(bytes(150 * 2448) + raw_sectors(0, 900))
    check = check_medium(path, kind="cd-r")
    assert check.repairable
    assert "audio up to sector 900" in check.problems[0].remedy
    assert ("mode 1 up to sector 400" in check.problems[0].remedy) is bool(data)
    repair_medium(path, kind="cd-r")
    assert check_medium(path).sound
    host = host_of(path)
    assert host.disc().last_track == (2 if data else 1)
    assert read_cd(host, 600) == raw_sectors(600, 1)[:2352]
    if data:
        assert host.read(0, 400) == pattern(0, 400)
    host.target.close()


def test_a_raw_file_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    path.touch()
    path.with_name("disc.raw").write_bytes(bytes(150 * 2448) + raw_sectors(0, 900))
    repair_medium(path, kind="cd-rom")
    os.truncate(path.with_name("disc.raw"), 700 * 2448)
    check = check_medium(path)
    assert "silence" in check.problems[0].remedy
    assert repair_medium(path).backup == f"{path}.state.bak"
    assert check_medium(path).sound
    host = host_of(path)
    assert read_cd(host, 500) == raw_sectors(500, 1)[:2352]
    assert read_cd(host, 800) == bytes(2352)
    host.target.close()


@pytest.mark.parametrize("kind", list(MediumKind))
def test_a_disc_of_any_kind_can_be_full(kind: MediumKind) -> None:
    state = filled_disc(kind, largest(kind))
    assert state.readable_end() == largest(kind)
    with pytest.raises(DiscTooSmallError):
        filled_disc(kind, largest(kind) + 1)
    assert filled_disc(kind, 1).readable_end() >= 1


def test_a_left_over_of_a_killed_save_is_noted(burned: Path) -> None:
    (burned.parent / "disc.img.state.new").write_bytes(b"{")
    check = check_medium(burned)
    assert check.sound
    assert "killed" in check.notes[0]


def test_version_1_is_read_and_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(pattern(0, 40))
    body = (
        '{"progress": "00001:0000000040", "format": "aioimapi virtual medium", "version": 1, "kind": "bd-r",'
        '"sectors": 4096,"raw_sectors": 4096,"sessions": 1,"finalized": false,"format_state": 0,"tracks": '
        '[{"session": 1,"start": 0,"next_lba": 0,"end": null,"closed": false,"reserved": false,"packet": true}],'
        '"gaps": []}\n'
    )
    sidecar(path).write_text(body)
    assert check_medium(path).sound
    assert check_medium(path).version == 1
    with VirtualMedium.open(path, readonly=True) as medium:
        assert medium.state.tracks[0].next_lba == 40
    assert sidecar(path).read_text() == body  # reading changes nothing
    host = host_of(path)
    assert host.track(1).nwa == 40
    assert check_medium_later(host, path).version == 2
    assert host_of(path).read(0, 32) == pattern(0, 32)


def check_medium_later(host: Host, path: Path) -> MediumCheck:
    host.target.close()
    return check_medium(path)


def test_erasing_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    medium = VirtualMedium.create(path, "cd-rw")
    medium.put(0, pattern(0, 10))
    medium.put_raw(-150, bytes(2448))
    blank = encode(medium.state, wiped=True)
    medium.close()
    sidecar(path).write_bytes(blank)
    assert "erased" in check_medium(path).notes[0]
    VirtualMedium.open(path, readonly=True).close()
    assert path.stat().st_size == 20_480
    VirtualMedium.open(path).close()
    assert path.stat().st_size == 0
    assert path.with_name("disc.raw").stat().st_size == 0
    assert not check_medium(path).notes


# --- hostile ones -------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(seed=st.integers(0, 1 << 30), hits=st.integers(1, 6))
def test_any_damage_is_told_and_repaired_or_refused(burned: Path, seed: int, hits: int) -> None:
    dice = random.Random(seed)
    good = burned.with_name("good")
    if not good.exists():
        good.write_bytes(sidecar(burned).read_bytes())
    body = bytearray(good.read_bytes())
    for _ in range(hits):
        at = dice.randrange(len(body))
        kind = dice.randrange(3)
        if kind == 0:
            body[at] = dice.randrange(256)
        elif kind == 1:
            del body[at : at + dice.randrange(1, 40)]
        else:
            body[at:at] = bytes(dice.choice(b'0123456789,:"[]{}-etrn') for _ in range(dice.randrange(1, 9)))
    data = burned.read_bytes()
    sidecar(burned).write_bytes(bytes(body))
    try:
        VirtualMedium.open(burned).close()
        opened = True
    except VirtualMediumError:
        opened = False
    assert opened is (bytes(body) == good.read_bytes()) or not opened
    check = check_medium(burned)
    assert check.sound is opened
    try:
        repair_medium(burned)
    except MediumDamagedError:
        assert not check.repairable
        assert sidecar(burned).read_bytes() == bytes(body)
    else:
        assert check_medium(burned).sound
        host = host_of(burned)
        assert host.read(0, 64) == pattern(0, 64)
        host.target.close()
    assert burned.read_bytes().rstrip(b"\0") == data.rstrip(b"\0")  # the last cluster may have been filled up
    os.truncate(burned, len(data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(kind=st.sampled_from(list(MediumKind)), data=st.data())
def test_sealed_nonsense_does_no_more_than_be_refused(kind: MediumKind, data: st.DataObject) -> None:
    good = encode(blank_disc(kind, 4_096))
    body = json.loads(good)
    del body["progress"], body["checksum"]
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(body)))
        inner = (
            body[name][0] if name == "tracks" and isinstance(body[name], list) and body[name] else body[name]
        )
        if isinstance(inner, dict) and inner and data.draw(st.booleans()):
            inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(JSON)
        else:
            body[name] = data.draw(JSON)
    static = json.dumps(body).encode()[1:]
    number, lba = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 5_000))
    sealed = b'{"progress": "%05d:%010d:%02d", "checksum": "%08x", ' % (
        number,
        lba,
        (number * 100 + lba) % 97,
        zlib.crc32(static),
    )
    try:
        kept = decode(sealed + static, "x.state")
    except DiscError:
        return
    kept.state.check()
    encode(kept.state, kept.active, kept.faults)
