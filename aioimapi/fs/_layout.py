"""Tree and options in, layout out: every extent is known before the first byte is made.

An image is a row of regions without gaps. The regions of metadata make their sectors when those are asked for; the
region of data has only the places of the files, since their bytes are the image's business. The order is::

    0    system area                       ┐
    16   ISO 9660 volume descriptors       │ one region, :class:`_VolumeArea`
         UDF volume recognition sequence   │
    32   UDF volume descriptor sequences   │ (with UDF)
    256  UDF anchor                        ┘
    257  UDF partition begins: file set, then for each directory its entry, its names, its files' entries
         path tables and directories of ISO 9660, then of Joliet
         file data
         the mirror of UDF's metadata, where there is one
         padding to the write unit, and in the last sector the second UDF anchor

From UDF 2.50 on the partition begins at sector 288 with the metadata file's entry, and the file set follows at 320.

All file systems point to the same file extents. The total is a multiple of 32 sectors (64 KiB, the cluster of a BD and
two ECC blocks of a DVD), so that what a drive pads at the end of a session is nothing, and the last sector of the
image is the last one of the track, where readers look for the second anchor (OSTA UDF 2.2.3).
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from aioimapi.errors import ImageTooLargeError
from aioimapi.fs._iso_options import DEFAULT_ISO, IsoOptions
from aioimapi.fs._tree import Directory, stream_directories, walk
from aioimapi.fs._udf_options import DEFAULT_UDF, UdfOptions
from aioimapi.units import SECTOR_SIZE, round_up

if TYPE_CHECKING:
    from aioimapi.fs.eltorito._layout import BootLayout

WRITE_UNIT_SECTORS = 32
LAST_SECTOR = 0xFFFF_FFFF
PAGE_ALIGNED_FROM = 64 * 1024
CLUSTER_ALIGNED_FROM = 16 * 1024 * 1024
"""Files from these sizes on begin on a page of 4 KiB, and on a cluster of 64 KiB: borders where file systems can share
blocks, a disc's error correction begins anew, and from which the kernel copies in a third less time. The gaps are at
most one sector before a file of 64 KiB, and 62 KiB before one of 16 MiB: under half a per cent."""

UDF_MAX_FILE = 234 * 0x3FFF_F800
"""A file entry of one block has room for 234 short allocation descriptors, each of at most 0x3FFFF800 bytes."""


class FileSystem(enum.Enum):
    """A file system that an image can carry; an image can carry any set of them that has ISO 9660 under the others.

    UDF stands alone or beside. Joliet and Rock Ridge are part of an ISO 9660 volume (IMAPI: FsiFileSystems).
    """

    ISO9660 = "iso9660"
    JOLIET = "joliet"
    ROCK_RIDGE = "rockridge"
    UDF = "udf"


ALL_FILE_SYSTEMS = frozenset(FileSystem)


@attrs.frozen
class LayoutOptions:
    """What shapes an image besides its tree.

    Attributes:
        volume_name: The volume's name, any Unicode; each file system gets what it can hold of it.
        file_systems: Which file systems the image carries.
        time_ns: The volume's time of creation, nanoseconds since 1970 UTC.
        udf: Revision and metadata of UDF.
        boot: What makes it start a machine, or None.
        iso: Level, names and texts of ISO 9660 and Joliet.
    """

    volume_name: str
    time_ns: int
    file_systems: frozenset[FileSystem] = ALL_FILE_SYSTEMS
    udf: UdfOptions = DEFAULT_UDF
    boot: BootLayout | None = None
    iso: IsoOptions = DEFAULT_ISO


class Region(ABC):
    """A run of sectors whose bytes can be made at any time."""

    label: str
    """What it is, for people: ``UDF file entries``."""

    start: int = 0
    """Its first sector."""

    count: int = 0
    """How many sectors it has."""

    @abstractmethod
    def render(self, first: int, out: memoryview) -> None:
        """Make sectors.

        Args:
            first: The first sector, counted from the beginning of the image.
            out: Whole sectors, all zero; they all lie in this region.
        """


class ExtentMap:
    """Where the data of each file lies: for each directory of the plan, the first sector of each row.

    A row without data of its own (empty, a symlink, a later name of a hard-linked file) has the sector at which the
    data that follows begins, so that a column never descends.
    """

    def __init__(self, directories: list[Directory], numbers: dict[Directory, int], start: int) -> None:
        self.directories = directories
        self.numbers = numbers
        self.start = start
        self.rows: list[array[int]] = []
        self.starts = array("Q")
        for directory in directories:
            self.starts.append(start)
            start = self._place(directory, start)
        self.end = start

    def _place(self, directory: Directory, start: int) -> int:
        if start + sum(directory.sizes) // SECTOR_SIZE + len(directory.sizes) > LAST_SECTOR:
            raise ImageTooLargeError(
                f"the data up to {directory.path} passes 2^32 sectors (8 TiB), the most that ISO 9660 and UDF address",
                path=directory.path,
            )
        placed = array("I")
        plain = not directory.symlinks and not directory.groups
        for row, size in enumerate(directory.sizes):
            if size >= PAGE_ALIGNED_FROM:
                start = round_up(start, WRITE_UNIT_SECTORS if size >= CLUSTER_ALIGNED_FROM else 2)
            placed.append(start)
            if plain or self.holds_data(directory, row):
                start += (size + 2047) >> 11
        self.rows.append(placed)
        return start

    def holds_data(self, directory: Directory, row: int) -> bool:
        """Tell whether sectors of the data region belong to this row itself."""
        if directory.sizes[row] == 0 or row in directory.symlinks:
            return False
        group = directory.groups.get(row)
        return group is None or group.first == (directory, row)

    def first_sector(self, number: int, row: int) -> int:
        """Return where the data of a file lies; for a hard-linked name, where that of its first name does."""
        group = self.directories[number].groups.get(row)
        if group is not None and group.first is not None:
            directory, row = group.first
            number = self.numbers[directory]
        return self.rows[number][row]

    def spans(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield (directory number, row, first sector) of each file with data from sector ``first`` to ``end`` - 1."""
        number = max(bisect_right(self.starts, first) - 1, 0)
        while number < len(self.directories) and self.starts[number] < end:
            directory, placed = self.directories[number], self.rows[number]
            plain = not directory.symlinks and not directory.groups
            sizes = directory.sizes
            for row in range(max(bisect_right(placed, first) - 1, 0), len(placed)):
                start = placed[row]
                if start >= end:
                    return
                size = sizes[row]
                if (
                    size
                    and start + ((size + 2047) >> 11) > first
                    and (plain or self.holds_data(directory, row))
                ):
                    yield number, row, start
            number += 1


class Layout:
    """Every extent of an image: the regions in their order, the places of the files, the total.

    Attributes:
        options: What shaped it.
        directories: Every directory, parents first; a directory's number is its index here.
        streams: The named streams of each file that has any, as directories: their numbers go on behind the others'.
        owners: Which file each of those belongs to: its directory and row.
        numbers: Directory → number.
        followers: The rows of each directory that are later names of hard-linked files, ascending.
        regions: The regions of metadata that lie before the data, ascending and without gaps.
        tail: The regions of metadata that lie behind the data, ascending.
        extents: Where the files lie.
        sector_count: Sectors of the whole image.
    """

    def __init__(self, root: Directory, options: LayoutOptions) -> None:
        self.options = options
        self.directories = list(walk(root))
        self.followers: dict[Directory, list[int]] = {}
        self._resolve_links()
        self.owners: dict[Directory, tuple[Directory, int]] = {}
        if self.has(FileSystem.UDF) and options.udf.revision.named_streams:
            self._gather_streams()
        self.streams = list(self.owners)
        self.numbers = {
            directory: number for number, directory in enumerate((*self.directories, *self.streams))
        }
        self.regions: list[Region] = []
        self.tail: list[Region] = []
        self.extents: ExtentMap
        self.sector_count = 0

    def _resolve_links(self) -> None:
        """Choose the first name of each hard-linked file; one whose other names are not in the image is plain."""
        groups = [(directory, row) for directory in self.directories for row in sorted(directory.groups)]
        for directory, row in groups:
            directory.groups[row].first = None
            directory.groups[row].count = 0
        for directory, row in groups:
            group = directory.groups[row]
            group.count += 1
            if group.first is None:
                group.first = (directory, row)
            else:
                self.followers.setdefault(directory, []).append(row)
        for directory, row in groups:
            if directory.groups[row].count == 1:
                del directory.groups[row]

    def _gather_streams(self) -> None:
        """Find the named streams; those of a file with more than one name belong to its first one."""
        for directory, row, streams in stream_directories(self.directories):
            group = directory.groups.get(row)
            self.owners[streams] = (directory, row) if group is None or group.first is None else group.first

    def has(self, file_system: FileSystem) -> bool:
        """Tell whether the image carries that file system."""
        return file_system in self.options.file_systems

    def place(self, regions: list[Region], start: int) -> int:
        """Lay regions one after the other from ``start`` and return the sector that follows them."""
        end = _lay(regions, start)
        self.regions += regions
        return end

    def finish(self, data_start: int, tail: list[Region]) -> None:
        """Place the files' data, and behind it from a write unit on the regions of the tail; round the total up."""
        boot = self.options.boot
        directories, numbers = [*self.directories, *self.streams], self.numbers
        if boot is not None:
            directories, numbers = [*directories, boot.unlisted], {**numbers, boot.unlisted: len(numbers)}
        self.extents = ExtentMap(directories, numbers, data_start)
        end = self.extents.end
        if tail:
            end = _lay(tail, round_up(end, WRITE_UNIT_SECTORS))
            self.tail = tail
        last_anchor = 1 if self.has(FileSystem.UDF) else 0
        behind = boot.sectors_behind if boot is not None else 0
        unit = boot.unit if boot is not None else 1
        self.sector_count = round_up(end + last_anchor + behind, max(unit, WRITE_UNIT_SECTORS))
        if self.sector_count > LAST_SECTOR:
            raise ImageTooLargeError(
                f"the image would have {self.sector_count:,} sectors, more than 32 bits can address"
            )

    @property
    def last_anchor(self) -> int:
        """Where UDF's second anchor lies: in the last sector, or before a backup GPT (OSTA UDF 2.2.3: N, or N - 256).

        The UDF partition ends there.
        """
        boot = self.options.boot
        return self.sector_count - 1 - (boot.sectors_behind if boot is not None else 0)

    def region_at(self, sector: int) -> Region:
        """Return the region of metadata that holds a sector below the data."""
        starts = [region.start for region in self.regions]
        return self.regions[bisect_right(starts, sector) - 1]


def _lay(regions: list[Region], start: int) -> int:
    for region in regions:
        region.start = start
        start += region.count
    return start
