"""The page on the command line tells of every command, every option and every exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from aioimapi.cli._exit import MEANINGS
from aioimapi.cli._main import cli, run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", command.commands[inner]) for inner in command.commands)
        else:
            yield name, command


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_command_and_options_are_on_the_page(name: str, command: click.Command) -> None:
    assert f"`aioimapi {name} " in PAGE
    for option in command.params:
        if isinstance(option, click.Option):
            for flag in (*option.opts, *option.secondary_opts):
                assert f"`{flag}" in PAGE, f"{name} {flag}"


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_help_says_what_a_command_does(name: str, command: click.Command) -> None:
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_exit_codes_are_on_the_page() -> None:
    for code, meaning in MEANINGS.items():
        assert f"| {int(code)} | {meaning} |" in PAGE


@pytest.mark.parametrize("arguments", [[], ["virtual"]])
def test_no_command_shows_the_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) in (0, 2)  # 0 up to click 8.1
    captured = capsys.readouterr()
    assert (captured.out + captured.err).startswith("Usage: aioimapi")


def test_help_lists_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--help"], standalone_mode=False)
    text = capsys.readouterr().out
    for name, _ in commands():
        assert f"\n  {name.partition(' ')[0]} " in text
    for code, meaning in MEANINGS.items():
        assert f" {int(code)}  {meaning}" in text
