"""Raw sectors against those of two other programs, and against ECMA-130's own words."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import cd
from aioimapi.cd import SectorMode
from aioimapi.cd._edc import MULTIPLES
from aioimapi.errors import LocalProtocolError

ADDRESSES = (-150, -1, 0, 16, 4500, 333333, 404849, 404850, 449849)


def pattern(count: int, seed: int) -> bytes:
    """Return bytes of the generator that the C standard shows for rand."""
    found = bytearray()
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        found.append(seed >> 16 & 0xFF)
    return bytes(found)


# SHA-256 of nine sectors as the sector encoders of wodim (libedc) and of cdrdao (lec) make them: both the same.
# User data is the pattern with seed 1, 2, ..., the subheader n 01 08 n, in form 2 n 01 24 n.
MADE_BY_OTHERS = {
    SectorMode.MODE_0: "8374b386af4b3ab33909dc4b0fa21a8d1050302985db319e1e72f47652ab599a",
    SectorMode.MODE_1: "6022083a3c4373ee74c835eaf3d7b870eb4313827809d2a83d759002fa6e4d85",
    SectorMode.MODE_2: "f60ad4a6bc8253e399a8188a2839eac46c7f0c23337ac6f1eaaff2348c2c62e4",
    SectorMode.MODE_2_FORM_1: "f4c2b7cc0c07bd9716ee68c794f5dc536364b65fad8f58969b24885b1a124e65",
    SectorMode.MODE_2_FORM_2: "aa2c75866d1da271aeba8ba01a5e69e8aea73cf7cba4b5cf3d9996da8e7020ee",
}


def sector(mode: SectorMode, number: int, lba: int) -> tuple[bytes, bytes, bytes]:
    """Return the sector of that number, its user data and its subheader."""
    data = bytes(2336) if mode is SectorMode.MODE_0 else pattern(mode.user_bytes, number + 1)
    head = b""
    if mode in (SectorMode.MODE_2_FORM_1, SectorMode.MODE_2_FORM_2):
        head = bytes((number, 1, 8 if mode is SectorMode.MODE_2_FORM_1 else 0x24, number))
    return cd.encode_sector(mode, lba, data, head or None), data, head


@pytest.mark.parametrize(("mode", "digest"), MADE_BY_OTHERS.items())
def test_the_sectors_of_other_programs(mode: SectorMode, digest: str) -> None:
    made = [sector(mode, number, lba) for number, lba in enumerate(ADDRESSES)]
    assert hashlib.sha256(b"".join(raw for raw, _, _ in made)).hexdigest() == digest
    for (raw, data, head), lba in zip(made, ADDRESSES, strict=True):
        found = cd.decode_sector(raw)
        assert (found.mode, found.user_data, found.lba, found.subheader) == (mode, data, lba, head * 2)
        coded = mode in (SectorMode.MODE_1, SectorMode.MODE_2_FORM_1)
        assert found.edc_ok is (True if coded or mode is SectorMode.MODE_2_FORM_2 else None)
        if mode is not SectorMode.MODE_2:
            assert cd.ecc_ok(raw) is (True if coded else None)


# The parts that are not zero of a sector of zeros, mode 1, at 00:02:00, from libedc.
ZEROS = {
    0: "00 ff ff ff ff ff ff ff ff ff ff 00 00 02 00 01",
    2064: "c5 13 68 2b",
    2077: "f7 00 f5",
    2150: "52 35 b8 7d",
    2163: "f5 00 f4",
    2236: "97 26 d0 56",
    2249: "41",
    2270: "2d 17 2e 1b b1 48 b2 44",
    2295: "65 00 c2 00 e6 00 43",
    2322: "45 3c 53 75 33 2b 25 62",
    2347: "90 00 c1 00 12",
}


def test_a_sector_of_zeros() -> None:
    raw = cd.encode_sector(SectorMode.MODE_1, 0, bytes(2048))
    for at, hexed in ZEROS.items():
        part = bytes.fromhex(hexed)
        assert raw[at : at + len(part)] == part
    assert raw[16:2064].count(0) == 2048


def test_the_scrambler() -> None:
    # The sector above on the disc, by libedc; ECMA-130 annex B describes the register.
    head = "00 ff ff ff ff ff ff ff ff ff ff 00 01 82 00 61 00 28 00 1e 80 08 60 06 a8 02 fe 81 80 60 60 28"
    raw = cd.encode_sector(SectorMode.MODE_1, 0, bytes(2048))
    scrambled = cd.scramble(raw)
    assert scrambled[:32] == bytes.fromhex(head)
    assert cd.scramble(memoryview(scrambled)) == raw
    with pytest.raises(LocalProtocolError):
        cd.scramble(raw[:-1])


def test_the_edc_is_the_division_that_ecma_130_describes() -> None:
    # 14.3: P(x) = (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bits first, bit by bit.
    def slow(data: bytes) -> int:
        rest = 0
        for value in data:
            rest ^= value
            for _ in range(8):
                rest = rest >> 1 ^ (0xD8018001 if rest & 1 else 0)
        return rest

    product = 0
    for power in (16, 15, 2, 0):
        product ^= 0b1_0000_0000_0000_0111 << power
    assert int(f"{product:033b}"[:0:-1], 2) == 0xD8018001
    for size in (0, 1, 7, 100, 511, 2056, 2064, 2332, 5000):
        data = pattern(size, size)
        assert cd.edc(data) == slow(data)
    # What makes it fast: these must be multiples of the polynomial.
    for exponents in MULTIPLES:
        rest = 0
        for power in (*exponents, 0):
            value = 1
            for _ in range(power):
                value <<= 1
                value ^= product if value >> 32 else 0
            rest ^= value
        assert rest == 0


@given(st.binary(max_size=300), st.integers(0, 8 * 300))
def test_a_flipped_bit_never_passes_the_edc(data: bytes, bit: int) -> None:
    if data:
        broken = bytearray(data)
        broken[bit // 8 % len(data)] ^= 1 << bit % 8
        assert cd.edc(broken) != cd.edc(data)


@given(
    st.sampled_from([mode for mode in SectorMode if mode is not SectorMode.MODE_0]),
    st.integers(-150, 449_700),
    st.integers(1, 3),
)
def test_many_sectors_are_single_ones(mode: SectorMode, lba: int, count: int) -> None:
    data = b"".join(pattern(mode.user_bytes, lba + at) for at in range(count))
    many = list(cd.encode_sectors(mode, lba, data))
    size = mode.user_bytes
    assert many == [
        cd.encode_sector(mode, lba + at, data[size * at : size * (at + 1)]) for at in range(count)
    ]


def test_a_batch_longer_than_one_step() -> None:
    data = pattern(2048 * 70, 3)
    many = list(cd.encode_sectors(SectorMode.MODE_1, 7, data))
    assert len(many) == 70
    for at in (0, 63, 64, 69):
        assert many[at] == cd.encode_sector(SectorMode.MODE_1, 7 + at, data[2048 * at : 2048 * (at + 1)])


def test_a_lead_in_address() -> None:
    assert cd.encode_sector(SectorMode.MODE_1, -151, bytes(2048))[12:16] == b"\x99\x59\x74\x01"
    assert cd.time_lba(b"\x99\x59\x74", lead_in=True) == -151
    assert cd.time_lba(b"\x99\x59\x74") == 449_849
    assert cd.time_lba(b"\x00\x60\x00") is None
    assert cd.time_lba(b"\x0a\x00\x00") is None


def test_what_is_no_sector() -> None:
    for mode, size, head in (
        (SectorMode.MODE_1, 2047, None),
        (SectorMode.MODE_1, 0, None),
        (SectorMode.MODE_1, 2048, b"\0\0\0\0"),
        (SectorMode.MODE_2_FORM_1, 2048, b"\0\0\x20\0"),
        (SectorMode.MODE_2_FORM_2, 2324, b"\0\0\x08\0"),
        (SectorMode.MODE_2_FORM_1, 2048, b"\0\0"),
        (SectorMode.AUDIO, 2351, None),
    ):
        with pytest.raises(LocalProtocolError):
            cd.encode_sector(mode, 0, bytes(size), head)
    with pytest.raises(LocalProtocolError, match="zeros"):
        cd.encode_sector(SectorMode.MODE_0, 0, b"\1" * 2336)
    with pytest.raises(LocalProtocolError):
        cd.decode_sector(bytes(2351))


def test_form_2_without_edc_and_with_its_own() -> None:
    data = pattern(2324, 1)
    spare = cd.encode_sector(SectorMode.MODE_2_FORM_2, 0, data + bytes(4))
    assert cd.decode_sector(spare).edc_ok is None
    assert cd.decode_sector(spare).mode is SectorMode.MODE_2_FORM_2
    wrong = cd.encode_sector(SectorMode.MODE_2_FORM_2, 0, data + b"\1\2\3\4")
    assert cd.decode_sector(wrong).mode is SectorMode.MODE_2  # neither form fits
    assert cd.decode_sector(wrong, forms=True).edc_ok is False
    assert cd.decode_sector(spare, forms=False).user_data == spare[16:]


def test_damage_is_seen() -> None:
    raw = bytearray(cd.encode_sector(SectorMode.MODE_1, 0, pattern(2048, 1)))
    raw[100] ^= 1
    assert cd.decode_sector(raw).edc_ok is False
    assert cd.ecc_ok(raw) is False
    raw[100] ^= 1
    raw[2351] ^= 0x80
    assert cd.decode_sector(raw).edc_ok is True
    assert cd.ecc_ok(raw) is False


@given(st.binary(min_size=2352, max_size=2352), st.integers(0, 5))
def test_any_bytes_are_some_sector(raw: bytes, mode: int) -> None:
    for data in (raw, cd.SYNC + raw[12:15] + bytes([mode]) + raw[16:]):
        for forms in (None, True, False):
            found = cd.decode_sector(data, forms=forms)
            assert len(found.user_data) == found.mode.user_bytes
        cd.ecc_ok(data)
