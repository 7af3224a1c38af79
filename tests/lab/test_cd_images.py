"""CD images in and out: what cdrdao and cd-info read of an imported CD, and what cdrdao burns of an exported one."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from aioimapi.cd import SectorMode, encode_sectors
from aioimapi.virtual import VirtualMedium, export_sheet, import_sheet

from .command import AIOIMAPI
from .kernel import in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

RAW = 2352
NAMES = ("mixed", "audio")

SCRIPT = """
cd {folder}
{aioimapi} virtual serve mixed audio blank-mixed blank-audio >serve.log 2>&1 &
server=$!
for _ in $(seq 600); do [[ $(grep -c ' iqn' serve.log) -ge 4 ]] && break; sleep 0.1; done
attach | tee nodes
while read -r sr sg rest; do
  name=${{rest##*:}}
  case $name in
    blank-*) timeout 100 cdrdao write -n --force --device $sg --driver generic-mmc ${{name#blank-}}-out.toc ;;
    *)
      timeout 100 cdrdao read-cd --read-raw --device $sg --driver generic-mmc --datafile $name-rip.bin $name-rip.toc
      timeout 60 cdrdao read-toc --device $sg --driver generic-mmc $name-read.toc
      timeout 60 cd-info --no-cddb -q $sr >$name.info 2>&1 || true
      ;;
  esac >$name.log 2>&1
done <nodes
kill $server
wait $server || true
"""


def pattern(lba: int, count: int) -> bytes:
    return b"".join(struct.pack(">Q", at) * 256 for at in range(lba + 1, lba + count + 1))


def sound(first: int, count: int) -> bytes:
    return b"".join(struct.pack("<HH", at & 0xFFFF, at >> 16) * 588 for at in range(first, first + count))


@pytest.fixture(scope="module")
def folder(scratch: Path) -> Path:
    """Two CDs made of cue sheets, written as TOC files, read and burned by cdrdao, all in one boot."""
    data = b"".join(encode_sectors(SectorMode.MODE_1, 0, pattern(0, 600)))
    (scratch / "mixed.bin").write_bytes(data + sound(600, 1_000))
    (scratch / "mixed.cue").write_text(
        'CATALOG 0724385356926\nFILE "mixed.bin" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n'
        "TRACK 02 AUDIO\nFLAGS DCP\nISRC USEM39600078\nPREGAP 00:02:00\nINDEX 01 00:08:00\nINDEX 02 00:10:00\n"
        "TRACK 03 AUDIO\nINDEX 00 00:14:00\nINDEX 01 00:16:00\n"
    )
    (scratch / "audio.bin").write_bytes(sound(0, 1_600))
    (scratch / "audio.cue").write_text(
        'CATALOG 0724385356926\nTITLE "Kunst"\nPERFORMER "Niemand"\nFILE "audio.bin" BINARY\n'
        "TRACK 01 AUDIO\nTITLE Eins\nPERFORMER X\nFLAGS DCP\nISRC USEM39600078\nINDEX 01 00:00:00\nINDEX 02 00:05:00\n"
        "TRACK 02 AUDIO\nTITLE Zwei\nPERFORMER Y\nISRC USEM39600079\nINDEX 00 00:10:00\nINDEX 01 00:12:00\n"
    )
    for name in NAMES:
        import_sheet(scratch / f"{name}.cue", scratch / name)
        with VirtualMedium.open(scratch / name, readonly=True) as medium:
            export_sheet(medium, scratch / f"{name}-out.toc")
        VirtualMedium.create(scratch / f"blank-{name}", "cd-r").close()
    in_kernel(SCRIPT.format(folder=scratch, aioimapi=AIOIMAPI), timeout_s=400)
    return scratch


@pytest.mark.parametrize("name", NAMES)
def test_cdrdao_rips_what_went_out(folder: Path, name: str) -> None:
    rip, out = (folder / f"{name}-rip.bin").read_bytes(), (folder / f"{name}-out.bin").read_bytes()
    if (
        name == "mixed"
    ):  # cdrdao does not read the pregap between data and audio: it writes SILENCE into its file
        out = out[: 600 * RAW] + out[750 * RAW :]
    assert rip == out, (folder / f"{name}.log").read_text()


@pytest.mark.parametrize(("name", "starts"), [("mixed", [0, 750, 1_350]), ("audio", [0, 900])])
def test_cdrdao_and_cd_info_read_the_same_places(folder: Path, name: str, starts: list[int]) -> None:
    shown = (folder / f"{name}.info").read_text()
    rows = re.findall(r"^ +([0-9]+): [0-9:]+ +([0-9]+) +(\w+)", shown, re.MULTILINE)
    assert [int(lba) for track, lba, _ in rows if track != "170"] == starts
    read = (folder / f"{name}-read.toc").read_text()
    assert 'CATALOG "0724385356926"' in read
    assert 'ISRC "USEM39600078"' in read
    assert "START 00:02:00" in read
    if name == "audio":
        assert 'TITLE "Kunst"' in read
        assert 'TITLE "Zwei"' in read


@pytest.mark.parametrize("name", NAMES)
def test_cdrdao_burns_the_same_disc_of_what_went_out(folder: Path, name: str) -> None:
    log = (folder / f"blank-{name}.log").read_text()
    assert "Writing finished successfully" in log, log
    with (
        VirtualMedium.open(folder / name, readonly=True) as ours,
        VirtualMedium.open(folder / f"blank-{name}", readonly=True) as theirs,
    ):
        for mine, other in zip(ours.state.tracks, theirs.state.tracks, strict=True):
            assert (mine.start, mine.end) == (other.start, other.end)
        ends = [track.end or 0 for track in ours.state.tracks]
        for first, end in zip([0, *ends], ends, strict=False):
            for at in range(first, end, 100):
                count = min(100, end - at)
                found = [bytearray(count * 2448) for _ in range(2)]
                for medium, buffer in zip((ours, theirs), found, strict=True):
                    medium.read_raw_into(at, memoryview(buffer))
                mains = [[b[n : n + RAW] for n in range(0, len(b), 2448)] for b in found]
                assert mains[0] == mains[1], (name, at)
    data = (folder / name).read_bytes()
    assert (folder / f"blank-{name}").read_bytes()[: len(data)] == data
