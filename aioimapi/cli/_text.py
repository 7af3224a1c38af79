"""Numbers and tables as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size(count: float) -> str:
    """Return a number of bytes in decimal units, as discs are sold: ``24.1 MB``."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count /= 1000
        unit += 1
    return f"{count:,.0f} bytes" if unit == 0 else f"{count:,.1f} {_UNITS[unit]}"


def rate(bytes_per_second: float) -> str:
    """Return a speed in decimal megabytes, as drives are sold: ``31.2 MB/s``."""
    return f"{bytes_per_second / 1e6:,.1f} MB/s"


def duration(seconds: float) -> str:
    """Return a time span: ``4 s``, ``3:07 min``, ``1:02:09 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2,000 files``, ``3 directories``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Return labelled lines, the labels in one column; pairs without a value are left out."""
    shown = [(label, value) for label, value in pairs if value]
    width = max((len(label) for label, _ in shown), default=0)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in shown)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    )
