"""What every feature descriptor has, and the names of the features (MMC-5 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Self

import attrs

from aioimapi.mmc._fields import (
    layout_of,
    padded,
)

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
"""Names of the features (MMC-5 5.3)."""


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
