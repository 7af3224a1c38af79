"""Where a server listens, what it refuses to begin with, and how it ends."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import anyio
import pytest

from aioimapi import iscsi
from aioimapi.errors import (
    DriveAccessError,
    DriveLostError,
    LocalProtocolError,
    ServerAddressError,
    ServerNotSecureError,
    VirtualMediumError,
)
from aioimapi.mmc import Command, Inquiry, ReportLuns
from aioimapi.transport import Buffer, Reply, Transport, open_transport

from .conftest import TARGET, until_sessions
from .initiator import INQUIRY, TEST_UNIT_READY, connect, logged_in, read_10, write_10

pytestmark = pytest.mark.anyio

CHAP = iscsi.Chap({"alice": "alice's own secret"})


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_other_addresses_ask_for_chap(disc: str, host: str) -> None:
    with pytest.raises(ServerNotSecureError, match="CHAP") as caught:
        async with iscsi.serve({TARGET: disc}, host=host, port=0):
            pass
    assert (caught.value.host, caught.value.port) == (host, 0)


async def test_with_chap_other_addresses_are_fine(disc: str) -> None:
    keys = {"InitiatorName": "iqn.2026-11.com.example:x", "TargetName": TARGET, "AuthMethod": "None"}
    async with (
        iscsi.serve({TARGET: disc}, host="0.0.0.0", port=0, chap=CHAP) as server,
        connect(server.port) as host,
    ):
        assert (await host.login_step(keys, stage=0, next_stage=1)).word(36) >> 16 == 0x0201


async def test_localhost_is_this_machine_by_all_its_addresses(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, host="localhost", port=0) as server:
        assert server.portal == f"localhost:{server.port}"
        for found in await anyio.getaddrinfo("localhost", server.port, type=socket.SOCK_STREAM):
            async with await anyio.connect_tcp(str(found[4][0]), server.port):
                pass


async def test_an_address_that_is_taken_or_not_ours(disc: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerAddressError, match=f"127.0.0.1:{port}"):
            async with iscsi.serve({TARGET: disc}, port=port):
                pass
    with pytest.raises(ServerAddressError, match=r"192\.0\.2\.1"):
        async with iscsi.serve({TARGET: disc}, host="192.0.2.1", port=0, chap=CHAP):
            pass
    with pytest.raises(ServerAddressError):
        async with iscsi.serve({TARGET: disc}, host="no such name", port=0):
            pass


@pytest.mark.parametrize(
    "name", ["disc", "iqn.26-1.com:x", "iqn.2026-11.com.example:a b", "", "iqn.2026-11.com:" + "x" * 223]
)
async def test_names_that_iscsi_does_not_allow(disc: str, name: str) -> None:
    with pytest.raises(LocalProtocolError):
        async with iscsi.serve({name: disc}, port=0):
            pass


async def test_no_target_at_all() -> None:
    with pytest.raises(LocalProtocolError):
        async with iscsi.serve({}, port=0):
            pass


async def test_a_drive_that_cannot_be_opened_frees_the_port_and_the_others(disc: str, tmp_path: Path) -> None:
    with pytest.raises(VirtualMediumError):
        async with iscsi.serve({TARGET: disc, TARGET + "2": f"virtual:{tmp_path}/missing"}, port=0):
            pass
    async with await open_transport(disc):  # it is not held any more
        pass


async def test_an_error_of_the_block_comes_out_as_itself(disc: str) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with iscsi.serve({TARGET: disc}, port=0):
            raise KeyError("mine")


async def test_a_cancelled_server_closes_what_it_opened(disc: str) -> None:
    with anyio.move_on_after(0.1):
        async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET):
            await anyio.sleep_forever()
    async with await open_transport(disc):
        pass


async def test_sessions_end_with_the_server_and_a_transport_of_the_callers_stays_open(disc: str) -> None:
    async with await open_transport(disc) as transport:
        async with iscsi.serve({TARGET: transport}, port=0) as server:
            host_scope = logged_in(server.port, TARGET)
            host = await host_scope.__aenter__()
            assert (await host.write(write_10(0, 1), b"k" * 2048)).status == 0
        assert await host.is_dropped()
        await host_scope.__aexit__(None, None, None)
        buffer = bytearray(96)
        assert (await transport.execute(Inquiry(allocation_length=96), buffer)).good
        async with iscsi.serve({TARGET: transport}, port=0) as server, logged_in(server.port, TARGET) as host:
            assert (await host.read(read_10(0, 1), 2048)).data == b"k" * 2048


class Odd(Transport):
    """A drive that knows no REPORT LUNS, as many real ones, and whose driver has a bug."""

    def __init__(self) -> None:
        self.name = "odd"
        self.max_transfer_bytes = 64 * 1024
        self.closed = False

    async def execute(self, command: Command, buffer: Buffer | None = None) -> Reply:
        opcode = command.to_cdb()[0]
        if opcode == ReportLuns.opcode:
            return Reply(2, bytes((0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0)), 64)
        if opcode == Inquiry.opcode:
            raise ZeroDivisionError("a bug")
        if opcode == 0x1B:
            raise DriveLostError("pulled", drive="odd")
        if opcode == 0x2A:
            raise DriveAccessError("not this command", drive="odd")
        return Reply(0)

    async def aclose(self) -> None:
        self.closed = True


async def test_drives_that_know_no_report_luns_have_one_unit(caplog: pytest.LogCaptureFixture) -> None:
    odd = Odd()
    async with iscsi.serve({TARGET: odd}, port=0) as server, logged_in(server.port, TARGET) as host:
        luns = await host.read(bytes((0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0)), 64)
        assert (luns.status, luns.data) == (0, bytes((0, 0, 0, 8)) + bytes(12))
        with caplog.at_level(logging.CRITICAL, "aioimapi.iscsi"):
            broken = await host.read(INQUIRY, 96)
        assert broken.key == (4, 0x44, 0)
        with caplog.at_level(logging.CRITICAL, "aioimapi.iscsi"):
            assert (await host.write(write_10(0, 1), bytes(2048))).key == (5, 0x20, 2)
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0
        await host.send(host.command_header(bytes((0x1B, 0, 0, 0, 2, 0)), tag=99))
        assert await host.is_dropped()
        await until_sessions(server, 0)
    assert not odd.closed


async def test_what_the_server_says_of_its_sessions(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server:
        assert server.targets == (TARGET,)
        async with logged_in(server.port, TARGET) as host:
            await host.write(write_10(0, 8), bytes(8 * 2048), immediate_bytes=8 * 2048)
            (info,) = server.sessions()
            assert (info.target, info.user, info.commands) == (TARGET, "", 1)
            assert info.initiator.startswith("iqn.")
            assert info.address.startswith("127.0.0.1:")
            assert info.received_bytes > 8 * 2048
            assert 0 < info.sent_bytes < 4096
        await until_sessions(server, 0)


async def test_every_command_is_traced(disc: str, caplog: pytest.LogCaptureFixture) -> None:
    url = disc + "&fault=hang@read:1&time_scale=0.0001"
    with caplog.at_level(logging.DEBUG, "aioimapi.trace"):
        async with iscsi.serve({TARGET: url}, port=0) as server, logged_in(server.port, TARGET) as host:
            await host.read(TEST_UNIT_READY, 0)
            await host.read(bytes((0xEE,)) + bytes(11), 0)
            await host.read(read_10(7, 1), 2048)
    ready, unknown, silent = [
        record.getMessage() for record in caplog.records if record.name == "aioimapi.trace"
    ]
    assert f"{url} TEST UNIT READY [00 00 00 00 00 00] status 00h, residual 0," in ready
    assert "operation code EEh" in unknown
    assert "5/20/00" in unknown
    assert "READ (10) [28 00 00 00 00 07 00 00 01 00] no answer: " in silent
