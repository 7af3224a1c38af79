"""The sidecar of a medium file: the recording state as JSON, with the progress of the burn in a fixed place.

The file is plain JSON whose first member is the *progress field*::

    {"progress": "00001:0000000640", "format": "aioimapi virtual medium", "version": 1, ...

It says that track 1's next writable address is now 640, whatever the track list further down says. The field lies at
a fixed offset and has a fixed size, so a WRITE costs one pwrite of ten bytes; everything else (closing, formatting,
writing to another track) writes a new file and renames it over the old one.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from aioimapi.errors import VirtualMediumError
from aioimapi.virtual.discs._kinds import media_kind
from aioimapi.virtual.discs._registry import STATES
from aioimapi.virtual.discs._state import DiscState, FormatState, sector_number

FORMAT_NAME: Final = "aioimapi virtual medium"
VERSION: Final = 1
SUFFIX: Final = ".state"
_NEW: Final = ".new"
_PREFIX: Final = b'{"progress": "'
_TRACK_DIGITS: Final = 5
_LBA_DIGITS: Final = 10
LBA_OFFSET: Final = len(_PREFIX) + _TRACK_DIGITS + 1
"""Where in the sidecar the ten digits of the next writable address begin."""

MAX_SIZE: Final = 64 << 20
"""No sidecar of ours is larger; one that is was written by something else."""


def lba_digits(lba: int) -> bytes:
    """Return an address as the progress field has it."""
    return b"%010d" % lba


def encode(state: DiscState, active: int) -> bytes:
    """Return the sidecar's bytes; ``active`` is the track whose progress the field carries, 0 for none."""
    lba = state.tracks[active - 1].next_lba if active else 0
    body = {
        "format": FORMAT_NAME,
        "version": VERSION,
        "kind": state.kind.value,
        "sectors": state.sectors,
        "raw_sectors": state.raw_sectors,
        "sessions": state.sessions,
        "finalized": state.finalized,
        "format_state": int(state.format_state),
        "tracks": [track.to_json() for track in state.tracks],
        "gaps": state.gaps,
        "facts": state.facts(),
    }
    head = _PREFIX + b"%05d:" % active + lba_digits(lba) + b'", '
    return head + json.dumps(body, separators=(",", ": ")).encode()[1:] + b"\n"


def decode(data: bytes, path: str) -> tuple[DiscState, int]:
    """Return the state that a sidecar holds, and its active track.

    Raises:
        VirtualMediumError: Not JSON, another format, a newer version, or a state that cannot be.
    """
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is not JSON ({error})") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT_NAME:
        raise damaged(path, "it was not written by a virtual drive of ours")
    if body.get("version") != VERSION:
        raise VirtualMediumError(
            f"{path} has version {body.get('version')!r} of the medium format; this program reads version {VERSION}."
            " Nothing was changed; use the program version that wrote it"
        )
    try:
        state = _state(body)
        active = _apply_progress(state, body["progress"])
        state.check()
    except (LookupError, TypeError, ValueError, AttributeError, VirtualMediumError) as error:
        raise damaged(path, f"its content makes no sense ({error})") from None
    return state, active


def damaged(path: str, why: str) -> VirtualMediumError:
    """Return the error for a sidecar that cannot be used."""
    return VirtualMediumError(
        f"{path} does not describe a virtual disc: {why}. The sectors in the medium file beside it are untouched."
        " Restore this file from a copy, or read the sectors as a plain image; to begin anew, remove both files"
    )


def _state(body: dict[str, Any]) -> DiscState:
    kind = media_kind(body["kind"])
    state = STATES[kind](
        kind=kind,
        sectors=sector_number(body["sectors"]),
        raw_sectors=sector_number(body["raw_sectors"]),
        sessions=sector_number(body["sessions"]),
        finalized=bool(body["finalized"]),
        format_state=FormatState(body["format_state"]),
        gaps=[(sector_number(first), sector_number(count)) for first, count in body["gaps"]],
    )
    state.tracks = [state.track_type.from_json(item) for item in body["tracks"]]
    state.take_facts(body.get("facts", {}))
    return state


def _apply_progress(state: DiscState, field: str) -> int:
    if len(field) != _TRACK_DIGITS + 1 + _LBA_DIGITS:
        raise ValueError(f"progress {field!r}")
    number, lba = map(int, field.split(":"))
    if number:
        track = state.tracks[number - 1]
        if lba < track.next_lba:
            raise ValueError(f"track {number} went back from {track.next_lba} to {lba}")
        track.next_lba = lba
    return number


def store(path: str, data: bytes) -> int:
    """Replace the sidecar of medium ``path`` by ``data``, all at once, and return a descriptor to it.

    A process that dies here leaves the old sidecar or the new one, never half of one.
    """
    new = path + SUFFIX + _NEW
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.replace(new, path + SUFFIX)
    except BaseException:
        os.close(handle)
        raise
    return handle


def load(path: str, *, readonly: bool) -> tuple[int, bytes]:
    """Open the sidecar of medium ``path`` and return its descriptor and its bytes."""
    handle = os.open(path + SUFFIX, (os.O_RDONLY if readonly else os.O_RDWR) | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        if size > MAX_SIZE:
            raise damaged(path + SUFFIX, f"it has {size} bytes")
        chunks = []
        while chunk := os.read(handle, 1 << 20):
            chunks.append(chunk)
    except BaseException:
        os.close(handle)
        raise
    return handle, b"".join(chunks)
