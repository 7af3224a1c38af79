"""Finding drives in a /sys folder."""

from __future__ import annotations

from pathlib import Path

from aioimapi.transport import TargetDescription, list_targets
from aioimapi.transport._sysfs import device_folder, device_type, scan


def add_device(root: Path, address: str, kind: int, block: str | None, generic: str | None) -> None:
    """Lay out a SCSI device as the kernel does: class folders of links, and the device's own folder."""
    device = root / "devices/pci0/host1/target1:0:0" / address
    device.mkdir(parents=True)
    (device / "type").write_text(f"{kind}\n")
    (device / "vendor").write_text("HL-DT-ST\n")
    (device / "model").write_text("BD-RE BU40N     \n")
    (device / "rev").write_text("1.03\n")
    for folder, name, of_class in (("block", block, "block"), ("scsi_generic", generic, "scsi_generic")):
        if name is None:
            continue
        node = device / folder / name
        node.mkdir(parents=True)
        (node / "device").symlink_to(device)
        (root / "class" / of_class).mkdir(parents=True, exist_ok=True)
        (root / "class" / of_class / name).symlink_to(node)
        if folder == "block":
            (node / "queue").mkdir()
            (node / "queue/max_sectors_kb").write_text("512\n")


def test_pairs_come_in_the_order_of_their_numbers_and_disks_are_left_out(tmp_path: Path) -> None:
    add_device(tmp_path, "1:0:0:0", 5, "sr10", "sg2")
    add_device(tmp_path, "2:0:0:0", 5, "sr2", "sg3")
    add_device(tmp_path, "3:0:0:0", 0, "sda", "sg0")
    add_device(tmp_path, "4:0:0:0", 5, None, "sg1")
    add_device(tmp_path, "5:0:0:0", 5, "sr3", None)
    found = scan(str(tmp_path))
    assert [(target.name, target.generic_node) for target in found] == [
        ("/dev/sr2", "/dev/sg3"),
        ("/dev/sr3", None),
        ("/dev/sr10", "/dev/sg2"),
        ("/dev/sg1", "/dev/sg1"),
    ]
    assert found[0] == TargetDescription(
        "/dev/sr2", "/dev/sr2", "/dev/sg3", "HL-DT-ST", "BD-RE BU40N", "1.03", 512 * 1024
    )


def test_a_system_without_drives_has_an_empty_list(tmp_path: Path) -> None:
    assert scan(str(tmp_path)) == []
    assert isinstance(list_targets(), list)


def test_a_plain_file_has_no_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert device_folder(str(file)) is None
    assert device_type(str(tmp_path)) is None
