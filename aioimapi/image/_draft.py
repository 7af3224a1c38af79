"""The tree of an image in the making: what was added so far, and what of it is still to be listed."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from typing import Self

import anyio
import anyio.to_thread
import attrs

from aioimapi.errors import ImageError, LocalProtocolError
from aioimapi.fs._times import FIRST_SECOND, LAST_SECOND
from aioimapi.fs._tree import Directory
from aioimapi.image._checkpoint import TreeState
from aioimapi.image._given import GivenAttributes
from aioimapi.image._scan import Scanner, TreePolicy
from aioimapi.image._warnings import WarningLog


@attrs.frozen
class _Point:
    tree: TreeState
    log: WarningLog
    follows: bool
    made: tuple[Directory, ...]
    pending: tuple[tuple[Directory, str, TreePolicy, int], ...]
    given: tuple[tuple[Directory, str, object, GivenAttributes], ...]
    explicit: tuple[tuple[Directory, str], ...]


class Draft:
    """A tree that folders and files are added to; the host is looked at later, by :meth:`scan`.

    Args:
        time_ns: The image's own time, or None for SOURCE_DATE_EPOCH or the time at which it is first needed.
        latest_ns: The latest time that an item may have, or None.

    Attributes:
        root: The root directory.
        scanner: Lists folders, and holds the warnings about them.
        epoch_ns: SOURCE_DATE_EPOCH, or None.
        clamps: Whether later times than some become that one.
        follows: Whether symlinks of any added folder are followed.
        lock: Lets one task at a time list or plan.
        mutex: The same for threads, which go on behind a native ``Task.cancel()`` that ends the wait for them.
    """

    def __init__(self, time_ns: int | None, latest_ns: int | None = None) -> None:
        self.root = Directory("", None)
        self.epoch_ns = _source_date_epoch()
        limits = [each for each in (self.epoch_ns, latest_ns) if each is not None]
        self.clamps = bool(limits)
        self.scanner = Scanner(WarningLog(), min(limits, default=None))
        self.follows = False
        self.lock = anyio.Lock()
        self.mutex = threading.Lock()
        self._time_ns = time_ns
        self._made = [self.root]
        self._pending: deque[tuple[Directory, str, TreePolicy, int]] = deque()
        self._given: deque[tuple[Directory, str, object, GivenAttributes]] = deque()
        self._explicit: list[tuple[Directory, str]] = []
        self._points: dict[int, _Point] = {}
        self._last_point = 0

    @classmethod
    def of_tree(cls, root: Directory, other: Draft) -> Self:
        """Return the draft of a tree that was made of another draft's items, which are all listed."""
        draft = cls(other.default_time())
        draft.root = root
        draft.follows, draft.clamps = other.follows, other.clamps
        draft._made.clear()
        return draft

    def check_idle(self) -> None:
        """Raise LocalProtocolError while a thread works on the tree."""
        if self.mutex.locked():
            raise LocalProtocolError(
                "the image is being listed or planned right now; add to it before that or after"
            )

    def add_tree(self, directory: Directory, path: str, policy: TreePolicy) -> None:
        """Remember a folder of the host that is to come under a directory."""
        self._pending.append((directory, path, policy, len(self._explicit)))
        self.follows = self.follows or policy.symlinks == "follow"

    def add_file(self, directory: Directory, name: str, content: object, given: GivenAttributes) -> None:
        """Remember that a row was added to a directory, and what was given with it."""
        self._given.append((directory, name, content, given))
        self._explicit.append((directory, name))

    def add_directory(self, directory: Directory, mtime_ns: int | None) -> None:
        """Add a directory to its parent."""
        directory.parent.add_directory(directory)
        self._explicit.append((directory.parent, directory.name))
        if mtime_ns is None:
            self._made.append(directory)
        else:
            directory.mtime_ns = self.scanner.clamp(mtime_ns, directory.path)

    def checkpoint(self) -> int:
        """Remember the tree as it is and return the number of that point."""
        self._last_point += 1
        self._points[self._last_point] = _Point(
            TreeState(self.root),
            self.scanner.log.copy(),
            self.follows,
            tuple(self._made),
            tuple(self._pending),
            tuple(self._given),
            tuple(self._explicit),
        )
        return self._last_point

    def rollback(self, number: int) -> None:
        """Make the tree what it was at a point, and forget the points after that.

        Raises:
            ImageError: There is no such point.
        """
        point = self._points.get(number)
        if point is None:
            raise ImageError(
                f"the image has no change point {number} to go back to; it has {list(self._points) or 'none'}"
            )
        point.tree.restore()
        self.scanner.forget_warnings(point.log.copy())
        self.follows = point.follows
        self._made = list(point.made)
        self._pending, self._given = deque(point.pending), deque(point.given)
        self._explicit[:] = point.explicit
        for later in [each for each in self._points if each > number]:
            del self._points[later]

    def lock_in(self) -> None:
        """Forget all points."""
        self._points.clear()

    def make(self, directory: Directory, names: list[str]) -> Directory:
        """Return the directory below another that the names lead to; what is missing is made."""
        for name in names:
            found = directory.get(name)
            if not isinstance(found, Directory):
                directory.claim(name)
                found = Directory(name, directory)
                directory.add_directory(found)
                self._made.append(found)
            directory = found
        return directory

    async def scan(self) -> None:
        """List what was added and not listed yet.

        Raises:
            SourceError: A folder or file cannot be read.

        Cancellation:
            At the end of the listing that runs; folders listed by then stay listed.
        """
        async with self.lock:
            if self._pending or self._given:
                await anyio.to_thread.run_sync(self._scan_alone, limiter=anyio.CapacityLimiter(1))

    def _scan_alone(self) -> None:
        with self.mutex:
            self.take_pending()

    def take_pending(self) -> None:
        """List what was added, in the calling thread, which holds :attr:`mutex`."""
        while self._pending:
            directory, path, policy, later = self._pending[0]
            self.scanner.take_tree(directory, path, policy, frozenset(self._explicit[later:]))
            self._pending.popleft()
        self._explicit.clear()
        while self._given:
            directory, name, content, given = self._given[0]
            row = directory.get(name)
            if isinstance(row, int) and directory.sources.get(row) is content:
                given.take(directory, row, self.scanner, self.default_time())
            self._given.popleft()

    def default_time(self) -> int:
        """Return the image's own time, fixed at the first call."""
        if self._time_ns is None:
            self._time_ns = self.epoch_ns if self.epoch_ns is not None else time.time_ns()
        return self._time_ns

    def date_made_directories(self) -> None:
        """Give the image's own time to the directories that no folder of the host gave one."""
        for directory in self._made:
            if directory.origin is None:
                directory.mtime_ns = self.scanner.clamp(self.default_time(), directory.path)


def _source_date_epoch() -> int | None:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}", text, re.ASCII) or not FIRST_SECOND <= int(text) <= LAST_SECOND:
        raise ImageError(
            f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970 from the years 1900 to 2155"
        )
    return int(text) * 1_000_000_000
