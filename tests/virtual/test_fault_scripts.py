"""What the fault script learned later: moments, chance with a seed, slow and deferred answers, faults of discs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import Fault, FaultScript, VirtualMedium, VirtualTarget, open_virtual_target

from .host import Host, pattern, refusal_of

Drive = Callable[..., Host]
TUR = bytes(6)


def struck(script: FaultScript, cdb: bytes, times: list[float]) -> list[float]:
    return [now for now in times if script.strike(cdb, now) is not None]


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("tur.time:2.5", [103]),
        ("tur.time:2.5+", [103, 104, 105, 106]),
        ("time:2-4", [102, 103, 104]),
        ("any.time:0", [100]),
        ("read.time:0+", []),
    ],
)
def test_moments_count_from_the_first_command(when: str, found: list[int]) -> None:
    assert struck(FaultScript([f"2/04/01@{when}"]), TUR, list(range(100, 107))) == found


def test_chance_has_a_seed() -> None:
    def first_hundred(text: str) -> list[bool]:
        script = FaultScript([text])
        return [script.strike(TUR) is not None for _ in range(2_000)]

    once = first_hundred("2/04/01@tur:1+:p=0.25:seed=7")
    assert first_hundred("2/04/01@tur:1+:p=0.25:seed=7") == once
    assert first_hundred("2/04/01@tur:1+:seed=7:p=0.25") == once
    assert first_hundred("2/04/01@tur:1+:p=0.25:seed=8") != once
    assert 430 < sum(once) < 570
    assert not any(first_hundred("2/04/01@tur:1+:p=0"))
    assert all(first_hundred("2/04/01@tur:1+:p=1"))
    # The numbers themselves: a script means the same on every machine and in every version of Python.
    assert [n for n, hit in enumerate(once) if hit][:8] == [1, 3, 6, 8, 10, 11, 14, 15]


def test_chance_within_a_range(drive: Drive) -> None:
    host = drive("bd-r", "&fault=3/11/05@read.lba:10-19:p=0.5:seed=3")
    host.write(0, 32)
    refused = [lba for lba in range(32) if host.send(mmc.Read10(lba, 1), bytes(2048)).status]
    assert refused
    assert set(refused) < set(range(10, 20))


@pytest.mark.parametrize(
    "text",
    [
        "hang@read:1:p=2",
        "hang@read:1:p=",
        "hang@read:1:p=0.5:p=0.5",
        "hang@read:1:seed=0.5",
        "hang@read:1:often",
        "hang@read:1:done:done",
        "hang@read:1.5",
        "hang@read.lba:1.5",
        "hang@read.time:4-2",
        "hang@read.week:1",
        "slow:2@read:1",
        "deferred@write:1",
        "deferred:3/0c@write:1",
        "slow:1s@read:1:done",
        "hang@" + "9" * 300,
    ],
)
def test_what_is_not_understood(text: str) -> None:
    with pytest.raises(VirtualMediumError, match="not understood"):
        Fault.parse(text)


def test_a_slow_answer(drive: Drive) -> None:
    host = drive("bd-r", "&fault=slow:2.5s@write:2-3")
    durations = [host.send(mmc.Write10(lba, 32), pattern(lba, 32)).duration_s for lba in (0, 32, 64, 96)]
    assert durations == [0, 2.5, 2.5, 0]
    assert host.read(0, 128) == pattern(0, 128)


def test_a_deferred_error_comes_with_the_next_command_and_the_data_is_lost(drive: Drive) -> None:
    host = drive("bd-r", "&fault=deferred:3/0c/00@write:2")
    host.write(0, 32)
    host.write(32, 32)
    host.ok(mmc.Inquiry())  # tells who it is whatever happened
    reply = host.send(mmc.Write10(64, 32), pattern(64, 32))
    assert reply.status == 2
    assert reply.sense[0] == 0xF1  # deferred, and the information is valid
    assert (reply.sense[2], reply.sense[12], reply.sense[13]) == (3, 0x0C, 0)
    assert int.from_bytes(reply.sense[3:7], "big") == 32
    assert host.track(1).nwa == 64  # the WRITE that met it was not done
    assert host.read(32, 32) == bytes(65536)


def test_what_is_read_can_be_damaged_too(drive: Drive) -> None:
    host = drive("bd-r", "&fault=corrupt@read:2&fault=corrupt@read.lba:5")
    host.write(0, 32)
    assert host.read(0, 4) == pattern(0, 4)
    damaged = host.read(0, 4)
    assert damaged[:16] == bytes(value ^ 0xFF for value in pattern(0, 1)[:16])
    assert damaged[16:2048] == pattern(0, 1)[16:]
    assert host.read(4, 1) == pattern(4, 1)
    assert host.read(4, 2)[:2048] == pattern(4, 1)
    assert host.read(5, 1) != pattern(5, 1)
    assert host.read(0, 4) == pattern(0, 4)


def test_addresses_of_cd_commands() -> None:
    script = FaultScript(["3/11/05@read.lba:100-109"])
    assert script.strike(mmc.ReadCd(95, 5, user_data=True).to_cdb()) is None
    assert script.strike(mmc.ReadCd(95, 6, user_data=True).to_cdb()) is not None
    msf = bytes((0xB9, 0, 0, 0, 3, 24, 0, 3, 26, 0xF8, 0, 0))  # 00:03:24 is sector 99, 00:03:26 is 101
    assert script.strike(msf) is not None
    assert FaultScript(["hang@write.lba:0-5"]).strike(bytes.fromhex("2a00ffffff6a0000100000")) is None


# --- the disc's own -----------------------------------------------------------------------------------


def test_faults_stay_with_the_disc(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    with VirtualMedium.create(path, "bd-r") as medium:
        medium.faults = ("3/0c/00@write:2",)
        medium.save()
    for _ in range(2):
        host = Host(open_virtual_target(f"virtual:{path}?attention=no&fault=4/44/00@sync:1"))
        nwa = host.track(1).nwa or 0
        host.write(nwa, 32)
        assert host.write_refused(nwa + 32, 32) == "3/0C/00"
        assert host.refused(mmc.SynchronizeCache10()).code == "4/44/00"
        host.target.close()
    host = Host(VirtualTarget(VirtualMedium.open(path), attention=False))
    host.close(2)  # a sidecar that is written anew
    host.target.close()
    with VirtualMedium.open(path, readonly=True) as medium:
        assert medium.faults == ("3/0c/00@write:2",)


def test_a_swap_brings_the_other_discs_faults(tmp_path: Path) -> None:
    bad = VirtualMedium.create(tmp_path / "bad", "bd-r")
    bad.faults = ("3/02/00@read:1",)
    good = VirtualMedium.create(tmp_path / "good", "bd-r")
    host = Host(VirtualTarget(good, FaultScript(["4/44/00@sync:2"]), attention=False))
    host.write(0, 1)
    host.sync()
    host.read(0, 1)
    assert host.target.swap_medium(bad) is good
    assert refusal_of(host.send(mmc.TestUnitReady())).code == "6/28/00"
    assert host.read_refused(0) == "3/02/00"
    assert host.refused(mmc.SynchronizeCache10()).code == "4/44/00"  # the drive's own count went on
    host.target.swap_medium(None)
    host.send(mmc.TestUnitReady())
    host.target.close()
    good.close()
