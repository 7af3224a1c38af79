"""Ways to carry a command to a drive: Linux device nodes, virtual drives, and what other packages add.

A transport knows nothing of what a command means: it takes a :class:`aioimapi.mmc.Command` and a buffer, and
brings back status and sense. Drive backends subclass :class:`BlockingTransport` or :class:`Transport`, are
offered by an entry point of the group ``aioimapi.transports``, and prove themselves with
:func:`aioimapi.testing.check_transport`.
"""

from __future__ import annotations

from aioimapi.transport._base import Buffer as Buffer
from aioimapi.transport._base import InFlight as InFlight
from aioimapi.transport._base import Outcome as Outcome
from aioimapi.transport._base import Reply as Reply
from aioimapi.transport._base import Transport as Transport
from aioimapi.transport._blocking import BlockingTransport as BlockingTransport
from aioimapi.transport._open import TransportFactory as TransportFactory
from aioimapi.transport._open import known_schemes as known_schemes
from aioimapi.transport._open import open_transport as open_transport
from aioimapi.transport._sysfs import TargetDescription as TargetDescription
from aioimapi.transport._sysfs import list_targets as list_targets

__all__ = (
    "BlockingTransport",
    "Buffer",
    "InFlight",
    "Outcome",
    "Reply",
    "TargetDescription",
    "Transport",
    "TransportFactory",
    "known_schemes",
    "list_targets",
    "open_transport",
)
