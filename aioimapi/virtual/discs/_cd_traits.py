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

CD_MIN_TRACK: Final = 300
"""Shortest CD track in sectors: four seconds (MMC-6 6.3.3.1.2, Red Book)."""

CD_R_SECTORS: Final = 359_849
"""An 80-minute CD-R: its ATIP puts the last possible lead-out at 79:59:74, LBA 359,849, not at 360,000."""

CD_TRAITS: Final[Mapping[str, KindTraits]] = {
    "cd-r": KindTraits(
        profile=0x09,
        family="CD",
        sectors=CD_R_SECTORS,
        formatted_sectors=CD_R_SECTORS,
        unit=1,
        sequential=True,
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
