"""Partition tables: the golden header of another program, the numbers of the UEFI specification."""

from __future__ import annotations

import uuid
from zlib import crc32

import pytest

from aioimapi.fs.eltorito._hybrid import TAIL_SECTORS, Partition, chs, gpt, identifiers, mbr

_DISK = uuid.UUID("0dda2d0a-51b6-4ed9-8d0c-b1dc0f0b3b70")


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def test_a_gpt_is_what_uefi_says() -> None:
    sectors = 5120
    primary, backup = gpt(_DISK, [Partition(446, 4096, "EFI system partition")], sectors)
    assert len(primary) == 33 * 512
    assert len(backup) == TAIL_SECTORS * 2048
    blocks = sectors * 4
    for header, own, other, array_at in (
        (primary[:512], 1, blocks - 1, 2),
        (backup[-512:], blocks - 1, 1, blocks - 33),
    ):
        assert header[:16] == b"EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00"
        zeroed = header[:16] + bytes(4) + header[20:92]
        assert int.from_bytes(header[16:20], "little") == crc32(zeroed)
        assert (_u64(header, 24), _u64(header, 32)) == (own, other)
        assert (_u64(header, 40), _u64(header, 48)) == (34, blocks - 34)
        assert header[56:72].hex() == "0a2dda0db651d94e8d0cb1dc0f0b3b70"  # mixed-endian, UEFI appendix A
        assert _u64(header, 72) == array_at
        assert header[80:88].hex() == "8000000080000000"
        assert not any(header[92:])
    array = primary[512:]
    assert backup[-512 - len(array) : -512] == array
    assert int.from_bytes(primary[88:92], "little") == crc32(array)
    assert array[:16].hex() == "28732ac11ff8d211ba4b00a0c93ec93b"  # UEFI table 5-7: EFI system partition
    assert (_u64(array, 32), _u64(array, 40)) == (446 * 4, (446 + 4096) * 4 - 1)
    assert array[56:128].decode("utf-16-le").rstrip("\0") == "EFI system partition"
    assert not any(array[128:])


def test_the_mbr_of_a_gpt_protects_it() -> None:
    code = bytes(range(1, 217)) * 2
    made = mbr(code, 1128, 0xCAFEBABE, [Partition(446, 4096, "")], 5120, gpt=True)
    assert len(made) == 512
    assert made[:432] == code
    assert made[432:440] == (1128).to_bytes(8, "little")
    assert made[440:446].hex() == "bebafeca0000"
    # UEFI table 5-4: not active, 000200h, EEh, FFFFFFh, from block 1, all of the disk.
    assert made[446:462].hex() == "00000200eeffffff01000000ff4f0000"
    assert made[462:478].hex() == "80000100000001000000000001000000"
    assert made[478:512] == bytes(32) + b"\x55\xaa"


def test_an_mbr_alone_has_the_whole_image_and_the_efi_partitions() -> None:
    made = mbr(b"\xfa", None, 1, [Partition(446, 4096, "")], 5120, gpt=False)
    assert made[446:462].hex() == "80000100173f200900000000" + "00500000"
    assert made[462:478].hex() == "00" + chs(1784).hex() + "ef" + chs(1784 + 16383).hex() + "f806000000400000"
    assert made[432:440] == bytes(8)


def test_the_mbr_of_an_isolinux_image_is_that_of_xorriso() -> None:
    # xorriso 1.5.4, -isohybrid-mbr isohdpfx.bin: bytes 432 to 511 of an image of 1 MiB with isolinux at sector 34.
    made = mbr(bytes(432), 34 * 4, 0x49225976, [], 512, gpt=False)
    assert made[432:] == bytes.fromhex(
        "880000000000000076592249000080000100173f20000000000000080000" + "00" * 48 + "55aa"
    )


@pytest.mark.parametrize(
    ("lba", "expected"),
    [
        (0, "000100"),
        (31, "002000"),
        (32, "010100"),
        (2048, "000101"),
        (2048 * 256 - 1, "3f20ff"),
        (2048 * 1023, "00c1ff"),
        (2048 * 1024, "3fe0ff"),
        (2**32, "3fe0ff"),
    ],
)
def test_addresses_of_cylinder_head_and_sector(lba: int, expected: str) -> None:
    assert chs(lba).hex() == expected


def test_identifiers_follow_from_facts() -> None:
    assert identifiers("A", 1) == identifiers("A", 1)
    assert identifiers("A", 1) != identifiers("A", 2)
    assert identifiers("A", 1)[0].version == 4


def test_a_disk_of_more_than_two_terabytes_is_protected_as_far_as_32_bits_go() -> None:
    made = mbr(b"", None, 1, [], 2**31, gpt=True)
    assert made[458:462] == b"\xff\xff\xff\xff"
    assert not any(made[462:510])
