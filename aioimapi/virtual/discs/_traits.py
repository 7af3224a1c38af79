"""What tells one kind of medium from another: the columns of the table of media."""

from __future__ import annotations

import attrs

from aioimapi.units import SPEED_1X_BYTES


@attrs.frozen
class KindTraits:
    """What tells one kind of medium from another.

    Attributes:
        profile: MMC profile number while such a disc is in the drive (MMC-6 5.3.1); of a blank one, where it changes.
        family: ``CD``, ``DVD`` or ``BD``: the row of 1x in :data:`aioimapi.units.SPEED_1X_BYTES`.
        sectors: User sectors of a blank disc, before any formatting.
        formatted_sectors: User sectors after the default format; equal to ``sectors`` where there are no spares.
        unit: Sectors of the write unit (ECC block or cluster) that closing pads to; 1 on CD.
        sequential: Whether it is recorded in sequence, each sector once (until it is blanked), as it is sold.
        session_gap: Sectors between the end of a session and the next track of the next session.
        first_session_gap: The same after the first session (a CD's first lead-out is longer).
        track_gap: Sectors between two tracks of one session.
        close_functions: CLOSE TRACK/SESSION functions that the drive has for it (MMC-6 6.3.3).
        finalizing: Those of them that end the disc.
        max_sessions: How many sessions it can hold.
        max_open_tracks: How many tracks of the open session may be open at once.
        write_kbps: Write speeds in 1,000 bytes a second, fastest first.
        read_kbps: Fastest read in 1,000 bytes a second.
        erasable: Whether what is recorded can be erased or overwritten.
        layers: How many recording layers it has.
        largest_sectors: User sectors of the largest disc of the kind; 0 where all have the same.
        manufacturer: Made-up maker's name in the disc's own information.
        media_type: Made-up media type in the disc's own information.
    """

    profile: int
    family: str
    sectors: int
    formatted_sectors: int
    unit: int
    sequential: bool
    session_gap: int
    first_session_gap: int
    track_gap: int
    close_functions: frozenset[int]
    finalizing: frozenset[int]
    max_sessions: int
    max_open_tracks: int
    write_kbps: tuple[int, ...]
    read_kbps: int
    erasable: bool = False
    layers: int = 1
    largest_sectors: int = 0
    manufacturer: str = "AIOIMA"
    media_type: str = "V01"

    @property
    def cd(self) -> bool:
        """Whether it is a CD: addresses also as MSF, tracks with run-out blocks, mode page 05h in force."""
        return self.family == "CD"

    @property
    def one_x(self) -> int:
        """Bytes a second at 1x."""
        return SPEED_1X_BYTES[self.family]
