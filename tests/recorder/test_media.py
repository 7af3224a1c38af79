"""IMAPI's closing table and the sizes of burns."""

from __future__ import annotations

import pytest

from aioimapi.mmc import CloseFunction, Profile
from aioimapi.recorder._media import MEDIA, choose_closing

TRACK, SESSION = CloseFunction.TRACK, CloseFunction.SESSION
COMPATIBLE, NORMAL = CloseFunction.FINALIZE_MINIMUM_RADIUS, CloseFunction.FINALIZE
FREE, CAPACITY = 1_000_000, 2_295_104


@pytest.mark.parametrize(
    ("profile", "disable_compatibility", "force_close", "functions", "closes"),
    [
        # the four rows of the documentation of put_DisableConsumerDvdCompatibilityMode
        (Profile.DVD_PLUS_R, False, False, (TRACK, COMPATIBLE), True),
        (Profile.DVD_PLUS_R, False, True, (TRACK, COMPATIBLE), True),
        (Profile.DVD_PLUS_R, True, False, (TRACK, SESSION), False),
        (Profile.DVD_PLUS_R, True, True, (TRACK, NORMAL), True),
        (Profile.DVD_PLUS_R_DL, False, False, (TRACK, COMPATIBLE), True),
        (Profile.DVD_PLUS_R_DL, False, True, (TRACK, COMPATIBLE), True),
        (Profile.DVD_PLUS_R_DL, True, False, (TRACK, NORMAL), True),
        (Profile.DVD_PLUS_R_DL, True, True, (TRACK, NORMAL), True),
        # the property does nothing on other media
        (Profile.CD_R, False, False, (TRACK, SESSION), False),
        (Profile.BD_R_SEQUENTIAL, False, False, (TRACK, SESSION), False),
        (Profile.BD_R_SEQUENTIAL, False, True, (TRACK, NORMAL), True),
        (Profile.BD_RE, False, True, (), False),
    ],
)
def test_closing_is_imapis_table(
    profile: Profile,
    disable_compatibility: bool,
    force_close: bool,
    functions: tuple[CloseFunction, ...],
    closes: bool,
) -> None:
    closing = choose_closing(
        MEDIA[profile],
        close=force_close,
        compatible=not disable_compatibility,
        free_after=FREE,
        capacity=CAPACITY,
    )
    assert closing.functions == functions
    assert closing.closes_disc is closes


@pytest.mark.parametrize(("free_after", "closes"), [(2_001, False), (2_000, True), (0, True)])
def test_two_percent_rule_closes_and_says_why(free_after: int, closes: bool) -> None:
    traits = MEDIA[Profile.BD_R_SEQUENTIAL]
    closing = choose_closing(traits, close=False, compatible=True, free_after=free_after, capacity=100_000)
    assert closing.closes_disc is closes
    assert ("2 %" in closing.reason) is closes


def test_a_last_session_closes_the_disc() -> None:
    closing = choose_closing(
        MEDIA[Profile.CD_R],
        close=False,
        compatible=True,
        last_session=True,
        free_after=FREE,
        capacity=CAPACITY,
    )
    assert closing.closes_disc
    assert "no further session" in closing.reason


@pytest.mark.parametrize(
    ("profile", "sectors", "taken"),
    [
        (Profile.CD_R, 1_000, 1_150),  # 150 sectors of post-gap
        (Profile.CD_R, 10, 300),  # no track below four seconds
        (Profile.DVD_PLUS_R, 17, 17),
        (Profile.DVD_PLUS_RW, 17, 32),  # ECC block of 16 sectors
        (Profile.BD_RE, 33, 64),  # cluster of 32 sectors
        (Profile.BD_R_SEQUENTIAL, 33, 33),
    ],
)
def test_what_an_image_takes_of_a_disc(profile: Profile, sectors: int, taken: int) -> None:
    assert MEDIA[profile].sectors_on_disc(sectors) == taken


def test_unknown_profiles_are_not_in_the_table() -> None:
    assert Profile.DVD_ROM not in MEDIA
    assert Profile(0x77) not in MEDIA


@pytest.mark.parametrize("profile", [Profile.BD_RE, Profile.DVD_PLUS_RW])
def test_a_rewritable_disc_says_that_it_cannot_be_closed(profile: Profile) -> None:
    for close in (False, True):
        closing = choose_closing(MEDIA[profile], close=close, compatible=True, free_after=9, capacity=10)
        assert not closing.closes_disc
        assert not closing.functions
        assert ("rewritable" in closing.reason) is close
