"""Each set of file systems that can be chosen: the kernel finds what was asked for, equal, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from . import oracles
from .command import aioimapi, planned_names
from .compare import Tree, differences, load_tree, take_snapshot
from .hard_tree import build
from .kernel import in_kernel
from .mounted import ISO, JOLIET, ROCK_RIDGE, UDF, Mount, kernel_complaints, mount_commands
from .views import udf_lacks, views_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

SUBSETS: dict[str, tuple[Mount, ...]] = {
    "iso9660": (ISO,),
    "iso9660,joliet": (ISO, JOLIET),
    "iso9660,rockridge": (ISO, ROCK_RIDGE),
    "iso9660,udf": (ISO, UDF),
    "iso9660,joliet,udf": (JOLIET, UDF),
    "udf": (UDF,),
}
LEFT_OUT = frozenset({b"links/fifo"})


@pytest.fixture(scope="module")
def root(scratch: Path) -> Path:
    """The hard tree in small."""
    build(scratch / "tree", big=False, files_in_one_folder=200, depth=30)
    return scratch / "tree"


@pytest.fixture(scope="module")
def source(root: Path, scratch: Path) -> Tree:
    """What is in it."""
    return take_snapshot(root, scratch / "tree.jsonl")


@pytest.fixture(scope="module")
def said(root: Path, scratch: Path, source: Tree) -> str:
    """Make an image of each set, and mount them all in one boot."""
    commands = []
    images = []
    for number, (subset, mounts) in enumerate(SUBSETS.items()):
        images.append(scratch / f"{subset.replace(',', '-')}.iso")
        aioimapi("image", root, "-o", images[-1], "--fs", subset)
        (scratch / subset).mkdir()
        commands.append(mount_commands(f"/dev/ubd{'bcdefg'[number]}", mounts, scratch / subset))
    return in_kernel("\n".join(commands), images=images, timeout_s=200).output


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_chosen_file_systems_are_equal_to_the_source(
    subset: str, said: str, root: Path, source: Tree, scratch: Path
) -> None:
    names, _ = planned_names([root], "--fs", subset)
    views = views_of(source, names, LEFT_OUT)
    plain = views.iso9660 if "rockridge" in subset else replace(views.iso9660, symlinks="absent")
    for mount in SUBSETS[subset]:
        view = {ROCK_RIDGE: views.rock_ridge, JOLIET: views.joliet, UDF: views.udf, ISO: plain}[mount]
        assert differences(source, load_tree(scratch / subset / f"{mount.name}.jsonl"), view) == []
    assert kernel_complaints(said) == []


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.usefixtures("said")
def test_readers_by_others_find_nothing_wrong(subset: str, source: Tree, scratch: Path) -> None:
    image = scratch / f"{subset.replace(',', '-')}.iso"
    counts = oracles.counts_of(source, without=LEFT_OUT | udf_lacks(source))
    if "iso9660" in subset:
        assert oracles.xorriso_complaints(image, source) == []
    if "udf" in subset:
        assert oracles.udfinfo_complaints(image, counts) == []
