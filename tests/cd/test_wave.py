"""WAVE files: headers that Python's own module reads, and those that programs write."""

from __future__ import annotations

import io
import struct
import wave

import pytest

from aioimapi.cd import find_wave_samples, wave_header
from aioimapi.errors import SheetError

SAMPLES = bytes(range(256)) * 9


def samples(data: bytes) -> bytes:
    found = find_wave_samples(lambda at, size: data[at : at + size], len(data), "x.wav")
    return data[found.offset : found.offset + found.size]


def test_pythons_module_reads_our_header() -> None:
    with wave.open(io.BytesIO(wave_header(len(SAMPLES)) + SAMPLES)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        assert file.readframes(1 << 20) == SAMPLES


def test_we_read_pythons_header() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(44_100)
        writer.writeframes(SAMPLES)
    assert samples(file.getvalue()) == SAMPLES


def test_chunks_before_the_samples_and_lengths_of_pipes() -> None:
    head = wave_header(len(SAMPLES))
    listed = head[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + head[36:] + SAMPLES
    assert samples(listed) == SAMPLES
    for size in (0, 0xFFFF_FFFF):
        assert samples(head[:40] + struct.pack("<I", size) + SAMPLES) == SAMPLES
    assert samples(head + SAMPLES + b"LIST\4\0\0\0more") == SAMPLES


def test_the_extensible_form() -> None:
    """RIFF with WAVE_FORMAT_EXTENSIBLE, as some editors write it for two channels as well."""
    body = struct.pack("<HHIIHH", 0xFFFE, 2, 44_100, 176_400, 4, 16)
    body += struct.pack("<HHI", 22, 16, 3) + bytes.fromhex("0100000000001000800000aa00389b71")
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(body)) + body
    data += b"data" + struct.pack("<I", len(SAMPLES)) + SAMPLES
    assert samples(data) == SAMPLES


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no WAVE file"),
        (b"RIFF\0\0\0\0AVI fmt ", "no WAVE file"),
        (b"RIFF\0\0\0\0WAVE", "no samples"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "does not say"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0", "within its header"),
        (wave_header(4)[:20] + b"\x55\0" + wave_header(4)[22:], "compressed"),
        (b"RIFF\0\0\0\0WAVE" + b"x\0\0\0\0\0\0\0" * 2_000, "no samples"),
    ],
)
def test_what_is_no_cd_audio(data: bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        samples(data)
