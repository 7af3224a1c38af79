"""The tree of an image: directories that hold their files in columns.

A backup has a million files. An object for each would cost half a kilobyte apiece, so a :class:`Directory` keeps one
row per file in typed arrays (some 35 bytes and the name), and only directories are objects. What few files have
(a symlink's target, a source of its own, hard-linked twins) lies in sparse dictionaries beside the columns.

The tree knows names, sizes and attributes. Where the bytes are is the image's business: :attr:`Directory.origin` and
:attr:`Directory.sources` are carried along and never looked into here.
"""

from __future__ import annotations

import stat
from array import array
from collections.abc import Iterable, Iterator

from aioimapi.errors import DuplicateNameError, ImageFrozenError, ItemNotFoundError, NameNotRepresentableError

_COLUMNS = ("sizes", "mtimes", "modes", "uids", "gids")
_SPARSE = ("symlinks", "groups", "sources", "extras")


class LinkGroup:
    """Names of one file (hard links): the first in the order of the layout holds the data, the others point to it."""

    __slots__ = ("count", "first")

    def __init__(self) -> None:
        self.count = 0
        self.first: tuple[Directory, int] | None = None


class FileExtras:
    """What few files have, and only UDF of later revisions records.

    Attributes:
        streams: The file's named streams, a row each, or None.
        real_time: Whether it is a real-time file.
    """

    __slots__ = ("real_time", "streams")

    def __init__(self) -> None:
        self.streams: Directory | None = None
        self.real_time = False


class Directory:
    """One directory: its own attributes, its subdirectories, and a row for each file or symlink.

    Attributes:
        name: Its name; empty for the root. Bytes that are no UTF-8 are kept as surrogate escapes (PEP 383).
        parent: The directory that holds it; the root is its own parent, as in every file system here.
        mode: Permission bits and file type, as ``st_mode``.
        uid: Owner.
        gid: Group.
        mtime_ns: Modification time, nanoseconds since 1970 UTC.
        directories: Subdirectories.
        names: Names of the files and symlinks, row by row; the columns below are in step with it.
        sizes: Bytes.
        mtimes: As ``mtime_ns``.
        modes: As ``mode``.
        uids: Owners.
        gids: Groups.
        symlinks: Row → target, for the rows that are symlinks.
        groups: Row → hard-link group, for files of more than one name.
        sources: Row → where the bytes are, for rows whose bytes are not in ``origin`` under the row's name.
        extras: Row → named streams and the like.
        hidden: Names of files and subdirectories that are marked as hidden.
        origin: Where the host has this directory, or None.
    """

    __slots__ = (
        "_index",
        "directories",
        "extras",
        "frozen",
        "gid",
        "gids",
        "groups",
        "hidden",
        "mode",
        "modes",
        "mtime_ns",
        "mtimes",
        "name",
        "names",
        "origin",
        "parent",
        "sizes",
        "sources",
        "symlinks",
        "uid",
        "uids",
    )

    def __init__(
        self,
        name: str,
        parent: Directory | None,
        *,
        mode: int = stat.S_IFDIR | 0o755,
        uid: int = 0,
        gid: int = 0,
        mtime_ns: int = 0,
        origin: str | None = None,
    ) -> None:
        self.name = name
        self.parent = self if parent is None else parent
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime_ns = mtime_ns
        self.origin = origin
        self.directories: list[Directory] = []
        self.names: list[str] = []
        self.sizes = array("Q")
        self.mtimes = array("q")
        self.modes = array("I")
        self.uids = array("I")
        self.gids = array("I")
        self.symlinks: dict[int, str] = {}
        self.groups: dict[int, LinkGroup] = {}
        self.sources: dict[int, object] = {}
        self.extras: dict[int, FileExtras] = {}
        self.hidden: frozenset[str] = frozenset()
        self.frozen = False
        self._index: dict[str, Directory | int] | None = None

    @property
    def path(self) -> str:
        """The absolute path in the image, ``/`` for the root."""
        parts: list[str] = []
        directory = self
        while directory.parent is not directory:
            parts.append(directory.name)
            directory = directory.parent
        return "/" + "/".join(reversed(parts))

    def path_of(self, row: int) -> str:
        """The absolute path in the image of a file of this directory."""
        path = self.path
        return f"{path}{self.names[row]}" if path == "/" else f"{path}/{self.names[row]}"

    def _lookup(self) -> dict[str, Directory | int]:
        if self._index is None:
            self._index = {name: row for row, name in enumerate(self.names)}
            self._index |= {directory.name: directory for directory in self.directories}
        return self._index

    def get(self, name: str) -> Directory | int | None:
        """Return the subdirectory of that name, the row of the file of that name, or None."""
        return self._lookup().get(name)

    def claim(self, name: str) -> None:
        """Check that a new item of that name may be added.

        Raises:
            ImageFrozenError: The image was planned.
            DuplicateNameError: The name is taken.
            NameNotRepresentableError: No file system holds such a name (empty, ``.``, ``..``, with a slash or NUL).
        """
        self.check_open()
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            raise NameNotRepresentableError(
                f"{name!r} cannot be a name in {self.path}: no file system holds an empty name, '.', '..', "
                "a slash or a NUL; give another name",
                path=self.path,
            )
        if self.get(name) is not None:
            raise DuplicateNameError(
                f"{self.path.rstrip('/')}/{name} is in the image already; remove it first, or give another name",
                path=f"{self.path.rstrip('/')}/{name}",
            )

    def check_open(self) -> None:
        """Raise ImageFrozenError when the image was planned."""
        if self.frozen:
            raise ImageFrozenError(
                "the image was planned, so its tree can no longer change; make another image for other content"
            )

    def add_row(self, name: str, size: int, mtime_ns: int, mode: int, uid: int, gid: int) -> int:
        """Append a file or symlink and return its row. The caller has claimed the name."""
        row = len(self.names)
        self.names.append(name)
        self.sizes.append(size)
        self.mtimes.append(mtime_ns)
        self.modes.append(mode)
        self.uids.append(uid)
        self.gids.append(gid)
        if self._index is not None:
            self._index[name] = row
        return row

    def add_directory(self, directory: Directory) -> None:
        """Append a subdirectory. The caller has claimed the name."""
        self.directories.append(directory)
        if self._index is not None:
            self._index[directory.name] = directory

    def remove(self, name: str) -> None:
        """Take an item out, a directory with all that is in it.

        Raises:
            ImageFrozenError: The image was planned.
            ItemNotFoundError: There is no such item.
        """
        self.check_open()
        if self.get(name) is None:
            raise ItemNotFoundError(f"{self.path} has no item {name!r}", path=self.path)
        self.discard({name})

    def discard(self, names: set[str]) -> None:
        """Take out whatever has one of these names."""
        if not names:
            return
        self.directories = [each for each in self.directories if each.name not in names]
        self.hidden -= names
        self._keep_rows([row for row, name in enumerate(self.names) if name not in names])

    def adopt(self, other: Directory) -> None:
        """Take the whole content of another directory into this one, which is empty."""
        for slot in ("origin", "names", "hidden", *_COLUMNS, *_SPARSE):
            setattr(self, slot, getattr(other, slot))
        self.directories = other.directories
        for child in self.directories:
            child.parent = self
        self._index = None

    def extend(self, other: Directory, rows: list[int]) -> None:
        """Append rows of another directory, whose names are free here; their bytes stay where ``other`` has them."""
        first = len(self.names)
        self.names += [other.names[row] for row in rows]
        self.hidden |= other.hidden
        for column in _COLUMNS:
            old = getattr(other, column)
            getattr(self, column).extend(array(old.typecode, [old[row] for row in rows]))
        for sparse in _SPARSE:
            old = getattr(other, sparse)
            getattr(self, sparse).update({new: old[row] for new, row in enumerate(rows, first) if row in old})
        if self.origin is None:
            self.origin = other.origin  # whatever was here has a source of its own
        elif self.origin != other.origin:
            for row in range(first, len(self.names)):
                self.sources.setdefault(row, f"{other.origin}/{self.names[row]}")
        self._index = None

    def sort(self) -> None:
        """Put subdirectories and rows in the order of their names, so that equal trees give equal images."""
        self.directories.sort(key=_directory_name)
        names = self.names
        if any(names[row] > names[row + 1] for row in range(len(names) - 1)):
            self._keep_rows(sorted(range(len(names)), key=names.__getitem__))

    def _keep_rows(self, rows: list[int]) -> None:
        self.names = [self.names[row] for row in rows]
        for column in _COLUMNS:
            old = getattr(self, column)
            setattr(self, column, array(old.typecode, [old[row] for row in rows]))
        for sparse in _SPARSE:
            old = getattr(self, sparse)
            if old:
                setattr(self, sparse, {new: old[row] for new, row in enumerate(rows) if row in old})
        self._index = None

    def hidden_rows(self) -> set[int]:
        """Return the rows whose names are marked as hidden."""
        hidden = self.hidden
        return {row for row, name in enumerate(self.names) if name in hidden} if hidden else set()

    def drop_index(self) -> None:
        """Let go of the name index; it is built again when it is needed."""
        self._index = None


def _directory_name(directory: Directory) -> str:
    return directory.name


def walk(root: Directory) -> Iterator[Directory]:
    """Yield ``root`` and every directory below it, parents first, siblings in their order (pre-order)."""
    pending = [root]
    while pending:
        directory = pending.pop()
        yield directory
        pending.extend(reversed(directory.directories))


def stream_directories(directories: Iterable[Directory]) -> Iterator[tuple[Directory, int, Directory]]:
    """Yield (directory, row, its named streams) of every file in some directories that has any."""
    for directory in directories:
        for row in sorted(directory.extras):
            streams = directory.extras[row].streams
            if streams is not None and streams.names:
                yield directory, row, streams
