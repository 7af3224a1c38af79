"""Writing below one folder of the host, and nowhere else: every step by descriptor, no link ever followed."""

from __future__ import annotations

import errno
import os
import stat
import threading
from types import TracebackType
from typing import Final, Self

import attrs

from aioimapi.errors import OutputError, OutputFullError
from aioimapi.fs.read import Entry, EntryKind

_OPEN_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_CACHED_DIRECTORIES: Final = 64

_DEVICE_TYPES: Final = {
    EntryKind.CHARACTER_DEVICE: stat.S_IFCHR,
    EntryKind.BLOCK_DEVICE: stat.S_IFBLK,
    EntryKind.FIFO: stat.S_IFIFO,
    EntryKind.SOCKET: stat.S_IFSOCK,
}


@attrs.frozen
class Policy:
    """What extraction may do.

    Set-id bits and owners are left off unless they are asked for: an image must not hand out rights on the host.

    Attributes:
        overwrite: Replace files and links that exist; directories are never replaced.
        owners: Give files their recorded owner and group.
        special_modes: Restore set-user-ID, set-group-ID and sticky.
        devices: Make device nodes, FIFOs and sockets.
    """

    overwrite: bool = False
    owners: bool = False
    special_modes: bool = False
    devices: bool = False

    def mode(self, entry: Entry) -> int | None:
        """Return the permission bits to give, or None where the image records none."""
        if entry.mode is None:
            return None
        return entry.mode & (0o7777 if self.special_modes else 0o777)

    def drops_bits(self, entry: Entry) -> bool:
        """Tell whether an entry has set-user-ID, set-group-ID or sticky, and does not get it."""
        if entry.mode is None or entry.kind is EntryKind.SYMLINK:
            return False
        return not self.special_modes and bool(entry.mode & 0o7000)

    def drops_owner(self, entry: Entry) -> bool:
        """Tell whether an entry belongs to somebody else than this process, and does not get its owner."""
        if self.owners or entry.uid is None or entry.gid is None:
            return False
        return (entry.uid, entry.gid) != (os.geteuid(), os.getegid())


@attrs.frozen
class MadeFile:
    """A file that this extraction made, to be told from whatever has its name later.

    Attributes:
        parent: The path of its directory.
        name: Its name there.
        stamp: Its device, inode and type, and the time of its last change.
    """

    parent: str
    name: str
    stamp: tuple[int, int, int, int]

    @classmethod
    def of(cls, parent: str, name: str, found: os.stat_result) -> Self:
        """Describe what a name stands for now."""
        return cls(parent, name, (found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode), found.st_mtime_ns))


class HostTree:
    """The folder to extract into.

    Paths are relative to it, of names that hold no slash and are not ``.`` or ``..``; the empty path is the folder.
    Every component is opened from its parent's descriptor without following links, so paths may be longer than the
    host's limit and a symlink is never a way out. Methods block; threads may share the object.

    Args:
        folder: The folder; made with its parents where missing.
        policy: What may be done.
    """

    def __init__(self, folder: str, policy: Policy) -> None:
        self.folder = folder
        self._policy = policy
        self._lock = threading.RLock()
        self._cache: dict[str, int] = {}
        self._unfinished: set[HostFile] = set()
        self._closed = False
        self._base = -1

    def open(self) -> None:
        """Make and open the folder.

        Raises:
            OutputError: It cannot be made or opened.
        """
        with self._lock:
            if self._closed:
                return
            try:
                os.makedirs(self.folder, exist_ok=True)
                self._base = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError as error:
                raise self._full_or(OutputError, error, self.folder) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was not finished and close all descriptors.

        Waits for a step that a native asyncio cancel left behind in its thread; later ones fail.
        """
        with self._lock:
            self._closed = True
        for file in list(self._unfinished):
            file.discard()
        with self._lock:
            for fd in self._cache.values():
                os.close(fd)
            self._cache.clear()
            if self._base >= 0:
                os.close(self._base)
                self._base = -1

    # --- what extraction does -----------------------------------------------------------------------

    def make_directory(self, parent: str, name: str, entry: Entry) -> bool:
        """Make a directory, open to its owner until :meth:`finish_directory`.

        Returns:
            True where it is new, False where a directory of that name was there already.

        Raises:
            OSError: Something else has that name, or it cannot be made.
            OutputFullError: There is no room.
        """
        with self._lock, self._room(parent, name):
            fd = self._directory(parent)
            try:
                os.mkdir(name, 0o777 if entry.mode is None else 0o700, dir_fd=fd)
            except FileExistsError:
                os.close(os.open(name, _OPEN_DIRECTORY, dir_fd=fd))  # fails for a link and for all else
                return False
            return True

    def finish_directory(self, path: str, entry: Entry) -> None:
        """Give a directory its mode, owner and time, once nothing more goes into it."""
        with self._lock:
            self._attributes(self._directory(path), entry)

    def write_file(self, parent: str, name: str, entry: Entry, data: memoryview) -> MadeFile:
        """Write a whole file; a partial one is removed.

        Returns:
            What was made, for :meth:`make_link`.

        Raises:
            OSError: It exists and may not be replaced, or cannot be written.
            OutputFullError: There is no room.
        """
        with self.create(parent, name, entry) as file:
            if data:
                file.write(data, 0)
            return file.finish()

    def create(self, parent: str, name: str, entry: Entry) -> HostFile:
        """Create a file to be written piece by piece; see :meth:`write_file` for errors."""
        with self._lock, self._room(parent, name):
            if self._closed:
                raise OSError(errno.EBADF, "the extraction was ended")
            fd = self._directory(parent)
            mode = 0o666 if entry.mode is None else 0o600
            try:
                file = os.open(name, _CREATE, mode, dir_fd=fd)
            except FileExistsError:
                self._make_way(fd, name)
                file = os.open(name, _CREATE, mode, dir_fd=fd)
            made = HostFile(self, parent, name, entry, file)
            self._unfinished.add(made)
        return made

    def make_symlink(self, parent: str, name: str, entry: Entry) -> MadeFile:
        """Make a symlink; its target is data and is not looked at."""
        with self._lock, self._room(parent, name):
            fd = self._directory(parent)
            target = os.fsencode(entry.target or "")
            try:
                os.symlink(target, name, dir_fd=fd)
            except FileExistsError:
                self._make_way(fd, name)
                os.symlink(target, name, dir_fd=fd)
            self._named_attributes(fd, name, entry)
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            return MadeFile.of(parent, name, found)

    def make_special(self, parent: str, name: str, entry: Entry) -> MadeFile:
        """Make a device node, FIFO or socket."""
        with self._lock, self._room(parent, name):
            fd = self._directory(parent)
            mode = _DEVICE_TYPES[entry.kind] | (0o600 if entry.mode is None else entry.mode & 0o777)
            device = os.makedev(*entry.device) if entry.device else 0
            try:
                os.mknod(name, mode, device, dir_fd=fd)
            except FileExistsError:
                self._make_way(fd, name)
                os.mknod(name, mode, device, dir_fd=fd)
            self._named_attributes(fd, name, entry)
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            return MadeFile.of(parent, name, found)

    def make_link(self, parent: str, name: str, first: MadeFile) -> None:
        """Make a hard link to a file that this extraction made.

        Raises:
            FileExistsError: The name is taken and may not be replaced.
            OSError: The first name holds something else by now, or the host has no hard links there.
            OutputFullError: There is no room.
        """
        with self._lock, self._room(parent, name):
            # A descriptor of a directory may be closed when the next one is opened, so each path keeps its own.
            origin = os.dup(self._directory(first.parent))
            try:
                if not _is(origin, first.name, first):
                    raise OSError(errno.ESTALE, f"{first.name} was replaced while files were extracted")
                fd = self._directory(parent)
                try:
                    os.link(first.name, name, src_dir_fd=origin, dst_dir_fd=fd, follow_symlinks=False)
                except FileExistsError:
                    if _is(fd, name, first):
                        return  # the host takes both names for one
                    self._make_way(fd, name)
                    os.link(first.name, name, src_dir_fd=origin, dst_dir_fd=fd, follow_symlinks=False)
                if not _is(fd, name, first):  # somebody changed the first name in between
                    os.unlink(name, dir_fd=fd)
                    raise OSError(errno.ESTALE, f"{first.name} was replaced while files were extracted")
            finally:
                os.close(origin)

    def remove(self, parent: str, name: str) -> None:
        """Remove a file that this object made."""
        with self._lock:
            os.unlink(name, dir_fd=self._directory(parent))

    # --- how ----------------------------------------------------------------------------------------

    def _directory(self, path: str) -> int:
        """Return a descriptor of a directory, valid while the lock is held."""
        if not path:
            return self._base
        fd = self._cache.pop(path, -1)
        if fd >= 0:
            self._cache[path] = fd  # the most recently used is last
            return fd
        names = path.split("/")
        depth = len(names)
        at = self._base
        while depth > 0:
            depth -= 1
            known = "/".join(names[:depth])
            at = self._cache.get(known, -1) if known else self._base
            if at >= 0:
                break
        for index in range(depth, len(names)):
            at = os.open(names[index], _OPEN_DIRECTORY, dir_fd=at)
            if len(self._cache) >= _CACHED_DIRECTORIES:
                os.close(self._cache.pop(next(iter(self._cache))))
            self._cache["/".join(names[: index + 1])] = at
        return at

    def _make_way(self, fd: int, name: str) -> None:
        if not self._policy.overwrite:
            raise FileExistsError(errno.EEXIST, "it exists already, and replacing was not asked for")
        if stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
            raise IsADirectoryError(errno.EISDIR, "a directory of that name exists, which is never replaced")
        os.unlink(name, dir_fd=fd)

    def _attributes(self, fd: int, entry: Entry) -> None:
        if self._policy.owners and entry.uid is not None and entry.gid is not None:
            os.fchown(fd, entry.uid, entry.gid)
        mode = self._policy.mode(entry)
        if mode is not None:
            os.fchmod(fd, mode)
        if entry.mtime_ns is not None:
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))

    def _named_attributes(self, fd: int, name: str, entry: Entry) -> None:
        if self._policy.owners and entry.uid is not None and entry.gid is not None:
            os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False)
        if entry.mtime_ns is not None:
            os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=fd, follow_symlinks=False)

    def _room(self, parent: str, name: str) -> _Room:
        return _Room(self, f"{parent}/{name}" if parent else name)

    def _full_or(self, other: type[OutputError], error: OSError, path: str) -> OutputError:
        if error.errno in _FULL:
            return OutputFullError(
                f"no room left for {path}; nothing partial of it was left, what was extracted before stays",
                path=path,
            )
        return other(f"{path} cannot be written: {error.strerror or error}", path=path)


def _is(fd: int, name: str, made: MadeFile) -> bool:
    found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    return MadeFile.of("", name, found).stamp == made.stamp


class _Room:
    """Turns "no space left" into OutputFullError; lets other errors pass."""

    def __init__(self, tree: HostTree, path: str) -> None:
        self._tree = tree
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, exc_type: object, exc: BaseException | None, traceback: object) -> None:
        if isinstance(exc, OSError) and exc.errno in _FULL:
            path = os.path.join(self._tree.folder, self._path)
            raise self._tree._full_or(OutputError, exc, path) from exc


class HostFile:
    """A file in the making; leaving it without :meth:`finish` removes it."""

    def __init__(self, tree: HostTree, parent: str, name: str, entry: Entry, fd: int) -> None:
        self._tree = tree
        self._parent = parent
        self._name = name
        self._entry = entry
        self._fd = fd
        self._lock = threading.Lock()

    def write(self, data: memoryview, offset: int) -> None:
        """Write at a place; OutputFullError where there is no room."""
        with self._lock, self._tree._room(self._parent, self._name):
            done = 0
            while done < len(data):
                done += os.pwrite(self._fd, data[done:], offset + done)

    def truncate(self, size: int) -> None:
        """Set the file's size: what is not written is a hole."""
        with self._lock, self._tree._room(self._parent, self._name):
            os.ftruncate(self._fd, size)

    def finish(self) -> MadeFile:
        """Give the file its mode, owner and time, close it, and describe it."""
        with self._lock, self._tree._room(self._parent, self._name):
            self._tree._attributes(self._fd, self._entry)
            found = os.fstat(self._fd)
            fd, self._fd = self._fd, -1
            self._tree._unfinished.discard(self)
            os.close(fd)
        return MadeFile.of(self._parent, self._name, found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.discard()

    def discard(self) -> None:
        """Close and remove the file, unless it is finished."""
        # The lock waits for a write that a native asyncio cancel left behind in its thread: at most one chunk.
        with self._lock:
            if self._fd >= 0:
                fd, self._fd = self._fd, -1
                self._tree._unfinished.discard(self)
                os.close(fd)
                self._tree.remove(self._parent, self._name)


__all__ = ("HostFile", "HostTree", "MadeFile", "Policy")
