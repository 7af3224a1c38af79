"""What the target says to commands that come at the wrong time or with the wrong values."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, VirtualTarget, open_virtual_target

from .host import Host, format_list, pattern, refusal_of

Drive = Callable[..., Host]
KINDS = ("dvd+r", "dvd+rw", "bd-r", "bd-re", "cd-r")


def test_unknown_commands(drive: Drive) -> None:
    host = drive("bd-r")
    for cdb in (
        bytes.fromhex("a60000000300000000000000"),  # LOAD/UNLOAD MEDIUM: not a changer
        bytes.fromhex("9e100000000000000000000000200000"),  # READ CAPACITY (16)
        bytes.fromhex("d80000000000"),
        b"",
    ):
        refusal = refusal_of(host.raw(cdb))
        assert refusal.code == "5/20/00"
        assert refusal.specific == bytes.fromhex("c00000")


@pytest.mark.parametrize(
    ("cdb", "pointer"),
    [
        ("28000000000000000400", None),  # as it should be, but for the blank disc
        ("28020000000000000400", "c90001"),  # reserved bit 1 of byte 1
        ("2a020000000000000400", "c90001"),
        ("51070000000000002200", "ca0001"),  # no such data type
        ("43000f00000000001200", "cb0002"),
        ("5b000300000000000000", "ca0002"),  # close function 3 is for DVD-RAM and DVD-RW
        ("5b000500000000000000", "ca0002"),  # 5 is for DVD+R
        ("46030000000000001000", "c90001"),
    ],
)
def test_invalid_fields_are_pointed_at(drive: Drive, cdb: str, pointer: str | None) -> None:
    host = drive("bd-r")
    refusal = refusal_of(host.raw(bytes.fromhex(cdb), bytes(8192)))
    if pointer is None:
        assert refusal.code == "5/64/00"
    else:
        assert refusal.code == "5/24/00"
        assert refusal.specific.hex() == pointer


def test_no_disc_and_open_tray(tmp_path: Path) -> None:
    host = Host(VirtualTarget(None))
    needs_disc = [
        mmc.TestUnitReady(),
        mmc.Read10(0, 1),
        mmc.Write10(0, 1),
        mmc.SynchronizeCache10(),
        mmc.CloseTrackSession(mmc.CloseFunction.SESSION),
        mmc.ReadDiscInformation(),
        mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1),
        mmc.ReadTocPmaAtip(),
        mmc.ReadCapacity(),
        mmc.GetPerformance(),
        mmc.ReadDiscStructure(),
    ]
    for command in needs_disc:
        assert host.refused(command, bytes(2048)).code == "2/3A/01", command
    for command in (mmc.Inquiry(), mmc.GetConfiguration(), mmc.ModeSense10(0x2A), mmc.ReadFormatCapacities()):
        assert host.ok(command)
    assert host.ok(mmc.ReadFormatCapacities())[8] & 3 == 3
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    assert host.refused(mmc.TestUnitReady()).code == "2/3A/02"
    assert host.target.tray_open


def test_attention_after_a_disc_came(drive: Drive, tmp_path: Path) -> None:
    url = f"virtual:{tmp_path / 'a.img'}?media=bd-r"
    host = Host(open_virtual_target(url))
    host.ok(mmc.Inquiry())
    host.ok(mmc.GetConfiguration())
    host.ok(mmc.GetEventStatusNotification())
    assert host.refused(mmc.TestUnitReady()).code == "6/28/00"
    host.ok(mmc.TestUnitReady())
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    assert host.refused(mmc.TestUnitReady()).code == "2/3A/02"
    host.ok(mmc.StartStopUnit(start=True, load_eject=True))
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (6, 0x28, 0)  # told once, by REQUEST SENSE
    host.ok(mmc.TestUnitReady())
    sense = host.ok(mmc.RequestSense())
    assert (sense[2], sense[12], sense[13]) == (0, 0, 0)

    other = VirtualMedium.create(tmp_path / "b.img", "dvd+r")
    old = host.target.swap_medium(other)
    assert old is not None
    old.close()
    assert host.refused(mmc.ReadCapacity()).code == "6/28/00"
    configuration = host.ok(mmc.GetConfiguration())
    assert configuration[6:8] == b"\x00\x1b"
    host.target.close()
    assert host.send(mmc.TestUnitReady()).gone


def test_lock(drive: Drive) -> None:
    host = drive("bd-r")
    host.ok(mmc.PreventAllowMediumRemoval(prevent=True))
    assert host.target.locked
    assert host.refused(mmc.StartStopUnit(start=False, load_eject=True)).code == "5/53/02"
    assert not host.target.tray_open
    host.ok(mmc.PreventAllowMediumRemoval(prevent=False))
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    assert host.target.tray_open


@pytest.mark.parametrize("kind", KINDS)
def test_write_protected(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disc.img"
    with VirtualMedium.create(path, kind, sectors=4_096, formatted=True):
        pass
    before = path.with_suffix(".img.state").read_bytes()
    host = Host(open_virtual_target(f"virtual:{path}?readonly&attention=no"))
    assert host.write_refused(0) == "7/27/00"
    assert host.refused(mmc.FormatUnit(), format_list(0, 100)).code == "7/27/00"
    assert host.close_refused(2) == "7/27/00"
    host.ok(mmc.ReadDiscInformation())
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    host.target.close()
    assert path.with_suffix(".img.state").read_bytes() == before
    assert path.stat().st_size == 0


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r", "cd-r"])
def test_write_once_takes_only_the_next_address(drive: Drive, kind: str) -> None:
    host = drive(kind, "&sectors=2048")
    assert host.write_refused(1) == "5/21/02"
    host.write(0, 32)
    for lba in (0, 31, 33, 64, 2_000):
        assert host.write_refused(lba) == "5/21/02", lba
    for lba in (2_048, 12_219_392, 0xFFFFFFFF):
        assert host.write_refused(lba) == "5/21/00", lba
    assert host.track(1).nwa == 32
    assert host.read(0, 32) == pattern(0, 32)


@pytest.mark.parametrize("kind", KINDS)
def test_reads_stay_inside(drive: Drive, kind: str) -> None:
    host = drive(kind, "&sectors=2048&formatted")
    host.write(0, 64)
    assert host.read(63, 1) == pattern(63, 1)
    end = 2_048 if kind != "bd-re" else host.capacity() + 1
    for lba, count in ((end, 1), (end - 1, 2), (0xFFFFFFFF, 1)):
        assert host.read_refused(lba, count) == "5/21/00", (lba, count)
    if kind in ("dvd+r", "bd-r", "cd-r"):
        assert host.read_refused(63, 2) == "5/21/00"
        assert host.read_refused(500) == "5/21/00"
    assert host.read(0, 0) == b""


def test_a_short_data_phase_is_an_error(drive: Drive) -> None:
    host = drive("bd-r")
    assert refusal_of(host.raw(mmc.Write10(0, 2).to_cdb(), bytes(2048))).code == "B/4B/00"
    assert host.track(1).blank


def test_closing_nothing(drive: Drive) -> None:
    host = drive("bd-r")
    assert host.close_refused(1, 1) == "5/2C/00"
    assert host.close_refused(2) == "5/2C/00"
    assert host.close_refused(6) == "5/2C/00"
    assert host.close_refused(1, 2) == "5/24/00"
    assert host.disc().status == 0


def test_reserving_what_cannot_be(drive: Drive) -> None:
    host = drive("dvd+r", "&sectors=2048")
    assert host.refused(mmc.ReserveTrack.of_size(2_049)).code == "5/24/00"
    host.write(0, 16)
    assert host.refused(mmc.ReserveTrack.of_size(16)).code == "5/2C/00"
    full = drive("bd-r", "&sectors=2048")
    for _ in range(15):
        full.ok(mmc.ReserveTrack.of_size(32))
    assert full.refused(mmc.ReserveTrack.of_size(32)).code == "5/72/05"
    again = drive("dvd+rw", "&sectors=2048&formatted")
    assert again.refused(mmc.ReserveTrack.of_size(32)).code == "5/64/00"


@pytest.mark.parametrize(("kind", "code"), [("cd-r", "5/30/06"), ("bd-r", "5/30/06"), ("dvd+rw", "5/30/06")])
def test_blank_is_for_other_discs(drive: Drive, kind: str, code: str) -> None:
    # 5/30/06 is what a LITE-ON iHBS212 said to BLANK with a BD-R and with a CD-R in it.
    assert drive(kind).refused(mmc.Blank(mmc.BlankingType.MINIMAL)).code == code


def test_format_is_refused_where_there_is_none(drive: Drive) -> None:
    assert drive("dvd+r").refused(mmc.FormatUnit(), format_list(0x26, 0xFFFFFFFF)).code == "5/30/06"
    host = drive("bd-re")
    assert host.refused(mmc.FormatUnit(), bytes(4)).code == "5/1A/00"
    assert host.refused(mmc.FormatUnit(), bytes(12)).code == "5/1A/00"


def test_write_parameters_are_checked_on_cd(drive: Drive) -> None:
    host = drive("cd-r")

    def refused(at: int | None = None, value: int = 0, write_type: int = 1) -> tuple[str, str]:
        body = host.write_parameters(write_type=write_type, change={} if at is None else {at: value})
        refusal = host.refused(mmc.ModeSelect10(len(body)), body)
        return refusal.code, refusal.specific.hex()

    assert refused(write_type=4) == ("5/26/00", "8b000a")  # layer jump: of DVD-R DL only
    assert refused(4, 0x00) == ("5/26/00", "8b000c")  # audio blocks
    assert refused(1, 0x30) == ("5/26/00", "800009")
    body = host.write_parameters(write_type=1)
    assert host.refused(mmc.ModeSelect10(len(body) - 1), body[:-1]).code == "5/1A/00"
    assert host.refused(mmc.ModeSelect10(len(body), page_format=False), body).code == "5/24/00"
    page = host.ok(mmc.ModeSense10(0x05))
    assert page[10] & 0x0F == 0  # nothing of all that was taken
    host.select(write_type=1, multi_session=3)
    page = host.ok(mmc.ModeSense10(0x05))
    assert (page[10] & 0x0F, page[11] >> 6) == (1, 3)
    default = host.ok(mmc.ModeSense10(0x05, page_control=mmc.PageControl.DEFAULT))
    assert default[10] & 0x0F == 0
    assert host.refused(mmc.ModeSense10(0x05, page_control=mmc.PageControl.SAVED)).code == "5/39/00"
    assert host.refused(mmc.ModeSense10(0x2B)).code == "5/24/00"


def test_toc_of_discs_that_have_none(drive: Drive) -> None:
    host = drive("bd-r")
    assert host.refused(mmc.ReadTocPmaAtip()).code == "5/24/00"
    host.write(0, 32)
    assert host.refused(mmc.ReadTocPmaAtip()).code == "5/24/00"
    host.close(2)
    host.ok(mmc.ReadTocPmaAtip())
    assert host.refused(mmc.ReadTocPmaAtip(mmc.TocFormat.FULL_TOC)).code == "5/24/00"
    assert host.refused(mmc.ReadTocPmaAtip(number=2)).code == "5/24/00"


@pytest.mark.parametrize(("kind", "track"), [("bd-r", 0), ("bd-r", 2), ("bd-re", 0xFF), ("bd-re", 2)])
def test_track_information_of_tracks_that_are_not_there(drive: Drive, kind: str, track: int) -> None:
    host = drive(kind, "&formatted")
    refusal = host.refused(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, track))
    assert refusal.code == "5/24/00"
    assert refusal.specific.hex() == "c00002"


# command, its parameter list, the refusal, the sense-key-specific bytes
WRONG_VALUES: list[tuple[str, mmc.Command, bytes, str, str]] = [
    ("bd-r", mmc.ReserveTrack(64, remap=True), b"", "5/24/00", ""),
    ("bd-r", mmc.ReserveTrack.at_address(65), b"", "5/24/00", "c00002"),
    ("cd-r", mmc.ReserveTrack.of_size(299), b"", "5/24/00", "c00005"),
    ("bd-re", mmc.FormatUnit(format_data=False), b"", "5/24/00", "cc0001"),
    ("bd-re", mmc.FormatUnit(format_code=2), format_list(0, 32), "5/24/00", "ca0001"),
    ("bd-r", mmc.FormatUnit(), format_list(0x32, 11_826_176, subtype=2), "5/26/00", "890008"),
    ("dvd+rw", mmc.FormatUnit(), bytes.fromhex("00000008 ffffffff 98000001"), "5/2C/00", "000000"),
    ("dvd+rw", mmc.FormatUnit(), format_list(0x26, 1_000), "5/26/00", "800004"),
    ("bd-r", mmc.SendOpcInformation(parameter_list_length=7), bytes(7), "5/24/00", "c00007"),
    (
        "bd-r",
        mmc.ReadDiscInformation(data_type=mmc.DiscInformationType.POW_RESOURCES),
        b"",
        "5/24/00",
        "ca0001",
    ),
    ("bd-r", mmc.ModeSense10(0x05, subpage_code=3), b"", "5/24/00", "c00003"),
    ("bd-r", mmc.ModeSelect10(8, save_pages=True), bytes(8), "5/24/00", "c80001"),
    ("bd-r", mmc.ModeSelect10(4), bytes(4), "5/1A/00", "000000"),
    ("bd-r", mmc.ModeSelect10(12), bytes(8) + b"\x0f\x02\0\0", "5/26/00", "8d0008"),
    ("bd-r", mmc.ModeSelect10(12), bytes(8) + b"\x05\x32\0\0", "5/1A/00", "000000"),
    ("bd-r", mmc.GetPerformance(data_type=1), b"", "5/24/00", "cc0001"),
    ("bd-r", mmc.GetPerformance(mmc.PerformanceType.DEFECT_STATUS), b"", "5/24/00", "c0000a"),
    ("bd-r", mmc.SetStreaming(type_=5), bytes(28), "5/24/00", "c00008"),
    ("dvd+r", mmc.ReadDiscStructure(layer=1), b"", "5/24/00", "c00006"),
    ("bd-r", mmc.Inquiry(vital_product_data=True, page_code=0xB0), b"", "5/24/00", "c00002"),
    ("bd-r", mmc.ReportLuns(select_report=9), b"", "5/24/00", "c00002"),
    ("bd-r", mmc.SynchronizeCache10(lba=12_219_392), b"", "5/24/00", "c00002"),
    ("bd-re", mmc.Read10(0, 1), b"", "5/30/10", "000000"),
]


@pytest.mark.parametrize(("kind", "command", "data", "code", "specific"), WRONG_VALUES)
def test_wrong_values(
    drive: Drive, kind: str, command: mmc.Command, data: bytes, code: str, specific: str
) -> None:
    refusal = drive(kind).refused(command, data)
    assert refusal.code == code
    if specific:
        assert refusal.specific.hex() == specific


def test_more_write_parameters(drive: Drive) -> None:
    host = drive("cd-r")
    host.ok(mmc.ModeSelect10(0))
    for change, pointer in (({3: 0x84}, "8f000b"), ({3: 0x00}, "8b000b")):  # reserved; an audio track
        body = host.write_parameters(write_type=1, change=change)
        refusal = host.refused(mmc.ModeSelect10(len(body)), body)
        assert (refusal.code, refusal.specific.hex()) == ("5/26/00", pointer)
    dvd = drive("dvd+r")
    body = dvd.write_parameters(write_type=2, change={3: 0x05})  # growisofs sends such a page to a DVD+R
    dvd.ok(mmc.ModeSelect10(len(body)), body)


def test_streaming_values(drive: Drive) -> None:
    host = drive("bd-r")

    def rates(flags: int, start: int, end: int, kbps: int) -> bytes:
        return struct.pack(">B3xIIIIII", flags, start, end, 1_000, 1_000, kbps, 1_000)

    assert host.refused(mmc.SetStreaming(), rates(0, 9, 5, 9_000)).specific.hex() == "800004"
    assert (
        host.refused(mmc.SetStreaming(), rates(2, 0, 5, 9_000)).specific.hex() == "800014"
    )  # exactly so: no
    host.ok(mmc.SetStreaming(), rates(2, 0, 5, 8_991))


def test_calibration_and_track_questions_on_a_finished_disc(drive: Drive) -> None:
    host = drive("bd-r")
    host.write(0, 32)
    host.close(6)
    assert host.refused(mmc.SendOpcInformation()).code == "5/30/05"
    assert host.refused(mmc.ReserveTrack.of_size(32)).code == "5/30/05"
    opened = mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 1, open_=True)
    assert host.refused(opened).code == "5/24/00"
    assert host.refused(mmc.ReadTrackInformation(mmc.TrackAddressType.LBA, 500)).code == "5/24/00"
