"""Verification of a disc: is what the drive says of it plausible, and is what it reads right."""

from __future__ import annotations

from aioimapi.drive import Drive, MediaState
from aioimapi.errors import VerificationError
from aioimapi.image import SectorSource
from aioimapi.mmc import DiscStatus
from aioimapi.recorder._ledger import Ledger
from aioimapi.recorder._progress import Phase
from aioimapi.recorder._report import Verification, VerifyLevel, bad_sectors
from aioimapi.recorder._verify import BlockReader, Marks, Verifier


async def read_back(
    drive: Drive,
    source: SectorSource,
    ledger: Ledger,
    media: MediaState,
    level: VerifyLevel,
    *,
    marks: Marks | None = None,
    digest: str = "auto",
    reader: BlockReader | None = None,
) -> None:
    """Check the disc, and put what was found into the ledger.

    Args:
        drive: The drive, whose disc is held.
        source: What should be on the disc.
        ledger: Where the outcome goes; says where on the disc the source begins.
        media: What the drive says is in it.
        level: Quick or full.
        marks: What was noted while writing; None to compare with the source itself.
        digest: The digest to use without marks.
        reader: Reads the disc in the drive's place.

    Raises:
        VerificationError: Something is wrong; it and the ledger say what.
        DriveError: The way to the drive failed.

    Cancellation:
        Nothing is changed on the disc; what was found so far is in the ledger.
    """
    ledger.meter.begin(Phase.VERIFYING, source.sector_count)
    ledger.digest_name = marks.digest_name if marks is not None else ledger.digest_name
    verifier = Verifier(
        drive if reader is None else reader,
        source,
        ledger.meter,
        start_lba=ledger.start_lba,
        digest_name=digest if marks is None else marks.digest_name,
    )
    finished = False
    try:
        for problem in implausible(media, ledger.start_lba, source.sector_count):
            verifier.problem(problem)
        if level is VerifyLevel.QUICK:
            await verifier.sample()
        elif marks is not None:
            await verifier.against_marks(marks)
        else:
            await verifier.against_source()
        finished = True
    finally:
        if not finished:
            ledger.verification = verifier.found(level)
    ledger.verification = found = await verifier.result(level)
    ledger.verified = found.ok
    if marks is None and level is VerifyLevel.FULL:
        ledger.digest_name, ledger.digest = verifier.digest_name, verifier.digest
    if not found.ok:
        raise mismatch(drive.name, ledger, found)


def implausible(media: MediaState, start_lba: int, sectors: int) -> list[str]:
    """Return what the drive says of a disc that cannot be true when the image is on it (IMAPI's quick verification).

    Args:
        media: What the drive says.
        start_lba: Where the image begins.
        sectors: How long it is.
    """
    problems = []
    if media.disc is not None and media.disc_status is DiscStatus.BLANK:
        problems.append("the drive calls the disc blank")
    if media.overwritable:
        return problems
    if media.disc is not None and not media.tracks:
        problems.append("the drive cannot read the track information")
    problems.extend(f"the drive calls track {track.track} damaged" for track in media.tracks if track.damaged)
    holder = next((t for t in media.tracks if t.start_lba <= start_lba < t.start_lba + t.size_sectors), None)
    if media.tracks and holder is None:
        problems.append(f"no track holds LBA {start_lba}, where the image begins")
    elif holder is not None and start_lba + sectors > holder.start_lba + holder.size_sectors:
        problems.append(f"track {holder.track} has {holder.size_sectors:,} sectors, the image {sectors:,}")
    return problems


def mismatch(drive: str, ledger: Ledger, found: Verification) -> VerificationError:
    """Return the error for a disc that is not right."""
    ranges = tuple(sorted(found.different + found.unreadable))
    parts = bad_sectors(found)
    if ranges:
        parts.append(f"the first is LBA {ranges[0][0]}")
    if found.files:
        more = f" and {len(found.files) - 1} more" if len(found.files) > 1 else ""
        parts.append(f"damaged is {found.files[0]}{more}")
    parts.extend(found.problems)
    return VerificationError(
        f"{drive}: the disc does not read back as the image: {'; '.join(parts)}; {_advice(ledger, found)}",
        drive=drive,
        lba=ranges[0][0] if ranges else None,
        sectors_written=ledger.sectors_taken,
        disc_state=ledger.disc_state,
        ranges=ranges,
        files=found.files,
    )


def _advice(ledger: Ledger, found: Verification) -> str:
    if ledger.job == "burn":
        total = found.sectors_read + found.sectors_unreadable
        if found.sectors_different == total > 1:
            return "not one sector is right, so the drive says that it writes and does not: try another drive"
        if found.sectors_unreadable == total:
            return (
                "nothing can be read: take the disc out, put it in again and verify it (aioimapi verify) before "
                "another one is burned; some drives read what they wrote only then"
            )
        return "burn another disc"
    if found.files and not found.unreadable and all(name.startswith("<") for name in found.files):
        return (
            "no file's data differs, only what describes them, dates as a rule: the disc was burned from another "
            "image of the same files (SOURCE_DATE_EPOCH makes images alike)"
        )
    if found.sectors_unreadable and not found.sectors_different:
        return "all that can be read is right: the disc fails there, so save what it holds and burn it again"
    return "the disc or the image is not what you take it for"


__all__ = ("implausible", "mismatch", "read_back")
