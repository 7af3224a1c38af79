"""Burning on many drives at once; each fails alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import anyio
import attrs

from aioimapi._tasks import task_group
from aioimapi.errors import DriveBusyError, ImapiError
from aioimapi.image import SectorSource
from aioimapi.image._digest import Digest
from aioimapi.image._feed import Chunk, feed
from aioimapi.recorder import Feeder, OnProgress, Recorder, Report, Source, VerifyLevel, open_recorder
from aioimapi.recorder._sources import burst_sectors, open_source
from aioimapi.rig._shared import SharedFeed

logger = logging.getLogger(__name__)

SourceFactory: TypeAlias = Callable[[str], Source]
"""Called with a drive's name; returns what to burn there."""


@attrs.frozen
class RigOptions:
    """How to burn, on all drives alike; as the arguments of :meth:`aioimapi.recorder.Recorder.write`.

    Attributes:
        verify: ``none``, ``quick`` or ``full``.
        speed: Write speed as a multiple of 1x; None for each drive's fastest.
        close: Close the discs.
        compatible: DVD+R: close them as players read them.
        overwrite: Write over what rewritable discs hold.
        digest: The digest's name.
        tidy_s: Seconds that tidying up after a cancel or an error may take.
        eject: Open the tray of each drive where all went well.
    """

    verify: VerifyLevel | str = VerifyLevel.FULL
    speed: float | None = None
    close: bool = False
    compatible: bool = True
    overwrite: bool = False
    digest: str = "auto"
    tidy_s: float = 60.0
    eject: bool = False


@attrs.frozen
class Outcome:
    """How a burn on one drive ended.

    Attributes:
        target: The drive's path or URL.
        report: What was done; None where the drive could not be opened.
        error: What ended it, or None.
        finished: Whether it came to its end, good or bad; False where it was cancelled, or has not ended yet.
        cancelled: Whether a cancel ended it.
    """

    target: str
    report: Report | None = None
    error: ImapiError | None = None
    finished: bool = False
    cancelled: bool = False

    @property
    def ok(self) -> bool:
        """Whether the disc was written, and proven where that was asked for."""
        return self.finished and self.error is None

    def __str__(self) -> str:
        """Return one line."""
        if self.error is not None:
            return f"{self.target}: failed: {self.error}"
        if self.cancelled:
            state = "unknown" if self.report is None else self.report.disc_state
            return f"{self.target}: cancelled; the disc is {state}"
        if not self.finished:
            return f"{self.target}: not finished"
        verified = self.report is not None and self.report.verified
        return f"{self.target}: written{' and verified' if verified else ''}"


OnOutcome: TypeAlias = Callable[[Outcome], object]
"""Called in the event loop with a drive's outcome the moment it is there; must not wait."""


class Rig:
    """Several drives that burn at once, from one event loop.

    Args:
        targets: The drives, as paths or URLs.

    Raises:
        DriveBusyError: A drive is named twice.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        for index, target in enumerate(targets):
            if target in targets[:index]:
                raise DriveBusyError(
                    f"{target} is named twice; a drive burns one disc at a time", drive=target
                )
        self._outcomes = [Outcome(target) for target in targets]
        self._on_outcome: OnOutcome | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How it stands for each drive, in the order of the targets: while it runs, and after a cancel, too."""
        return tuple(self._outcomes)

    async def burn(
        self,
        source: Source | SourceFactory,
        options: RigOptions | None = None,
        *,
        on_progress: OnProgress | None = None,
        on_outcome: OnOutcome | None = None,
    ) -> list[Outcome]:
        """Burn on all drives at once.

        One source for all is planned once and read once, for all drives together; a drive that falls behind leaves
        that reading and reads for itself. A factory gives each drive a source of its own.

        Args:
            source: What to burn on all of them, or a function that says it for each.
            options: How to burn.
            on_progress: Called with each drive's progress, whose ``drive`` says which; must not wait.
            on_outcome: Called with each drive's outcome when that drive has ended, while others go on: so that who
                stands beside the drives hears at once of one that failed. If it raises, it is not called again.

        Returns:
            An outcome for each drive, in order. A drive that fails, or cannot even be opened, has its error there and
            disturbs no other.

        Raises:
            ImageError: The one source for all cannot be planned or opened; no drive was touched.

        Cancellation:
            All burns are cancelled, each as :meth:`aioimapi.recorder.Recorder.write` says; what became of each disc is
            in :attr:`outcomes`.
        """
        chosen = RigOptions() if options is None else options
        self._outcomes = [Outcome(outcome.target) for outcome in self._outcomes]
        self._on_outcome = on_outcome
        if not isinstance(source, SectorSource) and callable(source):
            await self._burn_all([_Job(source, chosen, on_progress) for _ in self._outcomes])
            return self._outcomes
        sectors = await open_source(source)
        job = _Job(lambda _: sectors, chosen, on_progress)
        if len(self._outcomes) < 2:
            await self._burn_all([job for _ in self._outcomes])
        else:
            await self._burn_shared(sectors, job)
        return self._outcomes

    async def _burn_shared(self, source: SectorSource, job: _Job) -> None:
        members = len(self._outcomes)
        shared = SharedFeed(
            source,
            chunk_sectors=burst_sectors(source.sector_count),
            members=members,
            digest_name=job.options.digest,
        )
        async with task_group() as tasks:
            tasks.start_soon(shared.run, name="shared feed")
            await self._burn_all([attrs.evolve(job, ticket=_Ticket(shared)) for _ in range(members)])
            tasks.cancel_scope.cancel()

    async def _burn_all(self, jobs: Sequence[_Job]) -> None:
        async with task_group() as tasks:
            for index, job in enumerate(jobs):
                tasks.start_soon(self._burn_one, index, job, name=self._outcomes[index].target)

    async def _burn_one(self, index: int, job: _Job) -> None:
        target = self._outcomes[index].target
        report: Report | None = None
        try:
            async with open_recorder(target) as recorder:
                try:
                    await job.run(recorder, target)
                finally:
                    report = recorder.last_report
            self._end(index, Outcome(target, report, finished=True))
        except ImapiError as error:
            self._end(index, Outcome(target, report, error, finished=True))
        except BaseException as error:
            cancelled = isinstance(error, anyio.get_cancelled_exc_class())
            self._end(index, Outcome(target, report, cancelled=cancelled))
            raise
        finally:
            if job.ticket is not None:
                job.ticket.give_back()

    def _end(self, index: int, outcome: Outcome) -> None:
        self._outcomes[index] = outcome
        if self._on_outcome is None:
            return
        try:
            self._on_outcome(outcome)
        except Exception:
            # A mistake in a display must not cost the other discs.
            self._on_outcome = None
            logger.exception("on_outcome raised and is not called again")


class _Ticket:
    """One drive's place in the shared reading; given back if the burn ends before it reads."""

    def __init__(self, shared: SharedFeed) -> None:
        self._shared = shared
        self._used = False

    def feed(
        self,
        source: SectorSource,
        first: int = 0,
        count: int | None = None,
        *,
        hasher: Digest | None = None,
        chunk_sectors: int = 0,
    ) -> AbstractAsyncContextManager[AsyncIterator[Chunk]]:
        """Read from the shared window."""
        self._used = True
        return self._shared.feed(source, first, count, hasher=hasher, chunk_sectors=chunk_sectors)

    def give_back(self) -> None:
        """Let the others begin without this drive."""
        if not self._used:
            self._used = True
            self._shared.leave()


@attrs.frozen
class _Job:
    """What one drive has to do."""

    source: SourceFactory
    options: RigOptions
    on_progress: OnProgress | None
    ticket: _Ticket | None = None

    async def run(self, recorder: Recorder, target: str) -> None:
        options = self.options
        feeder: Feeder = feed if self.ticket is None else self.ticket.feed
        await recorder.write(
            self.source(target),
            verify=options.verify,
            speed=options.speed,
            close=options.close,
            compatible=options.compatible,
            overwrite=options.overwrite,
            digest=options.digest,
            tidy_s=options.tidy_s,
            reload=False
            if options.eject
            else None,  # a disc that leaves the drive is seen anew when it comes back
            on_progress=self.on_progress,
            feeder=feeder,
        )
        if options.eject:
            await recorder.eject()


async def burn(
    targets: Sequence[str],
    source: Source | SourceFactory,
    options: RigOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
    on_outcome: OnOutcome | None = None,
) -> list[Outcome]:
    """Burn on several drives at once and return an outcome for each; see :meth:`Rig.burn`.

    Raises:
        DriveBusyError: A drive is named twice.
        ImageError: The one source for all cannot be planned or opened; no drive was touched.

    Cancellation:
        As :meth:`Rig.burn`; use a :class:`Rig` to learn what became of each disc.
    """
    return await Rig(targets).burn(source, options, on_progress=on_progress, on_outcome=on_outcome)


__all__ = ("OnOutcome", "Outcome", "Rig", "RigOptions", "SourceFactory", "burn")
