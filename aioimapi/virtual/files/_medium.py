"""A virtual disc in files: FILE holds the plain sectors, FILE.state what is recorded, a CD's FILE.raw all else.

See ``docs/virtual-medium.md`` for the format and what survives which accident.
"""

from __future__ import annotations

import errno
import fcntl
import os
from types import TracebackType
from typing import Final, Self

from aioimapi.errors import DriveAccessError, DriveBusyError, MediumDamagedError, VirtualMediumError
from aioimapi.units import MSF_OFFSET, SECTOR_SIZE
from aioimapi.virtual.discs._kinds import MediumKind, media_kind
from aioimapi.virtual.discs._registry import blank_disc
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.files import _sidecar

MIN_SECTORS: Final = 1_024
"""Smallest size that a test may give a disc."""


RAW_SUFFIX: Final = ".raw"
RAW_SIZE: Final = 2_448
"""Bytes of a sector in FILE.raw: 2,352 of the main channel, 96 of the subchannels P to W, interleaved."""

HOST_WRITE_BYTES: Final = 128 * 1024
"""What one write to the host's file carries. Linux makes page-cache folios as large as the write; those of 256 KiB and
more it takes from memory that nobody used lately, which cost two to three times the copying where it is a virtual
machine's and the host has to provide it first.
"""


class VirtualMedium:
    """A disc that a :class:`VirtualTarget` can hold; made by :meth:`create` or :meth:`open`.

    While it is open no other process, and no other ``VirtualMedium`` of this one, can open it (``flock`` on FILE);
    read-only opens share it among themselves. What a WRITE was acknowledged for survives the death of the process at
    any moment; the death of the machine it survives as far as the operating system had written the files back.

    Attributes:
        path: The medium file.
        state: What is recorded.
        readonly: The disc counts as write-protected.
        faults: What goes wrong with this disc in any drive, in text form; :meth:`save` stores a change.
    """

    def __init__(
        self,
        path: str,
        state: DiscState,
        handle: int,
        sidecar: int,
        active: int,
        *,
        readonly: bool,
        faults: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.state = state
        self.readonly = readonly
        self.faults = faults
        self._handle = handle
        self._sidecar = sidecar
        self._active = active
        self._raw = -1

    # --- making and opening -------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        kind: MediumKind | str,
        *,
        sectors: int | None = None,
        formatted: bool = False,
    ) -> VirtualMedium:
        """Make a blank disc and open it.

        Args:
            path: The medium file; it must not exist, or be empty and without a sidecar.
            kind: What kind of disc.
            sectors: Its size, for tests; None for the real size.
            formatted: Give a rewritable disc its default format, as if it came from the factory that way.

        Raises:
            VirtualMediumError: The file exists, or the size is out of range.
            DriveBusyError: Another process is making the same disc.
            DriveAccessError: The folder cannot be written.
        """
        name = os.path.abspath(path)
        kind = kind if isinstance(kind, MediumKind) else media_kind(kind)
        largest = max(kind.traits.sectors, kind.traits.largest_sectors)
        if sectors is not None and not MIN_SECTORS <= sectors <= largest:
            raise VirtualMediumError(
                f"A {kind.value} of {sectors} sectors cannot be made; give {MIN_SECTORS} to {largest}, or leave it out"
            )
        if os.path.exists(name + _sidecar.SUFFIX):
            raise VirtualMediumError(
                f"{name} is a virtual disc already; open it, or remove it and its sidecar first"
            )
        handle = open_file(name, os.O_RDWR | os.O_CREAT)
        try:
            lock_medium(handle, name, fcntl.LOCK_EX)
            if os.fstat(handle).st_size:
                raise VirtualMediumError(
                    f"{name} exists and is not empty, but has no sidecar ({name}{_sidecar.SUFFIX}); it is not a virtual"
                    " disc. Choose another name: nothing was changed"
                )
            state = blank_disc(kind, sectors)
            if formatted:
                state.format_as_sold()
            sidecar = _sidecar.store(name, _sidecar.encode(state))
        except BaseException:
            os.close(handle)
            raise
        return cls(name, state, handle, sidecar, 0, readonly=False)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, readonly: bool = False) -> VirtualMedium:
        """Open a disc that exists.

        Raises:
            VirtualMediumError: The medium file or its sidecar is missing, damaged, or of another version.
            DriveBusyError: Another drive has the disc.
            DriveAccessError: The files cannot be opened for writing.
        """
        name = os.path.abspath(path)
        try:
            handle = open_file(name, os.O_RDONLY if readonly else os.O_RDWR)
        except FileNotFoundError:
            raise VirtualMediumError(
                f"There is no virtual disc {name}; give media=KIND to make one (aioimapi virtual new FILE --media KIND)"
            ) from None
        try:
            lock_medium(handle, name, fcntl.LOCK_SH if readonly else fcntl.LOCK_EX)
            sidecar, data = _load(name, readonly=readonly)
            try:
                kept = _sidecar.decode(data, name + _sidecar.SUFFIX)
                if not kept.wiped:
                    _check_size(name, handle, kept.state)
            except BaseException:
                os.close(sidecar)
                raise
        except BaseException:
            os.close(handle)
            raise
        medium = cls(name, kept.state, handle, sidecar, kept.active, readonly=readonly, faults=kept.faults)
        if not readonly:
            medium._settle(kept)
        return medium

    def _settle(self, kept: _sidecar.Kept) -> None:
        """Finish what a process before this one began, and bring the sidecar of an older program up to date."""
        try:
            if kept.wiped:
                self._clear()
            if kept.wiped or kept.version != _sidecar.VERSION:
                self._store()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the files and the lock back; closing twice is harmless."""
        for handle in (self._raw, self._sidecar, self._handle):
            if handle >= 0:
                os.close(handle)
        self._raw = self._sidecar = self._handle = -1

    @property
    def handle(self) -> int:
        """The open medium file, for copying."""
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._handle < 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- sectors ------------------------------------------------------------------------------------

    def record(self, number: int, lba: int, data: memoryview | bytes, count: int) -> None:
        """Write sectors to a write-once disc at the next writable address of track ``number`` and move that on.

        The data is in the file before the address moves, so an address never promises sectors that are not there.
        """
        if number != self._active:
            self._active = number
            self.save()
        self.put(lba, data)
        end = lba + count
        os.pwrite(self._sidecar, b"%010d:%02d" % (end, (number * 100 + end) % 97), _sidecar.LBA_OFFSET)
        self.state.tracks[number - 1].next_lba = end

    def put(self, lba: int, data: memoryview | bytes) -> None:
        """Write sectors, and nothing else."""
        offset, at, view = lba * SECTOR_SIZE, 0, memoryview(data)
        while at < len(view):
            at += os.pwrite(self._handle, view[at : at + HOST_WRITE_BYTES], offset + at)

    def skip(self, number: int, lba: int, count: int) -> None:
        """Move the next writable address on without writing: the sectors read as zeros."""
        self._extend(lba + count)
        self.record(number, lba + count, b"", 0)

    def read_into(self, lba: int, buffer: memoryview) -> None:
        """Fill ``buffer`` with sectors; what was never written reads as zeros."""
        at, size = 0, len(buffer)
        while at < size:
            got = os.preadv(self._handle, [buffer[at:]], lba * SECTOR_SIZE + at)
            if not got:
                buffer[at:] = bytes(size - at)
                return
            at += got

    # --- sectors that are not plain: FILE.raw -------------------------------------------------------

    def record_raw(self, number: int, lba: int, data: memoryview | bytes) -> None:
        """Write sectors of 2,448 bytes at the next writable address of track ``number`` and move that on."""
        if number != self._active:
            self._active = number
            self.save()
        self.put_raw(lba, data)
        self.record(number, lba + len(data) // RAW_SIZE, b"", 0)

    def put_raw(self, lba: int, data: memoryview | bytes) -> None:
        """Write sectors of 2,448 bytes, from -150 on, and nothing else; the first ones make FILE.raw."""
        if self._raw < 0:
            self._raw = open_file(self.path + RAW_SUFFIX, os.O_RDWR | os.O_CREAT)
        offset, at, view = (lba + MSF_OFFSET) * RAW_SIZE, 0, memoryview(data)
        while at < len(view):
            at += os.pwrite(self._raw, view[at : at + HOST_WRITE_BYTES], offset + at)

    def read_raw_into(self, lba: int, buffer: memoryview) -> None:
        """Fill ``buffer`` with sectors of 2,448 bytes; what was never written reads as zeros."""
        at, size = 0, len(buffer)
        while at < size and self._has_raw():
            got = os.preadv(self._raw, [buffer[at:]], (lba + MSF_OFFSET) * RAW_SIZE + at)
            if not got:
                break
            at += got
        buffer[at:] = bytes(size - at)

    def _has_raw(self) -> bool:
        if self._raw < 0:
            try:
                self._raw = open_file(self.path + RAW_SUFFIX, os.O_RDONLY if self.readonly else os.O_RDWR)
            except FileNotFoundError:
                return False
        return True

    # --- the whole of it ----------------------------------------------------------------------------

    def save(self) -> None:
        """Store the state, all at once."""
        active = self._active if 0 < self._active <= len(self.state.tracks) else 0
        if active and self.state.tracks[active - 1].closed:
            active = 0
        self._active = active
        self._extend(self.state.file_sectors)
        self._store()

    def _store(self, *, wiped: bool = False) -> None:
        fresh = _sidecar.store(self.path, _sidecar.encode(self.state, self._active, self.faults, wiped=wiped))
        os.close(self._sidecar)
        self._sidecar = fresh

    def wipe(self) -> None:
        """Store the state, which is that of an erased disc now, and give the room that its sectors took back.

        A process that dies between the two leaves a note in the sidecar, and the next open does the rest.
        """
        self._active = 0
        self._store(wiped=True)
        self._clear()
        self._store()

    def _clear(self) -> None:
        os.ftruncate(self._handle, 0)
        if self._has_raw():
            os.ftruncate(self._raw, 0)

    def _extend(self, sectors: int) -> None:
        if os.fstat(self._handle).st_size < sectors * SECTOR_SIZE:
            os.ftruncate(self._handle, sectors * SECTOR_SIZE)


def open_file(path: str, flags: int) -> int:
    """Open a file of a disc.

    Raises:
        FileNotFoundError: It is not there.
        VirtualMediumError: It is a folder, or lies in none.
        DriveAccessError: No rights.
    """
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o644)
    except FileNotFoundError:
        if flags & os.O_CREAT:
            raise VirtualMediumError(f"There is no folder for {path}; make it first") from None
        raise
    except IsADirectoryError:
        raise VirtualMediumError(f"{path} is a folder; a virtual disc is a file") from None
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise DriveAccessError(
            f"{path} cannot be opened: {error.strerror}. Change its owner or mode, or open it with readonly",
            drive=path,
        ) from error


def _load(path: str, *, readonly: bool) -> tuple[int, bytes]:
    try:
        return _sidecar.load(path, readonly=readonly)
    except FileNotFoundError:
        raise MediumDamagedError(
            f"{path} has no sidecar ({path}{_sidecar.SUFFIX}), so what is recorded on it is not known. If it is an"
            f" image, make it a disc (aioimapi virtual convert {path} DISC --media KIND); if it was a disc, restore the"
            f" sidecar from a copy, or make a new one (aioimapi virtual check {path} --repair --media KIND)",
            path=path,
            savable="the sectors in the medium file",
        ) from None
    except PermissionError as error:
        raise DriveAccessError(
            f"{path}{_sidecar.SUFFIX} cannot be opened: {error.strerror}. Change its owner or mode",
            drive=path,
        ) from error


def lock_medium(handle: int, path: str, kind: int) -> None:
    """Take a medium file for one drive.

    Raises:
        DriveBusyError: Another drive has it.
    """
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DriveBusyError(
            f"{path} is in another virtual drive (locked by another process, or opened twice by this one);"
            " wait for it, or close it there",
            drive=path,
        ) from None


def _check_size(path: str, handle: int, state: DiscState) -> None:
    wanted = state.file_sectors * SECTOR_SIZE
    found = os.fstat(handle).st_size
    if found < wanted:
        raise MediumDamagedError(
            f"{path} has {found} bytes, but its sidecar says that {wanted} were recorded: the file was cut, or it is"
            f" another disc's. Restore the two files from one copy, or keep the first {found // SECTOR_SIZE} sectors"
            f" (aioimapi virtual check {path} --repair); nothing was changed",
            path=path,
            savable=f"the first {found // SECTOR_SIZE} sectors",
        )
