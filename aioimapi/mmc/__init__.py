"""SPC and MMC commands and answers, in both directions: values in, bytes out, and back.

Layer 1: no I/O, no clock, no event loop. A driver uses ``to_cdb()`` and ``parse()``, a target
``parse_command()`` and ``to_bytes()``; both directions come from one table of fields for each structure.
Names are MMC's.
"""

from __future__ import annotations

from aioimapi.mmc._audio import PauseResume as PauseResume
from aioimapi.mmc._audio import PlayAudio10 as PlayAudio10
from aioimapi.mmc._audio import PlayAudio12 as PlayAudio12
from aioimapi.mmc._audio import PlayAudioMsf as PlayAudioMsf
from aioimapi.mmc._audio import PlayAudioTrackIndex as PlayAudioTrackIndex
from aioimapi.mmc._audio import ReadHeader as ReadHeader
from aioimapi.mmc._audio import Scan as Scan
from aioimapi.mmc._audio import SectorHeader as SectorHeader
from aioimapi.mmc._audio import StopPlayScan as StopPlayScan
from aioimapi.mmc._capacity import BufferCapacity as BufferCapacity
from aioimapi.mmc._capacity import CapacityData as CapacityData
from aioimapi.mmc._capacity import ReadBufferCapacity as ReadBufferCapacity
from aioimapi.mmc._capacity import ReadCapacity as ReadCapacity
from aioimapi.mmc._close import CLOSE_FUNCTIONS as CLOSE_FUNCTIONS
from aioimapi.mmc._close import CloseFunction as CloseFunction
from aioimapi.mmc._close import CloseMeaning as CloseMeaning
from aioimapi.mmc._close import CloseTrackSession as CloseTrackSession
from aioimapi.mmc._close import SendOpcInformation as SendOpcInformation
from aioimapi.mmc._close import close_meaning as close_meaning
from aioimapi.mmc._command import Command as Command
from aioimapi.mmc._command import Direction as Direction
from aioimapi.mmc._command import Status as Status
from aioimapi.mmc._command import cdb_size as cdb_size
from aioimapi.mmc._configuration import FeatureSet as FeatureSet
from aioimapi.mmc._configuration import GetConfiguration as GetConfiguration
from aioimapi.mmc._configuration import RequestedType as RequestedType
from aioimapi.mmc._cue_sheet import CUE_LINE_SIZE as CUE_LINE_SIZE
from aioimapi.mmc._cue_sheet import CueIsrc as CueIsrc
from aioimapi.mmc._cue_sheet import CueLine as CueLine
from aioimapi.mmc._cue_sheet import CueSheet as CueSheet
from aioimapi.mmc._cue_sheet import SendCueSheet as SendCueSheet
from aioimapi.mmc._device_buffer import BufferDescriptor as BufferDescriptor
from aioimapi.mmc._device_buffer import BufferMode as BufferMode
from aioimapi.mmc._device_buffer import ReadBuffer as ReadBuffer
from aioimapi.mmc._device_buffer import WriteBuffer as WriteBuffer
from aioimapi.mmc._disc_information import BackgroundFormat as BackgroundFormat
from aioimapi.mmc._disc_information import DiscInformation as DiscInformation
from aioimapi.mmc._disc_information import DiscInformationType as DiscInformationType
from aioimapi.mmc._disc_information import DiscStatus as DiscStatus
from aioimapi.mmc._disc_information import DiscType as DiscType
from aioimapi.mmc._disc_information import OpcTable as OpcTable
from aioimapi.mmc._disc_information import PowResources as PowResources
from aioimapi.mmc._disc_information import ReadDiscInformation as ReadDiscInformation
from aioimapi.mmc._disc_information import SessionState as SessionState
from aioimapi.mmc._disc_information import TrackResources as TrackResources
from aioimapi.mmc._disc_structure import BdDiscInformation as BdDiscInformation
from aioimapi.mmc._disc_structure import BdDiscInformationUnit as BdDiscInformationUnit
from aioimapi.mmc._disc_structure import BdStructure as BdStructure
from aioimapi.mmc._disc_structure import DiscStructure as DiscStructure
from aioimapi.mmc._disc_structure import DvdCopyright as DvdCopyright
from aioimapi.mmc._disc_structure import DvdPhysicalFormat as DvdPhysicalFormat
from aioimapi.mmc._disc_structure import DvdStructure as DvdStructure
from aioimapi.mmc._disc_structure import ReadDiscStructure as ReadDiscStructure
from aioimapi.mmc._disc_structure import StructureMedia as StructureMedia
from aioimapi.mmc._event_status import EventClass as EventClass
from aioimapi.mmc._event_status import EventStatus as EventStatus
from aioimapi.mmc._event_status import GetEventStatusNotification as GetEventStatusNotification
from aioimapi.mmc._event_status import MediaEvent as MediaEvent
from aioimapi.mmc._event_status import OperationalChange as OperationalChange
from aioimapi.mmc._event_status import PowerStatus as PowerStatus
from aioimapi.mmc._feature import FEATURE_NAMES as FEATURE_NAMES
from aioimapi.mmc._feature import Feature as Feature
from aioimapi.mmc._feature import RawFeature as RawFeature
from aioimapi.mmc._features import FEATURES as FEATURES
from aioimapi.mmc._features_disc import BdRead as BdRead
from aioimapi.mmc._features_disc import BdRPseudoOverwrite as BdRPseudoOverwrite
from aioimapi.mmc._features_disc import BdWrite as BdWrite
from aioimapi.mmc._features_disc import CdMastering as CdMastering
from aioimapi.mmc._features_disc import CdRead as CdRead
from aioimapi.mmc._features_disc import CdRwCavWrite as CdRwCavWrite
from aioimapi.mmc._features_disc import CdRwMediaWriteSupport as CdRwMediaWriteSupport
from aioimapi.mmc._features_disc import CdTrackAtOnce as CdTrackAtOnce
from aioimapi.mmc._features_disc import Core as Core
from aioimapi.mmc._features_disc import DvdMinusWrite as DvdMinusWrite
from aioimapi.mmc._features_disc import DvdPlusR as DvdPlusR
from aioimapi.mmc._features_disc import DvdPlusRDualLayer as DvdPlusRDualLayer
from aioimapi.mmc._features_disc import DvdPlusRw as DvdPlusRw
from aioimapi.mmc._features_disc import DvdPlusRwDualLayer as DvdPlusRwDualLayer
from aioimapi.mmc._features_disc import DvdRead as DvdRead
from aioimapi.mmc._features_disc import EnhancedDefectReporting as EnhancedDefectReporting
from aioimapi.mmc._features_disc import Formattable as Formattable
from aioimapi.mmc._features_disc import HardwareDefectManagement as HardwareDefectManagement
from aioimapi.mmc._features_disc import IncrementalStreamingWritable as IncrementalStreamingWritable
from aioimapi.mmc._features_disc import LayerJumpRecording as LayerJumpRecording
from aioimapi.mmc._features_disc import Morphing as Morphing
from aioimapi.mmc._features_disc import Mrw as Mrw
from aioimapi.mmc._features_disc import MultiRead as MultiRead
from aioimapi.mmc._features_disc import ProfileList as ProfileList
from aioimapi.mmc._features_disc import RandomReadable as RandomReadable
from aioimapi.mmc._features_disc import RandomWritable as RandomWritable
from aioimapi.mmc._features_disc import RemovableMedium as RemovableMedium
from aioimapi.mmc._features_disc import RestrictedOverwrite as RestrictedOverwrite
from aioimapi.mmc._features_disc import RigidRestrictedOverwrite as RigidRestrictedOverwrite
from aioimapi.mmc._features_disc import SectorErasable as SectorErasable
from aioimapi.mmc._features_disc import TimelySafeRecording as TimelySafeRecording
from aioimapi.mmc._features_disc import WriteOnce as WriteOnce
from aioimapi.mmc._features_disc import WriteProtect as WriteProtect
from aioimapi.mmc._features_drive import Aacs as Aacs
from aioimapi.mmc._features_drive import CdAudioPlay as CdAudioPlay
from aioimapi.mmc._features_drive import DiscControlBlocks as DiscControlBlocks
from aioimapi.mmc._features_drive import DriveSerialNumber as DriveSerialNumber
from aioimapi.mmc._features_drive import DvdCprm as DvdCprm
from aioimapi.mmc._features_drive import DvdCss as DvdCss
from aioimapi.mmc._features_drive import EmbeddedChanger as EmbeddedChanger
from aioimapi.mmc._features_drive import FirmwareInformation as FirmwareInformation
from aioimapi.mmc._features_drive import MediaSerialNumber as MediaSerialNumber
from aioimapi.mmc._features_drive import MicrocodeUpgrade as MicrocodeUpgrade
from aioimapi.mmc._features_drive import PowerManagement as PowerManagement
from aioimapi.mmc._features_drive import RealTimeStreaming as RealTimeStreaming
from aioimapi.mmc._features_drive import Smart as Smart
from aioimapi.mmc._features_drive import Timeout as Timeout
from aioimapi.mmc._fields import OpenIntEnum as OpenIntEnum
from aioimapi.mmc._format import FORMAT_PARAMETER_LENGTH as FORMAT_PARAMETER_LENGTH
from aioimapi.mmc._format import Blank as Blank
from aioimapi.mmc._format import BlankingType as BlankingType
from aioimapi.mmc._format import CapacityType as CapacityType
from aioimapi.mmc._format import FormatCapacities as FormatCapacities
from aioimapi.mmc._format import FormatDescriptor as FormatDescriptor
from aioimapi.mmc._format import FormatParameters as FormatParameters
from aioimapi.mmc._format import FormatType as FormatType
from aioimapi.mmc._format import FormatUnit as FormatUnit
from aioimapi.mmc._format import ReadFormatCapacities as ReadFormatCapacities
from aioimapi.mmc._inquiry import Designator as Designator
from aioimapi.mmc._inquiry import DeviceIdentification as DeviceIdentification
from aioimapi.mmc._inquiry import DeviceType as DeviceType
from aioimapi.mmc._inquiry import Inquiry as Inquiry
from aioimapi.mmc._inquiry import InquiryData as InquiryData
from aioimapi.mmc._inquiry import LunList as LunList
from aioimapi.mmc._inquiry import ReportLuns as ReportLuns
from aioimapi.mmc._inquiry import SupportedPages as SupportedPages
from aioimapi.mmc._inquiry import UnitSerialNumber as UnitSerialNumber
from aioimapi.mmc._inquiry import VitalProductPage as VitalProductPage
from aioimapi.mmc._keys import KeyFormat as KeyFormat
from aioimapi.mmc._keys import ReportKey as ReportKey
from aioimapi.mmc._keys import RpcState as RpcState
from aioimapi.mmc._keys import RpcType as RpcType
from aioimapi.mmc._keys import SendDiscStructure as SendDiscStructure
from aioimapi.mmc._keys import SendKey as SendKey
from aioimapi.mmc._mechanism import MechanismState as MechanismState
from aioimapi.mmc._mechanism import MechanismStatus as MechanismStatus
from aioimapi.mmc._mechanism import MechanismStatusData as MechanismStatusData
from aioimapi.mmc._mode import ModeParameters as ModeParameters
from aioimapi.mmc._mode import ModeSelect10 as ModeSelect10
from aioimapi.mmc._mode import ModeSense10 as ModeSense10
from aioimapi.mmc._mode import PageControl as PageControl
from aioimapi.mmc._mode6 import ModeSelect6 as ModeSelect6
from aioimapi.mmc._mode6 import ModeSense6 as ModeSense6
from aioimapi.mmc._mode_pages import MODE_PAGES as MODE_PAGES
from aioimapi.mmc._mode_pages import Caching as Caching
from aioimapi.mmc._mode_pages import Capabilities as Capabilities
from aioimapi.mmc._mode_pages import CdAudioControl as CdAudioControl
from aioimapi.mmc._mode_pages import CdDeviceParameters as CdDeviceParameters
from aioimapi.mmc._mode_pages import DataBlockType as DataBlockType
from aioimapi.mmc._mode_pages import ModePage as ModePage
from aioimapi.mmc._mode_pages import ModeWriteSpeed as ModeWriteSpeed
from aioimapi.mmc._mode_pages import MultiSession as MultiSession
from aioimapi.mmc._mode_pages import PowerConditionPage as PowerConditionPage
from aioimapi.mmc._mode_pages import RawPage as RawPage
from aioimapi.mmc._mode_pages import ReadWriteErrorRecovery as ReadWriteErrorRecovery
from aioimapi.mmc._mode_pages import TimeoutAndProtect as TimeoutAndProtect
from aioimapi.mmc._mode_pages import TrackMode as TrackMode
from aioimapi.mmc._mode_pages import WriteParameters as WriteParameters
from aioimapi.mmc._mode_pages import WriteType as WriteType
from aioimapi.mmc._mode_pages import parse_pages as parse_pages
from aioimapi.mmc._performance import MAXIMUM_SPEED as MAXIMUM_SPEED
from aioimapi.mmc._performance import GetPerformance as GetPerformance
from aioimapi.mmc._performance import Performance as Performance
from aioimapi.mmc._performance import PerformanceDescriptor as PerformanceDescriptor
from aioimapi.mmc._performance import PerformanceType as PerformanceType
from aioimapi.mmc._performance import RotationControl as RotationControl
from aioimapi.mmc._performance import SetCdSpeed as SetCdSpeed
from aioimapi.mmc._performance import SetStreaming as SetStreaming
from aioimapi.mmc._performance import StreamingDescriptor as StreamingDescriptor
from aioimapi.mmc._performance import WriteSpeedDescriptor as WriteSpeedDescriptor
from aioimapi.mmc._performance import WriteSpeeds as WriteSpeeds
from aioimapi.mmc._profiles import BD_DEFAULT_SPARE_SECTORS as BD_DEFAULT_SPARE_SECTORS
from aioimapi.mmc._profiles import BD_SECTORS as BD_SECTORS
from aioimapi.mmc._profiles import CD_R_74_SECTORS as CD_R_74_SECTORS
from aioimapi.mmc._profiles import CD_R_80_SECTORS as CD_R_80_SECTORS
from aioimapi.mmc._profiles import CD_R_90_SECTORS as CD_R_90_SECTORS
from aioimapi.mmc._profiles import CD_R_99_SECTORS as CD_R_99_SECTORS
from aioimapi.mmc._profiles import DVD_MINUS_DL_SECTORS as DVD_MINUS_DL_SECTORS
from aioimapi.mmc._profiles import DVD_MINUS_SECTORS as DVD_MINUS_SECTORS
from aioimapi.mmc._profiles import DVD_PLUS_DL_SECTORS as DVD_PLUS_DL_SECTORS
from aioimapi.mmc._profiles import DVD_PLUS_SECTORS as DVD_PLUS_SECTORS
from aioimapi.mmc._profiles import PROFILE_TRAITS as PROFILE_TRAITS
from aioimapi.mmc._profiles import Profile as Profile
from aioimapi.mmc._profiles import ProfileTraits as ProfileTraits
from aioimapi.mmc._profiles import Writing as Writing
from aioimapi.mmc._profiles import traits_of as traits_of
from aioimapi.mmc._raw import RawCommand as RawCommand
from aioimapi.mmc._read_cd import C2_BYTES as C2_BYTES
from aioimapi.mmc._read_cd import SUB_CHANNEL_BYTES as SUB_CHANNEL_BYTES
from aioimapi.mmc._read_cd import C2Selection as C2Selection
from aioimapi.mmc._read_cd import HeaderCodes as HeaderCodes
from aioimapi.mmc._read_cd import MainChannel as MainChannel
from aioimapi.mmc._read_cd import ReadCd as ReadCd
from aioimapi.mmc._read_cd import ReadCdMsf as ReadCdMsf
from aioimapi.mmc._read_cd import SectorType as SectorType
from aioimapi.mmc._read_cd import SubChannelSelection as SubChannelSelection
from aioimapi.mmc._recording import ERASING_EVENTS as ERASING_EVENTS
from aioimapi.mmc._recording import OVERWRITE_TABLE as OVERWRITE_TABLE
from aioimapi.mmc._recording import PROFILE_CHANGES as PROFILE_CHANGES
from aioimapi.mmc._recording import SEQUENTIAL_TABLE as SEQUENTIAL_TABLE
from aioimapi.mmc._recording import RecordingEvent as RecordingEvent
from aioimapi.mmc._recording import RecordingState as RecordingState
from aioimapi.mmc._recording import inspect_disc as inspect_disc
from aioimapi.mmc._recording import next_state as next_state
from aioimapi.mmc._recording import profile_after as profile_after
from aioimapi.mmc._registry import COMMANDS as COMMANDS
from aioimapi.mmc._registry import find_command as find_command
from aioimapi.mmc._registry import parse_command as parse_command
from aioimapi.mmc._seek import Seek10 as Seek10
from aioimapi.mmc._seek import SetReadAhead as SetReadAhead
from aioimapi.mmc._seek import WriteAndVerify10 as WriteAndVerify10
from aioimapi.mmc._sense import FieldPointer as FieldPointer
from aioimapi.mmc._sense import RequestSense as RequestSense
from aioimapi.mmc._sense import SenseData as SenseData
from aioimapi.mmc._sense import SenseKey as SenseKey
from aioimapi.mmc._sense_codes import assigned_codes as assigned_codes
from aioimapi.mmc._sense_codes import sense_text as sense_text
from aioimapi.mmc._sense_meaning import SenseMeaning as SenseMeaning
from aioimapi.mmc._sense_meaning import meaning_of as meaning_of
from aioimapi.mmc._sub_channel import AudioStatus as AudioStatus
from aioimapi.mmc._sub_channel import CatalogNumber as CatalogNumber
from aioimapi.mmc._sub_channel import CurrentPosition as CurrentPosition
from aioimapi.mmc._sub_channel import ReadSubChannel as ReadSubChannel
from aioimapi.mmc._sub_channel import SubChannelFormat as SubChannelFormat
from aioimapi.mmc._sub_channel import SubChannelHeader as SubChannelHeader
from aioimapi.mmc._sub_channel import TrackIsrc as TrackIsrc
from aioimapi.mmc._toc import LEAD_OUT as LEAD_OUT
from aioimapi.mmc._toc import Atip as Atip
from aioimapi.mmc._toc import FullToc as FullToc
from aioimapi.mmc._toc import FullTocEntry as FullTocEntry
from aioimapi.mmc._toc import ReadTocPmaAtip as ReadTocPmaAtip
from aioimapi.mmc._toc import SessionInfo as SessionInfo
from aioimapi.mmc._toc import TextPacks as TextPacks
from aioimapi.mmc._toc import Toc as Toc
from aioimapi.mmc._toc import TocFormat as TocFormat
from aioimapi.mmc._toc import TocPoint as TocPoint
from aioimapi.mmc._toc import TocTrack as TocTrack
from aioimapi.mmc._toc import lba_to_msf as lba_to_msf
from aioimapi.mmc._toc import msf_to_lba as msf_to_lba
from aioimapi.mmc._toc import program_lba as program_lba
from aioimapi.mmc._toc import program_msf as program_msf
from aioimapi.mmc._track_information import DataMode as DataMode
from aioimapi.mmc._track_information import ReadTrackInformation as ReadTrackInformation
from aioimapi.mmc._track_information import ReserveTrack as ReserveTrack
from aioimapi.mmc._track_information import TrackAddressType as TrackAddressType
from aioimapi.mmc._track_information import TrackInformation as TrackInformation
from aioimapi.mmc._transfer import Read10 as Read10
from aioimapi.mmc._transfer import Read12 as Read12
from aioimapi.mmc._transfer import SynchronizeCache10 as SynchronizeCache10
from aioimapi.mmc._transfer import Verify10 as Verify10
from aioimapi.mmc._transfer import Write10 as Write10
from aioimapi.mmc._transfer import Write12 as Write12
from aioimapi.mmc._unit import PowerCondition as PowerCondition
from aioimapi.mmc._unit import PreventAllowMediumRemoval as PreventAllowMediumRemoval
from aioimapi.mmc._unit import StartStopUnit as StartStopUnit
from aioimapi.mmc._unit import TestUnitReady as TestUnitReady

__all__ = (
    "BD_DEFAULT_SPARE_SECTORS",
    "BD_SECTORS",
    "C2_BYTES",
    "CD_R_74_SECTORS",
    "CD_R_80_SECTORS",
    "CD_R_90_SECTORS",
    "CD_R_99_SECTORS",
    "CLOSE_FUNCTIONS",
    "COMMANDS",
    "CUE_LINE_SIZE",
    "DVD_MINUS_DL_SECTORS",
    "DVD_MINUS_SECTORS",
    "DVD_PLUS_DL_SECTORS",
    "DVD_PLUS_SECTORS",
    "ERASING_EVENTS",
    "FEATURES",
    "FEATURE_NAMES",
    "FORMAT_PARAMETER_LENGTH",
    "LEAD_OUT",
    "MAXIMUM_SPEED",
    "MODE_PAGES",
    "OVERWRITE_TABLE",
    "PROFILE_CHANGES",
    "PROFILE_TRAITS",
    "SEQUENTIAL_TABLE",
    "SUB_CHANNEL_BYTES",
    "Aacs",
    "Atip",
    "AudioStatus",
    "BackgroundFormat",
    "BdDiscInformation",
    "BdDiscInformationUnit",
    "BdRPseudoOverwrite",
    "BdRead",
    "BdStructure",
    "BdWrite",
    "Blank",
    "BlankingType",
    "BufferCapacity",
    "BufferDescriptor",
    "BufferMode",
    "C2Selection",
    "Caching",
    "Capabilities",
    "CapacityData",
    "CapacityType",
    "CatalogNumber",
    "CdAudioControl",
    "CdAudioPlay",
    "CdDeviceParameters",
    "CdMastering",
    "CdRead",
    "CdRwCavWrite",
    "CdRwMediaWriteSupport",
    "CdTrackAtOnce",
    "CloseFunction",
    "CloseMeaning",
    "CloseTrackSession",
    "Command",
    "Core",
    "CueIsrc",
    "CueLine",
    "CueSheet",
    "CurrentPosition",
    "DataBlockType",
    "DataMode",
    "Designator",
    "DeviceIdentification",
    "DeviceType",
    "Direction",
    "DiscControlBlocks",
    "DiscInformation",
    "DiscInformationType",
    "DiscStatus",
    "DiscStructure",
    "DiscType",
    "DriveSerialNumber",
    "DvdCopyright",
    "DvdCprm",
    "DvdCss",
    "DvdMinusWrite",
    "DvdPhysicalFormat",
    "DvdPlusR",
    "DvdPlusRDualLayer",
    "DvdPlusRw",
    "DvdPlusRwDualLayer",
    "DvdRead",
    "DvdStructure",
    "EmbeddedChanger",
    "EnhancedDefectReporting",
    "EventClass",
    "EventStatus",
    "Feature",
    "FeatureSet",
    "FieldPointer",
    "FirmwareInformation",
    "FormatCapacities",
    "FormatDescriptor",
    "FormatParameters",
    "FormatType",
    "FormatUnit",
    "Formattable",
    "FullToc",
    "FullTocEntry",
    "GetConfiguration",
    "GetEventStatusNotification",
    "GetPerformance",
    "HardwareDefectManagement",
    "HeaderCodes",
    "IncrementalStreamingWritable",
    "Inquiry",
    "InquiryData",
    "KeyFormat",
    "LayerJumpRecording",
    "LunList",
    "MainChannel",
    "MechanismState",
    "MechanismStatus",
    "MechanismStatusData",
    "MediaEvent",
    "MediaSerialNumber",
    "MicrocodeUpgrade",
    "ModePage",
    "ModeParameters",
    "ModeSelect6",
    "ModeSelect10",
    "ModeSense6",
    "ModeSense10",
    "ModeWriteSpeed",
    "Morphing",
    "Mrw",
    "MultiRead",
    "MultiSession",
    "OpcTable",
    "OpenIntEnum",
    "OperationalChange",
    "PageControl",
    "PauseResume",
    "Performance",
    "PerformanceDescriptor",
    "PerformanceType",
    "PlayAudio10",
    "PlayAudio12",
    "PlayAudioMsf",
    "PlayAudioTrackIndex",
    "PowResources",
    "PowerCondition",
    "PowerConditionPage",
    "PowerManagement",
    "PowerStatus",
    "PreventAllowMediumRemoval",
    "Profile",
    "ProfileList",
    "ProfileTraits",
    "RandomReadable",
    "RandomWritable",
    "RawCommand",
    "RawFeature",
    "RawPage",
    "Read10",
    "Read12",
    "ReadBuffer",
    "ReadBufferCapacity",
    "ReadCapacity",
    "ReadCd",
    "ReadCdMsf",
    "ReadDiscInformation",
    "ReadDiscStructure",
    "ReadFormatCapacities",
    "ReadHeader",
    "ReadSubChannel",
    "ReadTocPmaAtip",
    "ReadTrackInformation",
    "ReadWriteErrorRecovery",
    "RealTimeStreaming",
    "RecordingEvent",
    "RecordingState",
    "RemovableMedium",
    "ReportKey",
    "ReportLuns",
    "RequestSense",
    "RequestedType",
    "ReserveTrack",
    "RestrictedOverwrite",
    "RigidRestrictedOverwrite",
    "RotationControl",
    "RpcState",
    "RpcType",
    "Scan",
    "SectorErasable",
    "SectorHeader",
    "SectorType",
    "Seek10",
    "SendCueSheet",
    "SendDiscStructure",
    "SendKey",
    "SendOpcInformation",
    "SenseData",
    "SenseKey",
    "SenseMeaning",
    "SessionInfo",
    "SessionState",
    "SetCdSpeed",
    "SetReadAhead",
    "SetStreaming",
    "Smart",
    "StartStopUnit",
    "Status",
    "StopPlayScan",
    "StreamingDescriptor",
    "StructureMedia",
    "SubChannelFormat",
    "SubChannelHeader",
    "SubChannelSelection",
    "SupportedPages",
    "SynchronizeCache10",
    "TestUnitReady",
    "TextPacks",
    "TimelySafeRecording",
    "Timeout",
    "TimeoutAndProtect",
    "Toc",
    "TocFormat",
    "TocPoint",
    "TocTrack",
    "TrackAddressType",
    "TrackInformation",
    "TrackIsrc",
    "TrackMode",
    "TrackResources",
    "UnitSerialNumber",
    "Verify10",
    "VitalProductPage",
    "Write10",
    "Write12",
    "WriteAndVerify10",
    "WriteBuffer",
    "WriteOnce",
    "WriteParameters",
    "WriteProtect",
    "WriteSpeedDescriptor",
    "WriteSpeeds",
    "WriteType",
    "Writing",
    "assigned_codes",
    "cdb_size",
    "close_meaning",
    "find_command",
    "inspect_disc",
    "lba_to_msf",
    "meaning_of",
    "msf_to_lba",
    "next_state",
    "parse_command",
    "parse_pages",
    "profile_after",
    "program_lba",
    "program_msf",
    "sense_text",
    "traits_of",
)
