"""Images: every source of sectors, and the only room that reads source files."""

from __future__ import annotations

from aioimapi.image._fsimage import DirectoryItem as DirectoryItem
from aioimapi.image._fsimage import FileSystemImage as FileSystemImage
from aioimapi.image._fsimage import ImageItem as ImageItem
from aioimapi.image._plan import ImagePlan as ImagePlan
from aioimapi.image._plan import PlannedFile as PlannedFile
from aioimapi.image._plan import PlannedName as PlannedName
from aioimapi.image._source import CHUNK_SECTORS as CHUNK_SECTORS
from aioimapi.image._source import Hasher as Hasher
from aioimapi.image._source import SectorReader as SectorReader
from aioimapi.image._source import SectorSource as SectorSource
from aioimapi.image._warnings import PlanWarning as PlanWarning

__all__ = (
    "CHUNK_SECTORS",
    "DirectoryItem",
    "FileSystemImage",
    "Hasher",
    "ImageItem",
    "ImagePlan",
    "PlanWarning",
    "PlannedFile",
    "PlannedName",
    "SectorReader",
    "SectorSource",
)
