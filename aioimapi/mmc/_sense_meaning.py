"""What sense data means for somebody who writes discs: wait, give up, or ask the user for something.

T10's text says what the drive thinks; this table says what it is good for. The first rule that matches
counts, so narrow rules stand before wide ones.
"""

from __future__ import annotations

import enum
from typing import Final

from aioimapi.mmc._sense import SenseData


class SenseMeaning(enum.Enum):
    """What to make of a failure; the value is a sentence for people that says what to do."""

    BECOMING_READY = "the drive is getting ready; wait"
    LONG_WRITE_IN_PROGRESS = "the drive's buffer is full; wait and send the same command again"
    OPERATION_IN_PROGRESS = "the drive is still busy with an earlier command; wait"
    FORMAT_IN_PROGRESS = "the disc is being formatted or blanked; wait"
    START_NEEDED = "the disc does not turn; start it"
    NOT_READY = "the drive is not ready and does not say why"
    NO_MEDIUM = "there is no disc in the drive; insert one"
    TRAY_OPEN = "the tray is open; load it"
    MEDIUM_CHANGED = "the disc may have been changed; look at it again"
    RESET = "the drive was reset or powered up; its settings are gone"
    SETTINGS_CHANGED = "settings or abilities of the drive have changed; ask again"
    EVENT_PENDING = "the drive has an event to tell"
    EJECT_REQUESTED = "somebody pressed the eject button"
    UNKNOWN_COMMAND = "the drive does not have this command"
    LBA_OUT_OF_RANGE = "the address lies outside of the disc"
    NOT_NEXT_WRITABLE = "the disc can only be written at its next writable address; read that again"
    LAYER_JUMP = "the write crosses the border between two layers"
    INVALID_FIELD = "the drive does not accept a value of the command"
    WRONG_SEQUENCE = "the command does not fit the state of drive and disc"
    INCOMPATIBLE_MEDIUM = "the drive cannot use this disc; try another one, or another brand"
    CANNOT_WRITE_MEDIUM = "the drive can read this disc and not write it"
    NOT_FORMATTED = "the disc is not formatted, or its format is damaged; format it"
    REMOVAL_PREVENTED = "the tray is locked; unlock it"
    END_OF_TRACK = "the track has no room left"
    WRONG_TRACK_MODE = "the track is of another mode"
    CLOSE_FAILED = "track or session could not be closed; the data may be readable all the same"
    NO_MORE_TRACKS = "the disc can take no more tracks or sessions"
    LOSS_OF_STREAMING = "the data came too late; write slower"
    WRITE_ERROR = "the disc could not be written there; try another disc or a lower speed"
    READ_ERROR = "the disc cannot be read there"
    CALIBRATION_FAILED = "the laser's power could not be calibrated; try another disc or clean the drive"
    CALIBRATION_AREA_FULL = "the disc has no room for another power calibration"
    DISC_MANAGEMENT_FAILED = "the disc's management area could not be written or is full"
    NO_SPARE_LEFT = "the disc has too many defects"
    WRITE_PROTECTED = "the disc is write-protected or closed"
    BLANK = "nothing is written there"
    COPY_PROTECTED = "the disc is copy-protected"
    HARDWARE = "the drive has failed; switch it off and on, and try again"
    ABORTED = "the drive gave the command up; it may be sent again"
    RECOVERED = "it worked, with effort"
    OTHER = "see the code's text"

    @property
    def passes_by_itself(self) -> bool:
        """Whether waiting helps: the same command will succeed later."""
        return self in _PASSING

    @property
    def is_news(self) -> bool:
        """Whether the drive only told something (unit attention): the command was not done and may be sent again."""
        return self in _NEWS


_PASSING: Final = frozenset(
    {
        SenseMeaning.BECOMING_READY,
        SenseMeaning.LONG_WRITE_IN_PROGRESS,
        SenseMeaning.OPERATION_IN_PROGRESS,
        SenseMeaning.FORMAT_IN_PROGRESS,
    }
)
_NEWS: Final = frozenset(
    {
        SenseMeaning.MEDIUM_CHANGED,
        SenseMeaning.RESET,
        SenseMeaning.SETTINGS_CHANGED,
        SenseMeaning.EVENT_PENDING,
        SenseMeaning.EJECT_REQUESTED,
    }
)

_M: Final = SenseMeaning

_RULES: Final[tuple[tuple[int | None, int | None, int | None, SenseMeaning], ...]] = (
    # key, code, qualifier (None matches all)
    (1, None, None, _M.RECOVERED),
    # Not ready. 2/04/01 is also what some drives answer while they close a session.
    (2, 0x04, 0x01, _M.BECOMING_READY),
    (2, 0x04, 0x02, _M.START_NEEDED),
    (2, 0x04, 0x04, _M.FORMAT_IN_PROGRESS),
    (2, 0x04, 0x07, _M.OPERATION_IN_PROGRESS),
    (2, 0x04, 0x08, _M.LONG_WRITE_IN_PROGRESS),
    (2, 0x04, 0x09, _M.OPERATION_IN_PROGRESS),
    (2, 0x04, 0x1A, _M.BECOMING_READY),
    (2, 0x06, None, _M.INCOMPATIBLE_MEDIUM),
    (2, 0x3E, 0x00, _M.BECOMING_READY),
    (2, 0x57, None, _M.INCOMPATIBLE_MEDIUM),
    (None, 0x3A, 0x02, _M.TRAY_OPEN),
    (None, 0x3A, None, _M.NO_MEDIUM),
    # The disc's kind and format.
    (None, 0x30, 0x10, _M.NOT_FORMATTED),
    (None, 0x30, 0x04, _M.CANNOT_WRITE_MEDIUM),
    (None, 0x30, 0x05, _M.CANNOT_WRITE_MEDIUM),
    (None, 0x30, 0x06, _M.CANNOT_WRITE_MEDIUM),
    (None, 0x30, 0x08, _M.CANNOT_WRITE_MEDIUM),
    (None, 0x30, 0x09, _M.CANNOT_WRITE_MEDIUM),
    (None, 0x30, 0x0C, _M.WRITE_PROTECTED),
    (None, 0x30, None, _M.INCOMPATIBLE_MEDIUM),
    (None, 0x31, None, _M.NOT_FORMATTED),
    (2, None, None, _M.NOT_READY),
    # Writing and reading.
    (None, 0x0C, 0x09, _M.LOSS_OF_STREAMING),
    (None, 0x0C, None, _M.WRITE_ERROR),
    (None, 0x03, None, _M.WRITE_ERROR),
    (None, 0x50, None, _M.WRITE_ERROR),
    (None, 0x51, None, _M.WRITE_ERROR),
    (None, 0x72, 0x04, _M.CLOSE_FAILED),
    (None, 0x72, 0x05, _M.NO_MORE_TRACKS),
    (None, 0x72, 0x06, _M.NO_MORE_TRACKS),
    (None, 0x72, 0x07, _M.NO_MORE_TRACKS),
    (None, 0x72, None, _M.CLOSE_FAILED),
    (None, 0x73, 0x01, _M.CALIBRATION_AREA_FULL),
    (None, 0x73, 0x02, _M.CALIBRATION_AREA_FULL),
    (None, 0x73, 0x03, _M.CALIBRATION_FAILED),
    (None, 0x73, 0x10, _M.CALIBRATION_AREA_FULL),
    (None, 0x73, 0x11, _M.CALIBRATION_AREA_FULL),
    (None, 0x73, None, _M.DISC_MANAGEMENT_FAILED),
    (None, 0x32, None, _M.NO_SPARE_LEFT),
    (None, 0x63, None, _M.END_OF_TRACK),
    (None, 0x64, None, _M.WRONG_TRACK_MODE),
    (None, 0x27, None, _M.WRITE_PROTECTED),
    (None, 0x6F, None, _M.COPY_PROTECTED),
    (3, 0x02, None, _M.READ_ERROR),
    (3, 0x06, None, _M.READ_ERROR),
    (3, 0x10, None, _M.READ_ERROR),
    (3, 0x11, None, _M.READ_ERROR),
    (3, 0x14, None, _M.READ_ERROR),
    (3, 0x15, None, _M.READ_ERROR),
    (3, 0x57, None, _M.READ_ERROR),
    (7, None, None, _M.WRITE_PROTECTED),
    (8, None, None, _M.BLANK),
    # Refused commands.
    (5, 0x20, None, _M.UNKNOWN_COMMAND),
    (5, 0x21, 0x02, _M.NOT_NEXT_WRITABLE),
    (5, 0x21, 0x03, _M.LAYER_JUMP),
    (5, 0x21, None, _M.LBA_OUT_OF_RANGE),
    (5, 0x24, None, _M.INVALID_FIELD),
    (5, 0x26, None, _M.INVALID_FIELD),
    (5, 0x1A, None, _M.INVALID_FIELD),
    (5, 0x2C, None, _M.WRONG_SEQUENCE),
    (None, 0x53, 0x02, _M.REMOVAL_PREVENTED),
    # News.
    (6, 0x28, None, _M.MEDIUM_CHANGED),
    (6, 0x29, None, _M.RESET),
    (6, 0x2A, None, _M.SETTINGS_CHANGED),
    (6, 0x2E, None, _M.EVENT_PENDING),
    (6, 0x38, None, _M.EVENT_PENDING),
    (6, 0x3F, None, _M.SETTINGS_CHANGED),
    (6, 0x5A, None, _M.EJECT_REQUESTED),
    (6, None, None, _M.EVENT_PENDING),
    (4, None, None, _M.HARDWARE),
    (0xB, None, None, _M.ABORTED),
)


def meaning_of(sense: SenseData) -> SenseMeaning:
    """Return what sense data means for us; :attr:`SenseMeaning.OTHER` where the table has no rule."""
    key, asc, ascq = sense.triple
    for wanted_key, wanted_asc, wanted_ascq, meaning in _RULES:
        if wanted_key in (None, key) and wanted_asc in (None, asc) and wanted_ascq in (None, ascq):
            return meaning
    return SenseMeaning.OTHER
