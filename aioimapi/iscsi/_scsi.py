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

SHORT_S: Final = 60.0
READ_S: Final = 60.0
WRITE_S: Final = 200.0
UNKNOWN_S: Final = 3600.0
"""Time limits in seconds: of a command with bits that we do not know, of READ and WRITE, of a command unknown to us."""


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
        The commands in order; none where it moves too much and cannot be parted, or the host sends less than its CDB
        says.
    """
    cdb = command.cdb
    kind = find_command(cdb[0])
    expected = command.length if command.reads or command.writes else 0
    direction = Direction.OUT if command.writes else Direction.IN if command.reads else Direction.NONE
    if kind is not None and kind.direction is not direction:
        # The drive's idea of a command counts, not the host's; what the host did not ask for, it does not get.
        direction, expected = kind.direction, 0
    place = _places.get(cdb[0])
    if place is not None:
        return _plan_blocks(cdb, direction, expected, place.unpack_from(cdb)[0], max_transfer)
    length, limit_s = expected, UNKNOWN_S if kind is None else SHORT_S
    try:
        known = parse_command(cdb)
    except ProtocolError:
        known = None
    if known is not None:
        limit_s = known.timeout_s
        length = max(known.transfer_length, expected)
        if known.direction is Direction.OUT and known.transfer_length > expected:
            return []
    if length > max_transfer:
        if direction is Direction.OUT or expected > max_transfer:
            return []
        length = expected
    return [_raw(cdb, direction, length, limit_s)]


def _plan_blocks(
    cdb: bytes, direction: Direction, expected: int, count: int, max_transfer: int
) -> list[RawCommand]:
    """Return READ or WRITE, in parts where it has to be."""
    limit_s = READ_S if direction is Direction.IN else WRITE_S
    size = expected // count if count else 0
    # In front of LBA 0 lies a CD's lead-in, whose blocks are as small as 96 bytes of subchannel: CD-Text.
    lead_in = direction is Direction.OUT and cdb[2] & 0x80 and size and expected % count == 0
    if count and size < SECTOR_SIZE and not lead_in:  # less than the CDB says
        if direction is Direction.OUT:
            return []
        whole = count * SECTOR_SIZE
        return [_raw(cdb, direction, whole if whole <= max_transfer else expected, limit_s)]
    if expected <= max_transfer:
        return [_raw(cdb, direction, expected, limit_s)]
    if not count or expected % count:
        return []
    most, lba = max_transfer // size, int.from_bytes(cdb[2:6], "big")
    parts = []
    for first in range(0, count, most):
        blocks = min(most, count - first)
        parts.append(_raw(_with_blocks(cdb, lba + first, blocks), direction, blocks * size, limit_s))
    return parts


def _with_blocks(cdb: bytes, lba: int, blocks: int) -> bytes:
    """Return a READ or WRITE with another first block and number of blocks."""
    start = cdb[:2] + (lba & 0xFFFFFFFF).to_bytes(4, "big")
    if cdb_size(cdb[0]) == 10:
        return start + cdb[6:7] + blocks.to_bytes(2, "big") + cdb[9:]
    return start + blocks.to_bytes(4, "big") + cdb[10:]


def _raw(cdb: bytes, direction: Direction, length: int, limit_s: float) -> RawCommand:
    size = cdb_size(cdb[0])
    return RawCommand(cdb[:size] if size else cdb, direction if length else Direction.NONE, length, limit_s)
