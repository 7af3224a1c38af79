"""Sends commands for the conformance checks and keeps what was found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final, TypeAlias

import anyio
import attrs

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc import (
    Command,
    Direction,
    DiscInformation,
    FeatureSet,
    GetConfiguration,
    Profile,
    RawCommand,
    ReadDiscInformation,
    SenseData,
    SenseKey,
    TestUnitReady,
)
from aioimapi.testing._drive._report import Finding, Severity
from aioimapi.transport import Transport

PATIENCE_S: Final = 120.0
"""How long a drive may say that it becomes ready or is still writing."""

Triple: TypeAlias = tuple[int, int, int]
"""Sense key, ASC, ASCQ."""

INVALID_FIELD: Final = (5, 0x24, 0)
INVALID_OPCODE: Final = (5, 0x20, 0)
INVALID_PARAMETER: Final = (5, 0x26, 0)
OUT_OF_RANGE: Final = (5, 0x21, 0)


def raw(cdb: bytes, length: int = 0) -> RawCommand:
    """Return a command as its bytes, for what no well-made value can say; ``length`` bytes come from the drive."""
    return RawCommand(cdb, Direction.IN if length else Direction.NONE, length)


def wrong(command: Command, *changes: tuple[int, int]) -> RawCommand:
    """Return a command with bits set that it must not have: pairs of byte number and bits."""
    cdb = bytearray(command.to_cdb())
    for byte, bits in changes:
        cdb[byte] |= bits
    return raw(bytes(cdb), command.transfer_length)


@attrs.frozen
class Answer:
    """A drive's answer with its data."""

    command: Command
    status: int
    data: bytes
    sense_bytes: bytes

    @property
    def good(self) -> bool:
        """Whether the drive did what was asked."""
        return self.status == 0

    @property
    def sense(self) -> SenseData | None:
        """The sense data, or None with GOOD or where it makes no sense."""
        try:
            return SenseData.parse(self.sense_bytes) if self.sense_bytes else None
        except RemoteProtocolError:
            return None

    @property
    def triple(self) -> Triple | None:
        """Sense key, ASC and ASCQ, or None without sense data."""
        return None if self.sense is None else self.sense.triple

    def describe(self) -> str:
        """The answer in a few words."""
        if self.good:
            return "GOOD"
        if self.sense is None:
            return f"status {self.status:02X}h without sense data"
        return self.sense.describe()


class NotApplicableError(Exception):
    """The check has nothing to look at on this drive with this disc."""


class Probe:
    """One open drive, what is in it, and what was found so far.

    Attributes:
        transport: The way to the drive.
        check: Name of the check that runs.
        findings: What was found, in order.
        attentions: The unit attentions that came, as sense triples, oldest first; a check may clear it.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.check = ""
        self.findings: list[Finding] = []
        self.attentions: list[Triple] = []

    # --- commands -----------------------------------------------------------------------------------

    async def once(self, command: Command, data: bytes | None = None) -> Answer:
        """Send a command and return whatever the drive says to it."""
        length = command.transfer_length
        incoming = command.direction is Direction.IN and length > 0
        buffer = bytearray(length) if incoming else bytearray(data or b"")
        reply = await self.transport.execute(command, buffer if buffer else None)
        came = length - reply.residual if incoming else 0
        answer = Answer(
            command, reply.status, bytes(buffer[: max(0, came)]) if incoming else b"", reply.sense
        )
        if reply.status == 2 and answer.sense is None:
            self.fault("CHECK CONDITION came without sense data that can be read", answer, "SPC-4 4.5")
        if came < 0 or (incoming and reply.residual < 0):
            self.fault(f"{command.name}: a residual of {reply.residual} from {length} bytes", answer)
        return answer

    async def send(self, command: Command, data: bytes | None = None) -> Answer:
        """As :meth:`once`, but take unit attentions, and wait for a drive that is busy or becoming ready."""
        with anyio.move_on_after(PATIENCE_S):
            while True:
                answer = await self.once(command, data)
                triple = answer.triple
                if triple is not None and triple[0] == SenseKey.UNIT_ATTENTION:
                    self.attentions.append(triple)
                    if len(self.attentions) > 20:
                        self.fault("unit attentions come without end", answer, "SAM-5 5.14")
                        return answer
                    continue
                busy = answer.status in (0x08, 0x28)
                waiting = triple is not None and triple[:2] == (2, 0x04) and triple[2] in (0, 1, 4, 7, 8)
                if not busy and not waiting:
                    return answer
                await anyio.sleep(0.05)
        self.fault(f"{command.name}: not ready within {PATIENCE_S:.0f} s")
        raise NotApplicableError("the drive did not become ready")

    async def good(self, command: Command, clause: str, data: bytes | None = None) -> bytes | None:
        """Send a command that must be done, and return its data; None, with a fault noted, where it was not."""
        answer = await self.send(command, data)
        if answer.good:
            return answer.data
        self.fault(f"{command.name} was answered with {answer.describe()}", answer, clause)
        return None

    async def optional(self, command: Command, data: bytes | None = None) -> bytes | None:
        """Send a command that a drive need not have; None where it was refused."""
        answer = await self.send(command, data)
        return answer.data if answer.good else None

    async def refused(
        self,
        command: Command,
        what: str,
        *,
        codes: Collection[Triple] = (INVALID_FIELD,),
        at: Iterable[int] = (),
        clause: str = "",
        severity: Severity = Severity.FAULT,
        data: bytes | None = None,
    ) -> Answer:
        """Send a command that must be refused.

        Args:
            command: The command.
            what: Words for it.
            codes: What the refusal may be.
            at: Bytes of the CDB, or of the parameter list, that a field pointer may name; none to not look.
            clause: Where the rule stands.
            severity: What it means that it was not refused, or with another code.
            data: The parameter list.
        """
        answer = await self.send(command, data)
        if answer.good:
            self.find(severity, f"{what} was answered with GOOD", answer, clause)
            return answer
        if answer.triple not in codes:
            wanted = " or ".join("{:X}/{:02X}/{:02X}".format(*code) for code in sorted(codes))
            self.find(
                min_severity(severity),
                f"{what} was refused with {answer.describe()}, not {wanted}",
                answer,
                clause,
            )
            return answer
        allowed = tuple(at)
        pointer = None if answer.sense is None else answer.sense.field_pointer
        if allowed and answer.triple in (INVALID_FIELD, INVALID_PARAMETER):
            if pointer is None:
                self.note(f"{what} was refused without a field pointer", answer, "SPC-4 4.5.2.4.2")
            elif pointer.byte not in allowed or pointer.in_cdb is not (answer.triple == INVALID_FIELD):
                self.deviation(f"{what}: the field pointer says {pointer}", answer, "SPC-4 4.5.2.4.2")
        return answer

    def measure(self, data: bytes, length: int, what: str, clause: str) -> bytes:
        """Compare an answer with its own length field, and return the part that both have."""
        if len(data) < length:
            self.fault(f"{what}: the length field says {length} bytes and {len(data)} came", clause=clause)
        elif len(data) > length:
            self.deviation(
                f"{what}: more came than the {length} bytes that its length field says", clause=clause
            )
        return data[:length]

    # --- what is in it ------------------------------------------------------------------------------

    async def profile(self) -> Profile:
        """Return the current profile; NONE where the drive does not tell."""
        data = await self.optional(GetConfiguration(allocation_length=8))
        return Profile.NONE if data is None or len(data) < 8 else FeatureSet.parse(data).current_profile

    async def has_disc(self) -> bool:
        """Whether a disc is in and ready."""
        return (await self.send(TestUnitReady())).good

    async def need_disc(self) -> DiscInformation:
        """Return what the disc is, or end the check."""
        if not await self.has_disc():
            raise NotApplicableError("no disc in the drive")
        data = await self.optional(ReadDiscInformation())
        if data is None or len(data) < 12:
            raise NotApplicableError("the drive does not tell what the disc is (READ DISC INFORMATION)")
        return DiscInformation.parse(data)

    # --- findings -----------------------------------------------------------------------------------

    def find(self, severity: Severity, text: str, answer: Answer | None = None, clause: str = "") -> None:
        """Keep a finding."""
        cdb = answer.command.to_cdb() if answer is not None else b""
        sense = answer.sense_bytes if answer is not None and answer.sense is not None else b""
        if not any(found.text == text for found in self.findings):
            self.findings.append(Finding(self.check, severity, text, clause, cdb, sense))

    def fault(self, text: str, answer: Answer | None = None, clause: str = "") -> None:
        """Keep a finding that breaks a rule."""
        self.find(Severity.FAULT, text, answer, clause)

    def deviation(self, text: str, answer: Answer | None = None, clause: str = "") -> None:
        """Keep a finding that hosts may trip over."""
        self.find(Severity.DEVIATION, text, answer, clause)

    def note(self, text: str, answer: Answer | None = None, clause: str = "") -> None:
        """Keep something worth knowing."""
        self.find(Severity.NOTE, text, answer, clause)

    def expect(self, holds: object, text: str, clause: str = "", answer: Answer | None = None) -> bool:
        """Keep a fault where something does not hold."""
        if not holds:
            self.fault(text, answer, clause)
        return bool(holds)


def min_severity(severity: Severity) -> Severity:
    """Return what a refusal with another code than expected weighs: it is a refusal all the same."""
    return Severity.DEVIATION if severity is Severity.FAULT else severity


CheckFunction: TypeAlias = Callable[[Probe], Awaitable[None]]


@attrs.frozen
class Check:
    """One check.

    Attributes:
        name: Its name.
        title: What it looks at.
        run: What it does.
    """

    name: str
    title: str
    run: CheckFunction
