"""The public checks of drives pass on the virtual drive with every kind of disc, and find what is wrong with others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc import (
    Command,
    GetConfiguration,
    GetEventStatusNotification,
    Inquiry,
    ModeSense10,
    Profile,
    Read10,
    ReadDiscInformation,
    ReadTrackInformation,
    TestUnitReady,
    Write10,
)
from aioimapi.testing import ScriptedTransport, Severity, check_drive
from aioimapi.transport import Reply, Transport, open_transport
from aioimapi.virtual import MediumKind, VirtualTarget, open_virtual_target

pytestmark = pytest.mark.anyio

KINDS = [kind.value for kind in MediumKind]
READ_ONLY_KINDS = {"cd-rom", "dvd-rom", "bd-rom"}


def url_of(folder: Path, kind: str, options: str = "") -> str:
    return f"virtual:{folder / 'disc'}?media={quote(kind)}{options}"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_virtual_drive_passes_and_keeps_the_disc(tmp_path: Path, kind: str) -> None:
    url = url_of(tmp_path, kind)
    async with await open_transport(url):
        pass
    before = (tmp_path / "disc.state").read_bytes()
    report = await check_drive(lambda: open_transport(url), tray=True)
    assert report.findings == (), str(report)
    assert report.profile is not Profile.NONE
    assert {outcome.name for outcome in report.outcomes if outcome.skipped} <= {
        "without-disc",
        "format-capacities",
    }
    assert (tmp_path / "disc.state").read_bytes() == before


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in READ_ONLY_KINDS])
async def test_the_virtual_drive_passes_while_its_disc_is_used_up(tmp_path: Path, kind: str) -> None:
    report = await check_drive(lambda: open_transport(url_of(tmp_path, kind)), destructive=True)
    assert report.findings == (), str(report)
    (recording,) = (outcome for outcome in report.outcomes if outcome.name == "recording")
    assert recording.passed


async def test_an_empty_drive_passes() -> None:
    report = await check_drive(lambda: open_transport("virtual:"))
    assert report.ok, str(report)
    assert report.profile is Profile.NONE
    assert {outcome.name for outcome in report.outcomes if outcome.skipped} >= {"disc-information", "toc"}
    report.raise_for_faults()


async def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="no check nonsense"):
        await check_drive(lambda: open_transport("virtual:"), only=["nonsense"])


# --- drives that are wrong ------------------------------------------------------------------------------

Change = Callable[[Command, memoryview | None, Reply], Reply]


class Bent(ScriptedTransport):
    """The virtual drive with something wrong about its answers."""

    def __init__(self, target: VirtualTarget, change: Change) -> None:
        super().__init__(self._bent, max_transfer_bytes=512 * 1024)
        self.target, self.change = target, change

    def _bent(self, command: Command, data: memoryview | None) -> Reply:
        answer = self.target.handle(command.to_cdb(), data, 0.0)
        length = 0 if data is None else len(data)
        return self.change(command, data, Reply(answer.status, answer.sense, length - answer.transferred))

    def _close(self) -> None:
        super()._close()
        self.target.close()


def poke(kind: type[Command], byte: int, value: int) -> Change:
    """Change a byte of every answer to one kind of command."""

    def change(command: Command, data: memoryview | None, reply: Reply) -> Reply:
        if (
            isinstance(command, kind)
            and reply.good
            and data is not None
            and byte < len(data) - reply.residual
        ):
            data[byte] = value
        return reply

    return change


def good_always(opcode: int) -> Change:
    """Say GOOD to whatever was asked."""

    def change(command: Command, data: memoryview | None, reply: Reply) -> Reply:
        return Reply(0, residual=reply.residual) if command.to_cdb()[0] == opcode else reply

    return change


def refuse(kind: type[Command], sense: str, *, when: Callable[[Any], bool] = lambda command: True) -> Change:
    """Refuse one kind of command."""
    key, asc, ascq = (int(part, 16) for part in sense.split("/"))
    block = bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0))

    def change(command: Command, data: memoryview | None, reply: Reply) -> Reply:
        if isinstance(command, kind) and when(command):
            return Reply(2, block, 0 if data is None else len(data))
        return reply

    return change


def no_pointer(command: Command, data: memoryview | None, reply: Reply) -> Reply:
    sense = bytearray(reply.sense)
    sense[15:18] = bytes(3)
    return Reply(reply.status, bytes(sense), reply.residual)


FAULTS: dict[str, tuple[str, Change, str, str]] = {
    "a disk": ("bd-r", poke(Inquiry, 0, 0), "inquiry", "05h is a connected optical drive"),
    "unknown commands work": ("bd-r", good_always(0x02), "unknown-commands", "answered with GOOD"),
    "wrong profile": ("bd-r", poke(GetConfiguration, 7, 0x1B), "profile", "does not mark DVD[+]R as current"),
    "wrong length": (
        "bd-r",
        poke(GetConfiguration, 2, 0xFF),
        "configuration",
        "GET CONFIGURATION: the length field says 65",
    ),
    "erasable": ("bd-r", poke(ReadDiscInformation, 2, 0x10), "disc-information", "erasable bit is 1"),
    "no sessions": ("bd-r", poke(ReadDiscInformation, 4, 0), "disc-information", "0 sessions"),
    "other track": ("dvd+r", poke(ReadTrackInformation, 2, 7), "track-information", "calls itself 7"),
    "no address": (
        "dvd+r",
        poke(ReadTrackInformation, 7, 0),
        "track-information",
        "no next writable address",
    ),
    "blank reads": ("bd-r", good_always(0x28), "recording", "READ of a blank disc was answered with GOOD"),
    "writes anywhere": ("bd-r", good_always(0x2A), "recording", "was answered with GOOD"),
    "no disc event": ("bd-r", poke(GetEventStatusNotification, 5, 0), "event-status", "media present is 0"),
    "mode lengths": ("bd-r", poke(ModeSense10, 0, 9), "mode-sense", "the length field says 2"),
    "refuses write": (
        "bd-r",
        refuse(Write10, "3/0c/00", when=lambda command: command.lba == 64),
        "recording",
        "write error",
    ),
    "unreadable": (
        "bd-re",
        refuse(Read10, "3/11/00", when=lambda command: command.lba == 32),
        "recording",
        "unrecovered read error",
    ),
    "endless attentions": ("bd-r", refuse(TestUnitReady, "6/28/00"), "test-unit-ready", "without end"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_drive_with_a_fault_is_found(tmp_path: Path, name: str) -> None:
    kind, change, check, words = FAULTS[name]

    async def opener() -> Transport:
        return Bent(open_virtual_target(url_of(tmp_path, kind, "&attention=no")), change)

    report = await check_drive(opener, destructive=True, only=[check])
    assert not report.ok
    with pytest.raises(AssertionError, match=words):
        report.raise_for_faults()
    assert {finding.check for finding in report.findings} == {check}


async def test_a_missing_field_pointer_is_a_note_only(tmp_path: Path) -> None:
    async def opener() -> Transport:
        return Bent(open_virtual_target(url_of(tmp_path, "bd-r")), no_pointer_on_refusals)

    def no_pointer_on_refusals(command: Command, data: memoryview | None, reply: Reply) -> Reply:
        return reply if reply.good else no_pointer(command, data, reply)

    report = await check_drive(opener)
    assert report.ok
    assert {finding.severity for finding in report.findings} == {Severity.NOTE}
    assert "without a field pointer" in str(report)
