"""What a command talks to.

Results to standard output, everything else to standard error, JSON where asked.
"""

from __future__ import annotations

import errno
import json
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import attrs

from aioimapi.cli._exit import ExitCode, way_out
from aioimapi.cli._progress import Display, JsonDisplay, PlainDisplay, RichDisplay
from aioimapi.cli._streams import describe_loss, drop_standard_output
from aioimapi.cli._words import in_our_words
from aioimapi.errors import ImapiError, printable

SHOWN_WARNINGS = 20
"""Warnings of one kind that a person is shown."""

LISTINGS = frozenset({"drives", "media", "plan", "ls"})
"""Commands that are for being read: without a reader they end, as other tools do."""

# JSON values that leave the program: their shape is told by the documentation, not by a type.
Json = Mapping[str, Any]


@attrs.define
class Console:
    """The options that every command has, and the ways to say something.

    Attributes:
        command: The command's name, for the final JSON object.
        json: Whether standard output carries JSON lines and nothing else.
        loop: ``asyncio`` or ``trio``.
        verbose: 1 shows the commands that drives are sent, 2 also tracebacks.
        stdout_is_data: Whether standard output carries an image, so that results go to standard error.
        uses_drive: Whether a drive is at work, which a stop has to bring to a known state.
        stop_code: The exit code that a signal asked for, or None.
        output_lost: Why standard output takes no more, or None. Only listings end for that: a burn goes on.
        left_behind: What a stopped command left, for the final JSON object: a disc's state for each drive.
    """

    command: str
    json: bool = False
    loop: str = "asyncio"
    verbose: int = 0
    stdout_is_data: bool = False
    uses_drive: bool = False
    stop_code: ExitCode | None = None
    output_lost: OSError | None = None
    left_behind: dict[str, Any] = attrs.field(factory=dict)
    _display: Display | None = None
    _ended: bool = False

    def run(self, job: Callable[[], Awaitable[ExitCode | None]]) -> ExitCode:
        """Run a command's work on the event loop that was asked for, and report how it ended."""
        from aioimapi.cli._run import run_job

        if not self.verbose:
            return self._after(run_job(self, job))
        with self._tracing():
            return self._after(run_job(self, job))

    def _after(self, code: ExitCode) -> ExitCode:
        """Return a job's exit code, once what it said has left the process or cannot."""
        self._put("", flush=True)
        lost = self.output_lost
        if lost is None:
            return code
        drop_standard_output()
        if lost.errno == errno.EPIPE:
            return ExitCode.UNREAD if self.command in LISTINGS and code is ExitCode.DONE else code
        self.note(f"aioimapi: error: {describe_loss(lost)}")
        return ExitCode.FAILED if code is ExitCode.DONE else code

    def _put(self, text: str, *, flush: bool = False) -> None:
        """Write to standard output; once it failed, no more."""
        if self.output_lost is not None:
            return
        try:
            sys.stdout.write(text)
            if flush:
                sys.stdout.flush()
        except OSError as error:
            self.output_lost = error

    @contextmanager
    def _tracing(self) -> Iterator[None]:
        """Show what is logged of every command that a drive is sent, for the length of a job."""
        logger = logging.getLogger("aioimapi.trace")
        teller, level = _Teller(self.note), logger.level
        logger.addHandler(teller)
        logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeHandler(teller)

    def display(self) -> Display:
        """Return the display for progress; what is said while it is open goes around it."""
        if self.json:
            self._display = JsonDisplay(lambda line: self._put(line, flush=True))
        elif sys.stderr.isatty():
            self._display = RichDisplay()
        else:
            self._display = PlainDisplay()
        return self._display

    def text(self, text: str) -> None:
        """Write a result for a person."""
        if not self.json:
            if self.stdout_is_data:
                self.note(text)
            else:
                self._put(_showable(text, sys.stdout.encoding) + "\n")

    def flush(self) -> None:
        """Let what was written be seen now, where the command goes on for long."""
        self._put("", flush=True)

    def event(self, event: str, values: Json, *, at_once: bool = False) -> None:
        """Write one JSON line, where JSON is asked for; news that somebody waits for, at once."""
        if self.json:
            self._put(json.dumps({"event": event, **values}, allow_nan=False) + "\n", flush=at_once)

    def result(self, values: Json, code: ExitCode = ExitCode.DONE, text: str | None = None) -> ExitCode:
        """Say how the command ended: the final JSON object, or a text for a person."""
        if text is not None:
            self.text(text)
        self.event(
            "result", {"command": self.command, "exit_code": int(code), "result": values, "error": None}
        )
        self._ended = True
        return code

    def note(self, text: str) -> None:
        """Write a line for a person to standard error.

        Where that is gone, with its terminal, nobody can be told, and nothing is to end for it.
        """
        line = _showable(text, sys.stderr.encoding)
        with suppress(OSError):
            if self._display is None:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
            else:
                self._display.line(line)

    def warn(self, text: str, **facts: Any) -> None:
        """Write a warning to standard error, and as JSON, with its facts, where asked."""
        self.note(f"aioimapi: warning: {printable(in_our_words(text))}")
        self.event("warning", {"message": text, **facts})

    def warn_each(self, texts: Iterable[str]) -> None:
        """Write warnings of one kind: all of them as JSON, the first twenty for a person."""
        count = 0
        for count, text in enumerate(texts, 1):
            self.event("warning", {"message": text})
            if count <= SHOWN_WARNINGS:
                self.note(f"aioimapi: warning: {printable(in_our_words(text))}")
        if count > SHOWN_WARNINGS:
            self.note(f"aioimapi: warning: and {count - SHOWN_WARNINGS:,} more like these (--json tells all)")

    def fail(
        self, error: BaseException, code: ExitCode, result: Json | None = None, *, told: bool = False
    ) -> ExitCode:
        """Write an error as one line to standard error, unless it was told before.

        And as the final JSON object where that is still owed.
        """
        if not told:
            self.tell_error(error)
        if not self._ended:
            self.event(
                "result",
                {
                    "command": self.command,
                    "exit_code": int(code),
                    "result": result,
                    "error": error_facts(error),
                },
            )
            self._ended = True
        return code

    def tell_error(self, error: BaseException) -> None:
        """Write an error as one line to standard error, with its traceback where that much is asked for."""
        hint = way_out(error)
        self.note(f"aioimapi: error: {error_line(error)}" + (f" ({hint})" if hint else ""))
        if self.verbose > 1:
            self.note("".join(traceback.format_exception(error)).rstrip())

    def stopped(self, name: str, code: ExitCode) -> ExitCode:
        """Say that a signal ended the command."""
        self.note(f"aioimapi: stopped by {name}")
        if not self._ended:
            failure = {"type": "Stopped", "message": f"stopped by {name}"}
            result = self.left_behind or None
            self.event(
                "result",
                {"command": self.command, "exit_code": int(code), "result": result, "error": failure},
            )
            self._ended = True
        return code


class _Teller(logging.Handler):
    """Hands each log record to a function."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        self._tell(record.getMessage())


def error_line(error: BaseException) -> str:
    """Return an error as one line, in the words of the command line."""
    text = in_our_words(" ".join(str(error).split()))
    if isinstance(error, ImapiError | OSError):
        return text or type(error).__name__
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"internal error: {told}; please report it (run with -vv for the traceback)"


def error_facts(error: BaseException) -> dict[str, Any]:
    """Return an error for JSON.

    Type, message, and the facts that it carries, those that JSON has a form for.
    """
    facts: dict[str, Any] = {"type": type(error).__name__, "message": error_line(error)}
    for name, value in vars(error).items():
        if name.startswith("_"):
            continue
        if isinstance(value, str | int | float | bool | None):
            facts[name] = value
        elif isinstance(value, tuple):
            facts[name] = [list(item) if isinstance(item, tuple) else item for item in value]
        elif isinstance(value, bytes):
            facts[name] = value.hex()
    return facts


def _showable(text: str, encoding: str | None) -> str:
    """Return text that terminal and stream can take: control characters, and what has no form there, as numbers."""
    codec = encoding or "ascii"
    text = "\n".join(printable(line) for line in text.split("\n"))
    return text.encode(codec, "backslashreplace").decode(codec)
