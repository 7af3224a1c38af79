"""DVD+RW: the background format begins, rests and goes on; what the disc says meanwhile (MMC-6 6.5.4.2.14)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.virtual import open_virtual_target

from .host import Host, format_list, pattern

Drive = Callable[..., Host]

ALL = 2_295_104
WHOLE_S = ALL * 2_048 / (4 * 1_385_000)
"""Seconds that a format takes at 4x."""

RESTART = bytes.fromhex("00020008 00000000 98000001")


def test_a_format_rests_and_goes_on(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=4&close_s=0")
    assert host.formats() == ((ALL, 1), [(ALL, 0x26, 0)])
    host.format(0x26, 0xFFFFFFFF)
    assert host.disc().background == 2
    host.now = WHOLE_S / 4
    host.close(0)
    assert host.disc().background == 1
    (size, state), choices = host.formats()
    assert state == 2
    assert size == pytest.approx(ALL / 4, abs=16)
    assert choices == [(ALL, 0x26, 0)]
    host.now += 1_000  # it rests
    host.ok(mmc.FormatUnit(), RESTART)
    sense = host.ok(mmc.RequestSense())
    assert int.from_bytes(sense[16:18], "big") == pytest.approx(65_536 / 4, abs=8)
    host.now += WHOLE_S * 3 / 4 - 1
    assert host.disc().background == 2
    host.now += 2
    assert host.disc().background == 3
    assert host.formats()[0] == (ALL, 2)


def test_what_was_written_lies_before_the_lead_out(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=4&close_s=0")
    host.format(0x26, ALL)
    host.write(4_000, 8)
    host.close(0)
    assert host.formats()[0] == (4_016, 2)
    assert host.read(4_000, 8) == pattern(4_000, 8)
    host.write(9_000, 8)  # where the format has not been: the drive formats on its way
    host.close(2)
    assert host.formats()[0] == (9_008, 2)
    assert host.disc().background == 1


def test_stopping_takes_a_lead_out(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=4&close_s=7")
    host.format(0x26, ALL)
    assert host.send(mmc.CloseTrackSession(mmc.CloseFunction(0))).duration_s == 7.0
    assert host.send(mmc.CloseTrackSession(mmc.CloseFunction(2))).duration_s == 0.0


@pytest.mark.parametrize("body", [RESTART, format_list(0x26, 1_600), format_list(0x00, ALL)])
def test_formats_that_are_refused(drive: Drive, body: bytes) -> None:
    host = drive("dvd+rw")
    assert host.refused(mmc.FormatUnit(), body).code in ("5/2C/00", "5/26/00")
    assert host.disc().background == 0


def test_formatting_anew_wipes(drive: Drive) -> None:
    host = drive("dvd+rw", "&formatted")
    host.write(0, 16)
    host.ok(mmc.FormatUnit(), RESTART)
    assert host.read(0, 16) == pattern(0, 16)
    host.format(0x26, 0xFFFFFFFF)
    assert host.read(0, 16) == bytes(16 * 2048)


def test_formatting_anew_begins_at_the_beginning(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=4&close_s=0")
    host.format(0x26, ALL)
    host.now = WHOLE_S / 2
    host.close(0)
    host.format(0x26, ALL)
    host.now += WHOLE_S - 1
    assert host.disc().background == 2


def test_a_format_that_lost_its_drive_rests(tmp_path: Path) -> None:
    url = f"virtual:{tmp_path / 'disc'}"
    host = Host(open_virtual_target(f"{url}?media=dvd%2Brw&physics=4&attention=no"))
    host.format(0x26, ALL)
    host.target.close()  # no eject: the process died
    again = Host(open_virtual_target(f"{url}?physics=4&attention=no"))
    assert again.disc().background == 1
    again.ok(mmc.FormatUnit(), RESTART)
    assert again.disc().background == 2
    again.target.close()


def test_ejecting_lets_it_rest_where_it_is(drive: Drive) -> None:
    host = drive("dvd+rw", "&physics=4&load_s=0")
    host.format(0x26, ALL)
    host.now = WHOLE_S / 2
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.disc().background == 1
    assert host.formats()[0][0] == pytest.approx(ALL / 2, abs=16)


def test_disc_control_blocks(drive: Drive) -> None:
    host = drive("dvd+rw")
    listed = host.ok(mmc.ReadDiscStructure(0x30, address=0xFFFFFFFF, allocation_length=0x8004))
    assert len(listed) == 32_772
    assert listed[:8] == b"\x80\x02\x00\x00\xff\xff\xff\xff"
    assert not any(listed[8:])
    assert host.refused(mmc.ReadDiscStructure(0x30, address=0x46444300)).code == "5/24/00"
