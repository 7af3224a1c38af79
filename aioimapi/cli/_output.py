"""OUT arguments: what is looked at before the work begins, so that nobody waits for a refusal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence

import click

from aioimapi.cli._console import Console
from aioimapi.cli._exit import OutputRefusedError
from aioimapi.cli._streams import is_standard_output
from aioimapi.cli._target import medium_files
from aioimapi.errors import OutputExistsError, SourceInsideOutputError, printable


def claim_output(console: Console, output: str) -> str:
    """Return an output's path, or ``-`` for standard output by any of its names, which is then kept for the image.

    Raises:
        click.UsageError: JSON wants standard output too, or it is a terminal.
    """
    if output != "-" and not is_standard_output(output):
        return output
    if console.json:
        raise click.UsageError(f"-o {output} and --json both want standard output; choose one")
    if sys.stdout.isatty():
        raise click.UsageError(
            f"-o {output} would write the image to the terminal; send it to a file or a pipe"
        )
    console.stdout_is_data = True
    return "-"


def check_file(output: str, *, force: bool) -> None:
    """Refuse a path under which no image can appear.

    Raises:
        OutputExistsError: It exists, and may not be replaced.
        OutputRefusedError: It is a folder, or would lie in none.
    """
    if output == "-":
        return
    shown = printable(output)
    if os.path.isdir(output):
        raise OutputRefusedError(f"{shown} is a folder; give the name of a file", path=output)
    if os.path.lexists(output):
        if not force and not _takes_a_stream(output):
            raise OutputExistsError(
                f"{shown} exists; choose another name, or replace it (--force)", path=output
            )
        return
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise OutputRefusedError(
            f"{shown}: there is no folder {printable(folder)}; make it first", path=output
        )


def check_folder(output: str) -> None:
    """Refuse a path that is there and no folder.

    Raises:
        OutputRefusedError: It is a file.
    """
    if os.path.lexists(output) and not os.path.isdir(output):
        raise OutputRefusedError(
            f"{printable(output)} is no folder; name one, or one to be made", path=output
        )


def refuse_the_disc_itself(drive: str, output: str) -> None:
    """Refuse an output that would replace the virtual disc that is read, or its record.

    Raises:
        SourceInsideOutputError: It would.
    """
    for path in medium_files(drive):
        if os.path.realpath(path) == os.path.realpath(output) or _same(path, output):
            raise SourceInsideOutputError(
                f"{printable(output)} is the disc in {printable(drive)} itself; "
                "put the output somewhere else",
                path=output,
            )


def inside(folder: str, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return those of the paths that lie in a folder, each with its place there."""
    real = os.path.realpath(folder)
    places = [(path, os.path.relpath(os.path.realpath(path), real)) for path in paths]
    return [(path, place) for path, place in places if place != ".." and not place.startswith("../")]


def _same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _takes_a_stream(path: str) -> bool:
    """Say whether an image flows into a path without replacing anything: a character device, a pipe."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
