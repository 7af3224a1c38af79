"""Rock Ridge: POSIX names, modes, owners, times and symlinks in the system use area (SUSP 1.12, RRIP 1.12).

A directory record has at most 254 bytes. What does not fit goes to a continuation area (SUSP 5.1, CE) that lies right
behind its directory; no continuation crosses a sector, since readers (Linux among them) take one sector at a time.
"""

from __future__ import annotations

from functools import lru_cache

from aioimapi.fs._times import directory_stamp
from aioimapi.fs.iso9660._records import both32
from aioimapi.units import SECTOR_SIZE

CE_LENGTH = 28
MAX_RECORD = 254
_NM_CONTENT = 250
_CONTINUE = 0x01
_COMPONENT_CONTENT = 248

SHARING_PROTOCOL = b"SP\x07\x01\xbe\xef\x00"
"""SUSP 5.3: present in the root's first record only; no bytes are skipped."""

_ER_ID = b"IEEE_P1282"
_ER_DESCRIPTION = b"THE IEEE P1282 PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS"
_ER_SOURCE = b"PLEASE CONTACT THE IEEE STANDARDS DEPARTMENT, PISCATAWAY, NJ, USA FOR THE P1282 SPECIFICATION."
EXTENSION_REFERENCE = (
    b"ER"
    + bytes((8 + len(_ER_ID) + len(_ER_DESCRIPTION) + len(_ER_SOURCE), 1))
    + bytes((len(_ER_ID), len(_ER_DESCRIPTION), len(_ER_SOURCE), 1))
    + _ER_ID
    + _ER_DESCRIPTION
    + _ER_SOURCE
)
"""SUSP 5.5 with the identifiers that RRIP 1.12 4.3 gives."""


@lru_cache(maxsize=4096)
def posix_attributes_head(mode: int, links: int, uid: int, gid: int) -> bytes:
    """Return PX (RRIP 4.1.1) up to its serial number: 36 of 44 bytes."""
    return b"PX\x2c\x01" + both32(mode) + both32(links) + both32(uid) + both32(gid)


def posix_attributes(mode: int, links: int, uid: int, gid: int, serial: int) -> bytes:
    """Return PX (RRIP 4.1.1), 44 bytes."""
    return posix_attributes_head(mode, links, uid, gid) + both32(serial)


@lru_cache(maxsize=4096)
def time_stamps(second: int) -> bytes:
    """Return TF (RRIP 4.1.6) with the time of modification, 12 bytes."""
    return b"TF\x0c\x01\x02" + directory_stamp(second)


NAME_HEADS = tuple(b"NM" + bytes((5 + length, 1, 0)) for length in range(_NM_CONTENT + 1))
"""NM (RRIP 4.1.4) up to its content, by the length of that."""


def alternate_name(name: bytes) -> list[bytes]:
    """Return the NM entries of a name; one of more than 250 bytes takes two."""
    pieces = [name[at : at + _NM_CONTENT] for at in range(0, len(name), _NM_CONTENT)] or [b""]
    return [
        b"NM" + bytes((5 + len(piece), 1, _CONTINUE if number < len(pieces) - 1 else 0)) + piece
        for number, piece in enumerate(pieces)
    ]


def symbolic_link(target: bytes) -> list[bytes]:
    """Return the SL entries of a symlink's target (RRIP 4.1.3)."""
    entries: list[bytes] = []
    body = b""
    for component in _components(target):
        if 5 + len(body) + len(component) > 255:
            entries.append(b"SL" + bytes((5 + len(body), 1, _CONTINUE)) + body)
            body = b""
        body += component
    entries.append(b"SL" + bytes((5 + len(body), 1, 0)) + body)
    return entries


def _components(target: bytes) -> list[bytes]:
    parts = target.split(b"/")
    components: list[bytes] = []
    if target.startswith(b"/"):
        components.append(b"\x08\x00")
        parts = parts[1:]
    for part in parts:
        if part == b"":
            continue
        if part == b".":
            components.append(b"\x02\x00")
        elif part == b"..":
            components.append(b"\x04\x00")
        else:
            pieces = [part[at : at + _COMPONENT_CONTENT] for at in range(0, len(part), _COMPONENT_CONTENT)]
            components += [
                bytes((_CONTINUE if number < len(pieces) - 1 else 0, len(piece))) + piece
                for number, piece in enumerate(pieces)
            ]
    return components


class ContinuationArea:
    """The sectors behind a directory that hold what its records have no room for."""

    def __init__(self, first_sector: int) -> None:
        self._first_sector = first_sector
        self._data = bytearray()

    @property
    def sectors(self) -> int:
        """How many sectors are in use."""
        return -(-len(self._data) // SECTOR_SIZE)

    def __bytes__(self) -> bytes:
        return bytes(self._data)

    def system_use(self, entries: list[bytes], room: int) -> bytes:
        """Return the system use field of a record: the entries that fit in ``room`` bytes, the others by CE."""
        if sum(map(len, entries)) <= room:
            return b"".join(entries)
        inline, rest = _fitting(entries, room - CE_LENGTH)
        return b"".join(inline) + self._continue(rest)

    def _continue(self, entries: list[bytes]) -> bytes:
        """Lay entries down, in as many pieces as it takes, and return the CE that points to the first."""
        piece: list[bytes] = entries
        rest: list[bytes] = []
        if sum(map(len, entries)) > SECTOR_SIZE:
            piece, rest = _fitting(entries, SECTOR_SIZE - CE_LENGTH)
        length = sum(map(len, piece)) + (CE_LENGTH if rest else 0)
        at = len(self._data)
        if at % SECTOR_SIZE + length > SECTOR_SIZE:
            at = -(-at // SECTOR_SIZE) * SECTOR_SIZE
        self._data.extend(bytes(at + length - len(self._data)))
        body = b"".join(piece) + (self._continue(rest) if rest else b"")
        self._data[at : at + length] = body
        block, offset = divmod(at, SECTOR_SIZE)
        return b"CE\x1c\x01" + both32(self._first_sector + block) + both32(offset) + both32(length)


def _fitting(entries: list[bytes], room: int) -> tuple[list[bytes], list[bytes]]:
    used = 0
    for number, entry in enumerate(entries):
        used += len(entry)
        if used > room:
            return entries[:number], entries[number:]
    return entries, []
