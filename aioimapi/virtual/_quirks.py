"""Quirk profiles: what real drives do otherwise than the standard has it, one name for each.

A quirk is chosen by ``quirk=NAME`` in the URL, several by several of them, or by ``VirtualTarget(..., quirks=...)``.
Most of them are a refusal of one command or a change of one answer, made here; the rest asks :class:`Quirk` where
the behaviour lies.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from aioimapi.errors import VirtualMediumError


class Quirk(enum.Enum):
    """What a drive does in its own way.

    The text behind each name is what a driver sees.
    """

    SLIM = "slim"
    """The tray is closed by a hand: loading by command is refused with 5/24/00, feature 0003h says so."""
    SHORT_PAGES = "short-pages"
    """Mode pages end as in MMC-1: 2Ah after 22 bytes, without the list of write speeds; 01h after 8, 08h after 4."""
    YES_MAN = "yes-man"
    """WRITE is answered GOOD and the disc moves on, but nothing is written."""
    FAST_TALKER = "fast-talker"
    """Tells twice the speeds that it has, takes any, and writes at its slowest."""
    NO_EVENTS = "no-events"
    """GET EVENT STATUS NOTIFICATION is unknown (5/20/00), as in tgt's emulation and in drives before MMC-2."""
    NO_RESERVE = "no-reserve"
    """RESERVE TRACK is unknown (5/20/00), as in tgt's emulation."""
    NO_PERFORMANCE = "no-performance"
    """GET PERFORMANCE and SET STREAMING are unknown (5/20/00): speeds stand in mode page 2Ah only."""
    NO_BUFFER = "no-buffer"
    """READ BUFFER CAPACITY is unknown (5/20/00)."""
    NO_OPC = "no-opc"
    """SEND OPC INFORMATION is unknown (5/20/00); the drive calibrates by itself."""
    NO_IMMED = "no-immed"
    """The IMMED bit of SYNCHRONIZE CACHE, CLOSE TRACK SESSION, BLANK and START STOP UNIT is refused (5/24/00)."""
    IGNORES_IMMED = "ignores-immed"
    """IMMED is taken and ignored: the command returns when all is done. Shows with physics only."""
    ROM_AFTER_CLOSE = "rom-after-close"
    """Once a track or session is closed, the disc is a finished DVD-ROM, CD-ROM or BD-ROM until it is ejected."""
    BOOK_TYPE_ROM = "booktype-rom"
    """A DVD+R or DVD+RW says in READ DISC STRUCTURE that it is a DVD-ROM."""
    NO_NWA = "no-nwa"
    """READ TRACK INFORMATION never has a valid next writable address."""
    NEEDS_RELOAD = "needs-reload"
    """What was written since the disc was loaded cannot be read before it was ejected: READ and VERIFY are 5/21/00."""
    SLOW_START = "slow-start"
    """For five seconds after a disc was loaded, all commands that touch it are answered 2/04/01."""
    ATTENTION_AFTER_CLOSE = "attention-after-close"
    """Closing, formatting and blanking are followed by a unit attention 6/28/00: the drive has read the disc anew."""
    NO_PAGE_2A = "no-page-2a"
    """Mode page 2Ah, which MMC-4 gave up, is refused (5/24/00), and left out where all pages are asked for."""
    SHORT_SENSE = "short-sense"
    """Sense data ends after 14 bytes, without field pointers and progress, as of the first ATAPI drives."""
    SHORT_TRACK = "short-track"
    """READ TRACK INFORMATION ends after 28 bytes, as in MMC-1: no last recorded address."""
    BUSY_07 = "busy-07"
    """A full buffer is told as 2/04/07, operation in progress, and not as 2/04/08; shows with physics only."""


SLOW_START_S: Final = 5.0

_UNKNOWN: Final[Mapping[Quirk, tuple[int, ...]]] = {
    Quirk.NO_EVENTS: (0x4A,),
    Quirk.NO_RESERVE: (0x53,),
    Quirk.NO_PERFORMANCE: (0xAC, 0xB6),
    Quirk.NO_BUFFER: (0x5C,),
    Quirk.NO_OPC: (0x54,),
}

_IMMED_BITS: Final = {0x35: (1, 0x02), 0x5B: (1, 0x01), 0xA1: (1, 0x10), 0x1B: (1, 0x01)}
"""Byte and mask of the IMMED bit, by operation code."""


def parse_quirk(name: str) -> Quirk:
    """Return the quirk of that name.

    Raises:
        VirtualMediumError: There is none; the message lists those that there are.
    """
    try:
        return Quirk(name.strip().lower().replace("_", "-"))
    except ValueError:
        known = ", ".join(quirk.value for quirk in Quirk)
        raise VirtualMediumError(f"There is no quirk {name!r}; choose from {known}") from None


def quirks_of(names: Iterable[Quirk | str]) -> frozenset[Quirk]:
    """Return quirks as a set, from values and names.

    Raises:
        VirtualMediumError: A name stands for none.
    """
    return frozenset(name if isinstance(name, Quirk) else parse_quirk(name) for name in names)


def unknown_opcodes(quirks: frozenset[Quirk]) -> frozenset[int]:
    """Return the operation codes that such a drive does not know."""
    return frozenset(code for quirk in quirks for code in _UNKNOWN.get(quirk, ()))


def refused_immed(quirks: frozenset[Quirk], cdb: bytes) -> tuple[int, int] | None:
    """Return byte and bit of an IMMED bit that such a drive refuses, or None."""
    if Quirk.NO_IMMED not in quirks:
        return None
    found = _IMMED_BITS.get(cdb[0])
    if found is None or not cdb[found[0]] & found[1]:
        return None
    return found[0], found[1].bit_length() - 1


# --- answers that are changed ---------------------------------------------------------------------------


def _without_nwa(cdb: bytes, answer: bytearray) -> None:
    if len(answer) >= 16:
        answer[7] &= ~0x01
        answer[12:16] = bytes(4)


def _as_dvd_rom(cdb: bytes, answer: bytearray) -> None:
    if cdb[7] in (0x00, 0x10, 0x11) and not cdb[1] & 0x0F and len(answer) > 4:
        answer[4] &= 0x0F


def _no_load(cdb: bytes, answer: bytearray) -> None:
    """Clear the Load bit of feature 0003h, wherever it stands in the answer."""
    at = 8
    while at + 4 <= len(answer):
        if answer[at : at + 2] == b"\x00\x03" and at + 4 < len(answer):
            answer[at + 4] &= ~0x10
        at += 4 + answer[at + 3]


def _short_track(cdb: bytes, answer: bytearray) -> None:
    if len(answer) > 28:
        del answer[28:]
        answer[:2] = (26).to_bytes(2, "big")
        answer[7] &= ~0x02


_CHANGES: Final[Mapping[Quirk, tuple[int, Callable[[bytes, bytearray], None]]]] = {
    Quirk.NO_NWA: (0x52, _without_nwa),
    Quirk.SHORT_TRACK: (0x52, _short_track),
    Quirk.BOOK_TYPE_ROM: (0xAD, _as_dvd_rom),
    Quirk.SLIM: (0x46, _no_load),
}


def changed_answer(quirks: frozenset[Quirk], cdb: bytes, answer: bytes) -> bytes:
    """Return the answer to a command as such a drive gives it."""
    for quirk in quirks:
        change = _CHANGES.get(quirk)
        if change is not None and change[0] == cdb[0]:
            changed = bytearray(answer)
            change[1](cdb, changed)
            answer = bytes(changed)
    return answer


def changed_sense(quirks: frozenset[Quirk], sense: bytes) -> bytes:
    """Return sense data as such a drive gives it."""
    if Quirk.SHORT_SENSE not in quirks or len(sense) < 14:
        return sense
    return sense[:7] + b"\x06" + sense[8:14]
