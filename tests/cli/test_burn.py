"""``burn``, ``verify``, ``read``, ``ls`` and ``extract`` on virtual drives, as a user runs them."""

from __future__ import annotations

import filecmp
import os
import re
from pathlib import Path

import pytest

from .command import Ended, Run

KINDS = ["cd-r", "dvd+r", "dvd+rw", "bd-r", "bd-re"]


def url(name: str, media: str = "bd-r", **options: str) -> str:
    """Return the URL of a virtual drive."""
    query = "".join(f"&{key}={value}" for key, value in options.items())
    return f"virtual:{name}?media={media.replace('+', '%2B')}{query}"


def same_tree(left: Path, right: Path) -> bool:
    """Compare two trees: names, kinds, contents, links."""
    names = sorted(os.listdir(left))
    if names != sorted(os.listdir(right)):
        return False
    for name in names:
        one, other = left / name, right / name
        if one.is_symlink():
            if os.readlink(one) != os.readlink(other):
                return False
        elif one.is_dir():
            if not same_tree(one, other):
                return False
        elif not filecmp.cmp(one, other, shallow=False):
            return False
    return True


def assert_unlocked(run: Run, drive: str) -> None:
    """The drive can be used at once: its lock and its files were given back."""
    assert run("media", drive).code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_there_and_back_again(run: Run, work: Path, kind: str) -> None:
    drive = url("disc", kind)
    burned = run("burn", "photos", "--drive", drive)
    assert burned.code == 0
    assert re.search(r"^Written +yes", burned.out, re.MULTILINE)
    assert re.search(r"^Verified +yes, full: ", burned.out, re.MULTILINE)
    assert re.search(r"^Digest +blake3 [0-9a-f]{64}$", burned.out, re.MULTILINE)
    assert run("read", drive, "-o", "copy.iso").code == 0
    assert run("verify", drive, "copy.iso").code == 0
    assert run("extract", drive, "-o", "back").code == 0
    assert same_tree(work / "photos", work / "back")
    assert run("extract", "copy.iso", "-o", "again").code == 0
    assert same_tree(work / "photos", work / "again")


def test_the_disc_is_the_image_byte_for_byte(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert run("image", "photos", "-o", "photos.iso").code == 0
    assert run("burn", "photos", "--drive", url("one")).code == 0
    assert run("burn", "photos.iso", "--drive", url("two")).code == 0
    for name in ("one", "two"):
        assert run("read", f"virtual:{name}", "-o", f"{name}.iso").code == 0
        assert (work / f"{name}.iso").read_bytes() == (work / "photos.iso").read_bytes()


def test_read_to_standard_output_leaves_no_room_for_json(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("disc")).code == 0
    ended = run("read", "virtual:disc", "-o", "-", "--json")
    assert ended.code == 2


def test_the_sources_of_a_burn_go_where_they_are_put(run: Run, work: Path) -> None:
    assert run("burn", "photos", "n/=notes.txt", "--drive", url("disc")).code == 0
    listed = run("ls", "virtual:disc", "--json")
    paths = {line["path"]: line for line in listed.lines if line["event"] == "entry"}
    assert {"/photos/2026/Düne, früh.jpg", "/n/notes.txt", "/photos/empty"} <= set(paths)
    assert paths["/photos/latest"]["target"] == "2026"
    assert paths["/n/notes.txt"]["size"] == 6


def test_ls_as_a_person_reads_it(run: Run, work: Path) -> None:
    run("image", "photos", "-o", "photos.iso")
    ended = run("ls", "photos.iso", "2026")
    (line,) = ended.out.splitlines()
    assert line.startswith("-rw-")
    assert line.endswith("/2026/Düne, früh.jpg")
    assert "179202" in line
    plain = run("ls", "photos.iso", "--fs", "iso9660").out
    assert "/INDEX.TXT" in plain


def test_names_that_would_drive_the_terminal_are_escaped(run: Run, work: Path) -> None:
    (work / "photos" / "a\x1b[2Jb").write_text("x")
    run("image", "photos", "-o", "photos.iso")
    ended = run("ls", "photos.iso")
    assert "\x1b" not in ended.out + ended.err
    assert "/a\\x1b[2Jb" in ended.out


def test_dvd_plus_r_is_closed_unless_it_is_to_be_left_open(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("closed", "dvd+r")).code == 0
    assert run("media", "virtual:closed", "--json").result["result"]["state"] == "closed"
    assert run("burn", "photos", "--drive", url("open", "dvd+r"), "--leave-open").code == 0
    assert run("media", "virtual:open", "--json").result["result"]["state"] == "appendable"
    assert run("burn", "photos", "--drive", url("bd", "bd-r"), "--close").code == 0
    assert run("media", "virtual:bd", "--json").result["result"]["state"] == "closed"


@pytest.mark.parametrize(("verify", "verified"), [("none", None), ("quick", True), ("full", True)])
def test_written_closed_and_verified_are_told_apart(
    run: Run, work: Path, verify: str, verified: bool | None
) -> None:
    result = run("burn", "photos", "--drive", url("disc"), "--verify", verify, "--json").result["result"]
    (drive,) = result["drives"]
    report = drive["report"]
    assert (report["written"], report["closed"], report["verified"]) == (True, False, verified)
    assert report["sectors"] == result["image"]["sectors"]
    assert (drive["exit_code"], drive["error"]) == (0, None)


def test_progress_is_told_as_json(run: Run, work: Path) -> None:
    ended = run("burn", "photos", "--drive", url("disc"), "--json")
    progress = [line for line in ended.lines if line["event"] == "progress"]
    phases = list(dict.fromkeys(line["phase"] for line in progress))
    assert phases[0] == "validating media"
    assert {"writing data", "verifying"} <= set(phases)
    assert phases[-1] == "completed"
    writing = [line for line in progress if line["phase"] == "writing data"]
    assert writing[-1]["done"] == writing[-1]["total"] > 0


def test_eject_afterwards(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("disc"), "--eject", "-v").err.count("START STOP UNIT") >= 1


# --- many drives -----------------------------------------------------------------------------------


def test_many_drives_at_once(run: Run, work: Path) -> None:
    drives = [url(f"disc{number}") for number in range(4)]
    ended = run("burn", "photos", *(f"--drive={drive}" for drive in drives), "--json")
    assert ended.code == 0
    outcomes = ended.result["result"]["drives"]
    assert [outcome["drive"] for outcome in outcomes] == drives
    assert all(outcome["report"]["verified"] for outcome in outcomes)
    assert len({outcome["report"]["digest"] for outcome in outcomes}) == 1


def test_one_of_eight_dies_half_way(run: Run, work: Path) -> None:
    (work / "photos" / "big").write_bytes(os.urandom(4 << 20))
    drives = [url(f"disc{number}") for number in range(7)]
    dying = url("dying", fault="3/0c/00@write:20")
    ended = run("burn", "photos", *(f"--drive={drive}" for drive in [*drives, dying]), "--json")
    assert ended.code == 5
    outcomes = {outcome["drive"]: outcome for outcome in ended.result["result"]["drives"]}
    assert all(outcomes[drive]["report"]["verified"] for drive in drives)
    assert outcomes[dying]["exit_code"] == 1
    assert outcomes[dying]["error"]["type"] == "RecordingError"
    assert outcomes[dying]["report"]["written"] is False
    assert 0 < outcomes[dying]["error"]["sectors_written"] < outcomes[dying]["report"]["sectors"]
    assert "write error (3/0C/00)" in ended.err
    assert ended.err.count("aioimapi: error:") == 1


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("virtual:disc", "virtual:disc", "--drive virtual:disc is given twice; each drive burns one disc"),
        ("virtual:disc", "virtual:./disc?readonly", "is given twice (as virtual:disc, too)"),
        ("/dev/sr7", "/dev/../dev/sr7", "is given twice (as /dev/sr7, too)"),
    ],
)
def test_a_drive_that_is_named_twice(run: Run, work: Path, first: str, second: str, message: str) -> None:
    ended = run("burn", "photos", "--drive", first, "--drive", second)
    assert ended.code == 2
    assert message in error_line(ended)


@pytest.mark.parametrize("option", [["--volume", "N"], ["--fs", "udf"], ["--changed", "pad"]])
def test_options_of_an_image_do_not_fit_an_image_that_is_there(
    run: Run, work: Path, option: list[str]
) -> None:
    assert run("image", "photos", "-o", "photos.iso").code == 0
    ended = run("burn", "photos.iso", "--drive", url("disc"), *option)
    assert ended.code == 2
    assert "photos.iso is an image already" in error_line(ended)


def test_a_disc_that_holds_something_has_no_way_out_but_another(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("disc")).code == 0
    ended = run("burn", "photos", "--drive", "virtual:disc")
    assert ended.code == 3
    assert error_line(ended).endswith("use a blank disc; this version adds no sessions")


def test_a_drive_that_dies_is_told_at_once(run: Run, work: Path) -> None:
    (work / "photos" / "big").write_bytes(os.urandom(2 << 20))
    dying, slow = url("dying", fault="3/0c/00@write:3"), url("slow", physics="on", opc_s="0", sync_s="0.5")
    ended = run("burn", "photos", "--drive", slow, "--drive", dying, "--json")
    lines = ended.lines
    (told,) = (n for n, line in enumerate(lines) if line["event"] == "outcome" and line["drive"] == dying)
    assert (lines[told]["exit_code"], lines[told]["error"]["type"]) == (1, "RecordingError")
    assert any(line.get("name") == slow and line["phase"] == "verifying" for line in lines[told:])
    outcomes = [line for line in lines if line["event"] == "outcome"]
    assert {line["drive"]: line["exit_code"] for line in outcomes} == {dying: 1, slow: 0}


def test_a_drive_that_dies_is_told_at_once_in_plain_lines(run: Run, work: Path) -> None:
    (work / "photos" / "big").write_bytes(os.urandom(2 << 20))
    dying, slow = (
        url("dying", fault="3/0c/00@write:3"),
        url("slow", physics="on", opc_s="0", sync_s="0.5", close_s="0"),
    )
    ended = run("burn", "photos", "--drive", slow, "--drive", dying)
    lines = ended.err.splitlines()
    (told,) = (n for n, line in enumerate(lines) if line.startswith("aioimapi: error: "))
    assert dying in lines[told]
    assert "virtual:slow: verifying" in "\n".join(lines[told:])


def test_several_drives_as_a_person_reads_them(run: Run, work: Path) -> None:
    ended = run("burn", "photos", "--drive", url("good"), "--drive", url("bad", fault="3/0c/00@write:1"))
    assert ended.code == 5
    good, bad, summary = ended.out.split("\n\n")
    assert summary == "1 of 2 drives did all that was asked for; not: virtual:bad\n"
    assert re.search(r"^Verified +yes", good, re.MULTILINE)
    assert re.search(r"^Ended by +.*write error", bad, re.MULTILINE)


# --- what goes wrong -------------------------------------------------------------------------------


def error_line(ended: Ended) -> str:
    """Return the one error line; nothing like a traceback is beside it."""
    lines = [line for line in ended.err.splitlines() if line.startswith("aioimapi: error: ")]
    assert len(lines) == 1
    assert "Traceback" not in ended.err
    return lines[0]


@pytest.mark.parametrize(
    ("drive", "code", "message"),
    [
        ("virtual:", 3, "there is no disc in the drive"),
        ("virtual:blank?tray_open", 3, "tray"),
        ("virtual:full", 3, "the DVD+R is closed"),
        ("virtual:rewritable", 3, "(--overwrite does)"),
        ("virtual:blank?readonly", 3, "write-protected"),
        ("virtual:small", 3, "sectors"),
        ("virtual:nothing", 3, "There is no virtual disc"),
        ("gopher:disc", 3, "no transport for 'gopher' URLs"),
        ("/dev/sr77", 3, "there is no /dev/sr77"),
        ("/dev/zero", 3, "/dev/zero is not an optical drive"),
    ],
)
def test_a_disc_or_drive_that_does_not_suit_is_refused(
    run: Run, work: Path, drive: str, code: int, message: str
) -> None:
    assert run("virtual", "new", "blank", "--media", "bd-r").code == 0
    assert run("burn", "photos", "--drive", url("full", "dvd+r")).code == 0
    assert run("burn", "photos", "--drive", url("rewritable", "bd-re")).code == 0
    assert run("virtual", "new", "small", "--media", "bd-r", "--sectors", "1024").code == 0
    with (work / "photos" / "big").open("wb") as big:
        big.truncate(3 << 20)
    ended = run("burn", "photos", "--drive", drive, "--json")
    assert ended.code == code
    assert message in error_line(ended)
    assert not any(line.get("phase") == "writing data" for line in ended.lines)
    for disc in ("blank", "full", "rewritable", "small"):
        assert_unlocked(run, f"virtual:{disc}")


def test_too_small_tells_both_numbers(run: Run, work: Path) -> None:
    run("virtual", "new", "small", "--media", "bd-r", "--sectors", "1024")
    with (work / "photos" / "big").open("wb") as big:
        big.truncate(3 << 20)
    error = run("burn", "photos", "--drive", "virtual:small", "--json").result["result"]["drives"][0]["error"]
    assert error["type"] == "DiscTooSmallError"
    assert error["free"] == 1024 < error["needed"]


def test_overwriting_is_allowed_on_demand(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("disc", "bd-re")).code == 0
    assert run("burn", "notes.txt", "--drive", "virtual:disc", "--overwrite").code == 0
    assert "/notes.txt" in run("ls", "virtual:disc").out


def test_a_busy_drive_is_told(run: Run, work: Path) -> None:
    from aioimapi.virtual import VirtualMedium

    run("virtual", "new", "disc", "--media", "bd-r")
    with VirtualMedium.open("disc"):
        ended = run("burn", "photos", "--drive", "virtual:disc")
    assert ended.code == 3
    assert "is in another virtual drive" in error_line(ended)


def test_a_disc_without_rights_is_told(run: Run, photos_of_nobody: Path) -> None:
    ended = run("burn", "photos/index.txt", "--drive", "virtual:disc")
    assert ended.code == 3
    assert "/disc cannot be opened: Permission denied" in error_line(ended)


def test_the_disc_may_not_lie_in_its_own_source(run: Run, work: Path) -> None:
    ended = run("burn", "photos", "--drive", url("photos/disc"))
    assert ended.code == 3
    assert "photos/disc lies inside the source photos" in error_line(ended)
    assert not (work / "photos" / "disc").exists()


def test_a_drive_named_twice_is_a_mistake(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("a"), "--drive", url("a")).code == 2
    assert not (work / "a").exists()


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        ("3/0c/00@write:2", 1, "write error (3/0C/00)"),
        ("unplug@write:2", 1, "unplugged"),
        ("hang@sync:1", 1, "no answer in"),
        ("3/0c/00@sync:1", 1, "(3/0C/00)"),
        ("5/72/03@close:1", 1, "5/72/03"),
        ("lie@write:2", 4, "does not read back as the image"),
        ("corrupt@lba:40-41", 4, "does not read back as the image"),
        ("3/11/05@read.lba:33", 4, "does not read back as the image"),
        ("unplug@read:3", 4, "unplugged"),
    ],
)
def test_a_failing_burn_is_told_in_one_line_and_lets_go_of_the_drive(
    run: Run, work: Path, fault: str, code: int, message: str
) -> None:
    ended = run("burn", "photos", "--drive", url("disc", fault=fault, time_scale="0"), "--json")
    assert ended.code == code
    assert message in error_line(ended)
    (outcome,) = ended.result["result"]["drives"]
    assert outcome["report"]["written"] is (code == 4)
    assert outcome["error"]["message"] == ended.result["error"]["message"]
    assert_unlocked(run, "virtual:disc")


def test_a_short_wait_is_no_failure(run: Run, work: Path) -> None:
    assert run("burn", "photos", "--drive", url("disc", fault="notready:3@write:2")).code == 0


def test_verify_names_the_files_that_differ(run: Run, work: Path) -> None:
    run("image", "photos", "-o", "photos.iso")
    extents = next(
        line["extents"]
        for line in run("ls", "photos.iso", "--json").lines
        if line.get("path") == "/2026/Düne, früh.jpg"
    )
    first = extents[0][0]
    assert (
        run("burn", "photos.iso", "--drive", url("disc", fault=f"corrupt@lba:{first}"), "--verify=none").code
        == 0
    )
    ended = run("verify", "virtual:disc", "photos.iso", "--json")
    assert ended.code == 4
    error = ended.result["error"]
    assert error["type"] == "VerificationError"
    assert error["ranges"] == [[first, 1]]
    assert error["files"] == ["/2026/Düne, früh.jpg"]
    text = run("verify", "virtual:disc", "photos.iso")
    assert re.search(r"^Verified +FAILED \(full\): 1 sector", text.out, re.MULTILINE)


def test_a_source_that_changes_is_named(run: Run, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aioimapi.image import FileSystemImage, ImagePlan

    original = FileSystemImage.plan

    async def plan(image: FileSystemImage) -> ImagePlan:
        planned = await original(image)
        with (work / "photos" / "index.txt").open("a") as index:
            index.write("it grows after it was planned\n")
        return planned

    monkeypatch.setattr(FileSystemImage, "plan", plan)
    ended = run("burn", "photos", "--drive", url("disc"))
    assert ended.code == 1
    assert "index.txt" in error_line(ended)
    ended = run("image", "photos", "-o", "o.iso")
    assert ended.code == 1
    assert "--changed pad" in error_line(ended)
    assert not (work / "o.iso").exists()
    (work / "photos" / "index.txt").write_text("one picture\n")
    assert run("image", "photos", "-o", "o.iso", "--changed", "pad").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ls", "nothing.iso"], 3, "nothing.iso"),
        (["ls", "notes.txt"], 1, "no file system"),
        (["ls", "virtual:blank"], 3, "blank"),
        (["ls", "good.iso", "/nowhere"], 3, "nowhere"),
        (["extract", "nothing.iso", "-o", "out"], 3, "nothing.iso"),
        (["extract", "good.iso", "-o", "notes.txt"], 3, "notes.txt is no folder"),
        (["read", "virtual:blank", "-o", "o.iso"], 3, "blank"),
        (["read", "virtual:good", "-o", "notes.txt"], 3, "--force"),
        (["read", "virtual:good", "-o", "missing/o.iso"], 3, "there is no folder missing"),
        (
            ["read", "virtual:good?readonly", "-o", "good", "--force"],
            3,
            "is the disc in virtual:good?readonly itself",
        ),
        (["read", "virtual:good", "-o", "./good.state", "--force"], 3, "is the disc in virtual:good itself"),
        (["burn", "good.state", "--drive", "virtual:good"], 3, "the image would hold itself"),
        (["read", "virtual:good", "-o", "o.iso", "--sectors", "99999999"], 3, "cannot be read"),
        (["read", "virtual:good", "-o", "o.iso", "--sectors", "1", "--all"], 2, "exclude each other"),
        (["verify", "virtual:good", "nothing.iso"], 3, "nothing.iso"),
        (["verify", "virtual:blank", "good.iso"], 3, "blank"),
        (["verify", "virtual:", "good.iso"], 3, "there is no disc"),
    ],
)
def test_reading_what_cannot_be_read(
    run: Run, work: Path, arguments: list[str], code: int, message: str
) -> None:
    run("virtual", "new", "blank", "--media", "bd-r")
    run("burn", "photos", "--drive", url("good"))
    run("image", "photos", "-o", "good.iso")
    before = sorted(os.listdir(work))
    ended = run(*arguments)
    assert ended.code == code
    assert message in error_line(ended)
    assert sorted(os.listdir(work)) == before


def test_extract_keeps_what_is_there_and_says_so(run: Run, work: Path) -> None:
    run("image", "photos", "-o", "photos.iso")
    (work / "out").mkdir()
    (work / "out" / "index.txt").write_text("mine")
    ended = run("extract", "photos.iso", "-o", "out")
    assert ended.code == 1
    assert "warning: /index.txt was left out" in ended.err
    assert "1 entry could not be extracted" in error_line(ended)
    assert (work / "out" / "index.txt").read_text() == "mine"
    assert run("extract", "photos.iso", "-o", "out", "--force").code == 0
    assert same_tree(work / "photos", work / "out")


def test_extract_one_folder(run: Run, work: Path) -> None:
    run("image", "photos", "-o", "photos.iso")
    assert run("extract", "photos.iso", "/2026", "-o", "out").code == 0
    assert os.listdir(work / "out") == ["Düne, früh.jpg"]


def test_an_image_is_not_extracted_over_itself(run: Run, work: Path) -> None:
    (work / "inner").mkdir()
    (work / "inner" / "outer.iso").write_text("not the image")
    assert run("image", "inner", "-o", "outer.iso").code == 0
    before = (work / "outer.iso").read_bytes()
    for path in ("/", "/outer.iso"):
        ended = run("extract", "outer.iso", path, "-o", ".", "--force")
        assert ended.code == 3
        assert "outer.iso would be replaced by the file of that name in it" in error_line(ended)
    assert (work / "outer.iso").read_bytes() == before
    assert run("extract", "outer.iso", "-o", "elsewhere", "--force").code == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_what_nobody_expected_is_one_line(
    run: Run, work: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    from aioimapi.image import FileSystemImage

    async def plan(image: FileSystemImage) -> None:
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr(FileSystemImage, "plan", plan)
    ended = run("plan", "photos", *(["--json"] if as_json else []))
    assert ended.code == 1
    said = "internal error: ZeroDivisionError: division by zero; please report it (run with -vv for the traceback)"
    assert ended.err == f"aioimapi: error: {said}\n"
    if as_json:
        assert ended.result["error"] == {"type": "ZeroDivisionError", "message": said}
    assert "Traceback" in run("plan", "photos", "-vv").err
