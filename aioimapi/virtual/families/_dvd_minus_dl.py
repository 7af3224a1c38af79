"""DVD-R DL: in sequence over both layers, or jumping between them (MMC-6 4.3.4, 6.36; ECMA-382)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from aioimapi.mmc import ReserveTrack, SendDiscStructure
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter
from aioimapi.virtual._write_parameters import write_type
from aioimapi.virtual.discs._dvd_minus_dl import DvdMinusDualDisc
from aioimapi.virtual.discs._state import DiscState, DiscStatus
from aioimapi.virtual.families._dvd import StructureFormat
from aioimapi.virtual.families._dvd_minus import (
    INCREMENTAL,
    WRITE_AT_ONCE,
    WRITE_INCREMENTAL,
    DvdMinusFamily,
)
from aioimapi.virtual.families._family import Feature, sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

WRITE_LAYER_JUMP: Final = 4

LAYER_JUMP: Final[Feature] = (0, bytes((0, 0, 0, 1, 16, 0, 0, 0)))
"""Feature 0033h: one link size of 16 sectors."""

LAYER_BOUNDARY: Final = 0x20
SHIFTED_MIDDLE: Final = 0x21
JUMP_INTERVAL: Final = 0x22
MANUAL_JUMP: Final = 0x23
REMAPPING: Final = 0x24

_SET: Final = 0x80
_JUMPS: Final = 0x40
_JUMPS_REGULARLY: Final = 0xC0


def _dual(disc: DiscState) -> DvdMinusDualDisc:
    assert isinstance(disc, DvdMinusDualDisc)
    return disc


def _address(
    value: Callable[[DvdMinusDualDisc], int], fixed: Callable[[DvdMinusDualDisc], bool] | None = None
) -> StructureFormat:
    """Return a format of eight bytes: whether the address is fixed, and the address (MMC-6 6.22.3.2.18)."""

    def build(drive: DriveState, disc: DiscState) -> bytes:
        dual = _dual(disc)
        first = _SET if fixed is not None and fixed(dual) else 0
        return bytes((first, 0, 0, 0)) + value(dual).to_bytes(4, "big")

    return StructureFormat(8, build, sendable=True)


def _started(disc: DvdMinusDualDisc) -> bool:
    return disc.status is not DiscStatus.BLANK


class DvdMinusDualFamily(DvdMinusFamily):
    """DVD-R DL."""

    profiles: ClassVar[tuple[int, ...]] = (0x15, 0x16)
    offers: ClassVar[Mapping[int, Feature]] = {**DvdMinusFamily.offers, 0x0033: LAYER_JUMP}
    formats: ClassVar[Mapping[int, StructureFormat]] = {
        **DvdMinusFamily.formats,
        LAYER_BOUNDARY: _address(lambda disc: disc.layer_0, _started),
        SHIFTED_MIDDLE: _address(
            lambda disc: disc.layer_0, lambda disc: bool(disc.layer_0_set) or _started(disc)
        ),
        JUMP_INTERVAL: _address(lambda disc: disc.interval),
        MANUAL_JUMP: _address(lambda disc: disc.manual_jump),
        REMAPPING: _address(lambda disc: disc.remapping),
    }

    def profile(self, disc: DiscState) -> int:
        """Return 0016h for layer jump recording, else 0015h."""
        return 0x16 if _dual(disc).layer_jump else 0x15

    def features(self, drive: DriveState, disc: DiscState) -> Mapping[int, Feature]:
        """What a DVD-R has; jumping while it is blank or recorded so, packets while it is not recorded so."""
        found = dict(super().features(drive, disc))
        if disc.status is DiscStatus.BLANK or (_dual(disc).layer_jump and not disc.finalized):
            found[0x0033] = LAYER_JUMP
        if _dual(disc).layer_jump:
            found.pop(0x0021, INCREMENTAL)
        return found

    # --- writing ------------------------------------------------------------------------------------

    def write_types_of(self, disc: DiscState | None) -> tuple[int, ...]:
        """Return what a blank disc can become, or what the disc is."""
        if disc is None or disc.status is DiscStatus.BLANK:
            return (WRITE_INCREMENTAL, WRITE_AT_ONCE, WRITE_LAYER_JUMP)
        return (WRITE_LAYER_JUMP,) if _dual(disc).layer_jump else self.write_types

    def write_parameters_changed(self, drive: DriveState) -> None:
        """Let the write type say what a blank disc will be (MMC-6 4.3.4.8)."""
        super().write_parameters_changed(drive)
        disc = drive.disc
        if isinstance(disc, DvdMinusDualDisc) and disc.status is DiscStatus.BLANK and not disc.at_once:
            disc.layer_jump = write_type(drive) == WRITE_LAYER_JUMP

    def accept_write(self, drive: DriveState, disc: DiscState, lba: int, count: int) -> int:
        """Take a WRITE at the next writable address; jumping, up to the next jump."""
        dual = _dual(disc)
        if not dual.layer_jump or disc.finalized:
            return super().accept_write(drive, disc, lba, count)
        if write_type(drive) != WRITE_LAYER_JUMP:
            raise CheckConditionError(5, 0x64, 0)
        dual.jump_if_due()
        number = self._next_writable(disc, lba, count)
        if lba + count > dual.zone_end:
            raise CheckConditionError(5, 0x63, 0)
        return number

    def record(
        self, drive: DriveState, medium: VirtualMedium, number: int, lba: int, count: int, data: memoryview
    ) -> None:
        """Record, and jump where the zone is full then."""
        disc = _dual(medium.state)
        disc.begun = disc.layer_jump
        super().record(drive, medium, number, lba, count, data)
        if disc.jump_if_due():
            medium.save()

    def end_of_writing(self, drive: DriveState, medium: VirtualMedium, number: int) -> None:
        """Fill up the last ECC block; jumping, it may be the last of its zone."""
        super().end_of_writing(drive, medium, number)
        if _dual(medium.state).jump_if_due():
            medium.save()

    def check_readable(self, disc: DiscState, lba: int, count: int) -> None:
        """End the command where a sector of the range cannot be read."""
        dual = _dual(disc)
        if not dual.layer_jump or disc.status is DiscStatus.BLANK:
            super().check_readable(disc, lba, count)
            return
        if lba + count > disc.sectors:
            raise CheckConditionError(5, 0x21, 0)
        at, end = lba, lba + count
        while at < end:
            stop = dual.recorded(at)
            if stop == at:
                raise CheckConditionError(8, 0x00, 0, information=at)  # blank check
            at = stop

    def reserve(self, drive: DriveState, medium: VirtualMedium, command: ReserveTrack) -> None:
        """Reserve a track; jumping, the disc has one only."""
        if _dual(medium.state).layer_jump and not medium.state.finalized:
            raise CheckConditionError(5, 0x64, 0)
        super().reserve(drive, medium, command)

    def close_track(self, drive: DriveState, disc: DiscState, number: int) -> None:
        """Close the track; jumping, the disc has one only, which ends with the session."""
        if not _dual(disc).layer_jump:
            super().close_track(drive, disc, number)

    def finalizes(self, drive: DriveState, disc: DiscState, function: int) -> bool:
        """Return that closing the session ends the disc: its border spans both layers (MMC-6 6.3.3.3)."""
        return True

    # --- SEND DISC STRUCTURE, READ TRACK INFORMATION ------------------------------------------------

    def take_structure(
        self, drive: DriveState, medium: VirtualMedium, command: SendDiscStructure, body: bytes
    ) -> None:
        """Set the middle area, the interval or the place of the next jump, or the remapping address."""
        disc = _dual(medium.state)
        code = command.format_
        if code not in (SHIFTED_MIDDLE, JUMP_INTERVAL, MANUAL_JUMP, REMAPPING):
            raise invalid_field(7)
        if len(body) < 8:
            raise CheckConditionError(5, 0x1A, 0)
        if disc.finalized and code != REMAPPING:
            raise sequence_error()
        value = int.from_bytes(body[4:8], "big")
        self._set_address(disc, code, value)
        medium.save()

    def _set_address(self, disc: DvdMinusDualDisc, code: int, value: int) -> None:
        aligned = value % disc.kind.traits.unit == 0
        if code == REMAPPING:
            if value >= disc.sectors:
                raise invalid_parameter(8)
            disc.remapping = value
        elif code == SHIFTED_MIDDLE:
            if disc.layer_0_set or _started(disc):
                raise sequence_error()
            if not aligned or not 0 < value <= disc.layer_0:
                raise invalid_parameter(8)
            disc.set_layer_0(value)
        elif not disc.layer_jump:
            raise sequence_error()
        elif code == JUMP_INTERVAL:
            if not aligned or value > disc.layer_0:
                raise invalid_parameter(8)
            disc.interval = value
        else:
            if not aligned or disc.jumped or not disc.tracks[0].next_lba < value <= disc.layer_0:
                raise invalid_parameter(8)
            disc.manual_jump = value

    def track_information(self, disc: DiscState, number: int) -> bytes:
        """Return the track information block; jumping, with the zone's last sector and the jumps (MMC-6 6.27.3.20)."""
        dual = _dual(disc)
        dual.jump_if_due()
        block = bytearray(super().track_information(disc, number))
        if dual.layer_jump and not disc.finalized:
            block[5] |= _JUMPS_REGULARLY if dual.interval else _JUMPS
            block[24:28] = (dual.zone_end - 1).to_bytes(4, "big")
            block[40:44] = (dual.zone_end - 1).to_bytes(4, "big")
            last = dual.jumped - 1 if dual.jumped else 2 * dual.layer_0 - 1 if dual.block else 0
            block[44:48] = last.to_bytes(4, "big")
        return bytes(block)
