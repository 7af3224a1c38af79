"""Quirk profiles: each as a driver sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc
from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import Quirk, VirtualTarget, parse_virtual_url

from .host import Host, pattern

Drive = Callable[..., Host]


def test_names() -> None:
    options = parse_virtual_url("virtual:a?quirk=slim&quirk=no-opc,Short_Pages")
    assert options.quirks == {Quirk.SLIM, Quirk.NO_OPC, Quirk.SHORT_PAGES}
    with pytest.raises(VirtualMediumError, match="choose from slim, short-pages"):
        parse_virtual_url("virtual:a?quirk=sleepy")
    with pytest.raises(VirtualMediumError, match="no quirk 'x'"):
        VirtualTarget(None, quirks=["x"])
    VirtualTarget(None, quirks=["slim", Quirk.YES_MAN]).close()


def test_a_slim_drive_is_closed_by_hand(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=slim")
    removable = host.ok(mmc.GetConfiguration(mmc.RequestedType.ONE, 3))[8:]
    assert removable[:2] == b"\x00\x03"
    assert removable[4] == 0x29  # no Load
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))  # closed already
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    assert host.refused(mmc.StartStopUnit(start=True, load_eject=True)).specific.hex() == "c90004"
    assert host.target.tray_open
    host.target.push_tray()
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"
    host.ok(mmc.TestUnitReady())


def test_short_pages(drive: Drive) -> None:
    host = drive("cd-r", "&quirk=short-pages")
    answer = host.ok(mmc.ModeSense10(0x2A))
    assert answer[9] == 20
    assert len(answer) == 8 + 22
    page = mmc.ModeParameters.parse(answer).get(mmc.Capabilities)
    assert page is not None
    assert page.write_speeds == ()
    assert page.maximum_write_kbps == 8_467
    error_page = host.ok(mmc.ModeSense10(0x01))[8:]
    assert len(error_page) == 8
    host.ok(mmc.ModeSelect10(16), bytes(8) + error_page)
    assert host.refused(mmc.ModeSelect10(20), bytes(8) + b"\x01\x0a" + bytes(10)).code == "5/26/00"


def test_a_yes_man_writes_nothing(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=yes-man")
    host.write(0, 64)
    host.close(2)
    assert host.track(1).size == 64
    assert host.read(0, 64) == bytes(64 * 2048)


def test_a_fast_talker(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=fast-talker&physics&when_full=wait&buffer_kib=64")
    rows = host.ok(mmc.GetPerformance())[8:]
    assert [int.from_bytes(rows[at + 12 : at + 16], "big") for at in range(0, len(rows), 16)] == [
        53_946,
        35_964,
        17_982,
    ]
    host.ok(mmc.SetCdSpeed(write_kbps=40_000))
    page = host.ok(mmc.ModeSense10(0x2A))[8:]
    assert int.from_bytes(page[28:30], "big") == 35_964
    host.write(0, 32)
    reply = host.raw(mmc.Write10(32, 32).to_cdb(), pattern(32, 32))
    assert reply.duration_s == pytest.approx(65_536 / 8_991_000)  # 2x, all the same


@pytest.mark.parametrize(
    ("quirk", "command", "data"),
    [
        ("no-events", mmc.GetEventStatusNotification(), b""),
        ("no-reserve", mmc.ReserveTrack.of_size(64), b""),
        ("no-performance", mmc.GetPerformance(), b""),
        ("no-performance", mmc.SetStreaming(), bytes(28)),
        ("no-buffer", mmc.ReadBufferCapacity(), b""),
        ("no-opc", mmc.SendOpcInformation(), b""),
    ],
)
def test_commands_that_some_drives_do_not_know(
    drive: Drive, quirk: str, command: mmc.Command, data: bytes
) -> None:
    refusal = drive("bd-r", f"&quirk={quirk}").refused(command, data)
    assert (refusal.code, refusal.specific.hex()) == ("5/20/00", "c00000")


def test_immed_that_is_refused(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=no-immed")
    host.write(0, 32)
    assert host.refused(mmc.SynchronizeCache10(immed=True)).specific.hex() == "c90001"
    host.ok(mmc.SynchronizeCache10())
    close = mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True)
    assert host.refused(close).specific.hex() == "c80001"
    host.ok(mmc.CloseTrackSession(mmc.CloseFunction.SESSION))


def test_immed_that_is_ignored(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=ignores-immed&physics&close_s=10")
    host.write(0, 32)
    reply = host.send(mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True))
    assert reply.status == 0
    assert reply.duration_s > 10
    host.ok(mmc.TestUnitReady())


@pytest.mark.parametrize(("kind", "profile"), [("dvd+r", 0x10), ("cd-r", 0x08), ("bd-r", 0x40)])
def test_a_closed_disc_that_poses_as_a_pressed_one(drive: Drive, kind: str, profile: int) -> None:
    host = drive(kind, "&quirk=rom-after-close")
    host.write(0, 320)
    host.close(1, 1)
    features = host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))
    assert int.from_bytes(features[6:8], "big") == profile
    listed, at = [], 8
    while at < len(features):
        listed.append(int.from_bytes(features[at : at + 2], "big"))
        at += 4 + features[at + 3]
    assert 0x10 in listed
    assert not {0x21, 0x2B, 0x2D, 0x41} & set(listed)  # nothing to write with
    assert (host.disc().status, host.disc().last_session) == (2, 3)
    assert host.capacity() >= 319
    assert host.write_refused(host.capacity() + 1) == "5/30/05"
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.disc().status == 1  # now it has looked


def test_closing_a_disc_that_poses_as_closed_already(drive: Drive) -> None:
    """growisofs closes the track, then the disc, and looks at it no more between them."""
    host = drive("dvd+r", "&quirk=rom-after-close")
    host.write(0, 320)
    host.close(1, 1)
    host.close(5)
    host.close(5)
    host.target.press_eject()
    host.target.push_tray()
    host.ok(mmc.RequestSense())
    assert (host.disc().status, host.capacity()) == (2, 319)


def test_a_dvd_plus_r_of_the_book_type_of_a_dvd_rom(drive: Drive) -> None:
    host = drive("dvd+r", "&quirk=booktype-rom")
    assert host.ok(mmc.ReadDiscStructure())[4] == 0x01
    assert host.ok(mmc.ReadDiscStructure(0xFF))[4] == drive("dvd+rw").ok(mmc.ReadDiscStructure(0xFF))[4]


def test_a_track_without_a_next_writable_address(drive: Drive) -> None:
    host = drive("dvd+r", "&quirk=no-nwa")
    assert host.track(1).nwa is None
    host.write(0, 16)
    assert host.track(1).nwa is None


def test_a_drive_that_must_see_the_disc_anew(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=needs-reload")
    host.write(0, 32)
    host.close(2)
    assert host.read_refused(0) == "5/21/00"
    assert host.refused(mmc.Verify10(0, 32)).code == "5/21/00"
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.read(0, 32) == pattern(0, 32)


def test_a_drive_that_takes_its_time_after_loading(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=slow-start")
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (2, 4, 1)
    host.ok(mmc.Inquiry())
    host.ok(mmc.ModeSense6(0x2A))  # Linux asks only once what a new drive can do
    host.now = 4.9
    assert host.write_refused(0, 32) == "2/04/01"
    host.now = 5.0
    host.ok(mmc.TestUnitReady())
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    host.now = 10.0
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"


def test_a_drive_that_tells_of_a_change_after_closing(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=attention-after-close")
    host.write(0, 32)
    host.close(2)
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"
    host.ok(mmc.TestUnitReady())


def test_no_page_2a(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=no-page-2a")
    assert host.refused(mmc.ModeSense10(0x2A)).specific.hex() == "cd0002"
    assert host.refused(mmc.ModeSense6(0x2A)).code == "5/24/00"
    assert mmc.ModeParameters.parse(host.ok(mmc.ModeSense10(0x3F))).get(mmc.Capabilities) is None


def test_short_sense(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=short-sense")
    reply = host.send(mmc.Read10(0, 1))
    assert reply.sense.hex() == "7000050000000006000000006400"
    assert mmc.SenseData.parse(reply.sense).asc == 0x64


def test_short_track_information(drive: Drive) -> None:
    host = drive("dvd+r", "&quirk=short-track")
    host.write(0, 16)
    answer = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))
    assert (len(answer), answer[:2].hex()) == (28, "001a")
    track = mmc.TrackInformation.parse(answer)
    assert (track.next_writable_lba, track.size_sectors, track.lra_valid) == (16, 2_295_104, False)


def test_a_full_buffer_in_other_words(drive: Drive) -> None:
    host = drive("bd-r", "&quirk=busy-07&physics&buffer_kib=64")
    host.write(0, 32)
    assert host.write_refused(32, 32) == "2/04/07"
    host.now = 1.0
    host.write(32, 32)


def test_several_at_once(drive: Drive) -> None:
    host = drive("dvd+r", "&quirk=no-events&quirk=no-reserve,rom-after-close")  # tgt's emulation
    assert host.refused(mmc.GetEventStatusNotification()).code == "5/20/00"
    assert host.refused(mmc.ReserveTrack.of_size(64)).code == "5/20/00"
    host.write(0, 32)
    host.close(1, 1)
    assert int.from_bytes(host.ok(mmc.GetConfiguration(allocation_length=8))[6:8], "big") == 0x10
