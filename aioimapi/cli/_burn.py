"""``burn``: files and folders, or an .iso, onto one disc or many, with an outcome for each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from aioimapi.cli._build import DEFAULTS, ImageOptions, build, facts, image_options, tell_warnings
from aioimapi.cli._console import Console, error_facts
from aioimapi.cli._exit import ExitCode, code_for, code_for_several
from aioimapi.cli._options import command_options
from aioimapi.cli._progress import Display, label, recorder_tick
from aioimapi.cli._sources import Source, parse, refuse_output_inside, single_image
from aioimapi.cli._target import medium_files
from aioimapi.errors import RecordingError

if TYPE_CHECKING:
    from aioimapi.image import SectorSource
    from aioimapi.rig import Outcome, RigOptions


@click.command()
@image_options
@click.option(
    "--drive",
    "drives",
    metavar="DRIVE",
    multiple=True,
    required=True,
    help="Where to burn; give it several times, and all burn at once.",
)
@click.option(
    "--verify",
    type=click.Choice(["none", "quick", "full"]),
    default="full",
    show_default=True,
    help="How much of the disc is read back and compared.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="The speed as a multiple of 1x; the drive's fastest by default.",
)
@click.option(
    "--close/--leave-open",
    default=None,
    help="Close the disc, or leave it appendable; by default a DVD+R is closed, as players want it, others are not.",
)
@click.option("--overwrite", is_flag=True, help="Use a rewritable disc that holds something; that is lost.")
@click.option("--eject", is_flag=True, help="Open the tray of each drive where all went well.")
@command_options
def burn(
    console: Console,
    source: tuple[str, ...],
    options: ImageOptions,
    drives: tuple[str, ...],
    verify: str,
    speed: float | None,
    close: bool | None,
    overwrite: bool,
    eject: bool,
) -> ExitCode:
    """Burn SOURCE... and verify the disc.

    Drive, disc and size are checked before anything is written.
    """
    if single_image(source) is not None and options != DEFAULTS:
        raise click.UsageError(
            f"{source[0]} is an image already; --volume, --fs, --symlinks, --unreadable and --changed are for "
            "images that are made of files and folders"
        )

    def how() -> RigOptions:
        from aioimapi.rig import RigOptions

        return RigOptions(
            verify=verify,
            speed=speed,
            close=close is True,
            compatible=close is not False,
            overwrite=overwrite,
            eject=eject,
        )

    console.uses_drive = True
    return console.run(_Job(console, drives, how, source, options).run)


def _refuse_twice(drives: tuple[str, ...]) -> None:
    """Refuse a drive that is named twice, in whatever spelling."""
    named: dict[str, str] = {}
    for drive in drives:
        files = medium_files(drive)
        place = os.path.realpath(files[0]) if files else os.path.realpath(drive)
        if place in named:
            other = "" if named[place] == drive else f" (as {named[place]}, too)"
            raise click.UsageError(f"--drive {drive} is given twice{other}; each drive burns one disc")
        named[place] = drive


class _Job:
    """One run of the command."""

    def __init__(
        self,
        console: Console,
        drives: tuple[str, ...],
        how: Callable[[], RigOptions],
        arguments: tuple[str, ...],
        options: ImageOptions,
    ) -> None:
        self._console = console
        self._drives = drives
        self._how = how
        self._arguments = arguments
        self._options = options
        self._image: dict[str, Any] = {}
        self._outcomes: Sequence[Outcome] = ()

    async def run(self) -> ExitCode:
        """Plan, burn, tell."""
        from aioimapi.rig import Rig

        source = await self._prepare()
        rig = Rig(self._drives)
        try:
            with self._console.display() as display:
                await rig.burn(
                    source,
                    self._how(),
                    on_progress=lambda news: display.update(recorder_tick(news)),
                    on_outcome=lambda outcome: self._tell_outcome(outcome, display),
                )
        finally:
            # A cancel comes this way, too: what each disc is now is told, whatever ended the burn.
            self._outcomes = rig.outcomes
            self._tell_reports()
            self._console.left_behind = self._facts()
        return self._conclude()

    async def _prepare(self) -> SectorSource:
        from aioimapi.image import IsoFile

        _refuse_twice(self._drives)
        image = single_image(self._arguments)
        sources = parse(self._arguments) if image is None else [Source(image, (), is_folder=False)]
        for drive in self._drives:
            for medium in medium_files(drive):
                refuse_output_inside(sources, medium)
        if image is not None:
            file = IsoFile(image)
            file.require_whole()
            self._image = {"path": image, "sectors": file.sector_count, "size_bytes": file.size_bytes}
            return file
        planned = await build(sources, self._options).plan()
        tell_warnings(self._console, planned.warnings)
        self._image = facts(planned)
        return planned

    def _tell_outcome(self, outcome: Outcome, display: Display) -> None:
        """Tell how it ended for a drive, while others go on."""
        if outcome.error is not None:
            display.ended(outcome.target, "FAILED")
            self._console.tell_error(outcome.error)
        elif not outcome.finished:
            display.ended(outcome.target, "stopped")
        self._console.event("outcome", self._outcome_facts(outcome), at_once=True)

    def _tell_reports(self) -> None:
        told = [
            outcome.report
            for outcome in self._outcomes
            if outcome.report is not None and self._code_of(outcome) is not ExitCode.REFUSED
        ]
        for number, report in enumerate(told):
            self._console.text(f"\n{report}" if number else str(report))

    def _facts(self) -> dict[str, Any]:
        return {"image": self._image, "drives": [self._outcome_facts(outcome) for outcome in self._outcomes]}

    def _conclude(self) -> ExitCode:
        if len(self._outcomes) > 1:
            bad = [outcome.target for outcome in self._outcomes if not outcome.ok]
            which = f"; not: {', '.join(label(target) for target in bad)}" if bad else ""
            good = len(self._outcomes) - len(bad)
            self._console.text(f"\n{good} of {len(self._outcomes)} drives did all that was asked for{which}")
        errors = [outcome.error for outcome in self._outcomes if outcome.error is not None]
        if not errors:
            return self._console.result(self._facts())
        code = code_for_several([self._code_of(outcome) for outcome in self._outcomes])
        return self._console.fail(errors[-1], code, self._facts(), told=True)

    def _code_of(self, outcome: Outcome) -> ExitCode:
        """Return the exit code that one drive alone would give."""
        if outcome.error is None:
            return ExitCode.DONE if outcome.finished else self._console.stop_code or ExitCode.INTERRUPTED
        written = outcome.report is not None and outcome.report.written
        if written and isinstance(outcome.error, RecordingError):
            return ExitCode.NOT_PROVEN  # the reading back failed, or could not be finished
        return code_for(outcome.error)

    def _outcome_facts(self, outcome: Outcome) -> dict[str, Any]:
        """Return how it ended for one drive, for JSON."""
        return {
            "drive": outcome.target,
            "exit_code": int(self._code_of(outcome)),
            "report": None if outcome.report is None else json.loads(outcome.report.to_json()),
            "error": _error_of(outcome),
        }


def _error_of(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.error is not None:
        return error_facts(outcome.error)
    if outcome.finished:
        return None
    message = "stopped before it began"
    if outcome.report is not None:
        message = f"stopped before it was done; the disc is {outcome.report.disc_state}"
    return {"type": "Stopped", "message": message}
