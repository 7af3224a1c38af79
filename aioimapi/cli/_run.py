"""Running a command's work: the event loop, Ctrl-C as a cancel scope, errors as one line and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import attrs

from aioimapi.cli._exit import ExitCode, StandardOutputClosedError, code_for
from aioimapi.errors import ImapiError

if TYPE_CHECKING:
    from aioimapi.cli._console import Console

Job = Callable[[], Awaitable[ExitCode | None]]


def run_job(console: Console, job: Job) -> ExitCode:
    """Run a job to its end, its failure or a signal, and return the exit code.

    What went wrong has been told.
    """
    try:
        try:
            return anyio.run(_supervise, console, job, backend=console.loop)
        except BaseExceptionGroup as group:
            raise sole_error(group) from None
    except BrokenPipeError as error:  # of an image's pipe it would be an OutputClosedError
        raise StandardOutputClosedError from error
    except (ImapiError, OSError) as error:
        return console.fail(error, code_for(error))


def sole_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error of a group, however deep, or the group where it holds several."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


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
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                if self.number is None:
                    self.number = signal.Signals(number)
                    console.note("aioimapi: stopping; the drive is brought to a known state first")
                    self.scope.cancel()


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
    if stop.number is signal.SIGTERM:
        return console.stopped("a termination signal", ExitCode.TERMINATED)
    return console.stopped("Ctrl-C", ExitCode.INTERRUPTED)
