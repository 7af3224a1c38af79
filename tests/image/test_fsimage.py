"""FileSystemImage: what goes in, what the plan says, what comes out, read back by parsers that share no code."""

from __future__ import annotations

import io
import os
import random
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from aioimapi.errors import (
    DuplicateNameError,
    ImageError,
    ImageFrozenError,
    ItemNotFoundError,
    LocalProtocolError,
    NameNotRepresentableError,
    SourceChangedError,
    SourceError,
    SourceNotRereadableError,
)
from aioimapi.fs import FileSystem
from aioimapi.fs.read import EntryKind
from aioimapi.image import FileSystemImage, ImagePlan
from aioimapi.image._volume import open_volume
from aioimapi.units import SECTOR_SIZE

pytestmark = pytest.mark.anyio

_MTIME = 1_600_000_000_000_000_000


def make_folder(folder: Path) -> dict[str, bytes]:
    """Make a folder of odd things and return the bytes of its files by path."""
    chance = random.Random(7)
    files = {
        "/empty": b"",
        "/readme.txt": b"read me\n",
        "/exact": bytes(chance.randbytes(4096)),
        "/a/deep/er/file.bin": bytes(chance.randbytes(10_000)),
        "/a/ünï/日本語/😀.txt": "😀".encode(),
        f"/{'n' * 251}.txt": b"long name",
        "/big": bytes(chance.randbytes(3 * 2**20 + 5)),
    }
    for path, data in files.items():
        place = folder / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        os.utime(place, ns=(_MTIME, _MTIME + len(data)))
    (folder / "a" / "nothing here").mkdir()
    (folder / "link").symlink_to("a/deep/../deep/er/file.bin")
    (folder / "dangling").symlink_to("/no/such/place")
    (folder / "twin").hardlink_to(folder / "readme.txt")
    files["/twin"] = files["/readme.txt"]
    (folder / "a" / "script").write_bytes(b"#!/bin/sh\n")
    (folder / "a" / "script").chmod(0o4751)
    files["/a/script"] = b"#!/bin/sh\n"
    return files


async def whole(plan: ImagePlan, chunk_sectors: int = 512) -> bytes:
    """Return all bytes of an image."""
    async with aclosing(plan.chunks(chunk_sectors=chunk_sectors)) as chunks:
        return b"".join([bytes(chunk) async for chunk in chunks])


async def contents(image: Path, file_system: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Read an image with the readers: files, symlinks, and the rest of what is known."""
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    async with await open_volume(image, file_system=file_system) as volume:
        async for entry in volume.walk():
            if entry.target is not None:
                links[entry.path] = entry.target
            elif entry.kind is EntryKind.FILE:
                async with aclosing(volume.read(entry)) as parts:
                    files[entry.path] = b"".join([bytes(part) async for part in parts])
        assert volume.findings == ()
    return files, links


@pytest.mark.parametrize("file_system", ["udf", "rockridge", "joliet", "iso9660"])
async def test_every_file_system_gives_every_file_back(tmp_path: Path, file_system: str) -> None:
    expected = make_folder(tmp_path / "source")
    image = FileSystemImage("Odd Things")
    image.root.add_tree(tmp_path / "source")
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    assert (tmp_path / "out.iso").stat().st_size == plan.size
    column = {"udf": "udf", "rockridge": "rock_ridge", "joliet": "joliet", "iso9660": "iso9660"}[file_system]
    mapping: dict[str, str] = {}
    for name in plan.names():
        mapped = getattr(name, column)
        parent, _, _ = name.path.rpartition("/")
        if mapped is not None:
            mapping[name.path] = f"{mapping.get(parent, '')}/{mapped.removesuffix(';1').removesuffix('.')}"
    files, links = await contents(tmp_path / "out.iso", file_system)
    assert files == {mapping[path]: data for path, data in expected.items()} | (
        {mapping["/link"]: b"", mapping["/dangling"]: b""} if file_system == "iso9660" else {}
    )
    if file_system in {"udf", "rockridge"}:
        assert links == {"/link": "a/deep/../deep/er/file.bin", "/dangling": "/no/such/place"}
    warned = {warning.kind for warning in plan.warnings}
    assert warned == {
        "symlink left out of Joliet, which has none",
        "volume name changed in ISO 9660",
        "renamed in Rock Ridge",
        "renamed in Joliet",
        "renamed in UDF",
    }


async def test_attributes_survive(tmp_path: Path) -> None:
    make_folder(tmp_path / "source")
    image = FileSystemImage("ATTRIBUTES")
    image.root.add_tree(tmp_path / "source")
    await (await image.plan()).save(tmp_path / "out.iso")
    for file_system, precision in (("udf", 1000), ("rockridge", 10**9)):
        async with await open_volume(tmp_path / "out.iso", file_system=file_system) as volume:
            async for entry in volume.walk():
                if entry.path == "/":
                    continue
                original = (tmp_path / "source" / entry.path[1:]) if "nnn" not in entry.path else None
                if original is None:
                    continue
                facts = original.lstat()
                assert entry.mtime_ns == facts.st_mtime_ns // precision * precision, entry.path
                if not stat.S_ISLNK(facts.st_mode):
                    assert entry.mode == stat.S_IMODE(facts.st_mode), entry.path
                assert (entry.uid, entry.gid) == (facts.st_uid, facts.st_gid)


@pytest.mark.parametrize(
    "chosen",
    [
        {FileSystem.UDF},
        {FileSystem.ISO9660},
        {FileSystem.ISO9660, FileSystem.JOLIET},
        {FileSystem.ISO9660, FileSystem.ROCK_RIDGE, FileSystem.UDF},
    ],
)
async def test_only_the_chosen_file_systems_are_there(tmp_path: Path, chosen: set[FileSystem]) -> None:
    image = FileSystemImage("SOME", file_systems=chosen)
    image.root.add_file("a.txt", b"a")
    await (await image.plan()).save(tmp_path / "out.iso")
    async with await open_volume(tmp_path / "out.iso") as volume:
        assert set(volume.file_systems) == {each.value for each in chosen}


async def test_chunks_of_any_size_from_any_sector_are_the_image(tmp_path: Path) -> None:
    make_folder(tmp_path / "source")
    image = FileSystemImage("CHUNKS")
    image.root.add_tree(tmp_path / "source")
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    data = (tmp_path / "out.iso").read_bytes()
    assert await whole(plan) == data
    assert await whole(plan, 7) == data
    chance = random.Random(1)
    for _ in range(20):
        first = chance.randrange(plan.sector_count)
        count = chance.randint(0, plan.sector_count - first)
        async with aclosing(plan.chunks(first, count, chunk_sectors=chance.randint(1, 300))) as chunks:
            part = b"".join([bytes(chunk) async for chunk in chunks])
        assert part == data[first * SECTOR_SIZE : (first + count) * SECTOR_SIZE]
    with pytest.raises(LocalProtocolError, match="not inside"):
        await anext(plan.chunks(plan.sector_count, 1))


async def test_the_sector_before_an_aligned_file_is_zeros_in_every_chunk(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(8):
        (source / f"{number}").write_bytes(
            bytes([65 + number]) * (70_000 if number % 2 else 3_000 * number + 1)
        )
    image = FileSystemImage("GAPS")
    image.root.add_tree(source)
    plan = await image.plan()
    data = await whole(plan)
    for chunk_sectors in (1, 2, 3, 5, 35):
        assert await whole(plan, chunk_sectors) == data
    gaps = 0
    end = min(file.first_sector for file in plan.files())
    for file in plan.files():
        assert file.size < 65_536 or file.first_sector % 2 == 0
        gap = data[end * SECTOR_SIZE : file.first_sector * SECTOR_SIZE]
        assert not any(gap)
        gaps += len(gap) // SECTOR_SIZE
        start = file.first_sector * SECTOR_SIZE
        assert data[start : start + file.size] == (source / file.path[1:]).read_bytes()
        end = file.first_sector + file.sector_count
    assert gaps > 0
    await plan.save(tmp_path / "gaps.iso")
    assert await anyio.Path(tmp_path / "gaps.iso").read_bytes() == data


async def test_a_pipe_gets_the_same_bytes_as_a_file(tmp_path: Path) -> None:
    make_folder(tmp_path / "source")
    image = FileSystemImage("PIPE")
    image.root.add_tree(tmp_path / "source")
    image.root.add_file("async", _stream, size=100_000)
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    reader, writer = os.pipe()
    received = bytearray()

    def drain() -> None:
        while part := os.read(reader, 1 << 20):
            received.extend(part)
        os.close(reader)

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, drain)
        with os.fdopen(writer, "wb") as file:
            await plan.save(file)
    assert received == (tmp_path / "out.iso").read_bytes()


async def _stream() -> AsyncIterator[bytes]:
    for number in range(100):
        yield bytes([number]) * 1000


async def test_sources_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "host").write_bytes(b"from the host")
    file = io.BytesIO(b"skipped" + b"file object" * 500)
    file.seek(7)
    image = FileSystemImage("SOURCES")
    image.root.add_file("host", tmp_path / "host")
    image.root.add_file("bytes", b"bytes" * 1000)
    image.root.add_file("sub/file object", file)
    image.root.add_file("again", _stream, size=100_000)
    image.root.add_file("staged", _stream(), size=100_000, stage=True)
    image.root.add_file("once", _stream(), size=100_000)
    image.root.add_file("zero", b"")
    image.root.add_file("attributes", b"x", mode=0o600, uid=5, gid=6, mtime_ns=_MTIME)
    plan = await image.plan()
    first = await whole(plan, 5)
    with pytest.raises(SourceNotRereadableError, match="/once"):
        await whole(plan)
    stream = b"".join(bytes([number]) * 1000 for number in range(100))
    expected = {
        "/host": b"from the host",
        "/bytes": b"bytes" * 1000,
        "/sub/file object": b"file object" * 500,
        "/again": stream,
        "/staged": stream,
        "/once": stream,
        "/zero": b"",
        "/attributes": b"x",
    }
    await anyio.Path(tmp_path / "out.iso").write_bytes(first)
    assert (await contents(tmp_path / "out.iso", "udf"))[0] == expected
    item = await image.root.find("attributes")
    assert item is not None
    assert (stat.S_IMODE(item.mode), item.uid, item.gid, item.mtime_ns) == (0o600, 5, 6, _MTIME)


@pytest.mark.parametrize(("size", "found"), [(99_999, "goes on"), (100_001, "ended after 100,000")])
async def test_a_stream_of_another_size_than_declared(size: int, found: str) -> None:
    image = FileSystemImage("STREAM")
    image.root.add_file("s", _stream, size=size)
    with pytest.raises(SourceChangedError, match=found):
        await whole(await image.plan())


async def test_a_stream_needs_its_size_and_a_file_object_must_seek() -> None:
    image = FileSystemImage("X")
    with pytest.raises(ImageError, match="needs its size"):
        image.root.add_file("s", _stream)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe, pytest.raises(ImageError, match="cannot seek"):
        image.root.add_file("p", pipe)
    os.close(writer)


# --- the tree ---------------------------------------------------------------------------------------


async def test_find_walk_and_remove(tmp_path: Path) -> None:
    make_folder(tmp_path / "source")
    image = FileSystemImage("TREE")
    image.root.add_directory("x/y")
    image.root.add_tree(tmp_path / "source")
    paths = [item.path async for item in image.root.walk()]
    assert len(paths) == len(set(paths))
    assert "/a/deep/er/file.bin" in paths
    assert paths.index("/a") < paths.index("/a/deep")
    found = await image.root.find("/a/deep/er/file.bin")
    assert found is not None
    assert (found.kind, found.size) == ("file", 10_000)
    link = await image.root.find("link")
    assert link is not None
    assert link.symlink == "a/deep/../deep/er/file.bin"
    await image.root.remove("a/deep")
    await image.root.remove("readme.txt")
    assert await image.root.find("a/deep/er") is None
    assert await image.root.find("readme.txt/x") is None
    with pytest.raises(ItemNotFoundError):
        await image.root.remove("a/deep")
    plan = await image.plan()
    assert {"/twin", "/big", "/x/y"} < {name.path for name in plan.names()}
    assert "/readme.txt" not in {file.path for file in plan.files()}
    await plan.save(tmp_path / "out.iso")
    assert (await contents(tmp_path / "out.iso", "udf"))[0]["/twin"] == b"read me\n"


async def test_names_that_no_file_system_holds_and_names_that_are_taken() -> None:
    image = FileSystemImage("X")
    for name in ("", ".", "..", "a\0b", "dir/.."):
        with pytest.raises(NameNotRepresentableError, match="cannot be a name"):
            image.root.add_file(name, b"")
    image.root.add_file("a", b"")
    with pytest.raises(DuplicateNameError, match="/a is in the image already"):
        image.root.add_file("a", b"")
    with pytest.raises(DuplicateNameError):
        image.root.add_directory("a")


async def test_a_plan_freezes_the_tree() -> None:
    image = FileSystemImage("X")
    below = image.root.add_directory("d")
    plan = await image.plan()
    with pytest.raises(ImageFrozenError):
        image.root.add_file("late", b"")
    with pytest.raises(ImageFrozenError):
        below.add_directory("late")
    with pytest.raises(ImageFrozenError):
        below.add_tree(".")
    with pytest.raises(ImageFrozenError):
        await image.root.remove("d")
    assert await image.plan() is plan


async def test_trees_merge_and_the_later_source_wins(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}" / "both").mkdir(parents=True)
        (tmp_path / f"{number}" / "same").write_text(f"from {number}")
        (tmp_path / f"{number}" / f"only {number}").write_text(f"only {number}")
        (tmp_path / f"{number}" / "both" / f"in {number}").write_text(f"in {number}")
    (tmp_path / "1" / "kind").write_text("a file")
    (tmp_path / "2" / "kind").mkdir()
    image = FileSystemImage("MERGE")
    image.root.add_tree(tmp_path / "1")
    image.root.add_tree(tmp_path / "2")
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    files, _ = await contents(tmp_path / "out.iso", "rockridge")
    assert files == {
        "/same": b"from 2",
        "/only 1": b"only 1",
        "/only 2": b"only 2",
        "/both/in 1": b"in 1",
        "/both/in 2": b"in 2",
    }
    assert any("added later" in warning.kind for warning in plan.warnings)


# --- odd sources ------------------------------------------------------------------------------------


async def test_special_files_are_left_out_or_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        image = FileSystemImage("S")
        image.root.add_tree(tmp_path)
        plan = await image.plan()
    assert plan.file_count == 0
    assert [(warning.kind, warning.count) for warning in plan.warnings] == [
        ("device, socket or pipe left out", 2)
    ]
    image = FileSystemImage("S")
    image.root.add_tree(tmp_path, special="error")
    with pytest.raises(SourceError, match="device, socket or pipe"):
        await image.plan()


async def test_followed_loops_end(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "up").symlink_to("..")
    (tmp_path / "a" / "b" / "file").write_text("x")
    (tmp_path / "again").symlink_to("a/b/file")
    (tmp_path / "nowhere").symlink_to("gone")
    image = FileSystemImage("LOOP")
    image.root.add_tree(tmp_path, symlinks="follow")
    plan = await image.plan()
    assert {file.path for file in plan.files()} == {"/a/b/file", "/again"}
    assert {warning.kind for warning in plan.warnings} == {
        "folder that contains itself left out",
        "dangling symlink left out",
    }
    await whole(plan)
    image = FileSystemImage("SKIP")
    image.root.add_tree(tmp_path, symlinks="skip")
    assert (await image.plan()).file_count == 1


async def test_missing_and_unreadable_sources(tmp_path: Path) -> None:
    image = FileSystemImage("X")
    image.root.add_tree(tmp_path / "missing")
    with pytest.raises(SourceError, match="No such file"):
        await image.plan()
    image = FileSystemImage("X")
    image.root.add_file("f", tmp_path / "missing")
    with pytest.raises(SourceError, match="check the path"):
        await image.plan()
    image = FileSystemImage("X")
    image.root.add_file("f", tmp_path)
    with pytest.raises(ImageError, match="add_tree"):
        await image.plan()


async def test_a_file_that_may_not_be_read_shows_in_the_plan_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root every file may be read, so the scanner is told that it is somebody else.
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "getegid", lambda: 4711)
    monkeypatch.setattr(os, "getgroups", list)
    monkeypatch.setattr(os, "access", lambda *_args, **_named: False)
    image = FileSystemImage("X")
    image.root.add_tree(tmp_path)
    with pytest.raises(SourceError, match=r"secret.*permission denied"):
        await image.plan()
    image = FileSystemImage("X")
    image.root.add_tree(tmp_path, unreadable="skip")
    plan = await image.plan()
    assert plan.file_count == 0
    assert plan.warnings[0].examples == (str(tmp_path / "secret"),)


async def test_times_that_no_disc_can_hold_are_changed_with_a_warning(tmp_path: Path) -> None:
    for name, second in (("future", 14_000_000_000), ("now", 1_600_000_000)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (second, second))
    image = FileSystemImage("TIMES")
    image.root.add_tree(tmp_path)
    image.root.add_file("given", b"", mtime_ns=2**80)
    image.root.add_file("past", b"", mtime_ns=-(2**80))
    plan = await image.plan()
    warning = next(each for each in plan.warnings if "1900 to 2155" in each.kind)
    assert set(warning.examples) == {str(tmp_path / "future"), "/past", "/given"}
    times = {}
    for name in ("future", "past", "now", "given"):
        item = await image.root.find(name)
        assert item is not None
        times[name] = item.mtime_ns // 10**9
    assert times == {
        "future": 5_869_583_999,
        "past": -2_208_988_800,
        "now": 1_600_000_000,
        "given": 5_869_583_999,
    }
    await whole(plan)


async def test_paths_longer_than_the_kernel_takes(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=descriptor)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    file = os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)
    os.write(file, b"deep down")
    os.close(file)
    os.close(descriptor)
    image = FileSystemImage("DEEP")
    image.root.add_tree(tmp_path)
    plan = await image.plan()
    data = await whole(plan)
    file_facts = next(iter(plan.files()))
    assert file_facts.path.count("/") == 31
    start = file_facts.first_sector * SECTOR_SIZE
    assert data[start : start + 9] == b"deep down"
    assert any("deeper than the 8 levels" in warning.kind for warning in plan.warnings)


@pytest.mark.parametrize("size", [10, 2048, 300_000, 3_000_000])
@pytest.mark.parametrize("change", ["shrink", "grow", "vanish"])
async def test_files_that_change_after_the_plan(tmp_path: Path, size: int, change: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "before").write_bytes(b"b" * 5000)
    victim = source / "victim"
    victim.write_bytes(b"v" * size)
    (source / "whole").write_bytes(b"w" * 5000)
    plans = []
    for policy in ("error", "pad"):
        image = FileSystemImage("CHANGE", on_change=policy)
        image.root.add_tree(source)
        plans.append(await image.plan())
    if change == "vanish":
        victim.unlink()
    else:
        victim.write_bytes(b"v" * (size - 5 if change == "shrink" else size + 5))
    with pytest.raises(SourceChangedError, match="/victim") as caught:
        await whole(plans[0])
    assert caught.value.expected == size
    assert caught.value.found == {"shrink": size - 5, "grow": size + 5, "vanish": None}[change]
    with pytest.raises(SourceChangedError, match="/victim"):
        await plans[0].save(tmp_path / "error.iso")
    assert not (tmp_path / "error.iso").exists()
    assert os.listdir(tmp_path) == ["source"]
    padded = await whole(plans[1])
    left = {"shrink": size - 5, "grow": size, "vanish": 0}[change]
    place = next(file.first_sector for file in plans[1].files() if file.path == "/victim") * SECTOR_SIZE
    length = -(-size // SECTOR_SIZE) * SECTOR_SIZE
    assert padded[place : place + length] == b"v" * left + bytes(length - left)
    behind = place + length
    assert padded[behind : behind + 5000] == b"w" * 5000
    assert len(plans[1].findings) == 1
    assert plans[1].findings[0].startswith("/victim ")
    await plans[1].save(tmp_path / "pad.iso")
    assert (tmp_path / "pad.iso").read_bytes() == padded


async def test_a_file_rewritten_with_the_same_size_is_told(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1" * 3_000_000)
    image = FileSystemImage("SAME")
    image.root.add_tree(tmp_path)
    plan = await image.plan()
    (tmp_path / "f").write_bytes(b"2" * 3_000_000)
    os.utime(tmp_path / "f", ns=(_MTIME, _MTIME))
    await whole(plan)
    assert plan.findings == ("/f was modified after the plan was made; its size is the same",)


# --- reproducible -----------------------------------------------------------------------------------


async def test_the_same_tree_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder(tmp_path / "one")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1500000000")
    images = []
    for name in ("one", "two"):
        if name == "two":
            # another order in the folder, other inodes, other times of access and creation
            for path in sorted((tmp_path / "one").rglob("*"), reverse=True):
                copy = tmp_path / "two" / path.relative_to(tmp_path / "one")
                copy.parent.mkdir(parents=True, exist_ok=True)
                if path.is_symlink():
                    copy.symlink_to(path.readlink())
                elif path.is_dir():
                    copy.mkdir(exist_ok=True)
                elif path.name != "twin":
                    copy.write_bytes(path.read_bytes())
                    copy.chmod(path.stat().st_mode)
            (tmp_path / "two" / "twin").hardlink_to(tmp_path / "two" / "readme.txt")
        image = FileSystemImage("SAME")
        image.root.add_tree(tmp_path / name)
        image.root.add_directory("made up")
        images.append(await whole(await image.plan()))
    assert images[0] == images[1]


async def test_files_at_names_metadata_files_and_padding(tmp_path: Path) -> None:
    make_folder(tmp_path)
    image = FileSystemImage("AT")
    image.root.add_tree(tmp_path)
    plan = await image.plan()
    assert plan.files_at(0, 1) == ("<volume descriptors>",)
    assert plan.files_at(plan.sector_count - 1, 1) == ("<padding>",)
    big = next(file for file in plan.files() if file.path == "/big")
    assert plan.files_at(big.first_sector + 3, 2) == ("/big",)
    everything = plan.files_at(0, plan.sector_count)
    assert {"/big", "/exact", "<UDF file entries and directories>", "<Joliet directories>"} < set(everything)
    assert "/empty" not in everything
