"""``aioimapi plan`` and ``aioimapi image``, as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .command import Run, start

pytestmark = pytest.mark.timeout(60)

FILE_SYSTEMS = ["iso9660", "joliet", "rockridge", "udf"]


def left_over(folder: Path) -> list[str]:
    """What no command may leave behind."""
    return [
        name for name in os.listdir(folder) if name.endswith((".partial", ".tmp")) or name.startswith(".")
    ]


def test_plan_tells_size_file_systems_and_what_changes(run: Run, work: Path) -> None:
    ended = run("plan", "photos")
    assert ended.code == 0
    assert "Volume        photos" in ended.out
    assert "ISO 9660, Joliet, Rock Ridge, UDF 1.02" in ended.out
    assert "4 files in 1 folder" in ended.out


def test_plan_and_image_agree_to_the_sector(run: Run, work: Path) -> None:
    planned = run("plan", "photos", "--json").result["result"]
    made = run("image", "photos", "-o", "out.iso", "--json").result["result"]
    assert planned["file_systems"] == made["file_systems"] == FILE_SYSTEMS
    assert planned["sectors"] * 2048 == planned["size_bytes"] == (work / "out.iso").stat().st_size
    assert (planned["files"], planned["directories"]) == (4, 2)


def test_an_image_boots_what_the_command_line_says(run: Run, work: Path) -> None:
    (work / "photos" / "loader.bin").write_bytes(b"\x90" * 64 + b"\xfb\xc0\x78\x70" + b"\x90" * 5000)
    (work / "efi.img").write_bytes(b"efi" * 1000)
    (work / "mbr.bin").write_bytes(b"\xfa" * 432)
    arguments = [
        *("--boot", "bios=loader.bin,info-table,id=A MAKER,segment=0x1000"),
        *("--boot", "uefi=efi.img,hidden", "--boot-catalog", "boot.cat"),
        *("--usb", "gpt", "--mbr", "isolinux=mbr.bin"),
    ]
    made = run("image", "photos", "-o", "out.iso", *arguments)
    assert made.code == 0
    assert "Boots         BIOS, UEFI, from a disc or a USB stick" in made.out
    assert (work / "out.iso").read_bytes()[508:520] == b"\0\0\x55\xaaEFI PART"
    listed = run("ls", "--boot", "out.iso", "--json")
    entries = [line for line in listed.lines if line["event"] == "boot_entry"]
    assert [(line["platform_name"], line["load_sectors"]) for line in entries] == [("BIOS", 4), ("UEFI", 6)]
    assert entries[0]["identifier"] == "A MAKER"
    assert entries[0]["load_segment"] == 0x1000
    assert listed.result["result"]["boot_entries"] == 2
    text = run("ls", "--boot", "out.iso").out.splitlines()
    assert text[0].startswith("  1  BIOS     no emulation ")
    assert run("image", "photos", "-o", "plain.iso").code == 0
    assert run("ls", "--boot", "plain.iso", "--json").result["result"]["boot_catalog"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--boot", "loader.bin"], "is not of the form"),
        (["--boot", "amiga=loader.bin"], "is not of the form"),
        (["--boot", "bios=a,floppy"], "the options of a boot image are"),
        (["--boot", "bios=a,load=all"], "say a number"),
        (["--usb", "gpt"], "need a boot image"),
        (["--boot", "bios=index.txt", "--mbr", "isolinux=index.txt"], "index.txt: "),
        (["--boot", "bios=index.txt", "--mbr", "lilo=x"], "isolinux=FILE"),
        (["--boot", "bios=nothing"], "the image has no file nothing to boot from"),
    ],
)
def test_boot_options_that_make_no_sense_are_refused(
    run: Run, work: Path, arguments: list[str], words: str
) -> None:
    ended = run("plan", "photos", *arguments)
    assert ended.code != 0
    assert words in " ".join(ended.err.split())


def test_options_shape_iso_9660_and_joliet(run: Run, work: Path) -> None:
    long = "l" * 90
    (work / "photos" / long).touch()
    arguments = [
        "--iso-level",
        "1",
        "--no-versions",
        "--joliet-long",
        "--publisher",
        "Me & Co",
        "--preparer",
        "x",
    ]
    arguments += [
        "--copyright-file",
        "index.txt",
        "--application",
        "",
        "--system-id",
        "s",
        "--volume-set",
        "v",
    ]
    planned = run("plan", "photos", "--names", "--json", *arguments)
    names = {line["path"]: line for line in planned.lines if line["event"] == "name"}
    assert (names[f"/{long}"]["iso9660"], names[f"/{long}"]["joliet"]) == ("LLLLLLLL.", long)
    assert names["/index.txt"]["iso9660"] == "INDEX.TXT"
    assert run("image", "photos", "-o", "out.iso", *arguments).code == 0
    primary = (work / "out.iso").read_bytes()[0x8000:0x8800]
    assert primary[318:350].split() == [b"ME", b"&", b"CO"]
    assert primary[574:702] == b" " * 128
    assert primary[702:711] == b"INDEX.TXT"
    ended = run("plan", "photos", "--publisher", "x" * 129)
    assert "129 characters" in ended.err
    assert ended.code != 0


def test_plan_names_shows_what_each_became(run: Run, work: Path) -> None:
    ended = run("plan", "photos", "--names", "--json")
    names = {line["path"]: line for line in ended.lines if line["event"] == "name"}
    assert names["/index.txt"]["iso9660"] == "INDEX.TXT;1"
    assert names["/2026/Düne, früh.jpg"]["udf"] == "Düne, früh.jpg"
    text = run("plan", "photos", "--names").out
    assert "/index.txt\n    ISO 9660: INDEX.TXT;1\n    Joliet: index.txt" in text


def test_an_image_holds_what_it_was_made_of(run: Run, work: Path) -> None:
    ended = run("image", "photos", "-o", "out.iso", "--volume", "TRIP")
    assert ended.code == 0
    assert "Volume        TRIP" in ended.out
    image = (work / "out.iso").read_bytes()
    assert image[0x8001:0x8006] == b"CD001"
    assert image[0x8028:0x802C] == b"TRIP"
    assert (work / "photos" / "2026" / "Düne, früh.jpg").read_bytes() in image
    assert left_over(work) == []


def test_sources_go_where_they_are_put(run: Run, work: Path) -> None:
    ended = run("plan", "photos", "notes.txt", "deep/down/=notes.txt", "a/b=photos", "--names", "--json")
    assert ended.code == 0
    paths = {line["path"] for line in ended.lines if line["event"] == "name"}
    assert {"/photos/index.txt", "/notes.txt", "/deep/down/notes.txt", "/a/b/2026/Düne, früh.jpg"} <= paths


def test_chosen_file_systems(run: Run, work: Path) -> None:
    assert run("plan", "photos", "--fs", "UDF", "--json").result["result"]["file_systems"] == ["udf"]
    assert run("plan", "photos", "--fs", "joliet, iso9660", "--json").result["result"]["file_systems"] == [
        "iso9660",
        "joliet",
    ]


def test_the_same_tree_gives_the_same_bytes(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("a.iso", "b.iso"):
        assert run("image", "photos", "-o", name).code == 0
    assert (work / "a.iso").read_bytes() == (work / "b.iso").read_bytes()


def test_standard_output_gets_the_image_and_nothing_else(work: Path) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    process = start("image", "photos", "-o", "file.iso", env=environment)
    process.communicate(timeout=30)
    piped = subprocess.run(
        [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-"],
        capture_output=True,
        env=environment,
        check=True,
        timeout=30,
    )
    assert piped.stdout == (work / "file.iso").read_bytes()
    assert b"standard output" in piped.stderr


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_by_its_other_names(work: Path, name: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    images = []
    for output in ("-", name):
        with subprocess.Popen(
            [sys.executable, "-m", "aioimapi", "image", "photos", "-o", output],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        ) as process:
            out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert b"standard output" in err
        images.append(out)
    assert images[0] == images[1]
    assert len(images[0]) % 2048 == 0


def test_json_tells_progress_then_one_result(run: Run, work: Path) -> None:
    ended = run("image", "photos", "-o", "out.iso", "--json")
    progress = [line for line in ended.lines if line["event"] == "progress"]
    assert progress[0]["done"] == 0
    assert progress[-1]["done"] == progress[-1]["total"] == ended.result["result"]["sectors"]
    assert ended.result["error"] is None


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["image", "nothing", "-o", "o.iso"], 3, "nothing: no such file or folder"),
        (["image", "photos", "-o", "photos/o.iso"], 3, "lies inside the source photos"),
        (["image", "notes.txt", "-o", "notes.txt", "--force"], 3, "the image would hold itself"),
        (["image", "photos", "x/photos", "-o", "o.iso"], 3, "x/photos: no such file"),
        (["image", "photos", "other/photos", "-o", "o.iso"], 3, "put one elsewhere: NAME=other/photos"),
        (
            ["image", "photos", "-o", "missing/o.iso"],
            3,
            "missing/o.iso: there is no folder missing; make it first",
        ),
        (["image", "photos", "-o", "other"], 3, "is a folder; give the name of a file"),
        (
            ["image", "photos", "-o", "notes.txt"],
            3,
            "notes.txt exists; choose another name, or replace it (--force)",
        ),
        (["image", "/dev/null", "-o", "o.iso"], 3, "is neither a file nor a folder"),
        (["image", "a=", "-o", "o.iso"], 3, "there is no path behind the '='"),
        (["image", "circle", "-o", "o.iso"], 3, "name what it should lead to"),
        (["image", "photos", "-o", "o.iso", "--fs", "ext4"], 2, "ext4: choose of iso9660"),
        (["image", "photos", "-o", "o.iso", "--fs", "joliet"], 3, "ISO 9660"),
        (["image", "photos", "-o", "-", "--json"], 2, "both want standard output"),
        (["image", "disc.iso", "-o", "o.iso"], 2, "is an image already; to put it into one as a file"),
        (["image", "-o", "o.iso"], 2, "Missing argument"),
        (["image", "photos"], 2, "Missing option"),
        (["imagine"], 2, "No such command"),
    ],
)
def test_bad_input_is_one_line_with_cause_and_way_out(
    run: Run, work: Path, arguments: list[str], code: int, message: str
) -> None:
    (work / "disc.iso").write_bytes(bytes(2048))
    (work / "other" / "photos").mkdir(parents=True)
    (work / "circle").symlink_to("circle")
    before = sorted(os.listdir(work))
    ended = run(*arguments)
    assert ended.code == code
    lines = [line for line in ended.err.splitlines() if not line.startswith("Try '")]
    assert lines[-1].startswith("aioimapi: error: ")
    assert message in lines[-1]
    assert "Traceback" not in ended.err
    assert sorted(os.listdir(work)) == before
    assert left_over(work / "photos") == []


def test_an_existing_output_is_kept_without_force(run: Run, work: Path) -> None:
    (work / "o.iso").write_text("precious")
    ended = run("image", "photos", "-o", "o.iso")
    assert ended.code == 3
    assert "--force" in ended.err
    assert (work / "o.iso").read_text() == "precious"
    assert run("image", "photos", "-o", "o.iso", "--force").code == 0
    assert (work / "o.iso").stat().st_size % 2048 == 0


def test_a_refusal_is_json_too(run: Run, work: Path) -> None:
    ended = run("image", "nothing", "-o", "o.iso", "--json")
    assert ended.code == 3
    error = ended.result["error"]
    assert (error["type"], error["path"]) == ("SourceError", "nothing")
    assert ended.result["result"] is None


def test_an_unreadable_source_names_itself(run: Run, photos_of_nobody: Path) -> None:
    ended = run("image", "photos", "-o", "o.iso")
    assert ended.code == 3
    assert "secret: Permission denied" in ended.err
    assert not (photos_of_nobody / "o.iso").exists()


def test_a_full_output_leaves_nothing(work: Path) -> None:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    process = start("image", "photos", "-o", "o.iso", preexec_fn=limit)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "larger than its file system, or the limit of this process, allows" in err
    assert "Traceback" not in err
    assert sorted(os.listdir(work)) == ["notes.txt", "photos"]


def test_a_full_device_is_told(work: Path) -> None:
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    assert process.returncode == 1
    assert "aioimapi: error: no room left" in process.stderr


def test_a_closed_pipe_is_told(work: Path) -> None:
    with (work / "photos" / "big").open("wb") as big:
        big.truncate(64 * 2**20)
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "aioimapi", "image", "photos", "-o", "-"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write_end)
    os.read(read_end, 1000)
    os.close(read_end)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "aioimapi: error: the reader of the output went away" in err
    assert "Traceback" not in err


def test_more_v_shows_the_traceback(run: Run, work: Path) -> None:
    assert "Traceback" in run("image", "nothing", "-o", "o.iso", "-vv").err


def test_folders_without_what_is_excluded_and_with_other_owners(run: Run, work: Path) -> None:
    (work / "patterns").write_text("*.txt\n# a comment\n")
    options = ["--exclude-from", "patterns", "--exclude", "!index.txt", "--uid", "1", "--gid", "2"]
    options += ["--file-mode", "0440", "--folder-mode", "550"]
    before = {
        line["path"] for line in run("plan", "photos", "--names", "--json").lines if line["event"] == "name"
    }
    assert run("image", "photos", "-o", "out.iso", *options).code == 0
    listed = [line for line in run("ls", "out.iso", "--json").lines if line["event"] == "entry"]
    assert {line["path"] for line in listed} - {"/"} == {
        path for path in before if not path.endswith(".txt") or path == "/index.txt"
    }
    assert {(line["uid"], line["gid"]) for line in listed} == {(1, 2)}
    assert {(line["kind"], line["mode"]) for line in listed} == {
        ("file", 0o440),
        ("directory", 0o550),
        ("symlink", 0o777),
    }


def test_patterns_and_modes_that_make_no_sense(run: Run, work: Path) -> None:
    assert run("plan", "photos", "--exclude-from", "nowhere").code == 2
    assert run("plan", "photos", "--file-mode", "0888").code == 2
    assert run("plan", "photos", "--folder-mode", "10000").code == 2
    assert "makes no sense" in run("plan", "photos", "--exclude", "!").err


def test_plan_tells_what_an_image_takes_of_discs(run: Run, work: Path) -> None:
    result = run("plan", "photos", "--media", "BD-RE", "--media", "cd-r", "--media", "bd-re", "--json").result
    bd, cd = result["result"]["media"]
    assert (bd["kind"], bd["fits"], bd["needed"]) == ("bd-re", True, result["result"]["sectors"])
    assert bd["free_without_spares"] - bd["free_with_spares"] == 12_219_392 - 11_826_176
    assert cd["needed"] == result["result"]["sectors"] + 150
    ended = run("plan", "photos", "--media", "all")
    assert ended.code == 0
    assert "On CD-R " in ended.out
    assert "free with the usual spare areas, " in ended.out
    assert run("plan", "photos", "--media", "floppy").code == 2


def test_plan_says_what_is_too_large_for_a_disc(run: Run, work: Path) -> None:
    with open(work / "photos" / "film", "wb") as file:
        file.truncate(5 * 10**9)
    ended = run("plan", "photos", "--media", "dvd+r")
    assert ended.code == 0
    assert "too much" in ended.out
    assert run("plan", "photos", "--media", "dvd+r", "--json").result["result"]["media"][0]["fits"] is False


def test_plan_tells_how_a_tree_is_split(run: Run, work: Path) -> None:
    for number in range(6):
        (work / "photos" / f"{number}.raw").write_bytes(bytes(200_000))
    ended = run("plan", "photos", "--split", "608", "--names", "--json")
    discs = ended.result["result"]["discs"]
    files = [line for line in ended.lines if line["event"] == "file"]
    assert len(discs) > 1
    assert [disc["disc"] for disc in discs] == list(range(1, len(discs) + 1))
    assert all(disc["sectors"] <= 608 for disc in discs)
    assert len(files) == sum(disc["files"] for disc in discs) == 10
    assert files[0]["path"] == discs[0]["first"]
    assert {file["path"] for file in files} >= {f"/{number}.raw" for number in range(6)}
    text = run("plan", "photos", "--split", "608").out
    assert "Disc 1 " in text
    assert "0.raw" in text
    assert "Disc 1 " in run("plan", "photos", "--split", "BD-R").out


def test_splits_that_make_no_sense(run: Run, work: Path) -> None:
    assert run("plan", "photos", "--split", "floppy").code == 2
    assert run("plan", "photos", "--split", "cd-r", "--media", "cd-r").code == 2
    assert run("plan", "photos", "--split", "64").code != 0
