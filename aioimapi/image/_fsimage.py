"""``FileSystemImage``: what is to be on the disc, told before anything is read (IMAPI: IFileSystemImage)."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import IO, Literal

import anyio
import anyio.to_thread
import attrs

from aioimapi.errors import ImageError, ItemNotFoundError
from aioimapi.fs._image_layout import lay_out
from aioimapi.fs._layout import ALL_FILE_SYSTEMS, FileSystem, LayoutOptions
from aioimapi.fs._tree import Directory, walk
from aioimapi.image._content import BytesContent, Content, FileObjectContent, StreamContent
from aioimapi.image._host import printable, source_error
from aioimapi.image._plan import ChangePolicy, ImagePlan
from aioimapi.image._plan_warnings import add_layout_warnings
from aioimapi.image._scan import Scanner, TreePolicy
from aioimapi.image._warnings import WarningLog

FileSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | IO[bytes]
    | AsyncIterable[bytes]
    | Callable[[], AsyncIterable[bytes]]
)

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

        Raises:
            ImageFrozenError: The image was planned.

        IMAPI: IFsiDirectoryItem::AddTree.
        """
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
            ImageError: An async source without its size, or a file object that cannot seek.

        IMAPI: IFsiDirectoryItem::AddFile.
        """
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._image._make(self._directory, folders)
        directory.claim(name)
        path = directory.path.rstrip("/") + "/" + name
        content, known = _content(source, size, stage=stage, path=path)
        if mode is not None:
            mode = stat.S_IFREG | stat.S_IMODE(mode)
        row = directory.add_row(name, known, 0, mode or _FILE_MODE, uid or 0, gid or 0)
        directory.sources[row] = content
        self._image._pend_file(directory, name, _Given(mtime_ns, mode, uid, gid))

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

        IMAPI: IFsiDirectoryItem::AddDirectory.
        """
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._image._make(self._directory, folders)
        directory.claim(name)
        child = Directory(name, directory, mode=stat.S_IFDIR | stat.S_IMODE(mode), mtime_ns=mtime_ns or 0)
        directory.add_directory(child)
        if mtime_ns is None:
            self._image._made.append(child)
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
        time_ns: The volume's time, nanoseconds since 1970 UTC; None takes SOURCE_DATE_EPOCH from the environment, or
            else the time of the plan. With SOURCE_DATE_EPOCH, no time in the image is later than that.

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
        self.volume_name = volume_name
        self.file_systems = frozenset(file_systems)
        self.on_change: ChangePolicy = on_change
        self._epoch_ns = _source_date_epoch()
        self._time_ns = time_ns
        self._root = Directory("", None)
        self._made = [self._root]
        self._pending: list[tuple[Directory, str, TreePolicy]] = []
        self._given: list[tuple[Directory, str, _Given]] = []
        self._follows = False
        self._log = WarningLog()
        self._scanner: Scanner | None = None
        self._plan: ImagePlan | None = None
        self._lock = anyio.Lock()

    @property
    def root(self) -> DirectoryItem:
        """The root directory."""
        return DirectoryItem(self, self._root)

    def _pend(self, directory: Directory, path: str, policy: TreePolicy) -> None:
        self._pending.append((directory, path, policy))
        self._follows = self._follows or policy.symlinks == "follow"

    def _pend_file(self, directory: Directory, name: str, given: _Given) -> None:
        self._given.append((directory, name, given))

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
                await anyio.to_thread.run_sync(self._scan_pending, limiter=anyio.CapacityLimiter(1))

    def _scan_pending(self) -> None:
        if self._scanner is None:
            self._scanner = Scanner(self._log, self._epoch_ns)
        while self._pending:
            directory, path, policy = self._pending[0]
            self._scanner.take_tree(directory, path, policy)
            if directory in self._made:
                self._made.remove(directory)
            self._pending.pop(0)
        while self._given:
            directory, name, given = self._given[0]
            row = directory.get(name)
            if isinstance(row, int):
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
        await self.scan()
        async with self._lock:
            if self._plan is None:
                self._plan = await anyio.to_thread.run_sync(self._make_plan, limiter=anyio.CapacityLimiter(1))
            return self._plan

    def _make_plan(self) -> ImagePlan:
        now = self._default_time()
        for directory in self._made:
            directory.mtime_ns = directory.mtime_ns or now
        has_streams = False
        for directory in walk(self._root):
            directory.sort()
            directory.drop_index()
            directory.frozen = True
            has_streams = has_streams or any(
                isinstance(each, StreamContent) for each in directory.sources.values()
            )
        name = self.volume_name or time.strftime("%Y%m%d_%H%M%S", time.gmtime(now // 1_000_000_000))
        layout = lay_out(self._root, LayoutOptions(name, now, self.file_systems))
        log = self._log
        add_layout_warnings(layout, log)
        return ImagePlan(
            layout,
            log.warnings(),
            on_change=self.on_change,
            follows_symlinks=self._follows,
            clamped=self._epoch_ns is not None,
            has_streams=has_streams,
        )


@attrs.frozen
class _Given:
    """Attributes that the caller gave to a file; None where the host's or the default counts."""

    mtime_ns: int | None
    mode: int | None
    uid: int | None
    gid: int | None

    def take(self, directory: Directory, row: int, scanner: Scanner, default_time: int) -> None:
        """Look at the host's file, if there is one, and fill the row in."""
        source = directory.sources[row]
        mtime = default_time
        if isinstance(source, str):
            try:
                facts = os.stat(source)
            except OSError as error:
                raise source_error(error, source, "read") from error
            if not stat.S_ISREG(facts.st_mode):
                raise ImageError(f"{printable(source)} is no file; add folders by add_tree", path=source)
            if not os.access(source, os.R_OK):
                raise source_error(PermissionError(13, "permission denied"), source, "read")
            directory.sizes[row] = facts.st_size
            mtime = facts.st_mtime_ns
            directory.modes[row] = facts.st_mode if self.mode is None else self.mode
            directory.uids[row] = facts.st_uid if self.uid is None else self.uid
            directory.gids[row] = facts.st_gid if self.gid is None else self.gid
        directory.mtimes[row] = scanner.clamp(
            mtime if self.mtime_ns is None else self.mtime_ns, directory.path_of(row)
        )


def _content(source: FileSource, size: int | None, *, stage: bool, path: str) -> tuple[object, int]:
    """Return what the tree keeps for a source, and its size as far as it is known now."""
    if isinstance(source, (str, os.PathLike)):
        return os.path.abspath(os.fspath(source)), 0
    if isinstance(source, (bytes, bytearray)):
        return BytesContent(bytes(source)), len(source)
    if isinstance(source, AsyncIterable) or callable(source):
        if size is None or size < 0:
            raise ImageError(
                f"{path}: an async source needs its size in bytes, since a disc is laid out first", path=path
            )
        return StreamContent(source, size, stage=stage, path=path), size
    if not source.seekable():
        raise ImageError(
            f"{path}: the file object cannot seek; give its content as an async iterable with a size",
            path=path,
        )
    content = FileObjectContent(source)
    return content, content.measure()


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
    try:
        return int(text) * 1_000_000_000
    except ValueError as error:
        raise ImageError(f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970") from error


__all__ = ("Content", "DirectoryItem", "FileSource", "FileSystemImage", "ImageItem")
