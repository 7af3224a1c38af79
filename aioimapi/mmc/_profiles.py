"""Profiles: the kinds of disc that a drive knows, and what each kind means for writing (MMC-6 5.3.1)."""

from __future__ import annotations

from aioimapi.mmc._fields import OpenIntEnum


class Profile(OpenIntEnum):
    """Profile numbers (MMC-6 table 93); a number without a name stays a number."""

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
