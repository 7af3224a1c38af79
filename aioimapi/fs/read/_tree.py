"""The values that reading gives: entries of a tree, and what every readable file system offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum

import attrs

from aioimapi.fs.read._base import Findings, Parser

HOLE = -1
"""In place of a sector address: this part of a file is not recorded and reads as zeros."""


class EntryKind(Enum):
    """What an entry is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    CHARACTER_DEVICE = "character device"
    BLOCK_DEVICE = "block device"
    FIFO = "fifo"
    SOCKET = "socket"


@attrs.frozen(eq=False)
class Entry:
    """A file, directory, symlink or special file of an image.

    Attributes:
        parent: The path of its directory: ``/`` or ``/photos``.
        name: Its name there: never empty, ``.`` or ``..``, without ``/`` and NUL. Bytes that are not UTF-8 are
            kept as lone surrogates (``surrogateescape``).
        kind: What it is.
        size: Bytes of a file's content; of a directory's records; 0 of others.
        mtime_ns: Time of last modification in nanoseconds since 1970 UTC, or None where not recorded.
        mode: Permission bits with set-user-ID, set-group-ID and sticky (0o7777), or None where not recorded.
        uid: Owner's number, or None.
        gid: Group's number, or None.
        target: Where a symlink points, or None.
        extents: Where the content lies, as (sector, bytes); a sector of :data:`HOLE` is zeros that are not recorded.
            Every extent but the last is whole sectors long.
        offset: Bytes to skip at the start of the first extent; only content inside a file entry (UDF) has some.
        device: Major and minor number of a device, or None.
        links: Names that the file says it has.
        hidden: The file system asks not to show it.
        fault: Why the content cannot be read, or an empty string.
        serial: Number of the file, which names that are hard links of one another share; None where not recorded.
        streams: Whether it has named streams.
    """

    parent: str
    name: str
    kind: EntryKind
    size: int
    mtime_ns: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    target: str | None = None
    extents: tuple[tuple[int, int], ...] = ()
    offset: int = 0
    device: tuple[int, int] | None = None
    links: int = 1
    hidden: bool = False
    fault: str = ""
    serial: int | None = None
    streams: bool = False

    @property
    def path(self) -> str:
        """The absolute path in the image."""
        return (
            self.name
            if not self.parent
            else self.parent + self.name
            if self.parent == "/"
            else f"{self.parent}/{self.name}"
        )

    @property
    def is_directory(self) -> bool:
        """Whether other entries may lie below it."""
        return self.kind is EntryKind.DIRECTORY


def root_entry(
    extents: tuple[tuple[int, int], ...],
    size: int,
    *,
    offset: int = 0,
    mtime_ns: int | None = None,
    fault: str = "",
) -> Entry:
    """Make the entry of a root directory: its path is ``/``."""
    return Entry(
        "", "/", EntryKind.DIRECTORY, size, mtime_ns=mtime_ns, extents=extents, offset=offset, fault=fault
    )


class FileSystem(ABC):
    """One of the trees that an image carries.

    Attributes:
        kind: ``udf``, ``rockridge``, ``joliet`` or ``iso9660``.
        name: The volume name.
        root: The root directory.
    """

    kind: str
    name: str
    root: Entry

    @abstractmethod
    def children(self, directory: Entry) -> Parser[list[Entry]]:
        """Read a directory of this file system.

        Args:
            directory: The root, or an entry that this method gave.

        Returns:
            Its entries, in recorded order, without those for itself and its parent.

        Raises:
            ImageFormatError: No sense can be made of the directory.
        """

    def streams(self, entry: Entry) -> Parser[list[Entry]]:
        """Read which named streams a file has; only UDF of later revisions records any.

        Args:
            entry: An entry that :meth:`children` gave.

        Returns:
            An entry for each, which is read as a file is; their parent is the file's path and a colon.

        Raises:
            ImageFormatError: No sense can be made of them.
        """
        yield from ()
        return []


def clean_name(name: str, findings: Findings, where: str) -> str:
    """Return a name that cannot be mistaken for a path, and tell where it had to be changed."""
    cleaned = name
    if "/" in cleaned or "\0" in cleaned:
        cleaned = cleaned.replace("/", "_").replace("\0", "_")
    if cleaned in ("", ".", ".."):
        cleaned = "_" * (len(cleaned) or 1)
    if cleaned is not name:
        findings.note("unusable names", f"the name {name!r} in {where} cannot be one; read as {cleaned!r}")
    return cleaned


__all__ = ("HOLE", "Entry", "EntryKind", "FileSystem", "clean_name", "root_entry")
