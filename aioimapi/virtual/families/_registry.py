"""Which family a kind of disc belongs to."""

from __future__ import annotations

from typing import Final

from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._bd import BdReFamily, BdRFamily
from aioimapi.virtual.families._cd import CdFamily
from aioimapi.virtual.families._dvd_plus import DvdPlusRFamily, DvdPlusRwFamily
from aioimapi.virtual.families._family import Family

FAMILIES: Final[dict[MediumKind, Family]] = {
    MediumKind.BD_RE: BdReFamily(),
    MediumKind.BD_R: BdRFamily(),
    MediumKind.DVD_PLUS_R: DvdPlusRFamily(),
    MediumKind.DVD_PLUS_RW: DvdPlusRwFamily(),
    MediumKind.CD_R: CdFamily(),
}
"""Best kinds first: the order of the profile list."""


def family_of(disc: DiscState) -> Family:
    """Return the family of a disc."""
    return FAMILIES[disc.kind]
