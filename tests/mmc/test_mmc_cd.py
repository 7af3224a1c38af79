"""Parts of CD sectors, cue sheets and subchannel answers, against tables and what other programs send."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, LocalProtocolError, RemoteProtocolError

# MMC's table of READ CD main channel selections: byte 9 of the CDB, then bytes for mode 1, mode 2 without
# forms, form 1 and form 2; None where the table says illegal. CD-DA gives 2,352 for all of them.
TABLE = {
    0x10: (2048, 2336, 2048, 2328),
    0x18: (2336, 2336, 2328, 2328),
    0x20: (4, 4, 4, 4),
    0x30: (2052, 2340, None, None),
    0x38: (2340, 2340, None, None),
    0x40: (0, 0, 8, 8),
    0x50: (2048, 2336, 2056, 2336),
    0x58: (2336, 2336, 2336, 2336),
    0x60: (4, 4, 12, 12),
    0x70: (2052, 2340, 2060, 2340),
    0x78: (2340, 2340, 2340, 2340),
    0x80: (12, 12, 12, 12),
    0x90: (None, None, None, None),
    0xA0: (16, 16, 16, 16),
    0xB0: (2064, 2352, None, None),
    0xB8: (2352, 2352, None, None),
    0xE0: (16, 16, 24, 24),
    0xF0: (2064, 2352, 2072, 2352),
    0xF8: (2352, 2352, 2352, 2352),
}


@pytest.mark.parametrize(("flags", "sizes"), TABLE.items())
def test_main_channel_selections(flags: int, sizes: tuple[int | None, ...]) -> None:
    command = mmc.parse_command(bytes((0xBE, 0, 0, 0, 0, 0, 0, 0, 1, flags, 0, 0)))
    assert isinstance(command, mmc.ReadCd)
    found = []
    for kind in (
        mmc.SectorType.MODE_1,
        mmc.SectorType.MODE_2,
        mmc.SectorType.MODE_2_FORM_1,
        mmc.SectorType.MODE_2_FORM_2,
    ):
        place = command.main_channel.range_in(kind)
        found.append(None if place is None else place[1] - place[0])
    assert tuple(found) == sizes
    assert command.main_channel.size_in(mmc.SectorType.CD_DA) == 2352
    assert command.transfer_length == 2352  # of any type: what comes at most


def test_lengths_of_read_cd() -> None:
    nothing = mmc.ReadCd(0, 10, user_data=False)
    assert nothing.transfer_length == 0
    whole = mmc.ReadCd(
        0, 10, sync=True, headers=mmc.HeaderCodes.ALL, edc_ecc=True, c2=mmc.C2Selection.POINTERS_AND_BLOCK,
        sub_channel=mmc.SubChannelSelection.RAW,
    )  # fmt: skip
    assert whole.transfer_length == 10 * (2352 + 296 + 96)
    assert mmc.ReadCd(0, 10, mmc.SectorType.MODE_1).transfer_length == 20480
    timed = mmc.ReadCdMsf(0x000200, 0x000301, mmc.SectorType.CD_DA, sub_channel=mmc.SubChannelSelection.Q)
    assert (timed.sectors, timed.transfer_length) == (76, 76 * 2368)
    assert mmc.ReadCdMsf(0x000300, 0x000200).transfer_length == 0


# An audio session with CD-Text, a catalogue number, codes and an index 2, as libburn's cookbook composes it.
CUE = bytes.fromhex(
    "02 30 31 32 33 34 35 36  02 37 38 39 30 31 32 00  01 00 00 41 00 00 00 00"
    "03 01 55 53 52 43 31 37  03 01 36 30 37 38 33 39  01 01 00 00 00 00 00 00  01 01 01 00 00 00 02 00"
    "01 01 02 00 00 01 00 00  21 02 00 00 80 03 00 00  21 02 01 00 80 03 02 00  01 aa 01 01 00 4a 00 00"
)


def test_a_cue_sheet_both_ways() -> None:
    sheet = mmc.CueSheet.parse(CUE)
    assert (sheet.catalog, sheet.isrc(1), sheet.isrc(2), sheet.tracks) == (
        "0123456789012",
        "USRC17607839",
        None,
        (1, 2),
    )
    assert [(line.track, line.index) for line in sheet.lines] == [
        (0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (0xAA, 1),
    ]  # fmt: skip
    assert [line.lba for line in sheet.lines[1:]] == [-150, 0, 4350, 13350, 13500, 332850]
    lead_in, last = sheet.lines[0], sheet.lines[-2]
    assert (lead_in.block_bytes, lead_in.sub_bytes, lead_in.zeros, lead_in.packed_sub_channel) == (
        96,
        96,
        True,
        False,
    )
    assert (last.block_bytes, last.control, last.alternate_copy, last.is_data) == (2352, 2, True, False)
    assert sheet.to_bytes() == CUE
    assert sheet.line_at(-150) == sheet.lines[1]
    assert sheet.line_at(-151) == sheet.lines[0]
    assert sheet.line_at(13499) == sheet.lines[4]
    assert sheet.line_at(332850) is None


def test_a_cue_sheet_is_built() -> None:
    # wodim's for one data track: lead-in, pregap, track, lead-out; the lead-in tells 00:00:00.
    sheet = mmc.CueSheet(
        (
            mmc.CueLine(0, 0, 0, 0x14, 4),
            mmc.CueLine.at(1, 0, -150, 0x10, 4),
            mmc.CueLine.at(1, 1, 0, 0x10, 4),
            mmc.CueLine.at(0xAA, 1, 1000, 0x14, 4),
        )
    )
    wire = "41 00 00 14 00 00 00 00 41 01 00 10 00 00 00 00 41 01 01 10 00 00 02 00 41 aa 01 14 00 00 0f 19"
    assert sheet.to_bytes() == bytes.fromhex(wire)
    assert mmc.CueSheet.parse(bytes.fromhex(wire)) == sheet
    assert [line.block_bytes for line in sheet.lines] == [0, 2048, 2048, 0]
    with pytest.raises(LocalProtocolError, match="13 letters"):
        mmc.CueSheet(sheet.lines, catalog="12").to_bytes()


@pytest.mark.parametrize(
    ("form", "size", "zeros"),
    [
        (0x00, 2352, False), (0x01, 0, True), (0x40, 2448, False), (0xC0, 2448, False), (0x41, 96, True),
        (0x10, 2048, False), (0x11, 2352, False), (0x12, 2048, True), (0x13, 2352, True), (0x14, 0, True),
        (0x20, 2336, False), (0x21, 2352, False), (0x22, 2336, True), (0x23, 2352, True), (0x24, 0, True),
        (0x30, 2336, False), (0x31, 2352, False), (0x34, 0, True),
    ],
)  # fmt: skip
def test_data_forms(form: int, size: int, zeros: bool) -> None:
    line = mmc.CueLine(1, 1, 0, form)
    assert (line.defined, line.block_bytes, line.zeros) == (True, size, zeros)


def test_data_forms_that_are_not_defined() -> None:
    bad = [form for form in range(256) if not mmc.CueLine(1, 1, 0, form).defined]
    assert {0x02, 0x15, 0x25, 0x35, 0x80, 0x3F} <= set(bad)
    assert len(bad) == 256 - 3 * 17


def wrong_sheets() -> list[tuple[bytes, int]]:
    def changed(at: int, value: int) -> bytes:
        return CUE[:at] + bytes([value]) + CUE[at + 1 :]

    return [
        (CUE[:-1], len(CUE) - 1),
        (CUE[:16], 16),
        (b"", 0),
        (changed(3, 0x41), 3),  # a letter in the catalogue number
        (changed(8, 1), 0),  # half a catalogue number
        (changed(0, 5), 0),  # ADR 5
        (changed(25, 0x02), 24),  # the two lines of a code tell two tracks
        (changed(28, 0x2D), 28),  # a hyphen in a code
        (changed(17, 1), 17),  # no lead-in
        (changed(42, 3), 42),  # index 3 first
        (changed(50, 2), 50),  # index 2 after index 0
        (changed(43, 0x02), 43),  # data form
        (changed(73, 4), 73),  # track 4 after track 1
        (changed(71, 75), 69),  # frame 75
        (changed(77, 0), 77),  # before the line in front of it
        (changed(73, 3), 73),  # a track with a pregap only
        (changed(81, 3), 81),  # no lead-out
        (changed(82, 2), 81),
        (CUE[:72] + CUE[80:], 73),  # lead-out after a pregap
    ]


@pytest.mark.parametrize(("data", "byte"), wrong_sheets())
def test_a_wrong_cue_sheet_points_at_the_fault(data: bytes, byte: int) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        mmc.CueSheet.parse(data)
    assert caught.value.byte == byte


@given(st.binary(max_size=96), st.integers(0, 96))
def test_no_cue_sheet_breaks_a_target(noise: bytes, at: int) -> None:
    for data in (noise, CUE[:at] + noise + CUE[at + len(noise) :]):
        with contextlib.suppress(InvalidFieldError):
            sheet = mmc.CueSheet.parse(data)
            assert mmc.CueSheet.parse(sheet.to_bytes()).lines == sheet.lines


def test_subchannel_answers() -> None:
    # MMC's tables by hand.
    position = mmc.CurrentPosition(3, 1, 0x00010203, -5, control=4, audio_status=mmc.AudioStatus.PLAYING)
    wire = bytes.fromhex("00 11 00 0c 01 14 03 01 00 01 02 03 ff ff ff fb")
    assert (position.to_bytes(), mmc.CurrentPosition.parse(wire)) == (wire, position)
    number = mmc.CatalogNumber("0123456789012", 5)
    wire = bytes.fromhex("00 15 00 14 02 00 00 00 80") + b"0123456789012\0\x05"
    assert (number.to_bytes(), mmc.CatalogNumber.parse(wire)) == (wire, number)
    assert mmc.CatalogNumber.parse(mmc.CatalogNumber(None).to_bytes()).number is None
    code = mmc.TrackIsrc(7, "USRC17607839", 9)
    wire = bytes.fromhex("00 15 00 14 03 30 07 00 80") + b"USRC17607839\0\x09\0"
    assert (code.to_bytes(), mmc.TrackIsrc.parse(wire)) == (wire, code)
    assert mmc.TrackIsrc.parse(mmc.TrackIsrc(7, None).to_bytes()).code is None
    status = mmc.SubChannelHeader(mmc.AudioStatus.PAUSED)
    assert (status.to_bytes(), mmc.SubChannelHeader.parse(b"\0\x12\0\0")) == (b"\0\x12\0\0", status)
    header = mmc.SectorHeader(1, 0x96)
    assert header.to_bytes() == bytes.fromhex("01 00 00 00 00 00 00 96")
    assert mmc.SectorHeader.parse(header.to_bytes()) == header
    for kind in (mmc.CurrentPosition, mmc.CatalogNumber, mmc.TrackIsrc):
        with pytest.raises(RemoteProtocolError):
            kind.parse(bytes(8))
    with pytest.raises(RemoteProtocolError):
        mmc.SubChannelHeader.parse(bytes(3))
    with pytest.raises(LocalProtocolError):
        mmc.TrackIsrc(1, "short").to_bytes()


# The full table of contents of a pressed disc with three audio tracks and a data session, as readcd got it from
# a drive (a public bug report of a CD emulator).
FULL_TOC = bytes.fromhex(
    "00 86 01 02 01 10 00 a0 00 00 00 00 01 00 00 01 10 00 a1 00 00 00 00 03 00 00 01 10 00 a2 00 00"
    "00 00 07 13 20 01 10 00 01 00 00 00 00 00 02 00 01 10 00 02 00 00 00 00 03 14 14 01 10 00 03 00"
    "00 00 00 05 13 48 01 50 00 b0 09 31 20 02 0f 20 35 01 50 00 c0 00 00 00 00 5f 00 00 02 14 00 a0"
    "00 00 00 00 04 20 00 02 14 00 a1 00 00 00 00 04 00 00 02 14 00 a2 00 00 00 00 0f 20 35 02 14 00"
    "04 00 00 00 00 09 33 20"
)


def test_the_full_table_of_contents_of_a_real_disc() -> None:
    toc = mmc.FullToc.parse(FULL_TOC)
    assert (toc.first_session, toc.last_session, len(toc.entries)) == (1, 2, 12)
    found = {(entry.session, entry.point): entry for entry in toc.entries}
    # What cd-info told of that disc: tracks at LBA 0, 14870, 23847 and 44207, the lead-out at 69803.
    assert [mmc.program_lba(found[place].pointer) for place in ((1, 1), (1, 2), (1, 3), (2, 4))] == [
        0,
        14870,
        23847,
        44207,
    ]
    assert mmc.program_lba(found[2, mmc.TocPoint.LEAD_OUT].pointer) == 69803
    following = found[1, mmc.TocPoint.NEXT_SESSION]
    assert (following.adr, following.zero, mmc.program_lba(following.address)) == (5, 2, 44207 - 150)
    assert mmc.program_lba(following.pointer) == 69803
    assert mmc.msf_to_lba(found[1, mmc.TocPoint.FIRST_LEAD_IN].pointer) == -22650
    assert found[2, mmc.TocPoint.FIRST_TRACK].pointer == 0x042000  # track 4, CD-ROM XA
    assert mmc.TocPoint(found[1, 0xA0].point) is mmc.TocPoint.FIRST_TRACK
    assert found[1, 1].control == 0
    assert found[2, 4].control == 4
    assert toc.to_bytes() == FULL_TOC
    # Between two sessions lie the lead-out of the first, the lead-in of the second, and its pregap.
    assert 44207 - mmc.program_lba(found[1, mmc.TocPoint.LEAD_OUT].pointer) == 11_400


def test_times_on_long_discs() -> None:
    assert mmc.program_lba(0x633B4A) == 449_849
    assert mmc.program_msf(449_849) == 0x633B4A
    assert mmc.program_msf(-150) == 0
    assert mmc.msf_to_lba(0x633B4A) == -151
    assert mmc.Atip(mmc.program_msf(445_000)).sectors == 445_000
    for lba in (-151, 449_850):
        with pytest.raises(LocalProtocolError):
            mmc.program_msf(lba)


def test_packs_of_cd_text() -> None:
    packs = bytes(range(36))
    wire = b"\0\x26\0\0" + packs
    assert mmc.TextPacks(packs).to_bytes() == wire
    assert mmc.TextPacks.parse(wire) == mmc.TextPacks(packs)
    assert mmc.TextPacks.parse(wire[:30]).packs == packs[:18]
    with pytest.raises(RemoteProtocolError):
        mmc.TextPacks.parse(b"\0\2\0")
