"""What a plan says of symlinks that UDF cannot keep as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aioimapi.image import FileSystemImage, open_volume

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (b"x" * 254, True),
        (
            b"x" * 255,
            False,
        ),  # a component has 254 bytes of name beside its compression identifier (UDF 2.3.4.3)
        (b"a/" + b"x" * 255 + b"/b", False),
        ("é".encode() * 127, True),
        ("名".encode() * 85, False),
        (b"caf\xe9", False),
    ],
)
async def test_a_target_that_changes_in_udf_is_warned_of_and_whole_in_rock_ridge(
    tmp_path: Path, target: bytes, kept: bool
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    os.symlink(target, os.fsencode(source / "link"))
    image = FileSystemImage("LINKS")
    image.root.add_tree(source)
    plan = await image.plan()
    warned = [warning for warning in plan.warnings if "target of a symlink changed in UDF" in str(warning)]
    assert bool(warned) is not kept
    for kind in ("rockridge", "udf"):
        async with await open_volume(plan, file_system=kind) as volume:
            found = (await volume.find("/link")).target
        assert found is not None
        assert (os.fsencode(found) == target) is (kept or kind == "rockridge")
    async with await open_volume(plan) as volume:
        await volume.extract(tmp_path / "out")
    assert os.readlink(os.fsencode(tmp_path / "out" / "link")) == target
