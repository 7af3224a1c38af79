"""A CD made of a cue sheet or a TOC file and the files that it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from aioimapi.cd import SYNC, PackInterleaver, SectorMode, encode_sectors, form_of, with_pq
from aioimapi.cd._cue_file import parse_cue_file
from aioimapi.cd._sheet import (
    MAX_SHEET_BYTES,
    DiscKind,
    LaidTrack,
    Sheet,
    SheetForm,
    SheetSubchannel,
    lay_out,
)
from aioimapi.cd._toc_file import parse_toc_file
from aioimapi.errors import DiscTooSmallError, SheetError
from aioimapi.units import MSF_OFFSET, RAW_SECTOR_SIZE
from aioimapi.virtual.convert._members import BATCH, Members
from aioimapi.virtual.convert._texts import text_packs
from aioimapi.virtual.discs._cd import MAX_TEXT_BYTES, CdDisc, CdForm, CdSession, CdTrack, NextSession
from aioimapi.virtual.discs._cd_traits import CD_MIN_TRACK, CD_R_SECTORS, CD_SECTORS
from aioimapi.virtual.discs._kinds import MediumKind
from aioimapi.virtual.discs._registry import blank_disc
from aioimapi.virtual.families._cd_blocks import (
    DATA_BLOCK_TYPES,
    DATA_FORMS,
    FORM_1_SUBHEADER,
    NO_SUBCHANNEL,
    BlockType,
    raw_of,
    user_data_of,
)
from aioimapi.virtual.families._cd_q import q_of
from aioimapi.virtual.files._filled import finish_cd
from aioimapi.virtual.files._medium import VirtualMedium

Progress = Callable[[int, int], None]
"""Is told how many sectors are done, and of how many; what it raises ends the work."""

_DISC_TYPES: Final = {DiscKind.CD_DA: 0, DiscKind.CD_ROM: 0, DiscKind.CD_ROM_XA: 0x20, DiscKind.CD_I: 0x10}
_TEXT_FILE_LIMIT: Final = MAX_TEXT_BYTES + 64
_SUBHEADER: Final = 8
_FORM_1_SECTOR: Final = BlockType(
    RAW_SECTOR_SIZE, CdForm.FORM_1, SectorMode.MODE_2_FORM_1, user=24, plain=True
)
_ADDRESS: Final = 12
"""Where in a sector its address stands, behind the synchronisation."""


def read_sheet(path: str) -> Sheet:
    """Return what a sheet says: a cue sheet, or a TOC file by its ending ``.toc``.

    Raises:
        SheetError: It cannot be read, or breaks its format.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SHEET_BYTES + 1)
    except OSError as error:
        raise SheetError(f"it cannot be opened: {error.strerror}", path=path) from error
    parse = parse_toc_file if path.lower().endswith(".toc") else parse_cue_file
    return parse(data, path)


def _plan(sheet: Sheet, members: Members, kind: MediumKind) -> tuple[CdDisc, list[_Content]]:
    """Return the state that a CD will have, and what each track's files hold.

    Raises:
        SheetError: The sheet and its files do not fit each other.
        DiscTooSmallError: No CD is so large.
    """
    laid = lay_out(sheet, members.size)
    needed = laid[-1].end
    largest = max(CD_SECTORS.values())
    if needed > largest:
        raise DiscTooSmallError(
            f"the CD has {needed:,} sectors, and the largest blank one {largest:,}",
            profile=kind.value,
            needed=needed,
            free=largest,
        )
    size = min(size for size in CD_SECTORS.values() if size >= max(needed, CD_R_SECTORS))
    state = blank_disc(kind, size)
    assert isinstance(state, CdDisc)
    contents = [_content(track, sheet, members) for track in laid]
    state.tracks = [_track(track, content, laid) for track, content in zip(laid, contents, strict=True)]
    state.sessions = laid[-1].track.session
    state.leads = [_lead(sheet, laid, session, members) for session in range(1, state.sessions + 1)]
    return state, contents


def _track(laid: LaidTrack, content: _Content, all_: tuple[LaidTrack, ...]) -> CdTrack:
    track, block = laid.track, content.block
    if laid.end - laid.start < CD_MIN_TRACK:
        raise SheetError(
            f"track {track.number} has {laid.end - laid.start} sectors; a CD's tracks have {CD_MIN_TRACK} at least",
            line=track.line,
        )
    own = track.subchannel is not SheetSubchannel.NONE
    before = MSF_OFFSET if _opens_session(laid, all_) else 0
    control = (0 if track.form.audio else 4) | track.copy_permitted << 1
    if track.form.audio:
        control |= track.pre_emphasis | track.four_channel << 3
    return CdTrack(
        track.session,
        laid.start,
        laid.start,
        laid.end,
        form=block.form,
        raw=own or not block.plain,
        own_subchannel=own,
        control=control,
        whole=True,
        pregap=laid.start - laid.first + before,
        indexes=list(laid.indexes),
        isrc=track.isrc,
        subheader=content.subheader,
    )


def _opens_session(laid: LaidTrack, all_: tuple[LaidTrack, ...]) -> bool:
    return next(other for other in all_ if other.track.session == laid.track.session) is laid


def _lead(sheet: Sheet, laid: tuple[LaidTrack, ...], session: int, members: Members) -> CdSession:
    last = laid[-1].track.session
    text = b""
    if session == 1:
        if sheet.text_file:
            data = members.read_small(sheet.text_file, _TEXT_FILE_LIMIT)
            text = data[len(data) % 18 and 4 :]  # some programs put READ TOC's header before the packs
            text = text[: len(text) // 18 * 18][:MAX_TEXT_BYTES]
        else:
            text = text_packs(sheet, [t.track for t in laid if t.track.session == 1])
    following = NextSession.ALLOWED
    if session == last:
        following = NextSession.NONE if last == 1 else NextSession.FORBIDDEN
    return CdSession(_DISC_TYPES[sheet.disc_kind], sheet.catalog, text, following)


@attrs.frozen
class _Content:
    """What a track's files hold.

    Attributes:
        block: The kind of block.
        subheader: What all sectors of it seem to have, of mode 2 form 1.
        otherwise: What it is where sectors turn out not to be what a drive would make of their user data.
    """

    block: BlockType
    subheader: bytes = b""
    otherwise: BlockType | None = None


def _content(laid: LaidTrack, sheet: Sheet, members: Members) -> _Content:
    """Look at a track's files; of mode 2 the first sector says whether there are forms."""
    form = laid.track.form
    if form in (SheetForm.MODE2, SheetForm.MODE2_RAW):
        first = next((bytes(data) for _, data in members.chunks(laid) if data is not None), b"")
        at = 16 if form is SheetForm.MODE2_RAW else 0
        head = first[at : at + _SUBHEADER]
        if len(head) < _SUBHEADER or head[:4] != head[4:] or sheet.disc_kind is DiscKind.CD_ROM:
            return _Content(DATA_FORMS[0x31 if at else 0x30])
        if not at or form_of(head) is not SectorMode.MODE_2_FORM_1:
            return _Content(DATA_FORMS[0x21 if at else 0x20])
        return _Content(_FORM_1_SECTOR, b"" if head == FORM_1_SUBHEADER else head, DATA_FORMS[0x21])
    block = {
        SheetForm.AUDIO: DATA_FORMS[0x00],
        SheetForm.MODE1: DATA_FORMS[0x10],
        SheetForm.MODE1_RAW: DATA_FORMS[0x11],
        SheetForm.MODE2_FORM1: DATA_BLOCK_TYPES[10],
        SheetForm.MODE2_FORM2: DATA_BLOCK_TYPES[12],
        SheetForm.MODE2_FORM_MIX: DATA_FORMS[0x20],
    }[form]
    return _Content(block, otherwise=block)


# --- sectors ------------------------------------------------------------------------------------------


class _NotPlainError(Exception):
    """A sector is not what a drive would make of its user data: the track has to be kept as it is."""


def fill_cd(
    medium: VirtualMedium, sheet: Sheet, members: Members, kind: MediumKind, progress: Progress | None
) -> None:
    """Put all that a sheet describes onto a new disc, and finish it.

    Raises:
        SheetError: The sheet and its files do not fit each other.
        DiscTooSmallError: No CD is so large.
    """
    state, contents = _plan(sheet, members, kind)
    laid = lay_out(sheet, members.size)
    total, done = laid[-1].end, 0
    for at, (track, content) in enumerate(zip(laid, contents, strict=True)):
        try:
            for count in _copy(medium, state, at, track, content.block, members):
                done += count
                if progress is not None:
                    progress(min(done, total), total)
        except _NotPlainError:
            assert content.otherwise is not None
            kept = state.cd_tracks[at]
            kept.form, kept.raw, kept.subheader = content.otherwise.form, True, b""
            for _ in _copy(medium, state, at, track, content.otherwise, members):
                if progress is not None:
                    progress(min(done, total), total)
    raw = [track.end for track in state.cd_tracks if track.raw and track.end]
    if raw:
        _reach(medium, max(raw))
    finish_cd(state)
    state.check()
    medium.state = state
    medium.save()


def _copy(
    medium: VirtualMedium, state: CdDisc, at: int, laid: LaidTrack, block: BlockType, members: Members
) -> Iterator[int]:
    """Put one track onto the disc, and tell of each step how many sectors it was."""
    track = state.cd_tracks[at]
    lba = track.start - track.pregap
    packs = PackInterleaver() if laid.track.subchannel is SheetSubchannel.RW else None
    if lba < laid.first and track.raw and track.form.data:
        _put_raw(
            medium, state, at, block, lba, laid.first - lba, None, laid.track.subchannel, packs
        )  # the pause that no sheet holds
    lba = laid.first
    for count, data in members.chunks(laid):
        if track.raw:
            _put_raw(medium, state, at, block, lba, count, data, laid.track.subchannel, packs)
        elif data is not None:
            medium.put(lba, _plain(block, lba, data, track.subheader))
        lba += count
        yield count


def _plain(block: BlockType, lba: int, data: memoryview, subheader: bytes) -> memoryview:
    """Return user data; of whole sectors only where a drive would make the same sectors of it."""
    user = block.user_data(data)
    if block.size == RAW_SECTOR_SIZE and any(data):
        assert block.mode is not None
        head = (subheader or FORM_1_SUBHEADER) if block.form is CdForm.FORM_1 else None
        if b"".join(encode_sectors(block.mode, lba, user, head)) != data:
            raise _NotPlainError
    return user


def _put_raw(
    medium: VirtualMedium,
    state: CdDisc,
    at: int,
    block: BlockType,
    lba: int,
    count: int,
    data: memoryview | None,
    subchannel: SheetSubchannel,
    packs: PackInterleaver | None,
) -> None:
    """Put sectors into the raw file, and the user data that they have into the medium file."""
    track = state.cd_tracks[at]
    if data is None:
        if not track.form.data and not track.own_subchannel:
            return  # silence is what the file's holes hold
        for first in range(0, count, BATCH):
            size = min(BATCH, count - first)
            zeros = memoryview(bytes(size * (block.size + subchannel.size)))
            _put_raw(medium, state, at, block, lba + first, size, zeros, subchannel, packs)
        return
    subs = _subchannels(state, at, lba, count, data, subchannel, packs)
    raw, user = raw_of(block, lba, count, data, subs, subchannel.size)
    if block.size == RAW_SECTOR_SIZE and block.form.data:
        raw, user = _as_they_are(lba, data, block.size + subchannel.size, raw, user)
    medium.put_raw(lba, raw)
    for offset, piece in enumerate(user):
        if piece is not None and lba + offset >= 0:
            medium.put(lba + offset, piece)


def _as_they_are(
    lba: int, data: memoryview, step: int, raw: bytes, user: list[bytes | None]
) -> tuple[bytes, list[bytes | None]]:
    """Keep whole sectors that say where they are as the file has them, errors included."""
    pieces: list[bytes] = []
    for at in range(len(user)):
        main = bytes(data[at * step : at * step + RAW_SECTOR_SIZE])
        place = at * (RAW_SECTOR_SIZE + len(NO_SUBCHANNEL))
        made = raw[place : place + RAW_SECTOR_SIZE + len(NO_SUBCHANNEL)]
        if main.startswith(SYNC) and main[_ADDRESS : _ADDRESS + 3] == made[_ADDRESS : _ADDRESS + 3]:
            user[at] = user_data_of(main)
            made = main + made[RAW_SECTOR_SIZE:]
        pieces.append(made)
    return b"".join(pieces), user


def _subchannels(
    state: CdDisc,
    at: int,
    lba: int,
    count: int,
    data: memoryview,
    subchannel: SheetSubchannel,
    packs: PackInterleaver | None,
) -> list[bytes] | None:
    """Return the subchannel of sectors: R to W of the file, P and Q as a drive makes them."""
    if subchannel is SheetSubchannel.NONE:
        return None
    track = state.cd_tracks[at]
    lead = state.lead(track.session)
    step = len(data) // count
    found = []
    for offset in range(count):
        own = bytes(data[(offset + 1) * step - subchannel.size : (offset + 1) * step])
        if packs is not None:
            own = packs.sector(own)
        q, p = q_of(track, at + 1, lead, lba + offset)
        found.append(with_pq(own, q, p=p))
    return found


def _reach(medium: VirtualMedium, end: int) -> None:
    """Make the raw file as long as what is recorded in it."""
    last = memoryview(bytearray(RAW_SECTOR_SIZE + len(NO_SUBCHANNEL)))
    medium.read_raw_into(end - 1, last)
    medium.put_raw(end - 1, last)


def sheet_folder(path: str) -> str:
    """Return the folder that a sheet's files are looked for in."""
    return os.path.dirname(os.path.abspath(path))
