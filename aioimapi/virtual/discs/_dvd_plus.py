"""What is recorded on a DVD+R: fragments, of which closing a session makes one track; how far a DVD+RW is formatted."""

from __future__ import annotations

from typing import Any

import attrs

from aioimapi.virtual.discs._state import DiscState, FormatState, Track, sector_number


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


@attrs.define
class DvdPlusRDualDisc(DvdPlusRDisc):
    """The recording state of a DVD+R with two layers.

    Attributes:
        layer_0_set: Sectors of layer 0 as the host has set them; 0 while they are as pressed, half of the disc.
    """

    layer_0_set: int = 0

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        return {"layer_0": self.layer_0_set}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back."""
        self.layer_0_set = sector_number(facts.get("layer_0", 0))

    def check(self) -> None:
        """Refuse a layer that the disc cannot have."""
        super().check()
        size = self.layer_0
        if size > self.raw_sectors // 2 or (self.layer_0_set and self.sectors != 2 * size):
            raise ValueError(f"a layer of {size} sectors on a disc of {self.sectors}")

    @property
    def layer_0(self) -> int:
        """Sectors of layer 0; layer 1 has as many."""
        return self.layer_0_set or self.raw_sectors // 2

    def set_layer_0(self, sectors: int) -> None:
        """Let layer 0 end after ``sectors``: the disc has twice as many then."""
        self.layer_0_set = sectors
        self.sectors = 2 * sectors


@attrs.define
class DvdPlusRwDisc(DiscState):
    """The state of a DVD+RW.

    Attributes:
        formatted_to: First sector that the background format has not reached; counts while that is not complete.
        written_to: First sector after all that was written before it was complete.
    """

    formatted_to: int = 0
    written_to: int = 0

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        return {"formatted_to": self.formatted_to, "written_to": self.written_to}

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back; a format that ran when the drive lost its power rests now."""
        self.formatted_to = sector_number(facts.get("formatted_to", 0))
        self.written_to = sector_number(facts.get("written_to", 0))
        if max(self.formatted_to, self.written_to) > self.raw_sectors:
            raise ValueError(f"formatted to {self.formatted_to}, written to {self.written_to}")
        if self.format_state is FormatState.IN_PROGRESS:
            self.format_state = FormatState.SUSPENDED

    @property
    def ready_to(self) -> int:
        """First sector that neither the format nor a WRITE has reached: where a lead-out can stand."""
        if self.format_state is FormatState.COMPLETE:
            return self.sectors
        return max(self.formatted_to, self.written_to)

    def suspend_format(self, done: float) -> None:
        """Note how much of the background format is done, 0 to 1, and that it rests."""
        if self.format_state is FormatState.IN_PROGRESS:
            self.formatted_to = int(self.sectors * min(1.0, max(0.0, done))) // 16 * 16
            self.format_state = FormatState.SUSPENDED
