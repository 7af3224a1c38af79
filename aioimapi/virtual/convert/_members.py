"""The files that a sheet names: found in its folder and nowhere else, opened once, read as sectors of a track."""

from __future__ import annotations

import array
import os
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import attrs

from aioimapi.cd._sheet import LaidTrack, SheetFile, SheetSubchannel, Stretch, leaves_folder, shown
from aioimapi.cd._wave import find_wave_samples
from aioimapi.errors import SheetError
from aioimapi.units import RAW_SECTOR_SIZE

BATCH: Final = 256
"""Sectors that are read at a time."""

MAX_OPEN: Final = 200
"""More files than a sheet of 99 tracks needs."""


@attrs.frozen
class _Open:
    handle: int
    offset: int
    size: int


class Members:
    """The files of a sheet.

    Args:
        folder: The sheet's folder.
        outside: Allow names that lead out of it.
    """

    def __init__(self, folder: str, *, outside: bool = False) -> None:
        self._folder = folder or "."
        self._outside = outside
        self._open: dict[SheetFile, _Open] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all files."""
        for member in self._open.values():
            os.close(member.handle)
        self._open.clear()

    def size(self, file: SheetFile) -> int:
        """Return how many bytes of sectors a file has.

        Raises:
            SheetError: It is not there, is no plain file, lies outside the folder, or is no WAVE file of CD audio.
        """
        return self._member(file).size

    def read_small(self, name: str, limit: int) -> bytes:
        """Return a whole file.

        Raises:
            SheetError: As :meth:`size`; or it is larger than ``limit`` bytes.
        """
        handle = self._open_file(name, 0)
        with os.fdopen(handle, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise SheetError(f"{name} has more than {limit:,} bytes")
        return data

    def chunks(self, track: LaidTrack) -> Iterator[tuple[int, memoryview | None]]:
        """Return a track's sectors as its files have them, from the first one on.

        Yields:
            How many sectors, and their bytes; None for zeros.

        Raises:
            SheetError: A file became shorter meanwhile.
        """
        block = track.track.block_size
        left = track.end - track.first
        rest = b""
        for stretch, size in track.pieces:
            if stretch.file is None and not rest and not size % block:
                yield from _zeros(size // block)
                left -= size // block
                continue
            for data in self._pieces(track, stretch, size, block):
                whole = rest + data if rest else data
                count = len(whole) // block
                if count:
                    yield count, memoryview(whole)[: count * block]
                    left -= count
                rest = bytes(whole[count * block :])
        if rest:
            yield 1, memoryview(rest.ljust(block, b"\0"))
            left -= 1
        assert not left, "the plan and the files tell of different lengths"

    def _pieces(
        self, track: LaidTrack, stretch: Stretch, size: int, block: int
    ) -> Iterator[bytes | bytearray]:
        """Return the bytes of a stretch, audio with its low byte first."""
        at = 0
        while at < size:
            take = min(size - at, BATCH * block)
            if stretch.file is None:
                yield bytes(take)
            else:
                data = self._read(stretch.file, stretch.offset + at, take)
                if track.track.form.audio and stretch.file.big_endian:
                    swap_samples(data, track.track.subchannel)
                yield data
            at += take

    def _read(self, file: SheetFile, offset: int, size: int) -> bytearray:
        member = self._member(file)
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            got = os.preadv(member.handle, [view[at:]], member.offset + offset + at)
            if not got:
                raise SheetError(f"{file.name} became shorter while it was read", line=file.line)
            at += got
        return data

    def _member(self, file: SheetFile) -> _Open:
        member = self._open.get(file)
        if member is None:
            if len(self._open) >= MAX_OPEN:
                raise SheetError(f"it names more than {MAX_OPEN} files", line=file.line)
            handle = self._open_file(file.name, file.line)
            try:
                member = _measure(handle, file)
            except BaseException:
                os.close(handle)
                raise
            self._open[file] = member
        return member

    def _open_file(self, name: str, line: int) -> int:
        if not self._outside and leaves_folder(name):
            raise SheetError(
                f"{shown(name)} leads out of the sheet's folder; allow that, or put the file beside the sheet",
                line=line,
            )
        path = os.path.join(self._folder, name)
        if not os.path.lexists(path):
            path = self._in_other_case(name) or path
        if not self._outside:
            root, real = os.path.realpath(self._folder), os.path.realpath(path)
            if os.path.commonpath((root, real)) != root:
                raise SheetError(f"{shown(name)} is a link that leads out of the sheet's folder", line=line)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise SheetError(f"{shown(name)} cannot be opened: {error.strerror}", line=line) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise SheetError(f"{shown(name)} is no plain file", line=line)
        return handle

    def _in_other_case(self, name: str) -> str | None:
        """Return the one file whose name differs in case only: sheets from Windows."""
        folder, base = os.path.split(os.path.join(self._folder, name))
        try:
            found = [entry for entry in os.listdir(folder) if entry.casefold() == base.casefold()]
        except OSError:
            return None
        return os.path.join(folder, found[0]) if len(found) == 1 else None


def _measure(handle: int, file: SheetFile) -> _Open:
    size = os.fstat(handle).st_size
    if not file.wave:
        return _Open(handle, 0, size)
    try:
        samples = find_wave_samples(lambda at, count: os.pread(handle, count, at), size, shown(file.name))
    except SheetError as error:
        raise SheetError(error.message, line=file.line) from None
    return _Open(handle, samples.offset, samples.size)


def _zeros(count: int) -> Iterator[tuple[int, None]]:
    while count > 0:
        yield min(count, BATCH), None
        count -= BATCH


def swap_samples(data: bytearray, subchannel: SheetSubchannel) -> None:
    """Change the byte order of samples."""
    if subchannel is SheetSubchannel.NONE:
        even = len(data) & ~1
        samples = array.array("H", bytes(data[:even]))
        samples.byteswap()
        data[:even] = samples.tobytes()
        return
    step = RAW_SECTOR_SIZE + subchannel.size
    for at in range(0, len(data), step):
        end = min(at + RAW_SECTOR_SIZE, len(data)) & ~1
        data[at:end:2], data[at + 1 : end : 2] = data[at + 1 : end : 2], data[at:end:2]
