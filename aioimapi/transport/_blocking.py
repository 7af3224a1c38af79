"""A transport around a call that blocks: what most operating systems offer."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import anyio

from aioimapi.errors import DriveClosedError
from aioimapi.mmc import Command
from aioimapi.transport._base import Buffer, InFlight, Outcome, Reply, Transport, data_phase
from aioimapi.transport._worker import Worker

CLOSE_WAIT_S = 1.0
"""How long closing waits for a command in flight. A WRITE ends in milliseconds; a hung command is left behind."""

LOST_OUTCOMES = 1024
"""How many outcomes without a caller are kept: more than a burst has, few enough for one who never asks."""

T = TypeVar("T")


class _Burst:
    """Commands that the thread sends without coming back to the event loop."""

    __slots__ = ("commands", "ended", "lost", "outcomes", "stopped")

    def __init__(self, commands: list[tuple[Command, memoryview | None]]) -> None:
        self.commands = commands
        self.outcomes: list[Outcome] = []
        self.stopped = False
        self.lost = False
        self.ended = False

    def stop(self) -> None:
        """Send no further command."""
        self.stopped = True

    def release(self) -> None:
        """Give the buffers back, so that an error's traceback does not keep them."""
        for _, data in self.commands:
            if data is not None:
                data.release()


class BlockingTransport(Transport):
    """A transport whose driver part is a plain, blocking function.

    Subclasses implement :meth:`_execute` for one command and :meth:`_close`. Both run in the transport's own
    daemon thread, so they never overlap and need no lock. See the worker's module for what that thread is
    good for.
    """

    def __init__(self, name: str, max_transfer_bytes: int) -> None:
        self.name = name
        self.max_transfer_bytes = max_transfer_bytes
        self._worker = Worker(name)
        self._closed = False
        self._under_way: tuple[Command, float] | None = None
        self._lost: deque[Outcome] = deque(maxlen=LOST_OUTCOMES)
        self._lost_lock = threading.Lock()

    @abstractmethod
    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        """Send one command and wait for its status; in the transport's thread.

        Args:
            command: What to send, with its time limit.
            data: Exactly the bytes of the data phase (read-only perhaps, for OUT), or None.

        Returns:
            The answer; ``duration_s`` may be left at 0 to have it measured.

        Raises:
            DriveLostError: See :meth:`Transport.execute`.
            CommandTimeoutError: See :meth:`Transport.execute`.
        """

    @abstractmethod
    def _close(self) -> None:
        """Let go of the drive; in the transport's thread, once, after the last command."""

    async def execute(self, command: Command, buffer: Buffer | None = None) -> Reply:
        """Send one command; see :meth:`Transport.execute`."""
        return (await self.execute_burst(((command, buffer),)))[0]

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        """Send commands in one trip to the thread; see :meth:`Transport.execute_burst`."""
        burst = _Burst([(command, data_phase(command, buffer)) for command, buffer in commands])
        self._check_open()
        try:
            replies = await self._worker.run(lambda: self._run(burst), burst.stop)
            await self._pace()
        except BaseException:
            self._lose(burst)
            raise
        return replies

    def take_lost_outcomes(self) -> tuple[Outcome, ...]:
        """Return the outcomes that no caller saw; see :meth:`Transport.take_lost_outcomes`."""
        with self._lost_lock:
            lost = tuple(self._lost)
            self._lost.clear()
        return lost

    def in_flight(self) -> InFlight | None:
        """Return the command that waits for its answer; see :meth:`Transport.in_flight`."""
        under_way = self._under_way  # the thread may end it at any moment
        if under_way is None:
            return None
        command, started = under_way
        return InFlight(command, time.perf_counter() - started, self._limit_s(command))

    def _limit_s(self, command: Command) -> float:
        """Return the time limit of a command in seconds of the clock on the wall."""
        return command.timeout_s

    async def aclose(self) -> None:
        """Let go of the drive; see :meth:`Transport.aclose`.

        A command that is still in flight after a second is left behind: its thread closes the device when it
        comes back, and does not hold up the end of the process.
        """
        if self._closed:
            return
        self._closed = True
        closed = self._worker.run_last(self._close)
        with anyio.move_on_after(CLOSE_WAIT_S, shield=True):
            await closed.wait()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        """Run something else that blocks, such as opening the device, in the transport's thread."""
        return await self._worker.run(function, lambda: None)

    async def _pace(self) -> None:
        """Wait after a burst, where an emulated drive wants its time to pass. Real ones have taken theirs."""

    def _check_open(self) -> None:
        if self._closed:
            raise DriveClosedError(f"{self.name} was closed; open it again to use it", drive=self.name)

    def _run(self, burst: _Burst) -> list[Reply]:
        replies: list[Reply] = []
        try:
            for command, data in burst.commands:
                if burst.stopped:
                    break
                reply = self._run_one(burst, command, data)
                replies.append(reply)
                if not reply.good:
                    break
        finally:
            burst.release()
            with self._lost_lock:
                burst.ended = True
                if burst.lost:
                    self._lost.extend(burst.outcomes)
        return replies

    def _run_one(self, burst: _Burst, command: Command, data: memoryview | None) -> Reply:
        self._check_open()
        started = time.perf_counter()
        self._under_way = command, started
        try:
            reply = self._execute(command, data)
        except BaseException as error:
            burst.outcomes.append(Outcome(command, None, error))
            raise
        finally:
            self._under_way = None
        if not reply.duration_s:
            seconds = time.perf_counter() - started
            reply = Reply(reply.status, reply.sense, reply.residual, seconds, reply.note)
        burst.outcomes.append(Outcome(command, reply))
        return reply

    def _lose(self, burst: _Burst) -> None:
        """Keep the outcomes of a burst whose caller does not get them."""
        with self._lost_lock:
            if burst.ended:
                self._lost.extend(burst.outcomes)
            else:
                burst.lost = True
