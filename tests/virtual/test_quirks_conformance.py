"""The conformance checks of drives find nothing wrong with the virtual drive, and name what its quirks do."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.testing import check_drive
from aioimapi.transport import open_transport
from aioimapi.virtual import Quirk

pytestmark = pytest.mark.anyio

FOUND = {
    Quirk.SLIM: {"tray"},
    Quirk.YES_MAN: {"recording"},
    Quirk.NO_EVENTS: {"event-status"},
    Quirk.NO_NWA: {"track-information", "recording"},
    Quirk.NEEDS_RELOAD: {"recording", "capacity"},
}
"""What breaks rules that hosts rely on; the rest is allowed, or common."""


async def faults(path: Path, options: str) -> set[str]:
    """Return the names of the checks that found a fault."""
    url = f"virtual:{path}?media=dvd%2Br&time_scale=0{options}"
    report = await check_drive(lambda: open_transport(url), destructive=True, tray=True)
    return {finding.check for finding in report.faults}


@pytest.mark.parametrize("quirk", list(Quirk))
async def test_the_checks_name_what_a_quirk_does(tmp_path: Path, quirk: Quirk) -> None:
    assert await faults(tmp_path / "disc", f"&quirk={quirk.value}") == FOUND.get(quirk, set())


@pytest.mark.parametrize(
    "options", ["", "&physics=real", "&physics=real&when_full=wait", "&wear=age:20,weak:5"]
)
async def test_a_drive_without_quirks_breaks_no_rule(tmp_path: Path, options: str) -> None:
    assert await faults(tmp_path / "disc", options) == set()
