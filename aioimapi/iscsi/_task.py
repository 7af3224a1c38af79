"""One SCSI command on its way through a session: the data that comes for it, the data and status that go back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._keys import Parameters
from aioimapi.iscsi._pdu import (
    NO_TAG,
    Data,
    DataOut,
    Numbers,
    ScsiCommand,
    data_in_header,
    padding,
    ready_to_transfer,
    scsi_response,
)

OVERFLOW: Final = 0x04
UNDERFLOW: Final = 0x02


@attrs.frozen
class Answer:
    """What the logical unit says to a command.

    Attributes:
        status: SCSI status byte.
        sense: Sense data.
        data: What goes to the host.
        moved: How many bytes the drive took or gave, or would have given to a host that expected more.
    """

    status: int = 0
    sense: bytes = b""
    data: Data = b""
    moved: int = 0


class Task:
    """A command with its data.

    Attributes:
        command: The command.
        tag: The initiator's tag for it.
        aborted: No answer is sent any more.
        granted: There is room for all of its data.
    """

    __slots__ = (
        "_buffer",
        "_burst_end",
        "_data_number",
        "_parameters",
        "_received",
        "_transfer_tag",
        "_transfers",
        "_unsolicited",
        "aborted",
        "command",
        "granted",
        "tag",
    )

    def __init__(self, command: ScsiCommand, parameters: Parameters) -> None:
        self.command = command
        self.tag = command.task_tag
        self.aborted = False
        self.granted = False
        self._parameters = parameters
        self._buffer: Data = b""
        self._received = 0
        self._unsolicited = False
        self._data_number = 0
        self._transfer_tag = NO_TAG
        self._transfers = 0
        self._burst_end = 0
        self._begin(command)

    @property
    def length(self) -> int:
        """How many bytes the host has to send."""
        return self.command.length if self.command.writes else 0

    @property
    def complete(self) -> bool:
        """Whether all data has come."""
        return self._received == self.length and not self._unsolicited

    @property
    def waits(self) -> bool:
        """Whether it has to be told to send the rest of its data, and has not been yet."""
        return not self.granted and not self.complete and not self._unsolicited

    @property
    def data(self) -> Data:
        """The data that came, all of it."""
        return self._buffer

    def _begin(self, command: ScsiCommand) -> None:
        agreed, size = self._parameters, len(command.data)
        if not command.writes:
            if size:
                raise BrokenPduError("immediate data comes with a command that sends none")
            return
        first = min(agreed.first_burst, command.length)
        if size > first or (size and not agreed.immediate_data):
            raise BrokenPduError(f"{size} bytes of immediate data were not agreed on")
        self._received = size
        if size == command.length:
            if not command.final:
                raise BrokenPduError("more data is announced than the command has")
            self._buffer = command.data
            return
        self._unsolicited = not command.final
        if self._unsolicited and agreed.initial_r2t:
            raise BrokenPduError("unsolicited data was not agreed on")
        self._buffer = bytearray(first) if self._unsolicited else bytearray(size)
        self._buffer[:size] = command.data
        self._burst_end = first

    def take(self, pdu: DataOut) -> None:
        """Take data that came for it.

        Raises:
            BrokenPduError: It is not the data that was asked for, or it comes out of order.
        """
        solicited = pdu.transfer_tag != NO_TAG
        expected = self._transfer_tag if solicited else NO_TAG
        if pdu.transfer_tag != expected or solicited == self._unsolicited or self.complete:
            raise BrokenPduError("data comes that nobody asked for")
        end = self._received + len(pdu.data)
        if pdu.offset != self._received or end > self._burst_end or pdu.number != self._data_number:
            raise BrokenPduError(f"data for offset {pdu.offset} comes where {self._received} was to come")
        if pdu.final and solicited and end != self._burst_end:
            raise BrokenPduError(f"a burst of data ends at {end}, and was to end at {self._burst_end}")
        assert isinstance(self._buffer, bytearray)
        if not self._received and end == self.length:
            self._buffer = pdu.data
        else:
            self._buffer[self._received : end] = pdu.data
        self._received = end
        self._data_number += 1
        if pdu.final:
            self._unsolicited = False
            self._transfer_tag = NO_TAG

    def grant(self) -> None:
        """Make room for all of its data."""
        self.granted = True
        assert isinstance(self._buffer, bytearray)
        whole = bytearray(self.length)
        whole[: self._received] = memoryview(self._buffer)[: self._received]
        self._buffer = whole

    def solicit(self, transfer_tag: int, numbers: Numbers) -> bytes | None:
        """Return the R2T for the next burst, or None where none is due."""
        if self.complete or self._unsolicited or self._transfer_tag != NO_TAG:
            return None
        size = min(self._parameters.max_burst, self.length - self._received)
        self._transfer_tag = transfer_tag
        self._burst_end = self._received + size
        self._data_number = 0
        number, self._transfers = self._transfers, self._transfers + 1
        return ready_to_transfer(
            self.tag,
            transfer_tag,
            self.command.lun,
            numbers,
            number=number,
            offset=self._received,
            size=size,
        )

    def conclude(
        self, answer: Answer, numbers: Callable[[bool], Numbers], agreed: Parameters
    ) -> Iterator[Data]:
        """Yield what goes to the host: the data, and the status with its residual count.

        Args:
            answer: What the logical unit said.
            numbers: Gives the numbers of a PDU, and whether that carries the status.
            agreed: The session's parameters.
        """
        expected = self.command.length if self.command.reads or self.command.writes else 0
        flags, residual = 0, 0
        if answer.moved > expected:
            flags, residual = OVERFLOW, answer.moved - expected
        elif answer.moved < expected:
            flags, residual = UNDERFLOW, expected - answer.moved
        size = min(len(answer.data), expected) if self.command.reads else 0
        collapse = size > 0 and answer.status == 0
        number = self._transfers
        if size:
            now = numbers(collapse)
            for number, (start, end, final) in enumerate(_segments(size, agreed), 1):
                done = collapse and end == size
                yield data_in_header(
                    self.tag,
                    now,
                    number=number - 1,
                    offset=start,
                    size=end - start,
                    final=final,
                    flags=flags,
                    status=answer.status if done else None,
                    residual=residual,
                )
                yield memoryview(answer.data)[start:end]
                yield bytes(padding(end - start))
        if not collapse:
            yield scsi_response(
                self.tag,
                numbers(True),
                status=answer.status,
                sense=answer.sense,
                flags=flags,
                residual=residual,
                data_number=number,
            )


def _segments(size: int, agreed: Parameters) -> Iterator[tuple[int, int, bool]]:
    """Cut data into PDUs: start, end, and whether a burst ends there."""
    start = 0
    while start < size:
        burst_end = min(size, (start // agreed.max_burst + 1) * agreed.max_burst)
        end = min(burst_end, start + agreed.segment_to_initiator)
        yield start, end, end == burst_end
        start = end
