"""Builds the hard tree: what file systems and their writers get wrong, in one folder.

Everything is made by rule, so two builds are equal. Big files are sparse: they cost no disk, an image of them does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

GIB = 1 << 30
UDF_EXTENT = 0x3FFFF800
"""The longest extent of UDF that is whole blocks (ECMA-167 4/14.14.1.1: 30 bits)."""

SCRIPTS = {
    "ascii": "abcdefghijklmnopqrstuvwxyz0123456789-_",
    "latin": "äöüßéèñçåø",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "cyrillic": "абвгдежзиклмнопрстуфхцчшщъыьэюя",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "han": "漢字文書名長試験漢語",
    "hangul": "가나다라마바사아자차카타파하",
    "emoji": "😀🎵📀🚀🌍👩🎉",
    "combining": "e\u0301a\u0308o\u0302n\u0303",
    "joined": "👩\u200d👩\u200d👧\u200d👦",
}

ODD_NAMES = (
    "README", "readme", "ReadMe", "README.", "readme.txt", "README.TXT",  # one name where case does not count
    "\u00e9.txt", "e\u0301.txt",  # one name after normalisation
    "a;1", "a", "b;", "semi;colon;2", "star*", "what?", "colon:", "back\\slash", 'quote"', "less<more>", "pipe|",
    " leading", "trailing ", "trailing.", "trailing. . ", ".hidden", "..dots", "...", "two..dots", "a.b.c.d.e.f",
    "new\nline", "tab\there", "bell\a", "delete\x7f", "\x01", "~", "-rf", "--help", "$HOME", "%41",
    "con", "NUL", "aux.txt", "rr_moved", "LONGNAME_WITHOUT_DOT_" + "X" * 40, "long" + "y" * 61, "long" + "y" * 60,
    "long" + "y" * 62, "z" * 110 + "1", "z" * 110 + "2", "extension." + "x" * 60, "\ufeffmark", "\u202eright",
    "\u00a0", "\uffff", "\ue000", "\U0010fffd", "\uff46\uff55\uff4c\uff4c", "\u0130stanbul", "\u01c5", "stra\u00dfe",
    "STRASSE",
)  # fmt: skip

NOT_UTF8 = (
    b"latin1-\xe9\xe8", b"\xff", b"\x80\x81\x82.bin", b"half-\xe2\x82", b"overlong-\xc0\xaf",
    b"surrogate-\xed\xa0\x80", b"mixed-\xc3\xa9-\xe9", b"\xff" * 255,
)  # fmt: skip

SYMLINKS = {
    b"absolute": b"/usr/share/doc",
    b"dangling": b"nowhere/at/all",
    b"up": b"../../..",
    b"here": b".",
    b"dotted": b"./a/../b/./c",
    b"doubled": b"//a///b//",
    b"slash": b"folder/",
    b"root": b"/",
    b"long-part": b"p" * 250,
    b"long-parts": b"/".join([b"q" * 200] * 15),
    b"many-parts": b"/".join([b"r"] * 1500),
    b"longest": (b"s" * 120 + b"/") * 33 + b"t" * 102,
    b"unicode": "漢字/😀".encode(),
    b"not-utf8": b"\xff\xfe/\xe9",
    b"loop": b"loop",
}

SIZES = (0, 1, 2, 2047, 2048, 2049, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577)

TIMES_S = (0, 1, 951_782_399, 951_827_696, 1_700_000_000, 2**31 - 1, 2**31, 4_000_000_000)
"""Seconds since 1970; the fourth is in 29 February 2000. Those from 2**31 on the kernel's iso9660 reads wrongly."""


def build(root: Path, *, big: bool = True, files_in_one_folder: int = 20_000, depth: int = 300) -> None:
    """Build the tree in a new folder.

    Args:
        root: The folder, not yet there.
        big: With the files of 1 and 5 GiB, which an image has to hold in full.
        files_in_one_folder: How many.
        depth: Levels of the deep trees.
    """
    root.mkdir()
    _put(
        root / "crowd",
        ((f"file-{number:05d}.txt".encode(), b"%d\n" % number) for number in range(files_in_one_folder)),
    )
    _put(root / "lengths", _names_of_every_length())
    for script, letters in SCRIPTS.items():
        _put(root / f"script-{script}", _names_in(letters))
    _put(root / "odd", ((name.encode(), name.encode()) for name in ODD_NAMES))
    _put(root / "not-utf8", ((name, name) for name in NOT_UTF8))
    _put(root / "sizes", ((b"%d" % size, (bytes(range(251)) * (size // 251 + 1))[:size]) for size in SIZES))
    _empties_and_links(root)
    _deep(root / "deep-short", b"d", depth)
    _deep(root / "deep-long", b"folder-with-a-name-that-makes-paths-long-%03d", depth)
    _modes_and_times(root / "status")
    if big:
        _big(root / "big")


def _put(folder: Path, files: Iterator[tuple[bytes, bytes]]) -> None:
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        for name, content in files:
            _write(descriptor, name, content)
    finally:
        os.close(descriptor)


def _write(folder: int, name: bytes, content: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def _names_of_every_length() -> Iterator[tuple[bytes, bytes]]:
    for length in range(1, 256):
        name = (b"%03d-" % length + b"n" * 255)[:length] if length > 3 else b"n" * length
        yield name, b"%d" % length


def _names_in(letters: str) -> Iterator[tuple[bytes, bytes]]:
    """Names of up to 255 bytes: each length in characters, then the last again with an extension."""
    endless = letters * 256
    length = 1
    while len(name := endless[:length].encode()) <= 255:
        yield name, name
        length += 1 if length < 8 else 7
    for length in range(1, 256):
        name = endless[:length].encode() + b".txt"
        if 248 < len(name) <= 255 or length == 60:
            yield name, name


def _empties_and_links(root: Path) -> None:
    (root / "empty" / "folder" / "in-folder").mkdir(parents=True)
    (root / "empty" / "file").touch()
    links = root / "links"
    links.mkdir()
    for name, target in SYMLINKS.items():
        os.symlink(target, os.fsencode(links) + b"/" + name)
    (links / "first").write_bytes(b"one file, three names\n" * 500)
    os.link(links / "first", links / "second")
    os.link(links / "first", root / "third-name-elsewhere")
    os.mkfifo(root / "links" / "fifo")


def _deep(root: Path, pattern: bytes, depth: int) -> None:
    """Go down by descriptors: the long variant's paths are over PATH_MAX."""
    root.mkdir()
    folder = os.open(root, os.O_RDONLY)
    for level in range(depth):
        name = pattern % level if b"%" in pattern else pattern
        os.mkdir(name, dir_fd=folder)
        child = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = child
        if level in (6, 7, 8, 99, depth - 1):
            _write(folder, b"file-%d" % level, b"at level %d\n" % level)
    os.close(folder)


def _modes_and_times(folder: Path) -> None:
    folder.mkdir()
    for mode in (0o000, 0o400, 0o644, 0o755, 0o777, 0o4755, 0o2755, 0o1777, 0o7777):
        path = folder / f"mode-{mode:04o}"
        path.write_bytes(b"x")
        path.chmod(mode)
    if os.geteuid() == 0:
        for owner in (1, 1000, 65_534, 65_536, 2**31 - 1):
            path = folder / f"owner-{owner}"
            path.write_bytes(b"x")
            os.chown(path, owner, owner)
    for second in TIMES_S:
        for name, part in (("whole", 0), ("part", 123_456_789)):
            path = folder / f"time-{second}-{name}"
            path.write_bytes(b"x")
            os.utime(path, ns=(0, second * 1_000_000_000 + part))
    inner = folder / "folder-0700"
    inner.mkdir(mode=0o700)
    os.utime(inner, ns=(0, 1_234_567_890_000_000_000))


def _big(folder: Path) -> None:
    folder.mkdir()
    for size in (UDF_EXTENT - 1, UDF_EXTENT, UDF_EXTENT + 1, 5 * GIB):
        with (folder / f"{size:#x}").open("wb") as file:
            file.truncate(size)
            for position in (
                0,
                UDF_EXTENT - 4096,
                UDF_EXTENT,
                2 * GIB - 1,
                4 * GIB - 2048,
                4 * GIB,
                size - 3000,
            ):
                if position < size:
                    file.seek(position)
                    file.write((b"%#x in %#x\n" % (position, size) * 400)[: min(6000, size - position)])
