"""``virtual info``, ``check`` and ``fault``: what a disc in a file is, whether it is sound, what is to go wrong."""

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
    from aioimapi.virtual import DiscState, MediumCheck, VirtualMedium

KINDS = (
    *("cd-r", "cd-rw", "cd-rom"),
    *("dvd-r", "dvd-rw", "dvd-r-dl", "dvd-ram", "dvd+r", "dvd+rw", "dvd+r-dl", "dvd-rom"),
    *("bd-r", "bd-r-dl", "bd-r-tl", "bd-r-ql", "bd-re", "bd-re-dl", "bd-re-tl", "bd-rom"),
)
"""The kinds of disc, by the names that URLs have for them; a list, since a start-up has no time for the room."""

_TEXTS = {
    0x80: "title",
    0x81: "performer",
    0x82: "songwriter",
    0x83: "composer",
    0x84: "arranger",
    0x85: "message",
}


# --- info ---------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=click.Path())
@click.option("--wear", metavar="WEAR", help="Also scan its quality after WEAR: age:20,seed:7, for example.")
@command_options
def info(console: Console, file: str, wear: str | None) -> ExitCode:
    """Show the virtual disc in FILE: kind, state, sessions, tracks, faults, and what it takes of the host's disk."""

    async def job() -> ExitCode:
        from aioimapi.virtual import VirtualMedium, Wear, scan_quality

        worn = None if wear is None else Wear.parse(wear)
        with VirtualMedium.open(file, readonly=True) as medium:
            facts = disc_facts(medium, file)
            text = _describe(facts)
            if worn is not None:
                quality = scan_quality(medium, worn)
                facts["quality"] = quality.facts()
                text += "\n\n" + "\n".join(quality.lines())
        return console.result(facts, text=text)

    return console.run(job)


def disc_facts(medium: VirtualMedium, file: str) -> dict[str, Any]:
    """Return what a disc is, for JSON."""
    import os

    state = medium.state
    sizes = {}
    for name in (file, f"{file}.state", f"{file}.raw"):
        if os.path.exists(name):
            found = os.stat(name)
            sizes[name] = {"size_bytes": found.st_size, "on_disk_bytes": found.st_blocks * 512}
    return {
        "file": file,
        "media": state.kind.value,
        "profile": state.kind.traits.profile,
        "state": _state(state),
        "finalized": state.finalized,
        "formatted": state.formatted,
        "sectors": state.sectors,
        "raw_sectors": state.raw_sectors,
        "readable_sectors": state.readable_end(),
        "sessions": state.sessions,
        "tracks": [_track_facts(state, number) for number in range(1, len(state.tracks) + 1)],
        **_lead_facts(state),
        "faults": list(medium.faults),
        "files": sizes,
    }


def _lead_facts(state: DiscState) -> dict[str, Any]:
    """Return what the lead-ins of a CD say: catalogue number, and the texts of its first language."""
    from aioimapi.cd import CdText

    leads = state.facts().get("leads")
    if not isinstance(leads, list) or not leads:
        return {}
    texts: dict[str, dict[str, str]] = {}
    for block in list(CdText.parse(bytes.fromhex(leads[0]["text"])).blocks.values())[:1]:
        for (kind, track), text in sorted(block.texts.items()):
            name = _TEXTS.get(kind)
            if name is not None:
                texts.setdefault(str(track) if track else "disc", {})[name] = text
    return {"catalog": leads[0]["catalog"], "texts": texts}


def _state(state: DiscState) -> str:
    """Return a disc's status in a word: ``blank``, ``appendable``, ``closed``, ``rewritable``, ``damaged``."""
    from aioimapi.virtual import DiscStatus, SessionState

    if state.sequential and state.session_state is SessionState.DAMAGED:
        return "damaged"
    if state.status is DiscStatus.COMPLETE and not state.sequential and not state.finalized:
        return "rewritable"
    names = {
        DiscStatus.BLANK: "blank",
        DiscStatus.APPENDABLE: "appendable",
        DiscStatus.COMPLETE: "closed",
        DiscStatus.OTHER: "rewritable",
    }
    return names[state.status]


def _track_facts(state: DiscState, number: int) -> dict[str, Any]:
    track = state.tracks[number - 1]
    facts = track.to_json()
    return {
        "track": number,
        "session": track.session,
        "start_lba": track.start,
        "end_lba": state.track_end(track),
        "next_writable_lba": None if track.closed else track.next_lba,
        "recorded_sectors": track.next_lba - track.start,
        "closed": track.closed,
        **{name: facts[name] for name in ("form", "isrc", "pregap", "indexes") if name in facts},
    }


def _describe(facts: dict[str, Any]) -> str:
    room = _text.size(facts["sectors"] * SECTOR_SIZE)
    lines = [
        ("Disc", f"{facts['media']}, {facts['state']}"),
        ("Size", f"{room}, {facts['sectors']:,} sectors"),
        ("Readable", f"{facts['readable_sectors']:,} sectors"),
        ("Sessions", str(facts["sessions"])),
        ("Catalogue", facts.get("catalog", "")),
        *(
            (name.capitalize(), printable(text))
            for name, text in facts.get("texts", {}).get("disc", {}).items()
        ),
        *(("Fault", fault) for fault in facts["faults"]),
        *(
            (
                "File",
                f"{printable(name)}: {_text.size(found['size_bytes'])}, {_text.size(found['on_disk_bytes'])} on disk",
            )
            for name, found in facts["files"].items()
        ),
    ]
    head = ("Track", "Session", "From", "To", "Next", "What")
    rows = [
        (
            str(track["track"]),
            str(track["session"]),
            f"{track['start_lba']:,}",
            f"{track['end_lba'] - 1:,}",
            "" if track["next_writable_lba"] is None else f"{track['next_writable_lba']:,}",
            " ".join(
                part
                for part in (
                    track.get("form", "data"),
                    track.get("isrc", ""),
                    printable(facts.get("texts", {}).get(str(track["track"]), {}).get("title", "")),
                )
                if part
            ),
        )
        for track in facts["tracks"]
    ]
    return _text.facts(lines) + ("\n\n" + _text.table(head, rows) if rows else "")


# --- check --------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--repair",
    is_flag=True,
    help="Make a damaged disc usable again; the old sidecar stays as FILE.state.bak.",
)
@click.option(
    "--media", type=click.Choice(KINDS), help="The kind of disc, where the sidecar cannot tell it any more."
)
@command_options
def check(console: Console, file: str, repair: bool, media: str | None) -> ExitCode:
    """Look the virtual disc in FILE over: say what is wrong, and what can be saved.

    Nothing is changed without --repair, and nothing is thrown away with it.
    """

    async def job() -> ExitCode:
        from aioimapi.virtual import check_medium, repair_medium

        found = repair_medium(file, kind=media) if repair else check_medium(file, kind=media)
        code = ExitCode.DONE if found.sound or repair else ExitCode.FAILED
        return console.result(
            _check_facts(found, repaired=repair), code, _describe_check(found, repaired=repair)
        )

    return console.run(job)


def _check_facts(found: MediumCheck, *, repaired: bool) -> dict[str, Any]:
    return {
        "file": found.path,
        "sound": found.sound,
        "repaired": repaired and not found.sound,
        "repairable": found.repairable,
        "media": None if found.kind is None else found.kind.value,
        "version": found.version,
        "problems": [{"problem": p.text, "remedy": p.remedy} for p in found.problems],
        "notes": list(found.notes),
        "savable": found.savable,
        "backup": found.backup,
    }


def _describe_check(found: MediumCheck, *, repaired: bool) -> str:
    lines = []
    for problem in found.problems:
        lines.append(f"wrong: {printable(problem.text)}")
        if problem.remedy:
            lines.append(f"{'done' if repaired else 'a repair would do'}: {printable(problem.remedy)}")
    if found.savable and not repaired:
        lines.append(f"can be saved: {printable(found.savable)}")
    if found.backup:
        lines.append(f"the old sidecar is {printable(found.backup)}")
    lines += [f"note: {printable(note)}" for note in found.notes]
    kind = f", a {found.kind.value}" if found.kind is not None else ""
    if found.sound:
        lines.append(f"{printable(found.path)}{kind}, is sound")
    elif repaired:
        lines.append(f"{printable(found.path)}{kind}, can be used again")
    return "\n".join(lines)


# --- fault --------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=click.Path())
@click.argument("action", type=click.Choice(["add", "list", "clear"]))
@click.argument("faults", nargs=-1, metavar="[FAULT]...")
@command_options
def fault(console: Console, file: str, action: str, faults: tuple[str, ...]) -> ExitCode:
    """Keep with the virtual disc in FILE what is to go wrong with it, in whatever drive it is opened from then on.

    A FAULT is ACTION@WHEN as in a drive's URL: 3/0c/00@write:5, 3/11/05@read.lba:1000-1031,
    hang@sync.time:2.5, corrupt@write:1+:p=0.01:seed=7. clear takes all of them away, or those that are named.
    """
    if action == "add" and not faults:
        raise click.UsageError("add needs a FAULT, such as 3/0c/00@write:5")
    if action == "list" and faults:
        raise click.UsageError("list takes no FAULT")

    async def job() -> ExitCode:
        from aioimapi.virtual import Fault, VirtualMedium

        for text in faults:
            Fault.parse(text)
        with VirtualMedium.open(file, readonly=action == "list") as medium:
            if action == "add":
                medium.faults = (*medium.faults, *faults)
            elif action == "clear":
                _know_all(faults, medium.faults)
                medium.faults = tuple(f for f in medium.faults if faults and f not in faults)
            if action != "list":
                medium.save()
            kept = medium.faults
        lines = "\n".join(printable(text) for text in kept) or "nothing is to go wrong"
        return console.result({"file": file, "faults": list(kept)}, text=lines)

    return console.run(job)


def _know_all(named: tuple[str, ...], kept: tuple[str, ...]) -> None:
    unknown = [text for text in named if text not in kept]
    if unknown:
        raise click.UsageError(f"the disc has no fault {printable(unknown[0])}")
