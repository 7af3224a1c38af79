"""Allocation descriptors of files with more extents than one entry has room for (ECMA-167 4/12, 4/14.5)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from aioimapi.fs._udf_options import UdfOptions
from aioimapi.fs.udf._files import (
    EXTENDED_ENTRY_HEAD,
    LONG_ALLOCATION,
    MAX_EXTENT,
    SHORT_ALLOCATION,
    extents_of,
)
from aioimapi.fs.udf._primitives import tag
from aioimapi.units import SECTOR_SIZE

_ALLOCATION_EXTENT_TAG = 258
_HEAD = 24
_CONTINUED = 3 << 30  # ECMA-167 4/14.14.1.1: the descriptors go on in this extent


class DescriptorTables:
    """The descriptors of a file: as many as fit into its entry, the others in blocks that follow each other.

    Attributes:
        largest_in_entry: Bytes of the largest file whose descriptors all fit into its entry.
    """

    def __init__(self, options: UdfOptions) -> None:
        self._options = options
        self._long = options.revision.metadata_partition
        self._size = LONG_ALLOCATION.size if self._long else SHORT_ALLOCATION.size
        self._in_entry = (SECTOR_SIZE - EXTENDED_ENTRY_HEAD) // self._size
        self._in_block = (SECTOR_SIZE - _HEAD) // self._size
        self.largest_in_entry = self._in_entry * MAX_EXTENT

    def count(self, size: int) -> int:
        """Return how many blocks of descriptors a file needs besides its entry."""
        extents = -(-size // MAX_EXTENT)
        if extents <= self._in_entry:
            return 0
        return 1 + max(-(-(extents - self._in_entry + 1 - self._in_block) // (self._in_block - 1)), 0)

    def pack(self, extents: Iterable[tuple[int, int]]) -> bytes:
        """Return the descriptors of extents of data: long ones point to the partition below."""
        if self._long:
            return b"".join(LONG_ALLOCATION.pack(length, block, 0) for length, block in extents)
        return b"".join(SHORT_ALLOCATION.pack(length, block) for length, block in extents)

    def _pointer(self, block: int) -> bytes:
        if self._long:
            return LONG_ALLOCATION.pack(_CONTINUED | SECTOR_SIZE, block, self._options.name_partition)
        return SHORT_ALLOCATION.pack(_CONTINUED | SECTOR_SIZE, block)

    def in_entry(self, start: int, size: int, first: int) -> bytes:
        """Return what the entry holds: all but one of the descriptors it has room for, and where they go on."""
        return self.pack(islice(extents_of(start, size), self._in_entry - 1)) + self._pointer(first)

    def blocks(self, start: int, size: int, first: int) -> list[bytes]:
        """Return the blocks behind the entry, the first of which lies at block ``first``."""
        extents = list(extents_of(start, size))[self._in_entry - 1 :]
        result: list[bytes] = []
        while extents:
            last = len(extents) <= self._in_block
            part = extents if last else extents[: self._in_block - 1]
            extents = extents[len(part) :]
            block = first + len(result)
            area = self.pack(part) if last else self.pack(part) + self._pointer(block + 1)
            body = bytes(4) + len(area).to_bytes(4, "little") + area
            result.append(
                (tag(_ALLOCATION_EXTENT_TAG, body, block, self._options.revision) + body).ljust(
                    SECTOR_SIZE, b"\0"
                )
            )
        return result


__all__ = ("DescriptorTables",)
