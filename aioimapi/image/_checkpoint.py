"""Change points: what a tree in the making held at a moment, to go back to (IMAPI: RollbackToChangePoint).

A point keeps copies of the columns, some 45 bytes for each file that was listed by then; folders that were added and
not listed yet cost nothing. Directories stay the same objects, so that whoever holds one goes on with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from aioimapi.fs._tree import Directory, walk

_KEPT: Final = tuple(slot for slot in Directory.__slots__ if slot not in {"_index", "frozen"})


class TreeState:
    """All directories of a tree, named streams included, as they are now."""

    def __init__(self, root: Directory) -> None:
        self._directories = [(each, _values(each)) for each in _all(root)]
        self._extras = [
            (extras, extras.real_time, extras.streams)
            for directory, _ in self._directories
            for extras in directory.extras.values()
        ]

    def restore(self) -> None:
        """Make the directories what they were; may be called again."""
        for directory, values in self._directories:
            for slot, value in values.items():
                setattr(directory, slot, _copy(value))
            directory.drop_index()
        for extras, real_time, streams in self._extras:
            extras.real_time, extras.streams = real_time, streams


def _all(root: Directory) -> Iterator[Directory]:
    for directory in walk(root):
        yield directory
        for extras in directory.extras.values():
            if extras.streams is not None:
                yield extras.streams


def _values(directory: Directory) -> dict[str, object]:
    return {slot: _copy(getattr(directory, slot)) for slot in _KEPT}


def _copy(value: object) -> object:
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    return value[:] if isinstance(value, array) else value
