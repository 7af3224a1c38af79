"""The states of a disc while it is recorded, and what moves it from one to the next.

A recorder must be able to say, after every command that worked, failed or got lost, what the disc is now.
That is decided by two tables and not by conditions strewn over the code: one for media that are written in
sequence (CD-R, CD-RW, DVD-R, DVD+R, BD-R), one for media that are overwritten (DVD+RW, DVD-RAM, BD-RE,
DVD-RW in restricted overwrite). Rows are states, columns are events, and a pair that is not in the table
cannot happen: whoever brings it about has a bug, and is told so by
:class:`~aioimapi.errors.LocalProtocolError`.

Sequential media. A *blank* disc becomes *open* with the first WRITE: the drive has begun a track in a
session, and some of what it took lies in its cache only. SYNCHRONIZE CACHE makes it *flushed*: everything
that was accepted is on the disc, but track and session are open and most readers cannot see them. Closing
the track (*track closed*) ends it; on DVD and BD the session can be closed at once. Closing the session
makes it *appendable*, finalizing it *closed*. A first write on an appendable disc opens it again. Only
erasing leads back to blank, and only on rewritable media.

A session of a CD or DVD-R that is written as a whole walks the same way. A cue sheet or a reservation changes the
drive's plans and not the disc, which stays what it was until the first WRITE; with its last sector the session
closes itself, so the flush that ends it counts as *session closed* or *finalized*. CD-RW can also be erased in
parts: the last session, its lead-in and lead-out only, or tracks of an open one.

Overwritable media. There are no sessions to close and no next writable address: a *formatted* disc takes
writes anywhere, is *open* while some are in the drive's cache, and formatted again once they are flushed. A
new disc is *unformatted*. A DVD-RW whose last border was formatted the quick way is *intermediate*: it grows in
sequence until the session is closed.

*Unknown* is the state after something of which we do not know whether it happened: a WRITE that failed, a
command whose answer never came (time limit, cancel, unplugged), a disc that may have been changed. A command
that the drive *refused* is different: the drive said that it did nothing, so the disc is what it was.
Nothing but reading the disc (READ DISC INFORMATION, :func:`inspect_disc`) leads out of unknown.

The virtual drive walks the same tables from the other side: it refuses what is not in them.
"""

from __future__ import annotations

import enum
from typing import Final

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._disc_information import DiscInformation, DiscStatus, SessionState
from aioimapi.mmc._format import BlankingType
from aioimapi.mmc._profiles import Profile, Writing, traits_of


class RecordingState(enum.Enum):
    """What a disc is, as far as recording goes."""

    BLANK = "blank"
    OPEN = "open"
    FLUSHED = "flushed"
    TRACK_CLOSED = "track closed"
    APPENDABLE = "appendable"
    CLOSED = "closed"
    UNFORMATTED = "unformatted"
    FORMATTED = "formatted"
    INTERMEDIATE = "intermediate"
    """DVD-RW, restricted overwrite: the last border is recorded in sequence, and is to be closed (MMC-6 4.3.5)."""
    ERASING = "erasing"
    """BLANK or FORMAT UNIT is under way."""
    UNKNOWN = "unknown"

    @property
    def told(self) -> str:
        """The word for reports and errors: ``blank``, ``appendable``, ``closed`` or ``unknown``.

        A disc whose session is still open counts as appendable: its next writable address is valid.
        """
        return _TOLD[self]


_S: Final = RecordingState

_TOLD: Final = {
    _S.BLANK: "blank",
    _S.OPEN: "appendable",
    _S.FLUSHED: "appendable",
    _S.TRACK_CLOSED: "appendable",
    _S.APPENDABLE: "appendable",
    _S.CLOSED: "closed",
    _S.UNFORMATTED: "blank",
    _S.FORMATTED: "appendable",
    _S.INTERMEDIATE: "appendable",
    _S.ERASING: "unknown",
    _S.UNKNOWN: "unknown",
}


class RecordingEvent(enum.Enum):
    """What happens to a disc."""

    LAYOUT_TAKEN = "a cue sheet or a reservation for a whole session was taken"
    WRITTEN = "a WRITE was taken"
    SYNCHRONIZED = "the cache was flushed"
    TRACK_CLOSED = "a track was closed"
    SESSION_CLOSED = "the session was closed"
    FINALIZED = "the disc was closed"
    REFUSED = "a command was refused; the drive did nothing"
    WRITE_FAILED = "a WRITE, a flush or a close failed; nobody knows how far it got"
    STATUS_LOST = "no answer came: time limit, cancel, or the drive is gone"
    MEDIUM_CHANGED = "the disc may be another one"
    ERASE_STARTED = "blanking or formatting began"
    ERASED = "blanking ended"
    SESSION_ERASED = "blanking of the last session ended"
    SESSION_REOPENED = "blanking of the last session's lead-in and lead-out ended"
    TRACK_ERASED = "blanking in the open session ended"
    FORMATTED = "formatting ended"
    QUICK_FORMATTED = "quick formatting ended: the border is in the intermediate state"


_E: Final = RecordingEvent


def _row(
    state: RecordingState, **moves: RecordingState
) -> dict[tuple[RecordingState, RecordingEvent], RecordingState]:
    """Return one row: the moves named, and those that every state has."""
    everywhere = {
        _E.REFUSED: state,
        _E.WRITE_FAILED: _S.UNKNOWN,
        _E.STATUS_LOST: _S.UNKNOWN,
        _E.MEDIUM_CHANGED: _S.UNKNOWN,
    }
    named = {_E[event.upper()]: target for event, target in moves.items()}
    return {(state, event): target for event, target in (everywhere | named).items()}


SEQUENTIAL_TABLE: Final = {
    **_row(_S.BLANK, layout_taken=_S.BLANK, written=_S.OPEN, synchronized=_S.BLANK, erase_started=_S.ERASING),
    **_row(
        _S.OPEN,
        written=_S.OPEN,
        synchronized=_S.FLUSHED,
        # Drives flush before they close, so a close that worked says that all is on the disc.
        track_closed=_S.TRACK_CLOSED,
        session_closed=_S.APPENDABLE,
        finalized=_S.CLOSED,
    ),
    **_row(
        _S.FLUSHED,
        written=_S.OPEN,
        synchronized=_S.FLUSHED,
        track_closed=_S.TRACK_CLOSED,
        session_closed=_S.APPENDABLE,
        finalized=_S.CLOSED,
        erase_started=_S.ERASING,
    ),
    **_row(
        _S.TRACK_CLOSED,
        written=_S.OPEN,
        synchronized=_S.TRACK_CLOSED,
        track_closed=_S.TRACK_CLOSED,
        session_closed=_S.APPENDABLE,
        finalized=_S.CLOSED,
        erase_started=_S.ERASING,
    ),
    **_row(
        _S.APPENDABLE,
        layout_taken=_S.APPENDABLE,
        written=_S.OPEN,
        synchronized=_S.APPENDABLE,
        finalized=_S.CLOSED,
        erase_started=_S.ERASING,
    ),
    **_row(_S.CLOSED, synchronized=_S.CLOSED, erase_started=_S.ERASING),
    **_row(
        _S.ERASING,
        erased=_S.BLANK,
        formatted=_S.BLANK,
        session_erased=_S.APPENDABLE,
        session_reopened=_S.TRACK_CLOSED,
        track_erased=_S.FLUSHED,
    ),
    **_row(_S.UNKNOWN, synchronized=_S.UNKNOWN, erase_started=_S.ERASING),
}
"""States and events of media that are written in sequence."""

OVERWRITE_TABLE: Final = {
    # DVD+RW and BD-RE may start a format by themselves with the first WRITE.
    **_row(_S.UNFORMATTED, written=_S.OPEN, synchronized=_S.UNFORMATTED, erase_started=_S.ERASING),
    **_row(
        _S.FORMATTED,
        written=_S.OPEN,
        synchronized=_S.FORMATTED,
        session_closed=_S.FORMATTED,
        finalized=_S.FORMATTED,
        erase_started=_S.ERASING,
    ),
    **_row(
        _S.OPEN,
        written=_S.OPEN,
        synchronized=_S.FORMATTED,
        session_closed=_S.FORMATTED,
        finalized=_S.FORMATTED,
    ),
    **_row(
        _S.INTERMEDIATE,
        written=_S.INTERMEDIATE,
        synchronized=_S.INTERMEDIATE,
        session_closed=_S.FORMATTED,
        finalized=_S.FORMATTED,
        erase_started=_S.ERASING,
    ),
    **_row(_S.ERASING, formatted=_S.FORMATTED, quick_formatted=_S.INTERMEDIATE, erased=_S.UNFORMATTED),
    **_row(_S.UNKNOWN, synchronized=_S.UNKNOWN, erase_started=_S.ERASING),
}
"""States and events of media that are overwritten."""

_TABLES: Final = {Writing.SEQUENTIAL: SEQUENTIAL_TABLE, Writing.OVERWRITE: OVERWRITE_TABLE}


ERASING_EVENTS: Final = {
    BlankingType.DISC: _E.ERASED,
    BlankingType.MINIMAL: _E.ERASED,
    BlankingType.TRACK: _E.TRACK_ERASED,
    BlankingType.UNRESERVE_TRACK: _E.TRACK_ERASED,
    BlankingType.TRACK_TAIL: _E.TRACK_ERASED,
    BlankingType.UNCLOSE_LAST_SESSION: _E.SESSION_REOPENED,
    BlankingType.LAST_SESSION: _E.SESSION_ERASED,
}
"""What the end of BLANK means, by its type. The last session may have been the only one: a disc whose only session was
erased says that it is blank, and :func:`inspect_disc` with it.
"""

PROFILE_CHANGES: Final = {
    (Profile.DVD_RW_SEQUENTIAL, _E.FORMATTED): Profile.DVD_RW_RESTRICTED_OVERWRITE,
    (Profile.DVD_RW_SEQUENTIAL, _E.QUICK_FORMATTED): Profile.DVD_RW_RESTRICTED_OVERWRITE,
    (Profile.DVD_RW_RESTRICTED_OVERWRITE, _E.ERASED): Profile.DVD_RW_SEQUENTIAL,
}
"""Events that make another kind of disc of one: from then on the other kind's table holds, from ``ERASING``."""


def profile_after(profile: Profile, event: RecordingEvent) -> Profile:
    """Return the profile of a disc after an event: a DVD-RW's changes with its format (MMC-6 4.3.5, 6.2)."""
    return PROFILE_CHANGES.get((profile, event), profile)


def next_state(writing: Writing, state: RecordingState, event: RecordingEvent) -> RecordingState:
    """Return what a disc is after an event.

    Args:
        writing: How the disc takes data; its profile's :attr:`~aioimapi.mmc.ProfileTraits.writing`.
        state: What it was.
        event: What happened.

    Raises:
        LocalProtocolError: That cannot happen to such a disc in that state.
    """
    table = _TABLES.get(writing)
    target = table.get((state, event)) if table is not None else None
    if target is None:
        raise LocalProtocolError(
            f"A disc that is {state.value} ({writing.value} recording) does not allow: {event.value}. Read the disc's"
            " state again before going on."
        )
    return target


def inspect_disc(profile: Profile, information: DiscInformation) -> RecordingState:
    """Return the state that a disc says it has: the only way out of :attr:`RecordingState.UNKNOWN`.

    Args:
        profile: The drive's current profile.
        information: Its answer to READ DISC INFORMATION.
    """
    writing = traits_of(profile).writing
    if profile is Profile.DVD_RW_RESTRICTED_OVERWRITE and information.disc_status is DiscStatus.INCOMPLETE:
        return _S.INTERMEDIATE
    if writing is Writing.OVERWRITE:
        return _S.UNFORMATTED if information.disc_status is DiscStatus.BLANK else _S.FORMATTED
    if writing is Writing.NEVER:
        return _S.CLOSED if information.disc_status is DiscStatus.COMPLETE else _S.UNKNOWN
    if information.disc_status is DiscStatus.BLANK or _only_formatted(profile, information):
        return _S.BLANK
    if information.disc_status is DiscStatus.COMPLETE:
        return _S.CLOSED
    if information.disc_status is DiscStatus.OTHER:
        return _S.UNKNOWN
    # The last session of an appendable disc is the empty one that may begin, or one that is open.
    sessions = {SessionState.EMPTY: _S.APPENDABLE, SessionState.INCOMPLETE: _S.FLUSHED}
    return sessions.get(information.last_session_state, _S.APPENDABLE)


def _only_formatted(profile: Profile, information: DiscInformation) -> bool:
    """Return whether it is a BD-R with spares and without data: drives call it appendable, with one empty session."""
    return (
        profile is Profile.BD_R_SEQUENTIAL
        and information.disc_status is DiscStatus.INCOMPLETE
        and information.last_session_state is SessionState.EMPTY
        and information.sessions == 1
    )
