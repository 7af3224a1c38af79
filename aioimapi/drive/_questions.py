"""What can be asked of a drive and of its disc."""

from __future__ import annotations

import contextlib
from typing import Final, TypeVar

from aioimapi.drive._failure import REFUSALS
from aioimapi.drive._media import MediaState, read_media_state
from aioimapi.drive._transfer import Transfers
from aioimapi.errors import DriveBusyError, IllegalRequestError, NotReadyError, RemoteProtocolError
from aioimapi.mmc import (
    BufferCapacity,
    Capabilities,
    CapacityData,
    DiscInformation,
    DriveSerialNumber,
    FeatureSet,
    FormatCapacities,
    GetConfiguration,
    GetPerformance,
    Inquiry,
    InquiryData,
    ModePage,
    ModeParameters,
    ModeSense10,
    Profile,
    ReadBufferCapacity,
    ReadCapacity,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTrackInformation,
    RequestedType,
    RotationControl,
    TrackAddressType,
    TrackInformation,
    UnitSerialNumber,
    VitalProductPage,
    WriteSpeedDescriptor,
    WriteSpeeds,
)

_P = TypeVar("_P", bound=ModePage)

ALL_PAGES: Final = 0x3F
"""Page code of MODE SENSE for all pages that a drive has."""


class Questions(Transfers):
    """The part of :class:`Drive` that asks and changes nothing."""

    _inquiry: InquiryData | None = None

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
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            answer = await self.query(Inquiry(vital_product_data=True, page_code=page), patience_s=0)
            serial = UnitSerialNumber.parse(answer).serial
            if serial:
                return serial
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            feature = (await self.features()).get(DriveSerialNumber)
            return "" if feature is None else feature.value
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
        except (IllegalRequestError, NotReadyError, DriveBusyError, RemoteProtocolError):
            return None

    async def format_capacities(self) -> FormatCapacities:
        """Return which formats the disc can take, and how large it is or could be (READ FORMAT CAPACITIES).

        Raises:
            IllegalRequestError: The drive knows no formats for this disc.
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        return FormatCapacities.parse(await self.query(ReadFormatCapacities()))

    async def mode_page(self, kind: type[_P]) -> _P | None:
        """Return a mode page as it is now, or None where the drive has no such page.

        Args:
            kind: The page's class, such as :class:`aioimapi.mmc.WriteParameters`.

        Raises:
            DriveError: As :meth:`execute`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        try:
            answer = await self.query(ModeSense10(kind.code))
        except IllegalRequestError:
            return None
        return ModeParameters.parse(answer).get(kind)

    async def write_speeds(self) -> tuple[WriteSpeedDescriptor, ...]:
        """Return the speeds at which the drive would write this disc, fastest first.

        Asked by GET PERFORMANCE, or else taken from mode page 2Ah. Empty where the drive tells none.

        Raises:
            DriveError: The way to the drive failed.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        found: tuple[WriteSpeedDescriptor, ...] = ()
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            found = WriteSpeeds.parse(await self.query(GetPerformance())).descriptors
        if not found:
            with contextlib.suppress(*REFUSALS, RemoteProtocolError):
                page = await self.mode_page(Capabilities)
                found = () if page is None else _speeds_of_page(page)
        usable = {speed for speed in found if speed.write_kbps}
        return tuple(sorted(usable, key=lambda speed: (-speed.write_kbps, speed.rotation)))

    async def is_write_protected(self) -> bool:
        """Return whether disc or drive is write-protected, as far as the mode parameter header tells.

        Raises:
            DriveError: The way to the drive failed.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        for page in (Capabilities.code, ALL_PAGES):  # since MMC-4 drives need not have the first
            with contextlib.suppress(*REFUSALS, RemoteProtocolError):
                return ModeParameters.parse(await self.query(ModeSense10(page))).write_protected
        return False

    async def media_state(self, *, look_inside: bool = True) -> MediaState:
        """Return what is in the drive: the kind of disc, how full it is, where and how it can be written.

        Args:
            look_inside: Read the first and last 2 MB of a disc that cannot be physically blank (DVD+RW,
                BD-RE) to see whether it is heuristically blank, as IMAPI does. Without, it counts as used.

        Raises:
            NoDiscError: There is no disc, or the tray is open.
            DriveError: As :meth:`wait_ready`.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        return await read_media_state(self, look_inside=look_inside)


def _speeds_of_page(page: Capabilities) -> tuple[WriteSpeedDescriptor, ...]:
    if page.write_speeds:
        return tuple(
            WriteSpeedDescriptor(speed.write_kbps, rotation=RotationControl(speed.rotation & 3))
            for speed in page.write_speeds
        )
    return (WriteSpeedDescriptor(page.maximum_write_kbps),) if page.maximum_write_kbps else ()
