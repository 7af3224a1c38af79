"""GET PERFORMANCE, SET STREAMING, SET CD SPEED, READ BUFFER CAPACITY (MMC-6 6.8, 6.39, 6.37, 6.22)."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import (
    MAXIMUM_SPEED,
    GetPerformance,
    PerformanceType,
    ReadBufferCapacity,
    SetCdSpeed,
    SetStreaming,
)
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter

_STREAMING_SIZE: Final = 28


def get_performance(drive: DriveState, command: GetPerformance, data: memoryview) -> bytes:
    """GET PERFORMANCE: nominal speeds (00h), unusable areas (01h), the write speeds that can be chosen (03h)."""
    disc = drive.need_disc()
    last = max(0, disc.sectors - 1)
    if command.type_ is PerformanceType.WRITE_SPEED:
        if command.data_type:
            raise invalid_field(1, 4)
        rows = [
            struct.pack(">B3xIII", 0x08 * drive.is_cav(speed), last, drive.current_read_kbps, speed)
            for speed in drive.told_write_kbps
        ]
        return _performance(rows, 0, command.max_descriptors)
    if command.type_ is PerformanceType.UNUSABLE_AREA:
        return _performance([], 0, 0)
    if command.type_ is not PerformanceType.PERFORMANCE:
        raise invalid_field(10)
    # The tolerance bits are taken as they come: dvd+rw-mediainfo sends 00b, and drives answer.
    write = bool(command.data_type & 0x04)
    if command.data_type & 0x03:
        return _performance([], write << 1, 0)  # exceptions only: there are none
    traits = disc.kind.traits
    if write and not traits.write_kbps:
        return _performance([], 2, 0)  # a read-only disc
    if write:
        found = drive.physics.told(traits, drive.told_current_write_kbps, disc.sectors)
    else:
        found = drive.physics.told(traits, drive.current_read_kbps, disc.sectors, traits.read_kbps)
    rows = [
        struct.pack(">IIII", first, slow, end, fast)
        for first, slow, end, fast in found
        if end >= command.start_lba
    ]
    return _performance(rows, write << 1, command.max_descriptors)


def _performance(rows: list[bytes], flags: int, limit: int) -> bytes:
    """Return header and at most ``limit`` rows; the length tells of all, so that a host can ask again for them."""
    return struct.pack(">IB3x", 4 + 16 * len(rows), flags) + b"".join(rows[:limit])


def set_streaming(drive: DriveState, command: SetStreaming, data: memoryview) -> None:
    """SET STREAMING: the speeds, in KB within so many milliseconds, for the loaded disc."""
    if command.type_:
        raise invalid_field(8)
    if command.parameter_list_length != _STREAMING_SIZE or len(data) < _STREAMING_SIZE:
        raise CheckConditionError(5, 0x1A, 0)
    flags, start, end, *rates = struct.unpack(">B3xIIIIII", data[:_STREAMING_SIZE])
    drive.need_disc()
    if flags & 0x04:  # restore the drive's defaults
        drive.read_kbps = drive.write_kbps = None
        return
    if start > end and end:
        raise invalid_parameter(4)
    read_size, read_time, write_size, write_time = rates
    for at, rate in ((16, read_time), (24, write_time)):
        if not rate:
            raise invalid_parameter(at)
    drive.read_kbps = read_size * 1_000 // read_time
    drive.write_kbps = write_size * 1_000 // write_time
    if flags & 0x02 and drive.write_kbps not in drive.told_write_kbps:
        drive.write_kbps = None
        raise invalid_parameter(20)


def set_cd_speed(drive: DriveState, command: SetCdSpeed, data: memoryview) -> None:
    """SET CD SPEED: FFFFh is the fastest; real drives obey it for other discs, too."""
    drive.need_disc()
    drive.read_kbps = None if command.read_kbps == MAXIMUM_SPEED else command.read_kbps
    drive.write_kbps = None if command.write_kbps == MAXIMUM_SPEED else command.write_kbps


def read_buffer_capacity(drive: DriveState, command: ReadBufferCapacity, data: memoryview) -> bytes:
    """READ BUFFER CAPACITY in bytes, or in sectors where BLOCK is set."""
    buffer = drive.buffer
    level = 0
    if drive.physics.enabled and drive.disc is not None:
        level = int(buffer.settle(drive.now, drive.write_rate))
    free = max(0, buffer.size - level)
    if command.block:
        return struct.pack(">HxBII", 10, 1, 0, free // SECTOR_SIZE)
    return struct.pack(">HxxII", 10, buffer.size, free)
