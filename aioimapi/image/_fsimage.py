"""``FileSystemImage``: what is to be on the disc, told before anything is read (IMAPI: IFileSystemImage)."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import AsyncIterator, Iterable
from typing import Literal, get_args

import anyio
import anyio.to_thread
import attrs

from aioimapi.errors import ImageError, ItemNotFoundError, LocalProtocolError
from aioimapi.fs._image_layout import lay_out
from aioimapi.fs._layout import ALL_FILE_SYSTEMS, FileSystem, LayoutOptions
from aioimapi.fs._times import FIRST_SECOND, LAST_SECOND
from aioimapi.fs._tree import Directory, walk
from aioimapi.image._content import StreamContent
from aioimapi.image._given import FileSource, GivenAttributes, content_of
from aioimapi.image._plan import ChangePolicy, ImagePlan
from aioimapi.image._plan_warnings import add_layout_warnings
from aioimapi.image._scan import Scanner, TreePolicy
from aioimapi.image._warnings import WarningLog

_FILE_MODE = stat.S_IFREG | 0o644


@attrs.frozen
class ImageItem:
    """An item of the tree, as it is now (IMAPI: IFsiItem).

    Attributes:
        path: Its path in the image.
        kind: What it is.
        size: Bytes of a file, 0 for others.
        mtime_ns: Modification time, nanoseconds since 1970 UTC.
        mode: Type and permissions, as ``st_mode``.
        uid: Owner.
        gid: Group.
        symlink: The target of a symlink.
    """

    path: str
    kind: Literal["file", "directory", "symlink"]
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    symlink: str | None = None


class DirectoryItem:
    """A directory of an image (IMAPI: IFsiDirectoryItem). Made by :class:`FileSystemImage`."""

    def __init__(self, image: FileSystemImage, directory: Directory) -> None:
        self._image = image
        self._directory = directory

    @property
    def path(self) -> str:
        """Its path in the image."""
        return self._directory.path

    def add_tree(
        self,
        path: str | os.PathLike[str],
        *,
        symlinks: Literal["keep", "follow", "skip"] = "keep",
        special: Literal["skip", "error"] = "skip",
        unreadable: Literal["error", "skip"] = "error",
        hard_links: Literal["keep", "copy"] = "keep",
    ) -> None:
        """Take in what a folder of the host holds; it is listed when the image is planned or searched.

        Args:
            path: The folder. Its contents, not the folder itself, come under this directory.
            symlinks: ``keep`` them as symlinks (ISO 9660 and Joliet alone have none: left out there, with a warning),
                ``follow`` them, or ``skip`` them with a warning. Followed loops are left out with a warning.
            special: Devices, sockets and pipes: ``skip`` them with a warning, or ``error``.
            unreadable: What may not be read: ``error``, or ``skip`` it with a warning.
            hard_links: ``keep`` them as names of one file, or ``copy`` the data for each name.

        Where the image has an item of the same name, the one that was added later stays, with a warning; folders
        merge.

        Raises:
            ImageFrozenError: The image was planned.
            ImageError: One of the policies is none of those above.
            LocalProtocolError: Another task is listing or planning the image right now.

        IMAPI: IFsiDirectoryItem::AddTree.
        """
        self._image._check_idle()
        self._directory.check_open()
        policy = TreePolicy(symlinks, special, unreadable, hard_links)
        self._image._pend(self._directory, os.path.abspath(os.fspath(path)), policy)

    def add_file(
        self,
        name: str,
        source: FileSource,
        *,
        size: int | None = None,
        stage: bool = False,
        mtime_ns: int | None = None,
        mode: int | None = None,
        uid: int | None = None,
        gid: int | None = None,
    ) -> None:
        """Add a file.

        Args:
            name: Its name, or a path below this directory, whose directories are made.
            source: A path of the host (looked at when the image is planned), bytes, a seekable binary file object
                (kept open by the caller until the last reading), an async iterable of bytes (read once), or a function
                that returns a fresh async iterable (read as often as needed).
            size: Bytes of an async source; it must deliver just as many.
            stage: Allow a temporary copy on disk of an async source that can be read once.
            mtime_ns: Modification time; from the host's file, else the image's own time.
            mode: Permission bits; from the host's file, else 0644.
            uid: Owner; from the host's file, else 0.
            gid: Group; from the host's file, else 0.

        Raises:
            ImageFrozenError: The image was planned.
            DuplicateNameError: The name is taken.
            NameNotRepresentableError: No file system holds such a name.
            ImageError: An async source without its size, a file object that cannot seek, or an owner or group that is
                no 32-bit number.
            LocalProtocolError: Another task is listing or planning the image right now.

        IMAPI: IFsiDirectoryItem::AddFile.
        """
        self._image._check_idle()
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._image._make(self._directory, folders)
        directory.claim(name)
        path = directory.path.rstrip("/") + "/" + name
        if mode is not None:
            mode = stat.S_IFREG | stat.S_IMODE(mode)
        given = GivenAttributes(mtime_ns, mode, uid, gid)
        given.check(path)
        content, known = content_of(source, size, stage=stage, path=path)
        row = directory.add_row(name, known, 0, mode or _FILE_MODE, uid or 0, gid or 0)
        directory.sources[row] = content
        self._image._given.append((directory, name, content, given))
        self._image._explicit.append((directory, name))

    def add_directory(self, name: str, *, mtime_ns: int | None = None, mode: int = 0o755) -> DirectoryItem:
        """Add an empty directory and return it; a path makes the directories on its way.

        Args:
            name: Its name, or a path below this directory.
            mtime_ns: Modification time; the image's own time where None.
            mode: Permission bits.

        Raises:
            ImageFrozenError: The image was planned.
            DuplicateNameError: The name is taken.
            NameNotRepresentableError: No file system holds such a name.
            LocalProtocolError: Another task is listing or planning the image right now.

        IMAPI: IFsiDirectoryItem::AddDirectory.
        """
        self._image._check_idle()
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._image._make(self._directory, folders)
        directory.claim(name)
        child = Directory(name, directory, mode=stat.S_IFDIR | stat.S_IMODE(mode))
        directory.add_directory(child)
        if mtime_ns is None:
            self._image._made.append(child)
        else:
            child.mtime_ns = self._image._scanner.clamp(mtime_ns, child.path)
        self._image._explicit.append((directory, name))
        return DirectoryItem(self._image, child)

    async def find(self, path: str) -> ImageItem | None:
        """Return the item at a path below this directory, or None.

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        await self._image.scan()
        found = _resolve(self._directory, path)
        if found is None:
            return None
        directory, row = found
        return _item(directory, row)

    async def walk(self) -> AsyncIterator[ImageItem]:
        """Yield every item below this directory, directories before what they hold.

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed, and at each item.
        """
        await self._image.scan()
        for directory in walk(self._directory):
            if directory is not self._directory:
                yield _item(directory, None)
            for row in range(len(directory.names)):
                yield _item(directory, row)

    async def remove(self, path: str) -> None:
        """Take an item out, a directory with all that is in it (IMAPI: Remove, RemoveTree).

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such item.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; the item is still there.
        """
        self._directory.check_open()
        await self._image.scan()
        found = _resolve(self._directory, path)
        if found is None or found == (self._directory, None):
            raise ItemNotFoundError(f"{self.path} has no item {path!r} that could be removed", path=path)
        directory, row = found
        if row is None:
            directory.parent.remove(directory.name)
        else:
            directory.remove(directory.names[row])


class FileSystemImage:
    """An image to be: a tree of what it is to hold, and how (IMAPI: IFileSystemImage).

    Args:
        volume_name: The volume's name; empty gives the date and time of the plan, as in IMAPI.
        file_systems: Which file systems it carries; by default ISO 9660, Joliet, Rock Ridge and UDF 1.02, all pointing
            to the same data.
        on_change: What to do when a file shrinks, grows or vanishes between plan and reading: ``error``, or ``pad``
            it with zeros (or cut it) to the planned size and say so in the findings.
        time_ns: The volume's time, nanoseconds since 1970 UTC, from the years 1900 to 2155; None takes
            SOURCE_DATE_EPOCH from the environment, or else the time of the plan. With SOURCE_DATE_EPOCH, no time of an
            item is later than that.

    Raises:
        ImageError: An argument, or SOURCE_DATE_EPOCH, is none of those above.

    Attributes:
        root: The root directory.
    """

    def __init__(
        self,
        volume_name: str = "",
        *,
        file_systems: Iterable[FileSystem] = ALL_FILE_SYSTEMS,
        on_change: ChangePolicy = "error",
        time_ns: int | None = None,
    ) -> None:
        if on_change not in get_args(ChangePolicy):
            raise ImageError(f"on_change is {on_change!r}, not one of {', '.join(get_args(ChangePolicy))}")
        if time_ns is not None and not FIRST_SECOND <= time_ns // 1_000_000_000 <= LAST_SECOND:
            raise ImageError(f"time_ns is {time_ns}, and discs know the years 1900 to 2155 only")
        self.volume_name = volume_name
        self.file_systems = frozenset(file_systems)
        self.on_change: ChangePolicy = on_change
        self._epoch_ns = _source_date_epoch()
        self._time_ns = time_ns
        self._root = Directory("", None)
        self._made = [self._root]
        self._pending: list[tuple[Directory, str, TreePolicy, int]] = []
        self._given: list[tuple[Directory, str, object, GivenAttributes]] = []
        self._explicit: list[tuple[Directory, str]] = []
        self._follows = False
        self._scanner = Scanner(WarningLog(), self._epoch_ns)
        self._plan: ImagePlan | None = None
        self._lock = anyio.Lock()
        # Threads go on behind a native Task.cancel(), which ends the wait for them and with it the lock above.
        self._mutex = threading.Lock()

    @property
    def root(self) -> DirectoryItem:
        """The root directory."""
        return DirectoryItem(self, self._root)

    def _check_idle(self) -> None:
        if self._mutex.locked():
            raise LocalProtocolError(
                "the image is being listed or planned right now; add to it before that or after"
            )

    def _pend(self, directory: Directory, path: str, policy: TreePolicy) -> None:
        self._pending.append((directory, path, policy, len(self._explicit)))
        self._follows = self._follows or policy.symlinks == "follow"

    def _make(self, directory: Directory, names: list[str]) -> Directory:
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
        """List the folders that were added and not listed yet. ``plan``, ``find``, ``walk`` and ``remove`` call it.

        Raises:
            SourceError: A folder or file cannot be read.

        Cancellation:
            At the end of the listing that runs; folders listed by then stay listed.
        """
        async with self._lock:
            if self._pending or self._given:
                await anyio.to_thread.run_sync(self._scan_alone, limiter=anyio.CapacityLimiter(1))

    def _scan_alone(self) -> None:
        with self._mutex:
            self._scan_pending()

    def _scan_pending(self) -> None:
        while self._pending:
            directory, path, policy, later = self._pending[0]
            self._scanner.take_tree(directory, path, policy, frozenset(self._explicit[later:]))
            self._pending.pop(0)
        self._explicit.clear()
        while self._given:
            directory, name, content, given = self._given[0]
            row = directory.get(name)
            if isinstance(row, int) and directory.sources.get(row) is content:
                given.take(directory, row, self._scanner, self._default_time())
            self._given.pop(0)

    def _default_time(self) -> int:
        if self._time_ns is None:
            self._time_ns = self._epoch_ns if self._epoch_ns is not None else time.time_ns()
        return self._time_ns

    async def plan(self) -> ImagePlan:
        """Fix the image: list what was added, place every file, name every name (IMAPI: CreateResultImage).

        Returns:
            The plan, a source of sectors. The tree is frozen from now on; a second call gives the same plan.

        Raises:
            SourceError: A folder or file cannot be read.
            ImageTooLargeError: A file or the image passes what the chosen file systems can address.
            TooManyDirectoriesError: More directories than ISO 9660 can hold.
            NameNotRepresentableError: A name has no free variant in a file system.
            ImageError: The set of file systems makes no sense.

        Cancellation:
            At the end of the step that runs (listing or placing); may be repeated.
        """
        async with self._lock:
            if self._plan is not None:
                return self._plan
            return await anyio.to_thread.run_sync(self._plan_alone, limiter=anyio.CapacityLimiter(1))

    def _plan_alone(self) -> ImagePlan:
        with self._mutex:
            if self._plan is None:
                self._scan_pending()
                self._plan = self._make_plan()
            return self._plan

    def _make_plan(self) -> ImagePlan:
        now = self._default_time()
        for directory in self._made:
            if directory.origin is None:
                directory.mtime_ns = now
        has_streams = False
        for directory in walk(self._root):
            directory.sort()
            directory.drop_index()
            has_streams = has_streams or any(
                isinstance(each, StreamContent) for each in directory.sources.values()
            )
        name = self.volume_name or time.strftime("%Y%m%d_%H%M%S", time.gmtime(now // 1_000_000_000))
        layout = lay_out(self._root, LayoutOptions(name, now, self.file_systems))
        log = self._scanner.log.copy()
        add_layout_warnings(layout, log)
        for directory in layout.directories:
            directory.frozen = True
        return ImagePlan(
            layout,
            log.warnings(),
            on_change=self.on_change,
            follows_symlinks=self._follows,
            clamped=self._epoch_ns is not None,
            has_streams=has_streams,
        )


def _resolve(directory: Directory, path: str) -> tuple[Directory, int | None] | None:
    parts = [part for part in path.split("/") if part]
    for number, part in enumerate(parts):
        found = directory.get(part)
        if isinstance(found, Directory):
            directory = found
        elif found is not None and number == len(parts) - 1:
            return directory, found
        else:
            return None
    return directory, None


def _item(directory: Directory, row: int | None) -> ImageItem:
    if row is None:
        return ImageItem(
            directory.path, "directory", 0, directory.mtime_ns, directory.mode, directory.uid, directory.gid
        )
    target = directory.symlinks.get(row)
    return ImageItem(
        directory.path_of(row),
        "file" if target is None else "symlink",
        directory.sizes[row],
        directory.mtimes[row],
        directory.modes[row],
        directory.uids[row],
        directory.gids[row],
        target,
    )


def _source_date_epoch() -> int | None:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}", text, re.ASCII) or not FIRST_SECOND <= int(text) <= LAST_SECOND:
        raise ImageError(
            f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970 from the years 1900 to 2155"
        )
    return int(text) * 1_000_000_000


__all__ = ("DirectoryItem", "FileSource", "FileSystemImage", "ImageItem")
