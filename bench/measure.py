"""Runs a program and says what it took: wall time, processor time and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Measured:
    """What one run took.

    Attributes:
        wall_s: Seconds from start to end.
        cpu_s: User and system seconds, of the program and its children.
        peak_mib: The largest resident set of any of its processes. A program smaller than the one that starts it
            (some 9 MiB) shows that one's size.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float

    def as_dict(self) -> dict[str, float]:
        """Return it for JSON."""
        return asdict(self)


class RunFailedError(Exception):
    """The program ended with an error, or took longer than the limit."""


def run(
    command: Sequence[str],
    *,
    folder: Path,
    stdout: str = "/dev/null",
    drain: bool = False,
    limit_s: int = 900,
) -> Measured:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        folder: Where small files with its errors and figures go.
        stdout: The file that takes its standard output.
        drain: Standard output is a pipe to a ``cat`` that throws it away, and the time runs until that ends too.
        limit_s: When to give up.

    Raises:
        RunFailedError: The status is not 0, or the time was over.
    """
    os.sync()  # what an earlier run left unwritten must not slow this one
    errors = folder / "errors"
    result = folder / "result"
    settings = [str(result), stdout, str(errors), str(int(drain)), str(limit_s)]
    subprocess.run([sys.executable, "-I", "-S", str(LAUNCH), *settings, *command], check=True)
    status, wall_s, cpu_s, peak_kib = (float(word) for word in result.read_text().split())
    if status != 0:
        said = errors.read_bytes()[-400:].decode(errors="replace").strip()
        raise RunFailedError(f"{command[0]} ended with {status:.0f}: {said}")
    return Measured(wall_s, cpu_s, peak_kib / 1024)


def median(runs: Sequence[Measured]) -> Measured:
    """Return the medians of several runs, each figure for itself."""
    return Measured(
        statistics.median(one.wall_s for one in runs),
        statistics.median(one.cpu_s for one in runs),
        statistics.median(one.peak_mib for one in runs),
    )
