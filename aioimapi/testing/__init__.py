"""For tests of programs that use drives, and of drive backends: fakes, and checks for every transport."""

from __future__ import annotations

from aioimapi.testing._check_drive import DriveOpener as DriveOpener
from aioimapi.testing._check_drive import check_drive as check_drive
from aioimapi.testing._check_transport import TransportOpener as TransportOpener
from aioimapi.testing._check_transport import check_transport as check_transport
from aioimapi.testing._drive._report import CheckOutcome as CheckOutcome
from aioimapi.testing._drive._report import DriveReport as DriveReport
from aioimapi.testing._drive._report import Finding as Finding
from aioimapi.testing._drive._report import Severity as Severity
from aioimapi.testing._scripted import Answer as Answer
from aioimapi.testing._scripted import ScriptedTransport as ScriptedTransport

__all__ = (
    "Answer",
    "CheckOutcome",
    "DriveOpener",
    "DriveReport",
    "Finding",
    "ScriptedTransport",
    "Severity",
    "TransportOpener",
    "check_drive",
    "check_transport",
)
