"""INQUIRY and REPORT LUNS: who the drive is (SPC-4)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, ClassVar, Self

import attrs

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._fields import (
    U8,
    U16,
    U32,
    Bit,
    Bits,
    OpenIntEnum,
    Structure,
    chunked,
    fixed_text,
    need,
    padded,
    text,
)


class VitalProductPage(enum.IntEnum):
    """Vital product data pages that we ask for (SPC-4)."""

    SUPPORTED_PAGES = 0x00
    UNIT_SERIAL_NUMBER = 0x80
    DEVICE_IDENTIFICATION = 0x83


@attrs.frozen
class Inquiry(Command):
    """Ask for standard inquiry data or a vital product data page; works in every state of the drive.

    Args:
        allocation_length: How many bytes of the answer to take.
        vital_product_data: EVPD.
        page_code: The page, with EVPD; must be 0 without (SPC-4).
    """

    name: ClassVar[str] = "INQUIRY"
    opcode: ClassVar[int] = 0x12
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U16(3)] = 96
    vital_product_data: Annotated[bool, Bit(1, 0)] = False
    page_code: Annotated[int, U8(2)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


@attrs.frozen
class ReportLuns(Command):
    """List the logical units behind a target.

    Args:
        allocation_length: Bytes of the answer to take; at least 16.
        select_report: 0 addressable units, 1 well known ones, 2 both.
    """

    name: ClassVar[str] = "REPORT LUNS"
    opcode: ClassVar[int] = 0xA0
    direction: ClassVar[Direction] = Direction.IN

    allocation_length: Annotated[int, U32(6)] = 4096
    select_report: Annotated[int, U8(2)] = 0

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


class DeviceType(OpenIntEnum):
    """Peripheral device types that an optical drive's neighbours have (SPC-4)."""

    DISK = 0x00
    TAPE = 0x01
    WRITE_ONCE = 0x04
    CD_DVD = 0x05
    OPTICAL_MEMORY = 0x07
    CHANGER = 0x08
    UNKNOWN = 0x1F


@attrs.frozen
class InquiryData(Structure):
    """Standard INQUIRY data (SPC-4).

    Args:
        device_type: 5 for everything that reads CD, DVD or BD.
        removable: RMB.
        version: Claimed SPC version; 0 on many ATAPI drives.
        vendor: T10 vendor identification, up to 8 ASCII characters.
        product: Product identification, up to 16.
        revision: Firmware revision, up to 4.
        vendor_specific: Bytes 36 to 55, often a date or a second model name.
        version_descriptors: Standards claimed, by number.
        qualifier: Peripheral qualifier; 0 connected.
        response_format: 2 in all current standards.
        command_queueing: CMDQUE.
    """

    SIZE: ClassVar[int | None] = 36

    device_type: Annotated[DeviceType, Bits(0, 4, 0)] = DeviceType.CD_DVD
    removable: Annotated[bool, Bit(1, 7)] = True
    version: Annotated[int, U8(2)] = 6
    qualifier: Annotated[int, Bits(0, 7, 5)] = 0
    response_format: Annotated[int, Bits(3, 3, 0)] = 2
    command_queueing: Annotated[bool, Bit(7, 1)] = False
    vendor: str = ""
    product: str = ""
    revision: str = ""
    vendor_specific: bytes = b""
    version_descriptors: tuple[int, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer.

        Raises:
            RemoteProtocolError: Fewer than the 36 bytes that SPC makes mandatory.
        """
        values = cls.values(data)
        versions = tuple(int.from_bytes(piece, "big") for piece in chunked(data[58:74], 2))
        build: Callable[..., Self] = cls
        return build(
            *values,
            vendor=text(data[8:16]),
            product=text(data[16:32]),
            revision=text(data[32:36]),
            vendor_specific=bytes(data[36:56]).rstrip(b"\0 "),
            version_descriptors=tuple(number for number in versions if number),
        )

    def to_bytes(self) -> bytes:
        """Encode the answer: 36 bytes, or 74 with vendor specific bytes or version descriptors (at most 8)."""
        body = bytearray(super().to_bytes())
        body[8:36] = fixed_text(self.vendor, 8) + fixed_text(self.product, 16) + fixed_text(self.revision, 4)
        if self.vendor_specific or self.version_descriptors:
            versions = b"".join(number.to_bytes(2, "big") for number in self.version_descriptors[:8])
            body += self.vendor_specific[:20].ljust(20) + bytes(2) + padded(versions, 16)
        body[4] = len(body) - 5
        return bytes(body)

    @property
    def name(self) -> str:
        """Vendor, product and revision as one line."""
        return " ".join(part for part in (self.vendor, self.product, self.revision) if part)


def _page(data: bytes | memoryview, page: VitalProductPage) -> bytes:
    """Return the body of a vital product data page, as far as it came."""
    need(data, 4, f"vital product data page {page:02X}h")
    if data[1] != page:
        raise RemoteProtocolError(
            f"INQUIRY was answered with vital product data page {data[1]:02X}h, but {page:02X}h was asked for"
        )
    return bytes(data[4 : 4 + int.from_bytes(data[2:4], "big")])


def _page_bytes(page: VitalProductPage, body: bytes) -> bytes:
    return bytes([DeviceType.CD_DVD, page]) + len(body).to_bytes(2, "big") + body


@attrs.frozen
class SupportedPages:
    """Vital product data page 00h: the pages that the drive has (SPC-4)."""

    pages: tuple[int, ...]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the page.

        Raises:
            RemoteProtocolError: No header, or another page's.
        """
        return cls(tuple(_page(data, VitalProductPage.SUPPORTED_PAGES)))

    def to_bytes(self) -> bytes:
        """Encode the page."""
        return _page_bytes(VitalProductPage.SUPPORTED_PAGES, bytes(self.pages))


@attrs.frozen
class UnitSerialNumber:
    """Vital product data page 80h (SPC-4)."""

    serial: str

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the page.

        Raises:
            RemoteProtocolError: No header, or another page's.
        """
        return cls(text(_page(data, VitalProductPage.UNIT_SERIAL_NUMBER)))

    def to_bytes(self) -> bytes:
        """Encode the page."""
        return _page_bytes(
            VitalProductPage.UNIT_SERIAL_NUMBER, fixed_text(self.serial, max(4, len(self.serial)))
        )


@attrs.frozen
class Designator:
    """One designator of page 83h (SPC-4).

    Args:
        type_: 0 vendor specific, 1 T10 vendor identification, 2 EUI-64, 3 NAA, 8 SCSI name string.
        identifier: The designator itself.
        code_set: 1 binary, 2 ASCII, 3 UTF-8.
        association: 0 logical unit, 1 target port, 2 target device.
        protocol: Protocol identifier, or None where the drive gives none.
    """

    type_: int
    identifier: bytes
    code_set: int = 2
    association: int = 0
    protocol: int | None = None

    def to_bytes(self) -> bytes:
        """Encode the designator."""
        head = bytes(
            [
                (self.protocol or 0) << 4 | self.code_set,
                (self.protocol is not None) << 7 | self.association << 4 | self.type_,
                0,
                len(self.identifier),
            ]
        )
        return head + self.identifier


@attrs.frozen
class DeviceIdentification:
    """Vital product data page 83h."""

    designators: tuple[Designator, ...]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the page; a designator that is cut off is left out.

        Raises:
            RemoteProtocolError: No header, or another page's.
        """
        body = _page(data, VitalProductPage.DEVICE_IDENTIFICATION)
        found: list[Designator] = []
        at = 0
        while at + 4 <= len(body) and at + 4 + body[at + 3] <= len(body):
            first, second, size = body[at], body[at + 1], body[at + 3]
            found.append(
                Designator(
                    type_=second & 0xF,
                    identifier=body[at + 4 : at + 4 + size],
                    code_set=first & 0xF,
                    association=second >> 4 & 3,
                    protocol=first >> 4 if second & 0x80 else None,
                )
            )
            at += 4 + size
        return cls(tuple(found))

    def to_bytes(self) -> bytes:
        """Encode the page."""
        body = b"".join(designator.to_bytes() for designator in self.designators)
        return _page_bytes(VitalProductPage.DEVICE_IDENTIFICATION, body)


@attrs.frozen
class LunList:
    """The answer to REPORT LUNS: 8-byte logical unit numbers (SPC-4)."""

    luns: tuple[int, ...]

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer, as far as it came.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        size = int.from_bytes(need(data, 8, "list of logical units")[0:4], "big")
        return cls(tuple(int.from_bytes(piece, "big") for piece in chunked(data[8 : 8 + size], 8)))

    def to_bytes(self) -> bytes:
        """Encode the answer."""
        body = b"".join(lun.to_bytes(8, "big") for lun in self.luns)
        return len(body).to_bytes(4, "big") + bytes(4) + body
