"""Images: every source of sectors, and the only room that reads source files.

What reads images is loaded when the first of its names is used: who makes an image needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from aioimapi.fs._iso_options import IsoOptions as IsoOptions
from aioimapi.fs.eltorito import BootEntry as BootEntry
from aioimapi.fs.eltorito import Emulation as Emulation
from aioimapi.fs.eltorito import Platform as Platform
from aioimapi.image._boot import BootImage as BootImage
from aioimapi.image._boot import BootOptions as BootOptions
from aioimapi.image._boot import UsbBoot as UsbBoot
from aioimapi.image._copy import save_sectors as save_sectors
from aioimapi.image._digest import Digest as Digest
from aioimapi.image._digest import new_hasher as new_hasher
from aioimapi.image._feed import Chunk as Chunk
from aioimapi.image._feed import feed as feed
from aioimapi.image._fsimage import FileSystemImage as FileSystemImage
from aioimapi.image._items import DirectoryItem as DirectoryItem
from aioimapi.image._items import ImageItem as ImageItem
from aioimapi.image._items import ItemCount as ItemCount
from aioimapi.image._media import MEDIA as MEDIA
from aioimapi.image._media import FreeMedium as FreeMedium
from aioimapi.image._media import Medium as Medium
from aioimapi.image._plan import ImagePlan as ImagePlan
from aioimapi.image._plan import PlannedFile as PlannedFile
from aioimapi.image._plan import PlannedName as PlannedName
from aioimapi.image._source import CHUNK_SECTORS as CHUNK_SECTORS
from aioimapi.image._source import Hasher as Hasher
from aioimapi.image._source import SectorReader as SectorReader
from aioimapi.image._source import SectorSource as SectorSource
from aioimapi.image._split import DiscSet as DiscSet
from aioimapi.image._split import SplitDisc as SplitDisc
from aioimapi.image._split import SplitFile as SplitFile
from aioimapi.image._warnings import PlanWarning as PlanWarning

if TYPE_CHECKING:
    from aioimapi.fs.eltorito._read import BootCatalog as BootCatalog
    from aioimapi.image._extract import ExtractReport as ExtractReport
    from aioimapi.image._extract import SkippedEntry as SkippedEntry
    from aioimapi.image._isofile import IsoFile as IsoFile
    from aioimapi.image._volume import Volume as Volume
    from aioimapi.image._volume import open_volume as open_volume

_READERS = {
    "BootCatalog": "_volume",
    "ExtractReport": "_extract",
    "IsoFile": "_isofile",
    "SkippedEntry": "_extract",
    "Volume": "_volume",
    "open_volume": "_volume",
}

__all__ = (
    "CHUNK_SECTORS",
    "MEDIA",
    "BootCatalog",
    "BootEntry",
    "BootImage",
    "BootOptions",
    "Chunk",
    "Digest",
    "DirectoryItem",
    "DiscSet",
    "Emulation",
    "ExtractReport",
    "FileSystemImage",
    "FreeMedium",
    "Hasher",
    "ImageItem",
    "ImagePlan",
    "IsoFile",
    "IsoOptions",
    "ItemCount",
    "Medium",
    "PlanWarning",
    "PlannedFile",
    "PlannedName",
    "Platform",
    "SectorReader",
    "SectorSource",
    "SkippedEntry",
    "SplitDisc",
    "SplitFile",
    "UsbBoot",
    "Volume",
    "feed",
    "new_hasher",
    "open_volume",
    "save_sectors",
)


def __getattr__(name: str) -> object:
    module = _READERS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
