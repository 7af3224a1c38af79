"""The figures as Markdown tables."""

from __future__ import annotations

from typing import Any

from bench.peers import OURS

Cell = dict[str, float] | str


def image_tables(images: dict[str, dict[str, Cell]]) -> str:
    """Return two tables: what every program took, and ours against each of them."""
    if not images:
        return ""
    columns = list(images)
    names = list(dict.fromkeys(name for column in images.values() for name in column))
    lines = [
        "## Making an image: wall s (processor s, peak MiB)",
        "",
        _row("", columns),
        _row("---", ["---"] * len(columns)),
    ]
    lines += [_row(name, [_cell(images[column].get(name, "")) for column in columns]) for name in names]
    lines += ["", f"## Ratios of wall time (processor time): {OURS} / the other", "", _row("", columns)]
    lines.append(_row("---", ["---"] * len(columns)))
    for name in names:
        if name != OURS:
            lines.append(
                _row(name, [_ratio(images[column].get(OURS), images[column].get(name)) for column in columns])
            )
    return "\n".join(lines) + "\n"


def own_tables(own: dict[str, dict[str, Any]]) -> str:
    """Return a table of what only ours was asked for: planning, burning."""
    if not own:
        return ""
    lines = ["## Planning, and burning to virtual drives without physics", ""]
    for name, values in own.items():
        lines.append(
            f"- **{name}**: " + ", ".join(f"{key} {_number(value)}" for key, value in values.items())
        )
    return "\n".join(lines) + "\n"


def _row(name: str, cells: list[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.split("\n", 1)[0][:60]
    return f"{cell['wall_s']:.2f} ({cell['cpu_s']:.2f}, {cell['peak_mib']:.0f})"


def _ratio(ours: Cell | None, other: Cell | None) -> str:
    if not isinstance(ours, dict) or not isinstance(other, dict):
        return ""
    return f"{ours['wall_s'] / other['wall_s']:.2f} ({ours['cpu_s'] / max(other['cpu_s'], 0.01):.2f})"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
