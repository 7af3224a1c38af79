"""Discs made of what others made: image files, CD sheets, and other discs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from aioimapi.errors import (
    DiscBlankError,
    ImageFormatError,
    SheetError,
    SourceError,
    VirtualMediumError,
)
from aioimapi.units import SECTOR_SIZE, sectors
from aioimapi.virtual.convert._copying import copy_bytes, output_error
from aioimapi.virtual.convert._import_cd import Progress, fill_cd, read_sheet, sheet_folder
from aioimapi.virtual.convert._members import Members
from aioimapi.virtual.discs._cd import CdDisc
from aioimapi.virtual.discs._kinds import MediumKind, media_kind
from aioimapi.virtual.files._filled import filled_disc
from aioimapi.virtual.files._medium import MIN_SECTORS, RAW_SUFFIX, VirtualMedium, open_file
from aioimapi.virtual.files._sidecar import NEW_SUFFIX, SUFFIX


def import_image(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    kind: MediumKind | str,
    *,
    disc_sectors: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Make a finished disc of an image file of 2,048-byte sectors: as if it had been burned and closed.

    Args:
        source: The image.
        path: The medium file; it must not exist.
        kind: What kind of disc.
        disc_sectors: The disc's size, for tests; None for the real one.
        progress: Is told how far it is, in sectors; what it raises ends the work, and no disc stays.

    Raises:
        OutputError: The files cannot be written; an OutputFullError where there is no room.
        SourceError: The image cannot be read.
        ImageFormatError: It is empty.
        DiscTooSmallError: It does not fit.
        VirtualMediumError: The medium file exists.
    """
    kind = media_kind(kind) if isinstance(kind, str) else kind
    name = os.fspath(source)
    with _source(name) as handle:
        size = os.fstat(handle).st_size
        if not size:
            raise ImageFormatError(f"{name} is empty", path=name)
        state = filled_disc(kind, sectors(size), disc_sectors)
        with _new_disc(path, kind, state.raw_sectors) as medium:
            copy_bytes(handle, medium.handle, 0, size, progress=in_sectors(progress))
            medium.state = state
            medium.save()


def import_sheet(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    kind: MediumKind | str = MediumKind.CD_R,
    *,
    outside: bool = False,
    progress: Progress | None = None,
) -> None:
    """Make a finished CD of a cue sheet (``.cue``) or a TOC file (``.toc``) and the files that it names.

    Args:
        source: The sheet; files are looked for in its folder.
        path: The medium file; it must not exist.
        kind: ``cd-r``, ``cd-rw`` or ``cd-rom``.
        outside: Allow the sheet to name files in other folders. Without it a sheet from a stranger reaches
            nothing but its own folder.
        progress: Is told how far it is, in sectors; what it raises ends the work, and no disc stays.

    Raises:
        SheetError: The sheet breaks its format, or its files do not hold what it says.
        DiscTooSmallError: No CD is so large.
        VirtualMediumError: The medium file exists, or the kind is no CD.
    """
    kind = media_kind(kind) if isinstance(kind, str) else kind
    if not kind.traits.cd:
        raise VirtualMediumError(
            f"a sheet describes a CD, and {kind.value} is none; choose cd-r, cd-rw or cd-rom"
        )
    name = os.fspath(source)
    sheet = read_sheet(name)
    try:
        with Members(sheet_folder(name), outside=outside) as members:
            for file in sheet.files:
                members.size(file)  # before anything is made
            with _new_disc(path, kind, None) as medium:
                fill_cd(medium, sheet, members, kind, progress)
    except SheetError as error:
        raise error.at(name) if not error.path else error from None


def copy_disc(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    kind: MediumKind | str | None = None,
    *,
    progress: Progress | None = None,
) -> None:
    """Copy a disc to a new one, in the format's version of today; of another kind as one finished session.

    Args:
        source: The medium file of the one.
        path: The medium file of the other; it must not exist.
        kind: What kind of disc the other is to be; None for the same.
        progress: Is told how far it is, in sectors; what it raises ends the work, and no disc stays.

    Raises:
        DiscBlankError: There is nothing to copy to a disc of another kind.
        DiscTooSmallError: It does not fit on a disc of that kind.
        VirtualMediumError: The source is no disc, holds more than data, or the medium file exists.
        DriveBusyError: The source is in a drive.
    """
    wanted = media_kind(kind) if isinstance(kind, str) else kind
    with VirtualMedium.open(source, readonly=True) as old:
        if wanted in (None, old.state.kind):
            with _new_disc(path, old.state.kind, old.state.raw_sectors) as medium:
                _copy_files(old, medium, progress)
                medium.state, medium.faults = old.state, old.faults
                medium.save()
            return
        end = data_end(old)
        assert wanted is not None
        state = filled_disc(wanted, end)
        with _new_disc(path, wanted, state.raw_sectors) as medium:
            copy_bytes(old.handle, medium.handle, 0, end * SECTOR_SIZE, progress=in_sectors(progress))
            medium.state = state
            medium.save()


def _copy_files(old: VirtualMedium, new: VirtualMedium, progress: Progress | None) -> None:
    size = os.fstat(old.handle).st_size
    copy_bytes(old.handle, new.handle, 0, size, progress=in_sectors(progress))
    with suppress(FileNotFoundError):
        raw = open_file(old.path + RAW_SUFFIX, os.O_RDONLY)
        try:
            copy = open_file(new.path + RAW_SUFFIX, os.O_RDWR | os.O_CREAT)
            try:
                copy_bytes(raw, copy, 0, os.fstat(raw).st_size)
            finally:
                os.close(copy)
        finally:
            os.close(raw)


def data_end(medium: VirtualMedium) -> int:
    """Return the first sector behind a disc's data, which lies in the medium file from its first sector on.

    Raises:
        DiscBlankError: Nothing can be read.
        VirtualMediumError: There are tracks that are no plain data.
    """
    state = medium.state
    if isinstance(state, CdDisc) and any(track.raw for track in state.cd_tracks):
        raise VirtualMediumError(
            f"{medium.path} holds audio or raw sectors, for which an image of data has no place; export one data track,"
            " or a cue sheet"
        )
    end = min(state.readable_end(), sectors(os.fstat(medium.handle).st_size))
    if not end:
        raise DiscBlankError(f"{medium.path} has no finished session with data", profile=state.kind.value)
    return end


@contextmanager
def _source(path: str) -> Iterator[int]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}", path=path) from error
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _new_disc(path: str | os.PathLike[str], kind: MediumKind, size: int | None) -> Iterator[VirtualMedium]:
    """Make a blank disc to be filled; where that fails, nothing of it stays."""
    size = max(size, MIN_SECTORS) if size is not None else None
    there = os.path.lexists(path)
    medium = VirtualMedium.create(path, kind, sectors=size)
    try:
        yield medium
    except BaseException as error:
        medium.close()
        for suffix in (SUFFIX, NEW_SUFFIX, RAW_SUFFIX, *(() if there else ("",))):
            with suppress(FileNotFoundError):
                os.unlink(medium.path + suffix)
        if there:
            os.truncate(medium.path, 0)
        if isinstance(error, OSError):
            raise output_error(medium.path, error) from error
        raise
    medium.close()


def in_sectors(progress: Progress | None) -> Callable[[int, int], None] | None:
    """Return what takes news in bytes and tells them in sectors."""
    if progress is None:
        return None
    tell = progress
    return lambda done, total: tell(sectors(done), sectors(total))
