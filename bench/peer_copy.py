"""Peer of the burns: plain Python that reads, hashes and writes in pieces as large as a WRITE command, with no drive.

``python -m bench.peer_copy SOURCE FOLDER FILES`` prints JSON: the floor that a burn to a virtual drive stands on.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

from aioimapi.image._digest import new_hasher

CHUNK_BYTES = 1 << 20
WRITE_BYTES = 64 << 10
GIB = 1 << 30


def main(source: str, folder: str, files: str) -> None:
    """Copy, and remove the copy."""
    buffer = memoryview(bytearray(CHUNK_BYTES))
    hasher = new_hasher()
    path = f"{folder}/disc-copy"
    target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    position = 0
    for name in sorted(os.listdir(source))[: int(files)]:
        file = os.open(f"{source}/{name}", os.O_RDONLY)
        while count := os.readv(file, [buffer]):
            hasher.update(buffer[:count])
            for at in range(0, count, WRITE_BYTES):
                os.pwrite(target, buffer[at : min(at + WRITE_BYTES, count)], position + at)
            position += count
        os.close(file)
    after, wall_s = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - start
    os.close(target)
    os.unlink(path)
    gib = position / GIB
    user_s, system_s = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    figures = {"burned_gib": gib, "write_wall_s": wall_s, "write_cpu_s_per_gib": (user_s + system_s) / gib}
    print(json.dumps({**figures, "write_system_s_per_gib": system_s / gib}))


if __name__ == "__main__":
    main(*sys.argv[1:])
