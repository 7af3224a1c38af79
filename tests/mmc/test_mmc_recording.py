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


def test_overwriting() -> None:
    assert walk(W.OVERWRITE, S.UNFORMATTED, E.ERASE_STARTED, E.FORMATTED, E.WRITTEN) is S.OPEN
    assert walk(W.OVERWRITE, S.OPEN, E.SYNCHRONIZED, E.SESSION_CLOSED) is S.FORMATTED


@pytest.mark.parametrize(
    ("writing", "state", "event"),
    [
        (W.SEQUENTIAL, S.CLOSED, E.WRITTEN),
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


def info(status: mmc.DiscStatus, session: mmc.SessionState = mmc.SessionState.EMPTY) -> mmc.DiscInformation:
    return mmc.DiscInformation(disc_status=status, last_session_state=session)


@pytest.mark.parametrize(
    ("profile", "disc", "state"),
    [
        (mmc.Profile.BD_R_SEQUENTIAL, info(mmc.DiscStatus.BLANK), S.BLANK),
        (mmc.Profile.BD_R_SEQUENTIAL, info(mmc.DiscStatus.INCOMPLETE), S.APPENDABLE),
        (
            mmc.Profile.BD_R_SEQUENTIAL,
            info(mmc.DiscStatus.INCOMPLETE, mmc.SessionState.INCOMPLETE),
            S.FLUSHED,
        ),
        (mmc.Profile.CD_R, info(mmc.DiscStatus.COMPLETE, mmc.SessionState.COMPLETE), S.CLOSED),
        (mmc.Profile.CD_R, info(mmc.DiscStatus.OTHER), S.UNKNOWN),
        (mmc.Profile.DVD_PLUS_RW, info(mmc.DiscStatus.BLANK), S.UNFORMATTED),
        (mmc.Profile.BD_RE, info(mmc.DiscStatus.COMPLETE), S.FORMATTED),
        (mmc.Profile.DVD_ROM, info(mmc.DiscStatus.COMPLETE), S.CLOSED),
        (mmc.Profile.DVD_ROM, info(mmc.DiscStatus.BLANK), S.UNKNOWN),
    ],
)
def test_what_a_disc_says_of_itself(
    profile: mmc.Profile, disc: mmc.DiscInformation, state: mmc.RecordingState
) -> None:
    assert mmc.inspect_disc(profile, disc) is state


def test_what_closing_means() -> None:
    # MMC-6 6.3.3; growisofs closes DVD+R with 2 and 6, BD-R likewise, and stops a background format with 0.
    session, finalize = mmc.CloseFunction.SESSION, mmc.CloseFunction.FINALIZE
    for profile in (mmc.Profile.DVD_PLUS_R, mmc.Profile.DVD_PLUS_R_DL, mmc.Profile.BD_R_SEQUENTIAL):
        assert mmc.close_meaning(profile, mmc.CloseFunction.TRACK) is mmc.CloseMeaning.CLOSE_TRACK
        assert mmc.close_meaning(profile, session) is mmc.CloseMeaning.CLOSE_SESSION
        assert mmc.close_meaning(profile, finalize) is mmc.CloseMeaning.FINALIZE
    assert mmc.close_meaning(mmc.Profile.CD_R, session) is mmc.CloseMeaning.CLOSE_SESSION_BY_MODE_PAGE
    assert mmc.close_meaning(mmc.Profile.CD_R, finalize) is mmc.CloseMeaning.NOT_DEFINED
    stop = mmc.close_meaning(mmc.Profile.DVD_PLUS_RW, mmc.CloseFunction.STOP_FORMAT)
    assert stop is mmc.CloseMeaning.STOP_BACKGROUND_FORMAT
    assert mmc.close_meaning(mmc.Profile.BD_RE, session) is mmc.CloseMeaning.NOT_DEFINED
