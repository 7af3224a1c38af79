"""Reads boot catalogs: lenient, bounded, every leniency a finding."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.errors import ImageFormatError
from aioimapi.fs.eltorito._catalog import word_sum
from aioimapi.fs.eltorito._values import BootEntry, Platform
from aioimapi.fs.read._base import ImageContext, Parser, try_read

MAX_ENTRIES: Final = 1024
"""Entries that are read; IMAPI allows 32, and no disc was seen with more than ten."""

_MAX_SECTORS: Final = 16
_RECORD: Final = 32
_HEADER, _BOOTABLE, _EXTENSION = 0x01, 0x88, 0x44
_MORE_HEADERS, _LAST_HEADER = 0x90, 0x91


@attrs.frozen
class BootCatalog:
    """A boot catalog as it was found.

    Attributes:
        lba: Its first sector.
        manufacturer: The identifier in its validation entry.
        entries: Its entries, the initial one first.
    """

    lba: int
    manufacturer: bytes
    entries: tuple[BootEntry, ...]


def read_catalog(context: ImageContext, lba: int) -> Parser[BootCatalog]:
    """Read a boot catalog (El Torito 1.0, 2.1 to 2.5).

    Args:
        context: What is known of the image; its findings get what breaks the specification.
        lba: The catalog's sector, as the boot record has it.

    Returns:
        The catalog.

    Raises:
        ImageFormatError: There is no catalog at that sector.
    """
    data = yield from try_read(lba, 1) if context.holds(lba, 1) else _nothing()
    if data is None:
        raise ImageFormatError(
            f"the boot catalog at sector {lba} cannot be read, or is outside the image", lba=lba
        )
    validation = data[:_RECORD]
    if validation[0] != _HEADER and validation[30:32] != b"\x55\xaa":
        raise ImageFormatError(
            f"sector {lba} holds no boot catalog, though the boot record points there (El Torito 2.1)",
            lba=lba,
        )
    _check_validation(context, validation, lba)
    manufacturer = validation[4:28].rstrip(b"\0 ")
    entries = [_entry(data[_RECORD : 2 * _RECORD], validation[1], manufacturer)]
    _check_entry(context, entries[0], data[_RECORD], 1)
    yield from _read_sections(context, lba, data, entries)
    return BootCatalog(lba, manufacturer, tuple(entries))


def _nothing() -> Parser[bytes | None]:
    return None
    yield  # a generator that asks for nothing


def _check_validation(context: ImageContext, record: bytes, lba: int) -> None:
    note = context.findings.note
    if record[0] != _HEADER:
        note(
            "boot catalog header", f"the boot catalog at sector {lba} begins with {record[0]:#04x}, not 0x01"
        )
    if record[30:32] != b"\x55\xaa":
        note(
            "boot catalog key",
            f"the boot catalog at sector {lba} lacks the key bytes 55h AAh (El Torito 2.1)",
        )
    if word_sum(record):
        note(
            "boot catalog checksum",
            f"the words of the validation entry at sector {lba} add up to {word_sum(record):#06x}, not 0 "
            "(El Torito 2.1); firmware may refuse to boot from it",
        )


def _read_sections(context: ImageContext, lba: int, data: bytes, entries: list[BootEntry]) -> Parser[None]:
    """Read section headers, entries and their extensions, to the last header's end."""
    at, left, last = 2 * _RECORD, 0, False
    platform, identifier = 0, b""
    sector = 1
    while len(entries) < MAX_ENTRIES:
        if at == len(data):
            more = None
            if sector < _MAX_SECTORS and context.holds(lba + sector, 1):
                more = yield from try_read(lba + sector, 1)
            if more is None:
                if left:
                    context.findings.note("boot catalog end", "the boot catalog ends inside a section")
                return
            data, at = more, 0
            sector += 1
        record = data[at : at + _RECORD]
        at += _RECORD
        if record[0] == _EXTENSION:
            continue  # selection criteria beyond 19 bytes (El Torito 2.5); nothing is known to use them
        if left:
            left -= 1
            entries.append(_entry(record, platform, identifier))
            _check_entry(context, entries[-1], record[0], len(entries))
        elif record[0] in (_MORE_HEADERS, _LAST_HEADER) and not last:
            last = record[0] == _LAST_HEADER
            platform, left = record[1], int.from_bytes(record[2:4], "little")
            identifier = record[4:32].rstrip(b"\0 ")
        else:
            # Discs by old programs go on with entries and no header; firmware does not look at those, nor do we.
            return
    context.findings.note("boot entries", f"the boot catalog has more than {MAX_ENTRIES:,} entries")


def _entry(record: bytes, platform: int, identifier: bytes) -> BootEntry:
    return BootEntry(
        platform=platform,
        emulation=record[1] & 0x0F,
        lba=int.from_bytes(record[8:12], "little"),
        load_sectors=int.from_bytes(record[6:8], "little"),
        bootable=record[0] == _BOOTABLE,
        load_segment=int.from_bytes(record[2:4], "little"),
        system_type=record[4],
        identifier=identifier,
        criteria_type=record[12],
        criteria=record[13:32].rstrip(b"\0"),
    )


def _check_entry(context: ImageContext, entry: BootEntry, indicator: int, number: int) -> None:
    note = context.findings.note
    if indicator not in (_BOOTABLE, 0):
        note(
            "boot indicators", f"boot entry {number} has the indicator {indicator:#04x}, neither 88h nor 00h"
        )
    if entry.emulation > 4:
        note("boot emulations", f"boot entry {number} has the reserved emulation {entry.emulation}")
    # For UEFI a count of 0 or 1 stands for all up to the disc's end (UEFI 13.3.2.1).
    size = 0 if entry.platform == Platform.UEFI and entry.load_sectors < 2 else entry.load_sectors * 512
    if not context.holds(entry.lba, max(size, 1)):
        note("boot images", f"boot entry {number} points to sector {entry.lba}, which is not in the image")
