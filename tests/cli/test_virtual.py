"""``virtual new``, ``info``, ``convert``, ``fault`` and ``check``, as a user runs them."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from aioimapi.cli._virtual_discs import KINDS
from aioimapi.virtual import MediumKind, VirtualMedium

from .command import Run, start


def sectors(count: int) -> bytes:
    return b"".join(at.to_bytes(8, "big") * 256 for at in range(count))


def test_the_list_of_kinds_is_whole() -> None:
    assert sorted(KINDS) == sorted(kind.value for kind in MediumKind)


@pytest.mark.parametrize("kind", KINDS)
def test_new_and_info_of_every_kind(run: Run, work: Path, kind: str) -> None:
    made = run("virtual", "new", "disc", "--media", kind, "--sectors", "4096", "--json")
    assert made.code == 0, made.err
    assert made.result["result"]["drive"] == "virtual:disc"
    told = run("virtual", "info", "disc", "--json").result["result"]
    assert told["media"] == kind
    assert told["raw_sectors"] == 4096
    assert told["state"] in ("blank", "closed", "rewritable")
    assert set(told["files"]) == {"disc", "disc.state"}
    assert all(found["on_disk_bytes"] <= 8192 for found in told["files"].values())
    assert run("virtual", "check", "disc").out.endswith(f"a {kind}, is sound\n")


def test_sizes_of_cds(run: Run, work: Path) -> None:
    assert run("virtual", "new", "long", "--media", "cd-r", "--minutes", "99").code == 0
    assert run("virtual", "info", "long", "--json").result["result"]["sectors"] == 445_349
    wrong = run("virtual", "new", "x", "--media", "bd-r", "--minutes", "80")
    assert (wrong.code, "size of a CD" in wrong.err) == (2, True)


def test_formatted(run: Run, work: Path) -> None:
    assert run("virtual", "new", "disc", "--media", "bd-re", "--formatted").code == 0
    told = run("virtual", "info", "disc", "--json").result["result"]
    assert (told["formatted"], told["state"], told["sectors"]) == (True, "rewritable", 11_826_176)


def test_info_is_for_people_too(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    run("virtual", "fault", "disc", "add", "hang@sync:1")
    text = run("virtual", "info", "disc").out
    assert "bd-r, blank" in text
    assert "hang@sync:1" in text
    assert "12,219,391" in text
    with VirtualMedium.open("disc"):
        assert run("virtual", "info", "disc").code == 3
    assert run("virtual", "info", "nothing").code == 3


def test_info_scans_the_quality_of_a_worn_disc(run: Run, work: Path) -> None:
    (work / "image.iso").write_bytes(bytes(range(256)) * 8 * 400)
    assert run("virtual", "convert", "image.iso", "disc", "--media", "dvd+r").code == 0
    fresh = run("virtual", "info", "disc", "--wear", "seed:7", "--json").result["result"]["quality"]
    assert (fresh["verdict"], fresh["names"], fresh["unreadable"]) == ("excellent", ["PI", "PO"], 0)
    text = run("virtual", "info", "disc", "--wear", "bad:100-103").out
    assert "Quality: bad" in text
    assert "1 of them unreadable" in text
    assert "quality" not in run("virtual", "info", "disc", "--json").result["result"]
    assert run("virtual", "info", "disc", "--wear", "rust:3").code == 3


def test_an_image_out_and_in(run: Run, work: Path) -> None:
    Path("x.iso").write_bytes(sectors(500))
    ended = run("virtual", "convert", "x.iso", "disc", "--media", "dvd+r", "--json")
    assert ended.code == 0, ended.err
    assert ended.result["result"]["what"] == "a finished dvd+r"
    assert run("virtual", "convert", "disc", "y.iso").code == 0
    assert Path("y.iso").read_bytes()[: 500 * 2048] == sectors(500)
    again = run("virtual", "convert", "disc", "y.iso")
    assert (again.code, "--force" in again.err) == (3, True)
    assert run("virtual", "convert", "disc", "y.iso", "--force").code == 0
    assert run("virtual", "convert", "disc", "copy").code == 0
    assert run("virtual", "convert", "disc", "other", "--media", "cd-rom").code == 0
    assert run("virtual", "info", "other", "--json").result["result"]["media"] == "cd-rom"
    assert run("read", "virtual:copy", "--all", "-o", "z.iso").code == 0
    assert Path("z.iso").read_bytes() == Path("y.iso").read_bytes()


def test_a_sheet_in_and_out(run: Run, work: Path) -> None:
    Path("a.bin").write_bytes(bytes(range(256)) * (2352 * 400 // 256))
    Path("a.cue").write_text(
        "CATALOG 0724385356926\nTITLE Platte\nFILE a.bin BINARY\nTRACK 01 AUDIO\nTITLE Lied\nISRC USEM39600078\n"
        "INDEX 01 00:00:00\n"
    )
    assert run("virtual", "convert", "a.cue", "disc").code == 0
    text = run("virtual", "info", "disc").out
    assert "audio USEM39600078 Lied" in text
    assert "Catalogue  0724385356926" in text
    told = run("virtual", "info", "disc", "--json").result["result"]
    assert told["texts"] == {"disc": {"title": "Platte"}, "1": {"title": "Lied"}}
    assert told["tracks"][0]["isrc"] == "USEM39600078"
    assert run("virtual", "convert", "disc", "out.cue").code == 0
    assert Path("out.bin").read_bytes() == Path("a.bin").read_bytes()
    assert 'TITLE "Lied"' in Path("out.cue").read_text()
    assert run("virtual", "convert", "disc", "out.toc", "--force").code == 0
    assert "SWAP" not in Path("out.toc").read_text()
    Path("bad.cue").write_text("FILE ../x BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n")
    bad = run("virtual", "convert", "bad.cue", "other")
    assert bad.code == 3
    assert "bad.cue:1: " in bad.err
    assert not Path("other").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x.iso", "disc"], "--media"),
        (["x.iso", "disc", "--media", "bd-r", "--force"], "made of a disc"),
        (["disc", "y", "--outside"], "--outside"),
        (["disc", "y", "--track", "1"], "images and sheets"),
        (["disc", "y.iso", "--session", "1"], "--track"),
        (["disc", "y.cue", "--track", "1"], "--session"),
    ],
)
def test_what_does_not_go_together(run: Run, work: Path, arguments: list[str], words: str) -> None:
    Path("x.iso").write_bytes(sectors(400))
    run("virtual", "new", "disc", "--media", "cd-r")
    ended = run("virtual", "convert", *arguments)
    assert (ended.code, words in ended.err) == (2, True), ended.err


def test_faults_stay_with_the_disc(run: Run, work: Path) -> None:
    run("virtual", "new", "disc", "--media", "bd-r")
    assert run("virtual", "fault", "disc", "list").out == "nothing is to go wrong\n"
    added = run("virtual", "fault", "disc", "add", "3/0c/00@write:2", "hang@sync:9", "--json")
    assert added.result["result"]["faults"] == ["3/0c/00@write:2", "hang@sync:9"]
    burned = run("burn", "photos", "--drive", "virtual:disc", "--json")
    assert burned.code == 1
    assert "write error" in burned.err
    assert run("virtual", "fault", "disc", "clear", "hang@sync:9").out == "3/0c/00@write:2\n"
    assert run("virtual", "fault", "disc", "clear", "hang@sync:9").code == 2
    assert run("virtual", "fault", "disc", "clear").code == 0
    assert run("virtual", "fault", "disc", "list").out == "nothing is to go wrong\n"
    assert run("virtual", "fault", "disc", "add").code == 2
    assert run("virtual", "fault", "disc", "list", "hang@sync:9").code == 2
    wrong = run("virtual", "fault", "disc", "add", "explode@write:1")
    assert (wrong.code, "not understood" in wrong.err) == (3, True)


def test_check_and_repair(run: Run, work: Path) -> None:
    Path("x.iso").write_bytes(sectors(500))
    run("virtual", "convert", "x.iso", "disc", "--media", "bd-r")
    sidecar = Path("disc.state")
    sidecar.write_bytes(sidecar.read_bytes()[:90])
    refused = run("read", "virtual:disc", "-o", "y.iso")
    assert refused.code == 3
    assert "virtual check" in refused.err
    found = run("virtual", "check", "disc", "--json")
    assert found.code == 1
    assert found.result["result"]["sound"] is False
    assert "--media" in found.result["result"]["problems"][0]["problem"]
    assert run("virtual", "check", "disc", "--repair").code == 3
    repaired = run("virtual", "check", "disc", "--repair", "--media", "bd-r")
    assert repaired.code == 0
    assert "disc.state.bak" in repaired.out
    assert run("virtual", "check", "disc").code == 0
    assert run("read", "virtual:disc", "--all", "-o", "y.iso").code == 0
    assert Path("y.iso").read_bytes().startswith(sectors(500))


def test_ctrl_c_stops_a_conversion_and_leaves_no_disc(work: Path) -> None:
    Path("long.toc").write_text("CD_ROM_XA\nTRACK MODE2_RAW\nZERO 70:00:00\n")
    with start("virtual", "convert", "long.toc", "disc", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        assert Path("disc.state").exists()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["exit_code"] == 130
    assert not list(work.glob("disc*"))
