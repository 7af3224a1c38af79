"""Subchannel that the drive completes: packs come to lie protected and spread on the disc, Q gets its check bytes."""

from __future__ import annotations

from pathlib import Path

from aioimapi import cd, mmc

from .cd_host import AUDIO, Cue, insert_cd, line, read_cd, samples, select, write


def packs(lba: int) -> bytes:
    """Four packs of graphics without parity."""
    one = bytes((9, lba & 0x3F, 0, 0, *(at * lba & 0x3F for at in range(16)), 0, 0, 0, 0))
    return one * 4


def blocks(lba: int, count: int, sub: bool) -> bytes:
    pieces = []
    for at in range(lba, lba + count):
        pieces.append(samples(at, 1) + (packs(at) if sub else b""))
    return b"".join(pieces)


def test_packed_form_of_a_cue_sheet(tmp_path: Path) -> None:
    host = insert_cd(tmp_path)
    select(host, 2)
    sheet = Cue().add(
        line(AUDIO, 0, 0, 0x01, -150),
        line(AUDIO, 1, 0, 0x00, -150),
        line(AUDIO, 1, 1, 0xC0, 0),
        line(AUDIO, 0xAA, 1, 0x01, 400),
    )
    host.ok(mmc.SendCueSheet(len(sheet.data())), sheet.data())
    write(host, -150, 150, blocks(-150, 150, sub=False))
    for lba in range(0, 400, 20):
        write(host, lba, 20, blocks(lba, 20, sub=True))
    host.sync()
    # As recorded: spread over the sectors, by a second spreader that saw the same packs.
    spread = cd.PackInterleaver()
    for lba in range(30):
        recorded = read_cd(host, lba, 1, main=0x10, sub=1)[2352:]
        meant = spread.sector(packs(lba))
        assert bytes(value & 0x3F for value in recorded) == meant
        assert cd.Q.parse(cd.channel(recorded, 1)) is not None
    # De-interleaved and with parity, as the drive gives R to W (subchannel selection 100b).
    found = read_cd(host, 10, 3, main=0x10, sub=4)
    for at in range(3):
        got = found[at * 2448 + 2352 : (at + 1) * 2448]
        assert [got[n : n + 24] for n in range(0, 96, 24)] == [cd.protected(packs(10 + at)[:24])] * 4


def test_raw_with_p_and_q_needs_no_check_bytes(tmp_path: Path) -> None:
    # As cdrdao writes with block type 1: the 16 bytes of each sector end in zeros.
    host = insert_cd(tmp_path)
    select(host, 3, block=1, track_mode=0)
    entries = [
        cd.Q.toc(0, 0x01, cd.lba_time(0)),
        cd.Q.toc(0, 0xA0, b"\x01\0\0"),
        cd.Q.toc(0, 0xA1, b"\x01\0\0"),
        cd.Q.toc(0, 0xA2, cd.lba_time(400)),
    ]

    def block(q: cd.Q, lba: int, *, p: bool) -> bytes:
        return samples(lba, 1) + q.to_bytes()[:10] + bytes(5) + bytes((p << 7,))

    lead_in = b"".join(block(entries[at % 4], at, p=False) for at in range(20))
    write(host, -170, 20, lead_in)
    for first in range(-150, 410, 20):
        pieces = []
        for lba in range(first, first + 20):
            place = (1, 0, -lba - 1) if lba < 0 else (1, 1, lba) if lba < 400 else (0xAA, 1, lba - 400)
            pieces.append(block(cd.Q.position(0, *place, lba), lba, p=lba < 0))
        write(host, first, 20, b"".join(pieces))
    host.sync()
    found = read_cd(host, 7, 1, main=0x10, sub=1)
    assert found[:2352] == samples(7, 1)
    q = cd.Q.parse(cd.channel(found[2352:], 1))
    assert q is not None
    assert (q.track, q.index, q.lba) == (1, 1, 7)
