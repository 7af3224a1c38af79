"""What a drive says of its disc, from blank to closed, on every kind that the virtual drive has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from aioimapi.drive import Drive, MediaFlags, MediaState, open_drive
from aioimapi.errors import NoDiscError
from aioimapi.mmc import (
    CloseFunction,
    Command,
    DataBlockType,
    DiscInformation,
    DiscStatus,
    FormatParameters,
    MultiSession,
    Profile,
    RecordingState,
    SessionState,
    TrackInformation,
    WriteParameters,
    WriteType,
)
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Buffer, Reply, Transport, open_transport

pytestmark = pytest.mark.anyio

SECTORS = 640

WRITE_ONCE = ["cd-r", "dvd%2Br", "bd-r"]
REWRITABLE = ["dvd%2Brw", "bd-re"]

# Sectors of blank discs: cdemu's device-load.c and dvdisaster's dvdisaster.h; the ATIP of CD-R discs of 80 minutes
# has the lead-out at MSF 79:59:72, so that (79 x 60 + 59) x 75 + 72 - 150 sectors lie before it.
REAL_SIZES = {
    "cd-r": (Profile.CD_R, 359_847, 1),
    "dvd%2Br": (Profile.DVD_PLUS_R, 2_295_104, 16),
    "dvd%2Brw": (Profile.DVD_PLUS_RW, 2_295_104, 16),
    "bd-r": (Profile.BD_R_SEQUENTIAL, 12_219_392, 32),
    "bd-re": (Profile.BD_RE, 12_219_392, 32),
}


def url(folder: Path, kind: str) -> str:
    return f"virtual:{folder / 'disc'}?media={kind}"


async def burn(drive: Drive, lba: int, sectors: int = SECTORS) -> None:
    """Write sectors that are not zeros, as the kind of disc wants it."""
    if await drive.current_profile() is Profile.CD_R:
        page = await drive.mode_page(WriteParameters)
        assert page is not None
        await drive.set_mode_page(
            attrs.evolve(
                page,
                write_type=WriteType.TRACK_AT_ONCE,
                multi_session=MultiSession.ALLOWED,
                track_mode=4,
                data_block_type=DataBlockType.MODE_1,
            )
        )
    await drive.write_burst(lba, b"\x55" * 2048 * sectors)
    await drive.synchronize_cache()


async def close_session(drive: Drive, track: int) -> None:
    await drive.close_track_session(CloseFunction.TRACK, track)
    await drive.close_track_session(CloseFunction.SESSION)


@pytest.mark.parametrize("kind", REAL_SIZES)
async def test_a_blank_disc_has_its_real_size(tmp_path: Path, kind: str) -> None:
    profile, sectors, unit = REAL_SIZES[kind]
    async with open_drive(url(tmp_path, kind)) as drive:
        state = await drive.media_state()
    assert state.profile is profile
    assert state.capacity_sectors == state.free_sectors == sectors
    assert (state.next_writable_lba, state.write_unit_sectors, state.sectors_used) == (0, unit, 0)
    assert state.blank
    assert state.writable
    assert not state.appendable
    assert MediaFlags.BLANK in state.flags
    assert state.write_speeds
    assert state.overwritable == (kind in REWRITABLE)
    assert state.formatted == (kind in WRITE_ONCE)


@pytest.mark.parametrize("kind", WRITE_ONCE)
async def test_a_disc_in_the_life_of_a_write_once_disc(tmp_path: Path, kind: str) -> None:
    async with open_drive(url(tmp_path, kind)) as drive:
        await drive.wait_ready()
        await burn(drive, 0)
        await close_session(drive, 1)
        first = await drive.media_state()
        assert first.flags == MediaFlags.APPENDABLE
        assert first.appendable
        assert first.disc_status is DiscStatus.INCOMPLETE
        assert first.sessions == 1
        assert first.next_writable_lba is not None
        assert first.next_writable_lba >= SECTORS
        assert first.capacity_sectors == first.next_writable_lba + first.free_sectors
        assert [track.track for track in first.tracks] == [1, 2]

        await burn(drive, first.next_writable_lba)
        await close_session(drive, 2)
        second = await drive.media_state()
        assert second.sessions == 2
        assert second.next_writable_lba is not None
        assert second.next_writable_lba >= first.next_writable_lba + SECTORS
        assert second.free_sectors < first.free_sectors


@pytest.mark.parametrize(
    ("kind", "function"), [("dvd%2Br", CloseFunction.FINALIZE), ("bd-r", CloseFunction.FINALIZE)]
)
async def test_a_closed_disc_takes_nothing_more(tmp_path: Path, kind: str, function: CloseFunction) -> None:
    async with open_drive(url(tmp_path, kind)) as drive:
        await drive.wait_ready()
        await burn(drive, 0)
        await drive.close_track_session(CloseFunction.TRACK, 1)
        await drive.close_track_session(function)
        state = await drive.media_state()
    assert state.flags == MediaFlags.FINALIZED
    assert state.disc_status is DiscStatus.COMPLETE
    assert not state.writable
    assert state.next_writable_lba is None
    assert state.free_sectors == 0
    assert state.capacity_sectors >= SECTORS


@pytest.mark.parametrize("kind", ["dvd%2Br", "bd-r"])
async def test_a_session_that_was_left_open_is_told(tmp_path: Path, kind: str) -> None:
    async with open_drive(url(tmp_path, kind)) as drive:
        await drive.wait_ready()
        await burn(drive, 0)
        state = await drive.media_state()
    assert MediaFlags.NON_EMPTY_SESSION in state.flags
    assert state.next_writable_lba == SECTORS


@pytest.mark.parametrize("kind", REWRITABLE)
async def test_a_rewritable_disc_is_blank_as_long_as_its_ends_hold_zeros(tmp_path: Path, kind: str) -> None:
    async with open_drive(url(tmp_path, kind)) as drive:
        await drive.wait_ready()
        capacities = await drive.format_capacities()
        await drive.format_disc(FormatParameters.of(capacities.formats[0]))
        formatted = await drive.media_state()
        assert formatted.formatted
        assert formatted.flags == MediaFlags.OVERWRITE_ONLY | MediaFlags.BLANK
        assert formatted.next_writable_lba == 0
        assert formatted.free_sectors == formatted.capacity_sectors == capacities.formats[0].sectors

        last = formatted.capacity_sectors - 32
        await burn(drive, last, 32)
        assert not (await drive.media_state()).blank
        await drive.write_burst(last, bytes(32 * 2048))
        assert (await drive.media_state()).blank
        await burn(drive, 0, 32)
        used = await drive.media_state()
        assert used.flags == MediaFlags.OVERWRITE_ONLY
        assert used.free_sectors == used.capacity_sectors
        assert not (await drive.media_state(look_inside=False)).blank


class Spartan(ScriptedTransport):
    """Another transport's drive, without its optional commands."""

    def __init__(self, inner: Transport, lacks: set[str]) -> None:
        super().__init__(lambda command, data: Reply(0), name="spartan")
        self.inner, self.lacks = inner, lacks

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        for command, _ in commands:
            if command.name in self.lacks:
                return [Reply(2, bytes.fromhex("70 00 05 00 00 00 00 0A 00 00 00 00 20 00 00 00 00 00"))]
        return await self.inner.execute_burst(commands)

    async def aclose(self) -> None:
        await self.inner.aclose()


OPTIONAL = {
    "GET EVENT STATUS NOTIFICATION",
    "RESERVE TRACK",
    "SEND OPC INFORMATION",
    "MECHANISM STATUS",
    "READ FORMAT CAPACITIES",
    "READ BUFFER CAPACITY",
    "GET PERFORMANCE",
    "SET STREAMING",
    "SET CD SPEED",
    "MODE SENSE (10)",
    "PREVENT ALLOW MEDIUM REMOVAL",
}


@pytest.mark.parametrize("kind", ["dvd%2Br", "bd-r"])
async def test_a_disc_is_burned_and_described_without_any_optional_command(tmp_path: Path, kind: str) -> None:
    drive = Drive(Spartan(await open_transport(url(tmp_path, kind)), OPTIONAL))
    try:
        await drive.wait_ready()
        assert (await drive.media_state()).blank
        async with drive.hold_disc():
            assert not await drive.power_calibration()
            assert await drive.set_speed(5_540) is None
            await burn(drive, 0)
            await close_session(drive, 1)
        state = await drive.media_state()
        assert state.appendable
        assert state.write_speeds == ()
    finally:
        await drive.aclose()


async def test_a_formatted_disc_is_described_without_format_capacities(tmp_path: Path) -> None:
    target = url(tmp_path, "bd-re&sectors=4096&formatted=1")
    drive = Drive(Spartan(await open_transport(target), OPTIONAL))
    try:
        state = await drive.media_state()
        assert state.capacity_sectors > 0
        assert state.formatted
    finally:
        await drive.aclose()


async def test_an_empty_drive_has_no_media_state() -> None:
    async with open_drive("virtual:") as drive:
        with pytest.raises(NoDiscError):
            await drive.media_state()


DISC = DiscInformation(disc_status=DiscStatus.COMPLETE, last_session_state=SessionState.COMPLETE)


@pytest.mark.parametrize(
    ("state", "flags"),
    [
        (MediaState(Profile.DVD_ROM, DISC), MediaFlags.FINALIZED | MediaFlags.UNSUPPORTED_MEDIA),
        (MediaState(Profile.CD_RW, DISC, erasable=True), MediaFlags.ERASE_REQUIRED),
        (
            MediaState(Profile.CD_R, DISC, write_protected=True),
            MediaFlags.FINALIZED | MediaFlags.WRITE_PROTECTED,
        ),
        (
            MediaState(Profile.CD_R, attrs.evolve(DISC, last_session_state=SessionState.DAMAGED)),
            MediaFlags.FINALIZED | MediaFlags.DAMAGED,
        ),
        (
            MediaState(Profile.CD_R, DISC, (TrackInformation(damaged=True),)),
            MediaFlags.FINALIZED | MediaFlags.DAMAGED,
        ),
        (
            MediaState(
                Profile.CD_R,
                DiscInformation(
                    disc_status=DiscStatus.INCOMPLETE, last_session_state=SessionState.EMPTY, sessions=99
                ),
                next_writable_lba=1000,
            ),
            MediaFlags.APPENDABLE | MediaFlags.FINAL_SESSION,
        ),
    ],
)
def test_flags_follow_the_state(state: MediaState, flags: MediaFlags) -> None:
    assert state.flags == flags


def test_a_media_state_shows_what_it_means() -> None:
    blank = MediaState(
        Profile.BD_R_SEQUENTIAL,
        DiscInformation(disc_status=DiscStatus.BLANK),
        next_writable_lba=0,
        free_sectors=12_219_392,
        capacity_sectors=12_219_392,
    )
    assert blank.state is RecordingState.BLANK
    assert (
        repr(blank) == "<MediaState BD-R sequential recording: blank, 12,219,392 of 12,219,392 sectors free>"
    )
    assert repr(MediaState(Profile.DVD_ROM)) == "<MediaState DVD-ROM: closed>"


def test_flags_have_imapi_s_numbers() -> None:
    """IMAPI_FORMAT2_DATA_MEDIA_STATE, as the Windows SDK has it."""
    assert {flag.name: flag.value for flag in MediaFlags} == {
        "OVERWRITE_ONLY": 0x1,
        "BLANK": 0x2,
        "APPENDABLE": 0x4,
        "FINAL_SESSION": 0x8,
        "DAMAGED": 0x400,
        "ERASE_REQUIRED": 0x800,
        "NON_EMPTY_SESSION": 0x1000,
        "WRITE_PROTECTED": 0x2000,
        "FINALIZED": 0x4000,
        "UNSUPPORTED_MEDIA": 0x8000,
    }


async def test_a_reader_of_pressed_discs_is_described() -> None:
    def answer(command: Command, data: memoryview | None) -> Reply:
        if command.name == "TEST UNIT READY":
            return Reply(0)
        if command.name == "READ CAPACITY" and data is not None:
            data[:] = (332_799).to_bytes(4, "big") + (2048).to_bytes(4, "big")
            return Reply(0)
        return Reply(2, bytes.fromhex("70 00 05 00 00 00 00 0A 00 00 00 00 20 00 00 00 00 00"))

    drive = Drive(ScriptedTransport(answer))
    state = await drive.media_state()
    assert (state.profile, state.capacity_sectors, state.writable) == (Profile.CD_ROM, 332_800, False)
    assert state.sessions == 1
    await drive.aclose()
