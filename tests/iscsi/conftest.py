"""Virtual drives behind a server."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from aioimapi.iscsi import Server

TARGET = "iqn.2026-11.com.example:disc"


@pytest.fixture
def disc(tmp_path: Path) -> str:
    """Give the URL of a drive with a blank DVD+RW, which takes sectors in any order once it is formatted."""
    return f"virtual:{tmp_path}/disc?media=dvd+rw&formatted&sectors=4096&attention=no"


async def until_sessions(server: Server, count: int, within_s: float = 10.0) -> None:
    """Wait until the server has so many sessions."""
    with anyio.fail_after(within_s):
        while len(server.sessions()) != count:  # noqa: ASYNC110 - the server has no event for it
            await anyio.sleep(0.005)
