"""The options that every command has."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate

import click

from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode


def command_options(function: Callable[Concatenate[Console, ...], ExitCode]) -> Callable[..., ExitCode]:
    """Give a command ``--json``, ``--loop`` and ``-v``, and hand it a :class:`Console` made of them."""

    @click.option(
        "--json",
        "json_",
        is_flag=True,
        help="Write JSON lines to standard output: progress, then one result.",
    )
    @click.option(
        "--loop",
        type=click.Choice(["asyncio", "trio"]),
        default="asyncio",
        show_default=True,
        help="The event loop to run on; trio must be installed.",
    )
    @click.option(
        "-v", "--verbose", count=True, help="Show every command sent to a drive; -vv also tracebacks."
    )
    @click.pass_context
    def wrapped(context: click.Context, /, json_: bool, loop: str, verbose: int, **values: Any) -> ExitCode:
        if loop == "trio" and not _has_trio():
            raise click.UsageError("--loop trio needs the package trio: pip install 'aioimapi[trio]'")
        name = context.command_path.partition(" ")[2]
        console = Console(name, json=json_, loop=loop, verbose=verbose)
        context.obj = console
        return function(console, **values)

    return functools.update_wrapper(wrapped, function)


def _has_trio() -> bool:
    import importlib.util

    return importlib.util.find_spec("trio") is not None
