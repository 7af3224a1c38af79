"""Telling, while a drive does not answer, what it was asked and for how long it will be waited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from aioimapi._tasks import task_group
from aioimapi.drive import Drive
from aioimapi.drive._failure import address_of
from aioimapi.recorder._progress import Meter, Silence

SILENCE_S: Final = 5.0
"""Seconds without an answer that are worth a word; a healthy drive answers within tenths."""

LOOK_S: Final = 1.0
"""Seconds between looks."""


@asynccontextmanager
async def listening(drive: Drive, meter: Meter) -> AsyncIterator[None]:
    """Have the meter tell of every command that the drive leaves without an answer.

    Cancellation:
        It goes on telling while what a cancelled block still has to do waits for the drive.
    """
    async with task_group() as tasks:
        scope = anyio.CancelScope(shield=True)
        tasks.start_soon(_listen, drive, meter, scope, name="drive silence")
        try:
            yield
        finally:
            scope.cancel()


async def _listen(drive: Drive, meter: Meter, scope: anyio.CancelScope) -> None:
    with scope:
        while True:
            await anyio.sleep(LOOK_S)
            waiting = drive.in_flight()
            if waiting is None or waiting.seconds < SILENCE_S:
                meter.silent(None)
                continue
            command = waiting.command
            meter.silent(Silence(command.name, address_of(command), waiting.seconds, waiting.limit_s))


__all__ = ("LOOK_S", "SILENCE_S", "listening")
