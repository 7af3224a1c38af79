"""SPC and MMC commands and answers, in both directions: values in, bytes out, and back.

Layer 1: no I/O, no clock, no event loop. A driver uses ``to_cdb()`` and ``parse()``, a target
``parse_command()`` and ``to_bytes()``; both directions come from one table of fields for each structure.
Names are MMC's.
"""

from __future__ import annotations

from aioimapi.mmc._capacity import BufferCapacity as BufferCapacity
from aioimapi.mmc._capacity import CapacityData as CapacityData
from aioimapi.mmc._capacity import ReadBufferCapacity as ReadBufferCapacity
from aioimapi.mmc._capacity import ReadCapacity as ReadCapacity
from aioimapi.mmc._close import CloseFunction as CloseFunction
from aioimapi.mmc._close import CloseTrackSession as CloseTrackSession
from aioimapi.mmc._close import SendOpcInformation as SendOpcInformation
from aioimapi.mmc._command import Command as Command
from aioimapi.mmc._command import Direction as Direction
from aioimapi.mmc._command import Status as Status
from aioimapi.mmc._command import cdb_size as cdb_size
from aioimapi.mmc._configuration import GetConfiguration as GetConfiguration
from aioimapi.mmc._configuration import RequestedType as RequestedType
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
from aioimapi.mmc._disc_structure import ReadDiscStructure as ReadDiscStructure
from aioimapi.mmc._disc_structure import StructureMedia as StructureMedia
from aioimapi.mmc._event_status import EventClass as EventClass
from aioimapi.mmc._event_status import GetEventStatusNotification as GetEventStatusNotification
from aioimapi.mmc._fields import OpenIntEnum as OpenIntEnum
from aioimapi.mmc._format import Blank as Blank
from aioimapi.mmc._format import BlankingType as BlankingType
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
from aioimapi.mmc._mechanism import MechanismStatus as MechanismStatus
from aioimapi.mmc._mode import ModeSelect10 as ModeSelect10
from aioimapi.mmc._mode import ModeSense10 as ModeSense10
from aioimapi.mmc._mode import PageControl as PageControl
from aioimapi.mmc._performance import MAXIMUM_SPEED as MAXIMUM_SPEED
from aioimapi.mmc._performance import GetPerformance as GetPerformance
from aioimapi.mmc._performance import PerformanceType as PerformanceType
from aioimapi.mmc._performance import SetCdSpeed as SetCdSpeed
from aioimapi.mmc._performance import SetStreaming as SetStreaming
from aioimapi.mmc._profiles import Profile as Profile
from aioimapi.mmc._registry import COMMANDS as COMMANDS
from aioimapi.mmc._registry import find_command as find_command
from aioimapi.mmc._registry import parse_command as parse_command
from aioimapi.mmc._sense import FieldPointer as FieldPointer
from aioimapi.mmc._sense import RequestSense as RequestSense
from aioimapi.mmc._sense import SenseData as SenseData
from aioimapi.mmc._sense import SenseKey as SenseKey
from aioimapi.mmc._sense_codes import assigned_codes as assigned_codes
from aioimapi.mmc._sense_codes import sense_text as sense_text
from aioimapi.mmc._toc import ReadTocPmaAtip as ReadTocPmaAtip
from aioimapi.mmc._toc import TocFormat as TocFormat
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
    "COMMANDS",
    "MAXIMUM_SPEED",
    "BackgroundFormat",
    "Blank",
    "BlankingType",
    "BufferCapacity",
    "CapacityData",
    "CloseFunction",
    "CloseTrackSession",
    "Command",
    "DataMode",
    "Designator",
    "DeviceIdentification",
    "DeviceType",
    "Direction",
    "DiscInformation",
    "DiscInformationType",
    "DiscStatus",
    "DiscType",
    "EventClass",
    "FieldPointer",
    "FormatUnit",
    "GetConfiguration",
    "GetEventStatusNotification",
    "GetPerformance",
    "Inquiry",
    "InquiryData",
    "LunList",
    "MechanismStatus",
    "ModeSelect10",
    "ModeSense10",
    "OpcTable",
    "OpenIntEnum",
    "PageControl",
    "PerformanceType",
    "PowResources",
    "PowerCondition",
    "PreventAllowMediumRemoval",
    "Profile",
    "Read10",
    "Read12",
    "ReadBufferCapacity",
    "ReadCapacity",
    "ReadDiscInformation",
    "ReadDiscStructure",
    "ReadFormatCapacities",
    "ReadTocPmaAtip",
    "ReadTrackInformation",
    "ReportLuns",
    "RequestSense",
    "RequestedType",
    "ReserveTrack",
    "SendOpcInformation",
    "SenseData",
    "SenseKey",
    "SessionState",
    "SetCdSpeed",
    "SetStreaming",
    "StartStopUnit",
    "Status",
    "StructureMedia",
    "SupportedPages",
    "SynchronizeCache10",
    "TestUnitReady",
    "TocFormat",
    "TrackAddressType",
    "TrackInformation",
    "TrackResources",
    "UnitSerialNumber",
    "Verify10",
    "VitalProductPage",
    "Write10",
    "Write12",
    "assigned_codes",
    "cdb_size",
    "find_command",
    "parse_command",
    "sense_text",
)
