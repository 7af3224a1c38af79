"""BD-R in sequential recording mode, with and without spares and pseudo-overwrite (MMC-6 4.5.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import (
    CloseFunction,
    CloseTrackSession,
    DiscInformationType,
    ReadDiscInformation,
    ReserveTrack,
)
from aioimapi.units import SECTOR_SIZE, round_up
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.discs._bd import BdDisc, BdRDisc, clusters
from aioimapi.virtual.discs._bd_traits import CLUSTER
from aioimapi.virtual.discs._state import DiscState, DiscStatus, Track
from aioimapi.virtual.families._bd import (
    DEFECT_MANAGEMENT,
    FORMAT,
    FULL,
    R_SPARES,
    READ,
    WRITE,
    BdFamily,
)
from aioimapi.virtual.families._family import Feature, FormatChoice, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

_WITH_POW: Final = 0
_WITHOUT_POW: Final = 1


class BdRFamily(BdFamily):
    """BD-R."""

    profiles: ClassVar[tuple[int, ...]] = (0x41, 0x40)
    offers: ClassVar[Mapping[int, Feature]] = {
        # Packets; track resources are told, tracks are reserved by address, too, buffer underruns do no harm.
        0x0021: (3, bytes((1, 0, 7, 1, 7, 0, 0, 0))),
        0x0023: (1, FORMAT),
        0x0024: (1, DEFECT_MANAGEMENT),
        0x0038: (0, bytes(4)),
        0x0040: (0, READ),
        0x0041: (0, WRITE),
    }
    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {
        FULL: (_WITH_POW, _WITHOUT_POW),
        R_SPARES: (_WITH_POW, _WITHOUT_POW),
    }
    """No random recording mode, 2."""

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """BD read; while it can be written, incremental streaming and BD write; what formatting gave it."""
        area = bd_r(disc)
        codes = {0x0040}
        if disc.status is not DiscStatus.COMPLETE:
            codes |= {0x0021, 0x0041}
            if area.pow:
                codes.add(0x0038)
        if disc.status is DiscStatus.BLANK:
            codes.add(0x0023)
        if area.spare_clusters:
            codes.add(0x0024)
        return {code: feature for code, feature in self.offers.items() if code in codes}

    # --- formats ------------------------------------------------------------------------------------

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """Spares of three sizes, while it is blank."""
        if disc.status is not DiscStatus.BLANK:
            return []
        area = bd_r(disc)
        default = disc.default_format_sectors
        least, most = (area.share(sectors) for sectors in area.layers.write_once)
        rows = [(sectors, R_SPARES, 0) for sectors in (default, least, most)]
        return [(default, FULL, area.layers.default_spare_clusters), *rows]

    def apply_format(self, drive: DriveState, disc: BdDisc, kind: int, subtype: int, sectors: int) -> None:
        """Set spares aside, and allow pseudo-overwrite where it was asked for."""
        super().apply_format(drive, disc, kind, subtype, sectors)
        bd_r(disc).pow = subtype == _WITH_POW

    # --- WRITE and READ -----------------------------------------------------------------------------

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Return the track that takes new sectors, or the clusters for what is written again."""
        area = bd_r(disc)
        if not area.overwritable or disc.writable_track(lba) is not None:
            return super().accept_write(drive, disc, lba, count)
        end = lba + count
        if lba >= disc.sectors or end > disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        recorded = area.recorded_until(lba, end)
        if recorded == lba:
            raise CheckConditionError(5, 0x21, 2)  # neither recorded nor a next writable address
        spared = area.open_clusters | {area.cached}
        needed = sum(1 for cluster in clusters(lba, recorded - lba) if cluster not in spared)
        if recorded < end:
            number = super().accept_write(drive, disc, recorded, end - recorded)
            room = disc.tracks[number - 1]
            first = round_up(end, CLUSTER)
        else:
            number = area.replacement_track()
            if not number:
                number = next((n for n, track in enumerate(disc.tracks, 1) if not track.closed), 0)
                if needed or not number:
                    raise CheckConditionError(5, 0x63, 0)  # end of user area encountered on this track
            room = disc.tracks[number - 1]
            first = round_up(room.next_lba, CLUSTER)
        if first + needed * CLUSTER > disc.track_end(room):
            raise CheckConditionError(5, 0x63, 0)
        if area.map_entries + needed > area.most_defects:
            raise CheckConditionError(3, 0x32, 1)  # defect list update failure
        return number

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Write new sectors at the next writable address; what is recorded already goes to new clusters."""
        disc = bd_r(medium.state)
        if not disc.pow or lba == disc.tracks[number - 1].next_lba or disc.writable_track(lba) == number:
            super().record(drive, medium, number, lba, count, data)
            return
        end = lba + count
        recorded = disc.recorded_until(lba, end)
        cut = (recorded - lba) * SECTOR_SIZE
        spared = disc.open_clusters | {disc.cached}
        if recorded < end:
            super().record(drive, medium, number, recorded, end - recorded, data[cut:])
        medium.put(lba, data[:cut])
        moving = [cluster for cluster in clusters(lba, recorded - lba) if cluster not in spared]
        if moving:
            self._move(medium, number, moving)

    def _move(self, medium: VirtualMedium, number: int, moving: list[int]) -> None:
        """Spend one cluster at the next writable address of track ``number`` for each that was written again."""
        disc = bd_r(medium.state)
        track = disc.tracks[number - 1]
        self.fill_cluster(medium, number)
        for cluster in moving:
            disc.move(cluster, track.next_lba // CLUSTER)
            track.next_lba += CLUSTER
        disc.cached = moving[-1]
        medium.save()

    def fill_cluster(self, medium: VirtualMedium, number: int) -> None:
        """Fill up the cluster at the next writable address."""
        track = medium.state.tracks[number - 1]
        end = min(round_up(track.next_lba, CLUSTER), medium.state.track_end(track))
        if end > track.next_lba:
            medium.skip(number, track.next_lba, end - track.next_lba)

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """Fill up the last cluster; what is written again from now on needs a new one."""
        self.fill_cluster(medium, number)
        bd_r(medium.state).cached = -1

    def check_readable(self, disc: DiscState, lba: int, count: int) -> None:
        """With pseudo-overwrite all of the user area can be read: what is not recorded is zeros."""
        if not bd_r(disc).overwritable or lba + count > disc.sectors:
            super().check_readable(disc, lba, count)

    # --- CLOSE TRACK SESSION, RESERVE TRACK ---------------------------------------------------------

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Close; with pseudo-overwrite there is one session only, and real drives refuse to close it alone."""
        disc = bd_r(medium.state)
        if disc.pow and command.function == CloseFunction.SESSION:
            raise invalid_field(2, 2)
        super().close(drive, medium, command)

    def close_track(self, drive: DriveState, disc: DiscState, number: int) -> None:
        """Close a track; with pseudo-overwrite a closed one was written again, and there is nothing to do."""
        if bd_r(disc).pow and 1 <= number <= len(disc.tracks) and disc.tracks[number - 1].closed:
            return
        super().close_track(drive, disc, number)

    def reserve(self, drive: DriveState, medium: VirtualMedium, command: ReserveTrack) -> None:
        """Reserve by size, or split the open track that holds an address."""
        disc = bd_r(medium.state)
        if not command.by_address:
            super().reserve(drive, medium, command)
            return
        if disc.finalized:
            raise CheckConditionError(5, 0x30, 5)
        lba = command.lba or 0
        number = disc.track_of(lba)
        if number is None or lba % CLUSTER:
            raise invalid_field(2)
        track = disc.tracks[number - 1]
        if track.closed or lba <= track.next_lba:
            raise sequence_error()
        if not self.can_reserve(disc):
            raise CheckConditionError(5, 0x72, 5)  # no more track reservations allowed
        disc.split(number, lba)
        medium.save()

    # --- what it tells ------------------------------------------------------------------------------

    def disc_information(self, drive: DriveState, disc: DiscState, command: ReadDiscInformation) -> bytes:
        """Return the standard information, the track resources, or what pseudo-overwrite has left."""
        area = bd_r(disc)
        if command.data_type is DiscInformationType.TRACK_RESOURCES:
            traits = disc.kind.traits
            open_count = sum(1 for track in disc.tracks if self.is_open(disc, track))
            return struct.pack(
                ">HBxHHHH",
                10,
                1 << 5,
                traits.max_sessions,
                len(disc.tracks),
                traits.max_open_tracks,
                open_count,
            )
        if command.data_type is DiscInformationType.POW_RESOURCES and area.pow:
            free = sum(disc.free_sectors(track) // CLUSTER for track in disc.tracks)
            entries = area.most_defects - area.map_entries - len(area.replaced)
            updates = max(0, area.update_clusters - area.updates)
            return struct.pack(">HBxIII", 14, 2 << 5, free, max(0, entries), updates)
        return super().disc_information(drive, disc, command)

    def track_flags(self, disc: DiscState, track: Track) -> int:
        """Return RT for closed tracks, too: real drives show a BD-R's as partially recorded reserved ones."""
        return super().track_flags(disc, track) | (0x80 if track.closed else 0)

    def listed_tracks(self, disc: DiscState) -> list[int]:
        """Return the tracks of complete sessions; with pseudo-overwrite drives show one over the whole disc."""
        return [1] if bd_r(disc).overwritable else super().listed_tracks(disc)


def bd_r(disc: DiscState) -> BdRDisc:
    """Return the disc, which is a BD-R."""
    assert isinstance(disc, BdRDisc)
    return disc
