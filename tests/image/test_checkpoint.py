"""Change points: a tree becomes what it was, whatever happened to it since."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.errors import ImageError, ImageFrozenError, ImageTooLargeError, LocalProtocolError
from aioimapi.image import FileSystemImage, ImageItem

pytestmark = pytest.mark.anyio

_TIME = 10**18


def _folder(base: Path) -> Path:
    folder = base / "tree"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "file").write_bytes(b"of the folder")
    (folder / "twin").hardlink_to(folder / "a" / "file")
    (folder / "link").symlink_to("a")
    return folder


async def _items(image: FileSystemImage) -> dict[str, ImageItem]:
    return {item.path: item async for item in image.root.walk()}


async def _bytes(image: FileSystemImage) -> bytes:
    plan = await image.plan()
    out = bytearray(plan.size)
    async with plan.reader() as reader:
        await reader.readinto(0, memoryview(out))
    return bytes(out)


def _filled(folder: Path) -> FileSystemImage:
    image = FileSystemImage("POINT", time_ns=_TIME, udf_revision="2.01")
    image.root.add_tree(folder)
    image.root.add_file("given", b"given", mtime_ns=5)
    image.root.add_file("host", folder / "a" / "file", uid=3)
    return image


@pytest.mark.parametrize("listed", [True, False])
async def test_a_tree_that_went_back_gives_the_same_bytes(tmp_path: Path, listed: bool) -> None:
    folder = _folder(tmp_path)
    image = _filled(folder)
    if listed:
        await image.scan()
    point = image.checkpoint()
    more = tmp_path / "more"
    (more / "a").mkdir(parents=True)
    (more / "a" / "file").write_bytes(b"another")
    (more / "pipe").write_bytes(b"1")
    image.root.add_tree(more, symlinks="follow", uid=9)
    image.root.add_directory("made/deep", mode=0o700)
    image.root.add_file("made/file", b"123")
    await image.root.remove("given")
    await image.root.remove("a/b")
    await image.root.add_stream("host", "stream", b"of the file")
    await image.root.set_real_time("host")
    assert set(await _items(image)) == {
        "/a", "/a/file", "/twin", "/link", "/host", "/pipe", "/made", "/made/deep", "/made/file",
    }  # fmt: skip
    image.rollback(point)
    assert set(await _items(image)) == {"/a", "/a/b", "/a/file", "/twin", "/link", "/given", "/host"}
    assert await image.root.streams("host") == []
    untouched = _filled(folder)
    assert await _bytes(image) == await _bytes(untouched)
    assert (await image.plan()).warnings == (await untouched.plan()).warnings
    assert (await image.plan()).follows_symlinks is False


async def test_points_are_gone_back_to_in_any_order_but_not_forward() -> None:
    image = FileSystemImage("POINTS")
    points = []
    for name in "abc":
        points.append(image.checkpoint())
        image.root.add_file(name, b"")
    image.rollback(points[1])
    assert set(await _items(image)) == {"/a"}
    with pytest.raises(ImageError, match=f"no change point {points[2]}"):
        image.rollback(points[2])
    image.root.add_file("other", b"")
    image.rollback(points[1])
    assert set(await _items(image)) == {"/a"}
    image.rollback(points[0])
    assert set(await _items(image)) == set()
    assert image.checkpoint() not in points


async def test_locking_in_forgets_all_points() -> None:
    image = FileSystemImage("LOCKED")
    point = image.checkpoint()
    image.root.add_file("stays", b"")
    image.lock_in()
    with pytest.raises(ImageError, match="no change point"):
        image.rollback(point)
    assert await image.root.exists("stays")


async def test_a_directory_item_goes_on_with_its_directory() -> None:
    image = FileSystemImage("ITEMS")
    folder = image.root.add_directory("folder")
    point = image.checkpoint()
    await image.root.remove("folder")
    image.root.add_file("folder", b"a file now")
    image.rollback(point)
    folder.add_file("below", b"1")
    assert await image.root.exists("folder/below")


async def test_an_image_that_became_too_large_goes_back() -> None:
    empty = (await FileSystemImage("ROOM").plan()).sector_count
    image = FileSystemImage("ROOM", capacity=empty)
    point = image.checkpoint()
    image.root.add_file("large", bytes(100_000))
    with pytest.raises(ImageTooLargeError):
        await image.plan()
    image.rollback(point)
    assert (await image.plan()).file_count == 0


async def test_streams_and_marks_of_files_go_back() -> None:
    image = FileSystemImage("STREAMS", udf_revision="2.01")
    image.root.add_file("file", b"1")
    await image.root.add_stream("file", "kept", b"1")
    point = image.checkpoint()
    await image.root.add_stream("file", "more", b"2")
    await image.root.remove_stream("file", "kept")
    await image.root.set_real_time("file")
    image.rollback(point)
    assert await image.root.streams("file") == ["kept"]
    assert not image._draft.root.extras[0].real_time


async def test_a_planned_image_neither_makes_points_nor_goes_back() -> None:
    image = FileSystemImage("PLANNED")
    point = image.checkpoint()
    await image.plan()
    with pytest.raises(ImageFrozenError):
        image.checkpoint()
    with pytest.raises(ImageFrozenError):
        image.rollback(point)


def test_no_going_back_while_the_tree_is_listed() -> None:
    image = FileSystemImage("BUSY")
    point = image.checkpoint()
    with image._draft.mutex:
        for call in (image.checkpoint, lambda: image.rollback(point)):
            with pytest.raises(LocalProtocolError):
                call()
