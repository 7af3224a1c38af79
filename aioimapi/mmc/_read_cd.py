"""READ CD and READ CD MSF: which parts of a CD sector travel, and in which order (MMC-6 6.17, 6.18).

A CD sector of 2,352 bytes is a row of regions: synchronisation, header, subheader, user data, EDC and ECC. The
host chooses regions; they must lie side by side, and which ones a sector has depends on its type. Behind
them come C2 error information and subchannel, where asked for.
"""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final

import attrs

from aioimapi.mmc._command import READ_S, Command, Direction
from aioimapi.mmc._fields import S32, U24, Bit, Bits, Field
from aioimapi.units import RAW_SECTOR_SIZE


class SectorType(enum.IntEnum):
    """Expected sector type of READ CD (MMC-6 6.17)."""

    ANY = 0
    """No check; audio and data must not mix in one command."""
    CD_DA = 1
    MODE_1 = 2
    MODE_2 = 3
    """Without forms: 2,336 bytes of user data."""
    MODE_2_FORM_1 = 4
    MODE_2_FORM_2 = 5


class HeaderCodes(enum.IntEnum):
    """Which headers READ CD transfers."""

    NONE = 0
    HEADER = 1
    """4 bytes: minute, second, frame in BCD, and mode."""
    SUBHEADER = 2
    """8 bytes, which sectors with forms have."""
    ALL = 3


class C2Selection(enum.IntEnum):
    """Error information of READ CD."""

    NONE = 0
    POINTERS = 1
    """294 bytes: a bit for each byte of the sector, most significant first."""
    POINTERS_AND_BLOCK = 2
    """296 bytes: the OR of all 294, a zero, and the pointers."""


class SubChannelSelection(enum.IntEnum):
    """Subchannel data of READ CD."""

    NONE = 0
    RAW = 1
    """P to W as recorded: 96 bytes, P in bit 7."""
    Q = 2
    """Formatted Q: 16 bytes."""
    R_TO_W = 4
    """R to W, de-interleaved and corrected: 96 bytes."""


C2_BYTES: Final = {C2Selection.NONE: 0, C2Selection.POINTERS: 294, C2Selection.POINTERS_AND_BLOCK: 296}
"""Bytes of error information for each sector."""

SUB_CHANNEL_BYTES: Final = {
    SubChannelSelection.NONE: 0,
    SubChannelSelection.RAW: 96,
    SubChannelSelection.Q: 16,
    SubChannelSelection.R_TO_W: 96,
}
"""Bytes of subchannel data for each sector."""

# Where the regions begin: sync, header, subheader, user data, EDC and ECC, end. A region may be empty. The 4
# bytes behind the user data of form 2 (EDC or spare) count as user data, so that it has 2,328.
_REGIONS: Final = {
    SectorType.MODE_1: (0, 12, 16, 16, 2064, 2352),
    SectorType.MODE_2: (0, 12, 16, 16, 2352, 2352),
    SectorType.MODE_2_FORM_1: (0, 12, 16, 24, 2072, 2352),
    SectorType.MODE_2_FORM_2: (0, 12, 16, 24, 2352, 2352),
}


@attrs.frozen
class MainChannel:
    """The main channel selection of READ CD: byte 9 of the CDB without the error field.

    Args:
        user_data: User data.
        headers: Header, subheader or both.
        sync: The 12 bytes of synchronisation.
        edc_ecc: Error detection and correction codes.
    """

    user_data: bool = True
    headers: HeaderCodes = HeaderCodes.NONE
    sync: bool = False
    edc_ecc: bool = False

    def range_in(self, sector_type: SectorType) -> tuple[int, int] | None:
        """Return where the chosen bytes of such a sector begin and end in its 2,352 bytes.

        CD-DA has user data only, which comes with any selection that is not empty. None where the choice is
        illegal for that type, because a region between two chosen ones is left out (MMC-6 table of READ CD
        main channel selections). ``sector_type`` is that of the sector, not ANY.
        """
        chosen = (
            self.sync,
            bool(self.headers & HeaderCodes.HEADER),
            bool(self.headers & HeaderCodes.SUBHEADER),
            self.user_data,
            self.edc_ecc,
        )
        if not any(chosen):
            return 0, 0
        if sector_type is SectorType.CD_DA:
            return 0, RAW_SECTOR_SIZE
        edges = _REGIONS[sector_type]
        begin = end = -1
        for at, wanted in enumerate(chosen):
            first, last = edges[at], edges[at + 1]
            if not wanted or first == last:
                continue
            if begin < 0:
                begin = first
            elif first != end:
                return None
            end = last
        return (begin, end) if begin >= 0 else (0, 0)

    def size_in(self, sector_type: SectorType) -> int:
        """Return how many bytes of the main channel a sector gives; for ANY the most that one can.

        An illegal choice counts as 0.
        """
        kinds = tuple(SectorType)[1:] if sector_type is SectorType.ANY else (sector_type,)
        ranges = [self.range_in(kind) for kind in kinds]
        return max((found[1] - found[0] for found in ranges if found is not None), default=0)


def _sector_bytes(command: ReadCd | ReadCdMsf) -> int:
    main = command.main_channel.size_in(command.sector_type)
    return main + C2_BYTES[command.c2] + SUB_CHANNEL_BYTES[command.sub_channel]


@attrs.frozen
class ReadCd(Command):
    """Read CD sectors of any type, whole or in parts.

    Args:
        lba: First logical block address; from -150 (and lower: lead-in) where the drive allows.
        sectors: How many sectors.
        sector_type: The type that all of them must have (else 5/64/00).
        user_data: Transfer user data.
        headers: Transfer header, subheader or both.
        sync: Transfer the synchronisation bytes.
        edc_ecc: Transfer error detection and correction codes.
        c2: Error information behind the main channel.
        sub_channel: Subchannel data behind that.
        dap: CD-DA: interpolate or mute what cannot be corrected.
    """

    name: ClassVar[str] = "READ CD"
    opcode: ClassVar[int] = 0xBE
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 0),)  # obsolete relative addressing

    lba: Annotated[int, S32(2)]
    sectors: Annotated[int, U24(6)]
    sector_type: Annotated[SectorType, Bits(1, 4, 2)] = SectorType.ANY
    user_data: Annotated[bool, Bit(9, 4)] = True
    headers: Annotated[HeaderCodes, Bits(9, 6, 5)] = HeaderCodes.NONE
    sync: Annotated[bool, Bit(9, 7)] = False
    edc_ecc: Annotated[bool, Bit(9, 3)] = False
    c2: Annotated[C2Selection, Bits(9, 2, 1)] = C2Selection.NONE
    sub_channel: Annotated[SubChannelSelection, Bits(10, 2, 0)] = SubChannelSelection.NONE
    dap: Annotated[bool, Bit(1, 1)] = False

    @property
    def main_channel(self) -> MainChannel:
        """What is asked for of the main channel."""
        return MainChannel(self.user_data, self.headers, self.sync, self.edc_ecc)

    @property
    def sector_bytes(self) -> int:
        """The most bytes that a sector can give."""
        return _sector_bytes(self)

    @property
    def timeout_s(self) -> float:
        """Retries of an unreadable spot included."""
        return READ_S

    @property
    def transfer_length(self) -> int:
        """The most that can come: with ``sector_type`` ANY the type of the sectors decides."""
        return self.sectors * self.sector_bytes


@attrs.frozen
class ReadCdMsf(Command):
    """Read CD sectors between two times: as :class:`ReadCd`.

    Args:
        start: First sector, as packed minute, second, frame in binary.
        end: The sector after the last, likewise.
        sector_type: The type that all of them must have.
        user_data: Transfer user data.
        headers: Transfer header, subheader or both.
        sync: Transfer the synchronisation bytes.
        edc_ecc: Transfer error detection and correction codes.
        c2: Error information behind the main channel.
        sub_channel: Subchannel data behind that.
        dap: CD-DA: interpolate or mute what cannot be corrected.
    """

    name: ClassVar[str] = "READ CD MSF"
    opcode: ClassVar[int] = 0xB9
    direction: ClassVar[Direction] = Direction.IN
    ignored: ClassVar[tuple[Field, ...]] = (Bit(1, 0),)

    start: Annotated[int, U24(3)]
    end: Annotated[int, U24(6)]
    sector_type: Annotated[SectorType, Bits(1, 4, 2)] = SectorType.ANY
    user_data: Annotated[bool, Bit(9, 4)] = True
    headers: Annotated[HeaderCodes, Bits(9, 6, 5)] = HeaderCodes.NONE
    sync: Annotated[bool, Bit(9, 7)] = False
    edc_ecc: Annotated[bool, Bit(9, 3)] = False
    c2: Annotated[C2Selection, Bits(9, 2, 1)] = C2Selection.NONE
    sub_channel: Annotated[SubChannelSelection, Bits(10, 2, 0)] = SubChannelSelection.NONE
    dap: Annotated[bool, Bit(1, 1)] = False

    @property
    def main_channel(self) -> MainChannel:
        """What is asked for of the main channel."""
        return MainChannel(self.user_data, self.headers, self.sync, self.edc_ecc)

    @property
    def sectors(self) -> int:
        """How many sectors lie between the two times; not above 0 where they are in the wrong order."""
        return _frames(self.end) - _frames(self.start)

    @property
    def sector_bytes(self) -> int:
        """The most bytes that a sector can give."""
        return _sector_bytes(self)

    @property
    def timeout_s(self) -> float:
        """Retries of an unreadable spot included."""
        return READ_S

    @property
    def transfer_length(self) -> int:
        """The most that can come: with ``sector_type`` ANY the type of the sectors decides."""
        return max(0, self.sectors) * self.sector_bytes


def _frames(packed: int) -> int:
    return ((packed >> 16) * 60 + (packed >> 8 & 0xFF)) * 75 + (packed & 0xFF)
