"""BD-RE and BD-ROM: formats, certification, spares, defects."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, VirtualTarget

from .host import Host, format_list, pattern, refusal_of

Drive = Callable[..., Host]

QUICK, NONE, FULL_CERTIFICATION, QUICK_CERTIFICATION = 0, 1, 2, 3


def feature_current(host: Host, code: int) -> bool:
    return bool(host.ok(mmc.GetConfiguration(mmc.RequestedType.ONE, starting_feature=code))[10] & 1)


def spares(host: Host) -> tuple[int, int]:
    """Return free and allocated spare sectors."""
    data = host.ok(mmc.ReadDiscStructure(0x0A, mmc.StructureMedia.BD))
    return struct.unpack(">II", data[8:16])


def test_real_formats(drive: Drive) -> None:
    """The list that libburn's author had from a drive with a BD-RE of one layer."""
    current, choices = drive("bd-re").formats()
    assert current == (12_219_392, 1)
    assert choices == [
        (11_826_176, 0x00, 0x3000),
        (11_826_176, 0x30, 0x3000),
        (11_564_032, 0x30, 0x5000),
        (12_088_320, 0x30, 0x1000),
        (12_219_392, 0x31, 0x800),
    ]


def test_formats_of_a_formatted_disc(drive: Drive) -> None:
    """As a BH16NS40 lists them: with 01h, more spares; and no spare of 131,072 is used."""
    host = drive("bd-re")
    host.format(0x30, 12_088_320)
    current, choices = host.formats()
    assert current == (12_088_320, 2)
    assert [choice[:2] for choice in choices] == [
        (11_826_176, 0x00),
        (11_564_032, 0x01),
        (11_826_176, 0x30),
        (11_564_032, 0x30),
        (12_088_320, 0x30),
        (12_219_392, 0x31),
    ]
    assert spares(host) == (131_072, 131_072)


@pytest.mark.parametrize(
    ("kind", "raw", "default"),
    [("bd-re-dl", 24_438_784, 23_652_352), ("bd-re-tl", 48_878_592, 47_305_728)],
)
def test_more_layers(drive: Drive, kind: str, raw: int, default: int) -> None:
    host = drive(kind)
    assert host.write_refused(0) == "5/30/10"
    (size, state), choices = host.formats()
    assert (size, state) == (raw, 1)
    assert [code for _, code, _ in choices] == [0x00, 0x30, 0x30, 0x30, 0x31]
    assert all((raw - sectors) // 32 == clusters for sectors, _, clusters in choices[:-1])
    host.format(0x00, default)
    assert host.capacity() == default - 1
    host.write(default - 32, 32)
    assert host.read(default - 1, 1) == pattern(default - 1, 1)
    assert host.read(raw // 2, 1) == bytes(2048)
    host.format(0x31, raw)
    assert host.capacity() == raw - 1


def test_spares_in_between(drive: Drive) -> None:
    host = drive("bd-re")
    host.format(0x30, 11_600_000)
    assert host.capacity() == 11_599_999
    assert spares(host)[1] == 12_219_392 - 11_600_000
    assert feature_current(host, 0x24)
    host.format(0x31, 12_219_392, subtype=NONE)
    assert not feature_current(host, 0x24)
    assert host.refused(mmc.ReadDiscStructure(0x0A, mmc.StructureMedia.BD)).code == "5/24/00"
    assert host.refused(mmc.FormatUnit(), format_list(0x01, 11_564_032)).code == "5/26/00"


def test_more_spares_keep_the_data(drive: Drive) -> None:
    host = drive("bd-re")
    host.format(0x00, 0)
    host.write(0, 64)
    host.format(0x01, 11_564_032)
    assert host.capacity() == 11_564_031
    assert host.read(0, 64) == pattern(0, 64)
    assert 0x01 not in [code for _, code, _ in host.formats()[1]]


@pytest.mark.parametrize(
    ("code", "sectors", "subtype", "pointer"),
    [
        (0x30, 12_088_352, QUICK, "800004"),
        (0x30, 11_564_000, QUICK, "800004"),
        (0x30, 11_826_177, QUICK, "800004"),
        (0x30, 11_826_176, NONE, "890008"),
        (0x31, 12_219_360, QUICK, "800004"),
        (0x32, 12_088_320, QUICK, "8f0008"),
        (0x01, 11_564_032, QUICK, "8f0008"),
    ],
)
def test_formats_that_do_not_go(drive: Drive, code: int, sectors: int, subtype: int, pointer: str) -> None:
    host = drive("bd-re")
    refusal = host.refused(mmc.FormatUnit(), format_list(code, sectors, subtype=subtype))
    assert (refusal.code, refusal.specific.hex()) == ("5/26/00", pointer)
    assert host.disc().status == 0


def test_bad_clusters_are_replaced_as_they_are_written(drive: Drive) -> None:
    host = drive("bd-re", "&sectors=20480&formatted&wear=bad:33,bad:70-129")
    before = spares(host)[0]
    host.write(0, 32)
    assert spares(host)[0] == before
    host.write(32, 200)
    assert spares(host)[0] == before - 4 * 32
    assert host.read(0, 232) == pattern(0, 232)
    host.write(32, 32)  # a replaced cluster costs no more
    assert spares(host)[0] == before - 4 * 32
    listed = host.ok(mmc.ReadDiscStructure(0x12, mmc.StructureMedia.BD))
    entries = [listed[at : at + 8] for at in range(4 + 64, 4 + 64 + 4 * 8, 8)]
    assert entries == sorted(entries)
    assert listed[4 + 64 + 4 * 8 :][:4] == b"\xff" * 4
    assert host.refused(mmc.ReadDiscStructure(0x12, mmc.StructureMedia.BD, address=1)).code == "5/24/00"


def test_streaming_leaves_bad_clusters_bad(drive: Drive) -> None:
    host = drive("bd-re", "&sectors=20480&formatted&wear=bad:33")
    before = spares(host)[0]
    host.ok(mmc.Write12(32, 32, streaming=True), pattern(32, 32))
    assert spares(host)[0] == before
    reply = host.raw(mmc.Read10(0, 64).to_cdb(), bytearray(64 * 2048))
    assert (refusal_of(reply).code, refusal_of(reply).information) == ("3/11/05", 33)
    host.ok(mmc.Write12(32, 32), pattern(32, 32))
    assert host.read(32, 32) == pattern(32, 32)
    assert spares(host)[0] == before - 32


def test_certification_finds_bad_clusters(drive: Drive) -> None:
    host = drive("bd-re", "&sectors=20480&formatted&wear=bad:1000-1063")
    sizes = [choice[0] for choice in host.formats()[1] if choice[1] == 0x30]
    host.write(0, 64)
    host.format(0x30, sizes[0], subtype=QUICK_CERTIFICATION)
    assert spares(host)[0] == spares(host)[1]
    assert host.read(0, 64) == pattern(0, 64)
    host.format(0x30, sizes[0], subtype=FULL_CERTIFICATION)
    assert host.read(0, 64) == bytes(64 * 2048)
    free, allocated = spares(host)
    assert allocated - free == 3 * 32
    host.format(0x30, sizes[0], subtype=QUICK)
    assert spares(host) == (free, allocated)  # what is known stays known
    host.write(992, 96)
    assert spares(host) == (free, allocated)
    assert host.read(992, 96) == pattern(992, 96)


def test_formatting_takes_its_time(drive: Drive) -> None:
    host = drive("bd-re", "&physics=1&format_s=50&sectors=20480")
    sizes = [choice[0] for choice in host.formats()[1] if choice[1] == 0x30]
    host.format(0x30, sizes[0], subtype=QUICK)
    host.now += 25
    refusal = host.refused(mmc.TestUnitReady())
    assert refusal.code == "2/04/04"
    assert 0x7000 < int.from_bytes(refusal.specific[1:], "big") < 0x9000
    host.now += 26
    host.ok(mmc.TestUnitReady())
    reply = host.send(mmc.FormatUnit(), format_list(0x30, sizes[0], subtype=FULL_CERTIFICATION, flags=0x80))
    assert reply.status == 0
    assert reply.duration_s == pytest.approx(2 * sizes[0] * 2_048 / 4_495_625, rel=0.01)


def test_a_bd_rom_is_read_only(drive: Drive) -> None:
    host = drive("bd-rom", "&sectors=2048")
    disc = host.disc()
    assert (disc.status, disc.last_session, disc.sessions, disc.erasable, disc.background) == (
        2,
        3,
        1,
        False,
        0,
    )
    assert host.capacity() == 2_047
    track = host.track(1)
    assert (track.start, track.size, track.nwa, track.free, track.blank) == (0, 2_048, None, 0, False)
    assert host.read(0, 2) == bytes(4_096)
    assert host.ok(mmc.ReadTocPmaAtip()) == bytes.fromhex("0012 0101 00140100 00000000 0014aa00 00000800")
    assert host.write_refused(0) == "5/30/05"
    assert host.close_refused(2) == "5/24/00"
    assert host.refused(mmc.FormatUnit(), format_list(0x00, 2_048)).code == "5/30/06"
    assert host.refused(mmc.Blank(mmc.BlankingType.DISC)).code == "5/30/06"
    assert host.refused(mmc.ReserveTrack.of_size(64)).code == "5/64/00"
    assert host.formats() == ((2_048, 2), [])
    data = host.ok(mmc.GetConfiguration(mmc.RequestedType.CURRENT))
    assert data[6:8] == b"\x00\x40"
    assert feature_current(host, 0x40)
    assert feature_current(host, 0x10)
    for code in (0x20, 0x21, 0x23, 0x24, 0x38, 0x41):
        assert not feature_current(host, code)


def test_a_bd_rom_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "rom"
    VirtualMedium.create(path, "bd-rom", sectors=2_048, formatted=True).close()
    medium = VirtualMedium.open(path)
    host = Host(VirtualTarget(medium, attention=False))
    assert host.capacity() == 2_047
    host.target.close()
