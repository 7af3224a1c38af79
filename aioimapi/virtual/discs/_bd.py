"""What is recorded on a BD: spare areas and the clusters that they replace, and a BD-R's pseudo-overwrites.

Sectors stand in the medium file under the address that the host gave them, wherever the drive would have put them.
What a disc spends on a replaced cluster is counted only: a spare cluster for a bad one (MMC-6 4.5.1.4), a cluster at
the next writable address for one that was written again (MMC-6 4.5.3.6).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import Any, Final, Self

import attrs

from aioimapi.virtual.discs._bd_traits import CLUSTER, LAYERS, BdLayers, layers_of
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import (
    DiscState,
    FormatState,
    SessionState,
    Track,
    sector_number,
)

_DEFECT_ENTRIES: Final = 32_759
"""Entries of the defect list of one layer: four clusters of 64 KiB, less header and end, eight bytes each."""

_TDMA_CLUSTERS: Final = 2_048
"""Clusters of the first temporary disc management area, in the lead-in; each update spends one."""


@attrs.define
class BdDisc(DiscState):
    """What all BDs share.

    Attributes:
        spare_clusters: Clusters that formatting has set aside; 0: no defect management.
        replaced: Bad clusters that a spare stands for, by cluster number, in the order of their spares.
    """

    spare_clusters: int = 0
    replaced: list[int] = attrs.field(factory=list)

    @property
    def layers(self) -> BdLayers:
        """What its number of layers decides."""
        return LAYERS[self.kind.traits.layers]

    def share(self, sectors: int) -> int:
        """Return what ``sectors`` of a full-size disc are of this one, in whole clusters: a test's disc is smaller."""
        return self.raw_sectors * sectors // self.kind.traits.sectors // CLUSTER * CLUSTER

    @property
    def usable_spares(self) -> int:
        """How many clusters can replace bad ones."""
        return self.spare_clusters

    @property
    def free_spares(self) -> int:
        """How many of them are left."""
        return max(0, self.usable_spares - len(self.replaced))

    @property
    def most_defects(self) -> int:
        """How many entries the defect list has room for."""
        return _DEFECT_ENTRIES * self.kind.traits.layers

    def replace(self, cluster: int) -> bool:
        """Let a spare stand for a bad cluster; return whether there was one."""
        if not self.free_spares or len(self.replaced) >= self.most_defects:
            return False
        self.replaced.append(cluster)
        return True

    def bad_clusters(self, bad: Iterable[tuple[int, int]], lba: int, count: int) -> list[int]:
        """Return the clusters of a range of sectors that are bad and that no spare stands for, ascending.

        Args:
            bad: Stretches of bad sectors, as first one and first one after them.
            lba: First sector of the range.
            count: How many sectors it has.
        """
        found: set[int] = set()
        for first, end in bad:
            low, high = max(lba, first), min(lba + count, end)
            if low < high:
                found.update(clusters(low, high - low))
        return sorted(found.difference(self.replaced))

    def format(self, sectors: int, state: FormatState) -> None:
        """Give the disc a user area of ``sectors``; the rest is spares."""
        super().format(sectors, state)
        self.spare_clusters = (self.raw_sectors - sectors) // CLUSTER

    def facts(self) -> dict[str, Any]:
        """Return spares and defects."""
        facts: dict[str, Any] = {"spare_clusters": self.spare_clusters}
        if self.replaced:
            facts["replaced"] = self.replaced
        return facts

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take them back; what is not user area was set aside."""
        aside = (self.raw_sectors - self.sectors) // CLUSTER
        self.spare_clusters = sector_number(facts.get("spare_clusters", aside))
        self.replaced = [sector_number(cluster) for cluster in facts.get("replaced", [])]

    def check(self) -> None:
        """Refuse spares that the disc cannot have."""
        super().check()
        if self.sectors + self.spare_clusters * CLUSTER > self.raw_sectors:
            raise ValueError(f"{self.spare_clusters} spare clusters beside {self.sectors} sectors")
        if len(set(self.replaced)) != len(self.replaced):
            raise ValueError("a cluster is replaced twice")


@attrs.define
class BdReDisc(BdDisc):
    """The recording state of a BD-RE."""


@attrs.define
class BdRomDisc(BdDisc):
    """A BD-ROM: complete from the press."""

    @classmethod
    def blank(cls, kind: MediumKind, sectors: int | None = None) -> Self:
        """Return a disc of ``sectors``, or of one layer."""
        size = LAYERS[1].sectors if sectors is None else sectors
        state = cls(kind, size, size, format_state=FormatState.COMPLETE, finalized=True)
        state.tracks = [Track(1, 0, size, end=size, closed=True)]
        return state

    @property
    def layers(self) -> BdLayers:
        """As many as hold what is on it."""
        return LAYERS[layers_of(self.raw_sectors)]

    def format_as_sold(self) -> None:
        """Leave it as it is."""


@attrs.define
class BdRDisc(BdDisc):
    """The recording state of a BD-R in sequential recording mode.

    Attributes:
        pow: Whether it was formatted for pseudo-overwrite.
        moved: Clusters that were written again, as runs (first, first place of them now, how many), ascending.
        updates: How often the disc management area was written.
        cached: The cluster that was written again last and is still in the drive's cache, or -1.
    """

    pow: bool = False
    moved: list[tuple[int, int, int]] = attrs.field(factory=list)
    updates: int = 0
    cached: int = attrs.field(default=-1, eq=False)

    @property
    def packet_recording(self) -> bool:
        """Real drives show a BD-R's tracks with the Packet bit."""
        return True

    # --- what formatting gave it --------------------------------------------------------------------

    @property
    def usable_spares(self) -> int:
        """How many clusters can replace bad ones: half of them, for the others hold the disc management areas."""
        return self.spare_clusters // 2

    @property
    def update_clusters(self) -> int:
        """How many updates of the disc management area it has room for."""
        return _TDMA_CLUSTERS * self.kind.traits.layers + self.spare_clusters - self.usable_spares

    def format(self, sectors: int, state: FormatState) -> None:
        """Set spares aside; the track begins anew."""
        super().format(sectors, state)
        self.updates += 1

    def reserve(self, count: int) -> None:
        """Split the incomplete track; the disc management area notes it."""
        super().reserve(count)
        self.updates += 1

    def close_track(self, number: int) -> None:
        """Close an open track; the disc management area notes it."""
        super().close_track(number)
        self.updates += 1

    def end_session(self) -> None:
        """Note the end of the session."""
        self.updates += 1

    # --- pseudo-overwrite ---------------------------------------------------------------------------

    @property
    def overwritable(self) -> bool:
        """Whether recorded sectors can be written again: it was formatted so, and something is recorded."""
        return self.pow and not self.finalized and self.session_state is not SessionState.EMPTY

    @property
    def complete_sessions(self) -> int:
        """A disc with pseudo-overwrite counts as one session that can be read, although it stays open."""
        return 1 if self.overwritable else super().complete_sessions

    def readable_end(self) -> int:
        """Return what drives show of a disc with pseudo-overwrite: the whole user area once something is recorded."""
        return self.sectors if self.overwritable else super().readable_end()

    @property
    def map_entries(self) -> int:
        """How many clusters the map of moved ones has."""
        return sum(count for _, _, count in self.moved)

    def move(self, cluster: int, to: int) -> None:
        """Note that ``to`` holds a cluster that was written again."""
        at = bisect.bisect_right(self.moved, cluster, key=lambda run: run[0])
        if at and sum(self.moved[at - 1][::2]) > cluster:
            at -= 1
            first, place, count = self.moved.pop(at)
            before = cluster - first
            pieces = [(first, place, before), (cluster + 1, place + before + 1, count - before - 1)]
            self.moved[at:at] = [piece for piece in pieces if piece[2]]
            at += before > 0
        if at and self.moved[at - 1][0] + self.moved[at - 1][2] == cluster:
            first, place, count = self.moved[at - 1]
            if place + count == to:
                self.moved[at - 1] = (first, place, count + 1)
                return
        self.moved.insert(at, (cluster, to, 1))

    @property
    def open_clusters(self) -> set[int]:
        """Return the clusters that are filled in part: they are still in the drive's cache and cost nothing."""
        return {
            track.next_lba // CLUSTER
            for track in self.tracks
            if not track.closed and track.next_lba % CLUSTER
        }

    def replacement_track(self) -> int:
        """Return the number of the last open track that has a free cluster, or 0."""
        for number in range(len(self.tracks), 0, -1):
            if self.free_sectors(self.tracks[number - 1]) >= CLUSTER:
                return number
        return 0

    def recorded_until(self, lba: int, end: int) -> int:
        """Return the first sector from ``lba`` up to ``end`` that is not recorded, or ``end``."""
        while lba < end:
            number = self.track_of(lba)
            if number is None or lba >= self.tracks[number - 1].next_lba:
                return lba
            lba = self.tracks[number - 1].next_lba
        return end

    def split(self, number: int, lba: int) -> None:
        """Split track ``number``: what follows ``lba`` becomes a track of its own (RESERVE TRACK by address)."""
        track = self.tracks[number - 1]
        rest = self.new_track(track.session, lba)
        rest.end = track.end
        rest.reserved = track.end is not None
        track.end = lba
        track.reserved = True
        self.tracks.insert(number, rest)
        self.updates += 1

    # --- the sidecar --------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return spares, defects, and the map of what was written again."""
        facts = super().facts()
        facts["updates"] = self.updates
        if self.pow:
            facts["pow"] = True
            facts["moved"] = self.moved
        return facts

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take them back."""
        super().take_facts(facts)
        self.updates = sector_number(facts.get("updates", 0))
        self.pow = bool(facts.get("pow", False))
        self.moved = [tuple(map(sector_number, run)) for run in facts.get("moved", [])]  # type: ignore[misc]

    def check(self) -> None:
        """Refuse maps that lead nowhere."""
        super().check()
        after, last = 0, self.sectors // CLUSTER
        for first, place, count in self.moved:
            if not (after <= first and count > 0 and max(first, place) + count <= last):
                raise ValueError(f"clusters {first} to {first + count} at {place}")
            after = first + count


def clusters(lba: int, count: int) -> range:
    """Return the clusters that a range of sectors touches."""
    return range(lba // CLUSTER, -(-(lba + count) // CLUSTER))
