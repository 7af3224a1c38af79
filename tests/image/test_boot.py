"""Images that start machines: what goes where, and what is refused."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aioimapi.errors import BootImageError, ImageError
from aioimapi.fs import FileSystem
from aioimapi.image import (
    BootImage,
    BootOptions,
    Emulation,
    FileSystemImage,
    ImagePlan,
    IsoFile,
    Platform,
    UsbBoot,
    open_volume,
)

pytestmark = pytest.mark.anyio

_TIME = 1_700_000_000_000_000_000
_LOADER = b"\xeb\x3e" + bytes(62) + b"\xfb\xc0\x78\x70" + b"loader " * 500
_PARTITIONED = bytes(446) + b"\x80\x01\x01\x00\x0c" + bytes(11) + bytes(48) + b"\x55\xaa" + b"disk" * 1000


async def _bytes(plan: ImagePlan) -> bytes:
    buffer = memoryview(bytearray(plan.size))
    async with plan.reader() as reader:
        await reader.readinto(0, buffer)
    return bytes(buffer)


def _image(boot: BootOptions, file_systems: frozenset[FileSystem] = frozenset(FileSystem)) -> FileSystemImage:
    image = FileSystemImage("BOOT", time_ns=_TIME, boot=boot, file_systems=file_systems)
    image.root.add_file("boot/loader.bin", _LOADER)
    image.root.add_file("big.bin", b"b" * 100_000)
    image.root.add_file("zz.txt", b"the last")
    return image


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


@pytest.mark.parametrize(
    "file_systems",
    [frozenset(FileSystem), frozenset({FileSystem.ISO9660}), frozenset(FileSystem) - {FileSystem.UDF}],
)
async def test_a_loader_of_the_tree_gets_its_table_and_the_catalog_its_name(
    file_systems: frozenset[FileSystem], tmp_path: Path
) -> None:
    boot = BootOptions(
        images=[
            BootImage(path="/boot/loader.bin", boot_info="table", identifier="A MAKER"),
            BootImage(source=b"an EFI system partition" * 1000, platform=Platform.UEFI),
        ],
        catalog="boot/boot.cat",
    )
    plan = await _image(boot, file_systems).plan()
    path = tmp_path / "x.iso"
    await plan.save(path)
    data = path.read_bytes()
    assert data == await _bytes(plan)
    assert data[17 * 2048 + 7 : 17 * 2048 + 30] == b"EL TORITO SPECIFICATION"
    files = {each.path: each for each in plan.files()}
    assert set(files) == {"/boot/loader.bin", "/boot/boot.cat", "/big.bin", "/zz.txt"}
    assert _u32(data, 17 * 2048 + 0x47) == files["/boot/boot.cat"].first_sector
    lba = files["/boot/loader.bin"].first_sector
    loader = data[lba * 2048 : lba * 2048 + len(_LOADER)]
    assert [_u32(loader, at) for at in (8, 12, 16)] == [16, lba, len(_LOADER)]
    assert loader[64:] == _LOADER[64:]
    async with await open_volume(IsoFile(path)) as volume:
        catalog = await volume.read_boot_catalog()
        assert catalog is not None
        assert catalog.entries == plan.boot_entries
        assert catalog.manufacturer == b"A MAKER"
        first, second = catalog.entries
        assert (first.lba, first.load_sectors, first.platform) == (lba, 4, 0)
        assert (second.load_sectors, second.platform_name) == (45, "UEFI")
        assert data[second.lba * 2048 :].startswith(b"an EFI system partition")
        names = [entry.path async for entry in volume.walk() if not entry.is_directory]
        assert len(names) == 4
        assert volume.findings == ()


async def test_every_sector_is_the_same_however_asked_for() -> None:
    def boot() -> BootOptions:
        images = [
            BootImage(path="boot/loader.bin", boot_info="table"),
            BootImage(source=io.BytesIO(b"efi" * 30_000), platform=Platform.UEFI),
        ]
        return BootOptions(images=images, usb=UsbBoot(code=b"\xfa" * 432))

    plan = await _image(boot()).plan()
    whole = await _bytes(plan)
    assert len(whole) % (1 << 20) == 0
    buffer = memoryview(bytearray(3 * 2048))
    async with plan.reader() as reader:
        for first in [*range(0, 500, 3), *range(plan.sector_count - 300, plan.sector_count - 2)]:
            await reader.readinto(first, buffer)
            assert buffer == whole[first * 2048 : (first + 3) * 2048], first
    assert whole == await _bytes(await _image(boot()).plan())


async def test_a_stick_finds_its_tables_and_udf_its_anchor_before_the_backup() -> None:
    boot = BootOptions(
        images=[
            BootImage(path="boot/loader.bin", boot_info="table"),
            BootImage(source=b"efi" * 30_000, platform=Platform.UEFI),
        ],
        usb=UsbBoot(code=b"\xfa" * 432),
    )
    plan = await _image(boot).plan()
    data = await _bytes(plan)
    last = plan.sector_count - 1
    assert data[:432] == b"\xfa" * 432
    bios, uefi = plan.boot_entries
    assert int.from_bytes(data[432:440], "little") == bios.lba * 4
    assert data[510:520] == b"\x55\xaaEFI PART"
    assert data[-512:-504] == b"EFI PART"
    assert int.from_bytes(data[1024 + 32 : 1024 + 40], "little") == uefi.lba * 4
    anchors = [
        at
        for at in range(plan.sector_count)
        if data[at * 2048 : at * 2048 + 2] == b"\2\0" and _u32(data, at * 2048 + 12) == at
    ]
    assert anchors == [256, last - 256]
    # The partition descriptor (ECMA-167 3/10.5): first sector and length at 188; it ends at the second anchor.
    partition = next(at for at in range(32, 48) if data[at * 2048 : at * 2048 + 2] == b"\5\0") * 2048
    assert _u32(data, partition + 188) + _u32(data, partition + 192) == last - 256
    assert plan.boots_from_usb
    assert [warning.kind for warning in plan.warnings] == []


async def test_images_without_boot_options_have_none() -> None:
    image = FileSystemImage("PLAIN", time_ns=_TIME)
    image.root.add_file("a", b"a")
    plan = await image.plan()
    assert plan.boot_entries == ()
    assert not plan.boots_from_usb
    assert not any((await _bytes(plan))[:32768])


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (1_228_800, Emulation.FLOPPY_1_2),
        (1_474_560, Emulation.FLOPPY_1_44),
        (2_949_120, Emulation.FLOPPY_2_88),
        (1_474_561, Emulation.NONE),
    ],
)
async def test_a_bios_image_of_a_floppys_size_is_a_floppy(size: int, kind: Emulation) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield bytes(size)

    images = [BootImage(source=stream, size=size), BootImage(source=bytes(size), platform=Platform.UEFI)]
    plan = await _image(BootOptions(images=images)).plan()
    first, second = plan.boot_entries
    assert first.emulation == kind
    assert first.load_sectors == (1 if kind else -(-size // 512))
    assert second.emulation == Emulation.NONE


async def test_a_hard_disks_image_tells_its_partitions_type() -> None:
    images = [BootImage(source=_PARTITIONED, emulation=Emulation.HARD_DISK, load_segment=0x7C0)]
    (entry,) = (await _image(BootOptions(images=images)).plan()).boot_entries
    assert (entry.emulation, entry.system_type, entry.load_sectors) == (4, 0x0C, 1)
    assert entry.load_segment == 0x7C0


async def test_a_uefi_image_too_large_to_count_goes_to_the_discs_end() -> None:
    images = [BootImage(source=bytes(65_536 * 512), platform=Platform.UEFI)]
    (entry,) = (await _image(BootOptions(images=images)).plan()).boot_entries
    assert entry.load_sectors == 0


@pytest.mark.parametrize(
    ("boot", "message"),
    [
        (BootImage(path="nothing.bin"), "no file nothing.bin"),
        (BootImage(path="boot"), "no file boot"),
        (BootImage(source=b""), "boot image 1 is empty"),
        (BootImage(source=b"short", emulation=Emulation.FLOPPY_1_44), "1,474,560"),
        (BootImage(source=b"no table" * 100, emulation=Emulation.HARD_DISK), "one partition"),
        (BootImage(source=b"x" * 63, boot_info="table"), "63 bytes"),
        (BootImage(source=b"x" * 2000, boot_info="grub2"), "2,000 bytes"),
        (BootImage(source=bytes(512 * 65_536)), "load_sectors"),
    ],
)
async def test_boot_images_that_cannot_be_used_are_refused(boot: BootImage, message: str) -> None:
    with pytest.raises(BootImageError, match=message):
        await _image(BootOptions(images=[boot])).plan()


async def test_a_stream_cannot_be_read_when_the_image_is_planned() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"x" * 1000

    boot = BootOptions(images=[BootImage(source=stream, size=1000, boot_info="table")])
    with pytest.raises(BootImageError, match="stream"):
        await _image(boot).plan()


async def test_a_stick_needs_what_its_code_starts() -> None:
    usb = UsbBoot(code=b"\xfa" * 432)
    uefi = BootImage(source=b"efi", platform=Platform.UEFI)
    with pytest.raises(BootImageError, match="no boot image for BIOSes"):
        await _image(BootOptions(images=[uefi], usb=usb)).plan()
    with pytest.raises(BootImageError, match="isolinux"):
        await _image(BootOptions(images=[BootImage(source=b"x" * 5000)], usb=usb)).plan()
    plan = await _image(BootOptions(images=[uefi], usb=UsbBoot())).plan()
    data = await _bytes(plan)
    assert not any(data[:440])
    assert not any(data[462:510])


async def test_a_plan_that_failed_can_be_made_again_with_other_options() -> None:
    good = BootImage(path="boot/loader.bin")
    image = _image(BootOptions(images=[good, BootImage(path="later.bin")], catalog="boot.cat"))
    with pytest.raises(BootImageError, match=r"later\.bin"):
        await image.plan()
    image.root.add_file("later.bin", b"here")
    assert len((await image.plan()).boot_entries) == 2


async def test_a_catalogs_path_must_be_free_and_its_folder_there() -> None:
    images = [BootImage(path="boot/loader.bin")]
    with pytest.raises(BootImageError, match="has that already"):
        await _image(BootOptions(images=images, catalog="big.bin")).plan()
    with pytest.raises(BootImageError, match="no folder"):
        await _image(BootOptions(images=images, catalog="absent/boot.cat")).plan()


async def test_el_torito_needs_iso_9660() -> None:
    boot = BootOptions(images=[BootImage(path="boot/loader.bin")])
    with pytest.raises(ImageError, match="El Torito"):
        await _image(boot, frozenset({FileSystem.UDF})).plan()


@pytest.mark.parametrize(
    "make",
    [
        lambda: BootImage(),
        lambda: BootImage(path="a", source=b"a"),
        lambda: BootImage(path="a", identifier="é"),
        lambda: BootImage(path="a", load_segment=65_536),
        lambda: BootImage(path="a", load_sectors=-1),
        lambda: BootImage(path="a", boot_info="grub1"),  # type: ignore[arg-type]
        lambda: BootOptions(images=[]),
        lambda: BootOptions(images=[BootImage(path="a")] * 33),
        lambda: BootOptions(images=[BootImage(path="a", identifier="x" * 25)]),
        lambda: UsbBoot(table="apm"),  # type: ignore[arg-type]
        lambda: UsbBoot(loader="lilo"),  # type: ignore[arg-type]
        lambda: UsbBoot(code=bytes(513)),
    ],
)
def test_options_that_make_no_sense_are_refused_at_once(make: object) -> None:
    assert callable(make)
    with pytest.raises(ImageError):
        make()


async def test_hard_links_of_a_loader_share_its_table(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(_LOADER)
    (tmp_path / "a.bin").hardlink_to(tmp_path / "b.bin")
    image = FileSystemImage("LINKS", time_ns=_TIME)
    image.root.add_tree(tmp_path)
    image.boot = BootOptions(images=[BootImage(path="b.bin", boot_info="table")])
    plan = await image.plan()
    (entry,) = plan.boot_entries
    assert {each.first_sector for each in plan.files()} == {entry.lba}
    data = await _bytes(plan)
    assert _u32(data, entry.lba * 2048 + 12) == entry.lba
