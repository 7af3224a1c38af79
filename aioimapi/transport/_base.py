"""What every transport is: one way to carry a command to a drive and its answer back."""

from __future__ import annotations

import mmap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeAlias

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc import Command, Direction

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap.mmap
"""What a data phase moves: read-only buffers serve for OUT, writable ones for both directions."""

GOOD = 0x00
"""The SCSI status of a command that succeeded (SAM-5 5.3.1)."""


@attrs.frozen
class Reply:
    """A drive's answer to one command. A failed command is an answer too.

    Attributes:
        status: The SCSI status byte (SAM-5 5.3.1): 0 GOOD, 2 CHECK CONDITION, 8 BUSY, 18h RESERVATION
            CONFLICT.
        sense: The sense data that came with it, as the drive sent it; empty with GOOD.
        residual: How many bytes of the announced data phase did not move.
        duration_s: Seconds from sending the command to having its status.
        note: What the way to the drive knows of a refusal beside its sense data, for people; mostly empty.
    """

    status: int
    sense: bytes = b""
    residual: int = 0
    duration_s: float = 0.0
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether the drive did what was asked."""
        return self.status == GOOD


@attrs.frozen
class Outcome:
    """How one command ended: with an answer, or with what prevented one.

    Attributes:
        command: The command that was sent.
        reply: The drive's answer, or None where none came.
        error: Why no answer came, or None.
    """

    command: Command
    reply: Reply | None
    error: BaseException | None = None


@attrs.frozen
class InFlight:
    """A command that the drive has not answered yet.

    Attributes:
        command: The command.
        seconds: How long it has been under way.
        limit_s: After how many seconds the transport gives it up.
    """

    command: Command
    seconds: float
    limit_s: float


class Transport(ABC):
    """One way to carry commands to one drive, one after the other. What a command means is not its business.

    Drive backends subclass :class:`BlockingTransport` where the operating system's call blocks, or this class
    where it does not, and prove themselves with :func:`aioimapi.testing.check_transport`.

    Attributes:
        name: How people name the drive: a device node or a URL. It stands in every message.
        max_transfer_bytes: The most that one command's data phase may move; a multiple of 2,048.
        preferred_transfer_bytes: What long READs and WRITEs are cut into, where ``max_transfer_bytes`` allows it; a
            multiple of 64 KiB. 64 KiB (a cluster of a BD, two ECC blocks of a DVD) suits every drive and bus.
    """

    name: str
    max_transfer_bytes: int
    preferred_transfer_bytes: int = 64 * 1024

    @abstractmethod
    async def execute(self, command: Command, buffer: Buffer | None = None) -> Reply:
        """Send one command and return the drive's answer.

        Args:
            command: What to send; its ``timeout_s`` is the time limit that the transport sets.
            buffer: The data to send (OUT), or where to put the data (IN); at least ``transfer_length`` bytes.
                It is used in place, and must not change until the call returns.

        Returns:
            The answer. CHECK CONDITION is an answer, not an error.

        Raises:
            DriveLostError: The drive is gone or its bus failed.
            CommandTimeoutError: No answer came in ``command.timeout_s``.
            DriveClosedError: The transport was closed.
            DriveAccessError: The operating system forbids this command to this process.
            LocalProtocolError: The buffer does not suit the command.

        Cancellation:
            A command that waits for its turn is never sent. One that was sent is waited for, since nothing
            can stop it; then the cancellation goes on, and the outcome is in :meth:`take_lost_outcomes`.
        """

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        """Send commands in order, with nothing in between, until one is not answered with GOOD.

        Args:
            commands: Commands with their buffers, as in :meth:`execute`.

        Returns:
            The answers so far. Only the last one can be other than GOOD, and then the rest was not sent.

        Raises:
            DriveError: As :meth:`execute`. What the earlier commands did is in :meth:`take_lost_outcomes`.

        Cancellation:
            As :meth:`execute`; no further command of the burst is sent.
        """
        replies: list[Reply] = []
        for command, buffer in commands:
            replies.append(await self.execute(command, buffer))
            if not replies[-1].good:
                break
        return replies

    def take_lost_outcomes(self) -> tuple[Outcome, ...]:
        """Return, once, the outcomes that no caller saw, because it was cancelled or got an error.

        A WRITE that a cancelled caller no longer sees has written all the same: whoever counts sectors, or
        wants a lost WRITE's sense data, asks here. The default is for transports that lose nothing.
        """
        return ()

    def in_flight(self) -> InFlight | None:
        """Return the command that waits for its answer at this moment, or None; never waits.

        The default is for transports that cannot tell.
        """
        return None

    async def look_again(self) -> None:  # noqa: B027 - nothing to do is right for most
        """Let the operating system look at the drive, where it keeps a picture of the disc of its own.

        Called when the tray has moved. The default is for transports that pass no operating system's driver.

        Raises:
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the drive. Closing twice does nothing. It never waits long for a command that hangs.

        Cancellation:
            The transport is closed even then.
        """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def data_phase(command: Command, buffer: Buffer | None) -> memoryview | None:
    """Return the part of a buffer that a command's data phase moves, or None for a command without one.

    Raises:
        LocalProtocolError: The buffer is missing, too small, or read-only where the drive is to write to it.
    """
    length = command.transfer_length
    if command.direction is Direction.NONE or not length:
        return None
    if buffer is None:
        raise LocalProtocolError(f"{command.name} moves {length:,} bytes and was given no buffer")
    view = memoryview(buffer)
    if view.format != "B" or view.ndim != 1:
        view = view.cast("B")
    if len(view) < length:
        raise LocalProtocolError(f"{command.name} moves {length:,} bytes; its buffer holds {len(view):,}")
    if command.direction is Direction.IN and view.readonly:
        raise LocalProtocolError(f"{command.name} reads {length:,} bytes into a read-only buffer")
    return view[:length]
