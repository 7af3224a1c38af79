"""What a CD says of itself: table of contents, lead-in, program memory area, ATIP, CD-Text (MMC-6 6.25, 4.2.3)."""

from __future__ import annotations

import struct

from aioimapi.mmc import ReadTocPmaAtip, TocFormat
from aioimapi.virtual._reply import invalid_field
from aioimapi.virtual.discs._cd import CdDisc, CdTrack, NextSession
from aioimapi.virtual.discs._cd_traits import CD_FIRST_LEAD_IN, CD_LEAD_IN, CD_PREGAP
from aioimapi.virtual.discs._state import DiscStatus
from aioimapi.virtual.families._family import msf

_ADR_POSITION = 0x10
_ADR_POINTERS = 0x50
_NO_TIME = b"\xff\xff\xff"
_MODE_5_POINTERS = 2
"""How many different mode 5 entries the first lead-in has: B0h and C0h. Later ones lack C0h."""


def control_of(track: CdTrack) -> int:
    """Return the control nibble that the lead-in has for a track; packets show in the program area only."""
    return track.control


def toc_answer(disc: CdDisc, command: ReadTocPmaAtip, listed: list[int]) -> bytes | None:
    """Return the formats that only CDs have, or None where the format is one that all discs have."""
    if command.format_ is TocFormat.ATIP:
        return _atip(disc)
    if command.format_ is TocFormat.PMA:
        return _pma(disc)
    if command.format_ is TocFormat.CD_TEXT:
        return _cd_text(disc)
    if command.format_ is TocFormat.FULL_TOC and listed:
        return _full_toc(disc, command.number)
    if command.format_ not in (TocFormat.TOC, TocFormat.SESSION_INFO):
        raise invalid_field(2, 3)
    return None


def _header(body: bytes, first: int = 0, last: int = 0) -> bytes:
    return struct.pack(">HBB", len(body) + 2, first, last) + body


def _full_toc(disc: CdDisc, first_session: int) -> bytes:
    """Return the Q entries of all lead-ins from ``first_session`` on (MMC-6 6.25.3.4)."""
    last = disc.complete_sessions
    body = b"".join(_lead_in(disc, session) for session in range(max(1, first_session), last + 1))
    return _header(body, 1, last)


def _lead_in(disc: CdDisc, session: int) -> bytes:
    """Return the Q entries of one lead-in: A0h to A2h, its tracks, and on multi-session discs B0h and C0h."""
    tracks = {n: t for n, t in enumerate(disc.cd_tracks, 1) if t.session == session}
    first, last = min(tracks), max(tracks)
    lead = disc.lead(session)

    def entry(track: CdTrack, point: int, place: bytes) -> bytes:
        return bytes((session, _ADR_POSITION | control_of(track), 0, point, 0, 0, 0, 0)) + place

    entries = [
        entry(tracks[first], 0xA0, bytes((first, lead.disc_type, 0))),
        entry(tracks[last], 0xA1, bytes((last, 0, 0))),
        entry(tracks[last], 0xA2, msf(disc.lead_out(session))[1:]),
    ]
    entries += [entry(track, number, msf(track.start)[1:]) for number, track in tracks.items()]
    if lead.following is not NextSession.NONE:
        # MIN, SEC, FRAME: where the next program area can begin, which is with its pregap: 2:30 after the lead-out.
        pointers = _ADR_POINTERS | control_of(tracks[first])
        begin = disc.session_tracks(session + 1)
        # The next program area begins with its first pregap: real discs and cdrdao agree on that.
        next_program = msf(begin[0].start - CD_PREGAP)[1:] if begin else _NO_TIME
        head = bytes((session, pointers, 0))
        count = _MODE_5_POINTERS if session == 1 else _MODE_5_POINTERS - 1
        entries.append(head + b"\xb0" + next_program + bytes((count,)) + msf(disc.raw_sectors)[1:])
        if session == 1:
            power = _ITWP_ERASABLE if disc.kind.traits.erasable else _ITWP
            entries.append(head + bytes((0xC0, power, 0, 0, 0, *CD_FIRST_LEAD_IN)))
    return b"".join(entries)


def _pma(disc: CdDisc) -> bytes:
    """Return the program memory area: where each track that was begun lies (MMC-6 6.25.3.5)."""
    body = bytearray()
    for number, track in enumerate(disc.cd_tracks, 1):
        if track.end is None or (track.whole and disc.laid_out and track.session == disc.sessions):
            continue  # not in the PMA yet
        body += bytes((0, _ADR_POSITION | control_of(track), 0, number))
        body += msf(track.end)[1:] + b"\0" + msf(track.start)[1:]
    return _header(bytes(body))


_ITWP = 0xD4
"""A made-up indicative target writing power of a CD-R, and the always set top bit."""

_ITWP_ERASABLE = 0xC1
"""The same of a CD-RW, with its reference speed of 2x."""


def _atip(disc: CdDisc) -> bytes:
    """Return what is moulded into the groove: kind of disc, speeds, size (MMC-6 6.25.3.6); pressed ones have none."""
    if not disc.kind.traits.write_kbps:
        raise invalid_field(2, 3)
    if disc.kind.traits.erasable:
        # Disc type 1 with subtype 1, high speed; additional information 1: 4x (2) to 10x (4), and powers.
        head, first = bytes((_ITWP_ERASABLE, 0x00, 0xCC, 0x00)), b"\x24\x1a\xd8\0"
    else:
        head, first = bytes((_ITWP, 0x00, 0xA0, 0x00)), bytes(4)
    lead_out = msf(disc.raw_sectors)[1:]
    body = head + bytes((*CD_FIRST_LEAD_IN, 0)) + lead_out + b"\0" + first + bytes(8)
    return struct.pack(">Hxx", len(body) + 2) + body


def _cd_text(disc: CdDisc) -> bytes:
    """Return the packs of the first complete session that has any (MMC-6 6.25.3.7)."""
    leads = disc.leads[: disc.complete_sessions]
    return _header(next((lead.text for lead in leads if lead.text), b""))


def session_limits(disc: CdDisc) -> tuple[bytes, bytes]:
    """Return where the open session's lead-in begins and the last possible lead-out, as MSF; FF:FF:FF once closed."""
    if disc.status is DiscStatus.COMPLETE:
        return b"\xff" * 4, b"\xff" * 4
    first = disc.session_tracks(disc.sessions)
    start = first[0].start if first else disc.sectors
    lead_in = bytes((0, *CD_FIRST_LEAD_IN)) if disc.sessions == 1 else msf(start - CD_PREGAP - CD_LEAD_IN)
    return lead_in, msf(disc.raw_sectors)


def disc_type(disc: CdDisc) -> int:
    """Return the disc type of READ DISC INFORMATION: what the first lead-in says, FFh of a blank disc."""
    if disc.status is DiscStatus.BLANK or not disc.leads:
        return 0xFF
    return disc.leads[0].disc_type
