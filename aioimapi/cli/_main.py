"""The command line's entry: finds the command, runs it, and turns what it says into an exit code.

Commands are imported when they are called, so that none pays at start-up for what another needs.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from aioimapi import __version__
from aioimapi.cli._exit import MEANINGS, ExitCode
from aioimapi.cli._streams import describe_loss, drop_standard_output

COMMANDS: dict[str, tuple[str, str]] = {
    "drives": ("_drives", "List the drives: what they are, what they write, what is in them."),
    "media": ("_drives", "Show the disc in a drive: its kind, its state, the room on it."),
    "plan": ("_image", "Show the image that sources would become: size, names, warnings."),
    "image": ("_image", "Make an image file of files and folders."),
    "burn": ("_burn", "Burn files and folders, or an .iso, and verify the disc."),
    "verify": ("_readback", "Compare a disc with an image, byte for byte."),
    "read": ("_readback", "Read a disc into an image file."),
    "ls": ("_volume", "List what is in an image or on a disc."),
    "extract": ("_volume", "Take the files out of an image or off a disc."),
    "eject": ("_drives", "Open a drive's tray."),
    "load": ("_drives", "Close a drive's tray."),
    "virtual": ("_virtual", "Make discs for the virtual drive."),
}

# Older releases of click print the help by themselves.
NO_COMMAND: tuple[type[click.ClickException], ...] = tuple(
    kind for kind in (getattr(click.exceptions, "NoArgsIsHelpError", None),) if kind is not None
)

_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"  {int(code):>3}  {text}" for code, text in MEANINGS.items())

HELP = """Make images of files and folders, burn them to CD, DVD and Blu-ray, and prove it.

A DRIVE is a device node (/dev/sr0, /dev/sg1) or a drive in a file (virtual:disc.bdr?media=bd-r).

A SOURCE is a file, a folder, or one .iso. One folder alone: its contents are the root of the image.
Several sources: each under its own name. TARGET=PATH puts one elsewhere.
"""


class _Commands(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"aioimapi.cli.{COMMANDS[cmd_name][0]}")
        found = getattr(module, cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    help=HELP,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "-V", "--version", message="aioimapi %(version)s")
def cli() -> None:
    """Exist: the help is above, the work is in the commands."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    if sys.stdout is None:
        sys.stderr.write(
            "aioimapi: error: standard output is closed, and nothing was done; "
            "send it to /dev/null where nobody is to read it\n"
        )
        return ExitCode.USAGE
    try:
        code: Any = cli.main(args=list(arguments), prog_name="aioimapi", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _wrong_usage(error)
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except OSError as error:  # of --help; commands catch their own
        sys.stderr.write(f"aioimapi: error: {describe_loss(error)}\n")
        drop_standard_output()
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - the last stop: one line instead of a traceback
        if any(argument.startswith("-vv") for argument in arguments):
            traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
        sys.stderr.write(
            f"aioimapi: error: internal error: {said}; please report it (run with -vv for the traceback)\n"
        )
        return ExitCode.FAILED
    return int(code) if isinstance(code, int) else ExitCode.DONE


def _wrong_usage(error: click.ClickException) -> int:
    if isinstance(error, NO_COMMAND):
        sys.stderr.write(error.format_message() + "\n")
        return ExitCode.USAGE
    sys.stderr.write(f"aioimapi: error: {error.format_message()}\n")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        sys.stderr.write(f"Try '{error.ctx.command_path} --help'.\n")
    return ExitCode.USAGE
