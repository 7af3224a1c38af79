"""Test your own burning code with drives that do things in their own way, and with discs that are worn.

python quirks.py
"""

from __future__ import annotations

import tempfile

import anyio

import aioimapi
from aioimapi.errors import ImapiError, RecordingError
from aioimapi.virtual import Quirk, VirtualMedium, Wear, scan_quality


async def archive(drive: str) -> str:
    """Stand in for the code that you want to test."""
    image = aioimapi.FileSystemImage(volume_name="ARCHIVE")
    for number in range(20):
        image.root.add_file(f"{number}.bin", bytes([number]) * 50_000)
    try:
        async with aioimapi.open_recorder(drive) as recorder:
            report = await recorder.write(image)
    except RecordingError as error:
        return f"{type(error).__name__}, the disc is {error.disc_state}"
    except ImapiError as error:
        return f"{type(error).__name__}: {error}"
    return f"verified: {report.verified}, warnings: {len(report.warnings)}"


async def main() -> None:
    """Burn once with each quirk, once on a disc with a bad spot, and look at what age makes of a disc."""
    with tempfile.TemporaryDirectory() as folder:
        for quirk in Quirk:
            drive = f"virtual:{folder}/{quirk.value}.bdr?media=bd-r&time_scale=0&quirk={quirk.value}"
            print(f"{quirk.value}: {await archive(drive)}")
        drive = f"virtual:{folder}/worn.dvd?media=dvd%2Br&time_scale=0&wear=bad:300-331"
        print(f"a bad spot: {await archive(drive)}")
        with VirtualMedium.open(f"{folder}/worn.dvd", readonly=True) as disc:
            for age in (0, 40, 80):
                print(f"after {age} years: {scan_quality(disc, Wear(seed=7, age_years=age)).verdict}")


if __name__ == "__main__":
    anyio.run(main)
