"""A session in its full feature phase (RFC 7143, section 4): PDUs in, replies and commands out. No I/O and no clock.

Commands are numbered. They are looked at in the order of their numbers, and the initiator is told up to which number
there is room, so that what one session keeps in memory is bounded: :class:`Bounds` says by how much.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

from aioimapi.iscsi import _pdu
from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._keys import MAX_TEXT, Parameters, encode_text, negotiate, parse_text
from aioimapi.iscsi._login import Identity
from aioimapi.iscsi._pdu import (
    CONTINUE,
    FINAL,
    NO_TAG,
    Data,
    DataOut,
    LogoutReason,
    Numbers,
    Pdu,
    RejectReason,
    Request,
    ScsiCommand,
    Tagged,
)
from aioimapi.iscsi._scsi import INVALID_FIELD
from aioimapi.iscsi._task import Answer, Task
from aioimapi.mmc import Status

WINDOW: Final = 32
"""Commands that may be under way in one session."""

IMMEDIATE: Final = 8
"""Commands out of turn that may be under way beside them: the window does not count those."""

_NUMBERS: Final = 1 << 32

Directory = Callable[[str], list[tuple[str, str]]]
"""Answers SendTargets: ``All``, a target's name, or nothing for the session's own."""


@attrs.frozen
class Bounds:
    """What one session may keep in memory.

    Attributes:
        command_bytes: The most that one command moves.
        solicited_bytes: The most data of WRITEs that was asked for and has not been written.
    """

    command_bytes: int = 16 << 20
    solicited_bytes: int = 16 << 20


class Session:
    """What a target knows of one session.

    Args:
        identity: Who has logged in.
        parameters: On which terms.
        command_number: The first command's number.
        status_number: The next status's number.
        directory: Answers SendTargets.
        bounds: What it may keep in memory.

    Attributes:
        outgoing: What is to be sent, in order; the server takes it away.
        management: Task management requests that wait for the server.
        ended: The initiator has logged out, or the connection is to end for another reason.
    """

    def __init__(
        self,
        identity: Identity,
        parameters: Parameters,
        *,
        command_number: int,
        status_number: int,
        directory: Directory,
        bounds: Bounds,
    ) -> None:
        self.identity = identity
        self.parameters = parameters
        self.outgoing: list[Data] = []
        self.management: deque[Tagged] = deque()
        self.ended = False
        self._directory = directory
        self._bounds = bounds
        self._expected = command_number
        self._last = (command_number + WINDOW - 1) % _NUMBERS
        self._status = status_number
        self._held: dict[int, Pdu | None] = {}
        self._tasks: dict[int, Task] = {}
        self._queue: deque[Task] = deque()
        self._granted = 0
        self._transfer_tags = itertools.count(1)
        self._text = bytearray()
        self._answer: tuple[int, bytes] | None = None
        self._handlers: dict[int, Callable[[Pdu], None]] = {
            Request.SCSI_COMMAND: self._scsi_command,
            Request.DATA_OUT: self._data_out,
            Request.NOP_OUT: self._nop_out,
            Request.TASK_MANAGEMENT: self._task_management,
            Request.TEXT: self._text_request,
            Request.LOGOUT: self._logout,
        }

    # --- what came ----------------------------------------------------------------------------------

    def receive(self, pdu: Pdu) -> None:
        """Take a PDU: replies go to :attr:`outgoing`, commands to :meth:`next_task`.

        Raises:
            BrokenPduError: The initiator broke the protocol; at error recovery level 0 the session ends with it.
        """
        opcode = pdu.opcode
        if opcode == Request.DATA_OUT:
            self._data_out(pdu)
            return
        if opcode == Request.SNACK:
            self._reject(pdu, RejectReason.SNACK)
            return
        if opcode not in self._handlers:
            self._reject(pdu, RejectReason.NOT_SUPPORTED)
            raise BrokenPduError(
                f"a PDU with the operation code {opcode:02X}h comes in the full feature phase"
            )
        if pdu.immediate:
            self._handlers[opcode](pdu)
            return
        number = int.from_bytes(pdu.header[24:28], "big")
        if (number - self._expected) % _NUMBERS >= (self._last - self._expected + 1) % _NUMBERS:
            return  # outside the window: ignored without a word (RFC 7143 4.2.2.1)
        self._held.setdefault(number, pdu)
        self._take_turns()

    def _take_turns(self) -> None:
        """Look at the requests whose turn it is."""
        while self._expected in self._held:
            pdu = self._held.pop(self._expected)
            self._expected = (self._expected + 1) % _NUMBERS
            if pdu is not None:
                self._handlers[pdu.opcode](pdu)

    def _scsi_command(self, pdu: Pdu) -> None:
        command = ScsiCommand.parse(pdu)
        if not self.identity.target:
            self._reject(pdu, RejectReason.PROTOCOL_ERROR)
            raise BrokenPduError("a SCSI command comes in a discovery session")
        if command.task_tag in self._tasks or command.task_tag == NO_TAG:
            self._reject(pdu, RejectReason.TASK_IN_PROGRESS)
            return
        if command.immediate and len(self._tasks) >= WINDOW + IMMEDIATE:
            self._reject(pdu, RejectReason.IMMEDIATE_COMMANDS)
            return
        task = Task(command, self.parameters)
        if command.length > self._bounds.command_bytes:
            answer = Answer(Status.CHECK_CONDITION, INVALID_FIELD)
            self.outgoing.extend(task.conclude(answer, self._numbers, self.parameters))
            return
        self._tasks[task.tag] = task
        if command.urgent:
            self._queue.appendleft(task)
        else:
            self._queue.append(task)
        if task.waits:
            self._grant()

    def _data_out(self, pdu: Pdu) -> None:
        data = DataOut.parse(pdu)
        task = self._tasks.get(data.task_tag)
        if task is None:
            return  # of a command that was aborted or refused while this was under way
        task.take(data)
        if task.granted:
            self._solicit(task)
        elif task.waits:
            self._grant()

    def _nop_out(self, pdu: Pdu) -> None:
        if pdu.task_tag == NO_TAG:
            return  # the answer to our own
        lun = pdu.header[8:16]
        data = memoryview(pdu.data)[: self.parameters.segment_to_initiator]
        self.outgoing.append(_pdu.nop_in(pdu.task_tag, NO_TAG, lun, self._numbers(), data))

    def _task_management(self, pdu: Pdu) -> None:
        self.management.append(Tagged.parse(pdu))

    def _logout(self, pdu: Pdu) -> None:
        request = Tagged.parse(pdu)
        reason, connection = request.flags & 0x7F, request.reference >> 16
        if reason == LogoutReason.RECOVERY:
            answer = 2
        elif reason == LogoutReason.CONNECTION and connection != self.identity.connection:
            answer = 1
        elif reason in {LogoutReason.SESSION, LogoutReason.CONNECTION}:
            answer, self.ended = 0, True
        else:
            self._reject(pdu, RejectReason.INVALID_FIELD)
            return
        self.outgoing.append(_pdu.logout_response(request.task_tag, self._numbers(), answer))

    # --- text ---------------------------------------------------------------------------------------

    def _text_request(self, pdu: Pdu) -> None:
        request = Tagged.parse(pdu)
        if request.reference != NO_TAG:
            self._go_on(pdu, request)
            return
        if len(self._text) + len(pdu.data) > MAX_TEXT:
            raise BrokenPduError("a text request has no end")
        self._text += pdu.data
        if request.flags & CONTINUE:
            tag = self._next_tag()
            self._answer = (tag, b"")
            self.outgoing.append(_pdu.text_response(request.task_tag, tag, self._numbers(), b""))
            return
        text, self._text = bytes(self._text), bytearray()
        self._reply(request, self._answer_text(text), final=bool(request.flags & FINAL))

    def _go_on(self, pdu: Pdu, request: Tagged) -> None:
        """Take the next part of a long request, or send the next part of a long answer."""
        if self._answer is None or self._answer[0] != request.reference:
            self._reject(pdu, RejectReason.INVALID_FIELD)
            return
        (_, rest), self._answer = self._answer, None
        if rest:
            self._reply(request, rest, final=True)
            return
        header = pdu.header[:20] + NO_TAG.to_bytes(4, "big") + pdu.header[24:]
        self._text_request(attrs.evolve(pdu, header=header))

    def _reply(self, request: Tagged, text: bytes, *, final: bool) -> None:
        size = self.parameters.segment_to_initiator
        now, rest = text[:size], text[size:]
        tag = NO_TAG
        if rest or not final:
            tag = self._next_tag()
            self._answer = (tag, rest)
        numbers = self._numbers()
        self.outgoing.append(_pdu.text_response(request.task_tag, tag, numbers, now, more=bool(rest)))

    def _answer_text(self, text: bytes) -> bytes:
        keys = parse_text(text)
        wanted = keys.pop("SendTargets", None)
        answers: list[tuple[str, str]] = []
        if wanted is not None:
            if wanted == "All" and self.identity.target:
                answers.append(("SendTargets", "Reject"))
            else:
                answers += self._directory(wanted or self.identity.target)
        declared = {key: keys.pop(key) for key in list(keys) if key == "MaxRecvDataSegmentLength"}
        _, self.parameters = negotiate(declared, self.parameters)
        # All else was for the login alone (RFC 7143, section 13: "LO").
        answers += [(key, "Reject") for key in keys]
        return encode_text(answers)

    # --- commands -----------------------------------------------------------------------------------

    def next_task(self) -> Task | None:
        """Take the next command to run, or None: there is none, or its data has not all come."""
        return self._queue.popleft() if self.ready else None

    @property
    def ready(self) -> bool:
        """Whether there is a command to run."""
        return bool(self._queue) and self._queue[0].complete

    def finish(self, task: Task, answer: Answer) -> None:
        """Send what the logical unit said to a command; nothing where it was aborted."""
        if self._tasks.get(task.tag) is not task:
            return
        self._drop(task)
        self.outgoing.extend(task.conclude(answer, self._numbers, self.parameters))
        self._grant()

    def abort(self, tag: int) -> Task | None:
        """Forget a command: it is not run if it has not begun, and gets no answer."""
        task = self._tasks.get(tag)
        if task is None:
            return None
        task.aborted = True
        self._drop(task)
        if task in self._queue:
            self._queue.remove(task)
        self._grant()
        return task

    def abort_all(self) -> list[Task]:
        """Forget every command."""
        return [task for tag in list(self._tasks) if (task := self.abort(tag)) is not None]

    def skip(self, number: int) -> bool:
        """Take a command that has not come yet for one that has (RFC 7143 11.6.1): its abort came first."""
        ahead = (number - self._expected) % _NUMBERS
        if ahead >= (self._last - self._expected + 1) % _NUMBERS:
            return False
        self._held[number] = None
        self._take_turns()
        return True

    def managed(self, request: Tagged, answer: int) -> None:
        """Answer a task management request."""
        self.outgoing.append(_pdu.task_response(request.task_tag, self._numbers(), answer))

    def ping(self) -> None:
        """Ask the initiator for a sign of life."""
        numbers = self._numbers(False)
        self.outgoing.append(_pdu.nop_in(NO_TAG, self._next_tag(), bytes(8), numbers))

    @property
    def busy(self) -> int:
        """How many commands are under way."""
        return len(self._tasks)

    def _drop(self, task: Task) -> None:
        del self._tasks[task.tag]
        if task.granted:
            self._granted -= task.length

    def _grant(self) -> None:
        """Ask for the data of the commands that there is room for, in their order."""
        for task in self._queue:
            if not task.waits:
                continue
            if self._granted and self._granted + task.length > self._bounds.solicited_bytes:
                break
            self._granted += task.length
            task.grant()
            self._solicit(task)

    def _solicit(self, task: Task) -> None:
        numbers = self._numbers(False)
        request = task.solicit(self._next_tag(), numbers)
        if request is not None:
            self.outgoing.append(request)

    # --- numbers ------------------------------------------------------------------------------------

    def _next_tag(self) -> int:
        return next(self._transfer_tags) % NO_TAG

    def _numbers(self, advance: bool = True) -> Numbers:
        room = WINDOW - min(len(self._tasks), WINDOW)
        last = (self._expected + room - 1) % _NUMBERS
        if 0 < (last - self._last) % _NUMBERS <= WINDOW:  # it never goes back
            self._last = last
        status = self._status
        if advance:
            self._status = (status + 1) % _NUMBERS
        return Numbers(status, self._expected, self._last)

    def _reject(self, pdu: Pdu, reason: RejectReason) -> None:
        self.outgoing.append(_pdu.reject(reason, self._numbers(), pdu.header))
