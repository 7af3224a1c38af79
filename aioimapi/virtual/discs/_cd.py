"""What is recorded on a CD: tracks end in run-out blocks, packets in links, and none is shorter than four seconds."""

from __future__ import annotations

import attrs

from aioimapi.virtual.discs._cd_traits import CD_MIN_TRACK, CD_PACKET_LINK, CD_RUN_OUT
from aioimapi.virtual.discs._state import DiscState, Track


@attrs.define
class CdDisc(DiscState):
    """The recording state of a CD."""

    @property
    def limit(self) -> int:
        """First sector that no track can use for user data: a track's run-out must have room."""
        return self.sectors - CD_RUN_OUT

    def end_packet(self, track: Track) -> None:
        """Close a CD packet: run-out, link and run-in blocks follow, which nothing can read."""
        self.gaps.append((track.next_lba, CD_PACKET_LINK))
        track.next_lba += CD_PACKET_LINK
        track.packet = True

    def end_track(self, track: Track) -> None:
        """End a track: at least four seconds, and run-out blocks."""
        if self.gaps and self.gaps[-1] == (track.next_lba - CD_PACKET_LINK, CD_PACKET_LINK):
            self.gaps.pop()  # the last packet's link: its first blocks become the track's run-out
            track.next_lba -= CD_PACKET_LINK
        short = CD_MIN_TRACK - (track.next_lba - track.start)
        if short > 0:
            track.next_lba = min(track.next_lba + short, self.limit)
        if track.end is None:
            self.gaps.append((track.next_lba, CD_RUN_OUT))
            track.next_lba += CD_RUN_OUT
            track.end = track.next_lba
        else:
            track.next_lba = track.end
