"""File systems: the tree, the layout, and one folder for each standard.

Pure: values in, bytes out. The image room reads the source files.
"""

from __future__ import annotations

from aioimapi.fs._image_layout import last_sector as last_sector
from aioimapi.fs._image_layout import lay_out as lay_out
from aioimapi.fs._layout import ALL_FILE_SYSTEMS as ALL_FILE_SYSTEMS
from aioimapi.fs._layout import FileSystem as FileSystem
from aioimapi.fs._layout import Layout as Layout
from aioimapi.fs._layout import LayoutOptions as LayoutOptions
from aioimapi.fs._layout import Region as Region
from aioimapi.fs._tree import Directory as Directory

__all__ = (
    "ALL_FILE_SYSTEMS",
    "Directory",
    "FileSystem",
    "Layout",
    "LayoutOptions",
    "Region",
    "last_sector",
    "lay_out",
)
