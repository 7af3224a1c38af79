"""Runs the public checks of drives on a device, in the lab: ``check_a_drive.py DEVICE``; the disc is used up."""

from __future__ import annotations

import sys

import anyio

from aioimapi.testing import DriveReport, check_drive
from aioimapi.transport import open_transport


async def check(device: str) -> DriveReport:
    """Run all checks."""
    return await check_drive(lambda: open_transport(device), destructive=True, tray=True)


def main(device: str) -> None:
    """Print each finding in a line of its own."""
    report = anyio.run(check, device)
    sys.stdout.write(f"{report}\n")
    for finding in report.findings:
        sys.stdout.write(f"FINDING {finding.severity.value}|{finding.check}|{finding.text}\n")
    for outcome in report.outcomes:
        if outcome.passed:
            sys.stdout.write(f"PASSED {outcome.name}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
