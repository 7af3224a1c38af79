"""The sidecar of a medium file: the recording state as JSON, with the progress of the burn in a fixed place.

The file is JSON that begins with the *progress field* and the *checksum*::

    {"progress": "00001:0000000640:62", "checksum": "5f3c09ab", "format": "aioimapi virtual medium", "version": 2, ...

It says that track 1's next writable address is now 640, whatever the track list further down says, and two check
digits vouch for it. The field lies at a fixed offset and has a fixed size, so a WRITE costs one pwrite of thirteen
bytes; everything else (closing, formatting, writing to another track) writes a new file and renames it over the old
one. The checksum, a CRC-32, is over all bytes behind it. Version 1 had neither check digits nor checksum.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from typing import Any, Final

import attrs

from aioimapi.errors import MediumDamagedError, VirtualMediumError
from aioimapi.virtual._faults import Fault
from aioimapi.virtual.discs._kinds import media_kind
from aioimapi.virtual.discs._registry import STATES
from aioimapi.virtual.discs._state import DiscState, FormatState, sector_number

FORMAT_NAME: Final = "aioimapi virtual medium"
VERSION: Final = 2
SUFFIX: Final = ".state"
NEW_SUFFIX: Final = ".state.new"
_PREFIX: Final = b'{"progress": "'
LBA_OFFSET: Final = len(_PREFIX) + 6
"""Where in the sidecar the ten digits of the next writable address begin, a colon and two check digits behind them."""

MAX_SIZE: Final = 64 << 20
"""No sidecar of ours is larger; one that is was written by something else."""

MAX_FAULTS: Final = 1_000
_HEAD: Final = re.compile(
    rb'\{"progress": "([0-9]{5}):(-?[0-9]{9,10}):([0-9]{2})", "checksum": "([0-9a-f]{8})", (?=")'
)
_OLD_PROGRESS: Final = re.compile(r"([0-9]{5}):([0-9]{10})")

NONSENSE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What taking a hostile state apart raises."""


@attrs.frozen
class Kept:
    """What a sidecar holds.

    Attributes:
        state: The recording state, progress included.
        active: The track whose progress the field carries, 0 for none.
        faults: What goes wrong with the disc, in text form.
        version: The version of the format that it is in.
        wiped: The disc was erased, and its sectors are still to be let go.
    """

    state: DiscState
    active: int = 0
    faults: tuple[str, ...] = ()
    version: int = VERSION
    wiped: bool = False


def check_digits(number: int, lba: int) -> int:
    """Return what vouches for a progress field."""
    return (number * 100 + lba) % 97


def encode(state: DiscState, active: int = 0, faults: tuple[str, ...] = (), *, wiped: bool = False) -> bytes:
    """Return the sidecar's bytes; ``active`` is the track whose progress the field carries, 0 for none."""
    lba = state.tracks[active - 1].next_lba if active else 0
    body: dict[str, Any] = {
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
        "faults": list(faults),
    }
    if wiped:
        body["wiped"] = True
    return seal(json.dumps(body, separators=(",", ": ")).encode()[1:] + b"\n", active, lba)


def seal(body: bytes, active: int, lba: int) -> bytes:
    """Return a sidecar of its static part, which begins behind the opening brace."""
    progress = b"%05d:%010d:%02d" % (active, lba, check_digits(active, lba))
    return _PREFIX + progress + b'", "checksum": "%08x", ' % zlib.crc32(body) + body


def decode(data: bytes, path: str) -> Kept:
    """Return what a sidecar holds.

    Raises:
        MediumDamagedError: Not JSON, another format, damaged, or a state that cannot be.
        VirtualMediumError: A newer version.
    """
    body = parse(data, path)
    version = body.get("version")
    if version == VERSION and not isinstance(version, bool):
        number, lba = _sealed(data, path)
    elif version != 1 or isinstance(version, bool):
        raise VirtualMediumError(
            f"{path} has version {version!r} of the medium format; this program reads versions 1 and {VERSION}."
            " Nothing was changed; use the program version that wrote it"
        )
    try:
        if version == 1:
            number, lba = _old_progress(body["progress"])
        state = read_state(body)
        _apply_progress(state, number, lba)
        state.check()
        return Kept(
            state, number, fault_texts(body.get("faults", [])), int(version), body.get("wiped") is True
        )
    except (*NONSENSE, VirtualMediumError) as error:
        raise damaged(path, f"its content makes no sense ({error})") from None


def parse(data: bytes, path: str) -> dict[str, Any]:
    """Return a sidecar's members.

    Raises:
        MediumDamagedError: It is not JSON, or not a sidecar.
    """
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is not JSON ({error})") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT_NAME:
        raise damaged(path, "it was not written by a virtual drive of ours")
    return body


def _sealed(data: bytes, path: str) -> tuple[int, int]:
    """Return track and address of the progress field of a sidecar that is as it was written."""
    head = _HEAD.match(data)
    if head is None:
        raise damaged(path, "its progress field is not in its place, or damaged")
    number, lba, digits = int(head[1]), int(head[2]), int(head[3])
    if zlib.crc32(memoryview(data)[head.end() :]) != int(head[4], 16):
        raise damaged(path, "its checksum does not match: a part of it is damaged")
    if digits != check_digits(number, lba):
        raise damaged(path, "the check digits of its progress field do not match")
    return number, lba


def damaged(path: str, why: str) -> MediumDamagedError:
    """Return the error for a sidecar that cannot be used."""
    medium = path.removesuffix(SUFFIX)
    return MediumDamagedError(
        f"{path} does not describe a virtual disc: {why}. The sectors in {medium} are untouched;"
        f" 'aioimapi virtual check {medium}' says what can be saved, and with --repair saves it",
        path=medium,
        savable="the sectors in the medium file",
        why=f"{path} does not describe a virtual disc: {why}",
    )


def read_state(body: dict[str, Any]) -> DiscState:
    """Return the recording state that a sidecar's members describe, before its progress is applied.

    Raises:
        ValueError, LookupError, TypeError: They describe none.
    """
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


def fault_texts(items: object) -> tuple[str, ...]:
    """Return the faults of a sidecar.

    Raises:
        ValueError, VirtualMediumError: They are none.
    """
    if not isinstance(items, list) or len(items) > MAX_FAULTS:
        raise ValueError("faults that are no list, or too many")
    for item in items:
        Fault.parse(item if isinstance(item, str) else repr(item))
    return tuple(items)


def _old_progress(field: object) -> tuple[int, int]:
    match = _OLD_PROGRESS.fullmatch(field) if isinstance(field, str) else None
    if match is None:
        raise ValueError(f"progress {field!r}")
    return int(match[1]), int(match[2])


def _apply_progress(state: DiscState, number: int, lba: int) -> None:
    if not number:
        return
    track = state.tracks[number - 1]
    if lba < track.next_lba:
        raise ValueError(f"track {number} went back from {track.next_lba} to {lba}")
    track.next_lba = lba


def store(path: str, data: bytes) -> int:
    """Replace the sidecar of medium ``path`` by ``data``, all at once, and return a descriptor to it.

    A process that dies here leaves the old sidecar or the new one, never half of one.
    """
    new = path + NEW_SUFFIX
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
