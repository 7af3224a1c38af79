"""``virtual serve``: drives shown to other programs and machines over iSCSI."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import click

from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._target import is_drive
from aioimapi.errors import LocalProtocolError, printable

if TYPE_CHECKING:
    from aioimapi.iscsi import Chap

AUTHORITY = "iqn.2026-11.local.aioimapi"
"""How the targets' names begin; the rest is the disc's own name."""

# What has a meaning in a URL; all else is taken as it stands.
_QUOTED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "%?&#"})


@click.command()
@click.argument("disc", nargs=-1, required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=3260,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="The port; 0 for any that is free.",
)
@click.option("--user", help="Who may log in (CHAP). Other addresses than this machine's own ask for it.")
@click.option(
    "--secret-file",
    type=click.Path(dir_okay=False),
    help="The file with the user's secret, of 12 signs at least.",
)
@click.option(
    "--own-name", help="The name by which the target proves itself to initiators that ask (mutual CHAP)."
)
@click.option(
    "--own-secret-file", type=click.Path(dir_okay=False), help="The file with the target's own secret."
)
@command_options
def serve(
    console: Console,
    disc: tuple[str, ...],
    host: str,
    port: int,
    user: str | None,
    secret_file: str | None,
    own_name: str | None,
    own_secret_file: str | None,
) -> ExitCode:
    """Show drives to other programs and machines, each DISC as an iSCSI target, until a signal ends it.

    A DISC is a file that virtual new has made, a drive in a file (virtual:FILE?media=bd-r), or any other DRIVE. It is
    logical unit 0 of its target.
    """
    if (user is None) != (secret_file is None) or (own_name is None) != (own_secret_file is None):
        raise click.UsageError("a name and the file with its secret belong together")
    if own_name is not None and user is None:
        raise click.UsageError("--own-name is for initiators that have proved who they are: give --user, too")

    async def job() -> ExitCode:
        from aioimapi import iscsi

        chap = _chap(user, secret_file, own_name, own_secret_file)
        targets = name_targets(disc)
        with _telling(console):
            async with iscsi.serve(targets, host=host, port=port, chap=chap) as server:
                for name, drive in targets.items():
                    facts = {"name": name, "drive": drive, "host": server.host, "port": server.port}
                    console.event("target", facts, at_once=True)
                    console.text(f"{server.portal} {name} {printable(drive)}")
                console.flush()
                await anyio.sleep_forever()
        return ExitCode.DONE

    return console.run(job)


def name_targets(discs: tuple[str, ...]) -> dict[str, str]:
    """Return the targets' names with their drives: by the disc's name, and by a number where that comes again."""
    targets: dict[str, str] = {}
    for disc in discs:
        drive = disc if is_drive(disc) else f"virtual:{disc.translate(_QUOTED)}"
        path = drive.partition(":")[2].partition("?")[0] if ":" in drive else drive
        short = re.sub(r"[^a-z0-9.-]+", "-", os.path.basename(path).lower()).strip("-.") or "disc"
        name, number = f"{AUTHORITY}:{short}", 1
        while name in targets:
            number += 1
            name = f"{AUTHORITY}:{short}-{number}"
        targets[name] = drive
    return targets


def _chap(
    user: str | None, secret_file: str | None, own_name: str | None, own_secret_file: str | None
) -> Chap | None:
    from aioimapi.iscsi import Chap

    if user is None or secret_file is None:
        return None
    own = _secret(own_secret_file) if own_secret_file is not None else ""
    try:
        return Chap({user: _secret(secret_file)}, own_name or "", own)
    except LocalProtocolError as error:
        raise click.UsageError(str(error)) from error


def _secret(path: str) -> str:
    """Return the first line of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: the secret cannot be read: {error}") from error


class _Teller(logging.Handler):
    """Writes the server's warnings as the command line does."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        self._console.note(f"aioimapi: {record.getMessage()}")


@contextmanager
def _telling(console: Console) -> Iterator[None]:
    """Write the server's warnings as the command line does, for the length of a job."""
    logger = logging.getLogger("aioimapi.iscsi")
    teller, propagate = _Teller(console), logger.propagate
    logger.addHandler(teller)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(teller)
        logger.propagate = propagate
