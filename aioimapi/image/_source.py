"""What every source of sectors is: the contract between images and whoever writes them.

A source knows how many sectors it has before the first is read, gives any of them as often as asked, and says which
file a sector belongs to. :class:`SectorReader` is the one primitive; chunks, read-ahead and digests are built on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Protocol, Self

from aioimapi.errors import LocalProtocolError
from aioimapi.units import SECTOR_SIZE

CHUNK_SECTORS = 512
"""Sectors of a chunk: 1 MiB, so that one thread hop (about 0.1 ms) is small beside the work that it carries."""


class Hasher(Protocol):
    """A digest in the making, with hashlib's methods."""

    def update(self, data: memoryview, /) -> object:
        """Take more bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes taken so far; more may follow."""

    def hexdigest(self) -> str:
        """Return that digest in hexadecimal."""


class SectorReader(ABC):
    """Reads sectors of one source; holds what that needs (descriptors, caches) until it is closed.

    A reader serves one task at a time. Two tasks, two readers.
    """

    @abstractmethod
    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        """Fill a buffer with whole sectors.

        Args:
            first: The first sector, 0 for the first of the source.
            buffer: A writable buffer of bytes whose length is a positive multiple of 2,048. It is filled to its end.
            hasher: Takes the bytes of the buffer once it is full, in the thread that filled it.

        Raises:
            LocalProtocolError: The range is not inside the source, or the buffer is no multiple of a sector.
            SourceError: A file behind the source is gone, changed or unreadable.

        Cancellation:
            Nothing is lost: the buffer's content is undefined and the call may be repeated.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of descriptors and caches. Never waits for I/O; closing twice is allowed."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class SectorSource(ABC):
    """Something of a known number of sectors that a recorder can write."""

    sector_size: int = SECTOR_SIZE

    @property
    @abstractmethod
    def sector_count(self) -> int:
        """How many sectors the source has."""

    @abstractmethod
    def reader(self) -> SectorReader:
        """Return a new reader, to be used in an ``async with``."""

    @abstractmethod
    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        """Name what lies in a range of sectors.

        Args:
            first: The first sector.
            count: How many sectors.

        Returns:
            Absolute paths in the image (``/photos/a.jpg``), and for other sectors what they are in angle brackets
            (``<UDF file entries>``), in the order of the sectors; at most 1,000.
        """

    @property
    def findings(self) -> tuple[str, ...]:
        """What readers of this source put right by policy (a file padded, cut, left out), a sentence each."""
        return ()

    def check_range(self, first: int, size_bytes: int) -> None:
        """Raise LocalProtocolError unless the range is whole sectors of this source."""
        if size_bytes <= 0 or size_bytes % self.sector_size:
            raise LocalProtocolError(
                f"a buffer of {size_bytes} bytes is not a whole number of {self.sector_size}-byte sectors"
            )
        if first < 0 or first + size_bytes // self.sector_size > self.sector_count:
            raise LocalProtocolError(
                f"sectors {first} to {first + size_bytes // self.sector_size - 1} are not inside the source, "
                f"which has {self.sector_count}"
            )

    async def chunks(
        self, first: int = 0, count: int | None = None, *, chunk_sectors: int = CHUNK_SECTORS
    ) -> AsyncGenerator[memoryview]:
        """Yield sectors in order, in chunks; each is lent until the next step of the generator.

        Args:
            first: The first sector.
            count: How many sectors; None for all that follow ``first``.
            chunk_sectors: Sectors of each chunk but the last, at least 1.

        Raises:
            LocalProtocolError: The range is not inside the source, or chunks are to have no sectors.
            SourceError: As :meth:`SectorReader.readinto`.

        Cancellation:
            Between chunks, or inside the reading of one. Close the generator (``contextlib.aclosing``) where the
            loop can end early: that is what gives its descriptors back at once.
        """
        end = self.sector_count if count is None else first + count
        if first < 0 or end < first or end > self.sector_count:
            raise LocalProtocolError(
                f"sectors {first} to {end} are not inside the source, which has {self.sector_count}"
            )
        if chunk_sectors < 1:
            raise LocalProtocolError(f"chunks of {chunk_sectors} sectors come to no end; take 1 or more")
        buffer = memoryview(bytearray(min(chunk_sectors, max(end - first, 1)) * self.sector_size))
        async with self.reader() as reader:
            while first < end:
                chunk = buffer[: min(chunk_sectors, end - first) * self.sector_size]
                await reader.readinto(first, chunk)
                yield chunk
                first += len(chunk) // self.sector_size


__all__ = ("CHUNK_SECTORS", "Hasher", "SectorReader", "SectorSource")
