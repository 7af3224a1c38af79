"""The words of El Torito: platforms, emulations, entries of a boot catalog (El Torito 1.0, UEFI 13.3.2.1)."""

from __future__ import annotations

import enum
from typing import Final

import attrs

VIRTUAL_SECTOR: Final = 512
"""Bytes of the sectors that load sizes count (El Torito 1.0, 2.4)."""


class Platform(enum.IntEnum):
    """Whose firmware starts a boot image (IMAPI: PlatformId)."""

    X86 = 0x00
    POWERPC = 0x01
    MAC = 0x02
    UEFI = 0xEF


class Emulation(enum.IntEnum):
    """What drive the firmware shows the boot image as (IMAPI: EmulationType)."""

    NONE = 0
    FLOPPY_1_2 = 1
    FLOPPY_1_44 = 2
    FLOPPY_2_88 = 3
    HARD_DISK = 4


FLOPPY_BYTES: Final = {
    Emulation.FLOPPY_1_2: 80 * 2 * 15 * 512,
    Emulation.FLOPPY_1_44: 80 * 2 * 18 * 512,
    Emulation.FLOPPY_2_88: 80 * 2 * 36 * 512,
}
"""Bytes of a boot image that is shown as a floppy, by its kind: tracks, heads, sectors."""

PLATFORM_NAMES: Final = {
    Platform.X86: "BIOS",
    Platform.POWERPC: "PowerPC",
    Platform.MAC: "Mac",
    Platform.UEFI: "UEFI",
}


@attrs.frozen
class BootEntry:
    """An entry of a boot catalog.

    Attributes:
        platform: Whose firmware it is for; see :class:`Platform`.
        emulation: What it is shown as; see :class:`Emulation`. Other numbers are reserved.
        lba: The sector at which the boot image begins.
        load_sectors: Sectors of 512 bytes that the firmware loads. For UEFI, 0 and 1 mean all up to the disc's end.
        bootable: Whether the firmware may start it.
        load_segment: Where in memory it goes; 0 is 07C0h.
        system_type: The type of the partition in a hard disk's image.
        identifier: Of the section that it is in, or of the catalog for the first entry; at most 28 bytes, or 24.
        criteria_type: How the firmware is to choose; 0 for no criteria, 1 for language and version (IBM).
        criteria: The criteria themselves, at most 19 bytes.
    """

    platform: int
    emulation: int
    lba: int
    load_sectors: int
    bootable: bool = True
    load_segment: int = 0
    system_type: int = 0
    identifier: bytes = b""
    criteria_type: int = 0
    criteria: bytes = b""

    @property
    def platform_name(self) -> str:
        """The platform in a word, or its number."""
        known = Platform._value2member_map_.get(self.platform)
        return PLATFORM_NAMES[known] if isinstance(known, Platform) else f"platform {self.platform:#04x}"

    @property
    def emulation_name(self) -> str:
        """The emulation in a few words, or its number."""
        names = {0: "no emulation", 1: "floppy of 1.2 MB", 2: "floppy of 1.44 MB", 3: "floppy of 2.88 MB"}
        return {**names, 4: "hard disk"}.get(self.emulation, f"emulation {self.emulation}")
