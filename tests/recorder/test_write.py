"""Burns that end well, on every kind of disc, and what they say of themselves."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path

import anyio
import blake3
import pytest

from aioimapi.drive import Drive
from aioimapi.errors import DriveBusyError, NoDiscError
from aioimapi.mmc import BufferCapacity
from aioimapi.recorder import Phase, Progress, Recorder, Report, VerifyLevel, open_recorder
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual import VirtualMedium

from .burning import FORMAT, KINDS, WRITE, Log, told_state, url, virtual_recorder
from .sources import MemorySource

pytestmark = pytest.mark.anyio


def on_disc(path: Path, lba: int, sectors: int) -> bytes:
    medium = VirtualMedium.open(str(path), readonly=True)
    try:
        buffer = bytearray(sectors * SECTOR_SIZE)
        medium.read_into(lba, memoryview(buffer))
        return bytes(buffer)
    finally:
        medium.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_disc_is_written_closed_as_it_should_be_and_proven(
    tmp_path: Path, kind: str
) -> None:
    source = MemorySource(1_000)
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        report = await recorder.write(source, digest="sha256")
        assert recorder.last_report is report
    assert report.written
    assert report.verified
    assert report.sectors == report.sectors_taken == 1_000
    assert report.start_lba == 0
    assert report.closed is (kind == "dvd+r")  # IMAPI's default for DVD+R, and for it alone
    assert (
        report.disc_state == ("closed" if kind == "dvd+r" else "appendable") == told_state(tmp_path / "disc")
    )
    assert report.rewritable is (kind in ("dvd+rw", "bd-re"))
    assert report.digest_name == "sha256"
    assert report.digest == hashlib.sha256(source.data).hexdigest()
    assert report.verification is not None
    assert report.verification.sectors_read == 1_000
    assert report.error == ""
    assert report.retries == 0
    assert report.drive.vendor == "AIOIMAPI"
    assert report.drive.serial
    assert report.write is not None
    assert report.write.maximum >= report.write.average > 0
    assert report.speed_set is not None
    assert [track.start_lba for track in report.tracks] == [0]
    assert report.tracks[0].sectors >= 1_000
    assert on_disc(tmp_path / "disc", 0, 1_000) == source.data
    assert json.loads(report.to_json())["verified"] is True


@pytest.mark.parametrize(
    ("kind", "close", "compatible", "closed"),
    [
        ("bd-r", True, True, True),
        ("cd-r", True, True, True),
        ("dvd+r", False, False, False),
        ("dvd+r", True, False, True),
    ],
)
async def test_closing_as_asked(
    tmp_path: Path, kind: str, close: bool, compatible: bool, closed: bool
) -> None:
    async with open_recorder(url(tmp_path / "disc", kind)) as recorder:
        report = await recorder.write(MemorySource(400), close=close, compatible=compatible)
    assert report.closed is closed
    assert told_state(tmp_path / "disc") == ("closed" if closed else "appendable")


async def test_a_disc_that_is_nearly_full_is_closed_whatever_was_asked(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r", sectors=1_024)) as recorder:
        report = await recorder.write(MemorySource(1_010))
    assert report.closed
    assert any("2 %" in warning for warning in report.warnings)


async def test_a_cd_gets_its_post_gap(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "cd-r")) as recorder:
        report = await recorder.write(MemorySource(400))
        disc = await recorder.read()
        assert disc.sector_count == 400 + 150
    assert on_disc(tmp_path / "disc", 400, 150) == bytes(150 * SECTOR_SIZE)
    assert report.tracks[0].sectors == 400 + 150 + 2


@pytest.mark.parametrize("kind", ["dvd+rw", "bd-re"])
async def test_a_blank_rewritable_disc_is_formatted_once(tmp_path: Path, kind: str) -> None:
    phases: list[Phase] = []
    for count in (1, 0):
        log = Log()
        async with virtual_recorder(url(tmp_path / "disc", kind), log) as (recorder, _):
            await recorder.write(
                MemorySource(64), overwrite=True, on_progress=lambda p: phases.append(p.phase)
            )
        assert log.opcodes().count(FORMAT) == count
    assert phases.count(Phase.FORMATTING_MEDIA) == 1


async def test_an_empty_formatted_disc_counts_as_blank(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-re", more="&formatted=1")) as recorder:
        assert (await recorder.write(MemorySource(64))).verified


async def test_phases_and_updates_are_imapis(tmp_path: Path) -> None:
    told: list[Progress] = []
    async with open_recorder(url(tmp_path / "disc", "cd-r")) as recorder:
        await recorder.write(MemorySource(4_096), on_progress=told.append)
    order = list(dict.fromkeys(progress.phase for progress in told))
    assert order == [
        Phase.VALIDATING_MEDIA,
        Phase.INITIALIZING_HARDWARE,
        Phase.CALIBRATING_POWER,
        Phase.WRITING_DATA,
        Phase.FINALIZATION,
        Phase.VERIFYING,
        Phase.COMPLETED,
    ]
    for phase in (Phase.WRITING_DATA, Phase.VERIFYING):
        values = [progress.sectors_done for progress in told if progress.phase is phase]
        assert values[0] == 0
        assert values[-1] == 4_096
        assert values == sorted(set(values))
        assert len(values) >= 100
    writing = [p for p in told if p.phase is Phase.WRITING_DATA and p.sectors_done]
    assert all(p.drive_buffer_fill is not None and 0 <= p.drive_buffer_fill <= 1 for p in writing)
    assert {progress.phase for progress in told if progress.sectors_total == 0} == set(order) - {
        Phase.WRITING_DATA,
        Phase.VERIFYING,
    }


async def test_a_callback_that_raises_costs_no_disc(tmp_path: Path) -> None:
    calls: list[Progress] = []

    def broken(progress: Progress) -> None:
        calls.append(progress)
        raise ZeroDivisionError("a bug in a display")

    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        report = await recorder.write(MemorySource(64), on_progress=broken)
    assert report.verified
    assert len(calls) == 1
    assert any("ZeroDivisionError" in warning for warning in report.warnings)


async def test_progress_is_an_iterator_that_ends_with_the_job(tmp_path: Path) -> None:
    seen: list[Progress] = []

    async def listen(recorder: Recorder) -> None:
        seen.extend([progress async for progress in recorder.progress()])

    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder, anyio.create_task_group() as tasks:
        tasks.start_soon(listen, recorder)
        await anyio.lowlevel.checkpoint()
        await recorder.write(MemorySource(640))
    assert seen[-1].phase is Phase.COMPLETED
    assert any(progress.phase is Phase.WRITING_DATA for progress in seen)


@pytest.mark.parametrize("level", ["none", "quick", VerifyLevel.FULL])
async def test_levels_of_verification(tmp_path: Path, level: str) -> None:
    source, log = MemorySource(3_200), Log()
    async with virtual_recorder(url(tmp_path / "disc", "bd-r"), log) as (recorder, _):
        report = await recorder.write(source, verify=level)
    last_write = max(index for index, opcode in enumerate(log.opcodes()) if opcode == WRITE)
    reads = sum(cdb[8] for cdb in log.cdbs[last_write:] if cdb[0] == 0x28)
    assert reads == {"none": 0, "quick": 32 * 32, "full": 3_200}[level]
    assert report.verified is (None if level == "none" else True)
    assert report.written
    assert (
        report.digest == blake3.blake3(source.data).hexdigest()
    )  # taken while writing, whatever is read back


async def test_speed_is_asked_for_in_x_and_told_as_the_drive_took_it(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "dvd+r")) as recorder:
        report = await recorder.write(MemorySource(64), speed=9)
    assert report.speed_requested == 9
    assert report.speed_set == pytest.approx(8.0, rel=0.01)  # the virtual DVD+R has 4, 8, 12 and 16x
    assert any("nearest" in warning for warning in report.warnings)


@pytest.mark.parametrize(("free", "lowest"), [((100, 10, 60, 20), 0.4), ((10, 100), 0.0), ((100,), None)])
async def test_the_drives_buffer_is_watched_where_it_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: tuple[int, ...], lowest: float | None
) -> None:
    answers = itertools.chain(free[:1], itertools.cycle(free[1:] or free))

    async def buffer_capacity(self: Drive) -> BufferCapacity:
        return BufferCapacity(100, next(answers))

    monkeypatch.setattr(Drive, "buffer_capacity", buffer_capacity)
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        report = await recorder.write(MemorySource(640), verify="none")
    assert report.buffer_min == (None if lowest is None else pytest.approx(lowest))


async def test_a_second_job_is_refused_at_once(tmp_path: Path) -> None:
    source = MemorySource(64)
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        errors: list[DriveBusyError] = []

        async def burn() -> None:
            try:
                await recorder.write(source)
            except DriveBusyError as error:
                errors.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(burn)
            tasks.start_soon(burn)
        assert len(errors) == 1
        assert "burn is running" in str(errors[0])
        assert recorder.last_report is not None
        assert recorder.last_report.verified
        assert (await recorder.verify(source)).verified


async def test_an_image_of_our_own_goes_onto_a_disc_and_comes_back(tmp_path: Path) -> None:
    from aioimapi.image import FileSystemImage

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_bytes(b"hello" * 10_000)
    image = FileSystemImage(volume_name="TEST")
    image.root.add_tree(tmp_path / "docs")
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        report = await recorder.write(image)
        assert report.verified
        plan = await image.plan()
        await plan.save(tmp_path / "x.iso")
        assert (await recorder.verify(tmp_path / "x.iso")).digest == report.digest
        disc = await recorder.read(0, plan.sector_count)
        digest = blake3.blake3()
        async with disc.reader() as reader:
            buffer = memoryview(bytearray(plan.sector_count * SECTOR_SIZE))
            await reader.readinto(0, buffer, digest)
        assert digest.hexdigest() == report.digest
        assert disc.files_at(16, 2) == ("<BD-R sequential recording LBA 16 to 17>",)


async def test_the_tray_moves_in_the_end_where_asked(tmp_path: Path) -> None:
    log = Log()
    async with virtual_recorder(url(tmp_path / "disc", "bd-r"), log) as (recorder, _):
        assert (await recorder.write(MemorySource(64), reload=True)).verified
        assert [cdb[4] & 3 for cdb in log.cdbs if cdb[0] == 0x1B] == [2, 3]
        assert (await recorder.verify(MemorySource(64))).verified
    target = url(tmp_path / "disc2", "bd-r", "5/24/00@eject:1")
    async with open_recorder(target) as recorder:
        report = await recorder.write(MemorySource(64), reload=True)
    assert report.verified
    assert any("loaded anew" in warning for warning in report.warnings)


async def test_tray(tmp_path: Path) -> None:
    async with virtual_recorder(url(tmp_path / "disc", "bd-r")) as (recorder, _):
        await recorder.eject()
        with pytest.raises(NoDiscError, match="tray is open"):
            await recorder.write(MemorySource(4))
        await recorder.load()
        assert (await recorder.media()).blank
        report: Report = await recorder.write(MemorySource(4))
        assert report.verified
