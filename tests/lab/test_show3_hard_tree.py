"""What file systems and their writers get wrong, in one tree: built, mounted, equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import oracles
from .command import Names, Outcome, aioimapi, planned_names
from .compare import Tree, differences, take_snapshot
from .hard_tree import UDF_EXTENT, build
from .mounted import ISO, JOLIET, ROCK_RIDGE, UDF, walk_image
from .views import changed_without_need, udf_lacks, views_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

LEFT_OUT = frozenset({b"links/fifo"})


@pytest.fixture(scope="module")
def root(scratch: Path) -> Path:
    """The hard tree, 5 GiB file and all."""
    folder = scratch / "hard"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def source(root: Path, scratch: Path) -> Tree:
    """What is in it."""
    return take_snapshot(root, scratch / "hard.jsonl")


@pytest.fixture(scope="module")
def planned(root: Path) -> tuple[Names, Outcome]:
    """What the plan says that every name becomes, and its warnings."""
    return planned_names([root])


@pytest.fixture(scope="module")
def image(root: Path, scratch: Path, source: Tree) -> Path:
    """The image that the tool makes of it."""
    output = scratch / "hard.iso"
    aioimapi("image", root, "-o", output)
    return output


def test_the_plan_changes_no_name_without_need_and_tells_of_each_change(
    source: Tree, planned: tuple[Names, Outcome]
) -> None:
    names, outcome = planned
    assert changed_without_need(source, names) == []
    warnings = outcome.warnings()
    changed = {
        file_system: sum(path.rpartition(b"/")[2] != new for path, new in mapped.items())
        for file_system, mapped in names.items()
    }
    told = {event["kind"]: event["count"] for event in outcome.events if event["event"] == "warning"}
    assert told["renamed in Rock Ridge"] == changed["rock_ridge"]
    assert told["renamed in Joliet"] == changed["joliet"]
    assert told["renamed in UDF"] == changed["udf"]
    assert [path for paths in warnings.values() for path in paths if path.endswith("links/fifo")]


def test_rock_ridge_and_udf_are_equal_to_the_source(
    image: Path, source: Tree, planned: tuple[Names, Outcome], scratch: Path
) -> None:
    trees, complaints = walk_image(image, [ROCK_RIDGE, UDF], scratch, timeout_s=500)
    views = views_of(source, planned[0], LEFT_OUT)
    assert complaints == []
    assert differences(source, trees["rock-ridge"], views.rock_ridge) == []
    assert differences(source, trees["udf"], views.udf) == []
    for size in (UDF_EXTENT - 1, UDF_EXTENT, UDF_EXTENT + 1, 5 << 30):
        assert trees["udf"][b"big/%#x" % size].size == size


def test_joliet_and_plain_iso_9660_have_the_same_files(
    image: Path, source: Tree, planned: tuple[Names, Outcome], scratch: Path
) -> None:
    trees, complaints = walk_image(image, [JOLIET, ISO], scratch, timeout_s=500, sample=True)
    views = views_of(source, planned[0], LEFT_OUT)
    assert complaints == []
    assert differences(source, trees["joliet"], views.joliet) == []
    assert differences(source, trees["iso9660"], views.iso9660) == []


def test_readers_by_others_find_nothing_wrong(image: Path, source: Tree) -> None:
    counts = oracles.counts_of(source, without=LEFT_OUT | udf_lacks(source))
    assert oracles.xorriso_complaints(image, source) == []
    assert oracles.udfinfo_complaints(image, counts) == []
    # 7-Zip and isoinfo give up on 300 levels, bsdtar prints names that are no UTF-8 in its own way
    places = ["sizes", "odd", "empty", "deep-short", f"big/{UDF_EXTENT + 1:#x}"]
    assert oracles.grub_complaints(image, image.parent / "hard", places) == []
