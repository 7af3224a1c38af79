"""Progress as bars on a terminal, as plain lines elsewhere, as JSON lines for machines.

Every long job tells of itself in :class:`Tick` values. A display is a context manager; ``update`` is cheap
and may be called as often as news come.
"""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

import attrs

from aioimapi.cli import _text
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from aioimapi.recorder import Progress

COMPLETED = "completed"
"""The phase in which a burn tells that it is over (aioimapi.recorder.Phase)."""

PLAIN_SECONDS = 5.0
PLAIN_PERCENT = 5
PLAIN_PATIENCE_SECONDS = 30.0


@attrs.frozen
class Tick:
    """How far a job is.

    Attributes:
        name: The drive or file that the job is about; one bar each.
        phase: What is being done, a word or two: ``writing``.
        done: Sectors done in this phase.
        total: Sectors of this phase; 0 where it has no measure.
        bytes_per_second: Speed at the moment, or None.
        drive_buffer: Share of the drive's buffer that is full, 0 to 1, or None.
        remaining_s: Seconds left in this phase, as far as can be told, or None.
    """

    name: str
    phase: str
    done: int
    total: int
    bytes_per_second: float | None = None
    drive_buffer: float | None = None
    remaining_s: float | None = None

    @property
    def percent(self) -> int:
        """Whole per cent of the phase."""
        return self.done * 100 // self.total if self.total else 0


def recorder_tick(progress: Progress) -> Tick:
    """Return a recorder's progress as the displays take it."""
    return Tick(
        progress.drive,
        progress.phase.value,
        progress.sectors_done,
        progress.sectors_total,
        progress.bytes_per_second or None,
        progress.drive_buffer_fill,
        progress.remaining_s,
    )


class Display(ABC):
    """Shows ticks somewhere."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    @abstractmethod
    def update(self, tick: Tick) -> None:
        """Show the news."""

    def line(self, text: str) -> None:
        """Write a line of text to standard error without disturbing what is shown."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class SilentDisplay(Display):
    """Shows nothing: for jobs too short to be watched."""

    def update(self, tick: Tick) -> None:
        """Show nothing."""


class JsonDisplay(Display):
    """Writes each tick as a JSON line to standard output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def update(self, tick: Tick) -> None:
        """Write one line, complete when the call returns."""
        news = {"event": "progress", **attrs.asdict(tick)}
        self._stream.write(json.dumps(news, allow_nan=False) + "\n")
        self._stream.flush()


class PlainDisplay(Display):
    """Writes a line at each new phase.

    Then five seconds apart, at five per cent more, or half a minute later.
    """

    def __init__(self) -> None:
        self._shown: dict[str, tuple[str, int, float]] = {}

    def update(self, tick: Tick) -> None:
        """Write a line if it is time for one."""
        now = time.monotonic()
        phase, percent, when = self._shown.get(tick.name, ("", 0, 0.0))
        if phase == tick.phase:
            waited = now - when
            if waited < PLAIN_SECONDS:
                return
            if tick.percent - percent < PLAIN_PERCENT and waited < PLAIN_PATIENCE_SECONDS:
                return
        self._shown[tick.name] = (tick.phase, tick.percent, now)
        self.line(f"{_text.printable(tick.name)}: {describe(tick)}")


def describe(tick: Tick) -> str:
    """Return a tick as a line of text."""
    parts = [tick.phase]
    if tick.total:
        done, total = (_text.size(sectors * SECTOR_SIZE) for sectors in (tick.done, tick.total))
        parts[0] += f" {tick.percent} %"
        parts.append(f"{done} of {total}")
    if tick.bytes_per_second:
        parts.append(_text.rate(tick.bytes_per_second))
    if tick.drive_buffer is not None:
        parts.append(f"buffer {tick.drive_buffer:.0%}")
    if tick.remaining_s is not None and tick.done < tick.total:
        parts.append(f"{_text.duration(tick.remaining_s)} left")
    return ", ".join(parts)


class RichDisplay(Display):
    """One bar for each drive on a terminal."""

    def __init__(self) -> None:
        self._progress = _rich_progress()
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, tick: Tick) -> None:
        """Move the bar, or make one."""
        task = self._tasks.get(tick.name)
        if task is None:
            label = _shorten(
                _text.printable(tick.name.partition("?")[0])
            )  # a URL's options tell no drive apart
            task = self._progress.add_task(label, phase=tick.phase, detail="")
            self._tasks[tick.name] = task
        details = []
        if tick.bytes_per_second:
            details.append(_text.rate(tick.bytes_per_second))
        if tick.drive_buffer is not None:
            details.append(f"buffer {tick.drive_buffer:.0%}")
        if tick.remaining_s is not None and tick.done < tick.total:
            details.append(f"{_text.duration(tick.remaining_s)} left")
        self._progress.update(
            task,
            # A phase without a measure shows a bar that moves; the last one shows a full bar.
            completed=1 if tick.phase == COMPLETED else tick.done,
            total=1 if tick.phase == COMPLETED else tick.total or None,
            phase=tick.phase,
            detail=", ".join(details),
        )

    def line(self, text: str) -> None:
        """Write a line above the bars."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _rich_progress() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[phase]}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True),
        expand=True,
        refresh_per_second=8,
    )


def _shorten(name: str, limit: int = 32) -> str:
    """Return a name that leaves room for its bar: the end tells drives apart better than the beginning."""
    return name if len(name) <= limit else f"…{name[-(limit - 1) :]}"
