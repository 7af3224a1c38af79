"""Time: the write buffer, long operations with and without IMMED, and that the numbers are those of real discs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc

from .host import Host, pattern, refusal_of

Drive = Callable[..., Host]
BLOCK = bytes(32 * 2048)


def progress(specific: bytes) -> float:
    assert specific[0] == 0x80
    return int.from_bytes(specific[1:], "big") / 65_536


def test_a_full_buffer_refuses_and_empties_at_writing_speed(drive: Drive) -> None:
    host = drive("bd-r", "&physics=1&buffer_kib=1024")
    taken = 0
    while host.send(mmc.Write10(taken, 32), BLOCK).status == 0:
        taken += 32
    assert taken == 16 * 32  # 1 MiB in blocks of 64 KiB
    assert refusal_of(host.send(mmc.Write10(taken, 32), BLOCK)).code == "2/04/08"
    capacity = host.ok(mmc.ReadBufferCapacity())
    assert int.from_bytes(capacity[4:8], "big") == 1 << 20
    assert int.from_bytes(capacity[8:12], "big") == 0
    host.now += 65_536 / 4_495_625 + 1e-6
    host.ok(mmc.Write10(taken, 32), BLOCK)
    assert host.send(mmc.Write10(taken + 32, 32), BLOCK).status == 2
    assert host.track(1).nwa == taken + 32


@pytest.mark.parametrize("speed", [None, 9_000, 18_000])
def test_a_whole_burn_takes_the_time_that_the_speed_says(drive: Drive, speed: int | None) -> None:
    host = drive("bd-r", "&physics&buffer_kib=2048&when_full=wait")
    if speed:
        host.ok(mmc.SetCdSpeed(write_kbps=speed))
    count = 320
    for at in range(count):
        reply = host.send(mmc.Write10(at * 32, 32), BLOCK)
        assert reply.status == 0
        host.now += reply.duration_s
    host.now += host.send(mmc.SynchronizeCache10()).duration_s
    rate = {None: 26_973_000, 9_000: 8_991_000, 18_000: 17_982_000}[speed]
    assert host.now == pytest.approx(
        count * 65_536 / rate + 1.0, rel=1e-6
    )  # and a second for the flush itself


def test_without_physics_nothing_takes_time(drive: Drive) -> None:
    host = drive("bd-r")
    for lba in range(0, 3_200, 32):
        assert host.send(mmc.Write10(lba, 32), BLOCK).duration_s == 0
    for command in (mmc.SynchronizeCache10(), mmc.CloseTrackSession(mmc.CloseFunction.FINALIZE)):
        assert host.send(command).duration_s == 0
    host.ok(mmc.TestUnitReady())


def test_closing_with_immed_is_told_as_progress(drive: Drive) -> None:
    host = drive("bd-r", "&physics&close_s=10&finalize_s=40")
    host.ok(mmc.Write10(0, 32), BLOCK)
    host.now = 1.0
    host.ok(mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True))
    host.now = 6.0
    refusal = host.refused(mmc.TestUnitReady())
    assert refusal.code == "2/04/07"
    assert progress(refusal.specific) == pytest.approx(0.5, abs=0.01)
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (2, 4, 7)
    busy = host.ok(mmc.GetEventStatusNotification(classes=1 << 6))
    assert busy[2] == 6
    assert int.from_bytes(busy[6:8], "big") == pytest.approx(50, abs=1)
    assert host.write_refused(32, 1) == "2/04/07"
    host.ok(mmc.PreventAllowMediumRemoval(prevent=False))
    host.now = 11.1
    host.ok(mmc.TestUnitReady())
    assert host.disc().sessions == 2
    host.ok(mmc.Write10(32, 32), BLOCK)
    reply = host.send(mmc.CloseTrackSession(mmc.CloseFunction.FINALIZE))
    assert reply.duration_s == pytest.approx(40, abs=0.1)
    host.ok(mmc.TestUnitReady())


def test_formatting_a_bd_re(drive: Drive) -> None:
    host = drive("bd-re", "&physics&format_s=100&sectors=12219392")
    host.format(0x00, 11_826_176)
    host.now = 25.0
    refusal = host.refused(mmc.TestUnitReady())
    assert refusal.code == "2/04/04"
    assert progress(refusal.specific) == pytest.approx(0.25, abs=0.01)
    host.now = 101.0
    host.ok(mmc.TestUnitReady())
    host.write(0, 32)


def test_formatting_a_dvd_plus_rw_runs_in_the_background(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=2.4")
    host.format(0x26, 0xFFFFFFFF)
    host.ok(mmc.TestUnitReady())  # no waiting: that is what background means
    assert host.disc().background == 2
    host.write(0, 16)
    whole = 2_295_104 * 2048 / (2.4 * 1_385_000)
    host.now = whole / 2
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (0, 4, 4)
    assert progress(sense[15:18]) == pytest.approx(0.5, abs=0.01)
    host.close(0)
    assert host.disc().background == 1
    host.ok(mmc.FormatUnit(), bytes.fromhex("00000008 ffffffff 98000001"))  # restart
    assert host.disc().background == 2
    host.now += whole + 1
    assert host.disc().background == 3
    assert host.read(0, 16) == pattern(0, 16)


def test_ejecting_suspends_the_format(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics")
    host.format(0x26, 0xFFFFFFFF)
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    reply = host.send(mmc.StartStopUnit(start=True, load_eject=True))
    assert reply.duration_s == 8.0
    host.ok(mmc.RequestSense())
    assert host.disc().background == 1


def test_reading_takes_its_time(drive: Drive) -> None:
    host = drive("dvd+r", "&physics&when_full=wait")
    host.ok(mmc.Write10(0, 32), BLOCK)
    host.now = 10.0
    reply = host.raw(mmc.Read10(0, 32).to_cdb(), bytearray(65_536))
    assert reply.duration_s == pytest.approx(65_536 / 22_160_000, rel=1e-6)
    host.ok(mmc.SetCdSpeed(read_kbps=1_385))
    reply = host.raw(mmc.Read10(0, 32).to_cdb(), bytearray(65_536))
    assert reply.duration_s == pytest.approx(65_536 / 1_385_000, rel=1e-6)


def test_forced_unit_access_empties_the_buffer(drive: Drive) -> None:
    host = drive("bd-r", "&physics=1")
    assert host.send(mmc.Write10(0, 32), BLOCK).duration_s == 0
    reply = host.send(mmc.Write10(32, 32, fua=True), BLOCK)
    assert reply.duration_s == pytest.approx(2 * 65_536 / 4_495_625, rel=1e-6)
    assert host.send(mmc.Verify10(0, 64)).duration_s == pytest.approx(2 * 65_536 / 4_495_625, rel=1e-6)


def test_loading_with_immed(drive: Drive) -> None:
    host = drive("bd-r", "&physics")
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True, immed=True))
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    host.now = 8.1
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"
    host.ok(mmc.TestUnitReady())
