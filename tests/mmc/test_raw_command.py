"""Commands of other hosts, passed on as they came."""

from __future__ import annotations

import pytest

from aioimapi.errors import LocalProtocolError
from aioimapi.mmc import Command, Direction, RawCommand, Write10


def test_a_block_goes_out_as_it_came() -> None:
    cdb = bytes.fromhex("2a ff 00 00 10 00 ff 00 20 ff")  # reserved bits and all
    command: Command = RawCommand(cdb, Direction.OUT, 65_536, 200.0)
    assert command.to_cdb() == cdb
    assert (command.opcode, command.name) == (0x2A, Write10.name)
    assert (command.direction, command.transfer_length, command.timeout_s) == (Direction.OUT, 65_536, 200.0)


def test_a_code_that_nobody_knows_is_its_own_name() -> None:
    command = RawCommand(b"\xee\x00")
    assert command.name == "operation code EEh"
    assert (command.direction, command.transfer_length) == (Direction.NONE, 0)


def test_equal_blocks_are_equal_commands() -> None:
    assert RawCommand(b"\x00" * 6) == RawCommand(b"\x00" * 6)
    assert len({RawCommand(b"\x00" * 6), RawCommand(b"\x00" * 6), RawCommand(b"\x03" + b"\x00" * 5)}) == 2


@pytest.mark.parametrize("cdb", [b"", bytes(261)])
def test_what_is_no_block_is_refused(cdb: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        RawCommand(cdb).to_cdb()
