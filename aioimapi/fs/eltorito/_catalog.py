"""Writes what El Torito adds to an image: boot record, boot catalog, boot information table (El Torito 1.0, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from struct import Struct, unpack
from typing import Final

from aioimapi.fs.eltorito._values import BootEntry
from aioimapi.units import SECTOR_SIZE

SYSTEM_IDENTIFIER: Final = b"EL TORITO SPECIFICATION"
INFO_TABLE_AT: Final = 8
INFO_TABLE_END: Final = 64
"""Where in a boot image the boot information table goes; what lies behind it is summed up in it."""

_ENTRY: Final = Struct("<BBHBBHI")
_BOOTABLE, _NOT_BOOTABLE = 0x88, 0x00
_MORE_HEADERS, _LAST_HEADER = 0x90, 0x91
_RECORD = 32


def boot_record(catalog_lba: int) -> bytes:
    """Return the Boot Record Volume Descriptor (ECMA-119 8.2; El Torito 1.0, 2.0, figure 7)."""
    head = b"\x00CD001\x01" + SYSTEM_IDENTIFIER.ljust(32, b"\0") + bytes(32)
    return (head + catalog_lba.to_bytes(4, "little")).ljust(SECTOR_SIZE, b"\0")


def catalog_size(platforms: Sequence[tuple[int, bytes]]) -> int:
    """Return the bytes of whole sectors that a catalog takes.

    Args:
        platforms: Platform and section identifier of each entry, in their order.
    """
    sections = sum(1 for _ in groupby(platforms[1:]))
    records = 2 + sections + len(platforms) - 1
    return -(-records * _RECORD // SECTOR_SIZE) * SECTOR_SIZE


def boot_catalog(entries: Sequence[BootEntry]) -> bytes:
    """Return the boot catalog (El Torito 1.0, 2.1 to 2.4).

    The first entry is the initial one, and its platform and identifier go to the validation entry. Those behind it
    lie in sections, a section for each run of entries of equal platform and identifier.
    """
    first = entries[0]
    records = [_validation(first), _entry(first)]
    sections = [
        (key, list(group))
        for key, group in groupby(entries[1:], key=lambda entry: (entry.platform, entry.identifier))
    ]
    for number, ((platform, identifier), group) in enumerate(sections, 1):
        indicator = _LAST_HEADER if number == len(sections) else _MORE_HEADERS
        header = bytes((indicator, platform)) + len(group).to_bytes(2, "little") + identifier.ljust(28, b"\0")
        records.append(header)
        records += [
            _entry(entry) + bytes((entry.criteria_type,)) + entry.criteria.ljust(19, b"\0") for entry in group
        ]
    data = b"".join(record.ljust(_RECORD, b"\0") for record in records)
    return data.ljust(catalog_size([(entry.platform, entry.identifier) for entry in entries]), b"\0")


def _validation(entry: BootEntry) -> bytes:
    plain = bytes((1, entry.platform, 0, 0)) + entry.identifier.ljust(24, b"\0") + b"\0\0\x55\xaa"
    return plain[:28] + (-word_sum(plain) & 0xFFFF).to_bytes(2, "little") + plain[30:]


def word_sum(data: bytes) -> int:
    """Return the sum of the 16-bit words of a record; a validation entry's is 0 modulo 2^16."""
    total: int = sum(unpack(f"<{len(data) // 2}H", data))
    return total & 0xFFFF


def _entry(entry: BootEntry) -> bytes:
    indicator = _BOOTABLE if entry.bootable else _NOT_BOOTABLE
    return _ENTRY.pack(
        indicator,
        entry.emulation,
        entry.load_segment,
        entry.system_type,
        0,
        entry.load_sectors,
        entry.lba,
    )


def with_boot_information(image: bytes, lba: int) -> bytes:
    """Return a boot image with its boot information table filled in, as isolinux and GRUB expect it.

    Bytes 8 to 63: the sector of the primary volume descriptor, the image's own sector, its length in bytes, the sum
    of its 32-bit words from byte 64 on; then zeros.
    """
    body = image[INFO_TABLE_END:]
    body += bytes(-len(body) % 4)
    total = sum(unpack(f"<{len(body) // 4}I", body)) & 0xFFFF_FFFF
    table = b"".join(value.to_bytes(4, "little") for value in (16, lba, len(image), total))
    return image[:INFO_TABLE_AT] + table.ljust(INFO_TABLE_END - INFO_TABLE_AT, b"\0") + image[INFO_TABLE_END:]


GRUB2_AT: Final = 2548
"""Where GRUB 2's boot image keeps the sector of 512 bytes at which to read on, 64 bits."""


def with_grub2_information(image: bytes, lba: int) -> bytes:
    """Return GRUB 2's boot image with the place of its own second part: four sectors of 512 bytes behind its start."""
    place = (lba * 4 + 5).to_bytes(8, "little")
    return image[:GRUB2_AT] + place + image[GRUB2_AT + 8 :]
