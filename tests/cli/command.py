"""The command in this process and in one of its own, and how it ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines: all of it must be that."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        """The final JSON object, which comes last and once."""
        lines = self.lines
        assert [line["event"] for line in lines].count("result") == 1
        assert lines[-1]["event"] == "result"
        assert lines[-1]["exit_code"] == self.code
        return lines[-1]


Run = Callable[..., Ended]


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start ``aioimapi ARGUMENTS`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "aioimapi", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
