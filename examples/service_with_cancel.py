"""A service that burns for its clients: progress as a stream, and a cancel that leaves drive and disc in order.

python service_with_cancel.py FOLDER DRIVE [SECONDS]
"""

from __future__ import annotations

import sys

import anyio

import aioimapi


async def watch(recorder: aioimapi.Recorder) -> None:
    """Send progress to a client: the newest value each time, so that a slow client slows nothing."""
    async for progress in recorder.progress():
        print(f"-> client: {progress.phase} {progress.sectors_done} of {progress.sectors_total} sectors")
        await anyio.sleep(0.05)  # a slow client


async def burn(folder: str, drive: str, patience_s: float) -> None:
    """Burn, but stop when the client's patience is over; asyncio.timeout and Task.cancel do the same."""
    image = aioimapi.FileSystemImage(volume_name="JOB_17")
    image.root.add_tree(folder)
    async with aioimapi.open_recorder(drive) as recorder:
        async with anyio.create_task_group() as group:
            group.start_soon(watch, recorder)
            with anyio.move_on_after(patience_s) as scope:
                report = await recorder.write(image)
            group.cancel_scope.cancel()
        if scope.cancelled_caught:
            media = await recorder.media()
            print(f"stopped; the {media.profile_name} is {media.state.told}")
        else:
            print(report)


if __name__ == "__main__":
    anyio.run(burn, sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 3600.0)
