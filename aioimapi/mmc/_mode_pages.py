"""Mode pages of optical drives: one class a page, both directions (MMC-5 7, SPC-4).

Byte offsets count from the start of the page. A page shorter than its class counts as padded with zeros: the
pages grew from MMC-1 to MMC-6. A longer one keeps its tail in ``extra``. Reserved bits are not kept: MODE
SELECT must send them as zero.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Self

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._disc_information import DiscType
from aioimapi.mmc._fields import (
    U8,
    U16,
    U32,
    Bit,
    Bits,
    Bytes,
    OpenIntEnum,
    Structure,
    chunked,
    layout_of,
    padded,
    text,
)
from aioimapi.units import RAW_SECTOR_SIZE


@attrs.frozen(kw_only=True)
class ModePage:
    """One mode page.

    Attributes:
        code: Page code.
        size: Bytes of the page as the newest standard known here has it, its header of 2 included.
        extra: What a drive sent after that.
        saveable: PS: the page can be saved.
        length: Bytes of the page as it came, header included; 0 means ``size``.
    """

    code: ClassVar[int] = -1
    size: ClassVar[int] = 2

    saveable: bool = False
    length: int = 0
    extra: bytes = b""

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Build the page from all its bytes, header included."""
        table = layout_of(cls, cls.size)
        values = table.unpack(int.from_bytes(padded(data[: cls.size], cls.size), "big"))
        fields: dict[str, Any] = dict(zip((slot.name for slot in table.slots), values, strict=True))
        build: Callable[..., Self] = cls
        length = len(data) if len(data) < cls.size else 0
        return build(saveable=bool(data[0] & 0x80), length=length, extra=data[cls.size :], **fields)

    def body(self) -> bytes:
        """Return the page's bytes after its header."""
        table = layout_of(type(self), self.size)
        whole = table.pack(self).to_bytes(self.size, "big")
        return (whole[: self.length] if self.length else whole)[2:] + self.extra

    def to_bytes(self, *, for_select: bool = False) -> bytes:
        """Encode the page; for MODE SELECT its PS bit is zero."""
        body = self.body()
        return bytes([(self.saveable and not for_select) << 7 | self.page_code, len(body)]) + body

    @property
    def page_code(self) -> int:
        """The page code."""
        return self.code


@attrs.frozen(kw_only=True)
class RawPage(ModePage):
    """A page without a class of its own, kept as it came.

    Attributes:
        number: Page code.
        data: The bytes after its header.
        subpage: Sub-page code of a page in sub-page format (a header of 4 bytes), else None.
    """

    number: int
    data: bytes = b""
    subpage: int | None = None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Keep the bytes."""
        saveable = bool(data[0] & 0x80)
        if data[0] & 0x40:
            return cls(number=data[0] & 0x3F, data=data[4:], subpage=data[1], saveable=saveable)
        return cls(number=data[0] & 0x3F, data=data[2:], saveable=saveable)

    def to_bytes(self, *, for_select: bool = False) -> bytes:
        """Encode the page, with the header of its format (SPC-4)."""
        if self.subpage is None:
            return super().to_bytes(for_select=for_select)
        flags = (self.saveable and not for_select) << 7 | 0x40
        return bytes([flags | self.number, self.subpage]) + len(self.data).to_bytes(2, "big") + self.data

    def body(self) -> bytes:
        """Return the bytes."""
        return self.data

    @property
    def page_code(self) -> int:
        """The page code."""
        return self.number


@attrs.frozen(kw_only=True)
class ReadWriteErrorRecovery(ModePage):
    """Page 01h (MMC-6)."""

    code: ClassVar[int] = 0x01
    size: ClassVar[int] = 12

    automatic_write_reallocation: Annotated[bool, Bit(2, 7)] = False
    automatic_read_reallocation: Annotated[bool, Bit(2, 6)] = False
    transfer_block: Annotated[bool, Bit(2, 5)] = False
    read_continuous: Annotated[bool, Bit(2, 4)] = False
    post_error: Annotated[bool, Bit(2, 2)] = False
    disable_transfer_on_error: Annotated[bool, Bit(2, 1)] = False
    disable_correction: Annotated[bool, Bit(2, 0)] = False
    read_retries: Annotated[int, U8(3)] = 0
    enhanced_certification: Annotated[int, Bits(7, 1, 0)] = 0
    write_retries: Annotated[int, U8(8)] = 0
    recovery_window: Annotated[int, Bytes(9, 3)] = 0


class WriteType(OpenIntEnum):
    """How a session is written (MMC-5 7.5.4)."""

    PACKET = 0
    """Incremental."""
    TRACK_AT_ONCE = 1
    SESSION_AT_ONCE = 2
    RAW = 3
    LAYER_JUMP = 4


class MultiSession(OpenIntEnum):
    """What may follow the session (MMC-5 7.5.4)."""

    NONE = 0
    NONE_WITH_B0_POINTER = 1
    ALLOWED = 3


class DataBlockType(OpenIntEnum):
    """What the host sends for each sector (MMC-5 7.5.4)."""

    RAW = 0
    """2,352 bytes as they are: audio, or data sectors that the host encoded."""
    RAW_WITH_PQ = 1
    """2,352 bytes and formatted Q with the P bit, 16 bytes."""
    RAW_WITH_PACKS = 2
    """2,352 bytes and 96 of subchannel, R to W as packs that the drive protects and interleaves."""
    RAW_WITH_SUB_CHANNEL = 3
    """2,352 bytes and 96 of subchannel as they are."""
    VENDOR_7 = 7
    MODE_1 = 8
    """2,048 bytes; every data disc."""
    MODE_2 = 9
    """2,336 bytes of mode 2 without forms."""
    XA_FORM_1 = 10
    """2,048 bytes; the subheader is that of the page."""
    XA_FORM_1_WITH_SUBHEADER = 11
    """8 bytes of subheader and 2,048."""
    XA_FORM_2 = 12
    """2,324 bytes; the subheader is that of the page."""
    XA_MIXED = 13
    """8 bytes of subheader and 2,324; in form 1 the last 276 are ignored."""
    VENDOR_15 = 15

    @property
    def block_bytes(self) -> int:
        """Bytes of a block of WRITE; 0 for types that are reserved or a vendor's."""
        return _BLOCK_BYTES.get(int(self), 0)

    @property
    def sub_channel_bytes(self) -> int:
        """Those of them that are subchannel."""
        return max(0, self.block_bytes - RAW_SECTOR_SIZE)


_BLOCK_BYTES: Final = {
    0: 2352,
    1: 2368,
    2: 2448,
    3: 2448,
    8: 2048,
    9: 2336,
    10: 2048,
    11: 2056,
    12: 2324,
    13: 2332,
}


class TrackMode(enum.IntFlag):
    """Control nibble of the Q subchannel, and track mode of page 05h (MMC-6, Red Book)."""

    AUDIO = 0
    PRE_EMPHASIS = 1
    """Of audio; in a data track: recorded in packets."""
    COPY_PERMITTED = 2
    DATA = 4
    FOUR_CHANNELS = 8


def _coded(value: str | None, size: int, what: str) -> int:
    """Return the 16 bytes of a catalogue number or code: valid bit, characters, zeros."""
    if value is None:
        return 0
    if len(value) != size or not value.isascii() or not value.isalnum():
        raise LocalProtocolError(f"{value!r}: {what} has {size} letters and digits")
    return int.from_bytes((b"\x80" + value.encode("ascii")).ljust(16, b"\0"), "big")


def _decoded(value: int, size: int) -> str | None:
    raw = value.to_bytes(16, "big")
    return text(raw[1 : 1 + size]) if raw[0] & 0x80 else None


@attrs.frozen(kw_only=True)
class WriteParameters(ModePage):
    """Page 05h: how CD-R, CD-RW, DVD-R and DVD-RW are written (MMC-5 7.5).

    Args:
        write_type: Track-at-once and its kin; on DVD-R, incremental or disc-at-once (2).
        multi_session: Whether another session may follow.
        buffer_underrun_free: BUFE.
        test_write: The laser stays at reading power.
        track_mode: Control nibble of the track.
        data_block_type: What the host sends for each sector.
        link_size_valid: LS_V.
        link_size: Sectors lost at each stop.
        fixed_packet: FP.
        copy: SCMS.
        packet_size: With FP; 16 on DVD.
        session_format: Disc type that the lead-in will tell.
        application_code: Of the disc.
        audio_pause: Sectors of pause before an audio track.
        catalog_number: MCN with its valid bit, 16 bytes; see :meth:`catalog_field` and :attr:`catalog`.
        isrc: ISRC with its valid bit, 16 bytes; see :meth:`isrc_field` and :attr:`track_isrc`.
        subheader: For XA: file, channel, submode and coding; the drive records them twice.
    """

    code: ClassVar[int] = 0x05
    size: ClassVar[int] = 52

    write_type: Annotated[WriteType, Bits(2, 3, 0)] = WriteType.PACKET
    multi_session: Annotated[MultiSession, Bits(3, 7, 6)] = MultiSession.NONE
    buffer_underrun_free: Annotated[bool, Bit(2, 6)] = False
    test_write: Annotated[bool, Bit(2, 4)] = False
    track_mode: Annotated[int, Bits(3, 3, 0)] = 4
    data_block_type: Annotated[DataBlockType, Bits(4, 3, 0)] = DataBlockType.MODE_1
    link_size_valid: Annotated[bool, Bit(2, 5)] = False
    link_size: Annotated[int, U8(5)] = 0
    fixed_packet: Annotated[bool, Bit(3, 5)] = False
    copy: Annotated[bool, Bit(3, 4)] = False
    packet_size: Annotated[int, U32(10)] = 0
    session_format: Annotated[DiscType, U8(8)] = DiscType.CD_DA_OR_ROM
    application_code: Annotated[int, Bits(7, 5, 0)] = 0
    audio_pause: Annotated[int, U16(14)] = 150
    catalog_number: Annotated[int, Bytes(16, 16)] = 0
    isrc: Annotated[int, Bytes(32, 16)] = 0
    subheader: Annotated[int, U32(48)] = 0

    @staticmethod
    def catalog_field(number: str | None) -> int:
        """Return ``catalog_number`` for 13 digits, or for none.

        Raises:
            LocalProtocolError: It has not 13 letters and digits.
        """
        return _coded(number, 13, "a media catalogue number")

    @staticmethod
    def isrc_field(code: str | None) -> int:
        """Return ``isrc`` for a code of 12 characters, or for none.

        Raises:
            LocalProtocolError: It has not 12 letters and digits.
        """
        return _coded(code, 12, "an ISRC")

    @property
    def catalog(self) -> str | None:
        """The media catalogue number, or None where it is not valid."""
        return _decoded(self.catalog_number, 13)

    @property
    def track_isrc(self) -> str | None:
        """The track's recording code, or None where it is not valid."""
        return _decoded(self.isrc, 12)


@attrs.frozen(kw_only=True)
class Caching(ModePage):
    """Page 08h (MMC-6)."""

    code: ClassVar[int] = 0x08
    size: ClassVar[int] = 12

    write_cache: Annotated[bool, Bit(2, 2)] = False
    read_cache_disabled: Annotated[bool, Bit(2, 0)] = False


@attrs.frozen(kw_only=True)
class CdDeviceParameters(ModePage):
    """Page 0Dh, obsolete, still asked for by older programs (MMC-3)."""

    code: ClassVar[int] = 0x0D
    size: ClassVar[int] = 8

    inactivity_timer: Annotated[int, Bits(3, 3, 0)] = 0
    seconds_per_minute: Annotated[int, U16(4)] = 60
    frames_per_second: Annotated[int, U16(6)] = 75


@attrs.frozen(kw_only=True)
class CdAudioControl(ModePage):
    """Page 0Eh: which channel goes to which output, how loud (MMC-6)."""

    code: ClassVar[int] = 0x0E
    size: ClassVar[int] = 16

    immed: Annotated[bool, Bit(2, 2)] = True
    stop_on_track_crossing: Annotated[bool, Bit(2, 1)] = False
    port_0_channel: Annotated[int, Bits(8, 3, 0)] = 1
    port_0_volume: Annotated[int, U8(9)] = 0xFF
    port_1_channel: Annotated[int, Bits(10, 3, 0)] = 2
    port_1_volume: Annotated[int, U8(11)] = 0xFF
    port_2_channel: Annotated[int, Bits(12, 3, 0)] = 0
    port_2_volume: Annotated[int, U8(13)] = 0
    port_3_channel: Annotated[int, Bits(14, 3, 0)] = 0
    port_3_volume: Annotated[int, U8(15)] = 0


@attrs.frozen(kw_only=True)
class PowerConditionPage(ModePage):
    """Page 1Ah: timers in units of 100 ms (SPC-4)."""

    code: ClassVar[int] = 0x1A
    size: ClassVar[int] = 12

    idle: Annotated[bool, Bit(3, 1)] = False
    standby: Annotated[bool, Bit(3, 0)] = False
    idle_timer: Annotated[int, U32(4)] = 0
    standby_timer: Annotated[int, U32(8)] = 0


@attrs.frozen(kw_only=True)
class TimeoutAndProtect(ModePage):
    """Page 1Dh (MMC-6); times in seconds."""

    code: ClassVar[int] = 0x1D
    size: ClassVar[int] = 12

    group_3_enable: Annotated[bool, Bit(4, 3)] = False
    timeout_enable: Annotated[bool, Bit(4, 2)] = False
    disc_protect: Annotated[bool, Bit(4, 1)] = False
    software_protect: Annotated[bool, Bit(4, 0)] = False
    group_1_minimum_s: Annotated[int, U16(6)] = 0
    group_2_minimum_s: Annotated[int, U16(8)] = 0
    group_3_timeout: Annotated[int, U16(10)] = 0


@attrs.frozen
class ModeWriteSpeed(Structure):
    """A write speed descriptor of page 2Ah: speed in units of 1,000 bytes a second."""

    SIZE: ClassVar[int | None] = 4

    write_kbps: Annotated[int, U16(2)]
    rotation: Annotated[int, Bits(1, 2, 0)] = 0


@attrs.frozen(kw_only=True)
class Capabilities(ModePage):
    """Page 2Ah: capabilities and mechanical status (MMC-3; legacy in MMC-6 and there on all drives).

    Speeds are in units of 1,000 bytes a second, ``buffer_kib`` in KiB.
    """

    code: ClassVar[int] = 0x2A
    size: ClassVar[int] = 32

    reads_dvd_ram: Annotated[bool, Bit(2, 5)] = False
    reads_dvd_r: Annotated[bool, Bit(2, 4)] = False
    reads_dvd_rom: Annotated[bool, Bit(2, 3)] = False
    reads_method_2: Annotated[bool, Bit(2, 2)] = False
    reads_cd_rw: Annotated[bool, Bit(2, 1)] = False
    reads_cd_r: Annotated[bool, Bit(2, 0)] = False
    writes_dvd_ram: Annotated[bool, Bit(3, 5)] = False
    writes_dvd_r: Annotated[bool, Bit(3, 4)] = False
    test_write: Annotated[bool, Bit(3, 2)] = False
    writes_cd_rw: Annotated[bool, Bit(3, 1)] = False
    writes_cd_r: Annotated[bool, Bit(3, 0)] = False
    buffer_underrun_free: Annotated[bool, Bit(4, 7)] = False
    multi_session: Annotated[bool, Bit(4, 6)] = False
    mode_2_form_2: Annotated[bool, Bit(4, 5)] = False
    mode_2_form_1: Annotated[bool, Bit(4, 4)] = False
    digital_port_2: Annotated[bool, Bit(4, 3)] = False
    digital_port_1: Annotated[bool, Bit(4, 2)] = False
    composite: Annotated[bool, Bit(4, 1)] = False
    audio_play: Annotated[bool, Bit(4, 0)] = False
    bar_code: Annotated[bool, Bit(5, 7)] = False
    upc: Annotated[bool, Bit(5, 6)] = False
    isrc: Annotated[bool, Bit(5, 5)] = False
    c2_pointers: Annotated[bool, Bit(5, 4)] = False
    subcode_corrected: Annotated[bool, Bit(5, 3)] = False
    subcode: Annotated[bool, Bit(5, 2)] = False
    cd_da_accurate: Annotated[bool, Bit(5, 1)] = False
    cd_da: Annotated[bool, Bit(5, 0)] = False
    mechanism: Annotated[int, Bits(6, 7, 5)] = 1
    eject: Annotated[bool, Bit(6, 3)] = False
    prevent_jumper: Annotated[bool, Bit(6, 2)] = False
    locked: Annotated[bool, Bit(6, 1)] = False
    lock: Annotated[bool, Bit(6, 0)] = False
    subcode_in_lead_in: Annotated[bool, Bit(7, 5)] = False
    side_change: Annotated[bool, Bit(7, 4)] = False
    slot_selection: Annotated[bool, Bit(7, 3)] = False
    disc_present_reported: Annotated[bool, Bit(7, 2)] = False
    separate_mute: Annotated[bool, Bit(7, 1)] = False
    separate_volume: Annotated[bool, Bit(7, 0)] = False
    maximum_read_kbps: Annotated[int, U16(8)] = 0
    volume_levels: Annotated[int, U16(10)] = 0
    buffer_kib: Annotated[int, U16(12)] = 0
    current_read_kbps: Annotated[int, U16(14)] = 0
    maximum_write_kbps: Annotated[int, U16(18)] = 0
    old_current_write_kbps: Annotated[int, U16(20)] = 0
    copy_management: Annotated[int, U16(22)] = 0
    rotation: Annotated[int, Bits(27, 1, 0)] = 0
    current_write_kbps: Annotated[int, U16(28)] = 0
    write_speeds: tuple[ModeWriteSpeed, ...] = ()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Build the page; the write speeds follow its fixed part."""
        fixed = super().decode(data)
        count = int.from_bytes(data[30:32], "big") if len(data) >= cls.size else 0
        speeds = tuple(ModeWriteSpeed.parse(piece) for piece in chunked(data[32 : 32 + 4 * count], 4))
        return attrs.evolve(fixed, write_speeds=speeds, extra=fixed.extra[4 * len(speeds) :])

    def body(self) -> bytes:
        """Return the page's bytes after its header."""
        fixed = attrs.evolve(self, extra=b"")
        body = bytearray(ModePage.body(fixed))
        if not self.length:
            body[28:30] = len(self.write_speeds).to_bytes(2, "big")
        return bytes(body) + b"".join(speed.to_bytes() for speed in self.write_speeds) + self.extra


MODE_PAGES: Final[tuple[type[ModePage], ...]] = (
    ReadWriteErrorRecovery,
    WriteParameters,
    Caching,
    CdDeviceParameters,
    CdAudioControl,
    PowerConditionPage,
    TimeoutAndProtect,
    Capabilities,
)
"""Every page that has a class here."""

_BY_CODE: Final = {page.code: page for page in MODE_PAGES}


def parse_pages(data: bytes) -> tuple[ModePage, ...]:
    """Decode pages one after the other; the last may be cut off. Pages in sub-page format are kept raw."""
    pages: list[ModePage] = []
    at = 0
    while at + 2 <= len(data):
        kind: type[ModePage] = RawPage
        if data[at] & 0x40:
            if at + 4 > len(data):
                break
            size = int.from_bytes(data[at + 2 : at + 4], "big") + 4
        else:
            kind = _BY_CODE.get(data[at] & 0x3F, RawPage)
            size = data[at + 1] + 2
        pages.append(kind.decode(data[at : at + size]))
        at += size
    return tuple(pages)
