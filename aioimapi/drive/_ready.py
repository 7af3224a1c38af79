"""Is the drive ready, what is it waiting for, and how long operations are waited for."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable
from typing import TypeAlias, cast

import anyio
import attrs

from aioimapi.drive._failure import REFUSALS, Verdict, failure, judge, read_sense
from aioimapi.drive._runner import UNIT_ATTENTIONS, CommandRunner, backoff
from aioimapi.errors import (
    CommandTimeoutError,
    DiscNotSupportedError,
    DriveError,
    IllegalRequestError,
    NoDiscError,
    RemoteProtocolError,
)
from aioimapi.mmc import (
    Blank,
    CloseTrackSession,
    Command,
    EventStatus,
    GetEventStatusNotification,
    MechanismStatus,
    MechanismStatusData,
    RequestSense,
    SenseData,
    SenseKey,
    SenseMeaning,
    StartStopUnit,
    SynchronizeCache10,
    TestUnitReady,
    meaning_of,
)
from aioimapi.transport import Reply

IMMED_LIMIT_S = 300.0
"""Time limit of a command that is to return at once. Some drives ignore IMMED and answer when all is done; a
shorter limit would have the kernel reset such a drive in the middle of a lead-out."""

LONG_LIMIT_S = 4 * 3600.0
"""How long a long operation is waited for; a full format with certification takes hours."""

Progress: TypeAlias = Callable[[float | None], None]
"""Called with how far a long operation is, 0.0 to 1.0, or None where the drive does not say; must not wait."""

Immediate: TypeAlias = SynchronizeCache10 | CloseTrackSession | Blank | StartStopUnit
"""Commands with an IMMED bit in the CDB."""


class ReadyState(enum.Enum):
    """What a drive answers when it is asked whether it is ready."""

    READY = "ready"
    BECOMING_READY = "becoming ready"
    """It has a disc and looks at it."""
    WORKING = "working"
    """A long operation is under way: closing, formatting, blanking, flushing."""
    STOPPED = "stopped"
    """It has to be told to start (2/04/02)."""
    NO_DISC = "no disc"
    """The tray is closed and empty, or the drive does not say how its tray is."""
    TRAY_OPEN = "tray open"
    UNREADABLE = "unreadable disc"
    """There is a disc that the drive can make nothing of (2/30/xx)."""
    UNFORMATTED = "unformatted disc"
    """There is a disc that must be formatted first."""
    NOT_READY = "not ready"
    """Another reason; see the sense data."""


@attrs.frozen
class Readiness:
    """Whether a drive is ready.

    Attributes:
        state: What it answered.
        progress: How far a long operation is, 0.0 to 1.0, or None.
        sense: The sense data behind it, or None where it is ready.
    """

    state: ReadyState
    progress: float | None = None
    sense: SenseData | None = None


_STATES = {
    SenseMeaning.BECOMING_READY: ReadyState.BECOMING_READY,
    SenseMeaning.LONG_WRITE_IN_PROGRESS: ReadyState.WORKING,
    SenseMeaning.OPERATION_IN_PROGRESS: ReadyState.WORKING,
    SenseMeaning.FORMAT_IN_PROGRESS: ReadyState.WORKING,
    SenseMeaning.START_NEEDED: ReadyState.STOPPED,
    SenseMeaning.NO_MEDIUM: ReadyState.NO_DISC,
    SenseMeaning.TRAY_OPEN: ReadyState.TRAY_OPEN,
    SenseMeaning.INCOMPATIBLE_MEDIUM: ReadyState.UNREADABLE,
    SenseMeaning.NOT_FORMATTED: ReadyState.UNFORMATTED,
}

_TRAY_CLOSED = 0x01
"""ASCQ of 3A: medium not present, tray closed."""

_INVALID_FIELD_IN_CDB = 0x24


class ReadyRunner(CommandRunner):
    """The part of :class:`Drive` about readiness and long operations."""

    async def readiness(self) -> Readiness:
        """Ask the drive once whether it is ready.

        Raises:
            CommandFailedError: It answered with something else than readiness or the lack of it.
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        reply = await self._test()
        if reply.good:
            return Readiness(ReadyState.READY)
        sense = read_sense(reply)
        if sense is not None and sense.key is SenseKey.RECOVERED_ERROR:
            return Readiness(ReadyState.READY)
        unformatted = sense is not None and meaning_of(sense) is SenseMeaning.NOT_FORMATTED
        if sense is None or not (sense.key is SenseKey.NOT_READY or unformatted):
            raise failure(TestUnitReady(), reply, self.name)
        return Readiness(await self._classify(sense), sense.progress, sense)

    async def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until a disc is in and the drive is ready for it.

        Args:
            timeout_s: How long, in seconds.

        Raises:
            NoDiscError: The tray is open, or the drive is empty.
            DiscNotSupportedError: The drive can make nothing of the disc.
            NotReadyError: It stays not ready for another reason.
            CommandTimeoutError: The time ran out while it was still becoming ready.
            DriveError: As :meth:`execute`.

        Cancellation:
            At once; the drive goes on with what it does. May be repeated.
        """
        deadline = anyio.current_time() + timeout_s
        pauses = backoff(0.02)
        started = False
        while True:
            now = await self.readiness()
            if now.state in (ReadyState.READY, ReadyState.UNFORMATTED):
                return
            if now.state is ReadyState.STOPPED and not started:
                started = True
                await self._begin(StartStopUnit(start=True))
            elif now.state not in (ReadyState.BECOMING_READY, ReadyState.WORKING, ReadyState.STOPPED):
                raise self._unready(now)
            if anyio.current_time() >= deadline:
                raise self._late("becoming ready", timeout_s)
            await anyio.sleep(next(pauses))

    async def run_immediate(
        self, command: Immediate, *, timeout_s: float = LONG_LIMIT_S, progress: Progress | None = None
    ) -> None:
        """Have the drive do something long: send it with IMMED, then poll until it is done.

        A drive that refuses the IMMED bit gets the command without it; one that ignores the bit is waited
        for.

        Args:
            command: The command; its IMMED bit is set here.
            timeout_s: How long it may take in all, in seconds.
            progress: Called after each poll.

        Raises:
            CommandFailedError: It failed, at once or later.
            CommandTimeoutError: The time ran out; the drive goes on.
            DriveError: As :meth:`execute`.

        Cancellation:
            Between polls at once. The drive goes on and finishes; until then it answers other commands with
            2/04/xx, which :meth:`execute` waits out.
        """
        await self._begin(command)
        await self.wait_done(command, timeout_s=timeout_s, progress=progress)

    async def wait_done(
        self, command: Command, *, timeout_s: float = LONG_LIMIT_S, progress: Progress | None = None
    ) -> None:
        """Wait for a long operation that was started by a command with IMMED.

        Args:
            command: The command that started it, for messages.
            timeout_s: How long, in seconds.
            progress: Called after each poll.

        Raises:
            CommandFailedError: It failed.
            CommandTimeoutError: The time ran out; the drive goes on.
            DriveError: As :meth:`execute`.

        Cancellation:
            As :meth:`run_immediate`.
        """
        deadline = anyio.current_time() + timeout_s
        pauses = backoff(0.005)
        # Closing and formatting make another disc of it, and drives say so; a flush does not.
        swallow = not (self._disc_held and isinstance(command, SynchronizeCache10))
        while True:
            reply = await self._test(swallow=swallow)
            sense = read_sense(reply)
            verdict = judge(command, reply, sense, disc_held=self._disc_held)
            if verdict is Verdict.ACCEPT:
                return
            if verdict is not Verdict.WAIT:
                raise failure(command, reply, self.name, note="told while waiting for its end")
            if progress is not None:
                progress(await self._progress(sense))
            if anyio.current_time() >= deadline:
                raise self._late(command.name, timeout_s)
            await anyio.sleep(next(pauses))

    async def _begin(self, command: Immediate) -> None:
        """Send a command with IMMED, or without it where the drive refuses the bit."""
        try:
            await self.execute(_patient(attrs.evolve(command, immed=True)))
        except IllegalRequestError as error:
            if error.asc != _INVALID_FIELD_IN_CDB:
                raise
            await self.execute(attrs.evolve(command, immed=False))

    async def _test(self, *, swallow: bool = True) -> Reply:
        """Send TEST UNIT READY, past a few unit attentions: they say what happened, not how things are."""
        for _ in range(UNIT_ATTENTIONS if swallow else 1):
            (reply,) = await self._send([(TestUnitReady(), None)])
            sense = read_sense(reply)
            if sense is None or sense.key is not SenseKey.UNIT_ATTENTION:
                break
            self._meter.unit_attentions += 1
        return reply

    async def _progress(self, sense: SenseData | None) -> float | None:
        """Return how far the drive is: from the answer at hand, or else from REQUEST SENSE (MMC-6 6.33)."""
        if sense is None or sense.progress is not None:
            return None if sense is None else sense.progress
        try:
            asked = SenseData.parse(await self.query(RequestSense(), patience_s=0))
        except (*REFUSALS, RemoteProtocolError):
            return None
        return asked.progress

    async def _classify(self, sense: SenseData) -> ReadyState:
        state = _STATES.get(meaning_of(sense), ReadyState.NOT_READY)
        if state is ReadyState.NO_DISC and sense.ascq != _TRAY_CLOSED and await self._tray_is_open():
            return ReadyState.TRAY_OPEN
        return state

    async def _tray_is_open(self) -> bool:
        """Ask for the tray by either of two optional commands.

        Where the drive has neither, the tray counts as closed. An event is asked for last: the drive tells it
        once, and the operating system may be waiting for it.
        """
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            status = await self.query(MechanismStatus(), patience_s=0)
            return MechanismStatusData.parse(status).door_open
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            event = EventStatus.parse(await self.query(GetEventStatusNotification(), patience_s=0))
            return bool(event.tray_open)
        return False

    def _unready(self, now: Readiness) -> Exception:
        told = "" if now.sense is None else f" ({now.sense.describe()})"
        if now.state is ReadyState.TRAY_OPEN:
            return NoDiscError(
                f"{self.name}: the tray is open; close it with a disc in it{told}", drive=self.name
            )
        if now.state is ReadyState.NO_DISC:
            return NoDiscError(
                f"{self.name}: there is no disc in the drive; put one in{told}", drive=self.name
            )
        if now.state is ReadyState.UNREADABLE:
            return DiscNotSupportedError(
                f"{self.name}: the drive can make nothing of this disc{told}; it is of a kind that the drive "
                "does not take, upside down, dirty or damaged",
                drive=self.name,
            )
        reply = Reply(2, b"" if now.sense is None else now.sense.to_bytes())
        return failure(TestUnitReady(), reply, self.name)

    def _late(self, what: str, timeout_s: float) -> DriveError:
        return CommandTimeoutError(
            f"{what} on {self.name}: not finished after {timeout_s:g} s; the drive is still at it",
            drive=self.name,
            command=what,
            timeout_s=timeout_s,
        )


_patient_kinds: dict[type[Command], type[Command]] = {}


def _patient(command: Immediate) -> Immediate:
    """Return the same command with a time limit for drives that ignore IMMED."""
    kind = type(command)
    patient = _patient_kinds.get(kind)
    if patient is None:
        patient = type(kind.__name__, (kind,), {"timeout_s": property(lambda _: IMMED_LIMIT_S)})
        _patient_kinds[kind] = patient
    return cast("Immediate", patient(**attrs.asdict(command, recurse=False)))
