"""One burn, from the first question to the last comparison, and the way out of it wherever it is cut short."""

from __future__ import annotations

import os
from typing import Final

import anyio
import attrs

from aioimapi.drive import Drive, MediaState
from aioimapi.errors import (
    CommandFailedError,
    DataProtectError,
    DiscNotWritableError,
    DriveClosedError,
    DriveLostError,
    IllegalRequestError,
    ImapiError,
    LocalProtocolError,
    RecordingError,
    StreamingLostError,
)
from aioimapi.image import SectorSource
from aioimapi.image._digest import new_hasher
from aioimapi.mmc import (
    BackgroundFormat,
    BdRPseudoOverwrite,
    CloseFunction,
    Profile,
    RecordingEvent,
    RecordingState,
)
from aioimapi.recorder._checks import Placement, needs_format, place
from aioimapi.recorder._fresh import FreshDisc, closes_by_hand
from aioimapi.recorder._ledger import Ledger
from aioimapi.recorder._meaning import closed_already, closing_event, event_of, what_now
from aioimapi.recorder._options import Feeder, WriteOptions
from aioimapi.recorder._progress import Phase
from aioimapi.recorder._readback import read_back
from aioimapi.recorder._report import VerifyLevel
from aioimapi.recorder._setup import calibrate, choose_format, set_speed, set_write_parameters
from aioimapi.recorder._sources import burst_sectors
from aioimapi.recorder._verify import Marks
from aioimapi.units import SECTOR_SIZE

READY_S: Final = 120.0
"""How long a drive may take to spin up and look at its disc, in seconds."""

LOSS_OF_STREAMING: Final = (0x0C, 0x09)
"""ASC and ASCQ of a write error by loss of streaming (SPC-4 annex F)."""


class Burn:
    """Writes one source to the disc in one drive, once.

    Args:
        drive: The drive, open.
        source: What to write.
        options: How.
        ledger: Where every fact goes.
        feeder: Reads the source ahead.
    """

    def __init__(
        self, drive: Drive, source: SectorSource, options: WriteOptions, ledger: Ledger, feeder: Feeder
    ) -> None:
        self._drive = drive
        self._source = source
        self._options = options
        self._ledger = ledger
        self._feeder = feeder
        self._meter = ledger.meter
        self._touched = False
        self._wrote = False
        self._flushed = False
        self._finished = False
        self._sectors_before = 0
        self._tells_buffer = True
        self._placement: Placement | None = None

    async def run(self) -> None:
        """Do it; the ledger holds what was done, however this ends.

        Raises:
            DiscError: The disc does not suit; nothing was touched.
            RecordingError: The burn failed after the disc was touched.
            VerificationError: The disc is not right.
            ImapiError: Another error before the disc was touched.
        """
        try:
            async with self._drive.hold_disc():
                await self._guarded()
        except RecordingError:
            raise
        except DataProtectError as error:
            # Not every drive tells of a write protection before the first write.
            if self._ledger.sectors_taken:
                raise self._failure(error) from error
            raise DiscNotWritableError(
                f"{error}; nothing was written: lift the protection or use another disc",
                drive=self._drive.name,
                profile=self._ledger.medium,
            ) from error
        except ImapiError as error:
            if not self._touched:
                raise
            raise self._failure(error) from error
        if self._options.reload or (self._options.reload is None and os.path.isabs(self._drive.name)):
            await self._reload()
        self._meter.begin(Phase.COMPLETED)

    async def _guarded(self) -> None:
        try:
            placement = await self._prepare()
            marks = await self._write(placement)
            media = await self._finish(placement)
            if self._options.verify is not VerifyLevel.NONE:
                await read_back(
                    self._drive,
                    self._source,
                    self._ledger,
                    media,
                    self._options.verify,
                    marks=marks,
                    reader=FreshDisc(self._drive, self._ledger, READY_S),
                )
        except BaseException as error:
            await self._tidy_up(error)
            raise

    # --- before the first sector ----------------------------------------------------------------------

    async def _prepare(self) -> Placement:
        drive, ledger, options = self._drive, self._ledger, self._options
        media = await drive.media_state(look_inside=not options.overwrite)
        ledger.disc_seen(media)
        formatting = await choose_format(drive, media) if needs_format(media) else None
        if formatting is not None and not media.formatted:
            media = attrs.evolve(media, free_sectors=formatting.sectors, capacity_sectors=formatting.sectors)
        placement = self._placement = place(
            media,
            self._source,
            drive.name,
            close=options.close,
            compatible=options.compatible,
            overwrite=options.overwrite,
        )
        ledger.start_lba = placement.start_lba
        if placement.closing.reason:
            ledger.warnings.append(placement.closing.reason)
        if formatting is not None:
            self._meter.begin(Phase.FORMATTING_MEDIA)
            self._touched = True
            ledger.happened(RecordingEvent.ERASE_STARTED)
            await drive.format_disc(formatting)
            ledger.happened(RecordingEvent.FORMATTED)
        self._meter.begin(Phase.INITIALIZING_HARDWARE)
        await set_speed(drive, ledger, media, options.speed)
        if placement.traits.write_parameters:
            await set_write_parameters(drive, closes_disc=placement.closing.closes_disc)
        if placement.traits.calibrates:
            self._meter.begin(Phase.CALIBRATING_POWER)
            await calibrate(drive, ledger)
        return placement

    # --- writing --------------------------------------------------------------------------------------

    async def _write(self, placement: Placement) -> Marks:
        source, meter, start = self._source, self._meter, placement.start_lba
        speed = self._ledger.speed_set
        burst = burst_sectors(
            source.sector_count, None if speed is None else speed * self._ledger.one_x_bytes
        )
        hasher = new_hasher(self._options.digest)
        self._ledger.digest_name = hasher.name
        marks = Marks(hasher.name, burst)
        self._sectors_before = self._drive.statistics().sectors_written
        meter.begin(Phase.WRITING_DATA, source.sector_count)
        written = 0
        async with self._feeder(source, hasher=hasher, chunk_sectors=burst) as chunks:
            async for chunk in chunks:
                self._touched = self._wrote = True
                await self._drive.write_burst(start + chunk.first, chunk.data)
                self._ledger.happened(RecordingEvent.WRITTEN)
                marks.add(chunk.digest)
                sectors = len(chunk.data) // SECTOR_SIZE
                written += sectors
                if meter.advance(sectors):
                    meter.update(await self._buffer_fill())
        if written != source.sector_count:
            raise LocalProtocolError(f"the source gave {written:,} of its {source.sector_count:,} sectors")
        self._ledger.digest = hasher.hexdigest()
        await self._pad(start + written, placement.sectors - written)
        return marks

    async def _pad(self, lba: int, sectors: int) -> None:
        if sectors > 0:
            await self._drive.write_burst(lba, memoryview(bytes(sectors * SECTOR_SIZE)))

    async def _buffer_fill(self) -> float | None:
        """Ask the drive how full its buffer is; one that does not say is not asked again."""
        if not self._tells_buffer:
            return None
        capacity = await self._drive.buffer_capacity()
        if capacity is None or capacity.length == 0:
            self._tells_buffer = False
            return None
        fill = min(1.0, max(0.0, 1.0 - capacity.available_bytes / capacity.length))
        # The last reading is of a buffer that nobody fills any more, and the first of one that has hardly begun.
        if 0 < self._meter.sectors_done < self._source.sector_count:
            lowest = self._ledger.buffer_min
            if lowest is not None or fill > 0:  # a buffer that was never filled cannot run empty
                self._ledger.buffer_min = fill if lowest is None else min(lowest, fill)
        return fill

    # --- after the last sector ------------------------------------------------------------------------

    async def _finish(self, placement: Placement) -> MediaState:
        drive, ledger = self._drive, self._ledger
        self._meter.begin(Phase.FINALIZATION)
        await drive.synchronize_cache()
        self._flushed = True
        ledger.happened(RecordingEvent.SYNCHRONIZED)
        for function in await self._closing_functions(placement):
            await self._close(function, placement)
        await drive.wait_ready(READY_S)
        media = await drive.media_state(look_inside=False)
        ledger.disc_seen(media)
        self._count()
        ledger.written = self._finished = True
        if placement.closing.closes_disc and ledger.disc_state != "closed":
            ledger.warnings.append(
                f"the disc should be closed now, but the drive calls it {ledger.disc_state}"
            )
        return media

    async def _reload(self) -> None:
        """Have the operating system see the disc as it is now.

        It keeps size and sectors of the disc that was loaded, a blank one, and can mount the burned one only after the
        tray has moved. What goes wrong here is no failure of the burn.
        """
        try:
            if not self._options.reload and await closes_by_hand(self._drive):
                advice = "take the disc out and put it in again before mounting it"
                self._ledger.warnings.append(f"the drive cannot close its tray by itself: {advice}")
                return
            await self._drive.reload(READY_S)
        except (ImapiError, TimeoutError) as error:
            self._ledger.warnings.append(
                f"the disc could not be loaded anew, so it may not be mountable yet: {error}"
            )

    async def _closing_functions(self, placement: Placement) -> tuple[CloseFunction, ...]:
        if not placement.traits.overwritable:
            functions = placement.closing.functions
            if CloseFunction.SESSION in functions and await self._keeps_session_open(placement):
                # Its one session stays open as long as anything can be written; the disc is readable without that.
                return tuple(function for function in functions if function is not CloseFunction.SESSION)
            return functions
        # IMAPI ends a background format with the burn; else the disc could not leave the drive for an hour.
        information = await self._drive.disc_information()
        running = information.background_format is BackgroundFormat.RUNNING
        return (CloseFunction.STOP_FORMAT,) if running else ()

    async def _keeps_session_open(self, placement: Placement) -> bool:
        """Return whether it is a BD-R formatted for pseudo-overwrite, whose session drives refuse to close."""
        if placement.traits.profile is not Profile.BD_R_SEQUENTIAL:
            return False
        return (await self._drive.features()).is_current(BdRPseudoOverwrite)

    async def _close(self, function: CloseFunction, placement: Placement) -> None:
        """Close something; a drive that has closed it by itself already may refuse.

        tgt's DVD+R is a DVD-ROM after CLOSE TRACK; in track-at-once mode a flush closes a CD's track.
        """
        number = placement.track if function is CloseFunction.TRACK else 0
        try:
            await self._drive.close_track_session(function, number)
        except IllegalRequestError:
            await self._drive.wait_ready(READY_S)
            media = await self._drive.media_state(look_inside=False)
            if not closed_already(function, placement, media):
                raise
            self._ledger.disc_seen(media)
            return
        event = closing_event(function, placement)
        if event is not None and self._ledger.state is not RecordingState.CLOSED:
            self._ledger.happened(event)

    # --- the way out ----------------------------------------------------------------------------------

    async def _tidy_up(self, error: BaseException) -> None:
        """Bring what was written onto the disc, leave the disc as usable as it can be, and ask it what it is now.

        Bounded, and shielded from further cancelling. If the time runs out, or the drive is gone, the disc's state is
        unknown, never assumed.
        """
        if not self._touched or self._finished:
            return
        ledger = self._ledger
        event = event_of(error)
        if event is not None:
            ledger.happened(event)
        asked = False
        try:
            with anyio.move_on_after(self._options.tidy_s, shield=True):
                # Passes the unit attentions that a reset or a time limit leaves behind.
                await self._drive.wait_ready(self._options.tidy_s)
                if self._wrote and self._placement is not None:
                    await self._flush_after_failure(self._placement)
                ledger.disc_seen(await self._drive.media_state(look_inside=False))
                asked = True
        except ImapiError as problem:
            ledger.warnings.append(f"the disc's state could not be read back: {problem}")
        finally:
            if not asked:
                ledger.state = RecordingState.UNKNOWN
            self._count()

    async def _flush_after_failure(self, placement: Placement) -> None:
        ledger = self._ledger
        try:
            if not self._flushed:
                await self._drive.synchronize_cache()
                self._flushed = True
                ledger.happened(RecordingEvent.SYNCHRONIZED)
            for function in placement.traits.abort:
                await self._drive.close_track_session(function, placement.track)
        except (DriveLostError, DriveClosedError):
            raise
        except ImapiError as problem:
            # A track that the flush has closed already is refused, and that is well.
            if not (self._flushed and isinstance(problem, IllegalRequestError)):
                ledger.warnings.append(f"what the drive held could not be brought onto the disc: {problem}")

    def _count(self) -> None:
        """Note how many sectors of the image the drive has taken, those of a WRITE included that nobody waited for."""
        if self._wrote:
            taken = self._drive.statistics().sectors_written - self._sectors_before
            self._ledger.sectors_taken = min(taken, self._source.sector_count)

    def _failure(self, error: ImapiError) -> RecordingError:
        ledger = self._ledger
        kind = RecordingError
        lba = ledger.start_lba + ledger.sectors_taken if self._flushed else None
        if isinstance(error, CommandFailedError):
            lba = error.lba if error.lba is not None else lba
            if (error.asc, error.ascq) == LOSS_OF_STREAMING:
                kind = StreamingLostError
        taker = "the drive" if self._drive.name in str(error) else self._drive.name
        return kind(
            f"{error}; {taker} had taken {ledger.sectors_taken:,} of {self._source.sector_count:,} sectors "
            f"({self._meter.phase}), {what_now(ledger)}",
            drive=self._drive.name,
            lba=lba,
            sectors_written=ledger.sectors_taken,
            disc_state=ledger.disc_state,
        )


__all__ = ("Burn",)
