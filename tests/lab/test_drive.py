"""Our Linux transport and driver under a real kernel, on a drive that others wrote and on the kernel's fake one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from .kernel import CHECKOUT, in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

CHECKS = f"{shlex.quote(sys.executable)} -W error -m tests.lab.drive_checks"


def test_a_drive_that_others_wrote(scratch: Path) -> None:
    disc = shlex.quote(str(scratch / "disc"))
    run = in_kernel(f"tgt-dvd {disc}; {CHECKS} tgt /dev/sr0", timeout_s=250, folder=CHECKOUT)
    assert run.output.rstrip().endswith("all well")


def test_a_drive_that_is_slow_silent_and_gone() -> None:
    run = in_kernel(f"{CHECKS} debug", timeout_s=250, folder=CHECKOUT)
    assert run.output.rstrip().endswith("all well")
