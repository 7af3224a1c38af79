"""What SOURCE means: files, folders, one .iso, and TARGET=PATH."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

import attrs

from aioimapi.errors import DuplicateNameError, SourceError, SourceInsideOutputError


@attrs.frozen
class Source:
    """One argument of the command line.

    Attributes:
        path: Where it is on the host.
        target: Where it goes in the image, as names from the root; empty where a folder's contents become
            the root.
        is_folder: Whether it is a folder.
    """

    path: str
    target: tuple[str, ...]
    is_folder: bool


def parse(arguments: Sequence[str]) -> list[Source]:
    """Return what the arguments stand for.

    A whole argument that exists is a path, whatever signs it holds; otherwise what is before the first
    ``=`` says where the path goes. A target that ends in ``/`` is a folder that takes the source under its
    own name.

    Raises:
        SourceError: A path does not exist or may not be read, or a target is not inside the image.
        DuplicateNameError: Two sources would have the same place.
    """
    alone = len(arguments) == 1
    sources = [_parse_one(argument, alone) for argument in arguments]
    taken: dict[tuple[str, ...], Source] = {}
    for source in sources:
        other = taken.setdefault(source.target, source)
        if other is not source and not (source.is_folder and other.is_folder and not source.target):
            place = "/" + "/".join(source.target)
            raise DuplicateNameError(
                f"{other.path} and {source.path} would both be {place} in the image; put one elsewhere: "
                f"NAME={source.path}",
                path=place,
            )
    return sources


def _parse_one(argument: str, alone: bool) -> Source:
    if not argument:
        raise SourceError("an empty SOURCE: name a file or a folder")
    target_text: str | None = None
    path = argument
    if "=" in argument and not os.path.lexists(argument):
        target_text, _, path = argument.partition("=")
    if not path:
        raise SourceError(f"{argument}: there is no path behind the '='; say TARGET=PATH")
    is_folder = _is_folder(path)
    own_name = os.path.basename(os.path.abspath(path))
    if target_text is None:
        target: tuple[str, ...] = () if alone and is_folder else (own_name,) if own_name else ()
    else:
        target = _target_names(target_text, argument)
        if (target_text.endswith("/") and target) or (not target and not is_folder):
            target = (*target, own_name)
    return Source(path, target, is_folder)


def _target_names(text: str, argument: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split("/") if name not in ("", "."))
    if ".." in names:
        raise SourceError(f"{argument}: the target leads out of the image; leave '..' out of {text!r}")
    return names


def _is_folder(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        hint = "it is a symbolic link to nothing" if os.path.islink(path) else "check the path"
        raise SourceError(f"{path}: no such file or folder; {hint}", path=path) from None
    except OSError as error:
        hint = "name what it should lead to" if error.errno == errno.ELOOP else "check the rights on it"
        raise SourceError(f"{path}: {error.strerror}; {hint}", path=path) from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise SourceError(
            f"{path} is neither a file nor a folder; name files, folders, or a folder that holds it",
            path=path,
        )
    return stat.S_ISDIR(mode)


def single_image(arguments: Sequence[str]) -> str | None:
    """Return the path of the image where the arguments are one .iso file and nothing else.

    ``TARGET=disc.iso`` is not: it puts the file itself into an image.
    """
    if len(arguments) != 1 or not arguments[0].lower().endswith(".iso"):
        return None
    path = arguments[0]
    return path if not os.path.isdir(path) and ("=" not in path or os.path.lexists(path)) else None


def refuse_output_inside(sources: Sequence[Source], output: str) -> None:
    """Refuse an output file that lies in a source folder, or is a source: the image would hold itself.

    Raises:
        SourceInsideOutputError: It does.
    """
    real = os.path.realpath(output)
    for source in sources:
        base = os.path.realpath(source.path)
        if real == base or (source.is_folder and real.startswith(base.rstrip("/") + "/")):
            raise SourceInsideOutputError(
                f"{output} lies inside the source {source.path}, so the image would hold itself; "
                "put the output somewhere else",
                path=output,
            )
