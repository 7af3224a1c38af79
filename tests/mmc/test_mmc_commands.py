"""CDBs in both directions, against literal bytes that other programs sent or the standard's tables show."""

from __future__ import annotations

import pytest

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, LocalProtocolError, UnknownOpcodeError

GOLDEN = [
    (mmc.TestUnitReady(), "00 00 00 00 00 00"),
    (mmc.Inquiry(36), "12 00 00 00 24 00"),
    (mmc.Write10(0x12345, 32), "2a 00 00 01 23 45 00 00 20 00"),
]


@pytest.mark.parametrize(("command", "cdb"), GOLDEN)
def test_golden_bytes_both_ways(command: mmc.Command, cdb: str) -> None:
    assert command.to_cdb() == bytes.fromhex(cdb)
    assert mmc.parse_command(bytes.fromhex(cdb)) == command


def test_a_reserved_bit_points_at_itself() -> None:
    with pytest.raises(InvalidFieldError) as caught:
        mmc.parse_command(bytes.fromhex("51 00 00 00 00 00 01 00 22 00"))
    assert (caught.value.byte, caught.value.bit) == (6, 0)


def test_an_unknown_operation_code_is_told() -> None:
    with pytest.raises(UnknownOpcodeError) as caught:
        mmc.parse_command(bytes(12 * [0xFF]))
    assert caught.value.opcode == 0xFF


def test_a_value_past_its_field_never_leaves() -> None:
    with pytest.raises(LocalProtocolError, match="sectors is 65536"):
        mmc.Write10(0, 65536).to_cdb()
