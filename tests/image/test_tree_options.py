"""What a folder is taken in without, and with which attributes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aioimapi.errors import ImageError
from aioimapi.image import FileSystemImage, ImagePlan

pytestmark = pytest.mark.anyio

PATTERNS = ["*.o", "!keep.o", "/build/", "cache", "docs/*.tmp", r"\#odd", "# a comment", ""]


def _folder(base: Path) -> Path:
    folder = base / "tree"
    for name in (
        "main.c",
        "main.o",
        "keep.o",
        "build/out.bin",
        "src/build/kept.txt",
        "src/cache/x",
        "cache",
        "docs/a.tmp",
        "docs/deep/b.tmp",
        "#odd",
        "a comment",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    return folder


def _paths(plan: ImagePlan) -> set[str]:
    return {file.path for file in plan.files()}


async def test_patterns_leave_out_what_git_ignores(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    image = FileSystemImage("PATTERNS")
    image.root.add_tree(folder, exclude=PATTERNS)
    kept = {path[1:] for path in _paths(await image.plan())}
    (folder / ".gitignore").write_text("\n".join(PATTERNS) + "\n")
    git = ["git", "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
    told = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    assert kept == set(told.stdout.decode().split("\0")) - {"", ".gitignore"}
    assert kept == {"main.c", "keep.o", "src/build/kept.txt", "docs/deep/b.tmp", "a comment"}


async def test_patterns_are_of_the_folder_wherever_it_goes_in_the_image(tmp_path: Path) -> None:
    image = FileSystemImage("ELSEWHERE")
    image.root.add_directory("there").add_tree(_folder(tmp_path), exclude=["/build/"])
    paths = _paths(await image.plan())
    assert "/there/src/build/kept.txt" in paths
    assert "/there/build/out.bin" not in paths


async def test_one_pattern_may_be_given_alone(tmp_path: Path) -> None:
    image = FileSystemImage("ALONE")
    image.root.add_tree(_folder(tmp_path), exclude="*.o")
    assert "/keep.o" not in _paths(await image.plan())


async def test_what_is_excluded_is_not_looked_at(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to("nowhere")
    image = FileSystemImage("UNSEEN")
    image.root.add_tree(folder, exclude=["pipe", "dangling"], special="error", symlinks="follow")
    plan = await image.plan()
    assert plan.warnings == ()


async def test_a_pattern_for_folders_leaves_out_a_followed_link_and_not_a_kept_one(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "file").write_bytes(b"1")
    (folder / "link").symlink_to("real")
    for symlinks, there in (("follow", False), ("keep", True)):
        image = FileSystemImage("LINKS")
        image.root.add_tree(folder, exclude=["link/"], symlinks=symlinks)  # type: ignore[arg-type]
        found = await image.root.find("link")
        assert (found is not None) is there


async def test_names_that_are_no_utf_8_are_matched(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "tree")
    os.mkdir(folder)
    for name in (b"\xff.o", b"\xff.c"):
        with open(folder + b"/" + name, "wb"):
            pass
    image = FileSystemImage("BYTES")
    image.root.add_tree(os.fsdecode(folder), exclude=["*.o"])
    assert _paths(await image.plan()) == {"/" + os.fsdecode(b"\xff.c")}


async def test_a_pattern_without_sense_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="makes no sense"):
        FileSystemImage("BAD").root.add_tree(tmp_path, exclude=["!"])


async def test_a_missing_package_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pathspec", None)
    image = FileSystemImage("WITHOUT")
    with pytest.raises(ImageError, match=r"pip install 'aioimapi\[exclude\]'"):
        image.root.add_tree(tmp_path, exclude=["*.o"])
    image.root.add_tree(tmp_path)


async def test_owner_group_and_modes_take_the_place_of_the_hosts(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "main.c").chmod(0o4755)
    (folder / "link").symlink_to("main.c")
    (folder / "twin").hardlink_to(folder / "main.o")
    image = FileSystemImage("OWNED")
    image.root.add_tree(folder, uid=1000, gid=0, file_mode=0o444, directory_mode=0o555)
    plan = await image.plan()
    items = {item.path: item async for item in image.root.walk()}
    assert {(item.uid, item.gid) for item in items.values()} == {(1000, 0)}
    assert items["/main.c"].mode == 0o100444
    assert items["/src/build"].mode == 0o40555
    assert items["/link"].mode == os.lstat(folder / "link").st_mode
    root = plan.layout.directories[0]
    assert (root.mode, root.uid, root.gid) == (0o40555, 1000, 0)


async def test_without_overrides_the_hosts_attributes_stay(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    image = FileSystemImage("HOST")
    image.root.add_tree(folder, gid=7)
    found = await image.root.find("main.c")
    facts = (folder / "main.c").stat()
    assert found is not None
    assert (found.mode, found.uid, found.gid) == (facts.st_mode, facts.st_uid, 7)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"uid": -1}, "uid is -1, not from 0 to 4294967295"),
        ({"gid": 2**32}, "gid is 4294967296"),
        ({"file_mode": 0o10000}, "file_mode is 10000, not from 0 to 7777"),
        ({"directory_mode": -1}, "directory_mode is -1"),
    ],
)
async def test_numbers_that_no_file_system_holds_are_refused(
    tmp_path: Path, given: dict[str, int], told: str
) -> None:
    with pytest.raises(ImageError, match=told):
        FileSystemImage("NUMBERS").root.add_tree(tmp_path, **given)  # type: ignore[arg-type]


async def test_no_time_is_later_than_the_latest(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    early, late, latest = 10**18, 16 * 10**17, 12 * 10**17
    for name, when in (("main.c", early), ("main.o", late), ("src", late)):
        os.utime(folder / name, ns=(when, when))
    image = FileSystemImage("CLAMPED", time_ns=late, latest_ns=latest)
    image.root.add_tree(folder)
    image.root.add_file("given", b"", mtime_ns=late)
    image.root.add_file("made/late", b"")
    image.root.add_file("early", b"", mtime_ns=early)
    plan = await image.plan()
    times = {item.path: item.mtime_ns async for item in image.root.walk()}
    assert times["/main.c"] == times["/early"] == early
    assert times["/main.o"] == times["/src"] == times["/given"] == times["/made"] == latest
    assert max(times.values()) == latest
    assert plan.warnings == ()
    async with plan.reader() as reader:
        await reader.readinto(0, memoryview(bytearray(plan.size)))
    assert plan.findings == ()  # a changed time is no sign of a changed file


def test_a_latest_time_that_discs_do_not_know_is_refused() -> None:
    with pytest.raises(ImageError, match="latest_ns is"):
        FileSystemImage("TIME", latest_ns=2**63)
