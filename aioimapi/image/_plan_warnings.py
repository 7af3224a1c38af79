"""What a layout changes of what the tree says: names first, then links, depth and the volume's name."""

from __future__ import annotations

from aioimapi.errors import printable
from aioimapi.fs import iso9660, udf
from aioimapi.fs._layout import FileSystem, Layout
from aioimapi.fs._names import joliet_identifiers, rock_ridge_names, udf_identifiers
from aioimapi.fs._tree import Directory
from aioimapi.fs.iso9660._records import MAX_EXTENT
from aioimapi.image._warnings import WarningLog

ISO_DEPTH = 8
"""Levels of directories that ECMA-119 6.8.2.1 allows, the root counted."""


def add_layout_warnings(layout: Layout, log: WarningLog) -> None:
    """Add what a reader of one of the file systems will find changed."""
    _volume_name(layout, log)
    rock_ridge, joliet, with_udf = (
        layout.has(each) for each in (FileSystem.ROCK_RIDGE, FileSystem.JOLIET, FileSystem.UDF)
    )
    with_iso = layout.has(FileSystem.ISO9660)
    depths = {layout.directories[0]: 1}
    for directory in layout.directories:
        names = [each.name for each in directory.directories] + directory.names
        for each in directory.directories:
            depths[each] = depths[directory] + 1
        del depths[directory]
        if with_iso:
            _iso_limits(directory, any(depths[each] == ISO_DEPTH + 1 for each in directory.directories), log)
        if directory.symlinks:
            _symlinks(layout, directory, log)
        if directory.extras:
            _extras(layout, directory, log)
        if not names:
            continue
        joined = "/".join(names)
        if rock_ridge:
            mapped = rock_ridge_names(names)
            if b"/".join(mapped) != joined.encode("utf-8", "surrogateescape"):
                decoded = [name.decode("utf-8", "surrogateescape") for name in mapped]
                _renamed(directory, names, decoded, "renamed in Rock Ridge", log)
        if joliet:
            mapped = joliet_identifiers(names, iso9660.joliet_length(layout.options.iso))
            if b"\0/".join(mapped) != joined.encode("utf-16-be", "surrogatepass"):
                _renamed(
                    directory, names, [name.decode("utf-16-be") for name in mapped], "renamed in Joliet", log
                )
        if with_udf:
            mapped = udf_identifiers(names)
            if not joined.isascii() or b"/\x08".join(mapped)[1:] != joined.replace("/", "/\x08").encode():
                decoded = [name[1:].decode("latin-1" if name[0] == 8 else "utf-16-be") for name in mapped]
                _renamed(directory, names, decoded, "renamed in UDF", log)


def _renamed(directory: Directory, names: list[str], mapped: list[str], kind: str, log: WarningLog) -> None:
    path = directory.path.rstrip("/")
    for name, new in zip(names, mapped, strict=True):
        if name != new:
            log.add(kind, f"{printable(f'{path}/{name}')} → {printable(new)}")


def _symlinks(layout: Layout, directory: Directory, log: WarningLog) -> None:
    absent = udf.absent_rows(directory, layout.options.udf) if layout.has(FileSystem.UDF) else set()
    for row, target in sorted(directory.symlinks.items()):
        path = printable(directory.path_of(row))
        if layout.has(FileSystem.ISO9660) and not layout.has(FileSystem.ROCK_RIDGE):
            log.add("symlink left out of ISO 9660 without Rock Ridge", path)
        if layout.has(FileSystem.JOLIET):
            log.add("symlink left out of Joliet, which has none", path)
        if row in absent:
            log.add("symlink too long for UDF, left out of it", path)
        elif layout.has(FileSystem.UDF) and not udf.keeps_target(target):
            log.add("target of a symlink changed in UDF", f"{path} → {printable(target)}")


def _extras(layout: Layout, directory: Directory, log: WarningLog) -> None:
    """Tell of what the chosen revision of UDF, or an image without UDF, lacks."""
    revision = layout.options.udf.revision
    chosen = f"UDF {revision.name}" if layout.has(FileSystem.UDF) else "an image without UDF"
    streams = layout.has(FileSystem.UDF) and revision.named_streams
    real_time = layout.has(FileSystem.UDF) and revision.real_time_files
    for row, extras in sorted(directory.extras.items()):
        path = printable(directory.path_of(row))
        if extras.streams is not None and extras.streams.names and not streams:
            log.add(f"named streams left out, which {chosen} lacks (UDF 2.00 has them)", path)
        if extras.real_time and not real_time:
            log.add(f"a real-time file is a plain one in {chosen} (UDF 2.01 has them)", path)


def _iso_limits(directory: Directory, too_deep: bool, log: WarningLog) -> None:
    if too_deep:
        log.add(
            "deeper than the 8 levels of ISO 9660, kept (Linux, macOS and Windows read it)",
            printable(directory.path),
        )
    if directory.sizes and max(directory.sizes) > MAX_EXTENT:
        for row, size in enumerate(directory.sizes):
            if size > MAX_EXTENT:
                log.add(
                    "over 4 GiB, several extents in ISO 9660 (level 3)", printable(directory.path_of(row))
                )


def _volume_name(layout: Layout, log: WarningLog) -> None:
    name = layout.options.volume_name
    made = (
        (FileSystem.ISO9660, "ISO 9660", iso9660.iso_volume_name(name)),
        (FileSystem.JOLIET, "Joliet", iso9660.joliet_volume_name(name)),
        (FileSystem.UDF, "UDF", udf.udf_volume_name(name)),
    )
    for file_system, label, text in made:
        if layout.has(file_system) and text != (name.upper() if file_system is FileSystem.ISO9660 else name):
            log.add(f"volume name changed in {label}", f"{printable(name)} → {printable(text)}")
