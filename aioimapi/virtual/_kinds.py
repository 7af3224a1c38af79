"""The media that the virtual drive can hold: what tells one kind from another, as one table.

Sources of the numbers: the sizes of real discs as drives report them (READ FORMAT CAPACITIES and READ TRACK
INFORMATION of blank and appended discs), ECMA-349 for the closure and intro zones between DVD+R sessions, and
MMC-6 6.3 for the close functions.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs

from aioimapi.errors import VirtualMediumError
from aioimapi.units import SPEED_1X_BYTES


class MediumKind(enum.Enum):
    """A kind of disc, by the name that URLs and sidecars use."""

    DVD_PLUS_R = "dvd+r"
    DVD_PLUS_RW = "dvd+rw"
    BD_R = "bd-r"
    BD_RE = "bd-re"
    CD_R = "cd-r"

    @property
    def traits(self) -> KindTraits:
        """What the kind is like."""
        return TRAITS[self]


@attrs.frozen
class KindTraits:
    """What tells one kind of medium from another.

    Attributes:
        profile: MMC profile number while such a disc is in the drive (MMC-6 5.3.1).
        family: ``CD``, ``DVD`` or ``BD``: the row of 1x in :data:`aioimapi.units.SPEED_1X_BYTES`.
        sectors: User sectors of a blank disc, before any formatting.
        formatted_sectors: User sectors after the default format; equal to ``sectors`` where there are no spares.
        unit: Sectors of the write unit (ECC block or cluster) that closing pads to; 1 on CD.
        write_once: Whether a sector can be recorded once only.
        session_gap: Sectors between the end of a session and the next track of the next session.
        first_session_gap: The same after the first session (a CD's first lead-out is longer).
        track_gap: Sectors between two tracks of one session.
        close_functions: CLOSE TRACK/SESSION functions that the drive has for it (MMC-6 6.3.3).
        finalizing: Those of them that end the disc.
        max_sessions: How many sessions it can hold.
        max_open_tracks: How many tracks of the open session may be open at once.
        write_kbps: Write speeds in 1,000 bytes a second, fastest first.
        read_kbps: Fastest read in 1,000 bytes a second.
        manufacturer: Made-up maker's name in the disc's own information.
        media_type: Made-up media type in the disc's own information.
    """

    profile: int
    family: str
    sectors: int
    formatted_sectors: int
    unit: int
    write_once: bool
    session_gap: int
    first_session_gap: int
    track_gap: int
    close_functions: frozenset[int]
    finalizing: frozenset[int]
    max_sessions: int
    max_open_tracks: int
    write_kbps: tuple[int, ...]
    read_kbps: int
    manufacturer: str = "AIOIMA"
    media_type: str = "V01"

    @property
    def cd(self) -> bool:
        """Whether it is a CD: addresses also as MSF, tracks with run-out blocks, mode page 05h in force."""
        return self.family == "CD"

    @property
    def one_x(self) -> int:
        """Bytes a second at 1x."""
        return SPEED_1X_BYTES[self.family]


CD_RUN_OUT: Final = 2
"""Run-out blocks at the end of a CD track or packet: part of the track's size, never readable (MMC-6 4.2.3.8)."""

CD_PACKET_LINK: Final = 7
"""Blocks lost between two packets: run-out 2, link 1, run-in 4 (MMC-6 4.2.3.8.2)."""

CD_MIN_TRACK: Final = 300
"""Shortest CD track in sectors: four seconds (MMC-6 6.3.3.1.2, Red Book)."""

CD_R_SECTORS: Final = 359_849
"""An 80-minute CD-R: its ATIP puts the last possible lead-out at 79:59:74, LBA 359,849, not at 360,000."""

TRAITS: Final[Mapping[MediumKind, KindTraits]] = {
    MediumKind.DVD_PLUS_R: KindTraits(
        profile=0x1B,
        family="DVD",
        sectors=2_295_104,
        formatted_sectors=2_295_104,
        unit=16,
        write_once=True,
        session_gap=2_048,
        first_session_gap=2_048,
        track_gap=16,
        close_functions=frozenset({1, 2, 5, 6}),
        finalizing=frozenset({5, 6}),
        max_sessions=153,
        max_open_tracks=16,
        write_kbps=(22_160, 16_620, 11_080, 5_540),
        read_kbps=22_160,
    ),
    MediumKind.DVD_PLUS_RW: KindTraits(
        profile=0x1A,
        family="DVD",
        sectors=2_295_104,
        formatted_sectors=2_295_104,
        unit=16,
        write_once=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset({0, 2}),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(5_540, 3_324),
        read_kbps=11_080,
    ),
    MediumKind.BD_R: KindTraits(
        profile=0x41,
        family="BD",
        sectors=12_219_392,
        formatted_sectors=11_826_176,
        unit=32,
        write_once=True,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset({1, 2, 6}),
        finalizing=frozenset({6}),
        max_sessions=7_927,
        max_open_tracks=16,
        write_kbps=(26_973, 17_982, 8_991),
        read_kbps=26_973,
    ),
    MediumKind.BD_RE: KindTraits(
        profile=0x43,
        family="BD",
        sectors=12_219_392,
        formatted_sectors=11_826_176,
        unit=32,
        write_once=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(8_991,),
        read_kbps=26_973,
    ),
    MediumKind.CD_R: KindTraits(
        profile=0x09,
        family="CD",
        sectors=CD_R_SECTORS,
        formatted_sectors=CD_R_SECTORS,
        unit=1,
        write_once=True,
        session_gap=6_900,
        first_session_gap=11_400,
        track_gap=150,
        close_functions=frozenset({1, 2}),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=1,
        write_kbps=(8_467, 7_056, 5_645, 4_234, 2_822, 1_411),
        read_kbps=8_467,
    ),
}


def media_kind(name: str) -> MediumKind:
    """Return the kind that ``name`` (``bd-r``, ``DVD+RW``, ...) stands for.

    Raises:
        VirtualMediumError: No such kind; the message lists those that there are.
    """
    try:
        return MediumKind(name.strip().lower().replace("_", "-"))
    except ValueError:
        known = ", ".join(kind.value for kind in MediumKind)
        raise VirtualMediumError(f"There is no virtual medium {name!r}; choose one of {known}") from None
