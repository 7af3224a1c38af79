"""Reading what is on an image or a disc: its file systems, its tree, its files."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from types import TracebackType
from typing import Final, Self

from anyio.lowlevel import checkpoint

from aioimapi.errors import ImageFormatError, ItemNotFoundError, LocalProtocolError
from aioimapi.fs.eltorito._read import BootCatalog, read_catalog
from aioimapi.fs.read import (
    HOLE,
    PREFERENCE,
    READ_FAULTS,
    Detected,
    Entry,
    EntryKind,
    ImageContext,
    WalkGuard,
    detect,
)
from aioimapi.image._extract import ExtractReport, Progress, extract
from aioimapi.image._host_tree import Policy
from aioimapi.image._isofile import IsoFile
from aioimapi.image._pump import Pump
from aioimapi.image._source import CHUNK_SECTORS, SectorReader, SectorSource
from aioimapi.units import SECTOR_SIZE

_CACHED_ENTRIES: Final = 65_536


class Volume:
    """One session of an image or disc, read through one of its file systems. Made by :func:`open_volume`.

    Several tasks may use it; their reads wait for one another. Close it, or use it in an ``async with``.

    Attributes:
        file_system: The file system that is read: ``udf``, ``rockridge``, ``joliet`` or ``iso9660``.
        file_systems: All that can be read, the richest first.
        choice: Which was chosen and why, in a few words that can follow a semicolon.
        name: The volume name, as that one of :attr:`file_systems` has it that keeps most of it.
        root: The root directory.
        boot_catalog: The sector of El Torito's boot catalog, or None where the image is not bootable that way.
        sector_count: Sectors of the image, or None where not known.
        volume_sectors: Sectors that ISO 9660's primary descriptor gives to the volume; None where there is none.
        session_start: The first sector of the session.
    """

    def __init__(
        self,
        pump: Pump,
        context: ImageContext,
        found: Detected,
        source: SectorSource | None,
        owned: SectorReader | None,
    ) -> None:
        self._pump = pump
        self._context = context
        self._system = found.file_system
        self._source = source
        self._owned = owned
        self._cache: dict[str, dict[str, Entry]] = {}
        self._cached = 0
        self.file_system = found.file_system.kind
        self.file_systems = found.available
        self.choice = found.choice
        self.name = found.name
        self.root = found.file_system.root
        self.boot_catalog = found.boot_catalog
        self.sector_count = context.sector_count
        self.volume_sectors = found.block_count
        self.session_start = context.session_start

    @property
    def findings(self) -> tuple[str, ...]:
        """What breaks the standards and was put up with so far, a sentence each; it grows while the tree is read."""
        own = self._source.findings if self._source is not None else ()
        return own + self._context.findings.sentences()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the image; a reader that the caller passed in stays open.

        Never waits for I/O; closing twice is allowed.
        """
        self._cache.clear()
        if self._owned is not None:
            await self._owned.aclose()

    # --- tree ---------------------------------------------------------------------------------------

    async def children(self, directory: Entry, *, guard: WalkGuard | None = None) -> list[Entry]:
        """Read one directory.

        Args:
            directory: :attr:`root`, or an entry of this volume.
            guard: Counts what is read; for walks of one's own.

        Returns:
            Its entries in recorded order.

        Raises:
            ImageFormatError: It is no directory, or no sense can be made of it.
            SourceError: The image cannot be read.

        Cancellation:
            At any read; nothing is changed.
        """
        if not directory.is_directory:
            raise ImageFormatError(
                f"{directory.path} is no directory but a {directory.kind.value}", path=directory.path
            )
        if not directory.extents and not directory.fault:
            return []
        return await self._pump.run(self._system.children(directory), guard)

    async def streams(self, entry: Entry) -> list[Entry]:
        """Read which named streams a file has (IMAPI: IFsiFileItem2::get_FsiNamedStreams).

        Args:
            entry: An entry of this volume.

        Returns:
            An entry for each, to be read as a file is; none for most files, and where the file system has no streams.

        Raises:
            ImageFormatError: No sense can be made of them.
            SourceError: The image cannot be read.

        Cancellation:
            At any read; nothing is changed.
        """
        return await self._pump.run(self._system.streams(entry), None) if entry.streams else []

    async def find(self, path: str) -> Entry:
        """Find an entry by its path; symlinks are not followed.

        Args:
            path: ``/photos/a.jpg``; a leading slash is optional, and case counts.

        Raises:
            ItemNotFoundError: There is no such entry.
            ImageFormatError: A directory on the way cannot be read.

        Cancellation:
            At any read; nothing is changed.
        """
        entry = self.root
        for name in path.split("/"):
            if name in ("", "."):
                continue
            names = await self._names(entry) if entry.is_directory else {}
            found = names.get(name)
            if found is None:
                raise ItemNotFoundError(
                    f"the {self.file_system} tree has no {name!r} in {entry.path}", path=path
                )
            entry = found
        return entry

    async def _names(self, directory: Entry) -> dict[str, Entry]:
        names = self._cache.get(directory.path)
        if names is None:
            names = {}
            for entry in await self.children(directory):
                names.setdefault(entry.name, entry)
            if self._cached + len(names) > _CACHED_ENTRIES:
                self._cache.clear()
                self._cached = 0
            if len(names) <= _CACHED_ENTRIES:
                self._cache[directory.path] = names
                self._cached += len(names)
        return names

    async def walk(self, path: str = "/") -> AsyncGenerator[Entry]:
        """Yield everything below a path, each directory before its content, in recorded order.

        A directory that cannot be read, or that was already met under another name, is yielded but not entered, and
        the findings say so.

        Args:
            path: Where to start; a file gives itself alone.

        Raises:
            ItemNotFoundError: There is no such entry.
            ImageFormatError: The tree does not end, or its start cannot be read.
            SourceError: The image is gone or changed.

        Cancellation:
            At any step. Close the generator (``contextlib.aclosing``) where the loop can end early.
        """
        start = await self.find(path)
        if not start.is_directory:
            yield start
            return
        guard = WalkGuard(self._context)
        stack: list[Iterator[Entry]] = []
        if guard.admits(start, 0):
            stack.append(iter(await self.children(start, guard=guard)))
        while stack:
            for entry in stack[-1]:
                yield entry
                if entry.is_directory and guard.admits(entry, len(stack)):
                    stack.append(iter(await self._children_if_readable(entry, guard)))
                    break
            else:
                stack.pop()

    async def folders(self, path: str = "/") -> AsyncGenerator[tuple[Entry, list[Entry]]]:
        """Yield each directory at and below a path with its entries, a directory before those in it.

        The same tree and errors as :meth:`walk`, in bigger pieces.

        Cancellation:
            As :meth:`walk`.
        """
        start = await self.find(path)
        guard = WalkGuard(self._context)
        stack = [(start, 0)]
        while stack:
            directory, depth = stack.pop()
            if depth and not guard.admits(directory, depth):
                continue
            if depth:
                entries = await self._children_if_readable(directory, guard)
            else:
                entries = await self.children(directory, guard=guard) if guard.admits(directory, 0) else []
            yield directory, entries
            stack.extend((entry, depth + 1) for entry in reversed(entries) if entry.is_directory)

    async def _children_if_readable(self, directory: Entry, guard: WalkGuard) -> list[Entry]:
        try:
            return await self.children(directory, guard=guard)
        except READ_FAULTS as error:
            if guard.exhausted:
                raise
            self._context.findings.note("unreadable directories", f"{directory.path} cannot be read: {error}")
            return []

    async def read_boot_catalog(self) -> BootCatalog | None:
        """Read what machines start from: El Torito's boot catalog; None where the volume has none.

        What breaks the specification, as a wrong checksum, is put up with and told in :attr:`findings`.

        Raises:
            ImageFormatError: The boot record points to something that is no catalog.
            SourceError: The image is gone or changed.

        Cancellation:
            At any read; nothing is changed.
        """
        if self.boot_catalog is None:
            return None
        return await self._pump.run(read_catalog(self._context, self.boot_catalog))

    # --- content ------------------------------------------------------------------------------------

    async def read(self, entry: Entry, *, chunk_sectors: int = CHUNK_SECTORS) -> AsyncGenerator[memoryview]:
        """Yield a file's content in order, in chunks; each is lent until the next step of the generator.

        Args:
            entry: A file of this volume.
            chunk_sectors: The most sectors of a chunk.

        Raises:
            ImageFormatError: It is no file, or its content cannot be read (:attr:`Entry.fault` says why).
            SourceError: The image is gone or changed.

        Cancellation:
            Between chunks, or inside the reading of one. Close the generator (``contextlib.aclosing``) where the
            loop can end early.
        """
        require_readable(entry)
        limit = chunk_sectors * SECTOR_SIZE
        buffer = memoryview(
            bytearray(min(limit, -(-(entry.size + entry.offset) // SECTOR_SIZE) * SECTOR_SIZE))
        )
        position = entry.offset
        for lba, size in entry.extents:
            end = position + size
            while position < end:
                skip = position % SECTOR_SIZE
                count = min(end - position, limit - skip)
                if lba == HOLE:
                    await checkpoint()  # a hole of terabytes costs nothing to record
                    buffer[skip : skip + count] = bytes(count)
                else:
                    whole = -(-(count + skip) // SECTOR_SIZE) * SECTOR_SIZE
                    await self.readinto(lba + position // SECTOR_SIZE, buffer[:whole])
                yield buffer[skip : skip + count]
                position += count
            position = 0

    async def extract(
        self,
        folder: str | os.PathLike[str],
        *,
        path: str = "/",
        overwrite: bool = False,
        owners: bool = False,
        special_modes: bool = False,
        devices: bool = False,
        max_bytes: int | None = None,
        progress: Progress | None = None,
    ) -> ExtractReport:
        """Copy everything below a path into a folder of the host.

        Nothing is ever written outside the folder, whatever names, symlinks and loops the image has. An entry that
        cannot be extracted is skipped and told in the report; the others go on.

        Names, content, modes, times, symlinks and hard links are restored. What would hand out rights on the host is
        left off unless it is asked for, and :attr:`ExtractReport.notes` says so: set-user-ID, set-group-ID and sticky
        bits, owners and groups (all belongs to the process's user), device nodes, FIFOs and sockets. Hard links are
        made only to files of this extraction; where the host has none, each name gets a copy.

        Args:
            folder: Where to; made where missing. Directories that are there already are merged into.
            path: What to extract: a directory's content, or one file.
            overwrite: Replace files and links that exist. Directories are never replaced by something else.
            owners: Restore owners and groups, where recorded; needs the right to.
            special_modes: Restore set-user-ID, set-group-ID and sticky bits, too.
            devices: Make device nodes, FIFOs and sockets; needs the right to.
            max_bytes: Stop when files claim more content than this; None for 64 times the image and 1 GiB.
            progress: Is called now and then with the entries and bytes done so far.

        Returns:
            What was made, skipped and renamed.

        Raises:
            ItemNotFoundError: The image has no such path.
            ImageFormatError: The tree does not end, or claims more than ``max_bytes``.
            OutputFullError: The host has no room; the file's name is in it, and nothing partial of it is left.
            OutputError: The folder cannot be made.
            SourceError: The image is gone or changed.

        Cancellation:
            Between batches of small files and between chunks of big ones. What is complete stays; a file that was
            being written is removed; directories not yet finished keep the mode 0700 and the time of the run.
        """
        policy = Policy(overwrite, owners, special_modes, devices)
        return await extract(self, folder, path=path, policy=policy, max_bytes=max_bytes, progress=progress)

    async def readinto(self, first: int, buffer: memoryview) -> None:
        """Fill a buffer with whole sectors of the image, as :meth:`SectorReader.readinto` does.

        Cancellation:
            The buffer's content is undefined; the call may be repeated.
        """
        self._pump.check(first, len(buffer) // SECTOR_SIZE)
        await self._pump.readinto(first, buffer)


def require_readable(entry: Entry) -> None:
    """Raise ImageFormatError unless an entry is a file whose content can be read."""
    if entry.kind is not EntryKind.FILE:
        raise ImageFormatError(f"{entry.path} is no file but a {entry.kind.value}", path=entry.path)
    if entry.fault:
        raise ImageFormatError(f"{entry.path} cannot be read: {entry.fault}", path=entry.path)


async def open_volume(
    source: str | os.PathLike[str] | SectorSource | SectorReader,
    *,
    file_system: str = "auto",
    session_start: int = 0,
    sector_count: int | None = None,
) -> Volume:
    """Open an image or a disc for reading.

    Args:
        source: The path of an image file or block device, a source of sectors, or a reader (of a drive, for one),
            which stays the caller's to close.
        file_system: ``auto`` takes Rock Ridge, else UDF, else Joliet, else plain ISO 9660, whichever is there first;
            UDF comes before Rock Ridge where it holds more (entries in the root directory, longer files). Or the name
            of one: ``rockridge``, ``udf``, ``joliet``, ``iso9660``.
        session_start: The first sector of the session to read, on discs that have several.
        sector_count: How many sectors a reader has; anchors at the end of a disc are looked for only where known.

    Returns:
        The volume, to be used in an ``async with``.

    Raises:
        ImageFormatError: There is no file system that can be read, or not the one asked for.
        SourceError: The image is missing or unreadable.
        LocalProtocolError: There is no file system of that name, or a negative session start.

    Cancellation:
        At any read; what was opened is closed again.
    """
    if file_system != "auto" and file_system not in PREFERENCE:
        raise LocalProtocolError(
            f"there is no file system {file_system!r}; known are auto, {', '.join(PREFERENCE)}"
        )
    if session_start < 0:
        raise LocalProtocolError(f"a session cannot start at sector {session_start}")
    owned: SectorReader | None = None
    origin: SectorSource | None = None
    if isinstance(source, SectorReader):
        reader = source
    else:
        origin = source if isinstance(source, SectorSource) else IsoFile(source)
        sector_count = origin.sector_count
        reader = owned = origin.reader()
    context = ImageContext(sector_count, session_start)
    pump = Pump(reader, sector_count)
    try:
        found = await pump.run(detect(context, file_system))
    except BaseException:
        if owned is not None:
            await owned.aclose()
        raise
    told = isinstance(origin, IsoFile)  # it has looked already
    if not told and sector_count is not None and (found.block_count or 0) > sector_count:
        context.findings.note(
            "cut short",
            f"the volume has {found.block_count:,} sectors, but the image {sector_count:,}: its end is missing",
        )
    return Volume(pump, context, found, origin, owned)


__all__ = ("Volume", "open_volume", "require_readable")
