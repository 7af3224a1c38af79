from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import random
import stat
import time
from pathlib import Path
from typing import Any

import anyio
import golden
import pytest
from handmade import DIR, FILE, LINK, dots, link, nm, px, record, volume

from aioimapi.errors import ImageFormatError, ImapiError, ItemNotFoundError, OutputError, OutputFullError
from aioimapi.fs.read import HOLE, Entry, EntryKind, Parser
from aioimapi.image import open_volume
from aioimapi.image._extract import host_name
from aioimapi.image._host_tree import HostTree, Policy

ROOT = os.geteuid() == 0


def snapshot(root: Path) -> dict[str, Any]:
    """What lies below a folder: kind, mode, time, target, digest."""
    result: dict[str, Any] = {}
    for path in root.rglob("*"):
        found = path.lstat()
        kind = oct(stat.S_IFMT(found.st_mode))
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(found.st_mode) else None
        target = os.readlink(path) if path.is_symlink() else None
        result["/" + str(path.relative_to(root))] = (
            kind,
            found.st_mode & 0o7777,
            found.st_mtime_ns,
            target,
            digest,
        )
    return result


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["xorriso", "genisoimage"])
async def test_a_tree_comes_out_as_it_went_in(tmp_path: Path, name: str) -> None:
    expected = {
        path: (item["kind"], item["mode"] & 0o777, item["mtime_ns"], item.get("target"), item.get("sha256"))
        for path, item in golden.manifest(name).items()
        if path not in ("/null", "/disk", "/fifo")
    }
    calls: list[tuple[int, int]] = []
    async with await open_volume(golden.load(name), file_system="rockridge") as volume:
        report = await volume.extract(tmp_path / "new" / "out", progress=lambda *done: calls.append(done))
    found = snapshot(tmp_path / "new" / "out")
    assert set(found) == set(expected)
    for path, item in expected.items():
        assert found[path] == item, path
    assert report.files == 46
    assert report.symlinks == 3
    assert report.directories == 12
    assert report.size_bytes == calls[-1][1] == sum(golden.manifest(name)[p].get("size", 0) for p in expected)
    assert {entry.path: entry.reason for entry in report.skipped} == {
        "/null": "it is a character device, which is made only on request",
        "/disk": "it is a block device, which is made only on request",
        "/fifo": "it is a fifo, which is made only on request",
    }
    assert (report.renamed, report.findings, report.skipped_count) == ((), (), 3)


@pytest.mark.anyio
async def test_special_modes_and_fifos_only_on_request(tmp_path: Path) -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        report = await volume.extract(tmp_path, special_modes=True, devices=True)
    assert (tmp_path / "hello.txt").stat().st_mode & 0o7777 == 0o4755
    assert stat.S_ISFIFO((tmp_path / "fifo").lstat().st_mode)
    assert report.specials == (3 if ROOT else 1)


@pytest.mark.anyio
async def test_a_part_or_one_file(tmp_path: Path) -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        await volume.extract(tmp_path / "a", path="/level1/level2")
        await volume.extract(tmp_path / "b", path="/hello.txt")
        with pytest.raises(ItemNotFoundError):
            await volume.extract(tmp_path / "c", path="/none")
    assert os.listdir(tmp_path / "a") == ["level3"]
    assert (tmp_path / "b" / "hello.txt").read_bytes() == b"hello\n"


@pytest.mark.anyio
async def test_what_exists_is_kept_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_bytes(b"mine")
    (tmp_path / "link").write_bytes(b"mine")
    (tmp_path / "random.bin").mkdir()
    (tmp_path / "empty").mkdir(mode=0o711)
    async with await open_volume(golden.load("xorriso")) as volume:
        report = await volume.extract(tmp_path)
        assert (tmp_path / "hello.txt").read_bytes() == b"mine"
        reasons = {entry.path: entry.reason for entry in report.skipped}
        assert reasons["/hello.txt"] == "it exists already, and replacing was not asked for"
        report = await volume.extract(tmp_path, overwrite=True)
    assert (tmp_path / "hello.txt").read_bytes() == b"hello\n"
    assert os.readlink(tmp_path / "link") == "hello.txt"
    assert (tmp_path / "random.bin").is_dir()
    assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o711
    reasons = {entry.path: entry.reason for entry in report.skipped}
    assert "never replaced" in reasons["/random.bin"]


@pytest.mark.anyio
async def test_a_link_in_the_folder_is_never_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    folder.mkdir()
    (folder / "level1").symlink_to(outside)
    (folder / "hello.txt").symlink_to(outside / "made")
    async with await open_volume(golden.load("xorriso")) as volume:
        report = await volume.extract(folder, overwrite=True)
    assert os.listdir(outside) == []
    assert "/level1" in {entry.path for entry in report.skipped}
    assert (folder / "hello.txt").read_bytes() == b"hello\n"
    assert not (folder / "hello.txt").is_symlink()


@pytest.mark.anyio
@pytest.mark.parametrize("overwrite", [False, True])
async def test_a_hostile_image_cannot_leave_the_folder(tmp_path: Path, overwrite: bool) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    target = link(
        b"\x08\0" + b"".join(bytes((0, len(name))) + name for name in str(outside).encode().split(b"/")[1:])
    )
    source = volume(
        record(b"A.;1", 0, 0, use=px(LINK) + nm(b"trap") + target)
        + record(b"B", 25, 2048, flags=2, use=px(DIR) + nm(b"trap"))
        + record(b"C.;1", 30, 5, use=px(FILE) + nm(b"../outside/x"))
        + record(b"D", 25, 2048, flags=2, use=px(DIR) + nm(b".."))
        + record(b"E.;1", 30, 5, use=px(FILE) + nm(b"/etc/aioimapi"))
        + record(b"F.;1", 0, 0, use=px(LINK) + nm(b"file") + target)
        + record(b"G.;1", 30, 5, use=px(FILE) + nm(b"file")),
        more={25: dots(25, 2048) + record(b"X.;1", 30, 5, use=px(FILE) + nm(b"x")), 30: b"12345"},
    )
    async with await open_volume(source) as volume_:
        report = await volume_.extract(folder, overwrite=overwrite)
    assert os.listdir(outside) == []
    names = {
        os.path.relpath(os.path.join(at, name), folder) for at, d, f in os.walk(folder) for name in d + f
    }
    assert names == {"trap", "trap~1", "trap~1/x", ".._outside_x", "__", "_etc_aioimapi", "file", "file~1"}
    assert dict(report.renamed) == {"/trap": "trap~1", "/file": "file~1"}
    assert sorted(os.listdir(tmp_path)) == ["out", "outside"]


def test_names_that_are_too_long_are_cut_and_told_apart() -> None:
    names = ["名" * 100 + ".txt", "名" * 100 + "b.txt", "名" * 100 + ".txt"]
    taken: dict[str, int] = {}
    cut = [host_name(name, taken) for name in names]
    assert len(set(cut)) == 3
    assert all(len(os.fsencode(name)) <= 255 for name in cut)
    assert all(name.startswith("名" * 70) and name.endswith(".txt") for name in cut)
    assert host_name("caf\udce9", taken) == "caf\udce9"
    assert host_name("x\ud83d", taken) == "x?"


def test_many_equal_names_are_told_apart_without_a_search_each() -> None:
    taken: dict[str, int] = {"same~7": 0}
    started = time.perf_counter()
    names = [host_name("same", taken) for _ in range(20_000)]
    assert time.perf_counter() - started < 2
    assert len(set(names)) == 20_000
    assert (names[0], names[1]) == ("same", "same~1")
    assert "same~7" not in names


@pytest.mark.anyio
async def test_paths_longer_than_the_host_allows(tmp_path: Path) -> None:
    name = b"d" * 150
    more = {}
    for level in range(40):
        more[30 + level] = dots(30 + level, 2048) + record(
            b"D", 31 + level, 2048, flags=2, use=px(DIR) + nm(name)
        )
    more[70] = dots(70, 2048) + record(b"F.;1", 80, 4, use=px(FILE) + nm(b"f"))
    more[80] = b"deep"
    source = volume(record(b"D", 30, 2048, flags=2, use=px(DIR) + nm(name)), more=more, count=128)
    async with await open_volume(source) as volume_:
        report = await volume_.extract(tmp_path)
    assert (report.files, report.directories, report.skipped) == (1, 41, ())
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(41):
        inner = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    found = os.open("f", os.O_RDONLY, dir_fd=fd)
    assert os.read(found, 10) == b"deep"
    os.close(found)
    os.close(fd)
    await anyio.to_thread.run_sync(remove_deep, tmp_path, name)


def remove_deep(folder: Path, name: bytes) -> None:
    """Clear a tree that is too deep for shutil: pull it up level by level."""
    os.rename(folder / name.decode(), folder / "0")
    for level in range(41):
        inner = folder / str(level) / name.decode()
        if inner.exists():
            os.rename(inner, folder / str(level + 1))


@pytest.mark.anyio
async def test_bad_sectors_cost_only_the_files_on_them(tmp_path: Path) -> None:
    source = golden.load("xorriso")
    ((lba, _),) = golden.tree(source)["/hello.txt"].extents
    source.bad.add(lba)
    async with await open_volume(source) as volume:
        report = await volume.extract(tmp_path)
    assert [entry.path for entry in report.skipped if entry.path == "/hello.txt"] == ["/hello.txt"]
    assert not (tmp_path / "hello.txt").exists()
    assert report.files == 45


@pytest.mark.anyio
async def test_a_file_of_holes_takes_no_room(tmp_path: Path) -> None:
    async with await open_volume(golden.load("xorriso")) as volume:
        system = volume._system

        def children(directory: Entry) -> Parser[list[Entry]]:
            content = (yield from type(system).children(system, directory)) if directory.path == "/" else []
            ((lba, size),) = next(entry for entry in content if entry.name == "random.bin").extents
            extents = ((HOLE, 1 << 40), (lba, 4096), (HOLE, 2048), (lba, size))
            return [Entry("/", "holes", EntryKind.FILE, sum(n for _, n in extents), extents=extents)]

        setattr(system, "children", children)  # noqa: B010
        report = await volume.extract(tmp_path)
    made = (tmp_path / "holes").stat()
    assert made.st_size == (1 << 40) + 4096 + 2048 + 5000
    assert made.st_blocks * 512 < 1 << 20
    assert report.size_bytes == 9096
    with (tmp_path / "holes").open("rb") as file:
        file.seek(1 << 40)
        tail = file.read()
    source = golden.load("xorriso")
    content = golden.content(source, golden.tree(source)["/random.bin"])
    assert tail == content[:4096] + bytes(2048) + content


@pytest.mark.anyio
async def test_files_that_claim_too_much_stop_an_extraction(tmp_path: Path) -> None:
    source = golden.load("multi-extent")
    async with await open_volume(source) as volume:
        report = await volume.extract(tmp_path, path="/behind")
        with pytest.raises(ImageFormatError, match="more bytes than"):
            await volume.extract(tmp_path, max_bytes=1000)
    assert report.size_bytes == 7
    assert not (tmp_path / "5 GiB").exists()


class FullDisk:
    """Makes pwrite fail as a full disk does, after some bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self.write = os.pwrite
        monkeypatch.setattr(os, "pwrite", self)

    def __call__(self, fd: int, data: memoryview, offset: int) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = data[: min(len(data), self.room)]
        self.room -= len(part)
        return self.write(fd, part, offset)


@pytest.mark.anyio
@pytest.mark.parametrize("room", [0, 100, 4000])
async def test_a_full_disk_names_the_file_and_leaves_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    expected = {path.rpartition("/")[2]: item for path, item in golden.manifest("xorriso").items()}
    FullDisk(monkeypatch, room)
    async with await open_volume(golden.load("xorriso")) as volume:
        with pytest.raises(OutputFullError) as caught:
            await volume.extract(tmp_path / "out")
    assert caught.value.path.startswith(str(tmp_path / "out"))
    assert not os.path.exists(caught.value.path)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert path.stat().st_size == expected[path.name]["size"]


@pytest.mark.anyio
async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with await open_volume(golden.load("xorriso")) as volume:
        with pytest.raises(OutputError):
            await volume.extract(tmp_path / "file" / "out")


@pytest.mark.anyio
async def test_a_cancel_leaves_no_part_of_a_file_and_no_descriptor(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    big = volume(record(b"BIG.;1", 30, 5 << 20, use=px(FILE) + nm(b"big")), count=30 + 2560)
    async with await open_volume(big) as volume_:
        with anyio.CancelScope() as scope:
            await volume_.extract(
                tmp_path, progress=lambda entries, size: scope.cancel() if size >= 2 << 20 else None
            )
    assert scope.cancelled_caught
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_host_tree_keeps_few_descriptors(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    entry = Entry("/", "d", EntryKind.DIRECTORY, 0)
    with HostTree(str(tmp_path), Policy()) as tree:
        tree.open()
        for number in range(200):
            assert tree.make_directory("", f"d{number}", entry)
            assert tree.make_directory(f"d{number}", "e", entry)
            assert not tree.make_directory(f"d{number}", "e", entry)
        assert len(os.listdir("/proc/self/fd")) <= before + 66
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_native_cancel_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    big = volume(record(b"BIG.;1", 30, 5 << 20, use=px(FILE) + nm(b"big")), count=30 + 2560)

    async def extract_and_cancel(steps: int) -> None:
        async with await open_volume(big) as volume_:
            task = asyncio.ensure_future(volume_.extract(tmp_path))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    asyncio.run(extract_and_cancel(0))
    before = len(os.listdir("/proc/self/fd"))
    for steps in range(0, 90, 3):
        asyncio.run(extract_and_cancel(steps))  # waits for threads that were left behind
        for path in tmp_path.iterdir():
            assert path.stat().st_size == 5 << 20
            path.unlink()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["xorriso", "genisoimage", "pycdlib"])
def test_damaged_images_neither_crash_nor_leave_the_folder(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    intact = golden.load(name)

    async def attempt(source: golden.Sectors, folder: Path, kind: str) -> None:
        async with await open_volume(source, file_system=kind) as volume_:
            await volume_.extract(folder, overwrite=True)

    for number in range(25):
        source = golden.Sectors(intact.sector_count, dict(intact.content))
        golden.mutate(source, chance)
        folder = tmp_path / "in" / str(number % 3)
        for kind in ("auto", "rockridge", "joliet"):
            with contextlib.suppress(ImapiError):
                anyio.run(attempt, source, folder, kind)
    assert os.listdir(tmp_path) == ["in"]
    assert set(os.listdir(tmp_path / "in")) <= {"0", "1", "2"}
