"""Profiles: the kinds of disc that a drive knows, and what each kind means for writing (MMC-5 5.3)."""

from __future__ import annotations

import enum
from typing import Final

import attrs

from aioimapi.mmc._fields import OpenIntEnum
from aioimapi.units import FRAMES_PER_SECOND, RAW_SECTOR_SIZE, SPEED_1X_BYTES


class Profile(OpenIntEnum):
    """Profile numbers (MMC-5 5.3); a number without a name stays a number."""

    NONE = 0x0000
    """No disc, or one that the drive cannot make sense of."""
    NON_REMOVABLE_DISK = 0x0001
    REMOVABLE_DISK = 0x0002
    MO_ERASABLE = 0x0003
    OPTICAL_WRITE_ONCE = 0x0004
    AS_MO = 0x0005
    CD_ROM = 0x0008
    CD_R = 0x0009
    CD_RW = 0x000A
    DVD_ROM = 0x0010
    DVD_R_SEQUENTIAL = 0x0011
    DVD_RAM = 0x0012
    DVD_RW_RESTRICTED_OVERWRITE = 0x0013
    DVD_RW_SEQUENTIAL = 0x0014
    DVD_R_DL_SEQUENTIAL = 0x0015
    DVD_R_DL_LAYER_JUMP = 0x0016
    DVD_RW_DL = 0x0017
    DVD_DOWNLOAD = 0x0018
    DVD_PLUS_RW = 0x001A
    DVD_PLUS_R = 0x001B
    DDCD_ROM = 0x0020
    DDCD_R = 0x0021
    DDCD_RW = 0x0022
    DVD_PLUS_RW_DL = 0x002A
    DVD_PLUS_R_DL = 0x002B
    BD_ROM = 0x0040
    BD_R_SEQUENTIAL = 0x0041
    BD_R_RANDOM = 0x0042
    BD_RE = 0x0043
    HD_DVD_ROM = 0x0050
    HD_DVD_R = 0x0051
    HD_DVD_RAM = 0x0052
    HD_DVD_RW = 0x0053
    HD_DVD_R_DL = 0x0058
    HD_DVD_RW_DL = 0x005A
    NON_CONFORMING = 0xFFFF


class Writing(enum.Enum):
    """How a kind of disc takes data."""

    NEVER = "never"
    """Read-only, or not known."""
    SEQUENTIAL = "sequential"
    """From the next writable address on; sessions and tracks; nothing is overwritten."""
    OVERWRITE = "overwrite"
    """Any address, again and again, once formatted; no sessions to close."""


@attrs.frozen
class ProfileTraits:
    """What a profile means for writing and reading.

    Args:
        name: The name as MMC has it.
        family: ``CD``, ``DVD`` or ``BD``; empty for others.
        writing: How it takes data.
        write_unit: Sectors of the smallest piece that the disc itself is written in: 1 on CD, 16 on DVD (one
            ECC block), 32 on BD (one cluster). Writing in whole units, aligned to them, spares
            read-modify-write cycles.
        erasable: BLANK or FORMAT UNIT makes it new.
        sessions: How many sessions it can have, 0 where the notion does not apply.
    """

    name: str
    family: str
    writing: Writing = Writing.NEVER
    write_unit: int = 1
    erasable: bool = False
    sessions: int = 0

    @property
    def speed_1x_bytes(self) -> int | None:
        """Bytes a second at 1x, or None for a family without one."""
        return SPEED_1X_BYTES.get(self.family)

    @property
    def drive_1x_bytes(self) -> int | None:
        """As :attr:`speed_1x_bytes`, but as commands count: of a CD, whole frames of 2,352 bytes (MMC-6 6.37)."""
        return FRAMES_PER_SECOND * RAW_SECTOR_SIZE if self.family == "CD" else self.speed_1x_bytes


_SEQUENTIAL: Final = Writing.SEQUENTIAL
_OVERWRITE: Final = Writing.OVERWRITE

# Sessions: CD 99 tracks, so at most 99; DVD-R and DVD-RW as many borders; DVD+R 153 and DVD+R DL 127
# fragments of the session address map; BD-R as many as SRM has tracks (7,927 on a single layer).
PROFILE_TRAITS: Final[dict[Profile, ProfileTraits]] = {
    Profile.NONE: ProfileTraits("no disc", ""),
    Profile.NON_REMOVABLE_DISK: ProfileTraits("Non-removable disk", ""),
    Profile.REMOVABLE_DISK: ProfileTraits("Removable disk", "", _OVERWRITE),
    Profile.MO_ERASABLE: ProfileTraits("MO erasable", "", _OVERWRITE),
    Profile.OPTICAL_WRITE_ONCE: ProfileTraits("Optical write once", ""),
    Profile.AS_MO: ProfileTraits("AS-MO", "", _OVERWRITE),
    Profile.CD_ROM: ProfileTraits("CD-ROM", "CD"),
    Profile.CD_R: ProfileTraits("CD-R", "CD", _SEQUENTIAL, 1, sessions=99),
    Profile.CD_RW: ProfileTraits("CD-RW", "CD", _SEQUENTIAL, 1, erasable=True, sessions=99),
    Profile.DVD_ROM: ProfileTraits("DVD-ROM", "DVD", write_unit=16),
    Profile.DVD_R_SEQUENTIAL: ProfileTraits(
        "DVD-R sequential recording", "DVD", _SEQUENTIAL, 16, sessions=99
    ),
    Profile.DVD_RAM: ProfileTraits("DVD-RAM", "DVD", _OVERWRITE, 16, erasable=True),
    Profile.DVD_RW_RESTRICTED_OVERWRITE: ProfileTraits(
        "DVD-RW restricted overwrite", "DVD", _OVERWRITE, 16, erasable=True
    ),
    Profile.DVD_RW_SEQUENTIAL: ProfileTraits(
        "DVD-RW sequential recording", "DVD", _SEQUENTIAL, 16, erasable=True, sessions=99
    ),
    Profile.DVD_R_DL_SEQUENTIAL: ProfileTraits(
        "DVD-R DL sequential recording", "DVD", _SEQUENTIAL, 16, sessions=99
    ),
    Profile.DVD_R_DL_LAYER_JUMP: ProfileTraits(
        "DVD-R DL layer jump recording", "DVD", _SEQUENTIAL, 16, sessions=1
    ),
    Profile.DVD_RW_DL: ProfileTraits("DVD-RW DL", "DVD", _SEQUENTIAL, 16, erasable=True, sessions=99),
    Profile.DVD_DOWNLOAD: ProfileTraits("DVD-Download disc recording", "DVD", _SEQUENTIAL, 16, sessions=1),
    Profile.DVD_PLUS_RW: ProfileTraits("DVD+RW", "DVD", _OVERWRITE, 16, erasable=True),
    Profile.DVD_PLUS_R: ProfileTraits("DVD+R", "DVD", _SEQUENTIAL, 16, sessions=153),
    Profile.DDCD_ROM: ProfileTraits("DDCD-ROM", ""),
    Profile.DDCD_R: ProfileTraits("DDCD-R", ""),
    Profile.DDCD_RW: ProfileTraits("DDCD-RW", ""),
    Profile.DVD_PLUS_RW_DL: ProfileTraits("DVD+RW DL", "DVD", _OVERWRITE, 16, erasable=True),
    Profile.DVD_PLUS_R_DL: ProfileTraits("DVD+R DL", "DVD", _SEQUENTIAL, 16, sessions=127),
    Profile.BD_ROM: ProfileTraits("BD-ROM", "BD", write_unit=32),
    Profile.BD_R_SEQUENTIAL: ProfileTraits("BD-R sequential recording", "BD", _SEQUENTIAL, 32, sessions=7927),
    Profile.BD_R_RANDOM: ProfileTraits("BD-R random recording", "BD", _SEQUENTIAL, 32, sessions=0),
    Profile.BD_RE: ProfileTraits("BD-RE", "BD", _OVERWRITE, 32, erasable=True),
    Profile.HD_DVD_ROM: ProfileTraits("HD DVD-ROM", ""),
    Profile.HD_DVD_R: ProfileTraits("HD DVD-R", ""),
    Profile.HD_DVD_RAM: ProfileTraits("HD DVD-RAM", ""),
    Profile.HD_DVD_RW: ProfileTraits("HD DVD-RW", ""),
    Profile.HD_DVD_R_DL: ProfileTraits("HD DVD-R DL", ""),
    Profile.HD_DVD_RW_DL: ProfileTraits("HD DVD-RW DL", ""),
    Profile.NON_CONFORMING: ProfileTraits("drive that conforms to no profile", ""),
}


def traits_of(profile: Profile) -> ProfileTraits:
    """Return what a profile means; one that we do not know counts as not writable and is named by its number."""
    known = PROFILE_TRAITS.get(profile)
    return known if known is not None else ProfileTraits(f"profile {profile:04X}h", "")


# --- capacities ------------------------------------------------------------------------------------------

CD_R_74_SECTORS: Final = 74 * 60 * 75
CD_R_80_SECTORS: Final = 80 * 60 * 75
CD_R_90_SECTORS: Final = 90 * 60 * 75
CD_R_99_SECTORS: Final = 99 * 60 * 75
DVD_PLUS_SECTORS: Final = 2_295_104
"""DVD+R and DVD+RW, 4.7 GB (ECMA-349, ECMA-337: physical sectors 030000h to 26053Fh)."""
DVD_MINUS_SECTORS: Final = 2_298_496
"""DVD-R and DVD-RW, 4.7 GB, the nominal size of blank discs (ECMA-359)."""
DVD_PLUS_DL_SECTORS: Final = 4_173_824
"""DVD+R DL (ECMA-364)."""
DVD_MINUS_DL_SECTORS: Final = 4_171_712
"""DVD-R DL (ECMA-382)."""
BD_SECTORS: Final = (12_219_392, 24_438_784, 48_878_592, 62_500_864)
"""BD-R and BD-RE with one layer, two, three and four, without spare areas."""
BD_DEFAULT_SPARE_SECTORS: Final = (11_826_176, 23_652_352, 47_305_728, 60_403_712)
"""The same with the spare areas that formatters choose by default."""
