"""File entries and directories of UDF (ECMA-167 4/14), made directory by directory.

Each directory of the layout has a run of blocks: its own file entry, the blocks of its file identifier descriptors, a
file entry for each of its files. So the place of every entry follows from the run's start and the file's row, and
nothing is stored per file.
"""

from __future__ import annotations

import stat
from array import array
from binascii import crc_hqx
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from struct import Struct

from aioimapi.errors import ImageTooLargeError
from aioimapi.fs._layout import UDF_MAX_FILE, Layout, Region
from aioimapi.fs._names import udf_identifiers
from aioimapi.fs._times import udf_stamp
from aioimapi.fs._tree import Directory
from aioimapi.fs._udf_options import UdfOptions
from aioimapi.fs.udf._primitives import implementation_identifier, tag
from aioimapi.fs.udf._volume import FILE_SET_BLOCKS
from aioimapi.units import SECTOR_SIZE, sectors

MAX_EXTENT = 0x3FFF_F800
"""Bytes of one extent: the largest number of whole blocks that 30 bits hold (ECMA-167 4/14.14.1.1)."""

ENTRY_HEAD = 176
EXTENDED_ENTRY_HEAD = 216
"""Bytes of a file entry (ECMA-167 4/14.9) and of an extended one (4/14.17) before what varies."""

_FILE_ENTRY = Struct("<IHHHBBIHHIIIHBBIQQ12s12s12sI16s32sQII")
SHORT_ALLOCATION = Struct("<II")
LONG_ALLOCATION = Struct("<IIH6x")
TAG = Struct("<HHBBHHHI")
_IDENTIFIER = Struct("<HBBIIHHIH")  # after the tag of a file identifier descriptor

STRATEGY = 4  # OSTA UDF 2.3.5.1
DIRECTORY, FILE, SYMLINK = 4, 5, 12  # ECMA-167 4/14.6.6
SHORT_ADS, LONG_ADS, EMBEDDED = 0, 1, 3  # ECMA-167 4/14.6.8
IMPLEMENTATION = implementation_identifier()
FIRST_UNIQUE_ID = 16  # OSTA UDF 3.2.1.1: 0 is the root's, 1 to 15 are kept for the Macintosh
_CHARACTERISTIC_HIDDEN, _CHARACTERISTIC_DIRECTORY, CHARACTERISTIC_PARENT = 0x01, 0x02, 0x08
_FE_TAG, _FID_TAG = 261, 257


@lru_cache(maxsize=1024)
def permissions(mode: int) -> int:
    """Return the permissions field of a mode (ECMA-167 4/14.9.5): five bits for each of other, group and owner.

    An owner who may write may change attributes and delete as well.
    """
    result = mode & 7 | (mode >> 3 & 7) << 5 | (mode >> 6 & 7) << 10
    return result | 0b11000 << 10 if mode & stat.S_IWUSR else result


@lru_cache(maxsize=1024)
def icb_flags(mode: int) -> int:
    """Return the flags of an ICB tag that a mode gives: set-uid, set-gid, sticky (ECMA-167 4/14.6.8)."""
    return (
        (0x40 if mode & stat.S_ISUID else 0)
        | (0x80 if mode & stat.S_ISGID else 0)
        | (0x100 if mode & stat.S_ISVTX else 0)
    )


def path_components(target: str) -> bytes:
    """Return a symlink's target as path components (ECMA-167 4/14.16.1)."""
    parts = target.split("/")
    result = bytearray()
    if target.startswith("/"):
        result += b"\x02\x00\x00\x00"  # the root of this file set
        parts = parts[1:]
    for part in parts:
        if part == "..":
            result += b"\x03\x00\x00\x00"
        elif part == ".":
            result += b"\x04\x00\x00\x00"
        elif part:
            name = udf_identifiers([part])[0]
            result += bytes((5, len(name), 0, 0)) + name
    return bytes(result)


def absent_rows(directory: Directory, options: UdfOptions) -> set[int]:
    """Return the rows that are left out of UDF: symlinks whose target does not fit in their file entry.

    The standard would let it lie in blocks of its own; Linux refuses to look at such a symlink at all.
    """
    room = SECTOR_SIZE - (EXTENDED_ENTRY_HEAD if options.revision.extended_entries else ENTRY_HEAD)
    return {row for row, target in directory.symlinks.items() if len(path_components(target)) > room}


def keeps_target(target: str) -> bool:
    """Tell whether a symlink's target is the same in UDF; bytes that are no UTF-8 and overlong parts change."""
    parts = [part for part in target.split("/") if part not in {"", ".", ".."}]
    return all(
        name[1:].decode("latin-1" if name[0] == 8 else "utf-16-be") == part
        for part, name in ((part, udf_identifiers([part])[0]) for part in parts)
    )


class UdfFiles(Region):
    """Every file entry and directory of the volume.

    They lie behind the file set, in the same partition; their block numbers count from its beginning.

    Attributes:
        offsets: First block of each directory's run, counted from the start of the region.
        name_bytes: Bytes of each directory's file identifier descriptors.
    """

    label = "UDF file entries and directories"

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._options = layout.options.udf
        self._revision = self._options.revision
        self._data_start = self._revision.partition_start
        self._data_form = SHORT_ADS
        self._holders = [*layout.directories, *layout.streams]
        self.offsets = array("I")
        self.name_bytes = array("Q")
        self._names: tuple[int, bytes] = (-1, b"")
        at = 0
        for directory in self._holders:
            self.offsets.append(at)
            self.name_bytes.append(self._measure_names(directory))
            at += 1 + sectors(self.name_bytes[-1]) + self._own_entries(directory) + self._overflow(directory)
        self.count = at

    # --- places -------------------------------------------------------------------------------------

    @property
    def next_unique_id(self) -> int:
        """An id above all that are given: an entry's id is its block, moved past the reserved ones."""
        return FILE_SET_BLOCKS + self.count + FIRST_UNIQUE_ID

    def directory_block(self, number: int) -> int:
        """Return the block, in the partition, of a directory's file entry."""
        return FILE_SET_BLOCKS + self.offsets[number]

    def _entries_block(self, number: int) -> int:
        return self.directory_block(number) + 1 + sectors(self.name_bytes[number])

    def entry_block(self, number: int, row: int) -> int:
        """Return the block of a file's entry; of a hard-linked file, that of its first name."""
        directory = self._holders[number]
        group = directory.groups.get(row)
        if group is not None and group.first is not None:
            directory, row = group.first
            number = self._layout.numbers[directory]
        return self._entries_block(number) + row - bisect_left(self._without_entry(directory), row)

    def _without_entry(self, directory: Directory) -> list[int]:
        """Return, ascending, the rows that have no entry of their own: later hard links, and what UDF cannot hold."""
        followers = self._layout.followers.get(directory, [])
        if not directory.symlinks:
            return followers
        return sorted([*followers, *absent_rows(directory, self._options)])

    def _own_entries(self, directory: Directory) -> int:
        return len(directory.names) - len(self._without_entry(directory))

    def _overflow(self, directory: Directory) -> int:
        """Return how many blocks hold what does not fit into the entries of a directory's files."""
        return 0

    def _listed(self, directory: Directory) -> tuple[list[int] | range, list[bytes]]:
        """Return the rows that the directory lists, and the identifiers of its subdirectories and of those rows."""
        rows: list[int] | range = range(len(directory.names))
        names = directory.names
        absent = absent_rows(directory, self._options)
        if absent:
            rows = [row for row in rows if row not in absent]
            names = [names[row] for row in rows]
        return rows, udf_identifiers([each.name for each in directory.directories] + names)

    def _measure_names(self, directory: Directory) -> int:
        return 40 + sum([(41 + len(name)) & ~3 for name in self._listed(directory)[1]])

    # --- rendering ----------------------------------------------------------------------------------

    def render(self, first: int, out: memoryview) -> None:
        """Make the blocks of each directory's run that the range touches."""
        first -= self.start
        end = first + len(out) // SECTOR_SIZE
        number = bisect_right(self.offsets, first) - 1
        while number < len(self.offsets) and self.offsets[number] < end:
            run = self.offsets[number]
            run_end = self.offsets[number + 1] if number + 1 < len(self.offsets) else self.count
            low, high = max(first, run), min(end, run_end)
            self._render_run(
                number, low - run, high - run, out[(low - first) * SECTOR_SIZE : (high - first) * SECTOR_SIZE]
            )
            number += 1

    def _render_run(self, number: int, low: int, high: int, out: memoryview) -> None:
        """Make the blocks ``low`` to ``high`` - 1 of a directory's run."""
        directory = self._holders[number]
        if low == 0:
            self._directory_entry(number, out)
        names_end = 1 + sectors(self.name_bytes[number])
        if low < names_end and high > 1:
            names = self._name_blocks(number)
            start = max(low, 1)
            part = names[(start - 1) * SECTOR_SIZE : (min(high, names_end) - 1) * SECTOR_SIZE]
            at = (start - low) * SECTOR_SIZE
            out[at : at + len(part)] = part
        entries_end = names_end + self._own_entries(directory)
        if low < entries_end and high > names_end:
            first = max(low, names_end)
            block = self.directory_block(number) + first
            rows = self._entry_rows(number, first, min(high, entries_end))
            self._file_entries(number, rows, block, out[(first - low) * SECTOR_SIZE :])
        if high > entries_end:
            first = max(low, entries_end)
            self._overflow_blocks(
                number, first - entries_end, high - entries_end, out[(first - low) * SECTOR_SIZE :]
            )

    def _overflow_blocks(self, number: int, low: int, high: int, out: memoryview) -> None:
        """Make some of the blocks that :meth:`_overflow` counts."""

    def _name_blocks(self, number: int) -> bytes:
        if self._names[0] != number:
            self._names = (number, self._make_names(number))
        return self._names[1]

    def _make_names(self, number: int) -> bytes:
        """Make the file identifier descriptors (ECMA-167 4/14.4) of a directory, the parent's first."""
        layout = self._layout
        directory = self._holders[number]
        version, partition = self._revision.descriptor_version, self._options.name_partition
        first_block = self.directory_block(number) + 1
        data = bytearray(self.name_bytes[number])
        parent_block, up, unique_id = self._parent(number)
        at = _identify(data, 0, first_block, version, up, parent_block, partition, b"", unique_id)
        rows, names = self._listed(directory)
        folders = len(directory.directories)
        hidden, hidden_rows = directory.hidden, directory.hidden_rows()
        for each, name in zip(directory.directories, names, strict=False):
            block = self.directory_block(layout.numbers[each])
            kind = _CHARACTERISTIC_DIRECTORY | (_CHARACTERISTIC_HIDDEN if each.name in hidden else 0)
            at += _identify(
                data, at, first_block + (at >> 11), version,
                kind, block, partition, name, block + FIRST_UNIQUE_ID,
            )  # fmt: skip
        block = self._entries_block(number)
        groups = directory.groups
        shared_id = self._shared_id(number)
        for row, name in zip(rows, names[folders:], strict=True):
            kind = _CHARACTERISTIC_HIDDEN if row in hidden_rows else 0
            if row in groups:
                own = self.entry_block(number, row)
                first = groups[row].first == (directory, row)
                unique_id = own + FIRST_UNIQUE_ID if first else self._later_name_id(directory, row, own)
                at += _identify(
                    data, at, first_block + (at >> 11), version, kind, own, partition, name, unique_id
                )
                if not first:
                    continue
            else:
                at += _identify(
                    data, at, first_block + (at >> 11), version, kind, block, partition, name,
                    block + FIRST_UNIQUE_ID if shared_id is None else shared_id,
                )  # fmt: skip
            block += 1
        return bytes(data)

    def _parent(self, number: int) -> tuple[int, int, int]:
        """Return the block, the characteristics and the id of a directory's parent."""
        parent = self._layout.numbers[self._holders[number].parent]
        block = self.directory_block(parent)
        characteristics = _CHARACTERISTIC_DIRECTORY | CHARACTERISTIC_PARENT
        return block, characteristics, block + FIRST_UNIQUE_ID if parent else 0

    def _shared_id(self, number: int) -> int | None:
        """Return the id that all entries of a directory have, where each has not its own."""
        return None

    def _later_name_id(self, directory: Directory, row: int, block: int) -> int:
        """Return the id of a later name of a hard-linked file; ``block`` is that of the file's entry."""
        return block + FIRST_UNIQUE_ID

    def _directory_entry(self, number: int, out: memoryview) -> None:
        directory = self._holders[number]
        block = self.directory_block(number)
        size = self.name_bytes[number]
        self._entry(
            out,
            block,
            kind=DIRECTORY,
            mode=directory.mode,
            uid=directory.uid,
            gid=directory.gid,
            links=1 + len(directory.directories),
            size=size,
            mtime_ns=directory.mtime_ns,
            unique_id=block + FIRST_UNIQUE_ID if number else 0,
            allocation=short_allocations(block + 1, size),
        )

    def _entry_rows(self, number: int, low: int, high: int) -> list[int] | range:
        """Return the rows whose entries are in the blocks ``low`` to ``high`` - 1 of a directory's run."""
        directory = self._holders[number]
        names_end = 1 + sectors(self.name_bytes[number])
        rows: list[int] | range = range(len(directory.names))
        without = set(self._without_entry(directory))
        if without:
            rows = [row for row in rows if row not in without]
        return rows[low - names_end : high - names_end]

    def _file_entries(self, number: int, rows: list[int] | range, block: int, out: memoryview) -> None:
        """Make the file entries (ECMA-167 4/14.9) of rows, the first of them at ``block``."""
        directory = self._holders[number]
        at = 0
        special = directory.symlinks.keys() | directory.groups.keys()
        placed = self._layout.extents.rows[number]
        sizes, mtimes, modes, uids, gids = (
            directory.sizes,
            directory.mtimes,
            directory.modes,
            directory.uids,
            directory.gids,
        )
        pack_entry, pack_tag = _FILE_ENTRY.pack_into, TAG.pack_into
        pack_allocation, data_start = SHORT_ALLOCATION.pack_into, self._data_start
        for row in rows:
            size = sizes[row]
            if row in special or size > MAX_EXTENT:
                self._special_entry(number, row, block, out[at : at + SECTOR_SIZE])
            else:
                stamp = udf_stamp(mtimes[row])
                mode = modes[row]
                pack_entry(
                    out, at + 16,
                    0, STRATEGY, 0, 1, 0, FILE, 0, 0, icb_flags(mode),
                    uids[row], gids[row], permissions(mode), 1, 0, 0, 0,
                    size, (size + 2047) >> 11, stamp, stamp, stamp, 1, b"", IMPLEMENTATION,
                    block + FIRST_UNIQUE_ID, 0, 8 if size else 0,
                )  # fmt: skip
                length = 160
                if size:
                    pack_allocation(out, at + 176, size, placed[row] - data_start)
                    length = 168
                crc = crc_hqx(out[at + 16 : at + 16 + length], 0)
                pack_tag(out, at, _FE_TAG, 2, 0, 0, 0, crc, length, block)
                out[at + 4] = sum(out[at : at + 16]) & 0xFF
            block += 1
            at += SECTOR_SIZE

    def _special_entry(self, number: int, row: int, block: int, out: memoryview) -> None:
        """Make the entry of a symlink, of a file of more than one name, or of a file of more than one extent."""
        layout = self._layout
        directory = self._holders[number]
        target = directory.symlinks.get(row)
        if target is not None:
            allocation = path_components(target)
            size = len(allocation)
        else:
            size = directory.sizes[row]
            allocation = self._data_allocations(
                layout.extents.first_sector(number, row) - self._data_start, size
            )
        group = directory.groups.get(row)
        self._entry(
            out,
            block,
            kind=FILE if target is None else SYMLINK,
            mode=directory.modes[row],
            uid=directory.uids[row],
            gid=directory.gids[row],
            links=1 if group is None else group.count,
            size=size,
            mtime_ns=directory.mtimes[row],
            unique_id=block + FIRST_UNIQUE_ID,
            allocation=allocation,
            form=self._data_form if target is None else EMBEDDED,
        )

    def _data_allocations(self, block: int, size: int) -> bytes:
        """Return the allocation descriptors of a file's data, which begins at a block of the partition."""
        return short_allocations(block, size)

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
        """Make a file entry (ECMA-167 4/14.9)."""
        stamp = udf_stamp(mtime_ns)
        _FILE_ENTRY.pack_into(
            out, 16,
            0, STRATEGY, 0, 1, 0, kind, 0, 0, icb_flags(mode) | form,
            uid, gid, permissions(mode), min(links, 0xFFFF), 0, 0, 0,
            size, 0 if form == EMBEDDED else sectors(size), stamp, stamp, stamp, 1, b"", IMPLEMENTATION,
            unique_id, 0, len(allocation),
        )  # fmt: skip
        out[ENTRY_HEAD : ENTRY_HEAD + len(allocation)] = allocation
        out[:16] = tag(_FE_TAG, out[16 : ENTRY_HEAD + len(allocation)], block, self._revision)


def _identify(
    data: bytearray,
    at: int,
    location: int,
    version: int,
    characteristics: int,
    block: int,
    partition: int,
    name: bytes,
    unique_id: int,
) -> int:
    """Put a file identifier descriptor at ``at`` and return its length, a multiple of 4."""
    length = (41 + len(name)) & ~3
    _IDENTIFIER.pack_into(
        data, at + 16,
        1, characteristics, len(name), SECTOR_SIZE, block, partition, 0, unique_id & 0xFFFF_FFFF, 0,
    )  # fmt: skip
    data[at + 38 : at + 38 + len(name)] = name
    crc = crc_hqx(memoryview(data)[at + 16 : at + length], 0)
    TAG.pack_into(data, at, _FID_TAG, version, 0, 0, 0, crc, length - 16, location)
    data[at + 4] = sum(data[at : at + 16]) & 0xFF
    return length


def extents_of(block: int, size: int, largest: int = MAX_EXTENT) -> Iterator[tuple[int, int]]:
    """Yield (bytes, first block) of the extents of a contiguous run of bytes."""
    while size:
        length = min(size, largest)
        yield length, block
        block += length // SECTOR_SIZE
        size -= length


def short_allocations(block: int, size: int) -> bytes:
    """Return the short allocation descriptors (ECMA-167 4/14.14.1) of a contiguous run of bytes."""
    return b"".join(SHORT_ALLOCATION.pack(*extent) for extent in extents_of(block, size))


def check_file_size(path: str, size: int, options: UdfOptions) -> None:
    """Raise ImageTooLargeError where a file needs more descriptors than its entry has room for.

    Extended entries go on in further blocks, so that there nothing is too large.
    """
    if size > UDF_MAX_FILE and not options.revision.extended_entries:
        raise ImageTooLargeError(
            f"{path} has {size:,} bytes, and a UDF {options.revision.name} file entry of one block holds at most "
            f"{UDF_MAX_FILE:,}; split it, choose UDF 2.00 or later, or leave UDF out",
            path=path,
        )
