"""Extended file entries (ECMA-167 4/14.17), in or beside a metadata partition: UDF 2.00 and later."""

from __future__ import annotations

from binascii import crc_hqx
from struct import Struct

from aioimapi.fs._layout import Layout
from aioimapi.fs._times import udf_stamp
from aioimapi.fs._tree import Directory
from aioimapi.fs._udf_options import UdfRevision
from aioimapi.fs.udf._files import (
    EMBEDDED,
    EXTENDED_ENTRY_HEAD,
    FILE,
    IMPLEMENTATION,
    LONG_ADS,
    LONG_ALLOCATION,
    MAX_EXTENT,
    SHORT_ADS,
    SHORT_ALLOCATION,
    STRATEGY,
    TAG,
    UdfFiles,
    extents_of,
    icb_flags,
    permissions,
    short_allocations,
)
from aioimapi.fs.udf._primitives import tag
from aioimapi.units import SECTOR_SIZE, sectors

_EXTENDED_ENTRY = Struct("<IHHHBBIHHIIIHBBIQQQ12s12s12s12sII16s16s32sQII")
_EFE_TAG = 266
_NOBODY = 0xFFFF_FFFF
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
    """
    stamp = udf_stamp(time_ns)
    _EXTENDED_ENTRY.pack_into(
        out, 16,
        0, STRATEGY, 0, 1, 0, kind, 0, 0, flags,
        uid, gid, access, min(links, 0xFFFF), 0, 0, 0,
        size, size, 0 if flags & 7 == EMBEDDED else sectors(size), stamp, stamp, stamp, stamp,
        1, 0, b"", b"", IMPLEMENTATION, unique_id, 0, len(allocation),
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
        super().__init__(layout)
        self._data_form = LONG_ADS if self._revision.metadata_partition else SHORT_ADS
        self._later_ids: dict[Directory, int] = {}
        self._next_id = super().next_unique_id
        for directory, rows in layout.followers.items():
            self._later_ids[directory] = self._next_id
            self._next_id += len(rows)

    @property
    def next_unique_id(self) -> int:
        """An id above all that are given: those of entries, and behind them those of later names of a file."""
        return self._next_id

    def _later_name_id(self, directory: Directory, row: int, block: int) -> int:
        """Return an id of the name alone: each name has its own (OSTA UDF 2.00 3.2.1.1)."""
        return self._later_ids[directory] + self._layout.followers[directory].index(row)

    def _data_allocations(self, block: int, size: int) -> bytes:
        if self._data_form == SHORT_ADS:
            return short_allocations(block, size)
        return b"".join(LONG_ALLOCATION.pack(*extent, 0) for extent in extents_of(block, size))

    def _file_entries(self, number: int, rows: list[int] | range, block: int, out: memoryview) -> None:
        """Make the extended file entries of rows, the first of them at ``block``."""
        directory = self._layout.directories[number]
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
