"""Random CDs: made of a sheet, written as one, made again of that. Both have the same sectors and say the same."""

from __future__ import annotations

import random
import struct
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.cd import SectorMode, encode_sectors, lay_out, parse_cue_file
from aioimapi.virtual import VirtualMedium, VirtualTarget, check_medium, export_sheet, import_sheet

from .host import Host

MODES = {
    "AUDIO": 2352,
    "MODE1/2048": 2048,
    "MODE1/2352": 2352,
    "MODE2/2048": 2048,
    "MODE2/2352": 2352,
    "CDG": 2448,
}


def content(dice: random.Random, mode: str, count: int, lba: int) -> bytes:
    """Sectors as a track's file has them."""
    size = MODES[mode]
    word = struct.pack("<I", dice.randrange(1 << 32))
    if mode == "CDG":
        return b"".join(word * 588 + bytes(at & 0x3F for at in range(n, n + 96)) for n in range(count))
    if mode == "MODE1/2352":
        return b"".join(encode_sectors(SectorMode.MODE_1, lba, word * (512 * count)))
    if mode == "MODE2/2352":
        return b"".join(encode_sectors(SectorMode.MODE_2_FORM_1, lba, word * (512 * count)))
    return word * (size * count // 4)


def random_sheet(dice: random.Random, folder: Path) -> None:
    lines, at, session = [], 0, 1
    if dice.random() < 0.5:
        lines.append(f"CATALOG {dice.randrange(10**13):013}")
    if dice.random() < 0.5:
        lines.append('TITLE "Ein Titel"')
    for number in range(1, dice.randrange(1, 5) + 1):
        if number > 1 and dice.random() < 0.25:
            at += 11_400 if session == 1 else 6_900
            session += 1
            lines.append(f"REM SESSION {session:02}")
            opens = True
        else:
            opens = number == 1
        mode = dice.choice(sorted(MODES))
        count = dice.randrange(300, 340)
        index_0 = 0 if opens and session > 1 else dice.choice([0, 0, 1, 75, 150])
        pregap = 0 if opens and session > 1 else dice.choice([0, 0, 150, 200])
        postgap = dice.choice([0, 0, 0, 30])
        lines.append(f"FILE t{number}.bin BINARY\n  TRACK {number:02} {mode}")
        if mode == "AUDIO" and dice.random() < 0.5:
            lines.append("    FLAGS " + " ".join(dice.sample(["DCP", "PRE", "4CH"], dice.randrange(1, 4))))
        if dice.random() < 0.5:
            lines.append(f"    ISRC USEM{dice.randrange(10**8):08}")
        if dice.random() < 0.5:
            lines.append(f'    PERFORMER "Nummer {number}"')
        if pregap:
            lines.append(f"    PREGAP 00:{pregap // 75:02}:{pregap % 75:02}")
        if index_0:
            lines.append("    INDEX 00 00:00:00")
        lines.append(f"    INDEX 01 00:{index_0 // 75:02}:{index_0 % 75:02}")
        if dice.random() < 0.3:
            where = index_0 + dice.randrange(1, 299)
            lines.append(f"    INDEX 02 00:{where // 75:02}:{where % 75:02}")
        if postgap:
            lines.append(f"    POSTGAP 00:00:{postgap:02}")
        (folder / f"t{number}.bin").write_bytes(content(dice, mode, count + index_0, at + pregap))
        at += pregap + index_0 + count + postgap
    (folder / "in.cue").write_text("\n".join(lines) + "\n")


def read_all(path: Path, ends: list[tuple[int, int]]) -> list[bytes]:
    """What READ CD gives of each track, with the subchannel."""
    host = Host(VirtualTarget(VirtualMedium.open(path), attention=False))
    found = []
    for first, end in ends:
        for at in range(first, end, 50):
            count = min(50, end - at)
            buffer = bytearray(count * 2448)
            reply = host.raw(
                bytes((0xBE, 0)) + struct.pack(">i", at) + count.to_bytes(3, "big") + b"\xf8\1\0", buffer
            )
            assert reply.status == 0, (at, reply.sense.hex())
            found.append(bytes(buffer))
    found.append(host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.FULL_TOC, 1)))
    host.target.close()
    return found


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1 << 32))
def test_a_random_cd_goes_out_and_comes_back(seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random_sheet(random.Random(seed), folder)
        import_sheet(folder / "in.cue", folder / "one")
        assert check_medium(folder / "one").sound
        with VirtualMedium.open(folder / "one", readonly=True) as medium:
            first = medium.state
            endings = ["cue", *(["toc"] if first.sessions == 1 else [])]
            for ending in endings:
                export_sheet(medium, folder / f"out-{ending}.{ending}")
        wanted = parse_cue_file((folder / "in.cue").read_bytes())
        laid = lay_out(wanted, lambda file: (folder / file.name).stat().st_size)
        ends = [(track.first, track.end) for track in laid]
        sectors = read_all(folder / "one", ends)
        for ending in endings:
            import_sheet(folder / f"out-{ending}.{ending}", folder / f"again-{ending}")
            with VirtualMedium.open(folder / f"again-{ending}", readonly=True) as medium:
                assert medium.state == first, ending
            assert read_all(folder / f"again-{ending}", ends) == sectors, ending
