"""Grafts one tree onto another: how a folder that was listed comes into an image that may hold things already."""

from __future__ import annotations

from collections.abc import Callable, Container

from aioimapi.fs._tree import Directory

Note = Callable[[str, str], None]
"""Takes what happened, in words, and the path that it happened to."""

Kept = Container[tuple[Directory, str]]


def graft(target: Directory, fresh: Directory, kept: Kept, note: Note) -> None:
    """Take the attributes and the content of a tree into another, whose nodes and rows it hands over.

    Args:
        target: The directory that takes; nothing of it is lost but what ``fresh`` has under the same name. Two
            directories of one name merge.
        fresh: The root of the tree that is taken. It is not used any more.
        kept: Pairs of a directory and a name in it that stay as they are, whatever ``fresh`` has there.
        note: Told of each item that gave way.
    """
    _take_attributes(target, fresh)
    pending = [(target, fresh)]
    while pending:
        into, other = pending.pop()
        if not into.names and not into.directories:
            into.adopt(other)
            continue
        pending += _merge(into, other, kept, note)


def _take_attributes(into: Directory, other: Directory) -> None:
    into.mode, into.uid, into.gid, into.mtime_ns = other.mode, other.uid, other.gid, other.mtime_ns


def _merge(into: Directory, other: Directory, kept: Kept, note: Note) -> list[tuple[Directory, Directory]]:
    """Merge one directory and return the pairs of subdirectories that are to be merged as well."""
    lost: set[str] = set()

    def wins(name: str) -> bool:
        path = f"{into.path.rstrip('/')}/{name}"
        if (into, name) in kept:
            note("left out for what was added later under its name", path)
            return False
        note("replaced by an entry of a folder that was added later", path)
        lost.add(name)
        return True

    rows = [row for row, name in enumerate(other.names) if into.get(name) is None or wins(name)]
    merging: list[tuple[Directory, Directory]] = []
    added: list[Directory] = []
    for child in other.directories:
        found = into.get(child.name)
        if isinstance(found, Directory):
            if (into, child.name) not in kept:
                _take_attributes(found, child)
            merging.append((found, child))
        elif found is None or wins(child.name):
            added.append(child)
    into.discard(lost)
    into.extend(other, rows)
    for child in added:
        child.parent = into
        into.add_directory(child)
    return merging
