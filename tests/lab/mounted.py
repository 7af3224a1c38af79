"""Mounts an image under the lab's kernel as each of its file systems and writes down what is there, in one boot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .compare import Tree, load_tree, snapshot_command
from .kernel import in_kernel


@dataclass(frozen=True)
class Mount:
    """One way to mount an image: the file system of the kernel, and its options."""

    name: str
    file_system: str
    options: str = ""


ROCK_RIDGE = Mount("rock-ridge", "iso9660", "nojoliet")
JOLIET = Mount("joliet", "iso9660", "norock,iocharset=utf8")
ISO = Mount("iso9660", "iso9660", "norock,nojoliet,map=off")
UDF = Mount("udf", "udf", "iocharset=utf8")
ALL_MOUNTS = (ROCK_RIDGE, JOLIET, ISO, UDF)


def mount_commands(device: str, mounts: Sequence[Mount], scratch: Path, *, sample: bool = False) -> str:
    """Return shell commands that mount a device in each way and write down each tree."""
    lines = []
    for mount in mounts:
        lines += [
            f"folder=$(mount-image {device} {mount.file_system} {mount.options})",
            snapshot_command('"$folder"', scratch / f"{mount.name}.jsonl", sample=sample),
            'umount "$folder"',
        ]
    # what the kernel says of a file system that it mounted counts too; udf's tries of other block sizes do not
    lines.append(
        "echo KERNEL-SAYS; dmesg | grep -E 'ISOFS|isofs|ISO ?9660|rock:|UDF-fs|Buffer I/O|blk_update|I/O error' || true"
    )
    return "\n".join(lines)


def kernel_complaints(output: str) -> list[str]:
    """Return what the kernel said against the mounted file systems."""
    said = output.partition("KERNEL-SAYS\n")[2].splitlines()
    return [line for line in said if line.startswith("[") and not any(text in line for text in HARMLESS)]


TOLD = "ISOFS|isofs|ISO ?9660|rock:|UDF-fs|I/O error"

HARMLESS = (
    "INFO Mounting volume",  # udf's greeting
    "udf_load_vrs: No anchor found",  # udf tries blocks of 512 and 1024 bytes first
    "udf_load_vrs: No VRS found",
    "Scanning with blocksize",
    "ISO 9660 Extensions:",  # isofs' greetings
)


def walk_image(
    image: Path, mounts: Sequence[Mount], scratch: Path, *, timeout_s: int = 100, sample: bool = False
) -> tuple[dict[str, Tree], list[str]]:
    """Mount an image in each way under the kernel, and look at all of it or, with ``sample``, at a part of what is big.

    Returns:
        The tree of each mount by its name, and what the kernel complained of.
    """
    commands = mount_commands("/dev/ubdb", mounts, scratch, sample=sample)
    run = in_kernel(commands, images=[image], timeout_s=timeout_s)
    return {mount.name: load_tree(scratch / f"{mount.name}.jsonl") for mount in mounts}, kernel_complaints(
        run.output
    )
