"""Blu-ray discs of all sizes and formats, those included that another program has formatted."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.recorder import open_recorder
from aioimapi.virtual import open_virtual_target

from .burning import told_state, url
from .sources import MemorySource

pytestmark = pytest.mark.anyio

SRM_POW, SRM = 0, 1


def formatted(path: Path, subtype: int) -> str:
    """Make a BD-R with its default spares, as growisofs and xorriso do, and return its URL."""
    target = open_virtual_target(url(path, "bd-r") + "&attention=no")
    parameters = bytes((0, 2, 0, 8, 0, 0, 0, 0, subtype, 0, 0, 0))
    reply = target.handle(mmc.FormatUnit().to_cdb(), memoryview(bytearray(parameters)), 0.0)
    assert reply.status == 0
    target.close()
    return url(path, "bd-r")


@pytest.mark.parametrize("kind", ["bd-r-dl", "bd-r-tl", "bd-r-ql", "bd-re-dl", "bd-re-tl"])
async def test_discs_of_more_layers(tmp_path: Path, kind: str) -> None:
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        report = await recorder.write(MemorySource(1_000))
    assert report.written
    assert report.verified
    assert report.disc_state == told_state(tmp_path / "disc")


@pytest.mark.parametrize("subtype", [SRM, SRM_POW])
@pytest.mark.parametrize("close", [False, True])
async def test_a_bd_r_with_spares(tmp_path: Path, subtype: int, close: bool) -> None:
    """Drives call it appendable before anything is on it; with pseudo-overwrite they refuse to close the session."""
    async with open_recorder(formatted(tmp_path / "disc", subtype)) as recorder:
        report = await recorder.write(MemorySource(1_000), close=close)
    assert report.written
    assert report.verified
    assert report.closed is close
    assert report.disc_state == ("closed" if close else "appendable") == told_state(tmp_path / "disc")
