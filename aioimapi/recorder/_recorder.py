"""The recorder: what a program uses to burn, compare and read discs in one drive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from aioimapi.drive import Drive, MediaState, open_drive
from aioimapi.errors import (
    DiscNotSupportedError,
    DriveBusyError,
    LocalProtocolError,
    RecordingError,
)
from aioimapi.image import SectorSource
from aioimapi.image._feed import feed
from aioimapi.recorder._burn import READY_S, Burn
from aioimapi.recorder._disc import DiscSource, readable_sectors, refuse_blank
from aioimapi.recorder._ledger import Ledger, OnProgress, Teller
from aioimapi.recorder._options import Feeder, WriteOptions
from aioimapi.recorder._progress import Meter, Phase, ProgressBoard, ProgressListener
from aioimapi.recorder._readback import read_back
from aioimapi.recorder._report import DriveIdentity, Report, VerifyLevel
from aioimapi.recorder._silence import listening
from aioimapi.recorder._sources import Source, open_source, start_of


class Recorder:
    """A drive, as far as burning and reading discs goes (IDiscRecorder2 with IDiscFormat2Data).

    Get it from :func:`open_recorder`.
    One job runs at a time; a second one is refused at once. Jobs may be cancelled by any means of the event loop: by a
    cancel scope, by a time limit, by ``Task.cancel``.

    Args:
        drive: The drive, open; it stays the caller's.
    """

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._board = ProgressBoard()
        self._job = ""
        self._last_report: Report | None = None

    @property
    def name(self) -> str:
        """The path or URL by which the drive was opened."""
        return self._drive.name

    @property
    def drive(self) -> Drive:
        """The drive, for what the recorder does not do; leave it alone while a job runs."""
        return self._drive

    @property
    def last_report(self) -> Report | None:
        """What the last job did, however it ended: with success, an error, or a cancel. None before the first."""
        return self._last_report

    def progress(self) -> ProgressListener:
        """Return an async iterator over the progress of the job that runs, or of the next one where none does.

        It gives the newest value each time; a slow listener misses those in between, and ends with the job.
        """
        return self._board.listen()

    async def media(self) -> MediaState:
        """Return what is in the drive.

        Raises:
            NoDiscError: Nothing, or the tray is open.
            DriveError: The drive does not answer as it should.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        return await self._drive.media_state(look_inside=not self._job)

    async def write(
        self,
        source: Source,
        *,
        verify: VerifyLevel | str = VerifyLevel.FULL,
        speed: float | None = None,
        close: bool = False,
        compatible: bool = True,
        overwrite: bool = False,
        digest: str = "auto",
        tidy_s: float = 60.0,
        reload: bool | None = None,
        on_progress: OnProgress | None = None,
        feeder: Feeder = feed,
    ) -> Report:
        """Burn an image to the disc, and prove that it is there (IDiscFormat2Data::Write).

        The disc is checked before anything is touched. Sequential media get the image as a new session from LBA 0 of a
        blank disc (or from where the image says that it belongs); rewritable ones from LBA 0, formatted first where
        that is needed. A DVD+R is closed, other media are left appendable, unless ``close`` says otherwise or no more
        than 2 % of the disc stays free.

        Args:
            source: An image, any source of sectors, or the path of an .iso file.
            verify: ``none``, ``quick`` or ``full``.
            speed: Write speed as a multiple of 1x, of which the drive takes the nearest; None for its fastest.
            close: Close the disc, so that nothing can be added (ForceMediaToBeClosed).
            compatible: DVD+R: close it as players read it (not DisableConsumerDvdCompatibilityMode).
            overwrite: Write over what a rewritable disc holds (ForceOverwrite).
            digest: ``auto``, ``blake3``, or a name that ``hashlib`` knows.
            tidy_s: Seconds that tidying up after a cancel or an error may take.
            reload: Open and close the tray when all is done. Linux can mount a disc that was just burned only after
                that, so None does it for device nodes, where the drive can close its tray by itself.
            on_progress: Called with each :class:`Progress`, about twice a second; must not wait. If it raises, it is
                not called again, and the report says so.
            feeder: Reads the source ahead; a rig passes a shared one.

        Returns:
            What was done and what is proven; ``str()`` of it is for people.

        Raises:
            DriveBusyError: Another job of this recorder is running.
            NoDiscError: The drive is empty.
            DiscNotSupportedError: This kind of disc cannot be written, or the image was made for another disc.
            DiscNotBlankError: The disc holds something.
            DiscNotWritableError: The disc is closed, read-only or write-protected.
            DiscTooSmallError: The image does not fit; ``needed`` and ``free`` say by how much.
            ImageError: The image cannot be planned or opened; nothing was written.
            RecordingError: The burn failed after the disc was touched: drive and source errors alike, chained as the
                cause. ``report`` tells all that is known.
            VerificationError: All was written, but the disc is not right; ``ranges`` and ``files`` say where.
            DriveError: The drive failed before the disc was touched.

        Cancellation:
            At any point; the command in flight is waited for. Before the first WRITE nothing has happened to the disc,
            except that it may be formatted. After it, what the drive has taken is brought onto the disc, at most
            ``tidy_s`` seconds are spent on that, the tray is unlocked, and :attr:`last_report` says what the disc is
            then: ``blank``, ``appendable``, ``closed``, or ``unknown`` where it could not be asked. A write-once disc
            cannot take the same image again; a rewritable one can. A second native ``Task.cancel`` cuts the tidying up
            short.
        """
        level = VerifyLevel(verify)
        options = WriteOptions(level, speed, close, compatible, overwrite, digest, tidy_s, reload)
        with self._only_job("burn"):
            sectors = await open_source(source)
            async with self._account(sectors, "burn", on_progress) as ledger:
                await Burn(self._drive, sectors, options, ledger, feeder).run()
        assert self._last_report is not None
        return self._last_report

    async def verify(
        self,
        source: Source,
        *,
        level: VerifyLevel | str = VerifyLevel.FULL,
        digest: str = "auto",
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Compare the disc with an image, sector by sector; nothing is written.

        Args:
            source: An image, any source of sectors, or the path of an .iso file. It is compared from LBA 0 on, or from
                where it says that it belongs.
            level: ``quick`` for a sample, ``full`` for every sector.
            digest: The digest to compare by and to report.
            on_progress: As for :meth:`write`.

        Returns:
            What was compared; :attr:`Report.verified` is True.

        Raises:
            VerificationError: The disc differs, or cannot be read; ``ranges`` and ``files`` say where.
            DriveBusyError: Another job of this recorder is running.
            NoDiscError: The drive is empty.
            DiscBlankError: There is nothing on the disc to compare with.
            ImageError: The image cannot be planned, opened or read.
            DriveError: The drive failed.

        Cancellation:
            At any point; nothing is changed. :attr:`last_report` tells how far it came. May be repeated.
        """
        chosen = VerifyLevel(level)
        if chosen is VerifyLevel.NONE:
            raise LocalProtocolError("a verification of level none compares nothing; choose quick or full")
        with self._only_job("verification"):
            sectors = await open_source(source)
            async with self._account(sectors, "verify", on_progress) as ledger:
                async with self._drive.hold_disc():
                    media = await self._drive.media_state(look_inside=False)
                    ledger.disc_seen(media)
                    refuse_blank(media, self.name)
                    ledger.start_lba = start_of(sectors)
                    await read_back(self._drive, sectors, ledger, media, chosen, digest=digest)
                ledger.meter.begin(Phase.COMPLETED)
        assert self._last_report is not None
        return self._last_report

    async def read(self, first: int = 0, count: int | None = None) -> DiscSource:
        """Return the disc as a source of sectors, to be saved, listed or compared; nothing is read yet.

        Of a disc whose burn was broken off, what was recorded can be read: up to the next writable address of its open
        track. :attr:`DiscSource.findings` says so.

        Args:
            first: The first sector.
            count: How many; None for all that can be read.

        Raises:
            NoDiscError: The drive is empty.
            DiscBlankError: Nothing is on the disc. A formatted disc that holds zeros counts as blank, too, unless
                ``count`` is given.
            DiscNotSupportedError: The disc has not that many sectors.
            DriveError: The drive does not answer as it should.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        await self._drive.wait_ready(READY_S)
        media = await self._drive.media_state(look_inside=count is None and not self._job)
        refuse_blank(media, self.name)
        readable, findings = await readable_sectors(self._drive, media)
        end = readable if count is None else first + count
        if not 0 <= first < end <= readable:
            raise DiscNotSupportedError(
                f"{self.name}: sectors {first} to {end} cannot be read: the {media.profile_name} has {readable:,}",
                drive=self.name,
                profile=media.profile_name,
            )
        return DiscSource(
            self._drive, media.profile_name, start_lba=first, sectors=end - first, findings=findings
        )

    async def eject(self) -> None:
        """Open the tray.

        Raises:
            DriveBusyError: A job is running.
            DriveError: The drive cannot, or the tray is locked by somebody else.

        Cancellation:
            The tray opens all the same.
        """
        with self._only_job("eject"):
            await self._drive.eject()

    async def load(self) -> None:
        """Close the tray and wait until the disc can be used.

        Raises:
            NoDiscError: The drive is empty, or has a tray that only a hand can close.
            DriveBusyError: A job is running.
            DriveError: The drive does not answer as it should.

        Cancellation:
            The tray closes all the same.
        """
        with self._only_job("load"):
            await self._drive.load()

    @contextmanager
    def _only_job(self, job: str) -> Iterator[None]:
        if self._job:
            raise DriveBusyError(
                f"{self.name}: a {self._job} is running; wait for its end or cancel it", drive=self.name
            )
        self._job = job
        try:
            yield
        finally:
            self._job = ""
            self._board.finish()

    @asynccontextmanager
    async def _account(
        self, source: SectorSource, job: str, on_progress: OnProgress | None
    ) -> AsyncIterator[Ledger]:
        """Get the drive ready, keep the account of a job, and make the report of it however it ends."""
        warnings: list[str] = []
        meter = Meter(self.name, anyio.current_time, Teller(self._board, on_progress, warnings))
        ledger = Ledger(DriveIdentity(self.name), meter, source, job, warnings=warnings)
        before = self._drive.statistics()
        failure: BaseException | None = None
        try:
            ledger.identity = await self._identity()
            meter.begin(Phase.VALIDATING_MEDIA)
            await self._drive.wait_ready(READY_S)
            # What the drive had to tell of its new disc is no retry of this job.
            before = self._drive.statistics()
            async with listening(self._drive, meter):
                yield ledger
        except BaseException as error:
            failure = error
            raise
        finally:
            now = self._drive.statistics()
            ledger.buffer_waits = now.buffer_waits - before.buffer_waits
            ledger.retries = now.waits - before.waits + now.unit_attentions - before.unit_attentions
            self._last_report = ledger.report(failure)
            if isinstance(failure, RecordingError):
                failure.report = self._last_report

    async def _identity(self) -> DriveIdentity:
        inquiry = await self._drive.inquiry()
        serial = await self._drive.serial_number()
        return DriveIdentity(self.name, inquiry.vendor, inquiry.product, inquiry.revision, serial)


@asynccontextmanager
async def open_recorder(target: str) -> AsyncIterator[Recorder]:
    """Open a drive for burning and reading, and close it again at the end of the ``async with``.

    Args:
        target: A device node (``/dev/sr0``), or a URL (``virtual:disc.bdr?media=bd-r``).

    Yields:
        The recorder. No disc need be in the drive yet.

    Raises:
        UnknownUrlError: No transport has the URL's scheme.
        DriveNotFoundError: There is no such drive, or it is something else than an optical drive.
        DriveAccessError: This process may not use it; the message names node and group.
        DriveBusyError: A mount or another program has it.
        DriveLostError: The drive is gone.

    Cancellation:
        The tray is unlocked where it was locked here, and the drive closed, in bounded time.
    """
    async with open_drive(target) as drive:
        yield Recorder(drive)


__all__ = ("Recorder", "open_recorder")
