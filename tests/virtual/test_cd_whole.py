"""Sessions that are written as a whole: by cue sheet, and raw."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.cd import Q, SectorMode, encode_sector, interleave, lba_time, scramble, with_pq

from .cd_host import (
    AUDIO,
    DATA,
    Cue,
    full_toc,
    insert_cd,
    line,
    msf,
    read_cd,
    read_cd_refused,
    samples,
    select,
    text_symbols,
    toc,
    write,
    write_refused,
)
from .host import Host, pattern

BLANK, APPENDABLE, COMPLETE = range(3)
EMPTY, INCOMPLETE, DAMAGED, CLOSED = range(4)

LEAD_IN_LBA = -11_077  # (97 * 60 + 34) * 75 + 23 - 450,150: the ATIP's 97:34:23

PACK = bytes.fromhex("8f002a 000101030006050405070601024865")
"""The pack that libburn's cookbook shows, and how it travels."""
PACK_SYMBOLS = bytes.fromhex("2330002a 00000401 00300006 01101005 01301801 00242125")


def two_audio_tracks(begin: int = -150, *, first: int = 1, lead_in: int = 0x01) -> tuple[bytes, int]:
    """A cue sheet of two tracks with a pregap of a second between them, and where its lead-out lies."""
    start = begin + 150
    sheet = Cue().add(
        line(AUDIO, 0, 0, lead_in, begin),
        line(AUDIO, first, 0, 0x00, begin),
        line(AUDIO, first, 1, 0x00, start),
        line(AUDIO, first, 2, 0x00, start + 100),
        line(0x20, first + 1, 0, 0x00, start + 400),
        line(0x20, first + 1, 1, 0x00, start + 475),
        line(AUDIO, 0xAA, 1, 0x01, start + 800),
    )
    return sheet.data(), start + 800


def send(host: Host, sheet: bytes) -> None:
    host.ok(mmc.SendCueSheet(len(sheet)), sheet)


def refused(host: Host, sheet: bytes) -> tuple[str, str]:
    refusal = host.refused(mmc.SendCueSheet(len(sheet)), sheet)
    return refusal.code, refusal.specific.hex()


def write_audio(host: Host, begin: int, end: int, step: int = 26) -> None:
    for lba in range(begin, end, step):
        count = min(step, end - lba)
        write(host, lba, count, samples(lba, count))


# --- session at once ----------------------------------------------------------------------------------


def test_audio_with_indexes(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    assert host.track(0xFF).nwa == 0xFFFFFF6A  # -150: where the first pregap begins
    sheet, end = two_audio_tracks()
    send(host, sheet)
    assert host.disc().status == BLANK
    write_audio(host, -150, end)
    assert (host.disc().status, host.disc().last_session) == (APPENDABLE, INCOMPLETE)
    host.sync()
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.last_track) == (COMPLETE, CLOSED, 1, 2)
    assert host.capacity() == end - 1
    assert read_cd(host, -150, 950, main=0x10, kind=1) == samples(-150, 950)
    entries = full_toc(host)
    # No B0h: the session is the only one.
    assert [point for _, point in entries] == [0xA0, 0xA1, 0xA2, 1, 2]
    assert entries[1, 2][0] == 0x12  # copying is permitted
    assert entries[1, 2][-3:] == msf(475)
    assert entries[1, 0xA2][-3:] == msf(800)
    q = {lba: read_cd(host, lba, 1, main=0, sub=2)[:10] for lba in (-150, -1, 0, 101, 400, 474, 475)}
    assert q[-150] == bytes.fromhex("0101000001740000") + bytes.fromhex("0000")
    assert q[-1][:6] == bytes.fromhex("010100000000")  # a pregap counts down to 0
    assert q[0] == bytes.fromhex("01010100000000000200")
    assert q[101][:3] == bytes.fromhex("010102")
    assert q[400][:6] == bytes.fromhex("210200000074")
    assert q[474][:6] == bytes.fromhex("210200000000")
    assert q[475][:6] == bytes.fromhex("210201000000")
    assert host.read_refused(0) == "5/64/00"
    assert read_cd_refused(host, 0, 1, kind=2) == "5/64/00"
    assert read_cd_refused(host, 800, 1) == "5/21/00"
    assert write_refused(host, 800, 1, bytes(2352)) == "5/30/05"


def test_numbers_and_text(tmp_path: Path) -> None:
    """As libburn sends them: the lead-in's line says 41h, and its blocks have 96 bytes."""
    host = insert_cd(tmp_path)
    select(host, 2)
    plain, end = two_audio_tracks(lead_in=0x41)
    catalog = b"\x021234567" + b"\x02890123\0"
    isrc = b"\x03\x01XYBLG1" + b"\x03\x01101234"
    send(host, catalog + plain[:8] + isrc + plain[8:])
    assert text_symbols(PACK) == PACK_SYMBOLS
    assert write_refused(host, -150, 1, bytes(2352)) == "5/21/02"
    for lba in range(LEAD_IN_LBA, -150, 300):
        count = min(300, -150 - lba)
        write(host, lba, count, PACK_SYMBOLS * 4 * count)
    write_audio(host, -150, end)
    host.sync()
    assert host.disc().status == COMPLETE
    assert toc(host, 5) == b"\x00\x14\0\0" + PACK
    data = host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.CATALOG_NUMBER))
    assert data[8:22] == b"\x801234567890123"
    data = host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=1))
    assert data[4:7] == b"\x03\x10\x01"
    assert data[8:21] == b"\x80XYBLG1101234"
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=2))[8] == 0
    assert host.refused(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=3)).code == "5/24/00"
    found = {read_cd(host, lba, 1, main=0, sub=2)[0] & 0x0F for lba in range(100)}
    assert found == {1, 2, 3}
    q = Q.parse(read_cd(host, 99, 1, main=0, sub=2)[:12])
    assert q is not None
    assert q.catalog_number == "1234567890123"


def test_data_of_all_forms(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    starts = {1: 0, 2: 450, 3: 900, 4: 1_350}
    end = 1_650
    sheet = Cue().add(line(DATA, 0, 0, 0x14, -150))
    for track, form in {1: 0x10, 2: 0x20, 3: 0x30, 4: 0x00}.items():
        control = DATA if form else AUDIO
        sheet = sheet.add(
            line(control, track, 0, form, starts[track] - 150), line(control, track, 1, form, starts[track])
        )
    send(host, sheet.add(line(AUDIO, 0xAA, 1, 0x01, end)).data())
    write(host, -150, 150, bytes(150 * 2048))
    write(host, 0, 300, pattern(0, 300))
    write(host, 300, 150, _forms(300, 150))
    write(host, 450, 300, _forms(450, 300))
    write(host, 750, 150, bytes(150 * 2336))
    write(host, 900, 300, b"".join(bytes((at % 251,)) * 2336 for at in range(300)))
    # One WRITE over the border between two forms.
    write(host, 1_200, 150 + 300, samples(1_200, 450))
    host.sync()
    assert host.disc().status == COMPLETE
    assert toc(host, 0)[5] == 0x14
    assert host.read(0, 300) == pattern(0, 300)
    assert host.read(450, 1) == _forms(450, 1)[8 : 8 + 2048]
    assert host.refused(mmc.Read10(450, 2)).code == "5/64/00"  # the second sector has form 2
    assert host.read_refused(900) == "5/64/00"
    whole = read_cd(host, 0, 1, kind=2)
    assert whole == encode_sector(SectorMode.MODE_1, 0, pattern(0, 1))
    form_2 = read_cd(host, 451, 1, kind=5)
    assert (len(form_2), form_2[12:15], form_2[15]) == (2352, lba_time(451), 2)
    assert form_2[16:24] == bytes((0, 0, 0x20, 0)) * 2
    assert read_cd(host, 451, 1, kind=5, main=0x10) == form_2[24:2352]
    assert read_cd(host, 905, 1, kind=3, main=0x10) == bytes((5,)) * 2336
    assert read_cd(host, 1_350, 300, kind=1) == samples(1_350, 300)
    assert read_cd_refused(host, 1_190, 20) == "5/64/00"  # data and audio do not mix
    header = host.ok(mmc.ReadHeader(451))
    assert header == bytes((2, 0, 0, 0)) + (451).to_bytes(4, "big")
    assert host.refused(mmc.ReadHeader(1_400)).code == "5/64/00"


def _forms(lba: int, count: int) -> bytes:
    """Blocks of 2,336 bytes, form 1 at even addresses, form 2 at odd ones."""
    rows = []
    for at in range(lba, lba + count):
        submode = 0x20 if at % 2 else 0x08
        rows.append(bytes((0, 0, submode, 0)) * 2 + bytes((at % 256,)) * 2048 + bytes(280))
    return b"".join(rows)


def test_sessions_one_after_the_other(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2, multi=3)
    sheet, end = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, end)
    host.sync()
    assert (host.disc().status, host.disc().sessions, host.disc().last_session) == (APPENDABLE, 2, EMPTY)
    second = end + 11_400
    assert host.track(0xFF).nwa == second  # drives count the pregap in on a blank disc only
    select(host, 2, multi=1)
    sheet, last = two_audio_tracks(second - 150, first=3)
    send(host, sheet)
    write_audio(host, second - 150, last)
    host.sync()
    assert (host.disc().status, host.disc().sessions) == (COMPLETE, 2)
    entries = full_toc(host)
    assert [point for session, point in entries if session == 1] == [0xA0, 0xA1, 0xA2, 1, 2, 0xB0, 0xC0]
    assert [point for session, point in entries if session == 2] == [0xA0, 0xA1, 0xA2, 3, 4, 0xB0]
    assert entries[1, 0xB0] == b"\x50" + msf(end + 11_250) + b"\x02" + bytes((79, 59, 74))
    assert entries[2, 0xB0][1:4] == b"\xff\xff\xff"
    assert entries[1, 0xC0][-3:] == bytes((97, 34, 23))
    assert toc(host, 1)[4:] == bytes((0, 0x10, 3, 0)) + second.to_bytes(4, "big")
    assert read_cd(host, second, 300, kind=1) == samples(second, 300)
    assert read_cd_refused(host, end + 5_000, 1) == "5/64/00"


def test_a_later_session_that_begins_at_the_told_address(tmp_path: Path) -> None:
    """cdrdao takes the next writable address of an appendable disc for the start of the pregap."""
    host = insert_cd(tmp_path)
    select(host, 2, multi=3)
    sheet, end = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, end)
    host.sync()
    begin = host.track(0xFF).nwa
    assert begin is not None
    sheet, last = two_audio_tracks(begin, first=3)
    send(host, sheet)
    write_audio(host, begin, last)
    host.sync()
    assert host.track(3).start == begin + 150
    assert read_cd(host, begin, 300, kind=1) == samples(begin, 300)


def test_a_later_session_is_not_counted_from_zero(tmp_path: Path) -> None:
    """What wodim sends there: track 1 at 00:02:00 again. libburn's author saw real drives refuse that."""
    host = insert_cd(tmp_path)
    select(host, 2, multi=3)
    sheet, end = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, end)
    host.sync()
    assert refused(host, sheet) == ("5/26/00", "800009")
    assert refused(host, two_audio_tracks(first=3)[0]) == ("5/26/00", "80000d")


def test_the_last_possible_lead_out(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, options="&minutes=74")
    select(host, 2)
    for end, good in ((332_850, False), (332_849, True)):
        sheet = Cue().add(
            line(DATA, 0, 0, 0x14, -150),
            line(DATA, 1, 0, 0x10, -150),
            line(DATA, 1, 1, 0x10, 0),
            line(DATA, 0xAA, 1, 0x14, end),
        )
        if good:
            send(host, sheet.data())
        else:
            assert refused(host, sheet.data()) == ("5/26/00", "80001d")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (
            {8 + 1: 2, 16 + 1: 2, 24 + 1: 2, 32 + 1: 3, 40 + 1: 3},
            "5/26/00",
            9,
        ),  # the first track is not track 1
        ({8 + 2: 1}, "5/26/00", 18),  # two lines of one index
        ({8 + 7: 1}, "5/26/00", 13),  # the pregap begins too late
        ({16 + 6: 1}, "5/26/00", 21),  # a pregap of less than two seconds
        ({24 + 2: 3}, "5/26/00", 26),  # an index was left out
        ({16 + 3: 0x07}, "5/26/00", 19),  # no such data form
        ({16 + 3: 0x10}, "5/26/00", 19),  # audio by its control nibble, data by its form
        ({32 + 1: 3, 40 + 1: 3}, "5/26/00", 33),  # a track was left out
        ({48 + 1: 5}, "5/26/00", 49),  # no lead-out
        ({48 + 7: 75}, "5/26/00", 53),  # no time
        ({0: 0x05}, "5/26/00", 0),  # ADR 5
    ],
)
def test_wrong_cue_sheets(tmp_path: Path, change: dict[int, int], code: str, pointer: int) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet = bytearray(two_audio_tracks()[0])
    for at, value in change.items():
        sheet[at] = value
    found = refused(host, bytes(sheet))
    assert found[0] == code
    assert int(found[1][2:], 16) == pointer
    assert write_refused(host, -150, 1, bytes(2352)) == "5/2C/00"  # no cue sheet was taken
    assert host.disc().status == BLANK


def test_cue_sheets_where_none_belong(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    sheet, _ = two_audio_tracks()
    assert refused(host, sheet)[0] == "5/2C/00"  # another write type
    select(host, 2)
    assert refused(host, sheet[:12]) == ("5/24/00", "c00006")
    assert host.refused(mmc.SendCueSheet(16_384), bytes(16_384)).code == "5/24/00"
    assert host.raw(mmc.SendCueSheet(56).to_cdb(), bytes(8)).sense[12] == 0x4B
    send(host, sheet)
    select(host, 1)  # the host changes its mind
    select(host, 2)
    assert write_refused(host, -150, 1, bytes(2352)) == "5/2C/00"
    select(host, 1)
    host.write(0, 300)
    select(host, 2)
    assert refused(host, sheet)[0] == "5/2C/00"  # the session is open
    select(host, 1)
    host.sync()
    host.close(2)
    select(host, 2)
    assert refused(host, sheet)[0] == "5/30/05"


def test_writes_out_of_turn(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet, end = two_audio_tracks()
    send(host, sheet)
    assert write_refused(host, 0, 1, bytes(2352)) == "5/21/02"
    write(host, -150, 150, samples(-150, 150))
    assert write_refused(host, -150, 1, bytes(2352)) == "5/21/02"
    assert write_refused(host, 1, 1, bytes(2352)) == "5/21/02"
    reply = host.raw(mmc.Write10(0, 2).to_cdb(), bytes(2352))  # less than announced
    assert (reply.sense[2], reply.sense[12]) == (0xB, 0x4B)
    assert host.close_refused(2) == "5/2C/00"
    host.sync()  # nothing ends before its end
    assert host.disc().last_session == INCOMPLETE
    write_audio(host, 0, end - 1)
    assert write_refused(host, end - 1, 2, bytes(2 * 2352)) == "5/21/00"
    assert host.track(0xFF).nwa == end - 1
    write(host, end - 1, 1, samples(end - 1, 1))
    host.close(2)  # instead of a flush
    assert host.disc().status == COMPLETE


def test_what_was_cut_off_stays_damaged(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2, multi=3)
    sheet, _ = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, 500)
    host.target.close()
    host = insert_cd(tmp_path)
    assert (host.disc().status, host.disc().last_session) == (APPENDABLE, DAMAGED)
    assert host.track(2).nwa is None
    info = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 2))
    assert info[5] & 0x20  # damage
    select(host, 1, multi=3)
    assert host.write_refused(500) == "5/2C/00"
    host.close(2)  # what was recorded can be kept
    assert (host.disc().status, host.disc().last_session, host.disc().sessions) == (APPENDABLE, EMPTY, 2)
    assert read_cd(host, 0, 500, kind=1) == samples(0, 500)
    host.target.close()


def test_ejecting_forgets_the_cue_sheet(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet, _ = two_audio_tracks()
    send(host, sheet)
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.disc().status == BLANK
    select(host, 2)
    assert write_refused(host, -150, 1, bytes(2352)) == "5/2C/00"


def test_packs_of_a_session_at_once(tmp_path: Path) -> None:
    """Data form C0h: four packs a sector, which the drive protects and spreads."""
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet = Cue().add(
        line(AUDIO, 0, 0, 0x01, -150),
        line(AUDIO, 1, 0, 0x00, -150),
        line(AUDIO, 1, 1, 0xC0, 0),
        line(AUDIO, 0xAA, 1, 0x01, 300),
    )
    send(host, sheet.data())
    write(host, -150, 150, samples(-150, 150))
    packs = [bytes((9, at % 64, 0, 0, *range(16), 0, 0, 0, 0)) * 4 for at in range(300)]
    write(host, 0, 300, b"".join(samples(at, 1) + packs[at] for at in range(300)))
    host.sync()
    got = read_cd(host, 20, 2, main=0, sub=4)
    assert [got[at : at + 2] for at in range(0, 192, 24)] == [bytes((9, 20))] * 4 + [bytes((9, 21))] * 4
    assert got[4:20] == bytes(range(16))
    assert read_cd(host, 20, 2, kind=1) == samples(20, 2)


def test_own_subchannel_of_a_session_at_once(tmp_path: Path) -> None:
    """R to W are the host's, P and Q the drive's."""
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet = Cue().add(
        line(AUDIO, 0, 0, 0x01, -150),
        line(AUDIO, 1, 0, 0x40, -150),
        line(AUDIO, 1, 1, 0x40, 0),
        line(AUDIO, 0xAA, 1, 0x01, 300),
    )
    send(host, sheet.data())
    sub = bytes(0xC0 | at % 64 for at in range(96))
    write(host, -150, 450, b"".join(samples(at, 1) + sub for at in range(-150, 300)))
    host.sync()
    got = read_cd(host, 10, 1, sub=1)
    assert got[:2352] == samples(10, 1)
    assert bytes(value & 0x3F for value in got[2352:]) == bytes(value & 0x3F for value in sub)
    q = Q.parse(read_cd(host, 10, 1, main=0, sub=2)[:12])
    assert q is not None
    assert (q.track, q.index, q.lba) == (1, 1, 10)


# --- test writing -------------------------------------------------------------------------------------


def test_a_tested_session_is_gone_afterwards(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2, test=True)
    sheet, end = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, end)
    assert host.disc().status == APPENDABLE
    host.sync()
    assert host.disc().status == BLANK
    select(host, 2)
    assert host.disc().status == BLANK
    assert not (tmp_path / "cd.img.raw").exists()
    assert (tmp_path / "cd.img").stat().st_size == 0
    send(host, sheet)
    write_audio(host, -150, end)
    host.sync()
    assert host.disc().status == COMPLETE


def test_tested_tracks_move_the_address_on_until_testing_ends(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 1, test=True)
    host.write(0, 300)
    host.sync()
    assert host.track(0xFF).nwa == 452
    select(host, 1)
    assert host.track(0xFF).nwa == 0
    assert host.disc().status == BLANK
    select(host, 1, test=True)
    host.write(0, 300)
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.disc().status == BLANK


# --- raw ----------------------------------------------------------------------------------------------


def raw_lead_in(end: int, tracks: dict[int, tuple[int, int]], *, b0: bytes | None = None) -> list[bytes]:
    """Q of a lead-in's table of contents: each entry three times, over and over."""
    first, last = min(tracks), max(tracks)
    rows = [
        Q.toc(tracks[first][0], 0xA0, bytes((first, 0, 0))),
        Q.toc(tracks[last][0], 0xA1, bytes((last, 0, 0))),
        Q.toc(tracks[last][0], 0xA2, lba_time(end)),
    ]
    rows += [Q.toc(control, number, lba_time(start)) for number, (control, start) in tracks.items()]
    if b0 is not None:
        rows.append(Q(0, 5, bytes((0, 0xB0)) + b0 + b"\x01\x79\x59\x74"))
    return [row.to_bytes() for row in rows for _ in range(3)]


def block(main: bytes, q: bytes, kind: int, *, p: bool = False) -> bytes:
    """A raw block of one of the three types that have a subchannel."""
    return main + (q + bytes((0, 0, 0, p << 7)) if kind == 1 else with_pq(b"", q, p=p))


def write_raw(
    host: Host, kind: int, begin: int, end: int, *, b0: bytes | None = None, first: int = 1
) -> None:
    """A data track of 400 sectors, and an audio track of 300 with a pregap of two seconds, index 2, numbers."""
    data, audio = begin, begin + 550
    out = audio + 300
    tracks = {first: (4, data), first + 1: (0, audio)}
    entries = raw_lead_in(out, tracks, b0=b0)
    lead_in = LEAD_IN_LBA if first == 1 else begin - 150 - 4_500
    rows = [block(bytes(2352), entries[at % len(entries)], kind) for at in range(-150 + begin - lead_in)]
    for lba in range(begin - 150, out + 60):
        if lba < data + 400:
            index, relative = (0, data - lba - 1) if lba < data else (1, lba - data)
            user = pattern(lba, 1) if lba >= data else bytes(2048)
            main, q = (
                scramble(encode_sector(SectorMode.MODE_1, lba, user)),
                Q.position(4, first, index, relative, lba),
            )
        elif lba < out:
            index = 0 if lba < audio else 1 if lba < audio + 200 else 2
            relative = audio - lba - 1 if lba < audio else lba - audio
            main, q = samples(lba, 1), Q.position(0, first + 1, index, relative, lba)
            if lba == audio + 20:
                q = Q.isrc("XYBLG1101234", lba)
            if lba == audio + 30:
                q = Q.catalog("1234567890123", lba)
        else:
            main, q = bytes(2352), Q.position(0, 0xAA, 1, lba - out, lba)
        rows.append(block(main, q.to_bytes(), kind, p=lba == audio - 1))
    for at in range(0, len(rows), 1_000):
        piece = rows[at : at + 1_000]
        write(host, lead_in + at, len(piece), b"".join(piece))
    assert end in (0, out)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_raw(tmp_path: Path, kind: int) -> None:
    host = insert_cd(tmp_path)
    select(host, 3, block=kind)
    assert host.track(0xFF).nwa == LEAD_IN_LBA & 0xFFFFFFFF
    write_raw(host, kind, 0, 850)
    assert host.disc().last_session == INCOMPLETE
    host.sync()
    assert (host.disc().status, host.disc().sessions) == (COMPLETE, 1)
    entries = full_toc(host)
    assert [point for _, point in entries] == [0xA0, 0xA1, 0xA2, 1, 2]
    assert (entries[1, 1][0], entries[1, 2][0]) == (0x14, 0x10)
    assert (entries[1, 2][-3:], entries[1, 0xA2][-3:]) == (msf(550), msf(850))
    assert host.read(0, 400) == pattern(0, 400)
    assert read_cd(host, 7, 1, kind=2) == encode_sector(SectorMode.MODE_1, 7, pattern(7, 1))
    assert read_cd(host, 400, 450, kind=1) == samples(400, 450)
    assert read_cd_refused(host, 399, 2) == "5/64/00"
    sub = read_cd(host, 549, 1, main=0, sub=1)
    assert sub == with_pq(b"", Q.position(0, 2, 0, 0, 549).to_bytes(), p=True)
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=2))[8:21] == b"\x80XYBLG1101234"
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.CATALOG_NUMBER))[8:22] == b"\x801234567890123"
    with (tmp_path / "cd.img").open("rb") as file:  # can be mounted as it is
        assert file.read(400 * 2048) == pattern(0, 400)


def test_raw_sessions(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 3, block=3)
    second = 850 + 11_400
    write_raw(host, 3, 0, 850, b0=lba_time(second))
    host.sync()
    assert (host.disc().status, host.disc().sessions, host.disc().last_session) == (APPENDABLE, 2, EMPTY)
    assert host.track(0xFF).nwa == second - 4_650
    write_raw(host, 3, second, 0, b0=b"\xff\xff\xff", first=3)
    host.sync()
    assert (host.disc().status, host.disc().sessions) == (COMPLETE, 2)
    assert full_toc(host)[2, 3][-3:] == msf(second)
    assert host.read(second, 400) == pattern(second, 400)


def test_raw_text(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 3, block=3)
    entries = raw_lead_in(300, {1: (0, 0)})
    text = PACK_SYMBOLS * 4
    rows = [
        bytes(2352) + with_pq(text, entries[at % len(entries)], p=False) for at in range(-150 - LEAD_IN_LBA)
    ]
    rows += [
        samples(lba, 1) + with_pq(b"", Q.position(0, 1, 1, max(0, lba), lba).to_bytes(), p=False)
        for lba in range(-150, 310)
    ]
    for at in range(0, len(rows), 1_000):
        write(host, LEAD_IN_LBA + at, len(rows[at : at + 1_000]), b"".join(rows[at : at + 1_000]))
    host.sync()
    assert toc(host, 5)[4:] == PACK
    assert host.disc().status == COMPLETE


def test_raw_without_a_table_of_contents(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 3, block=3)
    assert write_refused(host, 0, 1, bytes(2448)) == "5/21/02"
    write(host, -200, 50, bytes(50 * 2448))
    assert write_refused(host, -150, 1, bytes(2448)) == "3/72/01"
    assert host.write_refused(0) == "B/4B/00"  # blocks of 2,448 bytes are due


def test_packs_are_spread(tmp_path: Path) -> None:
    """With block type 2 the host sends packs, and R to W give them back (IEC 60908)."""
    host = insert_cd(tmp_path)
    select(host, 3, block=2)
    entries = raw_lead_in(300, {1: (0, 0)})
    rows = [block(bytes(2352), entries[at % len(entries)], 2) for at in range(-150 - LEAD_IN_LBA)]
    pack = bytes((9, 1, 0, 0, *range(16), 0, 0, 0, 0))
    for lba in range(-150, 310):
        q = Q.position(0, 1, 1, max(0, lba), lba).to_bytes()
        rows.append(samples(lba, 1) + with_pq(pack * 4 if lba >= 0 else b"", q, p=False))
    for at in range(0, len(rows), 1_000):
        write(host, LEAD_IN_LBA + at, len(rows[at : at + 1_000]), b"".join(rows[at : at + 1_000]))
    host.sync()
    packs = read_cd(host, 20, 2, main=0, sub=4)
    assert len(packs) == 192
    for at in range(0, 192, 24):
        assert packs[at : at + 2] == pack[:2]
        assert packs[at + 4 : at + 20] == pack[4:20]
    assert interleave(bytes(96)) == bytes(96)


def test_a_hidden_track(tmp_path: Path) -> None:
    """Audio in the pregap of the first track, in front of its index 1."""
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet = Cue().add(
        line(AUDIO, 0, 0, 0x01, -150),
        line(AUDIO, 1, 0, 0x00, -150),
        line(AUDIO, 1, 1, 0x00, 1_000),
        line(AUDIO, 0xAA, 1, 0x01, 1_300),
    )
    send(host, sheet.data())
    write_audio(host, -150, 1_300)
    host.sync()
    assert toc(host, 0)[8:12] == (1_000).to_bytes(4, "big")
    assert read_cd(host, -150, 1_450, kind=1) == samples(-150, 1_450)
    assert host.track(0, kind=0).track == 1  # the pregap belongs to its track
    assert (host.track(1).start, host.track(1).size) == (1_000, 300)
    q = Q.parse(read_cd(host, 0, 1, main=0, sub=2)[:12])
    assert q is not None
    assert (q.track, q.index, q.relative) == (1, 0, 999)


def test_a_reset_ends_the_session(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet, _ = two_audio_tracks()
    send(host, sheet)
    write_audio(host, -150, 300)
    host.target._drive.reset()
    host.refused(mmc.TestUnitReady())
    assert host.disc().last_session == DAMAGED


def test_a_session_of_which_nothing_was_written_but_its_lead_in(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2, multi=3)
    sheet, _ = two_audio_tracks(lead_in=0x41)
    send(host, sheet)
    write(host, LEAD_IN_LBA, 100, PACK_SYMBOLS * 400)
    assert host.refused(mmc.ReserveTrack.of_size(500)).code == "5/2C/00"
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert (host.disc().status, host.disc().last_session) == (APPENDABLE, DAMAGED)
    assert host.refused(mmc.ReserveTrack.of_size(500)).code == "5/2C/00"
    select(host, 1, multi=3)
    assert host.close_refused(2) == "5/2C/00"  # nothing can be kept of it
    assert (host.disc().status, host.track(0xFF).nwa) == (BLANK, 0)


def test_an_empty_session_is_given_up(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 1, multi=3)
    host.write(0, 300)
    host.sync()
    host.close(2)
    assert full_toc(host)[1, 0xB0][1:4] == msf(302 + 11_250)
    select(host, 1, multi=0)
    host.close(2)
    assert (host.disc().status, host.disc().sessions) == (COMPLETE, 1)
    assert full_toc(host)[1, 0xB0][1:4] == b"\xff\xff\xff"
