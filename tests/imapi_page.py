"""Makes docs/imapi.md of the package's table of IMAPI members: python tests/imapi_page.py."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "imapi.md"
NOT_YET = "not yet"

_HEAD = """\
# From IMAPI to aioimapi

Every member of the image half of IMAPI 2 (`imapi2fs.h`) and what does its work here. Names without a module are those
of {mod}`aioimapi.image`; `Name(argument)` is an argument of a call. *not yet* means that there is nothing for it.
The recording half is in [standards](standards.md#imapi).

The table is made of `aioimapi/image/imapi.tsv` by `python tests/imapi_page.py`; a test resolves each name.
"""


def rows() -> list[dict[str, str]]:
    """Return the rows of the table in the package."""
    text = files("aioimapi.image").joinpath("imapi.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def page() -> str:
    """Return the page."""
    lines = [_HEAD, "| IMAPI | Here | How it differs |", "|---|---|---|"]
    for row in rows():
        ours = f"*{NOT_YET}*" if row["ours"] == NOT_YET else f"`{row['ours']}`"
        lines.append(f"| `{row['interface']}.{row['member']}` | {ours} | {row['differs']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
