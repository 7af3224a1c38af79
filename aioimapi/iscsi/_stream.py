"""PDUs from and to a TCP connection."""

from __future__ import annotations

import time
from collections.abc import Sequence

import anyio
from anyio.abc import ByteStream

from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._pdu import HEADER_SIZE, Data, Pdu, padding, sizes_of

RECEIVE_BYTES = 256 * 1024 + 4096
SEND_BYTES = 512 * 1024
"""What is put together for one call to the operating system."""


class PduStream:
    """Cuts what comes into PDUs, and remembers when something last moved.

    Args:
        stream: The connection.

    Attributes:
        limit: The most data that a PDU may carry.
        heard: When something last came, by the monotonic clock.
        inside: Whether a PDU has begun and not ended.
        sending_since: When a call to send began that has not ended, or None.
        received_bytes: What came in all.
        sent_bytes: What went in all.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._rest = memoryview(b"")
        self._sending = anyio.Lock(fast_acquire=True)
        self.limit = 8192
        self.heard = time.monotonic()
        self.inside = False
        self.sending_since: float | None = None
        self.received_bytes = 0
        self.sent_bytes = 0

    async def receive(self) -> Pdu:
        """Wait for a PDU.

        Raises:
            BrokenPduError: It is longer than was agreed on.
            anyio.EndOfStream: The initiator has closed the connection.
        """
        self.inside = bool(self._rest)
        header = bytes(await self._exactly(HEADER_SIZE))
        extra_size, size = sizes_of(header)
        if size > self.limit:
            raise BrokenPduError(f"a PDU says that {size} bytes of data follow; {self.limit} may")
        extra = bytes(await self._exactly(extra_size)) if extra_size else b""
        data = (await self._exactly(size + padding(size)))[:size] if size else b""
        self.inside = False
        return Pdu(header, extra, data)

    async def _exactly(self, size: int) -> memoryview:
        rest = self._rest
        if len(rest) >= size:
            self._rest = rest[size:]
            return rest[:size]
        if not rest:  # the usual way: what is needed comes at once, and is not copied
            rest = await self._more()
            if len(rest) >= size:
                self._rest = rest[size:]
                return rest[:size]
        gathered = bytearray(size)
        place = len(rest)
        gathered[:place] = rest
        while place < size:
            piece = await self._more()
            take = min(len(piece), size - place)
            gathered[place : place + take] = piece[:take]
            place += take
            self._rest = piece[take:]
        return memoryview(gathered)

    async def _more(self) -> memoryview:
        piece = await self._stream.receive(RECEIVE_BYTES)
        self.heard = time.monotonic()
        self.inside = True
        self.received_bytes += len(piece)
        return memoryview(piece)

    async def send(self, outgoing: list[Data]) -> None:
        """Send what is there, in order; what is added meanwhile goes, too, before this returns."""
        async with self._sending:
            while outgoing:
                pieces, size = 0, 0
                for piece in outgoing:
                    pieces += 1
                    size += len(piece)
                    if size >= SEND_BYTES:
                        break
                await self._send(outgoing[:pieces], size, outgoing)

    async def _send(self, pieces: Sequence[Data], size: int, outgoing: list[Data]) -> None:
        block = b"".join(pieces)
        del outgoing[: len(pieces)]
        self.sending_since = time.monotonic()
        try:
            await self._stream.send(block)
        finally:
            self.sending_since = None
        self.sent_bytes += size

    async def aclose(self) -> None:
        """End the connection, without waiting for the other side."""
        await anyio.aclose_forcefully(self._stream)
