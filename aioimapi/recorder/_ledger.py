"""The account that a running job keeps, and the report that it becomes, however the job ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
import attrs

from aioimapi.drive import MediaState
from aioimapi.errors import ImapiError, RecordingError
from aioimapi.image import SectorSource
from aioimapi.mmc import RecordingEvent, RecordingState, Writing, next_state, traits_of
from aioimapi.recorder._progress import Meter, Phase, Progress, ProgressBoard
from aioimapi.recorder._report import DriveIdentity, PhaseTime, Report, TrackReport, Verification

MAX_TRACKS: Final = 99
"""Tracks that a report lists."""

OnProgress = Callable[[Progress], object]
"""What a caller wants told of progress; called in the event loop, must not wait, what it returns is ignored."""


@attrs.define
class Ledger:
    """What is known so far; the attributes are those of :class:`Report`, and filled as facts come in."""

    identity: DriveIdentity
    meter: Meter
    source: SectorSource
    job: str = "burn"
    medium: str = ""
    capacity_sectors: int = 0
    start_lba: int = 0
    sectors_taken: int = 0
    written: bool = False
    verified: bool | None = None
    writing: Writing = Writing.SEQUENTIAL
    state: RecordingState = RecordingState.UNKNOWN
    digest_name: str = ""
    digest: str = ""
    speed_requested: float | None = None
    speed_set: float | None = None
    one_x_bytes: float = 0.0
    buffer_min: float | None = None
    retries: int = 0
    buffer_waits: int = 0
    sessions: int = 0
    tracks: tuple[TrackReport, ...] = ()
    verification: Verification | None = None
    warnings: list[str] = attrs.field(factory=list)

    @property
    def disc_state(self) -> str:
        """What the disc is now: ``blank``, ``appendable``, ``closed`` or ``unknown``."""
        return self.state.told

    @property
    def rewritable(self) -> bool:
        """Whether any sector of the disc can be written again."""
        return self.writing is Writing.OVERWRITE

    def disc_seen(self, media: MediaState) -> None:
        """Note what the drive says of its disc: the only way out of an unknown state."""
        if not self.medium:
            # A drive may call the disc something else once it is closed (tgt: DVD-ROM).
            traits = traits_of(media.profile)
            self.medium, self.writing = traits.name, traits.writing
            self.one_x_bytes = self.meter.one_x_bytes = float(traits.speed_1x_bytes or 0)
        self.capacity_sectors = max(self.capacity_sectors, media.capacity_sectors)
        self.state = media.state
        self.sessions = media.sessions
        self.tracks = tuple(
            TrackReport(track.track, track.session, track.start_lba, track.size_sectors)
            for track in media.tracks[:MAX_TRACKS]
            if not track.blank
        )

    def happened(self, event: RecordingEvent) -> None:
        """Move on in the table of recording states."""
        self.state = next_state(self.writing, self.state, event)

    def report(self, error: BaseException | None = None) -> Report:
        """Return everything that is known now.

        Args:
            error: What ended the job early, if something did.
        """
        meter = self.meter
        meter.end()
        return Report(
            drive=self.identity,
            job=self.job,
            medium=self.medium,
            capacity_sectors=self.capacity_sectors,
            start_lba=self.start_lba,
            sectors=self.source.sector_count,
            sectors_taken=self.sectors_taken,
            written=self.written,
            closed=self.disc_state == "closed",
            verified=self.verified,
            disc_state=self.disc_state,
            rewritable=self.rewritable,
            digest_name=self.digest_name if self.digest else "",
            digest=self.digest,
            speed_requested=self.speed_requested,
            speed_set=self.speed_set,
            one_x_bytes=self.one_x_bytes,
            write=meter.throughput(Phase.WRITING_DATA),
            read=meter.throughput(Phase.VERIFYING),
            phases=tuple(PhaseTime(phase, seconds) for phase, seconds in meter.times()),
            samples=meter.samples(),
            buffer_min=self.buffer_min,
            retries=self.retries,
            buffer_waits=self.buffer_waits,
            sessions=self.sessions,
            tracks=self.tracks,
            verification=self.verification,
            warnings=tuple(self.warnings),
            findings=self.source.findings,
            error="" if error is None else describe(error),
            cause="" if error is None else bare_cause(error, self.identity.name),
        )


def describe(error: BaseException) -> str:
    """Return one line for what ended a job."""
    if isinstance(error, anyio.get_cancelled_exc_class()):
        return "cancelled"
    return str(error) or type(error).__name__


def bare_cause(error: BaseException, drive: str) -> str:
    """Return the same without what a report says in other lines: the drive, how far it came, and what holds now."""
    if isinstance(error, RecordingError) and isinstance(error.__cause__, ImapiError):
        error = error.__cause__
    return describe(error).replace(f" on {drive}", "").removeprefix(f"{drive}: ")


class Teller:
    """Hands progress to the board and to the caller's function.

    A function that raises is not called again: a mistake in a display must not cost a disc. The report tells of it.
    """

    def __init__(self, board: ProgressBoard, on_progress: OnProgress | None, warnings: list[str]) -> None:
        self._board = board
        self._on_progress = on_progress
        self._warnings = warnings

    def __call__(self, progress: Progress) -> None:
        self._board.pin(progress)
        if self._on_progress is None:
            return
        try:
            self._on_progress(progress)
        except Exception as error:  # noqa: BLE001 - see the class
            self._on_progress = None
            self._warnings.append(f"on_progress raised {error!r} and was not called again")


__all__ = ("Ledger", "OnProgress", "Teller", "describe")
