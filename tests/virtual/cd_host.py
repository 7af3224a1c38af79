"""A host that writes CDs: cue sheets by hand, blocks of all sizes, and what comes back."""

from __future__ import annotations

import struct
from pathlib import Path

import attrs

from aioimapi import mmc
from aioimapi.virtual import open_virtual_target

from .host import Host

AUDIO, DATA = 0x00, 0x40


def insert_cd(folder: Path, kind: str = "cd-r", options: str = "") -> Host:
    """Return a host with a drive that holds a new CD, or the one that is there."""
    return Host(open_virtual_target(f"virtual:{folder / 'cd.img'}?media={kind}&attention=no{options}"))


def msf(lba: int) -> bytes:
    frames = lba + 150
    return bytes((frames // 4500, frames // 75 % 60, frames % 75))


def line(control: int, track: int, index: int, form: int, lba: int) -> bytes:
    """One line of a cue sheet with ADR 1 (MMC-6 6.36.3)."""
    return bytes((control | 1, track, index, form, 0)) + msf(lba)


def samples(lba: int, count: int) -> bytes:
    """Audio that tells its place: 588 frames of four bytes a sector."""
    return b"".join(
        struct.pack("<I", at * 7919 & 0xFFFFFFFF) * 588 for at in range(lba + 1000, lba + 1000 + count)
    )


@attrs.frozen
class Cue:
    """A cue sheet in the making."""

    lines: tuple[bytes, ...] = ()

    def add(self, *more: bytes) -> Cue:
        return Cue((*self.lines, *more))

    def data(self) -> bytes:
        return b"".join(self.lines)


def page_05(
    write_type: int, *, multi: int = 0, track_mode: int = 4, block: int = 8, test: bool = False, **change: int
) -> bytes:
    """The parameter list of a MODE SELECT (10) with page 05h (MMC-6 7.5)."""
    page = bytearray(52)
    page[:5] = bytes((0x05, 0x32, 0x40 | test << 4 | write_type, multi << 6 | track_mode, block))
    page[15] = 150
    for name, value in change.items():
        page[int(name.removeprefix("b"))] = value
    return bytes(8) + bytes(page)


def select(host: Host, write_type: int, **options: int) -> None:
    body = page_05(write_type, **options)  # type: ignore[arg-type]
    host.ok(mmc.ModeSelect10(len(body)), body)


def write(host: Host, lba: int, count: int, data: bytes) -> None:
    """WRITE (10) with an address that may be negative."""
    reply = host.raw(write_cdb(lba, count), data)
    assert reply.status == 0, reply.sense.hex()
    assert reply.transferred == len(data)


def write_refused(host: Host, lba: int, count: int, data: bytes) -> str:
    reply = host.raw(write_cdb(lba, count), data)
    assert reply.status == 2
    return f"{reply.sense[2] & 0x0F:X}/{reply.sense[12]:02X}/{reply.sense[13]:02X}"


def write_cdb(lba: int, count: int) -> bytes:
    return struct.pack(">BBiBHB", 0x2A, 0, lba, 0, count, 0)


def read_cd(
    host: Host, lba: int, count: int, *, main: int = 0xF8, sub: int = 0, kind: int = 0, size: int = 0
) -> bytes:
    """READ CD, its CDB by hand."""
    cdb = struct.pack(">BBi", 0xBE, kind << 2, lba) + count.to_bytes(3, "big") + bytes((main, sub, 0))
    buffer = bytearray(size or count * 3000)
    reply = host.raw(cdb, buffer)
    assert reply.status == 0, reply.sense.hex()
    return bytes(buffer[: reply.transferred])


def read_cd_refused(
    host: Host, lba: int, count: int, *, main: int = 0xF8, sub: int = 0, kind: int = 0
) -> str:
    cdb = struct.pack(">BBi", 0xBE, kind << 2, lba) + count.to_bytes(3, "big") + bytes((main, sub, 0))
    reply = host.raw(cdb, bytearray(count * 3000))
    assert reply.status == 2
    return f"{reply.sense[2] & 0x0F:X}/{reply.sense[12]:02X}/{reply.sense[13]:02X}"


def toc(host: Host, format_: int, *, number: int = 0, msf_form: bool = False) -> bytes:
    command = mmc.ReadTocPmaAtip(
        mmc.TocFormat(format_), number=number, msf=msf_form, allocation_length=0xFFFF
    )
    data = host.ok(command)
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    return data


def full_toc(host: Host, session: int = 1) -> dict[tuple[int, int], bytes]:
    """The entries of READ TOC format 2: by session and point, what follows the point; control and ADR in front."""
    data = toc(host, 2, number=session)
    rows = [data[at : at + 11] for at in range(4, len(data), 11)]
    return {(row[0], row[3]): row[1:2] + row[4:] for row in rows}


def text_symbols(packs: bytes) -> bytes:
    """Packs of 18 bytes as the 24 symbols of six bits each that a lead-in carries."""
    bits = "".join(f"{value:08b}" for value in packs)
    return bytes(int(bits[at : at + 6], 2) for at in range(0, len(bits), 6))
