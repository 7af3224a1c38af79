"""GET CONFIGURATION: features and profiles, with and without a disc (MMC-6 5, 6.6)."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import GetConfiguration, RequestedType
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual.discs._state import DiscStatus
from aioimapi.virtual.families._family import Feature
from aioimapi.virtual.families._registry import FAMILIES, family_of

PROFILES: Final = tuple(dict.fromkeys(profile for family in FAMILIES.values() for profile in family.profiles))
"""Profiles of the drive, best first: what it writes, and the read-only discs that written ones can pass for."""

_OFFERED: Final[dict[int, Feature]] = {
    code: feature for family in reversed(FAMILIES.values()) for code, feature in family.offers.items()
}
"""What the drive can do with other discs; of several families the best one says how far."""

_PERSISTENT: Final = 0x02
_CURRENT: Final = 0x01


_READ_ONLY: Final = {"CD": 0x0008, "DVD": 0x0010, "BD": 0x0040}
"""Profiles of pressed discs, and of closed ones that pose as such."""

_READ_FEATURES: Final = frozenset({0x001E, 0x001F, 0x0040})


def current_profile(drive: DriveState) -> int:
    """Return the profile number of the loaded disc, 0 without one."""
    disc = drive.disc
    if disc is None:
        return 0
    return _READ_ONLY[disc.kind.traits.family] if drive.posing else family_of(disc).profile(disc)


def get_configuration(drive: DriveState, command: GetConfiguration, data: memoryview) -> bytes:
    """GET CONFIGURATION."""
    found = features(drive)
    if command.requested_type is RequestedType.ONE:
        found = [entry for entry in found if entry[0] == command.starting_feature]
    else:
        only = command.requested_type is RequestedType.CURRENT
        found = [e for e in found if e[0] >= command.starting_feature and (e[2] & _CURRENT or not only)]
    body = b"".join(
        struct.pack(">HBB", code, version << 2 | flags, len(payload)) + payload
        for code, version, flags, payload in found
    )
    return struct.pack(">IxxH", len(body) + 4, current_profile(drive)) + body


def features(drive: DriveState) -> list[tuple[int, int, int, bytes]]:
    """Return all features as (code, version, Persistent and Current bits, payload), ascending."""
    disc = drive.disc
    entries = {code: (version, 0, payload) for code, (version, payload) in _OFFERED.items()}
    readable = disc is not None and disc.status is not DiscStatus.BLANK
    unit = disc.kind.traits.unit if disc is not None else 1
    loaded = _CURRENT if disc is not None else 0
    entries[0x0010] = (0, _CURRENT if readable else 0, struct.pack(">IHBB", 2048, unit, 1, 0))
    entries[0x001D] = (0, loaded, b"")
    audio = disc is not None and disc.kind.traits.cd
    entries[0x0103] = (0, _CURRENT if audio else 0, b"\x03\0\x01\0")  # mute and volume by channel, 256 levels
    entries[0x0106] = (0, 0, b"\0\0\0\x01")  # CSS, current with scrambled discs only: there are none
    entries[0x0107] = (4, loaded, b"\x1f\0\0\0")
    if disc is not None:
        for code, (version, payload) in family_of(disc).features(drive, disc).items():
            if not drive.posing or code in _READ_FEATURES:
                entries[code] = (version, _CURRENT, payload)
    for code, (version, payload) in _of_the_drive(drive).items():
        entries[code] = (version, _PERSISTENT | _CURRENT, payload)
    return [(code, *entries[code]) for code in sorted(entries)]


def _of_the_drive(drive: DriveState) -> dict[int, Feature]:
    """Return the features that hold with any disc and without one."""
    return {
        0x0000: (0, _profile_list(drive)),
        0x0001: (2, struct.pack(">IBxxx", 2, 1)),  # ATAPI; DBE: device busy events
        0x0002: (1, b"\x02\0\0\0"),  # operational change events, no asynchronous ones
        0x0003: (1, b"\x39\0\0\0"),  # tray, load, eject, lock
        0x0100: (0, b""),
        0x0105: (1, b"\x01\0\0\0"),
        0x0108: (0, _serial(drive)),
    }


def _profile_list(drive: DriveState) -> bytes:
    now = current_profile(drive)
    return b"".join(struct.pack(">HBx", profile, profile == now) for profile in PROFILES)


def _serial(drive: DriveState) -> bytes:
    raw = drive.identity.serial.encode("ascii", "replace")
    return raw.ljust(-(-len(raw) // 4) * 4)
