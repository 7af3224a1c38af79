"""Drives that refuse or lack something on the way, and what a burn makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.drive import Drive, MediaState
from aioimapi.errors import (
    DiscNotSupportedError,
    DiscNotWritableError,
    IllegalRequestError,
    MediumError,
    RecordingError,
)
from aioimapi.mmc import (
    CapacityType,
    DiscInformation,
    DiscStatus,
    FeatureSet,
    FormatCapacities,
    Profile,
    RemovableMedium,
    SessionState,
    TrackInformation,
)
from aioimapi.recorder import open_recorder
from aioimapi.recorder._readback import implausible
from aioimapi.recorder._setup import choose_format

from .burning import Log, told_state, url, virtual_recorder
from .sources import MemorySource

pytestmark = pytest.mark.anyio


async def test_a_drive_without_underrun_protection_gets_the_page_without_it(tmp_path: Path) -> None:
    log = Log()
    async with virtual_recorder(url(tmp_path / "disc", "cd-r", "5/26/00@modeselect10:1"), log) as (
        recorder,
        _,
    ):
        assert (await recorder.write(MemorySource(64))).verified
    assert log.opcodes().count(0x55) == 2


async def test_a_used_up_calibration_area_is_a_bad_disc(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "cd-r", "3/73/03@opc:1")) as recorder:
        with pytest.raises(MediumError):
            await recorder.write(MemorySource(64))
    assert told_state(tmp_path / "disc") == "blank"


async def test_another_failure_of_the_calibration_is_only_told(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "cd-r", "4/44/00@opc:1")) as recorder:
        report = await recorder.write(MemorySource(64))
    assert report.verified
    assert any("not calibrated" in warning for warning in report.warnings)


async def test_write_protection_that_shows_at_the_first_write(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-re", "7/27/00@write:1")) as recorder:
        with pytest.raises(DiscNotWritableError, match="nothing was written") as caught:
            await recorder.write(MemorySource(64))
        assert caught.value.profile == "BD-RE"
        assert recorder.last_report is not None
        assert recorder.last_report.sectors_taken == 0
    async with open_recorder(url(tmp_path / "disc2", "bd-re", "7/27/00@write:2")) as recorder:
        with pytest.raises(RecordingError) as late:
            await recorder.write(MemorySource(64))
    assert late.value.sectors_written == 32


async def test_a_close_that_is_refused_while_something_is_open_is_an_error(tmp_path: Path) -> None:
    for number, fault in enumerate(("5/2c/00@close:1", "5/2c/00@close:2")):
        async with open_recorder(url(tmp_path / f"disc{number}", "bd-r", fault)) as recorder:
            with pytest.raises(RecordingError) as caught:
                await recorder.write(MemorySource(64))
        assert isinstance(caught.value.__cause__, IllegalRequestError)
        assert caught.value.sectors_written == 64
        assert caught.value.disc_state == "appendable"


async def test_a_drive_that_lets_no_speed_be_set_burns_all_the_same(tmp_path: Path) -> None:
    faults = (
        "5/20/00@setstreaming:1+",
        "5/20/00@setcdspeed:1+",
        "5/20/00@modesense10:1+",
        "5/20/00@getperformance:1+",
    )
    async with open_recorder(url(tmp_path / "disc", "bd-r", *faults)) as recorder:
        report = await recorder.write(MemorySource(64), speed=4)
    assert report.verified
    assert report.speed_requested == 4
    assert report.speed_set is None


async def test_a_drive_that_says_nothing_of_its_buffer_is_asked_once(tmp_path: Path) -> None:
    log = Log()
    async with virtual_recorder(url(tmp_path / "disc", "bd-r", "5/20/00@readbuffercapacity:1+"), log) as (
        recorder,
        _,
    ):
        report = await recorder.write(MemorySource(640))
    assert report.buffer_min is None
    assert log.opcodes().count(0x5C) == 1


async def test_a_tray_that_only_a_hand_can_close_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def features(self: Drive) -> FeatureSet:
        return FeatureSet(Profile.BD_R_SEQUENTIAL, (RemovableMedium(version=1, eject=True, load=False),))

    log = Log()
    # As a device node would be, whose disc the operating system has a picture of.
    monkeypatch.setattr("aioimapi.recorder._burn.os.path.isabs", lambda name: True)
    async with virtual_recorder(url(tmp_path / "disc", "bd-r"), log) as (recorder, _):
        monkeypatch.setattr(Drive, "features", features)
        report = await recorder.write(MemorySource(64))
    assert 0x1B not in log.opcodes()
    assert any("put it in again" in warning for warning in report.warnings)


async def test_a_disc_without_a_format_that_is_known_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def format_capacities(self: Drive) -> FormatCapacities:
        return FormatCapacities(1_000, CapacityType.UNFORMATTED)

    monkeypatch.setattr(Drive, "format_capacities", format_capacities)
    async with virtual_recorder(url(tmp_path / "disc", "bd-re")) as (recorder, _):
        with pytest.raises(DiscNotSupportedError, match="offers no format"):
            await choose_format(recorder.drive, await recorder.media())


def media(status: DiscStatus, *tracks: TrackInformation, overwritable: bool = False) -> MediaState:
    disc = DiscInformation(status, SessionState.COMPLETE)
    return MediaState(Profile.BD_R_SEQUENTIAL, disc, tracks, overwritable=overwritable)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (media(DiscStatus.COMPLETE, TrackInformation(1, start_lba=0, size_sectors=64)), []),
        (media(DiscStatus.COMPLETE, overwritable=True), []),
        (MediaState(Profile.DVD_ROM), []),
        (media(DiscStatus.BLANK, TrackInformation(1, start_lba=0, size_sectors=64)), ["blank"]),
        (media(DiscStatus.COMPLETE), ["track information"]),
        (media(DiscStatus.COMPLETE, TrackInformation(1, start_lba=0, size_sectors=63)), ["has 63 sectors"]),
        (
            media(DiscStatus.COMPLETE, TrackInformation(1, start_lba=32, size_sectors=64)),
            ["no track holds LBA 0"],
        ),
        (media(DiscStatus.COMPLETE, TrackInformation(1, size_sectors=64, damaged=True)), ["track 1 damaged"]),
    ],
)
def test_what_cannot_be_true_of_a_written_disc(state: MediaState, words: list[str]) -> None:
    problems = implausible(state, 0, 64)
    assert len(problems) == len(words)
    for problem, word in zip(problems, words, strict=True):
        assert word in problem
