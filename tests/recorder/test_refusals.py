"""What is refused before anything is touched, and what is said then."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi.drive import MediaState
from aioimapi.errors import (
    DiscBlankError,
    DiscError,
    DiscNotBlankError,
    DiscNotSupportedError,
    DiscNotWritableError,
    DiscTooSmallError,
    ImageError,
    LocalProtocolError,
    NoDiscError,
    SourceChangedError,
    SourceError,
    VirtualMediumError,
)
from aioimapi.mmc import BackgroundFormat, DiscInformation, DiscStatus, Profile, SessionState
from aioimapi.recorder import open_recorder
from aioimapi.recorder._checks import needs_format, place

from .burning import FORMAT, KINDS, WRITE, Log, locked, told_state, url, virtual_recorder
from .sources import MemorySource

pytestmark = pytest.mark.anyio

TOUCHES = {WRITE, FORMAT, 0x35, 0x5B, 0x54, 0x55, 0xA1}


async def refused(target: str, source: MemorySource) -> DiscError:
    """Burn, and return the refusal; nothing but questions and the lock of the tray may have been sent."""
    log = Log()
    async with virtual_recorder(target, log) as (recorder, transport):
        with pytest.raises(DiscError) as caught:
            await recorder.write(source)
        assert not TOUCHES & set(log.opcodes())
        assert not locked(transport)
        report = recorder.last_report
        assert report is not None
        assert report.error == str(caught.value)
        assert not report.written
        assert caught.value.drive == target
    return caught.value


async def test_no_disc(tmp_path: Path) -> None:
    assert isinstance(await refused("virtual:", MemorySource(4)), NoDiscError)
    assert isinstance(
        await refused(url(tmp_path / "a", "bd-r", more="&tray_open=1"), MemorySource(4)), NoDiscError
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_too_small_tells_needed_and_free(tmp_path: Path, kind: str) -> None:
    error = await refused(url(tmp_path / "disc", kind, sectors=1_024), MemorySource(1_030))
    assert isinstance(error, DiscTooSmallError)
    assert (
        error.needed == {"dvd+r": 1_030, "dvd+rw": 1_040, "bd-r": 1_030, "bd-re": 1_056, "cd-r": 1_180}[kind]
    )
    assert 900 <= error.free <= 1_024  # a BD-RE gives some to its spare area
    assert f"{error.needed:,}" in str(error)
    assert f"{error.free:,}" in str(error)
    assert told_state(tmp_path / "disc") == "blank"


@pytest.mark.parametrize("kind", ["bd-r", "cd-r"])
async def test_a_plain_image_is_not_appended(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind)
    async with open_recorder(target) as recorder:
        await recorder.write(MemorySource(64))
        start = (await recorder.media()).next_writable_lba
    error = await refused(target, MemorySource(64))
    assert isinstance(error, DiscNotBlankError)
    assert f"LBA {start}" in str(error)
    assert "blank disc" in str(error)


@pytest.mark.parametrize("kind", ["bd-r", "cd-r"])
async def test_an_image_made_for_the_next_session_is_appended(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind)
    async with open_recorder(target) as recorder:
        await recorder.write(MemorySource(64))
        start = (await recorder.media()).next_writable_lba
        assert start
        second = MemorySource(96, start_lba=start)
        report = await recorder.write(second)
        assert report.start_lba == start
        assert report.sessions == 2
        assert report.verified
        assert (await recorder.verify(second)).verified
    error = await refused(target, MemorySource(64, start_lba=start))
    assert isinstance(error, DiscNotSupportedError)
    assert "belongs to another disc" in str(error)


async def test_an_image_for_a_later_session_does_not_begin_a_disc(tmp_path: Path) -> None:
    for kind in ("bd-r", "bd-re"):
        error = await refused(url(tmp_path / kind, kind), MemorySource(64, start_lba=512))
        assert isinstance(error, DiscNotSupportedError)


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r", "cd-r"])
async def test_a_closed_disc(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind)
    async with open_recorder(target) as recorder:
        await recorder.write(MemorySource(64), close=True, verify="none")
    assert isinstance(await refused(target, MemorySource(64)), DiscNotWritableError)


@pytest.mark.parametrize("kind", ["dvd+rw", "bd-re"])
async def test_a_used_rewritable_disc_wants_leave(tmp_path: Path, kind: str) -> None:
    target = url(tmp_path / "disc", kind)
    async with open_recorder(target) as recorder:
        await recorder.write(MemorySource(64))
    error = await refused(target, MemorySource(64))
    assert isinstance(error, DiscNotBlankError)
    assert "overwrit" in str(error)
    async with open_recorder(target) as recorder:
        assert (await recorder.write(MemorySource(128), overwrite=True)).verified


async def test_a_write_protected_disc(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-re", more="&formatted=1")):
        pass
    target = f"virtual:{tmp_path / 'disc'}?readonly=1&time_scale=0"
    async with open_recorder(target) as recorder:
        with pytest.raises(DiscNotWritableError, match="write-protected"):
            await recorder.write(MemorySource(4))
        assert recorder.last_report is not None
        assert recorder.last_report.sectors_taken == 0


async def test_an_empty_image_and_a_missing_one(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        with pytest.raises(ImageError, match="no sectors"):
            await recorder.write(MemorySource(0))
        with pytest.raises(SourceError, match="missing"):
            await recorder.write(tmp_path / "missing.iso")
        with pytest.raises(ValueError, match="digest"):
            await recorder.write(MemorySource(4), digest="crc-of-mine")
        with pytest.raises(ValueError, match="thorough"):
            await recorder.write(MemorySource(4), verify="thorough")
    assert told_state(tmp_path / "disc") == "blank"


async def test_a_source_that_fails_before_the_first_write_costs_no_disc(tmp_path: Path) -> None:
    log = Log()
    async with virtual_recorder(url(tmp_path / "disc", "bd-r"), log) as (recorder, transport):
        with pytest.raises(SourceChangedError):
            await recorder.write(MemorySource(64, fail_at=0))
        assert WRITE not in log.opcodes()
        assert not locked(transport)
    assert told_state(tmp_path / "disc") == "blank"


async def test_a_blank_disc_has_nothing_to_read(tmp_path: Path) -> None:
    async with open_recorder(url(tmp_path / "disc", "bd-r")) as recorder:
        with pytest.raises(DiscBlankError, match="is blank: there is nothing to read"):
            await recorder.read()
        await recorder.write(MemorySource(64))
        assert (await recorder.read()).sector_count == 64
        with pytest.raises(DiscNotSupportedError, match="has 64"):
            await recorder.read(32, 64)
        with pytest.raises(LocalProtocolError, match="compares nothing"):
            await recorder.verify(MemorySource(64), level="none")


async def test_a_missing_virtual_disc(tmp_path: Path) -> None:
    with pytest.raises(VirtualMediumError):
        async with open_recorder(f"virtual:{tmp_path / 'missing'}"):
            pass


def state(profile: Profile, status: DiscStatus = DiscStatus.COMPLETE, **values: object) -> MediaState:
    return MediaState(profile, DiscInformation(status, SessionState.COMPLETE), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("media", "error"),
    [
        (state(Profile.DVD_ROM), DiscNotWritableError),
        (state(Profile.CD_ROM), DiscNotWritableError),
        (state(Profile.DVD_RAM, overwritable=True), DiscNotSupportedError),
        (state(Profile.DVD_R_SEQUENTIAL, DiscStatus.BLANK), DiscNotSupportedError),
        (state(Profile.NONE), DiscNotSupportedError),
        (state(Profile(0x77)), DiscNotWritableError),
        (
            state(Profile.BD_R_SEQUENTIAL, DiscStatus.INCOMPLETE),
            DiscNotWritableError,
        ),  # no next writable address
    ],
)
def test_kinds_and_states_that_are_not_written(media: MediaState, error: type[DiscError]) -> None:
    with pytest.raises(error) as caught:
        place(media, MemorySource(4), "d", close=False, compatible=True, overwrite=False)
    assert caught.value.profile == media.profile_name


def test_a_damaged_session_is_not_written_behind() -> None:
    disc = DiscInformation(DiscStatus.INCOMPLETE, SessionState.DAMAGED)
    media = MediaState(Profile.DVD_PLUS_R, disc, next_writable_lba=64, free_sectors=1_000)
    with pytest.raises(DiscNotWritableError, match="damaged"):
        place(media, MemorySource(4), "d", close=False, compatible=True, overwrite=False)


def test_a_stopped_background_format_is_started_again() -> None:
    disc = DiscInformation(
        DiscStatus.COMPLETE, SessionState.COMPLETE, background_format=BackgroundFormat.STOPPED
    )
    assert needs_format(MediaState(Profile.DVD_PLUS_RW, disc, overwritable=True))
    assert not needs_format(MediaState(Profile.BD_RE, disc, overwritable=True))
    assert needs_format(MediaState(Profile.BD_RE, disc, overwritable=True, formatted=False))
    assert not needs_format(MediaState(Profile.BD_R_SEQUENTIAL, disc))
