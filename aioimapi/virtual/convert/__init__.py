"""Discs made of image files and CD sheets, and the way back."""

from __future__ import annotations

__all__: tuple[str, ...] = ()  # what programs use is in aioimapi.virtual
