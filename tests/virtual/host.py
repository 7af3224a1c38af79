"""A host for the target: sends commands, keeps what came back, decodes what the tests look at by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import attrs

from aioimapi import mmc
from aioimapi.virtual import TargetReply, VirtualTarget, open_virtual_target

SECTOR = 2048


def pattern(lba: int, count: int) -> bytes:
    """Sectors that tell their own address, so that a misplaced one shows."""
    return b"".join(struct.pack(">Q", at) * (SECTOR // 8) for at in range(lba + 1, lba + count + 1))


@attrs.frozen
class Refusal:
    """Sense key, ASC, ASCQ and what else the sense data holds."""

    key: int
    asc: int
    ascq: int
    information: int | None
    specific: bytes

    @property
    def code(self) -> str:
        return f"{self.key:X}/{self.asc:02X}/{self.ascq:02X}"


@attrs.frozen
class DiscInfo:
    status: int
    last_session: int
    sessions: int
    first_track: int
    last_track: int
    erasable: bool
    background: int


@attrs.frozen
class TrackInfo:
    track: int
    session: int
    mode: int
    reserved: bool
    blank: bool
    packet: bool
    nwa: int | None
    last: int | None
    start: int
    free: int
    unit: int
    size: int


class Host:
    """Sends commands to one target at a time that it moves on itself."""

    def __init__(self, target: VirtualTarget) -> None:
        self.target = target
        self.now = 0.0

    def raw(self, cdb: bytes, data: bytes | bytearray | memoryview = b"") -> TargetReply:
        buffer = memoryview(data if isinstance(data, (bytearray, memoryview)) else bytearray(data))
        return self.target.handle(cdb, buffer, self.now)

    def send(self, command: mmc.Command, data: bytes = b"") -> TargetReply:
        return self.raw(command.to_cdb(), data)

    def ok(self, command: mmc.Command, data: bytes = b"") -> bytes:
        """Send a command that must be GOOD and return its data."""
        buffer = bytearray(data if data else command.transfer_length)
        reply = self.raw(command.to_cdb(), buffer)
        assert reply.status == 0, f"{command}: {refusal_of(reply).code}"
        assert not reply.hang
        assert not reply.gone
        return bytes(buffer[: reply.transferred])

    def refused(self, command: mmc.Command, data: bytes = b"") -> Refusal:
        """Send a command that must be refused and return why it was."""
        buffer = bytearray(data if data else command.transfer_length)
        reply = self.raw(command.to_cdb(), buffer)
        assert reply.status == 2, f"{command}: status {reply.status}"
        assert reply.transferred == 0
        return refusal_of(reply)

    # --- short forms --------------------------------------------------------------------------------

    def write(self, lba: int, count: int) -> None:
        self.ok(mmc.Write10(lba, count), pattern(lba, count))

    def write_refused(self, lba: int, count: int = 1) -> str:
        return self.refused(mmc.Write10(lba, count), pattern(lba, count)).code

    def read(self, lba: int, count: int) -> bytes:
        return self.ok(mmc.Read10(lba, count))

    def read_refused(self, lba: int, count: int = 1) -> str:
        return self.refused(mmc.Read10(lba, count)).code

    def close(self, function: int, number: int = 0) -> None:
        self.ok(mmc.CloseTrackSession(mmc.CloseFunction(function), number))

    def close_refused(self, function: int, number: int = 0) -> str:
        return self.refused(mmc.CloseTrackSession(mmc.CloseFunction(function), number)).code

    def sync(self) -> None:
        self.ok(mmc.SynchronizeCache10())

    def write_parameters(
        self, *, write_type: int, multi_session: int = 0, change: dict[int, int] | None = None
    ) -> bytes:
        """Return the parameter list of a MODE SELECT of page 05h."""
        page = bytearray(52)
        page[:5] = bytes((0x05, 0x32, 0x40 | write_type, multi_session << 6 | 4, 8))
        page[15] = 150
        for at, value in (change or {}).items():
            page[at] = value
        return bytes(8) + bytes(page)

    def select(self, *, write_type: int, multi_session: int = 0) -> None:
        body = self.write_parameters(write_type=write_type, multi_session=multi_session)
        self.ok(mmc.ModeSelect10(len(body)), body)

    def disc(self) -> DiscInfo:
        data = self.ok(mmc.ReadDiscInformation())
        assert data[:2] == b"\x00\x20"
        assert len(data) == 34
        return DiscInfo(
            status=data[2] & 3,
            last_session=data[2] >> 2 & 3,
            sessions=data[4] | data[9] << 8,
            first_track=data[5] | data[10] << 8,
            last_track=data[6] | data[11] << 8,
            erasable=bool(data[2] & 0x10),
            background=data[7] & 3,
        )

    def track(self, number: int, kind: int = 1) -> TrackInfo:
        data = self.ok(mmc.ReadTrackInformation(mmc.TrackAddressType(kind), number))
        assert len(data) == int.from_bytes(data[:2], "big") + 2
        start, nwa, free, unit, size, last = struct.unpack(">6I", data[8:32])
        return TrackInfo(
            track=data[2] | data[32] << 8,
            session=data[3] | data[33] << 8,
            mode=data[5] & 0x0F,
            reserved=bool(data[6] & 0x80),
            blank=bool(data[6] & 0x40),
            packet=bool(data[6] & 0x20),
            nwa=nwa if data[7] & 1 else None,
            last=last if data[7] & 2 else None,
            start=start,
            free=free,
            unit=unit,
            size=size,
        )

    def capacity(self) -> int:
        last, size = struct.unpack(">II", self.ok(mmc.ReadCapacity()))
        assert size == SECTOR
        return int(last)

    def formats(self) -> tuple[tuple[int, int], list[tuple[int, int, int]]]:
        """Return (sectors, descriptor type) of the disc and (sectors, format, parameter) of each choice."""
        data = self.ok(mmc.ReadFormatCapacities())
        assert data[3] == len(data) - 4
        rows = [struct.unpack(">IBBH", data[at : at + 8]) for at in range(4, len(data), 8)]
        assert rows[0][2] << 16 | rows[0][3] == SECTOR
        return (rows[0][0], rows[0][1] & 3), [
            (n, kind >> 2, high << 16 | low) for n, kind, high, low in rows[1:]
        ]

    def format(self, kind: int, sectors: int, *, subtype: int = 0, flags: int = 2) -> None:
        self.ok(mmc.FormatUnit(), format_list(kind, sectors, subtype=subtype, flags=flags))


def format_list(kind: int, sectors: int, *, subtype: int = 0, flags: int = 2) -> bytes:
    return bytes((0, flags, 0, 8)) + sectors.to_bytes(4, "big") + bytes((kind << 2 | subtype, 0, 0, 0))


def refusal_of(reply: TargetReply) -> Refusal:
    sense = reply.sense
    assert len(sense) == 18
    assert sense[0] & 0x7F == 0x70
    assert sense[7] == 10
    information = int.from_bytes(sense[3:7], "big") if sense[0] & 0x80 else None
    return Refusal(sense[2] & 0x0F, sense[12], sense[13], information, sense[15:18])


def insert(folder: Path, kind: str, options: str = "") -> Host:
    """Return a host with a drive that holds a new disc of ``kind``; without the first unit attention."""
    path = folder / f"disc-{kind}.img"
    return Host(open_virtual_target(f"virtual:{path}?media={kind.replace('+', '%2B')}&attention=no{options}"))
