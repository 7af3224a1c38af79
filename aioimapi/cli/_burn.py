"""``burn``: files and folders, or an .iso, onto one disc or many, with an outcome for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import anyio
import attrs
import click

from aioimapi.cli._build import ImageOptions, build, facts, image_options, tell_warnings
from aioimapi.cli._console import Console, error_facts
from aioimapi.cli._exit import ExitCode, code_for, code_for_several
from aioimapi.cli._options import command_options
from aioimapi.cli._progress import Display, recorder_tick
from aioimapi.cli._sources import Source, parse, refuse_output_inside, single_image
from aioimapi.cli._target import medium_file
from aioimapi.errors import ImapiError

if TYPE_CHECKING:
    from aioimapi.image import SectorSource
    from aioimapi.recorder import Report


class WriteOptions(TypedDict):
    """The options of the command that go to the recorder, by its names."""

    verify: str
    speed: float | None
    close: bool
    compatible: bool
    overwrite: bool


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
    twice = sorted({name for name in drives if drives.count(name) > 1})
    if twice:
        raise click.UsageError(f"--drive {twice[0]} is given twice; each drive burns one disc")
    how = WriteOptions(
        verify=verify,
        speed=speed,
        close=close is True,
        compatible=close is not False,
        overwrite=overwrite,
    )
    job = _Job(console, drives, how, eject=eject)
    return console.run(lambda: job.run(source, options))


@attrs.define
class Outcome:
    """How it ended for one drive.

    Attributes:
        drive: The drive.
        report: What was done, as far as it came.
        error: Why it was not all that was asked for, or None.
    """

    drive: str
    report: Report | None = None
    error: ImapiError | None = None

    @property
    def code(self) -> ExitCode:
        """The exit code that this drive alone would give."""
        if self.error is None:
            return ExitCode.DONE
        proven_wrong = self.report is not None and self.report.written
        return ExitCode.NOT_PROVEN if proven_wrong else code_for(self.error)

    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "drive": self.drive,
            "exit_code": int(self.code),
            "report": None if self.report is None else json.loads(self.report.to_json()),
            "error": None if self.error is None else error_facts(self.error),
        }


class _Job:
    """One run of the command."""

    def __init__(self, console: Console, drives: Sequence[str], how: WriteOptions, *, eject: bool) -> None:
        self._console = console
        self._how = how
        self._eject = eject
        self._outcomes = [Outcome(drive) for drive in drives]
        self._image: dict[str, Any] = {}

    async def run(self, arguments: Sequence[str], options: ImageOptions) -> ExitCode:
        """Plan, burn, tell."""
        source = await self._prepare(arguments, options)
        try:
            await self._burn(source)
        finally:
            # A cancel comes this way, too: what the discs are now is told, whatever ended the burn.
            self._tell_reports()
            self._console.left_behind = self._facts()
        return self._conclude()

    async def _prepare(self, arguments: Sequence[str], options: ImageOptions) -> SectorSource:
        from aioimapi.image import IsoFile

        image = single_image(arguments)
        sources = parse(arguments) if image is None else [Source(image, (), is_folder=False)]
        for outcome in self._outcomes:
            medium = medium_file(outcome.drive)
            if medium is not None:
                refuse_output_inside(sources, medium)
        if image is not None:
            file = IsoFile(image)
            self._image = {"path": image, "sectors": file.sector_count, "size_bytes": file.size_bytes}
            return file
        planned = await build(sources, options).plan()
        tell_warnings(self._console, planned.warnings)
        self._image = facts(planned)
        return planned

    async def _burn(self, source: SectorSource) -> None:
        with self._console.display() as display:
            async with anyio.create_task_group() as group:
                for outcome in self._outcomes:
                    group.start_soon(self._burn_one, outcome, source, display, name=f"burn {outcome.drive}")

    async def _burn_one(self, outcome: Outcome, source: SectorSource, display: Display) -> None:
        from aioimapi.recorder import open_recorder

        try:
            async with open_recorder(outcome.drive) as recorder:
                try:
                    await recorder.write(
                        source, on_progress=lambda news: display.update(recorder_tick(news)), **self._how
                    )
                finally:
                    outcome.report = recorder.last_report
                if self._eject:
                    await recorder.eject()
        except ImapiError as error:
            outcome.error = error

    def _tell_reports(self) -> None:
        several = len(self._outcomes) > 1
        for number, outcome in enumerate(self._outcomes):
            if outcome.report is None or outcome.code is ExitCode.REFUSED:
                continue
            if several and number:
                self._console.text("")
            self._console.text(str(outcome.report))

    def _facts(self) -> dict[str, Any]:
        return {"image": self._image, "drives": [outcome.facts() for outcome in self._outcomes]}

    def _conclude(self) -> ExitCode:
        failed = [outcome for outcome in self._outcomes if outcome.error is not None]
        code = code_for_several([outcome.code for outcome in self._outcomes])
        if not failed:
            return self._console.result(self._facts())
        for outcome in failed[:-1]:
            assert outcome.error is not None
            self._console.tell_error(outcome.error)
        last = failed[-1].error
        assert last is not None
        return self._console.fail(last, code, self._facts())
