"""What keeps a walk over a hostile tree finite: loops, depth, and directories that share sectors."""

from __future__ import annotations

from typing import Final

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import ImageContext, SectorRequest
from aioimapi.fs.read._tree import Entry

MAX_DEPTH: Final = 1024
"""Directories below one another that a walk goes down; what lies deeper is told and left out."""

_READ_AGAIN: Final = 16
_ALLOWANCE: Final = 8192


class WalkGuard:
    """Watches one walk.

    Every directory is entered once: a second way to it is a loop or a hard link to a directory, and both are told.
    As honest directories do not share sectors, a walk that reads the image's size many times over is stopped.

    Args:
        context: What is known of the image.
    """

    def __init__(self, context: ImageContext) -> None:
        self._findings = context.findings
        self._seen: set[tuple[int, int]] = set()
        self._left = _ALLOWANCE + _READ_AGAIN * (
            context.sector_count if context.sector_count is not None else 1 << 26
        )

    def admits(self, directory: Entry, depth: int) -> bool:
        """Tell whether to go down into a directory, ``depth`` levels below the walk's start; call it once for each."""
        if directory.fault:
            self._findings.note(
                "unreadable directories", f"{directory.path} cannot be read: {directory.fault}"
            )
            return False
        if not directory.extents:
            return False
        place = (directory.extents[0][0], directory.offset)
        if place in self._seen:
            self._findings.note(
                "directories met twice",
                f"{directory.path} is a directory that was already met under another name; not entered again",
            )
            return False
        if depth > MAX_DEPTH:
            self._findings.note("too deep", f"{directory.path[:200]}… lies {depth} levels deep; not entered")
            return False
        self._seen.add(place)
        return True

    @property
    def exhausted(self) -> bool:
        """Whether the walk was stopped for reading too much."""
        return self._left < 0

    def spend(self, request: SectorRequest) -> None:
        """Count what is read for the walk.

        Raises:
            ImageFormatError: The walk reads far more than the image has.
        """
        self._left -= request.count
        if self._left < 0:
            raise ImageFormatError(
                "the image's directories share sectors so that reading them would not end; "
                "the image is damaged or made to harm",
                lba=request.first,
            )


__all__ = ("MAX_DEPTH", "WalkGuard")
