"""A command of another host, passed on as it came."""

from __future__ import annotations

import attrs

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc._command import SHORT_S, Command, Direction
from aioimapi.mmc._registry import find_command


@attrs.frozen
class RawCommand(Command):
    """A command descriptor block that is sent as it stands, whatever it holds.

    It is for those who pass commands on for others: a vendor's command, a reserved bit or nonsense has to reach the
    drive, because the answer is the drive's.

    Attributes:
        cdb: The command descriptor block, 1 to 260 bytes.
        direction: Which way its data goes; the host that made the command knows.
        transfer_length: Bytes of the data phase.
        timeout_s: How long the drive may take, in seconds.
    """

    cdb: bytes
    direction: Direction = Direction.NONE  # type: ignore[misc]  # a class variable of all other commands
    transfer_length: int = 0
    timeout_s: float = SHORT_S

    @property
    def opcode(self) -> int:  # type: ignore[override]  # as above
        """The operation code."""
        return self.cdb[0] if self.cdb else -1

    @property
    def name(self) -> str:  # type: ignore[override]  # as above
        """The name that the standard has for the operation code, or the code itself."""
        known = find_command(self.opcode)
        return f"operation code {self.cdb[:1].hex().upper()}h" if known is None else known.name

    def to_cdb(self) -> bytes:
        """Return the block.

        Raises:
            LocalProtocolError: It is empty, or longer than a CDB can be (SPC-4 4.2.3.1).
        """
        if not 1 <= len(self.cdb) <= 260:
            raise LocalProtocolError(f"a CDB has 1 to 260 bytes, not {len(self.cdb)}")
        return self.cdb
