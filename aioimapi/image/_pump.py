"""Runs the sans-I/O readers of :mod:`aioimapi.fs.read` on a sector reader."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read import READ_FAULTS, Parser, SectorRequest, WalkGuard
from aioimapi.image._source import SectorReader
from aioimapi.units import SECTOR_SIZE

_T = TypeVar("_T")

WINDOW_SECTORS: Final = 128
"""Small requests are served from windows of this many sectors: a seek costs a drive more than reading 256 KiB."""

MAX_WINDOWS: Final = 32
"""Windows that are kept: 8 MiB."""

PARSE_IN_LOOP_BYTES: Final = 65_536
"""More data than this is parsed in a thread, so that the event loop is not held for more than some milliseconds."""


class Pump:
    """Serves parsers with sectors, one task at a time.

    Args:
        reader: Where sectors come from.
        sector_count: How many sectors there are, or None where nobody knows.
    """

    def __init__(self, reader: SectorReader, sector_count: int | None) -> None:
        self._reader = reader
        self._sector_count = sector_count
        self._windows: dict[int, bytes] = {}
        self._lock = anyio.Lock(fast_acquire=True)
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, parser: Parser[_T], guard: WalkGuard | None = None) -> _T:
        """Run a parser to its end and return its result.

        Args:
            parser: A parser that was not started.
            guard: Counts what is read, against endless trees.

        Cancellation:
            At any read. The parser is dropped; the pump can run others.
        """
        await checkpoint()  # a run served from windows alone must not hold the loop
        step = partial(_advance, parser, None)
        size = 0
        while True:
            if size > PARSE_IN_LOOP_BYTES:
                request, result = await to_thread.run_sync(step, limiter=self._limiter)
            else:
                request, result = step()
            if request is None:
                value: _T = result
                return value
            size = 0
            if guard is not None:
                guard.spend(request)
            try:
                data = await self._read(request)
            except READ_FAULTS as error:
                step = partial(_fail, parser, error)
            else:
                size = len(data)
                step = partial(_advance, parser, data)

    async def readinto(self, first: int, buffer: memoryview) -> None:
        """Fill a buffer with whole sectors; tasks that share the pump wait for one another."""
        async with self._lock:
            await self._reader.readinto(first, buffer)

    def check(self, first: int, count: int) -> None:
        """Raise ImageFormatError unless the sectors can be in the image."""
        if first < 0 or count <= 0 or (self._sector_count is not None and first + count > self._sector_count):
            raise ImageFormatError(
                f"sectors {first} to {first + count - 1} are outside the image, which has {self._sector_count}",
                lba=first,
            )

    async def _read(self, request: SectorRequest) -> bytes:
        first, count = request.first, request.count
        self.check(first, count)
        if count > WINDOW_SECTORS:
            return await self._fetch(first, count)
        parts: list[bytes] = []
        while count > 0:
            start = first // WINDOW_SECTORS * WINDOW_SECTORS
            piece = min(count, start + WINDOW_SECTORS - first)
            window = await self._window(start)
            if window is None or len(window) < (first - start + piece) * SECTOR_SIZE:
                parts.append(await self._fetch(first, piece))
            else:
                parts.append(window[(first - start) * SECTOR_SIZE : (first - start + piece) * SECTOR_SIZE])
            first += piece
            count -= piece
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _window(self, start: int) -> bytes | None:
        """Return the window that starts at a sector, or None where it cannot be read as a whole."""
        window = self._windows.pop(start, None)
        if window is None:
            size = WINDOW_SECTORS
            if self._sector_count is not None:
                size = min(size, self._sector_count - start)
            try:
                window = await self._fetch(start, size)
            except READ_FAULTS:
                # Something near by is unreadable or was never written: the caller asks for what it needs alone.
                window = b""
            if len(self._windows) >= MAX_WINDOWS:
                del self._windows[next(iter(self._windows))]
        self._windows[start] = window
        return window or None

    async def _fetch(self, first: int, count: int) -> bytes:
        buffer = bytearray(count * SECTOR_SIZE)
        await self.readinto(first, memoryview(buffer))
        return bytes(buffer)


def _advance(parser: Parser[_T], data: bytes | None) -> tuple[SectorRequest | None, _T]:
    try:
        request = next(parser) if data is None else parser.send(data)
    except StopIteration as stop:
        return None, stop.value
    return request, None  # type: ignore[return-value]


def _fail(parser: Parser[_T], error: BaseException) -> tuple[SectorRequest | None, _T]:
    try:
        return parser.throw(error), None  # type: ignore[return-value]
    except StopIteration as stop:
        return None, stop.value


__all__ = ("Pump",)
