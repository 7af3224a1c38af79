"""Path tables (ECMA-119 6.9): every directory of a hierarchy in the order of level, parent and identifier."""

from __future__ import annotations

from aioimapi.errors import TooManyDirectoriesError
from aioimapi.fs._layout import Layout, Region
from aioimapi.fs.iso9660._directories import Hierarchy
from aioimapi.fs.iso9660._records import path_table_record
from aioimapi.units import SECTOR_SIZE, sectors

MAX_PARENTS = 0xFFFF


class PathTables(Region):
    """The type L table, and behind it the type M table, of one hierarchy.

    Attributes:
        size: Bytes of one table.
    """

    def __init__(self, layout: Layout, hierarchy: Hierarchy, label: str) -> None:
        self.label = label
        self._hierarchy = hierarchy
        self._entries = _ordered(layout, hierarchy, label)
        self.size = sum(8 + len(identifier) + (len(identifier) & 1) for _, _, identifier in self._entries)
        self.count = 2 * sectors(self.size)

    @property
    def little_endian(self) -> int:
        """First sector of the type L table."""
        return self.start

    @property
    def big_endian(self) -> int:
        """First sector of the type M table."""
        return self.start + self.count // 2

    def render(self, first: int, out: memoryview) -> None:
        """Make the tables and take out the sectors asked for."""
        half = self.count // 2 * SECTOR_SIZE
        both = b"".join(self._table(big_endian=big_endian).ljust(half, b"\0") for big_endian in (False, True))
        at = (first - self.start) * SECTOR_SIZE
        out[:] = both[at : at + len(out)]

    def _table(self, *, big_endian: bool) -> bytes:
        extent = self._hierarchy.extent
        return b"".join(
            path_table_record(identifier, extent(number), parent, big_endian=big_endian)
            for number, parent, identifier in self._entries
        )


def _ordered(layout: Layout, hierarchy: Hierarchy, label: str) -> list[tuple[int, int, bytes]]:
    """Return (layout's number, path table's number of the parent, identifier) in the order of ECMA-119 6.9.1."""
    entries = [(0, 1, b"\0")]
    place = 0
    while place < len(entries):
        directory = layout.directories[entries[place][0]]
        place += 1
        if not directory.directories:
            continue
        if place > MAX_PARENTS:
            raise TooManyDirectoriesError(
                f"{label}: {directory.path} would be parent number {place:,}, and ECMA-119 has 16 bits for that "
                "(65,535); write such a tree with UDF alone (file_systems={UDF}, on the command line --fs udf)",
                path=directory.path,
            )
        children = zip(hierarchy.identifiers(directory)[0], directory.directories, strict=True)
        entries += [
            (layout.numbers[child], place, identifier)
            for identifier, child in sorted(children, key=lambda pair: pair[0])
        ]
    return entries
