"""How a drive behaves with each family of discs: one module and one :class:`Family` for each."""

from __future__ import annotations

__all__: tuple[str, ...] = ()  # what programs use is in aioimapi.virtual
