"""Drives that do things in their own way and discs that are worn, as the kernel and growisofs see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aioimapi.virtual import VirtualMedium

from .kernel import in_kernel
from .test_iscsi import serve

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

SECTORS = 2_000
BAD = 1_500

SCRIPT = """
cd {folder}
{serve}
attach >drives
node() {{ awk -v name=":$1\\$" '$0 ~ name {{ print $'$2' }}' drives; }}
reload() {{
  sg_start --eject $(node $1 2)
  blockdev --getsz $(node $1 1) >/dev/null 2>&1 || true
  sg_start --load $(node $1 2)
  sg_turs $(node $1 2) >/dev/null 2>&1 || sg_turs $(node $1 2)
}}
echo "tgt-like: $(growisofs -dvd-compat -Z $(node tgt 1)=payload 2>&1 | grep -c 'closing disc')"
reload tgt
cmp -n $(stat -c %s payload) payload $(node tgt 1) && echo "tgt-like: equal"
growisofs -Z $(node worn 1)=payload >/dev/null 2>&1
reload worn
cmp -n $((2048 * {bad})) payload $(node worn 1) && echo "worn: equal up to the bad sector"
sg_raw -r 2048 $(node worn 2) 28 00 00 00 05 dc 00 00 01 00 2>&1 | grep -o 'Medium Error\\|Info fld=[^ ]*' || true
dd if=$(node worn 1) of=/dev/null bs=2048 skip={bad} count=1 2>&1 | grep -o 'Input/output error' || true
sg_start --eject $(node slim 2) || sg_start --eject $(node slim 2)
sg_start --load $(node slim 2) || echo "slim: not by command"
sg_vpd -p sn $(node slim 2) | tail -1
dmesg | grep 'sr[0-9]'
"""


def test_quirks_and_wear_as_other_programs_see_them(scratch: Path) -> None:
    (scratch / "payload").write_bytes(b"".join(number.to_bytes(8, "big") * 256 for number in range(SECTORS)))
    discs = [
        f"virtual:{scratch}/tgt?media=dvd%2Br&quirk=no-events,no-reserve,rom-after-close",
        f"virtual:{scratch}/worn?media=dvd%2Brw&wear=bad:{BAD}",
        f"virtual:{scratch}/slim?media=bd-r&quirk=slim,attention-after-close,short-sense",
        f"virtual:{scratch}/slow?media=cd-r&quirk=slow-start",
    ]
    script = SCRIPT.format(folder=scratch, serve=serve(scratch, discs), bad=BAD)
    said = in_kernel(script, folder=scratch, timeout_s=200).output
    assert "tgt-like: 1" in said
    assert "tgt-like: equal" in said
    assert "worn: equal up to the bad sector" in said
    assert "Input/output error" in said
    assert "slim: not by command" in said
    assert re.search(r"serial number: VIRTUAL[0-9A-F]{8}", said)
    # A drive that is not ready for some seconds is still asked what it can do.
    assert len(re.findall(r"scsi3-mmc drive: \d+x/\d+x writer dvd-ram cd/rw xa/form2 cdda tray", said)) == 4
    assert re.search(r"ASC=0x11 ASCQ=0x5", said)
    wrong = {line for line in said.splitlines() if re.search(r"critical|I/O error", line)}
    # The kernel counts 512 bytes a sector, and reads in pages ahead of what was asked for.
    sectors = {
        int(found[1]) // 4 for found in re.finditer(r"critical medium error, dev \w+, sector (\d+)", said)
    }
    assert BAD in sectors
    assert all("medium error" in line or "Buffer I/O error" in line for line in wrong)


STARVED = """
cd {folder}
{serve}
attach >drives
node() {{ awk -v name=":$1\\$" '$0 ~ name {{ print $'$2' }}' drives; }}
for way in burnfree noburnfree; do
  # The host stops in the middle, for longer than the drive's buffer lasts.
  (head -c 3000000 payload; sleep 3; tail -c +3000001 payload) |
    timeout 100 cdrskin dev=$(node $way 1) fs=1m -tao driveropts=$way tsize=$(stat -c %s payload) - >said 2>&1 &&
    echo "$way: burned" || echo "$way: failed"
  tr '\\r' '\\n' <said | grep -i 'fatal\\|sorry' || true
done
"""


def test_a_host_that_is_too_slow_ruins_a_cd_without_protection(scratch: Path) -> None:
    payload = b"".join(number.to_bytes(8, "big") * 256 for number in range(SECTORS))
    (scratch / "payload").write_bytes(payload)
    discs = [
        f"virtual:{scratch}/{name}?media=cd-r&physics=real&buffer_kib=256&finalize_s=1&close_s=1&opc_s=0"
        for name in ("burnfree", "noburnfree")
    ]
    script = STARVED.format(folder=scratch, serve=serve(scratch, discs))
    said = in_kernel(script, folder=scratch, timeout_s=200).output
    assert {"burnfree: burned", "noburnfree: failed"} <= set(said.splitlines())
    assert "[3 0C 09]" in said  # write error, loss of streaming
    assert (scratch / "burnfree").read_bytes()[: len(payload)] == payload
    with VirtualMedium.open(scratch / "noburnfree") as ruined:
        assert 0 < ruined.state.tracks[0].next_lba < SECTORS
        assert ruined.state.tracks[0].closed
