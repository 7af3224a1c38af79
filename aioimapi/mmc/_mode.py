"""MODE SENSE (10) and MODE SELECT (10) and the header of their parameter lists (SPC-3 6.8, 7.4.3)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self, TypeVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import U8, U16, Bit, Bits, need
from aioimapi.mmc._mode_pages import ModePage, parse_pages


class PageControl(enum.IntEnum):
    """Which values of a mode page to give (SPC-4)."""

    CURRENT = 0
    CHANGEABLE = 1
    DEFAULT = 2
    SAVED = 3


@attrs.frozen
class ModeSense10(Command):
    """Ask for a mode page.

    Args:
        page_code: The page; 3Fh for all.
        allocation_length: Bytes to take.
        page_control: Current values, a mask of what may be changed, defaults, or saved ones.
        subpage_code: 0, or FFh for all.
        disable_block_descriptors: DBD; optical drives have none either way.
        long_lba: LLBAA.
    """

    name: ClassVar[str] = "MODE SENSE (10)"
    opcode: ClassVar[int] = 0x5A
    direction: ClassVar[Direction] = Direction.IN

    page_code: Annotated[int, Bits(2, 5, 0)]
    allocation_length: Annotated[int, U16(7)] = 4096
    page_control: Annotated[PageControl, Bits(2, 7, 6)] = PageControl.CURRENT
    subpage_code: Annotated[int, U8(3)] = 0
    disable_block_descriptors: Annotated[bool, Bit(1, 3)] = True
    long_lba: Annotated[bool, Bit(1, 4)] = False

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ModeSelect10(Command):
    """Set mode pages; the parameter list is header and pages.

    Args:
        parameter_list_length: Bytes that follow.
        page_format: PF, always set for pages of SPC form.
        save_pages: SP: keep over a power cycle.
    """

    name: ClassVar[str] = "MODE SELECT (10)"
    opcode: ClassVar[int] = 0x55
    direction: ClassVar[Direction] = Direction.OUT

    parameter_list_length: Annotated[int, U16(7)]
    page_format: Annotated[bool, Bit(1, 4)] = True
    save_pages: Annotated[bool, Bit(1, 0)] = False

    @property
    def transfer_length(self) -> int:
        """The parameter list length."""
        return self.parameter_list_length


_P = TypeVar("_P", bound=ModePage)

_HEADER: Final = 8


@attrs.frozen
class ModeParameters:
    """The parameter list of MODE SENSE (10) and MODE SELECT (10): a header of 8 bytes and pages (SPC-3 7.4.3).

    Args:
        pages: The pages.
        medium_type: Obsolete in MMC, kept as it came.
        write_protected: WP of the device-specific byte.
    """

    pages: tuple[ModePage, ...] = ()
    medium_type: int = 0
    write_protected: bool = False

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the list; block descriptors are passed over, a page that is cut off is padded with zeros.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        whole = bytes(need(data, _HEADER, "mode parameter header"))
        end = min(len(whole), int.from_bytes(whole[0:2], "big") + 2)
        # In MODE SELECT the length is reserved and zero (SPC-3 6.8).
        end = len(whole) if whole[0:2] == b"\0\0" else end
        start = _HEADER + int.from_bytes(whole[6:8], "big")
        return cls(parse_pages(whole[start:end]), whole[2], bool(whole[3] & 0x80))

    def to_bytes(self, *, for_select: bool = False) -> bytes:
        """Encode the list.

        Args:
            for_select: Leave the length and the PS bits zero, as MODE SELECT wants it.
        """
        body = b"".join(page.to_bytes(for_select=for_select) for page in self.pages)
        length = 0 if for_select else _HEADER - 2 + len(body)
        head = length.to_bytes(2, "big") + bytes([self.medium_type, self.write_protected << 7, 0, 0, 0, 0])
        return head + body

    def get(self, kind: type[_P]) -> _P | None:
        """Return the page of that class, or None."""
        return next((page for page in self.pages if isinstance(page, kind)), None)
