"""Faults on demand: what goes wrong, at which command or sector, as values and as URL text.

Deterministic: nothing here draws random numbers. The text form, as in ``fault=ACTION@WHEN``::

    3/0c/00@write:5          the 5th WRITE is answered MEDIUM ERROR, write error; nothing of it is taken
    3/0c/00@write:5+         the 5th and all later ones
    3/0c/00@write:5-7        the 5th to the 7th
    3/11/05@read.lba:1000    every READ that touches sector 1000 (or a range: 1000-1031)
    5/72/03@close:1:done     the first CLOSE does its work and then says that it failed
    notready:3@write:2       from the 2nd WRITE on, three commands are answered 2/04/01
    notready:2.5s@write:2    from the 2nd WRITE on, all commands for 2.5 seconds
    hang@sync:1              the first SYNCHRONIZE CACHE is never answered
    unplug@write:10          the drive goes away at the 10th WRITE, for good
    lie@write:4              the 4th WRITE is answered GOOD and nothing is written
    corrupt@lba:100-103      those sectors are damaged while they are written

Commands are ``any``, a name of :data:`COMMAND_NAMES`, MMC's own name without blanks and brackets
(``readdiscinformation``), or an operation code (``2ah``).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Final, Self

import attrs

from aioimapi.errors import VirtualMediumError
from aioimapi.mmc import COMMANDS
from aioimapi.units import SECTOR_SIZE

COMMAND_NAMES: Final[Mapping[str, frozenset[int]]] = {
    "any": frozenset(),
    "read": frozenset({0x28, 0xA8}),
    "write": frozenset({0x2A, 0xAA}),
    "verify": frozenset({0x2F}),
    "sync": frozenset({0x35}),
    "close": frozenset({0x5B}),
    "format": frozenset({0x04}),
    "opc": frozenset({0x54}),
    "eject": frozenset({0x1B}),
    "tur": frozenset({0x00}),
    "discinfo": frozenset({0x51}),
    "trackinfo": frozenset({0x52}),
}

_RANGED_10: Final = frozenset({0x28, 0x2A, 0x2F})
_RANGED_12: Final = frozenset({0xA8, 0xAA})
_WRITES: Final = COMMAND_NAMES["write"]


class Action(enum.Enum):
    """What goes wrong."""

    SENSE = "sense"
    NOT_READY = "notready"
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
        first: The first of those commands, counted from 1, that it strikes. With ``lba`` it counts the
            commands that touch the range.
        last: The last of them; None for all later ones.
        lba: Only commands that touch sectors from here on ...
        lba_end: ... and before this one.
        sense: Sense key, ASC and ASCQ, for SENSE.
        commands: NOT_READY: for how many commands, this one included.
        seconds: NOT_READY: for how long, where ``commands`` is 0.
        done: The command does its work before it fails, hangs or loses the drive.
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

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fault that the text form stands for.

        Raises:
            VirtualMediumError: It stands for none; the message says what the form is.
        """
        match = _FORM.fullmatch(text.strip().lower())
        if match is None:
            raise _unknown(text)
        part = match.groupdict()
        fields = _action_fields(text, part["action"])
        by_lba = part["where"] == "lba" or part["where"].endswith(".lba")
        fields["opcodes"] = _opcodes(text, part["where"].removesuffix("lba").removesuffix(".") or "any")
        fields["done"] = bool(part["done"])
        if fields["done"] and fields["action"] not in (Action.SENSE, Action.HANG, Action.UNPLUG):
            raise _unknown(text)
        low = int(part["low"])
        high = int(part["high"]) if part["high"] else low
        if high < low:
            raise _unknown(text)
        if by_lba:
            fields |= {"lba": low, "lba_end": high + 1, "first": 1, "last": None}
        else:
            if low < 1:
                raise _unknown(text)
            fields |= {"first": low, "last": None if part["open"] else high}
        return cls(**fields)  # type: ignore[arg-type]


_FORM: Final = re.compile(
    r"(?P<action>[^@]+)@(?P<where>[0-9a-z]+(?:\.lba)?)"
    r":(?P<low>[0-9]{1,10})(?:-(?P<high>[0-9]{1,10})|(?P<open>\+))?(?P<done>:done)?"
)


def _unknown(text: str) -> VirtualMediumError:
    return VirtualMediumError(
        f"fault={text}: not understood. The form is ACTION@COMMAND:N (or N-M, N+) or ACTION@COMMAND.lba:N-M, with"
        " ACTION one of K/ASC/ASCQ, notready:N, notready:SECONDSs, hang, unplug, lie, corrupt,"
        f" and COMMAND one of {', '.join(COMMAND_NAMES)}, an MMC name or an operation code such as 2ah"
    )


def _action_fields(text: str, action: str) -> dict[str, object]:
    sense = re.fullmatch(r"([0-9a-f])/([0-9a-f]{2})/([0-9a-f]{2})", action)
    if sense:
        return {"action": Action.SENSE, "sense": tuple(int(part, 16) for part in sense.groups())}
    wait = re.fullmatch(r"notready:([0-9]+)", action)
    if wait and int(wait[1]):
        return {"action": Action.NOT_READY, "commands": int(wait[1])}
    wait = re.fullmatch(r"notready:([0-9]+(?:\.[0-9]+)?)s", action)
    if wait:
        return {"action": Action.NOT_READY, "seconds": float(wait[1])}
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
    """Return first sector and count of a READ, WRITE or VERIFY, or None for other commands."""
    if cdb[0] in _RANGED_10 and len(cdb) >= 10:
        return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[7:9], "big")
    if cdb[0] in _RANGED_12 and len(cdb) >= 12:
        return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[6:10], "big")
    return None


class FaultScript:
    """All faults of a drive, and how far their counts are.

    Args:
        faults: Faults as values or in text form.
    """

    def __init__(self, faults: Iterable[Fault | str] = ()) -> None:
        self.faults = tuple(f if isinstance(f, Fault) else Fault.parse(f) for f in faults)
        self._seen = [0] * len(self.faults)

    def __bool__(self) -> bool:
        return bool(self.faults)

    def strike(self, cdb: bytes) -> Fault | None:
        """Count one command and return the fault that strikes it, or None; the first in the list wins."""
        extent = sector_range(cdb)
        found = None
        for at, fault in enumerate(self.faults):
            if fault.opcodes and cdb[0] not in fault.opcodes:
                continue
            if fault.action in (Action.LIE, Action.CORRUPT) and cdb[0] not in _WRITES:
                continue
            if fault.lba is not None and not _touches(extent, fault):
                continue
            self._seen[at] += 1
            if self._seen[at] >= fault.first and (fault.last is None or self._seen[at] <= fault.last):
                found = found or fault
        return found

    def corrupted(self, fault: Fault, lba: int, data: memoryview) -> bytes:
        """Return the data of a WRITE with 16 bytes inverted in each sector that the fault is about."""
        damaged = bytearray(data)
        for at in range(0, len(damaged), SECTOR_SIZE):
            sector = lba + at // SECTOR_SIZE
            if fault.lba is None or fault.lba <= sector < (fault.lba_end or 0):
                damaged[at : at + 16] = bytes(value ^ 0xFF for value in damaged[at : at + 16])
        return bytes(damaged)


def _touches(extent: tuple[int, int] | None, fault: Fault) -> bool:
    if extent is None or fault.lba is None or fault.lba_end is None:
        return False
    lba, count = extent
    return lba < fault.lba_end and lba + count > fault.lba
