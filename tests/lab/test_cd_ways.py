"""What programs by others do with CDs beyond plain burning: CD-Extra, clone, graphics, packets, partial blanking."""

from __future__ import annotations

import random
import wave
from pathlib import Path

import pytest

from aioimapi import cd

from .command import AIOIMAPI
from .kernel import in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

COUNT = 330
DISCS = {
    "extra": "cd-r",
    "mixed": "cd-r",
    "clone": "cd-r",
    "graphics": "cd-r",
    "packs": "cd-r",
    "parts": "cd-rw",
}

TOCS = {
    "audio": 'CD_DA\nTRACK AUDIO\nFILE "one.wav" 0\nTRACK AUDIO\nPREGAP 0:2:0\nFILE "two.wav" 0\n',
    "data": 'CD_ROM_XA\nTRACK MODE2_FORM1\nDATAFILE "data.bin"\n',
    "graphics": 'CD_DA\nTRACK AUDIO RW_RAW\nDATAFILE "graphics.bin"\n',
    "packs": 'CD_DA\nTRACK AUDIO RW\nDATAFILE "graphics.bin"\n',
}

SCRIPT = """
cd {folder}
{aioimapi} virtual serve {discs} >serve.log 2>&1 &
server=$!
for _ in $(seq 600); do [[ $(grep -c ' iqn' serve.log) -ge {count} ]] && break; sleep 0.1; done
attach | tee nodes
node() {{ grep ":$1.disc\\$" nodes | cut -d' ' -f2; }}
dao() {{ cdrdao "$1" -n --force --driver generic-mmc:0x10 --device "${{@:2}}"; }}
{{
  dao write $(node extra) --multi audio.toc
  dao write $(node extra) data.toc
  cdrskin dev=$(node extra) -toc >extra.list 2>&1
  cdrdao read-cd --device $(node extra) --driver generic-mmc:0x10 --session 1 --datafile extra.audio extra.toc1
  cdrdao read-cd --device $(node extra) --driver generic-mmc:0x10 --session 2 --datafile extra.data extra.toc2
}} >extra.log 2>&1 </dev/null || echo failed >>extra.log
{{
  wodim dev=$(node mixed) gracetime=2 -raw96r mcn=1234567890128 -data data.bin -audio -pad isrc=DEXYZ2600001 one.wav
  readom dev=$(node mixed) -clone f=mixed.clone
  wodim dev=$(node clone) gracetime=2 -raw96r -clone mixed.clone
  readom dev=$(node clone) -clone f=clone.clone
  cd-info --no-device-info --no-cddb -C $(grep ":clone.disc\\$" nodes | cut -d' ' -f1) >clone.info 2>&1 || true
}} >mixed.log 2>&1 </dev/null || echo failed >>mixed.log
for name in graphics packs; do
  mode=rw; [[ $name == graphics ]] && mode=rw_raw
  {{
    dao write $(node $name) $name.toc
    dao read-cd $(node $name) --read-subchan $mode --datafile $name.rip $name.rip.toc
  }} >$name.log 2>&1 </dev/null || echo failed >>$name.log
done
what() {{ sg_raw -r 34 $(node parts) 51 00 00 00 00 00 00 00 22 00 2>&1 | awk '/^ *00 /{{print $4, $6; exit}}'; }}
{{
  wodim dev=$(node parts) gracetime=2 -multi -tao -data data.bin
  wodim dev=$(node parts) gracetime=2 -tao -data data.bin
  echo "written:$(what)" >parts.told
  wodim dev=$(node parts) gracetime=2 blank=session
  echo "session:$(what)" >>parts.told
  wodim dev=$(node parts) gracetime=2 -tao -data data.bin
  wodim dev=$(node parts) gracetime=2 blank=unclose
  echo "unclose:$(what)" >>parts.told
  wodim dev=$(node parts) gracetime=2 -fix
  echo "fixed:$(what)" >>parts.told
  wodim dev=$(node parts) gracetime=2 blank=fast
  wodim dev=$(node parts) gracetime=2 -packet -data data.bin
  echo "packets:$(what)" >>parts.told
  sg_start --eject $(node parts)
  sg_start --load $(node parts)
  cdrskin dev=$(node parts) -toc >packets.list 2>&1
}} >parts.log 2>&1 </dev/null || echo failed >>parts.log
kill $server
wait $server || true
"""


def wav(path: Path, data: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(data)


@pytest.fixture(scope="module")
def folder(scratch: Path) -> Path:
    """All discs, burned and read back in one boot."""
    noise = random.Random(26)
    (scratch / "data.bin").write_bytes(noise.randbytes(2_048 * COUNT))
    for name in ("one", "two"):
        wav(scratch / f"{name}.wav", noise.randbytes(2_352 * COUNT))
    rows = []
    for lba in range(COUNT):
        pack = cd.protected(bytes((9, lba % 64, 0, 0, *(noise.randrange(64) for _ in range(16)), 0, 0, 0, 0)))
        rows.append(noise.randbytes(2_352) + pack * 4)
    (scratch / "graphics.bin").write_bytes(b"".join(rows))
    for name, text in TOCS.items():
        (scratch / f"{name}.toc").write_text(text)
    discs = " ".join(f"'virtual:{name}.disc?media={kind}'" for name, kind in DISCS.items())
    in_kernel(SCRIPT.format(folder=scratch, aioimapi=AIOIMAPI, discs=discs, count=len(DISCS)), timeout_s=400)
    return scratch


def log_of(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text(errors="replace")


def frames(folder: Path, name: str) -> bytes:
    with wave.open(str(folder / f"{name}.wav"), "rb") as file:
        return file.readframes(file.getnframes())


def swapped(data: bytes) -> bytes:
    """cdrdao keeps samples with their high byte first."""
    found = bytearray(data)
    found[::2], found[1::2] = data[1::2], data[::2]
    return bytes(found)


def test_cd_extra(folder: Path) -> None:
    log = log_of(folder, "extra")
    told = (folder / "extra.list").read_text()
    second = 330 + 150 + 330 + 11_400 + 150  # cdrdao puts a pregap behind the next writable address
    assert f"track:   3 lba:     {second}" in told, told + log
    assert "control: 4" in told.split("track:   3")[1].splitlines()[0]
    rows = (folder / "extra.data").read_bytes()  # each with its subheader and its codes
    data = b"".join(rows[at + 8 : at + 8 + 2_048] for at in range(0, len(rows), 2_336))
    assert data == (folder / "data.bin").read_bytes(), log
    pause = bytes(150 * 2_352)
    assert swapped((folder / "extra.audio").read_bytes()) == frames(folder, "one") + pause + frames(
        folder, "two"
    ), log


def test_clone_of_a_mixed_disc(folder: Path) -> None:
    log = log_of(folder, "mixed")
    first = (folder / "mixed.clone").read_bytes()
    assert first == (folder / "clone.clone").read_bytes(), log
    assert (folder / "mixed.clone.toc").read_bytes() == (folder / "clone.clone.toc").read_bytes(), log
    sectors = list(cd.encode_sectors(cd.SectorMode.MODE_1, 0, (folder / "data.bin").read_bytes()))
    assert [first[at * 2_448 : at * 2_448 + 2_352] for at in range(COUNT)] == sectors
    audio = b"".join(first[at : at + 2_352] for at in range(0, len(first), 2_448))
    assert frames(folder, "one") in audio
    info = (folder / "clone.info").read_text(errors="replace")
    assert "1234567890128" in info
    assert "DEXYZ2600001" in info


def test_graphics(folder: Path) -> None:
    sent = (folder / "graphics.bin").read_bytes()
    for name in ("graphics", "packs"):
        got = (folder / f"{name}.rip").read_bytes()
        assert len(got) == len(sent), log_of(folder, name)
        # Packs are spread over eight of their kind: those of the last two sectors lose what lies behind the track.
        for at in range(COUNT - 2):
            mine, theirs = (data[at * 2_448 : (at + 1) * 2_448] for data in (got, sent))
            assert mine[:2_352] == theirs[:2_352], (name, at)
            assert bytes(symbol & 0x3F for symbol in mine[2_352:]) == theirs[2_352:], (name, at)


def test_parts_of_a_cd_rw(folder: Path) -> None:
    told = dict(line.split(":", 1) for line in (folder / "parts.told").read_text().splitlines())
    log = log_of(folder, "parts")
    # READ DISC INFORMATION: erasable, state of the last session, state of the disc; number of sessions.
    assert told == {
        "written": "1e 02",
        "session": "11 02",
        "unclose": "15 02",
        "fixed": "1e 02",
        "packets": "1e 01",
    }, log
    assert "track:   1 lba:         0" in (folder / "packets.list").read_text(), log
