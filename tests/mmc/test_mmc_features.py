"""GET CONFIGURATION against another project's emulation and against the standard's tables."""

from __future__ import annotations

from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc._fields import layout_of

# What tgt's DVD+R emulation told xorriso.
TGT = bytes.fromhex(
    "00 00 00 70 00 00 00 1b 00 00 03 08 00 10 00 00 00 1b 01 00 00 01 03 04 00 00 00 02 00 02 03 04 00 00 00 00"
    "00 03 03 04 29 00 00 00 00 10 00 08 00 00 08 00 00 10 01 00 00 1d 00 00 00 1f 00 00 00 2b 01 04 01 00 00 00"
    "01 00 03 00 01 05 03 00 01 07 0c 04 1f 00 00 00 01 08 03 08 00 00 00 00 00 00 00 00 01 0a 01 0c 46 44 43 00"
    "53 44 43 00 54 4f 43 00"
)


def test_the_configuration_of_another_drive() -> None:
    found = mmc.FeatureSet.parse(TGT)
    assert found.current_profile is mmc.Profile.DVD_PLUS_R
    assert found.profiles == (mmc.Profile.DVD_ROM, mmc.Profile.DVD_PLUS_R)
    core = found.get(mmc.Core)
    assert core is not None
    assert (core.physical_interface, core.persistent, core.current) == (2, True, True)
    medium = found.get(mmc.RemovableMedium)
    assert medium is not None
    assert (medium.mechanism, medium.eject, medium.lock, medium.load) == (1, True, True, False)
    readable = found.get(mmc.RandomReadable)
    assert readable is not None
    assert (readable.block_size, readable.blocking, readable.page_present) == (2048, 16, True)
    assert not found.is_current(mmc.RandomReadable)
    assert found.is_current(mmc.DvdPlusR)
    assert found.get(mmc.BdWrite) is None
    assert not found.is_current(mmc.BdWrite)
    streaming = found.get(mmc.RealTimeStreaming)
    assert streaming is not None
    assert (streaming.version, streaming.write_speed_descriptors, streaming.set_cd_speed) == (3, True, True)
    blocks = found.get(mmc.DiscControlBlocks)
    assert blocks is not None
    assert blocks.blocks == (0x46444300, 0x53444300, 0x544F4300)
    assert mmc.FeatureSet.total_length(TGT[:8]) == len(TGT)


def test_encoded_as_it_came_where_the_descriptors_were_whole() -> None:
    found = mmc.FeatureSet.parse(TGT)
    # Three of tgt's features are of older standards and its serial number is all zeros: none is lost.
    changed = {0x0001, 0x001F, 0x0105, 0x0108}
    body = found.to_bytes()
    for feature in found.features:
        if feature.feature_number not in changed:
            assert feature.to_bytes() in TGT
    assert mmc.FeatureSet.parse(body) == found


# MMC-6 chapter 5.3, each descriptor table filled in by hand.
DESCRIPTORS = [
    (
        mmc.ProfileList(profiles=((mmc.Profile.BD_R_SEQUENTIAL, True),), current=True, persistent=True),
        "00 00 03 04 00 41 01 00",
    ),
    (
        mmc.Core(
            physical_interface=7,
            device_busy_events=True,
            inquiry_2=True,
            version=2,
            current=True,
            persistent=True,
        ),
        "00 01 0b 08 00 00 00 07 03 00 00 00",
    ),
    (
        mmc.Morphing(operational_change_events=True, version=1, current=True, persistent=True),
        "00 02 07 04 02 00 00 00",
    ),
    (
        mmc.RemovableMedium(load=True, eject=True, lock=True, version=2, current=True, persistent=True),
        "00 03 0b 04 39 00 00 00",
    ),
    (
        mmc.WriteProtect(disc_write_protect_pac=True, persistent_protect=True, version=2),
        "00 04 08 04 0a 00 00 00",
    ),
    (mmc.RandomReadable(block_size=2048, blocking=32, current=True), "00 10 01 08 00 00 08 00 00 20 00 00"),
    (mmc.MultiRead(), "00 1d 00 00"),
    (mmc.CdRead(c2_pointers=True, cd_text=True, version=2), "00 1e 08 04 03 00 00 00"),
    (mmc.DvdRead(multi_110=True, dual_r=True, version=1), "00 1f 04 04 01 00 01 00"),
    (
        mmc.RandomWritable(last_lba=0xBA73FF, block_size=2048, blocking=32, version=1, current=True),
        "00 20 05 0c 00 ba 73 ff 00 00 08 00 00 20 00 00",
    ),
    (
        mmc.IncrementalStreamingWritable(
            data_types=0x100, buffer_underrun_free=True, link_sizes=(7,), version=1
        ),
        "00 21 04 08 01 00 01 01 07 00 00 00",
    ),
    (
        mmc.Formattable(
            reformat_without_spare=True,
            expand_spare=True,
            quick_certification=True,
            certification=True,
            random_recording=True,
            version=1,
        ),
        "00 23 04 08 0f 00 00 00 01 00 00 00",
    ),
    (mmc.HardwareDefectManagement(spare_area_information=True, version=1), "00 24 04 04 80 00 00 00"),
    (mmc.RestrictedOverwrite(), "00 26 00 00"),
    (mmc.CdRwCavWrite(), "00 27 00 04 00 00 00 00"),
    (mmc.Mrw(dvd_plus_write=True, dvd_plus_read=True, cd_write=True), "00 28 00 04 07 00 00 00"),
    (mmc.DvdPlusRw(write=True, close_only=True), "00 2a 00 04 01 01 00 00"),
    (mmc.DvdPlusR(write=True, current=True), "00 2b 01 04 01 00 00 00"),
    (mmc.RigidRestrictedOverwrite(intermediate=True, blank=True), "00 2c 00 04 03 00 00 00"),
    (
        mmc.CdTrackAtOnce(buffer_underrun_free=True, test_write=True, cd_rw=True, data_types=0x100),
        "00 2d 00 04 46 00 01 00",
    ),
    (
        mmc.CdMastering(
            buffer_underrun_free=True,
            session_at_once=True,
            test_write=True,
            cd_rw=True,
            maximum_cue_sheet=0x0BF8,
        ),
        "00 2e 00 04 66 00 0b f8",
    ),
    (mmc.DvdMinusWrite(buffer_underrun_free=True, test_write=True, dvd_rw=True), "00 2f 00 04 46 00 00 00"),
    (mmc.LayerJumpRecording(link_sizes=(16,)), "00 33 00 08 00 00 00 01 10 00 00 00"),
    (mmc.BdRPseudoOverwrite(), "00 38 00 04 00 00 00 00"),
    (mmc.DvdPlusRDualLayer(write=True), "00 3b 00 04 01 00 00 00"),
    (
        mmc.BdRead(re_classes=0x0006 << 32, r_classes=0x0002 << 48, rom_classes=1),
        "00 40 00 1c 00 00 00 00 00 00 00 06 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01",
    ),
    (
        mmc.BdWrite(verify_not_required=True, r_classes=0x0002 << 48),
        "00 41 00 14 01 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00",
    ),
    (mmc.TimelySafeRecording(), "00 42 00 00"),
    (mmc.PowerManagement(current=True, persistent=True), "01 00 03 00"),
    (
        mmc.CdAudioPlay(scan=True, separate_channel_mute=True, separate_volume=True, volume_levels=256),
        "01 03 00 04 07 00 01 00",
    ),
    (mmc.DvdCss(css_version=1), "01 06 00 04 00 00 00 01"),
    (
        mmc.RealTimeStreaming(
            stream_writing=True,
            write_speed_descriptors=True,
            mode_page_2a=True,
            set_cd_speed=True,
            read_buffer_capacity_block=True,
            version=3,
        ),
        "01 07 0c 04 1f 00 00 00",
    ),
    (mmc.DriveSerialNumber(value="K1X2"), "01 08 00 04 4b 31 58 32"),
    (mmc.MediaSerialNumber(value="A"), "01 09 00 04 41 20 20 20"),
    (
        mmc.FirmwareInformation(value="20110419101400"),
        "01 0c 00 10 32 30 31 31 30 34 31 39 31 30 31 34 30 30 20 20",
    ),
    (mmc.RawFeature(code=0xFF10, data=b"\x01\x02\x03\x04"), "ff 10 00 04 01 02 03 04"),
]


@pytest.mark.parametrize(("feature", "data"), DESCRIPTORS)
def test_descriptors_both_ways(feature: mmc.Feature, data: str) -> None:
    assert feature.to_bytes() == bytes.fromhex(data)
    body = bytes.fromhex(data)
    found = mmc.FeatureSet.parse((len(body) + 4).to_bytes(4, "big") + bytes(4) + body)
    assert found.features == (feature,)


def test_every_feature_has_a_name_and_a_number_of_its_own() -> None:
    assert len({feature.number for feature in mmc.FEATURES}) == len(mmc.FEATURES)
    assert all(feature().name for feature in mmc.FEATURES)
    assert {feature.number for feature in mmc.FEATURES} <= set(mmc.FEATURE_NAMES)
    assert mmc.RawFeature(code=0xFF10).name == "feature FF10h"


def test_a_descriptor_of_an_older_standard_counts_as_padded() -> None:
    # tgt's core feature is of 4 bytes, MMC-6 has 8; its DVD read feature has none.
    old = mmc.FeatureSet.parse(bytes.fromhex("00 00 00 0c 00 00 00 00 00 01 03 04 00 00 00 08"))
    core = old.get(mmc.Core)
    assert core is not None
    assert (core.physical_interface, core.inquiry_2) == (8, False)


def test_cut_short_in_every_place() -> None:
    whole = mmc.FeatureSet.parse(TGT)
    for size in range(8, len(TGT)):
        part = mmc.FeatureSet.parse(TGT[:size])
        assert part.features == whole.features[: len(part.features)]
    for size in range(8):
        with pytest.raises(RemoteProtocolError):
            mmc.FeatureSet.parse(TGT[:size])


def test_what_a_target_selects() -> None:
    whole = mmc.FeatureSet.parse(TGT)
    one = whole.selected(mmc.RequestedType.ONE, 0x2B)
    assert [f.feature_number for f in one.features] == [0x2B]
    current = whole.selected(mmc.RequestedType.CURRENT, 0x02)
    assert [f.feature_number for f in current.features] == [0x02, 0x03, 0x2B, 0x100, 0x105, 0x108, 0x10A]
    rest = whole.selected(mmc.RequestedType.ALL, 0x0100)
    assert [f.feature_number for f in rest.features] == [0x100, 0x105, 0x107, 0x108, 0x10A]
    assert rest.current_profile is mmc.Profile.DVD_PLUS_R


def features() -> st.SearchStrategy[mmc.Feature]:
    def build(cls: type[mmc.Feature]) -> st.SearchStrategy[mmc.Feature]:
        hints = get_type_hints(cls)
        values: dict[str, st.SearchStrategy[Any]] = {"version": st.integers(0, 15)}
        for slot in layout_of(cls, 4 + cls.size).slots:
            values[slot.name] = st.booleans() if hints[slot.name] is bool else st.integers(0, slot.mask)
        return st.builds(cls, current=st.booleans(), persistent=st.booleans(), **values)

    return st.sampled_from(mmc.FEATURES).flatmap(build)


@given(st.lists(features(), max_size=6), st.integers(0, 65535))
def test_feature_sets_survive_the_way_there_and_back(found: list[mmc.Feature], profile: int) -> None:
    whole = mmc.FeatureSet(mmc.Profile(profile), tuple(found))
    assert mmc.FeatureSet.parse(whole.to_bytes()) == whole


def test_profiles_and_their_traits() -> None:
    assert set(mmc.PROFILE_TRAITS) == set(mmc.Profile)
    bd_r = mmc.traits_of(mmc.Profile.BD_R_SEQUENTIAL)
    assert (bd_r.name, bd_r.writing, bd_r.write_unit) == (
        "BD-R sequential recording",
        mmc.Writing.SEQUENTIAL,
        32,
    )
    assert bd_r.speed_1x_bytes == bd_r.drive_1x_bytes == 4_495_625
    # A CD at 1x: 75 sectors of 2,048 bytes a second, which commands count as 176.4 kB/s.
    cd_r = mmc.traits_of(mmc.Profile.CD_R)
    assert (cd_r.speed_1x_bytes, cd_r.drive_1x_bytes) == (153_600, 176_400)
    assert mmc.traits_of(mmc.Profile.DVD_PLUS_RW).writing is mmc.Writing.OVERWRITE
    assert mmc.traits_of(mmc.Profile.DVD_PLUS_R).write_unit == 16
    assert mmc.traits_of(mmc.Profile.DVD_ROM).writing is mmc.Writing.NEVER
    strange = mmc.traits_of(mmc.Profile(0x77))
    assert (strange.name, strange.writing, strange.speed_1x_bytes) == (
        "profile 0077h",
        mmc.Writing.NEVER,
        None,
    )


def test_capacities_are_whole_write_units() -> None:
    # dvdisaster, CDEmu and ECMA-349 have the same numbers.
    assert (mmc.DVD_PLUS_SECTORS, mmc.BD_SECTORS[0], mmc.CD_R_80_SECTORS) == (2_295_104, 12_219_392, 360_000)
    assert mmc.DVD_PLUS_SECTORS == 0x26053F - 0x030000 + 1
    assert all(size % 32 == 0 for size in mmc.BD_SECTORS + mmc.BD_DEFAULT_SPARE_SECTORS)
    for size in (
        mmc.DVD_PLUS_SECTORS,
        mmc.DVD_MINUS_SECTORS,
        mmc.DVD_PLUS_DL_SECTORS,
        mmc.DVD_MINUS_DL_SECTORS,
    ):
        assert size % 16 == 0
    assert attrs.fields(mmc.ProfileTraits)[0].name == "name"
