"""UDF after 1.02, field by field: offsets and values are those of ECMA-167 and OSTA UDF, told again here."""

from __future__ import annotations

import contextlib
import hashlib
import random
import stat
from binascii import crc_hqx
from struct import pack, unpack_from

import golden
import pytest

from aioimapi.errors import ImageTooLargeError, ImapiError
from aioimapi.fs import ALL_FILE_SYSTEMS, Directory, FileSystem, Layout, LayoutOptions, last_sector, lay_out
from aioimapi.fs._tree import FileExtras, LinkGroup
from aioimapi.fs._udf_options import UDF_REVISIONS, UdfOptions
from aioimapi.fs.read import WalkGuard
from aioimapi.units import SECTOR_SIZE

_TIME = 1_700_000_000_123_456_000
_FILE = stat.S_IFREG | 0o4640
EXTENT = 0x3FFF_F800
NEW = ("2.00", "2.01", "2.50", "2.60")
WITH_METADATA_PARTITION = ("2.50", "2.60")
NO_BLOCK = 0xFFFF_FFFF
ALONE = frozenset({FileSystem.UDF})


def tree() -> Directory:
    """A directory in a directory, many names, a symlink, two hard links, and a file of three extents."""
    root = Directory("", None, mtime_ns=_TIME)
    inner = Directory("inner ü", root, mtime_ns=_TIME, uid=7, gid=8)
    root.add_directory(inner)
    group = LinkGroup()
    for number in range(100):
        row = inner.add_row(f"file {number:03}", number * 100, _TIME + number, _FILE, 1000, 100)
        if number in (5, 50):
            inner.groups[row] = group
            inner.sizes[row] = 500
    inner.symlinks[inner.add_row("link", 0, _TIME, stat.S_IFLNK | 0o777, 1, 2)] = "../x"
    root.add_row("long", 2 * EXTENT + 1, _TIME, _FILE, 0, 0)
    return root


def laid_out(
    revision: str,
    root: Directory | None = None,
    *,
    mirror: bool = True,
    chosen: frozenset[FileSystem] = ALONE,
) -> Layout:
    udf = UdfOptions(UDF_REVISIONS[revision], mirror)
    return lay_out(root or tree(), LayoutOptions("Völume", _TIME, chosen, udf))


def sectors_of(layout: Layout) -> golden.Sectors:
    """All that is no file's data."""
    content = {}
    for region in (*layout.regions, *layout.tail):
        out = bytearray(region.count * SECTOR_SIZE)
        if out:
            region.render(region.start, memoryview(out))
        for number in range(region.count):
            content[region.start + number] = bytes(out[number * SECTOR_SIZE : (number + 1) * SECTOR_SIZE])
    content[layout.sector_count - 1] = last_sector(layout)
    return golden.Sectors(layout.sector_count, content)


def u16(data: bytes, offset: int) -> int:
    return int(unpack_from("<H", data, offset)[0])


def u32(data: bytes, offset: int) -> int:
    return int(unpack_from("<I", data, offset)[0])


def check_tag(data: bytes, identifier: int, version: int, location: int) -> None:
    """ECMA-167 3/7.2: checksum, CRC, version, and the block that it lies at."""
    assert u16(data, 0) == identifier
    assert u16(data, 2) == version
    assert data[4] == (sum(data[:16]) - data[4]) & 0xFF
    length = u16(data, 10)
    assert crc_hqx(data[16 : 16 + length], 0) == u16(data, 8)
    assert u32(data, 12) == location


def identifier(name: bytes, suffix: bytes) -> bytes:
    return b"\0" + name.ljust(23, b"\0") + suffix.ljust(8, b"\0")


@pytest.mark.parametrize("revision", UDF_REVISIONS)
def test_volume_descriptors_tell_the_revision(revision: str) -> None:
    layout = laid_out(revision)
    source = sectors_of(layout)
    major, minor = revision.split(".")
    code = int(major) << 8 | int(minor, 16)
    version = 3 if revision in NEW else 2
    assert source.content[17][:7] == b"\0NSR0%d\x01" % version  # ECMA-167 3/9.1
    anchor = source.content[256]
    check_tag(anchor, 2, version, 256)
    check_tag(source.content[layout.sector_count - 1], 2, version, layout.sector_count - 1)
    assert source.content[layout.sector_count - 1][16:] == anchor[16:]
    for place in (20, 28):  # main and reserve sequence
        first = u32(anchor, place)
        found = {
            u16(source.content[first + number], 0): source.content[first + number] for number in range(6)
        }
        assert list(found) == [1, 4, 5, 6, 7, 8]
        for number, descriptor in enumerate(found.values()):
            check_tag(descriptor, u16(descriptor, 0), version, first + number)
        assert found[5][24:56] == identifier(b"+NSR0%d" % version, b"")
        assert u32(found[5], 184) == 1  # read-only
        assert found[6][216:248] == identifier(b"*OSTA UDF Compliant", pack("<H", code))
        assert found[4][20:52] == identifier(b"*UDF LV Info", pack("<HBB", code, 4, 5))
        integrity = source.content[u32(found[6], 436)]
        check_tag(integrity, 9, version, u32(found[6], 436))
        use = 80 + 8 * u32(integrity, 72)
        assert u32(integrity, 76) == 46
        # OSTA UDF 2.60 part 2: a reader of 2.50 reads every 2.60
        assert unpack_from("<HHH", integrity, use + 40) == (min(code, 0x0250), code, code)
        assert unpack_from("<II", integrity, use + 32) == (102, 2)


@pytest.mark.parametrize("revision", UDF_REVISIONS)
def test_the_partition_covers_all_that_is_in_it_and_nothing_behind(revision: str) -> None:
    layout = laid_out(revision)
    source = sectors_of(layout)
    descriptor = source.content[34]
    start, length = u32(descriptor, 188), u32(descriptor, 192)
    reserve = u32(source.content[256], 28)
    assert start + length == (reserve if revision in WITH_METADATA_PARTITION else layout.sector_count - 1)
    assert start + length >= layout.extents.end
    integrity = source.content[64]
    assert u32(integrity, 80 + 4 * u32(integrity, 72)) == length
    assert layout.sector_count % 32 == 0


@pytest.mark.parametrize("revision", WITH_METADATA_PARTITION)
@pytest.mark.parametrize("mirror", [True, False])
def test_the_metadata_partition(revision: str, mirror: bool) -> None:
    layout = laid_out(revision, mirror=mirror)
    source = sectors_of(layout)
    logical = source.content[35]
    start = u32(source.content[34], 188)
    assert start % 32 == 0
    assert unpack_from("<II", logical, 264) == (70, 2)
    assert logical[440:446] == pack("<BBHH", 1, 6, 1, 0)
    partition_map = logical[446:510]
    code = 0x0250 if revision == "2.50" else 0x0260
    # OSTA UDF 2.50 2.2.10
    assert partition_map[:40] == pack("<BBH", 2, 64, 0) + identifier(
        b"*UDF Metadata Partition", pack("<HBB", code, 4, 5)
    ) + pack("<HH", 1, 0)
    main, copy, bitmap, unit, alignment, flags = unpack_from("<IIIIHB", partition_map, 40)
    assert (bitmap, unit, alignment, flags) == (NO_BLOCK, 32, 32, int(mirror))
    assert partition_map[59:] == bytes(5)
    assert logical[248:264] == pack("<IIH6x", 2 * SECTOR_SIZE, 0, 1)  # the file set lies in it
    extents = []
    for block, kind in ((main, 250), (copy, 251)):
        entry = source.content[start + block]
        check_tag(entry, 266, 3, block)
        assert entry[27] == kind
        assert unpack_from("<IIIH", entry, 36) == (NO_BLOCK, NO_BLOCK, 0, 0)
        assert u16(entry, 34) & 7 == 0  # short allocation descriptors
        assert unpack_from("<II", entry, 208) == (0, 8)
        size, first = unpack_from("<II", entry, 216)
        assert unpack_from("<QQQ", entry, 56) == (size, size, size // SECTOR_SIZE)
        assert first % 32 == 0
        assert size % (32 * SECTOR_SIZE) == 0
        extents.append((first, size // SECTOR_SIZE))
    (first, count), (mirrored, copied) = extents
    assert copied == count
    assert (mirrored != first) is mirror
    for number in range(count):
        assert source.content[start + first + number] == source.content[start + mirrored + number]
    assert u32(source.content[64], 72) == 2
    assert u32(source.content[64], 92) == count
    file_set = source.content[start + first]
    check_tag(file_set, 256, 3, 0)
    assert file_set[400:416] == pack("<IIH6x", SECTOR_SIZE, 2, 1)
    check_tag(source.content[start + first + 2], 266, 3, 2)  # the root


@pytest.mark.parametrize("revision", NEW)
def test_extended_file_entries(revision: str) -> None:
    """ECMA-167 4/14.17, at the root's last file: three extents, by long descriptors where data lie elsewhere."""
    layout = laid_out(revision)
    source = sectors_of(layout)
    start = u32(source.content[34], 188)
    base = 320 if revision in WITH_METADATA_PARTITION else start
    entries = [
        sector
        for number, sector in sorted(source.content.items())
        if base <= number < layout.extents.start and u16(sector, 0) == 266
    ]
    assert entries
    for entry in entries:
        check_tag(entry, 266, 3, u32(entry, 12))
    (entry,) = [entry for entry in entries if unpack_from("<Q", entry, 56) == (2 * EXTENT + 1,)]
    assert entry[16:36] == pack(
        "<IHHHBBIHH", 0, 4, 0, 1, 0, 5, 0, 0, 0x40 | (1 if revision in WITH_METADATA_PARTITION else 0)
    )
    assert unpack_from("<IIIH", entry, 36) == (0, 0, 6 << 10 | 4 << 5 | 0b11000 << 10, 1)
    assert unpack_from("<QQ", entry, 64) == (2 * EXTENT + 1, 2 * (EXTENT // SECTOR_SIZE) + 1)
    stamp = pack("<HhBBBBBBBB", 1 << 12, 2023, 11, 14, 22, 13, 20, 12, 34, 56)
    assert entry[80:128] == stamp * 4
    assert entry[128:168] == pack("<II", 1, 0) + bytes(32)
    first = layout.extents.rows[0][0] - start
    blocks = EXTENT // SECTOR_SIZE
    if revision in WITH_METADATA_PARTITION:
        expected = b"".join(
            pack("<IIH6x", size, block, 0)
            for size, block in ((EXTENT, first), (EXTENT, first + blocks), (1, first + 2 * blocks))
        )
    else:
        expected = pack("<IIIIII", EXTENT, first, EXTENT, first + blocks, 1, first + 2 * blocks)
    assert u32(entry, 212) == len(expected)
    assert entry[216 : 216 + len(expected)] == expected


@pytest.mark.parametrize("revision", UDF_REVISIONS)
def test_ids_are_the_files_and_from_2_00_on_each_later_name_has_its_own(revision: str) -> None:
    """OSTA UDF 3.2.1.1."""
    source = sectors_of(laid_out(revision))
    integrity = source.content[64]
    (next_id,) = unpack_from("<Q", integrity, 40)
    found = golden.tree(source, "udf")
    assert found["/inner ü/file 005"].serial == found["/inner ü/file 050"].serial
    assert found["/inner ü/file 005"].links == 2
    ids = []
    for sector in source.content.values():
        at = 0
        while u16(sector, at) == 257 and at < SECTOR_SIZE - 40:
            ids.append(u32(sector, at + 32))
            at += 38 + sector[at + 19] + 3 & ~3
    assert ids
    assert max(ids) < next_id


@pytest.mark.parametrize("chosen", [ALONE, ALL_FILE_SYSTEMS], ids=["alone", "bridge"])
@pytest.mark.parametrize("revision", UDF_REVISIONS)
def test_our_reader_reads_each_revision_without_findings(
    revision: str, chosen: frozenset[FileSystem]
) -> None:
    source = sectors_of(laid_out(revision, chosen=chosen))
    detected, context = golden.opened(source, "udf")
    assert getattr(detected.file_system, "revision", "") == revision
    found = golden.tree(source, "udf")
    assert context.findings.sentences() == ()
    assert len(found) == 103
    assert found["/inner ü/link"].target == "../x"
    assert found["/inner ü/file 007"].size == 700
    assert found["/inner ü/file 007"].mode == 0o4640
    assert found["/inner ü/file 007"].mtime_ns == _TIME
    assert found["/long"].extents[0][1] == 2 * EXTENT + 1
    assert found["/inner ü"].uid == 7


@pytest.mark.parametrize("revision", WITH_METADATA_PARTITION)
def test_every_damaged_sector_of_metadata_is_read_from_the_mirror(revision: str) -> None:
    source = sectors_of(laid_out(revision))
    whole = golden.tree(source, "udf")
    chance = random.Random(4)
    for sector in range(320, 320 + 60):
        saved = source.content[sector]
        if not any(saved):
            continue
        source.content[sector] = chance.randbytes(SECTOR_SIZE)
        assert golden.tree(source, "udf").keys() == whole.keys(), sector
        source.content[sector] = saved
        source.bad = {sector}
        assert golden.tree(source, "udf").keys() == whole.keys(), sector
        source.bad = set()


@pytest.mark.parametrize("revision", WITH_METADATA_PARTITION)
def test_the_mirror_replaces_the_whole_metadata_file(revision: str) -> None:
    source = sectors_of(laid_out(revision))
    whole = {path: entry.size for path, entry in golden.tree(source, "udf").items()}
    for sector in range(288, 320 + 128):
        source.content.pop(sector, None)
    assert {path: entry.size for path, entry in golden.tree(source, "udf").items()} == whole


@pytest.mark.parametrize("revision", UDF_REVISIONS)
def test_any_range_of_the_regions_gives_the_same_bytes(revision: str) -> None:
    layout = laid_out(revision)
    whole = sectors_of(layout).content
    chance = random.Random(3)
    for region in (*layout.regions, *layout.tail):
        for _ in range(20):
            first = region.start + chance.randrange(region.count)
            count = chance.randint(1, min(region.start + region.count - first, 20))
            part = bytearray(count * SECTOR_SIZE)
            region.render(first, memoryview(part))
            assert part == b"".join(whole[number] for number in range(first, first + count)), region.label


def test_named_streams_and_real_time_files() -> None:
    root = tree()
    extras = FileExtras()
    extras.real_time = True
    extras.streams = Directory("long:", root)
    extras.streams.add_row("author", 8, 0, _FILE, 0, 0)
    extras.streams.add_row("größe", 3000, 0, _FILE, 0, 0)
    root.extras[0] = extras
    for revision, kind in (("1.02", 5), ("2.00", 5), ("2.01", 249), ("2.60", 249)):
        layout = laid_out(revision, root)
        source = sectors_of(layout)
        entries = {
            number: sector
            for number, sector in source.content.items()
            if u16(sector, 0) in (261, 266) and number < layout.extents.start
        }
        (number,) = [
            each for each, sector in entries.items() if unpack_from("<Q", sector, 56) == (2 * EXTENT + 1,)
        ]
        entry = entries[number]
        assert entry[27] == kind
        kinds = [sector[27] for sector in entries.values()]
        if revision == "1.02":
            assert 13 not in kinds
            continue
        assert kinds.count(13) == 1
        base = number - u32(entry, 12)
        assert u16(entry, 48) == 2  # its name, and the parent of its stream directory (ECMA-167 4/8.8.3)
        assert unpack_from("<Q", entry, 64) == (2 * EXTENT + 1 + 3008,)  # object size
        streams = entries[base + u32(entry, 156)]
        assert streams[27] == 13
        assert u16(streams, 48) == 0
        # OSTA UDF 2.01 3.2.1.1: streams have the id of their file
        assert streams[200:208] == entry[200:208]
        flagged = [sector for sector in entries.values() if u16(sector, 34) & 0x2000]
        assert [unpack_from("<Q", sector, 56)[0] for sector in flagged] == [8, 3000]
        assert all(sector[200:208] == entry[200:208] for sector in flagged)
        detected, context = golden.opened(source, "udf")
        system = detected.file_system
        (long,) = [each for each in golden.run(system.children(system.root), source) if each.name == "long"]
        found = golden.run(system.streams(long), source)
        assert [(each.path, each.size) for each in found] == [("/long:/author", 8), ("/long:/größe", 3000)]
        assert [each.extents[0][0] for each in found] == list(layout.extents.rows[-1])
        assert context.findings.sentences() == ()


def test_a_file_beyond_what_its_entry_can_point_to_is_refused_before_2_00() -> None:
    root = Directory("", None, mtime_ns=_TIME)
    root.add_row("fits", 234 * EXTENT, _TIME, _FILE, 0, 0)
    for revision in UDF_REVISIONS:
        laid_out(revision, root)
    root.sizes[0] += 1
    for revision in ("1.02", "1.50"):
        with pytest.raises(ImageTooLargeError, match=f"UDF {revision}"):
            laid_out(revision, root)


@pytest.mark.parametrize("revision", NEW)
@pytest.mark.parametrize("more", [-1, 0, 1, 2, 125, 126, 127, 252, 253, 254, 255, 1000])
def test_descriptors_go_on_behind_the_entry(revision: str, more: int) -> None:
    """An extended entry has 1,832 bytes for descriptors, 229 short or 114 long ones; a block behind it 2,024."""
    root = Directory("", None, mtime_ns=_TIME)
    extents = (114 if revision in WITH_METADATA_PARTITION else 229) + more
    group = LinkGroup()
    for name in ("a", "b", "c"):
        root.add_row(name, extents * EXTENT - 5, _TIME, _FILE, 0, 0)
    root.groups = {0: group, 1: group}
    root.add_row("d", 700, _TIME, _FILE, 0, 0)
    layout = laid_out(revision, root)
    source = sectors_of(layout)
    blocks = {number: sector for number, sector in source.content.items() if u16(sector, 0) == 258}
    base = 320 if revision in WITH_METADATA_PARTITION else 257
    for number, sector in blocks.items():
        if number < layout.extents.start:
            check_tag(sector, 258, 3, number - base)
    copies = 2 if revision in WITH_METADATA_PARTITION else 1
    in_block = 126 if revision in WITH_METADATA_PARTITION else 253
    needed = (
        0 if more <= 0 else 1 if more + 1 <= in_block else 1 + -(-(more + 1 - in_block) // (in_block - 1))
    )
    assert len(blocks) == 2 * needed * copies
    found = golden.tree(source, "udf")
    for row, name in enumerate("abcd"):
        entry = found[f"/{name}"]
        assert entry.size == root.sizes[row]
        assert entry.extents == ((layout.extents.first_sector(0, row), root.sizes[row]),)
        assert not entry.fault
    assert found["/a"].serial == found["/b"].serial
    chance = random.Random(9)
    for region in layout.regions[1:]:
        for _ in range(10):
            first = region.start + chance.randrange(region.count)
            part = bytearray(SECTOR_SIZE)
            region.render(first, memoryview(part))
            assert part == source.content[first]


def test_udf_1_02_is_what_it_was() -> None:
    """The bytes of the first release, so that images stay what they are."""
    layout = laid_out("1.02", chosen=ALL_FILE_SYSTEMS)
    source = sectors_of(layout)
    digest = hashlib.sha256()
    for number in sorted(source.content):
        digest.update(source.content[number])
    assert layout.sector_count == 1_049_280
    assert digest.hexdigest() == "bd934ab51d7cbf7d83f8d5358b2a12871e69481a3d6cafc6ccaef7274a9c15a9"


@pytest.mark.parametrize("revision", ["2.01", "2.50"])
def test_a_damaged_volume_ends_in_findings_or_an_error_of_ours(revision: str) -> None:
    root = tree()
    extras = FileExtras()
    extras.streams = Directory("long:", root)
    extras.streams.add_row("author", 8, 0, _FILE, 0, 0)
    root.extras[0] = extras
    intact = sectors_of(laid_out(revision, root))
    chance = random.Random(revision)
    for _ in range(200):
        source = golden.Sectors(intact.sector_count, dict(intact.content))
        golden.mutate(source, chance)
        source.bad = set(chance.sample(sorted(source.content), chance.randrange(20)))
        with contextlib.suppress(ImapiError):
            detected, context = golden.opened(source, "udf")
            guard = WalkGuard(context)
            stack = [(detected.file_system.root, 0)]
            while stack:
                directory, depth = stack.pop()
                if not guard.admits(directory, depth):
                    continue
                with contextlib.suppress(ImapiError):
                    for entry in golden.run(detected.file_system.children(directory), source, guard):
                        if entry.streams:
                            golden.run(detected.file_system.streams(entry), source, guard)
                        if entry.is_directory:
                            stack.append((entry, depth + 1))
            assert len(context.findings.sentences()) < 500
