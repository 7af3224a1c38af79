"""What a recorder takes, and how much of it goes in one burst."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest

from aioimapi.errors import ImageTruncatedError, SourceError
from aioimapi.image import FileSystemImage, ImagePlan, IsoFile, SectorSource
from aioimapi.recorder._sources import Source, burst_sectors, open_source, start_of

from .sources import MemorySource

pytestmark = pytest.mark.anyio


async def test_sectors_are_taken_as_they_are() -> None:
    source = MemorySource(3)
    assert await open_source(source) is source


async def test_an_image_is_planned() -> None:
    image = FileSystemImage(volume_name="X")
    image.root.add_file("a.txt", b"hello")
    assert isinstance(await open_source(image), ImagePlan)


async def test_a_path_is_an_iso_file(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(2048 * 20))
    for given in (path, str(path)):
        source = await open_source(given)
        assert isinstance(source, SectorSource)
        assert source.sector_count == 20
    with pytest.raises(SourceError, match="missing"):
        await open_source(tmp_path / "missing.iso")


async def test_a_file_that_is_cut_short_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    image = FileSystemImage("CUT")
    image.root.add_file("a.bin", bytes(1 << 20))
    path = tmp_path / "x.iso"
    await (await image.plan()).save(path)
    assert (await open_source(path)).findings == ()
    os.truncate(path, 1 << 19)
    for given in (path, IsoFile(path)):
        with pytest.raises(ImageTruncatedError, match="cut short"):
            await open_source(given)
    source = await open_source(IsoFile(path, partial=True))
    assert "its end is missing" in source.findings[0]


async def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="int is no image"):
        await open_source(cast("Source", 5))


def test_a_source_says_where_it_belongs() -> None:
    assert start_of(MemorySource(1)) == 0
    assert start_of(MemorySource(1, start_lba=512)) == 512


@pytest.mark.parametrize(
    ("sectors", "speed", "burst"),
    [
        (1, None, 32),
        (4_095, None, 32),
        (8_192, None, 64),
        (40_000, None, 256),
        (131_072, None, 1_024),
        (12_219_392, None, 2_048),
        (12_219_392, 26_973_750, 2_048),  # BD 6x
        (2_295_104, 1_385_000, 256),  # DVD 1x: 0.38 s
        (359_849, 614_400, 64),  # CD 4x
        (359_849, 75_000, 32),
    ],
)
def test_bursts(sectors: int, speed: float | None, burst: int) -> None:
    assert burst_sectors(sectors, speed) == burst
