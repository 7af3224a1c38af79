"""What the front of a drive has to know of SCSI: data lengths, time limits, and the few answers that are its own."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.errors import ProtocolError
from aioimapi.iscsi._pdu import ScsiCommand
from aioimapi.mmc import Direction, RawCommand, cdb_size, find_command, parse_command
from aioimapi.units import SECTOR_SIZE

REPORT_LUNS: Final = 0xA0
INQUIRY: Final = 0x12
REQUEST_SENSE: Final = 0x03
PREVENT_ALLOW: Final = 0x1E

IGNORES_ATTENTION: Final = frozenset({REQUEST_SENSE, INQUIRY, 0x46, 0x4A, REPORT_LUNS})
"""Commands that are run although a unit attention waits (MMC-6 4.1.6.1)."""

_counts: Final = {10: struct.Struct(">7xHx"), 12: struct.Struct(">6xI2x")}
_places: Final = {opcode: _counts[cdb_size(opcode)] for opcode in (0x28, 0x2A, 0x2E, 0xA8, 0xAA)}
"""READ and WRITE (10) and (12), WRITE AND VERIFY (10), and where their number of blocks stands."""

UNKNOWN_S: Final = 3600.0
"""Time limit in seconds of a command that we do not know."""


def sense(key: int, asc: int, ascq: int = 0) -> bytes:
    """Return current sense data in fixed format (SPC-4 4.5.3)."""
    return bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0))


NO_LUN: Final = sense(5, 0x25)
INVALID_FIELD: Final = sense(5, 0x24)
INVALID_COMMAND: Final = sense(5, 0x20)
ACCESS_DENIED: Final = sense(5, 0x20, 0x02)
TIMED_OUT: Final = sense(4, 0x08, 0x01)
INTERNAL_FAILURE: Final = sense(4, 0x44)
RESET: Final = (0x29, 0x00)
CLEARED: Final = (0x2F, 0x00)

ONE_LUN: Final = struct.pack(">II8s", 8, 0, bytes(8))
"""REPORT LUNS' answer of a drive that has no such command."""


def lun_of(field: bytes) -> int | None:
    """Return the logical unit number of its eight-byte form, or None for what is none of ours (SAM-5 4.7)."""
    method = field[0] >> 6
    if method > 1 or any(field[2:]) or (method == 0 and field[0]):
        return None
    return (field[0] & 0x3F) << 8 | field[1]


def wrong_lun(command: ScsiCommand) -> tuple[bytes, bytes]:
    """Return data and sense data for a command to a logical unit that is not there (SPC-4 6.6.2)."""
    if command.cdb[0] == INQUIRY:
        size = min(int.from_bytes(command.cdb[3:5], "big"), command.length)
        return (b"\x7f\x00\x06\x02\x1f" + bytes(31))[:size], b""
    if command.cdb[0] == REQUEST_SENSE:
        return NO_LUN[: min(command.cdb[4], command.length)], b""
    return b"", NO_LUN


def plan(command: ScsiCommand, max_transfer: int) -> list[RawCommand]:
    """Return what to send to the drive: the command, or, where it moves more than the drive takes at once, its parts.

    The data phase is what the host expects, and what the CDB asks for where that is more: the host is told by how
    much it fell short. READ and WRITE have blocks of several sizes (2,048 to 2,448 bytes): their size is the host's.

    Returns:
        The commands in order; none where it moves too much and cannot be parted, or sends less than its CDB says.
    """
    cdb, expected = command.cdb, command.length
    if not (command.reads or command.writes):
        expected = 0
    place = _places.get(cdb[0])
    if place is not None:
        count: int = place.unpack_from(cdb)[0]
        return _plan_blocks(command, expected, count, max_transfer)
    try:
        known = parse_command(cdb)
    except ProtocolError:
        kind = find_command(cdb[0])
        length, limit_s = expected, UNKNOWN_S if kind is None else 60.0
    else:
        asked = known.transfer_length if known.direction is not Direction.NONE else 0
        limit_s, length = known.timeout_s, max(asked, expected) if command.reads else expected
        if command.writes and asked > expected:
            return []
    if length > max_transfer:
        if not command.reads or expected > max_transfer:
            return []
        length = expected
    return [_raw(command, cdb, length, limit_s)]


def _plan_blocks(command: ScsiCommand, expected: int, count: int, max_transfer: int) -> list[RawCommand]:
    cdb = command.cdb
    limit_s = 60.0 if command.reads else 200.0
    size = expected // count if count else 0
    if size < SECTOR_SIZE:  # less than the CDB says
        if command.writes and count:
            return []
        return [_raw(command, cdb, max(expected, min(count * SECTOR_SIZE, max_transfer)), limit_s)]
    if expected <= max_transfer or expected % count:
        return [_raw(command, cdb, expected, limit_s)] if expected <= max_transfer else []
    most = max_transfer // size
    lba = int.from_bytes(cdb[2:6], "big")
    parts = []
    for first in range(0, count, most):
        blocks = min(most, count - first)
        part = _with_blocks(cdb, lba + first, blocks)
        parts.append(_raw(command, part, blocks * size, limit_s))
    return parts


def _with_blocks(cdb: bytes, lba: int, blocks: int) -> bytes:
    """Return a READ or WRITE with another first block and number of blocks."""
    start = cdb[:2] + (lba & 0xFFFFFFFF).to_bytes(4, "big")
    if cdb_size(cdb[0]) == 10:
        return start + cdb[6:7] + blocks.to_bytes(2, "big") + cdb[9:]
    return start + blocks.to_bytes(4, "big") + cdb[10:]


def _raw(command: ScsiCommand, cdb: bytes, length: int, limit_s: float) -> RawCommand:
    direction = Direction.NONE
    if length:
        direction = Direction.OUT if command.writes else Direction.IN
    size = cdb_size(cdb[0])
    return RawCommand(cdb[:size] if size else cdb, direction, length, limit_s)
