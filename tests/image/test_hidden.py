"""Items that are marked as hidden: in ISO 9660 and Joliet by the existence bit, in UDF by a characteristic."""

from __future__ import annotations

import stat

import pytest

from aioimapi.errors import ImageFrozenError, ItemNotFoundError
from aioimapi.fs import FileSystem
from aioimapi.image import FileSystemImage

pytestmark = pytest.mark.anyio

_TIME = 1_700_000_000_000_000_000


def _image(file_systems: frozenset[FileSystem], revision: str = "1.02") -> FileSystemImage:
    image = FileSystemImage("H", file_systems=file_systems, time_ns=_TIME, udf_revision=revision)
    for name in ("seen.txt", "secret.txt", "folder/inner.txt", "den/x.txt"):
        image.root.add_file(name, name.encode())
    return image


async def _bytes(image: FileSystemImage) -> bytes:
    plan = await image.plan()
    buffer = memoryview(bytearray(plan.size))
    async with plan.reader() as reader:
        await reader.readinto(0, buffer)
    return bytes(buffer)


def _iso_flags(data: bytes, identifier: bytes) -> int:
    """The flags of the record with an identifier (ECMA-119 9.1: flags 8 bytes before it)."""
    at = data.index(bytes([len(identifier)]) + identifier, 20 * 2048) + 1
    return data[at - 8]


def _udf_characteristics(data: bytes, name: bytes) -> int:
    """The characteristics of the descriptor with a name (ECMA-167 4/14.4: at 18, the name at 38)."""
    at = data.index(b"\x08" + name, 256 * 2048)
    return data[at - 20]


@pytest.mark.parametrize("revision", ["1.02", "2.50"])
@pytest.mark.parametrize("rock_ridge", [True, False])
async def test_hidden_items_are_marked_in_every_file_system(rock_ridge: bool, revision: str) -> None:
    systems = frozenset(FileSystem) - (frozenset() if rock_ridge else {FileSystem.ROCK_RIDGE})
    image = _image(systems, revision)
    await image.root.set_hidden("secret.txt")
    await image.root.set_hidden("/den")
    await image.root.set_hidden("seen.txt")
    await image.root.set_hidden("seen.txt", False)
    data = await _bytes(image)
    for plain, shown in (
        (b"SEEN.TXT;1", 0),
        (b"SECRET.TXT;1", 1),
        (b"DEN", 3),
        (b"FOLDER", 2),
        (b"INNER.TXT;1", 0),
    ):
        assert _iso_flags(data, plain) == shown, plain
    for name, shown in (("seen.txt;1", 0), ("secret.txt;1", 1), ("den", 3), ("folder", 2)):
        assert _iso_flags(data, name.encode("utf-16-be")) == shown, name
    for name, shown in (("seen.txt", 0), ("secret.txt", 1), ("den", 3), ("folder", 2), ("inner.txt", 0)):
        assert _udf_characteristics(data, name.encode()) == shown, name


async def test_nothing_else_of_the_image_changes() -> None:
    image = _image(frozenset(FileSystem))
    await image.root.set_hidden("secret.txt")
    hidden, plain = await _bytes(image), await _bytes(_image(frozenset(FileSystem)))
    assert len(hidden) == len(plain)
    # One flag each of ISO 9660 and Joliet; in UDF the characteristic, the CRC of its descriptor and the tag's checksum.
    differing = [at for at, (one, other) in enumerate(zip(hidden, plain, strict=True)) if one != other]
    assert 4 <= len(differing) <= 6


async def test_items_tell_whether_they_are_hidden() -> None:
    image = _image(frozenset(FileSystem))
    await image.root.set_hidden("folder/inner.txt")
    await image.root.set_hidden("den")
    found = {item.path: item.hidden async for item in image.root.walk()}
    assert {path for path, hidden in found.items() if hidden} == {"/folder/inner.txt", "/den"}
    await image.root.remove("den")
    image.root.add_directory("den")
    again = await image.root.find("den")
    assert again is not None
    assert not again.hidden
    assert stat.S_ISDIR(again.mode)


async def test_what_is_not_there_or_frozen_cannot_be_hidden() -> None:
    image = _image(frozenset(FileSystem))
    for path in ("nothing", "/", "folder/nothing"):
        with pytest.raises(ItemNotFoundError):
            await image.root.set_hidden(path)
    await image.plan()
    with pytest.raises(ImageFrozenError):
        await image.root.set_hidden("den")
