"""What every optical drive must do, as checks that anybody can run on any drive, real or emulated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import TypeAlias

from aioimapi.errors import CommandTimeoutError, LocalProtocolError, RemoteProtocolError
from aioimapi.mmc import Inquiry, InquiryData, Profile
from aioimapi.testing._drive import _configuration, _disc, _events, _identity, _lengths, _modes, _recording
from aioimapi.testing._drive._probe import Check, NotApplicableError, Probe
from aioimapi.testing._drive._report import CheckOutcome, DriveReport
from aioimapi.transport import Transport

DriveOpener: TypeAlias = Callable[[], Awaitable[Transport]]
"""Opens the way to the drive under test; called once."""

_READ_ONLY = (
    *_identity.CHECKS,
    *_configuration.CHECKS,
    *_disc.CHECKS,
    *_lengths.CHECKS,
    *_modes.CHECKS,
    *_events.CHECKS,
)


async def check_drive(
    opener: DriveOpener,
    *,
    destructive: bool = False,
    tray: bool = False,
    only: Collection[str] = (),
) -> DriveReport:
    """Check a drive against what SPC-4 and MMC-6 say of the commands that burning and reading use.

    It goes through the way to the drive directly, and trusts nothing above it. By default no disc is changed:
    the drive's mode pages are set and put back, its lock is used, and commands are sent that it must refuse.
    Run it with no disc, with a blank one, and with a written one; each shows other things.

    Args:
        opener: Opens the way to the drive, such as ``lambda: open_transport("/dev/sr0")``. Nobody else may use
            the drive meanwhile.
        destructive: Also write on the disc, close it and read it back. The disc must be blank; it is used up.
        tray: Also open and close the tray. Portable drives need a hand to close it.
        only: Names of the checks to run; empty for all.

    Returns:
        What was found. A drive that breaks a rule is no error here:
        :meth:`DriveReport.raise_for_faults` makes one of it.

    Raises:
        DriveError: The drive cannot be opened, or it is gone.
        LocalProtocolError: ``only`` names a check that there is not.

    Cancellation:
        The drive is unlocked and let go of. With ``destructive`` the disc may be written to in part.
    """
    checks = tuple(_chosen(destructive=destructive, tray=tray, only=only))
    transport = await opener()
    try:
        probe = Probe(transport)
        name, profile = await _introduce(probe)
        outcomes = [await _run(probe, check) for check in checks]
    finally:
        await transport.aclose()
    return DriveReport(name, profile, tuple(outcomes))


def _chosen(*, destructive: bool, tray: bool, only: Collection[str]) -> Iterator[Check]:
    every = (*_READ_ONLY, *_events.TRAY_CHECKS, *_recording.CHECKS)
    unknown = set(only) - {check.name for check in every}
    if unknown:
        raise LocalProtocolError(
            f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(check.name for check in every)}"
        )
    asked = (
        *_READ_ONLY,
        *(_events.TRAY_CHECKS if tray else ()),
        *(_recording.CHECKS if destructive else ()),
        *(_READ_ONLY if destructive else ()),
    )
    return (check for check in asked if not only or check.name in only)


async def _introduce(probe: Probe) -> tuple[str, Profile]:
    """Return the drive's name and the profile of the disc that is in."""
    name = probe.transport.name
    answer = await probe.optional(Inquiry())
    if answer is not None and len(answer) >= 36:
        name = f"{InquiryData.parse(answer).name} at {name}"
    await probe.has_disc()
    return name, await probe.profile()


async def _run(probe: Probe, check: Check) -> CheckOutcome:
    """Run one check; a drive that is silent, or whose answer makes no sense, is a finding."""
    probe.check, skipped = check.name, ""
    probe.findings = []
    try:
        await check.run(probe)
    except NotApplicableError as reason:
        skipped = "" if probe.findings else str(reason)
    except (CommandTimeoutError, RemoteProtocolError) as error:
        probe.fault(f"the check was broken off: {error}")
    return CheckOutcome(check.name, check.title, tuple(probe.findings), skipped)
