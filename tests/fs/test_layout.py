"""The layout as a whole: no gaps, every sector the same however asked for, all where the standards want it."""

from __future__ import annotations

import random
import stat
from binascii import crc_hqx
from itertools import combinations
from struct import unpack_from

import pytest

from aioimapi.errors import ImageError, ImageTooLargeError, TooManyDirectoriesError
from aioimapi.fs import ALL_FILE_SYSTEMS, Directory, FileSystem, Layout, LayoutOptions, last_sector, lay_out
from aioimapi.fs._tree import LinkGroup, walk
from aioimapi.fs.udf import UdfFiles
from aioimapi.units import SECTOR_SIZE

_TIME = 1_700_000_000_000_000_000
_FILE = stat.S_IFREG | 0o640


def _add(directory: Directory, name: str, size: int = 0) -> int:
    return directory.add_row(name, size, _TIME, _FILE, 1000, 100)


def _child(parent: Directory, name: str) -> Directory:
    child = Directory(name, parent, mtime_ns=_TIME)
    parent.add_directory(child)
    return child


def _tree(seed: int = 1) -> Directory:
    """A tree with a bit of everything that takes another way through the writers."""
    chance = random.Random(seed)
    root = Directory("", None, mtime_ns=_TIME)
    folders = [root]
    for number in range(30):
        folders.append(_child(chance.choice(folders), f"folder {number} {'é' * chance.randrange(60)}"))
    for number in range(400):
        folder = chance.choice(folders)
        name = f"{number}" + chance.choice("añ日😀") * chance.randrange(1, 60)
        _add(folder, name, chance.choice([0, 1, 2047, 2048, 2049, 100_000]))
    link = _add(folders[3], "link")
    folders[3].symlinks[link] = "/" + "/".join(["target" * 5, "..", ".", "z" * 255])
    long_link = _add(folders[4], "long link")
    folders[4].symlinks[long_link] = "/".join(["部" * 80] * 16)
    group = LinkGroup()
    for folder in (folders[0], folders[5], folders[5]):
        folder.groups[_add(folder, f"twin {len(folder.names)}", 5000)] = group
    _add(folders[7], "big", 5 * 2**30 + 1)
    for directory in walk(root):
        directory.sort()
    return root


def _lay_out(root: Directory, file_systems: frozenset[FileSystem] = ALL_FILE_SYSTEMS) -> Layout:
    return lay_out(root, LayoutOptions("Völume", _TIME, file_systems))


def _metadata(layout: Layout) -> bytes:
    out = bytearray(layout.extents.start * SECTOR_SIZE)
    for region in layout.regions:
        part = memoryview(out)[region.start * SECTOR_SIZE : (region.start + region.count) * SECTOR_SIZE]
        if part:
            region.render(region.start, part)
    return bytes(out)


_SETS = [
    frozenset({FileSystem.ISO9660}),
    frozenset({FileSystem.UDF}),
    frozenset({FileSystem.ISO9660, FileSystem.JOLIET}),
    frozenset({FileSystem.ISO9660, FileSystem.ROCK_RIDGE}),
    frozenset({FileSystem.ISO9660, FileSystem.UDF}),
    ALL_FILE_SYSTEMS,
]


@pytest.mark.parametrize(
    "file_systems", _SETS, ids=lambda chosen: "+".join(sorted(each.value for each in chosen))
)
def test_regions_have_no_gaps_and_any_range_gives_the_same_bytes(file_systems: frozenset[FileSystem]) -> None:
    layout = _lay_out(_tree(), file_systems)
    end = 0
    for region in layout.regions:
        assert region.start == end
        end += region.count
    assert end == layout.extents.start
    assert layout.sector_count % 32 == 0
    assert layout.sector_count > layout.extents.end - 1
    whole = _metadata(layout)
    chance = random.Random(2)
    for region in layout.regions:
        for _ in range(30):
            first = region.start + chance.randrange(region.count)
            count = chance.randint(1, min(region.start + region.count - first, 40))
            part = bytearray(count * SECTOR_SIZE)
            region.render(first, memoryview(part))
            assert part == whole[first * SECTOR_SIZE : (first + count) * SECTOR_SIZE], region.label


def test_extents_of_files_follow_each_other_and_hard_links_share_theirs() -> None:
    layout = _lay_out(_tree())
    sector = layout.extents.start
    shared = set()
    for number, directory in enumerate(layout.directories):
        for row, size in enumerate(directory.sizes):
            if row in directory.groups:
                shared.add(layout.extents.first_sector(number, row))
            if layout.extents.holds_data(directory, row):
                unit = (
                    32 if size >= 16 * 2**20 else 2 if size >= 64 * 2**10 else 1
                )  # a cluster, a page, a sector
                sector += -sector % unit
                assert layout.extents.first_sector(number, row) == sector
                sector += -(-size // SECTOR_SIZE)
    assert sector == layout.extents.end
    assert len(shared) == 1


def test_spans_finds_what_lies_in_any_range() -> None:
    layout = _lay_out(_tree())
    extents = layout.extents
    every = list(extents.spans(extents.start, extents.end))
    ends = [start + -(-layout.directories[n].sizes[row] // SECTOR_SIZE) for n, row, start in every]
    chance = random.Random(3)
    for _ in range(300):
        first = chance.randrange(extents.start, extents.start + 4000)
        end = first + chance.randint(1, 600)
        expected = [span for span, stop in zip(every, ends, strict=True) if span[2] < end and stop > first]
        assert list(extents.spans(first, end)) == expected


def test_primary_volume_descriptor_has_its_fields_where_ecma_119_puts_them() -> None:
    layout = _lay_out(_tree())
    pvd = _metadata(layout)[16 * SECTOR_SIZE : 17 * SECTOR_SIZE]
    assert pvd[:7] == b"\x01CD001\x01"  # 8.4.1 to 8.4.3
    assert pvd[40:72] == b"VOLUME".ljust(32)  # 8.4.7
    assert unpack_from("<I", pvd, 80)[0] == unpack_from(">I", pvd, 84)[0] == layout.sector_count  # 8.4.10
    assert pvd[120:124] == pvd[124:128] == b"\x01\x00\x00\x01"  # 8.4.12, 8.4.13
    assert pvd[128:132] == b"\x00\x08\x08\x00"  # 8.4.14
    root = pvd[156:190]  # 8.4.18
    assert root[0] == 34
    assert root[25] == 2
    assert pvd[813:830] == b"2023111422132000\x00"  # 8.4.26
    assert pvd[881] == 1  # 8.4.31
    record = _metadata(layout)[unpack_from("<I", root, 2)[0] * SECTOR_SIZE :][:34]
    assert record[:10] != bytes(10)
    assert record[2:18] == root[2:18]  # the root's own first record says the same extent and size
    joliet = _metadata(layout)[17 * SECTOR_SIZE : 18 * SECTOR_SIZE]
    assert joliet[:7] == b"\x02CD001\x01"
    assert joliet[88:91] == b"%/E"
    assert joliet[40:72].decode("utf-16-be").rstrip() == "Völume"
    assert _metadata(layout)[18 * SECTOR_SIZE :][:7] == b"\xffCD001\x01"


def test_udf_descriptors_have_right_tags_where_ecma_167_wants_them() -> None:
    layout = _lay_out(_tree())
    image = _metadata(layout)

    def check(sector: int, identifier: int, location: int | None = None) -> bytes:
        block = image[sector * SECTOR_SIZE : (sector + 1) * SECTOR_SIZE]
        return _check_tag(block, identifier, sector if location is None else location)

    assert [image[(19 + n) * SECTOR_SIZE + 1 : (19 + n) * SECTOR_SIZE + 6] for n in range(3)] == [
        b"BEA01",
        b"NSR02",
        b"TEA01",
    ]
    for base in (32, 48):
        for number, identifier in enumerate((1, 4, 5, 6, 7, 8)):
            check(base + number, identifier)
    partition = check(34, 5)
    start, length = unpack_from("<II", partition, 188)
    assert start == 257
    assert start + length == layout.sector_count - 1  # up to the last anchor, so that every file lies inside
    check(64, 9)
    check(256, 2)
    _check_tag(last_sector(layout), 2, layout.sector_count - 1)
    file_set = check(257, 256, 0)
    root_block = unpack_from("<I", file_set, 404)[0]
    root = check(257 + root_block, 261, root_block)
    assert root[16 + 11] == 4  # ICB file type: directory


def test_udf_volume_fields_are_those_that_mkudffs_writes() -> None:
    layout = _lay_out(_tree())
    data = _metadata(layout)
    primary = data[32 * SECTOR_SIZE :]
    assert unpack_from("<HHHH", primary, 56) == (1, 1, 2, 3)  # volume 1 of 1; interchange level 2, at most 3
    logical = data[35 * SECTOR_SIZE :]
    assert unpack_from("<H", logical)[0] == 6
    assert unpack_from("<II", logical, 432) == (8192, 64)  # the integrity sequence
    integrity = data[64 * SECTOR_SIZE :]
    files, directories = unpack_from("<II", integrity, 88 + 32)  # behind the implementation's id
    assert directories == len(layout.directories)
    # the symlink that is too long for UDF is not in it
    assert files == sum(len(directory.names) for directory in layout.directories) - 1


def _check_tag(block: bytes, identifier: int, location: int) -> bytes:
    """ECMA-167 3/7.2: checksum of the tag, CRC-CCITT of what follows, and where it says it is."""
    found, version, checksum, _, _, crc, length, where = unpack_from("<HHBBHHHI", block)
    assert (found, version, where) == (identifier, 2, location)
    assert checksum == (sum(block[:16]) - block[4]) & 0xFF
    assert crc == crc_hqx(block[16 : 16 + length], 0)
    return block


def test_every_udf_file_entry_and_name_has_a_right_tag() -> None:
    layout = _lay_out(_tree(), frozenset({FileSystem.UDF}))
    image = _metadata(layout)
    entries = 0
    for sector in range(259, layout.extents.start):
        block = image[sector * SECTOR_SIZE : (sector + 1) * SECTOR_SIZE]
        if unpack_from("<H", block)[0] == 261:
            _check_tag(block, 261, sector - 257)
            entries += 1
    directories = len(layout.directories)
    names = sum(len(directory.names) for directory in layout.directories)
    # two of three hard links have no entry of their own, and the long symlink is not in UDF
    assert entries == directories + names - 3


def test_records_never_cross_a_sector_and_multi_extents_add_up() -> None:
    layout = _lay_out(_tree())
    image = _metadata(layout)
    extent, size = (
        unpack_from("<I", image, 16 * SECTOR_SIZE + 158)[0],
        unpack_from("<I", image, 16 * SECTOR_SIZE + 166)[0],
    )
    pending, big = [(extent, size)], []
    directories = 0
    while pending:
        extent, size = pending.pop()
        directories += 1
        at = 0
        while at < size:
            record = image[extent * SECTOR_SIZE + at :][:255]
            if record[0] == 0:
                at += SECTOR_SIZE - at % SECTOR_SIZE
                continue
            assert at % SECTOR_SIZE + record[0] <= SECTOR_SIZE
            identifier = record[33 : 33 + record[32]]
            where, length = unpack_from("<I", record, 2)[0], unpack_from("<I", record, 10)[0]
            if record[25] & 2 and identifier not in {b"\0", b"\x01"}:
                pending.append((where, length))
            if identifier.startswith(b"BIG."):
                big.append((record[25] & 0x80, where, length))
            at += record[0]
    assert directories == len(layout.directories)
    assert [flag for flag, _, _ in big] == [0x80, 0]
    assert sum(length for _, _, length in big) == 5 * 2**30 + 1
    assert big[0][1] + big[0][2] // SECTOR_SIZE == big[1][1]


def test_path_tables_are_in_the_order_of_level_parent_and_identifier() -> None:
    layout = _lay_out(_tree())
    image = _metadata(layout)
    pvd = image[16 * SECTOR_SIZE : 17 * SECTOR_SIZE]
    size, low = unpack_from("<I", pvd, 132)[0], unpack_from("<I", pvd, 140)[0]
    high = unpack_from(">I", pvd, 148)[0]
    tables = []
    for start, order in ((low, "<"), (high, ">")):
        table, at = image[start * SECTOR_SIZE :][:size], 0
        entries = []
        while at < size:
            length = table[at]
            entries.append((*unpack_from(f"{order}IH", table, at + 2), table[at + 8 : at + 8 + length]))
            at += 8 + length + (length & 1)
        tables.append(entries)
    assert tables[0] == tables[1]
    entries = tables[0]
    assert len(entries) == len(layout.directories)
    keys = [(parent, identifier) for _, parent, identifier in entries]
    assert keys == sorted(keys)
    for number, (extent, parent, _) in enumerate(entries, 1):
        dot_dot = image[extent * SECTOR_SIZE + image[extent * SECTOR_SIZE] :][:34]
        assert unpack_from("<I", dot_dot, 2)[0] == entries[parent - 1][0]
        assert parent <= number


def test_sets_of_file_systems_that_make_no_sense_are_refused() -> None:
    sensible = 0
    for count in range(5):
        for chosen in combinations(FileSystem, count):
            parts = {FileSystem.JOLIET, FileSystem.ROCK_RIDGE} & set(chosen)
            if FileSystem.ISO9660 in chosen or (FileSystem.UDF in chosen and not parts):
                _lay_out(Directory("", None), frozenset(chosen))
                sensible += 1
            else:
                with pytest.raises(ImageError, match="ISO 9660"):
                    _lay_out(Directory("", None), frozenset(chosen))
    assert sensible == 9


def test_limits_are_errors_with_the_name() -> None:
    root = Directory("", None)
    _add(root, "huge", 300 * 2**30)
    with pytest.raises(ImageTooLargeError, match="/huge"):
        _lay_out(root)
    assert _lay_out(root, frozenset({FileSystem.ISO9660})).sector_count > 300 * 2**30 // SECTOR_SIZE
    _add(root, "absurd", 2**43)
    with pytest.raises(ImageTooLargeError, match="2\\^32"):
        _lay_out(root, frozenset({FileSystem.ISO9660}))


def test_more_parents_than_a_path_table_can_number_are_refused_for_iso_only() -> None:
    root = Directory("", None)
    for number in range(65_535):
        _child(root, f"{number}")
    last = max(root.directories, key=lambda each: each.name)
    _child(last, "below")
    with pytest.raises(TooManyDirectoriesError, match="65,535"):
        _lay_out(root, frozenset({FileSystem.ISO9660}))
    assert _lay_out(root, frozenset({FileSystem.UDF})).directories[0] is root


def test_a_hard_link_whose_other_names_lie_elsewhere_is_a_plain_file() -> None:
    root = Directory("", None)
    root.groups[_add(root, "alone", 10)] = LinkGroup()
    layout = _lay_out(root)
    assert root.groups == {}
    assert layout.followers == {}


def test_a_folder_of_hard_links_is_laid_out_in_time_linear_in_its_size() -> None:
    # Counted, not timed: every identifier's place is looked up a bounded number of times.
    root = Directory("", None)
    for number in range(3000):
        group = LinkGroup()
        root.groups[_add(root, f"{number:05}a", 10)] = group
        root.groups[_add(root, f"{number:05}b", 10)] = group
    layout = _lay_out(root)
    calls = 0
    files = next(region for region in layout.regions if isinstance(region, UdfFiles))
    real = files._without_entry

    def counted(directory: Directory) -> list[int]:
        nonlocal calls
        calls += 1
        return real(directory)

    files._without_entry = counted  # type: ignore[method-assign]
    _metadata(layout)
    assert calls < 4 * 6000
    assert layout.followers[root] == list(range(1, 6000, 2))
