"""READ BUFFER, WRITE BUFFER, REPORT KEY, SEND KEY: the drive's memory and its region (SPC-4 6.21, 6.49, MMC-6 6.28)."""

from __future__ import annotations

from typing import Final

from aioimapi.mmc import BufferMode, KeyFormat, ReadBuffer, ReportKey, SendKey, WriteBuffer
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import CheckConditionError, invalid_field, invalid_parameter

MEMORY_BYTES: Final = 64 * 1024
"""What of the drive's memory the host can read and write."""

_REGION_CHANGES: Final = 5
_VENDOR_RESETS: Final = 4


def read_buffer(drive: DriveState, command: ReadBuffer, data: memoryview) -> bytes:
    """READ BUFFER: size and content of a memory for tests; there is one, number 0."""
    if command.buffer_id:
        raise invalid_field(2)
    size = MEMORY_BYTES.to_bytes(3, "big")
    memory = drive.memory.ljust(MEMORY_BYTES, b"\0")
    mode = command.mode
    if mode is BufferMode.DESCRIPTOR:
        return b"\x00" + size
    if mode is BufferMode.ECHO_DESCRIPTOR:
        return b"\x00\x00" + (0x1000).to_bytes(2, "big")
    if mode not in (BufferMode.DATA, BufferMode.HEADER_AND_DATA, BufferMode.ECHO):
        raise invalid_field(1, 4)
    if command.offset > MEMORY_BYTES or (command.offset and mode is not BufferMode.DATA):
        raise invalid_field(3)
    head = b"\x00" + size if mode is BufferMode.HEADER_AND_DATA else b""
    return head + memory[command.offset :]


def write_buffer(drive: DriveState, command: WriteBuffer, data: memoryview) -> None:
    """WRITE BUFFER: fill the memory for tests; no new firmware."""
    if command.buffer_id:
        raise invalid_field(2)
    mode, size = command.mode, command.parameter_list_length
    if mode not in (BufferMode.DATA, BufferMode.HEADER_AND_DATA, BufferMode.ECHO):
        raise invalid_field(1, 4)
    if len(data) < size:
        raise CheckConditionError(5, 0x1A, 0)
    body = bytes(data[:size])
    if mode is BufferMode.HEADER_AND_DATA:
        body = body[4:]
    if command.offset and mode is not BufferMode.DATA:
        raise invalid_field(3)
    if command.offset + len(body) > MEMORY_BYTES:
        raise invalid_field(6)
    memory = bytearray(drive.memory.ljust(command.offset + len(body), b"\0"))
    memory[command.offset : command.offset + len(body)] = body
    drive.memory = bytes(memory)


def report_key(drive: DriveState, command: ReportKey, data: memoryview) -> bytes:
    """REPORT KEY of DVD: the region, and that there is nothing to authenticate for (MMC-6 6.28)."""
    if command.key_class:
        raise invalid_field(7)
    if command.key_format is KeyFormat.RPC_STATE:
        used = _REGION_CHANGES - drive.region_changes
        settled = 0 if not used else 2 if drive.region_changes == 1 else 1 if drive.region_changes else 3
        head = settled << 6 | _VENDOR_RESETS << 3 | drive.region_changes
        return bytes((0, 6, 0, 0, head, drive.region, 1, 0))
    if command.key_format is KeyFormat.INVALIDATE:
        return b""
    drive.need_disc()
    if command.key_format is KeyFormat.AUTHENTICATION_SUCCESS:
        return bytes((0, 6, 0, 0, 0, 0, 0, 0))
    if command.key_format in (KeyFormat.AGID_CSS, KeyFormat.AGID_CPRM):
        raise CheckConditionError(5, 0x6F, 1)  # key not present: the disc is not scrambled
    if command.key_format in (KeyFormat.CHALLENGE, KeyFormat.KEY_1, KeyFormat.TITLE_KEY):
        raise CheckConditionError(5, 0x2C, 0)  # without an authentication grant
    raise invalid_field(10, 5)


def send_key(drive: DriveState, command: SendKey, data: memoryview) -> None:
    """SEND KEY of DVD: set the region, up to five times (MMC-6 6.33)."""
    if command.key_class:
        raise invalid_field(7)
    if command.key_format is not KeyFormat.RPC_STRUCTURE:
        if command.key_format in (KeyFormat.CHALLENGE, KeyFormat.KEY_2):
            raise CheckConditionError(5, 0x2C, 0)
        raise invalid_field(10, 5)
    body = bytes(data[:8])
    if len(body) < 8 or int.from_bytes(body[:2], "big") < 6:
        raise CheckConditionError(5, 0x1A, 0)
    region = body[4]
    if (region ^ 0xFF).bit_count() != 1:
        raise invalid_parameter(4)
    if region == drive.region:
        return
    if not drive.region_changes:
        raise CheckConditionError(5, 0x6F, 5)  # drive region must be permanent / region reset count error
    drive.region = region
    drive.region_changes -= 1
