"""Does this image go onto this disc, and where: every refusal is decided here, before anything is touched."""

from __future__ import annotations

from typing import NoReturn

import attrs

from aioimapi.drive import MediaFlags, MediaState
from aioimapi.errors import (
    DiscError,
    DiscNotBlankError,
    DiscNotSupportedError,
    DiscNotWritableError,
    DiscTooSmallError,
    ImageError,
)
from aioimapi.image import SectorSource
from aioimapi.mmc import BackgroundFormat, DiscStatus, Profile, Writing, traits_of
from aioimapi.recorder._disc import unfinished_sectors
from aioimapi.recorder._media import MEDIA, Closing, MediaTraits, choose_closing
from aioimapi.recorder._sources import PlacedSource, start_of
from aioimapi.units import SECTOR_SIZE


@attrs.frozen
class Placement:
    """Where and how an image goes onto a disc.

    Attributes:
        traits: The disc's kind.
        start_lba: Where the image begins.
        sectors: Sectors to write, with the padding behind the image.
        track: Number of the track that it will be, for closing it.
        closing: How the burn ends.
    """

    traits: MediaTraits
    start_lba: int
    sectors: int
    track: int
    closing: Closing


@attrs.frozen
class _Refusal:
    """Raises errors that all name drive and disc."""

    drive: str
    media: MediaState

    def __call__(self, kind: type[DiscError], text: str) -> NoReturn:
        message = f"{self.drive}: the {self.media.profile_name} {text}"
        raise kind(message, drive=self.drive, profile=self.media.profile_name)


def place(
    media: MediaState, source: SectorSource, drive: str, *, close: bool, compatible: bool, overwrite: bool
) -> Placement:
    """Decide where an image goes, or refuse.

    Args:
        media: What is in the drive.
        source: The image.
        drive: The drive's name, for messages.
        close: The disc is to be closed.
        compatible: A DVD+R is to be closed for players.
        overwrite: What is on a rewritable disc may be lost.

    Raises:
        NoDiscError: There is none.
        DiscNotSupportedError: A kind of disc that cannot be written here, or the image was made for another one.
        DiscNotWritableError: It is closed, read-only or write-protected.
        DiscNotBlankError: It holds something.
        DiscTooSmallError: The image does not fit.
        ImageError: The image is empty.
    """
    refuse = _Refusal(drive, media)
    if source.sector_count < 1:
        raise ImageError("the image has no sectors, so there is nothing to write")
    traits = _writable_kind(media, refuse)
    start = 0 if traits.overwritable else _next_address(media, source, refuse)
    if traits.overwritable:
        if not media.blank and not overwrite:
            refuse(
                DiscNotBlankError,
                "holds something already; use a blank disc, or allow overwriting to lose it",
            )
        _check_start(0, source, refuse)
    needed, free = traits.sectors_on_disc(source.sector_count), media.free_sectors
    if needed > free:
        name = media.profile_name
        raise DiscTooSmallError(
            f"{drive}: the image needs {needed:,} sectors ({needed * SECTOR_SIZE:,} bytes), but the {name} has "
            f"{free:,} free ({free * SECTOR_SIZE:,} bytes): {needed - free:,} too many; use a larger disc",
            drive=drive,
            profile=name,
            needed=needed,
            free=free,
        )
    closing = choose_closing(
        traits,
        close=close,
        compatible=compatible,
        free_after=free - needed,
        capacity=media.capacity_sectors,
        last_session=MediaFlags.FINAL_SESSION in media.flags,
    )
    return Placement(traits, start, needed, _track_number(media), closing)


def _writable_kind(media: MediaState, refuse: _Refusal) -> MediaTraits:
    traits = MEDIA.get(media.profile)
    if traits is None:
        if traits_of(media.profile).writing is Writing.NEVER and media.profile is not Profile.NONE:
            refuse(
                DiscNotWritableError,
                "can only be read: it is a pressed disc, or one that was closed; use a blank one",
            )
        kinds = ", ".join(kind.name for kind in MEDIA.values())
        refuse(DiscNotSupportedError, f"is of a kind that is not written here; use one of {kinds}")
    if media.write_protected:
        refuse(
            DiscNotWritableError,
            "is write-protected; lift the protection (a cartridge's tab) or use another disc",
        )
    if not traits.overwritable and media.disc_status is DiscStatus.COMPLETE:
        refuse(DiscNotWritableError, "is closed: nothing can be added to it; use a blank one")
    if MediaFlags.DAMAGED in media.flags:
        refuse(DiscNotWritableError, "is damaged: its last session was never ended properly; use a blank one")
    return traits


def _next_address(media: MediaState, source: SectorSource, refuse: _Refusal) -> int:
    start = media.next_writable_lba
    if start is None:
        refuse(
            DiscNotWritableError,
            "tells no address for the next write: it is full or damaged; use a blank one",
        )
    if not media.blank and not (isinstance(source, PlacedSource) and source.start_lba):
        unfinished = unfinished_sectors(media)
        if unfinished is not None:
            refuse(
                DiscNotBlankError,
                f"holds a burn that was broken off: {unfinished:,} sectors are recorded and can still be read; "
                "nothing can be added behind them here, so use a blank disc",
            )
        refuse(
            DiscNotBlankError,
            f"holds {media.sessions} session(s) already, and the image was made to begin at LBA 0, so behind them it "
            f"would be unreadable; use a blank disc, or an image made for LBA {start}",
        )
    _check_start(start, source, refuse)
    return start


def _check_start(start: int, source: SectorSource, refuse: _Refusal) -> None:
    made_for = start_of(source)
    if made_for != start:
        refuse(
            DiscNotSupportedError,
            f"would take the image at LBA {start}, but it was made for LBA {made_for}: it belongs to another disc",
        )


def _track_number(media: MediaState) -> int:
    open_track = next((track.track for track in reversed(media.tracks) if track.nwa_valid), None)
    if open_track is not None:
        return open_track
    return 1 if media.disc is None else media.disc.last_track_in_last_session


def needs_format(media: MediaState) -> bool:
    """Return whether a disc has to be formatted, or its background format started again, before it is written."""
    if not media.overwritable:
        return False
    stopped = media.disc is not None and media.disc.background_format is BackgroundFormat.STOPPED
    return not media.formatted or (media.profile is Profile.DVD_PLUS_RW and stopped)


__all__ = ("Placement", "needs_format", "place")
