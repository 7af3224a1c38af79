"""Many drives at once: one event loop, one reading of the source, an outcome for each drive."""

from __future__ import annotations

from aioimapi.rig._shared import SharedFeed as SharedFeed

__all__ = ("SharedFeed",)
