"""The volume structures of UDF 1.02: recognition sequence, anchors, descriptor sequences, integrity, file set."""

from __future__ import annotations

from aioimapi.fs._layout import LayoutOptions
from aioimapi.fs._times import udf_stamp
from aioimapi.fs.udf._primitives import (
    CHARACTER_SET,
    REVISION,
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

RECOGNITION = tuple(
    (b"\0" + identifier + b"\x01").ljust(SECTOR_SIZE, b"\0") for identifier in (b"BEA01", b"NSR02", b"TEA01")
)
"""The Volume Recognition Sequence (ECMA-167 2/9.2, 3/9.1, 2/9.3), one sector each."""

MAIN_SEQUENCE = 32
RESERVE_SEQUENCE = 48
SEQUENCE_SECTORS = 16
"""A descriptor sequence has an extent of at least 16 sectors (OSTA UDF 2.2.3)."""

INTEGRITY_SEQUENCE = 64
INTEGRITY_SECTORS = 4
"""On rewritable media the integrity sequence has an extent of at least 8 KiB (OSTA UDF 2.2.4.6)."""

ANCHOR = 256
PARTITION_START = ANCHOR + 1
FILE_SET_BLOCKS = 2

_SEQUENCE_BYTES = SEQUENCE_SECTORS * SECTOR_SIZE


def anchor(location: int) -> bytes:
    """Return an Anchor Volume Descriptor Pointer (ECMA-167 3/10.2)."""
    body = extent(_SEQUENCE_BYTES, MAIN_SEQUENCE) + extent(_SEQUENCE_BYTES, RESERVE_SEQUENCE) + bytes(480)
    return tagged(2, body, location).ljust(SECTOR_SIZE, b"\0")


def descriptor_sequence(options: LayoutOptions, first: int, partition_sectors: int) -> list[bytes]:
    """Return a Volume Descriptor Sequence (ECMA-167 3/8.4.2), a sector for each descriptor.

    Args:
        options: Volume name and time.
        first: The sector of the sequence's first descriptor.
        partition_sectors: Length of the partition; it covers all that file entries point to. A partition that ends
            before the last file's last block makes Windows refuse the volume.
    """
    bodies = (
        (1, _primary(options)),
        (4, _implementation_use(options)),
        (5, _partition(partition_sectors)),
        (6, _logical(options)),
        (7, bytes(4)),  # Unallocated Space Descriptor: nothing is unallocated
        (8, bytes(496)),  # Terminating Descriptor
    )
    return [
        tagged(identifier, _numbered(identifier, number, body), first + number).ljust(SECTOR_SIZE, b"\0")
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
        udf_identifier(b"*UDF LV Info")
        + CHARACTER_SET
        + dstring(options.volume_name, 128)
        + bytes(36 * 3)
        + implementation_identifier()
        + bytes(128)
    )


def _partition(partition_sectors: int) -> bytes:
    """Partition Descriptor (ECMA-167 3/10.5): read-only, as IMAPI has it."""
    return b"".join(
        (
            (1).to_bytes(2, "little"),  # space is allocated
            bytes(2),  # partition number 0
            b"\0" + b"+NSR02".ljust(23, b"\0") + bytes(8),
            bytes(128),  # no space tables: the partition is read-only
            (1).to_bytes(4, "little"),  # access type: read-only
            PARTITION_START.to_bytes(4, "little"),
            partition_sectors.to_bytes(4, "little"),
            implementation_identifier(),
            bytes(128 + 156),
        )
    )


def _logical(options: LayoutOptions) -> bytes:
    """Logical Volume Descriptor (ECMA-167 3/10.6) with one type 1 partition map."""
    partition_map = bytes((1, 6)) + (1).to_bytes(2, "little") + bytes(2)
    return b"".join(
        (
            CHARACTER_SET,
            dstring(options.volume_name, 128),
            SECTOR_SIZE.to_bytes(4, "little"),
            domain_identifier(),
            long_allocation(FILE_SET_BLOCKS * SECTOR_SIZE, 0),  # the file set's extent
            len(partition_map).to_bytes(4, "little"),
            (1).to_bytes(4, "little"),
            implementation_identifier(),
            bytes(128),
            extent(INTEGRITY_SECTORS * SECTOR_SIZE, INTEGRITY_SEQUENCE),
            partition_map,
        )
    )


def integrity_sequence(
    options: LayoutOptions, partition_sectors: int, next_unique_id: int, files: int, directories: int
) -> list[bytes]:
    """Return the Logical Volume Integrity Descriptor (ECMA-167 3/10.10), closed, and its terminator."""
    implementation_use = (
        implementation_identifier()
        + files.to_bytes(4, "little")
        + directories.to_bytes(4, "little")
        + REVISION.to_bytes(2, "little") * 3
    )
    body = b"".join(
        (
            udf_stamp(options.time_ns),
            (1).to_bytes(4, "little"),  # close integrity
            extent(0, 0),
            next_unique_id.to_bytes(8, "little") + bytes(24),
            (1).to_bytes(4, "little"),
            len(implementation_use).to_bytes(4, "little"),
            bytes(4),  # free space
            partition_sectors.to_bytes(4, "little"),
            implementation_use,
        )
    )
    return [
        tagged(9, body, INTEGRITY_SEQUENCE).ljust(SECTOR_SIZE, b"\0"),
        tagged(8, bytes(496), INTEGRITY_SEQUENCE + 1).ljust(SECTOR_SIZE, b"\0"),
    ]


def file_set(options: LayoutOptions, root_block: int) -> bytes:
    """Return the File Set Descriptor (ECMA-167 4/14.1) and its terminator, blocks 0 and 1 of the partition."""
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
            long_allocation(SECTOR_SIZE, root_block),
            domain_identifier(),
            bytes(16 + 48),
        )
    )
    return tagged(256, body, 0).ljust(SECTOR_SIZE, b"\0") + tagged(8, bytes(496), 1).ljust(SECTOR_SIZE, b"\0")


def udf_volume_name(name: str) -> str:
    """Return what the volume name becomes: at most 30 bytes of compressed Unicode (ECMA-167 3/10.1.4)."""
    data = compressed(name, 31)
    return data[1:].decode("latin-1" if data[0] == 8 else "utf-16-be")
