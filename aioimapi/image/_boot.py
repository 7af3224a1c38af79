"""Boot images of an image: what the caller says, made into what the layout needs (IMAPI: IBootOptions)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Final, Literal

import attrs

from aioimapi.errors import BootImageError, ImageError, printable
from aioimapi.fs._layout import Layout
from aioimapi.fs._tree import Directory
from aioimapi.fs.eltorito._catalog import (
    GRUB2_AT,
    INFO_TABLE_END,
    catalog_size,
    with_boot_information,
    with_grub2_information,
)
from aioimapi.fs.eltorito._hybrid import MBR_CODE
from aioimapi.fs.eltorito._layout import BootFile, BootLayout, FileRef, Hybrid, default_load_sectors
from aioimapi.fs.eltorito._values import FLOPPY_BYTES, BootEntry, Emulation, Platform
from aioimapi.image._content import BytesContent, Content, StreamContent
from aioimapi.image._given import FileSource, GivenAttributes, content_of
from aioimapi.image._host import source_error

MAX_BOOT_IMAGES: Final = 32
"""As in IMAPI (IFileSystemImage2::BootImageOptionsArray)."""

_MAX_PATCHED: Final = 64 * 1024 * 1024
_ISOHYBRID_AT, _ISOHYBRID = 64, b"\xfb\xc0\x78\x70"  # what isolinux' boot code looks for in isolinux.bin

Take = Callable[[Directory, int, GivenAttributes], None]
"""Looks at what the host has of a row, and fills the row in."""


@attrs.frozen(kw_only=True)
class BootImage:
    """A program that a machine is started with (IMAPI: IBootOptions).

    Attributes:
        path: The file in the image that it is; or empty, with ``source``.
        source: Its bytes, as :meth:`DirectoryItem.add_file` takes them; then it has sectors in the image but no name
            in any of its file systems, as with IMAPI (AssignBootImage).
        size: Bytes of an async source.
        platform: Whose firmware starts it: ``X86`` for BIOSes, or ``UEFI``, ``POWERPC``, ``MAC`` (IMAPI: PlatformId).
        emulation: What drive it is shown as. None takes a BIOS image of exactly 1.2, 1.44 or 2.88 MB for that floppy,
            as IMAPI does, and others for none (IMAPI: Emulation).
        identifier: Who made it, ASCII: at most 24 characters for the first image, 28 for others (IMAPI: Manufacturer).
        load_segment: Where a BIOS loads it; 0 is 07C0h.
        load_sectors: How many sectors of 512 bytes firmware loads; None for what fits: 1 for an emulated drive, 4 for
            an image with a boot information table, else all of it.
        boot_info: ``table``: fill in the boot information table, bytes 8 to 63, which isolinux and GRUB want.
            ``grub2``: that, and the place of GRUB's second part.
        bootable: Whether firmware may start it.
    """

    path: str = ""
    source: FileSource | None = attrs.field(default=None, repr=False)
    size: int | None = None
    platform: Platform = Platform.X86
    emulation: Emulation | None = None
    identifier: str = ""
    load_segment: int = 0
    load_sectors: int | None = None
    boot_info: Literal["none", "table", "grub2"] = "none"
    bootable: bool = True

    def __attrs_post_init__(self) -> None:
        if bool(self.path) == (self.source is not None):
            raise ImageError(
                "a boot image is either a file of the image (path=) or has bytes of its own (source=)"
            )
        if not self.identifier.isascii() or len(self.identifier) > 28:
            raise ImageError(
                f"the identifier {self.identifier!r} of a boot image is not ASCII, or over 28 bytes"
            )
        for what, value in (("load_segment", self.load_segment), ("load_sectors", self.load_sectors or 0)):
            if not 0 <= value <= 0xFFFF:
                raise ImageError(f"{what} of a boot image is {value}, not from 0 to 65,535")
        if self.boot_info not in ("none", "table", "grub2"):
            raise ImageError(f"boot_info is {self.boot_info!r}, not one of none, table, grub2")


@attrs.frozen(kw_only=True)
class UsbBoot:
    """Partition tables that make the image boot as a disk, too: written to a USB stick as it is.

    Attributes:
        table: ``gpt``: a GPT whose EFI system partitions are the UEFI boot images, with a protective MBR. ``mbr``: an
            MBR alone, with a partition over the whole image, and one for each UEFI boot image.
        code: Boot code for the MBR, its first 440 bytes counting: isolinux' ``isohdpfx.bin`` or GRUB's
            ``boot_hybrid.img``; empty for sticks that start by UEFI only.
        loader: What the code is, as each looks for the place of the BIOS boot image in its own way: ``isolinux``,
            ``grub2``, or ``other`` for code that needs none.
    """

    table: Literal["gpt", "mbr"] = "gpt"
    code: bytes = attrs.field(default=b"", repr=False)
    loader: Literal["isolinux", "grub2", "other"] = "isolinux"

    def __attrs_post_init__(self) -> None:
        if self.table not in ("gpt", "mbr"):
            raise ImageError(f"table is {self.table!r}, not one of gpt, mbr")
        if self.loader not in ("isolinux", "grub2", "other"):
            raise ImageError(f"loader is {self.loader!r}, not one of isolinux, grub2, other")
        if len(self.code) > 512:
            raise ImageError(
                f"the boot code of an MBR has {len(self.code):,} bytes, and a sector has 512 (440 of them for code)"
            )


def _images(given: Iterable[BootImage]) -> tuple[BootImage, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class BootOptions:
    """What the image starts machines with: El Torito boot images, and the tables of a hybrid image.

    Attributes:
        images: The boot images; firmware that does not choose takes the first (IMAPI: BootImageOptionsArray).
        catalog: A path in the image under which the boot catalog is to be seen, as by isolinux' custom
            ``/isolinux/boot.cat``; empty for none.
        usb: How it boots from a USB stick, or None for a disc only.
    """

    images: tuple[BootImage, ...] = attrs.field(converter=_images)
    catalog: str = ""
    usb: UsbBoot | None = None

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.images) <= MAX_BOOT_IMAGES:
            raise ImageError(f"an image has from 1 to {MAX_BOOT_IMAGES} boot images, not {len(self.images)}")
        if len(self.images[0].identifier) > 24:
            raise ImageError(
                f"the identifier {self.images[0].identifier!r} of the first boot image is over 24 bytes"
            )


class BootPlan:
    """Boot options on their way into an image: files are added, then the layout is made, then they are filled in.

    Args:
        options: What the caller said.
        root: The image's root directory.
        take: Looks at the host for a row that was added.
    """

    def __init__(self, options: BootOptions, root: Directory, take: Take) -> None:
        self._options = options
        self._root = root
        self._take = take
        self._unlisted = Directory("", None)
        self._patched: dict[int, bytes] = {}
        self._catalog: FileRef

    def prepare(self) -> BootLayout:
        """Find or add every boot image, and make room for the catalog; the tree must be listed, not yet sorted.

        Raises:
            BootImageError: A boot image is not in the image, of a wrong size, or not what it must be.
            SourceError: One cannot be read.
            ImageError: The catalog's path is taken by something else.
        """
        files = tuple(self._boot_file(number, image) for number, image in enumerate(self._options.images))
        size = catalog_size([(each.entry.platform, each.entry.identifier) for each in files])
        self._catalog = self._place_catalog(size)
        return BootLayout(self._catalog, files, self._unlisted, self._hybrid())

    def fill_in(self, layout: Layout) -> None:
        """Give the catalog its bytes, and boot images their tables, now that everything has its place."""
        boot = layout.options.boot
        assert boot is not None
        _set_bytes(self._catalog, boot.catalog_bytes(layout))
        for number, data in self._patched.items():
            file = boot.files[number].file
            lba = file.first_sector(layout)
            data = with_boot_information(data, lba)
            if self._options.images[number].boot_info == "grub2":
                data = with_grub2_information(data, lba)
            _set_bytes(file, data)

    def _boot_file(self, number: int, image: BootImage) -> BootFile:
        label = f"boot image {number + 1}"
        file = self._find(image.path) if image.path else self._add(image, label)
        size = file.size()
        if not size:
            raise BootImageError(f"{_name(image, label)} is empty, and nothing can start from it")
        emulation = self._emulation(image, size, label)
        system_type = self._partition_type(file, image, label) if emulation is Emulation.HARD_DISK else 0
        if image.boot_info != "none":
            self._patched[number] = self._whole(file, image, label)
        sectors = image.load_sectors
        if sectors is None:
            patched = image.boot_info != "none"
            sectors = default_load_sectors(image.platform, emulation, size, patched=patched)
            if sectors > 0xFFFF:
                raise BootImageError(
                    f"{_name(image, label)} has {size:,} bytes, and a boot catalog counts at most 65,535 sectors of "
                    "512 bytes to load; say how many to load (load_sectors)"
                )
        entry = BootEntry(
            platform=image.platform,
            emulation=emulation,
            lba=0,
            load_sectors=sectors,
            bootable=image.bootable,
            load_segment=image.load_segment,
            system_type=system_type,
            identifier=image.identifier.encode(),
        )
        return BootFile(file, entry)

    def _find(self, path: str) -> FileRef:
        directory = self._root
        *folders, name = [part for part in path.split("/") if part] or [""]
        for part in folders:
            found = directory.get(part)
            if not isinstance(found, Directory):
                break
            directory = found
        else:
            row = directory.get(name)
            if isinstance(row, int) and row not in directory.symlinks:
                return FileRef(directory, name)
        raise BootImageError(
            f"the image has no file {printable(path)} to boot from; add it, or give the boot image as source=",
            path=path,
        )

    def _add(self, image: BootImage, label: str) -> FileRef:
        assert image.source is not None
        content, size = content_of(image.source, image.size, stage=False, path=label)
        name = f"<{label}>"
        row = self._unlisted.add_row(name, size, 0, 0o100644, 0, 0)
        self._unlisted.sources[row] = content
        self._take(self._unlisted, row, GivenAttributes(None, None, None, None))
        return FileRef(self._unlisted, name)

    def _place_catalog(self, size: int) -> FileRef:
        *folders, name = [part for part in self._options.catalog.split("/") if part] or ["<boot catalog>"]
        directory = self._root if self._options.catalog else self._unlisted
        for part in folders:
            found = directory.get(part)
            if not isinstance(found, Directory):
                raise BootImageError(
                    f"the boot catalog cannot become {printable(self._options.catalog)}: the image has no folder "
                    f"{printable(part)} there; add it",
                    path=self._options.catalog,
                )
            directory = found
        found = directory.get(name)
        if found is None:
            directory.claim(name)
            found = directory.add_row(name, size, 0, 0o100444, 0, 0)
        elif not isinstance(found, int) or not isinstance(directory.sources.get(found), _CatalogContent):
            raise BootImageError(
                f"the boot catalog cannot become {printable(self._options.catalog)}: the image has that already",
                path=self._options.catalog,
            )
        directory.sizes[found] = size
        directory.sources[found] = _CatalogContent(bytes(size))
        self._take(directory, found, GivenAttributes(None, None, None, None))
        return FileRef(directory, name)

    def _emulation(self, image: BootImage, size: int, label: str) -> Emulation:
        floppies = {count: kind for kind, count in FLOPPY_BYTES.items()}
        if image.emulation is None:
            if image.platform is not Platform.X86 or image.boot_info != "none":
                return Emulation.NONE
            return floppies.get(size, Emulation.NONE)
        wanted = FLOPPY_BYTES.get(image.emulation)
        if wanted is not None and size != wanted:
            raise BootImageError(
                f"{_name(image, label)} has {size:,} bytes, and the floppy that it is to be shown as has {wanted:,}; "
                "choose another emulation, or pad it"
            )
        return image.emulation

    def _partition_type(self, file: FileRef, image: BootImage, label: str) -> int:
        head = self._read(file, 512, image, label)
        kinds = [head[at + 4] for at in range(446, 510, 16) if len(head) == 512 and head[at + 4]]
        if head[510:] != b"\x55\xaa" or len(kinds) != 1:
            raise BootImageError(
                f"{_name(image, label)} is to be shown as a hard disk, so it needs a master boot record with one "
                f"partition (El Torito 1.0, 2.0); it has {len(kinds)}"
            )
        return kinds[0]

    def _whole(self, file: FileRef, image: BootImage, label: str) -> bytes:
        least = INFO_TABLE_END if image.boot_info == "table" else GRUB2_AT + 8
        size = file.size()
        if not least <= size <= _MAX_PATCHED:
            raise BootImageError(
                f"{_name(image, label)} has {size:,} bytes; a boot information table is filled into images from "
                f"{least:,} bytes to 64 MiB"
            )
        data = self._read(file, size, image, label)
        if len(data) != size:
            raise BootImageError(f"{_name(image, label)} gave {len(data):,} of its {size:,} bytes")
        return data

    def _read(self, file: FileRef, count: int, image: BootImage, label: str) -> bytes:
        """Read the beginning of a file, in the worker thread that plans."""
        row = file.row()
        source = file.directory.sources.get(row)
        buffer = bytearray(count)
        if isinstance(source, StreamContent):
            raise BootImageError(
                f"{_name(image, label)} comes from a stream, and it must be read when the image is planned: give its "
                "bytes, a path or a file object"
            )
        try:
            if isinstance(source, Content):
                return bytes(buffer[: source.read(0, memoryview(buffer))])
            path = str(source) if source is not None else f"{file.directory.origin}/{file.name}"
            with open(path, "rb") as opened:
                return opened.read(count)
        except OSError as error:
            raise source_error(error, _name(image, label), "read") from error

    def _hybrid(self) -> Hybrid | None:
        usb = self._options.usb
        if usb is None:
            return None
        images = enumerate(self._options.images)
        bios = next((number for number, image in images if image.platform is Platform.X86), None)
        offset = None
        if usb.code and usb.loader != "other":
            if bios is None:
                raise BootImageError(
                    f"the MBR's code starts {usb.loader}, and there is no boot image for BIOSes"
                )
            offset = 4 if usb.loader == "grub2" else 0
            data = self._patched.get(bios, b"")
            if usb.loader == "isolinux" and data[_ISOHYBRID_AT : _ISOHYBRID_AT + 4] != _ISOHYBRID:
                raise BootImageError(
                    "the MBR's code starts isolinux 3.72 or later, and the first boot image for BIOSes is none with a "
                    "boot information table (boot_info='table')"
                )
        return Hybrid(usb.table == "gpt", usb.code[:MBR_CODE], offset)


class _CatalogContent(BytesContent):
    """A boot catalog's bytes; told from what the caller adds, so that a plan that failed can be made again."""


def _set_bytes(file: FileRef, data: bytes) -> None:
    """Replace a file's content; that of a hard-linked one lies with its first name."""
    row = file.row()
    group = file.directory.groups.get(row)
    directory, row = (file.directory, row) if group is None or group.first is None else group.first
    kind = _CatalogContent if isinstance(directory.sources.get(row), _CatalogContent) else BytesContent
    directory.sources[row] = kind(data)


def _name(image: BootImage, label: str) -> str:
    if image.path:
        return printable(image.path)
    if isinstance(image.source, (str, os.PathLike)):
        return printable(os.fspath(image.source))
    return label
