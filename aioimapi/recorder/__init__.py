"""Recording: what IMAPI calls disc formats, with progress, proof and a report."""

from __future__ import annotations

from aioimapi.recorder._disc import DiscSource as DiscSource
from aioimapi.recorder._disc import unfinished_sectors as unfinished_sectors
from aioimapi.recorder._ledger import OnProgress as OnProgress
from aioimapi.recorder._media import MEDIA as MEDIA
from aioimapi.recorder._media import Closing as Closing
from aioimapi.recorder._media import MediaTraits as MediaTraits
from aioimapi.recorder._media import choose_closing as choose_closing
from aioimapi.recorder._options import Feeder as Feeder
from aioimapi.recorder._progress import Phase as Phase
from aioimapi.recorder._progress import Progress as Progress
from aioimapi.recorder._progress import ProgressListener as ProgressListener
from aioimapi.recorder._progress import Silence as Silence
from aioimapi.recorder._progress import SpeedSample as SpeedSample
from aioimapi.recorder._progress import Throughput as Throughput
from aioimapi.recorder._recorder import Recorder as Recorder
from aioimapi.recorder._recorder import open_recorder as open_recorder
from aioimapi.recorder._report import DriveIdentity as DriveIdentity
from aioimapi.recorder._report import PhaseTime as PhaseTime
from aioimapi.recorder._report import Report as Report
from aioimapi.recorder._report import TrackReport as TrackReport
from aioimapi.recorder._report import Verification as Verification
from aioimapi.recorder._report import VerifyLevel as VerifyLevel
from aioimapi.recorder._sources import PlacedSource as PlacedSource
from aioimapi.recorder._sources import Plannable as Plannable
from aioimapi.recorder._sources import Source as Source

__all__ = (
    "MEDIA",
    "Closing",
    "DiscSource",
    "DriveIdentity",
    "Feeder",
    "MediaTraits",
    "OnProgress",
    "Phase",
    "PhaseTime",
    "PlacedSource",
    "Plannable",
    "Progress",
    "ProgressListener",
    "Recorder",
    "Report",
    "Silence",
    "Source",
    "SpeedSample",
    "Throughput",
    "TrackReport",
    "Verification",
    "VerifyLevel",
    "choose_closing",
    "open_recorder",
    "unfinished_sectors",
)
