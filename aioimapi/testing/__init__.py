"""For tests of programs that use drives, and of drive backends: fakes, and checks for every transport."""

from __future__ import annotations

from aioimapi.testing._scripted import Answer as Answer
from aioimapi.testing._scripted import ScriptedTransport as ScriptedTransport

__all__ = ("Answer", "ScriptedTransport")
