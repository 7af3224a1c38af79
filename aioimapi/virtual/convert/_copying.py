"""Copying between files: extents instead of holes, by the kernel where it can."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Final

from aioimapi.errors import OutputError, OutputFullError

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many; what it raises ends the work."""

_STEP: Final = 8 << 20
_NO_COPY: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}
)


def extents(handle: int, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Return the stretches of a file that hold data, as (first byte, byte after the last one)."""
    at = first
    while at < end:
        try:
            begin = os.lseek(handle, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole is left
                return
            yield at, end  # a file system without holes
            return
        if begin >= end:
            return
        stop = min(os.lseek(handle, begin, os.SEEK_HOLE), end)
        yield begin, stop
        at = stop


def copy_bytes(
    source: int, target: int, first: int, end: int, *, place: int = 0, progress: Progress | None = None
) -> None:
    """Copy bytes ``first`` to ``end`` of one file to ``place`` of another; holes stay holes.

    The target is made as long as what was copied, and what is in it before is not cleared where the source has holes.
    """
    total = end - first
    for begin, stop in extents(source, first, min(end, os.fstat(source).st_size)):
        at = begin
        while at < stop:
            at += _copy_some(source, target, at, min(_STEP, stop - at), place + at - first)
            if progress is not None:
                progress(at - first, total)
    if os.fstat(target).st_size < place + total:
        os.ftruncate(target, place + total)


def _copy_some(source: int, target: int, at: int, size: int, to: int) -> int:
    try:
        copied = os.copy_file_range(source, target, size, at, to)
    except OSError as error:
        if error.errno not in _NO_COPY:
            raise
        copied = 0
    if copied:
        return copied
    data = os.pread(source, size, at)
    if not data:
        raise OSError(errno.EIO, "the file became shorter while it was copied")
    write_all(target, data, to)
    return len(data)


def write_all(handle: int, data: bytes | bytearray | memoryview, place: int) -> None:
    """Write bytes to a place of a file, all of them."""
    view = memoryview(data)
    done = 0
    while done < len(view):
        done += os.pwrite(handle, view[done:], place + done)


def output_error(path: str, error: OSError) -> OutputError:
    """Return the error for a file that cannot be written."""
    kind = OutputFullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else OutputError
    return kind(f"{path} cannot be written: {error.strerror or error}", path=path)
