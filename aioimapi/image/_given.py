"""What the caller gives with a file: where its bytes are, and attributes that count more than the host's."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterable, Callable
from typing import IO

import attrs

from aioimapi.errors import ImageError, printable
from aioimapi.fs._tree import Directory
from aioimapi.image._content import BytesContent, DatedPath, FileObjectContent, StreamContent
from aioimapi.image._host import source_error
from aioimapi.image._scan import Scanner

FileSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | AsyncIterable[bytes]
    | Callable[[], AsyncIterable[bytes]]
)

_MAX_ID = 0xFFFF_FFFF


@attrs.frozen
class GivenAttributes:
    """Attributes that the caller gave to a file; None where the host's or the default counts."""

    mtime_ns: int | None
    mode: int | None
    uid: int | None
    gid: int | None

    def check(self, path: str) -> None:
        """Raise ImageError where an owner or group is no number that a file system holds."""
        for what, value in (("uid", self.uid), ("gid", self.gid)):
            if value is not None and not 0 <= value <= _MAX_ID:
                raise ImageError(f"{printable(path)}: {what} {value} is not from 0 to {_MAX_ID}", path=path)

    def take(self, directory: Directory, row: int, scanner: Scanner, default_time: int) -> None:
        """Look at the host's file, if there is one, and fill the row in.

        Raises:
            SourceError: The file cannot be read.
            ImageError: It is no file.
        """
        source = directory.sources[row]
        mtime = default_time
        if isinstance(source, str):
            facts = _look_at(source)
            directory.sizes[row] = facts.st_size
            mtime = facts.st_mtime_ns
            scanner.check_empty(facts, source, source)
            directory.modes[row] = facts.st_mode if self.mode is None else self.mode
            directory.uids[row] = facts.st_uid if self.uid is None else self.uid
            directory.gids[row] = facts.st_gid if self.gid is None else self.gid
            if self.mtime_ns is not None:
                directory.sources[row] = DatedPath(source)
        directory.mtimes[row] = scanner.clamp(
            mtime if self.mtime_ns is None else self.mtime_ns, directory.path_of(row)
        )


def _look_at(path: str) -> os.stat_result:
    try:
        facts = os.stat(path)
    except OSError as error:
        raise source_error(error, path, "read") from error
    if not stat.S_ISREG(facts.st_mode):
        raise ImageError(f"{printable(path)} is no file; add folders by add_tree", path=path)
    if not os.access(path, os.R_OK):
        raise source_error(PermissionError(13, "permission denied"), path, "read")
    return facts


def content_of(source: FileSource, size: int | None, *, stage: bool, path: str) -> tuple[object, int]:
    """Return what the tree keeps for a source, and its size as far as it is known now.

    Raises:
        ImageError: An async source without its size, or a file object that cannot seek.
    """
    if isinstance(source, (str, os.PathLike)):
        return os.path.abspath(os.fspath(source)), 0
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        return BytesContent(data), len(data)
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
