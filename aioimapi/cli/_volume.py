"""``ls`` and ``extract``: what is in an image or on a disc."""

from __future__ import annotations

import stat
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from aioimapi.cli import _text
from aioimapi.cli._build import FILE_SYSTEM_NAMES
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._target import open_image_or_disc

if TYPE_CHECKING:
    from aioimapi.fs.read import Entry
    from aioimapi.image import Volume

_file_system = click.option(
    "--fs",
    type=click.Choice(["auto", *FILE_SYSTEM_NAMES]),
    default="auto",
    help="The file system to read; by default the one that tells most.",
)

_TYPE_BITS = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "character device": stat.S_IFCHR,
    "block device": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


@click.command()
@click.argument("image", metavar="IMAGE|DRIVE")
@click.argument("path", default="/")
@_file_system
@command_options
def ls(console: Console, image: str, path: str, fs: str) -> ExitCode:
    """List what is in an IMAGE file or on the disc in a DRIVE, from PATH on."""

    async def job() -> ExitCode:
        files = directories = size = 0
        async with open_image_or_disc(console, image, fs) as volume:
            async with aclosing(volume.walk(path)) as entries:
                async for entry in entries:
                    directories += entry.is_directory
                    files += not entry.is_directory
                    size += 0 if entry.is_directory else entry.size
                    if console.json:
                        console.event("entry", entry_facts(entry))
                    else:
                        console.text(_line(entry))
            for finding in volume.findings:
                console.warn(finding)
            facts = {
                **volume_facts(volume),
                "files": files,
                "directories": directories,
                "size_bytes": size,
            }
            held = (
                f"{_text.plural(files, 'file')} ({_text.size(size)}) in {_text.plural(directories, 'folder')}"
            )
            console.note(f"{_text.printable(volume.name) or 'no name'}: {held}; {volume.choice}")
        return console.result(facts)

    return console.run(job)


def volume_facts(volume: Volume) -> dict[str, Any]:
    """Return what a volume is, for JSON."""
    return {
        "volume": volume.name,
        "file_system": volume.file_system,
        "file_systems": list(volume.file_systems),
        "sectors": volume.sector_count,
    }


def entry_facts(entry: Entry) -> dict[str, Any]:
    """Return what an entry is, for JSON."""
    return {
        "path": entry.path,
        "kind": entry.kind.value,
        "size": entry.size,
        "mtime_ns": entry.mtime_ns,
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
        "target": entry.target,
        "extents": [list(extent) for extent in entry.extents],
        "fault": entry.fault or None,
    }


def _line(entry: Entry) -> str:
    bits = _TYPE_BITS[entry.kind.value]
    mode = (
        stat.filemode(bits | entry.mode) if entry.mode is not None else f"{stat.filemode(bits)[0]}?????????"
    )
    when = (
        " " * 16
        if entry.mtime_ns is None
        else time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry.mtime_ns // 10**9))
    )
    name = _text.printable(entry.path)
    if entry.target is not None:
        name += f" -> {_text.printable(entry.target)}"
    if entry.is_directory:
        name = name.rstrip("/") + "/"
    size = "" if entry.is_directory else f"{entry.size}"
    fault = f"  (cannot be read: {_text.printable(entry.fault)})" if entry.fault else ""
    return f"{mode} {size:>14} {when} {name}{fault}"
