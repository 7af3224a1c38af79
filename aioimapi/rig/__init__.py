"""Many drives at once: one event loop, one reading of the source, an outcome for each drive."""

from __future__ import annotations

from aioimapi.rig._rig import OnOutcome as OnOutcome
from aioimapi.rig._rig import Outcome as Outcome
from aioimapi.rig._rig import Rig as Rig
from aioimapi.rig._rig import RigOptions as RigOptions
from aioimapi.rig._rig import SourceFactory as SourceFactory
from aioimapi.rig._rig import burn as burn
from aioimapi.rig._shared import SharedFeed as SharedFeed

__all__ = ("OnOutcome", "Outcome", "Rig", "RigOptions", "SharedFeed", "SourceFactory", "burn")
