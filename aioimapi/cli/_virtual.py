"""``virtual new``: a blank disc in a file; the group of all commands about virtual discs."""

from __future__ import annotations

import click

from aioimapi.cli import _text
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._serve import serve
from aioimapi.cli._virtual_convert import convert
from aioimapi.cli._virtual_discs import KINDS, check, fault, info
from aioimapi.errors import printable
from aioimapi.units import SECTOR_SIZE

# What has a meaning in a URL; all else is taken as it stands.
_QUOTED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "%?&#"})


@click.group()
def virtual() -> None:
    """Make discs for the virtual drive, a whole drive in a file."""


for command in (info, convert, fault, check, serve):
    virtual.add_command(command)


@virtual.command()
@click.argument("file", type=click.Path())
@click.option("--media", required=True, type=click.Choice(KINDS), help="The kind of disc.")
@click.option(
    "--minutes", type=click.Choice(["74", "80", "90", "99"]), help="The size of a CD; 80 otherwise."
)
@click.option("--formatted", is_flag=True, help="Format a rewritable disc, as if it came so from the shop.")
@click.option("--sectors", type=click.IntRange(min=1), help="A smaller disc than the real kind, for tests.")
@command_options
def new(
    console: Console, file: str, media: str, minutes: str | None, formatted: bool, sectors: int | None
) -> ExitCode:
    """Make a blank disc in FILE, with what is recorded on it in FILE.state.

    Use it as a drive: virtual:FILE
    """
    if minutes is not None and (sectors is not None or not media.startswith("cd-")):
        raise click.UsageError("--minutes is the size of a CD, in place of --sectors")

    async def job() -> ExitCode:
        from aioimapi.virtual import CD_SECTORS, VirtualMedium

        size = sectors if minutes is None else CD_SECTORS[int(minutes)]
        with VirtualMedium.create(file, media, sectors=size, formatted=formatted) as medium:
            capacity = medium.state.raw_sectors
        drive = f"virtual:{file.translate(_QUOTED)}"
        facts = {"file": file, "media": media, "sectors": capacity, "drive": drive}
        room = _text.size(capacity * SECTOR_SIZE)
        return console.result(facts, text=f"a blank {media} of {room} is in the drive {printable(drive)}")

    return console.run(job)
