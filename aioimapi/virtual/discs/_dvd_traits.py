"""DVD-ROM and DVD-RAM as the virtual drive has them: what tells the kinds apart (ECMA-267, ECMA-330)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aioimapi.virtual.discs._traits import KindTraits

DVD_ROM_LAYER: Final = 2_298_496
"""Sectors of one layer, which a new DVD-ROM has where no size is given."""

DVD_RAM_PRIMARY_SPARES: Final = 12_800
DVD_RAM_MAX_SUPPLEMENTARY: Final = 97_792
"""Spare sectors of a DVD-RAM of 4.7 GB: the fixed ones, and the most that formatting can add (ECMA-330)."""

DVD_TRAITS: Final[Mapping[str, KindTraits]] = {
    "dvd-ram": KindTraits(
        profile=0x12,
        family="DVD",
        sectors=2_295_072,
        formatted_sectors=2_236_704,
        unit=16,
        sequential=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(6_925, 4_155, 2_770),
        read_kbps=6_925,
        erasable=True,
    ),
    "dvd-rom": KindTraits(
        profile=0x10,
        family="DVD",
        sectors=DVD_ROM_LAYER,
        formatted_sectors=DVD_ROM_LAYER,
        largest_sectors=4_173_824,
        unit=16,
        sequential=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(),
        read_kbps=22_160,
    ),
}
