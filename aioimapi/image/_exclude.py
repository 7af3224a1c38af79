"""Patterns of what a folder is to be taken in without, as ``.gitignore`` has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aioimapi.errors import ImageError

_Matches = Callable[[str], bool]


class Exclusions:
    """Patterns about what lies below one folder of the host.

    Args:
        patterns: Lines as of a ``.gitignore`` in that folder; a later line wins, ``!`` takes back in, and nothing comes
            back in below a folder that is out.
        base: The folder, as an absolute path.

    Raises:
        ImageError: A pattern makes no sense, or the package ``pathspec`` is not installed.
    """

    def __init__(self, patterns: Iterable[str], base: str) -> None:
        self._matches = _compile(tuple(patterns))
        self._skip = len(base) + 1

    def hides(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether a path below the folder, as the scan spells it, is to be left out."""
        # Bytes that are no UTF-8 are surrogates here; a pattern from the command line has the same ones.
        return self._matches(path[self._skip :] + ("/" if is_folder else ""))


def _compile(patterns: tuple[str, ...]) -> _Matches:
    try:
        from pathspec import GitIgnoreSpec
    except ImportError:
        raise ImageError(
            "exclude needs the package pathspec: pip install 'aioimapi[exclude]', or leave the patterns out"
        ) from None
    try:
        return GitIgnoreSpec.from_lines(patterns).match_file
    except ValueError as error:
        raise ImageError(f"exclude has a pattern that makes no sense: {error}") from error
