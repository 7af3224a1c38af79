"""List what is in an image or on a disc, read one file of it, and extract everything into a folder.

python list_and_extract.py IMAGE.iso FOLDER
python list_and_extract.py /dev/sr0 FOLDER
"""

from __future__ import annotations

import sys
from contextlib import aclosing

import anyio

import aioimapi


async def show(volume: aioimapi.Volume, folder: str) -> None:
    """Walk the tree, read a file in chunks, extract all; no entry can leave the folder."""
    print(f"{volume.name}: {volume.file_system} of {', '.join(volume.file_systems)}")
    largest = volume.root
    async with aclosing(volume.walk()) as entries:
        async for entry in entries:
            print(f"{entry.size:>12} {entry.path}")
            if not entry.is_directory and entry.size >= largest.size * (not largest.is_directory):
                largest = entry
    count = 0
    async with aclosing(volume.read(largest)) as chunks:
        async for chunk in chunks:
            count += len(chunk)
    print(f"read {count} bytes of {largest.path}")
    report = await volume.extract(folder)
    print(f"extracted {report.files} files, {report.size_bytes} bytes; left out {report.skipped_count}")


async def main(source: str, folder: str) -> None:
    """Open a file of sectors, or the disc in a drive: both are sources of sectors."""
    if source.startswith(("/dev/", "virtual:")):
        async with aioimapi.open_recorder(source) as recorder:
            disc = await recorder.read()
            async with await aioimapi.open_volume(disc) as volume:
                await show(volume, folder)
    else:
        async with await aioimapi.open_volume(source) as volume:
            await show(volume, folder)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
