"""The command line: what a person sees. It adds nothing that a user of the library would miss.

Layer 6. It needs the ``cli`` extra (click, rich, blake3); :func:`main` says so where it is missing.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line with the process's arguments and end the process with its exit code."""
    from aioimapi.cli._streams import open_missing_streams, settle_streams

    open_missing_streams()
    try:
        from aioimapi.cli._main import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write(
            "aioimapi: error: the command line needs more packages: pip install 'aioimapi[cli]'\n"
        )
        sys.exit(1)
    code = run(sys.argv[1:])
    settle_streams()
    sys.exit(code)


__all__ = ("main",)
