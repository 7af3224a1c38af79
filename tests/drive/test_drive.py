"""What is done with a drive: locking, loading, calibrating, speeds, mode pages; and drives that lack all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from aioimapi.drive import Drive, DriveStatistics, ReadyState, open_drive
from aioimapi.errors import (
    DriveBusyError,
    DriveClosedError,
    DriveLostError,
    IllegalRequestError,
    MediumError,
    NoDiscError,
)
from aioimapi.mmc import (
    Capabilities,
    Command,
    FeatureSet,
    GetConfiguration,
    GetPerformance,
    Inquiry,
    ModeParameters,
    ModeSelect10,
    ModeSense10,
    ModeWriteSpeed,
    PreventAllowMediumRemoval,
    Profile,
    SendOpcInformation,
    SenseData,
    SetCdSpeed,
    SetStreaming,
    StartStopUnit,
    TestUnitReady,
    WriteParameters,
    WriteSpeedDescriptor,
    WriteSpeeds,
    WriteType,
)
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply

pytestmark = pytest.mark.anyio

GOOD = Reply(0)
NO_SUCH_COMMAND = Reply(2, SenseData.of(5, 0x20, 0).to_bytes())


class Box:
    """A drive that knows the commands it was given, with answers as data, replies or functions."""

    def __init__(self, known: dict[type[Command], bytes | Reply | Callable[[], Reply]]) -> None:
        self.known = known
        known.setdefault(TestUnitReady, GOOD)
        self.sent: list[bytes] = []
        self.transport = ScriptedTransport(self.answer, name="sr0")
        self.drive = Drive(self.transport)

    def answer(self, command: Command, data: memoryview | None) -> Reply:
        found = self.known.get(type(command), NO_SUCH_COMMAND)
        if callable(found):
            found = found()
        if isinstance(found, Reply):
            if data is not None and data.readonly:
                self.sent.append(bytes(data))
            return found
        assert data is not None
        data[: len(found)] = found
        return Reply(0, residual=len(data) - len(found))

    @property
    def locks(self) -> list[bool]:
        return [c.prevent for c in self.transport.commands if isinstance(c, PreventAllowMediumRemoval)]


async def test_a_locked_tray_is_unlocked_with_the_drive() -> None:
    box = Box({PreventAllowMediumRemoval: GOOD})
    await box.drive.prevent_removal(True)
    await box.drive.aclose()
    assert box.locks == [True, False]
    assert box.transport.closed == 1
    await box.drive.aclose()
    assert box.locks == [True, False]
    with pytest.raises(DriveClosedError):
        await box.drive.execute(TestUnitReady())


async def test_a_tray_that_was_not_locked_here_stays_as_it_is() -> None:
    box = Box({PreventAllowMediumRemoval: GOOD})
    await box.drive.aclose()
    assert box.locks == []


async def test_a_held_disc_is_let_go_after_an_error_and_after_a_cancel() -> None:
    box = Box({PreventAllowMediumRemoval: GOOD})
    await fail_while_holding(box, GOOD)
    with anyio.CancelScope() as scope:
        async with box.drive.hold_disc():
            scope.cancel()
            await anyio.sleep(1)
    assert box.locks == [True, False, True, False]
    await box.drive.aclose()


async def fail_while_holding(box: Box, unlocking: Reply | Callable[[], Reply]) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the failure is to happen inside
        async with box.drive.hold_disc():
            box.known[PreventAllowMediumRemoval] = unlocking
            raise ZeroDivisionError


async def test_a_disc_is_held_once() -> None:
    box = Box({PreventAllowMediumRemoval: GOOD})
    async with box.drive.hold_disc():
        with pytest.raises(DriveBusyError, match="is using the disc"):
            async with box.drive.hold_disc():
                pytest.fail("two jobs had the disc")
        assert box.locks == [True]
    async with box.drive.hold_disc():
        assert box.locks == [True, False, True]
    await box.drive.aclose()


async def test_unlocking_a_lost_drive_hides_nothing() -> None:
    def gone() -> Reply:
        raise DriveLostError("unplugged")

    box = Box({PreventAllowMediumRemoval: GOOD})
    await fail_while_holding(box, gone)
    await box.drive.aclose()


async def test_a_drive_without_a_lock_can_burn() -> None:
    box = Box({})
    async with box.drive.hold_disc():
        await box.drive.execute(TestUnitReady())
    await box.drive.aclose()


async def test_loading_and_ejecting() -> None:
    box = Box({PreventAllowMediumRemoval: GOOD, StartStopUnit: GOOD})
    await box.drive.load()
    await box.drive.eject()
    moves = [c.to_cdb().hex(" ") for c in box.transport.commands if isinstance(c, StartStopUnit)]
    assert moves == ["1b 01 00 00 03 00", "1b 00 00 00 02 00"]
    assert box.locks == [False]
    box.known[StartStopUnit] = Reply(2, SenseData.of(5, 0x53, 0x02).to_bytes())
    with pytest.raises(IllegalRequestError, match="medium removal prevented"):
        await box.drive.eject()
    await box.drive.aclose()


async def test_a_tray_without_a_motor_is_told_by_what_is_in_it() -> None:
    box = Box({TestUnitReady: Reply(2, SenseData.of(2, 0x3A, 0x02).to_bytes())})
    with pytest.raises(NoDiscError):
        await box.drive.load()
    box.known[TestUnitReady] = GOOD
    await box.drive.load()
    await box.drive.aclose()


async def test_what_a_drive_lacks_is_no_error() -> None:
    box = Box({})
    assert await box.drive.power_calibration() is False
    assert await box.drive.buffer_capacity() is None
    assert await box.drive.write_speeds() == ()
    assert await box.drive.mode_page(WriteParameters) is None
    assert await box.drive.serial_number() == ""
    assert await box.drive.is_write_protected() is False
    await box.drive.aclose()


async def test_a_failed_calibration_is_one() -> None:
    box = Box({SendOpcInformation: Reply(2, SenseData.of(3, 0x73, 0x03).to_bytes())})
    with pytest.raises(MediumError, match="power calibration area error"):
        await box.drive.power_calibration()
    await box.drive.aclose()


def configuration(profile: Profile) -> bytes:
    return FeatureSet(profile).to_bytes()


SPEEDS = WriteSpeeds(
    (
        WriteSpeedDescriptor(11_080, end_lba=2_295_103),
        WriteSpeedDescriptor(22_160, end_lba=2_295_103),
        WriteSpeedDescriptor(3_324, end_lba=2_295_103),
    )
).to_bytes()


async def test_the_nearest_speed_is_set() -> None:
    box = Box(
        {GetConfiguration: configuration(Profile.DVD_PLUS_R), GetPerformance: SPEEDS, SetStreaming: GOOD}
    )
    assert [speed.write_kbps for speed in await box.drive.write_speeds()] == [22_160, 11_080, 3_324]
    assert await box.drive.set_speed(12_000) == 11_080
    sent = box.sent[-1]
    # MMC-6 table 629: end LBA, then 11,080 thousand bytes in 1,000 ms, for reading and for writing.
    assert sent.hex(" ", 4) == "00000000 00000000 0023053f 00002b48 000003e8 00002b48 000003e8"
    assert await box.drive.set_speed(None) is None
    assert box.sent[-1][0] == 0x04  # RDD: restore drive defaults
    await box.drive.aclose()


async def test_a_cd_takes_its_own_command() -> None:
    box = Box({GetConfiguration: configuration(Profile.CD_R), GetPerformance: SPEEDS, SetCdSpeed: GOOD})
    assert await box.drive.set_speed(3_000) == 3_324
    assert await box.drive.set_speed(None) is None
    cdbs = [c.to_cdb().hex(" ") for c in box.transport.commands if isinstance(c, SetCdSpeed)]
    assert cdbs == ["bb 00 ff ff 0c fc 00 00 00 00 00 00", "bb 00 ff ff ff ff 00 00 00 00 00 00"]
    await box.drive.aclose()


async def test_a_drive_that_lets_no_speed_be_set_chooses_itself() -> None:
    box = Box({GetConfiguration: configuration(Profile.DVD_PLUS_R)})
    assert await box.drive.set_speed(5_540) is None
    assert [type(c) for c in box.transport.commands[-2:]] == [SetStreaming, SetCdSpeed]
    await box.drive.aclose()


async def test_speeds_come_from_the_old_page_where_need_be() -> None:
    page = Capabilities(
        maximum_write_kbps=8_467, write_speeds=(ModeWriteSpeed(706), ModeWriteSpeed(2_822, rotation=1))
    )
    box = Box({ModeSense10: ModeParameters((page,)).to_bytes()})
    assert [speed.write_kbps for speed in await box.drive.write_speeds()] == [2_822, 706]
    older = ModeParameters((Capabilities(maximum_write_kbps=8_467),), write_protected=True).to_bytes()
    box.known[ModeSense10] = older
    assert [speed.write_kbps for speed in await box.drive.write_speeds()] == [8_467]
    assert await box.drive.is_write_protected() is True
    await box.drive.aclose()


async def test_mode_pages_are_read_and_set() -> None:
    page = WriteParameters(write_type=WriteType.TRACK_AT_ONCE)
    box = Box({ModeSense10: ModeParameters((page,)).to_bytes(), ModeSelect10: GOOD})
    found = await box.drive.mode_page(WriteParameters)
    assert found == page
    await box.drive.set_mode_page(page)
    select = box.transport.commands[-1]
    assert select.to_cdb()[:2] == bytes.fromhex("55 10")
    assert select.transfer_length == len(box.sent[-1]) == 8 + 52
    assert box.sent[-1][:11] == bytes.fromhex("00 00 00 00 00 00 00 00 05 32 01")
    await box.drive.aclose()


@pytest.mark.parametrize(
    ("page", "serial"),
    [(bytes.fromhex("05 80 00 06") + b"  K7X9", "K7X9"), (bytes.fromhex("05 83 00 00"), ""), (b"\x05", "")],
)
async def test_a_serial_number_is_told_where_it_makes_sense(page: bytes, serial: str) -> None:
    box = Box({Inquiry: page})
    assert await box.drive.serial_number() == serial
    await box.drive.aclose()


async def test_a_drive_is_opened_by_its_url_and_traced(tmp_path: Path) -> None:
    lines: list[str] = []
    url = f"virtual:{tmp_path / 'disc'}?media=bd-r&sectors=4096"
    async with open_drive(url, trace=lambda event: lines.append(event.command.name)) as drive:
        assert drive.name == url
        await drive.wait_ready()
        assert (await drive.readiness()).state is ReadyState.READY
        assert isinstance(drive.statistics(), DriveStatistics)
    assert lines == ["TEST UNIT READY", "TEST UNIT READY", "TEST UNIT READY"]
    with pytest.raises(DriveClosedError):
        await drive.inquiry()


async def test_a_hung_drive_is_closed_all_the_same(tmp_path: Path) -> None:
    url = f"virtual:{tmp_path / 'disc'}?media=bd-r&sectors=4096&fault=hang@tur:2"
    with anyio.move_on_after(0.05) as scope:
        async with open_drive(url) as drive:
            await drive.execute(TestUnitReady())
    assert scope.cancelled_caught
    async with open_drive(url) as drive:
        assert (await drive.inquiry()).vendor
