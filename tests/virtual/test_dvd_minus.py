"""DVD-R and DVD-RW in sequential recording: in packets and at once, in borders, blanked both ways (MMC-6 4.3.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, VirtualTarget

from .host import SECTOR, Host, pattern

Drive = Callable[..., Host]

BORDER = 16_384
"""Border-out and next border-in behind the first session: 32 MiB."""

INCREMENTAL, AT_ONCE = 0, 2
MULTI = 3


def features_of(host: Host) -> set[int]:
    data = host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))
    found, at = set(), 8
    while at < len(data):
        found.add(int.from_bytes(data[at : at + 2], "big"))
        at += 4 + data[at + 3]
    return found


def profile_of(host: Host) -> int:
    return int.from_bytes(host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))[6:8], "big")


def test_a_blank_disc(drive: Drive) -> None:
    host = drive("dvd-r")
    assert profile_of(host) == 0x11
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session, disc.sessions, disc.erasable) == (0, 0, 1, False)
    # 2,297,888 sectors are what drives tell of a blank DVD-R; dvd+rw-mediainfo calls the track "invisible incremental".
    assert (track.start, track.nwa, track.free, track.size) == (0, 0, 2_297_888, 2_297_888)
    assert (track.reserved, track.blank, track.packet) == (False, True, True)
    assert {0x1F, 0x21, 0x2F} <= features_of(host)
    assert not {0x20, 0x23, 0x26, 0x2B, 0x2D} & features_of(host)
    assert host.read_refused(0) == "5/64/00"


def test_two_sessions_and_the_end(drive: Drive) -> None:
    host = drive("dvd-r", "&sectors=60000")
    host.select(write_type=INCREMENTAL, multi_session=MULTI)
    host.write(0, 32)
    host.write(32, 8)
    host.sync()
    assert host.track(1).nwa == 48  # the ECC block is filled up
    assert host.write_refused(40) == "5/21/02"
    host.close(1, 1)
    host.close(2)
    disc, track = host.disc(), host.track(2)
    assert (disc.status, disc.last_session, disc.sessions, disc.last_track) == (1, 0, 2, 2)
    assert (track.start, track.nwa) == (48 + BORDER, 48 + BORDER)
    assert host.read(0, 40) == pattern(0, 40)
    assert host.read(40, 8) == bytes(8 * SECTOR)
    assert host.read_refused(48) == "5/64/00"  # between the borders
    done = host.track(1)
    assert (done.reserved, done.blank, done.packet, done.size) == (False, False, True, 48)

    host.select(write_type=INCREMENTAL, multi_session=0)
    host.write(track.start, 16)
    host.sync()
    host.close(1, 2)
    host.close(2)
    assert host.disc().status == 2
    assert profile_of(host) == 0x11  # most burners go on to call it a DVD-R
    assert not {0x21, 0x2F} & features_of(host)
    assert host.write_refused(track.start + 16) == "5/30/05"
    assert host.close_refused(2) == "5/30/05"
    assert host.read(track.start, 16) == pattern(track.start, 16)


def test_at_once(drive: Drive) -> None:
    host = drive("dvd-r")
    host.select(write_type=AT_ONCE)
    assert host.write_refused(0) == "5/2C/00"  # the size was not told
    host.ok(mmc.ReserveTrack.of_size(100))
    track = host.track(1)
    assert (track.reserved, track.blank, track.packet, track.nwa, track.size) == (True, True, False, 0, 100)
    assert 0x21 not in features_of(host)
    host.select(write_type=INCREMENTAL)
    assert host.write_refused(0) == "5/64/00"
    host.select(write_type=AT_ONCE)
    host.write(0, 64)
    host.sync()
    assert host.disc().status == 1
    assert host.write_refused(64, 64) == "5/63/00"
    host.write(64, 36)
    host.sync()  # the last sector closes the disc: no CLOSE TRACK SESSION is sent for it
    assert host.disc().status == 2
    track = host.track(1)
    assert (track.reserved, track.blank, track.packet, track.size) == (False, False, False, 100)
    assert host.read(0, 100) == pattern(0, 100)
    assert host.ok(mmc.ReadCapacity())[:4] == (99).to_bytes(4, "big")


def test_at_once_takes_the_time_of_a_lead_out(drive: Drive) -> None:
    host = drive("dvd-r", "&physics&when_full=wait&sync_s=1&finalize_s=60")
    host.select(write_type=AT_ONCE)
    host.ok(mmc.ReserveTrack.of_size(32))
    host.write(0, 16)
    host.now = 10.0
    assert host.send(mmc.SynchronizeCache10()).duration_s == 1.0
    host.write(16, 16)
    host.now = 20.0
    assert host.send(mmc.SynchronizeCache10(immed=True)).duration_s == 0.0
    host.now = 80.0
    assert host.refused(mmc.TestUnitReady()).code == "2/04/07"
    host.now = 82.0
    host.ok(mmc.TestUnitReady())
    assert host.disc().status == 2


def test_at_once_may_stay_open(drive: Drive) -> None:
    host = drive("dvd-r", "&sectors=60000")
    host.select(write_type=AT_ONCE, multi_session=MULTI)
    host.ok(mmc.ReserveTrack.of_size(32))
    assert host.refused(mmc.ReserveTrack.of_size(32)).code == "5/2C/00"
    host.write(0, 32)
    host.sync()
    assert (host.disc().status, host.disc().sessions) == (1, 2)
    host.select(write_type=INCREMENTAL)
    host.write(32 + BORDER, 16)


def test_at_once_cut_short_is_filled_up(drive: Drive) -> None:
    host = drive("dvd-r")
    host.select(write_type=AT_ONCE)
    host.ok(mmc.ReserveTrack.of_size(64))
    host.write(0, 16)
    host.close(1, 1)
    assert host.disc().status == 2
    assert host.read(0, 64) == pattern(0, 16) + bytes(48 * SECTOR)


def test_reserved_tracks(drive: Drive) -> None:
    host = drive("dvd-r")
    host.ok(mmc.ReserveTrack.of_size(100))
    host.ok(mmc.ReserveTrack.of_size(64))
    assert host.refused(mmc.ReserveTrack.of_size(64)).code == "5/72/05"  # three tracks are open
    assert [host.track(n).start for n in (1, 2, 3)] == [0, 112, 176]
    host.write(176, 16)
    host.write(112, 16)
    host.write(0, 16)
    host.sync()
    host.close(1, 1)
    host.close(1, 2)
    assert host.track(2).size == 64
    assert host.read(112, 64) == pattern(112, 16) + bytes(48 * SECTOR)
    host.close(1, 3)
    host.close(2)
    assert host.disc().status == 2


@pytest.mark.parametrize("change", [{2: 0x41}, {2: 0x43}, {3: 0x44}, {3: 0x00}, {4: 0x00}])
def test_write_parameters_that_no_dvd_has(drive: Drive, change: dict[int, int]) -> None:
    host = drive("dvd-r")
    body = host.write_parameters(write_type=0, change=change)
    assert host.refused(mmc.ModeSelect10(len(body)), body).code == "5/26/00"


def test_blanking(drive: Drive) -> None:
    host = drive("dvd-rw")
    assert profile_of(host) == 0x14
    assert {0x21, 0x23, 0x2F} <= features_of(host)
    host.select(write_type=INCREMENTAL)
    host.write(0, 64)
    host.sync()
    host.close(1, 1)
    host.close(2)
    assert host.disc().status == 2
    assert host.disc().erasable
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.sessions, disc.last_track) == (0, 1, 1)
    assert (track.nwa, track.blank, track.packet) == (0, True, True)
    assert host.read_refused(0) == "5/64/00"
    host.write(0, 8)
    host.sync()
    host.close(1, 1)
    host.close(2)
    assert host.read(0, 16) == pattern(0, 8) + bytes(8 * SECTOR)  # nothing of the old content


def test_another_profile_is_told(drive: Drive) -> None:
    host = drive("dvd-rw")
    poll = mmc.GetEventStatusNotification(1 << 1)
    assert host.ok(poll)[4:] == bytes(4)
    host.format(0x15, 0)
    assert host.ok(poll)[4:] == b"\x02\x00\x00\x01"  # features changed
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    assert host.ok(poll)[4:] == b"\x02\x00\x00\x01"
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    assert host.ok(poll)[4:] == bytes(4)


def test_quick_blanking_leaves_recording_at_once(drive: Drive) -> None:
    host = drive("dvd-rw")
    host.write(0, 16)
    host.ok(mmc.Blank(mmc.BlankingType.MINIMAL))
    assert 0x21 not in features_of(host)
    track = host.track(1)
    assert (track.blank, track.packet) == (True, False)
    host.select(write_type=INCREMENTAL)
    assert host.write_refused(0) == "5/64/00"
    host.select(write_type=AT_ONCE)
    host.ok(mmc.ReserveTrack.of_size(16))
    host.write(0, 16)
    host.sync()
    assert host.disc().status == 2
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    assert 0x21 in features_of(host)


def test_what_cannot_be_blanked(drive: Drive) -> None:
    host = drive("dvd-rw")
    assert host.refused(mmc.Blank(mmc.BlankingType.TRACK)).code == "5/24/00"
    for kind in ("dvd-r", "dvd-r-dl", "dvd-ram", "dvd+rw"):
        assert drive(kind).refused(mmc.Blank(mmc.BlankingType.DISC)).code == "5/30/06"


def test_structures(drive: Drive) -> None:
    host = drive("dvd-r")
    listed = host.ok(mmc.ReadDiscStructure(0xFF))
    assert [listed[at] for at in range(4, len(listed), 4)] == [
        0x00, 0x01, 0x04, 0x05, 0x0C, 0x0D, 0x0E, 0x0F, 0x10,
    ]  # fmt: skip
    control = host.ok(mmc.ReadDiscStructure(0x10))[4:]
    assert control[0] == 0x25  # DVD-R, version 2.0 as drives tell it
    # The lead-in of a 4.7 GB DVD-R ends at physical sector 26127Fh: 2,298,496 sectors.
    assert control[4:12] == bytes.fromhex("000300000026127f")
    assert host.ok(mmc.ReadDiscStructure(0x00))[4 + 8 : 4 + 12] == bytes(4)
    pressed = host.ok(mmc.ReadDiscStructure(0x0E))[4:]
    assert (pressed[16], pressed[24]) == (3, 4)
    assert pressed[17:23] + pressed[25:31] == b"AIOIMAPI    "
    for code in (0x02, 0x03, 0x0C, 0x0F, 0x11, 0x20):
        assert host.refused(mmc.ReadDiscStructure(code)).code == "5/24/00"
    host.write(0, 16)
    host.sync()
    host.close(2)
    assert host.ok(mmc.ReadDiscStructure(0x00))[4 + 8 : 4 + 12] == bytes.fromhex("0003000f")
    assert host.ok(mmc.ReadDiscStructure(0x0C))[4 + 2] == 4  # finalised, recorded incrementally


def test_what_it_is_survives_the_drive(tmp_path: Path) -> None:
    medium = VirtualMedium.create(tmp_path / "disc", "dvd-rw", sectors=20_000)
    host = Host(VirtualTarget(medium, attention=False))
    host.ok(mmc.Blank(mmc.BlankingType.MINIMAL))
    host.select(write_type=AT_ONCE)
    host.ok(mmc.ReserveTrack.of_size(64))
    host.write(0, 32)
    state = medium.state
    host.target.close()
    again = VirtualMedium.open(tmp_path / "disc")
    assert again.state == state
    again.close()


def test_writing_as_a_test(drive: Drive) -> None:
    host = drive("dvd-rw")
    host.write(0, 16)
    host.sync()
    host.close(2)
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    body = host.write_parameters(write_type=AT_ONCE, change={2: 0x50 | AT_ONCE})
    host.ok(mmc.ModeSelect10(len(body)), body)
    host.ok(mmc.ReserveTrack.of_size(64))
    host.write(0, 48)
    host.sync()
    assert (host.disc().status, host.track(1).nwa) == (1, 48)  # as if it were written
    host.write(48, 16)
    host.sync()  # the last sector would close the disc: the test is over
    assert (host.disc().status, host.track(1).nwa, host.track(1).reserved) == (0, 0, False)
    host.ok(mmc.ReserveTrack.of_size(32))
    host.select(write_type=INCREMENTAL)
    assert (host.disc().status, host.track(1).nwa, host.track(1).reserved) == (0, 0, False)
    assert host.read_refused(0) == "5/64/00"
    host.write(0, 16)
    host.sync()
    host.close(2)
    assert host.read(0, 16) == pattern(0, 16)


def test_a_test_ends_with_the_disc(drive: Drive) -> None:
    host = drive("dvd-r")
    body = host.write_parameters(write_type=INCREMENTAL, change={2: 0x50})
    host.ok(mmc.ModeSelect10(len(body)), body)
    host.write(0, 32)
    host.sync()
    host.close(1, 1)
    host.close(2)
    assert host.disc().status == 0
    host.write(0, 32)
    assert host.disc().status == 1
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.disc().status == 0


def test_no_tests_in_overwrite_mode(drive: Drive) -> None:
    host = drive("dvd-rw", "&formatted")
    body = host.write_parameters(write_type=INCREMENTAL, change={2: 0x50})
    assert host.refused(mmc.ModeSelect10(len(body)), body).code == "5/26/00"


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("dvd-r", {"at_once": True}),
        ("dvd-rw", {"intermediate": True}),
        ("dvd-rw", {"overwrite": True}),
        ("dvd-r-dl", {"layer_0_set": 64}),
        ("dvd-r-dl", {"layer_jump": True, "block": 5_000}),
        ("dvd-r-dl", {"layer_jump": True, "jumped": 64}),
        ("dvd-r-dl", {"interval": -16}),
        ("dvd+r-dl", {"layer_0": 64}),
        ("dvd+rw", {"written_to": 1 << 40}),
        ("dvd-ram", {"replaced": [7, 7]}),
    ],
)
def test_states_that_no_disc_has(tmp_path: Path, kind: str, facts: dict[str, object]) -> None:
    with VirtualMedium.create(tmp_path / "disc", kind, sectors=4_096) as medium:
        state = medium.state
        with pytest.raises((ValueError, TypeError)):  # noqa: PT012
            state.take_facts(state.facts() | facts)
            state.check()
