"""What the drive does at each command; what depends on the disc it asks of the disc's family."""

from __future__ import annotations

__all__: tuple[str, ...] = ()  # what programs use is in aioimapi.virtual
