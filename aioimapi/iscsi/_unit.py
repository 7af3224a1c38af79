"""A logical unit: any transport of ours, shared by the sessions that are logged in to it."""

from __future__ import annotations

import logging
from collections import deque

import anyio

from aioimapi.errors import (
    CommandTimeoutError,
    DriveAccessError,
    DriveClosedError,
    DriveLostError,
    ImapiError,
)
from aioimapi.iscsi import _scsi, _trace
from aioimapi.iscsi._pdu import ScsiCommand
from aioimapi.iscsi._task import Answer
from aioimapi.mmc import Direction, PreventAllowMediumRemoval, RawCommand, Status
from aioimapi.transport import Buffer, Reply, Transport

logger = logging.getLogger("aioimapi.iscsi")

RELEASE_S = 5.0
"""How long letting go of a tray lock may take when a session ends."""


class Nexus:
    """What a logical unit keeps for one session (SAM-5: I_T nexus): unit attentions, and whether it locked the tray."""

    __slots__ = ("attention", "prevents")

    def __init__(self) -> None:
        self.attention: deque[tuple[int, int]] = deque(maxlen=8)
        self.prevents = False

    def tell(self, code: tuple[int, int]) -> None:
        """Have the next command answered with a unit attention, once."""
        if code not in self.attention:
            self.attention.append(code)


class LogicalUnit:
    """One drive behind one target.

    Attributes:
        name: The target's name.
        transport: The way to the drive.
        lost: Why the drive is gone, or None.
    """

    def __init__(self, name: str, transport: Transport) -> None:
        self.name = name
        self.transport = transport
        self.lost: ImapiError | None = None
        self._turn = anyio.Lock(fast_acquire=True)
        self._nexuses: set[Nexus] = set()

    def join(self) -> Nexus:
        """Add a session."""
        nexus = Nexus()
        self._nexuses.add(nexus)
        return nexus

    async def leave(self, nexus: Nexus) -> None:
        """Take a session away; a tray that it alone kept locked is let go of (SPC-4: I_T nexus loss)."""
        self._nexuses.discard(nexus)
        if nexus.prevents and not any(other.prevents for other in self._nexuses):
            await self._release()

    async def reset(self) -> None:
        """Begin anew: every session is told, and a locked tray is let go of (SAM-5 6.3.3)."""
        self.tell(_scsi.RESET)
        prevented = [nexus for nexus in self._nexuses if nexus.prevents]
        for nexus in prevented:
            nexus.prevents = False
        if prevented:
            await self._release()

    async def _release(self) -> None:
        """Allow the removal of the disc."""
        if self.lost:
            return
        with anyio.move_on_after(RELEASE_S, shield=True):
            async with self._turn:
                try:
                    await self.transport.execute(PreventAllowMediumRemoval(prevent=False))
                except ImapiError as error:
                    logger.warning("%s: the tray stays locked: %s", self.name, error)

    def tell(self, code: tuple[int, int], *, but: Nexus | None = None) -> None:
        """Give every session but one a unit attention."""
        for nexus in self._nexuses:
            if nexus is not but:
                nexus.tell(code)

    async def execute(self, nexus: Nexus, command: ScsiCommand, data: Buffer) -> Answer:
        """Run a command for a session, after those that came before it.

        Raises:
            DriveLostError: The drive is gone.
            DriveClosedError: The transport was closed.

        Cancellation:
            As :meth:`aioimapi.transport.Transport.execute`.
        """
        if command.reads and command.writes:
            return _refused(_scsi.INVALID_COMMAND)
        if _scsi.lun_of(command.lun) != 0 and command.cdb[0] != _scsi.REPORT_LUNS:
            answer, sense = _scsi.wrong_lun(command)
            return _refused(sense) if sense else Answer(0, b"", answer, len(answer))
        parts = _scsi.plan(command, self.transport.max_transfer_bytes)
        if not parts:
            return _refused(_scsi.INVALID_FIELD)
        async with self._turn:
            if nexus.attention and command.cdb[0] not in _scsi.IGNORES_ATTENTION:
                return _refused(_scsi.sense(6, *nexus.attention.popleft()))
            return await self._run(nexus, command, parts, data)

    async def _run(self, nexus: Nexus, command: ScsiCommand, parts: list[RawCommand], data: Buffer) -> Answer:
        total = sum(part.transfer_length for part in parts)
        incoming = parts[0].direction is Direction.IN
        view = memoryview(bytearray(total)) if incoming else memoryview(data)
        calls, start = [], 0
        for part in parts:
            end = start + part.transfer_length
            calls.append((part, view[start:end] if part.transfer_length else None))
            start = end
        try:
            replies = await self._send(parts, calls)
        except (DriveLostError, DriveClosedError) as error:
            self.lost = error
            raise
        except CommandTimeoutError as error:
            logger.warning("%s: %s", self.name, error)
            return _refused(_scsi.TIMED_OUT)
        except DriveAccessError as error:
            logger.warning("%s: %s", self.name, error)
            return _refused(_scsi.ACCESS_DENIED)
        except Exception as error:
            logger.exception("%s: %s failed inside the server: %r", self.name, parts[0].name, error)
            return _refused(_scsi.INTERNAL_FAILURE)
        return self._answer(nexus, command, parts, replies, view)

    async def _send(
        self, parts: list[RawCommand], calls: list[tuple[RawCommand, memoryview | None]]
    ) -> list[Reply]:
        replies: list[Reply] = []
        failure = "cancelled"
        try:
            replies = await self.transport.execute_burst(calls)
            failure = ""
        except Exception as error:
            failure = str(error)
            raise
        finally:
            _trace.tell(self.transport.name, parts, replies, failure)
        return replies

    def _answer(
        self,
        nexus: Nexus,
        command: ScsiCommand,
        parts: list[RawCommand],
        replies: list[Reply],
        view: memoryview,
    ) -> Answer:
        moved = sum(
            part.transfer_length - reply.residual for part, reply in zip(parts, replies, strict=False)
        )
        reply = replies[-1]
        opcode = command.cdb[0]
        incoming = parts[0].direction is Direction.IN
        if not reply.good:
            if opcode == _scsi.REPORT_LUNS and reply.sense[2:3] == b"\x05":
                luns = _scsi.ONE_LUN[: min(len(_scsi.ONE_LUN), command.length)]
                return Answer(Status.GOOD, b"", luns, len(luns))
            self._spread(nexus, reply.sense)
        elif opcode == _scsi.PREVENT_ALLOW:
            nexus.prevents = bool(command.cdb[4] & 0x01)
        # What a drive has put into the buffer before it gave up is the host's as well.
        return Answer(reply.status, reply.sense, view[:moved] if incoming else b"", moved)

    def _spread(self, nexus: Nexus, sense: bytes) -> None:
        """Tell the other sessions of a unit attention that one of them was told of: the drive knows one host only."""
        if len(sense) >= 14 and sense[0] & 0x7F == 0x70 and sense[2] & 0x0F == 6:
            self.tell((sense[12], sense[13]), but=nexus)


def _refused(sense: bytes) -> Answer:
    return Answer(Status.CHECK_CONDITION, sense)
