"""A disc on the host's file system: the medium file with the sectors and the sidecar with the state."""

from __future__ import annotations

__all__: tuple[str, ...] = ()  # what programs use is in aioimapi.virtual
