"""Programs by others on our drives, over our iSCSI target and a real kernel; and the page that tells how they fare."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from .kernel import CHECKOUT
from .matrix import ATTACHING, BLANKING, BURNING, CASES, FAULTS, LOOKING
from .matrix_page import page
from .matrix_run import Cell, run_matrix

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1_800)]

PAGE = CHECKOUT / "docs" / "compatibility.md"
PACKAGES = (
    "cdrskin",
    "xorriso",
    "growisofs",
    "dvd+rw-tools",
    "wodim",
    "genisoimage",
    "cdrdao",
    "cdparanoia",
    "libcdio-utils",
    "sg3-utils",
    "open-iscsi",
    "user-mode-linux",
)


@pytest.fixture(scope="module")
def cells(scratch: Path) -> list[Cell]:
    """Run everything, once."""
    return run_matrix(CASES, scratch / "matrix")


def versions() -> dict[str, str]:
    """Return the versions of the programs, as Debian has them."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return dict(line.split(" ", 1) for line in asked.stdout.splitlines() if line.count(" ") == 1)


def test_no_two_cases_share_a_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("group", [ATTACHING, BURNING, BLANKING, LOOKING, FAULTS])
def test_every_cell_passes_or_has_its_reason(cells: list[Cell], group: str) -> None:
    mine = [cell for cell in cells if cell.group == group]
    assert mine
    failed = [
        f"{cell.program}, {cell.column}, {cell.mode}: {cell.problem}"
        for cell in mine
        if cell.problem and not cell.reason
    ]
    assert not failed, "\n".join(failed)
    # A reason that no longer holds must go.
    assert [cell for cell in mine if cell.reason and not cell.problem] == []


def test_the_page_tells_what_was_seen(cells: list[Cell]) -> None:
    seen = page(cells, versions())
    if os.environ.get("AIOIMAPI_WRITE_COMPATIBILITY"):
        PAGE.write_text(seen)
    # Another system has other versions of the programs; the results are what counts.
    assert without_versions(PAGE.read_text()) == without_versions(seen)


def without_versions(text: str) -> str:
    return re.sub(r"(?s)## The programs.*", "", text)
