"""Reads the sectors of a planned image: metadata made, files read, hundreds of small ones in one thread hop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from aioimapi.errors import LocalProtocolError, SourceChangedError, SourceError, printable
from aioimapi.fs._image_layout import last_sector
from aioimapi.fs._layout import Layout
from aioimapi.fs._tree import Directory
from aioimapi.image._content import Content, DatedPath, StreamContent
from aioimapi.image._guard import ThreadGuard
from aioimapi.image._host import open_folder, source_error
from aioimapi.image._source import Hasher, SectorReader
from aioimapi.units import SECTOR_SIZE, round_up

if TYPE_CHECKING:
    from aioimapi.image._plan import ImagePlan

_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_ZEROS = bytes(1 << 20)


class FileCursor:
    """Opens the planned files one after the other, and keeps the folder and a half-read file open between calls.

    For worker threads; one at a time.
    """

    def __init__(self, plan: ImagePlan) -> None:
        self._plan = plan
        self._folder: tuple[str, int] | None = None
        self._file: tuple[int, int, int] | None = None

    def close(self) -> None:
        """Close what is open."""
        if self._folder is not None:
            os.close(self._folder[1])
            self._folder = None
        if self._file is not None:
            os.close(self._file[2])
            self._file = None

    def open(self, number: int, row: int) -> int:
        """Return a descriptor of a host file; it stays the cursor's own.

        Raises:
            OSError: It cannot be opened.
        """
        if self._file is not None:
            if self._file[:2] == (number, row):
                return self._file[2]
            os.close(self._file[2])
            self._file = None
        directory = self._plan.layout.extents.directories[number]
        explicit = directory.sources.get(row) if directory.sources else None
        if explicit is not None:
            folder, _, name = str(explicit).rpartition("/")
            descriptor = os.open(name, _FILE & ~os.O_NOFOLLOW, dir_fd=self._open_folder(folder or "/"))
        else:
            assert directory.origin is not None
            follow = 0 if self._plan.follows_symlinks else os.O_NOFOLLOW
            flags = _FILE & ~os.O_NOFOLLOW | follow
            descriptor = os.open(directory.names[row], flags, dir_fd=self._open_folder(directory.origin))
        self._file = (number, row, descriptor)
        return descriptor

    def _open_folder(self, path: str) -> int:
        if self._folder is None or self._folder[0] != path:
            if self._folder is not None:
                os.close(self._folder[1])
                self._folder = None
            self._folder = (path, open_folder(path))
        return self._folder[1]


class PlanReader(SectorReader):
    """Reader of an :class:`ImagePlan`; see :class:`SectorReader`."""

    def __init__(self, plan: ImagePlan) -> None:
        self._plan = plan
        self._cursor = FileCursor(plan)
        self._limiter = anyio.CapacityLimiter(1)
        self._guard = ThreadGuard(self._cursor.close)

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        """See :meth:`SectorReader.readinto`."""
        if self._guard.closed:
            raise LocalProtocolError("this reader was closed; take another one from the source")
        self._plan.check_range(first, len(buffer))
        streams = self._plan.streams_in(first, first + len(buffer) // SECTOR_SIZE)
        if not streams:
            await self._run(partial(self._fill, first, buffer, hasher))
            return
        await self._run(partial(self._fill, first, buffer, None))
        for number, row, start in streams:
            await self._take_stream(number, row, start, first, buffer)
        if hasher is not None:
            await self._run(partial(hasher.update, buffer))

    async def _run(self, work: Callable[[], object]) -> None:
        await anyio.to_thread.run_sync(self._guard.run, work, limiter=self._limiter)

    async def aclose(self) -> None:
        """See :meth:`SectorReader.aclose`."""
        self._guard.close()

    def _fill(self, first: int, buffer: memoryview, hasher: Hasher | None) -> None:
        fill(self._plan, self._cursor, first, buffer)
        if hasher is not None:
            hasher.update(buffer)

    async def _take_stream(self, number: int, row: int, start: int, first: int, buffer: memoryview) -> None:
        directory = self._plan.layout.extents.directories[number]
        content = directory.sources[row]
        assert isinstance(content, StreamContent)
        offset = max(first - start, 0) * SECTOR_SIZE
        at = max(start - first, 0) * SECTOR_SIZE
        length = min(directory.sizes[row] - offset, len(buffer) - at)
        await content.read(offset, buffer[at : at + length])


def fill(plan: ImagePlan, cursor: FileCursor, first: int, buffer: memoryview) -> None:
    """Fill a buffer with sectors of a plan; blocks, so for worker threads. Ranges of streams become zeros.

    Raises:
        SourceError: A file is gone, changed or unreadable, and the plan's policy is to say so.
    """
    layout = plan.layout
    end = first + len(buffer) // SECTOR_SIZE
    data_start, data_end = layout.extents.start, layout.extents.end
    at = 0
    while first < end and first < data_start:
        region = layout.region_at(first)
        part_end = min(end, region.start + region.count)
        part = buffer[at : at + (part_end - first) * SECTOR_SIZE]
        zero(part)
        region.render(first, part)
        at += len(part)
        first = part_end
    if first < end and first < data_end:
        part_end = min(end, data_end)
        part = buffer[at : at + (part_end - first) * SECTOR_SIZE]
        _fill_data(plan, cursor, first, part)
        at += len(part)
        first = part_end
    if first < end:
        zero(buffer[at:])
        _fill_tail(layout, first, buffer[at:])
        if end == layout.sector_count:
            buffer[-SECTOR_SIZE:] = last_sector(layout)


def _fill_tail(layout: Layout, first: int, out: memoryview) -> None:
    """Make what the regions behind the data have in a range of zeros."""
    end = first + len(out) // SECTOR_SIZE
    for region in layout.tail:
        low, high = max(first, region.start), min(end, region.start + region.count)
        if low < high:
            region.render(low, out[(low - first) * SECTOR_SIZE : (high - first) * SECTOR_SIZE])


def zero(buffer: memoryview) -> None:
    """Fill a buffer with zeros."""
    for at in range(0, len(buffer), len(_ZEROS)):
        part = buffer[at : at + len(_ZEROS)]
        part[:] = _ZEROS[: len(part)]


def _fill_data(plan: ImagePlan, cursor: FileCursor, first: int, buffer: memoryview) -> None:
    extents = plan.layout.extents
    directories = extents.directories
    end = first + len(buffer) // SECTOR_SIZE
    spans = list(extents.spans(first, end))
    if len(spans) != 1 or not _covers(directories[spans[0][0]].sizes[spans[0][1]], spans[0][2], first, end):
        zero(buffer)
    small = _SmallFiles(plan)
    try:
        for number, row, start in spans:
            directory = directories[number]
            size = directory.sizes[row]
            source = directory.sources.get(row) if directory.sources else None
            begin = (start - first) * SECTOR_SIZE
            if begin >= 0 and begin + size < len(buffer) and source is None and size % SECTOR_SIZE:
                if not small.read(row, directory, size, buffer, begin):
                    zero(buffer[begin : begin + round_up(size, SECTOR_SIZE)])
                    _read_changed(plan, number, row, 0, size, buffer[begin : begin + size])
                continue
            offset = max(-begin, 0)
            at = max(begin, 0)
            out = buffer[at : at + min(size - offset, len(buffer) - at)]
            if isinstance(source, Content):
                _read_content(plan, directory, row, source, offset, out)
            elif not isinstance(source, StreamContent):
                _read_host(plan, cursor, number, row, offset, out)
    finally:
        small.close()


def _covers(size: int, start: int, first: int, end: int) -> bool:
    """Tell whether a file of ``size`` bytes from sector ``start`` fills the sectors ``first`` to ``end`` - 1."""
    return start <= first and start * SECTOR_SIZE + size >= end * SECTOR_SIZE


class _SmallFiles:
    """The fast path: files that begin and end in the buffer and leave room behind their end.

    One open, one read, one close for each; a byte more than planned is asked for, so that a file that grew shows.
    """

    def __init__(self, plan: ImagePlan) -> None:
        self._flags = _FILE & ~os.O_NOFOLLOW if plan.follows_symlinks else _FILE
        self._path: str | None = None
        self._folder = -1

    def close(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def read(self, row: int, directory: Directory, size: int, buffer: memoryview, at: int) -> bool:
        """Read a whole file; False where it is gone, unreadable, or not of its size."""
        if directory.origin != self._path:
            self.close()
            self._path = directory.origin
            assert self._path is not None
            try:
                self._folder = open_folder(self._path)
            except OSError:
                self._path = None
                return False
        try:
            descriptor = os.open(directory.names[row], self._flags, dir_fd=self._folder)
        except OSError:
            return False
        try:
            return os.readv(descriptor, [buffer[at : at + size + 1]]) == size
        except OSError:
            return False
        finally:
            os.close(descriptor)


def _read_host(
    plan: ImagePlan, cursor: FileCursor, number: int, row: int, offset: int, out: memoryview
) -> None:
    directory = plan.layout.extents.directories[number]
    size = directory.sizes[row]
    try:
        descriptor = cursor.open(number, row)
        facts = os.fstat(descriptor)
        if facts.st_size != size:
            _read_changed(plan, number, row, offset, facts.st_size, out)
            return
        at = 0
        while at < len(out):
            count = os.preadv(descriptor, [out[at:]], offset + at)
            if not count:
                _read_changed(plan, number, row, offset, offset + at, out)
                return
            at += count
        note_if_modified(plan, directory, row, facts)
    except OSError as error:
        _unreadable(plan, number, row, error, out)


def note_if_modified(plan: ImagePlan, directory: Directory, row: int, facts: os.stat_result) -> None:
    """Remember that a file has another time than the plan took from it."""
    dated = plan.clamped or isinstance(directory.sources.get(row), DatedPath)
    if facts.st_mtime_ns != directory.mtimes[row] and not dated:
        plan.note_once(directory.path_of(row), "was modified after the plan was made; its size is the same")


def _read_changed(plan: ImagePlan, number: int, row: int, offset: int, found: int, out: memoryview) -> None:
    """Deal with a file that is not as planned: look again, then say so or, by policy, cut or pad it."""
    directory = plan.layout.extents.directories[number]
    size = directory.sizes[row]
    path = directory.path_of(row)
    cursor = FileCursor(plan)
    try:
        descriptor = cursor.open(number, row)
        found = os.fstat(descriptor).st_size
        if found != size and plan.on_change == "error":
            verb = "shrank" if found < size else "grew"
            raise SourceChangedError(
                f"{printable(path)} {verb} from {size:,} to {found:,} bytes after the plan was made; make a new plan, "
                "or let such files be padded and cut (on_change='pad')",
                path=path,
                expected=size,
                found=found,
            )
        zero(out)
        at = 0
        while at < len(out):
            count = os.preadv(descriptor, [out[at:]], offset + at)
            if not count:
                break
            at += count
        if at < len(out) and found == size:
            raise SourceChangedError(
                f"{printable(path)} gave {offset + at:,} of its {size:,} bytes",
                path=path,
                expected=size,
                found=offset + at,
            )
        if found != size:
            verb = f"padded with zeros from {found:,}" if found < size else f"cut from {found:,}"
            plan.note_once(path, f"{verb} to the {size:,} bytes of the plan")
    except OSError as error:
        _unreadable(plan, number, row, error, out)
    finally:
        cursor.close()


def _unreadable(plan: ImagePlan, number: int, row: int, error: OSError, out: memoryview) -> None:
    directory = plan.layout.extents.directories[number]
    path = directory.path_of(row)
    if plan.on_change == "pad":
        zero(out)
        plan.note_once(
            path, f"left out, its {directory.sizes[row]:,} bytes are zeros: {error.strerror or error}"
        )
        return
    if isinstance(error, FileNotFoundError):
        raise SourceChangedError(
            f"{printable(path)} vanished after the plan was made; make a new plan, or let such files be filled with "
            "zeros (on_change='pad')",
            path=path,
            expected=directory.sizes[row],
            found=None,
        ) from error
    raise source_error(error, path, "read") from error


def _read_content(
    plan: ImagePlan, directory: Directory, row: int, source: Content, offset: int, out: memoryview
) -> None:
    path = directory.path_of(row)
    try:
        count = source.read(offset, out)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"cannot read {printable(path)}: {error}; the file object must stay open", path=path
        ) from error
    if count < len(out):
        if plan.on_change == "error":
            raise SourceChangedError(
                f"{printable(path)} ended after {offset + count:,} of {directory.sizes[row]:,} bytes",
                path=path,
                expected=directory.sizes[row],
                found=offset + count,
            )
        zero(out[count:])
        plan.note_once(
            path,
            f"padded with zeros from {offset + count:,} to the {directory.sizes[row]:,} bytes of the plan",
        )


def stream_spans(plan: ImagePlan, first: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the spans in a range whose bytes come from async streams."""
    for number, row, start in plan.layout.extents.spans(first, end):
        if isinstance(plan.layout.extents.directories[number].sources.get(row), StreamContent):
            yield number, row, start
