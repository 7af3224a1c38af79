"""Many drives at once: one reading, an outcome for each, no failure that spreads."""

from __future__ import annotations

import random
from pathlib import Path

import anyio
import blake3
import pytest

from aioimapi.errors import (
    DiscTooSmallError,
    DriveBusyError,
    DriveLostError,
    RecordingError,
    SourceError,
    VirtualMediumError,
)
from aioimapi.image import IsoFile
from aioimapi.recorder import Phase, Progress
from aioimapi.rig import Outcome, Rig, RigOptions, burn
from aioimapi.units import SECTOR_SIZE

pytestmark = pytest.mark.anyio

SECTORS = 4_000


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    path = tmp_path / "image.iso"
    path.write_bytes(random.Random(3).randbytes(SECTORS * SECTOR_SIZE))
    return path


def drive(folder: Path, name: str, kind: str = "bd-r", *, sectors: int = 32_000, more: str = "") -> str:
    return f"virtual:{folder / name}?media={kind}&sectors={sectors}&time_scale=0{more}"


async def test_eight_drives_of_which_one_dies_half_way(tmp_path: Path, iso: Path) -> None:
    targets = [drive(tmp_path, f"d{number}") for number in range(8)]
    targets[3] += "&fault=unplug@write:60"
    told: list[Progress] = []
    outcomes = await burn(targets, iso, on_progress=told.append)
    assert [outcome.target for outcome in outcomes] == targets
    assert [outcome.ok for outcome in outcomes] == [number != 3 for number in range(8)]
    digest = blake3.blake3(iso.read_bytes()).hexdigest()
    for outcome in outcomes:
        assert outcome.report is not None
        if outcome.ok:
            assert outcome.report.verified
            assert outcome.report.digest == digest
            assert str(outcome) == f"{outcome.target}: written and verified"
    dead = outcomes[3]
    assert isinstance(dead.error, RecordingError)
    assert isinstance(dead.error.__cause__, DriveLostError)
    assert dead.error.sectors_written == 59 * 32
    assert dead.report is not None
    assert dead.report.disc_state == "unknown"
    assert "failed" in str(dead)
    assert {progress.drive for progress in told if progress.phase is Phase.COMPLETED} == set(targets) - {
        targets[3]
    }


async def test_what_cannot_begin_disturbs_nobody(tmp_path: Path, iso: Path) -> None:
    targets = [
        drive(tmp_path, "good"),
        drive(tmp_path, "small", sectors=1_024),
        f"virtual:{tmp_path / 'missing'}",
        drive(tmp_path, "other", "dvd+r"),
    ]
    good, small, missing, other = await burn(
        targets, IsoFile(iso), RigOptions(verify="quick", digest="sha256", eject=True)
    )
    assert good.ok
    assert other.ok
    assert other.report is not None
    assert other.report.closed
    assert isinstance(small.error, DiscTooSmallError)
    assert small.report is not None
    assert isinstance(missing.error, VirtualMediumError)
    assert missing.report is None


async def test_each_drive_can_have_its_own_source(tmp_path: Path, iso: Path) -> None:
    second = tmp_path / "second.iso"
    second.write_bytes(bytes(64 * SECTOR_SIZE))
    targets = [drive(tmp_path, "a"), drive(tmp_path, "b"), drive(tmp_path, "c")]
    sources = dict(zip(targets, (iso, second, tmp_path / "missing.iso"), strict=True))
    a, b, c = await burn(targets, lambda target: sources[target])
    assert a.report is not None
    assert a.report.sectors == SECTORS
    assert b.report is not None
    assert b.report.sectors == 64
    assert isinstance(c.error, SourceError)


async def test_one_drive_needs_no_window(tmp_path: Path, iso: Path) -> None:
    (only,) = await burn([drive(tmp_path, "a")], iso)
    assert only.ok


async def test_a_bad_source_for_all_touches_no_drive(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        await burn([drive(tmp_path, "a"), drive(tmp_path, "b")], tmp_path / "missing.iso")
    assert not (tmp_path / "a").exists()


async def test_a_drive_named_twice_is_refused(tmp_path: Path, iso: Path) -> None:
    target = drive(tmp_path, "a")
    with pytest.raises(DriveBusyError, match="twice"):
        await burn([target, target], iso)


async def test_a_drive_that_dies_is_told_of_at_once(tmp_path: Path, iso: Path) -> None:
    targets = [drive(tmp_path, "good"), drive(tmp_path, "dying", more="&fault=unplug@write:5")]
    news: list[Outcome | Progress] = []
    rig = Rig(targets)
    await rig.burn(iso, on_progress=news.append, on_outcome=news.append)
    ends = [thing for thing in news if isinstance(thing, Outcome)]
    assert [end.target for end in ends] == targets[::-1]
    assert set(ends) == set(rig.outcomes)
    after = news[news.index(ends[0]) :]
    assert any(isinstance(thing, Progress) and thing.phase is Phase.VERIFYING for thing in after)


async def test_a_mistake_in_a_display_costs_no_disc(tmp_path: Path, iso: Path) -> None:
    called: list[Outcome] = []

    def broken(outcome: Outcome) -> None:
        called.append(outcome)
        raise ZeroDivisionError

    outcomes = await burn([drive(tmp_path, f"d{number}") for number in range(2)], iso, on_outcome=broken)
    assert all(outcome.ok for outcome in outcomes)
    assert len(called) == 1


async def test_a_cancel_tells_what_became_of_each_disc(tmp_path: Path, iso: Path) -> None:
    rig = Rig([drive(tmp_path, f"d{number}") for number in range(3)])
    assert rig.outcomes == tuple(Outcome(outcome.target) for outcome in rig.outcomes)
    with anyio.CancelScope() as scope:

        def stop(progress: Progress) -> None:
            if progress.phase is Phase.WRITING_DATA and progress.sectors_done > 1_000:
                scope.cancel()

        await rig.burn(iso, on_progress=stop)
    assert scope.cancelled_caught
    for outcome in rig.outcomes:
        assert not outcome.ok
        assert outcome.error is None
        assert outcome.report is not None
        assert outcome.report.error == "cancelled"
        assert outcome.report.disc_state == "appendable"
        assert outcome.cancelled
        assert str(outcome) == f"{outcome.target}: cancelled; the disc is appendable"


async def test_a_bug_is_nobodys_outcome(tmp_path: Path) -> None:
    def broken(target: str) -> Path:
        raise ZeroDivisionError(target)

    with pytest.raises(ZeroDivisionError):
        await burn([drive(tmp_path, "a")], broken)
