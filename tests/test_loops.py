"""A guard: a test that says it runs on a loop really runs on that loop."""

from __future__ import annotations

import anyio.lowlevel
import pytest
import sniffio

pytestmark = pytest.mark.anyio


async def test_each_loop_is_the_one_named(anyio_backend_name: str) -> None:
    await anyio.lowlevel.checkpoint()
    assert sniffio.current_async_library() == anyio_backend_name
