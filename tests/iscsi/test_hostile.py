"""Broken and hostile initiators: dropped or refused, in bounded memory, and other sessions untouched."""

from __future__ import annotations

import random
import socket
import struct
import tracemalloc
from contextlib import AsyncExitStack

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aioimapi import iscsi
from aioimapi.iscsi import Limits, _pdu
from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._keys import Parameters
from aioimapi.iscsi._login import Identity, Login
from aioimapi.iscsi._session import IMMEDIATE, WINDOW, Bounds, Session
from aioimapi.iscsi._task import Answer

from .conftest import TARGET, until_sessions
from .initiator import (
    ISID,
    NAME,
    OPERATIONAL,
    TEST_UNIT_READY,
    connect,
    data_header,
    encode,
    logged_in,
    read_10,
    write_10,
)

BLOCK = 2048
OTHER = b"\x00\x02\x3d\x00\x00\x09"


def command(
    *, flags: int, length: int, cdb: bytes = bytes(16), number: int = 1, tag: int = 50, opcode: int = 1
) -> bytes:
    return struct.pack(
        ">BB6x8sIIII16s", opcode, flags, bytes(8), tag, length, number, 0, cdb.ljust(16, b"\0")
    )


WRITE = write_10(0, 4)
BREAKS = {
    "an operation code that there is not": (struct.pack(">BB46x", 0x1C, 0x80), b""),
    "a target's operation code": (struct.pack(">BB46x", 0x25, 0x80), b""),
    "a second login": (struct.pack(">BB46x", 0x43, 0x87), b"InitiatorName=x\0"),
    "data with a command that reads": (command(flags=0xC1, length=96), b"data"),
    "more immediate data than the command has": (command(flags=0xA1, length=4, cdb=WRITE), b"too long"),
    "more unsolicited data than the command has": (command(flags=0x21, length=4, cdb=WRITE), b"data"),
    "a text that is none": (struct.pack(">BB14xIIII16x", 0x44, 0x80, 1, 0xFFFFFFFF, 1, 0), b"text"),
    "a key that comes twice": (struct.pack(">BB14xIIII16x", 0x44, 0x80, 1, 0xFFFFFFFF, 1, 0), b"a=b\0a=c\0"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BREAKS)
async def test_who_breaks_the_protocol_is_dropped_alone(disc: str, name: str) -> None:
    header, data = BREAKS[name]
    async with (
        iscsi.serve({TARGET: disc}, port=0) as server,
        logged_in(server.port, TARGET) as bad,
        logged_in(server.port, TARGET, isid=OTHER) as good,
    ):
        await bad.send(header, data)
        assert await bad.is_dropped()
        assert (await good.read(TEST_UNIT_READY, 0)).status == 0
        await until_sessions(server, 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("number", "offset", "size", "transfer"),
    [
        (1, 0, 8192, 0),
        (0, 512, 7680, 0),
        (0, 0, 8193, 0),
        (0, 0, 4096, 0),
        (0, 0, 8192, 1),
        (0, 0, 4, 0xFFFFFFFF),
    ],
)
async def test_data_that_is_not_what_was_asked_for(
    disc: str, number: int, offset: int, size: int, transfer: int
) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as bad:
        await bad.send(bad.command_header(WRITE, tag=9, writes=True, length=8192))
        asked = await bad.receive()
        tag = 0xFFFFFFFF if transfer == 0xFFFFFFFF else asked.word(20) + transfer
        await bad.send(data_header(9, tag, number, offset, final=True), bytes(size))
        assert await bad.is_dropped()


@pytest.mark.anyio
async def test_lengths_that_lie(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server:
        for size in (0xFFFFFF, 262_145):
            async with logged_in(server.port, TARGET) as bad:
                await bad.stream.send(struct.pack(">BBHI", 0x40, 0x80, 0, size) + bytes(40))
                assert await bad.is_dropped()
        async with logged_in(server.port, TARGET) as bad:  # an additional header that ends behind its segment
            header = command(flags=0x81, length=0)
            await bad.stream.send(header[:4] + b"\x01" + header[5:] + b"\xff\xff\x01\x00")
            assert await bad.is_dropped()
        async with connect(server.port) as bad:  # before the login 8,192 bytes are the most
            await bad.stream.send(struct.pack(">BBHI", 0x43, 0x87, 0, 8193) + bytes(40))
            assert await bad.is_dropped()
        async with connect(server.port) as bad:  # no login at all
            await bad.send(command(flags=0x81, length=0))
            assert await bad.is_dropped()
        async with connect(server.port) as bad:
            await bad.stream.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a browser\r\n\r\n")
            assert await bad.is_dropped()


@pytest.mark.anyio
async def test_a_command_larger_than_the_bound_is_refused(disc: str) -> None:
    limits = Limits(command_bytes=1 << 20)
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET) as host,
    ):
        await host.send(host.command_header(write_10(0, 1000), tag=3, writes=True, length=1000 * BLOCK))
        refused = await host.result(3)
        assert refused.key == (5, 0x24, 0)
        huge = await host.read(read_10(0, 1), 0xFFFFFFFF)
        assert huge.key == (5, 0x24, 0)
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


@pytest.mark.anyio
async def test_slow_logins_are_dropped(disc: str) -> None:
    limits = Limits(login_s=0.2)
    async with iscsi.serve({TARGET: disc}, port=0, limits=limits) as server:
        async with connect(server.port) as silent:
            assert await silent.is_dropped()
        async with connect(server.port) as half:
            await half.stream.send(bytes(20))
            assert await half.is_dropped()


@pytest.mark.anyio
async def test_a_flood_of_connections_leaves_the_sessions_alone(disc: str) -> None:
    limits = Limits(logins=4, login_s=1.0)
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET) as good,
        anyio.create_task_group() as group,
    ):

        async def pester() -> None:
            async with connect(server.port) as bad:
                assert await bad.is_dropped()

        for _ in range(40):
            group.start_soon(pester)
        for _ in range(20):
            assert (await good.read(TEST_UNIT_READY, 0)).status == 0
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET) as host,
    ):
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


@pytest.mark.anyio
async def test_silent_connections_do_not_keep_others_out(disc: str) -> None:
    limits = Limits(logins=4)
    async with iscsi.serve({TARGET: disc}, port=0, limits=limits) as server, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(connect(server.port)) for _ in range(6)]
        with anyio.fail_after(5):
            async with logged_in(server.port, TARGET) as host:
                assert (await host.read(TEST_UNIT_READY, 0)).status == 0
            for oldest in silent[:3]:
                assert await oldest.is_dropped()


@pytest.mark.anyio
async def test_connections_that_are_gone_before_they_are_looked_at_leave_nothing(disc: str) -> None:
    limits = Limits(logins=2)
    async with iscsi.serve({TARGET: disc}, port=0, limits=limits) as server:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)) as gone:
                gone.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )  # closes with RST
        async with logged_in(server.port, TARGET) as host:
            assert (await host.read(TEST_UNIT_READY, 0)).status == 0


@pytest.mark.anyio
async def test_too_many_sessions_are_refused_but_not_one_that_comes_again(disc: str) -> None:
    limits = Limits(sessions=2)
    keys = {"InitiatorName": NAME, "TargetName": TARGET, "AuthMethod": "None"}
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET, isid=OTHER),
        logged_in(server.port, TARGET),
    ):
        async with connect(server.port) as third:
            answer = await third.login_step(keys, stage=0, next_stage=1, isid=b"\x00\x02\x3d\0\0\x0a")
            assert answer.word(36) >> 16 == 0x0302
        async with logged_in(server.port, TARGET, isid=ISID) as again:
            assert (await again.read(TEST_UNIT_READY, 0)).status == 0


@pytest.mark.anyio
async def test_half_a_pdu_and_silence_end_a_session(disc: str) -> None:
    limits = Limits(stall_s=0.2, ping_s=0.2)
    async with iscsi.serve({TARGET: disc}, port=0, limits=limits) as server:
        async with logged_in(server.port, TARGET) as half:
            await half.stream.send(bytes(47))
            assert await half.is_dropped()
        async with logged_in(server.port, TARGET) as silent:  # a half-open connection: nobody answers
            ping = await silent.receive(keep_pings=True)
            assert (ping.opcode, ping.tag) == (0x20, 0xFFFFFFFF)
            assert ping.word(20) != 0xFFFFFFFF
            assert await silent.is_dropped()


@pytest.mark.anyio
async def test_who_gives_a_sign_of_life_stays(disc: str) -> None:
    limits = Limits(ping_s=0.5)
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET) as patient,
    ):
        with anyio.move_on_after(1.5):
            await patient.receive()  # answers pings; nothing else comes
        assert (await patient.read(TEST_UNIT_READY, 0)).status == 0


@pytest.mark.anyio
async def test_who_does_not_read_is_dropped_and_nothing_piles_up(disc: str) -> None:
    limits = Limits(stall_s=1.0)
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=limits) as server,
        logged_in(server.port, TARGET) as deaf,
        logged_in(server.port, TARGET, isid=OTHER) as good,
    ):
        await good.write(write_10(0, 1024), bytes(1024 * BLOCK))
        tracemalloc.start()
        try:
            with anyio.move_on_after(5):
                try:
                    for number in range(1, 33):
                        header = deaf.command_header(
                            read_10(0, 1024), tag=number, reads=True, length=1024 * BLOCK, number=number
                        )
                        await deaf.stream.send(header)
                        assert (await good.read(TEST_UNIT_READY, 0)).status == 0
                    await until_sessions(server, 1)
                except (anyio.BrokenResourceError, OSError):
                    pass
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        await until_sessions(server, 1)
        assert peak < 24 << 20  # of 64 MiB that it asked for
        assert (await good.read(TEST_UNIT_READY, 0)).status == 0


# --- the pure parts, fuzzed -------------------------------------------------------------------------


def new_session() -> Session:
    identity = Identity(NAME, ISID, TARGET, "", 0)
    agreed = Parameters(initial_r2t=False, segment_to_target=262_144)
    return Session(
        identity,
        agreed,
        command_number=1,
        status_number=1,
        directory=lambda wanted: [("TargetName", TARGET)],
        bounds=Bounds(1 << 20, 1 << 20),
    )


headers = st.builds(
    lambda opcode, flags, rest: bytes((opcode, flags, 0, 0)) + bytes(4) + rest,
    st.sampled_from([*range(0x08), 0x10, 0x1F, 0x20, *range(0x40, 0x48), 0x7F, 0xFF]),
    st.integers(0, 255),
    st.binary(min_size=40, max_size=40),
)


def plausible(draw: st.DrawFn) -> bytes:
    """A header whose numbers are such that it is looked at."""
    opcode = draw(st.sampled_from([0x01, 0x41, 0x05, 0x00, 0x40, 0x02, 0x42, 0x04, 0x44, 0x46]))
    flags = draw(st.sampled_from([0x80, 0xA1, 0x21, 0xC1, 0xE1, 0x81, 0x40, 0x82, 0x84, 0xA3]))
    tag = draw(st.sampled_from([1, 2, 3, 0xFFFFFFFF]))
    length = draw(st.sampled_from([0, 1, 2048, 8192, 65536, 1 << 19, 1 << 20, 1 << 31, 0xFFFFFFFF]))
    number = draw(st.integers(0, 40))
    rest = draw(st.sampled_from([bytes(16), read_10(0, 4).ljust(16, b"\0"), write_10(0, 4).ljust(16, b"\0")]))
    return struct.pack(">BB6x8sIIII16s", opcode, flags, bytes(8), tag, length, number, number, rest)


pdus = st.tuples(
    headers | st.composite(plausible)(),
    st.sampled_from([b"", b"data", bytes(2048), b"SendTargets=All\0", b"a=b\0"]),
)


@settings(max_examples=200)
@given(st.lists(pdus, max_size=60), st.randoms(use_true_random=False))
def test_a_session_takes_anything_in_bounded_memory(
    arrivals: list[tuple[bytes, bytes]], chance: random.Random
) -> None:
    session = new_session()
    try:
        for header, data in arrivals:
            session.receive(_pdu.Pdu(header, b"", data))
            assert session.busy <= WINDOW + IMMEDIATE
            held = sum(len(task.data) for task in session._tasks.values())
            assert held <= (1 << 20) + (WINDOW + IMMEDIATE) * 65536
            for task in iter(session.next_task, None):
                if chance.random() < 0.5:
                    session.finish(task, Answer(0, b"", bytes(100) if task.command.reads else b"", 100))
            session.management.clear()
            check_stream(session.outgoing)
            session.outgoing.clear()
    except BrokenPduError:
        check_stream(session.outgoing)
    session.abort_all()
    assert session.busy == 0
    assert session._granted == 0


def check_stream(outgoing: list[bytes | bytearray | memoryview]) -> None:
    """What goes out is a row of whole PDUs with a target's operation codes."""
    stream = b"".join(outgoing)
    while stream:
        assert stream[0] in {0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x31, 0x3F}
        size = int.from_bytes(stream[5:8], "big")
        whole = 48 + size + -size % 4
        assert len(stream) >= whole
        stream = stream[whole:]


NAMES = ["InitiatorName", "TargetName", "SessionType", "AuthMethod", "CHAP_A", "CHAP_N", "CHAP_R", "X-y"]
VALUES = [
    "Yes",
    "No",
    "None",
    "CHAP",
    TARGET,
    NAME,
    "Normal",
    "Discovery",
    "0",
    "512",
    "0x200",
    "5,7",
    "-1",
    "0xzz",
]
no_surrogates = st.characters(exclude_categories=["Cs"])
keys = st.dictionaries(
    st.sampled_from([*OPERATIONAL, *NAMES]) | st.text(no_surrogates, max_size=70),
    st.sampled_from(VALUES) | st.text(no_surrogates, max_size=40),
    max_size=8,
)


@settings(max_examples=200)
@given(st.lists(st.tuples(keys | st.binary(max_size=60), st.integers(0, 255)), max_size=8), st.booleans())
@example([({"InitiatorName": NAME, "TargetName": TARGET, "AuthMethod": "None"}, 0x83)], False)
def test_a_login_takes_anything(steps: list[tuple[dict[str, str] | bytes, int]], guarded: bool) -> None:
    chap = iscsi.Chap({"alice": "alice's own secret"}) if guarded else None
    login = Login(lambda *names: None, chap, tsih=1, window=32)
    for text, flags in steps:
        data = text if isinstance(text, bytes) else encode(text)
        header = struct.pack(">BBBB4x6sHIHxxII16x", 0x43, flags, 0, 0, ISID, 0, 7, 0, 1, 0)
        answer = login.receive(_pdu.LoginRequest.parse(_pdu.Pdu(header, b"", data)))
        assert answer[0] == 0x23
        assert len(answer) % 4 == 0
        if login.failed:
            assert answer[36] in {2, 3}
            break
        if login.identity is not None:
            assert not guarded  # nobody gets in without the secret
            break


@settings(max_examples=200)
@given(st.binary(min_size=48, max_size=48), st.binary(max_size=64), st.binary(max_size=64))
def test_every_parser_takes_anything(header: bytes, extra: bytes, data: bytes) -> None:
    pdu = _pdu.Pdu(header, extra, data)
    for kind in (_pdu.ScsiCommand, _pdu.DataOut, _pdu.Tagged, _pdu.LoginRequest):
        try:
            kind.parse(pdu)
        except BrokenPduError:
            assert kind is _pdu.ScsiCommand


@pytest.mark.anyio
async def test_random_bytes_after_a_login(disc: str) -> None:
    """Each of these either waits for more, or is answered, or is dropped; the server and the other session stay."""
    chance = random.Random(2026)
    async with (
        iscsi.serve({TARGET: disc}, port=0, limits=Limits(stall_s=2)) as server,
        logged_in(server.port, TARGET, isid=OTHER) as good,
    ):
        for _ in range(40):
            async with logged_in(server.port, TARGET) as bad:
                noise = bytearray(chance.randbytes(chance.randrange(1, 600)))
                noise[0] = chance.choice([0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x41, 0x42, 0x44, 0x46, 0x10])
                if len(noise) > 8:
                    noise[4:7] = bytes(3)
                await bad.stream.send(bytes(noise))
            assert (await good.read(bytes((0x12, 0, 0, 0, 36, 0)), 36)).status == 0
        await until_sessions(server, 1)
