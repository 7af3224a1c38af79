"""The directories of an ISO 9660 hierarchy, with Rock Ridge or as Joliet: one region for all of them.

Measured once (lengths of records, sectors of each directory), rendered directory by directory when asked.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from aioimapi.fs._iso_options import IsoOptions
from aioimapi.fs._layout import Layout, Region
from aioimapi.fs._names import (
    JOLIET_LENGTH,
    JOLIET_LONG_LENGTH,
    iso_item_identifiers,
    joliet_identifiers,
    rock_ridge_names,
)
from aioimapi.fs._times import directory_stamp
from aioimapi.fs._tree import Directory
from aioimapi.fs.iso9660._records import (
    DIRECTORY,
    HIDDEN,
    MAX_EXTENT,
    MULTI_EXTENT,
    directory_record,
    plain_record_struct,
    record_struct,
)
from aioimapi.fs.iso9660._rockridge import (
    EXTENSION_REFERENCE,
    MAX_RECORD,
    NAME_HEADS,
    SHARING_PROTOCOL,
    ContinuationArea,
    alternate_name,
    posix_attributes,
    posix_attributes_head,
    symbolic_link,
    time_stamps,
)
from aioimapi.units import SECTOR_SIZE

_SELF, _PARENT = b"\0", b"\x01"
_VOLUME_1 = b"\x01\x00\x00\x01"
_MULTI = MAX_EXTENT + 1


class Hierarchy(Region):
    """Directory extents of one hierarchy (ECMA-119 6.8); a directory's number is that of the layout.

    Attributes:
        sizes: Bytes of each directory's records, a multiple of 2,048.
        offsets: First sector of each directory, counted from the start of the region.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.sizes = array("Q")
        self.offsets = array("I")
        at = 0
        for number in range(len(layout.directories)):
            size, extra = self._measure(number)
            self.offsets.append(at)
            self.sizes.append(size)
            at += size // SECTOR_SIZE + extra
        self.count = at
        self._rendered: tuple[int, bytes] = (-1, b"")

    def extent(self, number: int) -> int:
        """Return the first sector of a directory."""
        return self.start + self.offsets[number]

    @abstractmethod
    def identifiers(self, directory: Directory) -> tuple[list[bytes], list[bytes]]:
        """Return the identifiers of the subdirectories, and those of the rows without their version."""

    def root_file(self, name: str) -> bytes | None:
        """Return the whole identifier of a file in the root; nothing for no name, None where there is no such file."""
        root = self._layout.directories[0]
        if not name:
            return b""
        if name not in root.names:
            return None
        return self.identifiers(root)[1][root.names.index(name)] + self._version

    _version: bytes
    """What each file identifier ends with."""

    @abstractmethod
    def _measure(self, number: int) -> tuple[int, int]:
        """Return the bytes of a directory's records in whole sectors, and the sectors of its continuations."""

    @abstractmethod
    def _records(self, number: int) -> tuple[Iterator[bytes], ContinuationArea | None]:
        """Make the records of a directory, and the area that its continuations go to."""

    def render(self, first: int, out: memoryview) -> None:
        """Make the sectors of each directory that the range touches."""
        first -= self.start
        number = bisect_right(self.offsets, first) - 1
        at = 0
        while at < len(out):
            extent = self._extent_bytes(number)
            skip = max(first * SECTOR_SIZE + at - self.offsets[number] * SECTOR_SIZE, 0)
            part = extent[skip : skip + len(out) - at]
            out[at : at + len(part)] = part
            at += len(part)
            number += 1

    def _extent_bytes(self, number: int) -> bytes:
        if self._rendered[0] != number:
            records, area = self._records(number)
            self._rendered = (number, self._pack(records, area))
        return self._rendered[1]

    def _pack(self, records: Iterator[bytes], area: ContinuationArea | None) -> bytes:
        """Join records so that none crosses the end of a sector (ECMA-119 6.8.1.1)."""
        sectors: list[bytes] = []
        parts: list[bytes] = []
        used = 0
        for record in records:
            used += len(record)
            if used > SECTOR_SIZE:
                sectors.append(b"".join(parts).ljust(SECTOR_SIZE, b"\0"))
                parts.clear()
                used = len(record)
            parts.append(record)
        sectors.append(b"".join(parts).ljust(SECTOR_SIZE, b"\0"))
        if area is not None and area.sectors:
            sectors.append(bytes(area).ljust(area.sectors * SECTOR_SIZE, b"\0"))
        return b"".join(sectors)


def packed_size(lengths: Sequence[int]) -> int:
    """Return the bytes of whole sectors that records of these lengths take, none crossing a sector's end."""
    used = 0
    for length in lengths:
        room = SECTOR_SIZE - used % SECTOR_SIZE
        used += length if length <= room else room + length
    return -(-used // SECTOR_SIZE) * SECTOR_SIZE


def extent_parts(extent: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (first sector, bytes, flags) of each extent of a file; more than one above 4 GiB - 2 KiB (level 3)."""
    while size > MAX_EXTENT:
        yield extent, MAX_EXTENT, MULTI_EXTENT
        extent += MAX_EXTENT // SECTOR_SIZE
        size -= MAX_EXTENT
    yield extent, size, 0


def _parts(size: int) -> int:
    return 1 if size <= MAX_EXTENT else -(-size // MAX_EXTENT)


def joliet_length(options: IsoOptions) -> int:
    """Return the UTF-16 units that a Joliet name may have."""
    return JOLIET_LONG_LENGTH if options.joliet_long else JOLIET_LENGTH


class PlainHierarchy(Hierarchy):
    """A hierarchy without system use fields: ISO 9660 alone, or Joliet."""

    def __init__(self, layout: Layout, *, joliet: bool) -> None:
        self._joliet = joliet
        version = ";1" if layout.options.iso.versions else ""
        self._version = version.encode("utf-16-be" if joliet else "ascii")
        self.label = "Joliet directories" if joliet else "ISO 9660 directories"
        super().__init__(layout)

    def identifiers(self, directory: Directory) -> tuple[list[bytes], list[bytes]]:
        """See :meth:`Hierarchy.identifiers`."""
        folders = [each.name for each in directory.directories]
        if not self._joliet:
            return iso_item_identifiers(folders, directory.names, self._layout.options.iso.level)
        both = joliet_identifiers(folders + directory.names, joliet_length(self._layout.options.iso))
        return both[: len(folders)], both[len(folders) :]

    def _measure(self, number: int) -> tuple[int, int]:
        directory = self._layout.directories[number]
        folders, files = self.identifiers(directory)
        version = len(self._version)
        named = [(each, 33 + len(each) + 1 - (len(each) & 1), 1) for each in folders]
        for row, each in enumerate(files):
            if row in directory.symlinks:
                continue
            length = len(each) + version
            named.append((each, 33 + length + 1 - (length & 1), _parts(directory.sizes[row])))
        named.sort()
        return packed_size([34, 34, *(length for _, length, parts in named for _ in range(parts))]), 0

    def _records(self, number: int) -> tuple[Iterator[bytes], ContinuationArea | None]:
        return self._make(number), None

    def _make(self, number: int) -> Iterator[bytes]:
        layout = self._layout
        directory = layout.directories[number]
        numbers = layout.numbers
        for identifier, each in ((_SELF, directory), (_PARENT, directory.parent)):
            other = numbers[each]
            yield directory_record(
                identifier, self.extent(other), self.sizes[other], _stamp(each.mtime_ns), DIRECTORY
            )
        folders, files = self.identifiers(directory)
        items: list[tuple[bytes, int]] = [(each, ~index) for index, each in enumerate(folders)]
        items += [(each, row) for row, each in enumerate(files) if row not in directory.symlinks]
        items.sort()
        sizes, mtimes, groups, version = directory.sizes, directory.mtimes, directory.groups, self._version
        placed = layout.extents.rows[number]
        hidden = directory.hidden_rows()
        for identifier, row in items:
            if row < 0:
                each = directory.directories[~row]
                other = numbers[each]
                kind = DIRECTORY | (HIDDEN if each.name in directory.hidden else 0)
                yield directory_record(
                    identifier, self.extent(other), self.sizes[other], _stamp(each.mtime_ns), kind
                )
                continue
            size = sizes[row]
            stamp = directory_stamp(mtimes[row] // 1_000_000_000)
            identifier += version
            if row in groups or size >= _MULTI or row in hidden:
                sector = layout.extents.first_sector(number, row) if size else 0
                mark = HIDDEN if row in hidden else 0
                for extent, length, flags in extent_parts(sector, size):
                    yield directory_record(identifier, extent, length, stamp, flags | mark)
                continue
            sector = placed[row] if size else 0
            structure, total = plain_record_struct(len(identifier))
            yield structure.pack(
                total,
                0,
                sector,
                sector.to_bytes(4, "big"),
                size,
                size.to_bytes(4, "big"),
                stamp,
                0,
                0,
                0,
                _VOLUME_1,
                len(identifier),
                identifier,
            )


class RockRidgeHierarchy(Hierarchy):
    """An ISO 9660 hierarchy with Rock Ridge in its system use fields."""

    label = "ISO 9660 directories with Rock Ridge"

    def __init__(self, layout: Layout) -> None:
        self._version = b";1" if layout.options.iso.versions else b""
        self._serials = array("I")
        serial = len(layout.directories) + 1
        for directory in layout.directories:
            self._serials.append(serial & 0xFFFF_FFFF)
            serial += len(directory.names)
        super().__init__(layout)

    def identifiers(self, directory: Directory) -> tuple[list[bytes], list[bytes]]:
        """See :meth:`Hierarchy.identifiers`."""
        folders = [each.name for each in directory.directories]
        return iso_item_identifiers(folders, directory.names, self._layout.options.iso.level)

    def _items(self, directory: Directory) -> list[tuple[bytes, int, bytes]]:
        """Return (identifier, row or ~subdirectory, alternate name) in the order of the records."""
        folders, files = self.identifiers(directory)
        names = rock_ridge_names([each.name for each in directory.directories] + directory.names)
        rows = [*range(-1, -len(folders) - 1, -1), *range(len(files))]
        return sorted(zip(folders + files, rows, names, strict=True))

    def _measure(self, number: int) -> tuple[int, int]:
        directory = self._layout.directories[number]
        sizes, symlinks = directory.sizes, directory.symlinks
        version = len(self._version)
        area = ContinuationArea(0)
        lengths = [len(record) for record in self._dot_records(number, area, placed=False)]
        append = lengths.append
        for identifier, row, name in self._items(directory):
            length = len(identifier) if row < 0 else len(identifier) + version
            total = 33 + length + 1 - (length & 1) + 61 + len(name)
            total += total & 1
            if total <= MAX_RECORD and row not in symlinks and (row < 0 or sizes[row] < _MULTI):
                append(total)
            else:
                lengths += map(len, self._slow_records(number, row, identifier, name, area, placed=False))
        return packed_size(lengths), area.sectors

    def _records(self, number: int) -> tuple[Iterator[bytes], ContinuationArea | None]:
        area = ContinuationArea(self.extent(number) + self.sizes[number] // SECTOR_SIZE)
        return self._make(number, area), area

    def _make(self, number: int, area: ContinuationArea) -> Iterator[bytes]:
        layout = self._layout
        directory = layout.directories[number]
        yield from self._dot_records(number, area, placed=True)
        sizes, mtimes, modes, uids, gids = (
            directory.sizes,
            directory.mtimes,
            directory.modes,
            directory.uids,
            directory.gids,
        )
        placed = layout.extents.rows[number]
        special = directory.symlinks.keys() | directory.groups.keys() | directory.hidden_rows()
        serial = self._serial_base(number)
        version = self._version
        for identifier, row, name in self._items(directory):
            structure, total = record_struct(len(identifier) + len(version), len(name))
            if row < 0 or total > MAX_RECORD or row in special or sizes[row] >= _MULTI:
                yield from self._slow_records(number, row, identifier, name, area, placed=True)
                continue
            size = sizes[row]
            sector = placed[row] if size else 0
            second = mtimes[row] // 1_000_000_000
            number_of_file = serial + row
            yield structure.pack(
                total,
                0,
                sector,
                sector.to_bytes(4, "big"),
                size,
                size.to_bytes(4, "big"),
                directory_stamp(second),
                0,
                0,
                0,
                _VOLUME_1,
                len(identifier) + len(version),
                identifier + version,
                posix_attributes_head(modes[row], 1, uids[row], gids[row]),
                number_of_file,
                number_of_file.to_bytes(4, "big"),
                time_stamps(second),
                NAME_HEADS[len(name)],
                name,
            )

    def _serial_base(self, number: int) -> int:
        """Serial numbers (RRIP 4.1.1): directories first, then the rows of each directory in turn."""
        return self._serials[number]

    def _dot_records(self, number: int, area: ContinuationArea, *, placed: bool) -> Iterator[bytes]:
        directory = self._layout.directories[number]
        for identifier, each in ((_SELF, directory), (_PARENT, directory.parent)):
            entries = self._directory_entries(each)
            if identifier == _SELF and number == 0:
                entries = [SHARING_PROTOCOL, *entries, EXTENSION_REFERENCE]
            yield self._directory_record(
                identifier, each, area.system_use(entries, MAX_RECORD - 34), placed=placed
            )

    def _directory_entries(self, directory: Directory) -> list[bytes]:
        links = 2 + len(directory.directories)
        serial = self._layout.numbers[directory] + 1
        return [
            posix_attributes(directory.mode, links, directory.uid, directory.gid, serial),
            time_stamps(directory.mtime_ns // 1_000_000_000),
        ]

    def _directory_record(
        self, identifier: bytes, directory: Directory, system_use: bytes, *, placed: bool, mark: int = 0
    ) -> bytes:
        number = self._layout.numbers[directory]
        extent, size = (self.extent(number), self.sizes[number]) if placed else (0, 0)
        return directory_record(
            identifier, extent, size, _stamp(directory.mtime_ns), DIRECTORY | mark, system_use
        )

    def _slow_records(
        self, number: int, row: int, identifier: bytes, name: bytes, area: ContinuationArea, *, placed: bool
    ) -> Iterator[bytes]:
        """Make the records of whatever is no plain file of one extent and a short name."""
        layout = self._layout
        directory = layout.directories[number]
        if row < 0:
            each = directory.directories[~row]
            entries = [*self._directory_entries(each), *alternate_name(name)]
            room = MAX_RECORD - 33 - len(identifier) - 1 + (len(identifier) & 1)
            mark = HIDDEN if each.name in directory.hidden else 0
            use = area.system_use(entries, room)
            yield self._directory_record(identifier, each, use, placed=placed, mark=mark)
            return
        identifier += self._version
        size, target = directory.sizes[row], directory.symlinks.get(row)
        group = directory.groups.get(row)
        links, serial = (
            (1, self._serial_base(number) + row)
            if group is None
            else self._link_facts(group.count, number, row)
        )
        entries = [
            posix_attributes(directory.modes[row], links, directory.uids[row], directory.gids[row], serial),
            time_stamps(directory.mtimes[row] // 1_000_000_000),
            *alternate_name(name),
        ]
        if target is not None:
            entries += symbolic_link(target.encode("utf-8", "surrogateescape"))
            size = 0
        stamp = _stamp(directory.mtimes[row])
        room = MAX_RECORD - 33 - len(identifier) - 1 + (len(identifier) & 1)
        sector = layout.extents.first_sector(number, row) if placed and size else 0
        mark = HIDDEN if directory.names[row] in directory.hidden else 0
        for extent, length, flags in extent_parts(sector, size):
            use = area.system_use(entries, room)
            yield directory_record(identifier, extent, length, stamp, flags | mark, use)

    def _link_facts(self, count: int, number: int, row: int) -> tuple[int, int]:
        group = self._layout.directories[number].groups[row]
        first, first_row = group.first or (self._layout.directories[number], row)
        return count, self._serial_base(self._layout.numbers[first]) + first_row


def _stamp(time_ns: int) -> bytes:
    return directory_stamp(time_ns // 1_000_000_000)
