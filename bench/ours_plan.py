"""Measures planning alone: ``python -m bench.ours_plan SOURCE`` prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

import anyio

from aioimapi import FileSystemImage


async def main(source: str) -> None:
    """Plan an image of a folder."""
    start = time.perf_counter()
    before = _cpu_s()
    image = FileSystemImage("BENCH")
    image.root.add_tree(source)
    plan = await image.plan()
    figures = {
        "wall_s": time.perf_counter() - start,
        "cpu_s": _cpu_s() - before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "files": plan.file_count,
        "sectors": plan.sector_count,
    }
    print(json.dumps(figures))


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
