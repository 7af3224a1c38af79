"""DVD+R, DVD+R DL and DVD+RW as the virtual drive has them: what tells the kinds apart.

Sources of the numbers: the sizes of real discs as drives report them (READ FORMAT CAPACITIES and READ TRACK
INFORMATION of blank and appended discs), ECMA-349 for the closure and intro zones between DVD+R sessions,
ECMA-364 for two layers, and MMC-6 6.3 for the close functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aioimapi.virtual.discs._traits import KindTraits

DVD_PLUS_TRAITS: Final[Mapping[str, KindTraits]] = {
    "dvd+r": KindTraits(
        profile=0x1B,
        family="DVD",
        sectors=2_295_104,
        formatted_sectors=2_295_104,
        unit=16,
        sequential=True,
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
    "dvd+rw": KindTraits(
        profile=0x1A,
        family="DVD",
        sectors=2_295_104,
        formatted_sectors=2_295_104,
        unit=16,
        sequential=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset({0, 2, 3}),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(5_540, 3_324),
        erasable=True,
        read_kbps=11_080,
    ),
    "dvd+r-dl": KindTraits(
        profile=0x2B,
        family="DVD",
        sectors=4_173_824,
        formatted_sectors=4_173_824,
        unit=16,
        sequential=True,
        session_gap=2_048,
        first_session_gap=2_048,
        track_gap=16,
        close_functions=frozenset({1, 2, 4, 5, 6}),
        finalizing=frozenset({5, 6}),
        max_sessions=127,
        max_open_tracks=16,
        write_kbps=(11_080, 8_310, 5_540, 3_324),
        read_kbps=11_080,
        layers=2,
    ),
}
