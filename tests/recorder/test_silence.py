"""A drive that does not answer is told of while it does not, with what it was asked and how long it is waited for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aioimapi.errors import CommandTimeoutError, MediumError, RecordingError
from aioimapi.recorder import Phase, Progress, Silence, _silence, open_recorder
from aioimapi.virtual import VirtualMedium

from .burning import url
from .sources import MemorySource

pytestmark = pytest.mark.anyio


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_silence, "SILENCE_S", 0.02)
    monkeypatch.setattr(_silence, "LOOK_S", 0.005)


async def burn_with_hang(folder: Path, fault: str) -> tuple[list[Progress], RecordingError]:
    told: list[Progress] = []
    target = url(folder / "disc", "bd-r", fault).replace("time_scale=0", "time_scale=0.0005")
    async with open_recorder(target) as recorder:
        with pytest.raises(RecordingError) as caught:
            await recorder.write(MemorySource(320), on_progress=told.append)
        assert recorder.last_report is not None
        assert recorder.last_report.warnings == ()
    return told, caught.value


@pytest.mark.usefixtures("impatient")
async def test_a_write_without_an_answer_is_told_while_it_lasts(tmp_path: Path) -> None:
    told, error = await burn_with_hang(tmp_path, "hang@write:5")
    silences = [(progress.phase, progress.silence) for progress in told if progress.silence is not None]
    assert len(silences) > 3
    for phase, silence in silences:
        assert phase is Phase.WRITING_DATA
        assert (silence.command, silence.lba) == ("WRITE (10)", 128)
        assert silence.limit_s == pytest.approx(0.1)  # 200 s of the drive's time
        assert silence.seconds >= 0.02
    seconds = [silence.seconds for _, silence in silences]
    assert seconds == sorted(seconds)
    # The drive answers again: the display has to hear of that, too.
    after = told[max(index for index, progress in enumerate(told) if progress.silence) + 1 :]
    assert all(progress.silence is None for progress in after)
    assert isinstance(error.__cause__, CommandTimeoutError)
    assert "no answer in 200 s" in str(error)


@pytest.mark.usefixtures("impatient")
async def test_a_flush_without_an_answer_is_told(tmp_path: Path) -> None:
    told, error = await burn_with_hang(tmp_path, "hang@sync:1")
    silences = [progress.silence for progress in told if progress.silence is not None]
    assert {silence.command for silence in silences} == {"SYNCHRONIZE CACHE (10)"}
    assert {progress.phase for progress in told if progress.silence is not None} == {Phase.FINALIZATION}
    assert isinstance(error.__cause__, CommandTimeoutError)


async def test_a_drive_that_answers_is_not_told_of(tmp_path: Path) -> None:
    told: list[Progress] = []
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        await recorder.write(MemorySource(320), on_progress=told.append)
    assert not any(progress.silence for progress in told)


def test_a_silence_in_words() -> None:
    assert str(Silence("WRITE (10)", 1_234, 10.4, 200.0)) == (
        "no answer from the drive for 10 s (WRITE (10) at LBA 1234), giving up at 200 s"
    )
    assert "(SEND OPC INFORMATION), giving" in str(Silence("SEND OPC INFORMATION", None, 7.0, 200.0))


async def test_a_full_host_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(medium: VirtualMedium, lba: int, data: memoryview) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        monkeypatch.setattr(VirtualMedium, "put", full)
        with pytest.raises(RecordingError) as caught:
            await recorder.write(MemorySource(320))
    assert isinstance(caught.value.__cause__, MediumError)
    message = str(caught.value)
    assert f"{tmp_path / 'disc'} cannot grow (No space left on device): free room" in message
    assert "another disc or a lower speed" not in message
