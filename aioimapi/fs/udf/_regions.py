"""The regions that UDF adds to an image, and where they lie."""

from __future__ import annotations

from collections.abc import Callable

from aioimapi.errors import ImageTooLargeError
from aioimapi.fs._layout import Layout, LayoutOptions, Region
from aioimapi.fs.udf._extended import METADATA_EXTENT, ExtendedUdfFiles, metadata_file_entry
from aioimapi.fs.udf._files import (
    EXTENDED_ENTRY_HEAD,
    SHORT_ALLOCATION,
    UdfFiles,
    absent_rows,
    check_file_size,
)
from aioimapi.fs.udf._volume import (
    ANCHOR,
    FILE_SET_BLOCKS,
    INTEGRITY_SEQUENCE,
    MAIN_SEQUENCE,
    METADATA_UNIT,
    RESERVE_SEQUENCE,
    SEQUENCE_SECTORS,
    Metadata,
    anchor,
    descriptor_sequence,
    file_set,
    integrity_sequence,
)
from aioimapi.units import SECTOR_SIZE, round_up

_MOST_METADATA = (SECTOR_SIZE - EXTENDED_ENTRY_HEAD) // SHORT_ALLOCATION.size * METADATA_EXTENT


class _FileSet(Region):
    """The first blocks of the partition that holds the names."""

    label = "UDF file set"
    count = FILE_SET_BLOCKS

    def __init__(self, options: LayoutOptions) -> None:
        self._options = options

    def render(self, first: int, out: memoryview) -> None:
        """Make the file set descriptor and its terminator; the root's entry is the block behind them."""
        at = (first - self.start) * SECTOR_SIZE
        out[:] = file_set(self._options, FILE_SET_BLOCKS)[at : at + len(out)]


class _Gap(Region):
    """Sectors of zeros up to a border."""

    label = "padding"

    def __init__(self, count: int) -> None:
        self.count = count

    def render(self, first: int, out: memoryview) -> None:
        """Leave them zero."""


class _MetadataEntry(Region):
    """The entry of the metadata file or of its mirror, in a unit of its own."""

    count = METADATA_UNIT

    def __init__(self, options: LayoutOptions, metadata: Region, blocks: int, *, mirror: bool) -> None:
        self.label = f"UDF metadata {'mirror ' if mirror else ''}file's entry"
        self._options = options
        self._metadata = metadata
        self._blocks = blocks
        self._mirror = mirror

    def render(self, first: int, out: memoryview) -> None:
        """Make the entry, in the region's first sector."""
        if first > self.start:
            return
        revision = self._options.udf.revision
        metadata_file_entry(
            out[:SECTOR_SIZE],
            self.start - revision.partition_start,
            revision,
            mirror=self._mirror,
            first=self._metadata.start - revision.partition_start,
            blocks=self._blocks,
            time_ns=self._options.time_ns,
        )


class _Mirror(Region):
    """The second copy of all metadata: blocks count from the partition's beginning, so it is the same bytes."""

    label = "UDF metadata mirror"

    def __init__(self, copied: list[Region]) -> None:
        self._copied = copied
        self.count = sum(region.count for region in copied)

    def render(self, first: int, out: memoryview) -> None:
        """Make the sectors of the regions that are copied."""
        first += self._copied[0].start - self.start
        end = first + len(out) // SECTOR_SIZE
        for region in self._copied:
            low, high = max(first, region.start), min(end, region.start + region.count)
            if low < high:
                region.render(low, out[(low - first) * SECTOR_SIZE : (high - first) * SECTOR_SIZE])


class _ReserveSequence(Region):
    """The reserve volume descriptor sequence, far from the main one (OSTA UDF 2.50 2.2.3.2)."""

    label = "UDF reserve volume descriptors"
    count = SEQUENCE_SECTORS

    def __init__(self, make: Callable[[int], list[bytes]]) -> None:
        self._make = make

    def render(self, first: int, out: memoryview) -> None:
        """Make the descriptors."""
        data = b"".join(self._make(self.start)).ljust(self.count * SECTOR_SIZE, b"\0")
        at = (first - self.start) * SECTOR_SIZE
        out[:] = data[at : at + len(out)]


class UdfVolume:
    """A volume of UDF in the making: its regions before and behind the data, and its descriptors.

    Attributes:
        head: The regions that begin at the partition's first sector.
        tail: The regions behind the data.
    """

    def __init__(self, layout: Layout) -> None:
        for directory in layout.directories:
            if directory.sizes:
                largest = max(directory.sizes)
                path = directory.path_of(directory.sizes.index(largest))
                check_file_size(path, largest, layout.options.udf)
        self._layout = layout
        options = layout.options
        revision = options.udf.revision
        files = ExtendedUdfFiles(layout) if revision.extended_entries else UdfFiles(layout)
        self._files = files
        self._entries: list[_MetadataEntry] = []
        self._blocks = 0
        self.head: list[Region] = [_FileSet(options), files]
        self.tail: list[Region] = []
        if revision.metadata_partition:
            self._add_metadata(options)

    def _add_metadata(self, options: LayoutOptions) -> None:
        """Put the metadata file's entry in front, and the mirror and its entry behind the data."""
        used = FILE_SET_BLOCKS + self._files.count
        self._blocks = round_up(used, METADATA_UNIT)
        if self._blocks * SECTOR_SIZE > _MOST_METADATA:
            raise ImageTooLargeError(
                f"UDF {options.udf.revision.name} would need {self._blocks:,} blocks of metadata, more than its "
                f"metadata file can have ({_MOST_METADATA // SECTOR_SIZE:,}); split the tree, or choose UDF 2.01"
            )
        metadata = [*self.head, _Gap(self._blocks - used)]
        mirror = _Mirror(metadata) if options.udf.mirror else metadata[0]
        self._entries = [
            _MetadataEntry(options, metadata[0], self._blocks, mirror=False),
            _MetadataEntry(options, mirror, self._blocks, mirror=True),
        ]
        self.head = [self._entries[0], *metadata]
        self.tail = [
            *([mirror] if options.udf.mirror else []),
            self._entries[1],
            _ReserveSequence(self._sequence),
        ]

    def _metadata(self) -> Metadata | None:
        if not self._entries:
            return None
        start = self._layout.options.udf.revision.partition_start
        main = self.head[1].start
        mirror = self.tail[0].start if self._layout.options.udf.mirror else main
        entry, mirror_entry = (each.start - start for each in self._entries)
        return Metadata(entry, mirror_entry, main - start, mirror - start, self._blocks)

    def _partition(self) -> int:
        """Return the partition's length; it ends before what lies behind it, at the latest before the last anchor."""
        end = self.tail[-1].start if self.tail else self._layout.last_anchor
        return end - self._layout.options.udf.revision.partition_start

    def _sequence(self, first: int) -> list[bytes]:
        return descriptor_sequence(self._layout.options, first, self._partition(), self._metadata())

    def descriptors(self) -> dict[int, bytes]:
        """Return the sectors of the volume's descriptors, once everything has its place."""
        layout = self._layout
        options = layout.options
        metadata = self._metadata()
        partition = self._partition()
        blocks: dict[int, bytes] = {}
        for first in (MAIN_SEQUENCE,) if self.tail else (MAIN_SEQUENCE, RESERVE_SEQUENCE):
            blocks |= dict(enumerate(self._sequence(first), first))
        names = sum(len(each.names) - len(absent_rows(each, options.udf)) for each in layout.directories)
        sizes = [partition] if metadata is None else [partition, metadata.blocks]
        next_id = self._files.next_unique_id
        integrity = integrity_sequence(options, sizes, next_id, names, len(layout.directories))
        blocks |= dict(enumerate(integrity, INTEGRITY_SEQUENCE))
        blocks[ANCHOR] = anchor_at(layout, ANCHOR)
        return blocks


def anchor_at(layout: Layout, location: int) -> bytes:
    """Return the anchor at a sector of a laid out image."""
    reserve = layout.tail[-1].start if layout.tail else RESERVE_SEQUENCE
    return anchor(location, reserve, layout.options.udf.revision)
