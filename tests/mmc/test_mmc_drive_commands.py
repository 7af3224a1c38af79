"""Structures of the drive's own commands, against the bytes of the standard's tables."""

from __future__ import annotations

import pytest

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, RemoteProtocolError


def test_the_region_of_a_new_drive() -> None:
    # A drive as sold: no region set, four resets for the vendor, five changes for the user, phase II.
    raw = bytes.fromhex("00 06 00 00 25 ff 01 00")
    state = mmc.RpcState.parse(raw)
    assert state == mmc.RpcState(mmc.RpcType.NONE, 4, 5, 0xFF, 1)
    assert state.to_bytes() == raw
    with pytest.raises(RemoteProtocolError):
        mmc.RpcState.parse(raw[:6])


def test_the_region_once_it_is_set() -> None:
    state = mmc.RpcState.parse(bytes.fromhex("00 06 00 00 64 fd 01 00"))
    assert (state.type_, state.vendor_resets, state.user_changes) == (mmc.RpcType.SET, 4, 4)
    assert state.region_mask == 0xFD  # region 2


def test_the_size_of_the_drives_memory() -> None:
    descriptor = mmc.BufferDescriptor.parse(bytes.fromhex("ff 40 00 00"))
    assert (descriptor.boundary, descriptor.capacity) == (0xFF, 4 * 1024 * 1024)
    assert descriptor.to_bytes() == bytes.fromhex("ff 40 00 00")


@pytest.mark.parametrize(
    ("cdb", "byte", "bit"),
    [
        ("3c 08 00 00 00 00 00 00 04 00", 1, 4),  # no mode 8
        ("1a 10 2a 00 80 00", 1, 4),  # LLBAA exists in the form of 10 bytes only
        ("2b 00 00 00 00 00 01 00 00 00", 6, 0),
        ("bf 02 00 00 00 00 00 00 00 00 00 00", 1, 3),  # media type 2 is reserved
    ],
)
def test_what_these_commands_do_not_have(cdb: str, byte: int, bit: int) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        mmc.parse_command(bytes.fromhex(cdb))
    assert (caught.value.byte, caught.value.bit) == (byte, bit)


def test_a_key_format_of_another_time_stays_a_number() -> None:
    command = mmc.parse_command(bytes.fromhex("a4 00 00 00 00 00 00 02 00 08 2a 00"))
    assert isinstance(command, mmc.ReportKey)
    assert (command.key_format, command.key_class) == (0x2A, 2)


def test_writing_back_and_comparing_has_time() -> None:
    assert mmc.WriteAndVerify10(0, 32).timeout_s >= 1_800
    assert mmc.WriteAndVerify10(0, 32).transfer_length == 65_536
    assert mmc.WriteBuffer(mmc.BufferMode.DATA, parameter_list_length=7).transfer_length == 7
