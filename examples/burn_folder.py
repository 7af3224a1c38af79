"""Burn a folder to a disc, verify it, and print the report.

python burn_folder.py FOLDER /dev/sr0
python burn_folder.py FOLDER "virtual:disc.bdr?media=bd-r"
"""

from __future__ import annotations

import asyncio
import sys

import aioimapi
from aioimapi.errors import DiscError, RecordingError


async def main(folder: str, drive: str) -> None:
    """Burn with progress; every way that it can fail has a name."""
    image = aioimapi.FileSystemImage(volume_name="HOLIDAY_2026")
    image.root.add_tree(folder)

    def show(progress: aioimapi.Progress) -> None:
        print(f"{progress.phase} {progress.fraction:.0%}, {progress.bytes_per_second / 1e6:.0f} MB/s")

    try:
        async with aioimapi.open_recorder(drive) as recorder:
            report = await recorder.write(image, verify="full", on_progress=show)
    except DiscError as error:
        sys.exit(f"nothing was written: {error}")
    except RecordingError as error:
        sys.exit(f"{error.sectors_written} sectors were written, the disc is {error.disc_state}: {error}")
    print(report)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))  # or trio.run(main, *sys.argv[1:3])
