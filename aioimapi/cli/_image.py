"""``plan`` and ``image``: what an image would be, and the image."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

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
    from aioimapi.image import ImagePlan, PlannedName


@click.command()
@image_options
@click.option("--names", is_flag=True, help="Show every name in every file system.")
@command_options
def plan(console: Console, source: tuple[str, ...], options: ImageOptions, names: bool) -> ExitCode:
    """Show the image that SOURCE... would become, without reading a file.

    Its size to the sector, its warnings, and the names that change.
    """
    _refuse_image(source)

    async def job() -> ExitCode:
        planned = await build(parse(source), options).plan()
        tell_warnings(console, planned.warnings)
        if names:
            for name in planned.names():
                console.event("name", attrs.asdict(name))
                console.text(_describe_name(name))
                if console.output_lost is not None:
                    break
        return console.result(facts(planned), text=_text.facts(describe(planned)))

    return console.run(job)


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
