"""The standard streams as the process was given them: closed, full, a pipe whose reader left."""

from __future__ import annotations

import errno
import os
import stat
import sys

_NAMES = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def open_missing_streams() -> None:
    """Give closed standard streams something to stand on.

    A file that is opened later would else become standard output, and take what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - for good


def is_standard_output(path: str) -> bool:
    """Say whether a path is standard output by another name.

    Its own names are, and whatever leads to the same pipe or terminal. A regular file is not: it is replaced, not
    written into.
    """
    if os.path.normpath(path) in _NAMES:
        return True
    try:
        own, other = os.fstat(1), os.stat(path)
    except OSError:
        return False
    flows = stat.S_ISFIFO(own.st_mode) or stat.S_ISSOCK(own.st_mode) or os.isatty(1)
    return flows and os.path.samestat(own, other)


def drop_standard_output() -> None:
    """Let the interpreter's last flush succeed: what is buffered cannot be written any more."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)


def settle_streams() -> None:
    """Write what is buffered, and give up what cannot be written any more.

    A flush that fails while the interpreter ends would replace the exit code by 120.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, stream.fileno())
            os.close(sink)


def describe_loss(error: OSError) -> str:
    """Say why nothing more could be written to standard output."""
    reason = "no room left" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return f"standard output: {reason}"
