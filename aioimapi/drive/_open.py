"""Opening a drive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aioimapi.drive._drive import Drive
from aioimapi.drive._runner import PATIENCE_S
from aioimapi.drive._trace import TraceHook
from aioimapi.transport import open_transport


@asynccontextmanager
async def open_drive(
    target: str,
    *,
    exclusive: bool = True,
    patience_s: float = PATIENCE_S,
    trace: TraceHook | None = None,
) -> AsyncIterator[Drive]:
    """Open a drive, and close it again at the end of the ``async with``.

    Args:
        target: A device node (``/dev/sr0``, ``/dev/sg1``) or a URL (``virtual:FILE?media=bd-r``); see
            :func:`aioimapi.transport.open_transport`.
        exclusive: Keep mounts and other programs away; False serves to look at a drive that is in use.
        patience_s: How long a command waits for a drive that is becoming ready or still writing, in seconds.
        trace: Called after each command.

    Yields:
        The drive. No disc need be in it.

    Raises:
        UnknownUrlError: No transport has the URL's scheme.
        DriveNotFoundError: There is no such drive, or it is something else than an optical drive.
        DriveAccessError: This process may not use it.
        DriveBusyError: A mount or another program has it.
        DriveLostError: The drive is gone.

    Cancellation:
        The tray is unlocked where it was locked here, and the drive closed, in bounded time.
    """
    drive = Drive(await open_transport(target, exclusive=exclusive), patience_s=patience_s)
    if trace is not None:
        drive.add_trace_hook(trace)
    try:
        yield drive
    finally:
        await drive.aclose()
