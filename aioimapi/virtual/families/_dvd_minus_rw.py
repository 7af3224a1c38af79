"""DVD-RW: as a DVD-R, and formatted for restricted overwrite; erased and formatted as often as one likes.

MMC-6 4.3.5, 6.2 for BLANK, 6.5.4.2.1 and 6.5.4.2.5 to 6.5.4.2.10 for the format types; ECMA-338.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from aioimapi.mmc import Blank, BlankingType, CloseFunction, CloseTrackSession, FormatType
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import FORMAT_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual.discs._dvd_minus import DvdMinusRwDisc
from aioimapi.virtual.discs._state import DiscState, DiscStatus, Track
from aioimapi.virtual.families._dvd import DVD_READ, TRY_OUT
from aioimapi.virtual.families._dvd_minus import (
    INCREMENTAL,
    MINUS_WRITE,
    WRITE_INCREMENTAL,
    DvdMinusFamily,
)
from aioimapi.virtual.families._family import Feature, FormatChoice
from aioimapi.virtual.files._medium import VirtualMedium

FORMATTABLE: Final[Feature] = (0, bytes(8))
"""Feature 0023h: its flags are about BD."""
RESTRICTED_OVERWRITE: Final[Feature] = (0, b"")
RIGID_OVERWRITE: Final[Feature] = (0, b"\x03\0\0\0")
"""Feature 002Ch: writes blank discs and such in the intermediate state; tells nothing of defects."""

_BLOCK_LENGTH: Final = SECTOR_SIZE
_ECC_BLOCK: Final = 16
_FIXED_PACKET: Final = 0x10

_QUICK: Final = frozenset({FormatType.QUICK_GROW_SESSION, FormatType.QUICK_ADD_SESSION, FormatType.QUICK})
_MAY_BE_EMPTY: Final = _QUICK
_WHOLE: Final = frozenset({FormatType.FULL, FormatType.PACKET_OR_DVD_RW_FULL, FormatType.QUICK})


def _rewritable(disc: DiscState) -> DvdMinusRwDisc:
    assert isinstance(disc, DvdMinusRwDisc)
    return disc


class DvdMinusRwFamily(DvdMinusFamily):
    """DVD-RW."""

    profiles: ClassVar[tuple[int, ...]] = (0x14, 0x13)
    offers: ClassVar[Mapping[int, Feature]] = {
        **DvdMinusFamily.offers,
        0x0023: FORMATTABLE,
        0x0026: RESTRICTED_OVERWRITE,
        0x002C: RIGID_OVERWRITE,
    }

    def profile(self, disc: DiscState) -> int:
        """Return 0013h in restricted overwrite mode, else 0014h."""
        return 0x13 if _rewritable(disc).overwrite else 0x14

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """DVD read, format, DVD-R write; then overwriting or incremental streaming, as the disc is."""
        found = {0x001F: DVD_READ, 0x0023: FORMATTABLE}
        if _rewritable(disc).overwrite:
            return found | {0x0026: RESTRICTED_OVERWRITE, 0x002C: RIGID_OVERWRITE, 0x002F: MINUS_WRITE}
        found[0x002F] = MINUS_WRITE
        if disc.status is not DiscStatus.COMPLETE and disc.packet_recording and not _rewritable(disc).at_once:
            found[0x0021] = INCREMENTAL
        return found

    # --- writing and reading ------------------------------------------------------------------------

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Take whole ECC blocks in restricted overwrite mode: what is formatted, and in sequence what is not yet."""
        rewritable = _rewritable(disc)
        if not rewritable.overwrite:
            return super().accept_write(drive, disc, lba, count)
        end = rewritable.usable_end
        if lba + count > (disc.sectors if rewritable.intermediate else end):
            raise CheckConditionError(5, 0x21, 0)
        if lba % _ECC_BLOCK or count % _ECC_BLOCK:
            raise CheckConditionError(5, 0x21, 2)  # packets are overwritten whole (MMC-6 4.3.5.2)
        number = disc.track_of(lba)
        if lba > end or number is None or (count and disc.track_of(lba + count - 1) != number):
            raise CheckConditionError(5, 0x21, 2)
        return number if lba + count > end else 0

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """Fill up the last ECC block; in restricted overwrite mode it always is full."""
        if medium.state.sequential:
            super().end_of_writing(drive, medium, number)

    def check_readable(self, disc: DiscState, lba: int, count: int) -> None:
        """End the command where a sector is neither formatted nor recorded."""
        rewritable = _rewritable(disc)
        if not rewritable.overwrite:
            super().check_readable(disc, lba, count)
            return
        if lba + count > rewritable.usable_end:
            raise CheckConditionError(5, 0x21, 0)
        first = disc.track_of(lba)
        if first is None or (count and disc.track_of(lba + count - 1) != first):
            raise CheckConditionError(5, 0x64, 0)  # between two borders

    def write_types_of(self, disc: DiscState | None) -> tuple[int, ...]:
        """Return packets only for restricted overwrite."""
        if isinstance(disc, DvdMinusRwDisc) and disc.overwrite:
            return (WRITE_INCREMENTAL,)
        return super().write_types_of(disc)

    # --- closing, erasing, formatting ---------------------------------------------------------------

    def close(self, drive: DriveState, medium: VirtualMedium, command: CloseTrackSession) -> None:
        """Close tracks and sessions; in restricted overwrite mode bring the border out of the intermediate state.

        Where it is not in that state there is nothing to do, and drives say so by GOOD.
        """
        disc = _rewritable(medium.state)
        if not disc.overwrite:
            super().close(drive, medium, command)
            return
        if command.function not in (CloseFunction.SESSION, CloseFunction.FUNCTION_3):
            raise invalid_field(2, 2)
        if not disc.intermediate:
            return
        if drive.unflushed:
            self.stop_writing(drive, medium)
        track = disc.tracks[-1]
        if track.next_lba == track.start:
            track.next_lba += _ECC_BLOCK  # a border has something in it
        disc.close_border()
        medium.save()
        drive.spend(drive.physics.close_s, immed=command.immed)

    def blank(self, drive: DriveState, medium: VirtualMedium, command: Blank) -> None:
        """Erase the whole disc, or its lead-in only (MMC-6 6.2)."""
        disc = _rewritable(medium.state)
        full = command.blanking_type is BlankingType.DISC
        if not full and command.blanking_type is not BlankingType.MINIMAL:
            raise invalid_field(1, 2)
        drive.unflushed = 0
        was = disc.overwrite
        disc.erase(minimal=not full)
        medium.wipe()
        _note_profile(drive, disc, was)
        drive.spend(_writing_s(drive, disc.sectors) if full else drive.physics.close_s, immed=command.immed)

    def format_choices(self, disc: DiscState) -> list[FormatChoice]:
        """Full and quick formats; of a formatted disc also what its last border can grow by, and new borders."""
        rewritable = _rewritable(disc)
        size = disc.raw_sectors
        choices = [
            (size, FormatType.FULL, _BLOCK_LENGTH),
            (size, FormatType.PACKET_OR_DVD_RW_FULL, _ECC_BLOCK),
        ]
        if rewritable.overwrite and not rewritable.intermediate:
            growth = size - rewritable.usable_end
            border = max(0, size - rewritable.next_border)
            choices += [
                (growth, FormatType.GROW_SESSION, _ECC_BLOCK),
                (border, FormatType.ADD_SESSION, _ECC_BLOCK),
                (growth, FormatType.QUICK_GROW_SESSION, _ECC_BLOCK),
                (border, FormatType.QUICK_ADD_SESSION, _ECC_BLOCK),
            ]
        return [*choices, (size, FormatType.QUICK, _ECC_BLOCK)]

    def format_capacity(self, disc: DiscState) -> tuple[int, int]:
        """Return the size with its type; unknown in the intermediate state (MMC-6 6.23.3.2)."""
        rewritable = _rewritable(disc)
        if rewritable.intermediate:
            return disc.raw_sectors, 3
        if rewritable.overwrite:
            return rewritable.usable_end, 2
        return super().format_capacity(disc)

    def format(self, drive: DriveState, medium: VirtualMedium, parameters: bytes) -> None:
        """Format for restricted overwrite, let the last border grow, or begin a new one."""
        disc = _rewritable(medium.state)
        self.check_format_type(disc, parameters)
        kind = FormatType(parameters[8] >> 2)
        sectors = int.from_bytes(parameters[4:8], "big")
        largest = next(choice[0] for choice in self.format_choices(disc) if choice[1] == kind)
        smallest = 0 if kind in _MAY_BE_EMPTY else 1
        if not largest or not smallest <= sectors <= largest or sectors % _ECC_BLOCK:
            raise invalid_parameter(4)
        if parameters[1] & TRY_OUT:
            return
        drive.unflushed = 0
        was = disc.overwrite
        _format(disc, kind, sectors)
        if kind in _WHOLE:
            medium.wipe()
        else:
            medium.save()
        _note_profile(drive, disc, was)
        seconds = drive.physics.close_s if kind in _QUICK else 0.0
        immed = bool(parameters[1] & 0x02)
        drive.spend(seconds + _writing_s(drive, sectors), immed=immed, ascq=FORMAT_IN_PROGRESS)

    # --- what it says -------------------------------------------------------------------------------

    def background_state(self, disc: DiscState) -> int:
        """Return none: it is not formatted in the background."""
        return 0

    def is_open(self, disc: DiscState, track: Track) -> bool:
        """Return whether the track has a next writable address: in restricted overwrite only a border that is open."""
        if disc.sequential:
            return super().is_open(disc, track)
        return track.end is None

    def free_sectors(self, disc: DiscState, track: Track) -> int:
        """Return what is free."""
        return disc.free_sectors(track)

    def track_flags(self, disc: DiscState, track: Track) -> int:
        """Return RT, Blank, Packet and the data mode; restricted overwrite has fixed packets."""
        if disc.sequential:
            return super().track_flags(disc, track)
        return 0x21 | _FIXED_PACKET


def _format(disc: DvdMinusRwDisc, kind: FormatType, sectors: int) -> None:
    quick = kind in _QUICK
    if kind in (FormatType.GROW_SESSION, FormatType.QUICK_GROW_SESSION):
        disc.grow(sectors, quick=quick)
    elif kind in (FormatType.ADD_SESSION, FormatType.QUICK_ADD_SESSION):
        disc.add_border(sectors, quick=quick)
    elif quick:
        disc.format_quick(sectors)
    else:
        disc.format_full(sectors)


def _note_profile(drive: DriveState, disc: DvdMinusRwDisc, was_overwrite: bool) -> None:
    """Let hosts that poll know of another profile: other features are current (MMC-6 6.7.2.2)."""
    if disc.overwrite != was_overwrite:
        drive.change_events.append(1)


def _writing_s(drive: DriveState, sectors: int) -> float:
    """Return how long writing so many sectors takes."""
    return sectors * SECTOR_SIZE / drive.write_rate if drive.physics.enabled else 0.0
