"""CDBs in both directions, against literal bytes that other programs sent or the standard's tables show."""

from __future__ import annotations

import enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, LocalProtocolError, UnknownOpcodeError
from aioimapi.mmc._fields import Field

# Sent by xorriso 1.5.4 (-scsi_log on, burning through the kernel's sr to another project's DVD+R emulation).
XORRISO = [
    (mmc.TestUnitReady(), "00 00 00 00 00 00"),
    (mmc.Inquiry(36), "12 00 00 00 24 00"),
    (mmc.GetConfiguration(allocation_length=8), "46 00 00 00 00 00 00 00 08 00"),
    (mmc.GetConfiguration(allocation_length=116), "46 00 00 00 00 00 00 00 74 00"),
    (mmc.ModeSense10(0x2A, 30, disable_block_descriptors=False), "5a 00 2a 00 00 00 00 00 1e 00"),
    (mmc.ModeSense10(0x05, 10, disable_block_descriptors=False), "5a 00 05 00 00 00 00 00 0a 00"),
    (mmc.GetPerformance(max_descriptors=1), "ac 00 00 00 00 00 00 00 00 01 03 00"),
    (
        mmc.GetPerformance(mmc.PerformanceType.PERFORMANCE, data_type=0x10, max_descriptors=0),
        "ac 10 00 00 00 00 00 00 00 00 00 00",
    ),
    (mmc.PreventAllowMediumRemoval(prevent=False), "1e 00 00 00 00 00"),
    (mmc.PreventAllowMediumRemoval(prevent=True), "1e 00 00 00 01 00"),
    (mmc.StartStopUnit(load_eject=True), "1b 00 00 00 03 00"),
    (mmc.StartStopUnit(immed=True), "1b 01 00 00 01 00"),
    (mmc.StartStopUnit(start=False, immed=True), "1b 01 00 00 00 00"),
    (mmc.ReadDiscInformation(), "51 00 00 00 00 00 00 00 22 00"),
    (
        mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 0xFF, allocation_length=20),
        "52 01 00 00 00 ff 00 00 14 00",
    ),
    (mmc.ReadDiscStructure(0xFF, allocation_length=4), "ad 00 00 00 00 00 00 ff 00 04 00 00"),
    (mmc.ReadDiscStructure(0x11, allocation_length=260), "ad 00 00 00 00 00 00 11 01 04 00 00"),
    (mmc.SetStreaming(), "b6 00 00 00 00 00 00 00 00 00 1c 00"),
    (mmc.ReserveTrack.of_size(848), "53 00 00 00 00 00 00 03 50 00"),
]

# Sent by hand with sg_raw to that drive, and answered as the command that was meant.
SG_RAW = [
    (mmc.Inquiry(96, vital_product_data=True, page_code=0x80), "12 01 80 00 60 00"),
    (mmc.RequestSense(), "03 00 00 00 fc 00"),
    (mmc.RequestSense(descriptor_format=True), "03 01 00 00 fc 00"),
    (mmc.ModeSense10(0x3F), "5a 08 3f 00 00 00 00 10 00 00"),
    (mmc.ReadTocPmaAtip(), "43 00 00 00 00 00 00 03 24 00"),
    (mmc.ReadTocPmaAtip(mmc.TocFormat.SESSION_INFO), "43 00 01 00 00 00 00 03 24 00"),
    (mmc.ReadCapacity(), "25 00 00 00 00 00 00 00 00 00"),
    (mmc.ReadBufferCapacity(), "5c 00 00 00 00 00 00 00 0c 00"),
    (mmc.ReportLuns(4096), "a0 00 00 00 00 00 00 00 10 00 00 00"),
    (
        mmc.GetConfiguration(mmc.RequestedType.ONE, 0, 4096),
        "46 02 00 00 00 00 00 10 00 00",
    ),
]

# CDB tables of MMC-6 and SPC-4, filled in by hand; the values are the ones that burning programs commonly send.
STANDARD = [
    (mmc.GetEventStatusNotification(0x7E), "4a 01 00 00 7e 00 00 00 08 00"),
    (mmc.SendOpcInformation(), "54 01 00 00 00 00 00 00 00 00"),
    (mmc.Blank(mmc.BlankingType.MINIMAL), "a1 11 00 00 00 00 00 00 00 00 00 00"),
    (mmc.FormatUnit(), "04 11 00 00 00 00"),
    (mmc.SynchronizeCache10(immed=True), "35 02 00 00 00 00 00 00 00 00"),
    (mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True), "5b 01 02 00 00 00 00 00 00 00"),
    (mmc.CloseTrackSession(mmc.CloseFunction.TRACK, 0x102), "5b 00 01 00 01 02 00 00 00 00"),
    (mmc.CloseTrackSession(mmc.CloseFunction.FINALIZE), "5b 00 06 00 00 00 00 00 00 00"),
    (mmc.SetCdSpeed(), "bb 00 ff ff ff ff 00 00 00 00 00 00"),
    (mmc.SetCdSpeed(0x02C2, 0x1130, 1), "bb 01 02 c2 11 30 00 00 00 00 00 00"),
    (mmc.Read10(0x00AB_CDEF, 32, fua=True), "28 08 00 ab cd ef 00 00 20 00"),
    (mmc.Read12(16, 0x10000, streaming=True), "a8 00 00 00 00 10 00 01 00 00 80 00"),
    (mmc.Write10(0x12345, 32), "2a 00 00 01 23 45 00 00 20 00"),
    (mmc.Write10(0x12345, 32, tsr=True), "2a 04 00 01 23 45 00 00 20 00"),
    (mmc.Write12(0x20, 0x20, streaming=True), "aa 00 00 00 00 20 00 00 00 20 80 00"),
    (mmc.Verify10(0x100, 1), "2f 00 00 00 01 00 00 00 01 00"),
    (mmc.ReadFormatCapacities(252), "23 00 00 00 00 00 00 00 fc 00"),
    (mmc.ModeSelect10(60), "55 10 00 00 00 00 00 00 3c 00"),
    (mmc.MechanismStatus(), "bd 00 00 00 00 00 00 00 00 08 00 00"),
    (mmc.ReserveTrack.at_address(0x1234), "53 02 00 00 12 34 00 00 00 00"),
    (mmc.ReadDiscStructure(0, mmc.StructureMedia.BD), "ad 01 00 00 00 00 00 00 08 04 00 00"),
    (mmc.ReadTocPmaAtip(mmc.TocFormat.ATIP, msf=True, allocation_length=28), "43 02 04 00 00 00 00 00 1c 00"),
    (mmc.ModeSense6(0x2A, 128, disable_block_descriptors=False), "1a 00 2a 00 80 00"),  # Linux' sr
    (mmc.ModeSense6(0x3F, 192, mmc.PageControl.CHANGEABLE), "1a 08 7f 00 c0 00"),
    (mmc.ModeSelect6(0x14), "15 10 00 00 14 00"),
    (mmc.Seek10(0x0001_2345), "2b 00 00 01 23 45 00 00 00 00"),
    (mmc.WriteAndVerify10(0x12345, 16), "2e 00 00 01 23 45 00 00 10 00"),
    (mmc.WriteAndVerify10(0x20, 0x10, compare=True), "2e 02 00 00 00 20 00 00 10 00"),
    (mmc.ReadBuffer(mmc.BufferMode.DESCRIPTOR, 0, 0, 4), "3c 03 00 00 00 00 00 00 04 00"),
    (mmc.ReadBuffer(mmc.BufferMode.ECHO, 0, 0, 0x200), "3c 0a 00 00 00 00 00 02 00 00"),
    (mmc.WriteBuffer(mmc.BufferMode.DATA, 1, 0x1000, 0x8000), "3b 02 01 00 10 00 00 80 00 00"),
    (mmc.SetReadAhead(0x100, 0x2000), "a7 00 00 00 01 00 00 00 20 00 00 00"),
    (mmc.ReportKey(), "a4 00 00 00 00 00 00 00 00 08 08 00"),  # Linux' cdrom asking for the region
    (mmc.ReportKey(mmc.KeyFormat.TITLE_KEY, 12, 1, lba=0x500), "a4 00 00 00 05 00 00 00 00 0c 44 00"),
    (mmc.SendKey(mmc.KeyFormat.RPC_STRUCTURE, 8), "a3 00 00 00 00 00 00 00 00 08 06 00"),
    (mmc.SendKey(mmc.KeyFormat.CHALLENGE, 16, 2), "a3 00 00 00 00 00 00 00 00 10 81 00"),
    (
        mmc.ReadCd(0, 1, headers=mmc.HeaderCodes.ALL, sync=True, edc_ecc=True),
        "be 00 00 00 00 00 00 00 01 f8 00 00",
    ),
    (
        mmc.ReadCd(-150, 27, mmc.SectorType.CD_DA, sub_channel=mmc.SubChannelSelection.RAW),
        "be 04 ff ff ff 6a 00 00 1b 10 01 00",
    ),
    (
        mmc.ReadCd(
            0x1234, 1, user_data=False, c2=mmc.C2Selection.POINTERS, sub_channel=mmc.SubChannelSelection.Q
        ),
        "be 00 00 00 12 34 00 00 01 02 02 00",
    ),
    (mmc.ReadCdMsf(0x000200, 0x000214, mmc.SectorType.MODE_1), "b9 08 00 00 02 00 00 02 14 10 00 00"),
    (mmc.SendCueSheet(56), "5d 00 00 00 00 00 00 00 38 00"),
    (mmc.ReadSubChannel(msf=True, allocation_length=16), "42 02 40 01 00 00 00 00 10 00"),  # Linux' cdrom
    (mmc.ReadSubChannel(mmc.SubChannelFormat.ISRC, 5), "42 00 40 03 00 00 05 00 18 00"),
    (mmc.ReadHeader(16, msf=True), "44 02 00 00 00 10 00 00 08 00"),
    (mmc.PlayAudio10(0x96, 0x100), "45 00 00 00 00 96 00 01 00 00"),
    (mmc.PlayAudio12(-1, 0x10000), "a5 00 ff ff ff ff 00 01 00 00 00 00"),
    (mmc.PlayAudioMsf(0x000200, 0x033B4A), "47 00 00 00 02 00 03 3b 4a 00"),
    (mmc.PlayAudioTrackIndex(1, 1, 99, 99), "48 00 00 00 01 01 00 63 63 00"),
    (mmc.PauseResume(resume=True), "4b 00 00 00 00 00 00 00 01 00"),
    (mmc.PauseResume(resume=False), "4b 00 00 00 00 00 00 00 00 00"),
    (mmc.StopPlayScan(), "4e 00 00 00 00 00 00 00 00 00"),
    (mmc.Scan(0x001020, reverse=True, address_type=1), "ba 10 00 00 10 20 00 00 00 40 00 00"),
    (mmc.SendDiscStructure(0x20, 12), "bf 00 00 00 00 00 00 20 00 0c 00 00"),  # growisofs: end of layer 0
]


@pytest.mark.parametrize(("command", "cdb"), XORRISO + SG_RAW + STANDARD)
def test_golden_bytes_both_ways(command: mmc.Command, cdb: str) -> None:
    assert command.to_cdb() == bytes.fromhex(cdb)
    assert mmc.parse_command(bytes.fromhex(cdb)) == command


def test_every_command_has_golden_bytes() -> None:
    seen = {type(command) for command, _ in XORRISO + SG_RAW + STANDARD}
    assert seen == set(mmc.COMMANDS)


# wodim addresses LUN 1 in the three bits that SPC-2 made obsolete; drives ignore them.
@pytest.mark.parametrize(
    ("cdb", "command"),
    [
        ("00 20 00 00 00 00", mmc.TestUnitReady()),
        ("12 20 00 00 42 00", mmc.Inquiry(66)),
        ("5a 20 2a 00 00 00 00 00 48 00", mmc.ModeSense10(0x2A, 72, disable_block_descriptors=False)),
        ("46 22 00 37 00 00 00 00 10 00", mmc.GetConfiguration(mmc.RequestedType.ONE, 0x37, 16)),
        ("55 30 00 00 00 00 00 00 3c 00", mmc.ModeSelect10(60)),
        (
            "5a 20 bf 00 00 00 00 00 10 00",
            mmc.ModeSense10(0x3F, 16, mmc.PageControl.DEFAULT, disable_block_descriptors=False),
        ),
        ("25 20 00 00 00 00 00 00 00 00", mmc.ReadCapacity()),
        ("52 00 00 00 00 00 00 00 1c 00", mmc.ReadTrackInformation(mmc.TrackAddressType.LBA, 0, False, 28)),
    ],
)
def test_the_cdbs_of_an_old_program_are_understood(cdb: str, command: mmc.Command) -> None:
    assert mmc.parse_command(bytes.fromhex(cdb)) == command


@pytest.mark.parametrize(
    ("cdb", "byte", "bit"),
    [
        ("51 00 00 00 00 00 01 00 22 00", 6, 0),  # reserved byte
        ("a1 08 00 00 00 00 00 00 00 00 00 00", 1, 3),  # reserved bit beside a field
        ("a1 07 00 00 00 00 00 00 00 00 00 00", 1, 2),  # blanking type 7 is not defined
        ("43 00 07 00 00 00 00 00 04 00", 2, 3),  # format 7 is not defined
        ("ac 00 00 00 00 00 00 00 00 01 09 00", 10, None),  # type 9 is not defined, a whole byte
        ("52 03 00 00 00 00 00 00 30 00", 1, 1),  # address type 3 is not defined
        ("00 00 00 00 00 04", 5, 2),  # NACA in the control byte
        ("35 04 00 00 00 00 00 00 00 00", 1, 2),
    ],
)
def test_a_bad_field_points_at_itself(cdb: str, byte: int, bit: int | None) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        mmc.parse_command(bytes.fromhex(cdb))
    assert (caught.value.byte, caught.value.bit) == (byte, bit)


def test_obsolete_and_vendor_bits_are_accepted() -> None:
    assert mmc.parse_command(bytes.fromhex("25 01 00 00 00 10 00 00 01 c0")) == mmc.ReadCapacity()
    assert mmc.parse_command(bytes.fromhex("28 11 00 00 00 01 1f 00 01 c3")) == mmc.Read10(1, 1)


def test_an_unknown_operation_code_is_told() -> None:
    with pytest.raises(UnknownOpcodeError, match="FFh") as caught:
        mmc.parse_command(bytes(12 * [0xFF]))
    assert caught.value.opcode == 0xFF
    with pytest.raises(UnknownOpcodeError, match="empty") as empty:
        mmc.parse_command(b"")
    assert empty.value.opcode is None
    assert mmc.find_command(0x2A) is mmc.Write10
    assert mmc.find_command(0xFF) is None


def test_a_cdb_that_ends_early_or_is_padded() -> None:
    with pytest.raises(InvalidFieldError) as caught:
        mmc.parse_command(bytes.fromhex("2a 00 00 00"))
    assert caught.value.byte == 3
    padded = bytes.fromhex("2a 00 00 01 23 45 00 00 20 00 00 00 00 00 00 00")
    assert mmc.parse_command(memoryview(padded)) == mmc.Write10(0x12345, 32)


def test_a_value_past_its_field_never_leaves() -> None:
    with pytest.raises(LocalProtocolError, match="sectors is 65536"):
        mmc.Write10(0, 65536).to_cdb()
    with pytest.raises(LocalProtocolError, match="lba is -1"):
        mmc.Read10(-1, 1).to_cdb()
    for lba in (-(1 << 31) - 1, 1 << 31):
        with pytest.raises(LocalProtocolError, match="signed number"):
            mmc.ReadCd(lba, 1).to_cdb()
    with pytest.raises(LocalProtocolError, match="0 sectors"):
        mmc.ReserveTrack.of_size(0)
    with pytest.raises(LocalProtocolError):
        mmc.ReserveTrack.at_address(1 << 32)
    with pytest.raises(LocalProtocolError):
        mmc.Read10.from_cdb(bytes(10))


@pytest.mark.parametrize(
    ("command", "length", "direction"),
    [
        (mmc.TestUnitReady(), 0, mmc.Direction.NONE),
        (mmc.Write10(5, 32), 65536, mmc.Direction.OUT),
        (mmc.Write12(5, 3), 6144, mmc.Direction.OUT),
        (mmc.Read10(5, 0), 0, mmc.Direction.IN),
        (mmc.Read12(5, 2), 4096, mmc.Direction.IN),
        (mmc.Verify10(5, 2), 0, mmc.Direction.NONE),
        (mmc.FormatUnit(), 12, mmc.Direction.OUT),
        (mmc.FormatUnit(format_data=False), 0, mmc.Direction.OUT),
        (mmc.GetPerformance(max_descriptors=3), 56, mmc.Direction.IN),
        (mmc.GetPerformance(mmc.PerformanceType.UNUSABLE_AREA, max_descriptors=3), 32, mmc.Direction.IN),
        (mmc.SendOpcInformation(), 0, mmc.Direction.OUT),
        (mmc.SetStreaming(), 28, mmc.Direction.OUT),
        (mmc.ReadCapacity(), 8, mmc.Direction.IN),
        (mmc.ModeSelect10(60), 60, mmc.Direction.OUT),
    ],
)
def test_the_data_phase_that_a_cdb_announces(
    command: mmc.Command, length: int, direction: mmc.Direction
) -> None:
    assert (command.transfer_length, command.direction) == (length, direction)


def test_what_may_take_long_has_time() -> None:
    assert mmc.TestUnitReady().timeout_s == 30
    assert mmc.SynchronizeCache10(immed=True).timeout_s == 30
    assert mmc.SynchronizeCache10().timeout_s >= 1800
    assert mmc.CloseTrackSession(mmc.CloseFunction.SESSION).timeout_s >= 1800
    assert mmc.CloseTrackSession(mmc.CloseFunction.SESSION, immed=True).timeout_s == 30
    assert mmc.Blank(mmc.BlankingType.DISC, immed=False).timeout_s >= 2 * 3600
    assert mmc.Blank(mmc.BlankingType.DISC).timeout_s == 30
    assert mmc.FormatUnit().timeout_s >= 3600
    for command in (mmc.Read10(0, 1), mmc.Write10(0, 1), mmc.Read12(0, 1), mmc.Write12(0, 1)):
        assert 60 <= command.timeout_s <= 200
    assert all(command.timeout_s >= 30 for command, _ in STANDARD)


def test_reservation_by_size_or_by_address() -> None:
    by_size, by_address = mmc.ReserveTrack.of_size(100), mmc.ReserveTrack.at_address(7)
    assert (by_size.sectors, by_size.lba) == (100, None)
    assert (by_address.sectors, by_address.lba) == (None, 7)


def commands() -> st.SearchStrategy[mmc.Command]:
    def build(cls: type[mmc.Command]) -> st.SearchStrategy[mmc.Command]:
        hints = get_type_hints(cls, include_extras=True)
        values: dict[str, st.SearchStrategy[Any]] = {}
        for attribute in attrs.fields(cls):
            assert get_origin(hints[attribute.name]) is Annotated
            kind, field = get_args(hints[attribute.name])
            assert isinstance(field, Field)
            if isinstance(kind, type) and issubclass(kind, enum.Enum):
                values[attribute.name] = st.sampled_from(kind)
            elif kind is bool:
                values[attribute.name] = st.booleans()
            elif field.signed:
                values[attribute.name] = st.integers(-(1 << field.width - 1), (1 << field.width - 1) - 1)
            else:
                values[attribute.name] = st.integers(0, (1 << field.width) - 1)
        return st.builds(cls, **values)

    return st.sampled_from(mmc.COMMANDS).flatmap(build)


@given(commands())
def test_every_command_survives_the_way_there_and_back(command: mmc.Command) -> None:
    cdb = command.to_cdb()
    assert len(cdb) in (6, 10, 12, 16)
    assert cdb[0] == command.opcode
    assert mmc.parse_command(cdb) == command
    assert command.transfer_length >= 0


@given(st.binary(max_size=16), st.sampled_from([command.opcode for command in mmc.COMMANDS]))
def test_no_cdb_breaks_a_target(rest: bytes, opcode: int) -> None:
    for cdb in (rest, bytes([opcode]) + rest):
        try:
            command = mmc.parse_command(cdb)
        except (InvalidFieldError, UnknownOpcodeError):
            continue
        assert mmc.parse_command(command.to_cdb()) == command
