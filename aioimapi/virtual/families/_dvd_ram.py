"""DVD-RAM: random access, the drive's own defect management (MMC-6 4.3.8; ECMA-330)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import FormatType, SendDiscStructure
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual.discs._dvd_ram import ECC_BLOCK, DvdRamDisc
from aioimapi.virtual.discs._dvd_traits import DVD_RAM_MAX_SUPPLEMENTARY
from aioimapi.virtual.discs._state import DiscState, FormatState
from aioimapi.virtual.families import _dvd_structures as structures
from aioimapi.virtual.families._dvd import (
    COMMON,
    DVD_READ,
    PHYSICAL,
    TRY_OUT,
    DvdFamily,
    StructureFormat,
)
from aioimapi.virtual.families._family import Feature, FormatChoice
from aioimapi.virtual.files._medium import VirtualMedium

DISC_DEFINITION: Final = 0x08
MEDIUM_STATUS: Final = 0x09
SPARE_AREAS: Final = 0x0A
RECORDING_TYPE: Final = 0x0B
WRITE_PROTECTION: Final = 0xC0

_PERSISTENT: Final = 0x02

_OPTIONS_VALID: Final = 0x80
_NO_CERTIFICATION: Final = 0x20
_REPLACING_S: Final = 0.2
"""What a drive needs to write a block into a spare area instead: there, again, and back."""


def _ram(disc: DiscState) -> DvdRamDisc:
    assert isinstance(disc, DvdRamDisc)
    return disc


def _medium_status(drive: DriveState, disc: DiscState) -> bytes:
    """Return format 09h: no cartridge; a disc that may be written without one."""
    return bytes((0x04 if _protected(drive, disc) else 0, 0x10, 0, 0))


def _protected(drive: DriveState, disc: DiscState) -> bool:
    return _ram(disc).protected or (drive.medium is not None and drive.medium.readonly)


def _write_protection(drive: DriveState, disc: DiscState) -> bytes:
    """Return format C0h: protection that stays on the disc; of a file that is only read, too."""
    return bytes((_PERSISTENT if _protected(drive, disc) else 0, 0, 0, 0))


class DvdRamFamily(DvdFamily):
    """DVD-RAM."""

    profiles: ClassVar[tuple[int, ...]] = (0x12,)
    offers: ClassVar[Mapping[int, Feature]] = {
        0x0004: (2, b"\x02\0\0\0"),  # write protection that stays on the disc
        0x001F: DVD_READ,
        0x0020: (1, struct.pack(">IIHBB", 0, SECTOR_SIZE, 16, 1, 0)),
        0x0023: (1, bytes(8)),
        0x0024: (1, b"\x80\0\0\0"),  # tells of its spare areas
    }
    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **COMMON,
        PHYSICAL: StructureFormat(2048, lambda drive, disc: structures.ram_physical(disc)),
        DISC_DEFINITION: StructureFormat(2048, lambda drive, disc: structures.disc_definition(_ram(disc))),
        MEDIUM_STATUS: StructureFormat(4, _medium_status),
        SPARE_AREAS: StructureFormat(12, lambda drive, disc: structures.spare_areas(_ram(disc))),
        RECORDING_TYPE: StructureFormat(4, lambda drive, disc: b""),
        WRITE_PROTECTION: StructureFormat(4, _write_protection, sendable=True),
    }

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, random write, format, defect management, write protection."""
        last = struct.pack(">IIHBB", max(0, disc.sectors - 1), SECTOR_SIZE, 16, 1, 0)
        return {**self.offers, 0x0020: (1, last)}

    # --- write protection ---------------------------------------------------------------------------

    def take_structure(
        self, drive: DriveState, medium: VirtualMedium, command: SendDiscStructure, body: bytes
    ) -> None:
        """Protect the disc, or lift that (MMC-6 6.36.2.11)."""
        if command.format_ != WRITE_PROTECTION:
            raise invalid_field(7)
        if len(body) < 4:
            raise CheckConditionError(5, 0x1A, 0)
        if body[0] & ~_PERSISTENT:
            raise invalid_parameter(4)
        _ram(medium.state).protected = bool(body[0])
        medium.save()

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Take a WRITE anywhere, unless the disc is protected."""
        if _ram(disc).protected:
            raise CheckConditionError(7, 0x27, 4)  # persistent write protect
        return super().accept_write(drive, disc, lba, count)

    # --- defect management --------------------------------------------------------------------------

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Put the sectors onto the disc; where a block is bad and was checked, onto a spare one."""
        if drive.wear is not None and drive.wear.bad and not drive.streaming:
            _replace_bad_blocks(drive, medium, drive.wear.bad, lba, count)
        medium.put(lba, data)

    def is_replaced(self, drive: DriveState, disc: DiscState, lba: int) -> bool:
        """Return whether a spare stands for the block of a bad sector: it was replaced as it was written."""
        return lba // ECC_BLOCK in _ram(disc).replaced

    # --- FORMAT UNIT --------------------------------------------------------------------------------

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """The default and the largest size, and spares as many as there can be."""
        ram = _ram(disc)
        default, smallest = ram.default_format_sectors, _smallest(ram)
        choices: list[FormatChoice] = [
            (default, FormatType.FULL, SECTOR_SIZE),
            (disc.raw_sectors, FormatType.FULL, SECTOR_SIZE),
        ]
        sizes = [size for size in (default, smallest) if size < disc.sectors]
        return choices + [(size, FormatType.SPARE_EXPANSION, SECTOR_SIZE) for size in sizes]

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Format to one of the sizes on offer; 01h only turns user sectors into spares, the data stays."""
        disc = _ram(medium.state)
        if disc.protected:
            raise CheckConditionError(7, 0x27, 4)
        self.check_format_type(disc, parameters)
        kind = parameters[8] >> 2
        sectors = int.from_bytes(parameters[4:8], "big")
        if sectors not in {choice[0] for choice in self.format_choices(disc) if choice[1] == kind}:
            raise invalid_parameter(4)
        if parameters[1] & TRY_OUT:
            return
        disc.format(sectors, FormatState.COMPLETE)
        quick = bool(parameters[1] & _OPTIONS_VALID and parameters[1] & _NO_CERTIFICATION)
        if kind == FormatType.FULL and not quick:  # certifying finds all bad blocks
            disc.replaced = []
            disc.replaced = disc.bad_blocks(drive.wear.bad if drive.wear is not None else (), 0, sectors)
        disc.replaced = disc.replaced[: disc.spare_blocks]
        seconds = drive.physics.close_s
        if kind == FormatType.FULL and not quick:
            medium.wipe()
            if drive.physics.enabled:
                seconds = 2 * sectors * SECTOR_SIZE / drive.write_rate  # written and read again
        else:
            medium.save()
        immed = bool(parameters[1] & 0x02)
        drive.spend(seconds, immed=immed, ascq=FORMAT_IN_PROGRESS)

    def background_state(self, disc: DiscState) -> int:
        """Return none: it is not formatted in the background."""
        return 0


def _replace_bad_blocks(
    drive: DriveState, medium: VirtualMedium, bad: tuple[tuple[int, int], ...], lba: int, count: int
) -> None:
    disc = _ram(medium.state)
    found = disc.bad_blocks(bad, lba, count)
    for block in found:
        if not disc.replace(block):
            medium.save()
            at = max(lba, block * ECC_BLOCK)
            raise CheckConditionError(3, 0x32, 0, information=at)  # no defect spare location available
        drive.spend(_REPLACING_S)
    if found:
        medium.save()


def _smallest(disc: DvdRamDisc) -> int:
    """Return what the largest supplementary spare area leaves; of a test's disc its share."""
    full = disc.kind.traits.sectors
    return disc.raw_sectors * (full - DVD_RAM_MAX_SUPPLEMENTARY) // full // 16 * 16
