"""Partition maps of UDF: from a block of a partition to sectors of the disc (ECMA-167 3/10.7, UDF 2.2.8 to 2.2.10)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import Findings


class PartitionMap(ABC):
    """A space of logical blocks of 2,048 bytes."""

    @abstractmethod
    def locate(self, block: int, count: int) -> list[tuple[int, int]]:
        """Say where blocks lie, as (first sector, sectors), in order.

        Raises:
            ImageFormatError: The blocks are not in the partition.
        """


class PhysicalPartition(PartitionMap):
    """Type 1: blocks lie one behind the other (ECMA-167 3/10.7.2).

    Args:
        start: The partition's first sector.
        length: Its sectors.
        findings: Where blocks past its end are told.
    """

    def __init__(self, start: int, length: int, findings: Findings) -> None:
        self.start = start
        self.length = length
        self._findings = findings

    def locate(self, block: int, count: int) -> list[tuple[int, int]]:
        """See :meth:`PartitionMap.locate`; blocks past the end are told and read, as writers get the length wrong."""
        if block + count > self.length:
            self._findings.note(
                "blocks past a partition",
                f"blocks up to {block + count - 1} are used in a partition of {self.length}; they are read",
            )
        return [(self.start + block, count)]


class SparablePartition(PartitionMap):
    """Blocks lie in packets, and bad packets are replaced by spare ones (UDF 2.2.9).

    Args:
        physical: The partition below.
        packet: Blocks of a packet.
        spares: From a packet's first block to the sector of its replacement.
    """

    def __init__(self, physical: PhysicalPartition, packet: int, spares: dict[int, int]) -> None:
        self._physical = physical
        self._packet = packet
        self._spares = spares

    def locate(self, block: int, count: int) -> list[tuple[int, int]]:
        """See :meth:`PartitionMap.locate`."""
        if not self._spares:
            return self._physical.locate(block, count)
        result: list[tuple[int, int]] = []
        end = block + count
        touched = sorted(first for first in self._spares if first < end and first + self._packet > block)
        for first in touched:
            if first > block:
                result.extend(self._physical.locate(block, first - block))
                block = first
            stop = min(end, first + self._packet)
            result.append((self._spares[first] + block - first, stop - block))
            block = stop
        if block < end:
            result.extend(self._physical.locate(block, end - block))
        return result


class VirtualPartition(PartitionMap):
    """Blocks are looked up one by one in the virtual allocation table of a write-once disc (UDF 2.2.8, 2.2.11).

    Args:
        physical: The partition below.
        table: The table: block of the partition below, by virtual block.
    """

    UNUSED = 0xFFFFFFFF

    def __init__(self, physical: PhysicalPartition, table: list[int]) -> None:
        self._physical = physical
        self._table = table

    def locate(self, block: int, count: int) -> list[tuple[int, int]]:
        """See :meth:`PartitionMap.locate`."""
        result: list[tuple[int, int]] = []
        if block + count > len(self._table):
            raise ImageFormatError(
                f"virtual block {block + count - 1} is not in the allocation table of {len(self._table)}"
            )
        for place in self._table[block : block + count]:
            if place == self.UNUSED:
                raise ImageFormatError(f"virtual block {block} is marked as unused")
            result.extend(self._physical.locate(place, 1))
        return result


class MetadataPartition(PartitionMap):
    """Blocks are those of the metadata file (UDF 2.2.10, 2.2.13).

    Args:
        extents: The metadata file as (first sector, sectors).
        mirror: A second copy of it elsewhere, where there is one.
    """

    def __init__(self, extents: list[tuple[int, int]], mirror: MetadataPartition | None = None) -> None:
        self._extents = extents
        self._mirror = mirror
        self._starts: list[int] = []
        total = 0
        for _, count in extents:
            self._starts.append(total)
            total += count
        self._total = total

    def locate(self, block: int, count: int) -> list[tuple[int, int]]:
        """See :meth:`PartitionMap.locate`."""
        if block + count > self._total:
            raise ImageFormatError(
                f"metadata block {block + count - 1} is outside the metadata file of {self._total} blocks"
            )
        result: list[tuple[int, int]] = []
        index = bisect_right(self._starts, block) - 1
        while count > 0:
            lba, length = self._extents[index]
            skip = block - self._starts[index]
            piece = min(count, length - skip)
            if lba < 0:
                raise ImageFormatError(f"metadata block {block} is not recorded")
            result.append((lba + skip, piece))
            block += piece
            count -= piece
            index += 1
        return result

    @property
    def mirrored(self) -> bool:
        """Whether there is a second copy."""
        return self._mirror is not None

    def elsewhere(self, lba: int, count: int) -> list[tuple[int, int]]:
        """Say where the second copy of some sectors lies, as (first sector, sectors); empty where there is none."""
        if self._mirror is None:
            return []
        for (first, length), block in zip(self._extents, self._starts, strict=True):
            if first <= lba and lba + count <= first + length:
                try:
                    return self._mirror.locate(block + lba - first, count)
                except ImageFormatError:
                    return []
        return []


__all__ = ("MetadataPartition", "PartitionMap", "PhysicalPartition", "SparablePartition", "VirtualPartition")
