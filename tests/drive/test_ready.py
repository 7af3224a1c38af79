"""Readiness, and long operations that are started and waited for."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

from aioimapi.drive import Drive, ReadyState
from aioimapi.errors import (
    CommandTimeoutError,
    DiscNotSupportedError,
    HardwareError,
    IllegalRequestError,
    MediumError,
    NoDiscError,
    NotReadyError,
    UnitAttentionError,
)
from aioimapi.mmc import (
    Blank,
    BlankingType,
    CloseFunction,
    CloseTrackSession,
    Command,
    EventStatus,
    GetEventStatusNotification,
    MechanismStatus,
    MechanismStatusData,
    RequestSense,
    SenseData,
    StartStopUnit,
    SynchronizeCache10,
    TestUnitReady,
)
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply

pytestmark = pytest.mark.anyio

GOOD = Reply(0)
NO_SUCH_COMMAND = Reply(2, SenseData.of(5, 0x20, 0).to_bytes())
INVALID_FIELD = Reply(2, SenseData.of(5, 0x24, 0).to_bytes())


def check(key: int, asc: int, ascq: int, progress: float | None = None) -> Reply:
    if progress is None:
        return Reply(2, SenseData.of(key, asc, ascq).to_bytes())
    return Reply(2, SenseData.with_progress(key, asc, ascq, progress).to_bytes())


class Tray:
    """A drive that answers TEST UNIT READY as told, and the rest from a table of data or refusals."""

    def __init__(self, *ready: Reply, **data: bytes | Reply) -> None:
        self.ready: Iterator[Reply] = iter(ready)
        self.data = data
        self.transport = ScriptedTransport(self.answer, name="sr0")
        self.drive = Drive(self.transport, patience_s=5)

    def answer(self, command: Command, data: memoryview | None) -> Reply:
        if isinstance(command, TestUnitReady):
            return next(self.ready, GOOD)
        found = self.data.get(type(command).__name__, NO_SUCH_COMMAND)
        if isinstance(found, Reply):
            return found
        assert data is not None
        data[: len(found)] = found
        return Reply(0, residual=len(data) - len(found))

    @property
    def names(self) -> list[str]:
        return [type(command).__name__ for command in self.transport.commands]


MEDIA_EVENT_OPEN = EventStatus(4, 0x10, 0, 0x01).to_bytes()
MEDIA_EVENT_CLOSED = EventStatus(4, 0x10, 0, 0x00).to_bytes()
DOOR_OPEN = MechanismStatusData(door_open=True).to_bytes()


@pytest.mark.parametrize(
    ("answer", "data", "state"),
    [
        (GOOD, {}, ReadyState.READY),
        (check(1, 0x0B, 0x01), {}, ReadyState.READY),
        (check(2, 0x04, 0x01), {}, ReadyState.BECOMING_READY),
        (check(2, 0x04, 0x02), {}, ReadyState.STOPPED),
        (check(2, 0x04, 0x04), {}, ReadyState.WORKING),
        (check(2, 0x04, 0x07), {}, ReadyState.WORKING),
        (check(2, 0x04, 0x08), {}, ReadyState.WORKING),
        (check(2, 0x04, 0x03), {}, ReadyState.NOT_READY),
        (check(2, 0x30, 0x00), {}, ReadyState.UNREADABLE),
        (check(2, 0x30, 0x10), {}, ReadyState.UNFORMATTED),
        (check(3, 0x31, 0x00), {}, ReadyState.UNFORMATTED),
        (check(2, 0x3A, 0x01), {"GetEventStatusNotification": MEDIA_EVENT_OPEN}, ReadyState.NO_DISC),
        (check(2, 0x3A, 0x02), {}, ReadyState.TRAY_OPEN),
        (check(2, 0x3A, 0x00), {"GetEventStatusNotification": MEDIA_EVENT_OPEN}, ReadyState.TRAY_OPEN),
        (check(2, 0x3A, 0x00), {"GetEventStatusNotification": MEDIA_EVENT_CLOSED}, ReadyState.NO_DISC),
        (check(2, 0x3A, 0x00), {"MechanismStatus": DOOR_OPEN}, ReadyState.TRAY_OPEN),
        (check(2, 0x3A, 0x00), {}, ReadyState.NO_DISC),
    ],
)
async def test_each_state_of_the_tray_is_told_apart(
    answer: Reply, data: dict[str, bytes], state: ReadyState
) -> None:
    tray = Tray(answer, **data)
    assert (await tray.drive.readiness()).state is state
    await tray.drive.aclose()


async def test_optional_commands_are_tried_only_where_they_help() -> None:
    tray = Tray(check(2, 0x3A, 0x02), check(2, 0x3A, 0x00))
    await tray.drive.readiness()
    assert tray.names == ["TestUnitReady"]
    await tray.drive.readiness()
    assert tray.names[2:] == [MechanismStatus.__name__, GetEventStatusNotification.__name__]
    await tray.drive.aclose()


async def test_news_does_not_hide_how_the_tray_is() -> None:
    tray = Tray(check(6, 0x29, 0), check(6, 0x28, 0), check(2, 0x04, 0x01, 0.25))
    readiness = await tray.drive.readiness()
    assert (readiness.state, readiness.progress) == (ReadyState.BECOMING_READY, 0.25)
    await tray.drive.aclose()


async def test_a_disc_is_waited_for() -> None:
    tray = Tray(*[check(2, 0x04, 0x01)] * 3)
    await tray.drive.wait_ready()
    assert tray.names == ["TestUnitReady"] * 4
    await tray.drive.aclose()


async def test_a_stopped_disc_is_started_once() -> None:
    tray = Tray(check(2, 0x04, 0x02), check(2, 0x04, 0x02), check(2, 0x04, 0x01), StartStopUnit=GOOD)
    await tray.drive.wait_ready()
    starts = [command.to_cdb() for command in tray.transport.commands if isinstance(command, StartStopUnit)]
    assert starts == [bytes.fromhex("1B 01 00 00 01 00")]
    await tray.drive.aclose()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (check(2, 0x3A, 0x01), NoDiscError, "there is no disc in the drive; put one in"),
        (check(2, 0x3A, 0x02), NoDiscError, "the tray is open; close it with a disc in it"),
        (check(2, 0x30, 0x02), DiscNotSupportedError, "can make nothing of this disc"),
        (check(2, 0x04, 0x03), NotReadyError, "manual intervention required"),
        (check(4, 0x09, 0x00), HardwareError, "HARDWARE ERROR"),
    ],
)
async def test_what_waiting_cannot_mend_is_told_at_once(
    answer: Reply, kind: type[Exception], words: str
) -> None:
    tray = Tray(*[answer] * 5)
    with pytest.raises(kind, match=words):
        await tray.drive.wait_ready()
    assert tray.names.count("TestUnitReady") == 1
    await tray.drive.aclose()


async def test_waiting_for_a_disc_ends() -> None:
    tray = Tray(*[check(2, 0x04, 0x01)] * 100)
    with pytest.raises(CommandTimeoutError, match=r"becoming ready on sr0: not finished after 0\.03 s"):
        await tray.drive.wait_ready(0.03)
    await tray.drive.aclose()


async def test_a_long_operation_is_started_and_polled() -> None:
    seen: list[float | None] = []
    tray = Tray(check(2, 0x04, 0x07, 0.25), check(2, 0x04, 0x07, 0.75), CloseTrackSession=GOOD)
    await tray.drive.close_track_session(CloseFunction.SESSION, progress=seen.append)
    first = tray.transport.commands[0]
    assert isinstance(first, CloseTrackSession)
    assert (first.function, first.immed) == (CloseFunction.SESSION, True)
    assert first.to_cdb() == bytes.fromhex("5B 01 02 00 00 00 00 00 00 00")
    # A drive that ignores IMMED is not reset by a short time limit in the middle of its work.
    assert first.timeout_s >= 300
    assert seen == [0.25, 0.75]
    assert tray.names == ["CloseTrackSession", *["TestUnitReady"] * 3]
    await tray.drive.aclose()


async def test_progress_may_be_told_by_request_sense_only() -> None:
    seen: list[float | None] = []
    told = SenseData.with_progress(2, 0x04, 0x07, 0.5).to_bytes()
    tray = Tray(check(2, 0x04, 0x07), Blank=GOOD, RequestSense=told)
    await tray.drive.run_immediate(Blank(BlankingType.MINIMAL), progress=seen.append)
    assert seen == [0.5]
    tray = Tray(check(2, 0x04, 0x07), Blank=GOOD)
    await tray.drive.run_immediate(Blank(BlankingType.MINIMAL), progress=seen.append)
    assert seen == [0.5, None]
    assert tray.transport.commands[2] == RequestSense()
    await tray.drive.aclose()


async def test_a_drive_that_refuses_immed_gets_the_command_without_it() -> None:
    class Old(Tray):
        def answer(self, command: Command, data: memoryview | None) -> Reply:
            if isinstance(command, SynchronizeCache10):
                return INVALID_FIELD if command.immed else GOOD
            return super().answer(command, data)

    tray = Old()
    await tray.drive.synchronize_cache()
    assert tray.transport.commands[1:] == [SynchronizeCache10(immed=False), TestUnitReady()]
    await tray.drive.aclose()


async def test_a_command_that_the_drive_lacks_is_not_tried_twice() -> None:
    tray = Tray()
    with pytest.raises(IllegalRequestError, match="invalid command operation code"):
        await tray.drive.close_track_session(CloseFunction.FINALIZE)
    assert tray.names == ["CloseTrackSession"]
    await tray.drive.aclose()


async def test_a_failure_told_while_waiting_is_the_long_command_s() -> None:
    tray = Tray(check(2, 0x04, 0x07), check(3, 0x0C, 0x00), SynchronizeCache10=GOOD)
    with pytest.raises(
        MediumError, match=r"SYNCHRONIZE CACHE \(10\) on sr0: .*told while waiting for its end"
    ):
        await tray.drive.synchronize_cache()
    await tray.drive.aclose()


async def test_a_disc_whose_profile_changes_by_closing_is_no_error() -> None:
    tray = Tray(check(6, 0x28, 0x00), CloseTrackSession=GOOD)
    await tray.drive.close_track_session(CloseFunction.TRACK, 1)
    await tray.drive.aclose()


async def test_a_disc_that_changes_during_a_flush_of_a_burn_is_an_error() -> None:
    tray = Tray(GOOD, check(6, 0x29, 0x00), SynchronizeCache10=GOOD)
    async with tray.drive.hold_disc():
        with pytest.raises(UnitAttentionError, match="reset"):
            await tray.drive.synchronize_cache()
    await tray.drive.aclose()


async def test_a_disc_that_vanishes_during_a_long_operation_is_an_error() -> None:
    tray = Tray(check(2, 0x04, 0x08), check(2, 0x3A, 0x02), SynchronizeCache10=GOOD)
    with pytest.raises(NotReadyError, match="medium not present"):
        await tray.drive.synchronize_cache()
    await tray.drive.aclose()


async def test_a_long_operation_may_take_too_long() -> None:
    tray = Tray(*[check(2, 0x04, 0x07)] * 1000, Blank=GOOD)
    with pytest.raises(CommandTimeoutError, match="BLANK on sr0: not finished") as caught:
        await tray.drive.run_immediate(Blank(BlankingType.DISC), timeout_s=0.02)
    assert caught.value.command == "BLANK"
    await tray.drive.aclose()


async def test_waiting_can_be_cancelled_and_taken_up_again() -> None:
    tray = Tray(*[check(2, 0x04, 0x07)] * 4, Blank=GOOD)
    with anyio.move_on_after(0.01) as scope:
        await tray.drive.run_immediate(Blank(BlankingType.DISC))
    assert scope.cancelled_caught
    await tray.drive.wait_ready()
    await tray.drive.aclose()
