"""Each revision of UDF, alone and as a bridge: equal under the Linux kernel, right to readers by others and to ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from aioimapi.fs import FileSystem, last_sector
from aioimapi.fs.read import EntryKind
from aioimapi.image import FileSystemImage, open_volume

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


def test_udfclient_lists_every_name(images: tuple[str, Path, Path], root: Path, scratch: Path) -> None:
    """It aborts on names of 255 bytes, so it gets a tree without."""
    image = scratch / "plain.iso"
    image.unlink(missing_ok=True)
    places = [root / "sizes", root / "deep-short"]
    aioimapi("image", *places, "-o", image, "--udf-revision", images[0], "--fs", "udf")
    said = subprocess.run(
        ["udfdump", "-t", "-b", "2048", image], capture_output=True, timeout=100, check=True
    )
    listed = {line[9:].decode() for line in said.stdout.splitlines() if line.startswith(b":Rootdir/")}
    assert listed == {
        str(path.relative_to(root)) for place in places for path in place.rglob("*") if path.is_file()
    }


def test_the_kernel_reads_files_with_streams_and_real_time_files(scratch: Path) -> None:
    images = []
    for revision in REVISIONS:
        image = scratch / f"streams-{revision}.iso"
        anyio.run(_image_with_streams, image, revision)
        images.append(image)
    lines = []
    for letter in "bcdef":
        lines += [
            f"folder=$(mount-image /dev/ubd{letter} udf)",
            'echo $(stat -c "%n %s %h" "$folder"/* | sed "s,.*/,,") $(sha256sum < "$folder/film")',
            'umount "$folder"',
        ]
    run = in_kernel("\n".join(lines), images=images, timeout_s=100)
    digest = hashlib.sha256(b"film" * 5000).hexdigest()
    found = [line.split(" ", 6)[:7] for line in run.output.splitlines() if line.startswith("film")]
    # a file's stream directory counts as a link (ECMA-167 4/8.8.3)
    expected = [["film", "20000", links, "plain", "5", "1", digest] for links in "12222"]
    assert [[*line[:6], line[6].split()[0]] for line in found] == expected


async def _image_with_streams(output: Path, revision: str) -> None:
    image = FileSystemImage("STREAMS", file_systems=[FileSystem.UDF], udf_revision=revision)
    image.root.add_file("film", b"film" * 5000)
    image.root.add_file("plain", b"plain")
    await image.root.add_stream("film", "author", b"somebody")
    await image.root.set_real_time("film")
    await (await image.plan()).save(output)


@pytest.mark.parametrize(("revision", "extents"), [("2.01", 500), ("2.50", 300)])
def test_the_kernel_reads_a_file_whose_descriptors_go_on_behind_its_entry(
    revision: str, extents: int, scratch: Path
) -> None:
    """Hundreds of gigabytes, sparse in the source as in the image."""
    source, image = scratch / "huge", scratch / "huge.iso"
    with source.open("wb") as file:
        file.truncate(extents * UDF_EXTENT)
    seams = (0, 1, 112, 113, 114, 228, 229, extents - 1)
    anyio.run(_sparse_image, source, image, revision, seams)
    commands = ["folder=$(mount-image /dev/ubdb udf)", 'stat -c "size %s" "$folder/huge"']
    commands += [
        f'dd if="$folder/huge" bs=1 count=12 skip={seam * UDF_EXTENT} iflag=skip_bytes status=none; echo'
        for seam in seams
    ]
    try:
        run = in_kernel("\n".join(commands), images=[image], timeout_s=100)
    finally:
        image.unlink()
        source.unlink()
    assert run.output.splitlines()[-len(seams) - 1 :] == [
        f"size {extents * UDF_EXTENT}",
        *(f"extent {seam:05}" for seam in seams),
    ]


async def _sparse_image(source: Path, output: Path, revision: str, seams: Sequence[int]) -> None:
    image = FileSystemImage("HUGE", file_systems=[FileSystem.UDF], udf_revision=revision)
    image.root.add_file("huge", source)
    plan = await image.plan()
    layout = plan.layout
    with output.open("wb") as file:
        file.truncate(plan.size)
        for region in (*layout.regions, *layout.tail):
            sectors = bytearray(region.count * 2048)
            region.render(region.start, memoryview(sectors))
            file.seek(region.start * 2048)
            file.write(sectors)
        file.seek(-2048, os.SEEK_END)
        file.write(last_sector(layout))
        for seam in seams:
            file.seek(layout.extents.rows[0][0] * 2048 + seam * UDF_EXTENT)
            file.write(b"extent %05d" % seam)


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
