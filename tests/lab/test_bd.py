"""Blu-ray discs in the kernel's hands: it writes files on a BD-RE; growisofs writes clusters of a BD-R again."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from .kernel import in_kernel
from .test_iscsi import serve

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

DEVICES = """
ln -sfn /proc/self/fd /dev/fd
attach >{folder}/attached
device() {{ sed -n "s,^\\(/dev/sr[0-9]*\\) .*:$1\\$,\\1,p" {folder}/attached; }}
"""


def tree(folder: Path, name: str) -> Path:
    """Make a folder with two files of random bytes."""
    made = folder / name
    made.mkdir()
    (made / "large").write_bytes(os.urandom(3_000_000))
    (made / "small").write_bytes(b"small")
    return made


def test_the_kernel_writes_udf_on_a_bd_re_with_bad_sectors(scratch: Path) -> None:
    """The kernel takes a formatted BD-RE for a disk that can be written; spares stand for what is bad."""
    source = tree(scratch, "written")
    script = serve(scratch, [f"virtual:{scratch}/udf?media=bd-re&formatted&wear=bad:300-340,bad:1200"])
    found = in_kernel(
        script
        + DEVICES.format(folder=scratch)
        + f"""
        disc=$(device udf)
        mkudffs --media-type=dvdram --blocksize=2048 "$disc" >/dev/null
        mkdir -p /run/udf
        mount -t udf -o rw "$disc" /run/udf
        cp -r {source} /run/udf/
        umount /run/udf
        mount -t udf -o ro "$disc" /run/udf
        diff -r {source} /run/udf/{source.name} && echo equal
        umount /run/udf
        dvd+rw-mediainfo "$disc" | grep 'Spare Area:'
        dmesg | grep -i 'i/o error' || true
        """,
        timeout_s=150,
    )
    assert "equal" in found.output
    assert "I/O error" not in found.output
    spares = re.search(r"Spare Area: +(\d+)/393216", found.output)
    assert spares, found.output
    assert 0 < 393_216 - int(spares[1]) <= 4 * 32


def test_growisofs_grows_a_bd_r_by_writing_it_again(scratch: Path) -> None:
    """Three sessions, two of which rewrite the volume descriptors: the kernel mounts the whole at once."""
    trees = [tree(scratch, name) for name in ("first", "second", "third")]
    grow = "\n".join(f'growisofs -M "$disc" -R -J -graft-points /{made.name}={made}' for made in trees[1:])
    script = serve(scratch, [f"virtual:{scratch}/pow?media=bd-r"])
    found = in_kernel(
        script
        + DEVICES.format(folder=scratch)
        + f"""
        disc=$(device pow)
        growisofs -Z "$disc" -R -J -graft-points /{trees[0].name}={trees[0]}
        {grow}
        folder=$(mount-image "$disc" iso9660)
        diff -r {trees[0]} "$folder/first" && diff -r {trees[1]} "$folder/second"
        diff -r {trees[2]} "$folder/third" && echo equal
        umount "$folder"
        dvd+rw-mediainfo "$disc"
        """,
        timeout_s=200,
    )
    assert "equal" in found.output
    assert "41h, BD-R SRM+POW" in found.output
    assert re.search(r"Number of Sessions: +1\n", found.output)
    assert re.search(r"Number of Tracks: +4\n", found.output)
    assert "READ CAPACITY:          12088320*2048" in found.output
