"""Worn discs: what READ and VERIFY make of them, and what a quality scan finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc
from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import Condition, Wear, scan_quality

from .host import Host, pattern, refusal_of

Drive = Callable[..., Host]


def test_a_bad_sector_ends_a_read_there(drive: Drive) -> None:
    host = drive("bd-r", "&wear=bad:40-41")
    host.write(0, 64)
    buffer = bytearray(64 * 2048)
    reply = host.raw(mmc.Read10(0, 64).to_cdb(), buffer)
    refusal = refusal_of(reply)
    assert (refusal.code, refusal.information) == ("3/11/05", 40)
    assert reply.transferred == 40 * 2048
    assert bytes(buffer[: 40 * 2048]) == pattern(0, 40)
    assert host.read(42, 22) == pattern(42, 22)
    assert host.refused(mmc.Verify10(0, 64)).information == 40


def test_retries_take_time_as_many_as_the_host_allows(drive: Drive) -> None:
    host = drive("bd-r", "&wear=bad:40,weak:50&physics")
    host.write(0, 64)
    host.sync()
    host.now = 10.0
    good = host.send(mmc.Verify10(0, 1)).duration_s
    assert host.send(mmc.Verify10(40, 1)).duration_s == pytest.approx(good + 16 * 0.12, abs=0.01)
    page = bytearray(host.ok(mmc.ModeSense10(0x01))[8:])
    page[3] = 1
    host.ok(mmc.ModeSelect10(20), bytes(8) + bytes(page))
    assert host.send(mmc.Verify10(40, 1)).duration_s == pytest.approx(good + 0.12, abs=0.01)


def test_a_recovered_error_is_told_to_who_asks_for_it(drive: Drive) -> None:
    host = drive("dvd+r", "&wear=weak:10-20")
    host.write(0, 64)
    assert host.read(0, 64) == pattern(0, 64)  # most hosts never hear of it
    page = bytearray(host.ok(mmc.ModeSense10(0x01))[8:])
    page[2] |= 0x04  # PER
    host.ok(mmc.ModeSelect10(20), bytes(8) + bytes(page))
    buffer = bytearray(64 * 2048)
    reply = host.raw(mmc.Read10(0, 64).to_cdb(), buffer)
    refusal = refusal_of(reply)
    assert (refusal.code, refusal.information) == ("1/17/01", 10)
    assert (reply.transferred, bytes(buffer)) == (64 * 2048, pattern(0, 64))


def test_defect_management_replaces_what_was_bad_from_the_beginning(drive: Drive) -> None:
    host = drive("bd-re", "&formatted&wear=bad:10-20")
    host.write(0, 64)
    assert host.read(0, 64) == pattern(0, 64)
    plain = drive("dvd+rw", "&formatted&wear=bad:10-20")
    plain.write(0, 64)
    assert refusal_of(plain.raw(mmc.Read10(0, 64).to_cdb(), bytearray(64 * 2048))).code == "3/11/05"
    assert plain.refused(mmc.WriteAndVerify10(0, 64), bytes(64 * 2048)).code == "3/11/05"


def test_the_same_seed_is_the_same_disc() -> None:
    def bad_blocks(seed: int) -> list[int]:
        wear = Wear(seed=seed, age_years=40, scratches=5)
        return [at for at in range(0, 2_000_000, 1_600) if wear.worst(at, 160, "DVD", 2_295_104)[0]]

    assert bad_blocks(1) == bad_blocks(1)
    assert bad_blocks(1) != bad_blocks(2)


def test_old_discs_get_worse_toward_the_rim() -> None:
    def weak(age: float, first: int) -> int:
        wear = Wear(seed=5, age_years=age)
        starts = range(first, first + 400_000, 1_600)
        return sum(wear.worst(at, 160, "DVD", 2_295_104)[0] > Condition.GOOD for at in starts)

    assert weak(0, 1_800_000) == 0
    assert weak(20, 0) == 0
    inner, outer = weak(60, 0), weak(60, 1_800_000)
    assert outer > 2 * inner
    assert outer > 0


def test_the_worst_of_some_sectors() -> None:
    wear = Wear(bad=((100, 102),), weak=((50, 60),))
    assert wear.worst(0, 50, "CD", 1_000) == (Condition.GOOD, 0)
    assert wear.worst(55, 10, "CD", 1_000) == (Condition.WEAK, 55)
    assert wear.worst(40, 100, "CD", 1_000) == (Condition.BAD, 100)
    assert wear.worst(101, 1, "CD", 1_000) == (Condition.BAD, 101)


def test_text_forms() -> None:
    wear = Wear.parse("bad:5-9,weak:20,age:12.5,rewrites:300,scratches:2,seed:7")
    assert wear == Wear(seed=7, bad=((5, 10),), weak=((20, 21),), age_years=12.5, rewrites=300, scratches=2)
    assert Wear.parse("bad:1", wear).bad == ((5, 10), (1, 2))
    for wrong in ("", "bad", "bad:9-5", "age:5-6", "seed:1.5", "rust:1", "age:2000"):
        with pytest.raises(VirtualMediumError, match="wear"):
            Wear.parse(wrong)
    assert not Wear(seed=9)


@pytest.mark.parametrize(
    ("kind", "names", "limit"),
    [("cd-r", ("C1", "C2"), 220), ("dvd+r", ("PI", "PO"), 280), ("bd-r", ("LDC", "BIS"), 13)],
)
def test_a_fresh_burn_is_excellent(drive: Drive, kind: str, names: tuple[str, str], limit: float) -> None:
    host = drive(kind)
    host.write(0, 4_000)
    medium = host.target.medium
    assert medium is not None
    quality = scan_quality(medium)
    assert (quality.names, quality.limit) == (names, limit)
    assert quality.verdict == "excellent"
    assert quality.unreadable == 0
    assert 0 < quality.average < 0.25 * limit
    assert all(sample.left_over == 0 for sample in quality.samples)
    assert quality.lines()[0] == "Quality: excellent"
    assert scan_quality(medium, samples=10) == scan_quality(medium.state, Wear(), samples=10)


def test_what_a_scan_says_of_worse_ones(drive: Drive) -> None:
    host = drive("dvd+r")
    medium = host.target.medium
    assert medium is not None
    assert scan_quality(medium).verdict == "empty"
    assert scan_quality(medium).lines() == ("Quality: nothing is recorded",)
    host.write(0, 8_000)
    aged = scan_quality(medium, Wear(seed=3, age_years=80))
    assert aged.verdict == "worn"
    assert aged.unreadable == 0
    assert sum(sample.left_over for sample in aged.samples) > 0
    lost = scan_quality(medium, Wear(bad=((4_000, 4_001),)), samples=500)
    assert lost.verdict == "bad"
    assert lost.worst is not None
    assert lost.worst.lba == 4_000
    assert "1 of them unreadable" in lost.lines()[2]
