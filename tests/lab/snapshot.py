"""Writes down what is in a tree: one JSON line for each entry. Runs alone, also under the lab's kernel.

``python -I -S snapshot.py ROOT OUTPUT``. It goes from folder to folder by descriptors, so that paths over PATH_MAX and
trees of any depth work, and keeps to four system calls a file, which are slow under user-mode Linux.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import stat
import sys
from collections.abc import Iterator
from typing import Any

READ_BYTES = 1 << 20
KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block",
    stat.S_IFCHR: "character",
}


def read_digest(name: bytes, folder: int, buffer: memoryview) -> tuple[os.stat_result, str]:
    """Hash a file, and fail where it has fewer or more bytes than its size says."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        digest = hashlib.sha256()
        left = status.st_size
        while left > 0:
            count = os.readv(descriptor, [buffer[: min(left + 1, len(buffer))]])
            if count == 0:
                return status, f"{left} bytes short"
            digest.update(buffer[:count])
            left -= count
        return status, digest.hexdigest()[:32] if left == 0 else "longer than its size"
    finally:
        os.close(descriptor)


def is_plain(entry: os.DirEntry[str]) -> bool:
    """Say whether a folder lists an entry as a plain file; one that cannot be looked at is described as such later."""
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def describe(name: bytes, folder: int, kind_of: int, buffer: memoryview) -> dict[str, Any]:
    """Describe one entry of an open folder, with a digest of its bytes or the target of the link."""
    entry: dict[str, Any] = {}
    try:
        if kind_of == stat.S_IFREG:
            status, entry["digest"] = read_digest(name, folder, buffer)
            entry["size"] = status.st_size
        else:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                entry["target"] = os.readlink(name, dir_fd=folder).decode("latin-1")
    except OSError as error:
        return {"kind": "unreadable", "error": str(error)}
    entry["kind"] = KINDS[stat.S_IFMT(status.st_mode)]
    entry["mode"] = stat.S_IMODE(status.st_mode)
    entry["owner"] = [status.st_uid, status.st_gid]
    entry["mtime_ns"] = status.st_mtime_ns
    entry["links"] = status.st_nlink
    entry["inode"] = status.st_ino
    return entry


def entries(root: str) -> Iterator[dict[str, Any]]:
    """Walk a tree, folders before what is in them, the root (an empty path) first; paths are bytes in Latin-1 dress."""
    buffer = memoryview(bytearray(READ_BYTES))
    pending: list[tuple[int, list[bytes], bytes]] = []

    def enter(descriptor: int, path: bytes) -> Iterator[dict[str, Any]]:
        folders: list[bytes] = []
        with os.scandir(descriptor) as listing:
            kinds = [(os.fsencode(entry.name), is_plain(entry)) for entry in listing]
        for name, plain in kinds:
            entry = describe(name, descriptor, stat.S_IFREG if plain else 0, buffer)
            if entry["kind"] == "folder":
                folders.append(name)
            yield {"path": (path + name).decode("latin-1"), **entry}
        pending.append((descriptor, folders, path))

    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield {"path": "", **describe(b".", top, 0, buffer)}
    yield from enter(top, b"")
    while pending:
        descriptor, folders, path = pending[-1]
        if not folders:
            pending.pop()
            os.close(descriptor)
            continue
        name = folders.pop()
        child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        yield from enter(child, path + name + b"/")


def main(root: str, output: str) -> None:
    """Write the snapshot of a tree to a file."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with open(output, "w", encoding="ascii") as file:
        for entry in entries(root):
            file.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
