"""Random trees of odd names, read back by every reader: what the plan says of a name is what is found."""

from __future__ import annotations

import os
import random
from contextlib import aclosing
from pathlib import Path

import pytest

from aioimapi.fs.read import EntryKind
from aioimapi.image import FileSystemImage, ImagePlan
from aioimapi.image._volume import open_volume

pytestmark = pytest.mark.anyio

_LENGTHS = (1, 5, 30, 31, 33, 64, 65, 127, 128, 200, 253, 254, 255)
_SIZES = (0, 1, 2047, 2048, 2049, 4096, 4097, 300_000)
_ODD = (
    b". ",
    b"...",
    b"a.",
    b"A",
    b"a",
    b"\xff",
    b"a;1",
    b"a b",
    b"A_B",
    b"a_b.",
    b"a\\b",
    b"line\nfeed",
    "\uff0e".encode(),
)
_LETTERS = ("abcAB. _-", "éßÿāﬁ\uff0e\u2025", "日本語😀\n\t")


def _name(chance: random.Random) -> bytes:
    length = chance.choice(_LENGTHS)
    kind = chance.randrange(4)
    if kind == 0:
        return chance.choice(_ODD)
    if kind == 1:
        raw = bytes(chance.choice([*range(1, 47), *range(48, 256)]) for _ in range(length))
    elif kind == 2:
        letters = chance.choice(_LETTERS)
        raw = "".join(chance.choice(letters) for _ in range(length)).encode()[:255]
    else:
        raw = b"a" * length + chance.choice([b".txt", b".tar.gz", b"", b"."])
    return b"q" if raw in {b".", b".."} else raw[:255]


def _make(chance: random.Random, root: Path) -> None:
    folders: list[bytes] = [os.fsencode(root)]
    files: list[bytes] = []
    for _ in range(chance.randrange(12)):
        path = chance.choice(folders) + b"/" + _name(chance)
        if len(path) < 3000 and not os.path.lexists(path):
            os.mkdir(path)
            folders.append(path)
    for _ in range(chance.randrange(10, 60)):
        path = chance.choice(folders) + b"/" + _name(chance)
        if os.path.lexists(path):
            continue
        kind = chance.randrange(10)
        if kind < 6 or not files:
            Path(os.fsdecode(path)).write_bytes(chance.randbytes(chance.choice(_SIZES)))
            files.append(path)
        elif kind < 8:
            os.link(chance.choice(files), path)
        else:
            parts = [
                chance.choice([_name(chance), b".", b"..", b""]) for _ in range(chance.choice([1, 5, 14]))
            ]
            os.symlink(b"/".join(parts) or b"/", path)


def _expected(root: Path, plan: ImagePlan, column: str) -> dict[str, bytes | str | None]:
    """Return, by the path that the plan gives in a file system, a file's bytes, a symlink's target, or None."""
    given = {name.path: getattr(name, column) for name in plan.names()}
    items: dict[str, bytes | str | None] = {}
    for path in given:
        parts = path[1:].split("/")
        mapped = [given["/" + "/".join(parts[: count + 1])] for count in range(len(parts))]
        place = root / path[1:]
        if None in mapped:
            continue
        key = "/" + "/".join(
            each.removesuffix(";1").removesuffix(".") if column == "iso9660" else each for each in mapped
        )
        assert key not in items
        if not place.is_symlink():
            items[key] = None if place.is_dir() else place.read_bytes()
        elif column == "iso9660":
            items[key] = b""
        else:
            target = os.readlink(place)
            items[key] = "/" * target.startswith("/") + "/".join(filter(None, target.split("/")))
    return items


async def _found(image: Path, file_system: str) -> dict[str, bytes | str | None]:
    items: dict[str, bytes | str | None] = {}
    async with (
        await open_volume(image, file_system=file_system) as volume,
        aclosing(volume.walk()) as entries,
    ):
        async for entry in entries:
            if entry.kind is EntryKind.FILE:
                async with aclosing(volume.read(entry)) as parts:
                    items[entry.path] = b"".join([bytes(part) async for part in parts])
            else:
                items[entry.path] = entry.target
        assert volume.findings == ()
    return items


@pytest.mark.parametrize("seed", range(8))
async def test_what_the_plan_says_is_what_every_reader_finds(tmp_path: Path, seed: int) -> None:
    (tmp_path / "source").mkdir()
    _make(random.Random(seed), tmp_path / "source")
    image = FileSystemImage("RANDOM")
    image.root.add_tree(tmp_path / "source")
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    for file_system, column in (
        ("rockridge", "rock_ridge"),
        ("joliet", "joliet"),
        ("iso9660", "iso9660"),
        ("udf", "udf"),
    ):
        expected = _expected(tmp_path / "source", plan, column)
        found = await _found(tmp_path / "out.iso", file_system)
        if (
            file_system == "udf"
        ):  # names in a symlink's target that UDF cannot hold are changed, with a warning
            expected = {path: "" if isinstance(each, str) else each for path, each in expected.items()}
            found = {path: "" if isinstance(each, str) else each for path, each in found.items()}
            left_out = {path for path in expected if path not in found}
            assert all(expected[path] == "" for path in left_out)
            expected = {path: each for path, each in expected.items() if path not in left_out}
        assert found == expected
