"""Compares a mounted tree with the tree that it was made from, as one view (one file system of the image) shows it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

NOTHING = hashlib.sha256().hexdigest()[:32]
SNAPSHOT = Path(__file__).with_name("snapshot.py")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree, as :mod:`snapshot` wrote it down."""

    kind: str
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    mtime_ns: int = 0
    links: int = 1
    inode: int = 0
    size: int = 0
    digest: str = ""
    sample: str = ""
    target: bytes = b""
    error: str = ""


Tree = dict[bytes, Entry]


def load_tree(snapshot: Path) -> Tree:
    """Read what :mod:`snapshot` wrote; a path shown twice is an error of the tree that was walked."""
    tree: Tree = {}
    with snapshot.open(encoding="ascii") as lines:
        for line in lines:
            values: dict[str, Any] = json.loads(line)
            path = values.pop("path").encode("latin-1")
            if "target" in values:
                values["target"] = values["target"].encode("latin-1")
            if "owner" in values:
                values["owner"] = tuple(values["owner"])
            if path in tree and tree[path].kind != "listed":
                raise AssertionError(f"{path!r} is listed twice")
            tree[path] = Entry(**values)
    return tree


def take_snapshot(root: Path, output: Path) -> Tree:
    """Walk a tree on this machine."""
    subprocess.run([sys.executable, "-I", "-S", str(SNAPSHOT), str(root), str(output)], check=True)
    return load_tree(output)


def together(folders: Sequence[Path], scratch: Path) -> Tree:
    """Walk several folders, each as an entry under its own name, without a root."""
    whole: Tree = {}
    for folder in folders:
        name = os.fsencode(folder.name)
        for path, entry in take_snapshot(folder, scratch / "folder.jsonl").items():
            whole[name + b"/" + path if path else name] = entry
    return whole


def snapshot_command(folder: str, output: Path, *, sample: bool = False) -> str:
    """Return the shell command that walks a tree under the lab's kernel."""
    return f"{Path(sys.executable).resolve()} -I -S {SNAPSHOT} {folder} {output}{' sample' if sample else ''}"


@dataclass(frozen=True)
class View:
    """What one file system, read by the kernel, can show of a tree.

    Attributes:
        name: For messages.
        renamed: Source path -> path in the view, where they differ.
        absent: Source paths that this view does not have, by stated policy.
        ignored: Paths in the view that the kernel's own limits keep from being looked at.
        symlinks: Symlinks are ``kept``, ``absent``, or ``empty`` files.
        target_of: What a symlink's target is in this view.
        modes: A mask of the permission bits that are kept; 0 for none.
        owners: Numbers of owner and group are kept.
        mtime_step_ns: Times are kept, rounded down to this; None: not compared.
        mtime_end_s: Times from this second on are not compared (the kernel reads them wrongly).
        hard_links: Names of one file in the source are one file in the view.
    """

    name: str
    renamed: Mapping[bytes, bytes] = field(default_factory=dict)
    absent: frozenset[bytes] = frozenset()
    ignored: frozenset[bytes] = frozenset()
    symlinks: Literal["kept", "absent", "empty"] = "kept"
    target_of: Callable[[bytes], bytes] = bytes
    modes: int = 0o7777
    owners: bool = True
    mtime_step_ns: int | None = 1_000_000_000
    mtime_end_s: int | None = None
    hard_links: bool = False

    def path_of(self, path: bytes) -> bytes:
        """Say where an entry of the source must be; the names given hold for a folder's entries as well."""
        return self.renamed.get(path, path)

    def shows(self, path: bytes, entry: Entry) -> bool:
        """Say whether an entry of the source must be in the view."""
        return path not in self.absent and (self.symlinks != "absent" or entry.kind != "symlink")


def differences(source: Tree, shown: Tree, view: View) -> list[str]:
    """Compare a mounted tree with its source; the roots too, where the source has one.

    Returns:
        A sentence for each difference, in the order of the source; empty where the trees are equal.
    """
    found: list[str] = []
    expected = {view.path_of(path): path for path, entry in source.items() if view.shows(path, entry)}
    if len(expected) != sum(view.shows(path, entry) for path, entry in source.items()):
        found.append(f"{view.name}: the stated mapping gives one path to several entries")
    for where, path in expected.items():
        entry = shown.get(where)
        if where in view.ignored:
            continue
        if entry is None:
            found.append(f"{view.name}: {path!r} is missing (expected at {where!r})")
        else:
            found.extend(f"{view.name}: {path!r}: {text}" for text in _unlike(source[path], entry, view))
    found.extend(
        f"{view.name}: {where!r} is in no source"
        for where in shown
        if where and where not in expected and where not in view.ignored
    )
    if view.hard_links:
        found.extend(_torn_links(source, shown, view))
    return found


def _unlike(source: Entry, shown: Entry, view: View) -> list[str]:
    unlike: list[tuple[str, object, object]] = []
    if shown.kind == "listed":
        return []
    if source.kind == "symlink" and view.symlinks == "empty":
        source = replace(source, kind="file", size=0, digest=NOTHING)
    if shown.kind != source.kind:
        return [f"is a {shown.kind} {shown.error}, expected a {source.kind}"]
    if source.kind == "file":
        unlike += [("size", source.size, shown.size), ("sample", source.sample, shown.sample)]
        if shown.digest or not shown.sample:
            unlike.append(("digest", source.digest, shown.digest))
    if source.kind == "symlink":
        unlike.append(("target", view.target_of(source.target), shown.target))
    elif view.modes:
        unlike.append(("mode", oct(source.mode & view.modes), oct(shown.mode & view.modes)))
    if view.owners:
        unlike.append(("owner", source.owner, shown.owner))
    if view.mtime_step_ns is not None and not (
        view.mtime_end_s is not None and source.mtime_ns >= view.mtime_end_s * 1_000_000_000
    ):
        rounded = source.mtime_ns // view.mtime_step_ns * view.mtime_step_ns
        unlike.append(("mtime_ns", rounded, shown.mtime_ns))
    return [f"{name} is {has!r}, expected {wanted!r}" for name, wanted, has in unlike if has != wanted]


def _torn_links(source: Tree, shown: Tree, view: View) -> list[str]:
    groups: defaultdict[int, list[bytes]] = defaultdict(list)
    for path, entry in source.items():
        if entry.kind == "file" and entry.links > 1 and view.shows(path, entry):
            groups[entry.inode].append(path)
    torn = []
    for paths in groups.values():
        inodes = {shown[view.path_of(path)].inode for path in paths if view.path_of(path) in shown}
        if len(inodes) > 1:
            torn.append(f"{view.name}: {paths!r} are one file in the source and {len(inodes)} in the view")
    return torn


def rename_all(source: Tree, new_name: Callable[[bytes, bytes], bytes]) -> dict[bytes, bytes]:
    """Turn a mapping of names (of folder and name to name) into one of whole paths.

    Args:
        source: The source tree, folders before what is in them.
        new_name: Given the source's folder path and the name in it, the name in the view.
    """
    renamed: dict[bytes, bytes] = {b"": b""}
    for path in source:
        if not path:
            continue
        folder, _, name = path.rpartition(b"/")
        inside = renamed.get(folder, folder)
        name = new_name(folder, name)
        renamed[path] = inside + b"/" + name if inside else name
    return renamed
