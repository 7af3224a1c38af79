"""One command: which refusals are waited out, which repeated, which are errors, and what the errors say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import anyio
import pytest

from aioimapi.drive import Drive, TraceEvent
from aioimapi.errors import (
    AbortedCommandError,
    BlankCheckError,
    CommandFailedError,
    CommandTimeoutError,
    DataProtectError,
    DriveBusyError,
    DriveLostError,
    HardwareError,
    IllegalRequestError,
    MediumError,
    NotReadyError,
    RemoteProtocolError,
    UnitAttentionError,
)
from aioimapi.mmc import (
    CloseFunction,
    CloseTrackSession,
    Command,
    Inquiry,
    Read10,
    ReadDiscInformation,
    SenseData,
    SynchronizeCache10,
    TestUnitReady,
    Write10,
)
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply

pytestmark = pytest.mark.anyio

GOOD = Reply(0)
SECTOR = bytes(2048)


def check(key: int, asc: int, ascq: int, *, lba: int | None = None) -> Reply:
    return Reply(2, SenseData.of(key, asc, ascq, information=lba).to_bytes())


def deferred(key: int, asc: int, ascq: int) -> Reply:
    sense = bytearray(SenseData.of(key, asc, ascq).to_bytes())
    sense[0] = 0x71
    return Reply(2, bytes(sense))


class Drives:
    """Drives that give the answers they were told, then GOOD for ever."""

    def __init__(self) -> None:
        self.transports: list[ScriptedTransport] = []

    def __call__(self, *answers: Reply, patience_s: float = 5.0) -> tuple[Drive, ScriptedTransport]:
        left: Iterator[Reply] = iter(answers)
        transport = ScriptedTransport(lambda command, data: next(left, GOOD), name="sr0")
        self.transports.append(transport)
        return Drive(transport, patience_s=patience_s), transport


@pytest.fixture
def drives() -> Drives:
    return Drives()


WAITED = [check(2, 0x04, 0x01), check(2, 0x04, 0x07), check(2, 0x04, 0x08), Reply(0x08), Reply(0x28)]


@pytest.mark.parametrize(
    "answer", WAITED, ids=["becoming", "operation", "long write", "BUSY", "TASK SET FULL"]
)
@pytest.mark.parametrize("command", [Write10(5, 1), ReadDiscInformation()])
async def test_what_passes_by_itself_is_waited_for(drives: Drives, answer: Reply, command: Command) -> None:
    drive, transport = drives(answer, answer)
    assert (await drive.execute(command, bytearray(2048))).good
    assert transport.commands == [command] * 3
    assert drive.statistics().waits == 2
    await drive.aclose()


async def test_patience_ends(drives: Drives) -> None:
    drive, transport = drives(*[check(2, 0x04, 0x08)] * 50, patience_s=0)
    with pytest.raises(NotReadyError, match="long write in progress"):
        await drive.execute(Write10(0, 1), SECTOR)
    assert len(transport.commands) == 1
    with pytest.raises(NotReadyError):
        await drive.execute(Write10(0, 1), SECTOR, patience_s=0.015)
    assert len(transport.commands) >= 3
    await drive.aclose()


async def test_a_drive_that_stays_busy_is_in_somebody_elses_hands(drives: Drives) -> None:
    drive, _ = drives(Reply(0x08), Reply(0x18), patience_s=0)
    with pytest.raises(DriveBusyError, match="busy with another program"):
        await drive.execute(TestUnitReady())
    with pytest.raises(DriveBusyError, match="another computer has the drive reserved"):
        await drive.execute(TestUnitReady())
    await drive.aclose()


async def test_a_bridge_that_gave_up_waiting_is_no_refusal(drives: Drives) -> None:
    drive, _ = drives(check(4, 0x08, 0x01))
    with pytest.raises(CommandTimeoutError, match="gave up waiting") as caught:
        await drive.track_information(1)
    assert caught.value.command == "READ TRACK INFORMATION"
    await drive.aclose()


async def test_news_is_swallowed_where_a_repetition_is_safe(drives: Drives) -> None:
    drive, transport = drives(check(6, 0x29, 0), check(6, 0x28, 0))
    await drive.execute(Read10(0, 1), bytearray(2048))
    assert transport.commands == [Read10(0, 1)] * 3
    assert drive.statistics().unit_attentions == 2
    await drive.aclose()


async def test_a_drive_that_has_nothing_but_news_fails(drives: Drives) -> None:
    drive, transport = drives(*[check(6, 0x28, 0)] * 10)
    with pytest.raises(UnitAttentionError):
        await drive.execute(Read10(0, 1), bytearray(2048))
    assert len(transport.commands) == 4
    await drive.aclose()


@pytest.mark.parametrize(
    "command", [Write10(0, 1), SynchronizeCache10(), CloseTrackSession(CloseFunction.SESSION)]
)
async def test_news_ends_what_would_change_another_disc(drives: Drives, command: Command) -> None:
    drive, transport = drives(check(6, 0x28, 0))
    with pytest.raises(UnitAttentionError, match="medium may have changed"):
        await drive.execute(command, SECTOR)
    assert transport.commands == [command]
    await drive.aclose()


async def test_news_of_the_time_before_does_not_disturb_a_burn(drives: Drives) -> None:
    drive, transport = drives(check(6, 0x29, 0), check(6, 0x28, 0))
    async with drive.hold_disc():
        await drive.write_burst(0, SECTOR)
    assert Write10(0, 1) in transport.commands
    await drive.aclose()


async def test_news_that_an_optional_question_got_still_ends_the_next_write(drives: Drives) -> None:
    drive, transport = drives(GOOD, GOOD, check(6, 0x28, 0))
    async with drive.hold_disc():
        assert await drive.is_write_protected() is False
        for _ in range(2):
            with pytest.raises(UnitAttentionError, match="medium may have changed"):
                await drive.write_burst(0, SECTOR)
    assert Write10(0, 1) not in transport.commands
    await drive.write_burst(0, SECTOR)
    await drive.aclose()


async def test_news_ends_any_command_while_the_disc_is_held(drives: Drives) -> None:
    drive, transport = drives(GOOD, GOOD, check(6, 0x28, 0))
    async with drive.hold_disc():
        with pytest.raises(UnitAttentionError):
            await drive.execute(ReadDiscInformation(), bytearray(34))
    await drive.execute(ReadDiscInformation(), bytearray(34))
    assert [command.name for command in transport.commands].count("READ DISC INFORMATION") == 2
    await drive.aclose()


async def test_a_recovered_error_is_a_success(drives: Drives) -> None:
    drive, transport = drives(check(1, 0x17, 0x01))
    await drive.execute(Write10(0, 1), SECTOR)
    assert transport.commands == [Write10(0, 1)]
    assert drive.statistics().sectors_written == 1
    await drive.aclose()


async def test_a_deferred_error_is_told_as_one_of_an_earlier_command(drives: Drives) -> None:
    drive, _ = drives(deferred(3, 0x0C, 0x00))
    with pytest.raises(MediumError, match="concerns an earlier command"):
        await drive.execute(TestUnitReady())
    await drive.aclose()


async def test_a_deferred_recovered_error_kept_the_command_from_being_done(drives: Drives) -> None:
    drive, transport = drives(deferred(1, 0x18, 0x00))
    await drive.execute(Write10(0, 1), SECTOR)
    assert transport.commands == [Write10(0, 1)] * 2
    assert drive.statistics().sectors_written == 1
    await drive.aclose()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (2, NotReadyError),
        (3, MediumError),
        (4, HardwareError),
        (5, IllegalRequestError),
        (7, DataProtectError),
        (8, BlankCheckError),
        (0xB, AbortedCommandError),
        (0xD, CommandFailedError),
        (0, CommandFailedError),
    ],
)
async def test_each_sense_key_has_its_error(drives: Drives, key: int, kind: type[CommandFailedError]) -> None:
    drive, _ = drives(check(key, 0x3A, 0))
    with pytest.raises(CommandFailedError) as caught:
        await drive.execute(TestUnitReady())
    assert type(caught.value) is kind
    assert caught.value.key == key
    await drive.aclose()


async def test_the_message_says_command_sector_drive_and_sense(drives: Drives) -> None:
    drive, _ = drives(check(3, 0x0C, 0x00, lba=81930))
    with pytest.raises(MediumError) as caught:
        await drive.execute(Write10(81920, 16), SECTOR * 16)
    error = caught.value
    assert str(error).startswith("WRITE (10) at LBA 81920 on sr0: MEDIUM ERROR, write error (3/0C/00)")
    assert (error.drive, error.command, error.lba) == ("sr0", "WRITE (10)", 81920)
    assert (error.key, error.asc, error.ascq, error.status) == (3, 0x0C, 0x00, 2)
    assert error.cdb == bytes.fromhex("2A 00 00 01 40 00 00 00 10 00")
    await drive.aclose()


async def test_unreadable_sense_is_shown_as_it_came(drives: Drives) -> None:
    drive, _ = drives(Reply(2, b"\x13\x37\x00"), Reply(2))
    for shown in (r"\(13 37 00\)", r"\(none\)"):
        with pytest.raises(CommandFailedError, match=f"status 02h without sense data .*{shown}") as caught:
            await drive.execute(TestUnitReady())
        assert caught.value.key is None
    await drive.aclose()


async def test_a_query_brings_what_came(drives: Drives) -> None:
    drive, _ = drives(Reply(0, residual=60), Reply(0, residual=97))
    assert await drive.query(Inquiry(96)) == bytes(36)
    with pytest.raises(RemoteProtocolError, match="97 of 96 bytes"):
        await drive.query(Inquiry(96))
    await drive.aclose()


async def test_waiting_can_be_cancelled_at_once(drives: Drives) -> None:
    drive, _ = drives(*[check(2, 0x04, 0x08)] * 10_000, patience_s=60)
    began = anyio.current_time()
    with anyio.move_on_after(0.02) as scope:
        await drive.execute(Write10(0, 1), SECTOR)
    assert scope.cancelled_caught
    assert anyio.current_time() - began < 2
    await drive.aclose()


async def test_every_command_is_traced_and_counted(drives: Drives, caplog: pytest.LogCaptureFixture) -> None:
    events: list[TraceEvent] = []
    drive, _ = drives(check(6, 0x28, 0), GOOD, Reply(0, residual=2048))
    drive.add_trace_hook(events.append)
    with caplog.at_level(logging.DEBUG, logger="aioimapi.trace"):
        await drive.execute(TestUnitReady())
        await drive.execute(Read10(16, 2), bytearray(4096))
    drive.remove_trace_hook(events.append)
    await drive.execute(TestUnitReady())
    assert [event.command for event in events] == [TestUnitReady(), TestUnitReady(), Read10(16, 2)]
    assert events[2].cdb == bytes.fromhex("28 00 00 00 00 10 00 00 02 00")
    lines = [record.getMessage() for record in caplog.records if record.name == "aioimapi.trace"]
    assert len(lines) == 3
    assert lines[0].startswith("sr0 TEST UNIT READY [00 00 00 00 00 00] status 02h UNIT ATTENTION")
    counted = drive.statistics()
    assert (counted.commands, counted.failed, counted.sectors_read, counted.bytes_in) == (4, 1, 1, 2048)
    assert counted.busy_s > 0
    assert counted.last_sense.endswith("(6/28/00)")
    await drive.aclose()


async def test_a_command_without_an_answer_is_traced_too(drives: Drives) -> None:
    def gone(command: Command, data: memoryview | None) -> Reply:
        raise DriveLostError("the drive was unplugged", drive="sr0")

    events: list[TraceEvent] = []
    drive = Drive(ScriptedTransport(gone, name="sr0"))
    drive.add_trace_hook(events.append)
    with pytest.raises(DriveLostError):
        await drive.execute(TestUnitReady())
    assert [str(event) for event in events] == [
        "sr0 TEST UNIT READY [00 00 00 00 00 00] no answer: the drive was unplugged"
    ]
    assert drive.statistics().failed == 1
    await drive.aclose()
