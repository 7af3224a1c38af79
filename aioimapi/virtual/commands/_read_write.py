"""READ, WRITE, VERIFY and SYNCHRONIZE CACHE (MMC-6 6.19, 6.44 to 6.48)."""

from __future__ import annotations

import errno

from aioimapi.mmc import (
    Read10,
    Read12,
    Seek10,
    SetReadAhead,
    SynchronizeCache10,
    Verify10,
    Write10,
    Write12,
    WriteAndVerify10,
)
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import LONG_WRITE_IN_PROGRESS, OPERATION_IN_PROGRESS, DriveState
from aioimapi.virtual._quirks import Quirk
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual._write_parameters import write_parameters
from aioimapi.virtual.commands._surface import manages_defects, usable
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.families._registry import family_of
from aioimapi.virtual.files._medium import VirtualMedium

_BUFE = 0x40
_WRITE_TYPE = 0x0F
_CAN_UNDERRUN = frozenset({0x09, 0x0A, 0x11, 0x14, 0x15, 0x16})
"""Profiles of discs that cannot take up a track where the laser has lost it: CD-R, CD-RW, DVD-R and its kin."""


def write_sectors(drive: DriveState, lba: int, count: int, data: memoryview, *, fua: bool = False) -> int:
    """Do what WRITE does with ``count`` sectors at ``lba``; return how many bytes it took."""
    medium = drive.need_writable()
    disc = medium.state
    family = family_of(disc)
    size = family.write_bytes(drive, disc, lba, count)
    if len(data) < size:
        raise CheckConditionError(0xB, 0x4B, 0)  # data phase error: the host sent less than it announced
    if drive.posing:
        raise CheckConditionError(5, 0x30, 5)
    number = family.accept_write(drive, disc, lba, count)
    if not count:
        return 0
    if drive.unflushed not in (0, number):
        family.stop_writing(drive, medium)
    if drive.physics.enabled:
        _take_time(drive, medium, lba, size)
    try:
        family.record(drive, medium, number, lba, count, data[:size])
    except OSError as error:
        raise _host_failed(error, medium.path, lba) from error
    drive.last_lba = lba + count
    drive.unflushed = number
    drive.written = True
    if fua and drive.physics.enabled:
        drive.spend(drive.buffer.flush(drive.now, drive.write_rate))
    return size


def _take_time(drive: DriveState, medium: VirtualMedium, lba: int, size: int) -> None:
    physics, disc = drive.physics, medium.state
    if physics.verifying:
        drive.halved = not drive.streaming and manages_defects(drive, disc)
    if physics.first_write and not drive.calibrated:
        drive.calibrated = True
        drive.duration_s += physics.opc_s
    rate = drive.write_rate
    drive.buffer.settle(drive.now, rate)
    if drive.unflushed and drive.buffer.dry:
        drive.underruns += 1
        if not _protected(drive, disc):
            _lose(drive, medium)
    wait = drive.buffer.take(size, drive.now, rate, wait=physics.when_full == "wait")
    if wait is None:
        seven = Quirk.BUSY_07 in drive.quirks
        raise CheckConditionError(2, 0x04, OPERATION_IN_PROGRESS if seven else LONG_WRITE_IN_PROGRESS)
    # The way to the place: the buffer hides it from the host, as long as the burn goes on.
    if not drive.unflushed or lba != drive.last_lba:
        wait += drive.travel_seconds(lba)
    drive.touched_at = drive.now
    drive.duration_s += wait


def _protected(drive: DriveState, disc: DiscState) -> bool:
    """Return whether writing goes on behind a gap in the data."""
    policy = drive.physics.underrun
    if policy == "protect" or disc.kind.traits.profile not in _CAN_UNDERRUN:
        return True
    modes = write_parameters(drive)[2]
    incremental = modes & _WRITE_TYPE == 0  # packets may end anywhere
    return incremental or (policy == "obey" and bool(modes & _BUFE))


def _lose(drive: DriveState, medium: VirtualMedium) -> None:
    """End the command and the track that was being written: the laser has run off its end."""
    drive.buffer.level = 0.0
    family_of(medium.state).lose_track(drive, medium)
    raise CheckConditionError(3, 0x0C, 9, information=drive.last_lba)  # write error, loss of streaming


def _host_failed(error: OSError, path: str, lba: int) -> CheckConditionError:
    """Tell a fault of the host's disk as a drive tells one of its own: full is a write error, the rest hardware."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        note = (
            f"{path} cannot grow ({error.strerror}): free room on its file system and use a new virtual disc"
        )
        return CheckConditionError(3, 0x0C, 0, information=lba, note=note)
    note = f"{path} cannot be written: {error.strerror}"
    return CheckConditionError(4, 0x44, 0, information=lba, note=note)


def read_sectors(drive: DriveState, lba: int, count: int, data: memoryview) -> int:
    """Do what READ does; return how many bytes it filled."""
    medium = drive.need_medium()
    family = family_of(medium.state)
    family.check_readable(medium.state, lba, count)
    size = min(count * SECTOR_SIZE, len(data))
    end = None
    if drive.quirks or drive.wear is not None:
        refuse_unseen(drive)
        good, end = usable(drive, medium.state, lba, count)
        size = min(size, good * SECTOR_SIZE)
    try:
        family.read(medium, lba, data[:size])
    except OSError as error:
        note = f"{medium.path} cannot be read: {error.strerror}"
        raise CheckConditionError(3, 0x11, 0, information=lba, note=note) from error
    if drive.physics.enabled:
        _spend_reading(drive, lba, count)
    drive.last_lba = lba + count
    if end is not None:
        end.transferred = size
        raise end
    return size


def _spend_reading(drive: DriveState, lba: int, count: int) -> None:
    drive.duration_s += drive.buffer.flush(drive.now, drive.write_rate) if drive.buffer.level else 0.0
    drive.duration_s += drive.travel_seconds(lba) + drive.reading_seconds(lba, count)


def refuse_unseen(drive: DriveState) -> None:
    """End the command where the drive has not looked at what it wrote itself; with a quirk only."""
    if drive.written and Quirk.NEEDS_RELOAD in drive.quirks:
        raise CheckConditionError(5, 0x21, 0)


def write10(drive: DriveState, command: Write10 | Write12, data: memoryview) -> int:
    """WRITE (10) and WRITE (12), by way of the decoded command."""
    drive.streaming = isinstance(command, Write12) and (command.streaming or command.verify_not_required)
    try:
        return write_sectors(drive, command.lba, command.sectors, data, fua=command.fua)
    finally:
        drive.streaming = False


def read10(drive: DriveState, command: Read10 | Read12, data: memoryview) -> int:
    """READ (10) and READ (12), by way of the decoded command."""
    return read_sectors(drive, command.lba, command.sectors, data)


def verify10(drive: DriveState, command: Verify10, data: memoryview) -> None:
    """VERIFY (10): the sectors must be readable; nothing is moved."""
    _verify(drive, command.lba, command.sectors)


def _verify(drive: DriveState, lba: int, count: int) -> None:
    disc = drive.need_disc()
    family_of(disc).check_readable(disc, lba, count)
    end = None
    if drive.quirks or drive.wear is not None:
        refuse_unseen(drive)
        _, end = usable(drive, disc, lba, count)
    if drive.physics.enabled:
        _spend_reading(drive, lba, count)
        drive.last_lba = lba + count
    if end is not None:
        raise end


def write_and_verify(drive: DriveState, command: WriteAndVerify10, data: memoryview) -> int:
    """WRITE AND VERIFY (10): write, empty the buffer, read back; BYTCHK compares (MMC-6 6.46)."""
    taken = write_sectors(drive, command.lba, command.sectors, data, fua=True)
    medium = drive.need_medium()
    if drive.wear is not None:
        _, end = usable(drive, medium.state, command.lba, command.sectors)
        if end is not None:
            raise end
    if command.compare:
        found = bytearray(command.sectors * SECTOR_SIZE)
        family_of(medium.state).read(medium, command.lba, memoryview(found))
        wrong = next((at for at in range(taken) if found[at] != data[at]), None)
        if wrong is not None:
            # Miscompare during verify operation, at the sector that differs.
            raise CheckConditionError(0xE, 0x1D, 0, information=command.lba + wrong // SECTOR_SIZE)
    if drive.physics.enabled:
        drive.duration_s += drive.reading_seconds(command.lba, command.sectors)
    return taken


def seek(drive: DriveState, command: Seek10, data: memoryview) -> None:
    """SEEK (10): the laser goes there."""
    _go_to(drive, command.lba)
    if drive.physics.enabled:
        drive.duration_s += drive.travel_seconds(command.lba)
    drive.last_lba = command.lba


def set_read_ahead(drive: DriveState, command: SetReadAhead, data: memoryview) -> None:
    """SET READ AHEAD: both places must be on the disc; nothing else shows."""
    _go_to(drive, command.trigger_lba)
    _go_to(drive, command.read_ahead_lba)


def _go_to(drive: DriveState, lba: int) -> None:
    if lba >= max(1, drive.need_disc().sectors):
        raise CheckConditionError(5, 0x21, 0)


def synchronize_cache(drive: DriveState, command: SynchronizeCache10, data: memoryview) -> None:
    """SYNCHRONIZE CACHE (10): empty the buffer, and end what was being written."""
    medium = drive.need_medium()
    if command.lba and medium.state.sequential and command.lba >= medium.state.sectors:
        raise invalid_field(2)
    seconds = drive.physics.sync_s
    if drive.physics.enabled:
        seconds += drive.buffer.flush(drive.now, drive.write_rate)
    disc = medium.state
    was_open = not disc.finalized
    if drive.unflushed:
        family_of(disc).stop_writing(drive, medium)
    if was_open and disc.finalized:
        seconds += drive.physics.finalize_s  # recorded at once: the disc ends with its last sector
    drive.spend(seconds, immed=command.immed)
