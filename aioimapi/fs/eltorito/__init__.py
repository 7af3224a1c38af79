"""El Torito and hybrid images: what makes a disc, or a USB stick with the same bytes, start a machine."""

from __future__ import annotations

from aioimapi.fs.eltorito._layout import BootFile as BootFile
from aioimapi.fs.eltorito._layout import BootLayout as BootLayout
from aioimapi.fs.eltorito._layout import FileRef as FileRef
from aioimapi.fs.eltorito._layout import Hybrid as Hybrid
from aioimapi.fs.eltorito._values import FLOPPY_BYTES as FLOPPY_BYTES
from aioimapi.fs.eltorito._values import BootEntry as BootEntry
from aioimapi.fs.eltorito._values import Emulation as Emulation
from aioimapi.fs.eltorito._values import Platform as Platform

__all__ = (
    "FLOPPY_BYTES",
    "BootEntry",
    "BootFile",
    "BootLayout",
    "Emulation",
    "FileRef",
    "Hybrid",
    "Platform",
)
