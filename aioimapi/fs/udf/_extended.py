"""Extended file entries (ECMA-167 4/14.17), in or beside a metadata partition: UDF 2.00 and later."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Container
from struct import Struct

from aioimapi.fs._layout import Layout
from aioimapi.fs._times import udf_stamp
from aioimapi.fs._tree import Directory
from aioimapi.fs._udf_options import UdfRevision
from aioimapi.fs.udf._files import (
    CHARACTERISTIC_PARENT,
    EMBEDDED,
    EXTENDED_ENTRY_HEAD,
    FILE,
    FIRST_UNIQUE_ID,
    IMPLEMENTATION,
    LONG_ADS,
    LONG_ALLOCATION,
    MAX_EXTENT,
    SHORT_ADS,
    SHORT_ALLOCATION,
    STRATEGY,
    SYMLINK,
    TAG,
    UdfFiles,
    extents_of,
    icb_flags,
    path_components,
    permissions,
    short_allocations,
)
from aioimapi.fs.udf._primitives import long_allocation, tag
from aioimapi.fs.udf._tables import DescriptorTables
from aioimapi.units import SECTOR_SIZE, sectors

_EXTENDED_ENTRY = Struct("<IHHHBBIHHIIIHBBIQQQ12s12s12s12sII16s16s32sQII")
_EFE_TAG = 266
_NOBODY = 0xFFFF_FFFF
STREAM_DIRECTORY = 13  # ECMA-167 4/14.6.6
REAL_TIME_FILE = 249  # OSTA UDF 2.01 2.3.5.2
STREAM_FLAG = 0x2000  # ECMA-167 4/14.6.8: a named stream
METADATA_FILE, METADATA_MIRROR_FILE = 250, 251  # OSTA UDF 2.50 2.2.13.1

METADATA_EXTENT = 0x3FFF_0000
"""Bytes of one extent of the metadata file: the most that is a multiple of its allocation unit (OSTA UDF 2.2.13)."""


def extended_entry(
    out: memoryview,
    block: int,
    revision: UdfRevision,
    *,
    kind: int,
    flags: int,
    uid: int,
    gid: int,
    access: int,
    links: int,
    size: int,
    time_ns: int,
    unique_id: int,
    allocation: bytes,
    streams: bytes = b"",
    object_size: int | None = None,
) -> None:
    """Make an extended file entry.

    Args:
        out: Its sector.
        block: Where that is in its partition.
        revision: The revision of UDF.
        kind: File type (ECMA-167 4/14.6.6).
        flags: Flags of the ICB tag (4/14.6.8), the form of the allocation descriptors among them.
        uid: Owner.
        gid: Group.
        access: Permissions (4/14.9.5).
        links: How many identifiers point here.
        size: Bytes of the file.
        time_ns: Every time that it has.
        unique_id: OSTA UDF 3.2.1.1.
        allocation: Allocation descriptors, or the content itself.
        streams: The long allocation descriptor of its stream directory, where it has one.
        object_size: Bytes of the file with those of its named streams, where it has any.
    """
    stamp = udf_stamp(time_ns)
    _EXTENDED_ENTRY.pack_into(
        out, 16,
        0, STRATEGY, 0, 1, 0, kind, 0, 0, flags,
        uid, gid, access, min(links, 0xFFFF), 0, 0, 0,
        size, size if object_size is None else object_size, 0 if flags & 7 == EMBEDDED else sectors(size),
        stamp, stamp, stamp, stamp, 1, 0, b"", streams, IMPLEMENTATION, unique_id, 0, len(allocation),
    )  # fmt: skip
    end = EXTENDED_ENTRY_HEAD + len(allocation)
    out[EXTENDED_ENTRY_HEAD:end] = allocation
    out[:16] = tag(_EFE_TAG, out[16:end], block, revision)


class ExtendedUdfFiles(UdfFiles):
    """Every file entry and directory of a volume with extended file entries.

    In a metadata partition, file entries point to the data, which lie in the partition below, by long allocation
    descriptors; directories lie beside their entries, so that short ones do (OSTA UDF 2.50 2.3.10).
    """

    def __init__(self, layout: Layout) -> None:
        self._tables = DescriptorTables(layout.options.udf)
        super().__init__(layout)
        self._data_form = LONG_ADS if self._revision.metadata_partition else SHORT_ADS
        self._later_ids: dict[Directory, int] = {}
        self._next_id = super().next_unique_id
        for directory, rows in layout.followers.items():
            self._later_ids[directory] = self._next_id
            self._next_id += len(rows)
        self._streams = {owner: layout.numbers[streams] for streams, owner in layout.owners.items()}

    @property
    def next_unique_id(self) -> int:
        """An id above all that are given: those of entries, and behind them those of later names of a file."""
        return self._next_id

    def _later_name_id(self, directory: Directory, row: int, block: int) -> int:
        """Return an id of the name alone: each name has its own (OSTA UDF 2.00 3.2.1.1)."""
        return self._later_ids[directory] + self._layout.followers[directory].index(row)

    def _owner_block(self, number: int) -> int:
        """Return the block of the entry of the file whose named streams a stream directory lists."""
        directory, row = self._layout.owners[self._holders[number]]
        return self.entry_block(self._layout.numbers[directory], row)

    def _lists_streams(self, number: int) -> bool:
        return number >= len(self._layout.directories)

    def _parent(self, number: int) -> tuple[int, int, int]:
        """See :meth:`UdfFiles._parent`; a stream directory's parent is the file (ECMA-167 4/8.8.3)."""
        if not self._lists_streams(number):
            return super()._parent(number)
        block = self._owner_block(number)
        return block, CHARACTERISTIC_PARENT, block + FIRST_UNIQUE_ID

    def _shared_id(self, number: int) -> int | None:
        """Return the file's id for its named streams (OSTA UDF 2.01 3.2.1.1)."""
        return self._owner_block(number) + FIRST_UNIQUE_ID if self._lists_streams(number) else None

    def _directory_entry(self, number: int, out: memoryview) -> None:
        if not self._lists_streams(number):
            super()._directory_entry(number, out)
            return
        directory, row = self._layout.owners[self._holders[number]]
        block, size = self.directory_block(number), self.name_bytes[number]
        extended_entry(
            out,
            block,
            self._revision,
            kind=STREAM_DIRECTORY,
            flags=SHORT_ADS,
            uid=directory.uids[row],
            gid=directory.gids[row],
            access=permissions(directory.modes[row]),
            links=0,
            size=size,
            time_ns=directory.mtimes[row],
            unique_id=self._owner_block(number) + FIRST_UNIQUE_ID,
            allocation=short_allocations(block + 1, size),
        )

    def _special_entry(self, number: int, row: int, block: int, out: memoryview) -> None:
        """Make the entry of whatever is more than a file of one name and one extent."""
        layout = self._layout
        holder = self._holders[number]
        directory, attributes = layout.owners.get(holder, (holder, row))
        target, group = holder.symlinks.get(row), holder.groups.get(row)
        streams = self._streams.get((holder, row))
        kind, links, form = FILE, 1 if group is None else group.count, self._data_form
        if target is not None:
            kind, form = SYMLINK, EMBEDDED
            allocation = path_components(target)
            size = len(allocation)
        else:
            size = holder.sizes[row]
            allocation = self._descriptors(number, row, size)
            if row in holder.extras and holder.extras[row].real_time and self._revision.real_time_files:
                kind = REAL_TIME_FILE
        extended_entry(
            out,
            block,
            self._revision,
            kind=kind,
            flags=icb_flags(directory.modes[attributes])
            | form
            | (STREAM_FLAG if directory is not holder else 0),
            uid=directory.uids[attributes],
            gid=directory.gids[attributes],
            access=permissions(directory.modes[attributes]),
            links=links
            + (streams is not None),  # a stream directory's parent identifier counts (ECMA-167 4/8.8.3)
            size=size,
            time_ns=directory.mtimes[attributes],
            unique_id=block + FIRST_UNIQUE_ID
            if directory is holder
            else self._owner_block(number) + FIRST_UNIQUE_ID,
            allocation=allocation,
            streams=b"" if streams is None else self._icb(self.directory_block(streams)),
            object_size=size if streams is None else size + sum(self._holders[streams].sizes),
        )

    def _icb(self, block: int) -> bytes:
        return long_allocation(SECTOR_SIZE, block, self._options.name_partition)

    def _overflow(self, directory: Directory) -> int:
        """Count the allocation extent descriptors of files with more extents than an entry points to."""
        if not directory.sizes or max(directory.sizes) <= self._tables.largest_in_entry:
            return 0
        return sum(self._tables.count(directory.sizes[row]) for row in self._large_rows(directory))

    def _large_rows(self, directory: Directory) -> list[int]:
        largest = self._tables.largest_in_entry
        return [
            row
            for row, size in enumerate(directory.sizes)
            if size > largest
            and row not in directory.symlinks
            and (row not in directory.groups or directory.groups[row].first == (directory, row))
        ]

    def _overflow_start(self, number: int, row: int) -> int:
        """Return the block of the first allocation extent descriptor of a file, which has some."""
        directory = self._holders[number]
        before = [each for each in self._large_rows(directory) if each < row]
        first = self._entries_block(number) + self._own_entries(directory)
        return first + sum(self._tables.count(directory.sizes[each]) for each in before)

    def _overflow_blocks(self, number: int, low: int, high: int, out: memoryview) -> None:
        directory = self._holders[number]
        at = 0
        for row in self._large_rows(directory):
            size = directory.sizes[row]
            count = self._tables.count(size)
            if at < high and at + count > low:
                start = self._layout.extents.first_sector(number, row) - self._data_start
                block = self._overflow_start(number, row)
                blocks = self._tables.blocks(start, size, block)
                for index in range(max(low - at, 0), min(high - at, count)):
                    place = (at + index - low) * SECTOR_SIZE
                    out[place : place + SECTOR_SIZE] = blocks[index]
            at += count

    def _descriptors(self, number: int, row: int, size: int) -> bytes:
        """Return the allocation descriptors in the entry of a file."""
        start = self._layout.extents.first_sector(number, row) - self._data_start
        if size <= self._tables.largest_in_entry:
            return self._tables.pack(extents_of(start, size))
        group = self._holders[number].groups.get(row)
        if group is not None and group.first is not None:
            directory, row = group.first
            number = self._layout.numbers[directory]
        return self._tables.in_entry(start, size, self._overflow_start(number, row))

    def _file_entries(self, number: int, rows: list[int] | range, block: int, out: memoryview) -> None:
        """Make the extended file entries of rows, the first of them at ``block``."""
        directory = self._holders[number]
        at = 0
        special: Container[int] = (
            directory.symlinks.keys() | directory.groups.keys() | directory.extras.keys()
        )
        if self._lists_streams(number):
            special = range(len(directory.names))
        placed = self._layout.extents.rows[number]
        sizes, mtimes, modes, uids, gids = (
            directory.sizes,
            directory.mtimes,
            directory.modes,
            directory.uids,
            directory.gids,
        )
        form, data_start = self._data_form, self._data_start
        allocation = SHORT_ALLOCATION.size if form == SHORT_ADS else LONG_ALLOCATION.size
        pack_entry, pack_tag, pack_allocation = (
            _EXTENDED_ENTRY.pack_into,
            TAG.pack_into,
            SHORT_ALLOCATION.pack_into,
        )
        for row in rows:
            size = sizes[row]
            if row in special or size > MAX_EXTENT:
                self._special_entry(number, row, block, out[at : at + SECTOR_SIZE])
            else:
                stamp = udf_stamp(mtimes[row])
                mode = modes[row]
                length = allocation if size else 0
                pack_entry(
                    out, at + 16,
                    0, STRATEGY, 0, 1, 0, FILE, 0, 0, icb_flags(mode) | form,
                    uids[row], gids[row], permissions(mode), 1, 0, 0, 0,
                    size, size, (size + 2047) >> 11, stamp, stamp, stamp, stamp,
                    1, 0, b"", b"", IMPLEMENTATION, block + 16, 0, length,
                )  # fmt: skip
                if size:
                    # A long descriptor begins as a short one does; its partition is 0, and so is what is left of it.
                    pack_allocation(out, at + 216, size, placed[row] - data_start)
                length += 200
                crc = crc_hqx(out[at + 16 : at + 16 + length], 0)
                pack_tag(out, at, _EFE_TAG, 3, 0, 0, 0, crc, length, block)
                out[at + 4] = sum(out[at : at + 16]) & 0xFF
            block += 1
            at += SECTOR_SIZE

    def _entry(
        self,
        out: memoryview,
        block: int,
        *,
        kind: int,
        mode: int,
        uid: int,
        gid: int,
        links: int,
        size: int,
        mtime_ns: int,
        unique_id: int,
        allocation: bytes,
        form: int = SHORT_ADS,
    ) -> None:
        extended_entry(
            out,
            block,
            self._revision,
            kind=kind,
            flags=icb_flags(mode) | form,
            uid=uid,
            gid=gid,
            access=permissions(mode),
            links=links,
            size=size,
            time_ns=mtime_ns,
            unique_id=unique_id,
            allocation=allocation,
        )


def metadata_file_entry(
    out: memoryview, block: int, revision: UdfRevision, *, mirror: bool, first: int, blocks: int, time_ns: int
) -> None:
    """Make the entry of the metadata file or of its mirror (OSTA UDF 2.50 2.2.13.1).

    Args:
        out: Its sector.
        block: Where that is in the partition.
        revision: The revision of UDF.
        mirror: Whether it is the mirror's.
        first: The first block of the metadata.
        blocks: How many there are.
        time_ns: The volume's time.
    """
    extents = extents_of(first, blocks * SECTOR_SIZE, METADATA_EXTENT)
    extended_entry(
        out,
        block,
        revision,
        kind=METADATA_MIRROR_FILE if mirror else METADATA_FILE,
        flags=SHORT_ADS,
        uid=_NOBODY,
        gid=_NOBODY,
        access=0,
        links=0,
        size=blocks * SECTOR_SIZE,
        time_ns=time_ns,
        unique_id=0,
        allocation=b"".join(SHORT_ALLOCATION.pack(*extent) for extent in extents),
    )
