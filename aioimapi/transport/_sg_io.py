"""The Linux SG_IO ioctl: its header, and what the kernel writes there (linux/include/scsi/sg.h, version 3)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

SG_IO = 0x2285
SG_SET_RESERVED_SIZE = 0x2275
BLKSECTGET = 0x1267

DXFER_NONE = -1
DXFER_TO_DEVICE = -2
DXFER_FROM_DEVICE = -3

HOST_OK = 0x00
HOST_TIME_OUT = 0x03
HOST_NAMES = {
    0x01: "DID_NO_CONNECT",
    0x02: "DID_BUS_BUSY",
    0x03: "DID_TIME_OUT",
    0x04: "DID_BAD_TARGET",
    0x05: "DID_ABORT",
    0x06: "DID_PARITY",
    0x07: "DID_ERROR",
    0x08: "DID_RESET",
    0x09: "DID_BAD_INTR",
    0x0A: "DID_PASSTHROUGH",
    0x0B: "DID_SOFT_ERROR",
    0x0C: "DID_IMM_RETRY",
    0x0D: "DID_REQUEUE",
    0x0E: "DID_TRANSPORT_DISRUPTED",
    0x0F: "DID_TRANSPORT_FAILFAST",
}
"""host_status: what the host adapter's driver says (linux/include/scsi/scsi_status.h)."""

DRIVER_MASK = 0x0F
DRIVER_TIMEOUT = 0x06
DRIVER_SENSE = 0x08


class SgIoHeader(ctypes.Structure):
    """struct sg_io_hdr; ctypes lays it out as the C compiler does."""

    _fields_ = [
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    ]


class _PyBuffer(ctypes.Structure):
    """Py_buffer of Python's C API (stable since 3.11)."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


_get_buffer = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int)(
    ("PyObject_GetBuffer", ctypes.pythonapi)
)
_release_buffer = ctypes.PYFUNCTYPE(None, ctypes.POINTER(_PyBuffer))(("PyBuffer_Release", ctypes.pythonapi))


@contextmanager
def address_of(view: memoryview) -> Iterator[int]:
    """Hold a buffer in place and give its address, without a copy; read-only buffers too.

    ctypes' own ``from_buffer`` refuses read-only buffers, and those are what a reader of files hands on.
    """
    pinned = _PyBuffer()
    _get_buffer(view, ctypes.byref(pinned), 0)
    try:
        yield pinned.buf or 0
    finally:
        _release_buffer(ctypes.byref(pinned))
