"""For tests of programs that use drives, and of drive backends: fakes, and checks for every transport."""

from __future__ import annotations

from aioimapi.testing._check_transport import TransportOpener as TransportOpener
from aioimapi.testing._check_transport import check_transport as check_transport
from aioimapi.testing._scripted import Answer as Answer
from aioimapi.testing._scripted import ScriptedTransport as ScriptedTransport

__all__ = ("Answer", "ScriptedTransport", "TransportOpener", "check_transport")
