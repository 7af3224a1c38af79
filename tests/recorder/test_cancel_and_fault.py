"""A cancel and a fault inside each command of a burn, for every command: the disc is told, the drive is free."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest

from aioimapi.errors import ImapiError, RecordingError
from aioimapi.recorder import Recorder, Report

from .burning import (
    FORMAT,
    KINDS,
    WRITE,
    Log,
    forget_disc,
    locked,
    loop_runner,
    told_state,
    url,
    virtual_recorder,
)
from .sources import MemorySource

pytestmark = pytest.mark.anyio

SECTORS = 96  # three bursts of one WRITE

# Without asyncio's debug mode, which makes each of these thousands of commands five times as slow.
ASYNCIO: Any = ("asyncio", {})
BOTH_LOOPS = pytest.mark.parametrize("anyio_backend", [ASYNCIO, ("trio", {})], ids=["asyncio", "trio"])
ONLY_ASYNCIO = pytest.mark.parametrize("anyio_backend", [ASYNCIO], ids=["asyncio"])


async def commands_of_a_burn(path: Path, kind: str) -> list[int]:
    log = Log()
    async with virtual_recorder(url(path, kind), log) as (recorder, _):
        await recorder.write(MemorySource(SECTORS))
    forget_disc(path)
    return log.opcodes()


async def cancel_by_scope(recorder: Recorder, source: MemorySource, log: Log) -> bool:
    in_loop = loop_runner()
    with anyio.CancelScope() as scope:
        log.strike = lambda: in_loop(scope.cancel)
        await recorder.write(source)
    return scope.cancelled_caught


async def cancel_by_task(recorder: Recorder, source: MemorySource, log: Log) -> bool:
    in_loop = loop_runner()
    task = asyncio.ensure_future(recorder.write(source))
    log.strike = lambda: in_loop(task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


def check_the_end(path: Path, report: Report | None, log: Log) -> None:
    """What must hold however a burn ended."""
    assert log.overlaps == 0
    if report is None:
        return
    assert report.disc_state in ("blank", "appendable", "closed", "unknown")
    opcodes = log.opcodes()
    if WRITE in opcodes or FORMAT in opcodes:
        assert report.disc_state in (told_state(path), "unknown")
    else:
        assert told_state(path) == "blank"
    assert report.sectors_taken <= min(SECTORS, 32 * opcodes.count(WRITE))
    if report.verified:
        assert report.written


async def cancel_everywhere(tmp_path: Path, kind: str, *, by_task: bool) -> None:
    path = tmp_path / "disc"
    commands = await commands_of_a_burn(path, kind)
    first_write = commands.index(WRITE)
    seen = set()
    for at in range(len(commands)):
        log, source = Log(), MemorySource(SECTORS)
        log.strike_at = at
        async with virtual_recorder(url(path, kind), log) as (recorder, transport):
            cancelled = await (cancel_by_task if by_task else cancel_by_scope)(recorder, source, log)
            assert source.open_readers == 0
            assert not locked(transport)
            report = recorder.last_report
            if cancelled:
                assert report is None or report.error == "cancelled"
            else:  # inside the last command, which unlocks the tray: there was nothing left to cancel
                assert at == len(commands) - 1
                assert report is not None
                assert report.verified
        check_the_end(path, report, log)
        if report is not None and at > first_write:
            seen.add(report.disc_state)
        forget_disc(path)
    assert seen
    assert "unknown" not in seen  # the drive answers, so there is no excuse for not asking it


@BOTH_LOOPS
@pytest.mark.parametrize("kind", KINDS)
async def test_cancel_scope_inside_every_command(tmp_path: Path, kind: str) -> None:
    await cancel_everywhere(tmp_path, kind, by_task=False)


@ONLY_ASYNCIO
@pytest.mark.parametrize("kind", KINDS)
async def test_task_cancel_inside_every_command(tmp_path: Path, kind: str) -> None:
    await cancel_everywhere(tmp_path, kind, by_task=True)


@ONLY_ASYNCIO
async def test_a_second_task_cancel_cuts_the_tidying_short(tmp_path: Path) -> None:
    target = url(tmp_path / "disc", "bd-r", more="&physics=400x&sync_s=30").replace(
        "time_scale=0", "time_scale=1"
    )
    log = Log()
    async with virtual_recorder(target, log) as (recorder, transport):
        burning = anyio.Event()
        task = asyncio.ensure_future(
            recorder.write(
                MemorySource(SECTORS), on_progress=lambda p: burning.set() if p.sectors_done else None
            )
        )
        await burning.wait()
        for _ in range(2):
            task.cancel()
            with anyio.move_on_after(0.2):  # the flush of the tidying up takes half a minute
                await asyncio.wait([task])
        assert task.cancelled()
        assert recorder.last_report is not None
        assert recorder.last_report.disc_state == "unknown"
        taken = recorder.last_report.sectors_taken
        assert taken >= 32, "what was counted before the tidying up still stands"
        assert taken == recorder.drive.statistics().sectors_written
        assert not locked(transport)
    assert log.overlaps == 0


FAULTS = [(kind, "4/44/00") for kind in KINDS]
FAULTS += [(kind, fault) for kind in ("dvd+r", "bd-re", "cd-r") for fault in ("hang", "unplug")]


@BOTH_LOOPS
@pytest.mark.parametrize(("kind", "fault"), FAULTS)
async def test_fault_inside_every_command(tmp_path: Path, kind: str, fault: str) -> None:
    path = tmp_path / "disc"
    commands = await commands_of_a_burn(path, kind)
    for at in range(len(commands)):
        log, source = Log(), MemorySource(SECTORS)
        error: ImapiError | None = None
        async with virtual_recorder(url(path, kind, f"{fault}@any:{at + 1}"), log) as (recorder, transport):
            try:
                await recorder.write(source)
            except ImapiError as caught:
                error = caught
            assert source.open_readers == 0
            report = recorder.last_report
            # Where the fault hits the unlocking itself, closing the drive does it again.
            assert not locked(transport) or at == len(commands) - 1 or fault == "unplug"
        assert not locked(transport) or fault == "unplug"
        check_the_end(path, report, log)
        assert report is not None
        if error is not None and log.opcodes()[: at + 1].count(WRITE) and not report.written:
            assert isinstance(error, RecordingError)
            assert error.__cause__ is not None
            assert error.report is report
            assert error.disc_state == report.disc_state
            assert error.sectors_written == report.sectors_taken
            assert report.error == str(error)
            if fault == "unplug":
                assert report.disc_state == "unknown"
        if error is None:
            assert report.verified
        forget_disc(path)
