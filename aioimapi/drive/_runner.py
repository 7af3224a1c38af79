"""Commands to one drive, one after the other: refusals become errors, and what only needs patience gets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import anyio

from aioimapi.drive._failure import CHANGES_THE_DISC, Verdict, failure, judge, read_sense
from aioimapi.drive._trace import DriveStatistics, Meter, TraceHook
from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc import Command, SenseKey
from aioimapi.transport import Buffer, InFlight, Outcome, Reply, Transport

PATIENCE_S = 120.0
"""How long a command is sent again while the drive says that it will be ready by itself."""

UNIT_ATTENTIONS = 3
"""How many unit attentions in a row a command survives: after power on, a drive tells of reset, disc and settings."""


def backoff(first_s: float = 0.01, last_s: float = 1.0, factor: float = 1.6) -> Iterator[float]:
    """Yield how long to sleep between polls, in seconds: longer each time, up to a limit."""
    pause = first_s
    while True:
        yield pause
        pause = min(last_s, pause * factor)


class CommandRunner:
    """Sends commands to a drive through its transport; the part of :class:`Drive` that knows no discs.

    Args:
        transport: The way to the drive, open.
        patience_s: How long a command waits for a drive that is becoming ready or still writing.
    """

    def __init__(self, transport: Transport, *, patience_s: float = PATIENCE_S) -> None:
        self._transport = transport
        self._patience_s = patience_s
        self._meter = Meter(transport.name)
        self._disc_held = False
        self._lost_hold: tuple[Command, Reply] | None = None

    @property
    def name(self) -> str:
        """The path or URL by which the drive was opened."""
        return self._transport.name

    @property
    def max_transfer_bytes(self) -> int:
        """The most that one command may move."""
        return self._transport.max_transfer_bytes

    def in_flight(self) -> InFlight | None:
        """Return the command that the drive has not answered yet, or None; never waits."""
        return self._transport.in_flight()

    def statistics(self) -> DriveStatistics:
        """Return what has gone through the drive since it was opened; never waits."""
        self._settle()
        return self._meter.snapshot()

    def add_trace_hook(self, hook: TraceHook) -> None:
        """Have a function called after each command; never waits."""
        self._meter.hooks.append(hook)

    def remove_trace_hook(self, hook: TraceHook) -> None:
        """Stop calling a function that :meth:`add_trace_hook` was given; never waits.

        Raises:
            ValueError: It was not given.
        """
        self._meter.hooks.remove(hook)

    async def execute(
        self, command: Command, buffer: Buffer | None = None, *, patience_s: float | None = None
    ) -> Reply:
        """Send a command and return once the drive has done it.

        A drive that is busy, becoming ready, or still writing is asked again for a while. A unit attention
        (the disc may have changed, the drive was reset) is swallowed and the command repeated, except for
        commands that change the disc, and except while :meth:`Drive.hold_disc` is in force.

        Args:
            command: What to send.
            buffer: The data of its data phase; see :meth:`aioimapi.transport.Transport.execute`.
            patience_s: How long to wait for the drive; None for the drive's default.

        Returns:
            The answer: GOOD, or CHECK CONDITION with a recovered error.

        Raises:
            CommandFailedError: The drive refused; the subclass says the sense key.
            DriveBusyError: Another computer or program has the drive.
            DriveLostError: The drive is gone.
            CommandTimeoutError: No answer came in the command's time.
            DriveClosedError: The drive was closed.

        Cancellation:
            Between two tries at once. A command that was sent is waited for, and counts in
            :meth:`statistics`.
        """
        deadline = anyio.current_time() + (self._patience_s if patience_s is None else patience_s)
        pauses = backoff()
        attentions = 0
        while True:
            (reply,) = await self._send([(command, buffer)])
            verdict = self._judge(command, reply)
            if verdict is Verdict.ACCEPT:
                return reply
            attentions += verdict is Verdict.REPEAT
            waited_out = verdict is Verdict.WAIT and anyio.current_time() >= deadline
            if verdict is Verdict.FAIL or waited_out or attentions > UNIT_ATTENTIONS:
                raise failure(command, reply, self.name)
            if verdict is Verdict.WAIT:
                self._meter.waits += 1
                await anyio.sleep(next(pauses))

    async def query(self, command: Command, *, patience_s: float | None = None) -> bytes:
        """Send a command that asks for data, and return the data that came.

        Args:
            command: A command whose data comes from the drive.
            patience_s: As :meth:`execute`.

        Returns:
            At most ``transfer_length`` bytes.

        Raises:
            DriveError: As :meth:`execute`.
            RemoteProtocolError: The drive claims to have sent more than was asked for.

        Cancellation:
            As :meth:`execute`.
        """
        buffer = bytearray(command.transfer_length)
        reply = await self.execute(command, buffer, patience_s=patience_s)
        if not 0 <= reply.residual <= len(buffer):
            raise RemoteProtocolError(
                f"{command.name} on {self.name}: {reply.residual} of {len(buffer)} bytes left over"
            )
        return bytes(buffer[: len(buffer) - reply.residual])

    async def _send(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        """Send commands as a burst and count them, whatever becomes of the caller."""
        if self._lost_hold is not None and isinstance(commands[0][0], CHANGES_THE_DISC):
            raise failure(*self._lost_hold, self.name)
        try:
            replies = await self._transport.execute_burst(commands)
        except BaseException:
            self._settle()
            raise
        self._settle()
        for (command, _), reply in zip(commands, replies, strict=False):
            self._meter.count(Outcome(command, reply))
        return replies

    def _judge(self, command: Command, reply: Reply) -> Verdict:
        if reply.good:
            return Verdict.ACCEPT
        sense = read_sense(reply)
        if sense is not None and sense.key is SenseKey.UNIT_ATTENTION:
            self._meter.unit_attentions += 1
            if self._disc_held and self._lost_hold is None:
                # Whoever asked may think little of it; the next command that would change the disc must not.
                self._lost_hold = command, reply
        return judge(command, reply, sense, disc_held=self._disc_held)

    def _settle(self) -> None:
        """Count the commands whose callers were cancelled before they saw the outcome."""
        for outcome in self._transport.take_lost_outcomes():
            self._meter.count(outcome)
