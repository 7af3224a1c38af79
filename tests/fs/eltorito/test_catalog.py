"""Boot catalogs: golden bytes of the specification and of other programs, and reading what breaks it."""

from __future__ import annotations

import random

import pytest

from aioimapi.errors import ImageFormatError
from aioimapi.fs.eltorito import BootEntry, Emulation, Platform
from aioimapi.fs.eltorito._catalog import (
    boot_catalog,
    boot_record,
    catalog_size,
    with_boot_information,
    with_grub2_information,
)
from aioimapi.fs.eltorito._read import BootCatalog, read_catalog
from aioimapi.fs.read import ImageContext

_SECTOR = 2048

# The catalog of genisoimage 1.1.11 (-b boot.img -no-emul-boot -boot-load-size 4 -eltorito-alt-boot -e efi.img
# -no-emul-boot); xorriso 1.5.4 makes the same but for the places.
_GENISOIMAGE = bytes.fromhex(
    "01000000000000000000000000000000000000000000000000000000aa5555aa"
    "88000000000004001a0000000000000000000000000000000000000000000000"
    "91ef010000000000000000000000000000000000000000000000000000000000"
    "88000000000010001c0000000000000000000000000000000000000000000000"
)


def _read(data: bytes, lba: int = 0, sector_count: int | None = None) -> tuple[BootCatalog, tuple[str, ...]]:
    context = ImageContext(len(data) // _SECTOR if sector_count is None else sector_count)
    parser = read_catalog(context, lba)
    try:
        request = next(parser)
        while True:
            start = request.first * _SECTOR
            request = parser.send(data[start : start + request.count * _SECTOR])
    except StopIteration as done:
        result = done.value
        assert isinstance(result, BootCatalog)
        return result, context.findings.sentences()


def _entry(platform: int, lba: int, load_sectors: int = 4, identifier: bytes = b"") -> BootEntry:
    return BootEntry(platform, Emulation.NONE, lba, load_sectors, identifier=identifier)


def test_the_boot_record_is_that_of_the_specification() -> None:
    # El Torito 1.0, figure 7: type 0, CD001, version 1, the identifier in 32 bytes, catalog's address at 47h.
    record = boot_record(0x12345678)
    assert len(record) == _SECTOR
    assert record[:0x27] == b"\x00CD001\x01EL TORITO SPECIFICATION" + bytes(9)
    assert record[0x27:0x47] == bytes(32)
    assert record[0x47:0x4B] == b"\x78\x56\x34\x12"
    assert not any(record[0x4B:])


def test_a_catalog_is_the_one_that_genisoimage_makes() -> None:
    made = boot_catalog([_entry(Platform.X86, 26), _entry(Platform.UEFI, 28, 16)])
    assert made[:128] == _GENISOIMAGE
    assert len(made) == _SECTOR
    assert not any(made[128:])


def test_the_words_of_a_validation_entry_add_up_to_zero() -> None:
    made = boot_catalog([_entry(Platform.UEFI, 25, identifier=b"THE MAKER OF THIS IMAGE!")])
    assert made[1] == 0xEF
    assert made[4:28] == b"THE MAKER OF THIS IMAGE!"
    assert sum(made[at] | made[at + 1] << 8 for at in range(0, 32, 2)) & 0xFFFF == 0


def test_equal_platforms_share_a_section_and_the_last_header_says_so() -> None:
    entries = [
        _entry(Platform.X86, 20),
        _entry(Platform.X86, 30),
        _entry(Platform.X86, 40),
        _entry(Platform.UEFI, 50),
        _entry(Platform.MAC, 60, identifier=b"A SECTION OF ITS OWN 28 LONG"),
    ]
    made = boot_catalog(entries)
    headers = [made[at : at + 4].hex() for at in (64, 160, 224)]
    assert headers == ["90000200", "90ef0100", "91020100"]
    assert made[224 + 4 : 256] == b"A SECTION OF ITS OWN 28 LONG"
    catalog, findings = _read(made, sector_count=1000)
    assert catalog.entries == tuple(entries)
    assert findings == ()


def test_a_catalog_takes_as_many_sectors_as_its_entries_need() -> None:
    entries = [_entry(Platform.X86 if number % 2 else Platform.UEFI, 20 + number) for number in range(70)]
    made = boot_catalog(entries)
    assert len(made) == catalog_size([(entry.platform, entry.identifier) for entry in entries]) == 3 * _SECTOR
    catalog, findings = _read(made, sector_count=1000)
    assert catalog.entries == tuple(entries)
    assert findings == ()


def test_every_field_of_an_entry_comes_back() -> None:
    first = BootEntry(0, 4, 77, 1, load_segment=0x1234, system_type=0x0C, identifier=b"MAKER")
    second = BootEntry(
        0xEF, 0, 88, 0, bootable=False, identifier=b"S", criteria_type=1, criteria=b"EN" + bytes(2) + b"V1"
    )
    catalog, findings = _read(boot_catalog([first, second]), sector_count=100)
    assert catalog.entries == (first, second)
    assert catalog.manufacturer == b"MAKER"
    assert findings == ()


def test_a_boot_information_table_is_the_one_of_mkisofs() -> None:
    # 64 bytes that are replaced or kept, then the words 1, 2, 0xFFFFFFFF and the byte 5: sum 7 modulo 2^32.
    body = (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + b"\xff\xff\xff\xff" + b"\x05"
    image = b"\xaa" * 64 + body
    made = with_boot_information(image, 0x117)
    assert made[:8] == b"\xaa" * 8
    assert [int.from_bytes(made[at : at + 4], "little") for at in (8, 12, 16, 20)] == [16, 0x117, 77, 7]
    assert made[24:64] == bytes(40)
    assert made[64:] == body


def test_grub_finds_its_second_part_four_blocks_behind_its_first() -> None:
    made = with_grub2_information(bytes(4096), 100)
    assert int.from_bytes(made[2548:2556], "little") == 405
    assert not any(made[:2548])
    assert not any(made[2556:])


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (28, 0x01, "add up to"),
        (30, 0x00, "55h AAh"),
        (0, 0x02, "begins with 0x02"),
        (32, 0x77, "indicator 0x77"),
        (33, 0x0E, "reserved emulation 14"),
        (40, 0xFF, "points to sector 255"),
    ],
)
def test_what_breaks_the_specification_is_read_and_told(at: int, value: int, words: str) -> None:
    data = bytearray(boot_catalog([_entry(Platform.X86, 20), _entry(Platform.UEFI, 21)]))
    data[at] = value
    catalog, findings = _read(bytes(data), sector_count=30)
    assert len(catalog.entries) == 2
    assert any(words in finding for finding in findings), findings


@pytest.mark.parametrize("lba", [0, 1, 2**32 - 1])
def test_no_catalog_is_an_error_that_names_the_sector(lba: int) -> None:
    with pytest.raises(ImageFormatError, match=f"sector {lba}") as caught:
        _read(bytes(_SECTOR), lba=lba)
    assert caught.value.lba == lba


def test_a_section_that_promises_too_much_ends_with_the_catalog() -> None:
    data = bytearray(boot_catalog([_entry(Platform.X86, 20), _entry(Platform.UEFI, 21)]))
    data[66:68] = b"\xff\xff"
    catalog, findings = _read(bytes(data) * 40, sector_count=40)
    assert 2 <= len(catalog.entries) <= 1024
    assert findings


def test_random_catalogs_end_with_findings_or_our_error() -> None:
    chance = random.Random(7)
    good = boot_catalog([_entry(Platform.X86, 20)] + [_entry(Platform.UEFI, 21)] * 80)
    ended = 0
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 60)):
            data[chance.randrange(len(data))] = chance.choice(
                [0, 0x44, 0x90, 0x91, 0x88, chance.randrange(256)]
            )
        try:
            catalog, _ = _read(
                bytes(data) * chance.randrange(1, 9), sector_count=chance.choice([1, 30, 10_000])
            )
            assert len(catalog.entries) <= 1024
        except ImageFormatError:
            pass
        ended += 1
    assert ended == 300
