"""ECMA-119 structures of a few bytes: both-endian numbers, directory records, path table records."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

MAX_EXTENT = 0xFFFF_F800
"""Bytes of one extent: the largest number of whole sectors that 32 bits hold, so that the next extent begins on one."""

MULTI_EXTENT = 0x80
DIRECTORY = 0x02
HIDDEN = 0x01
"""The existence bit: the user need not be told of the file (ECMA-119 9.1.6)."""

_RECORD = Struct("<BBI4sI4s7sBBB4sB")
_VOLUME_1 = b"\x01\x00\x00\x01"  # volume sequence number 1, both-endian


def both16(value: int) -> bytes:
    """Return a 16-bit number in both byte orders (ECMA-119 7.2.3)."""
    return value.to_bytes(2, "little") + value.to_bytes(2, "big")


def both32(value: int) -> bytes:
    """Return a 32-bit number in both byte orders (ECMA-119 7.3.3)."""
    return value.to_bytes(4, "little") + value.to_bytes(4, "big")


def directory_record(
    identifier: bytes, extent: int, size: int, stamp: bytes, flags: int, system_use: bytes = b""
) -> bytes:
    """Return a directory record (ECMA-119 9.1), padded to an even length.

    Raises:
        struct.error: A field is out of range, or the record longer than 254 bytes: a fault of the caller.
    """
    padding = b"" if len(identifier) & 1 else b"\0"
    length = 33 + len(identifier) + len(padding) + len(system_use)
    tail = b"\0" if length & 1 else b""
    return (
        _RECORD.pack(
            length + len(tail),
            0,
            extent,
            extent.to_bytes(4, "big"),
            size,
            size.to_bytes(4, "big"),
            stamp,
            flags,
            0,
            0,
            _VOLUME_1,
            len(identifier),
        )
        + identifier
        + padding
        + system_use
        + tail
    )


@lru_cache(maxsize=4096)
def record_struct(identifier_length: int, name_length: int) -> tuple[Struct, int]:
    """Return one struct for a whole record with PX, TF and NM, and its length (ECMA-119 9.1, RRIP 4.1).

    One ``pack_into`` with the names in the format costs a third of four smaller ones.
    """
    padded = identifier_length + 1 - (identifier_length & 1)
    length = 33 + padded + 44 + 12 + 5 + name_length
    total = length + (length & 1)
    return Struct(f"<BBI4sI4s7sBBB4sB{padded}s36sI4s12s5s{name_length + (length & 1)}s"), total


@lru_cache(maxsize=1024)
def plain_record_struct(identifier_length: int) -> tuple[Struct, int]:
    """Return one struct for a whole record without system use field, and its length (ECMA-119 9.1)."""
    padded = identifier_length + 1 - (identifier_length & 1)
    return Struct(f"<BBI4sI4s7sBBB4sB{padded}s"), 33 + padded


def path_table_record(identifier: bytes, extent: int, parent: int, *, big_endian: bool) -> bytes:
    """Return a path table record (ECMA-119 9.4) of type L (little-endian) or M."""
    order = "big" if big_endian else "little"
    return (
        bytes((len(identifier), 0))
        + extent.to_bytes(4, order)  # type: ignore[arg-type]
        + parent.to_bytes(2, order)  # type: ignore[arg-type]
        + identifier
        + b"\0" * (len(identifier) & 1)
    )
