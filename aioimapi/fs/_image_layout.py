"""Puts the standards together: which regions an image has, in which order, and what lies in its first sectors."""

from __future__ import annotations

from aioimapi.errors import ImageError, ImageTooLargeError
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


class _BackupTable(Region):
    """What lies in the last sectors of an image that has a GPT: UDF's second anchor, then the backup table."""

    label = "backup partition table"

    def __init__(self, layout: Layout, blocks: dict[int, bytes]) -> None:
        self.blocks = blocks
        if layout.has(FileSystem.UDF):
            self.blocks[layout.last_anchor] = udf.anchor_at(layout, layout.last_anchor)
        self.start = min(self.blocks)
        self.count = layout.sector_count - self.start

    def render(self, first: int, out: memoryview) -> None:
        """Put the blocks that lie in the range."""
        for number in range(len(out) // SECTOR_SIZE):
            block = self.blocks.get(first + number)
            if block is not None:
                out[number * SECTOR_SIZE : (number + 1) * SECTOR_SIZE] = block


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
    start = _FIRST_DESCRIPTOR + 4 + (options.boot is not None)
    if with_udf:
        start = options.udf.revision.partition_start
    volume = _VolumeArea(start)
    layout.place([volume], 0)
    udf_volume: udf.UdfVolume | None = None
    if with_iso and options.iso.level < 3:
        _check_single_extents(layout)
    if with_udf:
        udf_volume = udf.UdfVolume(layout)
        start = layout.place(udf_volume.head, start)
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
    layout.finish(start, udf_volume.tail if udf_volume is not None else [])
    _fill_volume_area(volume, layout, hierarchies, udf_volume)
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
    if options.boot is not None and FileSystem.ISO9660 not in chosen:
        raise ImageError("El Torito is part of an ISO 9660 volume: choose iso9660 as well, or boot nothing")


def _check_single_extents(layout: Layout) -> None:
    for directory in layout.directories:
        if directory.sizes and max(directory.sizes) > iso9660.MAX_EXTENT:
            path = directory.path_of(directory.sizes.index(max(directory.sizes)))
            raise ImageTooLargeError(
                f"{path} has {max(directory.sizes):,} bytes, and files of ISO 9660 level {layout.options.iso.level} "
                f"have one extent of at most {iso9660.MAX_EXTENT:,} (ECMA-119 10.2); choose level 3",
                path=path,
            )


def _fill_volume_area(
    volume: _VolumeArea,
    layout: Layout,
    hierarchies: list[tuple[iso9660.Hierarchy, iso9660.PathTables]],
    udf_volume: udf.UdfVolume | None,
) -> None:
    options, blocks = layout.options, volume.blocks
    descriptors = [
        iso9660.volume_descriptor(options, layout.sector_count, hierarchy, tables, joliet=number > 0)
        for number, (hierarchy, tables) in enumerate(hierarchies)
    ]
    if descriptors:
        descriptors.append(iso9660.TERMINATOR)
    if options.boot is not None:
        descriptors.insert(1, options.boot.record(layout))
    if udf_volume is not None:
        descriptors += udf.recognition(options.udf.revision)
        blocks |= udf_volume.descriptors()
    blocks |= dict(enumerate(descriptors, _FIRST_DESCRIPTOR))
    if options.boot is not None:
        tables = options.boot.tables(layout)
        blocks |= {sector: tables.pop(sector) for sector in list(tables) if sector < _FIRST_DESCRIPTOR}
        if tables:
            layout.tail = [*layout.tail, _BackupTable(layout, tables)]


def last_sector(layout: Layout) -> bytes:
    """Return the last sector of the image: with UDF the second anchor, with a GPT its backup's end, else padding."""
    if layout.tail and isinstance(layout.tail[-1], _BackupTable):
        return layout.tail[-1].blocks[layout.sector_count - 1]
    if not layout.has(FileSystem.UDF):
        return bytes(SECTOR_SIZE)
    return udf.anchor_at(layout, layout.sector_count - 1)
