"""Runs a command under the lab's Linux kernel."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BOOT_ALLOWANCE_S = 60
"""What the boot may take beside the command: about 4 s alone, more where others use the processors."""

CHECKOUT = Path(__file__).resolve().parents[2]


def lab_folder() -> Path:
    """Where the lab is: AIOIMAPI_LAB, or beside this checkout."""
    return Path(os.environ.get("AIOIMAPI_LAB", CHECKOUT.parent / "shared" / "lab"))


@dataclass(frozen=True)
class KernelRun:
    """How a command under the lab's kernel ended."""

    status: int
    output: str


class KernelError(Exception):
    """The kernel did not come up, the time was over, or the command failed."""


def in_kernel(
    command: str,
    *,
    images: Sequence[Path] = (),
    memory: str = "768M",
    timeout_s: int = 100,
    folder: Path | None = None,
    check: bool = True,
) -> KernelRun:
    """Boot the lab's kernel and run a bash script in it, as root, with the caller's files.

    Args:
        command: What bash runs (with -eu and pipefail).
        images: Read-only block devices: the first is /dev/ubdb, then /dev/ubdc, and so on. No commas or colons in
            their names: user-mode Linux parts its options at them.
        memory: The memory of the machine, as the lab's ``--mem``.
        timeout_s: The time limit of boot and command.
        folder: The working folder; the checkout by default.
        check: Raise where the status is not 0.

    Raises:
        KernelError: It did not come up, took longer, or (with ``check``) the script failed.
    """
    arguments = [str(lab_folder() / "kernel"), "--mem", memory, "--timeout", str(timeout_s)]
    for image in images:
        assert not set(",:") & set(str(image)), image
        arguments += ["--image", str(image.resolve(strict=True))]
    done = subprocess.run(
        [*arguments, "--", "bash", "-euo", "pipefail", "-c", command],
        cwd=folder or CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s + BOOT_ALLOWANCE_S,
        check=False,
    )
    run = KernelRun(done.returncode, done.stdout.decode(errors="backslashreplace"))
    if run.status == 125:
        raise KernelError(f"the lab's kernel did not come up:\n{run.output}")
    if run.status == 124:
        raise KernelError(f"no end within {timeout_s} s; so far:\n{run.output}")
    if check and run.status != 0:
        raise KernelError(f"status {run.status}:\n{run.output}")
    return run
