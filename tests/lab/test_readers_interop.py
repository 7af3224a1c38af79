"""Our readers beside those of others: the same images, the same answers.

A tree of hard names is mastered by programs that others wrote; what our readers list is compared with the source and
with what xorriso, isoinfo and bsdtar list.
"""

from __future__ import annotations

import hashlib
import os
import random
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from aioimapi.fs.read import Entry, EntryKind
from aioimapi.image import IsoFile, Volume, open_volume

pytestmark = [pytest.mark.lab, pytest.mark.anyio]

ALPHABETS = ("abcXYZ019", "äöüßé", "αβγδ", "абвгд", "名前日本語", " .,;=+[]~'\"")
LONG_FILE = 5 * 2**30


def call(*command: str | Path) -> str:
    """Run a program that must succeed; its standard output."""
    done = subprocess.run(
        [str(part) for part in command],
        check=True,
        timeout=100,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )
    return done.stdout.decode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def source(scratch: Path) -> Path:
    """A tree of random names in several scripts, deep folders, links, and a file of 5 GiB that is nearly all hole."""
    chance = random.Random(20)
    root = scratch / "source"
    folders = [root]
    root.mkdir()
    for number in range(600):
        parent = chance.choice(folders)
        alphabet = chance.choice(ALPHABETS)
        name = f"{number}-" + "".join(chance.choices(alphabet, k=chance.randrange(1, 40))).strip(" .") + "z"
        path = parent / name
        kind = chance.randrange(8)
        if kind == 0 and len(path.relative_to(root).parts) < 7:
            path.mkdir(mode=chance.choice((0o755, 0o700, 0o555)) | 0o200)
            folders.append(path)
        elif kind == 1:
            path.symlink_to(chance.choice(("..", "../x", "/etc/passwd", "a/./b", "y" * 200)))
        else:
            path.write_bytes(chance.randbytes(chance.choice((0, 1, 2047, 2048, 2049, 9000))))
            path.chmod(chance.choice((0o644, 0o600, 0o755, 0o444)))
    with (root / "five gibibytes").open("wb") as file:
        file.truncate(LONG_FILE)
        for place in (0, 2**32 - 4, LONG_FILE - 8):
            file.seek(place)
            file.write(b"MARK%4d" % (place % 9999))
    return root


@pytest.fixture(scope="module", params=["xorriso", "xorriso-level-4"])
def image(request: pytest.FixtureRequest, source: Path, scratch: Path) -> Path:
    path = scratch / f"{request.param}.iso"
    level = "4" if request.param.endswith("4") else "3"
    if not path.exists():
        call(
            "xorriso",
            "-as",
            "mkisofs",
            "-quiet",
            "-J",
            "-joliet-long",
            "-R",
            "-iso-level",
            level,
            "-o",
            path,
            source,
        )
    return path


async def entries_of(volume: Volume) -> AsyncIterator[Entry]:
    async with aclosing(volume.walk()) as entries:
        async for entry in entries:
            yield entry


async def digest(volume: Volume, entry: Entry) -> str:
    result = hashlib.sha256()
    async with aclosing(volume.read(entry)) as chunks:
        async for chunk in chunks:
            result.update(chunk)
    return result.hexdigest()


async def test_rock_ridge_of_xorriso_is_its_source(image: Path, source: Path) -> None:
    async with await open_volume(image, file_system="rockridge") as volume:
        found = {entry.path: entry async for entry in entries_of(volume)}
        assert {str(Path("/") / path.relative_to(source)) for path in source.rglob("*")} == set(found)
        for path, entry in found.items():
            there = (source / path[1:]).lstat()
            assert (entry.mode, entry.uid, entry.gid) == (
                there.st_mode & 0o7777,
                there.st_uid,
                there.st_gid,
            ), path
            assert entry.mtime_ns == there.st_mtime_ns // 10**9 * 10**9, path
            if entry.kind is EntryKind.SYMLINK:
                assert entry.target == os.readlink(source / path[1:])
            elif entry.kind is EntryKind.FILE and entry.size < LONG_FILE:
                assert (
                    await digest(volume, entry)
                    == hashlib.sha256((source / path[1:]).read_bytes()).hexdigest()
                )
            else:
                assert stat.S_ISDIR(there.st_mode) is entry.is_directory
        assert found["/five gibibytes"].size == LONG_FILE
        assert volume.findings == ()


async def test_extents_are_those_that_xorriso_reports(image: Path) -> None:
    # "File data lba:  extent , lba , blocks , size , 'path'"
    report = call("xorriso", "-indev", image, "-find", "/", "-type", "f", "-exec", "report_lba")
    expected: dict[str, list[tuple[int, int]]] = {}
    for line in report.splitlines():
        if line.startswith("File data lba:"):
            _, lba, blocks, _, name = line.split(":", 1)[1].split(",", 4)
            path = name.strip()[1:-1].replace("'\"'\"'", "'")
            expected.setdefault(path, []).append((int(lba), int(blocks)))
    async with await open_volume(image, file_system="rockridge") as volume:
        found = {e.path: e async for e in entries_of(volume) if e.kind is EntryKind.FILE and e.size}
    for path, extents in expected.items():
        if path in found:
            assert found[path].extents[0][0] == extents[0][0], path
            assert -(-found[path].size // 2048) == sum(blocks for _, blocks in extents), path
    assert set(found) <= set(expected)


@pytest.mark.parametrize(("kind", "option"), [("joliet", "-J"), ("rockridge", "-R")])
async def test_as_many_entries_as_isoinfo_lists(image: Path, kind: str, option: str) -> None:
    listed = [
        line for line in call("isoinfo", "-i", image, "-f", option).splitlines() if line.startswith("/")
    ]
    async with await open_volume(image, file_system=kind) as volume:
        found = {entry.path: entry async for entry in entries_of(volume)}
    sections = -(-LONG_FILE // (2**32 - 2048)) - 1  # isoinfo lists each section of a big file
    assert len(listed) - len(found) in (0, sections)


async def test_bsdtar_lists_and_gives_the_same(image: Path, scratch: Path) -> None:
    listed = {line.rstrip("/") for line in call("bsdtar", "-tf", image).splitlines()} - {"."}
    async with await open_volume(image, file_system="rockridge") as volume:
        found = {entry.path[1:] async for entry in entries_of(volume)}
    assert {name.removeprefix("./") for name in listed} == found


async def test_a_sector_of_the_big_file_knows_its_name(image: Path) -> None:
    async with await open_volume(image, file_system="rockridge") as volume:
        entry = await volume.find("/five gibibytes")
    assert IsoFile(image).files_at(entry.extents[0][0] + 2_500_000, 2) == ("/five gibibytes",)


async def test_udf_of_mkudffs_says_what_udfinfo_says(scratch: Path) -> None:
    path = scratch / "empty.udf"
    with path.open("wb") as file:
        file.truncate(16 << 20)
    call("mkudffs", "--media-type=hd", "--udfrev=2.01", "--label=Größe", "-b", "2048", path)
    told = dict(line.split("=", 1) for line in call("udfinfo", path).splitlines() if "=" in line)
    async with await open_volume(path) as volume:
        assert (volume.file_system, volume.name) == ("udf", told["lvid"])
        assert volume.findings == ()
