"""The volume descriptor set of ISO 9660 (ECMA-119 8), and the volume recognition sequence of UDF that may follow it."""

from __future__ import annotations

from typing import Final

import attrs

from aioimapi.fs.read._base import SECTOR, ImageContext, Parser, try_read
from aioimapi.fs.read._times import long_time_ns

FIRST_DESCRIPTOR: Final = 16
"""Sectors of a session before its first volume descriptor: the system area (ECMA-119 6.2.1)."""

MAX_DESCRIPTORS: Final = 64
"""Descriptors that are looked at; real discs have fewer than ten."""

_JOLIET_ESCAPES: Final = (
    b"%/@",
    b"%/C",
    b"%/E",
)  # UCS-2 levels 1 to 3 (Joliet, "SVD Escape Sequences field")
_EL_TORITO: Final = b"EL TORITO SPECIFICATION"


@attrs.frozen
class IsoDescriptor:
    """A primary or supplementary volume descriptor, as far as reading needs it.

    Attributes:
        lba: Where the descriptor lies.
        joliet: Whether names are UCS-2.
        enhanced: Whether it is an enhanced volume descriptor (ISO 9660:1999).
        name: The volume identifier.
        block_size: Bytes of a logical block.
        block_count: Logical blocks of the volume.
        root_block: First logical block of the root directory.
        root_size: Bytes of the root directory.
        created_ns: When the volume was made, in nanoseconds since 1970, or None.
    """

    lba: int
    joliet: bool
    enhanced: bool
    name: str
    block_size: int
    block_count: int
    root_block: int
    root_size: int
    created_ns: int | None


@attrs.frozen
class DescriptorSet:
    """What lies from sector 16 of a session on.

    Attributes:
        primary: The primary volume descriptor, or None.
        joliet: Joliet's supplementary volume descriptor, or None.
        enhanced: The enhanced volume descriptor, or None.
        boot_catalog: Where El Torito's boot catalog lies, or None.
        nsr: ``NSR02`` or ``NSR03`` where the recognition sequence announces UDF, else an empty string.
    """

    primary: IsoDescriptor | None = None
    joliet: IsoDescriptor | None = None
    enhanced: IsoDescriptor | None = None
    boot_catalog: int | None = None
    nsr: str = ""


def read_descriptors(context: ImageContext) -> Parser[DescriptorSet]:
    """Read the descriptors of a session, up to the first sector that is none.

    Returns:
        What was found; nothing of it where sector 16 holds something else.
    """
    found = DescriptorSet()
    first = context.session_start + FIRST_DESCRIPTOR
    terminated = False
    for lba in range(first, first + MAX_DESCRIPTORS):
        data = yield from try_read(lba, 1)
        if data is None:
            context.findings.note(
                "unreadable descriptors", f"sector {lba} of the volume descriptors cannot be read"
            )
            break
        identifier = data[1:6]
        if identifier == b"CD001":
            # A set terminator (255) ends the ISO descriptors; UDF's recognition sequence comes after it.
            terminated = terminated or data[0] == 255
            found = _take(found, data, lba, context)
        elif identifier in (b"NSR02", b"NSR03"):
            found = attrs.evolve(found, nsr=identifier.decode())
        elif identifier == b"TEA01":
            break
        elif identifier not in (b"BEA01", b"BOOT2", b"CDW02"):
            if data[9:14] == b"CDROM":
                context.findings.note(
                    "High Sierra", f"sector {lba} is a High Sierra descriptor, which is not read"
                )
            if terminated or lba > first + 1:
                break
    if found.primary is not None and not terminated:
        context.findings.note(
            "no terminator", "the set of volume descriptors has no terminator (ECMA-119 8.3)"
        )
    return found


def _take(found: DescriptorSet, data: bytes, lba: int, context: ImageContext) -> DescriptorSet:
    kind, version = data[0], data[6]
    if kind == 0 and data[7:30] == _EL_TORITO and found.boot_catalog is None:
        return attrs.evolve(found, boot_catalog=int.from_bytes(data[71:75], "little"))
    if kind == 1 and found.primary is None:
        return attrs.evolve(found, primary=_parse(data, lba, context, joliet=False, enhanced=False))
    if kind == 2:
        escape = data[88:91]
        if version == 2 and found.enhanced is None:
            return attrs.evolve(found, enhanced=_parse(data, lba, context, joliet=False, enhanced=True))
        if escape in _JOLIET_ESCAPES and found.joliet is None:
            return attrs.evolve(found, joliet=_parse(data, lba, context, joliet=True, enhanced=False))
        if version == 1 and escape not in _JOLIET_ESCAPES:
            context.findings.note(
                "unknown character sets",
                f"the supplementary volume descriptor at sector {lba} uses an unknown character set",
            )
    return found


def _parse(data: bytes, lba: int, context: ImageContext, *, joliet: bool, enhanced: bool) -> IsoDescriptor:
    """Decode the fields of ECMA-119 8.4; the little-endian halves count, as in every other reader."""
    for name, start, size in (
        ("volume space size", 80, 4),
        ("logical block size", 128, 2),
        ("root extent", 158, 4),
        ("root length", 166, 4),
    ):
        both = data[start : start + 2 * size]
        if both != both[::-1]:
            context.findings.note(
                "byte orders differ",
                f"the two byte orders of the {name} at sector {lba} differ; the little-endian one is used",
            )
    raw_name = data[40:72]
    name = raw_name.decode("utf-16-be", "replace") if joliet else raw_name.decode("utf-8", "surrogateescape")
    return IsoDescriptor(
        lba=lba,
        joliet=joliet,
        enhanced=enhanced,
        name=name.rstrip(" \0"),
        block_size=int.from_bytes(data[128:130], "little") or SECTOR,
        block_count=int.from_bytes(data[80:84], "little"),
        root_block=int.from_bytes(data[158:162], "little") + data[157],
        root_size=int.from_bytes(data[166:170], "little"),
        created_ns=long_time_ns(data[813:830]),
    )


__all__ = ("DescriptorSet", "IsoDescriptor", "read_descriptors")
