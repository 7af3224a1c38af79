"""What all readers share: how they ask for sectors, what they tolerate, and what bounds them.

A reader is a generator. It yields a :class:`SectorRequest` and is sent the bytes of those sectors; its result is its
return value. Where the sectors cannot be read, the driver throws one of :data:`READ_FAULTS` into it at the ``yield``.
Nothing here does I/O, so the same reader runs on a file, on a drive, and in a test on plain bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeAlias, TypeVar

import attrs

from aioimapi.errors import (
    BlankCheckError,
    HardwareError,
    IllegalRequestError,
    ImageError,
    ImageFormatError,
    LocalProtocolError,
    MediumError,
)

_T = TypeVar("_T")
_Key = TypeVar("_Key")

SECTOR: Final = 2048
"""Bytes of the sectors that readers ask for."""

BURST_SECTORS: Final = 512
"""The most sectors that one request asks for: 1 MiB."""

GAP_SECTORS: Final = 8
"""Wanted sectors that lie at most this far apart are read in one request, with what lies between."""

MAX_DIRECTORY_BYTES: Final = 256 << 20
"""A directory that claims to be longer is refused; one of 500,000 long names needs about 130 MiB."""

MAX_DIRECTORY_ENTRIES: Final = 2_000_000
"""A directory with more entries is shown up to here."""

READ_FAULTS: Final = (
    ImageError,
    LocalProtocolError,
    MediumError,
    BlankCheckError,
    HardwareError,
    IllegalRequestError,
)
"""Errors that mean "these sectors cannot be had", as against "the drive is gone"."""


@attrs.frozen
class SectorRequest:
    """A reader's wish: ``count`` sectors of 2,048 bytes from ``first`` on."""

    first: int
    count: int


Parser: TypeAlias = Generator[SectorRequest, bytes, _T]
"""A reader in progress: yields requests, is sent bytes, returns its result."""


class Findings:
    """Collects what a reader put up with, a sentence each, without growing with the image.

    Of each kind of finding the first few are kept in full and the others are counted.
    """

    __slots__ = ("_counts", "_sentences")

    KEPT_OF_A_KIND = 10

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._sentences: dict[str, list[str]] = {}

    def note(self, kind: str, sentence: str) -> None:
        """Add a finding.

        Args:
            kind: What sort of leniency this is, in a few words that do not vary with the image.
            sentence: What was found where, and how it was read.
        """
        count = self._counts.get(kind, 0)
        if count < self.KEPT_OF_A_KIND:
            kept = self._sentences.setdefault(kind, [])
            if sentence in kept:
                return
            kept.append(sentence)
        self._counts[kind] = count + 1

    def take(self, other: Findings) -> None:
        """Add what another collector holds."""
        for kind, kept in other._sentences.items():
            for sentence in kept:
                self.note(kind, sentence)
            self._counts[kind] += other._counts[kind] - len(kept)

    def sentences(self) -> tuple[str, ...]:
        """Return all findings in the order in which their kinds were first met."""
        result: list[str] = []
        for kind, kept in self._sentences.items():
            result.extend(kept)
            more = self._counts[kind] - len(kept)
            if more > 0:
                result.append(f"{kind}: {more:,} more like these")
        return tuple(result)


@attrs.frozen
class ImageContext:
    """What a reader knows of the image before it reads.

    Attributes:
        sector_count: How many sectors the image has, or None where nobody knows.
        session_start: The first sector of the session to read: 0 but on multisession discs.
        findings: Where leniencies are told.
    """

    sector_count: int | None = None
    session_start: int = 0
    findings: Findings = attrs.field(factory=Findings)

    def holds(self, lba: int, size_bytes: int) -> bool:
        """Tell whether ``size_bytes`` from sector ``lba`` on lie inside the image."""
        return self.sector_count is None or lba + -(-size_bytes // SECTOR) <= self.sector_count


def read_span(lba: int, size_bytes: int) -> Parser[bytes]:
    """Read the first ``size_bytes`` bytes from a sector on; for things of a bounded size.

    Args:
        lba: The first sector.
        size_bytes: How many bytes; the caller has made sure that they are not too many.
    """
    sector_total = -(-size_bytes // SECTOR)
    data = b""
    for first in range(0, sector_total, BURST_SECTORS):
        data += yield SectorRequest(lba + first, min(BURST_SECTORS, sector_total - first))
    return data[:size_bytes]


def try_read(lba: int, count: int) -> Parser[bytes | None]:
    """Read some sectors (at most a burst), or return None where they cannot be read."""
    try:
        return (yield SectorRequest(lba, count))
    except READ_FAULTS:
        return None


def gather(wanted: Iterable[tuple[int, int, _Key]], take: Callable[[_Key, bytes], None]) -> Parser[None]:
    """Read many small pieces in few requests, in the order of their sectors.

    Args:
        wanted: Pieces as (first sector, sectors, key).
        take: Is called with each key and the bytes of its piece; with no bytes where they cannot be read.
    """
    run: list[tuple[int, int, _Key]] = []
    run_end = 0
    for piece in sorted(wanted, key=lambda piece: piece[0]):
        first, count, _ = piece
        end = first + count
        if run and (first > run_end + GAP_SECTORS or max(end, run_end) - run[0][0] > BURST_SECTORS):
            yield from _read_run(run, run_end, take)
            run = []
        run.append(piece)
        run_end = max(run_end, end) if len(run) > 1 else end
    if run:
        yield from _read_run(run, run_end, take)


def _read_run(
    run: list[tuple[int, int, _Key]], run_end: int, take: Callable[[_Key, bytes], None]
) -> Parser[None]:
    start = run[0][0]
    data = yield from try_read(start, run_end - start)
    if data is not None:
        for first, count, key in run:
            offset = (first - start) * SECTOR
            take(key, data[offset : offset + count * SECTOR])
        return
    # One bad sector must not hide its neighbours: ask again for each distinct piece alone.
    last: tuple[int, int] | None = None
    for first, count, key in run:
        if (first, count) != last:
            data = None if len(run) == 1 else (yield from try_read(first, count))
            last = (first, count)
        take(key, data or b"")


def require_directory_size(size_bytes: int, path: str, lba: int) -> None:
    """Raise ImageFormatError where a directory's length cannot be an honest one."""
    if size_bytes > MAX_DIRECTORY_BYTES:
        raise ImageFormatError(
            f"directory {path} at sector {lba} claims {size_bytes:,} bytes, more than the {MAX_DIRECTORY_BYTES:,} "
            "that are read; the image is damaged or made to harm",
            path=path,
            lba=lba,
        )


__all__ = (
    "BURST_SECTORS",
    "GAP_SECTORS",
    "MAX_DIRECTORY_BYTES",
    "MAX_DIRECTORY_ENTRIES",
    "READ_FAULTS",
    "SECTOR",
    "Findings",
    "ImageContext",
    "Parser",
    "SectorRequest",
    "gather",
    "read_span",
    "require_directory_size",
    "try_read",
)
