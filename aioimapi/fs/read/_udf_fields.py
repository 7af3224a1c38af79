"""The small parts that UDF structures are made of: ECMA-167 1/7, 3/7.2, 4/7, 4/14.14; UDF 2.1."""

from __future__ import annotations

from binascii import crc_hqx
from struct import Struct
from typing import Final, NamedTuple

import attrs

from aioimapi.fs.read._base import Findings

TAG_SIZE: Final = 16

# Tag identifiers (ECMA-167 3/7.2.1, 4/7.2.1).
PRIMARY_VOLUME, ANCHOR, VOLUME_POINTER, IMPLEMENTATION_USE, PARTITION, LOGICAL_VOLUME = 1, 2, 3, 4, 5, 6
UNALLOCATED_SPACE, TERMINATING, INTEGRITY = 7, 8, 9
FILE_SET, FILE_IDENTIFIER, ALLOCATION_EXTENT, INDIRECT, TERMINAL, FILE_ENTRY = 256, 257, 258, 259, 260, 261
EXTENDED_FILE_ENTRY: Final = 266

RECORDED, ALLOCATED, UNALLOCATED, CONTINUED = 0, 1, 2, 3
"""Extent types of allocation descriptors (ECMA-167 4/14.14.1.1)."""

_TAG = Struct("<HHBBHHHI")
_SHORT = Struct("<II")
_LONG = Struct("<IIH6x")
_EXTENDED = Struct("<IIIIH2x")


@attrs.frozen
class LongAd:
    """A long allocation descriptor (ECMA-167 4/14.14.2): extent type, bytes, block, partition reference."""

    kind: int
    size: int
    block: int
    partition: int

    @classmethod
    def parse(cls, data: bytes, offset: int) -> LongAd:
        """Decode 16 bytes."""
        length, block, partition = _LONG.unpack_from(data, offset)
        return cls(length >> 30, length & 0x3FFFFFFF, block, partition)


class Extent(NamedTuple):
    """An allocation descriptor of any form, in terms of the partition that it refers to."""

    kind: int
    size: int
    block: int
    partition: int


def allocation_descriptors(form: int, data: bytes, start: int, end: int, partition: int) -> list[Extent]:
    """Decode an area of allocation descriptors up to its end or its first descriptor of no length.

    Args:
        form: 0 short, 1 long, 2 extended (bits 0 to 2 of the ICB tag's flags, ECMA-167 4/14.6.8).
        data: Bytes that hold the area.
        start: Where it starts.
        end: Where it ends.
        partition: What short descriptors refer to.
    """
    result: list[Extent] = []
    if form == 0:
        for length, block in _SHORT.iter_unpack(data[start : start + (end - start) // 8 * 8]):
            if not length & 0x3FFFFFFF:
                break
            result.append(Extent(length >> 30, length & 0x3FFFFFFF, block, partition))
    elif form == 1:
        for length, block, reference in _LONG.iter_unpack(data[start : start + (end - start) // 16 * 16]):
            if not length & 0x3FFFFFFF:
                break
            result.append(Extent(length >> 30, length & 0x3FFFFFFF, block, reference))
    else:
        for length, _recorded, size, block, reference in _EXTENDED.iter_unpack(
            data[start : start + (end - start) // 20 * 20]
        ):
            if not length & 0x3FFFFFFF:
                break
            kind = length >> 30
            # The information length counts; it differs from the extent's only where data is stored compressed.
            result.append(
                Extent(kind, size if kind == RECORDED and size else length & 0x3FFFFFFF, block, reference)
            )
    return result


def check_tag(data: bytes, offset: int, location: int | None, findings: Findings, where: str) -> int:
    """Return the identifier of a descriptor tag, and tell what is wrong with the tag (ECMA-167 3/7.2).

    Args:
        data: Bytes that hold the descriptor.
        offset: Where it starts.
        location: The block number that its tag should give, or None where that is not known.
        findings: Where a wrong checksum, CRC or location is told.
        where: The descriptor's place, for findings.

    Returns:
        The identifier, or -1 where the 16 bytes are no tag at all (checksum wrong or nothing recorded).
    """
    if len(data) < offset + TAG_SIZE:
        return -1
    tag = data[offset : offset + TAG_SIZE]
    identifier, _version, checksum, _, _serial, crc, crc_length, recorded = _TAG.unpack(tag)
    if (sum(tag) - checksum) & 0xFF != checksum:
        return -1
    if identifier == 0 and checksum == 0:
        return -1
    if crc_length and crc_hqx(data[offset + TAG_SIZE : offset + TAG_SIZE + crc_length], 0) != crc:
        findings.note(
            "wrong CRC",
            f"the descriptor (tag {identifier}) of {where} has a wrong CRC; it is read all the same",
        )
    if location is not None and recorded != location:
        findings.note(
            "wrong tag location",
            f"the descriptor (tag {identifier}) of {where} says block {recorded} but lies at {location}",
        )
    return int(identifier)


def is_sound(data: bytes, identifiers: tuple[int, ...]) -> bool:
    """Tell whether a descriptor of one of these kinds starts here, its checksum and CRC right."""
    findings = Findings()
    return check_tag(data, 0, None, findings, "") in identifiers and not findings.sentences()


def decode_cs0(data: bytes) -> str | None:
    """Decode OSTA compressed Unicode (UDF 2.1.1): a compression identifier, then 8- or 16-bit characters.

    Returns:
        The text, or None where the compression identifier is unknown.
    """
    if not data:
        return ""
    kind = data[0]
    if kind in (8, 254):
        return data[1:].decode("latin-1")
    if kind in (16, 255):
        body = data[1:]
        return body[: len(body) & ~1].decode("utf-16-be", "replace")
    return None


def decode_dstring(field: bytes) -> str:
    """Decode a fixed-length dstring, whose last byte gives the length used (ECMA-167 1/7.2.12)."""
    used = field[-1]
    if not 0 < used < len(field):
        used = len(field[:-1].rstrip(b"\0")) if used else 0
    return (decode_cs0(field[:used]) or "").rstrip("\0 ")


def permissions_to_mode(permissions: int, flags: int) -> int:
    """Translate UDF permissions (ECMA-167 4/14.9.5) and ICB flags (4/14.6.8 bits 6 to 8) to POSIX mode bits."""
    mode = permissions & 0o7 | permissions >> 2 & 0o70 | permissions >> 4 & 0o700
    if flags & 0x40:
        mode |= 0o4000
    if flags & 0x80:
        mode |= 0o2000
    if flags & 0x100:
        mode |= 0o1000
    return mode


def regid(data: bytes, offset: int) -> bytes:
    """Return the identifier of an entity identifier without its padding (ECMA-167 1/7.4)."""
    return data[offset + 1 : offset + 24].rstrip(b"\0")


def u16(data: bytes, offset: int) -> int:
    """Decode a Uint16 (ECMA-167 1/7.1.3)."""
    return int.from_bytes(data[offset : offset + 2], "little")


def u32(data: bytes, offset: int) -> int:
    """Decode a Uint32 (ECMA-167 1/7.1.5)."""
    return int.from_bytes(data[offset : offset + 4], "little")


def u64(data: bytes, offset: int) -> int:
    """Decode a Uint64 (ECMA-167 1/7.1.7)."""
    return int.from_bytes(data[offset : offset + 8], "little")
