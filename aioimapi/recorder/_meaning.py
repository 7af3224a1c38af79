"""What answers and errors mean for the disc: events in the table of recording states, and words for people."""

from __future__ import annotations

from typing import Final

from aioimapi.drive import MediaState
from aioimapi.errors import (
    CommandFailedError,
    CommandTimeoutError,
    DriveClosedError,
    DriveLostError,
    IllegalRequestError,
    NotReadyError,
    UnitAttentionError,
)
from aioimapi.mmc import (
    CloseFunction,
    CloseMeaning,
    DiscStatus,
    RecordingEvent,
    SessionState,
    close_meaning,
)
from aioimapi.recorder._checks import Placement
from aioimapi.recorder._ledger import Ledger

_CLOSED_BY: Final = {
    CloseMeaning.CLOSE_TRACK: RecordingEvent.TRACK_CLOSED,
    CloseMeaning.CLOSE_SESSION: RecordingEvent.SESSION_CLOSED,
    CloseMeaning.FINALIZE: RecordingEvent.FINALIZED,
    CloseMeaning.FINALIZE_MINIMUM_RADIUS: RecordingEvent.FINALIZED,
}


def what_now(ledger: Ledger) -> str:
    """Say in words what the disc is after a failure, and what to do about it."""
    if ledger.written:
        return (
            f"all is written and the disc is {ledger.disc_state}, but it is not proven: verify it, in another drive if "
            "need be"
        )
    if ledger.disc_state == "unknown":
        return "the disc's state is unknown: eject it, load it and ask again (aioimapi media) before using it"
    if ledger.rewritable:
        return "the disc can be written again (overwrite)"
    if ledger.disc_state == "blank":
        return "the disc is still blank"
    return f"the disc is {ledger.disc_state}; use another one for this image"


def closed_already(function: CloseFunction, placement: Placement, media: MediaState) -> bool:
    """Whether a refused close was not needed any more."""
    if media.profile is not placement.traits.profile or media.disc is None:
        return True  # the drive sees a finished disc of the read-only kind
    if media.disc_status is DiscStatus.COMPLETE:
        return True
    if function is CloseFunction.TRACK:
        track = next((t for t in media.tracks if t.track == placement.track), None)
        return track is None or not track.nwa_valid or track.blank
    return not placement.closing.closes_disc and media.disc.last_session_state in (
        SessionState.EMPTY,
        SessionState.COMPLETE,
    )


def event_of(error: BaseException) -> RecordingEvent | None:
    """Return what an error means for the disc; None where all that was sent was answered well."""
    if isinstance(error, UnitAttentionError):
        return RecordingEvent.MEDIUM_CHANGED
    if isinstance(error, IllegalRequestError | NotReadyError):
        return RecordingEvent.REFUSED
    if isinstance(error, CommandFailedError):
        return RecordingEvent.WRITE_FAILED
    if isinstance(error, CommandTimeoutError | DriveLostError | DriveClosedError):
        return RecordingEvent.STATUS_LOST
    if isinstance(error, Exception):
        return None
    return RecordingEvent.STATUS_LOST  # cancelled: a command may have been under way


def closing_event(function: CloseFunction, placement: Placement) -> RecordingEvent | None:
    """Return what a close function that worked does to the disc, or None where it changes no state."""
    meaning = close_meaning(placement.traits.profile, function)
    if meaning is CloseMeaning.CLOSE_SESSION_BY_MODE_PAGE:
        return RecordingEvent.FINALIZED if placement.closing.closes_disc else RecordingEvent.SESSION_CLOSED
    return _CLOSED_BY.get(meaning)


__all__ = ("closed_already", "closing_event", "event_of", "what_now")
