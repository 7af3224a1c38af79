"""``--boot`` and its company: what an image starts machines with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import click

from aioimapi.errors import printable

if TYPE_CHECKING:
    from aioimapi.image import BootOptions, UsbBoot

PLATFORMS = ("bios", "uefi", "powerpc", "mac")
_EMULATIONS = {
    "none": "NONE",
    "floppy1.2": "FLOPPY_1_2",
    "floppy1.44": "FLOPPY_1_44",
    "floppy2.88": "FLOPPY_2_88",
    "harddisk": "HARD_DISK",
}
_FORM = "PLATFORM=PATH[,OPTION...]"


@attrs.frozen
class BootSpec:
    """A boot image as the command line says it.

    Attributes:
        platform: One of :data:`PLATFORMS`.
        path: A file of the image, or of the host.
        arguments: Further arguments of :class:`aioimapi.image.BootImage`; ``emulation`` by its name.
        hidden: Whether the path is one of the host, and the file gets no name in the image.
    """

    platform: str
    path: str
    arguments: tuple[tuple[str, Any], ...] = ()
    hidden: bool = False


def boot_specs(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[BootSpec, ...]:
    """Return the boot images of the command line."""
    return tuple(_spec(text) for text in value)


def _spec(text: str) -> BootSpec:
    head, *words = text.split(",")
    platform, equals, path = head.partition("=")
    if not equals or platform not in PLATFORMS or not path:
        raise click.BadParameter(
            f"{printable(text)} is not of the form {_FORM}, with PLATFORM one of {', '.join(PLATFORMS)}"
        )
    arguments: dict[str, Any] = {}
    hidden = False
    for word in words:
        key, _, given = word.partition("=")
        if word == "hidden":
            hidden = True
        elif word in ("info-table", "grub2-info"):
            arguments["boot_info"] = "table" if word == "info-table" else "grub2"
        elif word == "not-bootable":
            arguments["bootable"] = False
        elif key == "emulation" and given in _EMULATIONS:
            arguments["emulation"] = _EMULATIONS[given]
        elif key in ("load", "segment"):
            arguments["load_sectors" if key == "load" else "load_segment"] = _number(word, given)
        elif key == "id":
            arguments["identifier"] = given
        else:
            raise click.BadParameter(
                f"{printable(word)}: the options of a boot image are hidden, info-table, grub2-info, load=SECTORS, "
                f"segment=NUMBER, id=TEXT, not-bootable, emulation={'|'.join(_EMULATIONS)}"
            )
    return BootSpec(platform, path, tuple(arguments.items()), hidden)


def _number(word: str, given: str) -> int:
    try:
        return int(given, 0)
    except ValueError:
        raise click.BadParameter(f"{printable(word)}: say a number, as 4 or 0x07c0") from None


def mbr_code(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, bytes] | None:
    """Return whose boot code it is, and the code."""
    if value is None:
        return None
    loader, equals, path = value.partition("=")
    if not equals or loader not in ("isolinux", "grub2", "other"):
        raise click.BadParameter(f"{printable(value)}: say isolinux=FILE, grub2=FILE or other=FILE")
    try:
        with open(path, "rb") as file:
            return loader, file.read(513)
    except OSError as error:
        raise click.BadParameter(f"{printable(path)}: {error.strerror}") from error


def boot_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that end in :func:`make_boot`."""
    for decorate in (
        click.option(
            "--boot",
            multiple=True,
            metavar=_FORM,
            callback=boot_specs,
            help=(
                "Start machines from a file of the image: bios=isolinux/isolinux.bin,info-table, uefi=boot/efi.img. "
                "May be given several times. See the manual for the options behind a comma."
            ),
        ),
        click.option(
            "--boot-catalog",
            metavar="PATH",
            default="",
            help="Show the boot catalog as a file of the image; hidden by default.",
        ),
        click.option(
            "--usb",
            type=click.Choice(["gpt", "mbr"]),
            help="Make the image boot from a USB stick, too: with a GPT, or with an MBR alone.",
        ),
        click.option(
            "--mbr",
            metavar="LOADER=FILE",
            callback=mbr_code,
            help="Boot code for BIOSes that start from the stick: isolinux=isohdpfx.bin, grub2=boot_hybrid.img.",
        ),
    ):
        function = decorate(function)
    return function


def make_boot(
    specs: tuple[BootSpec, ...], catalog: str, usb: str | None, mbr: tuple[str, bytes] | None
) -> BootOptions | None:
    """Return the library's options, or None where nothing is to boot.

    Raises:
        ImageError: A value makes no sense, or there is no boot image for what is asked.
    """
    from aioimapi.image import BootImage, BootOptions, Emulation, Platform

    if not specs:
        if catalog or usb or mbr:
            raise click.UsageError("--boot-catalog, --usb and --mbr need a boot image: --boot bios=PATH")
        return None
    if mbr and not usb:
        raise click.UsageError("--mbr is for sticks: add --usb gpt, or --usb mbr")
    platforms = {
        "bios": Platform.X86,
        "uefi": Platform.UEFI,
        "powerpc": Platform.POWERPC,
        "mac": Platform.MAC,
    }
    images = []
    for spec in specs:
        arguments = dict(spec.arguments)
        if "emulation" in arguments:
            arguments["emulation"] = Emulation[arguments["emulation"]]
        where: dict[str, Any] = {"source": spec.path} if spec.hidden else {"path": spec.path}
        images.append(BootImage(platform=platforms[spec.platform], **where, **arguments))
    return BootOptions(images=tuple(images), catalog=catalog, usb=_usb(usb, mbr))


def _usb(table: str | None, mbr: tuple[str, bytes] | None) -> UsbBoot | None:
    from aioimapi.image import UsbBoot

    if table is None:
        return None
    loader, code = mbr or ("other", b"")
    return UsbBoot(
        table="gpt" if table == "gpt" else "mbr",
        code=code,
        loader="grub2" if loader == "grub2" else "isolinux" if loader == "isolinux" else "other",
    )
