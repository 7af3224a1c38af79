"""Sidecars that are sealed as ours are, over states that no drive would store: refused, or a disc that answers."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aioimapi.errors import DiscError
from aioimapi.virtual import MediumKind, VirtualMedium, VirtualTarget, check_medium, repair_medium
from aioimapi.virtual.discs._registry import blank_disc
from aioimapi.virtual.files._filled import filled_disc
from aioimapi.virtual.files._sidecar import encode

from .host import pattern

COMMANDS = [
    *(
        bytes.fromhex(text)
        for text in ("000000000000", "120000006000", "03000000ff00", "25000000000000000000")
    ),
    bytes.fromhex("23000000000000080000"),
    *(
        bytes((0x43, msf, form, 0, 0, 0, track, 8, 0, 0))
        for msf in (0, 2)
        for form in range(6)
        for track in (0, 1)
    ),
    *(bytes((0x51, kind, 0, 0, 0, 0, 0, 8, 0, 0)) for kind in range(3)),
    *(bytes((0x52, kind, 0, 0, 0, number, 0, 8, 0, 0)) for kind in range(3) for number in (0, 1, 2, 0xFF)),
    *(bytes((0x46, 0, 0, code, 0, 0, 0, 8, 0, 0)) for code in range(2)),
    *(
        bytes((0xAD, media, 0, 0, 0, 0, 0, form, 8, 0, 0, 0))
        for media in (0, 1)
        for form in (*range(0x21), 0x30, 0x31, 0x40, 0xC0, 0xFF)
    ),
    *(bytes((0xAC, kind, 0, 0, 0, 0, 0, 0, 0, 8, form, 0)) for kind in (0, 4) for form in range(6)),
    *(bytes((0x28, 0)) + struct.pack(">I", lba) + b"\0\0\x02\0" for lba in (0, 1, 63, 4_000, 0xFFFF_FF6A)),
    *(bytes((0xBE, 0)) + struct.pack(">i", lba) + b"\0\0\x02\xf8\1\0" for lba in (-150, -1, 0, 63, 4_000)),
    bytes.fromhex("42024001000000080000"),
    bytes.fromhex("42024002000000080000"),
    bytes.fromhex("42024003000001080000"),
    bytes.fromhex("5a002a00000000080000"),
    bytes.fromhex("5a003f00000000080000"),
    bytes.fromhex("4a010000100000080000"),
    bytes.fromhex("bd0000000000000000080000"),
    bytes.fromhex("5c000000000000080000"),
    *(bytes((0x2A, 0)) + struct.pack(">I", lba) + b"\0\0\x01\0" for lba in (0, 64, 4_000)),
    bytes.fromhex("35000000000000000000"),
    *(bytes((0x5B, 0, kind, 0, 0, 1, 0, 0, 0, 0)) for kind in (1, 2)),
    bytes.fromhex("53000000000000002000"),
    bytes.fromhex("a1010000000000000000" + "0000"),
    bytes.fromhex("1b0000000200"),
]

NUMBERS = st.sampled_from(
    [0, 1, 2, 31, 32, 63, 64, 65, 99, 100, 150, 300, 4_095, 4_096, 5_000, (1 << 32) - 1]
)
VALUES = (
    NUMBERS
    | st.booleans()
    | st.none()
    | st.sampled_from(["", "audio", "mode 2", "00", "allowed", "0724385356926"])
)


def seal(body: dict[str, Any], number: int, lba: int) -> bytes:
    static = json.dumps(body).encode()[1:]
    check = (number * 100 + lba) % 97
    return (
        b'{"progress": "%05d:%010d:%02d", "checksum": "%08x", ' % (number, lba, check, zlib.crc32(static))
        + static
    )


def change(data: st.DataObject, value: Any, depth: int = 0) -> Any:
    """Return a state with one value in it replaced by another one, or a list made longer or shorter."""
    if isinstance(value, dict) and value and depth < 5:
        name = data.draw(st.sampled_from(sorted(value)))
        return {**value, name: change(data, value[name], depth + 1)}
    if isinstance(value, list) and depth < 5:
        what = data.draw(st.sampled_from(["in", "twice", "less", "more"]))
        if what == "in" and value:
            at = data.draw(st.integers(0, len(value) - 1))
            return [*value[:at], change(data, value[at], depth + 1), *value[at + 1 :]]
        if what == "twice" and value:
            return value + value[-1:]
        if what == "less":
            return value[:-1]
        return [*value, data.draw(VALUES | st.lists(NUMBERS, min_size=2, max_size=3))]
    return data.draw(VALUES)


@pytest.mark.parametrize("kind", list(MediumKind))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(data=st.data())
def test_a_state_that_cannot_be_is_refused_or_answers_every_command(
    kind: MediumKind, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "disc"
        path.write_bytes(pattern(0, 300))
        full = data.draw(st.booleans())
        body = json.loads(encode(filled_disc(kind, 300, 4_096) if full else blank_disc(kind, 4_096)))
        del body["progress"], body["checksum"]
        for _ in range(data.draw(st.integers(1, 4))):
            body = change(data, body)
        if not isinstance(body, dict) or not body:
            return
        number = data.draw(st.integers(0, 2))
        sidecar = path.with_name("disc.state")
        sidecar.write_bytes(seal(body, number, data.draw(NUMBERS) if number else 0))
        try:
            medium = VirtualMedium.open(path)
        except DiscError:
            check = check_medium(path, kind=kind)
            assert not check.sound
            if check.repairable:
                repair_medium(path, kind=kind)
                assert check_medium(path).sound
            return
        target = VirtualTarget(medium, attention=False)
        for cdb in COMMANDS:
            reply = target.handle(cdb, memoryview(bytearray(2 * 2_448 + 96)), 0.0)
            assert reply.status in (0, 2)
        target.close()
        try:
            VirtualMedium.open(path).close()
        except DiscError:
            return
