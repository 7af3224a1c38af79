"""What makes an image, or only moves its bytes: ours and the peers, as commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
OURS = "aioimapi, all four"
REFERENCE = "genisoimage -J -R -udf"


@dataclass(frozen=True)
class Peer:
    """A program to measure.

    Attributes:
        name: For the table.
        words: The command; ``{source}`` and ``{out}`` stand for the tree and the output file.
        pipe: What ``{out}`` is for standard output; "" where it always writes there; None: it cannot.
        to_null: It really reads all bytes where the output is /dev/null.
        only: Workloads that it is for; all by default.
        slow: Ran once only.
        absent: Why it cannot be measured here.
    """

    name: str
    words: Sequence[str] = ()
    pipe: str | None = "-"
    to_null: bool = True
    only: frozenset[str] = frozenset({"large", "small", "many"})
    slow: bool = False
    absent: str = ""

    @property
    def writes_stdout(self) -> bool:
        """Say whether the program writes to standard output only."""
        return "{out}" not in self.words

    def command(self, source: Path, out: str) -> list[str]:
        """Return the command for a tree and an output."""
        return [word.replace("{source}", str(source)).replace("{out}", out) for word in self.words]


def _program(name: str, program: str, *words: str, pipe: str | None = "-", slow: bool = False) -> Peer:
    if shutil.which(program) is None:
        return Peer(name, absent=f"{program} is not installed")
    return Peer(name, (program, *words), pipe=pipe, slow=slow)


def _ours() -> Peer:
    program = Path(sys.executable).with_name("aioimapi")
    if not program.exists():
        return Peer(OURS, absent=f"no {program}")
    return Peer(OURS, (str(program), "image", "{source}", "-o", "{out}"))


def _pycdlib(environment: Path, *, fetch: bool) -> tuple[Peer, ...]:
    names = ("pycdlib, RR + Joliet", "pycdlib, RR + Joliet + UDF")
    if not fetch:
        return tuple(Peer(name, absent="left out as asked") for name in names)
    python = environment / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pycdlib"],
            check=True,
            capture_output=True,
            timeout=120,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return tuple(Peer(name, absent=f"pycdlib cannot be installed: {error}") for name in names)
    script = str(HERE / "peer_pycdlib.py")
    return (
        Peer(names[0], (str(python), script, "{source}", "{out}"), pipe=None, slow=True),
        Peer(names[1], (str(python), script, "{source}", "{out}", "udf"), pipe=None, slow=True),
    )


def all_peers(environment: Path, *, pycdlib: bool = True) -> tuple[Peer, ...]:
    """Return ours and every peer, the ones that are missing with the reason.

    Args:
        environment: A folder for pycdlib's own environment; made here, removed by the caller.
        pycdlib: Fetch and measure pycdlib.
    """
    return (
        Peer(
            "cat (the limit)", ("sh", "-c", 'exec cat "$0"/*', "{source}"), pipe="", only=frozenset({"large"})
        ),
        Peer("tar (the limit)", ("tar", "-C", "{source}", "-cf", "{out}", "."), to_null=False),
        Peer(
            "plain Python, bytes only",
            (sys.executable, "-I", "-S", str(HERE / "peer_plain.py"), "{source}", "{out}"),
        ),
        _program("genisoimage -J -R", "genisoimage", *_GENISOIMAGE, pipe="/dev/stdout"),
        _program(REFERENCE, "genisoimage", "-udf", *_GENISOIMAGE, pipe="/dev/stdout"),
        _program(
            "xorriso -J -R (no UDF)", "xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", *_TREE, slow=True
        ),
        *_pycdlib(environment, fetch=pycdlib),
        _ours(),
    )


_TREE = ("-iso-level", "3", "-o", "{out}", "{source}")
_GENISOIMAGE = ("-quiet", "-J", "-R", *_TREE)
