"""Tests of a program that burns, with the fixtures of aioimapi: run it with pytest.

pytest -p aioimapi.testing.pytest_plugin test_with_fixtures.py
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

import aioimapi
from aioimapi.errors import RecordingError
from aioimapi.testing import check_drive
from aioimapi.transport import open_transport

pytestmark = pytest.mark.anyio  # or @pytest.mark.trio, with pytest-trio

OpenRecorder = Callable[..., AbstractAsyncContextManager[aioimapi.Recorder]]


async def archive(recorder: aioimapi.Recorder, text: bytes) -> str:
    """Burn a text and tell how it went: the code under test."""
    image = aioimapi.FileSystemImage(volume_name="ARCHIVE")
    image.root.add_file("text.txt", text)
    try:
        report = await recorder.write(image, verify="full")
    except RecordingError as error:
        return f"failed: {type(error).__name__}"
    return "good" if report.verified else "not verified"


async def test_a_good_disc(virtual_recorder: OpenRecorder) -> None:
    """The code burns and verifies."""
    async with virtual_recorder("bd-r") as recorder:
        assert await archive(recorder, b"words") == "good"


async def test_a_disc_with_a_bad_spot(virtual_recorder: OpenRecorder) -> None:
    """The code tells a write error from success."""
    async with virtual_recorder("dvd+r", faults=["3/0c/00@write:2"]) as recorder:
        assert await archive(recorder, b"words") == "failed: RecordingError"


async def test_the_drive_itself(virtual_disc: Callable[..., str]) -> None:
    """A drive, here a virtual one, keeps the rules; one's own drive backend is checked in the same way."""
    url = virtual_disc("bd-re", formatted=True)
    report = await check_drive(lambda: open_transport(url))
    report.raise_for_faults()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on trio; without this fixture anyio runs each test on asyncio and on trio."""
    return "trio", {}
