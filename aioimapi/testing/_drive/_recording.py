"""Recording on a blank disc: what may be written where, closing, and reading it back (MMC-6 4, 6.3, 6.44).

These checks use the disc up. They are run only where the caller asks for it.
"""

from __future__ import annotations

import struct
from typing import Final

import attrs

from aioimapi.mmc import (
    CapacityData,
    CapacityType,
    CloseFunction,
    CloseTrackSession,
    DiscInformation,
    DiscStatus,
    FormatCapacities,
    FormatParameters,
    FormatType,
    FormatUnit,
    ModeParameters,
    ModeSelect10,
    ModeSense10,
    MultiSession,
    Profile,
    Read10,
    ReadCapacity,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
    SessionState,
    SynchronizeCache10,
    Toc,
    TrackAddressType,
    TrackInformation,
    Write10,
    WriteParameters,
    WriteType,
    Writing,
    close_meaning,
    traits_of,
)
from aioimapi.mmc import CloseMeaning as Meaning
from aioimapi.testing._drive._probe import OUT_OF_RANGE, Check, NotApplicableError, Probe
from aioimapi.units import SECTOR_SIZE

SECTORS: Final = 320
"""Sectors of each track: whole ECC blocks and clusters, and more than the 300 that a CD's track has at least."""

_STEP: Final = 32
_WRITE: Final = "MMC-6 6.44"
_CLOSE: Final = "MMC-6 6.3"
_WRONG_ADDRESS: Final = (OUT_OF_RANGE, (5, 0x21, 2))
_UNREADABLE: Final = (
    OUT_OF_RANGE,
    (5, 0x64, 0),
    (5, 0x30, 0x02),
    (5, 0x30, 0x10),
    (5, 0x6F, 4),
    (8, 0, 0),
    (3, 0x11, 0),
    (3, 0x11, 0x05),
    (2, 0x30, 0),
)
_CLOSED_FOR_WRITING: Final = (
    *_WRONG_ADDRESS,
    (5, 0x30, 5),
    (5, 0x2C, 0),
    (5, 0x30, 2),
    (5, 0x63, 0),
    (5, 0x64, 0),
    (7, 0x27, 0),
)


def pattern(lba: int, count: int) -> bytes:
    """Return sectors that tell their own address, so that a misplaced one shows."""
    return b"".join(struct.pack(">Q", at + 1) * (SECTOR_SIZE // 8) for at in range(lba, lba + count))


async def recording(p: Probe) -> None:
    """Write, close and read back a blank disc, in the way of its kind."""
    profile = await p.profile()
    writing = traits_of(profile).writing
    disc = await p.need_disc()
    if writing is Writing.OVERWRITE and profile is not Profile.DVD_RW_RESTRICTED_OVERWRITE:
        await _overwrite(p, profile)
    elif writing is Writing.SEQUENTIAL:
        if disc.disc_status is not DiscStatus.BLANK:
            raise NotApplicableError("the disc is not blank")
        await _sequential(p, profile)
    else:
        raise NotApplicableError(f"there is nothing to record on a {traits_of(profile).name} here")


# --- sequential media ---------------------------------------------------------------------------------


async def _sequential(p: Probe, profile: Profile) -> None:
    await p.refused(Read10(0, 1), "READ of a blank disc", codes=_UNREADABLE, clause="MMC-6 6.19")
    await _set_write_parameters(p, profile, MultiSession.ALLOWED)
    first = await _next_address(p, 1)
    if first is None:
        return
    for lba in (first + 2 * _STEP, first + 1):
        await p.refused(
            Write10(lba, 1),
            f"WRITE at {lba}, where the next writable address is {first}",
            codes=_WRONG_ADDRESS,
            clause=_WRITE,
            data=pattern(lba, 1),
        )
    p.expect((await _disc(p)).disc_status is DiscStatus.BLANK, "refused WRITEs changed a blank disc", _WRITE)
    if not await _record(p, first):
        return
    after = await _disc(p)
    p.expect(
        after.disc_status is DiscStatus.INCOMPLETE, f"written to, and {after.disc_status!r}", "MMC-6 6.21"
    )
    await _close_session(p, profile, 1)
    await _check_contents(p, [first])
    middle = await _disc(p)
    if middle.disc_status is DiscStatus.COMPLETE:
        # A DVD-R DL's border spans both layers (MMC-6 6.3.3.3).
        if profile is not Profile.DVD_R_DL_SEQUENTIAL:
            p.deviation("closing a session closed the disc; no other can follow", clause=_CLOSE)
        return
    p.expect(middle.sessions == 2, f"after a closed session there are {middle.sessions}, not 2", "MMC-6 6.21")
    p.expect(
        middle.last_session_state is SessionState.EMPTY,
        f"the new session is {middle.last_session_state!r}, not empty",
        "MMC-6 6.21",
    )
    await _set_write_parameters(p, profile, MultiSession.NONE)
    second = await _next_address(p, middle.last_track_in_last_session)
    if second is None or not p.expect(second >= first + SECTORS, f"session 2 goes to {second}", _WRITE):
        return
    if await _record(p, second):
        await _finalize(p, profile, middle.last_track_in_last_session, first, second)


async def _set_write_parameters(p: Probe, profile: Profile, sessions: MultiSession) -> None:
    """Set page 05h where the kind of disc heeds it: track at once on CD, incremental on DVD-R and DVD-RW."""
    if profile not in _HEEDS_PAGE_5:
        return
    data = await p.good(ModeSense10(0x05), "MMC-6 7.5")
    page = None if data is None else ModeParameters.parse(data).get(WriteParameters)
    if page is None:
        p.fault("no write parameters page (05h), which this disc needs", clause="MMC-6 7.5")
        return
    kind = WriteType.TRACK_AT_ONCE if traits_of(profile).family == "CD" else WriteType.PACKET
    wanted = attrs.evolve(
        page,
        write_type=kind,
        multi_session=sessions,
        test_write=False,
        fixed_packet=False,
        link_size_valid=kind is WriteType.PACKET,
        link_size=16 if kind is WriteType.PACKET else 0,
        track_mode=4 if kind is WriteType.TRACK_AT_ONCE else 5,
    )
    parameters = ModeParameters((wanted,)).to_bytes(for_select=True)
    await p.good(ModeSelect10(len(parameters)), "MMC-6 7.5", parameters)


_HEEDS_PAGE_5: Final = (
    Profile.CD_R,
    Profile.CD_RW,
    Profile.DVD_R_SEQUENTIAL,
    Profile.DVD_RW_SEQUENTIAL,
    Profile.DVD_R_DL_SEQUENTIAL,
)


async def _next_address(p: Probe, track: int) -> int | None:
    data = await p.good(ReadTrackInformation(TrackAddressType.TRACK, track), "MMC-6 6.27")
    if data is None:
        return None
    information = TrackInformation.parse(data)
    if not p.expect(information.nwa_valid, f"track {track} has no next writable address", "MMC-6 6.27"):
        return None
    p.expect(
        information.free_sectors >= SECTORS, f"track {track}: {information.free_sectors} free", "MMC-6 6.27"
    )
    return information.next_writable_lba


async def _record(p: Probe, first: int) -> bool:
    """Write a track's sectors and flush; False where the drive did not take them."""
    nothing = await p.send(Write10(first, 0))
    p.expect(nothing.good, "WRITE of 0 sectors is no error and was refused", _WRITE, nothing)
    for lba in range(first, first + SECTORS, _STEP):
        if await p.good(Write10(lba, _STEP), _WRITE, pattern(lba, _STEP)) is None:
            return False
    await p.refused(
        Write10(first, 1),
        f"WRITE at {first}, which is written already",
        codes=_CLOSED_FOR_WRITING,
        clause=_WRITE,
        data=pattern(first, 1),
    )
    return await p.good(SynchronizeCache10(), "MMC-6 6.48") is not None


async def _close_session(p: Probe, profile: Profile, track: int) -> None:
    data = await p.optional(ReadTrackInformation(TrackAddressType.TRACK, track))
    if data is None or TrackInformation.parse(data).nwa_valid:
        await p.good(CloseTrackSession(CloseFunction.TRACK, track), _CLOSE)
    await p.good(CloseTrackSession(CloseFunction.SESSION), _CLOSE)


async def _finalize(p: Probe, profile: Profile, track: int, first: int, second: int) -> None:
    """Close the disc for good: nothing can be written any more, and both tracks read back."""
    meaning = close_meaning(profile, CloseFunction.FINALIZE)
    if meaning is Meaning.FINALIZE:
        data = await p.optional(ReadTrackInformation(TrackAddressType.TRACK, track))
        if data is None or TrackInformation.parse(data).nwa_valid:
            await p.good(CloseTrackSession(CloseFunction.TRACK, track), _CLOSE)
        await p.good(CloseTrackSession(CloseFunction.FINALIZE), _CLOSE)
    else:
        await _close_session(p, profile, track)
    disc = await _disc(p)
    p.expect(disc.disc_status is DiscStatus.COMPLETE, f"closed, and {disc.disc_status!r}", "MMC-6 6.21")
    await _check_contents(p, [first, second])
    beyond = second + SECTORS + 4096
    await p.refused(
        Write10(beyond, 1),
        "WRITE onto a closed disc",
        codes=_CLOSED_FOR_WRITING,
        clause=_WRITE,
        data=pattern(beyond, 1),
    )


async def _check_contents(p: Probe, starts: list[int]) -> None:
    """The TOC has each track, the size takes in the last one, and what was written reads back."""
    data = await p.good(ReadTocPmaAtip(), "MMC-6 6.25")
    if data is not None:
        toc = Toc.parse(data)
        listed = [track.start for track in toc.tracks[:-1]]
        p.expect(listed == starts, f"tracks were written at {starts}, the TOC lists {listed}", "MMC-6 6.25")
    size = await p.good(ReadCapacity(), "MMC-6 6.23")
    if size is not None:
        sectors = CapacityData.parse(size).sectors
        p.expect(sectors >= starts[-1] + SECTORS, f"READ CAPACITY says {sectors} sectors", "MMC-6 6.23")
    for start in starts:
        await _read_back(p, start, SECTORS)


async def _read_back(p: Probe, first: int, count: int) -> None:
    for lba in range(first, first + count, _STEP):
        data = await p.good(Read10(lba, _STEP), "MMC-6 6.19")
        if data is not None and data != pattern(lba, _STEP):
            p.fault(f"sectors from {lba} read back otherwise than they were written", clause="MMC-6 6.19")
            return


async def _disc(p: Probe) -> DiscInformation:
    data = await p.good(ReadDiscInformation(), "MMC-6 6.21")
    if data is None:
        raise NotApplicableError("the drive tells no more of the disc")
    return DiscInformation.parse(data)


# --- rewritable media ---------------------------------------------------------------------------------


async def _overwrite(p: Probe, profile: Profile) -> None:
    await _format_where_needed(p)
    data = await p.good(ReadCapacity(), "MMC-6 6.23")
    if data is None:
        return
    sectors = CapacityData.parse(data).sectors
    if not p.expect(sectors >= 2 * SECTORS, f"formatted, and {sectors} sectors", "MMC-6 6.23"):
        return
    last = sectors - _STEP
    for lba in (0, last, _STEP, 1):
        if await p.good(Write10(lba, _STEP), _WRITE, bytes(_STEP * SECTOR_SIZE)) is None:
            return
    for lba in (0, _STEP, last):
        await p.good(Write10(lba, _STEP), _WRITE, pattern(lba, _STEP))
    await p.good(SynchronizeCache10(), "MMC-6 6.48")
    await _read_back(p, 0, 2 * _STEP)
    await _read_back(p, last, _STEP)
    for lba in (sectors, sectors - 1):
        await p.refused(
            Write10(lba, 2),
            f"WRITE past the end of {sectors} sectors",
            codes=(OUT_OF_RANGE,),
            clause=_WRITE,
            data=pattern(lba, 2),
        )
    await _read_back(p, last, _STEP)
    meaning = close_meaning(profile, CloseFunction.SESSION)
    if meaning is Meaning.CLOSE_AND_READABLE:
        await p.good(CloseTrackSession(CloseFunction.SESSION), _CLOSE)
        await _read_back(p, 0, _STEP)


async def _format_where_needed(p: Probe) -> None:
    data = await p.good(ReadFormatCapacities(), "MMC-6 6.22")
    if data is None:
        return
    listed = FormatCapacities.parse(data)
    if listed.kind is not CapacityType.UNFORMATTED:
        return
    await p.refused(
        Write10(0, 1),
        "WRITE onto an unformatted disc",
        codes=((5, 0x30, 0x10), (5, 0x30, 0), (5, 0x31, 0), (3, 0x31, 0), (2, 0x30, 0)),
        clause=_WRITE,
        data=pattern(0, 1),
    )
    chosen = listed.find(FormatType.DVD_PLUS_RW) or next(iter(listed.formats), None)
    if (
        not p.expect(chosen is not None, "an unformatted disc that no format fits", "MMC-6 6.22")
        or chosen is None
    ):
        return
    parameters = FormatParameters.of(chosen).to_bytes()
    await p.good(FormatUnit(), "MMC-6 6.5", parameters)
    after = await p.good(ReadFormatCapacities(), "MMC-6 6.22")
    if after is not None:
        p.expect(
            FormatCapacities.parse(after).kind is CapacityType.FORMATTED,
            "formatted, and not told so",
            "MMC-6 6.22",
        )


CHECKS = (Check("recording", "writing, closing and reading back a blank disc", recording),)
