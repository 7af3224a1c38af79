"""How long a real drive would take: speeds, the write buffer, long operations.

Everything is computed from the ``now`` that the caller passes; nothing here reads a clock or sleeps.
"""

from __future__ import annotations

from typing import Self

import attrs

from aioimapi.errors import VirtualMediumError
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._curves import CAV_KBPS, Curve, pieces, speed_at
from aioimapi.virtual.discs._traits import KindTraits

FULL_POLICIES = ("refuse", "wait")
UNDERRUNS = ("protect", "obey", "ruin")
SECONDS = (
    "sync_s",
    "close_s",
    "finalize_s",
    "format_s",
    "load_s",
    "opc_s",
    "spin_up_s",
    "idle_s",
    "seek_s",
    "layer_s",
)


@attrs.frozen
class Physics:
    """What the drive's mechanics and buffer are like; times in seconds.

    Attributes:
        enabled: Off, every command is done at once and ``duration_s`` is 0.
        speed_x: Speed of writing and reading in multiples of 1x, or None for what the host has set.
        buffer_kib: Size of the write buffer in KiB.
        when_full: ``refuse``: a WRITE that the buffer cannot take is answered 2/04/08, long write in
            progress, and has to be sent again. ``wait``: it takes as long as it takes.
        sync_s: A flush, beside emptying the buffer.
        close_s: Closing a track or a session.
        finalize_s: Ending the disc.
        format_s: Formatting.
        load_s: Loading or ejecting, and spinning up.
        opc_s: Calibrating the laser.
        curve: How the speed goes over the disc.
        spin_up_s: Spinning up, where the disc had stopped.
        idle_s: The disc stops after so long without a command that touches it; 0 for never.
        seek_s: Moving the laser across the whole disc.
        layer_s: Going to the other layer.
        first_write: The first WRITE after loading calibrates the laser, where the host has not asked for it.
        verifying: Discs with defect management are written at half the speed, as the drive reads back what it wrote.
        underrun: What becomes of a CD or DVD-R when the buffer runs empty. ``protect``: nothing, whatever the host has
            set; ``obey``: it goes by BUFE of mode page 05h; ``ruin``: the drive has no protection.
    """

    enabled: bool = False
    speed_x: float | None = None
    buffer_kib: int = 4_096
    when_full: str = "refuse"
    sync_s: float = 1.0
    close_s: float = 10.0
    finalize_s: float = 60.0
    format_s: float = 60.0
    load_s: float = 8.0
    opc_s: float = 3.0
    curve: Curve = Curve.FLAT
    spin_up_s: float = 0.0
    idle_s: float = 0.0
    seek_s: float = 0.0
    layer_s: float = 0.0
    first_write: bool = False
    verifying: bool = False
    underrun: str = "protect"

    def realistic(self) -> Self:
        """Return the same drive with all that takes time in a real one, switched on."""
        return attrs.evolve(
            self,
            enabled=True,
            curve=Curve.REAL,
            spin_up_s=3.0,
            idle_s=180.0,
            seek_s=0.25,
            layer_s=0.5,
            first_write=True,
            verifying=True,
            underrun="obey",
        )

    def __attrs_post_init__(self) -> None:
        """Refuse values that would divide by zero or never take a WRITE.

        Raises:
            VirtualMediumError: A value is out of range.
        """
        if self.when_full not in FULL_POLICIES:
            raise VirtualMediumError(
                f"when_full={self.when_full!r}: choose one of {', '.join(FULL_POLICIES)}"
            )
        if self.underrun not in UNDERRUNS:
            raise VirtualMediumError(f"underrun={self.underrun!r}: choose one of {', '.join(UNDERRUNS)}")
        if not 64 <= self.buffer_kib <= 1 << 20:
            raise VirtualMediumError(f"buffer_kib={self.buffer_kib}: 64 to {1 << 20}")
        if self.speed_x is not None and not self.speed_x > 0:
            raise VirtualMediumError(f"physics={self.speed_x}: the speed must be more than 0")
        for name in SECONDS:
            if not 0 <= getattr(self, name) < 1e6:
                raise VirtualMediumError(f"{name}={getattr(self, name)}: 0 to 1,000,000 seconds")

    def bytes_per_second(self, traits: KindTraits, kbps: int) -> float:
        """Return the rate at which the laser moves data at its best, given what the host has set."""
        return self.speed_x * traits.one_x if self.speed_x is not None else kbps * 1_000.0

    def rate_at(self, traits: KindTraits, kbps: int, lba: int, sectors: int, rim_kbps: float = 0.0) -> float:
        """Return the rate in bytes a second at a sector of a disc.

        Args:
            traits: The kind of disc.
            kbps: The speed that was chosen.
            lba: The sector.
            sectors: Size of the disc.
            rim_kbps: What the motor reaches at the rim; 0 for what is usual.
        """
        best = self.bytes_per_second(traits, kbps)
        if self.curve is Curve.FLAT:
            return best
        return 1_000 * speed_at(
            self.curve,
            lba,
            sectors=sectors,
            family=traits.family,
            layers=traits.layers,
            chosen_kbps=best / 1_000,
            rim_kbps=rim_kbps or CAV_KBPS[traits.family],
        )

    def told(
        self, traits: KindTraits, kbps: int, sectors: int, rim_kbps: float = 0.0
    ) -> list[tuple[int, int, int, int]]:
        """Return the curve as GET PERFORMANCE tells it: (first LBA, speed, last LBA, speed)."""
        return pieces(
            self.curve,
            sectors=sectors,
            family=traits.family,
            layers=traits.layers,
            chosen_kbps=kbps,
            rim_kbps=rim_kbps or CAV_KBPS[traits.family],
        )

    def seconds(
        self, traits: KindTraits, kbps: int, lba: int, count: int, sectors: int, rim_kbps: float = 0.0
    ) -> float:
        """Return how long moving ``count`` sectors from ``lba`` on takes; the rest as :meth:`rate_at`."""
        size = count * SECTOR_SIZE
        if self.curve is Curve.FLAT or count <= 1_024:
            return size / self.rate_at(traits, kbps, lba + count // 2, sectors, rim_kbps)
        step = count / 64
        return sum(
            size / 64 / self.rate_at(traits, kbps, int(lba + step * (at + 0.5)), sectors, rim_kbps)
            for at in range(64)
        )


@attrs.define
class WriteBuffer:
    """The drive's write buffer, emptied at the writing speed.

    Attributes:
        size: Bytes that it holds.
        level: Bytes in it at ``since``.
        since: When ``level`` was true.
        dry: The laser has come to its end since the host wrote or flushed it last.
    """

    size: int
    level: float = 0.0
    since: float = 0.0
    dry: bool = False

    def settle(self, now: float, rate: float) -> float:
        """Let the laser work until ``now`` and return how many bytes are left."""
        if self.level:
            self.level = max(0.0, self.level - max(0.0, now - self.since) * rate)
            self.dry = self.dry or self.level <= 0
        self.since = now
        return self.level

    def take(self, count: int, now: float, rate: float, *, wait: bool) -> float | None:
        """Take ``count`` bytes.

        Returns:
            Seconds that the host has to wait for room, or None where it is full and may not wait. A WRITE
            larger than the whole buffer is taken once the buffer is empty.
        """
        level = self.settle(now, rate)
        self.dry = False
        excess = level + count - self.size
        if excess <= 0 or level <= 0:
            self.level = level + count
            return max(0.0, excess) / rate
        if not wait:
            return None
        self.level = float(min(self.size, level + count))
        self.since = now + excess / rate
        return excess / rate

    def flush(self, now: float, rate: float) -> float:
        """Empty it and return how long that takes from ``now``."""
        seconds = self.settle(now, rate) / rate
        self.level = 0.0
        self.dry = False
        return seconds
