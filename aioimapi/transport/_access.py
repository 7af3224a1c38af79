"""Why a device node could not be opened, and what to do about it."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat

from aioimapi.errors import (
    DriveAccessError,
    DriveBusyError,
    DriveError,
    DriveLostError,
    DriveNotFoundError,
)
from aioimapi.transport._sysfs import list_targets

_GONE = frozenset({errno.ENXIO, errno.ENODEV, errno.ESHUTDOWN, errno.EIO})
_DENIED = frozenset({errno.EACCES, errno.EPERM})


def open_error(error: OSError, node: str, drive: str) -> DriveError:
    """Turn a failed open of a device node into the error that says the cause and the way out.

    Args:
        error: What the operating system said.
        node: The node that was opened.
        drive: How the caller named the drive.
    """
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return not_found(node, drive)
    if error.errno in _DENIED:
        return DriveAccessError(denied(node), drive=drive)
    if error.errno == errno.EBUSY:
        return DriveBusyError(_busy(node), drive=drive)
    if error.errno in _GONE:
        return DriveLostError(
            f"{node} is there but no drive answers behind it ({error.strerror}): "
            "it was unplugged or taken offline; plug it in again",
            drive=drive,
        )
    return DriveNotFoundError(f"{node} cannot be opened: {error.strerror}", drive=drive)


def not_found(node: str, drive: str) -> DriveNotFoundError:
    """Return the error for a node that is not there, with the drives that are."""
    return DriveNotFoundError(f"there is no {node}; {_known()}", drive=drive)


def not_optical(node: str, drive: str, why: str) -> DriveNotFoundError:
    """Return the error for a path that is something else than an optical drive."""
    hint = f"; a virtual drive is written virtual:{node}" if os.path.isfile(node) else ""
    return DriveNotFoundError(f"{node} is not an optical drive ({why}){hint}; {_known()}", drive=drive)


def holders(node: str, proc: str = "/proc") -> list[str]:
    """Name who uses a block device: mounts, then processes, as far as /proc shows them to us.

    Returns:
        Phrases such as ``"it is mounted on /media/cdrom"`` and ``"process 4711 (growisofs) has it open"``.
    """
    try:
        status = os.stat(node)
    except OSError:
        return []
    mounts = _mounts(status.st_rdev, proc) if stat.S_ISBLK(status.st_mode) else []
    return [*mounts, *_processes(os.path.realpath(node), proc)]


def _known() -> str:
    names = [target.name for target in list_targets()]
    return f"drives of this system: {', '.join(names)}" if names else "this system has no optical drive"


def denied(node: str) -> str:
    """Say who may use a node, and how to become one of them."""
    try:
        status = os.stat(node)
    except OSError:
        return f"{node}: permission denied"
    owner, group = _user_name(status.st_uid), _group_name(status.st_gid)
    mode = stat.filemode(status.st_mode)
    told = f"{node}: permission denied; it belongs to {owner}:{group} with mode {mode}"
    writable = stat.S_IRGRP | stat.S_IWGRP
    if status.st_gid != 0 and status.st_mode & writable == writable:
        if status.st_gid in os.getgroups():
            return f"{told}, and this process is in that group: a container or a security policy forbids it"
        return f"{told}. Join the group (sudo usermod -aG {group} {_user_name(os.getuid())}) and log in again"
    return f"{told}. Give a group access to it by a udev rule, or run this as root"


def _busy(node: str) -> str:
    found = holders(node)
    if not found:
        return (
            f"{node} is in use: another program, perhaps of another user, has it exclusively; end that first"
        )
    return f"{node} is in use: {'; '.join(found)}. Unmount or end that first"


def _mounts(device: int, proc: str) -> list[str]:
    number = f"{os.major(device)}:{os.minor(device)}"
    found = []
    try:
        with open(f"{proc}/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                fields = line.split(" ")
                if len(fields) > 4 and fields[2] == number:
                    found.append(f"it is mounted on {_unescape(fields[4])}")
    except OSError:
        return []
    return found


def _unescape(path: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, char)
    return path


def _processes(node: str, proc: str) -> list[str]:
    pids = sorted((name for name in _entries(proc) if name.isdecimal()), key=int)
    return [
        f"process {pid} ({_command_name(proc, pid)}) has it open"
        for pid in pids
        if any(_link(f"{proc}/{pid}/fd/{fd}") == node for fd in _entries(f"{proc}/{pid}/fd"))
    ]


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _command_name(proc: str, pid: str) -> str:
    if int(pid) == os.getpid():
        return "this process"
    try:
        with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
