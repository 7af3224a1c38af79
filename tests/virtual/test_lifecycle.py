"""Each kind of disc from its wrapper to its end.

The numbers of the tests named ``real`` are what dvd+rw-mediainfo printed of real discs in real drives (published in
forums and on mailing lists); the others follow from MMC-6.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc

from .host import Host, format_list, pattern

Drive = Callable[..., Host]

BLANK, APPENDABLE, COMPLETE = 0, 1, 2
EMPTY, INCOMPLETE, CLOSED = 0, 1, 3


@pytest.mark.parametrize(
    ("kind", "sectors", "packet"),
    [("dvd+r", 2_295_104, False), ("bd-r", 12_219_392, True)],
)
def test_real_blank_write_once(drive: Drive, kind: str, sectors: int, packet: bool) -> None:
    host = drive(kind)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.first_track, disc.last_track) == (
        BLANK,
        EMPTY,
        1,
        1,
        1,
    )
    assert not disc.erasable
    track = host.track(1)
    assert (track.start, track.nwa, track.free, track.size) == (0, 0, sectors, sectors)
    assert track.blank
    assert track.packet is packet  # "invisible incremental" for BD-R, "blank" for DVD+R
    assert track.last is None
    assert host.capacity() == 0
    assert host.read_refused(0) == "5/64/00"


def test_real_formats_of_a_blank_bd_r(drive: Drive) -> None:
    current, choices = drive("bd-r").formats()
    assert current == (12_219_392, 1)
    assert choices == [
        (11_826_176, 0x00, 0x3000),
        (11_826_176, 0x32, 0),
        (5_796_864, 0x32, 0),
        (12_088_320, 0x32, 0),
    ]


def test_real_blank_dvd_plus_rw(drive: Drive) -> None:
    host = drive("dvd+rw")
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.background) == (BLANK, EMPTY, 1, 0)
    assert disc.erasable
    assert host.formats() == ((2_295_104, 1), [(2_295_104, 0x26, 0)])
    track = host.track(1)
    assert (track.start, track.nwa, track.free, track.size, track.blank) == (
        0,
        None,
        2_295_104,
        2_295_104,
        True,
    )
    assert host.capacity() == 0


def test_real_dvd_plus_r_first_session(drive: Drive) -> None:
    """growisofs wrote 192 sectors to a blank DVD+R and left it appendable."""
    host = drive("dvd+r")
    for lba in range(0, 192, 16):
        host.write(lba, 16)
    host.sync()
    host.close(1, 1)
    host.close(2)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.last_track) == (APPENDABLE, EMPTY, 2, 2)
    first, second = host.track(1), host.track(2)
    assert (first.start, first.nwa, first.free, first.size) == (0, None, 0, 192)
    assert (second.start, second.nwa, second.free, second.size) == (2_240, 2_240, 2_292_864, 2_292_864)
    toc = host.ok(mmc.ReadTocPmaAtip())
    assert toc == bytes.fromhex("0012 01 01 00170100 00000000 0017aa00 000000c0")
    assert host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.SESSION_INFO)) == bytes.fromhex(
        "000a 01 01 00170100 00000000"
    )
    assert host.capacity() == 191


def test_real_dvd_plus_r_of_three_sessions(drive: Drive) -> None:
    """A disc with sessions of 899,648, 435,648 and 896,000 sectors, as an NEC ND-1300A reported it."""
    host = drive("dvd+r")
    starts = []
    for size in (899_648, 435_648, 896_000):
        start = host.track(0xFF).start
        starts.append(start)
        write_sparse(host, start, size)
        host.close(1, host.disc().last_track)
        host.close(2)
    assert starts == [0, 901_696, 1_339_392]
    last = host.track(0xFF)
    assert (last.track, last.start, last.nwa, last.free, last.size) == (
        4,
        2_237_440,
        2_237_440,
        57_664,
        57_664,
    )
    assert host.disc().sessions == 4
    toc = host.ok(mmc.ReadTocPmaAtip())
    assert [toc[at + 2] for at in range(4, len(toc), 8)] == [1, 2, 3, 0xAA]
    assert [int.from_bytes(toc[at + 4 : at + 8], "big") for at in range(4, len(toc), 8)] == [
        *starts,
        2_235_392,
    ]
    info = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.SESSION_INFO))
    assert info[2:4] == b"\x01\x03"
    assert info[6] == 3
    assert int.from_bytes(info[8:12], "big") == 1_339_392


def write_sparse(host: Host, start: int, size: int) -> None:
    """Record a long stretch in a blink: first and last unit by WRITE, what lies between as a hole in the file."""
    host.write(start, 16)
    medium = host.target.medium
    assert medium is not None
    number = medium.state.writable_track(start + 16)
    assert number is not None
    medium.skip(number, start + 16, size - 32)
    host.write(start + size - 16, 16)


@pytest.mark.parametrize(
    ("kind", "unit", "gap", "finalize"),
    [("dvd+r", 16, 2_048, 5), ("dvd+r", 16, 2_048, 6), ("bd-r", 32, 0, 6)],
)
def test_write_once_to_the_end(drive: Drive, kind: str, unit: int, gap: int, finalize: int) -> None:
    host = drive(kind, "&sectors=20000")
    host.write(0, 30)
    host.write(30, 5)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions) == (APPENDABLE, INCOMPLETE, 1)
    track = host.track(1)
    assert (track.nwa, track.last, track.free, track.size) == (35, 34, 20_000 - 35, 20_000)
    assert host.capacity() == 0  # no complete session yet
    assert host.read(0, 35) == pattern(0, 35)
    host.sync()
    padded = -(-35 // unit) * unit
    assert host.track(1).nwa == padded  # the last ECC block or cluster cannot be written in parts
    host.close(1, 1)
    track = host.track(1)
    assert (track.nwa, track.last, track.free, track.size) == (None, padded - 1, 0, padded)
    host.close(2)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.first_track) == (APPENDABLE, EMPTY, 2, 2)
    assert host.capacity() == padded - 1
    assert host.read(0, padded) == pattern(0, 35) + bytes((padded - 35) * 2048)

    second = padded + gap
    assert host.track(0xFF).nwa == second
    host.write(second, unit)
    assert host.capacity() == padded - 1
    host.close(finalize)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.last_track) == (COMPLETE, CLOSED, 2, 2)
    assert host.capacity() == second + unit - 1
    assert host.read(second, unit) == pattern(second, unit)
    assert host.track(2).nwa is None
    assert host.write_refused(second + unit) == "5/30/05"
    assert host.close_refused(2) == "5/30/05"
    assert host.read_refused(second + unit) == "5/21/00"


def test_dvd_plus_r_fragments_become_one_track(drive: Drive) -> None:
    host = drive("dvd+r", "&sectors=20000")
    host.ok(mmc.ReserveTrack.of_size(100))
    assert host.disc().last_session == INCOMPLETE
    first, second = host.track(1), host.track(2)
    assert (first.reserved, first.size, first.free, first.nwa) == (True, 112, 112, 0)
    assert second.start == 112 + 16
    host.write(128, 16)
    host.write(0, 16)  # two fragments are open at once
    host.close(1, 1)
    assert host.track(1).nwa is None
    host.close(2)
    disc = host.disc()
    assert (disc.sessions, disc.last_track) == (2, 2)
    merged = host.track(1)
    assert (merged.start, merged.size, merged.session) == (0, 144, 1)
    assert host.read(0, 16) == pattern(0, 16)
    assert host.read(128, 16) == pattern(128, 16)


def test_bd_r_reserved_tracks_stay_apart(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20000")
    host.ok(mmc.ReserveTrack.of_size(33))
    host.ok(mmc.ReserveTrack.of_size(64))
    assert [host.track(n).start for n in (1, 2, 3)] == [0, 64, 128]
    assert host.write_refused(0, 65) == "5/63/00"
    host.write(64, 64)
    assert host.track(2).nwa is None
    assert host.read_refused(0) == "8/00/00"
    assert host.refused(mmc.Read10(60, 8)).information == 60
    host.write(0, 1)
    host.close(2)
    assert [(host.track(n).start, host.track(n).size) for n in (1, 2)] == [(0, 64), (64, 64)]
    assert host.disc().sessions == 2


def test_bd_r_with_spares(drive: Drive) -> None:
    host = drive("bd-r")
    host.format(0x32, 12_088_320)
    disc = host.disc()
    # A formatted and unwritten BD-R is appendable with one empty session: libburn has a comment about it.
    assert (disc.status, disc.last_session, disc.sessions) == (APPENDABLE, EMPTY, 1)
    assert host.capacity() == 0
    assert host.track(1).free == 12_088_320
    assert host.formats() == ((12_088_320, 2), [])


def test_cd_track_at_once(drive: Drive) -> None:
    host = drive("cd-r")
    track = host.track(0xFF)
    assert (track.nwa, track.free) == (
        0,
        359_847,
    )  # lead-out at 79:59:74 at the latest, less two run-out blocks
    host.select(write_type=1, multi_session=3)
    host.write(0, 400)
    host.sync()
    track = host.track(1)
    assert (track.size, track.nwa, track.mode) == (402, None, 4)
    assert host.track(0xFF).start == 552
    host.write(552, 10)
    host.sync()
    assert host.track(2).size == 302  # four seconds at least, and the run-out
    host.close(1, 2)
    host.close(2)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.first_track) == (APPENDABLE, EMPTY, 2, 3)
    lead_out = 552 + 302
    assert host.capacity() == lead_out - 1
    assert host.track(0xFF).nwa == lead_out + 11_400
    assert host.read(0, 400) == pattern(0, 400)
    assert host.refused(mmc.Read10(399, 2)).information == 400
    assert host.read_refused(400) == "5/64/00"
    assert host.read_refused(lead_out + 100) == "5/64/00"

    second = lead_out + 11_400
    host.write(second, 300)
    host.sync()
    host.select(write_type=1, multi_session=3)
    host.close(2)
    third = second + 302 + 6_900
    assert host.track(0xFF).nwa == third
    host.write(third, 300)
    host.sync()
    host.select(write_type=1, multi_session=0)
    host.close(2)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions) == (COMPLETE, CLOSED, 3)
    assert host.write_refused(third + 302) == "5/30/05"


def test_cd_packets(drive: Drive) -> None:
    host = drive("cd-r")
    host.select(write_type=0, multi_session=3)
    host.write(0, 320)
    host.sync()
    assert host.track(0xFF).nwa == 327  # run-out 2, link 1, run-in 4
    host.write(327, 16)
    host.sync()
    assert host.close_refused(2) == "5/72/03"
    assert host.read_refused(320) == "5/64/00"
    host.close(1, 1)
    assert host.track(1).size == 343 + 2
    assert host.track(1).mode == 5
    host.close(2)
    assert host.read(327, 16) == pattern(327, 16)
    assert host.capacity() == 344


def test_cd_full_toc(drive: Drive) -> None:
    host = drive("cd-r")
    host.select(write_type=1, multi_session=3)
    host.write(0, 300)
    host.sync()
    host.close(2)
    toc = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.FULL_TOC, number=1))
    points = {toc[at + 3]: toc[at + 4 : at + 11] for at in range(4, len(toc), 11)}
    assert list(points) == [0xA0, 0xA1, 0xA2, 1, 0xB0, 0xC0]
    assert points[0xC0][-3:] == bytes((97, 34, 23))  # the first lead-in, as in the ATIP
    assert points[0xA2][-3:] == bytes((0, 6, 2))  # 302 + 150 frames
    assert points[1][-3:] == bytes((0, 2, 0))
    # The next program area at 302 + 11,250 (its pregap, as on real discs), last lead-out.
    assert points[0xB0] == bytes((2, 36, 2, 2, 79, 59, 74))
    atip = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.ATIP))
    assert atip[8:11] == bytes((97, 34, 23))
    assert atip[12:15] == bytes((79, 59, 74))


def test_dvd_plus_rw_is_formatted_then_overwritten(drive: Drive) -> None:
    host = drive("dvd+rw", "&sectors=4096")
    assert host.write_refused(0) == "5/30/10"
    host.format(0x26, 0xFFFFFFFF)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.background) == (COMPLETE, CLOSED, 1, 3)
    assert host.capacity() == 4_095
    host.write(4_000, 16)
    host.write(16, 16)
    host.write(16, 1)
    assert host.read(4_000, 16) == pattern(4_000, 16)
    assert host.read(100, 1) == bytes(2048)
    assert host.write_refused(4_090, 16) == "5/21/00"
    host.sync()
    host.close(2)
    assert host.close_refused(6) == "5/24/00"
    assert host.formats() == ((4_096, 2), [(4_096, 0x26, 0)])
    assert host.ok(mmc.ReadTocPmaAtip())[-4:] == (4_096).to_bytes(4, "big")


def test_bd_re_formats(drive: Drive) -> None:
    host = drive("bd-re")
    current, choices = host.formats()
    assert current == (12_219_392, 1)
    assert [(n, kind) for n, kind, _ in choices] == [
        (11_826_176, 0x00),
        (11_826_176, 0x30),
        (11_564_032, 0x30),
        (12_088_320, 0x30),
        (12_219_392, 0x31),
    ]
    assert host.refused(mmc.FormatUnit(), format_list(0x30, 12_088_321, subtype=3)).code == "5/26/00"
    assert host.refused(mmc.FormatUnit(), format_list(0x30, 12_088_320, subtype=1)).code == "5/26/00"
    assert host.refused(mmc.FormatUnit(), format_list(0x26, 12_088_320)).code == "5/26/00"
    assert host.disc().status == BLANK
    for kind, sectors, subtype in ((0, 11_826_176, 0), (0x30, 12_088_320, 3), (0x31, 12_219_392, 0)):
        host.format(kind, sectors, subtype=subtype)
        assert host.capacity() == sectors - 1
        assert host.formats()[0] == (sectors, 2)
    host.write(12_219_391, 1)
    assert host.read(12_219_391, 1) == pattern(12_219_391, 1)
    assert host.close_refused(2) == "5/24/00"


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r"])
def test_a_full_disc_ends_by_itself(drive: Drive, kind: str) -> None:
    host = drive(kind, "&sectors=1024")
    for lba in range(0, 1_024, 32):
        host.write(lba, 32)
    assert host.track(1).nwa is None
    assert host.write_refused(1_024) == "5/21/00"
    assert host.write_refused(1_000) == "5/21/02"
    host.close(1, 1)
    host.close(2)
    assert host.disc().status == COMPLETE
    assert host.read(0, 1_024) == pattern(0, 1_024)


def test_writing_past_the_end_takes_nothing(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=1024")
    for lba in range(0, 1_000, 8):
        host.write(lba, 8)
    assert host.write_refused(1_000, 32) == "5/21/00"
    track = host.track(1)
    assert (track.nwa, track.free) == (1_000, 24)
    host.write(1_000, 24)


def test_an_appendable_disc_can_be_finalized_as_it_is(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=2048")
    host.write(0, 32)
    host.close(2)
    host.close(6)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.last_track) == (COMPLETE, CLOSED, 1, 1)


def test_fragments_are_flushed_when_the_laser_leaves_them(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=4096")
    host.ok(mmc.ReserveTrack.of_size(64))
    host.write(0, 5)
    host.write(64, 5)
    assert host.track(1).nwa == 32
    assert host.track(2).nwa == 69
    host.write(32, 1)
    assert host.track(2).nwa == 96
    assert host.read(64, 32) == pattern(64, 5) + bytes(27 * 2048)


def test_ejecting_flushes(drive: Drive) -> None:
    host = drive("cd-r")
    host.select(write_type=1, multi_session=3)
    host.write(0, 300)
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    host.ok(mmc.RequestSense())
    assert host.track(1).size == 302
    assert host.track(1).nwa is None


def test_msf_of_a_dvd(drive: Drive) -> None:
    host = drive("dvd+rw", "&formatted")
    toc = host.ok(mmc.ReadTocPmaAtip(msf=True))
    assert toc[8:12] == bytes((0, 0, 2, 0))
    assert toc[16:20] == bytes.fromhex("00ff3b4a")  # 2,295,104 has no MSF form; tgt says the same


def test_the_long_commands(drive: Drive) -> None:
    """WRITE (12), READ (12) and VERIFY do what their short forms do."""
    host = drive("bd-r", "&sectors=2048")
    host.ok(mmc.Write12(0, 40, streaming=True), pattern(0, 40))
    host.ok(mmc.Write10(40, 8, fua=True), pattern(40, 8))
    assert host.ok(mmc.Read12(8, 40)) == pattern(8, 40)
    host.ok(mmc.Verify10(0, 48))
    assert host.refused(mmc.Verify10(0, 49)).code == "5/21/00"
    host.ok(mmc.Write10(48, 0))
    assert host.track(1).nwa == 48


def test_a_reserved_cd_track_is_filled_up(drive: Drive) -> None:
    host = drive("cd-r")
    host.select(write_type=0, multi_session=3)
    host.ok(mmc.ReserveTrack.of_size(1_000))
    assert host.track(2).start == 1_150
    host.write(0, 100)
    host.sync()
    host.close(1, 1)
    track = host.track(1)
    assert (track.size, track.nwa, track.reserved) == (1_000, None, True)
    host.write(1_150, 300)
    host.sync()
    host.close(1, 2)
    host.close(2)
    toc = host.ok(mmc.ReadTocPmaAtip(number=2))
    assert [toc[at + 2] for at in range(4, len(toc), 8)] == [2, 0xAA]
    assert host.read(0, 100) == pattern(0, 100)
    full = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.FULL_TOC, number=2))
    assert len(full) == 4  # no second session yet


def test_a_restarted_format_of_a_formatted_disc_is_nothing(drive: Drive) -> None:
    host = drive("dvd+rw", "&formatted")
    host.write(0, 16)
    host.ok(mmc.FormatUnit(), bytes.fromhex("00000008 ffffffff 98000001"))
    assert host.disc().background == 3
    assert host.read(0, 16) == pattern(0, 16)
