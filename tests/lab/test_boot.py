"""Images that boot: machines start from them, and other programs see the entries and tables that we wrote."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from aioimapi.fs import FileSystem
from aioimapi.image import (
    BootImage,
    BootOptions,
    Emulation,
    FileSystemImage,
    IsoFile,
    Platform,
    UsbBoot,
    open_volume,
)

from .boot_images import (
    GRUB,
    ISOLINUX,
    ISOLINUX_SCRIPT,
    MARK,
    boot,
    boot_sector,
    grub_bios,
    grub_efi,
    isolinux_files,
)
from .kernel import in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.anyio]

_TIME = 1_700_000_000_000_000_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def efi(scratch: Path) -> Path:
    return grub_efi(scratch)


def _image(
    options: BootOptions, file_systems: frozenset[FileSystem] = frozenset(FileSystem)
) -> FileSystemImage:
    image = FileSystemImage("BOOTS", time_ns=_TIME, file_systems=file_systems, boot=options)
    image.root.add_file("mark.txt", f"{MARK}\n".encode())
    image.root.add_file("docs/readme.txt", b"x" * 5000)
    return image


async def _save(image: FileSystemImage, path: Path) -> Path:
    await (await image.plan()).save(path)
    return path


async def _isolinux(path: Path, efi: Path, table: str, file_systems: frozenset[FileSystem]) -> Path:
    options = BootOptions(
        images=[
            BootImage(path="isolinux/isolinux.bin", boot_info="table", identifier="MAKER"),
            BootImage(source=efi, platform=Platform.UEFI),
        ],
        catalog="isolinux/boot.cat",
        usb=UsbBoot(table="gpt" if table == "gpt" else "mbr", code=(ISOLINUX / "isohdpfx.bin").read_bytes()),
    )
    image = _image(options, file_systems)
    for name, source in isolinux_files().items():
        image.root.add_file(f"isolinux/{name}", source)
    image.root.add_file("isolinux/isolinux.cfg", ISOLINUX_SCRIPT)
    return await _save(image, path)


@pytest.mark.parametrize("table", ["gpt", "mbr"])
async def test_one_image_boots_by_bios_and_uefi_from_a_disc_and_a_stick(
    scratch: Path, efi: Path, table: str
) -> None:
    path = await _isolinux(scratch / f"{table}.iso", efi, table, frozenset(FileSystem))
    for firmware in ("bios", "uefi"):
        for way in ("cd", "usb", "disk"):
            said = boot(path, firmware, way, MARK)
            assert MARK in said, (firmware, way, said)


async def test_grub_boots_by_bios_from_a_disc_and_a_stick(scratch: Path) -> None:
    code = (GRUB / "i386-pc" / "boot_hybrid.img").read_bytes()
    options = BootOptions(
        images=[BootImage(source=grub_bios(scratch), boot_info="grub2")],
        usb=UsbBoot(code=code, loader="grub2"),
    )
    path = await _save(_image(options), scratch / "grub.iso")
    for way in ("cd", "usb"):
        said = boot(path, "bios", way, MARK)
        assert MARK in said, (way, said)


@pytest.mark.parametrize(
    ("emulation", "size", "partition"),
    [
        (Emulation.NONE, 2048, 0),
        (Emulation.FLOPPY_1_2, 1_228_800, 0),
        (Emulation.FLOPPY_1_44, 1_474_560, 0),
        (Emulation.FLOPPY_2_88, 2_949_120, 0),
        (Emulation.HARD_DISK, 1 << 20, 0x06),
    ],
)
async def test_a_boot_sector_starts_under_every_emulation(
    scratch: Path, emulation: Emulation, size: int, partition: int
) -> None:
    sector = boot_sector(f"STARTED AS {emulation.name}", partition)
    options = BootOptions(images=[BootImage(source=sector.ljust(size, b"\0"), emulation=emulation)])
    path = await _save(_image(options), scratch / f"{emulation.name}.iso")
    said = boot(path, "bios", "cd", f"STARTED AS {emulation.name}")
    assert f"STARTED AS {emulation.name}" in said, said


def _said(*command: str | Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "file_systems",
    [frozenset(FileSystem), frozenset({FileSystem.ISO9660}), frozenset(FileSystem) - {FileSystem.UDF}],
    ids=["bridge", "iso9660", "no udf"],
)
async def test_other_programs_list_the_same_entries_and_partitions(
    scratch: Path, efi: Path, file_systems: frozenset[FileSystem]
) -> None:
    path = await _isolinux(scratch / f"seen-{len(file_systems)}.iso", efi, "gpt", file_systems)
    async with await open_volume(IsoFile(path)) as volume:
        catalog = await volume.read_boot_catalog()
        assert catalog is not None
        assert volume.findings == ()
    bios, uefi = catalog.entries
    blocks = path.stat().st_size // 512
    seen = _said("xorriso", "-indev", path, "-report_el_torito", "plain", "-report_system_area", "plain")
    entries = re.findall(r"^El Torito boot img : +(.+)$", seen, re.MULTILINE)
    assert [line.split() for line in entries] == [
        ["1", "BIOS", "y", "none", "0x0000", "0x00", "4", str(bios.lba)],
        ["2", "UEFI", "y", "none", "0x0000", "0x00", str(efi.stat().st_size // 512), str(uefi.lba)],
    ]
    assert f"El Torito catalog  : {catalog.lba}  1\n" in seen
    assert re.search(r"^El Torito img opts : +1 +boot-info-table isohybrid-suitable$", seen, re.MULTILINE)
    assert re.search(
        rf"^GPT start and size : +1 +{uefi.lba * 4} +{efi.stat().st_size // 512}$", seen, re.MULTILINE
    )
    assert re.search(rf"^MBR partition +: +1 +0x00 +0xee +1 +{blocks - 1}$", seen, re.MULTILINE)
    assert "problems" not in seen
    listed = _said("isoinfo", "-d", "-i", path)
    assert f"boot catalog is in sector {catalog.lba}" in listed
    assert "ID 'MAKER'" in listed
    assert re.search(rf"Bootoff [0-9A-F]+ {bios.lba}$", listed, re.MULTILINE)
    assert "No problems found" in _said("sgdisk", "-v", path)


@pytest.mark.parametrize("revision", ["1.02", "2.01", "2.50"])
async def test_udf_of_an_image_with_a_gpt_is_whole(scratch: Path, efi: Path, revision: str) -> None:
    options = BootOptions(images=[BootImage(source=efi, platform=Platform.UEFI)], usb=UsbBoot())
    image = _image(options)
    image.udf_revision = revision
    path = await _save(image, scratch / f"udf-{revision}.iso")
    said = _said("udfinfo", path)
    assert "Warning" not in said
    last = path.stat().st_size // 2048 - 1
    assert re.findall(r"^start=(\d+), .*type=ANCHOR$", said, re.MULTILINE) == ["256", str(last - 256)]
    assert "udfrev=" + revision in said
    assert "No problems found" in _said("sgdisk", "-v", path)
    said = in_kernel(
        "mkdir -p /tmp/udf && mount -t udf -o ro /dev/ubdb /tmp/udf && cat /tmp/udf/mark.txt", images=[path]
    ).output
    assert MARK in said


async def test_boot_catalogs_of_others_are_read(scratch: Path) -> None:
    tree = scratch / "tree"
    tree.mkdir()
    (tree / "boot.img").write_bytes(b"b" * 3000)
    (tree / "efi.img").write_bytes(b"e" * 8192)
    (tree / "floppy.img").write_bytes(bytes(1_474_560))
    common = ("-quiet", "-c", "boot.cat", "-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4")
    further = (
        "-eltorito-alt-boot",
        "-e",
        "efi.img",
        "-no-emul-boot",
        "-eltorito-alt-boot",
        "-b",
        "floppy.img",
    )
    for program in (("genisoimage",), ("xorriso", "-as", "mkisofs")):
        path = scratch / f"{program[0]}.iso"
        _said(*program, "-o", path, *common, *further, tree)
        async with await open_volume(IsoFile(path), file_system="iso9660") as volume:
            catalog = await volume.read_boot_catalog()
            assert catalog is not None
            places = [
                (await volume.find(name)).extents[0][0] for name in ("BOOT.IMG", "EFI.IMG", "FLOPPY.IMG")
            ]
            assert volume.findings == ()
        assert [entry.lba for entry in catalog.entries] == places
        assert [(entry.platform, entry.emulation, entry.load_sectors) for entry in catalog.entries] == [
            (0, 0, 4),
            (0xEF, 0, 16),
            (0, 2, 1),
        ]
