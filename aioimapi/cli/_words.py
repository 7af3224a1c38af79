"""The library's messages in the words of the command line: options instead of parameters."""

from __future__ import annotations

import re

WORDS: tuple[tuple[str, str], ...] = (
    ("(overwrite, --force)", "(--force)"),
    ("(unreadable='skip')", "(--unreadable skip)"),
    ("(on_change='pad')", "(--changed pad)"),
    ("open it with readonly", "add readonly to its URL (virtual:FILE?readonly)"),
    ("file_systems={UDF}, on the command line --fs udf", "--fs udf"),
)
"""What the library says, and what the command line has for it."""

BEYOND_US = re.compile(r", or an image made for LBA [\d,]+")
"""A way out that only programs have."""


def in_our_words(text: str) -> str:
    """Return a message with the names of parameters replaced by those of options."""
    for theirs, ours in WORDS:
        text = text.replace(theirs, ours)
    return BEYOND_US.sub("; this version adds no sessions", text)
