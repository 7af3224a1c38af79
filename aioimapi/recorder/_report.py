"""What a burn or a verification says of itself afterwards: facts, on paper and for programs.

*Written*, *closed* and *verified* are three facts that do not imply each other: a disc may be fully written
and left open, closed and not verified, or written and found wrong.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from typing import Final

import attrs

from aioimapi.recorder._progress import Phase, SpeedSample, Throughput
from aioimapi.units import SECTOR_SIZE

MAX_RANGES: Final = 100
"""Ranges of differing or unreadable sectors that a report lists; the counts beside them are complete."""

FASTEST_X: Final = 72
"""No drive ever turned a disc faster; a virtual one without physics does, and an x says nothing of it."""

MAX_FILES: Final = 100
"""Names of damaged files that a report lists."""


class VerifyLevel(enum.StrEnum):
    """How much of a written disc is checked (IMAPI_BURN_VERIFICATION_LEVEL)."""

    NONE = "none"
    QUICK = "quick"
    """Disc and track information are plausible, and a sample of sectors equals the source."""
    FULL = "full"
    """As quick, and every sector is read back past the page cache and compared."""


@attrs.frozen
class DriveIdentity:
    """Which drive it was.

    Attributes:
        name: The path or URL by which it was opened.
        vendor: INQUIRY's vendor identification.
        product: INQUIRY's product identification.
        revision: INQUIRY's product revision level.
        serial: The serial number (feature 0108h), or an empty string.
    """

    name: str
    vendor: str = ""
    product: str = ""
    revision: str = ""
    serial: str = ""


@attrs.frozen
class TrackReport:
    """A track as the disc tells it.

    Attributes:
        track: Its number.
        session: The session it is in.
        start_lba: Its first logical block.
        sectors: Its size.
    """

    track: int
    session: int
    start_lba: int
    sectors: int


@attrs.frozen
class PhaseTime:
    """How long a phase took.

    Attributes:
        phase: The phase.
        seconds: Its duration; of all its parts where it was entered more than once.
    """

    phase: Phase
    seconds: float


@attrs.frozen
class Verification:
    """What reading the disc back showed.

    Attributes:
        level: How much was checked.
        sectors_read: Sectors that were read from the disc and compared.
        sectors_different: Sectors that were read but differ from the source.
        sectors_unreadable: Sectors that the drive could not read.
        different: The ranges that differ, as (first LBA, sectors); at most 100.
        unreadable: The ranges that could not be read, as (first LBA, sectors); at most 100.
        files: What lies in those ranges: paths in the image, and metadata in angle brackets; at most 100.
        problems: What is wrong beside sectors, a sentence each (track information that cannot be right).
    """

    level: VerifyLevel
    sectors_read: int = 0
    sectors_different: int = 0
    sectors_unreadable: int = 0
    different: tuple[tuple[int, int], ...] = ()
    unreadable: tuple[tuple[int, int], ...] = ()
    files: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not (self.sectors_different or self.sectors_unreadable or self.problems)


@attrs.frozen
class Report:
    """What was done, with which drive, to which disc, and what is proven.

    Attributes:
        drive: The drive.
        job: ``burn``, or ``verify`` where a disc was only compared.
        medium: The disc's kind as MMC's profile name.
        capacity_sectors: Sectors that the disc can hold in all.
        start_lba: Where the image begins on the disc.
        sectors: Sectors of the image.
        sectors_taken: Sectors of the image that the drive took; less than ``sectors`` where the burn was cut
            short.
        written: Whether the drive took the whole image and flushed it to the disc.
        closed: Whether the disc is closed, so that nothing can be added.
        verified: Whether the disc was read back and is right; None where that was not asked for or not
            reached.
        disc_state: What the disc is now: ``blank``, ``appendable``, ``closed``, ``rewritable`` or
            ``unknown``.
        digest_name: The digest's algorithm.
        digest: The digest of the image's bytes in hexadecimal; empty where not all of them were read.
        speed_requested: The speed that was asked for, as a multiple of 1x; None for the fastest.
        speed_set: The speed that the drive says it took, as a multiple of 1x; None where it does not say.
        one_x_bytes: Bytes a second at 1x for this medium.
        write: Speed of the writing, or None where nothing was written.
        read: Speed of the reading back, or None where nothing was read.
        phases: How long each phase took.
        samples: The speed curve.
        buffer_min: The lowest level of the drive's buffer while writing, 0.0 to 1.0; None where the drive
            does not say.
        retries: Commands that had to be sent again because the drive was not ready for them.
        buffer_waits: How often the drive's buffer was full when a WRITE came: usual where the disc is slower than the
            source.
        sessions: Sessions on the disc now.
        tracks: The tracks on the disc now.
        verification: What verification found, or None where none ran.
        warnings: What went otherwise than asked without spoiling the disc, a sentence each.
        findings: What the source's policies put right (a file padded or left out), a sentence each.
        error: What ended the burn, what holds now and what to do, as the error said it; or an empty string.
        cause: Only what ended it.
    """

    drive: DriveIdentity
    job: str = "burn"
    medium: str = ""
    capacity_sectors: int = 0
    start_lba: int = 0
    sectors: int = 0
    sectors_taken: int = 0
    written: bool = False
    closed: bool = False
    verified: bool | None = None
    disc_state: str = "unknown"
    rewritable: bool = False
    digest_name: str = ""
    digest: str = ""
    speed_requested: float | None = None
    speed_set: float | None = None
    one_x_bytes: float = 0.0
    write: Throughput | None = None
    read: Throughput | None = None
    phases: tuple[PhaseTime, ...] = ()
    samples: tuple[SpeedSample, ...] = ()
    buffer_min: float | None = None
    retries: int = 0
    buffer_waits: int = 0
    sessions: int = 0
    tracks: tuple[TrackReport, ...] = ()
    verification: Verification | None = None
    warnings: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    error: str = ""
    cause: str = ""

    @property
    def size_bytes(self) -> int:
        """Bytes of the image."""
        return self.sectors * SECTOR_SIZE

    @property
    def duration_s(self) -> float:
        """Seconds that everything took."""
        return sum(phase.seconds for phase in self.phases)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return every attribute as a JSON object, with ``size_bytes`` and ``duration_s`` beside them."""
        facts = attrs.asdict(self)
        facts["size_bytes"] = self.size_bytes
        facts["duration_s"] = self.duration_s
        return json.dumps(facts, indent=indent, ensure_ascii=False)

    def __str__(self) -> str:
        """Return the report as aligned lines, for people."""
        rows = list(_rows(self))
        width = max(len(label) for label, _ in rows)
        return "\n".join(f"{label:<{width}}  {text}" for label, text in rows)


def human_size(size_bytes: int) -> str:
    """Return a size in decimal units beside the exact number: ``2.5 GB (2,500,000,000 bytes)``."""
    exact = f"{size_bytes:,} bytes"
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit} ({exact})"
    return exact


def human_time(seconds: float) -> str:
    """Return a duration: ``0.4 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def _speed(bytes_per_second: float, one_x_bytes: float) -> str:
    text = f"{bytes_per_second / 10**6:.1f} MB/s"
    if not one_x_bytes or bytes_per_second > FASTEST_X * one_x_bytes:
        return text
    return f"{bytes_per_second / one_x_bytes:.1f}x ({text})"


def _ranges(ranges: tuple[tuple[int, int], ...], shown: int = 8) -> str:
    parts = [
        str(first) if count == 1 else f"{first} to {first + count - 1}" for first, count in ranges[:shown]
    ]
    more = ["and more"] if len(ranges) > shown else []
    return ", ".join(parts + more)


def _verified(report: Report) -> str:
    found = report.verification
    if found is None:
        return "no" if report.verified is None else ("yes" if report.verified else "FAILED")
    if found.ok and report.verified:
        return f"yes, {found.level}: {found.sectors_read:,} sectors read back, all equal"
    if found.ok:
        return f"not finished ({found.level}): {found.sectors_read:,} sectors read back, all equal so far"
    return f"FAILED ({found.level}): " + "; ".join((*bad_sectors(found), *found.problems))


def bad_sectors(found: Verification) -> list[str]:
    """Return in words how many sectors are wrong, and how."""
    parts = []
    if found.sectors_different:
        verb = "sector differs" if found.sectors_different == 1 else "sectors differ"
        parts.append(f"{found.sectors_different:,} {verb}")
    if found.sectors_unreadable:
        noun = "sector" if found.sectors_unreadable == 1 else "sectors"
        parts.append(f"{found.sectors_unreadable:,} {noun} cannot be read")
    return parts


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield from _disc_rows(report)
    yield from _proof_rows(report)
    yield from _speed_rows(report)
    for label, notes in (("Warning", report.warnings), ("Source", report.findings)):
        for note in notes:
            yield label, note
    if report.error:
        yield "Ended by", report.cause or report.error


def _disc_rows(report: Report) -> Iterator[tuple[str, str]]:
    drive = report.drive
    model = " ".join(part for part in (drive.vendor, drive.product, drive.revision) if part)
    serial = f", serial {drive.serial}" if drive.serial else ""
    yield "Drive", f"{drive.name} ({model}{serial})" if model else drive.name
    yield "Medium", f"{report.medium or 'none'}, holds {human_size(report.capacity_sectors * SECTOR_SIZE)}"
    yield "Image", f"{human_size(report.size_bytes)}, {report.sectors:,} sectors from LBA {report.start_lba}"
    if report.written:
        yield "Written", "yes"
    elif report.job == "burn":
        flushed = (
            "" if report.sectors_taken < report.sectors else ", but did not bring them all onto the disc"
        )
        yield "Written", f"no, the drive took {report.sectors_taken:,} of {report.sectors:,} sectors{flushed}"
    if report.disc_state == "unknown":
        yield "Closed", "unknown: the disc could not be asked"
    elif report.rewritable and report.disc_state == "appendable":
        yield "Closed", "no, the disc is rewritable"
    else:
        yield "Closed", f"{'yes' if report.closed else 'no'}, the disc is {report.disc_state}"


def _proof_rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "Verified", _verified(report)
    found = report.verification
    if found is not None:
        if found.different:
            yield "Different", f"LBA {_ranges(found.different)}"
        if found.unreadable:
            yield "Unreadable", f"LBA {_ranges(found.unreadable)}"
        for name in found.files[:8]:
            yield "Damaged", name
        if len(found.files) > 8:
            yield "Damaged", f"and {len(found.files) - 8} more"
    if report.digest:
        yield "Digest", f"{report.digest_name} {report.digest}"


def _speed_rows(report: Report) -> Iterator[tuple[str, str]]:
    one_x = report.one_x_bytes
    for label, speed in (("Write speed", report.write), ("Read speed", report.read)):
        if speed is not None:
            yield label, f"{_speed(speed.average, one_x)} on average, {_speed(speed.maximum, one_x)} at most"
    if report.speed_set is not None or report.speed_requested is not None:
        asked = "the fastest" if report.speed_requested is None else f"{report.speed_requested:.1f}x"
        got = "did not say" if report.speed_set is None else f"set {report.speed_set:.1f}x"
        yield "Drive speed", f"asked for {asked}, drive {got}"
    if report.buffer_min is not None:
        yield "Drive buffer", f"never below {report.buffer_min:.0%}"
    parts = ", ".join(
        f"{phase.phase} {human_time(phase.seconds)}" for phase in report.phases if phase.seconds >= 0.05
    )
    yield "Time", human_time(report.duration_s) + (f": {parts}" if parts else "")
    if report.retries:
        yield "Retries", f"{report.retries:,}"


__all__ = (
    "DriveIdentity",
    "PhaseTime",
    "Report",
    "TrackReport",
    "Verification",
    "VerifyLevel",
    "bad_sectors",
    "human_size",
    "human_time",
)
