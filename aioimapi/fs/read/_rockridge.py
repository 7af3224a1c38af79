"""System use entries of directory records: SUSP (IEEE P1281) and Rock Ridge (RRIP, IEEE P1282).

:func:`parse_area` reads one system use area, or one continuation area, into a :class:`SystemUse`. It never asks for
sectors: where an area goes on elsewhere (CE), it says so and the directory reader fetches many of them at once.
"""

from __future__ import annotations

from typing import Final

from aioimapi.fs.read._base import Findings
from aioimapi.fs.read._times import long_time_ns, short_time_ns

MAX_CONTINUATIONS: Final = 64
"""Continuation areas that one record may chain; a 255-byte name and a 4,096-byte symlink need five."""

MAX_CONTINUATION_BYTES: Final = 32_768
"""The longest continuation area that is read; SUSP 5.1 keeps one inside a logical block."""

ROCK_RIDGE_IDS: Final = (b"RRIP_1991A", b"IEEE_P1282", b"IEEE_1282")
"""Extension identifiers of Rock Ridge (RRIP 1.09 4.3, RRIP 1.12 4.3) as they are met on discs."""

_NM_CONTINUE, _NM_CURRENT, _NM_PARENT = 0x01, 0x02, 0x04
_SL_CONTINUE, _SL_CURRENT, _SL_PARENT, _SL_ROOT = 0x01, 0x02, 0x04, 0x08
_SL_VOLUME_ROOT, _SL_HOST = 0x10, 0x20


class SystemUse:
    """What the system use areas of one record say; class-level values stand for "not said".

    Attributes:
        name: The alternate name's bytes (NM), or None.
        mode: POSIX file type and permissions (PX), or None.
        links: POSIX link count.
        serial: POSIX file serial number (inode number), or None.
        uid: POSIX owner.
        gid: POSIX group.
        mtime_ns: Modification time (TF).
        target: A symlink's target as bytes (SL), or None.
        device: Device numbers (PN).
        child_lba: Where the directory that this record stands for lies (CL).
        relocated: The record is a directory that was moved here and belongs elsewhere (RE).
        compressed: The content is stored compressed (ZF): algorithm as two bytes.
        sparse: The content is stored sparse (SF), a form that is not read.
        continuation: Where the area goes on, as (block, offset, bytes), or None.
        skip: Bytes to skip in every area of the volume (SP), or None.
        extensions: Extension identifiers (ER).
    """

    name: bytes | None = None
    mode: int | None = None
    links: int = 1
    serial: int | None = None
    uid: int | None = None
    gid: int | None = None
    mtime_ns: int | None = None
    target: bytes | None = None
    device: tuple[int, int] | None = None
    child_lba: int | None = None
    relocated: bool = False
    compressed: bytes = b""
    sparse: bool = False
    continuation: tuple[int, int, int] | None = None
    skip: int | None = None
    extensions: tuple[bytes, ...] = ()

    # Between the pieces of one name or target:
    _link_continues: bool = False


def parse_area(use: SystemUse, data: bytes, start: int, end: int, findings: Findings, where: str) -> None:
    """Add what one system use area says.

    Args:
        use: Takes what is found; its ``continuation`` is set where the area goes on elsewhere.
        data: Bytes that hold the area.
        start: Where it starts in ``data``.
        end: Where it ends.
        findings: Where broken entries are told.
        where: The directory, for findings.
    """
    use.continuation = None
    position = start
    while position + 4 <= end:
        length = data[position + 2]
        stop = position + length
        if length < 4 or stop > end:
            # Zero bytes are the usual padding behind the last entry.
            if data[position]:
                findings.note(
                    "broken system use",
                    f"a system use entry in {where} has a wrong length; the rest is ignored",
                )
            return
        signature = data[position : position + 2]
        if signature == b"NM" and length >= 5:
            flags = data[position + 4]
            if not flags & (_NM_CURRENT | _NM_PARENT):
                piece = data[position + 5 : stop]
                use.name = piece if use.name is None else use.name + piece
        elif signature == b"PX" and length >= 36:
            _parse_attributes(use, data, position)
        elif signature == b"TF" and length >= 5:
            _parse_times(use, data[position:stop])
        elif signature == b"CE" and length >= 28:
            use.continuation = (
                int.from_bytes(data[position + 4 : position + 8], "little"),
                int.from_bytes(data[position + 12 : position + 16], "little"),
                int.from_bytes(data[position + 20 : position + 24], "little"),
            )
        elif signature == b"SL" and length >= 5:
            _parse_link(use, data[position + 4 : stop], findings, where)
        elif signature == b"ST":
            return
        else:
            _parse_rare(use, signature, data[position:stop])
        position = stop


def _parse_attributes(use: SystemUse, data: bytes, position: int) -> None:
    """PX (RRIP 4.1.1): 36 bytes in 1.09, 44 with a serial number in 1.12; the little-endian halves are read."""
    use.mode = int.from_bytes(data[position + 4 : position + 8], "little")
    use.links = int.from_bytes(data[position + 12 : position + 16], "little")
    use.uid = int.from_bytes(data[position + 20 : position + 24], "little")
    use.gid = int.from_bytes(data[position + 28 : position + 32], "little")
    if data[position + 2] >= 44:
        use.serial = (
            int.from_bytes(data[position + 36 : position + 40], "little") or None
        )  # 0 numbers nothing


def _parse_times(use: SystemUse, entry: bytes) -> None:
    """TF (RRIP 4.1.6): creation, modification, access, attributes, backup, expiration, effective, in this order."""
    flags = entry[4]
    if not flags & 0x02:
        return
    size = 17 if flags & 0x80 else 7
    start = 5 + (size if flags & 0x01 else 0)
    field = entry[start : start + size]
    if len(field) == size:
        use.mtime_ns = long_time_ns(field) if size == 17 else short_time_ns(field)


def _parse_link(use: SystemUse, body: bytes, findings: Findings, where: str) -> None:
    """SL (RRIP 4.1.3.1): component records, each of which may go on in the next, as may the entry itself."""
    target = use.target or b""
    position = 1
    while position + 2 <= len(body):
        flags, length = body[position], body[position + 1]
        content = body[position + 2 : position + 2 + length]
        if len(content) < length:
            findings.note("broken system use", f"a symlink component in {where} is cut short")
        if use._link_continues:
            target += content
        elif flags & (_SL_ROOT | _SL_VOLUME_ROOT):
            target = b"/"
        else:
            if target and not target.endswith(b"/"):
                target += b"/"
            if flags & _SL_CURRENT:
                target += b"."
            elif flags & _SL_PARENT:
                target += b".."
            elif flags & _SL_HOST:
                findings.note(
                    "host names in symlinks", f"a symlink in {where} asks for the local host's name; left out"
                )
            else:
                target += content
        use._link_continues = bool(flags & _SL_CONTINUE)
        position += 2 + length
    use.target = target


def _parse_rare(use: SystemUse, signature: bytes, entry: bytes) -> None:
    length = len(entry)
    if signature == b"PN" and length >= 20:
        high, low = int.from_bytes(entry[4:8], "little"), int.from_bytes(entry[12:16], "little")
        # Writers that know only one 32-bit dev_t leave the high half zero (RRIP 4.1.2).
        use.device = (high, low) if high else (low >> 8 & 0xFFF, low & 0xFF | low >> 12 & 0xFFF00)
    elif signature == b"CL" and length >= 12:
        use.child_lba = int.from_bytes(entry[4:8], "little")
    elif signature == b"RE":
        use.relocated = True
    elif signature == b"SF":
        use.sparse = True
    elif signature in (b"ZF", b"Z2", b"ZI") and length >= 6:
        use.compressed = entry[4:6]
    elif signature == b"SP" and length >= 7 and entry[4:6] == b"\xbe\xef":
        use.skip = entry[6]
    elif signature == b"ER" and length >= 8:
        use.extensions = (*use.extensions, entry[8 : 8 + entry[4]])


__all__ = ("MAX_CONTINUATIONS", "MAX_CONTINUATION_BYTES", "ROCK_RIDGE_IDS", "SystemUse", "parse_area")
