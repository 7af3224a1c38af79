"""Boot images by others, and a machine to boot them: QEMU with SeaBIOS or OVMF, its serial port on a pipe."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

MARK = "READ-FROM-THE-IMAGE"
"""What a loader that works shows: the content of ``/mark.txt``, read from the image's file system."""

ISOLINUX = Path("/usr/lib/ISOLINUX")
SYSLINUX = Path("/usr/lib/syslinux/modules/bios")
GRUB = Path("/usr/lib/grub")
OVMF_CODE = Path("/usr/share/OVMF/OVMF_CODE.fd")
OVMF_VARS = Path("/usr/share/OVMF/OVMF_VARS.fd")

_GRUB_SCRIPT = """\
serial --unit=0 --speed=115200
terminal_output serial
search --set=root --file /mark.txt
cat /mark.txt
"""
_GRUB_MODULES = [
    "serial",
    "terminal",
    "iso9660",
    "part_gpt",
    "part_msdos",
    "search",
    "search_fs_file",
    "echo",
    "cat",
]

ISOLINUX_SCRIPT = b"""\
SERIAL 0 115200
PROMPT 0
DEFAULT show
LABEL show
  COM32 cat.c32
  APPEND /mark.txt
"""


def isolinux_files() -> dict[str, Path]:
    """Return the files of isolinux that show a file on the serial port, by their names."""
    modules = {name: SYSLINUX / name for name in ("ldlinux.c32", "libcom32.c32", "cat.c32")}
    return {"isolinux.bin": ISOLINUX / "isolinux.bin", **modules}


def grub_efi(folder: Path) -> Path:
    """Make an EFI system partition whose GRUB shows the mark."""
    program, partition = folder / "bootx64.efi", folder / "efi.img"
    script = folder / "efi.cfg"
    script.write_text(_GRUB_SCRIPT)
    _run("grub-mkimage", "-O", "x86_64-efi", "-p", "/", "-c", script, "-o", program, *_GRUB_MODULES, "normal")
    with partition.open("wb") as file:
        file.truncate(4 << 20)
    _run("mkfs.vfat", "-i", "12345678", partition)
    _run("mmd", "-i", partition, "::/EFI", "::/EFI/BOOT")
    _run("mcopy", "-i", partition, program, "::/EFI/BOOT/BOOTX64.EFI")
    return partition


def grub_bios(folder: Path) -> Path:
    """Make GRUB's image for discs and sticks that start by BIOS; it shows the mark."""
    core, script, image = folder / "core.img", folder / "bios.cfg", folder / "eltorito.img"
    script.write_text(_GRUB_SCRIPT)
    _run(
        *("grub-mkimage", "-O", "i386-pc", "-p", "/", "-c", script, "-o", core),
        *("biosdisk", *_GRUB_MODULES, "normal"),
    )
    image.write_bytes((GRUB / "i386-pc" / "cdboot.img").read_bytes() + core.read_bytes())
    return image


def boot_sector(text: str, partition_type: int = 0) -> bytes:
    """Return a boot sector that writes a text to the serial port and halts; with a partition table if asked for."""
    code = bytes.fromhex("fa31c08ed8be177cfcac84c07406baf803eeebf5f4ebfd") + text.encode() + b"\r\n\0"
    table = bytes(64)
    if partition_type:
        entry = bytes((0x80, 1, 1, 0, partition_type, 1, 32, 0)) + (32).to_bytes(4, "little")
        table = (entry + (2016).to_bytes(4, "little")).ljust(64, b"\0")
    return code.ljust(446, b"\0") + table + b"\x55\xaa"


def boot(image: Path, firmware: str, way: str, expected: str, timeout_s: float = 60) -> str:
    """Start a machine from an image and return what it wrote to its serial port, up to what is expected.

    Args:
        image: The image; it is not changed.
        firmware: ``bios`` or ``uefi``.
        way: ``cd``, ``usb`` or ``disk``.
        expected: The machine is stopped when it wrote this.
        timeout_s: It is stopped after this time, too.
    """
    # KVM of a virtual machine cannot always run BIOSes' 16-bit code, and these boots take seconds without it.
    command = [
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        "-m",
        "256",
        "-nodefaults",
        "-display",
        "none",
        "-serial",
        "stdio",
    ]
    if firmware == "uefi":
        command += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}"]
        command += ["-drive", f"if=pflash,format=raw,snapshot=on,file={OVMF_VARS}"]
    medium = {
        "cd": [f"if=none,id=d,media=cdrom,readonly=on,format=raw,file={image}", "ide-cd,drive=d,bootindex=0"],
        "usb": [f"if=none,id=d,snapshot=on,format=raw,file={image}", "usb-storage,drive=d,bootindex=0"],
        "disk": [f"if=none,id=d,snapshot=on,format=raw,file={image}", "ide-hd,drive=d,bootindex=0"],
    }[way]
    command += ["-device", "qemu-xhci", "-drive", medium[0], "-device", medium[1]]
    machine = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert machine.stdout is not None
    seen = b""
    end = time.monotonic() + timeout_s
    try:
        with DefaultSelector() as selector:
            selector.register(machine.stdout, EVENT_READ)
            while expected.encode() not in seen and selector.select(max(end - time.monotonic(), 0)):
                part = machine.stdout.read1()  # type: ignore[attr-defined]
                if not part:
                    break
                seen += part
    finally:
        machine.kill()
        machine.communicate()
    return seen.decode(errors="replace")


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=60)
