"""The first look at a disc that was just written: some drives have to be given it anew before they can read it."""

from __future__ import annotations

from aioimapi.drive import Drive
from aioimapi.errors import (
    BlankCheckError,
    CommandFailedError,
    IllegalRequestError,
    ImapiError,
    NotReadyError,
)
from aioimapi.mmc import RemovableMedium
from aioimapi.recorder._ledger import Ledger

_BLIND = (IllegalRequestError, BlankCheckError, NotReadyError)
"""How drives refuse that still see the disc as it was before the burn: out of range, blank, not ready."""


async def closes_by_hand(drive: Drive) -> bool:
    """Return whether the drive's tray, once open, is closed by a hand only, as those of most portable drives.

    Raises:
        DriveError: The drive does not answer.

    Cancellation:
        Nothing is changed; may be repeated.
    """
    mechanism = (await drive.features()).get(RemovableMedium)
    # Drives of MMC-3 times say version 0, and nothing of loading.
    return mechanism is not None and mechanism.version > 0 and mechanism.eject and not mechanism.load


class FreshDisc:
    """Reads a disc that was just written.

    Where the drive refuses the very first READ, its tray is opened and closed, once, and the READ repeated.

    Args:
        drive: The drive, whose disc is held.
        ledger: Where it is noted.
        ready_s: How long the drive may look at the disc, in seconds.
    """

    def __init__(self, drive: Drive, ledger: Ledger, ready_s: float) -> None:
        self._drive = drive
        self._ledger = ledger
        self._ready_s = ready_s
        self._first = True

    async def read_into(self, lba: int, buffer: memoryview) -> None:
        """Read as :meth:`Drive.read_into`."""
        first, self._first = self._first, False
        try:
            await self._drive.read_into(lba, buffer)
        except _BLIND as error:
            if not first or not await self._load_anew(error):
                raise
            await self._drive.read_into(lba, buffer)

    async def _load_anew(self, error: CommandFailedError) -> bool:
        told = f"the drive did not read the disc that it had just written ({error})"
        try:
            if await closes_by_hand(self._drive):
                return False
            await self._drive.reload(self._ready_s)
        except (ImapiError, TimeoutError) as problem:
            self._ledger.warnings.append(f"{told}, and loading it anew failed: {problem}")
            return False
        self._ledger.warnings.append(f"{told}, so the disc was loaded anew")
        return True


__all__ = ("FreshDisc", "closes_by_hand")
