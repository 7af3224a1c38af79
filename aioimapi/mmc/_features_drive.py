"""Features from 0100h on: what the drive has and knows whatever the disc (MMC-5 5.3).

Byte offsets count from the start of the descriptor, as in :mod:`aioimapi.mmc._features_disc`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.mmc._feature import Feature
from aioimapi.mmc._fields import (
    U8,
    U16,
    Bit,
    Bits,
    chunked,
    fixed_text,
    text,
)


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
