"""What the drive tells by itself: events, power, buttons, locks, errors that come later."""

from __future__ import annotations

from collections.abc import Callable

from aioimapi import mmc

from .host import Host, pattern, refusal_of

Drive = Callable[..., Host]

MEDIA, CHANGE, POWER = 1 << 4, 1 << 1, 1 << 2


def event(host: Host, classes: int) -> bytes:
    return host.ok(mmc.GetEventStatusNotification(classes))[2:]


def test_one_event_at_a_time_the_lowest_class_first(drive: Drive) -> None:
    host = drive("bd-r")
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    everything = CHANGE | POWER | MEDIA | 1 << 6
    assert event(host, everything).hex() == "015602000001"  # a change of features
    assert [event(host, everything).hex() for _ in range(3)] == [
        "045602020000",  # the disc that was in at first
        "045603020000",  # taken out
        "045602020000",  # and put in
    ]
    assert (
        event(host, everything).hex() == "015600000000"
    )  # nothing more: the lowest class that was asked for
    assert event(host, POWER).hex() == "025600010000"


def test_power_conditions(drive: Drive) -> None:
    host = drive("bd-r")
    host.ok(mmc.StartStopUnit(power_condition=mmc.PowerCondition.STANDBY))
    assert event(host, POWER).hex() == "025601030000"  # it has become standby
    assert event(host, POWER).hex() == "025600030000"
    host.ok(mmc.Inquiry())
    assert event(host, POWER).hex() == "025600030000"  # asking who it is wakes nobody
    host.ok(mmc.TestUnitReady())
    assert event(host, POWER).hex() == "025601010000"
    assert host.refused(mmc.StartStopUnit(layer_jump=True)).specific.hex() == "ca0004"


def test_a_stopped_disc_has_to_spin_up(drive: Drive) -> None:
    host = drive("bd-re", "&formatted&physics&spin_up_s=2&idle_s=60")
    read = mmc.Read10(0, 1).to_cdb()
    quick = host.raw(read, bytearray(2048)).duration_s
    host.ok(mmc.StartStopUnit(start=False))
    assert host.raw(read, bytearray(2048)).duration_s - quick == 2.0
    host.now = 59.0
    assert host.raw(read, bytearray(2048)).duration_s == quick
    host.now = 120.0
    assert host.raw(read, bytearray(2048)).duration_s - quick == 2.0


def test_the_button(drive: Drive) -> None:
    host = drive("bd-r")
    assert host.target.press_eject()
    assert host.target.tray_open
    assert host.refused(mmc.TestUnitReady()).code == "2/3A/02"
    assert host.target.press_eject()
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"
    host.ok(mmc.PreventAllowMediumRemoval(prevent=True))
    assert not host.target.press_eject()
    assert host.refused(mmc.StartStopUnit(start=False, load_eject=True)).code == "5/53/02"
    host.ok(mmc.PreventAllowMediumRemoval(prevent=False))
    assert host.target.press_eject()


def test_the_button_of_a_drive_that_is_locked_persistently(drive: Drive) -> None:
    host = drive("bd-r")
    event(host, MEDIA)
    host.ok(mmc.PreventAllowMediumRemoval(prevent=True, persistent=True))
    assert not host.target.press_eject()
    assert event(host, MEDIA).hex() == "045601020000"  # eject request
    host.ok(mmc.PreventAllowMediumRemoval(prevent=False))  # another host's word does not take it back
    assert host.target.locked
    host.ok(mmc.PreventAllowMediumRemoval(prevent=False, persistent=True))
    assert not host.target.locked


def test_the_button_finishes_what_was_being_written(drive: Drive) -> None:
    host = drive("dvd+r")
    host.write(0, 5)
    assert host.target.press_eject()
    host.target.push_tray()
    host.ok(mmc.RequestSense())
    assert host.track(1).nwa == 16


def test_a_reset(drive: Drive) -> None:
    host = drive("bd-r")
    host.ok(mmc.PreventAllowMediumRemoval(prevent=True, persistent=True))
    host.ok(mmc.SetCdSpeed(write_kbps=9_000))
    host.write(0, 32)
    host.target.reset()
    assert host.refused(mmc.TestUnitReady()).code == "6/29/00"
    assert not host.target.locked
    assert host.ok(mmc.ModeSense10(0x2A))[8 + 28 : 8 + 30] == (26_973).to_bytes(2, "big")
    assert host.track(1).nwa == 32  # the disc does not care


def test_an_error_that_comes_later(drive: Drive) -> None:
    host = drive("bd-r", "&fault=deferred:3/0c/00@write:2")
    host.write(0, 32)
    host.write(32, 32)
    host.ok(mmc.Inquiry())  # tells nothing of errors
    reply = host.raw(mmc.Write10(64, 32).to_cdb(), pattern(64, 32))
    assert reply.status == 2
    assert reply.sense[0] & 0x7F == 0x71
    assert (reply.sense[2], reply.sense[12], reply.sense[13]) == (3, 0x0C, 0)
    sense = mmc.SenseData.parse(reply.sense)
    assert sense.deferred
    assert sense.information == 32
    assert host.track(1).nwa == 64  # the WRITE that was told of it was not begun
    host.write(64, 32)


def test_an_error_that_comes_later_is_told_to_who_asks(drive: Drive) -> None:
    host = drive("bd-r", "&fault=deferred:3/0c/00@write:1")
    host.write(0, 32)
    sense = host.ok(mmc.RequestSense())
    assert (sense[0] & 0x7F, sense[2], sense[12]) == (0x71, 3, 0x0C)
    host.sync()


def test_slow_answers_of_a_busy_drive(drive: Drive) -> None:
    host = drive("bd-r", "&physics&close_s=10")
    host.write(0, 32)
    host.ok(mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True))
    host.now = 1.0
    assert refusal_of(host.send(mmc.Seek10(0))).code == "2/04/07"
    host.ok(mmc.ModeSense10(0x2A))
    assert event(host, 1 << 6)[:4].hex() == "06560001"


def test_what_nobody_asks_for_is_forgotten(drive: Drive) -> None:
    host = drive("bd-r")
    for _ in range(50):
        host.ok(mmc.StartStopUnit(power_condition=mmc.PowerCondition.IDLE))
    for _ in range(50):
        host.target.press_eject()
        host.target.press_eject()
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"  # told once, however often it happened
    host.ok(mmc.TestUnitReady())
    assert [event(host, MEDIA)[2] for _ in range(9)] == [3, 2, 3, 2, 3, 2, 3, 2, 0]
    assert len([1 for _ in range(20) if event(host, POWER)[2]]) == 8


def test_the_end_of_a_background_format_is_an_event(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=2.4")
    host.format(0x26, 0xFFFFFFFF)
    event(host, MEDIA)
    assert event(host, MEDIA)[2] == 0
    host.now = 2_295_104 * 2048 / (2.4 * 1_385_000) + 1
    assert event(host, MEDIA).hex() == "045605020000"
