"""DVD-R DL: sequential recording over both layers, one border (MMC-6 4.3.4; ECMA-382)."""

from __future__ import annotations

from typing import ClassVar

from aioimapi.virtual._drive import DriveState
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._dvd_minus import DvdMinusFamily


class DvdMinusDualFamily(DvdMinusFamily):
    """DVD-R DL."""

    profiles: ClassVar[tuple[int, ...]] = (0x15,)

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return that closing the session ends the disc: its border spans both layers (MMC-6 6.3.3.3)."""
        return True
