"""Digests of an image in the making: BLAKE3 where it is installed, SHA-256 otherwise.

One type over both, because proving a disc needs what :class:`~aioimapi.image.Hasher` does not ask for: a name
for the report, and a copy of the state before a chunk, so that a bad chunk does not spoil the comparison of
all that follow.
"""

from __future__ import annotations

import hashlib
from typing import Protocol, Self

import attrs

try:
    from blake3 import blake3 as _blake3
except ImportError:  # the extra `fast` is not installed: hashlib's best is a third as fast
    _blake3 = None  # type: ignore[assignment,misc]

MARK_BYTES = 8
"""Bytes of a running digest that are kept per chunk: 2^-64 that a difference goes unseen, 8 MiB for a
petabyte.
"""


class _State(Protocol):
    """What hashlib's and blake3's objects share."""

    def update(self, data: memoryview, /) -> object: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> Self: ...


@attrs.define
class Digest:
    """A running digest with a name; a :class:`~aioimapi.image.Hasher`.

    Attributes:
        name: The algorithm as reports name it: ``blake3``, ``sha256``.
    """

    name: str
    _state: _State

    def update(self, data: memoryview, /) -> None:
        """Take more bytes; the interpreter lock is free meanwhile for buffers of more than 2 KiB."""
        self._state.update(data)

    def digest(self) -> bytes:
        """Return the digest of all bytes taken so far; more may follow."""
        return self._state.digest()

    def hexdigest(self) -> str:
        """Return that digest in hexadecimal."""
        return self._state.hexdigest()

    def mark(self) -> bytes:
        """Return the first 8 bytes of the digest so far: what a burn remembers of each chunk."""
        return self._state.digest()[:MARK_BYTES]

    def copy(self) -> Digest:
        """Return a second digest that has taken the same bytes and goes its own way from here."""
        return Digest(self.name, self._state.copy())

    def adopt(self, other: Digest) -> None:
        """Go on from where another digest stands, as if one had taken its bytes."""
        self.name, self._state = other.name, other._state.copy()


def new_hasher(name: str = "auto") -> Digest:
    """Return an empty digest.

    Args:
        name: ``auto`` (blake3 where it is installed, else sha256), ``blake3``, or any algorithm of
            ``hashlib`` that has a fixed length.

    Raises:
        ValueError: The algorithm is unknown, not installed, or of no fixed length.
    """
    if name == "auto":
        name = "sha256" if _blake3 is None else "blake3"
    if name == "blake3":
        if _blake3 is None:
            raise ValueError("the digest blake3 needs the package of that name: pip install aioimapi[fast]")
        return Digest(name, _blake3())
    try:
        state = hashlib.new(name, usedforsecurity=False)
    except ValueError as error:
        raise ValueError(f"there is no digest {name!r}; known are auto, blake3 and hashlib's") from error
    if not state.digest_size:
        raise ValueError(f"the digest {name!r} has no fixed length, so it cannot stand in a report")
    return Digest(name, state)


__all__ = ("MARK_BYTES", "Digest", "new_hasher")
