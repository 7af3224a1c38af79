"""BD-R and BD-RE as the virtual drive has them: what tells the kinds apart.

Sources of the numbers: the sizes of real discs as drives report them (READ FORMAT CAPACITIES and READ TRACK
INFORMATION of blank and appended discs), and
MMC-6 6.3 for the close functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aioimapi.virtual.discs._traits import KindTraits

BD_TRAITS: Final[Mapping[str, KindTraits]] = {
    "bd-r": KindTraits(
        profile=0x41,
        family="BD",
        sectors=12_219_392,
        formatted_sectors=11_826_176,
        unit=32,
        sequential=True,
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
    "bd-re": KindTraits(
        profile=0x43,
        family="BD",
        sectors=12_219_392,
        formatted_sectors=11_826_176,
        unit=32,
        sequential=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(8_991,),
        erasable=True,
        read_kbps=26_973,
    ),
}
