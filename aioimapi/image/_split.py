"""One tree over several discs: which file goes where, told before a file is read, and the same each time.

Files stay in the order of the tree, so that what lies together stays together: a disc takes as many of them as fit, and
the next begins with the one that did not. Names of one hard-linked file go with the first of them. Each disc is an
image of its own with the directories that its files need, the SHA-256 of each of them in ``SHA256SUMS`` (as
``sha256sum -c`` reads it), and the list of the whole set in ``DISCS.tsv``.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import anyio.to_thread
import attrs

from aioimapi.errors import DuplicateNameError, ImageError, ImageTooLargeError, printable
from aioimapi.fs._tree import Directory, LinkGroup, walk
from aioimapi.image._content import Content
from aioimapi.image._media import Room
from aioimapi.image._plan import ImagePlan, PlannedFile
from aioimapi.image._warnings import PlanWarning
from aioimapi.units import SECTOR_SIZE, sectors

if TYPE_CHECKING:
    from aioimapi.image._fsimage import FileSystemImage

SUMS_NAME: Final = "SHA256SUMS"
INDEX_NAME: Final = "DISCS.tsv"
MAX_DISCS: Final = 999
_MODE: Final = 0o100444
_READ_SECTORS: Final = 512
_METADATA_PER_FILE: Final = 2
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_INDEX_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class _Filled(Content):
    """Bytes whose number is known first and which are told later."""

    def __init__(self, size: int) -> None:
        self.data = bytes(size)

    def read(self, offset: int, out: memoryview) -> int:
        """See :meth:`Content.read`."""
        part = self.data[offset : offset + len(out)]
        out[: len(part)] = part
        return len(part)


@attrs.frozen
class SplitFile:
    """A file of a set of discs.

    Attributes:
        disc: The number of its disc, from 1 on.
        path: Its path, there as in the whole tree.
        size: Bytes.
        symlink: The target, for a symlink.
    """

    disc: int
    path: str
    size: int
    symlink: str | None = None


@attrs.frozen
class Recipe:
    """How the images of a set are made.

    Attributes:
        image: Returns the image of a disc of a number that holds a tree.
        time_ns: The time of the files that the set brings itself.
        warnings: What listing the folders had to tell.
    """

    image: Callable[[int, Directory], FileSystemImage]
    time_ns: int
    warnings: tuple[PlanWarning, ...]


class SplitDisc:
    """One disc of a set. Made by :meth:`FileSystemImage.split`.

    Attributes:
        number: Its number, from 1 on.
        units: Which units of the tree are on it: files, symlinks and empty directories in their order.
        sector_count: Sectors of its image.
        file_count: Files and symlinks of the tree that are on it.
    """

    def __init__(self, disc_set: DiscSet, number: int, units: range, sector_count: int) -> None:
        self._set = disc_set
        self.units = units
        self.number = number
        self.sector_count = sector_count
        self.file_count = sum(1 for _ in disc_set.rows(units))

    def files(self) -> Iterator[SplitFile]:
        """Yield what is on it, in the order of the tree."""
        for directory, row in self._set.rows(self.units):
            yield SplitFile(
                self.number, directory.path_of(row), directory.sizes[row], directory.symlinks.get(row)
            )

    async def plan(self, *, on_progress: Callable[[int, int], None] | None = None) -> ImagePlan:
        """Plan the disc's image; its files are read once for their SHA-256.

        Args:
            on_progress: Called with sectors read and sectors in all, in the task's thread.

        Returns:
            The plan, named after the image with ``_`` and the disc's number.

        Raises:
            SourceError: A file is gone, changed or unreadable.

        Cancellation:
            Between reads of 1 MiB; may be repeated.
        """
        return await self._set.plan_disc(self.number, self.units, on_progress)


class DiscSet:
    """A tree that was split. Made by :meth:`FileSystemImage.split`; nothing of it changes any more.

    Attributes:
        discs: The discs in their order.
        warnings: What listing the folders had to tell.
    """

    def __init__(self, root: Directory, recipe: Recipe, room: Room) -> None:
        self._recipe = recipe
        self._room = room
        self.warnings = recipe.warnings
        self._directories = list(walk(root))
        self._numbers = {directory: number for number, directory in enumerate(self._directories)}
        self._places = array("Q")
        self._rows = array("q")
        self._with: dict[int, list[tuple[int, int]]] = {}
        self.discs: tuple[SplitDisc, ...] = ()
        self._list_units()
        self._index_size = len(self._index())

    def _list_units(self) -> None:
        """List what is never taken apart: a file, a symlink, the names of a hard-linked file, an empty directory."""
        root = self._directories[0]
        for name in (SUMS_NAME, INDEX_NAME):
            if root.get(name) is not None:
                raise DuplicateNameError(
                    f"/{name} is in the image already, and each disc of a set has such a file of its own; "
                    "take it out, or put the tree into a folder",
                    path=f"/{name}",
                )
        first_of: dict[LinkGroup, int] = {}
        for number, directory in enumerate(self._directories):
            directory.sort()
            if not directory.names and not directory.directories:
                self._add(number, -1)
            for row in range(len(directory.names)):
                group = directory.groups.get(row)
                if group is not None and group in first_of:
                    self._with.setdefault(first_of[group], []).append((number, row))
                    continue
                if group is not None:
                    first_of[group] = len(self._places)
                self._add(number, row)

    def _add(self, number: int, row: int) -> None:
        self._places.append(number)
        self._rows.append(row)

    def rows(self, units: range) -> Iterator[tuple[Directory, int]]:
        """Yield the files and symlinks of a range of units."""
        for unit in units:
            if self._rows[unit] >= 0:
                yield self._directories[self._places[unit]], self._rows[unit]
            for number, row in self._with.get(unit, ()):
                yield self._directories[number], row

    # --- which file goes where ----------------------------------------------------------------------

    def fill(self) -> None:
        """Fill the discs one after the other.

        Raises:
            ImageTooLargeError: A file does not fit on a disc of its own.
            ImageError: More than 999 discs.
        """
        discs: list[SplitDisc] = []
        first, total = 0, len(self._places)
        while first < total or not discs:
            if len(discs) == MAX_DISCS:
                raise ImageError(f"the tree takes more than {MAX_DISCS} discs; take larger ones")
            units, sector_count = self._fill_one(first)
            discs.append(SplitDisc(self, len(discs) + 1, units, sector_count))
            first = units.stop
        self.discs = tuple(discs)

    def _fill_one(self, first: int) -> tuple[range, int]:
        """Return the units of the disc that begins with one, and its sectors: the most that fit, as far as is seen."""
        total = len(self._places)
        end, best = max(self._advance(first, self._room.sectors), min(first + 1, total)), 0
        fits, least_bad = first, total + 1
        while True:
            sector_count = self._measure(range(first, end))
            free = self._room.sectors - self._room.sectors_needed(sector_count)
            if free >= 0:
                fits, best = end, sector_count
                further = min(self._advance(end, free), least_bad - 1)
                if further <= end:
                    return range(first, fits), best
            else:
                least_bad = min(least_bad, end)
                if end - first <= 1:  # not even an empty disc has room, or this one file is too much
                    raise self._too_large(first, sector_count)
                further = max(self._retreat(end, -free), fits + 1, first + 1)
                if further >= end:
                    return range(first, fits), best
            end = further

    def _advance(self, unit: int, budget: int) -> int:
        """Return the unit behind those that a number of sectors holds, by their data and a share of metadata."""
        total = len(self._places)
        while unit < total:
            budget -= self._cost(unit)
            if budget < 0:
                break
            unit += 1
        return unit

    def _retreat(self, unit: int, excess: int) -> int:
        """Return the unit before ``unit`` from which on the data comes to so many sectors."""
        while unit > 0 and excess > 0:
            unit -= 1
            excess -= self._cost(unit)
        return unit

    def _cost(self, unit: int) -> int:
        row = self._rows[unit]
        size = self._directories[self._places[unit]].sizes[row] if row >= 0 else 0
        return sectors(size) + _METADATA_PER_FILE

    def _measure(self, units: range) -> int:
        root = self._tree(units)[0]
        return self._recipe.image(1, root)._make_plan().sector_count

    def _too_large(self, unit: int, sector_count: int) -> ImageTooLargeError:
        row = self._rows[unit]
        directory = self._directories[self._places[unit]]
        path = directory.path_of(row) if row >= 0 else directory.path
        needed, free = self._room.sectors_needed(sector_count), self._room.sectors
        return ImageTooLargeError(
            f"{printable(path)} takes {needed:,} sectors on a disc of its own, which has {free:,}; take larger discs",
            path=path,
            needed=needed,
            free=free,
        )

    # --- trees --------------------------------------------------------------------------------------

    def _tree(self, units: range) -> tuple[Directory, _Filled, _Filled]:
        """Return a tree of its own for a range of units, and in it the content of the two files of the set."""
        wanted: dict[int, list[int]] = {}
        sums_size = 0
        for unit in units:
            wanted.setdefault(self._places[unit], [])
        for directory, row in self.rows(units):
            wanted.setdefault(self._numbers[directory], []).append(row)
            if row not in directory.symlinks:
                sums_size += len(_sum_line("0" * 64, directory.path_of(row)))
        made = {self._directories[0]: _like(self._directories[0], None)}
        groups: dict[LinkGroup, LinkGroup] = {}
        for number in sorted(wanted):
            old = self._directories[number]
            new = _ensure(old, made)
            new.extend(old, sorted(wanted[number]))
            new.groups = {row: groups.setdefault(group, LinkGroup()) for row, group in new.groups.items()}
        root = made[self._directories[0]]
        contents = (_Filled(sums_size), _Filled(self._index_size))
        for name, content in zip((SUMS_NAME, INDEX_NAME), contents, strict=True):
            row = root.add_row(name, len(content.data), self._recipe.time_ns, _MODE, 0, 0)
            root.sources[row] = content
        for directory in walk(root):
            directory.sort()
        return root, *contents

    def _index(self) -> bytes:
        """Return the list of the set; of the right length before the discs are known."""
        known = {unit: disc.number for disc in self.discs for unit in disc.units}
        lines = []
        for unit in range(len(self._places)):
            for directory, row in self.rows(range(unit, unit + 1)):
                path = directory.path_of(row)[1:].translate(_INDEX_ESCAPES)
                lines.append(f"{known.get(unit, 0):03d}\t{directory.sizes[row]}\t{path}\n")
        return os.fsencode("".join(lines))

    async def plan_disc(
        self, number: int, units: range, on_progress: Callable[[int, int], None] | None
    ) -> ImagePlan:
        """See :meth:`SplitDisc.plan`.

        Cancellation:
            Between reads of 1 MiB; may be repeated.
        """
        root, sums, index = await anyio.to_thread.run_sync(self._tree, units)
        index.data = await anyio.to_thread.run_sync(self._index)
        plan = await self._recipe.image(number, root).plan()
        own = {f"/{SUMS_NAME}", f"/{INDEX_NAME}"}
        files = [file for file in plan.files() if file.symlink is None and file.path not in own]
        digests = await _digests(plan, files, on_progress)
        sums.data = b"".join(_sum_line(digests[file.first_sector], file.path) for file in files)
        return plan


def _like(old: Directory, parent: Directory | None) -> Directory:
    made = Directory(old.name, parent, mode=old.mode, uid=old.uid, gid=old.gid, mtime_ns=old.mtime_ns)
    made.hidden = old.hidden
    return made


def _ensure(old: Directory, made: dict[Directory, Directory]) -> Directory:
    """Return a directory's likeness in the new tree; it and those above it are made where they are missing."""
    missing = []
    while old not in made:
        missing.append(old)
        old = old.parent
    new = made[old]
    for each in reversed(missing):
        child = _like(each, new)
        new.add_directory(child)
        made[each] = new = child
    return new


def _sum_line(digest: str, path: str) -> bytes:
    """Return a line as sha256sum has it: a backslash at its beginning where the name has escapes."""
    name = path[1:]
    escaped = name.translate(_ESCAPES)
    return os.fsencode(f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n")


class _Sums:
    """SHA-256 of files that pass by in windows of sectors."""

    def __init__(self, files: list[PlannedFile]) -> None:
        self._files = files
        self._at = 0
        self._hasher = hashlib.sha256()
        self.digests = {0: hashlib.sha256().hexdigest()}

    def take(self, first: int, window: memoryview) -> None:
        """Take the sectors that follow those taken before."""
        end = first + len(window) // SECTOR_SIZE
        while self._at < len(self._files):
            file = self._files[self._at]
            if file.first_sector >= end:
                return
            begin = max(file.first_sector, first)
            stop = (file.first_sector - first) * SECTOR_SIZE + file.size
            self._hasher.update(window[(begin - first) * SECTOR_SIZE : min(stop, len(window))])
            if stop > len(window):
                return
            self.digests[file.first_sector] = self._hasher.hexdigest()
            self._hasher = hashlib.sha256()
            self._at += 1


async def _digests(
    plan: ImagePlan, files: list[PlannedFile], on_progress: Callable[[int, int], None] | None
) -> dict[int, str]:
    """Return the SHA-256 of files by their first sector."""
    places = {file.first_sector: file for file in files if file.size}
    ordered = [places[first] for first in sorted(places)]
    sums = _Sums(ordered)
    if not ordered:
        return sums.digests
    first, end = ordered[0].first_sector, ordered[-1].first_sector + ordered[-1].sector_count
    start = first
    buffer = memoryview(bytearray(_READ_SECTORS * SECTOR_SIZE))
    async with plan.reader() as reader:
        while first < end:
            window = buffer[: (end - first) * SECTOR_SIZE]
            await reader.readinto(first, window)
            await anyio.to_thread.run_sync(sums.take, first, window)
            first += len(window) // SECTOR_SIZE
            if on_progress is not None:
                on_progress(first - start, end - start)
    return sums.digests
