"""Puts the standards together: which regions an image has, in which order, and what lies in its first sectors."""

from __future__ import annotations

from aioimapi.errors import ImageError
from aioimapi.fs import iso9660, udf
from aioimapi.fs._layout import FileSystem, Layout, LayoutOptions, Region
from aioimapi.fs._tree import Directory
from aioimapi.units import SECTOR_SIZE

_FIRST_DESCRIPTOR = 16


class _VolumeArea(Region):
    """The system area and every descriptor at a fixed place."""

    label = "volume descriptors"

    def __init__(self, count: int) -> None:
        self.count = count
        self.blocks: dict[int, bytes] = {}

    def render(self, first: int, out: memoryview) -> None:
        """Put the descriptors that lie in the range."""
        for number in range(len(out) // SECTOR_SIZE):
            block = self.blocks.get(first + number)
            if block is not None:
                out[number * SECTOR_SIZE : (number + 1) * SECTOR_SIZE] = block


class _FileSet(Region):
    """The first blocks of the UDF partition."""

    label = "UDF file set"
    count = udf.FILE_SET_BLOCKS

    def __init__(self, options: LayoutOptions) -> None:
        self._options = options

    def render(self, first: int, out: memoryview) -> None:
        """Make the file set descriptor and its terminator; the root's entry is the block behind them."""
        at = (first - self.start) * SECTOR_SIZE
        out[:] = udf.file_set(self._options, udf.FILE_SET_BLOCKS)[at : at + len(out)]


def lay_out(root: Directory, options: LayoutOptions) -> Layout:
    """Place everything.

    Args:
        root: The tree; its directories are sorted already.
        options: Volume name, time, file systems.

    Returns:
        The layout, with every extent known.

    Raises:
        ImageError: No file system was chosen, or one without the one that it is part of.
        ImageTooLargeError: A file or the image passes what the chosen file systems can address.
        TooManyDirectoriesError: More directories than a path table can hold.
    """
    _check(options)
    layout = Layout(root, options)
    with_iso, with_udf = layout.has(FileSystem.ISO9660), layout.has(FileSystem.UDF)
    volume = _VolumeArea(udf.PARTITION_START if with_udf else _FIRST_DESCRIPTOR + 4)
    start = layout.place([volume], 0)
    files: udf.UdfFiles | None = None
    if with_udf:
        _check_sizes(layout)
        files = udf.UdfFiles(layout)
        start = layout.place([_FileSet(options), files], start)
    hierarchies: list[tuple[iso9660.Hierarchy, iso9660.PathTables]] = []
    if with_iso:
        rock_ridge = layout.has(FileSystem.ROCK_RIDGE)
        hierarchy: iso9660.Hierarchy = (
            iso9660.RockRidgeHierarchy(layout) if rock_ridge else iso9660.PlainHierarchy(layout, joliet=False)
        )
        tables = iso9660.PathTables(layout, hierarchy, "ISO 9660 path tables")
        hierarchies.append((hierarchy, tables))
    if layout.has(FileSystem.JOLIET):
        joliet = iso9660.PlainHierarchy(layout, joliet=True)
        hierarchies.append((joliet, iso9660.PathTables(layout, joliet, "Joliet path tables")))
    for hierarchy, tables in hierarchies:
        start = layout.place([tables, hierarchy], start)
    layout.finish(start)
    _fill_volume_area(volume, layout, hierarchies, files)
    return layout


def _check(options: LayoutOptions) -> None:
    chosen = options.file_systems
    if not chosen & {FileSystem.ISO9660, FileSystem.UDF}:
        raise ImageError(
            "an image needs ISO 9660 or UDF; Joliet and Rock Ridge are part of an ISO 9660 volume"
        )
    for part in (FileSystem.JOLIET, FileSystem.ROCK_RIDGE):
        if part in chosen and FileSystem.ISO9660 not in chosen:
            raise ImageError(
                f"{part.value} is part of an ISO 9660 volume: choose iso9660 as well, or leave it out"
            )


def _check_sizes(layout: Layout) -> None:
    for directory in layout.directories:
        if directory.sizes:
            largest = max(directory.sizes)
            udf.check_file_size(directory.path_of(directory.sizes.index(largest)), largest)


def _fill_volume_area(
    volume: _VolumeArea,
    layout: Layout,
    hierarchies: list[tuple[iso9660.Hierarchy, iso9660.PathTables]],
    files: udf.UdfFiles | None,
) -> None:
    options, blocks = layout.options, volume.blocks
    descriptors = [
        iso9660.volume_descriptor(options, layout.sector_count, hierarchy, tables, joliet=number > 0)
        for number, (hierarchy, tables) in enumerate(hierarchies)
    ]
    if descriptors:
        descriptors.append(iso9660.TERMINATOR)
    if files is not None:
        descriptors += udf.RECOGNITION
        partition = layout.sector_count - 1 - udf.PARTITION_START
        for first in (udf.MAIN_SEQUENCE, udf.RESERVE_SEQUENCE):
            blocks |= dict(enumerate(udf.descriptor_sequence(options, first, partition), first))
        names = sum(len(each.names) - len(udf.absent_rows(each)) for each in layout.directories)
        integrity = udf.integrity_sequence(
            options, partition, files.next_unique_id, names, len(layout.directories)
        )
        blocks |= dict(enumerate(integrity, udf.INTEGRITY_SEQUENCE))
        blocks[udf.ANCHOR] = udf.anchor(udf.ANCHOR)
    blocks |= dict(enumerate(descriptors, _FIRST_DESCRIPTOR))


def last_sector(layout: Layout) -> bytes:
    """Return the last sector of the image: with UDF the second anchor, else padding."""
    return udf.anchor(layout.sector_count - 1) if layout.has(FileSystem.UDF) else bytes(SECTOR_SIZE)
