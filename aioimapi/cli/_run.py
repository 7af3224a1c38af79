"""Running a command's work: the event loop, Ctrl-C as a cancel scope, errors as one line and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import attrs
import click

from aioimapi.cli._exit import ExitCode, code_for

if TYPE_CHECKING:
    from aioimapi.cli._console import Console

STOPS = {
    signal.SIGINT: ("Ctrl-C", ExitCode.INTERRUPTED),
    signal.SIGTERM: ("a termination signal", ExitCode.TERMINATED),
    signal.SIGHUP: ("the loss of its terminal or connection", ExitCode.HUNG_UP),
}

Job = Callable[[], Awaitable[ExitCode | None]]


def run_job(console: Console, job: Job) -> ExitCode:
    """Run a job to its end, its failure or a signal, and return the exit code.

    What went wrong has been told.
    """
    try:
        try:
            return anyio.run(_supervise, console, job, backend=console.loop)
        except BaseExceptionGroup as group:
            from aioimapi._tasks import (
                sole_error,
            )  # here, since a start-up without errors never needs the room

            raise sole_error(group) from None
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - what is none of ours is told as an internal error
        return console.fail(error, code_for(error))


@attrs.define
class _Stop:
    """A signal that ends the job: which it was."""

    scope: anyio.CancelScope
    number: signal.Signals | None = None

    async def watch(
        self, console: Console, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Cancel the job at the first signal.

        The drive's tidying up is bounded, so later ones change nothing.
        """
        with anyio.open_signal_receiver(*_watched()) as signals:
            task_status.started()
            async for number in signals:
                if self.number is None:
                    self.number = signal.Signals(number)
                    console.stop_code = STOPS[self.number][1]
                    first = "; the drive is brought to a known state first" if console.uses_drive else ""
                    console.note(f"aioimapi: stopping{first}")
                    self.scope.cancel()


def _watched() -> list[signal.Signals]:
    """Return the signals that stop a job; a hang-up only where nohup has not set it aside."""
    return [
        number
        for number in STOPS
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    ]


async def _supervise(console: Console, job: Job) -> ExitCode:
    code: ExitCode | None = None
    stop = _Stop(anyio.CancelScope())
    async with anyio.create_task_group() as group:
        await group.start(stop.watch, console)
        with stop.scope:
            code = await job()
        group.cancel_scope.cancel()
    if stop.number is None:
        return ExitCode.DONE if code is None else code
    if not stop.scope.cancelled_caught:
        return ExitCode.DONE if code is None else code  # the signal came when all was done
    return console.stopped(*STOPS[stop.number])
