"""The commands we know, by operation code."""

from __future__ import annotations

from typing import Final

from aioimapi.mmc._audio import (
    PauseResume,
    PlayAudio10,
    PlayAudio12,
    PlayAudioMsf,
    PlayAudioTrackIndex,
    ReadHeader,
    Scan,
    StopPlayScan,
)
from aioimapi.mmc._capacity import ReadBufferCapacity, ReadCapacity
from aioimapi.mmc._close import CloseTrackSession, SendOpcInformation
from aioimapi.mmc._command import Command, Registry
from aioimapi.mmc._configuration import GetConfiguration
from aioimapi.mmc._cue_sheet import SendCueSheet
from aioimapi.mmc._device_buffer import ReadBuffer, WriteBuffer
from aioimapi.mmc._disc_information import ReadDiscInformation
from aioimapi.mmc._disc_structure import ReadDiscStructure
from aioimapi.mmc._event_status import GetEventStatusNotification
from aioimapi.mmc._format import Blank, FormatUnit, ReadFormatCapacities
from aioimapi.mmc._inquiry import Inquiry, ReportLuns
from aioimapi.mmc._keys import ReportKey, SendDiscStructure, SendKey
from aioimapi.mmc._mechanism import MechanismStatus
from aioimapi.mmc._mode import ModeSelect10, ModeSense10
from aioimapi.mmc._mode6 import ModeSelect6, ModeSense6
from aioimapi.mmc._performance import GetPerformance, SetCdSpeed, SetStreaming
from aioimapi.mmc._read_cd import ReadCd, ReadCdMsf
from aioimapi.mmc._seek import Seek10, SetReadAhead, WriteAndVerify10
from aioimapi.mmc._sense import RequestSense
from aioimapi.mmc._sub_channel import ReadSubChannel
from aioimapi.mmc._toc import ReadTocPmaAtip
from aioimapi.mmc._track_information import ReadTrackInformation, ReserveTrack
from aioimapi.mmc._transfer import Read10, Read12, SynchronizeCache10, Verify10, Write10, Write12
from aioimapi.mmc._unit import PreventAllowMediumRemoval, StartStopUnit, TestUnitReady

COMMANDS: Final[tuple[type[Command], ...]] = (
    TestUnitReady,
    RequestSense,
    FormatUnit,
    Inquiry,
    ModeSelect6,
    ModeSense6,
    StartStopUnit,
    PreventAllowMediumRemoval,
    ReadFormatCapacities,
    ReadCapacity,
    Read10,
    Write10,
    Seek10,
    WriteAndVerify10,
    Verify10,
    SynchronizeCache10,
    WriteBuffer,
    ReadBuffer,
    ReadSubChannel,
    ReadTocPmaAtip,
    ReadHeader,
    PlayAudio10,
    GetConfiguration,
    PlayAudioMsf,
    PlayAudioTrackIndex,
    GetEventStatusNotification,
    PauseResume,
    StopPlayScan,
    ReadDiscInformation,
    ReadTrackInformation,
    ReserveTrack,
    SendOpcInformation,
    ModeSelect10,
    ModeSense10,
    CloseTrackSession,
    ReadBufferCapacity,
    SendCueSheet,
    ReportLuns,
    Blank,
    SendKey,
    ReportKey,
    PlayAudio12,
    SetReadAhead,
    Read12,
    Write12,
    GetPerformance,
    ReadDiscStructure,
    SetStreaming,
    ReadCdMsf,
    Scan,
    SetCdSpeed,
    MechanismStatus,
    ReadCd,
    SendDiscStructure,
)
"""Every command, in the order of the operation codes."""

_registry: Final = Registry(COMMANDS)


def parse_command(cdb: bytes | memoryview) -> Command:
    """Decode a command descriptor block of any command that we know.

    Args:
        cdb: At least the bytes that its operation code's group has; more are ignored.

    Raises:
        UnknownOpcodeError: No command has that operation code (a target answers 5/20/00).
        InvalidFieldError: A reserved bit is set, a value is not defined, or the block is too short (5/24/00).
    """
    return _registry.parse(cdb)


def find_command(opcode: int) -> type[Command] | None:
    """Return the class of the command with that operation code, or None."""
    return _registry.find(opcode)
