"""Which of an image's trees to read, and the sentence that says why.

Rock Ridge comes before UDF: it keeps names as bytes, whatever their coding, and symlinks of any length, where UDF holds
Unicode and drops what does not fit in a block. That its times are coarser is no reason against it. But some programs
write a full UDF tree beside an ISO 9660 tree that is a stub, or in which long files are cut; there UDF is taken.
"""

from __future__ import annotations

from typing import Final

from aioimapi.fs.read._base import READ_FAULTS, SECTOR, ImageContext, Parser
from aioimapi.fs.read._iso9660 import RELOCATION_NAMES, IsoFileSystem
from aioimapi.fs.read._tree import Entry, FileSystem
from aioimapi.fs.read._udf import UdfFileSystem

PREFERENCE: Final = ("rockridge", "udf", "joliet", "iso9660")
"""What ``auto`` takes, best first, by what the trees keep of a file; UDF goes first where it holds more."""

TITLES: Final = {"udf": "UDF", "rockridge": "Rock Ridge", "joliet": "Joliet", "iso9660": "ISO 9660"}

_WHY: Final = {
    "rockridge": "keeps names, owners and links as they were",
    "udf": "keeps long names, long files and attributes",
    "joliet": "keeps long names in Unicode",
    "iso9660": "has short names only",
}

STUB_BYTES: Final = 65_536
"""A Rock Ridge root directory that is longer is no stub, so it need not be compared."""

LONG_FILE: Final = 0x7FFF_F800
"""Programs that cannot write several extents for a file cut it to this many bytes or more, and keep it whole in UDF."""

MAX_COMPARED: Final = 64
"""Directories in which files that may be cut are looked for."""

MAX_SUSPECTS: Final = 8
"""Files that may be cut that are looked up in UDF."""


def why_udf(context: ImageContext, udf: UdfFileSystem, rock_ridge: IsoFileSystem) -> Parser[str]:
    """Return why UDF holds more than Rock Ridge, or an empty string where it does not."""
    root = rock_ridge.root
    if root.size > STUB_BYTES:
        entries: list[Entry] = []
    else:
        try:
            entries = yield from rock_ridge.children(root)
        except READ_FAULTS:
            return "the root directory of Rock Ridge cannot be read"
        if any(entry.mode is None for entry in entries):
            return "Rock Ridge lacks attributes here"
        try:
            names = yield from udf.names(udf.root)
        except READ_FAULTS:
            names = []
        # What Rock Ridge shows where it belongs, other trees have in a directory of its own (RRIP 4.1.5).
        count = sum(1 for name in names if name.lower() not in RELOCATION_NAMES)
        if count > len(entries):
            return f"its root directory has {count:,} entries and that of Rock Ridge {len(entries):,}"
    if context.sector_count is not None and context.sector_count * SECTOR < LONG_FILE:
        return ""
    try:
        return (yield from _cut_file(udf, rock_ridge))
    except READ_FAULTS:
        return ""


def _cut_file(udf: UdfFileSystem, rock_ridge: IsoFileSystem) -> Parser[str]:
    """Look for a file that Rock Ridge has cut, in the first directories."""
    waiting = [rock_ridge.root]
    suspects: list[Entry] = []
    for _ in range(MAX_COMPARED):
        if not waiting or len(suspects) >= MAX_SUSPECTS:
            break
        directory = waiting.pop(0)
        if directory.fault or directory.size > STUB_BYTES:
            continue
        for entry in (yield from rock_ridge.children(directory)):
            if entry.is_directory:
                waiting.append(entry)
            elif entry.size >= LONG_FILE and len(entry.extents) == 1:
                suspects.append(entry)
    for suspect in suspects[:MAX_SUSPECTS]:
        twin: Entry | None = udf.root
        for name in suspect.path.split("/")[1:]:
            if twin is None or twin.size > STUB_BYTES or not twin.is_directory:
                twin = None
                break
            entries = yield from udf.children(twin)
            twin = next((entry for entry in entries if entry.name == name), None)
        if twin is not None and twin.size > suspect.size:
            return f"{suspect.path} is cut in Rock Ridge"
    return ""


def choice(wanted: str, chosen: FileSystem, available: tuple[str, ...], why: str) -> str:
    """Return the sentence that says which tree is read and why.

    Args:
        wanted: What was asked for.
        chosen: What is read.
        available: All that can be read.
        why: Why UDF holds more than Rock Ridge; empty where it does not.
    """
    title = TITLES[chosen.kind]
    others = [TITLES[kind] for kind in available if kind != chosen.kind]
    if not others:
        return f"read from {title}, the only tree there"
    beside = f"{', '.join(others[:-1])} and {others[-1]}" if len(others) > 1 else others[0]
    verb = "are" if len(others) > 1 else "is"
    if wanted != "auto":
        reason = ", as asked"
    elif why:
        reason = f", because {why}"
    else:
        reason = f", which {_WHY[chosen.kind]}"
    return f"read from {title}{reason} ({beside} {verb} there, too)"


__all__ = ("PREFERENCE", "TITLES", "choice", "why_udf")
