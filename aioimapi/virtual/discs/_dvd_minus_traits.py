"""DVD-R, DVD-RW and DVD-R DL as the virtual drive has them: what tells the kinds apart.

Sources of the numbers: READ TRACK INFORMATION and READ FORMAT CAPACITIES of blank discs (2,297,888 sectors of the
2,298,496 that their lead-in announces), ECMA-359 and ECMA-338 for the borders, ECMA-382 for two layers, MMC-6 6.3 for
the close functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aioimapi.virtual.discs._traits import KindTraits

DVD_MINUS_RESERVE: Final = 608
"""Sectors at the end of a DVD-R or DVD-RW that its lead-in counts and that no drive lets a host write."""

_FIRST_BORDER: Final = 16_384
_BORDER: Final = 3_072
"""Border-out and next border-in: 32 MiB after the first session, 6 MiB after later ones, as near the centre."""

DVD_MINUS_TRAITS: Final[Mapping[str, KindTraits]] = {
    "dvd-r": KindTraits(
        profile=0x11,
        family="DVD",
        sectors=2_297_888,
        formatted_sectors=2_297_888,
        unit=16,
        sequential=True,
        session_gap=_BORDER,
        first_session_gap=_FIRST_BORDER,
        track_gap=0,
        close_functions=frozenset({1, 2}),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=3,
        write_kbps=(22_160, 16_620, 11_080, 5_540),
        read_kbps=22_160,
        manufacturer="AIOIMAPI",
    ),
    "dvd-rw": KindTraits(
        profile=0x14,
        family="DVD",
        sectors=2_297_888,
        formatted_sectors=2_297_888,
        unit=16,
        sequential=True,
        session_gap=_BORDER,
        first_session_gap=_FIRST_BORDER,
        track_gap=0,
        close_functions=frozenset({1, 2, 3}),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=3,
        write_kbps=(8_310, 5_540, 2_770),
        read_kbps=11_080,
        erasable=True,
        manufacturer="AIOIMAPI",
    ),
    "dvd-r-dl": KindTraits(
        profile=0x15,
        family="DVD",
        sectors=4_171_712,
        formatted_sectors=4_171_712,
        unit=16,
        sequential=True,
        session_gap=_BORDER,
        first_session_gap=_FIRST_BORDER,
        track_gap=0,
        close_functions=frozenset({1, 2}),
        finalizing=frozenset(),
        max_sessions=99,
        max_open_tracks=3,
        write_kbps=(11_080, 8_310, 5_540),
        read_kbps=11_080,
        layers=2,
        manufacturer="AIOIMAPI",
    ),
}
