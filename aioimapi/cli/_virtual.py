"""``virtual new``: a blank disc in a file."""

from __future__ import annotations

import click

from aioimapi.cli import _text
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._serve import serve
from aioimapi.errors import printable
from aioimapi.units import SECTOR_SIZE

_KINDS = ("cd-r", "dvd+r", "dvd+rw", "bd-r", "bd-re")

# What has a meaning in a URL; all else is taken as it stands.
_QUOTED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "%?&#"})


@click.group()
def virtual() -> None:
    """Make discs for the virtual drive, a whole drive in a file."""


virtual.add_command(serve)


@virtual.command()
@click.argument("file", type=click.Path())
@click.option("--media", required=True, type=click.Choice(_KINDS), help="The kind of disc.")
@click.option("--sectors", type=click.IntRange(min=1), help="A smaller disc than the real kind, for tests.")
@command_options
def new(console: Console, file: str, media: str, sectors: int | None) -> ExitCode:
    """Make a blank disc in FILE, with what is recorded on it in FILE.state.

    Use it as a drive: virtual:FILE
    """

    async def job() -> ExitCode:
        from aioimapi.virtual import VirtualMedium

        with VirtualMedium.create(file, media, sectors=sectors) as medium:
            capacity = medium.state.raw_sectors
        drive = f"virtual:{file.translate(_QUOTED)}"
        facts = {"file": file, "media": media, "sectors": capacity, "drive": drive}
        room = _text.size(capacity * SECTOR_SIZE)
        return console.result(facts, text=f"a blank {media} of {room} is in the drive {printable(drive)}")

    return console.run(job)
