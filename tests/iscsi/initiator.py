"""An initiator for tests, written from RFC 7143 alone: it shares no code with the target and can break every rule."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio
from anyio.abc import ByteStream

ISID = b"\x00\x02\x3d\x00\x00\x01"
NAME = "iqn.2026-11.com.example:initiator"
FULL_FEATURE = 3

OPERATIONAL = {
    "HeaderDigest": "CRC32C,None",
    "DataDigest": "None",
    "MaxRecvDataSegmentLength": "65536",
    "InitialR2T": "No",
    "ImmediateData": "Yes",
    "MaxBurstLength": "262144",
    "FirstBurstLength": "65536",
    "MaxConnections": "1",
    "ErrorRecoveryLevel": "0",
    "DefaultTime2Wait": "2",
    "DefaultTime2Retain": "20",
    "MaxOutstandingR2T": "1",
    "DataPDUInOrder": "Yes",
    "DataSequenceInOrder": "Yes",
}
"""What an initiator of today offers."""


class Pdu(NamedTuple):
    """A PDU of the target, by the offsets of RFC 7143, section 11."""

    header: bytes
    data: bytes

    def byte(self, place: int) -> int:
        return self.header[place]

    def word(self, place: int) -> int:
        return int.from_bytes(self.header[place : place + 4], "big")

    @property
    def opcode(self) -> int:
        return self.header[0] & 0x3F

    @property
    def flags(self) -> int:
        return self.header[1]

    @property
    def tag(self) -> int:
        return self.word(16)

    @property
    def text(self) -> dict[str, str]:
        items = [item for item in self.data.decode().split("\0") if item]
        return dict(item.split("=", 1) for item in items)

    @property
    def targets(self) -> list[str]:
        return [item for item in self.data.decode().split("\0") if item]


class Result(NamedTuple):
    """How a SCSI command ended."""

    status: int
    data: bytes
    sense: bytes
    overflow: int
    underflow: int

    @property
    def key(self) -> tuple[int, int, int]:
        return (self.sense[2] & 0x0F, self.sense[12], self.sense[13]) if self.sense else (0, 0, 0)


def segment(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


class Initiator:
    """One connection to a target."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.rest = b""
        self.tag = 0
        self.number = 1
        self.status_number = 0
        self.offered: dict[str, str] = {}
        self.agreed: dict[str, str] = {}
        self.transfers: list[tuple[int, int]] = []
        self.max_number = 0
        self.tsih = 0

    # --- PDUs ---------------------------------------------------------------------------------------

    async def send(self, header: bytes, data: bytes = b"") -> None:
        assert len(header) == 48
        header = header[:4] + len(data).to_bytes(4, "big") + header[8:]
        await self.stream.send(header + segment(data))

    async def receive(self, *, keep_pings: bool = False) -> Pdu:
        while True:
            header = await self._exactly(48)
            size = int.from_bytes(header[5:8], "big")
            data = (await self._exactly(size + -size % 4))[:size]
            pdu = Pdu(header, data)
            if pdu.opcode != 0x31 and not (pdu.opcode == 0x25 and not pdu.flags & 1):
                self.status_number = pdu.word(24)
            if pdu.opcode != 0x25 or pdu.flags & 1:
                self.max_number = pdu.word(32)
            if pdu.opcode == 0x20 and pdu.tag == 0xFFFFFFFF and not keep_pings:
                await self.send(
                    struct.pack(
                        ">BB6x8sIIII16x", 0x40, 0x80, bytes(8), 0xFFFFFFFF, pdu.word(20), self.number, 0
                    )
                )
                continue
            return pdu

    async def _exactly(self, size: int) -> bytes:
        while len(self.rest) < size:
            self.rest += await self.stream.receive(1 << 18)
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def next_tag(self) -> int:
        self.tag += 1
        return self.tag

    # --- login --------------------------------------------------------------------------------------

    async def login_step(
        self,
        keys: Mapping[str, str] | bytes,
        *,
        stage: int,
        next_stage: int = 0,
        transit: bool = True,
        more: bool = False,
        isid: bytes = ISID,
        tsih: int = 0,
        version: int = 0,
    ) -> Pdu:
        data = keys if isinstance(keys, bytes) else encode(keys)
        flags = (0x80 if transit else 0) | (0x40 if more else 0) | stage << 2 | next_stage
        header = struct.pack(
            ">BBBB4x6sHIHxxII16x", 0x43, flags, version, version, isid, tsih, 7, 0, self.number, 0
        )
        await self.send(header, data)
        return await self.receive()

    async def login(
        self, target: str = "", keys: Mapping[str, str] | None = None, *, isid: bytes = ISID
    ) -> Pdu:
        """Log in at once, without authentication, and expect that it works."""
        offered = {
            "InitiatorName": NAME,
            "SessionType": "Normal" if target else "Discovery",
            "AuthMethod": "None",
        }
        if target:
            offered["TargetName"] = target
        first = await self.login_step(offered, stage=0, next_stage=1, isid=isid)
        assert (first.word(36) >> 16, first.flags) == (0, 0x81), first
        self.offered = {**OPERATIONAL, **(keys or {})}
        done = await self.login_step(self.offered, stage=1, next_stage=FULL_FEATURE, isid=isid)
        assert (done.word(36) >> 16, done.flags) == (0, 0x87), done
        self.agreed = done.text
        self.tsih = int.from_bytes(done.header[14:16], "big")
        assert self.tsih
        return done

    # --- full feature phase -------------------------------------------------------------------------

    def command_header(
        self,
        cdb: bytes,
        *,
        tag: int,
        reads: bool = False,
        writes: bool = False,
        length: int = 0,
        final: bool = True,
        lun: int = 0,
        number: int | None = None,
        immediate: bool = False,
        attribute: int = 1,
    ) -> bytes:
        flags = (0x80 if final else 0) | (0x40 if reads else 0) | (0x20 if writes else 0) | attribute
        if number is None:
            number = self.number
            if not immediate:
                self.number = self.number + 1 & 0xFFFFFFFF
        return struct.pack(
            ">BB6x8sIIII16s",
            0x41 if immediate else 0x01,
            flags,
            bytes((0, lun)) + bytes(6),
            tag,
            length,
            number,
            self.status_number,
            cdb.ljust(16, b"\0"),
        )

    async def read(self, cdb: bytes, length: int, *, lun: int = 0) -> Result:
        """Run a command that brings data."""
        tag = self.next_tag()
        await self.send(self.command_header(cdb, tag=tag, reads=length > 0, length=length, lun=lun))
        return await self.result(tag)

    async def write(
        self,
        cdb: bytes,
        data: bytes,
        *,
        immediate_bytes: int = 0,
        unsolicited_bytes: int = 0,
        length: int | None = None,
    ) -> Result:
        """Run a command that sends data: so much with the command, so much unasked, the rest as it is asked for."""
        tag = self.next_tag()
        length = len(data) if length is None else length
        final = not unsolicited_bytes
        header = self.command_header(cdb, tag=tag, writes=True, length=length, final=final)
        await self.send(header, data[:immediate_bytes])
        if unsolicited_bytes:
            end = immediate_bytes + unsolicited_bytes
            await self.data_out(tag, 0xFFFFFFFF, data, immediate_bytes, end)
        return await self.result(tag, data)

    async def data_out(
        self, tag: int, transfer: int, data: bytes, start: int, end: int, piece: int = 8192
    ) -> None:
        for number, place in enumerate(range(start, end, piece)):
            stop = min(end, place + piece)
            await self.send(data_header(tag, transfer, number, place, final=stop == end), data[place:stop])

    async def result(self, tag: int, data: bytes = b"") -> Result:
        """Collect data, answer R2Ts, and return the status."""
        came = bytearray()
        while True:
            pdu = await self.receive()
            assert pdu.tag == tag, pdu
            if pdu.opcode == 0x31:
                offset, size = pdu.word(40), pdu.word(44)
                self.transfers.append((offset, size))
                await self.data_out(tag, pdu.word(20), data, offset, offset + size)
                continue
            if pdu.opcode == 0x25:
                assert pdu.word(40) == len(came)
                came += pdu.data
                if not pdu.flags & 0x01:
                    continue
            else:
                assert pdu.opcode == 0x21, pdu
                assert pdu.byte(2) == 0
            residual = pdu.word(44)
            over = residual if pdu.flags & 0x04 else 0
            under = residual if pdu.flags & 0x02 else 0
            assert bool(residual) == bool(over or under)
            sense = (
                b""
                if pdu.opcode == 0x25 or not pdu.data
                else pdu.data[2 : 2 + int.from_bytes(pdu.data[:2], "big")]
            )
            return Result(pdu.byte(3), bytes(came), sense, over, under)

    async def task_management(
        self, function: int, *, task: int = 0xFFFFFFFF, task_number: int = 0, lun: int = 0
    ) -> int:
        """Send a task management function, out of turn as initiators do, and return the response."""
        tag = self.next_tag()
        header = struct.pack(
            ">BB6x8sIIIII12x",
            0x42,
            0x80 | function,
            bytes((0, lun)) + bytes(6),
            tag,
            task,
            self.number,
            self.status_number,
            task_number,
        )
        await self.send(header)
        pdu = await self.receive()
        assert (pdu.opcode, pdu.tag) == (0x22, tag), pdu
        return pdu.byte(2)

    async def text(self, keys: Mapping[str, str], *, transfer: int = 0xFFFFFFFF, flags: int = 0x80) -> Pdu:
        tag = self.next_tag()
        header = struct.pack(
            ">BB6x8sIIII16x", 0x04, flags, bytes(8), tag, transfer, self.number, self.status_number
        )
        self.number += 1
        await self.send(header, encode(keys))
        pdu = await self.receive()
        assert (pdu.opcode, pdu.tag) == (0x24, tag), pdu
        return pdu

    async def ping(self, data: bytes = b"", *, immediate: bool = True) -> Pdu:
        tag = self.next_tag()
        header = struct.pack(
            ">BB6x8sIIII16x", 0x40 if immediate else 0, 0x80, bytes(8), tag, 0xFFFFFFFF, self.number, 0
        )
        self.number += not immediate
        await self.send(header, data)
        pdu = await self.receive()
        assert (pdu.opcode, pdu.tag) == (0x20, tag), pdu
        return pdu

    async def logout(self, reason: int = 0, connection: int = 0) -> int:
        tag = self.next_tag()
        header = struct.pack(
            ">BB6x8xIHxxII16x", 0x46, 0x80 | reason, tag, connection, self.number, self.status_number
        )
        await self.send(header)
        pdu = await self.receive()
        assert (pdu.opcode, pdu.tag) == (0x26, tag), pdu
        return pdu.byte(2)

    async def is_dropped(self, within_s: float = 10.0) -> bool:
        """Say whether the target ends the connection; what it says before is read."""
        with anyio.move_on_after(within_s):
            try:
                while True:
                    await self.stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError, OSError):
                return True
        return False


def encode(keys: Mapping[str, str]) -> bytes:
    return b"".join(f"{key}={value}\0".encode() for key, value in keys.items())


def data_header(tag: int, transfer: int, number: int, offset: int, *, final: bool) -> bytes:
    return struct.pack(
        ">BB6x8sIIIIIIII", 0x05, 0x80 if final else 0, bytes(8), tag, transfer, 0, 0, 0, number, offset, 0
    )


def chap_response(algorithm: str, identifier: str, secret: str, challenge: str) -> str:
    digest = {"5": "md5", "6": "sha1", "7": "sha256", "8": "sha3_256"}[algorithm]
    text = bytes((int(identifier),)) + secret.encode() + bytes.fromhex(challenge.removeprefix("0x"))
    return "0x" + hashlib.new(digest, text).hexdigest()


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Initiator]:
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        yield Initiator(stream)


@asynccontextmanager
async def logged_in(
    port: int, target: str = "", keys: Mapping[str, str] | None = None, *, isid: bytes = ISID
) -> AsyncIterator[Initiator]:
    async with connect(port) as initiator:
        await initiator.login(target, keys, isid=isid)
        yield initiator


def read_10(lba: int, count: int) -> bytes:
    return struct.pack(">BxIxHx", 0x28, lba, count)


def write_10(lba: int, count: int) -> bytes:
    return struct.pack(">BxIxHx", 0x2A, lba, count)


TEST_UNIT_READY = bytes(6)
INQUIRY = bytes((0x12, 0, 0, 0, 96, 0))
