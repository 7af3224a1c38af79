"""Runs the cases of ``matrix.py``: few boots of the lab's kernel, each with a server of ours.

Each case has a drive of its own there.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import struct
import subprocess
import sys
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import attrs

from .command import AIOIMAPI
from .kernel import CHECKOUT, KernelError, in_kernel
from .matrix import ATTACHING, Case

PATHS = {"PYTHONPATH": str(CHECKOUT)}
LIBRARY = Path(__file__).with_name("matrix.sh")
PORT = 3260
AUTHORITY = "iqn.2026-11.local.aioimapi"
BOOTS_AT_ONCE = 2
SIDE_BY_SIDE = 5
"""Cases at once in each boot: most of a burner's time is spent asleep."""
LONGEST_S = 1_500
"""The time limit of a boot; alone on two processors, it ends in a fifth of that."""

FRAMES_PER_TRACK = 306
"""Sectors of each audio track; it has 300, four seconds, at least."""

HARMLESS = re.compile(
    "|".join(
        (
            r"Attached scsi",
            r"scsi host\d+: iSCSI Initiator",
            r"CD-ROM +AIOIMAPI",
            r"scsi[-\d]* drive|scsi3-mmc drive",
            r"cdrom: Uniform CD-ROM driver",
            r"Power-on or device reset occurred",
            r"UDF-fs: INFO|UDF-fs: warning.*(No VRS found|Scanning with blocksize|No anchor found|No partition found)",
            r"ISO 9660 Extensions|ISOFS: changing to secondary root",
            r"iscsi: registered transport|Loading iSCSI transport",
            r"(session|connection)\d.*(operational|logout)",
            r"Synchronizing SCSI cache",
        )
    )
)
"""What the kernel says where nothing is wrong."""


@attrs.frozen
class Cell:
    """One result: a program, a way, a medium.

    Attributes:
        group: The table.
        program: The row.
        column: The medium.
        mode: What was done.
        problem: Empty where it passed.
        reason: Why it cannot pass, where that is known.
        seconds: How long the case took, all its cells together.
    """

    group: str
    program: str
    column: str
    mode: str
    problem: str = ""
    reason: str = ""
    seconds: float = 0.0


# --- what is burned --------------------------------------------------------------------------------------


def make_sources(folder: Path) -> None:
    """Make the files that every case burns: two trees, an image of the first, audio, and what describes it."""
    chance = random.Random("matrix")
    for name, count in (("one", 12), ("two", 6)):
        root = folder / name
        (root / f"folder of {name}").mkdir(parents=True)
        for number in range(count):
            where = root if number % 2 else root / f"folder of {name}"
            (where / f"{name} file {number}.bin").write_bytes(chance.randbytes(chance.randrange(40_000)))
        (root / f"{name} big.bin").write_bytes(chance.randbytes(700_000))
        (root / f"{name} empty").touch()
    for name in ("one", "two"):
        making = ["genisoimage", "-quiet", "-R", "-J", "-V", name.upper(), "-o", f"{name}.iso", name]
        subprocess.run(making, check=True, cwd=folder)
    for name in ("one", "two"):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(44_100)
            file.writeframes(music := _music(chance, FRAMES_PER_TRACK * 588))
        (folder / f"{name}.raw").write_bytes(music)
    (folder / "text.v07t").write_text(V07T.replace("\n", "\r\n"))
    for number, (name, title) in enumerate((("one", "First piece"), ("two", "Second piece")), 1):
        (folder / f"{name}.inf").write_text(INF.format(number=number, title=title, length=FRAMES_PER_TRACK))


def _music(chance: random.Random, samples: int) -> bytes:
    """Return noise that never repeats, so that a sample that is lost or misplaced shows; no silence at the ends."""
    return struct.pack(
        f"<{2 * samples}h", *(chance.randrange(-30_000, 30_000) | 1 for _ in range(2 * samples))
    )


V07T = """Input Sheet Version = 0.7T
Text Code = 8859
Language Code = English
Album Title = Lab album
Artist Name = Lab performer
Songwriter =
Composer =
Arranger =
Album Message =
Track 01 Title = First piece
Track 01 Artist = Lab performer
Track 02 Title = Second piece
Track 02 Artist = Lab performer
"""

INF = """#created by a test
CDINDEX_DISCID=\t''
Albumperformer=\t'Lab performer'
Performer=\t'Lab performer'
Albumtitle=\t'Lab album'
Tracktitle=\t'{title}'
Tracknumber=\t{number}
Trackstart=\t0
Tracklength=\t{length}, 0
Pre-emphasis=\tno
Channels=\t2
Copy_permitted=\tyes
Endianess=\tlittle
Index=\t\t0
"""


# --- running ---------------------------------------------------------------------------------------------


def run_matrix(cases: Sequence[Case], folder: Path, *, boots: int = BOOTS_AT_ONCE) -> list[Cell]:
    """Run cases, in some boots side by side, and return every cell."""
    data = folder / "data"
    if not data.exists():
        data.mkdir(parents=True)
        make_sources(data)
    parts = [list(cases[number::boots]) for number in range(boots)]
    with ThreadPoolExecutor(boots) as pool:
        results = list(
            pool.map(lambda part: _boot(part[1], folder, part[0]), enumerate(part for part in parts if part))
        )
    found = {cell for part in results for cell in part}
    order = {case.name: number for number, case in enumerate(cases)}
    return sorted(found, key=lambda cell: _place(cell, order))


def _place(cell: Cell, order: dict[str, int]) -> tuple[int, str, str]:
    name = Case(cell.group, cell.program, cell.column, cell.mode, "").name
    return order.get(name, len(order)), cell.column, cell.mode + cell.program


def _boot(cases: Sequence[Case], folder: Path, number: int) -> list[Cell]:
    """Run some cases in one boot."""
    discs, out = folder / f"discs{number}", folder / "out"
    discs.mkdir(exist_ok=True)
    out.mkdir(exist_ok=True)
    for case in cases:
        (out / case.name).mkdir(exist_ok=True)
        (out / case.name / "script").write_text(case.script)
        if case.source:
            made = [str(AIOIMAPI), "virtual", "convert", str(folder / "data" / case.source)]
            subprocess.run(
                [*made, str(discs / case.name), "--media", case.medium],
                check=True,
                capture_output=True,
                env={**os.environ, **PATHS},
            )
    limit = 60 + sum(case.limit_s for case in cases)
    script = folder / f"boot{number}.sh"
    script.write_text(_boot_script(cases, folder, discs))
    try:
        run = in_kernel(
            f"bash {shlex.quote(str(script))}", folder=folder, timeout_s=min(limit, LONGEST_S), check=False
        )
        said = run.output
    except KernelError as error:
        said = str(error)
    (folder / f"boot{number}.log").write_text(said)
    cells: list[Cell] = []
    for case in cases:
        cells += _judge(case, out / case.name, said)
    return cells


def _boot_script(cases: Sequence[Case], folder: Path, discs: Path) -> str:
    words = [f"virtual:{discs / case.name}?media={quote(case.medium)}{case.options}" for case in cases]
    facts = {
        **PATHS,
        "LIBRARY": LIBRARY,
        "DATA": folder / "data",
        "OUT": folder / "out",
        "PORT": PORT,
        "SIDE_BY_SIDE": SIDE_BY_SIDE,
        "AIOIMAPI": AIOIMAPI,
        "LC_ALL": "C",
    }
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in facts.items()]
    lines += [
        "[[ -e /dev/fd ]] || ln -s /proc/self/fd /dev/fd",  # the lab's /dev lacks what udev would make
        f". {shlex.quote(str(LIBRARY))}",
        f"{shlex.quote(sys.executable)} -m aioimapi virtual serve --port {PORT} "
        + " ".join(shlex.quote(word) for word in words)
        + f" >{shlex.quote(str(folder / discs.name))}.server 2>&1 &",
        f"for _ in $(seq 200); do (: </dev/tcp/127.0.0.1/{PORT}) 2>/dev/null && break; sleep 0.1; done",
    ]
    log = shlex.quote(str(folder / discs.name))
    lines.append(f"begin {AUTHORITY}:{cases[0].name} {log}.kernel >{log}.attached")
    lines += [
        f"start_case {case.name} {AUTHORITY}:{case.name} {shlex.quote(case.medium)} {case.limit_s}"
        for case in cases
    ]
    lines += [
        "while (($(jobs -rp | wc -l) > 2)); do wait -n || true; done",
        "kill %1 %2",
        "wait",
    ]
    return "\n".join(lines) + "\n"


def _judge(case: Case, folder: Path, said: str) -> list[Cell]:
    """Return the cells of one case: those that its script tells, or the one of the whole."""
    log = (folder / "log").read_text(errors="backslashreplace") if (folder / "log").exists() else ""
    status = (folder / "status").read_text().strip() if (folder / "status").exists() else ""
    seconds = 0.0
    if (folder / "times").exists():
        began, ended = (folder / "times").read_text().split()
        seconds = (int(ended) - int(began)) / 1e6
    kernel = _complaints(case, folder)
    common = Cell(case.group, case.program, case.column, case.mode, reason=case.reason, seconds=seconds)
    if not status:
        return [attrs.evolve(common, problem=f"not run; the boot ended with: {said[-300:].strip()}")]
    cells = []
    for line in log.splitlines():
        if line.startswith("CELL "):
            program, mode, result = line[5:].split("|", 2)
            problem = "" if result == "passed" else result
            cells.append(attrs.evolve(common, program=program, mode=mode, problem=problem))
    if status != "0":
        last = [line for line in log.splitlines() if line.strip()][-6:]
        cells.append(attrs.evolve(common, problem=f"status {status}: {' / '.join(last)}"[:900]))
    elif not cells:
        cells.append(common)
    if case.group == ATTACHING and kernel:
        cells.append(attrs.evolve(common, problem=f"the kernel says: {kernel[0]}"))
    return cells


def _complaints(case: Case, folder: Path) -> list[str]:
    """Return what the kernel said during a case that it does not say of a drive that is well."""
    path, since = folder / "dmesg", folder / "since"
    if not path.exists() or not since.exists():
        return []
    began = float(since.read_text())  # before that, its name was another drive's
    lines = [
        line
        for line in path.read_text(errors="backslashreplace").splitlines()
        if (stamp := re.match(r"\[ *(\d+\.\d+)\]", line)) is None or float(stamp.group(1)) >= began
    ]
    allowed = re.compile(case.dmesg_may) if case.dmesg_may else None
    return [
        line
        for line in lines
        if not HARMLESS.search(line) and not (allowed is not None and allowed.search(line))
    ]


def main(arguments: Sequence[str]) -> None:
    """Run the cases whose names match: ``python -m tests.lab.matrix_run FOLDER REGEX…``, for people."""
    from .matrix import CASES

    folder, *wanted = arguments
    chosen = [case for case in CASES if not wanted or any(re.search(regex, case.name) for regex in wanted)]
    boots = int(os.environ.get("BOOTS", BOOTS_AT_ONCE if len(chosen) > 8 else 1))
    cells = run_matrix(chosen, Path(folder).resolve(), boots=boots)
    passed = [cell for cell in cells if not cell.problem]
    for cell in cells:
        state = "ok  " if not cell.problem else "FAIL"
        sys.stdout.write(
            f"{state} {cell.group:9} {cell.column:28} {cell.program:16} {cell.mode:28} {cell.seconds:5.1f} "
        )
        sys.stdout.write(f"{cell.problem}\n" if cell.problem else "\n")
    sys.stdout.write(f"{len(passed)} of {len(cells)} passed\n")


if __name__ == "__main__":
    main(sys.argv[1:])
