"""Subchannel against what real discs gave, and R to W packs against another program's encoder."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import cd
from aioimapi.errors import LocalProtocolError

# Blocks of Q that drives gave for the first sectors of data discs, as dumps in public bug reports and the public
# description of the PlayStation's discs show them.
FROM_DISCS = [
    ("410101000000000002002832", (4, 1, 1, 0, 0)),
    ("410101000001000002019242", (4, 1, 1, 1, 1)),
    ("41010100000b0000020b8429", None),  # a drive that gave binary where digits belong
]


@pytest.mark.parametrize(("block", "meaning"), FROM_DISCS)
def test_q_of_real_discs(block: str, meaning: tuple[int, ...] | None) -> None:
    data = bytes.fromhex(block)
    if meaning is None:
        assert cd.Q.parse(data) is None
        assert cd.Q.of(data).lba is None
        return
    q = cd.Q.parse(data)
    assert q is not None
    assert (q.control, q.track, q.index, q.relative, q.lba) == meaning
    assert cd.Q.position(*meaning).to_bytes() == data
    assert q.is_data
    assert q.formatted() == data + bytes(4)
    assert cd.Q.parse(q.formatted(p=True)) == q
    assert q.formatted(p=True)[12:] == b"\0\0\0\x80"


def test_the_interleave_of_a_real_disc() -> None:
    # The first sector of a PlayStation disc: P all ones, Q as above. The last 8 of 96 bytes are published, too.
    channels = b"\xff" * 12 + bytes.fromhex("410101000000000002002832") + bytes(72)
    raw = cd.interleave(channels)
    assert raw[0x58:] == bytes.fromhex("80 80 c0 c0 80 80 c0 80")
    assert raw[:8] == bytes.fromhex("80 c0 80 80 80 80 80 c0")
    assert cd.deinterleave(raw) == channels
    assert cd.with_pq(b"", channels[12:24], p=True) == raw
    assert cd.channel(raw, 0) == b"\xff" * 12


@given(st.binary(min_size=96, max_size=96), st.binary(min_size=12, max_size=12), st.booleans())
def test_channels_survive_the_way_there_and_back(data: bytes, q: bytes, p: bool) -> None:
    assert cd.deinterleave(cd.interleave(data)) == data
    assert cd.interleave(cd.deinterleave(data)) == data
    changed = cd.deinterleave(cd.with_pq(data, q, p=p))
    assert changed == (b"\xff" if p else b"\0") * 12 + q + cd.deinterleave(data)[24:]


def test_numbers_and_codes_in_q() -> None:
    # IEC 60908's figures by hand: 13 digits; five characters of six bits, two zeros, seven digits.
    q = cd.Q.catalog("4988006123456", 4 * 4500 + 30 * 75 + 12 - 150)
    assert q.data == bytes.fromhex("4988006123456000 12")
    assert (q.adr, q.catalog_number, q.track_isrc) == (2, "4988006123456", None)
    q = cd.Q.isrc("USRC17607839", 74 - 150)
    letters = "10010110001110001001001100000100"  # U S R C 1
    assert q.data == int(letters, 2).to_bytes(4, "big") + bytes.fromhex("76078390 74")
    assert (q.adr, q.track_isrc, q.catalog_number) == (3, "USRC17607839", None)
    again = cd.Q.parse(q.to_bytes())
    assert again == q
    for code in ("USRC1760783", "usrc17607839", "US-C17607839", "USRC1760783A"):
        with pytest.raises(LocalProtocolError):
            cd.Q.isrc(code, 0)
    for number in ("123", "49880061234x6"):
        with pytest.raises(LocalProtocolError):
            cd.Q.catalog(number, 0)
    assert cd.Q(0, 3, b"\xff" * 9).track_isrc is None
    assert cd.Q(0, 2, b"\xff" * 9).catalog_number is None


def test_the_lead_in() -> None:
    # A0h: first track and disc type; a track; the lead-out; B0h of an open disc.
    q = cd.Q.toc(4, 0xA0, b"\x01\x20\x00", 149)
    assert q.to_bytes()[:10] == bytes.fromhex("41 00 a0 00 01 74 00 01 20 00")
    assert (q.track, q.point, q.pointer, q.relative) == (0, 0xA0, b"\x01\x20\0", 149)
    q = cd.Q.toc(0, cd.bcd(12), cd.lba_time(0))
    assert q.to_bytes()[:10] == bytes.fromhex("01 00 12 00 00 00 00 00 02 00")
    assert q.lba == 0
    q = cd.Q.toc(4, 0xB0, cd.lba_time(359_849), 50_000, adr=cd.QMode.SESSION, zero=2)
    assert q.to_bytes()[:10] == bytes.fromhex("45 00 b0 11 06 50 02 79 59 74")
    out = cd.Q.position(4, 0xAA, 1, 0, 1000)
    assert out.to_bytes()[:3] == bytes.fromhex("41 aa 01")
    assert out.track == 0xAA


def test_what_is_no_q() -> None:
    with pytest.raises(LocalProtocolError):
        cd.Q.parse(bytes(11))
    with pytest.raises(LocalProtocolError):
        cd.Q.position(0, 100, 1, 0, 0)
    assert cd.Q.parse(bytes(12)) is None
    for wrong in (cd.interleave, cd.deinterleave):
        with pytest.raises(LocalProtocolError):
            wrong(bytes(95))


@given(st.binary(min_size=12, max_size=16))
def test_no_q_breaks_a_reader(data: bytes) -> None:
    q = cd.Q.of(data)
    seen = (
        q.track,
        q.index,
        q.point,
        q.pointer,
        q.relative,
        q.lba,
        q.catalog_number,
        q.track_isrc,
        q.is_data,
    )
    assert len(seen) == 9
    assert cd.Q.parse(q.to_bytes()) == q


def graphics(count: int) -> list[bytes]:
    """Return sectors of four packs without parity; the values are those that the other program was given."""
    state = 99
    sectors = []
    for _ in range(count):
        packs = b""
        while len(packs) < 96:
            user = bytearray()
            for _ in range(18):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                user.append((state >> 16) % 63)
            pack = bytes(user[:2]) + b"\0\0" + bytes(user[2:]) + bytes(4)
            if 63 not in cd.protected(pack)[:20]:  # that program's table ends in front of 63
                packs += pack
        sectors.append(packs)
    return sectors


def test_packs_as_another_program_protects_and_spreads_them() -> None:
    # libedc's encoder for R to W, with permutation and delay.
    spread = cd.PackInterleaver()
    found = [spread.sector(packs) for packs in graphics(50)]
    assert hashlib.sha256(b"".join(found)).hexdigest() == (
        "a17c8e9c9d3b847c0ddd5b96911c7a9dfd0a4576da15eca120a34badf12c5e45"
    )
    collect = cd.PackDeinterleaver()
    packs = b"".join(collect.sector(sector) for sector in found)
    meant = [cd.protected(pack[at : at + 24]) for pack in graphics(50) for at in range(0, 96, 24)]
    got = [packs[at : at + 24] for at in range(7 * 24, len(packs), 24)]
    assert got == meant[: len(got)]
    assert all(cd.pack_ok(pack) for pack in got)
    assert not cd.pack_ok(got[0][:5] + bytes([got[0][5] ^ 1]) + got[0][6:])


def test_p_and_q_pass_by_the_packs() -> None:
    spread = cd.PackInterleaver()
    found = spread.sector(bytes(at % 4 << 6 for at in range(96)))
    assert bytes(symbol & 0xC0 for symbol in found) == bytes(at % 4 << 6 for at in range(96))
    assert not any(symbol & 0x3F for symbol in found)


def test_what_is_no_pack() -> None:
    for bad in (bytes(23), b"\x40" + bytes(23)):
        with pytest.raises(LocalProtocolError):
            cd.protected(bad)
    with pytest.raises(LocalProtocolError):
        cd.PackInterleaver().sector(bytes(95))
    with pytest.raises(LocalProtocolError):
        cd.PackDeinterleaver().sector(bytes(97))
