"""The plan of an image: everything that can be known before the first sector is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from os import PathLike
from typing import BinaryIO, Literal

import attrs

from aioimapi.errors import ItemNotFoundError
from aioimapi.fs import iso9660, udf
from aioimapi.fs._layout import FileSystem, Layout
from aioimapi.fs._names import iso_item_identifiers, joliet_identifiers, rock_ridge_names, udf_identifiers
from aioimapi.fs._tree import Directory
from aioimapi.fs.eltorito._values import BootEntry
from aioimapi.image._media import Room
from aioimapi.image._reader import PlanReader, stream_spans
from aioimapi.image._save import save_plan
from aioimapi.image._source import SectorReader, SectorSource
from aioimapi.image._warnings import PlanWarning
from aioimapi.units import SECTOR_SIZE, sectors

MAX_FINDINGS = 1000
_MAX_NAMED = 1000

ChangePolicy = Literal["error", "pad"]


@attrs.frozen
class PlannedFile:
    """Where a file lies.

    Attributes:
        path: Its path in the image.
        size: Bytes.
        first_sector: Where its data begins; 0 for an empty file and for a symlink.
        sector_count: Sectors of its data.
        symlink: The target, for a symlink.
    """

    path: str
    size: int
    first_sector: int
    sector_count: int
    symlink: str | None = None


@attrs.frozen
class PlannedName:
    """What a name became in each file system of the image.

    Attributes:
        path: The path in the image, with the names as they were given.
        iso9660: The ISO 9660 identifier, with its version; None where there is no ISO 9660, or no such item in it.
        joliet: The Joliet name.
        rock_ridge: The Rock Ridge name; bytes that are no UTF-8 as surrogate escapes.
        udf: The UDF name.
    """

    path: str
    iso9660: str | None = None
    joliet: str | None = None
    rock_ridge: str | None = None
    udf: str | None = None


class ImagePlan(SectorSource):
    """A planned image, and as such a source of sectors that can be written as often as wanted.

    Made by :meth:`FileSystemImage.plan` (IMAPI: IFileSystemImageResult). Nothing of it changes any more.
    """

    def __init__(
        self,
        layout: Layout,
        warnings: tuple[PlanWarning, ...],
        *,
        on_change: ChangePolicy,
        follows_symlinks: bool,
        clamped: bool,
        has_streams: bool,
        room: Room | None = None,
    ) -> None:
        self.layout = layout
        self.warnings = warnings
        self.on_change = on_change
        self.follows_symlinks = follows_symlinks
        self.clamped = clamped
        self._has_streams = has_streams
        self._room = room
        self._findings: dict[str, str] = {}

    # --- facts --------------------------------------------------------------------------------------

    @property
    def sector_count(self) -> int:
        """Sectors of the image, a multiple of 32 (IMAPI: TotalBlocks)."""
        return self.layout.sector_count

    @property
    def size(self) -> int:
        """Bytes of the image."""
        return self.sector_count * SECTOR_SIZE

    @property
    def capacity(self) -> int | None:
        """Sectors of the image's capacity; None where it was given none (IMAPI: FreeMediaBlocks)."""
        return None if self._room is None else self._room.sectors

    @property
    def free_sectors(self) -> int | None:
        """Sectors of the capacity that stay free; None where the image has no capacity."""
        room = self._room
        return None if room is None else room.sectors - room.sectors_needed(self.sector_count)

    @property
    def volume_name(self) -> str:
        """The volume's name as it was given."""
        return self.layout.options.volume_name

    @property
    def volume_names(self) -> dict[FileSystem, str]:
        """What the volume's name became in each file system that has one."""
        name = self.volume_name
        made = {
            FileSystem.ISO9660: iso9660.iso_volume_name(name),
            FileSystem.JOLIET: iso9660.joliet_volume_name(name),
            FileSystem.UDF: udf.udf_volume_name(name),
        }
        return {file_system: text for file_system, text in made.items() if self.layout.has(file_system)}

    @property
    def file_systems(self) -> frozenset[FileSystem]:
        """The file systems that the image carries."""
        return self.layout.options.file_systems

    @property
    def udf_revision(self) -> str:
        """The revision of UDF, for an image that carries it: ``2.50``."""
        return self.layout.options.udf.revision.name

    @property
    def file_count(self) -> int:
        """Files and symlinks, each name of a hard-linked file counted (IMAPI: FileCount)."""
        return sum(len(directory.names) for directory in self.layout.directories)

    @property
    def directory_count(self) -> int:
        """Directories, the root counted (IMAPI: DirectoryCount)."""
        return len(self.layout.directories)

    @property
    def findings(self) -> tuple[str, ...]:
        """What reading put right by policy, a sentence for each file; at most 1,000."""
        return tuple(f"{path} {what}" for path, what in self._findings.items())

    def note_once(self, path: str, what: str) -> None:
        """Remember a finding about a file; the first one for each path counts."""
        if len(self._findings) < MAX_FINDINGS:
            self._findings.setdefault(path, what)

    @property
    def boot_entries(self) -> tuple[BootEntry, ...]:
        """What machines start from, in the order of the boot catalog, with their places; none for most images."""
        boot = self.layout.options.boot
        return tuple(boot.entries(self.layout)) if boot is not None else ()

    @property
    def boots_from_usb(self) -> bool:
        """Whether the image has partition tables, so that it boots as a disk, too."""
        boot = self.layout.options.boot
        return boot is not None and boot.hybrid is not None

    def files(self) -> Iterator[PlannedFile]:
        """Yield where every file lies, in the order of the image (IMAPI: ProgressItems)."""
        for number, directory in enumerate(self.layout.directories):
            for row in range(len(directory.names)):
                yield self._planned(number, directory, row)

    def file(self, path: str) -> PlannedFile:
        """Return where the file at a path lies (IMAPI: ProgressItemFromDescription).

        Raises:
            ItemNotFoundError: The image has no file or symlink there.
        """
        directory = self.layout.directories[0]
        *folders, name = [part for part in path.split("/") if part] or [""]
        for folder in folders:
            found = directory.get(folder)
            if not isinstance(found, Directory):
                raise ItemNotFoundError(f"the image has no file {path!r}", path=path)
            directory = found
        row = directory.get(name)
        if not isinstance(row, int):
            raise ItemNotFoundError(f"the image has no file {path!r}", path=path)
        return self._planned(self.layout.numbers[directory], directory, row)

    def file_at(self, sector: int) -> PlannedFile | None:
        """Return the file whose data a sector belongs to (IMAPI: ProgressItemFromBlock).

        Returns:
            The file, under its first name where it has several; None for a sector of metadata or padding, whose name
            :meth:`files_at` tells.

        Raises:
            LocalProtocolError: The sector is not inside the image.
        """
        self.check_range(sector, SECTOR_SIZE)
        extents = self.layout.extents
        if sector >= extents.start:
            for number, row, _ in extents.spans(sector, sector + 1):
                if number < len(self.layout.directories):
                    return self._planned(number, self.layout.directories[number], row)
        return None

    def _planned(self, number: int, directory: Directory, row: int) -> PlannedFile:
        size = directory.sizes[row]
        first = self.layout.extents.first_sector(number, row) if size else 0
        return PlannedFile(directory.path_of(row), size, first, sectors(size), directory.symlinks.get(row))

    def names(self) -> Iterator[PlannedName]:
        """Yield what every name became, directories first in each directory (IMAPI: FileSystemName)."""
        for directory in self.layout.directories:
            yield from self._names_in(directory)

    def _names_in(self, directory: Directory) -> Iterator[PlannedName]:
        folders = [each.name for each in directory.directories]
        both = folders + directory.names
        missing: list[str | None] = [None] * len(both)
        options = self.layout.options.iso
        iso = joliet = rock_ridge = udf_names = missing
        if self.layout.has(FileSystem.ISO9660):
            identifiers, files = iso_item_identifiers(folders, directory.names, options.level)
            version = b";1" if options.versions else b""
            iso = [name.decode() for name in identifiers + [name + version for name in files]]
        if self.layout.has(FileSystem.JOLIET):
            joliet = [
                name.decode("utf-16-be") for name in joliet_identifiers(both, iso9660.joliet_length(options))
            ]
        if self.layout.has(FileSystem.ROCK_RIDGE):
            rock_ridge = [name.decode("utf-8", "surrogateescape") for name in rock_ridge_names(both)]
        if self.layout.has(FileSystem.UDF):
            udf_names = [
                name[1:].decode("latin-1" if name[0] == 8 else "utf-16-be") for name in udf_identifiers(both)
            ]
        path = directory.path.rstrip("/")
        without = set() if self.layout.has(FileSystem.ROCK_RIDGE) else set(directory.symlinks)
        for index, name in enumerate(both):
            row = index - len(folders)
            symlink = row in directory.symlinks
            yield PlannedName(
                f"{path}/{name}",
                None if row in without else iso[index],
                None if symlink else joliet[index],
                rock_ridge[index],
                udf_names[index],
            )

    def files_at(self, first: int, count: int) -> tuple[str, ...]:
        """See :meth:`SectorSource.files_at`."""
        layout = self.layout
        end = first + count
        found = [
            f"<{region.label}>"
            for region in layout.regions
            if region.start < end and region.start + region.count > first
        ]
        for number, row, _ in layout.extents.spans(max(first, layout.extents.start), end):
            if len(found) >= _MAX_NAMED:
                return tuple(found)
            found.append(layout.extents.directories[number].path_of(row))
        tail = [
            region for region in layout.tail if region.start < end and region.start + region.count > first
        ]
        found += [f"<{region.label}>" for region in tail]
        if not tail and end > layout.extents.end:
            found.append("<padding>")
        return tuple(found)

    # --- sectors ------------------------------------------------------------------------------------

    def streams_in(self, first: int, end: int) -> list[tuple[int, int, int]]:
        """Return the files in a range whose bytes come from async streams."""
        return list(stream_spans(self, first, end)) if self._has_streams else []

    def reader(self) -> SectorReader:
        """See :meth:`SectorSource.reader`."""
        return PlanReader(self)

    async def save(
        self,
        output: str | PathLike[str] | BinaryIO,
        *,
        overwrite: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Write the image to a file, or to an open pipe, socket or file.

        Where the output is a file, the kernel copies large files into it (``copy_file_range``; on file systems that
        have them, as shared blocks), and the file takes its name when it is whole.

        Args:
            output: A path, or an open binary file with a descriptor, which is written from its position on, behind
                what lies in its buffer. A path of a character device or a named pipe is written into, never replaced.
            overwrite: Replace an existing file; write into a block device (one that is in use is refused).
            on_progress: Called with sectors done and sectors in all, about ten times a second, in the task's thread.

        Raises:
            OutputExistsError: The file exists and ``overwrite`` is false.
            OutputFullError: The file system has no room; nothing is left under the final name.
            OutputClosedError: The reader of the pipe went away.
            OutputError: The output cannot be written for another reason.
            SourceInsideOutputError: The output lies in a folder that the image takes in.
            SourceError: A file is gone, changed or unreadable.

        Cancellation:
            Between steps of some 32 MiB, and at a named pipe, or any that does not block, whenever it is full; one that
            blocks holds it up until its reader takes what was written. A file is removed; a pipe has got a part of the
            image. May be repeated.
        """
        await save_plan(self, output, overwrite=overwrite, on_progress=on_progress)

    def __aiter__(self) -> AsyncIterator[memoryview]:
        return self.chunks()
