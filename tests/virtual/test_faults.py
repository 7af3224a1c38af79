"""Scripted faults: that they strike where they should, do what they say, and leave the disc as they say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc
from aioimapi.errors import VirtualMediumError
from aioimapi.virtual import Action, Fault, FaultScript, VirtualTarget

from .host import Host, pattern, refusal_of

Drive = Callable[..., Host]


def test_sense_at_the_nth_write(drive: Drive) -> None:
    host = drive("bd-r", "&fault=3/0c/00@write:3")
    host.write(0, 32)
    host.read(0, 1)
    host.write(32, 32)
    assert host.write_refused(64, 32) == "3/0C/00"
    assert host.track(1).nwa == 64  # nothing of it was taken
    host.write(64, 32)


@pytest.mark.parametrize(
    ("text", "struck"), [("2", [2]), ("2-3", [2, 3]), ("2%2B", [2, 3, 4, 5]), ("2+", [2, 3, 4, 5])]
)
def test_from_the_nth_on(drive: Drive, text: str, struck: list[int]) -> None:
    host = drive("bd-r", f"&fault=2/04/01@tur:{text}")
    found = [n for n in range(1, 6) if host.send(mmc.TestUnitReady()).status]
    assert found == struck


def test_sense_at_an_address(drive: Drive) -> None:
    host = drive("bd-r", "&fault=3/11/05@read.lba:40-41")
    host.write(0, 64)
    assert host.read(0, 40) == pattern(0, 40)
    refusal = host.refused(mmc.Read10(32, 32))
    assert refusal.code == "3/11/05"
    assert refusal.information == 40
    assert host.read_refused(41) == "3/11/05"
    assert host.read(42, 22) == pattern(42, 22)
    assert host.refused(mmc.Read12(0, 64)).code == "3/11/05"


def test_by_operation_code_and_by_name(drive: Drive) -> None:
    host = drive("bd-r", "&fault=4/44/00@51h:1&fault=4/3e/02@readtrackinformation:1&fault=b/4e/00@0x25:1")
    assert host.refused(mmc.ReadDiscInformation()).code == "4/44/00"
    assert host.refused(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1)).code == "4/3E/02"
    assert host.refused(mmc.ReadCapacity()).code == "B/4E/00"
    host.ok(mmc.ReadDiscInformation())


def test_a_close_that_worked_and_says_that_it_failed(drive: Drive) -> None:
    host = drive("bd-r", "&fault=5/72/03@close:1:done")
    host.write(0, 32)
    assert host.close_refused(2) == "5/72/03"
    assert host.disc().sessions == 2


def test_not_ready_for_some_commands(drive: Drive) -> None:
    host = drive("bd-r", "&fault=notready:3@write:2")
    host.write(0, 32)
    assert host.write_refused(32, 32) == "2/04/01"
    host.ok(mmc.Inquiry())
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    host.ok(mmc.TestUnitReady())
    host.write(32, 32)


def test_not_ready_for_some_time(drive: Drive) -> None:
    host = drive("bd-r", "&fault=notready:2.5s@write:1")
    host.now = 100.0
    assert host.write_refused(0, 32) == "2/04/01"
    host.now = 102.4
    assert host.refused(mmc.TestUnitReady()).code == "2/04/01"
    host.now = 102.6
    host.ok(mmc.TestUnitReady())
    host.write(0, 32)


def test_hang(drive: Drive) -> None:
    host = drive("bd-r", "&fault=hang@write:2&fault=hang@sync:1:done")
    host.write(0, 32)
    assert host.send(mmc.Write10(32, 32), pattern(32, 32)).hang
    assert host.refused(mmc.TestUnitReady()).code == "6/29/00"  # the host had to reset it
    assert host.track(1).nwa == 32
    assert host.send(mmc.SynchronizeCache10()).hang


def test_unplug(drive: Drive) -> None:
    host = drive("bd-r", "&fault=unplug@write:2:done")
    host.write(0, 32)
    assert host.send(mmc.Write10(32, 32), pattern(32, 32)).gone
    assert host.send(mmc.TestUnitReady()).gone
    assert host.send(mmc.Inquiry(), bytes(96)).gone
    medium = host.target.medium
    assert medium is not None
    assert medium.state.tracks[0].next_lba == 64  # it was written before the plug was pulled


@pytest.mark.parametrize("kind", ["bd-r", "bd-re"])
def test_lie(drive: Drive, kind: str) -> None:
    host = drive(kind, "&fault=lie@write:2&formatted")
    host.write(0, 32)
    host.write(32, 32)
    host.write(64, 32)
    assert host.read(0, 32) == pattern(0, 32)
    assert host.read(32, 32) == bytes(32 * 2048)
    assert host.read(64, 32) == pattern(64, 32)


def test_lie_keeps_what_was_there(drive: Drive) -> None:
    host = drive("bd-re", "&fault=lie@write:2&formatted")
    host.write(0, 8)
    host.ok(mmc.Write10(0, 8), pattern(1_000, 8))
    assert host.read(0, 8) == pattern(0, 8)


def test_corrupt(drive: Drive) -> None:
    host = drive("bd-r", "&fault=corrupt@lba:40-41")
    host.write(0, 32)
    host.write(32, 32)
    wanted, found = pattern(0, 64), host.read(0, 64)
    wrong = [
        at for at in range(64) if wanted[at * 2048 : (at + 1) * 2048] != found[at * 2048 : (at + 1) * 2048]
    ]
    assert wrong == [40, 41]
    damaged = found[40 * 2048 : 41 * 2048]
    assert damaged[:16] == bytes(value ^ 0xFF for value in wanted[40 * 2048 : 40 * 2048 + 16])
    assert damaged[16:] == wanted[40 * 2048 + 16 : 41 * 2048]


def test_the_callers_buffer_is_left_alone(drive: Drive) -> None:
    host = drive("bd-r", "&fault=corrupt@write:1")
    data = bytearray(pattern(0, 4))
    host.raw(mmc.Write10(0, 4).to_cdb(), data)
    assert bytes(data) == pattern(0, 4)


def test_first_fault_of_the_list_wins_and_all_count() -> None:
    script = FaultScript(["3/0c/00@write:2", "hang@any:2", "3/11/00@any:3"])
    write = mmc.Write10(0, 1).to_cdb()
    struck = [script.strike(write) for _ in range(4)]
    assert [fault and fault.action for fault in struck] == [None, Action.SENSE, Action.SENSE, None]
    assert struck[1] is not None
    assert struck[1].sense == (3, 0x0C, 0)
    assert struck[2] is not None
    assert struck[2].sense == (3, 0x11, 0)


def test_faults_as_values() -> None:
    text = Fault.parse("3/0c/00@write.lba:7-9")
    value = Fault(
        Action.SENSE,
        opcodes=frozenset({0x2A, 0x2E, 0xAA}),
        first=1,
        last=None,
        lba=7,
        lba_end=10,
        sense=(3, 0x0C, 0),
    )
    assert text == value
    host = Host(VirtualTarget(None, FaultScript([Fault(Action.HANG)])))
    assert host.send(mmc.Inquiry()).hang


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3/0c/00",
        "3/0c@write:1",
        "g/0c/00@write:1",
        "3/0c/00@write:0",
        "3/0c/00@write:5-4",
        "3/0c/00@nonsense:1",
        "explode@write:1",
        "notready:0@write:1",
        "notready:xs@write:1",
        "lie@write:1:done",
        "3/0c/00@write:1:later",
    ],
)
def test_what_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(VirtualMediumError, match="ACTION@COMMAND:N"):
        Fault.parse(text)


def test_the_log_sees_begin_and_end(drive: Drive) -> None:
    seen: list[tuple[str, int, int | None]] = []
    host = drive("bd-r")
    host.target.log = lambda when, cdb, reply, now: seen.append(
        (when, cdb[0], None if reply is None else reply.status)
    )
    host.write(0, 1)
    refusal_of(host.send(mmc.Read10(5, 1), bytes(2048)))
    assert seen == [("begin", 0x2A, None), ("end", 0x2A, 0), ("begin", 0x28, None), ("end", 0x28, 2)]
