"""What the drive tells of the disc: sessions, tracks, TOC, sizes, and whether it all fits (MMC-6 6.21 to 6.27)."""

from __future__ import annotations

from typing import Final

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc import (
    LEAD_OUT,
    CapacityData,
    CapacityType,
    DiscInformation,
    DiscStatus,
    FormatCapacities,
    GetPerformance,
    Read10,
    ReadCapacity,
    ReadDiscInformation,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
    SessionState,
    TestUnitReady,
    Toc,
    TocFormat,
    TrackAddressType,
    TrackInformation,
    WriteSpeeds,
    Writing,
    traits_of,
)
from aioimapi.testing._drive._probe import (
    INVALID_FIELD,
    OUT_OF_RANGE,
    Check,
    NotApplicableError,
    Probe,
    wrong,
)

_DISC: Final = "MMC-6 6.21"
_TRACK: Final = "MMC-6 6.27"
_CAPACITY: Final = "MMC-6 6.23"
_NO_DISC: Final = tuple((2, 0x3A, ascq) for ascq in range(3))
_MOST_TRACKS: Final = 300


async def without_disc(p: Probe) -> None:
    """With no disc in it, commands about the disc say so."""
    answer = await p.send(TestUnitReady())
    if answer.good or answer.triple not in _NO_DISC:
        raise NotApplicableError("a disc is in the drive")
    for command in (
        ReadDiscInformation(),
        ReadTrackInformation(TrackAddressType.TRACK, 1),
        ReadCapacity(),
        Read10(0, 1),
        ReadTocPmaAtip(),
    ):
        await p.refused(command, f"{command.name} without a disc", codes=_NO_DISC, clause="MMC-6 annex F")


async def disc_information(p: Probe) -> None:
    """READ DISC INFORMATION agrees with the profile and with itself."""
    if not await p.has_disc():
        raise NotApplicableError("no disc in the drive")
    data = await p.good(ReadDiscInformation(4096), _DISC)
    if data is None or not p.expect(len(data) >= 34, f"{len(data)} bytes came; 34 are mandatory", _DISC):
        return
    length = int.from_bytes(data[:2], "big") + 2
    p.measure(data, length, "READ DISC INFORMATION", _DISC)
    p.expect(length == 34 + 8 * data[33], f"{data[33]} OPC tables in an answer of {length} bytes", _DISC)
    disc = DiscInformation.parse(data)
    traits = traits_of(await p.profile())
    p.expect(disc.first_track >= 1, "the first track is number 0", _DISC)
    p.expect(disc.sessions >= 1, "the disc has 0 sessions; a blank one has an empty first", _DISC)
    first, last = disc.first_track_in_last_session, disc.last_track_in_last_session
    p.expect(1 <= first <= last, f"the last session goes from track {first} to {last}", _DISC)
    if traits.writing is not Writing.NEVER and disc.erasable is not traits.erasable:
        p.fault(f"the erasable bit is {int(disc.erasable)} of a {traits.name}", clause=_DISC)
    if disc.disc_status is DiscStatus.BLANK:
        p.expect(
            disc.last_session_state is SessionState.EMPTY, "blank, and its last session is not empty", _DISC
        )
        p.expect(disc.sessions == 1, f"blank, with {disc.sessions} sessions", _DISC)
    if disc.disc_status is DiscStatus.COMPLETE:
        p.expect(
            disc.last_session_state is SessionState.COMPLETE, "complete, and its last session is not", _DISC
        )
    await p.refused(
        wrong(ReadDiscInformation(), (1, 0x07)), "READ DISC INFORMATION of type 111b", at=(1,), clause=_DISC
    )


async def _tracks(p: Probe, disc: DiscInformation) -> list[TrackInformation]:
    """Return all tracks; what cannot be read is a finding."""
    found = []
    for number in range(disc.first_track, min(disc.last_track_in_last_session, _MOST_TRACKS) + 1):
        data = await p.good(
            ReadTrackInformation(TrackAddressType.TRACK, number, allocation_length=512), _TRACK
        )
        if data is None or not p.expect(len(data) >= 28, f"track {number}: {len(data)} bytes came", _TRACK):
            break
        length = int.from_bytes(data[:2], "big") + 2
        found.append(TrackInformation.parse(p.measure(data, length, f"track {number}", _TRACK)))
    return found


async def track_information(p: Probe) -> None:
    """READ TRACK INFORMATION: the tracks lie behind each other and agree with the disc's state."""
    disc = await p.need_disc()
    tracks = await _tracks(p, disc)
    end, session = -1 << 40, 0
    for number, track in enumerate(tracks, disc.first_track):
        name = f"track {number}"
        p.expect(track.track == number, f"{name} calls itself {track.track}", _TRACK)
        p.expect(session <= track.session <= disc.sessions, f"{name} is in session {track.session}", _TRACK)
        p.expect(
            track.start_lba >= end, f"{name} begins at {track.start_lba}, before the end of the last", _TRACK
        )
        session, end = track.session, track.start_lba + track.size_sectors
        _check_open_part(p, name, track, disc)
    if tracks:
        p.expect(
            tracks[-1].session == disc.sessions,
            f"the last track is in session {tracks[-1].session} of {disc.sessions}",
            _TRACK,
        )
        await _check_other_addresses(p, disc, tracks)


def _check_open_part(p: Probe, name: str, track: TrackInformation, disc: DiscInformation) -> None:
    if track.nwa_valid:
        p.expect(
            disc.disc_status is not DiscStatus.COMPLETE, f"{name} is writable on a complete disc", _TRACK
        )
        p.expect(
            track.next_writable_lba >= track.start_lba,
            f"{name}: the next writable address {track.next_writable_lba} is before its start {track.start_lba}",
            _TRACK,
        )
        left = track.start_lba + track.size_sectors - track.next_writable_lba
        p.expect(track.free_sectors <= left, f"{name}: {track.free_sectors} free, {left} are left", _TRACK)
        if track.blank and track.start_lba != track.next_writable_lba:
            p.deviation(f"{name} is blank and its next writable address is not its start", clause=_TRACK)
    elif disc.disc_status is DiscStatus.BLANK and not disc.erasable:
        p.fault(f"{name} of a blank disc has no next writable address", clause=_TRACK)
    if track.lra_valid:
        p.expect(
            track.start_lba <= track.last_recorded_lba < track.start_lba + track.size_sectors,
            f"{name}: the last recorded address {track.last_recorded_lba} is outside of it",
            _TRACK,
        )


async def _check_other_addresses(p: Probe, disc: DiscInformation, tracks: list[TrackInformation]) -> None:
    """The same track comes by its sectors and by its session; what does not exist is refused."""
    for track in (tracks[0], tracks[-1]):
        for address in {track.start_lba, track.start_lba + track.size_sectors - 1}:
            data = await p.optional(ReadTrackInformation(TrackAddressType.LBA, address))
            if data is None:
                p.deviation(f"LBA {address} of track {track.track} finds no track", clause=_TRACK)
            elif TrackInformation.parse(data).track != track.track:
                p.fault(f"LBA {address} is in track {track.track} and finds another", clause=_TRACK)
    data = await p.optional(ReadTrackInformation(TrackAddressType.SESSION, disc.sessions))
    if data is not None:
        first = TrackInformation.parse(data).track
        p.expect(
            first == disc.first_track_in_last_session,
            f"session {disc.sessions} begins with track {first}, READ DISC INFORMATION says "
            f"{disc.first_track_in_last_session}",
            _TRACK,
        )
    beyond = disc.last_track_in_last_session + 1
    await p.refused(
        ReadTrackInformation(TrackAddressType.TRACK, beyond),
        f"READ TRACK INFORMATION of track {beyond}, which is not there",
        codes=(INVALID_FIELD, OUT_OF_RANGE),
        at=(2, 3, 4, 5),
        clause=_TRACK,
    )
    reserved = wrong(ReadTrackInformation(TrackAddressType.SESSION, 1), (1, 0x03))
    await p.refused(
        reserved, "READ TRACK INFORMATION with the reserved address type 11b", at=(1,), clause=_TRACK
    )


async def contents(p: Probe) -> None:
    """READ TOC: complete sessions are listed, blank discs have none."""
    disc = await p.need_disc()
    answer = await p.send(ReadTocPmaAtip())
    closed = disc.disc_status is DiscStatus.COMPLETE or disc.sessions > 1
    if not answer.good:
        if closed:
            p.fault("READ TOC of a disc with a complete session was refused", answer, "MMC-6 6.25")
        return
    try:
        length = int.from_bytes(answer.data[:2], "big") + 2
        toc = Toc.parse(p.measure(answer.data, length, "READ TOC", "MMC-6 6.25"))
    except RemoteProtocolError as error:
        p.fault(f"READ TOC: {error}", answer, "MMC-6 6.25")
        return
    if disc.disc_status is DiscStatus.BLANK and not disc.erasable:
        p.deviation("a blank disc has a TOC", answer, "MMC-6 6.25")
    starts = [track.start for track in toc.tracks if track.track != LEAD_OUT]
    numbers = [track.track for track in toc.tracks if track.track != LEAD_OUT]
    p.expect(
        numbers == list(range(toc.first_track, toc.last_track + 1)),
        f"the TOC lists tracks {numbers}",
        "MMC-6 6.25",
    )
    p.expect(starts == sorted(starts), f"tracks begin at {starts}", "MMC-6 6.25")
    lead_out = toc.lead_out
    if p.expect(lead_out is not None, "the TOC has no lead-out (AAh)", "MMC-6 6.25") and starts and lead_out:
        p.expect(
            lead_out > starts[-1], f"the lead-out at {lead_out} is not behind the last track", "MMC-6 6.25"
        )
    msf = await p.optional(ReadTocPmaAtip(msf=True))
    if msf is not None:
        p.expect(len(msf) == len(answer.data), "in MSF form the TOC has another size", "MMC-6 6.25")
    await p.refused(
        wrong(ReadTocPmaAtip(TocFormat.TOC), (2, 0x0F)),
        "READ TOC of format 1111b",
        at=(2,),
        clause="MMC-6 6.25",
    )
    if toc.last_track < 99:
        await p.refused(
            ReadTocPmaAtip(number=toc.last_track + 1),
            f"READ TOC from track {toc.last_track + 1}, which is not there",
            at=(6,),
            clause="MMC-6 6.25",
        )


async def capacity(p: Probe) -> None:
    """READ CAPACITY agrees with the tracks, and the last sector that it tells can be read."""
    disc = await p.need_disc()
    data = await p.optional(ReadCapacity())
    if data is None:
        if disc.disc_status is DiscStatus.COMPLETE:
            p.fault("READ CAPACITY of a complete disc was refused", clause=_CAPACITY)
        return
    size = CapacityData.parse(data)
    p.expect(size.block_size == 2048, f"the block size is {size.block_size}", _CAPACITY)
    if disc.disc_status is DiscStatus.BLANK:
        return
    tracks = await _tracks(p, disc)
    end = max((track.start_lba + track.size_sectors for track in tracks), default=0)
    if tracks:
        p.expect(
            size.sectors <= end,
            f"READ CAPACITY says {size.sectors} sectors, the tracks end at {end}",
            _CAPACITY,
        )
    if disc.disc_status is DiscStatus.COMPLETE and tracks and tracks[-1].track_mode & 4:
        await p.good(Read10(max(0, size.last_lba - 2), 1), "MMC-6 6.19")
    await p.refused(
        Read10(max(size.last_lba, end) + 1, 1),
        "READ past the end of the disc",
        codes=(OUT_OF_RANGE, (5, 0x64, 0), (5, 0x30, 0x10), (8, 0, 0)),
        clause="MMC-6 6.19",
    )


async def format_capacities(p: Probe) -> None:
    """READ FORMAT CAPACITIES agrees with the disc."""
    data = await p.optional(ReadFormatCapacities())
    if data is None:
        raise NotApplicableError("the drive formats nothing (READ FORMAT CAPACITIES)")
    data = p.measure(data, 4 + data[3], "READ FORMAT CAPACITIES", "MMC-6 6.22")
    if not p.expect(len(data) >= 12 and len(data) % 8 == 4, f"a list of {len(data)} bytes", "MMC-6 6.22"):
        return
    listed = FormatCapacities.parse(data)
    if not await p.has_disc():
        p.expect(
            listed.kind is CapacityType.NO_MEDIA, f"no disc, and the type is {listed.kind!r}", "MMC-6 6.22"
        )
        return
    disc = await p.need_disc()
    if disc.disc_status is DiscStatus.BLANK and not disc.erasable:
        p.expect(
            listed.kind is CapacityType.UNFORMATTED, f"blank, and the type is {listed.kind!r}", "MMC-6 6.22"
        )
    if traits_of(await p.profile()).writing is Writing.OVERWRITE:
        p.expect(listed.formats, "a rewritable disc has no format that it can be given", "MMC-6 6.22")


async def performance(p: Probe) -> None:
    """GET PERFORMANCE tells speeds for writing on a disc that can be written."""
    disc = await p.need_disc()
    data = await p.optional(GetPerformance())
    traits = traits_of(await p.profile())
    writable = traits.writing is not Writing.NEVER and disc.disc_status is not DiscStatus.COMPLETE
    if data is None or len(data) < 8:
        if writable and traits.family != "CD":
            p.deviation("a disc that can be written has no writing speeds (type 03h)", clause="MMC-6 6.8")
        return
    speeds = WriteSpeeds.parse(data).descriptors
    p.expect(all(speed.write_kbps for speed in speeds), "a writing speed is 0", "MMC-6 6.8.6")
    if writable:
        p.expect(speeds, "a disc that can be written has no writing speeds (type 03h)", "MMC-6 6.8.6")


CHECKS = (
    Check("without-disc", "commands about the disc, without one", without_disc),
    Check("disc-information", "READ DISC INFORMATION", disc_information),
    Check("track-information", "READ TRACK INFORMATION of every track", track_information),
    Check("toc", "READ TOC/PMA/ATIP", contents),
    Check("capacity", "READ CAPACITY and the end of the disc", capacity),
    Check("format-capacities", "READ FORMAT CAPACITIES", format_capacities),
    Check("performance", "GET PERFORMANCE", performance),
)
