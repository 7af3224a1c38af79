"""Our drives over iSCSI: seen by the kernel and by libiscsi, sixteen at once, the server killed in burns."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .command import AIOIMAPI, aioimapi
from .kernel import CHECKOUT, in_kernel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SECTOR = 2048
CLUSTER = 32 * SECTOR
KILLS = 50

SERVE = """
{aioimapi} virtual serve {discs} {options} >{folder}/serve.log 2>&1 &
server=$!
for _ in $(seq 600); do [[ $(grep -c ' iqn' {folder}/serve.log) -ge {count} ]] && break; sleep 0.1; done
"""
USED = """
awk '/VmHWM/ {{ print "memory", $2 }}' /proc/$server/status
awk '{{ print "ticks", $14 + $15 }}' /proc/$server/stat
"""


def serve(folder: Path, discs: list[str], options: str = "") -> str:
    """Return the commands that start a server, which is then $server."""
    words = " ".join(shlex.quote(disc) for disc in discs)
    return SERVE.format(aioimapi=AIOIMAPI, discs=words, options=options, folder=folder, count=len(discs))


def settings(folder: Path, values: dict[str, str]) -> str:
    """Return the commands that change settings of the kernel's initiator, before anything is attached."""
    lines = "".join(f"{key} = {value}\n" for key, value in values.items())
    return f"""
    cp /etc/iscsi/iscsid.conf {folder}/iscsid.conf
    printf %s {shlex.quote(lines)} >>{folder}/iscsid.conf
    mount --bind {folder}/iscsid.conf /etc/iscsi/iscsid.conf
    """


@contextmanager
def serving(folder: Path, disc: str, *options: str) -> Iterator[str]:
    """Serve a disc on this machine; yield its URL as libiscsi's programs want it."""
    with (
        (folder / "serve-errors.log").open("wb") as errors,
        subprocess.Popen(
            [AIOIMAPI, "virtual", "serve", disc, "--port", "0", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as server,
    ):
        try:
            assert server.stdout is not None
            facts = json.loads(server.stdout.readline())
            yield f"iscsi://127.0.0.1:{facts['port']}/{facts['name']}/0"
        finally:
            server.terminate()


def libiscsi(program: str, *arguments: str) -> str:
    """Run one of libiscsi's programs and return what it said."""
    assert shutil.which(program), f"{program} is missing: tests/lab/setup installs it"
    done = subprocess.run(
        [program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_libiscsi_lists_and_inquires(scratch: Path, loop: str) -> None:
    with serving(scratch, f"virtual:{scratch}/listed-{loop}?media=bd-r&sectors=4096", "--loop", loop) as url:
        portal, _, rest = url.removeprefix("iscsi://").partition("/")
        said = libiscsi("iscsi-ls", f"iscsi://{portal}")
        assert said.split() == [f"Target:{rest.rpartition('/')[0]}", f"Portal:{portal},1"]
        said = libiscsi("iscsi-inq", url)
        assert "Peripheral Device Type:MMC" in said
        assert "Vendor:AIOIMAPI" in said


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_libiscsi_finds_the_protocol_kept(scratch: Path, loop: str) -> None:
    """Numbers in and out of their windows, residuals, data out of order, aborts: libiscsi's own tests of targets."""
    disc = scratch / f"tested-{loop}"
    url = f"virtual:{disc}?media=dvd+r&sectors=40000&attention=no"
    (scratch / "filling").write_bytes(bytes(8 << 20))
    aioimapi("burn", scratch / "filling", "--drive", url, "--verify", "none")  # something to read
    with serving(scratch, url, "--loop", loop) as target:
        said = libiscsi("iscsi-test-cu", "-d", "--test=ALL.iSCSI*", target)
    totals = re.search(r"tests\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", said)
    assert totals, said
    total, ran, passed, failed = map(int, totals.groups())
    assert (ran, failed) == (total, 0), said
    assert passed >= 15


def test_chap_with_the_kernel_and_libiscsi(scratch: Path) -> None:
    (scratch / "secret").write_text("correct horse battery\n")
    (scratch / "own").write_text("staple of the target\n")
    disc = f"virtual:{scratch}/guarded?media=bd-r&sectors=4096"
    options = ["--user", "alice", "--secret-file", f"{scratch}/secret"]
    with serving(scratch, disc, *options) as url:
        assert "Vendor:AIOIMAPI" in libiscsi(
            "iscsi-inq", url.replace("://", "://alice%correct horse battery@")
        )
        assert "Vendor" not in libiscsi("iscsi-inq", url)
        assert "Vendor" not in libiscsi("iscsi-inq", url.replace("://", "://alice%correct horse batterie@"))
    options += ["--own-name", "target", "--own-secret-file", f"{scratch}/own"]
    words = {
        "node.session.auth.authmethod": "CHAP",
        "node.session.auth.username": "alice",
        "node.session.auth.password": "correct horse battery",
        "node.session.auth.username_in": "target",
        "node.session.auth.password_in": "staple of the target",
    }
    discovery = {key.replace("node.session", "discovery.sendtargets"): value for key, value in words.items()}
    run = in_kernel(
        serve(scratch, [disc], " ".join(map(shlex.quote, options)))
        + settings(scratch, {**words, **discovery})
        + "attach\nsg_turs /dev/sg0 || sg_turs /dev/sg0\n",
        folder=scratch,
        check=False,
    )
    assert "/dev/sr0 /dev/sg0 AIOIMAPI" in run.output, run.output + (scratch / "serve.log").read_text()


def test_the_kernel_survives_a_drive_that_hangs_and_one_that_is_unplugged(scratch: Path) -> None:
    """A hang ends with the kernel's abort; an unplugged drive takes its connection away, and the target with it."""
    discs = [
        f"virtual:{scratch}/hangs?media=dvd+rw&formatted&sectors=4096&fault=hang@write:1",
        f"virtual:{scratch}/goes?media=dvd+rw&formatted&sectors=4096&fault=unplug@write:1",
    ]
    run = in_kernel(
        serve(scratch, discs)
        + settings(scratch, {"node.session.timeo.replacement_timeout": "3"})
        + """
        attach >attached
        cat attached
        hangs=$(awk '/hangs$/ { print $2 }' attached) goes=$(awk '/goes$/ { print $2 }' attached)
        for node in $hangs $goes; do sg_turs $node || sg_turs $node; done
        head -c 2048 /dev/zero >sector
        started=$SECONDS
        sg_raw --timeout=5 --send=2048 --infile=sector $hangs 2a 00 00 00 00 00 00 00 01 00 && echo impossible
        echo "the hang took $((SECONDS - started)) s"
        for _ in $(seq 20); do sg_turs $hangs && break; sleep 0.2; done
        sg_turs $hangs && echo "the drive is back"
        sg_raw --timeout=5 --send=2048 --infile=sector $goes 2a 00 00 00 00 00 00 00 01 00 && echo impossible
        started=$SECONDS
        sg_turs $goes 2>&1 | grep -E 'Host_status=0x(01|0f)'  # no connection; none, and no waiting for one
        echo "what came behind the unplugging took $((SECONDS - started)) s"
        sg_turs $hangs && echo "the other one stays"
        """,
        folder=scratch,
        timeout_s=200,
        check=False,
    )
    for line in ("the drive is back", "the other one stays"):
        assert line in run.output, run.output
    assert re.search("Host_status=0x(01|0f)", run.output), run.output
    assert "impossible" not in run.output
    assert "DID_TRANSPORT_DISRUPTED" in run.output  # the WRITE that met the unplugging
    waits = dict(re.findall(r"(hang|unplugging) took (\d+) s", run.output))
    assert set(waits) == {"hang", "unplugging"}
    assert all(int(seconds) < 60 for seconds in waits.values())


def test_a_real_drive_is_shown_to_others(scratch: Path) -> None:
    """The kernel's own /dev/sr0 (a drive that others wrote) is served, attached again, burned and read through us."""
    image = random.Random("real").randbytes(64 * CLUSTER)
    (scratch / "real.iso").write_bytes(image)
    run = in_kernel(
        f"tgt-dvd {scratch}/tgt\n"
        + serve(scratch, ["/dev/sr0"], "--port 3261 --loop trio -v")
        + f"""
        attach 3261
        sg_inq /dev/sr1 | grep -i vendor
        growisofs -dvd-compat -use-the-force-luke=notray -Z /dev/sr1={scratch}/real.iso
        {AIOIMAPI} read /dev/sr1 -o {scratch}/back.iso --sectors {len(image) // SECTOR}
        kill $server
        """,
        folder=scratch,
        timeout_s=200,
        check=False,
    )
    assert run.status == 0, run.output + (scratch / "serve.log").read_text()
    assert "IET" in run.output  # tgt's name for itself, through our front
    assert (scratch / "back.iso").read_bytes() == image
    # Two of tgt's answers to what growisofs asks, as -v tells them.
    said = (scratch / "serve.log").read_text()
    assert re.search(r"/dev/sr0 WRITE \(10\) \[2a .*\] status 00h, residual 0", said)
    assert "status 02h" in said


# --- show 4 -----------------------------------------------------------------------------------------

BURNERS = {
    "growisofs": "growisofs -use-the-force-luke=notray -Z {node}={image}",
    "cdrskin": "cdrskin dev={node} -nopad {image}",
}
JOBS = [
    *[("cdrskin", media) for media in ("cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "bd-r")],
    *[("cdrskin", f"{media}&formatted") for media in ("dvd+rw", "bd-re")],
    *[("growisofs", media) for media in ("dvd-r", "dvd-ram", "dvd+r", "dvd+r-dl", "bd-r")],
    *[("growisofs", f"{media}&formatted") for media in ("dvd-rw", "dvd+rw", "bd-re-dl")],
]


def test_sixteen_targets_are_burned_at_the_same_time(scratch: Path) -> None:
    folder = scratch / "sixteen"
    folder.mkdir()
    assert len(JOBS) == 16
    discs, burns = [], []
    for number, (burner, media) in enumerate(JOBS):
        (folder / f"image-{number}").write_bytes(random.Random(number).randbytes(64 * CLUSTER))
        discs.append(f"virtual:{folder}/disc-{number}?media={media}&sectors=16384&serial=DISC{number}")
        words = BURNERS[burner].format(node="$node", image=f"image-{number}")
        burns.append(
            f"node=$(awk '/:disc-{number}$/ {{ print $1 }}' attached); {words} >log-{number} 2>&1 & burners+=($!)\n"
        )
    run = in_kernel(
        serve(folder, discs)
        + f"attach >attached; wc -l <attached; {USED.format()}"
        + "burners=(); started=$SECONDS\n"
        + "".join(burns)
        + "failed=0; for burner in ${burners[@]}; do wait $burner || failed=$((failed + 1)); done\n"
        + f'echo "failed $failed"; echo "seconds $((SECONDS - started))"; {USED.format()}'
        + "kill $server; wait $server || true",
        folder=folder,
        memory="1G",
        timeout_s=600,
        check=False,
    )
    figures = re.findall(r"^(\w+) (\d+)$", run.output, re.MULTILINE)
    ends = [(folder / f"log-{number}").read_text(errors="replace")[-300:] for number in range(len(JOBS))]
    logs = "".join(f"\n{job}: {end}" for job, end in zip(JOBS, ends, strict=True))
    assert ("failed", "0") in figures, run.output + logs
    unequal = [
        f"{number}: {job}"
        for number, job in enumerate(JOBS)
        if (folder / f"image-{number}").read_bytes() != read_start(folder / f"disc-{number}", 64 * CLUSTER)
    ]
    assert not unequal, logs
    memory = max(int(value) for name, value in figures if name == "memory")
    ticks = [int(value) for name, value in figures if name == "ticks"]
    seconds = next(int(value) for name, value in figures if name == "seconds")
    note = (
        f"16 discs of 4 MiB burned at once in {seconds} s under the lab's kernel: the server took {memory // 1024} MiB "
        f"and {(ticks[1] - ticks[0]) / 100:.1f} s of processor time"
    )
    sys.stdout.write(note + "\n")
    assert memory < 200 * 1024


def read_start(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


# --- show 6 -----------------------------------------------------------------------------------------


@pytest.mark.timeout(1800)
def test_a_server_killed_at_any_moment_of_a_burn_leaves_discs_that_tell_the_truth(scratch: Path) -> None:
    folder = scratch / "kills"
    folder.mkdir()
    sectors = 32 * 32
    (folder / "image.iso").write_bytes(random.Random("kills").randbytes(sectors * SECTOR))
    harness = f"{shlex.quote(sys.executable)} -W error -m tests.lab.iscsi_kills {folder} {KILLS}"
    # Commands of a burner whose server is gone fail at once, instead of waiting two minutes for another server.
    quick = settings(folder, {"node.session.timeo.replacement_timeout": "1"})
    run = in_kernel(f"{quick}{harness}", folder=CHECKOUT, timeout_s=1700, check=False)
    kills = [json.loads(line) for line in run.output.splitlines() if line.startswith('{"kill"')]
    assert len(kills) == KILLS, run.output[-3000:]
    liars = [kill for kill in kills if not kill["true"]]
    assert not liars, [
        (kill, (folder / f"log-{kill['kill']}").read_text(errors="replace")[-1500:]) for kill in liars
    ]
    # The kills met burns of every age, closed discs included, and most of them met data that was acknowledged.
    ages = [kill["says"] / sectors for kill in kills]
    assert sum(0 < age < 1 for age in ages) >= KILLS // 3
    assert sum(kill["acknowledged"] > 0 for kill in kills) >= KILLS // 2
    shown = sorted((kill["says"], kill["acknowledged"], kill["closed"]) for kill in kills)
    sys.stdout.write(f"killed at (the disc says, the burner saw, closed): {shown}\n")
