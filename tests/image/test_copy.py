"""Saving any source of sectors."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import anyio
import pytest

from aioimapi.errors import (
    OutputClosedError,
    OutputError,
    OutputExistsError,
    OutputFullError,
    SourceChangedError,
)
from aioimapi.image import IsoFile, SectorReader, SectorSource, save_sectors
from aioimapi.image._source import Hasher

pytestmark = pytest.mark.anyio

SECTORS = 1500  # two chunks and a part


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "in.iso"
    path.write_bytes(b"".join(number.to_bytes(4, "big") * 512 for number in range(SECTORS)))
    return path


async def test_a_copy_is_equal_and_hashed_and_told(image: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    hasher = hashlib.sha256()
    output = tmp_path / "out.iso"
    await save_sectors(
        IsoFile(image), output, hasher=hasher, on_progress=lambda done, total: told.append((done, total))
    )
    assert output.read_bytes() == image.read_bytes()
    assert hasher.digest() == hashlib.sha256(image.read_bytes()).digest()
    assert told[0] == (0, SECTORS)
    assert told[-1] == (SECTORS, SECTORS)
    assert sorted(os.listdir(tmp_path)) == ["in.iso", "out.iso"]


async def test_an_existing_file_is_replaced_only_on_demand(image: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.iso"
    output.write_text("precious")
    with pytest.raises(OutputExistsError):
        await save_sectors(IsoFile(image), output)
    assert output.read_text() == "precious"
    await save_sectors(IsoFile(image), output, overwrite=True)
    assert output.stat().st_size == SECTORS * 2048


async def test_outputs_that_cannot_be(image: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        await save_sectors(IsoFile(image), tmp_path)
    with pytest.raises(OutputError, match="No such file"):
        await save_sectors(IsoFile(image), tmp_path / "missing" / "out.iso")
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OutputFullError):
        await save_sectors(IsoFile(image), full)


async def test_a_pipe_whose_reader_goes_away(image: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "wb", buffering=0) as pipe, pytest.raises(OutputClosedError):
        await save_sectors(IsoFile(image), pipe)


class Failing(SectorSource):
    """A source that fails, or hangs, at its second chunk."""

    def __init__(self, *, hang: bool) -> None:
        self.hang = hang
        self.stuck = anyio.Event()

    @property
    def sector_count(self) -> int:
        return SECTORS

    def reader(self) -> SectorReader:
        return FailingReader(self)

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        return ()


class FailingReader(SectorReader):
    def __init__(self, source: Failing) -> None:
        self._source = source

    async def readinto(self, first: int, buffer: memoryview, hasher: Hasher | None = None) -> None:
        if first:
            if self._source.hang:
                self._source.stuck.set()
                await anyio.sleep_forever()
            raise SourceChangedError("it changed")

    async def aclose(self) -> None:
        pass


async def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceChangedError):
        await save_sectors(Failing(hang=False), tmp_path / "out.iso")
    assert os.listdir(tmp_path) == []


async def test_a_cancel_leaves_nothing(tmp_path: Path) -> None:
    source = Failing(hang=True)
    async with anyio.create_task_group() as group:
        group.start_soon(save_sectors, source, tmp_path / "out.iso")
        await source.stuck.wait()
        group.cancel_scope.cancel()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_leaves_nothing(tmp_path: Path) -> None:
    source = Failing(hang=True)
    task = asyncio.create_task(save_sectors(source, tmp_path / "out.iso"))
    await source.stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(tmp_path) == []
