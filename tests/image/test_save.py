"""Saving an image: what is left behind when it goes wrong, and that nothing is when it is cancelled."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from aioimapi.errors import (
    LocalProtocolError,
    OutputClosedError,
    OutputError,
    OutputExistsError,
    OutputFullError,
    SourceError,
    SourceInsideOutputError,
)
from aioimapi.image import FileSystemImage, ImagePlan
from aioimapi.image import _save as save_module

pytestmark = pytest.mark.anyio


def _fill(folder: Path) -> None:
    folder.mkdir()
    (folder / "large").write_bytes(os.urandom(3_000_000))
    (folder / "small").write_bytes(b"small")


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def _plan(folder: Path) -> ImagePlan:
    _fill(folder)
    image = FileSystemImage("SAVE")
    image.root.add_tree(folder)
    return await image.plan()


async def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    out = tmp_path / "out.iso"
    out.write_text("precious")
    with pytest.raises(OutputExistsError, match=r"out\.iso exists"):
        await plan.save(out)
    assert out.read_text() == "precious"
    await plan.save(out, overwrite=True)
    assert out.stat().st_size == plan.size


async def test_an_output_among_the_sources_is_refused(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    with pytest.raises(SourceInsideOutputError, match="takes in"):
        await plan.save(tmp_path / "source" / "out.iso")
    (tmp_path / "alias").symlink_to("source")
    with pytest.raises(SourceInsideOutputError):
        await plan.save(tmp_path / "alias" / "out.iso")
    with pytest.raises(OutputError, match="is a folder"):
        await plan.save(tmp_path)
    with pytest.raises(OutputError, match="No such file"):
        await plan.save(tmp_path / "nowhere" / "out.iso")


async def test_devices_and_pipes_are_written_into_never_replaced(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    await plan.save(null)
    await plan.save("/dev/null", overwrite=True)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert null.is_symlink()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = bytearray()

    def drain() -> None:
        with pipe.open("rb") as file:
            received.extend(file.read())

    async with anyio.create_task_group() as group:
        group.start_soon(plan.save, pipe)
        await anyio.to_thread.run_sync(drain)
    await plan.save(tmp_path / "file")
    assert received == (tmp_path / "file").read_bytes()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


async def test_a_symlink_to_a_file_stays_and_the_file_is_replaced(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    await plan.save(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").stat().st_size == plan.size


@pytest.mark.parametrize("call", ["write", "copy_file_range"])
async def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    plan = await _plan(tmp_path / "source")
    real = getattr(os, call)
    calls = []

    def full(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) > (2 if call == "write" else 0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OutputFullError, match="no room left"):
        await plan.save(tmp_path / "out.iso")
    monkeypatch.undo()
    assert _names(tmp_path) == ["source"]


async def test_the_reader_of_a_pipe_goes_away(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe, pytest.raises(OutputClosedError, match="went away"):
        await plan.save(pipe)


async def test_copies_without_the_kernels_help_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await _plan(tmp_path / "source")
    await plan.save(tmp_path / "kernel.iso")

    def refuse(*_arguments: object) -> int:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    await plan.save(tmp_path / "plain.iso")
    assert (tmp_path / "plain.iso").read_bytes() == (tmp_path / "kernel.iso").read_bytes()


async def test_progress_begins_at_nothing_and_ends_at_all(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    told: list[tuple[int, int]] = []
    await plan.save(tmp_path / "out.iso", on_progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, plan.sector_count)
    assert told[-1] == (plan.sector_count, plan.sector_count)


async def test_a_cancelled_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(save_module, "STEP_SECTORS", 64)
    plan = await _plan(tmp_path / "source")
    with anyio.CancelScope() as scope:

        def cancel(done: int, _total: int) -> None:
            if done:
                scope.cancel()

        monkeypatch.setattr("aioimapi.image._save.PROGRESS_S", 0.0)
        await plan.save(tmp_path / "out.iso", on_progress=cancel)
    assert scope.cancelled_caught
    assert _names(tmp_path) == ["source"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_cancel_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(save_module, "STEP_SECTORS", 64)
    plan = await _plan(tmp_path / "source")
    task = asyncio.ensure_future(plan.save(tmp_path / "out.iso"))
    while not any(name.endswith(".partial") for name in _names(tmp_path)):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _names(tmp_path) == ["source"]


async def test_a_link_to_a_pipe_without_a_name_is_written_into(tmp_path: Path) -> None:
    # /dev/stdout leads to /proc/self/fd/1, and that to pipe:[1234], which is no path
    plan = await _plan(tmp_path / "source")
    reader, writer = os.pipe()
    received = bytearray()

    def drain() -> None:
        while part := os.read(reader, 1 << 20):
            received.extend(part)
        os.close(reader)

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, drain)
        await plan.save(f"/dev/fd/{writer}")
        os.close(writer)
    assert len(received) == plan.size


async def test_what_lies_in_the_buffer_of_an_open_file_stays_in_front(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    for mode in ("wb", "w+b"):
        with open(tmp_path / "out", mode) as output:
            output.write(b"in front")
            await plan.save(output)
            assert output.tell() == 8 + plan.size
            output.write(b"behind")
        data = (tmp_path / "out").read_bytes()
        assert (data[:8], data[8 + 32768 : 8 + 32774], data[-6:]) == (b"in front", b"\1CD001", b"behind")
        assert len(data) == plan.size + 14


async def test_a_pipe_that_does_not_block(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    await plan.save(tmp_path / "out.iso")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got = bytearray()

    def read() -> None:
        while part := os.read(reading, 1 << 16):
            got.extend(part)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, read)
        with open(writing, "wb") as output:
            await plan.save(output)
    os.close(reading)
    assert bytes(got) == (tmp_path / "out.iso").read_bytes()


async def test_a_named_pipe_that_nobody_empties_can_be_left(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with anyio.move_on_after(0.3) as scope, anyio.fail_after(5):
        await plan.save(tmp_path / "pipe")
    assert scope.cancelled_caught
    os.close(reading)


@pytest.mark.parametrize("to_pipe", [False, True])
async def test_a_source_that_fails_in_the_kernels_copy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_pipe: bool
) -> None:
    plan = await _plan(tmp_path / "source")

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "preadv", fail)
    monkeypatch.setattr(os, "sendfile", fail)
    monkeypatch.setattr(os, "copy_file_range", fail)
    output = Path("/dev/null") if to_pipe else tmp_path / "out.iso"
    with pytest.raises(SourceError, match=r"cannot read .*Input/output error"):
        await plan.save(output)
    assert not (tmp_path / "out.iso").exists()


async def test_a_large_file_rewritten_with_the_same_size_is_told(tmp_path: Path) -> None:
    plan = await _plan(tmp_path / "source")
    large = max((tmp_path / "source").rglob("*"), key=lambda path: path.stat().st_size)
    assert large.stat().st_size >= save_module.KERNEL_COPY_MIN
    os.utime(large, ns=(1, 1))
    await plan.save(tmp_path / "out.iso")
    assert len(plan.findings) == 1
    assert "was modified after the plan" in plan.findings[0]


async def test_a_closed_reader_says_so(tmp_path: Path) -> None:
    reader = (await _plan(tmp_path / "source")).reader()
    await reader.aclose()
    with pytest.raises(LocalProtocolError, match="closed"):
        await reader.readinto(16, memoryview(bytearray(2048)))
