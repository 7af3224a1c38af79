"""Playing audio through outputs that a virtual drive does not have: the head moves on, and nothing is heard.

MMC-3 6.1.9 to 6.1.12; hosts ask READ SUB-CHANNEL how far it is.
"""

from __future__ import annotations

from typing import Final

from aioimapi.mmc import PauseResume, PlayAudio10, PlayAudio12, PlayAudioMsf, StopPlayScan
from aioimapi.units import FRAMES_PER_SECOND, MSF_OFFSET
from aioimapi.virtual._drive import DriveState, Play
from aioimapi.virtual._reply import CheckConditionError, invalid_field
from aioimapi.virtual.discs._cd import CdDisc
from aioimapi.virtual.families._cd_read import check_area, illegal_mode
from aioimapi.virtual.families._family import sequence_error

_PLAYING: Final = 0x11
_PAUSED: Final = 0x12
_COMPLETED: Final = 0x13
_NONE: Final = 0x15
_FROM_HERE: Final = 0xFFFFFF


def audio_status(drive: DriveState) -> int:
    """Return what READ SUB-CHANNEL says of playing; that it has come to its end is said once."""
    play = drive.play
    if play is None:
        return _NONE
    drive.last_lba = play.place(drive.now) + 1
    if play.paused_at is not None:
        return _PAUSED
    if play.place(drive.now) < play.end:
        return _PLAYING
    drive.play = None
    drive.last_lba = play.end
    return _COMPLETED


def play_audio(drive: DriveState, command: PlayAudio10 | PlayAudio12, data: memoryview) -> None:
    """PLAY AUDIO (10) and (12)."""
    start = drive.last_lba if command.lba == -1 else command.lba
    _play(drive, start, start + command.sectors)


def play_audio_msf(drive: DriveState, command: PlayAudioMsf, data: memoryview) -> None:
    """PLAY AUDIO MSF."""
    end = _address(command.end, 6)
    start = drive.last_lba if command.start == _FROM_HERE else _address(command.start, 3)
    if start > end:
        raise invalid_field(6)
    _play(drive, start, end)


def _address(packed: int, byte: int) -> int:
    minute, second, frame = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF
    if second > 59 or frame > 74:
        raise invalid_field(byte)
    return (minute * 60 + second) * FRAMES_PER_SECOND + frame - MSF_OFFSET


def _play(drive: DriveState, start: int, end: int) -> None:
    disc = drive.need_disc()
    if not isinstance(disc, CdDisc):
        raise CheckConditionError(5, 0x64, 0)
    if start == end:
        drive.play = None
        return
    check_area(disc, start, 1)
    if disc.cd_tracks[disc.area(start)[1] - 1].form.data:
        raise illegal_mode(start)
    last = min(end, disc.readable_end())
    drive.play = Play(start, last, drive.now, instant=not drive.physics.enabled)


def pause_resume(drive: DriveState, command: PauseResume, data: memoryview) -> None:
    """PAUSE/RESUME."""
    drive.need_medium()
    if drive.play is None:
        raise sequence_error()
    if command.resume:
        drive.play.resume(drive.now)
    else:
        drive.play.pause(drive.now)


def stop_play(drive: DriveState, command: StopPlayScan, data: memoryview) -> None:
    """STOP PLAY/SCAN."""
    drive.need_medium()
    drive.play = None
