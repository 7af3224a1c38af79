"""Answers of drives, decoded and encoded, against bytes that drives and emulations by others sent.

*tgt* is another project's DVD+R emulation, asked by xorriso 1.5.4, growisofs and sg_raw through a Linux kernel.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, LocalProtocolError, RemoteProtocolError


def h(text: str) -> bytes:
    return bytes.fromhex(text)


# --- inquiry --------------------------------------------------------------------------------------------


def test_inquiry_of_tgt() -> None:
    data = h(
        "05 80 05 12 3d 00 00 02 49 45 54 20 20 20 20 20 56 49 52 54 55 41 4c 2d 43 44 52 4f 4d 20 20 20 30 30 30 31"
        "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 a0 09 60 03 00 00 00"
    )
    inquiry = mmc.InquiryData.parse(data)
    assert inquiry.name == "IET VIRTUAL-CDROM 0001"
    assert inquiry.device_type is mmc.DeviceType.CD_DVD
    assert (inquiry.removable, inquiry.version, inquiry.command_queueing) == (True, 5, True)
    assert inquiry.version_descriptors == (0x02A0, 0x0960, 0x0300)
    assert mmc.InquiryData.parse(data[:36]).version_descriptors == ()
    again = inquiry.to_bytes()
    assert again[:3] == data[:3]
    assert again[8:36] == data[8:36]
    assert again[58:64] == data[58:64]
    assert mmc.InquiryData.parse(again) == inquiry


def test_inquiry_text_is_ascii_and_fits() -> None:
    with pytest.raises(LocalProtocolError, match="9 characters"):
        mmc.InquiryData(vendor="NINECHARS").to_bytes()
    with pytest.raises(LocalProtocolError, match="ASCII"):
        mmc.InquiryData(product="Größe").to_bytes()
    odd = bytearray(mmc.InquiryData(vendor="X").to_bytes())
    odd[8] = 0xFF
    assert mmc.InquiryData.parse(bytes(odd)).vendor == "\\xff"


def test_vital_product_data_of_tgt() -> None:
    assert mmc.SupportedPages.parse(h("05 00 00 06 00 80 83 b0 b1 b2")).pages == (
        0,
        0x80,
        0x83,
        0xB0,
        0xB1,
        0xB2,
    )
    serial = h("05 80 00 24" + "20" * 30 + "62 65 61 66 31 31")
    assert mmc.UnitSerialNumber.parse(serial) == mmc.UnitSerialNumber("beaf11")
    page = h(
        "05 83 00 48 02 01 00 24 49 45 54 20 20 20 20 20 30 30 30 31 30 30 30 31"
        + "00" * 20
        + "01 03 00 08 30 00 00 01"
        "00 00 00 01 01 03 00 10 60 00 00 00 00 00 00 00 0e 00 00 00 00 01 00 01"
    )
    found = mmc.DeviceIdentification.parse(page)
    assert [(d.type_, d.code_set, len(d.identifier)) for d in found.designators] == [
        (1, 2, 36),
        (3, 1, 8),
        (3, 1, 16),
    ]
    assert found.to_bytes() == page
    with pytest.raises(RemoteProtocolError, match="83h, but 80h"):
        mmc.UnitSerialNumber.parse(page)


def test_report_luns_of_tgt() -> None:
    data = h("00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00")
    assert mmc.LunList.parse(data).luns == (0, 0x0001_0000_0000_0000)
    assert mmc.LunList.parse(data).to_bytes() == data


# --- disc and track -------------------------------------------------------------------------------------


def test_disc_information_of_a_blank_and_a_closed_dvd_plus_r() -> None:
    blank = h("00 20 00 01 01 01 01 10 00 00 00 00 00 00 00 00 00 00 00 00 00 23 05 40" + "00" * 10)
    found = mmc.DiscInformation.parse(blank)
    assert found.disc_status is mmc.DiscStatus.BLANK
    assert found.last_session_state is mmc.SessionState.EMPTY
    assert (found.sessions, found.last_track_in_last_session, found.erasable) == (1, 1, False)
    assert found.application_code_valid
    assert found.last_possible_lead_out == mmc.DVD_PLUS_SECTORS
    assert found.to_bytes() == blank
    closed = mmc.DiscInformation.parse(h("00 20 0e 01 01 01 01 00" + "00" * 26))
    assert closed.disc_status is mmc.DiscStatus.COMPLETE
    assert closed.last_session_state is mmc.SessionState.COMPLETE
    assert not closed.appendable


def test_disc_information_numbers_past_255_are_put_together() -> None:
    # MMC puts the most significant bytes into bytes 9 to 11.
    data = bytearray(34)
    data[2], data[3], data[4:7], data[9:12] = 0x01, 1, h("34 56 78"), h("12 00 1e")
    found = mmc.DiscInformation.parse(bytes(data))
    assert (found.sessions, found.first_track_in_last_session) == (0x1234, 0x56)
    assert found.last_track_in_last_session == 0x1E78
    assert found.appendable


def test_disc_information_with_opc_tables_and_cut_short() -> None:
    table = mmc.OpcTable(speed_kbps=5540, values_=0x010203040506)
    info = mmc.DiscInformation(disc_status=mmc.DiscStatus.INCOMPLETE, opc_tables=(table,))
    data = info.to_bytes()
    assert data[0:2] == h("00 28")
    assert data[33:] == h("01 15 a4 01 02 03 04 05 06")
    assert mmc.DiscInformation.parse(data) == info
    assert mmc.DiscInformation.parse(data[:34]).opc_tables == ()
    assert mmc.DiscInformation.parse(data[:12]).appendable
    with pytest.raises(RemoteProtocolError, match="11 bytes"):
        mmc.DiscInformation.parse(data[:11])


def test_resources_of_a_bd_r() -> None:
    # MMC's tables, filled in by hand.
    tracks = mmc.TrackResources(7927, 3, 16, 1)
    assert tracks.to_bytes() == h("00 0a 20 00 1e f7 00 03 00 10 00 01")
    assert mmc.TrackResources.parse(tracks.to_bytes()) == tracks
    pow_ = mmc.PowResources(1, 2, 3)
    assert pow_.to_bytes() == h("00 0e 40 00 00 00 00 01 00 00 00 02 00 00 00 03")
    assert mmc.PowResources.parse(pow_.to_bytes()) == pow_
    with pytest.raises(RemoteProtocolError, match="data type 2"):
        mmc.TrackResources.parse(pow_.to_bytes())
    with pytest.raises(RemoteProtocolError, match="data type 1"):
        mmc.DiscInformation.parse(tracks.to_bytes())


def test_track_information_of_tgt_and_of_cd_rw() -> None:
    blank = mmc.TrackInformation.parse(
        h(
            "00 26 01 01 00 07 41 01 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 10 00 23 05 40 00 "
            "00 00 00 00 00 00 00"
        )
    )
    assert (blank.track, blank.session, blank.track_mode, blank.blank, blank.nwa_valid) == (
        1,
        1,
        7,
        True,
        True,
    )
    assert (blank.start_lba, blank.next_writable_lba, blank.free_sectors) == (0, 0, 2_295_104)
    assert (blank.packet_size, blank.size_sectors) == (16, 2_295_104)
    closed = mmc.TrackInformation.parse(
        h(
            "00 22 01 01 00 04 01 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 00 00 02 b0 00 "
            "00 02 af 00 00 00 00"
        )
    )
    assert (closed.nwa_valid, closed.lra_valid, closed.last_recorded_lba) == (False, True, 0x2AF)
    assert (closed.size_sectors, closed.data_mode) == (0x2B0, mmc.DataMode.MODE_1)
    # A formatted CD-RW in a real drive, logged by xorriso; pali/udftools pull request 44.
    formatted = mmc.TrackInformation.parse(
        h(
            "00 22 01 01 00 07 b2 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 20 00 04 81 60 00 00 00 00 00 00"
        )
    )
    assert (formatted.reserved, formatted.packet, formatted.fixed_packet) == (True, True, True)
    assert (formatted.data_mode, formatted.packet_size, formatted.size_sectors) == (2, 32, 0x48160)
    # MMC-1 length, as wodim asks for it.
    assert mmc.TrackInformation.parse(formatted.to_bytes()[:28]).size_sectors == 0x48160


def test_track_information_as_bytes() -> None:
    # MMC's table, filled in by hand: track 258 of session 1, open, next write at 0x1000.
    track = mmc.TrackInformation(
        track=0x102, session=1, track_mode=7, nwa_valid=True, start_lba=0x800, next_writable_lba=0x1000,
        free_sectors=0x10, packet_size=32, size_sectors=0x810, read_compatibility_lba=5,
    )  # fmt: skip
    assert track.to_bytes() == h(
        "00 2e 02 01 00 07 01 01 00 00 08 00 00 00 10 00 00 00 00 10 00 00 00 20 00 00 08 10 00 00 00 00 01 00 00 00"
        "00 00 00 05 00 00 00 00 00 00 00 00"
    )
    assert mmc.TrackInformation.parse(track.to_bytes()) == track


# --- capacities and formats -----------------------------------------------------------------------------


def test_capacities_of_tgt() -> None:
    capacity = mmc.CapacityData.parse(h("00 00 02 af 00 00 08 00"))
    assert (capacity.sectors, capacity.block_size) == (0x2B0, 2048)
    assert capacity.to_bytes() == h("00 00 02 af 00 00 08 00")
    buffer = mmc.BufferCapacity.parse(h("00 0a 00 00 00 80 00 00 00 40 00 00"))
    assert (buffer.length, buffer.available, buffer.available_bytes) == (8 << 20, 4 << 20, 4 << 20)
    assert buffer.to_bytes() == h("00 0a 00 00 00 80 00 00 00 40 00 00")
    blocks = mmc.BufferCapacity.of(1 << 20, 1 << 19, block=True)
    assert blocks.to_bytes() == h("00 0a 00 01 00 00 00 00 00 00 01 00")
    assert blocks.available_bytes == 1 << 19
    assert mmc.BufferCapacity.of(1 << 20, 1 << 19) == mmc.BufferCapacity(1 << 20, 1 << 19)


def test_format_capacities_and_format_unit() -> None:
    # MMC's tables, filled in by hand: a blank BD-RE of 23.3 GiB with the formats 30h and 31h.
    data = h("00 00 00 18 00 ba 74 00 01 00 08 00 00 b4 74 00 c0 00 30 00 00 ba 74 00 c4 00 08 00")
    found = mmc.FormatCapacities.parse(data)
    assert (found.sectors, found.kind) == (mmc.BD_SECTORS[0], mmc.CapacityType.UNFORMATTED)
    assert [(f.sectors, f.type_, f.parameter) for f in found.formats] == [
        (mmc.BD_DEFAULT_SPARE_SECTORS[0], mmc.FormatType.BD_RE_WITH_SPARE, 0x3000),
        (mmc.BD_SECTORS[0], mmc.FormatType.BD_RE_WITHOUT_SPARE, 2048),
    ]
    assert found.to_bytes() == data
    chosen = found.find(mmc.FormatType.BD_RE_WITH_SPARE)
    assert chosen is not None
    assert found.find(mmc.FormatType.MRW) is None
    parameters = mmc.FormatParameters.of(chosen)
    assert parameters.to_bytes() == h("00 02 00 08 00 b4 74 00 c0 00 30 00")
    assert mmc.FormatParameters.parse(parameters.to_bytes()) == parameters
    with pytest.raises(InvalidFieldError) as caught:
        mmc.FormatParameters.parse(h("00 02 00 07 00 b4 74 00 c0 00 30 00"))
    assert caught.value.byte == 2


# --- table of contents ----------------------------------------------------------------------------------


def test_toc() -> None:
    # MMC's table, filled in by hand: one data track and the lead-out.
    data = h("00 12 01 01 00 14 01 00 00 00 00 00 00 14 aa 00 00 00 02 b0")
    toc = mmc.Toc.parse(data)
    assert (toc.first_track, toc.last_track, toc.lead_out) == (1, 1, 0x2B0)
    assert toc.tracks[0].is_data
    assert toc.to_bytes() == data
    # tgt sends two bytes less than its length field says; what came whole counts.
    cut = mmc.Toc.parse(data[:18])
    assert (len(cut.tracks), cut.lead_out) == (1, None)


def test_session_info_full_toc_and_atip() -> None:
    data = h("00 0a 01 02 00 14 05 00 00 00 2c f1")
    info = mmc.SessionInfo.parse(data)
    assert (info.first_session, info.last_session, info.track.track, info.track.start) == (1, 2, 5, 0x2CF1)
    assert info.to_bytes() == data
    with pytest.raises(RemoteProtocolError, match="10 bytes"):
        mmc.SessionInfo.parse(data[:10])
    # MMC's table, filled in by hand: points A0h and 1 of a CD-ROM.
    full = h("00 18 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 14 00 01 00 00 00 00 00 02 00")
    toc = mmc.FullToc.parse(full)
    assert [(entry.point, entry.pointer) for entry in toc.entries] == [(0xA0, 0x010000), (1, 0x000200)]
    assert toc.to_bytes() == full
    # MMC's table, filled in by hand: a CD-R of 79:59:74 with lead-in 97:24:01.
    atip = mmc.Atip.parse(h("00 1a 00 00 c0 00 80 00 61 18 01 00 4f 3b 4a 00" + "00" * 12))
    assert (atip.sectors, atip.rewritable, atip.target_power) == (359_849, False, 4)
    assert mmc.Atip.parse(atip.to_bytes()) == atip
    assert atip.to_bytes()[:7] == h("00 1a 00 00 c0 00 80")


@pytest.mark.parametrize(
    ("lba", "msf"),
    [(0, "00 02 00"), (-150, "00 00 00"), (398_099, "58 1d 4a"), (-151, "63 3b 4a"), (-45_150, "5a 00 00")],
)
def test_msf(lba: int, msf: str) -> None:
    # MMC's rule; 398,099 is 88:29:74, the last that IMAPI allows for a lead-out.
    packed = int.from_bytes(h(msf), "big")
    assert mmc.lba_to_msf(lba) == packed
    assert mmc.msf_to_lba(packed) == lba


def test_an_lba_without_msf() -> None:
    with pytest.raises(LocalProtocolError, match="404850"):
        mmc.lba_to_msf(404_850)


# --- events, mechanism ----------------------------------------------------------------------------------


def test_events() -> None:
    # MMC's tables, filled in by hand: new media, tray closed, disc there.
    new = mmc.EventStatus.parse(h("00 06 04 5e 02 02 00 00"))
    assert (new.media_event, new.media_present, new.tray_open) == (mmc.MediaEvent.NEW_MEDIA, True, False)
    assert new.to_bytes() == h("00 06 04 5e 02 02 00 00")
    busy = mmc.EventStatus.parse(h("00 06 06 5e 01 01 00 32"))
    assert (busy.busy_s, busy.media_event, busy.tray_open, busy.media_present) == (5.0, None, None, None)
    assert new.busy_s is None
    nothing = mmc.EventStatus.parse(h("00 02 80 5e"))
    assert (nothing.event_class, nothing.supported_classes) == (0, 0x5E)
    assert nothing.to_bytes() == h("00 02 80 5e")
    with pytest.raises(RemoteProtocolError, match="6 of its 8"):
        mmc.EventStatus.parse(h("00 06 04 5e 02 02"))


def test_mechanism_status() -> None:
    open_ = mmc.MechanismStatusData.parse(h("00 10 00 00 00 00 00 00"))
    assert open_.door_open
    changer = mmc.MechanismStatusData(slot=0x25, slots=64, state=mmc.MechanismState.ACTIVE)
    assert changer.to_bytes() == h("05 61 00 00 00 40 00 00")
    assert mmc.MechanismStatusData.parse(changer.to_bytes()) == changer


# --- speeds ---------------------------------------------------------------------------------------------


def test_write_speeds_of_tgt() -> None:
    data = h("00 00 00 14 00 00 00 00 01 00 00 00 00 23 05 3f 00 00 0c fc 00 00 0c fc")
    (speed,) = mmc.WriteSpeeds.parse(data).descriptors
    assert (speed.write_kbps, speed.read_kbps, speed.end_lba, speed.mrw) == (3324, 3324, 2_295_103, True)
    assert mmc.WriteSpeeds.parse(data).to_bytes() == data
    assert mmc.WriteSpeeds.parse(data[:8]).descriptors == ()
    nominal = h("00 00 00 14 02 00 00 00 00 00 00 00 00 00 15 a4 00 23 05 3f 00 00 15 a4")
    performance = mmc.Performance.parse(nominal)
    assert performance.write
    assert performance.descriptors[0].start_kbps == 5540
    assert performance.to_bytes() == nominal


def test_set_streaming_as_xorriso_sends_it() -> None:
    data = h("00 00 00 00 00 00 00 00 00 23 05 3f 00 00 81 d8 00 00 03 e8 00 00 10 8a 00 00 03 e8")
    streaming = mmc.StreamingDescriptor.parse(data)
    assert (streaming.read_kbps, streaming.write_kbps, streaming.end_lba) == (33240, 4234, 2_295_103)
    assert streaming.to_bytes() == data
    offer = mmc.WriteSpeedDescriptor(write_kbps=8990, end_lba=99, rotation=mmc.RotationControl.PURE_CAV)
    built = mmc.StreamingDescriptor.at_speed(offer)
    assert (built.write_kbps, built.read_kbps, built.rotation) == (8990, 8990, mmc.RotationControl.PURE_CAV)
    assert mmc.StreamingDescriptor(write_time_ms=0, read_time_ms=0).write_kbps == 0
    assert mmc.StreamingDescriptor(write_time_ms=0, read_time_ms=0).read_kbps == 0


def test_write_speeds_of_a_bd_r() -> None:
    # A Pioneer BDR-203's command reference: 8x 8C78h, 6x 695Ah, 4x 463Ch, 2x 231Eh.
    speeds = [0x8C78, 0x695A, 0x463C, 0x231E]
    assert speeds == [4495 * factor for factor in (8, 6, 4, 2)]
    answer = mmc.WriteSpeeds(tuple(mmc.WriteSpeedDescriptor(s, s, 12_219_391, exact=True) for s in speeds))
    data = answer.to_bytes()
    assert data[:24] == h("00 00 00 44 00 00 00 00 02 00 00 00 00 ba 73 ff 00 00 8c 78 00 00 8c 78")
    assert mmc.WriteSpeeds.parse(data) == answer


# --- disc structures ------------------------------------------------------------------------------------


def test_dvd_structures_of_tgt() -> None:
    recordable = mmc.DiscStructure.parse(
        h("08 02 00 00 a1 0f 02 00 00 03 00 00 00 26 05 3f 00 00 00 00") + bytes(2032)
    )
    assert len(recordable.data) == 2048
    physical = mmc.DvdPhysicalFormat.parse(recordable.data)
    assert (physical.book_type, physical.part_version, physical.disc_size) == (0xA, 1, 0)
    assert (physical.maximum_rate, physical.layers, physical.layer_type) == (0xF, 0, 2)
    assert physical.last_sector - physical.first_sector + 1 == mmc.DVD_PLUS_SECTORS
    assert physical.to_bytes() == recordable.data[:17]
    assert recordable.to_bytes()[:4] == h("08 02 00 00")
    embossed = mmc.DvdPhysicalFormat.parse(h("01 02 01 10 00 03 00 00 00 1b c1 7f 00 00 00 00 00"))
    assert (embossed.book_type, embossed.layer_type, embossed.linear_density) == (0, 1, 1)
    assert mmc.DvdCopyright.parse(h("01 fe 00 00")).regions == 0xFE


def test_bd_disc_information() -> None:
    unit = bytearray(112)
    unit[0:2], unit[8:11], unit[100:106], unit[106:109] = b"DI", b"BDR", b"CMCMAG", b"BA5"
    found = mmc.BdDiscInformation.parse(bytes(unit) + bytes(112) + b"DI short")
    (only,) = found.units
    assert (only.disc_type, only.manufacturer, only.media_type) == ("BDR", "CMCMAG", "BA5")
    assert found.to_bytes() == bytes(unit)


# --- everything -----------------------------------------------------------------------------------------

PARSERS: list[Callable[[bytes], object]] = [
    mmc.InquiryData.parse,
    mmc.SupportedPages.parse,
    mmc.UnitSerialNumber.parse,
    mmc.DeviceIdentification.parse,
    mmc.LunList.parse,
    mmc.DiscInformation.parse,
    mmc.TrackResources.parse,
    mmc.PowResources.parse,
    mmc.TrackInformation.parse,
    mmc.CapacityData.parse,
    mmc.BufferCapacity.parse,
    mmc.FormatCapacities.parse,
    mmc.Toc.parse,
    mmc.SessionInfo.parse,
    mmc.FullToc.parse,
    mmc.Atip.parse,
    mmc.EventStatus.parse,
    mmc.MechanismStatusData.parse,
    mmc.WriteSpeeds.parse,
    mmc.Performance.parse,
    mmc.StreamingDescriptor.parse,
    mmc.DiscStructure.parse,
    mmc.DvdPhysicalFormat.parse,
    mmc.DvdCopyright.parse,
    mmc.BdDiscInformation.parse,
    mmc.FeatureSet.parse,
    mmc.ModeParameters.parse,
    mmc.SenseData.parse,
]


@pytest.mark.parametrize("parse", PARSERS)
@given(data=st.binary(max_size=300))
def test_no_answer_breaks_a_driver(parse: Callable[[bytes], object], data: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert parse(data) is not None


@given(
    st.builds(
        mmc.DiscInformation,
        disc_status=st.sampled_from(mmc.DiscStatus),
        last_session_state=st.sampled_from(mmc.SessionState),
        erasable=st.booleans(),
        sessions=st.integers(0, 65535),
        first_track_in_last_session=st.integers(0, 65535),
        last_track_in_last_session=st.integers(0, 65535),
        background_format=st.sampled_from(mmc.BackgroundFormat),
        last_lead_in_start=st.integers(0, (1 << 32) - 1),
        bar_code=st.integers(0, (1 << 64) - 1),
        opc_tables=st.lists(
            st.builds(mmc.OpcTable, st.integers(0, 65535), st.integers(0, (1 << 48) - 1)), max_size=5
        ).map(tuple),
    )
)
def test_disc_information_survives_the_way_there_and_back(info: mmc.DiscInformation) -> None:
    assert mmc.DiscInformation.parse(info.to_bytes()) == info


@given(
    st.builds(
        mmc.TrackInformation,
        track=st.integers(0, 65535),
        session=st.integers(0, 65535),
        track_mode=st.integers(0, 15),
        blank=st.booleans(),
        data_mode=st.sampled_from(mmc.DataMode),
        start_lba=st.integers(0, (1 << 32) - 1),
        next_writable_lba=st.integers(0, (1 << 32) - 1),
        layer_jump_status=st.integers(0, 3),
    )
)
def test_track_information_survives_the_way_there_and_back(track: mmc.TrackInformation) -> None:
    assert mmc.TrackInformation.parse(track.to_bytes()) == track


def test_codes_without_a_name_stay_numbers() -> None:
    assert mmc.DataMode(9).name == "UNKNOWN_09H"
    assert mmc.DataMode(9) == 9
    assert not mmc.DataMode(9).known
    assert mmc.DataMode.MODE_1.known
    with pytest.raises(ValueError, match="-1"):
        mmc.DataMode(-1)
    track = attrs.evolve(mmc.TrackInformation(), data_mode=mmc.DataMode(9))
    assert mmc.TrackInformation.parse(track.to_bytes()).data_mode == 9
