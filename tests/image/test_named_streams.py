"""Named streams, real-time files and revisions of UDF, from the tree to the plan and back through the reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from aioimapi.errors import DuplicateNameError, ImageError, ImageFrozenError, ItemNotFoundError
from aioimapi.fs import FileSystem
from aioimapi.image import FileSystemImage, ImagePlan, Volume, open_volume

pytestmark = pytest.mark.anyio


async def numbers() -> AsyncIterator[bytes]:
    for number in range(3):
        yield bytes([number]) * 1000


async def made(revision: str, tmp_path: Path, file_systems: frozenset[FileSystem] | None = None) -> ImagePlan:
    (tmp_path / "note").write_bytes(b"from the host" * 500)
    image = FileSystemImage(
        "X", udf_revision=revision, file_systems=file_systems or frozenset(FileSystem), time_ns=10**18
    )
    image.root.add_file("films/one.m2ts", b"film" * 1000, uid=5, mode=0o600)
    image.root.add_file("plain", b"plain")
    await image.root.add_stream("films/one.m2ts", "z-author", b"somebody")
    await image.root.add_stream("films/one.m2ts", "note ü", tmp_path / "note")
    await image.root.add_stream("plain", "numbers", numbers(), size=3000, stage=True)
    await image.root.set_real_time("films/one.m2ts")
    assert await image.root.streams("films/one.m2ts") == ["note ü", "z-author"]
    return await image.plan()


async def streams_of(volume: Volume) -> dict[str, bytes]:
    result = {}
    async with aclosing(volume.walk()) as entries:
        async for entry in entries:
            for stream in await volume.streams(entry):
                async with aclosing(volume.read(stream)) as chunks:
                    result[stream.path] = b"".join([bytes(chunk) async for chunk in chunks])
    return result


@pytest.mark.parametrize("revision", ["2.00", "2.01", "2.50", "2.60"])
@pytest.mark.parametrize("bridge", [False, True])
async def test_streams_come_back(revision: str, bridge: bool, tmp_path: Path) -> None:
    plan = await made(revision, tmp_path, None if bridge else frozenset({FileSystem.UDF}))
    kinds = [warning.kind for warning in plan.warnings]
    assert len([kind for kind in kinds if "stream" in kind]) == 0
    assert len([kind for kind in kinds if "real-time" in kind]) == (revision == "2.00")
    assert plan.udf_revision == revision
    assert plan.file_count == 2
    async with await open_volume(plan, file_system="udf") as volume:
        assert await streams_of(volume) == {
            "/films/one.m2ts:/z-author": b"somebody",
            "/films/one.m2ts:/note ü": b"from the host" * 500,
            "/plain:/numbers": b"\0" * 1000 + b"\1" * 1000 + b"\2" * 1000,
        }
        assert volume.findings == ()
    await plan.save(tmp_path / "x.iso")
    async with await open_volume(tmp_path / "x.iso", file_system="udf") as volume:
        assert len(await streams_of(volume)) == 3
    named = plan.files_at(0, plan.sector_count)
    assert "/films/one.m2ts:/note ü" in named
    assert ("<UDF metadata mirror>" in named) is (revision in ("2.50", "2.60"))


@pytest.mark.parametrize(
    ("revision", "chosen", "lacking"),
    [
        ("1.02", None, "UDF 1.02"),
        ("1.50", None, "UDF 1.50"),
        ("2.60", frozenset({FileSystem.ISO9660}), "an image without UDF"),
    ],
)
async def test_what_a_revision_lacks_is_left_out_and_told(
    revision: str, chosen: frozenset[FileSystem] | None, lacking: str, tmp_path: Path
) -> None:
    plan = await made(revision, tmp_path, chosen)
    told = {warning.kind: warning.examples for warning in plan.warnings}
    assert told[f"named streams left out, which {lacking} lacks (UDF 2.00 has them)"] == (
        "/plain",
        "/films/one.m2ts",
    )
    assert told[f"a real-time file is a plain one in {lacking} (UDF 2.01 has them)"] == ("/films/one.m2ts",)
    async with await open_volume(plan) as volume:
        assert await streams_of(volume) == {}


async def test_streams_of_the_tree_change_until_the_plan() -> None:
    image = FileSystemImage("X", udf_revision="2.01")
    image.root.add_file("a", b"x")
    with pytest.raises(ItemNotFoundError):
        await image.root.add_stream("b", "s", b"")
    with pytest.raises(ItemNotFoundError):
        await image.root.set_real_time("/")
    with pytest.raises(ItemNotFoundError):
        await image.root.remove_stream("a", "s")
    await image.root.add_stream("a", "s", b"1")
    with pytest.raises(DuplicateNameError):
        await image.root.add_stream("a", "s", b"2")
    with pytest.raises(ImageError, match="size"):
        await image.root.add_stream("a", "t", numbers())
    await image.root.remove_stream("a", "s")
    assert await image.root.streams("a") == []
    await image.root.add_stream("a", "s", b"2")
    plan = await image.plan()
    for change in (
        image.root.add_stream("a", "t", b""),
        image.root.remove_stream("a", "s"),
        image.root.set_real_time("a"),
    ):
        with pytest.raises(ImageFrozenError):
            await change
    async with await open_volume(plan, file_system="udf") as volume:
        assert await streams_of(volume) == {"/a:/s": b"2"}


async def test_a_file_takes_its_streams_along_when_others_are_removed() -> None:
    image = FileSystemImage("X", udf_revision="2.60")
    for name in "cab":
        image.root.add_file(name, name.encode())
        await image.root.add_stream(name, "of", name.encode())
    await image.root.remove("a")
    async with await open_volume(await image.plan(), file_system="udf") as volume:
        assert await streams_of(volume) == {"/b:/of": b"b", "/c:/of": b"c"}


async def test_an_unknown_revision_is_refused_by_name() -> None:
    with pytest.raises(ImageError, match=r"2\.10"):
        FileSystemImage("X", udf_revision="2.10")
