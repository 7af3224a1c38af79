"""One read of the source for all drives of a rig.

A single task reads and hashes each chunk once, into a window of buffers that every drive looks into at its own place.
A drive that holds the others up for longer than its patience allows leaves the window: it keeps the buffer that it is
writing from, and reads for itself from the next chunk on. So nobody waits for a drive that has fallen behind, and
memory is the window plus one buffer for each that left. Where the shared reading fails, every drive turns to its own,
so that an error is each drive's own too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Self

import anyio
from anyio.abc import TaskGroup

from aioimapi._tasks import task_group
from aioimapi.image import SectorSource
from aioimapi.image._digest import Digest, new_hasher
from aioimapi.image._feed import Chunk, Feed, feed, page_aligned, start_feed

WINDOW_BYTES: Final = 16 * 1024 * 1024
"""How far the fastest drive may be ahead of the slowest."""

MAX_WINDOW: Final = 32
"""The same in chunks, where they are small."""

PATIENCE_S: Final = 0.25
"""Seconds that the others wait for a slow drive; a drive's own buffer covers about as much at full speed."""

GATHER_S: Final = 5.0
"""Seconds that the first drive that is ready waits for the others, so that all begin in step."""


class _Slot:
    """A chunk in the window."""

    __slots__ = ("chunk", "digest")

    def __init__(self, chunk: Chunk, digest: Digest) -> None:
        self.chunk = chunk
        self.digest = digest


class SharedFeed:
    """Reads a source once for several consumers; :meth:`feed` is what each of them uses in place of ``feed()``.

    Args:
        source: What to read.
        chunk_sectors: Sectors of a chunk; a consumer that wants another size reads for itself.
        members: How many consumers there will be.
        digest_name: The digest that the consumers want.
        window: Chunks between the fastest and the slowest, 2 or more; None for 16 MiB.
        patience_s: How long the fastest waits before the slowest has to leave.
        gather_s: How long the first waits for the others before it begins.
    """

    def __init__(
        self,
        source: SectorSource,
        *,
        chunk_sectors: int,
        members: int,
        digest_name: str = "auto",
        window: int | None = None,
        patience_s: float = PATIENCE_S,
        gather_s: float = GATHER_S,
    ) -> None:
        self._source = source
        self._chunk_sectors = chunk_sectors
        self._hasher = new_hasher(digest_name)
        size = chunk_sectors * source.sector_size
        self._window = window if window is not None else max(2, min(WINDOW_BYTES // size, MAX_WINDOW))
        self._patience_s = patience_s
        self._gather_s = gather_s
        self._missing = members
        self._members: set[_Member] = set()
        self._slots: dict[int, _Slot] = {}
        self._spare: list[memoryview] = []
        self._chunks = -(-source.sector_count // chunk_sectors)
        self._next = 0
        self._begun = False
        self._over = False
        self.failure: Exception | None = None
        self._news = anyio.Event()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()
        self._news = anyio.Event()

    async def wait(self) -> None:
        """Wait until something has changed.

        Cancellation:
            At once; nothing is lost.
        """
        await self._news.wait()

    def leave(self) -> None:
        """Say that one of the members will not come (any more)."""
        self._missing -= 1
        self.wake()

    async def run(self) -> None:
        """Read until all members have everything, or none is left.

        Cancellation:
            The members turn to reading for themselves.
        """
        try:
            await self._gather()
            async with self._source.reader() as reader:
                while self._next < self._chunks and await self._make_room():
                    first = self._next * self._chunk_sectors
                    sectors = min(self._chunk_sectors, self._source.sector_count - first)
                    buffer = self._buffer()
                    data = buffer[: sectors * self._source.sector_size]
                    await reader.readinto(first, data, self._hasher)
                    self._slots[self._next] = _Slot(
                        Chunk(data, first, self._hasher.mark()), self._hasher.copy()
                    )
                    self._next += 1
                    self.wake()
        except Exception as error:  # noqa: BLE001 - each member meets the same error in a reading of its own
            self.failure = error
        finally:
            self._over = True
            self.wake()

    async def _gather(self) -> None:
        while not self._members and self._missing > 0:
            await self.wait()
        with anyio.move_on_after(self._gather_s):
            while self._missing > 0:
                await self.wait()
        self._begun = True

    async def _make_room(self) -> bool:
        """Wait for a place in the window; whoever holds it up for too long has to leave."""
        waited_for, deadline = -1, 0.0
        while self._members:
            slowest = min(member.index for member in self._members)
            for index in [index for index in self._slots if index < slowest]:
                self._spare.append(memoryview(self._slots.pop(index).chunk.data.obj))
            if self._next - slowest < self._window:
                return True
            starving = any(member.index >= self._next for member in self._members)
            if slowest != waited_for or not starving:
                waited_for, deadline = slowest, anyio.current_time() + self._patience_s
            elif anyio.current_time() >= deadline:
                self._evict(slowest)
                continue
            with anyio.CancelScope(deadline=deadline):
                await self.wait()
        return False

    def _evict(self, slowest: int) -> None:
        for member in [member for member in self._members if member.index == slowest]:
            # What it holds is in the middle of a WRITE: the buffer is its own from now on.
            held = self._slots.pop(slowest, None)
            member.part(held)

    def _buffer(self) -> memoryview:
        return (
            self._spare.pop() if self._spare else page_aligned(self._chunk_sectors * self._source.sector_size)
        )

    def join(self, member: _Member) -> bool:
        """Take a member in, unless the reading has passed its start already."""
        self._missing -= 1
        if (self._begun and self._next and 0 not in self._slots) or self._over:
            self.wake()
            return False
        self._members.add(member)
        self.wake()
        return True

    def forget(self, member: _Member) -> None:
        """Let a member go."""
        self._members.discard(member)
        self.wake()

    def slot(self, index: int) -> _Slot | None:
        """Return a chunk of the window, or None where it is not read yet."""
        return self._slots.get(index)

    @property
    def over(self) -> bool:
        """Whether nothing more will be read."""
        return self._over

    @property
    def chunks(self) -> int:
        """Chunks of the whole source."""
        return self._chunks

    def feed(
        self,
        source: SectorSource,
        first: int = 0,
        count: int | None = None,
        *,
        hasher: Digest | None = None,
        chunk_sectors: int = 0,
    ) -> AbstractAsyncContextManager[AsyncIterator[Chunk]]:
        """Return what :func:`aioimapi.image.feed` returns, on the shared reading where that serves.

        Args:
            source: What to read.
            first: The first sector.
            count: How many; None for all.
            hasher: Has taken all bytes when the last chunk was given out.
            chunk_sectors: Sectors of a chunk.
        """
        whole = first == 0 and count in (None, source.sector_count)
        if source is self._source and whole and chunk_sectors == self._chunk_sectors and hasher is not None:
            return self._shared(hasher)
        self.leave()
        return feed(source, first, count, hasher=hasher, chunk_sectors=chunk_sectors)

    @asynccontextmanager
    async def _shared(self, hasher: Digest) -> AsyncIterator[AsyncIterator[Chunk]]:
        async with task_group() as tasks:
            member = _Member(self, tasks, self._source, self._chunk_sectors, hasher)
            if not self.join(member):
                member.part(None)
            try:
                yield member
            finally:
                member.close()
            tasks.cancel_scope.cancel()


class _Member:
    """One drive's way through the shared window, and out of it."""

    def __init__(
        self, shared: SharedFeed, tasks: TaskGroup, source: SectorSource, chunk_sectors: int, hasher: Digest
    ) -> None:
        self.index = 0
        self._shared = shared
        self._tasks = tasks
        self._source = source
        self._chunk_sectors = chunk_sectors
        self._hasher = hasher
        self._holds = False
        self._parted = False
        self._last: Digest | None = None
        self._own: Feed | None = None

    def part(self, held: _Slot | None) -> None:
        """Leave the window; the next chunk comes from a reading of one's own."""
        if held is not None and self._holds:
            self._last = held.digest
        self._parted = True
        self._shared.forget(self)

    def close(self) -> None:
        """Be done."""
        self._shared.forget(self)
        if self._own is not None:
            self._own.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        if self._holds and self._own is None:
            self._holds = False
            self.index += 1
            self._shared.wake()
        while self._own is None:
            if self.index >= self._shared.chunks:
                self._finish()
                raise StopAsyncIteration
            slot = None if self._parted else self._shared.slot(self.index)
            if slot is not None:
                self._holds, self._last = True, slot.digest
                return slot.chunk
            if self._parted or self._shared.over:
                self._read_alone()
            else:
                await self._shared.wait()
        return await anext(self._own)

    def _finish(self) -> None:
        if self._last is not None:
            self._hasher.adopt(self._last)
        self._shared.forget(self)

    def _read_alone(self) -> None:
        self._finish()
        self._own = start_feed(
            self._tasks,
            self._source,
            self.index * self._chunk_sectors,
            self._source.sector_count,
            hasher=self._hasher,
            chunk_sectors=self._chunk_sectors,
        )


__all__ = ("GATHER_S", "PATIENCE_S", "WINDOW_BYTES", "SharedFeed")
