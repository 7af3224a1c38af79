"""READ, WRITE, VERIFY and SYNCHRONIZE CACHE (MMC-6 6.19, 6.44 to 6.48)."""

from __future__ import annotations

import errno
from typing import NoReturn

from aioimapi.mmc import Read10, Read12, SynchronizeCache10, Verify10, Write10, Write12
from aioimapi.units import SECTOR_SIZE, round_up
from aioimapi.virtual._drive import LONG_WRITE_IN_PROGRESS, DriveState
from aioimapi.virtual._kinds import CD_PACKET_LINK
from aioimapi.virtual._medium import VirtualMedium
from aioimapi.virtual._mode_pages import write_type
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual._state import DiscState, DiscStatus

WRITE_TAO = 1


def write_sectors(drive: DriveState, lba: int, count: int, data: memoryview, *, fua: bool = False) -> None:
    """Do what WRITE does with ``count`` sectors at ``lba``."""
    medium = drive.need_writable()
    disc = medium.state
    size = count * SECTOR_SIZE
    if len(data) < size:
        raise CheckConditionError(0xB, 0x4B, 0)  # data phase error: the host sent less than it announced
    if disc.write_once:
        number = _writable(disc, lba, count)
    else:
        number = 0
        _overwritable(disc, lba, count)
    if not count:
        return
    if drive.unflushed not in (0, number):
        end_of_writing(drive, medium)
    if drive.physics.enabled:
        _take_time(drive, size)
    try:
        if number:
            medium.record(number, lba, data[:size], count)
        else:
            medium.put(lba, data[:size])
    except OSError as error:
        raise _host_failed(error, medium.path, lba) from error
    drive.last_lba = lba + count
    drive.unflushed = number
    if fua and drive.physics.enabled:
        drive.spend(drive.buffer.flush(drive.now, drive.write_rate))


def _writable(disc: DiscState, lba: int, count: int) -> int:
    """Return the track that a WRITE at ``lba`` goes to, or end the command."""
    if disc.finalized:
        raise CheckConditionError(5, 0x30, 5)  # cannot write medium, incompatible format: it is closed
    if lba >= disc.sectors:
        raise CheckConditionError(5, 0x21, 0)
    number = disc.writable_track(lba)
    if number is None:
        raise CheckConditionError(5, 0x21, 2)  # invalid address for write
    track = disc.tracks[number - 1]
    if count > disc.free_sectors(track):
        if track.end is None:
            raise CheckConditionError(5, 0x21, 0)
        raise CheckConditionError(5, 0x63, 0)  # end of user area encountered on this track
    return number


def _overwritable(disc: DiscState, lba: int, count: int) -> None:
    if not disc.formatted:
        raise CheckConditionError(5, 0x30, 0x10)  # medium not formatted
    if lba + count > disc.sectors:
        raise CheckConditionError(5, 0x21, 0)


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
    check_readable(medium.state, lba, count)
    size = min(count * SECTOR_SIZE, len(data))
    try:
        medium.read_into(lba, data[:size])
    except OSError as error:
        note = f"{medium.path} cannot be read: {error.strerror}"
        raise CheckConditionError(3, 0x11, 0, information=lba, note=note) from error
    drive.last_lba = lba + count
    if drive.physics.enabled:
        rate = drive.physics.bytes_per_second(drive.traits, drive.current_read_kbps)
        drive.duration_s += size / rate + drive.buffer.flush(drive.now, drive.write_rate)
    return size


def check_readable(disc: DiscState, lba: int, count: int) -> None:
    """End the command where a sector of the range cannot be read."""
    if lba + count > disc.sectors:
        raise CheckConditionError(5, 0x21, 0)
    if not disc.write_once:
        if not disc.formatted:
            raise CheckConditionError(5, 0x30, 0x10)
        return
    if disc.status is DiscStatus.BLANK:
        raise CheckConditionError(5, 0x64, 0)  # illegal mode for this track: what drives say of a blank disc
    tracks = disc.tracks
    if len(tracks) == 1 and lba + count <= tracks[0].next_lba and not disc.gaps:
        return
    gap = disc.in_gap(lba, count)
    at, end = lba, lba + count
    while at < end:
        number = disc.track_of(at)
        if at == gap or (number is None and at < disc.tracks[-1].start):
            raise CheckConditionError(5, 0x64, 0, information=at)  # linking blocks, lead-out and lead-in
        if number is None or at >= tracks[number - 1].next_lba:
            _unrecorded(disc, at)
        at = tracks[number - 1].next_lba if gap is None else min(gap, tracks[number - 1].next_lba)


def _unrecorded(disc: DiscState, lba: int) -> NoReturn:
    recorded = max((t.next_lba for t in disc.tracks if not t.blank), default=0)
    if lba >= recorded:
        raise CheckConditionError(5, 0x21, 0)
    raise CheckConditionError(8, 0x00, 0, information=lba)  # blank check


def write10(drive: DriveState, command: Write10 | Write12, data: memoryview) -> None:
    """WRITE (10) and WRITE (12), by way of the decoded command."""
    write_sectors(drive, command.lba, command.sectors, data, fua=command.fua)


def read10(drive: DriveState, command: Read10 | Read12, data: memoryview) -> int:
    """READ (10) and READ (12), by way of the decoded command."""
    return read_sectors(drive, command.lba, command.sectors, data)


def verify10(drive: DriveState, command: Verify10, data: memoryview) -> None:
    """VERIFY (10): the sectors must be readable; nothing is moved."""
    check_readable(drive.need_disc(), command.lba, command.sectors)
    if drive.physics.enabled:
        rate = drive.physics.bytes_per_second(drive.traits, drive.current_read_kbps)
        drive.duration_s += command.sectors * SECTOR_SIZE / rate


def synchronize_cache(drive: DriveState, command: SynchronizeCache10, data: memoryview) -> None:
    """SYNCHRONIZE CACHE (10): empty the buffer, and end what was being written, see :func:`end_of_writing`."""
    medium = drive.need_medium()
    if command.lba and medium.state.write_once and command.lba >= medium.state.sectors:
        raise invalid_field(2)
    seconds = drive.physics.sync_s
    if drive.physics.enabled:
        seconds += drive.buffer.flush(drive.now, drive.write_rate)
    if drive.unflushed:
        end_of_writing(drive, medium)
    drive.spend(seconds, immed=command.immed)


def end_of_writing(drive: DriveState, medium: VirtualMedium) -> None:
    """Do to a write-once disc what follows when the laser stops after writing.

    A DVD+R's ECC block and a BD-R's cluster are filled up, as neither can be written in parts (MMC-6 4.3.6.2,
    4.5.3.5). On CD it ends a packet, and in track-at-once mode the track (MMC-6 4.2.3.8, 6.43.3).
    """
    number, drive.unflushed = drive.unflushed, 0
    disc = medium.state
    if not 1 <= number <= len(disc.tracks) or disc.tracks[number - 1].closed:
        return
    track = disc.tracks[number - 1]
    if not disc.kind.traits.cd:
        end = min(round_up(track.next_lba, disc.kind.traits.unit), disc.track_end(track))
        if end > track.next_lba:
            medium.skip(number, track.next_lba, end - track.next_lba)
        return
    if write_type(drive) != WRITE_TAO and disc.free_sectors(track) > CD_PACKET_LINK:
        disc.end_packet(track)
    else:
        disc.close_track(number)
    medium.save()
