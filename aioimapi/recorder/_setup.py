"""What comes before the first WRITE: formatting, speed, write parameters, calibration."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.drive import Drive, MediaState
from aioimapi.errors import CommandFailedError, DiscNotSupportedError, IllegalRequestError, MediumError
from aioimapi.mmc import (
    BackgroundFormat,
    Capabilities,
    DataBlockType,
    DiscType,
    FormatParameters,
    FormatType,
    MultiSession,
    Profile,
    WriteParameters,
    WriteType,
    traits_of,
)
from aioimapi.recorder._ledger import Ledger

_FORMATS: Final = {
    Profile.DVD_PLUS_RW: (FormatType.DVD_PLUS_RW,),
    # 00h is the drive's own default, with spare areas; 31h gives defect management up for capacity.
    Profile.BD_RE: (FormatType.FULL, FormatType.BD_RE_WITH_SPARE, FormatType.BD_RE_WITHOUT_SPARE),
}
"""Format types by preference."""

_QUICK_BD: Final = {FormatType.BD_RE_WITH_SPARE: 3, FormatType.BD_RE_WITHOUT_SPARE: 1}
"""Sub-types that format without certifying the whole disc, which takes hours (MMC-6 table 256)."""

_RESTART: Final = 1
"""Type dependent parameter of a DVD+RW format: go on with one that was stopped (MMC-6 6.5.4.2.14)."""

DATA_TRACK: Final = 4
"""Control nibble of a data track that is recorded uninterrupted (MMC-6 table 638)."""

NOTICEABLE: Final = 0.05
"""How far the speed that a drive took may be from the one asked for before the report warns of it."""


async def choose_format(drive: Drive, media: MediaState) -> FormatParameters:
    """Return the format to give a disc that needs one.

    Raises:
        DiscNotSupportedError: The drive offers none that is known here.
        DriveError: The drive does not answer.

    Cancellation:
        Nothing is changed; may be repeated.
    """
    offered = await drive.format_capacities()
    for kind in _FORMATS.get(media.profile, ()):
        found = offered.find(kind)
        if found is not None:
            stopped = media.disc is not None and media.disc.background_format is BackgroundFormat.STOPPED
            parameter = _RESTART if stopped and media.formatted else found.parameter
            subtype = _QUICK_BD.get(found.type_, 0)
            return FormatParameters(found.sectors, found.type_, parameter, subtype)
    raise DiscNotSupportedError(
        f"{drive.name}: the {media.profile_name} must be formatted before it is written, and the drive offers no "
        "format for it; use another disc",
        drive=drive.name,
        profile=media.profile_name,
    )


async def set_speed(drive: Drive, ledger: Ledger, media: MediaState, speed: float | None) -> None:
    """Set the write speed, and note what the drive made of it.

    Raises:
        DriveError: The way to the drive failed; a drive that lets no speed be set is no error.

    Cancellation:
        The speed may be set or not; the next burn sets it anew.
    """
    one_x = traits_of(media.profile).drive_1x_bytes
    ledger.speed_requested = speed
    if one_x is None:
        return
    kbps = await drive.set_speed(None if speed is None else round(speed * one_x / 1000))
    page = await drive.mode_page(Capabilities)
    if page is not None and page.current_write_kbps:
        kbps = page.current_write_kbps
    if kbps is None:
        return
    ledger.speed_set = kbps * 1000 / one_x
    if speed is not None and abs(ledger.speed_set - speed) > NOTICEABLE * speed:
        ledger.warnings.append(
            f"asked for {speed:.1f}x, the drive took the nearest that it has, {ledger.speed_set:.1f}x"
        )


async def set_write_parameters(drive: Drive, *, closes_disc: bool) -> None:
    """Set mode page 05h for a data track at once on CD (MMC-6 7.4).

    Args:
        drive: The drive.
        closes_disc: No session may follow.

    Raises:
        CommandFailedError: The drive takes the page neither with nor without buffer underrun protection.

    Cancellation:
        The page may be set or not; the next burn sets it anew.
    """
    current = await drive.mode_page(WriteParameters)
    page = attrs.evolve(
        WriteParameters() if current is None else current,
        write_type=WriteType.TRACK_AT_ONCE,
        multi_session=MultiSession.NONE if closes_disc else MultiSession.ALLOWED,
        buffer_underrun_free=True,
        test_write=False,
        track_mode=DATA_TRACK,
        fixed_packet=False,
        data_block_type=DataBlockType.MODE_1,
        link_size_valid=False,
        session_format=DiscType.CD_DA_OR_ROM,
    )
    try:
        await drive.set_mode_page(page)
    except IllegalRequestError:
        # Drives from before buffer underrun protection refuse the bit.
        await drive.set_mode_page(attrs.evolve(page, buffer_underrun_free=False))


async def calibrate(drive: Drive, ledger: Ledger) -> None:
    """Calibrate the laser; a drive without the command does it by itself at the first WRITE.

    Raises:
        MediumError: The disc's calibration area is used up or unreadable, so it cannot be written.
        DriveError: The way to the drive failed.

    Cancellation:
        The calibration, up to a minute, is waited for.
    """
    try:
        done = await drive.power_calibration()
    except MediumError:
        raise
    except CommandFailedError as error:
        ledger.warnings.append(f"the laser was not calibrated beforehand: {error}")
        return
    if not done:
        ledger.warnings.append(
            "the drive has no power calibration by command for this disc; it does it by itself"
        )


__all__ = ("calibrate", "choose_format", "set_speed", "set_write_parameters")
