"""Feature descriptors: one class a feature, both directions (MMC-6 5.3).

Byte offsets count from the start of the descriptor, as the standard's tables do, so the feature's own data
begins with byte 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Self

import attrs

from aioimapi.mmc._fields import (
    U8,
    U16,
    U24,
    U32,
    Bit,
    Bits,
    Bytes,
    chunked,
    fixed_text,
    layout_of,
    padded,
    text,
)
from aioimapi.mmc._profiles import Profile


@attrs.frozen(kw_only=True)
class Feature:
    """One feature: what a drive can do, now (``current``) or with another disc.

    Subclasses have the feature's own fields. A drive of an older standard sends a shorter descriptor: what
    is missing counts as zero. What a newer one sends in addition is ignored.

    Attributes:
        number: The feature's number.
        size: Bytes of its own data in the newest version known here.
        current: The feature works with the disc that is in.
        persistent: It is always current.
        version: Version of the descriptor.
    """

    number: ClassVar[int] = -1
    size: ClassVar[int] = 0

    current: bool = False
    persistent: bool = False
    version: int = 0

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Build the feature from its own data (the bytes after the descriptor's header of 4)."""
        table = layout_of(cls, 4 + cls.size)
        whole = int.from_bytes(padded(bytes(4) + data[: cls.size], table.size), "big")
        names = [slot.name for slot in table.slots]
        build: Callable[..., Self] = cls
        fields: dict[str, Any] = dict(
            zip(names, table.unpack(whole), strict=True)
        )  # Any: each field's own type
        return build(current=current, persistent=persistent, version=version, **fields)

    def encode(self) -> bytes:
        """Return the feature's own data."""
        table = layout_of(type(self), 4 + self.size)
        return table.pack(self).to_bytes(table.size, "big")[4:]

    def to_bytes(self) -> bytes:
        """Encode the whole descriptor."""
        data = self.encode()
        data += bytes(-len(data) % 4)
        flags = (self.version & 0xF) << 2 | self.persistent << 1 | self.current
        return self.feature_number.to_bytes(2, "big") + bytes([flags, len(data)]) + data

    @property
    def feature_number(self) -> int:
        """The feature's number."""
        return self.number

    @property
    def name(self) -> str:
        """The feature's name as MMC has it."""
        return FEATURE_NAMES.get(self.feature_number, f"feature {self.feature_number:04X}h")


@attrs.frozen(kw_only=True)
class RawFeature(Feature):
    """A feature without a class of its own: number and data are kept as they came."""

    code: int
    data: bytes = b""

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Keep the data."""
        return cls(code=number, data=data, current=current, persistent=persistent, version=version)

    def encode(self) -> bytes:
        """Return the data."""
        return self.data

    @property
    def feature_number(self) -> int:
        """The feature's number."""
        return self.code


@attrs.frozen(kw_only=True)
class ProfileList(Feature):
    """Feature 0000h: every profile that the drive has, and which are current."""

    number: ClassVar[int] = 0x0000

    profiles: tuple[tuple[Profile, bool], ...] = ()

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Build the list; entries of 4 bytes."""
        entries = tuple((Profile(int.from_bytes(e[0:2], "big")), bool(e[2] & 1)) for e in chunked(data, 4))
        return cls(profiles=entries, current=current, persistent=persistent, version=version)

    def encode(self) -> bytes:
        """Return the entries."""
        return b"".join(profile.to_bytes(2, "big") + bytes([now, 0]) for profile, now in self.profiles)


@attrs.frozen(kw_only=True)
class Core(Feature):
    """Feature 0001h: how the drive is connected (1 SCSI, 2 ATAPI, 3 and 4 IEEE 1394, 6 FC, 7 SATA, 8 USB)."""

    number: ClassVar[int] = 0x0001
    size: ClassVar[int] = 8

    physical_interface: Annotated[int, U32(4)] = 0
    device_busy_events: Annotated[bool, Bit(8, 0)] = False
    inquiry_2: Annotated[bool, Bit(8, 1)] = False


@attrs.frozen(kw_only=True)
class Morphing(Feature):
    """Feature 0002h: events are told."""

    number: ClassVar[int] = 0x0002
    size: ClassVar[int] = 4

    asynchronous: Annotated[bool, Bit(4, 0)] = False
    operational_change_events: Annotated[bool, Bit(4, 1)] = False


@attrs.frozen(kw_only=True)
class RemovableMedium(Feature):
    """Feature 0003h: what the mechanism can do (type 0 caddy, 1 tray, 2 pop-up, 4 and 5 changer)."""

    number: ClassVar[int] = 0x0003
    size: ClassVar[int] = 4

    mechanism: Annotated[int, Bits(4, 7, 5)] = 1
    load: Annotated[bool, Bit(4, 4)] = False
    eject: Annotated[bool, Bit(4, 3)] = False
    prevent_jumper: Annotated[bool, Bit(4, 2)] = False
    blocking_media_removal: Annotated[bool, Bit(4, 1)] = False
    lock: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class WriteProtect(Feature):
    """Feature 0004h: which kinds of write protection exist."""

    number: ClassVar[int] = 0x0004
    size: ClassVar[int] = 4

    disc_write_protect_pac: Annotated[bool, Bit(4, 3)] = False
    disc_control_block: Annotated[bool, Bit(4, 2)] = False
    persistent_protect: Annotated[bool, Bit(4, 1)] = False
    software_protect: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class RandomReadable(Feature):
    """Feature 0010h: any sector can be read; ``blocking`` is the physical block in sectors."""

    number: ClassVar[int] = 0x0010
    size: ClassVar[int] = 8

    block_size: Annotated[int, U32(4)] = 0
    blocking: Annotated[int, U16(8)] = 0
    page_present: Annotated[bool, Bit(10, 0)] = False


@attrs.frozen(kw_only=True)
class MultiRead(Feature):
    """Feature 001Dh: the drive reads every kind of CD."""

    number: ClassVar[int] = 0x001D


@attrs.frozen(kw_only=True)
class CdRead(Feature):
    """Feature 001Eh."""

    number: ClassVar[int] = 0x001E
    size: ClassVar[int] = 4

    digital_audio_play: Annotated[bool, Bit(4, 7)] = False
    c2_pointers: Annotated[bool, Bit(4, 1)] = False
    cd_text: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class DvdRead(Feature):
    """Feature 001Fh; version 1 has ``multi_110`` and the dual layer bits."""

    number: ClassVar[int] = 0x001F
    size: ClassVar[int] = 4

    multi_110: Annotated[bool, Bit(4, 0)] = False
    dual_rw: Annotated[bool, Bit(6, 1)] = False
    dual_r: Annotated[bool, Bit(6, 0)] = False


@attrs.frozen(kw_only=True)
class RandomWritable(Feature):
    """Feature 0020h: any block can be written; ``blocking`` is the write unit in sectors."""

    number: ClassVar[int] = 0x0020
    size: ClassVar[int] = 12

    last_lba: Annotated[int, U32(4)] = 0
    block_size: Annotated[int, U32(8)] = 0
    blocking: Annotated[int, U16(12)] = 0
    page_present: Annotated[bool, Bit(14, 0)] = False


@attrs.frozen(kw_only=True)
class IncrementalStreamingWritable(Feature):
    """Feature 0021h: sequential writing with stops; ``link_sizes`` are sectors lost at each stop."""

    number: ClassVar[int] = 0x0021
    size: ClassVar[int] = 4

    data_types: Annotated[int, U16(4)] = 0
    track_resource_information: Annotated[bool, Bit(6, 2)] = False
    address_mode_reservation: Annotated[bool, Bit(6, 1)] = False
    buffer_underrun_free: Annotated[bool, Bit(6, 0)] = False
    link_sizes: tuple[int, ...] = ()

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Build the feature; the link sizes follow its fixed part."""
        fixed = super().decode(number, data, current=current, persistent=persistent, version=version)
        return attrs.evolve(fixed, link_sizes=_link_sizes(data))

    def encode(self) -> bytes:
        """Return the feature's own data."""
        return super().encode()[:3] + bytes([len(self.link_sizes), *self.link_sizes])


def _link_sizes(data: bytes) -> tuple[int, ...]:
    return tuple(data[4 : 4 + data[3]]) if len(data) > 3 else ()


@attrs.frozen(kw_only=True)
class SectorErasable(Feature):
    """Feature 0022h."""

    number: ClassVar[int] = 0x0022


@attrs.frozen(kw_only=True)
class Formattable(Feature):
    """Feature 0023h: FORMAT UNIT works; the flags are about BD-RE and BD-R formats."""

    number: ClassVar[int] = 0x0023
    size: ClassVar[int] = 8

    reformat_without_spare: Annotated[bool, Bit(4, 3)] = False
    expand_spare: Annotated[bool, Bit(4, 2)] = False
    quick_certification: Annotated[bool, Bit(4, 1)] = False
    certification: Annotated[bool, Bit(4, 0)] = False
    fast_reformat: Annotated[bool, Bit(5, 7)] = False
    random_recording: Annotated[bool, Bit(8, 0)] = False


@attrs.frozen(kw_only=True)
class HardwareDefectManagement(Feature):
    """Feature 0024h: the drive replaces bad blocks."""

    number: ClassVar[int] = 0x0024
    size: ClassVar[int] = 4

    spare_area_information: Annotated[bool, Bit(4, 7)] = False


@attrs.frozen(kw_only=True)
class WriteOnce(Feature):
    """Feature 0025h: any blank block can be written, once."""

    number: ClassVar[int] = 0x0025
    size: ClassVar[int] = 8

    block_size: Annotated[int, U32(4)] = 0
    blocking: Annotated[int, U16(8)] = 0
    page_present: Annotated[bool, Bit(10, 0)] = False


@attrs.frozen(kw_only=True)
class RestrictedOverwrite(Feature):
    """Feature 0026h: overwriting at certain boundaries."""

    number: ClassVar[int] = 0x0026


@attrs.frozen(kw_only=True)
class CdRwCavWrite(Feature):
    """Feature 0027h."""

    number: ClassVar[int] = 0x0027
    size: ClassVar[int] = 4


@attrs.frozen(kw_only=True)
class Mrw(Feature):
    """Feature 0028h: Mount Rainier, with the drive's defect management on CD-RW and DVD+RW."""

    number: ClassVar[int] = 0x0028
    size: ClassVar[int] = 4

    dvd_plus_write: Annotated[bool, Bit(4, 2)] = False
    dvd_plus_read: Annotated[bool, Bit(4, 1)] = False
    cd_write: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class EnhancedDefectReporting(Feature):
    """Feature 0029h."""

    number: ClassVar[int] = 0x0029
    size: ClassVar[int] = 4

    drt_dm: Annotated[bool, Bit(4, 0)] = False
    cache_zones: Annotated[int, U8(5)] = 0
    entries: Annotated[int, U16(6)] = 0


@attrs.frozen(kw_only=True)
class DvdPlusRw(Feature):
    """Feature 002Ah."""

    number: ClassVar[int] = 0x002A
    size: ClassVar[int] = 4

    write: Annotated[bool, Bit(4, 0)] = False
    quick_start: Annotated[bool, Bit(5, 1)] = False
    close_only: Annotated[bool, Bit(5, 0)] = False


@attrs.frozen(kw_only=True)
class DvdPlusR(Feature):
    """Feature 002Bh."""

    number: ClassVar[int] = 0x002B
    size: ClassVar[int] = 4

    write: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class RigidRestrictedOverwrite(Feature):
    """Feature 002Ch: DVD-RW, overwriting in whole blocks."""

    number: ClassVar[int] = 0x002C
    size: ClassVar[int] = 4

    defect_status_generate: Annotated[bool, Bit(4, 3)] = False
    defect_status_read: Annotated[bool, Bit(4, 2)] = False
    intermediate: Annotated[bool, Bit(4, 1)] = False
    blank: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class CdTrackAtOnce(Feature):
    """Feature 002Dh; ``data_types`` has a bit for each data block type."""

    number: ClassVar[int] = 0x002D
    size: ClassVar[int] = 4

    buffer_underrun_free: Annotated[bool, Bit(4, 6)] = False
    raw_subcode: Annotated[bool, Bit(4, 4)] = False
    packed_subcode: Annotated[bool, Bit(4, 3)] = False
    test_write: Annotated[bool, Bit(4, 2)] = False
    cd_rw: Annotated[bool, Bit(4, 1)] = False
    subcode: Annotated[bool, Bit(4, 0)] = False
    data_types: Annotated[int, U16(6)] = 0


@attrs.frozen(kw_only=True)
class CdMastering(Feature):
    """Feature 002Eh: session-at-once and raw writing."""

    number: ClassVar[int] = 0x002E
    size: ClassVar[int] = 4

    buffer_underrun_free: Annotated[bool, Bit(4, 6)] = False
    session_at_once: Annotated[bool, Bit(4, 5)] = False
    raw_multisession: Annotated[bool, Bit(4, 4)] = False
    raw: Annotated[bool, Bit(4, 3)] = False
    test_write: Annotated[bool, Bit(4, 2)] = False
    cd_rw: Annotated[bool, Bit(4, 1)] = False
    subcode: Annotated[bool, Bit(4, 0)] = False
    maximum_cue_sheet: Annotated[int, U24(5)] = 0


@attrs.frozen(kw_only=True)
class DvdMinusWrite(Feature):
    """Feature 002Fh: DVD-R and DVD-RW."""

    number: ClassVar[int] = 0x002F
    size: ClassVar[int] = 4

    buffer_underrun_free: Annotated[bool, Bit(4, 6)] = False
    dual_layer_r: Annotated[bool, Bit(4, 3)] = False
    test_write: Annotated[bool, Bit(4, 2)] = False
    dvd_rw: Annotated[bool, Bit(4, 1)] = False


@attrs.frozen(kw_only=True)
class LayerJumpRecording(Feature):
    """Feature 0033h."""

    number: ClassVar[int] = 0x0033
    size: ClassVar[int] = 4

    link_sizes: tuple[int, ...] = ()

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Build the feature; the link sizes follow its fixed part."""
        return cls(link_sizes=_link_sizes(data), current=current, persistent=persistent, version=version)

    def encode(self) -> bytes:
        """Return the feature's own data."""
        return bytes([0, 0, 0, len(self.link_sizes), *self.link_sizes])


@attrs.frozen(kw_only=True)
class CdRwMediaWriteSupport(Feature):
    """Feature 0037h: a bit for each CD-RW subtype."""

    number: ClassVar[int] = 0x0037
    size: ClassVar[int] = 4

    subtypes: Annotated[int, U8(5)] = 0


@attrs.frozen(kw_only=True)
class BdRPseudoOverwrite(Feature):
    """Feature 0038h."""

    number: ClassVar[int] = 0x0038
    size: ClassVar[int] = 4


@attrs.frozen(kw_only=True)
class DvdPlusRwDualLayer(Feature):
    """Feature 003Ah."""

    number: ClassVar[int] = 0x003A
    size: ClassVar[int] = 4

    write: Annotated[bool, Bit(4, 0)] = False
    quick_start: Annotated[bool, Bit(5, 1)] = False
    close_only: Annotated[bool, Bit(5, 0)] = False


@attrs.frozen(kw_only=True)
class DvdPlusRDualLayer(Feature):
    """Feature 003Bh."""

    number: ClassVar[int] = 0x003B
    size: ClassVar[int] = 4

    write: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class BdRead(Feature):
    """Feature 0040h: bit n of each class bitmap is version n of the disc format; four classes of 16 bits each."""

    number: ClassVar[int] = 0x0040
    size: ClassVar[int] = 28

    re_classes: Annotated[int, Bytes(8, 8)] = 0
    r_classes: Annotated[int, Bytes(16, 8)] = 0
    rom_classes: Annotated[int, Bytes(24, 8)] = 0


@attrs.frozen(kw_only=True)
class BdWrite(Feature):
    """Feature 0041h: as :class:`BdRead`, for writing."""

    number: ClassVar[int] = 0x0041
    size: ClassVar[int] = 20

    verify_not_required: Annotated[bool, Bit(4, 0)] = False
    re_classes: Annotated[int, Bytes(8, 8)] = 0
    r_classes: Annotated[int, Bytes(16, 8)] = 0


@attrs.frozen(kw_only=True)
class TimelySafeRecording(Feature):
    """Feature 0042h."""

    number: ClassVar[int] = 0x0042


@attrs.frozen(kw_only=True)
class PowerManagement(Feature):
    """Feature 0100h."""

    number: ClassVar[int] = 0x0100


@attrs.frozen(kw_only=True)
class Smart(Feature):
    """Feature 0101h."""

    number: ClassVar[int] = 0x0101
    size: ClassVar[int] = 4

    page_present: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class EmbeddedChanger(Feature):
    """Feature 0102h; ``highest_slot`` counts from 0."""

    number: ClassVar[int] = 0x0102
    size: ClassVar[int] = 4

    side_change: Annotated[bool, Bit(4, 4)] = False
    disc_presence: Annotated[bool, Bit(4, 2)] = False
    highest_slot: Annotated[int, Bits(7, 4, 0)] = 0


@attrs.frozen(kw_only=True)
class CdAudioPlay(Feature):
    """Feature 0103h."""

    number: ClassVar[int] = 0x0103
    size: ClassVar[int] = 4

    scan: Annotated[bool, Bit(4, 2)] = False
    separate_channel_mute: Annotated[bool, Bit(4, 1)] = False
    separate_volume: Annotated[bool, Bit(4, 0)] = False
    volume_levels: Annotated[int, U16(6)] = 0


@attrs.frozen(kw_only=True)
class MicrocodeUpgrade(Feature):
    """Feature 0104h."""

    number: ClassVar[int] = 0x0104
    size: ClassVar[int] = 4

    write_buffer_mode_5: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class Timeout(Feature):
    """Feature 0105h."""

    number: ClassVar[int] = 0x0105
    size: ClassVar[int] = 4

    group_3: Annotated[bool, Bit(4, 0)] = False
    unit_length: Annotated[int, U16(6)] = 0


@attrs.frozen(kw_only=True)
class DvdCss(Feature):
    """Feature 0106h."""

    number: ClassVar[int] = 0x0106
    size: ClassVar[int] = 4

    css_version: Annotated[int, U8(7)] = 1


@attrs.frozen(kw_only=True)
class RealTimeStreaming(Feature):
    """Feature 0107h: what speeds can be asked and set."""

    number: ClassVar[int] = 0x0107
    size: ClassVar[int] = 4

    read_buffer_capacity_block: Annotated[bool, Bit(4, 4)] = False
    set_cd_speed: Annotated[bool, Bit(4, 3)] = False
    mode_page_2a: Annotated[bool, Bit(4, 2)] = False
    write_speed_descriptors: Annotated[bool, Bit(4, 1)] = False
    stream_writing: Annotated[bool, Bit(4, 0)] = False


@attrs.frozen(kw_only=True)
class _TextFeature(Feature):
    value: str = ""

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Keep the text without its padding."""
        return cls(value=text(data), current=current, persistent=persistent, version=version)

    def encode(self) -> bytes:
        """Return the text, padded to whole words."""
        return fixed_text(self.value, len(self.value) + -len(self.value) % 4)


@attrs.frozen(kw_only=True)
class DriveSerialNumber(_TextFeature):
    """Feature 0108h: the drive's serial number."""

    number: ClassVar[int] = 0x0108


@attrs.frozen(kw_only=True)
class MediaSerialNumber(_TextFeature):
    """Feature 0109h: the disc's serial number."""

    number: ClassVar[int] = 0x0109


@attrs.frozen(kw_only=True)
class DiscControlBlocks(Feature):
    """Feature 010Ah: content descriptors of the control blocks that the drive handles."""

    number: ClassVar[int] = 0x010A

    blocks: tuple[int, ...] = ()

    @classmethod
    def decode(cls, number: int, data: bytes, *, current: bool, persistent: bool, version: int) -> Self:
        """Build the list; entries of 4 bytes."""
        blocks = tuple(int.from_bytes(entry, "big") for entry in chunked(data, 4))
        return cls(blocks=blocks, current=current, persistent=persistent, version=version)

    def encode(self) -> bytes:
        """Return the entries."""
        return b"".join(block.to_bytes(4, "big") for block in self.blocks)


@attrs.frozen(kw_only=True)
class DvdCprm(Feature):
    """Feature 010Bh."""

    number: ClassVar[int] = 0x010B
    size: ClassVar[int] = 4

    cprm_version: Annotated[int, U8(7)] = 1


@attrs.frozen(kw_only=True)
class FirmwareInformation(_TextFeature):
    """Feature 010Ch: when the firmware was made, ``YYYYMMDDhhmmss`` as 14 digits."""

    number: ClassVar[int] = 0x010C


@attrs.frozen(kw_only=True)
class Aacs(Feature):
    """Feature 010Dh."""

    number: ClassVar[int] = 0x010D
    size: ClassVar[int] = 4

    binding_nonce: Annotated[bool, Bit(4, 0)] = False
    nonce_blocks: Annotated[int, U8(5)] = 0
    grants: Annotated[int, Bits(6, 3, 0)] = 0
    aacs_version: Annotated[int, U8(7)] = 1


FEATURES: Final[tuple[type[Feature], ...]] = (
    ProfileList,
    Core,
    Morphing,
    RemovableMedium,
    WriteProtect,
    RandomReadable,
    MultiRead,
    CdRead,
    DvdRead,
    RandomWritable,
    IncrementalStreamingWritable,
    SectorErasable,
    Formattable,
    HardwareDefectManagement,
    WriteOnce,
    RestrictedOverwrite,
    CdRwCavWrite,
    Mrw,
    EnhancedDefectReporting,
    DvdPlusRw,
    DvdPlusR,
    RigidRestrictedOverwrite,
    CdTrackAtOnce,
    CdMastering,
    DvdMinusWrite,
    LayerJumpRecording,
    CdRwMediaWriteSupport,
    BdRPseudoOverwrite,
    DvdPlusRwDualLayer,
    DvdPlusRDualLayer,
    BdRead,
    BdWrite,
    TimelySafeRecording,
    PowerManagement,
    Smart,
    EmbeddedChanger,
    CdAudioPlay,
    MicrocodeUpgrade,
    Timeout,
    DvdCss,
    RealTimeStreaming,
    DriveSerialNumber,
    MediaSerialNumber,
    DiscControlBlocks,
    DvdCprm,
    FirmwareInformation,
    Aacs,
)
"""Every feature that has a class here, by number."""

FEATURE_NAMES: Final = {
    0x0000: "Profile List",
    0x0001: "Core",
    0x0002: "Morphing",
    0x0003: "Removable Medium",
    0x0004: "Write Protect",
    0x0010: "Random Readable",
    0x001D: "Multi-Read",
    0x001E: "CD Read",
    0x001F: "DVD Read",
    0x0020: "Random Writable",
    0x0021: "Incremental Streaming Writable",
    0x0022: "Sector Erasable",
    0x0023: "Formattable",
    0x0024: "Hardware Defect Management",
    0x0025: "Write Once",
    0x0026: "Restricted Overwrite",
    0x0027: "CD-RW CAV Write",
    0x0028: "MRW",
    0x0029: "Enhanced Defect Reporting",
    0x002A: "DVD+RW",
    0x002B: "DVD+R",
    0x002C: "Rigid Restricted Overwrite",
    0x002D: "CD Track at Once",
    0x002E: "CD Mastering",
    0x002F: "DVD-R/-RW Write",
    0x0030: "DDCD-ROM",
    0x0031: "DDCD-R Write",
    0x0032: "DDCD-RW Write",
    0x0033: "Layer Jump Recording",
    0x0034: "Layer Jump Rigid Restricted Overwrite",
    0x0035: "Stop Long Operation",
    0x0037: "CD-RW Media Write Support",
    0x0038: "BD-R Pseudo-Overwrite",
    0x003A: "DVD+RW Dual Layer",
    0x003B: "DVD+R Dual Layer",
    0x0040: "BD Read",
    0x0041: "BD Write",
    0x0042: "Timely Safe Recording",
    0x0050: "HD DVD Read",
    0x0051: "HD DVD Write",
    0x0052: "HD DVD-RW Fragment Recording",
    0x0080: "Hybrid Disc",
    0x0100: "Power Management",
    0x0101: "S.M.A.R.T.",
    0x0102: "Embedded Changer",
    0x0103: "CD External Audio Play",
    0x0104: "Microcode Upgrade",
    0x0105: "Timeout",
    0x0106: "DVD CSS",
    0x0107: "Real Time Streaming",
    0x0108: "Drive Serial Number",
    0x0109: "Media Serial Number",
    0x010A: "Disc Control Blocks",
    0x010B: "DVD CPRM",
    0x010C: "Firmware Information",
    0x010D: "AACS",
    0x010E: "DVD CSS Managed Recording",
    0x0110: "VCPS",
    0x0113: "SecurDisc",
    0x0120: "BD CPS",
    0x0142: "Optical Security Subsystem Class",
}
"""Names of the features (MMC-6 table 88 and later additions)."""
