"""What is recorded on a DVD+R: fragments, of which closing a session makes one track."""

from __future__ import annotations

import attrs

from aioimapi.virtual.discs._state import DiscState, Track


@attrs.define
class DvdPlusRDisc(DiscState):
    """The recording state of a DVD+R."""

    def end_session(self) -> None:
        """Make one logical track of a session's fragments (MMC-6 4.3.6.2)."""
        fragments = self.session_tracks(self.sessions)
        if len(fragments) < 2:
            return
        first, last = fragments[0], fragments[-1]
        end = self.track_end(last)
        self.tracks = [track for track in self.tracks if track.session != self.sessions]
        self.tracks.append(Track(self.sessions, first.start, end, end, closed=True, packet=first.packet))
