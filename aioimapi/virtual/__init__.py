"""The virtual drive: discs in files, an MMC target, faults on demand.

Layer 2: it knows the codec and nothing above it; no I/O but to its medium files, no clock, no event loop.
"""

from __future__ import annotations

from aioimapi.virtual._curves import Curve as Curve
from aioimapi.virtual._drive import Identity as Identity
from aioimapi.virtual._faults import COMMAND_NAMES as COMMAND_NAMES
from aioimapi.virtual._faults import Action as Action
from aioimapi.virtual._faults import Fault as Fault
from aioimapi.virtual._faults import FaultScript as FaultScript
from aioimapi.virtual._physics import Physics as Physics
from aioimapi.virtual._quality import DiscQuality as DiscQuality
from aioimapi.virtual._quality import QualitySample as QualitySample
from aioimapi.virtual._quality import scan_quality as scan_quality
from aioimapi.virtual._quirks import Quirk as Quirk
from aioimapi.virtual._reply import TargetReply as TargetReply
from aioimapi.virtual._target import CommandLog as CommandLog
from aioimapi.virtual._target import VirtualTarget as VirtualTarget
from aioimapi.virtual._url import VirtualOptions as VirtualOptions
from aioimapi.virtual._url import open_virtual_target as open_virtual_target
from aioimapi.virtual._url import parse_virtual_url as parse_virtual_url
from aioimapi.virtual._wear import Condition as Condition
from aioimapi.virtual._wear import Wear as Wear
from aioimapi.virtual.convert._export import export_image as export_image
from aioimapi.virtual.convert._export import export_sheet as export_sheet
from aioimapi.virtual.convert._import import copy_disc as copy_disc
from aioimapi.virtual.convert._import import import_image as import_image
from aioimapi.virtual.convert._import import import_sheet as import_sheet
from aioimapi.virtual.discs._cd_traits import CD_SECTORS as CD_SECTORS
from aioimapi.virtual.discs._kinds import MediumKind as MediumKind
from aioimapi.virtual.discs._kinds import media_kind as media_kind
from aioimapi.virtual.discs._state import DiscState as DiscState
from aioimapi.virtual.discs._state import DiscStatus as DiscStatus
from aioimapi.virtual.discs._state import FormatState as FormatState
from aioimapi.virtual.discs._state import SessionState as SessionState
from aioimapi.virtual.discs._state import Track as Track
from aioimapi.virtual.discs._traits import KindTraits as KindTraits
from aioimapi.virtual.files._check import MediumCheck as MediumCheck
from aioimapi.virtual.files._check import MediumProblem as MediumProblem
from aioimapi.virtual.files._check import check_medium as check_medium
from aioimapi.virtual.files._check import repair_medium as repair_medium
from aioimapi.virtual.files._medium import VirtualMedium as VirtualMedium

__all__ = (
    "CD_SECTORS",
    "COMMAND_NAMES",
    "Action",
    "CommandLog",
    "Condition",
    "Curve",
    "DiscQuality",
    "DiscState",
    "DiscStatus",
    "Fault",
    "FaultScript",
    "FormatState",
    "Identity",
    "KindTraits",
    "MediumCheck",
    "MediumKind",
    "MediumProblem",
    "Physics",
    "QualitySample",
    "Quirk",
    "SessionState",
    "TargetReply",
    "Track",
    "VirtualMedium",
    "VirtualOptions",
    "VirtualTarget",
    "Wear",
    "check_medium",
    "copy_disc",
    "export_image",
    "export_sheet",
    "import_image",
    "import_sheet",
    "media_kind",
    "open_virtual_target",
    "parse_virtual_url",
    "repair_medium",
    "scan_quality",
)
