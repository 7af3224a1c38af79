"""BD-ROM, BD-R and BD-RE with one to four layers as the virtual drive has them: what tells the kinds apart.

Sources of the numbers: the sizes and formats that drives report of real discs (READ FORMAT CAPACITIES and READ TRACK
INFORMATION of blank and appended ones), the physical sector numbers that others read from discs, Pioneer's command
reference of the BDR-203 for the spare areas, and MMC-6 6.3 for the close functions. Where nobody published a drive's
answer the comment says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from aioimapi.virtual.discs._traits import KindTraits

CLUSTER: Final = 32
"""Sectors of a cluster, which is written and replaced as a whole."""

_X: Final = 8_991
"""2x in 1,000 bytes a second, the slowest that discs and drives have."""


@attrs.frozen
class BdLayers:
    """What the number of layers decides.

    Attributes:
        sectors: User sectors without spares.
        default: User sectors with the default spares.
        write_once: The smallest and the largest user area of a BD-R with spares.
        rewritable: The same of a BD-RE.
        address_units: First and last address unit of each layer's data zone, as the disc information has them.
        extended: Whether it is a BDXL, whose disc information is laid out in another way.
    """

    sectors: int
    default: int
    write_once: tuple[int, int]
    rewritable: tuple[int, int]
    address_units: tuple[tuple[int, int], ...]
    extended: bool = False

    @property
    def default_spare_clusters(self) -> int:
        """How many clusters the default format sets aside."""
        return (self.sectors - self.default) // CLUSTER


_ONE: Final = (0x020000, 0x194E7E)

LAYERS: Final[Mapping[int, BdLayers]] = {
    1: BdLayers(
        12_219_392,
        11_826_176,
        write_once=(5_796_864, 12_088_320),
        rewritable=(11_564_032, 12_088_320),
        address_units=(_ONE,),
    ),
    # The largest user area was reported; the smallest is that of the largest spare areas that the format knows.
    2: BdLayers(
        24_438_784,
        23_652_352,
        write_once=(11_200_512, 24_307_712),
        rewritable=(22_734_848, 24_307_712),
        address_units=(_ONE, (0x26B180, 0x3DFFFE)),
    ),
    # Of a BD-RE of three layers no list was published: its largest is that of the BD-R, its smallest by analogy.
    3: BdLayers(
        48_878_592,
        47_305_728,
        write_once=(30_790_656, 48_092_160),
        rewritable=(46_912_512, 48_092_160),
        address_units=((0x020000, 0x21137E), (0x5EEC80, 0x7DFFFE), (0x820000, 0xA1137E)),
        extended=True,
    ),
    # The default was reported, the others by analogy with three layers.
    4: BdLayers(
        62_500_864,
        60_403_712,
        write_once=(38_383_616, 61_452_288),
        rewritable=(59_879_424, 61_452_288),
        address_units=(
            (0x020000, 0x1FCD7E),
            (0x603280, 0x7DFFFE),
            (0x820000, 0x9FCD7E),
            (0xE03280, 0xFDFFFE),
        ),
        extended=True,
    ),
}
"""By number of layers. Layers 1 and 3 are read from the outside inwards."""


def layers_of(sectors: int) -> int:
    """Return how many layers a read-only disc of that size has."""
    return next((count for count, layers in LAYERS.items() if sectors <= layers.sectors), max(LAYERS))


def _write_once(layers: int, *speeds: int) -> KindTraits:
    return KindTraits(
        profile=0x41,
        family="BD",
        sectors=LAYERS[layers].sectors,
        formatted_sectors=LAYERS[layers].default,
        unit=CLUSTER,
        sequential=True,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset({1, 2, 6}),
        finalizing=frozenset({6}),
        max_sessions=7_927,
        max_open_tracks=16,
        write_kbps=speeds,
        read_kbps=26_973,
        layers=layers,
    )


def _overwritten(layers: int, *, profile: int, erasable: bool) -> KindTraits:
    return KindTraits(
        profile=profile,
        family="BD",
        sectors=LAYERS[layers].sectors,
        formatted_sectors=LAYERS[layers].default if erasable else LAYERS[layers].sectors,
        unit=CLUSTER,
        sequential=False,
        session_gap=0,
        first_session_gap=0,
        track_gap=0,
        close_functions=frozenset(),
        finalizing=frozenset(),
        max_sessions=1,
        max_open_tracks=1,
        write_kbps=(_X,) if erasable else (),
        erasable=erasable,
        read_kbps=26_973,
        layers=layers,
    )


BD_TRAITS: Final[Mapping[str, KindTraits]] = {
    # Up to three layers; how many it has follows from what is on it.
    "bd-rom": attrs.evolve(_overwritten(3, profile=0x40, erasable=False), layers=1),
    "bd-r": _write_once(1, 3 * _X, 2 * _X, _X),
    "bd-r-dl": _write_once(2, 3 * _X, 2 * _X, _X),
    "bd-r-tl": _write_once(3, 2 * _X, _X),
    "bd-r-ql": _write_once(4, 2 * _X, _X),
    "bd-re": _overwritten(1, profile=0x43, erasable=True),
    "bd-re-dl": _overwritten(2, profile=0x43, erasable=True),
    "bd-re-tl": _overwritten(3, profile=0x43, erasable=True),
}
