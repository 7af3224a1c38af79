"""Readers that others wrote, asked strictly: each function returns what its program has against an image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .compare import Tree

SECTOR_SIZE = 2048
LIBISOFS_TARGET_MAX = 1023
BEYOND_UCS2 = re.compile(r"libisofs: WARNING : .*UCS-2")


@dataclass(frozen=True)
class Counts:
    """What an image holds, as its source says: the root counts as a folder."""

    files: int
    folders: int
    symlinks: int


def counts_of(tree: Tree, without: frozenset[bytes] = frozenset()) -> Counts:
    """Count what a source tree holds, its root always."""
    kinds = Counter(entry.kind for path, entry in tree.items() if path and path not in without)
    return Counts(kinds["file"], kinds["folder"] + 1, kinds["symlink"])


@dataclass(frozen=True)
class _Said:
    status: int
    out: str
    err: str


def _run(*command: str | Path, timeout_s: float = 100) -> _Said:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return _Said(
        done.returncode,
        done.stdout.decode(errors="surrogateescape"),
        done.stderr.decode(errors="surrogateescape"),
    )


def _first_of(*names: str) -> str:
    return next(name for name in names if shutil.which(name))


def xorriso_complaints(image: Path, source: Tree) -> list[str]:
    """Ask xorriso to load the tree and to read every sector, with its checks of the media.

    Symlinks whose targets pass 1,023 bytes it can neither write nor load, and of characters beyond U+FFFF in Joliet it
    warns where it loads that; about those it may complain.
    """
    said = _run(
        *(
            "xorriso",
            "-report_about",
            "NOTE",
            "-abort_on",
            "FATAL",
            "-error_behavior",
            "image_loading",
            "best_effort",
        ),
        *("-indev", image, "-check_media", "--"),
    )
    text = said.out + said.err
    unknown = {
        path.decode(errors="replace")
        for path, entry in source.items()
        if len(entry.target) > LIBISOFS_TARGET_MAX
    }
    excused = {f"libisofs: SORRY : Error when adding file /{path}" for path in unknown}
    severe = [
        line
        for line in text.splitlines()
        if re.search(r"\b(WARNING|SORRY|MISHAP|FAILURE|FATAL|ABORT)\b", line)
    ]
    severe = [line for line in severe if "Joliet filename valid only with character set UTF-16" not in line]
    severe = [line for line in severe if not BEYOND_UCS2.search(line)]
    follow_up = ("xorriso : NOTE : Tolerated", "xorriso : NOTE : -return_with")
    found = [line for line in severe if line not in excused and not (unknown and line.startswith(follow_up))]
    if said.status != 0 and not unknown:
        found.append(f"xorriso: exit {said.status}")
    regions = re.findall(r"^Media region\s*:\s*(\d+)\s*,\s*(\d+)\s*,\s*(.+)$", text, re.MULTILINE)
    found += [f"xorriso: region {region}" for region in regions if "good" not in region[2]]
    covered = sum(int(size) for _, size, _ in regions)
    if covered != image.stat().st_size // SECTOR_SIZE:
        found.append(f"xorriso: read {covered} sectors of {image.stat().st_size // SECTOR_SIZE}")
    return found


def isoinfo_complaints(image: Path, counts: Counts, *, joliet: bool = True) -> list[str]:
    """Ask isoinfo to list the Joliet (or the Rock Ridge) tree."""
    said = _run("isoinfo", "-J" if joliet else "-R", "-l", "-i", image)
    found = [f"isoinfo: {line}" for line in said.err.splitlines()]
    if said.status != 0:
        found.append(f"isoinfo: exit {said.status}")
    listed = re.findall(
        r"^(.)[-rwxsStT]{9} +\d+ +\d+ +\d+ +(\d+) .* \[ *\d+ [0-9a-f]{2}\] +(.+?)(?: -> .*| )$",
        said.out,
        re.MULTILINE,
    )
    folders = len(re.findall(r"^Directory listing of ", said.out, re.MULTILINE))
    names = [kind for kind, _, name in listed if name not in (".", "..")]
    if folders != counts.folders:
        found.append(f"isoinfo: {folders} folders, expected {counts.folders}")
    expected = counts.files + counts.folders - 1 + (0 if joliet else counts.symlinks)
    if len(names) != expected:
        found.append(f"isoinfo: {len(names)} entries, expected {expected}")
    return found


def seven_zip_complaints(image: Path, kind: str, counts: Counts) -> list[str]:
    """Ask 7-Zip to read every byte of every file.

    Args:
        image: The image.
        kind: ``udf`` or ``iso``, or empty: what it takes itself. It takes UDF, or ISO 9660 where UDF has a symlink,
            which it does not know.
        counts: What it must find; symlinks may be counted as files.
    """
    said = _run(_first_of("7zz", "7z"), "t", *([f"-t{kind}"] if kind else []), image)
    text = said.out + said.err
    found = [
        f"7z: {line}"
        for line in text.splitlines()
        if re.search(r"warning|error|unexpected|tail", line, re.IGNORECASE)
    ]
    if said.status != 0 or "Everything is Ok" not in text:
        found.append(f"7z: exit {said.status}, {text[-200:]!r}")
    size = re.search(r"^Physical Size = (\d+)$", text, re.MULTILINE)
    if size is None or int(size[1]) > image.stat().st_size:
        found.append(f"7z: physical size {size and size[1]}, the image has {image.stat().st_size}")
    files = re.search(r"^Files: (\d+)$", text, re.MULTILINE)
    if files is None or int(files[1]) not in (counts.files, counts.files + counts.symlinks):
        found.append(
            f"7z: {files and files[1]} files, expected {counts.files} or with symlinks {counts.symlinks} more"
        )
    return found


def bsdtar_complaints(image: Path, paths: set[str]) -> list[str]:
    """Ask bsdtar to list the tree: the same paths, Rock Ridge names."""
    said = _run("bsdtar", "-tf", image)
    found = [f"bsdtar: {line}" for line in said.err.splitlines()]
    if said.status != 0:
        found.append(f"bsdtar: exit {said.status}")
    listed = {line.removeprefix("./").rstrip("/") for line in said.out.splitlines()} - {".", ""}
    found += [f"bsdtar: {path!r} is missing" for path in sorted(paths - listed)]
    found += [f"bsdtar: {path!r} is in no source" for path in sorted(listed - paths)]
    return found


def udfinfo_complaints(image: Path, counts: Counts, *, revision: str = "1.02") -> list[str]:
    """Ask udfinfo for the volume's figures; it warns where structures do not agree.

    It tells the revision that a reader must know at least, which is 2.50 for UDF 2.60 as well.
    """
    said = _run("udfinfo", image)
    found = [f"udfinfo: {line}" for line in said.err.splitlines()]
    if said.status != 0:
        found.append(f"udfinfo: exit {said.status}")
    values = dict(line.partition("=")[::2] for line in said.out.splitlines())
    expected = {
        "blocksize": str(SECTOR_SIZE),
        "blocks": str(image.stat().st_size // SECTOR_SIZE),
        "udfrev": min(revision, "2.50"),
        "integrity": "closed",
        "accesstype": "readonly",
        "numfiles": str(counts.files + counts.symlinks),
        "numdirs": str(counts.folders),
    }
    found += [
        f"udfinfo: {key} is {values.get(key)}, expected {value}"
        for key, value in expected.items()
        if values.get(key) != value
    ]
    parts = [line.rpartition("type=")[2] for line in said.out.splitlines() if line.startswith("start=")]
    found += [
        f"udfinfo: no {part}"
        for part in ("VRS", "MVDS", "RVDS", "LVID", "ANCHOR", "PSPACE")
        if part not in parts
    ]
    return found


def grub_complaints(image: Path, source: Path, folders: list[str]) -> list[str]:
    """Ask GRUB's file system code to compare folders (relative paths) with the source, byte for byte."""
    found = []
    for folder in folders:
        said = _run("grub-fstest", image, "cmp", f"(loop0)/{folder}", source / folder)
        text = said.out + said.err
        if said.status != 0 or text.strip():
            found.append(f"grub-fstest: {folder}: exit {said.status}, {text.strip()}")
    return found
