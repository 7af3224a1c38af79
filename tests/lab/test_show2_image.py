"""Real folders as an image: equal under the Linux kernel in each file system, and right to readers by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import oracles
from .command import Names, aioimapi, planned_names
from .compare import Tree, View, differences, take_snapshot, together
from .mounted import ALL_MOUNTS, UDF, walk_image
from .views import changed_without_need, views_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

DOC = Path("/usr/share/doc")
SOURCES = [DOC, *sorted(Path("/usr/lib").glob("python3*"))]


@pytest.fixture(scope="module")
def source(scratch: Path) -> Tree:
    """The sources in one tree, each under its own name."""
    return together(SOURCES, scratch)


@pytest.fixture(scope="module")
def names() -> Names:
    """What the plan says that every name becomes."""
    return planned_names(SOURCES)[0]


@pytest.fixture(scope="module")
def image(scratch: Path, source: Tree) -> Path:
    """The image that the tool makes of them; the sources are looked at first."""
    output = scratch / "x.iso"
    aioimapi("image", *SOURCES, "-o", output)
    return output


def test_nothing_was_renamed_that_a_file_system_could_hold(source: Tree, names: Names) -> None:
    assert changed_without_need(source, names) == []


def test_the_kernel_shows_every_file_equal_in_each_file_system(
    image: Path, source: Tree, names: Names, scratch: Path
) -> None:
    trees, complaints = walk_image(image, ALL_MOUNTS, scratch, timeout_s=300)
    views = views_of(source, names)
    assert complaints == []
    assert differences(source, trees["rock-ridge"], views.rock_ridge) == []
    assert differences(source, trees["joliet"], views.joliet) == []
    assert differences(source, trees["iso9660"], views.iso9660) == []
    assert differences(source, trees["udf"], views.udf) == []


def test_readers_by_others_find_nothing_wrong(image: Path, source: Tree) -> None:
    counts = oracles.counts_of(source)
    assert oracles.xorriso_complaints(image, source) == []
    assert oracles.isoinfo_complaints(image, counts, joliet=True) == []
    assert oracles.isoinfo_complaints(image, counts, joliet=False) == []
    assert oracles.seven_zip_complaints(image, "", counts) == []
    assert oracles.seven_zip_complaints(image, "iso", counts) == []
    assert oracles.bsdtar_complaints(image, {path.decode(errors="surrogateescape") for path in source}) == []
    assert oracles.udfinfo_complaints(image, counts) == []


def test_grub_reads_every_file_equal(image: Path) -> None:
    assert oracles.grub_complaints(image, DOC.parent, [DOC.name]) == []


def test_udf_alone_is_right_to_the_kernel_and_to_readers_by_others(scratch: Path) -> None:
    source = take_snapshot(DOC, scratch / "doc.jsonl")
    links = frozenset(path for path, entry in source.items() if entry.kind == "symlink")
    image = scratch / "udf.iso"
    aioimapi("image", DOC, "-o", image, "--fs", "udf", "--symlinks", "skip")
    trees, complaints = walk_image(image, [UDF], scratch)
    assert complaints == []
    assert (
        differences(source, trees["udf"], View("udf", absent=links, mtime_step_ns=1000, hard_links=True))
        == []
    )
    counts = oracles.counts_of({path: entry for path, entry in source.items() if path not in links})
    assert oracles.seven_zip_complaints(image, "udf", counts) == []
    assert oracles.udfinfo_complaints(image, counts) == []
    folders = sorted(
        path.decode() for path, entry in source.items() if b"/" not in path and entry.kind == "folder"
    )
    assert oracles.grub_complaints(image, DOC, [folder for folder in folders if folder][:100]) == []
