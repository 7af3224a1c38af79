"""The host's folders, safely: any depth, any length of path, names that are no UTF-8."""

from __future__ import annotations

import os

from aioimapi.errors import SourceError, printable

_PATH_LIMIT = 4000
"""Linux refuses paths of 4,096 bytes and more; longer ones are walked in steps, each from the descriptor before."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def open_folder(path: str) -> int:
    """Open a folder, however long its path, and return its descriptor.

    Raises:
        OSError: As ``os.open``.
    """
    if len(os.fsencode(path)) < _PATH_LIMIT:
        return os.open(path, _FOLDER)
    descriptor = os.open("/" if path.startswith("/") else ".", _FOLDER)
    for step in _steps(path.split("/")):
        below = descriptor
        try:
            descriptor = os.open(step, _FOLDER, dir_fd=below)
        finally:
            os.close(below)
    return descriptor


def _steps(parts: list[str]) -> list[str]:
    steps: list[str] = []
    step: list[str] = []
    length = 0
    for part in filter(None, parts):
        size = len(os.fsencode(part)) + 1
        if length + size > _PATH_LIMIT:
            steps.append("/".join(step))
            step, length = [], 0
        step.append(part)
        length += size
    return [*steps, "/".join(step)]


def hides_content(facts: os.stat_result, name: str, folder: int | None = None) -> bool:
    """Tell whether a file that says it is empty has content all the same, as files of ``/proc`` do.

    Only file systems without a device of their own (device major 0) make such files; on others nothing is opened.
    """
    if facts.st_size or facts.st_blocks or os.major(facts.st_dev):
        return False
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False
    try:
        return bool(os.read(descriptor, 1))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def source_error(error: OSError, path: str, doing: str) -> SourceError:
    """Turn the operating system's error about a source into ours, with the way out."""
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        hint = "run as a user who may read it, or leave it out (unreadable='skip')"
    elif isinstance(error, FileNotFoundError):
        hint = "check the path; if it vanished just now, plan again"
    else:
        hint = "check the file system that holds it"
    return SourceError(f"cannot {doing} {printable(path)}: {reason}; {hint}", path=path)
