"""Mode pages against what another project's emulation and a real drive sent."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import LocalProtocolError, RemoteProtocolError
from aioimapi.mmc._fields import layout_of

# tgt's DVD+R emulation to MODE SENSE (10) for all pages.
TGT = bytes.fromhex(
    "00 ec 00 00 00 00 00 00 00 00 01 0a 00 08 00 00 00 00 08 00 00 00 03 06 00 00 00 00 00 00 08 0a 00 00 00 00"
    "00 00 00 00 00 00 0a 0a 02 00 00 00 00 00 00 00 02 00 4a 01 00 1c 04 00 00 00 00 00 00 00 00 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 1a 0a 08 00 00 00 00 00 00 00 00 00 1c 0a 08 00 00 00 00 00 00 00"
    "00 00 1d 0a 00 00 07 00 00 02 00 02 00 14 2a 3e 3f 37 f3 f3 29 23 10 8a 01 00 08 00 10 8a 00 00 10 8a 10 8a"
    "00 01 00 00 00 00 10 8a 00 05 00 00 10 8a 00 00 0b 06 00 00 08 45 00 00 05 83 00 00 02 c2 00 00 00 00 00 00"
    "00 00 00 00 00 00 05 32 62 05 08 10 00 00 00 00 00 00 00 10 00 96" + "00" * 36
)

# Page 2Ah alone, as xorriso got it.
TGT_2A = bytes.fromhex(
    "00 46 00 00 00 00 00 00 2a 3e 3f 37 f3 f3 29 23 10 8a 01 00 08 00 10 8a 00 00 10 8a 10 8a 00 01 00 00 00 00"
    "10 8a 00 05 00 00 10 8a 00 00 0b 06 00 00 08 45 00 00 05 83 00 00 02 c2 00 00 00 00 00 00 00 00 00 00 00 00"
)


def test_all_pages_of_another_drive() -> None:
    # The list begins with two zero bytes, a page 0 of no length; the rest is in order all the same.
    found = mmc.ModeParameters.parse(TGT)
    assert [page.page_code for page in found.pages][:4] == [0, 1, 3, 8]
    protect = found.get(mmc.TimeoutAndProtect)
    assert protect is not None
    assert (protect.timeout_enable, protect.disc_protect, protect.group_1_minimum_s) == (True, True, 2)
    write = found.get(mmc.WriteParameters)
    assert write is not None
    assert (write.buffer_underrun_free, write.link_size_valid, write.link_size) == (True, True, 16)
    assert (write.write_type, write.track_mode) == (mmc.WriteType.SESSION_AT_ONCE, 5)
    assert (write.data_block_type, write.packet_size, write.audio_pause) == (
        mmc.DataBlockType.MODE_1,
        16,
        150,
    )
    # Reserved bits (one in page 1Ah) are not carried along: MODE SELECT must send them as zero.
    assert len(found.to_bytes()) == len(TGT)
    assert [page.page_code for page in found.pages if page.to_bytes() not in TGT] == [0x1A]


def test_capabilities() -> None:
    page = mmc.ModeParameters.parse(TGT_2A).get(mmc.Capabilities)
    assert page is not None
    assert (page.maximum_read_kbps, page.current_write_kbps, page.buffer_kib) == (4234, 4234, 2048)
    assert [speed.write_kbps for speed in page.write_speeds] == [4234, 2822, 2117, 1411, 706]
    assert (page.writes_cd_r, page.writes_cd_rw, page.test_write, page.mechanism) == (True, True, True, 1)
    assert len(page.extra) == 12
    assert mmc.ModeParameters.parse(TGT_2A).to_bytes() == TGT_2A
    # Cut to 30 bytes, as xorriso asks first: no write speeds yet.
    short = mmc.ModeParameters.parse(TGT_2A[:30]).get(mmc.Capabilities)
    assert short is not None
    assert (short.buffer_kib, short.write_speeds) == (2048, ())


def test_a_page_of_a_real_drive() -> None:
    # HL-DT-ST DVDRAM GSA-4040B, page 01h (a HDAT2 report); the header says medium type 41h.
    data = bytes.fromhex("00 12 41 00 00 00 00 00 01 0a 80 13 00 00 00 00 03 00 00 00")
    found = mmc.ModeParameters.parse(data)
    page = found.get(mmc.ReadWriteErrorRecovery)
    assert page is not None
    assert (page.automatic_write_reallocation, page.read_retries, page.write_retries) == (True, 0x13, 3)
    assert (found.medium_type, found.write_protected) == (0x41, False)
    assert found.to_bytes() == data


def test_mode_select_as_burning_programs_send_it() -> None:
    # MMC's table, filled in by hand: CD, track-at-once, next session allowed, buffer underrun free, Mode 1.
    page = mmc.WriteParameters(
        write_type=mmc.WriteType.TRACK_AT_ONCE, multi_session=mmc.MultiSession.ALLOWED, buffer_underrun_free=True,
        saveable=True,
    )  # fmt: skip
    data = mmc.ModeParameters((page,)).to_bytes(for_select=True)
    assert data == bytes(8) + bytes.fromhex("05 32 41 c4 08 00 00 00 00 00 00 00 00 00 00 96") + bytes(36)
    assert len(data) == 60
    again = mmc.ModeParameters.parse(data).get(mmc.WriteParameters)
    assert again is not None
    assert (again.write_type, again.multi_session) == (mmc.WriteType.TRACK_AT_ONCE, mmc.MultiSession.ALLOWED)
    sensed = mmc.ModeParameters((page,), write_protected=True).to_bytes()
    assert sensed[:10] == bytes.fromhex("00 3a 00 80 00 00 00 00 85 32")


def test_block_descriptors_are_passed_over_and_short_answers_told() -> None:
    data = bytes.fromhex("00 16 00 00 00 00 00 08") + bytes(8) + bytes.fromhex("08 06 04 00 00 00 00 00")
    cache = mmc.ModeParameters.parse(data).get(mmc.Caching)
    assert cache is not None
    assert (cache.write_cache, cache.length) == (True, 8)
    assert cache.to_bytes() == bytes.fromhex("08 06 04 00 00 00 00 00")
    with pytest.raises(RemoteProtocolError):
        mmc.ModeParameters.parse(data[:7])
    assert mmc.ModeParameters.parse(data[:8]).pages == ()
    assert mmc.ModeParameters.parse(data).get(mmc.WriteParameters) is None


def test_the_other_pages_by_hand() -> None:
    for page, data in (
        (mmc.CdDeviceParameters(), "0d 06 00 00 00 3c 00 4b"),
        (mmc.CdAudioControl(), "0e 0e 04 00 00 00 00 00 01 ff 02 ff 00 00 00 00"),
        (mmc.PowerConditionPage(idle=True, standby_timer=600), "1a 0a 00 02 00 00 00 00 00 00 02 58"),
        (
            mmc.TimeoutAndProtect(software_protect=True, group_2_minimum_s=5),
            "1d 0a 00 00 01 00 00 00 00 05 00 00",
        ),
        (mmc.RawPage(number=0x20, data=b"\x01\x02"), "20 02 01 02"),
    ):
        assert page.to_bytes() == bytes.fromhex(data)
        assert mmc.parse_pages(bytes.fromhex(data)) == (page,)
    # Sub-page format has a header of 4 bytes; a cut-off one ends the list.
    sub = bytes.fromhex("58 f1 00 02 0a 0b 08 01 04")
    assert mmc.parse_pages(sub)[0] == mmc.RawPage(number=0x18, subpage=0xF1, data=b"\x0a\x0b")
    assert mmc.parse_pages(sub)[0].to_bytes() == sub[:6]
    assert mmc.parse_pages(sub)[1].page_code == 8
    assert mmc.parse_pages(sub[:3]) == ()


def pages() -> st.SearchStrategy[mmc.ModePage]:
    def build(cls: type[mmc.ModePage]) -> st.SearchStrategy[mmc.ModePage]:
        hints = get_type_hints(cls)
        values: dict[str, st.SearchStrategy[Any]] = {"saveable": st.booleans()}
        for slot in layout_of(cls, cls.size).slots:
            kind = hints[slot.name]
            values[slot.name] = (
                st.booleans()
                if kind is bool
                else st.integers(0, slot.mask)
                if kind is int
                else st.integers(0, slot.mask).map(kind)
            )
        if cls is mmc.Capabilities:
            speed = st.builds(mmc.ModeWriteSpeed, st.integers(0, 65535), st.integers(0, 7))
            values["write_speeds"] = st.lists(speed, max_size=8).map(tuple)
        return st.builds(cls, **values)

    return st.sampled_from(mmc.MODE_PAGES).flatmap(build)


@given(st.lists(pages(), max_size=4), st.booleans())
def test_pages_survive_the_way_there_and_back(found: list[mmc.ModePage], protected: bool) -> None:
    whole = mmc.ModeParameters(tuple(found), write_protected=protected)
    assert mmc.ModeParameters.parse(whole.to_bytes()) == whole


def test_block_sizes_of_every_data_block_type() -> None:
    # MMC-5 table of data block types; the list of a burning program says the same.
    sizes = [mmc.DataBlockType(code).block_bytes for code in range(16)]
    assert sizes == [2352, 2368, 2448, 2448, 0, 0, 0, 0, 2048, 2336, 2048, 2056, 2324, 2332, 0, 0]
    assert [mmc.DataBlockType(code).sub_channel_bytes for code in range(4)] == [0, 16, 96, 96]


def test_numbers_and_codes_of_the_write_parameters() -> None:
    # MMC-5 7.5 by hand: raw with subchannel, audio, catalogue number and code with their valid bits.
    data = bytes.fromhex("05 32 03 00 03 00 00 00 20 00 00 00 00 00 00 96")
    data += b"\x800123456789012\0\0" + b"\x80USRC17607839\0\0\0" + bytes.fromhex("00 00 09 00")
    page = mmc.WriteParameters(
        write_type=mmc.WriteType.RAW,
        track_mode=int(mmc.TrackMode.AUDIO),
        data_block_type=mmc.DataBlockType.RAW_WITH_SUB_CHANNEL,
        session_format=mmc.DiscType.CD_XA,
        catalog_number=mmc.WriteParameters.catalog_field("0123456789012"),
        isrc=mmc.WriteParameters.isrc_field("USRC17607839"),
        subheader=0x0900,
    )
    assert page.to_bytes() == data
    assert mmc.parse_pages(data) == (page,)
    assert (page.catalog, page.track_isrc) == ("0123456789012", "USRC17607839")
    bare = mmc.WriteParameters(catalog_number=mmc.WriteParameters.catalog_field(None))
    assert (bare.catalog, bare.track_isrc, bare.catalog_number) == (None, None, 0)
    with pytest.raises(LocalProtocolError, match="13 letters and digits"):
        mmc.WriteParameters.catalog_field("123")
    with pytest.raises(LocalProtocolError, match="ISRC"):
        mmc.WriteParameters.isrc_field("US-C17607839")
