"""What all DVDs share: READ DISC STRUCTURE and SEND DISC STRUCTURE, and the read-only DVD-ROM (MMC-6 4.3, 6.22)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

import attrs

from aioimapi.mmc import ReadDiscStructure, StructureMedia
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families import _dvd_structures as structures
from aioimapi.virtual.families._family import Family, Feature

PHYSICAL: Final = 0x00
COPYRIGHT: Final = 0x01
MANUFACTURING: Final = 0x04
COPYRIGHT_MANAGEMENT: Final = 0x05
LIST: Final = 0xFF

TRY_OUT: Final = 0x04
"""Flag of FORMAT UNIT's list header: only say whether it would work (MMC-6 6.5.3.2)."""

_READABLE: Final = 0x40
_SENDABLE: Final = 0x80

DVD_READ: Final[Feature] = (2, b"\x01\0\x03\0")
"""Feature 001Fh: all DVDs of the Multi book, DVD-R and DVD-RW with two layers too."""


@attrs.frozen
class StructureFormat:
    """One format of READ DISC STRUCTURE.

    Attributes:
        size: Bytes after the header; shorter ones are filled up with zeros.
        build: Makes them; None raises where the disc has none now.
        sendable: SEND DISC STRUCTURE knows it, too.
    """

    size: int
    build: Callable[[DriveState, DiscState], bytes | None]
    sendable: bool = False


def _nothing(drive: DriveState, disc: DiscState) -> bytes:
    return b""


COMMON: Final[Mapping[int, StructureFormat]] = {
    COPYRIGHT: StructureFormat(4, _nothing),
    MANUFACTURING: StructureFormat(2048, _nothing),
    COPYRIGHT_MANAGEMENT: StructureFormat(4, _nothing),
}
"""What every DVD has: no copy protection, no regions, nothing of the maker's. 02h, 03h, 06h and 07h, the keys and the
burst cutting area, are refused, as there are none."""


class DvdFamily(Family):
    """What all DVDs share.

    Attributes:
        formats: The formats of READ DISC STRUCTURE, by code.
    """

    formats: ClassVar[Mapping[int, StructureFormat]] = COMMON

    def structure_formats(self, disc: DiscState) -> Mapping[int, StructureFormat]:
        """Return the formats that the disc has now."""
        return self.formats

    def structure(self, drive: DriveState, disc: DiscState, command: ReadDiscStructure) -> bytes:
        """Return one structure, or their list."""
        if command.media is not StructureMedia.DVD:
            raise invalid_field(1, 3)
        if command.layer >= disc.kind.traits.layers:
            raise invalid_field(6)
        formats = self.structure_formats(disc)
        if command.format_ == LIST:
            body = b"".join(
                struct.pack(">BBH", code, _READABLE | (_SENDABLE if entry.sendable else 0), entry.size + 4)
                for code, entry in sorted(formats.items())
            )
        else:
            entry = formats.get(command.format_)
            content = None if entry is None else entry.build(drive, disc)
            if entry is None or content is None:
                raise invalid_field(7)
            body = content[: entry.size].ljust(entry.size, b"\0")
        return struct.pack(">Hxx", len(body) + 2) + body


class DvdRomFamily(DvdFamily):
    """DVD-ROM."""

    profiles: ClassVar[tuple[int, ...]] = (0x10,)
    offers: ClassVar[Mapping[int, Feature]] = {0x001F: DVD_READ}
    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **COMMON,
        PHYSICAL: StructureFormat(2048, lambda drive, disc: structures.rom_physical(disc)),
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read."""
        return self.offers

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """End the command: cannot write medium, incompatible format."""
        raise CheckConditionError(5, 0x30, 5)

    def background_state(self, disc: DiscState) -> int:
        """Return none: nothing of it is formatted."""
        return 0
