"""Reading back: what differs, what cannot be read, which files, and how it goes on after a bad spot."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import anyio
import pytest
from anyio.lowlevel import checkpoint

from aioimapi.errors import DriveLostError, ImageFormatError, MediumError
from aioimapi.image._digest import new_hasher
from aioimapi.image._feed import feed
from aioimapi.recorder import Progress, Verification, VerifyLevel
from aioimapi.recorder._progress import Meter, Phase
from aioimapi.recorder._verify import GIVE_UP_PIECES, PIECE_SECTORS, SINGLE_READS, Marks, Ranges, Verifier
from aioimapi.units import SECTOR_SIZE

from .sources import MemorySource

pytestmark = pytest.mark.anyio


class Disc:
    """A disc in memory; sectors of ``bad`` cannot be read."""

    def __init__(self, data: bytes, start: int = 0, bad: Collection[int] = ()) -> None:
        self.data = bytearray(data)
        self.start = start
        self.bad = bad
        self.commands = 0

    async def read_into(self, lba: int, buffer: memoryview) -> None:
        await checkpoint()
        self.commands += 1
        for sector in range(lba, lba + len(buffer) // SECTOR_SIZE):
            if sector in self.bad:
                raise MediumError(f"READ (10) at LBA {sector}: MEDIUM ERROR", lba=sector)
        first = (lba - self.start) * SECTOR_SIZE
        buffer[:] = self.data[first : first + len(buffer)]

    def spoil(self, sector: int) -> None:
        self.data[sector * SECTOR_SIZE + 77] ^= 1


async def marks_of(source: MemorySource, chunk_sectors: int) -> Marks:
    marks, hasher = Marks("sha256", chunk_sectors), new_hasher("sha256")
    async with feed(source, hasher=hasher, chunk_sectors=chunk_sectors) as chunks:
        async for chunk in chunks:
            marks.add(chunk.digest)
    return marks


def verifier(
    disc: Disc, source: MemorySource, told: list[Progress] | None = None, start: int = 0
) -> Verifier:
    meter = Meter("d", anyio.current_time, (told if told is not None else []).append)
    meter.begin(Phase.VERIFYING, source.sector_count)
    return Verifier(disc, source, meter, start_lba=start, digest_name="sha256")


async def check(disc: Disc, source: MemorySource, chunk_sectors: int = 64, *, marked: bool) -> Verification:
    verify = verifier(disc, source)
    if marked:
        await verify.against_marks(await marks_of(source, chunk_sectors))
    else:
        await verify.against_source(chunk_sectors)
    return await verify.result(VerifyLevel.FULL)


@pytest.mark.parametrize("marked", [True, False])
async def test_a_good_disc_is_read_once_and_the_source_not_again(marked: bool) -> None:
    source = MemorySource(250)
    disc = Disc(bytes(source.data))
    marks = await marks_of(source, 64)
    source.reads = 0
    told: list[Progress] = []
    verify = verifier(disc, source, told)
    await (verify.against_marks(marks) if marked else verify.against_source(64))
    assert await verify.result(VerifyLevel.FULL) == Verification(VerifyLevel.FULL, sectors_read=250)
    assert verify.digest == hashlib.sha256(source.data).hexdigest()
    assert disc.commands == 4
    assert source.reads == (0 if marked else 4)
    assert told[-1].sectors_done == 250
    assert source.open_readers == 0


@pytest.mark.parametrize("marked", [True, False])
async def test_differences_are_named_to_the_sector_and_the_file(marked: bool) -> None:
    source = MemorySource(700)
    disc = Disc(bytes(source.data))
    for sector in (0, 63, 64, 65, 300, 699):
        disc.spoil(sector)
    found = await check(disc, source, marked=marked)
    assert found.different == ((0, 1), (63, 3), (300, 1), (699, 1))
    assert found.sectors_different == 6
    assert found.files == ("/0", "/3", "/6")
    assert not found.ok
    assert found.sectors_read == 700
    assert found.problems == ()


async def test_addresses_are_those_of_the_disc() -> None:
    source = MemorySource(100)
    disc = Disc(bytes(source.data), start=5_000)
    disc.spoil(42)
    verify = verifier(disc, source, start=5_000)
    await verify.against_source()
    found = await verify.result(VerifyLevel.FULL)
    assert found.different == ((5_042, 1),)
    assert found.files == ("/0",)


@pytest.mark.parametrize("marked", [True, False])
async def test_unreadable_sectors_are_ranges_and_their_neighbours_are_compared(marked: bool) -> None:
    source = MemorySource(700)
    disc = Disc(bytes(source.data), bad={100, 101, 102, 640})
    disc.spoil(99)
    disc.spoil(101)  # cannot be known
    disc.spoil(641)
    found = await check(disc, source, marked=marked)
    assert found.unreadable == ((100, 3), (640, 1))
    assert found.different == ((99, 1), (641, 1))
    assert found.files == ("/0", "/1", "/6")
    assert found.sectors_read == 696


async def test_a_hopeless_disc_ends_after_bounded_effort() -> None:
    source = MemorySource(512 * 12)
    disc = Disc(bytes(source.data), bad=range(512 * 12))
    found = await check(disc, source, 512, marked=True)
    assert disc.commands <= SINGLE_READS + PIECE_SECTORS + 2 * GIVE_UP_PIECES
    assert len(found.problems) == 1
    assert "given up" in found.problems[0]
    assert "MEDIUM ERROR" in found.problems[0]
    assert found.sectors_read == 0
    assert found.sectors_unreadable == GIVE_UP_PIECES * PIECE_SECTORS


async def test_a_source_that_changed_since_is_not_taken_for_the_truth() -> None:
    source = MemorySource(256)
    marks = await marks_of(source, 64)
    disc = Disc(bytes(source.data))
    disc.spoil(70)
    source.data[80 * SECTOR_SIZE] ^= 1
    verify = verifier(disc, source)
    await verify.against_marks(marks)
    found = await verify.result(VerifyLevel.FULL)
    assert found.different == ((64, 64),)
    assert "not what was written" in found.problems[0]
    assert verify.digest == ""


async def test_a_source_that_is_gone_leaves_the_chunk_named() -> None:
    source = MemorySource(256)
    marks = await marks_of(source, 64)
    disc = Disc(bytes(source.data))
    disc.spoil(70)
    source.fail_at = 0
    verify = verifier(disc, source)
    await verify.against_marks(marks)
    found = await verify.result(VerifyLevel.FULL)
    assert found.different == ((64, 64),)
    assert "photos/a.jpg shrank" in found.problems[0]


async def test_an_image_that_cannot_be_parsed_costs_only_the_names() -> None:
    class Nameless(MemorySource):
        def files_at(self, first: int, count: int) -> tuple[str, ...]:
            raise ImageFormatError("no file system")

    source = Nameless(10)
    disc = Disc(bytes(source.data))
    disc.spoil(4)
    found = await check(disc, source, marked=True)
    assert found.different == ((4, 1),)
    assert found.files == ()
    assert found.problems == ("the files in the bad ranges cannot be named: no file system",)


async def test_a_drive_that_is_lost_is_not_a_bad_sector() -> None:
    class Lost(Disc):
        async def read_into(self, lba: int, buffer: memoryview) -> None:
            raise DriveLostError("gone", drive="d")

    source = MemorySource(10)
    with pytest.raises(DriveLostError):
        await verifier(Lost(b""), source).against_source()


@pytest.mark.parametrize("sectors", [1, 31, 33, 400, 5_000])
async def test_samples_see_both_ends(sectors: int) -> None:
    source = MemorySource(sectors)
    disc = Disc(bytes(source.data))
    verify = verifier(disc, source)
    await verify.sample()
    assert (await verify.result(VerifyLevel.QUICK)).ok
    ends = {0, sectors - 1}
    for sector in ends:
        disc.spoil(sector)
    verify = verifier(disc, source)
    await verify.sample()
    found = await verify.result(VerifyLevel.QUICK)
    assert found.sectors_different == len(ends)
    assert found.sectors_read == min(sectors, 32 * 32)


def test_ranges_merge_and_stay_bounded() -> None:
    ranges = Ranges()
    ranges.add(0, 2)
    ranges.add(2, 3)
    for number in range(300):
        ranges.add(10 + 2 * number, 1)
    assert ranges.as_tuple()[:2] == ((0, 5), (10, 1))
    assert len(ranges.as_tuple()) == 100
    assert ranges.sectors == 305
