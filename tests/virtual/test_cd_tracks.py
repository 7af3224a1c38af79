"""Tracks at once and packets of all kinds, what a CD tells of itself, and erasing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.cd import SectorMode, ecc_ok, encode_sector, lba_time

from .cd_host import (
    full_toc,
    insert_cd,
    msf,
    page_05,
    read_cd,
    read_cd_refused,
    samples,
    select,
    toc,
    write,
    write_refused,
)
from .host import Host, pattern

BLANK, APPENDABLE, COMPLETE = range(3)
EMPTY, INCOMPLETE, DAMAGED, CLOSED = range(4)


# --- track at once ------------------------------------------------------------------------------------


def test_audio_tracks(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    isrc = b"\x80XYBLG1101234"
    change = {f"b{32 + at}": value for at, value in enumerate(isrc)}
    change |= {f"b{16 + at}": value for at, value in enumerate(b"\x801234567890123")}
    select(host, 1, multi=3, track_mode=3, block=0, **change)
    assert host.track(0xFF).mode == 3
    write(host, 0, 310, samples(0, 310))
    host.sync()
    track = host.track(1)
    assert (track.size, track.mode, track.nwa) == (312, 3, None)
    select(host, 1, multi=3, track_mode=0, block=0)
    write(host, 462, 10, samples(462, 10))
    host.sync()
    host.close(2)
    # The gap between audio tracks is silence; rippers read it as the end of the first track.
    assert read_cd(host, 0, 462, kind=1) == samples(0, 310) + bytes(152 * 2352)
    assert read_cd(host, 462, 302, kind=1) == samples(462, 10) + bytes(292 * 2352)
    assert full_toc(host)[1, 1][0] == 0x13
    assert toc(host, 0)[4:8] == bytes((0, 0x13, 1, 0))
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=1))[8:21] == isrc
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.CATALOG_NUMBER))[8:22] == b"\x801234567890123"
    for lba in (0, 311, 400):
        assert host.read_refused(lba) == "5/64/00"
    assert host.target.medium is not None
    host.target.close()
    host = insert_cd(tmp_path)  # nothing of that was in the drive only
    assert read_cd(host, 0, 310, kind=1) == samples(0, 310)
    assert host.ok(mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, track=1))[8:21] == isrc
    host.target.close()


def test_audio_then_data_in_the_next_session(tmp_path: Path) -> None:
    """A CD-Extra."""
    host = insert_cd(tmp_path)
    select(host, 1, multi=3, track_mode=0, block=0)
    write(host, 0, 300, samples(0, 300))
    host.sync()
    host.close(2)
    select(host, 1, multi=0, b8=0x20, block=10)
    start = host.track(0xFF).nwa
    assert start == 302 + 11_400
    host.write(start, 300)
    host.sync()
    host.close(2)
    assert host.read(start, 300) == pattern(start, 300)
    assert host.read(start - 1, 1) == bytes(2048)  # its pregap, but not the links in front of that
    assert host.read_refused(start - 150) == "5/64/00"
    assert host.read_refused(start + 300) == "5/64/00"
    sector = read_cd(host, start, 1, kind=4)
    assert sector == encode_sector(SectorMode.MODE_2_FORM_1, start, pattern(start, 1))
    assert full_toc(host)[2, 0xA0][-3:] == bytes((2, 0x20, 0))
    data = host.ok(mmc.ReadDiscInformation())
    assert data[8] == 0x00  # the first session's type
    assert host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 2))[6] & 0x0F == 2
    with (tmp_path / "cd.img").open("rb") as file:
        file.seek(start * 2048)
        assert file.read(300 * 2048) == pattern(start, 300)


@pytest.mark.parametrize(
    ("block", "size", "kind", "begin"),
    [(9, 2336, 3, 16), (11, 2056, 4, 16), (12, 2324, 5, 24), (13, 2332, 5, 16)],
)
def test_mode_2_blocks(tmp_path: Path, block: int, size: int, kind: int, begin: int) -> None:
    host = insert_cd(tmp_path)
    select(host, 1, block=block, b8=0x20, b50=0x20 if block == 12 else 0)
    head = {9: b"", 11: bytes((1, 2, 8, 0)) * 2, 12: b"", 13: bytes((0, 0, 0x20, 0)) * 2}[block]
    rows = [head + bytes((at % 256,)) * (size - len(head)) for at in range(300)]
    write(host, 0, 300, b"".join(rows))
    host.sync()
    host.close(2)
    sector = read_cd(host, 5, 1, kind=kind)
    assert sector[12:16] == lba_time(5) + b"\x02"
    assert sector[begin : begin + size] == rows[5]
    assert read_cd_refused(host, 5, 1, kind=2) == "5/64/00"
    if block == 11:
        assert ecc_ok(sector) is True
        assert host.read(5, 1) == bytes((5,)) * 2048
    else:
        assert host.read_refused(5) == "5/64/00"
    assert host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))[6] & 0x0F == 2


def test_a_track_keeps_its_kind(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 0)
    host.write(0, 320)
    select(host, 1, track_mode=0, block=0)
    assert write_refused(host, 320, 1, bytes(2352)) == "5/64/00"
    select(host, 0, block=9)
    assert write_refused(host, 320, 1, bytes(2336)) == "5/64/00"
    select(host, 0)
    host.write(320, 1)


def test_write_parameters(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)

    def pointer(write_type: int, **options: int) -> str:
        body = page_05(write_type, **options)  # type: ignore[arg-type]
        reply = host.raw(mmc.ModeSelect10(len(body)).to_cdb(), body)
        return reply.sense[15:18].hex() if reply.status else ""

    for write_type, block in ((0, 8), (1, 8), (1, 13), (2, 8), (2, 3), (3, 1), (3, 2), (3, 3)):
        assert pointer(write_type, block=block) == ""
    assert pointer(1, track_mode=0, block=0) == ""
    assert pointer(1, multi=1) == ""
    assert pointer(1, test=1) == ""
    assert pointer(1, block=3) == "8b000c"
    assert pointer(2, block=5) == "8b000c"
    assert pointer(3, block=8) == "8b000c"
    assert pointer(0, track_mode=0, block=0) == "8b000b"  # there are no packets of audio
    assert pointer(1, b8=0x30) == "8f0010"


# --- READ CD, READ SUB-CHANNEL ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("main", "begin", "end"),
    [
        (0x00, 0, 0),
        (0x10, 16, 2064),
        (0x18, 16, 2352),
        (0x20, 12, 16),
        (0x30, 12, 2064),
        (0xB0, 0, 2064),
        (0xF8, 0, 2352),
    ],
)
def test_parts_of_a_sector(tmp_path: Path, main: int, begin: int, end: int) -> None:
    host = insert_cd(tmp_path)
    host.write(0, 300)
    host.sync()
    whole = encode_sector(SectorMode.MODE_1, 7, pattern(7, 1))
    assert read_cd(host, 7, 1, main=main) == whole[begin:end]
    assert read_cd(host, 7, 1, main=main | 2) == whole[begin:end] + bytes(294)
    assert read_cd(host, 7, 1, main=main | 4) == whole[begin:end] + bytes(296)
    assert len(read_cd(host, 7, 3, main=main, sub=1)) == 3 * (end - begin + 96)
    assert len(read_cd(host, 7, 3, main=main, sub=2)) == 3 * (end - begin + 16)


def test_selections_that_mean_nothing(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    host.write(0, 300)
    assert (
        read_cd_refused(host, 0, 1, main=0xA8, kind=2) == "5/24/00"
    )  # sync, header and codes, but not what is between
    assert read_cd_refused(host, 0, 1, sub=3) == "5/24/00"
    assert read_cd_refused(host, 0, 1, main=0x16) == "5/24/00"
    assert read_cd_refused(host, 0, 1, kind=6) == "5/24/00"
    assert read_cd(host, 0, 0) == b""
    assert read_cd_refused(host, 300, 1) == "5/21/00"
    assert read_cd_refused(host, -200, 1) == "5/64/00"


def test_read_cd_by_time(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    host.write(0, 300)
    cdb = bytes((0xB9, 0, 0)) + msf(5) + msf(9) + bytes((0x10, 0, 0))
    buffer = bytearray(4 * 2048)
    reply = host.raw(cdb, buffer)
    assert (reply.status, bytes(buffer)) == (0, pattern(5, 4))
    for wrong in (msf(9) + msf(5), b"\0\x3c\0" + msf(5), msf(5) + b"\0\x05\x4b"):
        reply = host.raw(bytes((0xB9, 0, 0)) + wrong + bytes((0x10, 0, 0)), buffer)
        assert (reply.status, reply.sense[12]) == (2, 0x24)


def test_position_and_play(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, options="&physics=on")
    select(host, 1, track_mode=0, block=0)
    write(host, 0, 600, samples(0, 600))
    host.sync()
    host.close(2)
    host.now += 1_000
    assert host.refused(mmc.PauseResume(resume=False)).code == "5/2C/00"
    host.ok(mmc.PlayAudio10(100, 300))
    host.now += 2
    data = host.ok(mmc.ReadSubChannel())
    assert data[:4] == bytes((0, 0x11, 0, 12))
    assert data[4:8] == bytes((1, 0x10, 1, 1))
    assert int.from_bytes(data[8:12], "big") == 250
    assert int.from_bytes(data[12:16], "big") == 250
    data = host.ok(mmc.ReadSubChannel(msf=True))
    assert (data[8:12], data[12:16]) == (bytes((0, 0, 5, 25)), bytes((0, 0, 3, 25)))
    host.ok(mmc.PauseResume(resume=False))
    host.now += 10
    assert host.ok(mmc.ReadSubChannel())[1] == 0x12
    host.ok(mmc.PauseResume(resume=True))
    host.now += 1
    assert int.from_bytes(host.ok(mmc.ReadSubChannel())[8:12], "big") == 325
    host.now += 10
    assert host.ok(mmc.ReadSubChannel())[1] == 0x13  # once
    assert host.ok(mmc.ReadSubChannel(sub_q=False)) == bytes((0, 0x15, 0, 0))
    start, end = (int.from_bytes(msf(at), "big") for at in (10, 20))
    host.ok(mmc.PlayAudioMsf(start, end))
    host.ok(mmc.StopPlayScan())
    assert host.ok(mmc.ReadSubChannel())[1] == 0x15
    assert host.refused(mmc.PlayAudioMsf(end, start)).code == "5/24/00"
    assert host.refused(mmc.PlayAudio10(5_000, 1)).code == "5/21/00"


def test_data_is_not_played(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    host.write(0, 300)
    assert host.refused(mmc.PlayAudio10(0, 10)).code == "5/64/00"
    host.ok(mmc.PlayAudio10(0, 0))


# --- lead-in, ATIP, PMA -------------------------------------------------------------------------------


def test_atip(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw", "&minutes=74")
    data = toc(host, 4)
    assert len(data) == 28
    assert data[6] & 0x40  # rewritable
    assert data[6] & 0x04  # additional information 1
    assert (data[8:11], data[12:15]) == (bytes((97, 34, 23)), bytes((73, 59, 74)))
    assert (data[16] >> 4 & 7, data[16] & 0x0F) == (2, 4)  # 4x to 10x, of the second kind of CD-RW
    assert host.disc().erasable
    info = host.ok(mmc.ReadDiscInformation())
    assert (info[8], info[17:20], info[21:24]) == (0xFF, bytes((97, 34, 23)), bytes((73, 59, 74)))


@pytest.mark.parametrize(("minutes", "sectors"), [(74, 332_849), (80, 359_849), (90, 404_849), (99, 445_349)])
def test_sizes(tmp_path: Path, minutes: int, sectors: int) -> None:
    host = insert_cd(tmp_path, "cd-r", f"&minutes={minutes}")
    assert host.track(0xFF).free == sectors - 2
    assert toc(host, 4)[12:15] == bytes((minutes - 1, 59, 74))


def test_program_memory_area(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    assert toc(host, 3) == b"\0\x02\0\0"
    host.ok(mmc.ReserveTrack.of_size(500))
    select(host, 1)
    host.write(650, 300)
    host.sync()
    rows = toc(host, 3)[4:]
    assert rows[:11] == bytes((0, 0x14, 0, 1)) + msf(500) + b"\0" + msf(0)
    assert rows[11:] == bytes((0, 0x14, 0, 2)) + msf(952) + b"\0" + msf(650)
    assert toc(host, 5) == b"\0\x02\0\0"  # no text


def test_features_and_profiles(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    data = host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))
    assert data[6:8] == b"\x00\x0a"
    found, at = {}, 8
    while at < len(data):
        found[int.from_bytes(data[at : at + 2], "big")] = data[at + 4 : at + 4 + data[at + 3]]
        at += 4 + data[at + 3]
    assert {0x1E, 0x21, 0x2D, 0x2E, 0x37} <= set(found)
    assert 0x2F not in found
    # Buffer underrun, session at once, raw in one session and more, test write, CD-RW, R to W.
    assert found[0x2E] == b"\x7f\x00\x20\x00"
    assert found[0x2D] == b"\x46\x00\x3f\x01"
    assert found[0x1E][0] == 0x03


def test_a_pressed_disc_takes_nothing(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rom")
    assert host.write_refused(0) == "5/30/05"
    assert host.close_refused(2) == "5/24/00"
    assert host.refused(mmc.Blank(mmc.BlankingType.DISC)).code == "5/30/06"
    assert host.refused(mmc.ReadTocPmaAtip(mmc.TocFormat.ATIP)).code == "5/24/00"


def test_cd_commands_on_other_discs(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "dvd%2Brw", "&formatted")
    for command in (
        mmc.ReadCd(0, 1),
        mmc.ReadSubChannel(),
        mmc.ReadHeader(0),
        mmc.PlayAudio10(0, 1),
    ):
        assert host.refused(command).code == "5/64/00"
    assert host.refused(mmc.SendCueSheet(24), bytes(24)).code == "5/64/00"


# --- BLANK --------------------------------------------------------------------------------------------


def blank(host: Host, what: int, address: int = 0) -> None:
    host.ok(mmc.Blank(mmc.BlankingType(what), address=address))


def blank_refused(host: Host, what: int, address: int = 0) -> str:
    return host.refused(mmc.Blank(mmc.BlankingType(what), address=address)).code


def two_sessions(host: Host) -> None:
    """Session 1 with tracks 1 and 2, session 2 with track 3; appendable."""
    select(host, 1, multi=3)
    for start in (0, 452):
        host.write(start, 300)
        host.sync()
    host.close(2)
    host.write(754 + 11_400, 300)
    host.sync()
    host.close(2)


@pytest.mark.parametrize("what", [0, 1])
def test_a_blanked_disc_is_new(tmp_path: Path, what: int) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    select(host, 1, track_mode=0, block=0)
    write(host, 0, 300, samples(0, 300))
    host.sync()
    host.close(2)
    assert host.disc().status == COMPLETE
    blank(host, what)
    assert (host.disc().status, host.disc().sessions, host.capacity()) == (BLANK, 1, 0)
    assert host.read_refused(0) == "5/64/00"
    host.target.close()
    host = insert_cd(tmp_path, "cd-rw")
    assert host.disc().status == BLANK
    select(host, 1)
    host.write(0, 10)
    host.sync()
    host.close(2)
    assert host.read(0, 300) == pattern(0, 10) + bytes(290 * 2048)  # nothing of what was there shows
    host.target.close()


def test_blanking_takes_its_time(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw", "&physics=10")
    host.ok(mmc.Blank(mmc.BlankingType.DISC, immed=True))
    refusal = host.refused(mmc.TestUnitReady())
    assert refusal.code == "2/04/07"
    host.now += 8 * 60 + 1  # 80 minutes at 10x
    host.ok(mmc.TestUnitReady())


def test_unclosing_the_last_session(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    two_sessions(host)
    blank(host, 5)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions) == (APPENDABLE, INCOMPLETE, 2)
    third = host.track(3)
    assert (third.start, third.nwa) == (12_154, None)
    assert host.track(0xFF).start == 12_154 + 302 + 150
    assert host.capacity() == 753
    assert blank_refused(host, 5) == "5/2C/00"  # it is open
    host.close(2)
    assert host.disc().sessions == 3
    select(host, 1, multi=0)
    host.close(2)  # the disc
    assert host.disc().status == COMPLETE
    blank(host, 5)
    assert (host.disc().status, host.disc().sessions) == (APPENDABLE, 2)


def test_erasing_the_last_session(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    two_sessions(host)
    blank(host, 6)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions) == (APPENDABLE, EMPTY, 2)
    assert host.track(0xFF).nwa == 12_154
    blank(host, 6)
    assert host.disc().status == BLANK
    assert blank_refused(host, 6) == "5/2C/00"
    assert blank_refused(host, 5) == "5/2C/00"


def test_parts_of_the_open_session(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    select(host, 1, multi=3)
    for start in (0, 452):
        host.write(start, 300)
        host.sync()
    for number in (0, 9):
        assert blank_refused(host, 2, number) == "5/24/00"
        assert blank_refused(host, 3, number) == "5/24/00"
    assert blank_refused(host, 2, 3) == "5/2C/00"  # nothing is in it
    assert blank_refused(host, 3, 1) == "5/2C/00"  # track 2 lies behind it
    blank(host, 2, 1)
    track = host.track(1)
    assert (track.blank, track.reserved, track.nwa, track.size) == (True, True, 0, 302)
    select(host, 0, multi=3)
    host.write(0, 200)
    host.sync()
    assert blank_refused(host, 4, 5_000_000) == "5/24/00"
    assert blank_refused(host, 4, 300) == "5/24/00"  # not written so far
    blank(host, 4, 100)
    assert host.track(1).nwa == 100
    assert host.read(0, 100) == pattern(0, 100)
    assert host.read_refused(100) == "8/00/00"
    blank(host, 3, 2)
    assert host.track(0xFF).start == 452
    assert host.refused(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 3)).code == "5/24/00"
    host.close(1, 1)
    host.close(2)
    assert blank_refused(host, 2, 1) == "5/2C/00"  # its session is closed


def test_cd_r_is_not_blanked(tmp_path: Path) -> None:
    assert blank_refused(insert_cd(tmp_path), 1) == "5/30/06"


def test_formatting_to_packets_that_can_be_overwritten(tmp_path: Path) -> None:
    host = insert_cd(tmp_path, "cd-rw")
    size = 359_849 // 39 * 32
    assert host.formats() == ((359_849, 1), [(size, 0x00, 32), (size, 0x10, 32)])
    refusal = host.refused(
        mmc.FormatUnit(), bytes((0, 2, 0, 8)) + (size + 32).to_bytes(4, "big") + b"\x40\0\0\x20"
    )
    assert refusal.code == "5/26/00"
    assert host.refused(mmc.FormatUnit(), bytes((0, 2, 0, 8)) + bytes(4) + b"\x98\0\0\x20").code == "5/26/00"
    host.ok(mmc.FormatUnit(), bytes((0, 2, 0, 8)) + bytes(4) + b"\x40\0\0\x20")
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, host.capacity()) == (COMPLETE, CLOSED, 1, size - 1)
    track = host.track(1)
    assert (track.packet, track.unit, track.nwa, track.size) == (True, 32, None, size)
    assert host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))[6] & 0x10  # fixed packets
    host.write(64, 32)
    host.write(32, 64)
    host.sync()
    assert host.read(32, 64) == pattern(32, 64)
    assert host.read(0, 1) == bytes(2048)
    assert read_cd(host, 40, 1, kind=2, main=0x10) == pattern(40, 1)
    assert host.write_refused(size) == "5/21/00"
    assert host.formats()[0] == (size, 2)
    assert blank_refused(host, 6) == "5/2C/00"
    host.target.close()
    host = insert_cd(tmp_path, "cd-rw")
    assert host.read(64, 32) == pattern(64, 32)
    blank(host, 1)
    assert (host.disc().status, host.track(0xFF).free) == (BLANK, 359_847)
    host.target.close()
    (tmp_path / "r").mkdir()
    assert (
        insert_cd(tmp_path / "r", "cd-r").refused(mmc.FormatUnit(), bytes((0, 2, 0, 8)) + bytes(8)).code
        == "5/30/06"
    )


def test_a_worn_disc(tmp_path: Path) -> None:
    """Data that cannot be corrected ends the command; audio comes with its wrong bytes marked."""
    host = insert_cd(tmp_path, "cd-r", "&wear=bad:100-109&wear=bad:700-709")
    select(host, 1, multi=3, track_mode=0, block=0)
    write(host, 0, 300, samples(0, 300))
    host.sync()
    select(host, 1)
    host.write(452, 300)
    host.sync()
    host.close(2)
    good, bad = (read_cd(host, lba, 1, main=0x12, kind=1)[2352:] for lba in (99, 100))
    assert good == bytes(294)
    assert 0 < sum(value != 0 for value in bad) < 294
    assert read_cd(host, 100, 1, main=0x14, kind=1)[2352:2354] == b"\x80\0"
    assert read_cd_refused(host, 700, 1, kind=2) == "3/11/05"
    assert read_cd(host, 699, 1, kind=2, main=0x10) == pattern(699, 1)


def test_link_sizes(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    for size, good in ((7, True), (16, False)):
        body = page_05(0, b2=0x60, b5=size)
        reply = host.raw(mmc.ModeSelect10(len(body)).to_cdb(), body)
        assert (reply.status == 0) is good


def test_questions_that_mean_nothing(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    host.write(0, 300)
    assert host.refused(mmc.ReadSubChannel(mmc.SubChannelFormat.NONE)).code == "5/24/00"
    assert host.refused(mmc.ReadHeader(400)).code == "5/21/00"
    assert host.ok(mmc.ReadHeader(10, msf=True)) == bytes((1, 0, 0, 0, 0, 0, 2, 10))
    assert host.raw(b"\x43\0\x06" + bytes(7)).status == 2
    assert host.ok(mmc.ReadSubChannel())[4:8] == bytes((1, 0x14, 1, 1))
