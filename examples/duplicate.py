"""Burn one folder on many drives at once, from one event loop; each drive has an outcome of its own.

python duplicate.py FOLDER DRIVE...
python duplicate.py FOLDER "virtual:1.bdr?media=bd-r" "virtual:2.bdr?media=bd-r"
"""

from __future__ import annotations

import sys

import anyio

import aioimapi
from aioimapi.rig import Rig


async def main(folder: str, drives: list[str]) -> None:
    """The source is read once for all drives; one that fails disturbs no other."""
    image = aioimapi.FileSystemImage(volume_name="COPIES")
    image.root.add_tree(folder)
    outcomes = await Rig(drives).burn(image)
    for outcome in outcomes:
        print(outcome)
    print(f"{sum(outcome.ok for outcome in outcomes)} of {len(outcomes)} are good")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2:])
