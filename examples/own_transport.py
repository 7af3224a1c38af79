"""Write a transport of your own: here one that writes down every command on its way to a drive.

python own_transport.py "virtual:disc.bdr?media=bd-r"
"""

from __future__ import annotations

import sys

import anyio

from aioimapi.drive import Drive
from aioimapi.mmc import Command, Inquiry
from aioimapi.testing import check_transport
from aioimapi.transport import BlockingTransport, Reply
from aioimapi.virtual import VirtualTarget, open_virtual_target


class NotedTransport(BlockingTransport):
    """Carries commands by a blocking call, in a thread of its own; threads, queue and lock come with the base class."""

    def __init__(self, target: VirtualTarget) -> None:
        super().__init__("noted", max_transfer_bytes=64 * 1024)
        self._target = target
        self.notes: list[str] = []

    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        """Send one command and return the answer, whatever it is: a drive's refusal is an answer, too."""
        answer = self._target.handle(command.to_cdb(), data, now=0.0)
        self.notes.append(f"{command.name}: status {answer.status:02X}h")
        length = 0 if data is None else len(data)
        return Reply(answer.status, answer.sense, length - answer.transferred, answer.duration_s)

    def _close(self) -> None:
        """Let go of the drive; called once."""
        self._target.close()


async def open_noted(url: str) -> NotedTransport:
    """Open it, as an entry point of the group ``aioimapi.transports`` would."""
    return NotedTransport(open_virtual_target(url))


async def main(url: str) -> None:
    """Run the checks that every transport passes, then use a drive by way of it."""
    await check_transport(lambda: open_noted(url))
    print("the transport keeps the contract")
    transport = await open_noted(url)
    drive = Drive(transport)
    try:
        print("a", (await drive.inquiry()).product, "with", (await drive.media_state()).profile_name)
        await drive.query(Inquiry())
    finally:
        await drive.aclose()
    print("\n".join(transport.notes))


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
