"""The volume structures of UDF: recognition sequence, anchors, descriptor sequences, integrity, file set."""

from __future__ import annotations

import attrs

from aioimapi.fs._layout import LayoutOptions
from aioimapi.fs._times import udf_stamp
from aioimapi.fs._udf_options import UdfRevision
from aioimapi.fs.udf._primitives import (
    CHARACTER_SET,
    compressed,
    domain_identifier,
    dstring,
    extent,
    implementation_identifier,
    long_allocation,
    plain_identifier,
    tagged,
    udf_identifier,
)
from aioimapi.units import SECTOR_SIZE

MAIN_SEQUENCE = 32
RESERVE_SEQUENCE = 48
SEQUENCE_SECTORS = 16
"""A descriptor sequence has an extent of at least 16 sectors (OSTA UDF 2.2.3)."""

INTEGRITY_SEQUENCE = 64
INTEGRITY_SECTORS = 4
"""On rewritable media the integrity sequence has an extent of at least 8 KiB (OSTA UDF 2.2.4.6)."""

ANCHOR = 256
FILE_SET_BLOCKS = 2

METADATA_UNIT = 32
"""Blocks in which the metadata file is allocated, and on whose multiples it begins (OSTA UDF 2.50 2.2.10): at least
64 KiB and the media's ECC block, which is 64 KiB on a BD."""

NO_BITMAP = 0xFFFF_FFFF
"""The place of the metadata bitmap file of a partition that is read-only: it shall not be recorded (2.2.13)."""

_SEQUENCE_BYTES = SEQUENCE_SECTORS * SECTOR_SIZE


@attrs.frozen
class Metadata:
    """Where the metadata partition is, in blocks of the partition below (OSTA UDF 2.50 2.2.10).

    Attributes:
        entry: The metadata file's entry.
        mirror_entry: The metadata mirror file's entry.
        first: The first block of the metadata.
        mirror_first: The first block of their mirror; the same where there is none.
        blocks: How many there are, a multiple of METADATA_UNIT.
    """

    entry: int
    mirror_entry: int
    first: int
    mirror_first: int
    blocks: int

    def partition_map(self, revision: UdfRevision) -> bytes:
        """Return the type 2 partition map (OSTA UDF 2.50 2.2.10)."""
        return b"".join(
            (
                bytes((2, 64, 0, 0)),
                udf_identifier(b"*UDF Metadata Partition", revision),
                (1).to_bytes(2, "little") + bytes(2),  # volume sequence number, partition number
                self.entry.to_bytes(4, "little"),
                self.mirror_entry.to_bytes(4, "little"),
                NO_BITMAP.to_bytes(4, "little"),
                METADATA_UNIT.to_bytes(4, "little") + METADATA_UNIT.to_bytes(2, "little"),
                bytes((self.mirror_first != self.first,)),  # duplicate metadata flag
                bytes(5),
            )
        )


def recognition(revision: UdfRevision) -> list[bytes]:
    """Return the Volume Recognition Sequence (ECMA-167 2/9.2, 3/9.1, 2/9.3), one sector each."""
    names = (b"BEA01", b"NSR%02d" % revision.descriptor_version, b"TEA01")
    return [(b"\0" + name + b"\x01").ljust(SECTOR_SIZE, b"\0") for name in names]


def anchor(location: int, reserve: int, revision: UdfRevision) -> bytes:
    """Return an Anchor Volume Descriptor Pointer (ECMA-167 3/10.2); ``reserve`` is the reserve sequence's sector."""
    body = extent(_SEQUENCE_BYTES, MAIN_SEQUENCE) + extent(_SEQUENCE_BYTES, reserve) + bytes(480)
    return tagged(2, body, location, revision).ljust(SECTOR_SIZE, b"\0")


def descriptor_sequence(
    options: LayoutOptions, first: int, partition_sectors: int, metadata: Metadata | None
) -> list[bytes]:
    """Return a Volume Descriptor Sequence (ECMA-167 3/8.4.2), a sector for each descriptor.

    Args:
        options: Volume name, time, revision.
        first: The sector of the sequence's first descriptor.
        partition_sectors: Length of the partition; it covers all that file entries point to. A partition that ends
            before the last file's last block makes Windows refuse the volume.
        metadata: The metadata partition, where the revision has one.
    """
    revision = options.udf.revision
    bodies = (
        (1, _primary(options)),
        (4, _implementation_use(options)),
        (5, _partition(partition_sectors, revision)),
        (6, _logical(options, metadata)),
        (7, bytes(4)),  # Unallocated Space Descriptor: nothing is unallocated
        (8, bytes(496)),  # Terminating Descriptor
    )
    return [
        tagged(identifier, _numbered(identifier, number, body), first + number, revision).ljust(
            SECTOR_SIZE, b"\0"
        )
        for number, (identifier, body) in enumerate(bodies)
    ]


def _numbered(identifier: int, number: int, body: bytes) -> bytes:
    """Put the volume descriptor sequence number in front, where the descriptor has one."""
    return body if identifier == 8 else number.to_bytes(4, "little") + body


def _set_identifier(options: LayoutOptions) -> str:
    """Sixteen characters that tell volume sets apart (OSTA UDF 2.2.2.5): the time in hexadecimal, then the name."""
    return f"{options.time_ns & 0xFFFF_FFFF_FFFF_FFFF:016x}{options.volume_name}"


def _primary(options: LayoutOptions) -> bytes:
    """Primary Volume Descriptor (ECMA-167 3/10.1)."""
    return b"".join(
        (
            bytes(4),  # primary volume descriptor number
            dstring(options.volume_name, 32),
            b"\x01\x00" * 2,  # volume sequence number 1 of at most 1
            (2).to_bytes(2, "little")
            + (3).to_bytes(2, "little"),  # interchange level (OSTA UDF 2.2.2.1, 2.2.2.2)
            (1).to_bytes(4, "little") * 2,  # character sets: CS0
            dstring(_set_identifier(options), 128),
            CHARACTER_SET * 2,
            extent(0, 0) * 2,  # no abstract, no copyright notice
            plain_identifier(b"*aioimapi"),
            udf_stamp(options.time_ns),
            implementation_identifier(),
            bytes(64),
            bytes(4 + 2 + 22),
        )
    )


def _implementation_use(options: LayoutOptions) -> bytes:
    """Implementation Use Volume Descriptor with the logical volume's information (OSTA UDF 2.2.7)."""
    return (
        udf_identifier(b"*UDF LV Info", options.udf.revision)
        + CHARACTER_SET
        + dstring(options.volume_name, 128)
        + bytes(36 * 3)
        + implementation_identifier()
        + bytes(128)
    )


def _partition(partition_sectors: int, revision: UdfRevision) -> bytes:
    """Partition Descriptor (ECMA-167 3/10.5): read-only, as IMAPI has it."""
    return b"".join(
        (
            (1).to_bytes(2, "little"),  # space is allocated
            bytes(2),  # partition number 0
            plain_identifier(b"+NSR%02d" % revision.descriptor_version),
            bytes(128),  # no space tables: the partition is read-only
            (1).to_bytes(4, "little"),  # access type: read-only
            revision.partition_start.to_bytes(4, "little"),
            partition_sectors.to_bytes(4, "little"),
            implementation_identifier(),
            bytes(128 + 156),
        )
    )


def _logical(options: LayoutOptions, metadata: Metadata | None) -> bytes:
    """Logical Volume Descriptor (ECMA-167 3/10.6): a type 1 partition map, and that of the metadata partition."""
    revision = options.udf.revision
    partition_maps = bytes((1, 6)) + (1).to_bytes(2, "little") + bytes(2)
    if metadata is not None:
        partition_maps += metadata.partition_map(revision)
    return b"".join(
        (
            CHARACTER_SET,
            dstring(options.volume_name, 128),
            SECTOR_SIZE.to_bytes(4, "little"),
            domain_identifier(revision),
            long_allocation(
                FILE_SET_BLOCKS * SECTOR_SIZE, 0, options.udf.name_partition
            ),  # the file set's extent
            len(partition_maps).to_bytes(4, "little"),
            (1 if metadata is None else 2).to_bytes(4, "little"),
            implementation_identifier(),
            bytes(128),
            extent(INTEGRITY_SECTORS * SECTOR_SIZE, INTEGRITY_SEQUENCE),
            partition_maps,
        )
    )


def integrity_sequence(
    options: LayoutOptions, partition_blocks: list[int], next_unique_id: int, files: int, directories: int
) -> list[bytes]:
    """Return the Logical Volume Integrity Descriptor (ECMA-167 3/10.10), closed, and its terminator.

    Args:
        options: Volume name, time, revision.
        partition_blocks: The size of each partition, in the order of the partition maps.
        next_unique_id: An id above all that are given.
        files: Names of files and symlinks.
        directories: Directories, the root counted.
    """
    revision = options.udf.revision
    implementation_use = (
        implementation_identifier()
        + files.to_bytes(4, "little")
        + directories.to_bytes(4, "little")
        + revision.minimum_read.to_bytes(2, "little")
        + revision.code.to_bytes(2, "little") * 2
    )
    body = b"".join(
        (
            udf_stamp(options.time_ns),
            (1).to_bytes(4, "little"),  # close integrity
            extent(0, 0),
            next_unique_id.to_bytes(8, "little") + bytes(24),
            len(partition_blocks).to_bytes(4, "little"),
            len(implementation_use).to_bytes(4, "little"),
            bytes(4 * len(partition_blocks)),  # free space
            *(blocks.to_bytes(4, "little") for blocks in partition_blocks),
            implementation_use,
        )
    )
    return [
        tagged(9, body, INTEGRITY_SEQUENCE, revision).ljust(SECTOR_SIZE, b"\0"),
        tagged(8, bytes(496), INTEGRITY_SEQUENCE + 1, revision).ljust(SECTOR_SIZE, b"\0"),
    ]


def file_set(options: LayoutOptions, root_block: int) -> bytes:
    """Return the File Set Descriptor (ECMA-167 4/14.1) and its terminator, blocks 0 and 1 of their partition."""
    revision = options.udf.revision
    body = b"".join(
        (
            udf_stamp(options.time_ns),
            (3).to_bytes(2, "little") * 2,  # interchange level (OSTA UDF 2.3.2.1)
            (1).to_bytes(4, "little") * 2,
            bytes(8),  # file set number and descriptor number
            CHARACTER_SET,
            dstring(options.volume_name, 128),
            CHARACTER_SET,
            dstring(options.volume_name, 32),
            bytes(32 * 2),  # no copyright, no abstract file
            long_allocation(SECTOR_SIZE, root_block, options.udf.name_partition),
            domain_identifier(revision),
            bytes(16 + 48),
        )
    )
    descriptor, terminator = tagged(256, body, 0, revision), tagged(8, bytes(496), 1, revision)
    return descriptor.ljust(SECTOR_SIZE, b"\0") + terminator.ljust(SECTOR_SIZE, b"\0")


def udf_volume_name(name: str) -> str:
    """Return what the volume name becomes: at most 30 bytes of compressed Unicode (ECMA-167 3/10.1.4)."""
    data = compressed(name, 31)
    return data[1:].decode("latin-1" if data[0] == 8 else "utf-16-be")
