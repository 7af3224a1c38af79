"""Writes down what is in a tree: one JSON line for each entry. Runs alone, also under the lab's kernel.

``python -I -S snapshot.py ROOT OUTPUT [sample]``. It goes from folder to folder by descriptors, so that paths over
PATH_MAX and trees of any depth work, and keeps to four system calls a file, which are slow under user-mode Linux.

With ``sample``, big files are hashed around their likely seams only, and every sixteenth entry of a big folder is
looked at: Linux' isofs and udf find each by going through the folder from its beginning.
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
BIG_FILE = 64 << 20
BIG_FOLDER = 2000
SEAM = 1 << 28
"""Extents begin near a multiple of this: of 1 GiB less a block in UDF, of 4 GiB less one in ISO 9660."""

KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block",
    stat.S_IFCHR: "character",
}


class Reader:
    """Hashes files, wholly or in samples."""

    def __init__(self, *, sample: bool) -> None:
        self.sample = sample
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._zeros = bytes(READ_BYTES)

    def facts(self, name: bytes, folder: int) -> tuple[os.stat_result, dict[str, Any]]:
        """Return a file's status, size and digests; of a big one also that of the samples."""
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            status = os.fstat(descriptor)
            size = status.st_size
            entry: dict[str, Any] = {"size": size}
            if size > BIG_FILE:
                parts = [
                    (max(seam - READ_BYTES, 0), min(seam + READ_BYTES, size)) for seam in range(0, size, SEAM)
                ]
                entry["sample"] = self._digest(descriptor, [*parts, (size - READ_BYTES, size)])
            if not self.sample or size <= BIG_FILE:
                sparse = size > BIG_FILE and status.st_blocks * 512 < size
                whole = data_of(descriptor, size) if sparse else [(0, size)]
                entry["digest"] = self._digest(descriptor, whole, size)
            return status, entry
        finally:
            os.close(descriptor)

    def _digest(self, descriptor: int, parts: list[tuple[int, int]], size: int = 0) -> str:
        """Hash parts of a file; with its size, all of it: what lies between the parts is zeros."""
        digest = hashlib.sha256()
        done = 0
        for start, end in parts:
            if size:
                self._zero(digest, start - done)
            while start < end:
                count = os.preadv(descriptor, [self._buffer[: min(end - start, READ_BYTES)]], start)
                if count == 0:
                    return f"{end - start} bytes short"
                digest.update(self._buffer[:count])
                start += count
            done = end
        self._zero(digest, size - done)
        return digest.hexdigest()[:32]

    def _zero(self, digest: hashlib._Hash, count: int) -> None:
        while count > 0:
            digest.update(self._zeros[: min(count, READ_BYTES)])
            count -= READ_BYTES


def data_of(descriptor: int, size: int) -> list[tuple[int, int]]:
    """Say where a sparse file has data: reading holes costs more than hashing them."""
    parts = []
    position = 0
    while position < size:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError:  # ENXIO: a hole up to the end
            break
        position = os.lseek(descriptor, start, os.SEEK_HOLE)
        parts.append((start, position))
    return parts


def is_plain(entry: os.DirEntry[str]) -> bool:
    """Say whether a folder lists an entry as a plain file; one that cannot be looked at is described as such later."""
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def describe(name: bytes, folder: int, plain: bool, reader: Reader) -> dict[str, Any]:
    """Describe one entry of an open folder, with a digest of its bytes or the target of the link."""
    entry: dict[str, Any] = {}
    try:
        if plain:
            status, entry = reader.facts(name, folder)
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


def entries(root: str, reader: Reader) -> Iterator[dict[str, Any]]:
    """Walk a tree, folders before what is in them, the root (an empty path) first; paths are bytes in Latin-1 dress."""
    pending: list[tuple[int, list[bytes], bytes]] = []

    def enter(descriptor: int, path: bytes) -> Iterator[dict[str, Any]]:
        folders: list[bytes] = []
        with os.scandir(descriptor) as listing:
            found = list(listing)
        if reader.sample and len(found) > BIG_FOLDER:
            yield from (
                {"path": (path + os.fsencode(one.name)).decode("latin-1"), "kind": "listed"} for one in found
            )
            found = found[::16]
        for name, plain in [(os.fsencode(entry.name), is_plain(entry)) for entry in found]:
            entry = describe(name, descriptor, plain, reader)
            if entry["kind"] == "folder":
                folders.append(name)
            yield {"path": (path + name).decode("latin-1"), **entry}
        pending.append((descriptor, folders, path))

    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield {"path": "", **describe(b".", top, False, reader)}
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


def main(root: str, output: str, sample: str = "") -> None:
    """Write the snapshot of a tree to a file."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with open(output, "w", encoding="ascii") as file:
        for entry in entries(root, Reader(sample=bool(sample))):
            file.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
