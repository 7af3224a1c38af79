"""What makes an image start a machine, as the layout needs it: which files, and what lies around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aioimapi.fs._tree import Directory
from aioimapi.fs.eltorito import _hybrid
from aioimapi.fs.eltorito._catalog import boot_catalog, boot_record
from aioimapi.fs.eltorito._values import VIRTUAL_SECTOR, BootEntry, Emulation, Platform
from aioimapi.units import SECTOR_SIZE, sectors

if TYPE_CHECKING:
    from aioimapi.fs._layout import Layout

ANCHOR_DISTANCE: Final = 256
"""Where the backup GPT takes the last sector, UDF's second anchor lies so many sectors before it (OSTA UDF 2.2.3)."""

CYLINDER_SECTORS: Final = 512
"""Hybrid images are whole cylinders of 1 MiB, as BIOSes guess a stick's geometry from its partition's end."""


@attrs.frozen
class FileRef:
    """A file of the image: the directory that has its row, and its name there."""

    directory: Directory
    name: str

    def row(self) -> int:
        """Return its row, whatever order the directory has by now."""
        return self.directory.names.index(self.name)

    def size(self) -> int:
        """Return its bytes."""
        return self.directory.sizes[self.row()]

    def first_sector(self, layout: Layout) -> int:
        """Return where its data begins."""
        return layout.extents.first_sector(layout.extents.numbers[self.directory], self.row())


@attrs.frozen
class BootFile:
    """A boot image that was given a place in the catalog.

    Attributes:
        file: Where its bytes are.
        entry: Its entry; the sector is filled in when it is known.
    """

    file: FileRef
    entry: BootEntry


@attrs.frozen
class Hybrid:
    """How an image boots from a USB stick.

    Attributes:
        gpt: Whether it has a GPT with a protective MBR, or an MBR alone.
        code: Boot code for BIOSes, at most 440 bytes; empty for none.
        load_offset: What is added to the first block of the BIOS boot image and put into the code; None leaves the
            code as it is.
    """

    gpt: bool
    code: bytes = b""
    load_offset: int | None = None


@attrs.frozen
class BootLayout:
    """Everything that El Torito and hybrid booting add to an image.

    Attributes:
        catalog: The file that holds the boot catalog.
        files: The boot images in the order of their entries.
        unlisted: A directory in no tree: files that have sectors and no name in any file system.
        hybrid: How it boots as a disk, or None.
    """

    catalog: FileRef
    files: tuple[BootFile, ...]
    unlisted: Directory
    hybrid: Hybrid | None = None

    @property
    def sectors_behind(self) -> int:
        """Sectors behind UDF's second anchor, or behind the data: those of a backup GPT are the last of them."""
        return ANCHOR_DISTANCE if self.hybrid is not None and self.hybrid.gpt else 0

    @property
    def unit(self) -> int:
        """Sectors of which the image has a multiple."""
        return CYLINDER_SECTORS if self.hybrid is not None else 1

    def entries(self, layout: Layout) -> list[BootEntry]:
        """Return the catalog's entries with their places."""
        return [attrs.evolve(each.entry, lba=each.file.first_sector(layout)) for each in self.files]

    def catalog_bytes(self, layout: Layout) -> bytes:
        """Return the boot catalog."""
        return boot_catalog(self.entries(layout))

    def record(self, layout: Layout) -> bytes:
        """Return the boot record, the descriptor that lies right behind the primary one (El Torito 1.0, 2.0)."""
        return boot_record(self.catalog.first_sector(layout))

    def tables(self, layout: Layout) -> dict[int, bytes]:
        """Return the sectors of the partition tables: some of the first sixteen, and with a GPT the last nine."""
        if self.hybrid is None:
            return {}
        options = layout.options
        disk, signature = _hybrid.identifiers(
            options.volume_name, options.time_ns, layout.sector_count, self.catalog_bytes(layout).hex()
        )
        partitions = self._partitions(layout)
        bios = next((each for each in self.files if each.entry.platform == Platform.X86), None)
        load = None
        if self.hybrid.load_offset is not None and bios is not None:
            load = bios.file.first_sector(layout) * _hybrid.PER_SECTOR + self.hybrid.load_offset
        head = _hybrid.mbr(
            self.hybrid.code, load, signature, partitions, layout.sector_count, gpt=self.hybrid.gpt
        )
        tail = b""
        if self.hybrid.gpt:
            primary, tail = _hybrid.gpt(disk, partitions, layout.sector_count)
            head += primary
        blocks = _split(head, 0)
        return blocks | _split(tail, layout.sector_count - len(tail) // SECTOR_SIZE)

    def _partitions(self, layout: Layout) -> list[_hybrid.Partition]:
        """Return the EFI system partitions: the UEFI boot images."""
        return [
            _hybrid.Partition(
                each.file.first_sector(layout),
                sectors(each.file.size()),
                "EFI system partition" if number == 0 else f"EFI system partition {number + 1}",
            )
            for number, each in enumerate(
                each for each in self.files if each.entry.platform == Platform.UEFI and each.file.size()
            )
        ]


def _split(data: bytes, first: int) -> dict[int, bytes]:
    return {
        first + at // SECTOR_SIZE: data[at : at + SECTOR_SIZE].ljust(SECTOR_SIZE, b"\0")
        for at in range(0, len(data), SECTOR_SIZE)
    }


def default_load_sectors(platform: int, emulation: int, size: int, *, patched: bool) -> int:
    """Return how many sectors of 512 bytes firmware is to load where nobody said.

    A drive that is emulated starts with its one boot sector. Loaders that hold a boot information table read on by
    themselves, and are loaded by 2 KiB, which every BIOS can. Other images are loaded whole; what does not fit in 16
    bits stands for "up to the disc's end" with UEFI (UEFI 13.3.2.1).
    """
    if emulation != Emulation.NONE:
        return 1
    if patched:
        return 4
    count = -(-size // VIRTUAL_SECTOR)
    return 0 if platform == Platform.UEFI and count > 0xFFFF else count
