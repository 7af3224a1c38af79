"""Features 0000h to 0042h: what the drive can do with discs, by kind (MMC-5 5.3).

Byte offsets count from the start of the descriptor, as the standard's tables do, so the feature's own data
begins with byte 4.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.mmc._feature import Feature
from aioimapi.mmc._fields import (
    U8,
    U16,
    U24,
    U32,
    Bit,
    Bits,
    Bytes,
    chunked,
)
from aioimapi.mmc._profiles import Profile


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
