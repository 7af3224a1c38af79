"""Volume descriptors of ISO 9660 and Joliet (ECMA-119 8)."""

from __future__ import annotations

import unicodedata

from aioimapi.errors import ImageError, printable
from aioimapi.fs._layout import LayoutOptions
from aioimapi.fs._times import directory_stamp, volume_stamp
from aioimapi.fs.iso9660._directories import Hierarchy
from aioimapi.fs.iso9660._path_tables import PathTables
from aioimapi.fs.iso9660._records import DIRECTORY, both16, both32, directory_record
from aioimapi.units import SECTOR_SIZE

IDENTIFIER = b"CD001"
JOLIET_ESCAPE = b"%/E"
"""Escape sequence of UCS-2 level 3 (Joliet specification; ECMA-119 8.5.6)."""

_A_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ !\"%&'()*+,-./:;<=>?")
_FILE_FIELD = 37

TERMINATOR = (b"\xff" + IDENTIFIER + b"\x01").ljust(SECTOR_SIZE, b"\0")
"""Volume Descriptor Set Terminator (ECMA-119 8.3)."""


def iso_volume_name(name: str) -> str:
    """Map a volume name to at most 32 d-characters (ECMA-119 8.4.7)."""
    folded = unicodedata.normalize("NFKD", name).upper()
    kept = (char for char in folded if not unicodedata.combining(char))
    return "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in kept)[:32]


def joliet_volume_name(name: str) -> str:
    """Map a volume name to at most 16 UTF-16 units (ECMA-119 8.5 with Joliet's two bytes a character)."""
    clean = "".join(
        "_" if char in "*/:;?\\" or char < " " or "\ud800" <= char <= "\udfff" else char for char in name
    )
    while len(clean.encode("utf-16-be")) > 32:
        clean = clean[:-1]
    return clean


def _a_characters(text: str, length: int) -> bytes:
    """Map a text to a-characters (ECMA-119 7.4.1): capitals, digits and some signs of ASCII."""
    folded = unicodedata.normalize("NFKD", text).upper()
    kept = (char for char in folded if not unicodedata.combining(char))
    return "".join(char if char in _A_CHARACTERS else "_" for char in kept)[:length].encode()


def _joliet_text(text: str, length: int) -> bytes:
    clean = "".join("_" if char < " " or "\ud800" <= char <= "\udfff" else char for char in text)
    while len(clean.encode("utf-16-be")) > length:
        clean = clean[:-1]
    return clean.encode("utf-16-be")


def _named_file(hierarchy: Hierarchy, name: str, what: str) -> bytes:
    found = hierarchy.root_file(name)
    if found is None:
        raise ImageError(f"the {what} file {printable(name)} is not in the root of the image", path=name)
    if len(found) > _FILE_FIELD:
        raise ImageError(
            f"{hierarchy.label}: the name of the {what} file, {printable(name)}, is too long for its field "
            f"({_FILE_FIELD} bytes); give it a shorter one",
            path=name,
        )
    return found


def volume_descriptor(
    options: LayoutOptions, sector_count: int, hierarchy: Hierarchy, tables: PathTables, *, joliet: bool
) -> bytes:
    """Return a Primary Volume Descriptor (ECMA-119 8.4), or Joliet's Supplementary one (8.5)."""
    blank = " ".encode("utf-16-be") if joliet else b" "

    def text(value: bytes, length: int) -> bytes:
        return (
            value + blank * ((length - len(value)) // len(blank)) + (b"\0" if joliet and length & 1 else b"")
        )

    def coded(value: str, length: int) -> bytes:
        return _joliet_text(value, length) if joliet else _a_characters(value, length)

    iso = options.iso
    name = (
        joliet_volume_name(options.volume_name).encode("utf-16-be")
        if joliet
        else iso_volume_name(options.volume_name).encode()
    )
    stamp = directory_stamp(options.time_ns // 1_000_000_000)
    created = volume_stamp(options.time_ns)
    root = directory_record(b"\0", hierarchy.extent(0), hierarchy.sizes[0], stamp, DIRECTORY)
    return b"".join(
        (
            (b"\x02" if joliet else b"\x01") + IDENTIFIER + b"\x01\x00",
            text(coded(iso.system, 32), 32),
            text(name, 32),
            bytes(8),
            both32(sector_count),
            (JOLIET_ESCAPE if joliet else b"").ljust(32, b"\0"),
            both16(1),  # volume set size
            both16(1),  # volume sequence number
            both16(SECTOR_SIZE),
            both32(tables.size),
            tables.little_endian.to_bytes(4, "little"),
            bytes(4),  # no optional second table
            tables.big_endian.to_bytes(4, "big"),
            bytes(4),
            root,
            text(coded(iso.volume_set, 128), 128),
            text(coded(iso.publisher, 128), 128),
            text(coded(iso.preparer, 128), 128),
            text(coded(iso.application, 128), 128),
            text(_named_file(hierarchy, iso.copyright_file, "copyright"), 37),
            text(_named_file(hierarchy, iso.abstract_file, "abstract"), 37),
            text(_named_file(hierarchy, iso.bibliographic_file, "bibliographic"), 37),
            created,
            created,  # modification
            volume_stamp(None),  # expiration
            created,  # effective
            b"\x01\x00",  # file structure version
        )
    ).ljust(SECTOR_SIZE, b"\0")
