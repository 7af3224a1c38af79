"""Writes a planned image to a file or a pipe, with the kernel copying whatever is large."""

from __future__ import annotations

import errno
import os
import secrets
import select
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO

import anyio
import anyio.to_thread
from anyio import from_thread

from aioimapi.errors import (
    OutputClosedError,
    OutputError,
    OutputExistsError,
    OutputFullError,
    SourceInsideOutputError,
    printable,
)
from aioimapi.image._content import Content, StreamContent
from aioimapi.image._guard import ThreadGuard
from aioimapi.image._reader import FileCursor, fill, note_if_modified
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from aioimapi.image._plan import ImagePlan

BUFFER_SECTORS = 512
STEP_SECTORS = 16 * 1024
"""Sectors between two looks at cancellation and progress: 32 MiB."""

PROGRESS_S = 0.1
"""Seconds between two tellings of progress."""

KERNEL_COPY_MIN = 256 * 1024
"""Files from here on are copied by the kernel; below, the calls for it cost more than they save."""

_ZEROS = bytes(SECTOR_SIZE)
_WAIT_MS = 100
_OUTPUT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE, errno.ECONNRESET}


async def save_plan(
    plan: ImagePlan,
    output: str | PathLike[str] | BinaryIO,
    *,
    overwrite: bool,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """See :meth:`ImagePlan.save`."""
    if not isinstance(output, (str, PathLike)):
        # Whatever lies in the object's buffer comes before the image, and the object is to know where it stands after.
        await anyio.to_thread.run_sync(output.flush)
        await _run(plan, _Writer(plan, output.fileno(), getattr(output, "name", "output")), on_progress)
        if output.seekable():
            output.seek(os.lseek(output.fileno(), 0, os.SEEK_CUR))
        return
    path, is_device = await anyio.to_thread.run_sync(_check_output, plan, os.fspath(output), overwrite)
    if is_device:
        descriptor = await _open_device(path)
        await _run(plan, _Writer(plan, descriptor, path, owned=True), on_progress)
        return
    partial_path = _partial_path(path)
    descriptor = _create(partial_path, path)
    try:
        await _run(plan, _Writer(plan, descriptor, path, owned=True), on_progress)
        _publish(partial_path, path, overwrite=overwrite)
    except BaseException:
        # No partial image under any name, whatever went wrong; unlink does not wait for the data.
        with suppress(FileNotFoundError):
            os.unlink(partial_path)
        raise


def _check_output(plan: ImagePlan, path: str, overwrite: bool) -> tuple[str, bool]:
    """Check an output's path; return it with symlinks followed, and whether it is there and no regular file."""
    path = os.path.abspath(path)
    if os.path.isdir(path):
        raise OutputError(f"{printable(path)} is a folder; give the name of a file", path=path)
    if os.path.lexists(path) and not overwrite and not _is_stream(path):
        raise OutputExistsError(
            f"{printable(path)} exists; choose another name, or allow to replace it (overwrite, --force)",
            path=path,
        )
    if os.path.exists(path) and not os.path.isfile(path):
        return path, True  # opened by this name: what it links to can be a pipe without a name (/dev/stdout)
    if os.path.islink(path):
        path = os.path.realpath(path)
    try:
        place = os.stat(os.path.dirname(path))
    except OSError as error:
        raise output_error(error, path) from error
    for directory in plan.layout.extents.directories:
        if directory.origin is not None and _is_at(directory.origin, place):
            raise SourceInsideOutputError(
                f"the output {printable(path)} lies in {printable(directory.origin)}, which the image takes in, so the "
                "image would hold a part of itself; write it elsewhere",
                path=path,
            )
    return path, False


def _is_at(folder: str, place: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(folder), place)
    except OSError:
        return False  # gone, or its path too long to be the output's


def _is_stream(path: str) -> bool:
    """Tell whether a path is a character device or a pipe, into which an image flows without replacing anything."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


async def _open_device(path: str) -> int:
    """Open what is no regular file, to write into it; a block device exclusively, a pipe once it has a reader."""
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if _is_stream(path) else os.O_EXCL)
    while True:
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            if error.errno != errno.ENXIO or not _is_stream(path):
                raise output_error(error, path) from error
            await anyio.sleep(0.05)
            continue
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.set_blocking(descriptor, True)
        return descriptor


def _partial_path(path: str) -> str:
    return os.path.join(
        os.path.dirname(path), f".{os.path.basename(path)[:200]}.{secrets.token_hex(4)}.partial"
    )


def _create(partial_path: str, path: str) -> int:
    try:
        return os.open(partial_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise output_error(error, path) from error


def _publish(partial_path: str, path: str, *, overwrite: bool) -> None:
    try:
        if overwrite:
            os.rename(partial_path, path)
        else:
            os.link(
                partial_path, path, follow_symlinks=False
            )  # fails where a file came up meanwhile, unlike rename
            os.unlink(partial_path)
    except FileExistsError as error:
        raise OutputExistsError(
            f"{printable(path)} came up meanwhile; it was left alone", path=path
        ) from error
    except OSError as error:
        if overwrite or error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise output_error(error, path) from error
        try:
            os.rename(partial_path, path)  # a file system without hard links
        except OSError as other:
            raise output_error(other, path) from other


def output_error(error: OSError, path: str) -> OutputError:
    """Turn the operating system's error about an output into ours, with the way out."""
    shown = printable(path)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputFullError(
            f"no room left for {shown}: {error.strerror}; free some, or write to another file system; no partial file "
            "was left",
            path=path,
        )
    if error.errno == errno.EFBIG:
        return OutputFullError(
            f"{shown} would be larger than its file system, or the limit of this process, allows", path=path
        )
    if error.errno in {errno.EPIPE, errno.ECONNRESET}:
        return OutputClosedError("the reader of the output went away before the image was whole", path=path)
    return OutputError(f"cannot write {shown}: {error.strerror or error}", path=path)


async def _run(plan: ImagePlan, writer: _Writer, on_progress: Callable[[int, int], None] | None) -> None:
    limiter = anyio.CapacityLimiter(1)
    told = time.monotonic()
    if on_progress is not None:
        on_progress(0, plan.sector_count)
    try:
        while writer.sector < plan.sector_count:
            stream = writer.stream
            if stream is not None:
                await _copy_stream(writer, stream, limiter)
            else:
                await anyio.to_thread.run_sync(writer.step, limiter=limiter)
            if on_progress is not None and time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                on_progress(writer.sector, plan.sector_count)
    finally:
        writer.close()
    if on_progress is not None:
        on_progress(plan.sector_count, plan.sector_count)


async def _copy_stream(
    writer: _Writer, stream: tuple[StreamContent, int], limiter: anyio.CapacityLimiter
) -> None:
    content, size = stream
    buffer = memoryview(bytearray(BUFFER_SECTORS * SECTOR_SIZE))
    offset = 0
    while offset < size:
        part = buffer[: min(size - offset, len(buffer))]
        await content.read(offset, part)
        await anyio.to_thread.run_sync(writer.write_stream, part, limiter=limiter)
        offset += len(part)
    await anyio.to_thread.run_sync(writer.end_stream, size, limiter=limiter)


class _Writer:
    """The blocking half: writes from :attr:`sector` on, a step at a time, in a worker thread.

    A stream is left to the caller: :attr:`stream` tells of one that comes next.
    """

    def __init__(self, plan: ImagePlan, descriptor: int, name: str, *, owned: bool = False) -> None:
        self.sector = 0
        self.stream: tuple[StreamContent, int] | None = None
        self._plan = plan
        self._descriptor = descriptor
        self._owned = owned
        self._name = str(name)
        self._cursor = FileCursor(plan)
        self._buffer = memoryview(bytearray(BUFFER_SECTORS * SECTOR_SIZE))
        self._regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._guard = ThreadGuard(self._clean_up)

    def close(self) -> None:
        """Let go of the source's descriptors, and of the output's where it is owned."""
        self._guard.close()

    def _clean_up(self) -> None:
        self._cursor.close()
        if self._owned:
            os.close(self._descriptor)

    def step(self) -> None:
        """Write some 32 MiB, or up to the next stream."""
        try:
            self._guard.run(self._step)
        except OSError as error:
            raise output_error(error, self._name) from error

    def write_stream(self, data: memoryview) -> None:
        """Write bytes of the stream that is next."""
        self._guard.run(lambda: self._put(data))

    def end_stream(self, size: int) -> None:
        """Pad the stream of ``size`` bytes that was written to a whole sector, and go on behind it."""
        self._guard.run(lambda: self._put(memoryview(_ZEROS)[: -size % SECTOR_SIZE]))
        self.sector += -(-size // SECTOR_SIZE)
        self.stream = None

    def _step(self) -> None:
        plan = self._plan
        extents = plan.layout.extents
        # Steps end on a border of their own size, so that the kernel's copies go on where its pages begin.
        goal = min((self.sector // STEP_SECTORS + 1) * STEP_SECTORS, plan.sector_count)
        if self.sector < extents.start:
            self._write_filled(min(goal, extents.start))
            return
        for number, row, start in extents.spans(self.sector, goal):
            directory = plan.layout.extents.directories[number]
            size = directory.sizes[row]
            source = directory.sources.get(row) if directory.sources else None
            if isinstance(source, StreamContent):
                self._write_filled(start)
                self.stream = (source, size)
                return
            if size >= KERNEL_COPY_MIN and not isinstance(source, Content):
                self._write_filled(max(start, self.sector))
                self._copy_file(number, row, (self.sector - start) * SECTOR_SIZE, goal)
        self._write_filled(goal)

    def _write_filled(self, end: int) -> None:
        """Write up to a sector through the buffer."""
        while self.sector < end:
            count = min(end - self.sector, BUFFER_SECTORS)
            part = self._buffer[: count * SECTOR_SIZE]
            fill(self._plan, self._cursor, self.sector, part)
            self._put(part)
            self.sector += count

    def _put(self, data: memoryview) -> None:
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:
                    self._wait_for_room()
        except OSError as error:
            raise output_error(error, self._name) from error

    def _wait_for_room(self) -> None:
        """Wait until a pipe that does not block has room, as long as somebody waits for the image."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while not poll.poll(_WAIT_MS):
            from_thread.check_cancelled()
            if self._guard.closed:
                raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))

    def _copy_file(self, number: int, row: int, offset: int, goal: int) -> None:
        """Let the kernel copy a file's bytes from ``offset`` to its end or the goal; pad its last sector."""
        plan = self._plan
        size = plan.layout.extents.directories[number].sizes[row]
        length = min(size - offset, (goal - self.sector) * SECTOR_SIZE)
        try:
            descriptor = self._cursor.open(number, row)
            facts = os.fstat(descriptor)
        except OSError:
            return  # fill() finds it again, and says so or pads by policy
        if facts.st_size != size:
            return
        note_if_modified(plan, plan.layout.extents.directories[number], row, facts)
        done = self._copy_range(descriptor, offset, length)
        if done < length:
            # The file gave less than its size: fill() comes upon that again, and says so or pads by policy.
            self.sector += done // SECTOR_SIZE
            rest = self._buffer[:SECTOR_SIZE]
            fill(plan, self._cursor, self.sector, rest)
            self._put(rest[done % SECTOR_SIZE :])
            self.sector += 1
            return
        self._put(memoryview(_ZEROS)[: -done % SECTOR_SIZE])
        self.sector += -(-done // SECTOR_SIZE)

    def _copy_range(self, descriptor: int, offset: int, length: int) -> int:
        done = 0
        while done < length:
            try:
                if self._regular:
                    count = os.copy_file_range(descriptor, self._descriptor, length - done, offset + done)
                else:
                    count = os.sendfile(self._descriptor, descriptor, offset + done, length - done)
            except BlockingIOError:
                self._wait_for_room()
                continue
            except OSError as error:
                if error.errno in _OUTPUT_ERRORS:
                    raise
                # The kernel cannot copy between these two, or one of them failed: then it shows which.
                count = self._read_and_write(descriptor, offset + done, length - done)
            if not count:
                break
            done += count
        return done

    def _read_and_write(self, descriptor: int, offset: int, length: int) -> int:
        part = self._buffer[: min(length, len(self._buffer))]
        try:
            count = os.preadv(descriptor, [part], offset)
        except OSError:
            return 0  # fill() comes upon it again, and says so or pads by policy
        self._put(part[:count])
        return count
