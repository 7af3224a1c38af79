"""What a CD gives back: user data, whole sectors or parts of them, errors and subchannel (MMC-6 6.17 to 6.19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from aioimapi.cd import (
    PACK_SYMBOLS,
    SYNC,
    PackDeinterleaver,
    SectorMode,
    channel,
    encode_sector,
    encode_sectors,
    form_of,
)
from aioimapi.mmc import C2Selection, MainChannel, SectorType, SubChannelSelection
from aioimapi.units import RAW_SECTOR_SIZE, SECTOR_SIZE
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.discs._cd import CdArea, CdDisc, CdForm, CdTrack
from aioimapi.virtual.discs._state import DiscStatus
from aioimapi.virtual.families._cd_blocks import NO_SUBCHANNEL, subheader_of
from aioimapi.virtual.families._cd_q import made_up
from aioimapi.virtual.files._medium import VirtualMedium

_RAW_SIZE: Final = RAW_SECTOR_SIZE + len(NO_SUBCHANNEL)
_BATCH: Final = 256
_LATE: Final = 2
"""Sectors that R to W are spread over beyond their own: packs come out seven packs late."""

_PLAIN_MODES: Final = {CdForm.MODE_1: SectorMode.MODE_1, CdForm.FORM_1: SectorMode.MODE_2_FORM_1}

_TYPES: Final = {
    SectorMode.MODE_1: SectorType.MODE_1,
    SectorMode.MODE_2: SectorType.MODE_2,
    SectorMode.MODE_0: SectorType.MODE_2,
    SectorMode.MODE_2_FORM_1: SectorType.MODE_2_FORM_1,
    SectorMode.MODE_2_FORM_2: SectorType.MODE_2_FORM_2,
}

ErrorBits = Callable[[int], bytes]
"""Returns the 294 bytes of C2 error bits of a sector."""


def illegal_mode(lba: int) -> CheckConditionError:
    """5/64/00: the sector is not of the kind that was asked for."""
    return CheckConditionError(5, 0x64, 0, information=lba)


def check_area(disc: CdDisc, lba: int, count: int, *, data: bool = False) -> None:
    """End the command where a sector of the range cannot be read at all, or where audio cannot be meant."""
    if disc.status is DiscStatus.BLANK:
        raise CheckConditionError(5, 0x64, 0)
    at, end = lba, lba + count
    while at < end:
        area, number, after = disc.area(at)
        if area is CdArea.OUTSIDE:
            if at >= disc.tracks[-1].next_lba:
                raise CheckConditionError(5, 0x21, 0)
            raise illegal_mode(at)
        if area is CdArea.BLANK:
            recorded = max((t.next_lba for t in disc.tracks if not t.blank), default=0)
            if at >= recorded:
                raise CheckConditionError(5, 0x21, 0)
            raise CheckConditionError(8, 0x00, 0, information=at)
        if area is CdArea.LINK or (data and not disc.cd_tracks[number - 1].form.data):
            raise illegal_mode(at)
        at = after


# --- user data ----------------------------------------------------------------------------------------


def read_user_data(medium: VirtualMedium, lba: int, buffer: memoryview) -> None:
    """Fill ``buffer`` with user data of 2,048 bytes a sector; the areas are checked already."""
    disc = medium.state
    assert isinstance(disc, CdDisc)
    at, end = lba, lba + -(-len(buffer) // SECTOR_SIZE)
    while at < end:
        _, number, after = disc.area(at)
        after = min(after, end)
        piece = buffer[(at - lba) * SECTOR_SIZE : (after - lba) * SECTOR_SIZE]
        track = disc.cd_tracks[number - 1]
        if track.raw:
            _extract(medium, track, at, piece)
        else:
            medium.read_into(at, piece)
        at = after


def _extract(medium: VirtualMedium, track: CdTrack, lba: int, buffer: memoryview) -> None:
    """Fill ``buffer`` with the user data of sectors that lie in the raw file."""
    count = -(-len(buffer) // SECTOR_SIZE)
    raw = memoryview(bytearray(count * _RAW_SIZE))
    medium.read_raw_into(lba, raw)
    for at in range(count):
        main = raw[at * _RAW_SIZE : at * _RAW_SIZE + RAW_SECTOR_SIZE]
        mode = mode_of(track, bytes(main[:24]))
        if mode not in (SectorMode.MODE_1, SectorMode.MODE_2_FORM_1):
            raise illegal_mode(lba + at)
        place = buffer[at * SECTOR_SIZE : (at + 1) * SECTOR_SIZE]
        place[:] = main[mode.user_offset :][: len(place)]


def mode_of(track: CdTrack, head: bytes) -> SectorMode:
    """Return what a sector is that lies in the raw file, given its first 24 bytes."""
    if not track.form.data:
        return SectorMode.AUDIO
    if not head.startswith(SYNC):  # never written: zeros, in the mode of its track
        return SectorMode.MODE_2 if track.form is CdForm.MODE_2 else SectorMode.MODE_1
    if head[15] == 2:
        return SectorMode.MODE_2 if track.form is CdForm.MODE_2 else form_of(head[16:24])
    return SectorMode.MODE_1 if head[15] == 1 else SectorMode.MODE_0


# --- READ CD ------------------------------------------------------------------------------------------


@attrs.frozen
class Wanted:
    """What READ CD asks for.

    Attributes:
        type_: The type that all sectors must have.
        main: Which parts of the main channel.
        c2: Error information.
        sub: Subchannel.
    """

    type_: SectorType
    main: MainChannel
    c2: C2Selection
    sub: SubChannelSelection


def read_cd_sectors(
    medium: VirtualMedium, lba: int, count: int, wanted: Wanted, errors: ErrorBits | None
) -> bytes:
    """Return what READ CD asks for of so many sectors, or end the command."""
    disc = medium.state
    assert isinstance(disc, CdDisc)
    check_area(disc, lba, count)
    pieces: list[bytes] = []
    at, end = lba, lba + count
    first_type: bool | None = None
    while at < end:
        _, number, after = disc.area(at)
        after = min(after, end, at + _BATCH)
        track = disc.cd_tracks[number - 1]
        if wanted.type_ is SectorType.ANY and first_type not in (None, track.form.data):
            raise illegal_mode(at)  # audio and data do not mix in one command (MMC-6 6.17.2.1)
        first_type = track.form.data
        _take(medium, disc, number, at, after - at, wanted, errors, pieces)
        at = after
    return b"".join(pieces)


def _take(
    medium: VirtualMedium,
    disc: CdDisc,
    number: int,
    lba: int,
    count: int,
    wanted: Wanted,
    errors: ErrorBits | None,
    pieces: list[bytes],
) -> None:
    """Append what is asked for of sectors of one track."""
    subs = _subchannels(medium, disc, number, lba, count, wanted.sub)
    for at, (mode, main) in enumerate(sectors(medium, disc, number, lba, count)):
        kind = SectorType.CD_DA if mode is SectorMode.AUDIO else _TYPES[mode]
        if wanted.type_ not in (SectorType.ANY, kind):
            raise illegal_mode(lba + at)
        part = wanted.main.range_in(kind)
        if part is None:
            raise invalid_field(9)
        pieces.append(main[part[0] : part[1]])
        bits = bytes(294) if errors is None else errors(lba + at)
        if wanted.c2:
            pieces.append(bits if wanted.c2 is C2Selection.POINTERS else _block_error(bits) + bits)
        if subs:
            pieces.append(subs[at])


def _block_error(bits: bytes) -> bytes:
    """Return the OR of all error bytes, and a zero."""
    found = 0
    for value in bits:
        found |= value
    return bytes((found, 0))


def _subchannels(
    medium: VirtualMedium, disc: CdDisc, number: int, lba: int, count: int, selection: SubChannelSelection
) -> list[bytes]:
    """Return the subchannel of each sector as it was asked for."""
    if not selection:
        return []
    more = _LATE if selection is SubChannelSelection.R_TO_W else 0
    track = disc.cd_tracks[number - 1]
    raw = [made_up(disc, number, lba + at) for at in range(count + more)]
    if track.own_subchannel:
        buffer = bytearray((count + more) * _RAW_SIZE)
        medium.read_raw_into(lba, memoryview(buffer))
        raw = [
            bytes(buffer[at + RAW_SECTOR_SIZE : at + _RAW_SIZE]) for at in range(0, len(buffer), _RAW_SIZE)
        ]
    if selection is SubChannelSelection.RAW:
        return raw
    if selection is SubChannelSelection.Q:
        return [channel(sub, 1) + bytes((0, 0, 0, channel(sub, 0)[0] & 0x80)) for sub in raw]
    deinterleaver = PackDeinterleaver()
    packs = b"".join([deinterleaver.sector(sub) for sub in raw])[7 * PACK_SYMBOLS :]
    return [packs[at * len(NO_SUBCHANNEL) :][: len(NO_SUBCHANNEL)] for at in range(count)]


def sectors(
    medium: VirtualMedium, disc: CdDisc, number: int, lba: int, count: int
) -> list[tuple[SectorMode, bytes]]:
    """Return sectors of one track: their mode, and 2,352 bytes."""
    track = disc.cd_tracks[number - 1]
    if track.raw:
        raw = bytearray(count * _RAW_SIZE)
        medium.read_raw_into(lba, memoryview(raw))
        rows = range(0, len(raw), _RAW_SIZE)
        return [_raw_sector(track, lba + n, bytes(raw[at : at + _RAW_SIZE])) for n, at in enumerate(rows)]
    data = bytearray(count * SECTOR_SIZE)
    hidden = min(count, max(0, -lba))  # sectors in front of the first one have no place in the medium file
    if hidden < count:
        medium.read_into(lba + hidden, memoryview(data)[hidden * SECTOR_SIZE :])
    mode = _PLAIN_MODES[track.form]
    subheader = subheader_of(track) if track.form is CdForm.FORM_1 else None
    return [(mode, main) for main in encode_sectors(mode, lba, data, subheader)]


def _raw_sector(track: CdTrack, lba: int, raw: bytes) -> tuple[SectorMode, bytes]:
    main = raw[:RAW_SECTOR_SIZE]
    mode = mode_of(track, main[:24])
    if mode is not SectorMode.AUDIO and not main.startswith(SYNC):  # padding that was never sent: zeros
        main = encode_sector(mode, lba, bytes(mode.user_bytes))
    return mode, main
