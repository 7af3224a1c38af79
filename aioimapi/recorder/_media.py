"""The media that a data burn knows, as one table: how each is written, flushed, left and closed.

A kind that is not in the table is refused before anything is touched. The closing follows IMAPI
(IDiscFormat2Data::ForceMediaToBeClosed, DisableConsumerDvdCompatibilityMode) on top of MMC-6 6.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from aioimapi.mmc import CloseFunction, Profile, Writing, traits_of
from aioimapi.units import round_up

FULL_PERCENT: Final = 2
"""Free space in percent at or below which a disc is closed whatever the caller asked (IMAPI data format)."""

CD_POSTGAP: Final = 150
"""Sectors of zeros after the image on CD: readers that look ahead never meet the unreadable run-out
blocks.
"""

CD_MIN_TRACK: Final = 300
"""Shortest track of a CD in sectors: four seconds (Red Book, MMC-6 6.3.3)."""


@attrs.frozen
class MediaTraits:
    """How one kind of disc is burned.

    Attributes:
        profile: Its MMC profile, from which name, 1x and write unit follow.
        calibrates: The laser is calibrated for the disc before the write (SEND OPC INFORMATION).
        write_parameters: Mode page 05h says how to write (CD only).
        leave: What closes after a burn that leaves the disc appendable.
        finalize: What closes the disc; empty where a disc of this kind is never closed.
        finalize_compatible: The same in the mode that DVD-ROM drives of consumers read; empty where there is none.
        appendable_sessions: False where only closing ends a burn well (DVD+R DL, in IMAPI's table).
        abort: What closes after a burn that was cut short, so that the disc can be used further.
    """

    profile: Profile
    calibrates: bool = False
    write_parameters: bool = False
    leave: tuple[CloseFunction, ...] = ()
    finalize: tuple[CloseFunction, ...] = ()
    finalize_compatible: tuple[CloseFunction, ...] = ()
    appendable_sessions: bool = True
    abort: tuple[CloseFunction, ...] = ()

    @property
    def name(self) -> str:
        """The profile's name, for people."""
        return traits_of(self.profile).name

    @property
    def overwritable(self) -> bool:
        """Whether any sector can be written again; otherwise a disc is filled from its start, in sessions."""
        return traits_of(self.profile).writing is Writing.OVERWRITE

    def sectors_on_disc(self, sectors: int) -> int:
        """Return what a burn of ``sectors`` sectors takes of the disc, with the padding that follows it."""
        if self.write_parameters:
            return max(sectors + CD_POSTGAP, CD_MIN_TRACK)
        return round_up(sectors, traits_of(self.profile).write_unit) if self.overwritable else sectors


_TRACK_AND_SESSION: Final = (CloseFunction.TRACK, CloseFunction.SESSION)

_KINDS: Final = (
    MediaTraits(
        Profile.CD_R,
        calibrates=True,
        write_parameters=True,
        leave=_TRACK_AND_SESSION,
        # Mode page 05h says whether closing the session closes the disc (MMC-6 7.4).
        finalize=_TRACK_AND_SESSION,
        # A track-at-once track that is left open has no run-out and no entry in the PMA; nothing can follow it.
        abort=(CloseFunction.TRACK,),
    ),
    MediaTraits(
        Profile.DVD_PLUS_R,
        calibrates=True,
        leave=_TRACK_AND_SESSION,
        finalize=(CloseFunction.TRACK, CloseFunction.FINALIZE),
        finalize_compatible=(CloseFunction.TRACK, CloseFunction.FINALIZE_MINIMUM_RADIUS),
    ),
    MediaTraits(
        Profile.DVD_PLUS_R_DL,
        calibrates=True,
        finalize=(CloseFunction.TRACK, CloseFunction.FINALIZE),
        finalize_compatible=(CloseFunction.TRACK, CloseFunction.FINALIZE_MINIMUM_RADIUS),
        appendable_sessions=False,
    ),
    MediaTraits(Profile.DVD_PLUS_RW),
    MediaTraits(
        Profile.BD_R_SEQUENTIAL,
        leave=_TRACK_AND_SESSION,
        finalize=(CloseFunction.TRACK, CloseFunction.FINALIZE),
    ),
    MediaTraits(Profile.BD_RE),
)

MEDIA: Final[Mapping[Profile, MediaTraits]] = {kind.profile: kind for kind in _KINDS}
"""Kinds of disc by profile number."""


@attrs.frozen
class Closing:
    """How a burn will end.

    Attributes:
        functions: CLOSE TRACK SESSION functions, in order.
        closes_disc: Whether nothing can be added afterwards.
        reason: Why this is otherwise than asked, or than with others of its kind, a sentence; else empty.
    """

    functions: tuple[CloseFunction, ...]
    closes_disc: bool
    reason: str = ""


def choose_closing(
    traits: MediaTraits,
    *,
    close: bool,
    compatible: bool,
    free_after: int,
    capacity: int,
    last_session: bool = False,
) -> Closing:
    """Decide how a burn ends, by IMAPI's rules.

    Args:
        traits: The disc's kind.
        close: The caller wants the disc closed (ForceMediaToBeClosed).
        compatible: The caller wants what consumers' DVD players read (not
            DisableConsumerDvdCompatibilityMode).
        free_after: Sectors that will be free when the image is written.
        capacity: Sectors that the disc has in all.
        last_session: The disc can take no session after this one (IMAPI's final-session bit).
    """
    if traits.overwritable:
        reason = "the disc cannot be closed: it is rewritable, and any sector of it can be written again"
        return Closing((), closes_disc=False, reason=reason if close else "")
    if compatible and traits.finalize_compatible:
        return Closing(traits.finalize_compatible, closes_disc=True)
    if close or not traits.appendable_sessions:
        return Closing(traits.finalize, closes_disc=True)
    if last_session:
        return Closing(traits.finalize, closes_disc=True, reason="the disc can take no further session")
    if free_after * 100 <= capacity * FULL_PERCENT:
        left = f"{free_after:,} of {capacity:,} sectors"
        reason = f"the disc is closed because no more than {FULL_PERCENT} % of it stays free ({left})"
        return Closing(traits.finalize, closes_disc=True, reason=reason)
    return Closing(traits.leave, closes_disc=False)


__all__ = ("CD_MIN_TRACK", "CD_POSTGAP", "FULL_PERCENT", "MEDIA", "Closing", "MediaTraits", "choose_closing")
