"""Make an image of a folder, a file from memory and a stream, and look at the plan before anything is read.

python make_image.py FOLDER OUT.iso
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import anyio

import aioimapi


async def measurements() -> AsyncIterator[bytes]:
    """Give bytes that are in no file: from a network, a database, a camera."""
    for number in range(1000):
        yield b"%06d\n" % number


async def main(folder: str, output: str) -> None:
    """Plan, tell what the plan says, and save."""
    image = aioimapi.FileSystemImage(volume_name="HOLIDAY_2026")
    image.root.add_tree(folder)
    image.root.add_file("about.txt", b"made by an example\n")
    image.root.add_file("data/measurements.txt", measurements, size=7000)  # a stream says its size beforehand

    plan = await image.plan()
    print(f"{plan.file_count} files, {plan.sector_count} sectors, {plan.size:,} bytes")
    for warning in plan.warnings:
        print("warning:", warning)
    for name in plan.names():
        print(f"  {name.path}: {name.iso9660} in ISO 9660, {name.joliet} in Joliet")

    await plan.save(output, overwrite=True)
    print("saved", output)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
