"""Reading discs that are not what a reader hopes for: broken off in the middle, blank, never formatted."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.errors import DiscBlankError, DiscNotBlankError, RecordingError
from aioimapi.image import FileSystemImage, open_volume
from aioimapi.recorder import open_recorder, unfinished_sectors
from aioimapi.units import SECTOR_SIZE

from .burning import url
from .sources import MemorySource

pytestmark = pytest.mark.anyio


async def break_off(path: Path, kind: str, source: object, *, at: int = 6) -> None:
    """Burn until the drive vanishes at a WRITE."""
    async with open_recorder(url(path, kind, f"unplug@write:{at}")) as recorder:
        with pytest.raises(RecordingError):
            await recorder.write(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["bd-r", "dvd+r", "cd-r"])
async def test_what_a_broken_off_burn_recorded_can_be_read(tmp_path: Path, kind: str) -> None:
    source = MemorySource(2000)
    await break_off(tmp_path / "disc", kind, source)
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        recorded = (await recorder.media()).next_writable_lba
        assert recorded is not None
        assert 100 < recorded < 2000
        disc = await recorder.read()
        assert disc.sector_count == recorded
        (finding,) = disc.findings
        assert "was not finished" in finding
        assert f"{recorded:,} sectors are recorded" in finding
        found = memoryview(bytearray(recorded * SECTOR_SIZE))
        async with disc.reader() as reader:
            await reader.readinto(0, found)
        assert found == source.data[: len(found)]


async def test_the_files_before_the_break_can_be_listed_and_read(tmp_path: Path) -> None:
    image = FileSystemImage("BROKEN")
    image.root.add_file("a", b"first")
    image.root.add_file("b", bytes(4 << 20))
    await break_off(tmp_path / "disc", "bd-r", await image.plan(), at=20)
    async with (
        open_recorder(url(tmp_path / "disc", "bd-r")) as recorder,
        await open_volume(await recorder.read()) as volume,
    ):
        assert any("was not finished" in finding for finding in volume.findings)
        assert any("its end is missing" in finding for finding in volume.findings)
        assert {entry.name async for entry in volume.walk()} == {"a", "b"}
        assert "past the end of the image" in (await volume.find("/b")).fault
        report = await volume.extract(tmp_path / "out")
    assert (tmp_path / "out" / "a").read_bytes() == b"first"
    assert [entry.path for entry in report.skipped] == ["/b"]


async def test_a_burn_onto_a_broken_off_one_says_what_is_on_the_disc(tmp_path: Path) -> None:
    await break_off(tmp_path / "disc", "bd-r", MemorySource(2000))
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        recorded = unfinished_sectors(await recorder.media())
        with pytest.raises(
            DiscNotBlankError, match=f"a burn that was broken off: {recorded:,} sectors are recorded"
        ):
            await recorder.write(MemorySource(64))


@pytest.mark.parametrize("kind", ["bd-r", "dvd+r", "cd-r", "bd-re", "dvd+rw"])
async def test_a_finished_burn_is_no_broken_one(tmp_path: Path, kind: str) -> None:
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        assert unfinished_sectors(await recorder.media()) is None
        await recorder.write(MemorySource(400))
        assert unfinished_sectors(await recorder.media()) is None
        disc = await recorder.read(0, 400)
        assert disc.findings == ()


@pytest.mark.parametrize("kind", ["bd-r", "dvd+r", "cd-r", "bd-re", "dvd+rw"])
async def test_a_blank_disc_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        with pytest.raises(DiscBlankError, match="blank") as caught:
            await recorder.read()
        assert caught.value.drive == recorder.name
        assert caught.value.profile
        with pytest.raises(DiscBlankError, match="blank"):
            await recorder.verify(MemorySource(64))


async def test_a_formatted_disc_of_zeros_is_blank_unless_its_sectors_are_asked_for(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-re")) as recorder:
        await recorder.write(MemorySource(64))
        zeros = MemorySource(64)
        zeros.data[:] = bytes(len(zeros.data))
        await recorder.write(zeros, overwrite=True)
        with pytest.raises(DiscBlankError):
            await recorder.read()
        assert (await recorder.read(0, 64)).sector_count == 64
