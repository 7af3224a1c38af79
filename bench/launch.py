"""Starts a program and waits for it: kept small, because a child's peak memory begins with that of who started it.

``python -I -S launch.py RESULT STDOUT ERRORS DRAIN LIMIT_S COMMAND...`` writes to RESULT: exit, wall and processor
seconds, peak KiB.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def main(result: str, stdout: str, errors: str, drain: str, limit_s: str, *command: str) -> None:
    """Run the command, by way of a pipe into ``cat`` where ``drain`` is 1."""
    out = os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    err = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    null = os.open("/dev/null", os.O_RDONLY)
    cat = 0
    if drain == "1":
        reader, writer = os.pipe()
        cat = _spawn(["cat"], reader, out, err)
        os.close(reader)
        out = writer
    start = time.perf_counter()
    child = _spawn(list(command), null, out, err)
    os.close(out)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(int(limit_s))
    _, status, usage = os.wait4(child, 0)
    signal.alarm(0)
    if cat:
        os.waitpid(cat, 0)
    wall_s = time.perf_counter() - start
    with open(result, "w") as file:
        file.write(
            f"{os.waitstatus_to_exitcode(status)} {wall_s} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}"
        )


def _spawn(command: list[str], stdin: int, stdout: int, stderr: int) -> int:
    dup = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, stdout, 1),
        (os.POSIX_SPAWN_DUP2, stderr, 2),
    ]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=dup)


if __name__ == "__main__":
    main(*sys.argv[1:])
