"""The emulated drive: commands in; status, sense and data out. No threads, no clock, no event loop."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import attrs

from aioimapi import mmc
from aioimapi.errors import InvalidFieldError, UnknownOpcodeError
from aioimapi.units import SECTOR_SIZE
from aioimapi.virtual._drive import DriveState, Identity
from aioimapi.virtual._faults import (
    COMMAND_NAMES,
    Action,
    Fault,
    FaultScript,
    damages_reading,
    sector_range,
)
from aioimapi.virtual._physics import Physics, WriteBuffer
from aioimapi.virtual._quirks import (
    Quirk,
    changed_answer,
    changed_sense,
    quirks_of,
    refused_immed,
    unknown_opcodes,
)
from aioimapi.virtual._reply import (
    CHECK_CONDITION,
    GONE,
    GOOD,
    HANG,
    CheckConditionError,
    TargetReply,
    fixed_sense,
    invalid_field,
    invalid_opcode,
)
from aioimapi.virtual._wear import Wear
from aioimapi.virtual.commands import (
    _audio,
    _cd,
    _closing,
    _configuration,
    _device,
    _information,
    _mode_pages,
    _performance,
    _read_write,
    _structures,
    _unit,
)
from aioimapi.virtual.files._medium import VirtualMedium

CommandLog = Callable[[Literal["begin", "end"], bytes, TargetReply | None, float], None]
"""A hook that sees each command twice: as it begins, with no reply, and as it ends, with its reply."""

Handler = Callable[[DriveState, Any, memoryview], bytes | int | None]  # Any: the handler's own command class

HANDLERS: Final[dict[type[mmc.Command], Handler]] = {
    mmc.TestUnitReady: _unit.test_unit_ready,
    mmc.RequestSense: _unit.request_sense,
    mmc.FormatUnit: _closing.format_unit,
    mmc.Inquiry: _unit.inquiry,
    mmc.ModeSelect6: _mode_pages.mode_select,
    mmc.ModeSense6: _mode_pages.mode_sense,
    mmc.StartStopUnit: _unit.start_stop_unit,
    mmc.PreventAllowMediumRemoval: _unit.prevent_allow,
    mmc.ReadFormatCapacities: _information.read_format_capacities,
    mmc.ReadCapacity: _information.read_capacity,
    mmc.Read10: _read_write.read10,
    mmc.Read12: _read_write.read10,
    mmc.Write10: _read_write.write10,
    mmc.Write12: _read_write.write10,
    mmc.Seek10: _read_write.seek,
    mmc.WriteAndVerify10: _read_write.write_and_verify,
    mmc.Verify10: _read_write.verify10,
    mmc.SynchronizeCache10: _read_write.synchronize_cache,
    mmc.WriteBuffer: _device.write_buffer,
    mmc.ReadBuffer: _device.read_buffer,
    mmc.ReadSubChannel: _cd.read_sub_channel,
    mmc.ReadTocPmaAtip: _information.read_toc,
    mmc.ReadHeader: _cd.read_header,
    mmc.PlayAudio10: _audio.play_audio,
    mmc.GetConfiguration: _configuration.get_configuration,
    mmc.PlayAudioMsf: _audio.play_audio_msf,
    mmc.GetEventStatusNotification: _unit.event_status,
    mmc.PauseResume: _audio.pause_resume,
    mmc.StopPlayScan: _audio.stop_play,
    mmc.ReadDiscInformation: _information.read_disc_information,
    mmc.ReadTrackInformation: _information.read_track_information,
    mmc.ReserveTrack: _closing.reserve_track,
    mmc.SendOpcInformation: _closing.send_opc_information,
    mmc.ModeSelect10: _mode_pages.mode_select,
    mmc.ModeSense10: _mode_pages.mode_sense,
    mmc.CloseTrackSession: _closing.close_track_session,
    mmc.SendCueSheet: _cd.send_cue_sheet,
    mmc.ReadBufferCapacity: _performance.read_buffer_capacity,
    mmc.ReportLuns: _unit.report_luns,
    mmc.Blank: _closing.blank,
    mmc.SendKey: _device.send_key,
    mmc.ReportKey: _device.report_key,
    mmc.PlayAudio12: _audio.play_audio,
    mmc.SetReadAhead: _read_write.set_read_ahead,
    mmc.GetPerformance: _performance.get_performance,
    mmc.ReadDiscStructure: _structures.read_disc_structure,
    mmc.SendDiscStructure: _structures.send_disc_structure,
    mmc.SetStreaming: _performance.set_streaming,
    mmc.ReadCdMsf: _cd.read_cd_msf,
    mmc.SetCdSpeed: _performance.set_cd_speed,
    mmc.MechanismStatus: _unit.mechanism_status,
    mmc.ReadCd: _cd.read_cd,
}
"""What the drive can do, by command."""

_IGNORES_ATTENTION: Final = frozenset({0x03, 0x12, 0x46, 0x4A, 0xA0})
"""REQUEST SENSE, INQUIRY, GET CONFIGURATION, GET EVENT STATUS NOTIFICATION, REPORT LUNS (MMC-6 4.1.6.1)."""

_WHILE_BUSY: Final = _IGNORES_ATTENTION | {0x1A, 0x1E, 0x5A, 0x5C, 0xBD}
"""Those, and what only asks about or locks the mechanism."""

_READ_TOC: Final = 0x43
_READ_10: Final = 0x28
_WRITE_10: Final = 0x2A
_transfer = struct.Struct(">BBIxH")
_FUA: Final = 0x08
_RESERVED_10: Final = 0x02
_NO_DATA: Final = memoryview(b"")
_BECOMING_READY: Final = 1
_ACTIVE: Final = 1
_START_STOP: Final = 0x1B


class VirtualTarget:
    """One emulated optical drive.

    Args:
        medium: The disc that is in it, or None. The target closes it with itself.
        faults: What goes wrong, and when.
        physics: How long things take; off by default.
        identity: Vendor, product, revision, serial.
        tray_open: Begin with the tray out.
        attention: Begin with a unit attention, 6/28/00, as a drive that was just given its disc.
        quirks: What the drive does otherwise than the standard has it, as values or by name.
        wear: What the disc has gone through; None for nothing.
        log: Sees every command as it begins and as it ends.
    """

    def __init__(
        self,
        medium: VirtualMedium | None,
        faults: FaultScript | None = None,
        *,
        physics: Physics | None = None,
        identity: Identity | None = None,
        tray_open: bool = False,
        attention: bool = True,
        quirks: Iterable[Quirk | str] = (),
        wear: Wear | None = None,
        log: CommandLog | None = None,
    ) -> None:
        self.faults = FaultScript() if faults is None else faults
        self.faults.insert_disc(() if medium is None else medium.faults)
        self.log = log
        physics = Physics() if physics is None else physics
        buffer = WriteBuffer(physics.buffer_kib * 1024)
        self._drive = DriveState(
            identity=Identity() if identity is None else identity,
            physics=physics,
            medium=medium,
            buffer=buffer,
            tray_open=tray_open,
            quirks=quirks_of(quirks),
            wear=wear or None,
        )
        self._unknown = unknown_opcodes(self._drive.quirks)
        if attention and medium is not None and not tray_open:
            self._drive.attend(0x28, 0)
        if medium is not None and not tray_open:
            self._drive.media_events.append(2)
            self._drive.start_slowly()
        self._gone = False
        self._not_ready_commands = 0
        self._not_ready_until = 0.0
        self._taken: dict[int, TargetReply] = {}

    # --- the disc in it -----------------------------------------------------------------------------

    @property
    def medium(self) -> VirtualMedium | None:
        """The disc on the tray or in the drive, or None."""
        return self._drive.medium

    @property
    def tray_open(self) -> bool:
        """Whether the tray is out."""
        return self._drive.tray_open

    @property
    def locked(self) -> bool:
        """Whether the host has locked the tray."""
        return self._drive.locked

    def swap_medium(self, medium: VirtualMedium | None) -> VirtualMedium | None:
        """Do what a person does: open the tray, change the disc, close the tray.

        Returns:
            The disc that was in it, still open; it is the caller's now.
        """
        drive = self._drive
        drive.eject()
        old, drive.medium = drive.medium, medium
        self.faults.insert_disc(() if medium is None else medium.faults)
        drive.load()
        return old

    def press_eject(self) -> bool:
        """Do what a person does with the drive's button: open the tray, or close it.

        Returns:
            Whether the tray moved. A locked one stays; where the host has locked it persistently, it gets an
            eject request with the next GET EVENT STATUS NOTIFICATION.
        """
        drive = self._drive
        if drive.tray_open:
            drive.load()
            return True
        if drive.locked:
            if drive.persistent:
                drive.media_events.append(1)
            return False
        _unit.eject(drive)
        return True

    def push_tray(self) -> None:
        """Close the tray by hand, which is the only way with a slim drive; nothing where it is closed."""
        if self._drive.tray_open:
            self._drive.load()

    def reset(self) -> None:
        """Reset the drive, as the bus does: settings and locks are forgotten, the next command is told 6/29/00."""
        self._not_ready_commands = 0
        self._not_ready_until = 0.0
        self._drive.reset()

    def close(self) -> None:
        """Close the disc's files; the target answers no more. Closing twice is harmless."""
        self._gone = True
        medium, self._drive.medium = self._drive.medium, None
        if medium is not None:
            medium.close()

    # --- commands -----------------------------------------------------------------------------------

    def handle(self, cdb: bytes, data: memoryview | None, now: float) -> TargetReply:
        """Run one command.

        Args:
            cdb: The command descriptor block; bytes after its length are ignored.
            data: The data to the drive, or the buffer to fill; None where there is no data phase.
            now: The drive's time in seconds; it must not go back. Whoever shortens the waits
                (``duration_s``) shortens this, too.

        Returns:
            The answer. It never raises for what the host sent.
        """
        if self.log is None:
            return self._answer(cdb, _NO_DATA if data is None else data, now)
        kept = bytes(cdb)
        self.log("begin", kept, None, now)
        reply = self._answer(cdb, _NO_DATA if data is None else data, now)
        self.log("end", kept, reply, now)
        return reply

    def _answer(self, cdb: bytes, data: memoryview, now: float) -> TargetReply:
        if self._gone:
            return GONE
        fault = self.faults.strike(cdb, now) if self.faults.faults and cdb else None
        if fault is not None and not fault.done:
            return self._struck(fault, cdb, data, now)
        reply = self._run(cdb, data, now)
        if fault is not None:
            return self._struck(fault, cdb, data, now)
        return reply

    def _run(self, cdb: bytes, data: memoryview, now: float) -> TargetReply:
        """Run one command that nothing has struck."""
        drive = self._drive
        drive.now = now
        drive.duration_s = 0.0
        opcode = cdb[0] if cdb else -1
        try:
            if drive.deferred and opcode not in _IGNORES_ATTENTION:
                return TargetReply(CHECK_CONDITION, drive.deferred.pop(0))
            if (
                drive.attention
                or drive.busy is not None
                or drive.deferred
                or drive.ready_at
                or drive.power != _ACTIVE
                or self._not_ready_commands
                or self._not_ready_until
            ):
                self._not_now(opcode)
                if drive.deferred and opcode not in _IGNORES_ATTENTION:
                    return TargetReply(CHECK_CONDITION, changed_sense(drive.quirks, drive.deferred.pop(0)))
            if drive.quirks and opcode >= 0:
                data = self._in_its_own_way(cdb, data)
            if opcode == _WRITE_10 and len(cdb) >= 10:
                return self._write(cdb, data)
            if opcode == _READ_10 and len(cdb) >= 10:
                return self._read(cdb, data)
            return self._decoded(cdb, data)
        except CheckConditionError as error:
            return TargetReply(
                CHECK_CONDITION,
                changed_sense(drive.quirks, error.sense) if drive.quirks else error.sense,
                error.transferred,
                drive.duration_s,
                note=error.note,
            )

    def _write(self, cdb: bytes, data: memoryview) -> TargetReply:
        _, flags, lba, count = _transfer.unpack_from(cdb)
        if flags & _RESERVED_10:
            raise invalid_field(1, 1)
        drive = self._drive
        return self._moved(_read_write.write_sectors(drive, lba, count, data, fua=bool(flags & _FUA)))

    def _read(self, cdb: bytes, data: memoryview) -> TargetReply:
        _, flags, lba, count = _transfer.unpack_from(cdb)
        if flags & (_RESERVED_10 | 0x04):
            raise invalid_field(1, 2 if flags & 0x04 else 1)
        return self._moved(_read_write.read_sectors(self._drive, lba, count, data))

    def _moved(self, size: int) -> TargetReply:
        """Return GOOD for so many bytes; without physics the same few answers come again and again."""
        duration = self._drive.duration_s
        if duration:
            return TargetReply(transferred=size, duration_s=duration)
        reply = self._taken.get(size)
        if reply is None:
            if len(self._taken) > 64:
                self._taken.clear()
            reply = self._taken[size] = TargetReply(transferred=size)
        return reply

    def _decoded(self, cdb: bytes, data: memoryview) -> TargetReply:
        drive = self._drive
        if cdb and cdb[0] == _READ_TOC and len(cdb) >= 10:
            cdb = _modern_toc(cdb)
        try:
            command = mmc.parse_command(cdb)
        except UnknownOpcodeError:
            raise invalid_opcode() from None
        except InvalidFieldError as error:
            raise invalid_field(error.byte, error.bit) from None
        handler = HANDLERS.get(type(command))
        if handler is None:  # the codec knows more commands than this drive
            raise invalid_opcode()
        if drive.background_format is not None:
            drive.settle_background_format()
        answer = handler(drive, command, data)
        if isinstance(answer, bytes):
            if drive.quirks:
                answer = changed_answer(drive.quirks, cdb, answer)
            size = min(len(answer), command.transfer_length, len(data))
            if size:  # without a data phase there is no buffer either
                data[:size] = answer[:size]
        elif answer is not None:
            size = answer
        else:
            size = min(command.transfer_length, len(data)) if command.direction is mmc.Direction.OUT else 0
        return TargetReply(transferred=size, duration_s=drive.duration_s)

    def _not_now(self, opcode: int) -> None:
        """End the command where a unit attention waits, an operation runs, or a fault keeps the drive from it."""
        drive = self._drive
        if opcode not in _WHILE_BUSY:
            if drive.power != _ACTIVE and opcode != _START_STOP:
                drive.wake()
            if drive.ready_at:
                if drive.now < drive.ready_at:
                    raise CheckConditionError(2, 0x04, _BECOMING_READY)
                drive.ready_at = 0.0
            if self._not_ready_commands:
                self._not_ready_commands -= 1
                raise CheckConditionError(2, 0x04, _BECOMING_READY)
            if self._not_ready_until:
                if drive.now < self._not_ready_until:
                    raise CheckConditionError(2, 0x04, _BECOMING_READY)
                self._not_ready_until = 0.0
            drive.refuse_while_busy()
        if drive.attention and opcode not in _IGNORES_ATTENTION:
            raise CheckConditionError(6, *drive.attention.pop(0))

    def _in_its_own_way(self, cdb: bytes, data: memoryview) -> memoryview:
        """Do to a command what the drive's quirks do to it before it is looked at; return the data that it gets."""
        quirks = self._drive.quirks
        if cdb[0] in self._unknown:
            raise invalid_opcode()
        immed = refused_immed(quirks, cdb)
        if immed is not None:
            raise invalid_field(*immed)
        if Quirk.YES_MAN in quirks and cdb[0] in COMMAND_NAMES["write"]:
            return self._what_is_there(cdb, data)
        return data

    # --- faults -------------------------------------------------------------------------------------

    def _struck(self, fault: Fault, cdb: bytes, data: memoryview, now: float) -> TargetReply:
        """Answer a command that a fault strikes; its work, where it does any, is done already."""
        if fault.action is Action.UNPLUG:
            self._gone = True
            return GONE
        if fault.action is Action.HANG:
            # The host will reset the bus to get the drive back.
            self._drive.attend(0x29, 0)
            return HANG
        if fault.action is Action.SENSE:
            return TargetReply(CHECK_CONDITION, fixed_sense(*fault.sense, information=fault.lba))
        if fault.action is Action.SLOW:
            reply = self._run(cdb, data, now)
            return attrs.evolve(reply, duration_s=reply.duration_s + fault.seconds)
        if fault.action is Action.NOT_READY:
            self._not_ready_commands = fault.commands
            self._not_ready_until = now + fault.seconds if fault.seconds else 0.0
            return self._run(cdb, data, now)
        if damages_reading(fault, cdb[0]):
            reply = self._run(cdb, data, now)
            data[: reply.transferred] = self.faults.corrupted(fault, cdb, data[: reply.transferred])
            return reply
        if fault.action is Action.CORRUPT:
            return self._run(cdb, memoryview(self.faults.corrupted(fault, cdb, data)), now)
        reply = self._lie(cdb, data, now)
        if fault.action is Action.DEFERRED and reply.status == GOOD:
            lba = (sector_range(cdb) or (None, 0))[0]
            sense = fixed_sense(*fault.sense, information=lba)
            self._drive.deferred.append(bytes((sense[0] | 1, *sense[1:])))  # 71h or F1h (SPC-4 4.5.5)
        return reply

    def _lie(self, cdb: bytes, data: memoryview, now: float) -> TargetReply:
        """Do all that a WRITE does with what is there already: the disc's state moves on, the data is nowhere."""
        if cdb[0] not in COMMAND_NAMES["write"]:
            return self._run(cdb, data, now)
        return self._run(cdb, self._what_is_there(cdb, data), now)

    def _what_is_there(self, cdb: bytes, data: memoryview) -> memoryview:
        """Return what the sectors of a WRITE hold already."""
        medium = self._drive.medium
        lba, count = sector_range(cdb) or (0, 0)
        old = memoryview(bytearray(len(data)))
        if medium is not None and lba >= 0 and len(data) == count * SECTOR_SIZE:
            medium.read_into(lba, old)
        return old


def _modern_toc(cdb: bytes) -> bytes:
    """Return a READ TOC whose format stands in byte 2: old hosts, Linux's sr for one, put it in byte 9 (SFF-8020i)."""
    old = cdb[9] >> 6
    return bytes(cdb[:2]) + bytes((old,)) + bytes(cdb[3:9]) + b"\0" if old and not cdb[2] & 0x0F else cdb
