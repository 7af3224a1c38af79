"""One drive: what burning and reading ask of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import attrs

from aioimapi.drive._questions import Questions
from aioimapi.drive._ready import Progress
from aioimapi.errors import DriveBusyError, DriveError, IllegalRequestError
from aioimapi.mmc import (
    MAXIMUM_SPEED,
    CloseFunction,
    CloseTrackSession,
    FormatParameters,
    FormatUnit,
    ModePage,
    ModeParameters,
    ModeSelect10,
    PreventAllowMediumRemoval,
    SendOpcInformation,
    SetCdSpeed,
    SetStreaming,
    StartStopUnit,
    StreamingDescriptor,
    SynchronizeCache10,
    WriteSpeedDescriptor,
    traits_of,
)

LAST_LBA = 0x7FFFFFFF
"""An end of the disc for drives that offer speeds without one."""

TIDY_S = 5.0
"""How long unlocking the tray may take when everything else is already over."""


class Drive(Questions):
    """One drive, open. Get it from :func:`open_drive`; a drive backend's own transport serves, too.

    Commands of several tasks queue. Every answer that is a refusal becomes an error of its own type, with
    command, sector and sense in words.

    Args:
        transport: The way to the drive, open; closed with the drive.
        patience_s: How long a command waits for a drive that is becoming ready or still writing.
    """

    _locked = False
    _holding = False

    async def power_calibration(self) -> bool:
        """Calibrate the laser for the disc (SEND OPC INFORMATION).

        Returns:
            False where the drive has no such command for this disc; it calibrates by itself then.

        Raises:
            MediumError: The calibration failed.
            DriveError: As :meth:`execute`.

        Cancellation:
            The calibration, up to a minute, is waited for. It uses up a bit of the disc's calibration area.
        """
        try:
            await self.execute(SendOpcInformation())
        except IllegalRequestError:
            return False
        return True

    async def set_mode_page(self, page: ModePage) -> None:
        """Set a mode page (MODE SELECT).

        Args:
            page: The page, best as :meth:`mode_page` gave it with changes.

        Raises:
            IllegalRequestError: The drive does not take these values for this disc.
            DriveError: As :meth:`execute`.

        Cancellation:
            The page may be set or not; may be repeated.
        """
        parameters = ModeParameters((page,)).to_bytes(for_select=True)
        await self.execute(ModeSelect10(len(parameters)), parameters)

    async def set_speed(self, write_kbps: int | None) -> int | None:
        """Set the speed for writing.

        Args:
            write_kbps: Thousands of bytes a second; the nearest speed that the drive offers is taken. None
                gives the choice back to the drive.

        Returns:
            The speed that was set in thousands of bytes a second, or None where the drive chooses.

        Raises:
            DriveError: The way to the drive failed. A drive that lets no speed be set is no error.

        Cancellation:
            The speed may be set or not; may be repeated.
        """
        offered = await self.write_speeds()
        chosen = None
        if write_kbps is not None:
            chosen = min(
                offered or (WriteSpeedDescriptor(write_kbps),),
                key=lambda speed: abs(speed.write_kbps - write_kbps),
            )
        if traits_of(await self.current_profile()).family != "CD" and await self._set_streaming(chosen):
            return None if chosen is None else chosen.write_kbps
        command = SetCdSpeed(
            write_kbps=MAXIMUM_SPEED if chosen is None else min(chosen.write_kbps, MAXIMUM_SPEED)
        )
        try:
            await self.execute(command)
        except IllegalRequestError:
            return None
        return None if chosen is None else chosen.write_kbps

    async def _set_streaming(self, chosen: WriteSpeedDescriptor | None) -> bool:
        """Set the speed as DVD and BD want it; False where the drive refuses."""
        wanted = StreamingDescriptor(restore_defaults=True)
        if chosen is not None:
            wanted = StreamingDescriptor.at_speed(chosen)
            if not wanted.end_lba:
                wanted = attrs.evolve(wanted, end_lba=LAST_LBA)
        try:
            await self.execute(SetStreaming(), wanted.to_bytes())
        except IllegalRequestError:
            return False
        return True

    async def format_disc(self, parameters: FormatParameters, *, progress: Progress | None = None) -> None:
        """Format a rewritable disc or a BD-R (FORMAT UNIT); what is on it is lost.

        Args:
            parameters: Made of a descriptor that :meth:`format_capacities` offers.
            progress: Called with how far it is, where the drive tells.

        Raises:
            IllegalRequestError: The disc does not take this format.
            MediumError: It failed.
            DriveError: As :meth:`execute`.

        Cancellation:
            The drive goes on by itself; the disc is not usable before it has ended.
        """
        command = FormatUnit()
        await self.execute(command, parameters.to_bytes())
        await self.wait_done(command, progress=progress)

    async def synchronize_cache(self, *, progress: Progress | None = None) -> None:
        """Bring everything that the drive has taken onto the disc.

        Args:
            progress: Called with how far it is, where the drive tells.

        Raises:
            MediumError: Something could not be written, perhaps of an earlier WRITE.
            DriveError: As :meth:`execute`.

        Cancellation:
            The drive goes on by itself; ask again, or wait with :meth:`wait_ready`.
        """
        await self.run_immediate(SynchronizeCache10(), progress=progress)

    async def close_track_session(
        self, function: CloseFunction, number: int = 0, *, progress: Progress | None = None
    ) -> None:
        """Close a track, the session, or the disc (CLOSE TRACK SESSION).

        Args:
            function: What to close; what each means depends on the disc (MMC-6 6.3.2.3).
            number: Logical track number, for a track.
            progress: Called with how far it is, where the drive tells.

        Raises:
            IllegalRequestError: This disc knows no such closing.
            DriveError: As :meth:`execute`.

        Cancellation:
            The drive goes on by itself and finishes; the disc is then as if nothing had been cancelled.
        """
        await self.run_immediate(CloseTrackSession(function, number), progress=progress)

    async def load(self, timeout_s: float = 60.0) -> None:
        """Close the tray and wait for the disc.

        Args:
            timeout_s: How long to wait for the drive to be ready, in seconds.

        Raises:
            NoDiscError: The drive is empty, or has a tray that only a hand can close.
            DriveError: As :meth:`wait_ready`.

        Cancellation:
            The tray closes all the same.
        """
        with contextlib.suppress(IllegalRequestError):  # no motor: the disc may be in all the same
            await self._begin(StartStopUnit(start=True, load_eject=True))
        await self.wait_ready(timeout_s)
        await self._transport.look_again()

    async def eject(self) -> None:
        """Unlock and open the tray.

        Raises:
            IllegalRequestError: The tray is locked by somebody else (5/53/02), or the drive cannot open it.
            DriveError: As :meth:`execute`.

        Cancellation:
            The tray opens all the same.
        """
        await self.prevent_removal(False)
        await self.execute(StartStopUnit(start=False, load_eject=True))
        await self._transport.look_again()

    async def reload(self, timeout_s: float = 60.0) -> None:
        """Open and close the tray, so that the operating system takes the disc for a new one.

        Linux keeps a disc's size and sectors from the time when it was loaded, and a burn tells it nothing:
        it mounts a disc that was just burned only after this. Some drives, too, can read what they wrote only then.

        Within :meth:`hold_disc` the tray is locked again afterwards. In between a hand can have changed the disc, so
        that only what is read from it says that it is the same.

        Args:
            timeout_s: How long to wait for the drive to be ready again, in seconds.

        Raises:
            NoDiscError: The tray stays open: it can be closed by a hand only, as those of most portable
            drives.
            DriveError: As :meth:`eject` and :meth:`load`.

        Cancellation:
            The tray may be open.
        """
        held, self._disc_held = self._disc_held, False  # the drive will tell that the disc may have changed
        try:
            await self.eject()
            await self.load(timeout_s)
        finally:
            self._disc_held = held
        if held:
            await self.prevent_removal(True)

    async def prevent_removal(self, prevent: bool) -> None:
        """Lock or unlock the tray. Whatever happens, it is unlocked when the drive is closed.

        Args:
            prevent: True locks.

        Raises:
            DriveError: As :meth:`execute`; a drive that has no lock is no error.

        Cancellation:
            The tray may be locked or not; closing the drive unlocks it.
        """
        self._locked = self._locked or prevent
        with contextlib.suppress(IllegalRequestError):
            await self.execute(PreventAllowMediumRemoval(prevent))
        self._locked = prevent

    @asynccontextmanager
    async def hold_disc(self) -> AsyncIterator[None]:
        """Keep the disc in the drive, and take care that it stays the same one; for the length of a burn.

        The tray is locked. Look at the disc inside, not before. A unit attention (the disc may have changed,
        the drive was reset) ends any command with an error instead of a repetition. Afterwards the tray is
        unlocked, whatever happened.

        Raises:
            DriveBusyError: Another task of this process has it already.
            DriveError: As :meth:`execute`.

        Cancellation:
            The tray is unlocked, in at most five seconds.
        """
        if self._holding:
            raise DriveBusyError(
                f"{self.name}: a burn or another job of this process is using the disc; wait for its end",
                drive=self.name,
            )
        self._holding = True
        try:
            await self._test()  # what the drive has to tell of the time before
            self._disc_held = True
            await self.prevent_removal(True)
            yield
        finally:
            self._disc_held = False
            self._lost_hold = None
            self._holding = False
            await self._unlock()

    async def aclose(self) -> None:
        """Unlock the tray where it was locked here, and let go of the drive. Closing twice does nothing.

        Cancellation:
            It is unlocked and closed even then, in bounded time.
        """
        try:
            await self._unlock()
        finally:
            await self._transport.aclose()

    async def _unlock(self) -> None:
        if not self._locked:
            return
        with anyio.move_on_after(TIDY_S, shield=True), contextlib.suppress(DriveError):
            await self.prevent_removal(False)
