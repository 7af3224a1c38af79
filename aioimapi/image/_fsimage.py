"""``FileSystemImage``: what is to be on the disc, told before anything is read (IMAPI: IFileSystemImage)."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable
from typing import get_args

import anyio
import anyio.to_thread

from aioimapi.errors import ImageError, ImageTooLargeError
from aioimapi.fs._image_layout import lay_out
from aioimapi.fs._iso_options import DEFAULT_ISO, IsoOptions
from aioimapi.fs._layout import ALL_FILE_SYSTEMS, FileSystem, LayoutOptions
from aioimapi.fs._times import FIRST_SECOND, LAST_SECOND
from aioimapi.fs._tree import Directory, stream_directories, walk
from aioimapi.fs._udf_options import UDF_REVISIONS, UdfOptions
from aioimapi.fs.eltorito._layout import BootLayout
from aioimapi.image._boot import BootOptions, BootPlan
from aioimapi.image._content import StreamContent
from aioimapi.image._draft import Draft
from aioimapi.image._given import GivenAttributes
from aioimapi.image._items import DirectoryItem
from aioimapi.image._media import Capacity, FreeMedium, Medium, Room, defaults_for, room_of
from aioimapi.image._plan import ChangePolicy, ImagePlan
from aioimapi.image._plan_warnings import add_layout_warnings
from aioimapi.image._split import DiscSet, Recipe


class FileSystemImage:
    """An image to be: a tree of what it is to hold, and how (IMAPI: IFileSystemImage).

    Args:
        volume_name: The volume's name; empty gives the date and time of the plan, as in IMAPI.
        file_systems: Which file systems it carries; by default ISO 9660, Joliet, Rock Ridge and UDF, all pointing to
            the same data.
        udf_revision: The revision of UDF: ``1.02`` (read by everything), ``1.50``, ``2.00``, ``2.01``, ``2.50`` or
            ``2.60`` (IMAPI: UDFRevision). Whatever it is, the volume is read-only.
        udf_mirror: From UDF 2.50 on, record all metadata twice, at the image's beginning and at its end, so that a
            damaged spot does not cost the names (IMAPI: UDFMetadata, CreateRedundantUdfMetadataFiles).
        on_change: What to do when a file shrinks, grows or vanishes between plan and reading: ``error``, or ``pad``
            it with zeros (or cut it) to the planned size and say so in the findings.
        iso: Level, versions and texts of ISO 9660, length of names of Joliet.
        boot: What it starts machines with: El Torito boot images, and tables for booting from a USB stick; or None.
        time_ns: The volume's time, nanoseconds since 1970 UTC, from the years 1900 to 2155; None takes
            SOURCE_DATE_EPOCH from the environment, or else the time of the plan. With SOURCE_DATE_EPOCH, no time of an
            item is later than that.
        latest_ns: The latest time of modification that an item may have, nanoseconds since 1970 UTC from the years 1900
            to 2155: later ones become this one. None for no limit of one's own.
        capacity: What the image must fit on: sectors, the name of a kind of medium (``bd-r``, ``dvd+rw``), or the state
            of the disc in a drive (:class:`aioimapi.drive.MediaState`); None for no limit.

    Raises:
        ImageError: An argument, or SOURCE_DATE_EPOCH, is none of those above.

    Attributes:
        root: The root directory.
        capacity: What the image must fit on, or None; counts when the image is planned (IMAPI: FreeMediaBlocks,
            SetMaxMediaBlocksFromDevice).
        iso: How its ISO 9660 and Joliet are to be; counts when the image is planned.
        boot: What it starts machines with, or None; counts when the image is planned (IMAPI: BootImageOptionsArray).
    """

    def __init__(
        self,
        volume_name: str = "",
        *,
        file_systems: Iterable[FileSystem] = ALL_FILE_SYSTEMS,
        udf_revision: str = "1.02",
        udf_mirror: bool = True,
        on_change: ChangePolicy = "error",
        boot: BootOptions | None = None,
        iso: IsoOptions = DEFAULT_ISO,
        time_ns: int | None = None,
        latest_ns: int | None = None,
        capacity: Capacity | None = None,
    ) -> None:
        if on_change not in get_args(ChangePolicy):
            raise ImageError(f"on_change is {on_change!r}, not one of {', '.join(get_args(ChangePolicy))}")
        for what, value in (("time_ns", time_ns), ("latest_ns", latest_ns)):
            if value is not None and not FIRST_SECOND <= value // 1_000_000_000 <= LAST_SECOND:
                raise ImageError(f"{what} is {value}, and discs know the years 1900 to 2155 only")
        if udf_revision not in UDF_REVISIONS:
            raise ImageError(f"udf_revision is {udf_revision!r}, not one of {', '.join(UDF_REVISIONS)}")
        self.volume_name = volume_name
        self.file_systems = frozenset(file_systems)
        self.udf_revision = udf_revision
        self.udf_mirror = udf_mirror
        self.on_change: ChangePolicy = on_change
        self.boot = boot
        self.iso = iso
        self._draft = Draft(time_ns, latest_ns)
        self.capacity = capacity
        if capacity is not None:
            room_of(capacity)
        self._plan: ImagePlan | None = None

    @property
    def root(self) -> DirectoryItem:
        """The root directory."""
        return DirectoryItem(self._draft, self._draft.root)

    def choose_defaults(self, medium: str | Medium | FreeMedium) -> None:
        """Take the file systems and the capacity that suit a medium.

        IMAPI does not tell which it chooses. Here: on CD and on DVD that is written once all file systems, with UDF
        1.02, so that anything reads the disc; on rewritable DVD UDF 1.02 alone, since sessions can only be added to
        those without ISO 9660; on Blu-ray UDF 2.50 alone.

        Args:
            medium: The name of a kind of medium (``bd-r``), a kind, or the state of the disc in a drive.

        Raises:
            ImageError: There is no such kind, or nothing is known of that disc.
            ImageFrozenError: The image was planned.

        IMAPI: IFileSystemImage::ChooseImageDefaults, ChooseImageDefaultsForMediaType.
        """
        self._draft.root.check_open()
        bridge, revision = defaults_for(medium)
        self.capacity = medium
        self.file_systems = ALL_FILE_SYSTEMS if bridge else frozenset({FileSystem.UDF})
        self.udf_revision = revision

    def checkpoint(self) -> int:
        """Remember the tree as it is, to go back to (IMAPI: ChangePoint).

        Folders that were added and not listed yet are remembered as such. A point takes some 45 bytes of memory for
        each file that was listed by then.

        Returns:
            The number of the point, for :meth:`rollback`.

        Raises:
            ImageFrozenError: The image was planned.
            LocalProtocolError: Another task is listing or planning the image right now.
        """
        self._draft.check_idle()
        self._draft.root.check_open()
        return self._draft.checkpoint()

    def rollback(self, point: int) -> None:
        """Make the tree what it was at a point (IMAPI: RollbackToChangePoint).

        Points after that are forgotten; this one may be gone back to again. Names, file systems and capacity of the
        image are no part of the tree and stay. Directories that were added since belong to no image any more.

        Raises:
            ImageFrozenError: The image was planned.
            ImageError: There is no such point: it was forgotten, or never made.
            LocalProtocolError: Another task is listing or planning the image right now.
        """
        self._draft.check_idle()
        self._draft.root.check_open()
        self._draft.rollback(point)

    def lock_in(self) -> None:
        """Forget all points, so that nothing goes back behind now (IMAPI: LockInChangePoint)."""
        self._draft.lock_in()

    async def scan(self) -> None:
        """List the folders that were added and not listed yet. ``plan``, ``find``, ``walk`` and ``remove`` call it.

        Raises:
            SourceError: A folder or file cannot be read.

        Cancellation:
            At the end of the listing that runs; folders listed by then stay listed.
        """
        await self._draft.scan()

    async def plan(self) -> ImagePlan:
        """Fix the image: list what was added, place every file, name every name (IMAPI: CreateResultImage).

        Returns:
            The plan, a source of sectors. The tree is frozen from now on; a second call gives the same plan.

        Raises:
            SourceError: A folder or file cannot be read.
            ImageTooLargeError: A file or the image passes what the chosen file systems can address, or the image its
                capacity; of that the error tells ``needed`` and ``free`` sectors. The tree is not frozen then.
            TooManyDirectoriesError: More directories than ISO 9660 can hold.
            NameNotRepresentableError: A name has no free variant in a file system.
            BootImageError: A boot image is not in the image, of a wrong size, or not what it must be.
            ImageError: The set of file systems makes no sense.

        Cancellation:
            At the end of the step that runs (listing or placing); may be repeated.
        """
        async with self._draft.lock:
            if self._plan is not None:
                return self._plan
            return await anyio.to_thread.run_sync(self._plan_alone, limiter=anyio.CapacityLimiter(1))

    async def split(self, capacity: Capacity | None = None) -> DiscSet:
        """Spread the tree over as many discs as it takes; no file is read yet.

        Files stay in the order of their names, directory by directory, and each disc is filled before the next; the
        same tree is split the same way each time. Every disc is an image that can be read without the others. It has
        the file ``SHA256SUMS`` with the digests of its files, and ``DISCS.tsv`` with all files of the set: disc, size
        and path. Names of one hard-linked file share a disc.

        Args:
            capacity: What each disc must fit on; the image's own capacity where None.

        Returns:
            The discs. The tree is frozen from now on.

        Raises:
            SourceError: A folder or file cannot be read.
            ImageTooLargeError: A file does not fit on a disc of its own.
            DuplicateNameError: The tree has one of these two files itself.
            ImageFrozenError: The image was planned.
            ImageError: There is no capacity, or the image is to start machines.

        Cancellation:
            At the end of the step that runs; may be repeated.
        """
        wanted = self.capacity if capacity is None else capacity
        if wanted is None:
            raise ImageError("split needs to know what each disc holds: give a capacity")
        if self.boot is not None:
            raise ImageError(
                "an image that starts machines is not split; make the disc that starts them apart"
            )
        self._draft.root.check_open()
        room = room_of(wanted)
        async with self._draft.lock:
            return await anyio.to_thread.run_sync(self._split_alone, room, limiter=anyio.CapacityLimiter(1))

    def _split_alone(self, room: Room) -> DiscSet:
        with self._draft.mutex:
            self._draft.take_pending()
            self._draft.date_made_directories()
            log = self._draft.scanner.log
            recipe = Recipe(self._disc, self._draft.default_time(), log.warnings())
            discs = DiscSet(self._draft.root, recipe, room)
            discs.fill()
            for directory in walk(self._draft.root):
                directory.frozen = True
            return discs

    def _disc(self, number: int, root: Directory) -> FileSystemImage:
        """Return an image like this one that holds another tree: one disc of a set."""
        disc = copy.copy(self)
        now = self._draft.default_time()
        name = self.volume_name or time.strftime("%Y%m%d_%H%M%S", time.gmtime(now // 1_000_000_000))
        disc.volume_name = f"{name}_{number}"
        disc.capacity = None
        disc._draft = Draft.of_tree(root, self._draft)
        return disc

    def _plan_alone(self) -> ImagePlan:
        with self._draft.mutex:
            if self._plan is None:
                self._draft.take_pending()
                self._plan = self._make_plan()
            return self._plan

    def _make_plan(self) -> ImagePlan:
        now = self._draft.default_time()
        self._draft.date_made_directories()
        boot = self._prepare_boot()
        has_streams = boot is not None and _has_streams(boot[1].unlisted)
        for directory in walk(self._draft.root):
            directory.sort()
            directory.drop_index()
            has_streams = has_streams or _has_streams(directory)
        for _, _, streams in stream_directories(walk(self._draft.root)):
            streams.sort()
            has_streams = has_streams or _has_streams(streams)
        name = self.volume_name or time.strftime("%Y%m%d_%H%M%S", time.gmtime(now // 1_000_000_000))
        udf = UdfOptions(UDF_REVISIONS[self.udf_revision], self.udf_mirror)
        boot_layout = boot[1] if boot is not None else None
        layout = lay_out(
            self._draft.root, LayoutOptions(name, now, self.file_systems, udf, boot_layout, self.iso)
        )
        if boot is not None:
            boot[0].fill_in(layout)
        room = self._room_for(layout.sector_count)
        log = self._draft.scanner.log.copy()
        add_layout_warnings(layout, log)
        for directory in (*layout.directories, *layout.streams):
            directory.frozen = True
        return ImagePlan(
            layout,
            log.warnings(),
            on_change=self.on_change,
            follows_symlinks=self._draft.follows,
            clamped=self._draft.clamps,
            has_streams=has_streams,
            room=room,
        )

    def _room_for(self, sectors: int) -> Room | None:
        if self.capacity is None:
            return None
        room = room_of(self.capacity)
        needed = room.sectors_needed(sectors)
        if needed > room.sectors:
            where = f"on {room.name}" if room.name else "in its capacity"
            raise ImageTooLargeError(
                f"the image takes {needed:,} sectors, and {room.sectors:,} are free {where}: "
                f"{needed - room.sectors:,} too many; take something out, take a larger one, "
                "or split it over several discs",
                needed=needed,
                free=room.sectors,
            )
        return room

    def _prepare_boot(self) -> tuple[BootPlan, BootLayout] | None:
        if self.boot is None:
            return None
        draft = self._draft

        def take(directory: Directory, row: int, given: GivenAttributes) -> None:
            given.take(directory, row, draft.scanner, draft.default_time())

        plan = BootPlan(self.boot, draft.root, take)
        return plan, plan.prepare()


def _has_streams(directory: Directory) -> bool:
    return any(isinstance(each, StreamContent) for each in directory.sources.values())
