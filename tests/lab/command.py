"""Runs the command line tool as a user does, and turns its plan into the mapping of names to compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .compare import Tree, rename_all

AIOIMAPI = Path(sys.executable).with_name("aioimapi")


@dataclass(frozen=True)
class Outcome:
    """What a run of the tool said."""

    status: int
    result: dict[str, Any]
    events: tuple[dict[str, Any], ...] = field(repr=False)
    errors: str = ""

    def warnings(self) -> dict[str, tuple[str, ...]]:
        """Return the examples of each kind of warning."""
        return {
            event["kind"]: tuple(event["examples"]) for event in self.events if event["event"] == "warning"
        }


def parse_outcome(status: int, out: str, errors: str = "") -> Outcome:
    """Read the JSON lines that the tool wrote with ``--json``; the last is the result."""
    events = tuple(json.loads(line) for line in out.splitlines() if line.startswith("{"))
    results = [event for event in events if event["event"] == "result"]
    return Outcome(status, results[-1] if results else {}, events, errors)


def aioimapi(*arguments: str | Path, timeout_s: float = 300, expected: int = 0) -> Outcome:
    """Run the tool with ``--json`` on this machine and expect an exit status."""
    words = [os.fspath(argument) for argument in arguments]
    done = subprocess.run(
        [AIOIMAPI, *words, "--json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout_s,
        check=False,
    )
    outcome = parse_outcome(done.returncode, done.stdout, done.stderr)
    assert outcome.status == expected, (
        f"aioimapi {words[0]} ended with {outcome.status}: {outcome.result} {outcome.errors}"
    )
    return outcome


Names = dict[str, dict[bytes, bytes]]
"""File system (``joliet``) -> path of the source -> the name there."""


def planned_names(sources: Sequence[str | Path], *options: str) -> tuple[Names, Outcome]:
    """Ask ``aioimapi plan`` what every name becomes."""
    outcome = aioimapi("plan", *sources, "--names", *options)
    names: Names = {"iso9660": {}, "joliet": {}, "rock_ridge": {}, "udf": {}}
    for event in outcome.events:
        if event["event"] == "name":
            path = event["path"].encode("utf-8", "surrogateescape").lstrip(b"/")
            for file_system, mapped in names.items():
                if event[file_system] is not None:
                    mapped[path] = event[file_system].encode("utf-8", "surrogateescape")
    return names, outcome


def paths_of(source: Tree, names: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Turn what a plan says of names into whole paths, source to view."""
    return rename_all(source, lambda folder, name: names.get(folder + b"/" + name if folder else name, name))
