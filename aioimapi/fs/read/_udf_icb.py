"""File entries of UDF: ECMA-167 4/14.6 (ICB tag), 4/14.9 (file entry), 4/14.17 (extended file entry)."""

from __future__ import annotations

from typing import Final, NamedTuple

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import Findings
from aioimapi.fs.read._times import timestamp_ns
from aioimapi.fs.read._udf_fields import (
    CONTINUED,
    EXTENDED_FILE_ENTRY,
    FILE_ENTRY,
    Extent,
    LongAd,
    allocation_descriptors,
    check_tag,
    permissions_to_mode,
    u16,
    u32,
    u64,
)

# File types of the ICB tag (ECMA-167 4/14.6.6, UDF 2.3.5.2).
TYPE_UNSPECIFIED, TYPE_DIRECTORY, TYPE_FILE, TYPE_BLOCK, TYPE_CHARACTER, TYPE_FIFO, TYPE_SOCKET = (
    0,
    4,
    5,
    6,
    7,
    9,
    10,
)
TYPE_SYMLINK, TYPE_STREAMS, TYPE_VAT, TYPE_REALTIME, TYPE_METADATA, TYPE_MIRROR = 12, 13, 248, 249, 250, 251

IN_ICB: Final = 3
"""Allocation form of content that lies in the file entry itself (ECMA-167 4/14.6.8)."""

_NOBODY: Final = 0xFFFFFFFF  # UDF 2.3.6.1: no owner is recorded
_DEVICE_SPECIFICATION: Final = 12  # ECMA-167 4/14.10.7


class Icb(NamedTuple):
    """What a file entry says.

    Attributes:
        file_type: The ICB tag's file type.
        size: Information length in bytes.
        mtime_ns: Modification time, or None.
        mode: POSIX permission bits.
        uid: Owner, or None.
        gid: Group, or None.
        links: File link count.
        form: Form of the allocation descriptors: 0 short, 1 long, 2 extended, 3 none (content in the entry).
        extents: Allocation descriptors in the entry itself; empty where the content is in it, too.
        inline: Content inside the entry as (offset from the entry's start, bytes), or None.
        device: Major and minor number, or None.
        streams: Where the directory of its named streams is, as (partition reference, block), or None.
        strategy: ICB strategy type; 4 on nearly every disc.
    """

    file_type: int
    size: int
    mtime_ns: int | None
    mode: int
    uid: int | None
    gid: int | None
    links: int
    form: int
    extents: list[Extent]
    inline: tuple[int, int] | None
    device: tuple[int, int] | None
    streams: tuple[int, int] | None
    strategy: int

    @property
    def continued(self) -> bool:
        """Whether the allocation descriptors go on in another extent."""
        return bool(self.extents) and self.extents[-1].kind == CONTINUED


def parse_icb(data: bytes, block: int, partition: int, findings: Findings, where: str) -> Icb:
    """Decode a file entry or extended file entry that starts a sector.

    Args:
        data: At least the sector.
        block: Its block number in the partition.
        partition: The partition reference that short allocation descriptors inherit.
        findings: Where tag faults are told.
        where: The directory or thing that led here, for findings and errors.

    Raises:
        ImageFormatError: It is none, or its lengths are impossible.
    """
    identifier = check_tag(data, 0, block, findings, where)
    if identifier == EXTENDED_FILE_ENTRY:
        base, times = 208, 92
        found = LongAd.parse(data, 152)
        streams = (found.partition, found.block) if found.size else None
    elif identifier == FILE_ENTRY:
        base, times, streams = 168, 84, None
    else:
        raise ImageFormatError(f"block {block} of {where} holds no file entry (tag {identifier})")
    attributes_size, descriptors_size = u32(data, base), u32(data, base + 4)
    start = base + 8 + attributes_size
    end = start + descriptors_size
    if end > len(data):
        raise ImageFormatError(f"the file entry at block {block} of {where} claims more than its block holds")
    flags = u16(data, 34)
    form = flags & 7
    size = u64(data, 56)
    inline: tuple[int, int] | None = None
    extents: list[Extent] = []
    if form == IN_ICB:
        if size > descriptors_size:
            findings.note(
                "wrong in-entry length",
                f"a file entry of {where} holds {descriptors_size} of the {size} bytes that it claims",
            )
            size = descriptors_size
        inline = (start, size)
    elif form < IN_ICB:
        extents = allocation_descriptors(form, data, start, end, partition)
    else:
        raise ImageFormatError(
            f"the file entry at block {block} of {where} has allocation descriptors of an unknown form ({form})"
        )
    uid, gid = u32(data, 36), u32(data, 40)
    file_type = data[27]
    return Icb(
        file_type,
        size,
        timestamp_ns(data[times : times + 12]),
        permissions_to_mode(u32(data, 44), flags),
        None if uid == _NOBODY else uid,
        None if gid == _NOBODY else gid,
        u16(data, 48),
        form,
        extents,
        inline,
        _device(data, base + 8, attributes_size) if file_type in (TYPE_BLOCK, TYPE_CHARACTER) else None,
        streams,
        u16(data, 20),
    )


def _device(data: bytes, start: int, size: int) -> tuple[int, int] | None:
    """Find the device specification among the extended attributes (ECMA-167 4/14.10.1, 4/14.10.7)."""
    position, end = start + 24, start + size
    while position + 12 <= end:
        kind, length = u32(data, position), u32(data, position + 8)
        if kind == _DEVICE_SPECIFICATION and position + 24 <= end:
            return u32(data, position + 16), u32(data, position + 20)
        if length < 12:
            break
        position += length
    return None


__all__ = (
    "IN_ICB",
    "TYPE_BLOCK",
    "TYPE_CHARACTER",
    "TYPE_DIRECTORY",
    "TYPE_FIFO",
    "TYPE_FILE",
    "TYPE_METADATA",
    "TYPE_MIRROR",
    "TYPE_REALTIME",
    "TYPE_SOCKET",
    "TYPE_STREAMS",
    "TYPE_SYMLINK",
    "TYPE_UNSPECIFIED",
    "TYPE_VAT",
    "Icb",
    "parse_icb",
)
