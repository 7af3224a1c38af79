"""The feed: order, digests, buffers, errors in their turn, early ends, on both loops."""

from __future__ import annotations

import hashlib

import anyio
import blake3
import pytest
from anyio.lowlevel import checkpoint

from aioimapi.errors import LocalProtocolError, SourceChangedError
from aioimapi.image import Hasher, SectorReader, SectorSource
from aioimapi.image._digest import new_hasher
from aioimapi.image._feed import Feed, feed, page_aligned
from aioimapi.units import SECTOR_SIZE

pytestmark = pytest.mark.anyio


def pattern(count: int) -> bytes:
    """Sectors that all differ."""
    return b"".join(number.to_bytes(4, "big") * (SECTOR_SIZE // 4) for number in range(count))


class MemorySource(SectorSource):
    """Sectors in memory, with a place to fail at and a count of open readers."""

    def __init__(self, count: int, fail_at: int | None = None) -> None:
        self.data = pattern(count)
        self.fail_at = fail_at
        self.open_readers = 0
        self.reads: list[int] = []

    @property
    def sector_count(self) -> int:
        return len(self.data) // SECTOR_SIZE

    def reader(self) -> SectorReader:
        self.open_readers += 1
        return MemoryReader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        return (f"/{first}",)


class MemoryReader(SectorReader):
    def __init__(self, source: MemorySource) -> None:
        self.source = source

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        await checkpoint()
        self.source.check_range(first, len(buffer))
        if self.source.fail_at is not None and first + len(buffer) // SECTOR_SIZE > self.source.fail_at:
            raise SourceChangedError("a.bin shrank", path="a.bin", expected=2, found=1)
        self.source.reads.append(first)
        buffer[:] = self.source.data[first * SECTOR_SIZE :][: len(buffer)]
        if hasher is not None:
            hasher.update(buffer)

    async def aclose(self) -> None:
        self.source.open_readers -= 1


@pytest.mark.parametrize("name", ["sha256", "blake3"])
async def test_feed_gives_every_sector_in_order_with_the_digest_so_far(name: str) -> None:
    source = MemorySource(21)
    hasher = new_hasher(name)
    seen = b""
    async with feed(source, hasher=hasher, chunk_sectors=4, depth=2) as chunks:
        async for chunk in chunks:
            assert chunk.first == len(seen) // SECTOR_SIZE
            seen += chunk.data
            outside = blake3.blake3(seen).digest() if name == "blake3" else hashlib.sha256(seen).digest()
            assert chunk.digest == outside[:8]
    assert seen == source.data
    assert source.reads == [0, 4, 8, 12, 16, 20]
    assert source.open_readers == 0
    if name == "sha256":
        assert hasher.hexdigest() == hashlib.sha256(source.data).hexdigest()


async def test_feed_of_a_part_starts_and_ends_where_asked() -> None:
    source = MemorySource(20)
    async with feed(source, 3, 9, chunk_sectors=4) as chunks:
        got = [(chunk.first, bytes(chunk.data), chunk.digest) async for chunk in chunks]
    assert [first for first, _, _ in got] == [3, 7, 11]
    assert b"".join(data for _, data, _ in got) == source.data[3 * SECTOR_SIZE : 12 * SECTOR_SIZE]
    assert {digest for _, _, digest in got} == {b""}


async def test_feed_of_nothing_ends_at_once() -> None:
    async with feed(MemorySource(4), 4) as chunks:
        assert [chunk async for chunk in chunks] == []


async def test_feed_reads_ahead_no_further_than_its_depth_and_uses_buffers_again() -> None:
    source = MemorySource(64)
    buffers = set()
    async with feed(source, chunk_sectors=1, depth=3) as chunks:
        async for chunk in chunks:
            for _ in range(20):
                await checkpoint()
            assert (
                len(source.reads) <= chunk.first + 1 + 4
            )  # lent, plus three that wait and one in the making
            assert chunks.waiting <= 4
            buffers.add(id(chunk.data.obj))
    assert len(buffers) <= 5


async def consume_late(source: SectorSource, seen: list[int]) -> None:
    async with feed(source, chunk_sectors=2) as chunks:
        for _ in range(50):
            await checkpoint()  # the reader has failed by now, and this task was not cancelled for it
        async for chunk in chunks:
            seen.append(chunk.first)


async def test_feed_tells_of_a_source_error_after_the_good_chunks() -> None:
    source = MemorySource(20, fail_at=10)
    seen: list[int] = []
    with pytest.raises(SourceChangedError) as caught:
        await consume_late(source, seen)
    assert seen == [0, 2, 4, 6, 8]
    assert caught.value.path == "a.bin"
    assert source.open_readers == 0


async def test_feed_repeats_its_failure_to_whoever_asks_again() -> None:
    async with feed(MemorySource(4, fail_at=0)) as chunks:
        for _ in range(2):
            with pytest.raises(SourceChangedError):
                await anext(chunks)


async def test_early_end_stops_the_reader() -> None:
    source = MemorySource(100)
    async with feed(source, chunk_sectors=1, depth=2) as chunks:
        async for _ in chunks:
            break
    assert source.open_readers == 0
    assert len(source.reads) < 10


async def test_error_of_the_consumer_leaves_unwrapped() -> None:
    source = MemorySource(8)
    with pytest.raises(KeyError, match="mine"):
        async with feed(source, chunk_sectors=1):
            raise KeyError("mine")
    assert source.open_readers == 0


async def test_cancel_of_the_consumer_closes_the_reader() -> None:
    source = MemorySource(100)
    with anyio.CancelScope() as scope:
        async with feed(source, chunk_sectors=1) as chunks:
            async for chunk in chunks:
                if chunk.first == 5:
                    scope.cancel()
    assert scope.cancelled_caught
    assert source.open_readers == 0


async def consume(chunks: Feed) -> int:
    return len([chunk async for chunk in chunks])


@pytest.mark.parametrize(("first", "count"), [(-1, 2), (0, 9), (8, 1), (3, -1)])
async def test_feed_refuses_a_range_outside_the_source(first: int, count: int) -> None:
    with pytest.raises(LocalProtocolError, match="not inside the source"):
        async with feed(MemorySource(8), first, count) as chunks:
            await consume(chunks)


async def test_feed_refuses_to_have_no_buffers() -> None:
    with pytest.raises(LocalProtocolError, match="cannot carry"):
        async with feed(MemorySource(8), depth=0) as chunks:
            await consume(chunks)


def test_buffers_start_on_a_page() -> None:
    import ctypes

    view = page_aligned(4096)
    assert ctypes.addressof(ctypes.c_char.from_buffer(view)) % 4096 == 0


def test_auto_prefers_blake3_and_names_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    assert new_hasher().name == "blake3"
    monkeypatch.setattr("aioimapi.image._digest._blake3", None)
    assert new_hasher().name == "sha256"
    with pytest.raises(ValueError, match="pip install"):
        new_hasher("blake3")


def test_published_digests_of_nothing() -> None:
    # FIPS 180-4 and the BLAKE3 paper's test vector of length 0
    assert (
        new_hasher("sha256").hexdigest() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert (
        new_hasher("blake3").hexdigest() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    )


def test_copy_goes_its_own_way() -> None:
    one = new_hasher("sha256")
    one.update(memoryview(b"a"))
    two = one.copy()
    two.update(memoryview(b"b"))
    assert one.hexdigest() == hashlib.sha256(b"a").hexdigest()
    assert two.hexdigest() == hashlib.sha256(b"ab").hexdigest()
    assert two.mark() == two.digest()[:8]
    assert two.name == "sha256"


@pytest.mark.parametrize("name", ["crc-of-mine", "shake_128"])
def test_unknown_digests_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        new_hasher(name)
