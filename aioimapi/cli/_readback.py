"""``verify`` and ``read``: a disc compared with an image, and a disc as an image."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from aioimapi.cli import _text
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._image import Speedometer
from aioimapi.cli._options import command_options
from aioimapi.cli._output import check_file, claim_output, refuse_the_disc_itself
from aioimapi.cli._progress import Display, Tick, recorder_tick
from aioimapi.cli._target import open_reader, session_start
from aioimapi.errors import ImageFormatError, VerificationError, printable
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from aioimapi.image import Digest, SectorSource
    from aioimapi.recorder import Recorder


@click.command()
@click.argument("drive")
@click.argument("image")
@command_options
def verify(console: Console, drive: str, image: str) -> ExitCode:
    """Compare the disc in DRIVE with the file IMAGE, every sector of it."""
    console.uses_drive = True

    async def job() -> ExitCode:
        wrong: VerificationError | None = None
        async with open_reader(drive) as recorder:
            with console.display() as display:
                try:
                    await recorder.verify(image, on_progress=lambda news: display.update(recorder_tick(news)))
                except VerificationError as error:
                    wrong = error
            report = recorder.last_report
        assert report is not None
        console.text(str(report))
        facts = json.loads(report.to_json())
        if wrong is not None:
            return console.fail(wrong, ExitCode.NOT_PROVEN, facts)
        return console.result(facts)

    return console.run(job)


@click.command()
@click.argument("drive")
@click.option("-o", "--output", required=True, metavar="OUT", help="The image file; - is standard output.")
@click.option("--force", is_flag=True, help="Replace OUT where it exists.")
@click.option("--sectors", type=click.IntRange(min=1), help="How many sectors to read, from the first on.")
@click.option("--all", "everything", is_flag=True, help="Read all that the disc has, behind its volume too.")
@command_options
def read(
    console: Console, drive: str, output: str, force: bool, sectors: int | None, everything: bool
) -> ExitCode:
    """Read the disc in DRIVE into an image file.

    It ends where the disc's ISO 9660 volume says that it ends; without one, where the disc ends.
    """
    if sectors is not None and everything:
        raise click.UsageError("--sectors and --all exclude each other")
    output = claim_output(console, output)
    console.uses_drive = True

    async def job() -> ExitCode:
        refuse_the_disc_itself(drive, output)
        check_file(output, force=force)
        from aioimapi.image import new_hasher

        hasher = new_hasher()
        async with open_reader(drive) as recorder:
            count = sectors if sectors is not None or everything else await _volume_end(recorder)
            disc = await recorder.read(0, count)
            console.warn_each(disc.findings)
            began = time.monotonic()
            with console.display() as display:
                await _save(disc, output, display, hasher, drive, force=force)
        seconds = time.monotonic() - began
        size = disc.sector_count * SECTOR_SIZE
        facts = {
            "drive": drive,
            "output": output,
            "sectors": disc.sector_count,
            "size_bytes": size,
            "digest_name": hasher.name,
            "digest": hasher.hexdigest(),
            "seconds": seconds,
        }
        lines = [
            ("Read", f"{_text.size(size)}, {disc.sector_count:,} sectors ({size:,} bytes)"),
            ("Digest", f"{hasher.name} {hasher.hexdigest()}"),
            ("Took", f"{seconds:.1f} s, {_text.rate(size / max(seconds, 1e-3))}"),
            ("Image", "standard output" if output == "-" else printable(output)),
        ]
        return console.result(facts, text=_text.facts(lines))

    return console.run(job)


async def _volume_end(recorder: Recorder) -> int | None:
    """Return how many sectors the one volume on the disc has, or None where that is not told."""
    from aioimapi.image import open_volume

    media = await recorder.media()
    if media.sessions > 1 or session_start(media):
        return None
    disc = await recorder.read()
    try:
        async with await open_volume(disc) as volume:
            end = volume.volume_sectors
    except ImageFormatError:
        return None
    return end if end is not None and end <= disc.sector_count else None


async def _save(
    disc: SectorSource, output: str, display: Display, hasher: Digest, drive: str, *, force: bool
) -> None:
    from aioimapi.image import save_sectors

    speed = Speedometer()

    def tell(done: int, total: int) -> None:
        rate, left = speed.read(done, total)
        display.update(Tick(drive, "reading", done, total, rate, None, left))

    target = sys.stdout.buffer if output == "-" else output
    await save_sectors(disc, target, overwrite=force, hasher=hasher, on_progress=tell)
