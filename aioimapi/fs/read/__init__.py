"""Readers of ISO 9660, Joliet, Rock Ridge and UDF: sans-I/O, lenient, bounded against hostile images.

A reader is a generator that yields :class:`SectorRequest` and is sent bytes (see :data:`Parser`).
:func:`detect` finds the trees of an image and opens one; its ``children()`` reads a directory.
"""

from __future__ import annotations

from aioimapi.fs.read._base import BURST_SECTORS as BURST_SECTORS
from aioimapi.fs.read._base import READ_FAULTS as READ_FAULTS
from aioimapi.fs.read._base import Findings as Findings
from aioimapi.fs.read._base import ImageContext as ImageContext
from aioimapi.fs.read._base import Parser as Parser
from aioimapi.fs.read._base import SectorRequest as SectorRequest
from aioimapi.fs.read._choice import PREFERENCE as PREFERENCE
from aioimapi.fs.read._detect import Detected as Detected
from aioimapi.fs.read._detect import detect as detect
from aioimapi.fs.read._guard import MAX_DEPTH as MAX_DEPTH
from aioimapi.fs.read._guard import WalkGuard as WalkGuard
from aioimapi.fs.read._size import VolumeSize as VolumeSize
from aioimapi.fs.read._size import measure as measure
from aioimapi.fs.read._tree import HOLE as HOLE
from aioimapi.fs.read._tree import Entry as Entry
from aioimapi.fs.read._tree import EntryKind as EntryKind
from aioimapi.fs.read._tree import FileSystem as FileSystem

__all__ = (
    "BURST_SECTORS",
    "HOLE",
    "MAX_DEPTH",
    "PREFERENCE",
    "READ_FAULTS",
    "Detected",
    "Entry",
    "EntryKind",
    "FileSystem",
    "Findings",
    "ImageContext",
    "Parser",
    "SectorRequest",
    "VolumeSize",
    "WalkGuard",
    "detect",
    "measure",
)
