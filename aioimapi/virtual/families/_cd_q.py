"""The subchannel that a drive makes itself: where a sector lies, and now and then the numbers of disc and track.

IEC 60908 17.5; MMC-6 4.2.3.3 to 4.2.3.5.
"""

from __future__ import annotations

from typing import Final

from aioimapi.cd import Q, with_pq
from aioimapi.errors import LocalProtocolError
from aioimapi.virtual.discs._cd import CdDisc, CdSession, CdTrack

_PERIOD: Final = 100
"""Catalogue number and recording code come at least once in so many sectors."""
_CATALOG_AT: Final = 99
_ISRC_AT: Final = 49


def place_in(track: CdTrack, lba: int) -> tuple[int, int]:
    """Return the index of a sector of a track, and the sectors from the track's start, or to it from its pregap."""
    if lba < track.start:
        return 0, track.start - lba - 1
    index = 1
    for start in track.indexes:
        if lba < start:
            break
        index += 1
    return index, lba - track.start


def control_at(track: CdTrack) -> int:
    """Return the control nibble in the program area, where packets show (MMC-6 4.2.3.4)."""
    return track.control | (1 if track.packet and track.form.data else 0)


def position_q(track: CdTrack, number: int, lba: int) -> Q:
    """Return the block of Q that tells the place of a sector."""
    index, relative = place_in(track, lba)
    return Q.position(control_at(track), number, index, relative, lba)


def q_of(track: CdTrack, number: int, lead: CdSession, lba: int) -> tuple[bytes, bool]:
    """Return Q of a sector, 12 bytes, and whether P is set: in pregaps."""
    pause = lba < track.start
    turn = lba % _PERIOD
    try:
        if turn == _CATALOG_AT and lead.catalog:
            return Q.catalog(lead.catalog, lba, track.control).to_bytes(), pause
        if turn == _ISRC_AT and track.isrc and not pause:
            return Q.isrc(track.isrc, lba, track.control).to_bytes(), pause
    except LocalProtocolError:
        pass  # a number that has no form on the disc: hosts send what they like, and drives leave it out
    return position_q(track, number, lba).to_bytes(), pause


def made_up(disc: CdDisc, number: int, lba: int) -> bytes:
    """Return the channels P to W of a sector, 96 bytes, as the drive makes them; R to W are zero."""
    track = disc.cd_tracks[number - 1]
    q, p = q_of(track, number, disc.lead(track.session), lba)
    return with_pq(b"", q, p=p)
