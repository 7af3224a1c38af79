"""Copying what an image holds into a folder: safe whatever the image says, and many small files at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import attrs
from anyio import to_thread

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read import HOLE, READ_FAULTS, Entry, EntryKind
from aioimapi.image._host_tree import HostFile, HostTree, MadeFile, Policy
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from aioimapi.image._volume import Volume

_BATCH_FILES: Final = 256
_BATCH_BYTES: Final = 4 << 20
_SMALL: Final = 256 << 10
_GAP_SECTORS: Final = 16
_RUN_BYTES: Final = 1 << 20
_LISTED: Final = 10_000
_NAME_BYTES: Final = 255
_BOMB_FACTOR: Final = 64
_BOMB_ALLOWANCE: Final = 1 << 30

Progress = Callable[[int, int], object]
"""Is called in the event loop with the entries and the bytes done so far."""


@attrs.frozen
class SkippedEntry:
    """An entry that was not extracted.

    Attributes:
        path: Its path in the image.
        reason: Why.
        by_policy: It could have been extracted, but is of a kind that is only made on request.
    """

    path: str
    reason: str
    by_policy: bool = False


@attrs.frozen
class ExtractReport:
    """What an extraction did.

    Attributes:
        folder: The folder.
        file_system: The file system that was read.
        files: Files written.
        directories: Directories made; those that were there already do not count.
        symlinks: Symlinks made.
        hard_links: Further names given to files (and symlinks) that were extracted; not counted there again.
        specials: Device nodes, FIFOs and sockets made.
        size_bytes: Bytes of content written.
        skipped: What was not extracted and why; at most 10,000 of them.
        skipped_count: How many were not extracted.
        left_out_count: How many of these are of a kind that is only made on request; the others failed.
        dropped_bits: Entries whose set-user-ID, set-group-ID or sticky bit was left off.
        dropped_owners: Entries that belong to somebody else in the image, and now to who extracted them.
        renamed: What had to get another name on the host, as (path in the image, path in the folder); at most 10,000.
        findings: The volume's findings.
    """

    folder: str
    file_system: str
    files: int
    directories: int
    symlinks: int
    hard_links: int
    specials: int
    size_bytes: int
    skipped: tuple[SkippedEntry, ...]
    skipped_count: int
    left_out_count: int
    dropped_bits: int
    dropped_owners: int
    renamed: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]

    @property
    def failed_count(self) -> int:
        """How many entries could not be extracted."""
        return self.skipped_count - self.left_out_count

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left off because it was not asked for, a sentence each."""
        result: list[str] = []
        if self.left_out_count:
            result.append(
                f"{_were(self.left_out_count)} left out: devices, FIFOs and sockets are made only on request"
            )
        if self.dropped_bits:
            result.append(
                f"set-user-ID, set-group-ID and sticky bits of {_entries(self.dropped_bits)} were left off"
            )
        if self.dropped_owners:
            result.append(
                f"owners of {_entries(self.dropped_owners)} were not restored: all belongs to who extracted it"
            )
        return tuple(result)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _were(count: int) -> str:
    return f"{_entries(count)} {'was' if count == 1 else 'were'}"


@attrs.define
class _Group:
    """The names of one file: how many more may come, and the first, once it is made."""

    left: int
    first: MadeFile | None = None


@attrs.frozen
class _Job:
    """One entry to be made: as the first of its file's names, as a further one, or as a file of its own."""

    parent: str
    name: str
    entry: Entry
    leads: _Group | None = None
    follows: _Group | None = None
    alone: bool = False

    @property
    def host_path(self) -> str:
        return f"{self.parent}/{self.name}" if self.parent else self.name


def _file_key(entry: Entry) -> object | None:
    """Return what is equal for all names of one file, or None where an entry has one name, as far as is known.

    UDF's names share a file entry and Rock Ridge's a serial number. Rock Ridge before 1.12 has none; there a link
    count, a place and attributes that are all equal tell. In every case all of it must be equal, as one file has one
    set of attributes, so that a wrong image cannot make one file of two.
    """
    if entry.links < 2 or (entry.serial is None and not entry.extents):
        return None
    place = (entry.serial, entry.extents, entry.offset, entry.size, entry.kind, entry.target)
    return (*place, entry.links, entry.mode, entry.uid, entry.gid, entry.mtime_ns)


async def extract(
    volume: Volume,
    folder: str | os.PathLike[str],
    *,
    path: str = "/",
    policy: Policy,
    max_bytes: int | None = None,
    progress: Progress | None = None,
) -> ExtractReport:
    """Extract; see :meth:`Volume.extract`."""
    limiter = anyio.CapacityLimiter(1)
    with HostTree(os.fspath(folder), policy) as tree:
        await to_thread.run_sync(tree.open, limiter=limiter)
        extractor = _Extractor(volume, tree, policy, limiter, max_bytes, progress)
        await extractor.run(path)
        return extractor.report()


class _Extractor:
    def __init__(
        self,
        volume: Volume,
        tree: HostTree,
        policy: Policy,
        limiter: anyio.CapacityLimiter,
        max_bytes: int | None,
        progress: Progress | None,
    ) -> None:
        self._volume = volume
        self._tree = tree
        self._policy = policy
        self._limiter = limiter
        self._progress = progress
        if max_bytes is None and volume.sector_count is not None:
            max_bytes = _BOMB_FACTOR * volume.sector_count * SECTOR_SIZE + _BOMB_ALLOWANCE
        self._bytes_left = max_bytes
        self._batch: list[_Job] = []
        self._batch_bytes = 0
        self._made: list[_Job] = []
        self._counts = dict.fromkeys(EntryKind, 0)
        self._bytes = 0
        self._skipped: list[SkippedEntry] = []
        self._skipped_count = 0
        self._left_out = 0
        self._hard_links = 0
        self._dropped_bits = 0
        self._dropped_owners = 0
        self._groups: dict[object, _Group] = {}
        self._renamed: list[tuple[str, str]] = []

    def report(self) -> ExtractReport:
        counts = self._counts
        plain = counts[EntryKind.FILE] + counts[EntryKind.DIRECTORY] + counts[EntryKind.SYMLINK]
        return ExtractReport(
            self._tree.folder,
            self._volume.file_system,
            counts[EntryKind.FILE],
            counts[EntryKind.DIRECTORY],
            counts[EntryKind.SYMLINK],
            self._hard_links,
            sum(counts.values()) - plain,
            self._bytes,
            tuple(self._skipped),
            self._skipped_count,
            self._left_out,
            self._dropped_bits,
            self._dropped_owners,
            tuple(self._renamed),
            self._volume.findings,
        )

    async def run(self, path: str) -> None:
        start = await self._volume.find(path)
        if start.is_directory:
            hosts = {start.path: ""}
            async with aclosing(self._volume.folders(path)) as folders:
                async for directory, entries in folders:
                    host = hosts.pop(directory.path, None)
                    if host is None:
                        continue  # its own entry was skipped, and the report says so
                    await self._folder(host, entries, hosts)
        else:
            await self._folder("", [start], {})
        await self._flush()
        await self._in_thread(self._finish_directories)

    async def _folder(self, host: str, entries: list[Entry], hosts: dict[str, str]) -> None:
        taken: dict[str, int] = {}
        directories: list[_Job] = []
        for entry in entries:
            job = _Job(host, host_name(entry.name, taken), entry)
            if job.name != entry.name and len(self._renamed) < _LISTED:
                self._renamed.append((entry.path, job.host_path))
            if entry.is_directory:
                directories.append(job)
            elif self._wanted(entry):
                await self._take(job)
        if directories:
            for made in await self._in_thread(partial(self._make_directories, directories)):
                hosts[made.entry.path] = made.host_path

    def _wanted(self, entry: Entry) -> bool:
        if entry.fault:
            self._skip(entry, entry.fault)
        elif entry.kind not in (EntryKind.FILE, EntryKind.SYMLINK) and not self._policy.devices:
            self._skip(entry, f"it is a {entry.kind.value}, which is made only on request", by_policy=True)
        else:
            return True
        return False

    def _skip(self, entry: Entry, reason: str, *, by_policy: bool = False) -> None:
        self._skipped_count += 1
        self._left_out += by_policy
        if len(self._skipped) < _LISTED:
            self._skipped.append(SkippedEntry(entry.path, reason, by_policy))

    def _count(self, entry: Entry) -> None:
        self._counts[entry.kind] += 1
        self._dropped_bits += self._policy.drops_bits(entry)
        self._dropped_owners += self._policy.drops_owner(entry)

    async def _in_thread(self, work: Callable[[], list[_Job]]) -> list[_Job]:
        return await to_thread.run_sync(work, limiter=self._limiter)

    # --- directories --------------------------------------------------------------------------------

    def _make_directories(self, jobs: list[_Job]) -> list[_Job]:
        usable: list[_Job] = []
        for job in jobs:
            try:
                new = self._tree.make_directory(job.parent, job.name, job.entry)
            except OSError as error:
                self._skip(job.entry, _reason(error))
                continue
            usable.append(job)
            if new:
                self._count(job.entry)
                self._made.append(job)
        return usable

    def _finish_directories(self) -> list[_Job]:
        """Give directories their modes and times, the deepest first, as a directory may become read-only."""
        while self._made:
            job = self._made.pop()
            try:
                self._tree.finish_directory(job.host_path, job.entry)
            except OSError as error:
                self._skip(job.entry, f"it was made, but not given its mode and time: {_reason(error)}")
        return []

    # --- content ------------------------------------------------------------------------------------

    async def _take(self, job: _Job) -> None:
        job = self._grouped(job)
        entry = job.entry
        size = entry.size if job.follows is None else 0
        if entry.kind is EntryKind.FILE and job.follows is None:
            recorded = sum(size for lba, size in entry.extents if lba != HOLE)
            self._spend(entry, recorded)
            if len(entry.extents) > 1 or entry.size > _SMALL or recorded != entry.size:
                await self._stream(job)
                return
        self._batch.append(job)
        self._batch_bytes += size
        if len(self._batch) >= _BATCH_FILES or self._batch_bytes >= _BATCH_BYTES:
            await self._flush()

    def _grouped(self, job: _Job) -> _Job:
        """Find out whether a file was met under another name already."""
        key = None if job.alone else _file_key(job.entry)
        if key is None:
            return job
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(job.entry.links - 1)
            return attrs.evolve(job, leads=group)
        group.left -= 1
        if group.left <= 0:
            del self._groups[key]
        return attrs.evolve(job, follows=group)

    def _spend(self, entry: Entry, size: int) -> None:
        if self._bytes_left is None:
            return
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise ImageFormatError(
                f"the files up to {entry.path} claim far more bytes than the image has (or more than was allowed); "
                "what was extracted before stays",
                path=entry.path,
            )

    async def _flush(self) -> None:
        while self._batch:
            jobs, self._batch, self._batch_bytes = self._batch, [], 0
            content = await self._read_batch(jobs)
            unlinked = await self._in_thread(partial(self._write_batch, jobs, content))
            self._tell()
            for job in unlinked:
                await self._take(attrs.evolve(job, follows=None, alone=True))

    async def _read_batch(self, jobs: list[_Job]) -> dict[int, memoryview | str]:
        """Read the content of small files, neighbours together; give bytes, or why there are none, by job number."""
        result: dict[int, memoryview | str] = {}
        pieces = sorted(
            (job.entry.extents[0][0], -(-(job.entry.size + job.entry.offset) // SECTOR_SIZE), number)
            for number, job in enumerate(jobs)
            if job.entry.extents and job.follows is None
        )
        start = 0
        while start < len(pieces):
            first, stop = pieces[start][0], pieces[start][0] + pieces[start][1]
            end = start + 1
            while end < len(pieces):
                lba, count, _ = pieces[end]
                if lba > stop + _GAP_SECTORS or (max(stop, lba + count) - first) * SECTOR_SIZE > _RUN_BYTES:
                    break
                stop = max(stop, lba + count)
                end += 1
            buffer = memoryview(bytearray((stop - first) * SECTOR_SIZE))
            try:
                await self._volume.readinto(first, buffer)
            except READ_FAULTS as error:
                if end - start == 1:
                    result[pieces[start][2]] = str(error)
                else:
                    await self._read_singly(pieces[start:end], jobs, result)
            else:
                for lba, _, number in pieces[start:end]:
                    entry = jobs[number].entry
                    offset = (lba - first) * SECTOR_SIZE + entry.offset
                    result[number] = buffer[offset : offset + entry.size]
            start = end
        return result

    async def _read_singly(
        self, pieces: list[tuple[int, int, int]], jobs: list[_Job], result: dict[int, memoryview | str]
    ) -> None:
        for lba, count, number in pieces:
            entry = jobs[number].entry
            buffer = memoryview(bytearray(count * SECTOR_SIZE))
            try:
                await self._volume.readinto(lba, buffer)
            except READ_FAULTS as error:
                result[number] = str(error)
            else:
                result[number] = buffer[entry.offset : entry.offset + entry.size]

    def _write_batch(self, jobs: list[_Job], content: dict[int, memoryview | str]) -> list[_Job]:
        """Make a batch; return further names of files that could not be linked, to be made as files of their own."""
        unlinked: list[_Job] = []
        nothing = memoryview(b"")
        for number, job in enumerate(jobs):
            data = content.get(number, nothing)
            if isinstance(data, str):
                self._skip(job.entry, data)
                continue
            try:
                if job.follows is not None:
                    if not self._link(job, job.follows):
                        unlinked.append(job)
                    continue
                made = self._make(job, data)
            except OSError as error:
                self._skip(job.entry, _reason(error))
                continue
            if job.leads is not None:
                job.leads.first = made
            self._count(job.entry)
        return unlinked

    def _make(self, job: _Job, data: memoryview) -> MadeFile:
        if job.entry.kind is EntryKind.FILE:
            made = self._tree.write_file(job.parent, job.name, job.entry, data)
            self._bytes += len(data)
            return made
        if job.entry.kind is EntryKind.SYMLINK:
            return self._tree.make_symlink(job.parent, job.name, job.entry)
        return self._tree.make_special(job.parent, job.name, job.entry)

    def _link(self, job: _Job, group: _Group) -> bool:
        """Make a further name of a file; tell whether that was possible."""
        if group.first is None:
            return False
        try:
            self._tree.make_link(job.parent, job.name, group.first)
        except (FileExistsError, IsADirectoryError):
            raise
        except OSError:
            return False  # the host has no hard links there, or the first name is not ours any more
        self._hard_links += 1
        return True

    async def _stream(self, job: _Job) -> None:
        """Write one big file chunk by chunk; holes are left out of the host's file."""
        entry = job.entry
        try:
            file = await to_thread.run_sync(
                self._tree.create, job.parent, job.name, entry, limiter=self._limiter
            )
        except OSError as error:
            self._skip(entry, _reason(error))
            return
        with file:
            try:
                await self._copy(file, entry)
                made = await to_thread.run_sync(file.finish, limiter=self._limiter)
            except READ_FAULTS as error:
                self._skip(entry, str(error))
                return
            except OSError as error:
                self._skip(entry, _reason(error))
                return
        if job.leads is not None:
            job.leads.first = made
        self._count(entry)
        self._tell()

    async def _copy(self, file: HostFile, entry: Entry) -> None:
        await to_thread.run_sync(file.truncate, entry.size, limiter=self._limiter)
        offset = 0
        for lba, size in entry.extents:
            if lba == HOLE:
                offset += size
                continue
            piece = attrs.evolve(
                entry, extents=((lba, size),), size=size, offset=entry.offset if offset == 0 else 0
            )
            async with aclosing(self._volume.read(piece)) as chunks:
                async for chunk in chunks:
                    await to_thread.run_sync(file.write, chunk, offset, limiter=self._limiter)
                    offset += len(chunk)
                    self._bytes += len(chunk)
                    self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(sum(self._counts.values()) + self._hard_links, self._bytes)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def host_name(name: str, taken: dict[str, int]) -> str:
    """Find a name that the host can hold and that no sibling has.

    Args:
        name: The name in the image.
        taken: The names of the siblings so far, with the last number that told equal ones apart; takes the new one.
    """
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError:
        name = name.encode("utf-8", "replace").decode()
        size = len(name)
    if size > _NAME_BYTES:
        name = _shorten(name)
    unique = name
    number = taken.get(name, 0)  # thousands of equal names must not cost a search each
    while unique in taken:
        number += 1
        unique = _with_suffix(name, f"~{number}")
    taken[name] = number
    taken.setdefault(unique, 0)
    return unique


def _shorten(name: str) -> str:
    """Cut a name to what a host holds, told apart by a digest of the whole."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return _with_suffix(name, f"~{digest}")


def _with_suffix(name: str, suffix: str) -> str:
    """Put a suffix before a name's extension, and cut its stem to make room."""
    stem, extension = os.path.splitext(name)
    if len(os.fsencode(extension)) > 32:
        stem, extension = name, ""
    room = _NAME_BYTES - len(suffix) - len(os.fsencode(extension))
    raw = os.fsencode(stem)
    if len(raw) > room:
        stem = raw[:room].decode("utf-8", "ignore")
    return f"{stem}{suffix}{extension}"


__all__ = ("ExtractReport", "SkippedEntry", "extract")
