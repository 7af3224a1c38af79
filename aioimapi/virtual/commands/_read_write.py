"""READ, WRITE, VERIFY and SYNCHRONIZE CACHE (MMC-6 6.19, 6.44 to 6.48)."""

from __future__ import annotations

import errno

from aioimapi.mmc import Read10, Read12, SynchronizeCache10, Verify10, Write10, Write12
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import LONG_WRITE_IN_PROGRESS, DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.families._registry import family_of


def write_sectors(drive: DriveState, lba: int, count: int, data: memoryview, *, fua: bool = False) -> int:
    """Do what WRITE does with ``count`` sectors at ``lba``; return how many bytes it took."""
    medium = drive.need_writable()
    disc = medium.state
    family = family_of(disc)
    size = family.write_bytes(drive, disc, lba, count)
    if len(data) < size:
        raise CheckConditionError(0xB, 0x4B, 0)  # data phase error: the host sent less than it announced
    number = family.accept_write(drive, disc, lba, count)
    if not count:
        return 0
    if drive.unflushed not in (0, number):
        family.stop_writing(drive, medium)
    if drive.physics.enabled:
        _take_time(drive, size)
    try:
        family.record(drive, medium, number, lba, count, data[:size])
    except OSError as error:
        raise _host_failed(error, medium.path, lba) from error
    drive.last_lba = lba + count
    drive.unflushed = number
    if fua and drive.physics.enabled:
        drive.spend(drive.buffer.flush(drive.now, drive.write_rate))
    return size


def _take_time(drive: DriveState, size: int) -> None:
    wait = drive.buffer.take(size, drive.now, drive.write_rate, wait=drive.physics.when_full == "wait")
    if wait is None:
        raise CheckConditionError(2, 0x04, LONG_WRITE_IN_PROGRESS)
    drive.duration_s += wait


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
    try:
        family.read(medium, lba, data[:size])
    except OSError as error:
        note = f"{medium.path} cannot be read: {error.strerror}"
        raise CheckConditionError(3, 0x11, 0, information=lba, note=note) from error
    drive.last_lba = lba + count
    if drive.physics.enabled:
        rate = drive.physics.bytes_per_second(drive.traits, drive.current_read_kbps)
        drive.duration_s += size / rate + drive.buffer.flush(drive.now, drive.write_rate)
    return size


def write10(drive: DriveState, command: Write10 | Write12, data: memoryview) -> int:
    """WRITE (10) and WRITE (12), by way of the decoded command."""
    return write_sectors(drive, command.lba, command.sectors, data, fua=command.fua)


def read10(drive: DriveState, command: Read10 | Read12, data: memoryview) -> int:
    """READ (10) and READ (12), by way of the decoded command."""
    return read_sectors(drive, command.lba, command.sectors, data)


def verify10(drive: DriveState, command: Verify10, data: memoryview) -> None:
    """VERIFY (10): the sectors must be readable; nothing is moved."""
    disc = drive.need_disc()
    family_of(disc).check_readable(disc, command.lba, command.sectors)
    if drive.physics.enabled:
        rate = drive.physics.bytes_per_second(drive.traits, drive.current_read_kbps)
        drive.duration_s += command.sectors * SECTOR_SIZE / rate


def synchronize_cache(drive: DriveState, command: SynchronizeCache10, data: memoryview) -> None:
    """SYNCHRONIZE CACHE (10): empty the buffer, and end what was being written."""
    medium = drive.need_medium()
    if command.lba and medium.state.sequential and command.lba >= medium.state.sectors:
        raise invalid_field(2)
    seconds = drive.physics.sync_s
    if drive.physics.enabled:
        seconds += drive.buffer.flush(drive.now, drive.write_rate)
    if drive.unflushed:
        family_of(medium.state).stop_writing(drive, medium)
    drive.spend(seconds, immed=command.immed)
