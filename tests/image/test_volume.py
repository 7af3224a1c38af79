from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import anyio
import golden
import pytest

from aioimapi.errors import ImageFormatError, ItemNotFoundError, LocalProtocolError, MediumError, SourceError
from aioimapi.fs.read import HOLE, Entry, EntryKind
from aioimapi.image import FileSystemImage, open_volume

from .test_isofile import save

pytestmark = pytest.mark.anyio


async def test_a_path_a_source_and_a_reader_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    source = save("genisoimage", path)
    trees = []
    reader = source.reader()
    for origin, count in ((path, None), (str(path), None), (source, None), (reader, source.sector_count)):
        async with await open_volume(origin, sector_count=count) as volume:
            assert (volume.file_system, volume.name) == ("rockridge", "GENISO")
            assert volume.file_systems == ("rockridge", "udf", "joliet", "iso9660")
            assert volume.findings == ()
            async with aclosing(volume.walk()) as entries:
                trees.append([entry.path async for entry in entries])
    assert trees[0] == trees[1] == trees[2] == trees[3]
    assert set(trees[0]) == set(golden.tree(source))


async def test_walking_goes_into_a_directory_before_its_siblings() -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        paths = [entry.path async for entry in volume.walk()]
        below = [entry.path async for entry in volume.walk("/level1/level2")]
        one = [entry.path async for entry in volume.walk("hello.txt")]
        folders = {directory.path: len(entries) async for directory, entries in volume.folders()}
    start = paths.index("/level1")
    assert paths[start : start + 3] == ["/level1", "/level1/level2", "/level1/level2/level3"]
    assert below == [path for path in paths if path.startswith("/level1/level2/")]
    assert one == ["/hello.txt"]
    assert sum(folders.values()) == len(paths)
    assert folders["/many files"] == 40


async def test_finding() -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        assert (await volume.find("/")).path == "/"
        assert (await volume.find("/link")).kind is EntryKind.SYMLINK
        assert (await volume.find("many files/./a file with a longer name, number 7")).size == 2
        for path in ("/none", "/HELLO.TXT", "/hello.txt/x", "/link/x", "/.."):
            with pytest.raises(ItemNotFoundError) as caught:
                await volume.find(path)
            assert caught.value.path == path


@pytest.mark.parametrize("sectors", [1, 2, 512])
async def test_content_in_chunks(sectors: int) -> None:
    source = golden.load("genisoimage")
    expected = golden.content(source, golden.tree(source)["/random.bin"])
    async with await open_volume(source) as volume:
        entry = await volume.find("/random.bin")
        chunks = [bytes(chunk) async for chunk in volume.read(entry, chunk_sectors=sectors)]
        assert b"".join(chunks) == expected
        assert max(len(chunk) for chunk in chunks) <= sectors * 2048
        assert [chunk async for chunk in volume.read(await volume.find("/zero"))] == []
        with pytest.raises(ImageFormatError, match="no file but a directory"):
            await anext(volume.read(volume.root))
        with pytest.raises(ImageFormatError, match="no directory but a file"):
            await volume.children(entry)


async def test_what_cannot_be_opened(tmp_path: Path) -> None:
    source = golden.load("xorriso")
    with pytest.raises(LocalProtocolError, match="known are auto, rockridge"):
        await open_volume(source, file_system="hfs")
    with pytest.raises(LocalProtocolError, match="session"):
        await open_volume(source, session_start=-1)
    with pytest.raises(ImageFormatError, match="it has Rock Ridge, Joliet, ISO 9660"):
        await open_volume(source, file_system="udf")
    with pytest.raises(ImageFormatError, match="no data disc"):
        await open_volume(golden.Sectors(1000, {}))
    with pytest.raises(SourceError):
        await open_volume(tmp_path / "none")


async def test_an_unreadable_directory_does_not_stop_a_walk() -> None:
    source = golden.load("xorriso")
    ((lba, _),) = golden.tree(source)["/many files"].extents
    source.bad.add(lba)
    async with await open_volume(source) as volume:
        paths = [entry.path async for entry in volume.walk()]
        assert "/many files" in paths
        assert "/hello.txt" in paths
        assert any("/many files cannot be read" in finding for finding in volume.findings)
        with pytest.raises(MediumError):
            await volume.children(await volume.find("/many files"))


async def test_an_image_cut_short_is_told() -> None:
    source = golden.load("xorriso")
    source._count -= 200
    async with await open_volume(source) as volume:
        assert any("its end is missing" in finding for finding in volume.findings)


async def test_tasks_may_share_a_volume() -> None:
    source = golden.load("genisoimage")
    expected = set(golden.tree(source))
    async with await open_volume(source) as volume:

        async def walk() -> None:
            assert {entry.path async for entry in volume.walk()} == expected

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(walk)


async def test_small_reads_are_served_from_windows() -> None:
    source = golden.load("genisoimage")
    async with await open_volume(source) as volume:
        async for _ in volume.walk():
            pass
    assert len(source.reads) < 20


@pytest.mark.parametrize("kind", ["udf", "rockridge", "joliet"])
async def test_an_image_of_ours_reads_back(kind: str) -> None:
    image = FileSystemImage(volume_name="OURS")
    image.root.add_file("ünïcödé 名前.txt", b"content")
    image.root.add_file("empty", b"")
    plan = await image.plan()
    async with await open_volume(plan, file_system=kind) as volume:
        assert volume.file_systems == ("rockridge", "udf", "joliet", "iso9660")
        assert volume.findings == ()
        entry = await volume.find("/ünïcödé 名前.txt")
        assert b"".join([bytes(chunk) async for chunk in volume.read(entry)]) == b"content"
        assert (await volume.find("/empty")).size == 0


@pytest.mark.parametrize("kind", ["udf", "rockridge", "joliet", "iso9660"])
async def test_a_directory_of_several_bursts(kind: str) -> None:
    image = FileSystemImage(volume_name="MANY")
    names = [f"{number:05} {'x' * (number % 50)}.dat" for number in range(12_000)]
    for name in names:
        image.root.add_file(f"many/{name}", b"")
    async with await open_volume(await image.plan(), file_system=kind) as volume:
        entries = await volume.children(await volume.find("/many" if kind != "iso9660" else "/MANY"))
        assert len({entry.name for entry in entries}) == len(names)
        if kind != "iso9660":
            assert sorted(entry.name for entry in entries) == names
        assert volume.findings == ()


async def test_a_hole_of_terabytes_can_be_cancelled() -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        entry = Entry("/", "hole", EntryKind.FILE, 1 << 45, extents=((HOLE, 1 << 45),))
        done = 0
        with anyio.CancelScope() as scope:
            async with aclosing(volume.read(entry)) as chunks:
                async for chunk in chunks:
                    done += len(chunk)
                    if done >= 4 << 20:
                        scope.cancel()
        assert scope.cancelled_caught
        assert done == 4 << 20


async def test_a_walk_that_is_cancelled_leaves_the_volume_usable() -> None:
    source = golden.load("genisoimage")
    async with await open_volume(source) as volume:
        for limit in range(1, 60, 7):
            with anyio.CancelScope() as scope:
                async with aclosing(volume.walk()) as entries:
                    count = 0
                    async for _ in entries:
                        count += 1
                        if count == limit:
                            scope.cancel()
        assert len([entry async for entry in volume.walk()]) == len(golden.tree(source))
