"""Test your own burning code: a drive in a file that fails where it is told to.

python faults.py
"""

from __future__ import annotations

import tempfile

import anyio

import aioimapi
from aioimapi.errors import ImapiError, RecordingError

FAULTS = {
    "a write error in the middle": "3/0c/00@write:4",
    "a drive that is not ready for a while": "notready:3@write:2",
    "a drive that is unplugged": "unplug@write:6",
    "a flush that is never answered": "hang@sync:1",
    "a session that cannot be closed": "5/72/03@close:1",
    "a drive that says GOOD and writes nothing": "lie@write:3",
    "a sector that goes bad": "corrupt@lba:40",
}


async def archive(drive: str) -> str:
    """Stand in for the code that you want to test."""
    image = aioimapi.FileSystemImage(volume_name="ARCHIVE")
    for number in range(20):
        image.root.add_file(f"{number}.bin", bytes([number]) * 50_000)
    try:
        async with aioimapi.open_recorder(drive) as recorder:
            report = await recorder.write(image)
    except RecordingError as error:
        return (
            f"{type(error).__name__}, {error.sectors_written} sectors written, the disc is {error.disc_state}"
        )
    except ImapiError as error:
        return f"{type(error).__name__}: {error}"
    return f"verified: {report.verified}, commands sent again: {report.retries}"


async def main() -> None:
    """Burn once for each fault."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (what, fault) in enumerate(FAULTS.items()):
            drive = f"virtual:{folder}/{number}.bdr?media=bd-r&time_scale=0&fault={fault}"
            print(f"{what}: {await archive(drive)}")


if __name__ == "__main__":
    anyio.run(main)
