"""What the drive does with all BDs: disc structures, formats, and spares in place of bad clusters (MMC-6 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import ReadDiscStructure
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_parameter
from aioimapi.virtual.discs._bd import BdDisc
from aioimapi.virtual.discs._bd_traits import CLUSTER
from aioimapi.virtual.discs._state import DiscState, FormatState
from aioimapi.virtual.families._bd_structures import bd_structure
from aioimapi.virtual.families._family import Family
from aioimapi.virtual.files._medium import VirtualMedium

_VERSIONS: Final = b"\xff\xff\xff\xff"
READ: Final = bytes(4) + _VERSIONS * 3 + bytes(4) + b"\xff\xff" + bytes(6)
"""Feature 0040h: which versions of BD-RE, BD-R and BD-ROM can be read; all of class 0 and 1."""
WRITE: Final = b"\x01\0\0\0" + _VERSIONS + bytes(4) + _VERSIONS + bytes(4)
"""Feature 0041h: BD-RE and BD-R of class 0 and 1, also without verifying (MMC-6 5.3.30)."""
FORMAT: Final = b"\x0f\0\0\0\0\0\0\0"
"""Feature 0023h: formats without spares, more spares, quick and full certification; no random recording."""
DEFECT_MANAGEMENT: Final = b"\x80\0\0\0"
"""Feature 0024h: the spare areas can be read about."""

FULL: Final = 0x00
MORE_SPARES: Final = 0x01
RE_SPARES: Final = 0x30
RE_NO_SPARES: Final = 0x31
R_SPARES: Final = 0x32

_IMMED: Final = 0x02
_TRY_OUT: Final = 0x04
_REPLACING_S: Final = 0.2
"""What a drive needs to write a cluster into a spare area instead: there, again, and back."""


class BdFamily(Family):
    """What BD-ROM, BD-R and BD-RE share."""

    subtypes: ClassVar[Mapping[int, tuple[int, ...]]] = {}
    """Format subtypes that can be asked for, by format type (MMC-6 6.5.4.2.15)."""

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return a disc structure."""
        return bd_structure(bd(disc), command)

    def background_state(self, disc: DiscState) -> int:
        """Return no background format: a BD-RE is formatted before it is used, and drives tell nothing here."""
        return 0

    # --- defect management --------------------------------------------------------------------------

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Put the sectors onto the disc; where a cluster is bad and was checked, onto a spare one."""
        if drive.wear is not None and drive.wear.bad:
            self.replace_bad_clusters(drive, medium, lba, count)
        super().record(drive, medium, number, lba, count, data)

    def replace_bad_clusters(self, drive: DriveState, medium: VirtualMedium, lba: int, count: int) -> None:
        """Let spares stand for the bad clusters of a range that is being written; without spares all looks well."""
        disc = bd(medium.state)
        if not disc.spare_clusters or drive.streaming:
            return
        found = disc.bad_clusters(worn(drive), lba, count)
        for cluster in found:
            if not disc.replace(cluster):
                medium.save()
                at = max(lba, cluster * CLUSTER)
                raise CheckConditionError(3, 0x32, 0, information=at)  # no defect spare location available
            drive.spend(_REPLACING_S)
        if found:
            medium.save()

    def is_replaced(self, drive: DriveState, disc: DiscState, lba: int) -> bool:
        """Return whether a spare stands for the cluster of a bad sector: it was replaced as it was written."""
        return lba // CLUSTER in bd(disc).replaced

    # --- FORMAT UNIT --------------------------------------------------------------------------------

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Format: the disc has the size that was asked for at once, and is busy for as long as it takes."""
        disc = bd(medium.state)
        self.check_format_type(disc, parameters)
        kind, subtype = parameters[8] >> 2, parameters[8] & 0x03
        if subtype not in self.subtypes[kind]:
            raise invalid_parameter(8, 1)
        sectors = self._format_size(disc, kind, int.from_bytes(parameters[4:8], "big"))
        if parameters[1] & _TRY_OUT:
            return
        self.apply_format(drive, disc, kind, subtype, sectors)
        if self.certifies(kind, subtype):
            medium.wipe()
        else:
            medium.save()
        immed = bool(parameters[1] & _IMMED)
        drive.spend(self.format_seconds(drive, disc, kind, subtype), immed=immed, ascq=FORMAT_IN_PROGRESS)

    def _format_size(self, disc: BdDisc, kind: int, sectors: int) -> int:
        """Return the user area that the host asks for; of the default format drives ignore what it says."""
        if kind == FULL:
            return disc.default_format_sectors
        sizes = [choice[0] for choice in self.format_choices(disc) if choice[1] == kind]
        if not min(sizes) <= sectors <= max(sizes) or sectors % CLUSTER:
            raise invalid_parameter(4)
        return sectors

    def apply_format(self, drive: DriveState, disc: BdDisc, kind: int, subtype: int, sectors: int) -> None:
        """Change the disc's state."""
        disc.format(sectors, FormatState.COMPLETE)

    def certifies(self, kind: int, subtype: int) -> bool:
        """Return whether a format writes and reads the whole disc, so that nothing of its data is left."""
        return False

    def format_seconds(self, drive: DriveState, disc: BdDisc, kind: int, subtype: int) -> float:
        """Return how long formatting takes."""
        return drive.physics.format_s


def bd(disc: DiscState) -> BdDisc:
    """Return the disc, which is a BD."""
    assert isinstance(disc, BdDisc)
    return disc


def worn(drive: DriveState) -> tuple[tuple[int, int], ...]:
    """Return the bad stretches of the disc, as first sector and first one after them."""
    return () if drive.wear is None else drive.wear.bad


def surface_seconds(drive: DriveState, disc: BdDisc) -> float:
    """Return how long writing and reading the whole disc takes."""
    return 2 * disc.sectors * SECTOR_SIZE / drive.write_rate
