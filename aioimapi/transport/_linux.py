"""Linux: SCSI commands by the SG_IO ioctl.

The sg node is preferred to the sr node: its wait can be ended by SIGKILL (the block layer's cannot), and it
does not pass the block device's queue. The sr node is opened all the same, with O_EXCL: that is what mount
and every other burning program ask for too, so it finds them and keeps them away. Opened for writing as well,
it makes the kernel stop its own polling of the drive (DISK_EVENT_FLAG_BLOCK_ON_EXCL_WRITE of sr), which some
drives take badly in the middle of a burn.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import math
import os
import struct
import time

import attrs

from aioimapi.errors import (
    CommandTimeoutError,
    DriveAccessError,
    DriveLostError,
    LocalProtocolError,
)
from aioimapi.mmc import Command, Direction
from aioimapi.transport import _sg_io as sg
from aioimapi.transport._access import denied, not_optical, open_error
from aioimapi.transport._base import Reply
from aioimapi.transport._blocking import BlockingTransport
from aioimapi.transport._sysfs import (
    OPTICAL_DEVICE_TYPE,
    TargetDescription,
    describe,
    device_folder,
    device_type,
)
from aioimapi.units import SECTOR_SIZE

SENSE_SIZE = 252
"""The most that a drive may send (SPC-4 4.5.1)."""

DEFAULT_TRANSFER_BYTES = 64 * 1024
"""One command's data where the kernel does not tell its limit; every host adapter takes that."""

MAX_TRANSFER_BYTES = 512 * 1024
"""More at once gains nothing, and sg allocates it for each command."""

_DIRECTIONS = {
    Direction.NONE: sg.DXFER_NONE,
    Direction.IN: sg.DXFER_FROM_DEVICE,
    Direction.OUT: sg.DXFER_TO_DEVICE,
}


@attrs.frozen
class _Handles:
    """What is open: the node that carries commands, and the one that keeps others away."""

    fd: int
    guard_fd: int | None
    max_transfer_bytes: int
    block_node: str | None = None
    read_only_node: str | None = None


class LinuxTransport(BlockingTransport):
    """A drive behind /dev/srN and /dev/sgN."""

    def __init__(self, name: str) -> None:
        super().__init__(name, DEFAULT_TRANSFER_BYTES)
        self._handles: _Handles | None = None
        self._header = sg.SgIoHeader()
        self._sense = ctypes.create_string_buffer(SENSE_SIZE)

    @classmethod
    async def open(cls, target: str, *, exclusive: bool = True) -> LinuxTransport:
        """Open a drive by its device node.

        Args:
            target: ``/dev/srN``, ``/dev/sgN``, or a link to one.
            exclusive: Keep mounts and other burning programs away for as long as it is open.

        Raises:
            DriveNotFoundError: There is no such node, or it is something else than an optical drive.
            DriveAccessError: This process may not use the node.
            DriveBusyError: It is mounted, or another program has it.
            DriveLostError: The node is there, the drive behind it is not.

        Cancellation:
            Opening may wait for a drive that spins up; it is waited for, then closed again.
        """
        transport = cls(target)
        try:
            handles = await transport._in_thread(lambda: transport._open(exclusive))
        except BaseException:
            await transport.aclose()
            raise
        transport.max_transfer_bytes = handles.max_transfer_bytes
        return transport

    def _open(self, exclusive: bool) -> _Handles:
        pair = find_pair(self.name)
        guard_fd = _open_guard(pair, self.name) if exclusive and pair.block_node else None
        try:
            fd, read_only = _open_commands(pair, self.name, exclusive=exclusive and guard_fd is None)
        except BaseException:
            if guard_fd is not None:
                os.close(guard_fd)
            raise
        self._handles = _Handles(fd, guard_fd, _transfer_limit(fd, pair), pair.block_node, read_only)
        return self._handles

    async def look_again(self) -> None:
        """Have sr notice an empty tray or a new disc; see :meth:`Transport.look_again`.

        Commands by sg pass it by, unit attentions included, so that it would go on with the old disc's size
        and cached sectors. Opening its node makes it test the drive; only a disc that was gone is a new one
        to it.

        Cancellation:
            Nothing is changed; may be repeated.
        """
        self._check_open()
        await self._in_thread(self._look)

    def _look(self) -> None:
        if self._handles is None or self._handles.block_node is None:
            return
        with contextlib.suppress(OSError):
            os.close(os.open(self._handles.block_node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))

    def _close(self) -> None:
        handles, self._handles = self._handles, None
        if handles is not None:
            os.close(handles.fd)
            if handles.guard_fd is not None:
                os.close(handles.guard_fd)

    def _execute(self, command: Command, data: memoryview | None) -> Reply:
        cdb = command.to_cdb()
        header = self._header
        ctypes.memset(ctypes.byref(header), 0, ctypes.sizeof(header))
        header.interface_id = ord("S")
        header.cmd_len = len(cdb)
        header.mx_sb_len = SENSE_SIZE
        header.cmdp = ctypes.cast(ctypes.c_char_p(cdb), ctypes.c_void_p)
        header.sbp = ctypes.addressof(self._sense)
        header.timeout = math.ceil(command.timeout_s * 1000)
        header.dxfer_direction = sg.DXFER_NONE
        if data is None:
            return self._send(command)
        with sg.address_of(data) as address:
            header.dxfer_direction = _DIRECTIONS[command.direction]
            header.dxfer_len = len(data)
            header.dxferp = address
            return self._send(command)

    def _send(self, command: Command) -> Reply:
        if self._handles is None:
            raise DriveLostError(f"{self.name} is not open", drive=self.name)
        started = time.perf_counter()
        try:
            fcntl.ioctl(self._handles.fd, sg.SG_IO, self._header)
        except OSError as error:
            raise self._ioctl_error(command, error) from error
        return self._decode(command, time.perf_counter() - started)

    def _decode(self, command: Command, duration_s: float) -> Reply:
        header = self._header
        driver = header.driver_status & sg.DRIVER_MASK
        if header.host_status == sg.HOST_TIME_OUT or driver == sg.DRIVER_TIMEOUT:
            raise CommandTimeoutError(
                f"{command.name} on {self.name}: no answer in {command.timeout_s:g} s; "
                "the drive's state is unknown. Wait, eject and load the disc, or switch the drive off and on",
                drive=self.name,
                command=command.name,
                timeout_s=command.timeout_s,
            )
        sense = self._sense.raw[: header.sb_len_wr]
        if header.host_status != sg.HOST_OK and not header.status:
            name = sg.HOST_NAMES.get(header.host_status, f"host status {header.host_status:#04x}")
            raise DriveLostError(
                f"{command.name} on {self.name}: the bus failed ({name}); the drive was unplugged, lost "
                "power or was reset. Nothing is known of what this command did",
                drive=self.name,
            )
        # Some host adapters hand sense data over with a status of 0.
        status = header.status or (2 if sense and driver == sg.DRIVER_SENSE else 0)
        return Reply(status, sense, max(0, header.resid), duration_s)

    def _why_forbidden(self) -> str:
        """Say why the kernel does not let a command pass: it filters those of users without CAP_SYS_RAWIO."""
        node = None if self._handles is None else self._handles.read_only_node
        if node is None:
            return "the kernel does not let this process send it; run this as root (CAP_SYS_RAWIO)"
        return f"the node could be opened for reading only, and this command writes. {denied(node)}"

    def _ioctl_error(self, command: Command, error: OSError) -> Exception:
        if error.errno in (errno.EPERM, errno.EACCES):
            return DriveAccessError(
                f"{command.name} on {self.name}: {self._why_forbidden()}", drive=self.name
            )
        if error.errno in (errno.ENOMEM, errno.EINVAL):
            return LocalProtocolError(
                f"{command.name} on {self.name}: the kernel refuses {command.transfer_length:,} bytes "
                f"in one command ({error.strerror})"
            )
        return DriveLostError(
            f"{command.name} on {self.name}: {error.strerror}; the drive is gone", drive=self.name
        )


def find_pair(target: str) -> TargetDescription:
    """Find the sr and sg nodes of the drive that a path names.

    Raises:
        DriveNotFoundError: As :meth:`LinuxTransport.open`.
    """
    try:
        device = device_folder(target)
    except OSError as error:
        raise open_error(error, target, target) from error
    if device is None:
        raise not_optical(target, target, "it has no SCSI device behind it")
    kind = device_type(device)
    if kind != OPTICAL_DEVICE_TYPE:
        raise not_optical(target, target, "no SCSI device" if kind is None else f"SCSI device type {kind}")
    return describe(device)


def _open_guard(pair: TargetDescription, drive: str) -> int | None:
    """Claim the block device; None where this process may not open it at all."""
    node = pair.block_node or ""
    for mode in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(node, mode | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise open_error(error, node, drive) from error
    return None


def _open_commands(pair: TargetDescription, drive: str, *, exclusive: bool) -> tuple[int, str | None]:
    """Open the node that carries commands: sg, or else sr; for reading only where nothing else is allowed.

    Returns:
        The descriptor, and the node's name where it could be opened for reading only.
    """
    refused: list[tuple[OSError, str]] = []
    for mode in (os.O_RDWR, os.O_RDONLY):
        for node in (pair.generic_node, pair.block_node):
            if node is None:
                continue
            # O_EXCL of sg concerns other users of sg only: a help where no sr node could be claimed.
            extra = os.O_EXCL if exclusive and node == pair.generic_node else 0
            try:
                fd = os.open(node, mode | extra | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
                    raise open_error(error, node, drive) from error
                refused.append((error, node))
            else:
                return fd, node if mode == os.O_RDONLY else None
    first, blamed = refused[0]
    raise open_error(first, blamed, drive) from first


def _transfer_limit(fd: int, pair: TargetDescription) -> int:
    """Return the most that one command may move, in whole sectors."""
    limits = [MAX_TRANSFER_BYTES]
    if pair.max_transfer_bytes:
        limits.append(pair.max_transfer_bytes)
    elif pair.generic_node:
        # BLKSECTGET on sg answers in bytes, as an int; on a block device in sectors, as a short.
        with contextlib.suppress(OSError):
            limits.append(struct.unpack("i", fcntl.ioctl(fd, sg.BLKSECTGET, bytes(4)))[0])
    if len(limits) == 1:
        limits.append(DEFAULT_TRANSFER_BYTES)
    with contextlib.suppress(OSError):  # a reserve of that size spares sg an allocation for each command
        fcntl.ioctl(fd, sg.SG_SET_RESERVED_SIZE, struct.pack("i", DEFAULT_TRANSFER_BYTES))
    return max(SECTOR_SIZE, min(limits) // SECTOR_SIZE * SECTOR_SIZE)
