"""IMAGE|DRIVE arguments: whether a name is a file of sectors or a drive, and opening either for reading."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioimapi.drive import MediaState
    from aioimapi.image import Volume
    from aioimapi.recorder import Recorder

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_SR_MAJOR = 11


def is_drive(name: str) -> bool:
    """Say whether a name is a drive.

    A URL, or a device node of one. What exists under a URL's name is a file.
    """
    try:
        found = os.stat(name)
    except OSError:
        return _SCHEME.match(name) is not None or name.startswith("/dev/")
    if stat.S_ISBLK(found.st_mode):
        return os.major(found.st_rdev) == _SR_MAJOR
    return stat.S_ISCHR(found.st_mode)


def medium_files(drive: str) -> tuple[str, ...]:
    """Return the files that hold a virtual drive's disc and what is recorded on it; none for other drives."""
    if not drive.startswith("virtual:"):
        return ()
    from aioimapi.virtual import parse_virtual_url

    path = parse_virtual_url(drive).path
    return (path, f"{path}.state") if path else ()


@asynccontextmanager
async def open_image_or_disc(name: str, file_system: str) -> AsyncIterator[Volume]:
    """Open an image file, or the disc in a drive, as a volume.

    Raises:
        ImageFormatError: There is no file system on it that can be read, or not the one asked for.
        SourceError: The image cannot be read.
        DriveError: The drive cannot be opened or read.
        NoDiscError: The drive is empty.
    """
    from aioimapi.image import open_volume

    if not is_drive(name):
        async with await open_volume(name, file_system=file_system) as volume:
            yield volume
        return
    async with open_reader(name) as recorder:
        disc = await recorder.read()
        session = session_start(await recorder.media())
        async with await open_volume(disc, file_system=file_system, session_start=session) as volume:
            yield volume


@asynccontextmanager
async def open_reader(name: str) -> AsyncIterator[Recorder]:
    """Open a drive for reading only: a mount or another reader is left where it is.

    Raises:
        DriveError: The drive cannot be opened.
    """
    from aioimapi.drive import open_drive
    from aioimapi.recorder import Recorder

    async with open_drive(name, exclusive=False) as drive:
        yield Recorder(drive)


def session_start(media: MediaState) -> int:
    """Return the first sector of the last session that holds something."""
    written = [track for track in media.tracks if not track.blank]
    if media.overwritable or not written:
        return 0
    last = max(track.session for track in written)
    return min(track.start_lba for track in written if track.session == last)
