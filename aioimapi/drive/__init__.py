"""Drives: open one, ask it, write and read sectors, and hear in words what it refuses."""

from __future__ import annotations

from aioimapi.drive._drive import Drive as Drive
from aioimapi.drive._list import DriveDescription as DriveDescription
from aioimapi.drive._list import list_drives as list_drives
from aioimapi.drive._media import MediaFlags as MediaFlags
from aioimapi.drive._media import MediaState as MediaState
from aioimapi.drive._open import open_drive as open_drive
from aioimapi.drive._ready import Progress as Progress
from aioimapi.drive._ready import Readiness as Readiness
from aioimapi.drive._ready import ReadyState as ReadyState
from aioimapi.drive._trace import DriveStatistics as DriveStatistics
from aioimapi.drive._trace import TraceEvent as TraceEvent
from aioimapi.drive._trace import TraceHook as TraceHook

__all__ = (
    "Drive",
    "DriveDescription",
    "DriveStatistics",
    "MediaFlags",
    "MediaState",
    "Progress",
    "Readiness",
    "ReadyState",
    "TraceEvent",
    "TraceHook",
    "list_drives",
    "open_drive",
)
