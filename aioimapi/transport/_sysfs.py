"""Finding optical drives: the pairs of sr and sg nodes in Linux' /sys."""

from __future__ import annotations

import os
import re
import stat
import sys

import attrs

OPTICAL_DEVICE_TYPE = 5
"""The peripheral device type of a CD/DVD/BD drive (SPC-4 6.4.2, MMC-6)."""


@attrs.frozen
class TargetDescription:
    """A drive as the operating system lists it; nobody has asked the drive itself.

    Attributes:
        name: What to open: the sr node, or the sg node of a drive without one.
        block_node: The block device (``/dev/sr0``), or None where the sr driver has not taken the drive.
        generic_node: The SCSI generic device (``/dev/sg1``), or None where the sg driver is not loaded.
        vendor: From the drive's INQUIRY when the kernel found it.
        product: As ``vendor``.
        revision: As ``vendor``.
        max_transfer_bytes: The most that one command may move by the block queue's limits, or None if not
            known.
    """

    name: str
    block_node: str | None
    generic_node: str | None
    vendor: str = ""
    product: str = ""
    revision: str = ""
    max_transfer_bytes: int | None = None


def list_targets() -> list[TargetDescription]:
    """List the optical drives that the operating system knows, in the order of their numbers.

    Returns:
        One description for each; an empty list where there are none, or on systems other than Linux.
    """
    return scan("/sys") if sys.platform == "linux" else []


def scan(sys_root: str) -> list[TargetDescription]:
    """List the drives below a /sys folder."""
    found: dict[str, TargetDescription] = {}
    for folder, prefix in (("class/block", "sr"), ("class/scsi_generic", "sg")):
        for entry in sorted(_names(f"{sys_root}/{folder}"), key=_number):
            device = f"{sys_root}/{folder}/{entry}/device"
            if entry.startswith(prefix) and _read(f"{device}/type") == str(OPTICAL_DEVICE_TYPE):
                found.setdefault(os.path.realpath(device), describe(device))
    return list(found.values())


def describe(device: str) -> TargetDescription:
    """Describe the drive whose SCSI device folder in /sys is ``device``."""
    block = next(iter(_names(f"{device}/block")), None)
    generic = next(iter(_names(f"{device}/scsi_generic")), None)
    limit = _read(f"{device}/block/{block}/queue/max_sectors_kb") if block else ""
    return TargetDescription(
        name=f"/dev/{block or generic}",
        block_node=f"/dev/{block}" if block else None,
        generic_node=f"/dev/{generic}" if generic else None,
        vendor=_read(f"{device}/vendor"),
        product=_read(f"{device}/model"),
        revision=_read(f"{device}/rev"),
        max_transfer_bytes=int(limit) * 1024 if limit.isdecimal() else None,
    )


def device_folder(path: str, sys_root: str = "/sys") -> str | None:
    """Return the SCSI device's folder in /sys that a device node belongs to, or None where there is none.

    Args:
        path: A node or a link to one, such as ``/dev/cdrom``.
        sys_root: Where /sys is.

    Raises:
        OSError: There is no such node.
    """
    status = os.stat(path)
    kind = "block" if stat.S_ISBLK(status.st_mode) else "char" if stat.S_ISCHR(status.st_mode) else None
    if kind is None:
        return None
    folder = f"{sys_root}/dev/{kind}/{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}/device"
    return folder if os.path.isdir(folder) else None


def device_type(device: str) -> int | None:
    """Return the SCSI peripheral device type of a device folder, or None where it has none."""
    text = _read(f"{device}/type")
    return int(text) if text.isdecimal() else None


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _number(name: str) -> int:
    digits = re.search(r"\d+", name)
    return int(digits.group()) if digits else -1
