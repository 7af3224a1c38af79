"""UDF: golden volumes with one thing changed, and descriptors made by hand."""

from __future__ import annotations

import struct
from binascii import crc_hqx

import golden
import pytest

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read import HOLE, EntryKind, Findings
from aioimapi.fs.read._udf_fields import check_tag, decode_cs0, decode_dstring, permissions_to_mode
from aioimapi.fs.read._udf_partitions import (
    MetadataPartition,
    PhysicalPartition,
    SparablePartition,
    VirtualPartition,
)


def retag(sector: bytes, offset: int = 0) -> bytes:
    """Put right the CRC and checksum of a descriptor (ECMA-167 3/7.2)."""
    data = bytearray(sector)
    (length,) = struct.unpack_from("<H", data, offset + 10)
    struct.pack_into("<H", data, offset + 8, crc_hqx(bytes(data[offset + 16 : offset + 16 + length]), 0))
    data[offset + 4] = 0
    data[offset + 4] = sum(data[offset : offset + 16]) & 0xFF
    return bytes(data)


def change(source: golden.Sectors, sector: int, offset: int, data: bytes) -> None:
    source.patch(sector, offset, data)
    source.content[sector] = retag(source.content[sector])


def sectors_with_tag(source: golden.Sectors, tag: int) -> list[int]:
    return sorted(n for n, data in source.content.items() if data[:2] == struct.pack("<H", tag) and n > 16)


def findings(source: golden.Sectors) -> str:
    found, context = golden.opened(source, "udf")
    golden.run(found.file_system.children(found.file_system.root), source)
    return "\n".join(context.findings.sentences())


@pytest.fixture
def source() -> golden.Sectors:
    return golden.load("genisoimage")


def entry_of(source: golden.Sectors, path: str) -> int:
    """The sector of a file's entry, found by the extent that it gives."""
    lba = golden.tree(source, "udf")[path].extents[0][0]
    for sector in sectors_with_tag(source, 261):
        data = source.content[sector]
        (attributes,) = struct.unpack_from("<I", data, 168)
        if struct.unpack_from("<I", data, 176 + attributes + 4)[0] == lba - 257:
            return sector
    raise AssertionError(path)


def test_a_wrong_crc_or_location_is_told_and_read(source: golden.Sectors) -> None:
    sector = entry_of(source, "/hello.txt")
    source.patch(sector, 100, b"\xff")
    assert golden.content(source, golden.tree(source, "udf")["/hello.txt"]) == b"hello\n"
    assert "wrong CRC" in findings(source)
    change(source, sector, 12, b"\x99")
    assert "lies at" in findings(source)


def test_an_entry_with_a_wrong_checksum_is_a_fault_of_that_file_alone(source: golden.Sectors) -> None:
    sector = entry_of(source, "/hello.txt")
    source.patch(sector, 4, bytes((source.content[sector][4] ^ 0xFF,)))
    tree = golden.tree(source, "udf")
    assert "no file entry" in tree["/hello.txt"].fault
    assert tree["/random.bin"].fault == ""


def test_an_unreadable_entry_is_a_fault_of_that_file_alone(source: golden.Sectors) -> None:
    sector = entry_of(source, "/hello.txt")
    source.bad.add(sector)
    tree = golden.tree(source, "udf")
    assert tree["/hello.txt"].fault == f"its file entry at sector {sector} cannot be read"
    assert tree["/random.bin"].fault == ""


def test_a_file_that_claims_more_than_its_extents_is_read_as_shorter(source: golden.Sectors) -> None:
    change(source, entry_of(source, "/hello.txt"), 56, struct.pack("<Q", 1 << 60))
    entry = golden.tree(source, "udf")["/hello.txt"]
    assert (entry.size, golden.content(source, entry)) == (6, b"hello\n")
    assert "less than the file claims" in findings(source)


def test_an_extent_past_the_end_is_a_fault(source: golden.Sectors) -> None:
    change(source, entry_of(source, "/hello.txt"), 176 + 4, struct.pack("<I", 0xFFFFFF00))
    assert "past the end" in golden.tree(source, "udf")["/hello.txt"].fault


def put_descriptors(source: golden.Sectors, path: str, form: int, area: bytes, size: int) -> None:
    sector = entry_of(source, path)
    data = bytearray(source.content[sector])
    data[34] = data[34] & 0xF8 | form
    (attributes,) = struct.unpack_from("<I", data, 168)
    struct.pack_into("<I", data, 172, len(area))
    struct.pack_into("<Q", data, 56, size)
    data[176 + attributes : 176 + attributes + len(area)] = area
    struct.pack_into("<H", data, 10, 160 + attributes + len(area))
    source.content[sector] = retag(bytes(data))


def test_every_form_of_allocation_descriptor(source: golden.Sectors) -> None:
    lba = golden.tree(source, "udf")["/random.bin"].extents[0][0]
    block = lba - 257
    expected = golden.content(source, golden.tree(source, "udf")["/random.bin"])
    copy = dict(source.content)
    forms = {
        0: struct.pack("<IIII", 2048, block, 5000 - 2048, block + 1),
        1: struct.pack("<IIH6xIIH6x", 2048, block, 0, 5000 - 2048, block + 1, 0),
        2: struct.pack("<IIIIHxxIIIIHxx", 2048, 2048, 2048, block, 0, 2952, 2952, 2952, block + 1, 0),
    }
    for form, area in forms.items():
        source.content = dict(copy)
        put_descriptors(source, "/random.bin", form, area, 5000)
        assert golden.content(source, golden.tree(source, "udf")["/random.bin"]) == expected
    source.content = dict(copy)
    put_descriptors(source, "/random.bin", 3, b"inside the entry", 16)
    entry = golden.tree(source, "udf")["/random.bin"]
    assert (entry.size, golden.content(source, entry)) == (16, b"inside the entry")
    source.content = dict(copy)
    put_descriptors(source, "/random.bin", 0, struct.pack("<II", 2 << 30 | 0x3FFFF800, 0) * 2, 0x7FFFF000)
    assert golden.tree(source, "udf")["/random.bin"].extents == ((HOLE, 0x7FFFF000),)


def test_descriptors_go_on_in_another_block(source: golden.Sectors) -> None:
    lba = golden.tree(source, "udf")["/random.bin"].extents[0][0]
    expected = golden.content(source, golden.tree(source, "udf")["/random.bin"])
    free = source.sector_count - 20
    put_descriptors(
        source, "/random.bin", 0, struct.pack("<IIII", 2048, lba - 257, 3 << 30 | 2048, free - 257), 5000
    )
    body = struct.pack("<II", 0, 8) + struct.pack("<II", 5000 - 2048, lba - 256)
    source.content[free] = retag(
        struct.pack("<HHBBHHHI", 258, 2, 0, 0, 0, 0, len(body), free - 257) + body
    ).ljust(2048, b"\0")
    assert golden.content(source, golden.tree(source, "udf")["/random.bin"]) == expected


def test_descriptors_that_go_in_a_circle_are_a_fault(source: golden.Sectors) -> None:
    free = source.sector_count - 20
    put_descriptors(source, "/random.bin", 0, struct.pack("<II", 3 << 30 | 2048, free - 257), 5000)
    body = struct.pack("<II", 0, 8) + struct.pack("<II", 3 << 30 | 2048, free - 257)
    source.content[free] = retag(
        struct.pack("<HHBBHHHI", 258, 2, 0, 0, 0, 0, len(body), free - 257) + body
    ).ljust(2048, b"\0")
    assert "circle" in golden.tree(source, "udf")["/random.bin"].fault


def test_a_deleted_identifier_is_not_shown_and_a_hidden_one_is_marked(source: golden.Sectors) -> None:
    root = golden.opened(source, "udf")[0].file_system.root.extents[0][0]
    second = (40 + 3) & ~3
    before = golden.tree(source, "udf")
    source.patch(root, second + 18, bytes((source.content[root][second + 18] | 4,)))
    source.content[root] = retag(source.content[root], second)
    gone = set(before) - set(golden.tree(source, "udf"))
    assert len(gone) == 1 or all(path.startswith(min(gone)) for path in gone)
    source.patch(root, second + 18, bytes((source.content[root][second + 18] & ~4 | 1,)))
    source.content[root] = retag(source.content[root], second)
    assert golden.tree(source, "udf")[min(gone)].hidden


def test_what_is_no_identifier_is_skipped_and_told(source: golden.Sectors) -> None:
    before = len(golden.opened(source, "udf")[0].file_system.root.extents)
    root = golden.opened(source, "udf")[0].file_system.root.extents[0][0]
    source.patch(root, 40, b"\xde\xad\xbe\xef")
    assert len(golden.tree(source, "udf")) > 40
    assert before == 1
    assert "no file identifier" in findings(source)


def test_the_anchor_at_the_end_serves_where_block_256_is_gone(source: golden.Sectors) -> None:
    anchors = [n for n in sectors_with_tag(source, 2) if n >= 256]
    assert 256 in anchors
    del source.content[256]
    assert "/hello.txt" in golden.tree(source, "udf")
    assert "no anchor at block 256" in findings(source)
    for anchor in anchors[1:]:
        del source.content[anchor]
    found, context = golden.opened(source)
    assert found.file_system.kind == "rockridge"
    assert "no anchor was found" in "".join(context.findings.sentences())


def test_the_reserve_sequence_serves_where_the_main_one_is_gone(source: golden.Sectors) -> None:
    (main,) = struct.unpack_from("<I", source.content[256], 20)
    for sector in range(main, main + 16):
        source.content.pop(sector, None)
    assert "/hello.txt" in golden.tree(source, "udf")
    assert "reserve ones" in findings(source)
    (reserve,) = struct.unpack_from("<I", source.content[256], 28)
    for sector in range(reserve, reserve + 16):
        source.content.pop(sector, None)
    found, context = golden.opened(source)
    assert found.file_system.kind == "rockridge"
    assert "neither volume descriptor sequence" in "".join(context.findings.sentences())


def test_a_metadata_partition_is_read_through_its_file_or_the_mirror(source: golden.Sectors) -> None:
    before = {path: entry.extents for path, entry in golden.tree(source, "udf").items()}
    first = max(sectors_with_tag(source, 261)) + 1
    for sector in sectors_with_tag(source, 256):  # the root's entry is reached through the metadata partition
        change(source, sector, 408, b"\1\0")
    maps = struct.pack("<BBHH", 1, 6, 1, 0) + (
        struct.pack("<BBH", 2, 64, 0)
        + (b"\0*UDF Metadata Partition".ljust(24, b"\0") + struct.pack("<H6x", 0x250))
        + struct.pack(
            "<HHIIIIHB5x", 1, 0, source.sector_count - 20 - 257, source.sector_count - 19 - 257, 0, 32, 1, 1
        )
    )
    assert len(maps) == 70
    for sector in sectors_with_tag(source, 6):
        change(source, sector, 256, b"\1\0")  # and so is the file set
        change(source, sector, 264, struct.pack("<II", len(maps), 2))
        source.patch(sector, 440, maps)
        source.patch(sector, 10, struct.pack("<H", 424 + len(maps)))
        source.content[sector] = retag(source.content[sector])
    area = struct.pack("<IIII", 4096, 0, (first - 257 - 2) * 2048, 2)
    body = bytearray(176 - 16 + len(area))
    body[4:6], body[11] = b"\4\0", 250  # strategy 4; metadata file
    struct.pack_into("<Q", body, 40, (first - 257) * 2048)
    struct.pack_into("<I", body, 156, len(area))
    body[160:] = area
    for number in (20, 19):
        sector = source.sector_count - number
        tag = struct.pack("<HHBBHHHI", 261, 3, 0, 0, 0, 0, len(body), sector - 257)
        source.content[sector] = retag(tag + bytes(body)).ljust(2048, b"\0")
    assert {path: entry.extents for path, entry in golden.tree(source, "udf").items()} == before
    assert "metadata" not in findings(source)
    del source.content[source.sector_count - 20]
    assert {path: entry.extents for path, entry in golden.tree(source, "udf").items()} == before
    assert "metadata file" in findings(source)
    del source.content[source.sector_count - 19]
    found, context = golden.opened(source)
    assert found.file_system.kind == "rockridge"
    assert "nor its mirror" in "".join(context.findings.sentences())


def test_other_block_sizes_are_refused_by_name() -> None:
    source = golden.Sectors(600, {64: golden.load("mkudffs-1.02-hd").content[256]})
    with pytest.raises(ImageFormatError, match="512 bytes"):
        golden.opened(source)


def test_partition_maps() -> None:
    notes = Findings()
    physical = PhysicalPartition(1000, 500, notes)
    assert physical.locate(10, 5) == [(1010, 5)]
    assert physical.locate(498, 5) == [(1498, 5)]
    assert "in a partition of 500" in notes.sentences()[0]
    sparable = SparablePartition(physical, 32, {32: 9000})
    assert sparable.locate(0, 100) == [(1000, 32), (9000, 32), (1064, 36)]
    assert sparable.locate(40, 4) == [(9008, 4)]
    virtual = VirtualPartition(physical, [7, 9, 0xFFFFFFFF])
    assert virtual.locate(0, 2) == [(1007, 1), (1009, 1)]
    with pytest.raises(ImageFormatError, match="unused"):
        virtual.locate(2, 1)
    with pytest.raises(ImageFormatError, match="not in the allocation table"):
        virtual.locate(3, 1)
    metadata = MetadataPartition([(100, 4), (HOLE, 4), (200, 4)])
    assert metadata.locate(2, 2) == [(102, 2)]
    assert metadata.locate(8, 3) == [(200, 3)]
    with pytest.raises(ImageFormatError, match="not recorded"):
        metadata.locate(3, 2)
    with pytest.raises(ImageFormatError, match="outside the metadata file"):
        metadata.locate(11, 2)


def test_strings() -> None:
    assert decode_cs0(b"\x08caf\xe9") == "café"
    assert decode_cs0(b"\x10\x54\x0d\xd8\x3d\xde\x00") == "名😀"
    assert decode_cs0(b"\x10\xd8\x3d") == "\ufffd"
    assert decode_cs0(b"\x05x") is None
    assert decode_dstring(b"\x08ab".ljust(31, b"\0") + b"\x03") == "ab"
    assert decode_dstring(b"\x08ab".ljust(31, b"\0") + b"\0") == ""
    assert decode_dstring(b"\x08ab".ljust(31, b"\0") + b"\xff") == "ab"


def test_permissions() -> None:
    assert permissions_to_mode(0b00111_00101_00101, 0) == 0o755
    assert permissions_to_mode(0b11111_11111_11111, 0x1C0) == 0o7777
    assert permissions_to_mode(0x14A5, 0) == 0o555  # what mkudffs gives a root directory


def test_what_is_no_tag() -> None:
    assert check_tag(bytes(16), 0, 0, Findings(), "") == -1
    assert check_tag(b"\xff" * 16, 0, 0, Findings(), "") == -1
    assert check_tag(b"short", 0, 0, Findings(), "") == -1


def test_device_numbers_are_an_extended_attribute(source: golden.Sectors) -> None:
    sector = entry_of(source, "/hello.txt")
    area = bytes(24) + struct.pack("<IB3xI", 14, 1, 16) + bytes(4)  # some other attribute before it
    area += struct.pack("<IB3xIIII", 12, 1, 24, 0, 8, 300)
    data = bytearray(source.content[sector])
    data[27] = 6
    struct.pack_into("<II", data, 168, len(area), 0)
    data[176 : 176 + len(area)] = area
    struct.pack_into("<H", data, 10, 160 + len(area))
    struct.pack_into("<Q", data, 56, 0)
    source.content[sector] = retag(bytes(data))
    entry = golden.tree(source, "udf")["/hello.txt"]
    assert (entry.kind, entry.device, entry.extents) == (EntryKind.BLOCK_DEVICE, (8, 300), ())


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 9])
def test_symlink_components(source: golden.Sectors, kind: int) -> None:
    text = {1: "/", 2: "/", 3: "..", 4: ".", 5: "名", 9: ""}[kind]
    name = b"\x10\x54\x0d" if kind == 5 else b""
    area = bytes((kind, len(name), 0, 0)) + name + bytes((5, 3, 0, 0)) + b"\x08xy"
    put_descriptors(source, "/hello.txt", 3, area, len(area))
    sector = next(n for n in sectors_with_tag(source, 261) if area in source.content[n])
    change(source, sector, 27, b"\x0c")
    target = golden.tree(source, "udf")["/hello.txt"].target
    assert target == (text if text.endswith("/") or not text else text + "/") + "xy"


def test_a_symlink_whose_content_lies_elsewhere(source: golden.Sectors) -> None:
    entry = golden.tree(source, "udf")["/hello.txt"]
    sector = entry_of(source, "/hello.txt")
    change(source, sector, 27, b"\x0c")
    source.patch(entry.extents[0][0], 0, bytes((5, 2, 0, 0)) + b"\x08z")
    assert golden.tree(source, "udf")["/hello.txt"].target == "z"
