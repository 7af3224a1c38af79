"""How many bytes a READ or WRITE moves: blocks of CDs have other sizes than 2,048, and none is taken for a lie."""

from __future__ import annotations

import pytest

from aioimapi.iscsi._pdu import ScsiCommand
from aioimapi.iscsi._scsi import plan


def write(cdb: str, length: int) -> ScsiCommand:
    return ScsiCommand(
        final=True, reads=False, writes=True, lun=bytes(8), task_tag=1, length=length, number=1,
        cdb=bytes.fromhex(cdb).ljust(16, b"\0"), data=b"", immediate=False, urgent=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cdb", "length", "parts"),
    [
        ("2a 00 00 00 00 10 00 00 20 00", 32 * 2048, [32 * 2048]),
        ("2a 00 ff ff ff 6a 00 00 1a 00", 26 * 2448, [26 * 2448]),  # raw, from -150 on
        (
            "2a 00 ff ff d4 bb 00 01 55 00",
            341 * 96,
            [341 * 96],
        ),  # CD-Text in the lead-in, as cdrskin sends it
        ("2a 00 ff ff d4 bb 00 01 55 00", 341 * 96 - 1, []),
        ("2a 00 00 00 00 10 00 01 55 00", 341 * 96, []),  # too little for any block of the program
        ("2a 00 ff ff d4 bb 00 05 55 00", 1365 * 96, [682 * 96, 682 * 96, 96]),
    ],
)
def test_writes_of_all_sizes(cdb: str, length: int, parts: list[int]) -> None:
    assert [part.transfer_length for part in plan(write(cdb, length), 65_536)] == parts
