"""The mapping of names: limits, uniqueness, and what stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi.fs._names import (
    iso_identifiers,
    iso_item_identifiers,
    joliet_identifiers,
    rock_ridge_names,
    udf_identifiers,
)

# What a Linux folder can hold: 1 to 255 bytes, no slash, no NUL, not . or .., not always UTF-8.
_file_names = (
    st.binary(min_size=1, max_size=255)
    .filter(lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."})
    .map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
_readable_names = st.text(min_size=1, max_size=255).filter(
    lambda name: (
        "/" not in name
        and "\0" not in name
        and name not in {".", ".."}
        and not any("\ud800" <= char <= "\udfff" for char in name)
        and len(name.encode()) <= 255
    )
)
_folders = st.lists(st.one_of(_file_names, _readable_names), max_size=30, unique=True)


@given(_folders)
def test_every_mapping_is_unique_and_keeps_the_order_of_its_input(names: list[str]) -> None:
    for mapping in (iso_identifiers, joliet_identifiers, rock_ridge_names, udf_identifiers):
        mapped = mapping(names)
        assert len(mapped) == len(names)
        assert len(set(mapped)) == len(names)
        assert mapped == mapping(names)


@given(_folders)
def test_limits_in_characters_and_in_bytes(names: list[str]) -> None:
    for name in iso_identifiers(names):
        base, dot, extension = name.decode("ascii").partition(".")
        assert dot == "."  # ECMA-119 7.5.1
        assert base or extension
        assert len(base) + len(extension) <= 30
        assert all(
            char.isascii() and (char.isupper() or char.isdigit() or char == "_") for char in base + extension
        )
    for name in iso_identifiers(names, directories=True):
        assert 1 <= len(name) <= 31
        assert b"." not in name
    for name in joliet_identifiers(names):
        text = name.decode("utf-16-be")  # no lone surrogate, none cut apart
        assert 2 <= len(name) <= 128
        assert not set(text) & set('*:;?\\"<>|')
        assert text[-1] not in ". "
    for name in rock_ridge_names(names):
        assert 1 <= len(name) <= 253
    for name in udf_identifiers(names):
        assert name[0] in {8, 16}
        assert 2 <= len(name) <= 255
        if name[0] == 16:
            name[1:].decode("utf-16-be")


@given(_folders)
def test_short_utf8_names_are_kept_by_rock_ridge_and_udf(names: list[str]) -> None:
    short = [name for name in names if len(name.encode("utf-8", "surrogateescape")) <= 100]
    assert rock_ridge_names(short) == [name.encode("utf-8", "surrogateescape") for name in short]
    plain = [name for name in short if not any("\ud800" <= char <= "\udfff" for char in name)]
    decoded = [name[1:].decode("latin-1" if name[0] == 8 else "utf-16-be") for name in udf_identifiers(plain)]
    assert decoded == plain


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("readme.txt", b"README.TXT"),
        ("Makefile", b"MAKEFILE."),
        (".bashrc", b".BASHRC"),
        ("archive.tar.gz", b"ARCHIVE_TAR.GZ"),
        ("café.txt", b"CAFE.TXT"),
        ("a b+c.d", b"A_B_C.D"),
        ("日本.txt", b"__.TXT"),
        ("\uff0e", b"_."),  # a wide full stop: without its width nothing but a dot
        ("x" * 40 + ".html", b"X" * 26 + b".HTML"),
    ],
)
def test_iso9660_identifiers(name: str, identifier: bytes) -> None:
    assert iso_identifiers([name]) == [identifier]


def test_clashes_get_numbers_in_the_order_of_the_folder() -> None:
    assert iso_identifiers(["a+b", "a b", "a_b"]) == [b"A_B.", b"A_B_1.", b"A_B_2."]
    assert iso_identifiers(["a.b", "a_b"], directories=True) == [b"A_B", b"A_B_1"]


def test_a_file_without_extension_is_never_called_as_a_folder_beside_it() -> None:
    # Linux and Windows drop the dot at the end of "A_B.;1".
    assert iso_item_identifiers(["a b"], ["a_b", "a_b_1", "a_b.c"]) == (
        [b"A_B"],
        [b"A_B_2.", b"A_B_1.", b"A_B.C"],
    )


def test_joliet_tells_names_apart_that_differ_in_case_only() -> None:
    # Whoever reads Joliet compares without case, Linux with norock included.
    mapped = [
        name.decode("utf-16-be") for name in joliet_identifiers(["Index.html", "index.html", "INDEX.html"])
    ]
    assert mapped == ["Index.html", "index~1.html", "INDEX~2.html"]


def test_a_variant_never_takes_a_name_that_is_there() -> None:
    mapped = [name.decode("utf-16-be") for name in joliet_identifiers(["a:b", "a?b", "a_b~1", "a_b"])]
    assert mapped == ["a_b", "a_b~2", "a_b~1", "a_b~3"]


def test_long_names_are_cut_in_front_of_the_extension() -> None:
    mapped = joliet_identifiers(["x" * 100 + ".tar"])[0].decode("utf-16-be")
    assert mapped == "x" * 60 + ".tar"
    assert rock_ridge_names(["é" * 126 + ".md"])[0] == ("é" * 125 + ".md").encode()


def test_a_pair_of_surrogates_is_never_cut_apart() -> None:
    mapped = joliet_identifiers(["😀" * 40])[0]
    assert mapped.decode("utf-16-be") == "😀" * 32


def test_udf_takes_254_narrow_or_127_wide_characters() -> None:
    assert udf_identifiers(["a" * 254]) == [b"\x08" + b"a" * 254]
    assert len(udf_identifiers(["a" * 255])[0]) == 255
    assert udf_identifiers(["ÿ" * 127]) == [b"\x08" + b"\xff" * 127]
    assert udf_identifiers(["日" * 84]) == [b"\x10" + "日".encode("utf-16-be") * 84]
    # 255 bytes of UTF-8: UDF could hold it, Linux would show it cut
    assert udf_identifiers(["日" * 85]) == [b"\x10" + "日".encode("utf-16-be") * 84]
    wide = udf_identifiers(["a" * 200 + "日"])[0]
    assert len(wide) <= 255


def test_bytes_that_are_no_utf8_stay_in_rock_ridge_and_become_underscores_elsewhere() -> None:
    name = b"caf\xe9.txt".decode("utf-8", "surrogateescape")
    assert rock_ridge_names([name]) == [b"caf\xe9.txt"]
    assert udf_identifiers([name]) == [b"\x08caf_.txt"]
    assert joliet_identifiers([name])[0].decode("utf-16-be") == "caf_.txt"
    assert iso_identifiers([name]) == [b"CAF_.TXT"]
