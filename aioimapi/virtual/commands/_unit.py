"""Commands about the drive: who it is, whether it is ready, tray, locks, events (SPC-4 6, MMC-6 6.7, 6.10, 6.42)."""

from __future__ import annotations

import struct
from typing import Final

from aioimapi.mmc import (
    EventClass,
    GetEventStatusNotification,
    Inquiry,
    MechanismStatus,
    PowerCondition,
    PreventAllowMediumRemoval,
    ReportLuns,
    RequestSense,
    StartStopUnit,
    TestUnitReady,
    VitalProductPage,
)
from aioimapi.virtual._drive import DriveState
from aioimapi.virtual._quirks import Quirk
from aioimapi.virtual._reply import CheckConditionError, fixed_sense, invalid_field, progress_bytes
from aioimapi.virtual.families._registry import family_of

_CLASSES: Final = (
    EventClass.OPERATIONAL_CHANGE,
    EventClass.POWER_MANAGEMENT,
    EventClass.MEDIA,
    EventClass.DEVICE_BUSY,
)
_STANDARDS: Final = (0x0300, 0x04E0)
"""Version descriptors: SPC-3 and MMC-6, no version claimed (SPC-4 annex E)."""

_BECOMING_READY: Final = 1
_SUPPORTED: Final = sum(1 << event for event in _CLASSES)


def test_unit_ready(drive: DriveState, command: TestUnitReady, data: memoryview) -> None:
    """TEST UNIT READY."""
    drive.need_medium()


def request_sense(drive: DriveState, command: RequestSense, data: memoryview) -> bytes:
    """REQUEST SENSE: progress of what runs, else a waiting unit attention, else nothing; always fixed format."""
    if drive.busy is not None and drive.now < drive.busy.end:
        return fixed_sense(2, 0x04, drive.busy.ascq, specific=progress_bytes(drive.busy.progress(drive.now)))
    drive.busy = None
    drive.settle_background_format()
    if drive.attention:
        asc, ascq = drive.attention.pop(0)
        return fixed_sense(6, asc, ascq)
    if drive.deferred:
        return drive.deferred.pop(0)
    running = drive.background_format
    if running is not None:
        return fixed_sense(0, 0x04, running.ascq, specific=progress_bytes(running.progress(drive.now)))
    if drive.now < drive.ready_at:
        return fixed_sense(2, 0x04, _BECOMING_READY)
    if drive.tray_open or drive.medium is None:
        return fixed_sense(2, 0x3A, 2 if drive.tray_open else 1)
    return fixed_sense(0, 0, 0)


def inquiry(drive: DriveState, command: Inquiry, data: memoryview) -> bytes:
    """INQUIRY: standard data, or the vital product data pages 00h, 80h and 83h."""
    identity = drive.identity
    if not command.vital_product_data:
        if command.page_code:
            raise invalid_field(2)
        text = b"".join(
            value.encode("ascii", "replace")[:size].ljust(size)
            for value, size in ((identity.vendor, 8), (identity.product, 16), (identity.revision, 4))
        )
        head = bytes((0x05, 0x80, 0x05, 0x02, 91, 0, 0, 0))
        return head + text + bytes(22) + struct.pack(">HH", *_STANDARDS) + bytes(34)
    serial = identity.serial.encode("ascii", "replace")
    if command.page_code == VitalProductPage.SUPPORTED_PAGES:
        return b"\x05\0\0\x03\x00\x80\x83"
    if command.page_code == VitalProductPage.UNIT_SERIAL_NUMBER:
        return struct.pack(">BBH", 5, 0x80, len(serial)) + serial
    if command.page_code == VitalProductPage.DEVICE_IDENTIFICATION:
        name = identity.vendor.encode("ascii", "replace")[:8].ljust(8) + serial
        body = bytes((0x02, 0x01, 0x00, len(name))) + name
        return struct.pack(">BBH", 5, 0x83, len(body)) + body
    raise invalid_field(2)


def report_luns(drive: DriveState, command: ReportLuns, data: memoryview) -> bytes:
    """REPORT LUNS: one logical unit, number 0; no well-known ones."""
    if command.select_report > 2:
        raise invalid_field(2)
    if command.select_report == 1:
        return bytes(8)
    return struct.pack(">I4x8x", 8)


_POWER: Final = {PowerCondition.IDLE: 2, PowerCondition.STANDBY: 3, PowerCondition.SLEEP: 4}
_POWER_CHANGED: Final = 1


def start_stop_unit(drive: DriveState, command: StartStopUnit, data: memoryview) -> None:
    """START STOP UNIT: load, eject, spin up and down, power conditions (MMC-6 6.42)."""
    power = _POWER.get(command.power_condition)
    if power is not None:
        drive.power = power
        drive.power_events.append(_POWER_CHANGED)
        _stop(drive)
        return
    if command.layer_jump:
        raise invalid_field(4, 2)  # no hybrid discs, so no format-layers
    if not command.load_eject:
        if command.start:
            drive.need_medium()
            drive.touched_at = drive.now
        else:
            _stop(drive)
        return
    if command.start:
        _load(drive, command)
        return
    if drive.locked:
        raise CheckConditionError(5, 0x53, 2)  # medium removal prevented
    eject(drive)


def _stop(drive: DriveState) -> None:
    """Finish writing and let the disc come to rest."""
    if drive.disc is not None and drive.medium is not None and drive.unflushed:
        family_of(drive.medium.state).stop_writing(drive, drive.medium)
    drive.touched_at = float("-inf")


def _load(drive: DriveState, command: StartStopUnit) -> None:
    if Quirk.SLIM in drive.quirks:
        if drive.tray_open:
            raise invalid_field(4, 1)  # a hand has to close it
        return
    if drive.tray_open:
        drive.load()
        drive.spend(drive.physics.load_s, immed=command.immed, ascq=_BECOMING_READY)


def eject(drive: DriveState) -> None:
    """Finish writing and open the tray."""
    if drive.tray_open:
        return
    if drive.medium is not None and drive.unflushed:
        family_of(drive.medium.state).stop_writing(drive, drive.medium)
    drive.eject()


def prevent_allow(drive: DriveState, command: PreventAllowMediumRemoval, data: memoryview) -> None:
    """PREVENT ALLOW MEDIUM REMOVAL; with Persistent the lock stays until it is taken back the same way (MMC-6 6.13)."""
    if command.persistent:
        drive.persistent = command.prevent
    drive.locked = command.prevent or drive.persistent


def mechanism_status(drive: DriveState, command: MechanismStatus, data: memoryview) -> bytes:
    """MECHANISM STATUS: no changer; tray and where the laser is."""
    door = 0x10 if drive.tray_open else 0
    return bytes((0, door)) + (drive.last_lba & 0xFFFFFF).to_bytes(3, "big") + bytes(3)


def event_status(drive: DriveState, command: GetEventStatusNotification, data: memoryview) -> bytes:
    """GET EVENT STATUS NOTIFICATION, polled: one event, of the lowest class that has one or that was asked for."""
    if not command.polled:
        raise invalid_field(1, 0)  # no asynchronous notification
    asked = [event for event in _CLASSES if command.classes & 1 << event]
    if not asked:
        return bytes((0, 2, 0x80, _SUPPORTED))
    waiting = {
        EventClass.OPERATIONAL_CHANGE: drive.change_events,
        EventClass.POWER_MANAGEMENT: drive.power_events,
        EventClass.MEDIA: drive.media_events,
    }
    event = next((kind for kind in asked if waiting.get(kind)), asked[0])
    return bytes((0, 6, event, _SUPPORTED)) + _BODIES[event](drive)


def _change_event(drive: DriveState) -> bytes:
    """Return event, persistent prevent and status, change: 2 and 1 are a change of features (MMC-6 6.7.2.2)."""
    change = drive.change_events.popleft() if drive.change_events else 0
    return bytes((2 if change else 0, 0x80 * drive.persistent, 0, change))


def _power_event(drive: DriveState) -> bytes:
    return bytes((drive.power_events.popleft() if drive.power_events else 0, drive.power, 0, 0))


def _media_event(drive: DriveState) -> bytes:
    code = drive.media_events.popleft() if drive.media_events else 0
    present = 0x02 if drive.medium is not None and not drive.tray_open else 0
    return bytes((code, present | (1 if drive.tray_open else 0), 0, 0))


def _busy_event(drive: DriveState) -> bytes:
    busy = drive.busy
    if busy is None or drive.now >= busy.end:
        return bytes(4)
    tenths = min(0xFFFF, int((busy.end - drive.now) * 10))
    return bytes((0, 1)) + tenths.to_bytes(2, "big")


_BODIES: Final = {
    EventClass.OPERATIONAL_CHANGE: _change_event,
    EventClass.POWER_MANAGEMENT: _power_event,
    EventClass.MEDIA: _media_event,
    EventClass.DEVICE_BUSY: _busy_event,
}
