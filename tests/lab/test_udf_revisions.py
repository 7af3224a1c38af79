"""Each revision of UDF, alone and as a bridge: equal under the Linux kernel, right to readers by others and to ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from aioimapi.fs.read import EntryKind
from aioimapi.image import open_volume

from . import oracles
from .command import Names, aioimapi, planned_names
from .compare import Tree, differences, load_tree, take_snapshot
from .hard_tree import UDF_EXTENT, build
from .kernel import in_kernel
from .mounted import ROCK_RIDGE, Mount, kernel_complaints, mount_commands
from .views import changed_without_need, udf_lacks, views_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

LEFT_OUT = frozenset({b"links/fifo"})
REVISIONS = ("1.50", "2.00", "2.01", "2.50", "2.60")
WITH_METADATA_PARTITION = ("2.50", "2.60")
ALONE = Mount("alone", "udf", "iocharset=utf8")
BRIDGE = Mount("bridge", "udf", "iocharset=utf8")


@pytest.fixture(scope="module")
def root(scratch: Path) -> Path:
    """The hard tree, smaller, and a file of two extents."""
    folder = scratch / "hard"
    build(folder, big=False, files_in_one_folder=1500, depth=60)
    with (folder / "two-extents").open("wb") as file:
        file.truncate(UDF_EXTENT + 1)
        for position in (0, UDF_EXTENT - 5, UDF_EXTENT):
            file.seek(position)
            file.write(b"seam!"[: UDF_EXTENT + 1 - position])
    return folder


@pytest.fixture(scope="module")
def source(root: Path, scratch: Path) -> Tree:
    """What is in it."""
    return take_snapshot(root, scratch / "hard.jsonl")


@pytest.fixture(scope="module")
def names(root: Path) -> Names:
    """What the plan says that every name becomes."""
    return planned_names([root])[0]


@pytest.fixture(scope="module", params=REVISIONS)
def images(request: pytest.FixtureRequest, root: Path, source: Tree, scratch: Path) -> tuple[str, Path, Path]:
    """A revision, its image alone, and its bridge."""
    revision: str = request.param
    alone, bridge = scratch / "alone.iso", scratch / "bridge.iso"
    for path in (alone, bridge):
        path.unlink(missing_ok=True)
    aioimapi("image", root, "-o", alone, "--udf-revision", revision, "--fs", "udf")
    aioimapi("image", root, "-o", bridge, "--udf-revision", revision)
    return revision, alone, bridge


def test_the_kernel_shows_every_file_equal(
    images: tuple[str, Path, Path], source: Tree, names: Names, scratch: Path
) -> None:
    _, alone, bridge = images
    views = views_of(source, names, LEFT_OUT)
    assert changed_without_need(source, names) == []
    commands = "\n".join(
        (
            mount_commands("/dev/ubdb", [ALONE], scratch, sample=True),
            mount_commands("/dev/ubdc", [BRIDGE, ROCK_RIDGE], scratch, sample=True),
        )
    )
    run = in_kernel(commands, images=[alone, bridge], timeout_s=300)
    assert kernel_complaints(run.output) == []
    for mount, view in ((ALONE, views.udf), (BRIDGE, views.udf), (ROCK_RIDGE, views.rock_ridge)):
        assert differences(source, load_tree(scratch / f"{mount.name}.jsonl"), view) == [], mount.name


def test_readers_by_others_tell_the_revision_and_find_nothing_wrong(
    images: tuple[str, Path, Path], root: Path, source: Tree
) -> None:
    revision, alone, bridge = images
    counts = oracles.counts_of(source, without=LEFT_OUT | udf_lacks(source))
    for image in (alone, bridge):
        assert oracles.udfinfo_complaints(image, counts, revision=revision) == []
        told = subprocess.run(
            ["blkid", "-p", "-o", "export", image], capture_output=True, text=True, check=True
        )
        assert f"VERSION={revision}" in told.stdout or "TYPE=iso9660" in told.stdout
        if revision not in WITH_METADATA_PARTITION:  # GRUB knows no metadata partition
            assert oracles.grub_complaints(image, root, ["sizes", "odd", "empty", "deep-short"]) == []
    assert oracles.xorriso_complaints(bridge, source) == []


def test_seven_zip_takes_the_same_files_out(
    images: tuple[str, Path, Path], root: Path, scratch: Path
) -> None:
    """It refuses a volume with a symlink, so it gets a tree without."""
    revision = images[0]
    image, output = scratch / "plain.iso", scratch / "out"
    image.unlink(missing_ok=True)
    places = ["sizes", "odd", "lengths"]
    aioimapi(
        "image", *(root / place for place in places), "-o", image, "--udf-revision", revision, "--fs", "udf"
    )
    done = subprocess.run(
        ["7zz", "x", "-tudf", f"-o{output}", image], capture_output=True, text=True, timeout=100, check=False
    )
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Everything is Ok" in done.stdout
        assert "WARNINGS" not in done.stdout + done.stderr
        same = subprocess.run(
            ["diff", "-r", output / "sizes", root / "sizes"], capture_output=True, check=False
        )
        assert same.returncode == 0, same.stdout
        for place in places:
            assert len(os.listdir(output / place)) == len(os.listdir(root / place))
    finally:
        subprocess.run(["rm", "-rf", output], check=True)


def test_our_reader_reads_it_equal(images: tuple[str, Path, Path], source: Tree) -> None:
    _, alone, bridge = images
    for image in (alone, bridge):
        assert anyio.run(_findings_of_equal, image, source) == ()


def test_the_mirror_serves_where_the_metadata_is_damaged(
    images: tuple[str, Path, Path], source: Tree, names: Names, scratch: Path
) -> None:
    revision, alone, _ = images
    if revision not in WITH_METADATA_PARTITION:
        return
    with alone.open("r+b") as file:
        file.seek(320 * 2048)
        file.write(b"\xaa" * (2048 * 600))  # the file set, the root, and what follows
    said = anyio.run(_findings_of_equal, alone, source)
    assert said
    assert all("mirror" in sentence for sentence in said)
    with alone.open("r+b") as file:
        file.seek(288 * 2048)
        file.write(bytes(2048))  # the metadata file's entry
    said = anyio.run(_findings_of_equal, alone, source)
    assert said
    assert all("metadata file" in sentence for sentence in said)
    in_kernel(mount_commands("/dev/ubdb", [ALONE], scratch, sample=True), images=[alone], timeout_s=200)
    view = views_of(source, names, LEFT_OUT).udf
    assert differences(source, load_tree(scratch / "alone.jsonl"), view) == []


async def _findings_of_equal(image: Path, source: Tree) -> tuple[str, ...]:
    """Compare what our reader reads with the source, and return what it found wrong with the image."""
    kinds = {"file": EntryKind.FILE, "folder": EntryKind.DIRECTORY, "symlink": EntryKind.SYMLINK}
    async with await open_volume(image, file_system="udf") as volume:
        seen = 0
        async with aclosing(volume.walk()) as entries:
            async for entry in entries:
                there = source.get(entry.path.lstrip("/").encode("utf-8", "surrogateescape"))
                if there is None:
                    continue  # renamed in UDF: the kernel's trees are compared with that in mind
                seen += 1
                assert entry.kind is kinds[there.kind], entry.path
                assert entry.mode == there.mode or there.kind == "symlink", entry.path
                if there.kind == "file":
                    assert entry.size == there.size, entry.path
                    if entry.size < 1 << 20:
                        digest = hashlib.sha256()
                        async with aclosing(volume.read(entry)) as chunks:
                            async for chunk in chunks:
                                digest.update(chunk)
                        assert digest.hexdigest()[:32] == there.digest, entry.path
        assert seen > 2000
        return volume.findings
