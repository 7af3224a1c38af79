"""A host that sends anything: whatever the disc and the quirks, the drive answers, and the disc opens again."""

from __future__ import annotations

import enum
import random
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs
import pytest

from aioimapi import mmc
from aioimapi.virtual import MediumKind, Quirk, VirtualMedium, VirtualTarget, open_virtual_target

STEPS = 250
ADDRESSES = (0, 0, 0, 16, 32, 150, 11_400, 40_959)
FORMATS = (0x00, 0x01, 0x10, 0x11, 0x13, 0x15, 0x26, 0x30, 0x31, 0x32)
SIZES = (0, 0xFFFFFFFF, 40_960, 2_295_104, 12_219_392, 11_826_176)


def options(chance: random.Random, kind: MediumKind) -> str:
    """Return a drive and a disc as the chance has them."""
    text = f"media={kind.value.replace('+', '%2B')}&attention=no"
    if not kind.value.endswith("rom"):
        text += chance.choice(("", "&formatted"))
    quirks = [quirk.value for quirk in Quirk if chance.random() < 0.1]
    text += f"&quirk={','.join(quirks)}" if quirks else ""
    text += chance.choice(("", "", "&physics=real", "&physics=4&when_full=wait", "&physics&underrun=ruin"))
    text += chance.choice(("", "", "&wear=bad:10-20,weak:40-50,age:60,scratches:3"))
    return text if kind.value.startswith("cd") else text + chance.choice(("", "&sectors=40960"))


def command(chance: random.Random) -> mmc.Command:
    """Return a command whose fields have values that are mostly small."""
    cls = chance.choice(mmc.COMMANDS)
    hints = get_type_hints(cls, include_extras=True)
    values: dict[str, Any] = {}
    for field in attrs.fields(cls):
        kind, place = get_args(hints[field.name])[:2]
        if field.name in ("lba", "address"):
            values[field.name] = chance.choice(ADDRESSES)
        elif isinstance(kind, type) and issubclass(kind, enum.Enum):
            values[field.name] = chance.choice(list(kind))
        elif kind is bool:
            values[field.name] = chance.random() < 0.3
        elif chance.random() < 0.5 and field.default is not attrs.NOTHING:
            values[field.name] = field.default
        else:
            most = (1 << place.width) - 1
            values[field.name] = min(most, chance.choice((0, 1, 2, 5, 8, 16, 32, 60, 255)))
    return cls(**values)


def parameters(chance: random.Random, wanted: mmc.Command) -> bytearray:
    """Return data for a command, of the form that it wants now and then."""
    size = min(wanted.transfer_length, 1 << 17)
    data = bytearray(size)
    if isinstance(wanted, mmc.FormatUnit):
        head = bytes((0, chance.choice((0, 2, 0x82)), 0, 8)) + chance.choice(SIZES).to_bytes(4, "big")
        return bytearray(
            head + bytes((chance.choice(FORMATS) << 2 | chance.randrange(4), 0, 0, chance.randrange(2)))
        )
    if isinstance(wanted, mmc.ModeSelect10) and size == 60:
        data[8:13] = bytes((5, 50, 0x40 | chance.randrange(4) | 0x10 * (chance.random() < 0.2), 0xC4, 8))
    elif isinstance(wanted, mmc.SetStreaming) and size == 28:
        data = bytearray(mmc.StreamingDescriptor(0, 1_000, 4_000, 1_000, 4_000, 1_000).to_bytes())
    elif chance.random() < 0.5:
        data[:64] = chance.randbytes(min(size, 64))
    return data[: chance.randrange(size + 1)] if chance.random() < 0.03 else data


def next_address(target: VirtualTarget, now: float) -> int | None:
    """Return where the disc goes on."""
    answer = bytearray(48)
    target.handle(
        mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, 0xFF).to_cdb(), memoryview(answer), now
    )
    return int.from_bytes(answer[12:16], "big") if answer[7] & 1 else None


def live(target: VirtualTarget, chance: random.Random) -> None:
    """Send a target some hundred commands, and check what holds of every answer."""
    now = 0.0
    for _ in range(STEPS):
        wanted = command(chance)
        if isinstance(wanted, mmc.Write10) and chance.random() < 0.8:
            at = next_address(target, now)
            wanted = wanted if at is None or at > 1 << 31 else attrs.evolve(wanted, lba=at)
        cdb = bytearray(wanted.to_cdb())
        if chance.random() < 0.1:
            cdb[chance.randrange(len(cdb))] = chance.randrange(256)
        data = parameters(chance, wanted)
        reply = target.handle(bytes(cdb), memoryview(data), now)
        assert reply.status in (0, 2)
        assert 0 <= reply.transferred <= max(len(data), wanted.transfer_length)
        assert len(reply.sense) in ((14, 18) if reply.status else (0,))
        assert 0 <= reply.duration_s < 1e6
        now += reply.duration_s + chance.choice((0, 0, 0, 0.01, 1, 100))


@pytest.mark.parametrize("kind", list(MediumKind))
def test_nothing_breaks_a_drive(tmp_path: Path, kind: MediumKind) -> None:
    for seed in range(2):
        chance = random.Random(f"{kind.value} {seed}")
        path = tmp_path / f"disc{seed}"
        url = f"virtual:{path}?{options(chance, kind)}"
        target = open_virtual_target(url)
        try:
            live(target, chance)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {url}") from error
        finally:
            target.close()
        VirtualMedium.open(path).close()
