"""Images: every source of sectors, and the only room that reads source files."""

from __future__ import annotations

from aioimapi.image._copy import save_sectors as save_sectors
from aioimapi.image._digest import Digest as Digest
from aioimapi.image._digest import new_hasher as new_hasher
from aioimapi.image._extract import ExtractReport as ExtractReport
from aioimapi.image._extract import SkippedEntry as SkippedEntry
from aioimapi.image._feed import Chunk as Chunk
from aioimapi.image._feed import feed as feed
from aioimapi.image._fsimage import DirectoryItem as DirectoryItem
from aioimapi.image._fsimage import FileSystemImage as FileSystemImage
from aioimapi.image._fsimage import ImageItem as ImageItem
from aioimapi.image._isofile import IsoFile as IsoFile
from aioimapi.image._plan import ImagePlan as ImagePlan
from aioimapi.image._plan import PlannedFile as PlannedFile
from aioimapi.image._plan import PlannedName as PlannedName
from aioimapi.image._source import CHUNK_SECTORS as CHUNK_SECTORS
from aioimapi.image._source import Hasher as Hasher
from aioimapi.image._source import SectorReader as SectorReader
from aioimapi.image._source import SectorSource as SectorSource
from aioimapi.image._volume import Volume as Volume
from aioimapi.image._volume import open_volume as open_volume
from aioimapi.image._warnings import PlanWarning as PlanWarning

__all__ = (
    "CHUNK_SECTORS",
    "Chunk",
    "Digest",
    "DirectoryItem",
    "ExtractReport",
    "FileSystemImage",
    "Hasher",
    "ImageItem",
    "ImagePlan",
    "IsoFile",
    "PlanWarning",
    "PlannedFile",
    "PlannedName",
    "SectorReader",
    "SectorSource",
    "SkippedEntry",
    "Volume",
    "feed",
    "new_hasher",
    "open_volume",
    "save_sectors",
)
