"""CDs as the virtual drive has them: what tells the kinds apart, and the sizes of what links tracks.

Sources of the numbers: the sizes of real discs as drives report them (READ FORMAT CAPACITIES and READ TRACK
INFORMATION of blank and appended discs), the Red and Orange Books by way of MMC-6 4.2, and
MMC-6 6.3 for the close functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aioimapi.virtual.discs._traits import KindTraits

CD_RUN_OUT: Final = 2
"""Run-out blocks at the end of a CD track or packet: part of the track's size, never readable (MMC-6 4.2.3.8)."""

CD_PACKET_LINK: Final = 7
"""Blocks lost between two packets: run-out 2, link 1, run-in 4 (MMC-6 4.2.3.8.2)."""

CD_LINK: Final = 5
"""Of those, the blocks that lie behind the run-out: link 1, run-in 4."""

CD_FIXED_PACKET: Final = 32
"""User blocks of a fixed packet, in which a formatted CD-RW is overwritten (MMC-6 6.5.4.2.8)."""

CD_MIN_TRACK: Final = 300
"""Shortest CD track in sectors: four seconds (MMC-6 6.3.3.1.2, Red Book)."""

CD_PREGAP: Final = 150
"""Sectors in front of a session's first track, and of every track that is not written at once with its session."""

CD_LEAD_IN: Final = 4_500
"""Sectors of the lead-in of every session but the first: a minute (MMC-6 4.2.3.6)."""

CD_FIRST_LEAD_IN: Final = (97, 34, 23)
"""Where the first lead-in begins, as the ATIP of the virtual discs has it: minute, second, frame."""

CD_FIRST_LEAD_IN_LBA: Final = -11_077
"""The same as a logical block address: (97 * 60 + 34) * 75 + 23 - 450,150."""

CD_SECTORS: Final[Mapping[int, int]] = {74: 332_849, 80: 359_849, 90: 404_849, 99: 445_349}
"""Sectors by minutes: the ATIP puts the last possible lead-out a frame before the full time, as at 79:59:74."""

CD_R_SECTORS: Final = CD_SECTORS[80]
"""An 80-minute CD-R: its ATIP puts the last possible lead-out at 79:59:74, LBA 359,849, not at 360,000."""


def _recordable(profile: int, write_kbps: tuple[int, ...], *, erasable: bool) -> KindTraits:
    return KindTraits(
        profile=profile,
        family="CD",
        sectors=CD_R_SECTORS,
        formatted_sectors=CD_R_SECTORS,
        largest_sectors=max(CD_SECTORS.values()),
        unit=1,
        sequential=True,
        session_gap=6_900,
        first_session_gap=11_400,
        track_gap=CD_PREGAP,
        close_functions=frozenset({1, 2}),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=1,
        write_kbps=write_kbps,
        read_kbps=8_467,
        erasable=erasable,
    )


CD_TRAITS: Final[Mapping[str, KindTraits]] = {
    "cd-r": _recordable(0x09, (8_467, 7_056, 5_645, 4_234, 2_822, 1_411), erasable=False),
    # High speed media: 4x to 10x, as their ATIP says.
    "cd-rw": _recordable(0x0A, (1_764, 1_411, 706), erasable=True),
    "cd-rom": KindTraits(
        profile=0x08,
        family="CD",
        sectors=CD_R_SECTORS,
        formatted_sectors=CD_R_SECTORS,
        largest_sectors=max(CD_SECTORS.values()),
        unit=1,
        sequential=True,
        session_gap=6_900,
        first_session_gap=11_400,
        track_gap=CD_PREGAP,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=1,
        write_kbps=(),
        read_kbps=8_467,
    ),
}
