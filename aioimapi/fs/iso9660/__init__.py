"""ISO 9660 (ECMA-119) with Joliet and Rock Ridge: what the writer needs of them."""

from __future__ import annotations

from aioimapi.fs.iso9660._descriptors import TERMINATOR as TERMINATOR
from aioimapi.fs.iso9660._descriptors import iso_volume_name as iso_volume_name
from aioimapi.fs.iso9660._descriptors import joliet_volume_name as joliet_volume_name
from aioimapi.fs.iso9660._descriptors import volume_descriptor as volume_descriptor
from aioimapi.fs.iso9660._directories import Hierarchy as Hierarchy
from aioimapi.fs.iso9660._directories import PlainHierarchy as PlainHierarchy
from aioimapi.fs.iso9660._directories import RockRidgeHierarchy as RockRidgeHierarchy
from aioimapi.fs.iso9660._directories import joliet_length as joliet_length
from aioimapi.fs.iso9660._path_tables import PathTables as PathTables
from aioimapi.fs.iso9660._records import MAX_EXTENT as MAX_EXTENT

__all__ = (
    "MAX_EXTENT",
    "TERMINATOR",
    "Hierarchy",
    "PathTables",
    "PlainHierarchy",
    "RockRidgeHierarchy",
    "iso_volume_name",
    "joliet_length",
    "joliet_volume_name",
    "volume_descriptor",
)
