"""SOURCE arguments: what is put where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aioimapi.cli._sources import Source, parse, refuse_output_inside, single_image
from aioimapi.errors import DuplicateNameError, SourceError, SourceInsideOutputError


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a")
    (tmp_path / "notes.txt").write_bytes(b"n")
    (tmp_path / "disc.iso").write_bytes(b"")
    (tmp_path / "odd=name.txt").write_bytes(b"o")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [
        (["photos"], [()]),
        (["photos/"], [()]),
        (["."], [()]),
        (["notes.txt"], [("notes.txt",)]),
        (["photos", "notes.txt"], [("photos",), ("notes.txt",)]),
        (["photos/", "notes.txt"], [("photos",), ("notes.txt",)]),
        (["trip/2026=photos"], [("trip", "2026")]),
        (["trip/=photos"], [("trip", "photos")]),
        (["/=photos", "notes.txt"], [(), ("notes.txt",)]),
        (["=photos", "notes.txt"], [(), ("notes.txt",)]),
        (["/=notes.txt"], [("notes.txt",)]),
        (["READ ME=notes.txt"], [("READ ME",)]),
        (["/a//./b=notes.txt"], [("a", "b")]),
        (["odd=name.txt"], [("odd=name.txt",)]),
        (["x=odd=name.txt"], [("x",)]),
        (["disc.iso", "photos"], [("disc.iso",), ("photos",)]),
    ],
)
def test_where_sources_go(tree: Path, arguments: list[str], targets: list[tuple[str, ...]]) -> None:
    assert [source.target for source in parse(arguments)] == targets


def test_a_dot_among_several_sources_has_its_folders_name(tree: Path) -> None:
    assert parse([".", "notes.txt"])[0].target == (tree.name,)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["missing"], "missing: no such file or folder"),
        (["x=missing"], "missing: no such file or folder"),
        (["../x=notes.txt"], "leads out of the image"),
        ([""], "empty SOURCE"),
    ],
)
def test_what_is_refused(tree: Path, arguments: list[str], part: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(arguments)
    assert part in str(caught.value)


def test_a_dangling_link_is_told_as_one(tree: Path) -> None:
    (tree / "link").symlink_to("nowhere")
    with pytest.raises(SourceError, match="symbolic link to nothing"):
        parse(["link"])


def test_two_sources_of_one_name_are_refused_with_the_way_out(tree: Path) -> None:
    (tree / "other").mkdir()
    (tree / "other" / "photos").mkdir()
    with pytest.raises(DuplicateNameError, match="NAME=other/photos"):
        parse(["photos", "other/photos"])


def test_two_folders_may_share_the_root(tree: Path) -> None:
    (tree / "other").mkdir()
    assert [source.target for source in parse(["/=photos", "/=other"])] == [(), ()]


@pytest.mark.parametrize(
    ("arguments", "image"),
    [
        (["disc.iso"], "disc.iso"),
        (["DISC.ISO"], "DISC.ISO"),
        (["x=disc.iso"], None),
        (["disc.iso", "photos"], None),
        (["photos"], None),
        ([], None),
    ],
)
def test_one_iso_alone_is_an_image(tree: Path, arguments: list[str], image: str | None) -> None:
    assert single_image(arguments) == image


def test_a_folder_named_iso_is_a_folder(tree: Path) -> None:
    (tree / "old.iso").mkdir()
    assert single_image(["old.iso"]) is None


def test_an_output_inside_a_source_is_refused_through_links_too(tree: Path) -> None:
    sources = [Source("photos", (), is_folder=True)]
    os.symlink("photos", "alias")
    for output in ("photos/x.iso", "photos/deep/x.iso", "alias/x.iso", str(tree / "photos" / "x.iso")):
        with pytest.raises(SourceInsideOutputError):
            refuse_output_inside(sources, output)
    for output in ("x.iso", "photos.iso", "photos2/x.iso"):
        refuse_output_inside(sources, output)


def test_an_output_that_is_a_source_is_refused(tree: Path) -> None:
    with pytest.raises(SourceInsideOutputError):
        refuse_output_inside([Source("notes.txt", ("notes.txt",), is_folder=False)], "./notes.txt")
