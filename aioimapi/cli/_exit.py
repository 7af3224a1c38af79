"""The exit codes, and which error has which."""

from __future__ import annotations

import enum

from aioimapi import errors


class ExitCode(enum.IntEnum):
    """What the process's exit status says; the numbers are part of the interface."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_PROVEN = 4
    SOME_FAILED = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    UNREAD = 141
    TERMINATED = 143


class OutputRefusedError(errors.OutputError):
    """The output cannot be what was named, which was seen before anything was done."""


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done: all that was asked for, verification included",
    ExitCode.FAILED: "failed while it ran: the drive, the disc, a source or the output",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.REFUSED: "refused before anything was written: drive, disc, size or source",
    ExitCode.NOT_PROVEN: "the disc was written, but reading it back did not prove it good",
    ExitCode.SOME_FAILED: "several drives: at least one did all that was asked for, at least one did not",
    ExitCode.HUNG_UP: "stopped because the terminal or connection went away (SIGHUP), as by Ctrl-C",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C; drives were told to stop and the disc's state was told",
    ExitCode.UNREAD: "the program that a listing was sent to went away before its end",
    ExitCode.TERMINATED: "stopped by a termination signal (SIGTERM), as by Ctrl-C",
}

_REFUSALS: tuple[type[errors.ImapiError], ...] = (
    errors.DiscError,
    errors.ImageError,
    errors.UnknownUrlError,
    errors.DriveNotFoundError,
    errors.DriveAccessError,
    errors.DriveBusyError,
    errors.OutputExistsError,
    errors.ServerError,
    OutputRefusedError,
)


_WAYS_OUT: tuple[tuple[type[errors.ImapiError], str], ...] = (
    (errors.SourceChangedError, "--changed pad goes on with what there is"),
)


def way_out(error: BaseException) -> str:
    """Return the command line's own way out of a failure, or an empty string."""
    if isinstance(error, errors.DiscNotBlankError) and error.profile.endswith(("RW", "RE")):
        return "--overwrite does"
    return next((text for kind, text in _WAYS_OUT if isinstance(error, kind)), "")


def code_for(error: BaseException) -> ExitCode:
    """Return the exit code of a failure.

    An error that a recording raised is wrapped in RecordingError once the first WRITE was sent, so that a
    refusal is one only as long as nothing was written.
    """
    if isinstance(error, errors.VerificationError):
        return ExitCode.NOT_PROVEN
    if isinstance(error, errors.ImageTruncatedError | errors.SheetError):
        return ExitCode.REFUSED
    if isinstance(error, errors.SourceChangedError | errors.ImageFormatError):
        return ExitCode.FAILED
    if isinstance(error, _REFUSALS):
        return ExitCode.REFUSED
    return ExitCode.FAILED


def code_for_several(codes: list[ExitCode]) -> ExitCode:
    """Return one exit code for the outcomes of several drives."""
    different = set(codes)
    if len(different) <= 1:
        return different.pop() if different else ExitCode.DONE
    return ExitCode.SOME_FAILED if ExitCode.DONE in different else ExitCode.FAILED
