"""One drive: what burning and reading ask of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from aioimapi.drive._ready import Progress
from aioimapi.drive._transfer import Transfers
from aioimapi.errors import (
    CommandFailedError,
    DriveBusyError,
    DriveError,
    IllegalRequestError,
    NotReadyError,
    RemoteProtocolError,
)
from aioimapi.mmc import (
    BufferCapacity,
    CapacityData,
    CloseFunction,
    CloseTrackSession,
    DiscInformation,
    FeatureSet,
    GetConfiguration,
    Inquiry,
    InquiryData,
    PreventAllowMediumRemoval,
    Profile,
    ReadBufferCapacity,
    ReadCapacity,
    ReadDiscInformation,
    ReadTrackInformation,
    RequestedType,
    SendOpcInformation,
    StartStopUnit,
    SynchronizeCache10,
    TrackAddressType,
    TrackInformation,
    UnitSerialNumber,
    VitalProductPage,
)

TIDY_S = 5.0
"""How long unlocking the tray may take when everything else is already over."""


class Drive(Transfers):
    """One drive, open. Get it from :func:`open_drive`; a drive backend's own transport serves, too.

    Commands of several tasks queue. Every answer that is a refusal becomes an error of its own type, with
    command, sector and sense in words.

    Args:
        transport: The way to the drive, open; closed with the drive.
        patience_s: How long a command waits for a drive that is becoming ready or still writing.
    """

    _inquiry: InquiryData | None = None
    _locked = False

    async def inquiry(self) -> InquiryData:
        """Return vendor, product and revision; the drive is asked once.

        Raises:
            DriveError: As :meth:`execute`.
            RemoteProtocolError: The answer is too short.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        if self._inquiry is None:
            self._inquiry = InquiryData.parse(await self.query(Inquiry()))
        return self._inquiry

    async def serial_number(self) -> str:
        """Return the drive's serial number, or an empty string where it tells none.

        Raises:
            DriveError: The way to the drive failed.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        page = VitalProductPage.UNIT_SERIAL_NUMBER
        with contextlib.suppress(CommandFailedError, RemoteProtocolError):
            answer = await self.query(Inquiry(vital_product_data=True, page_code=page), patience_s=0)
            return UnitSerialNumber.parse(answer).serial
        return ""

    async def features(self) -> FeatureSet:
        """Return what the drive can do, and with this disc (GET CONFIGURATION).

        Raises:
            IllegalRequestError: The drive is older than MMC-2 and cannot tell.
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        # More than a bus moves at once can be announced, never filled: whole lists are below 1 KiB.
        length = min(GetConfiguration().allocation_length, self.max_transfer_bytes)
        return FeatureSet.parse(await self.query(GetConfiguration(allocation_length=length)))

    async def current_profile(self) -> Profile:
        """Return the kind of the disc that is in; :attr:`aioimapi.mmc.Profile.NONE` without one.

        Raises:
            DriveError: As :meth:`features`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        command = GetConfiguration(RequestedType.CURRENT, allocation_length=8)
        return FeatureSet.parse(await self.query(command)).current_profile

    async def disc_information(self) -> DiscInformation:
        """Return the disc's state, sessions and tracks (READ DISC INFORMATION).

        Raises:
            NotReadyError: There is no disc, or the drive is not ready.
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        return DiscInformation.parse(await self.query(ReadDiscInformation()))

    async def track_information(self, track: int) -> TrackInformation:
        """Return where a track lies, what is free in it and where the next write goes.

        Args:
            track: Logical track number, from 1; 255 is the track that the next write would begin.

        Raises:
            IllegalRequestError: There is no such track, or the disc has no tracks.
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        command = ReadTrackInformation(TrackAddressType.TRACK, track)
        return TrackInformation.parse(await self.query(command))

    async def capacity(self) -> CapacityData:
        """Return how many sectors can be read (READ CAPACITY).

        Raises:
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        return CapacityData.parse(await self.query(ReadCapacity()))

    async def buffer_capacity(self) -> BufferCapacity | None:
        """Return size and free part of the drive's write buffer, or None where it does not tell them.

        Raises:
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        try:
            return BufferCapacity.parse(await self.query(ReadBufferCapacity(), patience_s=0))
        except (IllegalRequestError, NotReadyError, RemoteProtocolError):
            return None

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
            await self.execute(StartStopUnit(start=True, load_eject=True, immed=True))
        await self.wait_ready(timeout_s)

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

        The tray is locked. A unit attention (the disc may have changed, the drive was reset) ends any command
        with an error instead of a repetition. Afterwards the tray is unlocked, whatever happened.

        Raises:
            DriveBusyError: Another task of this process has it already.
            DriveError: As :meth:`execute`.

        Cancellation:
            The tray is unlocked, in at most five seconds.
        """
        if self._disc_held:
            raise DriveBusyError(
                f"{self.name}: a burn or another job of this process is using the disc; wait for its end",
                drive=self.name,
            )
        self._disc_held = True
        try:
            await self.prevent_removal(True)
            yield
        finally:
            self._disc_held = False
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
