"""One connection: its login, then its session, with a task that reads, one that runs commands, and one that watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

import anyio

from aioimapi.errors import DriveClosedError, DriveLostError
from aioimapi.iscsi import _scsi
from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._limits import Limits
from aioimapi.iscsi._login import Login
from aioimapi.iscsi._pdu import LoginRequest, Request, Tagged, TaskAnswer, TaskFunction
from aioimapi.iscsi._session import Session
from aioimapi.iscsi._stream import PduStream
from aioimapi.iscsi._task import Answer, Task
from aioimapi.iscsi._unit import LogicalUnit

logger = logging.getLogger("aioimapi.iscsi")

ABORT_S = 3.0
"""How long an abort waits for the drive to end the command: a drive that hangs is not waited for."""


async def log_in(stream: PduStream, login: Login) -> bytes:
    """Lead a connection through its login.

    Returns:
        The last response, which is still to be sent: when the initiator has it, the session has to be there. Where
        the login was refused it says so.

    Raises:
        BrokenPduError: It sends something else.
        anyio.EndOfStream: It went away.
    """
    while True:
        pdu = await stream.receive()
        if pdu.opcode != Request.LOGIN:
            raise BrokenPduError(f"a PDU with the operation code {pdu.opcode:02X}h comes before the login")
        response = login.receive(LoginRequest.parse(pdu))
        if login.identity is not None or login.failed:
            stream.limit = login.parameters.segment_to_target
            return response
        await stream.send([response])


class Connection:
    """A session at work.

    Args:
        stream: Its PDUs.
        session: Its state.
        unit: The logical unit behind its target; None in a discovery session.
        limits: What it may have.
        others: Returns all connections that have a session, this one included.
    """

    def __init__(
        self,
        stream: PduStream,
        session: Session,
        unit: LogicalUnit | None,
        limits: Limits,
        others: Callable[[], list[Connection]],
    ) -> None:
        self.session = session
        self.stream = stream
        self.commands = 0
        self.ended = anyio.Event()
        self.unit = unit
        self._limits = limits
        self._others = others
        self._nexus = unit.join() if unit is not None else None
        self._scope = anyio.CancelScope()
        self._wake = anyio.Event()
        self._running: tuple[Task, anyio.CancelScope, anyio.Event] | None = None
        self._functions: dict[int, Callable[[Tagged], Awaitable[TaskAnswer]]] = {
            TaskFunction.ABORT_TASK: self._abort_task,
            TaskFunction.ABORT_TASK_SET: self._abort_task_set,
            TaskFunction.CLEAR_TASK_SET: self._clear_task_set,
            TaskFunction.LUN_RESET: self._reset,
            TaskFunction.WARM_RESET: self._reset,
            TaskFunction.COLD_RESET: self._reset,
        }

    def cancel(self) -> None:
        """End it."""
        self._scope.cancel()

    async def run(self) -> None:
        """Serve the session until it ends.

        Raises:
            BrokenPduError: The initiator broke the protocol.
            anyio.EndOfStream: The initiator has closed the connection.
        """
        try:
            with self._scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._watch)
                    await self.stream.send(self.session.outgoing)  # the login's last response
                    if self.unit is not None:
                        group.start_soon(self._work)
                    await self._read()
                    group.cancel_scope.cancel()
        finally:
            self.session.abort_all()
            if self.unit is not None and self._nexus is not None:
                await self.unit.leave(self._nexus)
            self.ended.set()

    # --- reading ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        session, stream = self.session, self.stream
        try:
            while not session.ended:
                pdu = await stream.receive()
                try:
                    session.receive(pdu)
                except BrokenPduError:
                    await stream.send(session.outgoing)  # the reject, where there is one
                    raise
                while session.management:
                    if session.ready:
                        self._wake.set()
                    await self._manage(session.management.popleft())
                if session.ready:
                    self._wake.set()
                if session.outgoing:
                    await stream.send(session.outgoing)
        finally:
            # At once: a command that the drive has begun is still waited for.
            await stream.aclose()

    async def _watch(self) -> None:
        """Drop an initiator that stops in the middle, or says nothing any more."""
        stream, limits = self.stream, self._limits
        step = min(limits.stall_s, limits.ping_s) / 4
        pinged: float | None = None
        while True:
            await anyio.sleep(step)
            now, heard, since = time.monotonic(), stream.heard, stream.sending_since
            if stream.inside and now - heard > limits.stall_s:
                raise BrokenPduError(f"half a PDU came, and no more for {limits.stall_s:g} s")
            if since is not None and now - since > limits.stall_s:
                raise BrokenPduError(f"nothing was read of what was sent for {limits.stall_s:g} s")
            if now - heard < limits.ping_s:
                pinged = None
            elif pinged is None:
                pinged = now
                self.session.ping()
                await stream.send(self.session.outgoing)
            elif now - pinged > limits.ping_s:
                raise BrokenPduError(f"no sign of life for {now - heard:.0f} s")

    # --- running ------------------------------------------------------------------------------------

    async def _work(self) -> None:
        """Run the session's commands, one after the other."""
        session, stream = self.session, self.stream
        while True:
            task = session.next_task()
            if task is None:
                self._wake = anyio.Event()
                await self._wake.wait()
                continue
            answer = await self._execute(task)
            if answer is not None:
                session.finish(task, answer)
            if session.outgoing:
                await stream.send(session.outgoing)

    async def _execute(self, task: Task) -> Answer | None:
        assert self.unit is not None
        assert self._nexus is not None
        self.commands += 1
        scope, done = anyio.CancelScope(), anyio.Event()
        self._running = task, scope, done
        answer: Answer | None = None
        try:
            with scope:
                answer = await self.unit.execute(self._nexus, task.command, task.data)
        except (DriveLostError, DriveClosedError) as error:
            logger.warning("%s: the target is gone: %s", self.unit.name, error)
            for other in self._others():
                if other.unit is self.unit:
                    other.cancel()
            return None
        finally:
            self._running = None
            done.set()
        return None if task.aborted else answer

    # --- task management ----------------------------------------------------------------------------

    async def _manage(self, request: Tagged) -> None:
        """Carry out a task management function (RFC 7143 11.5)."""
        function = request.flags & 0x7F
        act = self._functions.get(function)
        if self.unit is None:
            answer = TaskAnswer.REJECTED
        elif act is None:
            known = function == TaskFunction.REASSIGN
            answer = TaskAnswer.NO_REASSIGNMENT if known else TaskAnswer.NOT_SUPPORTED
        elif function < TaskFunction.WARM_RESET and _scsi.lun_of(request.lun) != 0:
            answer = TaskAnswer.NO_LUN
        else:
            answer = await act(request)
        self.session.managed(request, answer)
        if function == TaskFunction.COLD_RESET and answer is TaskAnswer.COMPLETE:
            await self.stream.send(self.session.outgoing)
            for connection in self._neighbours():
                connection.cancel()
            self.session.ended = True

    async def _abort_task(self, request: Tagged) -> TaskAnswer:
        task = self.session.abort(request.reference)
        if task is None:
            known = self.session.skip(request.referenced_number)
            return TaskAnswer.COMPLETE if known else TaskAnswer.NO_TASK
        return await self.stop([task])

    async def _abort_task_set(self, request: Tagged) -> TaskAnswer:
        return await self.stop(self.session.abort_all())

    async def _clear_task_set(self, request: Tagged) -> TaskAnswer:
        answer = await self._stop_all()
        for connection in self._neighbours():
            if connection._nexus is not None:
                connection._nexus.tell(_scsi.CLEARED)
        return answer

    async def _reset(self, request: Tagged) -> TaskAnswer:
        answer = await self._stop_all()
        assert self.unit is not None
        await self.unit.reset()
        return answer

    async def _stop_all(self) -> TaskAnswer:
        """Abort the commands of every session that has this logical unit."""
        answers = [await self.stop(self.session.abort_all())]
        answers += [await other.stop(other.session.abort_all()) for other in self._neighbours()]
        return TaskAnswer.COMPLETE if set(answers) == {TaskAnswer.COMPLETE} else TaskAnswer.REJECTED

    def _neighbours(self) -> list[Connection]:
        return [other for other in self._others() if other.unit is self.unit and other is not self]

    async def stop(self, tasks: list[Task]) -> TaskAnswer:
        """Stop those of these aborted commands that the drive has; False where it goes on with one."""
        running = self._running
        if running is None or running[0] not in tasks:
            return TaskAnswer.COMPLETE
        _, scope, done = running
        scope.cancel()
        with anyio.move_on_after(ABORT_S):
            await done.wait()
        return TaskAnswer.COMPLETE if done.is_set() else TaskAnswer.REJECTED
