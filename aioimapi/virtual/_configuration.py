"""GET CONFIGURATION: features and profiles, with and without a disc (MMC-6 5, 6.6)."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import GetConfiguration, RequestedType
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._kinds import MediumKind
from aioimapi.virtual._state import DiscState, DiscStatus

PROFILES: Final = (0x43, 0x41, 0x40, 0x1B, 0x1A, 0x10, 0x09, 0x08)
"""Profiles of the drive, best first: what it writes, and the read-only discs that written ones can pass for."""

_PERSISTENT: Final = 0x03
_ALWAYS: Final = frozenset(MediumKind)
_CD: Final = frozenset({MediumKind.CD_R})
_DVD: Final = frozenset({MediumKind.DVD_PLUS_R, MediumKind.DVD_PLUS_RW})
_BD: Final = frozenset({MediumKind.BD_R, MediumKind.BD_RE})
_REWRITABLE: Final = frozenset({MediumKind.DVD_PLUS_RW, MediumKind.BD_RE})


def current_profile(disc: DiscState | None) -> int:
    """Return the profile number of the loaded disc, 0 without one."""
    return 0 if disc is None else disc.kind.traits.profile


def get_configuration(drive: DriveState, command: GetConfiguration, data: memoryview) -> bytes:
    """GET CONFIGURATION."""
    found = features(drive)
    if command.requested_type is RequestedType.ONE:
        found = [entry for entry in found if entry[0] == command.starting_feature]
    else:
        only = command.requested_type is RequestedType.CURRENT
        found = [e for e in found if e[0] >= command.starting_feature and (e[2] or not only)]
    body = b"".join(
        struct.pack(">HBB", code, version << 2 | flags | current, len(payload)) + payload
        for code, (version, flags), current, payload in found
    )
    return struct.pack(">IxxH", len(body) + 4, current_profile(drive.disc)) + body


def features(drive: DriveState) -> list[tuple[int, tuple[int, int], bool, bytes]]:
    """Return all features as (code, (version, persistent bit), current, payload), ascending."""
    disc = drive.disc
    kind = None if disc is None else disc.kind
    readable = disc is not None and disc.readable_end() > 0
    writable = disc is not None and disc.status is not DiscStatus.COMPLETE
    unit = disc.kind.traits.unit if disc is not None else 1
    rewritable = kind in _REWRITABLE
    formattable = rewritable or (
        kind is MediumKind.BD_R and disc is not None and disc.status is DiscStatus.BLANK
    )
    sequential = kind in (MediumKind.CD_R, MediumKind.BD_R) and writable
    last = max(0, disc.sectors - 1) if disc is not None else 0
    moving: list[tuple[int, tuple[int, int], bool, bytes]] = [
        (0x0010, (0, 0), readable, struct.pack(">IHBB", 2048, unit, 1, 0)),
        (0x001D, (0, 0), kind is not None, b""),
        (0x001E, (2, 0), kind in _CD, bytes(4)),
        (0x001F, (2, 0), kind in _DVD, bytes(4)),
        (0x0020, (1, 0), rewritable, struct.pack(">IIHBB", last, 2048, unit, 1, 0)),
        (0x0021, (3, 0), sequential, bytes((1, 0, 1, 1, 7, 0, 0, 0))),
        (0x0023, (1, 0), formattable, b"\x0f\0\0\0\x01\0\0\0"),
        (0x0024, (1, 0), kind is MediumKind.BD_RE, b"\x80\0\0\0"),
        (0x002A, (1, 0), kind is MediumKind.DVD_PLUS_RW, b"\x01\0\0\0"),
        (0x002B, (0, 0), kind is MediumKind.DVD_PLUS_R, b"\x01\0\0\0"),
        (0x002D, (2, 0), kind in _CD and writable, b"\x40\0\x01\x00"),
        (0x0040, (0, 0), kind in _BD, _bd_read()),
        (0x0041, (0, 0), kind in _BD and (writable or rewritable), _bd_write()),
    ]
    entries = [
        (0x0000, (0, 3), True, _profile_list(disc)),
        (0x0001, (2, 3), True, struct.pack(">IBxxx", 2, 1)),  # ATAPI; DBE: device busy events
        (0x0002, (1, 3), True, b"\x02\0\0\0"),  # operational change events, no asynchronous ones
        (0x0003, (1, 3), True, b"\x39\0\0\0"),  # tray, load, eject, lock
        *((code, version, bool(current), payload) for code, version, current, payload in moving),
        (0x0100, (0, 3), True, b""),
        (0x0105, (1, 3), True, b"\x01\0\0\0"),
        (0x0107, (4, 0), kind is not None, b"\x1f\0\0\0"),
        (0x0108, (0, 3), True, _serial(drive)),
        (0x010A, (0, 0), kind in _DVD, b"\0\0\0\0"),
    ]
    return [(code, (version, flags & 2), current, body) for code, (version, flags), current, body in entries]


def _profile_list(disc: DiscState | None) -> bytes:
    now = current_profile(disc)
    return b"".join(struct.pack(">HBx", profile, profile == now) for profile in PROFILES)


def _serial(drive: DriveState) -> bytes:
    raw = drive.identity.serial.encode("ascii", "replace")
    return raw.ljust(-(-len(raw) // 4) * 4)


def _bd_read() -> bytes:
    """Return feature 0040h: which versions of BD-RE, BD-R and BD-ROM can be read; all of class 0 and 1."""
    return (
        bytes(4) + b"\xff\xff\xff\xff\xff\xff\xff\xff" + b"\xff\xff\xff\xff\0\0\0\0" + b"\xff\xff\0\0\0\0\0\0"
    )


def _bd_write() -> bytes:
    """Return feature 0041h: BD-RE and BD-R, no verify-not-required."""
    return bytes(4) + b"\xff\xff\xff\xff\0\0\0\0" + b"\xff\xff\xff\xff\0\0\0\0"
