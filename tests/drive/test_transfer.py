"""Bursts: how they are cut, resumed, counted, and what ends them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import anyio
import pytest

from aioimapi.drive import Drive
from aioimapi.errors import (
    BlankCheckError,
    DriveLostError,
    LocalProtocolError,
    MediumError,
    UnitAttentionError,
)
from aioimapi.mmc import Command, Read10, SenseData, Write10
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Buffer, Reply

pytestmark = pytest.mark.anyio

GOOD = Reply(0)
FULL = Reply(2, SenseData.of(2, 0x04, 0x08).to_bytes())
SECTOR = 2048


class Disc:
    """A drive with sectors in memory, that refuses what it was told to refuse."""

    def __init__(self, refuse: Callable[[int, Command], Reply | None] = lambda number, command: None) -> None:
        self.refuse = refuse
        self.number = 0
        self.sectors: dict[int, bytes] = {}
        self.written: list[int] = []

    def __call__(self, command: Command, data: memoryview | None) -> Reply:
        self.number += 1
        refusal = self.refuse(self.number, command)
        if refusal is not None:
            return refusal
        if isinstance(command, Write10) and data is not None:
            for offset in range(command.sectors):
                self.sectors[command.lba + offset] = bytes(data[offset * SECTOR : (offset + 1) * SECTOR])
                self.written.append(command.lba + offset)
        if isinstance(command, Read10) and data is not None:
            for offset in range(command.sectors):
                data[offset * SECTOR : (offset + 1) * SECTOR] = self.sectors[command.lba + offset]
        return GOOD


def payload(sectors: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") * (SECTOR // 2) for number in range(sectors))


class OneTrip(ScriptedTransport):
    """Counts trips to the thread."""

    trips = 0

    async def execute_burst(self, commands: Sequence[tuple[Command, Buffer | None]]) -> list[Reply]:
        self.trips += 1
        return await super().execute_burst(commands)


async def test_a_mebibyte_goes_in_sixteen_commands_and_one_trip() -> None:
    disc = Disc()
    transport = OneTrip(disc, max_transfer_bytes=512 * 1024)
    drive = Drive(transport)
    data = payload(512)
    await drive.write_burst(1000, data)
    assert [(c.lba, c.sectors) for c in transport.commands if isinstance(c, Write10)] == [
        (1000 + 32 * number, 32) for number in range(16)
    ]
    assert transport.trips == 1
    buffer = bytearray(len(data))
    await drive.read_into(1000, buffer)
    assert buffer == data
    assert transport.trips == 2
    assert drive.statistics().sectors_written == drive.statistics().sectors_read == 512
    await drive.aclose()


@pytest.mark.parametrize(
    ("limit", "sectors", "sizes"),
    [(65536, 33, [32, 1]), (32768, 40, [16, 16, 8]), (2048, 2, [1, 1]), (1 << 20, 32, [32]), (65536, 0, [])],
)
async def test_no_command_passes_the_bus_limit(limit: int, sectors: int, sizes: list[int]) -> None:
    transport = ScriptedTransport(Disc(), max_transfer_bytes=limit)
    drive = Drive(transport)
    await drive.write_burst(0, payload(sectors))
    assert [command.sectors for command in transport.commands if isinstance(command, Write10)] == sizes
    await drive.aclose()


async def test_a_full_buffer_resumes_from_the_refused_command() -> None:
    disc = Disc(lambda number, command: FULL if number in (2, 3, 6) else None)
    transport = ScriptedTransport(disc)
    drive = Drive(transport)
    await drive.write_burst(0, payload(128))
    assert disc.written == list(range(128))
    assert b"".join(disc.sectors[lba] for lba in range(128)) == payload(128)
    lbas = [command.lba for command in transport.commands if isinstance(command, Write10)]
    assert lbas == [0, 32, 32, 32, 64, 96, 96]
    assert drive.statistics().buffer_waits == 3
    assert drive.statistics().sectors_written == 128
    await drive.aclose()


async def test_a_failed_write_names_its_sector_and_what_was_taken() -> None:
    refusal = Reply(2, SenseData.of(3, 0x0C, 0).to_bytes())
    disc = Disc(lambda number, command: refusal if number == 3 else None)
    drive = Drive(ScriptedTransport(disc, name="sr0"))
    with pytest.raises(MediumError, match=r"WRITE \(10\) at LBA 564 on sr0") as caught:
        await drive.write_burst(500, payload(128))
    assert caught.value.lba == 564
    assert disc.written == list(range(500, 564))
    assert drive.statistics().sectors_written == 64
    await drive.aclose()


async def test_another_disc_ends_a_write_but_not_a_read() -> None:
    news = Reply(2, SenseData.of(6, 0x28, 0).to_bytes())
    disc = Disc(lambda number, command: news if number == 2 else None)
    drive = Drive(ScriptedTransport(disc))
    with pytest.raises(UnitAttentionError):
        await drive.write_burst(0, payload(96))
    assert disc.written == list(range(32))
    await drive.aclose()

    disc = Disc(lambda number, command: news if number == 2 else None)
    disc.sectors = dict(enumerate([payload(1)] * 96))
    drive = Drive(ScriptedTransport(disc))
    buffer = bytearray(96 * SECTOR)
    await drive.read_into(0, buffer)
    assert buffer == payload(1) * 96
    await drive.aclose()


async def test_a_write_that_needed_effort_is_not_written_twice() -> None:
    effort = Reply(2, SenseData.of(1, 0x17, 0x01).to_bytes())
    transport = ScriptedTransport(Disc(lambda number, command: effort if number == 2 else None))
    drive = Drive(transport)
    await drive.write_burst(0, payload(96))
    assert [command.lba for command in transport.commands if isinstance(command, Write10)] == [0, 32, 64]
    assert drive.statistics().sectors_written == 96
    await drive.aclose()


async def test_what_was_read_before_a_bad_sector_is_there() -> None:
    bad = Reply(2, SenseData.of(8, 0x64, 0).to_bytes())
    disc = Disc(lambda number, command: bad if number == 2 else None)
    disc.sectors = dict(enumerate([payload(1)] * 64))
    drive = Drive(ScriptedTransport(disc))
    buffer = bytearray(b"\xff" * 64 * SECTOR)
    with pytest.raises(BlankCheckError) as caught:
        await drive.read_into(0, buffer)
    assert caught.value.lba == 32
    assert buffer[: 32 * SECTOR] == payload(1) * 32
    await drive.aclose()


async def test_half_sectors_are_refused() -> None:
    transport = ScriptedTransport(Disc())
    drive = Drive(transport)
    with pytest.raises(LocalProtocolError, match="no whole sectors"):
        await drive.write_burst(0, bytes(3000))
    assert transport.commands == []
    await drive.aclose()


async def release_after_cancel(go: threading.Event) -> None:
    """Let the held command go once the cancellation has reached every task."""
    try:
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
        go.set()


async def test_sectors_of_a_cancelled_burst_are_counted() -> None:
    entered, go = threading.Event(), threading.Event()

    def hold(number: int, command: Command) -> None:
        if number == 3:
            entered.set()
            assert go.wait(10)

    disc = Disc(hold)
    drive = Drive(ScriptedTransport(disc))
    async with anyio.create_task_group() as group:
        group.start_soon(drive.write_burst, 0, payload(320))
        group.start_soon(release_after_cancel, go)
        with anyio.fail_after(5):
            while not entered.is_set():  # noqa: ASYNC110 - another thread sets it
                await anyio.sleep(0.001)
        group.cancel_scope.cancel()
    assert disc.written == list(range(96))
    assert drive.statistics().sectors_written == 96
    await drive.aclose()


async def test_sectors_before_a_lost_drive_are_counted() -> None:
    def unplug(number: int, command: Command) -> None:
        if number == 4:
            raise DriveLostError("unplugged")

    drive = Drive(ScriptedTransport(Disc(unplug)))
    with pytest.raises(DriveLostError):
        await drive.write_burst(0, payload(320))
    assert drive.statistics().sectors_written == 96
    await drive.aclose()
