"""What is recorded on a BD-R: as on all discs that are recorded in sequence, shown with the Packet bit."""

from __future__ import annotations

import attrs

from aioimapi.virtual.discs._state import DiscState


@attrs.define
class BdRDisc(DiscState):
    """The recording state of a BD-R."""

    @property
    def packet_recording(self) -> bool:
        """Real drives show a BD-R's tracks with the Packet bit."""
        return True
