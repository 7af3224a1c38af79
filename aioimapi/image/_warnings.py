"""What a plan has to tell: counted by kind, with some examples, so that a million of them take no room."""

from __future__ import annotations

import attrs

MAX_EXAMPLES = 20


@attrs.frozen
class PlanWarning:
    """Something that the image will not hold as the source has it.

    Attributes:
        kind: What happened, in words that stay the same from run to run.
        count: How many items it happened to.
        examples: The first of them: paths, and for names what they became; at most 20.
    """

    kind: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.examples[:3])
        more = f" and {self.count - 3:,} more" if self.count > 3 else ""
        return f"{self.kind}: {shown}{more}"


class WarningLog:
    """Collects warnings by kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[int, list[str]]] = {}

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind."""
        count, examples = self._kinds.get(kind, (0, []))
        if count < MAX_EXAMPLES:
            examples.append(example)
        self._kinds[kind] = (count + 1, examples)

    def copy(self) -> WarningLog:
        """Return another log that holds the same so far."""
        other = WarningLog()
        other._kinds = {kind: (count, list(examples)) for kind, (count, examples) in self._kinds.items()}
        return other

    def warnings(self) -> tuple[PlanWarning, ...]:
        """Return what was collected, in the order in which the kinds came up."""
        return tuple(
            PlanWarning(kind, count, tuple(examples)) for kind, (count, examples) in self._kinds.items()
        )
