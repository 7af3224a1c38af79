"""Volumes of UDF: anchors, the volume descriptor sequence and its partition maps (ECMA-167 part 3; UDF 2.2)."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import BURST_SECTORS, SECTOR, ImageContext, Parser, read_span, try_read
from aioimapi.fs.read._tree import HOLE
from aioimapi.fs.read._udf_fields import (
    ALLOCATION_EXTENT,
    ANCHOR,
    CONTINUED,
    LOGICAL_VOLUME,
    PARTITION,
    PRIMARY_VOLUME,
    RECORDED,
    TERMINATING,
    VOLUME_POINTER,
    Extent,
    LongAd,
    allocation_descriptors,
    check_tag,
    decode_dstring,
    regid,
    u16,
    u32,
)
from aioimapi.fs.read._udf_icb import TYPE_UNSPECIFIED, TYPE_VAT, Icb, parse_icb
from aioimapi.fs.read._udf_partitions import (
    MetadataPartition,
    PartitionMap,
    PhysicalPartition,
    SparablePartition,
    VirtualPartition,
)

ANCHOR_BLOCK: Final = 256
MAX_SEQUENCE_SECTORS: Final = 512
MAX_POINTERS: Final = 16
MAX_EXTENTS: Final = 1_000_000
MAX_TABLE_BYTES: Final = 64 << 20
VAT_SEARCH_SECTORS: Final = 64


@attrs.define
class _Sequence:
    """The prevailing descriptors of a volume descriptor sequence (ECMA-167 3/8.4.3)."""

    name: str = ""
    logical: bytes = b""
    partitions: dict[int, bytes] = attrs.field(factory=dict)
    numbers: dict[tuple[int, int], int] = attrs.field(factory=dict)

    def prevails(self, kind: int, which: int, number: int) -> bool:
        """Remember a descriptor's sequence number, and tell whether it is the newest of its kind so far."""
        if number < self.numbers.get((kind, which), -1):
            return False
        self.numbers[kind, which] = number
        return True


class UdfVolume:
    """The logical volume: its partitions, and what is needed to find the root.

    Attributes:
        name: The logical volume identifier.
        revision: UDF revision as in the standard's titles (``2.50``), or an empty string.
        file_set: Where the file set descriptor lies.
        partitions: The partition maps, by reference number.
    """

    def __init__(self, context: ImageContext, name: str, revision: str, file_set: LongAd) -> None:
        self.context = context
        self.name = name
        self.revision = revision
        self.file_set = file_set
        self.partitions: list[PartitionMap] = []

    def locate(self, partition: int, block: int, count: int) -> list[tuple[int, int]]:
        """Say where blocks of a partition lie, as (first sector, sectors).

        Raises:
            ImageFormatError: There is no such partition, or it has no such blocks.
        """
        if partition >= len(self.partitions):
            raise ImageFormatError(f"there is no partition {partition} on this volume")
        return self.partitions[partition].locate(block, count)

    def sector(self, partition: int, block: int) -> int:
        """Return the sector of one block."""
        return self.locate(partition, block, 1)[0][0]

    @property
    def mirrored(self) -> bool:
        """Whether metadata is recorded twice."""
        return any(isinstance(each, MetadataPartition) and each.mirrored for each in self.partitions)

    def elsewhere(self, lba: int, count: int) -> list[tuple[int, int]]:
        """Say where a second copy of sectors with metadata lies, as (first sector, sectors), if there is one."""
        for partition in self.partitions:
            if isinstance(partition, MetadataPartition):
                found = partition.elsewhere(lba, count)
                if found:
                    return found
        return []

    def all_extents(self, icb: Icb, where: str) -> Parser[list[Extent]]:
        """Return a file's allocation descriptors with those of its allocation extents (ECMA-167 4/12, 4/14.5)."""
        extents = list(icb.extents)
        seen: set[tuple[int, int]] = set()
        while extents and extents[-1].kind == CONTINUED:
            following = extents.pop()
            place = (following.partition, following.block)
            if place in seen or len(extents) > MAX_EXTENTS:
                raise ImageFormatError(
                    f"the allocation descriptors of {where} go in a circle or are too many"
                )
            seen.add(place)
            size = min(following.size, BURST_SECTORS * SECTOR)
            lba = self.sector(following.partition, following.block)
            data = yield from read_span(lba, max(size, 24))
            identifier = check_tag(
                data, 0, following.block, self.context.findings, f"allocation extent of {where}"
            )
            if identifier != ALLOCATION_EXTENT:
                raise ImageFormatError(
                    f"sector {lba} should hold more allocation descriptors of {where}", lba=lba
                )
            end = min(24 + u32(data, 20), len(data))
            extents.extend(allocation_descriptors(icb.form, data, 24, end, following.partition))
        return extents

    def place(
        self, extents: list[Extent], size: int, where: str
    ) -> tuple[tuple[tuple[int, int], ...], int, str]:
        """Turn allocation descriptors into sectors.

        Args:
            extents: All descriptors of a file.
            size: Its information length.
            where: The file, for findings.

        Returns:
            Extents as :class:`Entry` has them; the size that they can give; what is wrong with them.
        """
        result: list[tuple[int, int]] = []
        left = size
        fault = ""
        for kind, length, block, partition in extents:
            if left <= 0:
                break
            used = min(length, left)
            left -= used
            if kind == RECORDED:
                count = -(-used // SECTOR)
                try:
                    pieces = self.locate(partition, block, count)
                except ImageFormatError as error:
                    fault = fault or str(error)
                    pieces = [(HOLE, count)]
                if used % SECTOR and left:
                    fault = fault or "one of its extents is not whole sectors"
                for lba, sectors in pieces:
                    if lba >= 0 and not self.context.holds(lba, sectors * SECTOR):
                        fault = (
                            fault
                            or f"its extent (sector {lba}, {sectors} sectors) goes past the end of the image"
                        )
                    _append(result, lba, min(used, sectors * SECTOR))
                    used -= sectors * SECTOR
            else:
                _append(result, HOLE, used)
        if left > 0:
            self.context.findings.note(
                "short extents",
                f"the extents of {where} hold {left:,} bytes less than the file claims; it is read as shorter",
            )
        return tuple(result), size - max(left, 0), fault


def _append(extents: list[tuple[int, int]], lba: int, size: int) -> None:
    if extents:
        last, length = extents[-1]
        if length % SECTOR == 0 and (lba == HOLE == last or (last >= 0 and lba == last + length // SECTOR)):
            extents[-1] = (last, length + size)
            return
    extents.append((lba, size))


# --- anchors and descriptor sequences -------------------------------------------------------------------


def find_anchor(context: ImageContext, *, thorough: bool) -> Parser[bytes | None]:
    """Find an anchor volume descriptor pointer (ECMA-167 3/8.4.2.1).

    Args:
        context: What is known of the image.
        thorough: Look at the image's end, too; False looks at block 256 only.

    Returns:
        The anchor's sector, or None.

    Raises:
        ImageFormatError: The anchor is that of a volume with other blocks than 2,048 bytes.
    """
    places = [context.session_start + ANCHOR_BLOCK]
    if thorough:
        places.append(context.session_start + 512)
        if context.sector_count is not None:
            last = context.sector_count - 1
            # The last block and the 256th before it; then the same before 150 blocks of padding or run-out.
            places += [last - 256, last, last - 150, last - 150 - 256, last - 2]
    for index, lba in enumerate(dict.fromkeys(place for place in places if place > 0)):
        data = yield from try_read(lba, 1)
        if (
            data is None
            or check_tag(data, 0, None, context.findings, f"the anchor at sector {lba}") != ANCHOR
        ):
            continue
        if u32(data, 12) not in (lba, lba - context.session_start):
            if u32(data, 12) == ANCHOR_BLOCK and lba == 512:
                raise ImageFormatError(
                    "this UDF volume has blocks of 4,096 bytes; discs have 2,048, which is what is read",
                    lba=lba,
                )
            context.findings.note(
                "wrong tag location", f"the anchor at sector {lba} says that it lies at {u32(data, 12)}"
            )
        if index:
            context.findings.note(
                "moved anchors",
                f"there is no anchor at block {ANCHOR_BLOCK}; the one at sector {lba} is used",
            )
        return data
    if thorough:
        data = yield from try_read(ANCHOR_BLOCK * 512 // SECTOR, 1)
        if data is not None and check_tag(data, 0, ANCHOR_BLOCK, context.findings, "sector 64") == ANCHOR:
            raise ImageFormatError(
                "this UDF volume has blocks of 512 bytes; discs have 2,048, which is what is read", lba=64
            )
    return None


def _read_sequence(context: ImageContext, size: int, lba: int) -> Parser[_Sequence]:
    """Read a volume descriptor sequence (ECMA-167 3/8.4.2), following pointers to more of it."""
    sequence = _Sequence()
    seen: set[int] = set()
    pending = [(lba, size)]
    while pending and len(seen) < MAX_POINTERS:
        start, length = pending.pop()
        if start in seen:
            context.findings.note(
                "looping descriptors", f"the volume descriptors at sector {start} point to themselves"
            )
            continue
        seen.add(start)
        for place in range(start, start + min(-(-length // SECTOR), MAX_SEQUENCE_SECTORS)):
            data = yield from try_read(place, 1)
            if data is None:
                context.findings.note(
                    "unreadable descriptors", f"sector {place} of the volume descriptors cannot be read"
                )
                continue
            identifier = check_tag(data, 0, place, context.findings, f"sector {place}")
            if identifier in (-1, TERMINATING):
                break  # an unrecorded or foreign sector ends the sequence, too (ECMA-167 3/8.4.2)
            number = u32(data, 16)
            if identifier == VOLUME_POINTER:
                pending.append((u32(data, 24), u32(data, 20)))
            elif identifier == PRIMARY_VOLUME and sequence.prevails(identifier, 0, number):
                sequence.name = decode_dstring(data[24:56])
            elif identifier == LOGICAL_VOLUME and sequence.prevails(identifier, 0, number):
                sequence.logical = data
            elif identifier == PARTITION and sequence.prevails(identifier, u16(data, 22), number):
                sequence.partitions[u16(data, 22)] = data
    return sequence


def open_udf_volume(context: ImageContext, anchor: bytes) -> Parser[UdfVolume]:
    """Read the volume that an anchor points to.

    Raises:
        ImageFormatError: Neither descriptor sequence gives a volume that can be read.
    """
    sequence = yield from _read_sequence(context, u32(anchor, 16), u32(anchor, 20))
    if not sequence.logical or not sequence.partitions:
        context.findings.note(
            "reserve descriptors", "the main volume descriptors are not complete; the reserve ones are used"
        )
        sequence = yield from _read_sequence(context, u32(anchor, 24), u32(anchor, 28))
    logical = sequence.logical
    if not logical or not sequence.partitions:
        raise ImageFormatError(
            "there is a UDF anchor, but neither volume descriptor sequence has a volume and a partition"
        )
    block_size = u32(logical, 212)
    if block_size != SECTOR:
        raise ImageFormatError(
            f"this UDF volume has blocks of {block_size:,} bytes; discs have 2,048, which is what is read"
        )
    if regid(logical, 216) != b"*OSTA UDF Compliant":
        context.findings.note(
            "foreign domain", "the logical volume does not claim to follow UDF; it is read as UDF"
        )
    revision = u16(logical, 240)
    volume = UdfVolume(
        context,
        decode_dstring(logical[84:212]) or sequence.name,
        f"{revision >> 8:x}.{revision & 0xFF:02x}" if revision else "",
        LongAd.parse(logical, 248),
    )
    yield from _open_partitions(volume, logical, sequence)
    return volume


# --- partition maps ---------------------------------------------------------------------------------------


def _open_partitions(volume: UdfVolume, logical: bytes, sequence: _Sequence) -> Parser[None]:
    """Decode the partition maps of a logical volume descriptor (ECMA-167 3/10.6.13)."""
    end = min(440 + u32(logical, 264), SECTOR)
    position = 440
    count = u32(logical, 268)
    for _ in range(min(count, 64)):
        if position + 2 > end:
            break
        kind, length = logical[position], logical[position + 1]
        if length < 2 or position + length > end:
            break
        map_data = logical[position : position + length]
        position += length
        if kind == 1 and length >= 6:
            volume.partitions.append(_physical(volume, sequence, u16(map_data, 4)))
        elif kind == 2 and length >= 64:
            volume.partitions.append((yield from _open_type_2(volume, sequence, map_data)))
        else:
            raise ImageFormatError(f"this UDF volume has a partition map of an unknown type ({kind})")
    if not volume.partitions:
        raise ImageFormatError("this UDF volume has no partition map that can be read")
    if count != len(volume.partitions):
        volume.context.findings.note(
            "partition maps", f"the volume claims {count} partition maps; {len(volume.partitions)} were read"
        )


def _physical(volume: UdfVolume, sequence: _Sequence, number: int) -> PhysicalPartition:
    data = sequence.partitions.get(number)
    if data is None:
        if len(sequence.partitions) != 1:
            raise ImageFormatError(f"this UDF volume has no partition descriptor for partition {number}")
        number, data = next(iter(sequence.partitions.items()))
        volume.context.findings.note(
            "partition numbers", f"a partition map names a partition that is missing; {number} is used"
        )
    return PhysicalPartition(u32(data, 188), u32(data, 192), volume.context.findings)


def _open_type_2(volume: UdfVolume, sequence: _Sequence, data: bytes) -> Parser[PartitionMap]:
    identifier = regid(data, 4)
    physical = _physical(volume, sequence, u16(data, 38))
    if identifier == b"*UDF Sparable Partition":
        return (yield from _open_sparable(volume, physical, data))
    if identifier == b"*UDF Virtual Partition":
        return (yield from _open_virtual(volume, physical))
    if identifier == b"*UDF Metadata Partition":
        return (yield from _open_metadata(volume, physical, data))
    raise ImageFormatError(
        f"this UDF volume has a partition of an unknown kind ({identifier.decode('latin-1')!r})"
    )


def _open_sparable(volume: UdfVolume, physical: PhysicalPartition, data: bytes) -> Parser[PartitionMap]:
    """Read the first sparing table that is whole (UDF 2.2.9, 2.2.12)."""
    packet, tables, table_size = u16(data, 40) or 32, min(data[42], 4), min(u32(data, 44), 1 << 20)
    for index in range(tables):
        lba = u32(data, 48 + 4 * index)
        table = yield from try_read(lba, -(-max(table_size, 56) // SECTOR))
        where = f"the sparing table at sector {lba}"
        if (
            table is None
            or check_tag(table, 0, lba, volume.context.findings, where) != 0
            or regid(table, 16) != b"*UDF Sparing Table"
        ):
            volume.context.findings.note("sparing tables", f"{where} cannot be read; the next is tried")
            continue
        spares: dict[int, int] = {}
        for entry in range(min(u16(table, 48), (len(table) - 56) // 8)):
            original = u32(table, 56 + 8 * entry)
            if original < 0xFFFFFFF0:
                spares[original] = u32(table, 60 + 8 * entry)
        return SparablePartition(physical, packet, spares)
    volume.context.findings.note(
        "sparing tables", "no sparing table can be read; bad packets are not replaced"
    )
    return SparablePartition(physical, packet, {})


def _open_metadata(volume: UdfVolume, physical: PhysicalPartition, data: bytes) -> Parser[PartitionMap]:
    """Read the metadata file's and its mirror's file entry (UDF 2.2.13)."""
    found: list[list[tuple[int, int]]] = []
    last: ImageFormatError | None = None
    for name, block in (("metadata file", u32(data, 40)), ("metadata mirror file", u32(data, 44))):
        try:
            found.append((yield from _metadata_extents(volume, physical, block, f"the {name}")))
        except ImageFormatError as error:
            volume.context.findings.note("metadata partition", f"{error}")
            last = error
    if not found:
        raise ImageFormatError(
            "neither the metadata file of this UDF volume nor its mirror can be read"
        ) from last
    main, mirror = found[0], found[-1]
    return MetadataPartition(main, MetadataPartition(mirror) if mirror != main else None)


def _metadata_extents(
    volume: UdfVolume, physical: PhysicalPartition, block: int, where: str
) -> Parser[list[tuple[int, int]]]:
    icb = yield from _read_icb(volume, physical, block, where)
    # The metadata file's own descriptors refer to the physical partition, whichever number that has.
    saved, volume.partitions = volume.partitions, [physical] * (max(len(volume.partitions), 1) + 64)
    try:
        extents = yield from volume.all_extents(icb, where)
        placed, _, fault = volume.place(extents, sum(extent.size for extent in extents), where)
    finally:
        volume.partitions = saved
    if fault:
        raise ImageFormatError(f"{where} cannot be read: {fault}")
    return [(lba, size // SECTOR) for lba, size in placed]


def _open_virtual(volume: UdfVolume, physical: PhysicalPartition) -> Parser[PartitionMap]:
    """Find the virtual allocation table: the last file entry of the disc (UDF 2.2.11)."""
    count = volume.context.sector_count
    if count is None:
        raise ImageFormatError(
            "this UDF volume has a virtual partition, which needs the number of sectors to be known"
        )
    for lba in range(count - 1, max(count - 1 - VAT_SEARCH_SECTORS, physical.start - 1), -1):
        sector = yield from try_read(lba, 1)
        if sector is None or sector[27] not in (TYPE_VAT, TYPE_UNSPECIFIED):
            continue
        try:
            icb = parse_icb(sector, lba - physical.start, 0, volume.context.findings, f"sector {lba}")
        except ImageFormatError:
            continue
        if icb.size > MAX_TABLE_BYTES:
            continue
        content = yield from _read_content(volume, physical, icb, sector)
        if icb.file_type == TYPE_VAT and len(content) >= 152:  # UDF 2.00: a header in front
            body = content[u16(content, 0) :]
        elif content[-36:].startswith(b"\0*UDF Virtual Alloc Tbl"):  # UDF 1.50: 36 bytes behind
            body = content[:-36]
        else:
            continue
        return VirtualPartition(physical, [u32(body, place) for place in range(0, len(body) & ~3, 4)])
    raise ImageFormatError(
        "this UDF volume has a virtual partition, but no virtual allocation table at the end of the image"
    )


def _read_icb(volume: UdfVolume, physical: PhysicalPartition, block: int, where: str) -> Parser[Icb]:
    lba = physical.locate(block, 1)[0][0]
    sector = yield from try_read(lba, 1)
    if sector is None:
        raise ImageFormatError(f"the file entry of {where} at sector {lba} cannot be read", lba=lba)
    return parse_icb(sector, block, 0, volume.context.findings, where)


def _read_content(volume: UdfVolume, physical: PhysicalPartition, icb: Icb, sector: bytes) -> Parser[bytes]:
    """Read a small file of the physical partition."""
    if icb.inline is not None:
        start, size = icb.inline
        return sector[start : start + size]
    parts: list[bytes] = []
    left = icb.size
    for kind, size, block, _ in icb.extents:
        used = min(size, left)
        left -= used
        if kind != RECORDED or not volume.context.holds(physical.start + block, used):
            break
        parts.append((yield from read_span(physical.start + block, used)))
    return b"".join(parts)


__all__ = ("UdfVolume", "find_anchor", "open_udf_volume")
