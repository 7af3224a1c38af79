"""What an image has room on, which file systems suit a medium, and what the tree and the plan tell of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from aioimapi.drive import MediaState
from aioimapi.errors import (
    ImageError,
    ImageFrozenError,
    ImageTooLargeError,
    ItemNotFoundError,
    LocalProtocolError,
)
from aioimapi.fs import FileSystem
from aioimapi.image import MEDIA, FileSystemImage, ItemCount
from aioimapi.mmc import Profile, traits_of
from aioimapi.recorder import MEDIA as BURNED
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual import media_kind

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", MEDIA)
def test_numbers_are_those_of_the_drive(name: str) -> None:
    kind, disc = MEDIA[name], media_kind(name).traits
    assert (kind.plain_sectors, kind.family, kind.erasable) == (disc.sectors, disc.family, disc.erasable)
    assert kind.spared_sectors == disc.formatted_sectors
    assert kind.sectors == (disc.sectors if disc.sequential else disc.formatted_sectors)
    assert traits_of(Profile(disc.profile)).family == kind.family


def test_every_kind_that_can_be_burned_is_there() -> None:
    from aioimapi.virtual import MediumKind

    assert set(MEDIA) == {each.value for each in MediumKind} - {"cd-rom", "dvd-rom", "bd-rom"}


@pytest.mark.parametrize("sectors", [32, 288, 320, 10_016])
def test_what_a_burn_takes_is_what_the_recorder_says(sectors: int) -> None:
    for kind, profile in (("cd-r", Profile.CD_R), ("dvd+r", Profile.DVD_PLUS_R), ("bd-re", Profile.BD_RE)):
        assert MEDIA[kind].sectors_needed(sectors) == BURNED[profile].sectors_on_disc(sectors)


async def _sectors(size: int = 0) -> int:
    image = FileSystemImage("SIZE")
    image.root.add_file("file", bytes(size))
    return (await image.plan()).sector_count


async def test_a_capacity_by_hand_is_kept_to_the_sector() -> None:
    sectors = await _sectors()
    for capacity, free in ((sectors, 0), (sectors + 5, 5)):
        image = FileSystemImage("SIZE", capacity=capacity)
        image.root.add_file("file", b"")
        plan = await image.plan()
        assert (plan.capacity, plan.free_sectors) == (capacity, free)


async def test_an_image_that_passes_its_capacity_can_be_made_smaller() -> None:
    small, large = await _sectors(), await _sectors(200_000)
    image = FileSystemImage("SIZE", capacity=small)
    image.root.add_file("file", bytes(200_000))
    with pytest.raises(ImageTooLargeError, match="too many") as caught:
        await image.plan()
    assert (caught.value.needed, caught.value.free) == (large, small)
    await image.root.remove("file")
    image.root.add_file("file", b"")
    assert (await image.plan()).free_sectors == 0


async def test_the_state_of_a_disc_in_a_drive_is_a_capacity() -> None:
    sectors = await _sectors()
    for profile, takes in ((Profile.DVD_PLUS_R, sectors), (Profile.CD_R, sectors + 150)):
        image = FileSystemImage("SIZE", capacity=MediaState(profile, free_sectors=takes))
        image.root.add_file("file", b"")
        assert (await image.plan()).free_sectors == 0
        image = FileSystemImage("SIZE", capacity=MediaState(profile, free_sectors=takes - 1))
        image.root.add_file("file", b"")
        with pytest.raises(ImageTooLargeError, match="in the drive: 1 too many"):
            await image.plan()


async def test_without_a_capacity_nothing_is_told_of_it() -> None:
    plan = await FileSystemImage("FREE").plan()
    assert (plan.capacity, plan.free_sectors) == (None, None)


def test_capacities_that_are_none_are_refused_at_once() -> None:
    with pytest.raises(ImageError, match="no kind of medium"):
        FileSystemImage("BAD", capacity="floppy")
    with pytest.raises(ImageError, match="holds no image"):
        FileSystemImage("BAD", capacity=0)


EVERYTHING = frozenset(FileSystem)
UDF = frozenset({FileSystem.UDF})


@pytest.mark.parametrize(
    ("medium", "systems", "revision"),
    [
        ("cd-r", EVERYTHING, "1.02"),
        ("CD-RW", EVERYTHING, "1.02"),
        ("dvd+r", EVERYTHING, "1.02"),
        ("dvd-rw", UDF, "1.02"),
        ("dvd-ram", UDF, "1.02"),
        ("bd-r", UDF, "2.50"),
        (MEDIA["bd-re-tl"], UDF, "2.50"),
        (MediaState(Profile.DVD_RW_SEQUENTIAL, free_sectors=10_000), UDF, "1.02"),
        (MediaState(Profile.DVD_R_SEQUENTIAL, free_sectors=10_000), EVERYTHING, "1.02"),
        (MediaState(Profile.BD_R_SEQUENTIAL, free_sectors=10_000), UDF, "2.50"),
    ],
)
async def test_defaults_for_a_medium(medium: str, systems: frozenset[FileSystem], revision: str) -> None:
    image = FileSystemImage("DEFAULTS")
    image.choose_defaults(medium)
    plan = await image.plan()
    assert (plan.file_systems, plan.udf_revision) == (systems, revision)
    assert plan.capacity is not None
    with pytest.raises(ImageFrozenError):
        image.choose_defaults("cd-r")


def test_defaults_for_what_is_no_optical_disc_are_refused() -> None:
    with pytest.raises(ImageError, match="choose them"):
        FileSystemImage("NO DISC").choose_defaults(MediaState(Profile.REMOVABLE_DISK))
    with pytest.raises(ImageError, match="no kind of medium"):
        FileSystemImage("NO DISC").choose_defaults("floppy")


def test_making_an_image_loads_no_commands() -> None:
    code = (
        "import sys, aioimapi.image as i; i.FileSystemImage('X', capacity='cd-r').choose_defaults('bd-r'); "
    )
    code += "sys.exit('aioimapi.mmc' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_the_tree_tells_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("a")
    image = FileSystemImage("COUNTS")
    image.root.add_tree(tmp_path)
    image.root.add_file("made/more", b"123")
    assert await image.root.count() == ItemCount(files=2, directories=3, symlinks=1, size=8)
    assert [item.path for item in await image.root.children()] == ["/a", "/made", "/link"]
    assert await image.root.exists("a/file")
    assert await image.root.exists("/a")
    assert not await image.root.exists("a/nothing")
    assert not await image.root.exists("link/file")


async def test_sectors_and_files_find_each_other(tmp_path: Path) -> None:
    for name, size in (("one", 5000), ("two", 70_000), ("empty", 0)):
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / "twin").hardlink_to(tmp_path / "one")
    image = FileSystemImage("PLACES")
    image.root.add_directory("sub").add_tree(tmp_path)
    plan = await image.plan()
    listed = {file.path: file for file in plan.files()}
    one = plan.file("sub/one")
    assert listed["/sub/one"] == one
    assert (one.size, one.sector_count) == (5000, 3)
    assert attrs.evolve(plan.file("/sub/twin"), path="/sub/one") == one
    for path in ("/sub/one", "/sub/two"):
        file = plan.file(path)
        for sector in range(file.first_sector, file.first_sector + file.sector_count):
            assert plan.file_at(sector) == file
            assert plan.files_at(sector, 1) == (path,)
    assert plan.file_at(16) is None
    assert plan.file_at(plan.sector_count - 1) is None
    with pytest.raises(LocalProtocolError):
        plan.file_at(plan.sector_count)
    for path in ("", "sub", "nothing", "sub/one/below", "sub/nothing"):
        with pytest.raises(ItemNotFoundError):
            plan.file(path)
    assert plan.sector_count * SECTOR_SIZE == plan.size
