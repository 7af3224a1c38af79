"""What a drive's refusal becomes: a verdict, and where it is final, a typed error that says all of it."""

from __future__ import annotations

import enum

from aioimapi.errors import (
    AbortedCommandError,
    BlankCheckError,
    CommandFailedError,
    CommandTimeoutError,
    DataProtectError,
    DriveBusyError,
    DriveError,
    HardwareError,
    IllegalRequestError,
    MediumError,
    NotReadyError,
    RemoteProtocolError,
    UnitAttentionError,
)
from aioimapi.mmc import (
    Blank,
    CloseTrackSession,
    Command,
    FormatUnit,
    Read10,
    Read12,
    ReserveTrack,
    SendOpcInformation,
    SenseData,
    SenseKey,
    SenseMeaning,
    Status,
    SynchronizeCache10,
    Verify10,
    Write10,
    Write12,
    meaning_of,
)
from aioimapi.transport import Reply

_ERRORS: dict[int, type[CommandFailedError]] = {
    SenseKey.NOT_READY: NotReadyError,
    SenseKey.MEDIUM_ERROR: MediumError,
    SenseKey.HARDWARE_ERROR: HardwareError,
    SenseKey.ILLEGAL_REQUEST: IllegalRequestError,
    SenseKey.UNIT_ATTENTION: UnitAttentionError,
    SenseKey.DATA_PROTECT: DataProtectError,
    SenseKey.BLANK_CHECK: BlankCheckError,
    SenseKey.ABORTED_COMMAND: AbortedCommandError,
}

CHANGES_THE_DISC = (
    Write10,
    Write12,
    SynchronizeCache10,
    CloseTrackSession,
    FormatUnit,
    Blank,
    ReserveTrack,
    SendOpcInformation,
)
"""Commands that are never repeated by themselves after a unit attention: the disc may be another one by then."""

REFUSALS = (CommandFailedError, DriveBusyError)
"""What an optional question may end with; anything else says that the way to the drive failed."""

_ADDRESSED = (Read10, Read12, Write10, Write12, Verify10)

_GAVE_UP_WAITING = (0x08, 0x01)
"""LOGICAL UNIT COMMUNICATION TIME-OUT: bridges (USB, iSCSI) answer so for a drive that does not (SPC-4 table 41)."""

_BUSY_STATUS = (Status.BUSY, Status.TASK_SET_FULL)


class Verdict(enum.Enum):
    """What to make of an answer that is not GOOD."""

    ACCEPT = enum.auto()
    """The command did its work all the same."""
    REPEAT = enum.auto()
    """It was not begun; send it again at once."""
    WAIT = enum.auto()
    """It was not begun; send it again after a while."""
    FAIL = enum.auto()
    """It failed."""


def read_sense(reply: Reply) -> SenseData | None:
    """Return the sense data of an answer, or None where the drive sent none that can be read."""
    if reply.status != Status.CHECK_CONDITION:
        return None
    try:
        return SenseData.parse(reply.sense)
    except RemoteProtocolError:
        return None


def judge(command: Command, reply: Reply, sense: SenseData | None, *, disc_held: bool) -> Verdict:
    """Decide what to make of an answer.

    Args:
        command: What was sent.
        reply: The answer.
        sense: Its sense data.
        disc_held: The disc must stay the same one: a unit attention is an error then, whatever the command.
    """
    if reply.good:
        return Verdict.ACCEPT
    if reply.status in _BUSY_STATUS:
        return Verdict.WAIT
    if sense is None:
        return Verdict.FAIL
    if sense.key in (SenseKey.RECOVERED_ERROR, SenseKey.COMPLETED):
        # A deferred one ended the command at hand before it began (SPC-4 4.5.7).
        return Verdict.REPEAT if sense.deferred else Verdict.ACCEPT
    if sense.deferred:
        return Verdict.FAIL
    if sense.key is SenseKey.UNIT_ATTENTION:
        safe = not disc_held and not isinstance(command, CHANGES_THE_DISC)
        return Verdict.REPEAT if safe else Verdict.FAIL
    return Verdict.WAIT if meaning_of(sense).passes_by_itself else Verdict.FAIL


def buffer_is_full(reply: Reply) -> bool:
    """Whether a drive refuses a WRITE for want of room in its buffer (2/04/08)."""
    sense = read_sense(reply)
    return sense is not None and meaning_of(sense) is SenseMeaning.LONG_WRITE_IN_PROGRESS


def address_of(command: Command) -> int | None:
    """Return the first sector that a command is about, or None."""
    return command.lba if isinstance(command, _ADDRESSED) else None


def failure(command: Command, reply: Reply, drive: str, *, note: str = "") -> DriveError:
    """Return the error for an answer that is final.

    Args:
        command: What was sent.
        reply: The answer.
        drive: The drive's name.
        note: What holds now, to stand at the end of the message.
    """
    lba = address_of(command)
    where = f"{command.name}{'' if lba is None else f' at LBA {lba}'} on {drive}"
    sense = read_sense(reply)
    meaning = SenseMeaning.OTHER if sense is None else meaning_of(sense)
    # Who knows the reason needs no guess at it.
    advice = reply.note or ("" if meaning is SenseMeaning.OTHER else meaning.value)
    advice = f"; {advice}" if advice else ""
    tail = f"{advice}; {note}" if note else advice
    if reply.status == Status.RESERVATION_CONFLICT:
        return DriveBusyError(f"{where}: another computer has the drive reserved{tail}", drive=drive)
    if reply.status in _BUSY_STATUS:
        return DriveBusyError(
            f"{where}: the drive stays busy with another program's commands{tail}", drive=drive
        )
    if sense is not None and (sense.asc, sense.ascq) == _GAVE_UP_WAITING and not sense.deferred:
        return CommandTimeoutError(
            f"{where}: what lies between here and the drive gave up waiting for its answer ({sense.describe()}); the "
            f"drive's state is unknown. Wait, eject and load the disc, or switch the drive off and on{tail}",
            drive=drive,
            command=command.name,
            timeout_s=command.timeout_s,
        )
    kind = CommandFailedError if sense is None else _ERRORS.get(sense.key, CommandFailedError)
    if sense is None:
        shown = reply.sense.hex(" ") or "none"
        told = f"status {reply.status:02X}h without sense data that could be read ({shown})"
    else:
        told = sense.describe()
        if sense.deferred:
            told += "; it concerns an earlier command that the drive had taken"
    return kind(
        f"{where}: {told}{tail}",
        drive=drive,
        command=command.name,
        cdb=command.to_cdb(),
        status=reply.status,
        key=None if sense is None else int(sense.key),
        asc=None if sense is None else sense.asc,
        ascq=None if sense is None else sense.ascq,
        sense=reply.sense,
        lba=lba,
    )
