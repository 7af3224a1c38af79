"""The media that the virtual drive can hold, by the names that URLs and sidecars use.

What each kind is like stands in the tables of its family, the modules ``_*_traits``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from aioimapi.errors import VirtualMediumError
from aioimapi.virtual.discs._bd_traits import BD_TRAITS
from aioimapi.virtual.discs._cd_traits import CD_TRAITS
from aioimapi.virtual.discs._dvd_minus_traits import DVD_MINUS_TRAITS
from aioimapi.virtual.discs._dvd_plus_traits import DVD_PLUS_TRAITS
from aioimapi.virtual.discs._dvd_traits import DVD_TRAITS
from aioimapi.virtual.discs._traits import KindTraits


class MediumKind(enum.Enum):
    """A kind of disc, by the name that URLs and sidecars use."""

    DVD_PLUS_R = "dvd+r"
    DVD_PLUS_RW = "dvd+rw"
    DVD_PLUS_R_DL = "dvd+r-dl"
    DVD_R = "dvd-r"
    DVD_RW = "dvd-rw"
    DVD_R_DL = "dvd-r-dl"
    DVD_RAM = "dvd-ram"
    DVD_ROM = "dvd-rom"
    BD_ROM = "bd-rom"
    BD_R = "bd-r"
    BD_R_DL = "bd-r-dl"
    BD_R_TL = "bd-r-tl"
    BD_R_QL = "bd-r-ql"
    BD_RE = "bd-re"
    BD_RE_DL = "bd-re-dl"
    BD_RE_TL = "bd-re-tl"
    CD_R = "cd-r"
    CD_RW = "cd-rw"
    CD_ROM = "cd-rom"

    @property
    def traits(self) -> KindTraits:
        """What the kind is like."""
        return _TRAITS[self._value_]


_TRAITS: Final[Mapping[str, KindTraits]] = {
    **CD_TRAITS,
    **DVD_PLUS_TRAITS,
    **DVD_MINUS_TRAITS,
    **DVD_TRAITS,
    **BD_TRAITS,
}


def media_kind(name: str) -> MediumKind:
    """Return the kind that ``name`` (``bd-r``, ``DVD+RW``, ...) stands for.

    Raises:
        VirtualMediumError: No such kind; the message lists those that there are.
    """
    try:
        return MediumKind(name.strip().lower().replace("_", "-"))
    except ValueError:
        known = ", ".join(kind.value for kind in MediumKind)
        raise VirtualMediumError(f"There is no virtual medium {name!r}; choose one of {known}") from None
