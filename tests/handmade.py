"""Small ISO 9660 images made by hand, byte by byte as ECMA-119 has them, for what no honest program writes."""

from __future__ import annotations

import struct

from golden import Sectors

FILE, LINK, DIR = 0o100644, 0o120777, 0o40755  # POSIX modes, as PX has them
DATE = bytes((101, 9, 9, 1, 46, 40, 0))  # 2001-09-09 01:46:40 UTC
TIME_NS = 1_000_000_000 * 10**9


def both(value: int) -> bytes:
    """A 32-bit number in both byte orders (7.3.3)."""
    return struct.pack("<I", value) + struct.pack(">I", value)


def record(
    name: bytes, lba: int, size: int, *, flags: int = 0, use: bytes = b"", unit: int = 0, xattr: int = 0
) -> bytes:
    """A directory record (9.1)."""
    body = bytes((xattr,)) + both(lba) + both(size) + DATE + bytes((flags, unit, 0)) + b"\1\0\0\1"
    body += bytes((len(name),)) + name
    if not len(name) & 1:
        body += b"\0"
    body += use
    if not len(body) & 1:
        body += b"\0"
    return bytes((len(body) + 1,)) + body


def px(mode: int, *, long: bool = False, links: int = 1, serial: int = 77) -> bytes:
    """PX in the form of RRIP 1.09 or 1.12."""
    size = 44 if long else 36
    numbers = (mode, links, 1000, 100, *((serial,) if long else ()))
    return b"PX" + bytes((size, 1)) + b"".join(both(number) for number in numbers)


def nm(name: bytes, flags: int = 0) -> bytes:
    """NM."""
    return b"NM" + bytes((5 + len(name), 1, flags)) + name


def link(*components: bytes, flags: int = 0) -> bytes:
    """SL, of component records."""
    body = b"".join(components)
    return b"SL" + bytes((5 + len(body), 1, flags)) + body


def ce(block: int, offset: int, size: int) -> bytes:
    """CE."""
    return b"CE" + bytes((28, 1)) + both(block) + both(offset) + both(size)


SP = b"SP\x07\x01\xbe\xef\x00"
ER = b"ER" + bytes((8 + 10, 1, 10, 0, 0, 1)) + b"RRIP_1991A"


def dots(lba: int, size: int, use: bytes = b"") -> bytes:
    """The first two records of a directory."""
    return record(b"\0", lba, size, flags=2, use=use) + record(b"\1", lba, size, flags=2)


def volume(
    root: bytes,
    *,
    more: dict[int, bytes] | None = None,
    count: int = 64,
    start: int = 0,
    block_size: int = 2048,
    root_size: int | None = None,
    rock_ridge: bool = True,
    root_lba: int = 20,
) -> Sectors:
    """An image with a root directory at sector 20, whose first two records are added."""
    descriptor = bytearray(2048)
    descriptor[:7] = b"\1CD001\1"
    descriptor[40:72] = b"HOSTILE".ljust(32)
    descriptor[80:88] = both(count)
    descriptor[128:132] = struct.pack("<H", block_size) + struct.pack(">H", block_size)
    scale = 2048 // block_size
    size = -(-len(root) // 2048) * 2048 + 2048 if root_size is None else root_size
    descriptor[156:190] = record(b"\0", (start + root_lba) * scale, size, flags=2)
    head = dots((start + root_lba) * scale, size, SP + px(0o40755) + ER if rock_ridge else b"")
    sectors = {start + 16: bytes(descriptor), start + 17: b"\xffCD001\1".ljust(2048, b"\0")}
    data = (head + root).ljust(2048, b"\0")
    data += bytes(-len(data) % 2048)
    for number in range(len(data) // 2048):
        sectors[start + root_lba + number] = data[number * 2048 : number * 2048 + 2048]
    for lba, piece in (more or {}).items():
        for number in range(-(-len(piece) // 2048)):
            sectors[start + lba + number] = piece[number * 2048 : number * 2048 + 2048].ljust(2048, b"\0")
    return Sectors(start + count, sectors)
