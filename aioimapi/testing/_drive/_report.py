"""What the conformance checks of drives found, as values."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from aioimapi.mmc import Profile, SenseData, traits_of


class Severity(enum.Enum):
    """How much a finding weighs."""

    FAULT = "fault"
    """The drive breaks a rule of its standards that hosts rely on."""
    DEVIATION = "deviation"
    """Allowed, or broken by many drives on the market; hosts of others were seen to trip over such things."""
    NOTE = "note"
    """Worth knowing; neither wrong nor harmful."""


@attrs.frozen
class Finding:
    """One thing that a drive does otherwise than the check expected.

    Attributes:
        check: Name of the check.
        severity: How much it weighs.
        text: What was seen, in a sentence.
        clause: Where the rule stands, such as ``MMC-6 6.21``; empty for rules of no single clause.
        cdb: The command that showed it; empty where it was several.
        sense: The sense data that came with it; empty with GOOD.
    """

    check: str
    severity: Severity
    text: str
    clause: str = ""
    cdb: bytes = b""
    sense: bytes = b""

    def __str__(self) -> str:
        parts = [f"{self.severity.value} [{self.check}]: {self.text}"]
        if self.clause:
            parts.append(f"({self.clause})")
        if self.cdb:
            parts.append(f"CDB {self.cdb.hex(' ')}")
        if self.sense:
            parts.append(f"sense {SenseData.parse(self.sense).describe()}")
        return " ".join(parts)


@attrs.frozen
class CheckOutcome:
    """How one check ended.

    Attributes:
        name: Its name, as in :attr:`Finding.check`.
        title: What it looks at.
        findings: What it found; empty where the drive passed.
        skipped: Why it was not run, such as ``no disc in the drive``; empty where it was.
    """

    name: str
    title: str
    findings: tuple[Finding, ...] = ()
    skipped: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was run and found nothing but notes."""
        return not self.skipped and all(finding.severity is Severity.NOTE for finding in self.findings)


@attrs.frozen
class DriveReport:
    """What :func:`aioimapi.testing.check_drive` returns.

    Attributes:
        drive: The transport's name and what INQUIRY tells.
        profile: The kind of disc that was in it, as the drive told at the beginning.
        outcomes: Each check in the order in which they were run.
    """

    drive: str
    profile: Profile
    outcomes: tuple[CheckOutcome, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in order."""
        return tuple(self._all())

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that break a rule which hosts rely on."""
        return tuple(finding for finding in self._all() if finding.severity is Severity.FAULT)

    @property
    def ok(self) -> bool:
        """Whether there is no fault; deviations and notes may be there."""
        return not self.faults

    def raise_for_faults(self) -> None:
        """Raise where there is a fault, for tests.

        Raises:
            AssertionError: The drive has faults; the message is the whole report.
        """
        if not self.ok:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        disc = traits_of(self.profile).name
        lines = [f"{self.drive} with {disc}: {len(self.faults)} faults"]
        for outcome in self.outcomes:
            state = (
                f"not run: {outcome.skipped}"
                if outcome.skipped
                else "passed"
                if outcome.passed
                else "FINDINGS"
            )
            lines.append(f"  {outcome.name}: {state}")
            lines += [f"    {finding}" for finding in outcome.findings]
        return "\n".join(lines)

    def _all(self) -> Iterator[Finding]:
        for outcome in self.outcomes:
            yield from outcome.findings
