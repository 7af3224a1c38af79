"""Peer: plain Python that only reads the files' bytes and writes them, each from a new sector: the floor for Python.

``python -I -S peer_plain.py SOURCE OUTPUT``; OUTPUT ``-`` is standard output.
"""

from __future__ import annotations

import gc
import os
import sys

SECTOR_SIZE = 2048
BATCH_BYTES = 1 << 20
SMALL_BYTES = 64 << 10


def paths_of(root: str) -> list[tuple[str, int]]:
    """List every file and its size, folder by folder."""
    found: list[tuple[str, int]] = []
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    found.append((entry.path, entry.stat(follow_symlinks=False).st_size))
    return found


def copy_big(source: int, target: int, size: int) -> None:
    """Let the kernel copy, where it can."""
    copy = os.copy_file_range
    while size:
        try:
            count = copy(source, target, size)
        except OSError:
            count = os.sendfile(target, source, None, size)
        if not count:
            raise SystemExit("a file is shorter than its size")
        size -= count


def main(root: str, output: str) -> None:
    """Write all bytes of a tree."""
    gc.disable()
    target = 1 if output == "-" else os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    batch = bytearray(BATCH_BYTES)
    view = memoryview(batch)
    filled = 0
    for path, size in paths_of(root):
        if filled and filled + size + SECTOR_SIZE > BATCH_BYTES:
            os.write(target, view[:filled])
            filled = 0
        source = os.open(path, os.O_RDONLY)
        if size > SMALL_BYTES:
            copy_big(source, target, size)
        elif size:
            filled += os.readv(source, [view[filled : filled + size]])
            padding = -size % SECTOR_SIZE
            view[filled : filled + padding] = bytes(padding)
            filled += padding
        os.close(source)
    while filled:
        written = os.write(target, view[:filled])
        view, filled = view[written:], filled - written


if __name__ == "__main__":
    main(*sys.argv[1:])
