"""The table of IMAPI members: none is missing, and each of our names is there."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter

import attrs
import pytest
from imapi_page import NOT_YET, PAGE, page, rows

ROWS = rows()

MEMBERS = {
    # The members of each interface in imapi2fs.h, and of the coclasses that have an interface of their own.
    "IFileSystemImage": 38,
    "IFileSystemImage2": 1,
    "IFileSystemImage3": 2,
    "DFileSystemImageEvents": 1,
    "DFileSystemImageImportEvents": 1,
    "IFileSystemImageResult": 5,
    "IFileSystemImageResult2": 1,
    "IFsiItem": 8,
    "IEnumFsiItems": 5,
    "IFsiFileItem": 4,
    "IFsiFileItem2": 5,
    "IFsiNamedStreams": 4,
    "IFsiDirectoryItem": 10,
    "IFsiDirectoryItem2": 1,
    "IBootOptions": 6,
    "IProgressItem": 4,
    "IEnumProgressItems": 5,
    "IProgressItems": 6,
    "IBlockRange": 2,
    "IBlockRangeList": 1,
    "IIsoImageManager": 5,
    "MsftStreamZero": 1,
    "MsftStreamPrng001": 1,
    "IStreamPseudoRandomBased": 2,
    "IStreamConcatenate": 4,
    "IStreamInterleave": 1,
}


def resolve(name: str) -> None:
    """Find what a name of the table stands for, or raise AttributeError."""
    path, _, argument = name.rstrip(")").partition("(")
    module, _, rest = path.rpartition(".") if path.startswith("aioimapi.") else ("aioimapi.image", "", path)
    thing: object = importlib.import_module(module)
    for part in rest.split("."):
        if inspect.isclass(thing) and not hasattr(thing, part) and _is_set(thing, part):
            return
        thing = getattr(thing, part)
    if argument and argument not in inspect.signature(thing).parameters:  # type: ignore[arg-type]
        raise AttributeError(f"{path} has no argument {argument}")


def _is_set(thing: type, name: str) -> bool:
    """Tell whether objects of a class have an attribute that the class itself does not show."""
    if attrs.has(thing):
        return name in attrs.fields_dict(thing)
    return bool(re.search(rf"\bself\.{name}\b[^\n=]* = ", inspect.getsource(thing)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['interface']}.{row['member']}")
def test_name_is_there(row: dict[str, str]) -> None:
    if row["ours"] != NOT_YET:
        resolve(row["ours"])


@pytest.mark.parametrize(
    "name",
    [
        "FileSystemImage.nothing",
        "FileSystemImage(nothing)",
        "ImageItem.nothing",
        "Nothing",
        "IsoFile.close_all",
    ],
)
def test_a_name_that_is_not_there_is_found_out(name: str) -> None:
    with pytest.raises(AttributeError):
        resolve(name)


def test_no_member_is_missing_and_none_is_told_twice() -> None:
    assert Counter(row["interface"] for row in ROWS) == MEMBERS
    assert len({(row["interface"], row["member"]) for row in ROWS}) == len(ROWS)


def test_the_page_is_made_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/imapi_page.py"
