"""Makes the golden images under tests/data/read: python tests/tools/make_read_images.py [PYTHON-WITH-PYCDLIB].

Needs genisoimage, xorriso, mkudffs, newfs_udf and udfclient; the tests do not. Each image is kept as its sectors that
are not zeros, beside a list of what was put in, taken from the source tree and not from any reader.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))
from golden import DATA, pack  # noqa: E402

TIME = 1_000_000_000  # 2001-09-09 01:46:40 UTC

PYCDLIB = """
import io, sys, time
time.time = lambda: 1000000000.0
import pycdlib
iso = pycdlib.PyCdlib()
iso.new(interchange_level=3, joliet=3, rock_ridge="1.12", udf="2.60", vol_ident="PYCD")
iso.add_directory("/DIR1", rr_name="dir1", joliet_path="/dir1", udf_path="/dir1")
def add(data, path, rr, joliet, udf):
    iso.add_fp(io.BytesIO(data), len(data), path, rr_name=rr, joliet_path=joliet, udf_path=udf)
add(b"x" * 5000, "/DIR1/FOO.;1", "foo", "/dir1/foo", "/dir1/foo")
iso.add_symlink("/SYM.;1", rr_symlink_name="sym", rr_path="dir1/foo", udf_symlink_path="/sym", udf_target="dir1/foo")
iso.add_symlink("/ABS.;1", rr_symlink_name="abs", rr_path="/a/../b", udf_symlink_path="/abs", udf_target="/a/../b")
add(b"n", "/LONG.;1", "n" * 240, "/" + "n" * 60, "/" + "n" * 240)
add(b"u", "/UNI.;1", "uni", "/\\u00fcn\\u540d", "/\\u00fcn\\u540d")
iso.write(sys.argv[1])
iso.close()
"""


def source_tree(root: Path, *, devices: bool) -> None:
    """Make a tree of hard names, links, a deep path and a directory of several sectors."""
    generator = random.Random(1)
    deep = root.joinpath(*(f"level{n}" for n in range(1, 11)))
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_bytes(b"deep\n")
    (root / "empty").mkdir()
    (root / "zero").touch()
    (root / "hello.txt").write_bytes(b"hello\n")
    (root / "random.bin").write_bytes(generator.randbytes(5000))
    (root / "ünïcödé-名前-😀.txt").write_bytes(b"unicode\n")
    (root / ("n" * 200 + "é" * 20 + ".x")).write_bytes(b"long name\n")
    os.symlink("hello.txt", root / "link")
    os.symlink("/etc/passwd", root / "absolute")
    os.symlink("../../x/../y/./z", root / "relative")
    many = root / "many files"
    many.mkdir()
    for number in range(40):
        (many / f"a file with a longer name, number {number}").write_bytes(b"%d\n" % number)
    os.chmod(root / "hello.txt", 0o4755)
    os.chmod(root / "random.bin", 0o600)
    if devices:
        os.mknod(root / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(root / "disk", stat.S_IFBLK | 0o660, os.makedev(8, 300))
        os.mkfifo(root / "fifo", 0o644)
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (TIME, TIME), follow_symlinks=False)
    os.utime(root, (TIME, TIME))


def describe(root: Path) -> dict[str, dict[str, object]]:
    """List a source tree."""
    result: dict[str, dict[str, object]] = {}
    for path in sorted(root.rglob("*")):
        found = path.lstat()
        kind = stat.S_IFMT(found.st_mode)
        item: dict[str, object] = {
            "kind": oct(kind),
            "mode": found.st_mode & 0o7777,
            "mtime_ns": found.st_mtime_ns,
        }
        if kind == stat.S_IFREG:
            with path.open("rb") as file:
                item["size"] = found.st_size
                item["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        elif kind == stat.S_IFLNK:
            item["target"] = os.readlink(path)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            item["device"] = [os.major(found.st_rdev), os.minor(found.st_rdev)]
        result["/" + str(path.relative_to(root))] = item
    return result


def keep(name: str, image: Path, items: object) -> None:
    """Store an image and what is in it."""
    DATA.mkdir(parents=True, exist_ok=True)
    pack(DATA / f"{name}.sectors.xz", image)
    (DATA / f"{name}.json").write_text(json.dumps(items, ensure_ascii=False, indent=0) + "\n")
    print(name, (DATA / f"{name}.sectors.xz").stat().st_size)  # noqa: T201


def call(*command: str | Path, cwd: Path | None = None, text: str | None = None) -> str:
    """Run a program that must succeed within two minutes."""
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(TIME), TZ="UTC", LC_ALL="C.UTF-8")
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, input=text, env=environment, check=True, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ).stdout  # fmt: skip


def with_udfclient(work: Path, items: Path) -> Path:
    """Make a UDF volume and put a tree into it with udfclient."""
    image = work / "udfclient.udf"
    call("newfs_udf", "-b", "2048", "-s", "20000", "-L", "CLIENT", image)
    listing = call("udfclient", "-b", "2048", image, cwd=items, text="ls\nquit\n")
    found = re.search(r"[0-9a-f]+:[0-9a-f]+:CLIENT:fileset", listing)
    if found is None:
        raise SystemExit("udfclient does not show its volume")
    names = "".join(f"mput {path.name}\n" for path in sorted(items.iterdir()))
    call("udfclient", "-W", "-b", "2048", image, cwd=items, text=f"cd {found[0]}\n{names}sync\nquit\n")
    return image


def main() -> None:
    """Make all images."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tree = work / "tree"
        source_tree(tree, devices=True)
        image = work / "image.iso"
        options = ("-J", "-joliet-long", "-R", "-iso-level", "3")
        call("xorriso", "-as", "mkisofs", *options, "-V", "XORRISO", "-o", image, tree)
        keep("xorriso", image, describe(tree))
        call("genisoimage", *options, "-udf", "-V", "GENISO", "-o", image, tree)
        keep("genisoimage", image, describe(tree))

        big = work / "big"
        big.mkdir()
        with (big / "5 GiB").open("wb") as file:
            for place in (0, 2**31 - 1, 2**32 - 2048 - 4, 2**32 - 1, 5 * 2**30 - 8):
                file.seek(place)
                file.write(b"mark%4d" % (place % 9999))
        (big / "behind").write_bytes(b"behind\n")
        image.unlink()
        call("xorriso", "-as", "mkisofs", *options, "-V", "BIG", "-o", image, big)
        keep("multi-extent", image, {"/5 GiB": {"size": 5 * 2**30}, "/behind": {"size": 7}})
        image.unlink()

        for revision, media in (
            ("1.02", "hd"),
            ("1.50", "cdr"),
            ("2.01", "cdr"),
            ("2.01", "cdrw"),
            ("2.50", "bdr"),
        ):
            with image.open("wb") as file:
                file.truncate(8 << 20)
            call(
                "mkudffs",
                f"--media-type={media}",
                f"--udfrev={revision}",
                "--label=Läbel",
                "-b",
                "2048",
                image,
            )
            if media in ("cdr", "bdr"):  # a disc ends with its virtual allocation table
                data = image.read_bytes().rstrip(b"\0")
                image.write_bytes(data + bytes(-len(data) % 2048))
            keep(f"mkudffs-{revision}-{media}", image, {})
            image.unlink()

        items = work / "items"
        source_tree(items, devices=False)
        for path in items.rglob("*"):
            if path.is_symlink():
                path.unlink()
        (items / "many files").rename(items / "many")  # its command line takes no spaces
        keep("udfclient", with_udfclient(work, items), describe(items))
        if len(sys.argv) > 1:
            call(sys.argv[1], "-c", PYCDLIB, image)
            keep("pycdlib", image, {})


if __name__ == "__main__":
    main()
