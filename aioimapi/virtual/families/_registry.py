"""Which family a kind of disc belongs to."""

from __future__ import annotations

from typing import Final

from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._bd_r import BdRFamily
from aioimapi.virtual.families._bd_re import BdReFamily, BdRomFamily
from aioimapi.virtual.families._cd import CdFamily, CdRomFamily, CdRwFamily
from aioimapi.virtual.families._dvd import DvdRomFamily
from aioimapi.virtual.families._dvd_minus import DvdMinusFamily
from aioimapi.virtual.families._dvd_minus_dl import DvdMinusDualFamily
from aioimapi.virtual.families._dvd_minus_rw import DvdMinusRwFamily
from aioimapi.virtual.families._dvd_plus import DvdPlusRDualFamily, DvdPlusRFamily, DvdPlusRwFamily
from aioimapi.virtual.families._dvd_ram import DvdRamFamily
from aioimapi.virtual.families._family import Family

_BD_R: Final = BdRFamily()
_BD_RE: Final = BdReFamily()

FAMILIES: Final[dict[MediumKind, Family]] = {
    MediumKind.BD_RE: _BD_RE,
    MediumKind.BD_RE_DL: _BD_RE,
    MediumKind.BD_RE_TL: _BD_RE,
    MediumKind.BD_R: _BD_R,
    MediumKind.BD_R_DL: _BD_R,
    MediumKind.BD_R_TL: _BD_R,
    MediumKind.BD_R_QL: _BD_R,
    MediumKind.BD_ROM: BdRomFamily(),
    MediumKind.DVD_PLUS_R_DL: DvdPlusRDualFamily(),
    MediumKind.DVD_PLUS_R: DvdPlusRFamily(),
    MediumKind.DVD_PLUS_RW: DvdPlusRwFamily(),
    MediumKind.DVD_R_DL: DvdMinusDualFamily(),
    MediumKind.DVD_RW: DvdMinusRwFamily(),
    MediumKind.DVD_R: DvdMinusFamily(),
    MediumKind.DVD_RAM: DvdRamFamily(),
    MediumKind.DVD_ROM: DvdRomFamily(),
    MediumKind.CD_RW: CdRwFamily(),
    MediumKind.CD_R: CdFamily(),
    MediumKind.CD_ROM: CdRomFamily(),
}
"""Best kinds first: the order of the profile list."""


def family_of(disc: DiscState) -> Family:
    """Return the family of a disc."""
    return FAMILIES[disc.kind]
