"""Progress as bars on a terminal, as plain lines elsewhere, as JSON lines for machines.

Every long job tells of itself in :class:`Tick` values. A display is a context manager; ``update`` is cheap
and may be called as often as news come.
"""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs

from aioimapi.cli import _text
from aioimapi.errors import printable
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import Task

    from aioimapi.recorder import Progress, Silence

COMPLETED = "completed"
"""The phase in which a burn tells that it is over (aioimapi.recorder.Phase)."""

PLAIN_SECONDS = 5.0
PLAIN_PERCENT = 5
PLAIN_PATIENCE_SECONDS = 30.0
PLAIN_SILENCE_SECONDS = 10.0

WIDE = 100
NARROW = 64
"""Columns of a terminal from which on a bar has all its details, and from which on there is room for the bar."""


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
        silence: The command that the drive has not answered for a while, or None.
    """

    name: str
    phase: str
    done: int
    total: int
    bytes_per_second: float | None = None
    drive_buffer: float | None = None
    remaining_s: float | None = None
    silence: Silence | None = None

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
        progress.silence,
    )


def label(name: str) -> str:
    """Return a drive's name without a URL's options: they tell no drive apart."""
    return printable(name.partition("?")[0] if name.startswith("virtual:") else name)


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

    def ended(self, name: str, how: str) -> None:  # noqa: B027 - lines and JSON tell it in other ways
        """Show that a job has ended before its time: ``FAILED``, ``stopped``."""

    def line(self, text: str) -> None:
        """Write a line of text to standard error without disturbing what is shown."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class SilentDisplay(Display):
    """Shows nothing: for jobs too short to be watched."""

    def update(self, tick: Tick) -> None:
        """Show nothing."""


class JsonDisplay(Display):
    """Writes each tick as a JSON line."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def update(self, tick: Tick) -> None:
        """Write one line."""
        self._write(json.dumps({"event": "progress", **attrs.asdict(tick)}, allow_nan=False) + "\n")


class PlainDisplay(Display):
    """Writes a line at each new phase.

    Then five seconds apart, at five per cent more, or half a minute later; every ten seconds that a drive does not
    answer.
    """

    def __init__(self) -> None:
        self._shown: dict[str, tuple[str, int, float]] = {}
        self._silent: dict[str, float] = {}

    def update(self, tick: Tick) -> None:
        """Write a line if it is time for one."""
        now = time.monotonic()
        if tick.silence is not None:
            if now - self._silent.get(tick.name, -PLAIN_SILENCE_SECONDS) >= PLAIN_SILENCE_SECONDS:
                self._silent[tick.name] = now
                self._tell(f"{label(tick.name)}: {tick.phase}: {tick.silence}")
            return
        self._silent.pop(tick.name, None)
        phase, percent, when = self._shown.get(tick.name, ("", 0, 0.0))
        if phase == tick.phase:
            waited = now - when
            if waited < PLAIN_SECONDS:
                return
            if tick.percent - percent < PLAIN_PERCENT and waited < PLAIN_PATIENCE_SECONDS:
                return
        self._shown[tick.name] = (tick.phase, tick.percent, now)
        self._tell(f"{label(tick.name)}: {describe(tick)}")

    def _tell(self, text: str) -> None:
        with suppress(OSError):  # nobody reads any more, and the job goes on
            self.line(text)


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
    """One bar for each drive on a terminal; on a narrow one, its numbers alone."""

    def __init__(self) -> None:
        self._progress = _rich_progress()
        self._tasks: dict[str, Task] = {}
        self._percent: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be gone
            self._progress.stop()

    def update(self, tick: Tick) -> None:
        """Move the bar, or make one."""
        # A phase without a measure shows a bar that moves; the last one shows a full bar.
        done, total = (1, 1) if tick.phase == COMPLETED else (tick.done, tick.total)
        percent = f"{done * 100 // total:>3}%" if total else ""
        self._percent[tick.name] = percent.strip()
        task = self._task(tick.name)
        if not total:
            task.total = None  # update() takes None for "as it was"
        self._progress.update(
            task.id,
            completed=done,
            total=total or None,
            phase=tick.phase,
            percent=percent,
            detail=self._detail(tick),
        )

    def ended(self, name: str, how: str) -> None:
        """Say in the bar how the job ended, and let it stand."""
        task, percent = self._task(name), self._percent.get(name, "")
        where = f" at {percent.replace('%', ' %')}" if percent else ""
        if task.total is None:
            task.total = 1  # a bar that moves would still look alive
        self._progress.update(task.id, phase=f"{how}{where}", percent="", detail="")
        self._progress.stop_task(task.id)

    def _task(self, name: str) -> Task:
        task = self._tasks.get(name)
        if task is None:
            short = _shorten(label(name), max(16, self._progress.console.width // 4))
            number = self._progress.add_task(short, total=None, phase="", percent="", detail="")
            task = self._tasks[name] = next(task for task in self._progress.tasks if task.id == number)
        return task

    def _detail(self, tick: Tick) -> str:
        """Return what stands behind the bar, as much as there is room for."""
        width = self._progress.console.width
        if tick.silence is not None:
            waited = f"no answer for {tick.silence.seconds:.0f} s"
            return f"{waited}, giving up at {tick.silence.limit_s:g} s" if width >= WIDE else waited
        details = []
        if tick.bytes_per_second:
            details.append(_text.rate(tick.bytes_per_second))
        if tick.drive_buffer is not None and width >= WIDE:
            details.append(f"buffer {tick.drive_buffer:.0%}")
        if tick.remaining_s is not None and tick.done < tick.total and width >= NARROW:
            details.append(f"{_text.duration(tick.remaining_s)} left")
        return ", ".join(details)

    def line(self, text: str) -> None:
        """Write a line above the bars."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _rich_progress() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.table import Column

    console = Console(stderr=True)
    bar: list[ProgressColumn] = []
    if console.width >= NARROW:
        bar.append(BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)))
    return Progress(
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[phase]}", markup=False),
        *bar,
        TextColumn("{task.fields[percent]}", markup=False),
        TextColumn("{task.fields[detail]}", markup=False),
        console=console,
        expand=bool(bar),
        refresh_per_second=8,
    )


def _shorten(name: str, limit: int) -> str:
    """Return a name that leaves room for its bar: the end tells drives apart better than the beginning."""
    if len(name) > limit:
        name = name.removeprefix("virtual:")
    return name if len(name) <= limit else f"…{name[-(limit - 1) :]}"
