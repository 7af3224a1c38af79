"""Protocol data units (RFC 7143, section 11): an initiator's taken apart, a target's put together.

Every PDU begins with a basic header segment of 48 bytes, which says how many bytes of additional headers and of data
follow. Each part is padded to four bytes. There are no digests: ours negotiates them away.
"""

from __future__ import annotations

import enum
import struct
from typing import Final

import attrs

from aioimapi.iscsi._broken import BrokenPduError

HEADER_SIZE: Final = 48
NO_TAG: Final = 0xFFFFFFFF
"""The reserved value of task and transfer tags."""

FINAL: Final = 0x80
CONTINUE: Final = 0x40
IMMEDIATE: Final = 0x40

_FLAG_READ: Final = 0x40
_FLAG_WRITE: Final = 0x20
_ATTRIBUTE: Final = 0x07
_HEAD_OF_QUEUE: Final = 3

Data = bytes | bytearray | memoryview


class Request(enum.IntEnum):
    """Operation codes of an initiator (RFC 7143 11.2.1.2)."""

    NOP_OUT = 0x00
    SCSI_COMMAND = 0x01
    TASK_MANAGEMENT = 0x02
    LOGIN = 0x03
    TEXT = 0x04
    DATA_OUT = 0x05
    LOGOUT = 0x06
    SNACK = 0x10


class Response(enum.IntEnum):
    """Operation codes of a target."""

    NOP_IN = 0x20
    SCSI_RESPONSE = 0x21
    TASK_MANAGEMENT = 0x22
    LOGIN = 0x23
    TEXT = 0x24
    DATA_IN = 0x25
    LOGOUT = 0x26
    R2T = 0x31
    ASYNC = 0x32
    REJECT = 0x3F


class RejectReason(enum.IntEnum):
    """Why a PDU is refused (RFC 7143 11.17.1)."""

    SNACK = 0x03
    PROTOCOL_ERROR = 0x04
    NOT_SUPPORTED = 0x05
    IMMEDIATE_COMMANDS = 0x06
    TASK_IN_PROGRESS = 0x07
    INVALID_FIELD = 0x09
    OUT_OF_RESOURCES = 0x0A


class TaskFunction(enum.IntEnum):
    """Task management functions (RFC 7143 11.5.1)."""

    ABORT_TASK = 1
    ABORT_TASK_SET = 2
    CLEAR_ACA = 3
    CLEAR_TASK_SET = 4
    LUN_RESET = 5
    WARM_RESET = 6
    COLD_RESET = 7
    REASSIGN = 8


class TaskAnswer(enum.IntEnum):
    """What became of a task management function (RFC 7143 11.6.1)."""

    COMPLETE = 0
    NO_TASK = 1
    NO_LUN = 2
    NO_REASSIGNMENT = 4
    NOT_SUPPORTED = 5
    REJECTED = 255


class LogoutReason(enum.IntEnum):
    """What a logout is to end (RFC 7143 11.14.1)."""

    SESSION = 0
    CONNECTION = 1
    RECOVERY = 2


_sizes = struct.Struct(">xxxxI")
_command = struct.Struct(">xBxxxxxx8sIIII16s")
_data_out = struct.Struct(">xBxxxxxx8sIIIIIII")
_tagged = struct.Struct(">BBxxxxxx8sIIIII")
_login = struct.Struct(">xBBBxxxx6sHIHxxII")


@attrs.frozen
class Pdu:
    """A PDU as it came: its header, its additional headers, its data without the padding."""

    header: bytes
    extra: bytes = b""
    data: Data = b""

    @property
    def opcode(self) -> int:
        """The operation code, without the flag for immediate delivery."""
        return self.header[0] & 0x3F

    @property
    def immediate(self) -> bool:
        """Whether it is to be looked at out of turn, and takes no command number."""
        return bool(self.header[0] & IMMEDIATE)

    @property
    def task_tag(self) -> int:
        """The initiator's task tag."""
        return int.from_bytes(self.header[16:20], "big")


def sizes_of(header: Data) -> tuple[int, int]:
    """Return how many bytes of additional headers, and of data without padding, follow a header."""
    (word,) = _sizes.unpack_from(header)
    return (word >> 24) * 4, word & 0xFFFFFF


def padding(size: int) -> int:
    """Return how many bytes bring a segment to a multiple of four."""
    return -size & 3


@attrs.frozen
class ScsiCommand:
    """SCSI Command (RFC 7143 11.3).

    Attributes:
        final: No unsolicited data beyond the data of this PDU comes.
        reads: The host expects data.
        writes: The host has data to send.
        lun: The logical unit number, as the eight bytes that SAM has for it.
        length: Expected data transfer length.
        cdb: The command descriptor block, 16 bytes or, with an additional header, more.
        data: Immediate data.
        immediate: It takes no command number.
        urgent: It is to be run before those that wait (head of queue).
    """

    final: bool
    reads: bool
    writes: bool
    lun: bytes
    task_tag: int
    length: int
    number: int
    cdb: bytes
    data: Data
    immediate: bool
    urgent: bool

    @classmethod
    def parse(cls, pdu: Pdu) -> ScsiCommand:
        """Take it apart."""
        flags, lun, tag, length, number, _, cdb = _command.unpack_from(pdu.header)
        if pdu.extra:
            cdb += _extended_cdb(pdu.extra)
        reads, writes = bool(flags & _FLAG_READ), bool(flags & _FLAG_WRITE)
        immediate = bool(pdu.header[0] & IMMEDIATE)
        urgent = flags & _ATTRIBUTE == _HEAD_OF_QUEUE
        final = bool(flags & FINAL)
        return cls(final, reads, writes, lun, tag, length, number, cdb, pdu.data, immediate, urgent)


def _extended_cdb(extra: bytes) -> bytes:
    """Return the rest of a CDB of more than 16 bytes (RFC 7143 11.2.2.3)."""
    place, found = 0, b""
    while place + 4 <= len(extra):
        size, kind = int.from_bytes(extra[place : place + 2], "big"), extra[place + 2]
        if place + 3 + size > len(extra) or size < 1:
            raise BrokenPduError("an additional header ends behind its segment")
        if kind == 1:
            found = extra[place + 4 : place + 3 + size]
        place += 3 + size + padding(3 + size)
    return found


@attrs.frozen
class DataOut:
    """SCSI Data-Out (RFC 7143 11.7)."""

    final: bool
    lun: bytes
    task_tag: int
    transfer_tag: int
    number: int
    offset: int
    data: Data

    @classmethod
    def parse(cls, pdu: Pdu) -> DataOut:
        """Take it apart."""
        flags, lun, tag, transfer, _, _, _, number, offset = _data_out.unpack_from(pdu.header)
        return cls(bool(flags & FINAL), lun, tag, transfer, number, offset, pdu.data)


@attrs.frozen
class Tagged:
    """What NOP-Out, text, task management and logout requests have in common.

    Attributes:
        flags: The second byte of the header.
        reference: Target transfer tag, referenced task tag, or (upper 16 bits) the logout's connection.
        number: The command's number, CmdSN.
        referenced_number: Task management: the number of the task that it is about, RefCmdSN.
    """

    flags: int
    lun: bytes
    task_tag: int
    reference: int
    number: int
    referenced_number: int

    @classmethod
    def parse(cls, pdu: Pdu) -> Tagged:
        """Take it apart."""
        _, flags, lun, tag, reference, number, _, referenced = _tagged.unpack_from(pdu.header)
        return cls(flags, lun, tag, reference, number, referenced)


@attrs.frozen
class LoginRequest:
    """Login Request (RFC 7143 11.12).

    Attributes:
        transit: The initiator is ready for the next stage.
        more: The text goes on in the next request.
        stage: The current stage, 0 security, 1 operational.
        next_stage: The stage that it wants to go to, 3 for the full feature phase.
    """

    transit: bool
    more: bool
    stage: int
    next_stage: int
    version_max: int
    version_min: int
    isid: bytes
    tsih: int
    task_tag: int
    connection: int
    number: int
    status_number: int
    data: bytes

    @classmethod
    def parse(cls, pdu: Pdu) -> LoginRequest:
        """Take it apart."""
        flags, newest, oldest, isid, tsih, tag, connection, number, status = _login.unpack_from(pdu.header)
        return cls(
            bool(flags & FINAL),
            bool(flags & CONTINUE),
            flags >> 2 & 3,
            flags & 3,
            newest,
            oldest,
            isid,
            tsih,
            tag,
            connection,
            number,
            status,
            bytes(pdu.data),
        )


# --- what the target sends --------------------------------------------------------------------------

_out_login = struct.Struct(">BBBBI6sHIxxxxIIIBB10x")
_out_status = struct.Struct(">BBBBI8xIIIIIIII")
_out_data = struct.Struct(">BBBBI8sIIIIIIII")
_out_tagged = struct.Struct(">BBBBI8sIIIIII8x")
_out_task = struct.Struct(">BBBxI8xI4xIII12x")
_out_logout = struct.Struct(">BBBxI8xI4xIII4xHH4x")
_out_reject = struct.Struct(">BBBxI8xI4xIIII8x")


@attrs.frozen
class Numbers:
    """The three numbers that nearly every PDU of a target carries.

    Attributes:
        status: StatSN, the number of this status.
        expected: ExpCmdSN, the next command that is waited for.
        last: MaxCmdSN, the last command that there is room for.
    """

    status: int
    expected: int
    last: int


def login_response(
    request: LoginRequest,
    numbers: Numbers,
    data: bytes,
    *,
    tsih: int,
    status: int = 0,
    transit: bool = False,
    more: bool = False,
) -> bytes:
    """Login Response (RFC 7143 11.13); ``status`` is class and detail, as in 0201h."""
    flags = (FINAL if transit else 0) | (CONTINUE if more else 0) | request.stage << 2
    flags |= request.next_stage if transit else 0
    header = _out_login.pack(
        Response.LOGIN,
        flags,
        0,
        0,
        len(data),
        request.isid,
        tsih,
        request.task_tag,
        numbers.status,
        numbers.expected,
        numbers.last,
        status >> 8,
        status & 0xFF,
    )
    return header + data + bytes(padding(len(data)))


def scsi_response(
    tag: int,
    numbers: Numbers,
    *,
    status: int,
    sense: bytes = b"",
    flags: int = 0,
    residual: int = 0,
    data_number: int = 0,
    response: int = 0,
) -> bytes:
    """SCSI Response (RFC 7143 11.4); sense data goes behind its length (11.4.7.2)."""
    data = len(sense).to_bytes(2, "big") + sense if sense else b""
    header = _out_status.pack(
        Response.SCSI_RESPONSE,
        FINAL | flags,
        response,
        status,
        len(data),
        tag,
        0,
        numbers.status,
        numbers.expected,
        numbers.last,
        data_number,
        0,
        residual,
    )
    return header + data + bytes(padding(len(data)))


def data_in_header(
    tag: int,
    numbers: Numbers,
    *,
    number: int,
    offset: int,
    size: int,
    final: bool,
    flags: int = 0,
    status: int | None = None,
    residual: int = 0,
) -> bytes:
    """Return the header of SCSI Data-In (RFC 7143 11.7); with ``status`` it ends the command."""
    bits = (FINAL if final else 0) | (0 if status is None else 0x01 | flags)
    return _out_data.pack(
        Response.DATA_IN,
        bits,
        0,
        0 if status is None else status,
        size,
        bytes(8),
        tag,
        NO_TAG,
        0 if status is None else numbers.status,
        numbers.expected,
        numbers.last,
        number,
        offset,
        0 if status is None else residual,
    )


def ready_to_transfer(
    tag: int, transfer_tag: int, lun: bytes, numbers: Numbers, *, number: int, offset: int, size: int
) -> bytes:
    """Ready To Transfer, R2T (RFC 7143 11.8)."""
    return _out_data.pack(
        Response.R2T,
        FINAL,
        0,
        0,
        0,
        lun,
        tag,
        transfer_tag,
        numbers.status,
        numbers.expected,
        numbers.last,
        number,
        offset,
        size,
    )


def task_response(tag: int, numbers: Numbers, answer: int) -> bytes:
    """Task Management Function Response (RFC 7143 11.6)."""
    return _out_task.pack(
        Response.TASK_MANAGEMENT, FINAL, answer, 0, tag, numbers.status, numbers.expected, numbers.last
    )


def text_response(tag: int, transfer_tag: int, numbers: Numbers, data: bytes, *, more: bool = False) -> bytes:
    """Text Response (RFC 7143 11.11)."""
    header = _out_tagged.pack(
        Response.TEXT,
        CONTINUE if more else FINAL,
        0,
        0,
        len(data),
        bytes(8),
        tag,
        transfer_tag,
        numbers.status,
        numbers.expected,
        numbers.last,
        0,
    )
    return header + data + bytes(padding(len(data)))


def nop_in(tag: int, transfer_tag: int, lun: bytes, numbers: Numbers, data: Data = b"") -> bytes:
    """NOP-In (RFC 7143 11.19)."""
    header = _out_tagged.pack(
        Response.NOP_IN,
        FINAL,
        0,
        0,
        len(data),
        lun,
        tag,
        transfer_tag,
        numbers.status,
        numbers.expected,
        numbers.last,
        0,
    )
    return b"".join((header, data, bytes(padding(len(data)))))


def logout_response(tag: int, numbers: Numbers, answer: int) -> bytes:
    """Logout Response (RFC 7143 11.15)."""
    return _out_logout.pack(
        Response.LOGOUT, FINAL, answer, 0, tag, numbers.status, numbers.expected, numbers.last, 0, 0
    )


def reject(reason: int, numbers: Numbers, header: bytes) -> bytes:
    """Reject (RFC 7143 11.17), with the header that it is about."""
    return (
        _out_reject.pack(
            Response.REJECT,
            FINAL,
            reason,
            len(header),
            NO_TAG,
            numbers.status,
            numbers.expected,
            numbers.last,
            0,
        )
        + header
    )
