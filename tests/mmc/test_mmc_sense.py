"""Sense data against another decoder's output (sg_decode_sense of sg3_utils 1.46), literally."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, RemoteProtocolError

# bytes, describe(), progress, information; each was given to sg_decode_sense and says the same there.
DECODED = [
    (
        "70 00 02 00 00 00 00 0a 00 00 00 00 04 08 00 80 40 00",
        "NOT READY, logical unit not ready, long write in progress (2/04/08), 25% done",
        0.25,
        None,
    ),
    (
        "f0 00 03 00 01 40 00 0a 00 00 00 00 0c 00 00 00 00 00",
        "MEDIUM ERROR, write error (3/0C/00)",
        None,
        81920,
    ),
    (
        "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cc 00 02",
        "ILLEGAL REQUEST, invalid field in CDB (5/24/00), bit 4 of CDB byte 2",
        None,
        None,
    ),
    (
        "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 80 00 05",
        "ILLEGAL REQUEST, invalid field in parameter list (5/26/00), byte 5 of the parameter list",
        None,
        None,
    ),
    (
        "71 00 03 00 00 00 00 0a 00 00 00 00 0c 09 00 00 00 00",
        "deferred MEDIUM ERROR, write error - loss of streaming (3/0C/09)",
        None,
        None,
    ),
    (
        "72 03 11 05 00 00 00 0c 00 0a 80 00 00 00 00 00 00 01 40 00",
        "MEDIUM ERROR, L-EC uncorrectable error (3/11/05)",
        None,
        81920,
    ),
    (
        "72 02 04 04 00 00 00 08 02 06 00 00 80 c0 00 00",
        "NOT READY, logical unit not ready, format in progress (2/04/04), 75% done",
        0.75,
        None,
    ),
    (
        "73 06 28 00 00 00 00 00",
        "deferred UNIT ATTENTION, not ready to ready change, medium may have changed (6/28/00)",
        None,
        None,
    ),
    (
        "f0 00 28 00 00 00 10 0a 00 00 00 00 64 00 00 00 00 00",
        "BLANK CHECK, illegal mode for this track (8/64/00)",
        None,
        16,
    ),
    # Another project's DVD+R emulation to RESERVE TRACK, as xorriso logged it.
    (
        "70 00 05 00 00 00 00 0A 00 00 00 00 20 00 00 00 00 00",
        "ILLEGAL REQUEST, invalid command operation code (5/20/00)",
        None,
        None,
    ),
]


@pytest.mark.parametrize(("data", "words", "progress", "information"), DECODED)
def test_decoded_as_by_another_program(
    data: str, words: str, progress: float | None, information: int | None
) -> None:
    sense = mmc.SenseData.parse(bytes.fromhex(data))
    assert sense.describe() == str(sense) == words
    assert sense.progress == progress
    assert sense.information == information
    assert sense.to_bytes() == bytes.fromhex(data)


# Output of sg_decode_sense for each code, in sentence case; ``|`` separates code and text.
CODES = """
0400|logical unit not ready, cause not reportable
0401|logical unit is in process of becoming ready
0402|logical unit not ready, initializing command required
0404|logical unit not ready, format in progress
0407|logical unit not ready, operation in progress
0408|logical unit not ready, long write in progress
0900|track following error
0C00|write error
0C07|write error - recovery needed
0C09|write error - loss of streaming
0C0A|write error - padding blocks added
1100|unrecovered read error
1105|L-EC uncorrectable error
1106|CIRC unrecovered error
1111|read error - loss of streaming
1A00|parameter list length error
2000|invalid command operation code
2100|logical block address out of range
2102|invalid address for write
2103|invalid write crossing layer jump
2400|invalid field in CDB
2600|invalid field in parameter list
2700|write protected
2800|not ready to ready change, medium may have changed
2900|power on, reset, or bus device reset occurred
2A01|mode parameters changed
2C00|command sequence error
3000|incompatible medium installed
3002|cannot read medium - incompatible format
3005|cannot write medium - incompatible format
3006|cannot format medium - incompatible medium
3010|medium not formatted
3100|medium format corrupted
3101|format command failed
3200|no defect spare location available
3804|ESN - media class event
3A00|medium not present
3A01|medium not present - tray closed
3A02|medium not present - tray open
3F03|inquiry data has changed
4400|internal target failure
5300|media load or eject failed
5302|medium removal prevented
5700|unable to recover table-of-contents
5A01|operator medium removal request
6300|end of user area encountered on this track
6301|packet does not fit in available space
6400|illegal mode for this track
6F03|read of scrambled sector without authentication
7200|session fixation error
7201|session fixation error writing lead-in
7202|session fixation error writing lead-out
7203|session fixation error - incomplete track in session
7204|empty or partially written reserved track
7205|no more track reservations allowed
7206|RMZ extension is not allowed
7300|CD control error
7301|power calibration area almost full
7302|power calibration area is full
7303|power calibration area error
7304|program memory area update failure
7305|program memory area is full
7306|RMA/PMA is almost full
7310|current power calibration area almost full
7311|current power calibration area is full
7317|RDZ is full
"""


@pytest.mark.parametrize("line", CODES.split("\n")[1:-1])
def test_code_table_against_another_programs(line: str) -> None:
    code, words = line.split("|")
    assert mmc.sense_text(int(code[:2], 16), int(code[2:], 16)) == words


def test_the_table_is_whole() -> None:
    table = mmc.assigned_codes()
    assert len(table) == 764  # pairs of the T10 list of 2024-11-28, families not counted
    assert all(words and words == words.strip() for words in table.values())


def test_codes_without_a_text_degrade() -> None:
    assert mmc.sense_text(0x40, 0x81) == "diagnostic failure on component 81h"
    assert mmc.sense_text(0x4D, 5) == "tagged overlapped commands, task tag 05h"
    assert mmc.sense_text(0x80, 0x10) == "vendor specific code"
    assert mmc.sense_text(0x11, 0x90) == "unrecovered read error, vendor specific qualifier"
    assert mmc.sense_text(0x11, 0x7F) == "unrecovered read error, unknown qualifier"
    assert mmc.sense_text(0x7F, 0x01) == "unknown code"
    assert mmc.sense_text(0x7F, 0x91) == "vendor specific qualifier"


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 15))
def test_every_code_makes_a_message(asc: int, ascq: int, key: int) -> None:
    sense = mmc.SenseData.of(key, asc, ascq)
    assert sense.code in sense.describe()
    assert isinstance(mmc.meaning_of(sense), mmc.SenseMeaning)


@pytest.mark.parametrize(
    ("triple", "meaning"),
    [
        ((2, 0x04, 0x01), mmc.SenseMeaning.BECOMING_READY),
        ((2, 0x04, 0x02), mmc.SenseMeaning.START_NEEDED),
        ((2, 0x04, 0x04), mmc.SenseMeaning.FORMAT_IN_PROGRESS),
        ((2, 0x04, 0x07), mmc.SenseMeaning.OPERATION_IN_PROGRESS),
        ((2, 0x04, 0x08), mmc.SenseMeaning.LONG_WRITE_IN_PROGRESS),
        ((2, 0x3A, 0x00), mmc.SenseMeaning.NO_MEDIUM),
        ((2, 0x3A, 0x01), mmc.SenseMeaning.NO_MEDIUM),
        ((2, 0x3A, 0x02), mmc.SenseMeaning.TRAY_OPEN),
        ((2, 0x30, 0x00), mmc.SenseMeaning.INCOMPATIBLE_MEDIUM),
        ((2, 0x04, 0x00), mmc.SenseMeaning.NOT_READY),
        ((6, 0x28, 0x00), mmc.SenseMeaning.MEDIUM_CHANGED),
        ((6, 0x29, 0x00), mmc.SenseMeaning.RESET),
        ((5, 0x20, 0x00), mmc.SenseMeaning.UNKNOWN_COMMAND),
        ((5, 0x21, 0x00), mmc.SenseMeaning.LBA_OUT_OF_RANGE),
        ((5, 0x21, 0x02), mmc.SenseMeaning.NOT_NEXT_WRITABLE),
        ((5, 0x24, 0x00), mmc.SenseMeaning.INVALID_FIELD),
        ((5, 0x2C, 0x00), mmc.SenseMeaning.WRONG_SEQUENCE),
        ((5, 0x30, 0x05), mmc.SenseMeaning.CANNOT_WRITE_MEDIUM),
        ((5, 0x63, 0x00), mmc.SenseMeaning.END_OF_TRACK),
        ((5, 0x64, 0x00), mmc.SenseMeaning.WRONG_TRACK_MODE),
        ((5, 0x72, 0x03), mmc.SenseMeaning.CLOSE_FAILED),
        ((5, 0x72, 0x05), mmc.SenseMeaning.NO_MORE_TRACKS),
        ((5, 0x53, 0x02), mmc.SenseMeaning.REMOVAL_PREVENTED),
        ((3, 0x0C, 0x00), mmc.SenseMeaning.WRITE_ERROR),
        ((3, 0x0C, 0x09), mmc.SenseMeaning.LOSS_OF_STREAMING),
        ((3, 0x11, 0x05), mmc.SenseMeaning.READ_ERROR),
        ((3, 0x31, 0x00), mmc.SenseMeaning.NOT_FORMATTED),
        ((3, 0x73, 0x02), mmc.SenseMeaning.CALIBRATION_AREA_FULL),
        ((3, 0x73, 0x03), mmc.SenseMeaning.CALIBRATION_FAILED),
        ((3, 0x73, 0x05), mmc.SenseMeaning.DISC_MANAGEMENT_FAILED),
        ((4, 0x09, 0x02), mmc.SenseMeaning.HARDWARE),
        ((7, 0x27, 0x00), mmc.SenseMeaning.WRITE_PROTECTED),
        ((8, 0x00, 0x00), mmc.SenseMeaning.BLANK),
        ((1, 0x17, 0x01), mmc.SenseMeaning.RECOVERED),
        ((0xB, 0x47, 0x00), mmc.SenseMeaning.ABORTED),
        ((0xE, 0x1D, 0x00), mmc.SenseMeaning.OTHER),
    ],
)
def test_what_sense_means_for_a_recorder(triple: tuple[int, int, int], meaning: mmc.SenseMeaning) -> None:
    assert mmc.meaning_of(mmc.SenseData.of(*triple)) is meaning


def test_what_passes_and_what_is_news() -> None:
    passing = {meaning for meaning in mmc.SenseMeaning if meaning.passes_by_itself}
    assert mmc.SenseMeaning.LONG_WRITE_IN_PROGRESS in passing
    assert mmc.SenseMeaning.NO_MEDIUM not in passing
    assert mmc.SenseMeaning.RESET.is_news
    assert not mmc.SenseMeaning.WRITE_ERROR.is_news


def test_a_targets_answer_to_a_bad_field() -> None:
    try:
        mmc.parse_command(bytes.fromhex("a1 08 00 00 00 00 00 00 00 00 00 00"))
    except InvalidFieldError as error:
        sense = mmc.SenseData.invalid_field(error)
    # SPC-3 4.5.2.4: SKSV, C/D, BPV and the bit; then the byte.
    assert sense.to_bytes() == bytes.fromhex("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 01")
    assert sense.field_pointer == mmc.FieldPointer(1, 3)
    in_list = mmc.SenseData.invalid_field(InvalidFieldError("x", byte=4), in_cdb=False)
    assert in_list.triple == (5, 0x26, 0)
    assert in_list.field_pointer == mmc.FieldPointer(4, None, in_cdb=False)


def test_progress_stays_in_its_range() -> None:
    assert mmc.SenseData.with_progress(2, 4, 8, 1.0).progress == 65535 / 65536
    assert mmc.SenseData.with_progress(2, 4, 8, -1.0).progress == 0.0
    assert mmc.SenseData.of(2, 4, 8).progress is None
    retried = attrs.evolve(mmc.SenseData.of(3, 0x11, 1), sense_key_specific=b"\x80\x00\x07")
    assert (retried.retries, retried.progress, retried.field_pointer) == (7, None, None)
    assert mmc.SenseData.of(3, 0x11, 1).retries is None


def test_sense_that_a_bridge_cut_off_or_filled_badly() -> None:
    whole = bytes.fromhex("f0 00 03 00 01 40 00 0a 00 00 00 00 0c 00 00 00 00 00")
    short = mmc.SenseData.parse(whole[:8])
    assert (short.key, short.asc, short.information) == (mmc.SenseKey.MEDIUM_ERROR, 0, 81920)
    # Additional length 0, code there all the same.
    assert mmc.SenseData.parse(whole[:7] + b"\0" + whole[8:]).triple == (3, 0x0C, 0)
    # Bytes after the additional length do not count.
    assert mmc.SenseData.parse(whole + b"\xff" * 14).sense_key_specific is None
    for bad in (b"", b"\x70\x00", b"\x00" * 18, b"\x7f" * 18):
        with pytest.raises(RemoteProtocolError):
            mmc.SenseData.parse(bad)


senses = st.builds(
    mmc.SenseData,
    key=st.integers(0, 15).map(mmc.SenseKey),
    asc=st.integers(0, 255),
    ascq=st.integers(0, 255),
    information=st.none() | st.integers(0, (1 << 32) - 1),
    deferred=st.booleans(),
    sense_key_specific=st.none()
    | st.binary(min_size=3, max_size=3).map(lambda b: bytes([b[0] | 0x80]) + b[1:]),
    command_specific=st.integers(0, (1 << 32) - 1),
    filemark=st.booleans(),
    end_of_medium=st.booleans(),
    incorrect_length=st.booleans(),
    field_replaceable_unit=st.integers(0, 255),
    descriptor_format=st.booleans(),
)


@given(senses)
def test_sense_data_survives_the_way_there_and_back(sense: mmc.SenseData) -> None:
    assert mmc.SenseData.parse(sense.to_bytes()) == sense


@given(st.binary(max_size=64), st.sampled_from(["", "70", "71", "72", "73", "f0"]))
def test_no_sense_breaks_a_driver(data: bytes, head: str) -> None:
    try:
        sense = mmc.SenseData.parse(bytes.fromhex(head) + data)
    except RemoteProtocolError:
        return
    assert sense.describe()


def test_information_past_32_bits_needs_the_other_format() -> None:
    far = mmc.SenseData.of(3, 0x11, 0, information=1 << 33)
    assert mmc.SenseData.parse(far.to_bytes()).information is None
    assert mmc.SenseData.parse(attrs.evolve(far, descriptor_format=True).to_bytes()).information == 1 << 33
