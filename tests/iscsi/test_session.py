"""Sessions at work: commands, their data in every way in which it can come, numbers, text, pings, logout."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import anyio
import pytest

from aioimapi import iscsi

from .conftest import TARGET, until_sessions
from .initiator import INQUIRY, TEST_UNIT_READY, connect, logged_in, read_10, write_10

pytestmark = pytest.mark.anyio

BLOCK = 2048


async def test_discovery_lists_every_target_with_the_address_that_was_reached(
    disc: str, tmp_path: Path
) -> None:
    other = TARGET + "2"
    targets = {TARGET: disc, other: f"virtual:{tmp_path}/other?media=bd-r&sectors=4096"}
    async with iscsi.serve(targets, port=0) as server, logged_in(server.port) as host:
        portal = f"TargetAddress=127.0.0.1:{server.port},1"
        answer = await host.text({"SendTargets": "All"})
        assert answer.targets == [f"TargetName={TARGET}", portal, f"TargetName={other}", portal]
        assert answer.flags == 0x80
        one = await host.text({"SendTargets": other})
        assert one.targets == [f"TargetName={other}", portal]
        assert (await host.text({"SendTargets": "iqn.2026-11.com.example:none"})).targets == []
        assert await host.logout() == 0
        assert await host.is_dropped()


async def test_a_long_list_comes_in_pieces() -> None:
    targets = {f"{TARGET}{number}": f"virtual:?serial={number}" for number in range(30)}
    keys = {"MaxRecvDataSegmentLength": "512"}
    async with iscsi.serve(targets, port=0) as server, logged_in(server.port, "", keys) as host:
        answer = await host.text({"SendTargets": "All"})
        whole = answer.data
        while answer.flags & 0x40:
            assert len(answer.data) == 512
            answer = await host.text({}, transfer=answer.word(20))
            whole += answer.data
    names = [item for item in whole.decode().split("\0") if item.startswith("TargetName")]
    assert names == [f"TargetName={name}" for name in targets]


async def test_inquiry_and_report_luns_come_from_the_drive(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        inquiry = await host.read(INQUIRY, 96)
        assert inquiry.status == 0
        assert inquiry.data[0] == 5
        assert inquiry.data[8:16] == b"AIOIMAPI"
        luns = await host.read(bytes((0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0)), 64)
        assert luns.data == bytes((0, 0, 0, 8)) + bytes(12)
        assert luns.underflow == 48


async def test_a_unit_that_is_not_there(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        inquiry = await host.read(INQUIRY, 96, lun=1)
        assert (inquiry.status, inquiry.data[0]) == (0, 0x7F)
        ready = await host.read(TEST_UNIT_READY, 0, lun=1)
        assert (ready.status, ready.key) == (2, (5, 0x25, 0))


@pytest.mark.parametrize(
    ("immediate", "unsolicited", "keys"),
    [
        (32 * BLOCK, 0, {}),
        (0, 0, {}),
        (4096, 0, {}),
        (0, 8192, {}),
        (4096, 8192, {}),
        (0, 0, {"InitialR2T": "Yes", "ImmediateData": "No"}),
        (0, 0, {"MaxBurstLength": "8192", "FirstBurstLength": "4096"}),
        (4096, 12288, {"MaxBurstLength": "16384", "FirstBurstLength": "16384"}),
        (1021, 0, {"MaxBurstLength": "5001", "FirstBurstLength": "4999"}),
    ],
)
async def test_data_to_the_drive_comes_in_every_way(
    disc: str, immediate: int, unsolicited: int, keys: dict[str, str]
) -> None:
    data = random.Random("out").randbytes(32 * BLOCK)
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET, keys) as host:
        done = await host.write(
            write_10(64, 32), data, immediate_bytes=immediate, unsolicited_bytes=unsolicited
        )
        assert (done.status, done.overflow, done.underflow) == (0, 0, 0)
        back = await host.read(read_10(64, 32), len(data))
        assert back.data == data
    solicited = sum(size for _, size in host.transfers)
    assert solicited == len(data) - immediate - unsolicited
    burst = int(keys.get("MaxBurstLength", 262144))
    assert all(size <= burst for _, size in host.transfers)


@pytest.mark.parametrize("segment", ["512", "4096", "65536", "16777215"])
async def test_data_from_the_drive_comes_in_pieces_that_the_initiator_takes(disc: str, segment: str) -> None:
    data = random.Random("in").randbytes(64 * BLOCK)
    keys = {"MaxRecvDataSegmentLength": segment, "MaxBurstLength": "16384"}
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET, keys) as host:
        await host.write(write_10(0, 64), data)
        tag = host.next_tag()
        await host.send(host.command_header(read_10(0, 64), tag=tag, reads=True, length=len(data)))
        came, numbers = b"", []
        while True:
            pdu = await host.receive()
            assert pdu.opcode == 0x25
            assert len(pdu.data) <= int(segment)
            numbers.append(pdu.word(36))
            came += pdu.data
            assert bool(pdu.flags & 0x80) == (len(came) % 16384 == 0)  # a burst ends
            if pdu.flags & 1:
                break
        assert came == data
        assert numbers == list(range(len(numbers)))


async def test_a_command_larger_than_the_drive_takes_is_parted(disc: str) -> None:
    """The virtual drive takes 512 KiB at once."""
    count = 700
    data = random.Random("large").randbytes(count * BLOCK)
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        done = await host.write(write_10(3, count), data)
        assert (done.status, done.underflow) == (0, 0)
        cdb = struct.pack(">BxII2x", 0xA8, 3, count)
        assert (await host.read(cdb, len(data))).data == data
        failed = await host.read(read_10(3600, count), len(data))  # the disc ends before
        assert (failed.status, failed.key) == (2, (5, 0x21, 0))


@pytest.mark.parametrize(
    ("count", "expected", "came", "over", "under"),
    [
        (1, 10_000, 2048, 0, 7952),
        (1, 200, 200, 1848, 0),
        (2, 2048, 2048, 2048, 0),
        (1, 0, 0, 2048, 0),
        (0, 2048, 0, 0, 2048),
    ],
)
async def test_residuals_where_host_and_command_differ(
    disc: str, count: int, expected: int, came: int, over: int, under: int
) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.write(write_10(0, 2), bytes(range(256)) * 16)
        got = await host.read(read_10(0, count), expected)
        assert got.status == 0
        assert got.data == (bytes(range(256)) * 16)[:came]
        assert (got.overflow, got.underflow) == (over, under)


async def test_a_write_that_brings_too_little_is_refused_and_writes_nothing(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        short = await host.write(write_10(0, 2), b"x" * BLOCK, immediate_bytes=BLOCK)
        assert (short.status, short.key) == (2, (5, 0x24, 0))
        assert (await host.read(read_10(0, 2), 2 * BLOCK)).data.count(b"x") == 0


async def test_sense_data_comes_with_its_length(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        refused = await host.read(bytes((0xEE,)) + bytes(11), 0)
        assert refused.status == 2
        assert len(refused.sense) == 18
        assert refused.key == (5, 0x20, 0)


async def test_reserved_bits_reach_the_drive_as_they_are(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        refused = await host.read(bytes((0, 0, 0x40, 0, 0, 0)), 0)
        assert refused.key == (5, 0x24, 0)
        assert refused.sense[15:18] == bytes((0xCE, 0, 2))  # the field pointer: byte 2, bit 6 of the CDB


async def test_a_window_is_never_passed_and_never_shrinks(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        last = host.max_number
        assert last == 32
        for _ in range(40):
            await host.read(TEST_UNIT_READY, 0)
            assert host.max_number >= last
            last = host.max_number
        assert last == host.number + 31
        # Behind the window, and before it: not a word.
        for number in (host.max_number + 1, host.number - 1):
            await host.send(host.command_header(TEST_UNIT_READY, tag=host.next_tag(), number=number))
        assert (await host.ping(b"still there")).data == b"still there"


async def test_commands_are_run_in_the_order_of_their_numbers(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        first = host.number
        for place in (2, 1, 0):
            header = host.command_header(
                write_10(9, 1), tag=100 + place, writes=True, length=BLOCK, number=first + place
            )
            await host.send(header, bytes((place,)) * BLOCK)
        tags = [(await host.receive()).tag for _ in range(3)]
        assert tags == [100, 101, 102]
        host.number = first + 3
        assert (await host.read(read_10(9, 1), BLOCK)).data == bytes((2,)) * BLOCK


async def test_numbers_may_wrap_around(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        host.number = 0xFFFFFFF0
        await host.login(TARGET)
        for _ in range(50):
            assert (await host.read(TEST_UNIT_READY, 0)).status == 0
        assert host.number < 0xFFFF


async def test_pings_are_answered_in_and_out_of_turn(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        assert (await host.ping(b"abcde")).data == b"abcde"
        answer = await host.ping(b"", immediate=False)
        assert answer.word(28) == host.number


async def test_a_second_task_with_the_same_tag_is_rejected(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.send(host.command_header(write_10(0, 1), tag=5, writes=True, length=BLOCK))
        transfer = await host.receive()
        assert transfer.opcode == 0x31
        await host.send(host.command_header(TEST_UNIT_READY, tag=5))
        rejected = await host.receive()
        assert (rejected.opcode, rejected.byte(2)) == (0x3F, 0x07)
        assert len(rejected.data) == 48
        await host.data_out(5, transfer.word(20), bytes(BLOCK), 0, BLOCK)
        assert (await host.receive()).tag == 5


async def test_two_sessions_share_a_drive_and_hear_of_its_news(disc: str) -> None:
    url = disc.replace("attention=no", "attention=yes")
    async with (
        iscsi.serve({TARGET: url}, port=0) as server,
        logged_in(server.port, TARGET) as one,
        logged_in(server.port, TARGET, isid=b"\x00\x02\x3d\0\0\x09") as two,
    ):
        assert {info.target for info in server.sessions()} == {TARGET}
        assert len(server.sessions()) == 2
        assert (await one.read(TEST_UNIT_READY, 0)).key == (6, 0x28, 0)
        assert (await one.read(TEST_UNIT_READY, 0)).status == 0
        assert (await two.read(TEST_UNIT_READY, 0)).key == (6, 0x28, 0)
        assert (await two.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_tray_that_a_lost_session_locked_is_let_go_of(disc: str) -> None:
    prevent = bytes((0x1E, 0, 0, 0, 1, 0))
    eject = bytes((0x1B, 0, 0, 0, 2, 0))
    async with iscsi.serve({TARGET: disc}, port=0) as server:
        async with logged_in(server.port, TARGET) as one:
            assert (await one.read(prevent, 0)).status == 0
            assert (await one.read(eject, 0)).key == (5, 0x53, 2)
        await until_sessions(server, 0)
        async with logged_in(server.port, TARGET) as two:
            assert (await two.read(eject, 0)).status == 0


async def test_a_session_that_logs_in_again_replaces_the_old_one(disc: str) -> None:
    async with (
        iscsi.serve({TARGET: disc}, port=0) as server,
        logged_in(server.port, TARGET) as old,
        logged_in(server.port, TARGET) as new,
    ):
        assert await old.is_dropped()
        assert (await new.read(TEST_UNIT_READY, 0)).status == 0
        assert len(server.sessions()) == 1
        assert new.tsih != old.tsih


async def test_logout_of_the_connection_ends_the_session_and_recovery_is_not_supported(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        assert await host.logout(reason=2) == 2
        assert await host.logout(reason=1, connection=9) == 1
        assert await host.logout(reason=1, connection=0) == 0
        assert await host.is_dropped()


async def test_what_is_negotiated_again_is_refused_and_a_new_segment_length_holds(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        answer = await host.text({"MaxRecvDataSegmentLength": "512", "MaxBurstLength": "512"})
        assert answer.text == {"MaxBurstLength": "Reject"}
        tag = host.next_tag()
        await host.send(host.command_header(read_10(0, 1), tag=tag, reads=True, length=BLOCK))
        assert [len((await host.receive()).data) for _ in range(4)] == [512] * 4


async def test_the_snack_of_higher_levels_is_rejected(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.send(struct.pack(">BB46x", 0x10, 0x80))
        rejected = await host.receive()
        assert (rejected.opcode, rejected.byte(2)) == (0x3F, 0x03)
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_discovery_session_has_no_drive(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server:
        async with logged_in(server.port) as host:
            assert await host.task_management(5) == 255
            await host.send(host.command_header(TEST_UNIT_READY, tag=9))
            rejected = await host.receive()
            assert (rejected.opcode, rejected.byte(2)) == (0x3F, 0x04)
            assert await host.is_dropped()
        async with logged_in(
            server.port, TARGET
        ) as host:  # a session with a drive asks for its own target only
            assert (await host.text({"SendTargets": "All"})).text == {"SendTargets": "Reject"}
            assert (await host.text({"SendTargets": ""})).targets[0] == f"TargetName={TARGET}"
            assert (await host.text({"InitialR2T": "Yes"})).text == {"InitialR2T": "Reject"}


async def test_a_long_question_comes_in_pieces(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port) as host:
        first = await host.text({"SendTargets": "All", "X-one": "1"}, flags=0x40)
        assert (first.data, first.word(20) != 0xFFFFFFFF) == (b"", True)
        answer = await host.text({"X-two": "2"}, transfer=first.word(20))
        assert answer.targets[0] == f"TargetName={TARGET}"
        assert answer.targets[2:] == ["X-one=Reject", "X-two=Reject"]


async def test_a_text_request_that_refers_to_nothing_is_rejected(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port) as host:
        await host.send(struct.pack(">BB6x8xIIII16x", 0x44, 0x80, 9, 1234, host.number, 0))
        rejected = await host.receive()
        assert (rejected.opcode, rejected.byte(2)) == (0x3F, 0x09)
        await host.send(
            struct.pack(">BB6x8xIHxxII16x", 0x46, 0x80 | 7, 9, 0, host.number, 0)
        )  # such a logout
        assert (await host.receive()).byte(2) == 0x09


async def test_a_flood_of_commands_out_of_turn_is_rejected(disc: str) -> None:
    url = disc + "&fault=hang@write:1"
    async with iscsi.serve({TARGET: url}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.send(host.command_header(write_10(0, 1), tag=1, writes=True, length=BLOCK), bytes(BLOCK))
        for tag in range(2, 60):
            await host.send(host.command_header(TEST_UNIT_READY, tag=tag, immediate=True))
        rejects = [await host.receive() for _ in range(58 - 39)]
        assert {(pdu.opcode, pdu.byte(2)) for pdu in rejects} == {(0x3F, 0x06)}
        assert await host.task_management(5) == 0


async def test_two_ways_at_once_and_too_little_for_a_parameter_list(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        await host.send(host.command_header(bytes(6), tag=1, reads=True, writes=True))
        assert (await host.result(1)).key == (5, 0x20, 0)
        mode_select = bytes((0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0))
        assert (await host.write(mode_select, bytes(8))).key == (5, 0x24, 0)
        sense = await host.read(bytes((3, 0, 0, 0, 18, 0)), 18, lun=1)
        assert (sense.status, sense.data[2], sense.data[12]) == (0, 5, 0x25)


async def test_a_read_flagged_as_a_write_brings_nothing_and_says_so(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        done = await host.write(read_10(0, 1), bytes(BLOCK), immediate_bytes=BLOCK)
        assert (done.status, done.data) == (0, b"")


async def test_many_sessions_at_once_keep_their_data_apart(tmp_path: Path) -> None:
    targets = {
        f"{TARGET}{number}": f"virtual:{tmp_path}/{number}?media=bd-re&formatted&sectors=8192&attention=no"
        for number in range(4)
    }

    async def work(number: int) -> None:
        target, first = f"{TARGET}{number % 4}", 1000 * (number // 4)
        chance = random.Random(number)
        isid = b"\x00\x02\x3d\x00\x00" + bytes((number,))
        async with logged_in(server.port, target, isid=isid) as host:
            for _ in range(12):
                count = chance.choice((1, 16, 32, 100))
                lba = first + chance.randrange(800)
                data = chance.randbytes(count * BLOCK)
                size = chance.choice((0, min(len(data), 65536)))
                assert (await host.write(write_10(lba, count), data, immediate_bytes=size)).status == 0
                assert (await host.read(read_10(lba, count), len(data))).data == data

    async with iscsi.serve(targets, port=0) as server, anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(work, number)
