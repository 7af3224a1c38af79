"""What was sent to a drive and what came back: one line of log for each command, and counts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

import attrs

from aioimapi.drive._failure import read_sense
from aioimapi.mmc import Command, Direction, Read10, Read12, Write10, Write12
from aioimapi.transport import Outcome, Reply
from aioimapi.units import SECTOR_SIZE

logger = logging.getLogger("aioimapi.trace")
"""One DEBUG line for each command: drive, name, CDB, status, sense, bytes that did not move, milliseconds."""

_WRITES = (Write10, Write12)
_READS = (Read10, Read12)


@attrs.frozen
class TraceEvent:
    """One command that was sent, for a trace hook.

    Attributes:
        drive: The drive's name.
        command: What was sent.
        reply: The answer, or None where none came.
        error: Why none came, or None.
        duration_s: Seconds that it took; 0.0 where no answer came.
    """

    drive: str
    command: Command
    reply: Reply | None
    error: BaseException | None
    duration_s: float

    @property
    def cdb(self) -> bytes:
        """The command descriptor block that was sent."""
        return self.command.to_cdb()

    def __str__(self) -> str:
        line = f"{self.drive} {self.command.name} [{self.cdb.hex(' ')}]"
        if self.reply is None:
            return f"{line} no answer: {self.error}"
        sense = read_sense(self.reply)
        told = f" {sense.describe()}" if sense is not None else ""
        return (
            f"{line} status {self.reply.status:02X}h{told}, residual {self.reply.residual}, "
            f"{self.duration_s * 1000:.3f} ms"
        )


TraceHook: TypeAlias = Callable[[TraceEvent], None]
"""Called in the event loop after each command; must not wait, and must not raise."""


@attrs.frozen
class DriveStatistics:
    """What has gone through a drive since it was opened; a snapshot.

    Attributes:
        commands: Commands that were sent.
        sectors_written: Sectors of WRITE commands that the drive took, those of cancelled callers included.
        sectors_read: Sectors that were read.
        bytes_out: Bytes that went to the drive.
        bytes_in: Bytes that came from it.
        failed: Commands that did not end with GOOD.
        waits: How often a command had to be sent again because the drive was still at work.
        buffer_waits: How often a WRITE had to be sent again because the drive's buffer was full: the drive's way of
            setting the pace.
        unit_attentions: How often the drive told that disc or settings changed.
        busy_s: Seconds in which a command was under way.
        last_sense: The last sense data in words, or an empty string.
    """

    commands: int = 0
    sectors_written: int = 0
    sectors_read: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    failed: int = 0
    waits: int = 0
    buffer_waits: int = 0
    unit_attentions: int = 0
    busy_s: float = 0.0
    last_sense: str = ""


@attrs.define
class Meter:
    """Counts what :class:`DriveStatistics` tells, and hands each command to those who listen."""

    drive: str
    hooks: list[TraceHook] = attrs.field(factory=list)
    commands: int = 0
    sectors_written: int = 0
    sectors_read: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    failed: int = 0
    waits: int = 0
    buffer_waits: int = 0
    unit_attentions: int = 0
    busy_s: float = 0.0
    last_reply: Reply | None = None

    def count(self, outcome: Outcome) -> None:
        """Count one command that was sent."""
        command, reply = outcome.command, outcome.reply
        self.commands += 1
        if reply is None:
            self.failed += 1
        else:
            self.busy_s += reply.duration_s
            self._count_data(command, reply)
        if self.hooks or logger.isEnabledFor(logging.DEBUG):
            self._tell(outcome)

    def _count_data(self, command: Command, reply: Reply) -> None:
        if not reply.good:
            self.failed += 1
            self.last_reply = reply
            sense = read_sense(reply)
            # A command that ended with a recovered error did its work.
            if sense is None or sense.key != 1 or sense.deferred:
                return
        moved = command.transfer_length - reply.residual
        if command.direction is Direction.OUT:
            self.bytes_out += moved
        elif command.direction is Direction.IN:
            self.bytes_in += moved
        if isinstance(command, _WRITES):
            self.sectors_written += command.sectors
        elif isinstance(command, _READS):
            self.sectors_read += moved // SECTOR_SIZE

    def _tell(self, outcome: Outcome) -> None:
        seconds = 0.0 if outcome.reply is None else outcome.reply.duration_s
        event = TraceEvent(self.drive, outcome.command, outcome.reply, outcome.error, seconds)
        logger.debug("%s", event)
        for hook in self.hooks:
            hook(event)

    def snapshot(self) -> DriveStatistics:
        """Return the counts as they are now."""
        sense = None if self.last_reply is None else read_sense(self.last_reply)
        return DriveStatistics(
            commands=self.commands,
            sectors_written=self.sectors_written,
            sectors_read=self.sectors_read,
            bytes_out=self.bytes_out,
            bytes_in=self.bytes_in,
            failed=self.failed,
            waits=self.waits,
            buffer_waits=self.buffer_waits,
            unit_attentions=self.unit_attentions,
            busy_s=self.busy_s,
            last_sense="" if sense is None else sense.describe(),
        )
