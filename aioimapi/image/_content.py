"""Where the bytes of a file come from when it is not just a file in a scanned folder.

A :class:`Content` gives any range of bytes, in a worker thread. A :class:`StreamContent` comes from an async iterator,
in order; it can be read again only where it can be opened again or the caller allowed a copy on disk (staging).
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import IO

import anyio.to_thread

from aioimapi.errors import SourceChangedError, SourceNotRereadableError
from aioimapi.image._host import source_error

StreamSource = AsyncIterable[bytes] | Callable[[], AsyncIterable[bytes]]


class DatedPath(str):
    """A path of the host whose file got a time from the caller: its own does not tell whether it was changed."""

    __slots__ = ()


class Content(ABC):
    """Bytes of a known number that can be read at any place, in a worker thread."""

    @abstractmethod
    def read(self, offset: int, out: memoryview) -> int:
        """Fill ``out`` from ``offset`` on and return how many bytes there were; fewer only at the end.

        Raises:
            OSError: The operating system could not read.
        """


class BytesContent(Content):
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def read(self, offset: int, out: memoryview) -> int:
        """See :meth:`Content.read`."""
        part = self._data[offset : offset + len(out)]
        out[: len(part)] = part
        return len(part)


class FileObjectContent(Content):
    """A seekable binary file object of the caller's; read under a lock, since it has one position."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._start = file.tell()

    def measure(self) -> int:
        """Return the bytes from the position at which it was handed over to its end."""
        with self._lock:
            return self._file.seek(0, os.SEEK_END) - self._start

    def read(self, offset: int, out: memoryview) -> int:
        """See :meth:`Content.read`."""
        with self._lock:
            self._file.seek(self._start + offset)
            at = 0
            while at < len(out):
                part = self._file.read(len(out) - at)
                if not part:
                    break
                out[at : at + len(part)] = part
                at += len(part)
            return at


class StagedContent(Content):
    """A copy on disk, without a name: it is gone with this object."""

    def __init__(self) -> None:
        self.descriptor, path = tempfile.mkstemp(prefix="aioimapi-")
        os.unlink(path)
        weakref.finalize(self, os.close, self.descriptor)

    def append(self, data: memoryview) -> None:
        """Add bytes at the end."""
        while data:
            data = data[os.write(self.descriptor, data) :]

    def read(self, offset: int, out: memoryview) -> int:
        """See :meth:`Content.read`."""
        at = 0
        while at < len(out):
            count = os.preadv(self.descriptor, [out[at:]], offset + at)
            if not count:
                break
            at += count
        return at


class StreamContent:
    """Bytes from an async iterator, of a size that the caller declared.

    Args:
        source: An async iterable, read once; or a function that returns a fresh one at each call, read as often as
            needed.
        size: Bytes that it will deliver.
        stage: Copy it to a temporary file at the first reading, so that it can be read again.
        path: Its path in the image, for messages.
    """

    def __init__(self, source: StreamSource, size: int, *, stage: bool, path: str) -> None:
        self._source = source
        self._size = size
        self._stage = stage
        self._path = path
        self._used = False
        self._iterator: AsyncIterator[bytes] | None = None
        self._position = 0
        self._rest = memoryview(b"")
        self._staged: StagedContent | None = None
        self._lock = anyio.Lock()

    async def read(self, offset: int, out: memoryview) -> None:
        """Fill ``out`` from ``offset`` on; the range lies inside the declared size.

        Raises:
            SourceChangedError: The stream ended before its size, or went on behind it.
            SourceNotRereadableError: It was read already, and neither opened anew nor staged.
        """
        async with self._lock:
            if self._stage:
                if self._staged is None:
                    self._staged = await self._make_copy()
                await anyio.to_thread.run_sync(self._staged.read, offset, out)
                return
            if self._iterator is None or offset < self._position:
                await self._open()
            while self._position < offset:
                skip = bytearray(min(offset - self._position, 1 << 20))
                await self._take(memoryview(skip))
            await self._take(out)
            if self._position == self._size:
                await self._check_end()

    async def _open(self) -> None:
        await self.aclose()
        if callable(self._source):
            self._iterator = aiter(self._source())
        else:
            if self._used:
                raise SourceNotRereadableError(
                    f"{self._path} comes from a stream that can be read once, and it was read already; give a function "
                    "that opens it again, or allow a temporary copy (stage=True)",
                    path=self._path,
                )
            self._iterator = aiter(self._source)
        self._used = True
        self._position = 0
        self._rest = memoryview(b"")

    async def _take(self, out: memoryview) -> None:
        assert self._iterator is not None
        at = 0
        while at < len(out):
            if not self._rest:
                try:
                    self._rest = memoryview(await anext(self._iterator))
                except StopAsyncIteration:
                    raise SourceChangedError(
                        f"{self._path}: the stream ended after {self._position + at:,} bytes, and {self._size:,} were "
                        "declared",
                        path=self._path,
                        expected=self._size,
                        found=self._position + at,
                    ) from None
            part = self._rest[: len(out) - at]
            out[at : at + len(part)] = part
            self._rest = self._rest[len(part) :]
            at += len(part)
        self._position += at

    async def _check_end(self) -> None:
        assert self._iterator is not None
        extra = len(self._rest)
        while not extra:
            try:
                extra = len(await anext(self._iterator))
            except StopAsyncIteration:
                return
        raise SourceChangedError(
            f"{self._path}: the stream goes on behind the {self._size:,} bytes that were declared",
            path=self._path,
            expected=self._size,
            found=self._size + extra,
        )

    async def _make_copy(self) -> StagedContent:
        await self._open()
        try:
            copy = await anyio.to_thread.run_sync(StagedContent)
            left = self._size
            buffer = memoryview(bytearray(min(left, 1 << 20) or 1))
            while left:
                part = buffer[: min(left, len(buffer))]
                await self._take(part)
                await anyio.to_thread.run_sync(copy.append, part)
                left -= len(part)
            await self._check_end()
        except OSError as error:
            raise source_error(error, self._path, "stage") from error
        await self.aclose()
        return copy

    async def aclose(self) -> None:
        """Close the iterator that is open, if it has a way to be closed."""
        iterator, self._iterator = self._iterator, None
        if iterator is not None and hasattr(iterator, "aclose"):
            await iterator.aclose()
