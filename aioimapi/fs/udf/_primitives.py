"""Small structures of ECMA-167 and OSTA UDF: tags, entity identifiers, strings, addresses."""

from __future__ import annotations

from binascii import crc_hqx
from struct import Struct
from typing import Final

from aioimapi.fs._udf_options import UdfRevision

TAG_LENGTH: Final = 16

_TAG = Struct("<HHBBHHHI")

DEVELOPER: Final = b"*aioimapi"

# OSTA UDF 6.3: operating system class 4 (UNIX), identifier 5 (Linux)
_OS = bytes((4, 5))


def tag(identifier: int, body: bytes | memoryview, location: int, revision: UdfRevision) -> bytes:
    """Return the descriptor tag (ECMA-167 3/7.2) of a body, with the CRC over all of it."""
    length = len(body)
    crc = crc_hqx(body, 0)
    plain = _TAG.pack(identifier, revision.descriptor_version, 0, 0, 0, crc, length, location)
    return plain[:4] + bytes((sum(plain) & 0xFF,)) + plain[5:]


def tagged(identifier: int, body: bytes, location: int, revision: UdfRevision) -> bytes:
    """Return a whole descriptor: tag and body."""
    return tag(identifier, body, location, revision) + body


def domain_identifier(revision: UdfRevision) -> bytes:
    """Return the entity identifier of the domain (OSTA UDF 2.1.5): ``*OSTA UDF Compliant`` and the revision."""
    return b"\0" + b"*OSTA UDF Compliant".ljust(23, b"\0") + revision.code.to_bytes(2, "little") + bytes(6)


def udf_identifier(name: bytes, revision: UdfRevision) -> bytes:
    """Return a UDF entity identifier (OSTA UDF 2.1.5.3): revision and operating system in its suffix."""
    return b"\0" + name.ljust(23, b"\0") + revision.code.to_bytes(2, "little") + _OS + bytes(4)


def implementation_identifier() -> bytes:
    """Return the entity identifier of this implementation (OSTA UDF 2.1.5.3)."""
    return b"\0" + DEVELOPER.ljust(23, b"\0") + _OS + bytes(6)


def plain_identifier(name: bytes) -> bytes:
    """Return an entity identifier without a suffix (ECMA-167 1/7.4)."""
    return b"\0" + name.ljust(23, b"\0") + bytes(8)


def compressed(text: str, limit: int) -> bytes:
    """Return OSTA compressed Unicode (UDF 2.1.1) of at most ``limit`` bytes; what passes the limit is cut.

    Control characters and lone surrogates become ``_``.
    """
    clean = "".join("_" if char < " " or "\ud800" <= char <= "\udfff" else char for char in text)
    try:
        return b"\x08" + clean.encode("latin-1")[: limit - 1]
    except UnicodeEncodeError:
        while len(clean.encode("utf-16-be")) > limit - 1:
            clean = clean[:-1]
        return b"\x10" + clean.encode("utf-16-be")


def dstring(text: str, size: int) -> bytes:
    """Return a string field of fixed size whose last byte is its length (ECMA-167 1/7.2.12)."""
    if not text:
        return bytes(size)
    data = compressed(text, size - 1)
    return data.ljust(size - 1, b"\0") + bytes((len(data),))


CHARACTER_SET: Final = b"\0" + b"OSTA Compressed Unicode".ljust(63, b"\0")
"""The only character set of UDF (OSTA UDF 2.1.2)."""


def extent(length: int, location: int) -> bytes:
    """Return an extent descriptor (ECMA-167 3/7.1)."""
    return length.to_bytes(4, "little") + location.to_bytes(4, "little")


def long_allocation(length: int, block: int, partition: int = 0, implementation_use: bytes = b"") -> bytes:
    """Return a long allocation descriptor (ECMA-167 4/14.14.2)."""
    return (
        length.to_bytes(4, "little")
        + block.to_bytes(4, "little")
        + partition.to_bytes(2, "little")
        + implementation_use.ljust(6, b"\0")
    )
