"""BLANK of CD-RW: the whole disc, a track, what follows in a track, a reservation, the last session (MMC-6 6.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aioimapi.mmc import Blank, BlankingType
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual.discs._cd import CdDisc, CdTrack
from aioimapi.virtual.discs._state import SessionState
from aioimapi.virtual.families._family import sequence_error
from aioimapi.virtual.files._medium import VirtualMedium

_ADDRESS: Final = 2


def blank(drive: DriveState, medium: VirtualMedium, command: Blank) -> None:
    """Erase what the command says, or end it with 5/24/00 (no such place) or 5/2C/00 (not in this state)."""
    disc = medium.state
    assert isinstance(disc, CdDisc)
    whole = command.blanking_type in (BlankingType.DISC, BlankingType.MINIMAL)
    if whole:
        disc.erase_all()
        medium.wipe()
    else:
        if not disc.sequential:
            raise sequence_error()  # formatted: it has no tracks to blank
        disc.laid_out, disc.job = False, None
        _PARTS[command.blanking_type](disc, command.address)
        medium.save()
    drive.unflushed = 0
    drive.spend(_seconds(drive, disc, command.blanking_type), immed=command.immed)


def _seconds(drive: DriveState, disc: CdDisc, what: BlankingType) -> float:
    """Return how long it takes: the whole disc at the writing speed, anything else as long as a format."""
    if not drive.physics.enabled or what is not BlankingType.DISC:
        return drive.physics.format_s
    return disc.raw_sectors * 2_048 / drive.write_rate


def _open_track(disc: CdDisc, number: int) -> CdTrack:
    """Return a track of the open session, or end the command."""
    if not 1 <= number <= len(disc.tracks):
        raise invalid_field(_ADDRESS)
    track = disc.cd_tracks[number - 1]
    if disc.finalized or track.session != disc.sessions:
        raise sequence_error()
    return track


def _forget_gaps(disc: CdDisc, first: int, end: int) -> None:
    disc.gaps = [gap for gap in disc.gaps if not first <= gap[0] < end]


def _blank_track(disc: CdDisc, number: int) -> None:
    """Blank a track of the open session; what the program memory area says of it stays, so it is a reserved one."""
    track = _open_track(disc, number)
    if track.end is None and track.blank:
        raise sequence_error()  # nothing is there
    _forget_gaps(disc, track.start, disc.track_end(track))
    track.next_lba = track.start
    track.closed = False
    track.reserved = track.end is not None


def _unreserve(disc: CdDisc, number: int) -> None:
    """Take back the last track of the open session, and what lies in it."""
    track = _open_track(disc, number)
    behind = disc.cd_tracks[number:]
    if track.end is None or any(not after.blank or after.reserved for after in behind):
        raise sequence_error()  # it is the incomplete one, or others lie behind it
    _forget_gaps(disc, track.start, disc.track_end(track))
    disc.tracks = disc.tracks[: number - 1]
    fresh = disc.new_track(disc.sessions, track.start)
    disc.tracks.append(fresh)


def _blank_tail(disc: CdDisc, lba: int) -> None:
    """Blank a track of the open session from ``lba`` on."""
    number = disc.track_of(lba)
    if number is None:
        raise invalid_field(_ADDRESS)
    track = _open_track(disc, number)
    if lba > track.next_lba or (track.end is None and track.blank):
        raise invalid_field(_ADDRESS)
    _forget_gaps(disc, lba, disc.track_end(track))
    track.next_lba = lba
    track.closed = False


def _last_complete(disc: CdDisc) -> int:
    """Return the last session where it is closed and none is open behind it, or end the command."""
    if disc.finalized:
        return disc.sessions
    if disc.sessions == 1 or disc.session_state is not SessionState.EMPTY:
        raise sequence_error()
    return disc.sessions - 1


def _unclose(disc: CdDisc, address: int) -> None:
    """Take lead-in and lead-out of the last session away: it is open again."""
    session = _last_complete(disc)
    disc.tracks = [track for track in disc.tracks if track.session <= session]
    disc.sessions, disc.finalized = session, False
    disc.leads = disc.leads[:session]
    for track in disc.cd_tracks:
        if track.session == session:
            track.whole = False
    start = disc.track_end(disc.tracks[-1]) + disc.kind.traits.track_gap
    if start < disc.limit and len(disc.tracks) < 99:
        disc.tracks.append(disc.new_track(session, start))


def _erase_last_session(disc: CdDisc, address: int) -> None:
    """Erase the last session, an open one that holds something included."""
    if not disc.finalized and disc.session_state is not SessionState.EMPTY:
        session = disc.sessions
    else:
        session = _last_complete(disc)
    begin = next(track.start for track in disc.tracks if track.session == session)
    _forget_gaps(disc, begin, disc.raw_sectors)
    disc.tracks = [track for track in disc.tracks if track.session < session]
    disc.sessions, disc.finalized = session, False
    disc.leads = disc.leads[: session - 1]
    disc.tracks.append(disc.new_track(session, begin))


_PARTS: Final[dict[BlankingType, Callable[[CdDisc, int], None]]] = {
    BlankingType.TRACK: _blank_track,
    BlankingType.UNRESERVE_TRACK: _unreserve,
    BlankingType.TRACK_TAIL: _blank_tail,
    BlankingType.UNCLOSE_LAST_SESSION: _unclose,
    BlankingType.LAST_SESSION: _erase_last_session,
}
