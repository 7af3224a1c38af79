"""What is recorded on a DVD-R DL: in sequence over both layers, or jumping between them (MMC-6 4.3.4; ECMA-382).

The layers have as many sectors each, ``layer_0``, and layer 1 counts back: sector A of layer 0 lies under sector
2 * layer_0 - 1 - A. Layer jump recording fills the disc from the centre, block by block, each block on both layers::

    LBA   0 ........ start ==> jump ........ layer_0 | layer_0 ........ 2L-jump ==> 2L-start ........ 2L
                     first on layer 0                                   then on layer 1
"""

from __future__ import annotations

from typing import Any

import attrs

from aioimapi.virtual.discs._dvd_minus import DvdMinusDisc
from aioimapi.virtual.discs._state import DiscStatus, Track, sector_number


@attrs.define
class DvdMinusDualDisc(DvdMinusDisc):
    """The recording state of a DVD-R DL.

    Attributes:
        layer_jump: It is recorded jumping, or the drive will record it so.
        begun: Something is recorded so; before that only the drive knows.
        layer_0_set: Sectors of layer 0 as the host has set them (the shifted middle area); 0 for half of the disc.
        interval: Sectors that are recorded on layer 0 between two jumps; 0 for none set.
        manual_jump: Where on layer 0 the next jump is, as the host has set it; 0 for none.
        remapping: The address that the host has set for remapping; kept and told.
        block: Where on layer 0 the block that is being recorded begins; all before it is recorded on both layers.
        jumped: Where on layer 0 the recording jumped to layer 1; 0 while it is on layer 0.
    """

    layer_jump: bool = False
    begun: bool = False
    layer_0_set: int = 0
    interval: int = 0
    manual_jump: int = 0
    remapping: int = 0
    block: int = 0
    jumped: int = 0

    _NUMBERS = ("layer_0_set", "interval", "manual_jump", "remapping", "block", "jumped")

    def facts(self) -> dict[str, Any]:
        """Return what only these discs have."""
        numbers = {name: getattr(self, name) for name in self._NUMBERS}
        return super().facts() | {"layer_jump": self.begun} | numbers

    def take_facts(self, facts: dict[str, Any]) -> None:
        """Take it back."""
        super().take_facts(facts)
        self.layer_jump = self.begun = bool(facts.get("layer_jump", False))
        for name in self._NUMBERS:
            setattr(self, name, sector_number(facts.get(name, 0)))

    def check(self) -> None:
        """Refuse layers and jumps that the disc cannot have."""
        super().check()
        size, block, jumped = self.layer_0, self.block, self.jumped
        if size > self.raw_sectors // 2 or (self.layer_0_set and self.sectors != 2 * size):
            raise ValueError(f"a layer of {size} sectors on a disc of {self.sectors}")
        if max(block, jumped, self.interval, self.manual_jump) > size or (jumped and jumped <= block):
            raise ValueError(f"recorded to {block}, jumped at {jumped}, of {size}")
        if not self.layer_jump or self.finalized:
            return
        first = 2 * size - jumped if jumped else block
        if len(self.tracks) != 1 or not first <= self.tracks[0].next_lba <= max(first, self.zone_end):
            raise ValueError(
                f"jumping, and next at {self.tracks[0].next_lba} between {first} and {self.zone_end}"
            )

    def unloaded(self) -> None:
        """Forget how the drive would have recorded it."""
        self.layer_jump = self.begun

    @property
    def layer_0(self) -> int:
        """Sectors of layer 0."""
        return self.layer_0_set or self.raw_sectors // 2

    def set_layer_0(self, sectors: int) -> None:
        """Let layer 0 end after ``sectors``."""
        self.layer_0_set = sectors
        self.sectors = 2 * sectors

    # --- jumping ------------------------------------------------------------------------------------

    @property
    def next_jump(self) -> int:
        """Where on layer 0 the block that is being recorded ends, or ended."""
        if self.jumped:
            return self.jumped
        if self.manual_jump > self.block:
            return self.manual_jump
        return min(self.layer_0, self.block + self.interval) if self.interval else self.layer_0

    @property
    def zone_end(self) -> int:
        """First sector after what can be written before the recording jumps."""
        return 2 * self.layer_0 - self.block if self.jumped else self.next_jump

    def jump_if_due(self) -> bool:
        """Go on to the other layer where the zone is full; return whether it was.

        A process can die between the last WRITE of a zone and this, so whoever looks at the address asks first.
        """
        track = self.tracks[0]
        if (
            not self.layer_jump
            or track.closed
            or track.next_lba != self.zone_end
            or self.block == self.layer_0
        ):
            return False
        self._jump(track)
        return True

    def _jump(self, track: Track) -> None:
        if self.jumped:
            self.block, self.jumped = self.jumped, 0
            track.next_lba = self.block
        else:
            self.jumped = track.next_lba
            track.next_lba = 2 * self.layer_0 - self.jumped

    @property
    def mirrored(self) -> int:
        """How far layer 0 is recorded, in the layer jump mode."""
        return self.jumped or (self.block if self.finalized else self.tracks[0].next_lba)

    def recorded(self, lba: int) -> int:
        """Return the first sector from ``lba`` on that is not recorded, in the layer jump mode."""
        end = 2 * self.layer_0
        if lba < self.mirrored:
            return self.mirrored
        if self.jumped and end - self.jumped <= lba < self.tracks[0].next_lba:
            return self.tracks[0].next_lba if self.tracks[0].next_lba < end - self.block else end
        return end if end - self.block <= lba < end else lba

    def free_sectors(self, track: Track) -> int:
        """Return what the track can still take; jumping, on both layers together."""
        if not self.layer_jump or track.closed:
            return super().free_sectors(track)
        if self.jumped:
            return 2 * (self.layer_0 - self.jumped) + self.zone_end - track.next_lba
        return 2 * (self.layer_0 - self.block) - (track.next_lba - self.block)

    @property
    def status(self) -> DiscStatus:
        """Disc status."""
        status = super().status
        if self.layer_jump and status is DiscStatus.BLANK and (self.block or self.jumped):
            return DiscStatus.APPENDABLE  # back on the first sector of a layer
        return status

    def close_session(self, *, finalize: bool) -> None:
        """Close the session; what is recorded on one layer only is filled up on the other."""
        if not self.layer_jump:
            super().close_session(finalize=finalize)
            return
        self.block, self.jumped = self.mirrored, 0
        track = self.tracks[0]
        track.next_lba = track.end = 2 * self.layer_0
        track.closed = True
        self.finalized = True
