"""READ DISC STRUCTURE of BDs, against dumps of real discs and against each other."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from aioimapi import mmc

from .host import Host

Drive = Callable[..., Host]

# The first 32 bytes of the disc information of a Sony BD-R of four layers and of a Verbatim BD-R of one layer, as
# printed in an issue of qpxtool: but for the number of units, which differs with the speeds that a disc has.
SONY_QL = bytes.fromhex("444904800000630042445212420400000100000002000000 1fcd7e00")
VERBATIM_SL = bytes.fromhex("4449012800006200424452011201000001000000000000000002000000194e7e")


def structure(host: Host, code: int, **more: int) -> bytes:
    data = host.ok(mmc.ReadDiscStructure(code, mmc.StructureMedia.BD, allocation_length=0xFFFF, **more))
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    assert data[2:4] == b"\0\0"
    return data[4:]


def listed(host: Host) -> list[int]:
    data = structure(host, 0xFF)
    assert all(data[at + 1] == 0x40 for at in range(0, len(data), 4))
    for at in range(0, len(data), 4):
        assert len(structure(host, data[at])) + 4 == int.from_bytes(data[at + 2 : at + 4], "big")
    return [data[at] for at in range(0, len(data), 4)]


def units(host: Host) -> list[bytes]:
    data = structure(host, 0x00)
    assert len(data) == 4_096
    return [data[at : at + 112] for at in range(0, len(data) - 111, 112) if data[at : at + 2] == b"DI"]


@pytest.mark.parametrize(("kind", "dump"), [("bd-r", VERBATIM_SL), ("bd-r-ql", SONY_QL)])
def test_disc_information_as_on_real_discs(drive: Drive, kind: str, dump: bytes) -> None:
    first = units(drive(kind))[0]
    assert first[:3] == dump[:3]
    assert first[4 : len(dump) - 1] == dump[4:-1]


@pytest.mark.parametrize(
    ("kind", "name", "type_", "layers", "speeds"),
    [
        ("bd-rom", b"BDO", 1, 1, 1),
        ("bd-r", b"BDR", 2, 1, 3),
        ("bd-r-dl", b"BDR", 2, 2, 3),
        ("bd-r-tl", b"BDR", 2, 3, 2),
        ("bd-r-ql", b"BDR", 2, 4, 2),
        ("bd-re", b"BDW", 4, 1, 1),
        ("bd-re-dl", b"BDW", 4, 2, 1),
        ("bd-re-tl", b"BDW", 4, 3, 1),
    ],
)
def test_one_unit_for_each_layer_and_speed(
    drive: Drive, kind: str, name: bytes, type_: int, layers: int, speeds: int
) -> None:
    host = drive(kind)
    found = units(host)
    assert [unit[5] for unit in found] == list(range(layers * speeds))
    assert {unit[3] >> 3 for unit in found} == {layers * speeds}
    assert [unit[3] & 7 for unit in found] == list(range(layers)) * speeds
    assert {unit[8:11] for unit in found} == {name}
    assert {unit[12] for unit in found} == {layers << 4 | type_}
    at = 19 if layers > 2 else 24
    for unit in found[:layers]:
        first, last = struct.unpack_from(">II", unit, at)
        # Address units count in steps of two, each of which stands for 16 sectors.
        assert (last + 2 - first) * 8 * layers == host.track(1).size
    decoded = mmc.BdDiscInformation.parse(b"".join(found))
    assert decoded.units[0].manufacturer == "AIOIMA"
    assert decoded.units[0].disc_type == name.decode()


@pytest.mark.parametrize(
    ("kind", "formats", "codes"),
    [
        ("bd-rom", (), [0x00]),
        ("bd-r", (), [0x00, 0x09, 0x30]),
        ("bd-r", (0x32, 12_088_320), [0x00, 0x08, 0x09, 0x0A, 0x12, 0x30]),
        ("bd-re", (), [0x00, 0x09, 0x30]),
        ("bd-re", (0x30, 12_088_320), [0x00, 0x08, 0x09, 0x0A, 0x12, 0x30]),
        ("bd-re", (0x31, 12_219_392), [0x00, 0x08, 0x09, 0x30]),
    ],
)
def test_which_structures_there_are(
    drive: Drive, kind: str, formats: tuple[int, ...], codes: list[int]
) -> None:
    host = drive(kind)
    if formats:
        host.format(*formats)
    assert listed(host) == codes
    for code in {0x03, 0x08, 0x0A, 0x12, 0x55} - set(codes):
        refusal = host.refused(mmc.ReadDiscStructure(code, mmc.StructureMedia.BD))
        assert (refusal.code, refusal.specific.hex()) == ("5/24/00", "c00007")
    refusal = host.refused(mmc.ReadDiscStructure(0x00, mmc.StructureMedia.BD, layer=1))
    assert (refusal.code, refusal.specific.hex()) == ("5/24/00", "c00006")
    refusal = host.refused(mmc.ReadDiscStructure(0x00))
    assert (refusal.code, refusal.specific.hex()) == ("5/24/00", "cb0001")


def test_the_definition_structure_agrees_with_the_capacity(drive: Drive) -> None:
    host = drive("bd-re-dl")
    host.format(0x30, 24_307_712)
    data = structure(host, 0x08)
    assert len(data) == 2_048
    assert data[:2] == b"DS"
    assert int.from_bytes(data[36:40], "big") == host.capacity()
    inner, outer, _ = struct.unpack_from(">III", data, 40)
    assert (24_438_784 - 24_307_712) // 32 == inner + outer == 4_096
    # The first user sector lies behind the inner spare area, which begins with the data zone.
    assert int.from_bytes(data[32:36], "big") == 0x100000 + 4_096 * 32


def test_a_written_bd_r_without_spares(drive: Drive) -> None:
    host = drive("bd-r", "&sectors=20480")
    host.write(0, 32)
    assert listed(host) == [0x00, 0x08, 0x09, 0x30]
    assert structure(host, 0x09) == bytes(4)
    assert structure(host, 0x30) == b""


def test_an_empty_defect_list(drive: Drive) -> None:
    host = drive("bd-re", "&formatted")
    data = structure(host, 0x12)
    assert len(data) == 2_048
    assert data[:2] == b"DL"
    assert data[64:68] == b"\xff" * 4
    refusal = host.refused(mmc.ReadDiscStructure(0x12, mmc.StructureMedia.BD, address=9))
    assert (refusal.code, refusal.specific.hex()) == ("5/24/00", "c00002")
