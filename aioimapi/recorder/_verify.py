"""Reading a disc back and saying exactly what is wrong with it.

While writing, the first bytes of the running digest are kept for each chunk. Reading back compares running
digests, so that neither the source nor a second copy of the image is needed while everything is right. At the
first difference the source is read again: its bytes name the sectors, and take the place of the disc's in the
digest, so that the comparison of the following chunks goes on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from anyio import CapacityLimiter, to_thread

from aioimapi.errors import (
    AbortedCommandError,
    BlankCheckError,
    CommandFailedError,
    HardwareError,
    IllegalRequestError,
    ImageError,
    MediumError,
)
from aioimapi.image import CHUNK_SECTORS, SectorReader, SectorSource
from aioimapi.image._digest import MARK_BYTES, Digest, new_hasher
from aioimapi.image._feed import feed, page_aligned
from aioimapi.recorder._progress import Meter
from aioimapi.recorder._report import MAX_FILES, MAX_RANGES, Verification, VerifyLevel
from aioimapi.units import SECTOR_SIZE

PIECE_SECTORS: Final = 32
"""Sectors that a chunk is broken into where it cannot be read: one BD cluster, two DVD ECC blocks."""

SINGLE_READS: Final = 512
"""Sectors that are tried one by one, in all: a real drive spends many seconds on each that is bad."""

GIVE_UP_PIECES: Final = 64
"""Unreadable pieces in a row after which the rest of the disc is not tried."""

SAMPLES: Final = 32
"""Places that a quick verification looks at."""

_UNREADABLE = (MediumError, HardwareError, IllegalRequestError, BlankCheckError, AbortedCommandError)


class BlockReader(Protocol):
    """What of a drive reading back needs."""

    async def read_into(self, lba: int, buffer: memoryview) -> None:
        """Fill ``buffer`` from the disc."""


class Marks:
    """What a burn remembers of its source: 8 bytes for each chunk.

    Attributes:
        digest_name: The algorithm of the digest.
        chunk_sectors: Sectors of each chunk but the last.
    """

    def __init__(self, digest_name: str, chunk_sectors: int) -> None:
        self.digest_name = digest_name
        self.chunk_sectors = chunk_sectors
        self._bytes = bytearray()

    def add(self, mark: bytes) -> None:
        """Remember the digest after the next chunk."""
        self._bytes += mark

    def __getitem__(self, index: int) -> bytes:
        return bytes(self._bytes[index * MARK_BYTES : (index + 1) * MARK_BYTES])


class Ranges:
    """Sector ranges in ascending order, merged where they touch; the list is bounded, the count is not."""

    def __init__(self) -> None:
        self.sectors = 0
        self._ranges: list[tuple[int, int]] = []

    def add(self, first: int, count: int) -> None:
        """Add a range that begins at or after the end of all before."""
        self.sectors += count
        if self._ranges:
            last_first, last_count = self._ranges[-1]
            if last_first + last_count == first:
                self._ranges[-1] = (last_first, last_count + count)
                return
        if len(self._ranges) < MAX_RANGES:
            self._ranges.append((first, count))

    def as_tuple(self) -> tuple[tuple[int, int], ...]:
        """Return the ranges."""
        return tuple(self._ranges)


def differing(found: memoryview, wanted: memoryview, first: int) -> list[tuple[int, int]]:
    """Return the ranges of sectors in which two buffers differ; ``first`` is the number of their first sector."""
    ranges: list[tuple[int, int]] = []
    for offset in range(0, len(wanted), SECTOR_SIZE):
        if bytes(found[offset : offset + SECTOR_SIZE]) != bytes(wanted[offset : offset + SECTOR_SIZE]):
            sector = first + offset // SECTOR_SIZE
            if ranges and sum(ranges[-1]) == sector:
                ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
            else:
                ranges.append((sector, 1))
    return ranges


class Verifier:
    """Compares what is on a disc with what should be there; collects what is wrong instead of stopping at it.

    Args:
        drive: Reads the disc.
        source: What should be there.
        meter: Told of every sector that was read.
        start_lba: Where on the disc the source begins.
        digest_name: The digest to compare with.
    """

    def __init__(
        self,
        drive: BlockReader,
        source: SectorSource,
        meter: Meter,
        *,
        start_lba: int = 0,
        digest_name: str = "auto",
    ) -> None:
        self._drive = drive
        self._source = source
        self._meter = meter
        self._start = start_lba
        self._digest: Digest = new_hasher(digest_name)
        self._in_step = True
        self._limiter = CapacityLimiter(1)
        self._different = Ranges()
        self._unreadable = Ranges()
        self._problems: list[str] = []
        self._read = 0
        self._single_reads = 0
        self._bad_pieces = 0
        self._gave_up = False

    def found(self, level: VerifyLevel, files: tuple[str, ...] = ()) -> Verification:
        """Return what was found so far.

        Args:
            level: How much was to be checked.
            files: What lies in the bad ranges, where that is known.
        """
        return Verification(
            level=level,
            sectors_read=self._read,
            sectors_different=self._different.sectors,
            sectors_unreadable=self._unreadable.sectors,
            different=self._different.as_tuple(),
            unreadable=self._unreadable.as_tuple(),
            files=files,
            problems=tuple(self._problems),
        )

    async def result(self, level: VerifyLevel) -> Verification:
        """Return what was found, with the files that the bad sectors belong to.

        Cancellation:
            May be repeated. Finding the files of an .iso reads its whole tree, in a thread, where there are bad
            sectors.
        """
        files: tuple[str, ...] = ()
        if self._different.sectors or self._unreadable.sectors:
            try:
                files = await to_thread.run_sync(self._files, limiter=self._limiter)
            except ImageError as error:
                self._problems.append(f"the files in the bad ranges cannot be named: {error}")
        return self.found(level, files)

    def problem(self, sentence: str) -> None:
        """Add something that is wrong beside sectors."""
        self._problems.append(sentence)

    @property
    def digest_name(self) -> str:
        """The digest's algorithm."""
        return self._digest.name

    @property
    def digest(self) -> str:
        """The digest in hexadecimal of the source's bytes, once all were compared; empty where they could not be."""
        return self._digest.hexdigest() if self._in_step else ""

    async def against_marks(self, marks: Marks) -> None:
        """Read the whole source's range back and compare it with what was noted while writing."""
        chunk_sectors, end = marks.chunk_sectors, self._source.sector_count
        buffer = page_aligned(min(chunk_sectors, max(end, 1)) * SECTOR_SIZE)
        async with self._source.reader() as reader:
            for index, first in enumerate(range(0, end, chunk_sectors)):
                view = buffer[: (end - first) * SECTOR_SIZE]
                await self._compare(first, view, marks[index], _Reread(reader, first, len(view)))
                if self._gave_up:
                    break

    async def against_source(self, chunk_sectors: int = CHUNK_SECTORS) -> None:
        """Read the source and the disc side by side and compare them."""
        hasher = new_hasher(self._digest.name)
        buffer = page_aligned(min(chunk_sectors, max(self._source.sector_count, 1)) * SECTOR_SIZE)
        async with feed(self._source, hasher=hasher, chunk_sectors=chunk_sectors) as chunks:
            async for chunk in chunks:
                await self._compare(chunk.first, buffer[: len(chunk.data)], chunk.digest, _Held(chunk.data))
                if self._gave_up:
                    break

    async def sample(self) -> None:
        """Compare a small set of places: the first, the last, and some spread evenly between them."""
        total = self._source.sector_count
        places = sorted(
            {max(total - PIECE_SECTORS, 0) * number // (SAMPLES - 1) for number in range(SAMPLES)}
        )
        found, wanted = page_aligned(PIECE_SECTORS * SECTOR_SIZE), page_aligned(PIECE_SECTORS * SECTOR_SIZE)
        self._in_step = False  # samples say nothing of the whole, so there is no digest of it
        done = 0
        async with self._source.reader() as reader:
            for place in places:
                first = max(place, done)
                view = found[: (min(place + PIECE_SECTORS, total) - first) * SECTOR_SIZE]
                if not view:
                    continue
                bad = await self._read_chunk(first, view)
                await reader.readinto(first, wanted[: len(view)])
                await self._note(first, view, wanted[: len(view)], bad)
                done = first + len(view) // SECTOR_SIZE
                self._count(view, bad)

    async def _compare(
        self, first: int, view: memoryview, mark: bytes, wanted: Callable[[], Awaitable[memoryview]]
    ) -> None:
        before = self._digest.copy()
        bad = await self._read_chunk(first, view)
        if not bad:
            await to_thread.run_sync(self._digest.update, view, limiter=self._limiter)
        if bad or self._digest.mark() != mark:
            await self._name_bad_sectors(first, view, mark, bad, before, wanted)
        self._count(view, bad)

    async def _name_bad_sectors(
        self,
        first: int,
        view: memoryview,
        mark: bytes,
        bad: list[tuple[int, int]],
        before: Digest,
        wanted: Callable[[], Awaitable[memoryview]],
    ) -> None:
        try:
            right = await wanted()
        except ImageError as error:
            self._lose_step(first, view, bad, f"the source could not be read again ({error})")
            return
        self._digest = before
        await to_thread.run_sync(self._digest.update, right, limiter=self._limiter)
        if self._digest.mark() == mark:
            await self._note(first, view, right, bad)
        else:
            self._lose_step(first, view, bad, "the source is not what was written any more")

    def _lose_step(self, first: int, view: memoryview, bad: list[tuple[int, int]], why: str) -> None:
        """The disc's chunk is wrong, but which sectors of it cannot be said, nor can what follows be compared."""
        self._in_step = False
        self._gave_up = True
        count = len(view) // SECTOR_SIZE
        for bad_first, bad_count in bad:
            self._unreadable.add(self._start + bad_first, bad_count)
        if not bad:
            self._different.add(self._start + first, count)
        last = self._start + first + count - 1
        self._problems.append(
            f"{why}, so LBA {self._start + first} to {last} are named as a whole, and none after them was compared"
        )

    async def _note(
        self, first: int, view: memoryview, right: memoryview, bad: list[tuple[int, int]]
    ) -> None:
        """Name the sectors of a chunk that differ from the source; those that were not read do not count as such."""
        for bad_first, bad_count in bad:
            self._unreadable.add(self._start + bad_first, bad_count)
            offset = (bad_first - first) * SECTOR_SIZE
            size = bad_count * SECTOR_SIZE
            view[offset : offset + size] = right[offset : offset + size]
        ranges = await to_thread.run_sync(differing, view, right, first, limiter=self._limiter)
        for different_first, count in ranges:
            self._different.add(self._start + different_first, count)

    async def _read_chunk(self, first: int, view: memoryview) -> list[tuple[int, int]]:
        """Fill ``view`` from the disc; return the ranges, in sectors of the source, that could not be read."""
        try:
            await self._drive.read_into(self._start + first, view)
        except _UNREADABLE:
            if len(view) <= PIECE_SECTORS * SECTOR_SIZE:
                return await self._read_piece(first, view)
        else:
            self._bad_pieces = 0
            return []
        bad: list[tuple[int, int]] = []
        for offset in range(0, len(view), PIECE_SECTORS * SECTOR_SIZE):
            piece = view[offset : offset + PIECE_SECTORS * SECTOR_SIZE]
            piece_first = first + offset // SECTOR_SIZE
            try:
                await self._drive.read_into(self._start + piece_first, piece)
                self._bad_pieces = 0
            except _UNREADABLE as error:
                bad.extend(await self._read_piece(piece_first, piece))
                self._weigh(piece_first, error)
        return bad

    async def _read_piece(self, first: int, piece: memoryview) -> list[tuple[int, int]]:
        """Read the sectors of a bad piece one by one, while there is patience for it."""
        sectors = len(piece) // SECTOR_SIZE
        if self._single_reads >= SINGLE_READS:
            return [(first, sectors)]
        bad: list[tuple[int, int]] = []
        for number in range(sectors):
            self._single_reads += 1
            try:
                await self._drive.read_into(
                    self._start + first + number, piece[number * SECTOR_SIZE : (number + 1) * SECTOR_SIZE]
                )
            except _UNREADABLE:
                bad.append((first + number, 1))
        return bad

    def _weigh(self, first: int, error: CommandFailedError) -> None:
        self._bad_pieces += 1
        if self._bad_pieces == GIVE_UP_PIECES:
            self._gave_up = True
            self._problems.append(
                f"reading was given up near LBA {self._start + first}, after {GIVE_UP_PIECES} unreadable pieces in a "
                f"row; the last said: {error}"
            )

    def _count(self, view: memoryview, bad: list[tuple[int, int]]) -> None:
        sectors = len(view) // SECTOR_SIZE
        self._read += sectors - sum(count for _, count in bad)
        if self._meter.advance(sectors):
            self._meter.update()

    def _files(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for first, count in sorted(self._different.as_tuple() + self._unreadable.as_tuple()):
            for name in self._source.files_at(first - self._start, count):
                names[name] = None
                if len(names) >= MAX_FILES:
                    return tuple(names)
        return tuple(names)


class _Reread:
    """Reads a chunk of the source again, in the rare case that its bytes are needed."""

    def __init__(self, reader: SectorReader, first: int, size_bytes: int) -> None:
        self._reader = reader
        self._first = first
        self._size = size_bytes

    async def __call__(self) -> memoryview:
        buffer = page_aligned(self._size)
        await self._reader.readinto(self._first, buffer)
        return buffer


class _Held:
    """Gives the bytes of a chunk that is at hand anyway."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    async def __call__(self) -> memoryview:
        return self._data


__all__ = ("PIECE_SECTORS", "BlockReader", "Marks", "Ranges", "Verifier", "differing")
