"""Looking a disc's files over, and saving what can be saved of damaged ones.

Nothing is ever thrown away: the sidecar that a repair replaces stays beside the disc under a name of its own, and the
sectors in the medium file stay as they are; only the last write unit is filled up with zeros.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from aioimapi.cd import SYNC
from aioimapi.errors import DiscError, MediumDamagedError, VirtualMediumError
from aioimapi.units import MSF_OFFSET, SECTOR_SIZE
from aioimapi.virtual.discs._cd import CdDisc, CdForm
from aioimapi.virtual.discs._kinds import MediumKind, media_kind
from aioimapi.virtual.discs._registry import blank_disc
from aioimapi.virtual.discs._state import DiscState
from aioimapi.virtual.files import _sidecar
from aioimapi.virtual.files._filled import filled_disc, found_cd
from aioimapi.virtual.files._medium import MIN_SECTORS, RAW_SIZE, RAW_SUFFIX, lock_medium, open_file

BACKUP: Final = ".bak"
_MAX_BACKUPS: Final = 1_000
_KIND: Final = re.compile(rb'"kind": ?"([a-z+-]{3,9})"')
_SIZE: Final = re.compile(rb'"raw_sectors": ?([0-9]{1,9})\b')


@attrs.frozen
class MediumProblem:
    """Something that is wrong with a disc's files.

    Attributes:
        text: What is wrong.
        remedy: What a repair does about it; empty where it can do nothing.
    """

    text: str
    remedy: str = ""


@attrs.frozen
class MediumCheck:
    """What looking a disc's files over has shown.

    Attributes:
        path: The medium file.
        problems: What is wrong; empty for a sound disc.
        notes: What is not wrong and worth knowing.
        savable: What of the disc can be saved; empty where nothing is wrong or nothing is left.
        kind: The kind of disc, or None where that is not known.
        version: The version of the format of the sidecar, or None where it cannot be read.
        backup: Where a repair has put the sidecar that it replaced, or an empty string.
    """

    path: str
    problems: tuple[MediumProblem, ...] = ()
    notes: tuple[str, ...] = ()
    savable: str = ""
    kind: MediumKind | None = None
    version: int | None = None
    backup: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def repairable(self) -> bool:
        """Whether a repair makes the disc usable again."""
        return bool(self.problems) and all(problem.remedy for problem in self.problems)


@attrs.define
class _Finding:
    """A check in the making, and the state that a repair would store."""

    path: str
    problems: list[MediumProblem] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)
    savable: str = ""
    kind: MediumKind | None = None
    version: int | None = None
    state: DiscState | None = None
    faults: tuple[str, ...] = ()

    def add(self, text: str, remedy: str = "") -> None:
        self.problems.append(MediumProblem(text, remedy))

    def check(self, backup: str = "") -> MediumCheck:
        return MediumCheck(
            self.path,
            tuple(self.problems),
            tuple(self.notes),
            self.savable,
            self.kind,
            self.version,
            backup,
        )


def check_medium(path: str | os.PathLike[str], *, kind: MediumKind | str | None = None) -> MediumCheck:
    """Look a disc's files over, without changing them.

    Args:
        path: The medium file.
        kind: What kind of disc it is, where the sidecar cannot tell any more.

    Raises:
        DriveBusyError: The disc is in a drive.
        DriveAccessError: The files cannot be read.
    """
    name = os.path.abspath(path)
    with _locked(name, fcntl.LOCK_SH):
        return _look(name, _kind(kind)).check()


def repair_medium(path: str | os.PathLike[str], *, kind: MediumKind | str | None = None) -> MediumCheck:
    """Make a damaged disc usable again, as far as that goes; a sound one is left alone.

    The sidecar that is replaced stays as ``FILE.state.bak`` (or ``.bak1``, ...); no sector that is there is touched.

    Args:
        path: The medium file.
        kind: What kind of disc it is, where the sidecar cannot tell any more.

    Returns:
        What was wrong; :func:`check_medium` says what is now.

    Raises:
        MediumDamagedError: There is something that cannot be repaired; nothing was changed.
        DriveBusyError: The disc is in a drive.
        DriveAccessError: The files cannot be written.
    """
    name = os.path.abspath(path)
    with _locked(name, fcntl.LOCK_EX):
        found = _look(name, _kind(kind))
        check = found.check()
        if check.sound:
            return check
        if not check.repairable or found.state is None:
            reasons = "; ".join(problem.text for problem in check.problems if not problem.remedy)
            raise MediumDamagedError(
                f"{name} cannot be repaired: {reasons}. Nothing was changed", path=name, savable=check.savable
            )
        backup = _keep(name)
        os.close(_sidecar.store(name, _sidecar.encode(found.state, 0, found.faults)))
        _lengthen(name, found.state.file_sectors * SECTOR_SIZE)
        _lengthen(name + RAW_SUFFIX, _raw_size(found.state))
        return found.check(backup)


def _kind(kind: MediumKind | str | None) -> MediumKind | None:
    return media_kind(kind) if isinstance(kind, str) else kind


@contextlib.contextmanager
def _locked(path: str, how: int) -> Iterator[None]:
    """Keep drives out; a disc without a medium file has nothing to lock."""
    try:
        handle = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    try:
        lock_medium(handle, path, how)
        yield
    finally:
        os.close(handle)


def _keep(path: str) -> str:
    """Give the sidecar a second name and return that; an empty string where there is none."""
    for number in range(_MAX_BACKUPS):
        backup = path + _sidecar.SUFFIX + BACKUP + (str(number) if number else "")
        try:
            os.link(path + _sidecar.SUFFIX, backup)
        except FileExistsError:
            continue
        except FileNotFoundError:
            return ""
        return backup
    raise VirtualMediumError(
        f"{path}{_sidecar.SUFFIX}{BACKUP} and {_MAX_BACKUPS - 1} more exist; remove some"
    )


# --- looking ------------------------------------------------------------------------------------------


def _look(path: str, told: MediumKind | None) -> _Finding:
    found = _Finding(path)
    size = _size(path)
    data = _read(path + _sidecar.SUFFIX)
    if size is None:
        _without_file(found, data is not None)
        return found
    if os.path.lexists(path + _sidecar.NEW_SUFFIX):
        found.notes.append(
            f"{path}{_sidecar.NEW_SUFFIX} is what a program left that was killed while it stored the state;"
            " the next change of the disc replaces it"
        )
    if data is None:
        found.add(f"{path}{_sidecar.SUFFIX} is missing: what is recorded is not known")
        _rebuild(found, size, told, b"")
        return found
    try:
        kept = _sidecar.decode(data, path + _sidecar.SUFFIX)
    except MediumDamagedError as error:
        _salvage(found, data, size, told, error)
    except VirtualMediumError as error:
        found.add(str(error))
    else:
        found.state, found.kind, found.version, found.faults = (
            kept.state,
            kept.state.kind,
            kept.version,
            kept.faults,
        )
        if kept.version < _sidecar.VERSION:
            found.notes.append(
                f"the sidecar is of version {kept.version}; the next drive brings it up to date"
            )
        if kept.wiped:
            found.notes.append("the disc was erased, and the next drive lets go of its sectors")
        else:
            _compare(found, kept.state, size)
    return found


def _without_file(found: _Finding, sidecar: bool) -> None:
    if not sidecar:
        found.add(f"there is no virtual disc {found.path}")
        return
    found.add(f"{found.path} is missing, and with it all sectors; its sidecar is there")
    if _size(found.path + RAW_SUFFIX):
        found.savable = f"what {found.path}{RAW_SUFFIX} holds"


def _compare(found: _Finding, state: DiscState, size: int) -> None:
    """Hold the files against what the sidecar says of them."""
    path = found.path
    needed = state.file_sectors * SECTOR_SIZE
    if size < needed:
        there = size // SECTOR_SIZE
        found.savable = f"the first {there:,} sectors"
        found.state = _cut(found, state, there)
        end = found.state.file_sectors if found.state is not None else 0
        found.add(
            f"{path} has {size:,} bytes, and its sidecar says that {needed:,} were recorded",
            f"what was recorded ends at sector {end:,}, and the disc is finished" if found.state else "",
        )
    elif size % SECTOR_SIZE:
        found.notes.append(
            f"{path} ends within a sector: what is behind the last whole one was never recorded"
        )
    there, raw = _size(path + RAW_SUFFIX) or 0, _raw_size(state)
    if there < raw:
        found.add(
            f"{path}{RAW_SUFFIX} has {there:,} bytes, and {raw:,} were recorded: audio or raw sectors are lost",
            "the lost sectors are silence",
        )
        found.savable = found.savable or "all but the lost sectors"


def _raw_size(state: DiscState) -> int:
    """Return how many bytes the raw file must have for what was recorded in it."""
    if not isinstance(state, CdDisc):
        return 0
    ends = [track.next_lba for track in state.cd_tracks if track.raw and track.next_lba > track.start]
    return (max(ends) + MSF_OFFSET) * RAW_SIZE if ends else 0


def _lengthen(path: str, size: int) -> None:
    """Make a file as long as what was recorded in it: the end of the last write unit, or lost silence."""
    if (_size(path) or 0) < size:
        handle = open_file(path, os.O_RDWR | os.O_CREAT)
        try:
            os.ftruncate(handle, size)
        finally:
            os.close(handle)


def _cut(found: _Finding, state: DiscState, there: int) -> DiscState | None:
    """Return the state with what is recorded ending at a sector, or that of a new disc where that makes no sense."""
    unit = state.kind.traits.unit
    keep = [track for track in state.tracks if track.start < there // unit * unit]
    if not keep:
        return _fresh(found, state.kind, there, state.raw_sectors)
    last = keep[-1]
    last.next_lba = min(last.next_lba, there // unit * unit)
    last.end, last.closed = last.next_lba, True
    state.tracks = keep
    state.sessions = last.session
    state.gaps = [(first, count) for first, count in state.gaps if first + count <= last.next_lba]
    state.finalized = True
    try:
        state.check()
    except ValueError:
        return _fresh(found, state.kind, there, state.raw_sectors)
    return state


def _salvage(
    found: _Finding, data: bytes, size: int, told: MediumKind | None, error: MediumDamagedError
) -> None:
    """Take out of a damaged sidecar what still makes sense."""
    path = found.path + _sidecar.SUFFIX
    try:
        body = _sidecar.parse(data, path)
        state = _sidecar.read_state(body)
        state.check()
        found.faults = _faults(body.get("faults"))
    except (*_sidecar.NONSENSE, VirtualMediumError):
        found.add(error.why)
        _rebuild(found, size, told, data)
        return
    if told is not None and told is not state.kind:
        found.add(error.why)
        _rebuild(found, size, told, b"")
        return
    found.kind = state.kind
    open_tracks = [track for track in state.tracks if not track.closed]
    if state.sequential and open_tracks:
        # The progress is lost or doubtful: what lies in the file is what was recorded, a WRITE more at the most.
        last = open_tracks[-1]
        if not getattr(last, "raw", False):
            end = min(size // SECTOR_SIZE, state.track_end(last))
            last.next_lba = max(last.next_lba, end)
        found.add(
            error.why, f"the state is kept as it says; the open track goes up to sector {last.next_lba:,}"
        )
    else:
        found.add(error.why, "the state is kept as it says: no sector of the disc is lost")
    found.state = state
    found.savable = "what the sidecar still says, and the sectors"
    _compare(found, state, size)


def _faults(items: object) -> tuple[str, ...]:
    try:
        return _sidecar.fault_texts(items)
    except (*_sidecar.NONSENSE, VirtualMediumError):
        return ()


def _rebuild(found: _Finding, size: int, told: MediumKind | None, data: bytes) -> None:
    """Make a state of nothing but the medium file and the kind of disc."""
    kind = told
    match = _KIND.search(data)
    if kind is None and match is not None:
        with contextlib.suppress(VirtualMediumError):
            kind = media_kind(match[1].decode())
    sectors = -(-size // SECTOR_SIZE)
    found.kind = kind
    found.savable = f"the {sectors:,} sectors in {found.path}"
    if kind is None:
        found.problems[-1] = attrs.evolve(
            found.problems[-1],
            text=f"{found.problems[-1].text}; tell the kind of disc (--media KIND) to repair it",
        )
        return
    raw = (_size(found.path + RAW_SUFFIX) or 0) // RAW_SIZE - MSF_OFFSET
    if kind.traits.cd and raw > 0:
        _rebuild_cd(found, kind, sectors, raw)
        return
    there = _SIZE.search(data)
    if not size:
        found.state = blank_disc(kind, _sectors_of(kind, int(there[1]) if there else None))
        found.savable = "nothing: no sector is there"
        found.problems[-1] = attrs.evolve(found.problems[-1], remedy=f"a blank {kind.value}")
        return
    found.state = _fresh(found, kind, sectors, int(there[1]) if there else None)
    if found.state is not None:
        found.problems[-1] = attrs.evolve(
            found.problems[-1],
            remedy=f"a finished {kind.value} with the {sectors:,} sectors in the file as its one track",
        )


def _sectors_of(kind: MediumKind, told: int | None) -> int | None:
    """Return the size that a broken sidecar still tells, where a disc of the kind can have it."""
    return told if told is not None and MIN_SECTORS <= told <= kind.traits.sectors else None


def _rebuild_cd(found: _Finding, kind: MediumKind, count: int, raw_end: int) -> None:
    """Make a state of the two files of a CD: a data track, and all that goes beyond it as an audio track."""
    try:
        state = found_cd(kind, count, raw_end, _raw_form(found.path))
    except (DiscError, ValueError) as error:
        found.add(f"what is in the files makes no {kind.value}: {error}")
        return
    found.state = state
    parts = [f"{track.form.value} up to sector {track.end or 0:,}" for track in state.cd_tracks]
    found.savable = f"the sectors in {found.path} and {found.path}{RAW_SUFFIX}"
    found.problems[-1] = attrs.evolve(
        found.problems[-1],
        remedy=f"a finished {kind.value} with {' and '.join(parts)}; where its tracks began is not known",
    )


def _raw_form(path: str) -> CdForm | None:
    """Return what the data sectors in the raw file are, by the one at address 0; None where that is none."""
    handle = open_file(path + RAW_SUFFIX, os.O_RDONLY)
    try:
        head = os.pread(handle, 24, MSF_OFFSET * RAW_SIZE)
    finally:
        os.close(handle)
    if not head.startswith(SYNC):
        return None
    if head[15] == 1:
        return CdForm.MODE_1
    return CdForm.FORMS if head[16:20] == head[20:24] else CdForm.MODE_2


def _fresh(found: _Finding, kind: MediumKind, count: int, size: int | None) -> DiscState | None:
    attempts: list[Callable[[], DiscState]] = [lambda: filled_disc(kind, count)]
    if size is not None and size >= count:
        attempts.insert(0, lambda: filled_disc(kind, count, size))
    for attempt in attempts:
        try:
            return attempt()
        except (DiscError, ValueError) as error:
            reason = str(error)
    found.add(f"what is in the file makes no {kind.value}: {reason}")
    return None


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def _read(path: str) -> bytes | None:
    try:
        handle = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(_sidecar.MAX_SIZE + 1)
