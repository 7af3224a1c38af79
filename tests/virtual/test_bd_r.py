"""BD-R: layers, spares, pseudo-overwrite, tracks; against what real drives were seen to answer."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, open_virtual_target

from .host import Host, format_list, pattern, refusal_of

Drive = Callable[..., Host]

SRM_POW, SRM = 0, 1
POW = mmc.DiscInformationType.POW_RESOURCES

# Without spares, then the formats that drives list: by default, with most spares, with fewest. Of 25 GB an
# HL-DT-ST WH16NS40's answer, of 100 GB another's; of 50 GB and 128 GB the defaults that dvdisaster knows, and for
# 50 GB the largest that ImgBurn gets.
SIZES = {
    "bd-r": (12_219_392, 11_826_176, 5_796_864, 12_088_320),
    "bd-r-dl": (24_438_784, 23_652_352, None, 24_307_712),
    "bd-r-tl": (48_878_592, 47_305_728, 30_790_656, 48_092_160),
    "bd-r-ql": (62_500_864, 60_403_712, None, None),
}


def feature_flags(host: Host, code: int) -> tuple[bool, bytes]:
    data = host.ok(mmc.GetConfiguration(mmc.RequestedType.ONE, starting_feature=code))
    return bool(data[10] & 1), data[12:]


def pow_resources(host: Host) -> tuple[int, int, int]:
    data = host.ok(mmc.ReadDiscInformation(16, data_type=POW))
    assert data[:4] == bytes((0, 14, 0x40, 0))
    return struct.unpack(">III", data[4:])


@pytest.fixture
def with_pow(drive: Drive) -> Host:
    host = drive("bd-r", "&sectors=20480")
    host.format(0x00, 0, subtype=SRM_POW)
    return host


@pytest.mark.parametrize("kind", SIZES)
def test_sizes_and_formats(drive: Drive, kind: str) -> None:
    host = drive(kind)
    raw, default, least, most = SIZES[kind]
    (size, state), choices = host.formats()
    assert (size, state) == (raw, 1)
    assert [choice[:2] for choice in choices[:2]] == [(default, 0x00), (default, 0x32)]
    assert choices[0][2] == (raw - default) // 32
    assert [code for _, code, _ in choices] == [0x00, 0x32, 0x32, 0x32]
    assert least in (None, choices[2][0])
    assert most in (None, choices[3][0])
    assert choices[2][0] < default < choices[3][0] < raw
    track = host.track(1)
    assert (track.free, track.size, track.nwa, track.blank, track.packet) == (raw, raw, 0, True, True)


def test_a_full_disc_of_four_layers_ends_where_it_should(drive: Drive) -> None:
    host = drive("bd-r-ql")
    assert host.write_refused(62_500_864) == "5/21/00"
    host.write(0, 32)
    assert host.track(1).free == 62_500_832


def test_speeds_follow_the_layers(drive: Drive) -> None:
    for kind, speeds in (("bd-r-dl", [26_973, 17_982, 8_991]), ("bd-r-tl", [17_982, 8_991])):
        data = drive(kind).ok(mmc.GetPerformance(mmc.PerformanceType.WRITE_SPEED))
        assert [int.from_bytes(data[at + 12 : at + 16], "big") for at in range(8, len(data), 16)] == speeds
        assert int.from_bytes(data[12:16], "big") == SIZES[kind][0] - 1


# --- formatting with spares ----------------------------------------------------------------------------


def test_spares_without_pseudo_overwrite(drive: Drive) -> None:
    host = drive("bd-r")
    host.format(0x32, 12_088_320, subtype=SRM)
    assert host.track(1).free == 12_088_320
    assert host.capacity() == 0
    assert feature_flags(host, 0x24)[0]
    assert not feature_flags(host, 0x38)[0]
    assert not feature_flags(host, 0x23)[0]
    host.write(0, 32)
    host.close(2)
    assert (host.disc().sessions, host.capacity()) == (2, 31)
    assert host.write_refused(0) == "5/21/02"
    assert host.refused(mmc.ReadDiscInformation(data_type=POW)).code == "5/24/00"
    again = host.refused(mmc.FormatUnit(), format_list(0x32, 12_088_320, subtype=SRM))
    assert again.code == "5/30/06"  # formatted once and for all


def test_drives_ignore_the_size_of_the_default_format(drive: Drive) -> None:
    """As Pioneer's command reference of the BDR-203 says."""
    host = drive("bd-r")
    host.format(0x00, 77, subtype=SRM)
    assert host.track(1).free == 11_826_176


@pytest.mark.parametrize(
    ("sectors", "subtype", "pointer"),
    [
        (12_088_352, SRM, "800004"),
        (5_796_832, SRM, "800004"),
        (12_000_001, SRM, "800004"),
        (12_088_320, 2, "890008"),
        (12_088_320, 3, "890008"),
    ],
)
def test_formats_that_do_not_go(drive: Drive, sectors: int, subtype: int, pointer: str) -> None:
    host = drive("bd-r")
    refusal = host.refused(mmc.FormatUnit(), format_list(0x32, sectors, subtype=subtype))
    assert (refusal.code, refusal.specific.hex()) == ("5/26/00", pointer)
    assert host.disc().status == 0


def test_trying_a_format_out_changes_nothing(drive: Drive) -> None:
    host = drive("bd-r")
    host.format(0x32, 12_088_320, subtype=SRM, flags=0x84)
    assert host.disc().status == 0
    assert host.refused(mmc.FormatUnit(), format_list(0x32, 32, flags=0x84)).code == "5/26/00"


# --- pseudo-overwrite ----------------------------------------------------------------------------------


def test_pseudo_overwrite_as_an_hl_dt_st_shows_it(drive: Drive) -> None:
    """Formatted by growisofs for the fewest spares, with two closed tracks and a third one begun."""
    host = drive("bd-r")
    host.format(0x32, 12_088_320, subtype=SRM_POW)
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions) == (1, 0, 1)
    for size in (64, 96, 32):
        host.write(host.track(0xFF).start, size)
        host.sync()
        if size != 32:
            host.close(1, host.disc().last_track)
    disc = host.disc()
    # Appendable, one session, incomplete, tracks 1 to 3: as its dvd+rw-mediainfo says.
    assert (disc.status, disc.last_session, disc.sessions, disc.first_track, disc.last_track) == (
        1,
        1,
        1,
        1,
        3,
    )
    first, third = host.track(1), host.track(3)
    # "partial incremental", no next writable address; "incomplete incremental" with one.
    assert (first.reserved, first.blank, first.packet, first.nwa, first.free) == (True, False, True, None, 0)
    assert (third.reserved, third.blank, third.packet, third.nwa) == (False, False, True, 192)
    assert third.size == 12_088_320 - 160
    assert host.capacity() == 12_088_319
    toc = host.ok(mmc.ReadTocPmaAtip())
    assert toc == bytes.fromhex("0012 0101 00140100 00000000 0014aa00") + (12_088_320).to_bytes(4, "big")
    session = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.SESSION_INFO))
    assert session[-8:] == bytes.fromhex("00140100 00000000")
    assert feature_flags(host, 0x38) == (True, bytes(4))  # growisofs takes no shorter one
    speeds = host.ok(mmc.GetPerformance(mmc.PerformanceType.WRITE_SPEED))
    assert int.from_bytes(speeds[12:16], "big") == 12_088_319
    spare = host.ok(mmc.ReadDiscStructure(0x0A, mmc.StructureMedia.BD))
    assert int.from_bytes(spare[12:16], "big") == 65_536  # half of what was set aside


def test_writing_again_spends_clusters(with_pow: Host) -> None:
    host = with_pow
    host.write(0, 128)
    host.sync()
    free, entries, updates = pow_resources(host)
    assert host.track(1).nwa == 128
    again = pattern(5_000, 16)
    host.ok(mmc.Write10(16, 16), again)
    host.sync()
    assert host.track(1).nwa == 160
    assert host.read(16, 16) == again
    assert host.read(0, 16) == pattern(0, 16)
    assert host.read(32, 96) == pattern(32, 96)
    assert pow_resources(host) == (free - 1, entries - 1, updates)
    # The cluster that holds the new data has an address of its own, at which nothing is recorded.
    assert host.read(128, 32) == bytes(32 * 2048)
    host.write(160, 32)
    assert host.read(160, 32) == pattern(160, 32)
    host.write(128, 32)
    assert host.read(128, 32) == pattern(128, 32)
    assert host.track(1).nwa == 224


def test_a_reserved_bit_that_dvd_rw_mediainfo_sets(with_pow: Host) -> None:
    """It asks for the resources with bit 4, the data type is in bits 0 to 2, and drives answer the standard way."""
    buffer = bytearray(16)
    assert with_pow.raw(bytes.fromhex("51100000000000001000"), buffer).status == 0
    assert buffer[:4] == bytes.fromhex("00200101")


def test_two_halves_of_a_cluster_cost_one(with_pow: Host) -> None:
    """growisofs writes 16 sectors at a time; the drive's cache makes whole clusters of them."""
    host = with_pow
    host.write(0, 64)
    host.sync()
    host.write(0, 16)
    host.write(16, 16)
    assert host.track(1).nwa == 96
    host.write(32, 16)
    host.write(48, 16)
    assert host.track(1).nwa == 128
    host.sync()
    host.write(0, 16)
    assert host.track(1).nwa == 160


def test_the_open_cluster_costs_nothing(with_pow: Host) -> None:
    host = with_pow
    host.write(0, 48)
    host.ok(mmc.Write10(40, 16), pattern(7_000, 16))  # 8 sectors again, 8 new ones
    assert host.track(1).nwa == 56
    assert host.read(32, 8) == pattern(32, 8)
    assert host.read(40, 16) == pattern(7_000, 16)


def test_again_and_on_in_one_write(with_pow: Host) -> None:
    host = with_pow
    host.write(0, 64)
    host.sync()
    host.ok(mmc.Write10(32, 64), pattern(9_000, 64))
    assert host.read(32, 64) == pattern(9_000, 64)
    assert host.track(1).nwa == 128  # 32 new sectors and one cluster in place of the old one


def test_what_cannot_be_written_with_pseudo_overwrite(with_pow: Host) -> None:
    host = with_pow
    assert host.write_refused(64) == "5/21/02"
    host.write(0, 64)
    assert host.write_refused(96) == "5/21/02"
    assert host.write_refused(host.capacity() + 1) == "5/21/00"
    assert host.write_refused(host.capacity(), 2) == "5/21/00"
    assert host.read_refused(host.capacity(), 2) == "5/21/00"
    assert host.read(4_096, 4) == bytes(4 * 2048)  # not recorded: zeros, and no error


def test_pseudo_overwrite_until_it_is_spent(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=1024")
    host.format(0x00, 0, subtype=SRM_POW)
    size = host.track(1).size
    host.write(0, size - 64)
    host.sync()
    assert pow_resources(host)[0] == 2
    host.write(0, 32)
    host.write(64, 32)
    assert pow_resources(host)[0] == 0
    assert host.write_refused(128, 32) == "5/63/00"
    assert host.write_refused(size - 1) == "5/63/00"
    assert host.read(64, 32) == pattern(64, 32)


def test_closing_with_pseudo_overwrite(with_pow: Host) -> None:
    """growisofs sends CLOSE SESSION to a disc that it has just formatted, and real drives refuse it."""
    host = with_pow
    host.write(0, 32)
    host.sync()
    host.close(1, 1)
    assert host.close_refused(2) == "5/24/00"
    host.write(32, 32)
    host.write(0, 32)
    host.close(1, 1)  # growisofs does so after it has written the first track once more
    assert host.track(2).nwa == 96
    host.close(6)
    assert host.disc().status == 2
    assert host.write_refused(0) == "5/30/05"
    assert not feature_flags(host, 0x38)[0]
    assert host.read(0, 64) == pattern(0, 64)


def test_the_map_survives_the_file(with_pow: Host, tmp_path: Path) -> None:
    host = with_pow
    host.write(0, 128)
    host.sync()
    for cluster in (0, 1, 2, 1):
        host.ok(mmc.Write10(cluster * 32, 32), pattern(50_000 + cluster, 32))
        host.sync()
    before = pow_resources(host)
    medium = host.target.medium
    assert medium is not None
    # 0 to 2 moved to the clusters 4 to 6 in one run; then 1 once more, to 7.
    assert medium.state.facts()["moved"] == [(0, 4, 1), (1, 7, 1), (2, 6, 1)]
    host.target.close()
    again = Host(open_virtual_target(f"virtual:{tmp_path / 'disc-bd-r.img'}?attention=no"))
    assert pow_resources(again) == before
    assert again.read(32, 32) == pattern(50_001, 32)
    assert again.track(1).nwa == 256
    again.target.close()


# --- tracks --------------------------------------------------------------------------------------------


def test_a_track_is_split_at_an_address(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20480")
    host.ok(mmc.ReserveTrack.at_address(640))
    assert [(host.track(n).start, host.track(n).size) for n in (1, 2)] == [(0, 640), (640, 19_840)]
    host.write(0, 64)
    host.ok(mmc.ReserveTrack.at_address(320))
    assert [host.track(n).start for n in (1, 2, 3)] == [0, 320, 640]
    assert [host.track(n).nwa for n in (1, 2, 3)] == [64, 320, 640]
    assert [host.track(n).reserved for n in (1, 2, 3)] == [True, True, False]
    host.write(320, 32)
    host.write(64, 32)
    assert host.refused(mmc.ReserveTrack.at_address(32)).code == "5/2C/00"
    assert host.refused(mmc.ReserveTrack.at_address(20_480)).code == "5/24/00"
    host.close(2)
    assert host.disc().sessions == 2
    data = host.ok(mmc.ReadDiscInformation(12, data_type=mmc.DiscInformationType.TRACK_RESOURCES))
    assert struct.unpack(">HHHH", data[4:]) == (7_927, 3, 16, 1)


def test_no_more_than_sixteen_open_tracks(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20480")
    for number in range(1, 16):
        host.ok(mmc.ReserveTrack.at_address(number * 64))
    assert host.refused(mmc.ReserveTrack.at_address(32)).code == "5/72/05"
    assert host.refused(mmc.ReserveTrack.of_size(32)).code == "5/72/05"
    host.write(0, 64)
    host.close(1, 1)
    host.ok(mmc.ReserveTrack.of_size(32))
    host.write(64, 1)
    host.close(6)
    assert host.disc().status == 2


# --- defects -------------------------------------------------------------------------------------------


def test_spares_take_the_place_of_bad_clusters(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20480&wear=bad:40,bad:100-139")
    host.format(0x00, 0, subtype=SRM)
    host.write(0, 256)
    assert host.read(0, 256) == pattern(0, 256)
    spare = host.ok(mmc.ReadDiscStructure(0x0A, mmc.StructureMedia.BD))
    free, allocated = struct.unpack(">II", spare[8:16])
    assert allocated - free == 3 * 32
    listed = host.ok(mmc.ReadDiscStructure(0x12, mmc.StructureMedia.BD))
    assert listed[4:6] == b"DL"
    assert int.from_bytes(listed[16:20], "big") == 3


def test_without_spares_bad_sectors_show_when_they_are_read(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20480&wear=bad:40")
    host.write(0, 64)
    assert host.read(0, 32) == pattern(0, 32)
    buffer = bytearray(32 * 2048)
    reply = host.raw(mmc.Read10(32, 32).to_cdb(), buffer)
    assert (refusal_of(reply).code, refusal_of(reply).information) == ("3/11/05", 40)
    assert host.refused(mmc.Verify10(0, 64)).code == "3/11/05"


def test_when_no_spare_is_left(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=2048&wear=bad:0-511")
    host.format(0x00, 0, subtype=SRM)
    refusal = host.refused(mmc.Write10(0, 512), pattern(0, 512))
    assert refusal.code == "3/32/00"
    assert refusal.information is not None
    assert host.track(1).nwa == 0


def test_an_older_sidecar_of_a_disc_with_spares(tmp_path: Path) -> None:
    medium = VirtualMedium.create(tmp_path / "disc", "bd-r")
    medium.state.format(12_088_320, medium.state.format_state.COMPLETE)
    state = type(medium.state)(medium.state.kind, 12_088_320, 12_219_392)
    state.take_facts({})
    assert state.spare_clusters == 4_096  # type: ignore[attr-defined]
    medium.close()


OVERWRITE = """
import sys
from aioimapi.virtual import open_virtual_target
target = open_virtual_target(sys.argv[1])
data = memoryview(bytearray(65536))
serial = 0
while True:
    serial += 1
    for at in range(0, 65536, 2048):
        data[at : at + 8] = serial.to_bytes(8, "big")
    lba = serial * 7 % 16 * 32
    reply = target.handle(b"\\x2a\\0" + lba.to_bytes(4, "big") + b"\\0\\0\\x20\\0", data, 0.0)
    assert reply.status == 0, reply
    sys.stdout.write(f"{serial}\\n")
    sys.stdout.flush()
    target.handle(b"\\x35" + bytes(9), None, 0.0)
"""


def test_kill_while_clusters_are_written_again(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    for round_ in range(4):
        for left in tmp_path.iterdir():
            left.unlink()
        url = f"virtual:{path}?attention=no"
        host = Host(open_virtual_target(f"{url}&media=bd-r"))
        host.format(0x00, 0, subtype=SRM_POW)
        host.write(0, 512)
        host.sync()
        entries = pow_resources(host)[1]
        host.target.close()
        with subprocess.Popen(
            [sys.executable, "-c", OVERWRITE, url], stdout=subprocess.PIPE, text=True
        ) as burn:
            assert burn.stdout is not None
            told = [int(burn.stdout.readline()) for _ in range(20 + 15 * round_)]
            burn.send_signal(signal.SIGKILL)
            told += [int(line) for line in burn.stdout.read().split()]
        host = Host(open_virtual_target(url))
        nwa = host.track(1).nwa
        assert nwa is not None
        spent = (nwa - 512) // 32
        assert told[-1] <= spent <= told[-1] + 1
        assert pow_resources(host)[1] == entries - min(spent, 16)
        # The cluster that was written last, by what was acknowledged: whole, and old or new.
        found = {host.read(told[-1] * 7 % 16 * 32 + at, 1)[:8] for at in range(32)}
        assert found == {told[-1].to_bytes(8, "big")}
        host.target.close()
