"""Measures ours and the peers side by side in one run and prints the tables (``python -m bench.run``)."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Measured, RunFailedError, median, run
from bench.peers import Peer, all_peers
from bench.tables import image_tables, own_tables
from bench.workloads import WORKLOADS, make

HERE = Path(__file__).parent
OUTPUTS = {"large": ("file", "null", "pipe"), "small": ("file", "null", "pipe"), "many": ("file",)}
GIB = 1 << 30
DISK_BYTES = {"large": 9 * GIB, "small": 2 * GIB, "many": 5 * GIB, "plan": 3 * GIB, "burn": 13 * GIB}

Results = dict[str, dict[str, dict[str, float] | str]]
"""Column (``large file``) -> peer -> its medians, or why there are none."""


def measure_images(
    peers: tuple[Peer, ...], workload: str, source: Path, folder: Path, repeat: int
) -> Results:
    """Run every peer on one tree, in turns, so that what else the machine does hits all alike."""
    results: Results = {}
    for output in OUTPUTS[workload]:
        runs: dict[str, list[Measured]] = {}
        problems: dict[str, str] = {}
        for turn in range(repeat):
            for peer in peers:
                reason = _why_not(peer, workload, output)
                if reason or peer.name in problems:
                    problems.setdefault(peer.name, reason)
                    continue
                if peer.slow and turn:
                    continue
                try:
                    measured = _run_once(peer, source, folder, output)
                except RunFailedError as error:
                    problems[peer.name] = f"failed: {error}"
                    continue
                runs.setdefault(peer.name, []).append(measured)
                _say(f"{workload} to {output}, turn {turn + 1}: {peer.name}: {measured.wall_s:.2f} s")
        results[f"{workload} {output}"] = {
            **{name: median(several).as_dict() for name, several in runs.items() if name not in problems},
            **problems,
        }
    return results


def _why_not(peer: Peer, workload: str, output: str) -> str:
    if peer.absent:
        return f"absent: {peer.absent}"
    if workload not in peer.only:
        return "not for this"
    if output == "null" and not peer.to_null:
        return "reads nothing there"
    if output == "pipe" and peer.pipe is None:
        return "cannot"
    return ""


def _run_once(peer: Peer, source: Path, folder: Path, output: str) -> Measured:
    target = folder / "output.iso"
    try:
        if output == "pipe":
            return run(peer.command(source, peer.pipe or ""), folder=folder, drain=True)
        out = "/dev/null" if output == "null" else str(target)
        if peer.writes_stdout:
            return run(peer.command(source, ""), folder=folder, stdout=out)
        return run(peer.command(source, out), folder=folder)
    finally:
        target.unlink(missing_ok=True)


def measure_own(folder: Path, script: str, *arguments: str) -> dict[str, Any]:
    """Run one of our own measurements in a process of its own; it prints JSON."""
    answer = folder / "answer.json"
    try:
        run([sys.executable, "-m", f"bench.{script}", *arguments], folder=folder, stdout=str(answer))
    except RunFailedError as error:
        return {"problem": str(error)}
    values: dict[str, Any] = json.loads(answer.read_text())
    return values


def measure_burns(source: Path, folder: Path) -> dict[str, Any]:
    """Burn *large* and parts of it to one and to eight virtual drives without physics, on both event loops."""
    found: dict[str, Any] = {}
    for files in (8, 2):
        name = f"read, hash and write in plain Python (the floor), {files} of 8 files"
        _say(name)
        found[name] = measure_own(folder, "peer_copy", str(source), str(folder), str(files))
    for loop in ("asyncio", "trio"):
        for drives, files in ((1, 8), (1, 2), (8, 2), (8, 1)):
            name = f"{drives} drive{'s' if drives > 1 else ''}, {files} of 8 files, {loop}"
            _say(name)
            found[name] = measure_own(
                folder, "ours_burn", str(source), str(folder), str(drives), loop, str(files)
            )
    return found


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _workspace(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            parent.rmdir()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the workloads, 1 for those of the tables"
    )
    parser.add_argument("--repeat", type=int, default=3, help="turns of each program (the slow ones: one)")
    parser.add_argument("--only", default="large,small,many,plan,burn", help="parts, with commas")
    parser.add_argument(
        "--peers", default="", help="only programs with one of these words (commas) in the name"
    )
    parser.add_argument(
        "--no-pycdlib", action="store_true", help="do not fetch pycdlib into an environment of its own"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("/tmp/bench"), help="where the files go; removed afterwards"
    )
    parser.add_argument(
        "--json", type=Path, default=HERE.parent / "build" / "bench.json", help="where figures are saved"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, print the tables, save the figures."""
    arguments = _arguments()
    parts = arguments.only.split(",")
    images: Results = {}
    own: dict[str, Any] = {}
    with _workspace(arguments.folder) as folder:
        peers = all_peers(folder / "pycdlib", pycdlib=not arguments.no_pycdlib)
        words = [word for word in arguments.peers.split(",") if word]
        peers = tuple(peer for peer in peers if not words or any(word in peer.name for word in words))
        for name, workload in WORKLOADS.items():
            wanted = [
                part for part in (name, {"large": "burn", "many": "plan"}.get(name, "")) if part in parts
            ]
            if not wanted:
                continue
            need = max(DISK_BYTES[part] for part in wanted) * arguments.scale
            if shutil.disk_usage(folder).free < need + GIB:
                _say(f"{name}: left out, {need / GIB:.0f} GiB are not free at {folder}")
                continue
            _say(f"making {name}")
            source = folder / name
            make(workload.scaled(arguments.scale), source)
            if name in parts:
                images.update(measure_images(peers, name, source, folder, arguments.repeat))
            if "plan" in wanted:
                own["planning many alone"] = measure_own(folder, "ours_plan", str(source))
            if "burn" in wanted:
                own.update(measure_burns(source, folder))
            shutil.rmtree(source)
    print(image_tables(images))
    print(own_tables(own))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "system": platform.release(),
        "processors": os.cpu_count(),
    }
    record = {
        "machine": machine,
        "scale": arguments.scale,
        "repeat": arguments.repeat,
        "images": images,
        "own": own,
    }
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    _say(f"figures saved in {arguments.json}")


if __name__ == "__main__":
    main()
