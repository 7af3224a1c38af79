"""Blocks as hosts send them for a CD, and the sectors that they become (MMC-6 7.5.3.10, 6.36.3)."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.cd import FORM_2_SIZE, SUBHEADER_SIZE, SectorMode, encode_sector, encode_sectors, form_of
from aioimapi.units import RAW_SECTOR_SIZE, SECTOR_SIZE
from aioimapi.virtual.discs._cd import CdForm, CdTrack

SUB_SIZE: Final = 96
"""Bytes of the channels P to W."""

NO_SUBCHANNEL: Final = bytes(SUB_SIZE)
FORM_1_SUBHEADER: Final = bytes((0, 0, 0x08, 0)) * 2
"""File and channel 0, data."""
FORM_2_SUBHEADER: Final = bytes((0, 0, 0x20, 0)) * 2


@attrs.frozen
class BlockType:
    """One kind of block that a WRITE can bring.

    Attributes:
        size: Bytes of it.
        form: What the sectors of the track are.
        user: Where in the block that begins what the drive takes over; the rest of the sector it makes itself.
        mode: What the drive makes of it; None where the block is a subheader and what follows, in either form.
        plain: The sectors lie in the medium file, as user data of 2,048 bytes.
        blank: The drive records zeros as user data, whatever the host sends.
    """

    size: int
    form: CdForm
    mode: SectorMode | None
    user: int = 0
    plain: bool = False
    blank: bool = False

    def user_data(self, data: memoryview) -> memoryview:
        """Return the user data of plain blocks, 2,048 bytes each."""
        if self.size == SECTOR_SIZE and not self.blank:
            return data
        count = len(data) // self.size if self.size else 0
        if self.blank:
            return memoryview(bytes(count * SECTOR_SIZE))
        starts = range(self.user, len(data), self.size)
        return memoryview(b"".join([data[at : at + SECTOR_SIZE] for at in starts]))

    def sectors(self, lba: int, blocks: list[memoryview], subheader: bytes) -> list[bytes]:
        """Make whole sectors of blocks without their subchannel."""
        if self.mode is SectorMode.AUDIO:
            return [bytes(RAW_SECTOR_SIZE) if self.blank else bytes(block) for block in blocks]
        if self.mode is None:
            return [self._with_form(lba + at, bytes(block)) for at, block in enumerate(blocks)]
        size = self.mode.user_bytes
        data = b"".join(
            [bytes(size) if self.blank else block[self.user : self.user + size] for block in blocks]
        )
        if self.mode is SectorMode.MODE_2_FORM_1:
            return list(encode_sectors(self.mode, lba, data, subheader or FORM_1_SUBHEADER))
        if self.mode is SectorMode.MODE_2_FORM_2:
            return list(encode_sectors(self.mode, lba, data, subheader or FORM_2_SUBHEADER))
        return list(encode_sectors(self.mode, lba, data))

    def _with_form(self, lba: int, block: bytes) -> bytes:
        subheader = block[self.user : self.user + SUBHEADER_SIZE]
        mode = form_of(subheader)
        first = self.user + SUBHEADER_SIZE
        data = bytes(mode.user_bytes) if self.blank else block[first : first + mode.user_bytes]
        return encode_sector(mode, lba, data, subheader)


_MODE_1: Final = BlockType(SECTOR_SIZE, CdForm.MODE_1, SectorMode.MODE_1, plain=True)
_MODE_2: Final = BlockType(2_336, CdForm.MODE_2, SectorMode.MODE_2)

AUDIO_BLOCK: Final = BlockType(RAW_SECTOR_SIZE, CdForm.AUDIO, SectorMode.AUDIO)

DATA_BLOCK_TYPES: Final[dict[int, BlockType]] = {
    0: AUDIO_BLOCK,
    8: _MODE_1,
    9: _MODE_2,
    10: BlockType(SECTOR_SIZE, CdForm.FORM_1, SectorMode.MODE_2_FORM_1, plain=True),
    11: BlockType(SUBHEADER_SIZE + SECTOR_SIZE, CdForm.FORMS, None),
    12: BlockType(FORM_2_SIZE, CdForm.FORMS, SectorMode.MODE_2_FORM_2),
    13: BlockType(SUBHEADER_SIZE + FORM_2_SIZE, CdForm.FORMS, None),
}
"""By data block type of mode page 05h, of track at once and packets."""

RAW_BLOCK_SIZES: Final[dict[int, int]] = {
    1: RAW_SECTOR_SIZE + 16,
    2: RAW_SECTOR_SIZE + 96,
    3: RAW_SECTOR_SIZE + 96,
}
"""The block types of raw writing: with P and Q in 16 bytes, with R to W in packs, with all as it goes to the disc."""


def _whole(form: CdForm, mode: SectorMode | None, *, plain: bool = False, blank: bool = False) -> BlockType:
    """Return a block of a whole sector whose synchronisation, header and codes the drive replaces by its own."""
    return BlockType(RAW_SECTOR_SIZE, form, mode, user=16, plain=plain, blank=blank)


def _of_zeros(form: CdForm, mode: SectorMode, *, plain: bool = False) -> BlockType:
    return BlockType(0, form, mode, plain=plain, blank=True)


DATA_FORMS: Final[dict[int, BlockType]] = {
    0x00: AUDIO_BLOCK,
    0x01: BlockType(0, CdForm.AUDIO, SectorMode.AUDIO, blank=True),
    0x10: _MODE_1,
    0x11: _whole(CdForm.MODE_1, SectorMode.MODE_1, plain=True),
    0x12: attrs.evolve(_MODE_1, blank=True),
    0x13: _whole(CdForm.MODE_1, SectorMode.MODE_1, plain=True, blank=True),
    0x14: _of_zeros(CdForm.MODE_1, SectorMode.MODE_1, plain=True),
    0x20: BlockType(2_336, CdForm.FORMS, None),
    0x21: _whole(CdForm.FORMS, None),
    0x22: BlockType(2_336, CdForm.FORMS, None, blank=True),
    0x23: _whole(CdForm.FORMS, None, blank=True),
    0x24: _of_zeros(CdForm.FORMS, SectorMode.MODE_2_FORM_2),
    0x30: _MODE_2,
    0x31: _whole(CdForm.MODE_2, SectorMode.MODE_2),
    0x32: attrs.evolve(_MODE_2, blank=True),
    0x33: _whole(CdForm.MODE_2, SectorMode.MODE_2, blank=True),
    0x34: _of_zeros(CdForm.MODE_2, SectorMode.MODE_2),
}
"""By main channel data form of a cue sheet line, of session at once."""


def user_data_of(sector: bytes) -> bytes | None:
    """Return the 2,048 bytes of user data of a whole data sector, or None where it has none of that size."""
    if sector[15] == 1:
        return sector[16:2064]
    if sector[15] == 2 and form_of(sector[16:20]) is SectorMode.MODE_2_FORM_1:
        return sector[24:2072]
    return None


def raw_of(
    block: BlockType,
    lba: int,
    count: int,
    data: memoryview,
    subs: list[bytes] | None = None,
    sub_size: int = 0,
    subheader: bytes = b"",
) -> tuple[bytes, list[bytes | None]]:
    """Make whole sectors of blocks.

    Args:
        block: What the host sends of the main channel.
        lba: The first one's address.
        count: How many.
        data: The blocks, with their subchannel.
        subs: The subchannel of each, 96 bytes as it lies on the disc; None where the drive makes it up on reading.
        sub_size: Bytes of subchannel behind each block.
        subheader: Of blocks that bring none and need one.

    Returns:
        The sectors with their subchannel, and the user data of each, None where it has none of 2,048 bytes.
    """
    step = block.size + sub_size
    blocks = [data[at * step : at * step + block.size] for at in range(count)]
    mains = block.sectors(lba, blocks, subheader)
    pieces: list[bytes] = []
    for at, main in enumerate(mains):
        pieces += (main, NO_SUBCHANNEL if subs is None else subs[at])
    data_sectors = block.form.data
    return b"".join(pieces), [user_data_of(main) if data_sectors else None for main in mains]


def subheader_of(track: CdTrack) -> bytes:
    """Return the subheader of the sectors of a track that lies in the medium file."""
    return track.subheader or FORM_1_SUBHEADER
