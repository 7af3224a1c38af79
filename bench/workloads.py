"""Makes the workloads, by rule from a seed: *large*, *small* and *many*."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
POOL_BYTES = 16 * MIB


@dataclass(frozen=True)
class Workload:
    """A tree to make an image of.

    Attributes:
        name: ``large``, ``small`` or ``many``.
        files: How many files.
        folders: How many folders they are spread over, evenly; 0 for none.
        smallest: Bytes of the smallest file.
        largest: Bytes of the largest file.
    """

    name: str
    files: int
    folders: int
    smallest: int
    largest: int

    def scaled(self, scale: float) -> Workload:
        """Return a smaller one: fewer files of the same sizes, or for *large* as many smaller ones."""
        if self.folders == 0:
            size = max(int(self.largest * scale) // 2048 * 2048, 2048)
            return Workload(self.name, self.files, 0, size, size)
        folders = max(int(self.folders * scale), 1)
        return Workload(
            self.name, max(int(self.files * scale), folders), folders, self.smallest, self.largest
        )


WORKLOADS = {
    "large": Workload("large", 8, 0, 512 * MIB, 512 * MIB),
    "small": Workload("small", 100_000, 1_000, 0, 8 * 1024),
    "many": Workload("many", 500_000, 5_000, 0, 100),
}


def make(workload: Workload, root: Path, seed: int = 20) -> int:
    """Make a workload's tree in a new folder, with bytes that do not compress, and read it once (warm cache).

    Returns:
        The bytes of all files.
    """
    root.mkdir(parents=True)
    numbers = random.Random(f"{seed} {workload.name}")
    pool = numbers.randbytes(POOL_BYTES)
    total = 0
    folder = str(root)
    per_folder = workload.files // workload.folders if workload.folders else workload.files
    for number in range(workload.files):
        if workload.folders and number % per_folder == 0 and number // per_folder < workload.folders:
            folder = f"{root}/folder-{number // per_folder:04d}"
            os.mkdir(folder)
        size = numbers.randint(workload.smallest, workload.largest)
        _write(f"{folder}/file-{number:06d}.data", size, pool, numbers)
        total += size
    return total


def _write(path: str, size: int, pool: bytes, numbers: random.Random) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        while size > 0:
            start = numbers.randrange(POOL_BYTES - min(size, POOL_BYTES // 2))
            size -= os.write(file, memoryview(pool)[start : start + min(size, POOL_BYTES // 2)])
    finally:
        os.close(file)
