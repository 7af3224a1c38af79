"""RIFF WAVE files of CD audio: where the samples lie, and a header for samples (Microsoft's RIFF specification 1.0)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import attrs

from aioimapi.errors import SheetError

SAMPLE_RATE: Final = 44_100
_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_MAX_CHUNKS: Final = 1_000


@attrs.frozen
class WaveSamples:
    """Where a WAVE file has its samples.

    Attributes:
        offset: Their first byte in the file.
        size: How many bytes they are.
    """

    offset: int
    size: int


def find_wave_samples(read: Callable[[int, int], bytes], size: int, name: str) -> WaveSamples:
    """Return where a WAVE file has its samples: 16 bits, two channels, 44.1 kHz.

    Args:
        read: Returns bytes of the file, by offset and size; fewer at its end.
        size: The file's size.
        name: Its name, for messages.

    Raises:
        SheetError: It is no WAVE file, or its samples are not those of a CD.
    """
    head = read(0, 12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise SheetError(f"{name} is no WAVE file")
    at, known = 12, False
    for _ in range(_MAX_CHUNKS):
        chunk = read(at, 8)
        if len(chunk) < 8:
            break
        kind, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if kind == b"fmt ":
            _check_format(read(at + 8, 26), name)
            known = True
        elif kind == b"data":
            if not known:
                raise SheetError(f"{name} does not say what its samples are like before they begin")
            # Programs that write into pipes leave FFFFFFFFh or 0 as the length.
            there = size - at - 8
            return WaveSamples(at + 8, there if length in (0, 0xFFFF_FFFF) else min(length, there))
        at += 8 + length + length % 2
    raise SheetError(f"{name} has no samples")


def _check_format(data: bytes, name: str) -> None:
    if len(data) < 16:
        raise SheetError(f"{name} ends within its header")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
    if code == _EXTENSIBLE and len(data) >= 26:
        code = int.from_bytes(data[24:26], "little")
    if (code, channels, rate, bits) != (_PCM, 2, SAMPLE_RATE, 16):
        raise SheetError(
            f"{name} has {channels} channels of {bits} bits at {rate:,} Hz; a CD needs 2 of 16 bits at 44,100 Hz,"
            " not compressed"
        )


def wave_header(size: int) -> bytes:
    """Return the 44 bytes before ``size`` bytes of CD audio."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + size,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        2,
        SAMPLE_RATE,
        SAMPLE_RATE * 4,
        4,
        16,
        b"data",
        size,
    )
