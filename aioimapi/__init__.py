"""aioimapi: a recording engine for CD, DVD and Blu-ray on asyncio and trio.

The front door: the names that most programs need, each from its room. A room is loaded when the first of its names is
used, so that a program that only makes images never loads the SCSI commands.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioimapi.drive import Drive as Drive
    from aioimapi.drive import DriveDescription as DriveDescription
    from aioimapi.drive import MediaState as MediaState
    from aioimapi.drive import list_drives as list_drives
    from aioimapi.drive import open_drive as open_drive
    from aioimapi.fs import FileSystem as FileSystem
    from aioimapi.image import FileSystemImage as FileSystemImage
    from aioimapi.image import ImagePlan as ImagePlan
    from aioimapi.image import IsoFile as IsoFile
    from aioimapi.image import SectorReader as SectorReader
    from aioimapi.image import SectorSource as SectorSource
    from aioimapi.image import Volume as Volume
    from aioimapi.image import open_volume as open_volume
    from aioimapi.recorder import Phase as Phase
    from aioimapi.recorder import Progress as Progress
    from aioimapi.recorder import Recorder as Recorder
    from aioimapi.recorder import Report as Report
    from aioimapi.recorder import VerifyLevel as VerifyLevel
    from aioimapi.recorder import open_recorder as open_recorder

__version__ = "0.1.0"

_ROOMS = {
    "aioimapi.drive": ("Drive", "DriveDescription", "MediaState", "list_drives", "open_drive"),
    "aioimapi.fs": ("FileSystem",),
    "aioimapi.image": (
        "FileSystemImage",
        "ImagePlan",
        "IsoFile",
        "SectorReader",
        "SectorSource",
        "Volume",
        "open_volume",
    ),
    "aioimapi.recorder": ("Phase", "Progress", "Recorder", "Report", "VerifyLevel", "open_recorder"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = (
    "Drive",
    "DriveDescription",
    "FileSystem",
    "FileSystemImage",
    "ImagePlan",
    "IsoFile",
    "MediaState",
    "Phase",
    "Progress",
    "Recorder",
    "Report",
    "SectorReader",
    "SectorSource",
    "VerifyLevel",
    "Volume",
    "__version__",
    "list_drives",
    "open_drive",
    "open_recorder",
    "open_volume",
)


def __getattr__(name: str) -> object:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(room), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
