"""Partition tables in front of an image, so that the same bytes boot from a USB stick: MBR and GPT (UEFI 2.10, 5).

A disk has sectors of 512 bytes here, four to a sector of the disc. Everything follows from what it is given: equal
images have equal identifiers.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from struct import Struct
from typing import Final
from zlib import crc32

import attrs

from aioimapi.units import SECTOR_SIZE

BLOCK: Final = 512
PER_SECTOR: Final = SECTOR_SIZE // BLOCK

ESP_TYPE: Final = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
"""An EFI system partition (UEFI 2.10, table 5-7)."""

MBR_CODE: Final = 440
_MBR_LOAD_AT: Final = 432
_MBR_TABLE: Final = 446
_PARTITION = Struct("<B3sB3sII")
_ISO_TYPE, _ESP_MBR_TYPE, _PROTECTIVE_TYPE = 0x17, 0xEF, 0xEE
_HEADS, _TRACK_SECTORS = 64, 32
"""The geometry that BIOSes and isolinux' boot code agree on for images: cylinders of 1 MiB."""

GPT_ENTRIES: Final = 128
_GPT_ENTRY = Struct("<16s16sQQQ72s")
_GPT_HEADER = Struct("<8sIIIIQQQQ16sQIII")
_GPT_ARRAY_BLOCKS = GPT_ENTRIES * _GPT_ENTRY.size // BLOCK

TAIL_SECTORS: Final = _GPT_ARRAY_BLOCKS // PER_SECTOR + 1
"""Sectors of the backup table at the end of an image: the entries, then in the very last 512 bytes the header."""


@attrs.frozen
class Partition:
    """A partition of the image.

    Attributes:
        first: Its first sector (of 2,048 bytes).
        count: Its sectors.
        name: For GPT, at most 36 characters.
    """

    first: int
    count: int
    name: str


def identifiers(*facts: object) -> tuple[uuid.UUID, int]:
    """Return a disk's GUID and its 32-bit signature, the same for the same facts."""
    digest = hashlib.sha256("\0".join(map(str, facts)).encode("utf-8", "surrogatepass")).digest()
    return uuid.UUID(bytes=digest[:16], version=4), int.from_bytes(digest[16:20], "little") or 1


def chs(lba: int) -> bytes:
    """Return a block's address as cylinder, head and sector, 3 bytes; the last that fits for those beyond."""
    cylinder, rest = divmod(lba, _HEADS * _TRACK_SECTORS)
    head, sector = divmod(rest, _TRACK_SECTORS)
    if cylinder > 1023:
        cylinder, head, sector = 1023, _HEADS - 1, _TRACK_SECTORS - 1
    return bytes((head, (sector + 1) | cylinder >> 2 & 0xC0, cylinder & 0xFF))


def _mbr_entry(active: bool, kind: int, first: int, count: int) -> bytes:
    count = min(count, 0xFFFF_FFFF)
    return _PARTITION.pack(
        0x80 if active else 0, chs(first), kind, chs(first + max(count, 1) - 1), first, count
    )


_PROTECTIVE_START, _BEYOND_CHS = b"\x00\x02\x00", b"\xff\xff\xff"  # UEFI 2.10, table 5-4


def mbr(
    code: bytes, load: int | None, signature: int, partitions: Sequence[Partition], sectors: int, *, gpt: bool
) -> bytes:
    """Return the master boot record, 512 bytes.

    Args:
        code: Boot code, at most 440 bytes; empty where the stick is not for BIOSes.
        load: The block number that goes to bytes 432 to 439 of the code, where isolinux' and GRUB's look for what to
            load; None leaves the code as it is.
        signature: The disk signature.
        partitions: EFI system partitions.
        sectors: Sectors of the image.
        gpt: Whether a GPT follows, which makes this one a protective MBR (UEFI 2.10, 5.2.3).
    """
    blocks = sectors * PER_SECTOR
    head = bytearray(code.ljust(MBR_CODE, b"\0"))
    if load is not None:
        head[_MBR_LOAD_AT:MBR_CODE] = load.to_bytes(8, "little")
    entries: list[bytes]
    if gpt:
        size = min(blocks - 1, 0xFFFF_FFFF)
        entries = [_PARTITION.pack(0, _PROTECTIVE_START, _PROTECTIVE_TYPE, _BEYOND_CHS, 1, size)]
        if code:
            # BIOSes exist that start no disk without an active partition: an empty one of type 0 satisfies them.
            entries.append(_PARTITION.pack(0x80, b"\0\x01\0", 0, b"\0\x01\0", 0, 1))
    else:
        entries = [_mbr_entry(bool(code), _ISO_TYPE, 0, blocks)]
        entries += [
            _mbr_entry(False, _ESP_MBR_TYPE, each.first * PER_SECTOR, each.count * PER_SECTOR)
            for each in partitions[:3]
        ]
    table = b"".join(entries).ljust(64, b"\0")
    return bytes(head) + signature.to_bytes(4, "little") + b"\0\0" + table + b"\x55\xaa"


def gpt(disk: uuid.UUID, partitions: Sequence[Partition], sectors: int) -> tuple[bytes, bytes]:
    """Return the primary table, from block 1 on, and the backup table of :data:`TAIL_SECTORS` sectors.

    Partition GUIDs follow from the disk's.
    """
    last = sectors * PER_SECTOR - 1
    backup_array = last - _GPT_ARRAY_BLOCKS
    array = b"".join(
        _GPT_ENTRY.pack(
            ESP_TYPE.bytes_le,
            identifiers(disk, number)[0].bytes_le,
            each.first * PER_SECTOR,
            (each.first + each.count) * PER_SECTOR - 1,
            0,
            each.name[:36].encode("utf-16-le"),
        )
        for number, each in enumerate(partitions, 1)
    ).ljust(GPT_ENTRIES * _GPT_ENTRY.size, b"\0")

    def header(own: int, other: int, entries: int) -> bytes:
        def packed(checksum: int) -> bytes:
            return _GPT_HEADER.pack(
                b"EFI PART", 0x0001_0000, _GPT_HEADER.size, checksum, 0, own, other,
                2 + _GPT_ARRAY_BLOCKS, backup_array - 1, disk.bytes_le, entries,
                GPT_ENTRIES, _GPT_ENTRY.size, crc32(array),
            )  # fmt: skip

        return packed(crc32(packed(0))).ljust(BLOCK, b"\0")

    backup = array + header(last, 1, backup_array)
    return header(1, last, 2) + array, backup.rjust(TAIL_SECTORS * SECTOR_SIZE, b"\0")
