"""DVD+R DL and DVD-R DL: two layers, and where the first one ends (MMC-6 4.3.6, 6.36; ECMA-364, ECMA-382)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aioimapi import mmc
from aioimapi.virtual import open_virtual_target

from .host import Host, pattern
from .test_dvd_minus import features_of, profile_of

Drive = Callable[..., Host]

LAYER_BOUNDARY = 0x20


def layer(host: Host) -> tuple[bool, int]:
    """Return whether the end of layer 0 is fixed, and its sectors."""
    data = host.ok(mmc.ReadDiscStructure(LAYER_BOUNDARY))
    assert data[:4] == b"\x00\x0a\x00\x00"
    return bool(data[4] & 0x80), int.from_bytes(data[8:12], "big")


def boundary(sectors: int) -> bytes:
    return b"\x00\x0a\x00\x00" + bytes(4) + sectors.to_bytes(4, "big")


def send(sectors: int) -> tuple[mmc.SendDiscStructure, bytes]:
    return mmc.SendDiscStructure(LAYER_BOUNDARY, 12), boundary(sectors)


def test_dvd_plus_r_dl(drive: Drive) -> None:
    host = drive("dvd+r-dl")
    assert profile_of(host) == 0x2B
    assert 0x3B in features_of(host)
    assert 0x2B not in features_of(host)
    track = host.track(1)
    assert (track.nwa, track.free) == (0, 4_173_824)
    assert layer(host) == (False, 2_086_912)
    adip = host.ok(mmc.ReadDiscStructure(0x11))[4:]
    assert adip[0] == 0xE1  # DVD+R DL
    # ECMA-364: data zone 030000h to FCFFFFh, layer 0 to 22D7FFh.
    assert adip[4:16] == bytes.fromhex("0003000000fcffff0022d7ff")
    assert host.ok(mmc.ReadDiscStructure(0x00, layer=1))[4] == 0xE1
    assert host.refused(mmc.ReadDiscStructure(0x00, layer=2)).code == "5/24/00"


def test_the_layer_is_made_shorter(drive: Drive) -> None:
    host = drive("dvd+r-dl")
    for wrong in (0, 2_086_928, 1_000_008):
        assert host.refused(*send(wrong)).code == "5/26/00"
    host.ok(*send(1_000_000))
    assert layer(host) == (True, 1_000_000)
    assert host.track(1).free == 2_000_000
    assert host.refused(*send(900_000)).code == "5/2C/00"
    host.write(0, 32)
    host.sync()
    host.close(1, 1)
    host.close(5)
    assert host.disc().status == 2
    assert host.read(0, 32) == pattern(0, 32)


def test_the_layer_stays_once_sessions_are_closed(drive: Drive) -> None:
    host = drive("dvd+r-dl")
    host.write(0, 32)
    host.sync()
    assert host.refused(*send(16)).code == "5/26/00"  # less than what is recorded
    host.close(1, 1)
    host.close(2)
    assert layer(host) == (True, 2_086_912)
    assert host.refused(*send(1_000_000)).code == "5/2C/00"


def test_wrong_structures(drive: Drive) -> None:
    host = drive("dvd+r-dl")
    assert host.refused(mmc.SendDiscStructure(0x22, 12), boundary(16)).code == "5/24/00"
    assert host.refused(mmc.SendDiscStructure(LAYER_BOUNDARY, 8), boundary(16)[:8]).code == "5/1A/00"
    assert host.refused(mmc.SendDiscStructure(LAYER_BOUNDARY, 2), b"\x00\x0a").code == "5/1A/00"
    single = drive("dvd+r")
    assert single.refused(*send(1_000_000)).code == "5/24/00"
    assert single.refused(mmc.ReadDiscStructure(LAYER_BOUNDARY)).code == "5/24/00"


def test_dvd_minus_r_dl_in_sequence(drive: Drive) -> None:
    host = drive("dvd-r-dl")
    assert profile_of(host) == 0x15
    assert {0x21, 0x2F, 0x33} <= features_of(host)
    assert host.track(1).free == 4_171_712
    control = host.ok(mmc.ReadDiscStructure(0x10))[4:]
    assert control[0] == 0x26
    assert control[2] & 0x70 == 0x30  # two layers, opposite track path
    assert int.from_bytes(control[13:16], "big") - 0x030000 + 1 == 2_085_856
    host.select(write_type=0, multi_session=3)
    host.write(0, 16)
    host.sync()
    host.close(1, 1)
    host.close(2)
    assert host.disc().status == 2  # one border spans both layers


# --- layer jump -----------------------------------------------------------------------------------------

SHIFTED_MIDDLE, INTERVAL, MANUAL = 0x21, 0x22, 0x23
LAYER_JUMP = 4


def jumping(drive: Drive, layer_0: int = 4_096) -> Host:
    """Return a host with a DVD-R DL of that many sectors a layer, prepared for layer jump recording."""
    host = drive("dvd-r-dl", "&sectors=20000")
    host.select(write_type=LAYER_JUMP)
    host.ok(mmc.SendDiscStructure(SHIFTED_MIDDLE, 12), boundary(layer_0))
    return host


def jumps(host: Host) -> tuple[int, int, int, int]:
    """Return LJRS, the zone's last sector, the next and the last layer jump."""
    data = host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1))
    zone, following, last = (int.from_bytes(data[at : at + 4], "big") for at in (24, 40, 44))
    return data[5] >> 6, zone, following, last


def test_the_write_type_makes_the_profile(drive: Drive) -> None:
    host = drive("dvd-r-dl")
    host.select(write_type=LAYER_JUMP)
    assert profile_of(host) == 0x16
    assert 0x33 in features_of(host)
    assert 0x21 not in features_of(host)
    host.select(write_type=0)
    assert profile_of(host) == 0x15
    host.write(0, 16)
    body = host.write_parameters(write_type=LAYER_JUMP)
    assert host.refused(mmc.ModeSelect10(len(body)), body).code == "5/26/00"


def test_recording_jumps_at_regular_intervals(drive: Drive) -> None:
    host = jumping(drive)
    host.ok(mmc.SendDiscStructure(INTERVAL, 12), boundary(64))
    assert host.ok(mmc.ReadDiscStructure(INTERVAL))[8:12] == (64).to_bytes(4, "big")
    assert jumps(host) == (3, 63, 63, 0)
    assert host.track(1).free == 8_192
    assert host.write_refused(0, 80) == "5/63/00"  # not over the jump
    host.write(0, 64)
    # Sector A lies over sector 8191 - A of the other layer.
    assert host.track(1).nwa == 8_128
    assert jumps(host) == (3, 8_191, 8_191, 63)
    assert host.write_refused(64, 16) == "5/21/02"
    host.write(8_128, 48)
    assert host.read(0, 64) == pattern(0, 64)
    assert host.read(8_128, 48) == pattern(8_128, 48)
    assert host.read_refused(64) == "8/00/00"
    assert host.read_refused(8_176) == "8/00/00"
    host.write(8_176, 16)
    assert host.track(1).nwa == 64
    assert jumps(host)[1] == 127
    host.write(64, 16)
    assert host.track(1).free == 8_192 - 144
    host.sync()
    host.close(2)
    assert host.disc().status == 2
    assert host.read(0, 80) == pattern(0, 80)
    assert host.read(8_128, 64) == pattern(8_128, 64)
    assert host.read(8_112, 16) == bytes(16 * 2048)  # filled up under the last sectors of layer 0
    assert host.read_refused(80) == "8/00/00"


def test_a_jump_by_hand_survives_the_drive(drive: Drive) -> None:
    host = jumping(drive)
    host.write(0, 16)
    assert host.refused(mmc.SendDiscStructure(MANUAL, 12), boundary(16)).code == "5/26/00"
    host.ok(mmc.SendDiscStructure(MANUAL, 12), boundary(48))
    assert jumps(host) == (1, 47, 47, 0)
    host.write(16, 32)
    assert host.track(1).nwa == 8_144
    medium = host.target.medium
    assert medium is not None
    before = medium.state
    again = type(before)
    host.target.close()
    with type(medium).open(medium.path) as opened:
        assert isinstance(opened.state, again)
        assert opened.state == before


def test_a_jump_that_the_process_did_not_live_to_do(tmp_path: Path) -> None:
    url = f"virtual:{tmp_path / 'disc'}"
    host = Host(open_virtual_target(f"{url}?media=dvd-r-dl&sectors=20000&attention=no"))
    host.select(write_type=LAYER_JUMP)
    host.ok(mmc.SendDiscStructure(INTERVAL, 12), boundary(64))
    host.write(0, 48)
    medium = host.target.medium
    assert medium is not None
    medium.record(1, 48, pattern(48, 16), 16)  # the last WRITE of the zone, and no more
    host.target.close()
    again = Host(open_virtual_target(f"{url}?attention=no"))
    again.select(write_type=LAYER_JUMP)
    assert again.track(1).nwa == 20_000 - 64
    again.write(20_000 - 64, 64)
    assert again.track(1).nwa == 64
    again.target.close()


def test_the_layers_fill_up(drive: Drive) -> None:
    host = jumping(drive, 64)
    host.write(0, 64)
    host.write(64, 64)
    assert host.track(1).free == 0
    assert host.write_refused(64, 16) in ("5/21/00", "5/21/02")
    host.close(2)
    assert host.read(0, 128) == pattern(0, 128)
    assert host.capacity() == 127


def test_addresses_that_do_not_fit(drive: Drive) -> None:
    host = drive("dvd-r-dl", "&sectors=20000")
    assert host.refused(mmc.SendDiscStructure(INTERVAL, 12), boundary(64)).code == "5/2C/00"  # does not jump
    for wrong in (0, 8, 10_016):
        assert host.refused(mmc.SendDiscStructure(SHIFTED_MIDDLE, 12), boundary(wrong)).code == "5/26/00"
    host.write(0, 16)
    assert host.refused(mmc.SendDiscStructure(SHIFTED_MIDDLE, 12), boundary(64)).code == "5/2C/00"
    assert host.refused(mmc.SendDiscStructure(LAYER_BOUNDARY, 12), boundary(64)).code == "5/24/00"
