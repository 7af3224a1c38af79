"""What each file system of an image can show of a tree, by the standards and by what Linux makes of them.

Not taken from the writer: which names must stay as they are is judged here by the standards' limits.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import Counter
from dataclasses import dataclass

from .command import Names, paths_of
from .compare import Tree, View

ISO_DATE_END_S = 2**31
"""Linux' isofs computes dates in 32 bits."""

UDF_BLOCK = 2048
"""Linux' udf does not read symlinks of more path components than one block."""

LINUX_ROCK_RIDGE_MAX = 253
LINUX_UDF_MAX = 254
JOLIET_ILLEGAL = frozenset('*/:;?\\"<>|')


@dataclass(frozen=True)
class Views:
    """One view for each way to mount an image with all four file systems."""

    rock_ridge: View
    joliet: View
    iso9660: View
    udf: View


def views_of(source: Tree, names: Names, absent: frozenset[bytes] = frozenset()) -> Views:
    """Say what each mount must show.

    Args:
        source: The source tree.
        names: What the plan says that every name becomes.
        absent: Paths that the plan left out everywhere, with a warning.
    """
    rock_ridge = paths_of(source, names["rock_ridge"])
    udf = {
        path: b"/".join(map(_linux_udf_name, new.split(b"/")))
        for path, new in paths_of(source, names["udf"]).items()
    }
    plain = {"modes": 0, "owners": False, "mtime_end_s": ISO_DATE_END_S, "absent": absent}
    return Views(
        View(
            "rock-ridge",
            rock_ridge,
            absent=absent,
            ignored=frozenset(new for new in rock_ridge.values() if _isofs_cannot_find(new)),
            target_of=tidy_target,
            mtime_end_s=ISO_DATE_END_S,
        ),
        View("joliet", paths_of(source, names["joliet"]), symlinks="absent", **plain),  # type: ignore[arg-type]
        View("iso9660", paths_of(source, names["iso9660"]), symlinks="empty", **plain),  # type: ignore[arg-type]
        View(
            "udf",
            udf,
            absent=absent | udf_lacks(source),
            target_of=_udf_target,
            mtime_step_ns=1000,
            hard_links=True,
        ),
    )


def udf_lacks(source: Tree) -> frozenset[bytes]:
    """Name the symlinks that have to stay out of UDF, since Linux cannot look at them."""
    return frozenset(
        path
        for path, entry in source.items()
        if entry.kind == "symlink" and _udf_link_bytes(entry.target) > UDF_BLOCK
    )


def tidy_target(target: bytes) -> bytes:
    """Drop the slashes of a symlink's target that no component stands between."""
    tidy = b"/".join(part for part in target.split(b"/") if part)
    return b"/" + tidy if target.startswith(b"/") else tidy


def _udf_target(target: bytes) -> bytes:
    """Bytes that are no UTF-8 have no form in UDF's Unicode; the mapping makes them ``_``."""
    text = tidy_target(target).decode("utf-8", "surrogateescape")
    return "".join("_" if "\udc80" <= char <= "\udcff" else char for char in text).encode()


def _udf_link_bytes(target: bytes) -> int:
    """Bytes of the path components of a target (ECMA-167 4/14.16.1: 4 and the name, with its compression ID)."""
    parts = [part.decode("utf-8", "replace") for part in target.split(b"/") if part]
    narrow = [max(part) <= "\xff" for part in parts]
    return sum(
        4 + (len(part) + 1 if one else 2 * len(part) + 1) for part, one in zip(parts, narrow, strict=True)
    )


def _isofs_cannot_find(path: bytes) -> bool:
    """Linux' isofs takes a name of one byte for "." or ".." unless that byte is above 1 as a signed number."""
    name = path.rpartition(b"/")[2]
    return len(name) == 1 and (name[0] <= 1 or name[0] >= 0x80)


def _linux_udf_name(name: bytes) -> bytes:
    """Linux' udf shows 254 bytes of UTF-8 at most, with a checksum at their end; it takes ``..dots`` for a dot."""
    if name == b"..dots":
        return b".#DCA7.dots"
    if len(name) <= LINUX_UDF_MAX:
        return name
    text = name.decode("utf-8", "surrogateescape")
    stored = (
        b"\x08" + text.encode("latin-1")
        if max(text) <= "\xff"
        else b"\x10" + text.encode("utf-16-be", "surrogatepass")
    )
    cut = name[: LINUX_UDF_MAX - 5]
    return cut.decode("utf-8", "ignore").encode() + b"#%04X" % crc_hqx(stored, 0)


def changed_without_need(source: Tree, names: Names) -> list[str]:
    """Name what a plan renamed although the file system could hold it."""
    found = []
    folds = Counter((path.rpartition(b"/")[0], _fold(path)) for path in source)
    for path in filter(None, source):
        folder, _, name = path.rpartition(b"/")
        for file_system, fits in (
            ("rock_ridge", len(name) <= LINUX_ROCK_RIDGE_MAX),
            ("udf", _fits_udf(name)),
            ("joliet", _fits_joliet(name) and folds[folder, _fold(path)] == 1),
        ):
            new = names[file_system].get(path, name)
            if fits and new != name:
                found.append(f"{file_system}: {path!r} became {new!r}")
    return found


def _fold(path: bytes) -> str:
    return path.rpartition(b"/")[2].decode("utf-8", "surrogateescape").casefold()


def _fits_udf(name: bytes) -> bool:
    """OSTA UDF 2.1.1 and 4.2.2: 254 characters up to U+00FF, or 127 of UTF-16; and what Linux shows whole."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return False
    units = len(text.encode("utf-16-le")) // 2
    return units <= (254 if max(text) <= "\xff" else 127) and len(name) <= LINUX_UDF_MAX


def _fits_joliet(name: bytes) -> bool:
    """Joliet: 64 units of UTF-16, and neither the characters it forbids nor those that its readers refuse."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return False
    units = len(text.encode("utf-16-le")) // 2
    return units <= 64 and not JOLIET_ILLEGAL & set(text) and min(text) >= " " and text[-1] not in ". "
