"""Images: every source of sectors, and the only room that reads source files."""

from __future__ import annotations

from aioimapi.image._source import CHUNK_SECTORS as CHUNK_SECTORS
from aioimapi.image._source import Hasher as Hasher
from aioimapi.image._source import SectorReader as SectorReader
from aioimapi.image._source import SectorSource as SectorSource

__all__ = ("CHUNK_SECTORS", "Hasher", "SectorReader", "SectorSource")
