"""Walks through the recording tables, and what closing means on each kind of disc."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import LocalProtocolError

S, E, W = mmc.RecordingState, mmc.RecordingEvent, mmc.Writing


def walk(writing: mmc.Writing, state: mmc.RecordingState, *events: mmc.RecordingEvent) -> mmc.RecordingState:
    for event in events:
        state = mmc.next_state(writing, state, event)
    return state


def test_a_disc_written_in_one_go() -> None:
    assert walk(W.SEQUENTIAL, S.BLANK, E.WRITTEN) is S.OPEN
    assert walk(W.SEQUENTIAL, S.BLANK, E.WRITTEN, E.WRITTEN, E.SYNCHRONIZED) is S.FLUSHED
    assert walk(W.SEQUENTIAL, S.FLUSHED, E.TRACK_CLOSED, E.SESSION_CLOSED) is S.APPENDABLE
    assert walk(W.SEQUENTIAL, S.FLUSHED, E.TRACK_CLOSED, E.FINALIZED) is S.CLOSED
    assert walk(W.SEQUENTIAL, S.APPENDABLE, E.WRITTEN, E.FINALIZED) is S.CLOSED


def test_a_rewritable_disc_becomes_blank_again() -> None:
    assert walk(W.SEQUENTIAL, S.CLOSED, E.ERASE_STARTED) is S.ERASING
    assert walk(W.SEQUENTIAL, S.ERASING, E.ERASED) is S.BLANK


def test_a_session_written_as_a_whole() -> None:
    assert walk(W.SEQUENTIAL, S.BLANK, E.LAYOUT_TAKEN) is S.BLANK
    assert walk(W.SEQUENTIAL, S.BLANK, E.LAYOUT_TAKEN, E.WRITTEN, E.SESSION_CLOSED) is S.APPENDABLE
    assert walk(W.SEQUENTIAL, S.APPENDABLE, E.LAYOUT_TAKEN, E.WRITTEN, E.FINALIZED) is S.CLOSED


def test_parts_of_a_cd_rw_are_erased() -> None:
    assert set(mmc.ERASING_EVENTS) == set(mmc.BlankingType)
    ends = {
        mmc.BlankingType.MINIMAL: S.BLANK,
        mmc.BlankingType.LAST_SESSION: S.APPENDABLE,
        mmc.BlankingType.UNCLOSE_LAST_SESSION: S.TRACK_CLOSED,
        mmc.BlankingType.TRACK_TAIL: S.FLUSHED,
    }
    for kind, state in ends.items():
        assert walk(W.SEQUENTIAL, S.CLOSED, E.ERASE_STARTED, mmc.ERASING_EVENTS[kind]) is state
    # An open session's lead-in can come back, and more be written before that.
    assert walk(W.SEQUENTIAL, S.ERASING, E.SESSION_REOPENED, E.WRITTEN, E.SESSION_CLOSED) is S.APPENDABLE


def test_overwriting() -> None:
    assert walk(W.OVERWRITE, S.UNFORMATTED, E.ERASE_STARTED, E.FORMATTED, E.WRITTEN) is S.OPEN
    assert walk(W.OVERWRITE, S.OPEN, E.SYNCHRONIZED, E.SESSION_CLOSED) is S.FORMATTED


def test_a_dvd_rw_changes_its_life() -> None:
    sequential, overwrite = mmc.Profile.DVD_RW_SEQUENTIAL, mmc.Profile.DVD_RW_RESTRICTED_OVERWRITE
    assert mmc.profile_after(sequential, E.QUICK_FORMATTED) is overwrite
    assert mmc.profile_after(overwrite, E.FORMATTED) is overwrite
    assert mmc.profile_after(overwrite, E.ERASED) is sequential
    assert mmc.profile_after(mmc.Profile.BD_RE, E.FORMATTED) is mmc.Profile.BD_RE
    assert walk(W.OVERWRITE, S.ERASING, E.QUICK_FORMATTED, E.WRITTEN, E.SYNCHRONIZED) is S.INTERMEDIATE
    assert walk(W.OVERWRITE, S.INTERMEDIATE, E.SESSION_CLOSED, E.WRITTEN) is S.OPEN


@pytest.mark.parametrize(
    ("writing", "state", "event"),
    [
        (W.SEQUENTIAL, S.CLOSED, E.WRITTEN),
        (W.SEQUENTIAL, S.OPEN, E.LAYOUT_TAKEN),
        (W.SEQUENTIAL, S.CLOSED, E.LAYOUT_TAKEN),
        (W.OVERWRITE, S.FORMATTED, E.LAYOUT_TAKEN),
        (W.SEQUENTIAL, S.BLANK, E.SESSION_CLOSED),
        (W.SEQUENTIAL, S.BLANK, E.TRACK_CLOSED),
        (W.SEQUENTIAL, S.UNKNOWN, E.WRITTEN),
        (W.SEQUENTIAL, S.ERASING, E.WRITTEN),
        (W.OVERWRITE, S.FORMATTED, E.TRACK_CLOSED),
        (W.OVERWRITE, S.UNKNOWN, E.WRITTEN),
        (W.NEVER, S.CLOSED, E.WRITTEN),
    ],
)
def test_what_cannot_happen_is_told(
    writing: mmc.Writing, state: mmc.RecordingState, event: mmc.RecordingEvent
) -> None:
    with pytest.raises(LocalProtocolError, match=state.value):
        mmc.next_state(writing, state, event)


@pytest.mark.parametrize("table", [mmc.SEQUENTIAL_TABLE, mmc.OVERWRITE_TABLE])
def test_every_state_of_a_table_has_the_four_moves_that_can_always_happen(
    table: dict[tuple[mmc.RecordingState, mmc.RecordingEvent], mmc.RecordingState],
) -> None:
    states = {state for state, _ in table} | set(table.values())
    for state in states:
        assert table[state, E.REFUSED] is state
        for event in (E.WRITE_FAILED, E.STATUS_LOST, E.MEDIUM_CHANGED):
            assert table[state, event] is S.UNKNOWN
    # Nothing but erasing leads out of unknown without reading the disc.
    assert {table[key] for key in table if key[0] is S.UNKNOWN} == {S.UNKNOWN, S.ERASING}


@given(st.lists(st.sampled_from(E), max_size=12), st.sampled_from([W.SEQUENTIAL, W.OVERWRITE]))
def test_only_a_write_opens_a_disc(events: list[mmc.RecordingEvent], writing: mmc.Writing) -> None:
    state = S.BLANK if writing is W.SEQUENTIAL else S.FORMATTED
    for event in events:
        before = state
        try:
            state = mmc.next_state(writing, state, event)
        except LocalProtocolError:
            continue
        if state is S.OPEN:
            assert event is E.WRITTEN or (event is E.REFUSED and before is S.OPEN)
        assert state.told in {"blank", "appendable", "closed", "unknown"}


def info(
    status: mmc.DiscStatus, session: mmc.SessionState = mmc.SessionState.EMPTY, sessions: int = 1
) -> mmc.DiscInformation:
    return mmc.DiscInformation(disc_status=status, last_session_state=session, sessions=sessions)


@pytest.mark.parametrize(
    ("profile", "disc", "state"),
    [
        (mmc.Profile.BD_R_SEQUENTIAL, info(mmc.DiscStatus.BLANK), S.BLANK),
        (mmc.Profile.BD_R_SEQUENTIAL, info(mmc.DiscStatus.INCOMPLETE, sessions=2), S.APPENDABLE),
        (mmc.Profile.DVD_PLUS_R, info(mmc.DiscStatus.INCOMPLETE), S.APPENDABLE),
        # Formatted with spares and not written: libburn has met drives that call it appendable.
        (mmc.Profile.BD_R_SEQUENTIAL, info(mmc.DiscStatus.INCOMPLETE), S.BLANK),
        (
            mmc.Profile.BD_R_SEQUENTIAL,
            info(mmc.DiscStatus.INCOMPLETE, mmc.SessionState.INCOMPLETE),
            S.FLUSHED,
        ),
        (mmc.Profile.CD_R, info(mmc.DiscStatus.COMPLETE, mmc.SessionState.COMPLETE), S.CLOSED),
        (mmc.Profile.CD_R, info(mmc.DiscStatus.OTHER), S.UNKNOWN),
        (mmc.Profile.DVD_PLUS_RW, info(mmc.DiscStatus.BLANK), S.UNFORMATTED),
        (mmc.Profile.BD_RE, info(mmc.DiscStatus.COMPLETE), S.FORMATTED),
        (
            mmc.Profile.DVD_RW_RESTRICTED_OVERWRITE,
            info(mmc.DiscStatus.INCOMPLETE, mmc.SessionState.INCOMPLETE),
            S.INTERMEDIATE,
        ),
        (mmc.Profile.DVD_RW_RESTRICTED_OVERWRITE, info(mmc.DiscStatus.COMPLETE), S.FORMATTED),
        (mmc.Profile.DVD_RAM, info(mmc.DiscStatus.OTHER), S.FORMATTED),
        (mmc.Profile.DVD_ROM, info(mmc.DiscStatus.COMPLETE), S.CLOSED),
        (mmc.Profile.DVD_ROM, info(mmc.DiscStatus.BLANK), S.UNKNOWN),
    ],
)
def test_what_a_disc_says_of_itself(
    profile: mmc.Profile, disc: mmc.DiscInformation, state: mmc.RecordingState
) -> None:
    assert mmc.inspect_disc(profile, disc) is state


# A Pioneer BDR-203's command reference, table 3: which close functions are valid for which disc.
P = mmc.Profile
PIONEER = {
    P.CD_R: {1, 2},
    P.CD_RW: {1, 2},
    P.DVD_R_SEQUENTIAL: {1, 2},
    P.DVD_RW_SEQUENTIAL: {1, 2},
    P.DVD_R_DL_SEQUENTIAL: {1, 2},
    P.DVD_RW_RESTRICTED_OVERWRITE: {2, 3},
    P.DVD_PLUS_RW: {0, 2, 3},
    P.DVD_PLUS_R: {1, 2, 5, 6},
    P.DVD_PLUS_R_DL: {1, 2, 4, 5, 6},
    P.BD_R_SEQUENTIAL: {1, 2, 6},
    P.BD_RE: set(),
}


@pytest.mark.parametrize(("profile", "functions"), PIONEER.items())
def test_close_functions_of_a_real_drive(profile: mmc.Profile, functions: set[int]) -> None:
    valid = {
        function
        for function in mmc.CloseFunction
        if mmc.close_meaning(profile, function) is not mmc.CloseMeaning.NOT_DEFINED
    }
    assert valid == functions


def test_what_closing_means() -> None:
    # libburn's cookbook: 2 leaves DVD+R and BD-R appendable, 5 and 6 finalize DVD+R, 6 finalizes BD-R.
    session, finalize = mmc.CloseFunction.SESSION, mmc.CloseFunction.FINALIZE
    for profile in (P.DVD_PLUS_R, P.DVD_PLUS_R_DL, P.BD_R_SEQUENTIAL):
        assert mmc.close_meaning(profile, mmc.CloseFunction.TRACK) is mmc.CloseMeaning.CLOSE_TRACK
        assert mmc.close_meaning(profile, session) is mmc.CloseMeaning.CLOSE_SESSION
        assert mmc.close_meaning(profile, finalize) is mmc.CloseMeaning.FINALIZE
    assert mmc.close_meaning(P.CD_R, session) is mmc.CloseMeaning.CLOSE_SESSION_BY_MODE_PAGE
    stop = mmc.close_meaning(P.DVD_PLUS_RW, mmc.CloseFunction.STOP_FORMAT)
    assert stop is mmc.CloseMeaning.STOP_BACKGROUND_FORMAT
