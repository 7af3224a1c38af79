"""BD-RE, and BD-ROM, which has nothing but what was pressed (MMC-6 4.5.1, 4.5.2)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar

from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError
from aioimapi.virtual.discs._bd import BdDisc
from aioimapi.virtual.discs._bd_traits import CLUSTER
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._bd import (
    DEFECT_MANAGEMENT,
    FORMAT,
    FULL,
    MORE_SPARES,
    RE_NO_SPARES,
    RE_SPARES,
    READ,
    WRITE,
    BdFamily,
    bd,
    surface_seconds,
    worn,
)
from aioimapi.virtual.families._family import Feature, FormatChoice

_FULL_CERTIFICATION = 2
_QUICK_CERTIFICATION = 3


class BdReFamily(BdFamily):
    """BD-RE."""

    profiles: ClassVar[tuple[int, ...]] = (0x43, 0x40)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x0020: (1, struct.pack(">IIHBB", 0, 2048, CLUSTER, 1, 0)),
        0x0023: (1, FORMAT),
        0x0024: (1, DEFECT_MANAGEMENT),
        0x0040: (0, READ),
        0x0041: (0, WRITE),
    }
    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {
        FULL: (0, 1, 2, 3),
        MORE_SPARES: (0,),
        RE_SPARES: (0, 2, 3),
        RE_NO_SPARES: (0, 1, 2, 3),
    }
    """Quick reformat, full and quick certification; no certification, 1, only without spares."""

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """BD read and write, random write, format; defect management unless it was formatted without spares."""
        now = {
            **self.offers,
            0x0020: (1, struct.pack(">IIHBB", max(0, disc.sectors - 1), 2048, CLUSTER, 1, 0)),
        }
        if disc.formatted and not bd(disc).spare_clusters:
            del now[0x0024]
        return now

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """The default, more and fewer spares, and none; of a formatted disc also more spares beside its data."""
        area = bd(disc)
        default = disc.default_format_sectors
        least, most = (area.share(sectors) for sectors in area.layers.rewritable)
        rows = [(sectors, RE_SPARES, _clusters(disc, sectors)) for sectors in (default, least, most)]
        rows.append((disc.raw_sectors, RE_NO_SPARES, 0x800))
        rows.insert(0, (default, FULL, _clusters(disc, default)))
        if disc.formatted and area.spare_clusters and disc.sectors > least:
            rows.insert(1, (least, MORE_SPARES, 0))
        return rows

    def apply_format(self, drive: DriveState, disc: BdDisc, kind: int, subtype: int, sectors: int) -> None:
        """Set spares aside; known defects stay known, and certifying the whole disc finds all."""
        super().apply_format(drive, disc, kind, subtype, sectors)
        disc.tracks[0].next_lba = 0
        if self.certifies(kind, subtype):
            disc.replaced = []
            found = disc.bad_clusters(worn(drive), 0, sectors)
        else:
            found = disc.replaced
        disc.replaced = [cluster for cluster in found if cluster * CLUSTER < sectors][: disc.usable_spares]

    def certifies(self, kind: int, subtype: int) -> bool:
        """Return whether it is a full certification; the default format has none."""
        return kind in (RE_SPARES, RE_NO_SPARES) and subtype == _FULL_CERTIFICATION

    def format_seconds(self, drive: DriveState, disc: BdDisc, kind: int, subtype: int) -> float:
        """Certifying takes as long as writing and reading the disc, or a tenth of it."""
        if self.certifies(kind, subtype):
            return surface_seconds(drive, disc)
        if kind in (RE_SPARES, RE_NO_SPARES) and subtype == _QUICK_CERTIFICATION:
            return surface_seconds(drive, disc) / 10
        return super().format_seconds(drive, disc, kind, subtype)


def _clusters(disc: DiscState, sectors: int) -> int:
    """Return the size of the spare areas in clusters, which is the type dependent parameter."""
    if disc.raw_sectors == disc.kind.traits.sectors:
        return (disc.raw_sectors - sectors) // CLUSTER
    return (disc.kind.traits.sectors - sectors * disc.kind.traits.sectors // disc.raw_sectors) // CLUSTER


class BdRomFamily(BdFamily):
    """BD-ROM."""

    profiles: ClassVar[tuple[int, ...]] = (0x40,)
    offers: ClassVar[Mapping[int, Feature]] = {0x0040: (0, READ)}

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """BD read."""
        return self.offers

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """End the command: nothing can be written."""
        raise CheckConditionError(5, 0x30, 5)
