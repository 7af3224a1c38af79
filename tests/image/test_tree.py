"""The tree in the making: what wins on equal names, what a failure leaves, which arguments are refused."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aioimapi.errors import ImageError, ImageTooLargeError, LocalProtocolError, SourceError
from aioimapi.fs import FileSystem
from aioimapi.image import FileSystemImage, ImagePlan
from aioimapi.image._scan import Scanner

pytestmark = pytest.mark.anyio


def _sizes(plan: ImagePlan) -> dict[str, int]:
    return {file.path: file.size for file in plan.files()}


async def test_what_was_added_later_wins_over_a_folder_that_is_listed_later_still(tmp_path: Path) -> None:
    (tmp_path / "kind").mkdir()
    (tmp_path / "name").write_bytes(b"of the folder")
    (tmp_path / "other").write_bytes(b"of the folder")
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "below").write_bytes(b"b")
    image = FileSystemImage("LATER")
    image.root.add_file("other", b"before")
    image.root.add_tree(tmp_path)
    image.root.add_file("name", b"after", mtime_ns=5)
    image.root.add_file("kind", b"a file")
    image.root.add_directory("both", mode=0o700)
    plan = await image.plan()
    assert _sizes(plan) == {"/name": 5, "/kind": 6, "/other": 13, "/both/below": 1}
    both = await image.root.find("both")
    assert both is not None
    assert both.mode & 0o777 == 0o700
    assert {warning.kind: warning.examples for warning in plan.warnings} == {
        "replaced by an entry of a folder that was added later": ("/other",),
        "left out for what was added later under its name": ("/name", "/kind"),
    }


async def test_a_listing_that_failed_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "file").write_bytes(b"1")
    (source / "link").symlink_to("file")
    os.mkfifo(source / "a" / "pipe")
    image = FileSystemImage("AGAIN")
    image.root.add_file("mine", b"")
    image.root.add_tree(source, special="error", symlinks="skip")
    with pytest.raises(SourceError, match="pipe"):
        await image.plan()
    (source / "a" / "pipe").unlink()
    plan = await image.plan()
    assert [(warning.kind, warning.count) for warning in plan.warnings] == [("symlink left out", 1)]
    assert _sizes(plan) == {"/file": 1, "/mine": 0}


async def test_a_folder_added_twice_is_taken_once_in_linear_time(tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / f"{number}").touch()
    image = FileSystemImage("TWICE")
    image.root.add_tree(tmp_path)
    image.root.add_tree(tmp_path)
    plan = await image.plan()  # some ten seconds when each name was taken out for itself
    replaced = sum(warning.count for warning in plan.warnings if "added later" in warning.kind)
    assert (plan.file_count, replaced) == (5_000, 5_000)


async def test_a_plan_that_failed_does_not_freeze() -> None:
    def huge() -> AsyncIterator[bytes]:
        raise AssertionError("nothing is read")

    image = FileSystemImage("HUGE")
    image.root.add_file("huge", huge, size=2**40)
    with pytest.raises(ImageTooLargeError):
        await image.plan()
    await image.root.remove("huge")
    assert (await image.plan()).file_count == 0


@pytest.mark.parametrize("owner", [-1, 2**32])
async def test_an_owner_that_no_file_system_holds_is_refused_before_anything_changes(owner: int) -> None:
    image = FileSystemImage("OWNER")
    with pytest.raises(ImageError, match="not from 0 to 4294967295"):
        image.root.add_file("a", b"1", uid=owner)
    with pytest.raises(ImageError, match="not from 0 to 4294967295"):
        image.root.add_file("a", b"1", gid=owner)
    image.root.add_file("b", b"22", uid=7)
    assert _sizes(await image.plan()) == {"/b": 2}


async def test_policies_and_times_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    root = FileSystemImage("X").root
    wrong: Any = "folow"
    for policy in ("symlinks", "special", "unreadable", "hard_links"):
        with pytest.raises(ImageError, match=f"{policy} is 'folow', not one of"):
            root.add_tree(tmp_path, **{policy: wrong})
    with pytest.raises(ImageError, match="on_change is 'folow'"):
        FileSystemImage("X", on_change=wrong)
    with pytest.raises(ImageError, match="1900 to 2155"):
        FileSystemImage("X", time_ns=2**63)


@pytest.mark.parametrize("text", ["yesterday", " 12", "1_0", "1e9", "٣", "9" * 11, "9" * 400])
async def test_source_date_epoch_must_be_a_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(ImageError, match="SOURCE_DATE_EPOCH"):
        FileSystemImage("X")


async def test_source_date_epoch_holds_for_folders_with_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    image = FileSystemImage("X")
    image.root.add_directory("late", mtime_ns=5_000_000_000_000)
    item = await image.root.find("late")
    assert item is not None
    assert item.mtime_ns == 1_000_000_000_000


async def test_a_file_with_a_given_time_was_not_modified(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(4096))
    image = FileSystemImage("DATED")
    image.root.add_file("file", tmp_path / "file", mtime_ns=5)
    plan = await image.plan()
    await plan.save(tmp_path / "out.iso")
    assert plan.findings == ()


async def test_a_file_that_tells_no_size_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "uptime").symlink_to("/proc/uptime")
    image = FileSystemImage("PROC")
    image.root.add_file("status", "/proc/self/status")
    image.root.add_tree(tmp_path, symlinks="follow")
    (told,) = (await image.plan()).warnings
    assert told.kind == "file that tells no size taken as empty"
    assert told.examples == (f"{tmp_path}/uptime", "/proc/self/status")


async def test_bytes_of_every_kind_and_volume_names_without_control_characters() -> None:
    image = FileSystemImage("a\nb\0")
    image.root.add_file("view", memoryview(b"123"))
    plan = await image.plan()
    assert _sizes(plan) == {"/view": 3}
    assert plan.volume_names == {
        FileSystem.ISO9660: "A_B_",
        FileSystem.JOLIET: "a_b_",
        FileSystem.UDF: "a_b_",
    }
    with pytest.raises(LocalProtocolError, match="chunks of -1 sectors"):
        await anext(plan.chunks(chunk_sectors=-1))


async def test_a_native_cancel_leaves_one_listing_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend_name: str
) -> None:
    if anyio_backend_name != "asyncio":
        return  # trio has no cancel that goes past a thread
    (tmp_path / "file").write_bytes(b"1")
    running, go, count = threading.Event(), threading.Event(), 0
    take_tree = Scanner.take_tree

    def slow(*arguments: Any) -> None:
        nonlocal count
        count += 1
        running.set()
        go.wait(5)
        take_tree(*arguments)

    monkeypatch.setattr(Scanner, "take_tree", slow)
    image = FileSystemImage("CANCEL")
    image.root.add_tree(tmp_path)
    task = asyncio.create_task(image.plan())
    await asyncio.to_thread(running.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(LocalProtocolError, match="listed or planned right now"):
        image.root.add_file("more", b"")
    second = asyncio.create_task(image.plan())
    await asyncio.sleep(0.01)
    go.set()
    plan = await second
    assert (count, _sizes(plan), plan.warnings) == (1, {"/file": 1}, ())
