"""``virtual convert``: discs of images and sheets, and images and sheets of discs."""

from __future__ import annotations

import os
from collections.abc import Callable

import anyio.from_thread
import anyio.to_thread
import attrs
import click

from aioimapi.cli import _text
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._output import check_file
from aioimapi.cli._progress import Display, Tick
from aioimapi.cli._virtual_discs import KINDS
from aioimapi.errors import printable

_SHEETS = (".cue", ".toc")
_IMAGES = (".iso", ".img", ".bin")


@attrs.frozen
class _Wish:
    """What was asked for."""

    source: str
    target: str
    media: str | None
    track: int | None
    session: int | None
    cooked: bool
    outside: bool
    force: bool


HELP = """Make a virtual disc of an image or a sheet (.cue, .toc), or an image or a sheet of a virtual disc.

\b
  convert x.iso disc --media bd-r    a finished disc with that image
  convert x.cue disc                 a finished CD
  convert disc x.iso                 its data
  convert disc x.cue                 a CD's sectors, in x.bin
  convert disc other                 a copy, in the format's version of today
  convert disc other --media dvd+r   its data on a disc of another kind
"""


@click.command(help=HELP)
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path())
@click.option(
    "--media", type=click.Choice(KINDS), help="The kind of the disc to make; of a sheet cd-r otherwise."
)
@click.option(
    "--track", type=click.IntRange(min=1), help="The track to take into an image; all data otherwise."
)
@click.option("--session", type=click.IntRange(min=1), help="The session to take into a sheet.")
@click.option("--cooked", is_flag=True, help="Give a sheet's file the user data of mode 1 sectors only.")
@click.option("--outside", is_flag=True, help="Allow a sheet to name files outside its own folder.")
@click.option("--force", is_flag=True, help="Replace an image or a sheet that is there already.")
@command_options
def convert(
    console: Console,
    source: str,
    target: str,
    media: str | None,
    track: int | None,
    session: int | None,
    cooked: bool,
    outside: bool,
    force: bool,
) -> ExitCode:
    """Run ``virtual convert``."""
    wish = _Wish(source, target, media, track, session, cooked, outside, force)
    work = _choose(wish)

    async def job() -> ExitCode:
        with console.display() as display:
            text, size = await _in_thread(lambda tell: work(wish, tell), target, display)
        facts = {"source": source, "target": target, "what": text, "size_bytes": size}
        return console.result(facts, text=f"{printable(target)} is {text}, {_text.size(size)}")

    return console.run(job)


Tell = Callable[[int, int], None]


async def _in_thread(work: Callable[[Tell], str], target: str, display: Display) -> tuple[str, int]:
    """Run work in a thread, which ends at the next piece of news once it is cancelled; return what was made.

    Returns:
        What it is, in words, and how many bytes it has.
    """

    def tell(done: int, total: int) -> None:
        anyio.from_thread.check_cancelled()
        anyio.from_thread.run_sync(display.update, Tick(target, "copying", done, total))

    def run() -> tuple[str, int]:
        return work(tell), os.path.getsize(target)

    return await anyio.to_thread.run_sync(run)


def _choose(wish: _Wish) -> Callable[[_Wish, Tell], str]:
    """Return what does the work, by the names' endings and whether the source is a disc."""
    disc = os.path.isfile(wish.source + ".state")
    target = os.path.splitext(wish.target)[1].lower()
    if not disc:
        if wish.track or wish.session or wish.cooked or wish.force:
            raise click.UsageError("--track, --session, --cooked and --force are for what is made of a disc")
        if wish.source.lower().endswith(_SHEETS):
            return _from_sheet
        if wish.media is None:
            raise click.UsageError(
                f"{printable(wish.source)} is no virtual disc; say what disc to make of it (--media)"
            )
        return _from_image
    if wish.outside:
        raise click.UsageError("--outside is for sheets that are read")
    if target in _SHEETS and wish.media is None:
        return _to_sheet
    if target in _IMAGES and wish.media is None:
        return _to_image
    if wish.track or wish.session or wish.cooked or wish.force:
        raise click.UsageError(
            "--track, --session, --cooked and --force are for images and sheets (.iso, .cue, .toc)"
        )
    return _to_disc


def _from_image(wish: _Wish, tell: Tell) -> str:
    from aioimapi.virtual import import_image

    assert wish.media is not None
    import_image(wish.source, wish.target, wish.media, progress=tell)
    return f"a finished {wish.media}"


def _from_sheet(wish: _Wish, tell: Tell) -> str:
    from aioimapi.virtual import import_sheet

    kind = wish.media or "cd-r"
    import_sheet(wish.source, wish.target, kind, outside=wish.outside, progress=tell)
    return f"a finished {kind}"


def _to_image(wish: _Wish, tell: Tell) -> str:
    from aioimapi.virtual import VirtualMedium, export_image

    if wish.session or wish.cooked:
        raise click.UsageError("--session and --cooked are for sheets; an image has --track")
    check_file(wish.target, force=wish.force)
    with VirtualMedium.open(wish.source, readonly=True) as medium:
        count = export_image(medium, wish.target, track=wish.track, force=wish.force, progress=tell)
    return f"an image of {count:,} sectors"


def _to_sheet(wish: _Wish, tell: Tell) -> str:
    from aioimapi.virtual import VirtualMedium, export_sheet

    if wish.track:
        raise click.UsageError("--track is for images; a sheet has --session")
    check_file(wish.target, force=wish.force)
    with VirtualMedium.open(wish.source, readonly=True) as medium:
        sheet = export_sheet(
            medium,
            wish.target,
            session=wish.session,
            cooked=wish.cooked,
            force=wish.force,
            progress=tell,
        )
    return f"a sheet of {_text.plural(len(sheet.tracks), 'track')}"


def _to_disc(wish: _Wish, tell: Tell) -> str:
    from aioimapi.virtual import copy_disc

    copy_disc(wish.source, wish.target, wish.media, progress=tell)
    return "a copy" if wish.media is None else f"a finished {wish.media}"
