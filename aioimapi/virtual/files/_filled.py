"""The state of a disc that holds an image from its first sector on and is finished: as if it had been burned."""

from __future__ import annotations

from aioimapi.errors import DiscTooSmallError
from aioimapi.units import MSF_OFFSET
from aioimapi.virtual.discs._cd import CdDisc, CdForm, CdSession, CdTrack
from aioimapi.virtual.discs._cd_traits import CD_MIN_TRACK, CD_R_SECTORS, CD_SECTORS
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._registry import STATES, blank_disc
from aioimapi.virtual.discs._state import DiscState, FormatState

_PRESSED = frozenset({MediumKind.DVD_ROM, MediumKind.BD_ROM})


def filled_disc(kind: MediumKind, count: int, sectors: int | None = None) -> DiscState:
    """Return the state of a finished disc whose first ``count`` sectors are recorded.

    Args:
        kind: What kind of disc.
        count: How many sectors.
        sectors: The disc's size, for tests; None for the real size.

    Raises:
        DiscTooSmallError: They do not fit.
    """
    room = largest(kind) if sectors is None else sectors
    if count > room:
        raise DiscTooSmallError(
            f"{count:,} sectors do not fit on a {kind.value} of {room:,}",
            profile=kind.value,
            needed=count,
            free=room,
        )
    if kind in _PRESSED:
        return STATES[kind].blank(kind, max(count, 1))
    if kind.traits.cd and sectors is None:
        sectors = min(size for size in CD_SECTORS.values() if size >= max(count, CD_R_SECTORS))
    state = blank_disc(kind, sectors)
    if isinstance(state, CdDisc):
        _fill_cd(state, count)
    elif state.sequential:
        state.tracks[0].next_lba = count
        state.close_session(finalize=True)
    else:
        state.format_as_sold()
        if count > state.sectors:  # only without spares
            state.format(state.raw_sectors, FormatState.COMPLETE)
    state.check()
    return state


def largest(kind: MediumKind) -> int:
    """Return how many sectors the largest disc of a kind has that is in shops."""
    return max(kind.traits.sectors, kind.traits.largest_sectors)


def _fill_cd(state: CdDisc, count: int) -> None:
    end = max(count, CD_MIN_TRACK)
    track = CdTrack(1, 0, 0, end, form=CdForm.MODE_1, control=4, whole=True, pregap=MSF_OFFSET)
    state.lay_out([track], CdSession())
    finish_cd(state)


def found_cd(kind: MediumKind, count: int, raw_end: int, raw_data: CdForm | None) -> CdDisc:
    """Return the state of a finished CD of which only the two files with its sectors are left.

    Args:
        kind: ``cd-r``, ``cd-rw`` or ``cd-rom``.
        count: Sectors of the medium file: they are a data track.
        raw_end: The first sector behind those of the raw file: what goes beyond the data is an audio track.
        raw_data: What the data is where its sectors lie in the raw file, too; else None.

    Raises:
        DiscTooSmallError: They do not fit.
    """
    state = filled_disc(kind, max(count, raw_end, 1))
    assert isinstance(state, CdDisc)
    data_end = max(count, CD_MIN_TRACK) if count else 0
    tracks = []
    if count:
        form, raw = raw_data or CdForm.MODE_1, raw_data is not None
        tracks.append(CdTrack(1, 0, 0, data_end, form=form, raw=raw, control=4, whole=True))
    if raw_end - data_end >= CD_MIN_TRACK:
        pregap = 0 if count else MSF_OFFSET
        audio = CdTrack(1, data_end, data_end, raw_end, form=CdForm.AUDIO, raw=True, control=0, whole=True)
        audio.pregap = pregap
        tracks.append(audio)
    if tracks:
        state.tracks = []
        state.lay_out(tracks, CdSession(0x20 if raw_data not in (None, CdForm.MODE_1) else 0))
        finish_cd(state)
    state.check()
    return state


def finish_cd(state: CdDisc) -> None:
    """Record all that was laid out, and finish the disc."""
    for track in state.tracks:
        if track.end is not None:
            track.next_lba = track.end
        track.closed = True
    state.laid_out, state.job = False, None
    state.lead(state.sessions)
    state.finalized = True
