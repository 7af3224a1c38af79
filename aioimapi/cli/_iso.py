"""The options that shape ISO 9660 and Joliet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aioimapi.cli._build import ImageOptions
    from aioimapi.image import IsoOptions

_TEXTS = (
    ("system-id", "The system that can use the image's first sixteen sectors."),
    ("volume-set", "The volume set that the image belongs to."),
    ("publisher", "Who publishes the image."),
    ("preparer", "Who prepared the data."),
)
_FILES = (
    ("copyright", "The file in the root with the copyright statement."),
    ("abstract", "The file in the root with an abstract."),
    ("bibliographic", "The file in the root with bibliographic records."),
)


def iso_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that end in :func:`make_iso`."""
    options = [
        click.option(
            "--iso-level",
            type=click.IntRange(1, 3),
            default=3,
            show_default=True,
            help="ISO 9660: 1 for names of 8 and 3 characters, 2 for 30, 3 also for files over 4 GiB.",
        ),
        click.option("--no-versions", is_flag=True, help="Leave ;1 out of ISO 9660 and Joliet names."),
        click.option("--joliet-long", is_flag=True, help="Let Joliet names have 103 characters, not 64."),
        click.option(
            "--application",
            metavar="TEXT",
            default="AIOIMAPI",
            help="What made the image; AIOIMAPI otherwise.",
        ),
    ]
    options += [click.option(f"--{name}", metavar="TEXT", default="", help=text) for name, text in _TEXTS]
    options += [
        click.option(f"--{name}-file", metavar="NAME", default="", help=text) for name, text in _FILES
    ]
    for decorate in options:
        function = decorate(function)
    return function


def make_iso(options: ImageOptions) -> IsoOptions:
    """Return the library's options.

    Raises:
        ImageError: A text is too long for its field.
    """
    from aioimapi.image import IsoOptions

    return IsoOptions(
        level=options.iso_level,
        versions=not options.no_versions,
        joliet_long=options.joliet_long,
        system=options.system_id,
        volume_set=options.volume_set,
        publisher=options.publisher,
        preparer=options.preparer,
        application=options.application,
        copyright_file=options.copyright_file,
        abstract_file=options.abstract_file,
        bibliographic_file=options.bibliographic_file,
    )
