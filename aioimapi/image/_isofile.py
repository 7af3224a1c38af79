"""An image file, or a block device, as a source of sectors."""

from __future__ import annotations

import os
import stat
import threading
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from typing import Final, TypeVar

import anyio
import attrs
from anyio import to_thread

from aioimapi.errors import (
    ImageFormatError,
    ImageTruncatedError,
    ImapiError,
    SourceChangedError,
    SourceError,
)
from aioimapi.fs.read import (
    HOLE,
    READ_FAULTS,
    Entry,
    FileSystem,
    ImageContext,
    Parser,
    WalkGuard,
    detect,
    measure,
)
from aioimapi.image._source import Hasher, SectorReader, SectorSource
from aioimapi.units import RAW_SECTOR_SIZE, SECTOR_SIZE

_SYNC: Final = b"\0" + b"\xff" * 10 + b"\0"  # starts each raw sector (ECMA-130 14.1)
_T = TypeVar("_T")
_MAX_NAMES: Final = 1000
_MAX_PARTS: Final = 65_536


class IsoFile(SectorSource):
    """An image that lies in a file or on a block device.

    A file that is no whole number of sectors is read as if zeros followed it, and the findings say so, as they say
    where it holds no volume, or less than its volume says. Any sectors can be burned; only a file that ISO 9660 says is
    longer is refused by a recorder (:meth:`require_whole`), unless ``partial`` is set. The file may not change while
    the object is in use: a reader that sees another size or time raises SourceChangedError.

    Args:
        path: The file, or a block device. Some of its first sectors are read at once.
        partial: Take a file that is cut short for what it is.

    Attributes:
        path: The path as it was given.
        partial: Whether a file that is cut short may be burned.
        volume_sectors: How many sectors the file's volume says it has, or None where it does not say.

    Raises:
        SourceError: The file is missing, unreadable, or neither a file nor a block device.
        ImageFormatError: The file is empty, or holds raw 2,352-byte sectors.
    """

    def __init__(self, path: str | os.PathLike[str], *, partial: bool = False) -> None:
        self.path = os.fspath(path)
        self.partial = partial
        self._padding = 0
        self._index: _SectorIndex | None = None
        self._index_lock = threading.Lock()
        with _SourceErrors(self.path):
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with _SourceErrors(self.path):
                self._identity = _Identity.of(fd)
                head = os.pread(fd, 16, 0)
            size = self._identity.size
            self._refuse(size, head)
            self._padding = -size % SECTOR_SIZE
            volume = _run(measure(ImageContext(self.sector_count)), fd, size, self.path)
        finally:
            os.close(fd)
        self._kind = volume.kind
        self.volume_sectors = volume.sectors

    def _refuse(self, size: int, head: bytes) -> None:
        if size == 0:
            raise ImageFormatError(f"{self.path} is empty: it holds no image", path=self.path)
        if head[:12] == _SYNC and size % RAW_SECTOR_SIZE == 0:
            raise ImageFormatError(
                f"{self.path} holds raw sectors of {RAW_SECTOR_SIZE} bytes (a .bin of a CD); convert it first",
                path=self.path,
            )

    @property
    def size_bytes(self) -> int:
        """Bytes of the file, without padding."""
        return self._identity.size

    @property
    def sector_count(self) -> int:
        """How many sectors the image has; the last may be padded with zeros."""
        return (self._identity.size + self._padding) // SECTOR_SIZE

    @property
    def findings(self) -> tuple[str, ...]:
        """Whether the file is whole sectors, holds a volume, and all of it; a sentence for each that is not so."""
        result: list[str] = []
        if self._padding:
            result.append(
                f"{self.path} is {self._identity.size:,} bytes long, not whole sectors of {SECTOR_SIZE}; "
                f"read with {self._padding} zero bytes behind it"
            )
        if not self._kind:
            result.append(
                f"{self.path} holds no volume (neither ISO 9660 nor UDF was found): its sectors are taken as they are"
            )
        elif self._lacks_end:
            result.append(
                f"the {self._kind} volume of {self.path} has {self.volume_sectors:,} sectors, but the file "
                f"{self.sector_count:,}: its end is missing"
            )
        return tuple(result)

    @property
    def _lacks_end(self) -> bool:
        return self.volume_sectors is not None and self.volume_sectors > self.sector_count

    def require_whole(self) -> None:
        """Refuse a file that is shorter than its ISO 9660 volume, as a download that was broken off is.

        UDF alone does not say how long its image is, so such files pass.

        Raises:
            ImageTruncatedError: It is shorter, and not declared ``partial``.
        """
        if self.partial or not self._lacks_end:
            return
        expected = self.volume_sectors or 0
        raise ImageTruncatedError(
            f"{self.path} is cut short: its volume has {expected:,} sectors, the file {self.sector_count:,}; get the "
            f"whole file, or lengthen it with zeros to use it as it is (truncate -s {expected * SECTOR_SIZE})",
            path=self.path,
            expected=expected,
            found=self.sector_count,
        )

    def reader(self) -> SectorReader:
        """Return a reader; it opens the file at its first read."""
        return _IsoFileReader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        """Name what lies in a range of sectors; see :meth:`SectorSource.files_at`.

        The image's tree is read, without awaiting, at the first call; for an image of 100,000 files that takes about
        two seconds. From an event loop, call it in a thread.
        """
        with self._index_lock:
            if self._index is None:
                self._index = _SectorIndex.read(self.path, self._identity)
            return self._index.names(first, count)


class _SourceErrors:
    """Turns an operating system's error into SourceError, naming the file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, exc_type: object, exc: BaseException | None, traceback: object) -> None:
        if isinstance(exc, OSError):
            raise SourceError(f"{self._path} cannot be read: {exc.strerror or exc}", path=self._path) from exc


@attrs.frozen
class _Identity:
    """What tells that a file is still the one that was opened."""

    size: int
    device: int
    inode: int
    mtime_ns: int

    @classmethod
    def of(cls, fd: int) -> _Identity:
        found = os.fstat(fd)
        if stat.S_ISBLK(found.st_mode):
            return cls(os.lseek(fd, 0, os.SEEK_END), found.st_rdev, 0, 0)
        if not stat.S_ISREG(found.st_mode):
            raise IsADirectoryError(0, "it is neither a file nor a block device")
        return cls(found.st_size, found.st_dev, found.st_ino, found.st_mtime_ns)


class _IsoFileReader(SectorReader):
    def __init__(self, source: IsoFile) -> None:
        self._source = source
        self._fd = -1
        self._closed = False
        self._lock = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        self._source.check_range(first, len(buffer))
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(1)
        await to_thread.run_sync(partial(self._fill, first, buffer, hasher), limiter=self._limiter)

    def _fill(self, first: int, buffer: memoryview, hasher: Hasher | None) -> None:
        try:
            self._read(first, buffer)
        finally:
            if self._closed:
                self._close_if_idle()
        if hasher is not None:
            hasher.update(buffer)

    def _read(self, first: int, buffer: memoryview) -> None:
        path = self._source.path
        with self._lock, _SourceErrors(path):
            if self._closed:
                raise SourceError(f"the reader of {path} is closed", path=path)
            if self._fd < 0:
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            expected = self._source._identity
            found = _Identity.of(self._fd)
            if found != expected:
                raise SourceChangedError(
                    f"{path} changed since it was opened", path=path, expected=expected.size, found=found.size
                )
            _pread_into(self._fd, buffer, first * SECTOR_SIZE, expected.size, path)

    async def aclose(self) -> None:
        self._closed = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        # A native asyncio cancel leaves a read running in its thread; that thread then closes after itself.
        if self._lock.acquire(blocking=False):
            try:
                fd, self._fd = self._fd, -1
                if fd >= 0:
                    os.close(fd)
            finally:
                self._lock.release()


def _pread_into(fd: int, buffer: memoryview, offset: int, size: int, path: str) -> None:
    """Fill a buffer from a file of ``size`` bytes; what lies past its end is zeros."""
    wanted = min(len(buffer), size - offset)
    done = 0
    while done < wanted:
        count = os.preadv(fd, [buffer[done:wanted]], offset + done)
        if count == 0:
            raise SourceChangedError(
                f"{path} ended at byte {offset + done:,} while it was read",
                path=path,
                expected=size,
                found=offset + done,
            )
        done += count
    if done < len(buffer):
        buffer[done:] = bytes(len(buffer) - done)


# --- which file a sector belongs to -------------------------------------------------------------------


class _SectorIndex:
    """All extents of a tree, sorted by sector, to be searched by range."""

    def __init__(self, extents: list[tuple[int, int, str]], reason: str) -> None:
        extents.sort()
        self._extents = extents
        self._starts = [start for start, _, _ in extents]
        self._reason = reason
        # Files may share sectors: how far any extent up to each place reaches tells where to stop searching back.
        self._reach: list[int] = []
        reach = 0
        for _, end, _ in extents:
            reach = max(reach, end)
            self._reach.append(reach)
        self._first_file = extents[0][0] if extents else 0

    @classmethod
    def read(cls, path: str, identity: _Identity) -> _SectorIndex:
        with _SourceErrors(path):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            count = -(-identity.size // SECTOR_SIZE)
            context = ImageContext(count)
            try:
                system = _run(detect(context), fd, identity.size, path).file_system
            except ImapiError as error:
                return cls([], str(error))
            return cls(list(_extents(system, context, fd, identity.size, path)), "")
        finally:
            os.close(fd)

    def names(self, first: int, count: int) -> tuple[str, ...]:
        if count <= 0:
            return ()
        if self._reason:
            return ("<no file system that can be read>",)
        end = first + count
        index = bisect_left(self._starts, end) - 1
        low = index
        while low >= 0 and self._reach[low] > first:
            low -= 1
        result: list[str] = []
        covered = first
        for start, stop, name in self._extents[low + 1 : index + 1]:
            if stop <= first:
                continue
            if start > covered:
                result.append(self._gap(covered))
            covered = max(covered, stop)
            result.append(name)
            if len(result) > _MAX_NAMES + _MAX_PARTS:
                break
        if covered < end:
            result.append(self._gap(covered))
        return tuple(dict.fromkeys(result))[:_MAX_NAMES]

    def _gap(self, sector: int) -> str:
        if sector < 16:
            return "<system area>"
        return (
            "<volume structures>"
            if sector < self._first_file
            else "<file-system structures or unused sectors>"
        )


def _extents(
    system: FileSystem, context: ImageContext, fd: int, size: int, path: str
) -> Iterator[tuple[int, int, str]]:
    """Walk a tree without awaiting, and give each extent as (first sector, sector behind it, name)."""
    guard = WalkGuard(context)
    stack: list[tuple[Entry, int]] = [(system.root, 0)]
    while stack:
        directory, depth = stack.pop()
        if not guard.admits(directory, depth):
            continue
        try:
            entries = _run(system.children(directory), fd, size, path, guard)
        except READ_FAULTS:
            continue
        for entry in entries:
            name = entry.path
            if entry.is_directory:
                stack.append((entry, depth + 1))
                name = f"<directory {name}>"
            for lba, length in entry.extents:
                if lba != HOLE and length:
                    yield lba, lba + -(-(length + entry.offset) // SECTOR_SIZE), name


def _run(parser: Parser[_T], fd: int, size: int, path: str, guard: WalkGuard | None = None) -> _T:
    """Drive a parser by plain reads."""
    sectors = -(-size // SECTOR_SIZE)
    try:
        request = next(parser)
        while True:
            if guard is not None:
                guard.spend(request)
            if request.first < 0 or request.count <= 0 or request.first + request.count > sectors:
                fault = ImageFormatError(
                    f"sector {request.first} is outside {path}", path=path, lba=request.first
                )
                request = parser.throw(fault)
                continue
            buffer = bytearray(request.count * SECTOR_SIZE)
            try:
                with _SourceErrors(path):
                    _pread_into(fd, memoryview(buffer), request.first * SECTOR_SIZE, size, path)
            except SourceError as error:
                request = parser.throw(error)
            else:
                request = parser.send(bytes(buffer))
    except StopIteration as stop:
        result: _T = stop.value
        return result


__all__ = ("IsoFile",)
