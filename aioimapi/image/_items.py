"""Items of an image: what the tree holds, as values, and directories to add to."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterable
from typing import Literal

import attrs

from aioimapi.errors import ItemNotFoundError
from aioimapi.fs._tree import Directory, FileExtras, walk
from aioimapi.image._draft import Draft
from aioimapi.image._exclude import Exclusions
from aioimapi.image._given import FileSource, GivenAttributes, content_of
from aioimapi.image._scan import TreePolicy

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
        hidden: Whether it is marked as hidden.
    """

    path: str
    kind: Literal["file", "directory", "symlink"]
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    symlink: str | None = None
    hidden: bool = False


@attrs.frozen
class ItemCount:
    """What is below a directory.

    Attributes:
        files: Files; each name of a hard-linked one counts.
        directories: Directories, the one that was asked not counted.
        symlinks: Symlinks.
        size: Bytes of all files; those of a hard-linked one count for each name.
    """

    files: int
    directories: int
    symlinks: int
    size: int


class DirectoryItem:
    """A directory of an image (IMAPI: IFsiDirectoryItem). Made by :class:`FileSystemImage`."""

    def __init__(self, draft: Draft, directory: Directory) -> None:
        self._draft = draft
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
        exclude: Iterable[str] = (),
        uid: int | None = None,
        gid: int | None = None,
        file_mode: int | None = None,
        directory_mode: int | None = None,
    ) -> None:
        """Take in what a folder of the host holds; it is listed when the image is planned or searched.

        Args:
            path: The folder. Its contents, not the folder itself, come under this directory.
            symlinks: ``keep`` them as symlinks (ISO 9660 and Joliet alone have none: left out there, with a warning),
                ``follow`` them, or ``skip`` them with a warning. Followed loops are left out with a warning.
            special: Devices, sockets and pipes: ``skip`` them with a warning, or ``error``.
            unreadable: What may not be read: ``error``, or ``skip`` it with a warning.
            hard_links: ``keep`` them as names of one file, or ``copy`` the data for each name.
            exclude: Patterns of what is left out, as lines of a ``.gitignore`` in the folder: ``*.o``, ``/build/``,
                ``!keep.o``. What is excluded is not looked at. They need the package pathspec (``aioimapi[exclude]``).
            uid: Owner of all that is taken in, the folder's own included; None for the host's.
            gid: Group of the same.
            file_mode: Permission bits of the files; None for the host's.
            directory_mode: Permission bits of the directories, the folder's own included; None for the host's.

        Where the image has an item of the same name, the one that was added later stays, with a warning; folders
        merge.

        Raises:
            ImageFrozenError: The image was planned.
            ImageError: One of the policies is none of those above, a number is no such number, a pattern makes no
                sense, or pathspec is not installed.
            LocalProtocolError: Another task is listing or planning the image right now.

        IMAPI: IFsiDirectoryItem::AddTree.
        """
        self._draft.check_idle()
        self._directory.check_open()
        folder = os.path.abspath(os.fspath(path))
        patterns = (exclude,) if isinstance(exclude, str) else tuple(exclude)
        exclusions = Exclusions(patterns, folder) if patterns else None
        policy = TreePolicy(
            symlinks, special, unreadable, hard_links, exclusions, uid, gid, file_mode, directory_mode
        )
        self._draft.add_tree(self._directory, folder, policy)

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
        self._draft.check_idle()
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._draft.make(self._directory, folders)
        directory.claim(name)
        path = directory.path.rstrip("/") + "/" + name
        if mode is not None:
            mode = stat.S_IFREG | stat.S_IMODE(mode)
        given = GivenAttributes(mtime_ns, mode, uid, gid)
        given.check(path)
        content, known = content_of(source, size, stage=stage, path=path)
        row = directory.add_row(name, known, 0, mode or _FILE_MODE, uid or 0, gid or 0)
        directory.sources[row] = content
        self._draft.add_file(directory, name, content, given)

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
        self._draft.check_idle()
        *folders, name = [part for part in name.split("/") if part] or [""]
        directory = self._draft.make(self._directory, folders)
        directory.claim(name)
        child = Directory(name, directory, mode=stat.S_IFDIR | stat.S_IMODE(mode))
        self._draft.add_directory(child, mtime_ns)
        return DirectoryItem(self._draft, child)

    async def find(self, path: str) -> ImageItem | None:
        """Return the item at a path below this directory, or None.

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        await self._draft.scan()
        found = _resolve(self._directory, path)
        if found is None:
            return None
        directory, row = found
        return _item(directory, row)

    async def exists(self, path: str) -> bool:
        """Tell whether there is an item at a path below this directory (IMAPI: Exists).

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        return await self.find(path) is not None

    async def children(self) -> list[ImageItem]:
        """Return what this directory holds itself, by name: directories first, then files and symlinks.

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        await self._draft.scan()
        directory = self._directory
        folders = sorted(directory.directories, key=lambda each: each.name)
        rows = sorted(range(len(directory.names)), key=directory.names.__getitem__)
        return [_item(each, None) for each in folders] + [_item(directory, row) for row in rows]

    async def count(self) -> ItemCount:
        """Count what is below this directory, at any depth (IMAPI: FileCount, DirectoryCount).

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        await self._draft.scan()
        directories = files = symlinks = size = 0
        for directory in walk(self._directory):
            directories += 1
            symlinks += len(directory.symlinks)
            files += len(directory.names) - len(directory.symlinks)
            size += sum(directory.sizes)
        return ItemCount(files, directories - 1, symlinks, size)

    async def walk(self) -> AsyncIterator[ImageItem]:
        """Yield every item below this directory, directories before what they hold.

        Raises:
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed, and at each item.
        """
        await self._draft.scan()
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
        await self._draft.scan()
        found = _resolve(self._directory, path)
        if found is None or found == (self._directory, None):
            raise ItemNotFoundError(f"{self.path} has no item {path!r} that could be removed", path=path)
        directory, row = found
        if row is None:
            directory.parent.remove(directory.name)
        else:
            directory.remove(directory.names[row])

    async def add_stream(
        self,
        path: str,
        name: str,
        source: FileSource,
        *,
        size: int | None = None,
        stage: bool = False,
    ) -> None:
        """Give a file a named stream, which UDF records from revision 2.00 on; elsewhere the plan warns.

        Args:
            path: The file, below this directory.
            name: The stream's name.
            source: Its bytes; as for :meth:`add_file`.
            size: As for :meth:`add_file`.
            stage: As for :meth:`add_file`.

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such file.
            DuplicateNameError: The file has a stream of that name.
            NameNotRepresentableError: No file system holds such a name.
            ImageError: An async source without its size, or a file object that cannot seek.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing was added.

        IMAPI: IFsiFileItem2::AddStream.
        """
        directory, row = await self._find_file(path)
        directory.check_open()
        extras = directory.extras.setdefault(row, FileExtras())
        if extras.streams is None:
            extras.streams = Directory(f"{directory.names[row]}:", directory)
        streams = extras.streams
        streams.claim(name)
        content, known = content_of(source, size, stage=stage, path=f"{streams.path}/{name}")
        stream = streams.add_row(name, known, 0, _FILE_MODE, 0, 0)
        streams.sources[stream] = content
        self._draft.add_file(streams, name, content, GivenAttributes(None, None, None, None))

    async def streams(self, path: str) -> list[str]:
        """Return the names of a file's named streams (IMAPI: IFsiFileItem2::get_FsiNamedStreams).

        Raises:
            ItemNotFoundError: There is no such file.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing is lost.
        """
        directory, row = await self._find_file(path)
        extras = directory.extras.get(row)
        return sorted(extras.streams.names) if extras is not None and extras.streams is not None else []

    async def remove_stream(self, path: str, name: str) -> None:
        """Take a named stream from a file (IMAPI: IFsiFileItem2::RemoveStream).

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such file, or it has no such stream.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; the stream is still there.
        """
        directory, row = await self._find_file(path)
        directory.check_open()
        extras = directory.extras.get(row)
        if extras is None or extras.streams is None:
            raise ItemNotFoundError(f"{directory.path_of(row)} has no named streams", path=path)
        extras.streams.remove(name)

    async def set_real_time(self, path: str, real_time: bool = True) -> None:
        """Make a file a real-time file, which UDF records from revision 2.01 on; elsewhere the plan warns.

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such file.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing was changed.

        IMAPI: IFsiFileItem2::put_IsRealTime.
        """
        directory, row = await self._find_file(path)
        directory.check_open()
        directory.extras.setdefault(row, FileExtras()).real_time = real_time

    async def set_hidden(self, path: str, hidden: bool = True) -> None:
        """Mark a file or directory as hidden, in every file system; readers may heed that, as Linux does.

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such item.
            SourceError: A folder that was added cannot be read.

        Cancellation:
            While folders are listed; nothing was changed.

        IMAPI: IFsiItem::put_IsHidden.
        """
        await self._draft.scan()
        found = _resolve(self._directory, path)
        if found is None or found == (self._directory, None):
            raise ItemNotFoundError(f"{self.path} has no item {path!r} that could be hidden", path=path)
        directory, row = found
        directory.check_open()
        holder, name = (
            (directory.parent, directory.name) if row is None else (directory, directory.names[row])
        )
        holder.hidden = holder.hidden | {name} if hidden else holder.hidden - {name}

    async def _find_file(self, path: str) -> tuple[Directory, int]:
        await self._draft.scan()
        found = _resolve(self._directory, path)
        if found is None or found[1] is None or found[1] in found[0].symlinks:
            raise ItemNotFoundError(f"{self.path} has no file {path!r}", path=path)
        return found[0], found[1]


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
            directory.path,
            "directory",
            0,
            directory.mtime_ns,
            directory.mode,
            directory.uid,
            directory.gid,
            hidden=directory.name in directory.parent.hidden,
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
        directory.names[row] in directory.hidden,
    )
