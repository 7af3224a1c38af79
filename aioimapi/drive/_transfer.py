"""Sectors to and from a disc: bursts of commands, resumed where the drive needs a pause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import anyio

from aioimapi.drive._failure import Verdict, buffer_is_full, failure
from aioimapi.drive._ready import ReadyRunner
from aioimapi.drive._runner import UNIT_ATTENTIONS, backoff
from aioimapi.errors import LocalProtocolError
from aioimapi.mmc import Command, Read10, Write10
from aioimapi.transport import Buffer
from aioimapi.units import SECTOR_SIZE

BURST_PATIENCE_S = 300.0
"""How long a drive may refuse one WRITE with 2/04/08: it may calibrate its laser or repair a spot meanwhile."""


class Transfers(ReadyRunner):
    """The part of :class:`Drive` that moves sectors."""

    async def write_burst(self, lba: int, data: Buffer) -> None:
        """Write sectors, and return when the drive has taken all of them.

        They are in its buffer then, not all on the disc yet. One trip to the drive's thread carries as many
        WRITE (10) commands as the data needs, each of the size that the transport prefers: 64 KiB for drives.
        When the drive's buffer is full (2/04/08, long write in progress), the burst is resumed from the refused
        command after a pause; no sector is sent twice.

        Args:
            lba: First logical block address; on sequential media the next writable address.
            data: Whole sectors of 2,048 bytes; used in place. About 1 MiB is a good size.

        Raises:
            CommandFailedError: The drive refused a WRITE; ``lba`` is that command's first sector, and
                everything before it was taken.
            UnitAttentionError: The disc may have been changed.
            LocalProtocolError: The data is not of whole sectors.
            DriveError: As :meth:`execute`.

        Cancellation:
            After the WRITE in flight. How many sectors the drive took in all is in
            ``statistics().sectors_written``. The burst may not simply be repeated on sequential media: ask
            for the next writable address.
        """
        await self._move(list(self._pieces(lba, data, Write10)))

    async def read_into(self, lba: int, buffer: Buffer) -> None:
        """Read sectors from the disc into a buffer, past the operating system's page cache.

        Args:
            lba: First logical block address.
            buffer: Writable, of whole sectors; used in place.

        Raises:
            MediumError: A sector cannot be read; ``lba`` is the first sector of the command that failed, and
                the buffer is filled up to there.
            BlankCheckError: The sectors were never written.
            IllegalRequestError: The disc has no such sectors.
            LocalProtocolError: The buffer is not of whole sectors.
            DriveError: As :meth:`execute`.

        Cancellation:
            After the READ in flight; nothing is changed on the disc, and it may be repeated.
        """
        await self._move(list(self._pieces(lba, buffer, Read10)))

    def _pieces(
        self, lba: int, data: Buffer, command: Callable[[int, int], Command]
    ) -> Iterator[tuple[Command, Buffer]]:
        view = memoryview(data)
        if view.format != "B" or view.ndim != 1:
            view = view.cast("B")
        if len(view) % SECTOR_SIZE:
            raise LocalProtocolError(f"{len(view):,} bytes are no whole sectors of {SECTOR_SIZE:,} bytes")
        step = min(self._transport.preferred_transfer_bytes, self.max_transfer_bytes) // SECTOR_SIZE
        for first in range(0, len(view) // SECTOR_SIZE, step):
            piece = view[first * SECTOR_SIZE : (first + step) * SECTOR_SIZE]
            yield command(lba + first, len(piece) // SECTOR_SIZE), piece

    async def _move(self, commands: Sequence[tuple[Command, Buffer]]) -> None:
        """Send all commands in bursts; go on after a refusal that only asks for patience."""
        done = 0
        refused_at = -1
        attentions = 0
        while done < len(commands):
            replies = await self._send(commands[done:])
            reply = replies[-1]
            command = commands[done + len(replies) - 1][0]
            verdict = self._judge(command, reply)
            done += len(replies) - (verdict is not Verdict.ACCEPT)
            if verdict is Verdict.ACCEPT:
                continue
            if refused_at != done:
                refused_at, attentions = done, 0
                pauses = backoff(0.002, 0.25)
                deadline = anyio.current_time() + BURST_PATIENCE_S
            attentions += verdict is Verdict.REPEAT
            waited_out = verdict is Verdict.WAIT and anyio.current_time() >= deadline
            if verdict is Verdict.FAIL or waited_out or attentions > UNIT_ATTENTIONS:
                raise failure(command, reply, self.name)
            if verdict is Verdict.WAIT:
                if buffer_is_full(reply):
                    self._meter.buffer_waits += 1
                else:
                    self._meter.waits += 1
                await anyio.sleep(next(pauses))
