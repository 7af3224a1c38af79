"""What others take, made of discs: image files of their data, and CD images with a cue sheet or a TOC file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import attrs

from aioimapi.cd._cue_file import format_cue_file
from aioimapi.cd._sheet import (
    MAX_INDEX,
    DiscKind,
    Place,
    Sheet,
    SheetFile,
    SheetForm,
    SheetSubchannel,
    SheetTrack,
    Stretch,
    Texts,
)
from aioimapi.cd._toc_file import format_toc_file
from aioimapi.errors import DiscBlankError, OutputError, OutputExistsError, SheetError, VirtualMediumError
from aioimapi.units import MSF_OFFSET, RAW_SECTOR_SIZE, SECTOR_SIZE
from aioimapi.virtual._reply import CheckConditionError
from aioimapi.virtual.convert._copying import copy_bytes, output_error, write_all
from aioimapi.virtual.convert._import import data_end, in_sectors
from aioimapi.virtual.convert._import_cd import Progress
from aioimapi.virtual.convert._members import swap_samples
from aioimapi.virtual.convert._texts import fits_inline, sheet_texts
from aioimapi.virtual.discs._cd import CdArea, CdDisc, CdForm, CdTrack
from aioimapi.virtual.discs._state import DiscState, Track
from aioimapi.virtual.families._cd_read import read_user_data, sectors
from aioimapi.virtual.files._medium import RAW_SIZE, RAW_SUFFIX, VirtualMedium
from aioimapi.virtual.files._sidecar import SUFFIX

_BATCH: Final = 256
_SIX_BITS: Final = bytes(value & 0x3F for value in range(256))
_KINDS: Final = {0x20: DiscKind.CD_ROM_XA, 0x10: DiscKind.CD_I}


@attrs.frozen
class _Row:
    """Sectors of a track that can be read, in one piece or several."""

    number: int
    track: CdTrack
    first: int
    end: int
    gap: int
    """Sectors in front of them that cannot be read, or that no sheet holds."""


# --- images of data -----------------------------------------------------------------------------------


def export_image(
    medium: VirtualMedium,
    path: str | os.PathLike[str],
    *,
    track: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the data on a disc into an image file of 2,048-byte sectors.

    Args:
        medium: The disc.
        path: The image.
        track: The track to take; None for all that the disc has from its first sector on, so that sessions find
            each other's files, and of a CD with audio for its first data track.
        force: Replace the image where there is one.
        progress: Is told how far it is, in sectors; what it raises ends the work, and no image stays.

    Returns:
        How many sectors it has.

    Raises:
        DiscBlankError: There is nothing on the disc.
        VirtualMediumError: The track is not there, or is no data.
        OutputExistsError: The image exists.
        OutputError: It cannot be written.
    """
    state = medium.state
    if isinstance(state, CdDisc):
        tracks = [number for number, t in enumerate(state.cd_tracks, 1) if t.form.data and not t.blank]
        if track is None and any(not t.form.data or t.raw for t in state.cd_tracks if not t.blank) and tracks:
            track = tracks[0]
    first, end = (0, data_end(medium)) if track is None else _track_range(medium, track)
    with _output(medium, path, force=force) as handle:
        if isinstance(state, CdDisc):
            _copy_cd_data(medium, state, handle, first, end, progress)
        else:
            copy_bytes(
                medium.handle,
                handle,
                first * SECTOR_SIZE,
                end * SECTOR_SIZE,
                progress=in_sectors(progress),
            )
    return end - first


def _track_range(medium: VirtualMedium, number: int) -> tuple[int, int]:
    state = medium.state
    if not 1 <= number <= len(state.tracks) or state.tracks[number - 1].blank:
        raise VirtualMediumError(f"{medium.path} has no track {number} with data", profile=state.kind.value)
    track = state.tracks[number - 1]
    if isinstance(track, CdTrack) and track.form not in (CdForm.MODE_1, CdForm.FORM_1, CdForm.FORMS):
        raise VirtualMediumError(
            f"track {number} of {medium.path} is {track.form.value}: it has no sectors of 2,048 bytes",
            profile=state.kind.value,
        )
    return track.start, _readable_end(state, track)


def _readable_end(state: DiscState, track: Track) -> int:
    """Return the first sector behind a track's last one that can be read: run-out blocks are left out."""
    end = track.next_lba
    if isinstance(state, CdDisc):
        for first, count in reversed(state.gaps):
            if first + count == end and first > track.start:
                return first
    return end


def _copy_cd_data(
    medium: VirtualMedium, state: CdDisc, handle: int, first: int, end: int, progress: Progress | None
) -> None:
    """Copy user data of a CD; what cannot be read between tracks and packets is zeros."""
    at = first
    while at < end:
        area, _, after = state.area(at)
        after = max(min(after, end, at + _BATCH), at + 1)
        if area in (CdArea.TRACK, CdArea.PREGAP):
            data = memoryview(bytearray((after - at) * SECTOR_SIZE))
            try:
                read_user_data(medium, at, data)
            except CheckConditionError:
                raise VirtualMediumError(
                    f"{medium.path} has sectors between {at:,} and {after - 1:,} that are no user data of 2,048 bytes"
                    " (mode 2 form 2, for example); export a cue sheet",
                    profile=state.kind.value,
                ) from None
            write_all(handle, data, (at - first) * SECTOR_SIZE)
        at = after
        if progress is not None:
            progress(at - first, end - first)
    os.ftruncate(handle, (end - first) * SECTOR_SIZE)


# --- CD images ----------------------------------------------------------------------------------------


def export_sheet(
    medium: VirtualMedium,
    path: str | os.PathLike[str],
    *,
    session: int | None = None,
    cooked: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Sheet:
    """Write a CD as a cue sheet (``.cue``) or a TOC file (``.toc``) with its sectors in a ``.bin`` file beside it.

    Audio has its low byte first in the file of a cue sheet, and its high byte first in that of a TOC file.

    Args:
        medium: The disc.
        path: The sheet; its ending says which.
        session: The session to take; None for all of a cue sheet, and for the only one of a TOC file.
        cooked: Write mode 1 sectors with their 2,048 bytes of user data only.
        force: Replace files that exist.
        progress: Is told how far it is, in sectors; what it raises ends the work, and no file stays.

    Returns:
        The sheet.

    Raises:
        DiscBlankError: There is nothing on the disc.
        VirtualMediumError: It is no CD, or has no such session.
        SheetError: The format has no words for what is on the disc.
        OutputExistsError: A file exists.
        OutputError: A file cannot be written.
    """
    state = medium.state
    name = os.fspath(path)
    if not isinstance(state, CdDisc):
        raise VirtualMediumError(
            f"{medium.path} is a {state.kind.value}; sheets are for CDs: export an image of its data",
            profile=state.kind.value,
        )
    base, ending = os.path.splitext(name)
    toc = ending.lower() == ".toc"
    if not toc and ending.lower() != ".cue":
        raise SheetError("a sheet's name ends in .cue or .toc, which says what it is", path=name)
    rows = _rows(state, _session(medium, state, session, toc=toc))
    sheet, subchannels = _describe(medium, state, rows, base, toc=toc, cooked=cooked)
    text = format_toc_file(sheet) if toc else format_cue_file(sheet)
    for other in (name, base + ".bin", *([base + ".cdt"] if sheet.text_file else [])):
        if os.path.lexists(other) and not force:
            raise OutputExistsError(f"{other} exists; choose another name, or replace it", path=other)
    with _output(medium, base + ".bin", force=force) as handle:
        _write_sectors(medium, state, rows, sheet, subchannels, handle, progress)
    if sheet.text_file:
        with _output(medium, base + ".cdt", force=force) as handle:
            write_all(handle, state.lead(rows[0].track.session).text, 0)
    with _output(medium, name, force=force) as handle:
        write_all(handle, text.encode(), 0)
    return sheet


def _session(medium: VirtualMedium, state: CdDisc, session: int | None, *, toc: bool) -> int | None:
    written = sorted({track.session for track in state.cd_tracks if not track.blank})
    if not written:
        raise DiscBlankError(f"{medium.path} has no track with sectors", profile=state.kind.value)
    if session is None and toc and len(written) > 1:
        raise SheetError(
            f"a TOC file holds one session, and the disc has {len(written)}; choose one (--session N)"
        )
    if session is not None and session not in written:
        raise VirtualMediumError(
            f"{medium.path} has no session {session} with tracks", profile=state.kind.value
        )
    return session


def _rows(state: CdDisc, session: int | None) -> list[_Row]:
    """Return what can be read of each track, with its pregap where that can be, too."""
    rows: list[_Row] = []
    behind = None
    for number, track in enumerate(state.cd_tracks, 1):
        if track.blank or session not in (None, track.session):
            continue
        opens = behind is None or rows[-1].track.session != track.session
        begin = track.start - track.pregap + (MSF_OFFSET if opens else 0)
        if behind is not None and not opens:
            begin = behind
        first = begin if _readable(state, begin, track) else track.start
        rows.append(_Row(number, track, first, _readable_end(state, track), first - begin))
        behind = rows[-1].end
    return rows


def _readable(state: CdDisc, begin: int, track: CdTrack) -> bool:
    """Say whether all of a track's pregap can be read."""
    at = begin
    while at < track.start:
        area, _, after = state.area(at)
        if area is not CdArea.PREGAP:
            return False
        at = after
    return True


def _describe(
    medium: VirtualMedium, state: CdDisc, rows: list[_Row], base: str, *, toc: bool, cooked: bool
) -> tuple[Sheet, set[int]]:
    """Return the sheet, and the tracks whose subchannel is worth keeping."""
    lead = state.lead(rows[0].track.session)
    languages, disc_texts, track_texts = sheet_texts(lead.text) if lead.text else ({}, {}, {})
    name = os.path.basename(base) + ".bin"
    subchannels = {row.number for row in rows if row.track.own_subchannel and _has_subchannel(medium, row)}
    tracks, offset = [], 0
    for place, row in enumerate(rows, 1):
        form, sub = _form(row.track, cooked=cooked), SheetSubchannel.NONE
        if row.number in subchannels and (
            toc or form in (SheetForm.AUDIO, SheetForm.MODE1_RAW, SheetForm.MODE2_RAW)
        ):
            sub = SheetSubchannel.RW_RAW
        size = (row.end - row.first) * (form.block_size + sub.size)
        file = SheetFile(name, big_endian=toc and form.audio)
        tracks.append(
            _sheet_track(
                row,
                form,
                sub,
                Stretch(file, offset, size),
                place,
                track_texts.get(row.number, {}),
                rows[0].track.session,
            )
        )
        offset += size
    text_file = ""
    if lead.text and not toc and not fits_inline(languages, disc_texts):
        text_file = os.path.basename(base) + ".cdt"
    kind = _KINDS.get(lead.disc_type)
    sheet = Sheet(tuple(tracks), kind if toc else None, lead.catalog, languages, {**disc_texts}, text_file)
    return sheet, {row.number for row, track in zip(rows, tracks, strict=True) if track.subchannel.size}


def _form(track: CdTrack, *, cooked: bool) -> SheetForm:
    if track.form is CdForm.AUDIO:
        return SheetForm.AUDIO
    if track.form is CdForm.MODE_1:
        return SheetForm.MODE1 if cooked and not track.raw else SheetForm.MODE1_RAW
    return SheetForm.MODE2_RAW


def _sheet_track(
    row: _Row,
    form: SheetForm,
    sub: SheetSubchannel,
    stretch: Stretch,
    place: int,
    texts: dict[int, Texts],
    first_session: int,
) -> SheetTrack:
    track = row.track
    stretches: tuple[Stretch, ...] = (stretch,)
    shift = 0
    if row.gap:
        stretches, shift = (Stretch(None, 0, row.gap * (form.block_size + sub.size)), stretch), 1
    audio = track.form is CdForm.AUDIO
    return SheetTrack(
        place,
        form,
        stretches,
        Place(shift, track.start - row.first),
        tuple(Place(shift, lba - row.first) for lba in track.indexes[: MAX_INDEX - 1]),
        track.session - first_session + 1,
        sub,
        copy_permitted=bool(track.control & 2),
        pre_emphasis=audio and bool(track.control & 1),
        four_channel=audio and bool(track.control & 8),
        isrc=track.isrc if track.isrc.isalnum() else "",
        texts=texts,
    )


def _has_subchannel(medium: VirtualMedium, row: _Row) -> bool:
    """Say whether anything is in the channels R to W of a track."""
    return any(
        any(raw[at + RAW_SECTOR_SIZE : at + RAW_SIZE].translate(_SIX_BITS))
        for raw in _raw(medium, row)
        for at in range(0, len(raw), RAW_SIZE)
    )


def _raw(medium: VirtualMedium, row: _Row) -> Iterator[bytes]:
    at = row.first
    while at < row.end:
        count = min(_BATCH, row.end - at)
        raw = bytearray(count * RAW_SIZE)
        medium.read_raw_into(at, memoryview(raw))
        yield bytes(raw)
        at += count


def _write_sectors(
    medium: VirtualMedium,
    state: CdDisc,
    rows: list[_Row],
    sheet: Sheet,
    subchannels: set[int],
    handle: int,
    progress: Progress | None,
) -> None:
    total, done, place = sum(row.end - row.first for row in rows), 0, 0
    for row, track in zip(rows, sheet.tracks, strict=True):
        at = row.first
        while at < row.end:
            count = min(_BATCH, row.end - at)
            if track.form is SheetForm.MODE1:
                data = bytearray(count * SECTOR_SIZE)
                read_user_data(medium, at, memoryview(data))
            else:
                data = bytearray(_mains(medium, state, row, at, count, with_sub=row.number in subchannels))
            file = track.stretches[-1].file
            if file is not None and file.big_endian:
                swap_samples(data, track.subchannel)
            write_all(handle, data, place)
            place, at, done = place + len(data), at + count, done + count
            if progress is not None:
                progress(done, total)


def _mains(medium: VirtualMedium, state: CdDisc, row: _Row, lba: int, count: int, *, with_sub: bool) -> bytes:
    """Return whole sectors; links between packets, which cannot be read, are as if they held zeros."""
    mains = [main for _, main in sectors(medium, state, row.number, lba, count)]
    if not with_sub:
        return b"".join(mains)
    raw = bytearray(count * RAW_SIZE)
    medium.read_raw_into(lba, memoryview(raw))
    subs = [
        raw[at + RAW_SECTOR_SIZE : at + RAW_SIZE].translate(_SIX_BITS) for at in range(0, len(raw), RAW_SIZE)
    ]
    return b"".join(part for pair in zip(mains, subs, strict=True) for part in pair)


# --- files --------------------------------------------------------------------------------------------


@contextmanager
def _output(medium: VirtualMedium, path: str | os.PathLike[str], *, force: bool) -> Iterator[int]:
    """Open a file under another name, and give it its own once all of it is there."""
    name = os.fspath(path)
    if os.path.realpath(name) in [
        os.path.realpath(medium.path + suffix) for suffix in ("", SUFFIX, RAW_SUFFIX)
    ]:
        raise OutputError(f"{name} is the disc itself; put the output somewhere else", path=name)
    if os.path.lexists(name) and not force:
        raise OutputExistsError(f"{name} exists; choose another name, or replace it", path=name)
    part = f"{name}.part"
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise output_error(name, error) from error
    try:
        try:
            yield handle
        finally:
            os.close(handle)
        os.replace(part, name)
    except OSError as error:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise output_error(name, error) from error
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise
