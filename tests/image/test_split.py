"""A tree over several discs: all of it, once, in order, each disc full and readable alone."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aioimapi.errors import DuplicateNameError, ImageError, ImageFrozenError, ImageTooLargeError
from aioimapi.fs import FileSystem
from aioimapi.image import DiscSet, FileSystemImage, ImagePlan, open_volume

pytestmark = pytest.mark.anyio

_OWN = {"SHA256SUMS", "DISCS.tsv"}


def _folder(base: Path) -> Path:
    chance = random.Random(11)
    folder = base / "tree"
    for number in range(40):
        path = folder / f"d{number % 5}" / f"s{number % 3}" / f"file {number:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.choice([0, 1, 2048, 5000, 90_000])))
    (folder / "d0" / "twin").write_bytes(chance.randbytes(60_000))
    (folder / "d4" / "its twin").hardlink_to(folder / "d0" / "twin")
    (folder / "d2" / "link").symlink_to("../d0/twin")
    (folder / "d3" / "new\nline\\").write_bytes(b"odd")
    (folder / "nothing").mkdir()
    return folder


async def _split(folder: Path, capacity: int, **options: str) -> DiscSet:
    image = FileSystemImage("SET", **options)  # type: ignore[arg-type]
    image.root.add_tree(folder)
    return await image.split(capacity)


async def _saved(plan: ImagePlan, path: Path) -> Path:
    await plan.save(path)
    return path


async def _extract(image: Path, folder: Path) -> Path:
    async with await open_volume(image) as volume:
        report = await volume.extract(folder)
    assert not report.skipped
    return folder


def _held(folder: Path) -> dict[str, bytes | str]:
    held: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            held[name] = os.readlink(path)
        elif path.is_file():
            held[name] = path.read_bytes()
        elif not any(path.iterdir()):
            held[name + "/"] = b""
    return held


@pytest.mark.parametrize("revision", ["1.02", "2.50"])
async def test_all_of_the_tree_is_on_the_discs_once_and_sha256sum_agrees(
    tmp_path: Path, revision: str
) -> None:
    folder = _folder(tmp_path)
    discs = (await _split(folder, 512, udf_revision=revision)).discs
    assert len(discs) > 2
    whole: dict[str, bytes | str] = {}
    indexes = set()
    for disc in discs:
        plan = await disc.plan()
        assert plan.sector_count == disc.sector_count <= 512
        assert plan.volume_name == f"SET_{disc.number}"
        image = await _saved(plan, tmp_path / f"{disc.number}.iso")
        out = await _extract(image, tmp_path / f"out{disc.number}")
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=out, check=True)
        indexes.add((out / "DISCS.tsv").read_bytes())
        held = {name: data for name, data in _held(out).items() if name not in _OWN}
        files = {name for name, data in held.items() if isinstance(data, bytes) and not name.endswith("/")}
        assert len((out / "SHA256SUMS").read_bytes().splitlines()) == len(files)
        assert {file.path[1:] for file in disc.files()} == {name for name in held if not name.endswith("/")}
        assert disc.file_count == len(list(disc.files()))
        assert not whole.keys() & held.keys()
        whole |= held
    assert whole == _held(folder)
    assert len(indexes) == 1
    told = [line.split("\t") for line in indexes.pop().decode().splitlines()]
    assert sorted((int(number), path) for number, _, path in told) == sorted(
        (file.disc, file.path[1:].replace("\\", "\\\\").replace("\n", "\\n"))
        for disc in discs
        for file in disc.files()
    )


async def test_a_disc_is_full_before_the_next_begins(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}").write_bytes(bytes(3000))
    discs = (await _split(folder, 640)).discs
    assert all(disc.sector_count == 640 for disc in discs[:-1])
    order = [file.path for disc in discs for file in disc.files()]
    assert order == [f"/{number:03}" for number in range(300)]


async def test_the_same_tree_is_split_the_same_way(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    first, second = [[list(disc.files()) for disc in (await _split(folder, 512)).discs] for _ in range(2)]
    assert first == second


async def test_what_fits_on_one_disc_is_one(tmp_path: Path) -> None:
    discs = (await _split(_folder(tmp_path), 100_000)).discs
    assert len(discs) == 1
    empty = await FileSystemImage("EMPTY").split("cd-r")
    (disc,) = empty.discs
    assert (disc.file_count, (await disc.plan()).file_count) == (0, 2)


async def test_names_of_one_file_share_a_disc_and_its_data(tmp_path: Path) -> None:
    (disc,) = [
        disc
        for disc in (await _split(_folder(tmp_path), 640)).discs
        if "/d0/twin" in {file.path for file in disc.files()}
    ]
    plan = await disc.plan()
    assert plan.file("/d0/twin").first_sector == plan.file("/d4/its twin").first_sector


async def test_a_file_that_fits_on_no_disc_is_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "d2" / "film").write_bytes(bytes(2_000_000))
    with pytest.raises(ImageTooLargeError, match="/d2/film takes") as caught:
        await _split(folder, 640)
    assert caught.value.path == "/d2/film"
    assert caught.value.needed > caught.value.free == 640


async def test_sources_of_every_kind_are_read_for_their_digests(tmp_path: Path) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"in "
        yield b"pieces"

    (tmp_path / "host").write_bytes(b"of the host")
    image = FileSystemImage("SOURCES", file_systems=[FileSystem.ISO9660, FileSystem.ROCK_RIDGE])
    image.root.add_file("bytes", b"bytes")
    image.root.add_file("sub/host", tmp_path / "host")
    image.root.add_file("stream", stream, size=9)
    ticks: list[tuple[int, int]] = []
    (disc,) = (await image.split("cd-rw")).discs
    plan = await disc.plan(on_progress=lambda done, total: ticks.append((done, total)))
    assert ticks[-1][0] == ticks[-1][1]
    out = await _extract(await _saved(plan, tmp_path / "out.iso"), tmp_path / "out")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    assert (out / "stream").read_bytes() == b"in pieces"


async def test_what_cannot_be_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="give a capacity"):
        await FileSystemImage("NO SIZE").split()
    image = FileSystemImage("TAKEN")
    image.root.add_file("SHA256SUMS", b"")
    with pytest.raises(DuplicateNameError, match="/SHA256SUMS is in the image already"):
        await image.split("cd-r")
    image = FileSystemImage("PLANNED")
    await image.plan()
    with pytest.raises(ImageFrozenError):
        await image.split("cd-r")


async def test_a_tree_that_was_split_is_frozen(tmp_path: Path) -> None:
    image = FileSystemImage("FROZEN", capacity="dvd+r")
    await image.split()
    with pytest.raises(ImageFrozenError):
        image.root.add_file("late", b"")
