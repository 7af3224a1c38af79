"""The report on paper and as JSON, word for word."""

from __future__ import annotations

import json

import pytest

from aioimapi.recorder._progress import Phase, SpeedSample, Throughput
from aioimapi.recorder._report import (
    DriveIdentity,
    PhaseTime,
    Report,
    TrackReport,
    Verification,
    VerifyLevel,
    human_size,
    human_time,
)

GOOD = Report(
    drive=DriveIdentity("/dev/sr0", "ACME", "BD-WRITER", "1.02", "K7"),
    medium="BD-R SRM",
    capacity_sectors=12_219_392,
    start_lba=0,
    sectors=2_000_000,
    sectors_taken=2_000_000,
    written=True,
    closed=False,
    verified=True,
    disc_state="appendable",
    digest_name="blake3",
    digest="af1349b9",
    speed_requested=6.0,
    speed_set=4.0,
    one_x_bytes=4_495_625,
    write=Throughput(17_982_500, 18_200_000),
    read=Throughput(26_000_000, 27_000_000),
    phases=(
        PhaseTime(Phase.VALIDATING_MEDIA, 0.25),
        PhaseTime(Phase.WRITING_DATA, 227.8),
        PhaseTime(Phase.FINALIZATION, 0.01),
        PhaseTime(Phase.VERIFYING, 157.5),
    ),
    samples=(SpeedSample(Phase.WRITING_DATA, 1.5, 20_000, 17_000_000.0, 0.9),),
    buffer_min=0.67,
    retries=3,
    sessions=1,
    tracks=(TrackReport(1, 1, 0, 2_000_000),),
    verification=Verification(VerifyLevel.FULL, sectors_read=2_000_000),
    warnings=("the drive chose 4.0x",),
    findings=("/a.txt shrank by 3 bytes and was padded",),
)

GOOD_TEXT = """\
Drive         /dev/sr0 (ACME BD-WRITER 1.02, serial K7)
Medium        BD-R SRM, holds 25.0 GB (25,025,314,816 bytes)
Image         4.1 GB (4,096,000,000 bytes), 2,000,000 sectors from LBA 0
Written       yes
Closed        no, the disc is appendable
Verified      yes, full: 2,000,000 sectors read back, all equal
Digest        blake3 af1349b9
Write speed   4.0x (18.0 MB/s) on average, 4.0x (18.2 MB/s) at most
Read speed    5.8x (26.0 MB/s) on average, 6.0x (27.0 MB/s) at most
Drive speed   asked for 6.0x, drive set 4.0x
Drive buffer  never below 67%
Time          6 min 26 s: validating media 0.2 s, writing data 3 min 48 s, verifying 2 min 38 s
Retries       3
Warning       the drive chose 4.0x
Source        /a.txt shrank by 3 bytes and was padded"""

BAD = Report(
    drive=DriveIdentity("virtual:x"),
    medium="DVD+R",
    capacity_sectors=1_000,
    sectors=600,
    sectors_taken=600,
    written=True,
    closed=True,
    verified=False,
    disc_state="closed",
    verification=Verification(
        VerifyLevel.FULL,
        sectors_read=598,
        sectors_different=3,
        sectors_unreadable=2,
        different=((10, 1), (20, 2)),
        unreadable=((100, 2),),
        files=("/a", "<UDF file entries>"),
        problems=("track 2 begins before track 1",),
    ),
    error="the disc does not read back as the image",
)

BAD_TEXT = """\
Drive       virtual:x
Medium      DVD+R, holds 2.0 MB (2,048,000 bytes)
Image       1.2 MB (1,228,800 bytes), 600 sectors from LBA 0
Written     yes
Closed      yes, the disc is closed
Verified    FAILED (full): 3 sectors differ; 2 sectors cannot be read; track 2 begins before track 1
Different   LBA 10, 20 to 21
Unreadable  LBA 100 to 101
Damaged     /a
Damaged     <UDF file entries>
Time        0.0 s
Ended by    the disc does not read back as the image"""


@pytest.mark.parametrize(("report", "text"), [(GOOD, GOOD_TEXT), (BAD, BAD_TEXT)])
def test_text(report: Report, text: str) -> None:
    assert str(report) == text


def test_json_holds_every_fact() -> None:
    facts = json.loads(GOOD.to_json())
    assert facts["drive"] == {
        "name": "/dev/sr0",
        "vendor": "ACME",
        "product": "BD-WRITER",
        "revision": "1.02",
        "serial": "K7",
    }
    assert facts["written"] is True
    assert facts["closed"] is False
    assert facts["verified"] is True
    assert facts["size_bytes"] == 4_096_000_000
    assert facts["duration_s"] == pytest.approx(385.56)
    assert facts["write"] == {"average": 17_982_500, "maximum": 18_200_000}
    assert facts["phases"][1] == {"phase": "writing data", "seconds": 227.8}
    assert facts["samples"] == [
        {
            "phase": "writing data",
            "elapsed_s": 1.5,
            "sectors_done": 20_000,
            "bytes_per_second": 17_000_000.0,
            "drive_buffer_fill": 0.9,
        }
    ]
    assert facts["verification"]["level"] == "full"
    assert facts["tracks"] == [{"track": 1, "session": 1, "start_lba": 0, "sectors": 2_000_000}]
    assert facts["error"] == ""
    assert json.loads(BAD.to_json(indent=2))["verification"]["different"] == [[10, 1], [20, 2]]


def test_a_burn_that_stopped_says_how_far_it_came() -> None:
    text = str(Report(DriveIdentity("d"), sectors=10, sectors_taken=4, error="unplugged"))
    assert "Written   no, the drive took 4 of 10 sectors" in text
    assert "Closed    unknown: the disc could not be asked" in text
    assert "Ended by  unplugged" in text


def test_a_burn_that_was_not_flushed_is_not_called_written() -> None:
    text = str(Report(DriveIdentity("d"), sectors=10, sectors_taken=10, error="a; b; c", cause="a"))
    assert "Written   no, the drive took 10 of 10 sectors, but did not bring them all onto the disc\n" in text
    assert text.endswith("Ended by  a")


def test_no_multiple_of_1x_for_a_drive_that_turns_no_disc() -> None:
    speed = Throughput(average=4_495_625.0 * 73, maximum=4_495_625.0 * 12)
    text = str(Report(DriveIdentity("d"), one_x_bytes=4_495_625.0, write=speed))
    assert "Write speed  328.2 MB/s on average, 12.0x (53.9 MB/s) at most" in text


def test_long_lists_are_cut_on_paper() -> None:
    found = Verification(
        VerifyLevel.FULL,
        sectors_different=20,
        different=tuple((number * 10, 1) for number in range(20)),
        files=tuple(f"/{number}" for number in range(11)),
    )
    text = str(Report(DriveIdentity("d"), verified=False, verification=found))
    assert "LBA 0, 10, 20, 30, 40, 50, 60, 70, and more" in text
    assert "and 3 more" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (2_048, "2.0 kB (2,048 bytes)"),
        (25_025_314_816, "25.0 GB (25,025,314,816 bytes)"),
        (2 * 10**12, "2.0 TB (2,000,000,000,000 bytes)"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (125.4, "2 min 05 s"), (3_725.0, "1 h 02 min")]
)
def test_times(seconds: float, text: str) -> None:
    assert human_time(seconds) == text
