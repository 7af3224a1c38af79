"""Faults on demand: what goes wrong, at which command, sector or moment, as values and as text.

The text form, as in ``fault=ACTION@WHEN``::

    3/0c/00@write:5          the 5th WRITE is answered MEDIUM ERROR, write error; nothing of it is taken
    3/0c/00@write:5+         the 5th and all later ones
    3/0c/00@write:5-7        the 5th to the 7th
    3/11/05@read.lba:1000    every READ that touches sector 1000 (or a range: 1000-1031)
    3/0c/00@write.time:2.5   the first WRITE from 2.5 seconds after the drive's first command on (2.5+, 2.5-4: all)
    3/11/05@read:1+:p=0.01:seed=7   one READ in a hundred, the same ones each time
    5/72/03@close:1:done     the first CLOSE does its work and then says that it failed
    deferred:3/0c/00@write:5 the 5th WRITE is answered GOOD, is lost, and the next command tells of it
    slow:2.5s@read:1+        all READs take 2.5 seconds longer
    notready:3@write:2       from the 2nd WRITE on, three commands are answered 2/04/01
    notready:2.5s@write:2    from the 2nd WRITE on, all commands for 2.5 seconds
    hang@sync:1              the first SYNCHRONIZE CACHE is never answered
    unplug@write:10          the drive goes away at the 10th WRITE, for good
    lie@write:4              the 4th WRITE is answered GOOD and nothing is written
    corrupt@lba:100-103      those sectors are damaged while they are written
    corrupt@read:3           what the 3rd READ found is damaged on its way to the host

Commands are ``any``, a name of :data:`COMMAND_NAMES`, MMC's own name without blanks and brackets
(``readdiscinformation``), or an operation code (``2ah``). Chance has a seed, so that nothing here is left to it.
"""

from __future__ import annotations

import enum
import random
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import attrs

from aioimapi.errors import VirtualMediumError
from aioimapi.mmc import COMMANDS
from aioimapi.units import FRAMES_PER_SECOND, MSF_OFFSET

COMMAND_NAMES: Final[Mapping[str, frozenset[int]]] = {
    "any": frozenset(),
    "read": frozenset({0x28, 0xA8, 0xBE, 0xB9}),
    "write": frozenset({0x2A, 0xAA, 0x2E}),
    "verify": frozenset({0x2F, 0xAF}),
    "sync": frozenset({0x35}),
    "close": frozenset({0x5B}),
    "format": frozenset({0x04}),
    "blank": frozenset({0xA1}),
    "opc": frozenset({0x54}),
    "eject": frozenset({0x1B}),
    "tur": frozenset({0x00}),
    "discinfo": frozenset({0x51}),
    "trackinfo": frozenset({0x52}),
    "toc": frozenset({0x43}),
    "readcd": frozenset({0xBE, 0xB9}),
    "cuesheet": frozenset({0x5D}),
    "modeselect": frozenset({0x15, 0x55}),
}

_RANGED_10: Final = frozenset({0x28, 0x2A, 0x2E, 0x2F})
_RANGED_12: Final = frozenset({0xA8, 0xAA, 0xAF})
_READ_CD: Final = 0xBE
_READ_CD_MSF: Final = 0xB9
_READS: Final = COMMAND_NAMES["read"]
_WRITES: Final = COMMAND_NAMES["write"]
_DAMAGED: Final = 16
"""Bytes of each sector that CORRUPT inverts."""


class Action(enum.Enum):
    """What goes wrong."""

    SENSE = "sense"
    DEFERRED = "deferred"
    NOT_READY = "notready"
    SLOW = "slow"
    HANG = "hang"
    UNPLUG = "unplug"
    LIE = "lie"
    CORRUPT = "corrupt"


@attrs.frozen
class Fault:
    """One thing that goes wrong.

    Attributes:
        action: What.
        opcodes: The commands that it is about; empty for any.
        first: The first of those commands, counted from 1, that it strikes. With ``lba`` and ``time_s`` it counts
            the commands that touch the range and come in time.
        last: The last of them; None for all later ones.
        lba: Only commands that touch sectors from here on ...
        lba_end: ... and before this one.
        sense: Sense key, ASC and ASCQ, for SENSE and DEFERRED.
        commands: NOT_READY: for how many commands, this one included.
        seconds: NOT_READY: for how long, where ``commands`` is 0. SLOW: how much longer the command takes.
        done: The command does its work before it fails, hangs or loses the drive.
        time_s: Only commands from so many seconds of the drive's time on, counted from its first command ...
        time_end_s: ... to this one; None for no end.
        probability: With which probability it strikes a command that it could strike.
        seed: What the chance of that begins with.
    """

    action: Action
    opcodes: frozenset[int] = frozenset()
    first: int = 1
    last: int | None = 1
    lba: int | None = None
    lba_end: int | None = None
    sense: tuple[int, int, int] = (0, 0, 0)
    commands: int = 0
    seconds: float = 0.0
    done: bool = False
    time_s: float | None = None
    time_end_s: float | None = None
    probability: float = 1.0
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fault that the text form stands for.

        Raises:
            VirtualMediumError: It stands for none; the message says what the form is.
        """
        match = _FORM.fullmatch(text.strip().lower()) if len(text) <= 200 else None
        if match is None:
            raise _unknown(text)
        part = match.groupdict()
        fields = _action_fields(text, part["action"])
        command, _, unit = part["where"].rpartition(".")
        if not command and unit not in ("lba", "time"):
            command, unit = unit, ""
        fields["opcodes"] = _opcodes(text, command or "any")
        fields |= _options(text, part["options"])
        if fields["done"] and fields["action"] not in (Action.SENSE, Action.HANG, Action.UNPLUG):
            raise _unknown(text)
        if unit == "time":
            fields |= _moments(text, part)
        elif "." in part["low"] or "." in (part["high"] or ""):
            raise _unknown(text)
        else:
            fields |= _sectors(text, part) if unit == "lba" else _counts(text, part)
        return cls(**fields)


_FORM: Final = re.compile(
    r"(?P<action>[^@]+)@(?P<where>[0-9a-z]+(?:\.(?:lba|time))?)"
    r":(?P<low>[0-9]{1,10}(?:\.[0-9]{1,9})?)(?:-(?P<high>[0-9]{1,10}(?:\.[0-9]{1,9})?)|(?P<open>\+))?"
    r"(?P<options>(?::[a-z]+(?:=[0-9.]{1,20})?)*)"
)


def _unknown(text: str) -> VirtualMediumError:
    shown = text if len(text) <= 200 else text[:197] + "..."
    return VirtualMediumError(
        f"fault={shown}: not understood. The form is ACTION@COMMAND:N (or N-M, N+), ACTION@COMMAND.lba:N-M or"
        " ACTION@COMMAND.time:SECONDS, and then :done or :p=PROBABILITY:seed=N, with ACTION one of K/ASC/ASCQ,"
        " deferred:K/ASC/ASCQ, slow:SECONDSs, notready:N, notready:SECONDSs, hang, unplug, lie, corrupt, and COMMAND"
        f" one of {', '.join(COMMAND_NAMES)}, an MMC name or an operation code such as 2ah"
    )


def _counts(text: str, part: Mapping[str, Any]) -> dict[str, Any]:
    low = int(part["low"])
    high = int(part["high"]) if part["high"] else low
    if low < 1 or high < low:
        raise _unknown(text)
    return {"first": low, "last": None if part["open"] else high}


def _sectors(text: str, part: Mapping[str, Any]) -> dict[str, Any]:
    low = int(part["low"])
    high = int(part["high"]) if part["high"] else low
    if high < low:
        raise _unknown(text)
    return {"lba": low, "lba_end": high + 1, "first": 1, "last": None}


def _moments(text: str, part: Mapping[str, Any]) -> dict[str, Any]:
    low = float(part["low"])
    high = float(part["high"]) if part["high"] else None
    if high is not None and high < low:
        raise _unknown(text)
    once = high is None and not part["open"]
    return {"time_s": low, "time_end_s": high, "first": 1, "last": 1 if once else None}


def _options(text: str, options: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"done": False}
    for option in filter(None, options.split(":")):
        name, _, value = option.partition("=")
        try:
            if name == "done" and not value and not fields["done"]:
                fields["done"] = True
            elif name == "p" and "probability" not in fields and 0 <= float(value) <= 1:
                fields["probability"] = float(value)
            elif name == "seed" and "seed" not in fields:
                fields["seed"] = int(value)
            else:
                raise _unknown(text)
        except ValueError:
            raise _unknown(text) from None
    return fields


def _action_fields(text: str, action: str) -> dict[str, Any]:
    sense = re.fullmatch(r"(deferred:)?([0-9a-f])/([0-9a-f]{2})/([0-9a-f]{2})", action)
    if sense:
        key, asc, ascq = (int(part, 16) for part in sense.groups()[1:])
        return {"action": Action.DEFERRED if sense[1] else Action.SENSE, "sense": (key, asc, ascq)}
    wait = re.fullmatch(r"notready:([0-9]{1,9})", action)
    if wait and int(wait[1]):
        return {"action": Action.NOT_READY, "commands": int(wait[1])}
    wait = re.fullmatch(r"(notready|slow):([0-9]{1,9}(?:\.[0-9]{1,9})?)s", action)
    if wait:
        return {"action": Action(wait[1]), "seconds": float(wait[2])}
    if action in ("hang", "unplug", "lie", "corrupt"):
        return {"action": Action(action)}
    raise _unknown(text)


def _opcodes(text: str, name: str) -> frozenset[int]:
    if name in COMMAND_NAMES:
        return COMMAND_NAMES[name]
    known = {re.sub(r"[^a-z0-9]", "", command.name.lower()): command.opcode for command in COMMANDS}
    if name in known:
        return frozenset({known[name]})
    code = re.fullmatch(r"(?:0x)?([0-9a-f]{2})h?", name)
    if code is None:
        raise _unknown(text)
    return frozenset({int(code[1], 16)})


def sector_range(cdb: bytes) -> tuple[int, int] | None:
    """Return first sector and count of a READ, READ CD, WRITE or VERIFY, or None for other commands."""
    opcode = cdb[0]
    if opcode in _RANGED_10 and len(cdb) >= 10:
        return _signed(cdb), int.from_bytes(cdb[7:9], "big")
    if opcode in _RANGED_12 and len(cdb) >= 12:
        return _signed(cdb), int.from_bytes(cdb[6:10], "big")
    if opcode == _READ_CD and len(cdb) >= 12:
        return _signed(cdb), int.from_bytes(cdb[6:9], "big")
    if opcode == _READ_CD_MSF and len(cdb) >= 12:
        first, end = ((m * 60 + s) * FRAMES_PER_SECOND + f - MSF_OFFSET for m, s, f in (cdb[3:6], cdb[6:9]))
        return first, max(0, end - first)
    return None


def _signed(cdb: bytes) -> int:
    return int.from_bytes(cdb[2:6], "big", signed=cdb[2] == 0xFF)


class FaultScript:
    """All faults of a drive and of the disc in it, and how far their counts are.

    Args:
        faults: Faults as values or in text form.

    Attributes:
        faults: The drive's faults, then the disc's.
    """

    def __init__(self, faults: Iterable[Fault | str] = ()) -> None:
        self.faults = tuple(f if isinstance(f, Fault) else Fault.parse(f) for f in faults)
        self._own = len(self.faults)
        self._seen = [0] * self._own
        self._chance = [random.Random(f.seed) for f in self.faults]  # noqa: S311 - the same numbers each time
        self._began: float | None = None

    def __bool__(self) -> bool:
        return bool(self.faults)

    def insert_disc(self, faults: Iterable[Fault | str]) -> None:
        """Take the faults of the disc that is put in, in place of those of the one before; their counts begin anew."""
        disc = FaultScript(faults)
        own = self._own
        self.faults = self.faults[:own] + disc.faults
        self._seen = self._seen[:own] + disc._seen
        self._chance = self._chance[:own] + disc._chance

    def strike(self, cdb: bytes, now: float = 0.0) -> Fault | None:
        """Count one command and return the fault that strikes it, or None; the first in the list wins.

        Args:
            cdb: The command.
            now: The drive's time.
        """
        if self._began is None:
            self._began = now
        elapsed = now - self._began
        extent = sector_range(cdb)
        found = None
        for at, fault in enumerate(self.faults):
            if not _concerns(fault, cdb[0]) or not _in_time(fault, elapsed):
                continue
            if fault.lba is not None and not _touches(extent, fault):
                continue
            self._seen[at] += 1
            if self._seen[at] < fault.first or (fault.last is not None and self._seen[at] > fault.last):
                continue
            if fault.probability >= 1 or self._chance[at].random() < fault.probability:
                found = found or fault
        return found

    def corrupted(self, fault: Fault, cdb: bytes, data: memoryview) -> bytes:
        """Return the data of a WRITE or READ with 16 bytes inverted in each sector that the fault is about."""
        damaged = bytearray(data)
        lba, count = sector_range(cdb) or (0, 0)
        size = len(damaged) // count if count else 0
        for at in range(count if size else 0):
            if fault.lba is None or fault.lba <= lba + at < (fault.lba_end or 0):
                place = at * size
                end = place + min(_DAMAGED, size)
                damaged[place:end] = bytes(value ^ 0xFF for value in damaged[place:end])
        return bytes(damaged)


def _concerns(fault: Fault, opcode: int) -> bool:
    if fault.opcodes and opcode not in fault.opcodes:
        return False
    if fault.action is Action.LIE:
        return opcode in _WRITES
    if fault.action is Action.CORRUPT:
        return opcode in _WRITES or (bool(fault.opcodes) and opcode in _READS)
    return True


def _in_time(fault: Fault, elapsed: float) -> bool:
    if fault.time_s is None:
        return True
    return elapsed >= fault.time_s and (fault.time_end_s is None or elapsed <= fault.time_end_s)


def _touches(extent: tuple[int, int] | None, fault: Fault) -> bool:
    if extent is None or fault.lba is None or fault.lba_end is None:
        return False
    lba, count = extent
    return lba < fault.lba_end and lba + count > fault.lba


def damages_reading(fault: Fault, opcode: int) -> bool:
    """Say whether CORRUPT is about what comes back, not about what is written."""
    return fault.action is Action.CORRUPT and opcode in _READS
