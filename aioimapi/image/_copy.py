"""Saves any source of sectors, a disc for one, to a file or a pipe; planned images have a faster way of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from os import PathLike
from typing import BinaryIO

import anyio
from anyio import to_thread

from aioimapi.errors import OutputError, OutputExistsError, printable
from aioimapi.image._feed import feed
from aioimapi.image._guard import ThreadGuard
from aioimapi.image._save import PROGRESS_S, _create, _partial_path, _publish, output_error
from aioimapi.image._source import Hasher, SectorSource


async def save_sectors(
    source: SectorSource,
    output: str | PathLike[str] | BinaryIO,
    *,
    overwrite: bool = False,
    hasher: Hasher | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Copy a source of sectors to a file, or to an open pipe, socket or file.

    Args:
        source: What to copy; the disc in a drive is one (:meth:`aioimapi.recorder.Recorder.read`).
        output: A path, or an open binary file with a descriptor, which is written from its position on. A file
            takes its name when it is whole.
        overwrite: Replace an existing file.
        hasher: Takes all bytes, in order.
        on_progress: Called with sectors done and sectors in all, about ten times a second, in the task's thread.

    Raises:
        OutputExistsError: The file exists and ``overwrite`` is false.
        OutputFullError: The file system has no room; nothing is left under the final name.
        OutputClosedError: The reader of the pipe went away.
        OutputError: The output cannot be written for another reason.
        ImapiError: What the source raises; of a disc, the drive's own errors.

    Cancellation:
        Between chunks. A file is removed; a pipe has got a part. May be repeated.
    """
    if not isinstance(output, (str, PathLike)):
        name = str(getattr(output, "name", "output"))
        await _copy(source, output.fileno(), name, ThreadGuard(lambda: None), hasher, on_progress)
        return
    path = _check(os.fspath(output), overwrite=overwrite)
    partial_path = _partial_path(path)
    descriptor = _create(partial_path, path)
    guard = ThreadGuard(partial(os.close, descriptor))
    try:
        try:
            await _copy(source, descriptor, path, guard, hasher, on_progress)
        finally:
            guard.close()
        _publish(partial_path, path, overwrite=overwrite)
    except BaseException:
        os.unlink(partial_path)
        raise


def _check(path: str, *, overwrite: bool) -> str:
    path = os.path.abspath(path)
    if os.path.isdir(path):
        raise OutputError(f"{printable(path)} is a folder; give the name of a file", path=path)
    if os.path.lexists(path) and not overwrite:
        raise OutputExistsError(
            f"{printable(path)} exists; choose another name, or allow to replace it (overwrite, --force)",
            path=path,
        )
    return path


async def _copy(
    source: SectorSource,
    descriptor: int,
    name: str,
    guard: ThreadGuard,
    hasher: Hasher | None,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    limiter = anyio.CapacityLimiter(1)
    total, told = source.sector_count, 0.0
    async with feed(source, hasher=hasher) as chunks:
        async for chunk in chunks:
            if on_progress is not None and time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                on_progress(chunk.first, total)
            put = partial(_put, descriptor, name, chunk.data)
            await to_thread.run_sync(guard.run, put, limiter=limiter)
    if on_progress is not None:
        on_progress(total, total)


def _put(descriptor: int, name: str, data: memoryview) -> None:
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise output_error(error, name) from error


__all__ = ("save_sectors",)
