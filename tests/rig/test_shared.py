"""One reading for many: everybody gets every byte, and nobody waits for a straggler for long."""

from __future__ import annotations

import hashlib
import random

import anyio
import pytest
from anyio.lowlevel import checkpoint

from aioimapi.errors import SourceChangedError
from aioimapi.image import Hasher, SectorReader, SectorSource
from aioimapi.image._digest import new_hasher
from aioimapi.rig._shared import SharedFeed
from aioimapi.units import SECTOR_SIZE

pytestmark = pytest.mark.anyio


class CountingSource(SectorSource):
    """Noise that counts how many chunks were read of it."""

    def __init__(self, sectors: int, fail_at: int | None = None) -> None:
        self.data = random.Random(5).randbytes(sectors * SECTOR_SIZE)
        self.fail_at = fail_at
        self.reads = 0

    @property
    def sector_count(self) -> int:
        return len(self.data) // SECTOR_SIZE

    def reader(self) -> SectorReader:
        return CountingReader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        return ()


class CountingReader(SectorReader):
    def __init__(self, source: CountingSource) -> None:
        self.source = source

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        await checkpoint()
        if self.source.fail_at is not None and first >= self.source.fail_at:
            raise SourceChangedError("gone", path="a")
        self.source.reads += 1
        buffer[:] = self.source.data[first * SECTOR_SIZE :][: len(buffer)]
        if hasher is not None:
            hasher.update(buffer)

    async def aclose(self) -> None:
        pass


class Consumer:
    """Takes chunks, checks that none changes while it is lent, and notes what it got."""

    def __init__(self, shared: SharedFeed, source: CountingSource, stop_at: int | None = None) -> None:
        self.shared, self.source, self.stop_at = shared, source, stop_at
        self.got = b""
        self.hold_at = -1
        self.go_on = anyio.Event()
        self.done = anyio.Event()
        self.hasher = new_hasher("sha256")
        self.error: Exception | None = None

    async def run(self) -> None:
        try:
            async with self.shared.feed(self.source, hasher=self.hasher, chunk_sectors=4) as chunks:
                async for chunk in chunks:
                    before = bytes(chunk.data)
                    if chunk.first == self.hold_at:
                        await self.go_on.wait()
                    await checkpoint()
                    assert bytes(chunk.data) == before
                    self.got += before
                    assert chunk.digest == hashlib.sha256(self.got).digest()[:8]
                    if chunk.first == self.stop_at:
                        return
        except SourceChangedError as error:
            self.error = error
        self.done.set()


def shared_feed(source: CountingSource, members: int, patience_s: float = 60.0) -> SharedFeed:
    return SharedFeed(
        source,
        chunk_sectors=4,
        members=members,
        digest_name="sha256",
        window=3,
        patience_s=patience_s,
        gather_s=60.0,
    )


def complete(consumer: Consumer) -> bool:
    source = consumer.source
    return (
        consumer.got == source.data and consumer.hasher.hexdigest() == hashlib.sha256(source.data).hexdigest()
    )


async def test_all_get_everything_from_one_reading() -> None:
    source = CountingSource(90)
    shared = shared_feed(source, 5)
    consumers = [Consumer(shared, source) for _ in range(5)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.run)
        for consumer in consumers:
            tasks.start_soon(consumer.run)
    assert all(map(complete, consumers))
    assert source.reads == 23


async def test_a_straggler_leaves_with_its_buffer_and_finishes_alone() -> None:
    source = CountingSource(90)
    shared = shared_feed(source, 3, patience_s=0.001)
    consumers = [Consumer(shared, source) for _ in range(3)]
    consumers[1].hold_at = 8
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.run)
        for consumer in consumers:
            tasks.start_soon(consumer.run)
        with anyio.fail_after(5):
            await consumers[0].done.wait()
            await consumers[2].done.wait()
        assert len(consumers[1].got) == 8 * SECTOR_SIZE
        consumers[1].go_on.set()
    assert complete(consumers[1])
    assert source.reads == 23 + 20


async def test_one_that_stops_early_or_never_comes_holds_nobody_up() -> None:
    source = CountingSource(90)
    shared = shared_feed(source, 3)
    early, whole = Consumer(shared, source, stop_at=4), Consumer(shared, source)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.run)
        tasks.start_soon(early.run)
        tasks.start_soon(whole.run)
        for _ in range(5):
            await checkpoint()
        assert source.reads == 0
        shared.leave()
    assert complete(whole)
    assert len(early.got) == 8 * SECTOR_SIZE


async def test_a_late_one_reads_for_itself() -> None:
    source = CountingSource(90)
    shared = SharedFeed(
        source, chunk_sectors=4, members=2, digest_name="sha256", window=3, patience_s=0.001, gather_s=0.001
    )
    first, late = Consumer(shared, source), Consumer(shared, source)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.run)
        await first.run()
        await late.run()
    assert complete(first)
    assert complete(late)
    assert source.reads == 46


async def test_an_error_of_the_source_is_everybodys_own() -> None:
    source = CountingSource(90, fail_at=40)
    shared = shared_feed(source, 2)
    consumers = [Consumer(shared, source) for _ in range(2)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shared.run)
        for consumer in consumers:
            tasks.start_soon(consumer.run)
    errors = [consumer.error for consumer in consumers]
    assert all(isinstance(error, SourceChangedError) for error in errors)
    assert errors[0] is not errors[1]
    assert all(len(consumer.got) == 40 * SECTOR_SIZE for consumer in consumers)
    assert shared.failure is not None


async def test_cancelling_the_reading_leaves_everybody_to_themselves() -> None:
    source = CountingSource(90)
    shared = shared_feed(source, 1)
    consumer = Consumer(shared, source)
    consumer.hold_at = 8
    async with anyio.create_task_group() as tasks:
        async with anyio.create_task_group() as reading:
            reading.start_soon(shared.run)
            tasks.start_soon(consumer.run)
            for _ in range(50):
                await checkpoint()
            reading.cancel_scope.cancel()
        consumer.go_on.set()
    assert complete(consumer)


async def test_another_range_is_an_ordinary_feed() -> None:
    source = CountingSource(20)
    shared = shared_feed(source, 1)
    async with shared.feed(source, 4, 8, chunk_sectors=4) as chunks:
        assert [chunk.first async for chunk in chunks] == [4, 8]
