"""When progress is told, what it says, and that nobody waits for a slow listener."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from aioimapi.recorder._progress import (
    MAX_SAMPLES,
    Meter,
    Phase,
    Progress,
    ProgressBoard,
    ProgressListener,
)
from aioimapi.units import SECTOR_SIZE

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def run(meter: Meter, clock: Clock, sectors: int, burst: int, seconds: float) -> None:
    for _ in range(0, sectors, burst):
        clock.now += seconds
        if meter.advance(burst):
            meter.update(0.5)


def test_half_second_cadence_and_speed() -> None:
    clock, told = Clock(), list[Progress]()
    meter = Meter("d", clock, told.append)
    meter.one_x_bytes = 1_385_000.0
    meter.begin(Phase.WRITING_DATA, 1_000_000)
    run(meter, clock, 6_400, 32, 0.0625)  # 1 MiB/s for 12.5 s: below a percent, so only the time counts
    assert len(told) == 1 + 25
    assert told[0].sectors_done == 0
    assert told[0].remaining_s is None
    last = told[-1]
    assert last.bytes_per_second == pytest.approx(2**20)
    assert last.speed == pytest.approx(2**20 / 1_385_000)
    assert last.remaining_s == pytest.approx((1_000_000 - 6_400) * SECTOR_SIZE / 2**20)
    assert last.elapsed_s == pytest.approx(12.5)
    assert last.drive_buffer_fill == 0.5
    assert last.fraction == pytest.approx(0.0064)


def test_a_fast_write_is_told_at_every_percent_and_at_its_end() -> None:
    clock, told = Clock(), list[Progress]()
    meter = Meter("d", clock, told.append)
    meter.begin(Phase.WRITING_DATA, 100_000)
    run(meter, clock, 100_000, 500, 0.000_001)
    assert len(told) == 101
    assert told[-1].sectors_done == told[-1].sectors_total == 100_000
    assert told[-1].remaining_s == 0.0


def test_speed_follows_a_change_within_the_window() -> None:
    clock, told = Clock(), list[Progress]()
    meter = Meter("d", clock, told.append)
    meter.begin(Phase.WRITING_DATA, 10**9)
    run(meter, clock, 5_120, 512, 1.0)
    run(meter, clock, 5_120 * 8, 512 * 8, 1.0)
    meter.begin(Phase.FINALIZATION)
    assert told[-2].bytes_per_second == pytest.approx(8 * 2**20)
    speed = meter.throughput(Phase.WRITING_DATA)
    assert speed is not None
    assert speed.maximum == pytest.approx(8 * 2**20)
    assert speed.average == pytest.approx(4.5 * 2**20)


def test_phases_keep_their_own_time_and_count() -> None:
    clock, told = Clock(), list[Progress]()
    meter = Meter("d", clock, told.append)
    clock.now += 2
    meter.begin(Phase.WRITING_DATA, 512)
    run(meter, clock, 512, 512, 4.0)
    meter.begin(Phase.FINALIZATION)
    clock.now += 8
    meter.begin(Phase.COMPLETED)
    meter.end()
    assert dict(meter.times()) == {
        Phase.VALIDATING_MEDIA: 2.0,
        Phase.WRITING_DATA: 4.0,
        Phase.FINALIZATION: 8.0,
        Phase.COMPLETED: 0.0,
    }
    assert [progress.phase for progress in told] == [
        Phase.WRITING_DATA,
        Phase.WRITING_DATA,
        Phase.FINALIZATION,
        Phase.COMPLETED,
    ]
    assert meter.throughput(Phase.FINALIZATION) is None


def test_samples_stay_bounded_and_cover_the_whole_burn() -> None:
    clock, told = Clock(), list[Progress]()
    meter = Meter("d", clock, told.append)
    meter.begin(Phase.WRITING_DATA, 10**9)
    run(meter, clock, 100_000, 1, 0.5)
    samples = meter.samples()
    assert MAX_SAMPLES / 2 <= len(samples) < 2 * MAX_SAMPLES
    assert samples[0].sectors_done == 1
    assert samples[-1].sectors_done > 99_000


def value(number: int) -> Progress:
    return Progress("d", Phase.WRITING_DATA, number, 100)


async def collect(listener: ProgressListener, into: list[int]) -> None:
    async for progress in listener:
        into.append(progress.sectors_done)


async def test_listeners_get_what_is_pinned_until_the_end() -> None:
    board, seen = ProgressBoard(), list[int]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect, board.listen(), seen)
        for number in range(3):
            for _ in range(5):
                await checkpoint()
            board.pin(value(number))
        board.finish()
    assert seen == [0, 1, 2]


async def test_a_slow_listener_misses_values_but_not_the_last() -> None:
    board = ProgressBoard()
    listener = board.listen()
    for number in range(50):
        board.pin(value(number))
    board.finish()
    seen: list[int] = []
    await collect(listener, seen)
    assert seen == [49]


async def test_a_cancelled_listener_disturbs_nobody() -> None:
    board = ProgressBoard()
    with anyio.move_on_after(0):
        await anext(board.listen())
    board.pin(value(7))
    board.finish()
    assert board.latest == value(7)
