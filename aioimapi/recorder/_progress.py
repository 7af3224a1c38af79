"""How far a burn is: typed values, when to tell them, and how to hand them to slow listeners without waiting.

IMAPI's rules hold: each phase is told once when it begins; writing and verifying are told twice a second (and
at every percent, so that a long write has at least a hundred updates), once before and once after. Sectors
are counted from WRITEs that the drive has taken, never from what the source gave.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Final, Self

import anyio
import attrs

from aioimapi.units import SECTOR_SIZE

INTERVAL_S: Final = 0.5
"""Seconds between updates while writing (IMAPI: DDiscFormat2DataEvents::Update)."""

STEPS: Final = 100
"""Updates that a long phase has at least."""

WINDOW_S: Final = 3.0
"""Seconds over which the current speed is averaged: long enough for a drive that takes its data in gulps."""

MAX_SAMPLES: Final = 240
"""Speed samples that a report keeps; beyond it every second one is dropped and the spacing doubles."""


class Phase(enum.StrEnum):
    """What a burn is doing: IMAPI_FORMAT2_DATA_WRITE_ACTION, without its numbers, which have no order."""

    VALIDATING_MEDIA = "validating media"
    FORMATTING_MEDIA = "formatting media"
    INITIALIZING_HARDWARE = "initializing hardware"
    CALIBRATING_POWER = "calibrating power"
    WRITING_DATA = "writing data"
    FINALIZATION = "finalization"
    VERIFYING = "verifying"
    COMPLETED = "completed"


@attrs.frozen
class Silence:
    """A command that the drive has not answered for a while. It may be a long calibration, or the end.

    Attributes:
        command: The command's name.
        lba: The first sector that it is about, or None.
        seconds: How long it has been under way.
        limit_s: After how many seconds it is given up.
    """

    command: str
    lba: int | None
    seconds: float
    limit_s: float

    def __str__(self) -> str:
        """Return it in words."""
        where = "" if self.lba is None else f" at LBA {self.lba}"
        return (
            f"no answer from the drive for {self.seconds:.0f} s ({self.command}{where}), "
            f"giving up at {self.limit_s:g} s"
        )


@attrs.frozen
class Progress:
    """A moment of a burn.

    Attributes:
        drive: The path or URL of the drive.
        phase: What the burn is doing.
        sectors_done: Sectors of this phase that the drive has taken or given; 0 in phases that move none.
        sectors_total: Sectors of this phase; 0 in phases that move none.
        bytes_per_second: Speed over the last three seconds.
        speed: That speed as a multiple of the medium's 1x; 0 before the medium is known.
        drive_buffer_fill: How full the drive's own buffer is, 0.0 to 1.0, or None where the drive does not
            say.
        elapsed_s: Seconds since the burn began.
        remaining_s: Seconds that this phase will still take at this speed, or None while that cannot be told.
        silence: What the drive does not answer, once that has lasted for five seconds; else None.
    """

    drive: str
    phase: Phase
    sectors_done: int = 0
    sectors_total: int = 0
    bytes_per_second: float = 0.0
    speed: float = 0.0
    drive_buffer_fill: float | None = None
    elapsed_s: float = 0.0
    remaining_s: float | None = None
    silence: Silence | None = None

    @property
    def fraction(self) -> float:
        """How much of this phase is done, 0.0 to 1.0."""
        return self.sectors_done / self.sectors_total if self.sectors_total else 0.0


@attrs.frozen
class SpeedSample:
    """One point of the speed curve that a report keeps.

    Attributes:
        phase: Writing or verifying.
        elapsed_s: Seconds since the burn began.
        sectors_done: Sectors that were through by then.
        bytes_per_second: Speed at that point.
        drive_buffer_fill: How full the drive's buffer was, or None.
    """

    phase: Phase
    elapsed_s: float
    sectors_done: int
    bytes_per_second: float
    drive_buffer_fill: float | None


@attrs.frozen
class Throughput:
    """How fast a phase ran.

    Attributes:
        average: Bytes a second over the whole phase.
        maximum: The fastest three seconds, in bytes a second.
    """

    average: float
    maximum: float


class ProgressBoard:
    """Where a burn pins its latest progress and listeners look; nobody waits for anybody.

    A listener that comes late, or is slow, sees the newest value and has missed those before it.
    """

    def __init__(self) -> None:
        self.latest: Progress | None = None
        self._serial = 0
        self._round = 0
        self._news: anyio.Event | None = None

    def pin(self, progress: Progress) -> None:
        """Replace the latest value and wake the listeners."""
        self.latest = progress
        self._serial += 1
        self._wake()

    def finish(self) -> None:
        """End the round: listeners get the last value, then the end."""
        self._round += 1
        self._wake()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()
            self._news = None

    def listen(self) -> ProgressListener:
        """Return an iterator over the values of the burn that runs, or of the next one if none does."""
        return ProgressListener(self)

    async def wait(self) -> None:
        """Wait for the next pin or end."""
        if self._news is None:
            self._news = anyio.Event()
        await self._news.wait()


class ProgressListener:
    """An async iterator of :class:`Progress`; latest wins."""

    def __init__(self, board: ProgressBoard) -> None:
        self._board = board
        self._seen = board._serial
        self._round = board._round

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Progress:
        """Wait for a value newer than the last one given.

        Cancellation:
            At once; nothing is lost but time.
        """
        board = self._board
        while self._seen == board._serial:
            if self._round != board._round:
                raise StopAsyncIteration
            await board.wait()
        self._seen = board._serial
        assert board.latest is not None
        return board.latest


class Meter:
    """Counts what went through and decides when it is worth telling.

    Args:
        drive: The drive's name, for the values.
        clock: Returns seconds that only grow.
        tell: Takes each value that is due.
    """

    def __init__(self, drive: str, clock: Callable[[], float], tell: Callable[[Progress], None]) -> None:
        self._drive = drive
        self._clock = clock
        self._tell = tell
        self._began = self._phase_began = clock()
        self._phase = Phase.VALIDATING_MEDIA
        self._total = self._done = 0
        self._told_at = 0.0
        self._told_done = 0
        self._window: deque[tuple[float, int]] = deque()
        self._samples: list[SpeedSample] = []
        self._stride = self._skipped = 0
        self._fastest: dict[Phase, float] = {}
        self._times: dict[Phase, float] = {}
        self._moved: dict[Phase, int] = {}
        self._silence: Silence | None = None
        self.one_x_bytes = 0.0

    @property
    def phase(self) -> Phase:
        """The phase that runs."""
        return self._phase

    @property
    def sectors_done(self) -> int:
        """Sectors of the running phase that are through."""
        return self._done

    @property
    def elapsed_s(self) -> float:
        """Seconds since the meter was made."""
        return self._clock() - self._began

    def begin(self, phase: Phase, total: int = 0) -> None:
        """Enter a phase of ``total`` sectors (0: it moves none) and tell it once."""
        self._settle()
        self._phase, self._total, self._done = phase, total, 0
        self._window = deque([(self._phase_began, 0)])
        self._publish(None)

    def advance(self, sectors: int) -> bool:
        """Count sectors that the drive has taken or given.

        Returns:
            Whether an update is due: the caller then asks the drive for its buffer and calls :meth:`update`.
        """
        self._done += sectors
        now = self._clock()
        window = self._window
        if now - window[-1][0] >= WINDOW_S / 30:
            window.append((now, self._done))
            while len(window) > 2 and now - window[1][0] >= WINDOW_S:
                window.popleft()
        crossed = self._total and self._done * STEPS // self._total != self._told_done * STEPS // self._total
        return bool(crossed) or now - self._told_at >= INTERVAL_S

    def update(self, drive_buffer_fill: float | None = None) -> None:
        """Tell where the phase stands now."""
        self._publish(drive_buffer_fill)

    def silent(self, silence: Silence | None) -> None:
        """Tell that the drive does not answer; None, that it does again."""
        if silence is not None or self._silence is not None:
            self._silence = silence
            self._publish(None)

    def end(self) -> None:
        """Close the account of the running phase without entering another."""
        self._settle()

    def times(self) -> tuple[tuple[Phase, float], ...]:
        """Return the seconds that each phase took, in the order in which they began."""
        return tuple(self._times.items())

    def samples(self) -> tuple[SpeedSample, ...]:
        """Return the speed curve, at most twice :data:`MAX_SAMPLES` points of both phases."""
        return tuple(self._samples)

    def throughput(self, phase: Phase) -> Throughput | None:
        """Return how fast a phase was, or None where it moved nothing."""
        moved, seconds = self._moved.get(phase, 0), self._times.get(phase, 0.0)
        if not moved or seconds <= 0:
            return None
        average = moved * SECTOR_SIZE / seconds
        return Throughput(average, max(self._fastest.get(phase, 0.0), average))

    def _settle(self) -> None:
        now = self._clock()
        self._times[self._phase] = self._times.get(self._phase, 0.0) + now - self._phase_began
        self._moved[self._phase] = self._moved.get(self._phase, 0) + self._done
        self._phase_began = now
        self._done = 0

    def _rate(self, now: float) -> float:
        then, done = self._window[0]
        return (self._done - done) * SECTOR_SIZE / (now - then) if now > then else 0.0

    def _publish(self, drive_buffer_fill: float | None) -> None:
        now = self._clock()
        rate = self._rate(now)
        left = (self._total - self._done) * SECTOR_SIZE
        self._told_at, self._told_done = now, self._done
        if self._done:
            self._fastest[self._phase] = max(self._fastest.get(self._phase, 0.0), rate)
            self._sample(SpeedSample(self._phase, now - self._began, self._done, rate, drive_buffer_fill))
        self._tell(
            Progress(
                drive=self._drive,
                phase=self._phase,
                sectors_done=self._done,
                sectors_total=self._total,
                bytes_per_second=rate,
                speed=rate / self.one_x_bytes if self.one_x_bytes else 0.0,
                drive_buffer_fill=drive_buffer_fill,
                elapsed_s=now - self._began,
                remaining_s=left / rate if rate > 0 and self._total else None,
                silence=self._silence,
            )
        )

    def _sample(self, sample: SpeedSample) -> None:
        if self._skipped < self._stride:
            self._skipped += 1
            return
        self._skipped = 0
        self._samples.append(sample)
        if len(self._samples) >= 2 * MAX_SAMPLES:
            del self._samples[1::2]
            self._stride = 2 * self._stride + 1


__all__ = (
    "Meter",
    "Phase",
    "Progress",
    "ProgressBoard",
    "ProgressListener",
    "Silence",
    "SpeedSample",
    "Throughput",
)
