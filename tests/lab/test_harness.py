"""The comparison itself, without a kernel: equal trees have no differences, and each kind of fault is told."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .compare import View, differences, load_tree, rename_all, snapshot_command, take_snapshot
from .hard_tree import SYMLINKS, build

EXACT = View("copy", mtime_step_ns=1, hard_links=True)


def make(root: Path) -> Path:
    """Make a small tree with one of each kind and fixed times."""
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "file").write_bytes(b"bytes" * 1000)
    (root / "empty").touch()
    os.link(root / "folder" / "file", root / "twin")
    os.symlink(b"folder/\xff", os.fsencode(root / "link"))
    for path in (root / "folder" / "file", root / "empty", root / "folder", root / "link", root):
        os.utime(path, ns=(0, 1_600_000_000_123_456_789), follow_symlinks=False)
    return root


def change_bytes(root: Path) -> None:
    status = (root / "folder" / "file").stat()
    with (root / "folder" / "file").open("r+b") as file:
        file.seek(4096)
        file.write(b"X")
    os.utime(root / "folder" / "file", ns=(0, status.st_mtime_ns))


def change_target(root: Path) -> None:
    (root / "link").unlink()
    os.symlink("folder", root / "link")
    os.utime(root / "link", ns=(0, 1_600_000_000_123_456_789), follow_symlinks=False)


def tear_links(root: Path) -> None:
    (root / "twin").unlink()
    (root / "twin").write_bytes(b"bytes" * 1000)
    os.utime(root / "twin", ns=(0, 1_600_000_000_123_456_789))


def turn_into_folder(root: Path) -> None:
    (root / "empty").unlink()
    (root / "empty").mkdir()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "bytes": (change_bytes, "digest is"),
    "target": (change_target, "target is"),
    "links": (tear_links, "are one file in the source and 2 in the view"),
    "kind": (turn_into_folder, "is a folder"),
    "missing": (lambda root: (root / "empty").unlink(), "b'empty' is missing"),
    "more": (lambda root: (root / "folder" / "more").touch(), "b'folder/more' is in no source"),
    "mode": (lambda root: (root / "empty").chmod(0o600), "mode is '0o600'"),
    "time": (lambda root: os.utime(root / "empty", ns=(0, 1_600_000_000_123_456_788)), "mtime_ns is"),
    "shorter": (lambda root: os.truncate(root / "twin", 10), "size is 10, expected 5000"),
}


def test_equal_trees_have_no_differences(tmp_path: Path) -> None:
    source = take_snapshot(make(tmp_path / "a"), tmp_path / "a.jsonl")
    shown = take_snapshot(make(tmp_path / "b"), tmp_path / "b.jsonl")
    assert set(source) == {b"", b"folder", b"folder/file", b"empty", b"twin", b"link"}
    assert source[b"link"].target == b"folder/\xff"
    assert differences(source, shown, EXACT) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told(tmp_path: Path, fault: str) -> None:
    source = take_snapshot(make(tmp_path / "a"), tmp_path / "a.jsonl")
    change, expected = FAULTS[fault]
    change(make(tmp_path / "b"))
    shown = take_snapshot(tmp_path / "b", tmp_path / "b.jsonl")
    assert any(expected in line for line in differences(source, shown, EXACT))


def test_a_view_without_symlinks_and_with_other_names(tmp_path: Path) -> None:
    source = take_snapshot(make(tmp_path / "a"), tmp_path / "a.jsonl")
    make(tmp_path / "b")
    (tmp_path / "b" / "link").unlink()
    (tmp_path / "b" / "folder" / "file").rename(tmp_path / "b" / "folder" / "FILE.")
    (tmp_path / "b" / "folder").rename(tmp_path / "b" / "FOLDER")
    names = {(b"", b"folder"): b"FOLDER", (b"folder", b"file"): b"FILE."}
    view = View("iso", renamed=rename_all(source, lambda folder, name: names.get((folder, name), name)))
    shown = take_snapshot(tmp_path / "b", tmp_path / "b.jsonl")
    assert any("b'link' is missing" in line for line in differences(source, shown, view))
    without = View("iso", renamed=view.renamed, symlinks="absent", mtime_step_ns=None)
    assert differences(source, shown, without) == []


def test_a_sparse_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with (tmp_path / "a" / "sparse").open("wb") as file:
        file.truncate(70 << 20)
        file.seek(65 << 20)
        file.write(b"island")
    digest = hashlib.sha256(bytes(65 << 20) + b"island" + bytes((5 << 20) - 6)).hexdigest()[:32]
    entry = take_snapshot(tmp_path / "a", tmp_path / "a.jsonl")[b"sparse"]
    assert (entry.size, entry.digest) == (70 << 20, digest)
    assert entry.sample


def test_a_sample_tells_a_fault_in_a_big_folder_or_file_and_lists_all(tmp_path: Path) -> None:
    for root in ("a", "b"):
        (tmp_path / root).mkdir()
        for number in range(2100):
            (tmp_path / root / f"{number}").write_bytes(b"x")
        with (tmp_path / root / "big").open("wb") as file:
            file.truncate(65 << 20)
            file.seek((65 << 20) - 5)
            file.write(root.encode() * 5)
    (tmp_path / "b" / "77").unlink()
    sample = snapshot_command(str(tmp_path / "b"), tmp_path / "b.jsonl", sample=True)
    subprocess.run(sample, shell=True, check=True)
    found = differences(
        take_snapshot(tmp_path / "a", tmp_path / "a.jsonl"),
        load_tree(tmp_path / "b.jsonl"),
        View("b", mtime_step_ns=None),
    )
    assert "b: b'77' is missing (expected at b'77')" in found
    assert all("b'77'" in line or "b'big': sample" in line for line in found)


def test_the_hard_tree_is_deep_wide_and_over_every_path_limit(tmp_path: Path) -> None:
    build(tmp_path / "hard", big=False, files_in_one_folder=50)
    tree = take_snapshot(tmp_path / "hard", tmp_path / "hard.jsonl")
    assert max(path.count(b"/") for path in tree) == 301
    assert max(map(len, tree)) > 4096
    assert {len(path.rpartition(b"/")[2]) for path in tree if path.startswith(b"lengths/")} == set(
        range(1, 256)
    )
    assert {
        path.rpartition(b"/")[2]: tree[path].target for path in tree if tree[path].kind == "symlink"
    } == SYMLINKS
    assert not [path for path, entry in tree.items() if entry.kind == "unreadable"]
