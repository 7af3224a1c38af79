"""Extraction gives back hard links and names that are no text, and says what it left off."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import golden
import pytest
from handmade import FILE, nm, px, record, volume

from aioimapi.fs.read import Entry, EntryKind
from aioimapi.image import ExtractReport, FileSystemImage, open_volume
from aioimapi.image._extract import _Extractor
from aioimapi.image._host_tree import HostTree, MadeFile, Policy

pytestmark = pytest.mark.anyio


def links_of(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.lstat().st_nlink
        for path in folder.rglob("*")
        if not path.is_dir()
    }


async def linked_image(folder: Path) -> Any:
    """An image of a folder in which a file, an empty one and a big one have several names."""
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_bytes(b"content")
    (folder / "empty").touch()
    (folder / "big").write_bytes(os.urandom(600_000))
    (folder / "link").symlink_to("a")
    (folder / "alone").write_bytes(b"content")
    for name in ("a", "empty", "big"):
        os.link(folder / name, folder / "sub" / name)
    os.link(folder / "a", folder / "third")
    image = FileSystemImage("LINKS")
    image.root.add_tree(folder)
    return await image.plan()


@pytest.mark.parametrize("kind", ["udf", "rockridge"])
async def test_hard_links_come_back_as_such(tmp_path: Path, kind: str) -> None:
    plan = await linked_image(tmp_path / "source")
    async with await open_volume(plan, file_system=kind) as opened:
        report = await opened.extract(tmp_path / "out")
    assert links_of(tmp_path / "out") == links_of(tmp_path / "source")
    for name in ("a", "big", "empty"):
        assert (tmp_path / "out" / name).samefile(tmp_path / "out" / "sub" / name)
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "source" / name).read_bytes()
    assert (report.files, report.symlinks, report.hard_links, report.skipped) == (4, 1, 4, ())
    assert report.size_bytes == 600_014


async def test_extracting_over_a_linked_tree_twice_gives_the_same(tmp_path: Path) -> None:
    plan = await linked_image(tmp_path / "source")
    async with await open_volume(plan) as opened:
        await opened.extract(tmp_path / "out")
        report = await opened.extract(tmp_path / "out")
        assert {entry.reason for entry in report.skipped} == {
            "it exists already, and replacing was not asked for"
        }
        report = await opened.extract(tmp_path / "out", overwrite=True)
    assert report.skipped == ()
    assert links_of(tmp_path / "out") == links_of(tmp_path / "source")


async def test_a_part_of_a_linked_tree(tmp_path: Path) -> None:
    plan = await linked_image(tmp_path / "source")
    async with await open_volume(plan) as opened:
        report = await opened.extract(tmp_path / "out", path="/sub")
    assert (report.files, report.hard_links) == (3, 0)
    assert (tmp_path / "out" / "a").read_bytes() == b"content"


@pytest.mark.parametrize("code", [errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
async def test_a_host_without_hard_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    plan = await linked_image(tmp_path / "source")

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    async with await open_volume(plan) as opened:
        report = await opened.extract(tmp_path / "out")
    assert (report.files, report.symlinks, report.hard_links, report.skipped) == (8, 1, 0, ())
    for name in ("a", "big"):
        assert (tmp_path / "out" / "sub" / name).read_bytes() == (tmp_path / "source" / name).read_bytes()
    assert set(links_of(tmp_path / "out").values()) == {1}


def pair(first: bytes, second: bytes, *, second_lba: int = 30, size: int = 5) -> golden.Sectors:
    return volume(
        record(b"A.;1", 30, size, use=first + nm(b"a"))
        + record(b"B.;1", second_lba, size, use=second + nm(b"b")),
        more={30: b"12345", 31: b"67890"},
    )


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        (pair(px(FILE, links=2), px(FILE, links=2)), True),  # RRIP 1.09: place and attributes
        (pair(px(FILE, links=2, long=True), px(FILE, links=2, long=True)), True),
        (pair(px(FILE, links=2, long=True), px(FILE, links=2, long=True, serial=78)), False),
        (pair(px(FILE), px(FILE)), False),  # equal content that a writer recorded once
        (pair(px(FILE, long=True), px(FILE, long=True)), False),
        (pair(px(FILE, links=2), px(FILE ^ 0o111, links=2)), False),
        (pair(px(FILE, links=2, long=True), px(FILE, links=2, long=True), second_lba=31), False),
        (pair(px(FILE, links=2), px(FILE, links=2), size=0), False),  # nothing tells empty files apart
        (pair(px(FILE, links=2, long=True), px(FILE, links=2, long=True), size=0), True),
        (pair(px(FILE, links=2, long=True, serial=0), px(FILE, links=2, long=True, serial=0), size=0), False),
    ],
)
async def test_only_names_of_one_file_are_linked(
    tmp_path: Path, source: golden.Sectors, linked: bool
) -> None:
    async with await open_volume(source) as opened:
        report = await opened.extract(tmp_path)
    assert (tmp_path / "a").samefile(tmp_path / "b") == linked
    assert (report.files, report.hard_links) == ((1, 1) if linked else (2, 0))


async def test_names_of_a_file_that_cannot_be_read_are_all_told(tmp_path: Path) -> None:
    source = pair(px(FILE, links=2), px(FILE, links=2))
    source.bad.add(30)
    async with await open_volume(source) as opened:
        report = await opened.extract(tmp_path)
    assert [entry.path for entry in report.skipped] == ["/a", "/b"]
    assert report.failed_count == 2
    assert os.listdir(tmp_path) == []


async def test_what_the_folder_held_before_is_not_linked_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    async with await open_volume(pair(px(FILE, links=2), px(FILE, links=2))) as opened:
        report = await opened.extract(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert (tmp_path / "b").read_bytes() == b"12345"
    assert (report.files, report.hard_links, report.failed_count) == (1, 0, 1)


def test_a_file_that_was_replaced_meanwhile_is_not_linked_to(tmp_path: Path) -> None:
    entry = Entry("/", "a", EntryKind.FILE, 1)
    (tmp_path / "secret").write_bytes(b"mine")
    with HostTree(str(tmp_path / "out"), Policy()) as tree:
        tree.open()
        made = tree.write_file("", "a", entry, memoryview(b"1"))
        assert isinstance(made, MadeFile)
        (tmp_path / "out" / "a").unlink()
        (tmp_path / "out" / "a").symlink_to(tmp_path / "secret")
        with pytest.raises(OSError, match="replaced") as caught:
            tree.make_link("", "b", made)
        assert caught.value.errno == errno.ESTALE
    assert os.listdir(tmp_path / "out") == ["a"]


def test_one_that_is_replaced_between_look_and_link_is_unlinked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, link = Entry("/", "a", EntryKind.FILE, 1), os.link

    def swap_and_link(*args: Any, **kwargs: Any) -> None:
        (tmp_path / "a").unlink()
        (tmp_path / "a").write_bytes(b"other")
        link(*args, **kwargs)

    with HostTree(str(tmp_path), Policy()) as tree:
        tree.open()
        made = tree.write_file("", "a", entry, memoryview(b"1"))
        keep = os.open(tmp_path / "a", os.O_RDONLY)  # so that its inode number is not given away at once
        monkeypatch.setattr(os, "link", swap_and_link)
        with pytest.raises(OSError, match="replaced"):
            tree.make_link("", "b", made)
        os.close(keep)
    assert os.listdir(tmp_path) == ["a"]


def test_two_names_that_the_host_takes_for_one_cost_nothing(tmp_path: Path) -> None:
    entry = Entry("/", "a", EntryKind.FILE, 1)
    with HostTree(str(tmp_path), Policy(overwrite=True)) as tree:
        tree.open()
        made = tree.write_file("", "a", entry, memoryview(b"1"))
        tree.make_link("", "a", made)
    assert (tmp_path / "a").read_bytes() == b"1"


async def test_groups_are_forgotten_when_they_are_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    report_of = _Extractor.report

    def spy(self: _Extractor) -> ExtractReport:
        left.append(len(self._groups))
        return report_of(self)

    monkeypatch.setattr(_Extractor, "report", spy)
    plan = await linked_image(tmp_path / "source")
    async with await open_volume(plan) as opened:
        await opened.extract(tmp_path / "out")
    assert left == [0]


async def test_names_that_are_no_text_come_back_byte_for_byte(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    names = [b"caf\xe9", b"\xff\xfe.bin", "ünïcödé".encode(), b"x" * 250]
    for name in names:
        (source / os.fsdecode(name)).write_bytes(name)
    image = FileSystemImage("A long name of a volume, in small letters")
    image.root.add_tree(source)
    async with await open_volume(await image.plan()) as opened:
        assert opened.choice == (
            "read from Rock Ridge, which keeps names, owners and links as they were "
            "(UDF, Joliet and ISO 9660 are there, too)"
        )
        assert opened.name == "A long name of a volume, in small letters"
        await opened.extract(tmp_path / "out")
    assert sorted(os.listdir(os.fsencode(tmp_path / "out"))) == sorted(names)


async def test_rights_are_handed_out_on_request_only_and_the_report_says_so(tmp_path: Path) -> None:
    source = volume(
        record(b"A.;1", 30, 5, use=px(FILE | 0o4000) + nm(b"a"))
        + record(b"B.;1", 30, 5, use=px(FILE) + nm(b"b")),
        more={30: b"12345"},
    )
    async with await open_volume(source) as opened:
        report = await opened.extract(tmp_path / "1")
        assert (tmp_path / "1" / "a").stat().st_mode & 0o7000 == 0
        assert (report.dropped_bits, report.dropped_owners) == (1, 2)
        assert report.notes == (
            "set-user-ID, set-group-ID and sticky bits of 1 entry were left off",
            "owners of 2 entries were not restored: all belongs to who extracted it",
        )
        report = await opened.extract(tmp_path / "2", special_modes=True, owners=os.geteuid() == 0)
        assert (tmp_path / "2" / "a").stat().st_mode & 0o7000 == 0o4000
        assert report.dropped_bits == 0


async def test_what_is_made_on_request_only_is_no_failure(tmp_path: Path) -> None:
    fifo = 0o010644
    source = volume(
        record(b"A.;1", 0, 0, use=px(fifo) + nm(b"a")) + record(b"B.;1", 99, 5, use=px(FILE) + nm(b"b"))
    )
    async with await open_volume(source) as opened:
        report = await opened.extract(tmp_path)
    assert (report.skipped_count, report.left_out_count, report.failed_count) == (2, 1, 1)
    assert [(entry.path, entry.by_policy) for entry in report.skipped] == [("/a", True), ("/b", False)]
    assert report.notes[0] == "1 entry was left out: devices, FIFOs and sockets are made only on request"
