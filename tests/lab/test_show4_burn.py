"""A folder burned to a drive by others, through the kernel's /dev/sr0, on both event loops; read back and equal."""

from __future__ import annotations

import os
import random
import shlex
from pathlib import Path

import pytest

from .command import AIOIMAPI, Names, Outcome, aioimapi, parse_outcome, planned_names
from .compare import Tree, differences, load_tree, take_snapshot
from .hard_tree import build
from .kernel import in_kernel
from .mounted import ROCK_RIDGE, UDF, kernel_complaints, mount_commands
from .views import views_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

LOOPS = {"asyncio": "/dev/sr0", "trio": "/dev/sr1"}
EPOCH = "4102444800"
"""SOURCE_DATE_EPOCH, so that an image made elsewhere has the same bytes; after every file's time: none is cut."""

STEPS = """
export SOURCE_DATE_EPOCH={epoch}
{aioimapi} burn {folder} --drive {drive} --verify full --loop {loop} --json > {loop}-burn.jsonl
{aioimapi} media {drive} --loop {loop} --json > {loop}-media.jsonl
{aioimapi} read {drive} -o {loop}.iso --loop {loop} --json > {loop}-read.jsonl
mkdir {loop}
{mounts}
"""


@pytest.fixture(scope="module")
def folder(scratch: Path) -> Path:
    """The hard tree without its big files, and something that takes some hundred bursts."""
    root = scratch / "folder"
    build(root, big=False, files_in_one_folder=300, depth=40)
    (root / "long.bin").write_bytes(random.Random("long").randbytes(48 << 20))
    for path in [*root.rglob("*"), root]:  # the lab's kernel shows this machine's files with whole seconds
        os.utime(path, ns=(0, path.lstat().st_mtime_ns // 10**9 * 10**9), follow_symlinks=False)
    return root


@pytest.fixture(scope="module")
def source(folder: Path, scratch: Path) -> Tree:
    """What is in it."""
    return take_snapshot(folder, scratch / "source.jsonl")


@pytest.fixture(scope="module")
def names(folder: Path) -> Names:
    """What the plan says that every name becomes."""
    return planned_names([folder])[0]


@pytest.fixture(scope="module")
def image(folder: Path, scratch: Path, source: Tree) -> bytes:
    """The image of the folder, made on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        aioimapi("image", folder, "-o", scratch / "expected.iso")
    return (scratch / "expected.iso").read_bytes()


@pytest.fixture(scope="module")
def said(scratch: Path, folder: Path, source: Tree) -> str:
    """One boot: two drives of tgt, one burned on each event loop, read back and mounted."""
    steps = [
        STEPS.format(
            epoch=EPOCH,
            aioimapi=AIOIMAPI,
            folder=shlex.quote(str(folder)),
            drive=drive,
            loop=loop,
            mounts=mount_commands(drive, [ROCK_RIDGE, UDF], scratch / loop),
        )
        for loop, drive in LOOPS.items()
    ]
    run = in_kernel(
        f"tgt-dvd {scratch}/disc {len(LOOPS)}\n" + "".join(steps), folder=scratch, timeout_s=300, check=False
    )
    assert run.status == 0, run.output
    return run.output


def outcome(scratch: Path, loop: str, step: str) -> Outcome:
    """Read what the tool said under the kernel."""
    return parse_outcome(0, (scratch / f"{loop}-{step}.jsonl").read_text())


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.usefixtures("said")
def test_the_report_says_written_and_verified(scratch: Path, loop: str, image: bytes) -> None:
    burn = outcome(scratch, loop, "burn")
    assert burn.result["exit_code"] == 0
    assert burn.result["error"] is None
    (drive,) = burn.result["result"]["drives"]
    report = drive["report"]
    assert report["written"] is True
    assert report["verified"] is True
    assert report["sectors"] == len(image) // 2048


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.usefixtures("said")
def test_reading_the_disc_gives_the_bytes_of_the_image(scratch: Path, loop: str, image: bytes) -> None:
    read = (scratch / f"{loop}.iso").read_bytes()
    assert len(read) == len(image)
    assert read == image


@pytest.mark.parametrize("loop", LOOPS)
def test_the_kernel_mounts_the_disc_and_the_files_are_equal(
    scratch: Path, said: str, loop: str, source: Tree, names: Names
) -> None:
    views = views_of(source, names, frozenset({b"links/fifo"}))
    assert kernel_complaints(said) == []
    assert differences(source, load_tree(scratch / loop / "rock-ridge.jsonl"), views.rock_ridge) == []
    assert differences(source, load_tree(scratch / loop / "udf.jsonl"), views.udf) == []
