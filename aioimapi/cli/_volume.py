"""``ls`` and ``extract``: what is in an image or on a disc."""

from __future__ import annotations

import contextlib
import os
import stat
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from aioimapi.cli import _text
from aioimapi.cli._build import FILE_SYSTEM_NAMES
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.cli._output import check_folder, inside
from aioimapi.cli._progress import Tick
from aioimapi.cli._target import is_drive, medium_files, open_image_or_disc
from aioimapi.errors import ItemNotFoundError, OutputError, SourceInsideOutputError, printable
from aioimapi.units import sectors

if TYPE_CHECKING:
    from aioimapi.fs.read import Entry
    from aioimapi.image import BootEntry, ExtractReport, Volume

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
@click.option("--boot", is_flag=True, help="List what machines start from: the entries of the boot catalog.")
@command_options
def ls(console: Console, image: str, path: str, fs: str, boot: bool) -> ExitCode:
    """List what is in an IMAGE file or on the disc in a DRIVE, from PATH on."""
    console.uses_drive = is_drive(image)
    if boot:
        return console.run(lambda: _list_boot(console, image, fs))

    async def job() -> ExitCode:
        files = directories = size = 0
        async with open_image_or_disc(image, fs) as volume:
            async with aclosing(volume.walk(path)) as entries:
                async for entry in entries:
                    directories += entry.is_directory
                    files += not entry.is_directory
                    size += 0 if entry.is_directory else entry.size
                    if console.json:
                        console.event("entry", entry_facts(entry))
                    else:
                        console.text(_line(entry))
                    if console.output_lost is not None:
                        return ExitCode.DONE  # nobody reads on
            console.warn_each(volume.findings)
            facts = {
                **volume_facts(volume),
                "files": files,
                "directories": directories,
                "size_bytes": size,
            }
            held = (
                f"{_text.plural(files, 'file')} ({_text.size(size)}) in {_text.plural(directories, 'folder')}"
            )
            console.note(f"{printable(volume.name) or 'no name'}: {held}; {volume.choice}")
        return console.result(facts)

    return console.run(job)


async def _list_boot(console: Console, image: str, fs: str) -> ExitCode:
    async with open_image_or_disc(image, fs) as volume:
        catalog = await volume.read_boot_catalog()
        entries = catalog.entries if catalog is not None else ()
        for number, entry in enumerate(entries, 1):
            facts = boot_facts(entry)
            console.event("boot_entry", {"number": number, **facts})
            console.text(_boot_line(number, entry))
        console.warn_each(volume.findings)
    name = printable(volume.name) or "no name"
    if catalog is None:
        console.note(f"{name}: no boot catalog")
        return console.result({**volume_facts(volume), "boot_catalog": None, "boot_entries": 0})
    maker = printable(catalog.manufacturer.decode("ascii", "replace"))
    console.note(
        f"{name}: {_text.plural(len(entries), 'boot entry')}, catalog at sector {catalog.lba:,}"
        + (f", by {maker}" if maker else "")
    )
    return console.result({**volume_facts(volume), "boot_catalog": catalog.lba, "boot_entries": len(entries)})


def boot_facts(entry: BootEntry) -> dict[str, Any]:
    """Return what a boot entry is, for JSON."""
    return {
        "platform": entry.platform,
        "platform_name": entry.platform_name,
        "emulation": entry.emulation,
        "emulation_name": entry.emulation_name,
        "bootable": entry.bootable,
        "lba": entry.lba,
        "load_sectors": entry.load_sectors,
        "load_segment": entry.load_segment,
        "system_type": entry.system_type,
        "identifier": entry.identifier.decode("ascii", "replace"),
    }


def _boot_line(number: int, entry: BootEntry) -> str:
    parts = [f"{number:>3}  {entry.platform_name:8} {entry.emulation_name:17} sector {entry.lba:,}"]
    parts.append(f"loads {_text.plural(entry.load_sectors, 'block')} of 512 bytes")
    if entry.load_segment:
        parts.append(f"at segment {entry.load_segment:#06x}")
    if entry.identifier:
        parts.append(printable(entry.identifier.decode("ascii", "replace")))
    if not entry.bootable:
        parts.append("marked as not bootable")
    return ", ".join(parts)


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


def _when(mtime_ns: int | None) -> str:
    """Return a time in UTC; nothing for one that is not recorded, or that no calendar has."""
    with contextlib.suppress(ValueError, OverflowError):
        if mtime_ns is not None:
            return f"{datetime.fromtimestamp(mtime_ns // 10**9, UTC):%Y-%m-%d %H:%M}"
    return ""


def _line(entry: Entry) -> str:
    bits = _TYPE_BITS[entry.kind.value]
    mode = f"{stat.filemode(bits)[0]}?????????" if entry.mode is None else stat.filemode(bits | entry.mode)
    when = _when(entry.mtime_ns)
    name = printable(entry.path)
    if entry.target is not None:
        name += f" -> {printable(entry.target)}"
    if entry.is_directory:
        name = name.rstrip("/") + "/"
    size = "" if entry.is_directory else f"{entry.size}"
    fault = f"  (cannot be read: {printable(entry.fault)})" if entry.fault else ""
    return f"{mode} {size:>14} {when:16} {name}{fault}"


@click.command()
@click.argument("image", metavar="IMAGE|DRIVE")
@click.argument("path", default="/")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Where to; made where it is missing.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@_file_system
@command_options
def extract(console: Console, image: str, path: str, output: str, force: bool, fs: str) -> ExitCode:
    """Take the files out of an IMAGE file or off the disc in a DRIVE, from PATH on.

    Nothing is written outside FOLDER, whatever the image says.
    """
    console.uses_drive = is_drive(image)

    async def job() -> ExitCode:
        check_folder(output)
        async with open_image_or_disc(image, fs) as volume:
            if force:
                await _refuse_what_is_read(volume, image, path, output)
            total = volume.volume_sectors or volume.sector_count or 0
            with console.display() as display:

                def tell(_: int, size_bytes: int) -> None:
                    display.update(Tick(image, "extracting", min(sectors(size_bytes), total), total))

                report = await volume.extract(output, path=path, overwrite=force, progress=tell)
        console.warn_each(report.findings)
        console.warn_each(f"{old} was renamed to {new}" for old, new in report.renamed)
        console.warn_each(
            f"{skipped.path} was left out: {skipped.reason}"
            for skipped in report.skipped
            if not skipped.by_policy
        )
        for note in report.notes:
            console.note(note)
        return _tell_extracted(console, report)

    return console.run(job)


async def _refuse_what_is_read(volume: Volume, image: str, path: str, output: str) -> None:
    """Refuse an extraction in which a file of the image would replace the image or the disc that is read."""
    for read, place in inside(output, medium_files(image) if is_drive(image) else (image,)):
        with contextlib.suppress(ItemNotFoundError):
            entry = await volume.find(path)
            if entry.is_directory:
                await volume.find(f"{path.rstrip('/')}/{place}")
            elif os.path.basename(entry.path) != place:
                continue
            raise SourceInsideOutputError(
                f"{printable(read)} would be replaced by the file of that name in it; "
                "put the output somewhere else",
                path=read,
            )


def _tell_extracted(console: Console, report: ExtractReport) -> ExitCode:
    made = [_text.plural(report.files, "file"), _text.plural(report.directories, "folder")]
    if report.symlinks:
        made.append(_text.plural(report.symlinks, "symlink"))
    if report.hard_links:
        made.append(_text.plural(report.hard_links, "hard link"))
    made.append(f"{_text.size(report.size_bytes)} from {report.file_system}")
    text = f"{printable(report.folder)}: {', '.join(made)}"
    facts = {
        "folder": report.folder,
        "file_system": report.file_system,
        "files": report.files,
        "directories": report.directories,
        "symlinks": report.symlinks,
        "hard_links": report.hard_links,
        "size_bytes": report.size_bytes,
        "skipped": report.skipped_count,
        "left_out": report.left_out_count,
        "dropped_special_bits": report.dropped_bits,
        "dropped_owners": report.dropped_owners,
        "renamed": len(report.renamed),
    }
    if not report.failed_count:
        return console.result(facts, text=text)
    console.text(text)
    left_out = _text.plural(report.failed_count, "entry")
    return console.fail(
        OutputError(f"{left_out} could not be extracted; the others were"), ExitCode.FAILED, facts
    )
