"""DVD-RW in restricted overwrite mode, DVD-RAM and DVD-ROM: formats, and what can be written where (MMC-6 4.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aioimapi import mmc

from .host import SECTOR, Host, format_list, pattern
from .test_dvd_minus import BORDER, features_of, profile_of

Drive = Callable[..., Host]

FULL, FULL_DVD_RW, GROW, ADD, QUICK_GROW, QUICK_ADD, QUICK = 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
SPARES = 0x01

ALL = 2_297_888


def blocks(lba: int, count: int) -> bytes:
    return pattern(lba, count)


def test_what_a_blank_disc_can_become(drive: Drive) -> None:
    host = drive("dvd-rw")
    now, choices = host.formats()
    assert now == (ALL, 1)
    assert choices == [(ALL, FULL, 0x800), (ALL, FULL_DVD_RW, 16), (ALL, QUICK, 16)]


@pytest.mark.parametrize("kind", [FULL, FULL_DVD_RW])
def test_full_format(drive: Drive, kind: int) -> None:
    host = drive("dvd-rw")
    host.write(0, 16)
    host.format(kind, 4_096)
    assert profile_of(host) == 0x13
    found = features_of(host)
    assert {0x1F, 0x23, 0x26, 0x2C} <= found
    assert not {0x20, 0x21} & found
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session, disc.sessions, disc.erasable, disc.background) == (
        2,
        3,
        1,
        True,
        0,
    )
    assert (track.start, track.size, track.nwa, track.blank, track.packet) == (0, 4_096, None, False, True)
    assert host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))[6] & 0x10  # fixed packets
    assert host.capacity() == 4_095
    assert host.read(0, 16) == bytes(16 * SECTOR)  # nothing of what was there
    host.write(4_080, 16)
    host.write(64, 32)
    host.write(64, 16)
    assert host.read(64, 32) == pattern(64, 32)
    assert host.write_refused(4_096, 16) == "5/21/00"
    assert host.write_refused(8, 16) == "5/21/02"  # packets of 16 sectors are overwritten whole
    assert host.write_refused(16, 8) == "5/21/02"
    assert host.read_refused(4_096) == "5/21/00"
    host.close(2)  # nothing to close, and no error
    assert host.close_refused(1, 1) == "5/24/00"
    assert host.refused(mmc.ReserveTrack.of_size(16)).code == "5/64/00"


def test_quick_format_and_the_intermediate_state(drive: Drive) -> None:
    host = drive("dvd-rw")
    host.format(QUICK, 0)
    assert profile_of(host) == 0x13
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session) == (1, 1)
    assert (track.nwa, track.free, track.size) == (0, ALL, ALL)
    now, choices = host.formats()
    assert now[1] == 3  # the size is not known
    assert {QUICK_GROW, GROW} & {choice[1] for choice in choices} == set()
    host.write(0, 64)
    host.write(16, 16)  # what was written can be overwritten
    host.write(48, 32)  # across the end
    assert host.track(1).nwa == 80
    assert host.write_refused(96, 16) == "5/21/02"
    assert host.read(0, 80) == pattern(0, 80)
    assert host.read_refused(80) == "5/21/00"
    host.sync()
    host.close(2)
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session) == (2, 3)
    assert (track.nwa, track.size) == (None, 80)
    assert host.capacity() == 79
    assert host.write_refused(80, 16) == "5/21/00"
    host.write(0, 16)


def test_growing_the_last_border(drive: Drive) -> None:
    host = drive("dvd-rw")
    host.format(FULL, 160)
    host.write(0, 160)
    now, choices = host.formats()
    assert now == (160, 2)
    sizes = {kind: sectors for sectors, kind, _ in choices}
    assert sizes[GROW] == sizes[QUICK_GROW] == ALL - 160
    assert sizes[ADD] == sizes[QUICK_ADD] == ALL - 160 - BORDER
    host.format(GROW, 32)
    assert host.capacity() == 191
    host.format(QUICK_GROW, 0)
    assert host.track(1).nwa == 192
    host.write(192, 16)
    host.close(3)
    assert host.capacity() == 207
    assert host.read(0, 160) == pattern(0, 160)
    assert host.read(192, 16) == pattern(192, 16)


def test_another_border(drive: Drive) -> None:
    host = drive("dvd-rw", "&sectors=40000")
    host.format(FULL, 160)
    host.format(QUICK_ADD, 16)
    start = 160 + BORDER
    assert host.disc().sessions == 2
    assert host.track(2).start == start
    host.write(start, 48)
    host.close(2)
    assert host.track(2).size == 48
    assert host.read(start, 48) == pattern(start, 48)
    assert host.read_refused(160) == "5/64/00"
    assert host.write_refused(160, 16) == "5/21/02"
    host.write(0, 16)


@pytest.mark.parametrize(
    ("kind", "sectors"),
    [
        (FULL, 0),
        (FULL, ALL + 16),
        (FULL, 24),
        (QUICK, ALL + 16),
        (QUICK, 8),
        (GROW, 16),
        (QUICK_GROW, 0),
        (0x26, 16),
    ],
)
def test_formats_that_are_refused(drive: Drive, kind: int, sectors: int) -> None:
    host = drive("dvd-rw")
    assert host.refused(mmc.FormatUnit(), format_list(kind, sectors)).code == "5/26/00"
    assert profile_of(host) == 0x14


def test_a_format_that_is_only_tried(drive: Drive) -> None:
    host = drive("dvd-rw")
    host.format(QUICK, 0, flags=0x86)
    assert profile_of(host) == 0x14
    assert host.refused(mmc.FormatUnit(), format_list(QUICK, 8, flags=0x86)).code == "5/26/00"


def test_back_to_sequential(drive: Drive) -> None:
    host = drive("dvd-rw", "&formatted")
    assert profile_of(host) == 0x13
    assert host.capacity() == ALL - 1
    host.ok(mmc.Blank(mmc.BlankingType.DISC))
    assert (profile_of(host), host.disc().status) == (0x14, 0)
    host.format(QUICK, 0)
    host.ok(mmc.Blank(mmc.BlankingType.MINIMAL))
    assert profile_of(host) == 0x14
    assert 0x21 not in features_of(host)


def test_only_packets_are_written_in_overwrite_mode(drive: Drive) -> None:
    host = drive("dvd-rw", "&formatted")
    body = host.write_parameters(write_type=2)
    assert host.refused(mmc.ModeSelect10(len(body)), body).code == "5/26/00"
    host.select(write_type=0)


# --- DVD-RAM --------------------------------------------------------------------------------------------


def test_dvd_ram_is_sold_formatted(drive: Drive) -> None:
    host = drive("dvd-ram")
    assert profile_of(host) == 0x12
    assert {0x04, 0x1F, 0x20, 0x23, 0x24} <= features_of(host)
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session, disc.erasable) == (3, 3, True)
    assert (track.size, track.nwa) == (2_236_704, None)
    assert host.capacity() == 2_236_703
    host.write(2_236_700, 4)
    host.write(5, 1)
    assert host.read(5, 1) == pattern(5, 1)
    assert host.read(100, 1) == bytes(SECTOR)
    assert host.write_refused(2_236_704) == "5/21/00"
    assert host.close_refused(2) == "5/24/00"


def test_dvd_ram_formats(drive: Drive) -> None:
    host = drive("dvd-ram")
    now, choices = host.formats()
    assert now == (2_236_704, 2)
    assert choices == [
        (2_236_704, FULL, 0x800), (2_295_072, FULL, 0x800), (2_197_280, SPARES, 0x800),
    ]  # fmt: skip
    host.write(0, 4)
    host.format(FULL, 2_295_072, flags=0xA2)  # no certification: the data stays
    assert host.capacity() == 2_295_071
    assert host.read(0, 4) == pattern(0, 4)
    assert host.ok(mmc.ReadDiscStructure(0x0A))[4:] == bytes.fromhex("000032000000000000000000")
    host.format(SPARES, 2_236_704)
    assert host.capacity() == 2_236_703
    assert host.read(0, 4) == pattern(0, 4)
    spares = host.ok(mmc.ReadDiscStructure(0x0A))[4:]
    assert spares == b"".join(n.to_bytes(4, "big") for n in (12_800, 58_368, 58_368))
    assert host.refused(mmc.FormatUnit(), format_list(SPARES, 2_295_072)).code == "5/26/00"
    host.format(FULL, 2_236_704)
    assert host.read(0, 4) == bytes(4 * SECTOR)


def test_write_protection_stays_on_the_disc(drive: Drive) -> None:
    host = drive("dvd-ram")
    host.write(0, 4)
    protect = mmc.SendDiscStructure(0xC0, 8)
    host.ok(protect, bytes.fromhex("0006000002000000"))
    assert host.ok(mmc.ReadDiscStructure(0xC0))[4:] == b"\x02\x00\x00\x00"
    assert host.write_refused(0) == "7/27/04"
    assert host.refused(mmc.FormatUnit(), format_list(FULL, 2_236_704)).code == "7/27/04"
    assert host.read(0, 4) == pattern(0, 4)
    assert host.refused(protect, bytes.fromhex("0006000001000000")).code == "5/26/00"
    host.ok(protect, bytes.fromhex("0006000000000000"))
    host.write(0, 4)


def spares(host: Host) -> tuple[int, ...]:
    """Return free primary spares, free supplementary ones, and all supplementary ones, in sectors."""
    data = host.ok(mmc.ReadDiscStructure(0x0A))[4:]
    return tuple(int.from_bytes(data[at : at + 4], "big") for at in (0, 4, 8))


def test_bad_blocks_are_replaced_as_they_are_written(drive: Drive) -> None:
    host = drive("dvd-ram", "&wear=bad:40-70")
    assert host.read_refused(40) == "3/11/05"
    host.write(32, 64)
    assert spares(host) == (12_800 - 48, 58_368, 58_368)  # blocks 2 to 4
    assert host.read(32, 64) == pattern(32, 64)
    host.write(40, 8)
    assert spares(host)[0] == 12_800 - 48


def test_streaming_leaves_bad_blocks_bad(drive: Drive) -> None:
    host = drive("dvd-ram", "&wear=bad:40-47")
    host.ok(mmc.Write12(32, 16, streaming=True), pattern(32, 16))
    assert host.read_refused(40) == "3/11/05"
    assert spares(host)[0] == 12_800


def test_certifying_finds_all_bad_blocks(drive: Drive) -> None:
    host = drive("dvd-ram", "&wear=bad:1000-1099,bad:5000")
    host.format(FULL, 2_236_704, flags=0x06)  # only tried
    assert spares(host)[0] == 12_800
    host.format(FULL, 2_236_704)
    assert spares(host)[0] == 12_800 - 8 * 16
    assert host.read(1_000, 100) == bytes(100 * SECTOR)


def test_spares_run_out(drive: Drive) -> None:
    host = drive("dvd-ram", "&sectors=40000&wear=bad:0-39999")
    host.format(FULL, 40_000, flags=0xA2)
    host.write(0, 800 * 16 - 16)
    host.write(800 * 16 - 16, 16)
    refusal = host.refused(mmc.Write10(12_800, 16), pattern(12_800, 16))
    assert (refusal.code, refusal.information) == ("3/32/00", 12_800)
    assert spares(host) == (0, 0, 0)


def test_dvd_ram_structures(drive: Drive) -> None:
    host = drive("dvd-ram")
    listed = host.ok(mmc.ReadDiscStructure(0xFF))
    assert {listed[at] for at in range(4, len(listed), 4)} == {0, 1, 4, 5, 8, 9, 10, 11, 0xC0}
    physical = host.ok(mmc.ReadDiscStructure(0x00))[4:]
    assert physical[0] == 0x16  # DVD-RAM, version 2.x
    assert physical[5:8] == bytes.fromhex("031000")
    assert host.ok(mmc.ReadDiscStructure(0x08))[4:6] == b"\x0a\x0a"
    assert host.ok(mmc.ReadDiscStructure(0x09))[4:] == b"\x00\x10\x00\x00"
    assert host.ok(mmc.ReadDiscStructure(0xC0))[4:] == bytes(4)


# --- DVD-ROM --------------------------------------------------------------------------------------------


def test_dvd_rom(drive: Drive) -> None:
    host = drive("dvd-rom", "&sectors=2000")
    assert profile_of(host) == 0x10
    assert {0x10, 0x1F} <= features_of(host)
    assert not {0x20, 0x21, 0x23, 0x2F} & features_of(host)
    disc, track = host.disc(), host.track(1)
    assert (disc.status, disc.last_session, disc.sessions, disc.erasable) == (2, 3, 1, False)
    assert (track.size, track.nwa, track.blank) == (2_000, None, False)
    assert host.capacity() == 1_999
    assert host.read(1_999, 1) == bytes(SECTOR)
    assert host.write_refused(0) == "5/30/05"
    assert host.close_refused(2) == "5/24/00"
    assert host.refused(mmc.FormatUnit(), format_list(FULL, 16)).code == "5/30/06"
    assert host.ok(mmc.ReadDiscStructure(0x00))[4:16] == bytes.fromhex(
        "010201000003000000030 7cf".replace(" ", "")
    )
    host.ok(mmc.ReadTocPmaAtip())
    writing = mmc.GetPerformance(mmc.PerformanceType.PERFORMANCE, data_type=0x14, max_descriptors=4)
    assert host.ok(writing) == b"\x00\x00\x00\x04\x02\x00\x00\x00"


def test_dvd_rom_of_two_layers(drive: Drive) -> None:
    host = drive("dvd-rom", "&sectors=4000000")
    physical = host.ok(mmc.ReadDiscStructure(0x00))[4:]
    assert physical[2] == 0x31  # two layers, opposite track path, embossed
    assert int.from_bytes(physical[12:16], "big") - 0x030000 + 1 == 2_000_000
    assert int.from_bytes(physical[8:12], "big") == 0xFFFFFF - 0x030000
