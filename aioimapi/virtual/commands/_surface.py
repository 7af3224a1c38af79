"""What a worn disc does to READ and VERIFY: retries that take time, recovered and unrecovered errors (MMC-6 7.3)."""

from __future__ import annotations

from typing import Final

from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError
from aioimapi.virtual._wear import Condition
from aioimapi.virtual.commands._pages import ERROR_RECOVERY, default_page
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._registry import family_of

RETRY_S: Final = 0.12
"""What one more turn of the disc, at a lower speed, takes."""

_WEAK_RETRIES: Final = 4
_REPORT_RECOVERED: Final = 0x04
_DEFECT_MANAGEMENT: Final = 0x0024


def manages_defects(drive: DriveState, disc: DiscState) -> bool:
    """Return whether the drive replaces bad sectors of the disc as it writes (feature 0024h is current)."""
    return _DEFECT_MANAGEMENT in family_of(disc).features(drive, disc)


def usable(
    drive: DriveState, disc: DiscState, lba: int, count: int
) -> tuple[int, CheckConditionError | None]:
    """Return how many sectors can be read, and how the command then ends where it is not GOOD.

    Weak sectors cost retries; the drive says so only where PER of mode page 01h asks for it. Bad ones cost all the
    retries that the page allows. On a disc with defect management a spot that was bad from the beginning was replaced
    when it was written, and costs the way to the spare.
    """
    wear = drive.wear
    if wear is None or not count:
        return count, None
    traits = disc.kind.traits
    condition, at = wear.worst(lba, count, traits.family, disc.sectors, traits.layers)
    if condition is Condition.GOOD:
        return count, None
    page = drive.page(ERROR_RECOVERY, default_page(drive, ERROR_RECOVERY).default)
    family, end = family_of(disc), lba + count
    while condition is Condition.BAD and wear.made_bad(at) and family.is_replaced(drive, disc, at):
        condition = Condition.WEAK
        if at + 1 < end:
            rest, found = wear.worst(at + 1, end - at - 1, traits.family, disc.sectors, traits.layers)
            if rest is Condition.BAD:
                condition, at = rest, found
    if condition is Condition.BAD:
        _spend(drive, max(1, page[3]) * RETRY_S)
        return at - lba, CheckConditionError(3, 0x11, 5, information=at)  # L-EC uncorrectable error
    _spend(drive, min(max(1, page[3]), _WEAK_RETRIES) * RETRY_S)
    if page[2] & _REPORT_RECOVERED:
        return count, CheckConditionError(1, 0x17, 1, information=at)  # recovered data with retries
    return count, None


def _spend(drive: DriveState, seconds: float) -> None:
    if drive.physics.enabled:
        drive.duration_s += seconds
