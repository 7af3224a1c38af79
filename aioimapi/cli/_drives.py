"""``drives``, ``media``, ``eject`` and ``load``: the hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aioimapi.cli import _text
from aioimapi.cli._console import Console
from aioimapi.cli._exit import ExitCode
from aioimapi.cli._options import command_options
from aioimapi.errors import printable
from aioimapi.units import SECTOR_SIZE

if TYPE_CHECKING:
    from aioimapi.drive import DriveDescription, MediaState
    from aioimapi.mmc import Profile, TrackInformation


@click.command()
@click.argument("drive", nargs=-1)
@command_options
def drives(console: Console, drive: tuple[str, ...]) -> ExitCode:
    """List the drives of this system, and each DRIVE that is named beside them.

    Nothing is changed, and a drive that is in use is not disturbed.
    """
    console.uses_drive = True

    async def job() -> ExitCode:
        from aioimapi.drive import list_drives

        found = await list_drives(drive)
        for one in found:
            console.event("drive", drive_facts(one))
            console.text(_describe_drive(one))
        if not found:
            console.text("no optical drive; a drive in a file: aioimapi virtual new disc.bdr --media bd-r")
        return console.result({"drives": [drive_facts(one) for one in found]})

    return console.run(job)


def drive_facts(drive: DriveDescription) -> dict[str, Any]:
    """Return what a drive is, for JSON."""
    return {
        "name": drive.name,
        "block_node": drive.block_node,
        "generic_node": drive.generic_node,
        "vendor": drive.vendor,
        "product": drive.product,
        "revision": drive.revision,
        "serial": drive.serial,
        "reads": _profile_names(drive.reads),
        "writes": _profile_names(drive.writes),
        "state": None if drive.readiness is None else drive.readiness.state.value,
        "media": None if drive.media is None else media_facts(drive.media),
        "problem": drive.problem or None,
    }


def _describe_drive(drive: DriveDescription) -> str:
    serial = f", serial {drive.serial}" if drive.serial else ""
    nodes = [node for node in (drive.generic_node, drive.block_node) if node and node != drive.name]
    also = f" (also {', '.join(nodes)})" if nodes else ""
    lines = [f"{printable(drive.name)}{also}: {printable(drive.model + serial)}"]
    if drive.writes or drive.reads:
        lines.append(f"    writes  {', '.join(_profile_names(drive.writes)) or 'nothing'}")
    if drive.media is not None:
        lines.append(f"    holds   {_summary(drive.media)}")
    elif drive.readiness is not None:
        lines.append(f"    holds   {drive.readiness.state.value}")
    if drive.problem:
        lines.append(f"    cannot be asked: {printable(drive.problem)}")
    return "\n".join(lines)


def _profile_names(profiles: tuple[Profile, ...]) -> list[str]:
    from aioimapi.mmc import traits_of

    return list(dict.fromkeys(traits_of(profile).name for profile in profiles))


@click.command()
@click.argument("drive")
@command_options
def media(console: Console, drive: str) -> ExitCode:
    """Show the disc in DRIVE: its kind, its state, the room on it.

    Nothing is changed, and a drive that is in use is not disturbed.
    """
    console.uses_drive = True

    async def job() -> ExitCode:
        from aioimapi.drive import open_drive

        async with open_drive(drive, exclusive=False) as opened:
            state = await opened.media_state()
        return console.result({"drive": drive, **media_facts(state)}, text=_describe_media(state))

    return console.run(job)


def media_facts(state: MediaState) -> dict[str, Any]:
    """Return what a disc is, for JSON."""
    return {
        "profile": state.profile_name,
        "profile_number": int(state.profile),
        "state": _state(state),
        "blank": state.blank,
        "appendable": state.appendable,
        "writable": state.writable,
        "overwritable": state.overwritable,
        "formatted": state.formatted,
        "write_protected": state.write_protected,
        "capacity_sectors": state.capacity_sectors,
        "free_sectors": state.free_sectors,
        "next_writable_lba": state.next_writable_lba,
        "sessions": state.sessions,
        "unfinished_sectors": _unfinished(state),
        "tracks": [
            {
                "track": track.track,
                "session": track.session,
                "start_lba": track.start_lba,
                "sectors": track.size_sectors,
                "free_sectors": track.free_sectors,
                "blank": track.blank,
                "damaged": track.damaged,
            }
            for track in state.tracks
        ],
        "write_speeds_kbps": [speed.write_kbps for speed in state.write_speeds],
    }


def _unfinished(state: MediaState) -> int | None:
    from aioimapi.recorder import unfinished_sectors

    return unfinished_sectors(state)


def _state(state: MediaState) -> str:
    if state.overwritable:
        kind = "rewritable" if state.formatted else "rewritable, not formatted"
        return f"{kind}, blank" if state.blank else kind
    if state.blank:
        return "blank"
    return "appendable" if state.appendable else "closed"


def _summary(state: MediaState) -> str:
    free = f", {_text.size(state.free_sectors * SECTOR_SIZE)} free" if state.writable else ""
    protected = ", write-protected" if state.write_protected else ""
    return f"{state.profile_name}, {_state(state)}{protected}{free}"


def _describe_media(state: MediaState) -> str:
    lines = [("Disc", _summary(state)), ("Capacity", _room(state.capacity_sectors))]
    if state.writable:
        lines.append(
            (
                "Free",
                f"{_room(state.free_sectors)}, the next write goes to sector {state.next_writable_lba:,}",
            )
        )
    if not state.overwritable:
        lines.append(("Sessions", str(state.sessions)))
    unfinished = _unfinished(state)
    if unfinished is not None:
        lines.append(
            (
                "Burn",
                f"broken off: {_text.plural(unfinished, 'sector')} are recorded, which read, ls and extract still "
                "reach; the room behind them is lost for this program: use a blank disc for the image",
            )
        )
    lines += [(f"Track {track.track}", _describe_track(track)) for track in state.tracks]
    lines.append(("Speeds", _describe_speeds(state)))
    return _text.facts(lines)


def _room(sectors: int) -> str:
    return f"{_text.size(sectors * SECTOR_SIZE)}, {_text.plural(sectors, 'sector')}" if sectors else ""


def _describe_track(track: TrackInformation) -> str:
    end = track.start_lba + track.size_sectors - 1
    where = f"session {track.session}, sectors {track.start_lba:,} to {end:,}"
    if track.damaged:
        return f"{where}, damaged"
    return f"{where}, {'blank' if track.blank else 'open' if track.nwa_valid else 'written'}"


def _describe_speeds(state: MediaState) -> str:
    from aioimapi.mmc import traits_of

    one_x = traits_of(state.profile).drive_1x_bytes
    speeds = [speed.write_kbps * 1000 for speed in state.write_speeds]
    if not one_x:
        return ", ".join(_text.rate(speed) for speed in speeds)
    return ", ".join(f"{speed / one_x:.1f}x" for speed in speeds) + (" (writing)" if speeds else "")


@click.command()
@click.argument("drive")
@command_options
def eject(console: Console, drive: str) -> ExitCode:
    """Open the tray of DRIVE."""
    console.uses_drive = True

    async def job() -> ExitCode:
        from aioimapi.drive import open_drive

        async with open_drive(drive) as opened:
            await opened.eject()
        return console.result({"drive": drive, "tray": "open"}, text=f"{printable(drive)}: the tray is open")

    return console.run(job)


@click.command()
@click.argument("drive")
@command_options
def load(console: Console, drive: str) -> ExitCode:
    """Close the tray of DRIVE and wait for the disc."""
    console.uses_drive = True

    async def job() -> ExitCode:
        from aioimapi.drive import open_drive

        async with open_drive(drive) as opened:
            await opened.load()
        return console.result({"drive": drive, "tray": "closed"}, text=f"{printable(drive)}: a disc is ready")

    return console.run(job)
