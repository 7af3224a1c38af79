"""Writes ``docs/compatibility.md`` from the cells of a run: the table of programs, media and ways."""

from __future__ import annotations

from collections.abc import Sequence

from .matrix import ATTACHING, BLANKING, BURNING, FAULTS, LOOKING
from .matrix_run import Cell

PASSED = "passed"

TITLES = {
    ATTACHING: (
        "The kernel's drivers",
        """Linux' `sr` and `sg` attach a drive with each kind of disc in it, look at it, see it taken out and put in
again. The kernel's log has no error line.""",
    ),
    BURNING: (
        "Burning",
        """After each burn the disc is taken out and put in again. Of data, the kernel mounts it and every file is
equal, or the sectors are those of the image; of audio, cdparanoia reads every sample back, and CD-Text, catalogue
number and ISRC come back as they were written.""",
    ),
    BLANKING: (
        "Blanking and formatting",
        """A disc that holds something is made new, or a blank one formatted; it shows itself as that, and is burned and
mounted.""",
    ),
    LOOKING: (
        "Looking",
        """What the programs tell of the disc, blank and written, is what they tell of a real one: the kind of disc, its
state, its sizes, its tracks.""",
    ),
    FAULTS: (
        "Faults",
        """Each fault that the virtual drive can have. A program passes where it tells of the fault with the drive's own
sense data, or does what it does of itself, trying again; where it cannot notice, the bytes on the disc must be damaged
as the fault says. `aioimapi` passes where the error has the right type and message.""",
    ),
}

HEAD = """# Programs by others, on the virtual drive

The virtual drive is shown to other programs over iSCSI, and a Linux kernel's own initiator and drivers stand between:
what they see is `/dev/sr0` and `/dev/sg0`. This page is made by the run that tries them (`make compatibility`), and
every run of `make lab` compares. A cell says *passed*, or why it cannot be.
"""


def page(cells: Sequence[Cell], versions: dict[str, str]) -> str:
    """Return the whole page."""
    parts = [HEAD]
    passed = sum(1 for cell in cells if not cell.problem)
    known = sum(1 for cell in cells if cell.problem and cell.reason)
    parts.append(
        f"Of {len(cells)} cells {passed} passed; {known} cannot, for the reason that stands in them.\n"
    )
    for group, (title, text) in TITLES.items():
        mine = [cell for cell in cells if cell.group == group]
        if mine:
            parts.append(f"## {title}\n\n{text}\n\n" + _table(mine))
    parts.append(
        "## The programs\n\n" + "".join(f"- {name} {version}\n" for name, version in versions.items())
    )
    return "\n".join(parts)


def _table(cells: Sequence[Cell]) -> str:
    """One row for each program and way, one column where media have the same result: media are listed by result."""
    rows: dict[tuple[str, str], dict[str, list[str]]] = {}
    for cell in cells:
        said = PASSED if not cell.problem else (cell.reason or "FAILED")
        columns = rows.setdefault((cell.program, cell.mode), {}).setdefault(said, [])
        if cell.column not in columns:
            columns.append(cell.column)
    lines = ["| program | what it does | media | result |", "|---|---|---|---|"]
    for (program, mode), results in rows.items():
        for said, columns in results.items():
            media = ", ".join(column.upper() if " " not in column else _upper(column) for column in columns)
            lines.append(f"| {program} | {mode} | {media} | {said.replace('|', '/')} |")
    return "\n".join(lines) + "\n"


def _upper(column: str) -> str:
    medium, _, variant = column.partition(" ")
    return f"{medium.upper()} ({variant})"
