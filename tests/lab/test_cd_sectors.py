"""Raw sectors as other programs make them, burned raw and at once onto our drive and read back, against ours.

wodim encodes data sectors itself (libedc) where it writes raw, cdrdao does (lec) with its raw driver; with the other
driver our drive encodes. All must come back the same.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from aioimapi import cd
from aioimapi.cd import SectorMode

from .command import AIOIMAPI
from .kernel import in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

COUNT = 310
MODES = {
    "mode1": ("CD_ROM", "MODE1", 2048),
    "mode1raw": ("CD_ROM", "MODE1_RAW", 2352),
    "mode2": ("CD_ROM", "MODE2", 2336),
    "form1": ("CD_ROM_XA", "MODE2_FORM1", 2048),
    "form2": ("CD_ROM_XA", "MODE2_FORM2", 2324),
    "mix": ("CD_ROM_XA", "MODE2_FORM_MIX", 2336),
    "mode2raw": ("CD_ROM_XA", "MODE2_RAW", 2352),
}
DRIVERS = {"sao": "generic-mmc:0x10", "raw": "generic-mmc-raw:0x10"}
WODIM = {"raw16": "-raw16", "raw96r": "-raw96r"}
DISCS = [f"{mode}-{way}" for mode in MODES for way in DRIVERS] + list(WODIM)

SCRIPT = """
cd {folder}
{aioimapi} virtual serve {discs} >serve.log 2>&1 &
server=$!
for _ in $(seq 600); do [[ $(grep -c ' iqn' serve.log) -ge {count} ]] && break; sleep 0.1; done
attach | tee nodes
while read -r sr sg rest; do
  name=${{rest##*:}} name=${{name%.disc}}
  case $name in
    raw16 | raw96r)
      wodim dev=$sg speed=1 -$name gracetime=2 -data mode1.dat  # it refuses what it thinks the processor cannot do
      readom dev=$sg -clone f=$name.clone
      ;;
    *)
      driver=generic-mmc:0x10
      [[ $name == *-raw ]] && driver=generic-mmc-raw:0x10
      cdrdao write -n --force --device $sg --driver $driver ${{name%-*}}.toc
      cdrdao read-cd --read-raw --device $sg --driver generic-mmc:0x10 --datafile $name.rip $name.rip.toc
      ;;
  esac >$name.log 2>&1 </dev/null || echo failed >>$name.log
done <nodes
kill $server
wait $server || true
"""


def meant(mode: str, data: bytes) -> bytes:
    """Return the sectors that must come back: 2,352 bytes each, of mode 2 without forms 2,336."""
    if mode in ("mode1raw", "mode2raw", "mode2"):
        return data
    if mode == "mode1":
        return b"".join(cd.encode_sectors(SectorMode.MODE_1, 0, data))
    if mode == "form1":
        return b"".join(cd.encode_sectors(SectorMode.MODE_2_FORM_1, 0, data, bytes(4)))
    if mode == "form2":
        return b"".join(cd.encode_sectors(SectorMode.MODE_2_FORM_2, 0, data, b"\0\0\x20\0"))
    return b"".join(mixed(at, data[2336 * at : 2336 * (at + 1)]) for at in range(COUNT))


def mixed(lba: int, piece: bytes) -> bytes:
    """Return a sector whose subheader tells its form."""
    mode = cd.form_of(piece)
    return cd.encode_sector(mode, lba, piece[8 : 8 + mode.user_bytes], piece[:4])


def payload(mode: str, size: int) -> bytes:
    """Return what goes into the program: noise, of the mixed and raw ones whole sectors of both forms."""
    noise = random.Random(mode)
    if mode == "mode1raw":
        return b"".join(cd.encode_sectors(SectorMode.MODE_1, 0, noise.randbytes(2048 * COUNT)))
    if mode not in ("mix", "mode2raw"):
        return noise.randbytes(size * COUNT)
    sectors = []
    for lba in range(COUNT):
        head = bytes((1, lba % 3, 0x64 if lba % 3 else 0x08, 0))
        sectors.append(mixed(lba, head * 2 + noise.randbytes(2324)))
    return b"".join(sector[2352 - size :] for sector in sectors)


@pytest.fixture(scope="module")
def folder(scratch: Path) -> Path:
    """All discs, burned and read back in one boot."""
    for mode, (kind, name, size) in MODES.items():
        (scratch / f"{mode}.dat").write_bytes(payload(mode, size))
        (scratch / f"{mode}.toc").write_text(f'{kind}\nTRACK {name}\nDATAFILE "{mode}.dat"\n')
    discs = " ".join(f"'virtual:{name}.disc?media=cd-r'" for name in DISCS)
    script = SCRIPT.format(folder=scratch, aioimapi=AIOIMAPI, discs=discs, count=len(DISCS))
    in_kernel(script, timeout_s=500)
    return scratch


@pytest.mark.parametrize("way", DRIVERS)
@pytest.mark.parametrize("mode", MODES)
def test_sectors_of_cdrdao(folder: Path, mode: str, way: str) -> None:
    name = f"{mode}-{way}"
    log = (folder / f"{name}.log").read_text(errors="replace")
    assert "Writing finished successfully" in log, log
    assert (folder / f"{name}.rip").read_bytes() == meant(mode, (folder / f"{mode}.dat").read_bytes()), log


@pytest.mark.parametrize("name", WODIM)
def test_sectors_of_wodim(folder: Path, name: str) -> None:
    log = (folder / f"{name}.log").read_text(errors="replace")
    assert (folder / f"{name}.clone").exists(), log
    clone = (folder / f"{name}.clone").read_bytes()
    assert len(clone) == COUNT * 2448, log
    sectors = meant("mode1", (folder / "mode1.dat").read_bytes())
    for lba in range(COUNT):
        raw = clone[lba * 2448 : (lba + 1) * 2448]
        assert raw[:2352] == sectors[lba * 2352 : (lba + 1) * 2352], (lba, log)
        # Its subchannel, too, is what ours would be.
        q = cd.Q.parse(cd.channel(raw[2352:], 1))
        assert q == cd.Q.position(4, 1, 1, lba, lba), (lba, raw[2352:].hex(" "))
