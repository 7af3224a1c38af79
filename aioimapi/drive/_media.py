"""What is in a drive: one value that says the disc's kind, its state, and what can be done with it."""

from __future__ import annotations

import contextlib
import enum
from typing import Protocol

import attrs

from aioimapi.drive._failure import REFUSALS
from aioimapi.errors import BlankCheckError, CommandFailedError, IllegalRequestError, RemoteProtocolError
from aioimapi.mmc import (
    CapacityData,
    CapacityType,
    DiscInformation,
    DiscStatus,
    FeatureSet,
    FormatCapacities,
    Profile,
    RecordingState,
    SessionState,
    TrackInformation,
    WriteSpeedDescriptor,
    Writing,
    inspect_disc,
    traits_of,
)
from aioimapi.transport import Buffer
from aioimapi.units import SECTOR_SIZE

INVISIBLE_TRACK = 0xFF
"""The track that the next write of a CD begins (MMC-6 6.27.2.3)."""

LOOK_SECTORS = 2 * 1024 * 1024 // SECTOR_SIZE
"""IMAPI's heuristically blank: nothing but zeros in the first and the last 2 MB."""

_LOOK_STEP = 64
_MAX_TRACKS = 512


class MediaFlags(enum.IntFlag):
    """IMAPI's IMAPI_FORMAT2_DATA_MEDIA_STATE, with its numbers."""

    UNKNOWN = 0
    OVERWRITE_ONLY = 0x1
    BLANK = 0x2
    APPENDABLE = 0x4
    FINAL_SESSION = 0x8
    DAMAGED = 0x400
    ERASE_REQUIRED = 0x800
    NON_EMPTY_SESSION = 0x1000
    WRITE_PROTECTED = 0x2000
    FINALIZED = 0x4000
    UNSUPPORTED_MEDIA = 0x8000


@attrs.frozen
class MediaState:
    """What is in a drive.

    Attributes:
        profile: The kind of disc.
        disc: READ DISC INFORMATION's answer, or None where the drive has none for this disc.
        tracks: Every track that the drive told of, in order; on an appendable or blank disc the last one is
            the one that the next write goes to.
        overwritable: Any sector can be written again (DVD+RW, BD-RE, DVD-RAM).
        formatted: False for an overwritable disc that must be formatted before it is written.
        erasable: Blanking or formatting makes it new.
        next_writable_lba: Where the next write goes, or None where there is none.
        free_sectors: How many sectors the next write can take. All of them on overwritable discs.
        capacity_sectors: Sectors of the disc, written and free ones.
        write_unit_sectors: Sectors of the smallest piece that the disc itself is written in: 1, 16 or 32.
        write_speeds: Speeds that the drive offers for the disc, fastest first.
        heuristically_blank: Nothing is on it, as far as can be seen.
        write_protected: Disc or drive refuses writing.
    """

    profile: Profile
    disc: DiscInformation | None = None
    tracks: tuple[TrackInformation, ...] = ()
    overwritable: bool = False
    formatted: bool = True
    erasable: bool = False
    next_writable_lba: int | None = None
    free_sectors: int = 0
    capacity_sectors: int = 0
    write_unit_sectors: int = 1
    write_speeds: tuple[WriteSpeedDescriptor, ...] = ()
    heuristically_blank: bool = False
    write_protected: bool = False

    def __repr__(self) -> str:
        free = f", {self.free_sectors:,} of {self.capacity_sectors:,} sectors free" if self.writable else ""
        return f"<MediaState {self.profile_name}: {self.state.told}{free}>"

    @property
    def state(self) -> RecordingState:
        """What may be done with the disc next; its ``told`` is ``blank``, ``appendable``, ``closed`` or ``unknown``."""
        return RecordingState.CLOSED if self.disc is None else inspect_disc(self.profile, self.disc)

    @property
    def profile_name(self) -> str:
        """The kind of disc as people call it: ``DVD+R``."""
        return traits_of(self.profile).name

    @property
    def disc_status(self) -> DiscStatus:
        """The disc's own word on its state; COMPLETE where the drive says nothing, as of pressed discs."""
        return DiscStatus.COMPLETE if self.disc is None else self.disc.disc_status

    @property
    def blank(self) -> bool:
        """Whether nothing is on it."""
        return self.heuristically_blank

    @property
    def appendable(self) -> bool:
        """Whether a further session can be written behind what is there."""
        return (
            not self.overwritable
            and not self.heuristically_blank
            and self.disc_status is DiscStatus.INCOMPLETE
            and self.next_writable_lba is not None
        )

    @property
    def writable(self) -> bool:
        """Whether the next write has somewhere to go."""
        return not self.write_protected and self.next_writable_lba is not None

    @property
    def sessions(self) -> int:
        """How many sessions are on the disc; the empty one that comes next does not count."""
        if self.disc is None:
            return 1
        empty = self.disc.last_session_state is SessionState.EMPTY
        return max(0, self.disc.sessions - (1 if empty and not self.overwritable else 0))

    @property
    def sectors_used(self) -> int:
        """Sectors before the next write; 0 on overwritable discs, which do not tell."""
        return 0 if self.overwritable else max(0, self.capacity_sectors - self.free_sectors)

    @property
    def flags(self) -> MediaFlags:
        """IMAPI's CurrentMediaStatus."""
        flags = MediaFlags.UNKNOWN
        if self.overwritable:
            flags |= MediaFlags.OVERWRITE_ONLY
        if self.heuristically_blank:
            flags |= MediaFlags.BLANK
        if self.appendable:
            flags |= MediaFlags.APPENDABLE
        if self.write_protected:
            flags |= MediaFlags.WRITE_PROTECTED
        if traits_of(self.profile).writing is Writing.NEVER:
            flags |= MediaFlags.UNSUPPORTED_MEDIA
        return flags | self._session_flags()

    def _session_flags(self) -> MediaFlags:
        flags = MediaFlags.UNKNOWN
        if self.overwritable:
            return flags
        state = None if self.disc is None else self.disc.last_session_state
        if state is SessionState.DAMAGED or any(track.damaged for track in self.tracks):
            flags |= MediaFlags.DAMAGED
        if state is SessionState.INCOMPLETE and self.disc_status is DiscStatus.INCOMPLETE:
            flags |= MediaFlags.NON_EMPTY_SESSION
        if self.disc_status is DiscStatus.COMPLETE:
            flags |= MediaFlags.ERASE_REQUIRED if self.erasable else MediaFlags.FINALIZED
        most = traits_of(self.profile).sessions
        if self.writable and most and self.sessions + 1 >= most:
            flags |= MediaFlags.FINAL_SESSION
        return flags


class Asked(Protocol):
    """What :func:`read_media_state` asks of a drive."""

    async def wait_ready(self, timeout_s: float = ...) -> None: ...
    async def features(self) -> FeatureSet: ...
    async def disc_information(self) -> DiscInformation: ...
    async def track_information(self, track: int) -> TrackInformation: ...
    async def capacity(self) -> CapacityData: ...
    async def format_capacities(self) -> FormatCapacities: ...
    async def write_speeds(self) -> tuple[WriteSpeedDescriptor, ...]: ...
    async def read_into(self, lba: int, buffer: Buffer) -> None: ...
    async def is_write_protected(self) -> bool: ...


async def read_media_state(drive: Asked, *, look_inside: bool) -> MediaState:
    """Ask a drive for all that :class:`MediaState` holds; what it does not know is left out.

    Cancellation:
        Nothing is changed; may be repeated.
    """
    await drive.wait_ready()
    profile = await _profile(drive)
    traits = traits_of(profile)
    disc = await _optional_disc(drive)
    state = MediaState(
        profile=profile,
        disc=disc,
        tracks=await _tracks(drive, disc),
        overwritable=traits.writing is Writing.OVERWRITE,
        erasable=traits.erasable or (disc is not None and disc.erasable),
        write_unit_sectors=traits.write_unit,
    )
    if traits.writing is not Writing.NEVER:
        state = attrs.evolve(
            state,
            write_speeds=await drive.write_speeds(),
            write_protected=await drive.is_write_protected(),
        )
    if state.overwritable:
        return await _overwritable(drive, state, look_inside=look_inside)
    return await _sequential(drive, state)


async def _profile(drive: Asked) -> Profile:
    try:
        return (await drive.features()).current_profile
    except IllegalRequestError:
        return Profile.CD_ROM  # older than MMC-2: a reader of CDs


async def _optional_disc(drive: Asked) -> DiscInformation | None:
    with contextlib.suppress(IllegalRequestError, RemoteProtocolError):
        return await drive.disc_information()
    return None


async def _tracks(drive: Asked, disc: DiscInformation | None) -> tuple[TrackInformation, ...]:
    if disc is None:
        return ()
    found: list[TrackInformation] = []
    first, last = max(1, disc.first_track), disc.last_track_in_last_session
    with contextlib.suppress(*REFUSALS, RemoteProtocolError):
        for number in range(first, min(last, first + _MAX_TRACKS) + 1):
            found.append(await drive.track_information(number))  # noqa: PERF401 - keeps what came before an error
    if not found or not found[-1].nwa_valid:
        # Some drives number the track to come as the last one, some tell of it under 255 only.
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            coming = await drive.track_information(INVISIBLE_TRACK)
            if coming.nwa_valid and coming.track not in {track.track for track in found}:
                found.append(coming)
    return tuple(found)


async def _sequential(drive: Asked, state: MediaState) -> MediaState:
    blank = state.state is RecordingState.BLANK
    open_ = state.disc_status in (DiscStatus.BLANK, DiscStatus.INCOMPLETE)
    writing = traits_of(state.profile).writing is not Writing.NEVER
    target = next((track for track in reversed(state.tracks) if track.nwa_valid), None) if open_ else None
    if target is None and blank and state.tracks and state.tracks[-1].free_sectors:
        # Some drives tell no address for a blank disc: there it is where the track begins.
        first = state.tracks[-1]
        target = attrs.evolve(first, nwa_valid=True, next_writable_lba=first.start_lba)
    if target is None or not writing:
        sectors = 0
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            sectors = (await drive.capacity()).sectors
        return attrs.evolve(state, capacity_sectors=0 if blank else sectors, heuristically_blank=blank)
    return attrs.evolve(
        state,
        next_writable_lba=target.next_writable_lba,
        free_sectors=target.free_sectors,
        capacity_sectors=target.next_writable_lba + target.free_sectors,
        heuristically_blank=blank,
    )


async def _overwritable(drive: Asked, state: MediaState, *, look_inside: bool) -> MediaState:
    formatted, sectors = True, 0
    with contextlib.suppress(*REFUSALS, RemoteProtocolError):
        capacities = await drive.format_capacities()
        formatted = capacities.kind is not CapacityType.UNFORMATTED
        sectors = capacities.sectors
    if formatted:
        with contextlib.suppress(*REFUSALS, RemoteProtocolError):
            sectors = (await drive.capacity()).sectors
    blank = not formatted or state.disc_status is DiscStatus.BLANK
    if not blank and look_inside:
        blank = await _holds_zeros(drive, sectors)
    return attrs.evolve(
        state,
        formatted=formatted,
        next_writable_lba=0,
        free_sectors=sectors,
        capacity_sectors=sectors,
        heuristically_blank=blank,
    )


async def _holds_zeros(drive: Asked, sectors: int) -> bool:
    """Whether the first and the last 2 MB are zeros, or were never written."""
    ends = range(0, min(LOOK_SECTORS, sectors), _LOOK_STEP)
    tail = range(max(LOOK_SECTORS, sectors - LOOK_SECTORS), sectors, _LOOK_STEP)
    zeros = bytes(_LOOK_STEP * SECTOR_SIZE)
    buffer = bytearray(len(zeros))
    for first in (*ends, *tail):
        view = memoryview(buffer)[: min(_LOOK_STEP, sectors - first) * SECTOR_SIZE]
        try:
            await drive.read_into(first, view)
        except BlankCheckError:
            continue
        except CommandFailedError:
            # What is unreadable in a written area is damage, not emptiness; past the written area of a disc
            # whose background format was stopped it is emptiness, and the head has told by then.
            if first < LOOK_SECTORS:
                return False
            continue
        if view != zeros[: len(view)]:
            return False
    return True
