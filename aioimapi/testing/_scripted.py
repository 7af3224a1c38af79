"""A transport whose drive is a function: for tests of what is above transports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from aioimapi.mmc import Command
from aioimapi.transport import BlockingTransport, Reply

Answer: TypeAlias = Callable[[Command, memoryview | None], Reply]
"""Called in the transport's thread with each command and its data phase; may block, and may raise."""


class ScriptedTransport(BlockingTransport):
    """A transport that asks a function for each answer, and remembers what was sent.

    Args:
        answer: The drive.
        name: What messages call it.
        max_transfer_bytes: As :class:`aioimapi.transport.Transport`.

    Attributes:
        commands: Every command that reached the drive, in order.
        overlaps: How often a command came while another was in flight. Anything but 0 is a broken transport.
        closed: How often it was closed.
    """

    def __init__(
        self, answer: Answer, *, name: str = "scripted:drive", max_transfer_bytes: int = 64 * 1024
    ) -> None:
        super().__init__(name, max_transfer_bytes)
        self._answer = answer
        self._inside = threading.Lock()
        self.commands: list[Command] = []
        self.overlaps = 0
        self.closed = 0

    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        free = self._inside.acquire(blocking=False)
        self.overlaps += not free
        self.commands.append(command)
        try:
            return self._answer(command, data)
        finally:
            if free:
                self._inside.release()

    def _close(self) -> None:
        self.closed += 1
