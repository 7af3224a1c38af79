"""The benchmarks run, and their workloads are what the figures are stated for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import RunFailedError, run
from bench.peers import OURS
from bench.run import measure_own
from bench.workloads import WORKLOADS, make


def files_below(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_workloads_have_the_sizes_that_the_figures_are_stated_for() -> None:
    large, small, many = WORKLOADS["large"], WORKLOADS["small"], WORKLOADS["many"]
    assert large.files * large.largest == large.files * large.smallest == 4 << 30
    assert (large.files, small.files, small.folders, many.files, many.folders) == (
        8,
        100_000,
        1_000,
        500_000,
        5_000,
    )
    assert (small.smallest, small.largest, many.smallest, many.largest) == (0, 8192, 0, 100)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_is_the_same_each_time(tmp_path: Path, name: str) -> None:
    workload = WORKLOADS[name].scaled(0.001)
    total = make(workload, tmp_path / "a")
    make(workload, tmp_path / "b")
    files = files_below(tmp_path / "a")
    assert files == files_below(tmp_path / "b")
    assert len(files) == workload.files
    assert sum(map(len, files.values())) == total
    assert len(set(files.values())) > workload.files // 2


def test_a_run_tells_time_and_memory_of_a_program(tmp_path: Path) -> None:
    code = "x = bytearray(80 << 20)\nfor _ in range(3_000_000): pass"
    measured = run([sys.executable, "-I", "-S", "-c", code], folder=tmp_path)
    assert 80 < measured.peak_mib < 160
    assert measured.cpu_s > 0.02
    assert measured.wall_s > 0.02


def test_a_failing_program_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(RunFailedError, match=r"ended with 3: no luck"):
        run(
            [sys.executable, "-c", "import sys; print('no luck', file=sys.stderr); sys.exit(3)"],
            folder=tmp_path,
        )


def test_the_tables_are_printed_and_the_figures_saved(tmp_path: Path) -> None:
    options = [
        "--scale",
        "0.002",
        "--repeat",
        "1",
        "--only",
        "small,plan",
        "--no-pycdlib",
        "--peers",
        "plain,aioimapi",
    ]
    places = ["--folder", str(tmp_path / "work"), "--json", str(tmp_path / "figures.json")]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *options, *places], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert OURS in done.stdout
    assert set(figures["images"]) == {"small file", "small null", "small pipe"}
    for column in figures["images"].values():
        assert column[OURS]["wall_s"] > 0, column
    assert figures["own"]["planning many alone"]["files"] == 1000
    assert not os.path.exists(tmp_path / "work")


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_burns_are_measured_with_the_lateness_of_the_loop(tmp_path: Path, loop: str) -> None:
    make(WORKLOADS["large"].scaled(0.002), tmp_path / "large")
    (tmp_path / "discs").mkdir()
    figures = measure_own(
        tmp_path, "ours_burn", str(tmp_path / "large"), str(tmp_path / "discs"), "2", loop, "8"
    )
    assert "problem" not in figures, figures
    assert figures["burned_gib"] > 2 * 0.008
    assert figures["write_cpu_s_per_gib"] > 0
    assert 0 <= figures["late_p50_ms"] <= figures["late_p99_ms"] <= figures["late_max_ms"]
    assert list((tmp_path / "discs").iterdir()) == []
