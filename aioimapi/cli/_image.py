"""``plan`` and ``image``: what an image would be, and the image."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import attrs
import click

from aioimapi.cli import _text
from aioimapi.cli._build import ImageOptions, build, describe, facts, image_options, tell_warnings
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._output import check_file, claim_output
from aioimapi.cli._progress import Tick
from aioimapi.cli._sources import parse, refuse_output_inside, single_image
from aioimapi.errors import printable
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from aioimapi.image import FileSystemImage, ImagePlan, PlannedName


def media_list(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds of media that were asked for, each once."""
    from aioimapi.image import MEDIA

    names = [name for each in value for name in (MEDIA if each.lower() == "all" else [each.lower()])]
    unknown = [name for name in names if name not in MEDIA]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose of all, {', '.join(MEDIA)}")
    return tuple(dict.fromkeys(names))


def split_room(context: click.Context, parameter: click.Parameter, value: str | None) -> str | int | None:
    """Return a kind of medium, or a number of sectors."""
    if value is None:
        return None
    if value.isascii() and value.isdigit() and 0 < int(value) < 2**32:
        return int(value)
    from aioimapi.image import MEDIA

    if value.lower() not in MEDIA:
        raise click.BadParameter(f"{value}: say a number of sectors, or choose of {', '.join(MEDIA)}")
    return value.lower()


@click.command()
@image_options
@click.option("--names", is_flag=True, help="Show every name in every file system.")
@click.option(
    "--media",
    multiple=True,
    metavar="KIND",
    callback=media_list,
    help="Show what it takes of such a disc, with and without spare areas; several times for several kinds, or all.",
)
@click.option(
    "--split",
    metavar="KIND|SECTORS",
    callback=split_room,
    help="Show how many such discs it takes and what goes on each; with --names, which file goes where.",
)
@command_options
def plan(
    console: Console,
    source: tuple[str, ...],
    options: ImageOptions,
    names: bool,
    media: tuple[str, ...],
    split: str | int | None,
) -> ExitCode:
    """Show the image that SOURCE... would become, without reading a file.

    Its size to the sector, its warnings, the names that change, and what it takes of a kind of disc.
    """
    _refuse_image(source)
    if split is not None and media:
        raise click.UsageError(
            "--split and --media do not go together: each disc of a set is full but the last"
        )

    async def job() -> ExitCode:
        if split is not None:
            return await _plan_set(console, build(parse(source), options), split, names=names)
        planned = await build(parse(source), options).plan()
        tell_warnings(console, planned.warnings)
        if names:
            for name in planned.names():
                console.event("name", attrs.asdict(name))
                console.text(_describe_name(name))
                if console.output_lost is not None:
                    break
        found, lines = facts(planned), describe(planned)
        if media:
            estimates = [_estimate(kind, planned.sector_count) for kind in media]
            found["media"] = estimates
            lines += [("On " + each["title"], _describe_estimate(each)) for each in estimates]
        return console.result(found, text=_text.facts(lines))

    return console.run(job)


async def _plan_set(console: Console, image: FileSystemImage, room: str | int, *, names: bool) -> ExitCode:
    discs = await image.split(room)
    tell_warnings(console, discs.warnings)
    found, lines = [], []
    for disc in discs.discs:
        files, size, first, last = 0, 0, "", ""
        for file in disc.files():
            files, size, first, last = files + 1, size + file.size, first or file.path, file.path
            if names and console.output_lost is None:
                console.event("file", attrs.asdict(file))
                console.text(f"{file.disc:>3}  {printable(file.path)}")
        found.append(
            {
                "disc": disc.number,
                "files": files,
                "size_bytes": size,
                "sectors": disc.sector_count,
                "first": first,
                "last": last,
            }
        )
        span = f": {printable(first)} to {printable(last)}" if files else ""
        held = f"{_text.plural(files, 'file')} in {_text.size(disc.sector_count * SECTOR_SIZE)}"
        lines.append((f"Disc {disc.number}", held + span))
    return console.result({"discs": found}, text=_text.facts(lines))


def _estimate(kind: str, sectors: int) -> dict[str, Any]:
    from aioimapi.image import MEDIA

    medium = MEDIA[kind]
    needed = medium.sectors_needed(sectors)
    return {
        "kind": kind,
        "title": medium.title,
        "needed": needed,
        "fits": needed <= medium.sectors,
        "free": medium.sectors - needed,
        "free_without_spares": medium.plain_sectors - needed,
        "free_with_spares": medium.spared_sectors - needed,
    }


def _describe_estimate(estimate: dict[str, Any]) -> str:
    plain, spared = estimate["free_without_spares"], estimate["free_with_spares"]
    if plain == spared:
        return _room(plain)
    return f"{_room(spared)} with the usual spare areas, {_room(plain)} without"


def _room(free: int) -> str:
    return f"{_text.size(abs(free) * SECTOR_SIZE)} {'too much' if free < 0 else 'free'}"


def _describe_name(name: PlannedName) -> str:
    became = (
        ("ISO 9660", name.iso9660),
        ("Joliet", name.joliet),
        ("Rock Ridge", name.rock_ridge),
        ("UDF", name.udf),
    )
    parts = [f"{title}: {printable(text)}" for title, text in became if text is not None]
    return "\n    ".join([printable(name.path), *parts])


@click.command()
@image_options
@click.option("-o", "--output", required=True, metavar="OUT", help="The image file; - is standard output.")
@click.option("--force", is_flag=True, help="Replace OUT where it exists.")
@command_options
def image(
    console: Console,
    source: tuple[str, ...],
    options: ImageOptions,
    output: str,
    force: bool,
) -> ExitCode:
    """Make an image of SOURCE...

    The file appears under its name when it is whole, never before.
    """
    _refuse_image(source)
    output = claim_output(console, output)

    async def job() -> ExitCode:
        sources = parse(source)
        if output != "-":
            refuse_output_inside(sources, output)
        check_file(output, force=force)
        planned = await build(sources, options).plan()
        tell_warnings(console, planned.warnings)
        began = time.monotonic()
        await _save(console, planned, output, overwrite=force)
        seconds = time.monotonic() - began
        for finding in planned.findings:
            console.warn(finding)
        lines = describe(planned)
        lines.append(("Made", f"in {seconds:.1f} s, {_text.rate(planned.size / max(seconds, 1e-3))}"))
        lines.append(("Image", "standard output" if output == "-" else printable(output)))
        return console.result(
            {**facts(planned), "output": output, "seconds": seconds}, text=_text.facts(lines)
        )

    return console.run(job)


async def _save(console: Console, planned: ImagePlan, output: str, *, overwrite: bool) -> None:
    name = "image" if output == "-" else output
    with console.display() as display:
        speed = Speedometer()

        def tell(done: int, total: int) -> None:
            rate, left = speed.read(done, total)
            display.update(Tick(name, "writing", done, total, rate, None, left))

        if output == "-":
            await planned.save(sys.stdout.buffer, on_progress=tell)
        else:
            await planned.save(output, overwrite=overwrite, on_progress=tell)


class Speedometer:
    """Turns sectors done into a speed since the start, and the seconds that are left at that speed."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def read(self, done: int, total: int) -> tuple[float | None, float | None]:
        """Return bytes a second, and seconds left; None where nothing can be told yet."""
        seconds = time.monotonic() - self._began
        if not done or seconds <= 0:
            return None, None
        return done * SECTOR_SIZE / seconds, (total - done) * seconds / done


def _refuse_image(source: tuple[str, ...]) -> None:
    path = single_image(source)
    if path is not None:
        raise click.UsageError(f"{path} is an image already; to put it into one as a file, say {path}={path}")
