"""The public checks of drives through a real kernel: they find faults of others, none of ours."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from .kernel import CHECKOUT, in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

PYTHON = shlex.quote(sys.executable)
CHECKS = f"{PYTHON} -W error -m tests.lab.check_a_drive"

TGT_FAULTS = {
    "unknown-commands": "TEST UNIT READY with a reserved byte set was answered with GOOD",
    "configuration-requests": "GET CONFIGURATION with the reserved RT=11b was answered with GOOD",
    "disc-information": "READ DISC INFORMATION of type 111b was answered with GOOD",
    "track-information": "READ TRACK INFORMATION of track 2, which is not there was answered with GOOD",
    "toc": "the TOC has no lead-out (AAh)",
    "allocation-length": "READ TOC/PMA/ATIP with 4 bytes brought 0",
    "mode-sense": "page 0Ah alone differs from the list",
    "mode-select": "MODE SELECT of page 3Eh, which is not there was answered with GOOD",
    "event-status": "GET EVENT STATUS NOTIFICATION is mandatory and was refused",
    "tray": "with the tray open there is a current profile",
    "recording": "WRITE at 64, where the next writable address is 0 was answered with GOOD",
}
"""What is wrong with tgt's DVD+R, one finding of each check: known, and to be found."""

TGT_PASSES = {
    "inquiry",
    "vital-product-data",
    "test-unit-ready",
    "request-sense",
    "performance",
    "prevent-allow",
}


def found(output: str) -> dict[tuple[str, str], set[str]]:
    """Return the texts of the findings by severity and check."""
    findings: dict[tuple[str, str], set[str]] = {}
    for line in output.splitlines():
        if line.startswith("FINDING "):
            severity, check, text = line.removeprefix("FINDING ").split("|", 2)
            findings.setdefault((severity, check), set()).add(text)
    return findings


def test_the_faults_of_a_drive_that_others_wrote_are_found(scratch: Path) -> None:
    disc = shlex.quote(str(scratch / "tgt"))
    run = in_kernel(f"tgt-dvd {disc}; {CHECKS} /dev/sr0", timeout_s=150, folder=CHECKOUT)
    findings = found(run.output)
    for check, text in TGT_FAULTS.items():
        assert text in findings.get(("fault", check), set()), run.output
    passed = {line.removeprefix("PASSED ") for line in run.output.splitlines() if line.startswith("PASSED ")}
    assert passed >= TGT_PASSES, run.output


@pytest.mark.parametrize("medium", ["dvd%2Br", "cd-rw", "bd-r", "dvd-ram"])
def test_ours_has_none_through_the_kernel_either(scratch: Path, medium: str) -> None:
    disc = shlex.quote(f"virtual:{scratch / medium[:5]}?media={medium}")
    run = in_kernel(
        f"{PYTHON} -m aioimapi virtual serve {disc} & "
        "for _ in $(seq 200); do (: </dev/tcp/127.0.0.1/3260) 2>/dev/null && break; sleep 0.1; done; "
        f"attach; {CHECKS} /dev/sr0; kill %1",
        timeout_s=150,
        folder=CHECKOUT,
    )
    assert "PASSED recording" in run.output, run.output
    assert not [key for key in found(run.output) if key[0] == "fault"], run.output
