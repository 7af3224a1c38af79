"""aioimapi: a recording engine for CD, DVD and Blu-ray on asyncio and trio."""

from __future__ import annotations

__version__ = "0.1.0"
