"""What ends a connection: an initiator that breaks the protocol."""

from __future__ import annotations


class BrokenPduError(Exception):
    """The initiator sent what RFC 7143 does not allow. It never leaves the room: the connection ends with it."""
