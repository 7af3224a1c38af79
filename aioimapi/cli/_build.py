"""From SOURCE arguments to something that can be planned, saved and burned."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import click

from aioimapi.cli import _text
from aioimapi.cli._boot import BootSpec, boot_options, make_boot
from aioimapi.cli._console import Console
from aioimapi.cli._iso import iso_options, make_iso
from aioimapi.cli._sources import Source
from aioimapi.errors import DuplicateNameError, printable

if TYPE_CHECKING:
    from aioimapi.image import FileSystemImage, ImagePlan, PlanWarning

FILE_SYSTEM_NAMES = ("iso9660", "joliet", "rockridge", "udf")
UDF_REVISION_NAMES = ("1.02", "1.50", "2.00", "2.01", "2.50", "2.60")
_TITLES = {"iso9660": "ISO 9660", "joliet": "Joliet", "rockridge": "Rock Ridge", "udf": "UDF"}


def file_system_list(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...]:
    """Return the file systems of a list with commas between them, without doubles; all of them for None."""
    if value is None:
        return FILE_SYSTEM_NAMES
    names = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [name for name in names if name not in FILE_SYSTEM_NAMES]
    if unknown or not names:
        said = ", ".join(unknown) or "an empty list"
        raise click.BadParameter(
            f"{said}: choose of {', '.join(FILE_SYSTEM_NAMES)}, with commas between them"
        )
    return names


def pattern_lines(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the lines of files with patterns."""
    lines: list[str] = []
    for path in value:
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                lines += file.read().splitlines()
        except OSError as error:
            raise click.BadParameter(f"{printable(path)}: {error.strerror}") from error
    return tuple(lines)


def octal_mode(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Return permission bits of their octal digits."""
    if value is None:
        return None
    if not 1 <= len(value) <= 5 or set(value) - set("01234567") or int(value, 8) > 0o7777:
        raise click.BadParameter(f"{value}: say permissions as octal digits: 0444")
    return int(value, 8)


def image_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command SOURCE…, and ``options`` made of the options of an image."""

    def wrapped(*arguments: Any, **values: Any) -> Any:
        names = [field.name for field in attrs.fields(ImageOptions)]
        options = ImageOptions(**{name: values.pop(name) for name in names})
        return function(*arguments, options=options, **values)

    functools.update_wrapper(wrapped, function)

    for decorate in (
        click.option(
            "--fs",
            callback=file_system_list,
            metavar="LIST",
            help=f"File systems, with commas: {', '.join(FILE_SYSTEM_NAMES)}; all of them by default.",
        ),
        click.option(
            "--udf-revision",
            type=click.Choice(UDF_REVISION_NAMES),
            default="1.02",
            show_default=True,
            help="The revision of UDF; 2.50 and 2.60 record all metadata twice.",
        ),
        click.option(
            "--changed",
            type=click.Choice(["error", "pad"]),
            default="error",
            help="A file that changed since the plan ends the job, or is padded or cut to its planned size.",
        ),
        click.option(
            "--symlinks",
            type=click.Choice(["keep", "follow", "skip"]),
            default="keep",
            help="Symbolic links in folders: kept as links by default.",
        ),
        click.option(
            "--unreadable",
            type=click.Choice(["error", "skip"]),
            default="error",
            help="What may not be read ends the job by default, or is left out with a warning.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="PATTERN",
            help="Leave out of folders what matches, as .gitignore has it; may be given several times.",
        ),
        click.option(
            "--exclude-from",
            multiple=True,
            metavar="FILE",
            callback=pattern_lines,
            help="The same with the patterns that a file has, one a line.",
        ),
        click.option(
            "--uid", type=click.IntRange(0, 0xFFFF_FFFF), help="The owner of all that folders hold."
        ),
        click.option(
            "--gid", type=click.IntRange(0, 0xFFFF_FFFF), help="The group of all that folders hold."
        ),
        click.option(
            "--file-mode",
            metavar="OCTAL",
            callback=octal_mode,
            help="The permissions of files in folders: 0444.",
        ),
        click.option(
            "--folder-mode", metavar="OCTAL", callback=octal_mode, help="The permissions of folders: 0555."
        ),
        boot_options,
        iso_options,
        click.option(
            "--volume", metavar="NAME", default="", help="The volume's name; by default the folder's name."
        ),
        click.argument("source", nargs=-1, required=True),
    ):
        wrapped = decorate(wrapped)
    return wrapped


@attrs.frozen
class ImageOptions:
    """How the image of the sources is to be.

    Attributes:
        volume: Its name; empty for the default.
        fs: Its file systems.
        udf_revision: The revision of UDF.
        changed: What to do with a file that changed since the plan: ``error`` or ``pad``.
        symlinks: What to do with symbolic links in folders: ``keep``, ``follow`` or ``skip``.
        unreadable: What to do with what may not be read in folders: ``error`` or ``skip``.
        exclude: Patterns of what is left out of folders.
        exclude_from: The same, of files with patterns; they come first.
        uid: The owner of all that folders hold, or None.
        gid: The group of all that folders hold, or None.
        file_mode: The permission bits of files in folders, or None.
        folder_mode: The permission bits of folders, or None.
        boot: What it starts machines with.
        boot_catalog: The file that the boot catalog is seen as; empty for none.
        usb: The partition table for USB sticks, ``gpt`` or ``mbr``, or None.
        mbr: Whose boot code goes into the master boot record, and the code; or None.
        iso_level: The level of ISO 9660.
        no_versions: Leave the versions of its file identifiers out.
        joliet_long: Let Joliet names have 103 characters.
        system_id: For the volume descriptors of ISO 9660 and Joliet, as the others below.
        volume_set: The volume set.
        publisher: Who publishes it.
        preparer: Who prepared the data.
        application: What made the image.
        copyright_file: The name of a file in the root.
        abstract_file: The name of a file in the root.
        bibliographic_file: The name of a file in the root.
    """

    volume: str
    fs: tuple[str, ...]
    udf_revision: str
    changed: Literal["error", "pad"]
    symlinks: Literal["keep", "follow", "skip"]
    unreadable: Literal["error", "skip"]
    exclude: tuple[str, ...] = ()
    exclude_from: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    file_mode: int | None = None
    folder_mode: int | None = None
    boot: tuple[BootSpec, ...] = ()
    boot_catalog: str = ""
    usb: str | None = None
    mbr: tuple[str, bytes] | None = None
    iso_level: int = 3
    no_versions: bool = False
    joliet_long: bool = False
    system_id: str = ""
    volume_set: str = ""
    publisher: str = ""
    preparer: str = ""
    application: str = "AIOIMAPI"
    copyright_file: str = ""
    abstract_file: str = ""
    bibliographic_file: str = ""


DEFAULTS = ImageOptions("", FILE_SYSTEM_NAMES, "1.02", "error", "keep", "error")


def build(sources: Sequence[Source], options: ImageOptions) -> FileSystemImage:
    """Return an image of sources, not planned yet.

    Raises:
        DuplicateNameError: A source's place is taken by another; the message tells how to put it elsewhere.
        ImageError: The chosen file systems make no sense together.
    """
    from aioimapi.fs import FileSystem
    from aioimapi.image import FileSystemImage

    chosen = [FileSystem(name) for name in options.fs]
    image = FileSystemImage(
        options.volume or _default_volume(sources),
        file_systems=chosen,
        udf_revision=options.udf_revision,
        on_change=options.changed,
        iso=make_iso(options),
        boot=make_boot(options.boot, options.boot_catalog, options.usb, options.mbr),
    )
    for source in sources:
        try:
            _add(image, source, options)
        except DuplicateNameError as error:
            raise DuplicateNameError(
                f"{error}; put it elsewhere: NAME={source.path}", path=error.path
            ) from error
    return image


def _add(image: FileSystemImage, source: Source, options: ImageOptions) -> None:
    place = "/".join(source.target)
    if source.is_folder:
        folder = image.root.add_directory(place) if place else image.root
        folder.add_tree(
            source.path,
            symlinks=options.symlinks,
            unreadable=options.unreadable,
            exclude=(*options.exclude_from, *options.exclude),
            uid=options.uid,
            gid=options.gid,
            file_mode=options.file_mode,
            directory_mode=options.folder_mode,
        )
    else:
        image.root.add_file(place, source.path)


def _default_volume(sources: Sequence[Source]) -> str:
    """Return the name of the one folder or file there is.

    Several leave it to the image, which takes the date.
    """
    if len(sources) != 1:
        return ""
    return os.path.basename(os.path.abspath(sources[0].path))


def describe(plan: ImagePlan) -> list[tuple[str, str]]:
    """Return what a plan is, as labelled lines."""
    present = {system.value for system in plan.file_systems}
    titles = _TITLES | {"udf": f"UDF {plan.udf_revision}"}
    files = _text.plural(plan.file_count, "file")
    folders = _text.plural(plan.directory_count - 1, "folder")
    return [
        ("Volume", printable(plan.volume_name)),
        ("File systems", ", ".join(titles[name] for name in FILE_SYSTEM_NAMES if name in present)),
        ("Holds", f"{files} in {folders}" if plan.directory_count > 1 else files),
        ("Boots", _boots(plan)),
        ("Size", f"{_text.size(plan.size)}, {plan.sector_count:,} sectors ({plan.size:,} bytes)"),
    ]


def _boots(plan: ImagePlan) -> str:
    """Return what starts from the image; nothing for most."""
    names = ", ".join(dict.fromkeys(entry.platform_name for entry in plan.boot_entries))
    return f"{names}, from a disc or a USB stick" if plan.boots_from_usb else names


def facts(plan: ImagePlan) -> dict[str, Any]:
    """Return what a plan is, for JSON."""
    present = {system.value for system in plan.file_systems}
    return {
        "volume": plan.volume_name,
        "file_systems": [name for name in FILE_SYSTEM_NAMES if name in present],
        "udf_revision": plan.udf_revision if "udf" in present else None,
        "boot": [entry.platform_name for entry in plan.boot_entries],
        "files": plan.file_count,
        "directories": plan.directory_count,
        "sectors": plan.sector_count,
        "size_bytes": plan.size,
    }


def tell_warnings(console: Console, warnings: Sequence[PlanWarning]) -> None:
    """Write a plan's warnings, a line for each kind."""
    for warning in warnings:
        console.warn(str(warning), kind=warning.kind, count=warning.count, examples=list(warning.examples))
