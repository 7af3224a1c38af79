"""Burns that do not end well: discs and drives that lie, sources that fail, the power cut."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from aioimapi.errors import (
    CommandTimeoutError,
    DiscNotBlankError,
    DriveLostError,
    HardwareError,
    MediumError,
    RecordingError,
    SourceChangedError,
    StreamingLostError,
    VerificationError,
)
from aioimapi.image import FileSystemImage
from aioimapi.recorder import Report, open_recorder

from .burning import KINDS, WRITE, Log, told_state, url, virtual_recorder
from .sources import MemorySource

pytestmark = pytest.mark.anyio


def report_of(error: RecordingError) -> Report:
    assert isinstance(error.report, Report)
    return error.report


@pytest.mark.parametrize("kind", KINDS)
async def test_damage_on_the_disc_is_named_to_the_sector_and_file(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind, "corrupt@lba:100-103", "corrupt@lba:777")
    async with open_recorder(target) as recorder:
        with pytest.raises(VerificationError) as caught:
            await recorder.write(MemorySource(1_000))
    error = caught.value
    assert error.ranges == ((100, 4), (777, 1))
    assert error.files == ("/1", "/7")
    assert error.lba == 100
    assert error.sectors_written == 1_000
    assert "5 sectors differ" in str(error)
    assert "/1 and 1 more" in str(error)
    report = report_of(error)
    assert report.written
    assert report.verified is False
    assert report.closed is (kind == "dvd+r")
    assert report.verification is not None
    assert report.verification.sectors_different == 5


async def test_quick_verification_sees_damage_where_it_looks(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "corrupt@lba:5000")) as recorder:
        assert (await recorder.write(MemorySource(8_000), verify="quick")).verified
    async with open_recorder(url(tmp_path / "disc2", "bd-r", "corrupt@lba:7999")) as recorder:
        with pytest.raises(VerificationError) as caught:
            await recorder.write(MemorySource(8_000), verify="quick")
    assert caught.value.ranges == ((7_999, 1),)


async def test_a_lying_drive_is_caught(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "lie@write:4")) as recorder:
        with pytest.raises(VerificationError) as caught:
            await recorder.write(MemorySource(320))
    assert caught.value.ranges == ((96, 32),)
    assert report_of(caught.value).written  # the drive said so
    assert report_of(caught.value).verified is False


async def test_unreadable_sectors_are_found_while_verifying(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "3/11/05@read.lba:200-201")) as recorder:
        with pytest.raises(VerificationError) as caught:
            await recorder.write(MemorySource(400))
    assert caught.value.ranges == ((200, 2),)
    found = report_of(caught.value).verification
    assert found is not None
    assert found.unreadable == ((200, 2),)
    assert found.different == ()
    assert found.sectors_read == 398


async def test_a_disc_that_fails_later_is_told_from_another_image(tmp_path: Path) -> None:
    source = MemorySource(400)
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        await recorder.write(source)
    async with open_recorder(url(tmp_path / "disc", "bd-r", "3/11/05@read.lba:200-201")) as recorder:
        with pytest.raises(VerificationError, match="the disc fails there") as caught:
            await recorder.verify(source)
    assert caught.value.ranges == ((200, 2),)


async def test_comparing_with_another_image(tmp_path: Path) -> None:
    source = MemorySource(300)
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        await recorder.write(source)
        source.data[123 * 2048] ^= 1
        with pytest.raises(VerificationError, match="not what you take it for") as caught:
            await recorder.verify(source)
        assert caught.value.ranges == ((123, 1),)
        report = report_of(caught.value)
        assert report.job == "verify"
        assert "Written" not in str(report)
        assert "1 sector differs" in str(report)
        source.data[123 * 2048] ^= 1
        assert (await recorder.verify(source, level="quick")).digest == ""
        assert (await recorder.verify(source, digest="md5")).digest == hashlib.md5(source.data).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_source_that_fails_midway(tmp_path: Path, kind: str) -> None:
    log = Log()
    async with virtual_recorder(url(tmp_path / "disc", kind), log) as (recorder, _):
        source = MemorySource(320, fail_at=160)
        with pytest.raises(RecordingError) as caught:
            await recorder.write(source)
    error = caught.value
    assert isinstance(error.__cause__, SourceChangedError)
    assert error.sectors_written == 160  # every good chunk before the error was written
    assert error.lba == 160
    assert error.disc_state == "appendable" == told_state(tmp_path / "disc")
    assert "photos/a.jpg shrank" in str(error)
    assert "160 of 320" in str(error)
    assert source.open_readers == 0
    assert log.opcodes().count(WRITE) == 5


@pytest.mark.parametrize(
    ("fault", "cause", "state"),
    [
        ("3/0c/00@write:5", MediumError, "appendable"),
        ("4/09/01@write:5", HardwareError, "appendable"),
        ("hang@write:5", CommandTimeoutError, "appendable"),
        ("unplug@write:5", DriveLostError, "unknown"),
    ],
)
async def test_a_drive_that_fails_midway(
    tmp_path: Path, fault: str, cause: type[Exception], state: str
) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", fault)) as recorder:
        with pytest.raises(RecordingError) as caught:
            await recorder.write(MemorySource(320))
    error = caught.value
    assert isinstance(error.__cause__, cause)
    assert error.sectors_written == 128
    assert error.disc_state == state
    report = report_of(error)
    assert not report.written
    assert report.verified is None
    assert report.sectors_taken == 128
    assert report.digest == ""
    if isinstance(error.__cause__, MediumError | HardwareError):
        assert error.lba == 128
        assert "LBA 128" in str(error)


async def test_loss_of_streaming_has_its_own_error(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "cd-r", "3/0c/09@write:3")) as recorder:
        with pytest.raises(StreamingLostError):
            await recorder.write(MemorySource(320))


async def test_a_drive_that_is_not_ready_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "notready:3@write:2")) as recorder:
        report = await recorder.write(MemorySource(320))
    assert report.verified
    assert report.retries >= 1


async def test_a_drive_that_closes_by_itself_may_refuse_to_close(tmp_path: Path) -> None:
    target = url(tmp_path / "disc", "dvd+r", "5/20/00@close:2:done", "5/20/00@opc:1")
    async with open_recorder(target) as recorder:
        report = await recorder.write(MemorySource(320))
    assert report.closed
    assert report.verified
    assert any("calibration" in warning for warning in report.warnings)


async def test_a_close_that_fails_is_told_with_all_sectors_written(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "3/0c/00@close:2")) as recorder:
        with pytest.raises(RecordingError) as caught:
            await recorder.write(MemorySource(320))
    assert caught.value.sectors_written == 320
    assert caught.value.lba == 320
    assert caught.value.disc_state == "appendable"
    assert not report_of(caught.value).written


async def test_tidying_up_that_takes_too_long_leaves_the_state_unknown(tmp_path: Path) -> None:
    target = url(tmp_path / "disc", "bd-r", more="&physics=400x&sync_s=30").replace(
        "time_scale=0", "time_scale=1"
    )
    async with open_recorder(target) as recorder:
        with pytest.raises(RecordingError) as caught:
            await recorder.write(MemorySource(320, fail_at=160), tidy_s=0.05)
    assert caught.value.disc_state == "unknown"
    assert caught.value.sectors_written == 160
    assert "state is unknown" in str(caught.value)


async def test_a_drive_that_dies_while_verifying_leaves_a_written_disc(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", "unplug@read:3")) as recorder:
        with pytest.raises(RecordingError, match="not proven") as caught:
            await recorder.write(MemorySource(320))
    report = report_of(caught.value)
    assert report.written
    assert report.verified is None
    assert report.verification is not None
    assert report.verification.sectors_read == 64
    assert "not finished (full): 64 sectors" in str(report)
    assert report.disc_state == "appendable"


async def test_a_rewritable_disc_can_be_burned_again_after_a_failure(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-re", "3/0c/00@write:5")) as recorder:
        with pytest.raises(RecordingError, match="can be written again"):
            await recorder.write(MemorySource(320))
        assert (await recorder.write(MemorySource(320), overwrite=True)).verified


BURN_SLOWLY = """
    import sys, anyio
    sys.path.insert(0, {tests!r})
    from recorder.burning import url
    from recorder.sources import MemorySource
    from aioimapi.recorder import open_recorder

    async def main():
        async with open_recorder({target!r}) as recorder:
            await recorder.write(MemorySource(20_000), on_progress=lambda p: print(p.sectors_done, flush=True))

    anyio.run(main)
"""


async def test_a_killed_burn_leaves_a_disc_that_tells_the_truth(tmp_path: Path) -> None:
    target = url(tmp_path / "disc", "bd-r", more="&physics=20x").replace("time_scale=0", "time_scale=1")
    script = textwrap.dedent(BURN_SLOWLY.format(tests=str(Path(__file__).parent.parent), target=target))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as burn:
        assert burn.stdout is not None
        done = next(int(line) for line in burn.stdout if int(line) >= 2_000)
        burn.send_signal(signal.SIGKILL)
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        media = await recorder.media()
        assert media.next_writable_lba is not None
        assert media.next_writable_lba >= done
        with pytest.raises(DiscNotBlankError, match=f"broken off: {media.next_writable_lba:,} sectors"):
            await recorder.write(MemorySource(64))
        rest = MemorySource(640, start_lba=media.next_writable_lba)
        report = await recorder.write(rest)
    assert report.verified


async def test_a_disc_of_the_same_files_from_another_run(tmp_path: Path) -> None:
    plans = []
    for second in (1_600_000_000, 1_600_000_100):
        image = FileSystemImage("SAME", time_ns=second * 10**9)
        image.root.add_file("a", b"the same" * 1000, mtime_ns=0)
        plans.append(await image.plan())
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        await recorder.write(plans[0])
        with pytest.raises(VerificationError, match=r"no file's data differs.*SOURCE_DATE_EPOCH") as caught:
            await recorder.verify(plans[1])
    assert all(name.startswith("<") for name in caught.value.files)
