"""What a disc is: its kind, and what is recorded on it. Pure state, no files and no commands."""

from __future__ import annotations

__all__: tuple[str, ...] = ()  # what programs use is in aioimapi.virtual
