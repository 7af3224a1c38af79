"""Levels, versions, long Joliet names and the texts of volume descriptors, as bytes of an image."""

from __future__ import annotations

import re

import pytest

from aioimapi.errors import ImageError, ImageTooLargeError
from aioimapi.fs import ALL_FILE_SYSTEMS, Directory, FileSystem, Layout, LayoutOptions, lay_out
from aioimapi.fs._iso_options import IsoOptions
from aioimapi.fs._names import iso_item_identifiers, joliet_identifiers

_TIME = 1_700_000_000_000_000_000
_FILE = 0o100644
_WITHOUT_UDF = ALL_FILE_SYSTEMS - {FileSystem.UDF}


def _lay_out(
    options: IsoOptions, names: list[str], file_systems: frozenset[FileSystem] = _WITHOUT_UDF, size: int = 0
) -> Layout:
    root = Directory("", None, mtime_ns=_TIME)
    for name in sorted(names):
        root.add_row(name, size, _TIME, _FILE, 0, 0)
    return lay_out(root, LayoutOptions("NAME", _TIME, file_systems, iso=options))


def _metadata(layout: Layout) -> bytes:
    out = memoryview(bytearray(layout.extents.start * 2048))
    for region in layout.regions:
        region.render(region.start, out[region.start * 2048 : (region.start + region.count) * 2048])
    return bytes(out)


def _identifiers(data: bytes, descriptor: int) -> list[bytes]:
    """The identifiers of the root directory of a volume descriptor, read by ECMA-119 9.1."""
    root = int.from_bytes(data[descriptor * 2048 + 158 : descriptor * 2048 + 162], "little") * 2048
    size = int.from_bytes(data[descriptor * 2048 + 166 : descriptor * 2048 + 170], "little")
    found, at = [], root
    while at < root + size:
        if not data[at]:
            at = (at // 2048 + 1) * 2048
            continue
        found.append(data[at + 33 : at + 33 + data[at + 32]])
        at += data[at]
    return found[2:]


def test_level_1_has_names_of_8_and_extensions_of_3_characters() -> None:
    names = ["readme.markdown", "readme.marking", "a long name", "ok.c", "Übung.txt", ".hidden", "a.b.c"]
    folders, files = iso_item_identifiers(["directory one", "directory two", "ok"], names, level=1)
    assert folders == [b"DIRECTOR", b"DIRECT_1", b"OK"]
    assert files == [b"README.MAR", b"README_1.MAR", b"A_LONG_N.", b"OK.C", b"UBUNG.TXT", b".HID", b"A_B.C"]
    many = [f"the same beginning {number}.text" for number in range(300)]
    mapped = iso_item_identifiers([], many, level=1)[1]
    assert len(set(mapped)) == 300
    assert all(re.fullmatch(rb"[A-Z0-9_]{1,8}\.[A-Z0-9_]{0,3}", name) for name in mapped)


def test_levels_2_and_3_have_the_same_names() -> None:
    names = ["readme.markdown", "x" * 50 + ".tar"]
    assert iso_item_identifiers([], names, level=2) == iso_item_identifiers([], names)


@pytest.mark.parametrize("rock_ridge", [True, False])
@pytest.mark.parametrize("versions", [True, False])
def test_versions_can_be_left_out(rock_ridge: bool, versions: bool) -> None:
    systems = _WITHOUT_UDF if rock_ridge else _WITHOUT_UDF - {FileSystem.ROCK_RIDGE}
    names = ["a.txt", "b", "c" * 60, *(f"{number:03}" for number in range(200))]
    data = _metadata(_lay_out(IsoOptions(versions=versions), names, systems))
    for descriptor, suffix in ((16, b";1"), (17, ";1".encode("utf-16-be"))):
        found = _identifiers(data, descriptor)
        assert len(found) == 203
        assert all(name.endswith(suffix) == versions for name in found)


def test_long_joliet_names_fill_a_record_and_no_more() -> None:
    names = ["x" * 103, "y" * 110 + ".text", "z" * 64, "w" * 65]
    assert [len(name) // 2 for name in joliet_identifiers(names, 103)] == [103, 103, 64, 65]
    assert [len(name) // 2 for name in joliet_identifiers(names)] == [64, 64, 64, 64]
    data = _metadata(_lay_out(IsoOptions(joliet_long=True), names))
    found = sorted(name.decode("utf-16-be") for name in _identifiers(data, 17))
    assert found == ["w" * 65 + ";1", "x" * 103 + ";1", "y" * 98 + ".text;1", "z" * 64 + ";1"]


def test_texts_lie_where_the_standard_has_them() -> None:
    options = IsoOptions(
        system="Linux",
        volume_set="set 7",
        publisher="Größe & Söhne",
        preparer="me",
        application="a program",
        copyright_file="copying.txt",
        abstract_file="abstract",
        bibliographic_file="books",
    )
    data = _metadata(_lay_out(options, ["copying.txt", "abstract", "books"]))
    primary, joliet = data[16 * 2048 : 17 * 2048], data[17 * 2048 : 18 * 2048]
    # ECMA-119 8.4: system 9 to 40, volume set 191, publisher 319, preparer 447, application 575, files from 703 on.
    places = [(8, 32), (190, 128), (318, 128), (446, 128), (574, 128), (702, 37), (739, 37), (776, 37)]
    assert [primary[at : at + length] for at, length in places] == [
        b"LINUX".ljust(32),
        b"SET 7".ljust(128),
        b"GROSSE & SOHNE".ljust(128),
        b"ME".ljust(128),
        b"A PROGRAM".ljust(128),
        b"COPYING.TXT;1".ljust(37),
        b"ABSTRACT.;1".ljust(37),
        b"BOOKS.;1".ljust(37),
    ]
    assert [joliet[at : at + length // 2 * 2].decode("utf-16-be").rstrip() for at, length in places] == [
        "Linux",
        "set 7",
        "Größe & Söhne",
        "me",
        "a program",
        "copying.txt;1",
        "abstract;1",
        "books;1",
    ]


def test_files_that_descriptors_name_must_be_there_and_short() -> None:
    with pytest.raises(ImageError, match="copyright file nothing"):
        _lay_out(IsoOptions(copyright_file="nothing"), ["a"])
    name = "a rather long name.txt"
    with pytest.raises(ImageError, match=r"Joliet.*too long"):
        _lay_out(IsoOptions(abstract_file=name), [name])


@pytest.mark.parametrize("level", [1, 2])
def test_levels_below_3_have_no_files_of_several_extents(level: int) -> None:
    _lay_out(IsoOptions(level=level), ["a"], size=0xFFFF_F800)
    with pytest.raises(ImageTooLargeError, match=f"/a has .* level {level}"):
        _lay_out(IsoOptions(level=level), ["a"], size=0xFFFF_F801)
    _lay_out(IsoOptions(level=level), ["a"], frozenset({FileSystem.UDF}), size=0xFFFF_F801)


@pytest.mark.parametrize(
    "arguments", [{"level": 0}, {"level": 4}, {"system": "x" * 33}, {"publisher": "x" * 129}]
)
def test_options_that_no_descriptor_holds_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ImageError):
        IsoOptions(**arguments)  # type: ignore[arg-type]
