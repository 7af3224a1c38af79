"""The state of the emulated drive that its command handlers share."""

from __future__ import annotations

from collections import deque
from typing import Final, NoReturn

import attrs

from aioimapi.virtual._curves import CAV_KBPS, Curve
from aioimapi.virtual._physics import Physics, WriteBuffer
from aioimapi.virtual._quirks import SLOW_START_S, Quirk
from aioimapi.virtual._reply import CheckConditionError, progress_bytes
from aioimapi.virtual._wear import Wear
from aioimapi.virtual.discs._state import DiscState, FormatState
from aioimapi.virtual.discs._traits import KindTraits
from aioimapi.virtual.files._medium import VirtualMedium
from aioimapi.virtual.files._simulation import SimulatedMedium

FORMAT_IN_PROGRESS: Final = 0x04
OPERATION_IN_PROGRESS: Final = 0x07
LONG_WRITE_IN_PROGRESS: Final = 0x08

_NEAR: Final = 256
"""Sectors that the laser gets to without moving: they are in the drive's cache, or the next turn brings them."""

_TIMEOUT_AND_PROTECT: Final = 0x1D
_SWPP: Final = 0x01

_FORMAT_COMPLETED: Final = 5
"""Media event: a background format is complete (MMC-6 6.7.2.5)."""

NEW_MEDIUM: Final = (0x28, 0)
"""ASC and ASCQ: the medium may have changed."""


EVENTS: Final = 8
"""How many events of a class the drive keeps for a host that does not ask; the oldest are forgotten first."""


def _events() -> deque[int]:
    return deque(maxlen=EVENTS)


@attrs.frozen
class Identity:
    """Who the drive says that it is.

    Attributes:
        vendor: Up to 8 ASCII characters.
        product: Up to 16.
        revision: Up to 4.
        serial: Up to 20.
    """

    vendor: str = "AIOIMAPI"
    product: str = "VIRTUAL WRITER"
    revision: str = "1.00"
    serial: str = "VIRTUAL0000001"


@attrs.frozen
class Busy:
    """A long operation that the drive runs by itself.

    Attributes:
        ascq: Qualifier of 2/04/xx while it runs.
        start: When it began.
        end: When it will be done.
    """

    ascq: int
    start: float
    end: float

    def progress(self, now: float) -> float:
        """Return how much of it is done, 0 to 1."""
        return (now - self.start) / (self.end - self.start) if self.end > self.start else 1.0


@attrs.define
class Play:
    """Audio that is being played.

    Attributes:
        start: First sector.
        end: First sector after the last.
        since: When it began, less the time that it was held.
        instant: It is over at once.
        paused_at: When it was held, or None.
    """

    start: int
    end: int
    since: float
    instant: bool = False
    paused_at: float | None = None

    def place(self, now: float) -> int:
        """Return the sector that is being played, or ``end``."""
        if self.instant and self.paused_at is None:
            return self.end
        until = now if self.paused_at is None else self.paused_at
        return min(self.end, self.start + int((until - self.since) * 75))

    def pause(self, now: float) -> None:
        """Hold it."""
        if self.paused_at is None:
            self.paused_at = now

    def resume(self, now: float) -> None:
        """Let it go on."""
        if self.paused_at is not None:
            self.since += now - self.paused_at
            self.paused_at = None


@attrs.define
class DriveState:
    """Tray, disc, locks, settings and time of the drive.

    Attributes:
        identity: What INQUIRY tells.
        physics: How long things take.
        medium: The disc that lies on the tray or is loaded, or None.
        tray_open: The tray is out.
        locked: PREVENT is in force.
        attention: Unit attentions to report, as (ASC, ASCQ), oldest first.
        media_events: Media events for GET EVENT STATUS NOTIFICATION, oldest first.
        pages: Current mode pages that differ from their defaults.
        write_kbps: Writing speed that the host has set, None for the fastest.
        read_kbps: Reading speed that the host has set, None for the fastest.
        busy: The long operation that is running, or None.
        background_format: DVD+RW: the background format that is running, or None.
        buffer: The write buffer.
        unflushed: Number of the write-once track that was written since the last flush, 0 for none.
        now: Time of the command at hand.
        duration_s: What it takes a real drive, so far.
        last_lba: Where the laser is.
        streaming: The WRITE at hand asks for speed before safety: what it writes is not verified (MMC-6 6.46).
        quirks: What the drive does in its own way.
        wear: What the disc has gone through, or None.
        persistent: The lock is a persistent prevent: the eject button tells the host (MMC-6 6.13).
        power: Power state: 1 active, 2 idle, 3 standby, 4 sleep (MMC-6 6.7).
        power_events: Power events for GET EVENT STATUS NOTIFICATION, oldest first.
        change_events: Operational changes for GET EVENT STATUS NOTIFICATION, oldest first.
        deferred: Sense of errors that the drive has found after it said GOOD, oldest first.
        ready_at: When the disc that was loaded can be used; with a quirk only.
        written: Something was written since the disc was loaded.
        posing: A closed disc poses as one of the read-only kind; with a quirk only.
        calibrated: The laser was calibrated for the disc.
        halved: The drive is reading back what it writes, so it writes at half the speed.
        touched_at: When a command last touched the disc.
        underruns: How often the buffer ran empty in the middle of writing.
        region: The region mask that was set, FFh for none.
        region_changes: How often the region can still be set.
        memory: What WRITE BUFFER has put into the drive's memory.
        play: Audio that is being played, or None.
    """

    identity: Identity
    physics: Physics
    medium: VirtualMedium | None
    buffer: WriteBuffer
    tray_open: bool = False
    locked: bool = False
    attention: list[tuple[int, int]] = attrs.field(factory=list)
    media_events: deque[int] = attrs.field(factory=_events)
    pages: dict[int, bytes] = attrs.field(factory=dict)
    write_kbps: int | None = None
    read_kbps: int | None = None
    busy: Busy | None = None
    background_format: Busy | None = None
    unflushed: int = 0
    now: float = 0.0
    duration_s: float = 0.0
    last_lba: int = 0
    streaming: bool = False
    quirks: frozenset[Quirk] = frozenset()
    wear: Wear | None = None
    persistent: bool = False
    power: int = 1
    power_events: deque[int] = attrs.field(factory=_events)
    change_events: deque[int] = attrs.field(factory=_events)
    deferred: list[bytes] = attrs.field(factory=list)
    ready_at: float = 0.0
    written: bool = False
    posing: bool = False
    calibrated: bool = False
    halved: bool = False
    touched_at: float = 0.0
    underruns: int = 0
    region: int = 0xFF
    region_changes: int = 5
    memory: bytes = b""
    play: Play | None = None

    # --- what is in it ------------------------------------------------------------------------------

    @property
    def disc(self) -> DiscState | None:
        """The loaded disc's state, or None where there is none or the tray is open."""
        return None if self.medium is None or self.tray_open else self.medium.state

    def need_medium(self) -> VirtualMedium:
        """Return the loaded medium, or end the command with 2/3A/01 (tray closed) or 2/3A/02 (open)."""
        if self.tray_open:
            raise CheckConditionError(2, 0x3A, 2)
        if self.medium is None:
            raise CheckConditionError(2, 0x3A, 1)
        return self.medium

    def need_disc(self) -> DiscState:
        """Return the loaded disc's state, or end the command as :meth:`need_medium` does."""
        return self.need_medium().state

    def need_writable(self) -> VirtualMedium:
        """Return the loaded medium, or end the command with 7/27/xx where disc or drive is write-protected."""
        medium = self.need_medium()
        if medium.readonly:
            raise CheckConditionError(7, 0x27, 0)
        if self.pages and self.software_protected:
            raise CheckConditionError(7, 0x27, 2)  # logical unit software write protected
        return medium

    @property
    def software_protected(self) -> bool:
        """Whether the host has set SWPP of mode page 1Dh: no disc is written until it is loaded anew."""
        page = self.pages.get(_TIMEOUT_AND_PROTECT)
        return page is not None and bool(page[4] & _SWPP)

    @property
    def traits(self) -> KindTraits:
        """What the loaded disc is like; only where there is one."""
        return self.need_disc().kind.traits

    def page(self, code: int, default: bytes) -> bytes:
        """Return the current content of a mode page."""
        return self.pages.get(code, default)

    # --- time ---------------------------------------------------------------------------------------

    @property
    def current_write_kbps(self) -> int:
        """Writing speed in force for the loaded disc, in 1,000 bytes a second; 1 for a read-only disc."""
        speeds = self.traits.write_kbps
        if not speeds:
            return 1
        if Quirk.FAST_TALKER in self.quirks:
            return speeds[-1]
        if self.write_kbps is None:
            return speeds[0]
        return next((speed for speed in speeds if speed <= self.write_kbps), speeds[-1])

    @property
    def told_write_kbps(self) -> tuple[int, ...]:
        """Writing speeds that the drive claims to have for the loaded disc, fastest first."""
        speeds = self.traits.write_kbps
        return tuple(2 * speed for speed in speeds) if Quirk.FAST_TALKER in self.quirks else speeds

    @property
    def told_current_write_kbps(self) -> int:
        """Writing speed that the drive claims to be in force."""
        if Quirk.FAST_TALKER not in self.quirks:
            return self.current_write_kbps
        speeds = self.told_write_kbps
        if not speeds or self.write_kbps is None:
            return speeds[0] if speeds else 1
        return next((speed for speed in speeds if speed <= self.write_kbps), speeds[-1])

    def is_cav(self, kbps: int) -> bool:
        """Return whether a writing speed is pure CAV: the motor reaches it at the rim only."""
        physics = self.physics
        return physics.curve is Curve.REAL and kbps >= CAV_KBPS[self.traits.family]

    @property
    def current_read_kbps(self) -> int:
        """Reading speed in force for the loaded disc, in 1,000 bytes a second."""
        fastest = self.traits.read_kbps
        return fastest if self.read_kbps is None else max(1, min(fastest, self.read_kbps))

    @property
    def write_rate(self) -> float:
        """Bytes a second at which the buffer is emptied, where the laser is now."""
        rate = self.physics.rate_at(
            self.traits, self.current_write_kbps, self.last_lba, self.need_disc().sectors
        )
        return rate / 2 if self.halved else rate

    def reading_seconds(self, lba: int, count: int) -> float:
        """Return how long reading some sectors takes, the way there not counted."""
        traits = self.traits
        sectors = self.need_disc().sectors
        return self.physics.seconds(traits, self.current_read_kbps, lba, count, sectors, traits.read_kbps)

    def travel_seconds(self, lba: int) -> float:
        """Return how long it takes the laser to be at a sector: spinning up, moving, changing the layer."""
        physics, disc = self.physics, self.need_disc()
        seconds = 0.0
        if physics.idle_s and self.now - self.touched_at > physics.idle_s:
            seconds += physics.spin_up_s
        distance = abs(lba - self.last_lba)
        if physics.seek_s and distance > _NEAR:
            seconds += physics.seek_s * (0.3 + 0.7 * min(1.0, distance / max(1, disc.sectors)))
        layers = self.traits.layers
        if physics.layer_s and layers > 1:
            size = max(1, -(-disc.sectors // layers))
            if lba // size != max(0, self.last_lba - 1) // size:
                seconds += physics.layer_s
        self.touched_at = self.now
        return seconds

    def spend(self, seconds: float, *, immed: bool = False, ascq: int = OPERATION_IN_PROGRESS) -> None:
        """Let the command take ``seconds``: within it, or after its answer where the host said IMMED."""
        if not self.physics.enabled or seconds <= 0:
            return
        if immed and Quirk.IGNORES_IMMED not in self.quirks:
            self.busy = Busy(ascq, self.now, self.now + seconds)
        else:
            self.duration_s += seconds

    def refuse_while_busy(self) -> None:
        """End the command with 2/04/xx and progress while a long operation runs; forget one that is over."""
        busy = self.busy
        if busy is None:
            return
        if self.now >= busy.end:
            self.busy = None
            return
        self._not_ready(busy)

    def _not_ready(self, busy: Busy) -> NoReturn:
        raise CheckConditionError(2, 0x04, busy.ascq, specific=progress_bytes(busy.progress(self.now)))

    def settle_background_format(self) -> None:
        """Note that a DVD+RW's background format is complete once its time has come."""
        running, disc = self.background_format, self.disc
        if running is None or self.now < running.end:
            return
        self.background_format = None
        if disc is not None and disc.format_state is FormatState.IN_PROGRESS and self.medium is not None:
            disc.format_state = FormatState.COMPLETE
            self.medium.save()
            self.media_events.append(_FORMAT_COMPLETED)

    def simulate(self, *, on: bool) -> None:
        """Begin or end test writing: what is written meanwhile is gone afterwards (MMC-6 7.5.3.3)."""
        medium = self.medium
        if medium is None or medium.readonly or on == isinstance(medium, SimulatedMedium):
            return
        self.unflushed = 0
        self.medium = medium.real if isinstance(medium, SimulatedMedium) else SimulatedMedium(medium)

    def end_simulated_session(self) -> None:
        """Show the disc as it is where the session that was closed was a test; test writing stays on."""
        if isinstance(self.medium, SimulatedMedium):
            self.simulate(on=False)
            self.simulate(on=True)

    def finish_simulation(self) -> None:
        """Forget a session that was closed as a test: the disc is what it was, and test writing is still on."""
        if isinstance(self.medium, SimulatedMedium):
            self.simulate(on=False)
            self.simulate(on=True)

    def attend(self, asc: int, ascq: int) -> None:
        """Have the drive tell a unit attention once; one that waits already is not told twice."""
        if (asc, ascq) not in self.attention:
            self.attention.append((asc, ascq))

    # --- load and eject -----------------------------------------------------------------------------

    def eject(self) -> None:
        """Open the tray; what the drive had begun by itself ends."""
        self.simulate(on=False)
        if self.medium is not None:
            self.medium.state.unloaded()
        self.tray_open = True
        self.play = None
        self.busy = None
        self.buffer.level = 0.0
        self.unflushed = 0
        self.deferred.clear()
        self.written = self.posing = self.calibrated = self.halved = False
        self._suspend_background_format()
        self.media_events.append(3)

    def load(self) -> None:
        """Close the tray: the drive forgets what the host had set for the last disc."""
        self.tray_open = False
        self.pages.clear()
        self.write_kbps = self.read_kbps = None
        self.last_lba = 0
        if self.medium is not None:
            self.attend(*NEW_MEDIUM)
            self.media_events.append(2)
            self.start_slowly()
        self.change_events.append(1)  # other features are current now

    def start_slowly(self) -> None:
        """Begin to look at the disc that was loaded, where a quirk has the drive take its time."""
        if Quirk.SLOW_START in self.quirks and self.medium is not None:
            self.ready_at = self.now + SLOW_START_S

    def reset(self) -> None:
        """Forget settings and locks, as after power on or a reset by the bus; the disc stays in."""
        self.simulate(on=False)
        if self.medium is not None:
            self.medium.state.unloaded()
        self.locked = self.persistent = False
        self.pages.clear()
        self.write_kbps = self.read_kbps = None
        self.deferred.clear()
        self.power = 1
        self.attend(0x29, 0)

    def wake(self) -> None:
        """Become active again, for a command that needs the disc."""
        self.power = 1
        self.power_events.append(1)

    def seen_anew(self) -> None:
        """Note that a disc was closed, formatted or blanked: with some quirks the drive looks at it again."""
        if Quirk.ATTENTION_AFTER_CLOSE in self.quirks:
            self.attend(*NEW_MEDIUM)

    def _suspend_background_format(self) -> None:
        running, self.background_format = self.background_format, None
        if self.medium is None or self.medium.readonly or self.medium.closed:
            return
        if self.medium.state.format_state is FormatState.IN_PROGRESS:
            self.medium.state.suspend_format(running.progress(self.now) if running is not None else 0.0)
            self.medium.save()
