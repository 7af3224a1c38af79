"""Reading ahead: a task that fills pooled buffers from a source, so that a drive never waits for a file.

The reader hashes each chunk in the thread hop that reads it. The consumer gets chunks in order, with the
running digest as it was after each; what went wrong in the source reaches it in order too, after the last
good chunk, as an ordinary exception at its own ``await``. It is never cancelled by its own feed in the middle
of a WRITE.
"""

from __future__ import annotations

import mmap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Self

import anyio
import attrs
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from aioimapi._tasks import task_group
from aioimapi.errors import LocalProtocolError
from aioimapi.image._digest import MARK_BYTES
from aioimapi.image._source import CHUNK_SECTORS, Hasher, SectorSource

FEED_BYTES = 8 * 1024 * 1024
"""Bytes of a feed's buffers: the chunk that is lent, the one that fills, and those that wait."""

MAX_DEPTH = 8
"""Chunks that may wait for the consumer, however small they are."""


@attrs.frozen
class Chunk:
    """Sectors on their way.

    Attributes:
        data: The bytes; lent until the next step of the feed.
        first: The first sector, counted from the start of the source.
        digest: The first 8 bytes of the running digest after this chunk; empty where nobody asked for a
            digest.
    """

    data: memoryview
    first: int
    digest: bytes


class Feed:
    """An async iterator of chunks; made by :func:`feed`."""

    def __init__(
        self,
        filled: MemoryObjectReceiveStream[Chunk | Exception],
        free: MemoryObjectSendStream[memoryview],
        others: tuple[MemoryObjectSendStream[Chunk | Exception], MemoryObjectReceiveStream[memoryview]],
    ) -> None:
        self._filled = filled
        self._free = free
        self._lent: memoryview | None = None
        self._failure: Exception | None = None
        self._others = others

    def close(self) -> None:
        """Let go of the streams; the reading task ends where it is."""
        for stream in (self._filled, self._free, *self._others):
            stream.close()

    @property
    def waiting(self) -> int:
        """How many chunks are read and wait: 0 means that the source is the bottleneck."""
        return self._filled.statistics().current_buffer_used

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        """Take the last chunk back and lend the next one.

        Raises:
            SourceError: A file behind the source is gone, changed or unreadable; every chunk before it was
                given out.

        Cancellation:
            At once, while it waits for the source; no chunk is lost.
        """
        if self._failure is not None:
            raise self._failure
        if self._lent is not None:
            self._free.send_nowait(self._lent)
            self._lent = None
        try:
            item = await self._filled.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None
        if isinstance(item, Exception):
            self._failure = item
            raise item
        # Handing the whole buffer back, not the part of it that a short last chunk uses, keeps the pool's
        # sizes even.
        self._lent = memoryview(item.data.obj)
        return item


def page_aligned(size_bytes: int) -> memoryview:
    """Return a zeroed buffer on a page boundary, so that SG_IO can map it instead of copying it."""
    return memoryview(mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


async def _pump(
    source: SectorSource,
    first: int,
    end: int,
    hasher: Hasher | None,
    free: MemoryObjectReceiveStream[memoryview],
    filled: MemoryObjectSendStream[Chunk | Exception],
) -> None:
    # `free` stays open: the consumer gives the last buffers back after the reading has ended.
    with filled:
        try:
            async with source.reader() as reader:
                while first < end:
                    try:
                        buffer = await free.receive()
                    except (anyio.EndOfStream, anyio.ClosedResourceError):
                        return  # the consumer has gone
                    chunk = buffer[: (end - first) * source.sector_size]
                    await reader.readinto(first, chunk, hasher)
                    mark = b"" if hasher is None else hasher.digest()[:MARK_BYTES]
                    if not _hand_over(filled, Chunk(chunk, first, mark)):
                        return
                    first += len(chunk) // source.sector_size
        except Exception as error:  # noqa: BLE001 - the consumer raises it when its turn comes
            _hand_over(filled, error)


def _hand_over(filled: MemoryObjectSendStream[Chunk | Exception], item: Chunk | Exception) -> bool:
    """Give an item to the consumer; False where it has gone, which may be while the reading was under way."""
    try:
        filled.send_nowait(item)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return False
    return True


def start_feed(
    tasks: TaskGroup,
    source: SectorSource,
    first: int,
    end: int,
    *,
    depth: int | None = None,
    hasher: Hasher | None = None,
    chunk_sectors: int = CHUNK_SECTORS,
) -> Feed:
    """Start to read ahead in a task group of the caller, who closes the feed; else as :func:`feed`."""
    size = min(chunk_sectors, max(end - first, 1)) * source.sector_size
    if depth is None:
        depth = max(1, min(FEED_BYTES // size - 2, MAX_DEPTH))
    chunks = -(-(end - first) * source.sector_size // size)
    send_free, receive_free = anyio.create_memory_object_stream[memoryview](inf)
    send_filled, receive_filled = anyio.create_memory_object_stream[Chunk | Exception](inf)
    for _ in range(min(depth + 2, chunks)):
        send_free.send_nowait(page_aligned(size))
    tasks.start_soon(_pump, source, first, end, hasher, receive_free, send_filled, name="feed")
    return Feed(receive_filled, send_free, (send_filled, receive_free))


@asynccontextmanager
async def feed(
    source: SectorSource,
    first: int = 0,
    count: int | None = None,
    *,
    depth: int | None = None,
    hasher: Hasher | None = None,
    chunk_sectors: int = CHUNK_SECTORS,
) -> AsyncIterator[Feed]:
    """Read a source ahead of whoever consumes it.

    Args:
        source: What to read; a reader of it is opened and closed in here.
        first: The first sector.
        count: How many sectors; None for all that follow ``first``.
        depth: Chunks that may wait for the consumer, 1 or more. Memory is ``depth + 2`` chunks, made as
            needed.
        hasher: Takes the bytes of every chunk, in order, in the thread that reads it. It runs ahead of the
            consumer: look at :attr:`Chunk.digest`, and at the hasher itself only after the last chunk.
        chunk_sectors: Sectors of each chunk but the last.

    Yields:
        An async iterator of :class:`Chunk`; the buffer of one is used again as soon as the next is asked for.

    Raises:
        LocalProtocolError: The range is not inside the source.

    Cancellation:
        Leaving the block early, in whatever way, stops the reading; it waits for a read that is under way in
        a thread.
    """
    end = source.sector_count if count is None else first + count
    if first < 0 or end < first or end > source.sector_count:
        raise LocalProtocolError(
            f"sectors {first} to {end} are not inside the source, which has {source.sector_count}"
        )
    if (depth is not None and depth < 1) or chunk_sectors < 1:
        raise LocalProtocolError(f"a feed of {depth} chunks of {chunk_sectors} sectors cannot carry anything")
    async with task_group() as tasks:
        chunks = start_feed(
            tasks, source, first, end, depth=depth, hasher=hasher, chunk_sectors=chunk_sectors
        )
        try:
            yield chunks
        finally:
            chunks.close()
        tasks.cancel_scope.cancel()


__all__ = ("FEED_BYTES", "Chunk", "Feed", "feed", "page_aligned", "start_feed")
