"""ISO 9660 and Rock Ridge from bytes made by hand: each construct, each leniency, each trap."""

from __future__ import annotations

import struct

import golden
import pytest
from handmade import DATE, DIR, ER, FILE, LINK, SP, TIME_NS, both, ce, dots, link, nm, px, record, volume

from aioimapi.errors import ImageFormatError, ImapiError
from aioimapi.fs.read import MAX_DEPTH, EntryKind, WalkGuard


def findings(source: golden.Sectors, kind: str = "auto") -> str:
    found, context = golden.opened(source, kind)
    golden.run(found.file_system.children(found.file_system.root), source)
    return "\n".join(context.findings.sentences())


def part(flags: int, content: bytes = b"") -> bytes:
    return bytes((flags, len(content))) + content


@pytest.mark.parametrize(
    ("use", "target"),
    [
        (link(part(0, b"file")), "file"),
        (link(part(8), part(0, b"etc"), part(0, b"passwd")), "/etc/passwd"),
        (link(part(4), part(2), part(0, b"x")), ".././x"),
        (link(part(1, b"ab"), part(0, b"cd"), part(0, b"e")), "abcd/e"),
        (link(part(1, b"ab"), flags=1) + link(part(0, b"cd")), "abcd"),
        (link(part(0, b"ab"), flags=1) + link(part(0, b"cd")), "ab/cd"),
        (link(part(8)), "/"),
        (b"", ""),
    ],
)
def test_symlink_components(use: bytes, target: str) -> None:
    source = volume(record(b"L.;1", 0, 0, use=px(LINK) + nm(b"l") + use))
    assert golden.tree(source)["/l"].target == target


@pytest.mark.parametrize("long", [False, True])
def test_attributes_of_both_versions(long: bool) -> None:
    entry = golden.tree(volume(record(b"A.;1", 30, 5, use=px(0o104755, long=long) + nm(b"a"))))["/a"]
    assert (entry.mode, entry.uid, entry.gid, entry.links) == (0o4755, 1000, 100, 1)
    assert entry.extents == ((30, 5),)


def test_times_of_both_forms_and_zones() -> None:
    short = b"TF" + bytes((5 + 14, 1, 0x03)) + bytes(7) + DATE[:6] + b"\4"
    long = b"TF" + bytes((5 + 17, 1, 0x82)) + b"2001090901464050\0"
    source = volume(
        record(b"S.;1", 0, 0, use=px(FILE) + short)
        + record(b"L.;1", 0, 0, use=px(FILE) + long)
        + record(b"N.;1", 0, 0, use=px(FILE))
    )
    tree = golden.tree(source)
    assert tree["/S"].mtime_ns == TIME_NS - 3600 * 10**9
    assert tree["/L"].mtime_ns == TIME_NS + 500_000_000
    assert tree["/N"].mtime_ns == TIME_NS


def test_a_name_goes_on_through_continuation_areas() -> None:
    more = nm(b"b" * 100, 1) + ce(31, 100, 5 + 54)
    last = nm(b"c" * 54)
    source = volume(
        record(b"A.;1", 0, 0, use=px(FILE) + nm(b"a" * 100, 1) + ce(30, 0, len(more))),
        more={30: more, 31: bytes(100) + last},
    )
    assert "/" + "a" * 100 + "b" * 100 + "c" * 54 in golden.tree(source)


def test_a_continuation_area_that_points_to_itself_ends() -> None:
    loop = nm(b"x", 1) + ce(30, 0, 34)
    source = volume(record(b"A.;1", 0, 0, use=px(FILE) + ce(30, 0, 34)), more={30: loop})
    assert "/x" in golden.tree(source)
    assert "loops or is too long" in findings(source)
    far = volume(record(b"A.;1", 0, 0, use=px(FILE) + nm(b"a") + ce(30, 0, 1 << 31)))
    assert "/a" in golden.tree(far)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"..", "__"),
        (b".", "_"),
        (b"a/b", "a_b"),
        (b"../../etc/x", ".._.._etc_x"),
        (b"a\0b", "a_b"),
        (b"", "_"),
    ],
)
def test_names_that_could_leave_a_folder_are_not_given(raw: bytes, name: str) -> None:
    source = volume(record(b"A.;1", 30, 5, use=px(FILE) + nm(raw)))
    assert list(golden.tree(source)) == ["/" + name]
    assert "cannot be one" in findings(source)


def test_a_name_in_no_utf_8_keeps_its_bytes() -> None:
    (path,) = golden.tree(volume(record(b"A.;1", 0, 0, use=px(FILE) + nm(b"caf\xe9"))))
    assert path.encode("utf-8", "surrogateescape") == b"/caf\xe9"


def test_devices() -> None:
    old = b"PN" + bytes((20, 1)) + both(0) + both(0x0801)
    new = b"PN" + bytes((20, 1)) + both(8) + both(300)
    source = volume(
        record(b"A.;1", 0, 0, use=px(0o060660) + old) + record(b"B.;1", 0, 0, use=px(0o020660) + new)
    )
    tree = golden.tree(source)
    assert (tree["/A"].kind, tree["/A"].device) == (EntryKind.BLOCK_DEVICE, (8, 1))
    assert (tree["/B"].kind, tree["/B"].device) == (EntryKind.CHARACTER_DEVICE, (8, 300))


def relocated(child: int, head: bytes) -> golden.Sectors:
    cl = b"CL" + bytes((12, 1)) + both(child)
    re = b"RE\x04\x01"
    return volume(
        record(b"DEEP", 0, 0, use=px(DIR) + nm(b"deep") + cl)
        + record(b"RR_MOVED", 25, 2048, flags=2, use=px(DIR) + nm(b"rr_moved")),
        more={
            25: dots(25, 2048) + record(b"DEEP", 26, 2048, flags=2, use=px(DIR) + nm(b"deep") + re),
            26: head,
        },
    )


def test_a_relocated_directory_is_where_it_belongs() -> None:
    head = dots(26, 2048) + record(b"F.;1", 30, 3, use=px(FILE) + nm(b"f"))
    tree = golden.tree(relocated(26, head))
    assert set(tree) == {"/deep", "/deep/f"}
    assert tree["/deep"].kind is EntryKind.DIRECTORY


def test_a_relocated_directory_that_is_none() -> None:
    tree = golden.tree(relocated(40, b""))
    assert "not at block 40" in tree["/deep"].fault


def test_a_relocated_directory_that_is_its_own_ancestor_is_entered_once() -> None:
    tree = golden.tree(relocated(20, b""))  # the root itself
    assert set(tree) == {"/deep"}


def test_directories_in_a_circle_are_entered_once() -> None:
    source = volume(
        record(b"A", 25, 2048, flags=2, use=px(DIR)),
        more={
            25: dots(25, 2048)
            + record(b"UP", 20, 4096, flags=2, use=px(DIR))
            + record(b"ME", 25, 2048, flags=2, use=px(DIR))
        },
    )
    assert set(golden.tree(source)) == {"/A", "/A/UP", "/A/ME"}


def test_directories_that_share_sectors_are_not_read_for_ever() -> None:
    source = volume(record(b"D", 100, 800 * 2048, flags=2), count=1000, rock_ridge=False)
    for number in range(100, 1000):
        source.content[number] = record(b"X%d" % number, 100 + number % 200, 700 * 2048, flags=2).ljust(
            2048, b"\0"
        )
    found, context = golden.opened(source)
    guard = WalkGuard(context)
    stack = [found.file_system.root]

    def walk() -> None:
        while stack:
            directory = stack.pop()
            if guard.admits(directory, 1):
                stack.extend(golden.run(found.file_system.children(directory), source, guard))

    with pytest.raises(ImageFormatError, match="share sectors"):
        walk()
    assert guard.exhausted


def test_a_directory_of_gigabytes_is_refused() -> None:
    source = volume(b"", root_size=2048)
    source.patch(20, 0, dots(20, 2048) + record(b"BIG", 25, 0xFFFFF800, flags=2))
    source._count = 1 << 24
    found, _ = golden.opened(source, "iso9660")
    (entry,) = golden.run(found.file_system.children(found.file_system.root), source)
    with pytest.raises(ImageFormatError, match="claims"):
        golden.run(found.file_system.children(entry), source)


@pytest.mark.parametrize("kind", ["rockridge", "iso9660"])
def test_content_that_cannot_be_read_is_told_and_the_rest_is_listed(kind: str) -> None:
    source = volume(
        record(b"PAST.;1", 60, 20_000, use=px(FILE))
        + record(b"LEAVED.;1", 30, 5000, unit=1, use=px(FILE))
        + record(b"SPARSE.;1", 30, 5000, use=px(FILE) + b"SF" + bytes((21, 1)) + both(0) + both(9000) + b"\1")
        + record(b"HALF.;1", 30, 2048, flags=0x80, use=px(FILE))
        + record(b"GOOD.;1", 30, 5000, use=px(FILE))
    )
    tree = golden.tree(source, kind)
    assert "past the end" in tree["/PAST"].fault
    assert "interleaved" in tree["/LEAVED"].fault
    assert "last section" in tree["/HALF"].fault
    assert tree["/GOOD"].fault == ""
    if kind == "rockridge":
        assert "sparse" in tree["/SPARSE"].fault


def test_sections_that_lie_apart_are_one_file() -> None:
    source = volume(
        record(b"A.;1", 30, 4096, flags=0x80)
        + record(b"A.;1", 40, 2048, flags=0x80)
        + record(b"A.;1", 42, 100)
    )
    entry = golden.tree(source, "iso9660")["/A"]
    assert (entry.size, entry.extents) == (6244, ((30, 4096), (40, 2048), (42, 100)))


def test_an_extended_attribute_record_lies_before_the_content() -> None:
    assert golden.tree(volume(record(b"A.;1", 30, 9, xattr=2)), "iso9660")["/A"].extents == ((32, 9),)


def test_byte_orders_that_differ_are_told_and_the_little_endian_one_counts() -> None:
    raw = bytearray(record(b"A.;1", 30, 9))
    raw[6:10] = struct.pack(">I", 99)
    source = volume(bytes(raw))
    assert golden.tree(source, "iso9660")["/A"].extents == ((30, 9),)
    assert "byte orders" in findings(source, "iso9660")
    raw[2:6] = bytes(4)
    raw[6:10] = struct.pack(">I", 31)
    assert golden.tree(volume(bytes(raw)), "iso9660")["/A"].extents == ((31, 9),)


def test_versions_are_dropped_unless_they_tell_files_apart() -> None:
    source = volume(
        record(b"A.TXT;2", 30, 1)
        + record(b"A.TXT;1", 31, 1)
        + record(b"lower.txt", 32, 1)
        + record(b"NOEXT.;1", 33, 1)
    )
    assert list(golden.tree(source, "iso9660")) == ["/A.TXT", "/A.TXT;1", "/lower.txt", "/NOEXT"]


def test_broken_records_cost_their_sector_only() -> None:
    broken = bytearray(record(b"B.;1", 30, 1))
    broken[32] = 250
    source = volume(
        (bytes(broken) + record(b"C.;1", 30, 1)).ljust(2048 - 68, b"\0") + record(b"D.;1", 30, 1),
        rock_ridge=False,
    )
    assert list(golden.tree(source)) == ["/D"]
    assert "wrong lengths" in findings(source)


def test_blocks_of_512_bytes() -> None:
    source = volume(record(b"A.;1", 121, 100), block_size=512, count=64, rock_ridge=False)
    source.patch(16, 80, both(256))
    source.patch(30, 512, b"found")
    entry = golden.tree(source)["/A"]
    assert (entry.extents, entry.offset) == (((30, 100),), 512)
    assert golden.content(source, entry)[:5] == b"found"


def test_a_later_session() -> None:
    source = volume(record(b"A.;1", 1030, 9), start=1000)
    with pytest.raises(ImageFormatError, match="no data disc"):
        golden.opened(source)
    found, _ = golden.opened(source, session_start=1000)
    (entry,) = golden.run(found.file_system.children(found.file_system.root), source)
    assert entry.extents == ((1030, 9),)


def test_rock_ridge_without_its_announcements_is_read_and_told() -> None:
    without_er = volume(record(b"A.;1", 30, 9, use=px(FILE) + nm(b"a")), rock_ridge=False)
    without_er.patch(20, 0, dots(20, 2048, SP + px(DIR)) + record(b"A.;1", 30, 9, use=px(FILE) + nm(b"a")))
    assert "/a" in golden.tree(without_er)
    assert "no ER entry" in findings(without_er)
    without_sp = volume(b"", rock_ridge=False)
    without_sp.patch(20, 0, dots(20, 2048, px(DIR) + ER) + record(b"A.;1", 30, 9, use=px(FILE) + nm(b"a")))
    assert "/a" in golden.tree(without_sp)
    assert "no SP" in findings(without_sp)


def test_no_file_system() -> None:
    with pytest.raises(ImageFormatError, match="no ISO 9660"):
        golden.opened(golden.Sectors(600, {}))
    with pytest.raises(ImageFormatError, match="it has Rock Ridge, ISO 9660"):
        golden.opened(volume(b""), "udf")


def test_a_root_that_is_missing_is_no_file_system() -> None:
    with pytest.raises(ImageFormatError, match="goes past the end"):
        golden.opened(volume(b"", root_lba=20, root_size=1 << 30))


def test_el_torito_is_noted() -> None:
    source = volume(b"")
    source.content[18] = source.content[17]
    source.content[17] = (
        b"\0CD001\1" + b"EL TORITO SPECIFICATION".ljust(64, b"\0") + struct.pack("<I", 33)
    ).ljust(2048, b"\0")
    assert golden.opened(source)[0].boot_catalog == 33


def test_unreadable_sectors_hide_no_neighbour() -> None:
    use = px(FILE) + nm(b"a", 1)
    source = volume(
        record(b"A.;1", 0, 0, use=use + ce(30, 0, 6))
        + record(b"B.;1", 0, 0, use=px(FILE) + nm(b"b", 1) + ce(33, 0, 6)),
        more={30: nm(b"1"), 33: nm(b"2")},
    )
    source.bad.add(30)
    assert set(golden.tree(source)) == {"/a", "/b2"}
    source.bad.add(16)
    with pytest.raises(ImapiError):
        golden.opened(source)


def test_endless_levels_are_entered_to_a_stated_depth() -> None:
    count = MAX_DEPTH + 100
    more = {30 + n: dots(30 + n, 2048) + record(b"D", 31 + n, 2048, flags=2) for n in range(count)}
    source = volume(record(b"D", 30, 2048, flags=2), more=more, count=count + 40, rock_ridge=False)
    found, context = golden.opened(source)
    guard = WalkGuard(context)
    directory, depth = found.file_system.root, 0
    while guard.admits(directory, depth):
        (directory,) = golden.run(found.file_system.children(directory), source, guard)
        depth += 1
    assert depth == MAX_DEPTH + 1
    assert "levels deep; not entered" in context.findings.sentences()[-1]


def test_joliet_names_of_odd_lengths_and_lone_surrogates() -> None:
    source = volume(b"", rock_ridge=False)
    source.content[18] = source.content[17]
    source.content[17] = b"\2" + source.content[16][1:]
    source.patch(17, 88, b"%/E")
    source.patch(17, 158, both(40))
    source.patch(
        40,
        0,
        dots(40, 4096)
        + record("名.txt;1".encode("utf-16-be"), 50, 1)
        + record("ab".encode("utf-16-be") + b"\0", 50, 1)
        + record(b"\xd8\x00\x00x", 50, 1)
        + record("😀".encode("utf-16-be"), 50, 1),
    )
    assert list(golden.tree(source)) == ["/名.txt", "/ab", "/\ufffdx", "/😀"]
    assert "odd number of bytes" in findings(source)


def test_hidden_and_associated_files() -> None:
    source = volume(
        record(b"FORK.;1", 30, 1, flags=4) + record(b"FORK.;1", 31, 1) + record(b"H.;1", 32, 1, flags=1),
        rock_ridge=False,
    )
    tree = golden.tree(source)
    assert {path: entry.hidden for path, entry in tree.items()} == {"/FORK": False, "/H": True}
    assert tree["/FORK"].extents == ((31, 1),)
    assert "associated file" in findings(source)


def test_a_compressed_file_is_given_as_stored_and_told() -> None:
    use = px(FILE) + nm(b"z") + b"ZF" + bytes((16, 1)) + b"pz" + bytes((4, 15)) + both(99)
    source = volume(record(b"Z.;1", 30, 10, use=use))
    assert golden.tree(source)["/z"].size == 10
    assert "stored compressed (ZF, pz)" in findings(source)


def test_a_kind_that_two_standards_tell_differently() -> None:
    source = volume(
        record(b"A.;1", 30, 10, use=px(DIR) + nm(b"a"))
        + record(b"B", 40, 2048, flags=2, use=px(FILE) + nm(b"b"))
    )
    tree = golden.tree(source)
    assert (tree["/a"].kind, tree["/b"].kind) == (EntryKind.FILE, EntryKind.DIRECTORY)
    assert "in Rock Ridge but a" in findings(source)


def test_high_sierra_is_named() -> None:
    source = golden.Sectors(64, {16: (both(16) + b"\1CDROM\1").ljust(2048, b"\0")})
    with pytest.raises(ImageFormatError, match="High Sierra"):
        golden.opened(source)
