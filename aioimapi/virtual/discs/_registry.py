"""Which class keeps the state of which kind of disc."""

from __future__ import annotations

from typing import Final

from aioimapi.virtual.discs._bd import BdRDisc, BdReDisc, BdRomDisc
from aioimapi.virtual.discs._cd import CdDisc
from aioimapi.virtual.discs._dvd_minus import DvdMinusDisc, DvdMinusRwDisc
from aioimapi.virtual.discs._dvd_minus_dl import DvdMinusDualDisc
from aioimapi.virtual.discs._dvd_plus import DvdPlusRDisc, DvdPlusRDualDisc, DvdPlusRwDisc
from aioimapi.virtual.discs._dvd_ram import DvdRamDisc
from aioimapi.virtual.discs._dvd_rom import DvdRomDisc
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState

STATES: Final[dict[MediumKind, type[DiscState]]] = {
    MediumKind.DVD_PLUS_R: DvdPlusRDisc,
    MediumKind.DVD_PLUS_RW: DvdPlusRwDisc,
    MediumKind.DVD_PLUS_R_DL: DvdPlusRDualDisc,
    MediumKind.DVD_R: DvdMinusDisc,
    MediumKind.DVD_RW: DvdMinusRwDisc,
    MediumKind.DVD_R_DL: DvdMinusDualDisc,
    MediumKind.DVD_RAM: DvdRamDisc,
    MediumKind.DVD_ROM: DvdRomDisc,
    MediumKind.BD_ROM: BdRomDisc,
    MediumKind.BD_R: BdRDisc,
    MediumKind.BD_R_DL: BdRDisc,
    MediumKind.BD_R_TL: BdRDisc,
    MediumKind.BD_R_QL: BdRDisc,
    MediumKind.BD_RE: BdReDisc,
    MediumKind.BD_RE_DL: BdReDisc,
    MediumKind.BD_RE_TL: BdReDisc,
    MediumKind.CD_R: CdDisc,
    MediumKind.CD_RW: CdDisc,
    MediumKind.CD_ROM: CdDisc,
}


def blank_disc(kind: MediumKind, sectors: int | None = None) -> DiscState:
    """Return the state of a new disc, of ``sectors`` or of its kind's real size."""
    return STATES[kind].blank(kind, sectors)
