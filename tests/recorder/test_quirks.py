"""The recorder with drives that do things in their own way: it copes, or says what is wrong with which error."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.errors import (
    DiscNotWritableError,
    MediumError,
    RecordingError,
    StreamingLostError,
    VerificationError,
)
from aioimapi.recorder import Report, open_recorder
from aioimapi.virtual import Quirk, VirtualMedium

from .burning import KINDS, url
from .sources import MemorySource

pytestmark = pytest.mark.anyio

SECTORS = 320
NOTHING_TO_SEE = set(Quirk) - {Quirk.YES_MAN, Quirk.NEEDS_RELOAD, Quirk.NO_OPC, Quirk.ROM_AFTER_CLOSE}


async def burn(target: str, *, verify: str = "full", close: bool = False) -> Report:
    async with open_recorder(target) as recorder:
        return await recorder.write(MemorySource(SECTORS), verify=verify, close=close)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quirk", sorted(quirk.value for quirk in NOTHING_TO_SEE))
async def test_most_quirks_cost_nothing(tmp_path: Path, kind: str, quirk: str) -> None:
    report = await burn(url(tmp_path / "disc", kind, more=f"&quirk={quirk}"))
    assert report.written
    assert report.verified
    assert report.warnings == ()


@pytest.mark.parametrize("verify", ["full", "quick"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_drive_that_must_see_the_disc_anew_is_shown_it(
    tmp_path: Path, kind: str, verify: str
) -> None:
    report = await burn(url(tmp_path / "disc", kind, more="&quirk=needs-reload"), verify=verify)
    assert report.verified
    (warning,) = report.warnings
    assert "loaded anew" in warning


async def test_a_slim_drive_that_must_see_the_disc_anew_asks_for_a_hand(tmp_path: Path) -> None:
    with pytest.raises(VerificationError) as caught:
        await burn(url(tmp_path / "disc", "bd-r", more="&quirk=needs-reload,slim"))
    assert "nothing can be read: take the disc out, put it in again" in str(caught.value)
    assert isinstance(caught.value.report, Report)
    assert caught.value.report.written


@pytest.mark.parametrize("kind", KINDS)
async def test_a_drive_that_only_says_that_it_writes_is_caught(tmp_path: Path, kind: str) -> None:
    for verify in ("full", "quick"):
        with pytest.raises(VerificationError, match=f"{SECTORS} sectors differ.*try another drive"):
            await burn(url(tmp_path / verify, kind, more="&quirk=yes-man"), verify=verify)


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r", "cd-r"])
async def test_a_closed_disc_that_poses_as_a_pressed_one_is_closed(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind, more="&quirk=rom-after-close,no-events,no-reserve")
    async with open_recorder(target) as recorder:
        report = await recorder.write(MemorySource(SECTORS), close=True)
        assert (report.verified, report.closed, report.warnings) == (True, True, ())
        with pytest.raises(DiscNotWritableError, match="can only be read"):
            await recorder.write(MemorySource(SECTORS))


async def test_a_drive_without_calibration_by_command(tmp_path: Path) -> None:
    report = await burn(url(tmp_path / "disc", "dvd+r", more="&quirk=no-opc"))
    assert report.verified
    assert "no power calibration by command" in report.warnings[0]


async def test_no_address_on_a_disc_that_holds_something(tmp_path: Path) -> None:
    """On a blank disc the address goes without saying; behind a session it would be a guess."""
    target = url(tmp_path / "disc", "bd-r", more="&quirk=no-nwa")
    await burn(target)
    with pytest.raises(DiscNotWritableError, match="tells no address for the next write"):
        await burn(target)


async def test_a_write_protected_disc_without_page_2a(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    VirtualMedium.create(path, "bd-r", sectors=32_000).close()
    async with open_recorder(f"virtual:{path}?readonly&quirk=no-page-2a") as recorder:
        with pytest.raises(DiscNotWritableError, match="is write-protected"):
            await recorder.write(MemorySource(SECTORS))


async def test_all_harmless_quirks_at_once(tmp_path: Path) -> None:
    quirks = ",".join(
        quirk.value for quirk in Quirk if quirk not in (Quirk.YES_MAN, Quirk.NEEDS_RELOAD, Quirk.NO_IMMED)
    )
    for kind in KINDS:
        report = await burn(url(tmp_path / kind, kind, more=f"&quirk={quirks}"))
        assert report.verified


@pytest.mark.parametrize("kind", KINDS)
async def test_a_drive_in_real_time_but_faster(tmp_path: Path, kind: str) -> None:
    report = await burn(url(tmp_path / "disc", kind, more="&physics=real"))
    assert report.verified


async def test_a_slow_drive_that_talks_fast_is_told_by_the_report(tmp_path: Path) -> None:
    """The speed that the drive says was set stands beside the one that was measured."""
    report = await burn(url(tmp_path / "disc", "bd-r", more="&quirk=fast-talker"))
    assert report.speed_set == pytest.approx(12.0, abs=0.1)


async def test_a_worn_disc_is_told_to_the_sector(tmp_path: Path) -> None:
    with pytest.raises(VerificationError) as caught:
        await burn(url(tmp_path / "disc", "dvd+rw", more="&wear=bad:100-103,weak:20"))
    assert caught.value.ranges == ((100, 4),)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_that_comes_later_ends_the_burn(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RecordingError, match="it concerns an earlier command") as caught:
        await burn(url(tmp_path / "disc", kind, "deferred:3/0c/00@write:3"))
    assert isinstance(caught.value.__cause__, MediumError)
    assert isinstance(caught.value.report, Report)
    assert not caught.value.report.written


async def test_a_buffer_that_runs_empty_without_protection_is_an_error_of_its_own(tmp_path: Path) -> None:
    """At this scale of time hours pass between two WRITEs."""
    with pytest.raises(StreamingLostError) as caught:
        await burn(url(tmp_path / "disc", "cd-r", more="&physics&underrun=ruin"))
    assert isinstance(caught.value.report, Report)
    assert not caught.value.report.written
    report = await burn(url(tmp_path / "disc2", "cd-r", more="&physics&underrun=obey"))
    assert report.verified  # the recorder switches protection on
