"""Speeds over the radius, spinning up, calibration, layers, half speed, a buffer that runs empty."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import Curve, Physics, parse_virtual_url
from aioimapi.virtual._curves import pieces, radius, speed_at

from .cd_host import insert_cd, select, write, write_refused
from .host import Host, pattern, refusal_of
from .test_cd_whole import two_audio_tracks

Drive = Callable[..., Host]
BLOCK = bytes(32 * 2048)


# As drives print it: 48x CD from some 20x, 16x DVD from some 6.6x, 12x BD from some 5x.
@pytest.mark.parametrize(
    ("family", "sectors", "one_x", "rim", "inner"),
    [
        ("CD", 359_849, 176.4, 8_467, 20.7),
        ("DVD", 2_295_104, 1_385, 22_160, 6.6),
        ("BD", 12_219_392, 4_495.6, 53_946, 5.0),
    ],
)
def test_constant_angular_velocity_from_inside_to_the_rim(
    family: str, sectors: int, one_x: float, rim: int, inner: float
) -> None:
    def at(lba: int, chosen: float = rim) -> float:
        return speed_at(
            Curve.REAL, lba, sectors=sectors, family=family, layers=1, chosen_kbps=chosen, rim_kbps=rim
        )

    assert at(0) / one_x == pytest.approx(inner, rel=0.02)
    assert at(sectors) == pytest.approx(rim)
    assert at(sectors // 2) > (at(0) + at(sectors)) / 2  # the outer turns hold more
    assert at(0, chosen=rim / 4) == at(sectors, chosen=rim / 4) == rim / 4  # slow enough to be CLV


def test_layers_are_run_through_to_and_fro() -> None:
    size = 4_173_824
    assert radius(0, size, "DVD", 2) == pytest.approx(24 / 58)
    assert radius(size // 2, size, "DVD", 2) == pytest.approx(1.0)
    assert radius(size, size, "DVD", 2) == pytest.approx(24 / 58)
    assert radius(size // 4, size, "DVD", 2) == pytest.approx(radius(size * 3 // 4, size, "DVD", 2), abs=1e-6)


def test_zones_are_steps() -> None:
    told = pieces(Curve.ZONED, sectors=2_295_104, family="DVD", layers=1, chosen_kbps=22_160, rim_kbps=22_160)
    assert 6 <= len(told) <= 8
    assert all(slow == fast for _, slow, _, fast in told)
    assert [row[1] for row in told] == sorted({row[1] for row in told})
    assert told[0][0] == 0
    assert told[-1][2] == 2_295_103
    assert all(after[0] == before[2] + 1 for before, after in itertools.pairwise(told))


def test_a_real_burn_is_slower_inside(drive: Drive) -> None:
    host = drive("dvd+r", "&physics=real&when_full=wait&buffer_kib=64&sectors=60000")
    host.send(mmc.SendOpcInformation())
    taken: list[float] = []
    for lba in range(0, 59_968, 32):
        reply = host.send(mmc.Write10(lba, 32), BLOCK)
        assert reply.status == 0
        host.now += reply.duration_s
        taken.append(reply.duration_s)
    # From 5 to 11 % of the disc, and the last 5 %; the area goes by the square of the radius.
    inside, outside = (24**2 + share * (58**2 - 24**2) for share in (0.08, 0.973))
    assert sum(taken[100:200]) / sum(taken[-100:]) == pytest.approx((outside / inside) ** 0.5, rel=0.01)
    whole = 59_968 * 2048 / 22_160_000
    assert 1.3 * whole < host.now < 1.45 * whole  # a disc burned at 16x CAV takes as long as one at 11.8x CLV


def test_without_calibration_the_first_write_calibrates(drive: Drive) -> None:
    host = drive("dvd+r", "&physics=real&opc_s=4&seek_s=0&spin_up_s=0")
    assert host.send(mmc.Write10(0, 32), BLOCK).duration_s == 4.0
    assert host.send(mmc.Write10(32, 32), BLOCK).duration_s == 0
    calibrated = drive("bd-r", "&physics=real&opc_s=4&seek_s=0")
    assert calibrated.send(mmc.SendOpcInformation()).duration_s == 4.0
    assert calibrated.send(mmc.Write10(0, 32), BLOCK).duration_s == 0


@pytest.mark.parametrize(
    ("kind", "streaming", "half"), [("bd-re", False, True), ("bd-re", True, False), ("dvd+rw", False, False)]
)
def test_defect_management_costs_half_the_speed(drive: Drive, kind: str, streaming: bool, half: bool) -> None:
    """BD-RE and DVD-RAM are read back as they are written, unless the host asks for streaming (MMC-6 6.46)."""
    host = drive(kind, "&formatted&physics&verifying&when_full=wait&buffer_kib=64")
    host.send(mmc.Write12(0, 32, streaming=streaming), BLOCK)
    reply = host.send(mmc.Write12(32, 32, streaming=streaming), BLOCK)
    speed = {"bd-re": 8_991_000, "dvd+rw": 5_540_000}[kind]
    assert reply.duration_s == pytest.approx(65_536 / speed * (2 if half else 1))


def test_another_layer_takes_a_while(drive: Drive) -> None:
    host = drive("dvd+r-dl", "&physics&layer_s=0.5&when_full=wait")
    size = 4_173_824 // 2
    assert host.send(mmc.Seek10(size - 1)).duration_s == 0
    host.ok(mmc.Seek10(size - 10))
    assert host.send(mmc.Seek10(size + 10)).duration_s == 0.5


def underrun(drive: Drive, kind: str, options: str, *, bufe: bool = True) -> tuple[Host, str]:
    host = drive(kind, f"&physics&buffer_kib=256{options}")
    body = host.write_parameters(write_type=1, change={2: 0x41 if bufe else 0x01})
    host.ok(mmc.ModeSelect10(len(body)), body)
    host.write(0, 32)
    host.write(32, 32)
    host.now += 10.0  # the host is away
    reply = host.send(mmc.Write10(64, 32), pattern(64, 32))
    return host, "" if reply.status == 0 else refusal_of(reply).code


@pytest.mark.parametrize(
    ("options", "bufe"), [("", False), ("&underrun=protect", False), ("&underrun=obey", True)]
)
def test_a_buffer_that_runs_empty_is_no_harm_with_protection(drive: Drive, options: str, bufe: bool) -> None:
    host, code = underrun(drive, "cd-r", options, bufe=bufe)
    assert code == ""
    assert host.track(1).nwa == 96


@pytest.mark.parametrize(("options", "bufe"), [("&underrun=obey", False), ("&underrun=ruin", True)])
def test_a_buffer_that_runs_empty_ruins_a_cd(drive: Drive, options: str, bufe: bool) -> None:
    host, code = underrun(drive, "cd-r", options, bufe=bufe)
    assert code == "3/0C/09"  # write error, loss of streaming
    assert host.track(1).nwa is None  # the track is over
    assert host.write_refused(64, 32) == "5/21/02"
    assert host.read(0, 64) == pattern(0, 64)


def test_a_session_at_once_is_damaged_by_it(tmp_path: Path) -> None:
    """A cue sheet has said where everything lies: what is missing can be written no more."""
    host = insert_cd(tmp_path, "cd-r", "&physics&underrun=ruin&buffer_kib=256")
    select(host, 2)
    sheet, _ = two_audio_tracks()
    host.ok(mmc.SendCueSheet(len(sheet)), sheet)
    for lba in (-150, -124):
        write(host, lba, 26, bytes(26 * 2352))
    host.now += 10.0
    assert write_refused(host, -98, 26, bytes(26 * 2352)) == "3/0C/09"
    disc = host.disc()
    assert (disc.status, disc.last_session) == (1, 2)  # appendable by its word, the session damaged
    assert write_refused(host, -98, 26, bytes(26 * 2352)) != ""
    host.target.close()
    assert insert_cd(tmp_path).disc().last_session == 2


@pytest.mark.parametrize(("write_type", "code"), [(0, ""), (2, "3/0C/09")])
def test_a_dvd_r_is_ruined_at_once_but_not_in_packets(drive: Drive, write_type: int, code: str) -> None:
    host = drive("dvd-r", "&physics&underrun=ruin&buffer_kib=256")
    body = host.write_parameters(write_type=write_type, change={3: 0xC5})
    host.ok(mmc.ModeSelect10(len(body)), body)
    if write_type:
        host.ok(mmc.ReserveTrack.of_size(320))
    host.write(0, 32)
    host.write(32, 32)
    host.now += 10.0
    reply = host.send(mmc.Write10(64, 32), pattern(64, 32))
    assert (refusal_of(reply).code if reply.status else "") == code
    assert host.track(1).nwa == (None if code else 96)


def test_a_dvd_plus_r_needs_no_protection(drive: Drive) -> None:
    host, code = underrun(drive, "dvd+r", "&underrun=ruin", bufe=False)
    assert code == ""
    assert host.track(1).nwa == 96


def test_the_url() -> None:
    physics = parse_virtual_url("virtual:a?spin_up_s=1&physics=real&curve=zclv").physics
    assert (physics.enabled, physics.spin_up_s, physics.curve) == (True, 1.0, Curve.ZONED)
    assert parse_virtual_url("virtual:a?physics=on").physics.curve is Curve.FLAT
    for wrong in ("curve=round", "underrun=never", "layer_s=-1"):
        with pytest.raises(VirtualMediumError):
            parse_virtual_url(f"virtual:a?{wrong}")


def test_reading_a_whole_disc_takes_what_drives_need() -> None:
    """A 16x DVD drive reads a full single-layer disc in some five minutes, average some 12x."""
    traits = parse_virtual_url("virtual:a?media=dvd%2Br").media
    assert traits is not None
    real = Physics().realistic()
    seconds = real.seconds(traits.traits, 22_160, 0, 2_295_104, 2_295_104, 22_160)
    assert 270 < seconds < 320
    flat = Physics(enabled=True).seconds(traits.traits, 22_160, 0, 2_295_104, 2_295_104)
    assert flat == pytest.approx(2_295_104 * 2048 / 22_160_000)
