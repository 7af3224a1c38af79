"""The drive's own commands, whatever disc is in it: mode pages, buffers, keys, seeking, writing back."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium

from .host import Host, format_list, pattern

Drive = Callable[..., Host]


def pages_of(body: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(body):
        found[body[at] & 0x3F] = body[at : at + body[at + 1] + 2]
        at += body[at + 1] + 2
    return found


def test_mode_sense_of_six_bytes_as_linux_sends_it(drive: Drive) -> None:
    """Linux' sr takes byte 0 for the length, byte 3 for block descriptors, and the rest for page 2Ah."""
    host = drive("bd-re")
    answer = host.ok(mmc.ModeSense6(0x2A, 128, disable_block_descriptors=False))
    assert answer[0] == len(answer) - 1
    assert answer[1:4] == bytes(3)
    page = answer[4:]
    assert page[0] == 0x2A
    assert page[6] >> 5 == 1  # a tray
    assert page[3] & 0x01  # writes CD-R: cdrom.c offers the ioctls of a writer
    ten = host.ok(mmc.ModeSense10(0x2A))
    assert ten[8:] == page
    everything = host.ok(mmc.ModeSense6(0x3F, 255))
    assert pages_of(everything[4:]) == pages_of(host.ok(mmc.ModeSense10(0x3F))[8:])


def test_drives_are_told_apart_by_their_serial_numbers(drive: Drive) -> None:
    def serial(host: Host) -> str:
        return mmc.UnitSerialNumber.parse(
            host.ok(mmc.Inquiry(vital_product_data=True, page_code=0x80))
        ).serial

    first, second = drive("bd-r"), drive("cd-r")
    assert serial(first) != serial(second)
    assert serial(first).startswith("VIRTUAL")
    before = serial(first)
    first.target.close()
    assert serial(drive("bd-r")) == before
    assert serial(drive("dvd+r", "&serial=VIRTUAL42")) == "VIRTUAL42"
    feature = mmc.FeatureSet.parse(second.ok(mmc.GetConfiguration())).get(mmc.DriveSerialNumber)
    assert feature is not None
    assert feature.value == serial(second)


def test_inquiry_names_the_standards(drive: Drive) -> None:
    data = mmc.InquiryData.parse(drive("bd-r").ok(mmc.Inquiry()))
    assert data.version_descriptors == (0x0300, 0x04E0)  # SPC-3, MMC-6


def test_features_of_the_drive_beside_those_of_its_discs(drive: Drive) -> None:
    for kind, plays in (("cd-r", True), ("bd-r", False)):
        features = mmc.FeatureSet.parse(drive(kind).ok(mmc.GetConfiguration()))
        audio = features.get(mmc.CdAudioPlay)
        assert audio is not None
        assert (audio.current, audio.volume_levels) == (plays, 256)
        css = features.get(mmc.DvdCss)
        assert css is not None
        assert not css.current


def test_every_page_is_of_its_standards_length(drive: Drive) -> None:
    pages = pages_of(drive("dvd+r").ok(mmc.ModeSense10(0x3F))[8:])
    sizes = {code: len(page) for code, page in pages.items() if code != 0x2A}
    assert sizes == {0x01: 12, 0x05: 52, 0x08: 12, 0x0D: 8, 0x0E: 16, 0x1A: 12, 0x1D: 12}
    assert len(pages[0x2A]) == 32 + 4 * int.from_bytes(pages[0x2A][30:32], "big")


def test_page_2a_of_a_drive_without_a_disc(drive: Drive) -> None:
    host = drive("cd-r")
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    page = host.ok(mmc.ModeSense10(0x2A))[8:]
    assert page[:2] == bytes((0x2A, 30))
    assert int.from_bytes(page[8:10], "big") // 176 == 48  # what Linux prints as 48x
    profiles = set(mmc.FeatureSet.parse(host.ok(mmc.GetConfiguration())).profiles)
    reads = {0x20: 0x12, 0x10: 0x11, 0x08: 0x10, 0x02: 0x0A, 0x01: 0x09}  # MMC-3 5.5.10, table 137
    assert {bit for bit in reads if page[2] & bit} == {bit for bit, kind in reads.items() if kind in profiles}
    writes = {0x20: 0x12, 0x10: 0x11, 0x02: 0x0A, 0x01: 0x09}
    assert {bit for bit in writes if page[3] & bit} == {
        bit for bit, kind in writes.items() if kind in profiles
    }
    assert page[3] & 0x04  # test writing


def test_audio_levels_survive_a_mode_select_of_six_bytes(drive: Drive) -> None:
    host = drive("cd-r")
    page = bytearray(host.ok(mmc.ModeSense6(0x0E, 64))[4:])
    assert page.hex() == "0e0e04000000004b01ff02ff00000000"  # left and right at full volume
    page[9] = page[11] = 0x40
    page[2] = 0x02
    host.ok(mmc.ModeSelect6(20), bytes(4) + bytes(page))
    assert host.ok(mmc.ModeSense6(0x0E, 64))[4:].hex() == "0e0e06000000004b0140024000000000"
    default = host.ok(mmc.ModeSense6(0x0E, 64, mmc.PageControl.DEFAULT))[4:]
    assert default.hex() == "0e0e04000000004b01ff02ff00000000"
    assert host.refused(mmc.ModeSelect6(3), bytes(3)).code == "5/1A/00"
    page[1] = 9
    assert host.refused(mmc.ModeSelect6(20), bytes(4) + bytes(page)).code == "5/26/00"


def test_retries_can_be_set(drive: Drive) -> None:
    host = drive("bd-r")
    page = bytearray(host.ok(mmc.ModeSense10(0x01))[8:])
    page[2], page[3] = 0xFF, 3
    host.ok(mmc.ModeSelect10(20), bytes(8) + bytes(page))
    assert host.ok(mmc.ModeSense10(0x01))[10:12] == bytes((0xF7, 3))  # bit 3 is reserved and stays 0


def test_the_host_can_protect_every_disc_from_itself(drive: Drive) -> None:
    host = drive("bd-re", "&formatted")
    host.write(0, 32)
    page = bytearray(host.ok(mmc.ModeSense10(0x1D))[8:])
    page[4] |= 0x01  # SWPP
    host.ok(mmc.ModeSelect10(20), bytes(8) + bytes(page))
    assert host.write_refused(0, 32) == "7/27/02"
    assert host.refused(mmc.FormatUnit(), format_list(0x00, 11_826_176)).code == "7/27/02"
    assert mmc.ModeParameters.parse(host.ok(mmc.ModeSense10(0x2A))).write_protected
    page[4] &= ~0x01
    host.ok(mmc.ModeSelect10(20), bytes(8) + bytes(page))
    host.write(0, 32)
    assert not mmc.ModeParameters.parse(host.ok(mmc.ModeSense10(0x2A))).write_protected


def test_the_memory_gives_back_what_it_was_given(drive: Drive) -> None:
    host = drive("bd-r")
    assert host.ok(mmc.ReadBuffer()) == bytes.fromhex("00010000")
    head = host.ok(mmc.ReadBuffer(mmc.BufferMode.HEADER_AND_DATA, allocation_length=4))
    assert head == bytes.fromhex("00010000")
    host.ok(mmc.WriteBuffer(mmc.BufferMode.DATA, 0, 512, 1024), bytes(range(256)) * 4)
    read = host.ok(mmc.ReadBuffer(mmc.BufferMode.DATA, 0, 500, 20))
    assert read == bytes(12) + bytes(range(8))
    assert host.refused(mmc.ReadBuffer(mmc.BufferMode.DATA, 1)).specific.hex() == "c00002"
    over = mmc.WriteBuffer(mmc.BufferMode.DATA, 0, 65_536, 4)
    assert host.refused(over, bytes(4)).code == "5/24/00"


def test_no_new_firmware(drive: Drive) -> None:
    firmware = mmc.WriteBuffer(mmc.BufferMode.MICROCODE_SAVE, 0, 0, 512)
    assert drive("bd-r").refused(firmware, bytes(512)).specific.hex() == "cc0001"


def test_the_region_can_be_set_five_times(drive: Drive) -> None:
    host = drive("dvd+r")
    assert host.ok(mmc.ReportKey()) == bytes.fromhex("0006000025ff0100")  # no region yet
    for times in range(5):
        mask = 0xFF ^ 1 << times
        host.ok(mmc.SendKey(mmc.KeyFormat.RPC_STRUCTURE, 8), bytes((0, 6, 0, 0, mask, 0, 0, 0)))
        state = mmc.RpcState.parse(host.ok(mmc.ReportKey()))
        assert (state.user_changes, state.region_mask) == (4 - times, mask)
    assert state.type_ is mmc.RpcType.PERMANENT
    again = bytes((0, 6, 0, 0, 0xFE, 0, 0, 0))
    assert host.refused(mmc.SendKey(mmc.KeyFormat.RPC_STRUCTURE, 8), again).code == "5/6F/05"
    two = bytes((0, 6, 0, 0, 0xFC, 0, 0, 0))
    assert host.refused(mmc.SendKey(mmc.KeyFormat.RPC_STRUCTURE, 8), two).code == "5/26/00"


def test_nothing_is_scrambled(drive: Drive) -> None:
    host = drive("dvd+r")
    assert host.refused(mmc.ReportKey(mmc.KeyFormat.AGID_CSS)).code == "5/6F/01"
    assert host.ok(mmc.ReportKey(mmc.KeyFormat.AUTHENTICATION_SUCCESS)) == bytes.fromhex("0006000000000000")
    assert host.refused(mmc.ReportKey(mmc.KeyFormat.CHALLENGE)).code == "5/2C/00"
    assert host.refused(mmc.ReportKey(key_class=2)).specific.hex() == "c00007"
    host.ok(mmc.ReportKey(mmc.KeyFormat.INVALIDATE, 0))


def test_seeking(drive: Drive) -> None:
    host = drive("bd-r", "&physics&seek_s=0.2")
    host.ok(mmc.Seek10(12_000_000))
    assert host.send(mmc.Seek10(0)).duration_s == pytest.approx(0.2 * (0.3 + 0.7 * 12_000_000 / 12_219_392))
    assert host.send(mmc.Seek10(10)).duration_s == 0
    assert host.refused(mmc.Seek10(12_219_392)).code == "5/21/00"
    host.ok(mmc.SetReadAhead(0, 100))
    assert host.refused(mmc.SetReadAhead(0, 1 << 31)).code == "5/21/00"


def test_write_and_verify(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    host = drive("bd-re", "&formatted")
    for compare in (False, True):
        host.ok(mmc.WriteAndVerify10(32, 32, compare=compare), pattern(32, 32))
        assert host.read(32, 32) == pattern(32, 32)
    assert host.refused(mmc.WriteAndVerify10(0, 32), bytes(2048)).code == "B/4B/00"
    monkeypatch.setattr(VirtualMedium, "put", lambda *_: None)  # what is written gets lost
    refusal = host.refused(mmc.WriteAndVerify10(32, 32, compare=True), pattern(32, 31) + bytes(2048))
    assert (refusal.code, refusal.information) == ("E/1D/00", 63)
    host.ok(mmc.WriteAndVerify10(32, 32), bytes(65_536))


def test_commands_that_only_ask_need_no_disc(drive: Drive) -> None:
    host = drive("bd-r")
    host.ok(mmc.StartStopUnit(start=False, load_eject=True))
    asking: tuple[mmc.Command, ...] = (
        mmc.ModeSense6(0x2A),
        mmc.ReportKey(),
        mmc.ReadBuffer(),
        mmc.GetEventStatusNotification(0x02),
        mmc.Inquiry(vital_product_data=True, page_code=0x83),
    )
    touching = (mmc.Seek10(0), mmc.GetPerformance(), mmc.ReportKey(mmc.KeyFormat.AGID_CSS))
    for command in asking:
        host.ok(command)
    for command in touching:
        assert host.refused(command).code == "2/3A/02"


def test_speeds_that_follow_the_radius_are_told_in_pieces(drive: Drive) -> None:
    host = drive("dvd+r", "&physics=real")
    ask = mmc.GetPerformance(mmc.PerformanceType.PERFORMANCE, data_type=0x14, max_descriptors=8)
    body = host.ok(ask)
    rows = [struct.unpack(">IIII", body[at : at + 16]) for at in range(8, len(body), 16)]
    assert rows == [(0, 9_170, 2_295_103, 22_160)]  # 16x CAV begins at 6.6x
    assert host.ok(mmc.GetPerformance())[8::16].hex() == "08000000"  # of the speeds, 16x is pure CAV
    page = host.ok(mmc.ModeSense10(0x2A))[8:]
    assert (page[27], page[33::4].hex()) == (1, "01000000")
    host.ok(mmc.SetCdSpeed(write_kbps=16_620))
    body = host.ok(ask)
    rows = [struct.unpack(">IIII", body[at : at + 16]) for at in range(8, len(body), 16)]
    assert len(rows) == 2  # partial CAV: 12x is reached on the way
    assert rows[0][1] < rows[0][3] <= rows[1][1] == rows[1][3] == 16_620
    assert rows[1][0] == rows[0][2] + 1
    host.ok(mmc.SetCdSpeed(write_kbps=5_540))
    assert struct.unpack(">IIII", host.ok(ask)[8:]) == (0, 5_540, 2_295_103, 5_540)  # CLV
    unusable = host.ok(mmc.GetPerformance(mmc.PerformanceType.UNUSABLE_AREA, max_descriptors=4))
    assert unusable == bytes.fromhex("0000000400000000")
