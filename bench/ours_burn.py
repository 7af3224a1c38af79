"""Measures burns to virtual drives without physics, from one event loop.

``python -m bench.ours_burn SOURCE FOLDER DRIVES LOOP FILES`` burns the first FILES files of SOURCE on DRIVES drives at
once, verifies them fully and prints JSON. A ticker task tells how late the event loop was.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
import time
from typing import Any

import anyio

from aioimapi import FileSystemImage
from aioimapi.recorder import Phase, Progress
from aioimapi.rig import Rig, RigOptions

GIB = 1 << 30
TICK_S = 0.005


class Account:
    """Sums processor time up by what the first drive is doing: a burn, then its verification."""

    def __init__(self) -> None:
        self.start = self.verifying = self.end = _now()

    def on_progress(self, progress: Progress) -> None:
        """Note when the first drive begins to verify."""
        if progress.phase is Phase.VERIFYING and self.verifying is self.start:
            self.verifying = _now()


def _now() -> tuple[float, float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime, usage.ru_stime


async def tick(late_s: list[float]) -> None:
    """Sleep a little again and again, and note by how much each sleep was too long."""
    while True:
        due = time.perf_counter() + TICK_S
        await anyio.sleep(TICK_S)
        late_s.append(time.perf_counter() - due)


async def burn(source: str, folder: str, drives: int, files: int) -> dict[str, Any]:
    """Burn and verify, and return the figures."""
    image = FileSystemImage("BENCH")
    for name in sorted(os.listdir(source))[:files]:
        image.root.add_file(name, f"{source}/{name}")
    plan = await image.plan()
    targets = [f"virtual:{folder}/disc{number}.bdr?media=bd-r&physics=off" for number in range(drives)]
    late_s: list[float] = []
    rig = Rig(targets)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick, late_s)
        await anyio.sleep(0.1)
        late_s.clear()
        account = Account()
        outcomes = await rig.burn(plan, RigOptions(verify="full"), on_progress=account.on_progress)
        account.end = _now()
        tasks.cancel_scope.cancel()
    failed = [str(outcome) for outcome in outcomes if not outcome.ok]
    if failed:
        raise SystemExit("; ".join(failed))
    return _figures(account, plan.size * drives / GIB, late_s)


def _figures(account: Account, gib: float, late_s: list[float]) -> dict[str, Any]:
    late_s.sort()
    (start, cpu_start, system_start), (verify, cpu_verify, system_verify) = account.start, account.verifying
    end, cpu_end, _ = account.end
    return {
        "burned_gib": gib,
        "write_wall_s": verify - start,
        "write_cpu_s_per_gib": (cpu_verify - cpu_start) / gib,
        "write_system_s_per_gib": (system_verify - system_start) / gib,
        "verify_wall_s": end - verify,
        "verify_cpu_s_per_gib": (cpu_end - cpu_verify) / gib,
        "late_p50_ms": late_s[len(late_s) // 2] * 1000,
        "late_p99_ms": late_s[math.ceil(len(late_s) * 0.99) - 1] * 1000,
        "late_max_ms": late_s[-1] * 1000,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(source: str, folder: str, drives: str, loop: str, files: str) -> None:
    """Run on one event loop and remove the discs."""
    try:
        print(json.dumps(anyio.run(burn, source, folder, int(drives), int(files), backend=loop)))
    finally:
        for name in os.listdir(folder):
            if name.startswith("disc"):
                os.unlink(f"{folder}/{name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
