"""Discs made of images and CD sheets, and made into them: bit for bit, both ways."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.cd import (
    CdText,
    SectorMode,
    TextKind,
    encode_sectors,
    lay_out,
    parse_cue_file,
    parse_toc_file,
)
from aioimapi.errors import (
    DiscBlankError,
    DiscTooSmallError,
    DriveBusyError,
    ImageFormatError,
    OutputError,
    OutputExistsError,
    OutputFullError,
    SheetError,
    SourceError,
    VirtualMediumError,
)
from aioimapi.virtual import (
    MediumKind,
    VirtualMedium,
    VirtualTarget,
    check_medium,
    copy_disc,
    export_image,
    export_sheet,
    import_image,
    import_sheet,
)
from aioimapi.virtual.discs._cd import CdDisc

from .host import Host, pattern

CDRDAO, CD_INFO, BCHUNK, CUECONVERT = (
    shutil.which(name) for name in ("cdrdao", "cd-info", "bchunk", "cueconvert")
)
RAW = 2352


def host_of(path: Path) -> Host:
    return Host(VirtualTarget(VirtualMedium.open(path), attention=False))


def audio(first: int, count: int) -> bytes:
    """Sectors of samples that tell their own place."""
    return b"".join(struct.pack("<HH", at & 0xFFFF, at >> 16) * 588 for at in range(first, first + count))


def read_cd(host: Host, lba: int, count: int) -> bytes:
    """Whole sectors as READ CD gives them."""
    cdb = bytes((0xBE, 0)) + struct.pack(">i", lba) + count.to_bytes(3, "big") + b"\xf8\0\0"
    buffer = bytearray(count * RAW)
    reply = host.raw(cdb, buffer)
    assert reply.status == 0, reply.sense.hex()
    return bytes(buffer[: reply.transferred])


def disc_of(host: Host) -> VirtualMedium:
    """The disc in a drive, which has been looked at enough."""
    medium = host.target.medium
    assert medium is not None
    return medium


def cd_of(medium: VirtualMedium) -> CdDisc:
    assert isinstance(medium.state, CdDisc)
    return medium.state


def wave(data: bytes) -> bytes:
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 176_400, 4, 16)
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


# --- images -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind.value for kind in MediumKind])
def test_an_image_becomes_a_disc_of_any_kind_and_an_image_again(tmp_path: Path, kind: str) -> None:
    image = tmp_path / "x.iso"
    image.write_bytes(pattern(0, 1_000) + b"the end")
    told: list[tuple[int, int]] = []
    disc = tmp_path / "disc"
    import_image(image, disc, kind, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1_001, 1_001)
    assert check_medium(disc).sound
    assert disc.read_bytes()[: image.stat().st_size] == image.read_bytes()
    host = host_of(disc)
    assert host.disc().status in (2, 3)
    assert host.read(0, 1_000) == pattern(0, 1_000)
    assert host.read(1_000, 1) == b"the end".ljust(2048, b"\0")
    host.target.close()
    with VirtualMedium.open(disc, readonly=True) as medium:
        assert export_image(medium, tmp_path / "y.iso") >= 1_001
    again = (tmp_path / "y.iso").read_bytes()
    assert again.startswith(image.read_bytes())
    assert not again[image.stat().st_size :].strip(b"\0")
    assert again == disc.read_bytes()[: len(again)].ljust(len(again), b"\0")


def test_what_was_never_written_behind_the_data_is_not_in_the_image(tmp_path: Path) -> None:
    for kind, format_ in (("bd-re", True), ("dvd+rw", True), ("bd-r", False)):
        host = Host(
            VirtualTarget(VirtualMedium.create(tmp_path / kind, kind, formatted=format_), attention=False)
        )
        if kind == "bd-r":
            host.format(0x00, 11_826_176)  # with pseudo-overwrite all of it can be read
        host.write(0, 64)
        host.sync()
        with disc_of(host) as medium:
            assert export_image(medium, tmp_path / f"{kind}.iso") == 64
        assert (tmp_path / f"{kind}.iso").read_bytes() == pattern(0, 64)


def test_holes_stay_holes(tmp_path: Path) -> None:
    image = tmp_path / "x.iso"
    with image.open("wb") as file:
        file.write(pattern(0, 32))
        file.seek(200_000 * 2048)
        file.write(pattern(200_000, 32))
    import_image(image, tmp_path / "disc", "dvd+r")
    assert (tmp_path / "disc").stat().st_blocks * 512 < 4 << 20
    host = host_of(tmp_path / "disc")
    assert host.read(200_000, 32) == pattern(200_000, 32)
    assert host.read(100_000, 2) == bytes(4096)
    host.target.close()


def test_what_makes_no_disc_leaves_none(tmp_path: Path) -> None:
    image = tmp_path / "x.iso"
    image.write_bytes(pattern(0, 400))
    empty = tmp_path / "empty.iso"
    empty.touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ImageFormatError, match="empty"):
        import_image(empty, tmp_path / "disc", "cd-r")
    with pytest.raises(SourceError, match="cannot be opened"):
        import_image(tmp_path / "none", tmp_path / "disc", "cd-r")
    with pytest.raises(DiscTooSmallError, match="do not fit"):
        import_image(image, tmp_path / "disc", "bd-r", disc_sectors=300)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_image(image, tmp_path / "disc", "bd-r", progress=stop)
    with pytest.raises(VirtualMediumError, match="no virtual medium"):
        import_image(image, tmp_path / "disc", "tape")
    with pytest.raises(VirtualMediumError, match="not empty"):
        import_image(image, image, "bd-r")
    assert sorted(tmp_path.iterdir()) == before
    assert image.read_bytes() == pattern(0, 400)


def test_a_disc_is_copied_to_its_kind_and_to_another(tmp_path: Path) -> None:
    old = tmp_path / "old"
    host = Host(VirtualTarget(VirtualMedium.create(old, "dvd+r"), attention=False))
    host.write(0, 40)
    with pytest.raises(DriveBusyError):
        copy_disc(old, tmp_path / "new")
    host.target.close()
    with pytest.raises(DiscBlankError):
        copy_disc(old, tmp_path / "new", "bd-r")
    copy_disc(old, tmp_path / "same")
    host = host_of(tmp_path / "same")
    assert host.track(1).nwa == 40
    host.close(2)
    host.target.close()
    copy_disc(tmp_path / "same", tmp_path / "other", "bd-re")
    host = host_of(tmp_path / "other")
    assert host.read(0, 40) == pattern(0, 40)
    host.target.close()


@pytest.mark.parametrize("kind", ["cd-r", "dvd-r", "dvd+r", "bd-r"])
def test_sessions_keep_their_addresses_in_an_image(tmp_path: Path, kind: str) -> None:
    host = Host(VirtualTarget(VirtualMedium.create(tmp_path / "disc", kind), attention=False))
    if kind in ("cd-r", "dvd-r"):
        host.select(write_type=1 if kind == "cd-r" else 0, multi_session=3)
    starts: list[int] = []
    for _ in range(2):
        start = host.track(0xFF if kind != "bd-r" else len(starts) + 1).nwa
        assert start is not None
        starts.append(start)
        host.write(start, 320)
        host.sync()
        if kind == "cd-r":
            host.select(write_type=1, multi_session=3)
        host.close(2)
    with disc_of(host) as medium:
        count = export_image(medium, tmp_path / "x.iso")
        second = export_image(medium, tmp_path / "second.iso", track=2)
    image = (tmp_path / "x.iso").read_bytes()
    assert len(image) == count * 2048
    for start in starts:
        assert image[start * 2048 : (start + 320) * 2048] == pattern(start, 320)
    assert not image[320 * 2048 : starts[1] * 2048].strip(b"\0")
    assert second >= 320
    assert (tmp_path / "second.iso").read_bytes()[: 320 * 2048] == pattern(starts[1], 320)


# --- sheets -------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A CD with a data track, two audio tracks, numbers, texts and an index."""
    data = b"".join(encode_sectors(SectorMode.MODE_1, 0, pattern(0, 600)))
    (tmp_path / "game.bin").write_bytes(data + audio(600, 1_000))
    sheet = tmp_path / "game.cue"
    sheet.write_text(
        'CATALOG 0724385356926\nTITLE "Große Kunst"\nPERFORMER "Niemand"\nFILE "game.bin" BINARY\n'
        "  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n"
        '  TRACK 02 AUDIO\n    TITLE "Eins"\n    FLAGS DCP\n    ISRC USEM39600078\n    PREGAP 00:02:00\n'
        "    INDEX 01 00:08:00\n    INDEX 02 00:10:00\n"
        '  TRACK 03 AUDIO\n    TITLE "Zwei"\n    INDEX 00 00:14:00\n    INDEX 01 00:16:00\n'
    )
    return sheet


def test_a_mixed_cd_of_a_cue_sheet(tmp_path: Path, mixed: Path) -> None:
    disc = tmp_path / "disc"
    import_sheet(mixed, disc)
    assert check_medium(disc).sound
    host = host_of(disc)
    toc = host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.TOC, 0))
    rows = [struct.unpack(">xBBxI", toc[at : at + 8]) for at in range(4, len(toc), 8)]
    assert rows == [(0x14, 1, 0), (0x12, 2, 750), (0x10, 3, 1_350), (0x10, 0xAA, 1_750)]
    assert host.read(0, 600) == pattern(0, 600)
    assert read_cd(host, 0, 600) == (tmp_path / "game.bin").read_bytes()[: 600 * RAW]
    assert read_cd(host, 750, 1_000) == audio(600, 1_000)
    assert not any(read_cd(host, 600, 150))
    assert disc.read_bytes()[: 600 * 2048] == pattern(0, 600)  # so that it can be mounted
    with disc_of(host) as medium:
        state = cd_of(medium)
        assert state.finalized
        assert [track.isrc for track in state.cd_tracks] == ["", "USEM39600078", ""]
        assert state.cd_tracks[1].indexes == [900]
        assert state.leads[0].catalog == "0724385356926"


@pytest.mark.parametrize("ending", ["cue", "toc"])
def test_a_mixed_cd_goes_out_and_comes_back(tmp_path: Path, mixed: Path, ending: str) -> None:
    import_sheet(mixed, tmp_path / "disc", "cd-rom")
    out = tmp_path / f"out.{ending}"
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, out)
        with pytest.raises(OutputExistsError):
            export_sheet(medium, out)
        export_sheet(medium, out, force=True)
        first = medium.state
    text = out.read_text()
    assert "0724385356926" in text
    assert "USEM39600078" in text
    assert "Eins" in text
    assert not list(tmp_path.glob("*.part"))
    import_sheet(out, tmp_path / "again", "cd-rom")
    with VirtualMedium.open(tmp_path / "again", readonly=True) as medium:
        assert medium.state == first
    assert (tmp_path / "again").read_bytes() == (tmp_path / "disc").read_bytes()
    assert (tmp_path / "again.raw").read_bytes() == (tmp_path / "disc.raw").read_bytes()


def test_cooked_sectors_and_an_image_of_the_data_track(tmp_path: Path, mixed: Path) -> None:
    import_sheet(mixed, tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, tmp_path / "c.cue", cooked=True)
        assert export_image(medium, tmp_path / "data.iso") == 600
        with pytest.raises(VirtualMediumError, match="audio"):
            export_image(medium, tmp_path / "audio.iso", track=2)
        with pytest.raises(VirtualMediumError, match="no track 4"):
            export_image(medium, tmp_path / "audio.iso", track=4)
    assert "MODE1/2048" in (tmp_path / "c.cue").read_text()
    assert (tmp_path / "c.bin").read_bytes() == pattern(0, 600) + bytes(150 * RAW) + audio(600, 1_000)
    assert (tmp_path / "data.iso").read_bytes() == pattern(0, 600)


def test_sectors_with_errors_are_kept_as_they_are(tmp_path: Path) -> None:
    data = bytearray(b"".join(encode_sectors(SectorMode.MODE_1, 0, pattern(0, 400))))
    data[350 * RAW + 2_070] ^= 0xFF  # in the EDC: some games look for such sectors
    (tmp_path / "a.bin").write_bytes(data)
    (tmp_path / "a.cue").write_text("FILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n")
    import_sheet(tmp_path / "a.cue", tmp_path / "disc")
    host = host_of(tmp_path / "disc")
    assert read_cd(host, 0, 400) == data
    assert host.read(0, 400) == pattern(0, 400)
    host.target.close()


def test_mode_2_with_forms(tmp_path: Path) -> None:
    form_2 = bytes((1, 2, 0x20, 0)) * 2
    data = b"".join(encode_sectors(SectorMode.MODE_2_FORM_1, 0, pattern(0, 300)))
    data += b"".join(encode_sectors(SectorMode.MODE_2_FORM_2, 300, bytes(range(256)) * 2324, form_2))
    (tmp_path / "xa.bin").write_bytes(data)
    (tmp_path / "xa.cue").write_text("FILE xa.bin BINARY\nTRACK 01 MODE2/2352\nINDEX 01 00:00:00\n")
    import_sheet(tmp_path / "xa.cue", tmp_path / "disc")
    host = host_of(tmp_path / "disc")
    assert read_cd(host, 0, 556) == data
    assert host.read(0, 300) == pattern(0, 300)
    assert (tmp_path / "disc").read_bytes()[: 300 * 2048] == pattern(0, 300)
    with disc_of(host) as medium:
        assert cd_of(medium).leads[0].disc_type == 0x20
        export_sheet(medium, tmp_path / "out.cue")
        with pytest.raises(VirtualMediumError, match="form 2"):
            export_image(medium, tmp_path / "out.iso")
    assert (tmp_path / "out.bin").read_bytes() == data
    assert not list(tmp_path.glob("out.iso*"))


def test_byte_orders_and_wave_files(tmp_path: Path) -> None:
    plain = audio(0, 300)
    swapped = b"".join(plain[at + 1 : at + 2] + plain[at : at + 1] for at in range(0, len(plain), 2))
    (tmp_path / "m.bin").write_bytes(swapped)
    (tmp_path / "w.wav").write_bytes(wave(plain[:-100]))
    (tmp_path / "a.cue").write_text(
        "FILE m.bin MOTOROLA\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nFILE W.WAV WAVE\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n"
    )
    (tmp_path / "a.toc").write_text(
        'CD_DA\nTRACK AUDIO\nFILE "m.bin" 0\nTRACK AUDIO\nFILE "w.wav" 0\nTRACK AUDIO\nFILE "l.raw" SWAP 0\n'
    )
    (tmp_path / "l.raw").write_bytes(plain)
    for sheet, tracks in (("a.cue", 2), ("a.toc", 3)):
        disc = tmp_path / f"{sheet}.disc"
        import_sheet(tmp_path / sheet, disc)
        host = host_of(disc)
        for track in range(tracks):
            found = read_cd(host, track * 300, 300)
            assert found == (plain[:-100] + bytes(100) if track == 1 else plain), (sheet, track)
        host.target.close()


def test_subchannel_of_a_cd_with_graphics(tmp_path: Path) -> None:
    subs = [bytes((at + n) & 0x3F for n in range(96)) for at in range(300)]
    sound = audio(0, 300)
    body = b"".join(sound[at * RAW : (at + 1) * RAW] + subs[at] for at in range(300))
    (tmp_path / "g.bin").write_bytes(body)
    (tmp_path / "g.cue").write_text("FILE g.bin BINARY\nTRACK 01 CDG\nINDEX 01 00:00:00\n")
    import_sheet(tmp_path / "g.cue", tmp_path / "disc")
    for ending in ("cue", "toc"):
        with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
            export_sheet(medium, tmp_path / f"out.{ending}", force=True)
        if ending == "cue":
            assert (tmp_path / "out.bin").read_bytes() == body
        else:
            assert "TRACK AUDIO RW_RAW" in (tmp_path / "out.toc").read_text()
        import_sheet(tmp_path / f"out.{ending}", tmp_path / f"again-{ending}")
        assert (tmp_path / f"again-{ending}.raw").read_bytes() == (tmp_path / "disc.raw").read_bytes()


def test_texts_in_two_languages_with_a_genre(tmp_path: Path) -> None:
    (tmp_path / "a.toc").write_text(
        "CD_DA CD_TEXT { LANGUAGE_MAP { 0: 9 1: 105 }\n"
        'LANGUAGE 0 { TITLE "Water" PERFORMER "Jeanne" GENRE { 0, 10, 82, 111, 99, 107, 0 } DISC_ID "XY123"\n'
        "TOC_INFO1 { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } MESSAGE { 65, 66, 0 } }\n"
        'LANGUAGE 1 { TITLE "湿った水" } }\n'
        'TRACK AUDIO CD_TEXT { LANGUAGE 0 { TITLE "Heat" ISRC "USEM39600078" } LANGUAGE 1 { TITLE "熱波" } }\n'
        "SILENCE 0:5:0\n",
        encoding="utf-8",
    )
    import_sheet(tmp_path / "a.toc", tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        text = cd_of(medium).leads[0].text
        for ending in ("toc", "cue"):
            export_sheet(medium, tmp_path / f"out.{ending}", force=True)
            import_sheet(tmp_path / f"out.{ending}", tmp_path / f"again-{ending}")
    blocks = CdText.parse(text).blocks
    assert blocks[0].genre == 10
    assert blocks[0].get(TextKind.GENRE) == "Rock"
    assert blocks[0].get(TextKind.MESSAGE) == "AB"
    assert blocks[1].get(TextKind.TITLE, 1) == "熱波"
    assert (tmp_path / "out.cdt").read_bytes() == text
    assert "CDTEXTFILE" in (tmp_path / "out.cue").read_text(encoding="utf-8")
    for ending in ("toc", "cue"):
        with VirtualMedium.open(tmp_path / f"again-{ending}", readonly=True) as medium:
            again = cd_of(medium).leads[0].text
            assert CdText.parse(again).blocks == blocks
    (tmp_path / "bad.toc").write_text(
        'CD_TEXT { LANGUAGE 0 { DISC_ID "湿" } } TRACK AUDIO SILENCE 0:5:0', encoding="utf-8"
    )
    with pytest.raises(SheetError, match="letters"):
        import_sheet(tmp_path / "bad.toc", tmp_path / "none")


def test_packs_of_the_subchannel_are_spread_over_sectors(tmp_path: Path) -> None:
    """RW in a TOC file: packs as players take them; on the disc they are interleaved over eight sectors."""
    packs = [bytes((9, at & 0x3F, *([0] * 22))) * 4 for at in range(400)]
    sound = audio(0, 400)
    swapped = bytearray(sound)
    swapped[::2], swapped[1::2] = sound[1::2], sound[::2]
    body = b"".join(bytes(swapped[at * RAW : (at + 1) * RAW]) + packs[at] for at in range(400))
    (tmp_path / "g.bin").write_bytes(body)
    (tmp_path / "g.toc").write_text('CD_DA\nTRACK AUDIO RW\nDATAFILE "g.bin"\n')
    import_sheet(tmp_path / "g.toc", tmp_path / "disc")
    host = host_of(tmp_path / "disc")
    buffer = bytearray(20 * 2448)
    reply = host.raw(bytes((0xBE, 4)) + struct.pack(">i", 100) + b"\0\0\x14\xf8\4\0", buffer)
    assert reply.status == 0
    for at in range(20):
        assert buffer[at * 2448 : at * 2448 + RAW] == sound[(100 + at) * RAW : (101 + at) * RAW]
        found = buffer[at * 2448 + RAW : (at + 1) * 2448]
        assert found[1] == (100 + at) & 0x3F, at  # the drive puts them together again
    host.target.close()


def test_a_cd_with_audio_is_copied_whole(
    tmp_path: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_sheet(mixed, tmp_path / "disc")
    copy_disc(tmp_path / "disc", tmp_path / "copy")

    def refuse(*_: object) -> int:
        raise OSError(22, "Invalid argument")

    with (
        monkeypatch.context() as patch
    ):  # a file system without holes, and one that the kernel cannot copy to
        patch.setattr(os, "lseek", refuse)
        patch.setattr(os, "copy_file_range", refuse)
        copy_disc(tmp_path / "disc", tmp_path / "slow")
    for name in ("copy", "slow"):
        for suffix in ("", ".raw"):
            assert (tmp_path / f"{name}{suffix}").read_bytes() == (tmp_path / f"disc{suffix}").read_bytes()
        assert check_medium(tmp_path / name).sound
    with pytest.raises(VirtualMediumError, match="audio or raw"):
        copy_disc(tmp_path / "disc", tmp_path / "bd", "bd-r")


def test_two_sessions(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(audio(0, 400))
    (tmp_path / "b.bin").write_bytes(
        b"".join(encode_sectors(SectorMode.MODE_2_FORM_1, 11_800, pattern(0, 350)))
    )
    (tmp_path / "s.cue").write_text(
        "REM SESSION 01\nFILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 02\nFILE b.bin BINARY\n"
        "TRACK 02 MODE2/2352\nINDEX 01 00:00:00\n"
    )
    import_sheet(tmp_path / "s.cue", tmp_path / "disc")
    host = host_of(tmp_path / "disc")
    assert host.disc().sessions == 2
    assert host.track(2).start == 11_800
    assert host.read(11_800, 350) == pattern(0, 350)
    with disc_of(host) as medium:
        export_sheet(medium, tmp_path / "out.cue")
        with pytest.raises(SheetError, match="one session"):
            export_sheet(medium, tmp_path / "out.toc")
        export_sheet(medium, tmp_path / "second.toc", session=2)
        first = medium.state
    import_sheet(tmp_path / "out.cue", tmp_path / "again")
    with VirtualMedium.open(tmp_path / "again", readonly=True) as medium:
        assert medium.state == first
    assert (tmp_path / "again.raw").read_bytes() == (tmp_path / "disc.raw").read_bytes()


def test_a_cd_that_was_burned_track_by_track_goes_out_with_its_links_as_gaps(tmp_path: Path) -> None:
    host = Host(VirtualTarget(VirtualMedium.create(tmp_path / "disc", "cd-r"), attention=False))
    host.select(write_type=1)
    host.write(0, 400)
    host.sync()
    second = host.track(2).nwa
    assert second == 552
    host.write(second, 350)
    host.sync()
    host.close(2)
    with disc_of(host) as medium:
        export_sheet(medium, tmp_path / "out.cue", cooked=True)
    assert "PREGAP 00:02:02" in (tmp_path / "out.cue").read_text()
    assert (tmp_path / "out.bin").read_bytes() == pattern(0, 400) + pattern(second, 350)
    import_sheet(tmp_path / "out.cue", tmp_path / "again")
    host = host_of(tmp_path / "again")
    assert host.track(2).start == second
    assert host.read(second, 350) == pattern(second, 350)
    host.target.close()


# --- hostile sheets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "sub/../../secret", "..\\\\secret", "link", "C:\\\\secret", "~/x"]
)
def test_a_sheet_reaches_nothing_but_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(audio(0, 400))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "sub").mkdir()
    (folder / "link").symlink_to("../secret")
    sheet = folder / "a.toc"
    sheet.write_text(f'TRACK AUDIO\nFILE "{name}" 0\n')
    with pytest.raises(SheetError, match="leads out") as caught:
        import_sheet(sheet, tmp_path / "disc")
    assert caught.value.line == 2
    assert not (tmp_path / "disc").exists()
    if name == "../secret":
        import_sheet(sheet, tmp_path / "disc", outside=True)
        assert check_medium(tmp_path / "disc").sound


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "cannot be opened"),
        (lambda path: path.mkdir(), "no plain file"),
        (make_fifo, "no plain file"),
        (lambda path: path.write_bytes(b"RIFF"), "no WAVE file"),
        (lambda path: path.write_bytes(wave(b"")[:20]), "within its header|no samples"),
        (lambda path: path.write_bytes(wave(bytes(9_999)).replace(b"\x44\xac", b"\x80\xbb")), "48,000 Hz"),
        (lambda path: path.write_bytes(wave(bytes(9_999))), "300 at least"),
    ],
)
def test_files_that_are_no_audio(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "a.wav")
    (tmp_path / "a.cue").write_text("FILE a.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n")
    with pytest.raises(SheetError, match=words):
        import_sheet(tmp_path / "a.cue", tmp_path / "disc")
    assert not (tmp_path / "disc").exists()
    assert not (tmp_path / "disc.state").exists()


def test_the_disc_itself_is_no_output(tmp_path: Path, mixed: Path) -> None:
    disc = tmp_path / "disc.iso"
    import_sheet(mixed, disc)
    before = disc.read_bytes()
    with VirtualMedium.open(disc, readonly=True) as medium:
        with pytest.raises(OutputError, match="the disc itself"):
            export_image(medium, disc, force=True)
        with pytest.raises(SheetError, match=r"\.cue or \.toc"):
            export_sheet(medium, tmp_path / "x.bin")
        with pytest.raises(OutputError, match="cannot be written"):
            export_image(medium, tmp_path / "no" / "x.iso")
    assert disc.read_bytes() == before


def test_a_full_disk_leaves_no_disc(tmp_path: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OutputFullError, match="No space"):
            import_sheet(mixed, tmp_path / "disc")
    assert sorted(tmp_path.iterdir()) == before
    import_sheet(mixed, tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium, monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OutputFullError):
            export_sheet(medium, tmp_path / "out.cue")
    assert not list(tmp_path.glob("out*"))


def test_sheets_are_for_cds(tmp_path: Path, mixed: Path) -> None:
    with pytest.raises(VirtualMediumError, match="no"):
        import_sheet(mixed, tmp_path / "disc", "bd-r")
    with VirtualMedium.create(tmp_path / "bd", "bd-r") as medium:
        with pytest.raises(VirtualMediumError, match="sheets are for CDs"):
            export_sheet(medium, tmp_path / "x.cue")
        with pytest.raises(DiscBlankError):
            export_image(medium, tmp_path / "x.iso")
    with VirtualMedium.create(tmp_path / "cd", "cd-r") as medium, pytest.raises(DiscBlankError):
        export_sheet(medium, tmp_path / "x.cue")
    with pytest.raises(SheetError, match="cannot be opened"):
        import_sheet(tmp_path / "none.cue", tmp_path / "disc")


# --- programs of others -------------------------------------------------------------------------------


@pytest.mark.skipif(CDRDAO is None, reason="needs cdrdao, a program of others")
def test_cdrdao_reads_what_goes_out(tmp_path: Path, mixed: Path) -> None:
    import_sheet(mixed, tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, tmp_path / "out.toc")
    done = subprocess.run(
        [CDRDAO or "", "show-toc", "out.toc"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown
    assert [int(n) for n in re.findall(r"START +[0-9:]+\( *([0-9]+)\)", shown)] == [0, 750, 1_350]
    assert [int(n) for n in re.findall(r"END[0-9]? +[0-9:]+\( *([0-9]+)\)", shown)][-1] == 1_750
    assert "0724385356926" in shown


@pytest.mark.skipif(CD_INFO is None, reason="needs cd-info, a program of others")
@pytest.mark.parametrize("ending", ["cue", "toc"])
def test_cd_info_reads_what_goes_out(tmp_path: Path, mixed: Path, ending: str) -> None:
    """Its library knows no CD-Text in TOC files, and takes a DATAFILE's length for its start."""
    if ending == "toc":
        mixed.write_text(re.sub('(TITLE|PERFORMER) "[^"]*"', "", mixed.read_text()))
    import_sheet(mixed, tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, tmp_path / f"out.{ending}")
    done = subprocess.run(
        [CD_INFO or "", "--no-device-info", "--no-cddb", "-q", f"--{ending}-file=out.{ending}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    shown = done.stdout + done.stderr
    assert (
        re.search(r"1: .* data", shown) if ending == "toc" else re.search(r"1: +00:02:00 +000000 data", shown)
    )
    assert re.search(r"2: +00:12:00 +000750 audio +false +yes", shown), shown
    assert re.search(r"3: +00:20:00 +001350 audio +false +no", shown), shown
    assert "0724385356926" in shown


@pytest.mark.skipif(BCHUNK is None, reason="needs bchunk, a program of others")
def test_bchunk_takes_apart_what_goes_out(tmp_path: Path) -> None:
    data = b"".join(encode_sectors(SectorMode.MODE_1, 0, pattern(0, 600)))
    (tmp_path / "g.bin").write_bytes(data + audio(600, 1_000))
    (tmp_path / "g.cue").write_text(
        "FILE g.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:08:00\n"
    )
    import_sheet(tmp_path / "g.cue", tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, tmp_path / "out.cue")
    subprocess.run(
        [BCHUNK or "", "-w", "out.bin", "out.cue", "t"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert (tmp_path / "t01.iso").read_bytes() == pattern(0, 600)
    assert (tmp_path / "t02.wav").read_bytes()[44:] == audio(600, 1_000)


@pytest.mark.skipif(CUECONVERT is None, reason="needs cueconvert of cuetools, a program of others")
def test_cuetools_make_the_same_toc_file_of_our_cue_sheet(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(audio(0, 1_600))
    (tmp_path / "a.cue").write_text(
        'CATALOG 0724385356926\nTITLE "Kunst"\nFILE "a.bin" BINARY\nTRACK 01 AUDIO\nTITLE Eins\nFLAGS DCP\n'
        "ISRC USEM39600078\nINDEX 01 00:00:00\nINDEX 02 00:05:00\nTRACK 02 AUDIO\nTITLE Zwei\nINDEX 00 00:10:00\n"
        "INDEX 01 00:12:00\n"
    )
    import_sheet(tmp_path / "a.cue", tmp_path / "disc")
    with VirtualMedium.open(tmp_path / "disc", readonly=True) as medium:
        export_sheet(medium, tmp_path / "out.cue")
    done = subprocess.run(
        [CUECONVERT or "", "-i", "cue", "-o", "toc", "out.cue"], cwd=tmp_path, capture_output=True, timeout=60
    )
    theirs, ours = parse_toc_file(done.stdout), parse_cue_file((tmp_path / "out.cue").read_bytes())
    assert theirs.catalog == ours.catalog
    size = 1_600 * RAW
    for one, other in zip(lay_out(theirs, lambda _: size), lay_out(ours, lambda _: size), strict=True):
        assert (one.first, one.start, one.end, one.indexes) == (
            other.first,
            other.start,
            other.end,
            other.indexes,
        )
        assert one.track.texts == other.track.texts
        assert (one.track.isrc, one.track.copy_permitted) == (other.track.isrc, other.track.copy_permitted)
