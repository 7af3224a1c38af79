"""Images of five other programs, against what was put into them."""

from __future__ import annotations

import hashlib
import stat
import struct
from typing import Any

import golden
import pytest

from aioimapi.fs.read import Entry, EntryKind, _choice

KINDS = {
    oct(stat.S_IFREG): EntryKind.FILE,
    oct(stat.S_IFDIR): EntryKind.DIRECTORY,
    oct(stat.S_IFLNK): EntryKind.SYMLINK,
    oct(stat.S_IFCHR): EntryKind.CHARACTER_DEVICE,
    oct(stat.S_IFBLK): EntryKind.BLOCK_DEVICE,
    oct(stat.S_IFIFO): EntryKind.FIFO,
}


def digest(source: golden.Sectors, entry: Entry) -> str:
    return hashlib.sha256(golden.content(source, entry)).hexdigest()


def regular(items: dict[str, Any]) -> dict[str, Any]:
    return {path: item for path, item in items.items() if "sha256" in item}


@pytest.mark.parametrize("name", ["xorriso", "genisoimage"])
def test_rock_ridge_gives_back_everything(name: str) -> None:
    source, expected = golden.load(name), golden.manifest(name)
    found = golden.tree(source, "rockridge")
    assert set(found) == set(expected)
    for path, item in expected.items():
        entry = found[path]
        assert entry.kind is KINDS[item["kind"]], path
        assert entry.mode == item["mode"], path
        assert entry.mtime_ns == item["mtime_ns"] or entry.is_directory, path
        assert (entry.uid, entry.gid) == (0, 0)
        assert entry.target == item.get("target")
        assert entry.device == (tuple(item["device"]) if "device" in item else None)
        assert entry.fault == ""
        if "sha256" in item:
            assert (entry.size, digest(source, entry)) == (item["size"], item["sha256"]), path


@pytest.mark.parametrize("name", ["xorriso", "genisoimage"])
def test_joliet_gives_names_of_up_to_103_characters_and_all_content(name: str) -> None:
    source, expected = golden.load(name), golden.manifest(name)
    found = golden.tree(source, "joliet")
    assert found["/many files/a file with a longer name, number 39"].size == 3
    # Neither has a way to write what is outside the Basic Multilingual Plane by default.
    assert [path for path in found if path.startswith("/ünïcödé-名前-")]
    digests = {digest(source, entry) for entry in found.values() if entry.kind is EntryKind.FILE}
    assert digests >= {item["sha256"] for item in regular(expected).values()}
    assert all(entry.mode is None and entry.uid is None for entry in found.values())


@pytest.mark.parametrize("name", ["xorriso", "genisoimage"])
def test_plain_iso_9660_drops_versions_and_keeps_all_content(name: str) -> None:
    source, expected = golden.load(name), golden.manifest(name)
    found = golden.tree(source, "iso9660")
    assert found["/HELLO.TXT"].size == 6
    assert found["/ZERO"].extents == ()
    assert not [path for path in found if ";" in path]
    digests = {digest(source, entry) for entry in found.values() if entry.kind is EntryKind.FILE}
    assert digests >= {item["sha256"] for item in regular(expected).values()}


def test_udf_of_genisoimage_keeps_trees_and_content() -> None:
    source, expected = golden.load("genisoimage"), golden.manifest("genisoimage")
    found = golden.tree(source, "udf")
    wanted = {path: item for path, item in regular(expected).items() if path.isascii()}
    assert set(wanted) <= set(found)
    for path, item in wanted.items():
        assert digest(source, found[path]) == item["sha256"], path
        assert found[path].mtime_ns == item["mtime_ns"]
        assert found[path].mode == 0o444  # all that it records


def test_udf_of_udfclient_is_part_of_what_it_was_given() -> None:
    source, expected = golden.load("udfclient"), golden.manifest("udfclient")
    found = golden.tree(source, "udf")
    deep = "/" + "/".join(f"level{number}" for number in range(1, 11)) + "/deep.txt"
    assert {deep, "/hello.txt", "/empty"} <= set(found) <= set(expected)  # it gives up half way
    for path, item in regular(expected).items():
        if path in found:
            assert (found[path].size, digest(source, found[path])) == (item["size"], item["sha256"]), path


def test_pycdlib_symlinks_in_udf_and_rock_ridge() -> None:
    source = golden.load("pycdlib")
    for kind in ("udf", "rockridge"):
        found = golden.tree(source, kind)
        assert found["/sym"].target == "dir1/foo"
        assert found["/abs"].target == "/a/../b"
        assert golden.content(source, found["/dir1/foo"]) == b"x" * 5000
        assert golden.content(source, found["/" + "n" * 240]) == b"n"
    assert golden.content(source, golden.tree(source, "joliet")["/ün名"]) == b"u"
    assert golden.content(source, golden.tree(source, "udf")["/ün名"]) == b"u"


@pytest.mark.parametrize("kind", ["rockridge", "joliet", "iso9660"])
def test_a_file_of_several_extents_is_one_file(kind: str) -> None:
    source = golden.load("multi-extent")
    found = golden.tree(source, kind)
    entry = next(entry for entry in found.values() if entry.size > 100)
    assert entry.size == 5 * 2**30
    ((lba, size),) = entry.extents  # its sections lie one behind the other and are read as one
    assert size == entry.size
    for place in (0, 2**31 - 1, 2**32 - 2048 - 4, 2**32 - 1, 5 * 2**30 - 8):
        sector, offset = divmod(place, 2048)
        pair = source.content[lba + sector] + source.content.get(lba + sector + 1, b"")
        assert pair[offset : offset + 8] == b"mark%4d" % (place % 9999)
    assert golden.content(source, next(entry for entry in found.values() if entry.size == 7)) == b"behind\n"


@pytest.mark.parametrize("name", [name for name in golden.NAMES if name.startswith("mkudffs")])
def test_empty_volumes_of_every_kind_of_partition(name: str) -> None:
    source = golden.load(name)
    found, context = golden.opened(source)
    assert found.available == ("udf",)
    assert found.file_system.name == "Läbel"
    assert set(golden.tree(source)) <= {"/Non-Allocatable Space"}
    assert context.findings.sentences() == ()


def test_what_is_chosen_is_told() -> None:
    source = golden.load("genisoimage")
    found, context = golden.opened(source)
    assert found.available == ("rockridge", "udf", "joliet", "iso9660")
    assert found.file_system.kind == "rockridge"
    assert found.choice == (
        "read from Rock Ridge, which keeps names, owners and links as they were "
        "(UDF, Joliet and ISO 9660 are there, too)"
    )
    assert found.name == "GENISO"
    assert found.boot_catalog is None
    assert context.findings.sentences() == ()
    assert golden.opened(golden.load("xorriso"))[0].file_system.kind == "rockridge"


@pytest.mark.parametrize(
    ("name", "kind", "choice"),
    [
        ("udfclient", "auto", "read from UDF, the only tree there"),
        ("genisoimage", "joliet", "read from Joliet, as asked (Rock Ridge, UDF and ISO 9660 are there, too)"),
        (
            "multi-extent",
            "auto",
            "read from Rock Ridge, which keeps names, owners and links as they were "
            "(Joliet and ISO 9660 are there, too)",
        ),
    ],
)
def test_the_choice_in_words(name: str, kind: str, choice: str) -> None:
    assert golden.opened(golden.load(name), kind)[0].choice == choice


def test_udf_is_taken_where_rock_ridge_is_a_stub() -> None:
    source = golden.load("genisoimage")
    root = golden.opened(source, "rockridge")[0].file_system.root.extents[0][0]
    data = source.content[root]
    behind_dots = data[0] + data[data[0]]
    source.patch(root, behind_dots + data[behind_dots], bytes(2048 - behind_dots - data[behind_dots]))
    found, _ = golden.opened(source)
    held = sum(1 for path in golden.tree(source, "udf") if path.count("/") == 1)
    assert found.available == ("udf", "rockridge", "joliet", "iso9660")
    assert found.file_system.kind == "udf"
    assert found.choice == (
        f"read from UDF, because its root directory has {held} entries and that of Rock Ridge 3 "
        "(Rock Ridge, Joliet and ISO 9660 are there, too)"
    )
    source.bad.add(root)
    assert golden.opened(source)[0].file_system.kind == "udf"


def test_udf_is_taken_where_rock_ridge_cuts_a_long_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_choice, "LONG_FILE", 4000)
    source = golden.load("genisoimage")
    assert golden.opened(source)[0].file_system.kind == "rockridge"
    root = golden.opened(source, "rockridge")[0].file_system.root.extents[0][0]
    whole, cut = (struct.pack("<I", size) + struct.pack(">I", size) for size in (5000, 4000))
    source.patch(root, source.content[root].index(whole), cut)
    assert golden.tree(source, "rockridge")["/random.bin"].size == 4000
    found, _ = golden.opened(source)
    assert found.choice.startswith("read from UDF, because /random.bin is cut in Rock Ridge (")


@pytest.mark.parametrize("kind", ["udf", "rockridge"])
def test_a_directory_costs_a_handful_of_reads(kind: str) -> None:
    source = golden.load("genisoimage")
    entries = golden.tree(source, kind)
    assert len(entries) > 60
    assert len(source.reads) < 3 * sum(entry.is_directory for entry in entries.values()) + 16
