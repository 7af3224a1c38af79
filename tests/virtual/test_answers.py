"""Answers about the drive and the disc, against bytes that others sent and by the codec's decoders."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from aioimapi import mmc

from .host import Host

Drive = Callable[..., Host]

# What tgt, an independent emulation of a DVD+R burner, answers for a blank disc (by sg_raw).
TGT_DISC = bytes.fromhex("00200001010101100000000000000000000000000023054000000000000000000000")
TGT_TRACK = bytes.fromhex("00260101000741010000000000000000002305400000001000230540000000000000 0000")
TGT_TOC_AFTER_32 = bytes.fromhex("0012010100170100000000000017aa0000000020")
TGT_STRUCTURE = bytes.fromhex("08020000a10f0200000300000026053f00000000")
# READ DISC INFORMATION byte 7: tgt has DAC_V and leaves URU, the unrestricted use bit, 0.
DISC_BYTES_THAT_DIFFER = {7}


def test_blank_dvd_plus_r_answers_as_tgt(drive: Drive) -> None:
    host = drive("dvd+r")
    disc = host.ok(mmc.ReadDiscInformation())
    assert [at for at in range(34) if disc[at] != TGT_DISC[at]] == sorted(DISC_BYTES_THAT_DIFFER)
    track = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))
    assert track[2:36] == TGT_TRACK[2:36]
    assert host.ok(mmc.ReadCapacity()) == bytes.fromhex("0000000000000800")
    assert host.ok(mmc.ReadDiscStructure())[:19] == TGT_STRUCTURE[:19]


def test_dvd_plus_r_after_a_finalizing_close_answers_as_tgt(drive: Drive) -> None:
    host = drive("dvd+r")
    host.write(0, 32)
    host.close(1, 1)
    host.close(5)
    disc = host.ok(mmc.ReadDiscInformation())
    assert disc[:7] == bytes.fromhex("00200e01010101")
    track = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))
    assert track[24:32] == bytes.fromhex("00000020 0000001f")
    assert track[7] == 0x02
    assert host.ok(mmc.ReadTocPmaAtip()) == TGT_TOC_AFTER_32
    assert host.ok(mmc.ReadCapacity()) == bytes.fromhex("0000001f00000800")
    assert host.write_refused(32) == "5/30/05"  # tgt's words, too


def test_disc_information_of_a_bd_r(drive: Drive) -> None:
    """Against the DI of a Verbatim BD-R as qpxtool printed it, but for the maker's part."""
    di = drive("bd-r").ok(mmc.ReadDiscStructure(media=mmc.StructureMedia.BD, allocation_length=4_100))
    assert len(di) == 4_100
    assert di[4:6] == b"DI"
    assert di[10:12] == b"\x62\x00"
    assert di[12:16] == b"BDR\x01"
    assert di[16:18] == b"\x12\x01"
    assert di[28:36] == bytes.fromhex("0002000000194e7e")
    assert di[104:110] == b"AIOIMA"


def test_disc_structures_per_family(drive: Drive) -> None:
    dvd, bd, cd = drive("dvd+rw"), drive("bd-re"), drive("cd-r")
    adip = dvd.ok(mmc.ReadDiscStructure(0x11))
    assert len(adip) == 260
    assert adip[4] == 0x92
    assert adip[4 + 19 : 4 + 25] == b"AIOIMA"
    listed = dvd.ok(mmc.ReadDiscStructure(0xFF))
    assert [listed[at] for at in range(4, len(listed), 4)] == [0x00, 0x01, 0x04, 0x05, 0x11, 0x30]
    assert bd.ok(mmc.ReadDiscStructure(media=mmc.StructureMedia.BD))[12:15] == b"BDW"
    assert bd.refused(mmc.ReadDiscStructure()).code == "5/24/00"
    assert dvd.refused(mmc.ReadDiscStructure(media=mmc.StructureMedia.BD)).code == "5/24/00"
    assert dvd.refused(mmc.ReadDiscStructure(0x10)).code == "5/24/00"
    assert cd.refused(mmc.ReadDiscStructure()).code == "5/24/00"


CURRENT = {
    "cd-r": (0x0009, {0x1E, 0x21, 0x2D, 0x2E, 0x103}),
    "dvd+r": (0x001B, {0x1F, 0x2B, 0x10A}),
    "dvd+rw": (0x001A, {0x1F, 0x20, 0x23, 0x2A, 0x10A}),
    "bd-r": (0x0041, {0x21, 0x23, 0x40, 0x41}),
    "bd-re": (0x0043, {0x20, 0x23, 0x24, 0x40, 0x41}),
}
ALWAYS = {0x0000, 0x0001, 0x0002, 0x0003, 0x001D, 0x0100, 0x0105, 0x0107, 0x0108}


def current_features(host: Host) -> tuple[int, dict[int, bytes]]:
    data = host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    found, at = {}, 8
    while at < len(data):
        code, flags, size = struct.unpack(">HBB", data[at : at + 4])
        assert flags & 1
        found[code] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return int.from_bytes(data[6:8], "big"), found


@pytest.mark.parametrize("kind", CURRENT)
def test_features_follow_the_disc(drive: Drive, kind: str) -> None:
    host = drive(kind)
    profile, features = current_features(host)
    assert profile == CURRENT[kind][0]
    assert set(features) == ALWAYS | CURRENT[kind][1]
    profiles = features[0]
    on = [profiles[at : at + 2] for at in range(0, len(profiles), 4) if profiles[at + 2]]
    assert on == [CURRENT[kind][0].to_bytes(2, "big")]


def test_features_of_a_finalized_disc(drive: Drive) -> None:
    host = drive("bd-r")
    host.write(0, 32)
    host.close(6)
    profile, features = current_features(host)
    assert profile == 0x41
    assert set(features) == ALWAYS | {0x10, 0x40}


def test_one_feature_at_a_time(drive: Drive) -> None:
    host = drive("bd-r")
    one = host.ok(mmc.GetConfiguration(mmc.RequestedType.ONE, starting_feature=0x21))
    assert one[8:12] == bytes.fromhex("00210d08")
    assert len(one) == 20
    assert len(host.ok(mmc.GetConfiguration(mmc.RequestedType.ONE, starting_feature=0x50))) == 8
    short = host.ok(mmc.GetConfiguration(allocation_length=8))
    assert len(short) == 8
    assert int.from_bytes(short[:4], "big") > 100  # the whole length, though only 8 bytes were asked for


def test_the_codec_reads_the_features(drive: Drive) -> None:
    features = mmc.FeatureSet.parse(drive("bd-re").ok(mmc.GetConfiguration()))
    assert features.current_profile == mmc.Profile(0x43)


def test_inquiry(drive: Drive) -> None:
    host = drive("bd-r", "&vendor=ACME&product=BURNER%2016X&revision=2.0&serial=S42")
    data = host.ok(mmc.Inquiry())
    assert len(data) == 96
    assert data[:5] == bytes((5, 0x80, 5, 2, 91))
    assert data[8:36] == b"ACME    BURNER 16X      2.0 "
    assert host.ok(mmc.Inquiry(allocation_length=36)) == data[:36]
    assert host.ok(mmc.Inquiry(vital_product_data=True, page_code=0x80)) == b"\x05\x80\x00\x03S42"
    assert host.ok(mmc.Inquiry(vital_product_data=True))[4:] == b"\x00\x80\x83"
    assert host.ok(mmc.Inquiry(vital_product_data=True, page_code=0x83))[8:] == b"ACME    S42"
    assert host.refused(mmc.Inquiry(page_code=0x80)).code == "5/24/00"
    assert host.ok(mmc.ReportLuns()) == bytes((0, 0, 0, 8)) + bytes(12)


def test_write_speeds(drive: Drive) -> None:
    host = drive("bd-r")
    data = host.ok(mmc.GetPerformance())
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    rows = [struct.unpack(">B3xIII", data[at : at + 16]) for at in range(8, len(data), 16)]
    assert rows == [(0, 12_219_391, 26_973, speed) for speed in (26_973, 17_982, 8_991)]
    first = host.ok(mmc.GetPerformance(max_descriptors=1))
    assert (first[:4], len(first)) == (data[:4], 24)  # the length tells of all
    host.ok(mmc.SetCdSpeed(write_kbps=9_000))
    page = host.ok(mmc.ModeSense10(0x2A))
    assert int.from_bytes(page[8 + 28 : 8 + 30], "big") == 8_991
    assert int.from_bytes(page[8 + 30 : 8 + 32], "big") == 3
    streaming = struct.pack(">B3xIIIIII", 0, 0, 12_219_391, 8_991, 1_000, 18_000, 1_000)
    host.ok(mmc.SetStreaming(), streaming)
    nominal = host.ok(mmc.GetPerformance(mmc.PerformanceType.PERFORMANCE, data_type=0x14, max_descriptors=1))
    assert struct.unpack(">IIII", nominal[8:]) == (0, 17_982, 12_219_391, 17_982)
    reset = struct.pack(">B3xIIIIII", 4, 0, 0, 0, 0, 0, 0)
    host.ok(mmc.SetStreaming(), reset)
    page = host.ok(mmc.ModeSense10(0x2A))
    assert int.from_bytes(page[8 + 28 : 8 + 30], "big") == 26_973
    never = struct.pack(">B3xIIIIII", 0, 0, 1, 1_000, 0, 1_000, 0)
    assert host.refused(mmc.SetStreaming(), never).code == "5/26/00"
    assert host.refused(mmc.SetStreaming(27), never[:27]).code == "5/1A/00"


def test_mode_pages(drive: Drive) -> None:
    host = drive("dvd+r")
    everything = host.ok(mmc.ModeSense10(0x3F))
    assert int.from_bytes(everything[:2], "big") == len(everything) - 2
    at, pages = 8, []
    while at < len(everything):
        pages.append(everything[at])
        at += everything[at + 1] + 2
    assert pages == [0x01, 0x05, 0x08, 0x0D, 0x0E, 0x1A, 0x1D, 0x2A]
    mask = host.ok(mmc.ModeSense10(0x05, page_control=mmc.PageControl.CHANGEABLE))
    assert len(mask) == 60
    assert host.ok(mmc.ModeSense10(0x08))[10] == 0x04  # write cache on


def test_events(drive: Drive) -> None:
    host = drive("bd-r")
    assert host.ok(mmc.GetEventStatusNotification()) == bytes.fromhex(
        "0006045602020000"
    )  # new media, present
    assert host.ok(mmc.GetEventStatusNotification()) == bytes.fromhex("0006045600020000")
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    assert host.ok(mmc.GetEventStatusNotification()) == bytes.fromhex(
        "0006045603010000"
    )  # removed, tray open
    assert host.ok(mmc.MechanismStatus())[1] & 0x10
    assert host.ok(mmc.GetEventStatusNotification(classes=1 << 3)) == bytes.fromhex("00028056")
    assert host.refused(mmc.GetEventStatusNotification(polled=False)).code == "5/24/00"


def test_track_information_by_address_and_session(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=4096")
    host.write(0, 64)
    host.close(2)
    host.write(64, 32)
    host.close(2)
    assert host.track(63, kind=0).track == 1
    assert host.track(64, kind=0).track == 2
    assert host.track(4_000, kind=0).track == 3
    assert host.track(2, kind=2).track == 2
    assert host.track(3, kind=2).blank
    opened = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1, open_=True))
    assert opened[2] == 3


def test_power_calibration(drive: Drive) -> None:
    host = drive("dvd+r")
    host.ok(mmc.SendOpcInformation())
    assert host.refused(mmc.SendOpcInformation(do_opc=False)).code == "5/24/00"


def test_track_resources(drive: Drive) -> None:
    data = drive("bd-r").ok(mmc.ReadDiscInformation(data_type=mmc.DiscInformationType.TRACK_RESOURCES))
    assert data == struct.pack(">HBxHHHH", 10, 0x20, 7_927, 1, 16, 1)


def test_the_old_place_of_the_toc_format(drive: Drive) -> None:
    """Linux's sr asks for the last session with the format in byte 9; without it a second session is not mounted."""
    host = drive("dvd+r", "&sectors=20000")
    for _ in range(2):
        host.write(host.track(0xFF).start, 16)
        host.close(2)
    buffer = bytearray(12)
    reply = host.raw(bytes.fromhex("43000000000000000c40"), buffer)
    assert reply.status == 0
    assert bytes(buffer) == bytes.fromhex("000a0102 00170200 00000810")


def test_the_rest_of_what_a_drive_tells(drive: Drive) -> None:
    host = drive("dvd+r")
    assert host.ok(mmc.ReadDiscStructure(0x01)) == bytes.fromhex("0006000000000000")
    capacity = host.ok(mmc.ReadBufferCapacity(block=True))
    assert capacity == bytes.fromhex("000a0001 00000000 00000800")  # 4 MiB in sectors
    assert host.ok(mmc.ReportLuns(select_report=1)) == bytes(8)
    assert host.ok(mmc.GetEventStatusNotification(classes=1 << 2)) == bytes.fromhex("0006025600010000")
    assert host.ok(mmc.GetEventStatusNotification(classes=1 << 6)) == bytes.fromhex("0006065600000000")
    assert host.ok(mmc.GetEventStatusNotification(classes=1 << 1)) == bytes.fromhex("0006015600000000")
    exceptions = mmc.GetPerformance(mmc.PerformanceType.PERFORMANCE, data_type=0x12)
    assert host.ok(exceptions) == bytes.fromhex("0000000400000000")
    host.ok(mmc.StartStopUnit())
    host.ok(mmc.StartStopUnit(start=False))
    host.ok(mmc.StartStopUnit(power_condition=mmc.PowerCondition.STANDBY))
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (2, 0x3A, 2)
    assert host.refused(mmc.StartStopUnit()).code == "2/3A/02"
