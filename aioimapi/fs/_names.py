"""One natural name in, a name for each file system out: the stated mapping (docs/names.md).

Every mapping takes the names of one directory in their order and gives identifiers in the same order, without a clash.
It is a pure function of those names, so nothing has to be stored: the layout asks once for lengths, the writer again
for bytes. Names are handled in bulk, joined by a slash (which no name holds), because a million calls are what costs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from aioimapi.errors import NameNotRepresentableError

Name = TypeVar("Name", str, bytes)

ISO_NAME_LENGTH = 30
"""Characters of name and extension together without the dot (ECMA-119 10.2 and 10.3, levels 2 and 3)."""

ISO_DIRECTORY_LENGTH = 31
"""Characters of a directory identifier (ECMA-119 7.6.3)."""

ISO_LEVEL_1 = (8, 3)
"""Characters of a name and of its extension at level 1 (ECMA-119 10.1); a directory has the first of them."""

JOLIET_LENGTH = 64
"""UTF-16 units of a Joliet name without its version (Joliet specification: 128 bytes)."""

JOLIET_LONG_LENGTH = 103
"""UTF-16 units that a directory record has room for beside a version (ECMA-119 9.1: at most 254 bytes)."""

ROCK_RIDGE_LENGTH = 253
"""Bytes of a Rock Ridge name. RRIP sets no limit; Linux drops whatever passes 253 bytes, and with it the difference
between two long names."""

UDF_LENGTH = 254
"""Bytes of a UDF name after its compression ID (OSTA UDF 2.1.1): 254 characters up to U+00FF, else 127 UTF-16 units."""

_ISO_TABLE = {code: "_" for code in range(128) if not (chr(code).isalnum() or chr(code) in "._/")}
_ESCAPED = range(0xD800, 0xE000)  # lone surrogates: bytes that are no UTF-8 (PEP 383)
_JOLIET_TABLE = dict.fromkeys([*range(32), *map(ord, '*:;?\\"<>|'), *_ESCAPED], "_")
_UDF_TABLE = dict.fromkeys(_ESCAPED, "_")
_ISO_ILLEGAL = re.compile(r"[^A-Z0-9_]")


def iso_item_identifiers(
    folders: Sequence[str], files: Sequence[str], level: int = 3
) -> tuple[list[bytes], list[bytes]]:
    """Map the names of one directory's subdirectories and of its files; see :func:`iso_identifiers`.

    Readers drop the dot at the end of a file identifier without extension, so that ``A.`` and a directory ``A`` would
    be one name to them: such a file gets a variant.
    """
    if level == 1:
        mapped = _level_1_identifiers(folders, directories=True)
        return mapped, _level_1_identifiers(files, beside=[name.decode() + "." for name in mapped])
    mapped = iso_identifiers(folders, directories=True)
    return mapped, iso_identifiers(files, beside=[name.decode() + "." for name in mapped])


def iso_identifiers(
    names: Sequence[str], *, directories: bool = False, beside: Sequence[str] = ()
) -> list[bytes]:
    """Map to ECMA-119 identifiers of d-characters, at most 30 (directories 31), versions not yet appended.

    Upper case; accents dropped; everything else that is no d-character becomes ``_``; the last dot parts name and
    extension, and a file identifier always has its dot (ECMA-119 7.5.1). None of them is one of those in ``beside``.
    """
    if not names:
        return []
    joined = "/".join(names)
    if joined.isascii():
        mapped = joined.upper().translate(_ISO_TABLE).split("/")
    else:
        mapped = [_ascii_upper(name).translate(_ISO_TABLE) for name in names]
    if directories:
        plain = [
            name if len(name) <= ISO_DIRECTORY_LENGTH and "." not in name else _iso_directory(name)
            for name in mapped
        ]
        return [name.encode() for name in _unique(plain, _iso_directory_variant)]
    plain = [
        (name if dots == 1 else name + "." if not dots else _iso_file(name))
        if len(name) <= ISO_NAME_LENGTH
        else _iso_file(name)
        for name, dots in zip(mapped, [name.count(".") for name in mapped], strict=True)
    ]
    return "/".join(_unique(plain, _iso_file_variant, reserved=beside)).encode().split(b"/")


def rock_ridge_names(names: Sequence[str]) -> list[bytes]:
    """Map to the bytes of alternate names (RRIP NM): UTF-8, and bytes that were no UTF-8 as they were."""
    if not names:
        return []
    raw = "/".join(names).encode("utf-8", "surrogateescape").split(b"/")
    if all(len(name) <= ROCK_RIDGE_LENGTH for name in raw):
        return raw
    short = [name if len(name) <= ROCK_RIDGE_LENGTH else _cut_bytes(name, ROCK_RIDGE_LENGTH) for name in raw]
    return _unique(short, _bytes_variant)


def joliet_identifiers(names: Sequence[str], length: int = JOLIET_LENGTH) -> list[bytes]:
    r"""Map to big-endian UTF-16 of at most 64 units (or another length), versions not yet appended.

    Joliet forbids ``* / : ; ? \`` and control characters; ``" < > |`` go as well, since the systems that read Joliet
    refuse them. They become ``_``, as do a dot or space at the end, which those systems drop. Characters beyond
    U+FFFF are surrogate pairs and never cut apart.
    """
    if not names:
        return []
    mapped = "/".join(names).translate(_JOLIET_TABLE).split("/")
    short = [
        name if len(name) <= JOLIET_LENGTH // 2 and name[-1] not in ". " else _joliet_name(name, length)
        for name in mapped
    ]
    variant = partial(_joliet_variant, length=length)
    return [name.encode("utf-16-be") for name in _unique(short, variant, key=str.casefold)]


def udf_identifiers(names: Sequence[str]) -> list[bytes]:
    """Map to OSTA compressed Unicode (UDF 2.1.1): compression ID 8 where every character is below U+0100, else 16."""
    if not names:
        return []
    joined = "/".join(names)
    if joined.isascii() and max(map(len, names)) <= UDF_LENGTH:
        return [b"\x08" + name for name in joined.encode().split(b"/")]
    mapped = joined.translate(_UDF_TABLE).split("/")
    return [_udf_bytes(name) for name in _unique([_udf_name(name) for name in mapped], _udf_variant)]


# --- uniqueness -------------------------------------------------------------------------------------


def _unique(
    names: list[Name],
    variant: Callable[[Name, int], Name],
    key: Callable[[Name], Name] | None = None,
    reserved: Sequence[Name] = (),
) -> list[Name]:
    """Give the second and later of equal names the first free numbered variant, in the order of the list.

    Those that are ``reserved`` came first.
    """
    keys = names if key is None else [key(name) for name in names]
    taken: set[Name] = set(keys)
    if len(taken) == len(names) and taken.isdisjoint(reserved):
        return names
    seen = set(reserved)
    taken |= seen
    numbers: dict[Name, int] = {}
    result: list[Name] = []
    for name, name_key in zip(names, keys, strict=True):
        if name_key not in seen:
            seen.add(name_key)
            result.append(name)
            continue
        number = numbers.get(name_key, 0)
        while True:
            number += 1
            candidate = variant(name, number)
            candidate_key = candidate if key is None else key(candidate)
            if candidate_key not in taken:
                break
            if number > len(taken):
                raise NameNotRepresentableError(f"no free variant of the name {name!r} in its directory")
        numbers[name_key] = number
        taken.add(candidate_key)
        seen.add(candidate_key)
        result.append(candidate)
    return result


# --- ISO 9660 ---------------------------------------------------------------------------------------


def _ascii_upper(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).upper()
    kept = (
        char if char.isascii() and char != "/" else "_" for char in folded if not unicodedata.combining(char)
    )
    text = "".join(kept)
    return (
        text if text.strip(".") else "_"
    )  # an identifier of nothing but its dots names nothing (ECMA-119 7.5.1)


def _iso_split(name: str) -> tuple[str, str]:
    base, _, extension = name.rpartition(".") if "." in name else (name, "", "")
    return _ISO_ILLEGAL.sub("_", base), _ISO_ILLEGAL.sub("_", extension)


def _iso_file(name: str, suffix: str = "") -> str:
    base, extension = _iso_split(name)
    extension = extension[: ISO_NAME_LENGTH // 2]
    return f"{base[: ISO_NAME_LENGTH - len(extension) - len(suffix)]}{suffix}.{extension}"


def _iso_file_variant(name: str, number: int) -> str:
    return _iso_file(name, f"_{number}")


def _iso_directory(name: str, suffix: str = "") -> str:
    return _ISO_ILLEGAL.sub("_", name)[: ISO_DIRECTORY_LENGTH - len(suffix)] + suffix


def _iso_directory_variant(name: str, number: int) -> str:
    return _iso_directory(name, f"_{number}")


def _level_1_identifiers(
    names: Sequence[str], *, directories: bool = False, beside: Sequence[str] = ()
) -> list[bytes]:
    """Map as :func:`iso_identifiers`, to names of 8 and extensions of 3 characters (ECMA-119 10.1)."""
    mapped = [_ascii_upper(name).translate(_ISO_TABLE) for name in names]
    make = _level_1_directory if directories else _level_1_file
    return [name.encode() for name in _unique([make(name) for name in mapped], make, reserved=beside)]


def _level_1_directory(name: str, number: int = 0) -> str:
    suffix = f"_{number}" if number else ""
    return _ISO_ILLEGAL.sub("_", name)[: ISO_LEVEL_1[0] - len(suffix)] + suffix


def _level_1_file(name: str, number: int = 0) -> str:
    suffix = f"_{number}" if number else ""
    base, extension = _iso_split(name)
    return f"{base[: ISO_LEVEL_1[0] - len(suffix)]}{suffix}.{extension[: ISO_LEVEL_1[1]]}"


# --- Rock Ridge -------------------------------------------------------------------------------------


def _cut_bytes(name: bytes, limit: int, suffix: bytes = b"") -> bytes:
    """Shorten in front of the extension, at the border of a UTF-8 character."""
    base, dot, extension = name.rpartition(b".")
    if not base or len(extension) > 16:
        base, dot, extension = name, b"", b""
    end = limit - len(dot) - len(extension) - len(suffix)
    while end > 0 and end < len(base) and base[end] & 0xC0 == 0x80:
        end -= 1
    return base[:end] + suffix + dot + extension


def _bytes_variant(name: bytes, number: int) -> bytes:
    return _cut_bytes(name, ROCK_RIDGE_LENGTH, b"~%d" % number)


# --- Joliet and UDF ---------------------------------------------------------------------------------


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _cut_units(name: str, limit: int, suffix: str = "") -> str:
    """Shorten in front of the extension to so many UTF-16 units."""
    base, dot, extension = name.rpartition(".")
    if not base or _units(extension) > 16:
        base, dot, extension = name, "", ""
    room = limit - _units(dot + extension + suffix)
    while _units(base) > room:
        base = base[: max(room, 0)] if len(base) > room else base[:-1]
    return base + suffix + dot + extension


def _joliet_name(name: str, length: int) -> str:
    if _units(name) > length:
        name = _cut_units(name, length)
    return name[:-1] + "_" if name[-1] in ". " else name


def _joliet_variant(name: str, number: int, length: int) -> str:
    return _cut_units(name, length, f"~{number}")


def _udf_name(name: str, suffix: str = "") -> str:
    """Hold a name to UDF's limit, and to the 254 bytes of UTF-8 that Linux' udf shows of it."""
    limit = UDF_LENGTH if max(name, default="") <= "\xff" else UDF_LENGTH // 2
    if not suffix and _units(name) <= limit and len(name.encode()) <= UDF_LENGTH:
        return name
    cut = _cut_units(name, limit, suffix)
    while len(cut.encode()) > UDF_LENGTH:
        limit -= 1
        cut = _cut_units(name, limit, suffix)
    return cut


def _udf_variant(name: str, number: int) -> str:
    return _udf_name(name, f"~{number}")


def _udf_bytes(name: str) -> bytes:
    try:
        return b"\x08" + name.encode("latin-1")
    except UnicodeEncodeError:
        return b"\x10" + name.encode("utf-16-be")
