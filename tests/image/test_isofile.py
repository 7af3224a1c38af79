from __future__ import annotations

import hashlib
import os
from contextlib import aclosing
from pathlib import Path

import anyio
import golden
import pytest

from aioimapi.errors import (
    ImageFormatError,
    ImageTruncatedError,
    LocalProtocolError,
    SourceChangedError,
    SourceError,
)
from aioimapi.image import IsoFile, open_volume


def save(name: str, path: Path) -> golden.Sectors:
    """Write a golden image to a file."""
    source = golden.load(name)
    with path.open("wb") as file:
        file.truncate(source.sector_count * 2048)
        for number, data in source.content.items():
            file.seek(number * 2048)
            file.write(data)
    return source


@pytest.mark.anyio
async def test_sectors_and_digest_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(range(256)) * 8 * 40)
    source = IsoFile(path)
    assert (source.sector_count, source.size_bytes) == (40, 81_920)
    hasher = hashlib.sha256()
    async with source.reader() as reader:
        buffer = memoryview(bytearray(4096))
        await reader.readinto(3, buffer, hasher)
    assert bytes(buffer) == path.read_bytes()[6144:10_240]
    assert hasher.digest() == hashlib.sha256(buffer).digest()
    async with aclosing(source.chunks(chunk_sectors=7)) as chunks:
        assert b"".join([bytes(chunk) async for chunk in chunks]) == path.read_bytes()


@pytest.mark.anyio
async def test_a_file_of_no_whole_sectors_is_padded_and_told(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(b"x" * 5000)
    source = IsoFile(path)
    assert source.sector_count == 3
    assert "1144 zero bytes" in source.findings[0]
    async with source.reader() as reader:
        buffer = memoryview(bytearray(b"?" * 4096))
        await reader.readinto(1, buffer)
    assert bytes(buffer) == b"x" * 2952 + bytes(1144)


@pytest.mark.parametrize("name", golden.NAMES)
def test_whole_images_have_nothing_to_tell(tmp_path: Path, name: str) -> None:
    source = save(name, tmp_path / "x.iso")
    file = IsoFile(tmp_path / "x.iso")
    assert file.findings == ()
    assert (file.volume_sectors is None) == (name.startswith(("mkudffs", "udfclient")))  # UDF does not say
    assert file.volume_sectors is None or file.volume_sectors <= source.sector_count
    file.require_whole()


def test_a_file_without_a_volume_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(b"x" * 2048 * 300)
    file = IsoFile(path)
    assert file.findings == (
        f"{path} holds no volume (neither ISO 9660 nor UDF was found): its sectors are taken as they are",
    )
    assert file.volume_sectors is None
    file.require_whole()


def test_a_file_that_is_cut_short_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    save("xorriso", path)
    volume = IsoFile(path).volume_sectors
    assert volume is not None
    os.truncate(path, 100 * 2048 - 5)
    file = IsoFile(path)
    assert any(
        f"has {volume:,} sectors, but the file 100: its end is missing" in each for each in file.findings
    )
    with pytest.raises(ImageTruncatedError, match=f"truncate -s {volume * 2048}") as caught:
        file.require_whole()
    assert (caught.value.expected, caught.value.found, caught.value.path) == (volume, 100, str(path))
    IsoFile(path, partial=True).require_whole()
    os.truncate(path, volume * 2048)  # the way out that the message tells
    IsoFile(path).require_whole()


@pytest.mark.anyio
async def test_the_end_that_is_missing_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    save("xorriso", path)
    os.truncate(path, 200 * 2048)
    async with await open_volume(path) as volume:
        assert sum("its end is missing" in finding for finding in volume.findings) == 1


@pytest.mark.anyio
async def test_ranges_outside_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(4096))
    async with IsoFile(path).reader() as reader:
        with pytest.raises(LocalProtocolError):
            await reader.readinto(1, memoryview(bytearray(4096)))
        with pytest.raises(LocalProtocolError):
            await reader.readinto(0, memoryview(bytearray(100)))


@pytest.mark.anyio
@pytest.mark.parametrize("change", ["grow", "shrink", "touch", "replace"])
async def test_a_file_that_changes_is_told(tmp_path: Path, change: str) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(8192))
    os.utime(path, (1, 1))
    source = IsoFile(path)
    async with source.reader() as reader:
        if change == "replace":
            path.unlink()
            path.write_bytes(b"y" * 8192)
        elif change == "touch":
            os.utime(path, (2, 2))
        else:
            os.truncate(path, 10_000 if change == "grow" else 2048)
        with pytest.raises(SourceChangedError) as caught:
            await reader.readinto(0, memoryview(bytearray(2048)))
    assert caught.value.path == str(path)
    assert caught.value.expected == 8192


@pytest.mark.anyio
async def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        IsoFile(tmp_path / "none.iso")
    with pytest.raises(SourceError, match="neither a file nor a block device"):
        IsoFile(tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(SourceError, match="neither a file nor a block device"):
        IsoFile(fifo)
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(ImageFormatError, match="empty"):
        IsoFile(empty)
    raw = tmp_path / "raw.bin"
    raw.write_bytes((b"\0" + b"\xff" * 10 + b"\0").ljust(2352, b"\0") * 2)
    with pytest.raises(ImageFormatError, match="raw sectors"):
        IsoFile(raw)


@pytest.mark.anyio
async def test_a_closed_reader_holds_nothing_and_reads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(4096))
    before = len(os.listdir("/proc/self/fd"))
    reader = IsoFile(path).reader()
    await reader.readinto(0, memoryview(bytearray(2048)))
    assert len(os.listdir("/proc/self/fd")) == before + 1
    await reader.aclose()
    await reader.aclose()
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(SourceError, match="closed"):
        await reader.readinto(0, memoryview(bytearray(2048)))


@pytest.mark.anyio
async def test_a_cancelled_read_may_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(b"z" * 4096)
    async with IsoFile(path).reader() as reader:
        buffer = memoryview(bytearray(4096))
        with anyio.CancelScope() as scope:
            scope.cancel()
            await reader.readinto(0, buffer)
        assert scope.cancelled_caught
        await reader.readinto(0, buffer)
        assert bytes(buffer) == b"z" * 4096


def test_names_of_sectors(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    save("xorriso", path)
    source = IsoFile(path)
    tree = golden.tree(golden.load("xorriso"))
    ((lba, _),) = tree["/random.bin"].extents
    assert source.files_at(lba + 2, 1) == ("/random.bin",)
    assert source.files_at(0, 1) == ("<system area>",)
    assert source.files_at(16, 1) == ("<volume structures>",)
    ((first, _),) = tree["/many files"].extents
    assert source.files_at(first, 1) == ("<directory /many files>",)
    everything = source.files_at(0, source.sector_count)
    files = [entry.path for entry in tree.values() if entry.extents and not entry.is_directory]
    assert set(files) <= set(everything)
    assert len(everything) == len(set(everything)) <= 1000
    assert source.files_at(5, 0) == ()


def test_names_of_sectors_of_what_holds_no_file_system(tmp_path: Path) -> None:
    path = tmp_path / "x.iso"
    path.write_bytes(bytes(1 << 20))
    assert IsoFile(path).files_at(0, 100) == ("<no file system that can be read>",)
