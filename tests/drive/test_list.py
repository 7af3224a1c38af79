"""Lists of drives: every one is there, with the reason where it could not be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.drive import ReadyState, _list, list_drives, open_drive
from aioimapi.mmc import Profile
from aioimapi.transport import TargetDescription

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_system_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_list, "list_targets", list)


async def test_drives_are_described_with_what_is_in_them(tmp_path: Path) -> None:
    full = f"virtual:{tmp_path / 'a'}?media=bd-r&sectors=4096&serial=K7X9"
    empty = "virtual:?tray_open=1"
    first, second = await list_drives([full, empty])
    assert (first.name, first.serial, first.problem) == (full, "K7X9", "")
    assert first.model
    assert Profile.BD_R_SEQUENTIAL in first.writes
    assert not set(first.reads) & set(first.writes)
    assert first.media is not None
    assert first.media.profile is Profile.BD_R_SEQUENTIAL
    assert first.media.blank
    assert second.media is None
    assert second.readiness is not None
    assert second.readiness.state is ReadyState.TRAY_OPEN


async def test_what_cannot_be_asked_is_listed_with_the_reason(tmp_path: Path) -> None:
    busy = f"virtual:{tmp_path / 'busy'}?media=bd-r&sectors=4096"
    lost = f"virtual:{tmp_path / 'lost'}?media=bd-r&sectors=4096&fault=unplug@discinfo:1"
    async with open_drive(busy):
        found = await list_drives([busy, "nosuch:x", "/dev/sr99", lost])
    assert [drive.name for drive in found] == [busy, "nosuch:x", "/dev/sr99", lost]
    reasons = [drive.problem for drive in found]
    assert "busy" in reasons[0]
    assert "no transport for 'nosuch' URLs" in reasons[1]
    assert reasons[2]
    assert "unplugged" in reasons[3]
    assert found[3].vendor


async def test_the_system_s_drives_come_first_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = TargetDescription("/dev/sr99", "/dev/sr99", "/dev/sg98", "ACME", "Writer", "1.0")
    monkeypatch.setattr(_list, "list_targets", lambda: [known])
    found = await list_drives(["virtual:", "/dev/sg98", "/dev/sr99"])
    assert [drive.name for drive in found] == ["/dev/sr99", "virtual:"]
    assert found[0].model == "ACME Writer 1.0"
    assert found[0].problem


async def test_a_drive_at_work_does_not_hold_up_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_list, "LIST_PATIENCE_S", 0.05)
    target = f"virtual:{tmp_path / 'a'}?media=bd-r&sectors=4096&attention=0&fault=notready:60s@any:1"
    (found,) = await list_drives([target])
    assert found.vendor
    assert found.media is None
    assert found.readiness is None or found.readiness.state is ReadyState.BECOMING_READY
